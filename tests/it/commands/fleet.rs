//! `clearway fleet`: many saved reports, read as a user would have them.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use clearway::contract::RunWord;
use clearway::document::check::read_check;
use clearway::fleet::digest;
use serde_json::{Value, json};

use crate::common::{clearway, schemas};

/// The report that the others are made from.
fn office() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/reports/office.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The same with everything that was in the way out of it.
fn healthy(mut report: Value) -> Value {
    report["verdict"] = json!("ready");
    report["findings"] = json!([]);
    for group in report["groups"].as_array_mut().unwrap() {
        for host in group["hosts"].as_array_mut().unwrap() {
            if host["verdict"] != "untested" {
                host["verdict"] = json!("reachable");
                host["finding"]["code"] = json!("ok");
                host["finding"]["owner"] = json!("none");
                host.as_object_mut().unwrap().remove("cause");
            }
        }
    }
    report
}

fn of(mut report: Value, device: &str, label: &str, at: &str) -> Value {
    report["environment"]["host"] = json!(device);
    report["label"] = json!(label);
    report["started_at"] = json!(at);
    report
}

fn write(dir: &Path, name: &str, report: &Value) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, serde_json::to_vec_pretty(report).unwrap()).unwrap();
}

/// Six devices in Berlin, of which one is blocked as the office is; two in Paris, both blocked; an old report of
/// one; a masked report; a file that is no report.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (good, bad) = (healthy(office()), office());
    for n in 1..=5 {
        let report = of(good.clone(), &format!("ber-{n}"), "Berlin", "2026-11-24T08:00:00Z");
        write(dir.path(), &format!("berlin/{n}.json"), &report);
    }
    write(dir.path(), "berlin/6.json", &of(bad.clone(), "ber-6", "Berlin", "2026-11-24T08:10:00Z"));
    for n in 1..=2 {
        let report = of(bad.clone(), &format!("par-{n}"), "Paris", "2026-11-24T09:00:00Z");
        write(dir.path(), &format!("paris/deep/{n}.JSON"), &report);
    }
    write(dir.path(), "berlin/old.json", &of(bad, "ber-1", "Berlin", "2026-11-20T08:00:00Z"));
    fs::write(dir.path().join("broken.json"), "{\"schema\":").unwrap();
    fs::write(dir.path().join("readme.txt"), "no report").unwrap();
    dir
}

