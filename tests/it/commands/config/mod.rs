//! `clearway config` as a user sees it, and the files it writes.

mod roundtrip;
mod shapes;

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use std::collections::BTreeSet;

use serde_json::Value;

fn clearway(dir: &Path, args: &[&str]) -> Output {
    let mut command = crate::common::clearway();
    command.env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR").stdin(Stdio::null());
    command.current_dir(dir).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn ok(dir: &Path, args: &[&str]) -> String {
    let output = clearway(dir, args);
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    all.retain(|path| path.is_file());
    all.sort();
    all
}

/// Hides what changes with every release of the program or of the rules.
fn stable(text: &str) -> String {
    let date = clearway::rules::embedded_date();
    let newest = clearway::rules::Pack::embedded().unwrap().meta.newest.to_string();
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION").replace(date, "DATE").replace(&newest, "NEWEST")
}

const POLICY: &str = "Windows Registry Editor Version 5.00\r\n\r\n\
    [HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]\r\n\
    \"disableAutoUpdates\"=dword:00000001\r\n\r\n\
    [HKEY_CURRENT_USER\\SOFTWARE\\Policies\\Claude]\r\n\
    \"inferenceProvider\"=\"gateway\"\r\n\
    \"inferenceGatewayBaseUrl\"=\"http://llm.mill.example/v1\"\r\n\
    \"inferenceGatewayApiKey\"=\"mill-key-1\"\r\n";

const SETTINGS: &str = r#"{
  "inferenceProvider": "gateway",
  "inferenceGatewayBaseUrl": "https://llm.mill.example/v1?team=blue",
  "inferenceGatewayApiKey": "mill-key-1",
  "inferenceCredentialHelper": "/opt/mill/key",
  "disableAutoUpdate": true,
  "disableEssentialTelemetry": "true",
  "inferenceModels": ["large", {"name": "small", "cost": 0.25}],
  "coworkEgressAllowedHosts": ["*"],
  "otlpEndpoint": "http://collector.mill.example:4317",
  "modelCatalogUrl": "",
  "managedMcpServers": [
    {"name": "tickets", "transport": "http", "url": "https://mcp.mill.example", "headers": {"x-key": "mill-key-2"}},
    {"name": "local", "transport": "stdio", "command": "/opt/mill/mcp", "args": ["--token", "mill-key-3", "https://far.example"]}
  ]
}
"#;

#[test]
fn the_text_tells_what_is_set_where_and_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("settings.json"), SETTINGS).unwrap();
    std::fs::write(dir.path().join("policy.reg"), POLICY).unwrap();
    let base = ["config", "settings.json", "--platform", "macos"];
    let show = |more: &[&str]| stable(&ok(dir.path(), &[&base[..], more].concat()));
    insta::assert_snapshot!("config_text", show(&[]));
    insta::assert_snapshot!("config_text_verbose", show(&["-v"]));
    insta::assert_snapshot!("config_text_quiet", show(&["-q"]));
    insta::assert_snapshot!("config_text_registry", stable(&ok(dir.path(), &["config", "policy.reg"])));
    for line in show(&[]).lines() {
        // A word that is longer than a line stays whole.
        assert!(line.chars().count() <= 80 || !line.trim().contains(' '), "{line}");
    }
}

