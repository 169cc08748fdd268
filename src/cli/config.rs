//! The command line of `clearway config`.

use clap::{Args, ValueEnum};

use super::{DeriveArgs, OutputArgs};

/// `clearway config`.
#[derive(Debug, Args)]
#[command(
    mut_arg("feature", |a| a.hide(true)),
    mut_arg("need", |a| a.hide(true)),
    mut_arg("minimal", |a| a.hide(true)),
    mut_arg("confidence", |a| a.hide(true))
)]
pub struct ConfigArgs {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub derive: DeriveArgs,

    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,

    /// text: for reading; json: for scripts; sarif, junit: findings for code hosts and build servers; mobileconfig, plist,
    /// reg, managed-json: a file to deploy.
    #[arg(long, value_name = "NAME", default_value = "text", help_heading = "Output")]
    pub format: ConfigFormat,

    /// Which half of the registry a .reg file writes to [default: hkcu, as the app exports it].
    #[arg(long, value_name = "HIVE", help_heading = "Output")]
    pub hive: Option<WriteHive>,

    /// Write the secrets themselves into a file to deploy. Without it each one is a mark that reads
    /// back as a secret that is set, so that the same hosts follow.
    #[arg(long, help_heading = "Output")]
    pub include_secrets: bool,

    /// Show arguments of programs, and paths, queries and fragments of addresses that may hold a token,
    /// in text and json. Keys and tokens themselves stay hidden. For your own eyes.
    #[arg(long, help_heading = "Output")]
    pub show_values: bool,

    /// Exit with 1 when there is an error or a warning.
    #[arg(long, help_heading = "Output")]
    pub strict: bool,
}

/// Renderings of `config`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConfigFormat {
    /// For reading.
    Text,
    /// `clearway.config/1`.
    Json,
    /// SARIF 2.1.0: the findings with their places.
    Sarif,
    /// A suite for each configuration, a case for each finding.
    Junit,
    /// A configuration profile for macOS.
    Mobileconfig,
    /// A managed-preferences property list for macOS.
    Plist,
    /// A registry file for Windows.
    Reg,
    /// managed-settings.json of Linux.
    ManagedJson,
}

/// `--hive`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WriteHive {
    /// HKEY_CURRENT_USER.
    Hkcu,
    /// HKEY_LOCAL_MACHINE.
    Hklm,
}
