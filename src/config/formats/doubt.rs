//! Values that a document sets for some devices alone: under a condition of a script, or for the devices that a
//! policy picks. They are read, and it is said.

use std::collections::BTreeMap;

use super::{Document, Note};
use crate::config::error::shown;
use crate::contract::Severity;

/// Lines that a remark names.
const LINES: usize = 6;

/// One value that not every device gets.
#[derive(Debug)]
pub(crate) struct Doubt {
    pub line: u32,
    /// Its name, in any letter case.
    pub name: String,
    pub why: Why,
}

/// Why not every device gets a value.
#[derive(Debug)]
pub(crate) enum Why {
    /// It stands inside a condition, or takes a variable that does.
    Condition,
    /// Item-level targeting of a policy; what it looks at.
    Targeting(String),
}

impl Doubt {
    /// Values under conditions, by line and name.
    pub(crate) fn conditions(all: Vec<(u32, String)>) -> Vec<Self> {
        all.into_iter().map(|(line, name)| Self { line, name, why: Why::Condition }).collect()
    }
}

/// Puts a remark at each key of the document that has such a value.
pub(crate) fn say(doc: &mut Document, doubts: &[Doubt]) {
    let mut of_key: BTreeMap<&str, Vec<(&Doubt, &str)>> = BTreeMap::new();
    for doubt in doubts {
        let entries = doc.entries.iter().chain(doc.lost.iter().map(|(entry, _)| entry));
        let same = |name: &str, line: Option<u32>| {
            name.eq_ignore_ascii_case(&doubt.name) && line == Some(doubt.line)
        };
        if let Some(entry) = entries.into_iter().find(|e| same(&e.name, e.line)) {
            of_key.entry(&entry.name).or_default().push((doubt, &entry.path));
        }
    }
    let mut notes = Vec::new();
    for (name, doubts) in of_key {
        let Some((first, path)) = doubts.first() else { continue };
        let mut lines: Vec<u32> = doubts.iter().map(|(d, _)| d.line).collect();
        lines.sort_unstable();
        lines.dedup();
        let word = if lines.len() == 1 { "line" } else { "lines" };
        let lines: Vec<String> = lines.iter().take(LINES).map(u32::to_string).collect();
        let (lines, name) = (lines.join(", "), name.to_owned());
        let values = doc.entries.iter().filter(|e| e.name == name).count();
        let last = if values > 1 { "; of several values the last one is read here" } else { "" };
        let (id, message) = match &first.why {
            Why::Condition => (
                "conditional-value",
                format!(
                    "`{}` is set under a condition ({word} {lines}), so not every device gets this value; it is read as if the condition held{last}. Compare with what a device has",
                    shown(&name)
                ),
            ),
            Why::Targeting(filters) => (
                "targeted-value",
                format!(
                    "`{}` has item-level targeting ({filters}; {word} {lines}), so not every device gets this value; it is read as if the device were one of them{last}. Compare with what a device has",
                    shown(&name)
                ),
            ),
        };
        let (line, path) = (first.line, (*path).to_owned());
        notes.push(Note::at(id, Severity::Warning, message, Some(name), line, path));
    }
    doc.notes.extend(notes);
}
