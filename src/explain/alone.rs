//! What the rules alone say about a host, without any configuration.

use serde::Serialize;

use super::{Page, Target, pages};
use crate::contract::{Actor, AppVersion, Confidence, Need};
use crate::derive::HostPattern;
use crate::derive::wording;
use crate::rules::template::{Part, Template};
use crate::rules::{Condition, HostName, HostSource, Pack, Rule};

/// A rule that may want a host, and when it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleAlone {
    /// Identifier of the rule.
    pub rule: String,
    /// Its feature.
    pub feature: String,
    /// The feature's title.
    pub feature_title: String,
    /// The host as the rule writes it, with keys in braces.
    pub host: String,
    /// The value of a key that makes this host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_by: Option<String>,
    /// How badly it is needed then.
    pub need: Need,
    /// Who dials it.
    pub actors: Vec<Actor>,
    /// What for.
    pub purpose: String,
    /// What breaks without it.
    pub breaks: String,
    /// What leaves the device over it.
    pub sends: String,
    /// What lists it.
    pub condition: String,
    /// What must hold as well for it to be really needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub really_needed_when: Option<String>,
    /// The setting that takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_by: Option<String>,
    /// How well it is known.
    pub confidence: Confidence,
    /// Pages it is known from.
    pub sources: Vec<Page>,
    /// First app version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<AppVersion>,
    /// First app version that no longer has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<AppVersion>,
}

/// How a rule names the target: the host as it writes it, and the value of a key that makes it so.
pub(super) struct Named {
    pub host: String,
    pub made_by: Option<(String, String)>,
}

/// Whether one of the names in a rule is the target, covers it, or could be made to be it.
pub(super) fn named(rule: &Rule, target: &Target) -> Option<Named> {
    let HostSource::Names(names) = &rule.source else { return None };
    if target.port.is_some_and(|p| p != rule.port.unwrap_or(443)) {
        return None;
    }
    names.iter().find_map(|name| match name {
        HostName::Fixed(host) => {
            target.is_covered_by(host).then(|| Named { host: host.to_string(), made_by: None })
        }
        HostName::Made(template) => made(template, &target.host),
    })
}

/// The names in a rule as it writes them.
pub(super) fn names(rule: &Rule) -> Vec<String> {
    let HostSource::Names(names) = &rule.source else { return Vec::new() };
    let text = |name: &HostName| match name {
        HostName::Fixed(host) => host.to_string(),
        HostName::Made(template) => {
            template.render(|key| Some(format!("{{{}}}", wording::path(key)))).unwrap_or_default()
        }
    };
    names.iter().map(text).collect()
}

/// The one value with which a template gives a name.
fn made(template: &Template, host: &HostPattern) -> Option<Named> {
    let name = host.name()?;
    let shape = template.render(|key| Some(format!("{{{}}}", wording::path(key))))?;
    let at = template.parts.iter().position(|p| matches!(p, Part::Key(_)))?;
    let text = |parts: &[Part]| {
        parts
            .iter()
            .map(|p| match p {
                Part::Text(text) => Some(text.as_str()),
                Part::Key(_) => None,
            })
            .collect::<Option<String>>()
    };
    // Templates of today have one placeholder; with more of them no single value could be named.
    let (before, after) = (text(template.parts.get(..at)?)?, text(template.parts.get(at + 1..)?)?);
    let value = name.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
    let label = !value.is_empty() && !value.contains('.');
    let key = template.first_key()?;
    label.then(|| Named { host: shape, made_by: Some((wording::path(key), value.to_owned())) })
}

/// The condition of a rule, in words.
pub(super) fn condition_of(rule: &Rule) -> String {
    let text = wording::condition(&rule.when);
    let source = match &rule.source {
        HostSource::Url(path)
        | HostSource::Urls(path)
        | HostSource::Patterns(path)
        | HostSource::PatternUrl(path)
        | HostSource::Ssh(path) => Some(format!("{} names it", wording::path(path))),
        _ => None,
    };
    let each = rule.each.as_ref().map(|e| format!("for each entry of {}: ", e.key)).unwrap_or_default();
    let always = matches!(&rule.when, Condition::All(list) if list.is_empty());
    match source {
        Some(source) if always => format!("{each}{source}"),
        Some(source) => format!("{each}{source} and {text}"),
        None => format!("{each}{text}"),
    }
}

/// Every rule that names the host.
pub(super) fn rules(pack: &Pack, target: &Target) -> Vec<RuleAlone> {
    let answer = |rule: &Rule| {
        let named = named(rule, target)?;
        Some(RuleAlone {
            rule: rule.id.to_string(),
            feature: rule.feature.to_string(),
            feature_title: pack.feature(&rule.feature).map(|f| f.title.to_string()).unwrap_or_default(),
            host: named.host,
            made_by: named.made_by.map(|(key, value)| format!("{key} = {value}")),
            need: rule.need,
            actors: rule.actors.clone(),
            purpose: rule.purpose.to_string(),
            breaks: rule.breaks.to_string(),
            sends: rule.sends.to_string(),
            condition: condition_of(rule),
            really_needed_when: rule.exact.as_ref().map(wording::condition),
            removed_by: rule.off.as_ref().map(|o| o.text.to_string()),
            confidence: rule.confidence,
            sources: pages(pack, &rule.sources),
            since: rule.since.clone(),
            until: rule.until.clone(),
        })
    };
    pack.rules.iter().filter_map(answer).collect()
}
