//! The sandbox's list as text.

use crate::contract::FeatureInfo;
use crate::derive::Requirement;
use crate::derive::sandbox::{Disagreement, Sandbox};
use crate::report::incomplete;
use crate::report::layout::{Page, Paint, Style};
use crate::report::parts;
use crate::report::sanitise;
use crate::report::words;
use crate::text::english;
use crate::text::page::{columns, pad};

/// Hosts of one feature that are named without `-v`.
const SHOWN: usize = 6;

/// The sandbox's list for a terminal.
pub fn render(found: &Sandbox, features: &[FeatureInfo], style: &Style) -> String {
    let mut page = Page::new(style);
    incomplete::page(&mut page, &found.list);
    if !style.quiet {
        page.heading("Hosts that sessions may reach: the list of the app's own sandbox");
        page.blank();
        parts::rows(&mut page, &words::head(&found.list, style.verbose));
    }
    let hosts = &found.list.hosts;
    let configured =
        |r: &&Requirement| r.reasons.iter().any(|x| x.removed_by.as_deref().is_some_and(is_entry));
    let (own, added): (Vec<&Requirement>, Vec<&Requirement>) = hosts.iter().partition(|r| configured(r));
    entries(&mut page, "ADDED BY THE APP ITSELF", &added);
    entries(&mut page, "OPENED BY THE CONFIGURATION", &own);
    if hosts.is_empty() {
        page.heading("The list is empty: sessions reach no host.");
    }
    if !style.quiet {
        page.heading("WHAT THE LIST GOVERNS");
        for surface in &found.surfaces {
            let not = if surface.not.is_empty() { String::new() } else { format!(". Not: {}", surface.not) };
            page.hang(
                "  - ",
                Paint::None,
                &sanitise::line(&format!("{}: {}{not}.", surface.name, surface.governs), sanitise::LONG),
            );
        }
    }
    disagree(&mut page, "ALLOWED IN THE SANDBOX, NOT ON THE PERIMETER LIST", &found.sandbox_only, features);
    disagree(&mut page, "ON THE PERIMETER LIST, REFUSED TO SESSIONS", &found.perimeter_only, features);
    if !found.perimeter_only.is_empty() {
        page.hang(
            "  ",
            Paint::Faint,
            "The app itself reaches these; a shell, a package install or a web fetch in a session does not.",
        );
    }
    if !style.quiet {
        parts::notes(&mut page, &found.list.notes);
        parts::lint(&mut page, &found.list.lint);
    }
    page.into_text()
}

fn is_entry(removed_by: &str) -> bool {
    removed_by.ends_with("without this entry")
}

fn name(r: &Requirement) -> String {
    if r.unbounded.is_some() { "*".into() } else { crate::contract::endpoint::listed(&r.host, r.port) }
}

fn entries(page: &mut Page<'_>, heading: &str, list: &[&Requirement]) {
    if list.is_empty() {
        return;
    }
    page.heading(heading);
    let width = list.iter().map(|r| columns(&name(r))).max().unwrap_or(0).min(44);
    for r in list {
        let text: Vec<String> = r
            .reasons
            .iter()
            .map(|x| {
                let config = x.config.as_deref().map(|c| format!(", for {c}")).unwrap_or_default();
                format!("{} ({}{config})", x.purpose, x.confidence)
            })
            .collect();
        let text = sanitise::line(&text.join("; "), sanitise::LONG);
        let host = name(r);
        if columns(&host) > width {
            page.hang("  ", Paint::None, &host);
            page.hang(&" ".repeat(width + 4), Paint::None, &text);
        } else {
            page.hang(&format!("  {}  ", pad(&host, width)), Paint::None, &text);
        }
    }
}

fn disagree(page: &mut Page<'_>, heading: &str, list: &[Disagreement], features: &[FeatureInfo]) {
    if list.is_empty() {
        return;
    }
    page.heading(heading);
    let ids =
        FeatureInfo::order(features, list.iter().filter_map(|d| d.features.first().map(String::as_str)));
    for id in ids {
        let names: Vec<String> = list
            .iter()
            .filter(|d| d.features.first().is_some_and(|f| f == id))
            .map(|d| crate::contract::endpoint::listed(&d.host, d.port))
            .collect();
        let shown = if page.style.verbose { 1_000 } else { SHOWN };
        let text = format!("{}: {}", FeatureInfo::title_of(features, id), english::first(&names, shown));
        page.hang("  - ", Paint::None, &sanitise::line(&text, sanitise::LONG));
    }
}
