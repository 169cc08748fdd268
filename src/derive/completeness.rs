//! What a configuration lacks: provider, keys the provider cannot do without, credential, values that
//! no app reads any more, keys that this app version does not read yet.

use super::facts::{Facts, NO_CREDENTIAL};
use super::merge::List;
use super::requirement::{Missing, Note};
use super::wording;
use crate::config::{Lint, Value};
use crate::contract::Position;
use crate::contract::ids::{LintId, NoteId};
use crate::contract::{Need, Severity};
use crate::rules::Word;
use crate::rules::keys::VersionedValue;
use crate::text::line;

/// Adds lint for one configuration; `config` names it among several.
pub(super) fn check(facts: &Facts<'_>, config: Option<&str>, list: &mut List<'_>) {
    provider(facts, config, list);
    let credentials = &facts.pack.credentials;
    for invalid in credentials.invalid.iter().filter(|i| i.holds_for(facts.version)) {
        let written = facts.configuration.get(&invalid.key).and_then(Value::as_str);
        if written == Some(invalid.value.as_str()) && is_read(facts, &invalid.key) {
            let message = format!("{}: {}", invalid.key, invalid.message);
            add(facts, list, "retired-value", Severity::Error, message, Some(&invalid.key));
        }
    }
    for together in &credentials.together {
        let set = together.keys.iter().filter(|k| facts.plain(k).is_some()).count();
        if facts.provider() == Some(together.provider.as_str()) && set > 0 && set < together.keys.len() {
            let missing: Vec<&str> =
                together.keys.iter().filter(|k| facts.plain(k).is_none()).map(Word::as_str).collect();
            let message = format!("{}; missing: {}", together.message, missing.join(", "));
            let first = together.keys.iter().find(|k| facts.plain(k).is_some());
            add(facts, list, "incomplete-set", Severity::Warning, message, first.map(Word::as_str));
        }
    }
    unread_keys(facts, list);
    unknown_values(facts, list);
}

fn provider(facts: &Facts<'_>, config: Option<&str>, list: &mut List<'_>) {
    let credentials = &facts.pack.credentials;
    let Some(id) = facts.provider() else {
        let bootstrap = facts.plain("bootstrapUrl").is_some()
            && facts.plain("bootstrapEnabled").and_then(Value::as_bool) != Some(false);
        let behaviour_only = !facts.configuration.settings.is_empty()
            && facts
                .configuration
                .settings
                .keys()
                .all(|name| facts.pack.keys.get(name).is_some_and(|k| k.app_behaviour));
        let written = facts.configuration.get("inferenceProvider").and_then(Value::as_str);
        let unknown;
        let text = if let Some(written) = written.filter(|w| !w.is_empty()) {
            let shown = line::seen(written, 40);
            let message = format!(
                "inferenceProvider is `{shown}`, which app {} does not know yet, so it has no inference to use",
                facts.version
            );
            costs(facts, config, list, "unknown-provider", message, "inferenceProvider");
            unknown = format!(
                "App {} does not know the inference provider {shown}, so no inference host is listed.",
                facts.version
            );
            unknown.as_str()
        } else if bootstrap {
            "The inference provider comes with the served configuration, so no inference host is listed here."
        } else if behaviour_only {
            "This configuration only sets how the app behaves and names no inference provider, so no inference host is listed."
        } else if facts.is_unreadable("inferenceProvider") {
            // Its reader said what is wrong with the value; that it is not set is not true.
            "The value of inferenceProvider cannot be used, so no inference host is listed or tested."
        } else {
            let message = "inferenceProvider is not set, and neither is bootstrapUrl; without one of them the app does not use third-party inference. Set inferenceProvider and the keys of that provider";
            add(
                facts,
                list,
                LintId::NO_PROVIDER.as_str(),
                Severity::Warning,
                message.to_owned(),
                Some("inferenceProvider"),
            );
            "No inference provider is configured, so no inference host is listed or tested."
        };
        list.note(Note {
            id: NoteId::NO_PROVIDER.into(),
            text: text.into(),
            keys: vec!["inferenceProvider".into()],
        });
        return;
    };
    let Some(provider) = credentials.provider(id) else {
        let known: Vec<&str> = credentials.providers.iter().map(|p| p.id.as_str()).collect();
        let shown = line::seen(id, 40);
        let message = format!("inferenceProvider is `{shown}`, which is not one of {}", known.join(", "));
        costs(facts, config, list, "unknown-provider", message, "inferenceProvider");
        return;
    };
    for key in provider.requires.iter().filter(|k| facts.plain(k).is_none()) {
        let message = format!("the provider {} needs {key}, which is not set", provider.title);
        costs(facts, config, list, "missing-key", message, key);
    }
    if facts.credential() == NO_CREDENTIAL {
        let message = format!(
            "no credential for {} is configured; set a key, a helper or a sign-in, or inferenceCredentialKind",
            provider.title
        );
        add(facts, list, "no-credential", Severity::Warning, message, None);
    }
}

