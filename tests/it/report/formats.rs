//! The formats of a run that other programs read: snapshots of the office, each read back by a reader of its form, and
//! hostile text in each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clearway::check::replay;
use clearway::contract::{Code, Owner, Stage, Verdict};
use clearway::report::check::{FORMATS, junit, markdown, ndjson, prometheus};
use clearway::rules::Rules;
use clearway::rules::age::Age;
use clearway::run::Run;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use crate::common::{clearway, schemas};
use crate::report::fixtures::{features, hostile, interrupted, mixed};
use crate::report::stable;

/// The saved report of an office.
pub fn office_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/reports/office.json")
}

/// The office as `check --replay` has it, five days after the date of its rules.
pub fn office() -> Run {
    let rules = Rules::embedded();
    let mut run = replay::load(&rules, &office_file()).unwrap();
    // Of the rules that judge, a note says the date.
    run.requirements.notes.clear();
    run.requirements.set_age(Some(Age { days: 5 }));
    run
}

fn pack() -> Vec<clearway::derive::FeatureInfo> {
    Rules::embedded().pack.feature_infos()
}

#[test]
fn the_office_in_the_formats_of_other_programs() {
    let (run, features) = (office(), pack());
    insta::assert_snapshot!("office_markdown", stable(&markdown::render(&run, &features)));
    insta::assert_snapshot!("office_junit", stable(&junit::render(&run, &features)));
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    insta::assert_snapshot!(
        "office_prometheus",
        prometheus::render(&run, &features).replace(&version, "version=\"VERSION\"")
    );
    let version = format!("\"clearway\":\"{}\"", env!("CARGO_PKG_VERSION"));
    insta::assert_snapshot!(
        "office_ndjson",
        ndjson::render(&run, &features).replace(&version, "\"clearway\":\"VERSION\"")
    );
}

