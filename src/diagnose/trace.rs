//! Path traces: which hosts to trace, and what the steps of a trace say of where on the path something is stopped.
//!
//! A hop throws a packet away when its limit is used up, before it passes it on. So a packet with the limit *n* has
//! passed hop *n* − 1 and no other: what stops it at *n* and not at *n* − 1 is hop *n* − 1 as it passes the packet on,
//! or stands directly behind it.

use std::net::{IpAddr, SocketAddr};

use super::finding::{Cause, Certainty, Code, Hop, HostJudgement, NotTested, Owner, TracedPath, Verdict};
use super::finding::{Halt, Halted, Halts};
use super::wording::shown;
use crate::contract::{Severity, Stage};
use crate::observation::{Observations, Step, StepOutcome, TcpOutcome, Trace};
use crate::plan::trace::{MOST_HOSTS, TraceJob, Untraced, Wanted, is_named};
use crate::plan::{Plan, Route, Target};

/// The hosts to trace: those that are named, and of every cause that blocks one that it blocks, at the addresses that
/// were tried before.
pub fn traces(
    plan: &Plan,
    observations: &Observations,
    causes: &[Cause],
    hosts: &[HostJudgement],
    wanted: &Wanted,
) -> Vec<TraceJob> {
    let mut jobs: Vec<TraceJob> = Vec::new();
    for name in &wanted.hosts {
        for target in plan.targets.iter().filter(|t| is_named(t, name)) {
            if !jobs.iter().any(|j| j.target == target.id) {
                jobs.push(job(target, observations, hosts, true));
            }
        }
    }
    let is_blocked = |id: &u32| hosts.iter().any(|h| h.target == *id && h.verdict == Verdict::Blocked);
    for cause in causes.iter().filter(|c| wanted.causes && c.finding.severity == Severity::Error) {
        let blocked: Vec<&Target> =
            cause.hosts.iter().filter(|id| is_blocked(id)).filter_map(|id| plan.target(*id)).collect();
        if blocked.iter().any(|t| jobs.iter().any(|j| j.target == t.id)) {
            continue;
        }
        let all: Vec<TraceJob> = blocked.iter().map(|t| job(t, observations, hosts, false)).collect();
        jobs.extend(all.iter().find(|j| j.to.is_ok()).or(all.first()).cloned());
    }
    let mut traced = 0;
    for job in &mut jobs {
        traced += usize::from(job.to.is_ok());
        if traced > MOST_HOSTS && job.to.is_ok() {
            job.to = Err(Untraced::TooMany);
        }
    }
    jobs
}

fn job(target: &Target, observations: &Observations, hosts: &[HostJudgement], named: bool) -> TraceJob {
    let direct = target.paths.iter().position(|p| p.route == Route::Direct);
    let path = direct.unwrap_or(0);
    let remotes = remotes(target, path, observations);
    let to = match (direct, remotes.first()) {
        _ if target.paths.is_empty() => Err(Untraced::NotProbed),
        (None, _) => Err(Untraced::Proxy),
        _ if observations.stopped.is_some() => Err(Untraced::Stopped),
        (_, None) => Err(Untraced::NoAddress),
        (_, Some(remote)) if remote.ip().to_canonical().is_loopback() => Err(Untraced::Device),
        (_, Some(remote)) => Ok(*remote),
    };
    let transport = target.transport();
    let by_size = |h: &HostJudgement| matches!(h.finding.code, Code::TlsHelloSize | Code::TlsPathMtu);
    TraceJob {
        target: target.id,
        path,
        named,
        name: transport.has_tls().then(|| target.probed.clone()),
        small: !hosts.iter().any(|h| h.target == target.id && by_size(h)),
        grpc: transport.is_grpc(),
        connects: observations.tries(target.id, path).any(|a| a.connection().is_some()),
        to,
    }
}

/// The addresses that were dialled, the one that tells most first: where a handshake was tried, where a connection
/// stood, where one was tried.
fn remotes(target: &Target, path: usize, observations: &Observations) -> Vec<SocketAddr> {
    let tries = || observations.tries(target.id, path);
    let sent = |o: &TcpOutcome| !matches!(o, TcpOutcome::NotDialled { .. });
    tries()
        .filter_map(|a| a.handshake().map(|t| t.remote))
        .chain(tries().filter_map(|a| a.connection().map(|t| t.remote)))
        .chain(tries().flat_map(|a| &a.tcp).filter(|t| sent(&t.outcome)).map(|t| t.remote))
        .collect()
}

