//! A comparison as text.

use crate::contract::FeatureInfo;
use crate::contract::Network;
use crate::derive::Requirements;
use crate::derive::diff::{Change, Diff, Line};
use crate::derive::incomplete;
use crate::report::layout::{Page, Paint, Style};
use crate::report::parts;
use crate::report::sanitise;
use crate::report::words;
use crate::text::english;

/// The comparison of two lists for a terminal, feature by feature.
pub fn render(
    found: &Diff,
    old: &Requirements,
    new: &Requirements,
    features: &[FeatureInfo],
    style: &Style,
) -> String {
    let mut page = Page::new(style);
    if !style.quiet {
        page.heading("What differs between the two lists");
        page.blank();
        let rows = [("Old", side(old, style)), ("New", side(new, style))];
        parts::rows(&mut page, &rows);
        page.blank();
        let text = format!(
            "{} added, {} removed, {} on both lists. An entry is a host, a port and what is spoken there.",
            english::count(found.hosts_added, "entry", "entries"),
            found.hosts_removed,
            found.hosts_kept
        );
        page.hang("  ", Paint::None, &text);
    }
    for (name, list) in [("Old", old), ("New", new)] {
        for line in incomplete::marks(list) {
            page.hang(&format!("! {name}  "), Paint::Attention, &line);
        }
    }
    if found.is_empty() {
        page.heading("The two lists are the same.");
    }
    for group in &found.groups {
        page.heading(&sanitise::line(&group.title, 120));
        for line in &group.lines {
            write_line(&mut page, line, features, "  ", None);
        }
    }
    if !style.quiet {
        notes(&mut page, found);
        let lint: Vec<_> = new
            .lint
            .iter()
            .filter(|l| !old.lint.iter().any(|o| o.id == l.id && o.message == l.message))
            .cloned()
            .collect();
        parts::lint(&mut page, &lint);
    }
    page.into_text()
}

fn notes(page: &mut Page<'_>, found: &Diff) {
    if found.notes.is_empty() {
        return;
    }
    page.heading("NOTES");
    for one in &found.notes {
        let (mark, paint) = match one.change {
            Change::Removed => ("  - removed  ", Paint::Bad),
            _ => ("  + added    ", Paint::Good),
        };
        let source = if one.sources.is_empty() {
            String::new()
        } else {
            format!(" (source {})", sanitise::line(&one.sources.join(", "), sanitise::SHORT))
        };
        page.hang(mark, paint, &format!("{}{source}", sanitise::line(&one.note.text, sanitise::LONG)));
    }
}

fn side(list: &Requirements, style: &Style) -> String {
    let names: Vec<String> = list
        .inputs
        .iter()
        .map(|i| {
            let hash = if style.verbose && !i.sha256.is_empty() {
                format!(" (sha256 {})", sanitise::line(&i.sha256, 64))
            } else {
                String::new()
            };
            format!("{}{hash}", sanitise::line(&i.name, sanitise::SHORT))
        })
        .collect();
    format!("{}, app {}, {}", names.join(", "), list.app_version, words::platforms(list, "assumed"))
}

/// One line, and why; `feature` is named where the lines of several stand together.
pub(in crate::report) fn write_line(
    page: &mut Page<'_>,
    line: &Line,
    features: &[FeatureInfo],
    indent: &str,
    feature: Option<&str>,
) {
    let (mark, paint) = match line.change {
        Change::Added => ("+ added  ", Paint::Good),
        Change::Removed => ("- removed", Paint::Bad),
        Change::Need => ("~ need   ", Paint::Attention),
        Change::Reasons => match (line.need_before, line.need_after) {
            (None, _) => ("~ also   ", Paint::Attention),
            (_, None) => ("~ less   ", Paint::Attention),
            _ => ("~ reasons", Paint::Attention),
        },
    };
    let mut facts: Vec<String> = Vec::new();
    match (line.need_before, line.need_after) {
        (Some(a), Some(b)) if a != b => facts.push(format!("{a} -> {b}")),
        (_, Some(need)) | (Some(need), None) => facts.push(need.to_string()),
        (None, None) => {}
    }
    facts.extend(words::transport(line.transport).map(str::to_owned));
    if line.network == Network::Internal {
        facts.push("internal network".into());
    }
    let alone = feature.is_none();
    let feature = feature.map(|f| format!("{f}, ")).unwrap_or_default();
    let host = match &line.unbounded {
        Some(text) => format!("any host ({text})"),
        None => crate::contract::endpoint::listed(&line.host, line.port),
    };
    let text = format!("{host} ({}): {feature}{}", facts.join("; "), line.purpose);
    page.hang(&format!("{indent}{mark}  "), paint, &sanitise::line(&text, sanitise::LONG));
    let deeper = format!("{indent}           ");
    let mut because = line.because.clone();
    if because.is_empty() && !line.keys.is_empty() {
        because.push(format!("keys {}", line.keys.join(", ")));
    }
    // Beside the one setting that was changed its name says enough.
    if alone && !because.is_empty() {
        page.hang(
            &format!("{deeper}because "),
            Paint::Faint,
            &sanitise::line(&because.join("; "), sanitise::LONG),
        );
    }
    if alone && !(line.rules_added.is_empty() && line.rules_removed.is_empty()) {
        let rules = |word: &str, ids: &[String]| {
            let noun = if ids.len() == 1 { "rule" } else { "rules" };
            (!ids.is_empty()).then(|| format!("{noun} {} {word}", ids.join(", ")))
        };
        let mut parts: Vec<String> = Vec::new();
        parts.extend(rules("added", &line.rules_added));
        parts.extend(rules("gone", &line.rules_removed));
        let text = format!("{}; source {}", parts.join(", "), line.sources.join(", "));
        page.hang(&deeper, Paint::Faint, &sanitise::line(&text, sanitise::LONG));
    }
    if !line.also_for.is_empty() {
        let titles: Vec<&str> = line.also_for.iter().map(|f| FeatureInfo::title_of(features, f)).collect();
        let word = if line.need_after.is_none() { "still needed for " } else { "was needed for " };
        page.hang(&format!("{deeper}{word}"), Paint::Faint, &titles.join(", "));
    }
}
