//! The `clearway` command: parse, run, exit code.

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use clearway::cli::Cli;
use clearway::text::visible;
use clearway::{commands, rules};

fn main() -> ExitCode {
    let version = format!("{} (rules of {})", env!("CARGO_PKG_VERSION"), rules::embedded_date());
    let matches = Cli::command().version(version).get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match commands::run(&cli.command) {
        Ok(code) => code,
        Err(failure) => {
            // A message may quote a file that somebody else wrote. Nothing sensible is left to do when standard error is gone too.
            let _ = match &failure {
                // It stands as it is in every output.
                commands::Failure::NotKnown(text) => writeln!(std::io::stderr(), "{text}"),
                failure => {
                    writeln!(std::io::stderr(), "clearway: {}", visible::message(&failure.to_string()))
                }
            };
            failure.exit_code()
        }
    }
}
