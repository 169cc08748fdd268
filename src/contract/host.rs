//! Host names, wildcards and address literals as they may stand on an allowlist.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// What a list entry matches. The names are lower-case ASCII (IDNA already applied).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
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
            Self::Address(a) => meanings(*a).any(|a| a.is_loopback()),
            Self::Subdomains(_) | Self::Any => false,
        }
    }

    /// Link-local addresses (cloud metadata services live there): never probed.
    pub fn is_link_local(&self) -> bool {
        match self {
            Self::Address(a) => is_link_local(*a),
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

/// The address itself, and every IPv4 address that it carries: what is sent to it may arrive there.
pub fn meanings(address: IpAddr) -> impl Iterator<Item = IpAddr> {
    let carried = match address {
        IpAddr::V4(_) => [None; LAYOUTS],
        IpAddr::V6(v6) => carried(v6),
    };
    std::iter::once(address).chain(carried.into_iter().flatten().map(IpAddr::V4))
}

/// Whether an address, or one that it carries, is link-local: metadata services of cloud machines
/// answer there.
pub fn is_link_local(address: IpAddr) -> bool {
    meanings(address).any(|a| match a {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    })
}

/// Whether an address leads to this device itself: loopback, and the unspecified one, which systems
/// take for it.
pub fn is_own(address: IpAddr) -> bool {
    meanings(address).any(|a| a.is_loopback() || a.is_unspecified())
}

/// Whether an address is one of this device, of its site or of its carrier: RFC 1918, RFC 6598,
/// RFC 4193, and the site-local range that RFC 3879 gave up.
pub fn is_private(address: IpAddr) -> bool {
    meanings(address).any(|a| match a {
        IpAddr::V4(v4) => v4.is_private() || matches!(v4.octets(), [100, 64..=127, ..]),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.segments()[0] & 0xffc0 == 0xfec0,
    })
}

/// Places of an IPv6 address at which an IPv4 address may stand, at the most.
const LAYOUTS: usize = 4;

/// The IPv4 addresses inside an IPv6 address: mapped and compatible (RFC 4291, 2.5.5), translated
/// (RFC 6052 and RFC 8215, 64:ff9b::/96 and 64:ff9b:1::/48; RFC 2765, ::ffff:0:0:0/96), 6to4
/// (RFC 3056), Teredo (RFC 4380, its server and its client), ISATAP (RFC 5214).
fn carried(address: Ipv6Addr) -> [Option<Ipv4Addr>; LAYOUTS] {
    let of = |high: u16, low: u16| Some(Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low)));
    let [mut first, mut second, mut third, mut fourth] = [None; LAYOUTS];
    match address.segments() {
        // Its own names for nothing and for this device; they carry none.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => {}
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => first = of(high, low),
        // A prefix of /48, /56, /64 or /96 says where the address stands, around eight bits that are none of it
        // (RFC 6052, 2.2). It is not known here, so each place counts that is not empty.
        [0x64, 0xff9b, 1, d, e, f, g, h] => {
            let ([d0, d1], [_, e1]) = (d.to_be_bytes(), e.to_be_bytes());
            let ([f0, f1], [g0, _]) = (f.to_be_bytes(), g.to_be_bytes());
            let places = [[d0, d1, e1, f0], [d1, e1, f0, f1], [e1, f0, f1, g0]].map(Ipv4Addr::from);
            let [a, b, c] = places.map(|place| (!place.is_unspecified()).then_some(place));
            (first, second, third) = (a, b, c);
            fourth = of(g, h);
        }
        [0x2002, high, low, ..] => first = of(high, low),
        [0x2001, 0, server_high, server_low, _, _, high, low] => {
            (first, second) = (of(server_high, server_low), of(!high, !low));
        }
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => first = of(high, low),
        _ => {}
    }
    [first, second, third, fourth]
}

/// The address that the URL standard reads in a name whose last label is a number: hexadecimal,
/// octal and short spellings (WHATWG URL, "IPv4 parser"). A single small number is a slip.
fn spelt_address(name: &str) -> Option<Ipv4Addr> {
    let url::Host::Ipv4(address) = url::Host::parse(name).ok()? else { return None };
    let lone = !name.contains('.') && !name.starts_with("0x");
    (!lone || address.octets()[0] != 0).then_some(address)
}

/// Whether the URL standard takes a name with this last label for an address.
fn is_number(label: &str) -> bool {
    let hexadecimal = label.strip_prefix("0x").is_some_and(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
    hexadecimal || label.bytes().all(|b| b.is_ascii_digit())
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
        if name.rsplit('.').next().is_some_and(is_number) {
            let address = if wild { None } else { spelt_address(&name) };
            let none = || bad("it ends in a number but is no IPv4 address");
            return address.map(|a| Self::Address(a.into())).ok_or_else(none);
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
        <String as Deserialize>::deserialize(d)?.parse().map_err(serde::de::Error::custom)
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
            "443",
            "1.2.3.4.5",
            "host.0x1",
            "*.0x7f.1",
            "09.1.1.1",
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
    fn every_spelling_of_an_address_is_the_address() {
        for text in
            ["0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE", "2852039166", "0251.0376.0251.0376", "169.254.43518"]
        {
            assert_eq!(host(text).to_string(), "169.254.169.254", "{text}");
            assert!(host(text).is_link_local(), "{text}");
        }
        for text in ["0x7f.1", "0x7f000001", "127.1", "0177.0.0.1", "2130706433"] {
            assert!(host(text).is_loopback(), "{text}");
        }
        for name in ["0x7f.example", "a1.b2.c3", "0xg.0xg", "x0.example"] {
            assert!(matches!(host(name), HostPattern::Name(_)), "{name}");
        }
    }

    #[test]
    fn an_address_inside_another_counts() {
        for text in [
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "::ffff:0:a9fe:a9fe",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "64:ff9b:1:a9fe:a9:fe00::",
            "64:ff9b:1:12a9:fe:a9fe::",
            "64:ff9b:1:0:a9:fea9:fe00:0",
            "2002:a9fe:a9fe::1",
            "2001:0:a9fe:a9fe::1",
            "2001:0:102:304::5601:5601",
            "2001:db8::5efe:a9fe:a9fe",
            "2001:db8::200:5efe:a9fe:a9fe",
            "fe80::5efe:c000:201",
        ] {
            assert!(host(text).is_link_local(), "{text}");
        }
        // An empty place in such a prefix is no address.
        assert!("64:ff9b:1::c000:201".parse().is_ok_and(|address| !super::is_own(address)));
        assert!(host("64:ff9b::7f00:1").is_loopback() && host("2002:7f00:1::1").is_loopback());
        for text in ["64:ff9b::c000:201", "2002:c000:201::1", "2001:db8::1", "2001:db8::a9fe:a9fe"] {
            assert!(!host(text).is_link_local() && !host(text).is_loopback(), "{text}");
        }
    }

    #[test]
    fn names_are_lower_cased_and_lose_the_root_dot() {
        assert_eq!(host("API.Example.COM.").to_string(), "api.example.com");
    }
}
