//! `--format json`: the documents that scripts rely on, and the way back from a report to a run.

mod answers;
mod calls;
mod check;
mod compared;
mod config;
mod read;

pub use answers::{diff, explain, rules, sandbox};
pub use check::check;
pub use compared::{between, compare};
pub use config::config;
pub use read::{ReadError, read_check};

use serde_json::Value;

use super::{FeatureInfo, sanitise};
use crate::derive::Requirements;
use crate::derive::document::to_document;

/// The list as `clearway.hosts/1`, ending in a line feed.
pub fn hosts(requirements: &Requirements, features: &[FeatureInfo]) -> String {
    document(&to_document(requirements, features))
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
