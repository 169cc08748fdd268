//! Which settings take a host off the list: every setting that the rules read is tried, alone and
//! then together with others, and only what really removes the host is told.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::change::{Change, OWN_HOST};
use super::{Given, Target};
use crate::config::{Configuration, Lint, Value};
use crate::contract::Severity;
use crate::derive::facts::Facts;
use crate::derive::requirement::{Reason, Requirement, Requirements};
use crate::derive::{Options, derive};
use crate::derive::{address, wording};
use crate::rules::{Condition, HostSource, Key, KeyKind, KeyPath, Rule, Scope, Test};
use crate::rules::{Word, word};

/// Changes that belong together at the most; a host has at most seven independent groups.
const MOST: usize = 10;
/// Parts of a list that are tried at the most.
const TRIES: usize = 600;

/// A way to take a host off the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removal {
    /// All of these are needed, together.
    pub changes: Vec<Change>,
    /// Other hosts that go with it.
    pub also_removes: Vec<String>,
    /// Hosts that come in its place.
    pub adds: Vec<String>,
    /// What the configuration lacks then: a switch that the documentation names is told even so.
    pub breaks_configuration: Vec<String>,
}

/// What was found out about removing a host.
#[derive(Debug, Default)]
pub(super) struct Ways {
    pub removals: Vec<Removal>,
    pub kept_by: Vec<String>,
    per_reason: Vec<(Want, Vec<Change>)>,
}

impl Ways {
    /// The changes each of which takes this reason away.
    pub(super) fn of_reason(&self, r: &Requirement, reason: &Reason) -> Vec<Change> {
        let want = Want::new(r, reason);
        self.per_reason.iter().find(|(w, _)| *w == want).map(|(_, c)| c.clone()).unwrap_or_default()
    }
}

/// One reason of one endpoint, as it is found again in another list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Want {
    endpoint: String,
    rule: String,
    config: Option<String>,
}

impl Want {
    fn new(r: &Requirement, reason: &Reason) -> Self {
        Self { endpoint: endpoint(r), rule: reason.rule.clone(), config: reason.config.clone() }
    }
}

fn endpoint(r: &Requirement) -> String {
    format!("{} {}", r.endpoint(), r.transport)
}

fn wants(list: &[&Requirement]) -> Vec<Want> {
    list.iter().flat_map(|r| r.reasons.iter().map(|reason| Want::new(r, reason))).collect()
}

/// A state of the settings, and what it leads to.
struct State {
    configurations: Vec<Configuration>,
    options: Options,
    list: Requirements,
}

impl State {
    fn new(given: &Given<'_>) -> Self {
        Self {
            configurations: given.configurations.to_vec(),
            options: given.options.clone(),
            list: derive(given.pack, given.configurations, given.options),
        }
    }

    /// The state after a change. `None` when the change breaks the configuration (it would lack a key,
    /// a credential, a provider) and is not the switch that the documentation names.
    fn after(&self, given: &Given<'_>, change: &Change) -> Option<Self> {
        let (mut configurations, mut options) = (self.configurations.clone(), self.options.clone());
        change.apply(&mut configurations, &mut options);
        let list = derive(given.pack, &configurations, &options);
        let after = Self { configurations, options, list };
        (change.documented || after.broken_since(self).next().is_none()).then_some(after)
    }

    /// What this state's configuration lacks and the earlier one's does not.
    fn broken_since<'a>(&'a self, earlier: &'a Self) -> impl Iterator<Item = &'a Lint> {
        let known = |l: &Lint| mistakes(&earlier.list.lint).any(|o| o.id == l.id && o.key == l.key);
        mistakes(&self.list.lint).filter(move |l| !known(l))
    }

    fn found(&self, target: &Target) -> Vec<&Requirement> {
        self.list.hosts.iter().filter(|r| target.matches(r)).collect()
    }
}

