//! What the check itself may have silenced: it asks for dozens of names, connections and tunnels within a
//! second, and a resolver, a firewall or a proxy may limit what one client gets. Where some got through and
//! others did not, those are tried again a few a second, before anybody is blamed.

use std::collections::BTreeSet;

use super::super::evidence::{Draft, Walk};
use super::super::finding::{Certainty, Code, Owner, Verdict};
use super::apart::{self, Witness};
use crate::contract::endpoint::authority;
use crate::diagnose::context::Context;
use crate::diagnose::line::{LOST_PACKET_MS, Line};
use crate::diagnose::operator::site;
use crate::observation::{
    Attempt, Dns, DnsAnswer, HttpOutcome, Lookup, LookupFailure, Observations, Proxy, ProxyOutcome, Purpose,
    Tcp, TcpOutcome, TlsOutcome,
};
use crate::plan::{Experiment, Plan, Route, Target};
use crate::rules::codes::Codes;

/// Paths that are tried again for one limit, at the most: at five a second and faster, what fits a run.
const MOST: usize = 60;
/// So many stand for all where nothing in the run speaks for a limit.
pub(crate) const SAMPLE: usize = 6;
/// Fewer hosts that got through late are a moment's accident, and no limit.
const SIGNS: usize = 3;

/// Whose limit the check may have met.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Limit {
    /// The resolver's, in questions.
    Lookups,
    /// A firewall's, in new connections.
    Connections,
    /// That of the line itself, which the check fills: what was sent at once came too late.
    Line,
    /// That of a proxy (`host:port`), in tunnels: it turns away what is too much.
    Tunnels(String),
    /// The same of one that lets what is too much wait for its turn.
    Queue(String),
}

impl Limit {
    /// What it limits, in words.
    fn words(&self) -> &'static str {
        match self {
            Self::Lookups => "the resolver answers only so many questions of one device a second",
            Self::Connections => {
                "a firewall lets only so many new connections of one device a second through"
            }
            Self::Line => "the line is slow, and what was asked at once came too late",
            Self::Tunnels(_) => "the proxy opens only so many tunnels of one device at a time",
            Self::Queue(_) => "the proxy lets the tunnels of one device wait for one another",
        }
    }
}

/// What of an attempt a limit may have silenced; none where it ended in another way.
fn silenced(attempt: &Attempt, codes: Option<&Codes>) -> Option<Limit> {
    if let Route::Proxy { host, port, .. } = &attempt.route {
        let limit = Limit::Tunnels(authority(host, *port));
        let Some(proxy) = &attempt.proxy else {
            // The same proxy, whose name was found.
            return (!attempt.tcp.is_empty() && attempt.connection().is_none()).then_some(limit);
        };
        let refused = match &proxy.outcome {
            ProxyOutcome::Status { status } => {
                let known = codes.and_then(|c| c.proxy_reason(&proxy.headers));
                let is_limit = *status == 429 || *status >= 500 || names_rate(proxy);
                is_limit && known.is_none_or(|reason| reason.limit)
            }
            ProxyOutcome::Reset | ProxyOutcome::Closed => true,
            ProxyOutcome::Timeout => return Some(Limit::Queue(authority(host, *port))),
            _ => false,
        };
        return refused.then_some(limit);
    }
    if attempt.connection().is_some() {
        return (!attempt.tcp.is_empty() && went_silent(attempt)).then_some(Limit::Line);
    }
    if !attempt.tcp.is_empty() {
        let by_device = attempt
            .tcp
            .iter()
            .any(|t| t.outcome == TcpOutcome::Denied || t.icmp.is_some_and(|i| i.own) || is_loopback(t));
        let held = !by_device && attempt.tcp.iter().any(is_turned_away);
        return (attempt.connection().is_none() && held).then_some(Limit::Connections);
    }
    let failed = attempt.dns.as_ref()?.failure()?;
    let quiet = match failed {
        LookupFailure::Unanswered | LookupFailure::OfSystem(_) => true,
        // What servers say that will not do more for this client now.
        LookupFailure::Denied(query) => is_refusal(&query.answer),
        LookupFailure::Empty => false,
    };
    quiet.then_some(Limit::Lookups)
}

