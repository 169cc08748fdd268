//! Many runs as one table.

use crate::compare::Table;
use crate::compare::table::{Cell, Row};
use crate::diagnose::Verdict;
use crate::report::diff::runs::painted;
use crate::report::layout::{Page, Paint, Style};
use crate::report::sanitise;
use crate::report::words;
use crate::text::english;
use crate::text::page::{columns, pad};

/// Columns up to which names stand over the cells, when they fit.
const NAMED: usize = 4;
/// Columns up to which letters are set apart by spaces.
const SPACED: usize = 20;

/// Said where a masked report is held against another.
pub(in crate::report) const MASKED: &str =
    "A report is masked: its masks are its own, so a masked host or address need not be the other report's.";

/// The table for a terminal. `judged_by`: date of the rules that all were judged by.
pub fn render(table: &Table, judged_by: &str, style: &Style) -> String {
    let mut page = Page::new(style);
    let shown = table.rows().count();
    page.heading(&format!(
        "{} in {}",
        english::count(table.hosts, "entry (host, port and protocol)", "entries (host, port and protocol)"),
        english::count(table.columns.len(), "report", "reports")
    ));
    page.hang(
        "",
        Paint::None,
        &format!(
            "{} of them blocked in at least one report; {}. All judged by the rules of {}.",
            table.blocked,
            match table.differing {
                0 => "the reports agree on every host".to_owned(),
                n => format!("the reports differ on {n} (marked *)"),
            },
            sanitise::line(judged_by, 40)
        ),
    );
    if table.has_several_configurations() {
        page.hang(
            "! ",
            Paint::Attention,
            "The reports were made from different configurations: a host that one list lacks is shown as `-`.",
        );
    }
    if table.has_masks() {
        page.hang("! ", Paint::Attention, MASKED);
    }
    page.blank();
    for column in &table.columns {
        let mut facts = vec![words::time(&column.started_at)];
        if !column.complete {
            facts.push("INCOMPLETE: a required host is missing from its list".to_owned());
        }
        if column.device != column.name && !column.device.is_empty() {
            facts.push(column.device.clone());
        }
        if table.has_several_configurations() {
            facts.push(format!("configuration {}", column.configuration));
        }
        let [ok, warning, blocked, untested] = column.counts;
        facts.push(format!("{ok} ok, {warning} warning, {blocked} blocked, {untested} untested"));
        let text = format!("{}: {} ({})", column.name, column.word.heading(), facts.join("; "));
        page.hang(&format!("  {}  ", column.letter), Paint::Bold, &sanitise::line(&text, sanitise::LONG));
        for found in column.device_findings.iter().flatten() {
            let text =
                format!("on the device: {} ({}): {}", found.code, words::owner(found.owner), found.summary);
            page.hang("     ", Paint::None, &sanitise::line(&text, sanitise::LONG));
        }
    }
    page.hang("     ", Paint::Faint, "+ ok, ! warning, x blocked, ? untested, - not in that report");
    let layout = Layout::new(table, style.width);
    for group in &table.groups {
        page.heading(&sanitise::line(&group.title, 120));
        layout.head(&mut page);
        for row in &group.rows {
            layout.row(&mut page, row, style);
        }
    }
    if shown == 0 {
        page.heading("No host to show.");
    }
    page.into_text()
}

fn endpoint(row: &Row) -> String {
    words::endpoint_over(&row.host, row.port, row.transport)
}

/// Where the cells stand.
struct Layout {
    /// What stands over each column.
    heads: Vec<String>,
    /// Width of each cell.
    widths: Vec<usize>,
    gap: &'static str,
    /// Columns of the host.
    host: usize,
}

impl Layout {
    fn new(table: &Table, width: usize) -> Self {
        let letters: Vec<String> = table.columns.iter().map(|c| c.letter.to_string()).collect();
        let names: Vec<String> = table.columns.iter().map(|c| sanitise::line(&c.name, 24)).collect();
        let longest = table.rows().map(|r| columns(&endpoint(r))).max().unwrap_or(0);
        let named: usize = names.iter().map(|n| columns(n).max(1) + 2).sum();
        let fits = |cells: usize| 4 + longest.min(48) + 2 + cells <= width;
        let (heads, gap) = if names.len() <= NAMED && fits(named) {
            (names, "  ")
        } else if letters.len() <= SPACED {
            (letters, " ")
        } else {
            (letters, "")
        };
        let widths: Vec<usize> = heads.iter().map(|h| columns(h)).collect();
        let cells: usize = widths.iter().map(|w| w + gap.len()).sum();
        let host = longest.min(width.saturating_sub(4 + 2 + cells)).max(20);
        Self { heads, widths, gap, host }
    }

    fn head(&self, page: &mut Page<'_>) {
        let cells = self.line(self.heads.iter().map(String::as_str));
        page.row("    ", Paint::None, "", self.host, &cells);
    }

    fn line<'t>(&self, cells: impl Iterator<Item = &'t str>) -> String {
        let cells: Vec<String> = cells.zip(&self.widths).map(|(c, w)| pad(c, *w)).collect();
        cells.join(self.gap)
    }

    fn row(&self, page: &mut Page<'_>, row: &Row, style: &Style) {
        let marks = row.cells.iter().map(|c| c.as_ref().map_or("-", |c| words::verdict(c.verdict).0));
        let cells = self.line(marks);
        let mark = if row.differs { "  * " } else { "    " };
        let paint = if row.differs { painted(row.worst()) } else { Paint::None };
        page.row(mark, paint, &endpoint(row), self.host, &cells);
        if style.quiet {
            return;
        }
        // Under the row, who says what; what all say that say anything needs no names.
        let mut said: Vec<(&Cell, Vec<&str>)> = Vec::new();
        for (cell, head) in row.cells.iter().zip(&self.heads) {
            let Some(cell) =
                cell.as_ref().filter(|c| matches!(c.verdict, Verdict::Blocked | Verdict::Warning))
            else {
                continue;
            };
            match said.iter_mut().find(|(c, _)| (c.code, c.owner) == (cell.code, cell.owner)) {
                Some((_, heads)) => heads.push(head),
                None => said.push((cell, vec![head])),
            }
        }
        let present = row.cells.iter().flatten().count();
        for (cell, heads) in said {
            let (symbol, _) = words::verdict(cell.verdict);
            let who = if heads.len() == present && row.cells.len() == present {
                "all".to_owned()
            } else {
                heads.join(if self.gap == "  " { ", " } else { " " })
            };
            let text = format!("{} ({}), for {}", cell.code, who, words::owner(cell.owner));
            page.hang(&format!("      {symbol} "), painted(cell.verdict), &text);
        }
    }
}
