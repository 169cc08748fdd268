//! The addresses of a name: those that the system's DNS servers give where the system's own fail, and those
//! that were silent while another answered.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::diagnose::context::View;
use crate::diagnose::evidence::Walk;
use crate::diagnose::experiment::burst;
use crate::diagnose::finding::{Code, Owner};
use crate::observation::{
    Attempt, DirectQuery, Dns, DnsAnswer, Lookup, Observations, Purpose, TcpOutcome, Tls, TlsOutcome, Trust,
    Variation,
};
use crate::plan::{Announcement, Experiment, Plan, Route, Sent, Target};

/// Names of which the servers are asked, at the most.
const NAMES: usize = 8;
/// Further addresses that are tried, of one name and in all.
const OF_NAME: usize = 3;
const IN_ALL: usize = 18;
/// So many hosts whose IPv6 address was turned away, while IPv6 worked for others, may have met an accident.
const FEW: usize = 3;
/// An address that was silent for so long, ms, before another was tried may be dead.
const SILENT_MS: f64 = 240.0;

/// What is sent.
pub(crate) fn announce() -> Announcement {
    Announcement::new(
        Sent::Addresses,
        "Where every address of a name fails: the system's DNS servers are asked for the name directly, and the host is \
         tried once at the addresses that they give, since a hosts file may say otherwise. Where one address \
         answered and another was silent, or of a few hosts IPv6 alone was turned away: one more connection to that one. \
         Where hosts are silent: one more to one that was reached, since the check itself may have been too much.",
    )
    .with([
        "Where every address of a name fails: that name by a query to the system's DNS servers, and the host at the \
         addresses they give, unless they were tried. Where one of several addresses was silent or turned away: a \
         connection to it. Where hosts are silent: one more connection to one that was reached."
            .to_owned(),
    ])
}

/// Both, each once.
pub(crate) fn wanted(plan: &Plan, observations: &Observations) -> Vec<Experiment> {
    let mut experiments = servers(plan, observations);
    experiments.extend(silent(plan, observations));
    experiments
}

/// The servers' own answer for names of which every address fails, odd ones first.
fn servers(plan: &Plan, observations: &Observations) -> Vec<Experiment> {
    let done: BTreeSet<u32> = observations
        .experiments()
        .filter(|(_, v)| **v == Variation::Servers)
        .map(|(a, _)| a.target)
        .collect();
    let mut open: Vec<(bool, &Target, usize)> = Vec::new();
    for target in plan.targets.iter().filter(|t| !t.requirement.loopback && !done.contains(&t.id)) {
        for (path, _) in target.paths.iter().enumerate().filter(|(_, p)| p.route == Route::Direct) {
            let mut tries = observations.tries(target.id, path).peekable();
            if tries.peek().is_none() || !tries.all(|a| a.cut.is_none() && fails(a, target)) {
                continue;
            }
            let odd = |a: &Attempt| a.dns.as_ref().is_some_and(|d| d.addresses().iter().all(|a| is_odd(*a)));
            let odd = observations.tries(target.id, path).any(odd);
            if !open.iter().any(|(_, t, _)| t.probed == target.probed) {
                open.push((odd, target, path));
            }
        }
    }
    open.sort_by_key(|(odd, ..)| !odd);
    let purpose = Purpose::Experiment;
    let of = |(_, target, path): (bool, &Target, usize)| Experiment {
        target: target.id,
        path,
        purpose,
        variation: Some(Variation::Servers),
    };
    open.into_iter().take(NAMES.saturating_sub(done.len())).map(of).collect()
}

