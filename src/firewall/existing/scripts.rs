//! Scripts and requests as Clearway writes them: Check Point, PAC, Sophos, Windows. Anything else in such a file decides
//! in a way that is not read, so the file is refused.

use std::collections::{BTreeMap, BTreeSet};

use super::super::intent::Names;
use super::super::{checkpoint as put, pac, windows as keyword};
use super::access::Test;
use super::build::{Builder, Ports, address, destination, on};
use super::read::{Dialect, Ignored, Listing, Pattern, Unread, plain};
use crate::text::visible;

fn strange(dialect: Dialect, line: usize, raw: &str) -> Unread {
    Unread::lines(
        format!("read as {}: a line is not one that Clearway writes", dialect.title()),
        vec![Ignored::new(line, raw, "it may decide, and is not read")],
    )
}

/// Which of these a text is.
pub(super) fn kind(text: &str) -> Option<Dialect> {
    let has = |mark: &str| text.lines().any(|l| l.starts_with(mark));
    if has("put dns-domain ")
        || has("put application-site ")
        || has("put service-tcp ")
        || has("MGMT=\"${MGMT:-mgmt_cli")
    {
        return Some(Dialect::Checkpoint);
    }
    if has("New-NetFirewallRule ")
        || has("New-NetFirewallDynamicKeywordAddress ")
        || has("Set-Keyword '")
        || has("Get-NetFirewallRule -Group '")
    {
        return Some(Dialect::Windows);
    }
    if text.contains("function FindProxyForURL") {
        return Some(Dialect::Pac);
    }
    let is_sophos = ["<FQDNHost>", "<FQDNHost ", "<FQDNHostGroup", "<Services>", "<Services "]
        .iter()
        .any(|m| text.contains(m));
    (text.trim_start().starts_with('<') && is_sophos).then_some(Dialect::Sophos)
}

/// Words of a line, those in single quotes as one. Nothing where a character stands there that means something to the shell:
/// such a line does more than its words say.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut all, mut one, mut quoted, mut any) = (Vec::new(), String::new(), false, false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' if quoted => {
                quoted = false;
                if !chars.peek().is_none_or(|next| [' ', ','].contains(next)) {
                    return None;
                }
            }
            '\'' => {
                if !one.is_empty() && !one.ends_with(',') {
                    return None;
                }
                quoted = true;
                any = true;
            }
            ' ' if !quoted => {
                if any || !one.is_empty() {
                    all.push(std::mem::take(&mut one));
                }
                any = false;
            }
            c if quoted && (c == ' ' || c.is_ascii_graphic()) => one.push(c),
            c if c.is_ascii_alphanumeric() || "-_.,|".contains(c) => one.push(c),
            _ => return None,
        }
    }
    if any || !one.is_empty() {
        all.push(one);
    }
    (!quoted).then_some(all)
}

/// Names and values that follow one another, each name once and among those understood.
fn pairs(words: &[String], is_known: impl Fn(&str) -> bool) -> Option<BTreeMap<&str, &str>> {
    let mut all = BTreeMap::new();
    for pair in words.chunks(2) {
        let [key, value] = pair else { return None };
        if !is_known(key) || all.insert(key.as_str(), value.as_str()).is_some() {
            return None;
        }
    }
    Some(all)
}

/// The lines that decide something, by their numbers: without remarks, the lines that are in each script (`frame`), and
/// the function that each begins with.
fn statements<'t>(text: &'t str, function: &str, frame: &[&str]) -> Vec<(usize, &'t str)> {
    let lines: Vec<(usize, &str)> = (1..).zip(text.lines()).collect();
    let mut left = lines.as_slice();
    let mut kept = Vec::new();
    while let Some(((line, raw), rest)) = left.split_first() {
        if let Some(after) = after_function(left, function) {
            left = after;
            continue;
        }
        left = rest;
        if !raw.is_empty() && !is_remark(raw, "#") && !frame.contains(raw) {
            kept.push((*line, *raw));
        }
    }
    kept
}

