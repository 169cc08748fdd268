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
    let Grouped { web, names, addresses } = Grouped::of(sheet);
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

/// What the rules are about, one rule each: for each need, so that what is optional can be switched off by itself.
#[derive(Default)]
struct Grouped {
    web: BTreeMap<(Transport, u16, Reverse<Need>), BTreeSet<String>>,
    names: BTreeMap<(u16, Reverse<Need>), BTreeSet<String>>,
    addresses: BTreeMap<(u16, Reverse<Need>), BTreeSet<String>>,
}

impl Grouped {
    fn of(sheet: &Sheet<'_>) -> Self {
        let mut found = Self::default();
        for placed in &sheet.placed {
            let rule = placed.rule;
            let key = (rule.port, Reverse(rule.need));
            match (placed.way, &rule.names) {
                (_, Names::Address(a)) => {
                    found.addresses.entry(key).or_default().insert(host_prefix(*a));
                }
                (Way::ByAddress, exact) => {
                    found.names.entry(key).or_default().insert(exact.base().to_owned());
                }
                (Way::ByName, entry) => {
                    let key = (rule.transport, rule.port, Reverse(rule.need));
                    found.web.entry(key).or_default().extend(fqdns(entry));
                }
            }
        }
        found
    }
}

/// The same rules as Terraform JSON (`*.tf.json`), for the provider azurerm.
pub(super) fn terraform(sheet: &Sheet<'_>) -> String {
    let (label, priority) = match sheet.kind {
        Kind::Allow => (sheet.name.to_owned(), 3000),
        Kind::Inspection => (format!("{}-no-inspection", sheet.name), 200),
    };
    let id = label.replace('-', "_");
    let sources = format!("${{var.{id}_source_addresses}}");
    let Grouped { web, names, addresses } = Grouped::of(sheet);
    let about = |need: Need| format!("Claude Desktop, {need}. {}", sheet.origin);
    let web: Vec<Value> = web
        .iter()
        .map(|((transport, port, Reverse(need)), fqdns)| {
            let protocol = if *transport == Transport::Https { "Https" } else { "Http" };
            json!({
                "name": format!("{}-{port}-{need}", protocol.to_ascii_lowercase()),
                "description": about(*need),
                "source_addresses": sources,
                "protocols": [{ "type": protocol, "port": port }],
                "destination_fqdns": fqdns,
            })
        })
        .collect();
    let network = |kind: &str, field: &str, rules: &BTreeMap<(u16, Reverse<Need>), BTreeSet<String>>| {
        let rule = |((port, Reverse(need)), set): (&(u16, Reverse<Need>), &BTreeSet<String>)| {
            json!({
                "name": format!("tcp-{port}-{kind}-{need}"),
                "description": about(*need),
                "source_addresses": sources,
                "protocols": ["TCP"],
                "destination_ports": [port.to_string()],
                (field): set,
            })
        };
        rules.iter().map(rule).collect::<Vec<Value>>()
    };
    let network = [
        network("names", "destination_fqdns", &names),
        network("addresses", "destination_addresses", &addresses),
    ]
    .concat();
    let mut group = json!({
        "name": label,
        "firewall_policy_id": format!("${{var.{id}_firewall_policy_id}}"),
        "priority": format!("${{var.{id}_priority}}"),
    });
    for (field, kind, priority, rules) in [
        ("network_rule_collection", "network", 100, network),
        ("application_rule_collection", "application", 200, web),
    ] {
        if !rules.is_empty() {
            group[field] = json!([{
                "name": format!("{label}-{kind}"), "priority": priority, "action": "Allow", "rule": rules,
            }]);
        }
    }
    render(&json!({
        "//": notes(&sheet.remarks),
        "variable": {
            format!("{id}_firewall_policy_id"): { "type": "string" },
            format!("{id}_source_addresses"): { "type": "list(string)" },
            format!("{id}_priority"): { "type": "number", "default": priority },
        },
        "resource": { "azurerm_firewall_policy_rule_collection_group": { (id.clone()): group } },
    }))
}

fn fqdns(names: &Names) -> Vec<String> {
    // The dot belongs to a wildcard: without one, names that only end the same would match.
    names.spelled().into_iter().rev().collect()
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