#[test]
fn the_json_holds_the_schema_for_every_example_and_every_shape() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("settings.json"), SETTINGS).unwrap();
    std::fs::write(dir.path().join("policy.reg"), POLICY).unwrap();
    let mut files: Vec<String> = examples().iter().map(|p| p.display().to_string()).collect();
    files.extend(["settings.json".to_owned(), "policy.reg".to_owned()]);
    for file in &files {
        let document: Value =
            serde_json::from_str(&ok(dir.path(), &["config", file, "--format", "json"])).unwrap();
        crate::common::schemas::hold("config", &document, file);
    }
    let document: Value =
        serde_json::from_str(&ok(dir.path(), &["config", "settings.json", "policy.reg", "--format", "json"]))
            .unwrap();
    assert_eq!(document["configurations"].as_array().unwrap().len(), 2);
    let key = |name: &str| {
        let keys = document["configurations"][0]["keys"].as_array().unwrap();
        keys.iter().find(|k| k["key"] == name).unwrap().clone()
    };
    assert_eq!(key("inferenceGatewayApiKey")["value"], "[secret]");
    assert_eq!(key("inferenceGatewayApiKey")["secret"], true);
    assert_eq!(key("inferenceGatewayBaseUrl")["value"], "https://llm.mill.example/v1?[hidden]");
    assert_eq!(key("inferenceGatewayBaseUrl")["origin"]["line"], 3);
    assert_eq!(key("disableEssentialTelemetry")["value"], true);
    assert_eq!(key("disableEssentialTelemetry")["raw"], "\"true\"");
    assert_eq!(key("disableEssentialTelemetry")["default"], false);
    assert_eq!(key("managedMcpServers")["value"][0]["headers"]["x-key"], "[secret]");
    assert_eq!(
        key("managedMcpServers")["value"][1]["args"],
        serde_json::json!(["--token", "[secret]", "[secret]"])
    );
    assert_eq!(key("inferenceModels")["value"][1]["cost"], 0.25);
    assert_eq!(document["configurations"][0]["credential"]["kind"], "helper-script");
    let lint = document["configurations"][0]["lint"].as_array().unwrap();
    let doubled = lint.iter().find(|l| l["id"] == "doubled-v1").unwrap();
    assert!(
        doubled["disputed"].is_string() && doubled["sources"][0] == "GW" && doubled["origin"]["line"] == 3
    );
}

#[test]
fn strict_makes_warnings_and_errors_fail_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| std::fs::write(dir.path().join(name), content).unwrap();
    let clean = r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "inferenceGatewayApiKey": "k", "inferenceModels": ["claude-m"]}"#;
    write("clean.json", clean);
    write("warning.json", &clean.replace("gw.example", "gw.example/v1"));
    write("error.json", &clean.replace("https://gw.example", "http://gw.example"));
    write("broken.json", "{");
    let code = |args: &[&str]| clearway(dir.path(), args).status.code();
    for (file, plain, strict) in
        [("clean.json", 0, 0), ("warning.json", 0, 1), ("error.json", 0, 1), ("broken.json", 2, 2)]
    {
        assert_eq!(code(&["config", file]), Some(plain), "{file}");
        assert_eq!(code(&["config", file, "--strict"]), Some(strict), "{file} --strict");
    }
    assert_eq!(code(&["config", "clean.json", "warning.json", "--strict"]), Some(1));
    assert_eq!(code(&["config", "warning.json", "--strict", "--format", "json"]), Some(1));
}

