//! Hosts named on the command line instead of derived: feature `ad-hoc`, need required.

use std::net::Ipv6Addr;

use super::{HostPattern, ProbeHints, Reason, Requirement};
use crate::contract::ids::Feature;
use crate::contract::{Actor, Confidence, Need, Network, Transport};

/// A `--host` value that cannot be probed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// Not a host.
    #[error("--host {text}: {reason}; write NAME, NAME:PORT, 192.0.2.1:443 or [2001:db8::1]:443")]
    Host {
        /// What was given.
        text: String,
        /// Why it is none.
        reason: String,
    },
    /// A wildcard.
    #[error("--host {text}: a wildcard cannot be dialled; name one host below it")]
    Wildcard {
        /// What was given.
        text: String,
    },
    /// A link-local address or a metadata service.
    #[error("--host {text}: link-local and metadata addresses are never probed")]
    Never {
        /// What was given.
        text: String,
    },
}

/// Reads `NAME`, `NAME:PORT`, an address literal with or without port (`[v6]:port`), or an
/// `http://` or `https://` URL of which scheme, host and port count.
///
/// `is_known` says whether the rules know the name as one of the vendor's or a provider's: such a
/// host must chain to the public roots, any other is taken for the customer's own.
/// `is_never` says which hosts are never probed (link-local addresses, metadata services).
pub fn requirement(
    text: &str,
    is_known: impl Fn(&str) -> bool,
    is_never: impl Fn(&HostPattern) -> bool,
) -> Result<Requirement, BadTarget> {
    // What stands before an `@` may be a password.
    let said = || text.rsplit_once('@').map_or(text, |(_, host)| host).to_owned();
    let bad = |reason: String| BadTarget::Host { text: said(), reason };
    let (scheme, rest) = match text.split_once("://") {
        Some((s @ ("http" | "https"), rest)) => (Some(s), rest.split('/').next().unwrap_or(rest)),
        Some((other, _)) => return Err(bad(format!("`{other}` is not http or https"))),
        None => (None, text),
    };
    let (host, port) = split_port(rest).map_err(|r| bad(r.to_owned()))?;
    let host: HostPattern = host.parse().map_err(|e: crate::contract::BadHost| bad(e.reason.to_owned()))?;
    if host.is_wildcard() {
        return Err(BadTarget::Wildcard { text: said() });
    }
    if is_never(&host) {
        return Err(BadTarget::Never { text: said() });
    }
    let transport = match (scheme, port) {
        (Some("http"), _) | (None, Some(80)) => Transport::Http,
        (None, Some(22)) => Transport::Ssh,
        _ => Transport::Https,
    };
    let port = port.unwrap_or(if transport == Transport::Http { 80 } else { 443 });
    let known = host.name().is_some_and(is_known);
    Ok(Requirement {
        loopback: host.is_loopback(),
        network: Network::Internet,
        unbounded: None,
        port,
        transport,
        hints: ProbeHints { public_roots: known, customer: !known, ..ProbeHints::default() },
        reasons: vec![Reason {
            rule: "ad-hoc".into(),
            feature: Feature::NAMED.into(),
            need: Need::Required,
            actors: vec![Actor::App],
            purpose: "named on the command line".into(),
            breaks: "whatever uses this host".into(),
            sends: String::new(),
            confidence: Confidence::Documented,
            keys: Vec::new(),
            removed_by: None,
            config: None,
            source: vec!["--host".into()],
            since: None,
            until: None,
        }],
        host,
    })
}

/// Splits a port off; a bare IPv6 literal has none.
pub(crate) fn split_port(text: &str) -> Result<(&str, Option<u16>), &'static str> {
    let port = |p: &str| match p.parse::<u16>() {
        Ok(n) if n > 0 => Ok(Some(n)),
        _ => Err("what follows the colon is no port from 1 to 65535"),
    };
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text, None));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or("the bracket is not closed")?;
        return match after.strip_prefix(':') {
            Some(p) => Ok((host, port(p)?)),
            None if after.is_empty() => Ok((host, None)),
            None => Err("only a port may follow the bracket"),
        };
    }
    match text.rsplit_once(':') {
        Some((host, p)) => Ok((host, port(p)?)),
        None => Ok((text, None)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> (String, u16, Transport) {
        let r = requirement(text, |_| false, HostPattern::is_link_local).unwrap();
        (r.host.to_string(), r.port, r.transport)
    }

    #[test]
    fn every_documented_spelling_is_read() {
        use Transport::{Http, Https, Ssh};
        for (text, host, port, transport) in [
            ("gw.example", "gw.example", 443, Https),
            ("GW.example:8443", "gw.example", 8443, Https),
            ("192.0.2.1", "192.0.2.1", 443, Https),
            ("192.0.2.1:22", "192.0.2.1", 22, Ssh),
            ("[2001:db8::1]:8443", "2001:db8::1", 8443, Https),
            ("[2001:db8::1]", "2001:db8::1", 443, Https),
            ("2001:db8::1", "2001:db8::1", 443, Https),
            ("http://127.0.0.1:4000/v1", "127.0.0.1", 4000, Http),
            ("gw.example:80", "gw.example", 80, Http),
        ] {
            assert_eq!(read(text), (host.to_owned(), port, transport), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_dialled_is_refused_with_a_reason() {
        for bad in ["", "*.example.com", "*", "a b", "a:0", "a:99999", "[::1", "ftp://a", "169.254.169.254"] {
            assert!(requirement(bad, |_| false, HostPattern::is_link_local).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_known_name_must_chain_to_the_public_roots() {
        let r = requirement("api.vendor.example", |n| n == "api.vendor.example", HostPattern::is_link_local)
            .unwrap();
        assert!(r.hints.public_roots && !r.hints.customer);
    }
}