fn mistakes(lint: &[Lint]) -> impl Iterator<Item = &Lint> {
    lint.iter().filter(|l| l.severity >= Severity::Warning)
}

/// Tries every candidate alone, and builds one combination when none is enough.
pub(super) fn ways(given: &Given<'_>, target: &Target) -> Ways {
    let base = State::new(given);
    let all = wants(&base.found(target));
    let mut rules: Vec<&str> = Vec::new();
    for want in &all {
        if !rules.contains(&want.rule.as_str()) {
            rules.push(&want.rule);
        }
    }
    let mut candidates: Vec<Change> = Vec::new();
    for rule in rules.iter().filter_map(|id| given.pack.rule(id)) {
        for change in candidates_of(given, rule, target) {
            match candidates.iter_mut().find(|c| c.text == change.text) {
                Some(known) => known.documented |= change.documented,
                None => candidates.push(change),
            }
        }
    }
    let mut per_reason: Vec<(Want, Vec<Change>)> = all.iter().map(|w| (w.clone(), Vec::new())).collect();
    let mut useful: Vec<Change> = Vec::new();
    let mut removals: Vec<Removal> = Vec::new();
    candidates.sort_by_key(|c| !c.documented);
    for change in candidates {
        let Some(after) = base.after(given, &change) else { continue };
        let left = after.found(target);
        let still = wants(&left);
        let mut helps = false;
        for (want, changes) in &mut per_reason {
            if !still.contains(want) {
                changes.push(change.clone());
                helps = true;
            }
        }
        if left.is_empty() {
            removals.push(removal(&base, &after, target, vec![change.clone()]));
        }
        if helps {
            useful.push(change);
        }
    }
    let mut kept_by: Vec<String> = Vec::new();
    for (want, changes) in &per_reason {
        if changes.is_empty() && !kept_by.contains(&want.rule) {
            kept_by.push(want.rule.clone());
        }
    }
    removals.sort_by_key(|r| !r.breaks_configuration.is_empty());
    if removals.is_empty() && kept_by.is_empty() && !useful.is_empty() {
        match together(given, &base, target, &useful) {
            Some(removal) => removals.push(removal),
            // Each reason has a switch, but no combination was found: then none is claimed.
            None => kept_by = rules.iter().map(|r| (*r).to_owned()).collect(),
        }
    }
    Ways { removals, kept_by, per_reason }
}

/// Changes that remove the host together: step by step the one that takes most reasons away.
fn together(given: &Given<'_>, base: &State, target: &Target, useful: &[Change]) -> Option<Removal> {
    let mut changes: Vec<Change> = Vec::new();
    let mut state: Option<State> = None;
    for _ in 0..MOST {
        let now = state.as_ref().unwrap_or(base);
        let left = now.found(target);
        if left.is_empty() {
            return state.as_ref().map(|end| removal(base, end, target, changes));
        }
        let before = wants(&left).len();
        let hosts = now.list.hosts.len();
        let mut best: Option<(usize, usize, State, &Change)> = None;
        for change in useful.iter().filter(|c| !changes.iter().any(|done| done.key == c.key)) {
            let Some(after) = now.after(given, change) else { continue };
            let gone = before.saturating_sub(wants(&after.found(target)).len());
            let added = after.list.hosts.len().saturating_sub(hosts);
            let better = best.as_ref().is_none_or(|(g, a, _, _)| gone > *g || (gone == *g && added < *a));
            if gone > 0 && better {
                best = Some((gone, added, after, change));
            }
        }
        let (_, _, after, change) = best?;
        changes.push(change.clone());
        state = Some(after);
    }
    None
}

