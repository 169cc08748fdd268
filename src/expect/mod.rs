//! What a network team promises of the hosts (`check --expect FILE`), and whether a run bears it out. Pure: a file's
//! text and a judged run go in, a result for each promise comes out, so that a saved report is held against a file as
//! well as a new one.
//!
//! | file          | holds                                                                   |
//! |---------------|-------------------------------------------------------------------------|
//! | `read`        | the file: TOML, every fault with its line and its key                   |
//! | `judge`       | which hosts an entry means, and a result for each of its promises       |
//! | `host`        | one promise of one host: `met`, `unmet`, `untested`                     |
//! | `index`       | the hosts of a run by what an entry may call them                       |
//! | `witness`     | whether the network was up, without which nothing was blocked by it     |
//! | `describe`    | what a run shows, as promises: the first file of a team                 |

mod describe;
mod host;
mod index;
mod judge;
mod read;
mod witness;

use serde::{Deserialize, Serialize};

pub use describe::{Described, describe};
pub use judge::{TooMany, judge};
pub use read::{ExpectError, MAX_BYTES, read};

use crate::contract::{Actor, HostPattern, Owner, words};
use crate::rules::networks::Block;

words! {
    /// What is promised of a host.
    Promise {
        /// That it can be reached, or that it cannot.
        Reach = "reach",
        /// What kind of address its name has, or in which networks it lies.
        Address = "address",
        /// Whether TLS inspection opens the connection.
        Inspected = "inspected",
        /// Who signed the certificate.
        Issuer = "issuer",
        /// Direct, or through which proxy.
        Route = "route",
        /// How long it takes at most.
        Within = "within",
    }
}

words! {
    /// What a run says of a promise. Not looked at is never kept.
    Outcome {
        /// The run bears it out.
        Met = "met",
        /// The run shows otherwise.
        Unmet = "unmet",
        /// The run does not say.
        Untested = "untested",
    }
}

/// The promises of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectations {
    /// The file, as messages name it.
    pub source: String,
    /// Its entries, in the order of the file.
    pub entries: Vec<Entry>,
}

/// One `[[expect]]`: the hosts, and what is promised of each of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its line in the file, from 1.
    pub line: usize,
    /// For which hosts.
    pub hosts: Vec<Hosts>,
    /// For which of them it does not hold.
    pub except: Vec<Hosts>,
    /// For which programs; empty: for all that need the host.
    pub actors: Vec<Actor>,
    /// What the team wrote to it: a change, a reason.
    pub note: String,
    /// Whether the hosts can be reached.
    pub reach: Option<Reach>,
    /// Their addresses.
    pub address: Option<Addresses>,
    /// Whether TLS inspection opens the connections.
    pub inspected: Option<bool>,
    /// Texts of which the name of the certificate's issuer has one; empty: nothing is promised.
    pub issuer: Vec<String>,
    /// The ways that are right; empty: nothing is promised.
    pub route: Vec<Way>,
    /// Most milliseconds that a whole attempt takes.
    pub within_ms: Option<u64>,
}

/// Hosts that an entry names: a name, a wildcard, an address literal or `*`, with or without a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    /// The host, as lists write it.
    pub host: HostPattern,
    /// The port; none: every port.
    pub port: Option<u16>,
}

words! {
    /// Whether a host can be reached.
    Reach {
        /// It can.
        Reachable = "reachable",
        /// The network stops it.
        Blocked = "blocked",
    }
}

/// The addresses of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addresses {
    /// None of this device, its site or its carrier.
    Public,
    /// All of the site or its carrier.
    Private,
    /// All in one of these networks; each with its text.
    Networks(Vec<(String, Block)>),
}

/// A way to a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Straight.
    Direct,
    /// Through a proxy, whichever.
    AnyProxy,
    /// Through this one; without a port, at any.
    Proxy(String, Option<u16>),
}

/// Every promise of a file with its result, as reports have it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// The file.
    pub source: String,
    /// How many were kept.
    pub met: usize,
    /// How many were not.
    pub unmet: usize,
    /// Of how many the run says nothing.
    pub untested: usize,
    /// Each, in the order of the file and of the list of hosts.
    pub results: Vec<Judged>,
}

impl Expected {
    /// The results with their counts.
    pub(crate) fn of(source: String, results: Vec<Judged>) -> Self {
        let count = |outcome| results.iter().filter(|r| r.result == outcome).count();
        let (met, unmet, untested) = (count(Outcome::Met), count(Outcome::Unmet), count(Outcome::Untested));
        Self { source, met, unmet, untested, results }
    }

    /// The results of one kind.
    pub fn with(&self, outcome: Outcome) -> impl Iterator<Item = &Judged> {
        self.results.iter().filter(move |r| r.result == outcome)
    }

    /// Without what the file and the run say of names and addresses: what was promised, and what came of it, of hosts
    /// that `name` names by their number in the plan.
    pub(crate) fn masked(&self, name: impl Fn(u32) -> Option<String>) -> Self {
        let one = |r: &Judged| Judged {
            host: r.target.and_then(&name).unwrap_or_default(),
            hosts: String::new(),
            expected: String::new(),
            evidence: String::new(),
            note: None,
            ..r.clone()
        };
        Self { source: String::new(), results: self.results.iter().map(one).collect(), ..*self }
    }
}

/// One promise of one host, and what the run says of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The line of the entry in the file, from 1.
    pub line: usize,
    /// The hosts of the entry, as the file has them.
    #[serde(default)]
    pub hosts: String,
    /// The host, with its port where that is not 443; empty where no host of the run is meant.
    #[serde(default)]
    pub host: String,
    /// The host's number in the run; none where no host is meant.
    #[serde(rename = "id", default)]
    pub target: Option<u32>,
    /// What is promised.
    pub promise: Promise,
    /// What the file says of it, such as `reachable` or `10.0.0.0/8`.
    #[serde(default)]
    pub expected: String,
    /// What the run says.
    pub result: Outcome,
    /// What was seen, in a sentence.
    #[serde(default)]
    pub evidence: String,
    /// The finding of the host that belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<crate::contract::Code>,
    /// Who must act on that finding: not always the team that made the promise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// What the team wrote to the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
