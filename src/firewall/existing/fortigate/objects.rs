//! What the address objects, services and URL filters of a FortiOS configuration stand for.

use super::super::super::intent::Names;
use super::super::access::Test;
use super::super::read::{Ignored, Listed, Pattern, network, pattern};
use super::Reader;
use super::settings::{ADDRESS, BESIDE_OBJECT, BESIDE_SERVICE, GROUP, SERVICE, odd_value, unknown_settings};
use super::tree::Object;

/// Groups nest at most this deep.
const DEEPEST: usize = 16;

impl Reader<'_, '_> {
    pub(super) fn names(&mut self, names: &[String], line: usize, six: bool, allows: bool) -> Test {
        Test::Any(names.iter().map(|n| self.address(n, line, six, allows, 0)).collect())
    }

    /// What a name among addresses stands for; what many policies name is worked out once.
    pub(super) fn address(&mut self, name: &str, line: usize, six: bool, allows: bool, depth: usize) -> Test {
        let key = (if six { Kind::Address6 } else { Kind::Address }, allows, name.to_owned());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        // Until it is known it stands for what names itself.
        let why = "groups that name each other";
        self.known.insert(key.clone(), Test::Unknown(Ignored::new(line, name, why)));
        let found = self.address_of(name, line, six, allows, depth).shared();
        self.worked += 1;
        self.known.insert(key, found.clone());
        found
    }

