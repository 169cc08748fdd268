//! The calls of `check --with-credentials`: which inference host gets which requests, with which
//! credential. Pure. What is built here holds secrets, so it is no part of the plan that a report
//! contains; [`announce`] is what may be shown of it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::{Announcement, Plan, Sent, Target};
use crate::config::{Configuration, Secret, Value, masked, open};
use crate::contract::endpoint::authority;
use crate::contract::ids::Feature;
use crate::contract::{Actor, HostPattern, Platform};
use crate::derive::{Facts, Requirement, Requirements};
use crate::rules::Word;
use crate::rules::inference::{Calls, Discovery, Framing, Provider, Use, fill_path};
use crate::rules::services::Services;
use crate::text::line;
use crate::text::token::{HIDDEN, shown_field, shown_path, without_arguments};

/// Where a credential comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A key of the configuration.
    Key {
        /// Its name.
        key: String,
        /// Its value.
        secret: Secret,
    },
    /// A profile of the AWS configuration.
    AwsProfile {
        /// Its name.
        name: String,
        /// The folder of the AWS configuration; none for the user's own.
        folder: Option<PathBuf>,
    },
    /// A Google credentials file; none for the application default credentials.
    GoogleFile {
        /// The file.
        path: Option<PathBuf>,
    },
    /// A credential helper.
    Helper {
        /// The program.
        command: String,
        /// Its arguments; a secret may be among them.
        args: Vec<Secret>,
        /// How long it may take.
        timeout: Duration,
    },
    /// None that this program can use.
    Unusable {
        /// Why, in words.
        reason: String,
    },
}

/// How a credential is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    /// The header, in lower case.
    pub header: String,
    /// The text before the credential.
    pub prefix: String,
}

/// The model list of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The target it is on.
    pub target: u32,
    /// Index of that target's path.
    pub path: usize,
    /// Path and query.
    pub request: String,
    /// The member that holds the list.
    pub list: String,
    /// The member of an entry that names the model.
    pub id: String,
}

/// The calls to one inference host.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// The target.
    pub target: u32,
    /// Every host that this configuration alone derives, or the command line names: a token is asked
    /// of no other.
    pub own: BTreeSet<u32>,
    /// Index of the target's path: the engine's, which carries the conversation.
    pub path: usize,
    /// The provider.
    pub provider: String,
    /// The host is the customer's own, not one that must chain to the public roots.
    pub customer: bool,
    /// The credential.
    pub source: Source,
    /// How it is sent, where it is a key or a token.
    pub scheme: Scheme,
    /// Signing name, where requests are signed instead.
    pub signed: Option<String>,
    /// The region of the configuration.
    pub region: Option<String>,
    /// Headers without a secret.
    pub headers: Vec<(String, String)>,
    /// The headers of the configuration: every value counts as a secret.
    pub custom: Vec<(String, Secret)>,
    /// The model list, where there is one and the configuration does not switch it off.
    pub list: Option<List>,
    /// Path of the streamed request; `{model}` stands for the model.
    stream: String,
    base_path: String,
    project: String,
    body: Map<String, Json>,
    names_model: bool,
    /// How the answer is framed.
    pub framing: Framing,
    /// The models of the configuration.
    pub models: Vec<String>,
    /// Where a Google refresh token is exchanged, and what for.
    pub token: Option<(String, String)>,
    /// The credential is this device's own; none where it stands in the configuration.
    pub device: Option<DeviceCredential>,
}

/// A credential of this device's account: it is no part of the configuration that names it, so a
/// configuration that somebody sent must not decide where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCredential {
    /// Which one, in words.
    pub which: String,
    /// Targets that calls with it may go to: the provider's own hosts, and those that the command line names.
    pub calls: BTreeSet<u32>,
    /// Targets that it may be exchanged at for a token.
    pub tokens: BTreeSet<u32>,
    /// Why there is no call; nothing where the inference host is among `calls`.
    pub refused: Option<String>,
}

impl Endpoint {
    /// Path of the streamed request.
    pub fn stream_path(&self, model: &str) -> String {
        let region = self.region.as_deref().unwrap_or_default();
        let values = [("model", model), ("region", region), ("project", self.project.as_str())];
        fill_path(&self.stream, &self.base_path, &values)
    }

