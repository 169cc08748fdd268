//! Files that reports are written to, in folders that others may write to as well.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

const NOBODY: u32 = 65534;

fn run(folder: &Path, args: &[&str]) -> Output {
    crate::common::clearway().current_dir(folder).args(args).output().unwrap()
}

/// A folder with a configuration that has a secret.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let text = r#"{"inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://gw.mill.example","inferenceGatewayApiKey":"hunter2hunter2"}"#;
    fs::write(dir.path().join("c.json"), text).unwrap();
    dir
}

const SECRETS: [&str; 6] = ["config", "c.json", "--format", "managed-json", "--include-secrets", "-o"];
const REPORT: [&str; 6] = ["check", "--host", "127.0.0.1:9", "--no-controls", "--quiet", "--fail-on=none"];

/// What a user puts into a folder of all before the administrator writes there, stays that user's no longer.
#[test]
fn a_file_of_another_user_is_not_given_what_is_written() {
    let dir = folder();
    let path = dir.path().join("x");
    fs::write(&path, "").unwrap();
    // Only the administrator can make a file of another user.
    if chown(&path, Some(NOBODY), Some(NOBODY)).is_err() {
        return;
    }
    let me = fs::metadata(dir.path()).unwrap().uid();
    for (args, mode) in [(&SECRETS[..], 0o600), (&[&REPORT[..], &["--format", "json", "-o"]].concat(), 0o600)]
    {
        fs::remove_file(&path).unwrap();
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        let output = run(dir.path(), &[args, &["x"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let meta = fs::metadata(&path).unwrap();
        assert!(meta.len() > 10);
        assert_eq!((meta.uid(), meta.mode() & 0o7777), (me, mode), "{args:?}");
    }
    // A pipe of another user would end there as well; and a link to what is this user's.
    pipe(&dir.path().join("pipe"));
    chown(dir.path().join("pipe"), Some(NOBODY), Some(NOBODY)).unwrap();
    symlink("/dev/null", dir.path().join("null")).unwrap();
    std::os::unix::fs::lchown(dir.path().join("null"), Some(NOBODY), Some(NOBODY)).unwrap();
    for name in ["pipe", "null"] {
        let output = run(dir.path(), &[&SECRETS[..], &[name]].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(name) && said.contains("belongs to another user"), "{said}");
    }
}

fn pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn the_rights_of_a_program_do_not_pass_to_a_report() {
    let dir = folder();
    let program = dir.path().join("program");
    fs::write(&program, "x").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o4755)).unwrap();
    symlink(&program, dir.path().join("link")).unwrap();
    let output = run(dir.path(), &[&REPORT[..], &["--format", "json", "-o", "link"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written = fs::symlink_metadata(dir.path().join("link")).unwrap();
    assert_eq!((written.is_file(), written.mode() & 0o7777), (true, 0o600));
    assert_eq!(fs::read_to_string(&program).unwrap(), "x");
}

/// What is too long for a report to be read again is said before anything is sent.
#[test]
fn a_list_that_is_too_long_for_a_report_is_not_checked() {
    let dir = tempfile::tempdir().unwrap();
    let hosts: Vec<String> = (0..6_000).map(|n| format!("\"h{n}.mill.example\"")).collect();
    let text = format!(
        "{{\"inferenceProvider\":\"gateway\",\"inferenceGatewayBaseUrl\":\"https://gw.mill.example\",\"coworkEgressAllowedHosts\":[{}]}}",
        hosts.join(",")
    );
    fs::write(dir.path().join("c.json"), text).unwrap();
    for more in [&["--dry-run"][..], &["--format", "json", "-o", "report.json"]] {
        let output = run(dir.path(), &[&["check", "c.json"], more].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("a check takes 4500 at the most") && said.contains("--feature"), "{said}");
    }
    assert!(!dir.path().join("report.json").exists());
}

/// Before anything is sent, and however long nobody reads.
#[test]
fn a_pipe_that_nothing_reads_from_is_said() {
    let dir = folder();
    pipe(&dir.path().join("pipe"));
    let began = Instant::now();
    let output = run(dir.path(), &[&REPORT[..], &["--format", "json", "-o", "pipe"]].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("pipe") && said.contains("nothing reads from it"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(60));
    // Devices are written to as before.
    for device in ["/dev/null", "/dev/stdout"] {
        let output = run(dir.path(), &[&SECRETS[..], &[device]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stdout.is_empty(), device == "/dev/null");
    }
}
