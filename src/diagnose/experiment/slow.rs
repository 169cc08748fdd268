//! What works, but slowly: the median of three measures, made only after a slow first, and only once
//! nothing else is under way. The first wave fills a line by itself, so what it shows is no measure.

use std::collections::BTreeSet;

use crate::diagnose::context::{Context, View};
use crate::diagnose::evidence::{Draft, Walk};
use crate::diagnose::finding::{Code, Owner};
use crate::diagnose::line::Line;
use crate::diagnose::operator::{operator, site};
use crate::observation::{
    Attempt, DirectQuery, Dns, DnsAnswer, HttpOutcome, Lookup, Observations, Purpose, Variation,
};
use crate::plan::{Announcement, Experiment, Plan, Route, Sent, Target};
use crate::rules::services::Services;

/// More is slow, ms.
const SLOW_MS: f64 = 1000.0;

/// Measures beside the first.
const MEASURES: usize = 2;
/// So many hosts are measured, each apart; as many again while only some of them are slow.
const BATCH: usize = 3;
/// Names, and hosts, that are measured in a run, at the most.
const MEASURED: usize = 12;

/// What is sent.
pub(crate) fn announce() -> Announcement {
    Announcement::new(
        Sent::Measures,
        "Twice more, what was slow the first time: a lookup, or a whole request; of a few hosts, one after the other.",
    )
    .with(["What was slow is measured twice more, on a few hosts, one after the other.".to_owned()])
}

/// What measuring something alone came to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Measured {
    /// Over a second, the median of three; ms.
    Slow(f64),
    /// It did not end within the stage.
    Hung,
    Fast,
}

impl Measured {
    fn is_slow(self) -> bool {
        self != Self::Fast
    }
}

