//! Signed profiles: as `openssl` makes them today, as it made the committed ones, and broken ones.

use std::path::Path;
use std::process::Command;

use clearway::config::{Configuration, Value};
use clearway::contract::Severity;

use super::{fixture, profile, read_as, read_path};

const SIGNER: &str = "Example Profile Signing";

fn expect(config: &Configuration, signer: Option<&str>, what: &str) {
    assert_eq!(config.text("inferenceProvider"), Some("gateway"), "{what}");
    assert_eq!(config.text("inferenceGatewayBaseUrl"), Some("https://gateway.example:8443"), "{what}");
    assert_eq!(config.get("disableAutoUpdates"), Some(&Value::Bool(true)), "{what}");
    assert_eq!(config.sources[0].format, "mobileconfig", "{what}");
    let lint = config.lint.iter().find(|l| l.id == "signed-profile").unwrap_or_else(|| panic!("{what}"));
    assert_eq!(lint.severity, Severity::Info);
    assert!(lint.message.contains("not verified"), "{what}: {}", lint.message);
    let named = signer.map_or("a certificate that is not in the file", |s| s);
    assert!(lint.message.contains(named), "{what}: {}", lint.message);
}

#[test]
fn committed_profiles_are_read() {
    for name in ["signed-der.mobileconfig", "signed-ber.mobileconfig", "signed.pem"] {
        expect(&read_path(&fixture(name)).unwrap(), Some(SIGNER), name);
    }
}

fn openssl(dir: &Path, arguments: &str) -> bool {
    Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(dir)
        .output()
        .is_ok_and(|o| o.status.success())
}

#[test]
fn profiles_that_openssl_signs_now_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    if !openssl(dir, "version") {
        assert!(std::env::var_os("CI").is_none(), "openssl must be on PATH in CI");
        eprintln!("skipped: there is no openssl on PATH");
        return;
    }
    let pairs = "<key>inferenceProvider</key><string>gateway</string>\
                 <key>inferenceGatewayBaseUrl</key><string>https://gateway.example:8443</string>\
                 <key>disableAutoUpdates</key><true/>";
    // Long enough that a streamed message comes in several parts.
    let long = format!("{pairs}<!--{}-->", "x".repeat(20_000));
    std::fs::write(dir.join("p"), profile("com.anthropic.claudefordesktop", &long)).unwrap();
    let request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out c -days 2 -subj /CN=Example_Signer";
    assert!(openssl(dir, request));
    let signed = Some("Example_Signer");
    let sign = "-sign -binary -nodetach -in p -signer c -inkey k -out s";
    for (how, signer) in [
        (format!("smime {sign} -outform DER"), signed),
        (format!("smime {sign} -outform PEM"), signed),
        (format!("cms {sign} -outform DER"), signed),
        (format!("cms {sign} -outform PEM"), signed),
        (format!("cms {sign} -outform DER -stream"), signed),
        (format!("cms {sign} -outform DER -keyid"), signed),
        (format!("cms {sign} -outform DER -stream -md sha512 -noattr"), signed),
        (format!("cms {sign} -outform DER -nocerts"), None),
    ] {
        assert!(openssl(dir, &how), "{how}");
        expect(&read_path(&dir.join("s")).unwrap(), signer, &how);
    }
    for (how, what) in [
        (
            "smime -sign -binary -in p -signer c -inkey k -out s -outform DER",
            "a signature without the profile",
        ),
        ("cms -encrypt -binary -in p -out s -outform DER c", "an encrypted profile"),
        ("x509 -in c -out s -outform DER", "no signed profile"),
    ] {
        assert!(openssl(dir, how), "{how}");
        let error = read_path(&dir.join("s")).unwrap_err().to_string();
        assert!(error.contains(what), "{how}: {error}");
    }
}

#[test]
fn broken_messages_are_refused_wherever_they_break() {
    for name in ["signed-der.mobileconfig", "signed-ber.mobileconfig"] {
        let whole = std::fs::read(fixture(name)).unwrap();
        for at in (2..whole.len()).step_by(7) {
            // Behind the content a cut may leave a readable profile; it never panics.
            let cut = read_as("s", &whole[..at]);
            assert!(at > 1000 || cut.is_err(), "{name} cut at {at}");
            let mut bent = whole.clone();
            bent[at] ^= 0x55;
            let _ = read_as("s", &bent);
        }
    }
    let nested = [0x30, 0x80].repeat(50_000);
    let error = read_as("s", nested).unwrap_err().to_string();
    assert!(error.contains("nested deeper"), "{error}");
    let endless = [vec![0x30, 0x80], [0x02, 0x00].repeat(5_000_000)].concat();
    let error = read_as("s", endless).unwrap_err().to_string();
    assert!(error.contains("more parts"), "{error}");
}
