//! Why a host is on the list or not, which settings remove it, and what a key adds and removes.
//!
//! Nothing here is written by hand per host: every answer is computed by evaluating the rules with
//! the settings changed one at a time, and then together.

mod absent;
mod addresses;
mod alone;
mod answer;
mod change;
mod key;
mod question;
mod removal;

pub use absent::{Absent, Obstacle};
pub use alone::RuleAlone;
pub use answer::{
    AddressAnswer, Answer, CodeAnswer, DeviceCaseAnswer, DeviceCodeAnswer, Explanation, MessageAnswer,
    TextAnswer, explain,
};
pub use change::{Change, To};
pub use key::{KeyAnswer, KeyIn, KeyUse, KeyValue, key};
pub use question::{Question, understand};
pub use removal::Removal;

use serde::Serialize;

use crate::config::Configuration;
use crate::contract::HostPattern;
use crate::contract::{Actor, AppVersion, Confidence, Need, Network, Transport, words};
use crate::derive::options::Options;
use crate::derive::requirement::{Reason, Requirement, Requirements};
use crate::derive::wording;
use crate::rules::Pack;

/// What the answers are computed from.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// The rule pack.
    pub pack: &'a Pack,
    /// The configurations; none when the question is about the rules alone.
    pub configurations: &'a [Configuration],
    /// Lists somebody sent; they can be looked up but not evaluated.
    pub documents: &'a [Requirements],
    /// How to derive.
    pub options: &'a Options,
}

impl Given<'_> {
    /// The list of everything given.
    pub fn list(&self) -> Requirements {
        let mut lists: Vec<Requirements> = Vec::new();
        if !self.configurations.is_empty() {
            lists.push(crate::derive::derive(self.pack, self.configurations, self.options));
        }
        for list in self.documents {
            let mut list = list.clone();
            self.options.filter(&mut list.hosts);
            lists.push(list);
        }
        crate::derive::union(lists).unwrap_or_else(|| crate::derive::derive(self.pack, &[], self.options))
    }
}

/// A host somebody asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Name, wildcard or address literal.
    pub host: HostPattern,
    /// The port, where one was named.
    pub port: Option<u16>,
}

impl Target {
    /// Reads `NAME`, `NAME:PORT`, `*.NAME`, an address literal (`[v6]:PORT`), or a URL of which host
    /// and port count. `None` for anything else; `*` is not a host to ask about.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text),
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        if scheme.is_none() && authority.len() != rest.len() && !authority.contains('.') {
            return None;
        }
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = crate::derive::adhoc::split_port(authority).ok()?;
        let host: HostPattern = host.parse().ok()?;
        let port = port.or(match scheme {
            Some("http") => Some(80),
            Some("https") => Some(443),
            _ => None,
        });
        (host != HostPattern::Any).then_some(Self { host, port })
    }

    /// Whether an entry of a list is this host or covers it. A wildcard in the question is covered
    /// by itself and by a wildcard above it.
    pub(super) fn is_covered_by(&self, entry: &HostPattern) -> bool {
        match &self.host {
            host if host == entry => true,
            HostPattern::Name(name) => entry.covers(name) && *entry != HostPattern::Any,
            HostPattern::Subdomains(suffix) => {
                matches!(entry, HostPattern::Subdomains(_)) && entry.covers(suffix)
            }
            HostPattern::Address(_) | HostPattern::Any => false,
        }
    }

    /// Whether the endpoint of a list is what was asked for.
    /// What the app reads as part of a wildcard of SSH hosts is covered by it.
    fn matches(&self, r: &Requirement) -> bool {
        let bare = |host: &HostPattern| matches!((host, &self.host), (HostPattern::Subdomains(suffix), HostPattern::Name(name)) if suffix == name);
        let covered = self.is_covered_by(&r.host) || (r.transport == Transport::Ssh && bare(&r.host));
        covered && self.port.is_none_or(|p| p == r.port)
    }
}

words! {
    /// What is known about a host.
    Status {
        /// It stands on the list.
        Listed = "listed",
        /// An entry of the list covers it.
        Covered = "covered",
        /// It is not on the list.
        NotListed = "not-listed",
        /// No configuration was given: the rules that may want it.
        RulesAlone = "rules-alone",
    }
}

