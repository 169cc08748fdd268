//! What is found on a device, as text.

use crate::contract::Severity;
use crate::device::{Finding, Status};
use crate::document::device::Examined;
use crate::report::layout::{Page, Paint, Style};
use crate::report::{parts, sanitise, words};

/// What is found on a device, for a terminal.
pub fn render(of: &Examined, style: &Style) -> String {
    let mut page = Page::new(style);
    let paint = match of.report.findings.first().map(|f| f.severity) {
        Some(Severity::Error) => Paint::Bad,
        Some(Severity::Warning) => Paint::Attention,
        _ => Paint::Bold,
    };
    page.hang(&format!("{}  ", super::word(of.report.verdict)), paint, &super::summary(of));
    if !style.quiet {
        page.blank();
        let rows: Vec<(&str, String)> = super::head(of).into_iter().map(|(l, v)| (l, line(&v))).collect();
        parts::rows(&mut page, &rows);
    }
    let (bad, other): (Vec<&Finding>, Vec<&Finding>) =
        of.report.findings.iter().partition(|f| f.severity != Severity::Info);
    if !bad.is_empty() {
        page.heading("IN THE WAY");
        for (n, finding) in bad.iter().enumerate() {
            if n > 0 && !style.quiet {
                page.blank();
            }
            write(&mut page, finding);
        }
    }
    if style.quiet {
        return page.into_text();
    }
    if !other.is_empty() {
        page.heading("FOR INFORMATION");
        for finding in other {
            page.hang("  - ", Paint::None, &line(&finding.summary));
            if style.verbose || !finding.remedy.is_empty() {
                page.hang("    ", Paint::None, &line(&finding.remedy));
            }
            page.hang("    ", Paint::Faint, &line(&format!("{} ({})", finding.evidence.line, finding.code)));
        }
    }
    page.heading("CHECKS");
    for check in &of.report.checks {
        let (prefix, paint, word) = match (check.status, check.findings) {
            (Status::NotRun, _) => ("  ? ", Paint::Attention, "not run"),
            (Status::Part, 0) => ("  ~ ", Paint::Attention, "nothing found in what was run"),
            (Status::Part, _) => ("  ~ ", Paint::Attention, "in part"),
            (Status::Run, 0) => ("  + ", Paint::Good, "nothing found"),
            (Status::Run, _) => ("  + ", Paint::Good, "run"),
        };
        page.hang(prefix, paint, &line(&format!("{}: {word}", check.title)));
    }
    let not_run = super::not_run(&of.report.checks, style.verbose);
    if !not_run.is_empty() {
        page.heading("NOT RUN");
        for one in not_run {
            page.hang("  - ", Paint::None, &line(&one));
        }
    }
    page.into_text()
}

/// One finding with its evidence.
pub(in crate::report) fn write(page: &mut Page<'_>, finding: &Finding) {
    let (prefix, paint) = match finding.severity {
        Severity::Error => ("  x ", Paint::Bad),
        Severity::Warning => ("  ! ", Paint::Attention),
        Severity::Info => ("  - ", Paint::None),
    };
    page.hang(prefix, paint, &line(&finding.summary));
    if page.style.quiet {
        return;
    }
    let mut rows = vec![("  Owner", words::owner(finding.owner).to_owned())];
    if !finding.remedy.is_empty() {
        rows.push(("  Do", line(&finding.remedy)));
    }
    rows.push(("  Seen", line(&finding.evidence.line)));
    rows.push(("  Code", format!("{} ({})", finding.code, super::sureness(finding))));
    parts::rows(page, &rows);
}

fn line(text: &str) -> String {
    sanitise::line(text, sanitise::LONG)
}
