//! Two runs: which hosts changed, which causes came and went, and what else was different.

use std::collections::HashMap;

use serde::Serialize;

use super::{endpoint, judged};
use crate::contract::Endpoint;
use crate::contract::TOTAL;
use crate::contract::{Need, Transport, words};
use crate::derive::HostPattern;
use crate::diagnose::{Cause, Code, Owner, RunVerdict, Timings, Verdict};
use crate::run::Run;

/// One run has one sample of each time, so a difference of a host must be this many times...
const HOST_FACTOR: f64 = 2.0;
/// ...and this many milliseconds, over what all hosts of the run have in common.
const HOST_MS: f64 = 250.0;
/// The median of a stage must differ this many times...
const STAGE_FACTOR: f64 = 1.5;
/// ...and by this many milliseconds...
const STAGE_MS: f64 = 30.0;
/// ...over this many hosts that both runs reached.
const STAGE_HOSTS: usize = 3;

/// The rule by which times are said to differ, in words.
pub const TIMINGS_RULE: &str = "Times are compared on hosts that both runs reached. A stage differs when its median over at least 3 \
     hosts is 1.5 times as long and 30 ms longer; a host when its time is twice as long and 250 ms longer beyond \
     the shift of that median. Smaller differences are chance.";

words! {
    /// How a host changed.
    HostChange {
        /// It worked, and does not any more, or only with a warning.
        Broken = "broken",
        /// It did not work, or with a warning, and works.
        Fixed = "fixed",
        /// Another verdict or another finding.
        Changed = "changed",
        /// Only the new run has it.
        New = "new",
        /// Only the old run has it.
        Gone = "gone",
    }
}

/// What a run says of a host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Said {
    /// Its verdict.
    pub verdict: Verdict,
    /// The first thing to fix.
    pub code: Code,
    /// The owner.
    pub owner: Owner,
    /// What was seen.
    pub evidence: String,
}

/// A host that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Name, wildcard or address.
    pub host: HostPattern,
    /// Port.
    pub port: u16,
    /// What is spoken there.
    pub transport: Transport,
    /// How badly it is needed, by the run that needs it more.
    pub need: Need,
    /// How it differs.
    pub change: HostChange,
    /// What the old run says; null where it has no such host.
    pub old: Option<Said>,
    /// What the new run says.
    pub new: Option<Said>,
}

/// A cause of one run that the other does not have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CauseLine {
    /// Code of its finding.
    pub code: Code,
    /// The owner.
    pub owner: Owner,
    /// One sentence.
    pub summary: String,
    /// The instruction.
    pub remedy: String,
    /// The hosts it explains.
    pub hosts: Vec<String>,
}

/// Something else that was different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Stable identifier, such as `resolvers`.
    pub id: &'static str,
    /// What the old run has.
    pub old: String,
    /// What the new run has.
    pub new: String,
}

/// A time that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimeLine {
    /// The host; null for the median of a stage.
    pub host: Option<String>,
    /// `dns`, `tcp`, `proxy`, `tls`, `http` or `total`.
    pub stage: &'static str,
    /// Hosts behind the numbers.
    pub hosts: usize,
    /// Milliseconds in the old run.
    pub old_ms: f64,
    /// Milliseconds in the new run.
    pub new_ms: f64,
}

/// The comparison of two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Between {
    /// Verdicts of the two runs.
    pub verdicts: (RunVerdict, RunVerdict),
    /// Hosts that differ: broken ones first, within that the most needed.
    pub hosts: Vec<Line>,
    /// Hosts of both runs of which the same is said.
    pub same: usize,
    /// Of them, those that do not work.
    pub still_blocked: usize,
    /// Causes of the new run only.
    pub appeared: Vec<CauseLine>,
    /// Causes of the old run only.
    pub disappeared: Vec<CauseLine>,
    /// Causes of both.
    pub remaining: Vec<CauseLine>,
    /// What else was different.
    pub environment: Vec<Difference>,
    /// Times that differ.
    pub timings: Vec<TimeLine>,
}

impl Between {
    /// How many hosts changed so.
    pub fn count(&self, change: HostChange) -> usize {
        self.hosts.iter().filter(|h| h.change == change).count()
    }
}

