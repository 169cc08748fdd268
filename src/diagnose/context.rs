//! What a judge may look at: the run, and one attempt of it with all that it is judged against.

use std::net::IpAddr;

use super::finding::Owner;
use super::operator::{is_customer, must_be_public};
use super::run_facts::RunFacts;
use crate::contract::endpoint::authority;
use crate::observation::{Attempt, Observations};
use crate::plan::{Path, Plan, Route, Target};
use crate::rules::codes::Codes;
use crate::rules::services::{Service, Services};

/// Everything that judging one host may look at.
pub(crate) struct Context<'a> {
    pub plan: &'a Plan,
    pub observations: &'a Observations,
    pub services: &'a Services,
    pub codes: &'a Codes,
    pub run: RunFacts,
    /// The same of the sandbox's own machine, where something ran in it.
    pub machine: Option<&'a Context<'a>>,
}

/// One attempt, with all that it is judged against.
pub(crate) struct View<'a> {
    pub context: &'a Context<'a>,
    pub target: &'a Target,
    pub path: &'a Path,
    pub attempt: &'a Attempt,
    pub service: Option<&'a Service>,
}

impl View<'_> {
    /// The host is the customer's own.
    pub fn is_customer(&self) -> bool {
        is_customer(self.target, self.context.services)
    }

    /// The host must chain to the public roots.
    pub fn must_be_public(&self) -> bool {
        must_be_public(self.target, self.context.services)
    }

    /// A private address is normal for this host.
    pub fn may_be_private(&self) -> bool {
        let by_name = || self.context.services.for_host(&self.target.probed);
        self.target.requirement.hints.private_endpoint
            || self.service.is_some_and(|s| s.private_endpoint)
            || by_name().is_some_and(|m| m.service.private_endpoint)
    }

    /// The target was given as an address.
    pub fn is_literal(&self) -> bool {
        self.target.probed.parse::<IpAddr>().is_ok()
    }

    /// `host:port` of the proxy, when the route has one.
    pub fn proxy(&self) -> Option<String> {
        match &self.path.route {
            Route::Direct => None,
            Route::Proxy { host, port, .. } => Some(authority(host, *port)),
        }
    }

    /// Who is asked first when a connection to this host fails beyond the first packet.
    pub fn path_owner(&self) -> Owner {
        if self.is_customer() {
            Owner::Service
        } else if self.proxy().is_some() {
            Owner::Proxy
        } else {
            Owner::Firewall
        }
    }

    /// Who runs what is on the way to any host, and what makes its failures one cause.
    pub fn way(&self) -> (Owner, String) {
        match self.proxy() {
            Some(proxy) => (Owner::Proxy, proxy),
            None => (Owner::Firewall, String::new()),
        }
    }

    /// What makes a failure of this kind one cause: the customer's hosts each have an owner of
    /// their own, public hosts share the box in the way.
    pub fn path_key(&self) -> String {
        if self.is_customer() { self.target.probed.clone() } else { self.proxy().unwrap_or_default() }
    }
}
