//! Saved reports at work: `diff` of two, `compare` of many, tickets, masking, and hostile files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(args: &[&str]) -> Output {
    crate::common::clearway().args(args).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The report in a recording of a code.
fn recorded(code: &str) -> Value {
    let path = root().join("tests/recordings/codes").join(format!("{code}.json"));
    let recording: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    recording["report"].clone()
}

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn save(&self, name: &str, report: &Value) -> String {
        let path: PathBuf = self.0.path().join(name);
        fs::write(&path, report.to_string()).unwrap();
        path.display().to_string()
    }

    fn code(&self, code: &str) -> String {
        self.save(&format!("{code}.json"), &recorded(code))
    }
}

fn document(schema: &str, args: &[&str]) -> Value {
    let output = run(&[args, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", err(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    crate::common::schemas::hold(schema, &document, &format!("{args:?}"));
    document
}

/// `report` with a change.
fn changed(mut report: Value, change: impl FnOnce(&mut Value)) -> Value {
    change(&mut report);
    report
}

#[test]
fn a_repair_is_seen_and_so_is_what_else_changed() {
    let files = Files::new();
    let healthy = recorded("ok");
    // The first host's packets are dropped before.
    let broken = changed(healthy.clone(), |r| {
        let attempt = &mut r["observations"][0];
        attempt["tcp"][0]["outcome"] = json!({"outcome": "timeout"});
        attempt["tcp"][0]["ms"] = json!(4000.0);
        for stage in ["tls", "http"] {
            attempt[stage] = json!([]);
        }
        r["environment"]["resolvers"] = json!(["10.1.1.1"]);
        r["inputs"][0]["sha256"] = json!("cd".repeat(32));
    });
    let (before, after) = (files.save("before.json", &broken), files.save("after.json", &healthy));
    let found = document("diff", &["diff", &before, &after]);
    assert_eq!(found["kind"], "reports");
    assert_eq!((&found["old"]["verdict"], &found["new"]["verdict"]), (&json!("blocked"), &json!("ready")));
    assert_eq!(found["hosts"].as_array().unwrap().len(), 1);
    assert_eq!(found["hosts"][0]["change"], "fixed");
    assert_eq!(found["hosts"][0]["old"]["code"], "tcp/timeout");
    assert_eq!(found["hosts_same"], 2);
    assert_eq!(found["causes"]["disappeared"][0]["owner"], "firewall");
    assert_eq!(found["causes"]["appeared"], json!([]));
    let ids: Vec<&str> =
        found["environment"].as_array().unwrap().iter().map(|d| d["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["resolvers", "configuration"]);
    let text = out(&run(&["diff", &before, &after]));
    for words in
        ["BETTER: 1 host fixed", "The verdict is READY; it was BLOCKED", "FIXED", "CAUSES THAT DISAPPEARED"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let back = document("diff", &["diff", &after, &before]);
    assert_eq!(back["hosts"][0]["change"], "broken");
    let same = files.save("copy.json", &healthy);
    assert!(out(&run(&["diff", &after, &same])).starts_with("SAME: 3 hosts as before."));
}

#[test]
fn only_times_that_mean_something_are_told() {
    let files = Files::new();
    let healthy = recorded("ok");
    let with = |total: &[f64]| {
        changed(healthy.clone(), |r| {
            for (attempt, ms) in r["observations"].as_array_mut().unwrap().iter_mut().zip(total) {
                attempt["ms"] = json!(ms);
            }
        })
    };
    let usual = files.save("usual.json", &with(&[80.0, 90.0, 100.0]));
    let timings = |name: &str, total: &[f64]| {
        let other = files.save(name, &with(total));
        document("diff", &["diff", &usual, &other])["timings"].clone()
    };
    assert_eq!(timings("chance.json", &[95.0, 100.0, 120.0]), json!([]));
    let slower = timings("slower.json", &[180.0, 190.0, 200.0]);
    assert_eq!((&slower[0]["stage"], &slower[0]["hosts"]), (&json!("total"), &json!(3)));
    assert_eq!(slower.as_array().unwrap().len(), 1, "the shift of all is not told of each: {slower}");
    let one = timings("one.json", &[80.0, 90.0, 900.0]);
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert!(one[0]["host"].is_string());
}

#[test]
fn a_mixed_pair_is_refused_with_the_way_out() {
    let files = Files::new();
    let report = files.code("ok");
    let example = root().join("examples");
    let configuration = fs::read_dir(example)
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.extension().is_some_and(|e| e == "json"))
        .unwrap()
        .display()
        .to_string();
    for args in [["diff", &report, &configuration], ["diff", &configuration, &report]] {
        let output = run(&args);
        assert_eq!(output.status.code(), Some(2));
        assert!(err(&output).contains("--format json -o FILE"), "{}", err(&output));
    }
    let output = run(&["diff", &report, &files.code("tcp-timeout"), "--minimal"]);
    assert!(err(&output).contains("compared as they are"), "{}", err(&output));
}

#[test]
fn a_table_marks_what_differs_and_says_when_configurations_do() {
    let files = Files::new();
    let label = |name: &'static str| move |r: &mut Value| r["label"] = json!(name);
    let healthy = recorded("ok");
    let berlin = files.save("berlin.json", &changed(healthy.clone(), label("Berlin")));
    let paris = files.save(
        "paris.json",
        &changed(healthy.clone(), |r| {
            r["label"] = json!("Paris");
            let attempt = &mut r["observations"][2];
            attempt["tcp"][0]["outcome"] = json!({"outcome": "refused"});
            for stage in ["tls", "http"] {
                attempt[stage] = json!([]);
            }
        }),
    );
    let found = document("compare", &["compare", &berlin, &paris]);
    assert_eq!(found["several_configurations"], false);
    assert_eq!(found["reports"][1]["name"], "Paris");
    let rows: Vec<&Value> =
        found["groups"].as_array().unwrap().iter().flat_map(|g| g["rows"].as_array().unwrap()).collect();
    assert_eq!(rows.len(), 3);
    let differing: Vec<&&Value> = rows.iter().filter(|r| r["differs"] == true).collect();
    assert_eq!(differing.len(), 1);
    assert_eq!(differing[0]["cells"][1]["code"], "tcp/refused");
    let only = document("compare", &["compare", &berlin, &paris, "--differing", "--sort", "worst"]);
    assert_eq!(only["groups"][0]["rows"].as_array().unwrap().len(), 1);
    let text = out(&run(&["compare", &berlin, &paris]));
    for words in ["Berlin", "Paris", "  * llm.mill.example", "x tcp/refused (Paris)", "differ on 1"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let csv = out(&run(&["compare", &berlin, &paris, "--format", "csv"]));
    assert!(csv.starts_with("feature,title,host,port,transport,need,differs,Berlin,Paris\n"), "{csv}");
    assert!(csv.contains(",yes,ok,blocked tcp/refused\n"), "{csv}");
    let markdown = out(&run(&["compare", &berlin, &paris, "--format", "markdown"]));
    assert!(markdown.contains("**blocked tcp/refused**"), "{markdown}");
    let page = out(&run(&["compare", &berlin, &paris, "--format", "html"]));
    assert!(page.contains("<td class=\"stopped\">x blocked<br><code>tcp/refused</code>"), "{page}");
    // A device part that cannot be read is said, and costs no host.
    let odd =
        files.save("odd.json", &changed(healthy.clone(), |r| r["device_report"] = json!({"findings": "x"})));
    let output = run(&["compare", &berlin, &odd]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(
        err(&output).contains("odd.json: what was found on the device itself is left out"),
        "{}",
        err(&output)
    );
    // Another configuration, and many columns.
    let other =
        files.save("other.json", &changed(healthy, |r| r["inputs"][0]["sha256"] = json!("ee".repeat(32))));
    let mut many = vec!["compare"];
    many.extend(std::iter::repeat_n(berlin.as_str(), 25));
    many.push(&other);
    let text = out(&run(&many));
    assert!(text.contains("different configurations"), "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    many.extend(std::iter::repeat_n(berlin.as_str(), 27));
    let output = run(&many);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("52 columns"), "{}", err(&output));
}

#[test]
fn tickets_are_one_for_each_owner_and_none_when_nothing_is_to_do() {
    let files = Files::new();
    let ticket = |code: &str| out(&run(&["check", "--replay", &files.code(code), "--format", "ticket"]));
    let text = ticket("tcp-timeout");
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "TICKET 1 OF 1: for the firewall team",
        "Please do",
        "TCP 443 HTTPS, seen at 11.0.0.1, direct, required",
        "2026-11-22 12:00:00",
        "Source 192.168.7.20",
        "clearway check --host api.vendor.example",
        "likely (tcp/timeout)",
    ] {
        assert!(joined.contains(words), "{words}: {text}");
    }
    assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    // The command goes the way that failed, or there is none.
    let proxy = json!({"kind": "proxy", "host": "proxy.corp.example", "port": 3128, "tls": false, "origin": "HTTPS_PROXY"});
    let verified = |file: &str, report: Value| {
        let text = out(&run(&["check", "--replay", &files.save(file, &report), "--format", "ticket"]));
        let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
        joined.split_once("How to verify").unwrap().1.to_owned()
    };
    let known =
        changed(recorded("tcp-timeout"), |r| r["plan"]["detours"] = json!({"proxies": [proxy.clone()]}));
    let text = verified("known.json", known);
    assert!(!text.contains("check --host") && text.contains("clearway check CONFIG"), "{text}");
    let denied = changed(recorded("proxy-denied"), |_| {});
    let text = verified("denied.json", denied);
    assert!(
        text.contains("check --host api.vendor.example --proxy http://proxy.corp.example:3128"),
        "{text}"
    );
    // A run that was stopped after every host was judged says nothing of it.
    let late = changed(recorded("tcp-timeout"), |r| r["stopped"] = json!("deadline"));
    assert!(!verified("late.json", late).contains("ended before every host"));
    assert!(ticket("ok").starts_with("No ticket: every host that was tested works"));
    assert!(ticket("proxy-denied").contains("for the proxy team"));
    assert!(ticket("untested-deadline").starts_with("No ticket: nothing that was tested has to be changed"));
}

#[test]
fn a_replay_says_what_it_cannot_know() {
    let files = Files::new();
    let old =
        files.save("old.json", &changed(recorded("tcp-refused"), |r| r["rules_date"] = json!("2026-09-01")));
    let text = out(&run(&["check", "--replay", &old]));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("made with the rules of 2026-09-01 and is judged here by those of"), "{text}");
    assert!(text.contains("Experiments that were not recorded"), "{text}");
}

#[test]
fn hostile_reports_are_refused() {
    let files = Files::new();
    let healthy = recorded("ok");
    let deep =
        format!("{{\"schema\":\"clearway.check/1\",\"plan\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let deep_file = files.0.path().join("deep.json");
    fs::write(&deep_file, deep).unwrap();
    let huge_file = files.0.path().join("huge.json");
    fs::File::create(&huge_file).unwrap().set_len(1 << 32).unwrap();
    let many = changed(healthy.clone(), |r| {
        let attempt = json!({"target": 1, "path": 0, "purpose": "first", "at_ms": 1, "route": {"kind": "direct"}, "ms": 1.0});
        r["observations"] = Value::Array(vec![attempt; 50_001]);
    });
    let strange = changed(healthy.clone(), |r| r["observations"][0]["target"] = json!(99));
    let other = changed(healthy, |r| r["schema"] = json!("clearway.check/2"));
    for (path, help) in [
        (deep_file.display().to_string(), "not JSON"),
        (huge_file.display().to_string(), "over 256 MiB"),
        (files.save("many.json", &many), "more than 50000 attempts"),
        (files.save("strange.json", &strange), "target 99 is not in the plan"),
        (files.save("other.json", &other), "expected \"clearway.check/1\""),
    ] {
        for args in [vec!["check", "--replay", &path], vec!["compare", &path]] {
            let output = run(&args);
            assert_eq!(output.status.code(), Some(2), "{args:?}");
            assert!(err(&output).contains(help), "{args:?}: {}", err(&output));
        }
    }
}

/// The three saved reports of the examples are what they are called, so the first command of the README
/// shows a useful report on every machine.
#[test]
fn the_saved_examples_are_what_they_are_called() {
    for (name, exit, first) in [
        ("healthy", 0, "READY: all 2 required hosts work from this device"),
        ("office", 0, "READY, with optional losses: all 2 required hosts work, but 3 of 12 others are"),
        ("blocked", 1, "BLOCKED: 2 of 2 required hosts do not work from this device"),
    ] {
        let path = root().join(format!("examples/reports/{name}.json")).display().to_string();
        let output = run(&["check", "--replay", &path]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{name}: {text}");
        assert!(text.starts_with(first), "{name}: {text}");
        assert!(!text.contains("THINGS TO DO") || text.contains("Ask "), "{name}: {text}");
    }
}

/// The output that the README shows is what a saved run is rendered as, without what it says it
/// leaves out.
#[test]
fn the_readme_shows_what_is_printed() {
    let recording = root().join("examples/reports/office.json").display().to_string();
    let output = run(&["check", "--replay", &recording]);
    let printed = String::from_utf8(output.stdout.clone()).unwrap();
    let (before, rest) = printed.split_once("TESTED\n").unwrap();
    let groups = rest.split_once("REQUIRED\n").unwrap().1.split_once("NOT TESTED\n").unwrap().0;
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for part in [before, &format!("REQUIRED\n{groups}")] {
        let block: String = part
            .trim_end()
            .lines()
            .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") })
            .collect();
        assert!(readme.contains(&block), "the README lacks:\n{block}");
    }
}

/// Runs with a text on standard input.
fn fed(args: &[&str], input: &str) -> Output {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = crate::common::clearway()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // It may be refused before it is read.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).ok());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

#[test]
fn a_report_may_come_from_standard_input() {
    let files = Files::new();
    let (refused, healthy) = (recorded("tcp-refused").to_string(), files.code("ok"));
    let replayed = fed(&["check", "--replay", "-", "--format", "json"], &refused);
    assert_eq!(replayed.status.code(), Some(1), "{}", err(&replayed));
    let file = run(&["check", "--replay", &files.code("tcp-refused"), "--format", "json"]);
    assert_eq!(out(&replayed), out(&file));
    let table = fed(&["compare", &healthy, "-"], &refused);
    assert!(
        table.status.success() && out(&table).contains("standard input"),
        "{}{}",
        out(&table),
        err(&table)
    );
    for sides in [[healthy.as_str(), "-"], ["-", healthy.as_str()]] {
        let found = fed(&["diff", sides[0], sides[1]], &refused);
        assert!(
            found.status.success() && out(&found).contains("tcp/refused"),
            "{}{}",
            out(&found),
            err(&found)
        );
    }
    // A configuration goes there as before, and a report beside one is told apart.
    let example = root().join("examples/gateway.json").display().to_string();
    let found = fed(&["diff", &example, "-"], &fs::read_to_string(&example).unwrap());
    assert!(found.status.success(), "{}", err(&found));
    let mixed = fed(&["diff", &example, "-"], &refused);
    assert!(mixed.status.code() == Some(2) && err(&mixed).contains("- is a report"), "{}", err(&mixed));
    for args in [["compare", "-", "-"], ["diff", "-", "-"]] {
        let twice = fed(&args, &refused);
        assert!(twice.status.code() == Some(2) && err(&twice).contains("read only once"), "{}", err(&twice));
    }
    let empty = fed(&["check", "--replay", "-"], "");
    assert!(empty.status.code() == Some(2) && !err(&empty).contains("no such file"), "{}", err(&empty));
}

#[test]
fn no_option_is_dropped_without_a_word_in_a_replay() {
    let files = Files::new();
    let report = files.code("ok");
    for option in [
        &["--feature", "inference"][..],
        &["--need", "required"],
        &["--minimal"],
        &["--confidence", "documented"],
        &["--platform", "linux"],
        &["--app-version", "2.0.0"],
        &["--offline-installer"],
        &["--timeout", "4s"],
        &["--deadline", "20s"],
        &["--concurrency", "8"],
        &["--resolver", "192.0.2.53"],
        &["--proxy", "none"],
        &["--public-roots", "x.pem"],
        &["--device-ca", "x.pem"],
        &["--no-controls"],
        &["--host", "a.example"],
    ] {
        let output = run(&[&["check", "--replay", &report], option].concat());
        assert_eq!(output.status.code(), Some(2), "{option:?}: {}", out(&output));
        assert!(err(&output).contains(option[0]) && err(&output).contains("--replay"), "{}", err(&output));
    }
    let labelled = run(&["check", "--replay", &report, "--label", "Berlin", "--format", "json"]);
    assert!(out(&labelled).contains("\"label\": \"Berlin\""), "{}{}", out(&labelled), err(&labelled));
}

#[test]
fn a_file_is_written_in_the_format_of_its_name() {
    let files = Files::new();
    let report = files.code("ok");
    let path = |name: &str| files.0.path().join(name).display().to_string();
    let written = |args: &[&str], name: &str| {
        let output = run(&[args, &["-o", &path(name)]].concat());
        (fs::read_to_string(path(name)).unwrap(), err(&output))
    };
    let example = root().join("examples/gateway.json").display().to_string();
    let replay = ["check", "--replay", &report];
    let (text, said) = written(&replay, "x.json");
    assert!(text.starts_with('{') && said.is_empty(), "{text}{said}");
    let (text, _) = written(&["compare", &report, &report], "x.csv");
    assert!(text.lines().next().unwrap().contains(','), "{text}");
    let (text, _) = written(&["hosts", &example], "x.md");
    assert!(text.starts_with('#'), "{text}");
    let (text, said) = written(&replay, "x.txt");
    assert!(!text.starts_with('{') && said.is_empty(), "{text}{said}");
    // The command line is stronger than the name, and says so.
    let (text, said) = written(&[&replay[..], &["--format", "text"]].concat(), "y.json");
    assert!(
        !text.starts_with('{') && said.contains("y.json") && said.contains("--format says text"),
        "{said}"
    );
}

#[test]
fn a_run_that_tested_nothing_is_not_ready() {
    let files = Files::new();
    let nothing = changed(recorded("ok"), |r| {
        r["plan"]["targets"] = json!([]);
        r["observations"] = json!([]);
    });
    for (report, says) in [
        (files.code("untested-actor"), "no host was tested"),
        (files.code("untested-wildcard"), "no host was tested"),
        (files.save("nothing.json", &nothing), "there was no host to test"),
    ] {
        let output = run(&["check", "--replay", &report]);
        let text = out(&output);
        assert!(text.starts_with("UNKNOWN: ") && text.contains(says), "{text}{}", err(&output));
        assert_eq!(output.status.code(), Some(3), "{text}");
        let json = out(&run(&["check", "--replay", &report, "--format", "json"]));
        assert!(json.contains("\"verdict\": \"unknown\""), "{json}");
    }
}

#[test]
fn sentences_say_each_thing_once() {
    let files = Files::new();
    let of = |code: &str| {
        let text = out(&run(&["check", "--replay", &files.code(code), "-v"]));
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let text = of("proxy-auth-required");
    assert!(
        text.contains("asks for a sign-in (it names no method)") && !text.contains("(a sign-in)"),
        "{text}"
    );
    let text = of("proxy-required");
    assert!(text.contains("which is not used there: the updater connects directly"), "{text}");
    let text = of("http-unrecognised");
    let expected = text.split_once("expected: ").unwrap().1;
    for part in ["the credential is missing", "a model list"] {
        assert!(expected.matches(part).count() <= 2, "{part}: {text}");
    }
}

#[test]
fn a_masked_report_with_ipv6_goes_back_and_forth() {
    let files = Files::new();
    let report = changed(recorded("tcp-refused"), |r| {
        for attempt in r["observations"].as_array_mut().unwrap() {
            attempt["tcp"][0]["local"] = json!("[2a0f:20::2]:46690");
        }
    });
    let path = files.save("six.json", &report);
    let output = run(&["check", "--replay", &path, "--share", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let masked = out(&output);
    assert!(masked.contains(":46690") && !masked.contains("2a0f:20"), "{masked}");
    let again = fed(&["check", "--replay", "-", "--share", "--format", "json"], &masked);
    assert_eq!(again.status.code(), Some(1), "{}", err(&again));
    assert!(out(&again).contains(":46690"));
}

#[test]
fn a_run_over_ipv6_is_masked() {
    // A server that accepts; where there is no IPv6, not even on this device, there is nothing to see.
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else { return };
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let host = format!("[::1]:{port}");
    let check = ["check", "--host", &host, "--no-controls", "--proxy", "none", "--share"];
    for format in clearway::report::check::FORMATS {
        let output = run(&[&check[..], &["--format", format.name]].concat());
        assert_eq!(output.status.code(), Some(1), "{}: {}", format.name, err(&output));
        assert!(!err(&output).contains("leave --share out"), "{}: {}", format.name, err(&output));
    }
    let report: Value =
        serde_json::from_slice(&run(&[&check[..], &["--format", "json"]].concat()).stdout).unwrap();
    let local = report["observations"][0]["tcp"][0]["local"].as_str().unwrap();
    assert!(local.parse::<std::net::SocketAddr>().is_ok_and(|a| a.is_ipv6()), "{local}");
}

#[test]
fn values_of_headers_are_masked_unless_they_have_the_headers_own_grammar() {
    let files = Files::new();
    let report = changed(recorded("http-block-page"), |r| {
        let http = r["observations"].as_array_mut().unwrap().iter_mut().find_map(|a| a["http"].get_mut(0));
        http.unwrap()["headers"] = json!([
            ["content-type", "text/html; boundary=quarrybox-miller"],
            ["retry-after", "quarrybox"],
            ["date", "quarrybox, 06 Nov 1994 08:49:37 GMT"],
            ["content-length", "quarrybox"],
        ]);
    });
    let path = files.save("r.json", &report);
    for format in clearway::report::check::FORMATS {
        let output = run(&["check", "--replay", &path, "--share", "-v", "--format", format.name]);
        assert!(!output.stdout.is_empty(), "{}: {}", format.name, err(&output));
        let said = out(&output) + &err(&output);
        assert!(!said.contains("quarrybox") && !said.contains("miller"), "{}: {said}", format.name);
    }
}

#[test]
fn a_report_has_as_many_attempts_and_tags_as_a_run_can_have() {
    let folder = Files::new();
    let many = |n: usize| {
        changed(recorded("tcp-timeout"), |r| r["observations"] = vec![r["observations"][0].clone(); n].into())
    };
    let tags = |n: usize| {
        changed(recorded("tcp-timeout"), |r| {
            r["tags"] =
                (0..n).map(|i| (format!("k{i}"), Value::from("v"))).collect::<serde_json::Map<_, _>>().into();
        })
    };
    let odd = changed(recorded("tcp-timeout"), |r| r["tags"] = serde_json::json!({ "a b\u{1b}[31m": "v" }));
    let long = changed(recorded("tcp-timeout"), |r| r["tags"] = serde_json::json!({ "a": "v".repeat(201) }));
    for (report, says) in [
        (many(257), "more than 256 attempts at target 1"),
        // Judged whole, such a report took minutes.
        (many(20_000), "more than 256 attempts at target 1"),
        (tags(33), "tags: more than 32"),
        (odd, "no tag that `--tag` takes"),
        (long, "tags.a: no tag that `--tag` takes"),
    ] {
        let path = folder.save("many.json", &report);
        let output = run(&["check", "--replay", &path]);
        assert_eq!(output.status.code(), Some(2), "{says}");
        assert!(err(&output).contains(says) && !err(&output).contains('\u{1b}'), "{}", err(&output));
    }
    for report in [many(256), tags(32)] {
        let path = folder.save("most.json", &report);
        assert_eq!(run(&["check", "--replay", &path]).status.code(), Some(1));
    }
    // What could not be read back is not written, either.
    let path = folder.save("most.json", &tags(32));
    let output = run(&["check", "--replay", &path, "--tag", "one=more"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("33 tags, and a report has at most 32"), "{}", err(&output));
    assert_eq!(run(&["check", "--replay", &path, "--tag", "k1=other"]).status.code(), Some(1));
}

/// What a server or a certificate says of addresses is masked in other spellings than their own, too.
#[test]
fn a_masked_report_holds_no_address_in_any_spelling() {
    fn plant(value: &mut Value, text: &str, planted: &mut usize) {
        match value {
            Value::Object(map) => {
                for (name, inner) in map.iter_mut() {
                    match (name.as_str(), &mut *inner) {
                        ("subject", Value::String(subject)) => {
                            *subject = format!("CN={text}");
                            *planted += 1;
                        }
                        ("headers", Value::Array(headers)) => headers.push(json!(["server", text])),
                        _ => plant(inner, text, planted),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| plant(item, text, planted)),
            _ => {}
        }
    }
    let files = Files::new();
    for text in [
        "ip-10-66-77-88",
        "ec2-10-66-77-88.eu-west-1.compute.amazonaws.com",
        "010.066.077.088",
        "10_66_77_88",
        "v10.66.77.88",
        "00:16:3e:66:77:88",
        "0016.3e66.7788",
        "S-1-5-21-36238110-33610443-10667788-1013",
        "+49 30 6677 8899",
        "88.77.66.10.in-addr.arpa",
    ] {
        let mut report = recorded("auth-rejected");
        let mut planted = 0;
        plant(&mut report, text, &mut planted);
        assert!(planted > 0);
        let path = files.save("report.json", &report);
        let masked = out(&run(&["check", "--replay", &path, "--share", "--format", "json"]));
        assert!(masked.contains("clearway.check/1"), "{masked}");
        let digits = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        for spelled in [text.to_owned(), digits(text), text.replace(['-', '_'], ".")] {
            assert!(!masked.contains(&spelled), "{text}: {spelled}");
        }
        assert!(!masked.contains("66-77") && !masked.contains("6677 8899"), "{text}");
    }
}
