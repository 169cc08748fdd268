//! What the experiments on a dead handshake come to: the name, the size of packets, the size of
//! the hello, or none of these.
//!
//! The table of outcomes and what they come to is `reading`.
//!
//! A filter that reads only the first packet is evaded by small segments, and large certificates
//! are lost where large hellos are not; so a name filter and a path that loses large
//! packets are told apart by what a normal, large handshake with another name gets back there. A path that loses large packets is
//! silent: after a reset or a close nothing is said of its size.

mod trials;

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::diagnose::context::View;
use crate::diagnose::evidence::Draft;
use crate::diagnose::experiment::burst;
use crate::diagnose::finding::{Certainty, Code, Owner};
use crate::diagnose::operator::is_customer;
use crate::observation::{Attempt, Observations, Purpose, Tls, TlsOutcome, Trust, Variation};
use crate::plan::{Announcement, Experiment, Plan, Route, Sent};
use trials::{End, Trials, by_target};

/// The largest segment of the experiment: what every IPv4 path takes (RFC 9293, 3.7.1).
const SMALL_SEGMENT: u16 = 536;

/// A path whose handshake died, and where.
struct Dead {
    target: u32,
    path: usize,
    route: Route,
    death: Death,
    address: IpAddr,
    /// Its IPv4 address, where the handshake died over IPv6 and this device has both.
    ipv4: Option<IpAddr>,
    port: u16,
    name: String,
}

impl Dead {
    fn kind(&self) -> Kind {
        (self.death, self.address, format!("{:?}", self.route))
    }
}

/// Paths that are experimented on beyond one of each kind.
const BEYOND: usize = 12;
/// Paths that are experimented on in all: each further dozen costs a stage of silence.
const PATHS: usize = 36;

/// What fails in the same manner: the way of dying, the address, the route.
type Kind = (Death, IpAddr, String);

/// What is sent.
pub(crate) fn announce() -> Announcement {
    Announcement::new(
        Sent::Handshakes,
        "After failures only, where a handshake died: handshakes to the same address in small segments, with a small \
         hello, without a name, and with the name of another host of the list that was reached; and the host's own \
         name at that one's address, and at its own IPv4 address where it died over IPv6.",
    )
    .with([
        "Where a handshake dies: handshakes to the same address in small segments, with a small hello, without a name, \
         and with another name of this list; and this name at that one's address and at its own IPv4 address."
            .to_owned(),
    ])
}

/// For each path whose handshake died: the same with small segments, the same with a small hello,
/// a reached name at this address, no name there, and this name at the reached host's address.
/// Of many that failed in the same manner, one for each address and way of dying, and in the first round a few
/// more, as far as `budget` goes. The others are judged by them.
pub(crate) fn wanted(plan: &Plan, observations: &Observations, budget: usize) -> Vec<Experiment> {
    let tried: BTreeSet<(u32, usize)> = observations
        .experiments()
        .filter(|(_, v)| is_handshake(v))
        .map(|(a, _)| (a.target, a.path))
        .collect();
    // On a line that is late a comparison tells silence from lateness by chance only, and fills the line more.
    let late = burst::is_late(observations);
    let (done, open): (Vec<Dead>, Vec<Dead>) = dead(plan, observations)
        .into_iter()
        .filter(|d| !late || d.death != Death::Timeout)
        .partition(|d| tried.contains(&(d.target, d.path)));
    let mut kinds: BTreeSet<Kind> = done.iter().map(Dead::kind).collect();
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for dead in open {
        if kinds.insert(dead.kind()) { first.push(dead) } else { rest.push(dead) }
    }
    rest.truncate(if tried.is_empty() { BEYOND } else { 0 });
    let mut experiments: Vec<Experiment> = Vec::new();
    for dead in first.into_iter().chain(rest).take(PATHS.saturating_sub(tried.len())) {
        let wanted = variations(plan, observations, &dead);
        if experiments.len() + wanted.len() > budget {
            break;
        }
        let (target, path, purpose) = (dead.target, dead.path, Purpose::Experiment);
        experiments.extend(wanted.into_iter().map(|v| Experiment {
            target,
            path,
            purpose,
            variation: Some(v),
        }));
    }
    experiments
}

