//! Whether a list lets a connection through: its lines in order, the first match decides.
//!
//! A line has conditions. Some are known for the connection in question (names, ports, method), some
//! depend on what no allowlist says (who the client is, the time of day), and some were not
//! understood. The three are kept apart: only what is known makes a host "covered".

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::super::intent::{HostRule, Names};
use super::index::Candidates;
use super::read::{Ignored, Listed, Pattern};
use crate::contract::{Network, Transport};

/// One condition of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Holds for everything.
    Always,
    /// Holds for nothing that the app does.
    Never,
    /// The host is one of these entries of the listing.
    Entries(Vec<usize>),
    /// The host is one of these, which stand in no entry.
    Names(Pattern),
    /// The port is in one of these ranges.
    Ports(Vec<(u16, u16)>),
    /// The transport is HTTP or TLS, which is what a web proxy or a list of URLs sees.
    Web,
    /// The transport is in the clear (a proxy sees no CONNECT).
    Clear,
    /// The host is inside the organisation's own network.
    Internal,
    /// The host is an address literal.
    Literal,
    /// The host is an IPv6 literal (`true`), or anything else (`false`).
    Ipv6(bool),
    /// Depends on who asks: source address, interface, virtual domain.
    Client(String),
    /// Depends on something else that the list does not say: time, sign-in, a category.
    Other(String),
    /// Not understood.
    Unknown(Ignored),
    /// One of them holds.
    Any(Vec<Test>),
    /// All of them hold.
    All(Vec<Test>),
    /// It does not hold.
    Not(Box<Test>),
    /// One that several lines have: it stands there once, and is answered once for each host. Its entries are sorted.
    Shared(Arc<Test>),
}

impl Test {
    /// It does not hold.
    pub fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// The candidates among the entries that it names, whichever way. `seen` has the shared ones that were looked at.
    fn entries(&self, candidates: &Candidates, seen: &mut HashSet<*const Self>, into: &mut Vec<usize>) {
        match self {
            Self::Entries(own) => into.extend(among(own, candidates)),
            Self::Any(parts) | Self::All(parts) => {
                parts.iter().for_each(|p| p.entries(candidates, seen, into));
            }
            Self::Shared(test) if seen.insert(Arc::as_ptr(test)) => test.entries(candidates, seen, into),
            _ => {}
        }
    }
}

/// A line that allows or denies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Its line, from 1.
    pub line: usize,
    /// What stands there, for people.
    pub text: String,
    /// Whether it lets through.
    pub allows: bool,
    /// All of them must hold.
    pub tests: Vec<Test>,
}

/// Lines that are read from the top.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gate {
    /// The lines.
    pub lines: Vec<Access>,
    /// What happens where none matches.
    pub otherwise: bool,
}

/// What is not known about a line for one connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Doubt {
    /// It holds for a part of the names.
    partly: bool,
    client: BTreeSet<String>,
    other: BTreeSet<String>,
    unknown: BTreeSet<Ignored>,
}

impl Doubt {
    /// What is kept of each kind: one of them decides as much as thousands, and people are shown a few.
    const MOST: usize = 20;

    fn add(&mut self, from: Self) {
        fn fill<T: Ord>(own: &mut BTreeSet<T>, from: BTreeSet<T>) {
            for one in from {
                if own.len() >= Doubt::MOST {
                    break;
                }
                own.insert(one);
            }
        }
        self.partly |= from.partly;
        fill(&mut self.client, from.client);
        fill(&mut self.other, from.other);
        fill(&mut self.unknown, from.unknown);
    }

    /// Whether nothing but a part of the names is in doubt.
    fn only_partly(&self) -> bool {
        self.client.is_empty() && self.other.is_empty() && self.unknown.is_empty()
    }
}

#[derive(Clone)]
enum Answer {
    No,
    Yes,
    Maybe(Doubt),
}

