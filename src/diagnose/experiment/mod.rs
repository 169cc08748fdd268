//! Experiments: what a run tries after a failure (or a slow first), never for a healthy host. Each
//! is one file: `wanted` says when it is made, `read` what its outcome means.
//!
//! All that one failure asks for is named at once, so that it runs side by side: a round costs one
//! stage, whatever is in the way.

pub(crate) mod addresses;
pub(crate) mod apart;
pub(crate) mod burst;
pub(crate) mod captive_portal;
pub(crate) mod handshake;
pub(crate) mod other_route;
pub(crate) mod repeat;
pub(crate) mod slow;

use std::collections::BTreeSet;

use crate::observation::{Observations, Purpose};
use crate::plan::{Experiment, Plan};

/// Experiments on handshakes in one round, at the most. With the repeats beside them they fit the
/// usual number of attempts at a time, so that a round stays one stage long.
const PER_ROUND: usize = 60;

/// What to try now. Bounded: one repeat for each path (in turn, where the first wave may have been too
/// much), six experiments for each path whose
/// handshake died, at most 60 of them in a round; of many that failed in the same way a few stand
/// for all. Nothing is named twice, and nothing once the run was stopped.
pub fn next(plan: &Plan, observations: &Observations) -> Vec<Experiment> {
    next_but(plan, observations, &BTreeSet::new())
}

/// The same without the targets that rest: of these the first attempt alone is made.
pub fn next_but(plan: &Plan, observations: &Observations, resting: &BTreeSet<u32>) -> Vec<Experiment> {
    if observations.stopped.is_some() {
        return Vec::new();
    }
    let rests = |e: &Experiment| e.purpose != Purpose::First && resting.contains(&e.target);
    let paced = burst::wanted(plan, observations);
    let mut experiments = repeat::wanted(plan, observations, &paced);
    experiments.extend(handshake::wanted(plan, observations, PER_ROUND));
    experiments.extend(other_route::wanted(plan, observations, &paced));
    experiments.extend(addresses::wanted(plan, observations));
    experiments.extend(paced);
    experiments.retain(|e| !rests(e));
    if experiments.is_empty() {
        // Alone: what is measured beside other attempts says nothing.
        experiments = slow::wanted(plan, observations);
        experiments.retain(|e| !rests(e));
    }
    experiments
}
