//! Facts that only follow from several hosts of one run: the offset of the clock, issuers that
//! inspect, whether names resolve at all, whether the network wants a sign-in.

use std::collections::{BTreeMap, BTreeSet};

use super::experiment::burst::Limits;
use super::finding::Certainty;
use super::line::Line;
use super::one_box::Boxes;
use super::operator::{is_internal, must_be_public, operator};
use crate::observation::{Attempt, Dns, Observations, TcpOutcome, Tls, TlsOutcome, Trust};
use crate::plan::{Plan, Route, Target};
use crate::rules::services::Services;

/// Servers' dates agree within this many seconds of their median.
const AGREEMENT_S: i64 = 90;
/// A clock that is off by more is wrong.
const TOLERANCE_S: i64 = 240;

/// The clock of this device, compared with the dates of servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clock {
    /// Seconds to add to the device's clock.
    pub offset: i64,
    /// The targets whose dates agree.
    pub hosts: Vec<u32>,
    /// Proven by three hosts of two operators, or likely by fewer whose chains hold at their own date.
    pub certainty: Certainty,
}

/// A network that wants a sign-in first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Portal {
    /// What was seen.
    pub line: String,
    /// Where the sign-in is.
    pub location: Option<String>,
    pub certainty: Certainty,
}

/// Facts of the whole run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RunFacts {
    /// Set when three hosts, independent of each other, agree that the clock is off by over four
    /// minutes; or when fewer do whose chains the public roots accept at their date and not at this device's,
    /// and none contradicts them.
    pub clock: Option<Clock>,
    /// Issuers seen on hosts that must chain to the public roots and do not, with the operators of
    /// those hosts.
    foreign: BTreeMap<String, BTreeSet<String>>,
    /// Issuers of certificates that the public roots accept.
    public: BTreeSet<String>,
    /// Names that resolved, the proxy's and those of this device left out.
    pub resolved: usize,
    /// Internal names that resolved, by target; names of this device itself left out.
    pub internal_resolved: BTreeSet<u32>,
    /// Public names that resolved, by target.
    pub public_resolved: BTreeSet<u32>,
    /// Public names that the resolver says are not there, and the keys they were made from.
    missing: Vec<(String, Option<String>)>,
    /// Some address outside this device accepted a connection.
    pub connected: bool,
    /// The network wants a sign-in first, as the controls have it.
    pub portal: Option<Portal>,
    /// The line that all hosts share.
    pub line: Line,
    /// Limits that the check itself met.
    pub limits: Limits,
    /// Every connection stood at once, long before anything could have come back from so far away.
    pub accepts_locally: bool,
    /// What hosts of several operators showed in common.
    pub boxes: Boxes,
}

impl RunFacts {
    pub fn observe(plan: &Plan, observations: &Observations, services: &Services) -> Self {
        let mut facts = Self::default();
        let mut dates: Vec<Dated> = Vec::new();
        for attempt in observations.plain() {
            let Some(target) = plan.target(attempt.target) else { continue };
            let operator = operator(target, services);
            if attempt.route == Route::Direct
                && let Some(dns) = &attempt.dns
            {
                facts.learn_lookup(target, dns, services);
            }
            facts.connected |= attempt
                .tcp
                .iter()
                .any(|t| t.outcome == TcpOutcome::Connected && !t.remote.ip().to_canonical().is_loopback());
            for tls in attempt.tls.iter().filter(|t| t.outcome == TlsOutcome::Completed) {
                facts.learn_issuer(must_be_public(target, services), tls, &operator);
            }
            let Some(witness) = witness(attempt, &operator) else { continue };
            let holds = attempt.handshake().is_some_and(holds_at_its_date);
            for http in &attempt.http {
                let Some(date) = http.date() else { continue };
                let after = http.at_ms as f64 + http.first_byte_ms.unwrap_or(http.ms);
                let here = observations.device.clock + (after / 1000.0).round() as i64;
                if !dates.iter().any(|d| d.target == target.id) {
                    let (operator, witness) = (operator.clone(), witness.clone());
                    dates.push(Dated { target: target.id, operator, witness, offset: date - here, holds });
                }
            }
        }
        facts.clock = agreed(&dates);
        facts.accepts_locally = accepts_locally(observations);
        facts.boxes = Boxes::observe(plan, observations, services);
        facts
    }