/// What a server says that will not answer this client, now or ever.
fn is_refusal(answer: &DnsAnswer) -> bool {
    matches!(answer, DnsAnswer::Refused | DnsAnswer::ServFail | DnsAnswer::Code { .. })
}

/// One kind of address was answered, and the other was one question too many, or lost: the system knows nothing then.
fn is_half_answered(dns: &Dns) -> bool {
    let is_open = |answer: &DnsAnswer| is_refusal(answer) || *answer == DnsAnswer::Timeout;
    matches!(dns.failure(), Some(LookupFailure::OfSystem(_)))
        && dns.direct.iter().any(|query| is_open(&query.answer))
}

/// What a firewall does to a connection that is one too many: it drops its first packet, resets it, or says by
/// ICMP that it is prohibited.
pub(crate) fn is_turned_away(tcp: &Tcp) -> bool {
    match tcp.outcome {
        TcpOutcome::Timeout | TcpOutcome::Refused => true,
        TcpOutcome::HostUnreachable | TcpOutcome::NetworkUnreachable => tcp.icmp.is_some(),
        _ => false,
    }
}

pub(crate) fn is_loopback(tcp: &Tcp) -> bool {
    tcp.remote.ip().to_canonical().is_loopback()
}

/// The connection stood, and then nothing more came in time.
fn went_silent(attempt: &Attempt) -> bool {
    match attempt.http.last() {
        Some(http) => matches!(http.outcome, HttpOutcome::Timeout | HttpOutcome::BodyTimeout),
        None => attempt.tls.last().is_some_and(|t| t.outcome == TlsOutcome::Timeout),
    }
}

/// Whether an attempt got past the place where this limit holds others up.
fn passed(attempt: &Attempt, limit: &Limit) -> bool {
    match (limit, &attempt.route) {
        (Limit::Lookups, Route::Direct) => {
            attempt.dns.as_ref().is_some_and(|d| d.is_known() && !is_half_answered(d))
        }
        (Limit::Connections, Route::Direct) => {
            attempt.tcp.iter().any(|t| t.outcome == TcpOutcome::Connected && !is_loopback(t))
        }
        (Limit::Line, Route::Direct) => match attempt.http.last() {
            Some(http) => http.outcome == HttpOutcome::Answered,
            None => attempt.tls.last().is_some_and(|t| t.outcome == TlsOutcome::Completed),
        },
        (Limit::Tunnels(proxy) | Limit::Queue(proxy), Route::Proxy { host, port, .. }) => {
            authority(host, *port) == *proxy
                && attempt.proxy.as_ref().is_some_and(|p| p.outcome == ProxyOutcome::Tunnel)
        }
        _ => false,
    }
}

/// Something that got through in this run needed a second packet, question or socket: the limit lets a few
/// through at a time, or packets are lost.
fn unsteady(observations: &Observations, limit: &Limit) -> bool {
    observations.plain().any(|a| match limit {
        Limit::Lookups => {
            a.route == Route::Direct
                && a.dns.as_ref().is_some_and(|d| d.system == Lookup::Timeout && d.is_known())
        }
        Limit::Connections => {
            let tcp = a.tcp.iter().any(|t| {
                let second = t.ms >= LOST_PACKET_MS || a.tls.is_empty() && t.confirm;
                t.outcome == TcpOutcome::Connected && second
            });
            tcp || a.tls.last().is_some_and(|t| t.confirm) || a.http.last().is_some_and(|h| h.confirm)
        }
        Limit::Line | Limit::Tunnels(_) | Limit::Queue(_) => true,
    })
}

