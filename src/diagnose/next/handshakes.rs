//! A handshake that died although the connection stood: is it the name, the size, or everything?

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::observation::{LastStage, Observations, Purpose, ServerName, Variation};
use crate::plan::{Experiment, Plan, Route};

use super::super::differential::{Death, SMALL_SEGMENT, died, reached};

/// A path whose handshake died, and where.
struct Dead {
    target: u32,
    path: usize,
    route: Route,
    death: Death,
    address: IpAddr,
    port: u16,
    name: String,
}

impl Dead {
    fn kind(&self) -> Kind {
        (self.death, self.address, format!("{:?}", self.route))
    }
}

/// Paths that are experimented on beyond one of each kind.
const BEYOND: usize = 12;
/// Paths that are experimented on in all: each further dozen costs a stage of silence.
const PATHS: usize = 36;

/// What dies alike: the way of dying, the address, the route.
type Kind = (Death, IpAddr, String);

/// For each path whose handshake died: the same with small segments, the same with a small hello,
/// a reached name at this address, no name there, and this name at the reached host's address.
/// Of many that died alike, one for each address and way of dying, and in the first round a few
/// more, as far as `budget` goes. The others are judged by them.
pub(super) fn experiments(plan: &Plan, observations: &Observations, budget: usize) -> Vec<Experiment> {
    let tried: BTreeSet<(u32, usize)> = observations
        .experiments()
        .filter(|(_, v)| v.until == LastStage::Tls)
        .map(|(a, _)| (a.target, a.path))
        .collect();
    let (done, open): (Vec<Dead>, Vec<Dead>) =
        dead(plan, observations).into_iter().partition(|d| tried.contains(&(d.target, d.path)));
    let mut alike: BTreeSet<Kind> = done.iter().map(Dead::kind).collect();
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for dead in open {
        if alike.insert(dead.kind()) { first.push(dead) } else { rest.push(dead) }
    }
    rest.truncate(if tried.is_empty() { BEYOND } else { 0 });
    let mut experiments: Vec<Experiment> = Vec::new();
    for dead in first.into_iter().chain(rest).take(PATHS.saturating_sub(tried.len())) {
        let wanted = of_one(plan, observations, &dead);
        if experiments.len() + wanted.len() > budget {
            break;
        }
        let (target, path, purpose) = (dead.target, dead.path, Purpose::Experiment);
        experiments.extend(wanted.into_iter().map(|v| Experiment {
            target,
            path,
            purpose,
            variation: Some(v),
        }));
    }
    experiments
}

fn of_one(plan: &Plan, observations: &Observations, dead: &Dead) -> Vec<Variation> {
    let until = LastStage::Tls;
    // Through a proxy the name goes into the tunnel; its address is not ours to choose.
    let address = (dead.route == Route::Direct).then_some(dead.address);
    let here = Variation { address, until, ..Variation::default() };
    let mut wanted = vec![Variation { small_hello: true, ..here.clone() }];
    if dead.name.parse::<IpAddr>().is_ok() {
        // An address literal has no name to filter.
        if address.is_some() {
            wanted.insert(0, Variation { segment: Some(SMALL_SEGMENT), ..here });
        }
        return wanted;
    }
    if address.is_some() {
        wanted.insert(0, Variation { segment: Some(SMALL_SEGMENT), ..here.clone() });
        wanted.push(Variation { server_name: ServerName::Absent, ..here.clone() });
    }
    let reached = reached(plan, observations, &dead.route, &dead.name);
    // Another address than this one, so that the name itself is tried elsewhere.
    let apart = reached.iter().find(|r| Some(r.address) != address && r.port == dead.port);
    if let Some(other) = apart.or(reached.first()) {
        wanted.push(Variation { server_name: ServerName::Of(other.name.clone()), ..here.clone() });
    }
    if address.is_some()
        && let Some(other) = apart
    {
        wanted.push(Variation { address: Some(other.address), ..here });
    }
    wanted
}

/// The paths of which every attempt of the app's kind ended so.
fn dead(plan: &Plan, observations: &Observations) -> Vec<Dead> {
    let mut all = Vec::new();
    for target in plan.targets.iter().filter(|t| t.transport().has_tls()) {
        for (path, planned) in target.paths.iter().enumerate() {
            let tries: Vec<_> = observations.tries(target.id, path).filter(|a| a.cut.is_none()).collect();
            let deaths: Vec<_> = tries.iter().filter_map(|a| died(a)).collect();
            if deaths.len() < tries.len() {
                continue;
            }
            let Some((death, tls)) = deaths.last() else { continue };
            all.push(Dead {
                target: target.id,
                path,
                route: planned.route.clone(),
                death: *death,
                address: tls.remote.ip().to_canonical(),
                port: target.port(),
                name: target.probed.clone(),
            });
        }
    }
    all
}
