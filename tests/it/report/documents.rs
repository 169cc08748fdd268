//! The JSON documents: held against the published schemas, and read back.

use clearway::document::hosts as document;
use clearway::report;
use serde_json::{Value, json};

use crate::report::fixtures::*;

fn schema(name: &str) -> jsonschema::Validator {
    let path = format!("{}/schemas/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::draft202012::options().build(&schema).unwrap()
}

fn check_document(run: &clearway::run::Run) -> Value {
    serde_json::from_str(&report::check::json::render(run, &features())).unwrap()
}

fn hosts_document() -> Value {
    serde_json::from_str(&report::hosts::json::render(&office(), &features())).unwrap()
}

fn faults(schema: &jsonschema::Validator, document: &Value) -> Vec<String> {
    schema.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

#[test]
fn documents_keep_to_their_schemas() {
    assert_eq!(faults(&schema("hosts-1"), &hosts_document()), Vec::<String>::new());
    let check = schema("check-1");
    for run in [ready(), no_network(), mixed(), degraded(), interrupted()] {
        assert_eq!(faults(&check, &check_document(&run)), Vec::<String>::new());
    }
}

#[test]
fn a_broken_document_does_not() {
    let hosts = schema("hosts-1");
    for (place, value) in [
        ("/schema", json!("clearway.hosts/2")),
        ("/platform", json!("amiga")),
        ("/groups/0/feature", json!("nonsense")),
        ("/groups/0/hosts/0/port", json!(70_000)),
        ("/groups/0/hosts/0/host", json!("https://a.example/")),
        ("/groups/0/hosts/0/need", json!("nice-to-have")),
        ("/groups/0/hosts/0/transport", json!("udp")),
        ("/groups/0/hosts/0/because", json!([])),
    ] {
        let mut document = hosts_document();
        *document.pointer_mut(place).unwrap() = value;
        assert!(!hosts.is_valid(&document), "{place}");
    }
    let check = schema("check-1");
    for (place, value) in [
        ("/verdict", json!("passed")),
        ("/findings/0/code", json!("tcp/unknown")),
        ("/findings/0/owner", json!("somebody")),
        ("/groups/0/hosts/0/verdict", json!("ok")),
        ("/groups/0/hosts/0/finding/severity", json!("fatal")),
        ("/groups/0/hosts/0/finding/confidence", json!("sure")),
        ("/groups/0/hosts/0/actors/0/actor", json!("cat")),
        ("/groups/0/hosts/0/timings_ms/dns", json!("fast")),
    ] {
        let mut document = check_document(&mixed());
        *document.pointer_mut(place).unwrap() = value;
        assert!(!check.is_valid(&document), "{place}");
    }
    for missing in ["environment", "findings", "observations", "label"] {
        let mut document = check_document(&mixed());
        document.as_object_mut().unwrap().remove(missing);
        assert!(!check.is_valid(&document), "{missing}");
    }
}

#[test]
fn a_report_is_read_back_whole() {
    for run in [ready(), no_network(), mixed(), degraded(), interrupted()] {
        assert!(
            clearway::document::check::read_check(check_document(&run)).unwrap() == run,
            "{:?}",
            run.judgement.verdict
        );
    }
}

#[test]
fn a_hostile_report_is_defused_and_read_back() {
    let once = report::check::json::render(&hostile(), &features());
    assert!(once.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}' && c != '\u{200b}'));
    let run = clearway::document::check::read_check(serde_json::from_str(&once).unwrap()).unwrap();
    assert_eq!(report::check::json::render(&run, &features()), once);
}

#[test]
fn what_follows_from_the_host_is_not_taken_from_a_report() {
    let mut document = check_document(&ready());
    let requirement = &mut document["plan"]["targets"][0]["requirement"];
    requirement["host"] = json!("localhost");
    requirement["loopback"] = json!(false);
    let run = clearway::document::check::read_check(document).unwrap();
    assert!(run.plan.targets[0].requirement.loopback);
}

#[test]
fn a_damaged_report_is_refused_with_the_place() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut document = check_document(&mixed());
        change(&mut document);
        clearway::document::check::read_check(document).unwrap_err().to_string()
    };
    let has = |message: String, words: &[&str]| {
        for word in words {
            assert!(message.contains(word), "`{word}` is not in: {message}");
        }
    };
    has(
        clearway::document::check::read_check(json!([1])).unwrap_err().to_string(),
        &["schema", "clearway check --format json"],
    );
    has(
        refused(&|d| d["schema"] = json!("clearway.hosts/1")),
        &["\"clearway.hosts/1\"", "\"clearway.check/1\""],
    );
    has(refused(&|d| drop(d.as_object_mut().unwrap().remove("plan"))), &["plan", "missing"]);
    has(refused(&|d| d["observations"][2]["target"] = json!(999)), &["observations[2]", "999"]);
    has(refused(&|d| d["observations"][0]["path"] = json!(7)), &["observations[0]", "path 7"]);
    has(
        refused(&|d| d["groups"][0]["hosts"][0]["verdict"] = json!("fine")),
        &["groups[0].hosts[0].verdict", "fine"],
    );
    has(refused(&|d| d["groups"] = json!([])), &["groups", "in none"]);
    has(refused(&|d| d["findings"][0]["hosts"] = json!([12_345])), &["findings[0]", "12345"]);
    has(refused(&|d| d["plan"]["targets"][1]["id"] = json!(1)), &["plan.targets[1]", "twice"]);
}

