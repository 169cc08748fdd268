//! What Windows' registry says of its resolver: the servers, for where the system's own list of adapters is not to be
//! had, and the domains that it appends to names.

use std::net::IpAddr;

use super::windows;
use crate::registry;

/// Below it a key for each interface (Microsoft: "TCP/IP and NBT configuration parameters for Windows").
const INTERFACES: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces";

/// The list of the device, and its own domain.
const PARAMETERS: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters";
/// The list by policy.
const POLICY: &str = r"HKLM\SOFTWARE\Policies\Microsoft\Windows NT\DNSClient";

/// The DNS servers of the interfaces that have one of the addresses `own` (this device's own); nothing on other systems.
/// The values of interfaces that are down stay in the registry, so those without such an address do not count.
pub(in crate::probe) fn of_device(own: &[IpAddr]) -> Vec<IpAddr> {
    if std::env::consts::OS != "windows" {
        return Vec::new();
    }
    // Nothing to say where even this fails: the run says that it has no server.
    let text = registry::query(INTERFACES, true).ok().flatten().unwrap_or_default();
    of_interfaces(&text, own)
}

/// The domains that Windows appends to names that do not exist as they are; nothing on other systems. `own`: as above.
pub(in crate::probe) fn search_of_device(own: &[IpAddr]) -> Vec<String> {
    if std::env::consts::OS != "windows" {
        return Vec::new();
    }
    let text = |key: &str, below| registry::query(key, below).ok().flatten().unwrap_or_default();
    search(&text(POLICY, false), &text(PARAMETERS, false), &text(INTERFACES, true), own)
}

/// A list, by policy or of the device, stands for itself; without one it is the device's own domain and those of
/// the interfaces in use (Microsoft: "Configure a DNS client's suffix search list").
fn search(policy: &str, parameters: &str, interfaces: &str, own: &[IpAddr]) -> Vec<String> {
    for text in [policy, parameters] {
        let list = words(text, "SearchList");
        if !list.is_empty() {
            return list;
        }
    }
    let mut domains = first(parameters, ["Domain", "NV Domain"]);
    domains.extend(in_use(interfaces, own).iter().flat_map(|block| first(block, ["Domain", "DhcpDomain"])));
    domains
}

/// Reads what stands below [`INTERFACES`].
fn of_interfaces(text: &str, own: &[IpAddr]) -> Vec<IpAddr> {
    let mut servers = Vec::new();
    for block in in_use(text, own) {
        for server in addresses(&block, ["NameServer", "DhcpNameServer"]) {
            if !servers.contains(&server) {
                servers.push(server);
            }
        }
    }
    servers
}

/// The keys of interfaces that have one of the addresses `own`, each as the lines of its values.
fn in_use(text: &str, own: &[IpAddr]) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with("HKEY_") {
            blocks.push(String::new());
        } else if let Some(block) = blocks.last_mut() {
            block.push_str(line);
            block.push('\n');
        }
    }
    let of_us = |block: &String| addresses(block, ["IPAddress", "DhcpIPAddress"]);
    blocks.retain(|block| of_us(block).iter().any(|address| own.contains(address)));
    blocks
}

/// The parts of a value: divided by commas, spaces, or, as zeros are written, by `\0`.
fn words(block: &str, name: &str) -> Vec<String> {
    let value = windows::values(block).find(|(n, ..)| n.eq_ignore_ascii_case(name));
    let text = value.map(|(.., data)| data.replace("\\0", " ")).unwrap_or_default();
    text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The first of two values that holds anything: what somebody set counts before what DHCP gave.
fn first(block: &str, names: [&str; 2]) -> Vec<String> {
    names.iter().map(|name| words(block, name)).find(|words| !words.is_empty()).unwrap_or_default()
}

/// Likewise for addresses.
fn addresses(block: &str, names: [&str; 2]) -> Vec<IpAddr> {
    let parsed = |name: &&str| words(block, name).iter().filter_map(|word| word.parse().ok()).collect();
    names.iter().map(parsed).find(|found: &Vec<IpAddr>| !found.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOVE: &str = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces";

    fn read(interfaces: &[&[(&str, &str, &str)]], own: &str) -> Vec<String> {
        let mut text = format!("\r\n{ABOVE}\r\n");
        for (number, values) in interfaces.iter().enumerate() {
            text += &format!("\r\n{ABOVE}\\{{{number}}}\r\n");
            for (name, kind, data) in *values {
                text += &format!("    {name}    {kind}    {data}\r\n");
            }
        }
        let own: Vec<IpAddr> = own.parse().into_iter().collect();
        of_interfaces(&text, &own).iter().map(IpAddr::to_string).collect()
    }

    #[test]
    fn the_servers_are_those_of_the_interface_in_use() {
        let lan = [
            ("DhcpIPAddress", "REG_SZ", "192.0.2.7"),
            ("DhcpNameServer", "REG_SZ", "192.0.2.53 192.0.2.54"),
            ("NameServer", "REG_SZ", ""),
        ];
        let left =
            [("DhcpIPAddress", "REG_SZ", "198.51.100.9"), ("DhcpNameServer", "REG_SZ", "198.51.100.1")];
        assert_eq!(read(&[&left, &lan], "192.0.2.7"), ["192.0.2.53", "192.0.2.54"]);
        assert!(read(&[&left, &lan], "203.0.113.1").is_empty());
        assert!(read(&[], "192.0.2.7").is_empty());
    }

    fn block(values: &[(&str, &str)]) -> String {
        let lines = values.iter().map(|(name, data)| format!("    {name}    REG_SZ    {data}\r\n"));
        format!("\r\n{ABOVE}\\{{0}}\r\n{}", lines.collect::<String>())
    }

    #[test]
    fn a_list_of_domains_stands_for_itself() {
        let own: Vec<IpAddr> = "192.0.2.7".parse().into_iter().collect();
        let interfaces = [
            block(&[("DhcpIPAddress", "192.0.2.7"), ("Domain", ""), ("DhcpDomain", "lan.example")]),
            block(&[("DhcpIPAddress", "198.51.100.9"), ("DhcpDomain", "home.example")]),
            block(&[("IPAddress", "192.0.2.7"), ("Domain", "set.example"), ("DhcpDomain", "given.example")]),
        ]
        .concat();
        let device = block(&[("SearchList", ""), ("Domain", "corp.example"), ("NV Domain", "old.example")]);
        let of = |policy: &str, device: &str| search(policy, device, &interfaces, &own);
        assert_eq!(of("", &device), ["corp.example", "lan.example", "set.example"]);
        let listed = block(&[("SearchList", "a.example,b.example"), ("Domain", "corp.example")]);
        assert_eq!(of("", &listed), ["a.example", "b.example"]);
        assert_eq!(of(&block(&[("SearchList", "p.example")]), &listed), ["p.example"]);
        assert!(search("", "", "", &own).is_empty());
    }

    #[test]
    fn what_somebody_set_counts_before_what_dhcp_gave() {
        let both = [
            ("IPAddress", "REG_MULTI_SZ", "192.0.2.8\\0192.0.2.7"),
            ("DhcpNameServer", "REG_SZ", "192.0.2.53"),
            ("NameServer", "REG_SZ", "203.0.113.53,203.0.113.54"),
        ];
        assert_eq!(read(&[&both], "192.0.2.8"), ["203.0.113.53", "203.0.113.54"]);
    }
}
