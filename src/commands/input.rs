//! What `hosts` and `check` share: from the words of the command line to the derived list.

use std::sync::{Arc, OnceLock};

use super::{Failure, standing};
use crate::cli::DeriveArgs;
use crate::config::device::Device;
use crate::config::{self, Configuration, Input, Profiles, ReadOptions};
use crate::contract::Endpoint;
use crate::contract::ids::Feature;
use crate::contract::{AppVersion, Confidence, Need, Platform, Transport};
use crate::derive::{self, Note, Requirements, document};
use crate::lint;
use crate::report::{self, FeatureInfo};
use crate::rules::{Pack, Rules};

/// A derived list with the configurations it came from.
#[derive(Debug)]
pub struct Derived {
    /// The list.
    pub requirements: Requirements,
    /// The configurations; none when only hosts documents were given.
    pub configurations: Vec<Configuration>,
    /// The inference endpoint, whatever part of the list was asked for.
    pub inference: Option<Endpoint>,
    /// A proxy script decides the app's routes.
    pub proxy_script: bool,
    /// The proxy the app is pinned to, as `host:port`.
    pub pinned_proxy: Option<String>,
    /// A provider is configured but no inference host came of it.
    pub lacks_inference: bool,
    /// The lists somebody sent.
    pub documents: Vec<Requirements>,
}

impl Derived {
    /// What no host stands for, in plain words: a run that lacks it is never ready.
    pub fn gaps(&self) -> Vec<String> {
        let lacking: Vec<String> = self
            .requirements
            .lacking()
            .map(|m| m.key.as_ref().map_or_else(|| m.why.clone(), |key| format!("{key}: {}", m.why)))
            .collect();
        if lacking.is_empty() && self.lacks_inference {
            return vec!["a provider is configured, but no inference host could be derived".into()];
        }
        lacking
    }
}

/// The features in report order, for the renderers.
pub fn features(pack: &Pack) -> Vec<FeatureInfo> {
    pack.features
        .iter()
        .map(|f| FeatureInfo { id: f.id.clone(), title: f.title.clone(), stops: f.stops.clone() })
        .collect()
}

/// Whether the command line names a configuration, rather than leaving it to this device.
pub fn asks_for_configuration(args: &DeriveArgs) -> bool {
    let source = &args.source;
    !args.config.is_empty()
        || source.device_root.is_some()
        || source.user.is_some()
        || source.all_profiles
        || !source.profile.is_empty()
        || source.bootstrap_response.is_some()
}

/// The app version that is asked about: the one named, else that of the app which is installed on the
/// device whose configuration is read. None: the newest that the rules know.
pub fn app_version(args: &DeriveArgs, rules: &Rules) -> Option<AppVersion> {
    if args.app_version.is_some() || !args.config.is_empty() {
        return args.app_version.clone();
    }
    installed(args, rules).map(|(version, _)| version)
}

/// The app that is installed on the device, and where that is written. A version from before the
/// rules begin is not taken: another program may go by the package's name, and numbers itself
/// otherwise.
fn installed(args: &DeriveArgs, rules: &Rules) -> Option<(AppVersion, String)> {
    // A package database is long, and one run asks for one device.
    static FOUND: OnceLock<Option<(AppVersion, String)>> = OnceLock::new();
    let oldest = &rules.pack.meta.releases.first()?.version;
    let found = FOUND.get_or_init(|| config::installed::version(&device(args), &rules.places));
    found.clone().filter(|(version, _)| version >= oldest)
}

fn device(args: &DeriveArgs) -> Device {
    Device {
        platform: args.list.platform.unwrap_or_else(Platform::here),
        root: args.source.device_root.clone(),
        user: args.source.user.clone(),
    }
}

/// Reads every CONFIG, or without any the device's own configuration; the hosts documents among
/// them are lists already. A configuration of a device may be one that the app rejects, see
/// [`config::device::usable`].
///
/// # Errors
/// When an input cannot be read.
pub fn configurations(
    args: &DeriveArgs,
    rules: &Rules,
) -> Result<(Vec<Configuration>, Vec<Requirements>), Failure> {
    let source = &args.source;
    let options = ReadOptions {
        app_version: app_version(args, rules),
        profiles: match source.profile.as_slice() {
            [] if source.all_profiles => Profiles::All,
            [] => Profiles::Applied,
            names => Profiles::Named(names.to_vec()),
        },
        bootstrap_response: source.bootstrap_response.clone(),
        places: Arc::clone(&rules.places),
    };
    if args.config.is_empty() {
        return Ok((config::device::read_with(&device(args), &rules.pack.keys, &options)?, Vec::new()));
    }
    if args.config.iter().filter(|c| *c == "-").count() > 1 {
        return Err(Failure::Usage("`-` may be given once: standard input can be read only once".into()));
    }
    let (mut configurations, mut documents) = (Vec::new(), Vec::new());
    for argument in &args.config {
        for input in config::read_with(argument, &rules.pack.keys, &options)? {
            match input {
                Input::Configuration(configuration) => configurations.push(configuration),
                Input::HostsDocument { name, sha256, json } => {
                    documents.push(document::from_json(json, &name, &sha256)?);
                }
            }
        }
    }
    Ok((configurations, documents))
}

