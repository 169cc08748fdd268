//! Azure Firewall: a Resource Manager template with one rule collection group. JSON has no
//! comments; the template's metadata carries the remarks.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Sheet;
use super::intent::{Kind, Names};
use super::place::{Way, host_prefix};
use super::text::{json as render, notes};
use crate::contract::{Need, Transport};

/// The template.
pub(super) fn template(sheet: &Sheet<'_>) -> String {
    let (label, priority) = match sheet.kind {
        Kind::Allow => (sheet.name.to_owned(), 3000),
        Kind::Inspection => (format!("{}-no-inspection", sheet.name), 200),
    };
    // A rule for each need, so that what is optional can be switched off by itself.
    let mut web: BTreeMap<(Transport, u16, Reverse<Need>), BTreeSet<String>> = BTreeMap::new();
    let mut names: BTreeMap<(u16, Reverse<Need>), BTreeSet<String>> = BTreeMap::new();
    let mut addresses: BTreeMap<(u16, Reverse<Need>), BTreeSet<String>> = BTreeMap::new();
    for placed in &sheet.placed {
        let rule = placed.rule;
        match (placed.way, &rule.names) {
            (_, Names::Address(a)) => {
                addresses.entry((rule.port, Reverse(rule.need))).or_default().insert(host_prefix(*a));
            }
            (Way::ByAddress, exact) => {
                names.entry((rule.port, Reverse(rule.need))).or_default().insert(exact.base().to_owned());
            }
            (Way::ByName, entry) => {
                web.entry((rule.transport, rule.port, Reverse(rule.need))).or_default().extend(fqdns(entry));
            }
        }
    }
    let web: Vec<Value> = web
        .iter()
        .map(|((t, port, need), fqdns)| application_rule(*t, *port, need.0, &sheet.origin, fqdns))
        .collect();
    let mut network: Vec<Value> = Vec::new();
    network.extend(
        names.iter().map(|((p, need), set)| {
            network_rule("names", (*p, need.0), &sheet.origin, "destinationFqdns", set)
        }),
    );
    network.extend(addresses.iter().map(|((p, need), set)| {
        network_rule("addresses", (*p, need.0), &sheet.origin, "destinationAddresses", set)
    }));

    let mut collections = Vec::new();
    if !network.is_empty() {
        collections.push(collection(&format!("{label}-network"), 100, &network));
    }
    if !web.is_empty() {
        collections.push(collection(&format!("{label}-application"), 200, &web));
    }
    let remarks = notes(&sheet.remarks);
    render(&json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "metadata": { "clearway": remarks },
        "parameters": {
            "firewallPolicyName": { "type": "string" },
            "sourceAddresses": { "type": "array" },
            "priority": { "type": "int", "defaultValue": priority },
        },
        "resources": [{
            "type": "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
            "apiVersion": "2024-03-01",
            "name": format!("[concat(parameters('firewallPolicyName'), '/{label}')]"),
            "properties": { "priority": "[parameters('priority')]", "ruleCollections": collections },
        }],
    }))
}

fn fqdns(names: &Names) -> Vec<String> {
    match names {
        Names::Exact(n) => vec![n.clone()],
        // The dot belongs to it: without one, names that only end the same would match.
        Names::Subdomains(n) => vec![format!("*.{n}")],
        Names::ApexAndSubdomains(n) => vec![format!("*.{n}"), n.clone()],
        Names::Address(_) => Vec::new(),
    }
}

fn collection(name: &str, priority: u16, rules: &[Value]) -> Value {
    json!({
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
        "name": name,
        "priority": priority,
        "action": { "type": "Allow" },
        "rules": rules,
    })
}

fn application_rule(
    transport: Transport,
    port: u16,
    need: Need,
    origin: &str,
    fqdns: &BTreeSet<String>,
) -> Value {
    let protocol = if transport == Transport::Https { "Https" } else { "Http" };
    json!({
        "ruleType": "ApplicationRule",
        "name": format!("{}-{port}-{need}", protocol.to_ascii_lowercase()),
        "description": format!("Claude Desktop, {need}. {origin}"),
        "sourceAddresses": "[parameters('sourceAddresses')]",
        "protocols": [{ "protocolType": protocol, "port": port }],
        "targetFqdns": fqdns,
        "terminateTLS": false,
    })
}

fn network_rule(
    kind: &str,
    (port, need): (u16, Need),
    origin: &str,
    field: &str,
    destinations: &BTreeSet<String>,
) -> Value {
    json!({
        "ruleType": "NetworkRule",
        "name": format!("tcp-{port}-{kind}-{need}"),
        "description": format!("Claude Desktop, {need}. {origin}"),
        "sourceAddresses": "[parameters('sourceAddresses')]",
        "ipProtocols": ["TCP"],
        "destinationPorts": [port.to_string()],
        (field): destinations,
    })
}
