//! A configuration whose errors cost a required host: no list without a word, in no format.

use std::path::PathBuf;
use std::process::{Command, Output};

use clap::ValueEnum;
use clearway::cli::HostsFormat;
use serde_json::Value;

/// What is wrong, the configuration, and what the message must tell.
const BROKEN: [(&str, &str, &[&str]); 22] = [
    (
        "provider misspelt",
        r#"{"inferenceProvider": "bedrok", "inferenceBedrockRegion": "eu-west-1"}"#,
        &["bedrok", "bedrock"],
    ),
    (
        "provider in wrong case",
        r#"{"inferenceProvider": "Vertex", "inferenceVertexRegion": "us-east5", "inferenceVertexProjectId": "p"}"#,
        &["write `vertex`"],
    ),
    ("provider of the wrong type", r#"{"inferenceProvider": 3}"#, &["inferenceProvider"]),
    ("provider empty", r#"{"inferenceProvider": ""}"#, &["inferenceProvider", "empty"]),
    ("provider's key in wrong case", r#"{"inferenceprovider": "anthropic"}"#, &["write `inferenceProvider`"]),
    (
        "provider's key misspelt",
        r#"{"inferenceProvidre": "anthropic"}"#,
        &["did you mean `inferenceProvider`"],
    ),
    (
        "keys without a provider",
        r#"{"inferenceGatewayBaseUrl": "https://gw.example"}"#,
        &["Set inferenceProvider to gateway"],
    ),
    ("region missing", r#"{"inferenceProvider": "bedrock"}"#, &["needs inferenceBedrockRegion"]),
    (
        "region in wrong case",
        r#"{"inferenceProvider": "mantle", "InferenceBedrockRegion": "eu-west-1"}"#,
        &["write `inferenceBedrockRegion`"],
    ),
    (
        "region with a blank",
        r#"{"inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu west 1"}"#,
        &["eu west 1"],
    ),
    (
        "region of another cloud's form",
        r#"{"inferenceProvider": "bedrock", "inferenceBedrockRegion": "us-east1", "inferenceBedrockBearerToken": "t"}"#,
        &["us-east1", "correct the spelling"],
    ),
    (
        "region that is a zone",
        r#"{"inferenceProvider": "vertex", "inferenceVertexRegion": "us-east5-b", "inferenceVertexProjectId": "p"}"#,
        &["us-east5-b", "correct the spelling"],
    ),
    (
        "project missing",
        r#"{"inferenceProvider": "vertex", "inferenceVertexRegion": "us-east5"}"#,
        &["inferenceVertexProjectId"],
    ),
    (
        "resource missing",
        r#"{"inferenceProvider": "foundry", "inferenceFoundryApiKey": "k"}"#,
        &["inferenceFoundryResource"],
    ),
    (
        "scheme missing",
        r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "llm.example:8443/v1"}"#,
        &["no scheme", "write https://llm.example:8443"],
    ),
    (
        "slash missing",
        r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https:/llm.example"}"#,
        &["write https://llm.example"],
    ),
    (
        "placeholder",
        r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://<your-gateway>/v1"}"#,
        &["placeholder", "<your-gateway>"],
    ),
    (
        "address as a list",
        r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": ["https://gw.example"]}"#,
        &["inferenceGatewayBaseUrl"],
    ),
    (
        "private endpoint in wrong case",
        r#"{"inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-west-1", "inferenceBedrockBaseURL": "https://vpce.example"}"#,
        &["write `inferenceBedrockBaseUrl`"],
    ),
    (
        "identity provider without scheme",
        r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "inferenceGatewayOidc": {"issuer": "login.example", "clientId": "c"}}"#,
        &["write https://login.example"],
    ),
    (
        "identity provider's object without issuer",
        r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "inferenceCredentialKind": "interactive", "inferenceGatewayOidc": {"clientId": "c"}}"#,
        &["Write the issuer"],
    ),
    (
        "bootstrap without scheme",
        r#"{"bootstrapUrl": "boot.example/config"}"#,
        &["write https://boot.example"],
    ),
];

/// Configurations that lack nothing, however odd.
const WHOLE: [&str; 8] = [
    r#"{"inferenceProvider": "anthropic"}"#,
    r#"{"bootstrapUrl": "https://boot.example"}"#,
    r#"{"disableAutoUpdates": true}"#,
    r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "http://127.0.0.1:8080"}"#,
    r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "inferenceGatewayBaseUrlSecond": "x", "bootstrapUrl": ""}"#,
    r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "inferencevertexregion": "us-east5"}"#,
    r#"{"inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-west-1", "inferenceBedrockProfile": "p"}"#,
    r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "disableautoupdates": true}"#,
];

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_clearway")).args(args).current_dir(self.0.path()).output().unwrap()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn formats() -> Vec<&'static str> {
    // That of the content filter is refused for every list.
    let written = HostsFormat::value_variants().iter().filter(|f| **f != HostsFormat::MacosContentFilter);
    written.map(|f| f.as_str()).collect()
}

