//! What a run shows, as promises: hosts of which the same is shown make one entry. Each promise is one that the same run
//! bears out, so that a team begins with a file that is all `met` and changes what it does not mean.

use std::collections::{HashMap, HashSet};

use super::judge::Record;
use super::read::MAX_LIST;
use super::{Addresses, Entry, Expectations, Hosts, Reach, Way};
use crate::contract::HostPattern;
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

/// The entries, in the order of the plan, none with more hosts than a file may have in one list; hosts of which nothing
/// is known are left out.
pub fn describe(plan: &Plan, seen: &Observations, judgement: &Judgement) -> Vec<Described> {
    let record = Record::new(plan, seen, judgement);
    let mut all: Vec<Described> = Vec::new();
    let mut told: HashSet<String> = HashSet::new();
    // What is the same, and the entry that is not full yet.
    let mut open: HashMap<Shown, usize> = HashMap::new();
    let mut ports: HashMap<&HostPattern, HashSet<u16>> = HashMap::new();
    for target in &plan.targets {
        ports.entry(&target.requirement.host).or_default().insert(target.port());
    }
    for target in &plan.targets {
        let Some(judged) = record.of(target) else { continue };
        let hosts = named(target, ports.get(&target.requirement.host).is_none_or(|ports| ports.len() == 1));
        let mut one = of(target, &hosts, &record);
        if one.reach.is_none() || !told.insert(hosts.shown()) {
            continue;
        }
        // Why each is blocked is its own: it makes no further entry.
        let key = (one.reach, one.address, one.inspected, one.route.clone());
        let entry = open.get(&key).and_then(|at| all.get_mut(*at)).filter(|d| d.hosts.len() < MAX_LIST);
        if let Some(entry) = entry {
            entry.hosts.push(hosts.shown());
            continue;
        }
        if one.reach == Some(Reach::Blocked) {
            one.because = Some(format!("{}: {}", judged.finding.code, judged.finding.summary));
        }
        open.insert(key, all.len());
        all.push(Described { hosts: vec![hosts.shown()], ..one });
    }
    all
}

/// What hosts of one entry have in common.
type Shown = (Option<Reach>, Option<&'static str>, Option<bool>, Option<String>);

/// The host as an entry names it: with its port where that is not 443, or where the list has the host with another, too.
fn named(target: &Target, is_alone: bool) -> Hosts {
    let host = target.requirement.host.clone();
    let port = target.port();
    Hosts { host, port: Some(port).filter(|port| *port != 0 && !(*port == 443 && is_alone)) }
}

/// Which promises this run bears out for one host: each is asked of the judge itself, alone.
fn of(target: &Target, hosts: &Hosts, record: &Record<'_>) -> Described {
    let empty = Entry { line: 1, hosts: vec![hosts.clone()], ..Entry::default() };
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