/// A proxy opened one tunnel after another: most of those that it opened had to wait, and for longer the more
/// there were. A proxy that takes long for each of them is slow, and one that is silent for one host has met that.
fn is_queue(observations: &Observations, limit: &Limit) -> bool {
    let waits = waits(observations, limit);
    let Some(least) = queued(&waits) else { return false };
    let late = waits.iter().filter(|ms| **ms >= least).count();
    late >= SIGNS && late * 2 >= waits.len()
}

/// What the tunnels of the first wave that were opened took, ms.
fn waits(observations: &Observations, limit: &Limit) -> Vec<f64> {
    let opened = observations.plain().filter(|a| a.purpose == Purpose::First && passed(a, limit));
    opened.filter_map(|a| Some(a.proxy.as_ref()?.ms)).collect()
}

/// A tunnel that took so long, ms, had to wait for others.
fn queued(waits: &[f64]) -> Option<f64> {
    let quickest = waits.iter().copied().min_by(f64::total_cmp)?;
    Some((quickest * 3.0).max(LOST_PACKET_MS / 2.0))
}

/// A refusal that names a limit of rate, or a time after which to come again, in its headers (RFC 9110, 10.2.3;
/// draft-ietf-httpapi-ratelimit-headers, and its forerunners).
pub(crate) fn names_rate(proxy: &Proxy) -> bool {
    let ProxyOutcome::Status { status: 403 | 429 | 503 } = proxy.outcome else { return false };
    proxy.headers.iter().any(|(name, value)| {
        let name = name.to_ascii_lowercase().replace('-', "");
        name == "retryafter" || name.ends_with("ratelimitremaining") && value.trim() == "0"
    })
}

/// A proxy says that this is not the time to ask, and not that it never opens this tunnel (RFC 6585, 4; RFC 9110,
/// 10.2.3).
fn asks_to_wait(attempt: &Attempt) -> bool {
    let Some(proxy) = &attempt.proxy else { return false };
    match proxy.outcome {
        ProxyOutcome::Status { status: 429 } => true,
        _ => names_rate(proxy),
    }
}

/// Somebody who held a path up for this limit asked to come again later.
fn is_put_off(observations: &Observations, limit: &Limit) -> bool {
    observations.plain().any(|a| asks_to_wait(a) && silenced(a, None).as_ref() == Some(limit))
}

/// The one slow try of a path that the limit turned away at once, as it may where the limit has not recovered yet.
fn met_again<'a>(
    observations: &'a Observations,
    limit: &Limit,
    target: u32,
    path: usize,
) -> impl Iterator<Item = &'a Attempt> {
    let limit = limit.clone();
    let paced = observations.tries(target, path).filter(|a| a.purpose == Purpose::Paced && a.cut.is_none());
    paced.filter(move |a| silenced(a, None).as_ref() == Some(&limit) && was_answered(a))
}

/// Whether an attempt was turned away by an answer, and not by silence.
fn was_answered(attempt: &Attempt) -> bool {
    if let Some(proxy) = &attempt.proxy {
        return matches!(
            proxy.outcome,
            ProxyOutcome::Status { .. } | ProxyOutcome::Reset | ProxyOutcome::Closed
        );
    }
    if !attempt.tcp.is_empty() {
        return attempt.tcp.iter().any(|t| t.outcome != TcpOutcome::Timeout && is_turned_away(t));
    }
    let denied = |d: &Dns| matches!(d.failure(), Some(LookupFailure::Denied(_)));
    attempt.dns.as_ref().is_some_and(|d| denied(d) || is_half_answered(d))
}

