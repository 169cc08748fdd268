//! The command line: flags, their help, and their checks. No behaviour.

mod calls;
pub mod compare;
mod config;
pub mod file_format;
pub mod hosts;
pub mod inquiry;

pub use calls::CallArgs;
pub use config::{ConfigArgs, ConfigFormat, WriteHive};

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use hosts::{HostsFormat, ListKind};

use crate::contract::{AppVersion, Confidence, Need, Platform};
use inquiry::{Boundary, DiffArgs, ExplainArgs, RulesArgs};

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
        Exit codes: 0 fine (or only optional things are not), 1 a required host is blocked,\n\
        2 usage, or a configuration unreadable or incomplete, 3 a required host could not be tested."
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
        clearway hosts report.json --list inspection --format zscaler\n  \
        pbpaste | clearway hosts -")]
    Hosts(Box<HostsArgs>),
    /// Derive it, test every host from this device, and say who must change what.
    #[command(after_help = "Examples:\n  \
        clearway check profile.mobileconfig\n  \
        clearway check hosts.json --label Berlin --format json -o berlin.json\n  \
        clearway check profile.mobileconfig --dry-run       what would be sent\n  \
        clearway check --host gateway.example.com:8443 --host '[2001:db8::1]:443'\n  \
        clearway check profile.mobileconfig --with-credentials  up to an answer\n  \
        clearway check --replay berlin.json                 judge a saved run again")]
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
    Compare(Box<compare::CompareArgs>),
    /// Describe the rules: sources, app versions covered; check a rule pack given with --rules.
    Rules(RulesArgs),
}

/// Where the configuration comes from and how the list is derived.
#[derive(Debug, Args)]
pub struct DeriveArgs {
    /// Configuration files: .mobileconfig, plist, .reg, JSON, a configLibrary folder, a hosts
    /// document of this program, the app's diagnostic report (.zip), the saved output of
    /// `reg query … /s`, or `-` for standard input. Several are a union. None: the configuration
    /// applied on this device.
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

/// What of the list is wanted, and for whom it is derived.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Only this feature's group (repeatable), such as `inference` or `auto-updates`.
    #[arg(long, value_name = "ID", help_heading = "List")]
    pub feature: Vec<String>,

    /// Only hosts with this need (repeatable): required, feature, optional.
    #[arg(long, value_name = "NEED", help_heading = "List")]
    pub need: Vec<Need>,

    /// Only hosts that are really needed for this credential kind and platform; the default list
    /// also has what the app's own window would show.
    #[arg(long, help_heading = "List")]
    pub minimal: bool,

    /// Weakest confidence shown: documented, observed or inferred (all, the default). Naming
    /// `observed` or `inferred` also adds the observed rules that the default list leaves out.
    #[arg(long, value_name = "LEVEL", help_heading = "List")]
    pub confidence: Option<Confidence>,

    /// Platform to derive for: macos, windows, linux [default: what the file's format implies,
    /// else this machine's].
    #[arg(long, value_name = "OS", help_heading = "List")]
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

impl ListArgs {
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
    /// who runs this].
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
    /// Write to this file instead of standard output: whole, or not at all. Without --format, its
    /// extension (.json, .csv, .md, .html, …) names the format where this command has it.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Colour: auto, always, never (NO_COLOR and CLICOLOR_FORCE are honoured).
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: ColorWhen,

    /// Less: only the essentials.
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,

    /// More: every host with its stages.
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
}

/// `clearway hosts`.
#[derive(Debug, Args)]
pub struct HostsArgs {
    /// Derivation.
    #[command(flatten)]
    pub derive: DeriveArgs,

    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,

    /// perimeter: the firewall's list; sandbox: what sessions themselves may reach (formats text,
    /// plain, json).
    #[arg(long, value_name = "WHICH", default_value = "perimeter", help_heading = "List")]
    pub boundary: Boundary,

    /// text: for reading; txt: for the firewall team; plain: one host a line; json, csv, markdown;
    /// ticket: a change request; the others: what that firewall product loads.
    #[arg(long, value_name = "NAME", default_value = "text", help_heading = "Output")]
    pub format: HostsFormat,

    /// Which list: hosts to allow, or hosts to exempt from TLS inspection. The exemption takes a
    /// saved report of `clearway check` as CONFIG, and has only what that report proved.
    #[arg(long, value_name = "LIST", default_value = "allow", help_heading = "Firewall")]
    pub list: ListKind,