/// Whether a connection is let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is.
    Allowed(Listed),
    /// It is where these hold.
    Conditional {
        /// The line that allows.
        by: Listed,
        /// What it depends on.
        depends: Vec<String>,
        /// Whether it depends on the client alone.
        client_only: bool,
    },
    /// It is not; what denies it, where a line does.
    Denied(Option<String>),
    /// A line that was not understood decides.
    Undecided(Vec<Ignored>),
}

/// One needed entry beside what of a listing it has to be held against.
struct Case<'a> {
    entries: &'a [Listed],
    candidates: &'a Candidates,
    rule: &'a HostRule,
    /// Answers of tests that several lines have.
    shared: RefCell<HashMap<*const Test, Answer>>,
}

/// Decides for one needed entry: every gate must let it through. `candidates` are those of its names.
pub fn decide(gates: &[Gate], entries: &[Listed], rule: &HostRule, candidates: &Candidates) -> Outcome {
    let case = Case { entries, candidates, rule, shared: RefCell::default() };
    let mut result: Option<Outcome> = None;
    for (gate, lines) in gates.iter().zip(&candidates.lines) {
        let found = gate.decide(lines, &case);
        result = Some(match (result.take(), found) {
            (None, found) => found,
            (Some(denied @ Outcome::Denied(_)), _) | (Some(_), denied @ Outcome::Denied(_)) => denied,
            (Some(Outcome::Undecided(mut a)), Outcome::Undecided(b)) => {
                a.extend(b);
                Outcome::Undecided(a)
            }
            (Some(unknown @ Outcome::Undecided(_)), _) | (Some(_), unknown @ Outcome::Undecided(_)) => {
                unknown
            }
            (
                Some(Outcome::Conditional { by, mut depends, client_only }),
                Outcome::Conditional { depends: more, client_only: other, .. },
            ) => {
                depends.extend(more);
                Outcome::Conditional { by, depends, client_only: client_only && other }
            }
            (Some(conditional @ Outcome::Conditional { .. }), Outcome::Allowed(_)) => conditional,
            (Some(Outcome::Allowed(by)), Outcome::Conditional { depends, client_only, .. }) => {
                Outcome::Conditional { by, depends, client_only }
            }
            (Some(allowed), Outcome::Allowed(_)) => allowed,
        });
    }
    result.unwrap_or(Outcome::Denied(None))
}

impl Gate {
    /// Adds a line that may allow and may deny whatever reaches it.
    pub(super) fn unsure(&mut self, line: &Ignored) {
        for allows in [true, false] {
            let tests = vec![Test::Unknown(line.clone())];
            self.lines.push(Access { line: line.line, text: line.text.clone(), allows, tests });
        }
    }

    fn decide(&self, lines: &[usize], case: &Case<'_>) -> Outcome {
        let mut doubt = Doubt::default();
        let (mut allowed, mut denied): (Option<&Access>, Option<&Access>) = (None, None);
        let mut decided = false;
        for line in lines.iter().filter_map(|at| self.lines.get(*at)) {
            let answer = match all(&line.tests, case) {
                // A part of the names is not all of them; a part denied is not all let through.
                Answer::Maybe(d) if d.partly && line.allows => continue,
                Answer::Maybe(d) if d.partly && d.only_partly() => Answer::Yes,
                other => other,
            };
            let certain = match answer {
                Answer::No => continue,
                Answer::Yes => true,
                Answer::Maybe(d) => {
                    doubt.add(d);
                    false
                }
            };
            let slot = if line.allows { &mut allowed } else { &mut denied };
            if certain {
                *slot = Some(line);
                decided = true;
                break;
            }
            slot.get_or_insert(line);
        }
        let can_allow = allowed.is_some() || (!decided && self.otherwise);
        let can_deny = denied.is_some() || (!decided && !self.otherwise);
        let by = || {
            allowed.map_or_else(
                || Listed::line(0, "what no line denies", Pattern::Any),
                |line| serving(line, case),
            )
        };
        match (can_allow, can_deny) {
            (true, false) => Outcome::Allowed(by()),
            (true, true) if !doubt.unknown.is_empty() => {
                Outcome::Undecided(doubt.unknown.into_iter().collect())
            }
            (true, true) => Outcome::Conditional {
                by: by(),
                client_only: doubt.other.is_empty(),
                depends: doubt.client.into_iter().chain(doubt.other).collect(),
            },
            (false, _) => Outcome::Denied(denied.map(|d| match d.line {
                0 => d.text.clone(),
                line => format!("line {line}, `{}`, denies it", d.text),
            })),
        }
    }
}

