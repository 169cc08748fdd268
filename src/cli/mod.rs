//! The command line: one file for each subcommand; what several share is here. No behaviour.

mod check;
mod compare;
mod completions;
mod config;
mod device;
mod diff;
mod explain;
mod fleet;
mod hosts;
pub mod line;
mod logs;
mod man;
mod rules;
pub mod version;

pub use check::{CallArgs, CheckArgs, FailOn, FormatTo};
pub use compare::{CompareArgs, CompareFormat, CompareSort};
pub use completions::CompletionsArgs;
pub use config::{ConfigArgs, ConfigFormat, WriteHive};
pub use device::{DeviceArgs, DeviceFormat};
pub use diff::{DiffArgs, Versions};
pub use explain::ExplainArgs;
pub use fleet::{FleetArgs, FleetFormat, Since};
pub use hosts::{Boundary, HostsArgs, HostsFormat, ListKind};
pub use logs::{LogsArgs, LogsFormat, When};
pub use man::ManArgs;
pub use rules::RulesArgs;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::check::Inputs;
use crate::config::Profiles;
use crate::config::device::Device;
use crate::contract::{AppVersion, Confidence, Need, Platform};
use crate::derive;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    term_width = 80,
    name = "clearway",
    version,
    propagate_version = false,
    arg_required_else_help = true,
    about = "The exact firewall allowlist of Claude Desktop on third-party inference, and proof of what is in the way.",
    after_help = "Examples:\n  \
        clearway hosts profile.mobileconfig            the allowlist, by feature\n  \
        clearway hosts policy.reg --format txt         for the firewall team\n  \
        clearway check profile.mobileconfig            test every host from here\n  \
        clearway check --host gateway.example.com:8443 test one host\n  \
        clearway config profile.mobileconfig           what it sets, what is wrong\n\n\
        Exit codes: 0 fine (or only optional things are not), 1 a required host is\n\
        blocked, 2 usage, or a configuration unreadable or incomplete, 3 a required host\n\
        could not be tested, 4 no configuration on this device.\n\n\
        Options are also read from the environment, CLEARWAY_TIMEOUT=8s is --timeout 8s;\n\
        not those that send or show a credential, nor --otlp, --replay and --watch."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Derive the allowlist from a configuration, grouped by feature.
    #[command(after_help = "Examples:\n  \
        clearway hosts profile.mobileconfig\n  \
        clearway hosts managed-settings.json --minimal --format plain\n  \
        clearway hosts pilot.json rollout.reg --format txt -o hosts.txt\n  \
        clearway hosts profile.mobileconfig --format paloalto -o clearway.set\n  \
        clearway hosts profile.mobileconfig --against squid.conf  what it lacks\n  \
        clearway hosts profile.mobileconfig --delta squid.conf  only that, for Squid\n  \
        clearway hosts report.json --list inspection --format zscaler\n  \
        pbpaste | clearway hosts -\n\n\
        Exit codes: 0 done, 1 --against lacks a required host, 2 usage, configuration or\n\
        list, 3 --against lets one through on a condition only, 4 no configuration here.")]
    Hosts(Box<HostsArgs>),
    /// Test every host that the app needs from this device, and say who must change what.
    #[command(after_help = "Examples:\n  \
        clearway check profile.mobileconfig\n  \
        clearway check hosts.json --label Berlin --format json -o berlin.json\n  \
        clearway check profile.mobileconfig --dry-run       what would be sent\n  \
        clearway check c.json --format text --format json=r.json --format junit=r.xml\n  \
        clearway check --host gateway.example.com:8443 --host '[2001:db8::1]:443'\n  \
        clearway check profile.mobileconfig --with-credentials  up to an answer\n  \
        clearway check --replay berlin.json                 judge a saved run again\n  \
        clearway check profile.mobileconfig --watch         every minute, until Ctrl-C\n\n\
        Exit codes: 0 ready or degraded, 1 a required host is blocked or a promise of\n\
        --expect is unmet, 2 usage or configuration, 3 a required host was not tested, 4 no configuration here.")]
    Check(Box<CheckArgs>),
    /// Show the configuration in effect, every key with its place, and what is wrong with it; or write
    /// it as a file to deploy.
    #[command(after_help = "Examples:\n  \
        clearway config profile.mobileconfig\n  \
        clearway config policy.reg --strict      exit 1 on any error or warning\n  \
        clearway config settings.json --format reg --hive hklm -o policy.reg\n  \
        clearway config profile.mobileconfig --format managed-json --include-secrets")]
    Config(Box<ConfigArgs>),
    /// Say why a host is on the list or not, what a key adds and removes, what a message means.
    #[command(after_help = "Examples:\n  \
        clearway explain updates.example.com profile.mobileconfig\n  \
        clearway explain disableAutoUpdates      what each value changes\n  \
        clearway explain tls/sni-reset           what a finding code means\n  \
        clearway explain \"Unable to verify if domain\"   a message of the app")]
    Explain(Box<ExplainArgs>),
    /// Compare two configurations, one at two app versions, or two reports of `check`.
    #[command(after_help = "Examples:\n  \
        clearway diff old.mobileconfig new.mobileconfig\n  \
        clearway diff profile.mobileconfig --app-version 1.52386.0..2.19675.0\n  \
        clearway diff before.json after.json     two reports: what was fixed")]
    Diff(Box<DiffArgs>),
    /// One table of many reports of `check`: hosts by sites or devices.
    #[command(after_help = "Examples:\n  \
        clearway compare berlin.json paris.json tokyo.json\n  \
        clearway compare sites/*.json --differing --sort worst\n  \
        clearway compare sites/*.json --format csv -o sites.csv")]
    Compare(Box<CompareArgs>),
    /// Add up any number of saved reports: what is broken how often, where, and who owns it.
    #[command(after_help = "Examples:\n  \
        clearway fleet reports/                  every report below a folder\n  \
        clearway fleet reports/ --since 7d --by site\n  \
        clearway fleet reports/ --format csv -o causes.csv\n  \
        cat */*.ndjson | clearway fleet -        one report on each line")]
    Fleet(FleetArgs),
    /// Read the logs of the app, its engine and its workspace: each known message with its time, its host,
    /// what it means and who fixes it.
    #[command(after_help = "Examples:\n  \
        clearway logs                            the logs of this device\n  \
        clearway logs diagnostic-report.zip      what a user sent\n  \
        clearway logs main.log --since 2026-10-03\n  \
        clearway check profile.mobileconfig --log main.log  beside a run")]
    Logs(Box<LogsArgs>),
    /// Look at this device itself: what keeps the app from starting, resolving, trusting or reaching.
    /// Nothing is changed, nothing is sent, and no further right is asked for.
    #[command(after_help = "Examples:\n  \
        clearway device                          this device, for the user who runs this\n  \
        clearway device profile.mobileconfig     with the hosts of this configuration\n  \
        clearway device --format json -o device.json\n  \
        clearway device --replay device.json     judge a saved report again\n  \
        clearway device --device-root copy --platform windows --user ann")]
    Device(Box<DeviceArgs>),
    /// Describe the rules: sources, app versions covered; check a rule pack given with --rules.
    Rules(RulesArgs),
    /// Print what a shell needs to complete this command line.
    #[command(after_help = "Examples:\n  \
        clearway completions bash > ~/.local/share/bash-completion/completions/clearway\n  \
        clearway completions zsh > ~/.zfunc/_clearway\n  \
        clearway completions fish > ~/.config/fish/completions/clearway.fish\n  \
        clearway completions powershell >> $PROFILE")]
    Completions(CompletionsArgs),
    /// Print the manual page, or write one page for each subcommand.
    #[command(after_help = "Examples:\n  \
        clearway man | man -l -                  read it\n  \
        clearway man --dir /usr/local/share/man/man1  install all pages")]
    Man(ManArgs),
}