/// The system gave addresses, and none of them is the host's as far as was seen.
fn fails(attempt: &Attempt, target: &Target) -> bool {
    let of_system = attempt.dns.as_ref().is_some_and(|d| matches!(d.system, Lookup::Addresses { .. }));
    let proven = if target.transport().has_tls() {
        attempt.tls.iter().any(|t| {
            let mismatch = |trust: &Option<Trust>| *trust == Some(Trust::NameMismatch);
            t.outcome == TlsOutcome::Completed && !mismatch(&t.public_trust) && !mismatch(&t.device_trust)
        })
    } else {
        attempt.connection().is_some()
    };
    let odd = attempt.dns.as_ref().is_some_and(|d| d.addresses().iter().any(|a| is_odd(*a)));
    of_system && !proven && (attempt.connection().is_none() || odd || is_of_another(attempt))
}

/// What answers there is not the host: it shows another name's certificate, or speaks no TLS.
fn is_of_another(attempt: &Attempt) -> bool {
    let another = |t: &Tls| {
        let mismatch = |trust: &Option<Trust>| *trust == Some(Trust::NameMismatch);
        t.outcome == TlsOutcome::Completed && (mismatch(&t.public_trust) || mismatch(&t.device_trust))
            || matches!(t.outcome, TlsOutcome::NotTls { .. })
    };
    attempt.tls.last().is_some_and(another)
}

/// Says so where another server answered at an address that this device alone gives for the name.
pub(crate) fn read(view: &View<'_>, walk: &mut Walk) {
    if !is_of_another(view.attempt) {
        return;
    }
    let Some(Source::Device { address, answer }) = source(view) else { return };
    for found in &mut walk.found {
        if !matches!(found.code, Code::TlsNameMismatch | Code::TlsNotTls) {
            continue;
        }
        found.line.push_str(&format!(
            "; the hosts file (or another source of names) of this device says {address}, the resolver says {answer}"
        ));
        found.owner = Some(Owner::Device);
        found.case = Some("device");
        found.key = "names of this device".into();
        found.facts.insert("address".into(), address.as_str().into());
        found.facts.insert("answer".into(), answer.as_str().into());
    }
}

/// An address of this device, or of no public host.
fn is_odd(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(a) => a.is_loopback() || a.is_unspecified() || a.is_private() || a.is_link_local(),
        IpAddr::V6(a) => a.is_loopback() || a.is_unspecified() || a.is_unique_local(),
    }
}

/// Addresses that were silent until another one was tried, and answered.
fn silent(plan: &Plan, observations: &Observations) -> Vec<Experiment> {
    let is_done = |target: u32, at: IpAddr| {
        observations
            .experiments()
            .any(|(a, v)| a.target == target && *v == Variation::Address { address: at })
    };
    let mut known: Vec<(u32, IpAddr)> = Vec::new();
    let mut experiments = Vec::new();
    let direct = || observations.plain().filter(|a| a.route == Route::Direct && a.cut.is_none());
    let lone: BTreeSet<u32> = direct().filter(|a| !turned_away(a).is_empty()).map(|a| a.target).collect();
    let by_ipv6 = |a: &Attempt| a.connection().is_some_and(|t| t.remote.ip().to_canonical().is_ipv6());
    let is_lone = lone.len() <= FEW && direct().any(by_ipv6);
    for attempt in direct() {
        let Some(target) = plan.target(attempt.target) else { continue };
        let lone = if is_lone { turned_away(attempt) } else { Vec::new() };
        for address in suspects(attempt).into_iter().chain(lone).take(OF_NAME) {
            let seen = known.contains(&(target.id, address)) || is_done(target.id, address);
            if seen || experiments.len() + known.len() > IN_ALL {
                continue;
            }
            known.push((target.id, address));
            experiments.push(Experiment {
                target: target.id,
                path: attempt.path,
                purpose: Purpose::Experiment,
                variation: Some(Variation::Address { address }),
            });
        }
    }
    experiments
}

fn suspects(attempt: &Attempt) -> Vec<IpAddr> {
    let Some(stood) = attempt.connection() else { return Vec::new() };
    let family = |t: &crate::observation::Tcp| t.remote.ip().to_canonical().is_ipv4();
    let mut all: Vec<IpAddr> = Vec::new();
    for tcp in &attempt.tcp {
        let address = tcp.remote.ip().to_canonical();
        let waited = tcp.ms >= SILENT_MS && tcp.ms > 2.0 * stood.ms;
        let given_up = tcp.outcome == TcpOutcome::Abandoned && !tcp.confirm;
        if given_up
            && waited
            && family(tcp) == family(stood)
            && tcp.remote != stood.remote
            && !all.contains(&address)
        {
            all.push(address);
        }
    }
    all
}

