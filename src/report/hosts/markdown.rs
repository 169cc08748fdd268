//! `--format markdown`: for a wiki page or a change request.

use crate::contract::FeatureInfo;
use crate::contract::Network;
use crate::derive::Requirements;
use crate::derive::incomplete;
use crate::document::hosts::to_document;
use crate::report::hosts::{list, sources};
use crate::report::sanitise::{markdown as text, markdown_code as code};
use crate::report::words;

/// A title, the facts of the list, one table per feature, then notes, what cannot be listed and
/// the lint.
pub fn render(requirements: &Requirements, features: &[FeatureInfo]) -> String {
    let mut out = String::new();
    for (at, line) in incomplete::marks(requirements).iter().enumerate() {
        let line = text(line);
        out.push_str(&if at == 0 { format!("**{line}**\n\n") } else { format!("- {line}\n") });
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str("# Hosts that Claude Desktop needs\n\n");
    for (label, value) in words::head(requirements, true) {
        out.push_str(&format!("- {label}: {}\n", text(&value)));
    }
    let at_the_head = requirements.without_provider();
    if let Some(note) = at_the_head {
        out.push_str(&format!("\n**{}**\n", text(&note.text)));
    }
    out.push_str(
        "\nAll on TCP 443 unless a port is shown. `*.` means every name below, at any depth, and never the \
         name itself.\n",
    );
    for group in to_document(requirements, features).groups {
        let entries: Vec<_> = group.hosts.iter().filter(|e| list::is_line(e)).collect();
        if entries.is_empty() {
            continue;
        }
        out.push_str(&format!("\n## {}\n\n", text(&group.title)));
        if let Some(stops) = features.iter().find(|f| f.id == group.feature).map(|f| &f.stops) {
            out.push_str(&format!("{}\n\n", text(&format!("When blocked: {stops}"))));
        }
        let sends = list::shared(entries.iter().map(|e| e.sends.as_str()));
        if let Some(sentence) = sends.filter(|s| !s.is_empty()) {
            out.push_str(&format!("{}\n\n", text(&format!("Sends: {sentence}"))));
        }
        out.push_str("| Host | Need | Purpose | Removed by | Source |\n| --- | --- | --- | --- | --- |\n");
        for entry in entries {
            let mut purpose = text(&entry.purpose);
            if let Some(transport) = words::transport(entry.transport) {
                purpose.push_str(&format!(" ({transport})"));
            }
            if entry.network == Network::Internal {
                purpose.push_str(" (internal network)");
            }
            if sends.is_none() && !entry.sends.is_empty() {
                purpose.push_str(&text(&format!("; sends: {}", entry.sends)));
            }
            out.push_str(&format!(
                "| {} | {} | {purpose} | {} | {} |\n",
                code(&crate::contract::endpoint::listed(&entry.host, entry.port)),
                entry.need,
                list::entry_removed_by(entry).map_or_else(|| "no setting".into(), |s| code(&s)),
                sources::links(requirements, &list::entry_tags(entry)),
            ));
        }
    }
    let unbounded = list::unbounded(requirements);
    if !unbounded.is_empty() {
        out.push_str("\n## Cannot be listed\n\n");
        for (requirement, why) in unbounded {
            out.push_str(&format!("- {}: {}\n", code(&words::endpoint_of(requirement)), text(why)));
        }
    }
    let notes: Vec<_> = requirements.notes.iter().filter(|n| Some(*n) != at_the_head).collect();
    if !notes.is_empty() {
        out.push_str("\n## Notes\n\n");
        for note in notes {
            out.push_str(&format!("- {}\n", text(&note.text)));
        }
    }
    if !requirements.lint.is_empty() {
        out.push_str("\n## In the configuration\n\n");
        for lint in &requirements.lint {
            out.push_str(&format!("- {}: {}\n", lint.severity, text(&lint.message)));
        }
    }
    out
}
