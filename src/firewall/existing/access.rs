//! Whether a list lets a connection through: its lines in order, the first match decides.
//!
//! A line has conditions. Some are known for the connection in question (names, ports, method), some
//! depend on what no allowlist says (who the client is, the time of day), and some were not
//! understood. The three are kept apart: only what is known makes a host "covered".

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::super::intent::{HostRule, Names};
pub use super::client::{Client, Comparisons};
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
    Client(Client),
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
    /// The first of these that holds is one that counts.
    First(Vec<(Test, bool)>),
    /// What many lines have, such as a group: kept once, and answered once for each connection.
    Shared(Arc<Test>),
}

impl Test {
    /// A condition on the client that is known by its text.
    pub fn client(text: impl Into<String>) -> Self {
        Self::Client(Client::text(text.into()))
    }

    /// A condition on the client that holds where `what` is one of `values`.
    pub fn within(what: &'static str, values: impl IntoIterator<Item = String>, text: String) -> Self {
        Self::Client(Client::within(what, values, text))
    }

    /// It does not hold.
    pub fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// The same, to be had by many lines.
    pub fn shared(mut self) -> Self {
        self.sort();
        match self {
            Self::Shared(_) | Self::Always | Self::Never => self,
            other => Self::Shared(Arc::new(other)),
        }
    }

    /// Sorts the entries that it names, which changes nothing about what it means. Of what is shared they are sorted.
    pub fn sort(&mut self) {
        match self {
            Self::Entries(entries) => {
                entries.sort_unstable();
                entries.dedup();
            }
            Self::Any(parts) | Self::All(parts) => parts.iter_mut().for_each(Self::sort),
            Self::Not(inner) => inner.sort(),
            Self::First(lines) => lines.iter_mut().for_each(|(test, _)| test.sort()),
            _ => {}
        }
    }

    /// How many tests it holds that are its own, and not had by others as well.
    #[cfg(test)]
    pub(super) fn own_weight(&self) -> usize {
        match self {
            Self::Any(parts) | Self::All(parts) => 1 + parts.iter().map(Self::own_weight).sum::<usize>(),
            Self::Not(test) => 1 + test.own_weight(),
            Self::First(lines) => 1 + lines.iter().map(|(test, _)| test.own_weight()).sum::<usize>(),
            _ => 1,
        }
    }

    /// The candidates among the entries that it names, whichever way.
    fn entries(&self, candidates: &Candidates, seen: &mut HashSet<*const Self>, into: &mut Vec<usize>) {
        match self {
            Self::Entries(own) => into.extend(among(own, candidates)),
            Self::Any(parts) | Self::All(parts) => {
                parts.iter().for_each(|p| p.entries(candidates, seen, into));
            }
            Self::Shared(inner) if seen.insert(Arc::as_ptr(inner)) => inner.entries(candidates, seen, into),
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
#[derive(Debug, Clone, Default)]
struct Doubt<'a> {
    /// It holds for a part of the names.
    partly: bool,
    reasons: Vec<Reason<'a>>,
    /// Doubts of what many lines have.
    shared: Vec<Arc<Doubt<'a>>>,
}

/// One thing that is not known.
#[derive(Debug, Clone)]
enum Reason<'a> {
    Client(&'a str),
    Other(Cow<'a, str>),
    Unknown(&'a Ignored),
}

/// Everything that is not known, each thing once.
#[derive(Default)]
struct Reasons<'a> {
    client: BTreeSet<&'a str>,
    other: BTreeSet<Cow<'a, str>>,
    unknown: BTreeSet<&'a Ignored>,
    seen: HashSet<*const Doubt<'a>>,
}

impl<'a> Doubt<'a> {
    fn partly() -> Self {
        Self { partly: true, ..Self::default() }
    }

    fn of(reason: Reason<'a>) -> Self {
        Self { reasons: vec![reason], ..Self::default() }
    }

    fn add(&mut self, from: Self) {
        self.partly |= from.partly;
        self.reasons.extend(from.reasons);
        self.shared.extend(from.shared);
    }

    /// Whether it depends on nothing but who asks.
    fn only_client(&self) -> bool {
        self.reasons.iter().all(|reason| matches!(reason, Reason::Client(_)))
            && self.shared.iter().all(|d| d.only_client())
    }

    /// Whether nothing but a part of the names is in doubt.
    fn only_partly(&self) -> bool {
        self.reasons.is_empty() && self.shared.iter().all(|d| d.only_partly())
    }
}

impl<'a> Reasons<'a> {
    fn of(doubt: &Doubt<'a>) -> Self {
        let mut found = Self::default();
        found.add(doubt);
        found
    }

    /// What is kept of each kind: one of them decides as much as thousands, and people are shown a few.
    const MOST: usize = 20;

    fn add(&mut self, doubt: &Doubt<'a>) {
        for reason in &doubt.reasons {
            match reason {
                Reason::Client(what) if self.client.len() < Self::MOST => _ = self.client.insert(what),
                Reason::Other(what) if self.other.len() < Self::MOST => _ = self.other.insert(what.clone()),
                Reason::Unknown(line) if self.unknown.len() < Self::MOST => _ = self.unknown.insert(line),
                _ => {}
            }
        }
        for inner in &doubt.shared {
            if self.seen.insert(Arc::as_ptr(inner)) {
                self.add(inner);
            }
        }
    }
}

#[derive(Clone)]
enum Answer<'a> {
    No,
    Yes,
    Maybe(Doubt<'a>),
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
    /// What was answered about what many lines have.
    answered: RefCell<HashMap<*const Test, Answer<'a>>>,
    comparisons: &'a Comparisons,
}

/// Decides for one needed entry: every gate must let it through. `candidates` are those of its names; `comparisons` are
/// those of this listing.
pub fn decide<'a>(
    gates: &'a [Gate],
    entries: &'a [Listed],
    rule: &'a HostRule,
    candidates: &'a Candidates,
    comparisons: &'a Comparisons,
) -> Outcome {
    let case = Case { entries, candidates, rule, answered: RefCell::default(), comparisons };
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
                Outcome::Conditional { by: more_by, depends: more, client_only: other },
            ) => {
                depends.extend(more);
                Outcome::Conditional { by: named(by, more_by), depends, client_only: client_only && other }
            }
            (Some(Outcome::Conditional { by, depends, client_only }), Outcome::Allowed(other))
            | (Some(Outcome::Allowed(by)), Outcome::Conditional { by: other, depends, client_only }) => {
                Outcome::Conditional { by: named(by, other), depends, client_only }
            }
            (Some(Outcome::Allowed(by)), Outcome::Allowed(other)) => Outcome::Allowed(named(by, other)),
        });
    }
    result.unwrap_or(Outcome::Denied(None))
}

