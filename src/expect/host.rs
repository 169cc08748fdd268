//! Each promise against the record. What the network did is judged here, not what the service made of it: a host that
//! answers and refuses a credential was reached.
//!
//! | promise     | looked at                                     | untested where                                       |
//! |-------------|-----------------------------------------------|------------------------------------------------------|
//! | `reach`     | verdicts and findings of the programs         | not tried; stopped by the device; `blocked`: nothing else got through |
//! | `address`   | addresses of the name on direct routes        | a proxy resolves it; no address                      |
//! | `inspected` | chain of the handshake, and its finding       | no handshake; an issuer that proves neither          |
//! | `issuer`    | issuer of the certificate that was shown      | no handshake; the name is right and nothing proves it |
//! | `route`     | routes of the attempts                        | nothing was sent                                     |
//! | `within`    | time of the attempts that count               | not reached; no time was saved                       |
//!
//! Met is what every way of the programs that are meant shows; one that contradicts is enough for unmet.

use std::net::IpAddr;

use super::witness::Witness;
use super::{Addresses, Entry, Judged, Outcome, Promise, Reach};
use crate::contract::host::{is_link_local, is_own, is_private, meanings};
use crate::contract::{Actor, Code, Owner, Verdict};
use crate::diagnose::{ActorJudgement, Finding, HostJudgement};
use crate::observation::{Attempt, HttpOutcome, Tls, TlsOutcome, Trust};
use crate::plan::{Path, Route, Target};
use crate::text::english;
use crate::text::glob::glob;

/// Values named in one piece of evidence.
const SHOWN: usize = 4;

/// What came of one promise.
pub(super) struct Found {
    pub(super) outcome: Outcome,
    pub(super) evidence: String,
    pub(super) code: Option<Code>,
    pub(super) owner: Option<Owner>,
}

impl Found {
    fn new(outcome: Outcome, evidence: impl Into<String>) -> Self {
        Self { outcome, evidence: evidence.into(), code: None, owner: None }
    }

    pub(super) fn untested(why: impl Into<String>) -> Self {
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
pub(super) struct Host<'a> {
    pub(super) entry: &'a Entry,
    pub(super) target: &'a Target,
    pub(super) judged: &'a HostJudgement,
    /// What the report says of it: the finding of the cause that explains it, else its own.
    pub(super) said: &'a Finding,
    pub(super) attempts: &'a [&'a Attempt],
    pub(super) witness: &'a Witness,
}

impl<'a> Host<'a> {
    pub(super) fn result(&self, promise: Promise) -> Judged {
        let found = match promise {
            Promise::Reach => self.reach(),
            Promise::Address => self.address(),
            Promise::Inspected => self.inspected(),
            Promise::Issuer => self.issuer(),
            Promise::Route => self.route(),
            Promise::Within => self.within(),
        };
        // Whom the report asks, where one cause explains the host and others.
        let is_own = found.code == Some(self.judged.finding.code);
        let found = if is_own && found.owner.is_some() { found.with(self.said) } else { found };
        self.entry.judged(promise, Some(self.target), found)
    }

    fn is_meant(&self, actor: Actor) -> bool {
        self.entry.actors.is_empty() || self.entry.actors.contains(&actor)
    }

    /// A program that is meant and whose connections this device makes. A socket of this device says nothing of the
    /// sandbox's own machine.
    fn is_own(&self, actor: Actor) -> bool {
        actor != Actor::Vm && actor.is_probed() && self.is_meant(actor)
    }