    /// Body of the streamed request.
    pub fn stream_body(&self, model: &str) -> String {
        let mut body = self.body.clone();
        if self.names_model {
            body.insert("model".into(), json!(model));
        }
        Json::Object(body).to_string()
    }

    /// Whether the credential may go to a target for this purpose.
    ///
    /// # Errors
    /// Why it may not.
    pub fn may_go(&self, target: u32, purpose: Use, host: &str) -> Result<(), String> {
        let Some(device) = &self.device else { return Ok(()) };
        let allowed = match purpose {
            Use::Call => &device.calls,
            Use::Token => &device.tokens,
        };
        if allowed.contains(&target) { Ok(()) } else { Err(elsewhere(&device.which, &self.provider, host)) }
    }

    /// Where the credential comes from and how it is sent, without it.
    pub fn credential(&self) -> String {
        let how = if self.signed.is_some() && !matches!(self.source, Source::Key { .. }) {
            "as an AWS Signature Version 4".to_owned()
        } else {
            format!("as {}: {}…", self.scheme.header, self.scheme.prefix)
        };
        match &self.source {
            Source::Key { key, .. } => format!("{key}, {how}"),
            Source::AwsProfile { name, .. } => format!("the AWS profile {}, {how}", masked(name)),
            Source::GoogleFile { path: Some(_) } => {
                format!("a token for the credentials file of the configuration, {how}")
            }
            Source::GoogleFile { path: None } => {
                format!("a token for the application default credentials, {how}")
            }
            Source::Helper { .. } => format!("the credential helper's answer, {how}"),
            Source::Unusable { .. } => String::new(),
        }
    }

    /// What would be called, in words.
    fn describe(&self, plan: &Plan, calls: &Calls) -> String {
        let name = |id: u32| {
            plan.target(id).map(|t| authority(&t.probed, t.port())).unwrap_or_else(|| "a host".into())
        };
        if let Some(DeviceCredential { which, refused: Some(reason), .. }) = &self.device {
            let host = plan.target(self.target).map_or("this host", |t| t.probed.as_str());
            return format!(
                "{}: a token of this device's account ({which}) would not go to {host}, so no call is made: {reason}.",
                name(self.target)
            );
        }
        if let Source::Unusable { reason } = &self.source {
            return format!("{}: no call is made: {reason}.", name(self.target));
        }
        let mut parts = Vec::new();
        if let Source::Helper { command, .. } = &self.source {
            let program = without_arguments(command, HIDDEN);
            parts.push(format!("runs {program} (only with --run-helpers)"));
        }
        if let (Source::GoogleFile { .. }, Some(_)) = (&self.source, &self.token) {
            parts.push("the token endpoint that the credentials file names, if it is on the list and Google's own or named with --credential-host".to_owned());
        }
        if let Some(list) = &self.list {
            parts.push(format!("GET {} on {}", list.request, name(list.target)));
        }
        let model = self.models.first().map_or("a model of that list", String::as_str);
        let path = match self.models.first() {
            Some(model) => self.stream_path(model),
            None => self.stream.clone(),
        };
        parts.push(format!(
            "POST {path} on {}: one streamed request of at most {} output tokens to {model}",
            name(self.target),
            calls.max_tokens,
        ));
        let custom = match self.custom.len() {
            0 => String::new(),
            _ => {
                let names: Vec<&str> = self.custom.iter().map(|(n, _)| shown_field(n, HIDDEN)).collect();
                format!("; further headers of the configuration: {}", names.join(", "))
            }
        };
        let device = self.device.as_ref().map_or_else(String::new, |device| {
            let host = plan.target(self.target).map_or("this host", |t| t.probed.as_str());
            format!(" A token of this device's account ({}) would go to {host}.", device.which)
        });
        format!("{}; with {}{custom}.{device}", parts.join("; then "), self.credential())
    }
}

/// What is sent with the credential.
pub fn announce(endpoints: &[Endpoint], plan: &Plan, calls: &Calls) -> Announcement {
    Announcement::new(
        Sent::Calls,
        "With `--with-credentials` the calls that carry the credential: the model list, one streamed request to a model \
         and, where the provider needs one, the exchange for a token. The next section says more.",
    )
    .with(endpoints.iter().map(|endpoint| endpoint.describe(plan, calls)))
}

