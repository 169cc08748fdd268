//! squid.conf: one acl of names for each port. Names below a domain without the domain itself are a
//! regular expression, because a leading dot of `dstdomain` includes the domain.

use std::collections::BTreeMap;

use super::Sheet;
use super::intent::{HostRule, Kind, Names};
use super::text::{comments, line};
use crate::contract::Transport;

/// The lines.
pub(super) fn conf(sheet: &Sheet<'_>) -> String {
    let mut out = comments("#", &sheet.remarks);
    let prefix = &sheet.name.replace('-', "_");
    if sheet.kind == Kind::Inspection {
        for placed in &sheet.placed {
            out.push_str(&format!("acl {prefix}_no_bump ssl::server_name {}\n", placed.rule.names));
        }
        if !sheet.placed.is_empty() {
            out.push_str(&format!("ssl_bump splice {prefix}_no_bump\n"));
        }
        return out;
    }
    let mut ports: BTreeMap<(u16, Transport), Vec<&HostRule>> = BTreeMap::new();
    for placed in &sheet.placed {
        ports.entry((placed.rule.port, placed.rule.transport)).or_default().push(placed.rule);
    }
    if !ports.is_empty() {
        out.push_str(&format!("acl {prefix}_connect method CONNECT\n"));
    }
    for ((port, transport), rules) in &ports {
        port_section(&mut out, prefix, *port, *transport, rules);
    }
    out
}

fn port_section(out: &mut String, prefix: &str, port: u16, transport: Transport, rules: &[&HostRule]) {
    let tag = format!("{prefix}_{}_{port}", if transport == Transport::Https { "https" } else { "http" });
    out.push_str(&format!("\nacl {tag}_port port {port}\n"));
    let mut kinds: Vec<&str> = Vec::new();
    for rule in rules {
        // Squid refuses to have `.x.example` and a name below it in one list.
        let implied = rules.iter().any(|other| {
            other.names != rule.names
                && matches!(other.names, Names::ApexAndSubdomains(_))
                && other.names.covers(&rule.names)
        });
        if implied {
            continue;
        }
        let (kind, value) = match &rule.names {
            Names::Exact(n) => ("names", format!("dstdomain -n {n}")),
            Names::ApexAndSubdomains(n) => ("names", format!("dstdomain -n .{n}")),
            Names::Subdomains(n) => ("below", format!("dstdom_regex -n -i \\.{}$", n.replace('.', "\\."))),
            Names::Address(a) => ("addresses", format!("dst -n {a}")),
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
        out.push_str(&format!("# {}\nacl {tag}_{kind} {value}\n", line(&rule.purpose)));
    }
    kinds.sort_unstable();
    for kind in kinds {
        // Plain HTTP is no reason to open a tunnel.
        let method = if transport == Transport::Https { "" } else { "!" };
        out.push_str(&format!("http_access allow {method}{prefix}_connect {tag}_port {tag}_{kind}\n"));
    }
}
