//! The addresses that stand in a message: URLs, names, literals, with their ports.

use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;

use crate::contract::HostPattern;

/// Most addresses of one message that are kept.
const MOST: usize = 16;
/// Last parts of names on the internet and in companies that are taken for hosts without further signs. Names
/// under two letters are countries.
const SUFFIXES: [&str; 46] = [
    "com",
    "net",
    "org",
    "edu",
    "gov",
    "mil",
    "int",
    "info",
    "biz",
    "io",
    "ai",
    "dev",
    "app",
    "cloud",
    "aws",
    "azure",
    "google",
    "goog",
    "tech",
    "online",
    "site",
    "global",
    "systems",
    "services",
    "network",
    "company",
    "group",
    "bank",
    "digital",
    "software",
    "solutions",
    "agency",
    "corp",
    "lan",
    "local",
    "localdomain",
    "home",
    "internal",
    "intranet",
    "intra",
    "private",
    "arpa",
    "example",
    "test",
    "invalid",
    "localhost",
];
/// Endings of files that look like countries.
const FILES: [&str; 14] =
    ["js", "ts", "py", "rs", "sh", "md", "go", "so", "cc", "gz", "vb", "cs", "pl", "ps"];
/// Words before a name that make any name a host, one of a single label too.
const BEFORE_ANY: [&str; 3] = ["enotfound", "eai_again", "lookup"];
/// Words before a name with a dot that make it a host, whatever its last part; with a colon in between one of a
/// single label too.
const BEFORE_NAME: [&str; 7] = ["host", "hostname", "servername", "resolve", "host_name", "domain", "sni"];
/// Words before an address that is not the one the message is about.
const ASIDE: [&str; 6] = ["on", "via", "through", "resolver", "nameserver", "using"];

/// An address in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The host.
    pub host: HostPattern,
    /// Its port, where it is said.
    pub port: Option<u16>,
    /// Where it stands, in bytes of the message.
    pub span: Range<usize>,
    /// It is named on the side: a resolver, a proxy on the way.
    pub aside: bool,
}

impl Address {
    /// Whether it is the device itself.
    pub fn is_loopback(&self) -> bool {
        self.host.is_loopback()
    }

    /// Host and port as they are written on a command line.
    pub fn shown(&self) -> String {
        let host = self.host.to_string();
        self.port.map_or_else(|| host.clone(), |port| crate::contract::endpoint::authority(&host, port))
    }
}

/// Every address of a message, in its order.
pub fn addresses(text: &str) -> Vec<Address> {
    let mut found: Vec<Address> = Vec::new();
    let (mut at, mut word, mut word_end) = (0_usize, String::new(), 0_usize);
    while let Some((span, raw)) = next_token(text, at) {
        at = span.end;
        if found.len() == MOST {
            break;
        }
        let sequel = text.get(span.end..).unwrap_or_default();
        if let Some(scheme_end) = raw.find("://") {
            if let Some((host, port, from, to)) = url(raw, scheme_end) {
                let aside = ASIDE.contains(&word.as_str());
                let span = span.start + from..span.start + to;
                found.push(Address { host, port, span, aside });
            }
            (word, word_end) = (String::new(), span.end);
            continue;
        }
        // What Go writes: the own end, an arrow, the other end.
        let (skipped, raw) = raw.rsplit_once("->").map_or((0, raw), |(own, other)| (own.len() + 2, other));
        let start = span.start + skipped;
        let lower = raw.trim_matches([':', '.', '?', '!', '-']).to_ascii_lowercase();
        if matches!(lower.as_str(), "port" | "\"port\"") || word == "port" {
            if let (Ok(port), Some(last)) = (lower.parse::<u16>(), found.last_mut())
                && word == "port"
                && last.port.is_none()
            {
                last.port = Some(port);
            }
            (word, word_end) = (lower, span.end);
            continue;
        }
        let between = text.get(word_end.saturating_sub(1)..start).unwrap_or_default();
        let before = Before { word: &word, assigned: between.contains([':', '=']) };
        if let Some((host, port, length)) = literal_or_name(raw, &before, sequel) {
            let aside = ASIDE.contains(&word.as_str());
            found.push(Address { host, port, span: start..start + length, aside });
        }
        if !lower.is_empty() {
            (word, word_end) = (lower, span.end);
        }
    }
    found
}

