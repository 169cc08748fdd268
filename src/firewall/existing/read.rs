//! What a reader makes of an existing allowlist, and how the format is recognised.

use std::net::IpAddr;

use super::super::intent::Names;
use super::super::{Format, HEAD};
use super::access::Gate;
use super::{
    azure, dnsmasq, fortigate, json, lines, objects, panos, quote, scripts, squid, suricata, table, terraform,
};
use crate::contract::words;
use crate::derive::HostPattern;
use crate::rules::firewalls::Firewalls;

words! {
    /// How a list is written.
    Dialect {
        /// One host a line; `#` begins a comment; no port means 443.
        Plain = "plain",
        /// One URL pattern a line, as PAN-OS has it; it goes with one port.
        UrlList = "url-list",
        /// Rows with a column of hosts.
        Csv = "csv",
        /// squid.conf.
        Squid = "squid",
        /// FortiOS configuration.
        Fortigate = "fortigate",
        /// PAN-OS configuration: set commands, braces or XML.
        Paloalto = "paloalto",
        /// Lines of a URL category of Zscaler.
        Zscaler = "zscaler",
        /// Lines of a destination list of Umbrella.
        Umbrella = "umbrella",
        /// Lines of a domain list of AWS Network Firewall.
        Aws = "aws-network-firewall",
        /// Names on a DNS filter: no ports.
        Dns = "dns",
        /// dnsmasq configuration with nftset lines.
        Dnsmasq = "dnsmasq-nftset",
        /// A `clearway.hosts/1` document.
        Hosts = "json",
        /// Targets of Prometheus.
        Prometheus = "prometheus",
        /// A template of Azure Firewall.
        Azure = "azure-firewall",
        /// A CloudFormation template of AWS Network Firewall.
        AwsTemplate = "aws-template",
        /// Terraform of Azure Firewall.
        TerraformAzure = "terraform-azure-firewall",
        /// Terraform of AWS Network Firewall.
        TerraformAws = "terraform-aws-network-firewall",
        /// Terraform of PAN-OS.
        TerraformPaloalto = "terraform-paloalto",
        /// Terraform of Secure Web Proxy.
        Gcp = "gcp-swp",
        /// Terraform of Cloudflare Gateway.
        Cloudflare = "cloudflare-gateway",
        /// Policies of Cilium.
        Cilium = "cilium",
        /// A URL list of Netskope.
        Netskope = "netskope",
        /// A URL list of Netskope, as its API takes it.
        NetskopeApi = "netskope-api",
        /// Objects of Cisco's management center.
        Fmc = "cisco-fmc",
        /// Objects of Sophos Firewall.
        Sophos = "sophos",
        /// A script of Check Point objects.
        Checkpoint = "checkpoint",
        /// A PAC file.
        Pac = "pac",
        /// A script for Windows Firewall.
        Windows = "windows-firewall",
    }
}

impl Dialect {
    /// How it is called in a sentence.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Plain => "a plain list",
            Self::UrlList => "a URL list",
            Self::Csv => "a table with a column of hosts",
            Self::Squid => "squid.conf",
            Self::Fortigate => "a FortiOS configuration",
            Self::Paloalto => "a PAN-OS configuration",
            Self::Zscaler => "a URL category of Zscaler",
            Self::Umbrella => "a destination list of Umbrella",
            Self::Aws => "a domain list of AWS Network Firewall",
            Self::Dns => "a list of a DNS filter",
            Self::Dnsmasq => "a dnsmasq configuration with nftset lines",
            Self::Hosts => "a clearway.hosts/1 document",
            Self::Prometheus => "targets of Prometheus",
            Self::Azure => "a template of Azure Firewall",
            Self::AwsTemplate => "a CloudFormation template of AWS Network Firewall",
            Self::TerraformAzure => "Terraform of Azure Firewall",
            Self::TerraformAws => "Terraform of AWS Network Firewall",
            Self::TerraformPaloalto => "Terraform of PAN-OS",
            Self::Gcp => "Terraform of Secure Web Proxy",
            Self::Cloudflare => "Terraform of Cloudflare Gateway",
            Self::Cilium => "policies of Cilium",
            Self::Netskope => "a URL list of Netskope",
            Self::NetskopeApi => "a URL list of Netskope, as its API takes it",
            Self::Fmc => "objects of Cisco's management center",
            Self::Sophos => "objects of Sophos Firewall",
            Self::Checkpoint => "a script of Check Point objects",
            Self::Pac => "a PAC file",
            Self::Windows => "a script for Windows Firewall",
        }
    }

    /// The format that a name on the command line stands for.
    ///
    /// # Errors
    /// Why a list in that format cannot be read, or that there is no such format.
    pub fn named(name: &str) -> Result<Self, String> {
        if let Some((_, dialect)) = OTHER_WORDS.iter().find(|(word, _)| *word == name) {
            return Ok(*dialect);
        }
        if let Ok(dialect) = name.parse() {
            return Ok(dialect);
        }
        let written = WRITTEN_ONLY.contains(&name) || name.parse::<Format>().is_ok();
        let why = if written {
            format!("a list in the format {name} cannot be read back")
        } else {
            format!("`{name}` is not a format of lists")
        };
        Err(format!("{why}; give one of: {}", Self::words().join(", ")))
    }

    /// The formats that `--against-as` reads, each by the word that it is written by.
    pub fn words() -> Vec<&'static str> {
        let mut words: Vec<&str> = Self::ALL.iter().map(Self::word).collect();
        words.insert(1, "txt");
        words
    }

    /// The word that it is written by on the command line.
    pub fn word(&self) -> &'static str {
        let written = OTHER_WORDS.iter().find(|(word, own)| own == self && is_written(word));
        written.map_or(self.as_str(), |(word, _)| *word)
    }
}

