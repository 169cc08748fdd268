//! Where a service is reached, and the one place that writes a host with its port.

use std::fmt;

use url::Url;

use super::{HostPattern, Transport};

/// Host, port and what is spoken there: what tells two entries of a list apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// Name, wildcard or address literal.
    pub host: HostPattern,
    /// Port; 0 for an unbounded entry without one.
    pub port: u16,
    /// What is spoken there.
    pub transport: Transport,
}

/// `host:port`, an IPv6 literal in brackets.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&authority(&self.host.to_string(), self.port))
    }
}

impl Endpoint {
    /// `https://host` or `https://host:port`.
    pub fn origin(&self) -> String {
        origin(&self.host.to_string(), self.port, self.transport.has_tls())
    }

    /// The URL of a path, which begins with a slash or is empty.
    pub fn url(&self, path: &str) -> String {
        format!("{}{}", self.origin(), if path.is_empty() { "/" } else { path })
    }
}

/// A name or an IPv4 literal as it is, an IPv6 literal in brackets.
pub fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// `host:port`, an IPv6 literal in brackets.
pub fn authority(host: &str, port: u16) -> String {
    format!("{}:{port}", bracketed(host))
}

/// The authority without a port that is `default`.
pub fn authority_unless(host: &str, port: u16, default: u16) -> String {
    if port == default { bracketed(host) } else { authority(host, port) }
}

/// The endpoint as lists write it: `host`, or `host:port` where the port is not 443; an IPv6
/// literal with a port stands in brackets.
pub fn listed(host: &HostPattern, port: u16) -> String {
    if matches!(port, 0 | 443) { host.to_string() } else { authority(&host.to_string(), port) }
}

/// `https://host` or `http://host:port`: without the scheme's own port.
pub fn origin(host: &str, port: u16, tls: bool) -> String {
    let (scheme, default) = if tls { ("https", 443) } else { ("http", 80) };
    format!("{scheme}://{}", authority_unless(host, port, default))
}

/// The host of a URL, an IPv6 literal without its brackets; none where there is none.
pub fn host_of(url: &Url) -> Option<String> {
    Some(url.host_str()?.trim_matches(['[', ']']).to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_ipv6_literal_has_brackets_only_beside_a_port_or_in_a_url() {
        let endpoint =
            |host: &str, port, transport| Endpoint { host: host.parse().unwrap(), port, transport };
        let six = endpoint("2001:db8::1", 8443, Transport::Https);
        assert_eq!(six.to_string(), "[2001:db8::1]:8443");
        assert_eq!(six.origin(), "https://[2001:db8::1]:8443");
        assert_eq!(endpoint("2001:db8::1", 443, Transport::Https).url(""), "https://[2001:db8::1]/");
        assert_eq!(endpoint("a.example", 443, Transport::Http).url("/x"), "http://a.example:443/x");
        assert_eq!(endpoint("a.example", 443, Transport::Https).to_string(), "a.example:443");
        let url = Url::parse("https://[2001:db8::1]:444/x").unwrap();
        assert_eq!(host_of(&url).as_deref(), Some("2001:db8::1"));
    }
}
