//! Each promise against the record. What the network did is judged here, not what the service made of it: a host that
//! answers and refuses a credential was reached.
//!
//! | promise     | looked at                                     | untested where                                       |
//! |-------------|-----------------------------------------------|------------------------------------------------------|
//! | `reach`     | verdict and finding                           | not tried; stopped by the device, or its owner       |
//! | `address`   | addresses of the name on direct routes        | a proxy resolves it; no address                      |
//! | `inspected` | chain of the handshake, and its finding       | no handshake; an issuer that proves neither          |
//! | `issuer`    | issuer of the certificate that was shown      | no handshake; the name is right and nothing proves it |
//! | `route`     | routes of the attempts                        | nothing was sent                                     |
//! | `within`    | time of the attempt that counts               | not reached                                          |

use std::collections::HashMap;
use std::net::IpAddr;

use super::{Addresses, Entry, Expectations, Expected, Hosts, Judged, Outcome, Promise, Reach, Way};
use crate::contract::endpoint::{authority, listed};
use crate::contract::host::{is_link_local, is_own, is_private, meanings};
use crate::contract::{Actor, Code, HostPattern, Owner, Verdict};
use crate::diagnose::{Finding, HostJudgement, Judgement};
use crate::observation::{Attempt, HttpOutcome, Observations, Tls, TlsOutcome, Trust};
use crate::plan::{Plan, Route, Target};
use crate::text::english;
use crate::text::glob::glob;
use crate::text::line;

/// Results of a run at the most.
const MAX_RESULTS: usize = 20_000;
/// Values named in one piece of evidence.
const SHOWN: usize = 4;

/// More promises than are judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{source_name}: its entries make more than {MAX_RESULTS} promises for the hosts of this run; name hosts in fewer entries"
)]
pub struct TooMany {
    /// The file.
    source_name: String,
}

/// Holds every promise against a judged run.
///
/// # Errors
/// [`TooMany`] where the entries that hold for one host are too many to be told.
pub fn judge(
    expectations: &Expectations,
    plan: &Plan,
    seen: &Observations,
    judgement: &Judgement,
) -> Result<Expected, TooMany> {
    Record::new(plan, seen, judgement).judge(expectations)
}

/// A run, arranged by host.
pub(super) struct Record<'a> {
    plan: &'a Plan,
    attempts: HashMap<u32, Vec<&'a Attempt>>,
    hosts: HashMap<u32, &'a HostJudgement>,
}

impl<'a> Record<'a> {
    pub(super) fn new(plan: &'a Plan, seen: &'a Observations, judgement: &'a Judgement) -> Self {
        let mut attempts: HashMap<u32, Vec<&Attempt>> = HashMap::new();
        for attempt in seen.plain().filter(|a| a.cut.is_none()) {
            attempts.entry(attempt.target).or_default().push(attempt);
        }
        Self { plan, attempts, hosts: judgement.hosts.iter().map(|h| (h.target, h)).collect() }
    }

    /// The judgement of a host.
    pub(super) fn of(&self, target: &Target) -> Option<&'a HostJudgement> {
        self.hosts.get(&target.id).copied()
    }

    pub(super) fn judge(&self, expectations: &Expectations) -> Result<Expected, TooMany> {
        let mut results = Vec::new();
        for entry in &expectations.entries {
            let before = results.len();
            for target in self.plan.targets.iter().filter(|t| entry.holds_for(t)) {
                let Some(judged) = self.of(target) else { continue };
                let attempts = self.attempts.get(&target.id).map_or(&[][..], Vec::as_slice);
                let host = Host { entry, target, judged, attempts };
                results.extend(entry.promises().map(|promise| host.result(promise)));
                if results.len() > MAX_RESULTS {
                    return Err(TooMany { source_name: expectations.source.clone() });
                }
            }
            if results.len() == before {
                // A promise that nothing was held against is not kept.
                results.extend(entry.promises().map(|promise| entry.of_nobody(promise)));
            }
        }
        Ok(Expected::of(expectations.source.clone(), results))
    }
}

impl Hosts {
    /// As a file has it.
    pub(super) fn shown(&self) -> String {
        self.port.map_or_else(|| self.host.to_string(), |port| authority(&self.host.to_string(), port))
    }