/// What every trace of a run says.
pub(super) fn judge(plan: &Plan, observations: &Observations) -> Vec<TracedPath> {
    let known = |t: &&Trace| plan.target(t.target).is_some();
    observations.traces.iter().filter(known).map(path).collect()
}

/// What one trace says.
fn path(trace: &Trace) -> TracedPath {
    let hops = hops(trace);
    let distance = lowest(&trace.connections, |o| *o == StepOutcome::Answered).map(|s| s.ttl);
    let halted = match distance {
        None => connection(trace, &hops),
        Some(distance) => hello(trace, distance, &hops),
    };
    let mut traced = TracedPath {
        target: trace.target,
        named: trace.named,
        address: trace.remote,
        untraced: trace.untraced,
        hops,
        distance,
        halted,
        text: String::new(),
    };
    traced.text = text(&traced, trace);
    traced
}

/// The hops that said who they are, each by its number, up to the last that said anything or the end.
fn hops(trace: &Trace) -> Vec<Hop> {
    let expired = |s: &&Step| s.outcome == StepOutcome::Expired;
    let last = trace.connections.iter().chain(&trace.hellos).filter(expired).map(|s| s.ttl).max();
    let mut hops: Vec<Hop> =
        (1..=last.unwrap_or(0)).map(|hop| Hop { hop, address: None, answered: false }).collect();
    for step in trace.connections.iter().chain(&trace.hellos).filter(expired) {
        if let Some(hop) = hops.get_mut(usize::from(step.ttl.saturating_sub(1))) {
            hop.answered = true;
            hop.address = hop.address.or_else(|| step.icmp.and_then(|icmp| icmp.from));
        }
    }
    hops
}

/// The step with the lowest limit of those that ended so.
fn lowest(steps: &[Step], wanted: impl Fn(&StepOutcome) -> bool) -> Option<&Step> {
    steps.iter().filter(|s| wanted(&s.outcome)).min_by_key(|s| s.ttl)
}

fn address_of(hops: &[Hop], number: u8) -> Option<IpAddr> {
    hops.iter().find(|h| h.hop == number).and_then(|h| h.address)
}

/// Where connections are stopped, none of which was answered.
fn connection(trace: &Trace, hops: &[Hop]) -> Option<Halted> {
    let halted =
        |how, hop, address, confidence| Halted { what: Halts::Connection, how, hop, address, confidence };
    let told = |o: &StepOutcome| matches!(o, StepOutcome::Refused | StepOutcome::Unreachable);
    if let Some(step) = lowest(&trace.connections, told) {
        let before = step.ttl.saturating_sub(1);
        if step.outcome == StepOutcome::Refused {
            return Some(halted(Halt::Refused, before, address_of(hops, before), Certainty::Likely));
        }
        // Without the message it may as well be a hop that throws the packet away.
        let icmp = step.icmp?;
        if icmp.own {
            return Some(halted(Halt::Icmp, 0, icmp.from, Certainty::Proven));
        }
        let same = icmp.from.and_then(|from| hops.iter().find(|h| h.address == Some(from)));
        return Some(match same {
            Some(hop) => halted(Halt::Icmp, hop.hop, hop.address, Certainty::Proven),
            None => halted(Halt::Icmp, before, icmp.from, Certainty::Likely),
        });
    }
    if trace.connections.iter().any(|s| s.outcome != StepOutcome::Silent && s.outcome != StepOutcome::Expired)
    {
        return None;
    }
    // A hop that says nothing may stand on any path: what drops the connection may be farther on.
    let last = hops.last()?;
    Some(halted(Halt::Silence, last.hop, last.address, Certainty::Likely))
}

