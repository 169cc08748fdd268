//! What a configuration connects to, and with whose credential.

use crate::config::Value;
use crate::derive::Facts;
use crate::rules::{Condition, Test};

/// Provider and credential of a configuration, as one app version takes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// The configured provider, whatever it says.
    pub provider: Option<String>,
    /// The provider's name, when it is a known one.
    pub title: Option<String>,
    /// The credential kind, or `none`.
    pub credential: String,
    /// The keys that decide the kind; none when it is what the provider has by itself.
    pub because: Vec<String>,
    /// Whether the kind was named by its own key; no other source is tried then.
    pub named: bool,
    /// A bootstrap server supplies what is not set here.
    pub served: bool,
    /// Keys that the provider cannot do without and that are not set.
    pub missing: Vec<String>,
}

/// Works out the connection.
pub fn connection(facts: &Facts<'_>) -> Connection {
    let credentials = &facts.pack.credentials;
    let provider = facts.provider().and_then(|id| credentials.provider(id));
    let kind = facts.credential();
    let set = facts.plain("inferenceCredentialKind").and_then(Value::as_str);
    let named = set.is_some_and(|s| s == kind);
    let mut because = Vec::new();
    if named {
        because.push("inferenceCredentialKind".to_owned());
    } else if let Some(rule) =
        provider.and_then(|p| p.rules.iter().find(|r| r.kind == kind && facts.holds(&r.when, None)))
    {
        deciding(facts, &rule.when, &mut because);
    }
    let served = facts.plain("bootstrapUrl").is_some()
        && facts.plain("bootstrapEnabled").and_then(Value::as_bool) != Some(false);
    Connection {
        provider: facts.provider().map(str::to_owned),
        title: provider.map(|p| p.title.to_string()),
        credential: kind.to_owned(),
        because,
        named,
        served,
        missing: provider.map_or_else(Vec::new, |p| {
            p.requires.iter().filter(|k| facts.plain(k).is_none()).map(String::from).collect()
        }),
    }
}

/// The keys that a condition wants to be set and that are.
fn deciding(facts: &Facts<'_>, condition: &Condition, keys: &mut Vec<String>) {
    match condition {
        Condition::All(list) | Condition::Any(list) => list.iter().for_each(|c| deciding(facts, c, keys)),
        Condition::Key(path, Test::Set(true)) if facts.raw(path, None).is_some() => {
            keys.push(path.key.to_string());
        }
        _ => {}
    }
}