/// Keys that this version does not read are left out of the derivation, so the reader must know.
fn unread_keys(facts: &Facts<'_>, list: &mut List<'_>) {
    for name in facts.configuration.settings.keys() {
        let Some(key) = facts.pack.keys.get(name) else { continue };
        let (when, version) = match key.versions().position(facts.version) {
            Position::Before(since) => ("is read from app version", since),
            Position::After(until) => ("is no longer read since app version", until),
            Position::Inside => continue,
        };
        let message =
            format!("{name} {when} {version}; the list is for {}, so the key is ignored", facts.version);
        add(facts, list, "key-not-read", Severity::Info, message, Some(name));
    }
}

/// An error without whose correction the provider has no host, or none that works.
fn costs(facts: &Facts<'_>, config: Option<&str>, list: &mut List<'_>, id: &str, message: String, key: &str) {
    let lint = remark(facts, id, Severity::Error, message, Some(key));
    if let Some(feature) = facts.pack.lints.costs(id) {
        let config = config.map(str::to_owned);
        list.lacks(Missing { config, ..Missing::new(feature, Need::Required, &lint) });
    }
    list.lint(lint);
}

/// Whether this version reads the key.
fn is_read(facts: &Facts<'_>, name: &str) -> bool {
    facts.pack.keys.get(name).is_some_and(|key| {
        key.since.as_ref().is_none_or(|s| facts.version >= s)
            && key.until.as_ref().is_none_or(|u| facts.version < u)
    })
}

/// What is known of the key's value, where this version reads the key and does not know the value yet.
fn too_new<'a>(facts: &Facts<'a>, name: &str) -> Option<&'a VersionedValue> {
    let key = facts.pack.keys.get(name).filter(|_| is_read(facts, name))?;
    let value = facts.configuration.get(name)?;
    key.values_by_version.iter().find(|bounds| {
        let wanted = Some(bounds.value.as_str());
        let is_there = match value {
            Value::List(items) if !bounds.at.is_empty() => {
                items.iter().any(|item| item.at(&bounds.at).and_then(Value::as_str) == wanted)
            }
            _ => value.at(&bounds.at).and_then(Value::as_str) == wanted,
        };
        is_there && bounds.since.as_ref().is_some_and(|s| facts.version < s)
    })
}

/// Values that this version does not know yet count as unset, so the reader must know.
fn unknown_values(facts: &Facts<'_>, list: &mut List<'_>) {
    for name in facts.configuration.settings.keys() {
        let Some(bounds) = too_new(facts, name) else { continue };
        let (Some(since), version) = (&bounds.since, facts.version) else { continue };
        let member = if bounds.at.is_empty() { String::new() } else { format!(".{}", bounds.at) };
        let counts = match &bounds.before {
            Some(before) => format!("{version} takes it as {before}"),
            None => format!("to {version} it is not set"),
        };
        let instead = bounds.instead.as_ref().map(|i| format!(". {i}")).unwrap_or_default();
        let message = format!(
            "{name}{member} is {}, which the app reads since {since}; {counts}{instead}",
            wording::value(&Value::Text(bounds.value.to_string()))
        );
        add(facts, list, TOO_NEW, Severity::Warning, message, Some(name));
    }
    let kind = facts.plain(CREDENTIAL_KIND).and_then(Value::as_str);
    let provider = facts.provider().and_then(|p| facts.pack.credentials.provider(p));
    if let (Some(kind), Some(provider)) = (kind, provider)
        && let Some(since) = provider.kinds_since.get(kind).filter(|s| facts.version < *s)
    {
        let message = format!(
            "{CREDENTIAL_KIND} is {}, which the app reads for {} since {since}; to {} it is not set, and the other keys decide",
            wording::value(&Value::Text(kind.to_owned())),
            provider.title,
            facts.version
        );
        add(facts, list, TOO_NEW, Severity::Warning, message, Some(CREDENTIAL_KIND));
    }
}

const TOO_NEW: &str = "value-too-new";
const CREDENTIAL_KIND: &str = "inferenceCredentialKind";

fn add(
    facts: &Facts<'_>,
    list: &mut List<'_>,
    id: &str,
    severity: Severity,
    message: String,
    key: Option<&str>,
) {
    list.lint(remark(facts, id, severity, message, key));
}

fn remark(facts: &Facts<'_>, id: &str, severity: Severity, message: String, key: Option<&str>) -> Lint {
    let settings = &facts.configuration.settings;
    // What is missing is missed by the provider, so its line is where to begin.
    let place = key.and_then(|k| settings.get(k)).or_else(|| settings.get("inferenceProvider"));
    let origin = place.map(|s| s.origin.clone());
    Lint { id: id.to_owned(), severity, message, key: key.map(str::to_owned), origin }
}
