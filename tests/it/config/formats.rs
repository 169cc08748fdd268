//! Every format × value shape, and where each value is said to stand.

use std::path::Path;

use clearway::config::{Configuration, Secret, Value};
use clearway::contract::{Platform, Severity};

use super::{ids, profile, read_as, read_path, reg, utf16be, utf16le};

const DOMAIN: &str = "com.anthropic.claudefordesktop";

fn text(t: &str) -> Value {
    Value::Text(t.into())
}

/// The same six settings in every format decode to the same values.
fn expect_all(config: &Configuration, what: &str) {
    let get = |name: &str| {
        config.get(name).unwrap_or_else(|| panic!("{what}: {name} is missing; {:?}", config.lint)).clone()
    };
    assert_eq!(get("inferenceProvider"), text("gateway"), "{what}");
    assert_eq!(get("inferenceGatewayBaseUrl"), text("https://gw.corp.example:8443/x"), "{what}");
    assert_eq!(get("inferenceGatewayApiKey"), Value::Secret(Secret::new("k-1")), "{what}");
    assert_eq!(get("disableEssentialTelemetry"), Value::Bool(true), "{what}");
    assert_eq!(get("disableAutoUpdates"), Value::Bool(false), "{what}");
    assert_eq!(get("inferenceSessionLifetimeSec"), Value::Integer(3600), "{what}");
    assert_eq!(
        get("coworkEgressAllowedHosts"),
        Value::List(vec![text("a.example"), text("*.b.example")]),
        "{what}"
    );
    assert_eq!(get("inferenceGatewayOidc.issuer"), text("https://id.example"), "{what}");
    assert_eq!(config.settings.len(), 8, "{what}: {:?}", config.settings.keys());
}

const FLAT: &str = r#"{
  "inferenceProvider": "gateway",
  "inferenceGatewayBaseUrl": "https://gw.corp.example:8443/x",
  "inferenceGatewayApiKey": "k-1",
  "disableEssentialTelemetry": true,
  "disableAutoUpdates": false,
  "inferenceSessionLifetimeSec": 3600,
  "coworkEgressAllowedHosts": ["a.example", "*.b.example"],
  "inferenceGatewayOidc": {"issuer": "https://id.example", "clientId": "c"}
}"#;

const AS_TEXT: &str = r#"{
  "inferenceProvider": "gateway",
  "inferenceGatewayBaseUrl": "https://gw.corp.example:8443/x",
  "inferenceGatewayApiKey": "k-1",
  "disableEssentialTelemetry": "true",
  "disableAutoUpdates": "0",
  "inferenceSessionLifetimeSec": "3600",
  "coworkEgressAllowedHosts": "[\"a.example\", \"*.b.example\"]",
  "inferenceGatewayOidc": "{\"issuer\": \"https://id.example\", \"clientId\": \"c\"}"
}"#;

const NESTED: &str = r#"{
  "$schemaVersion": 2,
  "inference": {
    "provider": "gateway", "baseUrl": "https://gw.corp.example:8443/x", "sessionLifetimeSec": 3600,
    "credential": {"apiKey": "k-1", "oidc": {"issuer": "https://id.example", "clientId": "c"}}
  },
  "telemetry": {"disableEssential": true},
  "workspace": {"allowedEgressHosts": ["a.example", "*.b.example"]},
  "disableAutoUpdates": false
}"#;

