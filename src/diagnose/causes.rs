//! Causes: what explains many hosts is said once. Every finding that must be fixed belongs to
//! exactly one cause, and the causes are the things to do.

use std::collections::BTreeMap;

use super::context::Context;
use super::evidence::Draft;
use super::experiment::burst;
use super::experiment::other_route::FALLBACK;
use super::finding::{Cause, Certainty, Code, Owner, Verdict};
use super::host::Host;
use super::line;
use super::stage::dns::is_missing;
use super::wording;
use super::wording::span;
use crate::contract::Need;
use crate::observation::TcpOutcome;
use crate::plan::{Route, Target};

/// The causes, and for each host (by position) the cause of its finding.
pub(crate) struct Causes {
    pub causes: Vec<Cause>,
    pub of_host: Vec<Option<String>>,
}

/// A cause under construction.
struct Group<'a> {
    found: Draft,
    /// Identifier of wording of its own.
    wording: Option<&'static str>,
    hosts: Vec<&'a Target>,
    verdict: Verdict,
    /// Some required host is blocked by it.
    urgent: bool,
}

impl<'a> Group<'a> {
    fn new(found: Draft, wording: Option<&'static str>) -> Self {
        Self { found, wording, hosts: Vec::new(), verdict: Verdict::Reachable, urgent: false }
    }

    fn add(&mut self, host: &Host<'a>, verdict: Verdict) {
        if !self.hosts.iter().any(|t| t.id == host.target.id) {
            self.hosts.push(host.target);
        }
        self.verdict = self.verdict.max(verdict);
        self.urgent |= verdict == Verdict::Blocked && host.target.requirement.need() == Need::Required;
    }
}

/// Groups the findings of all hosts.
pub(crate) fn find<'a>(context: &'a Context<'a>, hosts: &[Host<'a>]) -> Causes {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut of_host: Vec<Option<usize>> = vec![None; hosts.len()];
    if let Some(common) = common(context, hosts) {
        let mut group = Group::new(common.found, Some(common.wording));
        for n in common.hosts {
            if let Some(host) = hosts.get(n)
                && of_host.get(n) == Some(&None)
            {
                group.add(host, host.verdict);
                of_host[n] = Some(groups.len());
            }
        }
        if !group.hosts.is_empty() {
            groups.push(group);
        }
    }
    let mut by_evidence: BTreeMap<(Code, Owner, Verdict, String), usize> = BTreeMap::new();
    for (n, host) in hosts.iter().enumerate() {
        let covered = of_host[n].is_some();
        let passed_over = (0..host.found.len())
            .filter(|n| !host.firsts.contains(n) && host.found[*n].key.ends_with(FALLBACK));
        for at in host.firsts.iter().copied().chain(passed_over).collect::<Vec<_>>().iter() {
            let Some(found) = host.found.get(*at) else { continue };
            let verdict = found.verdict_by(context.codes);
            let explained = covered && (*at == 0 || is_lookup_or_connection(found.code));
            if !matches!(verdict, Verdict::Blocked | Verdict::Warning) || explained {
                continue;
            }
            let key = (found.code, found.owner_by(context.codes), verdict, found.key.clone());
            let group = *by_evidence.entry(key).or_insert_with(|| {
                groups.push(Group::new(found.clone(), None));
                groups.len() - 1
            });
            groups[group].add(host, verdict);
            merge(&mut groups[group].found, found);
            if *at == 0 {
                of_host[n] = Some(group);
            }
        }
    }
    fold_passed_over(&mut groups, &mut of_host);
    clock(context, hosts, &mut groups);
    of_the_run(context, &mut groups);
    numbered(context, groups, &of_host)
}

