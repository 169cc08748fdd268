//! Why a host is not on the list: the nearest rule that could want it, and what keeps it from doing so.

use crate::contract::{Position, Versions};
use crate::rules::word;
use serde::Serialize;

use super::removal::with_facts;
use super::{Given, Target, alone};
use crate::config::Value;
use crate::contract::words;
use crate::derive::HostPattern;
use crate::derive::evaluate::regardless;
use crate::derive::facts::Facts;
use crate::derive::requirement::{Requirement, Requirements};
use crate::derive::wording;
use crate::rules::{HostName, HostSource, Pack, Rule};

/// How many reasons are told.
const MOST: usize = 8;
/// How many similar names are told.
const SIMILAR: usize = 3;

words! {
    /// What keeps a rule from wanting the host.
    Obstacle {
        /// Its condition does not hold.
        Condition = "condition",
        /// Only the minimal list leaves it out.
        Minimal = "minimal",
        /// `--feature`, `--need` or `--confidence` hide it.
        Filter = "filter",
        /// It is known from observations only and was not asked for.
        Unlisted = "unlisted",
        /// Another app version.
        Version = "version",
        /// A key would need another value to make this name.
        Value = "value",
    }
}

/// A rule that could want the host, and does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Absent {
    /// Identifier of the rule.
    pub rule: String,
    /// Its feature.
    pub feature: String,
    /// The feature's title.
    pub feature_title: String,
    /// What the host would be for.
    pub purpose: String,
    /// What keeps it off the list.
    pub obstacle: Obstacle,
    /// What would have to hold, each with what the configuration says instead.
    pub would_need: Vec<String>,
    /// The keys the rule reads.
    pub keys: Vec<String>,
    /// In which of several configurations it is nearest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
}

/// The rules that could want the host, the nearest first.
pub(super) fn nearest(given: &Given<'_>, target: &Target) -> Vec<Absent> {
    let several = given.configurations.len() > 1;
    let mut found: Vec<(usize, Absent)> = Vec::new();
    for configuration in given.configurations {
        with_facts(given, configuration, |facts| {
            for rule in &given.pack.rules {
                let Some((obstacle, would_need)) = obstacle(given, facts, rule, target) else { continue };
                let absent = Absent {
                    rule: rule.id.to_string(),
                    feature: rule.feature.to_string(),
                    feature_title: given
                        .pack
                        .feature(&rule.feature)
                        .map(|f| f.title.clone())
                        .unwrap_or_default()
                        .into(),
                    purpose: rule.purpose.to_string(),
                    obstacle,
                    would_need,
                    keys: word::texts(&rule.keys),
                    config: several.then(|| configuration.name.clone()),
                };
                let distance = match absent.obstacle {
                    Obstacle::Minimal | Obstacle::Filter => 0,
                    // An entry that does not exist is further away than a switch.
                    _ if rule.each.is_some() => absent.would_need.len() + 1,
                    _ => absent.would_need.len(),
                };
                match found.iter_mut().find(|(_, a)| a.rule == absent.rule) {
                    Some(known) if known.0 > distance => *known = (distance, absent),
                    Some(_) => {}
                    None => found.push((distance, absent)),
                }
            }
        });
    }
    found.sort_by_key(|(distance, a)| (*distance, a.obstacle));
    found.into_iter().map(|(_, a)| a).take(MOST).collect()
}

/// What keeps `rule` from putting the target on the list; `None` when it never would.
fn obstacle(
    given: &Given<'_>,
    facts: &Facts<'_>,
    rule: &Rule,
    target: &Target,
) -> Option<(Obstacle, Vec<String>)> {
    if matches!(rule.source, HostSource::Note(_) | HostSource::Unbounded(_)) {
        return None;
    }
    let values_name_it = regardless(facts, rule).iter().any(|r| target.matches(r));
    let named = alone::named(rule, target);
    if !values_name_it && named.is_none() {
        return None;
    }
    let mut would_need: Vec<String> = Vec::new();
    let mut kind = Obstacle::Condition;
    let needed = match Versions::new(&rule.since, &rule.until).position(facts.version) {
        Position::Before(since) => Some(format!("app {since} or newer (the list is for {})", facts.version)),
        Position::After(until) => {
            Some(format!("an app older than {until} (the list is for {})", facts.version))
        }
        Position::Inside => None,
    };
    if let Some(needed) = needed {
        kind = Obstacle::Version;
        would_need.push(needed);
    }
    if rule.unlisted && !given.options.include_observed {
        kind = Obstacle::Unlisted;
        would_need.push("--confidence observed (the rule is known from observations only)".into());
    }
    let failing = failing(facts, rule);
    let conditions_hold = failing.is_empty();
    would_need.extend(failing);
    if let Some((key, value)) = named.and_then(|n| n.made_by).filter(|_| !values_name_it) {
        if conditions_hold {
            kind = Obstacle::Value;
        }
        would_need.push(format!("{key} is \"{value}\""));
    }
    if would_need.is_empty() {
        let exact = rule.exact.as_ref().filter(|_| given.options.minimal);
        let missing = exact.map(|e| wording::failing(facts, e, None)).unwrap_or_default();
        if !missing.is_empty() {
            let text = format!("the default list has it; --minimal wants: {}", missing.join(" and "));
            return Some((Obstacle::Minimal, vec![text]));
        }
        return Some((
            Obstacle::Filter,
            vec!["without --feature, --need or --confidence it is listed".into()],
        ));
    }
    Some((kind, would_need))
}

