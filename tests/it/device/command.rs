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

/// What is the caller's own is never reported as another user's.
#[cfg(target_os = "linux")]
#[test]
fn another_user_is_not_told_the_callers_variables() {
    let run = |args: &[&str], caller: &str| {
        let mut command = clearway();
        command.arg("device").args(args).env("USER", caller).env("NODE_TLS_REJECT_UNAUTHORIZED", "0");
        command
            .env("https_proxy", "http://proxy.corp.example:3128")
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
        json(&mut command)
    };
    // Every Linux has this user, with a home that is there.
    let value = run(&["--user", "bin"], "somebody");
    assert_eq!(value["user"], "bin");
    let found = codes(&value);
    assert!(
        !found.contains(&"device/tls-check-off") && !found.contains(&"device/proxy-environment"),
        "{found:?}"
    );
    let not_run = value["seen"]["not_run"].to_string();
    assert!(not_run.contains("of another user's none is known"), "{not_run}");
    assert!(not_run.contains("the session of another user is asked for by root alone"), "{not_run}");
    assert!(value["verdict"] != "ready", "{value}");
    assert!(!value.to_string().contains("proxy.corp.example"), "{value}");
    // Who runs this may be named, or not.
    assert!(codes(&run(&["--user", "bin"], "bin")).contains(&"device/tls-check-off"));
    assert!(codes(&run(&[], "somebody")).contains(&"device/tls-check-off"));
}