    /// Write entries too that in this product allow more than was asked, and say which they are.
    #[arg(long, help_heading = "Firewall")]
    pub allow_widening: bool,

    /// Leave out entries that this product cannot express, and say which they are.
    #[arg(long, help_heading = "Firewall")]
    pub omit_unsupported: bool,

    /// Write the list although errors of the configuration cost a required host; it is marked INCOMPLETE.
    #[arg(long, help_heading = "List")]
    pub allow_incomplete: bool,

    /// Hold an existing allowlist (plain or txt, URL list, squid.conf, FortiOS configuration) against
    /// what is needed; exit code 1 when a required host is missing. Formats: text, json.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "allow_widening", "omit_unsupported"], help_heading = "Firewall")]
    pub against: Option<PathBuf>,
}

/// `clearway check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Derivation.
    #[command(flatten)]
    pub derive: DeriveArgs,

    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,

    /// Calls with the credential.
    #[command(flatten)]
    pub calls: CallArgs,

    /// text: for reading; json: for scripts, comparison and replay; ticket: a request for each team
    /// that must change something.
    #[arg(long, value_name = "NAME", default_value = "text", help_heading = "Output")]
    pub format: CheckFormat,

    /// Mask user, device, label, addresses, and every name that is not the vendor's or a provider's;
    /// the report still replays to the same verdicts.
    #[arg(long, conflicts_with = "dry_run", help_heading = "Output")]
    pub share: bool,

    /// Test what is on the list although errors of the configuration cost a required host; the verdict is at
    /// best unknown.
    #[arg(long, help_heading = "List")]
    pub allow_incomplete: bool,

    /// Probe this host (repeatable). Without CONFIG only these are probed.
    #[arg(long, value_name = "NAME[:PORT]", help_heading = "Probe")]
    pub host: Vec<String>,

    /// Budget of one stage (DNS, TCP, TLS, HTTP), in seconds or like 2500ms.
    #[arg(long, value_name = "TIME", default_value = "4s", value_parser = duration, help_heading = "Probe")]
    pub timeout: Duration,

    /// Budget of the whole run.
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = duration, help_heading = "Probe")]
    pub deadline: Duration,

    /// Hosts probed at the same time.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=512), help_heading = "Probe")]
    pub concurrency: u16,

    /// Ask this DNS server instead of the operating system.
    #[arg(long, value_name = "IP[:PORT]", value_parser = resolver, help_heading = "Probe")]
    pub resolver: Option<SocketAddr>,

    /// Ask this DNS server too, for every name that is looked up, as a second opinion: a name that only
    /// this network hides is then told from one that does not exist. The server learns the names.
    #[arg(long, value_name = "IP[:PORT]", value_parser = resolver, help_heading = "Probe")]
    pub compare_dns: Option<SocketAddr>,

    /// Proxy: a URL for every host, `system` for the operating system's, `none` [default: as the
    /// app takes it: the configuration's keys, else the system's].
    #[arg(long, value_name = "URL|system|none", help_heading = "Probe")]
    pub proxy: Option<String>,

    /// Judge by these public roots instead of the bundled ones (private laboratories).
    #[arg(long, value_name = "PEM", help_heading = "Probe")]
    pub public_roots: Option<PathBuf>,

    /// Judge as if the device trusted these certificate authorities too.
    #[arg(long, value_name = "PEM", help_heading = "Probe")]
    pub device_ca: Option<PathBuf>,

    /// Ask no address outside the list. Without it, after failures and where no host at all proved
    /// itself on a direct way, the plain HTTP addresses by which operating systems find a sign-in page
    /// of the network are asked.
    #[arg(long, help_heading = "Probe")]
    pub no_controls: bool,

    /// Fetch the document of the configured bootstrap server first, without any credential, and check
    /// what the app would be left with. Not together with --with-credentials: what a server serves to
    /// anybody must not decide where a credential goes or which helper runs.
    #[arg(long, conflicts_with_all = ["bootstrap_response", "replay", "with_credentials"], help_heading = "Configuration")]
    pub bootstrap: bool,

    /// Download a part of a real file from the download host: rate, pauses, and whether a repeated
    /// part is the same [default size: 8MB].
    #[arg(
        long,
        value_name = "SIZE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "8MB",
        value_parser = size,
        conflicts_with = "replay",
        help_heading = "Probe"
    )]
    pub download_test: Option<u64>,

    /// Show every name, port, SNI and path that would be sent, and send nothing.
    #[arg(long, help_heading = "Probe")]
    pub dry_run: bool,

    /// Judge a saved JSON report again (`-`: from standard input); nothing is sent. The options that
    /// choose what is probed, and how, do not go with it.
    #[arg(long, value_name = "REPORT", conflicts_with_all = ["host", "dry_run", "with_credentials", "idle", "compare_dns", "config", "device_root", "user", "profile", "all_profiles", "bootstrap_response", "app_version", "platform", "offline_installer", "feature", "need", "minimal", "confidence", "timeout", "deadline", "concurrency", "resolver", "proxy", "public_roots", "device_ca", "no_controls"], help_heading = "Probe")]
    pub replay: Option<PathBuf>,

    /// Name of this run, such as the site it was made from.
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    pub label: Option<String>,

    /// When to exit with 1: a required host is blocked, any host is blocked, or never.
    #[arg(long, value_name = "WHICH", default_value = "required", help_heading = "Output")]
    pub fail_on: FailOn,
}