/// The refusal says which error costs what, and how to have the list all the same.
fn refused(output: &Output, what: &str, told: &[&str], file: &str) {
    let message = err(output);
    assert_eq!(output.status.code(), Some(2), "{what}: {message}");
    assert_eq!(out(output), "", "{what}");
    assert!(message.starts_with("clearway: this list is NOT complete: 1 error in "), "{what}: {message}");
    assert!(message.contains(file) && message.contains("--allow-incomplete"), "{what}: {message}");
    for part in told {
        assert!(message.contains(part), "{what}: {part}: {message}");
    }
}

#[test]
fn no_format_writes_a_list_that_lacks_a_required_host() {
    let folder = Folder::new();
    folder.put("list.txt", "downloads.claude.ai\n");
    for (what, json, told) in BROKEN {
        folder.put("policy.json", json);
        refused(&folder.run(&["hosts", "policy.json"]), what, told, "policy.json");
        refused(&folder.run(&["check", "policy.json", "--dry-run"]), what, told, "policy.json");
    }
    // Every format, every way of asking, over configurations of several kinds.
    let kinds = BROKEN.iter().step_by(4);
    for ((format, (what, json, told)), quiet) in
        formats().iter().zip(kinds.cycle()).zip([false, true].into_iter().cycle())
    {
        folder.put("policy.json", json);
        let mut args = vec!["hosts", "policy.json", "--format", format, "-o", "out"];
        if quiet {
            args.truncate(4);
            args.push("-q");
        }
        refused(&folder.run(&args), &format!("{what}, {format}"), told, "policy.json");
        assert!(!folder.0.path().join("out").exists(), "{what}, {format}");
    }
    for (what, json, told) in BROKEN.iter().step_by(4) {
        folder.put("policy.json", json);
        refused(&folder.run(&["hosts", "policy.json", "--against", "list.txt"]), what, told, "policy.json");
        refused(&folder.run(&["hosts", "policy.json", "--boundary", "sandbox"]), what, told, "policy.json");
    }
}

#[test]
fn what_lacks_nothing_is_written_as_before() {
    let folder = Folder::new();
    for json in WHOLE {
        folder.put("policy.json", json);
        let output = folder.run(&["hosts", "policy.json", "--format", "json"]);
        assert_eq!(output.status.code(), Some(0), "{json}: {}", err(&output));
        assert_eq!(err(&output), "", "{json}");
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&document["complete"], &document["missing"]),
            (&Value::Bool(true), &Value::Array(vec![])),
            "{json}"
        );
    }
}

#[test]
fn an_incomplete_list_that_is_wanted_says_so_inside() {
    let folder = Folder::new();
    for (at, (what, json, _)) in BROKEN.into_iter().enumerate() {
        folder.put("policy.json", json);
        // Every format over some, the document over all.
        for format in formats().into_iter().filter(|f| at % 7 == 0 || *f == "json") {
            let output = folder.run(&[
                "hosts",
                "policy.json",
                "--allow-incomplete",
                "-q",
                "--format",
                format,
                "--allow-widening",
                "--omit-unsupported",
            ]);
            let (text, message) = (out(&output), err(&output));
            if ["paloalto-urls", "zscaler", "umbrella", "netskope-api"].contains(&format) {
                // Bare lines have no place for the mark.
                assert_eq!((output.status.code(), text.as_str()), (Some(2), ""), "{what}, {format}");
                assert!(message.contains("no place for a mark"), "{what}, {format}: {message}");
                continue;
            }
            assert_eq!(output.status.code(), Some(0), "{what}, {format}: {message}");
            assert!(message.contains("NOT complete"), "{what}, {format}: {message}");
            match format {
                "json" => {
                    let document: Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(document["complete"], Value::Bool(false), "{what}");
                    let first = &document["missing"][0];
                    assert!(
                        first["feature"].is_string() && first["key"].is_string() && first["why"].is_string(),
                        "{what}: {first}"
                    );
                }
                "text" | "txt" | "plain" | "ticket" | "markdown" => {
                    let first = text.lines().next().unwrap();
                    assert!(
                        first.trim_start_matches(['#', ' ', '*']).starts_with("INCOMPLETE:"),
                        "{what}, {format}: {first}"
                    );
                }
                _ => assert!(text.contains("INCOMPLETE"), "{what}, {format}: {text}"),
            }
        }
    }
}

#[test]
fn an_incomplete_list_read_back_is_still_incomplete() {
    let folder = Folder::new();
    folder.put("policy.json", BROKEN[0].1);
    let written =
        folder.run(&["hosts", "policy.json", "--allow-incomplete", "--format", "json", "-o", "list.json"]);
    assert_eq!(written.status.code(), Some(0), "{}", err(&written));
    let output = folder.run(&["hosts", "list.json", "--format", "plain"]);
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(2), ""));
    assert!(err(&output).contains("inferenceProvider"), "{}", err(&output));
    // One that says so without a reason is not taken for whole either.
    let mut document: Value =
        serde_json::from_slice(&std::fs::read(folder.0.path().join("list.json")).unwrap()).unwrap();
    document["missing"] = Value::Array(Vec::new());
    folder.put("list.json", &document.to_string());
    assert_eq!(folder.run(&["hosts", "list.json"]).status.code(), Some(2));
    // Beside a whole one each error names its file.
    folder.put("whole.json", WHOLE[0]);
    let output = folder.run(&["hosts", "whole.json", "policy.json"]);
    assert!(
        err(&output).contains("1 error in policy.json") && err(&output).contains("policy.json, line 1"),
        "{}",
        err(&output)
    );
}