    fn covers(&self, target: &Target) -> bool {
        if self.port.is_some_and(|port| port != target.port()) {
            return false;
        }
        let known = |name: &str| !name.is_empty() && self.host.covers(name);
        match &target.requirement.host {
            HostPattern::Name(name) => known(name),
            HostPattern::Address(address) => known(&address.to_string()),
            HostPattern::Any => self.host == HostPattern::Any,
            // A wildcard of the list is meant by itself, by a wider one, and by the member that stands for it.
            own @ HostPattern::Subdomains(suffix) => {
                let is_wider = self.host.is_wildcard() && known(suffix);
                *own == self.host || is_wider || known(&target.probed)
            }
        }
    }
}

impl Entry {
    fn holds_for(&self, target: &Target) -> bool {
        let any = |hosts: &[Hosts]| hosts.iter().any(|h| h.covers(target));
        any(&self.hosts) && !any(&self.except)
    }

    /// What is promised, in the order of the documentation.
    fn promises(&self) -> impl Iterator<Item = Promise> + '_ {
        Promise::ALL.iter().copied().filter(|promise| match promise {
            Promise::Reach => self.reach.is_some(),
            Promise::Address => self.address.is_some(),
            Promise::Inspected => self.inspected.is_some(),
            Promise::Issuer => !self.issuer.is_empty(),
            Promise::Route => !self.route.is_empty(),
            Promise::Within => self.within_ms.is_some(),
        })
    }

    fn said(&self, promise: Promise) -> String {
        let text = match promise {
            Promise::Reach => self.reach.map(|r| r.as_str().to_owned()).unwrap_or_default(),
            Promise::Address => match &self.address {
                None => String::new(),
                Some(Addresses::Public) => "public".to_owned(),
                Some(Addresses::Private) => "private".to_owned(),
                Some(Addresses::Networks(all)) => {
                    let names: Vec<&str> = all.iter().map(|(text, _)| text.as_str()).collect();
                    names.join(" or ")
                }
            },
            Promise::Inspected => match self.inspected {
                Some(true) => "true".to_owned(),
                Some(false) => "false".to_owned(),
                None => String::new(),
            },
            Promise::Issuer => self.issuer.join(" or "),
            Promise::Route => self.route.iter().map(Way::shown).collect::<Vec<_>>().join(" or "),
            Promise::Within => self.within_ms.map(|ms| format!("{ms} ms")).unwrap_or_default(),
        };
        line::line(&text, line::SHORT)
    }

    fn of_nobody(&self, promise: Promise) -> Judged {
        self.judged(promise, None, Found::untested("no host of this run is meant by it"))
    }

    fn judged(&self, promise: Promise, target: Option<&Target>, found: Found) -> Judged {
        let hosts: Vec<String> = self.hosts.iter().map(Hosts::shown).collect();
        Judged {
            line: self.line,
            hosts: line::line(&english::first(&hosts, SHOWN), line::SHORT),
            host: target.map(|t| listed(&t.requirement.host, t.port())).unwrap_or_default(),
            target: target.map(|t| t.id),
            promise,
            expected: self.said(promise),
            result: found.outcome,
            evidence: line::line(&found.evidence, line::LONG),
            code: found.code,
            owner: found.owner,
            note: Some(line::line(&self.note, line::SHORT)).filter(|note| !note.is_empty()),
        }
    }
}

impl Way {
    /// As a file has it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Direct => "direct".to_owned(),
            Self::AnyProxy => "proxy".to_owned(),
            Self::Proxy(host, Some(port)) => authority(host, *port),
            Self::Proxy(host, None) => host.clone(),
        }
    }

    fn is(&self, route: &Route) -> bool {
        match (self, route) {
            (Self::Direct, Route::Direct) | (Self::AnyProxy, Route::Proxy { .. }) => true,
            (Self::Proxy(name, wanted), Route::Proxy { host, port, .. }) => {
                let bare = host.trim_matches(['[', ']']).trim_end_matches('.');
                bare.eq_ignore_ascii_case(name) && wanted.is_none_or(|wanted| wanted == *port)
            }
            _ => false,
        }
    }
}

