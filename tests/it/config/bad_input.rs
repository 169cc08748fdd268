//! Files that are none: each error names the file, the place and the next step.

use std::time::{Duration, Instant};

use clearway::config::ConfigError;
use proptest::prelude::*;

use super::{profile, read_as, read_path, reg, utf16le};

fn message(bytes: impl AsRef<[u8]>) -> String {
    let error = read_as("given.file", bytes).unwrap_err().to_string();
    assert!(error.contains("given.file") && !error.contains('\n'), "{error}");
    error
}

#[test]
fn every_bad_input_has_its_message() {
    let cases: Vec<(Vec<u8>, &str, &str)> = vec![
        (b"".to_vec(), "is empty", "Export"),
        (b" \n\t".to_vec(), "is empty", "Export"),
        (b"\xff\xfe".to_vec(), "is empty", "Export"),
        (b"\xef\xbb\xbf\n".to_vec(), "is empty", "Export"),
        (b"\x7fELF\x02\x01\x01\x00\x00\x00".to_vec(), "is not text", "Pass a .mobileconfig"),
        (b"\x89PNG\r\n\x1a\n\x00".to_vec(), "is not text", "Pass a .mobileconfig"),
        (b"PK\x03\x04rest".to_vec(), "ZIP archive that is damaged", "again"),
        (b"\x30\x82\x01\x00".to_vec(), "signed message (CMS) ends too early", "before it was signed"),
        (b"{\"a\": \"\xff\"}".to_vec(), "given.file:1:8: a byte that is no UTF-8", "Save the file as UTF-8"),
        (b"hello world".to_vec(), "no format that is known", "Pass a .mobileconfig"),
        (b"{\"inferenceProvider\": \"gate".to_vec(), "given.file:1:23: not valid JSON", "cut off"),
        (b"{\"inferenceProvider\": \"gateway\",\n".to_vec(), "given.file:2:1", "cut off"),
        (
            b"{\n  // provider\n  \"inferenceProvider\": \"gateway\"}".to_vec(),
            "given.file:2:3: not valid JSON: a comment",
            "Remove the comment",
        ),
        (b"// note\n{}".to_vec(), "given.file:1:1: not valid JSON: a comment", "Remove the comment"),
        (b"{\"a\": 1,}".to_vec(), "comma with nothing after it", "Remove the comma"),
        (b"{'a': 1}".to_vec(), "a single quote", "double quotes"),
        (b"{\"a\": \\[\"x\"]}".to_vec(), "backslash outside text", "Remove the backslash"),
        ("{\u{201c}a\u{201d}: 1}".into(), "typographic quotation mark", "plain double quotes"),
        (b"[1, 2]".to_vec(), "a list where an object of keys", "inferenceProvider"),
        (b"{}".to_vec(), "an empty object", "Pass a .mobileconfig"),
        (
            b"{\"name\": \"x\", \"version\": 1}".to_vec(),
            "without any key of the app (it begins with `name`, `version`)",
            "Pass a .mobileconfig",
        ),
        (
            b"{\n\"permissions\": {\"allow\": []}}".to_vec(),
            "given.file:2: this configures Claude Code",
            "desktop app",
        ),
        (b"{\"deploymentMode\": \"3p\"}".to_vec(), "only the mode switch `deploymentMode`", "configLibrary"),
        (
            b"{\"deploymentMode\": \"3p\", \"enterpriseConfig\": {}}".to_vec(),
            "`enterpriseConfig` is empty",
            "Pass a .mobileconfig",
        ),
        (b"{\"enterpriseConfig\": \"x\"}".to_vec(), "`enterpriseConfig` is text", "Write"),
        (b"{\"appliedId\": \"x\", \"entries\": []}".to_vec(), "index of a configLibrary", "folder"),
        (
            b"{\"extra\": {\"inferenceProvider\": \"gateway\"}}".to_vec(),
            "stand inside `extra`",
            "Save the object",
        ),
        (
            b"{\"keys\": [{\"name\": \"inferenceProvider\"}]}".to_vec(),
            "describes the keys",
            "Pass a .mobileconfig",
        ),
        (b"{\"schema\": \"clearway.check/1\"}".to_vec(), "document of Clearway", "--replay"),
        (b"values:\n  inferenceProvider: gateway\n".to_vec(), "looks like YAML", ".mobileconfig"),
        (b"# comment\ninferenceProvider: gateway\n".to_vec(), "looks like YAML", ".mobileconfig"),
        (b"# Title\n\nSome text.\n".to_vec(), "looks like a Markdown document", "block itself"),
        (b"Setup:\n\n```json\n{}\n```\n".to_vec(), "looks like a Markdown document", "block itself"),
        (b"<plist><dict><key>a</key>".to_vec(), "given.file:1", "cut off"),
        (b"<plist>\n<dict>\n<key>inferenceProvider</key>\n<string>gate".to_vec(), "given.file:4", "cut off"),
        (
            b"<plist><dict><key>x</key><true/></dict></plist>".to_vec(),
            "without any key of the app",
            "Managed Preferences",
        ),
        (b"<plist><array/></plist>".to_vec(), "a list where a dictionary", "Pass a .mobileconfig"),
        (
            b"<plist><dict><key>pfm_domain</key><string>x</string></dict></plist>".to_vec(),
            "profile manifest",
            "exported .mobileconfig",
        ),
        (b"<policyDefinitions/>".to_vec(), "Group Policy template (ADMX)", "reg export"),
        (b"<html><body/></html>".to_vec(), "an HTML page", "Pass a .mobileconfig"),
        (
            profile("com.anthropic.claudecode", "<key>env</key><dict/>").into(),
            "this configures Claude Code",
            "payload of type",
        ),
        (profile("example.vpn", "<key>env</key><dict/>").into(), "without a payload of type", "example.vpn"),
        (b"bplist00".to_vec(), "binary property list", "damaged"),
        (
            reg("").replace("Policies\\Claude", "Policies\\ClaudeCode").into(),
            "this configures Claude Code",
            "reg export",
        ),
        (
            reg("").replace("Policies\\Claude", "Policies\\Anthropic\\Claude Desktop").into(),
            "some guides name",
            "Put the values below",
        ),
        (reg("").replace("Policies\\Claude", "Other").into(), "no value below", "reg export"),
        (b"Windows Registry Editor Version 5.00\r\n".to_vec(), "without any key", "reg export"),
    ];
    for (bytes, part, next) in cases {
        let text = message(&bytes);
        assert!(
            text.contains(part) && text.contains(next),
            "{:?}\n  gave: {text}",
            String::from_utf8_lossy(&bytes)
        );
    }
}

