//! One execution of `check`, judged: what reports render, and what a replay needs.

use std::collections::{BTreeMap, HashMap};

use crate::contract::{Code, Need, RunWord, Severity, Verdict};
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
        RunWord::of(self.judgement.verdict, self.lost_only_optional())
    }

    /// Whether all that is blocked, missed or remarked are optional hosts, and a required one works.
    fn lost_only_optional(&self) -> bool {
        let needs: HashMap<u32, Need> =
            self.plan.targets.iter().map(|t| (t.id, t.requirement.need())).collect();
        let judged = |h: &HostJudgement| Some((*needs.get(&h.target)?, h.verdict, h.finding.code));
        let hosts: Vec<_> = self.judgement.hosts.iter().filter_map(judged).collect();
        // What no host stands for, such as a wrong clock, may hurt any.
        let alone = |c: &Cause| {
            let matters = c.finding.severity != Severity::Info || !c.finding.remedy.is_empty();
            matters && !c.hosts.iter().any(|id| needs.contains_key(id))
        };
        hosts.iter().any(|(need, verdict, _)| *need == Need::Required && *verdict == Verdict::Reachable)
            && hosts.iter().all(|(need, verdict, code)| match verdict {
                Verdict::Reachable => true,
                Verdict::Blocked | Verdict::Warning => *need == Need::Optional,
                Verdict::Untested => !was_missed(*verdict, *code),
            })
            && !self.judgement.causes.iter().any(alone)
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

/// Whether a host is untested for a reason of this run, not of the host.
pub const fn was_missed(verdict: Verdict, code: Code) -> bool {
    matches!(verdict, Verdict::Untested) && !matches!(code, Code::UntestedWildcard | Code::UntestedActor)
}
