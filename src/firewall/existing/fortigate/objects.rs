//! What the address objects, services and URL filters of a FortiOS configuration stand for.

use super::super::super::intent::Names;
use super::super::access::Test;
use super::super::read::{Ignored, Listed, Pattern, network, pattern};
use super::Reader;
use super::settings::odd_value;
use super::tree::Object;

/// Groups nest at most this deep.
const DEEPEST: usize = 16;

impl Reader<'_, '_> {
    pub(super) fn names(&mut self, names: &[String], line: usize, six: bool, allows: bool) -> Test {
        Test::Any(names.iter().map(|n| self.address(n, line, six, allows, 0)).collect())
    }

    pub(super) fn address(&mut self, name: &str, line: usize, six: bool, allows: bool, depth: usize) -> Test {
        let domain = self.domain;
        if name == "all" {
            return Test::Always;
        }
        if name == "none" {
            return Test::Never;
        }
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Test::Unknown(Ignored::new(line, name, "groups that name each other too often"));
        }
        if allows {
            self.used.insert(name.to_owned());
        }
        let (plain, group) = if six {
            ("firewall address6", "firewall addrgrp6")
        } else {
            ("firewall address", "firewall addrgrp")
        };
        if let Some(object) = domain.find(plain, name) {
            return self.object(object, six);
        }
        if let Some(object) = domain.find(group, name).filter(|_| depth <= DEEPEST) {
            let members = object.values("member").to_vec();
            let excluded = object.values("exclude-member").to_vec();
            let mut of = |names: &[String]| {
                Test::Any(
                    names.iter().map(|n| self.address(n, object.line, six, allows, depth + 1)).collect(),
                )
            };
            let inside = of(&members);
            if let Some(odd) = odd_value(object, name, "exclude", &["enable", "disable"]) {
                return Test::All(vec![inside, odd]);
            }
            return if object.is("exclude", "enable") {
                Test::All(vec![inside, of(&excluded).negated()])
            } else {
                inside
            };
        }
        Test::Unknown(Ignored::new(line, name, "this address object is not in the file"))
    }

    pub(super) fn object(&mut self, object: &Object, six: bool) -> Test {
        if let Some(index) = self.indices.get(&(six, object.name.clone())) {
            return Test::Entries(vec![*index]);
        }
        let unknown = |line: usize, why: &str| Test::Unknown(Ignored::new(line, &object.name, why));
        let (key, found) = match object.value("type") {
            Some("fqdn" | "wildcard-fqdn") => {
                let key = if object.sets.contains_key("fqdn") { "fqdn" } else { "wildcard-fqdn" };
                (key, object.value(key).map(pattern))
            }
            None | Some("ipmask" | "ipprefix") => {
                let key = if six { "ip6" } else { "subnet" };
                let joined = object.values(key).join("/");
                if !six && (joined == "0.0.0.0/0.0.0.0" || joined == "0.0.0.0/0") || six && joined == "::/0" {
                    return Test::Always;
                }
                let read = network(&joined)
                    .or_else(|| joined.parse().ok().map(|a| Pattern::Names(Names::Address(a))))
                    .ok_or_else(|| "this subnet cannot be read".to_owned());
                (key, Some(read))
            }
            Some("iprange") => {
                let (from, to) = (object.value("start-ip"), object.value("end-ip"));
                if from.is_some() && from == to {
                    ("start-ip", from.map(pattern))
                } else {
                    let what = format!("the address of the name ({})", object.name);
                    return Test::Other(what);
                }
            }
            Some("geography") => return Test::Other(format!("the country of the address ({})", object.name)),
            Some(other) => {
                return unknown(
                    object.line,
                    &format!("address objects of the type {other} are not compared"),
                );
            }
        };
        let line = object.line_of(key);
        match found {
            Some(Ok(found)) => {
                self.listing.understood += 1;
                let text = object.values(key).join(" ");
                let index = self.listing.add(Listed::line(line, &text, found));
                self.indices.insert((six, object.name.clone()), index);
                Test::Entries(vec![index])
            }
            Some(Err(reason)) => unknown(line, &reason),
            None => unknown(object.line, "an address object without an address"),
        }
    }

    pub(super) fn services(&mut self, policy: &Object, text: &str) -> Test {
        let names = policy.values("service");
        if names.is_empty() {
            // Policies of the web proxy say nothing about ports where they mean the proxy's own.
            return Test::Unknown(Ignored::new(policy.line, text, "a policy without services"));
        }
        let line = policy.line_of("service");
        let test = Test::Any(names.iter().map(|n| self.service(n, line, 0)).collect());
        if policy.is("service-negate", "enable") { test.negated() } else { test }
    }

    fn service(&mut self, name: &str, line: usize, depth: usize) -> Test {
        let domain = self.domain;
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Test::Unknown(Ignored::new(line, name, "groups that name each other too often"));
        }
        if let Some(object) = domain.find("firewall service custom", name) {
            let ports = match service_ports(object) {
                Some(ports) if ports.is_empty() => return Test::Never,
                Some(ports) => Test::Ports(ports),
                None => {
                    let why = "the ports of this service cannot be read";
                    return Test::Unknown(Ignored::new(object.line, name, why));
                }
            };
            let narrower = narrower(object);
            if narrower.is_empty() {
                return ports;
            }
            return Test::All(vec![
                ports,
                Test::Other(format!("the service {name} ({})", narrower.join(", "))),
            ]);
        }
        if let Some(group) = domain.find("firewall service group", name).filter(|_| depth <= DEEPEST) {
            let members = group.values("member").to_vec();
            return Test::Any(members.iter().map(|m| self.service(m, group.line, depth + 1)).collect());
        }
        match name {
            "ALL" | "ALL_TCP" | "ANY" => Test::Always,
            "HTTPS" => Test::Ports(vec![(443, 443)]),
            "HTTP" => Test::Ports(vec![(80, 80)]),
            "SSH" => Test::Ports(vec![(22, 22)]),
            "webproxy" => Test::Web,
            "Web Access" => Test::Ports(vec![(80, 80), (443, 443)]),
            "ALL_UDP" | "ALL_ICMP" | "ALL_ICMP6" | "DNS" | "PING" | "NTP" | "DHCP" | "SNMP" | "SYSLOG" => {
                Test::Never
            }
            _ => Test::Unknown(Ignored::new(line, name, "this service is not in the file")),
        }
    }
}

