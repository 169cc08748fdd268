//! Scripts and requests as Clearway writes them: Check Point, PAC, Sophos, Windows. Anything else in such a file decides
//! in a way that is not read, so the file is refused.

use std::collections::BTreeMap;

use super::super::intent::Names;
use super::super::pac;
use super::access::Test;
use super::build::{Builder, Ports, destination, on};
use super::read::{Dialect, Ignored, Listing, Pattern, Unread, plain};

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

/// Words of a line, those in single quotes as one.
fn words(line: &str) -> Vec<String> {
    let (mut all, mut one, mut quoted, mut any) = (Vec::new(), String::new(), false, false);
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                any = true;
            }
            ' ' if !quoted => {
                if any || !one.is_empty() {
                    all.push(std::mem::take(&mut one));
                }
                any = false;
            }
            c => one.push(c),
        }
    }
    if any || !one.is_empty() {
        all.push(one);
    }
    all
}

/// Reads the script for Check Point.
///
/// # Errors
/// When a line is another one.
pub(super) fn checkpoint(text: &str) -> Result<Listing, Unread> {
    let mut builder = Builder::new(Dialect::Checkpoint, text);
    for (line, raw) in (1..).zip(text.lines()) {
        if raw.is_empty()
            || raw.starts_with('#')
            || raw.starts_with("  ")
            || ["set -eu", "put() {", "}"].contains(&raw)
            || raw.starts_with("MGMT=\"${MGMT:-mgmt_cli")
        {
            continue;
        }
        let words = words(raw);
        let refused = || strange(Dialect::Checkpoint, line, raw);
        let [put, kind, name, rest @ ..] = words.as_slice() else { return Err(refused()) };
        if put != "put" {
            return Err(refused());
        }
        let value = |key: &str| {
            rest.iter().position(|w| w == key).and_then(|at| rest.get(at + 1)).map(String::as_str)
        };
        let (meaning, shown): (Result<Pattern, String>, String) = match kind.as_str() {
            "service-tcp" => continue,
            "dns-domain" if value("is-sub-domain") == Some("false") => {
                let host = name.strip_prefix('.').unwrap_or(name);
                (destination(host), host.to_owned())
            }
            "dns-domain" if value("is-sub-domain") == Some("true") => {
                let host = name.strip_prefix('.').unwrap_or(name);
                (plain(host).map(|n| Pattern::Names(Names::ApexAndSubdomains(n))), host.to_owned())
            }
            "application-site" => {
                let url = value("url-list.1").unwrap_or("");
                let host = url
                    .strip_prefix("^https?://([a-zA-Z0-9_-]+\\.)+")
                    .and_then(|u| u.strip_suffix("(:[0-9]+)?(/.*)?$"))
                    .map(|u| u.replace("\\.", "."))
                    .ok_or_else(refused)?;
                (plain(&host).map(|n| Pattern::Names(Names::Subdomains(n))), url.to_owned())
            }
            "host" => {
                let address = value("ip-address").or_else(|| value("ipv6-address")).ok_or_else(refused)?;
                (destination(address), address.to_owned())
            }
            _ => return Err(refused()),
        };
        let mut ports: Ports = Vec::new();
        for at in rest.iter().enumerate().filter(|(_, w)| w.starts_with("tags.")).map(|(at, _)| at) {
            let tag = rest.get(at + 1).map_or("", String::as_str);
            let port = tag.rsplit_once("-tcp-").and_then(|(_, p)| p.parse().ok()).ok_or_else(refused)?;
            ports.push((port, port));
        }
        ports.sort_unstable();
        ports.dedup();
        if ports.is_empty() {
            return Err(refused());
        }
        let meaning = |_: &str| meaning.clone();
        let mut tests = vec![builder.values([shown.as_str()], meaning, &ports)];
        tests.extend(on(&ports));
        if kind == "application-site" {
            tests.push(Test::Web);
        }
        if kind == "host" {
            tests.push(Test::Literal);
        }
        builder.access(line, raw, true, tests);
    }
    builder
        .listing
        .remarks
        .push("objects only: the script makes no rule, and an object opens nothing by itself".into());
    Ok(builder.done())
}

/// Reads a PAC file whose functions are Clearway's: its tables decide what goes to the proxy, the rest goes DIRECT.
///
/// # Errors
/// When it is another one: what a script decides cannot be told without running it.
pub(super) fn proxy_script(text: &str) -> Result<Listing, Unread> {
    let other = || Unread::whole("a PAC file of another origin is not worked out: give its hosts as lines");
    let code: String = text.lines().filter(|l| !l.starts_with("//")).map(|l| format!("{l}\n")).collect();
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
    Ok(builder.done())
}

