//! What every JSON document shares: one serialiser, which makes all text safe to print.

use serde_json::Value;

use super::sanitise;
use crate::contract::ids::NoteId;
use crate::derive::Requirements;
use crate::rules::age::Age;

/// What stands before everything else in the other outputs, as fields of the document: how old the
/// rules are, and that they do not cover the app.
pub(super) fn stand(document: &mut Value, list: &Requirements) {
    let not_known = list.notes.iter().find(|n| n.id == NoteId::NOT_KNOWN).map(|n| n.text.as_str());
    put(document, not_known, list.rules_age);
}

fn put(document: &mut Value, not_known: Option<&str>, age: Option<Age>) {
    let Value::Object(map) = document else { return };
    if let Some(age) = age {
        map.insert("rules_age_days".to_owned(), age.days.into());
        if let Some(text) = age.warning() {
            map.insert("rules_old".to_owned(), text.into());
        }
    }
    if let Some(text) = not_known {
        map.insert("not_known".to_owned(), text.into());
    }
}

/// A document of this program with the age of the rules, and with what they do not know.
pub fn standing(text: &str, not_known: Option<&str>, age: Option<Age>) -> String {
    if not_known.is_none() && age.is_none() {
        return text.to_owned();
    }
    let mut value: Value = serde_json::from_str(text).unwrap_or_default();
    put(&mut value, not_known, age);
    document(&value)
}

/// A document of this program with what stands before everything else in `list`.
pub fn with_statements(text: &str, list: &Requirements) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap_or_default();
    stand(&mut value, list);
    document(&value)
}

/// A document of this program with the age of the rules.
pub fn aged(text: &str, age: Option<Age>) -> String {
    standing(text, None, age)
}

/// Serialises a document, with every text of it made safe to print.
pub(super) fn document(document: &impl serde::Serialize) -> String {
    // Serialising our own records fails only for maps with keys that are no text; there are none.
    let mut value = serde_json::to_value(document).unwrap_or_default();
    clean(&mut value);
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
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