fn removal(base: &State, after: &State, target: &Target, changes: Vec<Change>) -> Removal {
    let only = |a: &Requirements, b: &Requirements| -> Vec<String> {
        let there: BTreeSet<String> = b.hosts.iter().map(endpoint).collect();
        let mut names: Vec<String> = a
            .hosts
            .iter()
            .filter(|r| !target.matches(r) && !there.contains(&endpoint(r)))
            .map(|r| match (&r.unbounded, r.host.to_string()) {
                (Some(text), _) => text.clone(),
                (None, name) if name == OWN_HOST => "the host of that address".into(),
                (None, name) if r.port == 443 => name,
                (None, name) => format!("{name}:{}", r.port),
            })
            .collect();
        names.dedup();
        names
    };
    Removal {
        changes,
        also_removes: only(&base.list, &after.list),
        adds: only(&after.list, &base.list),
        breaks_configuration: after.broken_since(base).map(|l| l.message.clone()).collect(),
    }
}

/// Every change of a key that decides about this rule.
fn candidates_of(given: &Given<'_>, rule: &Rule, target: &Target) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    if let Some(off) = &rule.off {
        match &off.value {
            Some(value) => changes.push(Change::value(&off.key, value.clone(), true)),
            None => changes.push(Change::unset(&off.key, true)),
        }
    }
    let mut conditions = vec![&rule.when];
    // What the default list does not look at decides only in the minimal one.
    conditions.extend(rule.exact.as_ref().filter(|_| given.options.minimal));
    for condition in conditions {
        switches(condition, &mut changes);
        let mut tests = Vec::new();
        wording::key_tests(condition, &mut tests);
        for (path, test) in tests {
            if path.scope == Scope::Configuration {
                of_test(given, path, test, &mut changes);
            }
        }
    }
    let lists = [rule.each.as_ref(), list_of(&rule.source)];
    for path in lists.into_iter().flatten().filter(|p| p.scope == Scope::Configuration) {
        changes.extend(without(given, rule, path, target));
        changes.push(Change::unset(&path.key, false));
    }
    if let HostSource::Url(path) = &rule.source
        && path.scope == Scope::Configuration
    {
        changes.push(Change::unset(&path.key, false));
    }
    changes
}

/// What is decided by no key of its own.
fn switches(condition: &Condition, changes: &mut Vec<Change>) {
    match condition {
        Condition::All(list) | Condition::Any(list) => list.iter().for_each(|c| switches(c, changes)),
        Condition::Not(inner) => switches(inner, changes),
        Condition::OfflineInstaller(_) => changes.push(Change::offline_installer()),
        // Provider, credential kind and admin console are decisions about the whole deployment, and are told as such.
        _ => {}
    }
}

fn of_test(given: &Given<'_>, path: &KeyPath, test: &Test, changes: &mut Vec<Change>) {
    let Some(key) = given.pack.keys.get(&path.key) else { return };
    let name =
        if path.path.is_empty() { key.name.to_string() } else { format!("{}.{}", key.name, path.path) };
    let words = |changes: &mut Vec<Change>, more: &[Word]| {
        for word in key.values.iter().chain(more) {
            changes.push(Change::value(&name, Value::Text(word.to_string()), false));
        }
        changes.push(Change::unset(&key.name, false));
    };
    match test {
        Test::Is(_) => {
            changes.push(Change::value(&name, Value::Bool(false), false));
            changes.push(Change::value(&name, Value::Bool(true), false));
        }
        Test::Equals(Value::Text(word)) => words(changes, &[word.as_str().into()]),
        Test::Equals(value) => {
            changes.push(Change::value(&name, value.clone(), false));
            changes.push(Change::unset(&key.name, false));
        }
        Test::OneOf(list) => words(changes, list),
        Test::Contains(word) => changes.push(Change::with(&name, word)),
        Test::Set(_) | Test::Given(_) => {
            changes.push(Change::unset(&key.name, false));
            if path.path.is_empty()
                && let Some(value) = own_address(key)
            {
                changes.push(Change::own(&key.name, value));
            }
        }
        Test::Empty(_) | Test::StartsWithAny(_) | Test::Loopback(_) | Test::HostIs(_) => {}
    }
}

