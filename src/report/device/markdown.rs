//! What is found on a device as Markdown, for a ticket or a page.

use crate::contract::Severity;
use crate::document::device::Examined;
use crate::report::sanitise::{markdown as text, markdown_code as code};
use crate::report::words;

/// What is found on a device as Markdown.
pub fn render(of: &Examined) -> String {
    let mut out = format!("# {}\n\n{}\n\n", super::word(of.report.verdict), text(&super::summary(of)));
    for (label, value) in super::head(of) {
        out.push_str(&format!("- {label}: {}\n", text(&value)));
    }
    if !of.report.findings.is_empty() {
        out.push_str("\n| | Found | Owner | Code |\n|---|---|---|---|\n");
        for finding in &of.report.findings {
            let mark = match finding.severity {
                Severity::Error => "**error**",
                Severity::Warning => "warning",
                Severity::Info => "note",
            };
            out.push_str(&format!(
                "| {mark} | {} | {} | {} |\n",
                text(&finding.summary),
                words::owner(finding.owner),
                code(finding.code.as_str())
            ));
        }
    }
    for finding in of.report.findings.iter().filter(|f| f.severity != Severity::Info) {
        out.push_str(&format!(
            "\n## {}\n\n{}\n\n{}\n\nSeen: {} ({})\n",
            code(finding.code.as_str()),
            text(&finding.summary),
            text(&finding.remedy),
            text(&finding.evidence.line),
            super::sureness(finding)
        ));
    }
    let not_run = super::not_run(&of.report.checks, false);
    if !not_run.is_empty() {
        out.push_str("\n## Not run\n\n");
        for one in not_run {
            out.push_str(&format!("- {}\n", text(&one)));
        }
    }
    out
}
