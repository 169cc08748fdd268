//! `clearway rules`: the rule pack, described and checked.

use std::process::ExitCode;

use super::load_rules;
use crate::cli::{AnswerFormat, RulesArgs};
use crate::clock;
use crate::failure::Failure;
use crate::output::{self, Destination};
use crate::report;
use crate::rules::overview::overview;

/// Loads the pack with every file of its folder, and describes it.
///
/// # Errors
/// When a file of the pack is missing or wrong; everything that is wrong is named.
pub fn run(args: &RulesArgs) -> Result<ExitCode, Failure> {
    let destination = Destination::open(&args.output)?;
    let rules = load_rules(args.rules.as_deref())?;
    let folder = args.rules.as_ref().map(|d| d.display().to_string());
    let found = overview(&rules, folder.as_deref());
    let style = destination.style(&args.output);
    let age = clock::age_of(&found.date);
    let old = age.and_then(crate::rules::age::Age::warning);
    let text = match args.format {
        AnswerFormat::Text => {
            let shown = crate::rules::overview::Overview { date: clock::dated(&found.date), ..found };
            output::before(old.as_deref(), "", report::rules::text::render(&shown, &style))
        }
        AnswerFormat::Json => report::rules::json::render(&found, age),
    };
    destination.write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
