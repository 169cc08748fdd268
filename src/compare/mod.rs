//! Runs held against each other: `between` two of them (before and after, one device and another),
//! `table` of many, `log` a run and what a log says, `device` a run and what was found on the device, `watch` the rounds of a
//! repeated check. Pure; works on judged runs, and leaves the words to the renderers.

pub mod between;
pub mod device;
pub mod log;
pub mod table;
pub mod watch;

pub use between::{Between, between};
pub use table::{Table, TableError};

use crate::contract::Endpoint;
use crate::diagnose::HostJudgement;
use crate::plan::{Plan, Target};
use crate::run::Run;

/// The endpoint of a target: what makes a host of two runs the same one.
fn endpoint(target: &Target) -> Endpoint {
    Endpoint { host: target.requirement.host.clone(), port: target.port(), transport: target.transport() }
}

/// The targets of a plan with their judgement.
fn judged(run: &Run) -> impl Iterator<Item = (&Target, &HostJudgement)> {
    run.judgement.hosts.iter().filter_map(|h| Some((target(&run.plan, h.target)?, h)))
}

fn target(plan: &Plan, id: u32) -> Option<&Target> {
    plan.target(id)
}

/// What a run was made from: the hashes of its configurations, or their names where a hash is not
/// known; empty for hosts named on the command line.
pub fn configuration(run: &Run) -> Vec<String> {
    let inputs = &run.requirements.inputs;
    inputs.iter().map(|i| if i.sha256.is_empty() { i.name.clone() } else { i.sha256.clone() }).collect()
}
