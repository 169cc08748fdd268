//! What is found on a device as one page that loads nothing.

use maud::html;

use crate::contract::Severity;
use crate::device::{Finding, Status};
use crate::document::device::Examined;
use crate::report::page::{self, Shell, line};
use crate::report::words;

/// What is found on a device as a page, ending in a line feed.
pub fn render(of: &Examined) -> String {
    let (sign, class) = page::band(of.report.verdict);
    let not_run = super::not_run(&of.report.checks, false);
    let word = super::word(of.report.verdict);
    let shell = Shell { title: format!("{word} · the device itself"), ..Shell::default() };
    shell.page(&html! {
        header class={ "band " (class) } {
            h1 { span.sign aria-hidden="true" { (sign) } " " (word) }
            p.cause { (line(&super::summary(of))) }
            @for (label, value) in super::head(of) { p { (label) ": " (line(&value)) } }
        }
        main {
            h2 { "Found" }
            @if of.report.findings.is_empty() { p { "Nothing." } }
            div.cards { @for finding in &of.report.findings { (card(finding)) } }
            h2 { "Checks" }
            (page::wide("Checks", &html! { table {
                thead { tr { th { "Check" } th { "How far" } th { "Found" } } }
                tbody { @for check in &of.report.checks { tr {
                    th scope="row" { (line(&check.title)) }
                    td { (match check.status {
                        Status::Run => "whole",
                        Status::Part => "in part",
                        Status::NotRun => "not run",
                    }) }
                    td { (check.findings) }
                } } }
            } }))
            @if !not_run.is_empty() {
                h2 { "Not run" }
                ul.plain { @for one in &not_run { li { (line(one)) } } }
            }
        }
        (page::foot(&""))
    })
}

fn card(finding: &Finding) -> maud::Markup {
    let (class, word) = match finding.severity {
        Severity::Error => ("blocked", "error"),
        Severity::Warning => ("warning", "warning"),
        Severity::Info => ("untested", "note"),
    };
    html! {
        section.card {
            h3 { span class={ "v " (class) } { (word) } " " (line(&finding.summary)) }
            dl {
                dt { "Owner" } dd { (words::owner(finding.owner)) }
                @if !finding.remedy.is_empty() { dt { "Do" } dd { (line(&finding.remedy)) } }
                dt { "Seen" } dd { (line(&finding.evidence.line)) }
                dt { "Code" } dd { code { (finding.code) } " " small { (super::sureness(finding)) } }
            }
        }
    }
}
