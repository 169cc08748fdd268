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
    /// The name with the system's search domains appended, where the servers deny the name itself; asked
    /// only in an experiment, and never dialled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub searched: Vec<Searched>,
    /// The stage.
    pub ms: f64,
}

/// What servers say of a name with a search domain appended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Searched {
    /// The longer name.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
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
    /// The names that the answer leads on to, in order (CNAME); the last is the one it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
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
    /// An answer came that does not fit into a datagram, and over TCP, where the rest is, nothing.
    Truncated {
        /// What became of the connection, in words.
        error: String,
    },
    /// The query could not be sent (no route, port closed).
    Unreachable {
        /// Operating-system error text.
        error: String,
    },
}

/// How a lookup failed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LookupFailure<'a> {
    /// The system's lookup gave nothing, although this server gives addresses to a direct query.
    OfSystem(&'a DirectQuery),
    /// This server's answer decides: there is no such name, no address, or it will not say.
    Denied(&'a DirectQuery),
    /// The system's lookup ended well and without an address.
    Empty,
    /// Nobody who was asked directly answered.
    Unanswered,
}

impl LookupFailure<'_> {
    /// Whether there is nothing under the name, as the resolver has it.
    pub fn is_missing(&self) -> bool {
        match self {
            Self::Denied(query) => matches!(query.answer, DnsAnswer::NxDomain | DnsAnswer::NoData),
            Self::Empty => true,
            Self::OfSystem(_) | Self::Unanswered => false,
        }
    }
}

impl Dns {
    /// The addresses that the prober went on with: the operating system's or, where its lookup hung
    /// or was not asked, those of the servers that were asked directly.
    pub fn addresses(&self) -> Vec<IpAddr> {
        match &self.system {
            Lookup::Addresses { addresses } => addresses.clone(),
            Lookup::NotAsked | Lookup::Timeout => DirectQuery::addresses(&self.direct),
            Lookup::Failed { .. } => Vec::new(),
        }
    }

    /// Whether the system or a server that was asked directly knows an address.
    pub fn is_known(&self) -> bool {
        let of_system = matches!(&self.system, Lookup::Addresses { addresses } if !addresses.is_empty());
        of_system || !DirectQuery::addresses(&self.direct).is_empty()
    }

    /// How the lookup failed; none where it gave addresses. The operating system says that it
    /// failed, the direct queries say how.
    pub fn failure(&self) -> Option<LookupFailure<'_>> {
        if !self.addresses().is_empty() {
            return None;
        }
        let is = |wanted: fn(&DnsAnswer) -> bool| self.direct.iter().find(|q| wanted(&q.answer));
        if let Some(query) = is(|a| matches!(a, DnsAnswer::Addresses { addresses } if !addresses.is_empty()))
        {
            return Some(LookupFailure::OfSystem(query));
        }
        let decisive = is(|a| *a == DnsAnswer::NxDomain)
            .or_else(|| is(|a| *a == DnsAnswer::ServFail))
            .or_else(|| is(|a| *a == DnsAnswer::Refused))
            .or_else(|| is(|a| matches!(a, DnsAnswer::Code { .. })))
            .or_else(|| is(|a| *a == DnsAnswer::NoData));
        Some(match decisive {
            Some(query) => LookupFailure::Denied(query),
            None if matches!(self.system, Lookup::Addresses { .. }) => LookupFailure::Empty,
            None => LookupFailure::Unanswered,
        })
    }
}

impl DirectQuery {
    /// The addresses of several answers, each once.
    pub fn addresses(queries: &[Self]) -> Vec<IpAddr> {
        let mut all: Vec<IpAddr> = Vec::new();
        for query in queries {
            let DnsAnswer::Addresses { addresses } = &query.answer else { continue };
            for address in addresses {
                if !all.contains(address) {
                    all.push(*address);
                }
            }
        }
        all
    }
}
