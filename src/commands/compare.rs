//! `clearway compare`: one table of many reports.

use std::process::ExitCode;

use super::load_rules;
use crate::check::replay;
use crate::cli::{CompareArgs, CompareFormat, CompareSort};
use crate::clock;
use crate::compare::Table;
use crate::compare::table::{MAX_RUNS, TableError};
use crate::failure::Failure;
use crate::output::{self, Destination, Readers};
use crate::report;
use crate::text::visible;

/// Reads the reports one after the other, judges each by the same rules, and renders the table.
///
/// # Errors
/// When there are too many reports, one cannot be read, or the output cannot be written.
pub fn run(args: &CompareArgs) -> Result<ExitCode, Failure> {
    let destination = Destination::open(&args.output)?.for_readers(Readers::OwnerOfNew);
    let count = args.report.len();
    if count > MAX_RUNS {
        return Err(Failure::Usage(TableError::TooMany(count).to_string()));
    }
    if args.report.iter().filter(|path| replay::is_standard_input(path)).count() > 1 {
        return Err(Failure::Usage("`-` may be given once: standard input can be read only once".into()));
    }
    let rules = load_rules(args.rules.as_deref())?;
    let mut table = Table::default();
    for path in &args.report {
        let (run, device) = replay::load_whole(&rules, path)?;
        // A device part that cannot be read is no reason to compare no host, and it is not an empty one.
        let device = device.and_then(|d| match super::device::saved(&d, &rules) {
            Ok(device) => Some(device),
            Err(error) => {
                let text = format!(
                    "clearway: {}: what was found on the device itself is left out, for it cannot be read: {error}",
                    replay::name(path)
                );
                output::aside([visible::message(&text).as_str()]);
                None
            }
        });
        table.add(&replay::name(path), &run, device.as_ref()).map_err(|e| Failure::Usage(e.to_string()))?;
    }
    let features = rules.pack.feature_infos();
    table.arrange(&features, args.differing, args.sort == CompareSort::Worst);
    let date = &rules.pack.meta.date;
    let style = destination.style(&args.output);
    let age = clock::age_of(date);
    let dated = clock::dated(date);
    let old = age.and_then(crate::rules::age::Age::warning);
    let text = match args.format {
        CompareFormat::Text => {
            output::before(old.as_deref(), "", report::compare::text::render(&table, &dated, &style))
        }
        CompareFormat::Json => report::compare::json::render(&table, date, age),
        CompareFormat::Html => report::compare::html::render(&table, &dated, old.as_deref()),
        CompareFormat::Csv => report::compare::tables::csv(&table),
        CompareFormat::Markdown => {
            output::before(old.as_deref(), "", report::compare::tables::markdown(&table, &dated))
        }
    };
    destination.write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