/// Reads the script for Windows Firewall.
///
/// # Errors
/// When a line is another one.
pub(super) fn windows(text: &str) -> Result<Listing, Unread> {
    let mut builder = Builder::new(Dialect::Windows, text);
    let mut keywords: BTreeMap<String, String> = BTreeMap::new();
    let mut inside = false;
    for (line, raw) in (1..).zip(text.lines()) {
        let refused = || strange(Dialect::Windows, line, raw);
        if inside {
            inside = raw != "}";
            continue;
        }
        if raw.is_empty() || raw.starts_with('#') || raw == "$ErrorActionPreference = 'Stop'" {
            continue;
        }
        if raw.starts_with("function Set-Keyword(") {
            inside = true;
            continue;
        }
        // Rules that were made before are taken away again.
        if builder.gate.lines.is_empty()
            && raw.starts_with("Get-NetFirewallRule -Group '")
            && raw.ends_with("| Remove-NetFirewallRule")
        {
            continue;
        }
        let words = words(raw);
        match words.first().map(String::as_str) {
            Some("Set-Keyword") => {
                let [_, id, name] = words.as_slice() else { return Err(refused()) };
                keywords.insert(id.clone(), name.clone());
            }
            Some("New-NetFirewallRule") => {
                let value = |key: &str| {
                    words.iter().position(|w| w == key).and_then(|at| words.get(at + 1)).map(String::as_str)
                };
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
                if words.iter().any(|w| w.starts_with('-') && !known.contains(&w.as_str())) {
                    return Err(refused());
                }
                let is_out = value("-Direction") == Some("Outbound") && value("-Protocol") == Some("TCP");
                let allows = match value("-Action") {
                    Some("Allow") if is_out => true,
                    Some("Block") if is_out => false,
                    _ => return Err(refused()),
                };
                let port: u16 = value("-RemotePort").and_then(|p| p.parse().ok()).ok_or_else(refused)?;
                let ports = vec![(port, port)];
                let mut tests = on(&ports);
                if let Some(ids) = value("-RemoteDynamicKeywordAddresses") {
                    let names: Option<Vec<String>> =
                        ids.split(',').map(|id| keywords.get(id).cloned()).collect();
                    let names = names.ok_or_else(refused)?;
                    tests.push(builder.values(names.iter().map(String::as_str), destination, &ports));
                } else if let Some(addresses) = value("-RemoteAddress") {
                    tests.push(builder.values(addresses.split(','), destination, &ports));
                }
                builder.access(line, raw, allows, tests);
            }
            _ => return Err(refused()),
        }
    }
    // A rule that blocks wins, wherever it stands.
    builder.gate.lines.sort_by_key(|l| l.allows);
    Ok(builder.done())
}

/// Reads a request of Sophos's XML API, or an export of its objects.
///
/// # Errors
/// When it has rules, which are not read, or is not sound XML.
pub(super) fn sophos(text: &str) -> Result<Listing, Unread> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(text);
    let mut builder = Builder::new(Dialect::Sophos, text);
    let (mut path, mut value): (Vec<String>, String) = (Vec::new(), String::new());
    let mut one: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut hosts: BTreeMap<String, String> = BTreeMap::new();
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    let mut addresses: Vec<(String, String)> = Vec::new();
    let unsound = || Unread::whole("this is not sound XML");
    loop {
        match reader.read_event().map_err(|_| unsound())? {
            Event::Start(tag) => {
                let name = tag.name().as_ref().to_owned();
                if ["FirewallRule", "WebFilterPolicy", "WebFilterException", "SSLTLSInspectionRule"]
                    .contains(&name.as_str())
                {
                    return Err(Unread::whole(&format!(
                        "it has {name}, and the rules of this firewall are not read: give the FQDN hosts and groups alone"
                    )));
                }
                path.push(name);
                value.clear();
                if path.len() > 200 {
                    return Err(Unread::whole("XML that nests too deep"));
                }
            }
            Event::Text(found) => value.push_str(&found),
            Event::GeneralRef(_) | Event::CData(_) => value.push('\u{fffd}'),
            Event::End(_) => {
                let name = path.pop().unwrap_or_default();
                let parent = path.last().map_or("", String::as_str);
                match (parent, name.as_str()) {
                    ("FQDNHost" | "FQDNHostGroup" | "IPHost" | "FQDNHostList", _) => {
                        one.entry(name).or_default().push(value.trim().to_owned());
                    }
                    (_, "FQDNHost" | "FQDNHostGroup" | "IPHost") => {
                        let mut field = |key: &str| one.remove(key).unwrap_or_default();
                        let own = field("Name").first().cloned().unwrap_or_default();
                        match name.as_str() {
                            "FQDNHost" => {
                                hosts.insert(own, field("FQDN").first().cloned().unwrap_or_default());
                            }
                            "FQDNHostGroup" => groups.push((own, field("FQDNHost"))),
                            _ => {
                                let kind = field("HostType").first().cloned().unwrap_or_default();
                                if kind == "IP" {
                                    addresses
                                        .push((own, field("IPAddress").first().cloned().unwrap_or_default()));
                                }
                            }
                        }
                        one.clear();
                    }
                    _ => {}
                }
                value.clear();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if !path.is_empty() {
        return Err(unsound());
    }
    let in_use = |port: Option<u16>| {
        let ports: Ports = port.map(|p| (p, p)).into_iter().collect();
        let mut tests = on(&ports);
        if port.is_none() {
            tests.push(Test::Other("a firewall rule that uses the object, and its services".into()));
        }
        (ports, tests)
    };
    for (name, members) in groups {
        let service = |port: u16| text.contains(&format!("-tcp-{port}</Name><Type>TCPorUDP</Type>"));
        let port = name.rsplit_once("-tcp-").and_then(|(_, p)| p.parse::<u16>().ok()).filter(|p| service(*p));
        let (ports, mut tests) = in_use(port);
        let names: Option<Vec<&str>> = members.iter().map(|m| hosts.get(m).map(String::as_str)).collect();
        let names = names.ok_or_else(|| Unread::whole("a group names a host that is not in this file"))?;
        let line = builder.line_of(&name);
        tests.insert(0, builder.values(names, destination, &ports));
        builder.access(line, &name, true, tests);
    }
    for (name, address) in addresses {
        let port = ["required", "feature", "optional"]
            .iter()
            .find_map(|need| name.split_once(&format!("-{need}-"))?.1.split('-').next()?.parse::<u16>().ok());
        let (ports, mut tests) = in_use(port);
        let line = builder.line_of(&name);
        tests.insert(0, builder.values([address.as_str()], destination, &ports));
        tests.push(Test::Literal);
        builder.access(line, &name, true, tests);
    }
    builder
        .listing
        .remarks
        .push("objects only: no firewall rule is read, and an object opens nothing by itself".into());
    Ok(builder.done())
}