/// What fails, for the entry that is nearest where the rule iterates.
fn failing(facts: &Facts<'_>, rule: &Rule) -> Vec<String> {
    let Some(each) = &rule.each else { return wording::failing(facts, &rule.when, None) };
    let entries = facts.raw(each, None).and_then(Value::as_list).unwrap_or_default();
    let best = entries.iter().map(|e| wording::failing(facts, &rule.when, Some(e))).min_by_key(Vec::len);
    best.unwrap_or_else(|| {
        vec![format!("{} has an entry for which {} (it has none)", each.key, wording::condition(&rule.when))]
    })
}

/// Hosts of the list and of the rules whose names look similar.
pub(super) fn similar(pack: &Pack, list: &Requirements, target: &Target) -> Vec<String> {
    let HostPattern::Name(name) = &target.host else { return Vec::new() };
    let fixed = pack.rules.iter().flat_map(|r| match &r.source {
        HostSource::Names(names) => names.as_slice(),
        _ => &[],
    });
    let fixed = fixed.filter_map(|n| match n {
        HostName::Fixed(host) => Some(host),
        HostName::Made(_) => None,
    });
    let mut found: Vec<(usize, String)> = Vec::new();
    for host in list.hosts.iter().map(|r| &r.host).chain(fixed) {
        let Some(other) = host.name() else { continue };
        let far = distance(name, other);
        let limit = match name.len() {
            0..=5 => 1,
            6..=11 => 2,
            _ => 3,
        };
        if far > 0 && far <= limit && !found.iter().any(|(_, n)| n == other) {
            found.push((far, other.to_owned()));
        }
    }
    found.sort();
    found.into_iter().map(|(_, n)| n).take(SIMILAR).collect()
}

/// Insertions, deletions, substitutions and swaps of neighbours between two texts; `usize::MAX` for texts
/// that are obviously far apart.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let (length, other) = (a.chars().count(), b.chars().count());
    if length.abs_diff(other) > 4 || length > 300 { usize::MAX } else { strsim::osa_distance(a, b) }
}

/// What else should be said about the answer.
pub(super) fn remarks(list: &Requirements, target: &Target, found: &[&Requirement]) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(port) = target.port.filter(|_| found.is_empty()) {
        let others: Vec<String> = list
            .hosts
            .iter()
            .filter(|r| target.is_covered_by(&r.host))
            .map(|r| r.endpoint().to_string())
            .collect();
        if !others.is_empty() {
            remarks.push(format!("Not on port {port}, but the list has {}.", others.join(", ")));
        }
    }
    for r in &list.hosts {
        match (&r.host, &target.host) {
            (HostPattern::Subdomains(suffix), HostPattern::Name(name)) if suffix == name => {
                remarks.push(format!("{} covers every name below {name}, never {name} itself.", r.host));
            }
            _ => {}
        }
    }
    if let HostPattern::Subdomains(_) = &target.host {
        let below: Vec<String> = list
            .hosts
            .iter()
            .filter(|r| r.host.name().is_some_and(|n| target.host.covers(n)))
            .map(|r| r.host.to_string())
            .collect();
        if !below.is_empty() {
            remarks.push(format!(
                "The list needs only these names below it: {}. The wildcard opens more.",
                below.join(", ")
            ));
        }
    }
    if found.is_empty() {
        for text in list.hosts.iter().filter_map(|r| r.unbounded.as_deref()) {
            remarks.push(format!("The list is not complete: {text}."));
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn a_swap_of_neighbours_is_one_mistake() {
        assert_eq!(distance("api.example", "api.example"), 0);
        assert_eq!(distance("api.exmaple", "api.example"), 1);
        assert_eq!(distance("api.exampl", "api.example"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert!(distance("short", "a-much-longer-name") > 4);
    }
}
