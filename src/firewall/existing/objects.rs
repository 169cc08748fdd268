//! Documents of JSON that are policies or objects: Cilium, a URL list of Netskope, objects of Cisco's management center.

use serde_json::Value;

use super::super::intent::Names;
use super::access::Test;
use super::build::{Builder, Ports, blocks, destination, json, on, strange_key, texts, tree};
use super::read::{Dialect, Listing, Pattern, Unread, plain};

/// What a document is, where it is one of these.
pub(super) fn kind(value: &Value) -> Option<Dialect> {
    let first = value.get("items").and_then(Value::as_array).and_then(|i| i.first()).unwrap_or(value);
    if first.get("apiVersion").and_then(Value::as_str).is_some_and(|v| v.starts_with("cilium.io/")) {
        return Some(Dialect::Cilium);
    }
    let one = value.as_array().and_then(|a| a.first()).unwrap_or(value);
    if one.pointer("/data/urls").is_some_and(Value::is_array) {
        return Some(Dialect::NetskopeApi);
    }
    (value.get("fqdns").is_some()
        || value.get("urlgroups").is_some()
        || value.get("protocolportobjects").is_some())
    .then_some(Dialect::Fmc)
}

/// Reads a URL list of Netskope, or several.
///
/// # Errors
/// When it is one of expressions.
pub(super) fn netskope(text: &str) -> Result<Listing, Unread> {
    let file = json(text)?;
    let mut builder = Builder::new(Dialect::NetskopeApi, text);
    for list in blocks(Some(&file)) {
        if list.pointer("/data/type").and_then(Value::as_str) != Some("exact") {
            return Err(Unread::whole("a URL list of regular expressions is not read"));
        }
        for url in texts(list.pointer("/data/urls")).map_err(|e| Unread::whole(&e))? {
            netskope_entry(&mut builder, url);
        }
    }
    Ok(builder.done())
}

/// One entry: no port stands for 80 and 443, a wildcard for the bare name too.
fn netskope_entry(builder: &mut Builder<'_>, url: &str) {
    let line = builder.line_of(url);
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, ports): (&str, Ports) = match bare.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => {
            (host, port.parse().map(|p| (p, p)).into_iter().collect())
        }
        _ => (bare, vec![(80, 80), (443, 443)]),
    };
    let meaning = |_: &str| match host.strip_prefix("*.") {
        _ if host.contains('/') => Err("it names a path, and the app needs the whole host".to_owned()),
        Some(base) => tree(base),
        None => destination(host),
    };
    let found = builder.values([url], meaning, &ports);
    let mut tests = vec![found, Test::Web, Test::Ports(ports)];
    if host.parse::<std::net::IpAddr>().is_ok() {
        tests.push(Test::Literal);
    }
    builder.access(line, url, true, tests);
}

/// Lines of a URL list of Netskope.
pub(super) fn netskope_lines(text: &str) -> Listing {
    let mut builder = Builder::new(Dialect::Netskope, text);
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with(['#', ';'])) {
        netskope_entry(&mut builder, line);
    }
    builder.done()
}