fn run(args: &[&str]) -> Output {
    clearway().arg("fleet").args(args).stdin(Stdio::null()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn fleet(args: &[&str]) -> Value {
    let document: Value =
        serde_json::from_str(&stdout(&run(&[args, &["--format", "json"]].concat()))).unwrap();
    schemas::hold("fleet", &document, &format!("{args:?}"));
    document
}

#[test]
fn the_newest_report_of_each_device_counts() {
    let dir = folder();
    let found = fleet(&[&dir.path().display().to_string()]);
    assert_eq!((&found["reports"], &found["devices"]), (&json!(9), &json!(8)));
    assert_eq!(found["verdicts"], json!({ "blocked": 0, "unknown": 0, "degraded": 3, "ready": 5 }));
    assert_eq!(found["only_optional"], 3);
    assert_eq!(found["by"], "site");
    let names: Vec<_> =
        found["groups"].as_array().unwrap().iter().map(|g| (&g["name"], &g["devices"])).collect();
    assert_eq!(names, [(&json!("Berlin"), &json!(6)), (&json!("Paris"), &json!(2))]);
    assert_eq!(found["skipped_count"], 1);
    assert!(found["skipped"][0]["file"].as_str().unwrap().ends_with("broken.json"));
    assert_eq!(found["passed_over"], json!([{ "name": ".txt", "devices": 1 }]));
    assert_eq!(found["trend"].as_array().unwrap().len(), 2, "the old report is a day of its own");
}

#[test]
fn one_cause_of_many_devices_is_said_once() {
    let dir = folder();
    let found = fleet(&[&dir.path().display().to_string()]);
    let causes = found["causes"].as_array().unwrap();
    let resets: Vec<&Value> = causes.iter().filter(|c| c["code"] == "tls/sni-reset").collect();
    assert_eq!(resets.len(), 1, "{causes:#?}");
    let reset = resets[0];
    assert_eq!((&reset["devices"], &reset["owner"]), (&json!(3), &json!("firewall")));
    assert_eq!(reset["names"], json!(["ber-6", "par-1", "par-2"]));
    assert_eq!(reset["sample"]["device"], "ber-6");
    assert!(reset["sample"]["remedy"].as_str().unwrap().contains("server name"));
    assert_eq!(
        reset["groups"],
        json!([{ "name": "Paris", "devices": 2 }, { "name": "Berlin", "devices": 1 }])
    );
}

#[test]
fn a_device_unlike_all_others_of_its_site_is_named() {
    let dir = folder();
    let found = fleet(&[&dir.path().display().to_string()]);
    let outliers = found["outliers"].as_array().unwrap();
    assert!(!outliers.is_empty());
    for outlier in outliers {
        assert_eq!(
            (&outlier["device"], &outlier["group"], &outlier["of"]),
            (&json!("ber-6"), &json!("Berlin"), &json!(6))
        );
    }
}

#[test]
fn time_and_groups_can_be_chosen() {
    let dir = folder();
    let path = dir.path().display().to_string();
    let found = fleet(&[&path, "--since", "2026-11-24T08:05:00Z", "--by", "owner"]);
    assert_eq!((&found["devices"], &found["older"]), (&json!(3), &json!(6)));
    let owners: Vec<&str> =
        found["groups"].as_array().unwrap().iter().map(|g| g["name"].as_str().unwrap()).collect();
    assert!(owners.contains(&"firewall") && owners.contains(&"tls-inspection"), "{owners:?}");
    let unknown = run(&[&path, "--by", "nosuch"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("none has any tag"));
    let nothing = run(&[&path, "--since", "2027-01-01"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("older than --since"));
}

#[test]
fn lines_on_standard_input_are_reports() {
    use std::io::Write;
    let mut child = clearway()
        .args(["fleet", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for n in 0..3 {
        let report = of(office(), &format!("desk-{n}"), "Oslo", "2026-11-24T08:00:00Z");
        writeln!(input, "{}", serde_json::to_string(&report).unwrap()).unwrap();
    }
    writeln!(input, "{{\"half\":").unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&found["devices"], &found["skipped_count"]), (&json!(3), &json!(1)));
    assert_eq!(found["skipped"][0]["file"], "standard input, line 4");
}

#[test]
fn every_rendering_says_the_same() {
    let dir = folder();
    let path = dir.path().display().to_string();
    let text = stdout(&run(&[&path])).replace(&path, "reports");
    insta::assert_snapshot!("fleet_text", text);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!("fleet_markdown", stdout(&run(&[&path, "--format", "markdown"])));
    insta::assert_snapshot!("fleet_prometheus", stdout(&run(&[&path, "--format", "prometheus"])));
    let csv = stdout(&run(&[&path, "--format", "csv"]));
    let width = csv.lines().next().unwrap().split(',').count();
    assert_eq!(width, 15);
    assert!(
        csv.lines().any(|l| l.starts_with("tls/sni-reset,firewall,") && l.contains(",Paris,2,3,")),
        "{csv}"
    );
}

#[test]
fn what_is_not_there_is_a_mistake_and_hostile_names_stay_text() {
    let missing = run(&["/no/such/folder"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/no/such/folder"));
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(run(&[&empty.path().display().to_string()]).status.code(), Some(2));
    let dir = tempfile::tempdir().unwrap();
    let report = of(office(), "=cmd|'x'!A1\u{1b}[31m|`\"\\\n<b>", "a\"b\\c\u{202e}", "2026-11-24T08:00:00Z");
    write(dir.path(), "x.json", &report);
    let path = dir.path().display().to_string();
    for format in ["text", "json", "csv", "markdown", "html", "prometheus"] {
        let text = stdout(&run(&[&path, "--by", "label", "--format", format]));
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{format}: {text}");
        assert!(format != "csv" || !text.contains(",=cmd"), "{text}");
        assert!(!["markdown", "html"].contains(&format) || !text.contains("<b>"), "{text}");
    }
}

#[test]
fn rows_for_a_database_are_named_as_what_they_are() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("rows.ndjson"), "{\"schema\":\"clearway.rows/1\",\"tags\":null}\n")
        .unwrap();
    let output = run(&[&dir.path().display().to_string()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("rows of `check --format ndjson`"),
        "{output:?}"
    );
}

const OFFICE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/reports/office.json");

#[test]
fn a_compact_report_is_small_and_adds_up_like_the_whole() {
    let dir = tempfile::tempdir().unwrap();
    let small = dir.path().join("small.json").display().to_string();
    let whole = dir.path().join("whole.json").display().to_string();
    let tags = ["--tag", "site=Oslo", "--tag", "ring=pilot"];
    let to = [format!("json={whole}")];
    let args = [&["check", "--replay", OFFICE, "--format", &to[0]][..], &tags].concat();
    assert_eq!(clearway().args(&args).output().unwrap().status.code(), Some(0));
    let args =
        [&["check", "--replay", OFFICE, "--format", "json", "--compact", "-o", &small][..], &tags].concat();
    assert_eq!(clearway().args(&args).output().unwrap().status.code(), Some(0));
    let text = fs::read_to_string(&small).unwrap();
    assert_eq!(text.lines().count(), 1);
    let document: Value = serde_json::from_str(&text).unwrap();
    // A host that works costs so much, so that a device with forty of them stays below 8 kB.
    let hosts = document["groups"].as_array().unwrap().iter().flat_map(|g| g["hosts"].as_array().unwrap());
    let ok: Vec<usize> =
        hosts.filter(|h| h["finding"]["code"] == "ok").map(|h| h.to_string().len()).collect();
    assert!(ok.len() >= 5 && ok.iter().all(|bytes| *bytes < 180), "{ok:?}");
    let sums: Vec<Value> = [&small, &whole]
        .iter()
        .map(|path| {
            let mut sum = fleet(&[path.as_str(), "--by", "ring"]);
            for cause in sum["causes"].as_array_mut().unwrap() {
                cause["sample"]["file"] = json!("");
            }
            sum
        })
        .collect();
    assert_eq!(sums[0], sums[1]);
    assert_eq!(sums[0]["groups"][0]["name"], "pilot");
    let replay = clearway().args(["check", "--replay", &small]).output().unwrap();
    assert_eq!(replay.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&replay.stderr).contains("--compact"), "{replay:?}");
}

#[test]
fn masked_reports_in_one_file_are_as_many_devices() {
    let dir = tempfile::tempdir().unwrap();
    let masked = dir.path().join("masked.ndjson");
    let output = clearway()
        .args(["check", "--replay", OFFICE, "--format", "json", "--compact", "--share"])
        .output()
        .unwrap();
    fs::write(&masked, [output.stdout.clone(), output.stdout].concat()).unwrap();
    assert_eq!(fleet(&[&masked.display().to_string()])["devices"], 2);
}

#[test]
fn a_host_counts_once_for_a_device_with_the_worse_verdict() {
    let dir = tempfile::tempdir().unwrap();
    let mut report = office();
    let hosts = report["groups"][0]["hosts"].as_array_mut().unwrap();
    let mut twice = hosts[0].clone();
    let name = twice["host"].clone();
    twice["id"] = json!(9999);
    twice["verdict"] = json!("blocked");
    twice["finding"]["code"] = json!("tcp/refused");
    twice["finding"]["owner"] = json!("service");
    hosts.push(twice);
    write(dir.path(), "x.json", &report);
    let found = fleet(&[&dir.path().display().to_string()]);
    let rows: Vec<&Value> = found["hosts"].as_array().unwrap().iter().filter(|h| h["host"] == name).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["devices"], &rows[0]["blocked"]), (&json!(1), &json!(1)));
}

#[test]
fn a_report_from_the_future_does_not_hide_the_present() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "now.json", &of(office(), "dev", "x", "2026-11-24T08:00:00Z"));
    for (n, at) in
        ["9998-01-01T00:00:00Z", "9999-99-99T99:99:99Z", "2026-11-24T08:00:00AAAZ"].iter().enumerate()
    {
        write(dir.path(), &format!("later-{n}.json"), &of(healthy(office()), "dev", "x", at));
    }
    let found = fleet(&[&dir.path().display().to_string()]);
    assert_eq!((&found["verdicts"]["degraded"], &found["skipped_count"]), (&json!(1), &json!(3)));
}

