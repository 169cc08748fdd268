//! `--format networks`: the networks that owners of hosts document as fixed, for a firewall that knows no names, and
//! what is said about addresses in the other formats.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::HostPattern;
use crate::derive::{Requirement, Requirements, incomplete};
use crate::report::hosts::comments::File;
use crate::report::words;
use crate::text::english;

/// What can be listed at all.
fn listed(requirements: &Requirements) -> impl Iterator<Item = &Requirement> {
    let on_a_list =
        |r: &&Requirement| r.unbounded.is_none() && r.port != 0 && !r.loopback && !r.host.is_loopback();
    requirements.hosts.iter().filter(on_a_list)
}

/// The networks of a host, in a few words; nothing where its owner documents none.
pub(super) fn beside(requirements: &Requirements, host: &HostPattern) -> Option<String> {
    let fixed = requirements.by_address.fixed_of(host)?;
    let networks: Vec<String> = fixed.networks.iter().map(ToString::to_string).collect();
    Some(format!("fixed networks {} ({}, read {})", networks.join(", "), fixed.owner, fixed.read))
}

/// What a team with a firewall that knows no names must know, one remark each; nothing without such facts.
pub(super) fn remarks(requirements: &Requirements) -> Vec<String> {
    let facts = &requirements.by_address;
    if facts.advice.is_empty() || listed(requirements).next().is_none() {
        return Vec::new();
    }
    let moving: BTreeSet<String> = listed(requirements)
        .filter(|r| facts.fixed_of(&r.host).is_none() && !matches!(r.host, HostPattern::Address(_)))
        .map(|r| r.host.to_string())
        .collect();
    let mut out = Vec::new();
    if !moving.is_empty() {
        out.push(format!(
            "{} on this list have no fixed networks: addresses that are looked up today would break.",
            english::count(moving.len(), "name", "names")
        ));
    }
    out.extend(facts.advice.iter().map(String::from));
    out
}

/// The file. Lines are networks on TCP 443, or on `port`; everything else is a comment.
pub fn render(requirements: &Requirements, port: u16) -> String {
    let facts = &requirements.by_address;
    let mut file = File { out: String::new() };
    for line in incomplete::marks(requirements) {
        file.comment("", &line);
    }
    file.comment("", &format!("Fixed networks of hosts that Claude Desktop needs, TCP {port}"));
    for input in &requirements.inputs {
        file.comment("", &format!("Configuration: {}", input.name));
    }
    file.comment(
        "",
        "These lines are a part of what is needed. What has no line here is named below: it cannot be opened by address \
         without breaking later.",
    );
    let mut fixed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut literals: BTreeSet<String> = BTreeSet::new();
    let mut other_ports: BTreeSet<String> = BTreeSet::new();
    let mut moving: BTreeMap<Option<usize>, BTreeSet<String>> = BTreeMap::new();
    for r in listed(requirements) {
        let known = facts.fixed_of(&r.host);
        let literal = match r.host {
            HostPattern::Address(a) => Some(format!("{a}/{}", if a.is_ipv4() { 32 } else { 128 })),
            _ => None,
        };
        if r.port != port && (known.is_some() || literal.is_some()) {
            other_ports.insert(words::endpoint_of(r));
        } else if let Some(known) = known {
            fixed.entry(known.source.to_string()).or_default().insert(r.host.to_string());
        } else if let Some(literal) = literal {
            literals.insert(literal);
        } else {
            let list = facts.published_of(&r.host).and_then(|p| facts.published.iter().position(|q| q == p));
            moving.entry(list).or_default().insert(words::endpoint_of(r));
        }
    }
    for known in &facts.fixed {
        let Some(hosts) = fixed.get(known.source.as_str()) else { continue };
        file.blank();
        file.comment("", &hosts.iter().cloned().collect::<Vec<_>>().join(", "));
        file.comment("  ", &format!("documented by {}, read {}: {}", known.owner, known.read, known.source));
        if !known.remark.is_empty() {
            file.comment("  ", &known.remark);
        }
        known.networks.iter().for_each(|n| file.line(&n.to_string()));
    }
    if !literals.is_empty() {
        file.blank();
        file.comment("", "Addresses that the configuration itself names");
        literals.iter().for_each(|l| file.line(l));
    }
    if !other_ports.is_empty() {
        file.blank();
        let ports = other_ports.into_iter().collect::<Vec<_>>().join(", ");
        file.comment("", &format!("On other ports (a file for each: --port N): {ports}"));
    }
    if !moving.is_empty() {
        file.blank();
        file.comment("", "==== NO FIXED NETWORKS ====");
    }
    for (list, hosts) in moving {
        match list.and_then(|at| facts.published.get(at)) {
            Some(p) => {
                file.comment("", &format!("{} publishes a list and changes it: {}", p.owner, p.list));
                file.comment("  ", &format!("{}. Documented: {}, read {}", p.remark, p.source, p.read));
            }
            None => file.comment("", "No list of addresses is known to the rules:"),
        }
        hosts.iter().for_each(|h| file.comment("  - ", h));
    }
    if !facts.advice.is_empty() {
        file.blank();
        file.comment("", "==== A FIREWALL THAT KNOWS NO NAMES ====");
        facts.advice.iter().for_each(|a| file.comment("- ", a));
    }
    file.out
}
