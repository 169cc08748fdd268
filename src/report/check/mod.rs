//! A run of `clearway check`: one file for each format, a row of [`FORMATS`] for each file, and the dry run.

mod brief;
mod compact;
pub mod delivery;
mod details;
pub mod dry_run;
pub mod expect;
mod expected;
pub mod html;
mod inference;
pub mod json;
pub mod junit;
mod log_lines;
pub mod markdown;
mod metrics;
pub mod ndjson;
mod paths;
pub mod progress;
pub mod prometheus;
mod summary;
pub mod telemetry;
pub mod text;
pub mod ticket;
pub(in crate::report) mod view;

use super::{FeatureInfo, Style, device, logs::beside};
use crate::compare::device::Device;
use crate::compare::log::Log;
use crate::plan::Plan;
use crate::run::Run;

/// Puts what a log says beside a rendered run.
pub type BesideLog = fn(&str, &Log, &Run, &Style) -> String;

/// Puts what was found on the device beside a rendered run.
pub type BesideDevice = fn(&str, &Device, &Run, &Style) -> String;

/// One format of a report, and all in which it differs from the others. Everything that has to know the formats
/// (command line, tests, fuzzing) goes through [`FORMATS`]: a new one is a file and a row.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The word of `--format`.
    pub name: &'static str,
    /// What it is for, as `--help` says it.
    pub help: &'static str,
    /// The run in this format, ending in a line feed.
    pub render: fn(&Run, &[FeatureInfo], &Style) -> String,
    /// How the run says that its rules are old or do not cover the app.
    pub statements: Statements,
    /// What a dry run is in this format; nothing where it has none.
    pub dry_run: Option<fn(&Plan, &dry_run::Settings, &Style) -> String>,
    /// The rendered run with what a log says beside it; nothing where the format has no place for that.
    pub beside_log: Option<BesideLog>,
    /// The same with what was found on the device.
    pub beside_device: Option<BesideDevice>,
    /// Most bytes that are written; nothing where no reader of ours has a bound.
    pub max_bytes: Option<u64>,
    /// Programs of other accounts read the file (a collector): a new one has the usual mode. Every other format is
    /// its owner's, since it tells of the device and its user.
    pub for_collectors: bool,
}

/// Where a format says what holds for the whole report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statements {
    /// The rendering has a place of its own for it.
    Within,
    /// On lines before everything else, each after this mark.
    Before(&'static str),
}

/// What `--compact` makes of the JSON: small enough to be collected from thousands of devices.
pub const COMPACT: Format = Format {
    name: "json",
    help: "For `clearway fleet`",
    render: |run, features, _| compact::render(run, features),
    statements: Statements::Within,
    dry_run: None,
    beside_log: None,
    beside_device: None,
    max_bytes: None,
    for_collectors: false,
};

/// Every format of a report; the first is the default.
pub const FORMATS: &[Format] = &[
    Format {
        name: "text",
        help: "For reading",
        render: text::render,
        statements: Statements::Before(""),
        dry_run: Some(dry_run::text),
        beside_log: Some(|text, log, run, style| {
            format!("{text}\n{}", beside::text(log, run, style).trim_start())
        }),
        beside_device: Some(|text, found, _, style| {
            if style.quiet {
                return text.to_owned();
            }
            format!("{text}\n{}", device::beside::text(found, style).trim_start())
        }),
        max_bytes: None,
        for_collectors: false,
    },
    Format {
        name: "json",
        help: "For scripts, comparison and replay: `clearway.check/1`",
        render: |run, features, _| json::render(run, features),
        statements: Statements::Within,
        dry_run: Some(|plan, settings, _| dry_run::json(plan, settings)),
        beside_log: Some(|text, log, _, _| beside::json(text, log)),
        beside_device: Some(|text, found, run, _| device::beside::json(text, found, run)),
        max_bytes: Some(crate::document::check::MAX_BYTES),
        for_collectors: false,
    },
    Format {
        name: "ticket",
        help: "A request for each team that must change something",
        render: |run, features, _| ticket::render(run, features),
        statements: Statements::Before(""),
        dry_run: None,
        beside_log: None,
        beside_device: None,
        max_bytes: None,
        for_collectors: false,
    },
    Format {
        name: "html",
        help: "For looking at: one page that loads nothing, and that `--replay` reads back",
        render: |run, features, _| html::render(run, features),
        statements: Statements::Within,
        dry_run: None,
        beside_log: None,
        beside_device: None,
        max_bytes: Some(crate::document::check::MAX_BYTES),
        for_collectors: false,
    },
    Format {
        name: "markdown",
        help: "For an issue, a chat or a wiki",
        render: |run, features, _| markdown::render(run, features),
        statements: Statements::Within,
        dry_run: None,
        beside_log: None,
        beside_device: None,
        max_bytes: None,
        for_collectors: false,
    },
    Format {
        name: "junit",
        help: "For a pipeline: a test case for each host and each expectation",
        render: |run, features, _| junit::render(run, features),
        statements: Statements::Within,
        dry_run: None,
        beside_log: None,
        beside_device: None,
        max_bytes: None,
        for_collectors: false,
    },
    Format {
        name: "prometheus",
        help: "Metrics, for the textfile collector of node_exporter",
        render: |run, features, _| prometheus::render(run, features),
        statements: Statements::Before("# "),
        dry_run: None,
        beside_log: None,
        beside_device: None,
        max_bytes: None,
        for_collectors: true,
    },
    Format {
        name: "ndjson",
        help: "For a database: a row for each host and program, `clearway.rows/1`",
        render: |run, features, _| ndjson::render(run, features),
        statements: Statements::Within,
        dry_run: None,
        beside_log: None,
        beside_device: None,
        max_bytes: None,
        for_collectors: false,
    },
    Format {
        name: "expect",
        help: "A first file for `--expect`: what this run shows, to be edited by the network team",
        render: |run, _, _| expect::render(run),
        statements: Statements::Before("# "),
        dry_run: None,
        beside_log: None,
        beside_device: None,
        max_bytes: None,
        for_collectors: false,
    },
];
