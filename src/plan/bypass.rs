//! Hosts that proxy settings exempt: `NO_PROXY`, and the lists of Windows and macOS.

use std::net::IpAddr;

use crate::derive::HostPattern;
use crate::text::glob::glob;

/// How a list of exemptions is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Grammar {
    /// `NO_PROXY` as most clients read it: `*`, a name (with everything below it, leading dot or
    /// not), an address literal, a network such as `10.0.0.0/8`, each optionally with a port.
    #[default]
    NoProxy,
    /// Windows and macOS: names with `*` anywhere, `<local>` for names without a dot, networks such
    /// as `169.254/16`, each optionally with a scheme or a port.
    System,
}

impl Grammar {
    /// The entries of a list as one text.
    pub fn split(self, text: &str) -> Vec<String> {
        let separator = |c: char| c.is_whitespace() || c == if self == Self::NoProxy { ',' } else { ';' };
        text.split(separator).filter(|e| !e.is_empty()).map(str::to_owned).collect()
    }

    /// Whether the list exempts `host` at `port`. `plain`: the connection would be `http`.
    pub fn exempts(self, entries: &[String], host: &HostPattern, port: u16, plain: bool) -> bool {
        entries.iter().any(|entry| {
            let entry = entry.trim().to_ascii_lowercase();
            match self {
                Self::NoProxy => no_proxy(&entry, host, port),
                Self::System => system(&entry, host, port, plain),
            }
        })
    }
}

fn no_proxy(entry: &str, host: &HostPattern, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    let Some((entry, wanted)) = with_port(entry) else { return false };
    if wanted.is_some_and(|p| p != port) {
        return false;
    }
    match (literal(entry), network(entry), host) {
        (Some(address), _, HostPattern::Address(h)) => address == *h,
        (_, Some(network), HostPattern::Address(h)) => holds(network, *h),
        // An address has no names above it.
        (Some(_), ..) | (_, Some(_), _) | (_, _, HostPattern::Address(_)) => false,
        _ => {
            let suffix = entry.trim_start_matches('*').trim_matches('.');
            let name = host.to_string();
            !suffix.is_empty()
                && (name == suffix || name.strip_suffix(suffix).is_some_and(|r| r.ends_with('.')))
        }
    }
}

fn system(entry: &str, host: &HostPattern, port: u16, plain: bool) -> bool {
    if entry == "<local>" {
        return host.name().is_some_and(|n| !n.contains('.'));
    }
    let entry = match entry.split_once("://") {
        Some(("http", rest)) if plain => rest,
        Some(("https", rest)) if !plain => rest,
        Some(_) => return false,
        None => entry,
    };
    let Some((entry, wanted)) = with_port(entry) else { return false };
    if entry.is_empty() || wanted.is_some_and(|p| p != port) {
        return false;
    }
    if let (Some(network), HostPattern::Address(h)) = (network(entry), host) {
        return holds(network, *h);
    }
    if let (Some(address), HostPattern::Address(h)) = (literal(entry), host) {
        return address == *h;
    }
    let pattern = if entry.starts_with('.') { format!("*{entry}") } else { entry.to_owned() };
    glob(&pattern, &host.to_string())
}

/// The entry without its port, and the port; nothing where the port is none.
fn with_port(entry: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = entry.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((address, Some(port.parse().ok()?))),
            None => rest.is_empty().then_some((address, None)),
        };
    }
    match entry.rsplit_once(':') {
        // More than one colon is an IPv6 literal.
        Some((name, port)) if !name.contains(':') => Some((name, Some(port.parse().ok()?))),
        _ => Some((entry, None)),
    }
}

fn literal(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|a| a.to_canonical())
}

/// A network in CIDR notation; of IPv4 also the short form that macOS writes (`169.254/16`).
fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = text.split_once('/')?;
    let length: u8 = length.parse().ok()?;
    let address = literal(address).or_else(|| {
        let missing = 3_usize.checked_sub(address.matches('.').count())?;
        literal(&format!("{address}{}", ".0".repeat(missing)))
    })?;
    (length <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, length))
}

