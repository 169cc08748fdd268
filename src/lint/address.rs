//! Addresses inside values, as far as the linter looks at them.

use url::{Host, Url};

use crate::derive::HostPattern;
use crate::rules::networks::Networks;

/// The parts of an address.
pub(super) struct Address {
    pub secure: bool,
    pub host: HostPattern,
    /// As written, or the scheme's.
    pub port: Option<u16>,
    pub path: String,
    pub query: bool,
}

/// Reads an `http` or `https` address; nothing for what is none, and for one that still holds a
/// placeholder (both are reported elsewhere).
pub(super) fn read(text: &str, networks: &Networks) -> Option<Address> {
    let text = text.trim();
    if networks.is_placeholder(text) {
        return None;
    }
    let url = Url::parse(text).ok().filter(|u| matches!(u.scheme(), "http" | "https"))?;
    let host = match url.host()? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(a) => a.to_string(),
        Host::Ipv6(a) => a.to_string(),
    };
    Some(Address {
        secure: url.scheme() == "https",
        host: host.parse().ok()?,
        port: url.port_or_known_default(),
        // The URL parser turns no path into a slash.
        path: if url.path() == "/" && !text.ends_with('/') { String::new() } else { url.path().to_owned() },
        query: url.query().is_some() || url.fragment().is_some(),
    })
}

/// Names of the hosts of addresses inside a text.
pub(super) fn hosts_in(text: &str, networks: &Networks) -> Vec<String> {
    let start = |at: usize| {
        let head = text.get(..at).unwrap_or_default();
        let scheme = head.len() - head.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
        at - scheme
    };
    text.match_indices("://")
        .filter_map(|(at, _)| {
            let rest = text.get(start(at)..)?;
            let one = rest.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',')).next()?;
            Some(read(one, networks)?.host.to_string())
        })
        .collect()
}