/// Paths that are to be tried again, in the order of the plan. Where the run shows no other sign of a limit, a few
/// that stand for all, and the rest once one of these got through. Once more, and slower, what was turned away
/// again while others got through; never a path three times.
pub(crate) fn wanted(plan: &Plan, observations: &Observations) -> Vec<Experiment> {
    let mut silent: Vec<(Limit, &Target, usize)> = Vec::new();
    for target in &plan.targets {
        for path in 0..target.paths.len() {
            let Some(limit) = held_up(observations, target.id, path) else { continue };
            // A refusal that came twice already is not asked for a third time.
            let repeated = observations.tries(target.id, path).any(|a| a.purpose == Purpose::Repeat);
            if limit != Limit::Connections || !repeated {
                silent.push((limit, target, path));
            }
        }
    }
    let limits: BTreeSet<Limit> = silent.iter().map(|(limit, ..)| limit.clone()).collect();
    let mut experiments = Vec::new();
    for limit in limits {
        // A silent handshake on a line that is not late is no matter of the line.
        let may_be = match limit {
            Limit::Line => is_late(observations),
            Limit::Queue(_) => is_queue(observations, &limit),
            Limit::Tunnels(_) if is_put_off(observations, &limit) => true,
            _ => observations.plain().any(|a| passed(a, &limit)),
        };
        if !may_be {
            continue;
        }
        let paced =
            |target: u32, path: usize| observations.tries(target, path).find(|a| a.purpose == Purpose::Paced);
        let of_limit: Vec<_> = silent.iter().filter(|(l, ..)| *l == limit).collect();
        let (tried, open): (Vec<_>, Vec<_>) =
            of_limit.into_iter().partition(|(_, target, path)| paced(target.id, *path).is_some());
        let came = came_through(observations, &limit, None);
        let budget = MOST.saturating_sub(tried.len() + came.len());
        let all = !came.is_empty() || unsteady(observations, &limit) && tried.is_empty();
        let paths: Vec<(&Target, usize)> = open.iter().map(|(_, target, path)| (*target, *path)).collect();
        let is_first = limit == Limit::Connections && !all && tried.is_empty();
        if is_first && apart::are_silent(observations, &paths) {
            match apart::witness(observations) {
                Witness::Open(asked) => {
                    experiments.push(*asked);
                    continue;
                }
                Witness::Reached => continue,
                Witness::Silent => {}
            }
        }
        let put_off = is_put_off(observations, &limit);
        let chosen: Vec<_> = if open.is_empty() && (!came.is_empty() || put_off) {
            let only_once = |target: &Target, path: usize| {
                observations.tries(target.id, path).filter(|a| a.purpose == Purpose::Paced).count() == 1
                    && met_again(observations, &limit, target.id, path).next().is_some()
            };
            let again: Vec<_> =
                tried.into_iter().filter(|(_, target, path)| only_once(target, *path)).take(budget).collect();
            // Where none got through a few stand for all.
            if came.is_empty() { spread(&again, SAMPLE) } else { again }
        } else if all {
            open.into_iter().take(budget).collect()
        } else if tried.is_empty() {
            spread(&open, SAMPLE)
        } else {
            Vec::new()
        };
        experiments.extend(chosen.into_iter().map(|(_, target, path)| Experiment {
            target: target.id,
            path: *path,
            purpose: Purpose::Paced,
            variation: None,
        }));
    }
    experiments
}

/// Half of what worked was late.
pub(crate) fn is_late(observations: &Observations) -> bool {
    Line::observe(observations, BTreeSet::new()).is_late()
}

/// So many of a list, evenly spread, and never two hosts of one site before each site has one.
fn spread<'a, 'b>(
    all: &[&'a (Limit, &'b Target, usize)],
    number: usize,
) -> Vec<&'a (Limit, &'b Target, usize)> {
    let mut sites = BTreeSet::new();
    let (mut first, rest): (Vec<_>, Vec<_>) =
        all.iter().copied().partition(|(_, target, _)| sites.insert(site(&target.probed)));
    first.extend(rest);
    first.truncate(number);
    first
}