#[test]
fn the_part_of_the_list_that_is_asked_for_decides() {
    let folder = Folder::new();
    folder.put("policy.json", BROKEN[0].1);
    assert_eq!(folder.run(&["hosts", "policy.json", "--feature", "auto-updates"]).status.code(), Some(0));
    assert_eq!(folder.run(&["hosts", "policy.json", "--feature", "inference"]).status.code(), Some(2));
}

#[test]
fn a_lost_host_of_a_feature_is_said_on_standard_error() {
    let folder = Folder::new();
    folder.put(
        "policy.json",
        r#"{"inferenceProvider": "anthropic", "managedMcpServers": [{"name": "a", "transport": "http", "url": "mcp.example"}]}"#,
    );
    let output = folder.run(&["hosts", "policy.json", "-q", "--format", "plain"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(err(&output).contains("write https://mcp.example"), "{}", err(&output));
}

#[test]
fn a_check_of_an_incomplete_list_is_never_ready() {
    let folder = Folder::new();
    folder.put("policy.json", BROKEN[12].1);
    let output = folder.run(&["check", "policy.json"]);
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(2), ""));
    assert!(err(&output).contains("Nothing was tested."), "{}", err(&output));
    // Only the telemetry of loopback is asked, so that nothing leaves the device.
    folder.put("policy.json", r#"{"bootstrapUrl": "boot.example"}"#);
    let args = ["check", "policy.json", "--allow-incomplete", "--feature", "bootstrap", "--deadline", "1s"];
    let output = folder.run(&args);
    assert_eq!(output.status.code(), Some(3), "{}{}", out(&output), err(&output));
    assert!(out(&output).starts_with("INCOMPLETE:"), "{}", out(&output));
    assert!(out(&output).contains("UNKNOWN:") && !out(&output).contains("READY"), "{}", out(&output));
    let output = folder.run(&[&args[..], &["--format", "json", "-o", "report.json"]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    let report: Value =
        serde_json::from_slice(&std::fs::read(folder.0.path().join("report.json")).unwrap()).unwrap();
    assert_eq!((&report["complete"], report["verdict"].as_str()), (&Value::Bool(false), Some("unknown")));
    // A replay and a comparison say it too.
    let output = folder.run(&["check", "--replay", "report.json"]);
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    assert!(out(&output).starts_with("INCOMPLETE:"), "{}", out(&output));
    let output = folder.run(&["compare", "report.json", "report.json"]);
    assert!(out(&output).contains("INCOMPLETE"), "{}", out(&output));
}

#[test]
fn the_other_commands_say_it() {
    let folder = Folder::new();
    folder.put("policy.json", BROKEN[8].1);
    folder.put("whole.json", WHOLE[0]);
    for args in [
        &["config", "policy.json"][..],
        &["config", "policy.json", "-q"],
        &["diff", "whole.json", "policy.json"],
        &["explain", "downloads.claude.ai", "policy.json"],
    ] {
        let output = folder.run(args);
        assert!(out(&output).contains("INCOMPLETE"), "{args:?}: {}", out(&output));
    }
    let json = |args: &[&str]| -> Value { serde_json::from_slice(&folder.run(args).stdout).unwrap() };
    assert_eq!(
        json(&["explain", "claude.ai", "policy.json", "--format", "json"])["complete"],
        Value::Bool(false)
    );
    assert_eq!(
        json(&["diff", "whole.json", "policy.json", "--format", "json"])["new"]["complete"],
        Value::Bool(false)
    );
    let shown = json(&["config", "policy.json", "--format", "json"]);
    assert_eq!(shown["configurations"][0]["complete"], Value::Bool(false));
    assert_eq!(shown["configurations"][0]["missing_hosts"][0]["key"], "inferenceBedrockRegion");
}

#[test]
fn a_list_without_a_provider_says_so_at_the_top() {
    let folder = Folder::new();
    for (json, said) in [
        (WHOLE[1], "comes with the served configuration"),
        (
            r#"{"isLocalDevMcpEnabled": true, "coworkEgressAllowedHosts": ["a.example"]}"#,
            "no inference host is listed",
        ),
    ] {
        folder.put("policy.json", json);
        for format in ["text", "txt", "markdown", "ticket"] {
            let output = folder.run(&["hosts", "policy.json", "--format", format]);
            let text = out(&output)
                .replace("\n#  ", " ")
                .replace('\n', " ")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            let at = text.find(&said.split_whitespace().collect::<Vec<_>>().join(" "));
            let first_host = text.find("downloads.claude.ai").unwrap();
            assert!(at.is_some_and(|at| at < first_host), "{json}, {format}: {text}");
        }
    }
}