/// Of what lets a connection through two gates what people are told: a line of the file, where one of them has it.
fn named(first: Listed, second: Listed) -> Listed {
    if first.line == 0 { second } else { first }
}

impl Gate {
    /// Adds a line that may allow and may deny whatever reaches it.
    pub(super) fn unsure(&mut self, line: &Ignored) {
        for allows in [true, false] {
            let tests = vec![Test::Unknown(line.clone())];
            self.lines.push(Access { line: line.line, text: line.text.clone(), allows, tests });
        }
    }

    fn decide<'a>(&'a self, lines: &[usize], case: &Case<'a>) -> Outcome {
        let mut doubt = Doubt::default();
        let (mut allowed, mut denied): (Option<&Access>, Option<&Access>) = (None, None);
        let mut decided = false;
        // What is denied before, to some clients: a line that lets through those alone lets nobody through.
        let mut refused: Vec<(&Access, OnceCell<Vec<&Test>>)> = Vec::new();
        let (mut compared, mut voided) = (0, None);
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
                    if !line.allows && d.only_client() && refused.len() < MOST_COMPARED {
                        refused.push((line, OnceCell::new()));
                    }
                    doubt.add(d);
                    false
                }
            };
            if line.allows && !refused.is_empty() {
                let own = open(&line.tests, case);
                let is_spent = |compared: usize| compared >= MOST_COMPARED || case.comparisons.is_spent();
                // A line for everybody lets more through than a denial to some takes away.
                let held = if own.is_empty() { &[] } else { refused.as_slice() };
                let mut is_refused = false;
                for (denial, by) in held {
                    compared += 1;
                    if is_spent(compared) {
                        break;
                    }
                    let by = by.get_or_init(|| open(&denial.tests, case));
                    if case.comparisons.are_covered(by, &own) {
                        is_refused = true;
                        break;
                    }
                }
                if is_refused || (!own.is_empty() && is_spent(compared)) {
                    voided.get_or_insert(line);
                    if is_refused {
                        continue;
                    }
                }
            }
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
            (true, true) => {
                let why = Reasons::of(&doubt);
                if !why.unknown.is_empty() {
                    return Outcome::Undecided(why.unknown.into_iter().cloned().collect());
                }
                let refused = voided.map(|line| {
                    format!(
                        "the clients of line {}, `{}`, to whom a line above denies it",
                        line.line, line.text
                    )
                });
                Outcome::Conditional {
                    by: by(),
                    client_only: why.other.is_empty() && refused.is_none(),
                    depends: why
                        .client
                        .into_iter()
                        .map(str::to_owned)
                        .chain(why.other.into_iter().map(Cow::into_owned))
                        .chain(refused)
                        .collect(),
                }
            }
            (false, _) => Outcome::Denied(denied.map(|d| match d.line {
                0 => d.text.clone(),
                line => format!("line {line}, `{}`, denies it", d.text),
            })),
        }
    }
}