/// An address that stands for any the customer would choose, in the shape the key has.
pub(super) fn own_address(key: &Key) -> Option<Value> {
    let url = || Value::Text(format!("https://{OWN_HOST}"));
    match key.kind {
        KeyKind::String if key.url && !key.secret => Some(url()),
        KeyKind::Object if word::has(&key.addresses, "issuer") => {
            Some(Value::Map([("issuer".to_owned(), url())].into_iter().collect()))
        }
        _ => None,
    }
}

/// The key of a list that names hosts.
fn list_of(source: &HostSource) -> Option<&KeyPath> {
    match source {
        HostSource::Urls(p) | HostSource::Patterns(p) | HostSource::PatternUrl(p) | HostSource::Ssh(p) => {
            Some(p)
        }
        _ => None,
    }
}

/// The configuration with what decides about a rule: lists that it does not look at would only take time.
fn of_rule(configuration: &Configuration, rule: &Rule, path: &KeyPath) -> Configuration {
    let mut tests = Vec::new();
    wording::key_tests(&rule.when, &mut tests);
    if let Some(exact) = &rule.exact {
        wording::key_tests(exact, &mut tests);
    }
    let looked_at = |key: &str| key == path.key || tests.iter().any(|(path, _)| path.key == key);
    let mut alone = configuration.clone();
    alone.settings.retain(|key, setting| looked_at(key) || !matches!(setting.value, Value::List(_)));
    alone
}

/// The list without the elements that name the host: parts of it are tried alone.
fn without(given: &Given<'_>, rule: &Rule, path: &KeyPath, target: &Target) -> Option<Change> {
    let mut positions: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut names: Vec<String> = Vec::new();
    for configuration in given.configurations {
        let Some(Value::List(items)) = configuration.get(&path.key) else { continue };
        let mut alone = of_rule(configuration, rule, path);
        let mut naming = |from: usize, to: usize| {
            if let Some(setting) = alone.settings.get_mut(path.key.as_str()) {
                setting.value = Value::List(items.get(from..to).unwrap_or_default().to_vec());
            }
            let list = derive(given.pack, std::slice::from_ref(&alone), given.options);
            let by_rule = |r: &Requirement| r.reasons.iter().any(|reason| reason.rule == rule.id);
            list.hosts.iter().any(|r| target.matches(r) && by_rule(r))
        };
        // Halves that name it are halved again, so that a long list takes as few derivations as its
        // elements that name the host.
        let mut parts = vec![(0, items.len())];
        for _ in 0..TRIES {
            let Some((from, to)) = parts.pop() else { break };
            if from >= to || !naming(from, to) {
                continue;
            }
            if to - from > 1 {
                let middle = from + (to - from) / 2;
                parts.extend([(middle, to), (from, middle)]);
                continue;
            }
            positions.entry(configuration.name.clone()).or_default().push(from);
            names.extend(items.get(from).map(|item| label(item, from)));
        }
    }
    if positions.is_empty() {
        return None;
    }
    names.sort();
    names.dedup();
    let shown = match names.len() {
        1 => format!("the entry {}", names.concat()),
        _ => format!("the entries {}", names.join(", ")),
    };
    Some(Change::without(&path.key, positions, &shown))
}

/// What to call an element of a list: its name, its text, or its place.
fn label(item: &Value, at: usize) -> String {
    let name = match item {
        Value::Text(text) => Some(text.as_str()),
        _ => item.at("name").and_then(Value::as_str),
    };
    match name {
        Some(name) => format!("\"{}\"", address::shown(name)),
        None => format!("number {}", at + 1),
    }
}

/// The facts of a configuration under the options given.
pub(super) fn with_facts<T>(
    given: &Given<'_>,
    configuration: &Configuration,
    look: impl FnOnce(&Facts<'_>) -> T,
) -> T {
    let version = given.options.app_version.as_ref().unwrap_or(&given.pack.meta.newest);
    let platform = given.options.platform_of(configuration);
    look(&Facts::new(given.pack, configuration, version, platform, given.options))
}
