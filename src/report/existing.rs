//! `hosts --against FILE`: what an existing allowlist lacks, as text and as JSON.

use serde_json::{Value, json};

use crate::contract::{Need, Network};
use crate::derive::Requirements;
use crate::firewall::HostRule;
use crate::firewall::existing::{Comparison, Listed};
use crate::report::incomplete;
use crate::report::json as documents;
use crate::report::layout::{Page, Paint, Style};
use crate::report::sanitise;
use crate::report::words;
use crate::text::english;
use crate::text::page::{columns, pad};

/// The value of `schema` in the document.
pub const SCHEMA: &str = "clearway.against/1";

/// Widest column of hosts.
const HOST_COLUMNS: usize = 38;

/// The comparison for a terminal. With `style.quiet` only what is missing.
pub fn text(result: &Comparison, list: &Requirements, file: &str, style: &Style) -> String {
    let mut page = Page::new(style);
    incomplete::page(&mut page, list);
    if !style.quiet {
        page.heading("An existing allowlist against what this configuration needs");
        page.blank();
        let name = sanitise::line(file, sanitise::SHORT);
        let entries = english::count(result.entries, "entry", "entries");
        page.hang(
            "  List  ",
            Paint::None,
            &format!("{name} (read as {}; {entries})", result.dialect.title()),
        );
    }
    page.blank();
    page.hang("  ", Paint::Bold, &summary(result));
    if !result.missing.is_empty() {
        page.heading("MISSING");
        let rules: Vec<(&HostRule, String)> = result
            .missing
            .iter()
            .map(|m| {
                let said: Vec<&str> = m.said().collect();
                let said = if said.is_empty() { String::new() } else { format!(" [{}]", said.join("; ")) };
                (&m.rule, format!("{}{said}", m.rule.purpose))
            })
            .collect();
        rows(&mut page, &rules);
    }
    if !result.conditional.is_empty() {
        page.heading("LET THROUGH ONLY WHERE IT DEPENDS ON MORE");
        let rules: Vec<(&HostRule, String)> = result
            .conditional
            .iter()
            .map(|c| {
                (
                    &c.rule,
                    format!("by {} (line {}); depends on: {}", c.by.text, c.by.line, c.depends.join("; ")),
                )
            })
            .collect();
        rows(&mut page, &rules);
    }
    if !style.quiet {
        if !result.covered.is_empty() {
            page.heading("COVERED BY A WILDCARD");
            let rules: Vec<(&HostRule, String)> = result
                .covered
                .iter()
                .map(|c| (&c.rule, format!("by {} (line {})", c.by.text, c.by.line)))
                .collect();
            rows(&mut page, &rules);
        }
        if !result.unneeded.is_empty() {
            page.heading("NOT NEEDED BY THIS CONFIGURATION");
            for entry in &result.unneeded {
                page.hang("  - ", Paint::None, &sanitise::line(&entry_text(entry), sanitise::SHORT));
            }
        }
        if !result.ignored.is_empty() {
            page.heading("NOT COMPARED");
            for ignored in &result.ignored {
                let text = format!("line {}, `{}`: {}", ignored.line, ignored.text, ignored.reason);
                page.hang("  - ", Paint::None, &sanitise::line(&text, sanitise::LONG));
            }
        }
        if !result.remarks.is_empty() {
            page.heading("TAKE CARE");
            for remark in &result.remarks {
                page.hang("  - ", Paint::None, &sanitise::line(remark, sanitise::LONG));
            }
        }
    }
    if !result.lint.is_empty() {
        page.heading("WHAT THIS MEANS FOR THE CONFIGURATION");
        for lint in &result.lint {
            let text = sanitise::line(&lint.message, sanitise::LONG);
            page.hang(&format!("  {}: ", lint.severity), Paint::Attention, &text);
        }
    }
    page.into_text()
}