/// A finding is where a code host shows it, a failure where `--strict` ends with 1, and no secret is in either.
#[test]
fn findings_for_code_hosts_and_build_servers() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| std::fs::write(dir.path().join(name), content).unwrap();
    write(
        "a b.json",
        "{\n  \"inferenceProvider\": \"gateway\",\n  \"inferenceGatewayBaseUrl\": \"https://gw.example/v1\",\n  \
         \"inferenceGatewayApiKey\": \"sk-verysecret\",\n  \"{odd}[x](https://e.example)\": 1\n}\n",
    );
    write(
        "bad.json",
        r#"{"inferenceModels": ["nosuch-a", "nosuch-b"], "inferenceProvider": "Gateway", "inferenceGatewayBaseUrl": "https://gw.example"}"#,
    );
    let sarif = ok(dir.path(), &["config", "a b.json", "bad.json", "--format", "sarif"]);
    assert!(!sarif.contains("verysecret"), "{sarif}");
    let document: Value = serde_json::from_str(&sarif).unwrap();
    let run = &document["runs"][0];
    let results = run["results"].as_array().unwrap();
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["shortDescription"]["text"].is_string(), "{rule}");
    }
    let marks: BTreeSet<&str> =
        results.iter().map(|r| r["partialFingerprints"]["clearway/v1"].as_str().unwrap()).collect();
    assert_eq!(marks.len(), results.len(), "no two findings are taken for one: {sarif}");
    let of = |id: &str| results.iter().find(|r| r["ruleId"] == id).unwrap_or_else(|| panic!("{id}: {sarif}"));
    let place = &of("doubled-v1")["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b.json");
    assert_eq!(place["region"]["startLine"], 3);
    assert_eq!(
        (&of("doubled-v1")["level"], &of("value-case")["level"]),
        (&"warning".into(), &"error".into())
    );
    let odd = of("unknown-key")["message"]["text"].as_str().unwrap();
    assert!(odd.contains("{{odd}}[x\\](https://e.example)"), "{odd}");
    assert_eq!(run["properties"]["configurations"][1]["complete"], false);

    let junit = ok(dir.path(), &["config", "a b.json", "bad.json", "--format", "junit"]);
    assert!(!junit.contains("verysecret"), "{junit}");
    let names: Vec<&str> =
        junit.split("<testcase ").skip(1).map(|case| case.split(" time=").next().unwrap()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{junit}");
    let failures = |text: &str| text.matches("<failure ").count();
    assert_eq!(failures(&junit), 2, "the value and the list it costs: {junit}");
    assert!(
        junit.contains("<testsuites name=\"clearway config\" tests=") && junit.contains("failures=\"2\""),
        "{junit}"
    );
    let strict = clearway(dir.path(), &["config", "a b.json", "bad.json", "--format", "junit", "--strict"]);
    assert_eq!(strict.status.code(), Some(1));
    let warnings = results.iter().filter(|r| r["level"] == "warning").count();
    assert!(warnings > 0);
    assert_eq!(failures(&String::from_utf8_lossy(&strict.stdout)), 2 + warnings);
}

#[test]
fn words_that_do_not_fit_are_refused_with_help() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.json"), SETTINGS).unwrap();
    let hosts = ok(dir.path(), &["hosts", "a.json", "--format", "json"]);
    std::fs::write(dir.path().join("hosts.json"), hosts).unwrap();
    for (args, part) in [
        (&["config", "a.json", "--include-secrets"][..], "mobileconfig"),
        (&["config", "a.json", "--hive", "hklm"], "--format reg"),
        (&["config", "a.json", "--format", "plist", "--hive", "hklm"], "--format reg"),
        (&["config", "a.json", "a.json", "--format", "reg"], "pass one"),
        (&["config", "hosts.json"], "allowlist"),
        (&["config", "a.json", "--minimal"], "`hosts` and `check`"),
        (&["config", "a.json", "--feature", "inference"], "`hosts` and `check`"),
    ] {
        let output = clearway(dir.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(text(&output.stderr).contains(part), "{args:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn the_app_version_decides_what_is_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.json"), r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "inferenceGatewayApiKey": "k", "updateViaUpdatesHost": true}"#).unwrap();
    let old = ok(dir.path(), &["config", "a.json", "--app-version", "1.25927.0"]);
    assert!(old.contains("not read by app 1.25927.0: since 1.26832.0"), "{old}");
    assert!(!ok(dir.path(), &["config", "a.json"]).contains("not read by"));
}

#[cfg(unix)]
#[test]
fn a_file_with_secrets_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.json"), SETTINGS).unwrap();
    ok(dir.path(), &["config", "a.json", "--format", "plist", "--include-secrets", "-o", "out.plist"]);
    let mode = std::fs::metadata(dir.path().join("out.plist")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let written = std::fs::read_to_string(dir.path().join("out.plist")).unwrap();
    assert!(written.contains("mill-key-1") && written.contains("mill-key-3"));
}
