//! Cisco Secure Firewall Management Center: bodies of its REST API, one member for each kind of object. Exact names are FQDN
//! objects, which the firewall resolves; wildcards are literals of a URL group.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::Sheet;
use super::intent::Names;
use super::text::{json as render, json_description, notes, object_name};
use crate::contract::Need;

/// Characters of an object's name (limit of the API).
const NAME: usize = 64;

/// The bodies, by the last part of the path that they are posted to.
pub(super) fn objects(sheet: &Sheet<'_>) -> String {
    let prefix = sheet.name;
    let mut ports = BTreeSet::new();
    let mut fqdns: BTreeMap<String, Value> = BTreeMap::new();
    let mut hosts: BTreeMap<String, Value> = BTreeMap::new();
    let mut urls: BTreeMap<(Need, u16), BTreeSet<String>> = BTreeMap::new();
    for placed in &sheet.placed {
        let rule = placed.rule;
        ports.insert(rule.port);
        let group = format!("{prefix}-{}-{}-", rule.need, rule.port);
        let about = json_description(&rule.purpose, 200);
        match &rule.names {
            Names::Exact(n) => {
                let name = object_name(&group, n, NAME);
                fqdns.insert(
                    name.clone(),
                    json!({
                        "name": name, "type": "FQDN", "value": n, "dnsResolution": "IPV4_AND_IPV6", "description": about,
                    }),
                );
            }
            Names::Address(a) => {
                let name = object_name(&group, &a.to_string(), NAME);
                hosts.insert(
                    name.clone(),
                    json!({ "name": name, "type": "Host", "value": a.to_string(), "description": about }),
                );
            }
            Names::Subdomains(n) | Names::ApexAndSubdomains(n) => {
                urls.entry((rule.need, rule.port)).or_default().insert(n.clone());
            }
        }
    }
    let services: Vec<Value> = ports
        .iter()
        .map(|port| {
            json!({
                "name": format!("{prefix}-tcp-{port}"), "type": "ProtocolPortObject", "protocol": "TCP",
                "port": port.to_string(),
            })
        })
        .collect();
    let groups: Vec<Value> = urls
        .iter()
        .rev()
        .map(|((need, port), names)| {
            let literals: Vec<Value> = names.iter().map(|n| json!({ "type": "Url", "url": n })).collect();
            json!({
                "name": format!("{prefix}-{need}-{port}-urls"), "type": "UrlGroup", "literals": literals,
                "description": format!("Claude Desktop, TCP {port}, {need}. {}", sheet.origin),
            })
        })
        .collect();
    let mut file = Map::new();
    file.insert("//".into(), json!(notes(&sheet.remarks)));
    for (kind, bodies) in [
        ("protocolportobjects", services),
        ("fqdns", fqdns.into_values().collect()),
        ("hosts", hosts.into_values().collect()),
        ("urlgroups", groups),
    ] {
        if !bodies.is_empty() {
            file.insert(kind.into(), Value::Array(bodies));
        }
    }
    render(&Value::Object(file))
}
