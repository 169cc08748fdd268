//! Routes of a device, as its tools print them.

use std::net::Ipv4Addr;

use crate::contract::Platform;

/// Routes that are looked at.
const MOST: usize = 5_000;

/// One IPv4 route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) first: Ipv4Addr,
    pub(super) prefix: u8,
    pub(super) interface: String,
    /// The less, the sooner it is taken; nothing where the system has none.
    pub(super) metric: Option<u32>,
}

impl Route {
    /// As it is written: `10.0.0.0/8`.
    pub(super) fn network(&self) -> String {
        format!("{}/{}", self.first, self.prefix)
    }

    /// Whether both lead to some same address.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let bits = self.prefix.min(other.prefix);
        bits == 0 || (self.first.to_bits() ^ other.first.to_bits()) >> (32 - u32::from(bits)) == 0
    }
}

/// The routes in the output of the tool `routes` of a platform; of Linux in `/proc/net/route`.
pub(super) fn routes(text: &str, platform: Platform) -> Vec<Route> {
    let read: fn(&str) -> Option<Route> = match platform {
        Platform::Macos => macos,
        Platform::Windows => windows,
        Platform::Linux => linux,
    };
    text.lines().take(MOST).filter_map(read).collect()
}

/// `Route: 10.0.0.0/8|0.0.0.0|Ethernet|25`: destination, next hop, interface, metric.
fn windows(line: &str) -> Option<Route> {
    let mut fields = line.trim().strip_prefix("Route:")?.trim().split('|');
    let (first, prefix) = block(fields.next()?)?;
    let interface = fields.nth(1)?.to_owned();
    let metric = fields.next().and_then(|m| m.trim().parse().ok());
    Some(Route { first, prefix, interface, metric })
}

/// A line of `netstat -rn -f inet`: destination, gateway, flags, interface. Missing parts of an address are zero, and
/// without a length they say how long the prefix is.
fn macos(line: &str) -> Option<Route> {
    let mut fields = line.split_whitespace();
    let (destination, _gateway, flags, interface) =
        (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    // A route that is bound to an interface is taken only by what is bound to it as well.
    if !flags.starts_with('U') || flags.contains('I') && destination == "default" {
        return None;
    }
    let (first, prefix) = if destination == "default" {
        (Ipv4Addr::UNSPECIFIED, 0)
    } else {
        let (address, length) =
            destination.split_once('/').map_or((destination, None), |(a, l)| (a, Some(l)));
        let parts: Vec<u8> = address.split('.').map(str::parse::<u8>).collect::<Result<_, _>>().ok()?;
        if parts.is_empty() || parts.len() > 4 {
            return None;
        }
        let length = match length {
            Some(length) => length.parse().ok().filter(|l| *l <= 32)?,
            None => u8::try_from(parts.len() * 8).ok()?,
        };
        let part = |n: usize| parts.get(n).copied().unwrap_or(0);
        (Ipv4Addr::new(part(0), part(1), part(2), part(3)), length)
    };
    Some(Route { first, prefix, interface: interface.to_owned(), metric: None })
}

/// A line of `/proc/net/route`: interface, destination, gateway, flags, …, metric, mask; addresses in the order of the
/// machine, which is that of all that Clearway runs on.
fn linux(line: &str) -> Option<Route> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let address = |at: usize| {
        let bits = u32::from_str_radix(fields.get(at)?, 16).ok()?;
        Some(Ipv4Addr::from(bits.to_le_bytes()))
    };
    let (first, mask) = (address(1)?, address(7)?);
    let metric = fields.get(6).and_then(|m| m.parse().ok());
    let prefix = u8::try_from(mask.to_bits().leading_ones()).ok()?;
    Some(Route { first, prefix, interface: (*fields.first()?).to_owned(), metric })
}

fn block(text: &str) -> Option<(Ipv4Addr, u8)> {
    let (address, prefix) = text.trim().split_once('/')?;
    let prefix: u8 = prefix.parse().ok().filter(|p| *p <= 32)?;
    Some((address.parse().ok()?, prefix))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn routes_are_read_on_every_platform() {
        let mac = "Routing tables\n\nInternet:\nDestination        Gateway            Flags               Netif Expire\n\
            default            192.168.1.1        UGScg                 en0\ndefault            link#20            UCSIg             utun4\n\
            10                 utun4              USc                 utun4\n192.168.64         link#18            UC              bridge100      !\n\
            172.16.5/24        utun4              USc                 utun4\n";
        let read: Vec<String> = routes(mac, Platform::Macos).iter().map(Route::network).collect();
        assert_eq!(read, ["0.0.0.0/0", "10.0.0.0/8", "192.168.64.0/24", "172.16.5.0/24"]);
        let linux = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
            eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\neth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";
        let read = routes(linux, Platform::Linux);
        assert_eq!((read[0].network().as_str(), read[0].metric), ("0.0.0.0/0", Some(100)));
        assert_eq!(read[1].network(), "192.168.1.0/24");
        let windows = "Route: 0.0.0.0/0|192.168.1.1|Wi-Fi|35\r\nRoute: 172.16.0.0/24|0.0.0.0|vEthernet (cowork)|256\r\nx\r\n";
        let read = routes(windows, Platform::Windows);
        assert_eq!((read.len(), read[1].interface.as_str()), (2, "vEthernet (cowork)"));
        assert!(read[0].overlaps(&read[1]) && read[1].overlaps(&read[0]));
    }
}
