//! `clearway fleet`: what many saved reports say together.

use std::process::ExitCode;

use crate::cli::{FleetArgs, FleetFormat, Since};
use crate::clock;
use crate::failure::Failure;
use crate::fleet::{By, Collector, source};
use crate::output::{self, Destination, Readers};
use crate::report;
use crate::text::{english, visible};

/// How far the clock of a device may be ahead.
const DAY_S: i64 = 86_400;

/// Reads every report, and renders the sum. Files that are no reports are named and passed over.
///
/// # Errors
/// When a path is not there, when nothing is a report, or when the output cannot be written.
pub fn run(args: &FleetArgs) -> Result<ExitCode, Failure> {
    let readers = match args.format {
        // Another account's collector reads it.
        FleetFormat::Prometheus => Readers::Usual,
        _ => Readers::OwnerOfNew,
    };
    let destination = Destination::open(&args.output)?.for_readers(readers);
    let since = args.since.as_ref().map(|since| match since {
        Since::At(moment) => moment.clone(),
        Since::Ago(seconds) => clock::before_now(*seconds),
    });
    let mut all = Collector::between(since, Some(clock::before_now(-DAY_S)));
    source::read(&args.path, &mut all).map_err(|(path, error)| Failure::Report {
        path,
        reason: format!("{error}; name files or folders that are there"),
    })?;
    if all.is_empty() {
        return Err(Failure::Usage(nothing(&all)));
    }
    if let Some(By::Tag(key)) = &args.by {
        let known = all.tags();
        if !known.contains(key.as_str()) {
            let known: Vec<&str> = known.into_iter().take(20).collect();
            let there = if known.is_empty() {
                "none has any tag".to_owned()
            } else {
                format!("the tags are {}", known.join(", "))
            };
            return Err(Failure::Usage(format!(
                "--by {key}: no report has a tag of that key; {there}. Other groups: label, site, platform, version, owner, cause"
            )));
        }
    }
    let fleet = all.finish(args.by.clone());
    if args.format != FleetFormat::Text
        && let Some(first) = fleet.skipped.first()
    {
        let files = english::count(fleet.skipped_count, "file was", "files were");
        let text = format!("clearway: {files} left out, such as {}: {}", first.file, first.reason);
        output::aside([visible::message(&text).as_str()]);
    }
    if let Some(first) = fleet.on_device_unread.first() {
        let more = match fleet.on_device_unread_count - 1 {
            0 => String::new(),
            n => format!(" (and of {n} more)"),
        };
        let text = format!(
            "clearway: {}{more}: what was found on the device itself is left out, for it cannot be read: {}",
            first.file, first.reason
        );
        output::aside([visible::message(&text).as_str()]);
    }
    let text = match args.format {
        FleetFormat::Text => report::fleet::text::render(&fleet, &destination.style(&args.output)),
        FleetFormat::Json => report::fleet::json::render(&fleet),
        FleetFormat::Csv => report::fleet::tables::csv(&fleet),
        FleetFormat::Html => report::fleet::html::render(&fleet),
        FleetFormat::Markdown => report::fleet::tables::markdown(&fleet),
        FleetFormat::Prometheus => report::fleet::prometheus::render(&fleet),
    };
    destination.write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Why there is nothing to add up.
fn nothing(all: &Collector) -> String {
    let next = "save reports with `clearway check --format json -o FILE`";
    match all.skipped().first() {
        _ if all.older() > 0 => format!("all {} reports are older than --since", all.older()),
        None => format!("no report is there; {next}"),
        Some(first) => format!("no report is there: {}: {}; {next}", first.file, first.reason),
    }
}
