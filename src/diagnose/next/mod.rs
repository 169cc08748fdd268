//! The next experiments: what a run should try before it judges. Only after failures (or a slow
//! first), never for a healthy host.
//!
//! All that one failure asks for is named at once, so that it runs side by side: a round costs one
//! stage, whatever is in the way. `repeat` tries once more what may have been a moment's accident,
//! `handshakes` takes apart a handshake that died, `slow` measures again what was slow.

mod handshakes;
mod repeat;
mod slow;

use crate::observation::Observations;
use crate::plan::{Experiment, Plan};

/// Differential experiments of one round, at the most. With the repeats beside them they fit the
/// usual number of attempts at a time, so that a round stays one stage long.
const PER_ROUND: usize = 60;

/// What to try now. Bounded: one repeat for each path, six differential experiments for each path
/// whose handshake died, at most 60 of them in a round; of many that failed alike a few stand for
/// all. Nothing is named twice, and nothing once the run was stopped.
pub fn next(plan: &Plan, observations: &Observations) -> Vec<Experiment> {
    if observations.stopped.is_some() {
        return Vec::new();
    }
    let mut experiments = repeat::experiments(plan, observations);
    experiments.extend(handshakes::experiments(plan, observations, PER_ROUND));
    experiments.extend(slow::experiments(plan, observations));
    experiments
}
