//! The `clearway.check/1` document: a whole run, from which it can be judged again.
//!
//! These types are what is written (`report::check::json` fills them) and what is read back ([`read_check`]). What is
//! only there for readers, and follows from the plan, has a default: a report of an earlier version may lack it.

mod embedded;
mod inference;
mod read;

pub use embedded::{EMBEDDED, embedded};
pub use read::{ReadError, read_check};

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::config::Lint;
use crate::contract::{AppVersion, HostPattern, Need, Network, Platform, Timings, Transport};
use crate::derive::requirement::{Input, Missing, Note, Source};
use crate::diagnose::{
    ActorJudgement, Cause, Finding, HostJudgement, NotTested, RunVerdict, TracedPath, Verdict,
};
use crate::expect::Expected;
use crate::observation::{
    Attempt, Call, Controlled, Device, Environment, Machine, ProxyScript, Stopped, Trace,
};
use crate::plan::Plan;

/// Largest document that is written without a warning, and that is read: some 15 times one of the largest
/// configuration that is read.
pub const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Most tags of a report.
pub const MAX_TAGS: usize = 32;

/// Whether a run can have this tag: a key of letters, digits, `_`, `-` and `.`, and a value of some length.
pub fn is_tag(key: &str, value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let named = !key.is_empty() && key.len() <= 64 && key.chars().all(plain);
    named && !value.is_empty() && value.chars().count() <= 200
}

/// The value of `schema` in the document.
pub const SCHEMA: &str = "clearway.check/1";
/// The member of a report that holds what was found on the device itself.
pub const DEVICE: &str = "device_report";
/// The value of `schema` in each row of `check --format ndjson`.
pub const ROWS: &str = "clearway.rows/1";

/// A run as `clearway.check/1` has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckDocument {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of the program that wrote it.
    #[serde(default)]
    pub clearway: String,
    /// Date of the rule pack, `YYYY-MM-DD`.
    pub rules_date: String,
    /// The app version it was derived for.
    pub app_version: AppVersion,
    /// The platform it was derived for.
    pub platform: Platform,
    /// Whether the platform was assumed.
    pub platform_assumed: bool,
    /// The inference provider, when one is configured.
    pub provider: Option<String>,
    /// What it was derived from.
    pub inputs: Vec<Input>,
    /// Start of the run, RFC 3339 in UTC.
    pub started_at: String,
    /// Wall time of the run.
    pub duration_ms: u64,
    /// Name the user gave the run.
    pub label: Option<String>,
    /// What the user said of the run, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The run's verdict.
    pub verdict: RunVerdict,
    /// As whom and where.
    pub environment: Environment,
    /// What explains several hosts, worst first.
    pub findings: Vec<Cause>,
    /// The hosts, by feature; a host of several features is repeated.
    pub groups: Vec<CheckGroup>,
    /// What was not tested.
    pub not_tested: Vec<NotTested>,
    /// What became of the promises that were held against it; only where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expectations: Option<Expected>,
    /// The paths that were traced, as judged; only where that was asked for.
    #[serde(default, deserialize_with = "or_none", skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<TracedPath>,
    /// Remarks on the list.
    pub notes: Vec<Note>,
    /// What is wrong with the configuration.
    pub lint: Vec<Lint>,
    /// Whether every required host is on the list.
    #[serde(default)]
    pub complete: bool,
    /// Hosts that errors of the configuration cost.
    #[serde(default, deserialize_with = "or_none")]
    pub missing: Vec<Missing>,
    /// The pages that the hosts' reasons name by their tags.
    #[serde(default, deserialize_with = "or_none")]
    pub sources: Vec<Source>,
    /// Why the run stopped before everything was tried.
    pub stopped: Option<Stopped>,
    /// Budget of one stage, ms.
    pub stage_timeout_ms: u64,
    /// What the device looked like.
    pub device: Device,
    /// The proxy scripts that decided the routes.
    #[serde(default, deserialize_with = "or_none")]
    pub proxy_scripts: Vec<ProxyScript>,
    /// What ran in the sandbox's own machine.
    #[serde(default)]
    pub machine: Option<Machine>,
    /// What was sent.
    pub plan: Plan,
    /// What was seen.
    pub observations: Vec<Attempt>,
    /// Requests beside the list, made after failures.
    #[serde(default, deserialize_with = "or_none", skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<Controlled>,
    /// Calls with a credential, and quiet connections; only where they were asked for.
    #[serde(default, deserialize_with = "or_none", skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    /// What came back for each step of the traces.
    #[serde(default, deserialize_with = "or_none", skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<Trace>,
}

/// The hosts of one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckGroup {
    /// Identifier of the feature.
    #[serde(default)]
    pub feature: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// How badly its most needed host is needed.
    #[serde(default)]
    pub need: Option<Need>,
    /// Its hosts, the most needed first.
    pub hosts: Vec<CheckHost>,
}

/// One host within one feature: who it is, from the plan, and what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckHost {
    /// The target's `id` in the plan.
    pub id: u32,
    /// Name, wildcard or address literal.
    #[serde(default)]
    pub host: Option<HostPattern>,
    /// Port; 0 for an unbounded entry without one.
    #[serde(default)]
    pub port: u16,
    /// What is spoken there.
    #[serde(default)]
    pub transport: Option<Transport>,
    /// The answer that named this host, where the list did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovered_from: Option<String>,
    /// The name that was dialled; null when nothing was sent.
    #[serde(default)]
    pub probed: Option<String>,
    /// How badly this feature needs it.
    #[serde(default)]
    pub need: Option<Need>,
    /// The worst of the probed actors.
    pub verdict: Verdict,
    /// The ways that were planned: one text, null when nothing was sent.
    #[serde(default)]
    pub via: Option<String>,
    /// Each actor apart.
    pub actors: Vec<ActorJudgement>,
    /// The first thing to fix on the path.
    pub finding: Finding,
    /// Identifier of the cause that explains this host and others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The rest.
    pub also: Vec<Finding>,
    /// What is worth knowing of the host and decides nothing, one sentence each.
    #[serde(default, deserialize_with = "or_none", skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How long the stages took.
    #[serde(serialize_with = "to_tenths")]
    pub timings_ms: Timings,
    /// What it is for.
    #[serde(default)]
    pub purpose: String,
    /// What the user sees without it.
    #[serde(default)]
    pub breaks: String,
    /// Which side of the perimeter.
    #[serde(default)]
    pub network: Option<Network>,
    /// The fingerprint the answer was held against, when one is known.
    #[serde(default)]
    pub service: Option<String>,
    /// The number of the thing to do (from 1) that explains it.
    #[serde(default)]
    pub thing: Option<usize>,
}

impl CheckHost {
    /// The judgement that the entry has of its target.
    fn into_judgement(self) -> HostJudgement {
        HostJudgement {
            target: self.id,
            verdict: self.verdict,
            actors: self.actors,
            finding: self.finding,
            cause: self.cause,
            also: self.also,
            notes: self.notes,
            timings: self.timings_ms,
        }
    }
}

/// A list that may be null.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(d)?.unwrap_or_default())
}

/// Rounded to 0.1 ms; finer digits are noise.
fn to_tenths<S: Serializer>(timings: &Timings, s: S) -> Result<S::Ok, S::Error> {
    timings.rounded().serialize(s)
}
