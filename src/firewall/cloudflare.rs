//! Cloudflare Gateway: lists of names and network policies on the server name, as Terraform JSON (`*.tf.json`).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::Sheet;
use super::intent::{Kind, Names};
use super::text::{json as render, notes};
use crate::contract::Need;

/// The names of one policy. A list of hosts matches its entries, a list of domains everything below them too.
#[derive(Default)]
struct Policy {
    exact: BTreeSet<String>,
    below: BTreeSet<String>,
    tree: BTreeSet<String>,
    addresses: BTreeSet<String>,
}

/// The file.
pub(super) fn terraform(sheet: &Sheet<'_>) -> String {
    let label = match sheet.kind {
        Kind::Allow => sheet.name.to_owned(),
        Kind::Inspection => format!("{}-no-inspection", sheet.name),
    };
    let id = label.replace('-', "_");
    let mut policies: BTreeMap<(u16, Reverse<Need>), Policy> = BTreeMap::new();
    for placed in &sheet.placed {
        // An exemption goes with the server name, whatever the port and the need.
        let key = match sheet.kind {
            Kind::Allow => (placed.rule.port, Reverse(placed.rule.need)),
            Kind::Inspection => (443, Reverse(Need::Required)),
        };
        let policy = policies.entry(key).or_default();
        match &placed.rule.names {
            Names::Exact(n) => policy.exact.insert(n.clone()),
            Names::Subdomains(n) => policy.below.insert(n.clone()),
            Names::ApexAndSubdomains(n) => policy.tree.insert(n.clone()),
            Names::Address(a) => policy.addresses.insert(a.to_string()),
        };
    }
    let (mut lists, mut rules) = (Map::new(), Map::new());
    for (((port, Reverse(need)), policy), offset) in policies.iter().zip(0_u16..) {
        let about = match sheet.kind {
            Kind::Allow => format!("Claude Desktop, TCP {port}, {need}. {}", sheet.origin),
            Kind::Inspection => format!("Claude Desktop, broken by TLS inspection. {}", sheet.origin),
        };
        // The bare name of a wildcard is taken out again, so that no entry may stand below another one.
        let below: BTreeSet<String> = policy
            .below
            .iter()
            .filter(|n| {
                !policy
                    .below
                    .iter()
                    .any(|other| Names::Subdomains(other.clone()).covers(&Names::Exact((*n).clone())))
            })
            .cloned()
            .collect();
        // The vendor's own global rules exempt by http.conn.hostname, the server name, with the action off (cloudflare-docs, "Global
        // rules"): an HTTP policy that does not inspect sees no request.
        let host = match sheet.kind {
            Kind::Allow => "net.sni.host in $%s",
            Kind::Inspection => "http.conn.hostname in $%s",
        };
        let mut parts: Vec<String> = Vec::new();
        let mut references: Vec<String> = Vec::new();
        for (kind, r#type, items, matched) in [
            ("hosts", "HOSTNAME", &policy.exact, host),
            ("domains", "DOMAIN", &policy.tree, "any(net.sni.domains[*] in $%s)"),
            ("below", "DOMAIN", &below, "(any(net.sni.domains[*] in $%s) and not(net.sni.host in $%s))"),
        ] {
            if items.is_empty() {
                continue;
            }
            let name = match sheet.kind {
                Kind::Allow => format!("{label}-{need}-{port}-{kind}"),
                Kind::Inspection => format!("{label}-{kind}"),
            };
            let own = name.replace('-', "_");
            let items: Vec<Value> = items.iter().map(|i| json!({ "value": i })).collect();
            lists.insert(
                own.clone(),
                json!({
                    "account_id": format!("${{var.{id}_account_id}}"), "name": name, "type": r#type,
                    "description": about, "items": items,
                }),
            );
            parts.push(matched.to_owned());
            for _ in matched.matches("%s") {
                references.push(format!("cloudflare_zero_trust_list.{own}.id"));
            }
        }
        if !policy.addresses.is_empty() {
            let all: Vec<&str> = policy.addresses.iter().map(String::as_str).collect();
            parts.push(format!("net.dst.ip in {{{}}}", all.join(" ")));
        }
        let any = parts.join(" or ");
        let (name, action, filter, traffic) = match sheet.kind {
            Kind::Allow => {
                let traffic = format!("net.protocol == \\\"tcp\\\" and net.dst.port == {port} and ({any})");
                (format!("{label}-{need}-{port}"), "allow", "l4", traffic)
            }
            Kind::Inspection => (label.clone(), "off", "http", any),
        };
        let arguments: String = references.iter().map(|r| format!(", {r}")).collect();
        rules.insert(
            name.replace('-', "_"),
            json!({
                "account_id": format!("${{var.{id}_account_id}}"), "name": name, "description": about,
                "enabled": true, "action": action, "filters": [filter],
                "precedence": format!("${{var.{id}_precedence + {offset}}}"),
                "traffic": format!("${{format(\"{traffic}\"{arguments})}}"),
            }),
        );
    }
    let mut file = json!({
        "//": notes(&sheet.remarks),
        "variable": {
            format!("{id}_account_id"): { "type": "string" },
            format!("{id}_precedence"): {
                "type": "number",
                "description": "First of the precedences that the policies take, before the policy that blocks",
            },
        },
    });
    let mut resources = Map::new();
    for (kind, objects) in
        [("cloudflare_zero_trust_list", lists), ("cloudflare_zero_trust_gateway_policy", rules)]
    {
        if !objects.is_empty() {
            resources.insert(kind.to_owned(), Value::Object(objects));
        }
    }
    if !resources.is_empty() {
        file["resource"] = Value::Object(resources);
    }
    render(&file)
}
