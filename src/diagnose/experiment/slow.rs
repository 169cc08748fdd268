//! What works, but slowly: the median of three measures, made only after a slow first.

use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Walk};
use crate::diagnose::finding::Code;
use crate::observation::{Attempt, HttpOutcome, Observations, Purpose, Variation};
use crate::plan::{Announcement, Experiment, Plan, Route, Sent};

/// More is slow, ms.
const SLOW_MS: f64 = 1000.0;

/// Measures beside the first.
const MEASURES: usize = 2;
/// Lookups, and requests, that are measured again in a run, at the most.
const MEASURED: usize = 24;

/// What is sent.
pub(crate) fn announce() -> Announcement {
    Announcement::new(
        Sent::Measures,
        "Twice more, what was slow the first time: a lookup, or a whole request.",
    )
    .with(["What was slow is measured twice more.".to_owned()])
}

/// Two more lookups of each name whose first was slow, and two more requests where the first byte
/// was. Lookups through a proxy are the proxy's.
pub(crate) fn wanted(plan: &Plan, observations: &Observations) -> Vec<Experiment> {
    let mut names: Vec<&str> = Vec::new();
    let mut experiments = Vec::new();
    let mut requests = 0;
    for attempt in observations.plain().filter(|a| a.purpose == Purpose::First && a.cut.is_none()) {
        let Some(target) = plan.target(attempt.target) else { continue };
        let measured = |again: &Variation| {
            observations
                .experiments()
                .any(|(a, v)| a.target == attempt.target && a.path == attempt.path && v == again)
        };
        let mut ask = |again: Variation| {
            let (target, path, purpose) = (attempt.target, attempt.path, Purpose::Experiment);
            for _ in 0..MEASURES {
                experiments.push(Experiment { target, path, purpose, variation: Some(again.clone()) });
            }
        };
        let name = target.probed.as_str();
        if lookup_ms(attempt).is_some_and(is_slow)
            && !names.contains(&name)
            && names.len() < MEASURED
            && !measured(&Variation::Lookup)
        {
            names.push(name);
            ask(Variation::Lookup);
        }
        if is_answer_slow(attempt) && requests < MEASURED && !measured(&Variation::Request) {
            requests += 1;
            ask(Variation::Request);
        }
    }
    experiments
}

fn is_answer_slow(attempt: &Attempt) -> bool {
    attempt.http.last().is_some_and(|h| h.outcome == HttpOutcome::Answered)
        && first_byte_beyond(attempt).is_some_and(is_slow)
}

/// Whether a time, in ms, is slow.
fn is_slow(ms: f64) -> bool {
    ms > SLOW_MS
}

/// The time of the host's own lookup; none where it gave nothing, or a proxy makes it.
fn lookup_ms(attempt: &Attempt) -> Option<f64> {
    let dns = attempt.dns.as_ref().filter(|_| attempt.route == Route::Direct)?;
    (!dns.addresses().is_empty()).then_some(dns.ms)
}

/// The time to the first byte of the answer beyond one round trip, which the connection took too.
/// None where a second socket gave the answer: the first may have lost a packet.
fn first_byte_beyond(attempt: &Attempt) -> Option<f64> {
    let http = attempt.http.last().filter(|h| !h.confirm && h.outcome != HttpOutcome::Abandoned)?;
    let trip = attempt.connection().map_or(0.0, |t| t.ms);
    Some((http.first_byte_ms? - trip).max(0.0))
}

/// Puts `dns/slow` and `http/slow` on a walk that nothing blocks.
pub(crate) fn read(view: &View<'_>, walk: &mut Walk) {
    let of_path = |again: Variation| {
        view.context
            .observations
            .experiments()
            .filter(move |(a, v)| {
                let same_name = again == Variation::Lookup
                    && view.context.plan.target(a.target).is_some_and(|t| t.probed == view.target.probed);
                let same_path = a.target == view.attempt.target && a.path == view.attempt.path;
                **v == again && (same_path || same_name)
            })
            .map(|(a, _)| a)
    };
    if let Some(first) = lookup_ms(view.attempt).filter(|ms| is_slow(*ms))
        && let Some(median) = median(first, of_path(Variation::Lookup).filter_map(lookup_ms))
    {
        let line = format!("three lookups of {}: the middle one took {median:.0} ms", view.target.probed);
        let resolvers: Vec<String> =
            view.context.observations.device.resolvers.iter().map(|r| r.ip().to_string()).collect();
        walk.push(
            Draft::new(Code::DnsSlow, line)
                .proven()
                .fact("ms", median.round())
                .fact("resolver", resolvers.join(" and ")),
        );
    }
    if let Some(first) = first_byte_beyond(view.attempt).filter(|ms| is_slow(*ms))
        && let Some(median) = median(first, of_path(Variation::Request).filter_map(first_byte_beyond))
    {
        let line = format!(
            "three requests: the middle one waited {median:.0} ms for the first byte, beyond one round trip"
        );
        let found = Draft::new(Code::HttpSlow, line).proven().fact("ms", median.round()).fact(
            "slow",
            format!("the first byte takes {median:.0} ms beyond one round trip, the middle of three"),
        );
        walk.push(found.key(crate::diagnose::operator::operator(view.target, view.context.services)));
    }
}

/// The median of the first and two more, where it is slow.
fn median(first: f64, more: impl Iterator<Item = f64>) -> Option<f64> {
    let mut all: Vec<f64> = std::iter::once(first).chain(more.take(2)).collect();
    if all.len() < 3 {
        return None;
    }
    all.sort_by(f64::total_cmp);
    all.get(1).copied().filter(|ms| is_slow(*ms))
}