/// Other words for a format: those of the formats that are written, and what people call it.
const OTHER_WORDS: [(&str, Dialect); 10] = [
    ("txt", Dialect::Plain),
    ("paloalto-urls", Dialect::UrlList),
    ("urls", Dialect::UrlList),
    ("panos", Dialect::Paloalto),
    ("pan-os", Dialect::Paloalto),
    ("aws", Dialect::Aws),
    ("dnsmasq", Dialect::Dnsmasq),
    ("fortios", Dialect::Fortigate),
    ("cloudformation", Dialect::AwsTemplate),
    ("azure", Dialect::Azure),
];

/// Formats for people, which are written and cannot be read.
const WRITTEN_ONLY: [&str; 5] = ["networks", "text", "markdown", "ticket", "html"];

/// Whether a word is the one to show for a format that has several.
fn is_written(word: &str) -> bool {
    ["paloalto-urls", "aws"].contains(&word)
}

/// What an entry lets through.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// Names or an address.
    Names(Names),
    /// `^.x`: names with exactly one label before `x`.
    OneLabel(String),
    /// The name and names below it, at most that many labels deep.
    Levels(String, usize),
    /// `x/*`: paths of a site, which no server name matches.
    PathOnly(String),
    /// Names that hold this text anywhere.
    Holds(String),
    /// Addresses with this prefix.
    Network(IpAddr, u8),
    /// Everything.
    Any,
}

impl Pattern {
    /// Whether it lets through everything that `names` stand for.
    pub fn covers(&self, names: &Names) -> bool {
        match self {
            Self::Names(own) => own.covers(names),
            Self::OneLabel(base) => match names {
                Names::Exact(n) => depth_below(n, base) == Some(1),
                _ => false,
            },
            Self::Levels(base, most) => match names {
                Names::Exact(n) => n == base || depth_below(n, base).is_some_and(|d| d <= *most),
                // As deep as the product goes; the writer says the same.
                Names::Subdomains(n) | Names::ApexAndSubdomains(n) => {
                    n == base || depth_below(n, base).is_some_and(|d| d < *most)
                }
                Names::Address(_) => false,
            },
            Self::Holds(text) => match names {
                Names::Exact(n) => n.contains(text.as_str()),
                Names::Subdomains(n) | Names::ApexAndSubdomains(n) => n.contains(text.as_str()),
                Names::Address(_) => false,
            },
            Self::Network(network, prefix) => match names {
                Names::Address(a) => in_network(*a, *network, *prefix),
                _ => false,
            },
            Self::PathOnly(_) => false,
            Self::Any => true,
        }
    }

