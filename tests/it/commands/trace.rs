//! `check --trace`: what it refuses and announces, and a saved trace on its way through replay and mask.

use std::fs;
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::common::{clearway, schemas};

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let output = clearway().arg("check").args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_host_that_is_not_on_the_list_is_refused_before_anything_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    for more in [&["--dry-run"][..], &[]] {
        let args = [&["--host", &host, "--trace", "gw.quarry.example"][..], more].concat();
        let (code, _, said) = run(&args);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("gw.quarry.example") && said.contains("not on the list"), "{said}");
    }
    assert!(listener.accept().is_err(), "something was sent");
    let (code, _, said) = run(&["--replay", "report.json", "--trace"]);
    assert_eq!(code, Some(2), "a replay sends nothing: {said}");
}

#[test]
fn the_dry_run_says_what_would_be_traced() {
    let hosts = ["--host", "a.quarry.example", "--host", "b.quarry.example", "--proxy", "none", "--dry-run"];
    let shown = |more: &[&str]| {
        let (code, out, said) = run(&[&hosts[..], more].concat());
        assert_eq!(code, Some(0), "{said}");
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let named = shown(&["--trace", "a.quarry.example", "--trace", "B.quarry.example"]);
    assert!(named.contains("a.quarry.example is traced") && named.contains("b.quarry.example is traced"));
    assert!(!named.contains("of each cause is traced"), "{named}");
    assert!(shown(&["--trace"]).contains("One blocked host of each cause is traced"));
    assert!(!shown(&[]).contains("traced"));
}

/// A report of a host that is refused, as if it had been traced on a real path.
fn report(dir: &std::path::Path) -> Value {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (_, out, said) =
        run(&["--host", &format!("https://{free}"), "--trace", &free.to_string(), "--format", "json"]);
    let mut report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{said}"));
    schemas::hold("check", &report, "a host of this device");
    assert_eq!(report["paths"][0]["untraced"], "device");
    assert!(report["not_tested"].to_string().contains("it is this device"), "{}", report["not_tested"]);
    let step = |ttl: u8, outcome: &str, icmp: Value| json!({ "ttl": ttl, "outcome": { "outcome": outcome }, "icmp": icmp, "ms": 1 });
    let expired = |from: &str| json!({ "type": 11, "code": 0, "from": from });
    report["traces"] = json!([{
        "target": 1, "path": 0, "named": true, "at_ms": 5, "remote": "23.4.5.6:443", "senders": true, "small_hello": true,
        "connections": [
            step(1, "expired", expired("10.9.8.7")), step(2, "expired", expired("23.4.9.9")), step(3, "refused", Value::Null),
        ],
        "ms": 4.0,
    }]);
    fs::write(dir.join("report.json"), report.to_string()).unwrap();
    report
}

#[test]
fn a_saved_trace_is_judged_again_and_masked() {
    let dir = tempfile::tempdir().unwrap();
    let report = report(dir.path());
    let saved = dir.path().join("report.json").display().to_string();
    let (_, text, _) = run(&["--replay", &saved]);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("PATHS") && text.contains("Hops 1 10.9.8.7, 2 23.4.9.9"), "{text}");
    for share in [false, true] {
        let more: &[&str] = if share { &["--share"] } else { &[] };
        let (_, out, said) = run(&[&["--replay", &saved, "--format", "json"][..], more].concat());
        let again: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{said}"));
        schemas::hold("check", &again, "a trace");
        assert_eq!(
            again["traces"][0]["connections"][2],
            json!({ "ttl": 3, "outcome": { "outcome": "refused" }, "ms": 1 })
        );
        let evidence = &again["groups"][0]["hosts"][0]["finding"]["evidence"];
        assert_eq!(evidence["hop"], 2, "{evidence}");
        assert_eq!(again["findings"][0]["evidence"]["hop"], 2);
        assert_eq!(again["paths"][0]["halted"]["how"], "refused");
        for address in ["10.9.8.7", "23.4.9.9", "23.4.5.6"] {
            assert_eq!(out.contains(address), !share && out.contains(address), "{address} in {out}");
            assert!(share || out.contains(address), "{address}");
        }
        assert_eq!(again["verdict"], report["verdict"]);
    }
}

#[test]
fn a_damaged_trace_is_refused_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let whole = report(dir.path());
    let saved = dir.path().join("damaged.json");
    for (pointer, value, place) in [
        ("/traces/0/connections/0/ttl", json!(31), "traces[0]"),
        ("/traces/0/connections/0/ttl", json!(0), "traces[0]"),
        ("/traces/0/target", json!(7), "traces[0]"),
        ("/traces/0/path", json!(3), "traces[0]"),
        ("/paths/0/host", json!(9), "paths[0]"),
        ("/traces/0/connections/1/outcome/outcome", json!("lost"), "traces[0].connections[1]"),
    ] {
        let mut damaged = whole.clone();
        *damaged.pointer_mut(pointer).unwrap() = value;
        fs::write(&saved, damaged.to_string()).unwrap();
        let (code, _, said) = run(&["--replay", saved.to_str().unwrap()]);
        assert_eq!(code, Some(2), "{pointer}: {said}");
        assert!(said.contains(place), "{pointer}: {said}");
    }
}