    fn address_of(&mut self, name: &str, line: usize, six: bool, allows: bool, depth: usize) -> Test {
        let domain = self.domain;
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
            let mut all = vec![of(&members)];
            if object.is("exclude", "enable") {
                all.push(of(&excluded).negated());
            }
            all.extend(odd_value(object, name, "exclude", &["enable", "disable"]));
            all.extend(odd_value(object, name, "category", &["default"]));
            all.extend(odd_value(object, name, "type", &["default", "folder"]));
            all.extend(unknown_settings(object, name, GROUP, &[BESIDE_OBJECT, &["category", "type"]]));
            return Test::All(all);
        }
        match name {
            // The objects that every device has, unless the file says what they are.
            "all" => Test::Always,
            "none" => Test::Never,
            _ => Test::Unknown(Ignored::new(line, name, "this address object is not in the file")),
        }
    }

    pub(super) fn object(&mut self, object: &Object, six: bool) -> Test {
        let mut odd = unknown_settings(object, &object.name, ADDRESS, &[BESIDE_OBJECT]);
        if let Some(index) = self.indices.get(&(six, object.name.clone())) {
            return narrowed(Test::Entries(vec![*index]), odd);
        }
        let unknown = |line: usize, why: &str| Test::Unknown(Ignored::new(line, &object.name, why));
        let (key, found) = match object.value("type") {
            Some("fqdn" | "wildcard-fqdn") => {
                let is_wild = object.is("type", "wildcard-fqdn") || !object.sets.contains_key("fqdn");
                let key = if is_wild && object.sets.contains_key("wildcard-fqdn") {
                    "wildcard-fqdn"
                } else {
                    "fqdn"
                };
                (key, object.value(key).map(pattern))
            }
            None | Some("ipmask" | "ipprefix") => {
                let key = if six { "ip6" } else { "subnet" };
                let joined = object.values(key).join("/");
                // What a device shows of its own object for everything has no network, which is the default.
                let is_default = joined.is_empty() && object.name == "all" && odd.is_empty();
                let everything: &[&str] = if six { &["::/0"] } else { &["0.0.0.0/0.0.0.0", "0.0.0.0/0"] };
                if is_default || everything.contains(&joined.as_str()) {
                    return narrowed(Test::Always, odd);
                }
                // The address of nobody, as the device's own object `none` has it.
                if ["0.0.0.0/255.255.255.255", "0.0.0.0/32", "::/128"].contains(&joined.as_str()) {
                    return narrowed(Test::Never, odd);
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
                narrowed(Test::Entries(vec![index]), std::mem::take(&mut odd))
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
        let key = (Kind::Service, false, name.to_owned());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let why = "groups that name each other";
        self.known.insert(key.clone(), Test::Unknown(Ignored::new(line, name, why)));
        let found = self.service_of(name, line, depth).shared();
        self.worked += 1;
        self.known.insert(key, found.clone());
        found
    }

    fn service_of(&mut self, name: &str, line: usize, depth: usize) -> Test {
        let domain = self.domain;
        if let Some(object) = domain.find("firewall service custom", name) {
            let odd = unknown_settings(object, name, SERVICE, &[BESIDE_OBJECT, BESIDE_SERVICE]);
            let ports = match service_ports(object) {
                Some(ports) if ports.is_empty() => Test::Never,
                Some(ports) => Test::Ports(ports),
                None => {
                    let why = "the protocol or the ports of this service cannot be read";
                    return Test::Unknown(Ignored::new(object.line, name, why));
                }
            };
            let narrower = narrower(object);
            let mut odd = odd;
            if !narrower.is_empty() {
                odd.push(Test::Other(format!("the service {name} ({})", narrower.join(", "))));
            }
            return narrowed(ports, odd);
        }
        if let Some(group) = domain.find("firewall service group", name).filter(|_| depth <= DEEPEST) {
            let odd =
                unknown_settings(group, name, &["member"], &[BESIDE_OBJECT, &["explicit-proxy", "proxy"]]);
            let members = group.values("member").to_vec();
            let any = members.iter().map(|m| self.service(m, group.line, depth + 1)).collect();
            return narrowed(Test::Any(any), odd);
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

/// What many policies may name.
#[derive(PartialEq, Eq, Hash, Clone, Copy)]
pub(super) enum Kind {
    Address,
    Address6,
    Service,
}

/// A test and what else must hold.
fn narrowed(test: Test, odd: Vec<Test>) -> Test {
    if odd.is_empty() { test } else { Test::All(std::iter::once(test).chain(odd).collect()) }
}

/// TCP ports of a service; none for UDP or ICMP; nothing where they cannot be read.
pub(super) fn service_ports(object: &Object) -> Option<Vec<(u16, u16)>> {
    match object.value("protocol") {
        None | Some("ALL") => {}
        // `TCP/UDP/SCTP`, with or without others since.
        Some(several) if several.split('/').any(|p| p == "TCP") => {}
        Some("IP") => {
            let number: u8 = object.value("protocol-number").unwrap_or("0").parse().ok()?;
            return Some(if [0, 6].contains(&number) { vec![(0, u16::MAX)] } else { Vec::new() });
        }
        Some("ICMP" | "ICMP6" | "UDP" | "SCTP") => return Some(Vec::new()),
        Some(_) => return None,
    }
    object
        .values("tcp-portrange")
        .iter()
        .map(|range| {
            let range = range.split_once(':').map_or(range.as_str(), |(destination, _)| destination);
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            let (from, to): (u16, u16) = (from.parse().ok()?, to.parse().ok()?);
            (from <= to).then_some((from, to))
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
    for key in ["iprange", "fqdn", "application", "app-category", "app-service-type"] {
        let values = object.values(key).join(" ");
        if !["", "disable", "0.0.0.0", "0.0.0.0-255.255.255.255"].contains(&values.as_str()) {
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
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    if let Some((host, path)) = rest.split_once('/').filter(|(_, path)| !path.is_empty() && *path != "*") {
        // Where nothing decrypts, no path is seen.
        let name = host.split_once(':').map_or(host, |(name, _)| name);
        let host = match pattern(name).ok()? {
            Pattern::Names(Names::Exact(n) | Names::Subdomains(n)) => {
                Pattern::Names(Names::ApexAndSubdomains(n))
            }
            other => other,
        };
        return blocks.then(|| Test::All(vec![Test::Names(host), Test::Other(format!("the path {path}"))]));
    }
    Some(url_pattern(entry, blocks).map_or_else(
        || Test::Unknown(Ignored::new(line, text, "this pattern of a URL filter is not compared")),
        Test::Names,
    ))
}
