//! The table of states: copies of devices with the saved output of their tools, and everything that is found on them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use clearway::config::device::Device;
use clearway::contract::{DeviceCode, Platform, RunVerdict, Severity};
use clearway::device::{self, About, Listed, Remark, Report};
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
    /// What is never run on this platform, and would be for information alone.
    #[serde(default)]
    not_run: Vec<String>,
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
    #[serde(default)]
    remarks: Vec<Remark>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    newer: usize,
    #[serde(default)]
    updates_off: bool,
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

/// The day of the states, Unix seconds.
const AT: i64 = 1_795_737_600;
const YEAR: i64 = 31_557_600;

/// Authorities that the states name: PEM by name, and the entry of one in the registry.
fn certificates() -> BTreeMap<String, String> {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};
    let of = |name: &str, years: i64| {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let time = |at| time::OffsetDateTime::from_unix_timestamp(at).unwrap();
        params.not_before = time(AT - 10 * YEAR);
        params.not_after = time(AT + years * YEAR);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap()
    };
    let corp = of("Corp Root", 9);
    // A property of four bytes stands before the certificate.
    let mut entry = vec![3, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 9, 9, 9, 9, 32, 0, 0, 0, 1, 0, 0, 0];
    entry.extend(u32::try_from(corp.der().len()).unwrap().to_le_bytes());
    entry.extend_from_slice(corp.der());
    let hex: String = entry.iter().map(|b| format!("{b:02X}")).collect();
    [
        ("@corp@", corp.pem()),
        ("@corp.entry@", hex),
        ("@renewed@", of("Corp Root", 12).pem()),
        ("@ended@", of("Old Corp Root", -1).pem()),
        ("@public@", of("Example Public Root", 20).pem()),
    ]
    .map(|(mark, text)| (mark.to_owned(), text))
    .into()
}