/// What came of one promise.
struct Found {
    outcome: Outcome,
    evidence: String,
    code: Option<Code>,
    owner: Option<Owner>,
}

impl Found {
    fn new(outcome: Outcome, evidence: impl Into<String>) -> Self {
        Self { outcome, evidence: evidence.into(), code: None, owner: None }
    }

    fn untested(why: impl Into<String>) -> Self {
        Self::new(Outcome::Untested, why)
    }

    fn by(is_met: bool, evidence: impl Into<String>) -> Self {
        Self::new(if is_met { Outcome::Met } else { Outcome::Unmet }, evidence)
    }

    fn with(mut self, finding: &Finding) -> Self {
        self.code = Some(finding.code);
        self.owner = Some(finding.owner).filter(|owner| *owner != Owner::None);
        self
    }
}

/// One host, and an entry that holds for it.
struct Host<'a> {
    entry: &'a Entry,
    target: &'a Target,
    judged: &'a HostJudgement,
    attempts: &'a [&'a Attempt],
}

impl<'a> Host<'a> {
    fn result(&self, promise: Promise) -> Judged {
        let found = match promise {
            Promise::Reach => self.reach(),
            Promise::Address => self.address(),
            Promise::Inspected => self.inspected(),
            Promise::Issuer => self.issuer(),
            Promise::Route => self.route(),
            Promise::Within => self.within(),
        };
        self.entry.judged(promise, Some(self.target), found)
    }

    fn is_meant(&self, actor: Actor) -> bool {
        self.entry.actors.is_empty() || self.entry.actors.contains(&actor)
    }

    /// The app's own attempts, on the ways of the programs that are meant. A socket of this device says nothing of the
    /// sandbox's own machine.
    fn attempts(&self) -> impl Iterator<Item = &'a Attempt> + '_ {
        let meant = |(_, path): &(usize, &crate::plan::Path)| {
            path.actors.iter().any(|a| *a != Actor::Vm && a.is_probed() && self.is_meant(*a))
        };
        let paths: Vec<usize> =
            self.target.paths.iter().enumerate().filter(meant).map(|(at, _)| at).collect();
        self.attempts.iter().copied().filter(move |a| paths.contains(&a.path))
    }

    /// Why the run says nothing of the host, where it does not.
    fn not_tried(&self) -> Found {
        let finding = &self.judged.finding;
        let why = if self.judged.verdict == Verdict::Untested && !finding.summary.is_empty() {
            format!("nothing was seen: {}", finding.summary)
        } else {
            "nothing was sent to it for this program".to_owned()
        };
        Found {
            code: Some(finding.code).filter(|_| self.judged.verdict == Verdict::Untested),
            ..Found::untested(why)
        }
    }

