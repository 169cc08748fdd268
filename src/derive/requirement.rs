//! The result of derivation: endpoints, each with every reason that put it on the list.

use serde::{Deserialize, Serialize};

use crate::config::{Lint, Origin};
use crate::contract::Endpoint;
use crate::contract::HostPattern;
use crate::contract::ids::NoteId;
use crate::contract::{Actor, AppVersion, Confidence, Need, Network, Platform, Transport};
use crate::rules::SourceTag;
use crate::rules::age::Age;
use crate::rules::networks::ByAddress;

/// Why a host is on the list: one rule that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Identifier of the rule in the pack, such as `B1`.
    pub rule: String,
    /// The feature whose group shows it, such as `inference`.
    pub feature: String,
    /// How badly this rule needs the host.
    pub need: Need,
    /// Who dials it for this reason.
    pub actors: Vec<Actor>,
    /// What the host is used for.
    pub purpose: String,
    /// What the user sees when it is blocked.
    pub breaks: String,
    /// What leaves the device over it; empty where that is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sends: String,
    /// How well the rule is known.
    pub confidence: Confidence,
    /// The configuration keys the rule read, set or not.
    pub keys: Vec<String>,
    /// The setting that takes this reason away, such as `disableAutoUpdates = true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_by: Option<String>,
    /// Which of several configurations wanted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// Documentation tags of domain sources, such as `T5`.
    pub source: Vec<String>,
    /// First app version the rule holds for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<AppVersion>,
    /// First app version it no longer holds for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<AppVersion>,
}

/// What a prober must know about an endpoint beyond its address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeHints {
    /// Identifier of the service fingerprint, when a rule names it (hosts whose names are the
    /// customer's own); hosts of the vendor are recognised by name instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Path of the configured URL (`/anthropic`), without a trailing slash; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub base_path: String,
    /// A concrete name that proves a wildcard, named by the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The host must chain to the public roots: a private issuer is interception.
    pub public_roots: bool,
    /// The host belongs to the customer (its name comes from a URL or host the customer chose).
    pub customer: bool,
    /// A private address is normal: the provider offers a private endpoint under this name.
    pub private_endpoint: bool,
    /// Key whose value the name was made from, when nobody else resolves it (resource, region,
    /// gateway): a name that does not exist is then a mistake in the configuration first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_key: Option<String>,
    /// Whether the entry that names the host says how to sign in there (a sign-in, headers, a helper);
    /// absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signs_in: Option<bool>,
    /// The address whose answer named this host during the run; none for hosts that follow from the
    /// configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovered_from: Option<String>,
    /// The bare name of a wildcard of the same list, which the app reads as part of that wildcard. A firewall opens it;
    /// nobody asks for it, since it need not exist.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub with_wildcard: bool,
}

/// What stands in the place of a rule for a host that an answer named during the run.
pub const NAMED_BY_ANSWER: &str = "discovered";

/// One endpoint of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// Name, wildcard or address literal.
    pub host: HostPattern,
    /// Port; 0 for an unbounded entry without one.
    pub port: u16,
    /// What is spoken there.
    pub transport: Transport,
    /// Which side of the perimeter.
    pub network: Network,
    /// Set when the entry cannot be listed exhaustively: says why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unbounded: Option<String>,
    /// A loopback address: probed, but never on a firewall list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub loopback: bool,
    /// What the prober must know.
    pub hints: ProbeHints,
    /// Every reason, in rule order; never empty.
    pub reasons: Vec<Reason>,
}

impl Requirement {
    /// Whether only answers named it: neither the configuration, nor the command line, nor a served
    /// configuration did.
    pub fn is_named_by_answer(&self) -> bool {
        self.hints.discovered_from.is_some() && self.reasons.iter().all(|r| r.rule == NAMED_BY_ANSWER)
    }

