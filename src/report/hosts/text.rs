//! The list as text: by feature, one host a line, with what it is for and what removes it.

use crate::contract::FeatureInfo;
use crate::contract::ids::NoteId;
use crate::contract::{Need, Network};
use crate::derive::Requirements;
use crate::document::hosts::{HostEntry, HostGroup};
use crate::report::hosts::{list, networks, sources};
use crate::report::incomplete;
use crate::report::layout::{Page, Paint, Style};
use crate::report::parts;
use crate::report::sanitise;
use crate::report::words;
use crate::text::page::{columns, pad};

/// Widest column of hosts; a longer name has its purpose on the next line.
const HOST_COLUMNS: usize = 38;

/// The list for a terminal. Groups with required hosts come first, then the order of `features`.
/// With `style.quiet` only the groups.
pub fn render(requirements: &Requirements, features: &[FeatureInfo], style: &Style) -> String {
    let mut page = Page::new(style);
    incomplete::page(&mut page, requirements);
    if !style.quiet {
        head(&mut page, requirements);
    }
    let groups = list::groups(requirements, features);
    for group in &groups {
        let stops = features.iter().find(|f| f.id == group.feature).map_or("", |f| f.stops.as_str());
        write_group(&mut page, group, stops, requirements);
    }
    if groups.is_empty() {
        page.heading("No host is needed.");
    }
    let unbounded = list::unbounded(requirements);
    if !unbounded.is_empty() {
        page.heading("CANNOT BE LISTED");
        for (requirement, why) in unbounded {
            let purpose =
                crate::text::english::joined(requirement.reasons.iter().map(|r| r.purpose.as_str()));
            let text = format!("{}: {purpose}. {why}", words::endpoint_of(requirement));
            page.hang("  - ", Paint::None, &sanitise::line(&text, sanitise::LONG));
        }
    }
    if style.quiet {
        return page.into_text();
    }
    parts::notes(
        &mut page,
        requirements.notes.iter().filter(|n| Some(*n) != requirements.without_provider()),
    );
    let loopback = list::loopback(requirements);
    if !loopback.is_empty() && !requirements.notes.iter().any(|n| n.id == NoteId::LOOPBACK) {
        page.heading("ON THIS DEVICE");
        let text =
            format!("{}: no firewall rule is needed; `clearway check` probes it.", loopback.join(", "));
        page.hang("  - ", Paint::None, &text);
    }
    let by_address = networks::remarks(requirements);
    if !by_address.is_empty() {
        page.heading("A FIREWALL THAT KNOWS NO NAMES");
        by_address
            .iter()
            .for_each(|text| page.hang("  - ", Paint::None, &sanitise::line(text, sanitise::LONG)));
    }
    parts::lint(&mut page, &requirements.lint);
    page.into_text()
}

fn head(page: &mut Page<'_>, requirements: &Requirements) {
    page.heading("Hosts that Claude Desktop needs with this configuration");
    page.blank();
    parts::rows(page, &words::head(requirements, page.style.verbose));
    if let Some(note) = requirements.without_provider() {
        page.blank();
        page.hang("! ", Paint::Attention, &sanitise::line(&note.text, sanitise::LONG));
    }
    let lines = list::lines(requirements);
    let count = |need| lines.iter().filter(|l| l.need() == need).count();
    let text = format!(
        "{}: {} required, {} for one feature, {} optional. All on TCP 443 unless a port is shown. \
         `*.` means every name below, at any depth, and never the name itself.",
        words::hosts(lines.len()),
        count(Need::Required),
        count(Need::Feature),
        count(Need::Optional),
    );
    page.blank();
    page.hang("  ", Paint::None, &text);
}

fn write_group(page: &mut Page<'_>, group: &HostGroup, stops: &str, requirements: &Requirements) {
    page.heading(&sanitise::line(&group.title, 120));
    if !stops.is_empty() {
        page.hang("  When blocked: ", Paint::Faint, &sanitise::line(stops, sanitise::LONG));
    }
    // A setting that removes the whole group is said once.
    let shared = list::shared(group.hosts.iter().map(list::entry_removed_by)).flatten();
    if let Some(setting) = &shared {
        page.hang("  Removed by: ", Paint::Faint, &sanitise::line(setting, sanitise::LONG));
    }
    let sends = list::shared(group.hosts.iter().map(|h| h.sends.as_str()));
    let shown = |text: &str| sanitise::line(text, sanitise::LONG);
    if let Some(text) = sends.filter(|t| page.style.verbose && !t.is_empty()) {
        page.hang("  Sends: ", Paint::Faint, &shown(text));
    }
    // One name that is too long for the column does not widen it for the others.
    let widths = group.hosts.iter().map(|h| columns(&name(h)));
    let width = widths.filter(|w| *w <= HOST_COLUMNS).max().unwrap_or(HOST_COLUMNS);
    for entry in &group.hosts {
        let mut purpose = entry.purpose.clone();
        let mut facts: Vec<String> = Vec::new();
        facts.extend(words::transport(entry.transport).map(str::to_owned));
        if entry.network == Network::Internal {
            facts.push("internal network".into());
        }
        if shared.is_none() {
            facts.extend(list::entry_removed_by(entry).map(|s| format!("removed by {s}")));
        }
        facts.extend(networks::beside(requirements, &entry.host));
        if !facts.is_empty() {
            purpose = format!("{purpose} [{}]", facts.join("; "));
        }
        let purpose = sanitise::line(&purpose, sanitise::LONG);
        let need = format!("  {:8}  ", entry.need);
        let host = name(entry);
        if columns(&host) > width {
            page.hang(&need, paint(entry.need), &host);
            page.hang(&" ".repeat(columns(&need) + width + 2), Paint::None, &purpose);
        } else {
            // The need alone is painted; the host stands before the purpose, which hangs behind it.
            page.hang_after(&need, paint(entry.need), &format!("{}  ", pad(&host, width)), &purpose);
        }
        if page.style.verbose {
            let indent = format!("{}because ", " ".repeat(columns(&need)));
            page.hang(&indent, Paint::Faint, &shown(&reasons(entry)));
            if sends.is_none() && !entry.sends.is_empty() {
                let indent = format!("{}sends ", " ".repeat(columns(&need)));
                page.hang(&indent, Paint::Faint, &shown(&entry.sends));
            }
            let pages = sources::texts(requirements, &list::entry_tags(entry));
            if !pages.is_empty() {
                let indent = format!("{}source ", " ".repeat(columns(&need)));
                page.hang(&indent, Paint::Faint, &shown(&pages));
            }
        }
    }
}

fn name(entry: &HostEntry) -> String {
    crate::contract::endpoint::listed(&entry.host, entry.port)
}

/// Rules and keys, for `-v`.
fn reasons(entry: &HostEntry) -> String {
    let parts: Vec<String> = entry
        .because
        .iter()
        .map(|b| {
            let keys = if b.keys.is_empty() { String::new() } else { format!(" ({})", b.keys.join(", ")) };
            let config = b.config.as_deref().map_or_else(String::new, |c| format!(" for {c}"));
            format!("{}{keys}{config}", b.rule)
        })
        .collect();
    parts.join("; ")
}

const fn paint(need: Need) -> Paint {
    match need {
        Need::Required => Paint::Bold,
        Need::Feature => Paint::None,
        Need::Optional => Paint::Faint,
    }
}
