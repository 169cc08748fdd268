//! Silence that was met apart from the burst of the first wave: the second connection to what is silent waits for its turn,
//! and shows what a slow try would.

use std::collections::BTreeSet;

use super::burst::{SAMPLE, is_loopback};
use crate::diagnose::line::{LOST_PACKET_MS, Line};
use crate::diagnose::operator::site;
use crate::observation::{Attempt, Observations, Purpose, Tcp, TcpOutcome, Variation};
use crate::plan::{Experiment, Route, Target};

/// A connection that was silent for so long, ms, and a round trip, had two packets: systems send the first again after a
/// second (RFC 6298).
const TWO_PACKETS_MS: f64 = 1_000.0;
/// What began so long, ms, before or after another was no part of a burst.
const APART_MS: u64 = 100;
/// The same for what other connections of the first wave may have been too much for.
const CALM_MS: u64 = 500;

/// Whether the silence of these paths was met apart from the burst already, by as many as would stand for all: a second
/// connection, for two packets, when nothing else began. Then the burst was not too much, unless it still shuts out
/// this device as a whole.
pub(crate) fn are_silent(observations: &Observations, open: &[(&Target, usize)]) -> bool {
    let line = Line::observe(observations, BTreeSet::new());
    if line.is_late() || line.loses_packets() || observations.plain().any(needed_a_second) {
        return false;
    }
    let least = TWO_PACKETS_MS + line.round_trip();
    let begun: Vec<(u32, bool, u64)> =
        observations.plain().flat_map(|a| a.tcp.iter().map(|t| (a.target, t.confirm, t.at_ms))).collect();
    let is_apart = |target: u32, second: &Tcp| {
        let end = second.at_ms.saturating_add(second.ms as u64);
        begun.iter().filter(|(other, ..)| *other != target).all(|(_, confirm, at)| match confirm {
            true => at.abs_diff(second.at_ms) >= APART_MS,
            false => *at >= end || at.saturating_add(CALM_MS) <= second.at_ms,
        })
    };
    let mut apart = BTreeSet::new();
    for (target, path) in open {
        let mut tries = observations.tries(target.id, *path);
        let (Some(only), None) = (tries.next(), tries.next()) else { return false };
        if !only.tcp.iter().all(|t| matches!(t.outcome, TcpOutcome::Timeout | TcpOutcome::Abandoned)) {
            return false;
        }
        let seconds = || only.tcp.iter().filter(|t| t.confirm && t.outcome == TcpOutcome::Timeout);
        if seconds().next().is_some() && seconds().all(|t| t.ms >= least && is_apart(target.id, t)) {
            apart.insert((site(&target.probed), target.id));
        }
    }
    let sites = |all: BTreeSet<String>| all.len().min(SAMPLE);
    let all = sites(open.iter().map(|(target, _)| site(&target.probed)).collect());
    let shown = sites(apart.iter().map(|(site, _)| site.clone()).collect());
    apart.len() >= open.len().min(SAMPLE) && shown >= all
}

/// A connection stood where another to the same end, made before, was silent.
fn needed_a_second(attempt: &Attempt) -> bool {
    let stood = |end| attempt.tcp.iter().any(|t| t.remote == end && t.outcome == TcpOutcome::Connected);
    attempt.tcp.iter().filter(|t| is_silent_so_far(t)).any(|t| stood(t.remote))
}

/// A connection that was given up for another, and had lost a packet by then.
pub(crate) fn is_silent_so_far(tcp: &Tcp) -> bool {
    tcp.outcome == TcpOutcome::Abandoned && tcp.ms >= LOST_PACKET_MS
}

/// What one more connection to a host that was reached showed.
pub(crate) enum Witness {
    /// It is to be made.
    Open(Box<Experiment>),
    /// It stood at once: nothing shuts out this device.
    Reached,
    /// It did not, or no host was reached.
    Silent,
}

pub(crate) fn witness(observations: &Observations) -> Witness {
    let first = observations
        .plain()
        .filter(|a| a.purpose == Purpose::First && a.route == Route::Direct && a.cut.is_none())
        .filter_map(|a| Some((a, a.connection()?)))
        .find(|(_, t)| !is_loopback(t) && t.ms < LOST_PACKET_MS);
    let Some((reached, connection)) = first else { return Witness::Silent };
    let again = Variation::Address { address: connection.remote.ip() };
    match observations.experiments().find(|(a, v)| a.target == reached.target && **v == again) {
        None => Witness::Open(Box::new(Experiment {
            target: reached.target,
            path: reached.path,
            purpose: Purpose::Experiment,
            variation: Some(again),
        })),
        Some((a, _)) if a.connection().is_some_and(|t| t.ms < LOST_PACKET_MS) => Witness::Reached,
        Some(_) => Witness::Silent,
    }
}