/// What one run says of one host.
struct Side<'a> {
    need: Need,
    said: Said,
    timings: &'a Timings,
}

/// Compares two judged runs. Both should be judged by the same rules, so that what differs is the
/// network and not the judge.
pub fn between(old: &Run, new: &Run) -> Between {
    let (before, order_before) = sides(old);
    let (after, order_after) = sides(new);
    let mut hosts = Vec::new();
    let (mut same, mut still_blocked) = (0, 0);
    for key in order_after.iter().chain(order_before.iter().filter(|k| !after.contains_key(k))) {
        let (a, b) = (before.get(key), after.get(key));
        let change = match (a, b) {
            (Some(a), Some(b)) => change(&a.said, &b.said),
            (None, _) => Some(HostChange::New),
            (_, None) => Some(HostChange::Gone),
        };
        let Some(change) = change else {
            same += 1;
            still_blocked += usize::from(a.is_some_and(|a| a.said.verdict == Verdict::Blocked));
            continue;
        };
        let Endpoint { host, port, transport } = key.clone();
        hosts.push(Line {
            host,
            port,
            transport,
            need: a.into_iter().chain(b).map(|s| s.need).max().unwrap_or(Need::Optional),
            change,
            old: a.map(|s| s.said.clone()),
            new: b.map(|s| s.said.clone()),
        });
    }
    hosts.sort_by_key(|l| (l.change, std::cmp::Reverse(l.need)));
    let (causes_before, causes_after) = (causes(old), causes(new));
    let is_same = |a: &CauseLine, b: &CauseLine| {
        a.code == b.code && a.owner == b.owner && a.hosts.iter().any(|h| b.hosts.contains(h))
    };
    let only = |one: &[CauseLine], other: &[CauseLine]| -> Vec<CauseLine> {
        one.iter().filter(|a| !other.iter().any(|b| is_same(a, b))).cloned().collect()
    };
    Between {
        verdicts: (old.judgement.verdict, new.judgement.verdict),
        hosts,
        same,
        still_blocked,
        appeared: only(&causes_after, &causes_before),
        disappeared: only(&causes_before, &causes_after),
        remaining: causes_after
            .iter()
            .filter(|a| causes_before.iter().any(|b| is_same(a, b)))
            .cloned()
            .collect(),
        environment: environment(old, new),
        timings: timings(&before, &after, &order_after),
    }
}

fn sides(run: &Run) -> (HashMap<Endpoint, Side<'_>>, Vec<Endpoint>) {
    let mut sides = HashMap::new();
    let mut order = Vec::new();
    for (target, judged) in judged(run) {
        let key = endpoint(target);
        let finding = &judged.finding;
        let said = Said {
            verdict: judged.verdict,
            code: finding.code,
            owner: finding.owner,
            evidence: finding.evidence.line.clone(),
        };
        let side = Side { need: target.requirement.need(), said, timings: &judged.timings };
        if sides.insert(key.clone(), side).is_none() {
            order.push(key);
        }
    }
    (sides, order)
}

fn change(old: &Said, new: &Said) -> Option<HostChange> {
    let works = |s: &Said| s.verdict == Verdict::Reachable;
    let fails = |s: &Said| matches!(s.verdict, Verdict::Blocked | Verdict::Warning);
    if old.verdict == new.verdict && old.code == new.code && old.owner == new.owner {
        None
    } else if works(old) && fails(new) || old.verdict == Verdict::Warning && new.verdict == Verdict::Blocked {
        Some(HostChange::Broken)
    } else if fails(old) && works(new) {
        Some(HostChange::Fixed)
    } else {
        Some(HostChange::Changed)
    }
}

fn causes(run: &Run) -> Vec<CauseLine> {
    let line = |cause: &Cause| {
        let name = |id: &u32| {
            let target = run.plan.target(*id)?;
            Some(crate::contract::endpoint::listed(&target.requirement.host, target.port()))
        };
        CauseLine {
            code: cause.finding.code,
            owner: cause.finding.owner,
            summary: cause.finding.summary.clone(),
            remedy: cause.finding.remedy.clone(),
            hosts: cause.hosts.iter().filter_map(name).collect(),
        }
    };
    run.judgement.causes.iter().map(line).collect()
}

