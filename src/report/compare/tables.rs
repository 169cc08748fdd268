//! A table of runs as CSV and as Markdown.

use crate::compare::Table;
use crate::compare::table::{Cell, Row};
use crate::diagnose::{Code, Verdict};
use crate::report::sanitise::{self, markdown as text, markdown_code as code};
use crate::report::words;

/// A header row, then one row for each host: what is needed, whether the runs differ, and for each
/// run `ok`, or the verdict with its code; an empty cell where the run has no such host.
pub fn csv(table: &Table) -> String {
    let fixed = ["feature", "title", "host", "port", "transport", "need", "differs"];
    let mut cells: Vec<String> = fixed.iter().map(|c| (*c).to_owned()).collect();
    cells.extend(
        table
            .columns
            .iter()
            .map(|c| if c.complete { c.name.clone() } else { format!("{} (list INCOMPLETE)", c.name) }),
    );
    let mut out = line(&cells);
    for group in &table.groups {
        for row in &group.rows {
            let feature = row.features.first().cloned().unwrap_or_default();
            let port = if row.port == 0 { String::new() } else { row.port.to_string() };
            let mut cells = vec![
                feature,
                group.title.clone(),
                row.host.to_string(),
                port,
                row.transport.to_string(),
                row.need.to_string(),
                if row.differs { "yes" } else { "no" }.to_owned(),
            ];
            cells.extend(row.cells.iter().map(|c| c.as_ref().map(said).unwrap_or_default()));
            out.push_str(&line(&cells));
        }
    }
    out
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|c| sanitise::csv(c)).collect();
    format!("{}\n", cells.join(","))
}

fn said(cell: &Cell) -> String {
    let (_, word) = words::verdict(cell.verdict);
    match (cell.verdict, cell.code) {
        (Verdict::Reachable, _) | (_, Code::Ok) => word.to_owned(),
        (_, code) => format!("{word} {code}"),
    }
}

/// The runs, then one table for each feature; hosts on which the runs differ are marked.
pub fn markdown(table: &Table, judged_by: &str) -> String {
    let mut out = String::from("# Reports compared\n\n");
    out.push_str("| | Report | Device | Started | Verdict | Configuration |\n|---|---|---|---|---|---|\n");
    for c in &table.columns {
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            c.letter,
            text(&c.name),
            text(&c.device),
            text(&words::time(&c.started_at)),
            if c.complete { c.word.to_string() } else { format!("{} (list INCOMPLETE)", c.word) },
            c.configuration
        ));
    }
    for c in &table.columns {
        for found in c.device_findings.iter().flatten() {
            let said = format!("{}: {}", words::owner(found.owner), found.summary);
            out.push_str(&format!(
                "\n- {} on the device: {} {}",
                c.letter,
                code(found.code.as_str()),
                text(&said)
            ));
        }
    }
    if table.columns.iter().any(|c| c.device_findings.as_ref().is_some_and(|d| !d.is_empty())) {
        out.push('\n');
    }
    out.push_str(&format!("\nAll judged by the rules of {}.", text(judged_by)));
    if table.has_several_configurations() {
        out.push_str(" The reports were made from different configurations.");
    }
    out.push_str(" Hosts on which the reports differ are marked with `*`.\n");
    let letters: Vec<String> = table.columns.iter().map(|c| c.letter.to_string()).collect();
    for group in &table.groups {
        out.push_str(&format!(
            "\n## {}\n\n| | Host | Need | {} |\n",
            text(&group.title),
            letters.join(" | ")
        ));
        out.push_str(&format!("|---|---|---|{}\n", "---|".repeat(letters.len())));
        for row in &group.rows {
            out.push_str(&markdown_row(row));
        }
    }
    out
}

fn markdown_row(row: &Row) -> String {
    let cells: Vec<String> = row
        .cells
        .iter()
        .map(|c| match c {
            None => "-".to_owned(),
            Some(cell) if cell.verdict == Verdict::Blocked => format!("**{}**", text(&said(cell))),
            Some(cell) => text(&said(cell)),
        })
        .collect();
    format!(
        "| {} | {} | {} | {} |\n",
        if row.differs { "\\*" } else { "" },
        code(&words::endpoint_over(&row.host, row.port, row.transport)),
        row.need,
        cells.join(" | ")
    )
}
