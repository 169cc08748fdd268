//! What connections came to.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

/// One TCP connection attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tcp {
    /// The remote end.
    pub remote: SocketAddr,
    /// Our end, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// When it started.
    pub at_ms: u64,
    /// Whether this is a second socket, opened because the first had not answered by half-time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirm: bool,
    /// How it ended.
    pub outcome: TcpOutcome,
    /// The ICMP message that ended it, where the system tells (Linux).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icmp: Option<Icmp>,
    /// Time to the outcome.
    pub ms: f64,
}

/// An ICMP message that came back for a connection attempt; of ICMPv6 where the remote end is IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Icmp {
    /// Its type: 3 or, for ICMPv6, 1 where the destination cannot be reached.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// Who sent it: a router on the way, a firewall, or the host itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
    /// The sender is this device itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
}

/// How a connection attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum TcpOutcome {
    /// The handshake completed.
    Connected,
    /// RST, or ICMP port unreachable.
    Refused,
    /// Reset after it was established.
    Reset,
    /// No answer within the stage.
    Timeout,
    /// No route to the host, or ICMP host unreachable.
    HostUnreachable,
    /// No route to the network, or ICMP network unreachable.
    NetworkUnreachable,
    /// The local firewall refused (EPERM, EACCES, WSAEACCES).
    Denied,
    /// Given up because another address of the same host answered first, or the stage ended.
    Abandoned,
    /// Nothing was sent: this address is never dialled, or not for this host.
    NotDialled {
        /// Why.
        reason: String,
    },
    /// Any other operating-system error.
    Other {
        /// Its number, if it has one.
        errno: Option<i32>,
        /// Its text.
        error: String,
    },
}

/// The first bytes of a server that speaks first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Banner {
    /// Printable ASCII only, capped. Of an SSH server the version line comes first, whatever was
    /// said before it.
    pub text: String,
    /// Time to it.
    pub ms: f64,
}