fn environment(old: &Run, new: &Run) -> Vec<Difference> {
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort();
        list.join(", ")
    };
    let configuration = |run: &Run| {
        let inputs = &run.requirements.inputs;
        if inputs.is_empty() {
            return "none; hosts named on the command line".to_owned();
        }
        let one = |i: &crate::derive::Input| match i.sha256.get(..12) {
            Some(hash) => format!("{} (sha256 {hash})", i.name),
            None => i.name.clone(),
        };
        inputs.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let facts = |run: &Run| -> Vec<(&'static str, String)> {
        let (e, r) = (&run.environment, &run.requirements);
        vec![
            ("label", run.label.clone().unwrap_or_default()),
            ("user", e.user.clone()),
            ("host", e.host.clone()),
            ("addresses", sorted(&e.addresses)),
            ("resolvers", sorted(&e.resolvers)),
            ("proxy", e.proxy.clone()),
            ("trust", e.trust.clone()),
            ("vpn", e.vpn_hint.clone().unwrap_or_default()),
            ("platform", r.platform.to_string()),
            ("app-version", r.app_version.to_string()),
            ("rules-date", r.rules_date.clone()),
            ("provider", r.provider.clone().unwrap_or_default()),
            ("stage-timeout", format!("{} ms", run.observations.stage_timeout_ms)),
        ]
    };
    let mut out: Vec<Difference> = facts(old)
        .into_iter()
        .zip(facts(new))
        .filter(|((_, a), (_, b))| a != b)
        .map(|((id, old), (_, new))| Difference { id, old, new })
        .collect();
    if super::configuration(old) != super::configuration(new) {
        out.push(Difference { id: "configuration", old: configuration(old), new: configuration(new) });
    }
    out
}

fn timings(
    before: &HashMap<Endpoint, Side<'_>>,
    after: &HashMap<Endpoint, Side<'_>>,
    order: &[Endpoint],
) -> Vec<TimeLine> {
    let reached = |s: &&Side<'_>| matches!(s.said.verdict, Verdict::Reachable | Verdict::Warning);
    let both: Vec<(&Endpoint, &Timings, &Timings)> = order
        .iter()
        .filter_map(|key| {
            let (a, b) = (before.get(key).filter(reached)?, after.get(key).filter(reached)?);
            Some((key, a.timings, b.timings))
        })
        .collect();
    let mut lines = Vec::new();
    let mut shift = 0.0;
    let times = |t: &Timings| t.all().collect::<Vec<_>>();
    let all: Vec<_> = both.iter().map(|(_, a, b)| (times(a), times(b))).collect();
    for (at, (stage, _)) in Timings::default().all().enumerate() {
        let of = |times: &[(&str, Option<f64>)]| times.get(at).and_then(|(_, ms)| *ms);
        let pairs: Vec<(f64, f64)> = all.iter().filter_map(|(a, b)| Some((of(a)?, of(b)?))).collect();
        if pairs.len() < STAGE_HOSTS {
            continue;
        }
        let (old, new) =
            (median(pairs.iter().map(|p| p.0).collect()), median(pairs.iter().map(|p| p.1).collect()));
        if stage == TOTAL {
            shift = new - old;
        }
        if differs(old, new, STAGE_FACTOR, STAGE_MS) {
            lines.push(TimeLine { host: None, stage, hosts: pairs.len(), old_ms: old, new_ms: new });
        }
    }
    for (key, a, b) in &both {
        let (Some(old), Some(new)) = (a.total, b.total) else { continue };
        if differs(old, new, HOST_FACTOR, HOST_MS) && (new - old - shift).abs() >= HOST_MS {
            let host = Some(crate::contract::endpoint::listed(&key.host, key.port));
            lines.push(TimeLine { host, stage: TOTAL, hosts: 1, old_ms: old, new_ms: new });
        }
    }
    lines
}

fn differs(a: f64, b: f64, factor: f64, ms: f64) -> bool {
    let (less, more) = if a < b { (a, b) } else { (b, a) };
    more - less >= ms && more >= less * factor
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
