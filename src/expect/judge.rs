//! A file's entries against the record: which hosts each means, and what it promises of them.

use std::collections::{BTreeSet, HashMap};

use super::host::{Found, Host};
use super::index::Index;
use super::witness::Witness;
use super::{Addresses, Entry, Expectations, Expected, Hosts, Judged, Promise, Way};
use crate::contract::HostPattern;
use crate::contract::endpoint::{authority, listed};
use crate::diagnose::{HostJudgement, Judgement};
use crate::observation::{Attempt, Observations};
use crate::plan::{Plan, Route, Target};
use crate::text::english;
use crate::text::line;

/// Results of a run at the most.
const MAX_RESULTS: usize = 30_000;
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
    judgement: &'a Judgement,
    index: Index,
    witness: Witness,
}

impl<'a> Record<'a> {
    pub(super) fn new(plan: &'a Plan, seen: &'a Observations, judgement: &'a Judgement) -> Self {
        let mut attempts: HashMap<u32, Vec<&Attempt>> = HashMap::new();
        for attempt in seen.plain().filter(|a| a.cut.is_none()) {
            attempts.entry(attempt.target).or_default().push(attempt);
        }
        Self {
            plan,
            attempts,
            hosts: judgement.hosts.iter().map(|h| (h.target, h)).collect(),
            judgement,
            index: Index::new(plan),
            witness: Witness::new(plan, seen, judgement),
        }
    }

    /// The judgement of a host.
    pub(super) fn of(&self, target: &Target) -> Option<&'a HostJudgement> {
        self.hosts.get(&target.id).copied()
    }

    pub(super) fn judge(&self, expectations: &Expectations) -> Result<Expected, TooMany> {
        let mut results = Vec::new();
        let too_many = || TooMany { source_name: expectations.source.clone() };
        for entry in &expectations.entries {
            let mut meant = BTreeSet::new();
            let mut nobody = Vec::new();
            for hosts in &entry.hosts {
                let found = self.meant(entry, hosts);
                if found.is_empty() {
                    nobody.push(hosts);
                }
                meant.extend(found);
            }
            for target in meant.into_iter().filter_map(|at| self.plan.targets.get(at)) {
                let Some(judged) = self.of(target) else { continue };
                let attempts = self.attempts.get(&target.id).map_or(&[][..], Vec::as_slice);
                let said = self.judgement.said_of(judged);
                let host = Host { entry, target, judged, said, attempts, witness: &self.witness };
                results.extend(entry.promises().map(|promise| host.result(promise)));
                if results.len() > MAX_RESULTS {
                    return Err(too_many());
                }
            }
            // A promise that nothing was held against is not kept, whatever became of the others of its entry.
            for hosts in nobody {
                let why = self.why_nobody(entry, hosts);
                results.extend(entry.promises().map(|promise| entry.of_nobody(promise, hosts.shown(), &why)));
                if results.len() > MAX_RESULTS {
                    return Err(too_many());
                }
            }
            // An exception that takes out nothing is a mistake, or of a time that is over.
            for hosts in &entry.except {
                let Some(why) = self.why_unused(entry, hosts) else { continue };
                let shown = format!("except {}", hosts.shown());
                results.extend(entry.promises().map(|promise| entry.of_nobody(promise, shown.clone(), &why)));
                if results.len() > MAX_RESULTS {
                    return Err(too_many());
                }
            }
        }
        Ok(Expected::of(expectations.source.clone(), results))
    }

    /// Positions of the judged hosts for which an entry holds by this name.
    fn meant(&self, entry: &Entry, hosts: &Hosts) -> Vec<usize> {
        let is_meant = |at: &usize| {
            self.plan.targets.get(*at).is_some_and(|t| {
                hosts.covers(t) && !entry.except.iter().any(|h| h.covers(t)) && self.of(t).is_some()
            })
        };
        self.index.candidates(hosts).into_iter().filter(is_meant).collect()
    }

    /// Why this exception takes out nothing; none where it takes out a host.
    fn why_unused(&self, entry: &Entry, hosts: &Hosts) -> Option<String> {
        let all = self.index.candidates(hosts).into_iter().filter_map(|at| self.plan.targets.get(at));
        let named: Vec<&Target> = all.filter(|t| hosts.covers(t) && self.of(t).is_some()).collect();
        if named.iter().any(|t| entry.hosts.iter().any(|h| h.covers(t))) {
            return None;
        }
        let shown = hosts.shown();
        Some(match named.first() {
            None => format!("`except` takes out nothing: no host of this run is meant by {shown}"),
            Some(_) => format!("`except` takes out nothing: `hosts` means none of what {shown} names"),
        })
    }

    /// Why an entry holds for no host by this name.
    fn why_nobody(&self, entry: &Entry, hosts: &Hosts) -> String {
        let all = self.index.candidates(hosts);
        let any_port = Hosts { port: None, ..hosts.clone() };
        let known: Vec<&Target> = all
            .into_iter()
            .filter_map(|at| self.plan.targets.get(at))
            .filter(|t| any_port.covers(t))
            .collect();
        let mut ports: Vec<String> = Vec::new();
        for target in &known {
            let port = target.port().to_string();
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
        let shown = hosts.shown();
        match hosts.port {
            Some(port) if !ports.is_empty() && !ports.contains(&port.to_string()) => {
                let ports = english::first(&ports, SHOWN);
                format!(
                    "no host of this run is meant by {shown}: it has the host with port {ports} and not {port}"
                )
            }
            _ if known.iter().any(|t| hosts.covers(t) && entry.except.iter().any(|h| h.covers(t))) => {
                format!("no host of this run is meant by {shown}: `except` takes out each that it names")
            }
            _ => format!("no host of this run is meant by {shown}"),
        }
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
            HostPattern::Address(address) => match &self.host {
                // However either of them is spelt.
                HostPattern::Address(own) => own.to_canonical() == address.to_canonical(),
                _ => known(&address.to_string()),
            },
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

    fn of_nobody(&self, promise: Promise, hosts: String, why: &str) -> Judged {
        let hosts = line::line(&hosts, line::SHORT);
        Judged { hosts, ..self.judged(promise, None, Found::untested(why)) }
    }

    pub(super) fn judged(&self, promise: Promise, target: Option<&Target>, found: Found) -> Judged {
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

    pub(super) fn is(&self, route: &Route) -> bool {
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