    /// Whether it lets through some name that `names` stand for, as far as can be told.
    pub fn overlaps(&self, names: &Names) -> bool {
        let (base, apex) = match names {
            Names::Exact(n) if *self == Self::PathOnly(n.clone()) => return true,
            Names::Exact(_) | Names::Address(_) => return self.covers(names),
            Names::Subdomains(n) => (n, false),
            Names::ApexAndSubdomains(n) => (n, true),
        };
        let within = |name: &str| (apex && name == base) || depth_below(name, base).is_some();
        match self {
            Self::Names(Names::Exact(n)) => within(n),
            Self::Names(Names::Subdomains(n) | Names::ApexAndSubdomains(n)) | Self::Levels(n, _) => {
                n == base || depth_below(n, base).is_some() || depth_below(base, n).is_some()
            }
            Self::OneLabel(n) => n == base || depth_below(n, base).is_some(),
            Self::Holds(_) | Self::Any => true,
            Self::PathOnly(n) => n.strip_prefix("*.") == Some(base.as_str()) || within(n),
            Self::Names(Names::Address(_)) | Self::Network(..) => false,
        }
    }
}

/// How many labels `name` has before `.base`.
fn depth_below(name: &str, base: &str) -> Option<usize> {
    let rest = name.strip_suffix(base)?.strip_suffix('.')?;
    (!rest.is_empty()).then(|| rest.split('.').count())
}

fn in_network(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            u32::from(a) & mask == u32::from(n) & mask
        }
        (IpAddr::V6(a), IpAddr::V6(n)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            u128::from(a) & mask == u128::from(n) & mask
        }
        _ => false,
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The entry as it stands there.
    pub text: String,
    /// What it lets through.
    pub pattern: Pattern,
    /// Ports it is for, as ranges with both ends; empty for any port.
    pub ports: Vec<(u16, u16)>,
    /// Its line, from 1.
    pub line: usize,
    /// A URL pattern without its ending slash.
    pub open_end: bool,
    /// A word that is a host only where a needed host is called so.
    pub weak: bool,
}

impl Listed {
    /// An entry for every port.
    pub fn line(line: usize, text: &str, pattern: Pattern) -> Self {
        Self { text: quote::concealed(text), pattern, ports: Vec::new(), line, open_end: false, weak: false }
    }

    /// Whether it lets a connection to `port` through.
    pub fn opens(&self, port: u16) -> bool {
        self.ports.is_empty() || self.ports.iter().any(|(from, to)| (*from..=*to).contains(&port))
    }

    /// `port 443`, or `ports 80, 8000-8100`.
    pub fn ports_text(&self) -> String {
        let one = |(from, to): &(u16, u16)| {
            if from == to { from.to_string() } else { format!("{from}-{to}") }
        };
        let all: Vec<String> = self.ports.iter().map(one).collect();
        format!("port{} {}", if all.len() == 1 { "" } else { "s" }, all.join(", "))
    }
}

/// A line that is no entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ignored {
    /// Its line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
    /// Why it was not used.
    pub reason: String,
}

/// Characters of a line that are kept for people.
const SHOWN: usize = 300;

/// What people are shown of a line: a list may be one line of thousands of hosts, and each of its entries says where it
/// stands. A configuration holds secrets beside its rules, and what is quoted of it goes into tickets.
pub(super) fn brief(text: &str) -> String {
    // What is cut off may be what a secret is known by.
    clipped(&quote::concealed(beginning(text, 4 * SHOWN)))
}

fn clipped(text: &str) -> String {
    let shown = beginning(text, SHOWN);
    if shown.len() < text.len() { format!("{shown}…") } else { text.to_owned() }
}

fn beginning(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

impl Ignored {
    /// A line, what stands there, and why it was not used.
    pub fn new(line: usize, text: &str, reason: &str) -> Self {
        Self { line, text: brief(text.trim()), reason: clipped(&quote::sentence(reason)) }
    }
}

/// A list that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// How it is written.
    pub dialect: Dialect,
    /// Its entries, in order.
    pub entries: Vec<Listed>,
    /// How they decide; every gate must let a connection through.
    pub gates: Vec<Gate>,
    /// What was not used.
    pub ignored: Vec<Ignored>,
    /// Lines that were understood, whether they have an entry or not.
    pub understood: usize,
    /// Lines that should have been an entry and were not understood.
    pub strange: Vec<Ignored>,
    /// What else must be said.
    pub remarks: Vec<String>,
}

impl Listing {
    /// Nothing read yet.
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            entries: Vec::new(),
            gates: Vec::new(),
            ignored: Vec::new(),
            understood: 0,
            strange: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Adds an entry, and says where it stands.
    pub(super) fn add(&mut self, entry: Listed) -> usize {
        self.entries.push(entry);
        self.entries.len() - 1
    }
}

/// A list that says nothing, or that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// What is wrong with the whole.
    pub reason: String,
    /// The first lines that were not understood.
    pub lines: Vec<Ignored>,
    /// How many there are.
    pub more: usize,
}