#[test]
fn a_configuration_that_is_cut_off_is_a_finding() {
    let root = tempfile::tempdir().unwrap();
    let library = root.path().join("home/ann/.config/Claude-3p/configLibrary");
    fs::create_dir_all(&library).unwrap();
    fs::write(library.join("_meta.json"), "{\"appliedId\": \"a").unwrap();
    let root = root.path().to_str().unwrap();
    let value = json(clearway().args(["device", "--device-root", root, "--platform", "linux"]));
    assert_eq!(codes(&value)[0], "device/configuration-rejected", "the worst first: {value}");
    let evidence = value["findings"][0].to_string();
    assert!(evidence.contains("_meta.json") && evidence.contains("cut off"), "{evidence}");
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

/// A copy of a Mac with an entry of its hosts file, and its report.
fn copy(entry: &str) -> (tempfile::TempDir, Value) {
    let root = tempfile::tempdir().unwrap();
    let home = root.path().join("Users/quarryuser");
    fs::create_dir_all(&home).unwrap();
    fs::create_dir_all(root.path().join("etc")).unwrap();
    fs::create_dir_all(root.path().join("tools")).unwrap();
    fs::write(root.path().join("etc/hosts"), entry).unwrap();
    let variables = "https_proxy=http://proxy.quarrycorp.example:3128\nNODE_EXTRA_CA_CERTS=/Users/quarryuser/Quarrycorp/ca.pem\n";
    fs::write(root.path().join("tools/environment.txt"), variables).unwrap();
    let proxies = "<dictionary> {\n  SOCKSEnable : 1\n  SOCKSPort : 1080\n  SOCKSProxy : 192.168.77.9\n}\n";
    fs::write(root.path().join("tools/scutil-proxy.txt"), proxies).unwrap();
    let gateway =
        "{\"inferenceProvider\": \"gateway\", \"inferenceGatewayBaseUrl\": \"https://api.vendor.example\"}";
    fs::write(root.path().join("gateway.json"), gateway).unwrap();
    let value = json(
        clearway()
            .arg("device")
            .arg(root.path().join("gateway.json"))
            .args(["--platform", "macos", "--device-root"])
            .arg(root.path()),
    );
    (root, value)
}

#[test]
fn a_shared_report_names_nobody_and_says_the_same() {
    let (root, whole) = copy("0.0.0.0 downloads.claude.ai\n");
    let run = |format: &str| {
        let output = clearway()
            .args(["device", "--platform", "macos", "--share", "--format", format, "--device-root"])
            .arg(root.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    for format in ["json", "text", "html", "markdown"] {
        let text = run(format);
        for name in ["quarry", "192.168.77.9", root.path().to_str().unwrap()] {
            assert!(!text.to_lowercase().contains(name), "{format}: {name}: {text}");
        }
        assert!(text.contains("downloads.claude.ai"), "{format}");
    }
    let masked: Value = serde_json::from_str(&run("json")).unwrap();
    schemas::hold("device", &masked, "a shared report");
    assert_eq!(codes(&masked), codes(&whole));
    assert_eq!((masked["shared"].as_bool(), masked["user"].as_str()), (Some(true), Some("user")));
}

#[test]
fn a_run_says_what_the_device_explains() {
    let recording = include_str!("../../recordings/codes/dns-sinkhole.json");
    let mut report: Value = serde_json::from_str::<Value>(recording).unwrap()["report"].clone();
    let (_root, device) = copy("0.0.0.0 api.vendor.example\n");
    report["device_report"] = device;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    fs::write(&file, report.to_string()).unwrap();
    let run = |args: &[&str]| {
        let output = clearway().args(["check", "--replay"]).arg(&file).args(args).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let text = run(&[]);
    assert!(text.contains("ON THIS DEVICE"), "{text}");
    assert!(text.contains("This explains api.vendor.example (dns/sinkhole)"), "{text}");
    assert!(!run(&["--no-device"]).contains("ON THIS DEVICE"));
    let value: Value = serde_json::from_str(&run(&["--format", "json"])).unwrap();
    schemas::hold("check", &value, "a run with its device");
    assert_eq!(value["device_report"]["schema"], "clearway.device/1");
    assert_eq!(value["device_report"]["explains"][0]["code"], "device/hosts-file");
    assert_eq!(value["device_report"]["explains"][0]["hosts"][0]["code"], "dns/sinkhole");
    let shared = run(&["--share", "--format", "json"]);
    assert!(!shared.to_lowercase().contains("quarry"), "{shared}");
}

/// A report that comes by standard input keeps what was found on its device; a fleet and a comparison have it too.
#[test]
fn what_was_found_on_a_device_stays_with_its_report() {
    use std::io::Write;
    use std::process::Stdio;

    let recording = include_str!("../../recordings/codes/dns-sinkhole.json");
    let mut report: Value = serde_json::from_str::<Value>(recording).unwrap()["report"].clone();
    let (_root, device) = copy("0.0.0.0 downloads.claude.ai\n");
    report["device_report"] = device;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    fs::write(&file, report.to_string()).unwrap();
    let run = |args: &[&str], input: bool| {
        let mut command = clearway();
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if !input {
            command.arg(&file);
        }
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        if input {
            stdin.write_all(report.to_string().as_bytes()).unwrap();
        }
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(!said.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        said
    };
    let text = run(&["check", "--replay", "-"], true);
    assert!(text.contains("ON THIS DEVICE") && text.contains("downloads.claude.ai"), "{text}");
    let value: Value =
        serde_json::from_str(&run(&["check", "--format", "json", "--replay", "-"], true)).unwrap();
    assert_eq!(value["device_report"]["findings"][0]["code"], "device/hosts-file");

    let compared: Value = serde_json::from_str(&run(&["compare", "--format", "json"], false)).unwrap();
    schemas::hold("compare", &compared, "a report with its device");
    assert_eq!(compared["reports"][0]["device_findings"][0]["code"], "device/hosts-file");
    assert!(run(&["compare"], false).contains("device/hosts-file"));
    assert!(run(&["compare", "--format", "markdown"], false).contains("device/hosts-file"));
    let fleet: Value = serde_json::from_str(&run(&["fleet", "--format", "json"], false)).unwrap();
    schemas::hold("fleet", &fleet, "a report with its device");
    assert_eq!(fleet["on_device"][0]["code"], "device/hosts-file");
    assert_eq!(
        (fleet["on_device"][0]["devices"].as_u64(), fleet["on_device"][0]["stops"].as_u64()),
        (Some(1), Some(1))
    );
    assert!(run(&["fleet"], false).contains("ON THE DEVICES THEMSELVES"));
    assert!(run(&["fleet", "--format", "markdown"], false).contains("device/hosts-file"));

    // A device part that is damaged is no device without findings.
    let mut damaged = report.clone();
    damaged["device_report"]["seen"] = Value::from("x");
    fs::write(&file, damaged.to_string()).unwrap();
    let output = clearway().args(["check", "--replay"]).arg(&file).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("device_report"), "{output:?}");
}

#[test]
fn every_code_of_a_device_is_explained() {
    for code in clearway::contract::DeviceCode::ALL {
        let ask = |format: &str| {
            let output = clearway().args(["explain", code.as_str(), "--format", format]).output().unwrap();
            assert!(output.status.success(), "{code}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        let value: Value = serde_json::from_str(&ask("json")).unwrap();
        schemas::hold("explain", &value, code.as_str());
        assert_eq!(
            (value["kind"].as_str(), value["device_code"]["code"].as_str()),
            (Some("device-code"), Some(code.as_str()))
        );
    }
    let text = |question: &str| {
        let output = clearway().args(["explain", question]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let said = text("device/hosts-file");
    assert!(
        said.contains("WHAT IT MEANS") && said.contains("owner:") && said.contains("dns/sinkhole"),
        "{said}"
    );
    assert!(text("hosts-file").contains("device/hosts-file"));
    let similar = text("device/hostsfile");
    assert!(similar.contains("device/hosts-file") && similar.contains("device/clock"), "{similar}");
}

/// A configuration in a place that guides name is a finding by what it is, not by how it is said.
#[test]
fn a_configuration_in_a_wrong_place_is_a_finding() {
    let root = tempfile::tempdir().unwrap();
    let rules = clearway::rules::Rules::embedded();
    let linux = clearway::contract::Platform::Linux;
    let place =
        rules.places.wrong.iter().find(|p| p.platform == linux && !p.path.contains(['*', '{'])).unwrap();
    let file = root.path().join(place.path.trim_start_matches('/'));
    fs::create_dir_all(root.path().join("home/ann")).unwrap();
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(
        &file,
        "{\"inferenceProvider\": \"gateway\", \"inferenceGatewayBaseUrl\": \"https://llm.corp.example\"}",
    )
    .unwrap();
    let root = root.path().to_str().unwrap();
    let value =
        json(clearway().args(["device", "--device-root", root, "--platform", "linux", "--user", "ann"]));
    assert!(codes(&value).contains(&"device/configuration-place"), "{:?}", value["findings"]);
    assert!(!value.to_string().contains("{config}"), "{value}");
}

/// The checks of the device run beside the probes where its own configuration is checked.
#[cfg(target_os = "linux")]
#[test]
fn a_check_of_this_device_looks_at_it() {
    let home = tempfile::tempdir().unwrap();
    let library = home.path().join(".config/Claude-3p/configLibrary");
    fs::create_dir_all(&library).unwrap();
    let id = "11111111-1111-4111-8111-111111111111";
    fs::write(
        library.join("_meta.json"),
        format!("{{\"appliedId\": \"{id}\", \"entries\": [{{\"id\": \"{id}\", \"name\": \"a\"}}]}}"),
    )
    .unwrap();
    let gateway = "{\"inferenceProvider\": \"gateway\", \"inferenceGatewayBaseUrl\": \"http://127.0.0.1:9\", \"inferenceGatewayApiKey\": \"x\"}";
    fs::write(library.join(format!("{id}.json")), gateway).unwrap();
    let run = |more: &[&str]| {
        let output = clearway()
            .args(["check", "--feature", "inference", "--no-controls", "--format", "json"])
            .args(more)
            .env("HOME", home.path())
            .env_remove("XDG_CONFIG_HOME")
            .env("NODE_TLS_REJECT_UNAUTHORIZED", "0")
            .output()
            .unwrap();
        serde_json::from_slice::<Value>(&output.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
    };
    let value = run(&[]);
    assert!(codes(&value["device_report"]).contains(&"device/tls-check-off"), "{:?}", value["device_report"]);
    assert!(run(&["--no-device"])["device_report"].is_null());
}