    fn finding(&self, code: Code) -> &'a Finding {
        let judged = self.judged;
        [&judged.finding].into_iter().chain(&judged.also).find(|f| f.code == code).unwrap_or(&judged.finding)
    }

    /// Whether an answer of the service came, whatever it says.
    fn is_answered(&self) -> bool {
        self.attempts().any(|a| a.answer().is_some_and(|h| h.outcome == HttpOutcome::Answered))
    }

    fn reach(&self) -> Found {
        let Some(wanted) = self.entry.reach else { return self.not_tried() };
        // Where nothing ran in the sandbox's own machine, that takes nothing from what the others showed.
        let silent = |a: Actor, v: Verdict| {
            a == Actor::Vm && v == Verdict::Untested && !self.entry.actors.contains(&Actor::Vm)
        };
        let meant = self.judged.actors.iter().filter(|a| a.actor.is_probed() && self.is_meant(a.actor));
        let Some(worst) = meant.filter(|a| !silent(a.actor, a.verdict)).max_by_key(|a| a.verdict) else {
            return self.not_tried();
        };
        let finding = self.finding(worst.code);
        let seen = |text: &str| if text.is_empty() { finding.summary.clone() } else { text.to_owned() };
        match worst.verdict {
            Verdict::Untested => self.not_tried(),
            Verdict::Reachable => {
                Found::by(wanted == Reach::Reachable, format!("reached: {}", seen(&finding.evidence.line)))
            }
            Verdict::Warning => {
                let text = format!("reached, with a warning: {}", finding.summary);
                Found::by(wanted == Reach::Reachable, text).with(finding)
            }
            Verdict::Blocked => self.stopped(wanted, finding),
        }
    }

    /// A blocked host: by the network, by what answers at its end, or by this device.
    fn stopped(&self, wanted: Reach, finding: &Finding) -> Found {
        let ends = matches!(finding.owner, Owner::Service | Owner::CloudAccount | Owner::Configuration);
        if ends && self.is_answered() {
            let text = format!("reached, and what answers refuses: {}", finding.summary);
            return Found::by(wanted == Reach::Reachable, text).with(finding);
        }
        let by_network = matches!(
            finding.owner,
            Owner::Firewall | Owner::Dns | Owner::Proxy | Owner::TlsInspection | Owner::Network
        );
        match wanted {
            Reach::Reachable => Found::by(false, format!("not reached: {}", finding.summary)).with(finding),
            Reach::Blocked if by_network => {
                Found::by(true, format!("not reached: {}", finding.summary)).with(finding)
            }
            // That the network would stop it is not shown.
            Reach::Blocked => {
                let text = format!("not reached, and not by the network: {}", finding.summary);
                Found::untested(text).with(finding)
            }
        }
    }

    fn address(&self) -> Found {
        let Some(wanted) = &self.entry.address else { return self.not_tried() };
        let mut found: Vec<IpAddr> = Vec::new();
        let mut proxied = false;
        for attempt in self.attempts() {
            if attempt.route != Route::Direct {
                proxied = true;
                continue;
            }
            let own = self.target.probed.parse::<IpAddr>().ok();
            for address in attempt.dns.iter().flat_map(|dns| dns.addresses()).chain(own) {
                if !found.contains(&address) {
                    found.push(address);
                }
            }
        }
        if found.is_empty() {
            if proxied {
                return Found::untested(
                    "the proxy looks the name up, so this device does not know its address",
                );
            }
            let tried = self.attempts().next().is_some();
            let none =
                Found::untested(format!("the name has no address here: {}", self.judged.finding.summary));
            return if tried { none.with(&self.judged.finding) } else { self.not_tried() };
        }
        let wrong: Vec<String> =
            found.iter().filter(|a| !wanted.is(**a)).map(|a| a.to_canonical().to_string()).collect();
        let all: Vec<String> = found.iter().map(|a| a.to_canonical().to_string()).collect();
        if wrong.is_empty() {
            Found::by(true, format!("the name has the address {}", english::first(&all, SHOWN)))
        } else {
            Found::by(false, format!("the name has the address {}", english::first(&wrong, SHOWN)))
        }
    }

    /// The handshakes that count, each once.
    fn handshakes(&self) -> impl Iterator<Item = &'a Tls> + '_ {
        self.attempts()
            .filter_map(Attempt::handshake)
            .filter(|tls| tls.outcome == TlsOutcome::Completed && !tls.chain.is_empty())
    }

    fn inspected(&self) -> Found {
        let Some(wanted) = self.entry.inspected else { return self.not_tried() };
        let opened = [Code::TlsIntercepted, Code::TlsInterceptedUntrusted];
        let mut open_question = None;
        let (mut plain, mut boxed) = (None, None);
        for tls in self.handshakes() {
            let Some(leaf) = tls.chain.first() else { continue };
            let accepted =
                [&tls.public_trust, &tls.public_trust_at_date].iter().any(|t| **t == Some(Trust::Accepted));
            let found = [&self.judged.finding].into_iter().chain(&self.judged.also);
            if accepted {
                plain = Some(leaf);
            } else if let Some(finding) = found.into_iter().find(|f| opened.contains(&f.code)) {
                boxed = Some((leaf, finding));
            } else {
                open_question = Some(leaf);
            }
        }
        // What contradicts the promise decides; what leaves it open comes before what bears it out.
        let not = plain.map(|leaf| {
            Found::by(
                !wanted,
                format!("not inspected: the public roots accept the certificate of {}", leaf.issuer),
            )
        });
        let is = boxed.map(|(leaf, finding)| {
            Found::by(wanted, format!("inspected: the certificate is signed by {}", leaf.issuer))
                .with(finding)
        });
        let open = open_question.map(|leaf| {
            Found::untested(format!(
                "the certificate is signed by {}, which is no public authority; whether inspection or the host's owner \
                 signs so cannot be told here",
                leaf.issuer
            ))
        });
        let (against, for_it) = if wanted { (not, is) } else { (is, not) };
        against.or(open).or(for_it).unwrap_or_else(|| self.no_handshake())
    }

    fn no_handshake(&self) -> Found {
        if self.attempts().next().is_none() {
            return self.not_tried();
        }
        if !self.target.transport().has_tls() {
            return Found::untested("no TLS is spoken there");
        }
        let finding = &self.judged.finding;
        Found::untested(format!("no certificate was shown: {}", finding.summary)).with(finding)
    }

    fn issuer(&self) -> Found {
        let is_named = |issuer: &str| {
            let issuer = issuer.to_lowercase();
            self.entry.issuer.iter().any(|wanted| glob(&format!("*{}*", wanted.to_lowercase()), &issuer))
        };
        let (mut unproven, mut right) = (None, None);
        for tls in self.handshakes() {
            let Some(leaf) = tls.chain.first() else { continue };
            if !is_named(&leaf.issuer) {
                return Found::by(false, format!("the certificate is signed by {}", leaf.issuer));
            }
            let stores = [&tls.device_trust, &tls.public_trust, &tls.public_trust_at_date];
            if stores.iter().any(|t| **t == Some(Trust::Accepted)) {
                right = Some(leaf);
            } else {
                unproven = Some(leaf);
            }
        }
        match (unproven, right) {
            // Anybody can write a name into a certificate.
            (Some(leaf), _) => Found::untested(format!(
                "the certificate names {} as its issuer, but neither this device nor the public roots accept it, so the \
                 name proves nothing",
                leaf.issuer
            )),
            (None, Some(leaf)) => Found::by(true, format!("the certificate is signed by {}", leaf.issuer)),
            (None, None) => self.no_handshake(),
        }
    }

    fn route(&self) -> Found {
        let mut routes: Vec<&Route> = Vec::new();
        for attempt in self.attempts() {
            if !routes.contains(&&attempt.route) {
                routes.push(&attempt.route);
            }
        }
        if routes.is_empty() {
            return self.not_tried();
        }
        let wrong: Vec<&&Route> =
            routes.iter().filter(|r| !self.entry.route.iter().any(|way| way.is(r))).collect();
        let taken = |routes: &[&&Route]| {
            let all: Vec<String> = routes.iter().map(|r| r.to_string()).collect();
            format!("the way that was taken: {}", english::first(&all, SHOWN))
        };
        if wrong.is_empty() {
            Found::by(true, taken(&routes.iter().collect::<Vec<_>>()))
        } else {
            Found::by(false, taken(&wrong))
        }
    }

    fn within(&self) -> Found {
        let Some(wanted) = self.entry.within_ms else { return self.not_tried() };
        let is_reached =
            matches!(self.judged.verdict, Verdict::Reachable | Verdict::Warning) || self.is_answered();
        match self.judged.timings.total.filter(|_| is_reached) {
            Some(ms) => {
                #[allow(clippy::cast_precision_loss)] // at most ten minutes
                let kept = ms <= wanted as f64;
                Found::by(kept, format!("it took {ms:.0} ms"))
            }
            None if self.judged.verdict == Verdict::Untested => self.not_tried(),
            None => {
                let finding = &self.judged.finding;
                Found::untested(format!("not reached: {}", finding.summary)).with(finding)
            }
        }
    }
}

impl Addresses {
    fn is(&self, address: IpAddr) -> bool {
        match self {
            Self::Private => is_private(address) && !is_own(address),
            Self::Public => !is_private(address) && !is_own(address) && !is_link_local(address),
            // Translated addresses lie where the address lies that they carry.
            Self::Networks(all) => meanings(address).any(|a| all.iter().any(|(_, block)| block.contains(a))),
        }
    }
}
