//! The command line of `clearway check`.

mod watch;

use std::ffi::OsStr;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, ValueEnum};

use super::{DeriveArgs, OutputArgs};
use crate::contract::{DownloadTest, HostPattern};
use crate::document::check::is_tag;
use crate::report::check::{FORMATS, Format};

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

    /// How the report is written (repeatable): NAME to standard output or -o, NAME=FILE to a file of its own.
    ///
    /// So one run is written in several formats.
    #[arg(long, value_name = "NAME[=FILE]", default_value = FORMATS[0].name, value_parser = FormatTo::parser(), help_heading = "Output")]
    pub format: Vec<FormatTo>,

    /// Show the page of --format html in the browser of this device.
    #[arg(long, conflicts_with_all = ["dry_run", "vm_script"], help_heading = "Output")]
    pub open: bool,

    /// Mask user, device, label, addresses, and every name that is not the vendor's or a provider's.
    ///
    /// The report still replays to the same verdicts.
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

    /// A proxy for every host: its URL, `system`, or `none` [default: as the app takes it].
    ///
    /// `system` is the operating system's. The app takes the configuration's keys, else the system's.
    #[arg(long, value_name = "URL|system|none", help_heading = "Probe")]
    pub proxy: Option<String>,

    /// Judge by these public roots instead of the bundled ones (private laboratories).
    #[arg(long, value_name = "PEM", help_heading = "Probe")]
    pub public_roots: Option<PathBuf>,

    /// Judge as if the device trusted these certificate authorities too.
    #[arg(long, value_name = "PEM", help_heading = "Probe")]
    pub device_ca: Option<PathBuf>,

    /// Ask no address outside the list. Without it, after failures and where no host at all proved
    /// itself on a direct route, the plain HTTP addresses by which operating systems find a sign-in page
    /// of the network are asked.
    #[arg(long, help_heading = "Probe")]
    pub no_controls: bool,

    /// Fetch the document of the configured bootstrap server first, without any credential, and check
    /// what the app would be left with. Not together with --with-credentials: what a server serves to
    /// anybody must not decide where a credential goes or which helper runs.
    #[arg(long, conflicts_with_all = ["bootstrap_response", "replay", "with_credentials"], help_heading = "Configuration")]
    pub bootstrap: bool,

    /// Download a part of a real file from the download host: rate, pauses, and whether a repeated
    /// part is the same (8 MB). With an amount (500KB, 8MB, 2GB) or a time (60s, 5m): whole files, one
    /// connection after another, held against the checksum that the host publishes; the deadline grows by
    /// that time, or by what the amount takes at 600 kB/s.
    #[arg(
        long,
        value_name = "AMOUNT|TIME",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = DownloadTest::SAMPLE,
        value_parser = DownloadTest::parse,
        conflicts_with = "replay",
        help_heading = "Probe"
    )]
    pub download_test: Option<DownloadTest>,

    /// Find the hop at which this host of the list is stopped (repeatable); without HOST one of each cause.
    ///
    /// Connections and ClientHellos with small hop limits (TTL) show how far their packets get. Without a name,
    /// `--trace` stands last or before another option, and one blocked host of each cause is traced. Takes up to 26 s
    /// beyond the deadline.
    #[arg(long, value_name = "HOST", num_args = 0..=1, default_missing_value = "", conflicts_with = "replay", help_heading = "Probe")]
    pub trace: Vec<String>,

    /// Repeat the check [every 60 s] and report each change, until Ctrl-C.
    ///
    /// The least is 5 seconds. Each change has its time: as text, or with --format ndjson as one object a line. At the end
    /// stands what the rounds come to for each host.
    ///
    /// A round begins that long after the one before began, and never before that has ended. Each host gets the app's
    /// own attempt in every round; experiments are made where something fails, and again after 1, 2, 4, 8 … rounds or
    /// when it changes. The configuration is read once. --format NAME=FILE writes the report of the last round.
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "60s",
        value_parser = interval,
        help_heading = "Probe"
    )]
    pub watch: Option<Duration>,

    /// End the watch after so many rounds.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), requires = "watch", help_heading = "Probe")]
    pub watch_rounds: Option<u64>,

    /// Show every name, port, SNI and path that would be sent, and send nothing.
    #[arg(long, help_heading = "Probe")]
    pub dry_run: bool,

    /// Judge a saved JSON report again (`-`: from standard input); nothing is sent.
    ///
    /// The options that choose what is probed, and how, do not go with it.
    #[arg(long, value_name = "REPORT", conflicts_with_all = ["host", "dry_run", "with_credentials", "idle", "compare_dns", "config", "device_root", "user", "profile", "all_profiles", "bootstrap_response", "app_version", "platform", "offline_installer", "feature", "need", "minimal", "confidence", "timeout", "deadline", "concurrency", "resolver", "proxy", "public_roots", "device_ca", "no_controls"], help_heading = "Probe")]
    pub replay: Option<PathBuf>,

    /// Print a script to paste into a session of the sandbox's own machine, and send nothing: this device's
    /// connections say nothing of that machine's network. It asks the hosts that the machine contacts, with
    /// curl or Node, and holds nothing secret.
    #[arg(long, conflicts_with_all = ["dry_run", "vm_result", "format"], help_heading = "Sandbox")]
    pub vm_script: bool,

    /// What that script printed (`-`: from standard input), as the observations of the sandbox's own
    /// machine; also with --replay.
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run", help_heading = "Sandbox")]
    pub vm_result: Option<PathBuf>,

    /// Hold this log of the app beside the run (repeatable): a file, a folder, or the app's diagnostic
    /// report. Each host says whether the log has the same error, another one, or errors of a host that
    /// this run reaches. Nothing more is sent.
    #[arg(long, value_name = "PATH", conflicts_with = "dry_run", help_heading = "Output")]
    pub log: Vec<String>,

    /// Hold the run against what the network team promises of the hosts: a TOML file (`--format expect` makes a first
    /// one; `-`: from standard input), also with --replay. Each promise is met, unmet or untested; an unmet one
    /// ends with 1.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "vm_script"], help_heading = "Output")]
    pub expect: Option<PathBuf>,

    /// Leave out what `clearway device` finds on this device. It is looked at beside the probes where no
    /// CONFIG is named, and nothing is sent for it.
    #[arg(long, help_heading = "Output")]
    pub no_device: bool,

    /// Name of this run, such as the site it was made from.
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    pub label: Option<String>,

    /// Something to group runs by in `clearway fleet`, such as site=berlin (repeatable).
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag, help_heading = "Output")]
    pub tag: Vec<(String, String)>,

    /// Send the result to a collector of the team's own, by OTLP/HTTP: metrics as --format prometheus has them, and a log record for
    /// the verdict and each thing to do.
    ///
    /// URL is the base, to which /v1/metrics and /v1/logs are added: https, or http to a loopback address. Headers are
    /// taken from OTEL_EXPORTER_OTLP_HEADERS. It is sent after the run, directly, within 5 s; with --replay the saved
    /// run. Verdict and exit code do not depend on it.
    #[arg(long, value_name = "URL", conflicts_with = "vm_script", help_heading = "Output")]
    pub otlp: Option<String>,

    /// With --format json: one short line for `clearway fleet`, without what a replay needs.
    #[arg(long, conflicts_with = "dry_run", help_heading = "Output")]
    pub compact: bool,

    /// When to exit with 1: a required host is blocked, any host is blocked, or never.
    #[arg(long, value_name = "WHICH", default_value = "required", help_heading = "Output")]
    pub fail_on: FailOn,
}

