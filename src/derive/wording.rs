//! Conditions and values in words: what must hold for a rule, and what a configuration says. A
//! secret is never among them.

use super::facts::Facts;
use crate::config::{Value, for_readers, masked};
use crate::contract::AppVersion;
use crate::rules::{Condition, KeyPath, Pack, Scope, Test};
use crate::text::visible::is_unseen;

/// Longest text of a value that is shown, in characters.
const SHOWN: usize = 60;

/// What a key says as a reader may see it, or that it is not set.
pub fn of_key(name: &str, value: Option<&Value>) -> String {
    value_or_unset(value.map(|v| for_readers(name, v)).as_ref())
}

/// A value as a reader may see it: one short line, secrets, queries of
/// addresses and the insides of objects left out.
pub fn value(value: &Value) -> String {
    match value {
        Value::Bool(b) => b.to_string(),
        Value::Integer(i) => i.to_string(),
        Value::Number(t) | Value::Text(t) => {
            let clean: String = masked(t).chars().filter(|c| !is_unseen(*c)).collect();
            if clean.chars().count() > SHOWN {
                let cut: String = clean.chars().take(SHOWN - 3).collect();
                format!("\"{cut}...\"")
            } else {
                format!("\"{clean}\"")
            }
        }
        Value::Secret(secret) if secret.is_unknown() => "(hidden)".into(),
        Value::Secret(_) => "(secret)".into(),
        Value::List(items) if items.is_empty() => "[]".into(),
        Value::List(items)
            if items.len() <= 4 && items.iter().all(|i| matches!(i, Value::Text(_) | Value::Secret(_))) =>
        {
            format!("[{}]", items.iter().map(self::value).collect::<Vec<_>>().join(", "))
        }
        Value::List(items) => {
            format!("a list of {} {}", items.len(), if items.len() == 1 { "entry" } else { "entries" })
        }
        Value::Map(members) => {
            format!("an object with {}", members.keys().cloned().collect::<Vec<_>>().join(", "))
        }
    }
}

/// [`value`], or `not set`.
pub fn value_or_unset(value: Option<&Value>) -> String {
    value.map_or_else(|| "not set".to_owned(), self::value)
}

/// How a path is written: `key`, `key.member`, or `member` of the entry.
pub fn path(path: &KeyPath) -> String {
    match path.scope {
        Scope::Entry => format!("the entry's {}", path.path),
        Scope::Configuration if path.path.is_empty() => path.key.to_string(),
        Scope::Configuration => format!("{}.{}", path.key, path.path),
    }
}

/// What must hold, as a clause: `modelCatalogUrl is not set and inferenceProvider is vertex`.
pub fn condition(condition: &Condition) -> String {
    clause(condition, true)
}

fn clause(condition: &Condition, holds: bool) -> String {
    let is = if holds { "is" } else { "is not" };
    match condition {
        Condition::Not(inner) => clause(inner, !holds),
        Condition::All(list) if list.is_empty() => if holds { "always" } else { "never" }.into(),
        Condition::Any(list) if list.is_empty() => {
            if holds { "something that the configuration does not say" } else { "always" }.into()
        }
        Condition::All(list) => join(list, holds, if holds { " and " } else { ", or " }),
        Condition::Any(list) => join(list, holds, if holds { ", or " } else { " and " }),
        Condition::Provider(words) => format!("inferenceProvider {is} {}", words.join(" or ")),
        Condition::Credential(words) => format!("the credential kind {is} {}", words.join(" or ")),
        Condition::Platform(list) => {
            let words: Vec<&str> = list.iter().map(|p| p.as_str()).collect();
            format!("the platform {is} {}", words.join(" or "))
        }
        Condition::OfflineInstaller(wanted) => if *wanted == holds {
            "the app came with the offline installer"
        } else {
            "the app did not come with the offline installer"
        }
        .into(),
        Condition::AdminConsole(wanted) => if *wanted == holds {
            "the device is managed by the admin console"
        } else {
            "the device is not managed by the admin console"
        }
        .into(),
        Condition::AppSince(version) => {
            if holds {
                format!("the app is {version} or newer")
            } else {
                format!("the app is older than {version}")
            }
        }
        Condition::Key(key, test) => {
            let name = path(key);
            match test {
                Test::Set(wanted) | Test::Given(wanted) => {
                    format!("{name} is {}set", if *wanted == holds { "" } else { "not " })
                }
                Test::Empty(wanted) => {
                    format!("{name} is {}an empty list", if *wanted == holds { "" } else { "not " })
                }
                // An unset boolean without a default counts as false, so `not true` says more than `false`.
                Test::Is(wanted) => format!("{name} is {}true", if *wanted == holds { "" } else { "not " }),
                Test::Equals(v) => format!("{name} {is} {}", value(v)),
                Test::OneOf(words) => format!("{name} {is} {}", words.join(" or ")),
                Test::StartsWithAny(words) => {
                    format!(
                        "{name} {} with {}",
                        if holds { "begins" } else { "does not begin" },
                        words.join(" or ")
                    )
                }
                Test::Contains(word) => {
                    format!("{name} {} {word}", if holds { "contains" } else { "does not contain" })
                }
                Test::Loopback(wanted) => {
                    format!(
                        "{name} {} this device",
                        if *wanted == holds { "points at" } else { "does not point at" }
                    )
                }
                Test::HostIs(names) => format!("the host of {name} {is} {}", names.join(" or ")),
            }
        }
    }
}

