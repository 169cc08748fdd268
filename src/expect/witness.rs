//! Whether the network was up in this run. A line that is dead, a resolver that answers nothing and a sign-in that is
//! still wanted stop every host: that one of them is stopped then says nothing of what the network allows.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::contract::host::{is_link_local, is_own, is_private};
use crate::contract::{Certainty, Code, Verdict};
use crate::diagnose::{Finding, Judgement};
use crate::observation::{Attempt, HttpOutcome, Observations, ProxyOutcome, TlsOutcome, Trust};
use crate::plan::{Plan, Route, Target};

/// How far something came: inside the site, and out of it.
#[derive(Debug, Clone, Copy, Default)]
struct Reached {
    inside: bool,
    outside: bool,
}

impl Reached {
    const fn note(&mut self, outside: bool) {
        self.inside |= !outside;
        self.outside |= outside;
    }

    /// For a host of the site both count; for others what is outside alone.
    const fn counts(self, inside: bool) -> bool {
        self.outside || inside && self.inside
    }
}

/// What of a run shows that the network was up.
pub(super) struct Witness {
    direct: Reached,
    /// By the proxy's host and port.
    through: HashMap<(String, u16), Reached>,
    /// Names that were looked up here and have an address.
    resolved: Reached,
    portal: bool,
}

impl Witness {
    pub(super) fn new(plan: &Plan, seen: &Observations, judgement: &Judgement) -> Self {
        let (mut direct, mut resolved, mut through) =
            (Reached::default(), Reached::default(), HashMap::new());
        let works: HashMap<u32, bool> = judgement
            .hosts
            .iter()
            .map(|h| (h.target, matches!(h.verdict, Verdict::Reachable | Verdict::Warning)))
            .collect();
        let targets: HashMap<u32, &Target> = plan.targets.iter().map(|t| (t.id, t)).collect();
        for attempt in seen.plain().filter(|a| a.cut.is_none()) {
            let Some(target) = targets.get(&attempt.target) else { continue };
            if target.requirement.loopback {
                continue;
            }
            let addresses = attempt.dns.iter().flat_map(|dns| dns.addresses()).filter(|a| !is_own(*a));
            if attempt.route == Route::Direct {
                addresses.for_each(|a| resolved.note(is_outside(a)));
            }
            // A box that answers in the place of every host proves no line, a certificate of the public roots does.
            let proven = attempt.handshake().is_some_and(|tls| {
                tls.outcome == TlsOutcome::Completed && tls.public_trust == Some(Trust::Accepted)
            });
            let works = works.get(&target.id) == Some(&true) && is_through(target, attempt);
            if !(works || proven) {
                continue;
            }
            match (&attempt.route, attempt.connection()) {
                (Route::Proxy { host, port, .. }, _) => {
                    let outside = proven || !target.requirement.hints.customer;
                    through.entry((host.clone(), *port)).or_insert_with(Reached::default).note(outside);
                }
                (Route::Direct, Some(tcp)) if !is_own(tcp.remote.ip()) => {
                    direct.note(is_outside(tcp.remote.ip()));
                }
                (Route::Direct, _) => {}
            }
        }
        let open = seen.controls.iter().any(|c| {
            let answer = c.attempt.answer().filter(|h| h.outcome == HttpOutcome::Answered);
            answer.is_some_and(|h| h.status == Some(c.control.status) && h.body.starts_with(&c.control.body))
        });
        direct.outside |= open;
        let portal = judgement
            .hosts
            .iter()
            .flat_map(|h| [&h.finding].into_iter().chain(&h.also))
            .chain(judgement.causes.iter().map(|c| &c.finding))
            .any(|f| f.code == Code::HttpCaptivePortal);
        Self { direct, through, resolved, portal }
    }

    /// Why a finding on these ways does not show that the network stops this one host; none where it does. `inside`:
    /// the host lies in the site.
    pub(super) fn doubt(&self, finding: &Finding, routes: &[&Route], inside: bool) -> Option<&'static str> {
        if self.portal {
            return Some("the network wanted a sign-in first, which stops every host");
        }
        if finding.confidence == Certainty::Proven && is_own_act(finding.code) {
            return None;
        }
        if is_lookup(finding.code) && !self.resolved.counts(inside) {
            return Some(
                "no other name was resolved in this run, so it may be the resolver or the line that fails",
            );
        }
        // That the line was up is shown by what a proxy reached, too; that a proxy works, by itself alone.
        let line = self.direct.counts(inside) || self.through.values().any(|r| r.counts(inside));
        let is_up = |route: &&Route| match route {
            Route::Direct => line,
            Route::Proxy { host, port, .. } => {
                self.through.get(&(host.clone(), *port)).is_some_and(|r| r.counts(inside))
            }
        };
        let up = if routes.is_empty() { line } else { routes.iter().all(is_up) };
        (!up).then_some("nothing else was reached on this way in this run, so the line itself may be dead")
    }
}

fn is_outside(address: IpAddr) -> bool {
    !is_private(address) && !is_own(address) && !is_link_local(address)
}

/// Whether the attempt came to the end of what its transport has.
fn is_through(target: &Target, attempt: &Attempt) -> bool {
    let tunnel = attempt.proxy.as_ref().is_none_or(|p| p.outcome == ProxyOutcome::Tunnel);
    let transport = target.transport();
    tunnel
        && if transport.has_tls() {
            attempt.handshake().is_some_and(|tls| tls.outcome == TlsOutcome::Completed)
        } else if transport.has_http() {
            attempt.answer().is_some_and(|http| http.outcome == HttpOutcome::Answered)
        } else {
            attempt.connection().is_some()
        }
}

const fn is_lookup(code: Code) -> bool {
    matches!(
        code,
        Code::DnsNxdomain
            | Code::DnsNoAddress
            | Code::DnsServfail
            | Code::DnsRefused
            | Code::DnsTimeout
            | Code::ProxyUnresolved
    )
}

/// What only something that works can do to one host: it refuses it by name, answers in its place or says that it is
/// forbidden.
const fn is_own_act(code: Code) -> bool {
    matches!(
        code,
        Code::DnsSinkhole
            | Code::TcpProhibited
            | Code::TlsSniReset
            | Code::TlsSniTimeout
            | Code::HttpBlockPage
            | Code::ProxyDenied
    )
}
