//! The rounds of a repeated check: what changed from one to the next, and what all of them come to. Its size follows
//! from the hosts, never from how many rounds there were.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use super::{endpoint, judged};
use crate::contract::{Endpoint, Need, RunWord};
use crate::diagnose::{Code, Finding, Verdict};
use crate::run::Run;

/// Hosts that are counted, at the most: answers may name others in every round.
const MOST_HOSTS: usize = 10_000;

crate::contract::words! {
    /// How a host is, as far as a change matters.
    State {
        /// Reached, with or without a warning.
        Works = "works",
        /// Not reached as it must be.
        Blocked = "blocked",
        /// Not judged in this round.
        Untested = "untested",
    }
}

impl State {
    /// What a verdict comes to.
    pub const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Reachable | Verdict::Warning => Self::Works,
            Verdict::Blocked => Self::Blocked,
            Verdict::Untested => Self::Untested,
        }
    }
}

/// How a host was found in a round.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The host.
    pub endpoint: Endpoint,
    /// What it is needed for at the most.
    pub need: Need,
    /// Its verdict.
    pub verdict: Verdict,
    /// The code of its own finding.
    pub code: Code,
    /// What the report says of it: the finding of the cause that explains it, else its own.
    pub said: Finding,
}

/// How something was before a change, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Was<T> {
    /// How it was.
    pub value: T,
    /// The round that showed it first.
    pub since: OffsetDateTime,
}

/// Something that a round shows and the one before did not.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A host has another verdict or code; nothing before where it is seen for the first time.
    Host(Box<Seen>, Option<Was<(Verdict, Code)>>),
    /// The run has another verdict.
    Verdict(RunWord, Option<Was<RunWord>>),
    /// So many promises of `--expect` are unmet.
    Unmet(usize, Option<Was<usize>>),
}

/// A time in which a host was blocked in every round that judged it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// The first round that showed it.
    pub begin: OffsetDateTime,
    /// The first round that showed its end; none where none did.
    pub end: Option<OffsetDateTime>,
}

impl Outage {
    /// How long it was, up to `now` where it goes on.
    pub fn length(&self, now: OffsetDateTime) -> Duration {
        self.end.unwrap_or(now) - self.begin
    }
}

/// What the rounds come to for one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// What it is needed for at the most.
    pub need: Need,
    /// How it was found last: verdict and code.
    pub last: (Verdict, Code),
    /// Since when.
    pub since: OffsetDateTime,
    /// Rounds in which it worked.
    pub worked: u64,
    /// Rounds in which it was blocked.
    pub blocked: u64,
    /// Rounds in which it was not judged.
    pub untested: u64,
    /// How often it was found blocked after it had worked.
    pub flaps: u64,
    outage: Option<OffsetDateTime>,
    longest: Option<Outage>,
}

impl Tally {
    /// In how many of a thousand rounds that judged it the host worked, rounded down; none where no round did.
    pub const fn per_mille(&self) -> Option<u64> {
        (self.worked * 1000).checked_div(self.worked + self.blocked)
    }

    /// The rounds that had it on their list.
    pub const fn rounds(&self) -> u64 {
        self.worked + self.blocked + self.untested
    }

    /// The longest time in which it was blocked; `now` is the last round.
    pub fn longest(&self, now: OffsetDateTime) -> Option<Outage> {
        let open = self.outage.map(|begin| Outage { begin, end: None });
        let length = |o: &Outage| o.length(now);
        match (self.longest, open) {
            (Some(past), Some(open)) if length(&past) > length(&open) => Some(past),
            (past, open) => open.or(past),
        }
    }

