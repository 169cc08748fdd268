//! What the objects of PAN-OS that rules name stand for: addresses, services, categories.

use super::super::super::intent::Names;
use super::super::access::Test;
use super::super::read::{Ignored, Listed, Pattern, network, pattern, plain};
use super::access::{Builder, odd};
use super::{DEEPEST, Item};

impl<'a> Builder<'a> {
    pub(super) fn category_once(&mut self, category: &'a Item) -> Test {
        self.once("custom-url-category", &category.scope, &category.name, category.line, |own| {
            own.category(category)
        })
    }

    pub(super) fn category(&mut self, category: &Item) -> Test {
        if category.value("type").is_some_and(|t| t != "URL List") {
            return Test::Other(format!("the firewall's own categories ({})", category.name));
        }
        let mut any = Vec::new();
        any.extend(odd(category));
        for (value, line) in category.values("list").to_vec() {
            any.push(self.entry(&category.name, &value, line));
        }
        Test::Any(any)
    }

    /// An entry of a URL category; its port, where it has one, counts.
    pub(super) fn entry(&mut self, category: &str, value: &str, line: usize) -> Test {
        match url(value) {
            Ok((found, port)) => {
                self.listing.understood += 1;
                let listing = &mut self.listing;
                let key = (line, category.to_owned(), value.to_owned());
                let at = *self.indices.entry(key).or_insert_with(|| {
                    listing.add(Listed {
                        ports: port.map(|p| (p, p)).into_iter().collect(),
                        open_end: !value.split_once("://").map_or(value, |(_, r)| r).contains('/'),
                        ..Listed::line(line, value, found)
                    })
                });
                let names = Test::Entries(vec![at]);
                match port {
                    Some(port) => Test::All(vec![names, Test::Ports(vec![(port, port)])]),
                    None => names,
                }
            }
            Err(reason) => {
                let line = Ignored::new(line, value, &reason);
                self.listing.strange.push(line.clone());
                Test::Unknown(line)
            }
        }
    }

    pub(super) fn address(&mut self, scope: &str, name: &str, line: usize, depth: usize) -> Test {
        self.once("address", scope, name, line, |own| own.address_of(scope, name, line, depth))
    }

    fn address_of(&mut self, scope: &str, name: &str, line: usize, depth: usize) -> Test {
        if let Some(object) = self.find("address", scope, name) {
            let (key, value) = match ["fqdn", "ip-netmask", "ip-range"]
                .iter()
                .find_map(|k| object.value(k).map(|v| (*k, v)))
            {
                Some(found) => found,
                None => {
                    return Test::Unknown(Ignored::new(
                        object.line,
                        name,
                        "this address object cannot be read",
                    ));
                }
            };
            if let Some(odd) = odd(object) {
                return odd;
            }
            if value == "0.0.0.0/0" {
                return Test::Always;
            }
            let line = object.values(key).last().map_or(object.line, |(_, line)| *line);
            return self.literal(name, value, line);
        }
        if let Some(group) = self.find("address-group", scope, name).filter(|_| depth <= DEEPEST) {
            if let Some(odd) = odd(group) {
                return odd;
            }
            if group.values("static").is_empty()
                || group.attributes.keys().any(|key| key.starts_with("dynamic"))
            {
                return Test::Unknown(Ignored::new(
                    group.line,
                    name,
                    "the members of a dynamic group are not in this file",
                ));
            }
            let members: Vec<String> = group.words("static").into_iter().map(str::to_owned).collect();
            let scope = group.scope.clone();
            let line = group.line;
            return Test::Any(members.iter().map(|m| self.address(&scope, m, line, depth + 1)).collect());
        }
        if name == "any" {
            return Test::Always;
        }
        if name.parse::<std::net::IpAddr>().is_ok() || network(name).is_some() {
            return self.literal(name, name, line);
        }
        Test::Unknown(Ignored::new(line, name, "this address object is not in the file"))
    }

