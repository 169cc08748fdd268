//! The `clearway.hosts/1` document: a derived list as JSON, written for scripts and read back as a
//! configuration (nobody mails a profile with keys in it).
//!
//! A document that is read (in `read`) comes from somebody else: every count and length is bounded, every host
//! is parsed again, and whatever follows from the host itself (loopback) is worked out anew.

mod read;

pub use read::{DocumentError, from_json};

use serde::{Deserialize, Serialize};

use crate::config::Lint;
use crate::contract::{Actor, AppVersion, Confidence, Need, Network, Platform, Transport};
use crate::contract::{FeatureInfo, HostPattern};
use crate::derive::requirement::{
    Input, Missing, Note, ProbeHints, Reason, Requirement, Requirements, Source,
};
use crate::rules::networks::Fixed;
use crate::text::english::{joined, once};

/// The value of `schema` in the document.
pub const SCHEMA: &str = "clearway.hosts/1";

/// A list as `clearway.hosts/1` has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostsDocument {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of the program that wrote it.
    pub clearway: String,
    /// Date of the rule pack, `YYYY-MM-DD`.
    pub rules_date: String,
    /// The app version it was derived for.
    pub app_version: AppVersion,
    /// The platform it was derived for.
    pub platform: Platform,
    /// Whether the platform was assumed.
    #[serde(default)]
    pub platform_assumed: bool,
    /// The inference provider, when one is configured.
    #[serde(default)]
    pub provider: Option<String>,
    /// What it was derived from.
    #[serde(default)]
    pub inputs: Vec<Input>,
    /// The hosts, by feature; a host of several features is repeated.
    pub groups: Vec<HostGroup>,
    /// Hosts on the device itself: on no firewall's list, but probed.
    #[serde(default)]
    pub loopback: Vec<HostEntry>,
    /// Whether every required host is on the list.
    #[serde(default = "complete")]
    pub complete: bool,
    /// Hosts that errors of the configuration cost.
    #[serde(default)]
    pub missing: Vec<Missing>,
    /// Remarks.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// What is wrong with the configuration.
    #[serde(default)]
    pub lint: Vec<Lint>,
    /// The pages that the hosts' reasons name by their tags.
    #[serde(default)]
    pub sources: Vec<Source>,
}

/// The hosts of one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostGroup {
    /// Identifier of the feature.
    pub feature: String,
    /// Its title.
    pub title: String,
    /// Its hosts, the most needed first.
    pub hosts: Vec<HostEntry>,
}

/// One endpoint within one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostEntry {
    /// Name, wildcard or address literal.
    pub host: HostPattern,
    /// Port; 0 for an unbounded entry without one.
    #[serde(default = "https_port")]
    pub port: u16,
    /// What is spoken there.
    #[serde(default = "https")]
    pub transport: Transport,
    /// How badly this feature needs it.
    pub need: Need,
    /// Who dials it for this feature.
    #[serde(default)]
    pub actors: Vec<Actor>,
    /// What it is for.
    #[serde(default)]
    pub purpose: String,
    /// What the user sees without it.
    #[serde(default)]
    pub breaks: String,
    /// What leaves the device over it.
    #[serde(default)]
    pub sends: String,
    /// How well the best of the rules is known.
    #[serde(default = "documented")]
    pub confidence: Confidence,
    /// Which side of the perimeter.
    #[serde(default = "internet")]
    pub network: Network,
    /// Why the entry cannot be listed exhaustively.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unbounded: Option<String>,
    /// Networks that its owner documents as fixed. Written for readers; what is read is looked up anew.
    #[serde(default, skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub fixed_networks: Option<FixedNetworks>,
    /// The rules that put it there.
    #[serde(default)]
    pub because: Vec<Because>,
    /// What a prober must know; not needed to write a firewall rule.
    #[serde(default)]
    pub probe: ProbeHints,
}

/// Networks that the owner of a host documents as fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FixedNetworks {
    /// The networks, `address/length`.
    pub networks: Vec<String>,
    /// Who documents them.
    pub owner: String,
    /// Address of the page.
    pub source: String,
    /// The day on which a public copy of it was read, `YYYY-MM-DD`.
    pub read: String,
}

impl FixedNetworks {
    fn of(fixed: &Fixed) -> Self {
        Self {
            networks: fixed.networks.iter().map(ToString::to_string).collect(),
            owner: fixed.owner.to_string(),
            source: fixed.source.to_string(),
            read: fixed.read.to_string(),
        }
    }
}

