//! What is not seen reaches no terminal: not in an error, and not in a configuration that is written.

use std::path::Path;
use std::process::Output;

use clearway::text::visible::is_unseen;

/// An escape sequence, a title for the window, a turned line, spaces of no width, a tag.
const HOSTILE: &str = "x\u{1b}[31m\u{1b}]0;t\u{7}\u{202e}y\u{200b}\u{2067}\u{feff}\u{e0041}\u{3164}z";

fn clearway(dir: &Path, args: &[&str]) -> Output {
    crate::common::clearway().current_dir(dir).args(args).output().unwrap()
}

/// Every character that a terminal shows or breaks a line at.
fn is_clean(bytes: &[u8]) -> bool {
    String::from_utf8(bytes.to_vec()).unwrap().chars().all(|c| matches!(c, '\n' | '\t') || !is_unseen(c))
}

fn refused(dir: &Path, args: &[&str]) {
    let output = clearway(dir, args);
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.trim().is_empty() && is_clean(&output.stderr), "{args:?}: {}", said.escape_debug());
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, target).unwrap();
        }
    }
}

#[test]
fn an_error_about_a_rule_pack_shows_what_it_quotes() {
    let dir = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules"), dir.path());
    let file = dir.path().join("features/auto-updates.toml");
    let sound = std::fs::read_to_string(&file).unwrap();
    let quoted: String = HOSTILE.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
    for damage in [
        format!("\n[[rule]]\nid = \"{quoted}\"\n"),
        format!("\n[[rule]]\n\"{quoted}\" = 1\n"),
        "\n[[rule]]\nid = \"\u{202e}\u{200b}\" x\n".to_owned(),
    ] {
        std::fs::write(&file, format!("{sound}{damage}")).unwrap();
        refused(dir.path(), &["rules", "--rules", "."]);
        refused(dir.path(), &["hosts", example(), "--rules", "."]);
    }
    // In the file that is read first.
    std::fs::write(dir.path().join("pack.toml"), "id = \"\u{202e}\u{200b}\" x\n").unwrap();
    refused(dir.path(), &["hosts", example(), "--rules", "."]);
}