/// `NAME` or `NAME=FILE`.
#[derive(Debug, Clone)]
pub struct FormatTo {
    /// The format.
    pub format: Format,
    /// Its own file; without one it goes to `-o` or standard output.
    pub file: Option<PathBuf>,
}

impl FormatTo {
    /// What reads one off the command line, and lists the formats for help and completions.
    pub fn parser() -> impl TypedValueParser<Value = Self> {
        FormatParser
    }
}

/// The name and, where there is one, the file in a value. `-` is standard output, as everywhere.
fn parts(value: &str) -> (&str, Option<&str>) {
    match value.split_once('=') {
        Some((name, "-")) => (name, None),
        Some((name, file)) => (name, Some(file)),
        None => (value, None),
    }
}

#[derive(Debug, Clone)]
struct FormatParser;

impl TypedValueParser for FormatParser {
    type Value = FormatTo;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<FormatTo, clap::Error> {
        let error = |kind| {
            let mut error = clap::Error::new(kind).with_cmd(command);
            if let Some(argument) = argument {
                error.insert(ContextKind::InvalidArg, ContextValue::String(argument.to_string()));
            }
            error
        };
        let text = value.to_str().ok_or_else(|| error(ErrorKind::InvalidUtf8))?;
        let (name, file) = parts(text);
        let Some(format) = FORMATS.iter().find(|f| f.name == name) else {
            let mut error = error(ErrorKind::InvalidValue);
            let names = FORMATS.iter().map(|f| f.name.to_owned()).collect();
            error.insert(ContextKind::InvalidValue, ContextValue::String(name.to_owned()));
            error.insert(ContextKind::ValidValue, ContextValue::Strings(names));
            let near = FORMATS.iter().map(|f| (strsim::jaro(f.name, name), f.name));
            if let Some((_, near)) = near.filter(|(how, _)| *how > 0.7).max_by(|a, b| a.0.total_cmp(&b.0)) {
                error.insert(ContextKind::SuggestedValue, ContextValue::String(near.to_owned()));
            }
            return Err(error);
        };
        if file == Some("") {
            let option = argument.map_or_else(|| "--format".to_owned(), ToString::to_string);
            return Err(clap::Error::raw(
                ErrorKind::ValueValidation,
                format!(
                    "invalid value '{text}' for '{option}': no file is named after the `=`; write --format \
                     {name}=FILE, or --format {name} for standard output or -o\n"
                ),
            )
            .with_cmd(command));
        }
        Ok(FormatTo { format: *format, file: file.map(PathBuf::from) })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(FORMATS.iter().map(|f| PossibleValue::new(f.name).help(f.help))))
    }
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