impl Unread {
    /// A list without a line to show.
    pub fn whole(reason: &str) -> Self {
        Self { reason: quote::sentence(reason), lines: Vec::new(), more: 0 }
    }

    /// A list with these lines that were not understood.
    pub fn lines(reason: String, mut lines: Vec<Ignored>) -> Self {
        /// Lines that are shown.
        const SHOWN: usize = 5;
        lines.sort_by_key(|l| l.line);
        lines.dedup();
        let more = lines.len().saturating_sub(SHOWN);
        lines.truncate(SHOWN);
        Self { reason: quote::sentence(&reason), lines, more }
    }
}

/// How a list is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct As {
    /// The format; by its content without it.
    pub dialect: Option<Dialect>,
    /// The port that a list without ports goes with.
    pub port: Option<u16>,
}

/// Reads a list whose format is told by its content.
///
/// # Errors
/// When it is another document.
pub fn read(text: &str) -> Result<Listing, Unread> {
    read_as(text, As::default())
}

/// Reads a list.
///
/// # Errors
/// When it is another document than it was called, or one that cannot be read as a list.
pub fn read_as(text: &str, how: As) -> Result<Listing, Unread> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let dialect = match how.dialect {
        Some(dialect) => dialect,
        None => detect(text)?,
    };
    match dialect {
        Dialect::Squid => Ok(squid::read(text)),
        Dialect::Fortigate => Ok(fortigate::read(text)),
        Dialect::Paloalto => panos::read(text),
        Dialect::Dnsmasq => dnsmasq::read(text),
        Dialect::Hosts => json::hosts(text),
        Dialect::Prometheus => json::targets(text),
        Dialect::Csv => {
            short(text)?;
            table::read(text)
        }
        Dialect::Azure => azure::template(text),
        Dialect::AwsTemplate => suricata::template(text),
        Dialect::Aws if text.trim_start().starts_with('{') => suricata::template(text),
        Dialect::TerraformAzure
        | Dialect::TerraformAws
        | Dialect::TerraformPaloalto
        | Dialect::Gcp
        | Dialect::Cloudflare => terraform::read(text),
        Dialect::Cilium => objects::cilium(text),
        Dialect::Netskope => {
            short(text)?;
            objects::netskope_lines(text)
        }
        Dialect::NetskopeApi => objects::netskope(text),
        Dialect::Fmc => objects::fmc(text),
        Dialect::Sophos => scripts::sophos(text),
        Dialect::Checkpoint => scripts::checkpoint(text),
        Dialect::Pac => scripts::proxy_script(text),
        Dialect::Windows => scripts::windows(text),
        _ => {
            short(text)?;
            Ok(lines::read(text, dialect, how))
        }
    }
}

/// Most entries of a list of lines or of a table: each takes a kilobyte while it is compared.
const MOST_ENTRIES: usize = 300_000;

/// Refuses a list with more entries than are compared, before any of them is kept.
fn short(text: &str) -> Result<(), Unread> {
    let mut entries = 0_usize;
    for (line, raw) in (1_usize..).zip(text.lines()) {
        let raw = raw.trim();
        if raw.is_empty() || lines::remark(raw).is_some() {
            continue;
        }
        let words = raw.split([' ', '\t', ',', ';', '|']).filter(|word| word.contains('.')).count();
        entries += words.max(1);
        if entries > MOST_ENTRIES {
            return Err(Unread::whole(&format!(
                "line {line} has more than the {MOST_ENTRIES} entries that are compared in one file; give a part of it, such as \
                 the lines with the names that are needed"
            )));
        }
    }
    Ok(())
}