#[test]
fn what_nobody_judged_is_no_host_that_works() {
    let dir = tempfile::tempdir().unwrap();
    let mut report = healthy(office());
    report["groups"][0]["hosts"][0]["verdict"] = json!("untested");
    let name = report["groups"][0]["hosts"][0]["host"].as_str().unwrap().to_owned();
    write(dir.path(), "x.json", &report);
    let path = dir.path().display().to_string();
    let metrics = stdout(&run(&[&path, "--format", "prometheus"]));
    let line =
        format!("clearway_fleet_host_devices{{host=\"{name}\",need=\"required\",verdict=\"untested\"}} 1");
    assert!(metrics.contains(&line), "{metrics}");
    let text = stdout(&run(&[&path]));
    assert!(text.lines().any(|l| l.starts_with("  ? ") && l.contains(&name) && l.contains("? of")), "{text}");
}

#[test]
fn names_that_look_the_same_are_one_series() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "1.json", &of(office(), "d1", "Berlin HQ", "2026-11-24T08:00:00Z"));
    write(dir.path(), "2.json", &of(office(), "d2", "Berlin  HQ", "2026-11-24T08:00:00Z"));
    let found = fleet(&[&dir.path().display().to_string(), "--by", "label"]);
    assert_eq!(found["groups"].as_array().unwrap().len(), 1);
}

