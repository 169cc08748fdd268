//! The flags that say where a configuration comes from, as a user gives them.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

fn run(args: &[&str]) -> Output {
    crate::common::clearway().args(args).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn put(dir: &Path, path: &str, content: &str) {
    let path = dir.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

const ONE: &str = "00000000-0000-4000-8000-000000000001";
const TWO: &str = "00000000-0000-4000-8000-000000000002";

fn library(dir: &Path, at: &str) {
    let index = format!(
        r#"{{"appliedId": "{ONE}", "entries": [{{"id": "{ONE}", "name": "Finance"}}, {{"id": "{TWO}", "name": "Engineering"}}]}}"#
    );
    put(dir, &format!("{at}/_meta.json"), &index);
    for (id, host) in [(ONE, "f.example"), (TWO, "e.example")] {
        let json =
            format!(r#"{{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://{host}"}}"#);
        put(dir, &format!("{at}/{id}.json"), &json);
    }
}

#[test]
fn a_copy_is_read_for_the_user_who_is_named_and_the_report_says_whose_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().to_str().unwrap();
    for user in ["ann", "bob"] {
        library(dir.path(), &format!("home/{user}/.config/Claude-3p/configLibrary"));
    }
    let copy = ["hosts", "--platform", "linux", "--device-root", root];
    let output = run(&copy);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("--user: ann, bob"), "{}", err(&output));
    let output = run(&[&copy[..], &["--user", "bob"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains("user bob"), "{}", out(&output));
    let output = run(&["hosts", "--device-root", root]);
    assert!(err(&output).contains("--platform"), "{}", err(&output));
    // A managed file that the app rejects leaves nothing to derive from.
    put(dir.path(), "etc/claude-desktop/managed-settings.json", "{");
    let output = run(&[&copy[..], &["--user", "bob"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("the app rejects this file"), "{}", err(&output));
}

#[test]
fn a_copy_without_homes_shows_the_places_of_the_device_to_any_user() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().to_str().unwrap();
    put(dir.path(), "etc/claude/enterprise.json", "{\"inferenceProvider\": \"gateway\"}");
    let asked = ["hosts", "--platform", "linux", "--device-root", root, "--user", "carol"];
    let output = run(&asked);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(
        err(&output).contains("etc/claude/enterprise.json: the app does not read this"),
        "{}",
        err(&output)
    );
    // Where the copy has homes, a user without one is a mistake.
    put(dir.path(), "home/ann/.profile", "");
    let output = run(&asked);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("There are ann"), "{}", err(&output));
}

#[test]
fn every_host_says_which_profiles_need_it() {
    let dir = tempfile::tempdir().unwrap();
    library(dir.path(), "lib");
    let lib = dir.path().join("lib");
    let lib = lib.to_str().unwrap();
    let hosts = |args: &[&str]| {
        let output = run(&[&["hosts", lib, "--feature", "inference", "--format", "json"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut hosts: Vec<(String, String)> = json["groups"][0]["hosts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|h| {
                let config = h["because"][0]["config"].as_str().unwrap_or_default();
                (h["host"].as_str().unwrap().to_owned(), config.to_owned())
            })
            .collect();
        hosts.sort();
        hosts
    };
    let pair = |host: &str, config: &str| (host.to_owned(), config.to_owned());
    assert_eq!(hosts(&[]), [pair("f.example", "")]);
    assert_eq!(hosts(&["--profile", "Engineering"]), [pair("e.example", "")]);
    let both = [pair("e.example", "Engineering"), pair("f.example", "Finance")];
    assert_eq!(hosts(&["--all-profiles"]), both);
    assert_eq!(hosts(&["--profile", "Engineering", "--profile", "finance"]), both);
    let output = run(&["hosts", lib, "--profile", "a", "--all-profiles"]);
    assert_eq!(output.status.code(), Some(2));
    let output = run(&["hosts", lib, "--user", "ann"]);
    assert_eq!(output.status.code(), Some(2), "{}", out(&output));
}

#[test]
fn a_served_response_replaces_what_a_server_may_set() {
    let dir = tempfile::tempdir().unwrap();
    put(
        dir.path(),
        "anchor.json",
        r#"{"bootstrapUrl": "https://boot.example/x", "otlpEndpoint": "https://o.example"}"#,
    );
    put(
        dir.path(),
        "served.json",
        r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://boot.example:443"}"#,
    );
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let plain = |args: &[&str]| out(&run(&[&["hosts", "--format", "plain"], args].concat()));
    let anchor = path("anchor.json");
    assert!(plain(&[&anchor]).contains("o.example"));
    let over = plain(&[&anchor, "--bootstrap-response", &path("served.json")]);
    assert!(over.contains("boot.example") && !over.contains("o.example"), "{over}");
}
