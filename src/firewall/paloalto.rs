//! PAN-OS: `set` commands with a URL category and a service for each port, and the external
//! dynamic list. The command line has no comments; remarks go to standard error.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::Sheet;
use super::intent::{HostRule, Kind, Names};
use super::place::{Way, host_prefix};
use super::text::{description, json as render, notes, object_name};
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
    let Objects { categories, groups } = Objects::of(sheet);
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

/// A category and a group for each need and port, so that what is optional can be left closed.
struct Objects {
    categories: BTreeMap<Key, BTreeSet<String>>,
    /// Address objects of a group: what each is, and what it is for.
    groups: BTreeMap<Key, BTreeMap<String, (String, String)>>,
}

impl Objects {
    fn of(sheet: &Sheet<'_>) -> Self {
        let prefix = sheet.name;
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
        Self { categories, groups }
    }
}

/// The same objects as Terraform JSON (`*.tf.json`), for version 2 of the provider panos.
pub(super) fn terraform(sheet: &Sheet<'_>) -> String {
    let prefix = sheet.name;
    let own = prefix.replace('-', "_");
    let location = format!("${{var.{own}_location}}");
    let id = |name: &str| name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let (mut categories, mut services, mut addresses, mut address_groups) =
        (Map::new(), Map::new(), Map::new(), Map::new());
    if sheet.kind == Kind::Inspection {
        let list: BTreeSet<String> = sheet.placed.iter().flat_map(|p| entries(p.rule)).collect();
        let name = format!("{prefix}-no-decrypt");
        let about = description(&format!("Broken by TLS inspection. {}", sheet.origin), 250);
        categories.insert(id(&name), json!({ "location": location, "name": name, "type": "URL List", "description": about, "list": list }));
    } else {
        let found = Objects::of(sheet);
        let ports: BTreeSet<u16> =
            found.categories.keys().chain(found.groups.keys()).map(|(port, _)| *port).collect();
        for port in ports {
            let name = format!("{prefix}-tcp-{port}");
            let protocol = json!({ "tcp": { "destination_port": port.to_string() } });
            services.insert(id(&name), json!({ "location": location, "name": name, "protocol": protocol }));
        }
        for ((port, Reverse(need)), list) in &found.categories {
            let name = format!("{prefix}-{need}-{port}");
            let mark = if sheet.incomplete { "INCOMPLETE: a required host is missing. " } else { "" };
            let about =
                description(&format!("{mark}Claude Desktop, TCP {port}, {need}. {}", sheet.origin), 250);
            categories.insert(id(&name), json!({ "location": location, "name": name, "type": "URL List", "description": about, "list": list }));
        }
        for ((port, Reverse(need)), objects) in &found.groups {
            let mut members = Vec::new();
            for (name, (object, about)) in objects {
                let (kind, value) = object.split_once(' ').unwrap_or(("fqdn", object));
                let field = if kind == "fqdn" { "fqdn" } else { "ip_netmask" };
                addresses.insert(
                    id(name),
                    json!({ "location": location, "name": name, (field): value, "description": about }),
                );
                members.push(format!("${{panos_address.{}.name}}", id(name)));
            }
            let name = format!("{prefix}-{need}-tcp-{port}");
            address_groups
                .insert(id(&name), json!({ "location": location, "name": name, "static": members }));
        }
    }
    let mut resources = Map::new();
    for (kind, objects) in [
        ("panos_custom_url_category", categories),
        ("panos_service", services),
        ("panos_address", addresses),
        ("panos_address_group", address_groups),
    ] {
        if !objects.is_empty() {
            resources.insert(kind.to_owned(), Value::Object(objects));
        }
    }
    let mut file = json!({
        "//": notes(&sheet.remarks),
        "variable": { format!("{own}_location"): {
            "type": "any",
            "description": "Where the objects go, such as { vsys = { name = \"vsys1\" } } or { device_group = { name = \"office\" } }",
        } },
    });
    if !resources.is_empty() {
        file["resource"] = Value::Object(resources);
    }
    render(&file)
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
        Names::Address(a) => vec![format!("{a}/")],
        named => named.spelled().into_iter().map(|name| name + "/").collect(),
    }
}