/// The lines that are left after a function that is word for word the one that is written.
fn after_function<'l, 't>(lines: &'l [(usize, &'t str)], function: &str) -> Option<&'l [(usize, &'t str)]> {
    let own = function.lines().count();
    let found = lines.get(..own)?.iter().map(|(_, l)| *l).eq(function.lines());
    found.then(|| lines.get(own..)).flatten()
}

/// Whether a line is a remark and nothing more: some programs begin a new line where no file has one.
fn is_remark(raw: &str, mark: &str) -> bool {
    raw.starts_with(mark) && !raw.contains(['\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{b}', '\u{c}'])
}

/// An object of Check Point: what it stands for, and its ports.
struct Object<'t> {
    line: usize,
    raw: &'t str,
    kind: String,
    shown: String,
    meaning: Result<Pattern, String>,
    ports: Ports,
}

/// Reads the script for Check Point.
///
/// # Errors
/// When a line is another one.
pub(super) fn checkpoint(text: &str) -> Result<Listing, Unread> {
    let mut builder = Builder::new(Dialect::Checkpoint, text);
    // What is put twice is as it was put last.
    let mut objects: BTreeMap<(String, String), Object<'_>> = BTreeMap::new();
    for (line, raw) in statements(text, put::PUT, &["set -eu", put::MGMT.trim_end()]) {
        let refused = || strange(Dialect::Checkpoint, line, raw);
        let words = words(raw).ok_or_else(refused)?;
        let [put, kind, name, rest @ ..] = words.as_slice() else { return Err(refused()) };
        if put != "put" {
            return Err(refused());
        }
        let known: &[&str] = match kind.as_str() {
            "service-tcp" => &["port", "ignore-warnings"],
            "dns-domain" => &["is-sub-domain", "comments"],
            "application-site" => {
                &["primary-category", "url-list.1", "urls-defined-as-regular-expression", "comments"]
            }
            "host" => &["ip-address", "ipv6-address", "comments"],
            _ => return Err(refused()),
        };
        let is_tag = |key: &str| kind != "service-tcp" && key.starts_with("tags.");
        let values = pairs(rest, |key| known.contains(&key) || is_tag(key)).ok_or_else(refused)?;
        let value = |key: &str| values.get(key).copied();
        let (meaning, shown): (Result<Pattern, String>, String) = match kind.as_str() {
            "service-tcp" => {
                // Tags name ports; a service that is called otherwise than what it opens would make them wrong.
                let port = name.rsplit_once("-tcp-").map(|(_, port)| port);
                if port.is_none() || value("port") != port {
                    return Err(refused());
                }
                continue;
            }
            "dns-domain" if value("is-sub-domain") == Some("false") => {
                let host = name.strip_prefix('.').unwrap_or(name);
                (destination(host), host.to_owned())
            }
            "dns-domain" if value("is-sub-domain") == Some("true") => {
                let host = name.strip_prefix('.').unwrap_or(name);
                (plain(host).map(|n| Pattern::Names(Names::ApexAndSubdomains(n))), host.to_owned())
            }
            "application-site" if value("urls-defined-as-regular-expression") == Some("true") => {
                let url = value("url-list.1").unwrap_or("");
                let host = url
                    .strip_prefix("^https?://([a-zA-Z0-9_-]+\\.)+")
                    .and_then(|u| u.strip_suffix("(:[0-9]+)?(/.*)?$"))
                    .map(|u| u.replace("\\.", "."))
                    .ok_or_else(refused)?;
                (plain(&host).map(|n| Pattern::Names(Names::Subdomains(n))), url.to_owned())
            }
            "host" => match (value("ip-address"), value("ipv6-address")) {
                (Some(one), None) | (None, Some(one)) => (address(one), one.to_owned()),
                _ => return Err(refused()),
            },
            _ => return Err(refused()),
        };
        let mut ports: Ports = Vec::new();
        for (_, tag) in values.iter().filter(|(key, _)| is_tag(key)) {
            let port = tag.rsplit_once("-tcp-").and_then(|(_, p)| p.parse().ok()).ok_or_else(refused)?;
            ports.push((port, port));
        }
        ports.sort_unstable();
        ports.dedup();
        if ports.is_empty() {
            return Err(refused());
        }
        let object = Object { line, raw, kind: kind.clone(), shown, meaning, ports };
        objects.insert((kind.clone(), name.clone()), object);
    }
    let mut objects: Vec<Object<'_>> = objects.into_values().collect();
    objects.sort_by_key(|o| o.line);
    for Object { line, raw, kind, shown, meaning, ports } in objects {
        let mut tests = vec![builder.values([shown.as_str()], |_| meaning.clone(), &ports)];
        tests.extend(on(&ports));
        if kind == "application-site" {
            tests.push(Test::Web);
        }
        if kind == "host" {
            tests.push(Test::Literal);
        }
        tests.push(Test::Other(format!(
            "a rule that allows the object {shown}, which the script does not make"
        )));
        builder.access(line, raw, true, tests);
    }
    builder
        .listing
        .remarks
        .push("objects only: the script makes no rule, and an object opens nothing by itself".into());
    builder.done()
}

