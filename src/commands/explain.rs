//! `clearway explain`: why a host is there, what a key does, what a message means.

use std::process::ExitCode;

use super::{Destination, Failure, input};
use crate::cli::inquiry::{AnswerFormat, ExplainArgs};
use crate::config::{self, ConfigError};
use crate::derive::explain::{Given, explain};
use crate::report;
use crate::rules::symptoms::Symptoms;
use crate::terms::Platform;

/// Answers the question.
///
/// # Errors
/// When an input cannot be read or the output cannot be written.
pub fn run(args: &ExplainArgs) -> Result<ExitCode, Failure> {
    let destination = Destination::open(&args.output)?;
    let rules = args.derive.rules.as_deref();
    let pack = input::pack(rules)?;
    let symptoms = match rules {
        Some(dir) => Symptoms::from_dir(dir, &pack)?,
        None => Symptoms::embedded(&pack)?,
    };
    let options = input::options(&args.derive, &pack)?;
    let (mut configurations, documents) = input::read(&args.derive, &pack)?;
    if args.derive.config.is_empty() {
        let platform = args.derive.platform.unwrap_or_else(Platform::here);
        match config::device::read(platform, &pack.keys) {
            Ok(configuration) => configurations.push(configuration),
            // A question may be asked anywhere; then the rules alone answer it.
            Err(ConfigError::NoneOnDevice { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let features = input::features(&pack);
    let given =
        Given { pack: &pack, configurations: &configurations, documents: &documents, options: &options };
    let explanation = explain(&given, &symptoms, &features, &args.question);
    let style = destination.style(&args.output);
    let text = match args.format {
        AnswerFormat::Text => report::text::explain(&explanation, &features, &style),
        AnswerFormat::Json => report::json::explain(&explanation),
    };
    destination.write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