fn join(list: &[Condition], holds: bool, word: &str) -> String {
    let parts: Vec<String> = list
        .iter()
        .map(|c| {
            let text = clause(c, holds);
            let mixed = list.len() > 1 && matches!(c, Condition::All(l) | Condition::Any(l) if l.len() > 1);
            if mixed { format!("({text})") } else { text }
        })
        .collect();
    parts.join(word)
}

/// The parts of `condition` that do not hold, each with what the configuration says instead.
pub(crate) fn failing(facts: &Facts<'_>, condition: &Condition, entry: Option<&Value>) -> Vec<String> {
    if facts.holds(condition, entry) {
        return Vec::new();
    }
    match condition {
        Condition::All(list) => list.iter().flat_map(|c| failing(facts, c, entry)).collect(),
        _ => {
            let mut found: Vec<String> = Vec::new();
            collect_found(facts, condition, entry, &mut found);
            let text = self::condition(condition);
            vec![if found.is_empty() { text } else { format!("{text} ({})", found.join("; ")) }]
        }
    }
}

/// What the configuration says about everything that `condition` asks.
fn collect_found(facts: &Facts<'_>, condition: &Condition, entry: Option<&Value>, found: &mut Vec<String>) {
    let mut add = |text: String| {
        if !found.contains(&text) {
            found.push(text);
        }
    };
    match condition {
        Condition::All(list) | Condition::Any(list) => {
            list.iter().for_each(|c| collect_found(facts, c, entry, found));
        }
        Condition::Not(inner) => collect_found(facts, inner, entry, found),
        Condition::Provider(_) => add(match facts.provider() {
            Some(provider) => format!("it is {}", value(&Value::Text(provider.to_owned()))),
            None => "it is not set".into(),
        }),
        Condition::Credential(_) => add(format!("it is {}", facts.credential())),
        Condition::Platform(_) => add(format!("it is {}", facts.platform)),
        Condition::AppSince(_) => add(format!("it is {}", facts.version)),
        Condition::OfflineInstaller(_) | Condition::AdminConsole(_) => {}
        Condition::Key(key, _) => add(match (facts.raw(key, entry), key.default_for(facts.version)) {
            (Some(v), _) => format!("it is {}", value(v)),
            (None, _) if facts.unreadable(key).is_some() => {
                let counts = value_or_unset(facts.unreadable(key));
                format!("its value cannot be read, which counts as {counts}")
            }
            (None, Some(default)) => format!("it is not set, which means {}", value(default)),
            (None, None) if key.scope == Scope::Configuration && !key.is_read_by(facts.version) => {
                format!("app {} does not read it", facts.version)
            }
            (None, None) => "it is not set".into(),
        }),
    }
}

/// The tests of single keys anywhere in `condition`.
pub(crate) fn key_tests<'c>(condition: &'c Condition, found: &mut Vec<(&'c KeyPath, &'c Test)>) {
    match condition {
        Condition::All(list) | Condition::Any(list) => list.iter().for_each(|c| key_tests(c, found)),
        Condition::Not(inner) => key_tests(inner, found),
        Condition::Key(path, test) => found.push((path, test)),
        _ => {}
    }
}

/// The releases that `condition` asks for.
pub(crate) fn releases(condition: &Condition) -> Vec<&AppVersion> {
    match condition {
        Condition::All(list) | Condition::Any(list) => list.iter().flat_map(releases).collect(),
        Condition::Not(inner) => releases(inner),
        Condition::AppSince(version) => vec![version],
        _ => Vec::new(),
    }
}

/// The keys that decide the credential kind of a provider, beside the one that names it.
pub(crate) fn credential_keys<'p>(pack: &'p Pack, provider: &str) -> Vec<&'p str> {
    let mut tests = Vec::new();
    for rule in pack.credentials.provider(provider).into_iter().flat_map(|p| &p.rules) {
        key_tests(&rule.when, &mut tests);
    }
    let mut keys: Vec<&str> = Vec::new();
    for (path, _) in tests {
        if !keys.contains(&path.key.as_str()) {
            keys.push(&path.key);
        }
    }
    keys
}

/// The parts of `condition` that are decisions about the deployment as a whole and no single switch:
/// provider, credential kind, platform, admin console.
pub(crate) fn deployment(condition: &Condition) -> Vec<String> {
    match condition {
        Condition::All(list) => list.iter().flat_map(deployment).collect(),
        Condition::Provider(_)
        | Condition::Credential(_)
        | Condition::Platform(_)
        | Condition::AdminConsole(_) => {
            vec![self::condition(condition)]
        }
        Condition::Not(inner) if !deployment(inner).is_empty() => vec![self::condition(condition)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::config::Secret;

    #[test]
    fn a_secret_is_never_shown_and_objects_only_name_their_members() {
        let secret = Value::Secret(Secret::new("hunter2"));
        let members = [("headers".to_owned(), Value::Text("hunter2".into()))].into_iter().collect();
        for v in [secret.clone(), Value::Map(members), Value::List(vec![secret])] {
            assert!(!value(&v).contains("hunter2"), "{}", value(&v));
        }
    }

    #[test]
    fn conditions_read_as_sentences() {
        let provider = || Condition::Provider(vec!["vertex".into()]);
        let both =
            Condition::All(vec![provider(), Condition::Not(Box::new(Condition::Any(vec![provider()])))]);
        assert_eq!(condition(&both), "inferenceProvider is vertex and inferenceProvider is not vertex");
        assert_eq!(condition(&Condition::All(Vec::new())), "always");
    }
}
