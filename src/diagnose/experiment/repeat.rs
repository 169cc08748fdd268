//! Once more, what may have been a moment's accident.

use crate::diagnose::context::Context;
use crate::diagnose::evidence::Walk;
use crate::diagnose::experiment::{burst, handshake};
use crate::diagnose::finding::{Code, Verdict};
use crate::observation::{
    Attempt, HttpOutcome, Lookup, Observations, ProxyOutcome, Purpose, TcpOutcome, TlsOutcome,
};
use crate::plan::{Announcement, Experiment, Plan, Sent};

/// What is sent.
pub(crate) fn announce() -> Announcement {
    Announcement::new(
        Sent::Repeats,
        "What failed at once, or fell silent once the connection stood, once more after the first wave; names, \
         connections and tunnels that a limit for one client may have held up, a few a second. A stage that fails is \
         tried with a second socket inside its own budget.",
    )
    .with(["An attempt that fails is made a second time before it is reported, and a third time where a handshake was \
            broken off twice and no comparison explains it."
        .to_owned()])
}

/// Once more, each path that failed at once (a refusal, a reset, an answer of the resolver may be a
/// moment's accident) and each whose handshake or request got no answer although the connection
/// stood. And each path that has no attempt at all. Never a path twice, but where a handshake was broken off both times
/// and no experiment explains it; and none of `paced`, which are tried again slowly, or that the same limit may hold
/// up: what comes of those decides.
pub(crate) fn wanted(plan: &Plan, observations: &Observations, paced: &[Experiment]) -> Vec<Experiment> {
    let stage = observations.stage_timeout_ms as f64;
    let mut experiments = Vec::new();
    let waiting = burst::Waiting::new(observations, paced);
    for target in &plan.targets {
        for path in 0..target.paths.len() {
            let mut tries = observations.tries(target.id, path);
            let once_more = |purpose| Experiment { target: target.id, path, purpose, variation: None };
            match (tries.next(), tries.next(), tries.next()) {
                (None, ..) => experiments.push(once_more(Purpose::First)),
                (Some(only), None, _) if only.purpose == Purpose::First && only.cut.is_none() => {
                    let again = failed_at_once(only, stage / 2.0) || went_silent(only, stage);
                    if again && !waiting.takes(observations, target.id, path) {
                        experiments.push(once_more(Purpose::Repeat));
                    }
                }
                (Some(first), Some(second), None) if second.purpose == Purpose::Repeat => {
                    let unexplained = |a| handshake::explain_nothing(observations, a);
                    if [first, second].into_iter().all(unexplained) {
                        experiments.push(once_more(Purpose::Repeat));
                    }
                }
                _ => {}
            }
        }
    }
    experiments
}

/// The connection stood, and then nothing came: the packet that was lost may have been ours.
fn went_silent(attempt: &Attempt, stage: f64) -> bool {
    if let Some(http) = attempt.http.last() {
        return matches!(http.outcome, HttpOutcome::Timeout | HttpOutcome::BodyTimeout);
    }
    attempt.tls.last().is_some_and(|t| t.outcome == TlsOutcome::Timeout)
        || attempt.tls.is_empty()
            // A proxy was waited for longer than any stage.
            && attempt.proxy.as_ref().is_some_and(|p| p.outcome == ProxyOutcome::Timeout && p.ms <= stage)
}

/// Whether the attempt ended by an answer, within half a stage, that is not the service's.
fn failed_at_once(attempt: &Attempt, half: f64) -> bool {
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

/// Says in the evidence that there was more than one try.
pub(crate) fn read(walk: &mut Walk, others: &[(Code, Verdict)], context: &Context<'_>) {
    let Some((code, verdict)) = others.iter().max_by_key(|(_, v)| *v).copied() else { return };
    let mine = walk.verdict(context.codes);
    let tries = others.len() + 1;
    if mine < verdict {
        walk.fact("tries", tries);
        walk.fact("failed_try", code.as_str());
        walk.proof.push(format!("on one of {tries} tries; another ended with {code}"));
    }
    for found in &mut walk.found {
        found.facts.insert("tries".into(), tries.into());
        if mine == Verdict::Blocked {
            let same = found.code == code;
            found.line.push_str(&if same {
                "; the same on a second try".to_owned()
            } else {
                format!("; on another try {code}")
            });
        }
    }
}