fn examine(
    platform: Platform,
    base: &Base,
    state: &State,
    rules: &Rules,
    certificates: &BTreeMap<String, String>,
) -> Report {
    let root = tempfile::tempdir().unwrap();
    let mut files = base.files.clone();
    files.extend(state.files.clone());
    let tools = base.tools.iter().chain(&state.tools);
    files.extend(tools.map(|(id, text)| (format!("tools/{id}.txt"), text.clone())));
    for name in &state.without {
        let tool = format!("tools/{name}.txt");
        assert!(files.remove(name).or_else(|| files.remove(&tool)).is_some(), "{}: {name}", state.name);
    }
    for (path, mut text) in files {
        for (mark, certificate) in certificates {
            text = text.replace(mark.as_str(), certificate);
        }
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let device = Device { platform, root: Some(root.path().to_owned()), user: Some("ann".to_owned()) };
    let about = About {
        version: state.version.clone(),
        newest: "2.26454.0".to_owned(),
        newer: state.newer,
        updates_off: state.updates_off,
        remarks: state.remarks.clone(),
        at: AT,
    };
    device::examine(&device, rules, &listed(), &about).unwrap_or_else(|e| panic!("{}: {e}", state.name))
}

#[test]
fn every_state_is_found_and_nothing_else() {
    let (rules, certificates) = (Rules::embedded(), certificates());
    let (mut count, mut found) = (0, BTreeSet::new());
    let mut failed = Vec::new();
    for (platform, table) in tables() {
        for state in &table.state {
            count += 1;
            let about = format!("{platform}, {}", state.name);
            let report = examine(platform, &table.base, state, &rules, &certificates);
            found.extend(report.findings.iter().map(|f| f.code));
            let wrong = std::panic::catch_unwind(|| hold(&table.base, state, &report, &about));
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
fn hold(base: &Base, state: &State, report: &Report, about: &str) {
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
    let more: Vec<&String> =
        missed.iter().filter(|m| !base.not_run.iter().any(|n| m.starts_with(n.as_str()))).collect();
    if state.without.iter().all(|name| name.contains('/')) && state.not_run.is_empty() {
        assert!(more.is_empty() || state.verdict.is_some(), "{about}: {more:?}");
    }
    // What was not run has not passed, also where the rest of its check was run; what could only inform decides nothing.
    let well = if more.is_empty() { RunVerdict::Ready } else { RunVerdict::Unknown };
    if let Some(verdict) = state.verdict.or(state.expect.is_empty().then_some(well)) {
        assert_eq!(report.verdict, verdict, "{about}: {missed:?}");
    }
}

/// The document keeps to its schema, is read back, and is judged to be the same.
fn held(report: Report, rules: &Rules, about: &str) {
    let examined = Examined {
        report,
        started_at: "2026-11-27T09:00:00Z".to_owned(),
        list: "profile.mobileconfig".to_owned(),
        shared: false,
        rules_date: rules.pack.meta.date.to_string(),
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

/// The rows of the table below a heading of the page: the cells of each.
fn table(heading: &str) -> Vec<Vec<String>> {
    let text = include_str!("../../../docs/device.md");
    let section = text.lines().skip_while(|l| *l != heading).skip(1).take_while(|l| !l.starts_with("## "));
    let rows = section.filter(|l| l.starts_with("| ")).skip(2);
    rows.map(|r| r.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect()).collect()
}

/// Every section of the vendor's page has a check, or a reason why not with what looks at it instead.
#[test]
fn the_page_of_the_vendor_is_answered_section_by_section() {
    let rows = table("## The vendor's page on installation, section by section");
    let sections: Vec<&str> = rows.iter().map(|r| r[0].as_str()).collect();
    for section in [
        "Install Claude Desktop",
        "Build a configuration in the app",
        "Export for MDM",
        "Creating profiles for multiple user groups",
        "Allow required network egress",
        "Deploy the configuration",
        "Distribute the app",
        "Configure the Code tab",
        "Deploy organization plugins",
        "End-user installation",
        "Endpoint security software",
        "Updates",
    ] {
        assert!(sections.contains(&section), "{section}");
    }
    assert_eq!(sections.iter().filter(|s| s.starts_with("Verifying the deployment: ")).count(), 4);
    let points = table("## The vendor's page on endpoint security, point by point");
    for row in rows.iter().chain(&points) {
        let named: Vec<&str> =
            row[1].split('`').skip(1).step_by(2).filter(|c| c.starts_with("device/")).collect();
        for code in &named {
            let known = *code == "device/clock" || DeviceCode::ALL.iter().any(|c| c.as_str() == *code);
            assert!(known, "{}: {code}", row[0]);
        }
        let reason = [
            "not looked at: ",
            "not asked: ",
            "the remedy",
            "recognised by",
            "`santactl",
            "`rules/device.toml`",
            "its event log",
            "the helper's checks",
            "the table above",
        ];
        let says = reason.iter().any(|r| row[1].starts_with(r));
        assert!(!named.is_empty() || says, "{}: {}", row[0], row[1]);
    }
}

/// Every program that is run stands on the page, with what the system may use the network for.
#[test]
fn the_page_has_every_program_and_its_network() {
    let rules = Rules::embedded();
    let written: Vec<Vec<String>> = table("## Programs that are run");
    let expected: Vec<Vec<String>> = rules
        .device
        .tool
        .iter()
        .map(|t| {
            let network = match (&t.saved_only, &t.network) {
                (Some(_), _) => "not run",
                (None, Some(network)) => network.as_str(),
                (None, None) => "none",
            };
            let program = t.program.rsplit('\\').next().unwrap();
            [
                t.platform.to_string().as_str(),
                &format!("`{}`", t.id),
                &format!("`{program}`"),
                t.asks.as_str(),
                network,
            ]
            .map(|c| c.to_owned())
            .to_vec()
        })
        .collect();
    assert_eq!(written, expected);
    // Programs whose purpose is to ask a server have no place among them.
    for asks in [
        "curl",
        "ping",
        "nslookup",
        "dig",
        "spctl",
        "certutil",
        "w32tm",
        "Invoke-",
        "Test-NetConnection",
        "Resolve-DnsName",
    ] {
        let runs = |t: &&clearway::rules::device::Tool| {
            t.program.contains(asks) || t.args.iter().any(|a| a.contains(asks))
        };
        assert!(!rules.device.tool.iter().any(|t| runs(&t)), "{asks}");
    }
}

/// A report of three faults names all of them, the worst first, in every format.
#[test]
fn three_faults_are_named_in_every_format_the_worst_first() {
    let (rules, certificates) = (Rules::embedded(), certificates());
    let mut seen = 0;
    for (platform, table) in tables() {
        for state in table.state.iter().filter(|s| s.expect.len() == 3) {
            seen += 1;
            let about = format!("{platform}, {}", state.name);
            let examined = Examined {
                report: examine(platform, &table.base, state, &rules, &certificates),
                started_at: "2026-11-27T09:00:00Z".to_owned(),
                list: "profile.mobileconfig".to_owned(),
                shared: false,
                rules_date: rules.pack.meta.date.to_string(),
            };
            let weights: Vec<Severity> = examined.report.findings.iter().map(|f| f.severity).collect();
            assert!(weights.is_sorted_by(|a, b| a >= b), "{about}: {weights:?}");
            for (format, text) in [
                ("text", report::device::text::render(&examined, &report::Style::default())),
                ("html", report::device::html::render(&examined)),
                ("markdown", report::device::markdown::render(&examined)),
            ] {
                let at = |code: &DeviceCode| text.find(code.as_str());
                let places: Vec<Option<usize>> = state.expect.iter().map(at).collect();
                assert!(places.iter().all(Option::is_some), "{about}, {format}: {places:?}\n{text}");
                assert!(places.is_sorted(), "{about}, {format}: {places:?}\n{text}");
            }
        }
    }
    assert!(seen >= 4, "{seen}");
}

/// What is passed over as information alone is of checks that find nothing else.
#[test]
fn a_check_that_only_informs_finds_nothing_in_the_way() {
    let (rules, certificates) = (Rules::embedded(), certificates());
    let mut informs = BTreeSet::new();
    let mut in_the_way = BTreeSet::new();
    for (platform, table) in tables() {
        let mut states: Vec<&State> = table.state.iter().collect();
        let nothing = State {
            without: table.base.tools.keys().cloned().collect(),
            ..toml::from_str("name = 'nothing collected'\nexpect = []").unwrap()
        };
        states.push(&nothing);
        for state in states {
            let report = examine(platform, &table.base, state, &rules, &certificates);
            for check in &report.checks {
                if check.not_run.iter().any(|n| n.gap == clearway::device::Gap::Informs) {
                    informs.insert(check.id.clone());
                }
            }
            // One finding of a device with one check that found something is that check's.
            let by: Vec<_> = report.checks.iter().filter(|c| c.findings > 0).collect();
            if let [check] = by.as_slice()
                && report.findings.iter().any(|f| f.severity != Severity::Info)
            {
                in_the_way.insert(check.id.clone());
            }
        }
    }
    assert_eq!(informs.iter().map(String::as_str).collect::<Vec<_>>(), ["clock", "endpoint-security"]);
    assert!(in_the_way.len() >= 8 && informs.is_disjoint(&in_the_way), "{informs:?} {in_the_way:?}");
}

/// Every code has its section on the page, and no section is about anything else.
#[test]
fn the_page_has_every_code() {
    let text = include_str!("../../../docs/device.md");
    let sections: Vec<&str> =
        text.lines().filter_map(|l| l.strip_prefix("### `")?.strip_suffix('`')).collect();
    let codes: Vec<&str> = DeviceCode::ALL.iter().map(|c| c.as_str()).collect();
    assert_eq!(sections, codes);
}