fn detect(text: &str) -> Result<Dialect, Unread> {
    let lines = || text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with(['#', ';']));
    let begin = text.trim_start();
    if let Some(script) = scripts::kind(text) {
        return Ok(script);
    }
    if begin.starts_with('<') {
        return if panos::is_xml(text) { Ok(Dialect::Paloalto) } else { Err(other_document()) };
    }
    if begin.starts_with(['{', '[']) && serde_json::from_str::<serde_json::Value>(text).is_ok() {
        return json::kind(text).ok_or_else(other_document);
    }
    if begin.starts_with('{') || begin.starts_with("Windows Registry Editor") {
        return Err(other_document());
    }
    let first_words =
        |words: &[&str]| lines().any(|l| words.iter().any(|w| l.split_whitespace().next() == Some(*w)));
    if lines().any(|l| l.starts_with("config ")) && lines().any(|l| l == "end" || l.starts_with("edit ")) {
        return Ok(Dialect::Fortigate);
    }
    if panos::is_text(text) {
        return Ok(Dialect::Paloalto);
    }
    if first_words(&["acl", "http_access", "ssl_bump"]) {
        return Ok(Dialect::Squid);
    }
    if lines().any(|l| l.starts_with("nftset=/")) {
        return Ok(Dialect::Dnsmasq);
    }
    if table::has_header(text) {
        return Ok(Dialect::Csv);
    }
    if let Some(named) = named_in_head(text) {
        return Ok(named);
    }
    // One stray URL does not make a URL list of a list of names; networks make none either.
    let urls = lines().filter(|l| lines::is_url(l)).count();
    let others = lines().filter(|l| !lines::is_url(l) && !lines::is_network(l)).count();
    Ok(if urls > 0 && urls >= others { Dialect::UrlList } else { Dialect::Plain })
}

/// The format of bare lines that the remarks at the head of a list name, where Clearway wrote them.
fn named_in_head(text: &str) -> Option<Dialect> {
    let head = text.lines().map(str::trim).take_while(|l| l.is_empty() || l.starts_with('#'));
    let title = head.filter_map(|l| l.trim_start_matches('#').trim_start().strip_prefix(HEAD)).next()?;
    let firewalls = Firewalls::embedded().ok()?;
    let id = &firewalls.all().iter().find(|p| p.title == title.trim_end())?.id;
    let bare = [
        (Format::Zscaler, Dialect::Zscaler),
        (Format::Umbrella, Dialect::Umbrella),
        (Format::Netskope, Dialect::Netskope),
    ];
    bare.into_iter().find(|(format, _)| format.product() == id).map(|(_, dialect)| dialect)
}

fn other_document() -> Unread {
    Unread::whole(
        "this is no allowlist but a configuration or another document; give the list as lines of hosts, a URL list, a \
         table, or an export of Squid, FortiGate or PAN-OS",
    )
}

/// Reads `name`, `*.name`, a literal, a network or `*`.
pub(super) fn pattern(host: &str) -> Result<Pattern, String> {
    if let Some(network) = network(host) {
        return Ok(network);
    }
    Ok(match host.parse::<HostPattern>().map_err(|e| e.reason.to_owned())? {
        HostPattern::Name(n) => Pattern::Names(Names::Exact(n)),
        HostPattern::Subdomains(n) => Pattern::Names(Names::Subdomains(n)),
        HostPattern::Address(a) => Pattern::Names(Names::Address(a)),
        HostPattern::Any => Pattern::Any,
    })
}

/// Reads `address/prefix`; a whole address is that address, `0.0.0.0/0` is everything.
pub(super) fn network(text: &str) -> Option<Pattern> {
    let (address, prefix) = text.split_once('/')?;
    let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let prefix: u8 = match prefix.parse::<u8>() {
        Ok(prefix) => prefix,
        Err(_) => {
            let mask: std::net::Ipv4Addr = prefix.parse().ok()?;
            let bits = u32::from(mask);
            (bits.leading_ones() + bits.trailing_zeros() == 32 || bits == 0)
                .then(|| u8::try_from(bits.leading_ones()).unwrap_or(32))?
        }
    };
    if prefix > most {
        return None;
    }
    Some(if prefix == most {
        Pattern::Names(Names::Address(address))
    } else {
        Pattern::Network(address, prefix)
    })
}

/// Reads a bare name.
pub(super) fn plain(name: &str) -> Result<String, String> {
    match name.parse::<HostPattern>().map_err(|e| e.reason.to_owned())? {
        HostPattern::Name(n) => Ok(n),
        _ => Err("it is not a name".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_line_people_are_shown_the_beginning() {
        for (given, shown) in [
            ("allow a.example".to_owned(), "allow a.example".to_owned()),
            ("ü".repeat(SHOWN), "ü".repeat(SHOWN)),
            ("ü".repeat(SHOWN + 1), format!("{}…", "ü".repeat(SHOWN))),
        ] {
            assert_eq!(brief(&given), shown);
        }
        let ignored = Ignored::new(1, &"a ".repeat(9000), &"b".repeat(9000));
        assert!(ignored.text.len() < 2 * SHOWN && ignored.reason.len() < 2 * SHOWN);
    }
}
