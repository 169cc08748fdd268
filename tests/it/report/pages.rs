//! The pages of a list, of a comparison and of many devices: they load nothing, what was typed elsewhere stays text, and
//! the words and numbers are those of the other renderings.

use clearway::compare::Table;
use clearway::fleet::Collector;
use clearway::report;
use clearway::run::Run;

use crate::report::fixtures::{features, hostile, hostile_list, mixed, office, ready};
use crate::report::page::{holds_all_it_needs, seen, tags, texts};
use crate::report::stable;

/// What a reader sees, a line for each heading, row and paragraph.
fn words(page: &str) -> String {
    let mut out = String::new();
    for part in seen(page).split('<') {
        let (tag, text) = part.split_once('>').unwrap_or(("", part));
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        if ["tr", "p", "h1", "h2", "h3", "li", "dt", "summary", "header", "footer"].contains(&name)
            && !out.ends_with('\n')
        {
            out = out.trim_end().to_owned() + "\n";
        }
        if ["td", "th", "dd"].contains(&name) && !tag.starts_with('/') && !out.ends_with('\n') {
            out.push_str(" | ");
        }
        out.push_str(text);
    }
    for (written, meant) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
        out = out.replace(written, meant);
    }
    stable(&out)
}

fn table(runs: &[(&str, Run)]) -> Table {
    let mut table = Table::default();
    for (name, run) in runs {
        table.add(name, run, None).unwrap();
    }
    table.arrange(&features(), false, false);
    table
}

fn collected(runs: &[Run]) -> clearway::fleet::Fleet {
    let mut all = Collector::default();
    for (at, run) in runs.iter().enumerate() {
        let text = report::check::json::render(run, &features());
        all.add(&format!("report-{at}.json"), clearway::fleet::digest::read(text.as_bytes()).unwrap());
    }
    all.finish(None)
}

fn labelled(mut run: Run, label: &str) -> Run {
    run.label = Some(label.to_owned());
    run.environment.host = format!("desk-{label}");
    run
}

#[test]
fn the_page_of_a_list() {
    let page = report::hosts::html::render(&office(), &features(), &[]);
    holds_all_it_needs(&page);
    insta::assert_snapshot!("hosts_html", words(&page));
}

#[test]
fn the_page_of_a_comparison() {
    let table =
        table(&[("berlin.json", labelled(ready(), "berlin")), ("paris.json", labelled(mixed(), "paris"))]);
    let page = report::compare::html::render(&table, "2026-11-22", Some("The rules are old."));
    holds_all_it_needs(&page);
    insta::assert_snapshot!("compare_html", words(&page));
    let stopped = tags(&page).into_iter().filter(|tag| *tag == "td class=\"stopped\"").count();
    let blocked: usize = table.columns.iter().map(|c| c.counts[2]).sum();
    assert_eq!(stopped, blocked);
}

#[test]
fn the_page_of_many_devices() {
    let runs = [labelled(ready(), "berlin"), labelled(mixed(), "paris"), labelled(mixed(), "rome")];
    let page = report::fleet::html::render(&collected(&runs));
    holds_all_it_needs(&page);
    insta::assert_snapshot!("fleet_html", words(&page));
}

#[test]
fn what_was_typed_elsewhere_stays_text() {
    let evil = "</style><script>alert(1)</script><img src=x onerror=alert(2)>\"'><!--\u{1b}[31m";
    let mut run = labelled(hostile(), evil);
    // A report without a time is none of a fleet's.
    run.started_at = ready().started_at;
    let pages = [
        report::hosts::html::render(&hostile_list(), &features(), &[evil.to_owned()]),
        report::compare::html::render(&table(&[(evil, run.clone()), ("b", ready())]), evil, Some(evil)),
        report::fleet::html::render(&collected(&[run, labelled(ready(), "b")])),
    ];
    for page in pages {
        holds_all_it_needs(&page);
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<!--"), "{page}");
        assert!(!page.contains('\u{1b}'), "{page}");
        assert!(
            texts(&seen(&page)).contains("<script>alert(1)</script><img src=x"),
            "it is shown as text: {page}"
        );
    }
}
