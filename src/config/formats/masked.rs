//! Values that an export shows as `****` in their place: they are set, and nobody can tell to what.

use super::tree::Raw;
use super::{Document, Note};
use crate::config::error::shown;
use crate::contract::Severity;

/// Fewer of them may be a value.
const LEAST: usize = 3;
/// Deepest nesting that is looked at.
const DEPTH: usize = 16;

/// Whether a text is a mask and nothing else: asterisks or dots, as management services write them.
pub(crate) fn is_mask(text: &str) -> bool {
    let text = text.trim();
    let count = text.chars().count();
    count >= LEAST && ['*', '\u{2022}', '\u{25cf}'].iter().any(|m| text.chars().all(|c| c == *m))
}

fn holds_mask(raw: &Raw, depth: usize) -> bool {
    match raw {
        Raw::Text(text) => is_mask(text),
        Raw::List(items) => depth < DEPTH && items.iter().any(|i| holds_mask(i, depth + 1)),
        Raw::Map(members) => depth < DEPTH && members.iter().any(|m| holds_mask(&m.value, depth + 1)),
        _ => false,
    }
}

/// Takes masked values out of a document; each leaves a remark, and its key counts as set.
pub(crate) fn take_out(doc: &mut Document) {
    let (whole, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut doc.entries)
        .into_iter()
        .partition(|e| matches!(&e.raw, Raw::Text(text) if is_mask(text)));
    doc.entries = rest;
    for entry in whole {
        let message = format!(
            "`{}`: the export shows a mask in place of the value; read what a device has, or write the value itself",
            shown(&entry.name)
        );
        doc.notes.push(Note {
            key: Some(entry.name.clone()),
            line: entry.line,
            path: Some(entry.path),
            ..Note::whole("masked-value", Severity::Error, message)
        });
        doc.touched.push(entry.name.clone());
    }
    for entry in doc.entries.iter().filter(|e| holds_mask(&e.raw, 0)) {
        let message = format!(
            "`{}`: the export shows a mask in place of a part of the value; that part is not what a device has",
            shown(&entry.name)
        );
        doc.notes.push(Note {
            key: Some(entry.name.clone()),
            line: entry.line,
            path: Some(entry.path.clone()),
            ..Note::whole("masked-value", Severity::Warning, message)
        });
    }
}
