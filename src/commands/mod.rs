//! One file per subcommand: wires the rooms together and decides nothing itself.

mod calls;
mod check;
mod compare;
mod config;
mod diff;
mod explain;
mod failure;
mod hosts;
mod input;
mod output;
mod replay;
mod rounds;
mod routes;
mod rules;
mod sandbox;
mod standing;

use std::process::ExitCode;

pub use failure::Failure;
pub use output::Destination;

use crate::cli::Command;

/// Carries out a subcommand.
///
/// # Errors
/// When it could not do its work at all; a list or report that was made is a success, whatever it
/// says, and its exit code is the contract's.
pub fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Hosts(args) => hosts::run(args),
        Command::Check(args) => check::run(args),
        Command::Config(args) => config::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Rules(args) => rules::run(args),
    }
}
