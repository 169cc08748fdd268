//! Kubernetes with Cilium: one CiliumNetworkPolicy for each need, as JSON that kubectl applies. Annotations carry the
//! remarks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Sheet;
use super::intent::Names;
use super::place::host_prefix;
use super::text::{json as render, notes};
use crate::contract::Need;

/// What one port of one need opens.
#[derive(Default)]
struct Port {
    /// Selectors of names, each as its field and its value.
    names: BTreeSet<(&'static str, String)>,
    networks: BTreeSet<String>,
}

/// The policies, as a list that kubectl applies at once.
pub(super) fn policies(sheet: &Sheet<'_>) -> String {
    let mut needs: BTreeMap<Need, BTreeMap<u16, Port>> = BTreeMap::new();
    for placed in &sheet.placed {
        let rule = placed.rule;
        let port = needs.entry(rule.need).or_default().entry(rule.port).or_default();
        let exact = |n: &String| ("matchName", n.clone());
        // One star would stand for one label only.
        let below = |n: &String| ("matchPattern", format!("**.{n}"));
        match &rule.names {
            Names::Exact(n) => {
                port.names.insert(exact(n));
            }
            Names::Subdomains(n) => {
                port.names.insert(below(n));
            }
            Names::ApexAndSubdomains(n) => port.names.extend([exact(n), below(n)]),
            Names::Address(a) => {
                port.networks.insert(host_prefix(*a));
            }
        }
    }
    let items: Vec<Value> = needs.iter().rev().map(|(need, ports)| policy(sheet, *need, ports)).collect();
    render(&json!({ "apiVersion": "v1", "kind": "List", "items": items }))
}

fn policy(sheet: &Sheet<'_>, need: Need, ports: &BTreeMap<u16, Port>) -> Value {
    let name = sheet.name.to_ascii_lowercase();
    // Names are known only where Cilium sees the lookups.
    let mut egress = vec![json!({
        "toEndpoints": [{ "matchLabels": {
            "k8s:io.kubernetes.pod.namespace": "kube-system",
            "k8s:k8s-app": "kube-dns",
        } }],
        "toPorts": [{
            "ports": [{ "port": "53", "protocol": "ANY" }],
            "rules": { "dns": [{ "matchPattern": "*" }] },
        }],
    })];
    for (port, open) in ports {
        let to_ports = json!([{ "ports": [{ "port": port.to_string(), "protocol": "TCP" }] }]);
        if !open.names.is_empty() {
            let names: Vec<Value> =
                open.names.iter().map(|(field, value)| json!({ (*field): value })).collect();
            egress.push(json!({ "toFQDNs": names, "toPorts": to_ports }));
        }
        if !open.networks.is_empty() {
            egress.push(json!({ "toCIDR": open.networks, "toPorts": to_ports }));
        }
    }
    json!({
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {
            "name": format!("{name}-{need}"),
            "annotations": { "clearway": notes(&sheet.remarks).join("\n") },
        },
        "spec": {
            "description": format!("Claude Desktop, {need}. {}", sheet.origin),
            "endpointSelector": { "matchLabels": { "egress": name } },
            "egress": egress,
        },
    })
}