/// Two more lookups of a few names whose first was slow (one, where the first did not end at all), and two more
/// requests to a few hosts of different sites where the first byte was; one where the tunnel was.
/// Lookups through a proxy are the proxy's.
pub(crate) fn wanted(plan: &Plan, observations: &Observations) -> Vec<Experiment> {
    let trip = Line::observe(observations, BTreeSet::new()).round_trip();
    let mut experiments = Vec::new();
    let mut ask = |attempt: &Attempt, again: Variation, times: usize| {
        let (target, path, purpose) = (attempt.target, attempt.path, Purpose::Experiment);
        for _ in 0..times {
            experiments.push(Experiment { target, path, purpose, variation: Some(again.clone()) });
        }
    };
    let mut names: Vec<(&str, &Attempt)> = Vec::new();
    let (mut requests, mut tunnels): (Vec<(&Target, &Attempt)>, Vec<&Attempt>) = (Vec::new(), Vec::new());
    let own = observations.plain().filter(|a| a.purpose != Purpose::Repeat && a.cut.is_none());
    for attempt in own {
        let Some(target) = plan.target(attempt.target) else { continue };
        let name = target.probed.as_str();
        if is_lookup_slow(attempt, trip) && !names.iter().any(|(n, _)| *n == name) {
            names.push((name, attempt));
        }
        if is_answer_slow(attempt) {
            requests.push((target, attempt));
        } else if tunnel_ms(attempt).is_some_and(is_slow) {
            tunnels.push(attempt);
        }
    }
    let known: Vec<(bool, Option<Measured>)> = names
        .iter()
        .map(|(name, first)| (true, lookup_measured(plan, observations, name, first, trip)))
        .collect();
    let room = room(known.iter().filter_map(|(_, m)| *m));
    let open = names.iter().zip(&known).filter(|(_, (_, m))| m.is_none()).map(|((_, a), _)| *a);
    for attempt in open.take(room) {
        let hung = attempt.dns.as_ref().is_some_and(|d| d.system == Lookup::Timeout);
        ask(attempt, Variation::Lookup, if hung { 1 } else { MEASURES });
    }
    // The slowest first: a host that is slow by itself is among them.
    requests.sort_by(|(_, a), (_, b)| {
        let ms = |a: &Attempt| first_byte_beyond(a).unwrap_or_default();
        ms(b).total_cmp(&ms(a))
    });
    let measured: Vec<Option<Measured>> =
        requests.iter().map(|(_, a)| request_measured(observations, a)).collect();
    let room = self::room(measured.iter().filter_map(|m| *m));
    let mut sites = BTreeSet::new();
    let open: Vec<(&Target, &Attempt)> =
        requests.iter().zip(&measured).filter(|(_, m)| m.is_none()).map(|(r, _)| *r).collect();
    let (apart, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(|(t, _)| sites.insert(site(&t.probed)));
    for (_, attempt) in apart.into_iter().chain(rest).take(room) {
        ask(attempt, Variation::Request, MEASURES);
    }
    let is_measured = |a: &&Attempt| again(observations, a.target, a.path).next().is_some();
    if !tunnels.iter().any(is_measured)
        && let Some(quickest) =
            tunnels.iter().min_by(|a, b| tunnel_ms(a).unwrap_or(0.0).total_cmp(&tunnel_ms(b).unwrap_or(0.0)))
    {
        ask(quickest, Variation::Request, 1);
    }
    experiments
}

/// How many more are measured now, after what was measured so far: none where all were slow or all were not,
/// which speaks for the rest.
fn room(measured: impl Iterator<Item = Measured>) -> usize {
    let all: Vec<Measured> = measured.collect();
    let slow = all.iter().filter(|m| m.is_slow()).count();
    let decided = !all.is_empty() && (slow == 0 || slow == all.len() && all.len() >= BATCH);
    if decided { 0 } else { BATCH.min(MEASURED.saturating_sub(all.len())) }
}

fn is_lookup_slow(attempt: &Attempt, trip: f64) -> bool {
    lookup_ms(attempt).is_some_and(|ms| is_slow(ms - trip))
}

fn is_answer_slow(attempt: &Attempt) -> bool {
    attempt.http.last().is_some_and(|h| h.outcome == HttpOutcome::Answered)
        && first_byte_beyond(attempt).is_some_and(is_slow)
}

/// Whether something of an attempt took so long that it would be measured: the lookup, the tunnel or the answer.
pub fn looks_slow(attempt: &Attempt) -> bool {
    is_answer_slow(attempt) || [lookup_ms(attempt), tunnel_ms(attempt)].into_iter().flatten().any(is_slow)
}

/// Whether the answer of an attempt came late.
pub(crate) fn is_late(attempt: &Attempt) -> bool {
    waited(attempt).is_some_and(is_slow)
}

/// How long an attempt waited for the first byte of its answer, ms beyond one round trip; of two sockets the one that
/// was answered.
pub(crate) fn waited(attempt: &Attempt) -> Option<f64> {
    let http = attempt.answer().filter(|h| h.outcome == HttpOutcome::Answered)?;
    let trip = attempt.connection().map_or(0.0, |t| t.ms);
    Some((http.first_byte_ms? - trip).max(0.0))
}

/// Whether a time, in ms, is slow.
pub(crate) fn is_slow(ms: f64) -> bool {
    ms > SLOW_MS
}

/// The time of the host's own lookup; none where it gave nothing, or a proxy makes it.
fn lookup_ms(attempt: &Attempt) -> Option<f64> {
    let dns = attempt.dns.as_ref().filter(|_| attempt.route == Route::Direct)?;
    (!dns.addresses().is_empty()).then_some(dns.ms)
}

/// The time that a proxy took to open the tunnel.
fn tunnel_ms(attempt: &Attempt) -> Option<f64> {
    let proxy = attempt.proxy.as_ref()?;
    (proxy.outcome == crate::observation::ProxyOutcome::Tunnel).then_some(proxy.ms)
}

/// The time to the first byte of the answer beyond one round trip, which the connection took too.
/// None where a second socket gave the answer: the first may have lost a packet.
fn first_byte_beyond(attempt: &Attempt) -> Option<f64> {
    let http = attempt.http.last().filter(|h| !h.confirm && h.outcome != HttpOutcome::Abandoned)?;
    let trip = attempt.connection().map_or(0.0, |t| t.ms);
    Some((http.first_byte_ms? - trip).max(0.0))
}

/// The lookups of this name that were made alone afterwards.
fn lookups_again<'a>(
    plan: &'a Plan,
    observations: &'a Observations,
    name: &'a str,
) -> impl Iterator<Item = &'a Dns> {
    let of_name = move |a: &Attempt| plan.target(a.target).is_some_and(|t| t.probed == name);
    observations
        .experiments()
        .filter(move |(a, v)| **v == Variation::Lookup && a.cut.is_none() && of_name(a))
        .filter_map(|(a, _)| a.dns.as_ref())
}

