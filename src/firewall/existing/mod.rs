//! An existing allowlist held against what is needed: missing, covered by a wildcard, no longer
//! needed. What a wildcard covers is the product's rule, not ours.

pub mod access;
mod azure;
mod build;
mod client;
mod dnsmasq;
mod fortigate;
mod index;
mod json;
mod lines;
mod objects;
mod panos;
mod quote;
mod read;
mod said;
mod scripts;
mod squid;
mod suricata;
mod table;
mod terraform;

pub use fortigate::FortigateObjects;
pub use lines::OWN_HEAD;
pub use read::{As, Dialect, Ignored, Listed, Listing, Pattern, Unread, read, read_as};
pub use table::OWN_COLUMNS;

use access::Outcome;

use std::collections::{BTreeSet, HashSet};

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
    /// What of the list, or of its product, denies it.
    pub denied: Option<String>,
    /// Lines that look as if they covered it, and why they do not; often empty.
    pub near: Vec<String>,
}

impl Missing {
    /// All that is said of it: what denies it, then what looks as if it did not.
    pub fn said(&self) -> impl Iterator<Item = &str> {
        self.denied.iter().chain(&self.near).map(String::as_str)
    }
}

/// A needed entry that is let through under conditions that the list does not settle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditional {
    /// What is needed.
    pub rule: HostRule,
    /// The line that lets it through.
    pub by: Listed,
    /// What it depends on.
    pub depends: Vec<String>,
    /// Whether it depends on nothing but the client: its address, its interface.
    pub client_only: bool,
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
    /// Needed, and let through only where something holds that the list does not settle.
    pub conditional: Vec<Conditional>,
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

    /// Whether something required is let through under conditions other than who the client is.
    pub fn is_doubtful(&self) -> bool {
        self.conditional.iter().any(|c| !c.client_only && c.rule.need == Need::Required)
    }
}

/// Entries for every host that are named.
const SHOWN_OPEN: usize = 5;