/// A key and its value.
fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    if !is_tag(key, value) {
        return Err(format!(
            "`{text}` is no tag; write KEY=VALUE, the key of letters, digits, `_`, `-` and `.`"
        ));
    }
    Ok((key.to_owned(), value.to_owned()))
}

/// One host: a name or an address.
fn credential_host(text: &str) -> Result<HostPattern, String> {
    let host: HostPattern = text.parse().map_err(|e: crate::contract::BadHost| {
        format!("{}; write a name or an address, without scheme and port", e.reason)
    })?;
    if host.is_wildcard() {
        return Err("a wildcard covers hosts that nobody looked at; name each host".to_owned());
    }
    Ok(host)
}

/// What `check` does with the configured credential. Without the first flag none is ever sent.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// Send the configured credential to the inference host, up to an answer of a model.
    ///
    /// Its models are listed, then one model is asked for at most 64 streamed output tokens, which the
    /// account pays for. It goes only where the public roots accept the certificate, to your own host by a private authority that inspects
    /// nothing here, or to a loopback address.
    #[arg(long, help_heading = "Credential")]
    pub with_credentials: bool,

    /// Run the configured credential helper (or credential_process) to get the credential.
    #[arg(long, requires = "with_credentials", help_heading = "Credential")]
    pub run_helpers: bool,

    /// A credential of this device's account (AWS profile, Google credentials, what a helper prints)
    /// may go to this host too. Without it, such a credential goes to the provider's own hosts alone,
    /// whatever host the configuration names. May be repeated.
    #[arg(long, value_name = "NAME", value_parser = credential_host, requires = "with_credentials", help_heading = "Credential")]
    pub credential_host: Vec<HostPattern>,

    /// Your own inference host is signed by this authority: the credential may go there.
    #[arg(long, value_name = "PEM", requires = "with_credentials", help_heading = "Credential")]
    pub expect_ca: Option<PathBuf>,

    /// The credential may go through TLS inspection that this device trusts.
    #[arg(long, requires = "with_credentials", help_heading = "Credential")]
    pub trust_interception: bool,

    /// Leave a connection to the inference host quiet for so long, then use it; the deadline grows
    /// by as much. Sends no credential.
    #[arg(long, value_name = "SECONDS", value_parser = duration, help_heading = "Probe")]
    pub idle: Option<Duration>,
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

/// Least time from the begin of one round to the next.
const LEAST_INTERVAL: Duration = Duration::from_secs(5);

/// Reads the interval of a watch, as [`duration`] with a bound below.
fn interval(text: &str) -> Result<Duration, String> {
    let read = duration(text).map_err(|_| {
        format!("`{text}` is no interval between 5s and 60m; write --watch=60, --watch=5m, or --watch alone")
    })?;
    if read < LEAST_INTERVAL {
        return Err(format!(
            "`{text}` is too often: every round asks each host again, so the least is 5 seconds; write --watch=5"
        ));
    }
    Ok(read)
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
    fn an_interval_has_a_bound_below() {
        assert_eq!(interval("5").map(|d| d.as_secs()), Ok(5));
        assert_eq!(interval("5m").map(|d| d.as_secs()), Ok(300));
        for bad in ["4.9", "0", "1ms", "", "x", "61m"] {
            assert!(interval(bad).is_err(), "{bad}");
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
