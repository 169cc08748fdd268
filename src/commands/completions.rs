//! `clearway completions`: what a shell needs to complete the command line.

use std::process::ExitCode;

use crate::cli::{CompletionsArgs, line};
use crate::failure::Failure;
use crate::output::Destination;

/// Writes the script to standard output.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: &CompletionsArgs) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut line::command(), "clearway", &mut script);
    Destination::standard().write(&script)?;
    Ok(ExitCode::SUCCESS)
}
