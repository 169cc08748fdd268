//! An existing allowlist held against what is needed: missing, covered by a wildcard, no longer
//! needed. What a wildcard covers is the product's rule, not ours.

mod fortigate;
mod read;
mod squid;

pub use read::{Dialect, Ignored, Listed, Listing, Pattern, read};

use std::collections::BTreeSet;

use super::intent::{HostRule, List, Names};
use crate::config::Lint;
use crate::contract::ids::Feature;
use crate::contract::{Need, Severity};

/// A needed entry that a wildcard of the list lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// What is needed.
    pub rule: HostRule,
    /// The line that covers it.
    pub by: Listed,
}

/// A needed entry that the list does not let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What is needed.
    pub rule: HostRule,
    /// Lines that look as if they covered it, and why they do not; often empty.
    pub near: Vec<String>,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// How the list was read.
    pub dialect: Dialect,
    /// Entries the list has.
    pub entries: usize,
    /// Needed, and on the list word for word.
    pub listed: Vec<HostRule>,
    /// Needed, and let through by a wildcard.
    pub covered: Vec<Covered>,
    /// Needed, and not let through; the most needed first.
    pub missing: Vec<Missing>,
    /// On the list, and needed by nothing here.
    pub unneeded: Vec<Listed>,
    /// Lines that were not understood or say nothing about names.
    pub ignored: Vec<Ignored>,
    /// Entries that are read but let more through than they seem to.
    pub remarks: Vec<String>,
    /// What the gaps mean for the configuration.
    pub lint: Vec<Lint>,
}

impl Comparison {
    /// Whether something required is missing.
    pub fn is_short(&self) -> bool {
        self.missing.iter().any(|m| m.rule.need == Need::Required)
    }
}

/// Holds `listing` against `list`.
pub fn compare(list: &List, listing: Listing) -> Comparison {
    let mut result = Comparison {
        dialect: listing.dialect,
        entries: listing.entries.len(),
        listed: Vec::new(),
        covered: Vec::new(),
        missing: Vec::new(),
        unneeded: Vec::new(),
        ignored: listing.ignored,
        remarks: Vec::new(),
        lint: Vec::new(),
    };
    let mut used: BTreeSet<usize> = BTreeSet::new();
    for rule in list.rules.iter().flat_map(apart) {
        let serving: Vec<usize> = listing
            .entries
            .iter()
            .enumerate()
            .filter(|(_, e)| e.opens(rule.port) && e.pattern.covers(&rule.names))
            .map(|(i, _)| i)
            .collect();
        used.extend(&serving);
        let entry = |i: &usize| listing.entries.get(*i);
        let exact = serving.iter().filter_map(entry).any(|e| e.pattern == Pattern::Names(rule.names.clone()));
        match serving.first().and_then(entry) {
            Some(_) if exact => result.listed.push(rule),
            Some(by) => result.covered.push(Covered { rule, by: by.clone() }),
            None => {
                let near = listing.entries.iter().filter_map(|e| near_miss(e, &rule)).take(3).collect();
                result.missing.push(Missing { rule, near });
            }
        }
    }
    result.missing.sort_by_key(|m| std::cmp::Reverse(m.rule.need));
    let mut open_ends: Vec<String> = Vec::new();
    for (i, entry) in listing.entries.into_iter().enumerate() {
        if entry.open_end {
            open_ends.push(entry.line.to_string());
        }
        if entry.pattern == Pattern::Any {
            result.remarks.push(format!("line {}: `{}` lets every host through", entry.line, entry.text));
        }
        if !used.contains(&i) {
            result.unneeded.push(entry);
        }
    }
    if !open_ends.is_empty() {
        let shown = open_ends.iter().take(12).cloned().collect::<Vec<_>>().join(", ");
        let more = if open_ends.len() > 12 { ", ..." } else { "" };
        result.remarks.push(format!(
            "entries without an ending slash ({}: line {shown}{more}) also let names through that merely begin like \
             them, where the append-end-token setting is off (PAN-OS before 10.2)",
            open_ends.len()
        ));
    }
    result.lint = lint(&result, list);
    result
}

