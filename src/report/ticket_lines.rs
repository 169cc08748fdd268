//! What both kinds of ticket are made of: headings, bullets, labelled lines.

use super::sanitise;
use crate::text::page::wrap;

/// Columns of a ticket.
pub(super) const WIDTH: usize = 80;

/// A heading, underlined.
pub(super) fn heading(out: &mut String, text: &str) {
    out.push_str(&format!("\n{text}\n{}\n", "-".repeat(text.chars().count())));
}

/// One item.
pub(super) fn bullet(out: &mut String, text: &str) {
    labelled(out, "   - ", text);
}

/// `label` and a text, wrapped below the first letter of the text.
pub(super) fn labelled(out: &mut String, label: &str, text: &str) {
    let text = sanitise::line(text, sanitise::LONG);
    let indent = " ".repeat(label.chars().count());
    let room = WIDTH.saturating_sub(label.chars().count()).max(20);
    for (i, line) in wrap(&text, room, room).iter().enumerate() {
        let start = if i == 0 { label } else { &indent };
        out.push_str(format!("{start}{line}").trim_end());
        out.push('\n');
    }
}
