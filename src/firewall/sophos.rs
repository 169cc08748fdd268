//! Sophos Firewall: a request of its XML API with FQDN hosts, a group for each need and port, and the services.

use std::collections::{BTreeMap, BTreeSet};

use super::Sheet;
use super::intent::Names;
use super::text::{line, object_name};
use crate::contract::Need;

/// Characters of the name of a host (limit of the API for hosts).
const NAME: usize = 60;

/// The request. The account is filled in before it is sent.
pub(super) fn request(sheet: &Sheet<'_>) -> String {
    let prefix = sheet.name;
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!--\n");
    for remark in &sheet.remarks {
        // A comment ends at two hyphens.
        for c in line(remark).chars() {
            if c == '-' && out.ends_with('-') {
                out.push(' ');
            }
            out.push(c);
        }
        out.push('\n');
    }
    out.push_str("-->\n<Request>\n  <Login>\n    <Username>FILL-IN</Username>\n    <Password>FILL-IN</Password>\n  </Login>\n  <Set>\n");
    let mut ports = BTreeSet::new();
    let mut names: BTreeMap<(Need, u16), BTreeMap<String, String>> = BTreeMap::new();
    let mut addresses: BTreeMap<String, (bool, String)> = BTreeMap::new();
    for placed in &sheet.placed {
        let rule = placed.rule;
        ports.insert(rule.port);
        let group = names.entry((rule.need, rule.port)).or_default();
        for name in rule.names.spelled() {
            // Two dots stand in no name, so that no host is called as a wildcard is.
            group.insert(object_name(&format!("{prefix}-"), &name.replace('*', "below."), NAME), name);
        }
        if let Names::Address(a) = &rule.names {
            let name = object_name(&format!("{prefix}-{}-{}-", rule.need, rule.port), &a.to_string(), NAME);
            addresses.insert(name, (a.is_ipv4(), a.to_string()));
        }
    }
    for port in ports {
        out.push_str(&format!(
            "    <Services><Name>{prefix}-tcp-{port}</Name><Type>TCPorUDP</Type><ServiceDetails><ServiceDetail>\
             <SourcePort>1:65535</SourcePort><DestinationPort>{port}</DestinationPort><Protocol>TCP</Protocol>\
             </ServiceDetail></ServiceDetails></Services>\n"
        ));
    }
    let hosts: BTreeMap<&String, &String> = names.values().flatten().collect();
    for (name, fqdn) in hosts {
        out.push_str(&format!("    <FQDNHost><Name>{name}</Name><FQDN>{fqdn}</FQDN></FQDNHost>\n"));
    }
    for (name, (is_v4, address)) in &addresses {
        let family = if *is_v4 { "IPv4" } else { "IPv6" };
        out.push_str(&format!(
            "    <IPHost><Name>{name}</Name><IPFamily>{family}</IPFamily><HostType>IP</HostType><IPAddress>{address}</IPAddress></IPHost>\n"
        ));
    }
    for ((need, port), members) in names.iter().rev().filter(|(_, members)| !members.is_empty()) {
        let members: String = members.keys().map(|m| format!("<FQDNHost>{m}</FQDNHost>")).collect();
        out.push_str(&format!(
            "    <FQDNHostGroup><Name>{prefix}-{need}-tcp-{port}</Name><FQDNHostList>{members}</FQDNHostList></FQDNHostGroup>\n"
        ));
    }
    out.push_str("  </Set>\n</Request>\n");
    out
}
