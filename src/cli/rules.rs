//! The command line of `clearway rules`.

use std::path::PathBuf;

use clap::Args;

use super::{AnswerFormat, OutputArgs};

/// `clearway rules`.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// Check the rule pack in this folder, and describe it instead of the one built in.
    #[arg(long, value_name = "DIR", help_heading = "List")]
    pub rules: Option<PathBuf>,

    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,

    /// text: for reading; json: `clearway.rules/1`.
    #[arg(long, value_name = "NAME", default_value = "text", help_heading = "Output")]
    pub format: AnswerFormat,
}
