//! What logs say, as text.

use crate::contract::Severity;
use crate::logs::{Cause, Report};
use crate::report::layout::{Page, Paint, Style};
use crate::report::parts;
use crate::report::sanitise;

/// Hosts and places that are shown without `-v`.
const SHOWN: usize = 3;

/// What logs say, for a terminal.
pub fn render(report: &Report, style: &Style) -> String {
    let mut page = Page::new(style);
    page.hang("", Paint::None, &super::summary(report));
    let (bad, other): (Vec<&Cause>, Vec<&Cause>) =
        report.causes.iter().partition(|c| c.severity != Severity::Info);
    if !bad.is_empty() {
        page.heading("CAUSES");
        for (n, cause) in bad.iter().enumerate() {
            if n > 0 && !style.quiet {
                page.blank();
            }
            write(&mut page, cause);
        }
    }
    if !report.unknown.samples.is_empty() && !style.quiet {
        unknown(&mut page, report);
    }
    if !other.is_empty() && !style.quiet {
        page.heading("FOR INFORMATION");
        for cause in other {
            let text = format!("{}: {}", cause.title, super::often(cause.count, cause.first, cause.last));
            page.hang("  - ", Paint::None, &line(&text));
            page.hang("    ", Paint::None, &line(&cause.cause));
        }
    }
    if !report.next.is_empty() {
        page.heading("WHAT SETTLES IT");
        for next in &report.next {
            page.hang("  - ", Paint::None, &line(&format!("{}: {}", next.command, next.why)));
        }
    }
    if !style.quiet {
        read(&mut page, report);
    }
    page.into_text()
}

fn line(text: &str) -> String {
    sanitise::line(text, sanitise::LONG)
}

fn write(page: &mut Page<'_>, cause: &Cause) {
    let (prefix, paint) = match cause.severity {
        Severity::Error => ("  x ", Paint::Bad),
        Severity::Warning => ("  ! ", Paint::Attention),
        Severity::Info => ("  - ", Paint::None),
    };
    let often = super::often(cause.count, cause.first, cause.last);
    page.hang(prefix, paint, &line(&format!("{} ({}): {often}", cause.title, cause.id)));
    if page.style.quiet {
        return;
    }
    let shown = if page.style.verbose { usize::MAX } else { SHOWN };
    let mut rows: Vec<(&str, String)> = vec![("  Means", line(&cause.cause))];
    rows.push(("  Owner", line(&super::whom(cause))));
    if !cause.remedy.is_empty() {
        rows.push(("  Do", line(&cause.remedy)));
    }
    rows.extend(super::hosts(cause, shown).map(|h| ("  Hosts", line(&h))));
    rows.push(("  Lines", line(&super::places(cause, shown))));
    if !cause.codes.is_empty() {
        let codes: Vec<&str> = cause.codes.iter().map(|c| c.as_str()).collect();
        rows.push(("  Codes", codes.join(", ")));
    }
    rows.extend(cause.next.first().map(|n| ("  Next", line(n))));
    parts::rows(page, &rows);
}

fn unknown(page: &mut Page<'_>, report: &Report) {
    page.heading("ERRORS THAT ARE NOT KNOWN (words that could name somebody are hidden)");
    for sample in &report.unknown.samples {
        let often = super::often(sample.count, sample.first, sample.last);
        let text = format!("{} ({often}, {}:{})", sample.text, sample.file, sample.line);
        page.hang("  ? ", Paint::Attention, &line(&text));
    }
    if report.unknown.others > 0 {
        page.hang("    ", Paint::None, &format!("{} others.", report.unknown.others));
    }
}

fn read(page: &mut Page<'_>, report: &Report) {
    page.heading("READ");
    let shown = if page.style.verbose { usize::MAX } else { 20 };
    for file in report.files.iter().take(shown) {
        page.hang("  - ", Paint::None, &line(&super::file(file)));
    }
    if let Some(more) = report.files.len().checked_sub(shown).filter(|n| *n > 0) {
        page.hang("    ", Paint::None, &format!("{more} more with -v."));
    }
    for remark in super::remarks(report) {
        page.hang("  ! ", Paint::Attention, &line(&remark));
    }
    if !page.style.verbose || report.lines.is_empty() {
        return;
    }
    page.heading("KNOWN LINES");
    for known in &report.lines {
        let time = known.time.map(|t| t.to_string()).unwrap_or_default();
        let address = known.address.as_deref().unwrap_or("-");
        let text = format!("{time} {}:{} {} {address} ({})", known.file, known.line, known.id, known.owner);
        page.hang("  - ", Paint::None, &line(text.trim()));
    }
    if report.lines_left_out > 0 {
        page.hang("    ", Paint::None, &format!("{} more.", report.lines_left_out));
    }
}
