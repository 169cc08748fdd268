//! Reads a hosts document somebody sent: bounded, and nothing in it is taken on trust.

use serde_json::Value as Json;

use super::{Because, HostEntry, HostsDocument, SCHEMA};
use crate::contract::Endpoint;
use crate::contract::HostPattern;
use crate::contract::ids::{Feature, NoteId};
use crate::contract::{Actor, Need, Transport};
use crate::derive::MOST_HOSTS;
use crate::derive::requirement::{Input, Missing, Note, Reason, Requirement, Requirements};
use crate::text::line;

/// Host entries a document may have; the longest real list is below two hundred.
const MAX_HOSTS: usize = MOST_HOSTS;
/// Characters a text of the document may have.
const MAX_TEXT: usize = 4_000;
/// Elements a list inside one entry may have.
const MAX_LIST: usize = 200;

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

fn actors_or_app(actors: &[Actor]) -> Vec<Actor> {
    if actors.is_empty() { vec![Actor::App] } else { actors.to_vec() }
}

impl Because {
    fn into_reason(self, entry: &HostEntry, feature: &str) -> Reason {
        Reason {
            rule: self.rule,
            feature: self.feature.unwrap_or_else(|| feature.to_owned()),
            need: self.need,
            actors: self.actors.unwrap_or_else(|| actors_or_app(&entry.actors)),
            purpose: self.purpose.unwrap_or_else(|| entry.purpose.clone()),
            breaks: self.breaks.unwrap_or_else(|| entry.breaks.clone()),
            sends: self.sends.unwrap_or_else(|| entry.sends.clone()),
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
        let reason = line::seen(&reason, 300);
        DocumentError::Invalid { name: self.name.to_owned(), place: place.into(), reason }
    }

    fn read(&self, json: Json, sha256: &str) -> Result<Requirements, DocumentError> {
        let Json::Object(mut top) = json else {
            return Err(DocumentError::Schema { name: self.name.into(), found: "missing".into() });
        };
        match top.get("schema") {
            Some(Json::String(s)) if s == SCHEMA => {}
            Some(Json::String(s)) => {
                let shown = line::seen(s, 60);
                return Err(DocumentError::Schema { name: self.name.into(), found: format!("\"{shown}\"") });
            }
            _ => return Err(DocumentError::Schema { name: self.name.into(), found: "missing".into() }),
        }
        if top.get("boundary").is_some_and(|b| b.as_str() != Some("perimeter")) {
            return Err(self.invalid(
                "boundary",
                "it is the list of the sandbox, not of the perimeter, and cannot stand in a configuration's place",
            ));
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
            self.entry(&mut hosts, count, &format!("loopback[{h}]"), entry, Feature::NAMED.as_str())?;
        }
        // A bare name that only goes with its wildcard is worked out anew where a firewall is written for. Without the
        // wildcard it is a host like any other.
        let wildcards: Vec<(String, u16, Transport)> = hosts
            .iter()
            .filter_map(|r| match &r.host {
                HostPattern::Subdomains(name) => Some((name.clone(), r.port, r.transport)),
                _ => None,
            })
            .collect();
        hosts.retain(|r| {
            let beside = |(name, port, transport): &(String, u16, Transport)| {
                r.host.name() == Some(name) && (r.port, r.transport) == (*port, *transport)
            };
            !(r.hints.with_wildcard && wildcards.iter().any(beside))
        });
        hosts.iter_mut().for_each(|r| r.hints.with_wildcard = false);
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
        for (list, len) in [
            ("inputs", head.inputs.len()),
            ("notes", head.notes.len()),
            ("lint", head.lint.len()),
            ("missing", head.missing.len()),
            ("sources", head.sources.len()),
        ] {
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

        self.texts("missing", head.missing.iter().flat_map(|m| [m.feature.as_str(), m.why.as_str()]))?;
        self.texts(
            "missing",
            head.missing.iter().flat_map(|m| m.key.iter().chain(&m.config)).map(String::as_str),
        )?;
        let sources = head.sources.iter();
        self.texts("sources", sources.flat_map(|s| [&s.tag, &s.page, &s.date, &s.read].map(String::as_str)))?;
        self.texts("sources", head.sources.iter().filter_map(|s| s.url.as_deref()))?;
        if head.sources.iter().filter_map(|s| s.url.as_deref()).any(|url| !url.starts_with("https://")) {
            return Err(self.invalid("sources", "an address does not begin with https://"));
        }
        let mut missing = head.missing;
        if !head.complete && missing.iter().all(|m| m.need != Need::Required) {
            let why = "the list says of itself that it is not complete".to_owned();
            let feature = Feature::INFERENCE.into();
            missing.push(Missing {
                feature,
                key: None,
                why,
                need: Need::Required,
                config: None,
                origin: None,
            });
        }

        let from: Vec<&str> = head.inputs.iter().map(|i| i.name.as_str()).filter(|n| !n.is_empty()).collect();
        let from = if from.is_empty() { String::new() } else { format!(" from {}", from.join(", ")) };
        let mut notes: Vec<Note> =
            head.notes.into_iter().filter(|n| n.id != NoteId::HOSTS_DOCUMENT).collect();
        notes.push(Note {
            id: NoteId::HOSTS_DOCUMENT.into(),
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
            missing,
            app_version: head.app_version,
            platform: head.platform,
            platform_assumed: head.platform_assumed,
            rules_date: head.rules_date,
            rules_age: None,
            provider: head.provider,
            inputs: vec![Input {
                name: self.name.into(),
                format: SCHEMA.into(),
                sha256: sha256.into(),
                platform: None,
                platform_assumed: false,
            }],
            sources: head.sources,
            by_address: Default::default(),
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
        self.texts(place, [entry.purpose.as_str(), entry.breaks.as_str(), entry.sends.as_str()])?;
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
                sends: entry.sends.clone(),
                confidence: entry.confidence,
                keys: Vec::new(),
                removed_by: None,
                config: None,
                source: Vec::new(),
                since: None,
                until: None,
            });
        }
        let endpoint = Endpoint { host: entry.host.clone(), port: entry.port, transport: entry.transport };
        let same = |r: &&mut Requirement| r.endpoint() == endpoint;
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
        self.texts(
            place,
            [&reason.rule, &reason.purpose, &reason.breaks, &reason.sends].map(String::as_str),
        )?;
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
        let fine = path.is_empty() || path.starts_with('/') && sendable;
        if !fine {
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
