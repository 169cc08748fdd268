//! `clearway rules`: the rule pack, described and checked.

use std::path::Path;
use std::process::ExitCode;

use super::{Destination, Failure, input};
use crate::cli::inquiry::{AnswerFormat, RulesArgs};
use crate::report;
use crate::rules::Pack;
use crate::rules::codes::Codes;
use crate::rules::overview::overview;
use crate::rules::sandbox::SandboxRules;
use crate::rules::services::Services;
use crate::rules::symptoms::Symptoms;

/// Loads the pack with every data file of its folder, and describes it.
///
/// # Errors
/// When a file of the pack is missing or wrong; every mistake in its rules is named.
pub fn run(args: &RulesArgs) -> Result<ExitCode, Failure> {
    let destination = Destination::open(&args.output)?;
    let pack = input::pack(args.rules.as_deref())?;
    if let Some(dir) = &args.rules {
        check(dir, &pack)?;
    }
    let folder = args.rules.as_ref().map(|d| d.display().to_string());
    let found = overview(&pack, folder.as_deref());
    let style = destination.style(&args.output);
    let text = match args.format {
        AnswerFormat::Text => report::text::rules(&found, &style),
        AnswerFormat::Json => report::json::rules(&found),
    };
    destination.write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// The files beside the rules: every command that reads them must find them sound. All that is
/// wrong is told at once, a file each.
fn check(dir: &Path, pack: &Pack) -> Result<(), Failure> {
    let mut wrong: Vec<String> = Vec::new();
    let results = [
        Services::from_dir(dir).err(),
        Codes::from_dir(dir).err(),
        Symptoms::from_dir(dir, pack).err(),
        SandboxRules::from_dir(dir, pack).err(),
    ];
    wrong.extend(results.into_iter().flatten().map(|e| e.to_string()));
    if wrong.is_empty() { Ok(()) } else { Err(Failure::Usage(wrong.join("\n"))) }
}