/// Reads a PAC file whose functions are Clearway's: its tables decide what goes to the proxy, the rest goes DIRECT.
///
/// # Errors
/// When it is another one: what a script decides cannot be told without running it.
pub(super) fn proxy_script(text: &str) -> Result<Listing, Unread> {
    let other = || Unread::whole("a PAC file of another origin is not worked out: give its hosts as lines");
    let code: String = text.lines().filter(|l| !is_remark(l, "//")).map(|l| format!("{l}\n")).collect();
    let (exact, below) = pac::tables(&code).ok_or_else(other)?;
    let mut builder = Builder::new(Dialect::Pac, text);
    for (keys, is_exact) in [(exact, true), (below, false)] {
        for key in keys {
            let (host, port) = key
                .rsplit_once(' ')
                .and_then(|(h, p)| Some((h, p.parse::<u16>().ok()?)))
                .ok_or_else(other)?;
            let ports = vec![(port, port)];
            let below = |n: &str| plain(n).map(|n| Pattern::Names(Names::Subdomains(n)));
            let line = builder.line_of(&key);
            let found = if is_exact {
                builder.values([host], destination, &ports)
            } else {
                builder.values([host], below, &ports)
            };
            let mut tests = vec![found, Test::Web, Test::Ports(ports)];
            if host.parse::<std::net::IpAddr>().is_ok() {
                tests.push(Test::Literal);
            }
            builder.access(line, host, true, tests);
        }
    }
    builder.access(0, "DIRECT", true, vec![Test::Internal]);
    builder.listing.remarks.push(
        "a PAC file says which way, not whether: what it sends to the proxy, the proxy must let through"
            .into(),
    );
    builder.done()
}

