//! The real command, on the machine that the tests run on.

use std::fs;

use serde_json::Value;

use crate::common::{clearway, schemas};

fn json(command: &mut std::process::Command) -> Value {
    let output = command.args(["--format", "json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    schemas::hold("device", &value, "the command");
    value
}

fn codes(value: &Value) -> Vec<&str> {
    value["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect()
}

/// A helper that may not be executed, and a variable: what only a real device shows.
#[cfg(target_os = "linux")]
#[test]
fn this_device_is_looked_at() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let helper = home.path().join(".config/Claude-3p/claude-code/2.1.300/claude");
    fs::create_dir_all(helper.parent().unwrap()).unwrap();
    fs::write(&helper, "#!/bin/sh\n").unwrap();
    let run = |mode: u32| {
        fs::set_permissions(&helper, fs::Permissions::from_mode(mode)).unwrap();
        let mut command = clearway();
        command.arg("device").env("HOME", home.path()).env_remove("XDG_CONFIG_HOME");
        command.env("NODE_TLS_REJECT_UNAUTHORIZED", "0");
        json(&mut command)
    };
    let value = run(0o644);
    assert_eq!(value["platform"], "linux");
    let found = codes(&value);
    assert!(found.contains(&"device/helper-not-executable"), "{found:?}");
    assert!(found.contains(&"device/tls-check-off"), "{found:?}");
    assert_eq!(value["findings"][0]["severity"], "error", "the worst first");
    assert!(!codes(&run(0o755)).contains(&"device/helper-not-executable"));
}

#[test]
fn a_saved_report_is_judged_again_and_names_are_checked() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("Users/ann")).unwrap();
    fs::create_dir_all(root.path().join("etc")).unwrap();
    fs::write(root.path().join("etc/hosts"), "0.0.0.0 downloads.claude.ai\n").unwrap();
    let root_path = root.path().to_str().unwrap();
    let value = json(clearway().args(["device", "--device-root", root_path, "--platform", "macos"]));
    assert_eq!(codes(&value), ["device/hosts-file"]);
    assert!(value["list"].as_str().unwrap().contains("no configuration is applied"), "{}", value["list"]);
    let file = root.path().join("report.json");
    fs::write(&file, value.to_string()).unwrap();
    let again = json(clearway().args(["device", "--replay"]).arg(&file));
    assert_eq!(again["findings"], value["findings"]);
    let text = clearway().args(["device", "--replay"]).arg(&file).output().unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.starts_with("BLOCKED") && text.contains("NOT RUN"), "{text}");

    let nobody = clearway()
        .args(["device", "--device-root", root_path, "--platform", "macos", "--user", "eve"])
        .output()
        .unwrap();
    assert_eq!(nobody.status.code(), Some(2));
}
