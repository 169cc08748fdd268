//! The `clearway` command: parse, run, exit code.

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use clearway::cli::Cli;
use clearway::failure::Failure;
use clearway::output::file_format;
use clearway::text::visible;
use clearway::{commands, rules};

fn main() -> ExitCode {
    let version = format!("{} (rules of {})", env!("CARGO_PKG_VERSION"), rules::embedded_date());
    let command = Cli::command().version(version);
    let arguments: Vec<std::ffi::OsString> = std::env::args_os().collect();
    let mut matches = command.clone().get_matches_from(&arguments);
    match (file_format::said(&command, &matches), matches.subcommand_name()) {
        (file_format::Said::Format(format), Some(name)) => {
            matches = command.get_matches_from(file_format::with(&arguments, name, &format));
        }
        (file_format::Said::Other(text), _) => {
            // The file is written all the same.
            let _ = writeln!(std::io::stderr(), "clearway: {}", visible::message(&text));
        }
        _ => {}
    }
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
                Failure::NotKnown(text) => writeln!(std::io::stderr(), "{text}"),
                failure => {
                    writeln!(std::io::stderr(), "clearway: {}", visible::message(&failure.to_string()))
                }
            };
            failure.exit_code()
        }
    }
}