/// TCP ports of a service; none for UDP or ICMP.
pub(super) fn service_ports(object: &Object) -> Option<Vec<(u16, u16)>> {
    if object.is("protocol", "IP") {
        return Some(vec![(1, u16::MAX)])
            .filter(|_| object.value("protocol-number").is_none_or(|n| n == "0" || n == "6"));
    }
    object
        .values("tcp-portrange")
        .iter()
        .map(|range| {
            let range = range.split_once(':').map_or(range.as_str(), |(destination, _)| destination);
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            Some((from.parse().ok()?, to.parse().ok()?))
        })
        .collect()
}

/// What else a service demands than a port of the host: addresses, applications, ports of the client that are not all that
/// programs use.
fn narrower(object: &Object) -> Vec<String> {
    let is_full = |source: &str| {
        let (from, to) = source.split_once('-').unwrap_or((source, source));
        from.parse::<u16>().is_ok_and(|from| from <= 1024) && to == "65535"
    };
    let sources = object.values("tcp-portrange").iter().filter_map(|range| range.split_once(':'));
    let mut found: Vec<String> = sources
        .filter(|(_, source)| !is_full(source))
        .map(|(_, source)| format!("ports {source} of the client"))
        .collect();
    for key in ["iprange", "fqdn", "application", "app-category"] {
        let values = object.values(key).join(" ");
        if !["", "0.0.0.0", "0.0.0.0-255.255.255.255"].contains(&values.as_str()) {
            found.push(format!("{key} {values}"));
        }
    }
    found
}

/// The port in which a name such as `prefix-tcp-443` ends.
pub(in super::super) fn port_of_name(name: &str) -> Option<u16> {
    name.rsplit_once('-').and_then(|(_, port)| port.parse().ok())
}

pub(super) fn url_pattern(entry: &Object, blocks: bool) -> Option<Pattern> {
    let url = entry.value("url")?;
    let rest = url.split_once("://").map_or(url, |(_, r)| r);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if !path.is_empty() && path != "*" {
        return None;
    }
    let name = host.split_once(':').map_or(host, |(h, _)| h);
    match (pattern(name).ok()?, blocks) {
        // What a simple entry blocks is taken as wide as it may be.
        (Pattern::Names(Names::Exact(n) | Names::Subdomains(n)), true) => {
            Some(Pattern::Names(Names::ApexAndSubdomains(n)))
        }
        (found, _) => Some(found),
    }
}

/// What an entry of a URL filter is about; nothing where it names a path only.
pub(super) fn url(entry: &Object, blocks: bool) -> Option<Test> {
    let line = entry.line_of("url");
    let text = entry.value("url")?;
    if entry.is("type", "regex") {
        return Some(Test::Unknown(Ignored::new(
            line,
            text,
            "a regular expression of a URL filter is not compared",
        )));
    }
    if text
        .split_once("://")
        .map_or(text, |(_, r)| r)
        .split_once('/')
        .is_some_and(|(_, p)| !p.is_empty() && p != "*")
    {
        return None;
    }
    Some(url_pattern(entry, blocks).map_or_else(
        || Test::Unknown(Ignored::new(line, text, "this pattern of a URL filter is not compared")),
        Test::Names,
    ))
}