/// The next run of characters that an address may consist of.
fn next_token(text: &str, from: usize) -> Option<(Range<usize>, &str)> {
    let outside =
        |c: char| c.is_whitespace() || c.is_control() || "\"'`<>(){},;|=\u{201c}\u{201d}".contains(c);
    let rest = text.get(from..)?;
    let start = from + rest.find(|c| !outside(c))?;
    let token = text.get(start..)?;
    let mut length = token.find(outside).unwrap_or(token.len());
    // The query of a URL has characters that end other words.
    if token.get(..length).is_some_and(|t| t.contains("://")) {
        let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'`<>()|".contains(c);
        length = token.find(ends).unwrap_or(token.len());
    }
    Some((start..start + length, token.get(..length)?))
}

/// Host and port of a URL, and where they stand in it.
fn url(raw: &str, scheme_end: usize) -> Option<(HostPattern, Option<u16>, usize, usize)> {
    let scheme_start =
        raw.get(..scheme_end)?.rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    let scheme = raw.get(scheme_start..scheme_end)?.to_ascii_lowercase();
    let from = scheme_end + 3;
    let rest = raw.get(from..)?;
    let end = if let Some(bracketed) = rest.strip_prefix('[') {
        let close = bracketed.find(']')? + 2;
        close
            + rest.get(close..)?.find(|c: char| c != ':' && !c.is_ascii_digit()).unwrap_or(rest.len() - close)
    } else {
        rest.find(['/', '?', '#', ',', ';', '\\', '[', ']', '}']).unwrap_or(rest.len())
    };
    let authority = rest.get(..end)?.trim_end_matches([':', '.', '!']);
    // Who signs in is a secret.
    let skipped = authority.rfind('@').map_or(0, |at| at + 1);
    let authority = authority.get(skipped..)?;
    let (host, port) = split(authority)?;
    let default = match scheme.as_str() {
        "https" | "wss" => Some(443),
        "http" | "ws" => Some(80),
        _ => None,
    };
    let host = pattern(host)?;
    let begin = from + skipped;
    Some((host, port.or(default), begin, begin + authority.len()))
}

/// An authority in host and port.
fn split(authority: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        let port = after.strip_prefix(':').and_then(|p| p.parse().ok());
        return Some((host, port));
    }
    match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => {
            if port.is_empty() {
                return Some((host, None));
            }
            Some((host, Some(port.parse().ok()?)))
        }
        _ => Some((authority, None)),
    }
}

fn pattern(host: &str) -> Option<HostPattern> {
    let read: HostPattern = host.parse().ok()?;
    matches!(read, HostPattern::Name(_) | HostPattern::Address(_)).then_some(read)
}

/// What stands before a word: the last word, and whether a colon or an equals sign is in between.
struct Before<'a> {
    word: &'a str,
    assigned: bool,
}

/// A literal or a name with its port, and how many bytes it takes; `sequel` stands after it.
fn literal_or_name(
    raw: &str,
    before: &Before<'_>,
    sequel: &str,
) -> Option<(HostPattern, Option<u16>, usize)> {
    let raw = raw.trim_end_matches(['.', ':', '!', '?']);
    if raw.starts_with('[') {
        let close = raw.find(']')?;
        let address: Ipv6Addr = raw.get(1..close)?.parse().ok()?;
        let digits = raw.get(close + 1..).and_then(|r| r.strip_prefix(':')).unwrap_or_default();
        let digits = digits.get(..digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len()))?;
        let length = if digits.is_empty() { close + 1 } else { close + 2 + digits.len() };
        return Some((HostPattern::Address(IpAddr::V6(address)), digits.parse().ok(), length));
    }
    let raw = raw.trim_end_matches(']');
    if let Some(found) = ipv6(raw, before.word) {
        return Some(found);
    }
    // A path after a host counts no more; a path alone is no host, and an `@` is somebody's name.
    let end = raw.find(['/', '\\', '?', '#', '[', ']', '%', '*', '&', '$']).unwrap_or(raw.len());
    let authority = raw.get(..end)?;
    if authority.is_empty()
        || authority.contains('@')
        || raw.get(end..).is_some_and(|r| !r.is_empty() && !r.starts_with(['/', '?', ']']))
    {
        return None;
    }
    let (host, port) = split(authority)?;
    let (host, port, length) = (host, port, authority.len());
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some((HostPattern::Address(address), port, length));
    }
    // A call, or a member of an object.
    let called = sequel.starts_with(['(', '=']);
    let lower = host.to_ascii_lowercase();
    let labels: Vec<&str> = lower.split('.').collect();
    let last = labels.last().copied().unwrap_or_default();
    let plain =
        labels.iter().all(|l| !l.is_empty() && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
    let named = BEFORE_ANY.contains(&before.word)
        || BEFORE_NAME.contains(&before.word) && (before.assigned || labels.len() > 1);
    let is_name = if lower == "localhost" || named && plain && last.chars().any(|c| c.is_ascii_alphabetic()) {
        !called
            && !matches!(
                lower.as_str(),
                // Words of a sentence, and members of Node's error object.
                "is" | "not"
                    | "name"
                    | "was"
                    | "lookup"
                    | "the"
                    | "header"
                    | "key"
                    | "syscall"
                    | "errno"
                    | "code"
                    | "hostname"
                    | "address"
                    | "port"
                    | "stack"
                    | "message"
            )
    } else {
        let country = last.len() == 2 && !FILES.contains(&last);
        let suffix = last.chars().all(|c| c.is_ascii_alphabetic())
            && ((country && (labels.len() > 2 || port.is_some())) || SUFFIXES.contains(&last));
        // com.example.service is a package, System.Net a class.
        let reversed = matches!(labels.first().copied(), Some("com" | "org" | "net" | "io"));
        let cased =
            host.chars().any(|c| c.is_ascii_uppercase()) && host.chars().any(|c| c.is_ascii_lowercase());
        plain && labels.len() > 1 && suffix && !reversed && !cased && !called
    };
    is_name.then(|| pattern(host)).flatten().map(|host| (host, port, length))
}

