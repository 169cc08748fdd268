//! Documents of JSON that are policies or objects: Cilium, a URL list of Netskope, objects of Cisco's management center.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::intent::Names;
use super::access::Test;
use super::build::{Builder, Ports, address, blocks, destination, json, on, strange_key, texts, tree};
use super::lines::{Above, DENIED, in_doubt, remark};
use super::read::{Dialect, Ignored, Listing, Pattern, Unread, plain};
use super::said;
use crate::text::visible;

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
        let name = list.get("name").and_then(Value::as_str).unwrap_or("");
        if said::denies(name) {
            builder.beside(
                name,
                format!("what the list `{}` is for, whose name says that it blocks", visible::message(name)),
            );
        }
        if list.get("action").is_some() {
            builder.beside("action", "what is done with the list: its `action` is not read".into());
        }
        for url in texts(list.pointer("/data/urls")).map_err(|e| Unread::whole(&e))? {
            netskope_entry(&mut builder, url);
        }
    }
    builder.gate.lines.sort_by_key(|line| line.allows);
    builder.done()
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
    if let Err(reason) = meaning(url) {
        // What is not understood may take hosts away as well.
        let odd = Ignored::new(line, url, &reason);
        builder.gate.lines.extend(in_doubt(&odd, url, false));
    }
    let found = builder.values([url], meaning, &ports);
    let mut tests = vec![found, Test::Web, Test::Ports(ports)];
    if host.parse::<std::net::IpAddr>().is_ok() {
        tests.push(Test::Literal);
    }
    builder.access(line, url, true, tests);
}

