//! nftables with sets that dnsmasq fills: the `nftset` lines, and the sets.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Sheet;
use super::intent::Names;
use super::text::comments;

/// The dnsmasq configuration.
pub(super) fn conf(sheet: &Sheet<'_>) -> String {
    let mut ports_of: BTreeMap<&str, BTreeSet<u16>> = BTreeMap::new();
    for placed in &sheet.placed {
        if !matches!(placed.rule.names, Names::Address(_)) {
            ports_of.entry(placed.rule.names.base()).or_default().insert(placed.rule.port);
        }
    }
    let mut out = comments("#", &sheet.remarks);
    for (base, own) in &ports_of {
        // dnsmasq takes the longest domain that matches and no other, so a name below another entry
        // must name that entry's sets too; with nothing of its own it need not be written.
        let mut inherited: BTreeSet<u16> = BTreeSet::new();
        for (other, ports) in &ports_of {
            if base.strip_suffix(other).is_some_and(|rest| rest.ends_with('.')) {
                inherited.extend(ports);
            }
        }
        if own.is_subset(&inherited) {
            continue;
        }
        let sets: Vec<String> = own
            .union(&inherited)
            .map(|p| format!("4#inet#clearway#tcp_{p}_v4,6#inet#clearway#tcp_{p}_v6"))
            .collect();
        out.push_str(&format!("nftset=/{base}/{}\n", sets.join(",")));
    }
    out
}

/// The nft script: the sets, and a chain that accepts what is in them.
pub(super) fn sets(sheet: &Sheet<'_>) -> String {
    let mut ports: BTreeMap<u16, BTreeSet<IpAddr>> = BTreeMap::new();
    for placed in &sheet.placed {
        let addresses = ports.entry(placed.rule.port).or_default();
        if let Names::Address(a) = placed.rule.names {
            addresses.insert(a);
        }
    }
    let mut out = comments("#", &sheet.remarks);
    out.push_str("table inet clearway {\n");
    for (port, addresses) in &ports {
        for (family, kind) in [("v4", "ipv4_addr"), ("v6", "ipv6_addr")] {
            let fixed: Vec<String> =
                addresses.iter().filter(|a| a.is_ipv4() == (family == "v4")).map(IpAddr::to_string).collect();
            let elements = if fixed.is_empty() {
                String::new()
            } else {
                format!("\t\telements = {{ {} }}\n", fixed.join(", "))
            };
            out.push_str(&format!("\tset tcp_{port}_{family} {{\n\t\ttype {kind}\n{elements}\t}}\n"));
        }
    }
    out.push_str("\tchain allow {\n");
    for port in ports.keys() {
        for (family, daddr) in [("v4", "ip daddr"), ("v6", "ip6 daddr")] {
            out.push_str(&format!("\t\t{daddr} @tcp_{port}_{family} tcp dport {port} accept\n"));
        }
    }
    out.push_str("\t}\n}\n");
    out
}
