//! Reads an existing allowlist. The format is recognised by what only it has.

use super::super::intent::Names;
use super::{fortigate, squid};
use crate::contract::words;
use crate::derive::HostPattern;

words! {
    /// How a list is written.
    Dialect {
        /// One host a line; `#` begins a comment; no port means 443.
        Plain = "plain",
        /// One URL pattern a line, as PAN-OS and web gateways have it.
        UrlList = "url-list",
        /// squid.conf.
        Squid = "squid",
        /// FortiOS configuration.
        Fortigate = "fortigate",
    }
}

/// What an entry lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Names or an address.
    Names(Names),
    /// `^.x`: names with exactly one label before `x`.
    OneLabel(String),
    /// `x/*`: paths of a site, which no server name matches.
    PathOnly(String),
    /// Everything.
    Any,
}

impl Pattern {
    /// Whether it lets through everything that `names` stand for.
    pub fn covers(&self, names: &Names) -> bool {
        match self {
            Self::Names(own) => own.covers(names),
            Self::OneLabel(base) => match names {
                Names::Exact(n) => n
                    .strip_suffix(base.as_str())
                    .and_then(|rest| rest.strip_suffix('.'))
                    .is_some_and(|label| !label.is_empty() && !label.contains('.')),
                _ => false,
            },
            Self::PathOnly(_) => false,
            Self::Any => true,
        }
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
}

impl Listed {
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// Its line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
    /// Why it was not used.
    pub reason: String,
}

/// A list that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// How it is written.
    pub dialect: Dialect,
    /// Its entries, in order.
    pub entries: Vec<Listed>,
    /// What was not used.
    pub ignored: Vec<Ignored>,
}

/// Reads a list. Nothing is refused: what is not understood is in [`Listing::ignored`].
pub fn read(text: &str) -> Listing {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let dialect = detect(text);
    let (entries, ignored) = match dialect {
        Dialect::Squid => squid::read(text),
        Dialect::Fortigate => fortigate::read(text),
        Dialect::Plain | Dialect::UrlList => lines(text, dialect),
    };
    Listing { dialect, entries, ignored }
}

fn detect(text: &str) -> Dialect {
    let lines = || text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with(['#', ';']));
    if lines().any(|l| l.starts_with("config firewall ")) {
        return Dialect::Fortigate;
    }
    if lines().any(|l| l.starts_with("acl ") || l.starts_with("http_access ")) {
        return Dialect::Squid;
    }
    let slash = |l: &str| {
        let rest = l.split_once("://").map_or(l, |(_, r)| r);
        l.starts_with("^.") || rest.contains('/') || list_member(l).is_some()
    };
    // One stray URL does not make a URL list of a list of names.
    let urls = lines().filter(|l| slash(l)).count();
    let others = lines().filter(|l| !slash(l) && !l.starts_with("set ")).count();
    if urls > 0 && urls >= others { Dialect::UrlList } else { Dialect::Plain }
}

/// The entry of a PAN-OS command `set … custom-url-category NAME list ENTRY`.
fn list_member(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("set ")?.split_once("custom-url-category ")?.1;
    rest.split_once(" list ").map(|(_, entry)| entry.trim())
}

fn lines(text: &str, dialect: Dialect) -> (Vec<Listed>, Vec<Ignored>) {
    let (mut entries, mut ignored) = (Vec::new(), Vec::new());
    for (line, raw) in (1..).zip(text.lines()) {
        let trimmed = raw.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        let value = match list_member(trimmed) {
            Some(member) => member,
            // Other commands of the same script (services, descriptions) name no host.
            None if trimmed.starts_with("set ") => continue,
            None => trimmed,
        };
        // A remark after the entry is not part of it.
        let value = value.split(" #").next().unwrap_or(value).trim().trim_matches('"');
        // PAN-OS writes several members as `[ a b ]`; anywhere else one line is one entry.
        let members: Vec<&str> = match value.strip_prefix("[ ").and_then(|v| v.strip_suffix(" ]")) {
            Some(members) => members.split_whitespace().collect(),
            None => vec![value],
        };
        for word in members {
            match entry(word, dialect) {
                Ok((pattern, ports)) => entries.push(Listed {
                    text: word.to_owned(),
                    open_end: dialect == Dialect::UrlList && !word.contains('/'),
                    pattern,
                    ports,
                    line,
                }),
                Err(reason) => ignored.push(Ignored { line, text: trimmed.to_owned(), reason }),
            }
        }
    }
    (entries, ignored)
}

/// Reads `name`, `*.name`, `.name`, `^.name`, a literal, each with an optional scheme, port, ending slash.
fn entry(text: &str, dialect: Dialect) -> Result<(Pattern, Vec<(u16, u16)>), String> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, path),
        None => (rest, ""),
    };
    let (host, port) = split_port(authority)?;
    let pattern = match path {
        "" => names(host)?,
        "*" => match names(host)? {
            Pattern::Names(Names::Exact(n)) => Pattern::PathOnly(n),
            other => other,
        },
        _ => return Err("it names a path, and the app needs the whole host".into()),
    };
    let ports = match (port, dialect) {
        (Some(port), _) => vec![(port, port)],
        (None, Dialect::Plain) => vec![(443, 443)],
        (None, _) => Vec::new(),
    };
    Ok((pattern, ports))
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), String> {
    if authority.parse::<std::net::Ipv6Addr>().is_ok() {
        return Ok((authority, None));
    }
    let bad = || format!("`{authority}` has no port between 1 and 65535 after the colon");
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            Ok((host, Some(port.parse().ok().filter(|p| *p > 0).ok_or_else(bad)?)))
        }
        _ => Ok((authority, None)),
    }
}

/// Reads a name of a list in which a leading dot stands for what is below; whether it stands for
/// the domain itself depends on the product, so it is not taken for it.
fn names(host: &str) -> Result<Pattern, String> {
    if let Some(base) = host.strip_prefix("^.") {
        return plain(base).map(Pattern::OneLabel);
    }
    if let Some(base) = host.strip_prefix('.') {
        return plain(base).map(|n| Pattern::Names(Names::Subdomains(n)));
    }
    pattern(host)
}

/// Reads `name`, `*.name`, a literal or `*`.
pub(super) fn pattern(host: &str) -> Result<Pattern, String> {
    Ok(match host.parse::<HostPattern>().map_err(|e| e.reason.to_owned())? {
        HostPattern::Name(n) => Pattern::Names(Names::Exact(n)),
        HostPattern::Subdomains(n) => Pattern::Names(Names::Subdomains(n)),
        HostPattern::Address(a) => Pattern::Names(Names::Address(a)),
        HostPattern::Any => Pattern::Any,
    })
}

/// Reads a bare name.
pub(super) fn plain(name: &str) -> Result<String, String> {
    match name.parse::<HostPattern>().map_err(|e| e.reason.to_owned())? {
        HostPattern::Name(n) => Ok(n),
        _ => Err("it is no name".into()),
    }
}
