//! What name lookups gave.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

/// Name resolution: the operating system's answer, and a direct query where that failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dns {
    /// The name that was looked up.
    pub name: String,
    /// What the operating system's lookup gave (it alone sees hosts files and VPN split DNS).
    pub system: Lookup,
    /// Direct queries to the system's servers, made only where the lookup failed or hung, or to
    /// the server named on the command line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub direct: Vec<DirectQuery>,
    /// Queries to a server of which a second opinion was asked (`--compare-dns`); never dialled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compared: Vec<DirectQuery>,
    /// The stage.
    pub ms: f64,
}

/// What a lookup gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Lookup {
    /// Addresses, in the order given.
    Addresses {
        /// IPv4 and IPv6, each once.
        addresses: Vec<IpAddr>,
    },
    /// An error that the operating system does not explain further.
    Failed {
        /// The system's own words.
        error: String,
    },
    /// No answer within the stage.
    Timeout,
    /// Not asked (a resolver was named on the command line).
    NotAsked,
}

/// One query to one server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DirectQuery {
    /// The server.
    pub server: SocketAddr,
    /// `A` or `AAAA`.
    pub kind: String,
    /// What came back.
    pub answer: DnsAnswer,
    /// Time to the answer.
    pub ms: f64,
}

/// The answer of a DNS server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub enum DnsAnswer {
    /// NOERROR with addresses.
    Addresses {
        /// The addresses.
        addresses: Vec<IpAddr>,
    },
    /// NOERROR without any.
    NoData,
    /// NXDOMAIN.
    NxDomain,
    /// SERVFAIL.
    ServFail,
    /// REFUSED.
    Refused,
    /// Another response code.
    Code {
        /// The number.
        code: u16,
    },
    /// Nothing came back in time.
    Timeout,
    /// The query could not be sent (no route, port closed).
    Unreachable {
        /// Operating-system error text.
        error: String,
    },
}
