//! Whether a product can say what a rule asks, and how.

use std::net::IpAddr;

use super::Format;
use super::intent::{HostRule, Kind, Names};
use crate::contract::Transport;
use crate::rules::firewalls::{Addresses, Product, Reach};

/// Longest entry that every product of the list takes (a name of 253 characters, less a little for
/// the syntax around it).
const LONGEST: usize = 250;

/// How an entry is matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By the name that the client sends.
    ByName,
    /// By the addresses that the product resolves.
    ByAddress,
}

/// A rule that can be written.
pub(super) struct Placed<'a> {
    pub rule: &'a HostRule,
    pub way: Way,
    /// What is allowed beyond the rule.
    pub widened: Option<String>,
}

/// Places one rule.
///
/// # Errors
/// Why it cannot be written.
pub(super) fn place<'a>(
    rule: &'a HostRule,
    kind: Kind,
    format: Format,
    product: &Product,
) -> Result<Placed<'a>, String> {
    let title = &product.title;
    if rule.names.base().len() > LONGEST {
        return Err(format!("the name is longer than {LONGEST} characters"));
    }
    let by_name = product.by_name.contains(&rule.transport);
    let by_address = product.by_address.contains(&rule.transport);
    if !by_name && !by_address {
        return Err(format!(
            "{title} matches {} by name; {} is neither",
            product.by_name.iter().map(|t| spoken(*t)).collect::<Vec<_>>().join(" and "),
            spoken(rule.transport),
        ));
    }
    // An exemption goes with the server name, whatever the port.
    let one_port = format == Format::PaloaltoUrls && kind == Kind::Allow;
    if one_port && (rule.port != 443 || !by_name) {
        return Err(
            "one URL list goes with one port, and this is the one for 443; use --format paloalto".into()
        );
    }
    if let Names::Address(address) = rule.names {
        let taken = match product.addresses {
            Addresses::Both => true,
            Addresses::Ipv4 => address.is_ipv4(),
            Addresses::None => false,
        };
        if !taken {
            let kind = if address.is_ipv4() { "address literals" } else { "IPv6 literals" };
            return Err(format!("a list of names takes no {kind} in {title}; write an address rule"));
        }
        let way = if product.by_address.is_empty() { Way::ByName } else { Way::ByAddress };
        return Ok(Placed { rule, way, widened: None });
    }
    if product.strict_labels && rule.names.base().rsplit('.').take(2).any(|l| l.contains('_')) {
        return Err(format!("{title} takes no underscore in the last two labels of a name"));
    }
    let (way, widened) = if by_name {
        (Way::ByName, by_name_widening(&rule.names, product)?)
    } else if matches!(rule.names, Names::Exact(_)) {
        (Way::ByAddress, None)
    } else {
        return Err(format!(
            "{title} allows {} only by address, and a wildcard has none",
            spoken(rule.transport)
        ));
    };
    Ok(Placed { rule, way, widened })
}

fn by_name_widening(names: &Names, product: &Product) -> Result<Option<String>, String> {
    Ok(match (names, product.exact, product.wildcard) {
        (Names::Subdomains(_) | Names::ApexAndSubdomains(_), _, Reach::None) => {
            return Err(product.wildcard_reason.clone());
        }
        (Names::Exact(n), Reach::Tree, _) => {
            Some(format!("an entry of {} stands for every name below {n} too", product.title))
        }
        (Names::Subdomains(n), _, Reach::Tree) => {
            Some(format!("the wildcard of {} stands for {n} itself too", product.title))
        }
        _ => None,
    })
}

fn spoken(transport: Transport) -> &'static str {
    match transport {
        Transport::Https => "HTTPS",
        Transport::Http => "HTTP",
        Transport::Grpc => "plain gRPC",
        Transport::GrpcTls => "gRPC over TLS",
        Transport::Ssh => "SSH",
        Transport::Tcp => "plain TCP",
    }
}

/// The address with the prefix length of one host.
pub(super) fn host_prefix(address: IpAddr) -> String {
    format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 })
}
