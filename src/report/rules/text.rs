//! A rule pack described, as text.

use crate::report::layout::{Page, Paint, Style};
use crate::report::parts;
use crate::report::sanitise;
use crate::rules::overview::{Overview, ReleaseChange};
use crate::text::english;
use crate::text::page::pad;

/// The description for a terminal; with `-v` every key of a release as well.
pub fn render(found: &Overview, style: &Style) -> String {
    let mut page = Page::new(style);
    let line = |text: &str| sanitise::line(text, sanitise::LONG);
    page.heading(&line(&found.name));
    page.blank();
    let from = found.folder.as_deref().map_or_else(
        || format!("built into Clearway {}", env!("CARGO_PKG_VERSION")),
        |folder| format!("{}; every file of it is sound", line(folder)),
    );
    let oldest = found.oldest_app_version.as_ref().map(|v| format!("{v} to ")).unwrap_or_default();
    let c = &found.counts;
    let replaced =
        format!("{}; the folder has none, so those of this program are used", found.built_in.join(", "));
    let built_in = (!found.built_in.is_empty()).then_some(("Built in", replaced));
    let rows: Vec<(&str, String)> = [("Date", line(&found.date)), ("From", from)]
        .into_iter()
        .chain(built_in)
        .chain([
            ("App", format!("{oldest}{}", found.newest_app_version)),
            (
                "Rules",
                format!(
                    "{} with hosts ({} documented, {} observed, {} inferred), {} remarks",
                    c.rules, c.documented, c.observed, c.inferred, c.remarks
                ),
            ),
            ("Keys", c.keys.to_string()),
            ("Providers", c.providers.to_string()),
        ])
        .collect();
    parts::rows(&mut page, &rows);
    page.heading("FEATURES");
    for f in &found.features {
        let prefix = format!("  {}  {:>3}  ", pad(&line(&f.feature), 24), f.rules);
        page.hang(&prefix, Paint::None, &line(&f.title));
    }
    page.heading("APP RELEASES THAT CHANGE THE LIST");
    for release in &found.releases {
        write_release(&mut page, release);
    }
    if !found.observed_builds.is_empty() {
        page.heading("BUILDS SEEN BY THIRD PARTIES");
        for build in &found.observed_builds {
            let prefix =
                format!("  {} {} ", pad(&build.version.to_string(), 10), pad(&line(&build.date), 11));
            let text = format!(
                "no release notes (observed); derived with the rules of {}",
                found.newest_app_version
            );
            page.hang(&prefix, Paint::None, &text);
        }
    }
    page.heading("SOURCES");
    for s in &found.sources {
        let head = format!("  {} ", pad(&line(&s.tag), 6));
        let used = if s.rules == 0 {
            String::new()
        } else {
            format!(", {}", english::count(s.rules, "rule", "rules"))
        };
        let address = s.url.as_deref().unwrap_or("address unknown");
        let read = if s.read.is_empty() { String::new() } else { format!(" (read {})", s.read) };
        page.hang(&head, Paint::None, &line(&format!("{}, {}{used}: {address}{read}", s.page, s.date)));
    }
    page.into_text()
}

fn write_release(page: &mut Page<'_>, r: &ReleaseChange) {
    let mut parts: Vec<String> = Vec::new();
    let mut add = |word: &str, names: &[String], many: usize| {
        if names.is_empty() {
            return;
        }
        parts.push(format!("{word} {}", english::first(names, many)));
    };
    let many = if page.style.verbose { 1_000 } else { 8 };
    add("rules begin:", &r.rules_begin, many);
    add("rules end:", &r.rules_end, many);
    add("other default:", &r.defaults_change, many);
    add("values begin:", &r.values_begin, many);
    add("keys end:", &r.keys_end, many);
    if page.style.verbose {
        add("keys begin:", &r.keys_begin, many);
    } else if !r.keys_begin.is_empty() {
        parts.push(english::count(r.keys_begin.len(), "new key", "new keys"));
    }
    if parts.is_empty() {
        if !page.style.verbose {
            return;
        }
        parts.push("no change of the rules".into());
    }
    let prefix = format!("  {} {} ", pad(&r.version.to_string(), 10), pad(&sanitise::line(&r.date, 20), 11));
    page.hang(&prefix, Paint::None, &sanitise::line(&parts.join("; "), sanitise::LONG));
}
