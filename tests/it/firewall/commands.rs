//! The commands as a user runs them.

use std::path::Path;
use std::process::Output;

use clearway::diagnose::judge;
use clearway::observation::{Environment, Observations};
use clearway::plan::Plan;
use clearway::report::{self};
use clearway::rules::codes::Codes;
use clearway::rules::services::Services;
use clearway::run::Run;
use serde_json::Value;

use crate::firewall::{folder, office};

fn run(args: &[&str]) -> Output {
    let mut command = crate::common::clearway();
    // The saved list has a date of its own, so its age must not follow the date of the rules.
    command.env("CLEARWAY_TODAY", "2026-11-27");
    command.args(args).stdin(std::process::Stdio::null()).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn office_file() -> String {
    folder().join("office.json").display().to_string()
}

#[test]
fn a_format_that_cannot_say_it_writes_nothing_unless_told_to() {
    let office = office_file();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("list.txt").display().to_string();
    let refused = run(&["hosts", &office, "--format", "zscaler", "-o", &file]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(out(&refused).is_empty() && !Path::new(&file).exists());
    let message = err(&refused);
    for part in ["--allow-widening", "--omit-unsupported", "*.icons.example", "build.corp.example:22"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    let half = run(&["hosts", &office, "--format", "zscaler", "--allow-widening"]);
    assert_eq!(half.status.code(), Some(2));
    let both = run(&[
        "hosts",
        &office,
        "--format",
        "zscaler",
        "--allow-widening",
        "--omit-unsupported",
        "-o",
        &file,
    ]);
    assert_eq!(both.status.code(), Some(0), "{}", err(&both));
    assert!(std::fs::read_to_string(&file).unwrap().contains(".icons.example\n"));
    // The format has no comments: everything that must be said is on standard error.
    for part in ["Left out", "Widened", "Cloud App Control", "SSL inspection"] {
        assert!(err(&both).contains(part), "{part}: {}", err(&both));
    }
}

#[test]
fn a_ticket_says_everything_a_firewall_team_asks() {
    let output = run(&["hosts", &office_file(), "--format", "ticket"]);
    assert_eq!(output.status.code(), Some(0));
    let text = out(&output);
    for part in [
        "Source          FILL IN",
        "Valid until     FILL IN",
        "Destination     api.vendor.example",
        "Port            TCP 443",
        "Protocol        SSH",
        "TLS inspection  does not apply, no TLS",
        "Reason          inference",
        "Need            required",
        "Destinations on the internet",
        "Destinations inside our own network",
        "gateway.corp.internal",
        "Needed, but nobody can list it",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let internal = text.find("Destinations inside").unwrap();
    assert!(text.find("gateway.corp.internal").unwrap() > internal, "internal hosts stand apart");
    assert!(text.lines().all(|l| l.chars().count() <= 80 || !l.trim().contains(' ')), "{text}");
    insta::assert_snapshot!("hosts_ticket", crate::firewall::stable(&text));
}

#[test]
fn against_exits_with_one_when_a_required_host_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("existing.txt");
    let path = file.display().to_string();
    std::fs::write(&file, report::hosts::plain::render(&office())).unwrap();
    let whole = run(&["hosts", &office_file(), "--against", &path]);
    assert_eq!(whole.status.code(), Some(0), "{}", out(&whole));
    assert!(out(&whole).contains("Nothing is missing"));
    std::fs::write(&file, "old.example\n").unwrap();
    let short = run(&["hosts", &office_file(), "--against", &path, "--format", "json"]);
    assert_eq!(short.status.code(), Some(1));
    let document: Value = serde_json::from_slice(&short.stdout).unwrap();
    crate::common::schemas::hold("against", &document, "against");
    assert_eq!(document["unneeded"][0]["entry"], "old.example");
    let optional = run(&["hosts", &office_file(), "--against", &path, "--need", "optional"]);
    assert_eq!(optional.status.code(), Some(0), "only required hosts decide");
    let wrong = run(&["hosts", &office_file(), "--against", &path, "--format", "squid"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(run(&["hosts", &office_file(), "--against", "no-such-file"]).status.code(), Some(2));
}

/// A report of a run in which an inspector stood in the way of two hosts.
fn report_file(dir: &Path) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/mixed-office.json");
    let mut recording: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let plan: Plan = serde_json::from_value(recording["plan"].take()).unwrap();
    let observations: Observations = serde_json::from_value(recording["observations"].take()).unwrap();
    let judgement = judge(&plan, &observations, &Services::embedded().unwrap(), &Codes::embedded().unwrap());
    let mut requirements = office();
    requirements.hosts = plan.targets.iter().map(|t| t.requirement.clone()).collect();
    let run = Run {
        requirements,
        plan,
        observations,
        judgement,
        environment: Environment::default(),
        started_at: "2026-11-22T12:00:00Z".into(),
        label: None,
        tags: Default::default(),
        duration_ms: 1,
        is_replayed: false,
        expected: None,
    };
    let file = dir.join("report.json");
    std::fs::write(&file, report::check::json::render(&run, &[])).unwrap();
    file.display().to_string()
}

#[test]
fn the_inspection_list_has_only_what_a_report_proved() {
    let dir = tempfile::tempdir().unwrap();
    let report = report_file(dir.path());
    let document: Value = serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
    let mut proven: Vec<String> = document["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|g| g["hosts"].as_array().unwrap())
        .filter(|h| h["finding"]["code"].as_str().unwrap().starts_with("tls/intercepted"))
        .map(|h| h["probed"].as_str().unwrap().to_owned())
        .collect();
    proven.sort();
    proven.dedup();
    assert_eq!(proven.len(), 2);
    let plain = run(&["hosts", &report, "--list", "inspection", "--format", "plain"]);
    assert_eq!(plain.status.code(), Some(0), "{}", err(&plain));
    assert_eq!(out(&plain).lines().collect::<Vec<_>>(), proven);
    for (format, part) in [
        ("text", "# Exempt these hosts"),
        ("paloalto", "custom-url-category clearway-no-decrypt list "),
        ("zscaler", ""),
        ("fortigate", "set fqdn"),
        ("squid", "ssl_bump splice clearway_no_bump"),
        ("azure-firewall", "clearway-no-inspection"),
        ("checkpoint", "clearway-no-inspection"),
        ("gcp-swp", "clearway-no-inspection-443"),
    ] {
        let mut args = vec!["hosts", &report, "--list", "inspection", "--format", format];
        if format == "fortigate" {
            // Neither of its two forms is the name alone.
            let refused = run(&args);
            assert_eq!(refused.status.code(), Some(2));
            assert!(out(&refused).is_empty());
            let message = err(&refused);
            for part in ["--allow-widening", "every name on the same address", "every name below"] {
                assert!(message.contains(part), "{part}: {message}");
            }
            assert!(proven.iter().all(|h| message.contains(&format!("{h}: "))), "{message}");
            args.push("--allow-widening");
        }
        let output = run(&args);
        assert_eq!(output.status.code(), Some(0), "{format}: {}", err(&output));
        let text = out(&output);
        assert_eq!(text.contains("WIDENED"), format == "fortigate", "{format}: {text}");
        // Check Point's domain objects match by address, which would exempt whatever else is there.
        assert!(format != "checkpoint" || !text.contains("put dns-domain"), "{text}");
        assert!(text.contains(part), "{format}: {text}");
        let squashed = text.replace('\\', "");
        assert!(proven.iter().all(|h| squashed.contains(h.as_str())), "{format}: {text}");
    }
    for format in ["aws-network-firewall", "dnsmasq-nftset", "pac", "prometheus", "csv"] {
        let output = run(&["hosts", &report, "--list", "inspection", "--format", format]);
        assert_eq!(output.status.code(), Some(2), "{format}");
        assert!(!err(&output).is_empty());
    }
}

#[test]
fn an_exemption_is_never_a_guess() {
    for args in [vec!["hosts", "--list", "inspection"], vec!["hosts", &office_file(), "--list", "inspection"]]
    {
        let output = run(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(err(&output).contains("check --format json"), "{}", err(&output));
        assert!(out(&output).is_empty());
    }
}

#[test]
fn hosted_lists_are_one_file_for_each_port_and_a_manifest() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("lists");
    let to = format!("{}/", folder.display());
    let office = office_file();
    // What the format cannot say stops everything: nothing is written.
    let refused = run(&["hosts", &office, "--format", "paloalto-urls", "-o", &to]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(!folder.exists(), "{}", err(&refused));
    let args =
        ["hosts", &office, "--format", "paloalto-urls", "--omit-unsupported", "--name", "pilot", "-o", &to];
    assert_eq!(run(&args).status.code(), Some(0));
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(read("pilot-443.txt").contains("api.vendor.example/\n"));
    assert!(!read("pilot-443.txt").contains("gateway.corp.internal"));
    assert!(read("pilot-8443.txt").contains("gateway.corp.internal/\n"));
    let manifest: serde_json::Value = serde_json::from_str(&read("manifest.json")).unwrap();
    crate::common::schemas::hold("lists", &manifest, "manifest");
    let lists = manifest["lists"].as_array().unwrap();
    assert!(!lists.is_empty());
    for list in lists {
        let text = read(list["file"].as_str().unwrap());
        assert_eq!(list["entries"], text.lines().count());
        assert_eq!(list["bytes"], text.len());
        assert!(list["file"].as_str().unwrap().ends_with(&format!("-{}.txt", list["port"])));
    }
    // Every entry of the whole list is in one of the files.
    let names = ["pilot-443.txt", "pilot-8443.txt"].map(read).concat();
    for host in ["errors.example/", "*.errors.example/", "deep.errors.example/", "packages.corp.example/"] {
        assert!(names.lines().any(|l| l == host), "{host}");
    }
    let again = (read("manifest.json"), read("pilot-443.txt"));
    assert_eq!(run(&args).status.code(), Some(0));
    assert_eq!(again, (read("manifest.json"), read("pilot-443.txt")));
    assert_eq!(run(&["hosts", &office, "--format", "plain", "-o", &to]).status.code(), Some(0));
    assert!(read("clearway-22.txt").contains("build.corp.example\n"));
    crate::common::schemas::hold("lists", &serde_json::from_str(&read("manifest.json")).unwrap(), "plain");
    // The folder is held against the list as a whole, by its manifest.
    let against =
        |more: &[&str]| run(&[&["hosts", office.as_str(), "--against", to.as_str()], more].concat());
    let whole = against(&["--format", "json"]);
    assert_eq!(whole.status.code(), Some(0), "{}", err(&whole));
    let document: Value = serde_json::from_slice(&whole.stdout).unwrap();
    assert_eq!(document["missing"], serde_json::json!([]));
    assert_eq!(
        document["unneeded"],
        serde_json::json!([]),
        "an old file that the manifest does not name is not read"
    );
    assert!(out(&whole).contains("are clearway-22.txt"), "{}", out(&whole));
    assert_eq!(against(&["--port", "8443"]).status.code(), Some(0));
    std::fs::write(folder.join("clearway-8443.txt"), "deep.errors.example\n").unwrap();
    assert_eq!(against(&[]).status.code(), Some(1), "gateway.corp.internal:8443 is gone");
    assert_eq!(against(&["--port", "443"]).status.code(), Some(0));
    let manifest = read("manifest.json");
    for (wrong, part) in [
        (manifest.replace("clearway.lists/1", "x/1"), "not one of hosted lists"),
        (manifest.replace("\"clearway-22.txt\"", "\"../clearway-22.txt\""), "not one of hosted lists"),
        (manifest.replace("\"clearway-22.txt\"", "\"clearway-443.txt\""), "each port and file once"),
        (manifest.replace("\"clearway-22.txt\"", "\"gone-22.txt\""), "gone-22.txt"),
    ] {
        std::fs::write(folder.join("manifest.json"), wrong).unwrap();
        let refused = against(&[]);
        assert_eq!(refused.status.code(), Some(2), "{part}");
        assert!(err(&refused).contains(part), "{part}: {}", err(&refused));
    }
    std::fs::write(folder.join("manifest.json"), &manifest).unwrap();
    let named = folder.join("manifest.json").display().to_string();
    let refused = run(&["hosts", &office, "--against", &named]);
    assert!(
        refused.status.code() == Some(2) && err(&refused).contains("give its folder"),
        "{}",
        err(&refused)
    );
    let delta = run(&["hosts", &office, "--delta", &to]);
    assert!(delta.status.code() == Some(2) && err(&delta).contains("--port N"), "{}", err(&delta));
    let empty = dir.path().display().to_string();
    let none = run(&["hosts", &office, "--against", &empty]);
    assert!(none.status.code() == Some(2) && err(&none).contains("no manifest.json"), "{}", err(&none));
    assert_eq!(run(&["hosts", &office, "--format", "squid", "-o", &to]).status.code(), Some(2));
    assert_eq!(run(&["hosts", &office, "--against", &office, "-o", &to]).status.code(), Some(2));
}

#[test]
fn a_product_that_holds_no_names_is_refused_with_its_reason() {
    let output = run(&["hosts", &office_file(), "--format", "macos-content-filter"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(out(&output).is_empty() && err(&output).contains("Plugin only"), "{}", err(&output));
    // What is not known is said in the text.
    let text = out(&run(&["hosts", &office_file(), "--format", "sophos"]));
    assert!(text.contains("Inferred, no page of the vendor was found to say it:"), "{text}");
}
