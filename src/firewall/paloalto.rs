//! PAN-OS: `set` commands with a URL category and a service for each port, and the external
//! dynamic list. The command line has no comments; remarks go to standard error.

use std::collections::{BTreeMap, BTreeSet};

use super::Sheet;
use super::intent::{HostRule, Kind, Names};
use super::place::{Way, host_prefix};
use super::text::{description, object_name};

/// Bytes of a name of an address object (PAN-OS limit).
const NAME: usize = 63;

/// The configuration commands.
pub(super) fn commands(sheet: &Sheet<'_>) -> String {
    let mut out = String::new();
    if sheet.kind == Kind::Inspection {
        let entries: BTreeSet<String> = sheet.placed.iter().flat_map(|p| entries(p.rule)).collect();
        category(&mut out, "clearway-no-decrypt", "Broken by TLS inspection", entries.iter());
        return out;
    }
    let mut categories: BTreeMap<u16, BTreeSet<String>> = BTreeMap::new();
    let mut groups: BTreeMap<u16, BTreeMap<String, (String, String)>> = BTreeMap::new();
    for placed in &sheet.placed {
        let rule = placed.rule;
        match (placed.way, &rule.names) {
            // A literal of a web transport is an entry of the URL list like any other.
            (Way::ByAddress, Names::Address(_)) if rule.transport.has_http() => {
                categories.entry(rule.port).or_default().extend(entries(rule));
            }
            (Way::ByAddress, names) => {
                let object = match names {
                    Names::Address(a) => format!("ip-netmask {}", host_prefix(*a)),
                    other => format!("fqdn {}", other.base()),
                };
                let name = object_name("clearway-", &names.to_string(), NAME);
                let about = description(&rule.purpose, 200);
                groups.entry(rule.port).or_default().insert(name, (object, about));
            }
            (Way::ByName, _) => categories.entry(rule.port).or_default().extend(entries(rule)),
        }
    }
    let ports: BTreeSet<u16> = categories.keys().chain(groups.keys()).copied().collect();
    for port in ports {
        out.push_str(&format!("set service clearway-tcp-{port} protocol tcp port {port}\n"));
    }
    for (port, entries) in &categories {
        let about = if sheet.incomplete {
            format!("INCOMPLETE: a required host is missing. Claude Desktop, TCP {port}")
        } else {
            format!("Claude Desktop, TCP {port}")
        };
        category(&mut out, &format!("clearway-{port}"), &about, entries.iter());
    }
    for (port, objects) in &groups {
        for (name, (object, about)) in objects {
            out.push_str(&format!("set address {name} {object}\n"));
            if !about.is_empty() {
                out.push_str(&format!("set address {name} description \"{about}\"\n"));
            }
        }
        for name in objects.keys() {
            out.push_str(&format!("set address-group clearway-tcp-{port} static {name}\n"));
        }
    }
    out
}

fn category<'a>(out: &mut String, name: &str, about: &str, entries: impl Iterator<Item = &'a String>) {
    let mut entries = entries.peekable();
    if entries.peek().is_none() {
        return;
    }
    out.push_str(&format!("set profiles custom-url-category {name} type \"URL List\"\n"));
    out.push_str(&format!(
        "set profiles custom-url-category {name} description \"{}\"\n",
        description(about, 200)
    ));
    for entry in entries {
        out.push_str(&format!("set profiles custom-url-category {name} list {entry}\n"));
    }
}

/// The external dynamic list of type URL, for one port.
pub(super) fn urls(sheet: &Sheet<'_>) -> String {
    let entries: BTreeSet<String> = sheet.placed.iter().flat_map(|p| entries(p.rule)).collect();
    entries.into_iter().map(|e| e + "\n").collect()
}

/// The entries of a URL list: always with the ending slash.
fn entries(rule: &HostRule) -> Vec<String> {
    match &rule.names {
        Names::Exact(n) => vec![format!("{n}/")],
        Names::Subdomains(n) => vec![format!("*.{n}/")],
        Names::ApexAndSubdomains(n) => vec![format!("{n}/"), format!("*.{n}/")],
        Names::Address(a) => vec![format!("{a}/")],
    }
}
