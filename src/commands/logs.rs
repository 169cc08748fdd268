//! `clearway logs`: what the logs of the app say, by cause.

use std::process::ExitCode;

use super::load_rules;
use crate::cli::{LogsArgs, LogsFormat, When};
use crate::clock;
use crate::failure::Failure;
use crate::logs::{self, Bound, LogsError, Origin, Settings};
use crate::output::{self, Destination, Readers};
use crate::report;

/// Reads the logs. A device without any ends with 4.
///
/// # Errors
/// When a log cannot be read or the output cannot be written.
pub fn run(args: &LogsArgs) -> Result<ExitCode, Failure> {
    let destination = Destination::open(&args.output)?.for_readers(Readers::OwnerOfNew);
    let rules = load_rules(args.rules.as_deref())?;
    let origin =
        if args.path.is_empty() { Origin::Device(args.device()) } else { Origin::Named(args.path.clone()) };
    let (now, offset) = clock::now();
    let bound = |when: When| match when {
        When::At(moment) => Bound::at(moment),
        When::Ago(seconds) => Bound::ago(seconds, now, offset),
    };
    let settings = Settings { since: args.since.map(bound), until: args.until.map(bound), ..settings() };
    let mut read = match logs::read(&origin, &rules, settings) {
        Ok(read) => read,
        Err(none @ LogsError::None { .. }) => {
            output::aside([format!("clearway: {none}").as_str()]);
            return Ok(ExitCode::from(4));
        }
        Err(error) => return Err(error.into()),
    };
    if args.share {
        read = read.without_names(&rules.vocabulary()?);
    }
    let text = match args.format {
        LogsFormat::Text => report::logs::text::render(&read, &destination.style(&args.output)),
        LogsFormat::Json => report::logs::json::render(&read, &rules.pack.meta.date),
        LogsFormat::Markdown => report::logs::markdown::render(&read),
    };
    destination.write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Everything, read on today's day.
pub(super) fn settings() -> Settings {
    let today = clock::today();
    Settings { today: (i64::from(today.year()), u8::from(today.month()), today.day()), ..Settings::default() }
}
