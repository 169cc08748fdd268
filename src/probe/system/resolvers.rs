//! The DNS servers of Windows as its registry has them, for where the system's own list of adapters is not to be had.

use std::net::IpAddr;

use super::{program, windows};

/// Below it a key for each interface (Microsoft: "TCP/IP and NBT configuration parameters for Windows").
const INTERFACES: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces";

/// The DNS servers of the interfaces that have one of the addresses `own` (this device's own); nothing on other systems.
/// The values of interfaces that are down stay in the registry, so those without such an address do not count.
pub(in crate::probe) fn of_device(own: &[IpAddr]) -> Vec<IpAddr> {
    if std::env::consts::OS != "windows" {
        return Vec::new();
    }
    let asked = program::output(&program::of_windows("reg.exe"), &["query", INTERFACES, "/s"]);
    // Nothing to say where even this fails: the run says that it has no server.
    asked.map(|text| of_interfaces(&text, own)).unwrap_or_default()
}

/// Reads what `reg query … /s` printed.
fn of_interfaces(text: &str, own: &[IpAddr]) -> Vec<IpAddr> {
    let mut servers = Vec::new();
    let mut blocks: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with("HKEY_") {
            blocks.push(String::new());
        } else if let Some(block) = blocks.last_mut() {
            block.push_str(line);
            block.push('\n');
        }
    }
    for block in blocks {
        let addresses = |names: [&str; 2]| -> Vec<IpAddr> {
            let value = |name: &str| {
                let value = windows::values(&block).find(|(n, ..)| n.eq_ignore_ascii_case(name));
                // Several are divided by commas, spaces, or, as `reg` shows zeros, by `\0`.
                let text = value.map(|(.., data)| data.replace("\\0", " ")).unwrap_or_default();
                text.split([' ', ',']).filter_map(|word| word.parse().ok()).collect::<Vec<IpAddr>>()
            };
            // What somebody set counts before what DHCP gave.
            let set: Vec<IpAddr> = value(names[0]);
            if set.is_empty() { value(names[1]) } else { set }
        };
        let of_us = ["IPAddress", "DhcpIPAddress"];
        if addresses(of_us).iter().any(|address| own.contains(address)) {
            for server in addresses(["NameServer", "DhcpNameServer"]) {
                if !servers.contains(&server) {
                    servers.push(server);
                }
            }
        }
    }
    servers
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
