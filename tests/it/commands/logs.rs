//! `clearway logs`: what is read, what it comes to, and what never comes out.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use clearway::logs::{Collector, Report, Settings};
use clearway::rules::Rules;
use proptest::prelude::*;
use serde_json::Value;

use crate::common::{clearway, schemas};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logs")
}

fn settings() -> Settings {
    Settings { today: (2026, 11, 27), ..Settings::default() }
}

fn rules() -> &'static Rules {
    use std::sync::LazyLock;
    static RULES: LazyLock<Rules> = LazyLock::new(Rules::embedded);
    &RULES
}

fn read(name: &str, bytes: &[u8]) -> Report {
    let mut all = Collector::new(rules(), settings());
    all.read(name, bytes).unwrap();
    all.finish()
}

fn run(args: &[&str]) -> Output {
    clearway().arg("logs").args(args).output().unwrap()
}

fn json(args: &[&str]) -> Value {
    let output = run(&[args, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    schemas::hold("logs", &value, &format!("{args:?}"));
    value
}

/// A line, the message in it, the address that it speaks of, and its time.
type Row = (&'static str, &'static str, Option<&'static str>, Option<&'static str>);

const TABLE: &[Row] = &[
    (
        "2026-10-03 09:12:44 [error] getaddrinfo ENOTFOUND llm.quarry.example",
        "ENOTFOUND",
        Some("llm.quarry.example"),
        Some("2026-10-03T09:12:44"),
    ),
    (
        "[2026-10-03 09:12:44.123] [error] net::ERR_CONNECTION_RESET at https://gw.quarry.example:8443/v1",
        "ERR_CONNECTION_RESET",
        Some("gw.quarry.example:8443"),
        Some("2026-10-03T09:12:44.123"),
    ),
    (
        "2026-10-03T09:12:44+02:00 connect ETIMEDOUT 10.20.30.40:443",
        "ETIMEDOUT",
        Some("10.20.30.40"),
        Some("2026-10-03T07:12:44Z"),
    ),
    (
        "1791018764000 connect ECONNREFUSED 2001:db8::7:3128",
        "ECONNREFUSED",
        Some("[2001:db8::7]:3128"),
        Some("2026-10-03T09:12:44Z"),
    ),
    (
        r#"{"level":"error","timestamp":"2026-10-03T09:12:44Z","message":"request to https://gw.quarry.example/v1 failed, reason: certificate has expired"}"#,
        "certificate has expired",
        Some("gw.quarry.example"),
        Some("2026-10-03T09:12:44Z"),
    ),
    (
        "Oct  3 09:12:44 desk claude[71]: net::ERR_PROXY_CONNECTION_FAILED",
        "ERR_PROXY_CONNECTION_FAILED",
        None,
        Some("2026-10-03T09:12:44"),
    ),
    (
        "[71:1003/091244.123456:ERROR:ssl_client.cc(9)] handshake failed; net_error -202",
        "net_error -202",
        None,
        Some("2026-10-03T09:12:44.123"),
    ),
];

#[test]
fn a_line_has_its_message_its_address_and_its_time() {
    for (line, message, address, time) in TABLE {
        let report = read("main.log", line.as_bytes());
        let known = report.lines.first().unwrap_or_else(|| panic!("{line}: {report:#?}"));
        let expected = rules().symptoms.find(message);
        assert_eq!(known.id, expected.first().unwrap().id(), "{line}");
        assert_eq!(known.address.as_deref(), *address, "{line}");
        assert_eq!(known.time.map(|t| t.to_string()).as_deref(), *time, "{line}");
        assert_eq!((known.line, report.causes[0].count), (1, 1), "{line}");
    }
}

#[test]
fn lines_of_one_event_count_once() {
    let node = "2026-10-03 09:12:44 [error] x TypeError: fetch failed\n    at a (b:1)\n  [cause]: Error: read ECONNRESET\n  code: 'ECONNRESET'\n}\n";
    let python = "2026-10-03 09:12:44 ERROR x\nTraceback (most recent call last):\n  File \"x.py\", line 3\nConnectionResetError: [Errno 104] Connection reset by peer ECONNRESET\n";
    let named = "2026-10-03 09:12:44 [error] loading failed\nError: read ECONNRESET\n";
    let collected = "Oct  3 09:12:44 desk app[1]: Error: read ECONNRESET\nOct  3 09:12:44 desk app[1]:     at TLSWrap.onStreamRead (node:internal:217:20) ECONNRESET\n";
    for text in [node, python, named, collected] {
        let once = read("main.log", text.as_bytes());
        let resets = |r: &Report| r.causes.iter().map(|c| (c.id.clone(), c.count)).collect::<Vec<_>>();
        assert_eq!(resets(&once).len(), 1, "{text}: {:?}", resets(&once));
        assert_eq!(once.causes[0].count, 1, "{text}");
        let thrice = read("main.log", format!("{text}{text}{text}").as_bytes());
        assert_eq!(thrice.causes[0].count, 3, "{text}");
    }
    // Lines that stand by themselves.
    let apart = "2026-10-03 09:12:44 [error] read ECONNRESET\n2026-10-03 09:12:45 [error] read ECONNRESET\nread ECONNRESET\n";
    assert_eq!(read("main.log", apart.as_bytes()).causes[0].count, 3);
}

#[test]
fn a_number_alone_is_no_error_and_quiet_lines_are_none() {
    let quiet = "Loaded 503 skills\n502\n2026-10-03 09:12:44 [info] error count 0\n2026-10-03 09:12:44 [info] the queue failed over\n0 errors\n";
    let report = read("main.log", quiet.as_bytes());
    assert!(report.causes.is_empty() && report.unknown.count == 0, "{report:#?}");
}

#[test]
fn the_folder_of_an_app_is_read_whole() {
    let folder = folder();
    let value = json(&[folder.to_str().unwrap()]);
    let names: Vec<&str> =
        value["files"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["cowork-service.log", "main.log", "mcp.log"]);
    let kinds: Vec<&str> =
        value["files"].as_array().unwrap().iter().map(|f| f["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["workspace", "app", "mcp"]);
    let cause = |address: &str| {
        let of = |c: &&Value| c["hosts"].as_array().unwrap().iter().any(|h| h["address"] == address);
        value["causes"].as_array().unwrap().iter().find(of).unwrap_or_else(|| panic!("{address}: {value:#}"))
    };
    assert_eq!(cause("llm.quarry.example")["count"], 1);
    assert_eq!(cause("llm.quarry.example")["places"][0]["line"], 3);
    assert_eq!(cause("127.0.0.1:15721")["owner"], "device");
    let certificate = cause("api.quarry.example");
    assert_eq!((&certificate["count"], &certificate["last"]), (&2.into(), &"2026-10-03T09:13:05.001".into()));
    assert!(certificate["next"][0].as_str().unwrap().contains("clearway check --host api.quarry.example"));
    assert_eq!(cause("mcp.quarry.example")["logs"], serde_json::json!(["mcp"]));
    assert_eq!(value["unknown"]["count"], 2);
    for secret in ["sk-ant", "bWlsbGVy", "miller", "quarryblue", "key="] {
        for format in ["text", "json", "markdown"] {
            let output = run(&[folder.to_str().unwrap(), "--format", format, "-v"]);
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(!text.contains(secret), "{format} shows {secret}: {text}");
        }
    }
}

#[test]
fn renderings() {
    let folder = folder();
    let text = |args: &[&str]| {
        let output = run(&[&[folder.to_str().unwrap()], args].concat());
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    insta::assert_snapshot!("logs_text", text(&[]));
    insta::assert_snapshot!("logs_markdown", text(&["--format", "markdown"]));
    let shared = text(&["--share", "-v"]);
    assert!(!shared.contains("quarry") && shared.contains("host1.example"), "{shared}");
}

#[test]
fn a_host_of_one_label_is_masked_for_sharing() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("main.log");
    let lines = ["https://anns-laptop:8443/v1", "http://quarry_llm/v1", "quarry-llm:8443"]
        .map(|address| format!("2026-10-03 10:00:00 [error] frobnicated {address} failed\n"));
    std::fs::write(&log, lines.concat()).unwrap();
    let output = run(&[log.to_str().unwrap(), "--share", "-v"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("host2.example"), "{said}");
    assert!(!said.contains("anns") && !said.contains("quarry"), "{said}");
}

#[test]
fn a_time_can_be_asked_for() {
    let folder = folder();
    let main = folder.join("main.log");
    let main = main.to_str().unwrap();
    let value = json(&[main, "--since", "2026-10-03 09:13", "--until", "2026-10-03 09:13:04"]);
    let counts: Vec<&Value> = value["causes"].as_array().unwrap().iter().map(|c| &c["count"]).collect();
    assert_eq!(counts, [&Value::from(1)]);
    assert_eq!(run(&[main, "--since", "yesterday"]).status.code(), Some(2));
}

#[test]
fn a_time_can_be_asked_for_from_now_back() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("main.log");
    let written = |ago_s: i64| {
        let then = time::OffsetDateTime::now_utc() - time::Duration::seconds(ago_s);
        then.format(&time::format_description::well_known::Rfc3339).unwrap()
    };
    let line = |ago_s| format!("{} [error] connect ECONNREFUSED 192.0.2.7:443\n", written(ago_s));
    std::fs::write(&log, line(90_000) + &line(10_000) + &line(600)).unwrap();
    let count = |since: &str| json(&[log.to_str().unwrap(), "--since", since])["causes"][0]["count"].clone();
    assert_eq!(count("2h"), 1);
    assert_eq!(count("4h"), 2);
    assert_eq!(count("2d"), 3);
    // Times without a zone are taken to be of this device's, which is that of the tests: UTC.
    let bare = |ago_s| line(ago_s).replace('Z', "");
    std::fs::write(&log, bare(10_000) + &bare(600)).unwrap();
    let args = ["logs", log.to_str().unwrap(), "--since", "2h", "--format", "json"];
    let output = clearway().args(args).env("TZ", "UTC").output().unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["causes"][0]["count"], 1);
}

#[test]
fn a_span_within_a_minute_is_one_time() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("main.log");
    let line = |second| format!("2026-10-03T09:12:{second}Z [error] connect ECONNREFUSED 192.0.2.7:443\n");
    std::fs::write(&log, line(10) + &line(40)).unwrap();
    let output = run(&[log.to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap().replace("\n    ", " ");
    assert!(text.contains("2 times, 2026-10-03 09:12 UTC"), "{text}");
    assert!(!text.contains("from 2026-10-03"), "{text}");
}

/// Writes an archive with these files.
fn archive(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

const RESET: &[u8] = b"2026-10-03 09:12:44 [error] read ECONNRESET https://gw.quarry.example/\n";

#[test]
fn archives_packed_files_and_standard_input_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let wide: Vec<u8> =
        std::str::from_utf8(RESET).unwrap().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let report = archive(&[
        ("report/logs/main.log", RESET.to_vec()),
        ("report/logs/main1.log.gz", packed(RESET)),
        ("report/logs/mcp.log", [b"\xff\xfe".to_vec(), wide].concat()),
        ("report/managed-config.txt", b"Source: none\n".to_vec()),
        ("report/picture.png", vec![0; 100]),
    ]);
    let count = |value: &Value| value["causes"][0]["count"].as_u64().unwrap();
    let value = json(&[&put("report.zip", &report)]);
    assert_eq!((count(&value), value["files"].as_array().unwrap().len()), (3, 4), "{value:#}");
    assert_eq!(count(&json(&[&put("main.log.1.gz", &packed(RESET))])), 1);
    for input in [RESET.to_vec(), packed(RESET), report] {
        let mut child = clearway()
            .args(["logs", "-", "--format", "json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&input).unwrap();
        let output = child.wait_with_output().unwrap();
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(count(&value) >= 1);
    }
    // What cannot be read is an error where it was named, and a remark where it was found.
    let picture = put("picture.log", &[0; 5000]);
    let output = run(&[&picture]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not text"));
    assert_eq!(run(&["/no/such/main.log"]).status.code(), Some(2));
    let value = json(&[dir.path().to_str().unwrap()]);
    assert!(value["skipped"].to_string().contains("is not text"), "{value:#}");
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(run(&[empty.path().to_str().unwrap()]).status.code(), Some(2));
}

#[test]
fn what_unpacks_without_end_is_cut_off_and_said() {
    let many: Vec<(String, Vec<u8>)> = (0..4200).map(|n| (format!("{n}.log"), Vec::new())).collect();
    let many: Vec<(&str, Vec<u8>)> = many.iter().map(|(n, c)| (n.as_str(), c.clone())).collect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("r.zip");
    std::fs::write(&path, archive(&many)).unwrap();
    let output = run(&[path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("more than 4096 files"));
}

/// The limits are those of the whole reading: a folder of packed files takes no more than one of them.
#[test]
fn one_reading_has_one_budget_whatever_the_number_of_files() {
    use clearway::logs::{Limits, Origin, read_within};
    let dir = tempfile::tempdir().unwrap();
    let line = RESET.len() as u64;
    let put = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    for n in 1..=6 {
        put(&format!("main{n}.log.gz"), &packed(&RESET.repeat(4)));
    }
    put("zz.zip", &archive(&[("main.log", RESET.repeat(4)), ("main8.log", RESET.repeat(4))]));
    put("zzz.log", &RESET.repeat(4));
    let read = |all: u64, unpacked: u64| {
        let origin = Origin::Named(vec![dir.path().to_str().unwrap().to_owned()]);
        read_within(&origin, rules(), settings(), Limits { all, unpacked }).unwrap()
    };
    let lines = |report: &Report| report.files.iter().map(|f| f.lines).sum::<u64>();
    let said = |report: &Report| serde_json::to_string(&(&report.skipped, &report.files)).unwrap();
    // Enough for everything, to the byte.
    let whole = read(36 * line, 32 * line);
    assert_eq!((lines(&whole), whole.skipped.len()), (36, 0), "{}", said(&whole));
    // Packed files end in the third one; what is not packed is read.
    let some = read(36 * line, 10 * line);
    assert_eq!(lines(&some), 14, "{}", said(&some));
    let text = said(&some);
    assert!(
        text.contains(&format!("one reading ends after {} bytes from packed files; unpack it", 10 * line)),
        "{text}"
    );
    assert!(
        text.contains("5 files left out (main4.log.gz, main5.log.gz, main6.log.gz and 2 more)"),
        "{text}"
    );
    // All of it ends in the second one.
    let few = read(6 * line, 32 * line);
    assert_eq!(lines(&few), 6, "{}", said(&few));
    assert!(said(&few).contains("7 files left out"), "{}", said(&few));
    assert!(
        said(&few).contains(&format!("one reading ends after {} bytes in all", 6 * line)),
        "{}",
        said(&few)
    );
}

#[test]
fn the_places_of_every_platform_are_read() {
    for (platform, place, others) in [
        (
            "macos",
            "Users/ann/Library/Logs/Claude-3p/main.log",
            vec!["Users/ann/Library/Logs/Claude/cowork_vm_node.log"],
        ),
        ("linux", "home/ann/.config/Claude-3p/logs/main.log", vec!["home/ann/.config/Claude/logs/main1.log"]),
        (
            "windows",
            "Users/ann/AppData/Local/Claude-3p/logs/main.log",
            vec![
                "Users/ann/AppData/Local/Packages/Claude_abc/LocalCache/Roaming/Claude-3p/Logs/main.log",
                "ProgramData/Claude/Logs/cowork-service.log",
            ],
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_str().unwrap();
        let none = run(&["--device-root", root, "--platform", platform]);
        assert_eq!(none.status.code(), Some(4), "{platform}");
        let told = String::from_utf8_lossy(&none.stderr).into_owned();
        assert!(told.contains("Looked at") && told.contains("clearway logs"), "{told}");
        let all: Vec<&str> = others.iter().copied().chain([place]).collect();
        for place in &all {
            let path = dir.path().join(place);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, RESET).unwrap();
        }
        let value = json(&["--device-root", root, "--platform", platform]);
        assert_eq!(value["causes"][0]["count"], all.len(), "{platform}: {value:#}");
        assert!(!value["files"].to_string().contains("ann"), "{value:#}");
        let value = json(&["--device-root", root, "--platform", platform, "--user", "ann"]);
        assert_eq!(value["causes"][0]["count"], all.len(), "{platform}");
        assert_eq!(
            run(&["--device-root", root, "--platform", platform, "--user", "bob"]).status.code(),
            Some(2)
        );
    }
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out_of_a_copy() {
    let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(outside.path().join("main.log"), RESET).unwrap();
    let home = dir.path().join("home/ann/.config/Claude-3p");
    std::fs::create_dir_all(&home).unwrap();
    std::os::unix::fs::symlink(outside.path(), home.join("logs")).unwrap();
    let root = dir.path().to_str().unwrap();
    assert_eq!(run(&["--device-root", root, "--platform", "linux"]).status.code(), Some(4));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn no_planted_secret_comes_out(
        secret in "[a-zA-Z][a-zA-Z0-9]{15,40}",
        before in prop::sample::select(vec![
            "Authorization: Bearer ", "x-api-key: ", "token=", "https://user:", "https://gw.quarry.example/?key=", "host ",
            "password ", "ENOTFOUND ", "\"apiKey\":\"", "/Users/", "mail ", "",
        ]),
        after in prop::sample::select(vec!["", "@gw.quarry.example/x", "\"}", " ECONNRESET", " failed", "/Library/x.log"]),
        head in prop::sample::select(vec!["", "2026-10-03 09:12:44 [error] ", "[2026-10-03 09:12:44.123] [warn] Error: ", "{\"level\":\"error\",\"msg\":\""]),
        noise in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut bytes = format!("{head}{before}{secret}9{after}\n").into_bytes();
        bytes.extend(&noise);
        bytes.extend(format!("\n{head}failed {before}{secret}9{after}").bytes());
        let mut all = Collector::new(rules(), settings());
        if all.read("main.log", bytes.as_slice()).is_ok() {
            let report = all.finish();
            let style = clearway::report::Style { verbose: true, ..Default::default() };
            for text in [
                clearway::report::logs::text::render(&report, &style),
                clearway::report::logs::json::render(&report, "2026-11-22"),
                clearway::report::logs::markdown::render(&report),
            ] {
                let plain = text.replace(['\n', ' '], "");
                prop_assert!(!plain.to_lowercase().contains(&secret.to_lowercase()), "{text}");
            }
        }
    }
}

#[test]
fn a_log_stands_beside_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("main.log");
    let text = "2026-10-03 09:12:44 [error] connect ETIMEDOUT https://sentry.io/api\n\
        2026-10-03 09:13:44 [error] connect ETIMEDOUT https://sentry.io/api\n\
        2026-10-03 09:14:44 [error] net::ERR_CERT_AUTHORITY_INVALID https://downloads.claude.ai/x\n\
        2026-10-03 09:15:44 [error] connect ECONNREFUSED https://claude.ai/\n\
        2026-10-03 09:16:44 [error] getaddrinfo ENOTFOUND llm.quarry.example\n\
        2026-10-03 09:17:44 [error] read ECONNRESET\n";
    std::fs::write(&log, text).unwrap();
    let recording = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/reports/office.json");
    let check = |args: &[&str]| {
        let output = clearway()
            .args([
                "check",
                "--replay",
                recording.to_str().unwrap(),
                "--fail-on",
                "none",
                "--log",
                log.to_str().unwrap(),
            ])
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let value: Value = serde_json::from_str(&check(&["--format", "json"])).unwrap();
    schemas::hold("check", &value, "with a log");
    let of = |host: &str| {
        let hosts = value["groups"].as_array().unwrap().iter().flat_map(|g| g["hosts"].as_array().unwrap());
        let found = hosts.clone().find(|h| h["host"] == host).unwrap_or_else(|| panic!("{host}"));
        found["log"].clone()
    };
    let timeout = of("sentry.io");
    assert_eq!((&timeout["agreement"], &timeout["errors"][0]["count"]), (&"same".into(), &2.into()));
    let reached = of("downloads.claude.ai");
    assert_eq!(
        (&reached["agreement"], &reached["owner"]),
        (&"reached".into(), &"device".into()),
        "{reached:#}"
    );
    assert_eq!(reached["actors"], serde_json::json!(["app"]));
    assert_eq!(of("claude.ai")["agreement"], "different");
    assert_eq!(of("browser-intake-datadoghq.eu"), Value::Null);
    assert_eq!(value["log"]["elsewhere"][0]["address"], "llm.quarry.example");
    assert_eq!(value["log"]["without_host"][0]["said"], "ECONNRESET");
    let text = check(&[]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("IN THE LOG") && text.contains("the log says the same: ETIMEDOUT ×2, last 2026-10-03"),
        "{text}"
    );
    let shared = check(&["--share"]);
    assert!(!shared.contains("quarry"), "{shared}");
    // The report with the log beside it is still one that replays.
    let saved = dir.path().join("saved.json");
    std::fs::write(&saved, check(&["--format", "json"])).unwrap();
    let again = clearway()
        .args(["check", "--fail-on", "none", "--replay", saved.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(again.status.success());
    let missing = clearway()
        .args(["check", "--replay", recording.to_str().unwrap(), "--log", "/no/such.log"])
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(2));
}

/// One report beside the log `text`, as JSON and as text.
fn beside(text: &str) -> (Value, String) {
    let recording = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/reports/office.json");
    beside_run(&serde_json::from_str(&std::fs::read_to_string(recording).unwrap()).unwrap(), text)
}

fn beside_run(run: &Value, text: &str) -> (Value, String) {
    let dir = tempfile::tempdir().unwrap();
    let (log, recording) = (dir.path().join("main.log"), dir.path().join("run.json"));
    std::fs::write(&log, text).unwrap();
    std::fs::write(&recording, run.to_string()).unwrap();
    let check = |format: &str| {
        let args =
            ["check", "--replay", recording.to_str().unwrap(), "--fail-on", "none", "--format", format];
        let output = clearway().args(args).arg("--log").arg(&log).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let value: Value = serde_json::from_str(&check("json")).unwrap();
    schemas::hold("check", &value, "with a log");
    (value, check("text").split_whitespace().collect::<Vec<_>>().join(" "))
}

#[test]
fn only_an_error_that_means_what_the_run_found_is_the_same() {
    let line = |message: &str| format!("2026-10-03 09:12:44 [error] {message} https://sentry.io/api\n");
    let of = |value: &Value| {
        let groups = value["groups"].as_array().unwrap();
        let mut hosts = groups.iter().flat_map(|g| g["hosts"].as_array().unwrap());
        hosts.find(|h| h["host"] == "sentry.io").unwrap()["log"].clone()
    };
    // The run found that the connection times out.
    for other in
        ["403 Forbidden", "getaddrinfo ENOTFOUND", "certificate has expired", "429 Too Many Requests"]
    {
        let (value, text) = beside(&line(other));
        assert!(!text.contains("the log says the same"), "{other}: {text}");
        assert_ne!(of(&value)["agreement"], "same", "{other}");
        let (value, text) = beside(&(line("connect ETIMEDOUT") + &line(other) + &line(other)));
        let log = of(&value);
        assert_eq!(log["agreement"], "same", "{other}");
        assert_eq!((&log["errors"][0]["same"], &log["errors"][1]["same"]), (&true.into(), &false.into()));
        assert!(text.contains("the log says the same: ETIMEDOUT ×1"), "{text}");
        assert!(text.contains("It also has another error: "), "{text}");
    }
}

#[test]
fn an_error_of_one_host_is_not_one_of_everything() {
    let recording = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/reports/office.json");
    let mut run: Value = serde_json::from_str(&std::fs::read_to_string(recording).unwrap()).unwrap();
    let targets = run["plan"]["targets"].as_array_mut().unwrap();
    let target = targets.iter_mut().find(|t| t["requirement"]["host"] == "sentry.io").unwrap();
    target["requirement"]["host"] = "*".into();
    let text = "2026-10-03 09:12:44 [error] connect ETIMEDOUT llm.quarry.example\n";
    let (value, _) = beside_run(&run, text);
    assert_eq!(value["log"]["hosts"], serde_json::json!([]), "{:#}", value["log"]);
    assert_eq!(value["log"]["elsewhere"][0]["address"], "llm.quarry.example");
}

#[test]
fn a_proxy_is_not_probed_and_a_host_has_one_port() {
    let commands = |log: &str| {
        let report = read("main.log", log.as_bytes());
        let of_causes: Vec<String> = report.causes.iter().flat_map(|c| c.next.clone()).collect();
        let all: Vec<String> = report.next.iter().map(|n| n.command.clone()).collect();
        (of_causes, all)
    };
    for proxy in [
        "127.0.0.1:3128",
        "127.0.0.1:443",
        "[::1]:9000",
        "localhost:8888",
        "proxy.quarry.example:8080",
        "10.1.2.3:3128",
    ] {
        let (causes, all) = commands(&format!("2026-10-03 09:12:44 [error] connect ECONNREFUSED {proxy}\n"));
        assert_eq!(causes[0], "clearway check", "{proxy}");
        assert!(all.contains(&"clearway check".to_owned()), "{proxy}: {all:?}");
        assert!(!all.iter().any(|c| c.contains("--host")), "{proxy}: {all:?}");
        let output = clearway().args(["explain", &format!("connect ECONNREFUSED {proxy}")]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("clearway check") && !text.contains("check --host"), "{proxy}: {text}");
    }
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("c.json");
    std::fs::write(&config, r#"{"egressProxyUrl":"http://127.0.0.1:3128"}"#).unwrap();
    for (port, says) in [
        (3128, "names 127.0.0.1:3128 in egressProxyUrl"),
        (312, "No address of the configuration is 127.0.0.1:312"),
    ] {
        let message = format!("connect ECONNREFUSED 127.0.0.1:{port}");
        let output = clearway().args(["explain", &message, config.to_str().unwrap()]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(says), "{text}");
    }
    let (causes, all) = commands(
        "2026-10-03 09:12:44 [error] connect ETIMEDOUT llm.quarry.example:8443\n\
         2026-10-03 09:12:45 [error] getaddrinfo ENOTFOUND llm.quarry.example\n",
    );
    assert!(all.contains(&"clearway check --host llm.quarry.example:8443".to_owned()), "{all:?}");
    assert!(!causes.iter().any(|c| c.ends_with("--host llm.quarry.example")), "{causes:?}");
    let (_, all) = commands("2026-10-03 09:12:45 [error] getaddrinfo ENOTFOUND llm.quarry.example\n");
    assert!(all.contains(&"clearway check --host llm.quarry.example".to_owned()), "{all:?}");
}

#[test]
fn one_line_is_one_cause() {
    for message in [
        "rootfs.img download failed: Error: socket hang up",
        "Failed to download bundle rootfs.vhdx: socket hang up",
        "[Bundle] Download of rootfs.img.zst failed: read ECONNRESET",
        "bundle download failed: connect ETIMEDOUT 192.0.2.7:443",
        "403 Forbidden <html><title>Zscaler</title>",
    ] {
        let report = read("main.log", format!("2026-10-03 09:12:44 [error] {message}\n").as_bytes());
        let ids: Vec<&str> = report.causes.iter().map(|c| c.id.as_str()).collect();
        assert_eq!(ids.len(), 1, "{message}: {ids:?}");
    }
}
