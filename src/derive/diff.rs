//! What differs between two lists, feature by feature, and which keys or releases are behind it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::rules::word;
use serde::Serialize;

use super::facts::Facts;
use super::options::Options;
use super::requirement::{Note, Reason, Requirement, Requirements};
use super::wording;
use crate::config::{Configuration, Value};
use crate::contract::Endpoint;
use crate::contract::FeatureInfo;
use crate::contract::HostPattern;
use crate::contract::{AppVersion, Need, Network, Transport, words};
use crate::rules::Pack;
use crate::rules::keys::VersionedValue;
use crate::text::english::joined;

words! {
    /// How a line changed.
    Change {
        /// The host was on the old list under no feature.
        Added = "added",
        /// The host is on the new list under no feature.
        Removed = "removed",
        /// The feature needs it more or less than before.
        Need = "need",
        /// Other reasons: the host is on both lists, this feature's reasons for it are not the same.
        Reasons = "reasons",
    }
}

/// One endpoint within one feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What happened.
    pub change: Change,
    /// Name, wildcard or address literal.
    pub host: HostPattern,
    /// Port; 0 for an unbounded entry.
    pub port: u16,
    /// What is spoken there.
    pub transport: Transport,
    /// Which side of the perimeter.
    pub network: Network,
    /// How badly the feature needed it; absent when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need_before: Option<Need>,
    /// How badly the feature needs it now; absent when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need_after: Option<Need>,
    /// What it is (or was) for.
    pub purpose: String,
    /// Features for which the host stays on the new list, when this line takes a reason away; for
    /// which it was on the old list already, when this line brings one.
    pub also_for: Vec<String>,
    /// Rules that want it now and did not before.
    pub rules_added: Vec<String>,
    /// Rules that wanted it and do not any more.
    pub rules_removed: Vec<String>,
    /// Documentation tags of those rules.
    pub sources: Vec<String>,
    /// The keys that differ (or, where that cannot be told, every key the rules read).
    pub keys: Vec<String>,
    /// Why, in words: values of keys, releases.
    pub because: Vec<String>,
    /// Why it cannot be listed exhaustively.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unbounded: Option<String>,
}

/// The lines of one feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Identifier of the feature.
    pub feature: String,
    /// Its title.
    pub title: String,
    /// What changed, added ones first.
    pub lines: Vec<Line>,
}

/// The difference of two lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// By feature, in the pack's order.
    pub groups: Vec<Group>,
    /// Endpoints that only the new list has.
    pub hosts_added: usize,
    /// Endpoints that only the old list has.
    pub hosts_removed: usize,
    /// Endpoints on both lists.
    pub hosts_kept: usize,
    /// Remarks that only one of the lists has: no host changed, and still something to know.
    pub notes: Vec<NoteChange>,
}

/// A remark that only one of the lists has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoteChange {
    /// Added or removed.
    pub change: Change,
    /// The remark.
    #[serde(flatten)]
    pub note: Note,
    /// Documentation tags of the rule that speaks; none for a remark of the program's own.
    pub sources: Vec<String>,
}

impl Diff {
    /// Whether the hosts and the reasons for them are the same.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}

/// One side of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The list.
    pub list: &'a Requirements,
    /// The configurations it came from; empty for a list somebody sent.
    pub configurations: &'a [Configuration],
}

