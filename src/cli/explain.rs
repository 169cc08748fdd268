//! The command line of `clearway explain`.

use clap::Args;

use super::{AnswerFormat, DeriveArgs, OutputArgs};

/// `clearway explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A host, a configuration key, a finding code, or a message: of the app, its engine, the network
    /// libraries, the operating system or the provider. A text that is nothing but an address is a host;
    /// in a message the address is judged too. A text that is not known ends with exit code 1.
    #[arg(value_name = "HOST|KEY|TEXT", allow_negative_numbers = true)]
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
