//! Rule collection groups of Azure Firewall, as a Resource Manager template, an export of one, or Terraform JSON.
//! Network rules are looked at before application rules, then groups and collections by priority.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::intent::Names;
use super::access::{Access, Gate, Test};
use super::build::{
    Builder, Ports, address, blocks, destination, https, json, on, range, strange_key, texts,
};
use super::read::{Dialect, Listing, Pattern, Unread, network};
use crate::text::visible;

/// A collection, in the words of the template.
struct Collection<'v> {
    /// The group, by its place in the file, and its priority.
    group: (usize, Option<u64>),
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

/// The kind of a collection whose rules translate addresses.
const NAT: &str = "FirewallPolicyNatRuleCollection";

/// Resources that decide nothing about connections; those below them do not either. Any other type may.
const HARMLESS: [&str; 10] = [
    "microsoft.authorization",
    "microsoft.insights",
    "microsoft.keyvault/vaults",
    "microsoft.managedidentity",
    "microsoft.network/azurefirewalls",
    "microsoft.network/ipgroups",
    "microsoft.network/publicipaddresses",
    "microsoft.network/publicipprefixes",
    "microsoft.operationalinsights",
    "microsoft.storage/storageaccounts",
];

/// Whether a resource of this type decides nothing.
fn is_harmless(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    // A network and its policy, without what hangs below them.
    ["microsoft.network/virtualnetworks", "microsoft.network/firewallpolicies"].contains(&kind.as_str())
        || HARMLESS
            .iter()
            .any(|own| kind.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Reads a Resource Manager template.
///
/// # Errors
/// When it has resources that decide otherwise.
pub(super) fn template(text: &str) -> Result<Listing, Unread> {
    let file = json(text)?;
    let (mut found, mut policies, mut others) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (at, resource) in blocks(file.get("resources")).into_iter().enumerate() {
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
            if kind.eq_ignore_ascii_case("Microsoft.Resources/deployments") {
                return Err(Unread::whole(
                    "a deployment of another template is not read, and may decide: give an export of every rule collection group",
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
            // Signatures of a policy may block as well.
            if !is_harmless(kind) || text.contains("\"intrusiondetection\"") {
                others.insert(kind);
            }
            continue;
        }
        if resource.get("copy").is_some() || resource.get("condition").is_some() {
            return Err(Unread::whole(
                "a rule collection group is made by copy or under a condition: give what was deployed (an export)",
            ));
        }
        let properties = resource.get("properties").unwrap_or(&Value::Null);
        let group = (at, properties.get("priority").and_then(Value::as_u64));
        // POLICY/GROUP, either may be an expression.
        let name = resource.get("name").and_then(Value::as_str).unwrap_or("");
        policies.insert(name.rsplit_once('/').map_or("", |(policy, _)| policy.trim_end_matches('\'')));
        if let Some(key) =
            strange_key(properties, &["priority", "ruleCollections", "provisioningState", "size"])
        {
            return Err(Unread::whole(&format!("a rule collection group has `{key}`, which is not read")));
        }
        for value in blocks(properties.get("ruleCollections")) {
            let known = ["ruleCollectionType", "name", "priority", "action", "rules"];
            if let Some(key) = strange_key(value, &known) {
                return Err(Unread::whole(&format!("a rule collection has `{key}`, which is not read")));
            }
            let own = value.get("priority").and_then(Value::as_u64);
            found.push(Collection { group, own, value, rules: blocks(value.get("rules")) });
        }
    }
    one_policy(policies.len())?;
    let mut collections = Vec::new();
    for c in found {
        let action = c.value.pointer("/action/type").and_then(Value::as_str).map(str::to_owned);
        let kinds: BTreeSet<&str> =
            c.rules.iter().map(|r| r.get("ruleType").and_then(Value::as_str).unwrap_or("")).collect();
        let is_network = match kinds.iter().copied().collect::<Vec<_>>().as_slice() {
            [] | ["ApplicationRule"] => false,
            ["NetworkRule"] => true,
            // A collection that translates is refused further down, whatever is in it.
            ["NatRule"] if c.value.get("ruleCollectionType").and_then(Value::as_str) == Some(NAT) => true,
            _ => {
                return Err(Unread::whole(&format!(
                    "`ruleType` of the rules of a collection is {}: only ApplicationRule or NetworkRule, one of them in one collection, is \
                     read",
                    kinds.iter().map(|k| format!("`{}`", visible::message(k))).collect::<Vec<_>>().join(", ")
                )));
            }
        };
        collections.push((c, action, is_network));
    }
    read(Dialect::Azure, text, collections, &ARM, &others)
}

/// Reads Terraform JSON of the provider azurerm.
///
/// # Errors
/// When it has blocks that are not read.
pub(super) fn terraform(text: &str, file: &Value) -> Result<Listing, Unread> {
    let (mut found, mut policies) = (Vec::new(), BTreeSet::new());
    let groups =
        file.pointer("/resource/azurerm_firewall_policy_rule_collection_group").and_then(Value::as_object);
    let groups = groups.into_iter().flat_map(|g| g.values()).flat_map(|g| blocks(Some(g)));
    for (at, group) in groups.enumerate() {
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
        let priority = (at, group.get("priority").and_then(Value::as_u64));
        policies.insert(group.get("firewall_policy_id").map(Value::to_string));
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
    one_policy(policies.len())?;
    read(Dialect::TerraformAzure, text, found, &TERRAFORM, &BTreeSet::new())
}

/// Groups of several policies are not looked at one after the other.
fn one_policy(policies: usize) -> Result<(), Unread> {
    if policies > 1 {
        return Err(Unread::whole(
            "its rule collection groups belong to several firewall policies, and a connection passes one of them: give the groups of one",
        ));
    }
    Ok(())
}

fn read(
    dialect: Dialect,
    text: &str,
    mut collections: Vec<(Collection<'_>, Option<String>, bool)>,
    words: &Words,
    others: &BTreeSet<&str>,
) -> Result<Listing, Unread> {
    let mut builder = Builder::new(dialect, text);
    for kind in others {
        let kind_shown = visible::message(kind);
        builder.beside(kind, format!("what the resource of the type {kind_shown} blocks, which is not read"));
    }
    let all_allow = collections.iter().all(|(_, action, _)| action.as_deref() == Some("Allow"));
    let ordered = is_ordered(collections.iter().map(|(c, ..)| c));
    collections.sort_by_key(|(c, _, is_network)| (!*is_network, c.group.1, c.group.0, c.own));
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
            if rule.get(words.sources).and_then(Value::as_array).is_some_and(Vec::is_empty) {
                let why = format!(
                    "`{}` is an empty list: it is for a group of addresses or for nobody",
                    words.sources
                );
                tests.push(builder.unknown(own, &why));
            }
            if !allows && is_for_most(rule, words) {
                tests.push(Test::Other(
                    "whether the client is among these networks, which are most or all of those of a company"
                        .into(),
                ));
            }
            if !all_allow && !ordered {
                tests.push(
                    builder.unknown(own, "its priority or that of another one is no number, or two are equal: the order of rules is not known"),
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
    builder.done()
}

/// Whether it is known which collection comes first: every one has a number of its own in its group, and so has every group
/// where there are several.
fn is_ordered<'c, 'v: 'c>(collections: impl Iterator<Item = &'c Collection<'v>>) -> bool {
    let mut groups: BTreeMap<usize, (Option<u64>, Vec<Option<u64>>)> = BTreeMap::new();
    for collection in collections {
        let (at, priority) = collection.group;
        groups.entry(at).or_insert((priority, Vec::new())).1.push(collection.own);
    }
    let distinct = |all: &[Option<u64>]| {
        let known: BTreeSet<u64> = all.iter().filter_map(|p| *p).collect();
        all.len() < 2 || known.len() == all.len()
    };
    let of_groups: Vec<Option<u64>> = groups.values().map(|(priority, _)| *priority).collect();
    distinct(&of_groups) && groups.values().all(|(_, own)| distinct(own))
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
    for (key, value) in rule.as_object().ok_or("a rule is made by an expression")? {
        let empty = matches!(value, Value::Null) || value.as_array().is_some_and(Vec::is_empty);
        if !empty && !understood.contains(&key.as_str()) && !words.harmless.contains(&key.as_str()) {
            return Err(format!("`{key}` is not compared"));
        }
    }
    let mut all = sources(rule, words)?;
    if is_network {
        let mut is_tcp = false;
        for protocol in texts(rule.get(words.ip_protocols))? {
            match protocol.to_ascii_lowercase().as_str() {
                "tcp" | "any" => is_tcp = true,
                "udp" | "icmp" => {}
                _ => return Err(format!("the protocol `{protocol}` is not compared")),
            }
        }
        if rule.get(words.ip_protocols).is_none_or(|p| blocks(Some(p)).is_empty()) {
            return Err("it names no protocol".into());
        }
        if !is_tcp {
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
        let (names, addresses) = (texts(rule.get(words.names))?, texts(rule.get(words.addresses))?);
        if names.is_empty() && addresses.is_empty() {
            return Err("it names no destination".into());
        }
        let mut any = Vec::new();
        if !names.is_empty() {
            any.push(builder.values(names, exact, &ports));
        }
        if !addresses.is_empty() {
            any.push(builder.values(addresses, address, &ports));
        }
        all.push(Test::Any(any));
        all.extend(on(&ports));
        return Ok(all);
    }
    // The names go with every protocol, so each transport has them once.
    let (mut secure, mut clear, mut other): (Ports, Ports, bool) = (Vec::new(), Vec::new(), false);
    for protocol in blocks(rule.get(words.protocols)) {
        let port = protocol.get("port").and_then(Value::as_u64).and_then(|p| u16::try_from(p).ok());
        let port = port.ok_or("a protocol has no port")?;
        let kind = protocol.get(words.protocol).and_then(Value::as_str).unwrap_or("");
        match kind.to_ascii_lowercase().as_str() {
            "https" => secure.push((port, port)),
            "http" => clear.push((port, port)),
            "mssql" => other = true,
            _ => return Err(format!("the protocol `{kind}` is not compared")),
        }
    }
    let fqdns = texts(rule.get(words.fqdns))?;
    if fqdns.is_empty() {
        return Err("it names no destination".into());
    }
    let mut any = Vec::new();
    for (mut ports, transport) in [(secure, https()), (clear, Test::Clear)] {
        if !ports.is_empty() {
            ports.sort_unstable();
            ports.dedup();
            let names = builder.values(fqdns.iter().copied(), name, &ports);
            any.push(Test::All([vec![names, transport], on(&ports)].concat()));
        }
    }
    if any.is_empty() && !other {
        return Err("it names no protocol".into());
    }
    all.push(Test::Any(any));
    Ok(all)
}

/// A name of a network rule, which takes no wildcards.
fn exact(value: &str) -> Result<Pattern, String> {
    match destination(value)? {
        found @ Pattern::Names(Names::Exact(_)) => Ok(found),
        _ => Err("a network rule takes whole names only".into()),
    }
}

/// A name of an application rule: whole, with a star for its first label, or a star.
fn name(value: &str) -> Result<Pattern, String> {
    match destination(value)? {
        Pattern::Network(..) => Err("an application rule takes names only".into()),
        found => Ok(found),
    }
}

/// Whether the clients of a rule are in one of the large networks, which clients usually are.
fn is_for_most(rule: &Value, words: &Words) -> bool {
    let is_large = |s: &&str| matches!(network(s), Some(Pattern::Network(_, prefix)) if prefix <= 8);
    let sources = texts(rule.get(words.sources)).unwrap_or_default();
    sources.iter().any(is_large)
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
        let text = format!("the client's address ({})", sources.join(", "));
        vec![Test::within("source", sources.into_iter().map(str::to_owned), text)]
    })
}
