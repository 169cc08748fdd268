//! Rule collection groups of Azure Firewall, as a Resource Manager template, an export of one, or Terraform JSON.
//! Network rules are looked at before application rules, then groups and collections by priority.

use serde_json::Value;

use super::access::{Access, Gate, Test};
use super::build::{Builder, Ports, blocks, destination, https, json, on, range, strange_key, texts};
use super::read::{Dialect, Listing, Unread};

/// A collection, in the words of the template.
struct Collection<'v> {
    group: Option<u64>,
    own: Option<u64>,
    value: &'v Value,
    rules: Vec<&'v Value>,
}

/// Names of the members in the two forms.
struct Words {
    protocols: &'static str,
    protocol: &'static str,
    fqdns: &'static str,
    ip_protocols: &'static str,
    ports: &'static str,
    names: &'static str,
    addresses: &'static str,
    sources: &'static str,
    harmless: &'static [&'static str],
}

const ARM: Words = Words {
    protocols: "protocols",
    protocol: "protocolType",
    fqdns: "targetFqdns",
    ip_protocols: "ipProtocols",
    ports: "destinationPorts",
    names: "destinationFqdns",
    addresses: "destinationAddresses",
    sources: "sourceAddresses",
    harmless: &["ruleType", "name", "description", "terminateTLS"],
};

const TERRAFORM: Words = Words {
    protocols: "protocols",
    protocol: "type",
    fqdns: "destination_fqdns",
    ip_protocols: "protocols",
    ports: "destination_ports",
    names: "destination_fqdns",
    addresses: "destination_addresses",
    sources: "source_addresses",
    harmless: &["name", "description", "terminate_tls"],
};

