//! `check --format html`: the run as one page that loads nothing, for people who would rather look. The report itself
//! stands in the page (`document::check::embedded` reads it back), so that the one file is also the evidence.
//!
//! Everything of the page is in the HTML: without script only the buttons are missing, which copy, save and sort.

mod cards;
mod matrix;
mod promises;
mod stages;
mod waterfall;
mod way;

use maud::{Markup, PreEscaped, html};

use crate::contract::FeatureInfo;
use crate::derive::incomplete;
use crate::diagnose::Verdict;
use crate::document::check::{EMBEDDED, SCHEMA};
use crate::report::check::view::View;
use crate::report::check::{json, summary};
use crate::report::page::{self, Shell, class, line, verdict};
use crate::report::words;
use crate::run::Run;

const SCRIPT: &str = include_str!("page.js");

/// The run as a page, ending in a line feed.
pub fn render(run: &Run, features: &[FeatureInfo]) -> String {
    let view = View::new(run, features);
    let shell = Shell {
        title: format!("{} · {} · {}", run.word().heading(), device(run), words::time(&run.started_at)),
        report: Some(SCHEMA),
        skip: Some(("hosts", "hosts")),
        script: Some(SCRIPT),
        ..Shell::default()
    };
    shell.page(&html! {
        (band(run, &view))
        main {
            (cards::render(run, &view))
            @if let Some(expected) = &run.expected { (promises::render(expected)) }
            (matrix::tiles(&view))
            (matrix::render(run, &view))
            (waterfall::render(run, &view))
            (way::render(&view))
            (facts(run))
            (untested(run, &view))
        }
        (foot(run, features))
    })
}

fn device(run: &Run) -> String {
    let host = run.environment.host.as_str();
    let name = if host.is_empty() { "this device" } else { host };
    match &run.label {
        Some(label) => line(&format!("{name} ({label})")),
        None => line(name),
    }
}

fn band(run: &Run, view: &View<'_>) -> Markup {
    let (sign, class) = page::band(run.judgement.verdict);
    let more = view.things.len().saturating_sub(1);
    html! {
        header class=(format!("band {class}")) {
            h1 { span.sign aria-hidden="true" { (sign) } " " (run.word().heading()) }
            @if let Some(first) = view.things.first() {
                p.cause {
                    (line(&first.finding.summary))
                    @if more > 0 { " And " (more) @if more == 1 { " more thing" } @else { " more things" } " to do." }
                }
            }
            p { (sentence(&summary::sentence(run, view))) }
            @for mark in incomplete::marks(&run.requirements) { p.mark { (line(&mark)) } }
            @for statement in run.requirements.statements() { p.mark { (line(statement)) } }
            @for effect in summary::effects(view) { p { b { "Effect: " } (line(&effect)) } }
            p.when { (device(run)) " · " (words::time(&run.started_at)) }
        }
    }
}

/// A sentence that follows a word elsewhere, standing alone.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn facts(run: &Run) -> Markup {
    let list = run.requirements.clone().without_statements();
    html! {
        section aria-labelledby="tested" {
            h2 #tested { "Tested as" }
            @if let Some(saved) = summary::saved(run) { p { (saved) } }
            dl {
                @for (label, value) in summary::tested_as(run, true) { dt { (label) } dd { (line(&value)) } }
            }
            @if !list.notes.is_empty() {
                h3 { "Notes" }
                ul { @for note in &list.notes { li { (line(&note.text)) } } }
            }
            @if !list.lint.is_empty() {
                h3 { "In the configuration" }
                ul { @for one in &list.lint { li { (one.severity.as_str()) ": " (line(&one.message)) } } }
            }
        }
    }
}

fn untested(run: &Run, view: &View<'_>) -> Markup {
    let lines = summary::not_tested(run, view, usize::MAX - 1);
    html! {
        @if !lines.is_empty() {
            section aria-labelledby="untested" {
                h2 #untested { "Not tested" }
                ul { @for text in lines { li { (line(&text)) } } }
            }
        }
    }
}

fn foot(run: &Run, features: &[FeatureInfo]) -> Markup {
    html! {
        footer {
            p {
                "Made by Clearway " (env!("CARGO_PKG_VERSION")) ". This page loads nothing and sends nothing. The report stands in it: "
                code { "clearway check --replay FILE" } ", " code { "diff" } " and " code { "compare" } " read this file."
            }
            button type="button" data-save="clearway-report.json" { "Save JSON" }
            " " span #said role="status" {}
            script type="application/json" id=(EMBEDDED) { (PreEscaped(json::embedded(run, features))) }
        }
    }
}

/// Blocked first, what works last.
const fn order(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Blocked => 0,
        Verdict::Warning => 1,
        Verdict::Untested => 2,
        Verdict::Reachable => 3,
    }
}
