//! The command line of `clearway man`.

use std::path::PathBuf;

use clap::Args;

/// `clearway man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write a page for the program and one for each subcommand into this folder, which must exist.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
