//! What several suites use.

pub mod configurations;
pub mod generated;
pub mod generated_files;
pub mod schemas;

use std::process::Command;

/// The program under test, without what this machine's environment would change: proxies, trust
/// stores and colours. `CLEARWAY_BIN` names another one, such as a released one.
pub fn clearway() -> Command {
    let built = env!("CARGO_BIN_EXE_clearway").into();
    let program = std::env::var_os("CLEARWAY_BIN").unwrap_or(built);
    without_this_machine(Command::new(program))
}

/// The same under a limit of the shell: `-v 4000000` is 4 GB of memory, `-t 40` so many seconds of the processor,
/// which count the same on a machine that is busy.
#[cfg(unix)]
pub fn clearway_limited(limit: &str) -> Command {
    let mut command = without_this_machine(Command::new("/bin/sh"));
    let script = format!("ulimit {limit}; exec \"$0\" \"$@\"");
    command.args(["-c", &script]).arg(clearway().get_program());
    command
}

fn without_this_machine(mut command: Command) -> Command {
    for name in [
        "CLEARWAY_BIN",
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
        "no_proxy",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "NO_COLOR",
        "CLICOLOR_FORCE",
    ] {
        command.env_remove(name);
    }
    // The age of the rules is counted to the day of the rules, so that outputs do not change by the day.
    command.env("CLEARWAY_TODAY", clearway::rules::embedded_date());
    command
}

/// What a saved report is judged to, when it is read again.
pub fn judged_again(report: &[u8]) -> serde_json::Value {
    let saved = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(saved.path(), report).unwrap();
    let mut replay = clearway();
    replay.args(["check", "--format", "json", "--replay"]).arg(saved.path());
    serde_json::from_slice(&replay.output().unwrap().stdout).unwrap()
}
