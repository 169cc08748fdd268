//! Every rendering, over lists and runs made by hand.

mod documents;
mod fixtures;
mod formats;
mod page;
mod properties;
mod schemas;

use clearway::diagnose::{self, Prospect};
use clearway::plan::Plan;
use clearway::report::{self, Style};
use clearway::rules::Rules;
use fixtures::*;

/// The version of the program is not what a snapshot is about.
fn stable(text: &str) -> String {
    text.replace(&format!("Clearway {}", env!("CARGO_PKG_VERSION")), "Clearway VERSION")
        .replace(&format!("\"clearway\": \"{}\"", env!("CARGO_PKG_VERSION")), "\"clearway\": \"VERSION\"")
}

fn verbose() -> Style {
    Style { verbose: true, ..Style::default() }
}

#[test]
fn lists() {
    let (list, features) = (office(), features());
    insta::assert_snapshot!(
        "hosts_text",
        stable(&report::hosts::text::render(&list, &features, &Style::default()))
    );
    insta::assert_snapshot!(
        "hosts_text_verbose",
        stable(&report::hosts::text::render(&list, &features, &verbose()))
    );
    insta::assert_snapshot!("hosts_txt", stable(&report::hosts::txt::render(&list, &features)));
    insta::assert_snapshot!("hosts_plain", report::hosts::plain::render(&list));
    insta::assert_snapshot!("hosts_json", stable(&report::hosts::json::render(&list, &features)));
    insta::assert_snapshot!("hosts_csv", report::hosts::csv::render(&list, &features));
    insta::assert_snapshot!("hosts_markdown", stable(&report::hosts::markdown::render(&list, &features)));
}

#[test]
fn reports() {
    let features = features();
    let text =
        |run: &clearway::run::Run, style: &Style| stable(&report::check::text::render(run, &features, style));
    let usual = Style::default();
    insta::assert_snapshot!("check_ready", text(&ready(), &usual));
    insta::assert_snapshot!("check_ready_verbose", text(&ready(), &verbose()));
    insta::assert_snapshot!("check_no_network", text(&no_network(), &usual));
    insta::assert_snapshot!("check_no_network_cut", text(&no_network_cut(), &usual));
    insta::assert_snapshot!(
        "ticket_no_network_cut",
        stable(&report::check::ticket::render(&no_network_cut(), &features))
    );
    insta::assert_snapshot!("check_no_dns", text(&no_dns(office()), &usual));
    insta::assert_snapshot!("check_mixed", text(&mixed(), &usual));
    insta::assert_snapshot!("check_mixed_verbose", text(&mixed(), &verbose()));
    insta::assert_snapshot!("check_mixed_quiet", text(&mixed(), &Style { quiet: true, ..Style::default() }));
    insta::assert_snapshot!("check_degraded", text(&degraded(), &usual));
    insta::assert_snapshot!("check_interrupted", text(&interrupted(), &usual));
    insta::assert_snapshot!("check_json", stable(&report::check::json::render(&degraded(), &features)));
}

fn dry_run_settings() -> report::check::dry_run::Settings {
    let rules = Rules::embedded();
    report::check::dry_run::Settings {
        stage_timeout_ms: 4_000,
        deadline_ms: 20_000,
        concurrency: 64,
        resolver: None,
        compare_dns: None,
        announced: diagnose::announce(&Prospect::new(&Plan::default(), &rules.services)),
        idle_ms: None,
        user_agent: "clearway/0.0.0".into(),
    }
}

#[test]
fn dry_runs() {
    let plan = plan(&office());
    let settings = dry_run_settings();
    insta::assert_snapshot!(
        "dry_run_text",
        report::check::dry_run::text(&plan, &settings, &Style::default())
    );
    insta::assert_snapshot!("dry_run_json", stable(&report::check::dry_run::json(&plan, &settings)));
}

#[test]
fn hostile_text() {
    let (list, features, run) = (hostile_list(), features(), hostile());
    insta::assert_snapshot!(
        "hostile_hosts_text",
        stable(&report::hosts::text::render(&list, &features, &Style::default()))
    );
    insta::assert_snapshot!("hostile_txt", stable(&report::hosts::txt::render(&list, &features)));
    insta::assert_snapshot!("hostile_csv", report::hosts::csv::render(&list, &features));
    insta::assert_snapshot!("hostile_markdown", stable(&report::hosts::markdown::render(&list, &features)));
    insta::assert_snapshot!(
        "hostile_check_text",
        stable(&report::check::text::render(&run, &features, &verbose()))
    );
}

#[test]
fn the_need_of_every_host_is_painted() {
    let (list, features) = (office(), features());
    let colour = Style { color: true, ..Style::default() };
    let text = report::hosts::text::render(&list, &features, &colour);
    let plain = report::hosts::text::render(&list, &features, &Style::default());
    let rows =
        |text: &str| text.lines().filter(|l| l.starts_with("  required") || l.contains("mrequired")).count();
    let required: Vec<&str> =
        text.lines().filter(|l| l.contains("required") && l.starts_with("  ")).collect();
    let painted = required.iter().filter(|l| l.contains("\u{1b}[1mrequired\u{1b}[0m")).count();
    assert!(rows(&plain) >= 2, "{plain}");
    assert_eq!(painted, rows(&plain), "{required:#?}");
}
