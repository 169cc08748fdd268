//! The result of derivation: endpoints, each with every reason that put it on the list.

use serde::{Deserialize, Serialize};

use crate::config::Lint;
use crate::contract::HostPattern;
use crate::contract::{Actor, AppVersion, Confidence, Need, Network, Platform, Transport};

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
    /// The address whose answer named this host during the run; none for hosts that follow from the
    /// configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovered_from: Option<String>,
}

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

/// The derived list, with everything a reader must know to trust it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirements {
    /// Endpoints, each (host, port, transport) once, sorted by host.
    pub hosts: Vec<Requirement>,
    /// Remarks.
    pub notes: Vec<Note>,
    /// What is wrong with the configuration.
    pub lint: Vec<Lint>,
    /// The app version it was derived for.
    pub app_version: AppVersion,
    /// The platform it was derived for.
    pub platform: Platform,
    /// True when nothing said which platform it is, and this machine's was taken.
    pub platform_assumed: bool,
    /// Date of the rule pack, `YYYY-MM-DD`.
    pub rules_date: String,
    /// Inference provider, when one is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What it was derived from.
    pub inputs: Vec<Input>,
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
}
