//! One change of a setting, and how a configuration looks with it.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::config::{Configuration, Origin, Secret, Setting, Value};
use crate::derive::options::Options;
use crate::derive::wording;

/// What a change makes of a key.
#[derive(Debug, Clone, PartialEq)]
pub enum To {
    /// Gives it this value.
    Value(Value),
    /// Gives it any address of the customer's own; the value stands for it.
    Own(Value),
    /// Removes the key.
    Unset,
    /// Adds this text to its list.
    With(String),
    /// Removes elements of its list: for each configuration, by name, the positions.
    Without(BTreeMap<String, Vec<usize>>),
    /// No key: the app is installed with the offline installer.
    OfflineInstaller,
}

/// One change of one setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The key, or a dotted path into its object; empty for what is no key.
    pub key: String,
    /// What becomes of it.
    pub to: To,
    /// In words: `disableAutoUpdates = true`.
    pub text: String,
    /// The documentation names this switch for this purpose.
    pub documented: bool,
}

// No two changes have the same text and different effects, so texts compare changes.
impl Eq for Change {}

/// A host name of nobody's (RFC 6761), which stands for an address the customer would choose.
pub(super) const OWN_HOST: &str = "your-own-host.example";

impl Change {
    pub(super) fn value(key: &str, value: Value, documented: bool) -> Self {
        let text = format!("{key} = {}", wording::value(&value).replace('"', ""));
        Self { key: key.to_owned(), to: To::Value(value), text, documented }
    }

    pub(super) fn own(key: &str, value: Value) -> Self {
        let text = format!("{key} set to an address of your own");
        Self { key: key.to_owned(), to: To::Own(value), text, documented: false }
    }

    pub(super) fn set(key: &str) -> Self {
        let text = format!("{key} set");
        Self { key: key.to_owned(), to: To::Own(Value::Secret(Secret::new("x"))), text, documented: false }
    }

    pub(super) fn unset(key: &str, documented: bool) -> Self {
        Self { key: key.to_owned(), to: To::Unset, text: format!("{key} not set"), documented }
    }

    pub(super) fn offline_installer() -> Self {
        let text = "the app installed with the offline installer (--offline-installer)".to_owned();
        Self { key: String::new(), to: To::OfflineInstaller, text, documented: true }
    }

    pub(super) fn with(key: &str, word: &str) -> Self {
        let text = format!("{key} with {word} added");
        Self { key: key.to_owned(), to: To::With(word.to_owned()), text, documented: false }
    }

    pub(super) fn without(key: &str, positions: BTreeMap<String, Vec<usize>>, shown: &str) -> Self {
        let text = format!("{key} without {shown}");
        Self { key: key.to_owned(), to: To::Without(positions), text, documented: true }
    }

    /// Carries the change out, on every configuration that can have it.
    pub fn apply(&self, configurations: &mut [Configuration], options: &mut Options) {
        let (key, path) = self.key.split_once('.').unwrap_or((&self.key, ""));
        for configuration in configurations {
            match &self.to {
                To::OfflineInstaller => options.offline_installer = true,
                To::Unset => {
                    configuration.settings.remove(key);
                }
                To::Value(value) | To::Own(value) => {
                    let origin =
                        Origin { source: configuration.name.clone(), line: None, path: self.key.clone() };
                    let setting = configuration.settings.entry(key.to_owned()).or_insert_with(|| Setting {
                        value: Value::Map(BTreeMap::new()),
                        origin,
                        raw: None,
                    });
                    set(&mut setting.value, path, value.clone());
                }
                To::With(word) => {
                    let origin =
                        Origin { source: configuration.name.clone(), line: None, path: key.to_owned() };
                    let setting = configuration.settings.entry(key.to_owned()).or_insert_with(|| Setting {
                        value: Value::List(Vec::new()),
                        origin,
                        raw: None,
                    });
                    if let Value::List(items) = &mut setting.value {
                        items.push(Value::Text(word.clone()));
                    }
                }
                To::Without(positions) => {
                    let Some(positions) = positions.get(&configuration.name) else { continue };
                    if let Some(Setting { value: Value::List(items), .. }) =
                        configuration.settings.get_mut(key)
                    {
                        let mut at = 0_usize;
                        items.retain(|_| {
                            at += 1;
                            !positions.contains(&(at - 1))
                        });
                    }
                }
            }
        }
    }
}

/// Sets a member of an object, or the value itself when the path is empty.
fn set(target: &mut Value, path: &str, value: Value) {
    if path.is_empty() {
        *target = value;
        return;
    }
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    if !matches!(target, Value::Map(_)) {
        *target = Value::Map(BTreeMap::new());
    }
    if let Value::Map(members) = target {
        set(members.entry(first.to_owned()).or_insert_with(|| Value::Map(BTreeMap::new())), rest, value);
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            text: &'a str,
            action: &'static str,
            #[serde(skip_serializing_if = "str::is_empty")]
            key: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            value: Option<serde_json::Value>,
            #[serde(skip_serializing_if = "Option::is_none")]
            positions: Option<&'a BTreeMap<String, Vec<usize>>>,
            documented: bool,
        }
        let (action, value, positions) = match &self.to {
            To::Value(v) => ("set", Some(json(v)), None),
            To::Own(v) => ("set-own", Some(json(v)), None),
            To::With(word) => ("add", Some(word.as_str().into()), None),
            To::Unset => ("unset", None, None),
            To::Without(positions) => ("without", None, Some(positions)),
            To::OfflineInstaller => ("offline-installer", None, None),
        };
        Shape { text: &self.text, action, key: &self.key, value, positions, documented: self.documented }
            .serialize(serializer)
    }
}

/// A value of a change as JSON. Changes are made of words of the rules and elements of lists of text,
/// never of secrets; one would be left out.
fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(b) => (*b).into(),
        Value::Integer(i) => (*i).into(),
        Value::Number(t) | Value::Text(t) => t.as_str().into(),
        Value::Secret(_) => serde_json::Value::Null,
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(members) => members.iter().map(|(k, v)| (k.clone(), json(v))).collect(),
    }
}
