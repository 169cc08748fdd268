//! Registry types, saved `reg query` output, and the two hives in one file by app version.

use clearway::config::{ShadowedBy, Value};

use super::{at, ids, lost, read_as, read_at, reg, utf16le};

/// `text` as `reg export` writes REG_SZ-like data: UTF-16LE bytes in hexadecimal, in short lines.
fn hex(kind: &str, text: &str, line_break: &str) -> String {
    let bytes: Vec<String> =
        text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).map(|b| format!("{b:02x}")).collect();
    let lines: Vec<String> = bytes.chunks(20).map(|c| c.join(",")).collect();
    format!("{kind}:{}", lines.join(&format!(",\\{line_break}  ")))
}

#[test]
fn every_type_counts_as_the_app_counts_it() {
    for line_break in ["\n", "\r\n"] {
        let servers = "[\"one.example\",\"two.example\",\"three.example\"]";
        let text = reg(&format!(
            "\"inferenceProvider\"={}\r\n\"coworkEgressAllowedHosts\"={}\r\n\"inferenceGatewayBaseUrl\"={}\r\n\"inferenceModels\"={}\r\n\
             \"disableAutoUpdates\"=hex(b):01,00,00,00,00,00,00,00\r\n\"inferenceSessionLifetimeSec\"=hex(4):10,0e,00,00\r\n\"disableEssentialTelemetry\"=hex:01",
            hex("hex(1)", "gateway", line_break),
            hex("hex(1)", servers, line_break),
            hex("hex(2)", "https://%GATEWAY%.example/a/path/that/takes/several/lines", line_break),
            hex("hex(7)", "a long first text\0a long second text\0", line_break),
        ));
        for bytes in [text.clone().into_bytes(), utf16le(&text)] {
            let config = read_as("f.reg", &bytes).unwrap();
            assert_eq!(config.text("inferenceProvider"), Some("gateway"));
            assert_eq!(config.get("inferenceSessionLifetimeSec"), Some(&Value::Integer(3600)));
            assert_eq!(
                config.get("coworkEgressAllowedHosts").and_then(Value::as_list).map(<[_]>::len),
                Some(3)
            );
            assert_eq!(config.settings.len(), 3, "{:?}", config.settings.keys());
            // Present and unreadable, as against invisible.
            assert_eq!(config.unreadable, ["inferenceGatewayBaseUrl"]);
            assert_eq!(
                ids(&config),
                ["registry-dword", "registry-type", "registry-type", "registry-type", "registry-type"]
            );
            let lines: Vec<u32> = config
                .lint
                .iter()
                .filter(|l| l.id == "registry-type")
                .filter_map(|l| l.origin.as_ref()?.line)
                .collect();
            assert!(lines.windows(2).all(|w| w[0] < w[1]), "{lines:?}");
        }
    }
}

const QUERY: &str = "\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude\r\n    inferenceProvider    REG_SZ    gateway\r\n    \
    inferenceGatewayOidc    REG_SZ    {\"issuer\":\"https://id.example\",\"clientId\":\"c\"}\r\n    disableAutoUpdates    REG_DWORD    0x1\r\n    \
    inferenceBedrockRegion    REG_EXPAND_SZ    %REGION%\r\n\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude\\bootstrapOidc\r\n    clientId    REG_SZ    x\r\n\r\n";

#[test]
fn the_saved_output_of_reg_query_is_read() {
    let mut legacy = QUERY.replace("gateway", "gateway\r\n    unknownKey    REG_SZ    caf").into_bytes();
    let at = legacy.windows(3).position(|w| w == b"caf").unwrap() + 3;
    legacy.insert(at, 0xe9);
    for bytes in [QUERY.as_bytes().to_vec(), utf16le(QUERY), QUERY.replace("\r\n", "\n").into_bytes(), legacy]
    {
        let config = read_as("machine.txt", &bytes).unwrap();
        assert_eq!(config.sources[0].format, "reg-query");
        assert_eq!(config.text("inferenceProvider"), Some("gateway"));
        assert_eq!(config.text("inferenceGatewayOidc.issuer"), Some("https://id.example"));
        assert_eq!(config.get("disableAutoUpdates"), Some(&Value::Bool(true)));
        assert_eq!(config.unreadable, ["inferenceBedrockRegion"]);
        assert!(ids(&config).contains(&"registry-subkey"));
        let origin = &config.settings["inferenceProvider"].origin;
        assert_eq!(origin.path, r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Claude\inferenceProvider");
        assert_eq!(origin.line, Some(3));
    }
    let error =
        read_as("q.txt", "HKEY_LOCAL_MACHINE\\SOFTWARE\\Other\r\n    a    REG_SZ    b\r\n").unwrap_err();
    assert!(error.to_string().contains("no value below"), "{error}");
}

#[test]
fn the_machine_hive_wins_by_key_before_and_as_a_whole_from_the_documented_version() {
    let both = "Windows Registry Editor Version 5.00\r\n[HKEY_CURRENT_USER\\SOFTWARE\\Policies\\Claude]\r\n\"inferenceProvider\"=\"vertex\"\r\n\"inferenceVertexRegion\"=\"eu\"\r\n\
                [HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]\r\n\"inferenceProvider\"=\"gateway\"\r\n";
    let before = read_at("f", both, &at("1.19366.9")).unwrap();
    assert_eq!(before.text("inferenceProvider"), Some("gateway"));
    assert_eq!(before.text("inferenceVertexRegion"), Some("eu"));
    match lost(&before, "inferenceProvider").as_slice() {
        [ShadowedBy::Key(winner)] => {
            assert!(winner.path.starts_with("HKEY_LOCAL_MACHINE") && winner.line == Some(6))
        }
        other => panic!("{other:?}"),
    }
    for options in [at("1.19367.0"), at("2.19675.0"), Default::default()] {
        let since = read_at("f", both, &options).unwrap();
        assert_eq!(since.text("inferenceProvider"), Some("gateway"));
        assert!(!since.is_set("inferenceVertexRegion"));
        for key in ["inferenceProvider", "inferenceVertexRegion"] {
            assert!(
                matches!(lost(&since, key).as_slice(), [ShadowedBy::Rule(why)] if why.contains("silences")),
                "{key}"
            );
        }
    }
    // Whatever the value is: empty, misspelled, the default value, REG_EXPAND_SZ; but nothing invisible.
    for (value, silences) in [
        ("\"inferenceProvider\"=\"\"", true),
        ("\"nonsense\"=dword:00000000", true),
        ("@=\"\"", true),
        ("\"x\"=hex(2):00,00", true),
        ("\"x\"=hex(7):00,00", false),
        ("\"x\"=hex(b):00,00,00,00,00,00,00,00", false),
        ("\"x\"=hex:00", false),
        ("\"x\"=-", false),
    ] {
        let text = both.replace("\"inferenceProvider\"=\"gateway\"", value);
        let config = read_at("f", &text, &Default::default()).unwrap();
        assert_eq!(!config.is_set("inferenceVertexRegion"), silences, "{value}");
    }
}