/// One rule that put a host on the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    /// Identifier of the rule.
    pub rule: String,
    /// The feature the rule belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// How badly this rule needs it.
    pub need: Need,
    /// The keys the rule read.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Which of several configurations wanted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// Documentation tags.
    #[serde(default)]
    pub source: Vec<String>,
    /// First app version the rule holds for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<AppVersion>,
    /// First app version it no longer holds for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<AppVersion>,
    /// The setting that takes this reason away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_by: Option<String>,
    /// What this rule needs the host for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What the user sees without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaks: Option<String>,
    /// What leaves the device for this rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends: Option<String>,
    /// Who dials it for this rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actors: Option<Vec<Actor>>,
    /// How well this rule is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
}

const fn complete() -> bool {
    true
}

const fn https_port() -> u16 {
    443
}

const fn https() -> Transport {
    Transport::Https
}

const fn documented() -> Confidence {
    Confidence::Documented
}

const fn internet() -> Network {
    Network::Internet
}

/// The reasons of `requirement` that belong to `feature`.
pub fn reasons_of<'a>(requirement: &'a Requirement, feature: &str) -> Vec<&'a Reason> {
    requirement.reasons.iter().filter(|r| r.feature == feature).collect()
}

impl HostEntry {
    /// One endpoint with some of its reasons (those of one feature, or all); `reasons` is not empty.
    pub fn new(requirement: &Requirement, reasons: &[&Reason]) -> Self {
        let mut actors: Vec<Actor> = reasons.iter().flat_map(|r| r.actors.iter().copied()).collect();
        actors.sort_unstable();
        actors.dedup();
        let need = reasons.iter().map(|r| r.need).max().unwrap_or(Need::Optional);
        // What it is for and what breaks is told by the reasons that need it most.
        let strongest = || reasons.iter().filter(move |r| r.need == need);
        Self {
            host: requirement.host.clone(),
            port: requirement.port,
            transport: requirement.transport,
            need,
            actors,
            purpose: joined(strongest().map(|r| r.purpose.as_str())),
            breaks: joined(strongest().map(|r| r.breaks.as_str())),
            sends: once(reasons.iter().map(|r| r.sends.as_str())),
            confidence: reasons.iter().map(|r| r.confidence).min().unwrap_or(Confidence::Documented),
            network: requirement.network,
            unbounded: requirement.unbounded.clone(),
            fixed_networks: None,
            because: reasons.iter().map(|r| Because::new(r)).collect(),
            probe: requirement.hints.clone(),
        }
    }
}

impl Because {
    fn new(reason: &Reason) -> Self {
        Self {
            rule: reason.rule.clone(),
            feature: Some(reason.feature.clone()),
            need: reason.need,
            keys: reason.keys.clone(),
            config: reason.config.clone(),
            source: reason.source.clone(),
            since: reason.since.clone(),
            until: reason.until.clone(),
            removed_by: reason.removed_by.clone(),
            purpose: Some(reason.purpose.clone()),
            breaks: Some(reason.breaks.clone()),
            sends: Some(reason.sends.clone()).filter(|s| !s.is_empty()),
            actors: Some(reason.actors.clone()),
            confidence: Some(reason.confidence),
        }
    }
}

/// The list as a document: groups in the order of `features`, in each the most needed host first.
pub fn to_document(requirements: &Requirements, features: &[FeatureInfo]) -> HostsDocument {
    let listed: Vec<&Requirement> = requirements.hosts.iter().filter(|r| !r.loopback).collect();
    let ids = FeatureInfo::order(
        features,
        listed.iter().flat_map(|r| r.reasons.iter().map(|reason| reason.feature.as_str())),
    );
    let groups = ids
        .into_iter()
        .map(|id| {
            let mut hosts: Vec<HostEntry> = listed
                .iter()
                .filter_map(|r| {
                    let reasons = reasons_of(r, id);
                    (!reasons.is_empty()).then(|| HostEntry {
                        fixed_networks: requirements.by_address.fixed_of(&r.host).map(FixedNetworks::of),
                        ..HostEntry::new(r, &reasons)
                    })
                })
                .collect();
            hosts.sort_by_key(|h| std::cmp::Reverse(h.need));
            HostGroup { feature: id.to_owned(), title: FeatureInfo::title_of(features, id).to_owned(), hosts }
        })
        .collect();
    let loopback = requirements
        .hosts
        .iter()
        .filter(|r| r.loopback)
        .map(|r| HostEntry::new(r, &r.reasons.iter().collect::<Vec<_>>()))
        .collect();
    HostsDocument {
        schema: SCHEMA.to_owned(),
        clearway: env!("CARGO_PKG_VERSION").to_owned(),
        rules_date: requirements.rules_date.clone(),
        app_version: requirements.app_version.clone(),
        platform: requirements.platform,
        platform_assumed: requirements.platform_assumed,
        provider: requirements.provider.clone(),
        inputs: requirements.inputs.clone(),
        groups,
        loopback,
        complete: requirements.is_complete(),
        missing: requirements.missing.clone(),
        notes: requirements.notes.clone(),
        lint: requirements.lint.clone(),
        sources: requirements.sources.clone(),
    }
}