/// IPv6 addresses that were refused or silent where IPv4 answered: one of many may have been one too many, or lost.
fn turned_away(attempt: &Attempt) -> Vec<IpAddr> {
    let Some(stood) = attempt.connection() else { return Vec::new() };
    let ipv6 = |a: IpAddr| a.to_canonical().is_ipv6();
    let lost = |t: &&crate::observation::Tcp| ipv6(t.remote.ip()) && burst::is_turned_away(t);
    if ipv6(stood.remote.ip()) {
        return Vec::new();
    }
    let mut all: Vec<IpAddr> = attempt.tcp.iter().filter(lost).map(|t| t.remote.ip()).collect();
    all.dedup();
    all
}

/// Whether an address that was turned away was reached when it was tried alone.
pub(crate) fn is_reached_alone(view: &View<'_>, address: IpAddr) -> bool {
    view.context.observations.experiments().any(|(a, v)| {
        let tried =
            matches!(v, Variation::Address { address: at } if at.to_canonical() == address.to_canonical());
        tried && a.target == view.target.id && a.connection().is_some()
    })
}

/// Addresses of a host that did not answer when they were tried alone, while another one did, and how many the
/// name has of that kind; none where all did.
pub(crate) fn dead(view: &View<'_>) -> Option<(Vec<IpAddr>, usize)> {
    let stood = view.attempt.connection()?.remote.ip().to_canonical();
    let tried = view.context.observations.experiments().filter_map(|(a, v)| match v {
        Variation::Address { address } if a.target == view.target.id && a.cut.is_none() => Some((a, address)),
        _ => None,
    });
    let of_kind = |a: &IpAddr| a.to_canonical().is_ipv4() == stood.is_ipv4();
    let mut dead: Vec<IpAddr> = Vec::new();
    // One more connection to the address that stood says something of the line, and nothing of that address.
    let other = |a: &IpAddr| of_kind(a) && a.to_canonical() != stood;
    for (attempt, address) in tried.filter(|(_, address)| other(address)) {
        let silent = attempt.tcp.iter().any(|t| t.outcome == TcpOutcome::Timeout);
        if silent && attempt.connection().is_none() && !dead.contains(address) {
            dead.push(*address);
        }
    }
    let all = view.attempt.dns.as_ref().map_or(0, |d| d.addresses().iter().filter(|a| of_kind(a)).count());
    (!dead.is_empty()).then_some((dead, all))
}

/// Addresses of a host that refused the connection, while another of that kind stood, and how many the name has of
/// that kind; none where a limit of connections turned others away as well, or a refused one was reached alone.
pub(crate) fn refused(view: &View<'_>) -> Option<(Vec<IpAddr>, usize)> {
    let stood = view.attempt.connection()?.remote.ip().to_canonical();
    if view.context.run.limits.of_connections() || stood.is_loopback() {
        return None;
    }
    let of_kind = |a: &IpAddr| a.to_canonical().is_ipv4() == stood.is_ipv4();
    let mut refused: Vec<IpAddr> = Vec::new();
    for tcp in view.attempt.tcp.iter().filter(|t| t.outcome == TcpOutcome::Refused) {
        let address = tcp.remote.ip().to_canonical();
        if of_kind(&address)
            && address != stood
            && !refused.contains(&address)
            && !is_reached_alone(view, address)
        {
            refused.push(address);
        }
    }
    let all = view.attempt.dns.as_ref().map_or(0, |d| d.addresses().iter().filter(|a| of_kind(a)).count());
    (!refused.is_empty() && all > refused.len()).then_some((refused, all))
}

