//! The command line of `clearway compare`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::OutputArgs;

/// `clearway compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Saved reports of `clearway check --format json`, one for each site or device (`-`: one
    /// from standard input).
    #[arg(value_name = "REPORT", required = true, num_args = 1..)]
    pub report: Vec<PathBuf>,

    /// Only hosts on which the reports differ.
    #[arg(long, help_heading = "Table")]
    pub differing: bool,

    /// How hosts are arranged: by feature, those that differ first; or all in one list, the worst
    /// first.
    #[arg(long, value_name = "HOW", default_value = "feature", help_heading = "Table")]
    pub sort: CompareSort,

    /// Judge by the rule pack in this folder instead of the one built in.
    #[arg(long, value_name = "DIR", help_heading = "Table")]
    pub rules: Option<PathBuf>,

    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,

    /// text: for reading; json: `clearway.compare/1`; csv; markdown; html: one page that loads nothing.
    #[arg(long, value_name = "NAME", default_value = "text", help_heading = "Output")]
    pub format: CompareFormat,
}

/// `--sort`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompareSort {
    /// By feature.
    Feature,
    /// The worst first.
    Worst,
}

/// Renderings of `compare`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    /// For reading.
    Text,
    /// `clearway.compare/1`.
    Json,
    /// For spreadsheets.
    Csv,
    /// For a wiki page.
    Markdown,
    /// One page that loads nothing.
    Html,
}