/// Where the ClientHello is stopped, on connections that are answered at `distance`.
fn hello(trace: &Trace, distance: u8, hops: &[Hop]) -> Option<Halted> {
    let how = |o: &StepOutcome| match o {
        StepOutcome::Reset => Some(Halt::Reset),
        StepOutcome::Closed => Some(Halt::Closed),
        StepOutcome::Alert => Some(Halt::Alert),
        StepOutcome::NotTls | StepOutcome::Answered => Some(Halt::Answer),
        _ => None,
    };
    let halted =
        |how, hop, address, confidence| Some(Halted { what: Halts::Hello, how, hop, address, confidence });
    if let Some(step) = lowest(&trace.hellos, |o| how(o).is_some()) {
        let found = how(&step.outcome)?;
        if step.ttl < distance {
            let before = step.ttl.saturating_sub(1);
            return halted(found, before, address_of(hops, before), Certainty::Proven);
        }
        // The end of the connection gives it, or what stands directly before that.
        return match found {
            Halt::Answer => None,
            found => halted(found, distance, trace.remote.map(|r| r.ip()), Certainty::Likely),
        };
    }
    // Of one in two packets the first may go on where the second is stopped.
    if !trace.small_hello
        || !trace.hellos.iter().any(|s| s.ttl >= distance && s.outcome == StepOutcome::Silent)
    {
        return None;
    }
    let expired = |s: &&Step| s.outcome == StepOutcome::Expired;
    let last = trace.hellos.iter().filter(expired).map(|s| s.ttl).max()?;
    halted(Halt::Silence, last, address_of(hops, last), Certainty::Likely)
}

/// A hop in a sentence: `hop 2 of 4 (192.0.2.1)`.
fn place(halted: &Halted, distance: Option<u8>) -> String {
    let of = distance.map(|d| format!(" of {d}")).unwrap_or_default();
    let address = halted.address.map(|a| format!(" ({a})")).unwrap_or_default();
    format!("hop {}{of}{address}", halted.hop)
}

/// The sentence on one trace.
fn text(path: &TracedPath, trace: &Trace) -> String {
    if let Some(untraced) = path.untraced {
        return format!("Not traced: {}.", why(untraced));
    }
    let ends = |d: u8| format!("Connections are answered at hop {d}");
    let Some(halted) = &path.halted else {
        let cut = if trace.cut.is_some() { " The trace was ended before it was complete." } else { "" };
        return match path.distance {
            Some(d) if trace.hellos.iter().any(|s| s.outcome == StepOutcome::Answered) => {
                format!("{}, and so is the ClientHello.{cut}", ends(d))
            }
            Some(d) => format!("{}.{cut}", ends(d)),
            None if trace.connections.iter().all(|s| s.outcome == StepOutcome::Silent) => {
                format!("No hop answers, and neither does the host.{cut}")
            }
            None => format!("No connection was answered; where they end cannot be told.{cut}"),
        };
    };
    let place = place(halted, path.distance);
    let start = halted.hop == 0;
    match (halted.what, halted.how) {
        (Halts::Connection, Halt::Icmp) if start => "This device itself rejects the connection.".to_owned(),
        (Halts::Connection, Halt::Icmp) if halted.confidence == Certainty::Proven => {
            format!("The connection is rejected with an ICMP message by {place}.")
        }
        (Halts::Connection, Halt::Icmp) => {
            format!("The connection is rejected with an ICMP message behind hop {}, by {}.", halted.hop, sender(halted))
        }
        (Halts::Connection, Halt::Refused) if start => {
            "The connection is refused before the first hop passes it on: on this device, in its own network, or by the \
             first hop."
                .to_owned()
        }
        (Halts::Connection, Halt::Refused) => {
            format!("The connection is refused at {place} or directly behind it.")
        }
        (Halts::Connection, _) => format!(
            "The connection gets as far as {place}, the last that answers: what drops it is that hop or stands behind it."
        ),
        (Halts::Hello, Halt::Silence) => {
            let beyond = path.hops.iter().any(|h| h.hop > halted.hop && h.answered);
            let though = if beyond { ", although hops behind it answer other packets" } else { "" };
            format!(
                "The ClientHello gets as far as {place}{though}: what drops it is that hop or stands behind it."
            )
        }
        (Halts::Hello, how) => {
            let what = match how {
                Halt::Alert => "is answered with a TLS alert",
                Halt::Closed => "is answered with the end of the connection",
                Halt::Answer => "is answered in the server's place",
                _ => "is reset",
            };
            match path.distance {
                Some(d) if halted.hop >= d => format!(
                    "The ClientHello {what} at hop {d}, where connections are answered too: by the server, by what ends \
                     connections in its place, or directly before it."
                ),
                _ if start => format!(
                    "The ClientHello {what} before the first hop passes it on: on this device, in its own network, or by \
                     the first hop."
                ),
                _ => format!(
                    "The ClientHello {what} at {place} or directly behind it; connections are answered farther on, so this is \
                     done on the path."
                ),
            }
        }
    }
}