/// A proxy that does not answer is one cause, although those that are handed one proxy are blocked by it and the
/// others only wait for it.
fn fold_passed_over(groups: &mut [Group<'_>], of_host: &mut [Option<usize>]) {
    let proxy = |g: &Group<'_>| g.found.facts.get("proxy").cloned();
    for mild in 0..groups.len() {
        let of = &groups[mild];
        if !of.found.key.ends_with(FALLBACK) || of.hosts.is_empty() {
            continue;
        }
        let (code, at) = (of.found.code, proxy(of));
        let Some(worse) = groups.iter().position(|g| {
            g.found.code == code && at.is_some() && proxy(g) == at && !g.found.key.ends_with(FALLBACK)
        }) else {
            continue;
        };
        for target in std::mem::take(&mut groups[mild].hosts) {
            if !groups[worse].hosts.iter().any(|t| t.id == target.id) {
                groups[worse].hosts.push(target);
            }
        }
        for host in of_host.iter_mut().filter(|host| **host == Some(mild)) {
            *host = Some(worse);
        }
    }
}

/// What all hosts of a cause have in common stays in its evidence; proof of one is proof of all
/// only where none is less sure.
fn merge(into: &mut Draft, other: &Draft) {
    let both = match (into.facts.get("status"), other.facts.get("status")) {
        (Some(a), Some(b)) if a != b => Some(statuses(a, b)),
        _ => None,
    };
    into.facts.retain(|name, value| other.facts.get(name) == Some(value));
    if let Some(both) = both {
        into.facts.insert("status".into(), both.into());
    }
    if other.certainty == Certainty::Likely {
        into.certainty = Certainty::Likely;
    }
}

/// Different statuses of hosts of one cause, for a sentence.
fn statuses(some: &serde_json::Value, more: &serde_json::Value) -> String {
    let text = |v: &serde_json::Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let mut all: Vec<String> = text(some).split(" or ").map(str::to_owned).collect();
    for one in text(more).split(" or ") {
        if !all.iter().any(|have| have == one) {
            all.push(one.to_owned());
        }
    }
    all.join(" or ")
}

fn numbered(context: &Context<'_>, groups: Vec<Group<'_>>, of_host: &[Option<usize>]) -> Causes {
    // A cause without hosts has gone into another, or is the run's own.
    let folded = |g: &Group<'_>| g.hosts.is_empty() && g.found.key.ends_with(FALLBACK);
    let mut order: Vec<usize> = (0..groups.len()).filter(|n| !folded(&groups[*n])).collect();
    order.sort_by_key(|n| {
        let g = &groups[*n];
        (!g.urgent, std::cmp::Reverse(g.verdict), std::cmp::Reverse(g.hosts.len()), *n)
    });
    let id = |n: usize| order.iter().position(|g| *g == n).map(|rank| format!("c{}", rank + 1));
    let causes = order
        .iter()
        .filter_map(|n| {
            let group = &groups[*n];
            let names: Vec<String> = group.hosts.iter().map(|t| wording::shown(t)).collect();
            let mut ports: Vec<u16> = group.hosts.iter().map(|t| t.port()).collect();
            ports.sort_unstable();
            ports.dedup();
            if ports.is_empty() {
                ports.push(443);
            }
            let wording = group.wording.and_then(|id| context.codes.cause(id));
            let mut found = group.found.clone();
            if let (None, [first, rest @ ..]) = (wording, names.as_slice())
                && !rest.is_empty()
            {
                let others = if rest.len() == 1 { "host" } else { "hosts" };
                found.line = format!("{first}: {}; same for {} other {others}", found.line, rest.len());
            }
            let finding = match wording {
                Some(entry) => wording::cause(context.codes, &found, entry, &names),
                None => wording::finding(context.codes, &found, &names, &ports),
            };
            let hosts = group.hosts.iter().map(|t| t.id).collect();
            Some(Cause { id: id(*n)?, hosts, finding })
        })
        .collect();
    Causes { causes, of_host: of_host.iter().map(|n| n.and_then(id)).collect() }
}

/// A cause found by looking at all hosts together.
struct Common {
    found: Draft,
    wording: &'static str,
    hosts: Vec<usize>,
}

fn common(context: &Context<'_>, hosts: &[Host<'_>]) -> Option<Common> {
    no_route(context, hosts).or_else(|| resolver(context, hosts)).or_else(|| all_dropped(context, hosts))
}