/// The entry of a line that lets the rule's names through: word for word where there is one.
fn serving(line: &Access, case: &Case<'_>) -> Listed {
    let mut indices = Vec::new();
    let mut seen = HashSet::new();
    line.tests.iter().for_each(|t| t.entries(case.candidates, &mut seen, &mut indices));
    let mut found: Option<&Listed> = None;
    for entry in indices.iter().filter_map(|i| case.entries.get(*i)) {
        if entry.pattern == Pattern::Names(case.rule.names.clone()) {
            found = Some(entry);
            break;
        }
        if found.is_none() && entry.pattern.covers(&case.rule.names) {
            found = Some(entry);
        }
    }
    found.cloned().unwrap_or_else(|| Listed::line(line.line, &line.text, Pattern::Any))
}

/// The candidates among the entries of a condition, whose entries are sorted.
fn among<'a>(own: &'a [usize], candidates: &'a Candidates) -> impl Iterator<Item = usize> + 'a {
    // The shorter of the two is walked.
    let few = own.len() <= candidates.entries.len();
    let (walked, other) = if few { (own, &candidates.entries[..]) } else { (&candidates.entries[..], own) };
    walked.iter().copied().filter(|at| other.binary_search(at).is_ok())
}

fn all(tests: &[Test], case: &Case<'_>) -> Answer {
    let mut doubt: Option<Doubt> = None;
    for test in tests {
        match answer(test, case) {
            Answer::No => return Answer::No,
            Answer::Yes => {}
            Answer::Maybe(d) => doubt.get_or_insert_default().add(d),
        }
    }
    doubt.map_or(Answer::Yes, Answer::Maybe)
}

fn any(answers: impl Iterator<Item = Answer>) -> Answer {
    let mut doubt: Option<Doubt> = None;
    for answer in answers {
        match answer {
            Answer::Yes => return Answer::Yes,
            Answer::No => {}
            Answer::Maybe(d) => doubt.get_or_insert_default().add(d),
        }
    }
    doubt.map_or(Answer::No, Answer::Maybe)
}

const fn known(holds: bool) -> Answer {
    if holds { Answer::Yes } else { Answer::No }
}

fn answer(test: &Test, case: &Case<'_>) -> Answer {
    let rule = case.rule;
    match test {
        Test::Always => Answer::Yes,
        Test::Never => Answer::No,
        Test::Entries(indices) => {
            let entries = among(indices, case.candidates).filter_map(|i| case.entries.get(i));
            any(entries.map(|e| matched(&e.pattern, rule)))
        }
        Test::Names(pattern) => matched(pattern, rule),
        Test::Ports(ranges) => known(ranges.iter().any(|(from, to)| (*from..=*to).contains(&rule.port))),
        Test::Web => known(matches!(rule.transport, Transport::Https | Transport::Http)),
        Test::Clear => known(rule.transport == Transport::Http),
        Test::Internal => known(rule.network == Network::Internal),
        Test::Literal => known(matches!(rule.names, Names::Address(_))),
        Test::Ipv6(wanted) => known(matches!(rule.names, Names::Address(IpAddr::V6(_))) == *wanted),
        Test::Client(what) => {
            Answer::Maybe(Doubt { client: BTreeSet::from([what.clone()]), ..Doubt::default() })
        }
        Test::Other(what) => {
            Answer::Maybe(Doubt { other: BTreeSet::from([what.clone()]), ..Doubt::default() })
        }
        Test::Unknown(line) => {
            Answer::Maybe(Doubt { unknown: BTreeSet::from([line.clone()]), ..Doubt::default() })
        }
        Test::Any(parts) => any(parts.iter().map(|p| answer(p, case))),
        Test::All(parts) => all(parts, case),
        Test::Not(inner) => match answer(inner, case) {
            Answer::No => Answer::Yes,
            Answer::Yes => Answer::No,
            maybe @ Answer::Maybe(_) => maybe,
        },
        Test::Shared(inner) => {
            let known = case.shared.borrow().get(&Arc::as_ptr(inner)).cloned();
            known.unwrap_or_else(|| {
                let found = answer(inner, case);
                case.shared.borrow_mut().insert(Arc::as_ptr(inner), found.clone());
                found
            })
        }
    }
}