/// Reads the script for Windows Firewall.
///
/// # Errors
/// When a line is another one.
pub(super) fn windows(text: &str) -> Result<Listing, Unread> {
    let mut builder = Builder::new(Dialect::Windows, text);
    let mut keywords: BTreeMap<String, String> = BTreeMap::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for (line, raw) in statements(text, keyword::FUNCTION, &["$ErrorActionPreference = 'Stop'"]) {
        let refused = || strange(Dialect::Windows, line, raw);
        let words = words(raw).ok_or_else(refused)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            // Rules that were made before are taken away again.
            [
                "Get-NetFirewallRule",
                "-Group",
                _,
                "-ErrorAction",
                "SilentlyContinue",
                "|",
                "Remove-NetFirewallRule",
            ] if builder.gate.lines.is_empty() => {}
            ["Set-Keyword", id, name] => {
                // One that is there is not made anew.
                if keywords.insert((*id).to_owned(), (*name).to_owned()).is_some_and(|before| before != *name)
                {
                    return Err(refused());
                }
            }
            ["New-NetFirewallRule", settings @ .., "|", "Out-Null"] => {
                let known = [
                    "-Name",
                    "-DisplayName",
                    "-Group",
                    "-Direction",
                    "-Action",
                    "-Protocol",
                    "-RemotePort",
                    "-RemoteDynamicKeywordAddresses",
                    "-RemoteAddress",
                ];
                let settings: Vec<String> = settings.iter().map(|w| (*w).to_owned()).collect();
                let values = pairs(&settings, |key| known.contains(&key)).ok_or_else(refused)?;
                let value = |key: &str| values.get(key).copied();
                let is_out = value("-Direction") == Some("Outbound") && value("-Protocol") == Some("TCP");
                let allows = match value("-Action") {
                    Some("Allow") if is_out => true,
                    Some("Block") if is_out => false,
                    _ => return Err(refused()),
                };
                // A second rule of one name is an error, and nothing after it is done.
                if !names.insert(value("-Name").unwrap_or("").to_owned()) && allows {
                    return Err(refused());
                }
                let port: u16 = value("-RemotePort").and_then(|p| p.parse().ok()).ok_or_else(refused)?;
                let ports = vec![(port, port)];
                let mut tests = on(&ports);
                match (value("-RemoteDynamicKeywordAddresses"), value("-RemoteAddress")) {
                    (Some(ids), None) => {
                        let names: Option<Vec<String>> =
                            ids.split(',').map(|id| keywords.get(id).cloned()).collect();
                        let names = names.ok_or_else(refused)?;
                        tests.push(builder.values(names.iter().map(String::as_str), destination, &ports));
                    }
                    // Words such as LocalSubnet stand for addresses that are not in the file.
                    (None, Some(addresses)) => {
                        tests.push(builder.values(addresses.split(','), address, &ports));
                    }
                    (None, None) => {}
                    (Some(_), Some(_)) => return Err(refused()),
                }
                builder.access(line, raw, allows, tests);
            }
            _ => return Err(refused()),
        }
    }
    // A rule that blocks wins, wherever it stands.
    builder.gate.lines.sort_by_key(|l| l.allows);
    builder.done()
}

