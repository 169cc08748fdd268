//! What `check` says where an option does not do what it seems to, and how its files are made.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::clearway;

fn run(dir: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let output = clearway().current_dir(dir).args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A folder with a saved report.
fn saved() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/codes/ok.json");
    let recording: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    fs::write(dir.path().join("r.json"), recording["report"].to_string()).unwrap();
    dir
}

#[cfg(unix)]
#[test]
fn what_a_collector_reads_has_the_usual_mode_and_a_report_is_its_owners() {
    use std::os::unix::fs::PermissionsExt;
    let dir = saved();
    let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().permissions().mode() & 0o777;
    fs::write(dir.path().join("usual"), "").unwrap();
    for format in clearway::report::check::FORMATS {
        let (alone, named) = (format!("alone.{}", format.name), format!("named.{}", format.name));
        let to = format!("{}={named}", format.name);
        let (code, _, said) =
            run(dir.path(), &["check", "--replay", "r.json", "--format", format.name, "-o", &alone]);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(run(dir.path(), &["check", "--replay", "r.json", "--format", &to]).0, Some(0));
        let wanted = if format.name == "prometheus" { mode("usual") } else { 0o600 };
        assert_eq!((mode(&alone), mode(&named)), (wanted, wanted), "{}", format.name);
    }
}

#[test]
fn a_file_in_the_place_of_a_host_to_trace_is_said() {
    let dir = saved();
    fs::write(dir.path().join("policy"), "{}").unwrap();
    for args in [
        &["check", "--trace", "profile.mobileconfig"][..],
        &["check", "--trace", "policy"],
        &["check", "--trace", "etc/profile"],
        &["check", "--host", "127.0.0.1:9", "--trace", "policy"],
        &["check", "--host", "127.0.0.1:9", "--trace", "Profile.PLIST", "--dry-run"],
    ] {
        let (code, _, said) = run(dir.path(), args);
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert!(said.contains("--trace takes a host. CONFIG goes before it: clearway check "), "{said}");
    }
    let (code, _, said) = run(dir.path(), &["check", "--host", "127.0.0.1:9", "--trace", "other.example"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("is not on the list") && !said.contains("  "), "{said}");
}

#[test]
fn a_saved_report_is_never_taken_for_a_run() {
    let dir = saved();
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, text, _) = run(dir.path(), &["check", "--replay", "r.json"]);
    assert!(squeezed(&text).contains("TESTED Saved report, nothing was sent."), "{text}");
    for format in ["markdown", "html", "junit"] {
        let (_, text, _) = run(dir.path(), &["check", "--replay", "r.json", "--format", format]);
        assert!(text.contains("Saved report, nothing was sent."), "{format}");
    }
    let (_, text, _) = run(dir.path(), &["check", "--replay", "r.json", "--share"]);
    assert!(text.contains("Saved report, nothing was sent."), "{text}");
    // A variable that was set long ago turns no check into a replay.
    let output = clearway()
        .current_dir(dir.path())
        .args(["check", "--host", "127.0.0.1:9", "--dry-run"])
        .env("CLEARWAY_REPLAY", "r.json")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let (_, text, _) =
        run(dir.path(), &["check", "--host", "127.0.0.1:9", "--timeout", "1s", "--no-controls"]);
    assert!(text.contains("TESTED") && !text.contains("Saved report"), "{text}");
}

#[test]
fn a_file_that_cannot_be_written_is_named_as_it_was_written() {
    let dir = saved();
    for to in [&["--format", "html=nodir/p.html"][..], &["--format", "html", "-o", "nodir/p.html"]] {
        let (code, _, said) = run(dir.path(), &[&["check", "--replay", "r.json"], to].concat());
        assert_eq!(code, Some(2));
        assert!(said.contains("nodir/p.html: cannot be written: there is no folder nodir"), "{said}");
        assert!(!said.contains(".part") && !said.contains("with -o"), "{said}");
    }
    let (_, _, said) = run(dir.path(), &["check", "--replay", "r.json", "--format", "html=r.json/p.html"]);
    assert!(said.contains("r.json/p.html: cannot be written: ") && !said.contains(".part"), "{said}");
    let (code, _, said) = run(dir.path(), &["check", "--replay", "r.json", "--format", "html="]);
    assert_eq!(code, Some(2));
    assert!(said.contains("no file is named after the `=`; write --format html=FILE"), "{said}");
}

#[test]
fn formats_without_a_place_for_the_log_say_so() {
    let dir = saved();
    fs::write(dir.path().join("app.log"), "nothing known\n").unwrap();
    for format in clearway::report::check::FORMATS {
        let (code, _, said) =
            run(dir.path(), &["check", "--replay", "r.json", "--log", "app.log", "--format", format.name]);
        assert_eq!(code, Some(0), "{said}");
        let says = said.contains(&format!("--log adds nothing to the format {}; ", format.name));
        assert_eq!(says, !["text", "json"].contains(&format.name), "{}: {said}", format.name);
    }
    let (_, _, said) = run(
        dir.path(),
        &["check", "--replay", "r.json", "--log", "app.log", "--format", "json", "--compact"],
    );
    assert!(said.contains("--log adds nothing to the format json; "), "{said}");
    let (_, _, said) = run(dir.path(), &["check", "--replay", "r.json", "--format", "markdown"]);
    assert!(!said.contains("--log"), "{said}");
}
