//! Twice more, what was slow the first time: one slow answer may be a cold cache.

use crate::observation::{Attempt, HttpOutcome, LastStage, Observations, Purpose, Variation};
use crate::plan::{Experiment, Plan};

use super::super::slow::{first_byte_beyond, is_slow, lookup_ms};

/// Measures beside the first.
const MEASURES: usize = 2;
/// Lookups, and requests, that are measured again in a run, at the most.
const MEASURED: usize = 24;

/// Two more lookups of each name whose first was slow, and two more requests where the first byte
/// was. Lookups through a proxy are the proxy's.
pub(super) fn experiments(plan: &Plan, observations: &Observations) -> Vec<Experiment> {
    let mut names: Vec<&str> = Vec::new();
    let mut experiments = Vec::new();
    let mut requests = 0;
    for attempt in observations.plain().filter(|a| a.purpose == Purpose::First && a.cut.is_none()) {
        let Some(target) = plan.target(attempt.target) else { continue };
        let measured = |until: LastStage| {
            observations
                .experiments()
                .any(|(a, v)| a.target == attempt.target && a.path == attempt.path && *v == again(until))
        };
        let mut ask = |until: LastStage| {
            let variation = Some(again(until));
            let (target, path, purpose) = (attempt.target, attempt.path, Purpose::Experiment);
            for _ in 0..MEASURES {
                experiments.push(Experiment { target, path, purpose, variation: variation.clone() });
            }
        };
        let name = target.probed.as_str();
        if lookup_ms(attempt).is_some_and(is_slow)
            && !names.contains(&name)
            && names.len() < MEASURED
            && !measured(LastStage::Dns)
        {
            names.push(name);
            ask(LastStage::Dns);
        }
        if is_answer_slow(attempt) && requests < MEASURED && !measured(LastStage::Whole) {
            requests += 1;
            ask(LastStage::Whole);
        }
    }
    experiments
}

fn is_answer_slow(attempt: &Attempt) -> bool {
    attempt.http.last().is_some_and(|h| h.outcome == HttpOutcome::Answered)
        && first_byte_beyond(attempt).is_some_and(is_slow)
}

/// The same walk again, as far as this stage.
fn again(until: LastStage) -> Variation {
    Variation { until, ..Variation::default() }
}