/// Compares two lists. `pack` tells which release changed what.
pub fn diff(pack: &Pack, features: &[FeatureInfo], old: Side<'_>, new: Side<'_>) -> Diff {
    // The first of each, of lists that somebody may have written by hand.
    let by_endpoint = |side: Side<'_>| -> BTreeMap<Endpoint, usize> {
        side.list.hosts.iter().enumerate().rev().map(|(at, host)| (host.endpoint(), at)).collect()
    };
    let (among_old, among_new) = (by_endpoint(old), by_endpoint(new));
    let mut pairs: Vec<(Option<&Requirement>, Option<&Requirement>)> = old
        .list
        .hosts
        .iter()
        .map(|r| (Some(r), among_new.get(&r.endpoint()).and_then(|i| new.list.hosts.get(*i))))
        .collect();
    let come = new.list.hosts.iter().filter(|r| !among_old.contains_key(&r.endpoint()));
    pairs.extend(come.map(|r| (None, Some(r))));
    let why = Why { pack, old, new, values: RefCell::default() };
    let mut lines: Vec<(&str, Line)> = Vec::new();
    for (before, after) in &pairs {
        let all = before.iter().chain(after.iter()).flat_map(|r| &r.reasons);
        let mut seen: Vec<&str> = Vec::new();
        for feature in all.map(|r| r.feature.as_str()) {
            if !seen.contains(&feature) {
                seen.push(feature);
                lines.extend(why.line(feature, *before, *after).map(|line| (feature, line)));
            }
        }
    }
    let ids = FeatureInfo::order(features, lines.iter().map(|(feature, _)| *feature));
    let groups = ids
        .into_iter()
        .map(|id| {
            let mut own: Vec<Line> =
                lines.iter().filter(|(f, _)| *f == id).map(|(_, line)| line.clone()).collect();
            own.sort_by(|a, b| (a.change, &a.host, a.port).cmp(&(b.change, &b.host, b.port)));
            Group {
                feature: id.to_owned(),
                title: FeatureInfo::title_of(features, id).to_owned(),
                lines: own,
            }
        })
        .collect();
    Diff {
        groups,
        hosts_added: pairs.iter().filter(|(before, _)| before.is_none()).count(),
        hosts_removed: pairs.iter().filter(|(_, after)| after.is_none()).count(),
        hosts_kept: pairs.iter().filter(|(b, a)| b.is_some() && a.is_some()).count(),
        notes: notes(pack, old.list, new.list),
    }
}

/// The remarks that one list has and the other has not; those that came first.
fn notes(pack: &Pack, old: &Requirements, new: &Requirements) -> Vec<NoteChange> {
    let only = |these: &Requirements, others: &Requirements, change: Change| -> Vec<NoteChange> {
        let own = these.notes.iter().filter(|n| !others.notes.contains(n));
        own.map(|note| NoteChange {
            change,
            note: note.clone(),
            sources: pack
                .rules
                .iter()
                .find(|r| r.id == note.id)
                .map_or_else(Vec::new, |r| word::texts(&r.sources)),
        })
        .collect()
    };
    let mut all = only(new, old, Change::Added);
    all.append(&mut only(old, new, Change::Removed));
    all
}

/// A reason without what differs between any two configurations: whose it is.
fn same(a: &Reason, b: &Reason) -> bool {
    a.rule == b.rule && a.need == b.need && a.actors == b.actors && a.purpose == b.purpose
}

struct Why<'a> {
    pack: &'a Pack,
    old: Side<'a>,
    new: Side<'a>,
    /// What was found out of keys: a list of thousands of hosts is behind each of its hosts.
    values: RefCell<BTreeMap<String, Rc<Values<'a>>>>,
}

/// What a key is on both sides.
struct Values<'a> {
    before: Vec<Option<&'a Value>>,
    after: Vec<Option<&'a Value>>,
    /// The change in words, where there is one.
    change: Option<String>,
}

impl<'a> Why<'a> {
    fn line(&self, feature: &str, before: Option<&Requirement>, after: Option<&Requirement>) -> Option<Line> {
        let of = |r: Option<&Requirement>| -> Vec<Reason> {
            r.map(|r| r.reasons.iter().filter(|x| x.feature == feature).cloned().collect())
                .unwrap_or_default()
        };
        let (was, is) = (of(before), of(after));
        let gone: Vec<&Reason> = was.iter().filter(|a| !is.iter().any(|b| same(a, b))).collect();
        let come: Vec<&Reason> = is.iter().filter(|a| !was.iter().any(|b| same(a, b))).collect();
        if gone.is_empty() && come.is_empty() {
            return None;
        }
        let need = |list: &[Reason]| list.iter().map(|r| r.need).max();
        let (need_before, need_after) = (need(&was), need(&is));
        let shown = after.or(before)?;
        let change = match (before, after) {
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ if need_before.is_some() && need_after.is_some() && need_before != need_after => Change::Need,
            _ => Change::Reasons,
        };
        let other = if need_after.is_none() { after } else { before };
        let mut also_for: Vec<String> = Vec::new();
        if need_before.is_none() || need_after.is_none() {
            for r in other.iter().flat_map(|r| &r.reasons).filter(|r| r.feature != feature) {
                if !also_for.contains(&r.feature) {
                    also_for.push(r.feature.clone());
                }
            }
        }
        let ids = |list: &[&Reason]| {
            let mut ids: Vec<String> = Vec::new();
            for r in list {
                if !ids.contains(&r.rule) {
                    ids.push(r.rule.clone());
                }
            }
            ids
        };
        let (keys, because) = self.behind(&gone, &come);
        let purposes = if come.is_empty() { &gone } else { &come };
        Some(Line {
            change,
            host: shown.host.clone(),
            port: shown.port,
            transport: shown.transport,
            network: shown.network,
            need_before,
            need_after,
            purpose: joined(purposes.iter().map(|r| r.purpose.as_str())),
            also_for,
            rules_added: ids(&come),
            rules_removed: ids(&gone),
            sources: sources(gone.iter().chain(&come).flat_map(|r| &r.source)),
            keys,
            because,
            unbounded: shown.unbounded.clone(),
        })
    }