fn sender(halted: &Halted) -> String {
    halted.address.map_or_else(|| "an unknown sender".to_owned(), |a| a.to_string())
}

/// Why a host was not traced, after its name.
const fn why(untraced: Untraced) -> &'static str {
    match untraced {
        Untraced::Proxy => "it is reached through a proxy, and the way beyond it cannot be seen from here",
        Untraced::NoAddress => "its name gave no address that was dialled",
        Untraced::NotProbed => "nothing is sent to it",
        Untraced::Device => "it is this device",
        Untraced::Stopped => "the run ended first",
        Untraced::TooMany => "enough hosts were traced before it",
    }
}

/// The stage whose finding a halt explains.
const fn explains(what: Halts) -> Stage {
    match what {
        Halts::Connection => Stage::Tcp,
        Halts::Hello => Stage::Tls,
    }
}

/// Codes that say that something ends the handshake, and leave open whether the server does.
const fn is_ended(code: Code) -> bool {
    matches!(code, Code::TlsSniReset | Code::TlsReset | Code::TlsAlert | Code::TlsClosed)
}

/// Puts what the traces say into the evidence of the findings that they explain, and of their causes.
pub(super) fn stand_beside(
    plan: &Plan,
    paths: &[TracedPath],
    hosts: &mut [HostJudgement],
    causes: &mut [Cause],
) {
    for path in paths {
        let Some(host) = hosts.iter_mut().find(|h| h.target == path.target) else { continue };
        if host.verdict != Verdict::Blocked || path.distance.is_none() && path.halted.is_none() {
            continue;
        }
        let stage = host.finding.code.as_str().split('/').next().unwrap_or_default();
        let halted = path.halted.as_ref().filter(|h| explains(h.what).as_str() == stage);
        let code = host.finding.code;
        if halted.is_none() && !matches!(stage, "tls" | "http") {
            continue;
        }
        let proven = halted
            .is_some_and(|h| h.confidence == Certainty::Proven && h.what == Halts::Hello && is_ended(code))
            && host.finding.owner == Owner::Firewall;
        let name = plan.target(path.target).map(shown).unwrap_or_default();
        for finding in std::iter::once(&mut host.finding).chain(
            causes
                .iter_mut()
                .filter(|c| c.hosts.contains(&path.target) && c.finding.code == code)
                .map(|c| &mut c.finding),
        ) {
            let facts = &mut finding.evidence.facts;
            if let Some(distance) = path.distance {
                facts.insert("distance".into(), distance.into());
            }
            if let Some(halted) = halted {
                facts.insert("hop".into(), halted.hop.into());
                if let Some(address) = halted.address {
                    facts.insert("hop_address".into(), address.to_string().into());
                }
            }
            let line = &mut finding.evidence.line;
            let separator = if line.is_empty() { "" } else { ". " };
            *line = format!("{}{separator}Path to {name}: {}", line.trim_end_matches('.'), path.text);
            if proven {
                finding.confidence = Certainty::Proven;
            }
        }
    }
}

/// What of the traces was not made.
pub(super) fn not_tested(plan: &Plan, observations: &Observations) -> Vec<NotTested> {
    let mut all: Vec<NotTested> = Vec::new();
    let mut say = |text: String| all.push(NotTested { id: "trace".into(), text });
    let host = |trace: &Trace| plan.target(trace.target).map(shown).unwrap_or_default();
    for trace in &observations.traces {
        if let Some(untraced) = trace.untraced {
            say(format!("The path to {}: {}.", host(trace), why(untraced)));
        } else if trace.cut.is_some() {
            say(format!("The whole path to {}: the trace was ended before it was complete.", host(trace)));
        }
    }
    if observations.traces.iter().any(|t| t.untraced.is_none() && !t.senders) {
        say("The addresses of hops: this operating system does not tell who sent an ICMP message. Hops are counted \
             without addresses, and one that drops packets is not told from one that only says nothing."
            .into());
    }
    all
}
