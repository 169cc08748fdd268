//! The certificate: one chain, judged by the device's store and by the public roots.
//!
//! | public roots | device  | a public host                  | the customer's host        |
//! |--------------|---------|--------------------------------|----------------------------|
//! | accept       | accepts | healthy                        | healthy                    |
//! | accept       | refuses | `device/trust-store`           | `device/trust-store`       |
//! | no issuer    | accepts | `tls/intercepted`              | healthy, `private_ca`      |
//! | no issuer    | refuses | `tls/intercepted-untrusted`    | `tls/unknown-issuer`       |
//!
//! Before that come the faults of the certificate itself: time, name, its own issuer, an
//! intermediate that was not sent. A store that could not be asked refuses nothing: where only the
//! device's is silent the public roots decide as far as they can, and where nothing judged the
//! chain the finding is a warning, `device/trust-store`, and the answer is looked at all the same.

use crate::contract::Actor;
use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Step, Walk};
use crate::diagnose::finding::{Certainty, Code, Owner, Verdict};
use crate::diagnose::wording::span;
use crate::observation::{Certificate, Tls, Trust};

use super::trust_engine::{self, Engine};
use super::trust_renewed;
use super::trust_words::{day, fault, words};

/// Judges the chain of a completed handshake. Goes on to HTTP where the connection is worth
/// something, that is where the device accepts it.
pub(crate) fn judge(view: &View<'_>, tls: &Tls, walk: &mut Walk) -> Step {
    let Some(leaf) = tls.chain.first() else {
        let line = format!("{}: no certificate was recorded", tls.remote);
        walk.push(Draft::new(Code::TlsUnknownIssuer, line).owner(view.path_owner()));
        return Step::Break(());
    };
    walk.fact("issuer", leaf.issuer.clone());
    if let Some(parameters) = &tls.parameters {
        walk.fact("tls", format!("{} {}", parameters.version, parameters.group));
    }
    let chain = Chain { view, tls, leaf };
    let found = if view.must_be_public() { chain.of_the_world(walk) } else { chain.of_the_customer(walk) };
    let found = found.map(|found| chain.of_a_box(found));
    let engine = chain.of_the_engine(found.as_ref(), walk);
    let Some(found) = found else {
        walk.found.extend(engine);
        return Step::Continue(());
    };
    let warning = found.verdict_by(view.context.codes) == Verdict::Warning;
    // A trust store concerns the programs that use it; the others go on.
    let some_go_on = found.actors.is_some();
    walk.push(found);
    walk.found.extend(engine);
    if warning || some_go_on { Step::Continue(()) } else { Step::Break(()) }
}

/// What may be wrong with the certificate of a box that answers for many.
const BOXED: [Code; 5] = [
    Code::TlsInterceptedUntrusted,
    Code::TlsSelfSigned,
    Code::TlsNameMismatch,
    Code::TlsExpired,
    Code::TlsNotYetValid,
];

struct Chain<'a> {
    view: &'a View<'a>,
    tls: &'a Tls,
    leaf: &'a Certificate,
}

/// What a store says, reduced to what matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Accepts,
    /// The issuer is not known.
    NoIssuer,
    /// The certificate is wrong in a way that neither issuer, clock nor name explains.
    Rejected,
    Expired,
    NotYet,
    Name,
    Revoked,
    /// It was not asked.
    Nothing,
}

fn says(trust: Option<&Trust>) -> Says {
    match trust {
        Some(Trust::Accepted) => Says::Accepts,
        Some(Trust::UnknownIssuer) => Says::NoIssuer,
        Some(Trust::Rejected { .. }) => Says::Rejected,
        Some(Trust::Expired) => Says::Expired,
        Some(Trust::NotYetValid) => Says::NotYet,
        Some(Trust::NameMismatch) => Says::Name,
        Some(Trust::Revoked) => Says::Revoked,
        Some(Trust::Unavailable { .. }) | None => Says::Nothing,
    }
}

