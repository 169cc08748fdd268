//! What a run shows, as promises: hosts of which the same is shown make one entry. Each promise is one that the same run
//! bears out, so that a team begins with a file that is all `met` and changes what it does not mean.

use std::collections::HashSet;

use super::judge::Record;
use super::{Addresses, Entry, Expectations, Hosts, Reach, Way};
use crate::diagnose::Judgement;
use crate::observation::Observations;
use crate::plan::{Plan, Route, Target};

/// An entry for the hosts of which the same was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The hosts, with the port where it is not 443.
    pub hosts: Vec<String>,
    /// Whether they were reached.
    pub reach: Option<Reach>,
    /// `public` or `private`.
    pub address: Option<&'static str>,
    /// Whether the connections are opened.
    pub inspected: Option<bool>,
    /// The way, as a file has it.
    pub route: Option<String>,
    /// What is in the way of the first of them, where they are blocked.
    pub because: Option<String>,
}

/// The entries, in the order of the plan; hosts of which nothing is known are left out.
pub fn describe(plan: &Plan, seen: &Observations, judgement: &Judgement) -> Vec<Described> {
    let record = Record::new(plan, seen, judgement);
    let mut all: Vec<Described> = Vec::new();
    let mut told: HashSet<String> = HashSet::new();
    for target in &plan.targets {
        let Some(judged) = record.of(target) else { continue };
        let hosts = named(target, plan);
        let mut one = of(target, &hosts, &record);
        if one.reach.is_none() || !told.insert(hosts.shown()) {
            continue;
        }
        if one.reach == Some(Reach::Blocked) {
            one.because = Some(format!("{}: {}", judged.finding.code, judged.finding.summary));
        }
        let same = |d: &&mut Described| Described { hosts: Vec::new(), ..(*d).clone() } == one;
        match all.iter_mut().find(same) {
            Some(entry) => entry.hosts.push(hosts.shown()),
            None => all.push(Described { hosts: vec![hosts.shown()], ..one }),
        }
    }
    all
}

/// The host as an entry names it: with its port where that is not 443, or where the list has the host with another, too.
fn named(target: &Target, plan: &Plan) -> Hosts {
    let host = target.requirement.host.clone();
    let port = target.port();
    let is_alone = plan.targets.iter().all(|t| t.requirement.host != host || t.port() == port);
    Hosts { host, port: Some(port).filter(|port| *port != 0 && !(*port == 443 && is_alone)) }
}

/// Which promises this run bears out for one host: each is asked of the judge itself, alone.
fn of(target: &Target, hosts: &Hosts, record: &Record<'_>) -> Described {
    let empty = Entry {
        line: 1,
        hosts: vec![hosts.clone()],
        except: Vec::new(),
        actors: Vec::new(),
        note: String::new(),
        reach: None,
        address: None,
        inspected: None,
        issuer: Vec::new(),
        route: Vec::new(),
        within_ms: None,
    };
    // Of every host that the entry names, so that a wildcard promises nothing that another host of the list breaks.
    let is_met = |entry: Entry| {
        let one = Expectations { source: String::new(), entries: vec![entry] };
        record.judge(&one).is_ok_and(|e| e.met > 0 && e.met == e.results.len())
    };
    let reach = [Reach::Reachable, Reach::Blocked]
        .into_iter()
        .find(|reach| is_met(Entry { reach: Some(*reach), ..empty.clone() }));
    let address = [(Addresses::Public, "public"), (Addresses::Private, "private")]
        .into_iter()
        .find(|(address, _)| is_met(Entry { address: Some(address.clone()), ..empty.clone() }));
    let inspected =
        [false, true].into_iter().find(|yes| is_met(Entry { inspected: Some(*yes), ..empty.clone() }));
    let mut ways = target.paths.iter().map(|path| match &path.route {
        Route::Direct => Way::Direct,
        Route::Proxy { host, port, .. } => Way::Proxy(host.trim_matches(['[', ']']).to_owned(), Some(*port)),
    });
    let route = ways.find(|way| is_met(Entry { route: vec![way.clone()], ..empty.clone() }));
    Described {
        hosts: Vec::new(),
        reach,
        address: address.map(|(_, word)| word),
        inspected,
        route: route.map(|way| way.shown()),
        because: None,
    }
}
