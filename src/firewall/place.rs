//! Whether a product can say what a rule asks, and how.

use std::net::IpAddr;

use super::Format;
use super::intent::{HostRule, Kind, List, Names};
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

/// `rule`, or its two halves where the product can say the bare name and not the wildcard: what can be opened is opened. A
/// bare name that nothing says to exist is not watched.
pub(super) fn writable(rule: &HostRule, list: &List, format: Format, product: &Product) -> Vec<HostRule> {
    let fits = |rule: &HostRule| place(rule, list, format, product).is_ok();
    match rule.apart().as_slice() {
        [bare, below] if !fits(rule) && fits(bare) => {
            let needed = !rule.bare_with_wildcard || format.opens();
            needed.then(|| bare.clone()).into_iter().chain([below.clone()]).collect()
        }
        _ => vec![rule.clone()],
    }
}

/// Places one rule.
///
/// # Errors
/// Why it cannot be written.
pub(super) fn place<'a>(
    rule: &'a HostRule,
    list: &List,
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
    let one_port = format == Format::PaloaltoUrls && list.kind == Kind::Allow;
    if one_port && !by_name {
        return Err(format!(
            "{} is on no URL list, on whatever port: use --format paloalto, which writes address objects",
            spoken(rule.transport)
        ));
    }
    if one_port && rule.port != list.port {
        return Err(format!(
            "one URL list goes with one port, and this is the one for {}; write another with --port {}, or use --format \
             paloalto",
            list.port, rule.port
        ));
    }
    if let Names::Address(address) = rule.names {
        let listed = match list.kind {
            Kind::Inspection => product.inspection_addresses.unwrap_or(product.addresses),
            Kind::Allow => product.addresses,
        };
        let taken = match listed {
            Addresses::Both => true,
            Addresses::Ipv4 => address.is_ipv4(),
            Addresses::None => false,
        };
        if !taken {
            let kind = if address.is_ipv4() { "address literals" } else { "IPv6 literals" };
            return Err(format!("a list of names takes no {kind} in {title}; write an address rule"));
        }
        if !by_name && product.by_address.is_empty() {
            return Err(format!("{title} takes no address for {}", spoken(rule.transport)));
        }
        let way = if product.by_address.is_empty() { Way::ByName } else { Way::ByAddress };
        return Ok(Placed { rule, way, widened: None });
    }
    let mut labels = rule.names.base().rsplit('.');
    let deep = rule.names.base().split('.').count() > 2;
    if product.strict_labels
        && (labels.next().is_some_and(|l| l.contains('_'))
            || (deep && labels.next().is_some_and(|l| l.contains('_')))
            || rule.names.base().split('.').any(|l| l == "_"))
    {
        return Err(format!(
            "{title} takes no underscore in the last two labels of a name, and no label that is only one"
        ));
    }
    if product.no_underscore && rule.names.base().contains('_') {
        return Err(format!("{title} takes no underscore in a name"));
    }
    if rule.names.base().split('.').count() < product.min_labels.unwrap_or(1) {
        return Err(format!("{title} takes no name of one label, and no top-level domain alone"));
    }
    let too_high = product.max_port.is_some_and(|most| rule.port > most);
    let (way, widened) = if by_name && !too_high {
        (Way::ByName, by_name_widening(rule, list, product)?)
    } else if too_high && (product.by_address.is_empty() || !matches!(rule.names, Names::Exact(_))) {
        return Err(format!(
            "{title} takes no port above {} in a rule of names",
            product.max_port.unwrap_or_default()
        ));
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

fn by_name_widening(rule: &HostRule, list: &List, product: &Product) -> Result<Option<String>, String> {
    let asked = |more: &Names| {
        list.rules.iter().any(|other| {
            other.names.covers(more)
                && product.by_name.contains(&other.transport)
                && (product.every_port || other.port == rule.port)
        })
    };
    if list.kind == Kind::Inspection && !product.inspection_opens.is_empty() {
        return Ok(Some(product.inspection_opens.to_string()));
    }
    Ok(match (&rule.names, product.exact, product.wildcard) {
        (Names::Subdomains(_) | Names::ApexAndSubdomains(_), _, Reach::None) => {
            return Err(product.wildcard_reason.to_string());
        }
        (Names::Subdomains(_) | Names::ApexAndSubdomains(_), ..) if !product.wildcard_opens.is_empty() => {
            Some(product.wildcard_opens.to_string())
        }
        // What would be allowed besides is asked by another rule.
        (Names::Exact(n), Reach::Tree, _) if asked(&Names::Subdomains(n.clone())) => None,
        (Names::Subdomains(n), _, Reach::Tree) if asked(&Names::Exact(n.clone())) => None,
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
