//! The command line of `clearway hosts`.

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::{DeriveArgs, OutputArgs};
use crate::firewall;

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

    /// text: for reading; txt: for the firewall team; plain: one host a line; json, csv, markdown; html: one
    /// page with reasons and sources;
    /// ticket: a change request; networks: fixed networks that owners of hosts document; the others:
    /// what that firewall product loads. With plain and paloalto-urls, -o FOLDER/ writes one list for each port.
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

    /// Hold an existing allowlist (lines, a table, a URL list, squid.conf, FortiOS, PAN-OS, a template) against what is
    /// needed; exit code 1 when a required host is missing, 2 when the list was not understood, 3 when a
    /// required host depends on what the list does not say. Formats: text, json.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "allow_widening", "omit_unsupported"], help_heading = "Firewall")]
    pub against: Option<PathBuf>,

    /// Write only what an existing list lacks, in the form of its product (or of --format), and what of it can go: as
    /// commands for objects of --name, otherwise as comments or on standard error.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "against"], help_heading = "Firewall")]
    pub delta: Option<PathBuf>,

    /// The format of the list of --against or --delta, where its content does not say it: plain, txt, csv, paloalto-urls,
    /// zscaler, umbrella, netskope, aws, dns, or another format of a product.
    #[arg(long, value_name = "FORMAT", help_heading = "Firewall")]
    pub against_as: Option<String>,

    /// Begin the names of all objects with NAME instead of `clearway`, so that two lists can stand beside
    /// each other on one firewall. A letter first, then letters, digits, hyphens, at most 16.
    #[arg(long, value_name = "NAME", default_value = "clearway", value_parser = object_name, help_heading = "Firewall")]
    pub name: String,

    /// The table of nftables that the sets and the chain go into: the one of your forward chain, since an accept in
    /// one table is overruled by a drop in another.
    #[arg(long, value_name = "TABLE", default_value = "inet filter", value_parser = table, help_heading = "Firewall")]
    pub table: String,

    /// Only hosts on this port: one list for each port, where a product needs it. With --against the port that a
    /// list without ports goes with.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Firewall")]
    pub port: Option<u16>,
}

/// The boundary that `hosts` lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Boundary {
    /// The organisation's firewall.
    Perimeter,
    /// The app's own sandbox, in which sessions run.
    Sandbox,
}

/// Renderings of `hosts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostsFormat {
    /// For reading.
    Text,
    /// For the firewall team.
    Txt,
    /// Bare sorted lines.
    Plain,
    /// `clearway.hosts/1`.
    Json,
    /// One row per host and feature.
    Csv,
    /// Tables.
    Markdown,
    /// One page for the team that approves the list.
    Html,
    /// A change request.
    Ticket,
    /// Networks that the owners of hosts document as fixed.
    Networks,
    /// Names that a filter of macOS compares: refused with the reason.
    MacosContentFilter,
    /// What a firewall product loads.
    Firewall(firewall::Format),
}

impl HostsFormat {
    const OURS: [(Self, &'static str); 10] = [
        (Self::Text, "text"),
        (Self::Txt, "txt"),
        (Self::Plain, "plain"),
        (Self::Json, "json"),
        (Self::Csv, "csv"),
        (Self::Markdown, "markdown"),
        (Self::Html, "html"),
        (Self::Ticket, "ticket"),
        (Self::Networks, "networks"),
        (Self::MacosContentFilter, "macos-content-filter"),
    ];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firewall(format) => format.as_str(),
            own => Self::OURS.iter().find(|(f, _)| *f == own).map_or("", |(_, word)| word),
        }
    }
}

impl ValueEnum for HostsFormat {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: LazyLock<Vec<HostsFormat>> = LazyLock::new(|| {
            let ours = HostsFormat::OURS.iter().map(|(format, _)| *format);
            // Refused, so not proposed; who asks for it gets the reason.
            ours.chain(firewall::Format::ALL.iter().map(|f| HostsFormat::Firewall(*f))).collect()
        });
        ALL.as_slice()
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()).hide(*self == Self::MacosContentFilter))
    }
}

/// `--list`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListKind {
    /// Hosts to let through.
    Allow,
    /// Hosts to exempt from TLS inspection, as a report of `check` proved them.
    Inspection,
}

fn table(text: &str) -> Result<String, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let sound = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    match words.as_slice() {
        ["inet", name] if sound(name) => Ok(format!("inet {name}")),
        _ => {
            Err("write a table of the family inet as `nft list tables` shows it, such as 'inet filter' or 'inet fw4'"
                .into())
        }
    }
}

fn object_name(text: &str) -> Result<String, String> {
    let sound = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with('-')
        && text.len() <= 16
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if sound {
        return Ok(text.to_owned());
    }
    Err("write a letter, then letters, digits and hyphens, at most 16 characters, and no hyphen at the end: every product takes such a name".into())
}