/// The limit that may hold a path up: every try ended so.
fn held_up(observations: &Observations, target: u32, path: usize) -> Option<Limit> {
    let mut limits =
        observations.tries(target, path).map(|a| (a.cut.is_none()).then(|| silenced(a, None))?);
    let first = limits.next()??;
    limits.all(|l| l.as_ref() == Some(&first)).then_some(first)
}

/// Whether a limit silenced an attempt whose path got further when it was tried again slowly: then that try says
/// what is in the way.
pub(crate) fn held_back(observations: &Observations, attempt: &Attempt, codes: Option<&Codes>) -> bool {
    if attempt.purpose == Purpose::Paced {
        return false;
    }
    let Some(limit) = silenced(attempt, codes) else { return false };
    let further = |a: &Attempt| {
        // A proxy that gives another reason for a tunnel that is asked for alone says what is in the way.
        let beyond = matches!(limit, Limit::Line | Limit::Tunnels(_) | Limit::Queue(_)) || passed(a, &limit);
        let other = silenced(a, codes).as_ref() != Some(&limit);
        a.purpose == Purpose::Paced && a.cut.is_none() && beyond && other
    };
    observations.tries(attempt.target, attempt.path).any(further)
}

/// The paths that are to be tried again slowly, and those that wait for what comes of these: made at once, their
/// second tries would be the next burst.
pub(crate) struct Waiting<'a> {
    paced: &'a [Experiment],
    limits: BTreeSet<Limit>,
}

impl<'a> Waiting<'a> {
    pub fn new(observations: &Observations, paced: &'a [Experiment]) -> Self {
        let limits = paced.iter().filter_map(|e| held_up(observations, e.target, e.path)).collect();
        Self { paced, limits }
    }

    /// Whether a path is tried slowly now, or waits.
    pub fn takes(&self, observations: &Observations, target: u32, path: usize) -> bool {
        self.paced.iter().any(|e| e.target == target && e.path == path)
            || held_up(observations, target, path).is_some_and(|limit| self.limits.contains(&limit))
    }
}

/// Whether a path is to be tried again slowly.
pub(crate) fn takes(wanted: &[Experiment], target: u32, path: usize) -> bool {
    wanted.iter().any(|e| e.target == target && e.path == path)
}

/// Whether what was tried again slowly got through without a loss, by and large: then silence there is the
/// host's own. Where the slow tries were too much as well, it says nothing.
fn is_fair(observations: &Observations, limit: &Limit) -> bool {
    if *limit == Limit::Connections {
        // Each connection counts, those of both address families: the quicker one hides what the other had to wait for.
        let (mut late, mut all) = (0, 0);
        for attempt in observations.plain().filter(|a| a.purpose == Purpose::Paced && passed(a, limit)) {
            let second = |end| attempt.tcp.iter().any(|t| t.remote == end && apart::is_silent_so_far(t));
            let stood = |t: &&Tcp| t.outcome == TcpOutcome::Connected && !is_loopback(t);
            for tcp in attempt.tcp.iter().filter(stood) {
                all += 1;
                late += usize::from(tcp.ms >= LOST_PACKET_MS || tcp.confirm && second(tcp.remote));
            }
        }
        return late * 4 <= all;
    }
    let slowly = || observations.plain().filter(|a| a.purpose == Purpose::Paced && passed(a, limit));
    let queued = queued(&waits(observations, limit)).unwrap_or(f64::INFINITY);
    let late = slowly().filter(|a| {
        let first = match limit {
            Limit::Lookups => a.dns.as_ref().is_none_or(|d| d.ms < LOST_PACKET_MS),
            Limit::Line => a.handshake().is_none_or(|t| t.ms < LOST_PACKET_MS && !t.confirm),
            // One that had to wait for others as well was one too many.
            Limit::Queue(_) => a.proxy.as_ref().is_none_or(|p| p.ms < queued),
            Limit::Connections | Limit::Tunnels(_) => true,
        };
        !first
    });
    late.count() * 4 <= slowly().count()
}

