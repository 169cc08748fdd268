//! PAN-OS: `set` commands with a URL category and a service for each port, and the external
//! dynamic list. The command line has no comments; remarks go to standard error.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::Sheet;
use super::intent::{HostRule, Kind, Names};
use super::place::{Way, host_prefix};
use super::text::{description, object_name};
use crate::contract::Need;

/// Bytes of a name of an address object (PAN-OS limit).
const NAME: usize = 63;

/// Port and need, the most needed first.
type Key = (u16, Reverse<Need>);

/// The configuration commands.
pub(super) fn commands(sheet: &Sheet<'_>) -> String {
    let mut out = String::new();
    let prefix = sheet.name;
    if sheet.kind == Kind::Inspection {
        let entries: BTreeSet<String> = sheet.placed.iter().flat_map(|p| entries(p.rule)).collect();
        let about = format!("Broken by TLS inspection. {}", sheet.origin);
        category(&mut out, &format!("{}-no-decrypt", sheet.name), &about, entries.iter());
        return out;
    }
    // A category and a group for each need, so that what is optional can be left closed.
    let mut categories: BTreeMap<Key, BTreeSet<String>> = BTreeMap::new();
    let mut groups: BTreeMap<Key, BTreeMap<String, (String, String)>> = BTreeMap::new();
    for placed in &sheet.placed {
        let rule = placed.rule;
        let key = (rule.port, Reverse(rule.need));
        match (placed.way, &rule.names) {
            // A literal of a web transport is an entry of the URL list like any other.
            (Way::ByAddress, Names::Address(_)) if rule.transport.has_http() => {
                categories.entry(key).or_default().extend(entries(rule));
            }
            (Way::ByAddress, names) => {
                let object = match names {
                    Names::Address(a) => format!("ip-netmask {}", host_prefix(*a)),
                    other => format!("fqdn {}", other.base()),
                };
                let name = object_name(&format!("{prefix}-"), &names.to_string(), NAME);
                let about = description(&rule.purpose, 200);
                groups.entry(key).or_default().insert(name, (object, about));
            }
            (Way::ByName, _) => categories.entry(key).or_default().extend(entries(rule)),
        }
    }
    let ports: BTreeSet<u16> = categories.keys().chain(groups.keys()).map(|(port, _)| *port).collect();
    for port in ports {
        out.push_str(&format!("set service {prefix}-tcp-{port} protocol tcp port {port}\n"));
    }
    for ((port, Reverse(need)), entries) in &categories {
        let mark = if sheet.incomplete { "INCOMPLETE: a required host is missing. " } else { "" };
        let about = format!("{mark}Claude Desktop, TCP {port}, {need}. {}", sheet.origin);
        category(&mut out, &format!("{prefix}-{need}-{port}"), &about, entries.iter());
    }
    for ((port, Reverse(need)), objects) in &groups {
        for (name, (object, about)) in objects {
            out.push_str(&format!("set address {name} {object}\n"));
            if !about.is_empty() {
                out.push_str(&format!("set address {name} description \"{about}\"\n"));
            }
        }
        for name in objects.keys() {
            out.push_str(&format!("set address-group {prefix}-{need}-tcp-{port} static {name}\n"));
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
        description(about, 250)
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
