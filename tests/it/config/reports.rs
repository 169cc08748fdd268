//! The app's own diagnostic report: what it says it applied.

use std::io::Read;

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

/// One file of an archive, as its headers describe it.
struct Packed<'a> {
    name: &'a str,
    flags: u16,
    method: u16,
    unpacked: u32,
    crc: u32,
    data: &'a [u8],
}

/// A file that is stored as it is.
fn stored<'a>(name: &'a str, data: &'a [u8]) -> Packed<'a> {
    let unpacked = u32::try_from(data.len()).unwrap();
    Packed { name, flags: 0, method: 0, unpacked, crc: crc(data), data }
}

fn crc(data: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(data);
    crc.sum()
}

/// An archive of these files, as the format lays it out: the crate's own writer makes no bad ones.
fn archive(files: &[Packed<'_>]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for file in files {
        let at = (out.len() as u32).to_le_bytes();
        let head = [[20, 0], file.flags.to_le_bytes(), file.method.to_le_bytes()].concat();
        let sizes = [file.crc, file.data.len() as u32, file.unpacked].map(u32::to_le_bytes).concat();
        let name_length = (file.name.len() as u16).to_le_bytes();
        let common = [&head[..], &[0; 4], &sizes, &name_length, &[0, 0]].concat();
        out.extend([b"PK\x03\x04", &common[..], file.name.as_bytes(), file.data].concat());
        let name = file.name.as_bytes();
        directory.extend([b"PK\x01\x02\x14\x00", &common[..], &[0; 10], &at, name].concat());
    }
    let count = (files.len() as u16).to_le_bytes();
    let sizes = [(directory.len() as u32).to_le_bytes(), (out.len() as u32).to_le_bytes()].concat();
    let end = [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &sizes, &[0, 0]].concat();
    [out, directory, end].concat()
}

const APPLIED: &str = "managed-config.txt";
const TEXT: &[u8] = b"inferenceProvider: bedrock\n";

fn refusal(bytes: &[u8]) -> String {
    read_as("r.zip", bytes).unwrap_err().to_string()
}

#[test]
fn odd_archives_cost_nothing_and_say_what_is_wrong() {
    let good = archive(&[stored(APPLIED, TEXT)]);
    assert_eq!(read_as("r.zip", &good).unwrap().text("inferenceProvider"), Some("bedrock"));
    // 16 MiB of one letter, said to be small or as large as they are.
    let letters = vec![b'a'; 16 << 20];
    let mut packer = flate2::read::DeflateEncoder::new(&letters[..], flate2::Compression::best());
    let mut bomb = Vec::new();
    packer.read_to_end(&mut bomb).unwrap();
    let file = |method, unpacked, data| Packed { method, unpacked, ..stored(APPLIED, data) };
    for (file, what) in [
        (file(8, 10, &bomb), "larger than any real one"),
        (file(8, 16 << 20, &bomb), "larger than any real one"),
        (file(0, 10, &letters[..2 << 20]), "larger than any real one"),
        (file(8, 10, b"\xff\xff\xff"), "damaged"),
        (file(14, 10, b"lzma"), "unusual way"),
        (Packed { flags: 1, ..stored(APPLIED, TEXT) }, "it is encrypted"),
        (Packed { crc: 7, ..stored(APPLIED, TEXT) }, "damaged"),
        (
            stored("dir/other.txt", b"x"),
            "without managed-config.txt, so no diagnostic report of the app (it holds dir/other.txt)",
        ),
    ] {
        let error = refusal(&archive(&[file]));
        assert!(error.contains(what), "{what}: {error}");
    }
    let error = refusal(&b"PK\x05\x06".repeat(30_000));
    assert!(error.contains("damaged"), "{error}");
    for at in 0..good.len() {
        assert!(at < 4 || read_as("r.zip", &good[..at]).is_err());
        let mut bent = good.clone();
        bent[at] ^= 0xff;
        let _ = read_as("r.zip", &bent);
    }
}

#[test]
fn names_of_an_archive_are_only_text() {
    for name in ["../../managed-config.txt", "/etc/managed-config.txt", "..\\MANAGED-CONFIG.TXT"] {
        let config = read_as("r.zip", archive(&[stored("notes.txt", b"x"), stored(name, TEXT)])).unwrap();
        assert_eq!(config.settings["inferenceProvider"].origin.path, format!("{name}: inferenceProvider"));
    }
    // A name that turns the line around is shown without that.
    let error = refusal(&archive(&[stored("a\u{202e}b\u{1b}.txt", b"x")]));
    assert!(error.contains("it holds a\u{fffd}b\u{fffd}.txt"), "{error}");
}

#[test]
fn an_archive_in_an_archive_is_not_opened() {
    let inner = archive(&[stored(APPLIED, TEXT)]);
    let error = refusal(&archive(&[stored("report.zip", &inner)]));
    assert!(error.contains("without managed-config.txt") && error.contains("report.zip"), "{error}");
}

#[test]
fn an_archive_of_countless_files_is_not_opened() {
    let files = |count| archive(&(0..count).map(|_| stored("a", b"")).collect::<Vec<_>>());
    let error = refusal(&files(4096));
    assert!(error.contains("without managed-config.txt"), "{error}");
    let error = refusal(&files(4097));
    assert!(error.contains("more files than any diagnostic report"), "{error}");
}