const fn is_lookup(code: Code) -> bool {
    matches!(
        code,
        Code::DnsNxdomain | Code::DnsNoAddress | Code::DnsServfail | Code::DnsRefused | Code::DnsTimeout
    )
}

const fn is_lookup_or_connection(code: Code) -> bool {
    is_lookup(code)
        || matches!(
            code,
            Code::TcpTimeout | Code::TcpUnreachable | Code::ProxyUnresolved | Code::ProxyTimeout
        )
}

/// What listens on this device itself is explained by nothing on the network.
fn is_outside(host: &Host<'_>) -> bool {
    !host.target.requirement.loopback
}

fn blocked_by(hosts: &[Host<'_>], wanted: impl Fn(&Draft) -> bool) -> Vec<usize> {
    let lead = |h: &Host<'_>| h.verdict == Verdict::Blocked && h.found.first().is_some_and(&wanted);
    hosts.iter().enumerate().filter(|(_, h)| lead(h)).map(|(n, _)| n).collect()
}

/// Neither an IPv4 nor an IPv6 route, and nothing outside this device accepted a connection.
fn no_route(context: &Context<'_>, hosts: &[Host<'_>]) -> Option<Common> {
    let device = &context.observations.device;
    if device.ipv4.is_some() || device.ipv6.is_some() || context.run.connected {
        return None;
    }
    let explained: Vec<usize> = blocked_by(hosts, |f| is_lookup_or_connection(f.code))
        .into_iter()
        .filter(|n| hosts.get(*n).is_some_and(is_outside))
        .collect();
    let found = Draft::new(
        Code::TcpUnreachable,
        "this device has neither an IPv4 nor an IPv6 route, and no host could be looked up or reached",
    )
    .proven()
    .owner(Owner::Network);
    (!explained.is_empty()).then_some(Common { found, wording: "no-route", hosts: explained })
}

/// Every lookup failed: whatever the names, the resolver is the first thing to fix.
fn resolver(context: &Context<'_>, hosts: &[Host<'_>]) -> Option<Common> {
    if context.run.resolved > 0 {
        return None;
    }
    // A host that is reached in two ways may have lost its name on the second.
    let lookup = |h: &Host<'_>| h.found.iter().position(|f| is_lookup(f.code));
    let is_lost = |h: &Host<'_>| h.verdict == Verdict::Blocked && is_outside(h) && lookup(h).is_some();
    let mut failed: Vec<usize> =
        hosts.iter().enumerate().filter(|(_, h)| is_lost(h)).map(|(n, _)| n).collect();
    let leads: Vec<&Draft> =
        failed.iter().filter_map(|n| hosts.get(*n)).filter_map(|h| h.found.get(lookup(h)?)).collect();
    let mut counts: BTreeMap<Code, usize> = BTreeMap::new();
    for lead in &leads {
        *counts.entry(lead.code).or_default() += 1;
    }
    let mut names: Vec<&str> = Vec::new();
    for host in failed.iter().filter_map(|n| hosts.get(*n)) {
        if !names.contains(&host.target.probed.as_str()) {
            names.push(&host.target.probed);
        }
    }
    let (code, _) = counts.iter().max_by_key(|(_, n)| **n)?;
    // One or two missing names may well be just that; silence or a failing resolver is not.
    let missing = is_missing(*code);
    if names.len() < if missing { 3 } else { 2 } {
        return None;
    }
    let first = leads.iter().find(|f| f.code == *code)?;
    let line = format!("all {} names that were looked up failed; {}", names.len(), first.line);
    let mut found = Draft::new(*code, line);
    if let Some(resolver) = first.facts.get("resolver").and_then(serde_json::Value::as_str) {
        found = found.fact("resolver", resolver);
    }
    let local = leads.iter().all(|f| f.owner == Some(Owner::Device));
    found = found.owner(if local { Owner::Device } else { Owner::Dns });
    if leads.iter().all(|f| f.certainty == Certainty::Proven) {
        found = found.proven();
    }
    // A proxy's name is looked up like any other.
    let through = blocked_by(hosts, |f| f.code == Code::ProxyUnresolved);
    failed.extend(through.into_iter().filter(|n| !hosts.get(*n).is_some_and(is_lost)));
    // A resolver that denies is alive; what it lacks is the way to the names.
    let denies = leads.iter().all(|f| is_missing(f.code));
    let wording = if denies { "resolver-denies" } else { "resolver-dead" };
    Some(Common { found, wording, hosts: failed })
}

