//! The `clearway.hosts/1` document: a derived list as JSON, written for scripts and read back as a
//! configuration (nobody mails a profile with keys in it).
//!
//! A document that is read comes from somebody else: every count and length is bounded, every host
//! is parsed again, and whatever follows from the host itself (loopback) is worked out anew.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::host::HostPattern;
use super::requirement::{Input, Note, ProbeHints, Reason, Requirement, Requirements};
use crate::config::Lint;
use crate::terms::{Actor, AppVersion, Confidence, Need, Network, Platform, Transport};

/// The value of `schema` in the document.
pub const SCHEMA: &str = "clearway.hosts/1";

/// Host entries a document may have; the longest real list is below two hundred.
const MAX_HOSTS: usize = 5_000;
/// Characters a text of the document may have.
const MAX_TEXT: usize = 4_000;
/// Elements a list inside one entry may have.
const MAX_LIST: usize = 200;

/// What a rendering must know of a feature; the rule pack has it, in report order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureInfo {
    /// Identifier, such as `inference`.
    pub id: String,
    /// Title of the group.
    pub title: String,
    /// What the user loses without it: a short sentence.
    pub stops: String,
}

impl FeatureInfo {
    /// The title of feature `id`, or the id itself when the pack does not know it.
    pub fn title_of<'a>(features: &'a [Self], id: &'a str) -> &'a str {
        features.iter().find(|f| f.id == id).map_or(id, |f| f.title.as_str())
    }

    /// The features of `list` in the order of `features`; unknown ones follow in their own order.
    pub fn order<'a>(features: &'a [Self], list: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let mut present: Vec<&str> = Vec::new();
        for id in list {
            if !present.contains(&id) {
                present.push(id);
            }
        }
        present.sort_by_key(|id| features.iter().position(|f| f.id == *id).unwrap_or(usize::MAX));
        present
    }
}

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
    /// Remarks.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// What is wrong with the configuration.
    #[serde(default)]
    pub lint: Vec<Lint>,
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
    /// How well the best of the rules is known.
    #[serde(default = "documented")]
    pub confidence: Confidence,
    /// Which side of the perimeter.
    #[serde(default = "internet")]
    pub network: Network,
    /// Why the entry cannot be listed exhaustively.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unbounded: Option<String>,
    /// The rules that put it there.
    #[serde(default)]
    pub because: Vec<Because>,
    /// What a prober must know; not needed to write a firewall rule.
    #[serde(default)]
    pub probe: ProbeHints,
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
    /// Who dials it for this rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actors: Option<Vec<Actor>>,
    /// How well this rule is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
}

/// A document that cannot be used as a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It is another kind of JSON.
    #[error(
        "{name}: not a hosts document: `schema` is {found}, expected \"{SCHEMA}\"; make one with `clearway hosts --format json CONFIG`"
    )]
    Schema {
        /// The file.
        name: String,
        /// What stands there.
        found: String,
    },
    /// A part of it is wrong.
    #[error("{name}: {place}: {reason}; make the document again with `clearway hosts --format json CONFIG`")]
    Invalid {
        /// The file.
        name: String,
        /// Where in the document, such as `groups[2].hosts[0]`.
        place: String,
        /// What is wrong.
        reason: String,
    },
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

/// Texts joined with `; `, each once, in order, empty ones left out.
pub fn joined<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for text in texts {
        if !text.is_empty() && !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen.join("; ")
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
            confidence: reasons.iter().map(|r| r.confidence).min().unwrap_or(Confidence::Documented),
            network: requirement.network,
            unbounded: requirement.unbounded.clone(),
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
            actors: Some(reason.actors.clone()),
            confidence: Some(reason.confidence),
        }
    }

    fn into_reason(self, entry: &HostEntry, feature: &str) -> Reason {
        Reason {
            rule: self.rule,
            feature: self.feature.unwrap_or_else(|| feature.to_owned()),
            need: self.need,
            actors: self.actors.unwrap_or_else(|| actors_or_app(&entry.actors)),
            purpose: self.purpose.unwrap_or_else(|| entry.purpose.clone()),
            breaks: self.breaks.unwrap_or_else(|| entry.breaks.clone()),
            confidence: self.confidence.unwrap_or(entry.confidence),
            keys: self.keys,
            removed_by: self.removed_by,
            config: self.config,
            source: self.source,
            since: self.since,
            until: self.until,
        }
    }
}

fn actors_or_app(actors: &[Actor]) -> Vec<Actor> {
    if actors.is_empty() { vec![Actor::App] } else { actors.to_vec() }
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
                    (!reasons.is_empty()).then(|| HostEntry::new(r, &reasons))
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
        notes: requirements.notes.clone(),
        lint: requirements.lint.clone(),
    }
}

