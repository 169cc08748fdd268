//! What works, but slowly: the median of three measures, made only after a slow first.

use super::finding::Code;
use super::found::{Found, View, Walk};
use crate::observation::{Attempt, HttpOutcome, LastStage};
use crate::plan::Route;

/// More is slow, ms.
const SLOW_MS: f64 = 1000.0;

/// Whether a time, in ms, is slow.
pub(super) fn is_slow(ms: f64) -> bool {
    ms > SLOW_MS
}

/// The time of the host's own lookup; none where it gave nothing, or a proxy makes it.
pub(super) fn lookup_ms(attempt: &Attempt) -> Option<f64> {
    let dns = attempt.dns.as_ref().filter(|_| attempt.route == Route::Direct)?;
    (!dns.addresses().is_empty()).then_some(dns.ms)
}

/// The time to the first byte of the answer beyond one round trip, which the connection took too.
/// None where a second socket gave the answer: the first may have lost a packet.
pub(super) fn first_byte_beyond(attempt: &Attempt) -> Option<f64> {
    let http = attempt.http.last().filter(|h| !h.confirm && h.outcome != HttpOutcome::Abandoned)?;
    let trip = attempt.connection().map_or(0.0, |t| t.ms);
    Some((http.first_byte_ms? - trip).max(0.0))
}

/// Puts `dns/slow` and `http/slow` on a walk that nothing blocks.
pub(super) fn judge(view: &View<'_>, walk: &mut Walk) {
    let of_path = |until: LastStage| {
        view.context
            .observations
            .experiments()
            .filter(move |(a, v)| {
                let same_name = until == LastStage::Dns
                    && view.context.plan.target(a.target).is_some_and(|t| t.probed == view.target.probed);
                let same_path = a.target == view.attempt.target && a.path == view.attempt.path;
                v.until == until && **v == again(until) && (same_path || same_name)
            })
            .map(|(a, _)| a)
    };
    if let Some(first) = lookup_ms(view.attempt).filter(|ms| is_slow(*ms))
        && let Some(median) = median(first, of_path(LastStage::Dns).filter_map(lookup_ms))
    {
        let line = format!("three lookups of {}: the middle one took {median:.0} ms", view.target.probed);
        let resolvers: Vec<String> =
            view.context.observations.device.resolvers.iter().map(|r| r.ip().to_string()).collect();
        walk.push(
            Found::new(Code::DnsSlow, line)
                .proven()
                .fact("ms", median.round())
                .fact("resolver", resolvers.join(" and ")),
        );
    }
    if let Some(first) = first_byte_beyond(view.attempt).filter(|ms| is_slow(*ms))
        && let Some(median) = median(first, of_path(LastStage::Whole).filter_map(first_byte_beyond))
    {
        let line = format!(
            "three requests: the middle one waited {median:.0} ms for the first byte, beyond one round trip"
        );
        let found = Found::new(Code::HttpSlow, line).proven().fact("ms", median.round()).fact(
            "slow",
            format!("the first byte takes {median:.0} ms beyond one round trip, the middle of three"),
        );
        walk.push(found.key(super::world::operator(view.target, view.context.services)));
    }
}

fn again(until: LastStage) -> crate::observation::Variation {
    crate::observation::Variation { until, ..crate::observation::Variation::default() }
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
