//! What logs say as Markdown, for a ticket or a page.

use crate::contract::Severity;
use crate::logs::{Cause, Report};
use crate::report::sanitise::{markdown as text, markdown_code as code};

/// Hosts and places of a row.
const SHOWN: usize = 5;

/// What logs say as Markdown.
pub fn render(report: &Report) -> String {
    let mut out = format!("# What the logs say\n\n{}\n", text(&super::summary(report)));
    if !report.causes.is_empty() {
        out.push_str("\n| | Message | Owner | How often | Hosts | Lines |\n|---|---|---|---|---|---|\n");
        for cause in &report.causes {
            out.push_str(&row(cause));
        }
    }
    for cause in report.causes.iter().filter(|c| c.severity != Severity::Info) {
        out.push_str(&format!("\n## {}\n\n{}\n", text(&cause.title), text(&cause.cause)));
        if !cause.remedy.is_empty() {
            out.push_str(&format!("\n{}\n", text(&cause.remedy)));
        }
        let codes: Vec<String> = cause.codes.iter().map(|c| code(c.as_str())).collect();
        if !codes.is_empty() {
            out.push_str(&format!("\nCodes: {}\n", codes.join(", ")));
        }
    }
    if !report.unknown.samples.is_empty() {
        out.push_str("\n## Errors that are not known\n\nWords that could name somebody are hidden.\n\n");
        for sample in &report.unknown.samples {
            let often = super::often(sample.count, sample.first, sample.last);
            out.push_str(&format!(
                "- {} ({}, {}:{})\n",
                text(&sample.text),
                text(&often),
                text(&sample.file),
                sample.line
            ));
        }
        if report.unknown.others > 0 {
            out.push_str(&format!("- {} others\n", report.unknown.others));
        }
    }
    if !report.next.is_empty() {
        out.push_str("\n## What settles it\n\n");
        for next in &report.next {
            out.push_str(&format!("- {}: {}\n", code(&next.command), text(&next.why)));
        }
    }
    out.push_str("\n## Read\n\n");
    for file in &report.files {
        out.push_str(&format!("- {}\n", text(&super::file(file))));
    }
    for remark in super::remarks(report) {
        out.push_str(&format!("- {}\n", text(&remark)));
    }
    out
}

fn row(cause: &Cause) -> String {
    let mark = match cause.severity {
        Severity::Error => "**error**",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    format!(
        "| {mark} | {} ({}) | {} | {} | {} | {} |\n",
        text(&cause.title),
        code(&cause.id),
        text(&super::whom(cause)),
        text(&super::often(cause.count, cause.first, cause.last)),
        text(&super::hosts(cause, SHOWN).unwrap_or_default()),
        text(&super::places(cause, SHOWN)),
    )
}
