//! Puts contributions of rules together: one endpoint per host, port and transport, with every reason.

use std::collections::BTreeMap;

use super::requirement::{Missing, Note, ProbeHints, Reason, Requirement};
use crate::config::Lint;
use crate::contract::Endpoint;
use crate::contract::HostPattern;
use crate::contract::{Network, Transport};
use crate::rules::networks::Networks;

/// What one rule says about one endpoint.
#[derive(Debug)]
pub(super) struct Contribution {
    pub host: HostPattern,
    pub port: u16,
    pub transport: Transport,
    pub unbounded: Option<String>,
    pub hints: ProbeHints,
    pub reason: Reason,
}

/// The list under construction.
pub(super) struct List<'a> {
    networks: &'a Networks,
    hosts: BTreeMap<Endpoint, Requirement>,
    notes: Vec<Note>,
    /// What the readers of the configurations said.
    read: Vec<Lint>,
    /// What derivation found wrong with them.
    lint: Vec<Lint>,
    /// What errors cost.
    missing: Vec<Missing>,
}

impl<'a> List<'a> {
    pub(super) const fn new(networks: &'a Networks) -> Self {
        Self {
            networks,
            hosts: BTreeMap::new(),
            notes: Vec::new(),
            read: Vec::new(),
            lint: Vec::new(),
            missing: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Takes over what the reader of a configuration said.
    pub(super) fn read(&mut self, lint: &[Lint]) {
        self.read.extend(lint.iter().cloned());
    }

    pub(super) fn lint(&mut self, lint: Lint) {
        // Of the same value derivation knows more than the reader's general remark says.
        self.read.retain(|l| l.id != lint.id || l.key != lint.key || l.origin != lint.origin);
        if !self.lint.contains(&lint) {
            self.lint.push(lint);
        }
    }

    /// Notes a host that an error costs.
    pub(super) fn lacks(&mut self, missing: Missing) {
        self.missing.push(missing);
    }

    /// Adds a contribution to its endpoint.
    pub(super) fn add(&mut self, c: Contribution) {
        let key = Endpoint { host: c.host, port: c.port, transport: c.transport };
        let Some(there) = self.hosts.get_mut(&key) else {
            let internal = self.networks.is_internal(&key.host);
            let Endpoint { host, port, transport } = key.clone();
            let loopback = host.is_loopback();
            self.hosts.insert(
                key,
                Requirement {
                    host,
                    port,
                    transport,
                    network: if internal { Network::Internal } else { Network::Internet },
                    unbounded: c.unbounded,
                    loopback,
                    hints: c.hints,
                    reasons: vec![c.reason],
                },
            );
            return;
        };
        match (&mut there.unbounded, c.unbounded) {
            (Some(have), Some(more)) if !have.split("; ").any(|h| h == more) => {
                have.push_str("; ");
                have.push_str(&more);
            }
            (none @ None, more) => *none = more,
            _ => {}
        }
        merge_hints(&mut there.hints, c.hints);
        if !there.reasons.contains(&c.reason) {
            there.reasons.push(c.reason);
        }
    }

    /// The endpoints sorted by host, the notes, the lint and what errors cost.
    pub(super) fn finish(self) -> (Vec<Requirement>, Vec<Note>, Vec<Lint>, Vec<Missing>) {
        let mut lint = self.read;
        lint.extend(self.lint);
        (self.hosts.into_values().collect(), self.notes, lint, self.missing)
    }
}

/// The strictest reading wins: a host that any rule knows as the vendor's is not the customer's, and
/// must chain to the public roots if any rule says so. The first customer rule that knows the service
/// says which request proves it.
pub(super) fn merge_hints(have: &mut ProbeHints, more: ProbeHints) {
    have.name_key = match (have.name_key.take(), more.name_key) {
        (Some(key), Some(_)) => Some(key),
        // One of the rules knows the name by itself, so it is no mistake of the configuration.
        _ => None,
    };
    have.customer &= more.customer;
    if !have.customer {
        // A vendor's host is recognised by its name; a path of the customer's would mislead the probe.
        have.service = None;
        have.base_path.clear();
    } else if have.service.is_none() && more.service.is_some() {
        have.service = more.service;
        have.base_path = more.base_path;
    }
    if have.member.is_none() {
        have.member = more.member;
    }
    have.signs_in = match (have.signs_in, more.signs_in) {
        (Some(a), Some(b)) => Some(a || b),
        (a, b) => a.or(b),
    };
    have.public_roots |= more.public_roots;
    have.private_endpoint |= more.private_endpoint;
}
