//! Every rendering, over lists and runs made by hand.

mod documents;
mod fixtures;
mod formats;
pub mod page;
mod pages;
mod properties;
mod schemas;
mod watch;

use clearway::diagnose::{self, Prospect};
use clearway::plan::Plan;
use clearway::report::{self, Style};
use clearway::rules::Rules;
use clearway::run::Run;
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
        every_s: None,
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

/// The report of `check` with the features of the rules.
fn shown(run: &Run, style: &Style) -> String {
    stable(&report::check::text::render(run, &Rules::embedded().pack.feature_infos(), style))
}

/// The same as a terminal has it.
fn on_terminal(run: &Run) -> String {
    shown(run, &Style { terminal: true, ..Style::default() })
}

#[test]
fn a_terminal_shows_the_verdict_first_and_last_what_to_do_in_twelve_lines() {
    for (name, run) in [
        ("brief_office", formats::office()),
        ("brief_ready", ready()),
        ("brief_mixed", mixed()),
        ("brief_no_network", no_network()),
        ("brief_interrupted", interrupted()),
    ] {
        let shown = on_terminal(&run);
        assert!(shown.lines().count() <= 12, "{name}: {shown}");
        insta::assert_snapshot!(name, shown);
    }
}

#[test]
fn every_report_fits_the_terminal_and_says_what_else_there_is() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/codes");
    let dir = tempfile::tempdir().unwrap();
    let (rules, features) = (Rules::embedded(), Rules::embedded().pack.feature_infos());
    let mut read = 0;
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let recording: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let saved = dir.path().join("report.json");
        std::fs::write(&saved, recording["report"].to_string()).unwrap();
        let run = clearway::check::replay::load(&rules, &saved).unwrap();
        let style = Style { terminal: true, ..Style::default() };
        let shown = clearway::report::check::text::render(&run, &features, &style);
        let asked = run.judgement.paths.len() + run.observations.calls.len();
        assert!(asked > 0 || shown.lines().count() <= 12, "{}: {shown}", path.display());
        assert!(shown.lines().all(|l| l.chars().count() <= 80), "{}: {shown}", path.display());
        assert!(shown.contains("  More    -v: evidence, "), "{}: {shown}", path.display());
        // What is asked of somebody is the last that is read; the long report ends with it, too.
        let whole = Style { verbose: true, ..style };
        let whole = clearway::report::check::text::render(&run, &features, &whole);
        let asks = run.judgement.causes.iter().any(|c| !c.finding.remedy.is_empty() && !c.hosts.is_empty());
        if asks {
            let last =
                |text: &str| text.trim_end().rsplit("\n\n").next().unwrap().trim_start().starts_with('#');
            assert!(last(&shown), "{}: {shown}", path.display());
            assert!(last(&whole) && whole.contains("IN SHORT"), "{}", path.display());
        }
        read += 1;
    }
    assert!(read > 50, "{read}");
}

#[test]
fn what_no_user_notices_is_ready_with_losses() {
    use clearway::contract::{Need, Verdict};
    let word = |run: &Run| shown(run, &Style::default()).split(": ").next().unwrap().to_owned();
    // Telemetry is blocked by name, and inspection opens hosts that are optional.
    let mut run = formats::office();
    assert_eq!(run.judgement.verdict.as_str(), "degraded");
    assert_eq!(word(&run), "READY, with optional losses");
    assert!(on_terminal(&run).starts_with("READY, with optional losses: "));
    for need in [Need::Feature, Need::Required] {
        let of = |run: &Run, id| run.plan.target(id).is_some_and(|t| t.requirement.need() == need);
        let Some(at) = run.judgement.hosts.iter().position(|h| of(&run, h.target)) else { continue };
        let before = run.judgement.hosts[at].verdict;
        for verdict in [Verdict::Warning, Verdict::Untested] {
            run.judgement.hosts[at].verdict = verdict;
            assert_eq!(word(&run), "DEGRADED", "{need} {verdict}");
        }
        run.judgement.hosts[at].verdict = before;
    }
    // What no host stands for, such as a wrong clock, may hurt any.
    run.judgement.causes[0].hosts.clear();
    assert_eq!(word(&run), "DEGRADED");
}
