//! Where a run was made, and as whom.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::contract::EngineStore;

/// Facts about this device that diagnosis needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// The clock at the start of the run, Unix seconds.
    pub clock: i64,
    /// The source address a packet to a global IPv4 address would have; none without a route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<IpAddr>,
    /// The same for IPv6. Without it, IPv6 addresses are not dialled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<IpAddr>,
    /// The servers that direct DNS queries go to.
    pub resolvers: Vec<SocketAddr>,
    /// Whether the device's trust store could be read, and how many anchors it has (0 = unknown);
    /// none also where it had not been read by then.
    pub device_roots: Option<usize>,
    /// By which authorities the engine's part was judged; none in reports of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_store: Option<EngineStore>,
}

/// Who and where this run is, for the head of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The account the run was made as; proxies and trust may differ for others.
    pub user: String,
    /// Name of this machine.
    pub host: String,
    /// Its addresses, loopback left out.
    pub addresses: Vec<String>,
    /// The DNS servers the system uses, as configured.
    pub resolvers: Vec<String>,
    /// The proxy settings that were found and whether they are used, in plain words; never a
    /// user name or password.
    pub proxy: String,
    /// Which trust stores judged certificates, in plain words.
    pub trust: String,
    /// Name of an interface that looks like a VPN, if there is one.
    pub vpn_hint: Option<String>,
}