/// Elements of a document by name with their attributes, and the texts.
fn elements(xml: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) => {
                let name = tag.name().as_ref().to_owned();
                let attributes = tag
                    .attributes()
                    .map(|a| {
                        let a = a.unwrap();
                        let value = quick_xml::escape::unescape(&a.value).unwrap();
                        (a.key.as_ref().to_owned(), value.into_owned())
                    })
                    .collect();
                found.push((name, attributes));
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn a_pipeline_counts_what_the_run_counts() {
    for run in [office(), mixed(), interrupted(), hostile()] {
        let features = if run.label.is_some() { features() } else { pack() };
        let xml = junit::render(&run, &features);
        let found = elements(&xml);
        let count = |name: &str| found.iter().filter(|(n, _)| n == name).count();
        let known = [
            "testsuites",
            "testsuite",
            "testcase",
            "failure",
            "skipped",
            "system-out",
            "properties",
            "property",
        ];
        for (name, _) in &found {
            assert!(known.contains(&name.as_str()), "{name} is no element of JUnit");
        }
        let head =
            |name: &str| -> usize { found[0].1.iter().find(|(n, _)| n == name).unwrap().1.parse().unwrap() };
        assert_eq!(found[0].0, "testsuites");
        assert_eq!(head("tests"), count("testcase"));
        assert_eq!(head("failures"), count("failure"));
        assert_eq!(head("skipped"), count("skipped"));
        // A host of several features is a case of each.
        let document = clearway::report::check::json::to_document(&run, &features);
        let hosts: Vec<_> = document.groups.iter().flat_map(|g| &g.hosts).collect();
        let is = |verdict| hosts.iter().filter(|h| h.verdict == verdict).count();
        assert_eq!(count("testcase"), hosts.len() + 1);
        let whole = |verdict: &str| usize::from(run.judgement.verdict.as_str() == verdict);
        assert_eq!(count("failure"), is(Verdict::Blocked) + whole("blocked"));
        assert_eq!(count("skipped"), is(Verdict::Untested) + whole("unknown"));
    }
}

#[test]
fn a_blocked_host_fails_with_owner_remedy_and_evidence() {
    let xml = junit::render(&mixed(), &features());
    let failure = xml.split("<failure").find(|f| f.contains("tcp/timeout")).unwrap();
    for text in ["Owner: the firewall team", "Do: Allow TCP 443 from", "Seen: SYN to 192.0.2.10"] {
        assert!(failure.contains(text), "{text}: {failure}");
    }
}

/// The series of an exposition: name and labels, with the value.
fn series(text: &str) -> Vec<(String, f64)> {
    let mut typed: Option<&str> = None;
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            typed = rest.split_once(' ').map(|(name, _)| name);
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert_eq!(Some(name.split('{').next().unwrap()), typed, "{line}");
        if let Some((_, labels)) = name.split_once('{') {
            // Between the quotes of a value every quote and backslash is escaped.
            let mut rest = labels.strip_suffix('}').unwrap();
            while !rest.is_empty() {
                let (label, after) = rest.split_once("=\"").unwrap();
                assert!(label.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{line}");
                let mut end = 0;
                let bytes = after.as_bytes();
                while bytes[end] != b'"' {
                    if bytes[end] == b'\\' {
                        assert!(matches!(bytes[end + 1], b'\\' | b'"' | b'n'), "{line}");
                        end += 1;
                    }
                    end += 1;
                }
                rest = &after[end + 1..];
                rest = rest.strip_prefix(',').unwrap_or(rest);
            }
        }
        found.push((name.to_owned(), value.parse().unwrap()));
    }
    found
}

#[test]
fn metrics_have_one_value_a_series_and_say_what_the_run_says() {
    for run in [office(), mixed(), interrupted(), hostile()] {
        let text = prometheus::render(&run, &pack());
        let all = series(&text);
        let names: BTreeSet<&String> = all.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), all.len(), "a series is there twice");
        let one = |start: &str| -> Vec<&f64> {
            all.iter().filter(|(n, _)| n.starts_with(start)).map(|(_, v)| v).collect()
        };
        let verdict = format!("clearway_verdict{{verdict=\"{}\"}}", run.judgement.verdict);
        assert_eq!(one(&verdict), [&1.0]);
        assert!((one("clearway_verdict{").into_iter().sum::<f64>() - 1.0).abs() < f64::EPSILON);
        let hosts = run.judgement.hosts.len() as f64;
        assert!((one("clearway_hosts{").into_iter().sum::<f64>() - hosts).abs() < f64::EPSILON);
        for target in &run.plan.targets {
            let judged = run.judgement.hosts.iter().find(|h| h.target == target.id).unwrap();
            let host =
                format!("{{host=\"{}\",port=\"{}\",", target.requirement.host, target.requirement.port);
            let stages = |stage: &Stage| judged.timings.of(*stage).is_some();
            let expected = Stage::ALL.iter().filter(|s| stages(s)).count();
            assert_eq!(one(&format!("clearway_host_stage_seconds{host}")).len(), expected);
        }
    }
    let office = prometheus::render(&office(), &pack());
    assert!(office.contains("\nclearway_rules_age_seconds 432000\n"), "{office}");
    assert!(office.contains("\nclearway_run_timestamp_seconds 17"), "{office}");
    // What is not known has no value, in place of a made-up one.
    let mut unknown = mixed();
    unknown.started_at = "yesterday".into();
    unknown.requirements.rules_age = None;
    let text = prometheus::render(&unknown, &features());
    assert!(!text.contains("run_timestamp") && !text.contains("rules_age"), "{text}");
}