/// Reads objects of the management center, by the names that Clearway gives them.
///
/// # Errors
/// When it has something else than such objects.
pub(super) fn fmc(text: &str) -> Result<Listing, Unread> {
    let file = json(text)?;
    if let Some(key) = strange_key(&file, &["fqdns", "hosts", "urlgroups", "protocolportobjects"]) {
        return Err(Unread::whole(&format!("it has `{key}`, which is not read")));
    }
    let mut builder = Builder::new(Dialect::Fmc, text);
    for kind in ["fqdns", "hosts", "urlgroups"] {
        for object in blocks(file.get(kind)) {
            let name = object.get("name").and_then(Value::as_str).unwrap_or("");
            // PREFIX-NEED-PORT-REST, where the service PREFIX-tcp-PORT is among the objects.
            let port = ["required", "feature", "optional"].iter().find_map(|need| {
                let (prefix, rest) = name.split_once(&format!("-{need}-"))?;
                let port = rest.split('-').next()?.parse::<u16>().ok()?;
                let service = format!("{prefix}-tcp-{port}");
                blocks(file.get("protocolportobjects"))
                    .iter()
                    .any(|o| o.get("name").and_then(Value::as_str) == Some(&service))
                    .then_some(port)
            });
            let ports: Ports = port.map(|p| (p, p)).into_iter().collect();
            let mut tests = on(&ports);
            if port.is_none() {
                tests.push(Test::Other("an access control rule that uses the object, and its ports".into()));
            }
            let line = builder.line_of(name);
            if kind == "urlgroups" {
                let urls: Vec<&str> = blocks(object.get("literals"))
                    .iter()
                    .filter_map(|l| l.get("url").and_then(Value::as_str))
                    .collect();
                if object.get("objects").is_some_and(|o| !blocks(Some(o)).is_empty()) {
                    return Err(Unread::whole("a URL group names other objects, which are not in this file"));
                }
                tests.insert(0, builder.values(urls, tree, &ports));
                tests.push(Test::Web);
            } else {
                let value = object.get("value").and_then(Value::as_str).unwrap_or("");
                tests.insert(0, builder.values([value], destination, &ports));
                if kind == "hosts" {
                    tests.push(Test::Literal);
                }
            }
            builder.access(line, name, true, tests);
        }
    }
    builder.listing.remarks.push(
        "objects only: this file has no access control rule, and an object opens nothing by itself".into(),
    );
    Ok(builder.done())
}

/// Reads policies of Cilium.
///
/// # Errors
/// When a policy is of a kind that is not read.
pub(super) fn cilium(text: &str) -> Result<Listing, Unread> {
    let file = json(text)?;
    let mut builder = Builder::new(Dialect::Cilium, text);
    let items = file.get("items").map_or_else(|| blocks(Some(&file)), |items| blocks(Some(items)));
    let (mut allowed, mut denied) = (Vec::new(), Vec::new());
    let mut selectors: Vec<&Value> = Vec::new();
    for item in items {
        let kind = item.get("kind").and_then(Value::as_str).unwrap_or("");
        if !["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"].contains(&kind) {
            return Err(Unread::whole(&format!(
                "a document of the kind `{kind}` beside the policies is not read"
            )));
        }
        let specs = [blocks(item.get("spec")), blocks(item.get("specs"))].concat();
        for spec in specs {
            let known = [
                "description",
                "endpointSelector",
                "egress",
                "egressDeny",
                "ingress",
                "ingressDeny",
                "labels",
            ];
            if let Some(key) = strange_key(spec, &known) {
                return Err(Unread::whole(&format!("a policy has `{key}`, which is not read")));
            }
            let selector = spec.get("endpointSelector").unwrap_or(&Value::Null);
            if !selectors.contains(&selector) {
                selectors.push(selector);
            }
            let who = Test::Client(format!("the labels of the pod ({selector})"));
            allowed.extend(blocks(spec.get("egress")).into_iter().map(|r| (r, who.clone())));
            denied.extend(blocks(spec.get("egressDeny")).into_iter().map(|r| (r, who.clone())));
        }
    }
    let several = selectors.len() > 1;
    // What a policy denies, no other one allows.
    for (allows, rules) in [(false, denied), (true, allowed)] {
        for (rule, who) in rules {
            let found = match egress(&mut builder, rule, allows) {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                Err(reason) => vec![vec![builder.unknown("egress", &reason)]],
            };
            for mut tests in found {
                if several {
                    tests.push(who.clone());
                }
                let text = if allows { "a rule of egress" } else { "a rule of egressDeny" };
                let line = tests.iter().find_map(|t| first(&builder, t)).unwrap_or(1);
                builder.access(line, text, allows, tests);
            }
        }
    }
    Ok(builder.done())
}

fn first(builder: &Builder<'_>, test: &Test) -> Option<usize> {
    match test {
        Test::Entries(entries) => {
            entries.first().and_then(|e| builder.listing.entries.get(*e)).map(|e| e.line)
        }
        Test::Any(parts) => parts.iter().find_map(|p| first(builder, p)),
        _ => None,
    }
}