impl Chain<'_> {
    /// One certificate that hosts of several operators show belongs to a box in the way, whatever is
    /// wrong with it, and the box has one owner.
    fn of_a_box(&self, found: Draft) -> Draft {
        let same = self.view.context.run.boxes.of_leaf(self.tls);
        let Some(hosts) = same.filter(|_| !self.view.target.requirement.loopback) else { return found };
        let unknown = [Code::TlsUnknownIssuer, Code::TlsIncompleteChain, Code::TlsInterceptedUntrusted];
        let mut found = if unknown.contains(&found.code) { self.intercepted_untrusted() } else { found };
        if !BOXED.contains(&found.code) {
            return found;
        }
        found.case = None;
        found.line.push_str(&format!("; {hosts} hosts of several operators show this very certificate"));
        let found = found.key(self.leaf.sha256.as_str()).fact("same_certificate", hosts);
        match self.view.proxy() {
            Some(proxy) => found.owner(Owner::Proxy).fact("proxy", proxy),
            None => found.owner(Owner::Firewall),
        }
    }

    fn device(&self) -> Says {
        self.says(self.tls.device_trust.as_ref())
    }

    fn public(&self) -> Says {
        self.says(self.tls.public_trust.as_ref())
    }

    /// What a store says. A verifier speaks of time also where only a root in the chain has ended that it
    /// takes from nobody: what it lacks then is an authority that it trusts.
    fn says(&self, trust: Option<&Trust>) -> Says {
        match says(trust) {
            Says::Expired if self.ended_root().is_some() => Says::NoIssuer,
            says => says,
        }
    }

    /// The root that was sent and has ended, where all the rest of the chain is in time.
    fn ended_root(&self) -> Option<&Certificate> {
        let now = self.now();
        let ended: Vec<&Certificate> = self.tls.chain.iter().filter(|c| c.not_after < now).collect();
        let roots = !self.leaf.self_issued && ended.iter().all(|c| c.self_issued);
        ended.first().copied().filter(|_| roots)
    }

    /// The first certificate of the chain that has ended, where it is not the server's own.
    fn ended_above(&self) -> Option<&Certificate> {
        let now = self.now();
        let above = self.tls.chain.iter().skip(1).find(|c| c.not_after < now);
        above.filter(|_| self.leaf.not_after >= now)
    }

    fn now(&self) -> i64 {
        self.view.context.observations.device.clock
    }

    /// A host that must chain to the public roots.
    fn of_the_world(&self, walk: &mut Walk) -> Option<Draft> {
        match (self.public(), self.device()) {
            (Says::Accepts, device) => self.public_accepts(device),
            // Only one way up from the server's certificate has ended, and this device knows another.
            (Says::Expired, Says::Accepts) if self.ended_above().is_some() => self.another_path(walk),
            (Says::Expired | Says::NotYet, _) => Some(self.out_of_time(self.public())),
            (Says::Name, _) => Some(self.wrong_name(Owner::Firewall)),
            (Says::NoIssuer | Says::Rejected | Says::Revoked, device) => Some(self.not_public(device)),
            (Says::Nothing, Says::Accepts) => None,
            (Says::Nothing, Says::Nothing) => Some(self.not_judged()),
            (Says::Nothing, Says::Revoked) => Some(self.revoked()),
            (Says::Nothing, Says::Expired | Says::NotYet) => Some(self.out_of_time(self.device())),
            (Says::Nothing, Says::Name) => Some(self.wrong_name(Owner::Firewall)),
            (Says::Nothing, _) => {
                let line = format!(
                    "this device's store says {}, the public roots could not be asked",
                    words(self.tls.device_trust.as_ref())
                );
                Some(self.found(Code::TlsUnknownIssuer, line).key(self.leaf.issuer.as_str()))
            }
        }
    }

    /// The customer's host, or one given on the command line.
    fn of_the_customer(&self, walk: &mut Walk) -> Option<Draft> {
        let (public, device) = (self.public(), self.device());
        if device == Says::Accepts {
            if !matches!(public, Says::NoIssuer | Says::Rejected) {
                return None;
            }
            // Either it is inspected too, or one authority signs for the customer's servers and for
            // the inspection. The first is likelier, and what an inspector does to streams matters
            // most here.
            if public == Says::NoIssuer && self.view.context.run.is_inspector(&self.leaf.issuer) {
                walk.fact("inspector", self.leaf.issuer.clone());
                let mut found = self.intercepted();
                found.line.push_str("; in this run it also stands in for public hosts");
                found.certainty = Certainty::Likely;
                return Some(found);
            }
            walk.private_ca = Some(self.leaf.issuer.clone());
            walk.proof.push(format!("certificate of the private authority {}", self.leaf.issuer));
            return None;
        }
        if public == Says::Accepts {
            return self.public_accepts(device);
        }
        let either = |wanted| public == wanted || device == wanted;
        if either(Says::Expired) {
            return Some(self.out_of_time(Says::Expired));
        }
        if either(Says::NotYet) {
            return Some(self.out_of_time(Says::NotYet));
        }
        if either(Says::Name) {
            return Some(self.wrong_name(Owner::Service));
        }
        if device == Says::Revoked {
            return Some(self.revoked());
        }
        let world = &self.view.context.run;
        if device == Says::Nothing {
            // Whether the device trusts a private authority is all that matters here.
            return Some(self.not_judged());
        }
        if self.signs_itself() {
            return Some(self.self_signed(Owner::Service));
        }
        let other_key = trust_renewed::of(self.view, self.tls).is_some();
        if device == Says::Rejected && !other_key {
            return Some(self.rejected());
        }
        if world.is_inspector(&self.leaf.issuer) {
            return Some(self.intercepted_untrusted());
        }
        if let Some(found) = self.incomplete(device) {
            return Some(found);
        }
        if other_key {
            let line =
                format!("issuer {} is not in the device's trust store under this key", self.leaf.issuer);
            return Some(
                self.renewed(self.found(Code::TlsUnknownIssuer, line)).key(self.leaf.issuer.as_str()),
            );
        }
        let mut line = format!("issuer {} is not in the device's trust store", self.leaf.issuer);
        line.push_str(&self.ended_words());
        if self.is_alone() && self.leaf.issuer_url.is_some() {
            line.push_str("; only the leaf was sent, so an intermediate may be missing as well");
        }
        Some(self.found(Code::TlsUnknownIssuer, line).key(self.leaf.issuer.as_str()))
    }

    /// The device finds a path in time, the public roots only one that has ended.
    fn another_path(&self, walk: &mut Walk) -> Option<Draft> {
        let world = &self.view.context.run;
        let issuer = &self.leaf.issuer;
        if !world.is_public_issuer(issuer) && !world.is_public_organisation(issuer) {
            return Some(self.not_public(Says::Accepts));
        }
        let ended = self.ended_above()?;
        walk.notes.push(format!(
            "this device builds a path from {issuer} to a root that it trusts; by the bundled public roots there is only the one through {}, which ended on {}, so programs with roots of their own may refuse it",
            ended.subject,
            day(ended.not_after)
        ));
        None
    }

    fn public_accepts(&self, device: Says) -> Option<Draft> {
        let found = match device {
            Says::Accepts | Says::Nothing => return None,
            Says::Revoked => return Some(self.revoked()),
            _ => {
                let mut line = format!(
                    "the public roots accept the chain of {}, the device's store says {}",
                    self.leaf.issuer,
                    words(self.tls.device_trust.as_ref())
                );
                if let (Some(Trust::Expired), Some(ended)) = (&self.tls.device_trust, self.ended_above()) {
                    line.push_str(&format!(
                        ": it knows only the path through {}, which ended on {}, and lacks the root of the other",
                        ended.subject,
                        day(ended.not_after)
                    ));
                }
                self.found(Code::DeviceTrustStore, line).proven().key(self.leaf.issuer.as_str())
            }
        };
        // Who carries the public roots itself goes on; of the others the device's store decides, or may.
        let stores = self.view.context.services.trust();
        let concerned: Vec<Actor> = self
            .view
            .path
            .actors
            .iter()
            .copied()
            .filter(|a| stores.carries_roots(*a) == Some(false))
            .collect();
        if concerned.is_empty() {
            return None;
        }
        Some(if concerned.len() == self.view.path.actors.len() { found } else { found.actors(concerned) })
    }

    fn revoked(&self) -> Draft {
        let line = format!("the device's store says the certificate of {} is revoked", self.leaf.issuer);
        self.found(Code::DeviceTrustStore, line).owner(Owner::Service).key(self.leaf.sha256.as_str())
    }

    /// The verifier found a fault in the certificate that installing an authority does not fix.
    fn rejected(&self) -> Draft {
        let error = words(self.tls.device_trust.as_ref());
        let line = format!("certificate {} of {} is rejected: {error}", self.leaf.subject, self.leaf.issuer);
        self.found(Code::TlsUnknownIssuer, line)
            .owner(Owner::Service)
            .fact("error", error)
            .key(self.leaf.sha256.as_str())
    }

    /// No store that matters for this host judged the chain. That says nothing against the host,
    /// and nothing for it.
    fn not_judged(&self) -> Draft {
        let line = format!(
            "trust was not judged: this device's store says {}, the public roots say {}",
            words(self.tls.device_trust.as_ref()),
            words(self.tls.public_trust.as_ref())
        );
        self.found(Code::DeviceTrustStore, line).verdict(Verdict::Warning).key("not judged")
    }

    /// No public root leads to the chain of a host that must have one.
    fn not_public(&self, device: Says) -> Draft {
        let world = &self.view.context.run;
        let shared = world.is_shared_inspector(&self.leaf.issuer);
        if !shared {
            if self.signs_itself() && !matches!(device, Says::Accepts | Says::Nothing) {
                return self.self_signed(Owner::TlsInspection);
            }
            if let Some(found) = self.incomplete(device) {
                return found;
            }
        }
        match device {
            Says::Accepts => self.intercepted(),
            // That something else answers is certain; a device that was not asked refuses nothing.
            Says::Nothing => {
                let line = format!(
                    "issuer {}: not a public root; whether this device trusts it could not be asked ({})",
                    self.leaf.issuer,
                    words(self.tls.device_trust.as_ref())
                );
                self.found(Code::TlsIntercepted, line)
                    .fact("trusted", "whether this device trusts it could not be asked")
                    .key(self.leaf.issuer.as_str())
            }
            _ => self.intercepted_untrusted(),
        }
    }

    /// The actor's own store was asked, and leaves no question open, or refuses, which is said apart.
    fn accepted_by(&self, actor: Actor) -> bool {
        match trust_engine::of(self.view, self.tls) {
            Engine::Accepts { open, .. } => {
                self.view.context.services.trust().is_tested(actor) && open.is_empty()
            }
            Engine::Refuses { .. } => self.view.context.services.trust().is_tested(actor),
            Engine::Unknown => false,
        }
    }

    /// What is wrong for those alone that have a store of their own, where it was asked; their note otherwise.
    fn of_the_engine(&self, found: Option<&Draft>, walk: &mut Walk) -> Option<Draft> {
        let stores = self.view.context.services.trust();
        let own: Vec<Actor> =
            self.view.path.actors.iter().copied().filter(|a| stores.is_tested(*a)).collect();
        if own.is_empty() || self.device() != Says::Accepts {
            return None;
        }
        let named = match trust_engine::of(self.view, self.tls) {
            Engine::Unknown => return None,
            Engine::Accepts { named, open } => {
                let open = if open.is_empty() { String::new() } else { format!("; {open}") };
                walk.own_store =
                    Some(format!("its own store was asked, and accepts the chain: {named}{open}"));
                return None;
            }
            Engine::Refuses { named } => named,
        };
        // Beside the finding: what becomes of it where nothing was asked would contradict it.
        let said = words(self.tls.engine_trust.as_ref());
        walk.own_store = Some(format!("its own store was asked, and refuses the chain: {named}: {said}"));
        let stopped = |f: &Draft| f.verdict_by(self.view.context.codes) == Verdict::Blocked;
        if found.is_some_and(|f| stopped(f) && own.iter().all(|a| f.concerns(*a))) {
            return None;
        }
        let issuer = &self.leaf.issuer;
        let line = format!("issuer {issuer}: accepted by this device, not by the engine ({named}): {said}");
        let code = match found.map(|f| f.code) {
            Some(code @ Code::TlsIncompleteChain) => code,
            _ if self.view.must_be_public() => Code::TlsInterceptedUntrusted,
            _ => Code::TlsUnknownIssuer,
        };
        let draft =
            self.found(code, line).verdict(Verdict::Blocked).fact("store", named).key(issuer.as_str());
        let draft = if code == Code::TlsIncompleteChain { draft } else { draft.case("engine") };
        Some(draft.actors(own))
    }

    fn intercepted(&self) -> Draft {
        let stores = self.view.context.services.trust();
        let others: Vec<&str> = self
            .view
            .path
            .actors
            .iter()
            .filter(|a| stores.behind(**a).is_some() && !self.accepted_by(**a))
            .map(|a| match a {
                Actor::Vm => "the virtual machine",
                Actor::Engine => "the engine",
                other => other.as_str(),
            })
            .collect();
        let own_store = !others.is_empty();
        let mut line = format!("issuer {}: not a public root, trusted by this device", self.leaf.issuer);
        line.push_str(&self.product().map(|p| format!(" (by its name {p})")).unwrap_or_default());
        line.push_str(&self.verifiers_words());
        if own_store {
            line.push_str(&format!("; whether it is trusted by {} was not tested", others.join(" and ")));
        }
        line.push_str(&self.ended_words());
        let found = self
            .found(Code::TlsIntercepted, line)
            .key(self.leaf.issuer.as_str())
            .fact("product", self.product());
        // A chain that the public roots reject for its form may still be a public one.
        if self.public() == Says::NoIssuer && !own_store { found.proven() } else { found }
    }

    fn intercepted_untrusted(&self) -> Draft {
        let mut line =
            format!("issuer {}: neither a public root nor trusted by this device", self.leaf.issuer);
        line.push_str(&self.product().map(|p| format!(" (by its name {p})")).unwrap_or_default());
        line.push_str(&self.verifiers_words());
        line.push_str(&self.ended_words());
        let shared = self.view.context.run.is_shared_inspector(&self.leaf.issuer);
        let found = self
            .found(Code::TlsInterceptedUntrusted, line)
            .key(self.leaf.issuer.as_str())
            .fact("product", self.product());
        self.renewed(if shared { found.proven() } else { found })
    }

    /// Says so where the device trusts another authority of the issuer's name.
    fn renewed(&self, found: Draft) -> Draft {
        match trust_renewed::of(self.view, self.tls) {
            Some(renewed) => renewed.said(found),
            None => found,
        }
    }

    /// Says that the root in the chain has ended.
    fn ended_words(&self) -> String {
        let ended = self.ended_root();
        ended
            .map(|c| format!("; the root that is sent, {}, ended on {}", c.subject, day(c.not_after)))
            .unwrap_or_default()
    }

    /// What a verifier says of a certificate that it rejects for another reason than its issuer.
    fn verifiers_words(&self) -> String {
        let mut said = String::new();
        for (who, trust) in [("public roots", &self.tls.public_trust), ("device", &self.tls.device_trust)] {
            if let Some(Trust::Rejected { error }) = trust {
                said.push_str(&format!("; {who}: {}", fault(error)));
            }
        }
        said
    }

    fn self_signed(&self, owner: Owner) -> Draft {
        let line = format!("certificate {} signs itself", self.leaf.subject);
        self.found(Code::TlsSelfSigned, line).owner(owner).key(self.leaf.sha256.as_str())
    }

    /// Only the leaf was sent, and its issuer is a public one: known as such from another host of
    /// this run, or of an organisation that is. On a public host it is also likely so because
    /// the leaf says where its issuer can be fetched, which the certificates that inspection makes
    /// up do not; an organisation's own authority says that as well, so on the customer's host that
    /// alone proves nothing.
    fn incomplete(&self, device: Says) -> Option<Draft> {
        if !self.is_alone() || self.signs_itself() {
            return None;
        }
        let world = &self.view.context.run;
        let known = world.is_public_issuer(&self.leaf.issuer);
        let fetchable = self.leaf.issuer_url.is_some();
        let related = fetchable && world.is_public_organisation(&self.leaf.issuer);
        if !(known || related || fetchable && self.view.must_be_public()) {
            return None;
        }
        let line = format!("only the leaf was sent; the certificate of {} is missing", self.leaf.issuer);
        let mut found = self.found(Code::TlsIncompleteChain, line).key(self.leaf.sha256.as_str());
        if self.view.must_be_public() {
            found = found.owner(Owner::Firewall);
        }
        if device == Says::Accepts {
            found = found.verdict(Verdict::Warning);
        }
        Some(if known { found.proven() } else { found })
    }

    fn out_of_time(&self, says: Says) -> Draft {
        let clock = self.view.context.run.clock.as_ref();
        let now = self.view.context.observations.device.clock;
        if let Some(clock) = clock
            && self.tls.chain.iter().all(|c| (c.not_before..=c.not_after).contains(&(now + clock.offset)))
        {
            let (number, whose) = match clock.hosts.len() {
                1 => ("one server says".to_owned(), "its"),
                more => (format!("{more} servers agree"), "their"),
            };
            let line = format!(
                "{number} that this device's clock is {} {}; at {whose} time the certificate is valid",
                span(clock.offset),
                if clock.offset > 0 { "behind" } else { "ahead" }
            );
            let mut found = self
                .found(Code::DeviceClock, line)
                .fact("clock", span(clock.offset))
                .fact("clock_offset_s", clock.offset);
            found.certainty = clock.certainty;
            return found;
        }
        let by_date =
            |c: &&Certificate| if says == Says::Expired { c.not_after < now } else { c.not_before > now };
        let culprit = self.tls.chain.iter().find(by_date).unwrap_or(self.leaf);
        let moment = if says == Says::Expired { culprit.not_after } else { culprit.not_before };
        let mut found = if says == Says::Expired {
            let line = format!("certificate {} ended on {}", culprit.subject, day(culprit.not_after));
            self.found(Code::TlsExpired, line)
        } else {
            let line = format!("certificate {} is valid from {}", culprit.subject, day(culprit.not_before));
            self.found(Code::TlsNotYetValid, line)
        };
        found.key = self.leaf.sha256.clone();
        if !self.view.must_be_public() {
            return found;
        }
        // A verifier looks at the dates before it looks for the issuer: that the provider's own
        // certificate ended is one reading, and the rarer one.
        let world = &self.view.context.run;
        let issuer = &self.leaf.issuer;
        if world.is_public_issuer(issuer) || world.is_public_organisation(issuer) {
            // Those of one authority that ended on one day are one thing to look into.
            found.owner(Owner::Service).key(format!("{issuer} ended or began {}", day(moment)))
        } else if world.is_inspector(issuer) {
            found.owner(Owner::TlsInspection).key(issuer.as_str())
        } else {
            // What ended on one day for hosts of many is one thing to look into, not one for each host.
            found.owner(Owner::Firewall).key(format!("ended or began {}", day(moment)))
        }
    }

    fn wrong_name(&self, owner: Owner) -> Draft {
        let mut names = self.leaf.names.clone();
        names.truncate(3);
        if self.leaf.name_count > names.len() {
            names.push(format!("{} more", self.leaf.name_count - names.len()));
        }
        let shown = if names.is_empty() {
            format!("no name, because its subject alternative name is missing ({})", self.leaf.subject)
        } else {
            names.join(", ")
        };
        self.found(Code::TlsNameMismatch, format!("{}: certificate for {shown}", self.tls.remote))
            .owner(owner)
            .fact("names", shown)
            .key(self.leaf.sha256.as_str())
    }

    fn found(&self, code: Code, line: String) -> Draft {
        Draft::new(code, line)
            .fact("issuer", self.leaf.issuer.as_str())
            .fact("subject", self.leaf.subject.as_str())
            .fact("expired", day(self.leaf.not_after))
            .fact("starts", day(self.leaf.not_before))
            .fact("address", self.tls.remote.ip().to_canonical().to_string())
            .fact("sha256", self.leaf.sha256.as_str())
    }

    /// The inspection product that the names in the chain tell.
    fn product(&self) -> Option<&str> {
        product(self.view, self.tls)
    }

    fn is_alone(&self) -> bool {
        self.tls.chain.len() == 1
    }

    fn signs_itself(&self) -> bool {
        self.leaf.self_issued
    }
}