#[test]
fn a_page_is_a_report_too() {
    let dir = tempfile::tempdir().unwrap();
    let to = format!("html={}", dir.path().join("page.html").display());
    let output = clearway().args(["check", "--replay", OFFICE, "--format", &to]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let found = fleet(&[&dir.path().display().to_string()]);
    assert_eq!((&found["devices"], &found["verdicts"]["degraded"]), (&json!(1), &json!(1)));
}

#[test]
fn tags_are_kept_and_masked_and_wrong_ones_refused() {
    let run = |args: &[&str]| {
        clearway().args(["check", "--replay", OFFICE, "--format", "json"]).args(args).output().unwrap()
    };
    let document: Value = serde_json::from_slice(&run(&["--tag", "site=Oslo"]).stdout).unwrap();
    assert_eq!(document["tags"], json!({ "site": "Oslo" }));
    schemas::hold("check", &document, "tags");
    let shared = run(&["--tag", "site=Oslo", "--share"]);
    assert!(!String::from_utf8_lossy(&shared.stdout).contains("Oslo"));
    for wrong in ["site", "=x", "site=", "a b=c"] {
        assert_eq!(run(&["--tag", wrong]).status.code(), Some(2), "{wrong}");
    }
    let alone = clearway().args(["check", "--replay", OFFICE, "--compact"]).output().unwrap();
    assert_eq!(alone.status.code(), Some(2));
}

/// A device whose own part is damaged counts with its hosts, and that is said.
#[test]
fn a_damaged_part_about_the_device_costs_that_part_alone() {
    let dir = tempfile::tempdir().unwrap();
    let finding = json!({ "severity": "error", "code": "device/service", "owner": "device" });
    let with = |device: &str, part: Value| {
        let mut report = of(office(), device, "Berlin", "2026-11-24T08:00:00Z");
        report["device_report"] = part;
        report
    };
    write(dir.path(), "whole.json", &with("ber-1", json!({ "findings": [finding] })));
    for (n, part) in [
        json!({ "findings": [{ "severity": "error", "code": "device/service" }] }),
        json!({ "findings": "quarrybox" }),
        json!([1, { "a": "\u{1b}[31m" }]),
        json!("text"),
    ]
    .into_iter()
    .enumerate()
    {
        write(dir.path(), &format!("damaged-{n}.json"), &with(&format!("ber-1{n}"), part));
    }
    let path = dir.path().display().to_string();
    let output = clearway().args(["fleet", &path, "--format", "json"]).output().unwrap();
    let sum: Value = serde_json::from_slice(&output.stdout).unwrap();
    schemas::hold("fleet", &sum, "a damaged part about the device");
    assert_eq!(
        (&sum["devices"], &sum["skipped_count"], &sum["on_device_unread_count"]),
        (&json!(5), &json!(0), &json!(4))
    );
    assert_eq!(sum["on_device"][0]["devices"], 1);
    assert_eq!(sum["causes"][0]["devices"], 5, "the hosts of all count");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("damaged-0.json (and of 3 more): what was found on the device itself is left out"),
        "{said}"
    );
    // What is damaged elsewhere is no report, as before.
    let mut report = with("ber-2", json!("text"));
    report["groups"] = json!("text");
    write(dir.path(), "none.json", &report);
    assert_eq!(fleet(&[&path])["skipped_count"], 1);
}