/// What measuring a name alone came to; none where that was not done.
fn lookup_measured(
    plan: &Plan,
    observations: &Observations,
    name: &str,
    first: &Attempt,
    trip: f64,
) -> Option<Measured> {
    let again: Vec<&Dns> = lookups_again(plan, observations, name).collect();
    if again.is_empty() {
        return None;
    }
    let hung = |d: &&Dns| d.system == Lookup::Timeout;
    if first.dns.as_ref().is_some_and(|d| d.system == Lookup::Timeout) {
        return Some(if again.iter().all(hung) { Measured::Hung } else { Measured::Fast });
    }
    if again.iter().any(hung) {
        return Some(Measured::Hung);
    }
    median(lookup_ms(first)?, again.iter().map(|d| d.ms), trip)
}

/// The measures of a path's requests.
fn again(observations: &Observations, target: u32, path: usize) -> impl Iterator<Item = &Attempt> {
    observations
        .experiments()
        .filter(move |(a, v)| {
            **v == Variation::Request && a.target == target && a.path == path && a.cut.is_none()
        })
        .map(|(a, _)| a)
}

/// What measuring a request alone came to; none where that was not done.
fn request_measured(observations: &Observations, first: &Attempt) -> Option<Measured> {
    let more = again(observations, first.target, first.path).filter_map(first_byte_beyond);
    median(first_byte_beyond(first)?, more, 0.0)
}

/// The median of the first and two more, beyond so many ms.
fn median(first: f64, more: impl Iterator<Item = f64>, beyond: f64) -> Option<Measured> {
    let mut all: Vec<f64> = std::iter::once(first).chain(more.take(MEASURES)).collect();
    if all.len() < 3 {
        return None;
    }
    all.sort_by(f64::total_cmp);
    let middle = all.get(1).copied()?;
    Some(if is_slow(middle - beyond) { Measured::Slow(middle) } else { Measured::Fast })
}

/// Each path whose first answer was slow, and what measuring it came to.
fn requests<'a>(
    plan: &'a Plan,
    observations: &'a Observations,
) -> impl Iterator<Item = (&'a Target, &'a Attempt, Measured)> {
    let own = observations.plain().filter(|a| a.purpose != Purpose::Repeat && is_answer_slow(a));
    own.filter_map(|a| Some((plan.target(a.target)?, a, request_measured(observations, a)?)))
}

/// The operators of hosts that are slow, each asked alone and directly.
pub(crate) fn operators(plan: &Plan, observations: &Observations, services: &Services) -> BTreeSet<String> {
    requests(plan, observations)
        .filter(|(_, a, measured)| measured.is_slow() && a.route == Route::Direct)
        .map(|(target, ..)| operator(target, services))
        .collect()
}