/// Where the configuration comes from and how the list is derived.
#[derive(Debug, Args)]
pub struct DeriveArgs {
    /// Configuration files, or `-` for standard input. Several are a union. None: the configuration
    /// applied on this device.
    ///
    /// .mobileconfig, plist, .reg, JSON, a configLibrary folder, a hosts document of this program, the
    /// app's diagnostic report (.zip), the saved output of `reg query … /s`, and more: what a file is, its
    /// content says, never its name.
    #[arg(value_name = "CONFIG")]
    pub config: Vec<String>,

    /// Where the configuration comes from.
    #[command(flatten)]
    pub source: SourceArgs,

    /// What of the list is wanted.
    #[command(flatten)]
    pub list: ListArgs,

    /// App version to derive for [default: that of the app installed on the device whose configuration
    /// is read, where it can be told; else the newest one the rules know].
    #[arg(long, value_name = "V", help_heading = "List")]
    pub app_version: Option<AppVersion>,
}

impl DeriveArgs {
    /// What the flags name.
    pub fn inputs(&self) -> Inputs {
        let source = &self.source;
        Inputs {
            configurations: self.config.clone(),
            device: Device {
                platform: self.list.platform.unwrap_or_else(Platform::here),
                root: source.device_root.clone(),
                user: source.user.clone(),
            },
            profiles: match source.profile.as_slice() {
                [] if source.all_profiles => Profiles::All,
                [] => Profiles::Applied,
                names => Profiles::Named(names.to_vec()),
            },
            bootstrap_response: source.bootstrap_response.clone(),
            list: derive::Options { app_version: self.app_version.clone(), ..self.list.options() },
            ..Inputs::default()
        }
    }
}