fn holds((network, length): (IpAddr, u8), address: IpAddr) -> bool {
    let bits = |a: IpAddr| match a {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    };
    let address = address.to_canonical();
    let rest = 128 - u32::from(length);
    network.is_ipv4() == address.is_ipv4()
        && (bits(network) ^ bits(address)).checked_shr(rest).unwrap_or_default() == 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn exempts(grammar: Grammar, list: &str, to: &str, port: u16) -> bool {
        grammar.exempts(&grammar.split(list), &to.parse().unwrap(), port, false)
    }

    #[test]
    fn no_proxy_knows_names_ports_addresses_networks_and_the_star() {
        for (list, name, port, exempt) in [
            ("example.com", "example.com", 443, true),
            ("example.com", "a.example.com", 443, true),
            (".example.com", "a.example.com", 443, true),
            (".example.com", "example.com", 443, true),
            ("*.example.com", "a.example.com", 443, true),
            ("example.com", "badexample.com", 443, false),
            ("EXAMPLE.com.", "a.example.com", 443, true),
            ("example.com:8443", "example.com", 8443, true),
            ("example.com:8443", "example.com", 443, false),
            ("example.com:x", "example.com", 443, false),
            ("localhost, .corp.example other.example", "other.example", 443, true),
            ("192.0.2.1", "192.0.2.1", 443, true),
            ("192.0.2.1:8443", "192.0.2.1", 443, false),
            ("192.0.2.0/24", "192.0.2.77", 443, true),
            ("192.0.2.0/24", "192.0.3.77", 443, false),
            ("192.0.2.0/24", "a.example", 443, false),
            ("0.0.0.0/0", "192.0.3.77", 443, true),
            ("0.0.0.0/0", "2001:db8::1", 443, false),
            ("192.0.2.0/33", "192.0.2.0", 443, false),
            ("2001:db8::/32", "2001:db8::1", 443, true),
            ("2001:db8::1", "2001:db8::1", 443, true),
            ("[2001:db8::1]:8443", "2001:db8::1", 8443, true),
            ("[2001:db8::1]:8443", "2001:db8::1", 443, false),
            ("2.1", "192.0.2.1", 443, false),
            ("*", "anything.example", 443, true),
            (", ,", "anything.example", 443, false),
            (".", "anything.example", 443, false),
        ] {
            assert_eq!(exempts(Grammar::NoProxy, list, name, port), exempt, "{list} {name}:{port}");
        }
    }

    #[test]
    fn the_lists_of_windows_and_macos_have_stars_networks_and_local_names() {
        for (list, name, port, exempt) in [
            ("<local>", "intranet", 443, true),
            ("<local>", "intranet.corp.example", 443, false),
            ("*.corp.example;<local>", "a.b.corp.example", 443, true),
            ("*.corp.example", "corp.example", 443, false),
            ("*corp.example", "corp.example", 443, true),
            (".corp.example", "a.corp.example", 443, true),
            ("corp.example", "corp.example", 443, true),
            ("corp.example", "a.corp.example", 443, false),
            ("10.*", "10.1.2.3", 443, true),
            ("10.*.3", "10.1.2.3", 443, true),
            ("gw*.corp.example", "gw1.corp.example", 443, true),
            ("169.254/16", "169.254.9.9", 443, true),
            ("10.0.0.0/8", "11.0.0.1", 443, false),
            ("https://a.example", "a.example", 443, true),
            ("http://a.example", "a.example", 443, false),
            ("a.example:8443", "a.example", 443, false),
            ("*", "a.example", 443, true),
            ("<-loopback>", "a.example", 443, false),
        ] {
            assert_eq!(exempts(Grammar::System, list, name, port), exempt, "{list} {name}:{port}");
        }
    }
}