/// Lines of a URL list of Netskope.
///
/// # Errors
/// When there are too many.
pub(super) fn netskope_lines(text: &str) -> Result<Listing, Unread> {
    let mut builder = Builder::new(Dialect::Netskope, text);
    let mut above = Above::Nothing;
    for (at, line) in (1..).zip(text.lines().map(str::trim)) {
        if let Some(words) = remark(line) {
            // What explains the list is no heading.
            if said::is_heading(words) || words.trim_end().ends_with(':') && !words.contains(',') {
                above = above.after(words, true);
            }
        } else if !line.is_empty() {
            if above != Above::Nothing {
                builder.gate.lines.extend(in_doubt(&Ignored::new(at, line, DENIED), line, false));
            }
            netskope_entry(&mut builder, line);
        }
    }
    builder.gate.lines.sort_by_key(|line| line.allows);
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
    // What a service opens stands in it; its name says only which objects go with it.
    let mut services: BTreeMap<&str, Option<u16>> = BTreeMap::new();
    for service in blocks(file.get("protocolportobjects")) {
        let word = |key: &str| service.get(key).and_then(Value::as_str);
        let is_tcp = word("protocol").is_some_and(|p| p.eq_ignore_ascii_case("TCP"));
        let port = word("port").and_then(|p| p.parse::<u16>().ok()).filter(|_| is_tcp);
        if let Some(name) = word("name")
            && services.insert(name, port).is_some()
        {
            return Err(Unread::whole(&format!("two services are called `{}`", visible::message(name))));
        }
    }
    for kind in ["fqdns", "hosts", "urlgroups"] {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for object in blocks(file.get(kind)) {
            let name = object.get("name").and_then(Value::as_str).unwrap_or("");
            if !names.insert(name) {
                return Err(Unread::whole(&format!(
                    "two objects of {kind} are called `{}`",
                    visible::message(name)
                )));
            }
            // PREFIX-NEED-PORT-REST, where the service PREFIX-tcp-PORT is among the objects and opens that port alone.
            let port = ["required", "feature", "optional"].iter().find_map(|need| {
                let (prefix, rest) = name.split_once(&format!("-{need}-"))?;
                let port = rest.split('-').next()?.parse::<u16>().ok()?;
                let opened = *services.get(format!("{prefix}-tcp-{port}").as_str())?;
                opened.filter(|o| *o == port)
            });
            let ports: Ports = port.map(|p| (p, p)).into_iter().collect();
            let mut tests = on(&ports);
            let ports_too = if port.is_none() { ", and its ports" } else { "" };
            tests.push(Test::Other(format!(
                "an access control rule that allows {}, which this file does not have{ports_too}",
                visible::message(name)
            )));
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
    builder.done()
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
    // Which pods each policy is about.
    let mut selectors: BTreeSet<String> = BTreeSet::new();
    for item in items {
        let kind = item.get("kind").and_then(Value::as_str).unwrap_or("");
        if !["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"].contains(&kind) {
            return Err(Unread::whole(&format!(
                "a document of the kind `{kind}` beside the policies is not read"
            )));
        }
        let namespace = match item.pointer("/metadata/namespace") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(namespace)) => namespace.clone(),
            Some(_) => return Err(Unread::whole("`namespace` of a policy is no text")),
        };
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
            let pods = Pods {
                namespace: namespace.clone(),
                everywhere: kind == "CiliumClusterwideNetworkPolicy",
                selector: spec.get("endpointSelector").unwrap_or(&Value::Null),
            };
            selectors.insert(format!("{kind} {namespace} {}", pods.selector));
            allowed.extend(blocks(spec.get("egress")).into_iter().map(|r| (r, pods.clone())));
            denied.extend(blocks(spec.get("egressDeny")).into_iter().map(|r| (r, pods.clone())));
        }
    }
    let several = selectors.len() > 1;
    let looked_up = looked_up(allowed.iter().map(|(rule, _)| *rule));
    let sees_lookups = allowed.iter().any(|(rule, _)| {
        let mut blocks_of = blocks(rule.get("toPorts")).into_iter();
        blocks_of.any(|b| has_lookups(b) && !blocks(b.pointer("/rules/dns")).is_empty())
    });
    let of_allowed: Vec<Pods<'_>> = allowed.iter().map(|(_, pods)| pods.clone()).collect();
    // What a policy denies, no other one allows.
    for (allows, rules) in [(false, denied), (true, allowed)] {
        for (rule, pods) in rules {
            // A denial is for the pods that may connect, for others, or for some of them.
            let who = if allows {
                several.then(|| Test::client(pods.shown()))
            } else if of_allowed.iter().all(|own| pods.hold(own)) {
                None
            } else if of_allowed.iter().all(|own| pods.are_others_than(own)) {
                Some(Test::client(pods.shown()))
            } else {
                Some(Test::Other(pods.shown()))
            };
            let is_of_others = matches!(who, Some(Test::Client(_)));
            if !allows && !is_of_others && may_deny_lookups(rule) {
                let what = "whether names can be looked up: `egressDeny` may deny the lookups themselves";
                let tests = vec![Test::Literal.negated(), Test::Other(what.into())];
                builder.access(builder.line_of("egressDeny"), "a rule of egressDeny", false, tests);
            }
            let mut tests = match egress(&mut builder, rule, allows) {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                Err(reason) => {
                    vec![builder.unknown(if allows { "egress" } else { "egressDeny" }, &reason)]
                }
            };
            if allows && !sees_lookups && !selectors_of(rule).is_empty() {
                let what = "whether Cilium sees the lookups of names, without which `toFQDNs` opens nothing: no policy of the file \
                            has `rules.dns` for port 53";
                tests.push(Test::Other(what.into()));
            }
            let is_looked_up = |names: &BTreeSet<String>| {
                let selectors = selectors_of(rule);
                !selectors.is_empty() && selectors.iter().all(|s| s.is_some_and(|s| names.contains(s)))
            };
            if allows && looked_up.as_ref().is_some_and(|names| !is_looked_up(names)) {
                let what = "which names may be looked up (`rules.dns` of the policies)";
                tests.push(Test::Other(what.into()));
            }
            tests.extend(who);
            let text = if allows { "a rule of egress" } else { "a rule of egressDeny" };
            let line = tests.iter().find_map(|t| first(&builder, t)).unwrap_or(1);
            builder.access(line, text, allows, tests);
        }
    }
    builder.done()
}

/// The pods that a policy is about.
#[derive(Clone)]
struct Pods<'v> {
    namespace: String,
    /// It is of no namespace.
    everywhere: bool,
    selector: &'v Value,
}

impl Pods<'_> {
    /// Whether every one of `others` is among them.
    fn hold(&self, others: &Self) -> bool {
        let is_empty = |v: &Value| v.as_object().is_none_or(serde_json::Map::is_empty) && !v.is_string();
        let is_every = match self.selector {
            Value::Null => true,
            Value::Object(all) => {
                all.values().all(|v| v.as_array().map_or_else(|| is_empty(v), Vec::is_empty))
            }
            _ => false,
        };
        let has_place = self.everywhere || (!others.everywhere && self.namespace == others.namespace);
        let is_same = self.everywhere == others.everywhere && self.selector == others.selector;
        has_place && (is_every || is_same)
    }

    /// Whether none of `others` is among them, as far as namespaces and labels say so.
    fn are_others_than(&self, others: &Self) -> bool {
        let is_placed = |pods: &Self| !pods.everywhere && !pods.namespace.is_empty();
        let labels = |pods: &Self| {
            pods.selector.get("matchLabels").and_then(Value::as_object).cloned().unwrap_or_default()
        };
        let own = labels(self);
        let of_others = labels(others);
        is_placed(self) && is_placed(others) && self.namespace != others.namespace
            || own.iter().any(|(label, value)| of_others.get(label).is_some_and(|other| other != value))
    }

    fn shown(&self) -> String {
        let selector: String = self.selector.to_string().chars().take(160).collect();
        match self.namespace.as_str() {
            "" => format!("the labels of the pod ({selector})"),
            namespace => format!("the namespace and the labels of the pod ({namespace}, {selector})"),
        }
    }
}

