//! `explain`, `diff`, `rules` and the sandbox's list as a user meets them: the binary is run, its
//! output read and held against the published schemas.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn run(args: &[&str]) -> Output {
    crate::common::clearway()
        .args(args)
        .env_remove("CLICOLOR_FORCE")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn example(name: &str) -> String {
    root().join("examples").join(format!("{name}.json")).display().to_string()
}

/// Runs with `--format json` and holds the document against its schema.
fn document(schema: &str, args: &[&str]) -> Value {
    let output = run(&[args, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", err(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    crate::common::schemas::hold(schema, &document, &format!("{args:?}"));
    document
}

#[test]
fn every_document_keeps_to_its_schema() {
    for name in crate::common::configurations::examples() {
        let file = example(&name);
        for question in
            ["api.anthropic.com", "o1.ingest.us.sentry.io", "pypi.org", "coworkEgressAllowedHosts"]
        {
            document("explain", &["explain", question, &file]);
        }
        document("diff", &["diff", &file, &example("gateway")]);
        document("diff", &["diff", &file, "--app-version", "1.18286.0..2.19675.0", "--platform", "linux"]);
        let sandbox = document("hosts", &["hosts", "--boundary", "sandbox", &file]);
        assert_eq!(sandbox["boundary"], "sandbox");
    }
    for question in
        ["AADSTS50011", "AADSTS65001 from https://claude.ai/x", "inferenceProvider", "x.vpce.amazonaws.com"]
    {
        document("explain", &["explain", question, &example("bedrock")]);
    }
    let unknown = run(&["explain", "nothing of the kind", &example("bedrock"), "--format", "json"]);
    assert_eq!(unknown.status.code(), Some(1));
    let unknown: Value = serde_json::from_slice(&unknown.stdout).unwrap();
    crate::common::schemas::hold("explain", &unknown, "an unknown text");
    assert_eq!(unknown["similar"], serde_json::json!({"keys": [], "messages": [], "codes": []}));
    let rules = document("rules", &["rules"]);
    let newest = clearway::rules::Pack::embedded().unwrap().meta.newest.to_string();
    assert_eq!(rules["newest_app_version"], newest.as_str());
}

#[test]
fn explain_needs_no_configuration() {
    let home = tempfile::tempdir().unwrap();
    let output = crate::common::clearway()
        .args(["explain", "aiplatform.eu.rep.googleapis.com", "--format", "json"])
        .env("HOME", home.path())
        .env("XDG_CONFIG_HOME", home.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    // A machine with a configuration of its own answers from that.
    if document["with_configuration"] == false {
        assert_eq!(document["host"]["status"], "rules-alone");
        assert_eq!(document["host"]["rules"][0]["rule"], "B3");
    }
}

#[test]
fn text_answers_stay_within_a_terminal_and_say_the_essentials() {
    let cases: [(&[&str], &[&str]); 7] = [
        (
            &["explain", "api.anthropic.com", "@bedrock"],
            &[
                "is on the list",
                "all of these together",
                "disableAutoUpdates = true",
                "telemetry and egress (T",
            ],
        ),
        (&["explain", "pypi.org", "@bedrock"], &["is not on the list", "isDesktopExtensionEnabled is true"]),
        (&["explain", "disableAutoUpdates", "@bedrock"], &["WHAT EACH VALUE CHANGES", "still needed for"]),
        (
            &["explain", "cowork-egress-blocked", "@bedrock"],
            &["sandbox's own list", "coworkEgressAllowedHosts (not set)"],
        ),
        (&["diff", "@bedrock", "@lockdown"], &["- removed", "+ added", "because"]),
        (
            &["hosts", "--boundary", "sandbox", "@gateway"],
            &["ADDED BY THE APP ITSELF", "REFUSED TO SESSIONS"],
        ),
        (&["rules"], &["built into Clearway", "APP RELEASES THAT CHANGE THE LIST", "1.19367.0"]),
    ];
    for (args, expected) in cases {
        let args: Vec<String> =
            args.iter().map(|a| a.strip_prefix('@').map_or_else(|| (*a).to_owned(), example)).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = run(&args);
        let text = out(&output);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", err(&output));
        for words in expected {
            assert!(text.contains(words), "{args:?} lacks {words}:\n{text}");
        }
        // A word longer than the line stays whole so that it can be copied; nothing else is wider.
        let wide = text.lines().find(|l| l.chars().count() > 80 && l.trim().contains(' '));
        assert!(wide.is_none(), "{args:?}: {wide:?}");
    }
}

#[test]
fn what_cannot_be_answered_ends_with_2_and_help() {
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("berlin.json");
    fs::write(&report, "{\"schema\": \"clearway.check/1\", \"verdict\": \"ready\"}").unwrap();
    let report = report.display().to_string();
    let list = dir.path().join("sandbox.json");
    let made = run(&["hosts", "--boundary", "sandbox", &example("gateway"), "--format", "json"]);
    fs::write(&list, made.stdout).unwrap();
    let list = list.display().to_string();
    let bedrock = example("bedrock");
    for (args, help) in [
        (vec!["diff", &bedrock], "two sides"),
        (vec!["diff", &bedrock, "--app-version", "2.110.0"], "two sides"),
        (vec!["diff", &bedrock, "--app-version", "2.110.0..soon"], "not an app version"),
        (vec!["diff", "-", "-"], "read only once"),
        (vec!["diff", &report, &report], "named twice"),
        (vec!["diff", &report, &bedrock], "give two reports, or two configurations"),
        (vec!["compare", &report], "report is damaged"),
        (vec!["compare", &bedrock], "not a report of `clearway check`"),
        (vec!["hosts", "--boundary", "sandbox", &bedrock, "--format", "csv"], "text, plain or json"),
        (vec!["hosts", &list], "list of the sandbox"),
        (vec!["explain", "api.anthropic.com", "/no/such/file"], "/no/such/file"),
        (vec!["rules", "--rules", "/no/such/folder"], "/no/such/folder"),
    ] {
        let output = run(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", out(&output));
        assert!(err(&output).contains(help), "{args:?}: {}", err(&output));
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn a_list_made_earlier_is_explained_as_far_as_it_goes() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("hosts.json").display().to_string();
    assert!(run(&["hosts", &example("bedrock"), "--format", "json", "-o", &list]).status.success());
    let document = document("explain", &["explain", "claude.ai", &list]);
    assert_eq!(document["host"]["status"], "listed");
    assert_eq!(document["host"]["removal_computed"], false);
    let same = self::document("diff", &["diff", &list, &list.clone()]);
    assert_eq!(same["groups"].as_array().map(Vec::len), Some(0));
}

fn pack_copy(dir: &Path) {
    fs::create_dir(dir.join("features")).unwrap();
    for folder in ["", "features"] {
        for entry in fs::read_dir(root().join("rules").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, dir.join(folder).join(path.file_name().unwrap())).unwrap();
            }
        }
    }
}

#[test]
fn a_pack_is_checked_whole_and_every_mistake_is_named() {
    let dir = tempfile::tempdir().unwrap();
    pack_copy(dir.path());
    let folder = dir.path().display().to_string();
    let output = run(&["rules", "--rules", &folder]);
    assert!(
        output.status.success() && out(&output).contains("every file of it is sound"),
        "{}",
        err(&output)
    );
    let change = |file: &str, from: &str, to: &str| {
        let path = dir.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
    };
    change("symptoms.toml", "rules = [\"A1\"]", "rules = [\"A9\"]");
    change("sandbox.toml", "of_rules = [\"O1a\"]", "of_rules = [\"O9\"]");
    let output = run(&["rules", "--rules", &folder]);
    assert_eq!(output.status.code(), Some(2));
    let text = err(&output);
    assert!(text.contains("`A9` is no rule") && text.contains("`O9` is no rule"), "{text}");
}

#[test]
fn every_command_refuses_a_pack_with_a_fault_in_any_file() {
    let dir = tempfile::tempdir().unwrap();
    pack_copy(dir.path());
    let folder = dir.path().display().to_string();
    let bedrock = example("bedrock");
    for file in ["headers.toml", "places.toml", "firewalls.toml", "controls.toml", "share.toml"] {
        let path = dir.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{text}\n%%% garbage\n")).unwrap();
        for command in [
            vec!["rules"],
            vec!["hosts", &bedrock],
            vec!["check", &bedrock, "--dry-run"],
            vec!["config", &bedrock],
            vec!["explain", "claude.ai", &bedrock],
            vec!["diff", &bedrock, &bedrock],
        ] {
            let output = run(&[&command[..], &["--rules", &folder]].concat());
            assert_eq!(output.status.code(), Some(2), "{file}, {command:?}: {}", out(&output));
            let named = err(&output).contains(file) && err(&output).contains("line");
            assert!(named && output.stdout.is_empty(), "{file}, {command:?}: {}", err(&output));
        }
        fs::write(&path, text).unwrap();
    }
}

#[test]
fn a_file_that_a_pack_lacks_is_said_to_be_the_programs_own() {
    let dir = tempfile::tempdir().unwrap();
    pack_copy(dir.path());
    fs::remove_file(dir.path().join("headers.toml")).unwrap();
    let folder = dir.path().display().to_string();
    let text = out(&run(&["rules", "--rules", &folder]));
    assert!(text.contains("headers.toml") && text.contains("the folder has none"), "{text}");
    let json = document("rules", &["rules", "--rules", &folder]);
    assert_eq!(json["built_in"], serde_json::json!(["headers.toml"]));
}

#[test]
fn the_places_of_a_pack_are_those_that_are_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    pack_copy(dir.path());
    let places = dir.path().join("places.toml");
    let text = fs::read_to_string(&places).unwrap();
    let (from, to) = ("/etc/claude-desktop/managed-settings.json", "/etc/elsewhere/managed-settings.json");
    assert!(text.contains(from));
    fs::write(&places, text.replace(from, to)).unwrap();
    let device = tempfile::tempdir().unwrap();
    fs::create_dir_all(device.path().join("etc/elsewhere")).unwrap();
    fs::copy(example("bedrock"), device.path().join(&to[1..])).unwrap();
    let (folder, root) = (dir.path().display().to_string(), device.path().display().to_string());
    let args = ["hosts", "--platform", "linux", "--device-root", &root, "--format", "plain"];
    assert_eq!(run(&args).status.code(), Some(4));
    let output = run(&[&args[..], &["--rules", &folder]].concat());
    assert!(output.status.success() && out(&output).contains("bedrock"), "{}", err(&output));
}

#[test]
fn a_pinned_proxy_on_443_stays_there_when_only_the_list_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let (config, list) = (dir.path().join("c.json"), dir.path().join("hosts.json"));
    let text = r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.corp.example",
        "egressProxyUrl": "http://proxy.corp.example:443"}"#;
    fs::write(&config, text).unwrap();
    let (config, list) = (config.display().to_string(), list.display().to_string());
    let made = run(&["hosts", &config, "--format", "json", "-o", &list]);
    assert!(made.status.success(), "{}", err(&made));
    for given in [&config, &list] {
        let text = out(&run(&["check", given, "--dry-run"]));
        assert!(text.contains("proxy proxy.corp.example:443"), "{given}: {text}");
    }
}

#[test]
fn an_ipv6_literal_with_a_port_has_brackets_wherever_it_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("c.json");
    let text = r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "http://[::1]:8443"}"#;
    fs::write(&config, text).unwrap();
    let config = config.display().to_string();
    for args in [
        vec!["hosts", &config, "--format", "json"],
        vec!["check", &config, "--dry-run"],
        vec!["explain", "[::1]:9000", &config],
    ] {
        let text = out(&run(&args));
        let bare = text.replace("[::1]:", "");
        assert!(text.contains("::1") && !bare.contains("::1:"), "{args:?}: {text}");
    }
}
