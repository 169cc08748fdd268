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
    let prefix = identifier(sheet.name);
    let place = sheet.table.replace(' ', "#");
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
            .map(|p| format!("4#{place}#{}_tcp_{p}_v4,6#{place}#{}_tcp_{p}_v6", prefix, prefix))
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
    let (prefix, table, chain) = (identifier(sheet.name), sheet.table, chain(sheet.name));
    let set = |port: &u16, family: &str| format!("{prefix}_tcp_{port}_{family}");
    let families = [("v4", "ipv4_addr", "ip daddr"), ("v6", "ipv6_addr", "ip6 daddr")];
    // Made first where they are missing, then emptied: a second load changes nothing, and what left the list is gone.
    out.push_str(&format!("table {table} {{\n"));
    for port in ports.keys() {
        for (family, kind, _) in families {
            out.push_str(&format!("\tset {} {{\n\t\ttype {kind}\n\t}}\n", set(port, family)));
        }
    }
    out.push_str(&format!("\tchain {chain} {{\n\t}}\n}}\nflush chain {table} {chain}\n"));
    for port in ports.keys() {
        for (family, ..) in families {
            out.push_str(&format!("flush set {table} {}\n", set(port, family)));
        }
    }
    out.push_str(&format!("table {table} {{\n"));
    for (port, addresses) in &ports {
        for (family, kind, _) in families {
            let fixed: Vec<String> =
                addresses.iter().filter(|a| a.is_ipv4() == (family == "v4")).map(IpAddr::to_string).collect();
            if !fixed.is_empty() {
                out.push_str(&format!(
                    "\tset {} {{\n\t\ttype {kind}\n\t\telements = {{ {} }}\n\t}}\n",
                    set(port, family),
                    fixed.join(", ")
                ));
            }
        }
    }
    out.push_str(&format!("\tchain {chain} {{\n"));
    for port in ports.keys() {
        for (family, _, daddr) in families {
            out.push_str(&format!("\t\t{daddr} @{} tcp dport {port} accept\n", set(port, family)));
        }
    }
    out.push_str("\t}\n}\n");
    out
}

/// A name without signs that nft takes for an operator.
fn identifier(name: &str) -> String {
    name.replace('-', "_")
}

/// The chain that the administrator jumps to.
pub(super) fn chain(name: &str) -> String {
    format!("{}_allow", identifier(name))
}
