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

use std::net::IpAddr;

use super::finding::{Certainty, Code, Owner};
use super::found::{Found, View};
use crate::observation::{Attempt, Observations, ServerName, Tls, TlsOutcome, Trust, Variation};
use crate::plan::{Plan, Route};

/// The largest segment of the experiment: what every IPv4 path takes (RFC 9293, 3.7.1).
pub(super) const SMALL_SEGMENT: u16 = 536;

/// How a handshake died, without a word of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Death {
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
pub(super) fn died(attempt: &Attempt) -> Option<(Death, &Tls)> {
    let tls = attempt.handshake()?;
    Some((Death::of(tls)?, tls))
}

/// A host of the list that was reached in this run.
pub(super) struct Reached {
    pub name: String,
    pub address: IpAddr,
    pub port: u16,
}

/// The hosts that were reached by a handshake over the same kind of route, and whose certificate
/// the public roots or this device accept; names only, and not `except`.
pub(super) fn reached(plan: &Plan, observations: &Observations, route: &Route, except: &str) -> Vec<Reached> {
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
pub(super) fn refine(view: &View<'_>, tls: &Tls, plain: Found) -> Found {
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

fn named(view: &View<'_>, code: Code, line: String, plain: &Found, own_server: bool) -> Found {
    let mut found = Found::new(code, line);
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
fn alike(view: &View<'_>, death: Death, tls: &Tls, plain: Found) -> Found {
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