/// Renderings of `check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For reading.
    Text,
    /// `clearway.check/1`.
    Json,
    /// One request for each owner.
    Ticket,
}

/// `--fail-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A required host is blocked.
    Required,
    /// Any host is blocked.
    Any,
    /// Never, once a report was made.
    None,
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

/// Reads `4`, `4s`, `0.5s`, `2500ms` or `1m`; more than nothing, at most an hour.
fn duration(text: &str) -> Result<Duration, String> {
    let help = || format!("`{text}` is no length of time; write 4s, 2500ms or 1m");
    let (number, factor) = if let Some(n) = text.strip_suffix("ms") {
        (n, 0.001)
    } else if let Some(n) = text.strip_suffix('s') {
        (n, 1.0)
    } else if let Some(n) = text.strip_suffix('m') {
        (n, 60.0)
    } else {
        (text, 1.0)
    };
    let seconds = number.trim().parse::<f64>().map_err(|_| help())? * factor;
    if !(0.001..=3600.0).contains(&seconds) {
        return Err(format!("`{text}` is not between 1ms and 60m"));
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// Reads `8MB`, `500kB`, `1MiB` or a number of bytes; 64 kB to 1 GB.
fn size(text: &str) -> Result<u64, String> {
    let help = || format!("`{text}` is no size; write 8MB, 500kB or a number of bytes");
    let lower = text.trim().to_ascii_lowercase();
    let units = [
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("kb", 1000),
        ("mb", 1_000_000),
        ("k", 1000),
        ("m", 1_000_000),
        ("b", 1),
    ];
    let (number, factor) = units
        .iter()
        .find_map(|(unit, factor)| Some((lower.strip_suffix(unit)?, *factor)))
        .unwrap_or((&lower, 1));
    let bytes = number.trim().parse::<u64>().map_err(|_| help())?.checked_mul(factor).ok_or_else(help)?;
    if !(64_000..=1_000_000_000).contains(&bytes) {
        return Err(format!("`{text}` is not between 64kB and 1000MB"));
    }
    Ok(bytes)
}

/// Reads `IP`, `IP:PORT` or `[v6]:PORT`; port 53 where none is given.
fn resolver(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(address);
    }
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>()
        .map(|ip| SocketAddr::new(ip, 53))
        .map_err(|_| format!("`{text}` is no address of a DNS server; write 192.0.2.53 or 192.0.2.53:5353"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn lengths_of_time_are_read_in_the_usual_spellings() {
        for (text, ms) in [("4", 4000), ("4s", 4000), ("0.5s", 500), ("2500ms", 2500), ("1m", 60_000)] {
            assert_eq!(duration(text).map(|d| d.as_millis()), Ok(ms), "{text}");
        }
        for bad in ["", "0", "-1s", "abc", "2h", "NaN", "inf", "1e9"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_are_read_in_the_usual_spellings() {
        for (text, bytes) in [("8MB", 8_000_000), ("500kB", 500_000), ("1MiB", 1_048_576), ("65536", 65_536)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for bad in ["", "8GB", "1", "-8MB", "2000MB", "99999999999999999999MB"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_resolver_has_port_53_unless_it_says_otherwise() {
        assert_eq!(resolver("192.0.2.53").map(|a| a.to_string()), Ok("192.0.2.53:53".into()));
        assert_eq!(resolver("[2001:db8::1]:54").map(|a| a.to_string()), Ok("[2001:db8::1]:54".into()));
        assert_eq!(resolver("2001:db8::1").map(|a| a.to_string()), Ok("[2001:db8::1]:53".into()));
        assert!(resolver("dns.example").is_err());
    }
}