fn summary(result: &Comparison) -> String {
    let conditional = result.conditional.len();
    let needed = result.listed.len() + result.covered.len() + conditional + result.missing.len();
    if result.missing.is_empty() && conditional == 0 {
        return format!("Nothing is missing: all {} are let through.", words::hosts(needed));
    }
    if result.missing.is_empty() {
        return format!(
            "No host is missing for certain; {conditional} of {} depend on more than names and ports.",
            words::hosts(needed)
        );
    }
    let of = |need| result.missing.iter().filter(|m| m.rule.need == need).count();
    format!(
        "{} of {} missing: {} required, {} for one feature, {} optional.{}",
        result.missing.len(),
        words::hosts(needed),
        of(Need::Required),
        of(Need::Feature),
        of(Need::Optional),
        if conditional > 0 {
            format!(" {conditional} depend on more than names and ports.")
        } else {
            String::new()
        }
    )
}

fn rows(page: &mut Page<'_>, rules: &[(&HostRule, String)]) {
    let widths = rules.iter().map(|(r, _)| columns(&r.to_string()));
    let width = widths.filter(|w| *w <= HOST_COLUMNS).max().unwrap_or(HOST_COLUMNS);
    for (rule, text) in rules {
        let need = format!("  {:8}  ", rule.need);
        let host = rule.to_string();
        let text = sanitise::line(text, sanitise::LONG);
        if columns(&host) > width {
            page.hang(&need, Paint::None, &host);
            page.hang(&" ".repeat(columns(&need) + width + 2), Paint::None, &text);
        } else {
            page.hang(&format!("{need}{}  ", pad(&host, width)), Paint::None, &text);
        }
    }
}

fn entry_text(entry: &Listed) -> String {
    let ports = if entry.ports.is_empty() || entry.ports == [(443, 443)] {
        String::new()
    } else {
        format!(", {}", entry.ports_text())
    };
    format!("{} (line {}{ports})", entry.text, entry.line)
}

/// The comparison as `clearway.against/1`.
pub fn json(result: &Comparison, list: &Requirements, file: &str) -> String {
    let host = |rule: &HostRule| -> Value {
        json!({
            "host": rule.names.to_string(),
            "port": rule.port,
            "transport": rule.transport,
            "need": rule.need,
            "network": if rule.network == Network::Internal { "internal" } else { "internet" },
            "features": rule.features,
            "purpose": rule.purpose,
        })
    };
    let entry = |entry: &Listed| -> Value {
        let ports: Vec<Value> = entry.ports.iter().map(|(from, to)| json!([from, to])).collect();
        json!({ "entry": entry.text, "line": entry.line, "ports": ports })
    };
    let with = |mut value: Value, key: &str, field: Value| -> Value {
        if let Some(object) = value.as_object_mut() {
            object.insert(key.to_owned(), field);
        }
        value
    };
    let document = json!({
        "schema": SCHEMA,
        "clearway": env!("CARGO_PKG_VERSION"),
        "file": file,
        "format": result.dialect,
        "entries": result.entries,
        "missing": result.missing.iter().map(|m| with(host(&m.rule), "near", m.said().collect())).collect::<Vec<_>>(),
        "covered": result.covered.iter().map(|c| with(host(&c.rule), "by", entry(&c.by))).collect::<Vec<_>>(),
        "conditional": result.conditional.iter().map(|c| {
            let value = with(host(&c.rule), "by", entry(&c.by));
            with(with(value, "depends", json!(c.depends)), "client_only", json!(c.client_only))
        }).collect::<Vec<_>>(),
        "listed": result.listed.iter().map(host).collect::<Vec<_>>(),
        "unneeded": result.unneeded.iter().map(entry).collect::<Vec<_>>(),
        "ignored": result.ignored.iter().map(|i| {
            json!({ "line": i.line, "text": i.text, "reason": i.reason })
        }).collect::<Vec<_>>(),
        "remarks": result.remarks,
        "lint": result.lint,
        "complete": list.is_complete(),
        "missing_hosts": list.missing,
    });
    documents::document(&document)
}
