//! The command line of `clearway completions`.

use clap::Args;
use clap_complete::Shell;

/// `clearway completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell: bash, zsh, fish, powershell or elvish.
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    pub shell: Shell,
}