    fn values(&self, name: &str) -> Rc<Values<'a>> {
        if let Some(known) = self.values.borrow().get(name) {
            return Rc::clone(known);
        }
        let (before, after) = (effective(self.old, name), effective(self.new, name));
        let change = (before != after).then(|| {
            let (was, is) = (text(name, &before), text(name, &after));
            // Of lists and objects a reader sees only the shape, which may be the same.
            let change = if was == is { format!("another content ({is})") } else { format!("{was} -> {is}") };
            format!("{name}: {change}")
        });
        let found = Rc::new(Values { before, after, change });
        self.values.borrow_mut().insert(name.to_owned(), Rc::clone(&found));
        found
    }

    /// Credential kinds that differ between the sides, and the releases that decide them otherwise.
    fn kinds(&self, because: &mut Vec<String>) {
        let of = |side: Side<'_>, configuration: &Configuration| {
            let platform = configuration.platform.unwrap_or(side.list.platform);
            let options = Options::default();
            let facts = Facts::new(self.pack, configuration, &side.list.app_version, platform, &options);
            (facts.provider().map(str::to_owned), facts.credential().to_owned())
        };
        let mut add = |text: String| {
            if !because.contains(&text) {
                because.push(text);
            }
        };
        let (from, to) = (&self.old.list.app_version, &self.new.list.app_version);
        if from == to {
            return;
        }
        for (old, new) in self.old.configurations.iter().zip(self.new.configurations) {
            let ((_, was), (provider, is)) = (of(self.old, old), of(self.new, new));
            if was == is {
                continue;
            }
            add(format!("the credential kind: {was} -> {is}"));
            let Some(provider) = provider.and_then(|p| self.pack.credentials.provider(&p)) else { continue };
            for rule in provider.rules.iter().filter(|r| r.kind == was || r.kind == is) {
                for version in wording::releases(&rule.when).into_iter().filter(|v| between(v, from, to)) {
                    let tags = if rule.sources.is_empty() { &provider.sources } else { &rule.sources };
                    add(format!(
                        "app {version} changes how the kind {} follows from the keys ({})",
                        rule.kind,
                        tags.join(", ")
                    ));
                }
            }
            for (kind, since) in &provider.kinds_since {
                if between(since, from, to) && (*kind == was || *kind == is) {
                    add(format!("{CREDENTIAL} = {kind} is read for {} since app {since}", provider.title));
                }
            }
        }
    }

    /// The keys behind reasons that came or went, and the words for it.
    fn behind(&self, gone: &[&Reason], come: &[&Reason]) -> (Vec<String>, Vec<String>) {
        let mut keys: Vec<String> = Vec::new();
        let mut because: Vec<String> = Vec::new();
        let add = |list: &mut Vec<String>, text: String| {
            if !list.contains(&text) {
                list.push(text);
            }
        };
        let (from, to) = (&self.old.list.app_version, &self.new.list.app_version);
        for reason in gone.iter().chain(come) {
            for (bound, word) in [(&reason.since, "begins with"), (&reason.until, "ends with")] {
                if let Some(version) = bound.as_ref().filter(|v| between(v, from, to)) {
                    add(&mut because, format!("rule {} {word} app {version}", reason.rule));
                }
            }
            if let Some(rule) = self.pack.rule(&reason.rule) {
                let asked = wording::releases(&rule.when).into_iter();
                for version in asked.chain(rule.exact.iter().flat_map(wording::releases)) {
                    if between(version, from, to) {
                        add(
                            &mut because,
                            format!("the app changes what rule {} is about with {version}", rule.id),
                        );
                    }
                }
            }
            let mut names: Vec<&str> = reason.keys.iter().map(String::as_str).collect();
            // The credential kind follows from other keys where its own is not set.
            if names.contains(&CREDENTIAL) {
                self.kinds(&mut because);
                for provider in [&self.old.list.provider, &self.new.list.provider].into_iter().flatten() {
                    for p in provider.split(", ") {
                        names.extend(wording::credential_keys(self.pack, p));
                    }
                }
            }
            for name in names {
                let values = self.values(name);
                let Values { before, after, change } = &*values;
                if let Some(change) = change {
                    add(&mut keys, name.to_owned());
                    add(&mut because, change.clone());
                }
                let unset = after.iter().all(Option::is_none);
                let Some(key) = self.pack.keys.get(name) else { continue };
                for bounds in &key.values_by_version {
                    let set = before.iter().chain(after).flatten().any(|v| holds(v, bounds));
                    for (bound, word) in [(&bounds.since, "since"), (&bounds.until, "no longer since")] {
                        if let Some(version) = bound.as_ref().filter(|v| set && between(v, from, to)) {
                            add(&mut keys, name.to_owned());
                            let dot = if bounds.at.is_empty() { "" } else { "." };
                            add(
                                &mut because,
                                format!(
                                    "{name}{dot}{} = {} is read {word} app {version}",
                                    bounds.at, bounds.value
                                ),
                            );
                        }
                    }
                }
                if let Some(unreadable) = key.unreadable.as_ref().filter(|u| between(&u.since, from, to)) {
                    let there = |side: Side<'_>| {
                        side.configurations.iter().any(|c| c.unreadable.iter().any(|k| k == name))
                    };
                    if there(self.old) && there(self.new) {
                        add(&mut keys, name.to_owned());
                        add(
                            &mut because,
                            format!(
                                "{name} cannot be read, which counts as {} since app {}",
                                unreadable.counts_as, unreadable.since
                            ),
                        );
                    }
                }
                for old in &key.old_names {
                    if let Some(until) =
                        old.until.as_ref().filter(|u| change.is_some() && between(u, from, to))
                    {
                        add(
                            &mut because,
                            format!("the old name {} is no longer read since app {until}", old.name),
                        );
                    }
                }
                let bounds = [
                    (key.since.as_ref(), "is read since"),
                    (key.until.as_ref(), "is not read since"),
                    (key.earlier.as_ref().map(|e| &e.until), "has another default since"),
                ];
                for (bound, word) in bounds {
                    if let Some(version) = bound.filter(|v| between(v, from, to)) {
                        // A key that is not set matters only when its default changed.
                        let matters = word.contains("default") == unset;
                        if matters {
                            add(&mut keys, name.to_owned());
                            add(&mut because, format!("{name} {word} app {version}"));
                        }
                    }
                }
            }
        }
        if self.old.list.platform != self.new.list.platform && because.is_empty() {
            because.push(format!("platform: {} -> {}", self.old.list.platform, self.new.list.platform));
        }
        if keys.is_empty() {
            for name in gone.iter().chain(come).flat_map(|r| &r.keys) {
                if !keys.contains(name) {
                    keys.push(name.clone());
                }
            }
        }
        (keys, because)
    }
}

