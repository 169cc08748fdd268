//! Host names, wildcards and address literals as they may stand on an allowlist.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a list entry matches. The names are lower-case ASCII (IDNA already applied).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostPattern {
    /// One name.
    Name(String),
    /// `*.suffix`: any depth below, never the apex. Holds the suffix.
    Subdomains(String),
    /// An address literal.
    Address(IpAddr),
    /// `*`: everything; cannot be listed.
    Any,
}

/// Text that is no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a host: {reason}")]
pub struct BadHost {
    /// What was read.
    pub text: String,
    /// Why it is none.
    pub reason: &'static str,
}

impl HostPattern {
    /// The name to probe, when there is exactly one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(n) => Some(n),
            _ => None,
        }
    }

    /// Whether the entry stands for more than one host.
    pub const fn is_wildcard(&self) -> bool {
        matches!(self, Self::Subdomains(_) | Self::Any)
    }

    /// Whether this is the device itself.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Name(n) => n == "localhost" || n.ends_with(".localhost"),
            Self::Address(a) => a.is_loopback() || is_mapped_loopback(*a),
            Self::Subdomains(_) | Self::Any => false,
        }
    }

    /// Link-local addresses (cloud metadata services live there): never probed.
    pub fn is_link_local(&self) -> bool {
        match self {
            Self::Address(a) => match a.to_canonical() {
                IpAddr::V4(v4) => v4.is_link_local(),
                IpAddr::V6(v6) => v6.is_unicast_link_local(),
            },
            _ => false,
        }
    }

    /// Whether this entry covers `name`, as the vendor's own grammar has it: a wildcard matches any
    /// depth but never the apex.
    pub fn covers(&self, name: &str) -> bool {
        match self {
            Self::Name(n) => n == name,
            Self::Subdomains(suffix) => {
                name.strip_suffix(suffix.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
            Self::Address(a) => name.parse::<IpAddr>().is_ok_and(|n| n == *a),
            Self::Any => true,
        }
    }
}

fn is_mapped_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

impl FromStr for HostPattern {
    type Err = BadHost;

    /// Reads `name`, `*.name`, an IPv4 or IPv6 literal (with or without brackets), or `*`.
    fn from_str(text: &str) -> Result<Self, BadHost> {
        let bad = |reason| BadHost { text: text.to_owned(), reason };
        if text == "*" {
            return Ok(Self::Any);
        }
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self::Address(address.to_canonical()));
        }
        let (wild, name) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if name.is_empty() {
            return Err(bad("it is empty"));
        }
        if name.len() > 253 {
            return Err(bad("it is longer than 253 characters"));
        }
        for label in name.split('.') {
            if label.is_empty() {
                return Err(bad("it has an empty label"));
            }
            if label.len() > 63 {
                return Err(bad("a label is longer than 63 characters"));
            }
            if !label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
                return Err(bad("only letters, digits, hyphens and dots are allowed"));
            }
            if label.starts_with('-') || label.ends_with('-') {
                return Err(bad("a label begins or ends with a hyphen"));
            }
        }
        if name.rsplit('.').next().is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit())) {
            return Err(bad("it ends in a number but is no IPv4 address"));
        }
        Ok(if wild { Self::Subdomains(name) } else { Self::Name(name) })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(n) => f.pad(n),
            Self::Subdomains(s) => f.pad(&format!("*.{s}")),
            Self::Address(a) => f.pad(&a.to_string()),
            Self::Any => f.pad("*"),
        }
    }
}

impl Serialize for HostPattern {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HostPattern {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(s: &str) -> HostPattern {
        s.parse().unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn a_wildcard_covers_any_depth_but_not_the_apex() {
        let w = host("*.example.com");
        assert!(w.covers("a.example.com") && w.covers("a.b.example.com"));
        assert!(!w.covers("example.com") && !w.covers("evilexample.com") && !w.covers(".example.com"));
    }

    #[test]
    fn literals_are_recognised_with_and_without_brackets() {
        assert_eq!(host("[2001:db8::1]").to_string(), "2001:db8::1");
        assert_eq!(host("192.0.2.7").to_string(), "192.0.2.7");
        assert!(host("[::1]").is_loopback() && host("127.8.8.8").is_loopback());
        assert!(host("::ffff:127.0.0.1").is_loopback());
        assert!(host("169.254.169.254").is_link_local() && host("fe80::1").is_link_local());
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for bad in [
            "",
            "*.",
            "a..b",
            "-a.com",
            "a-.com",
            "a b.com",
            "https://a.com",
            "a.com/x",
            "{NAME}.com",
            "<resource>.example",
            "$HOST",
            "1.2.3",
            "a.*.com",
            "*a.com",
            "300.1.1.1",
            "ä.de",
        ] {
            assert!(bad.parse::<HostPattern>().is_err(), "{bad}");
        }
        assert!("a.".repeat(127).parse::<HostPattern>().is_err() || "a.".repeat(127).len() > 253);
    }

    #[test]
    fn names_are_lower_cased_and_lose_the_root_dot() {
        assert_eq!(host("API.Example.COM.").to_string(), "api.example.com");
    }
}