    fn literal(&mut self, name: &str, value: &str, line: usize) -> Test {
        match pattern(value) {
            Ok(found) => {
                let key = (line, name.to_owned(), value.to_owned());
                let known = self.indices.get(&key).copied();
                let at = known.unwrap_or_else(|| {
                    self.listing.understood += 1;
                    self.listing.add(Listed::line(line, value, found))
                });
                self.indices.insert(key, at);
                Test::Entries(vec![at])
            }
            Err(reason) => Test::Unknown(Ignored::new(line, value, &reason)),
        }
    }

    pub(super) fn service(&mut self, scope: &str, name: &str, line: usize, depth: usize) -> Test {
        self.once("service", scope, name, line, |own| own.service_of(scope, name, line, depth))
    }

    fn service_of(&mut self, scope: &str, name: &str, line: usize, depth: usize) -> Test {
        let unknown = |why: &str| Test::Unknown(Ignored::new(line, &format!("service {name}"), why));
        if let Some(group) = self.find("service-group", scope, name) {
            if depth >= DEEPEST {
                return unknown("groups that name each other too often");
            }
            let members = group.words("members").into_iter();
            let any = members.map(|m| self.service(&group.scope, m, group.line, depth + 1));
            let any: Vec<Test> = any.collect();
            return odd(group).unwrap_or(Test::Any(any));
        }
        let Some(object) = self.find("service", scope, name) else {
            return match name {
                "any" => Test::Always,
                "service-https" => Test::Ports(vec![(443, 443)]),
                "service-http" => Test::Ports(vec![(80, 80), (8080, 8080)]),
                // The default ports of ssl, web-browsing and ssh.
                "application-default" => Test::Ports(vec![(443, 443), (80, 80), (22, 22)]),
                _ => unknown("this service is not in the file"),
            };
        };
        if let Some(odd) = odd(object) {
            return odd;
        }
        let sources: Vec<&str> = ["source-port", "tcp source-port"]
            .iter()
            .flat_map(|key| object.words(key))
            .filter(|range| !["0-65535", "1-65535", "1024-65535"].contains(range))
            .collect();
        match service_ports(object) {
            Some(ports) if ports.is_empty() => Test::Never,
            Some(ports) if !sources.is_empty() => {
                let what = format!("the service {name} (ports {} of the client)", sources.join(", "));
                Test::All(vec![Test::Ports(ports), Test::Other(what)])
            }
            Some(ports) => Test::Ports(ports),
            None => unknown("the ports of this service cannot be read"),
        }
    }
}

pub(super) fn service_ports(service: &Item) -> Option<Vec<(u16, u16)>> {
    let Some(text) = service.value("tcp port") else { return Some(Vec::new()) };
    text.split(',')
        .map(|range| {
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            let (from, to): (u16, u16) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
            (from <= to).then_some((from, to))
        })
        .collect()
}

/// An entry of a URL category: `name/`, `*.name/`, `^.name/`, `name:port/`, `name/*`.
pub(super) fn url(value: &str) -> Result<(Pattern, Option<u16>), String> {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, path),
        None => (rest, ""),
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') && authority.parse::<std::net::Ipv6Addr>().is_err() => {
            let port: u16 = port.parse().map_err(|_| format!("`{port}` is not a port"))?;
            (host, Some(port))
        }
        _ => (authority, None),
    };
    let found = match host.strip_prefix("^.") {
        Some(base) => Pattern::OneLabel(plain(base)?),
        None if host.starts_with('.') => Pattern::Names(Names::Subdomains(plain(&host[1..])?)),
        None => pattern(host)?,
    };
    match (path, found) {
        ("", found) => Ok((found, port)),
        ("*", Pattern::Names(Names::Exact(n))) => Ok((Pattern::PathOnly(n), port)),
        _ => Err("it names a path, and the app needs the whole host".into()),
    }
}