    fn learn_lookup(&mut self, target: &Target, dns: &Dns, services: &Services) {
        let requirement = &target.requirement;
        // A name of this device, or one that leads back to it, needs no resolver that works.
        if requirement.loopback || leads_here(dns) {
            return;
        }
        let internal = is_internal(target, services);
        if dns.is_known() {
            self.resolved += 1;
            if internal {
                self.internal_resolved.insert(target.id);
            }
            if !internal {
                self.public_resolved.insert(target.id);
            }
        } else if !internal && dns.failure().is_some_and(|f| f.is_missing()) {
            self.missing.push((target.probed.clone(), requirement.hints.name_key.clone()));
        }
    }

    /// Takes over what another run knows of issuers.
    pub fn learn_issuers(&mut self, other: &Self) {
        self.public.extend(other.public.iter().cloned());
        for (issuer, operators) in &other.foreign {
            self.foreign.entry(issuer.clone()).or_default().extend(operators.iter().cloned());
        }
    }

    /// Another public name, made from another value, is missing as well.
    pub fn another_is_missing(&self, name: &str, key: &str) -> bool {
        self.missing.iter().any(|(n, k)| n != name && k.as_deref() != Some(key))
    }

    fn learn_issuer(&mut self, must_be_public: bool, tls: &Tls, operator: &str) {
        let Some(leaf) = tls.chain.first() else { return };
        match &tls.public_trust {
            Some(Trust::Accepted) => {
                self.public.insert(leaf.issuer.clone());
            }
            Some(Trust::UnknownIssuer) if must_be_public => {
                self.foreign.entry(leaf.issuer.clone()).or_default().insert(operator.to_owned());
            }
            _ => {}
        }
    }

    /// The issuer stands in place of the public one on hosts of at least two operators.
    pub fn is_shared_inspector(&self, issuer: &str) -> bool {
        !self.is_public_issuer(issuer)
            && self.foreign.get(issuer).is_some_and(|operators| operators.len() > 1)
    }

    /// The issuer stands in place of the public one on at least one host.
    pub fn is_inspector(&self, issuer: &str) -> bool {
        !self.is_public_issuer(issuer) && self.foreign.contains_key(issuer)
    }

    /// Another certificate of this issuer was accepted by the public roots.
    pub fn is_public_issuer(&self, issuer: &str) -> bool {
        self.public.contains(issuer)
    }

    /// A certificate of another issuer of the same organisation was accepted by the public roots.
    pub fn is_public_organisation(&self, issuer: &str) -> bool {
        organisation(issuer).is_some_and(|o| self.public.iter().any(|p| organisation(p) == Some(o)))
    }
}

/// Connections that stand within this many ms were accepted next door.
const NEXT_DOOR_MS: f64 = 2.0;
/// Handshakes that take so many ms came from far away.
const FAR_AWAY_MS: f64 = 20.0;

/// Whether something on this device, or next to it, accepts every connection itself, as zero-trust
/// clients and transparent proxies do: all connections to three addresses or more stood within 2 ms,
/// and no handshake, which takes one round trip, was done within 20.
fn accepts_locally(observations: &Observations) -> bool {
    let direct = || observations.plain().filter(|a| a.route == Route::Direct);
    let stood = direct()
        .flat_map(|a| &a.tcp)
        .filter(|t| t.outcome == TcpOutcome::Connected && !t.remote.ip().to_canonical().is_loopback());
    let (mut addresses, mut all_near) = (BTreeSet::new(), true);
    for tcp in stood {
        addresses.insert(tcp.remote.ip());
        all_near &= tcp.ms < NEXT_DOOR_MS;
    }
    let mut handshakes =
        direct().flat_map(|a| &a.tls).filter(|t| t.outcome == TlsOutcome::Completed).peekable();
    all_near && addresses.len() >= 3 && handshakes.peek().is_some() && handshakes.all(|t| t.ms >= FAR_AWAY_MS)
}

/// The organisation in a distinguished name.
fn organisation(name: &str) -> Option<&str> {
    name.split(',').map(str::trim).find_map(|part| part.strip_prefix("O=")).filter(|o| !o.is_empty())
}

/// A server's date, with what vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Dated {
    target: u32,
    operator: String,
    /// Who would have to be wrong for this date to be wrong: servers with the same witness are one.
    witness: String,
    /// Seconds between the date and this device's clock.
    offset: i64,
    /// The chain holds at that date, and not at this device's clock.
    holds: bool,
}

