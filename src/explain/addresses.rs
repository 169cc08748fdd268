//! What is known about the addresses of a host, or about the host of an address.

use std::collections::BTreeSet;

use super::{Given, Target};
use crate::contract::HostPattern;
use crate::contract::host::meanings;
use crate::derive::Requirements;

/// Sentences about fixed networks.
pub(super) fn remarks(given: &Given<'_>, list: &Requirements, target: &Target) -> Vec<String> {
    let networks = &given.pack.networks;
    let facts = &networks.by_address;
    let HostPattern::Address(address) = &target.host else {
        return match (facts.fixed_of(&target.host), facts.published_of(&target.host)) {
            (Some(fixed), _) => vec![format!(
                "{} documents fixed networks for it: {} ({}, read {}).",
                fixed.owner,
                fixed.networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
                fixed.source,
                fixed.read
            )],
            (None, Some(published)) => vec![format!(
                "It has no fixed networks. {} publishes a list of addresses and changes it: {} ({}).",
                published.owner, published.list, published.remark
            )],
            (None, None) => Vec::new(),
        };
    };
    // An address of IPv4 may be written in a form of IPv6.
    if let Some((fixed, network)) = meanings(*address).find_map(|a| facts.network_of(a)) {
        let here: BTreeSet<String> = list
            .hosts
            .iter()
            .filter(|r| facts.fixed_of(&r.host) == Some(fixed))
            .map(|r| r.host.to_string())
            .collect();
        let on_list = if here.is_empty() {
            String::new()
        } else {
            format!(" On this list: {}.", here.into_iter().collect::<Vec<_>>().join(", "))
        };
        return vec![format!(
            "{address} is in {network}, which {} documents as fixed for {} ({}, read {}).{on_list} An address says which \
             network it is in, not which host was meant.",
            fixed.owner,
            fixed.hosts.join(" and "),
            fixed.source,
            fixed.read
        )];
    }
    if networks.is_internal(&target.host) || target.host.is_loopback() || target.host.is_link_local() {
        return Vec::new();
    }
    vec![format!(
        "No owner of a host in the rules documents a fixed network with {address}: which host it belongs to cannot be said, \
         and a rule by this address may break at any time."
    )]
}
