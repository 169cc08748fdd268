//! Observations → findings. Pure functions: no network, no files, no clock, so that any saved run
//! can be judged again.
//!
//! `host` walks each attempt down the ladder (`dns`, `tcp` or `proxy`, `tls` and `trust`, `http`
//! with `fingerprint`), `world` holds what hosts say together, `causes` says once what explains
//! many, `remedy` puts it into words, `run` judges the whole. `next` names what to try;
//! `differential`, `slow` and `portal` read
//! what came of it, `blocked` knows filters' pages.

mod blocked;
mod calls;
mod causes;
mod detour;
mod differential;
mod dns;
mod download;
pub mod finding;
mod fingerprint;
mod follow;
mod found;
mod host;
mod http;
mod inquiry;
mod next;
mod otlp;
mod portal;
mod proxy;
mod remedy;
mod run;
mod slow;
mod tcp;
mod tls;
mod trust;
mod world;

pub use calls::{compared, inspectors};
pub use finding::{
    ActorJudgement, Cause, Certainty, Code, Evidence, Finding, HostJudgement, Judgement, NotTested, Owner,
    RunVerdict, Timings, Verdict,
};
pub use fingerprint::recognise;
pub use inquiry::{discovered, download, inquiries};
pub use next::next;
pub use portal::wants_controls;

use crate::observation::Observations;
use crate::plan::Plan;
use crate::rules::codes::Codes;
use crate::rules::services::Services;

/// Judges a run: every host, the causes behind them, the verdict, and what was not tested.
pub fn judge(plan: &Plan, observations: &Observations, services: &Services, codes: &Codes) -> Judgement {
    let world = world::World::observe(plan, observations, services);
    let context = found::Context { plan, observations, services, codes, world };
    let hosts: Vec<host::Host<'_>> = plan.targets.iter().map(|t| host::judge(&context, t)).collect();
    let found = causes::find(&context, &hosts);
    let hosts: Vec<HostJudgement> =
        hosts.into_iter().zip(found.of_host).map(|(h, cause)| h.report(&context, cause)).collect();
    let verdict = run::verdict(&context, &hosts, &found.causes);
    let not_tested = run::not_tested(&context, &hosts);
    Judgement { verdict, hosts, causes: found.causes, not_tested }
}
