//! The next experiments: what a run should try before it judges.

use crate::observation::{
    Attempt, HttpOutcome, Lookup, Observations, ProxyOutcome, Purpose, TcpOutcome, TlsOutcome,
};
use crate::plan::{Experiment, Plan};

/// What to try now: once more, each path that failed at once (a refusal, a reset, an answer of the
/// resolver may be a moment's accident, a full stage of silence was confirmed by a second socket),
/// and each path that has no attempt at all. Never a path twice, so at most one experiment for each
/// path of the plan; nothing once the run was stopped.
pub fn next(plan: &Plan, observations: &Observations) -> Vec<Experiment> {
    if observations.stopped.is_some() {
        return Vec::new();
    }
    let half = observations.stage_timeout_ms as f64 / 2.0;
    let mut experiments = Vec::new();
    for target in &plan.targets {
        for path in 0..target.paths.len() {
            let mut tries = observations.plain().filter(|a| a.target == target.id && a.path == path);
            let purpose = match (tries.next(), tries.next()) {
                (None, _) => Purpose::First,
                (Some(only), None) if only.purpose == Purpose::First && failed_at_once(only, half) => {
                    Purpose::Repeat
                }
                _ => continue,
            };
            experiments.push(Experiment { target: target.id, path, purpose, variation: None });
        }
    }
    experiments.extend(super::detour::next(plan, observations));
    experiments
}

/// Whether the attempt ended by an answer, within half a stage, that is not the service's.
fn failed_at_once(attempt: &Attempt, half: f64) -> bool {
    if attempt.cut.is_some() {
        return false;
    }
    if let Some(http) = attempt.http.last() {
        let passing = matches!(http.status, Some(500..=599));
        let broken = matches!(
            http.outcome,
            HttpOutcome::Reset
                | HttpOutcome::Closed
                | HttpOutcome::Alert { .. }
                | HttpOutcome::StreamReset { .. }
                | HttpOutcome::Malformed { .. }
        );
        return http.ms < half && (passing || broken);
    }
    if let Some(tls) = attempt.tls.last() {
        let answered =
            !matches!(tls.outcome, TlsOutcome::Completed | TlsOutcome::Timeout | TlsOutcome::Abandoned);
        return answered && tls.ms < half;
    }
    if let Some(proxy) = &attempt.proxy {
        let passing = match &proxy.outcome {
            ProxyOutcome::Status { status } => *status >= 500,
            ProxyOutcome::Reset | ProxyOutcome::Closed | ProxyOutcome::NotHttp | ProxyOutcome::Tls { .. } => {
                true
            }
            ProxyOutcome::Tunnel | ProxyOutcome::Timeout => false,
        };
        return passing && proxy.ms < half;
    }
    if !attempt.tcp.is_empty() {
        let connected = attempt.tcp.iter().any(|t| t.outcome == TcpOutcome::Connected);
        let silent = attempt.tcp.iter().any(|t| t.outcome == TcpOutcome::Timeout);
        let told = attempt.tcp.iter().any(|t| t.outcome != TcpOutcome::Abandoned);
        return !connected && !silent && told && attempt.tcp.iter().all(|t| t.ms < half);
    }
    attempt.dns.as_ref().is_some_and(|dns| {
        let failed = !matches!(&dns.system, Lookup::Addresses { addresses } if !addresses.is_empty());
        failed && dns.system != Lookup::Timeout && dns.ms < half
    })
}
