//! What the documentation of app 2.26454.0 says differently, held case by case: each line of
//! `tests/versions/facts.txt` names what must and must not be on a list, and the binary is asked where a
//! reader of files decides.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::PathBuf;
use std::process::Command;

use clearway::contract::{Actor, Platform};
use clearway::derive::{Options, Requirements, derive};
use clearway::rules::Pack;
use serde_json::{Value as Json, json};

use super::versions::base;
use crate::common::configurations::from_json;

fn is_there(list: &Requirements, item: &str) -> bool {
    if let Some(id) = item.strip_prefix("note:") {
        return list.notes.iter().any(|n| n.id == id);
    }
    let (rest, rule) = item.split_once('@').map_or((item, None), |(rest, rule)| (rest, Some(rule)));
    let (host, feature) = rest.split_once('/').map_or((rest, None), |(host, f)| (host, Some(f)));
    list.hosts.iter().any(|r| {
        format!("{}:{}", r.host, r.port) == host
            && r.reasons.iter().any(|reason| {
                rule.is_none_or(|rule| reason.rule == rule) && feature.is_none_or(|f| reason.feature == f)
            })
    })
}

#[test]
fn every_line_of_the_table_holds() {
    let pack = Pack::embedded().unwrap();
    let lines = include_str!("../../versions/facts.txt").lines();
    let mut wrong: Vec<String> = Vec::new();
    let mut held = 0;
    for line in lines.filter(|l| !l.starts_with('#') && !l.is_empty()) {
        let fields: Vec<&str> = line.split(" | ").collect();
        let [what, versions, how, settings, items] = fields[..] else { panic!("{line}") };
        let mut how = how.split(',');
        let mut json = base(how.next().unwrap());
        let more: Json = serde_json::from_str(settings).unwrap_or_else(|e| panic!("{line}: {e}"));
        for (key, value) in more.as_object().unwrap() {
            json[key] = value.clone();
        }
        let mut options = Options { platform: Some(Platform::Macos), ..Options::default() };
        let (mut document, mut both) = (false, false);
        for word in how {
            match word {
                "minimal" => options.minimal = true,
                "both" => both = true,
                "console" => options.admin_console = true,
                "document" => document = true,
                other => options.platform = Some(other.parse().unwrap()),
            }
        }
        let mut configuration = [from_json("test", &json, &pack.keys)];
        configuration[0].admin_console = document;
        for version in versions.split(',') {
            for minimal in if both { vec![false, true] } else { vec![options.minimal] } {
                let options =
                    Options { app_version: Some(version.parse().unwrap()), minimal, ..options.clone() };
                let list = derive(&pack, &configuration, &options);
                for item in items.split(' ') {
                    let (sign, item) = item.split_at(1);
                    held += 1;
                    if is_there(&list, item) != (sign == "+") {
                        let kind = if minimal { "minimal" } else { "default" };
                        wrong.push(format!("{what} ({version}, {kind}): {sign}{item}: {settings}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(held > 400, "{held}");
}

#[test]
fn a_value_that_the_app_does_not_know_is_said() {
    let pack = Pack::embedded().unwrap();
    for (name, settings, version, words) in [
        ("mantle", json!({}), "1.12603.0", "1.13576.0"),
        ("gateway", json!({"inferenceCredentialKind": "external-idp"}), "2.2553.0", "2.7032.0"),
        ("vertex", json!({"inferenceCredentialKind": "interactive"}), "1.37937.0", "1.40609.0"),
        ("entra", json!({"inferenceFoundryAuthFlow": "broker"}), "1.22209.0", "1.24012.0"),
        ("gateway", json!({"microsoftAuthBroker": "required"}), "1.46388.1", "disabled"),
        (
            "gateway",
            json!({"managedMcpServers": [{"name": "m", "transport": "policy-only"}]}),
            "1.52386.0",
            "2.110.0",
        ),
    ] {
        let mut json = base(name);
        for (key, value) in settings.as_object().unwrap() {
            json[key] = value.clone();
        }
        let configuration = [from_json("test", &json, &pack.keys)];
        let lint = |version: Option<&str>| {
            let options = Options { app_version: version.map(|v| v.parse().unwrap()), ..Options::default() };
            derive(&pack, &configuration, &options).lint
        };
        let too_new = lint(Some(version));
        let said = too_new.iter().find(|l| l.id == "value-too-new");
        assert!(said.is_some_and(|l| l.message.contains(words)), "{name}: {too_new:?}");
        let missing = |l: &clearway::config::Lint| l.id == "missing-key" || l.id == "no-provider";
        assert!(!too_new.iter().any(missing), "{name}: {too_new:?}");
        assert!(!lint(None).iter().any(|l| l.id == "value-too-new"), "{name}");
    }
}

#[test]
fn actors_and_texts_of_the_rules_are_those_of_the_pages() {
    let pack = Pack::embedded().unwrap();
    let rule = |id: &str| pack.rule(id).unwrap_or_else(|| panic!("{id}"));
    assert_eq!(rule("L9").actors, [Actor::App, Actor::Browser]);
    assert_eq!(rule("L9b").actors, [Actor::App]);
    assert_eq!(rule("L10").actors, [Actor::App, Actor::Browser]);
    assert_eq!(rule("N1").actors, [Actor::App, Actor::Browser]);
    assert_eq!(rule("N1b").actors, [Actor::App]);
    for (id, words) in [
        ("A1", &["background", "2.26454.0", "disableAutoUpdates"][..]),
        ("A2", &["offline installer"]),
        ("K2b", &["origin"]),
        ("C10a", &["refuse", "VPC"]),
        ("C10d", &["refuse", "VPC"]),
        ("K4", &["1.17377.1"]),
        ("K5", &["1.17377.1"]),
        ("J2", &["1.17377.1"]),
    ] {
        for word in words {
            assert!(rule(id).purpose.contains(word), "{id}: {word}");
        }
    }
    for id in ["N2a", "N2b"] {
        assert!(rule(id).breaks.contains("cannot read or act"), "{id}");
    }
    let feature = |id: &str| &pack.feature(id).unwrap().stops;
    assert!(feature("browser").contains("cannot read or act"), "{}", feature("browser"));
    assert_eq!(rule("K2b").confidence, clearway::contract::Confidence::Documented);
    for id in ["H1", "H2", "H3"] {
        assert!(rule(id).sources.iter().any(|s| s == "NP"), "{id}");
    }
    let notes = |json: &Json| {
        let configuration = [from_json("test", json, &pack.keys)];
        derive(&pack, &configuration, &Options::default()).notes
    };
    let text = |json: Json, id: &str| {
        notes(&json).iter().find(|n| n.id == id).unwrap_or_else(|| panic!("{id}")).text.clone()
    };
    let ssh = text(json!({"sshHostAllowlist": ["build.example"]}), "N5n");
    for word in ["downloads.claude.ai", "telemetry", "ssh_config", "bare name"] {
        assert!(ssh.contains(word), "{ssh}");
    }
    assert!(text(json!({}), "N5m").contains("managed settings"));
    let portal =
        text(json!({"inferenceProvider": "bedrock", "inferenceCredentialKind": "interactive"}), "C9n");
    assert!(portal.contains("GovCloud"), "{portal}");
    let browser = derive(
        &pack,
        &[from_json("t", &json!({"builtinBrowserEnabled": true}), &pack.keys)],
        &Options::default(),
    );
    let unbounded =
        browser.hosts.iter().filter_map(|h| h.unbounded.as_deref()).find(|u| u.contains("browser"));
    assert!(unbounded.is_some_and(|u| u.contains("loads from") && u.contains("block")), "{unbounded:?}");
}

/// A configuration in a file of its own.
fn file(name: &str, text: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("facts");
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// What the program writes, without the line breaks of a narrow page.
fn flat(args: &[&str]) -> String {
    clearway(args).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn clearway(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_clearway")).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The hosts of a configuration in JSON, as the program lists them.
fn hosts(name: &str, text: &str, more: &[&str]) -> Vec<String> {
    let path = file(name, text);
    let mut args = vec!["hosts", path.to_str().unwrap(), "--format", "plain", "--platform", "macos"];
    args.extend(more);
    clearway(&args).lines().map(str::to_owned).collect()
}

const GATEWAY: &str = r#""inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "inferenceGatewayApiKey": "k""#;

#[test]
fn an_old_name_is_read_by_the_versions_that_know_no_cut_off() {
    let text = format!(r#"{{{GATEWAY}, "isDxtEnabled": false}}"#);
    let python = |version: &str| {
        hosts("old-name.json", &text, &["--app-version", version]).iter().any(|h| h == "pypi.org")
    };
    assert!(!python("1.18286.0"));
    let on = format!(r#"{{{GATEWAY}, "isDxtEnabled": true}}"#);
    let python = |version: &str| {
        hosts("old-name-on.json", &on, &["--app-version", version]).iter().any(|h| h == "pypi.org")
    };
    assert!(python("1.37937.0"));
    assert!(!python("1.40609.0"));
    assert!(!python("2.26454.0"));
    // The current name counts where both stand.
    let two = format!(r#"{{{GATEWAY}, "isDxtEnabled": true, "isDesktopExtensionEnabled": false}}"#);
    assert!(
        !hosts("old-name-two.json", &two, &["--app-version", "1.37937.0"]).iter().any(|h| h == "pypi.org")
    );
    let diff = flat(&[
        "diff",
        file("old-name-on.json", &on).to_str().unwrap(),
        "--app-version",
        "1.37937.0..1.40609.0",
    ]);
    assert!(diff.contains("isDxtEnabled is no longer read since app 1.40609.0"), "{diff}");
}

#[test]
fn a_telemetry_switch_that_cannot_be_read_counts_as_true() {
    let text = format!(
        r#"{{{GATEWAY}, "disableEssentialTelemetry": "maybe", "disableNonessentialTelemetry": [1]}}"#
    );
    let at = |version: &str| hosts("unreadable.json", &text, &["--app-version", version]);
    let (old, new) = (at("1.37937.0"), at("1.40609.0"));
    for host in ["*.sentry.io", "browser-intake-us5-datadoghq.com", "a-api.anthropic.com"] {
        assert!(old.iter().any(|h| h == host), "{host}: {old:?}");
        assert!(!new.iter().any(|h| h == host), "{host}: {new:?}");
    }
    let diff = flat(&[
        "diff",
        file("unreadable.json", &text).to_str().unwrap(),
        "--app-version",
        "1.37937.0..2.26454.0",
    ]);
    assert!(diff.contains("cannot be read, which counts as true since app 1.40609.0"), "{diff}");
}

#[test]
fn a_mirror_that_a_bootstrap_response_may_not_set_switches_the_catalogue_off() {
    let device = file(
        "served-device.json",
        r#"{"bootstrapUrl": "https://conf.example/c", "bootstrapOidc": {"clientId": "c", "issuer": "https://idp.example", "scopes": "openid"}}"#,
    );
    for (mirror, listed) in [
        ("https://mirror.example/c.json", true),
        ("http://mirror.example/c.json", false),
        ("http://127.0.0.1:8080/c.json", false),
        ("https://localhost/c.json", false),
    ] {
        let served = file("served.json", &format!(r#"{{{GATEWAY}, "modelCatalogUrl": "{mirror}"}}"#));
        let json = clearway(&[
            "hosts",
            device.to_str().unwrap(),
            "--bootstrap-response",
            served.to_str().unwrap(),
            "--format",
            "json",
        ]);
        assert_eq!(json.contains("\"mirror.example\""), listed, "{mirror}");
        assert!(!json.contains("\"A2\""), "{mirror}");
        assert!(!json.contains("127.0.0.1"), "{mirror}: {json}");
    }
}

#[test]
fn an_ssh_list_with_another_element_allows_none() {
    for list in [r#"["build.example", 7]"#, r#""build.example""#, "{}"] {
        let text = format!(r#"{{{GATEWAY}, "sshHostAllowlist": {list}}}"#);
        let found = hosts("ssh.json", &text, &[]);
        assert!(!found.iter().any(|h| h.contains("build.example")), "{list}: {found:?}");
    }
    let text = format!(r#"{{{GATEWAY}, "sshHostAllowlist": ["build.example"]}}"#);
    assert!(hosts("ssh.json", &text, &[]).iter().any(|h| h.contains("build.example")));
}

#[test]
fn the_console_is_an_option_and_no_key() {
    let text =
        format!(r#"{{{GATEWAY}, "disableLocalConfigCache": true, "disableNonessentialTelemetry": true}}"#);
    let json = |more: &[&str]| {
        let path = file("console.json", &text);
        let mut args = vec!["hosts", path.to_str().unwrap(), "--format", "json"];
        args.extend(more);
        clearway(&args)
    };
    let (without, with) = (json(&[]), json(&["--admin-console"]));
    for rule in ["\"P3a\"", "\"P3b\""] {
        assert!(!without.contains(rule) && with.contains(rule), "{rule}");
    }
    assert!(without.contains("\"A2\"") && !with.contains("\"A2\""));
}

#[test]
fn a_comparison_of_two_releases_names_the_change_its_rule_and_its_source() {
    let text = r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "inferenceGatewayApiKey": "k", "inferenceGatewayAuthScheme": "sso", "inferenceGatewayOidc": {"clientId": "c", "issuer": "https://idp.example"}, "claudeAiImport": {"enabled": true, "allowedOrganizationUuids": ["11111111-1111-4111-8111-111111111111"]}}"#;
    let path = file("sso.json", text);
    let args = ["diff", path.to_str().unwrap(), "--app-version", "2.19675.0..2.26454.0"];
    let shown = flat(&args);
    for words in [
        "added idp.example",
        "rule F3e added; source",
        "CL",
        "the credential kind: static -> interactive",
        "2.26454.0 changes how",
        "signing in to claude.ai is the only way to import",
        "(source C6, CL",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let json: Json = serde_json::from_str(&clearway(&[&args[..], &["--format", "json"]].concat())).unwrap();
    assert_eq!(json["notes"].as_array().unwrap().len(), 2, "{}", json["notes"]);
    let lines: Vec<&Json> =
        json["groups"].as_array().unwrap().iter().flat_map(|g| g["lines"].as_array().unwrap()).collect();
    assert!(!lines.is_empty());
    for line in lines {
        assert!(!line["sources"].as_array().unwrap().is_empty(), "{line}");
        let because = line["because"].to_string();
        assert!(because.contains("2.26454.0"), "{line}");
    }
}

#[test]
fn the_pack_names_its_releases_and_what_is_newer() {
    let shown = flat(&["rules"]);
    for words in ["2026-11-27", "1.2581.0 to 2.26454.0", "2.26454.2", "2.31226.0", "2.31226.1", "observed"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let json: Json = serde_json::from_str(&clearway(&["rules", "--format", "json"])).unwrap();
    assert_eq!(json["newest_app_version"], "2.26454.0");
    assert_eq!(json["observed_builds"].as_array().unwrap().len(), 3);
    for tag in [
        "T6", "C6", "CL", "RN", "BED", "GW", "EXT", "SSH", "CODE", "ADM", "INS", "NP", "BRW", "MOD", "AUD",
        "SET",
    ] {
        assert!(json["sources"].as_array().unwrap().iter().any(|s| s["tag"] == tag), "{tag}");
    }
    let text = format!("{{{GATEWAY}}}");
    let at = |version: &str| hosts("newer.json", &text, &["--app-version", version]);
    assert_eq!(at("2.31226.1"), at("2.26454.0"));
    let path = file("newer.json", &text);
    let shown = flat(&["hosts", path.to_str().unwrap(), "--app-version", "2.31226.0"]);
    assert!(shown.contains("these rules cover the app up to 2.26454.0"), "{shown}");
}