/// A documentation page behind a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// The tag that rules use.
    pub tag: String,
    /// The page's name.
    pub page: String,
    /// Its approximate date.
    pub date: String,
    /// Its address, where that is known.
    pub url: Option<String>,
    /// The day on which a public copy was read.
    pub read: String,
}

/// The pages behind tags.
pub fn pages(pack: &Pack, tags: &[impl AsRef<str>]) -> Vec<Page> {
    let page = |tag: &str| {
        let source = pack.meta.sources.iter().find(|s| s.tag == tag);
        Page {
            tag: tag.to_owned(),
            page: source.map(|s| s.page.to_string()).unwrap_or_default(),
            date: source.map(|s| s.date.to_string()).unwrap_or_default(),
            url: source.and_then(|s| s.address()).map(str::to_owned),
            read: source.map(|s| s.read.to_string()).unwrap_or_default(),
        }
    };
    tags.iter().map(|tag| page(tag.as_ref())).collect()
}

/// One rule that wants the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonAnswer {
    /// Identifier of the rule.
    pub rule: String,
    /// Its feature.
    pub feature: String,
    /// The feature's title.
    pub feature_title: String,
    /// How badly it needs the host.
    pub need: Need,
    /// Who dials it.
    pub actors: Vec<Actor>,
    /// What for.
    pub purpose: String,
    /// What breaks without it.
    pub breaks: String,
    /// What leaves the device over it.
    pub sends: String,
    /// How well it is known.
    pub confidence: Confidence,
    /// Which configuration wanted it, of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// The keys the rule reads, with what the configurations say (secrets left out).
    pub keys: Vec<KeyNow>,
    /// Under which condition the rule wants it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Pages it is known from.
    pub sources: Vec<Page>,
    /// First app version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<AppVersion>,
    /// First app version that no longer has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<AppVersion>,
    /// Settings each of which takes this reason away (computed), the documented one first.
    pub removed_by: Vec<Change>,
}

/// A key and what it is set to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyNow {
    /// The key.
    pub key: String,
    /// Its value in words: `true`, `not set`, `(secret)`.
    pub value: String,
}

/// One entry of the list that is the host, or covers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryAnswer {
    /// The entry.
    pub host: HostPattern,
    /// Port; 0 for none.
    pub port: u16,
    /// What is spoken there.
    pub transport: Transport,
    /// Which side of the perimeter.
    pub network: Network,
    /// The device itself: on no firewall list.
    pub loopback: bool,
    /// How badly it is needed.
    pub need: Need,
    /// Every rule that wants it.
    pub reasons: Vec<ReasonAnswer>,
}

/// Everything about one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostAnswer {
    /// The host asked about.
    pub host: HostPattern,
    /// The port asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What is known about it.
    pub status: Status,
    /// The entries that are it or cover it.
    pub entries: Vec<EntryAnswer>,
    /// Whether the removal could be computed (a list somebody sent cannot be evaluated).
    pub removal_computed: bool,
    /// Ways to take it off the list, each complete in itself.
    pub removals: Vec<Removal>,
    /// Rules that no setting takes away, so that the host stays while they hold.
    pub kept_by: Vec<String>,
    /// Decisions about the deployment that those rules rest on.
    pub rests_on: Vec<String>,
    /// Why it is not on the list, the nearest reason first.
    pub absent: Vec<Absent>,
    /// Rules that may want it, when there is no configuration.
    pub rules: Vec<RuleAlone>,
    /// Hosts with a similar name.
    pub similar: Vec<String>,
    /// Further remarks: another port, an apex below a wildcard, an unbounded entry.
    pub remarks: Vec<String>,
}