/// The lookups of a run: slow firsts, and what those that were measured came to.
fn lookups<'a>(
    plan: &'a Plan,
    observations: &'a Observations,
) -> (Vec<(&'a Target, &'a Attempt)>, Vec<Measured>) {
    let trip = Line::observe(observations, BTreeSet::new()).round_trip();
    let slow: Vec<(&Target, &Attempt)> = observations
        .plain()
        .filter(|a| a.purpose == Purpose::First && is_lookup_slow(a, trip))
        .filter_map(|a| Some((plan.target(a.target)?, a)))
        .collect();
    let mut names = BTreeSet::new();
    let measured = slow
        .iter()
        .filter(|(t, _)| names.insert(t.probed.as_str()))
        .filter_map(|(t, a)| lookup_measured(plan, observations, &t.probed, a, trip))
        .collect();
    (slow, measured)
}

/// Targets whose lookup did not end within its stage in the first wave, where those that were looked up
/// alone afterwards did at once.
pub(crate) fn late(plan: &Plan, observations: &Observations) -> BTreeSet<u32> {
    let (slow, measured) = lookups(plan, observations);
    if measured.is_empty() || measured.iter().any(|m| m.is_slow()) {
        return BTreeSet::new();
    }
    let hung = |a: &Attempt| a.dns.as_ref().is_some_and(|d| d.system == Lookup::Timeout);
    slow.into_iter().filter(|(_, a)| hung(a)).map(|(t, _)| t.id).collect()
}

/// Puts `dns/slow` and `http/slow` on a walk that nothing blocks.
pub(crate) fn read(view: &View<'_>, walk: &mut Walk) {
    if let Some(found) = lookup(view) {
        walk.push(found);
    }
    if let Some(found) = request(view).or_else(|| tunnel(view)) {
        walk.push(found);
    }
}

fn lookup(view: &View<'_>) -> Option<Draft> {
    let context = view.context;
    let trip = context.run.line.round_trip();
    let dns = view.attempt.dns.as_ref()?;
    if !is_lookup_slow(view.attempt, trip) || context.run.line.is_slow() {
        return None;
    }
    let name = view.target.probed.as_str();
    let own = lookup_measured(context.plan, context.observations, name, view.attempt, trip);
    let (measured, others) = match own {
        Some(measured) => (measured, false),
        None => (of_others(view, dns)?, true),
    };
    let resolvers: Vec<String> =
        context.observations.device.resolvers.iter().map(|r| r.ip().to_string()).collect();
    let found = match measured {
        Measured::Fast => return None,
        Measured::Slow(_) if others => {
            let line = format!(
                "the lookup of {name} took {:.0} ms; those that were measured three times are slow too",
                dns.ms
            );
            Draft::new(Code::DnsSlow, line).fact("ms", dns.ms.round())
        }
        Measured::Slow(median) => {
            let line = format!("three lookups of {name}: the middle one took {median:.0} ms");
            Draft::new(Code::DnsSlow, line).proven().fact("ms", median.round())
        }
        // What the limit of questions dropped once more, and answered when asked directly, is said with the limit.
        Measured::Hung
            if context.run.limits.of_lookups()
                && !dns.direct.is_empty()
                && each_time(context, name, dns).iter().all(is_said) =>
        {
            return None;
        }
        // A system waits for seconds after one lost packet: where the servers answer and connections lose packets, too,
        // nobody's resolver is slow.
        Measured::Hung => match hung(context, &each_time(context, name, dns)) {
            found if found.case == Some(HUNG) && context.run.line.loses_packets() => return None,
            found => found,
        },
    };
    let found = if found.facts.contains_key("resolver") {
        found
    } else {
        found.fact("resolver", resolvers.join(" and "))
    };
    Some(found)
}

/// What the servers were asked directly, with the answer of a later time where one was lost before: a server that
/// answered once is not one that never does.
fn each_time(context: &Context<'_>, name: &str, dns: &Dns) -> Vec<DirectQuery> {
    let later = |lost: &DirectQuery| {
        lookups_again(context.plan, context.observations, name)
            .flat_map(|d| &d.direct)
            .find(|q| q.server == lost.server && q.kind == lost.kind && is_said(q))
    };
    let asked = dns.direct.iter().map(|query| match query.answer {
        DnsAnswer::Timeout => later(query).unwrap_or(query),
        _ => query,
    });
    asked.cloned().collect()
}