/// What is left quiet with `--idle`.
pub fn announce_quiet(idle_ms: Option<u64>) -> Announcement {
    let here = idle_ms.map(|ms| {
        format!(
            "One more connection to each inference host is left quiet for {} s and then used, without a credential.",
            ms / 1000
        )
    });
    Announcement::new(
        Sent::Quiet,
        "With `--idle` one more connection to each inference host, which is left quiet and then used, without a \
         credential.",
    )
    .with(here)
}

/// The calls that a configuration asks for: one entry for each inference host that `own`, the list
/// of this configuration alone, holds. The plan may hold more hosts, of other configurations and of
/// lists; none of them gets this credential. A credential of the device goes to the provider's own
/// hosts and to those `allowed` names.
pub fn build(
    facts: &Facts<'_>,
    own: &Requirements,
    plan: &Plan,
    services: &Services,
    allowed: Allowed<'_>,
) -> Vec<Endpoint> {
    let calls = services.calls();
    let Some(provider) = facts.provider().and_then(|p| calls.provider(p)) else { return Vec::new() };
    let all: Mine<'_> = plan
        .targets
        .iter()
        .filter(|t| t.skip.is_none() && !t.paths.is_empty())
        .filter_map(|t| Some((t, own.hosts.iter().find(|r| is_own(r, t))?)))
        .collect();
    let is_inference = |r: &Requirement| r.reasons.iter().any(|r| r.feature == Feature::INFERENCE);
    let mine: Mine<'_> = all.iter().copied().filter(|(_, r)| is_inference(r)).collect();
    let ids: BTreeSet<u32> = all.iter().map(|(t, _)| t.id).collect();
    mine.iter()
        .filter(|(t, _)| t.service.as_deref() == Some(provider.service.as_str()))
        .map(|(target, requirement)| {
            let built =
                endpoint(facts, &mine, services, provider, (target, requirement), allowed.run_helpers);
            let device = device(facts, &built, &all, target, calls, allowed);
            // The list may be on another host than the inference.
            let list = built.list.filter(|l| device.as_ref().is_none_or(|d| d.calls.contains(&l.target)));
            Endpoint { own: ids.clone(), device, list, ..built }
        })
        .collect()
}

/// What the command line allows.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'a> {
    /// Helper programs may run.
    pub run_helpers: bool,
    /// Hosts that a credential of the device may go to, beside the provider's own.
    pub hosts: &'a [HostPattern],
}

/// Where a credential of the device may go; none for a credential of the configuration.
fn device(
    facts: &Facts<'_>,
    endpoint: &Endpoint,
    all: &Mine<'_>,
    target: &Target,
    calls: &Calls,
    allowed: Allowed<'_>,
) -> Option<DeviceCredential> {
    let which = match (&endpoint.source, facts.credential()) {
        (Source::AwsProfile { name, .. }, _) => format!("AWS profile {}", masked(name)),
        (Source::GoogleFile { path: None }, _) => "application default credentials".to_owned(),
        (Source::GoogleFile { path: Some(path) }, _) => {
            format!("Google credentials file {}", shown_path(&path.to_string_lossy(), HIDDEN))
        }
        (Source::Helper { command, .. }, _) => {
            format!("credential helper {}", without_arguments(command, HIDDEN))
        }
        (Source::Unusable { .. }, HELPER) => "credential helper".to_owned(),
        (Source::Key { .. } | Source::Unusable { .. }, _) => return None,
    };
    let may = |purpose: Use| {
        let fits = |t: &Target| {
            let named = t.probed.parse::<HostPattern>().is_ok_and(|host| allowed.hosts.contains(&host));
            named || calls.is_home(&endpoint.provider, purpose, &t.probed)
        };
        all.iter().filter(|(t, _)| fits(t)).map(|(t, _)| t.id).collect::<BTreeSet<u32>>()
    };
    let (to_call, tokens) = (may(Use::Call), may(Use::Token));
    let refused = (!to_call.contains(&target.id)).then(|| {
        let also = match endpoint.source {
            Source::Unusable { .. } => "; a helper also runs only with --run-helpers",
            _ => "",
        };
        format!("{}{also}", elsewhere(&which, &endpoint.provider, &target.probed))
    });
    Some(DeviceCredential { which, calls: to_call, tokens, refused })
}