/// Reads a request of Sophos's XML API, or an export of its objects.
///
/// # Errors
/// When it has rules, which are not read, or is not sound XML.
pub(super) fn sophos(text: &str) -> Result<Listing, Unread> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(text);
    let mut builder = Builder::new(Dialect::Sophos, text);
    let mut found = Sophos::default();
    let (mut path, mut value): (Vec<String>, String) = (Vec::new(), String::new());
    let unsound = || Unread::whole("this is not sound XML");
    loop {
        match reader.read_event().map_err(|_| unsound())? {
            Event::Start(tag) => {
                let name = tag.name().as_ref().to_owned();
                found.begins(&path, &name)?;
                path.push(name);
                value.clear();
                if path.len() > 200 {
                    return Err(Unread::whole("XML that nests too deep"));
                }
            }
            Event::Empty(tag) => found.begins(&path, tag.name().as_ref())?,
            Event::Text(text) => value.push_str(&text),
            Event::GeneralRef(_) | Event::CData(_) => value.push('\u{fffd}'),
            Event::End(_) => {
                let name = path.pop().unwrap_or_default();
                found.ends(&path, name, value.trim());
                value.clear();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if !path.is_empty() {
        return Err(unsound());
    }
    let Sophos { services, hosts, groups, addresses, .. } = found;
    // PREFIX-NEED-MIDDLE-PORT, where the service PREFIX-tcp-PORT is in the file and opens that port alone.
    let port_of = |name: &str, middle: &str| {
        ["required", "feature", "optional"].iter().find_map(|need| {
            let (prefix, rest) = name.split_once(&format!("-{need}-{middle}"))?;
            let port = rest.split('-').next()?.parse::<u16>().ok()?;
            (*services.get(&format!("{prefix}-tcp-{port}"))? == Some(port)).then_some(port)
        })
    };
    let in_use = |name: &str, port: Option<u16>| {
        let ports: Ports = port.map(|p| (p, p)).into_iter().collect();
        let mut tests = on(&ports);
        let services_too = if port.is_none() { ", and its services" } else { "" };
        tests.push(Test::Other(format!(
            "a firewall rule that allows {}, which this file does not have{services_too}",
            visible::message(name)
        )));
        (ports, tests)
    };
    for (name, members) in groups {
        let (ports, mut tests) = in_use(&name, port_of(&name, "tcp-"));
        let names: Option<Vec<&str>> = members.iter().map(|m| hosts.get(m).map(String::as_str)).collect();
        let names = names.ok_or_else(|| Unread::whole("a group names a host that is not in this file"))?;
        let line = builder.line_of(&name);
        tests.insert(0, builder.values(names, destination, &ports));
        builder.access(line, &name, true, tests);
    }
    for (name, one) in addresses {
        let (ports, mut tests) = in_use(&name, port_of(&name, ""));
        let line = builder.line_of(&name);
        tests.insert(0, builder.values([one.as_str()], address, &ports));
        tests.push(Test::Literal);
        builder.access(line, &name, true, tests);
    }
    builder
        .listing
        .remarks
        .push("objects only: no firewall rule is read, and an object opens nothing by itself".into());
    builder.done()
}

/// What stands in a request, as far as it was read.
#[derive(Default)]
struct Sophos {
    /// Fields of the object that is being read, and of a service's details.
    one: BTreeMap<String, Vec<String>>,
    /// The one TCP port of each service; nothing for one of anything else.
    services: BTreeMap<String, Option<u16>>,
    hosts: BTreeMap<String, String>,
    /// What is set twice is as it was set last.
    groups: BTreeMap<String, Vec<String>>,
    addresses: BTreeMap<String, String>,
}

impl Sophos {
    /// Objects that are read, or that open nothing.
    const OBJECTS: [&'static str; 6] =
        ["FQDNHost", "FQDNHostGroup", "IPHost", "IPHostGroup", "Services", "ServiceGroup"];

    /// Refuses what may decide: rules, and what takes objects away again.
    fn begins(&self, path: &[String], name: &str) -> Result<(), Unread> {
        let is_known = match path {
            [] => true,
            [_] => Self::OBJECTS.contains(&name) || ["Login", "Set"].contains(&name),
            [_, set] if set == "Set" => Self::OBJECTS.contains(&name),
            _ => true,
        };
        if is_known {
            return Ok(());
        }
        Err(Unread::whole(&format!(
            "it has {}, which is not read and may decide: give the FQDN hosts, groups and services alone",
            visible::message(name)
        )))
    }

    /// Takes what ends here; `path` is where it stood.
    fn ends(&mut self, path: &[String], name: String, value: &str) {
        let parent = path.last().map_or("", String::as_str);
        let within = path.iter().find(|p| Self::OBJECTS.contains(&p.as_str())).map(String::as_str);
        if within.is_some() {
            let is_field =
                Self::OBJECTS.contains(&parent) || ["FQDNHostList", "ServiceDetail"].contains(&parent);
            if is_field {
                self.one.entry(name).or_default().push(value.to_owned());
            }
            return;
        }
        let mut one = std::mem::take(&mut self.one);
        let mut all = |key: &str| one.remove(key).unwrap_or_default();
        // What is there twice is not told apart.
        let single = |all: Vec<String>| if let [one] = all.as_slice() { one.clone() } else { String::new() };
        let own = single(all("Name"));
        match name.as_str() {
            "FQDNHost" => {
                self.hosts.insert(own, single(all("FQDN")));
            }
            "FQDNHostGroup" => {
                self.groups.insert(own, all("FQDNHost"));
            }
            "IPHost" => {
                self.addresses.remove(&own);
                if single(all("HostType")) != "IP" {
                    return;
                }
                self.addresses.insert(own, single(all("IPAddress")));
            }
            "Services" => {
                let is_tcp = single(all("Protocol")) == "TCP" && single(all("SourcePort")) == "1:65535";
                let port = single(all("DestinationPort")).parse::<u16>().ok().filter(|_| is_tcp);
                // Of two services of one name it is not known which stays.
                let port = if self.services.contains_key(&own) { None } else { port };
                self.services.insert(own, port);
            }
            _ => {}
        }
    }
}
