//! What the experiments on a dead handshake come to: the name, the size of packets, the size of
//! the hello, or none of these.
//!
//! | own name, small segments | own name, small hello | another name, large hello | verdict         |
//! |--------------------------|-----------------------|---------------------------|-----------------|
//! | answered                 | answered              | any                       | `tls/path-mtu`  |
//! | dies                     | answered              | any                       | `tls/hello-size`|
//! | any                      | dies                  | answered                  | `tls/sni-…`     |
//! | answered                 | dies                  | dies                      | `tls/path-mtu`  |
//! | dies                     | dies                  | dies                      | whatever the name |
//!
//! A filter that reads only the first packet is evaded by small segments, and large certificates
//! are lost where large hellos are not; so the third and the fourth row are told apart by what a
//! normal, large handshake with another name gets back there. A path that loses large packets is
//! silent: after a reset or a close nothing is said of its size.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::diagnose::context::View;
use crate::diagnose::evidence::Draft;
use crate::diagnose::finding::{Certainty, Code, Owner};
use crate::observation::{
    Attempt, LastStage, Observations, Purpose, ServerName, Tls, TlsOutcome, Trust, Variation,
};
use crate::plan::{Experiment, Plan, Route};

/// The largest segment of the experiment: what every IPv4 path takes (RFC 9293, 3.7.1).
const SMALL_SEGMENT: u16 = 536;

