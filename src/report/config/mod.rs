//! What the renderings of `clearway config` share: one configuration in effect, and its values as
//! they may be shown.

pub mod json;
pub mod junit;
pub mod sarif;
pub mod text;

use std::collections::HashMap;

use crate::config::{Configuration, Lint, Origin, Value, secret::NOT_INCLUDED};
use crate::contract::{AppVersion, Platform, Severity};
use crate::derive::Missing;
use crate::lint::Connection;
use crate::rules::KeyPath;
use crate::rules::keys::{Key, KeyCatalogue};

/// One configuration as one app version takes it, with everything found about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Effective {
    /// The configuration.
    pub configuration: Configuration,
    /// Provider and credential.
    pub connection: Connection,
    /// What is wrong or noteworthy, the worst first.
    pub lint: Vec<Lint>,
    /// The hosts that its errors cost.
    pub missing: Vec<Missing>,
    /// The platform it is looked at for.
    pub platform: Platform,
    /// Nothing said which platform it is, and this machine's was taken.
    pub platform_assumed: bool,
    /// The app version it is looked at for.
    pub app_version: AppVersion,
}

impl Effective {
    /// How many findings have this weight.
    pub fn count(&self, severity: Severity) -> usize {
        self.lint.iter().filter(|l| l.severity == severity).count()
    }

    /// The keys that are set, in the catalogue's order.
    pub(super) fn keys<'a>(&'a self, catalogue: &'a KeyCatalogue) -> Vec<&'a Key> {
        catalogue.keys.iter().filter(|k| self.configuration.settings.contains_key(k.name.as_str())).collect()
    }

    /// Whether this app version reads the key.
    pub(super) fn reads(&self, key: &Key) -> bool {
        key.versions().contains(&self.app_version)
    }

    /// What the app takes when the key is absent, where that is documented.
    pub(super) fn default(&self, key: &Key, catalogue: &KeyCatalogue) -> Option<Value> {
        let path = KeyPath::resolve(&key.name, None, catalogue).ok()?;
        path.default_for(&self.app_version).cloned()
    }
}

/// What stands in the place of a secret.
const SECRET: &str = "[secret]";

/// A value as JSON that may be shown: no secret. What may be a token in other values was left out before.
pub(super) fn shown(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Bool(b) => Json::Bool(*b),
        Value::Integer(n) => Json::from(*n),
        Value::Number(text) => serde_json::from_str::<serde_json::Number>(text)
            .map_or_else(|_| Json::from(text.as_str()), Json::Number),
        Value::Text(text) => Json::String(text.clone()),
        Value::Secret(secret) if secret.is_empty() => Json::String(String::new()),
        Value::Secret(secret) if !secret.is_included() => Json::String(NOT_INCLUDED.to_owned()),
        Value::Secret(_) => Json::String(SECRET.to_owned()),
        Value::List(items) => Json::Array(items.iter().map(shown).collect()),
        Value::Map(map) => Json::Object(map.iter().map(|(k, v)| (k.clone(), shown(v))).collect()),
    }
}

/// Names that are given once each: two models may have the same finding, and readers take two of one name for one.
#[derive(Default)]
pub(super) struct Numbered(HashMap<String, usize>);

impl Numbered {
    /// The name, from the second time on with its number behind `mark`.
    pub fn once(&mut self, name: String, mark: char) -> String {
        let place = self.0.entry(name.clone()).or_default();
        *place += 1;
        if *place == 1 { name } else { format!("{name}{mark}{place}") }
    }
}

/// Where a value stands, in one line.
pub(super) fn place(origin: &Origin) -> String {
    let line = origin.line.map(|line| format!(", line {line}")).unwrap_or_default();
    format!("{}{line}, {}", origin.source, origin.path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[test]
    fn a_secret_is_a_mark() {
        assert_eq!(shown(&Value::Secret(Secret::new("x"))), "[secret]");
        assert_eq!(shown(&Value::Secret(Secret::new(NOT_INCLUDED))), NOT_INCLUDED);
    }
}