/// Reads a Resource Manager template.
///
/// # Errors
/// When it has resources that decide otherwise.
pub(super) fn template(text: &str) -> Result<Listing, Unread> {
    let file = json(text)?;
    let mut found = Vec::new();
    for resource in blocks(file.get("resources")) {
        let kind = resource.get("type").and_then(Value::as_str).unwrap_or("");
        if !kind.eq_ignore_ascii_case("Microsoft.Network/firewallPolicies/ruleCollectionGroups") {
            // Rules of the firewall itself decide beside those of its policy.
            if kind.eq_ignore_ascii_case("Microsoft.Network/azureFirewalls")
                && ["applicationRuleCollections", "networkRuleCollections", "natRuleCollections"].iter().any(
                    |k| {
                        resource
                            .pointer(&format!("/properties/{k}"))
                            .is_some_and(|v| !blocks(Some(v)).is_empty())
                    },
                )
            {
                return Err(Unread::whole(
                    "rules stand in the firewall itself (azureFirewalls), which are not read: move them to a firewall policy",
                ));
            }
            // Groups inside other resources, and the rules of a parent policy, decide too.
            let text = resource.to_string().to_ascii_lowercase();
            if text.contains("rulecollection") || text.contains("\"basepolicy\"") {
                return Err(Unread::whole(&format!(
                    "a resource of the type {kind} holds rules or names a parent policy, which is not read: give an export of every rule \
                     collection group"
                )));
            }
            continue;
        }
        if resource.get("copy").is_some() || resource.get("condition").is_some() {
            return Err(Unread::whole(
                "a rule collection group is made by copy or under a condition: give what was deployed (an export)",
            ));
        }
        let properties = resource.get("properties").unwrap_or(&Value::Null);
        let group = properties.get("priority").and_then(Value::as_u64);
        if let Some(key) =
            strange_key(properties, &["priority", "ruleCollections", "provisioningState", "size"])
        {
            return Err(Unread::whole(&format!("a rule collection group has `{key}`, which is not read")));
        }
        for value in blocks(properties.get("ruleCollections")) {
            let own = value.get("priority").and_then(Value::as_u64);
            found.push(Collection { group, own, value, rules: blocks(value.get("rules")) });
        }
    }
    let collections: Vec<(Collection<'_>, Option<String>, bool)> = found
        .into_iter()
        .map(|c| {
            let action = c.value.pointer("/action/type").and_then(Value::as_str).map(str::to_owned);
            let is_network =
                c.rules.iter().any(|r| r.get("ruleType").and_then(Value::as_str) == Some("NetworkRule"));
            (c, action, is_network)
        })
        .collect();
    read(Dialect::Azure, text, collections, &ARM)
}

/// Reads Terraform JSON of the provider azurerm.
///
/// # Errors
/// When it has blocks that are not read.
pub(super) fn terraform(text: &str, file: &Value) -> Result<Listing, Unread> {
    let mut found = Vec::new();
    let groups =
        file.pointer("/resource/azurerm_firewall_policy_rule_collection_group").and_then(Value::as_object);
    for group in groups.into_iter().flat_map(|g| g.values()).flat_map(|g| blocks(Some(g))) {
        let known = [
            "name",
            "firewall_policy_id",
            "priority",
            "application_rule_collection",
            "network_rule_collection",
            "timeouts",
            "lifecycle",
        ];
        if let Some(key) = strange_key(group, &known) {
            return Err(Unread::whole(&format!(
                "a rule collection group has `{key}`, which is not worked out: give the plan or an export"
            )));
        }
        let priority = group.get("priority").and_then(Value::as_u64);
        for (kind, is_network) in [("network_rule_collection", true), ("application_rule_collection", false)]
        {
            for value in blocks(group.get(kind)) {
                if let Some(key) = strange_key(value, &["name", "priority", "action", "rule"]) {
                    return Err(Unread::whole(&format!(
                        "a rule collection has `{key}`, which is not worked out"
                    )));
                }
                let own = value.get("priority").and_then(Value::as_u64);
                let action = value.get("action").and_then(Value::as_str).map(str::to_owned);
                let collection = Collection { group: priority, own, value, rules: blocks(value.get("rule")) };
                found.push((collection, action, is_network));
            }
        }
    }
    read(Dialect::TerraformAzure, text, found, &TERRAFORM)
}

fn read(
    dialect: Dialect,
    text: &str,
    mut collections: Vec<(Collection<'_>, Option<String>, bool)>,
    words: &Words,
) -> Result<Listing, Unread> {
    let mut builder = Builder::new(dialect, text);
    // The order is known where every priority is, and nothing where all collections allow.
    let all_allow = collections.iter().all(|(_, action, _)| action.as_deref() == Some("Allow"));
    let groups =
        collections.iter().filter_map(|(c, ..)| c.group).collect::<std::collections::BTreeSet<_>>().len();
    let ordered = collections.iter().all(|(c, ..)| c.own.is_some() && (c.group.is_some() || groups == 0))
        && (groups > 0 || collections.len() < 2 || dialect == Dialect::Azure);
    collections.sort_by_key(|(c, _, is_network)| (!*is_network, c.group, c.own));
    for (collection, action, is_network) in &collections {
        let name = collection.value.get("name").and_then(Value::as_str).unwrap_or("a collection");
        let kind = collection.value.get("ruleCollectionType").and_then(Value::as_str);
        if kind.is_some_and(|k| k != "FirewallPolicyFilterRuleCollection") {
            let doubt = builder.unknown(name, "a collection that translates addresses is not compared");
            builder.access(builder.line_of(name), name, false, vec![doubt]);
            continue;
        }
        let allows = match action.as_deref() {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => {
                let doubt = builder.unknown(name, "its action is neither Allow nor Deny");
                builder.access(builder.line_of(name), name, false, vec![doubt]);
                continue;
            }
        };
        for rule in &collection.rules {
            let own = rule.get("name").and_then(Value::as_str).unwrap_or(name);
            let mut tests = match tests(&mut builder, rule, words, *is_network) {
                Ok(tests) => tests,
                Err(reason) => vec![builder.unknown(own, &reason)],
            };
            if !all_allow && !ordered {
                tests.push(
                    builder.unknown(own, "its priority is not a number, so the order of rules is not known"),
                );
            }
            builder.access(builder.line_of(own), own, allows, tests);
        }
    }
    if !all_allow && !ordered {
        // Without an order a denial may come first.
        let Gate { lines, .. } = &mut builder.gate;
        let (denied, allowed): (Vec<Access>, Vec<Access>) = lines.drain(..).partition(|l| !l.allows);
        lines.extend(denied.into_iter().chain(allowed));
    }
    Ok(builder.done())
}

fn tests(
    builder: &mut Builder<'_>,
    rule: &Value,
    words: &Words,
    is_network: bool,
) -> Result<Vec<Test>, String> {
    let understood: &[&str] = if is_network {
        &[words.ip_protocols, words.ports, words.names, words.addresses, words.sources]
    } else {
        &[words.protocols, words.fqdns, words.sources]
    };
    for (key, value) in rule.as_object().into_iter().flatten() {
        let empty = matches!(value, Value::Null) || value.as_array().is_some_and(Vec::is_empty);
        if !empty && !understood.contains(&key.as_str()) && !words.harmless.contains(&key.as_str()) {
            return Err(format!("`{key}` is not compared"));
        }
    }
    let mut all = sources(rule, words)?;
    if is_network {
        let protocols = texts(rule.get(words.ip_protocols))?;
        if !protocols.iter().any(|p| ["tcp", "any"].contains(&p.to_ascii_lowercase().as_str())) {
            all.push(Test::Never);
        }
        let mut ports: Ports = Vec::new();
        let mut every = false;
        for port in texts(rule.get(words.ports))? {
            let found = range(port)?;
            every |= found.is_empty();
            ports.extend(found);
        }
        if every {
            ports.clear();
        } else if ports.is_empty() {
            return Err("it names no port".into());
        }
        let values = [texts(rule.get(words.names))?, texts(rule.get(words.addresses))?].concat();
        all.push(builder.values(values, destination, &ports));
        all.extend(on(&ports));
        return Ok(all);
    }
    let mut any = Vec::new();
    for protocol in blocks(rule.get(words.protocols)) {
        let port = protocol.get("port").and_then(Value::as_u64).and_then(|p| u16::try_from(p).ok());
        let kind = protocol.get(words.protocol).and_then(Value::as_str).unwrap_or("");
        let (Some(port), kind) = (port, kind) else { return Err("a protocol has no port".into()) };
        let ports = vec![(port, port)];
        let transport = match kind.to_ascii_lowercase().as_str() {
            "https" => https(),
            "http" => Test::Clear,
            "mssql" => Test::Never,
            other => return Err(format!("the protocol `{other}` is not compared")),
        };
        let names = builder.values(texts(rule.get(words.fqdns))?, destination, &ports);
        any.push(Test::All([vec![names, transport], on(&ports)].concat()));
    }
    all.push(Test::Any(any));
    Ok(all)
}

/// Who may connect. A parameter that is still to be filled in says nothing about it.
fn sources(rule: &Value, words: &Words) -> Result<Vec<Test>, String> {
    let value = rule.get(words.sources);
    let sources = match value {
        Some(Value::String(one)) if one.starts_with("[parameters(") || one.starts_with("${var.") => {
            return Ok(Vec::new());
        }
        other => texts(other)?,
    };
    let everybody = sources.is_empty() || sources.iter().any(|s| ["*", "0.0.0.0/0"].contains(s));
    Ok(if everybody {
        Vec::new()
    } else {
        vec![Test::Client(format!("the client's address ({})", sources.join(", ")))]
    })
}