/// Holds `listing` against `list`.
///
/// # Errors
/// When the list has no entry, when less of it was understood than not, and when a line that was not
/// understood decides about a host that is needed.
pub fn compare(list: &List, mut listing: Listing) -> Result<Comparison, Unread> {
    let index = index::Index::of(&mut listing);
    let comparisons = access::Comparisons::default();
    let mut result = Comparison {
        dialect: listing.dialect,
        entries: 0,
        listed: Vec::new(),
        covered: Vec::new(),
        conditional: Vec::new(),
        missing: Vec::new(),
        unneeded: Vec::new(),
        ignored: listing.ignored,
        remarks: listing.remarks,
        lint: Vec::new(),
    };
    let mut used: BTreeSet<usize> = BTreeSet::new();
    let mut undecided: BTreeSet<Ignored> = BTreeSet::new();
    let mut open: Vec<String> = Vec::new();
    for rule in list.rules.iter().flat_map(asked) {
        // An entry for the bare name that goes with a wildcard is needed too.
        let bare = rule.bare_with_wildcard.then(|| Names::Exact(rule.names.base().to_owned()));
        let meant = |e: &Listed| {
            let own = e.pattern.overlaps(&rule.names) || bare.as_ref().is_some_and(|n| e.pattern.covers(n));
            own && e.opens(rule.port)
        };
        let candidates = index.candidates(&rule.names);
        let near = || candidates.entries.iter().filter_map(|i| Some((*i, listing.entries.get(*i)?)));
        used.extend(near().filter(|(_, e)| meant(e)).map(|(i, _)| i));
        match access::decide(&listing.gates, &listing.entries, &rule, &candidates, &comparisons) {
            Outcome::Allowed(by) if by.pattern == Pattern::Names(rule.names.clone()) => {
                result.listed.push(rule)
            }
            Outcome::Allowed(by) => result.covered.push(Covered { rule, by }),
            Outcome::Conditional { by, depends, client_only } => {
                result.conditional.push(Conditional { rule, by, depends, client_only });
            }
            Outcome::Denied(denied) => {
                let near: Vec<String> = near().filter_map(|(_, e)| near_miss(e, &rule)).take(3).collect();
                // What is there already goes with it no more.
                let bare_is_open = bare.as_ref().is_some_and(|names| {
                    let own = HostRule { names: names.clone(), ..rule.clone() };
                    let near = index.candidates(names);
                    let found = access::decide(&listing.gates, &listing.entries, &own, &near, &comparisons);
                    matches!(found, Outcome::Allowed(_) | Outcome::Conditional { .. })
                });
                let rule = HostRule { bare_with_wildcard: rule.bare_with_wildcard && !bare_is_open, ..rule };
                result.missing.push(Missing { rule, denied, near });
            }
            Outcome::Undecided(lines) => {
                open.push(rule.to_string());
                undecided.extend(lines);
            }
        }
    }
    let weak_used = listing.entries.iter().enumerate().filter(|(i, e)| e.weak && used.contains(i)).count();
    readable(listing.dialect, listing.understood + weak_used, &listing.strange)?;
    if !undecided.is_empty() {
        open.dedup();
        let first = open.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        let more = if open.len() > 3 { format!(" and {} more", open.len() - 3) } else { String::new() };
        return Err(Unread::lines(
            format!(
                "read as {}: whether {first}{more} is let through depends on what was not understood",
                listing.dialect.title()
            ),
            undecided.into_iter().collect(),
        ));
    }
    result.ignored.extend(listing.strange);
    result.missing.sort_by_key(|m| std::cmp::Reverse(m.rule.need));
    let mut open_ends: Vec<String> = Vec::new();
    let mut everything = 0;
    for (i, entry) in listing.entries.into_iter().enumerate() {
        if entry.weak && !used.contains(&i) {
            result.ignored.push(Ignored::new(
                entry.line,
                &entry.text,
                "a name of one label is no host on the internet",
            ));
            continue;
        }
        result.entries += 1;
        if entry.open_end {
            open_ends.push(entry.line.to_string());
        }
        if entry.pattern == Pattern::Any {
            everything += 1;
            if everything <= SHOWN_OPEN {
                let remark = format!("line {}: `{}` lets every host through", entry.line, entry.text);
                result.remarks.push(remark);
            }
        }
        if !used.contains(&i) {
            result.unneeded.push(entry);
        }
    }
    if everything > SHOWN_OPEN {
        let more = everything - SHOWN_OPEN;
        let text =
            if more == 1 { "one more entry lets".to_owned() } else { format!("{more} more entries let") };
        result.remarks.push(format!("{text} every host through"));
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
    result.ignored.sort_by_key(|i| i.line);
    result.lint = lint(&result, list);
    Ok(result)
}

/// Products that take lines of bare names, whose lines look like those of a plain list and mean something else.
const BARE: [Dialect; 5] =
    [Dialect::Zscaler, Dialect::Umbrella, Dialect::Aws, Dialect::Dns, Dialect::Netskope];

/// What must be said where a list without any sign of its product was taken for a plain one, and lacks what it would not
/// lack as the list of a product. Nothing where it lacks nothing that is required, or where no reading changes that.
pub fn read_otherwise(text: &str, list: &List, port: Option<u16>, plain: &Comparison) -> Option<String> {
    if plain.dialect != Dialect::Plain
        || !plain.is_short()
        || text.lines().any(|l| l.trim_start_matches('#').trim() == OWN_HEAD)
    {
        return None;
    }
    let required = |c: &Comparison| -> Vec<String> {
        let missing = c.missing.iter().filter(|m| m.rule.need == Need::Required);
        let name = |names: &Names| match names {
            Names::Address(address) => address.to_string(),
            names => names.base().to_owned(),
        };
        missing.map(|m| name(&m.rule.names)).collect()
    };
    let short = |c: &Comparison| required(c).len();
    let about = about(text, &required(plain));
    let fewer = |dialect: &Dialect| {
        let listing = read_as(&about, As { dialect: Some(*dialect), port }).ok()?;
        let read = compare(list, listing).ok()?;
        (short(&read) < short(plain)).then(|| dialect.word())
    };
    let words: Vec<&str> = BARE.iter().filter_map(fewer).collect();
    (!words.is_empty()).then(|| {
        format!(
            "read as a plain list, in which a name is itself alone and for port 443; as that of a product it lacks less. \
             If it is one, say which: --against-as {}",
            words.join(" | ")
        )
    })
}

/// The lines of a list that can decide about one of these names as any product's: those that hold it or a name above
/// it, and the remarks and headings between them. A long list is not read five times for the sake of a hint.
fn about(text: &str, names: &[String]) -> String {
    let above = |name: &str| -> Vec<String> {
        name.match_indices('.').map(|(at, _)| name[at + 1..].to_owned()).chain([name.to_owned()]).collect()
    };
    let wanted: HashSet<String> = names.iter().flat_map(|name| above(name)).collect();
    let is_part = |word: &str| wanted.contains(&word.trim_matches(['.', '-']).to_ascii_lowercase());
    let apart = |c: char| !c.is_alphanumeric() && !"-._".contains(c);
    let is_remark = |line: &str| line.trim_start().starts_with(['#', ';', '/']);
    let is_literal = |line: &str| line.contains("::") || line.contains('[');
    let kept = |line: &&str| {
        // Without a dot it is a heading, a word or `*`.
        !line.contains('.') || is_remark(line) || is_literal(line) || line.split(apart).any(is_part)
    };
    text.lines().filter(kept).fold(String::new(), |all, line| all + line + "\n")
}

/// A list that was not understood is not an empty list.
fn readable(dialect: Dialect, understood: usize, strange: &[Ignored]) -> Result<(), Unread> {
    let title = dialect.title();
    if understood == 0 && strange.is_empty() {
        return Err(Unread::whole("no entry was found in this file"));
    }
    if understood == 0 {
        return Err(Unread::lines(
            format!("no line of this file could be read as an entry of {title}"),
            strange.to_vec(),
        ));
    }
    if understood < strange.len() {
        return Err(Unread::lines(
            format!(
                "read as {title}, only {understood} of {} lines were understood",
                understood + strange.len()
            ),
            strange.to_vec(),
        ));
    }
    Ok(())
}

/// A name beside its own wildcard is looked for apart: a list may have one of the two. A bare name that only goes with its
/// wildcard is not asked for, since it need not exist.
fn asked(rule: &HostRule) -> Vec<HostRule> {
    let mut all = rule.apart();
    if rule.bare_with_wildcard && all.len() > 1 {
        all.retain(|half| !matches!(half.names, Names::Exact(_)));
    }
    all
}

/// Why a line that looks like the rule's does not let it through.
fn near_miss(entry: &Listed, rule: &HostRule) -> Option<String> {
    let line = format!("line {}, `{}`,", entry.line, entry.text);
    if entry.pattern.covers(&rule.names) {
        return (!entry.opens(rule.port)).then(|| format!("{line} is for {} only", entry.ports_text()));
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
