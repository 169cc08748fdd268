//! The table of states: copies of devices with the saved output of their tools, and everything that is found on them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use clearway::config::device::Device;
use clearway::contract::{DeviceCode, Platform, RunVerdict, Severity};
use clearway::device::{self, Listed, Report};
use clearway::document::device::{Document, Examined, read};
use clearway::report;
use clearway::rules::Rules;
use serde::Deserialize;

use crate::common::schemas;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    base: Base,
    state: Vec<State>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Base {
    files: BTreeMap<String, String>,
    tools: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    name: String,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    tools: BTreeMap<String, String>,
    #[serde(default)]
    without: Vec<String>,
    expect: Vec<DeviceCode>,
    #[serde(default)]
    notes: Vec<DeviceCode>,
    #[serde(default)]
    severity: Option<Severity>,
    #[serde(default)]
    verdict: Option<RunVerdict>,
    #[serde(default)]
    says: Vec<String>,
    #[serde(default)]
    not_run: Vec<String>,
}

fn tables() -> Vec<(Platform, Table)> {
    let of = |platform: &Platform| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/device/{platform}.toml"));
        let text = fs::read_to_string(&path).unwrap();
        (*platform, toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
    };
    Platform::ALL.iter().map(of).collect()
}

fn listed() -> Vec<Listed> {
    let of = |host: &str, required, customer, private| Listed {
        host: host.parse().unwrap(),
        required,
        customer,
        private,
    };
    vec![
        of("downloads.claude.ai", true, false, false),
        of("api.anthropic.com", false, false, false),
        of("bedrock-runtime.eu-central-1.amazonaws.com", true, false, true),
        of("gateway.corp.example", true, true, false),
    ]
}

fn examine(platform: Platform, base: &Base, state: &State, rules: &Rules) -> Report {
    let root = tempfile::tempdir().unwrap();
    let mut files = base.files.clone();
    files.extend(state.files.clone());
    let tools = base.tools.iter().chain(&state.tools);
    files.extend(tools.map(|(id, text)| (format!("tools/{id}.txt"), text.clone())));
    for name in &state.without {
        let tool = format!("tools/{name}.txt");
        assert!(files.remove(name).or_else(|| files.remove(&tool)).is_some(), "{}: {name}", state.name);
    }
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let device = Device { platform, root: Some(root.path().to_owned()), user: Some("ann".to_owned()) };
    device::examine(&device, rules, &listed()).unwrap_or_else(|e| panic!("{}: {e}", state.name))
}

#[test]
fn every_state_is_found_and_nothing_else() {
    let rules = Rules::embedded();
    let (mut count, mut found) = (0, BTreeSet::new());
    let mut failed = Vec::new();
    for (platform, table) in tables() {
        for state in &table.state {
            count += 1;
            let about = format!("{platform}, {}", state.name);
            let report = examine(platform, &table.base, state, &rules);
            found.extend(report.findings.iter().map(|f| f.code));
            let wrong = std::panic::catch_unwind(|| hold(state, &report, &about));
            if wrong.is_err() {
                failed.push(about);
                continue;
            }
            held(report, &rules, &about);
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(count >= 60, "{count} states");
    // What needs the modes of files is shown by the command on a real device.
    let missing: Vec<_> = DeviceCode::ALL.iter().filter(|c| !found.contains(c)).collect();
    assert!(missing.is_empty(), "no state shows {missing:?}");
}

/// The report of a state is what its row says, whole.
fn hold(state: &State, report: &Report, about: &str) {
    let codes = |bad: bool| -> Vec<DeviceCode> {
        let of = report.findings.iter().filter(|f| (f.severity != Severity::Info) == bad);
        of.map(|f| f.code).collect()
    };
    assert_eq!(codes(true), state.expect, "{about}: {:#?}", report.findings);
    assert_eq!(codes(false), state.notes, "{about}: {:#?}", report.findings);
    if let Some(severity) = state.severity {
        assert_eq!(report.findings[0].severity, severity, "{about}");
    }
    let said = serde_json::to_string(&report.findings).unwrap().replace("\\\"", "\"");
    for text in &state.says {
        assert!(said.contains(text), "{about}: {text}: {said}");
    }
    for finding in &report.findings {
        assert!(!finding.summary.is_empty() && !finding.evidence.line.is_empty(), "{about}");
        assert!(!format!("{finding:?}").contains("hunter2"), "{about}");
        assert!(finding.severity == Severity::Info || !finding.remedy.is_empty(), "{about}");
    }
    let missed: Vec<String> =
        report.checks.iter().flat_map(|c| &c.not_run).map(|n| format!("{}: {}", n.what, n.why)).collect();
    for text in &state.not_run {
        assert!(missed.contains(text), "{about}: {missed:?}");
    }
    if state.without.is_empty() {
        assert_eq!(missed, Vec::<String>::new(), "{about}");
    }
    let clean = state.expect.is_empty() && missed.is_empty();
    if let Some(verdict) = state.verdict.or(clean.then_some(RunVerdict::Ready)) {
        assert_eq!(report.verdict, verdict, "{about}");
    }
}

/// The document keeps to its schema, is read back, and is judged to be the same.
fn held(report: Report, rules: &Rules, about: &str) {
    let examined = Examined {
        report,
        started_at: "2026-11-27T09:00:00Z".to_owned(),
        list: "profile.mobileconfig".to_owned(),
        shared: false,
        rules_date: rules.pack.meta.date.clone(),
    };
    let text = report::device::json::render(&examined);
    schemas::hold("device", &serde_json::from_str(&text).unwrap(), about);
    let saved = read(text.as_bytes()).unwrap_or_else(|e| panic!("{about}: {e}"));
    assert_eq!(saved, Document::from(&examined), "{about}");
    let again = device::judge(saved.seen, &rules.device, &rules.codes);
    assert_eq!(again.findings, examined.report.findings, "{about}");
    assert_eq!(again.checks, examined.report.checks, "{about}");
    assert_eq!(again.verdict, examined.report.verdict, "{about}");
    let page = report::device::text::render(&examined, &report::Style::default());
    // A path stays whole, so that it can be copied.
    let whole = |l: &str| l.split_whitespace().any(|word| word.chars().count() > 40);
    assert!(page.lines().all(|l| l.chars().count() <= 80 || whole(l)), "{about}:\n{page}");
}

#[test]
fn a_damaged_report_is_refused() {
    for bad in ["", "{}", "[]", "{\"schema\": \"clearway.check/1\"}"] {
        assert!(read(bad.as_bytes()).unwrap_err().contains("clearway device --format json"), "{bad}");
    }
}