/// The variations whose outcome is read here.
const fn is_handshake(variation: &Variation) -> bool {
    match variation {
        Variation::SmallSegments { .. }
        | Variation::SmallHello { .. }
        | Variation::OtherName { .. }
        | Variation::Nameless { .. }
        | Variation::Elsewhere { .. } => true,
        Variation::Lookup
        | Variation::Request
        | Variation::Servers
        | Variation::Address { .. }
        | Variation::OtherRoute(_)
        | Variation::FollowUp(_)
        | Variation::Other(_) => false,
    }
}

fn variations(plan: &Plan, observations: &Observations, dead: &Dead) -> Vec<Variation> {
    // Through a proxy the name goes into the tunnel; its address is not ours to choose.
    let here = (dead.route == Route::Direct).then_some(dead.address);
    let mut wanted = Vec::new();
    // What answers with an alert lost nothing on the way.
    let spoke = dead.death == Death::Alert;
    wanted.extend(
        here.filter(|_| !spoke).map(|address| Variation::SmallSegments { address, bytes: SMALL_SEGMENT }),
    );
    wanted.push(Variation::SmallHello { address: here });
    // An address literal has no name to filter.
    if dead.name.parse::<IpAddr>().is_ok() {
        return wanted;
    }
    wanted.extend(here.map(|address| Variation::Nameless { address }));
    let reached = reached(plan, observations, &dead.route, &dead.name);
    // Another address than this one, so that the name itself is tried elsewhere.
    let apart = reached.iter().find(|r| Some(r.address) != here && r.port == dead.port);
    if let Some(other) = apart.or(reached.first()) {
        wanted.push(Variation::OtherName { address: here, name: other.name.clone() });
    }
    if here.is_some()
        && !spoke
        && let Some(other) = apart
    {
        wanted.push(Variation::Elsewhere { address: other.address });
    }
    wanted.extend(dead.ipv4.map(|address| Variation::Elsewhere { address }));
    wanted
}

/// The IPv4 address of a name whose handshake died in silence over IPv6, on a device that has both: what a path
/// loses of one family the other may carry.
fn ipv4_of(attempt: &Attempt, tls: &Tls, has_ipv4: bool) -> Option<IpAddr> {
    let silent = tls.outcome == TlsOutcome::Timeout && attempt.route == Route::Direct;
    if !silent || !has_ipv4 || tls.remote.ip().to_canonical().is_ipv4() {
        return None;
    }
    let addresses = attempt.dns.as_ref()?.addresses();
    addresses.into_iter().map(|a| a.to_canonical()).find(IpAddr::is_ipv4)
}

/// The paths of which every attempt of the app's kind ended so.
fn dead(plan: &Plan, observations: &Observations) -> Vec<Dead> {
    let mut all = Vec::new();
    for target in plan.targets.iter().filter(|t| t.transport().has_tls()) {
        for (path, planned) in target.paths.iter().enumerate() {
            let counts = |a: &&Attempt| a.cut.is_none() && !burst::held_back(observations, a, None);
            let tries: Vec<_> = observations.tries(target.id, path).filter(counts).collect();
            let deaths: Vec<_> = tries.iter().filter_map(|a| Some((a, died(a)?))).collect();
            if deaths.len() < tries.len() {
                continue;
            }
            let Some((attempt, (death, tls))) = deaths.last() else { continue };
            all.push(Dead {
                target: target.id,
                path,
                route: planned.route.clone(),
                death: *death,
                address: tls.remote.ip().to_canonical(),
                ipv4: ipv4_of(attempt, tls, observations.device.ipv4.is_some()),
                port: target.port(),
                name: target.probed.clone(),
            });
        }
    }
    all
}

/// How a handshake died, without a word of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Death {
    Timeout,
    Reset,
    Closed,
    /// Ended by an alert that filters of names send as well.
    Alert,
}

/// Alerts that say of the name, or of nothing in particular; others are about versions, protocols
/// or certificates.
const OF_A_NAME: [&str; 8] = [
    "unrecognized_name",
    "handshake_failure",
    "access_denied",
    "internal_error",
    "close_notify",
    "user_canceled",
    "decode_error",
    "illegal_parameter",
];