/// Reads every CONFIG (or, without any, the device's own) and derives the union.
///
/// # Errors
/// When an input cannot be read, or `--feature` names no feature.
pub fn derive(args: &DeriveArgs, rules: &Rules) -> Result<Derived, Failure> {
    let (configurations, documents) = configurations(args, rules)?;
    derive_from(args, rules, configurations, documents)
}

/// Derives the union of configurations and lists that were read already.
///
/// # Errors
/// When `--feature` names no feature, or the app rejects a configuration.
pub fn derive_from(
    args: &DeriveArgs,
    rules: &Rules,
    configurations: Vec<Configuration>,
    documents: Vec<Requirements>,
) -> Result<Derived, Failure> {
    let asked = options(args, rules)?;
    for configuration in &configurations {
        config::device::usable(configuration)?;
    }
    // Narrowed below: the route of the engine follows from the inference endpoint, shown or not.
    let options = derive::Options { features: Vec::new(), needs: Vec::new(), ..asked.clone() };
    let mut lists = Vec::new();
    if !configurations.is_empty() {
        lists.push(list(&rules.pack, &configurations, &options));
    }
    lists.extend(documents.iter().cloned());
    let mut requirements =
        derive::union(lists).ok_or_else(|| Failure::Usage("no configuration was given".into()))?;
    let inference = requirements
        .hosts
        .iter()
        .find(|r| r.reasons.iter().any(|w| w.feature == Feature::INFERENCE && w.need == Need::Required))
        .map(derive::Requirement::endpoint);
    let of_proxy = |pinned: bool| {
        requirements.hosts.iter().find(|r| {
            (r.transport == Transport::Tcp) == pinned && r.reasons.iter().any(|w| w.feature == Feature::PROXY)
        })
    };
    let proxy_script = of_proxy(false).is_some();
    let pinned_proxy = of_proxy(true).map(|r| r.endpoint().to_string());
    if args.app_version.is_none()
        && args.config.is_empty()
        && let Some((version, file)) = installed(args, rules)
    {
        requirements.notes.push(Note {
            id: "installed-version".into(),
            text: format!("App {version} is installed on this device ({file}), so the list is for that version; --app-version names another."),
            keys: Vec::new(),
        });
    }
    let lacks_inference = inference.is_none() && requirements.provider.is_some();
    requirements.set_age(standing::age_of(&requirements.rules_date));
    asked.filter(&mut requirements.hosts);
    requirements.missing.retain(|m| asked.wants(&m.feature, m.need));
    Ok(Derived {
        requirements,
        configurations,
        inference,
        proxy_script,
        pinned_proxy,
        lacks_inference,
        documents,
    })
}

/// The list of configurations, with every host that their errors cost.
pub fn list(pack: &Pack, configurations: &[Configuration], options: &derive::Options) -> Requirements {
    let mut list = derive::derive(pack, configurations, options);
    lacking(&mut list, pack, configurations, options);
    list
}

/// Adds what errors cost besides the hosts that derivation itself could not make.
pub fn lacking(
    list: &mut Requirements,
    pack: &Pack,
    configurations: &[Configuration],
    options: &derive::Options,
) {
    // What the readers and the linter say of a key tells more than that no host came of it.
    let derived = std::mem::take(&mut list.missing);
    list.lacks(lint::missing(pack, configurations, options));
    list.lacks(derived);
}

/// Whether the list has every required host, or is wanted all the same.
///
/// # Errors
/// [`Failure::Incomplete`], which names each error and the host that it costs.
pub fn complete(
    list: &Requirements,
    features: &[FeatureInfo],
    allowed: bool,
    nothing_was: &'static str,
) -> Result<(), Failure> {
    if list.is_complete() || allowed {
        return Ok(());
    }
    Err(Failure::Incomplete(report::incomplete::refusal(list, features, nothing_was)))
}

/// The flags as options of a derivation.
///
/// # Errors
/// When `--feature` names no feature.
pub fn options(args: &DeriveArgs, rules: &Rules) -> Result<derive::Options, Failure> {
    let features = &rules.pack.features;
    if let Some(unknown) = args.list.feature.iter().find(|id| !features.iter().any(|f| f.id == **id)) {
        let known: Vec<&str> = features.iter().map(|f| f.id.as_str()).collect();
        return Err(Failure::Usage(format!(
            "--feature {unknown}: no such feature; there are {}",
            known.join(", ")
        )));
    }
    Ok(derive::Options {
        app_version: app_version(args, rules),
        platform: args.list.platform,
        offline_installer: args.list.offline_installer,
        admin_console: args.list.admin_console,
        minimal: args.list.minimal,
        include_observed: args.list.confidence.is_some_and(|c| c >= Confidence::Observed),
        confidence: args.list.confidence.unwrap_or(Confidence::Inferred),
        features: args.list.feature.clone(),
        needs: args.list.need.clone(),
    })
}