#[test]
fn an_error_about_a_document_shows_what_it_quotes() {
    let dir = tempfile::tempdir().unwrap();
    let list = clearway(dir.path(), &["hosts", example(), "--format", "json"]);
    assert!(list.status.success());
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    let entry = |name: &str| format!("/groups/0/hosts/0/{name}");
    for place in ["host", "need", "transport", "network", "confidence"]
        .map(entry)
        .iter()
        .chain([&"/schema".to_owned()])
    {
        let mut damaged = list.clone();
        *damaged.pointer_mut(place).unwrap() = HOSTILE.into();
        std::fs::write(dir.path().join("list.json"), damaged.to_string()).unwrap();
        refused(dir.path(), &["hosts", "list.json"]);
        std::fs::write(dir.path().join("run.json"), format!("{{\"schema\":{}}}", damaged["schema"])).unwrap();
        refused(dir.path(), &["check", "--replay", "run.json"]);
    }
    let report =
        clearway(dir.path(), &["check", "--host", "127.0.0.1:9", "--no-controls", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    for (place, value) in [
        ("/verdict", HOSTILE.into()),
        ("/groups/0/feature", HOSTILE.into()),
        ("/groups/0/hosts/0/host", HOSTILE.into()),
        ("/groups/0/hosts/0/need", HOSTILE.into()),
        ("/groups/0/hosts/0/verdict", HOSTILE.into()),
        ("/groups/0/hosts/0/transport", HOSTILE.into()),
        ("/groups/0/hosts/0/finding/code", HOSTILE.into()),
        ("/plan/targets/0/requirement/host", HOSTILE.into()),
        ("/plan/targets/0/requirement/transport", HOSTILE.into()),
        ("/observations/0/tcp/0/outcome", serde_json::json!({ "outcome": HOSTILE })),
        ("/observations/0/tcp/0/remote", HOSTILE.into()),
    ] {
        let mut damaged = report.clone();
        *damaged.pointer_mut(place).unwrap_or_else(|| panic!("{place}: {report:#}")) = value;
        std::fs::write(dir.path().join("run.json"), damaged.to_string()).unwrap();
        for args in [
            &["check", "--replay", "run.json"][..],
            &["check", "--replay", "run.json", "-v"],
            &["compare", "run.json", "run.json"],
            &["diff", "run.json", "run.json"],
            &["fleet", "run.json"],
            &["hosts", "--list", "inspection", "run.json"],
        ] {
            let output = clearway(dir.path(), args);
            for bytes in [&output.stdout, &output.stderr] {
                let said = String::from_utf8_lossy(bytes);
                assert!(is_clean(bytes), "{place}, {args:?}: {}", said.escape_debug());
            }
        }
    }
    std::fs::write(dir.path().join("settings.json"), "{").unwrap();
    refused(dir.path(), &["hosts", "no\u{202e}such\u{1b}[31m.json"]);
    refused(dir.path(), &["explain", "settings.json", "a\u{202e}"]);
}

#[test]
fn a_report_of_a_device_shows_what_it_quotes() {
    let dir = tempfile::tempdir().unwrap();
    let report = clearway(dir.path(), &["device", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    let check = &report["checks"][0]["id"];
    assert!(check.is_string(), "{report:#}");
    let part = |gap: &str| serde_json::json!({ "check": check, "what": HOSTILE, "why": HOSTILE, "gap": gap });
    let mut damaged = report.clone();
    for name in ["device", "user", "list", "started_at"] {
        damaged[name] = HOSTILE.into();
    }
    // A word that it cannot have is quoted, on one line.
    let mut refused_one = damaged.clone();
    refused_one["checks"][0]["status"] = "x\r\nclearway: all is well".into();
    std::fs::write(dir.path().join("bad.json"), refused_one.to_string()).unwrap();
    let said = clearway(dir.path(), &["device", "--replay", "bad.json"]).stderr;
    assert_eq!(said.iter().filter(|b| **b == b'\n').count(), 1, "{}", String::from_utf8_lossy(&said));
    for gap in ["decides", "informs", "usual"] {
        damaged["seen"]["not_run"] = serde_json::json!([part(gap)]);
        std::fs::write(dir.path().join("bad.json"), damaged.to_string()).unwrap();
        for format in ["text", "json", "html", "markdown"] {
            for more in ["-v", "-q"] {
                let args = ["device", "--replay", "bad.json", "--format", format, more];
                let output = clearway(dir.path(), &args);
                let said = String::from_utf8_lossy(&output.stdout);
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                assert!(is_clean(&output.stdout), "{gap}, {args:?}: {}", said.escape_debug());
            }
        }
    }
}

fn example() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bedrock.json")
}

#[test]
fn a_written_configuration_shows_all_it_holds_and_reads_back_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let value = format!("{}end", HOSTILE.replace(['\u{1b}', '\u{7}'], ""));
    let settings = serde_json::json!({
        "inferenceProvider": "gateway",
        "inferenceGatewayBaseUrl": "https://llm.mill.example",
        "inferenceModels": [{ "name": value, "displayName": "\u{202e}\u{e0041}" }],
        "inferenceCredentialHelper": format!("/opt/{value}"),
    });
    std::fs::write(dir.path().join("settings.json"), settings.to_string()).unwrap();
    for (format, name) in
        [("managed-json", "m.json"), ("mobileconfig", "m.mobileconfig"), ("plist", "m.plist")]
    {
        let output = clearway(dir.path(), &["config", "settings.json", "--format", format]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(
            is_clean(&output.stdout),
            "{format}: {}",
            String::from_utf8_lossy(&output.stdout).escape_debug()
        );
        std::fs::write(dir.path().join(name), &output.stdout).unwrap();
        let read = clearway(dir.path(), &["config", name, "--format", "managed-json"]);
        let again = clearway(dir.path(), &["config", "settings.json", "--format", "managed-json"]);
        assert_eq!(String::from_utf8_lossy(&read.stdout), String::from_utf8_lossy(&again.stdout), "{format}");
    }
}