    /// The ways of the programs that are meant.
    fn paths(&self) -> impl Iterator<Item = (usize, &'a Path)> + '_ {
        let all = self.target.paths.iter().enumerate();
        all.filter(|(_, path)| path.actors.iter().any(|a| self.is_own(*a)))
    }

    /// The app's own attempts on these ways.
    fn attempts(&self) -> impl Iterator<Item = &'a Attempt> + '_ {
        let paths: Vec<usize> = self.paths().map(|(at, _)| at).collect();
        self.attempts.iter().copied().filter(move |a| paths.contains(&a.path))
    }

    /// Met only where every way of every program that is meant shows something: what one of them shows says nothing of
    /// the others.
    fn on_every_way(&self, found: Found, shows: impl Fn(&Attempt) -> bool) -> Found {
        if found.outcome != Outcome::Met {
            return found;
        }
        let silent = |(at, _): &(usize, &Path)| !self.attempts.iter().any(|a| a.path == *at && shows(a));
        if let Some((_, path)) = self.paths().find(silent) {
            let who: Vec<&str> =
                path.actors.iter().filter(|a| self.is_own(**a)).map(|a| a.as_str()).collect();
            let who = english::and(&who);
            return Found::untested(format!(
                "the run does not show it for {who} ({}), only for others: {}",
                path.route, found.evidence
            ));
        }
        let is_planned = |actor: Actor| self.paths().any(|(_, path)| path.actors.contains(&actor));
        let mut all = self.target.requirement.actors().into_iter();
        match all.find(|actor| self.is_own(*actor) && !is_planned(*actor)) {
            Some(actor) => Found::untested(format!(
                "nothing was sent for {}, only for others: {}",
                actor.as_str(),
                found.evidence
            )),
            None => found,
        }
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
        // What contradicts the promise decides; what leaves it open comes before what bears it out.
        let rank = |found: &Found| match found.outcome {
            Outcome::Met => 0,
            Outcome::Untested => 1,
            Outcome::Unmet => 2,
        };
        meant
            .filter(|a| !silent(a.actor, a.verdict))
            .map(|actor| (actor.verdict, self.reach_of(actor, wanted)))
            .max_by_key(|(verdict, found)| (rank(found), *verdict))
            .map_or_else(|| self.not_tried(), |(_, found)| found)
    }

    /// What one program, on one of its ways, says of it.
    fn reach_of(&self, actor: &ActorJudgement, wanted: Reach) -> Found {
        let finding = self.finding(actor.code);
        match actor.verdict {
            Verdict::Untested => self.not_tried(),
            Verdict::Reachable => {
                let seen = if finding.code == actor.code { finding.evidence.line.as_str() } else { "" };
                let text = match seen {
                    "" => format!("reached by {}", actor.actor.as_str()),
                    seen => format!("reached: {seen}"),
                };
                Found::by(wanted == Reach::Reachable, text)
            }
            Verdict::Warning => {
                let text = format!("reached, with a warning: {}", finding.summary);
                Found::by(wanted == Reach::Reachable, text).with(finding)
            }
            Verdict::Blocked => self.stopped(wanted, finding, actor),
        }
    }

    /// Whether the host lies in the site, as far as this device knows its address.
    fn is_inside(&self) -> bool {
        let own = self.target.probed.parse::<IpAddr>().ok();
        let direct = self.attempts.iter().filter(|a| a.route == Route::Direct);
        let mut all = direct.flat_map(|a| &a.dns).flat_map(|dns| dns.addresses()).chain(own).peekable();
        match all.peek() {
            Some(_) => all.all(is_private),
            None => self.target.requirement.hints.customer,
        }
    }

    /// A blocked host: by the network, by what answers at its end, or by this device.
    fn stopped(&self, wanted: Reach, finding: &Finding, actor: &ActorJudgement) -> Found {
        let ends = matches!(finding.owner, Owner::Service | Owner::CloudAccount | Owner::Configuration);
        if ends && self.is_answered() {
            let text = format!("reached, and what answers refuses: {}", finding.summary);
            return Found::by(wanted == Reach::Reachable, text).with(finding);
        }
        let by_network = matches!(
            finding.owner,
            Owner::Firewall | Owner::Dns | Owner::Proxy | Owner::TlsInspection | Owner::Network
        );
        let text = format!("not reached: {}", finding.summary);
        match wanted {
            // The promise is the network's, and how far that would have let it is not shown.
            Reach::Reachable if finding.owner == Owner::Device => {
                Found::untested(format!("stopped by this device: {}", finding.summary))
            }
            Reach::Reachable => Found::by(false, text),
            Reach::Blocked if by_network => {
                let ways = self.target.paths.iter().filter(|p| p.actors.contains(&actor.actor));
                let routes: Vec<&Route> =
                    ways.map(|p| &p.route).filter(|r| r.to_string() == actor.route).collect();
                match self.witness.doubt(finding, &routes, self.is_inside()) {
                    Some(doubt) => Found::untested(format!("{text} But {doubt}")),
                    None => Found::by(true, text),
                }
            }
            // That the network would stop it is not shown.
            Reach::Blocked => {
                Found::untested(format!("not reached, and not by the network: {}", finding.summary))
            }
        }
        .with(finding)
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
            let found = Found::by(true, format!("the name has the address {}", english::first(&all, SHOWN)));
            let is_known = |a: &Attempt| a.dns.as_ref().is_none_or(|dns| !dns.addresses().is_empty());
            self.on_every_way(found, |a| a.route == Route::Direct && is_known(a))
        } else {
            Found::by(false, format!("the name has the address {}", english::first(&wrong, SHOWN)))
        }
    }