const PLIST_TEXT: &str = "<key>inferenceProvider</key><string>gateway</string>
<key>inferenceGatewayBaseUrl</key><string>https://gw.corp.example:8443/x</string>
<key>inferenceGatewayApiKey</key><!-- the key --><string>k-1</string>
<key>disableEssentialTelemetry</key><string>true</string>
<key>disableAutoUpdates</key><false/>
<key>inferenceSessionLifetimeSec</key><string>3600</string>
<key>coworkEgressAllowedHosts</key><string>[\"a.example\", &quot;*.b.example&quot;]</string>
<key>inferenceGatewayOidc</key><string>{\"issuer\":\"https://id.example\",\"clientId\":\"c\"}</string>
";

const PLIST_NATIVE: &str = "<key>inferenceProvider</key><string>gateway</string>
<key>inferenceGatewayBaseUrl</key><string>https://gw.corp.example:8443/x</string>
<key>inferenceGatewayApiKey</key><string>k-1</string>
<key>disableEssentialTelemetry</key><integer>1</integer>
<key>disableAutoUpdates</key><false/>
<key>inferenceSessionLifetimeSec</key><integer>3600</integer>
<key>coworkEgressAllowedHosts</key><array><string>a.example</string><string>*.b.example</string></array>
<key>inferenceGatewayOidc</key><dict><key>issuer</key><string>https://id.example</string><key>clientId</key><string>c</string></dict>
";

const REG: &str = "; comment\r\n\"inferenceProvider\"=\"gateway\"\r\n\
\"inferenceGatewayBaseUrl\"=\"https://gw.corp.example:8443/x\"\r\n\
\"inferenceGatewayApiKey\"=\"k-1\"\r\n\
;\"disableAutoUpdates\"=\"true\"\r\n\
\"disableEssentialTelemetry\"=\"1\"\r\n\
\"disableAutoUpdates\"=dword:00000000\r\n\
\"inferenceSessionLifetimeSec\"=dword:00000e10\r\n\
\"coworkEgressAllowedHosts\"=\"[\\\"a.example\\\", \\\"*.b.example\\\"]\"\r\n\
\"inferenceGatewayOidc\"=\"{\\\"issuer\\\":\\\"https://id.example\\\",\\\"clientId\\\":\\\"c\\\"}\"\r\n";

/// What it is, the bytes, the format and platform it must be taken for, the remarks.
type Case<'a> = (&'a str, Vec<u8>, &'a str, Option<Platform>, Vec<&'a str>);

#[test]
fn the_same_settings_read_the_same_in_every_format() {
    let bare = format!("<plist version=\"1.0\"><dict>{PLIST_TEXT}</dict></plist>");
    let mcx = profile(
        "com.apple.ManagedClient.preferences",
        &format!(
            "<key>PayloadContent</key><dict><key>{DOMAIN}</key><dict><key>Forced</key><array><dict><key>mcx_preference_settings</key><dict>{PLIST_NATIVE}</dict></dict></array></dict></dict>"
        ),
    );
    let wrapped = format!(
        "{{\"deploymentMode\": \"3p\", \"enterpriseConfig\": {FLAT}, \"preferences\": {{\"x\": 1}}}}"
    );
    let fragment = FLAT.trim_start_matches('{').trim_end_matches('}');
    let lower =
        reg(REG).replace("SOFTWARE\\Policies\\Claude", "software\\policies\\CLAUDE").replace("\r\n", "\n");
    let mut other = reg(REG);
    other.push_str("[HKEY_LOCAL_MACHINE\\SOFTWARE\\Other]\r\n\"inferenceProvider\"=\"vertex\"\r\n");
    let mac = Some(Platform::Macos);
    let win = Some(Platform::Windows);
    let mut cases: Vec<Case> = vec![
        ("flat", FLAT.into(), "json", None, vec![]),
        ("a byte order mark", [b"\xef\xbb\xbf".as_slice(), FLAT.as_bytes()].concat(), "json", None, vec![]),
        ("UTF-16LE", utf16le(FLAT), "json", None, vec![]),
        ("UTF-16BE", utf16be(FLAT), "json", None, vec![]),
        ("UTF-16LE, no mark", utf16le(FLAT)[2..].to_vec(), "json", None, vec![]),
        ("as text", AS_TEXT.into(), "json", None, vec!["string-encoded"]),
        ("wrapped", wrapped.into(), "desktop-config", None, vec![]),
        (
            "nested",
            NESTED.into(),
            "nested-json",
            None,
            vec!["flat-key-in-nested-document", "nested-document"],
        ),
        ("fragment", fragment.into(), "json", None, vec!["fragment"]),
        ("profile", profile(DOMAIN, PLIST_TEXT).into(), "mobileconfig", mac, vec![]),
        (
            "native profile",
            profile(DOMAIN, PLIST_NATIVE).into(),
            "mobileconfig",
            mac,
            vec!["native-structure"],
        ),
        ("mcx", mcx.into(), "mobileconfig", mac, vec!["native-structure"]),
        ("managed preferences", bare.clone().into(), "managed-preferences", mac, vec![]),
        ("plist fragment", PLIST_TEXT.into(), "managed-preferences", mac, vec!["fragment"]),
        ("reg", reg(REG).into(), "reg", win, vec!["registry-dword"]),
        ("reg UTF-16LE", utf16le(&reg(REG)), "reg", win, vec!["registry-dword"]),
        ("reg UTF-16BE", utf16be(&reg(REG)), "reg", win, vec!["registry-dword"]),
        (
            "reg with a mark",
            [b"\xef\xbb\xbf".as_slice(), reg(REG).as_bytes()].concat(),
            "reg",
            win,
            vec!["registry-dword"],
        ),
        ("reg, other case, LF", lower.into(), "reg", win, vec!["registry-dword"]),
        ("reg, two products", other.into(), "reg", win, vec!["registry-dword"]),
    ];
    let mut binary = Vec::new();
    plist::Value::from_reader_xml(bare.as_bytes()).unwrap().to_writer_binary(&mut binary).unwrap();
    cases.push(("binary", binary, "managed-preferences", mac, vec![]));
    for (what, bytes, format, platform, lint) in cases {
        // The extension never decides.
        let config = read_as("some.thing", bytes).unwrap_or_else(|e| panic!("{what}: {e}"));
        expect_all(&config, what);
        assert_eq!(config.sources[0].format, format, "{what}");
        assert_eq!(config.platform, platform, "{what}");
        assert_eq!(ids(&config), lint, "{what}: {:?}", config.lint);
        assert_eq!(config.sources[0].sha256.len(), 64);
        assert_eq!(config.name, "some.thing");
    }
}

#[test]
fn every_value_says_where_it_stands() {
    let place = |config: &Configuration| {
        let o = &config.settings["inferenceSessionLifetimeSec"].origin;
        assert!(o.source.ends_with("f"), "{}", o.source);
        (o.line, o.path.clone())
    };
    assert_eq!(place(&read_as("f", FLAT).unwrap()), (Some(7), "inferenceSessionLifetimeSec".into()));
    let wrapped = format!("{{\n\"enterpriseConfig\": {FLAT}}}");
    assert_eq!(
        place(&read_as("f", wrapped).unwrap()),
        (Some(8), "enterpriseConfig.inferenceSessionLifetimeSec".into())
    );
    assert_eq!(place(&read_as("f", NESTED).unwrap()), (Some(4), "inference.sessionLifetimeSec".into()));
    let got = place(&read_as("f", profile(DOMAIN, PLIST_TEXT)).unwrap());
    assert_eq!(got, (Some(12), "PayloadContent[1].inferenceSessionLifetimeSec".into()));
    let got = place(&read_as("f", reg(REG)).unwrap());
    assert_eq!(
        got,
        (Some(11), r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Claude\inferenceSessionLifetimeSec".into())
    );
}

/// One key, one spelling: the value, or the id of the remark that says why there is none.
#[test]
fn each_kind_takes_its_spellings_and_refuses_the_others() {
    let undecodable = || Err("undecodable-value");
    let list = |items: &[&str]| Ok(Value::List(items.iter().map(|i| text(i)).collect()));
    let cases: Vec<(&str, &str, Result<Value, &str>)> = vec![
        ("disableAutoUpdates", "true", Ok(Value::Bool(true))),
        ("disableAutoUpdates", "\"false\"", Ok(Value::Bool(false))),
        ("disableAutoUpdates", "1", Ok(Value::Bool(true))),
        ("disableAutoUpdates", "\"True\"", Err("value-case")),
        ("disableAutoUpdates", "\"yes\"", undecodable()),
        ("disableAutoUpdates", "2", undecodable()),
        ("disableAutoUpdates", "[]", undecodable()),
        ("disableAutoUpdates", "null", undecodable()),
        ("disableAutoUpdates", "\" \"", undecodable()),
        ("inferenceSessionLifetimeSec", "60", Ok(Value::Integer(60))),
        ("inferenceSessionLifetimeSec", "\"60\"", Ok(Value::Integer(60))),
        ("inferenceSessionLifetimeSec", "6.0e1", Ok(Value::Integer(60))),
        ("inferenceSessionLifetimeSec", "1.5", undecodable()),
        ("inferenceSessionLifetimeSec", "\"1h\"", undecodable()),
        ("inferenceSessionLifetimeSec", "true", undecodable()),
        ("inferenceModelPricingMultiplier", "0.5", Ok(text("0.5"))),
        ("inferenceModelPricingMultiplier", "\"0.5\"", Ok(text("0.5"))),
        ("inferenceModelPricingMultiplier", "\"half\"", undecodable()),
        ("inferenceBedrockRegion", "\"eu-west-1\"", Ok(text("eu-west-1"))),
        ("inferenceBedrockRegion", "1", undecodable()),
        ("inferenceBedrockRegion", "{}", undecodable()),
        ("inferenceProvider", "\"Gateway\"", Err("value-case")),
        ("inferenceProvider", "\"ollama\"", Err("value-not-allowed")),
        ("coworkEgressAllowedHosts", "[\"a\"]", list(&["a"])),
        ("coworkEgressAllowedHosts", "\"[\\\"a\\\"]\"", list(&["a"])),
        ("coworkEgressAllowedHosts", "\"a, b\"", undecodable()),
        ("coworkEgressAllowedHosts", "{\"a\": 1}", undecodable()),
        ("inferenceModels", "[\"m\"]", list(&["m"])),
        ("inferenceModels", "{\"m\": {}}", undecodable()),
        ("bootstrapOidc", "\"issuer=x\"", undecodable()),
        ("bootstrapOidc", "[]", undecodable()),
    ];
    for (key, json, expected) in cases {
        let config =
            read_as("f", format!("{{\"bootstrapUrl\": \"https://b.example\", \"{key}\": {json}}}")).unwrap();
        match expected {
            Ok(value) => assert_eq!(config.get(key), Some(&value), "{key} = {json}: {:?}", config.lint),
            Err(id) => {
                assert_eq!(config.get(key), None, "{key} = {json}");
                let lint = config
                    .lint
                    .iter()
                    .find(|l| l.id == id)
                    .unwrap_or_else(|| panic!("{key} = {json}: {:?}", config.lint));
                assert_eq!((lint.severity, lint.key.as_deref()), (Severity::Error, Some(key)));
                assert!(lint.origin.as_ref().unwrap().line == Some(1) && lint.message.contains(key));
            }
        }
    }
}

#[test]
fn names_that_are_not_read_are_said() {
    let remark = |json: &str| {
        let config = read_as("f", format!("{{\"inferenceProvider\": \"gateway\", {json}}}")).unwrap();
        assert_eq!(config.settings.len(), 1, "{json}");
        let lint = config.lint.first().unwrap_or_else(|| panic!("{json}: nothing said")).clone();
        (lint.id, lint.message)
    };
    for (json, id, part) in [
        ("\"isDxtEnabled\": true", "old-name", "write `isDesktopExtensionEnabled`"),
        ("\"inferenceGatewayHeaders\": {\"a\": \"b\"}", "old-name", "write `inferenceCustomHeaders`"),
        ("\"InferenceBedrockRegion\": \"x\"", "key-case", "write `inferenceBedrockRegion`"),
        ("\"disableAutoUpdate\": true", "unknown-key", "did you mean `disableAutoUpdates`"),
        ("\"inferenceRegion\": \"x\"", "unknown-key", "did you mean `inferenceBedrockRegion`"),
        ("\"somethingElse\": 1", "unknown-key", "check its spelling"),
        ("\"bootstrapOidc.clientId\": \"x\"", "dotted-key", "write one `bootstrapOidc`"),
        ("\"_comment\": \"x\"", "comment-key", "remove them"),
        ("\"bootstrapUrl\": \"\", \"bootstrapUrl\": null", "duplicate-key", "last one counts"),
    ] {
        let (got, message) = remark(json);
        assert_eq!(got, id, "{json}: {message}");
        assert!(message.contains(part), "{message}");
    }
    let linux =
        read_as("managed-settings.json", "{\"inferenceProvider\": \"gateway\", \"_note\": 1}").unwrap();
    assert_eq!(linux.platform, Some(Platform::Linux));
    assert!(linux.lint[0].message.contains("discard the whole file"));
}

#[test]
fn a_configuration_without_a_provider_is_said_unless_it_needs_none() {
    for (json, said) in [
        ("{\"inferenceBedrockRegion\": \"x\"}", true),
        ("{\"bootstrapUrl\": \"https://b.example\"}", false),
        ("{\"bootstrapUrl\": \"https://b.example\", \"bootstrapEnabled\": false}", true),
        ("{\"disableAutoUpdates\": true}", false),
        ("{\"inferenceProvider\": \"gateway\"}", false),
        ("{\"inferenceProvider\": \"\"}", true),
    ] {
        assert_eq!(ids(&read_as("f", json).unwrap()).contains(&"no-provider"), said, "{json}");
    }
}

#[test]
fn the_registry_has_rules_of_its_own() {
    let both = "[HKEY_CURRENT_USER\\SOFTWARE\\Policies\\Claude]\r\n\"inferenceProvider\"=\"gateway\"\r\n\
                [HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]\r\n\"disableAutoUpdates\"=\"true\"\r\n";
    let config = read_as("f", format!("REGEDIT4\r\n{both}")).unwrap();
    assert_eq!(config.settings.keys().collect::<Vec<_>>(), ["disableAutoUpdates"]);
    assert!(ids(&config).contains(&"hkcu-ignored"));

    let odd = read_as(
        "f",
        reg("@=\"x\"\r\n\"inferenceProvider\"=hex(1):67,00,61,00,74,00,65,00,77,00,61,00,\\\r\n  79,00,00,00\r\n\
             \"bootstrapUrl\"=hex(2):61,00\r\n\"coworkEgressAllowedHosts\"=hex(7):61,00\r\n\"inferenceBedrockRegion\"=\"x\"\r\n\
             \"inferenceBedrockRegion\"=-\r\n\"bootstrapOidc\"=\"{\"clientId\":\"c\"}\"\r\n\
             [HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude\\bootstrapOidc]\r\n\"clientId\"=\"c\"\r\n"),
    )
    .unwrap();
    assert_eq!(odd.settings.keys().collect::<Vec<_>>(), ["inferenceProvider"]);
    assert_eq!(odd.text("inferenceProvider"), Some("gateway"));
    assert_eq!(
        ids(&odd),
        [
            "registry-default-value",
            "registry-deletion",
            "registry-line",
            "registry-subkey",
            "registry-type",
            "registry-type"
        ]
    );
    let bare =
        read_as("f", "[HKEY_CURRENT_USER\\Software\\Policies\\Claude]\n\"inferenceProvider\"=\"gateway\"\n")
            .unwrap();
    assert_eq!(ids(&bare), ["fragment"]);
    let ansi = [reg("\"inferenceProvider\"=\"gateway\"\r\n; ").as_bytes(), b"\xe4\xf6\r\n"].concat();
    assert_eq!(ids(&read_as("f", ansi).unwrap()), ["not-utf8"]);
}

#[test]
fn nested_paths_choose_the_providers_key() {
    let json = |provider: &str, kind: &str| {
        format!(
            "{{\"inference\": {{\"provider\": \"{provider}\", \"baseUrl\": \"https://x.example\", \"credential\": {{\"kind\": \"{kind}\", \"oidc\": {{\"issuer\": \"https://i.example\"}}}}, \"models\": []}}}}"
        )
    };
    let vertex = read_as("f", json("vertex", "static")).unwrap();
    assert_eq!(vertex.text("inferenceVertexBaseUrl"), Some("https://x.example"));
    assert!(vertex.get("inferenceGatewayBaseUrl").is_none());
    assert!(vertex.lint.iter().any(|l| l.id == "unknown-key" && l.message.contains("inference.models")));
    let gateway = read_as("f", json("gateway", "external-idp")).unwrap();
    assert!(gateway.is_set("inferenceIdpOidc") && !gateway.is_set("inferenceGatewayOidc"));
    assert!(read_as("f", json("gateway", "static")).unwrap().is_set("inferenceGatewayOidc"));
}

fn library(meta: &str, files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("_meta.json"), meta).unwrap();
    for (name, content) in files {
        std::fs::write(dir.path().join(name), content).unwrap();
    }
    dir
}

const ID: &str = "0123abcd-0000-4000-8000-00000000000f";

#[test]
fn a_config_library_gives_its_applied_entry() {
    let meta =
        format!("{{\"appliedId\": \"{ID}\", \"entries\": [{{\"id\": \"{ID}\", \"name\": \"Pilot\"}}]}}");
    let dir = library(&meta, &[(&format!("{ID}.json"), FLAT)]);
    let config = read_path(dir.path()).unwrap();
    expect_all(&config, "library");
    assert_eq!((config.name.as_str(), config.sources[0].format.as_str()), ("Pilot", "configLibrary"));
    assert!(config.lint.is_empty(), "{:?}", config.lint);

    let unlisted =
        library(&format!("{{\"appliedId\": \"{ID}\", \"entries\": []}}"), &[(&format!("{ID}.json"), FLAT)]);
    assert_eq!(ids(&read_path(unlisted.path()).unwrap()), ["applied-id-not-listed"]);
    let pointer = library(
        &format!("{{\"hybridPointer\": \"{ID}\", \"appliedId\": null}}"),
        &[(&format!("{ID}.json"), FLAT)],
    );
    assert_eq!(ids(&read_path(pointer.path()).unwrap()), ["applied-id-not-listed", "hybrid-pointer"]);
}

#[test]
fn a_config_library_that_leads_nowhere_is_an_error() {
    for (meta, part) in [
        (format!("{{\"appliedId\": \"{ID}\"}}"), "there is no"),
        ("{\"appliedId\": \"../../../../etc/passwd\"}".to_owned(), "is not 36 characters"),
        (format!("{{\"appliedId\": \"..{}\"}}", "a".repeat(34)), "is not 36 characters"),
        (
            format!("{{\"appliedId\": null, \"entries\": [{{\"id\": \"{ID}\", \"name\": \"Pilot\"}}]}}"),
            "Pilot",
        ),
        ("{}".to_owned(), "no configuration is applied"),
        ("[]".to_owned(), "not an object"),
        ("{".to_owned(), "_meta.json:1:2: not valid JSON"),
    ] {
        let error = read_path(library(&meta, &[]).path()).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("_meta.json"), "{meta}: {error}");
    }
    let empty = tempfile::tempdir().unwrap();
    let error = read_path(empty.path()).unwrap_err().to_string();
    assert!(error.contains("no _meta.json") && error.contains("Name the folder"), "{error}");
}

#[test]
fn a_hosts_document_comes_back_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hosts.json");
    std::fs::write(&path, "{\"schema\": \"clearway.hosts/1\", \"groups\": []}").unwrap();
    let inputs = clearway::config::read(path.to_str().unwrap(), super::keys()).unwrap();
    match &inputs[..] {
        [clearway::config::Input::HostsDocument { name, sha256, json }] => {
            assert_eq!((name.as_str(), sha256.len(), json["groups"].is_array()), ("hosts.json", 64, true));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_normal_file_takes_well_under_a_millisecond_each() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.json");
    std::fs::write(&path, FLAT).unwrap();
    let keys = super::keys();
    let started = std::time::Instant::now();
    for _ in 0..200 {
        clearway::config::read(path.to_str().unwrap(), keys).unwrap();
    }
    // Unoptimised builds on a shared machine get a wide margin; the bench holds the real limit.
    assert!(started.elapsed() < std::time::Duration::from_secs(2), "{:?}", started.elapsed());
    assert!(Path::new(&path).exists());
}