/// What of the list is wanted, and for whom it is derived.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Only this feature's group (repeatable), such as `inference` or `auto-updates`.
    #[arg(long, value_name = "ID", help_heading = "List")]
    pub feature: Vec<String>,

    /// Only hosts with this need (repeatable): required, feature, optional.
    #[arg(long, value_name = "NEED", help_heading = "List")]
    pub need: Vec<Need>,

    /// Only hosts that are really needed for this credential kind and platform.
    ///
    /// The default list also has what the app's own window would show.
    #[arg(long, help_heading = "List")]
    pub minimal: bool,

    /// Weakest confidence shown: documented, observed or inferred (all, the default). Naming
    /// `observed` or `inferred` also adds the observed rules that the default list leaves out.
    #[arg(long, value_name = "LEVEL", help_heading = "List")]
    pub confidence: Option<Confidence>,

    /// Platform to derive for: macos, windows, linux.
    ///
    /// [default: what the file's format implies, else this machine's]
    #[arg(long, value_name = "OS", value_parser = platform, help_heading = "List")]
    pub platform: Option<Platform>,

    /// The offline installer is used: the workspace components are not downloaded.
    #[arg(long, help_heading = "List")]
    pub offline_installer: bool,

    /// The vendor's admin console manages the device: the app fetches its configuration there.
    #[arg(long, help_heading = "List")]
    pub admin_console: bool,

    /// Read the rule pack from this folder instead of the one built in.
    #[arg(long, value_name = "DIR", help_heading = "List")]
    pub rules: Option<PathBuf>,
}

/// Reads the name of a platform, in any case and as other tools spell it.
fn platform(text: &str) -> Result<Platform, crate::contract::UnknownWord> {
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "mac" | "osx" | "darwin" => Ok(Platform::Macos),
        "win" | "win32" | "win64" => Ok(Platform::Windows),
        word => word.parse(),
    }
}

impl ListArgs {
    /// The flags as options of a derivation.
    pub fn options(&self) -> derive::Options {
        derive::Options {
            app_version: None,
            platform: self.platform,
            offline_installer: self.offline_installer,
            admin_console: self.admin_console,
            minimal: self.minimal,
            include_observed: self.confidence.is_some_and(|c| c >= Confidence::Observed),
            confidence: self.confidence.unwrap_or(Confidence::Inferred),
            features: self.feature.clone(),
            needs: self.need.clone(),
        }
    }

    /// Whether hosts are left out that this configuration uses.
    pub fn selects(&self) -> bool {
        !self.feature.is_empty() || !self.need.is_empty() || self.confidence.is_some()
    }

    /// Whether only a part of the list is asked for.
    pub fn narrows(&self) -> bool {
        !self.feature.is_empty() || !self.need.is_empty() || self.minimal || self.confidence.is_some()
    }
}

/// Where the configuration comes from, besides CONFIG.
#[derive(Debug, Default, Args)]
pub struct SourceArgs {
    /// Only this entry of a configLibrary (repeatable: a union).
    #[arg(long, value_name = "NAME", conflicts_with = "all_profiles", help_heading = "Configuration")]
    pub profile: Vec<String>,

    /// Every entry of a configLibrary: the union, each host saying which profiles need it.
    #[arg(long, help_heading = "Configuration")]
    pub all_profiles: bool,

    /// Whose preferences, registry hive and home folder are read on the device [default: the user
    /// who runs this]. `@console` is the user at the screen.
    #[arg(long, value_name = "NAME", conflicts_with = "config", help_heading = "Configuration")]
    pub user: Option<String>,

    /// Read a collected copy of a device instead of this one; its files stand where they stood, the
    /// registry as `reg export` or `reg query … /s` files HKLM.reg/.txt and HKCU.reg/.txt. Needs
    /// --platform.
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with = "config",
        requires = "platform",
        help_heading = "Configuration"
    )]
    pub device_root: Option<PathBuf>,

    /// A saved response of the bootstrap server, laid over the configuration as the app does.
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    pub bootstrap_response: Option<String>,
}

/// How output is written.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Write to this file instead of standard output: whole, or not at all.
    ///
    /// Without --format, its extension (.json, .csv, .md, .html, .txt, …) names the format where this command has it.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Colour: auto, always, never (NO_COLOR, CLICOLOR and FORCE_COLOR are honoured).
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: ColorWhen,

    /// Less: only the essentials.
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,

    /// More: every host with its stages.
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless the environment says otherwise.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Renderings of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnswerFormat {
    /// For reading.
    Text,
    /// For scripts.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        line::command().debug_assert();
    }

    #[test]
    fn a_platform_is_read_as_people_write_it() {
        for (text, is) in [
            ("windows", Platform::Windows),
            ("Windows", Platform::Windows),
            ("win", Platform::Windows),
            ("macOS", Platform::Macos),
            ("mac", Platform::Macos),
            ("darwin", Platform::Macos),
            ("LINUX", Platform::Linux),
        ] {
            assert_eq!(platform(text), Ok(is), "{text}");
        }
        assert!(platform("solaris").is_err());
    }
}
