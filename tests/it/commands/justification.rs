//! What a security team asks of a list: which page says so, and what leaves the device.

use std::process::{Command, Output};

use clearway::rules::Pack;
use serde_json::Value;

const CONFIGURATION: &str = r#"{
  "inferenceProvider": "bedrock",
  "inferenceBedrockRegion": "eu-west-1",
  "inferenceBedrockProfile": "work",
  "otlpEndpoint": "https://otel.corp.example"
}"#;

fn run(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy.json"), CONFIGURATION).unwrap();
    Command::new(env!("CARGO_BIN_EXE_clearway")).args(args).current_dir(folder.path()).output().unwrap()
}

fn hosts(format: &str) -> String {
    let output = run(&["hosts", "policy.json", "-v", "--platform", "macos", "--format", format]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// One line, without comment signs and alignment.
fn flat(text: &str) -> String {
    text.replace('#', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_source_says_where_it_is_and_when_it_was_read() {
    let pack = Pack::embedded().unwrap();
    for source in &pack.meta.sources {
        assert!(
            source.url == "unknown" || source.url.starts_with("https://"),
            "{}: {}",
            source.tag,
            source.url
        );
        let digits: Vec<usize> = source.read.split('-').map(str::len).collect();
        assert_eq!(
            digits,
            [4, 2, 2],
            "{}: read = \"{}\"; write the day, like 2026-11-27",
            source.tag,
            source.read
        );
    }
    // The vendor's own pages are known.
    for tag in ["T5", "C5", "CL", "RN", "NP", "GW", "BED", "BS", "EXT"] {
        let source = pack.meta.sources.iter().find(|s| s.tag == tag).unwrap();
        assert!(source.url.starts_with("https://claude.com/docs/"), "{tag}: {}", source.url);
    }
}

#[test]
fn every_feature_and_every_rule_with_a_host_says_what_it_sends() {
    let pack = Pack::embedded().unwrap();
    for feature in &pack.features {
        assert!(!feature.sends.is_empty(), "{}: say in pack.toml what leaves the device (sends)", feature.id);
        assert!(feature.id == "ad-hoc" || !feature.sends_sources.is_empty(), "{}: sends_sources", feature.id);
    }
    for rule in &pack.rules {
        assert!(!rule.sends.is_empty(), "{}", rule.id);
    }
    let sends = |id: &str| pack.rule(id).unwrap().sends.as_str();
    assert_eq!(sends("C1"), pack.feature("inference").unwrap().sends);
    assert!(
        sends("C2b").contains("no conversation") && sends("C2b").ends_with("(inferred)"),
        "{}",
        sends("C2b")
    );
    assert!(sends("I3").contains("never prompts"), "{}", sends("I3"));
}

#[test]
fn every_document_for_a_review_names_the_page_and_what_is_sent() {
    let page = "https://claude.com/docs/third-party/claude-desktop/telemetry";
    let sent = "Crash reports and error stacks with redacted frames; never prompts or answers.";
    for format in ["text", "txt", "csv", "markdown", "ticket", "json"] {
        let text = hosts(format);
        let flat = flat(&text);
        assert!(text.contains(page), "{format}: {text}");
        assert!(flat.contains(sent), "{format}: {text}");
        assert!(flat.contains("The conversation: prompts, what users attach"), "{format}: {text}");
        assert!(flat.contains("read 2026-11-") || format == "json", "{format}: {text}");
    }
    assert!(hosts("markdown").contains(&format!("]({page})")), "{}", hosts("markdown"));
    let document: Value = serde_json::from_str(&hosts("json")).unwrap();
    let sources = document["sources"].as_array().unwrap();
    for because in document["groups"].as_array().unwrap().iter().flat_map(|g| g["hosts"].as_array().unwrap())
    {
        for tag in because["because"][0]["source"].as_array().unwrap() {
            assert!(sources.iter().any(|s| s["tag"] == *tag && s["read"].is_string()), "{tag}");
        }
        assert!(!because["sends"].as_str().unwrap().is_empty(), "{because}");
    }
}

#[test]
fn an_explanation_gives_the_address_and_what_is_sent() {
    let output = run(&["explain", "sentry.io", "policy.json"]);
    let text = flat(&String::from_utf8(output.stdout).unwrap());
    assert!(text.contains("sends: Crash reports"), "{text}");
    assert!(
        text.contains("https://claude.com/docs/third-party/claude-desktop/telemetry (read 2026-11-"),
        "{text}"
    );
}

#[test]
fn a_list_read_back_keeps_what_it_says_of_itself() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("list.json"), hosts("json")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_clearway"))
        .args(["hosts", "list.json", "--format", "csv"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("claude-desktop/telemetry (read") && text.contains("redacted frames"), "{text}");
    // An address of a stranger's document that is no web page is refused, for a reader may open it.
    let mut document: Value = serde_json::from_str(&hosts("json")).unwrap();
    document["sources"][0]["url"] = "javascript:alert(1)".into();
    std::fs::write(folder.path().join("list.json"), document.to_string()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_clearway"))
        .args(["hosts", "list.json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}