/// The targets that were silent, and got through when they were tried again slowly.
fn came_through(observations: &Observations, limit: &Limit, codes: Option<&Codes>) -> BTreeSet<u32> {
    let slowly = observations.plain().filter(|a| a.purpose == Purpose::Paced && passed(a, limit));
    let was_silent = |a: &&Attempt| {
        observations
            .tries(a.target, a.path)
            .any(|b| b.purpose != Purpose::Paced && silenced(b, codes).as_ref() == Some(limit))
    };
    slowly.filter(was_silent).map(|a| a.target).collect()
}

/// Connections that stood only with their second packet or by their second address, and all that stood.
fn delayed(observations: &Observations) -> (usize, usize) {
    let stood = observations
        .plain()
        .filter(|a| a.route == Route::Direct && a.purpose == Purpose::First)
        .filter_map(|a| Some((a, a.connection()?)))
        .filter(|(_, t)| !is_loopback(t));
    stood.fold((0, 0), |(late, all), (attempt, t)| {
        let refused = |t: &Tcp| t.outcome != TcpOutcome::Timeout && is_turned_away(t);
        let late_one = t.ms >= LOST_PACKET_MS || t.confirm || attempt.tcp.iter().any(refused);
        (late + usize::from(late_one), all + 1)
    })
}

/// So many lookups were late, and connections were as well: packets of all kinds are lost here. A lookup
/// has twice as many packets as a connection.
fn is_loss(observations: &Observations, late: usize) -> bool {
    let (delayed, connections) = delayed(observations);
    late < 3 * delayed || late * 10 < connections
}

/// The proxy itself says that there were too many.
fn says_so(observations: &Observations, limit: &Limit, codes: &Codes) -> bool {
    observations
        .plain()
        .filter(|a| silenced(a, Some(codes)).as_ref() == Some(limit))
        .any(|a| names_limit(a, codes))
}

/// The proxy's answer to this very try is that there are too many.
fn names_limit(attempt: &Attempt, codes: &Codes) -> bool {
    let Some(proxy) = &attempt.proxy else { return false };
    proxy.outcome == ProxyOutcome::Status { status: 429 }
        || matches!(proxy.outcome, ProxyOutcome::Status { status: 403 }) && names_rate(proxy)
        || codes.proxy_reason(&proxy.headers).is_some_and(|reason| reason.limit)
}

/// The limits that this run met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Each with the targets that got through once they were tried again slowly.
    met: Vec<(Limit, Vec<u32>)>,
}

impl Limits {
    /// What a run met, from all that was seen. `late`: targets whose lookup did not end in time in the first
    /// wave, where lookups that were made alone did.
    pub fn observe(observations: &Observations, codes: &Codes, late: &BTreeSet<u32>) -> Self {
        let limits: BTreeSet<Limit> = observations
            .plain()
            .filter(|a| a.purpose != Purpose::Paced)
            .filter_map(|a| silenced(a, Some(codes)))
            .filter(|limit| match limit {
                Limit::Line => is_late(observations),
                Limit::Queue(_) => is_queue(observations, limit),
                _ => true,
            })
            .chain((!late.is_empty()).then_some(Limit::Lookups))
            .collect();
        let mut met = Vec::new();
        for limit in limits {
            let mut hosts = came_through(observations, &limit, Some(codes));
            let signs = match limit {
                Limit::Lookups if hosts.is_empty() && is_loss(observations, late.len()) => 0,
                Limit::Lookups => {
                    hosts.extend(late);
                    hosts.len()
                }
                // That the line is late was measured.
                Limit::Line => hosts.len() * SIGNS,
                Limit::Connections if hosts.is_empty() => 0,
                Limit::Connections => hosts.len() + delayed(observations).0,
                // The proxy asked to come later, and opened other tunnels.
                Limit::Tunnels(_) if is_put_off(observations, &limit) => {
                    SIGNS * usize::from(observations.plain().any(|a| passed(a, &limit)))
                }
                Limit::Tunnels(_) if says_so(observations, &limit, codes) => hosts.len() * SIGNS,
                Limit::Tunnels(_) => hosts.len(),
                // That tunnels wait for one another was measured.
                Limit::Queue(_) => SIGNS,
            };
            if signs >= SIGNS {
                met.push((limit, hosts.into_iter().collect()));
            }
        }
        Self { met }
    }