/// A path whose handshake died, and where.
struct Dead {
    target: u32,
    path: usize,
    route: Route,
    death: Death,
    address: IpAddr,
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

/// What dies alike: the way of dying, the address, the route.
type Kind = (Death, IpAddr, String);

/// For each path whose handshake died: the same with small segments, the same with a small hello,
/// a reached name at this address, no name there, and this name at the reached host's address.
/// Of many that died alike, one for each address and way of dying, and in the first round a few
/// more, as far as `budget` goes. The others are judged by them.
pub(crate) fn wanted(plan: &Plan, observations: &Observations, budget: usize) -> Vec<Experiment> {
    let tried: BTreeSet<(u32, usize)> = observations
        .experiments()
        .filter(|(_, v)| v.until == LastStage::Tls)
        .map(|(a, _)| (a.target, a.path))
        .collect();
    let (done, open): (Vec<Dead>, Vec<Dead>) =
        dead(plan, observations).into_iter().partition(|d| tried.contains(&(d.target, d.path)));
    let mut alike: BTreeSet<Kind> = done.iter().map(Dead::kind).collect();
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for dead in open {
        if alike.insert(dead.kind()) { first.push(dead) } else { rest.push(dead) }
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

fn variations(plan: &Plan, observations: &Observations, dead: &Dead) -> Vec<Variation> {
    let until = LastStage::Tls;
    // Through a proxy the name goes into the tunnel; its address is not ours to choose.
    let address = (dead.route == Route::Direct).then_some(dead.address);
    let here = Variation { address, until, ..Variation::default() };
    let mut wanted = vec![Variation { small_hello: true, ..here.clone() }];
    if dead.name.parse::<IpAddr>().is_ok() {
        // An address literal has no name to filter.
        if address.is_some() {
            wanted.insert(0, Variation { segment: Some(SMALL_SEGMENT), ..here });
        }
        return wanted;
    }
    if address.is_some() {
        wanted.insert(0, Variation { segment: Some(SMALL_SEGMENT), ..here.clone() });
        wanted.push(Variation { server_name: ServerName::Absent, ..here.clone() });
    }
    let reached = reached(plan, observations, &dead.route, &dead.name);
    // Another address than this one, so that the name itself is tried elsewhere.
    let apart = reached.iter().find(|r| Some(r.address) != address && r.port == dead.port);
    if let Some(other) = apart.or(reached.first()) {
        wanted.push(Variation { server_name: ServerName::Of(other.name.clone()), ..here.clone() });
    }
    if address.is_some()
        && let Some(other) = apart
    {
        wanted.push(Variation { address: Some(other.address), ..here });
    }
    wanted
}

/// The paths of which every attempt of the app's kind ended so.
fn dead(plan: &Plan, observations: &Observations) -> Vec<Dead> {
    let mut all = Vec::new();
    for target in plan.targets.iter().filter(|t| t.transport().has_tls()) {
        for (path, planned) in target.paths.iter().enumerate() {
            let tries: Vec<_> = observations.tries(target.id, path).filter(|a| a.cut.is_none()).collect();
            let deaths: Vec<_> = tries.iter().filter_map(|a| died(a)).collect();
            if deaths.len() < tries.len() {
                continue;
            }
            let Some((death, tls)) = deaths.last() else { continue };
            all.push(Dead {
                target: target.id,
                path,
                route: planned.route.clone(),
                death: *death,
                address: tls.remote.ip().to_canonical(),
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
}

impl Death {
    fn of(tls: &Tls) -> Option<Self> {
        match tls.outcome {
            TlsOutcome::Timeout => Some(Self::Timeout),
            TlsOutcome::Reset => Some(Self::Reset),
            TlsOutcome::Closed => Some(Self::Closed),
            _ => None,
        }
    }

    /// As said of handshakes: "timed out".
    const fn words(self) -> &'static str {
        match self {
            Self::Timeout => "got no answer",
            Self::Reset => "was reset",
            Self::Closed => "was closed",
        }
    }

    const fn of_name(self) -> Code {
        match self {
            Self::Timeout => Code::TlsSniTimeout,
            Self::Reset | Self::Closed => Code::TlsSniReset,
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

/// How an experiment's handshake ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// A certificate came, and the handshake completed.
    Completed,
    /// An alert or another word of TLS, which is a small answer.
    Spoke,
    Died(Death),
}

impl End {
    fn of(attempt: &Attempt) -> Option<Self> {
        let tls = attempt.handshake()?;
        match &tls.outcome {
            TlsOutcome::Completed => Some(Self::Completed),
            TlsOutcome::Alert { .. } | TlsOutcome::Version | TlsOutcome::Faulty { .. } => Some(Self::Spoke),
            TlsOutcome::NotTls { .. } | TlsOutcome::Abandoned => None,
            _ => Death::of(tls).map(Self::Died),
        }
    }

    const fn answered(self) -> bool {
        matches!(self, Self::Completed | Self::Spoke)
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Completed => "was answered with a certificate",
            Self::Spoke => "was answered with an alert",
            Self::Died(death) => death.words(),
        }
    }
}

/// The experiments on one path.
#[derive(Default)]
struct Trials {
    small_segments: Option<End>,
    small_hello: Option<(End, usize)>,
    other_name: Option<(String, End)>,
    nameless: Option<End>,
    elsewhere: Option<(IpAddr, End)>,
}

impl Trials {
    fn read(observations: &Observations, attempt: &Attempt, address: IpAddr) -> Self {
        let mut trials = Self::default();
        let mine = |a: &Attempt| a.target == attempt.target && a.path == attempt.path && a.cut.is_none();
        for (tried, variation) in observations.experiments().filter(|(a, _)| mine(a)) {
            let Some(end) = End::of(tried) else { continue };
            let Variation { server_name, small_hello, segment, address: at, .. } = variation;
            let here = at.is_none_or(|a| a.to_canonical() == address);
            match (server_name, small_hello, segment, here) {
                (ServerName::Own, false, Some(_), true) => trials.small_segments = Some(end),
                (ServerName::Own, true, None, true) => {
                    let bytes = tried.handshake().map_or(0, |t| t.hello_bytes);
                    trials.small_hello = Some((end, bytes));
                }
                (ServerName::Of(name), false, None, true) => trials.other_name = Some((name.clone(), end)),
                (ServerName::Absent, false, None, true) => trials.nameless = Some(end),
                (ServerName::Own, false, None, false) => {
                    trials.elsewhere = at.map(|a| (a.to_canonical(), end));
                }
                _ => {}
            }
        }
        trials
    }

    /// Each in words, for the evidence.
    fn said(&self, name: &str, address: IpAddr) -> Vec<String> {
        let mut all = Vec::new();
        if let Some(end) = self.small_segments {
            all.push(format!("the same hello in segments of {SMALL_SEGMENT} bytes {}", end.words()));
        }
        if let Some((end, bytes)) = self.small_hello {
            all.push(format!("a small hello ({bytes} bytes) {}", end.words()));
        }
        if let Some((other, end)) = &self.other_name {
            all.push(format!("a hello for {other} at {address} {}", end.words()));
        }
        if let Some(end) = self.nameless {
            all.push(format!("a hello without a name {}", end.words()));
        }
        if let Some((elsewhere, end)) = self.elsewhere {
            all.push(format!("a hello for {name} at {elsewhere} {}", end.words()));
        }
        all
    }
}

/// What was concluded from the experiments on one path.
struct Conclusion {
    code: Code,
    certainty: Certainty,
    line: String,
    /// The server itself may be what refuses its name.
    own_server: bool,
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

/// The cause of a dead handshake, in place of `plain`, where the experiments lead to one; else
/// `plain` with what they showed.
pub(crate) fn read(view: &View<'_>, tls: &Tls, plain: Draft) -> Draft {
    let Some(death) = Death::of(tls) else { return plain };
    let observations = view.context.observations;
    let address = tls.remote.ip().to_canonical();
    let name = view.target.probed.as_str();
    let trials = Trials::read(observations, view.attempt, address);
    let said = trials.said(name, address);
    if said.is_empty() {
        return alike(view, death, tls, plain);
    }
    let mine =
        |a: &&Attempt| a.target == view.attempt.target && a.path == view.attempt.path && a.cut.is_none();
    let tries: Vec<&Attempt> = observations.plain().filter(mine).collect();
    // What got through once is no rule of a box.
    if tries.iter().any(|a| a.tls.iter().any(|t| t.outcome == TlsOutcome::Completed)) {
        return plain.fact("experiments", said);
    }
    let concluded = conclude(&trials, death, name, tls, Whose::of(view));
    let Some(Conclusion { code, certainty, line, own_server }) = concluded else {
        let mut found = plain.fact("experiments", said);
        found.line.push_str(&in_vain(&trials));
        return found;
    };
    let line = format!("{}: {line}", tls.remote);
    let mut found = named(view, code, line, &plain, own_server).fact("experiments", said);
    // A silent try had two sockets; a reset may be a moment's, until it came twice.
    let confirmed = death == Death::Timeout || tries.len() > 1;
    found.certainty = if confirmed { certainty } else { Certainty::Likely };
    found
}

fn named(view: &View<'_>, code: Code, line: String, plain: &Draft, own_server: bool) -> Draft {
    let mut found = Draft::new(code, line);
    found.facts = plain.facts.clone();
    // Whoever runs the service, these are faults of the way to it, if not of its own entry.
    match (code, view.proxy()) {
        (Code::TlsPathMtu, _) => found.owner(Owner::Network),
        (Code::TlsSniReset | Code::TlsSniTimeout, None) if own_server => {
            found.owner(Owner::Service).key(view.path_key())
        }
        (_, Some(proxy)) => found.owner(Owner::Proxy).key(proxy),
        (_, None) => found.owner(Owner::Firewall),
    }
}

fn conclude(trials: &Trials, death: Death, name: &str, tls: &Tls, whose: Whose) -> Option<Conclusion> {
    let hello = tls.hello_bytes;
    let elsewhere_died = trials.elsewhere.is_some_and(|(_, end)| end == End::Died(death));
    let elsewhere_answered = trials.elsewhere.is_some_and(|(_, end)| end.answered());
    // A name that dies at a stranger's address too dies on the way.
    let own_server = whose.customer && whose.direct && !elsewhere_died;
    let said = |code, certainty, line| Some(Conclusion { code, certainty, line, own_server });
    let segments = trials.small_segments.map(End::answered);
    if let Some((small, bytes)) = trials.small_hello
        && small.answered()
    {
        // Where segments cannot be limited, the hello's size and the path's are not told apart.
        if segments.is_none() && death == Death::Timeout && whose.direct {
            return None;
        }
        // Its own name got through, so it is not the name.
        return if segments == Some(true) && death != Death::Timeout {
            // A box that loses packets is silent; this one answered, and then otherwise.
            None
        } else if segments == Some(true) {
            let line = format!(
                "the hello of {hello} bytes {}; in segments of {SMALL_SEGMENT} bytes it was answered, and so was a small one ({bytes} bytes)",
                death.words()
            );
            said(Code::TlsPathMtu, Certainty::Proven, line)
        } else {
            let tried = if segments == Some(false) {
                format!(", in segments of {SMALL_SEGMENT} bytes too")
            } else {
                String::new()
            };
            let line = format!(
                "the hello of {hello} bytes {}{tried}; a small one ({bytes} bytes) was answered",
                death.words()
            );
            let certainty = if segments == Some(false) { Certainty::Proven } else { Certainty::Likely };
            said(Code::TlsHelloSize, certainty, line)
        };
    }
    let at =
        |end: &str| trials.elsewhere.map(|(a, _)| format!("; the same {end} at {a}")).unwrap_or_default();
    if let Some((other, end)) = &trials.other_name
        && end.answered()
        // An alert is a small answer: where large ones are lost it proves nothing about the name.
        && (*end == End::Completed || segments != Some(true) || elsewhere_died)
    {
        let line = format!(
            "a hello for {name} {}; the same address answered for {other}{}",
            death.words(),
            if elsewhere_died { at(death.words()) } else { String::new() }
        );
        // A customer's server, or the router of names in front of it, may be what refuses it.
        let unsure = whose.customer && !elsewhere_died;
        let certainty = if unsure { Certainty::Likely } else { Certainty::Proven };
        return said(death.of_name(), certainty, line);
    }
    if elsewhere_died && segments != Some(true) {
        // The reached name may have died here because it does not belong to this address, which is
        // how a filter that compares the two looks; a server that answers nobody is not ruled out.
        let line = format!("a hello for {name} {}{}", death.words(), at(death.words()));
        return said(death.of_name(), Certainty::Likely, line);
    }
    if segments == Some(true) && death == Death::Timeout {
        let other_died = trials.other_name.as_ref().is_some_and(|(_, e)| !e.answered());
        if trials.nameless == Some(End::Completed) && !other_died {
            let line =
                format!("a hello for {name} {}; without a name the same address answered", death.words());
            return said(death.of_name(), Certainty::Likely, line);
        }
        let proven = !elsewhere_died && (other_died || elsewhere_answered);
        let line = format!(
            "the handshake {}; with segments of {SMALL_SEGMENT} bytes the same hello was answered",
            death.words()
        );
        return said(Code::TlsPathMtu, if proven { Certainty::Proven } else { Certainty::Likely }, line);
    }
    // Without any host that was reached, this is as near to the name as one comes.
    if trials.other_name.is_none() && trials.nameless == Some(End::Completed) {
        let line = format!(
            "a hello for {name} {}; without a name the same address answered (no host was reached to compare with)",
            death.words()
        );
        return said(death.of_name(), Certainty::Likely, line);
    }
    None
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

/// A path that had no experiment of its own, because many died alike: what all that had one come
/// to, if they agree.
fn alike(view: &View<'_>, death: Death, tls: &Tls, plain: Draft) -> Draft {
    let observations = view.context.observations;
    let mut codes: Vec<Code> = Vec::new();
    let mut example = None;
    let mut own_server = view.is_customer() && view.proxy().is_none();
    for attempt in observations.plain().filter(|a| a.route == view.attempt.route && a.cut.is_none()) {
        let Some(target) = view.context.plan.target(attempt.target) else { continue };
        let Some((same, dead)) = died(attempt).filter(|(d, _)| *d == death) else { continue };
        let address = dead.remote.ip().to_canonical();
        let trials = Trials::read(observations, attempt, address);
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