/// A server answered this question.
fn is_said(query: &DirectQuery) -> bool {
    !matches!(query.answer, DnsAnswer::Timeout | DnsAnswer::Unreachable { .. } | DnsAnswer::Truncated { .. })
}

/// What the names that were measured come to, where they agree: this one was not measured.
fn of_others(view: &View<'_>, dns: &Dns) -> Option<Measured> {
    let (_, measured) = lookups(view.context.plan, view.context.observations);
    if measured.is_empty() || !measured.iter().all(|m| m.is_slow()) {
        return None;
    }
    Some(if dns.system == Lookup::Timeout { Measured::Hung } else { Measured::Slow(dns.ms) })
}

/// The case in which nothing tells why the system's lookup does not end.
const HUNG: &str = "hung";

/// The system's lookup does not end, and servers answer a direct query: why, as far as their answers say.
fn hung(context: &Context<'_>, direct: &[DirectQuery]) -> Draft {
    let answered = |server: std::net::SocketAddr| {
        let all = context.observations.attempts.iter().filter_map(|a| a.dns.as_ref());
        all.flat_map(|d| &d.direct).any(|q| q.server == server && is_said(q))
    };
    let shown = |server: std::net::SocketAddr| match server.port() {
        53 => server.ip().to_string(),
        _ => server.to_string(),
    };
    let waited = "the system's lookup did not end within the stage";
    let resolvers = &context.observations.device.resolvers;
    let alive: Vec<&std::net::SocketAddr> = resolvers.iter().filter(|r| answered(**r)).collect();
    let dead: Vec<String> = resolvers.iter().filter(|r| !answered(**r)).map(|r| shown(*r)).collect();
    if let (Some(alive), false) = (alive.first(), dead.is_empty()) {
        let ms = direct.iter().find(|q| q.server == **alive && is_said(q)).map(|q| q.ms);
        let ms = ms.map(|ms| format!(" (in {ms:.0} ms)")).unwrap_or_default();
        let silent = if dead.len() == 1 { "does not answer" } else { "do not answer" };
        let (dead, alive) = (dead.join(" and "), shown(**alive));
        return Draft::new(Code::DnsSlow, format!("{dead} {silent}, {alive} does{ms}; {waited}"))
            .proven()
            .case("dead-server")
            .fact("resolver", dead.as_str())
            .fact("answers", alive)
            .key(dead);
    }
    for (kind, other) in [("AAAA", "A"), ("A", "AAAA")] {
        let silent = direct.iter().find(|q| q.kind == kind && matches!(q.answer, DnsAnswer::Timeout));
        let Some(silent) = silent else { continue };
        let quick = direct.iter().find(|q| q.server == silent.server && q.kind == other && is_said(q));
        let Some(quick) = quick else { continue };
        let server = shown(silent.server);
        let line = format!(
            "{server} answers for the {other} record in {:.0} ms, and not at all for {kind}; {waited}",
            quick.ms
        );
        return Draft::new(Code::DnsSlow, line)
            .proven()
            .case("one-kind")
            .fact("resolver", server.as_str())
            .fact("silent", kind)
            .fact("answers", other)
            .key(format!("{server} {kind}"));
    }
    if let Some((query, error)) = direct.iter().find_map(|q| match &q.answer {
        DnsAnswer::Truncated { error } => Some((q, error)),
        _ => None,
    }) {
        let server = shown(query.server);
        let line =
            format!("an answer of {server} is too long for UDP, and TCP port 53 gives no answer ({error})");
        return Draft::new(Code::DnsSlow, line)
            .proven()
            .case("tcp")
            .fact("resolver", server.as_str())
            .key(format!("{server} tcp"));
    }
    let quick = direct.iter().find(|q| is_said(q));
    let quick = quick.map(|q| format!("; {} answers a direct query in {:.0} ms", shown(q.server), q.ms));
    Draft::new(Code::DnsSlow, format!("{waited}{}", quick.unwrap_or_default())).case(HUNG)
}