/// Reads a hosts document that was given as a configuration.
///
/// `name` is the file as the user named it, `sha256` the hash of its bytes; both become the input
/// of the result. The document's own inputs are told in a note.
///
/// # Errors
/// [`DocumentError`] names the file, the place in the document and what to do.
pub fn from_json(json: Json, name: &str, sha256: &str) -> Result<Requirements, DocumentError> {
    Reader { name }.read(json, sha256)
}

struct Reader<'a> {
    name: &'a str,
}

impl Reader<'_> {
    fn invalid(&self, place: impl Into<String>, reason: impl Into<String>) -> DocumentError {
        let reason: String = reason.into();
        // A parser's message may quote the document: keep the error one short line.
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(300).collect();
        DocumentError::Invalid { name: self.name.to_owned(), place: place.into(), reason }
    }

    fn read(&self, json: Json, sha256: &str) -> Result<Requirements, DocumentError> {
        let Json::Object(mut top) = json else {
            return Err(DocumentError::Schema { name: self.name.into(), found: "missing".into() });
        };
        match top.get("schema") {
            Some(Json::String(s)) if s == SCHEMA => {}
            Some(Json::String(s)) => {
                let shown: String = s.chars().filter(|c| !c.is_control()).take(60).collect();
                return Err(DocumentError::Schema { name: self.name.into(), found: format!("\"{shown}\"") });
            }
            _ => return Err(DocumentError::Schema { name: self.name.into(), found: "missing".into() }),
        }
        let Some(Json::Array(groups)) = top.remove("groups") else {
            return Err(self.invalid("groups", "it is missing or no list"));
        };
        let loopback = match top.remove("loopback") {
            None | Some(Json::Null) => Vec::new(),
            Some(Json::Array(entries)) => entries,
            Some(_) => return Err(self.invalid("loopback", "it is no list")),
        };

        let mut hosts: Vec<Requirement> = Vec::new();
        let mut count = 0_usize;
        for (g, group) in groups.into_iter().enumerate() {
            let place = format!("groups[{g}]");
            let Json::Object(mut group) = group else { return Err(self.invalid(place, "it is no object")) };
            let feature = match group.get("feature") {
                Some(Json::String(f)) => self.feature(&place, f)?,
                _ => return Err(self.invalid(place, "`feature` is missing")),
            };
            let Some(Json::Array(entries)) = group.remove("hosts") else {
                return Err(self.invalid(place, "`hosts` is missing or no list"));
            };
            for (h, entry) in entries.into_iter().enumerate() {
                count += 1;
                self.entry(&mut hosts, count, &format!("{place}.hosts[{h}]"), entry, &feature)?;
            }
        }
        for (h, entry) in loopback.into_iter().enumerate() {
            count += 1;
            self.entry(&mut hosts, count, &format!("loopback[{h}]"), entry, "ad-hoc")?;
        }
        hosts.sort_by(|a, b| (&a.host, a.port, a.transport).cmp(&(&b.host, b.port, b.transport)));

        top.insert("groups".into(), Json::Array(Vec::new()));
        let head: HostsDocument =
            serde_json::from_value(Json::Object(top)).map_err(|e| self.invalid("the head", e.to_string()))?;
        self.requirements(head, hosts, sha256)
    }

    fn requirements(
        &self,
        head: HostsDocument,
        hosts: Vec<Requirement>,
        sha256: &str,
    ) -> Result<Requirements, DocumentError> {
        self.texts("the head", [head.rules_date.as_str(), head.clearway.as_str()])?;
        self.texts("provider", head.provider.as_deref())?;
        for (list, len) in
            [("inputs", head.inputs.len()), ("notes", head.notes.len()), ("lint", head.lint.len())]
        {
            if len > MAX_LIST {
                return Err(self.invalid(list, format!("more than {MAX_LIST} entries")));
            }
        }
        self.texts(
            "inputs",
            head.inputs.iter().flat_map(|i| [i.name.as_str(), i.format.as_str(), i.sha256.as_str()]),
        )?;
        self.texts("notes", head.notes.iter().flat_map(|n| [n.id.as_str(), n.text.as_str()]))?;
        self.texts("lint", head.lint.iter().flat_map(|l| [l.id.as_str(), l.message.as_str()]))?;

        let from: Vec<&str> = head.inputs.iter().map(|i| i.name.as_str()).filter(|n| !n.is_empty()).collect();
        let from = if from.is_empty() { String::new() } else { format!(" from {}", from.join(", ")) };
        let mut notes: Vec<Note> = head.notes.into_iter().filter(|n| n.id != "hosts-document").collect();
        notes.push(Note {
            id: "hosts-document".into(),
            text: format!(
                "The hosts were read from a list that Clearway {} made with the rules of {}{from}.",
                head.clearway, head.rules_date
            ),
            keys: Vec::new(),
        });
        Ok(Requirements {
            hosts,
            notes,
            lint: head.lint,
            app_version: head.app_version,
            platform: head.platform,
            platform_assumed: head.platform_assumed,
            rules_date: head.rules_date,
            provider: head.provider,
            inputs: vec![Input { name: self.name.into(), format: SCHEMA.into(), sha256: sha256.into() }],
        })
    }

    /// Reads one entry into `hosts`, or adds its reasons to the endpoint that is there already.
    fn entry(
        &self,
        hosts: &mut Vec<Requirement>,
        count: usize,
        place: &str,
        json: Json,
        feature: &str,
    ) -> Result<(), DocumentError> {
        if count > MAX_HOSTS {
            return Err(self.invalid(place, format!("more than {MAX_HOSTS} hosts")));
        }
        let mut entry: HostEntry =
            serde_json::from_value(json).map_err(|e| self.invalid(place, e.to_string()))?;
        if matches!(entry.host, HostPattern::Any) && entry.unbounded.is_none() {
            return Err(self.invalid(place, "the host `*` needs `unbounded`: it cannot be listed"));
        }
        if entry.port == 0 && entry.unbounded.is_none() {
            return Err(self.invalid(place, "port 0 is only for an unbounded entry"));
        }
        if entry.because.len() > MAX_LIST {
            return Err(self.invalid(place, format!("more than {MAX_LIST} reasons")));
        }
        self.texts(place, [entry.purpose.as_str(), entry.breaks.as_str()])?;
        self.texts(place, entry.unbounded.as_deref())?;
        self.hints(place, &entry)?;

        let because = std::mem::take(&mut entry.because);
        let mut reasons: Vec<Reason> = Vec::with_capacity(because.len().max(1));
        for because in because {
            let reason = because.into_reason(&entry, feature);
            self.feature(place, &reason.feature)?;
            self.reason(place, &reason)?;
            reasons.push(reason);
        }
        if reasons.is_empty() {
            // Somebody else's list without reasons still says what it needs.
            reasons.push(Reason {
                rule: "listed".into(),
                feature: feature.into(),
                need: entry.need,
                actors: actors_or_app(&entry.actors),
                purpose: entry.purpose.clone(),
                breaks: entry.breaks.clone(),
                confidence: entry.confidence,
                keys: Vec::new(),
                removed_by: None,
                config: None,
                source: Vec::new(),
                since: None,
                until: None,
            });
        }
        let same = |r: &&mut Requirement| {
            r.host == entry.host && r.port == entry.port && r.transport == entry.transport
        };
        match hosts.iter_mut().find(same) {
            Some(known) => {
                for reason in reasons {
                    if !known.reasons.contains(&reason) {
                        known.reasons.push(reason);
                    }
                }
            }
            None => hosts.push(Requirement {
                loopback: entry.host.is_loopback(),
                host: entry.host,
                port: entry.port,
                transport: entry.transport,
                network: entry.network,
                unbounded: entry.unbounded,
                hints: entry.probe,
                reasons,
            }),
        }
        Ok(())
    }

    fn feature(&self, place: &str, id: &str) -> Result<String, DocumentError> {
        let fine = !id.is_empty()
            && id.len() <= 40
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fine { Ok(id.to_owned()) } else { Err(self.invalid(place, "`feature` is no feature id")) }
    }

    fn reason(&self, place: &str, reason: &Reason) -> Result<(), DocumentError> {
        if reason.keys.len().max(reason.source.len()).max(reason.actors.len()) > MAX_LIST {
            return Err(self.invalid(place, format!("a list with more than {MAX_LIST} entries")));
        }
        self.texts(place, [reason.rule.as_str(), reason.purpose.as_str(), reason.breaks.as_str()])?;
        self.texts(place, reason.keys.iter().chain(&reason.source).map(String::as_str))?;
        self.texts(place, reason.removed_by.as_deref())?;
        self.texts(place, reason.config.as_deref())
    }

    /// What would be sent must be harmless: the path is one path, the member belongs to the wildcard.
    fn hints(&self, place: &str, entry: &HostEntry) -> Result<(), DocumentError> {
        let hints = &entry.probe;
        let path = hints.base_path.as_str();
        let sendable =
            path.len() <= 1_000 && path.bytes().all(|b| b.is_ascii_graphic() && b != b'#' && b != b'?');
        if !path.is_empty() && !(path.starts_with('/') && sendable) {
            return Err(self.invalid(place, "`probe.base_path` is no URL path"));
        }
        if let Some(member) = &hints.member {
            let covered = member.parse::<HostPattern>().is_ok_and(|m| m.name().is_some())
                && entry.host.covers(&member.to_ascii_lowercase());
            if !covered {
                return Err(self.invalid(place, "`probe.member` is no name that the host covers"));
            }
        }
        self.texts(place, hints.service.as_deref())?;
        self.texts(place, hints.name_key.as_deref())
    }

    fn texts<'t>(&self, place: &str, texts: impl IntoIterator<Item = &'t str>) -> Result<(), DocumentError> {
        for text in texts {
            if text.chars().count() > MAX_TEXT {
                return Err(self.invalid(place, format!("a text longer than {MAX_TEXT} characters")));
            }
        }
        Ok(())
    }
}