/// The issuer of a chain that the device trusts and the public roots do not, on a host that must
/// chain to them: the answer that follows may be the inspector's own.
pub(crate) fn inspector<'a>(view: &View<'a>) -> Option<&'a str> {
    let tls = view.attempt.tls.iter().rev().find(|t| !t.chain.is_empty())?;
    let foreign = matches!(says(tls.public_trust.as_ref()), Says::NoIssuer | Says::Rejected);
    let issuer = tls.chain.first().map(|c| c.issuer.as_str())?;
    (view.must_be_public() && foreign && !view.context.run.is_public_issuer(issuer)).then_some(issuer)
}

/// The same of the customer's host too, where the issuer is one that opens public hosts.
pub(crate) fn opener<'a>(view: &View<'a>) -> Option<&'a str> {
    inspector(view).or_else(|| {
        let tls = view.attempt.handshake()?;
        let issuer = tls.chain.first().map(|c| c.issuer.as_str())?;
        let foreign = says(tls.public_trust.as_ref()) == Says::NoIssuer;
        (foreign && view.context.run.is_inspector(issuer)).then_some(issuer)
    })
}

/// The inspection product that the names in the chain tell.
pub(crate) fn product_of<'a>(view: &View<'a>) -> Option<&'a str> {
    let tls = view.attempt.handshake()?;
    product(view, tls)
}

fn product<'a>(view: &View<'a>, tls: &Tls) -> Option<&'a str> {
    let names = tls.chain.iter().flat_map(|c| [c.issuer.as_str(), c.subject.as_str()]);
    // The leaf's own subject is the host.
    let names = names.enumerate().filter(|(n, _)| *n != 1).map(|(_, name)| name);
    view.context.services.filters().inspector(names)
}
