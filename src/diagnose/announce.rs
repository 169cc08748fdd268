//! Everything that a check may send: one list, gathered from the code that sends it.

use std::net::SocketAddr;

use super::experiment::{addresses, captive_portal, handshake, other_route, repeat, slow};
use super::service::{bootstrap, download, follow_up};
use crate::contract::{Control, DownloadTest};
use crate::plan::inference::{self, Endpoint};
use crate::plan::pac::{self, Script};
use crate::plan::trace::{self, Wanted};
use crate::plan::{Announcement, Experiment, Keep, Plan, Purpose, Sent, Variation, announcement};
use crate::rules::services::Services;
use crate::telemetry::{self, Collector};

/// A run that would be made: what decides what it may send.
pub struct Prospect<'a> {
    /// The hosts and the ways to them.
    pub plan: &'a Plan,
    /// What is known of services.
    pub services: &'a Services,
    /// The controls that may be asked.
    pub controls: &'a [Control],
    /// The proxy scripts that decide routes.
    pub scripts: &'a [Script],
    /// The inference hosts that are called with the credential.
    pub calls: &'a [Endpoint],
    /// The DNS server that is asked in place of the system's.
    pub resolver: Option<SocketAddr>,
    /// The DNS server that is asked too.
    pub compare_dns: Option<SocketAddr>,
    /// Whether the bootstrap server is asked first.
    pub bootstrap: bool,
    /// The download test.
    pub download_test: Option<DownloadTest>,
    /// How long a connection is left quiet, ms.
    pub idle_ms: Option<u64>,
    /// The hosts that are traced.
    pub traced: Wanted,
    /// The collector that the result is sent to.
    pub collector: Option<&'a Collector>,
}

impl<'a> Prospect<'a> {
    /// A run of this plan without any option.
    pub const fn new(plan: &'a Plan, services: &'a Services) -> Self {
        Self {
            plan,
            services,
            controls: &[],
            scripts: &[],
            calls: &[],
            resolver: None,
            compare_dns: None,
            bootstrap: false,
            download_test: None,
            idle_ms: None,
            traced: Wanted { hosts: Vec::new(), causes: false },
            collector: None,
        }
    }
}

/// Everything that a run may send, each kind once.
pub fn announce(run: &Prospect<'_>) -> Vec<Announcement> {
    let one = |sent| match sent {
        Sent::Hosts => announcement::hosts(),
        Sent::Lookups => announcement::lookups(run.resolver, run.compare_dns),
        Sent::Proxies => announcement::proxies(),
        Sent::Scripts => pac::announce(run.scripts),
        Sent::Repeats => repeat::announce(),
        Sent::OtherRoutes => other_route::announce(run.plan),
        Sent::Handshakes => handshake::announce(),
        Sent::Measures => slow::announce(),
        Sent::Addresses => addresses::announce(),
        Sent::Controls => captive_portal::announce(run.controls),
        Sent::FollowUps => follow_up::announce(run.plan, run.services),
        Sent::Discovered => follow_up::announce_discovered(run.plan, run.services),
        Sent::Bootstrap => bootstrap::announce(run.plan, run.services, run.bootstrap),
        Sent::Downloads => download::announce(run.plan, run.services, run.download_test),
        Sent::Calls => inference::announce(run.calls, run.plan, run.services.calls()),
        Sent::Quiet => inference::announce_quiet(run.idle_ms),
        Sent::Traces => trace::announce(&run.traced, &run.plan.targets),
        Sent::Telemetry => telemetry::announce(run.collector),
    };
    Sent::ALL.into_iter().map(one).collect()
}

/// Under what an experiment is announced; none for what no experiment of this version does.
pub fn announced_as(experiment: &Experiment) -> Option<Sent> {
    Some(match &experiment.variation {
        None => match experiment.purpose {
            Purpose::First => Sent::Hosts,
            Purpose::Repeat | Purpose::Paced => Sent::Repeats,
            Purpose::Experiment => Sent::Controls,
        },
        Some(Variation::Lookup | Variation::Request) => Sent::Measures,
        Some(
            Variation::SmallSegments { .. }
            | Variation::SmallHello { .. }
            | Variation::OtherName { .. }
            | Variation::Nameless { .. }
            | Variation::Elsewhere { .. },
        ) => Sent::Handshakes,
        Some(Variation::Servers | Variation::Address { .. }) => Sent::Addresses,
        Some(Variation::OtherRoute(_)) => Sent::OtherRoutes,
        Some(Variation::FollowUp(follow_up)) => match follow_up.request.keep {
            Keep::Digest { .. } | Keep::Checksum { .. } => Sent::Downloads,
            _ => Sent::FollowUps,
        },
        Some(Variation::Other(_)) => return None,
    })
}