    fn count(&mut self, verdict: Verdict, at: OffsetDateTime) {
        match State::of(verdict) {
            State::Untested => self.untested += 1,
            State::Works => {
                self.worked += 1;
                if let Some(begin) = self.outage.take() {
                    let ended = Outage { begin, end: Some(at) };
                    if self.longest.is_none_or(|l| l.length(at) < ended.length(at)) {
                        self.longest = Some(ended);
                    }
                }
            }
            State::Blocked => {
                self.blocked += 1;
                if self.outage.is_none() {
                    self.flaps += u64::from(self.worked > 0);
                    self.outage = Some(at);
                }
            }
        }
    }
}

/// All rounds so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// When it began.
    pub since: OffsetDateTime,
    /// Complete rounds.
    pub rounds: u64,
    /// When the last of them began.
    pub last: OffsetDateTime,
    /// What changed, all in all; what the first round shows is no change.
    pub changes: u64,
    /// The hosts that were probed.
    pub hosts: BTreeMap<Endpoint, Tally>,
    /// Hosts of one round that are not counted, at the most.
    pub left_out: usize,
    /// Hosts of the last round: those that worked, and all that were probed.
    pub working: (usize, usize),
    /// The verdict of the last round.
    pub verdict: Option<Was<RunWord>>,
    unmet: Option<Was<usize>>,
}

impl Watch {
    /// A watch that begins now.
    pub const fn new(since: OffsetDateTime) -> Self {
        Self {
            since,
            rounds: 0,
            last: since,
            changes: 0,
            hosts: BTreeMap::new(),
            left_out: 0,
            working: (0, 0),
            verdict: None,
            unmet: None,
        }
    }

    /// Counts a complete round that began at `at`; gives what it shows and the one before did not: the hosts in the
    /// order of the plan, then the whole. The first round shows every host.
    pub fn take(&mut self, run: &Run, at: OffsetDateTime) -> Vec<Change> {
        let mut changes = Vec::new();
        let (mut left_out, mut working) = (0, (0, 0));
        for (target, host) in judged(run).filter(|(target, _)| !target.paths.is_empty()) {
            let endpoint = endpoint(target);
            let (last, need) = ((host.verdict, host.finding.code), target.requirement.need());
            working.0 += usize::from(State::of(host.verdict) == State::Works);
            working.1 += 1;
            if self.hosts.len() >= MOST_HOSTS && !self.hosts.contains_key(&endpoint) {
                left_out += 1;
                continue;
            }
            let known = self.hosts.get(&endpoint).map(|t| Was { value: t.last, since: t.since });
            let new = || Tally {
                need,
                last,
                since: at,
                worked: 0,
                blocked: 0,
                untested: 0,
                flaps: 0,
                outage: None,
                longest: None,
            };
            let tally = self.hosts.entry(endpoint.clone()).or_insert_with(new);
            tally.count(host.verdict, at);
            if known.is_some_and(|was| was.value == last) {
                continue;
            }
            (tally.last, tally.since, tally.need) = (last, at, need);
            let said = run.judgement.said_of(host).clone();
            let (verdict, code) = last;
            changes.push(Change::Host(Box::new(Seen { endpoint, need, verdict, code, said }), known));
        }
        let verdict = run.word();
        changes.extend(replaced(&mut self.verdict, verdict, at).map(|was| Change::Verdict(verdict, was)));
        if let Some(unmet) = run.expected.as_ref().map(|e| e.unmet) {
            changes.extend(replaced(&mut self.unmet, unmet, at).map(|was| Change::Unmet(unmet, was)));
        }
        if self.rounds > 0 {
            self.changes += changes.len() as u64;
        }
        self.rounds += 1;
        (self.last, self.working, self.left_out) = (at, working, self.left_out.max(left_out));
        changes
    }
}

/// Takes over a value that differs from the known one; gives what it replaces then.
fn replaced<T: Copy + PartialEq>(
    known: &mut Option<Was<T>>,
    value: T,
    at: OffsetDateTime,
) -> Option<Option<Was<T>>> {
    if known.is_some_and(|was| was.value == value) {
        return None;
    }
    Some(known.replace(Was { value, since: at }))
}