/// So many tries that end the same, from the one that worked at another address on, are no accident.
const SAME: usize = 2;

/// Whether the address at which a try's handshake was broken off breaks off every handshake, also while or after
/// another address of the host answered.
pub(crate) fn keeps_failing(observations: &Observations, failed: &Attempt, worked: &Attempt) -> bool {
    let broken =
        |t: &&Tls| matches!(t.outcome, TlsOutcome::Reset | TlsOutcome::Closed | TlsOutcome::Alert { .. });
    let Some(at) = failed.tls.last().filter(broken).map(|t| t.remote) else { return false };
    let Some(other) = worked.handshake().filter(|t| t.outcome == TlsOutcome::Completed) else { return false };
    if failed.route != Route::Direct || other.remote == at {
        return false;
    }
    let there = || {
        let all = observations.attempts.iter().filter(|a| a.target == failed.target);
        all.filter_map(|a| Some((a, a.tls.last().filter(|t| t.remote == at)?)))
    };
    let again = there().filter(|(a, t)| a.at_ms >= worked.at_ms && broken(t)).count();
    again >= SAME && there().all(|(_, t)| t.outcome != TlsOutcome::Completed)
}

/// Where the addresses of a name came from, as far as asking its servers shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    /// The servers give the same address.
    Servers,
    /// Not the servers: they give `answer`, and this device says `address`.
    Device {
        /// What this device says.
        address: String,
        /// What the servers say.
        answer: String,
    },
    /// The servers deny the name, and a search domain was appended.
    Search {
        /// The name with the domain.
        longer: String,
        /// Its address.
        address: String,
        /// The server that denies the name itself.
        query: DirectQuery,
    },
}

/// What asking the servers showed of the addresses that an attempt went to.
pub(crate) fn source(view: &View<'_>) -> Option<Source> {
    let dns = view.attempt.dns.as_ref()?;
    let Lookup::Addresses { addresses } = &dns.system else { return None };
    let (trial, _) = view
        .context
        .observations
        .experiments()
        .find(|(a, v)| **v == Variation::Servers && is_same_name(view, a) && a.cut.is_none())?;
    let asked = trial.dns.as_ref()?;
    let given = DirectQuery::addresses(&asked.direct);
    let shown = |all: &[IpAddr]| all.iter().take(2).map(IpAddr::to_string).collect::<Vec<_>>().join(" and ");
    if let Some(query) = denied(asked).filter(|_| given.is_empty()) {
        let longer = asked.searched.iter().find(|s| s.addresses.iter().any(|a| addresses.contains(a)));
        if let Some(longer) = longer {
            let (longer, address) = (longer.name.clone(), shown(addresses));
            return Some(Source::Search { longer, address, query: query.clone() });
        }
        let answer = "that there is no such address".to_owned();
        return Some(Source::Device { address: shown(addresses), answer });
    }
    if given.is_empty() {
        return None;
    }
    if addresses.iter().any(|a| given.contains(&a.to_canonical()) || given.contains(a)) {
        return Some(Source::Servers);
    }
    let odd = addresses.iter().all(|a| is_odd(*a)) && given.iter().any(|a| !is_odd(*a));
    // Large services give other addresses each time: only where those work and these do not is one wrong.
    let works = trial.connection().is_some()
        && (trial.tls.is_empty() || trial.tls.iter().any(|t| t.outcome == TlsOutcome::Completed))
        && (view.attempt.connection().is_none() || is_of_another(view.attempt) && !is_of_another(trial));
    (odd || works).then(|| Source::Device { address: shown(addresses), answer: shown(&given) })
}

fn is_same_name(view: &View<'_>, attempt: &Attempt) -> bool {
    view.context.plan.target(attempt.target).is_some_and(|t| t.probed == view.target.probed)
}

fn denied(dns: &Dns) -> Option<&DirectQuery> {
    let missing = |q: &&DirectQuery| matches!(q.answer, DnsAnswer::NxDomain | DnsAnswer::NoData);
    dns.direct.iter().find(missing)
}