    /// A firewall limits new connections: one that was silent says nothing of its address.
    pub fn of_connections(&self) -> bool {
        self.is_met(&Limit::Connections)
    }

    /// The resolver limits questions: one that was dropped says nothing of its name.
    pub fn of_lookups(&self) -> bool {
        self.is_met(&Limit::Lookups)
    }

    /// Whether somebody got through it once tried again slowly.
    fn let_through(&self, limit: &Limit) -> bool {
        self.met.iter().any(|(l, hosts)| l == limit && !hosts.is_empty())
    }

    fn is_met(&self, limit: &Limit) -> bool {
        self.met.iter().any(|(l, _)| l == limit)
    }
}

/// A path that is held up as others were that got through slowly, and that was not tried so itself, is not
/// judged: what was not run is not blocked.
pub(crate) fn read(context: &Context<'_>, target: u32, path: usize, walk: &mut Walk) {
    if walk.verdict(context.codes) != Verdict::Blocked {
        return;
    }
    let Some((limit, again)) = unknown_for(context, target, path) else { return };
    let what = limit.words();
    let line = if again {
        format!(
            "{what}; this one was tried again slowly and was held up again, as others were that got through \
             later, so nothing is known of it"
        )
    } else if context.run.limits.let_through(&limit) {
        format!(
            "{what}; others that were silent too were answered when they were tried again slowly; this one was not reached again"
        )
    } else {
        format!("{what}; this one was not tried again slowly, so nothing is known of it")
    };
    walk.found = vec![Draft::new(Code::UntestedDeadline, line)];
}

/// The limit that was met and held a path up, where nothing else is known of that path, and whether it was tried again
/// slowly.
fn unknown_for(context: &Context<'_>, target: u32, path: usize) -> Option<(Limit, bool)> {
    let tries = || context.observations.tries(target, path);
    let tried = |a: &Attempt| a.purpose == Purpose::Paced && a.cut.is_none();
    let again = tries().any(tried);
    let held = |a: &Attempt| silenced(a, Some(context.codes));
    let limit = tries().filter(|a| a.cut.is_none()).find_map(held)?;
    // Silence of the name or the connection, where the line was the limit, is less than what was known before.
    let fell_short = |a: &Attempt| {
        limit == Limit::Line
            && matches!(held(a), Some(Limit::Lookups | Limit::Connections))
            && !was_answered(a)
    };
    // A slow try that got further says itself what is in the way.
    if tries().any(|a| tried(a) && held(a).as_ref() != Some(&limit) && !fell_short(a)) {
        return None;
    }
    // A slow try that was answered with the limit itself was one too many as well, and so may be a single one that
    // was turned away as those before it.
    let too_many = |a: &Attempt| tried(a) && names_limit(a, context.codes);
    let fair = !tries().any(too_many)
        && !tries().any(|a| tried(a) && fell_short(a))
        && met_again(context.observations, &limit, target, path).count() != 1
        && is_fair(context.observations, &limit);
    (context.run.limits.is_met(&limit) && !(again && fair)).then_some((limit, again))
}

/// Whether a path is left unjudged for this limit, though none of its tries got through.
fn leaves_unjudged(context: &Context<'_>, limit: &Limit) -> bool {
    context.plan.targets.iter().any(|target| {
        (0..target.paths.len()).any(|path| {
            unknown_for(context, target.id, path).is_some_and(|(held, _)| held == *limit)
                && !context.observations.tries(target.id, path).any(|a| passed(a, limit))
        })
    })
}

