//! Terraform's JSON syntax: which provider's objects a file has, and those of Google, Cloudflare and PAN-OS.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::intent::Names;
use super::access::Test;
use super::build::{Builder, Ports, blocks, destination, https, json, on, strange_key, texts, tree};
use super::read::{Dialect, Listing, Pattern, Unread, plain};
use super::{azure, panos, suricata};

/// Types of resources that are lists of hosts, with how each is read.
const KINDS: [(&str, Dialect); 10] = [
    ("azurerm_firewall_policy_rule_collection_group", Dialect::TerraformAzure),
    ("aws_networkfirewall_rule_group", Dialect::TerraformAws),
    ("google_network_security_url_lists", Dialect::Gcp),
    ("google_network_security_gateway_security_policy_rule", Dialect::Gcp),
    ("cloudflare_zero_trust_list", Dialect::Cloudflare),
    ("cloudflare_zero_trust_gateway_policy", Dialect::Cloudflare),
    ("panos_custom_url_category", Dialect::TerraformPaloalto),
    ("panos_service", Dialect::TerraformPaloalto),
    ("panos_address", Dialect::TerraformPaloalto),
    ("panos_address_group", Dialect::TerraformPaloalto),
];

/// The dialect of a file, where it has resources of one.
pub(super) fn kind(file: &Value) -> Option<Dialect> {
    let resources = file.get("resource")?.as_object()?;
    KINDS.iter().find(|(name, _)| resources.contains_key(*name)).map(|(_, dialect)| *dialect)
}

/// Reads a file.
///
/// # Errors
/// When a resource decides and is not read, or is made by an expression.
pub(super) fn read(text: &str) -> Result<Listing, Unread> {
    let file = json(text)?;
    let dialect = kind(&file).ok_or_else(|| Unread::whole("it has no resource that is a list of hosts"))?;
    if let Some(key) = ["module", "import"].iter().find(|k| file.get(**k).is_some()) {
        return Err(Unread::whole(&format!(
            "`{key}` beside the lists is not read, and may decide: give the plan or an export"
        )));
    }
    let resources = file.get("resource").and_then(Value::as_object);
    for (name, value) in resources.into_iter().flatten() {
        if !KINDS.iter().any(|(known, of)| known == name && *of == dialect) {
            return Err(Unread::whole(&format!(
                "the resource {name} beside the lists is not read, and may decide: give the lists alone"
            )));
        }
        let objects = value.as_object().into_iter().flat_map(|o| o.values()).flat_map(|o| blocks(Some(o)));
        for object in objects {
            if let Some(key) =
                ["for_each", "count", "dynamic", "provider"].iter().find(|k| object.get(**k).is_some())
            {
                return Err(Unread::whole(&format!(
                    "a resource {name} has `{key}`, which is not worked out: give the plan or an export"
                )));
            }
        }
    }
    match dialect {
        Dialect::TerraformAzure => azure::terraform(text, &file),
        Dialect::TerraformAws => suricata::terraform(text, &file),
        Dialect::Gcp => google(text, &file),
        Dialect::Cloudflare => cloudflare(text, &file),
        _ => paloalto(&file, text),
    }
}

/// The objects of one type, each with its identifier.
fn objects<'v>(file: &'v Value, kind: &str) -> Vec<(&'v str, &'v Value)> {
    let all = file.pointer(&format!("/resource/{kind}")).and_then(Value::as_object);
    all.into_iter()
        .flatten()
        .flat_map(|(id, o)| blocks(Some(o)).into_iter().map(move |o| (id.as_str(), o)))
        .collect()
}

/// A place in the order: a number, or a variable and what is added to it.
fn order(value: Option<&Value>) -> Option<(String, u64)> {
    match value? {
        Value::Number(n) => Some((String::new(), n.as_u64()?)),
        Value::String(s) => {
            let inner = s.strip_prefix("${var.")?.strip_suffix('}')?;
            let (name, offset) = inner.split_once(" + ").unwrap_or((inner, "0"));
            Some((name.to_owned(), offset.parse().ok()?))
        }
        _ => None,
    }
}