/// How many denials are held against the lines that allow, for one host: a list with more says something else.
const MOST_COMPARED: usize = 20_000;

/// The conditions of a line that may hold and may not.
fn open<'a>(tests: &'a [Test], case: &Case<'a>) -> Vec<&'a Test> {
    let mut open = Vec::new();
    for test in tests {
        let is_open = matches!(answer(test, case), Answer::Maybe(d) if !d.only_partly());
        match test {
            _ if !is_open => {}
            Test::All(parts) => open.extend(self::open(parts, case)),
            Test::Shared(inner) => match inner.as_ref() {
                Test::All(parts) => open.extend(self::open(parts, case)),
                _ => open.push(test),
            },
            _ => open.push(test),
        }
    }
    open
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

fn all<'a>(tests: &'a [Test], case: &Case<'a>) -> Answer<'a> {
    let mut doubt: Option<Doubt<'a>> = None;
    for test in tests {
        match answer(test, case) {
            Answer::No => return Answer::No,
            Answer::Yes => {}
            Answer::Maybe(d) => doubt.get_or_insert_default().add(d),
        }
    }
    doubt.map_or(Answer::Yes, Answer::Maybe)
}

fn any<'a>(answers: impl Iterator<Item = Answer<'a>>) -> Answer<'a> {
    let mut doubt: Option<Doubt<'a>> = None;
    for answer in answers {
        match answer {
            Answer::Yes => return Answer::Yes,
            Answer::No => {}
            Answer::Maybe(d) => doubt.get_or_insert_default().add(d),
        }
    }
    doubt.map_or(Answer::No, Answer::Maybe)
}

fn first<'a>(lines: &'a [(Test, bool)], case: &Case<'a>) -> Answer<'a> {
    let (mut counts, mut counts_not) = (false, false);
    let mut doubt = Doubt::default();
    for (test, own) in lines {
        let certain = match answer(test, case) {
            Answer::No => continue,
            Answer::Yes => true,
            // A part of the names that does not count is not all of them; a part that counts is taken for them.
            Answer::Maybe(d) if d.partly && !own => continue,
            Answer::Maybe(d) if d.only_partly() => true,
            Answer::Maybe(d) => {
                doubt.add(d);
                false
            }
        };
        if *own {
            counts = true;
        } else {
            counts_not = true;
        }
        if certain {
            return match (counts, counts_not) {
                (true, true) => Answer::Maybe(doubt),
                (counts, _) => known(counts),
            };
        }
    }
    if counts { Answer::Maybe(doubt) } else { Answer::No }
}

const fn known<'a>(holds: bool) -> Answer<'a> {
    if holds { Answer::Yes } else { Answer::No }
}

fn answer<'a>(test: &'a Test, case: &Case<'a>) -> Answer<'a> {
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
        Test::Client(client) => Answer::Maybe(Doubt::of(Reason::Client(&client.text))),
        Test::Other(what) => Answer::Maybe(Doubt::of(Reason::Other(Cow::Borrowed(what)))),
        Test::Unknown(line) => Answer::Maybe(Doubt::of(Reason::Unknown(line))),
        Test::Any(parts) => any(parts.iter().map(|p| answer(p, case))),
        Test::All(parts) => all(parts, case),
        Test::Not(inner) => match answer(inner, case) {
            Answer::No => Answer::Yes,
            Answer::Yes => Answer::No,
            maybe @ Answer::Maybe(_) => maybe,
        },
        Test::First(lines) => first(lines, case),
        Test::Shared(inner) => {
            if let Some(known) = case.answered.borrow().get(&Arc::as_ptr(inner)) {
                return known.clone();
            }
            let found = match answer(inner, case) {
                Answer::Maybe(d) if !d.reasons.is_empty() || !d.shared.is_empty() => {
                    let (partly, shared) = (d.partly, vec![Arc::new(d)]);
                    Answer::Maybe(Doubt { partly, reasons: Vec::new(), shared })
                }
                other => other,
            };
            case.answered.borrow_mut().insert(Arc::as_ptr(inner), found.clone());
            found
        }
    }
}

/// Whether what an entry stands for holds all, none or a part of the rule's names.
fn matched<'a>(pattern: &Pattern, rule: &HostRule) -> Answer<'a> {
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
            _ => {
                let what = format!("the address of the name ({address}/{prefix})");
                Answer::Maybe(Doubt::of(Reason::Other(Cow::Owned(what))))
            }
        };
    }
    if pattern.overlaps(&rule.names) {
        return Answer::Maybe(Doubt::partly());
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