impl Death {
    fn of(tls: &Tls) -> Option<Self> {
        match tls.outcome {
            TlsOutcome::Timeout => Some(Self::Timeout),
            TlsOutcome::Reset => Some(Self::Reset),
            TlsOutcome::Closed => Some(Self::Closed),
            TlsOutcome::Alert { ref alert }
                if !tls.client_certificate_requested && OF_A_NAME.contains(&alert.as_str()) =>
            {
                Some(Self::Alert)
            }
            _ => None,
        }
    }

    /// As said of handshakes: "timed out".
    const fn words(self) -> &'static str {
        match self {
            Self::Timeout => "got no answer",
            Self::Reset => "was reset",
            Self::Closed => "was closed",
            Self::Alert => "was refused with an alert",
        }
    }

    const fn of_name(self) -> Code {
        match self {
            Self::Timeout => Code::TlsSniTimeout,
            Self::Reset | Self::Closed | Self::Alert => Code::TlsSniReset,
        }
    }
}

/// The handshake that counts, where it died.
fn died(attempt: &Attempt) -> Option<(Death, &Tls)> {
    let tls = attempt.handshake()?;
    Some((Death::of(tls)?, tls))
}

/// A host of the list that was reached in this run.
struct Reached {
    name: String,
    address: IpAddr,
    port: u16,
}

/// The hosts that were reached by a handshake over the same kind of route, and whose certificate
/// the public roots or this device accept; names only, and not `except`.
fn reached(plan: &Plan, observations: &Observations, route: &Route, except: &str) -> Vec<Reached> {
    let mut all: Vec<Reached> = Vec::new();
    for attempt in observations.plain().filter(|a| a.route == *route) {
        let Some(target) = plan.target(attempt.target) else { continue };
        let Some(tls) = attempt.handshake().filter(|t| t.outcome == TlsOutcome::Completed) else {
            continue;
        };
        let trusted =
            [&tls.public_trust, &tls.device_trust].into_iter().flatten().any(|t| *t == Trust::Accepted);
        let address = tls.remote.ip().to_canonical();
        let literal = target.probed.parse::<IpAddr>().is_ok();
        if trusted
            && !literal
            && !target.requirement.loopback
            && target.probed != except
            && all.iter().all(|r| r.name != target.probed)
        {
            all.push(Reached { name: target.probed.clone(), address, port: target.port() });
        }
    }
    all
}

/// What was concluded from the experiments on one path.
struct Conclusion {
    code: Code,
    certainty: Certainty,
    line: String,
    /// The server itself may be what refuses its name.
    own_server: bool,
    /// What is lost over IPv6 alone: IPv4 carries it.
    ipv6_alone: bool,
}

/// Of whose path something is concluded.
#[derive(Clone, Copy)]
struct Whose {
    /// The host is the customer's own, whose server may refuse its own name.
    customer: bool,
    /// No proxy is in between.
    direct: bool,
}

impl Whose {
    fn of(view: &View<'_>) -> Self {
        Self { customer: view.is_customer(), direct: view.proxy().is_none() }
    }
}

/// Whether nothing that was compared explains why a handshake was broken off: the own name was answered in a small hello,
/// and another name in a large one. A box whose own way onward failed by accident looks so.
pub(crate) fn explain_nothing(observations: &Observations, attempt: &Attempt) -> bool {
    let Some((Death::Reset | Death::Closed, tls)) = died(attempt) else { return false };
    let trials = Trials::read(observations.experiments(), attempt, tls.remote.ip().to_canonical());
    matches!(trials.small_hello, Some((End::Completed, _)))
        && matches!(trials.other_name, Some((_, End::Completed)))
}

