//! A run arranged for reading: targets with their judgement, by feature, and one thing to do for
//! each cause.

use std::collections::{HashMap, HashSet};

use crate::contract::FeatureInfo;
use crate::contract::{Need, Severity};
use crate::derive::Requirement;
use crate::diagnose::{Cause, Code, Finding, HostJudgement, Owner, Verdict};
use crate::observation::Attempt;
use crate::plan::Target;
use crate::report::words;
use crate::run::Run;

/// One target and what was found.
#[derive(Clone, Copy)]
pub(in crate::report) struct Row<'a> {
    pub target: &'a Target,
    pub judged: &'a HostJudgement,
    /// How badly the group (or, outside a group, anything) needs it.
    pub need: Need,
}

impl Row<'_> {
    pub(in crate::report) fn endpoint(&self) -> String {
        let r = &self.target.requirement;
        words::endpoint_over(&r.host, r.port, r.transport)
    }

    pub(in crate::report) const fn code(&self) -> Code {
        self.judged.finding.code
    }

    pub(in crate::report) fn is(&self, verdict: Verdict) -> bool {
        self.judged.verdict == verdict
    }

    /// Untested for a reason of this run, not of the host.
    pub(in crate::report) fn was_missed(&self) -> bool {
        self.target.skip.is_none() && self.judged.verdict.was_missed(self.code().as_str())
    }
}

/// A feature and its targets.
pub(in crate::report) struct Group<'a> {
    pub id: &'a str,
    pub title: &'a str,
    pub stops: &'a str,
    pub need: Need,
    pub rows: Vec<Row<'a>>,
}

/// One thing to do.
#[derive(Clone)]
pub(in crate::report) struct Thing<'a> {
    pub finding: &'a Finding,
    pub rows: Vec<Row<'a>>,
}

/// What is asked of one team at once.
pub(in crate::report) struct Ticket<'a> {
    pub owner: Owner,
    /// The host whose team it is, where the owner is a service: each has a team of its own.
    pub host: Option<String>,
    /// The things to do with their numbers (from 1), each with the hosts that are this team's.
    pub things: Vec<(usize, Thing<'a>)>,
}

/// The run, arranged.
pub(in crate::report) struct View<'a> {
    pub rows: Vec<Row<'a>>,
    pub groups: Vec<Group<'a>>,
    pub things: Vec<Thing<'a>>,
    pub attempts: &'a [Attempt],
    /// The number of the thing to do (from 1) that explains a target.
    numbers: HashMap<u32, usize>,
}

impl<'a> View<'a> {
    pub(in crate::report) fn new(run: &'a Run, features: &'a [FeatureInfo]) -> Self {
        let judged: HashMap<u32, &HostJudgement> =
            run.judgement.hosts.iter().map(|h| (h.target, h)).collect();
        let rows: Vec<Row<'a>> = run
            .plan
            .targets
            .iter()
            .filter_map(|target| {
                let judged = *judged.get(&target.id)?;
                Some(Row { target, judged, need: target.requirement.need() })
            })
            .collect();
        let groups = groups(&rows, features);
        let things = things(&rows, &run.judgement.causes);
        let mut numbers = HashMap::new();
        for (thing, number) in things.iter().zip(1_usize..) {
            for row in &thing.rows {
                numbers.entry(row.target.id).or_insert(number);
            }
        }
        Self { rows, groups, things, attempts: &run.observations.attempts, numbers }
    }

    /// The number of the thing to do (from 1) that explains a host.
    pub(in crate::report) fn thing_of(&self, row: &Row<'_>) -> Option<usize> {
        self.numbers.get(&row.target.id).copied()
    }

    /// Nothing at all was reached, every host was tried, and one cause explains it: there is no
    /// network, and a list of every host says no more.
    pub(in crate::report) fn is_outage(&self) -> bool {
        let mut blocked = self.rows.iter().filter(|r| r.is(Verdict::Blocked));
        let reached = self
            .rows
            .iter()
            .any(|r| (r.is(Verdict::Reachable) || r.is(Verdict::Warning)) && !r.target.requirement.loopback);
        let first = blocked.next().and_then(|r| self.thing_of(r));
        !reached
            && !self.rows.iter().any(Row::was_missed)
            && first.is_some()
            && blocked.clone().count() >= 2
            && blocked.all(|r| self.thing_of(r) == first)
    }

    /// The owners that must act, worst cause first, each with the numbers of its things to do.
    pub(in crate::report) fn owners(&self) -> Vec<(Owner, Vec<usize>)> {
        let mut owners: Vec<(Owner, Vec<usize>)> = Vec::new();
        for (i, thing) in self.things.iter().enumerate() {
            let owner = thing.finding.owner;
            if owner == Owner::None {
                continue;
            }
            match owners.iter_mut().find(|(o, _)| *o == owner) {
                Some((_, numbers)) => numbers.push(i + 1),
                None => owners.push((owner, vec![i + 1])),
            }
        }
        owners
    }
}