/// Whether the order of these is known: all places are counted from the same, and no two are equal.
fn ordered(places: &[Option<(String, u64)>]) -> bool {
    let first = places.first().and_then(|p| p.as_ref()).map(|(name, _)| name);
    let same = places.iter().all(|p| p.as_ref().map(|(name, _)| name) == first);
    let distinct: BTreeSet<_> = places.iter().collect();
    same && (first.is_some() || places.is_empty()) && distinct.len() == places.len()
}

/// Whether a rule is switched on. Only what stands there counts: providers differ in what they take where nothing does.
fn enabled(id: &str, rule: &Value) -> Result<bool, Unread> {
    match rule.get("enabled") {
        Some(Value::Bool(enabled)) => Ok(*enabled),
        _ => Err(Unread::whole(&format!(
            "`enabled` of {id} is neither true nor false: write which, or give the plan or an export"
        ))),
    }
}

/// Refuses rules with keys that are not understood, and those of several policies, which are not asked one after the other.
fn one_policy(rules: &[(&str, &Value)], known: &[&str], policy: &str) -> Result<(), Unread> {
    for (id, rule) in rules {
        if let Some(key) = strange_key(rule, known) {
            return Err(Unread::whole(&format!("{id} has `{key}`, which is not read and may decide")));
        }
    }
    let first = rules.first().and_then(|(_, r)| r.get(policy));
    match rules.iter().find(|(_, r)| r.get(policy) != first) {
        Some((id, _)) => Err(Unread::whole(&format!(
            "`{policy}` of {id} is not that of the other rules, and a connection passes one of them: give the rules of one"
        ))),
        None => Ok(()),
    }
}

fn google(text: &str, file: &Value) -> Result<Listing, Unread> {
    let mut builder = Builder::new(Dialect::Gcp, text);
    let lists: BTreeMap<&str, &Value> =
        objects(file, "google_network_security_url_lists").into_iter().collect();
    let mut rules = objects(file, "google_network_security_gateway_security_policy_rule");
    let places: Vec<_> = rules.iter().map(|(_, r)| order(r.get("priority"))).collect();
    if rules.is_empty() {
        return Err(Unread::whole(
            "lists without a rule open nothing: give the rules of the policy with them",
        ));
    }
    let known = [
        "project",
        "location",
        "name",
        "description",
        "gateway_security_policy",
        "enabled",
        "priority",
        "session_matcher",
        "application_matcher",
        "basic_profile",
        "tls_inspection_enabled",
        "timeouts",
        "lifecycle",
        "depends_on",
    ];
    one_policy(&rules, &known, "gateway_security_policy")?;
    let denies = rules.iter().any(|(_, r)| r.get("basic_profile").and_then(Value::as_str) != Some("ALLOW"));
    if denies && !ordered(&places) {
        return Err(Unread::whole(
            "a rule denies, and the order of rules is not known: their priorities are not numbers, or two are equal",
        ));
    }
    rules.sort_by_key(|(_, r)| order(r.get("priority")));
    for (id, rule) in rules {
        if !enabled(id, rule)? {
            continue;
        }
        let allows = match rule.get("basic_profile").and_then(Value::as_str) {
            Some("ALLOW") => true,
            Some("DENY") => false,
            _ => return Err(Unread::whole(&format!("the rule {id} neither allows nor denies"))),
        };
        let matcher = rule.get("session_matcher").and_then(Value::as_str).unwrap_or("");
        let list = matcher.strip_prefix("inUrlList(host(), '${google_network_security_url_lists.").and_then(
            |rest| {
                let (list, rest) = rest.split_once(".id}')")?;
                let port = match rest {
                    "" => None,
                    rest => Some(rest.strip_prefix(" && destination.port == ")?.parse::<u16>().ok()?),
                };
                Some((*lists.get(list)?, port))
            },
        );
        let line = builder.line_of(matcher);
        let tests = match list {
            Some((list, port)) if rule.get("application_matcher").is_none_or(Value::is_null) => {
                let ports: Ports = port.map(|p| (p, p)).into_iter().collect();
                let values = texts(list.get("values")).map_err(|e| Unread::whole(&e))?;
                [vec![builder.values(values, google_name, &ports), Test::Web], on(&ports)].concat()
            }
            _ => vec![
                builder.unknown(matcher, "only inUrlList(host(), LIST) with a destination.port is compared"),
            ],
        };
        builder.access(line, id, allows, tests);
    }
    builder.done()
}

fn google_name(value: &str) -> Result<Pattern, String> {
    if value.contains('/') {
        return Err("it names a path, and the app needs the whole host".into());
    }
    destination(value)
}