/// The cause of a dead handshake, in place of `plain`, where the experiments lead to one; else
/// `plain` with what they showed.
pub(crate) fn read(view: &View<'_>, tls: &Tls, plain: Draft) -> Draft {
    let Some(death) = Death::of(tls) else { return plain };
    let observations = view.context.observations;
    let address = tls.remote.ip().to_canonical();
    let name = view.target.probed.as_str();
    let trials = Trials::read(observations.experiments(), view.attempt, address);
    let said = trials.said(name, address);
    // A comparison on a line that answers late itself tells silence from lateness by chance only.
    if death == Death::Timeout && (view.context.run.line.is_late() || trials.are_late()) {
        return plain.fact("experiments", said);
    }
    if said.is_empty() {
        return similar(view, death, tls, plain);
    }
    let mine =
        |a: &&Attempt| a.target == view.attempt.target && a.path == view.attempt.path && a.cut.is_none();
    let tries: Vec<&Attempt> = observations.plain().filter(mine).collect();
    // What got through once is no rule of a box.
    if tries.iter().any(|a| a.tls.iter().any(|t| t.outcome == TlsOutcome::Completed)) {
        return plain.fact("experiments", said);
    }
    let concluded = conclude(&trials, death, name, tls, Whose::of(view));
    let Some(Conclusion { code, certainty, mut line, mut own_server, ipv6_alone }) = concluded else {
        let mut found = plain.fact("experiments", said);
        found.line.push_str(&in_vain(&trials));
        return found;
    };
    if own_server && let Some(other) = filtered_elsewhere(view, death, tls, code) {
        own_server = false;
        line.push_str(&format!("; the name {other}, of another operator, ends the same way"));
    }
    let line = format!("{}: {line}", tls.remote);
    let mut found = named(view, code, line, &plain, own_server).fact("experiments", said);
    if ipv6_alone {
        found = found.case("ipv6").fact("family", "IPv6");
    }
    // A silent try had two sockets; a reset may be a moment's, until it came twice.
    let confirmed = death == Death::Timeout || tries.len() > 1;
    found.certainty = if confirmed { certainty } else { Certainty::Likely };
    found
}

/// A name that is not the customer's, and that something in the way ends just so on the same route. What does
/// that to a stranger's name is likelier the same box than the customer's own server.
fn filtered_elsewhere<'a>(view: &View<'a>, death: Death, tls: &Tls, code: Code) -> Option<&'a str> {
    let observations = view.context.observations;
    let same = |a: &&Attempt| a.route == view.attempt.route && a.cut.is_none();
    let made = by_target(observations);
    observations.plain().filter(same).find_map(|attempt| {
        let target = view.context.plan.target(attempt.target)?;
        let (_, dead) = died(attempt).filter(|(d, t)| *d == death && t.outcome == tls.outcome)?;
        if is_customer(target, view.context.services) {
            return None;
        }
        let made = made.get(&attempt.target).into_iter().flatten().copied();
        let trials = Trials::read(made, attempt, dead.remote.ip().to_canonical());
        let whose = Whose { customer: false, direct: view.proxy().is_none() };
        let concluded = conclude(&trials, death, &target.probed, dead, whose)?;
        (concluded.code == code && concluded.certainty == Certainty::Proven).then_some(target.probed.as_str())
    })
}

fn named(view: &View<'_>, code: Code, line: String, plain: &Draft, own_server: bool) -> Draft {
    let mut found = Draft::new(code, line);
    found.facts = plain.facts.clone();
    // These are faults of the path to the service, if not of its own entry, whatever team runs it.
    match (code, view.proxy()) {
        (Code::TlsPathMtu, _) => found.owner(Owner::Network),
        (Code::TlsSniReset | Code::TlsSniTimeout, None) if own_server => {
            found.owner(Owner::Service).key(view.path_key())
        }
        (_, Some(proxy)) => found.owner(Owner::Proxy).key(proxy),
        (_, None) => found.owner(Owner::Firewall),
    }
}

/// An experiment's outcome as the table has it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tried {
    /// It was not made, or came to nothing.
    No,
    Died,
    /// Answered with an alert, which is small.
    Alert,
    /// Answered with a certificate, which is large.
    Full,
}

impl Tried {
    fn of(end: Option<End>) -> Self {
        match end {
            None => Self::No,
            Some(End::Died(_)) => Self::Died,
            Some(End::Spoke) => Self::Alert,
            Some(End::Completed) => Self::Full,
        }
    }
}

/// What the outcomes come to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Large packets are lost: small segments and a small hello get through.
    PathMtu,
    /// Large packets are lost: small segments get through, and that is all that does.
    PathMtuBySegments,
    /// Large hellos are not taken.
    HelloSize,
    /// The name: another one is answered here.
    Name,
    /// The name: it dies at another host's address too.
    NameElsewhere,
    /// The name: without one there is an answer.
    NameByAbsence,
    /// The same, where no host was reached whose name could be tried.
    NameByAbsenceAlone,
}

