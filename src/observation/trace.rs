//! What came back for connections and ClientHellos whose packets may pass only so many hops.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::{Icmp, Stopped};
use crate::plan::trace::Untraced;

/// The path to one host, hop by hop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The target's `id`.
    pub target: u32,
    /// Index of the target's path.
    pub path: usize,
    /// The user named the host; otherwise it stands for a cause.
    pub named: bool,
    /// When it began.
    pub at_ms: u64,
    /// Where to; absent where nothing was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<SocketAddr>,
    /// Why nothing was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untraced: Option<Untraced>,
    /// Whether this system tells who sent an ICMP message.
    pub senders: bool,
    /// Whether each ClientHello fitted one packet.
    #[serde(default)]
    pub small_hello: bool,
    /// Connections with a hop limit, in the order of their limits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<Step>,
    /// ClientHellos with a hop limit, each on a connection of its own that was opened without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hellos: Vec<Step>,
    /// Set when the time of all traces, or the run, ended first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Stopped>,
    /// The whole trace.
    pub ms: f64,
}

/// One try with a hop limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// So many hops its packets may pass: the one with this number throws them away, or is their end.
    pub ttl: u8,
    /// What came back.
    pub outcome: StepOutcome,
    /// The ICMP message that came back, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icmp: Option<Icmp>,
    /// Time to the outcome, ms.
    pub ms: u32,
}

/// What came back for a try with a hop limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum StepOutcome {
    /// The TCP handshake completed; of a ClientHello: TLS was spoken back.
    Answered,
    /// A hop said that the limit was reached.
    Expired,
    /// A hop, or the host, said that the way ends: another ICMP message, or one that the system does not tell.
    Unreachable,
    /// RST for the SYN.
    Refused,
    /// RST after the ClientHello.
    Reset,
    /// FIN after the ClientHello.
    Closed,
    /// A TLS alert.
    Alert,
    /// Bytes that are not TLS.
    NotTls,
    /// This device refused to send.
    Denied,
    /// Nothing.
    Silent,
    /// The connection that the ClientHello needs could not be opened.
    Unconnected,
    /// Any other error.
    Other {
        /// Its number, if it has one.
        errno: Option<i32>,
    },
}