/// An IPv6 literal without brackets. Node writes the port behind one more colon.
fn ipv6(raw: &str, word: &str) -> Option<(HostPattern, Option<u16>, usize)> {
    if raw.matches(':').count() < 2 {
        return None;
    }
    let (host, port) = raw.rsplit_once(':')?;
    let of_node = host == "::1" || word.starts_with('e') && word.chars().all(|c| c.is_ascii_alphanumeric());
    if of_node && let (Ok(address), Ok(port)) = (host.parse::<Ipv6Addr>(), port.parse::<u16>()) {
        return Some((HostPattern::Address(IpAddr::V6(address)), Some(port), raw.len()));
    }
    let address: Ipv6Addr = raw.parse().ok()?;
    (raw != "::").then_some((HostPattern::Address(IpAddr::V6(address)), None, raw.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        addresses(text).iter().map(Address::shown).collect()
    }

    #[test]
    fn every_form_of_an_address_is_read() {
        for (text, expected) in [
            ("request to https://api.host.example/v1/models failed", vec!["api.host.example:443"]),
            ("GET http://user:pw@gw.mills.example:8080/x?a=1 failed", vec!["gw.mills.example:8080"]),
            ("getaddrinfo ENOTFOUND llm-gateway", vec!["llm-gateway"]),
            ("connect ETIMEDOUT 10.20.30.40:443", vec!["10.20.30.40:443"]),
            ("connect ECONNREFUSED ::1:8080", vec!["[::1]:8080"]),
            ("connect ENETUNREACH 2001:db8::7:443 - Local (:::0)", vec!["[2001:db8::7]:443"]),
            ("cannot connect to [2001:db8::7]:8443.", vec!["[2001:db8::7]:8443"]),
            ("https://[2001:db8::7]:8443/x net::ERR_FAILED", vec!["[2001:db8::7]:8443"]),
            ("dial tcp 10.0.0.5:55101->192.0.2.9:443: i/o timeout", vec!["192.0.2.9:443"]),
            ("HTTPSConnectionPool(host='api.host.example', port=8443): Max", vec!["api.host.example:8443"]),
            (r#"{"code":"ECONNREFUSED","address":"127.0.0.1","port":3128}"#, vec!["127.0.0.1:3128"]),
            (r#"{ hostname: 'models.mills.zone' }"#, vec!["models.mills.zone"]),
            ("code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'llm-gateway'", vec!["llm-gateway"]),
            ("Can't reach localhost:15721", vec!["localhost:15721"]),
            (
                "lookup gw.mills.example on 10.0.0.53:53: no such host",
                vec!["gw.mills.example", "10.0.0.53:53"],
            ),
            ("Could not resolve host: gw.mills.zone", vec!["gw.mills.zone"]),
            ("A server with the specified hostname could not be found.", vec![]),
            ("blocked: mills.de.", vec![]),
            ("blocked: www.files.mills.de.", vec!["www.files.mills.de"]),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn files_versions_times_and_names_of_programs_are_no_hosts() {
        for text in [
            "at Socket.emit (node:events:519:28) in app.asar/index.js:12:3",
            "Claude 1.22209.3 at 2026-11-27T10:00:00.123Z (com.anthropic.claude-code)",
            "System.Net.WebException in config.json, user@mills.example, err.code process.env",
            "12:30:45.100 [info] /usr/lib/x.so C:\\Users\\a\\b.log e.g. this",
        ] {
            assert_eq!(read(text), Vec::<String>::new(), "{text}");
        }
    }
}
