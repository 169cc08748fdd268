//! The command line itself: completions, manual pages, the version, variables, spellings.

use std::process::{Command, Stdio};

use clearway::cli::line;

use crate::common::clearway;

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    with(args, &[])
}

fn with(args: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let mut command = clearway();
    command.args(args).envs(variables.iter().copied()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/gateway.json");

#[test]
fn completions_for_each_shell_know_every_subcommand() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, script, _) = run(&["completions", shell]);
        assert_eq!(code, Some(0), "{shell}");
        for sub in line::command().get_subcommands() {
            assert!(script.contains(sub.get_name()), "{shell}: {}", sub.get_name());
        }
    }
    let (_, script, _) = run(&["completions", "bash"]);
    let asks =
        "COMP_WORDS=(clearway che); COMP_CWORD=1; _clearway clearway che clearway; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash").args(["-c", &format!("{script}\n{asks}")]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "check", "{output:?}");
}

#[test]
fn a_manual_page_for_the_program_and_each_subcommand() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().display().to_string();
    assert_eq!(run(&["man", "--dir", &path]).0, Some(0));
    let names: Vec<String> =
        line::command().get_subcommands().map(|sub| format!("clearway-{}.1", sub.get_name())).collect();
    for name in names.iter().map(String::as_str).chain(["clearway.1"]) {
        let page = std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(page.contains(".SH SYNOPSIS") && page.contains("(rules of 20"), "{name}: {page}");
    }
    let written = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(written, names.len() + 1);
    let (_, page, _) = run(&["man"]);
    assert_eq!(page, std::fs::read_to_string(dir.path().join("clearway.1")).unwrap());
    let (code, _, mistake) = run(&["man", "--dir", "/no/such/folder"]);
    assert_eq!(code, Some(2));
    assert!(mistake.contains("/no/such/folder"), "{mistake}");
}

#[test]
fn the_long_version_says_what_was_built() {
    let (code, text, _) = run(&["--version", "--verbose"]);
    assert_eq!(code, Some(0));
    for name in ["clearway ", "target ", "profile ", "compiler ", "commit "] {
        assert!(text.contains(name), "{text}");
    }
    assert_eq!(run(&["version"]).1, run(&["--version"]).1);
    assert_eq!(run(&["--version"]).1.lines().count(), 1);
}

#[test]
fn variables_stand_for_options() {
    let (code, text, _) =
        with(&["hosts", EXAMPLE], &[("CLEARWAY_FORMAT", "plain"), ("CLEARWAY_MINIMAL", "1")]);
    assert_eq!(code, Some(0));
    assert_eq!(text, run(&["hosts", EXAMPLE, "--format", "plain", "--minimal"]).1);
    let (code, _, mistake) = with(&["hosts", EXAMPLE], &[("CLEARWAY_FORMAT", "plane")]);
    assert_eq!(code, Some(2));
    assert!(mistake.starts_with("clearway: CLEARWAY_FORMAT: "), "{mistake}");
    // The end of the file's name beats the variable, as it beats the default.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("list.csv").display().to_string();
    assert_eq!(with(&["hosts", EXAMPLE, "-o", &file], &[("CLEARWAY_FORMAT", "plain")]).0, Some(0));
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("host,port,"));
}

#[test]
fn mistakes_speak_with_one_voice_and_say_what_to_type() {
    for (args, says) in [
        (&["chek"][..], "'check'"),
        (&["lint", "x.json"], "clearway config --strict"),
        (&["hosts", "--formt", "json"], "--format"),
        (&["hosts", "https://gw.example.com/v1"], "clearway check --host gw.example.com"),
        (&["check", "gateway.example.com"], "clearway check --host gateway.example.com"),
        (&["hosts", ""], "variable"),
        (&["hosts", "-"], "standard input is empty"),
        (
            &["hosts", "--feature", "telemetry", EXAMPLE],
            "did you mean essential-telemetry or nonessential-telemetry?",
        ),
        (&["check", "--host", "10.0.0.1:abc"], "no port"),
        (&["hosts", "--user", "@console", "--platform", "windows"], "--user @console"),
    ] {
        let (code, _, mistake) = run(args);
        assert_eq!(code, Some(2), "{args:?}: {mistake}");
        assert!(mistake.starts_with("clearway: ") && mistake.contains(says), "{args:?}: {mistake}");
    }
}

#[test]
fn what_is_left_out_is_said() {
    let (_, _, aside) = run(&["check", "--dry-run", "--host", "https://gw.example.com/v1/secret-part"]);
    assert!(aside.contains("only the host is tested") && !aside.contains("secret-part"), "{aside}");
    let (_, _, aside) = run(&["check", "--dry-run", "--host", "gw.example.com", "--timeout", "4m"]);
    assert!(aside.contains("longer than --deadline"), "{aside}");
    let (_, _, aside) = run(&["check", "--dry-run", "--host", "https://gw.example.com/"]);
    assert_eq!(aside, "");
}