#[test]
fn a_hosts_document_is_a_configuration() {
    let list = office();
    let read = document::from_json(hosts_document(), "hosts.json", "ab12").unwrap();
    assert_eq!(read.inputs[0].name, "hosts.json");
    assert_eq!(read.inputs[0].sha256, "ab12");
    assert!(read.notes.iter().any(|n| n.id == "hosts-document" && n.text.contains("office.mobileconfig")));
    assert_eq!(read.lint, list.lint);
    // Reasons come back by feature, so only their order may differ.
    let sorted = |hosts: &[clearway::derive::Requirement]| {
        let mut hosts = hosts.to_vec();
        for host in &mut hosts {
            host.reasons.sort_by(|a, b| a.rule.cmp(&b.rule));
        }
        hosts
    };
    assert_eq!(sorted(&read.hosts), sorted(&list.hosts));
}

#[test]
fn a_short_list_of_somebody_else_is_enough() {
    let list = document::from_json(
        json!({
            "schema": "clearway.hosts/1", "clearway": "9.0.0", "rules_date": "2027-01-01",
            "app_version": "2.19675.0", "platform": "macos",
            "groups": [{ "feature": "inference", "title": "x", "hosts": [{ "host": "a.example", "need": "required" }] }],
        }),
        "mail.json",
        "",
    )
    .unwrap();
    let host = &list.hosts[0];
    assert_eq!((host.port, host.transport.as_str(), host.reasons.len()), (443, "https", 1));
    assert_eq!(host.reasons[0].actors, [clearway::contract::Actor::App]);
}

#[test]
fn a_bad_hosts_document_is_refused_with_the_place() {
    let refused = |place: &str, value: Value| {
        let mut document = hosts_document();
        *document.pointer_mut(place).unwrap_or_else(|| panic!("{place}")) = value;
        document::from_json(document, "hosts.json", "").unwrap_err().to_string()
    };
    let hints = |key: &str, value: &str| {
        let mut hints = json!({ "public_roots": true, "customer": false, "private_endpoint": false });
        hints[key] = json!(value);
        hints
    };
    let first = "/groups/0/hosts/0";
    for (place, value, word) in [
        ("/schema".to_owned(), json!("clearway.check/1"), "schema"),
        ("/groups".into(), json!({}), "groups"),
        ("/groups/0/feature".into(), json!("No Feature"), "groups[0]"),
        ("/app_version".into(), json!("new"), "the head"),
        (format!("{first}/host"), json!("https://a.example"), "groups[0].hosts[0]"),
        (format!("{first}/host"), json!("*"), "unbounded"),
        (format!("{first}/port"), json!(0), "port 0"),
        (format!("{first}/purpose"), json!("x".repeat(5_000)), "4000"),
        (format!("{first}/probe"), hints("base_path", "/a b"), "base_path"),
        (format!("{first}/probe"), hints("base_path", "/a\r\nHost:b"), "base_path"),
        (format!("{first}/probe"), hints("member", "evil.example"), "member"),
        ("/loopback".into(), json!(3), "loopback"),
    ] {
        let message = refused(&place, value);
        assert!(message.starts_with("hosts.json: ") && message.contains(word), "{place}: {message}");
        assert!(message.contains("clearway hosts --format json"), "{message}");
    }
    let many: Vec<Value> =
        (0..6_000).map(|i| json!({ "host": format!("h{i}.example"), "need": "optional" })).collect();
    assert!(refused("/groups/0/hosts", json!(many)).contains("more than 5000"));
}