/// Whether a denial may be one of the lookups of names: of port 53, or of every port of what looks like the service.
fn may_deny_lookups(rule: &Value) -> bool {
    let number = |port: &Value, key: &str| match port.get(key) {
        Some(Value::String(text)) => text.parse::<u64>().ok(),
        Some(Value::Number(number)) => number.as_u64(),
        _ => None,
    };
    let is_53 = |port: &Value| {
        let name = port.get("port").and_then(Value::as_str).unwrap_or("");
        match (number(port, "port"), number(port, "endPort")) {
            (Some(0 | 53), _) => true,
            (Some(from), Some(to)) => (from..=to).contains(&53),
            (Some(_), None) => false,
            (None, _) => name.contains("dns") || name.contains("domain"),
        }
    };
    let to_ports = blocks(rule.get("toPorts"));
    if !to_ports.is_empty() {
        return to_ports.iter().any(|block| blocks(block.get("ports")).into_iter().any(is_53));
    }
    let is_service = |value: &Value| {
        let text = value.to_string().to_ascii_lowercase();
        value.as_object().is_some_and(serde_json::Map::is_empty)
            || ["dns", "kube-system"].iter().any(|word| text.contains(word))
    };
    let entities = blocks(rule.get("toEntities"));
    entities.iter().any(|e| ["cluster", "all"].iter().any(|own| e.as_str() == Some(own)))
        || ["toEndpoints", "toServices"]
            .iter()
            .any(|kind| blocks(rule.get(*kind)).into_iter().any(is_service))
}

/// The name or the pattern of a selector.
fn name_of(selector: &Value) -> Option<&str> {
    selector.get("matchName").or(selector.get("matchPattern")).and_then(Value::as_str)
}

/// The names and patterns of a rule.
fn selectors_of(rule: &Value) -> Vec<Option<&str>> {
    blocks(rule.get("toFQDNs")).into_iter().map(name_of).collect()
}

/// Whether a block of ports has the one of name lookups.
fn has_lookups(block: &Value) -> bool {
    let is_53 = |port: &Value| match port.get("port") {
        Some(Value::String(port)) => port == "53" || port == "0",
        Some(Value::Number(port)) => [Some(53), Some(0)].contains(&port.as_u64()),
        _ => false,
    };
    blocks(block.get("ports")).into_iter().any(is_53)
}

