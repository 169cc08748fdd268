//! One file per subcommand: wires the rooms together and decides nothing itself.

mod check;
mod compare;
mod completions;
mod config;
mod device;
mod diff;
mod explain;
mod fleet;
mod hosts;
mod logs;
mod man;
mod rules;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Once;

use crate::cli::Command;
use crate::clock::age_of;
use crate::contract::FeatureInfo;
use crate::derive::Requirements;
use crate::failure::Failure;
use crate::output::aside;
use crate::report;
use crate::rules::Rules;
use crate::rules::age::Age;

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
        Command::Fleet(args) => fleet::run(args),
        Command::Logs(args) => logs::run(args),
        Command::Device(args) => device::run(args),
        Command::Rules(args) => rules::run(args),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
    }
}

/// The rules in `dir`, or those built in; says so when they are old.
///
/// # Errors
/// Everything that is wrong with the files of the folder.
fn load_rules(dir: Option<&Path>) -> Result<Rules, Failure> {
    let rules = Rules::of(dir)?;
    warn(&rules.pack.meta.date);
    Ok(rules)
}

/// Says once on standard error that rules of `date` are old, where they are.
fn warn(date: &str) {
    static SAID: Once = Once::new();
    if let Some(text) = age_of(date).and_then(Age::warning) {
        SAID.call_once(|| aside([text.as_str()]));
    }
}

/// Whether the list has every required host, or is wanted all the same.
///
/// # Errors
/// [`Failure::Incomplete`], which names each error and the host that it costs.
fn complete(
    list: &Requirements,
    features: &[FeatureInfo],
    allowed: bool,
    nothing_was: &'static str,
) -> Result<(), Failure> {
    if list.is_complete() || allowed {
        return Ok(());
    }
    Err(Failure::Incomplete(report::incomplete::refusal(list, features, nothing_was)))
}