    /// What tells it from every other entry of a list.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint { host: self.host.clone(), port: self.port, transport: self.transport }
    }

    /// The strongest need of all reasons.
    pub fn need(&self) -> Need {
        self.reasons.iter().map(|r| r.need).max().unwrap_or(Need::Optional)
    }

    /// Every actor that dials it, each once, in the contract's order.
    pub fn actors(&self) -> Vec<Actor> {
        let mut all: Vec<Actor> = self.reasons.iter().flat_map(|r| r.actors.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// A remark that belongs to the list as a whole or to something that is no host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Stable identifier: the rule that speaks, or a word such as `loopback`.
    pub id: String,
    /// One or two sentences for the reader.
    pub text: String,
    /// The keys it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

/// A host that the configuration should have led to and did not: an error stands in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The feature that lacks it.
    pub feature: String,
    /// The key with the error.
    #[serde(default)]
    pub key: Option<String>,
    /// What is wrong and what to write.
    pub why: String,
    /// How badly the host is needed; a list that lacks a required one is not complete.
    #[serde(default = "required")]
    pub need: Need,
    /// Which of several configurations it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// Where the error stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

const fn required() -> Need {
    Need::Required
}

impl Missing {
    /// What `lint` costs. Its message begins with the key or ends in what follows from it where it
    /// stands alone; here both are said apart.
    pub fn new(feature: &str, need: Need, lint: &Lint) -> Self {
        let mut why = lint.message.as_str();
        if let Some(key) = &lint.key {
            for prefix in [format!("`{key}`: "), format!("{key}: ")] {
                why = why.strip_prefix(&prefix).unwrap_or(why);
            }
        }
        let why = why.strip_suffix(NOT_LISTED).unwrap_or(why);
        Self {
            feature: feature.to_owned(),
            key: lint.key.clone(),
            why: why.strip_suffix(NOT_USED).unwrap_or(why).to_owned(),
            need,
            config: None,
            origin: lint.origin.clone(),
        }
    }
}

/// How a lint ends whose value leads to no host.
pub(super) const NOT_LISTED: &str = "; no host is listed for it";
/// How a lint of the readers ends whose value is not in effect.
const NOT_USED: &str = "; the app does not use this value, and neither does this report";

/// The derived list, with everything a reader must know to trust it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirements {
    /// Endpoints, each (host, port, transport) once, sorted by host.
    pub hosts: Vec<Requirement>,
    /// Remarks.
    pub notes: Vec<Note>,
    /// What is wrong with the configuration.
    pub lint: Vec<Lint>,
    /// Hosts that errors of the configuration cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// The app version it was derived for.
    pub app_version: AppVersion,
    /// The platform it was derived for.
    pub platform: Platform,
    /// True when nothing said which platform it is, and this machine's was taken.
    pub platform_assumed: bool,
    /// Date of the rule pack, `YYYY-MM-DD`.
    pub rules_date: String,
    /// How old the rules are today, where the caller of the derivation said which day it is.
    #[serde(skip)]
    pub rules_age: Option<Age>,
    /// Inference provider, when one is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What it was derived from.
    pub inputs: Vec<Input>,
    /// The pages that the reasons name, in the pack's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// What is known about the addresses of the hosts, where the caller of the derivation gave it.
    #[serde(skip)]
    pub by_address: ByAddress,
}

/// A documentation page, in one of its copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The short name that reasons use.
    pub tag: String,
    /// The page.
    pub page: String,
    /// Its approximate date.
    pub date: String,
    /// Its address, where that is known.
    #[serde(default)]
    pub url: Option<String>,
    /// The day on which a public copy was read, `YYYY-MM-DD`; empty where nobody noted it.
    #[serde(default)]
    pub read: String,
}

impl Source {
    /// The page behind a tag of the pack.
    pub(super) fn new(source: &SourceTag) -> Self {
        Self {
            tag: source.tag.to_string(),
            page: source.page.to_string(),
            date: source.date.to_string(),
            url: source.address().map(str::to_owned),
            read: source.read.to_string(),
        }
    }
}

