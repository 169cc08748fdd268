//! `compare --format html`: the runs side by side as one page that loads nothing: a heat map of hosts and reports, what
//! each report says of a host, and where they differ.

use maud::{Markup, html};

use super::text::MASKED;
use crate::compare::Table;
use crate::compare::table::{Cell, Column, Group, Row};
use crate::diagnose::{RunVerdict, Verdict};
use crate::report::page::{self, Shell, TABLES, class, line};
use crate::report::words;
use crate::text::english;

/// The page, ending in a line feed. `judged_by`: date of the rules that all were judged by; `old`: that they are old.
pub fn render(table: &Table, judged_by: &str, old: Option<&str>) -> String {
    let shell = Shell {
        title: format!("{} compared", english::count(table.columns.len(), "report", "reports")),
        skip: Some(("hosts", "hosts")),
        style: TABLES,
        ..Shell::default()
    };
    shell.page(&html! {
        (band(table, judged_by, old))
        main {
            (page::section("reports", "Reports", &reports(table)))
            (page::section("hosts", "Hosts", &hosts(table)))
        }
        (page::foot(&""))
    })
}

fn band(table: &Table, judged_by: &str, old: Option<&str>) -> Markup {
    let bad = [RunVerdict::Blocked, RunVerdict::Unknown, RunVerdict::Degraded];
    let worst = bad.into_iter().find(|v| table.columns.iter().any(|c| c.verdict == *v));
    let worst = worst.unwrap_or(RunVerdict::Ready);
    let (sign, class) = page::band(worst);
    let blocked = table.columns.iter().filter(|c| c.verdict == RunVerdict::Blocked).count();
    html! {
        header class=(format!("band {class}")) {
            h1 {
                span.sign aria-hidden="true" { (sign) } " "
                (blocked) " of " (english::count(table.columns.len(), "report", "reports")) " BLOCKED"
            }
            p.cause {
                @match table.differing {
                    0 => "The reports agree on every host.",
                    n => { "The reports differ on " (english::count(n, "host", "hosts")) "." }
                }
            }
            p { (english::count(table.hosts, "entry", "entries")) " (host, port and protocol), " (table.blocked) " of them blocked in at least one report." }
            @if table.has_several_configurations() { p.mark { "The reports were made from different configurations: a host that one list lacks is shown as –." } }
            @if table.has_masks() { p.mark { (MASKED) } }
            @if let Some(old) = old { p.mark { (line(old)) } }
            p.when { "All judged by the rules of " (line(judged_by)) "." }
        }
    }
}

fn reports(table: &Table) -> Markup {
    page::wide(
        "Reports",
        &html! { table {
            thead { tr {
                th scope="col" { "Letter" } th scope="col" { "Report" } th scope="col" { "Device" } th scope="col" { "Started" } th scope="col" { "Verdict" }
                th scope="col" { "ok" } th scope="col" { "warning" } th scope="col" { "blocked" } th scope="col" { "untested" } th scope="col" { "Configuration" }
            } }
            tbody { @for column in &table.columns { (report(column)) } }
        } },
    )
}

fn report(column: &Column) -> Markup {
    let (sign, class) = page::band(column.verdict);
    html! {
        tr {
            td { b { (column.letter) } }
            th scope="row" { (line(&column.name)) }
            td.long { (line(&column.device)) }
            td { (words::time(&column.started_at)) }
            td class={ "v " (class) } { (sign) " " (column.word.as_str()) @if !column.complete { " (list INCOMPLETE)" } }
            @for n in column.counts { td { (n) } }
            td { (column.configuration) }
        }
        @for found in column.device_findings.iter().flatten() {
            tr.more {
                td {}
                td colspan="9" { "On the device: " code { (line(found.code.as_str())) } " (" (words::owner(found.owner)) "): " (line(&found.summary)) }
            }
        }
    }
}

fn hosts(table: &Table) -> Markup {
    let named = table.columns.len() <= 8;
    html! {
        p { "Hosts on which the reports differ come first and are marked " b { "*" } "." }
        @if table.groups.iter().all(|g| g.rows.is_empty()) { p { "No host to show." } }
        @else {
            (page::wide("Hosts", &html! { table.heat {
                thead { tr {
                    th scope="col" { "Host" } th scope="col" { "Need" }
                    @for column in &table.columns { th.mid scope="col" { @if named { (line(&column.name)) } @else { (column.letter) } } }
                } }
                @for group in table.groups.iter().filter(|g| !g.rows.is_empty()) { (rows(group, 2 + table.columns.len())) }
            } }))
        }
    }
}

fn rows(group: &Group, columns: usize) -> Markup {
    html! {
        tbody {
            tr.group { th colspan=(columns) scope="rowgroup" { (line(&group.title)) } }
            @for row in &group.rows { (self::row(row)) }
        }
    }
}

fn row(row: &Row) -> Markup {
    html! {
        tr {
            th scope="row" { @if row.differs { "* " } (line(&words::endpoint_over(&row.host, row.port, row.transport))) }
            td.first { (row.need.as_str()) }
            @for cell in &row.cells {
                @match cell { Some(cell) => (self::cell(cell)), None => td.none { "–" } }
            }
        }
    }
}

fn cell(cell: &Cell) -> Markup {
    let (sign, word) = words::verdict(cell.verdict);
    let class = match cell.verdict {
        Verdict::Blocked => "stopped".to_owned(),
        Verdict::Warning => "remarked".to_owned(),
        other => format!("v {}", class(other)),
    };
    html! {
        td class=(class) {
            (sign) " " (word)
            @if cell.verdict == Verdict::Reachable { @if let Some(ms) = cell.total_ms { br; small { (words::ms(ms)) } } }
            @else { br; code { (cell.code.as_str()) } br; small { (words::owner(cell.owner)) } }
        }
    }
}