/// The conditions of a rule, one set for each of its ports; nothing for one that is about the cluster alone.
fn egress(builder: &mut Builder<'_>, rule: &Value, allows: bool) -> Result<Option<Vec<Vec<Test>>>, String> {
    let known = ["toFQDNs", "toCIDR", "toCIDRSet", "toEntities", "toEndpoints", "toPorts", "toServices"];
    if let Some(key) = strange_key(rule, &known) {
        return Err(format!("`{key}` is not compared"));
    }
    let kinds: Vec<&str> =
        known.iter().filter(|k| **k != "toPorts" && rule.get(**k).is_some()).copied().collect();
    if kinds.len() > 1 {
        return Err("several kinds of destination in one rule are not compared".into());
    }
    let mut all: Vec<Vec<Test>> = Vec::new();
    let to_ports = blocks(rule.get("toPorts"));
    let mut ranges: Vec<Ports> = Vec::new();
    for block in &to_ports {
        let rules = block.get("rules").and_then(Value::as_object);
        let only_dns = rules.is_none_or(|r| r.keys().all(|k| k == "dns"));
        if strange_key(block, &["ports", "rules"]).is_some() || !only_dns {
            return Err("a port has rules of its own, which are not compared".into());
        }
        for port in blocks(block.get("ports")) {
            let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or("ANY");
            if !["TCP", "ANY"].contains(&protocol) {
                continue;
            }
            let number = |key: &str| match port.get(key) {
                Some(Value::String(s)) => s.parse::<u16>().ok(),
                Some(Value::Number(n)) => n.as_u64().and_then(|n| u16::try_from(n).ok()),
                _ => None,
            };
            let from = number("port").ok_or("a port has a name or no number")?;
            let range = match (from, number("endPort")) {
                (0, _) => Vec::new(),
                (from, end) => vec![(from, end.unwrap_or(from))],
            };
            ranges.push(range);
        }
    }
    if to_ports.is_empty() {
        ranges.push(Vec::new());
    } else if ranges.is_empty() {
        // Of other protocols alone, which is understood.
        builder.listing.understood += 1;
    }
    for ports in ranges {
        let mut tests = Vec::new();
        match kinds.first().copied() {
            Some("toFQDNs") => {
                let mut values: Vec<&str> = Vec::new();
                for selector in blocks(rule.get("toFQDNs")) {
                    match (selector.get("matchName"), selector.get("matchPattern")) {
                        (Some(Value::String(name)), None) if !name.contains('*') => values.push(name),
                        (None, Some(Value::String(pattern))) => values.push(pattern),
                        _ => return Err("a selector of names is not understood".into()),
                    }
                }
                tests.push(builder.values(values, fqdn, &ports));
            }
            Some("toCIDR") => {
                let values = texts(rule.get("toCIDR"))?;
                tests.push(builder.values(values, destination, &ports));
            }
            Some("toCIDRSet") => {
                let mut values = Vec::new();
                for set in blocks(rule.get("toCIDRSet")) {
                    match (set.get("cidr").and_then(Value::as_str), strange_key(set, &["cidr"])) {
                        (Some(cidr), None) => values.push(cidr),
                        _ => return Err("a network with exceptions is not compared".into()),
                    }
                }
                tests.push(builder.values(values, destination, &ports));
            }
            Some("toEntities") => {
                let entities = texts(rule.get("toEntities"))?;
                if !entities.iter().any(|e| ["world", "all"].contains(e)) {
                    // Of the cluster; a host on the internet is never that.
                    if entities.iter().any(|e| ["world-ipv4", "world-ipv6"].contains(e)) {
                        return Err("an entity of one address family is not compared".into());
                    }
                    return Ok(None);
                }
                builder.listing.understood += 1;
            }
            Some("toEndpoints" | "toServices") => {
                builder.listing.understood += 1;
                return Ok(None);
            }
            _ if to_ports.is_empty() && allows => return Ok(None),
            _ => builder.listing.understood += 1,
        }
        tests.extend(on(&ports));
        all.push(tests);
    }
    Ok(Some(all))
}

/// `**.x` is of any depth, one star stands for one label.
fn fqdn(value: &str) -> Result<Pattern, String> {
    if let Some(base) = value.strip_prefix("**.") {
        return plain(base).map(|n| Pattern::Names(Names::Subdomains(n)));
    }
    if let Some(base) = value.strip_prefix("*.") {
        return plain(base).map(Pattern::OneLabel);
    }
    if value.contains('*') {
        return Err("this pattern is not compared".into());
    }
    destination(value)
}