#[test]
fn rows_are_flat_and_keep_to_their_schema() {
    for run in [office(), mixed(), interrupted(), hostile()] {
        let text = ndjson::render(&run, &pack());
        let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for row in &rows {
            schemas::hold("rows", row, "a row");
            let keys = |row: &Value| -> Vec<String> { row.as_object().unwrap().keys().cloned().collect() };
            assert_eq!(keys(row), keys(&rows[0]), "every row has the same members");
            assert!(row.as_object().unwrap().values().all(|v| !v.is_object() && !v.is_array()), "{row}");
        }
        let actors = |id: u32| -> usize {
            let judged = run.judgement.hosts.iter().find(|h| h.target == id).unwrap().actors.len();
            let planned = run.plan.targets.iter().find(|t| t.id == id).unwrap().requirement.actors().len();
            if judged > 0 { judged } else { planned.max(1) }
        };
        let expected: usize = run.plan.targets.iter().map(|t| actors(t.id)).sum();
        assert_eq!(rows.len(), expected);
    }
    // A row names whom the report asks: where a cause explains the host, not what the host shows by itself.
    let mut run = mixed();
    for cause in &mut run.judgement.causes {
        (cause.finding.code, cause.finding.owner) = (Code::DeviceClock, Owner::Device);
    }
    let rows: Vec<Value> =
        ndjson::render(&run, &features()).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let (of_cause, alone): (Vec<&Value>, Vec<&Value>) =
        rows.iter().partition(|r| r["cause"].is_string() && r["verdict"] != "reachable");
    assert!(!of_cause.is_empty() && !alone.is_empty());
    for row in of_cause {
        assert_eq!((&row["cause_code"], &row["cause_owner"]), (&"device/clock".into(), &"device".into()));
        assert!(row["code"] != row["cause_code"] && row["owner"] != row["cause_owner"], "{row}");
    }
    for row in alone {
        assert_eq!((&row["cause_code"], &row["cause_owner"]), (&row["code"], &row["owner"]), "{row}");
    }
    // A program that works is not given the fault of another.
    let text = ndjson::render(&mixed(), &features());
    let healthy = text.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
    let wrong: Vec<Value> = healthy.filter(|r| r["verdict"] == "reachable" && r["owner"] != "none").collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn hostile_text_stays_text_in_every_format() {
    let (run, features) = (hostile(), features());
    let marked = markdown::render(&run, &features);
    assert!(!marked.contains("<b>") && !marked.contains("](http:"), "{marked}");
    let known = ["<details>", "<summary>", "</summary>", "</details>"];
    let mut rest = marked.clone();
    for tag in known {
        rest = rest.replace(tag, "");
    }
    assert!(!rest.contains('<'), "{rest}");
    let table = marked.split("| Owner |").nth(1).unwrap();
    let rows: Vec<&str> = table.lines().skip(2).take_while(|l| l.starts_with('|')).collect();
    assert!(!rows.is_empty());
    for row in rows {
        let bars = row.replace("\\\\", "").replace("\\|", "").matches('|').count();
        assert_eq!(bars, 7, "{row}");
    }
    for format in FORMATS {
        let text = (format.render)(&run, &features, &clearway::report::Style::default());
        let bad = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
        assert_eq!(bad, None, "{}", format.name);
        assert!(text.ends_with('\n'), "{}", format.name);
    }
}

/// Runs `check --replay` of the office in a folder of its own.
fn replayed(folder: &Path, args: &[&str]) -> std::process::Output {
    let mut command = clearway();
    command.current_dir(folder).args(["check", "--replay"]).arg(office_file()).args(args);
    command.output().unwrap()
}

#[test]
fn one_run_is_written_in_many_formats() {
    let dir = tempfile::tempdir().unwrap();
    let names: Vec<&str> = FORMATS.iter().map(|f| f.name).filter(|n| *n != "text").collect();
    let files: Vec<String> = names.iter().map(|n| format!("{n}=out.{n}")).collect();
    let mut args = vec!["--share", "--format", "text"];
    for file in &files {
        args.extend(["--format", file]);
    }
    let output = replayed(dir.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.starts_with(b"READY, with optional losses: "), "the text stays on standard output");
    for name in names {
        let written = std::fs::read_to_string(dir.path().join(format!("out.{name}"))).unwrap();
        let alone = replayed(dir.path(), &["--share", "--format", name]);
        assert_eq!(written, String::from_utf8(alone.stdout).unwrap(), "{name}");
        assert!(!written.contains("mara") && !written.contains("desk-0417"), "{name} is masked");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), FORMATS.len() - 1);
}

#[test]
fn two_formats_never_go_to_one_place() {
    let dir = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &str); 8] = [
        (&["--format", "json", "--format", "text"], "both go to standard output"),
        (&["--format", "json", "--format", "text=-"], "both go to standard output"),
        (&["--format", "json", "--format", "text", "-o", "x"], "both go to x"),
        (&["--format", "json=x", "--format", "text=./x"], "both go to ./x"),
        (&["--format", "json=x", "--format", "text", "-o", "x"], "both go to x"),
        (&["--format", "json=x", "--format", "json=y"], "is given twice"),
        (&["--format", "json=x", "-o", "y"], "no format goes there"),
        (&["--format", "json=no/such/x"], "no/such/x"),
    ];
    for (args, says) in cases {
        let output = replayed(dir.path(), args);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {message}");
        assert!(message.contains(says), "{args:?}: {message}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    for (value, says) in [("jason=x", "'json'"), ("json=", "json=")] {
        let output = replayed(dir.path(), &["--format", value]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(says), "{message}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing was written");
}
