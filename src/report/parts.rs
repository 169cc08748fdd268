//! Parts that several text reports have: labelled rows, notes, findings about the configuration.

use super::layout::{Page, Paint};
use super::sanitise;
use crate::config::Lint;
use crate::contract::Severity;
use crate::derive::Note;
use crate::text::page::columns;

/// Label and value, one below the other.
pub(super) fn rows(page: &mut Page<'_>, rows: &[(&str, String)]) {
    let width = rows.iter().map(|(label, _)| columns(label)).max().unwrap_or(0);
    for (label, value) in rows {
        page.hang(&format!("  {label:width$}  "), Paint::Faint, value);
    }
}

pub(super) fn notes<'a>(page: &mut Page<'_>, notes: impl IntoIterator<Item = &'a Note>) {
    let mut notes = notes.into_iter().peekable();
    if notes.peek().is_none() {
        return;
    }
    page.heading("NOTES");
    for note in notes {
        page.hang("  - ", Paint::None, &sanitise::line(&note.text, sanitise::LONG));
    }
}

pub(super) fn lint(page: &mut Page<'_>, lint: &[Lint]) {
    if lint.is_empty() {
        return;
    }
    page.heading("IN THE CONFIGURATION");
    for one in lint {
        let (prefix, paint) = match one.severity {
            Severity::Error => ("  x error    ", Paint::Bad),
            Severity::Warning => ("  ! warning  ", Paint::Attention),
            Severity::Info => ("  - note     ", Paint::Faint),
        };
        let place = one.origin.as_ref().map_or_else(String::new, |o| {
            let line = o.line.map_or_else(String::new, |l| format!(":{l}"));
            let path = if o.path.is_empty() { String::new() } else { format!(", {}", o.path) };
            format!(" ({}{line}{path})", o.source)
        });
        page.hang(prefix, paint, &sanitise::line(&format!("{}{place}", one.message), sanitise::LONG));
    }
}