fn cloudflare(text: &str, file: &Value) -> Result<Listing, Unread> {
    let mut builder = Builder::new(Dialect::Cloudflare, text);
    let lists: BTreeMap<&str, &Value> = objects(file, "cloudflare_zero_trust_list").into_iter().collect();
    let mut rules = objects(file, "cloudflare_zero_trust_gateway_policy");
    if rules.is_empty() {
        return Err(Unread::whole("lists without a policy open nothing: give the policies with them"));
    }
    let known = [
        "account_id",
        "name",
        "description",
        "enabled",
        "action",
        "filters",
        "precedence",
        "traffic",
        "identity",
        "device_posture",
        "lifecycle",
        "depends_on",
    ];
    one_policy(&rules, &known, "account_id")?;
    let places: Vec<_> = rules.iter().map(|(_, r)| order(r.get("precedence"))).collect();
    let is_block = |r: &Value| r.get("action").and_then(Value::as_str) != Some("allow");
    if rules.iter().any(|(_, r)| is_block(r)) && !ordered(&places) {
        return Err(Unread::whole(
            "a policy blocks, and the order is not known: precedences are not numbers, or two are equal",
        ));
    }
    rules.sort_by_key(|(_, r)| order(r.get("precedence")));
    for (id, rule) in rules {
        if !enabled(id, rule)? {
            continue;
        }
        let allows = match rule.get("action").and_then(Value::as_str) {
            Some("allow") => true,
            Some("block") => false,
            // An exemption from inspection lets nothing through that another policy blocks.
            Some("off") if filters_are(rule, "http") => continue,
            other => {
                return Err(Unread::whole(&format!(
                    "the policy {id} has the action {other:?}, which is not read"
                )));
            }
        };
        // A name that is not resolved or a request that is blocked is blocked, whatever the network policies allow.
        if !filters_are(rule, "l4") {
            return Err(Unread::whole(&format!(
                "`filters` of the policy {id} is not [\"l4\"]: policies of DNS and HTTP decide besides those of the network, and are not \
                 read; where they block none of these hosts, give the network policies alone"
            )));
        }
        let traffic = rule.get("traffic").and_then(Value::as_str).unwrap_or("");
        let mut tests = match traffic_of(&mut builder, traffic, &lists) {
            Some(tests) => tests,
            None => vec![builder.unknown(traffic, "this expression is not compared")],
        };
        for key in ["identity", "device_posture"] {
            let is_empty = |v: &Value| v.is_null() || v.as_str() == Some("");
            if !rule.get(key).is_none_or(is_empty) {
                tests.push(Test::Other(format!("{key} of the policy {id}")));
            }
        }
        let line = builder.line_of(traffic);
        builder.access(line, id, allows, tests);
    }
    builder.done()
}

/// Whether a policy is of that kind and of no other.
fn filters_are(rule: &Value, kind: &str) -> bool {
    matches!(rule.get("filters").and_then(Value::as_array).map(Vec::as_slice), Some([one]) if one.as_str() == Some(kind))
}

/// The conditions of `format("…", lists…)` in the one form that is understood.
fn traffic_of(builder: &mut Builder<'_>, traffic: &str, lists: &BTreeMap<&str, &Value>) -> Option<Vec<Test>> {
    let inner = traffic
        .strip_prefix("${format(\"net.protocol == \\\"tcp\\\" and net.dst.port == ")?
        .strip_suffix(")}")?;
    let (port, rest) = inner.split_once(" and (")?;
    let port: u16 = port.parse().ok()?;
    let (any, references) = rest.split_once(")\"")?;
    let ports = vec![(port, port)];
    let mut references = references.split(", ").skip(1).map(|r| {
        let id = r.strip_prefix("cloudflare_zero_trust_list.")?.strip_suffix(".id")?;
        lists.get(id).copied()
    });
    let items = |list: &Value, kind: &str| -> Option<Vec<String>> {
        (list.get("type").and_then(Value::as_str) == Some(kind)).then_some(())?;
        let items = list.get("items")?.as_array()?;
        items.iter().map(|i| Some(i.get("value")?.as_str()?.to_owned())).collect()
    };
    let mut parts = Vec::new();
    for part in any.split(" or ") {
        let (kind, meaning): (_, Meaning) = match part {
            "net.sni.host in $%s" => ("HOSTNAME", destination),
            "any(net.sni.domains[*] in $%s)" => ("DOMAIN", tree),
            "(any(net.sni.domains[*] in $%s) and not(net.sni.host in $%s))" => ("DOMAIN", below),
            addresses => {
                let list = addresses.strip_prefix("net.dst.ip in {")?.strip_suffix('}')?;
                let found = builder.values(list.split(' '), destination, &ports);
                parts.push(Test::All(vec![found, Test::Literal]));
                continue;
            }
        };
        let list = references.next()??;
        if part.matches("%s").count() == 2 && references.next()?? != list {
            return None;
        }
        let items = items(list, kind)?;
        let found = builder.values(items.iter().map(String::as_str), meaning, &ports);
        parts.push(Test::All(vec![found, https()]));
    }
    Some([vec![Test::Any(parts)], on(&ports)].concat())
}