/// The table: the first row that fits.
fn reading(trials: &Trials, death: Death, whose: Whose) -> Option<(Reading, Certainty)> {
    use Certainty::{Likely, Proven};
    use Reading::*;
    use Tried::{Alert, Died, Full, No};
    let hello = Tried::of(trials.small_hello.map(|(end, _)| end));
    let segments = Tried::of(trials.small_segments);
    let other = Tried::of(trials.other_name.as_ref().map(|(_, end)| *end));
    let nameless = Tried::of(trials.nameless);
    // Only the same death there says something of the name.
    let there = trials.elsewhere.map(|(_, end)| end).filter(|end| end.answered() || *end == End::Died(death));
    // Another's server refuses a name that is not its own with an alert: that says nothing.
    let there = if death == Death::Alert { Tried::No } else { Tried::of(there) };
    let silent = death == Death::Timeout;
    // A customer's server, or the router of names before it, may be what refuses the name.
    let name = if whose.customer { Likely } else { Proven };
    #[rustfmt::skip]
    let row = match (hello, segments, other, there, nameless, silent) {
        // small hello   segments      other name  own, there    no name  silent
        // Its own name got through, so it is not the name. Where segments cannot be limited, the
        // hello's size and the path's are not told apart; a box that loses packets is silent.
        (Alert | Full,   No,           _,          _,            _,       true) if whose.direct => None,
        (Alert | Full,   Alert | Full, _,          _,            _,       false) => None,
        (Alert | Full,   Alert | Full, _,          _,            _,       true)  => Some((PathMtu, Proven)),
        // A hello as large for another name got through here: neither its size nor its name is in the way each time.
        (Alert | Full,   Died | No,    Full,       _,            _,       _)     => None,
        (Alert | Full,   Died,         _,          _,            _,       _)     => Some((HelloSize, Proven)),
        (Alert | Full,   No,           _,          _,            _,       _)     => Some((HelloSize, Likely)),
        // A large answer to another name here. A small one proves nothing where large ones are lost,
        // unless the own name dies at another address too: then it dies on the way.
        (_,              _,            Full,       Died,         _,       _)     => Some((Name, Proven)),
        (_,              _,            Full,       _,            _,       _)     => Some((Name, name)),
        (_,              _,            Alert,      Died,         _,       _)     => Some((Name, Proven)),
        (_,              No | Died,    Alert,      _,            _,       _)     => Some((Name, name)),
        // The reached name may have died here because it does not belong to this address, which is
        // how a filter that compares the two looks; a server that answers nobody is not ruled out.
        (_,              No | Died,    _,          Died,         _,       _)     => Some((NameElsewhere, Likely)),
        // Small segments get through where the rest dies in silence.
        (_,              Alert | Full, No | Alert, _,            Full,    true)  => Some((NameByAbsence, Likely)),
        (_,              Alert | Full, _,          Alert | Full, _,       true)  => Some((PathMtuBySegments, Proven)),
        (_,              Alert | Full, Died,       No,           _,       true)  => Some((PathMtuBySegments, Proven)),
        (_,              Alert | Full, _,          _,            _,       true)  => Some((PathMtuBySegments, Likely)),
        // Without any host that was reached, this is as near to the name as one comes.
        (_,              _,            No,         _,            Full,    _)     => Some((NameByAbsenceAlone, Likely)),
        _ => None,
    };
    row
}

