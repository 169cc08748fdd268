//! A check that is repeated: what a round keeps of the ones before it, so that a host that goes on failing in the
//! same way is not experimented on each time.
//!
//! Every round makes the app's own attempt on every host. What is kept is the explanation alone: the experiments of
//! the round that last made them stand beside the new attempt where that failed as the one then did, and are made
//! again after 1, 2, 4, 8 … rounds, or at once where something changed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::contract::Endpoint;
use crate::diagnose::{self, Code, Judgement, Verdict};
use crate::observation::{Attempt, Controlled, Observations, Purpose, Stopped, Variation};
use crate::plan::{Plan, Route, Target};
use crate::rules::Rules;

/// Most rounds between two times that experiments are made.
const LONGEST: u64 = 64;

/// What is known of the rounds so far. Its size follows from the hosts of the last round, never from how many rounds
/// there were.
#[derive(Debug, Default)]
pub struct Rounds {
    hosts: BTreeMap<Endpoint, Known>,
    controls: Vec<Controlled>,
    /// When the round before began, ms since 1970.
    began_ms: i64,
}

/// A host that failed.
#[derive(Debug)]
struct Known {
    routes: Vec<Route>,
    /// How its first attempts looked by themselves.
    looked: Looked,
    /// What else was tried; none where the host may not rest.
    experiments: Option<Vec<Attempt>>,
    /// Rounds from the last experiments to the next.
    step: u64,
    /// Rounds until then.
    left: u64,
}

/// The judgement of a host's first attempts alone, and whether one of them was late: what changes it, changes the host.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Looked {
    verdict: Verdict,
    actors: Vec<(Verdict, Code)>,
    late: bool,
}

/// One round under way.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// Without a memory every host is experimented on, as in a single check.
    memory: Option<RefCell<Rounds>>,
    looked: RefCell<BTreeMap<u32, Looked>>,
    resting: RefCell<BTreeSet<u32>>,
    began_ms: i64,
}

impl Round {
    /// A round after those that are known, which begins at this time, ms since 1970.
    pub(super) fn after(known: Rounds, began_ms: i64) -> Self {
        Self { memory: Some(RefCell::new(known)), began_ms, ..Self::default() }
    }

    /// The hosts that are not experimented on.
    pub(super) fn resting(&self) -> BTreeSet<u32> {
        self.resting.borrow().clone()
    }

    /// Whether this check is one of several.
    pub(super) fn is_repeated(&self) -> bool {
        self.memory.is_some()
    }

    /// Looks at the targets whose first attempts are all there since the last time: those that look as they did
    /// before rest, and get the experiments of then. Whether the controls of then stand for this round's too.
    pub(super) fn settle(&self, plan: &Plan, observations: &mut Observations, rules: &Rules) -> bool {
        let Some(memory) = &self.memory else { return false };
        let open: Vec<&Target> = plan
            .targets
            .iter()
            .filter(|t| !t.paths.is_empty() && !self.looked.borrow().contains_key(&t.id))
            .filter(|t| (0..t.paths.len()).all(|path| first(observations, t.id, path).is_some()))
            .collect();
        if open.is_empty() || observations.stopped.is_some() {
            return false;
        }
        let alone = only(observations, |a| a.purpose == Purpose::First && a.variation.is_none());
        let alone = Observations { controls: Vec::new(), calls: Vec::new(), ..alone };
        let judged = diagnose::judge(plan, &alone, &rules.services, &rules.codes);
        let mut memory = memory.borrow_mut();
        let before_ms = u64::try_from(self.began_ms - memory.began_ms).unwrap_or(0);
        for target in open {
            let Some(looked) = looked(&alone, &judged, target) else { continue };
            if let Some(known) = memory.hosts.get_mut(&endpoint(target))
                && known.looked == looked
                && known.left > 0
                && known.routes.iter().eq(target.paths.iter().map(|p| &p.route))
                && let Some(experiments) = &known.experiments
            {
                known.left -= 1;
                self.resting.borrow_mut().insert(target.id);
                observations.attempts.extend(experiments.iter().cloned().map(|a| Attempt {
                    target: target.id,
                    before_ms: a.before_ms + before_ms,
                    ..a
                }));
            }
            self.looked.borrow_mut().insert(target.id, looked);
        }
        let resting = self.resting.borrow();
        let blocked = |looked: &Looked| looked.verdict == Verdict::Blocked;
        let of_before = !memory.controls.is_empty()
            && observations.controls.is_empty()
            && self.looked.borrow().iter().all(|(id, l)| !blocked(l) || resting.contains(id));
        if of_before {
            let earlier = |c: &Controlled| {
                let attempt = Attempt { before_ms: c.attempt.before_ms + before_ms, ..c.attempt.clone() };
                Controlled { attempt, ..c.clone() }
            };
            observations.controls = memory.controls.iter().map(earlier).collect();
        }
        of_before
    }

