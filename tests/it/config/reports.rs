//! The app's own diagnostic report: what it says it applied.

use clearway::config::Value;

use super::{fixture, ids, read_as, read_path};

#[test]
fn a_report_is_read_from_its_archive() {
    for name in ["report-deflated.zip", "report-stored.zip"] {
        let config = read_path(&fixture(name)).unwrap();
        assert_eq!(config.sources[0].format, "diagnostic-report");
        assert_eq!(config.text("inferenceProvider"), Some("gateway"));
        assert_eq!(config.text("inferenceGatewayBaseUrl"), Some("https://gateway.example:8443"));
        assert_eq!(config.get("disableAutoUpdates"), Some(&Value::Bool(true)));
        assert_eq!(config.get("inferenceSessionLifetimeSec"), Some(&Value::Integer(3600)));
        let list = config.get("coworkEgressAllowedHosts").and_then(Value::as_list).unwrap();
        assert_eq!(list.len(), 2, "{list:?}");
        // Hidden is still present, and no placeholder.
        assert!(config.is_set("inferenceGatewayApiKey") && config.is_set("inferenceCustomHeaders"));
        assert!(!config.is_set("bootstrapUrl"));
        assert_eq!(config.unreadable, ["inferenceModels"]);
        assert_eq!(ids(&config), ["applied-parse-error", "diagnostic-report"]);
        let origin = &config.settings["inferenceProvider"].origin;
        assert_eq!(
            (origin.line, origin.path.as_str()),
            (Some(6), "report/managed-config.txt: inferenceProvider")
        );
    }
}

#[test]
fn the_text_is_read_by_its_name_and_in_other_layouts() {
    for text in [
        "- `inferenceProvider`: \"vertex\"\n- disableAutoUpdates: 1\n",
        "inferenceProvider=vertex\r\ndisableAutoUpdates=true\r\n",
        "{\"inferenceProvider\": \"vertex\", \"disableAutoUpdates\": true}",
    ] {
        let config = read_as("managed-config.txt", text).unwrap();
        assert_eq!(config.text("inferenceProvider"), Some("vertex"), "{text}");
        assert_eq!(config.get("disableAutoUpdates"), Some(&Value::Bool(true)), "{text}");
        assert_eq!(config.sources[0].format, "diagnostic-report");
    }
    let error = read_as("managed-config.txt", "Source: none\n").unwrap_err().to_string();
    assert!(error.contains("no line names a key"), "{error}");
    let error = read_as("other.txt", "Source: none\n").unwrap_err().to_string();
    assert!(error.contains("YAML"), "{error}");
}

/// An archive with one file, as the format lays it out.
fn archive(name: &str, method: u16, unpacked: u32, data: &[u8]) -> Vec<u8> {
    let sizes = [(data.len() as u32).to_le_bytes(), unpacked.to_le_bytes()].concat();
    let name_length = (name.len() as u16).to_le_bytes();
    let common = [&[20, 0, 0, 0][..], &method.to_le_bytes(), &[0; 8], &sizes, &name_length, &[0, 0]].concat();
    let local = [b"PK\x03\x04", &common[..], name.as_bytes(), data].concat();
    let central = [b"PK\x01\x02\x14\x00", &common[..], &[0; 14], name.as_bytes()].concat();
    let directory = [(central.len() as u32).to_le_bytes(), (local.len() as u32).to_le_bytes()].concat();
    let end = [b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &directory[..], &[0, 0]].concat();
    [local, central, end].concat()
}

#[test]
fn odd_archives_cost_nothing_and_say_what_is_wrong() {
    let name = "managed-config.txt";
    let good = archive(name, 0, 27, b"inferenceProvider: bedrock\n");
    assert_eq!(read_as("r.zip", &good).unwrap().text("inferenceProvider"), Some("bedrock"));
    // A stored block that unpacks to 16 MiB of zeros, said to be small.
    let bomb = miniz_oxide::deflate::compress_to_vec(&vec![b'a'; 16 << 20], 9);
    for (bytes, what) in [
        (archive(name, 8, 10, &bomb), "larger than any real one"),
        (archive(name, 8, 16 << 20, &bomb), "larger than any real one"),
        (archive(name, 8, 10, b"\xff\xff\xff"), "damaged"),
        (archive(name, 14, 10, b"lzma"), "unusual way"),
        (
            archive("dir/other.txt", 0, 1, b"x"),
            "without managed-config.txt, so no diagnostic report of the app (it holds dir/other.txt)",
        ),
        (b"PK\x05\x06".repeat(30_000), "damaged"),
    ] {
        let error = read_as("r.zip", &bytes).unwrap_err().to_string();
        assert!(error.contains(what), "{what}: {error}");
    }
    for at in 0..good.len() {
        assert!(at < 4 || read_as("r.zip", &good[..at]).is_err());
        let mut bent = good.clone();
        bent[at] ^= 0xff;
        let _ = read_as("r.zip", &bent);
    }
}
