//! Findings: what is in the way of a host, with evidence, remedy and owner.

use serde::{Deserialize, Serialize};

use crate::contract::{Actor, Severity};
pub use crate::contract::{Certainty, Code, Owner, RunVerdict, Timings, Verdict};

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
}