    /// The handshakes that count, each once.
    fn handshakes(&self) -> impl Iterator<Item = &'a Tls> + '_ {
        self.attempts().filter(|a| has_certificate(a)).filter_map(Attempt::handshake)
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
        let found = against.or(open).or(for_it).unwrap_or_else(|| self.no_handshake());
        self.on_every_way(found, has_certificate)
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
            (None, Some(leaf)) => {
                let found = Found::by(true, format!("the certificate is signed by {}", leaf.issuer));
                self.on_every_way(found, has_certificate)
            }
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
            self.on_every_way(Found::by(true, taken(&routes.iter().collect::<Vec<_>>())), |_| true)
        } else {
            Found::by(false, taken(&wrong))
        }
    }

    fn within(&self) -> Found {
        let Some(wanted) = self.entry.within_ms else { return self.not_tried() };
        let is_reached =
            matches!(self.judged.verdict, Verdict::Reachable | Verdict::Warning) || self.is_answered();
        if !is_reached {
            if self.judged.verdict == Verdict::Untested {
                return self.not_tried();
            }
            let finding = &self.judged.finding;
            return Found::untested(format!("not reached: {}", finding.summary)).with(finding);
        }
        // The time of the host is that of its first way; of the others the quickest attempt that was answered counts.
        let mut slowest = None;
        for (at, _) in self.paths() {
            let answered = self.attempts.iter().filter(|a| a.path == at && is_answered(a)).map(|a| a.ms);
            let of_host = self.judged.timings.total.filter(|_| at == 0);
            let ms = of_host.or_else(|| answered.filter(|ms| *ms > 0.0).min_by(f64::total_cmp));
            if let Some(ms) = ms {
                slowest = Some(ms.max(slowest.unwrap_or(0.0)));
            }
        }
        match slowest {
            Some(ms) => {
                #[allow(clippy::cast_precision_loss)] // at most ten minutes
                let kept = ms <= wanted as f64;
                let found = Found::by(kept, format!("it took {ms:.0} ms"));
                self.on_every_way(found, |a| a.ms > 0.0 && is_answered(a))
            }
            None if self.attempts().next().is_none() => self.not_tried(),
            None => Found::untested("reached, but this run has no time of it"),
        }
    }
}

/// Whether a certificate was shown.
fn has_certificate(attempt: &Attempt) -> bool {
    let handshake = attempt.handshake();
    handshake.is_some_and(|tls| tls.outcome == TlsOutcome::Completed && !tls.chain.is_empty())
}

/// Whether an attempt was answered, by the last of what it was to say.
fn is_answered(attempt: &Attempt) -> bool {
    match (attempt.http.is_empty(), attempt.tls.is_empty()) {
        (false, _) => attempt.answer().is_some_and(|http| http.outcome == HttpOutcome::Answered),
        (true, false) => attempt.handshake().is_some_and(|tls| tls.outcome == TlsOutcome::Completed),
        (true, true) => attempt.connection().is_some(),
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