/// What a value stands for.
type Meaning = fn(&str) -> Result<Pattern, String>;

fn below(name: &str) -> Result<Pattern, String> {
    plain(name).map(|n| Pattern::Names(Names::Subdomains(n)))
}

/// PAN-OS objects are read as the commands that make them.
fn paloalto(file: &Value, text: &str) -> Result<Listing, Unread> {
    let mut commands: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let places = Builder::new(Dialect::TerraformPaloalto, text);
    let mut add =
        |value: &str, command: String| commands.entry(places.line_of(value)).or_default().push(command);
    let bad =
        |what: &str| Unread::whole(&format!("{what} of a resource is made by an expression, or is not read"));
    let word = |value: Option<&Value>, what: &str| -> Result<String, Unread> {
        let text = value.and_then(Value::as_str).ok_or_else(|| bad(what))?;
        let sound =
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-*/^:".contains(&b));
        sound.then(|| text.to_owned()).ok_or_else(|| bad(what))
    };
    for (_, category) in objects(file, "panos_custom_url_category") {
        if let Some(key) = strange_key(category, &["location", "name", "type", "description", "list"]) {
            return Err(bad(key));
        }
        let name = word(category.get("name"), "the name")?;
        for entry in blocks(category.get("list")) {
            let entry = word(Some(entry), "an entry")?;
            add(&entry, format!("set profiles custom-url-category {name} list {entry}"));
        }
    }
    for (_, service) in objects(file, "panos_service") {
        let name = word(service.get("name"), "the name")?;
        let port = word(service.pointer("/protocol/tcp/destination_port"), "the port")?;
        add(&name, format!("set service {name} protocol tcp port {port}"));
    }
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    for (id, address) in objects(file, "panos_address") {
        let name = word(address.get("name"), "the name")?;
        let (kind, value) = match (address.get("fqdn"), address.get("ip_netmask")) {
            (Some(fqdn), None) => ("fqdn", word(Some(fqdn), "the name")?),
            (None, Some(network)) => ("ip-netmask", word(Some(network), "the address")?),
            _ => return Err(bad("the address")),
        };
        add(&value, format!("set address {name} {kind} {value}"));
        names.insert(id, name);
    }
    for (_, group) in objects(file, "panos_address_group") {
        let name = word(group.get("name"), "the name")?;
        for member in blocks(group.get("static")) {
            let member = member.as_str().unwrap_or("");
            let id = member.strip_prefix("${panos_address.").and_then(|m| m.strip_suffix(".name}"));
            let own = id.and_then(|id| names.get(id)).cloned();
            let own = own
                .or_else(|| word(Some(&Value::from(member)), "a member").ok())
                .ok_or_else(|| bad("a member"))?;
            add(&name, format!("set address-group {name} static {own}"));
        }
    }
    let last = commands.keys().last().copied().unwrap_or(0);
    let mut listing = None;
    if last > 0 {
        // Several commands of one line stand on the lines that follow; each entry has a line of its own.
        let lines: Vec<String> =
            (1..=last).flat_map(|l| commands.remove(&l).unwrap_or_else(|| vec![String::new()])).collect();
        listing = Some(panos::read(&lines.join("\n"))?);
    }
    let listing = listing.ok_or_else(|| Unread::whole("it has no entry"))?;
    Ok(Listing { dialect: Dialect::TerraformPaloalto, ..listing })
}