fn conclude(trials: &Trials, death: Death, name: &str, tls: &Tls, whose: Whose) -> Option<Conclusion> {
    let (reading, certainty) = reading(trials, death, whose)?;
    let ended = death.words();
    let (hello, (_, small)) = (tls.hello_bytes, trials.small_hello.unwrap_or((End::Spoke, 0)));
    let dies_there = trials
        .elsewhere
        .filter(|(_, end)| death != Death::Alert && *end == End::Died(death))
        .map(|(at, _)| at);
    let there = dies_there.map(|at| format!("; the same {ended} at {at}")).unwrap_or_default();
    let line = match reading {
        Reading::PathMtu => format!(
            "the hello of {hello} bytes {ended}; in segments of {SMALL_SEGMENT} bytes it was answered, and so was a small one ({small} bytes)"
        ),
        Reading::PathMtuBySegments => format!(
            "the handshake {ended}; with segments of {SMALL_SEGMENT} bytes the same hello was answered"
        ),
        Reading::HelloSize => {
            let tried = match trials.small_segments {
                Some(_) => format!(", in segments of {SMALL_SEGMENT} bytes too"),
                None => String::new(),
            };
            format!("the hello of {hello} bytes {ended}{tried}; a small one ({small} bytes) was answered")
        }
        Reading::Name => {
            let other = trials.other_name.as_ref().map_or("another name", |(other, _)| other.as_str());
            format!("a hello for {name} {ended}; the same address answered for {other}{there}")
        }
        Reading::NameElsewhere => format!("a hello for {name} {ended}{there}"),
        Reading::NameByAbsence => {
            format!("a hello for {name} {ended}; without a name the same address answered")
        }
        Reading::NameByAbsenceAlone => format!(
            "a hello for {name} {ended}; without a name the same address answered (no host was reached to compare with)"
        ),
    };
    let code = match reading {
        Reading::PathMtu | Reading::PathMtuBySegments => Code::TlsPathMtu,
        Reading::HelloSize => Code::TlsHelloSize,
        _ => death.of_name(),
    };
    // A name that dies at a stranger's address too dies on the way.
    let own_server = whose.customer && whose.direct && dies_there.is_none();
    let carried = trials.ipv4.filter(|(_, end)| *end == End::Completed).map(|(at, _)| at);
    let ipv6_alone = code == Code::TlsPathMtu && carried.is_some();
    let line = match carried.filter(|_| ipv6_alone) {
        Some(at) => format!("{line}; IPv6 alone is concerned: at {at} the same hello was answered"),
        None => line,
    };
    Some(Conclusion { code, certainty, line, own_server, ipv6_alone })
}

/// What is ruled out.
fn in_vain(trials: &Trials) -> String {
    let mut out = String::new();
    if let Some((other, End::Died(death))) = &trials.other_name {
        out.push_str(&format!("; a hello for {other} {} there too", death.words()));
    } else if let Some(End::Died(death)) = trials.nameless {
        out.push_str(&format!("; a hello without a name {} there too", death.words()));
    }
    match trials.small_hello {
        Some((end, _)) if !end.answered() => out.push_str("; a small hello fared no better"),
        Some((_, bytes)) if trials.small_segments.is_none() => out.push_str(&format!(
            "; a small hello ({bytes} bytes) was answered, and whether large packets or large hellos are lost was not told apart"
        )),
        _ => {}
    }
    out
}

/// A path that had no experiment of its own, because many failed in the same manner: what all that had one come
/// to, if they agree.
fn similar(view: &View<'_>, death: Death, tls: &Tls, plain: Draft) -> Draft {
    let observations = view.context.observations;
    let mut codes: Vec<Code> = Vec::new();
    let mut example = None;
    let mut own_server = view.is_customer() && view.proxy().is_none();
    let all = by_target(observations);
    for attempt in observations.plain().filter(|a| a.route == view.attempt.route && a.cut.is_none()) {
        let Some(made) = all.get(&attempt.target) else { continue };
        let Some(target) = view.context.plan.target(attempt.target) else { continue };
        let Some((same, dead)) = died(attempt).filter(|(d, _)| *d == death) else { continue };
        let address = dead.remote.ip().to_canonical();
        let trials = Trials::read(made.iter().copied(), attempt, address);
        if trials.said(&target.probed, address).is_empty() {
            continue;
        }
        let concluded = conclude(&trials, same, &target.probed, dead, Whose::of(view));
        own_server &= concluded.as_ref().is_none_or(|c| c.own_server);
        let code = concluded.map_or(Code::TlsTimeout, |c| c.code);
        if !codes.contains(&code) {
            codes.push(code);
        }
        example.get_or_insert(target.probed.as_str());
    }
    match (codes.as_slice(), example) {
        ([code], Some(example)) if *code != Code::TlsTimeout => {
            let line = format!(
                "{}: the handshake {}, as for {example}; not tried apart for this host",
                tls.remote,
                death.words()
            );
            named(view, *code, line, &plain, own_server)
        }
        _ => plain,
    }
}