#[test]
fn names_that_lead_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let error = read_path(&dir.path().join("missing.json")).unwrap_err();
    assert!(
        matches!(error, ConfigError::NotFound { .. }) && error.to_string().contains("no such file"),
        "{error}"
    );
    let error = clearway::config::read("nul\0byte", super::keys()).unwrap_err();
    assert!(matches!(error, ConfigError::NotFound { .. }), "{error}");
    let library = dir.path().join("configLibrary");
    std::fs::create_dir(&library).unwrap();
    std::fs::write(library.join("_meta.json"), "{}").unwrap();
    let error = read_path(dir.path()).unwrap_err().to_string();
    assert!(error.contains(library.to_str().unwrap()), "{error}");
}

#[test]
fn a_file_over_the_limit_is_refused_without_reading_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("big.json");
    std::fs::File::create(&path).unwrap().set_len(100 * 1024 * 1024 * 1024).unwrap();
    let started = Instant::now();
    let error = read_path(&path).unwrap_err();
    assert!(
        matches!(error, ConfigError::TooLarge { limit_mib: 16, .. }) && error.to_string().contains("16 MiB"),
        "{error}"
    );
    assert!(started.elapsed() < Duration::from_millis(500));
}

#[cfg(target_os = "linux")]
#[test]
fn endless_files_end_at_the_limit_and_pipes_are_read() {
    let error = clearway::config::read("/dev/zero", super::keys()).unwrap_err();
    assert!(matches!(error, ConfigError::TooLarge { .. }), "{error}");
    let (reader, mut writer) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut writer, b"{\"inferenceProvider\": \"gateway\"}").unwrap();
    drop(writer);
    use std::os::fd::AsRawFd;
    let name = format!("/proc/self/fd/{}", reader.as_raw_fd());
    assert!(clearway::config::read(&name, super::keys()).is_ok());
}

#[test]
fn nesting_without_end_is_refused_in_every_format() {
    let deep = 100_000;
    let json = format!("{{\"inferenceModels\": {}", "[".repeat(deep));
    let objects = "{\"a\":".repeat(deep);
    let text =
        format!("{{\"inferenceProvider\": \"gateway\", \"inferenceModels\": \"{}\"}}", "[".repeat(deep));
    let xml = format!("<plist>{}", "<dict><key>a</key>".repeat(deep));
    let registry = reg(&format!("\"inferenceModels\"=\"{}\"", "[".repeat(deep)));
    for bytes in [json, objects, xml] {
        assert!(message(&bytes).contains("more than 64 levels"));
        assert!(read_as("f", utf16le(&bytes)).is_err());
    }
    // Inside a value only that value is lost.
    for bytes in [text, registry] {
        let config = read_as("f", bytes).unwrap();
        assert!(
            config.lint.iter().any(|l| l.id == "undecodable-value" && l.message.contains("nested too deep"))
        );
    }
    let hosts = format!("{{\"schema\": \"clearway.hosts/1\", \"groups\": {}", "[".repeat(deep));
    assert!(message(hosts).contains("more than 64 levels"));
}

