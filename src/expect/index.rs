//! The hosts of a run by what an entry may call them, so that a file of many entries and a run of many hosts are held
//! against each other without asking each of each.

use std::collections::HashMap;

use super::Hosts;
use crate::contract::HostPattern;
use crate::plan::Plan;

/// Positions of hosts in the plan.
pub(super) struct Index {
    /// By the name, address or suffix of the list, and by the member that is dialled.
    named: HashMap<String, Vec<usize>>,
    /// By every suffix below which it lies.
    below: HashMap<String, Vec<usize>>,
    all: usize,
}

impl Index {
    pub(super) fn new(plan: &Plan) -> Self {
        let (mut named, mut below) = (HashMap::new(), HashMap::new());
        for (at, target) in plan.targets.iter().enumerate() {
            let host = key(&target.requirement.host);
            let member = target.requirement.host.is_wildcard().then(|| target.probed.clone());
            for name in member.into_iter().filter(|m| !m.is_empty()).chain([host.clone()]) {
                for (dot, _) in name.match_indices('.') {
                    note(&mut below, &name[dot + 1..], at);
                }
                note(&mut named, &name, at);
            }
            if target.requirement.host.is_wildcard() {
                note(&mut below, &host, at);
            }
        }
        Self { named, below, all: plan.targets.len() }
    }

    /// The hosts that may be meant, in the order of the plan: all that are, and a few that are not.
    pub(super) fn candidates(&self, hosts: &Hosts) -> Vec<usize> {
        let of = |map: &HashMap<String, Vec<usize>>| map.get(&key(&hosts.host)).cloned().unwrap_or_default();
        match &hosts.host {
            HostPattern::Any => (0..self.all).collect(),
            HostPattern::Subdomains(_) => of(&self.below),
            HostPattern::Name(_) | HostPattern::Address(_) => of(&self.named),
        }
    }
}

fn note(map: &mut HashMap<String, Vec<usize>>, name: &str, at: usize) {
    let places = map.entry(name.to_owned()).or_default();
    if places.last() != Some(&at) {
        places.push(at);
    }
}

/// Addresses in one spelling, wildcards by their suffix.
fn key(host: &HostPattern) -> String {
    match host {
        HostPattern::Name(name) | HostPattern::Subdomains(name) => name.clone(),
        HostPattern::Address(address) => address.to_canonical().to_string(),
        HostPattern::Any => String::new(),
    }
}