/// Who vouches for the dates of a connection; none where its chain is wrong apart from time. A
/// chain that the public roots accept, now or at the date of its own answer, proves the operator, whatever authority issued it.
/// Of one that is refused for its dates only the issuer is known, and one issuer may stand in for many operators.
fn witness(attempt: &Attempt, operator: &str) -> Option<String> {
    let tls = attempt.handshake().filter(|t| t.outcome == TlsOutcome::Completed)?;
    let leaf = tls.chain.first()?;
    if tls.public_trust == Some(Trust::Accepted) || holds_at_its_date(tls) {
        return Some(operator.to_owned());
    }
    let timely = |t: &Trust| matches!(t, Trust::Accepted | Trust::Expired | Trust::NotYetValid);
    let good = [&tls.public_trust, &tls.device_trust].into_iter().flatten().any(timely);
    good.then(|| format!("issuer {}", leaf.issuer))
}

/// The public roots refuse the chain for its dates at this device's clock, and accept it at its answer's.
fn holds_at_its_date(tls: &Tls) -> bool {
    matches!(tls.public_trust, Some(Trust::Expired | Trust::NotYetValid))
        && tls.public_trust_at_date == Some(Trust::Accepted)
}

/// Every address of the answer is this device's own.
fn leads_here(dns: &Dns) -> bool {
    let addresses = dns.addresses();
    !addresses.is_empty() && addresses.iter().all(|a| a.to_canonical().is_loopback())
}

fn agreed(dates: &[Dated]) -> Option<Clock> {
    let mut offsets: Vec<i64> = dates.iter().map(|d| d.offset).collect();
    offsets.sort_unstable();
    let median = *offsets.get(offsets.len() / 2)?;
    if median.abs() <= TOLERANCE_S {
        return None;
    }
    let near: Vec<&Dated> = dates.iter().filter(|d| (d.offset - median).abs() <= AGREEMENT_S).collect();
    let operators: BTreeSet<&str> = near.iter().map(|d| d.operator.as_str()).collect();
    let witnesses: BTreeSet<&str> = near.iter().map(|d| d.witness.as_str()).collect();
    let enough = near.len() >= 3 && operators.len() >= 2 && witnesses.len() >= 2;
    // One server may itself be wrong about the day, but hardly show a certificate that held on it.
    let holds = near.iter().any(|d| d.holds) && near.len() == dates.len();
    let certainty = if enough { Certainty::Proven } else { Certainty::Likely };
    (enough || holds).then(|| Clock {
        offset: median,
        hosts: near.iter().map(|d| d.target).collect(),
        certainty,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_clock_is_wrong_only_when_three_hosts_of_two_operators_say_so() {
        let date = |target, operator: &str, offset| Dated {
            target,
            operator: operator.to_owned(),
            witness: operator.to_owned(),
            offset,
            holds: false,
        };
        let three = [date(1, "a", 7200), date(2, "a", 7201), date(3, "b", 7198)];
        assert_eq!(agreed(&three).map(|c| c.offset), Some(7200));
        assert_eq!(agreed(&three[..2]), None);
        assert_eq!(agreed(&[date(1, "a", 7200), date(2, "a", 7200), date(3, "a", 7200)]), None);
        assert_eq!(agreed(&[date(1, "a", 200), date(2, "b", 210), date(3, "b", 190)]), None);
        assert_eq!(agreed(&[date(1, "a", 7200), date(2, "b", 10), date(3, "c", -5)]), None);
        let one_issuer = three.clone().map(|d| Dated { witness: "issuer X".into(), ..d });
        assert_eq!(agreed(&one_issuer), None);
        // Chains that hold at their own date speak for themselves, and fewer than three make it likely.
        let holding =
            |n: usize| three[..n].iter().cloned().map(|d| Dated { holds: true, ..d }).collect::<Vec<_>>();
        assert_eq!(agreed(&holding(3)).map(|c| c.certainty), Some(Certainty::Proven));
        for few in [1, 2] {
            assert_eq!(agreed(&holding(few)).map(|c| c.certainty), Some(Certainty::Likely), "{few}");
        }
        // A host whose date is this device's contradicts them.
        let contradicted = [holding(2), vec![date(3, "c", 3)]].concat();
        assert_eq!(agreed(&contradicted), None);
    }
}