/// Why a credential of the device does not go to a host.
fn elsewhere(which: &str, provider: &str, host: &str) -> String {
    format!(
        "a credential of this device's account ({which}) goes only to hosts that the documentation of the provider          `{provider}` names, and {host} is none of them; if it may have it, pass --credential-host {host}"
    )
}

/// Targets that one configuration alone derives, each with its requirement there.
type Mine<'a> = Vec<(&'a Target, &'a Requirement)>;

fn is_own(own: &Requirement, target: &Target) -> bool {
    let merged = &target.requirement;
    own.host == merged.host && own.port == merged.port && own.transport == merged.transport
}

/// The kind of credential that a helper program gives.
const HELPER: &str = "helper-script";

fn endpoint(
    facts: &Facts<'_>,
    mine: &Mine<'_>,
    services: &Services,
    provider: &Provider,
    (target, requirement): (&Target, &Requirement),
    run_helpers: bool,
) -> Endpoint {
    let configuration = facts.configuration;
    let calls = services.calls();
    let text = |key: &Option<Word>| key.as_deref().and_then(|k| configuration.text(k)).map(str::to_owned);
    let wanted = text(&provider.scheme_key);
    let scheme = provider
        .schemes
        .iter()
        .find(|s| wanted.as_ref().is_some_and(|wanted| s.0 == *wanted))
        .or(provider.schemes.first())
        .map(|(_, header, prefix)| Scheme { header: header.to_string(), prefix: prefix.to_string() })
        .unwrap_or(Scheme { header: "authorization".into(), prefix: "Bearer ".into() });
    let base_path = requirement.hints.base_path.clone();
    let mut body = Map::new();
    for (name, value) in &provider.body {
        body.insert(name.to_string(), json!(value));
    }
    body.insert("max_tokens".into(), json!(calls.max_tokens));
    body.insert("messages".into(), json!([{ "role": "user", "content": calls.prompt }]));
    if provider.names_model || provider.stream_member {
        body.insert("stream".into(), json!(true));
    }
    let source = source(facts, provider, run_helpers);
    let signs = matches!(source, Source::AwsProfile { .. } | Source::Helper { .. });
    let path = engine_path(target);
    Endpoint {
        target: target.id,
        own: BTreeSet::new(),
        path,
        provider: provider.id.to_string(),
        customer: requirement.hints.customer && services.for_host(&target.probed).is_none(),
        source,
        scheme,
        signed: provider.signed.clone().filter(|_| signs).map(String::from),
        region: text(&provider.region_key),
        headers: provider.headers.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        custom: custom(configuration),
        list: provider
            .discovery
            .as_ref()
            .filter(|_| configuration.get("modelDiscoveryEnabled").and_then(Value::as_bool) != Some(false))
            .and_then(|d| list(mine, d, (target, requirement), path, &base_path)),
        stream: provider.stream.to_string(),
        base_path,
        project: text(&provider.project_key).unwrap_or_default(),
        body,
        names_model: provider.names_model,
        framing: provider.framing,
        models: models(configuration),
        token: provider
            .token_url
            .as_ref()
            .map(String::from)
            .zip(provider.token_scope.as_ref().map(String::from)),
        device: None,
    }
}

/// The path that the engine takes, which carries the conversation.
pub fn engine_path(target: &Target) -> usize {
    target.paths.iter().position(|p| p.actors.contains(&Actor::Engine)).unwrap_or_default()
}

fn list(
    mine: &Mine<'_>,
    discovery: &Discovery,
    (target, requirement): (&Target, &Requirement),
    path: usize,
    base_path: &str,
) -> Option<List> {
    let (target, path) = match &discovery.service {
        None => (target, path),
        Some(service) => {
            // A base URL stands in for the runtime; whether it lists models too is not known.
            if requirement.hints.customer {
                return None;
            }
            let (target, _) = mine.iter().find(|(t, _)| t.service.as_deref() == Some(service))?;
            (*target, engine_path(target))
        }
    };
    Some(List {
        target: target.id,
        path,
        request: fill_path(&discovery.path, base_path, &[]),
        list: discovery.list.to_string(),
        id: discovery.id.to_string(),
    })
}

/// The names in `inferenceModels`: texts, or objects with a name.
fn models(configuration: &Configuration) -> Vec<String> {
    let Some(list) = configuration.get("inferenceModels").and_then(Value::as_list) else {
        return Vec::new();
    };
    list.iter()
        .filter_map(|entry| entry.as_str().or_else(|| entry.at("name")?.as_str()).map(str::to_owned))
        .filter(|name| !name.is_empty())
        .collect()
}