/// Names resolve, and no connection outside this device got an answer of any kind.
fn all_dropped(context: &Context<'_>, hosts: &[Host<'_>]) -> Option<Common> {
    let direct = |h: &Host<'_>| h.target.paths.iter().all(|p| p.route == Route::Direct);
    let dropped: Vec<usize> = blocked_by(hosts, |f| f.code == Code::TcpTimeout)
        .into_iter()
        .filter(|n| hosts.get(*n).is_some_and(|h| direct(h) && is_outside(h)))
        .collect();
    let answered = context.observations.plain().flat_map(|a| &a.tcp).any(|t| {
        !t.remote.ip().to_canonical().is_loopback()
            && (t.icmp.is_some()
                || matches!(
                    t.outcome,
                    TcpOutcome::Connected | TcpOutcome::Refused | TcpOutcome::Reset | TcpOutcome::Denied
                ))
    });
    let operators: std::collections::BTreeSet<String> = dropped
        .iter()
        .filter_map(|n| hosts.get(*n))
        .map(|h| super::operator::operator(h.target, context.services))
        .collect();
    if answered || dropped.len() < 3 || operators.len() < 2 {
        return None;
    }
    if context.run.line.is_late() {
        let line = format!(
            "{} hosts of {} operators: no connection got any answer; {}",
            dropped.len(),
            operators.len(),
            context.run.line.words()
        );
        let found = Draft::new(Code::TcpTimeout, line).owner(Owner::Network);
        return Some(Common { found, wording: "line-silent", hosts: dropped });
    }
    let line = format!(
        "{} hosts of {} operators: no connection got any answer, not even a refusal",
        dropped.len(),
        operators.len()
    );
    let found = Draft::new(Code::TcpTimeout, line).owner(Owner::Firewall);
    Some(Common { found, wording: "all-dropped", hosts: dropped })
}

/// What explains late answers and belongs to no host: limits that the check met, a slow line.
fn of_the_run<'a>(context: &'a Context<'_>, groups: &mut Vec<Group<'a>>) {
    let is_line = |g: &Group<'_>| g.found.code == Code::HttpSlow && g.found.owner == Some(Owner::Network);
    // The line is said once, however it showed itself.
    let mut is_said = groups.iter().any(is_line);
    for (found, wording, targets) in burst::causes(context).into_iter().chain(line::cause(context)) {
        if found.code == Code::HttpSlow
            && found.owner == Some(Owner::Network)
            && std::mem::replace(&mut is_said, true)
        {
            continue;
        }
        let mut group = Group::new(found, Some(wording));
        group.hosts = context.plan.targets.iter().filter(|t| targets.contains(&t.id)).collect();
        group.verdict = Verdict::Warning;
        groups.push(group);
    }
}

/// A clock that is off and has broken nothing yet belongs to no host.
fn clock<'a>(context: &Context<'_>, hosts: &[Host<'a>], groups: &mut Vec<Group<'a>>) {
    let Some(clock) = &context.run.clock else { return };
    if hosts.iter().any(|h| h.found.iter().any(|f| f.code == Code::DeviceClock)) {
        return;
    }
    let line = format!(
        "{} servers agree that this device's clock is {} {}",
        clock.hosts.len(),
        span(clock.offset),
        if clock.offset > 0 { "behind" } else { "ahead" }
    );
    let mut found = Draft::new(Code::DeviceClock, line)
        .verdict(Verdict::Warning)
        .fact("clock", span(clock.offset))
        .fact("clock_offset_s", clock.offset);
    found.certainty = clock.certainty;
    let mut group = Group::new(found, Some("clock-off"));
    group.hosts = hosts.iter().filter(|h| clock.hosts.contains(&h.target.id)).map(|h| h.target).collect();
    group.verdict = Verdict::Warning;
    groups.push(group);
}
