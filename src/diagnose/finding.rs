//! Findings: what is in the way of a host, with evidence, remedy and owner.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::contract::{Actor, Severity};
pub use crate::contract::{Certainty, Code, Owner, RunVerdict, Timings, Verdict};
use crate::plan::trace::Untraced;

/// Evidence beside a verdict: one line for people, fields for scripts. All text is sanitised.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// One line: what was seen.
    pub line: String,
    /// The facts behind it, such as `address`, `issuer`, `private_ca`, `challenge`.
    #[serde(flatten)]
    pub facts: serde_json::Map<String, serde_json::Value>,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What.
    pub code: Code,
    /// Weight.
    pub severity: Severity,
    /// One sentence.
    pub summary: String,
    /// What was seen.
    pub evidence: Evidence,
    /// An instruction to the owner; empty when there is nothing to do.
    pub remedy: String,
    /// Who must act.
    pub owner: Owner,
    /// How sure.
    pub confidence: Certainty,
}

/// The verdict for one actor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorJudgement {
    /// Who.
    pub actor: Actor,
    /// The way it takes: `direct` or `proxy host:port (origin)`.
    pub route: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// Its code.
    pub code: Code,
    /// What becomes of it, where that may differ from what this program saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The judgement of one host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostJudgement {
    /// The target's `id` in the plan.
    pub target: u32,
    /// The worst of the probed actors.
    pub verdict: Verdict,
    /// Each actor apart.
    pub actors: Vec<ActorJudgement>,
    /// The first thing to fix on the path.
    pub finding: Finding,
    /// Identifier of the cause that explains this host and others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Finding>,
    /// What is worth knowing of the host and decides nothing, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How long the stages took.
    pub timings: Timings,
}

/// One cause, said once, that explains one or more hosts: also the unit of "things to do".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// Identifier within the report, such as `c1`.
    pub id: String,
    /// The targets it explains.
    pub hosts: Vec<u32>,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

/// Something this run does not speak for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotTested {
    /// Stable identifier, such as `credential`.
    pub id: String,
    /// Plain words.
    pub text: String,
}

/// The path to one host, as a trace of it showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedPath {
    /// The target's `id` in the plan.
    #[serde(rename = "host")]
    pub target: u32,
    /// The user named the host; otherwise it stands for a cause.
    pub named: bool,
    /// Where the packets were sent; none where it was not traced.
    pub address: Option<SocketAddr>,
    /// Why it was not traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untraced: Option<Untraced>,
    /// The hops, from 1 to the last that answered.
    pub hops: Vec<Hop>,
    /// The hop at which connections are answered: the server, or what ends connections in its place.
    pub distance: Option<u8>,
    /// Where the connection, or the ClientHello on it, is stopped.
    pub halted: Option<Halted>,
    /// All that in a sentence.
    pub text: String,
}

/// One hop of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// Its number, from 1.
    pub hop: u8,
    /// Its address, where the system tells it.
    pub address: Option<IpAddr>,
    /// Whether it said that a packet's limit was reached.
    pub answered: bool,
}

/// Where on a path something is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halted {
    /// What is stopped.
    pub what: Halts,
    /// How.
    pub how: Halt,
    /// The hop that stops it, or directly behind which it is stopped; 0: before the first passes it on.
    pub hop: u8,
    /// The address of that hop, where it is known.
    pub address: Option<IpAddr>,
    /// Proven where it cannot be another hop, nor the host itself.
    pub confidence: Certainty,
}

crate::contract::words! {
    /// What is stopped on a path.
    Halts {
        /// The connection.
        Connection = "connection",
        /// The ClientHello.
        Hello = "hello",
    }
}

crate::contract::words! {
    /// How something is stopped on a path.
    Halt {
        /// Nothing comes back.
        Silence = "silence",
        /// A reset for the SYN.
        Refused = "refused",
        /// An ICMP message other than that the limit of hops was reached.
        Icmp = "icmp",
        /// A reset after the ClientHello.
        Reset = "reset",
        /// The end of the connection after the ClientHello.
        Closed = "closed",
        /// A TLS alert.
        Alert = "alert",
        /// An answer in the server's place.
        Answer = "answer",
    }
}

/// The judgement of a whole run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The run's verdict.
    pub verdict: RunVerdict,
    /// One per target, in plan order.
    pub hosts: Vec<HostJudgement>,
    /// What explains several hosts, worst first.
    pub causes: Vec<Cause>,
    /// What was not tested.
    pub not_tested: Vec<NotTested>,
    /// The paths that were traced.
    pub paths: Vec<TracedPath>,
}

impl Judgement {
    /// What the report says of a host: the finding of the cause that explains it, else the host's own.
    pub fn said_of<'a>(&'a self, host: &'a HostJudgement) -> &'a Finding {
        let cause = host.cause.as_deref().and_then(|id| self.causes.iter().find(|c| c.id == id));
        cause.map_or(&host.finding, |cause| &cause.finding)
    }
}
