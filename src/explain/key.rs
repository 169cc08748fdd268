//! What a key does: its facts, and what each of its values adds to and removes from this list.

use crate::rules::word;
use serde::Serialize;

use super::change::Change;
use super::removal::{own_address, with_facts};
use super::{Given, Page, pages};
use crate::config::{Configuration, Value};
use crate::contract::AppVersion;
use crate::contract::FeatureInfo;
use crate::derive::diff::{self, Group, Side};
use crate::derive::{derive, wording};
use crate::rules::keys::Literal;
use crate::rules::{HostSource, Key, KeyKind, Rule};

/// Everything about one key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyAnswer {
    /// Its current name.
    pub key: String,
    /// The older name it was asked by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_as: Option<String>,
    /// Its documented type.
    pub kind: KeyKind,
    /// The words allowed.
    pub allowed: Vec<String>,
    /// What the app takes when it is absent, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Another default, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier_default: Option<String>,
    /// First app version that reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<AppVersion>,
    /// First app version that no longer reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<AppVersion>,
    /// Older names.
    pub old_names: Vec<String>,
    /// Path in the nested document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nested: Option<String>,
    /// Its value is never shown.
    pub secret: bool,
    /// Setting only such keys does not make the device managed.
    pub app_behaviour: bool,
    /// What it does on the network, in one line.
    pub effect: String,
    /// Providers whose credential kind follows from it.
    pub decides_credential_of: Vec<String>,
    /// What each configuration says.
    pub now: Vec<KeyIn>,
    /// The effects were computed on an empty configuration, because none was given.
    pub on_empty: bool,
    /// What each value would change.
    pub values: Vec<KeyValue>,
    /// The rules that read it.
    pub rules: Vec<KeyUse>,
}

/// What one configuration says about the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyIn {
    /// The configuration.
    pub config: String,
    /// The value in words.
    pub value: String,
    /// File, line and path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// What one value changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyValue {
    /// The setting, in words.
    pub change: Change,
    /// The configuration has this already.
    pub current: bool,
    /// Mistakes that this value brings into the configuration.
    pub breaks_configuration: Vec<String>,
    /// What is added, removed or needed differently.
    pub groups: Vec<Group>,
}

/// One rule that reads the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyUse {
    /// Identifier of the rule.
    pub rule: String,
    /// Its feature.
    pub feature: String,
    /// The hosts it names, in words.
    pub hosts: Vec<String>,
    /// What for; empty for a remark.
    pub purpose: String,
    /// When it wants them.
    pub condition: String,
    /// Whether the rule holds in one of the configurations.
    pub holds: bool,
    /// Pages it is known from.
    pub sources: Vec<Page>,
}

/// Answers a question about a key.
pub fn key(given: &Given<'_>, features: &[FeatureInfo], key: &Key, asked_as: Option<&str>) -> KeyAnswer {
    let on_empty = given.configurations.is_empty();
    let empty = [Configuration { name: "an empty configuration".into(), ..Configuration::default() }];
    let base = if on_empty { Given { configurations: &empty, ..*given } } else { *given };
    let providers = given.pack.credentials.providers.iter().map(|p| p.id.to_string());
    let decides_credential_of: Vec<String> =
        providers.filter(|p| wording::credential_keys(given.pack, p).contains(&key.name.as_str())).collect();
    let values = changes(key, !decides_credential_of.is_empty())
        .into_iter()
        .map(|change| value(&base, features, key, change))
        .collect();
    let uses = given.pack.rules.iter().filter(|r| r.keys.contains(&key.name));
    let now = given.configurations.iter().map(|c| KeyIn {
        config: c.name.clone(),
        value: wording::of_key(&key.name, c.get(&key.name).filter(|v| v.is_set())),
        origin: c.settings.get(key.name.as_str()).map(|s| {
            let line = s.origin.line.map(|l| format!(":{l}")).unwrap_or_default();
            format!("{}{line}, {}", s.origin.source, s.origin.path)
        }),
    });
    KeyAnswer {
        key: key.name.to_string(),
        asked_as: asked_as.map(str::to_owned),
        kind: key.kind,
        allowed: word::texts(&key.values),
        default: key.default.as_ref().map(Literal::to_string),
        earlier_default: key.earlier.as_ref().map(|e| format!("{} before app {}", e.default, e.until)),
        since: key.since.clone(),
        until: key.until.clone(),
        old_names: key.old_names.iter().map(|o| o.name.to_string()).collect(),
        nested: key.nested.as_ref().map(String::from),
        secret: key.secret,
        app_behaviour: key.app_behaviour,
        effect: key.effect.to_string(),
        decides_credential_of,
        now: now.collect(),
        on_empty,
        values,
        rules: uses.map(|rule| key_use(&base, rule)).collect(),
    }
}