fn request(view: &View<'_>) -> Option<Draft> {
    if !first_byte_beyond(view.attempt).is_some_and(is_slow) {
        return None;
    }
    let Measured::Slow(median) = request_measured(view.context.observations, view.attempt)? else {
        return None;
    };
    let line = format!(
        "three requests: the middle one waited {median:.0} ms for the first byte, beyond one round trip"
    );
    let found = Draft::new(Code::HttpSlow, line).proven().fact("ms", median.round()).fact(
        "slow",
        format!("the first byte takes {median:.0} ms beyond one round trip, the middle of three"),
    );
    let line = &view.context.run.line;
    if line.is_slow() {
        return Some(found.owner(Owner::Network).case("line").key("line"));
    }
    // A proxy through which hosts of several operators are slow is what they share.
    if let Some(proxy) = view.proxy().filter(|_| through_proxy(view) >= BATCH) {
        return Some(found.owner(Owner::Proxy).case("proxy").fact("proxy", proxy.as_str()).key(proxy));
    }
    Some(found.key(operator(view.target, view.context.services)))
}

/// Operators of hosts that are slow through this path's proxy.
fn through_proxy(view: &View<'_>) -> usize {
    let (plan, observations) = (view.context.plan, view.context.observations);
    let slow: BTreeSet<String> = requests(plan, observations)
        .filter(|(_, a, measured)| measured.is_slow() && a.route == view.attempt.route)
        .map(|(target, ..)| operator(target, view.context.services))
        .collect();
    slow.len()
}

/// The proxy takes over a second for each tunnel, also for one that is asked for alone.
fn tunnel(view: &View<'_>) -> Option<Draft> {
    let ms = tunnel_ms(view.attempt).filter(|ms| is_slow(*ms))?;
    let proxy = view.proxy()?;
    let alone = view
        .context
        .observations
        .experiments()
        .filter(|(a, v)| **v == Variation::Request && a.route == view.attempt.route)
        .find_map(|(a, _)| tunnel_ms(a));
    let Some(alone) = alone else { return every_tunnel(view, &proxy) };
    if !is_slow(alone) {
        return None;
    }
    let line = format!(
        "{proxy} took {ms:.0} ms to open the tunnel, and {alone:.0} ms for one that was asked for alone"
    );
    Some(
        Draft::new(Code::HttpSlow, line)
            .proven()
            .owner(Owner::Proxy)
            .case("tunnel")
            .fact("ms", alone.round())
            .fact("proxy", proxy.as_str())
            .fact("slow", format!("the proxy {proxy} takes {alone:.0} ms to open a tunnel"))
            .key(proxy),
    )
}

/// Every tunnel of a proxy took longer than a stage, and the run had no time for one that is asked for alone: what all
/// waited for is the proxy's own pace, however many there were.
fn every_tunnel(view: &View<'_>, proxy: &str) -> Option<Draft> {
    let observations = view.context.observations;
    let opened: Vec<f64> =
        observations.plain().filter(|a| a.route == view.attempt.route).filter_map(tunnel_ms).collect();
    let least = opened.iter().copied().reduce(f64::min)?;
    if opened.len() < BATCH || least < observations.stage_timeout_ms as f64 {
        return None;
    }
    let line = format!("{proxy} took {least:.0} ms and more to open each of {} tunnels", opened.len());
    Some(
        Draft::new(Code::HttpSlow, line)
            .owner(Owner::Proxy)
            .case("tunnel")
            .fact("ms", least.round())
            .fact("proxy", proxy)
            .fact("slow", format!("the proxy {proxy} takes {least:.0} ms and more to open a tunnel"))
            .key(proxy),
    )
}
