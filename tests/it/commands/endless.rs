//! Files that never end, pipes that nobody opens, and links of a copy that lead out of it: each ends soon, in little memory.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What the program says, which it does soon: a program that waits for ever, or reads without end, fails the test.
fn ended(dir: &Path, args: &[&str]) -> Output {
    let outputs = ["stdout", "stderr"].map(|name| std::fs::File::create(dir.join(name)).unwrap());
    let [out, err] = outputs;
    let mut command = crate::common::clearway_limited("-v 4000000");
    let mut child =
        command.current_dir(dir).args(args).stdin(Stdio::null()).stdout(out).stderr(err).spawn().unwrap();
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        let memory = memory(child.id());
        if memory > 1024 * 1024 || began.elapsed() > Duration::from_secs(40) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{args:?} does not end; it took {memory} KiB");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let read = |name: &str| std::fs::read(dir.join(name)).unwrap();
    let output = Output { status, stdout: read("stdout"), stderr: read("stderr") };
    // A process that had no memory left has no exit code.
    assert!(output.status.code().is_some_and(|c| c <= 4), "{args:?}: {status}, {}", text(&output));
    output
}

/// The most memory that a process has had, in KiB; nothing where the system does not tell.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn put(path: &Path, content: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

#[test]
fn certificates_are_read_from_what_ends() {
    let dir = tempfile::tempdir().unwrap();
    pipe(&dir.path().join("pipe"));
    for option in ["--public-roots", "--device-ca", "--expect-ca"] {
        for file in ["/dev/zero", "pipe"] {
            let args = ["check", "--host", "127.0.0.1:9", "--no-controls", "--proxy", "none", option, file];
            // What is expected of a private authority is asked for with a credential alone.
            let more: &[&str] = if option == "--expect-ca" { &["--with-credentials"] } else { &[] };
            let output = ended(dir.path(), &[&args[..], more].concat());
            assert_eq!(output.status.code(), Some(2), "{option} {file}: {}", text(&output));
            assert!(
                String::from_utf8_lossy(&output.stderr).contains(file),
                "{option} {file}: {}",
                text(&output)
            );
        }
    }
}

#[test]
fn rules_are_read_from_regular_files() {
    let dir = tempfile::tempdir().unwrap();
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    for (n, name) in ["headers.toml", "features/ssh.toml", "codes.toml", "share.toml"].iter().enumerate() {
        for endless in [true, false] {
            let copy = dir.path().join(format!("rules{n}{endless}"));
            assert!(Command::new("cp").arg("-r").args([&rules, &copy]).status().unwrap().success());
            let file = copy.join(name);
            std::fs::remove_file(&file).unwrap();
            if endless {
                symlink("/dev/zero", &file).unwrap();
            } else {
                pipe(&file);
            }
            let copy = copy.to_str().unwrap();
            let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/gateway.json");
            let check = ["check", "--host", "127.0.0.1:9", "--no-controls", "--share", "--rules", copy];
            for args in [&["rules", "--rules", copy][..], &["hosts", example, "--rules", copy], &check] {
                let output = ended(dir.path(), args);
                assert_eq!(output.status.code(), Some(2), "{name}: {}", text(&output));
                assert!(text(&output).contains("not a regular file"), "{name}: {}", text(&output));
            }
        }
    }
}

const PLIST: &str = "<plist><dict><key>inferenceProvider</key><string>gateway</string><key>inferenceGatewayBaseUrl</key>\
    <string>https://outside.mill.example</string></dict></plist>";
const JSON: &str =
    r#"{"inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://outside.mill.example"}"#;
const ID: &str = "00000000-0000-4000-8000-000000000001";

#[test]
fn links_of_a_copy_do_not_lead_out_of_it() {
    let outside = tempfile::tempdir().unwrap();
    let at = |name: &str| outside.path().join(name);
    let index = format!(r#"{{"appliedId": "{ID}", "entries": [{{"id": "{ID}", "name": "One"}}]}}"#);
    put(&at("p.plist"), PLIST);
    put(
        &at("HKLM.reg"),
        "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]\r\n\"inferenceProvider\"=\"gateway\"\r\n\
         \"inferenceGatewayBaseUrl\"=\"https://outside.mill.example\"\r\n",
    );
    put(&at("entry.json"), JSON);
    put(&at("lib/_meta.json"), &index);
    put(&at(&format!("lib/{ID}.json")), JSON);
    put(&at("etc/claude-desktop/managed-settings.json"), JSON);
    let library = "Users/ann/Library/Application Support/Claude-3p/configLibrary";
    let linux = "home/ann/.config/Claude-3p/configLibrary";
    // Platform, place of the link, and where it leads.
    for (n, (platform, link, to)) in [
        (
            "macos",
            "Library/Managed Preferences/com.anthropic.claudefordesktop.plist".to_owned(),
            at("p.plist"),
        ),
        ("windows", "HKLM.reg".to_owned(), at("HKLM.reg")),
        ("macos", library.to_owned(), at("lib")),
        ("macos", format!("{library}/{ID}.json"), at("entry.json")),
        ("linux", linux.to_owned(), at("lib")),
        ("linux", "etc".to_owned(), at("etc")),
        ("linux", "etc/claude-desktop".to_owned(), at("etc/claude-desktop")),
        ("linux", "etc/claude-desktop/managed-settings.json".to_owned(), at("entry.json")),
    ]
    .into_iter()
    .enumerate()
    {
        let root = outside.path().join(format!("copy{n}"));
        let link = root.join(link);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        for home in ["Users/ann", "home/ann"] {
            std::fs::create_dir_all(root.join(home)).unwrap();
        }
        if link.ends_with(format!("configLibrary/{ID}.json")) {
            put(&link.with_file_name("_meta.json"), &index);
        }
        symlink(to, &link).unwrap();
        let output = ended(
            outside.path(),
            &["hosts", "--device-root", root.to_str().unwrap(), "--platform", platform, "--user", "ann"],
        );
        let said = text(&output);
        assert!(!said.contains("outside.mill.example"), "{}: {said}", link.display());
        assert_ne!(output.status.code(), Some(0), "{}: {said}", link.display());
    }
}

#[test]
fn a_user_database_of_a_copy_that_never_ends_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    for (n, endless) in [true, false].into_iter().enumerate() {
        let root = dir.path().join(format!("copy{n}"));
        put(
            &root.join("home/ann/.config/Claude-3p/configLibrary/_meta.json"),
            &format!(r#"{{"appliedId": "{ID}", "entries": [{{"id": "{ID}", "name": "One"}}]}}"#),
        );
        put(&root.join(format!("home/ann/.config/Claude-3p/configLibrary/{ID}.json")), JSON);
        std::fs::create_dir_all(root.join("etc")).unwrap();
        let users = root.join("etc/passwd");
        if endless {
            symlink("/dev/zero", &users).unwrap();
        } else {
            pipe(&users);
        }
        for user in [&[][..], &["--user", "ann"]] {
            let args = ["hosts", "--device-root", root.to_str().unwrap(), "--platform", "linux"];
            let output = ended(dir.path(), &[&args[..], user].concat());
            assert!(text(&output).contains("outside.mill.example"), "{user:?}: {}", text(&output));
        }
    }
}