/// The values to try: both of a boolean, every word of an enumeration, not set, and an address of
/// one's own where the key holds one.
fn changes(key: &Key, credential: bool) -> Vec<Change> {
    let mut changes = vec![Change::unset(&key.name, false)];
    match key.kind {
        KeyKind::Boolean => {
            changes.push(Change::value(&key.name, Value::Bool(true), false));
            changes.push(Change::value(&key.name, Value::Bool(false), false));
        }
        KeyKind::String if !key.values.is_empty() => {
            changes.extend(
                key.values.iter().map(|w| Change::value(&key.name, Value::Text(w.to_string()), false)),
            );
        }
        _ => match own_address(key) {
            Some(value) => changes.push(Change::own(&key.name, value)),
            // What it holds does not matter there, only that it is set.
            None if credential && key.kind == KeyKind::String => changes.push(Change::set(&key.name)),
            None => {}
        },
    }
    changes
}

fn value(base: &Given<'_>, features: &[FeatureInfo], key: &Key, change: Change) -> KeyValue {
    let (mut configurations, mut options) = (base.configurations.to_vec(), base.options.clone());
    change.apply(&mut configurations, &mut options);
    let version = options.app_version.as_ref().unwrap_or(&base.pack.meta.newest);
    let before = derive(base.pack, base.configurations, base.options);
    let after = derive(base.pack, &configurations, &options);
    let old = Side { list: &before, configurations: base.configurations };
    let new = Side { list: &after, configurations: &configurations };
    let default = key.default.as_ref().and_then(Literal::value);
    let default = match &key.earlier {
        Some(e) if version < &e.until => e.default.value(),
        _ => default,
    };
    let is = |c: &Configuration| c.get(&key.name).filter(|v| v.is_set()).cloned().or_else(|| default.clone());
    // A value is the present one when it is written there; `not set` also where nothing is.
    let current = base.configurations.iter().zip(&configurations).all(|(a, b)| {
        is(a) == is(b)
            && a.get(&key.name).is_some_and(Value::is_set) == b.get(&key.name).is_some_and(Value::is_set)
    });
    let breaks_configuration = after
        .lint
        .iter()
        .filter(|l| l.severity >= crate::contract::Severity::Warning && !before.lint.contains(l))
        .map(|l| l.message.clone())
        .collect();
    let diff = diff::diff(base.pack, features, old, new);
    KeyValue { change, current, breaks_configuration, groups: diff.groups }
}

fn key_use(base: &Given<'_>, rule: &Rule) -> KeyUse {
    let hosts = match &rule.source {
        HostSource::Names(_) => super::alone::names(rule),
        HostSource::Url(p) | HostSource::Urls(p) | HostSource::PatternUrl(p) => {
            vec![format!("the host of {}", wording::path(p))]
        }
        HostSource::Patterns(p) | HostSource::Ssh(p) => vec![format!("the entries of {}", wording::path(p))],
        HostSource::Unbounded(text) => vec![text.to_string()],
        HostSource::Note(_) => Vec::new(),
    };
    let holds = base.configurations.iter().any(|configuration| {
        with_facts(base, configuration, |facts| {
            rule.holds_for(facts.version)
                && match &rule.each {
                    None => facts.holds(&rule.when, None),
                    Some(each) => facts
                        .raw(each, None)
                        .and_then(Value::as_list)
                        .is_some_and(|list| list.iter().any(|e| facts.holds(&rule.when, Some(e)))),
                }
        })
    });
    KeyUse {
        rule: rule.id.to_string(),
        feature: rule.feature.to_string(),
        hosts,
        purpose: rule.purpose.to_string(),
        condition: super::alone::condition_of(rule),
        holds,
        sources: pages(base.pack, &rule.sources),
    }
}