/// Answers a question about a host.
pub fn host(given: &Given<'_>, target: &Target) -> HostAnswer {
    let alone = given.configurations.is_empty() && given.documents.is_empty();
    let list = given.list();
    let found: Vec<&Requirement> =
        if alone { Vec::new() } else { list.hosts.iter().filter(|r| target.matches(r)).collect() };
    let status = if alone {
        Status::RulesAlone
    } else if found.iter().any(|r| r.host == target.host) {
        Status::Listed
    } else if found.is_empty() {
        Status::NotListed
    } else {
        Status::Covered
    };
    let removal_computed = given.documents.is_empty();
    let ways = if found.is_empty() || !removal_computed {
        removal::Ways::default()
    } else {
        removal::ways(given, target)
    };
    let entries = found.iter().map(|r| entry(given, r, &ways)).collect();
    let rests_on = ways
        .kept_by
        .iter()
        .filter_map(|id| given.pack.rule(id))
        .flat_map(|rule| wording::deployment(&rule.when))
        .fold(Vec::new(), |mut all, text| {
            if !all.contains(&text) {
                all.push(text);
            }
            all
        });
    let missing = status == Status::NotListed;
    HostAnswer {
        host: target.host.clone(),
        port: target.port,
        status,
        entries,
        removal_computed,
        absent: if missing { absent::nearest(given, target) } else { Vec::new() },
        rules: if alone { alone::rules(given.pack, target) } else { Vec::new() },
        similar: if found.is_empty() { absent::similar(given.pack, &list, target) } else { Vec::new() },
        remarks: absent::remarks(&list, target, &found)
            .into_iter()
            .chain(addresses::remarks(given, &list, target))
            .collect(),
        removals: ways.removals,
        kept_by: ways.kept_by,
        rests_on,
    }
}

fn entry(given: &Given<'_>, r: &Requirement, ways: &removal::Ways) -> EntryAnswer {
    EntryAnswer {
        host: r.host.clone(),
        port: r.port,
        transport: r.transport,
        network: r.network,
        loopback: r.loopback,
        need: r.need(),
        reasons: r.reasons.iter().map(|reason| reason_answer(given, r, reason, ways)).collect(),
    }
}

fn reason_answer(given: &Given<'_>, r: &Requirement, reason: &Reason, ways: &removal::Ways) -> ReasonAnswer {
    let pack = given.pack;
    let rule = pack.rule(&reason.rule);
    let own = |c: &&Configuration| reason.config.as_ref().is_none_or(|name| c.name == *name);
    let keys = reason
        .keys
        .iter()
        .map(|key| KeyNow { key: key.clone(), value: now(given.configurations.iter().filter(own), key) });
    ReasonAnswer {
        rule: reason.rule.clone(),
        feature: reason.feature.clone(),
        feature_title: pack.feature(&reason.feature).map(|f| f.title.to_string()).unwrap_or_default(),
        need: reason.need,
        actors: reason.actors.clone(),
        purpose: reason.purpose.clone(),
        breaks: reason.breaks.clone(),
        sends: reason.sends.clone(),
        confidence: reason.confidence,
        config: reason.config.clone(),
        keys: keys.collect(),
        condition: rule.map(alone::condition_of),
        sources: pages(pack, &reason.source),
        since: reason.since.clone(),
        until: reason.until.clone(),
        removed_by: ways.of_reason(r, reason),
    }
}

/// What configurations say about a key, in words.
fn now<'c>(configurations: impl Iterator<Item = &'c Configuration>, key: &str) -> String {
    let mut texts: Vec<String> = Vec::new();
    for configuration in configurations {
        let text = wording::of_key(key, configuration.get(key).filter(|v| v.is_set()));
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    if texts.is_empty() { "unknown".into() } else { texts.join(" / ") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_question_may_be_a_name_a_wildcard_an_address_or_a_url() {
        let read = |t: &str| Target::parse(t).map(|t| (t.host.to_string(), t.port));
        assert_eq!(read("api.host.example"), Some(("api.host.example".into(), None)));
        assert_eq!(read("api.host.example:8443"), Some(("api.host.example".into(), Some(8443))));
        assert_eq!(read("https://me:pw@api.host.example/v1"), Some(("api.host.example".into(), Some(443))));
        assert_eq!(read("*.host.example"), Some(("*.host.example".into(), None)));
        assert_eq!(read("[2001:db8::1]:443"), Some(("2001:db8::1".into(), Some(443))));
        for none in ["*", "", "two words", "blocked/by", "a b.example"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