/// Whether a value, or a member of its entries, is the one that only some versions know.
fn holds(value: &Value, bounds: &VersionedValue) -> bool {
    let is = |v: &Value| v.at(&bounds.at).and_then(Value::as_str) == Some(bounds.value.as_str());
    match value {
        Value::List(items) if !bounds.at.is_empty() => items.iter().any(is),
        _ => is(value),
    }
}

/// Tags, each once.
fn sources<'t>(tags: impl Iterator<Item = &'t String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for tag in tags {
        if !found.contains(tag) {
            found.push(tag.clone());
        }
    }
    found
}

const CREDENTIAL: &str = "inferenceCredentialKind";
const UNSET: &str = "not set";

/// What the configurations of a side say about a key.
fn effective<'a>(side: Side<'a>, key: &str) -> Vec<Option<&'a Value>> {
    let mut values: Vec<Option<&Value>> = Vec::new();
    for configuration in side.configurations {
        let value = configuration.get(key).filter(|v| v.is_set());
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

fn text(key: &str, values: &[Option<&Value>]) -> String {
    let texts: Vec<String> = values.iter().map(|v| wording::of_key(key, *v)).collect();
    if texts.is_empty() { UNSET.to_owned() } else { texts.join(" / ") }
}

/// Whether a bound lies between two versions, whichever of them is the older.
fn between(bound: &AppVersion, a: &AppVersion, b: &AppVersion) -> bool {
    let (low, high) = if a <= b { (a, b) } else { (b, a) };
    bound > low && bound <= high
}