/// How a firewall turned these hosts away in the first wave, in most of its answers.
fn turned_away(context: &Context<'_>, hosts: &[u32]) -> Code {
    let mut said = [(0, Code::TcpTimeout), (0, Code::TcpRefused), (0, Code::TcpProhibited)];
    let first =
        context.observations.plain().filter(|a| a.purpose == Purpose::First && hosts.contains(&a.target));
    for tcp in first.flat_map(|a| &a.tcp).filter(|t| is_turned_away(t)) {
        let place = match tcp.outcome {
            TcpOutcome::Timeout => 0,
            TcpOutcome::Refused => 1,
            _ => 2,
        };
        if let Some((count, _)) = said.get_mut(place) {
            *count += 1;
        }
    }
    said.into_iter().max_by_key(|(count, _)| *count).map_or(Code::TcpTimeout, |(_, code)| code)
}

/// One warning for each limit that was met: its wording, what it says, and the targets.
pub(crate) fn causes(context: &Context<'_>) -> Vec<(Draft, &'static str, Vec<u32>)> {
    let limits = &context.run.limits.met;
    let mut all = Vec::new();
    for (limit, hosts) in limits {
        let count = hosts.len();
        // A limit that let nobody through later, and for which nobody is left unjudged, explains nothing.
        if count == 0 && !leaves_unjudged(context, limit) {
            continue;
        }
        let (noun, verb) = if count == 1 { ("host", "was") } else { ("hosts", "were") };
        let again = format!(
            "{count} {noun} that {verb} not let through in the first second got through when tried again a few a second"
        );
        let (code, owner, wording) = match limit {
            Limit::Lookups => (Code::DnsSlow, Owner::Dns, "resolver-limit"),
            Limit::Connections => (turned_away(context, hosts), Owner::Firewall, "connection-limit"),
            Limit::Line => (Code::HttpSlow, Owner::Network, "line-slow"),
            Limit::Tunnels(_) if count == 0 => (Code::ProxyUpstream, Owner::Proxy, "tunnel-limit-kept"),
            Limit::Tunnels(_) => (Code::ProxyUpstream, Owner::Proxy, "tunnel-limit"),
            Limit::Queue(_) => (Code::ProxyTimeout, Owner::Proxy, "tunnel-queue"),
        };
        let again = if count == 0 {
            "what was not let through in the first second was not let through later in this run".to_owned()
        } else {
            again
        };
        let mut found = Draft::new(code, again).owner(owner).verdict(Verdict::Warning);
        match limit {
            Limit::Lookups => {
                let servers = &context.observations.device.resolvers;
                let servers: Vec<String> = servers.iter().map(|r| r.ip().to_string()).collect();
                found = found.fact("resolver", servers.join(" and "));
            }
            Limit::Connections => {}
            Limit::Line => {
                let slow = format!(
                    "{}; {count} {noun} that {verb} silent in the first wave answered when asked again one by one",
                    context.run.line.words()
                );
                found.line = slow.clone();
                found = found.fact("slow", slow);
            }
            Limit::Tunnels(proxy) | Limit::Queue(proxy) => {
                found = found.fact("proxy", proxy.as_str());
                let said =
                    |a: &&Attempt| hosts.contains(&a.target) && silenced(a, None).as_ref() == Some(limit);
                let refusal = context.observations.plain().find(said).and_then(|a| a.proxy.as_ref());
                if let Some(ProxyOutcome::Status { status }) = refusal.map(|p| &p.outcome) {
                    let reason = refusal.and_then(|p| context.codes.proxy_word(&p.headers));
                    let reason = reason.map(|r| format!(" ({r})")).unwrap_or_default();
                    found.line = format!("{proxy} answered {status}{reason}; {}", found.line);
                }
            }
        }
        if count > 2 {
            found.certainty = Certainty::Proven;
        }
        all.push((found, wording, hosts.clone()));
    }
    all
}