/// The names and patterns that may be looked up at all, where the policies say so; nothing where they let every
/// name be looked up, or do not look into lookups.
fn looked_up<'v>(rules: impl Iterator<Item = &'v Value>) -> Option<BTreeSet<String>> {
    let mut names: Option<BTreeSet<String>> = None;
    for block in rules.flat_map(|rule| blocks(rule.get("toPorts"))).filter(|block| has_lookups(block)) {
        let allowed = blocks(block.pointer("/rules/dns"));
        if allowed.is_empty() {
            return None;
        }
        for rule in allowed {
            match name_of(rule) {
                Some("*" | "**") => return None,
                text => names.get_or_insert_default().extend(text.map(str::to_owned)),
            }
        }
    }
    names
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

/// The conditions of a rule; nothing for one that is about the cluster or about other protocols alone.
fn egress(builder: &mut Builder<'_>, rule: &Value, allows: bool) -> Result<Option<Vec<Test>>, String> {
    let known = ["toFQDNs", "toCIDR", "toCIDRSet", "toEntities", "toEndpoints", "toPorts", "toServices"];
    if let Some(key) = strange_key(rule, &known) {
        return Err(format!("`{key}` is not compared"));
    }
    let is_there = |key: &str| rule.get(key).is_some_and(|v| !v.is_null());
    let kinds: Vec<&str> = known.iter().filter(|k| **k != "toPorts" && is_there(k)).copied().collect();
    if kinds.len() > 1 {
        return Err("several kinds of destination in one rule are not compared".into());
    }
    if let Some(kind) = kinds.first()
        && blocks(rule.get(*kind)).is_empty()
    {
        return Err(format!("`{kind}` is an empty list, which is not compared"));
    }
    let to_ports = blocks(rule.get("toPorts"));
    // None for every port; nothing in it where the rule is of other protocols alone.
    let mut ranges: Option<Ports> = if to_ports.is_empty() { None } else { Some(Vec::new()) };
    for block in &to_ports {
        let rules = block.get("rules").filter(|r| !r.is_null());
        let only_dns = rules.is_none_or(|r| r.as_object().is_some_and(|r| r.keys().all(|k| k == "dns")));
        let of_dns = rules.is_some_and(|r| !blocks(r.get("dns")).is_empty());
        let is_web = of_dns && !has_lookups(block);
        if strange_key(block, &["ports", "rules"]).is_some() || !only_dns || is_web {
            return Err("a port has rules of its own, which are not compared".into());
        }
        let listed = blocks(block.get("ports"));
        if listed.is_empty() {
            // An empty list stands for every port where it denies; what it lets through is not certain.
            if allows {
                return Err("`ports` is an empty list, which is not compared where it allows".into());
            }
            ranges = None;
        }
        for port in listed {
            let protocol = match port.get("protocol") {
                None | Some(Value::Null) => "ANY".to_owned(),
                Some(Value::String(protocol)) => protocol.to_ascii_uppercase(),
                Some(_) => return Err("the protocol of a port is no text".into()),
            };
            match protocol.as_str() {
                "TCP" | "ANY" | "" => {}
                "UDP" | "SCTP" | "ICMP" | "ICMPV6" => continue,
                other => return Err(format!("the protocol `{other}` is not compared")),
            }
            if strange_key(port, &["port", "endPort", "protocol"]).is_some() {
                return Err("a port has more than a number and a protocol".into());
            }
            let number = |key: &str| match port.get(key) {
                Some(Value::String(s)) => s.parse::<u16>().ok(),
                Some(Value::Number(n)) => n.as_u64().and_then(|n| u16::try_from(n).ok()),
                _ => None,
            };
            let from = number("port").ok_or("a port has a name or no number")?;
            let end = match port.get("endPort") {
                None | Some(Value::Null) => from,
                // Zero is what the field has where it is not set.
                Some(_) => match number("endPort").ok_or("the end of a range is no port")? {
                    0 => from,
                    end => end,
                },
            };
            match ranges.as_mut() {
                Some(_) if from == 0 => ranges = None,
                Some(_) if end < from => return Err("a range of ports ends before it begins".into()),
                Some(ranges) => ranges.push((from, end)),
                None => {}
            }
        }
    }
    let mut ports = ranges.clone().unwrap_or_default();
    ports.sort_unstable();
    ports.dedup();
    if ranges.is_some() && ports.is_empty() {
        // Of other protocols alone, which is understood.
        builder.listing.understood += 1;
        return Ok(None);
    }
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
            tests.push(builder.values(values, address, &ports));
        }
        Some("toCIDRSet") => {
            let mut values = Vec::new();
            for set in blocks(rule.get("toCIDRSet")) {
                match (set.get("cidr").and_then(Value::as_str), strange_key(set, &["cidr"])) {
                    (Some(cidr), None) => values.push(cidr),
                    _ => return Err("a network with exceptions is not compared".into()),
                }
            }
            tests.push(builder.values(values, address, &ports));
        }
        Some("toEntities") => {
            let entities = texts(rule.get("toEntities"))?;
            // Those of the cluster; a host on the internet is never one of them.
            let inside = [
                "cluster",
                "host",
                "remote-node",
                "kube-apiserver",
                "ingress",
                "init",
                "health",
                "unmanaged",
                "none",
            ];
            let is_world = entities.iter().any(|e| ["world", "all"].contains(e));
            if let Some(other) = entities.iter().find(|e| !is_world && !inside.contains(e)) {
                return Err(format!("the entity `{other}` is not compared"));
            }
            if !is_world {
                return Ok(None);
            }
            builder.listing.understood += 1;
        }
        Some("toEndpoints") => {
            // Labels of the cluster's own pods, unless they are those of what is outside, or none.
            let inside = |s: &&Value| {
                s.as_object().is_some_and(|o| allows || !o.is_empty()) && !s.to_string().contains("reserved")
            };
            if !blocks(rule.get("toEndpoints")).iter().all(inside) {
                return Err("`toEndpoints` with reserved labels or without any is not compared".into());
            }
            builder.listing.understood += 1;
            return Ok(None);
        }
        Some("toServices") if allows => {
            builder.listing.understood += 1;
            return Ok(None);
        }
        Some("toServices") => {
            return Err("`toServices` may stand for addresses outside, and is not compared".into());
        }
        _ if to_ports.is_empty() && allows => return Ok(None),
        _ => builder.listing.understood += 1,
    }
    tests.extend(on(&ports));
    Ok(Some(tests))
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
