//! One execution of `check`, judged: what reports render, and what a replay needs.

use std::collections::{BTreeMap, HashMap};

use crate::contract::{Need, RunWord};
use crate::derive::Requirements;
use crate::diagnose::{Cause, HostJudgement, Judgement};
use crate::expect::Expected;
use crate::observation::{Environment, Observations};
use crate::plan::Plan;

/// A finished run of `check`: everything any rendering needs, and everything a replay needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What was derived.
    pub requirements: Requirements,
    /// What was sent.
    pub plan: Plan,
    /// What was seen.
    pub observations: Observations,
    /// What it means.
    pub judgement: Judgement,
    /// What it says of the promises that were held against it; of a saved report those of then.
    pub expected: Option<Expected>,
    /// As whom and where.
    pub environment: Environment,
    /// Start of the run, RFC 3339 in UTC.
    pub started_at: String,
    /// Name the user gave the run.
    pub label: Option<String>,
    /// What the user said of the run, by key, for grouping many.
    pub tags: BTreeMap<String, String>,
    /// Wall time of the run.
    pub duration_ms: u64,
    /// A saved report that was judged again: nothing was sent for it. No document holds this.
    pub is_replayed: bool,
}

impl Run {
    /// The verdict as people read it.
    pub fn word(&self) -> RunWord {
        let needs: HashMap<u32, Need> =
            self.plan.targets.iter().map(|t| (t.id, t.requirement.need())).collect();
        let judged = |h: &HostJudgement| {
            Some((*needs.get(&h.target)?, h.verdict, h.verdict.was_missed(h.finding.code.as_str())))
        };
        let cause = |c: &Cause| {
            let alone = !c.hosts.iter().any(|id| needs.contains_key(id));
            (c.finding.severity, !c.finding.remedy.is_empty(), alone)
        };
        let hosts = self.judgement.hosts.iter().filter_map(judged);
        let only_optional = RunWord::is_only_optional(hosts, self.judgement.causes.iter().map(cause));
        RunWord::of(self.judgement.verdict, only_optional)
    }

    /// The run under another name, where one is given.
    #[must_use]
    pub fn labelled(self, label: Option<&str>) -> Self {
        Self { label: label.map(str::to_owned).or(self.label), ..self }
    }

    /// The run with these tags beside its own.
    #[must_use]
    pub fn tagged(mut self, tags: &[(String, String)]) -> Self {
        self.tags.extend(tags.iter().cloned());
        self
    }
}
