//! The command line of `clearway explain`.

use clap::Args;

use super::{AnswerFormat, DeriveArgs, OutputArgs};

/// `clearway explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A host, a configuration key, a finding code, or a message of the app. Tried in this order: a
    /// known key, a code, a host, a message.
    #[arg(value_name = "HOST|KEY|TEXT")]
    pub question: String,

    /// Derivation. Without CONFIG and without a configuration on this device the rules alone answer.
    #[command(flatten)]
    pub derive: DeriveArgs,

    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,

    /// text: for reading; json: `clearway.explain/1`.
    #[arg(long, value_name = "NAME", default_value = "text", help_heading = "Output")]
    pub format: AnswerFormat,
}