impl<'a> View<'a> {
    /// What is asked of each team, in the order of [`Self::owners`]; of services, each host is a team of its own.
    pub(in crate::report) fn tickets(&self) -> Vec<Ticket<'a>> {
        let mut tickets: Vec<Ticket<'a>> = Vec::new();
        for (owner, numbers) in self.owners() {
            let things: Vec<(usize, &Thing<'a>)> =
                numbers.iter().filter_map(|n| Some((*n, self.things.get(n - 1)?))).collect();
            let mut hosts: Vec<String> = Vec::new();
            for row in things.iter().flat_map(|(_, t)| &t.rows) {
                let host = row.target.requirement.host.to_string();
                if !hosts.contains(&host) {
                    hosts.push(host);
                }
            }
            if owner != Owner::Service || hosts.len() < 2 {
                let host = hosts.pop().filter(|_| owner == Owner::Service);
                let things = things.into_iter().map(|(n, t)| (n, t.clone())).collect();
                tickets.push(Ticket { owner, host, things });
                continue;
            }
            for host in hosts {
                let own = things.iter().filter_map(|(n, t)| Some((*n, t.of_host(&host)?))).collect();
                tickets.push(Ticket { owner, host: Some(host), things: own });
            }
        }
        tickets
    }
}

impl<'a> Thing<'a> {
    /// The part that is about one host, in the words of that host alone where it has such; none where nothing is.
    fn of_host(&self, host: &str) -> Option<Self> {
        let is_own = |r: &&Row<'a>| r.target.requirement.host.to_string() == host;
        let rows: Vec<Row<'a>> = self.rows.iter().filter(is_own).copied().collect();
        let first = &rows.first()?.judged.finding;
        let alone = rows.len() < self.rows.len()
            && first.code == self.finding.code
            && first.owner == self.finding.owner;
        Some(Self { finding: if alone { first } else { self.finding }, rows })
    }
}

fn need_in(requirement: &Requirement, feature: &str) -> Option<Need> {
    requirement.reasons.iter().filter(|r| r.feature == feature).map(|r| r.need).max()
}

fn groups<'a>(rows: &[Row<'a>], features: &'a [FeatureInfo]) -> Vec<Group<'a>> {
    let ids = FeatureInfo::order(
        features,
        rows.iter().flat_map(|r| r.target.requirement.reasons.iter().map(|reason| reason.feature.as_str())),
    );
    ids.into_iter()
        .map(|id| {
            let mut own: Vec<Row<'a>> = rows
                .iter()
                .filter_map(|r| Some(Row { need: need_in(&r.target.requirement, id)?, ..*r }))
                .collect();
            own.sort_by_key(|r| std::cmp::Reverse(r.need));
            Group {
                id,
                title: FeatureInfo::title_of(features, id),
                stops: features.iter().find(|f| f.id == id).map_or("", |f| f.stops.as_str()),
                need: own.first().map_or(Need::Optional, |r| r.need),
                rows: own,
            }
        })
        .collect()
}

fn things<'a>(rows: &[Row<'a>], causes: &'a [Cause]) -> Vec<Thing<'a>> {
    let by_id: HashMap<u32, Row<'a>> = rows.iter().map(|r| (r.target.id, *r)).collect();
    let mut things: Vec<Thing<'a>> = causes
        .iter()
        .filter(|c| c.finding.severity != Severity::Info || !c.finding.remedy.is_empty())
        .map(|c| Thing {
            finding: &c.finding,
            rows: c.hosts.iter().filter_map(|id| by_id.get(id).copied()).collect(),
        })
        .collect();
    let mut explained: HashSet<u32> =
        things.iter().flat_map(|t| t.rows.iter().map(|r| r.target.id)).collect();
    // A host that no cause explains is a thing of its own: nothing blocked may go unmentioned.
    for row in rows {
        let needs = row.is(Verdict::Blocked) || row.is(Verdict::Warning);
        if !needs || !explained.insert(row.target.id) {
            continue;
        }
        let finding = &row.judged.finding;
        let same = |t: &&mut Thing<'_>| {
            t.finding.code == finding.code
                && t.finding.owner == finding.owner
                && t.finding.remedy == finding.remedy
        };
        match things.iter_mut().find(same) {
            Some(thing) => thing.rows.push(*row),
            None => things.push(Thing { finding, rows: vec![*row] }),
        }
    }
    for thing in &mut things {
        thing.rows.sort_by_key(|r| std::cmp::Reverse(r.need));
    }
    things
}