/// A name beside its own wildcard is looked for apart: a list may have one of the two.
fn apart(rule: &HostRule) -> Vec<HostRule> {
    match &rule.names {
        Names::ApexAndSubdomains(n) => vec![
            HostRule { names: Names::Exact(n.clone()), ..rule.clone() },
            HostRule { names: Names::Subdomains(n.clone()), ..rule.clone() },
        ],
        _ => vec![rule.clone()],
    }
}

/// Why a line that looks like the rule's does not let it through.
fn near_miss(entry: &Listed, rule: &HostRule) -> Option<String> {
    let line = format!("line {}, `{}`,", entry.line, entry.text);
    if entry.pattern.covers(&rule.names) {
        return Some(format!("{line} is for {} only", entry.ports_text()));
    }
    let name = rule.names.base();
    match (&entry.pattern, &rule.names) {
        (Pattern::Names(Names::Subdomains(base)), Names::Exact(n)) if base == n => {
            Some(format!("{line} stands for the names below {n}, not for {n} itself"))
        }
        (Pattern::OneLabel(base), _)
            if !name.is_empty() && Names::ApexAndSubdomains(base.clone()).covers(&rule.names) =>
        {
            Some(format!("{line} stands for exactly one label"))
        }
        (Pattern::Names(Names::Exact(n)), Names::Subdomains(base)) => {
            let below = Names::Subdomains(base.clone()).covers(&Names::Exact(n.clone()));
            (below || n == base).then(|| format!("{line} stands for that name only"))
        }
        (Pattern::PathOnly(n), Names::Exact(wanted)) if n == wanted => Some(format!(
            "{line} stands for paths below the site, not for its root and not for a server name"
        )),
        _ => None,
    }
}

/// What the gaps mean for the configuration's own keys.
fn lint(result: &Comparison, list: &List) -> Vec<Lint> {
    let missing = |feature: Feature| -> Vec<String> {
        let of_feature = result.missing.iter().filter(|m| m.rule.features.iter().any(|f| *f == feature));
        of_feature.map(|m| m.rule.to_string()).collect()
    };
    let mut found = Vec::new();
    let mut add = |id: &str, severity, key: &str, message: String| {
        found.push(Lint { id: id.into(), severity, message, key: Some(key.into()), origin: None });
    };
    let otlp = missing(Feature::OTLP);
    if !otlp.is_empty() {
        add(
            "collector-not-on-list",
            Severity::Warning,
            "otlpEndpoint",
            format!(
                "otlpEndpoint is set, but {} is not on the list: the collector receives nothing, and the app shows no \
                 error",
                otlp.join(", ")
            ),
        );
    }
    let sandbox = missing(Feature::SANDBOX);
    if !sandbox.is_empty() {
        add(
            "sandbox-host-not-on-list",
            Severity::Warning,
            "coworkEgressAllowedHosts",
            format!(
                "coworkEgressAllowedHosts opens {} for sessions, but the list does not: they are open in the sandbox \
                 only, and cannot be reached",
                sandbox.join(", ")
            ),
        );
    }
    let has_sandbox = list.rules.iter().any(|r| r.features.iter().any(|f| *f == Feature::SANDBOX));
    if has_sandbox && !result.unneeded.is_empty() {
        add(
            "list-host-not-in-sandbox",
            Severity::Info,
            "coworkEgressAllowedHosts",
            format!(
                "{} needed by nothing here and not in coworkEgressAllowedHosts either; where sessions are meant to \
                 reach such a host, add it there",
                if result.unneeded.len() == 1 {
                    "one entry of the list is".into()
                } else {
                    format!("{} entries of the list are", result.unneeded.len())
                }
            ),
        );
    }
    let fetch = missing(Feature::WEB_FETCH);
    if !fetch.is_empty() {
        add(
            "web-fetch-host-not-on-list",
            Severity::Warning,
            "skipWebFetchPreflight",
            format!(
                "skipWebFetchPreflight is not set and {} is not on the list: every web fetch of Code sessions fails; \
                 allow the host, or set skipWebFetchPreflight = true",
                fetch.join(", ")
            ),
        );
    }
    found
}
