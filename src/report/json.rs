//! What every JSON document shares: one serialiser, which makes all text safe to print.

use serde_json::Value;

use super::sanitise;
use crate::contract::ids::NoteId;
use crate::derive::Requirements;
use crate::rules::age::Age;

/// What a document says of the rules that it was made by: what stands before everything else in the other outputs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standing<'a> {
    /// How old they are.
    pub age: Option<Age>,
    /// That they do not cover the app.
    pub not_known: Option<&'a str>,
}

impl<'a> Standing<'a> {
    /// What is known of the rules of a list.
    pub fn of(list: &'a Requirements) -> Self {
        let not_known = list.notes.iter().find(|n| n.id == NoteId::NOT_KNOWN).map(|n| n.text.as_str());
        Self { age: list.rules_age, not_known }
    }

    /// Rules of this age.
    pub const fn aged(age: Option<Age>) -> Self {
        Self { age, not_known: None }
    }
}

/// Serialises a document that says how its rules stand.
pub(super) fn standing(document: &impl serde::Serialize, rules: Standing<'_>) -> String {
    self::document(&standing_value(document, rules))
}

/// The same for a document of somebody else's form, whose own members are at `place` (a JSON pointer).
pub(super) fn standing_in(mut document: Value, place: &str, rules: Standing<'_>) -> String {
    if let Some(own) = document.pointer_mut(place) {
        *own = standing_value(own, rules);
    }
    self::document(&document)
}

/// The same on one line, without a line feed.
pub(super) fn compact(document: &impl serde::Serialize, rules: Standing<'_>) -> String {
    let mut value = standing_value(document, rules);
    clean(&mut value);
    serde_json::to_string(&value).unwrap_or_default()
}

fn standing_value(document: &impl serde::Serialize, rules: Standing<'_>) -> Value {
    let mut value = serde_json::to_value(document).unwrap_or_default();
    if let Value::Object(map) = &mut value {
        if let Some(age) = rules.age {
            map.insert("rules_age_days".to_owned(), age.days.into());
            if let Some(text) = age.warning() {
                map.insert("rules_old".to_owned(), text.into());
            }
        }
        if let Some(text) = rules.not_known {
            map.insert("not_known".to_owned(), text.into());
        }
    }
    value
}

/// The same on one line.
pub(super) fn one_line(document: &Value) -> String {
    let mut value = document.clone();
    clean(&mut value);
    format!("{value}\n")
}

/// Serialises a document, with every text of it made safe to print.
pub(super) fn document(document: &impl serde::Serialize) -> String {
    // Infallible: every map key is a string.
    let mut value = serde_json::to_value(document).unwrap_or_default();
    clean(&mut value);
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

/// A row of a document of rows: one line, with every text of it made safe to print.
pub(super) fn line(row: &impl serde::Serialize) -> String {
    let mut value = serde_json::to_value(row).unwrap_or_default();
    clean(&mut value);
    let mut text = serde_json::to_string(&value).unwrap_or_default();
    text.push('\n');
    text
}

/// JSON escapes only the oldest control characters; a terminal that shows the document would act
/// on the others.
fn clean(value: &mut Value) {
    match value {
        Value::String(text) => {
            let safe = sanitise::block(text);
            if safe != *text {
                *text = safe;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(map) => {
            if map.keys().any(|k| sanitise::block(k) != *k) {
                *map = std::mem::take(map).into_iter().map(|(k, v)| (sanitise::block(&k), v)).collect();
            }
            map.values_mut().for_each(clean);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