/// Whether what an entry stands for holds all, none or a part of the rule's names.
fn matched(pattern: &Pattern, rule: &HostRule) -> Answer {
    if pattern.covers(&rule.names) {
        return Answer::Yes;
    }
    let network = match pattern {
        Pattern::Network(address, prefix) => Some((address, prefix)),
        Pattern::Names(Names::Address(address)) => Some((address, &if address.is_ipv4() { 32 } else { 128 })),
        _ => None,
    };
    if let Some((address, prefix)) = network {
        let whole =
            |holds: fn(IpAddr) -> bool| *prefix >= 4 && ends(*address, *prefix).iter().all(|a| holds(*a));
        return match rule.names {
            Names::Address(_) => Answer::No,
            // Every address of IPv4, which every name of the list has.
            _ if *prefix == 0 && address.is_ipv4() => Answer::Yes,
            // Nothing on the list is the device itself, and no service of a company has a link's address.
            _ if whole(is_own) => Answer::No,
            // No name on the internet has an address that only a private network can have.
            _ if rule.network == Network::Internet && whole(is_private) => Answer::No,
            _ => Answer::Maybe(Doubt {
                other: BTreeSet::from([format!("the address of the name ({address}/{prefix})")]),
                ..Doubt::default()
            }),
        };
    }
    if pattern.overlaps(&rule.names) {
        return Answer::Maybe(Doubt { partly: true, ..Doubt::default() });
    }
    Answer::No
}

/// The first and the last address of a network.
fn ends(address: IpAddr, prefix: u8) -> [IpAddr; 2] {
    match address {
        IpAddr::V4(a) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            [
                IpAddr::from((u32::from(a) & mask).to_be_bytes()),
                IpAddr::from((u32::from(a) | !mask).to_be_bytes()),
            ]
        }
        IpAddr::V6(a) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            [
                IpAddr::from((u128::from(a) & mask).to_be_bytes()),
                IpAddr::from((u128::from(a) | !mask).to_be_bytes()),
            ]
        }
    }
}

/// Addresses of the device itself, of a link, or of nobody.
fn is_own(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => {
            a.is_loopback() || a.is_link_local() || a.is_unspecified() || a.is_multicast() || a.is_broadcast()
        }
        IpAddr::V6(a) => {
            a.is_loopback() || a.is_unspecified() || a.is_multicast() || a.is_unicast_link_local()
        }
    }
}

/// Addresses that only a private network, a link or the device itself has.
pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => {
            a.is_private()
                || a.is_loopback()
                || a.is_link_local()
                || a.is_multicast()
                || a.is_broadcast()
                || (a.is_unspecified())
                || (a.octets()[0] == 100 && (64..128).contains(&a.octets()[1]))
        }
        IpAddr::V6(a) => {
            a.is_loopback()
                || a.is_unspecified()
                || a.is_multicast()
                || a.is_unicast_link_local()
                || a.is_unique_local()
        }
    }
}
