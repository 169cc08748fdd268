//! Several lists as one: configurations derived here and lists derived elsewhere.

use std::collections::BTreeMap;

use super::merge::merge_hints;
use super::requirement::{Requirement, Requirements};

/// The union of lists: each endpoint once with the reasons of all, each reason saying which input
/// wanted it. The app version, platform and date of the rules are the first list's.
///
/// Returns nothing for no lists.
pub fn union(lists: Vec<Requirements>) -> Option<Requirements> {
    let several = lists.len() > 1;
    let mut lists = lists.into_iter().map(|mut list| {
        if several {
            name_reasons(&mut list);
            for input in list.inputs.iter_mut().filter(|i| i.platform.is_none()) {
                input.platform = Some(list.platform);
                input.platform_assumed = list.platform_assumed;
            }
        }
        list
    });
    let mut all = lists.next()?;
    if !several {
        return Some(all);
    }
    let mut hosts = BTreeMap::new();
    for requirement in std::mem::take(&mut all.hosts) {
        add(&mut hosts, requirement);
    }
    for list in lists {
        for requirement in list.hosts {
            add(&mut hosts, requirement);
        }
        extend_new(&mut all.notes, list.notes);
        extend_new(&mut all.lint, list.lint);
        extend_new(&mut all.inputs, list.inputs);
        all.lacks(list.missing);
        extend_new(&mut all.sources, list.sources);
        all.platform_assumed |= list.platform_assumed;
        all.provider = match (all.provider.take(), list.provider) {
            (Some(a), Some(b)) if !a.split(", ").any(|p| p == b) => Some(format!("{a}, {b}")),
            (a, b) => a.or(b),
        };
    }
    all.hosts = hosts.into_values().collect();
    Some(all)
}

/// Adds endpoints that were named apart from any configuration; one that is there already gets
/// the further reasons.
pub fn add_hosts(list: &mut Requirements, named: Vec<Requirement>) {
    let mut hosts = BTreeMap::new();
    for requirement in std::mem::take(&mut list.hosts).into_iter().chain(named) {
        add(&mut hosts, requirement);
    }
    list.hosts = hosts.into_values().collect();
}

/// A reason that does not say whose it is gets the name of its list's input.
fn name_reasons(list: &mut Requirements) {
    let Some(name) = list.inputs.first().map(|i| i.name.clone()) else { return };
    for reason in list.hosts.iter_mut().flat_map(|h| &mut h.reasons) {
        reason.config.get_or_insert_with(|| name.clone());
    }
    for missing in &mut list.missing {
        missing.config.get_or_insert_with(|| name.clone());
    }
}

type Key = (super::HostPattern, u16, crate::contract::Transport);

fn add(hosts: &mut BTreeMap<Key, Requirement>, requirement: Requirement) {
    let key = (requirement.host.clone(), requirement.port, requirement.transport);
    match hosts.get_mut(&key) {
        Some(there) => {
            merge_hints(&mut there.hints, requirement.hints);
            there.unbounded = there.unbounded.take().or(requirement.unbounded);
            extend_new(&mut there.reasons, requirement.reasons);
        }
        None => {
            hosts.insert(key, requirement);
        }
    }
}

fn extend_new<T: PartialEq>(have: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !have.contains(&item) {
            have.push(item);
        }
    }
}