impl Requirements {
    /// Whether every host that is required is on the list.
    pub fn is_complete(&self) -> bool {
        self.lacking().next().is_none()
    }

    /// The errors that cost a required host.
    pub fn lacking(&self) -> impl Iterator<Item = &Missing> {
        self.missing.iter().filter(|m| m.need == Need::Required)
    }

    /// Adds what errors cost; of one key in one configuration the first remark stays.
    pub fn lacks(&mut self, more: Vec<Missing>) {
        for one in more {
            let same = |m: &Missing| m.key.is_some() && m.key == one.key && m.config == one.config;
            match self.missing.iter_mut().find(|m| same(m)) {
                Some(known) => known.need = known.need.max(one.need),
                None => self.missing.push(one),
            }
        }
    }

    /// The remark on why no inference host is listed although nothing is wrong.
    pub fn without_provider(&self) -> Option<&Note> {
        self.notes.iter().find(|n| n.id == NoteId::NO_PROVIDER)
    }
}

impl Requirements {
    /// Says how old the rules are; a note of its own when they are old.
    pub fn set_age(&mut self, age: Option<Age>) {
        self.rules_age = age;
        self.notes.retain(|n| n.id != NoteId::RULES_OLD);
        if let Some(text) = age.and_then(Age::warning) {
            // After what the rules do not know at all, before everything else.
            let at = self.notes.iter().take_while(|n| n.id == NoteId::NOT_KNOWN).count();
            self.notes.insert(at, Note { id: NoteId::RULES_OLD.into(), text, keys: Vec::new() });
        }
    }

    /// What stands before everything else in an output: that the rules do not cover the app, and that
    /// they are old.
    pub fn statements(&self) -> Vec<&str> {
        let first = self.notes.iter().filter(|n| n.id == NoteId::NOT_KNOWN || n.id == NoteId::RULES_OLD);
        first.map(|n| n.text.as_str()).collect()
    }

    /// The list without the notes that stand before everything else already.
    #[must_use]
    pub fn without_statements(mut self) -> Self {
        let first: Vec<String> = self.statements().into_iter().map(str::to_owned).collect();
        self.notes.retain(|n| !first.contains(&n.text));
        self
    }

    /// The list as a firewall must open it: with the bare name of each wildcard of SSH hosts, which the app reads as part
    /// of the wildcard and most products do not. Such an entry is marked ([`ProbeHints::with_wildcard`]); a name that
    /// is asked for anyway stays as it is.
    #[must_use]
    pub fn with_bare_ssh_names(mut self) -> Self {
        let wildcards: Vec<Requirement> =
            self.hosts.iter().filter(|r| r.transport == Transport::Ssh).cloned().collect();
        for wildcard in wildcards {
            let HostPattern::Subdomains(name) = &wildcard.host else { continue };
            let mut bare = wildcard.clone();
            bare.host = HostPattern::Name(name.clone());
            if self.hosts.iter().any(|r| r.endpoint() == bare.endpoint()) {
                continue;
            }
            bare.hints.with_wildcard = true;
            bare.hints.member = None;
            for reason in &mut bare.reasons {
                reason.purpose.push_str(&format!("; the bare name, which {} stands for too", wildcard.host));
            }
            self.hosts.push(bare);
        }
        self.hosts.sort_by(|a, b| (&a.host, a.port, a.transport).cmp(&(&b.host, b.port, b.transport)));
        self
    }
}

/// One input of the derivation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The configuration's display name.
    pub name: String,
    /// Format of the file, such as `mobileconfig`.
    pub format: String,
    /// SHA-256 of the file, lower-case hexadecimal; empty when there was no file.
    pub sha256: String,
    /// The platform that this input was derived for, where the list is of several inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// True when this input does not say its platform, and this machine's was taken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub platform_assumed: bool,
}
