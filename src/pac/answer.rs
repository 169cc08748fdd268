//! What a proxy script answers: `PROXY a:3128; SOCKS b:1080; DIRECT`.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Entries of one answer that are kept.
const HOPS: usize = 16;

/// Characters of one entry, at the most.
const ENTRY: usize = 300;
/// Characters of a name, and of one label of it, at the most (RFC 1035, 2.3.4).
const NAME: usize = 253;
const LABEL: usize = 63;

/// One entry of an answer. They are tried in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Hop {
    /// Straight to the host.
    Direct,
    /// Through an HTTP proxy.
    Proxy {
        /// Its name or address.
        host: String,
        /// Its port.
        port: u16,
        /// Whether the connection to it is TLS (`HTTPS`).
        tls: bool,
    },
    /// Through a SOCKS proxy, which the engine skips.
    Socks {
        /// Its name or address.
        host: String,
        /// Its port.
        port: u16,
    },
}

/// Reads an answer. Entries that mean nothing are passed over, as browsers do; an answer without
/// any other is `DIRECT`.
pub fn read(text: &str) -> Vec<Hop> {
    let mut hops: Vec<Hop> = Vec::new();
    for hop in text.split(';').filter_map(entry) {
        if hops.len() < HOPS && !hops.contains(&hop) {
            hops.push(hop);
        }
    }
    if hops.is_empty() { vec![Hop::Direct] } else { hops }
}

fn entry(text: &str) -> Option<Hop> {
    let text = text.trim();
    if text.len() > ENTRY {
        return None;
    }
    let mut words = text.split_ascii_whitespace();
    let kind = words.next()?.to_ascii_uppercase();
    let (scheme, default) = match kind.as_str() {
        "DIRECT" => return Some(Hop::Direct),
        "PROXY" | "HTTP" => ("http", 80),
        "HTTPS" => ("https", 443),
        "SOCKS" | "SOCKS4" | "SOCKS5" => ("http", 1080),
        _ => return None,
    };
    let (host, port) = address(scheme, words.next()?, default)?;
    Some(if kind.starts_with("SOCKS") {
        Hop::Socks { host, port }
    } else {
        Hop::Proxy { host, port, tls: scheme == "https" }
    })
}

fn address(scheme: &str, text: &str, default: u16) -> Option<(String, u16)> {
    let url = Url::parse(&format!("{scheme}://{text}")).ok()?;
    let host = match url.host()? {
        Host::Domain(name) => name.trim_end_matches('.').to_owned(),
        Host::Ipv4(a) => a.to_string(),
        Host::Ipv6(a) => a.to_string(),
    };
    // The URL standard drops a port that is its scheme's own; SOCKS has another.
    let port = url.port().or_else(|| text.ends_with(":80").then_some(80)).unwrap_or(default);
    let fits = host.len() <= NAME && host.split('.').all(|label| label.len() <= LABEL);
    (!host.is_empty() && fits && url.path().len() <= 1).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(host: &str, port: u16, tls: bool) -> Hop {
        Hop::Proxy { host: host.into(), port, tls }
    }

    #[test]
    fn answers_are_read_as_browsers_read_them() {
        let socks = |port| Hop::Socks { host: "s.example".into(), port };
        for (text, hops) in [
            ("DIRECT", vec![Hop::Direct]),
            ("direct ;", vec![Hop::Direct]),
            ("", vec![Hop::Direct]),
            ("PROXY p.example:3128; DIRECT", vec![proxy("p.example", 3128, false), Hop::Direct]),
            ("PROXY p.example", vec![proxy("p.example", 80, false)]),
            ("HTTPS p.example", vec![proxy("p.example", 443, true)]),
            ("HTTP p.example:8080", vec![proxy("p.example", 8080, false)]),
            ("PROXY [2001:db8::1]:3128", vec![proxy("2001:db8::1", 3128, false)]),
            ("SOCKS5 s.example", vec![socks(1080)]),
            ("SOCKS s.example:80", vec![socks(80)]),
            ("PROXY a.example:1;PROXY a.example:1", vec![proxy("a.example", 1, false)]),
            ("GOPHER g.example:70; PROXY p.example:1", vec![proxy("p.example", 1, false)]),
            ("PROXY ; PROXY p.example:99999; PROXY p/x:1", vec![Hop::Direct]),
            ("[object Object]", vec![Hop::Direct]),
        ] {
            assert_eq!(read(text), hops, "{text}");
        }
        let many: String = (1..100).map(|n| format!("PROXY p{n}.example:1;")).collect();
        assert_eq!(read(&many).len(), HOPS);
    }

    #[test]
    fn what_is_no_name_is_no_hop() {
        let (label, long) = ("a".repeat(64), "a.".repeat(127));
        for host in [label, format!("{long}example"), "b".repeat(100_000)] {
            assert_eq!(read(&format!("PROXY {host}:1; DIRECT")), [Hop::Direct], "{}", host.len());
        }
        let fits = format!("{}.example", "a".repeat(63));
        assert_eq!(read(&format!("PROXY {fits}:1")), [proxy(&fits, 1, false)]);
        assert_eq!(read(&format!("PROXY p.example:1 {}", "x".repeat(ENTRY))), [Hop::Direct]);
    }

    #[test]
    fn a_password_in_an_answer_is_dropped() {
        assert_eq!(read("PROXY ann:hunter2@p.example:1"), [proxy("p.example", 1, false)]);
    }
}