    /// What the next round must know where this one could not be made.
    pub(super) fn unmade(self) -> Rounds {
        self.memory.map(RefCell::into_inner).unwrap_or_default()
    }

    /// What the next round must know. A round that was interrupted tells nothing new.
    pub(super) fn finish(
        self,
        plan: &Plan,
        observations: &Observations,
        judgement: &Judgement,
        rules: &Rules,
    ) -> Rounds {
        let mut old = self.memory.map(RefCell::into_inner).unwrap_or_default();
        if observations.stopped == Some(Stopped::Interrupted) {
            return old;
        }
        let (all_looked, resting) = (self.looked.into_inner(), self.resting.into_inner());
        // What was tried a second time is no experiment that a later round may borrow: a host that works only now and
        // then must be seen to do so each time.
        let lasting = only(observations, |a| !matches!(a.purpose, Purpose::Repeat | Purpose::Paced));
        let without = diagnose::judge(plan, &lasting, &rules.services, &rules.codes);
        let before_ms = u64::try_from(self.began_ms - old.began_ms).unwrap_or(0);
        let mut hosts = BTreeMap::new();
        for target in &plan.targets {
            let Some(looked) = all_looked.get(&target.id) else { continue };
            let known = old.hosts.remove(&endpoint(target));
            if resting.contains(&target.id) {
                if let Some(mut known) = known {
                    let all = known.experiments.iter_mut().flatten();
                    all.for_each(|a| a.before_ms += before_ms);
                    hosts.insert(endpoint(target), known);
                }
                continue;
            }
            let of = |judgement: &Judgement| {
                let judged = judgement.hosts.iter().find(|h| h.target == target.id)?;
                Some((judged.verdict, actors(judged)))
            };
            let Some(whole) = of(judgement).filter(|(verdict, _)| *verdict != Verdict::Reachable) else {
                continue;
            };
            let may_rest = of(&without).is_some_and(|without| without == whole);
            let made = |a: &&Attempt| {
                a.target == target.id
                    && a.purpose == Purpose::Experiment
                    && a.cut.is_none()
                    && !is_follow_up(a)
            };
            let experiments: Vec<Attempt> = lasting.attempts.iter().filter(made).cloned().collect();
            let step = match &known {
                Some(known) if known.looked == *looked => (known.step * 2).min(LONGEST),
                _ => 1,
            };
            let routes = target.paths.iter().map(|p| p.route.clone()).collect();
            let experiments = may_rest.then_some(experiments);
            hosts.insert(
                endpoint(target),
                Known { routes, looked: looked.clone(), experiments, step, left: step - 1 },
            );
        }
        Rounds { hosts, controls: observations.controls.clone(), began_ms: self.began_ms }
    }
}

fn endpoint(target: &Target) -> Endpoint {
    Endpoint { host: target.requirement.host.clone(), port: target.port(), transport: target.transport() }
}

fn is_follow_up(attempt: &Attempt) -> bool {
    matches!(attempt.variation, Some(Variation::FollowUp(_)))
}

/// The first attempt on a path that came to its end.
fn first(observations: &Observations, target: u32, path: usize) -> Option<&Attempt> {
    observations.tries(target, path).find(|a| a.purpose == Purpose::First && a.cut.is_none())
}

/// What was seen, with these attempts alone.
fn only(observations: &Observations, keep: impl Fn(&Attempt) -> bool) -> Observations {
    let attempts = observations.attempts.iter().filter(|a| keep(a)).cloned().collect();
    Observations {
        attempts,
        device: observations.device.clone(),
        controls: observations.controls.clone(),
        calls: observations.calls.clone(),
        scripts: observations.scripts.clone(),
        stage_timeout_ms: observations.stage_timeout_ms,
        stopped: observations.stopped,
        machine: None,
        traces: Vec::new(),
    }
}

fn actors(judged: &diagnose::HostJudgement) -> Vec<(Verdict, Code)> {
    let own = (judged.verdict, judged.finding.code);
    std::iter::once(own).chain(judged.actors.iter().map(|a| (a.verdict, a.code))).collect()
}

fn looked(alone: &Observations, judged: &Judgement, target: &Target) -> Option<Looked> {
    let judged = judged.hosts.iter().find(|h| h.target == target.id)?;
    let late = alone.attempts.iter().filter(|a| a.target == target.id).any(diagnose::looks_slow);
    Some(Looked { verdict: judged.verdict, actors: actors(judged), late })
}
