//! What several suites use.

pub mod configurations;
pub mod generated;
pub mod generated_files;
pub mod schemas;

use std::process::Command;

/// The program under test, without what this machine's environment would change: proxies, trust
/// stores and colours.
pub fn clearway() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clearway"));
    for name in [
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