#[test]
fn it_calls_a_run_what_its_own_report_calls_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = std::collections::BTreeSet::new();
    for folder in ["examples/reports", "tests/recordings", "tests/recordings/codes"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|end| end != "json") {
                continue;
            }
            let mut report: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            if report.get("report").is_some() {
                report = report["report"].take();
            }
            // Some recordings hold plan and observations alone.
            if report.get("schema").is_none() {
                continue;
            }
            let word = digest::read(report.to_string().as_bytes()).unwrap().verdict;
            let run = read_check(report).unwrap();
            assert_eq!(word, run.word(), "{}", path.display());
            seen.insert(word);
        }
    }
    assert!(seen.contains(&RunWord::OptionalLosses) && seen.contains(&RunWord::Degraded), "{seen:?}");
}

/// A file of lines takes the memory of the file and of what is named, however many of its lines are no reports.
#[cfg(target_os = "linux")]
#[test]
fn broken_lines_are_counted_and_not_kept() {
    use std::io::Read;
    let dir = tempfile::tempdir().unwrap();
    // A long name makes the document longer than a pipe holds, so that its writer waits and can be looked at.
    let path = dir.path().join(format!("{}.ndjson", "n".repeat(240)));
    let report = of(office(), "ber-1", "Berlin", "2026-11-24T08:00:00Z").to_string();
    let many = "1\n\n".repeat(120_000);
    for text in [format!("{many}{report}\n{many}"), format!("{report}\n{many}{many}")] {
        fs::write(&path, text).unwrap();
        let mut command = clearway();
        command.arg("fleet").arg(&path).args(["--format", "json"]).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let mut document = vec![0];
        out.read_exact(&mut document).unwrap();
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        out.read_to_end(&mut document).unwrap();
        assert!(child.wait().unwrap().success());
        let document: Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(document["reports"], 1);
        assert_eq!(document["skipped_count"], 240_000);
        let skipped = document["skipped"].as_array().unwrap();
        assert_eq!(skipped.len(), 200);
        assert!(
            skipped.iter().all(|s| s["file"].as_str().unwrap().contains(".ndjson, line ")),
            "{skipped:?}"
        );
        let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).expect(&status);
        let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(peak < 48 * 1024, "{peak} kB");
    }
    // Where no line is a report, the file is what is named.
    fs::write(&path, many).unwrap();
    let said = String::from_utf8(run(&[&path.display().to_string()]).stderr).unwrap();
    assert!(said.contains("no report is there") && !said.contains("line 2"), "{said}");
}