fn custom(configuration: &Configuration) -> Vec<(String, Secret)> {
    let Some(Value::Map(map)) = configuration.get("inferenceCustomHeaders") else { return Vec::new() };
    map.iter()
        .filter_map(|(name, value)| match value {
            Value::Secret(secret) => Some((name.to_ascii_lowercase(), secret.clone())),
            Value::Text(text) => Some((name.to_ascii_lowercase(), Secret::new(text.clone()))),
            _ => None,
        })
        .filter(|(_, secret)| secret.is_included())
        .collect()
}

fn source(facts: &Facts<'_>, provider: &Provider, run_helpers: bool) -> Source {
    let configuration = facts.configuration;
    let unusable = |reason: &str| Source::Unusable { reason: reason.to_owned() };
    let key = provider.credential.get(facts.credential());
    // The writer of the configuration would be sent a sign-in of this device, before anything of the file is known.
    let elsewhere = |path: &str| {
        open::is_elsewhere(path).then(|| Source::Unusable {
            reason: format!(
                "the configuration has the credential at {}, on another machine, to which opening it could sign in with \
                 the account of this device; copy it to this device and name that place",
                line::seen(path, 80)
            ),
        })
    };
    match facts.credential() {
        "static" => match key.map(|k| (k, configuration.get(k))) {
            Some((key, Some(Value::Secret(secret)))) if !secret.is_empty() => {
                if secret.is_included() {
                    Source::Key { key: key.to_string(), secret: secret.clone() }
                } else {
                    unusable("this file was written without its secrets")
                }
            }
            _ => unusable("the configuration names a key and holds none"),
        },
        "vendor-profile" if provider.signed.is_some() => {
            let folder = configuration.text("inferenceBedrockAwsDir");
            folder.and_then(elsewhere).unwrap_or_else(|| Source::AwsProfile {
                name: key.and_then(|k| configuration.text(k)).unwrap_or("default").to_owned(),
                folder: folder.map(PathBuf::from),
            })
        }
        "vendor-profile" if provider.token_url.is_some() => {
            let path = key.and_then(|k| configuration.text(k));
            path.and_then(elsewhere).unwrap_or_else(|| Source::GoogleFile { path: path.map(PathBuf::from) })
        }
        HELPER => helper(facts, run_helpers),
        "none" => unusable("the configuration has no credential"),
        other => Source::Unusable {
            reason: format!(
                "the credential comes from a sign-in ({other}), which a person makes in the app; this program cannot"
            ),
        },
    }
}

fn helper(facts: &Facts<'_>, run_helpers: bool) -> Source {
    let configuration = facts.configuration;
    let windows = (facts.platform == Platform::Windows)
        .then(|| configuration.text("inferenceCredentialHelperWindows"))
        .flatten();
    let Some(command) = windows.or_else(|| configuration.text("inferenceCredentialHelper")) else {
        return Source::Unusable { reason: "no credential helper is set".into() };
    };
    if !run_helpers {
        return Source::Unusable {
            reason: "the credential comes from a helper program, which runs only with --run-helpers".into(),
        };
    }
    if !is_absolute(command) {
        return Source::Unusable {
            reason:
                "the credential helper is not given by its absolute path, and the app starts nothing else"
                    .to_owned(),
        };
    }
    let args =
        configuration.get("inferenceCredentialHelperArgs").and_then(Value::as_list).unwrap_or_default();
    let seconds = match configuration.get("inferenceCredentialHelperTimeoutSec") {
        Some(Value::Integer(n)) => u64::try_from(*n).unwrap_or(60).clamp(1, 600),
        _ => 60,
    };
    Source::Helper {
        command: command.to_owned(),
        args: args
            .iter()
            .filter_map(|a| match a {
                Value::Text(t) => Some(Secret::new(t.clone())),
                Value::Secret(s) => Some(s.clone()),
                _ => None,
            })
            .collect(),
        timeout: Duration::from_secs(seconds),
    }
}

/// Whether a path names one program wherever this program was started: from the root of a system, a drive
/// or a share.
fn is_absolute(path: &str) -> bool {
    let drive = matches!(path.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    path.starts_with('/') || path.starts_with("\\\\") || drive
}