#[test]
fn large_and_odd_files_take_less_than_a_second() {
    let keys: String = (0..9_000).map(|i| format!("\"inferenceRegionnn{i}\":1,")).collect();
    let unknown = format!("{{\"inferenceProvider\":\"gateway\",{}\"z\":1}}", keys);
    let quotes = reg(&"\"inferenceProvider\"=\"open\r\nmore\r\n".repeat(4_000));
    let comments = format!(
        "<plist><dict>{}<key>inferenceProvider</key><string>gateway</string></dict></plist>",
        "<!-- x -->\n".repeat(200_000)
    );
    let deletions = reg(&(0..4_000).map(|i| format!("\"a{i}\"=\"x\"\r\n\"a{i}\"=-\r\n")).collect::<String>());
    let subkeys: String = (0..4_000)
        .map(|i| format!("[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude\\{i}]\r\n\"a\"=\"x\"\r\n"))
        .collect();
    let subkeys = reg(&format!("\"inferenceProvider\"=\"gateway\"\r\n{subkeys}"));
    let lines = reg(&"\n".repeat(8_000_000));
    for (what, text) in [
        ("unknown keys", unknown),
        ("open quotes", quotes),
        ("comments", comments),
        ("deletions", deletions),
        ("subkeys", subkeys),
        ("empty lines", lines),
    ] {
        let started = Instant::now();
        let config = read_as("f", &text).unwrap();
        assert!(config.lint.len() <= 202, "{what}");
        // Unoptimised, on a shared machine.
        assert!(started.elapsed() < Duration::from_secs(10), "{what}: {:?}", started.elapsed());
    }
}

#[test]
fn more_values_than_any_configuration_has_are_refused_in_every_format() {
    let many = 12_000;
    let json = format!("{{\"inferenceProvider\":\"gateway\"{}}}", ",\"a\":0".repeat(many));
    let marked = json.replacen("gateway", "clearway.", 1);
    let fragment = json.trim_matches(['{', '}']).to_owned();
    let xml = format!("<plist><dict>{}</dict></plist>", "<key>a</key><true/>".repeat(many));
    let registry = reg(&"\"a\"=\"x\"\r\n".repeat(many));
    for text in [json, marked, fragment, xml, registry] {
        assert!(message(&text).contains("more than 10000 values"), "{}", message(&text));
    }
    // Inside values they count together, and only those beyond the limit are lost.
    let list = format!("\"[{}0]\"", "0,".repeat(6_000));
    let text = format!("{{\"inferenceModels\":{list},\"managedMcpServers\":{list}}}");
    let config = read_as("f", text).unwrap();
    let lost =
        |l: &&clearway::config::Lint| l.id == "undecodable-value" && l.message.contains("too many values");
    assert_eq!(config.lint.iter().filter(lost).count(), 1, "{:?}", config.lint);
}

fn samples() -> Vec<Vec<u8>> {
    let json = "{\"inferenceProvider\": \"gateway\", \"coworkEgressAllowedHosts\": [\"a\\u00e9\", \"b\"], \"inferenceSessionLifetimeSec\": -1.5e3}";
    let pairs = "<key>inferenceProvider</key><string>g&amp;x</string><key>inferenceModels</key><array><dict><key>a</key><true/></dict></array>";
    let registry = reg(
        "\"inferenceProvider\"=\"gate\\\"way\"\r\n\"disableAutoUpdates\"=dword:1\r\n\"bootstrapUrl\"=hex(1):61,00,\\\r\n 62,00",
    );
    let mut binary = Vec::new();
    plist::Value::from_reader_xml(format!("<plist><dict>{pairs}</dict></plist>").as_bytes())
        .unwrap()
        .to_writer_binary(&mut binary)
        .unwrap();
    vec![
        json.into(),
        utf16le(json),
        format!("{{\"enterpriseConfig\": {json}}}").into(),
        "{\"$schemaVersion\": 2, \"inference\": {\"provider\": \"gateway\", \"credential\": {\"apiKey\": \"x\"}}}".into(),
        profile("com.anthropic.claudefordesktop", pairs).into(),
        pairs.into(),
        binary,
        registry.clone().into(),
        utf16le(&registry),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_as("f", &bytes);
    }

    #[test]
    fn damaged_files_are_read_or_refused(
        sample in 0..9usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = samples().swap_remove(sample);
        for (at, byte, edit) in edits {
            if bytes.is_empty() { break; }
            let at = at.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        let _ = read_as("f", &bytes);
        bytes.truncate(cut.index(bytes.len() + 1));
        let _ = read_as("f", &bytes);
    }
}
