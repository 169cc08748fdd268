//! What is found on a device as one page that loads nothing.

use maud::{DOCTYPE, PreEscaped, html};

use crate::contract::{RunVerdict, Severity};
use crate::device::{Finding, Status};
use crate::document::device::Examined;
use crate::report::{sanitise, words};

const STYLE: &str = include_str!("../check/html/page.css");

/// What is found on a device as a page, ending in a line feed.
pub fn render(of: &Examined) -> String {
    let class = match of.report.verdict {
        RunVerdict::Ready => "ok",
        RunVerdict::Degraded => "warning",
        RunVerdict::Blocked => "blocked",
        RunVerdict::Unknown => "untested",
    };
    let not_run = super::not_run(&of.report.checks, false);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (super::word(of.report.verdict)) " · the device itself" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header class={ "band " (class) } {
                    h1 { (super::word(of.report.verdict)) }
                    p.cause { (line(&super::summary(of))) }
                    @for (label, value) in super::head(of) { p { (label) ": " (line(&value)) } }
                }
                main {
                    h2 { "Found" }
                    @if of.report.findings.is_empty() { p { "Nothing." } }
                    div.cards { @for finding in &of.report.findings { (card(finding)) } }
                    h2 { "Checks" }
                    div.wide { table {
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
                    } }
                    @if !not_run.is_empty() {
                        h2 { "Not run" }
                        ul.plain { @for one in &not_run { li { (line(one)) } } }
                    }
                }
            }
        }
    };
    page.into_string() + "\n"
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

fn line(text: &str) -> String {
    sanitise::line(text, sanitise::LONG)
}
