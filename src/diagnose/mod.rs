//! Observations → findings. Pure functions: no network, no files, no clock, so that any saved run
//! can be judged again.
//!
//! `host` judges every path of a host: `ladder` walks its attempts down the stages (`stage`), which
//! ask the judges of `service` what an answer means, and `experiment` says what to try after a
//! failure and what came of it. `run_facts` holds what only follows from several hosts, `one_box` what
//! several operators' hosts show in common, `operator` who runs one. `evidence` is what all judges hand on, `causes` says once what explains many,
//! `wording` puts it into words, `verdict` judges the whole. `announce` lists what may be sent.

mod announce;
mod causes;
mod context;
mod evidence;
mod experiment;
pub mod finding;
mod host;
mod ladder;
mod line;
mod machine;
mod one_box;
mod operator;
mod run_facts;
mod service;
mod stage;
mod trace;
mod verdict;
mod wording;

pub use announce::{Prospect, announce, announced_as};
pub use experiment::captive_portal::wanted as wants_controls;
pub use experiment::slow::looks_slow;
pub use experiment::{next, next_but};
pub use finding::{
    ActorJudgement, Cause, Certainty, Code, Evidence, Finding, Halt, Halted, Halts, Hop, HostJudgement,
    Judgement, NotTested, Owner, RunVerdict, Timings, TracedPath, Verdict,
};
pub use service::download::{Source, sample, sources};
pub use service::fingerprint::recognise;
pub use service::follow_up::{discovered, follow_ups};
pub use service::inference::{compared, inspectors};
pub use trace::traces;

use crate::observation::Observations;
use crate::plan::Plan;
use crate::rules::codes::Codes;
use crate::rules::services::Services;

/// Judges a run: every host, the causes behind them, the verdict, and what was not tested.
pub fn judge(plan: &Plan, observations: &Observations, services: &Services, codes: &Codes) -> Judgement {
    let mut run = run_facts::RunFacts::observe(plan, observations, services);
    run.line = line::Line::observe(observations, experiment::slow::operators(plan, observations, services));
    let late = experiment::slow::late(plan, observations);
    run.limits = experiment::burst::Limits::observe(observations, codes, &late);
    run.portal = experiment::captive_portal::observed(plan, observations, services);
    let world = machine::world(plan, observations, services, &run);
    let inside = world.as_ref().map(|w| machine::context(w, services, codes));
    let context = context::Context { plan, observations, services, codes, run, machine: inside.as_ref() };
    let hosts: Vec<host::Host<'_>> = plan.targets.iter().map(|t| host::judge(&context, t)).collect();
    let found = causes::find(&context, &hosts);
    let mut not_tested = verdict::not_tested(&context, &hosts);
    not_tested.extend(trace::not_tested(plan, observations));
    let mut hosts: Vec<HostJudgement> =
        hosts.into_iter().zip(found.of_host).map(|(h, cause)| h.report(&context, cause)).collect();
    let verdict = verdict::of_run(&context, &hosts, &found.causes);
    let mut causes = found.causes;
    let paths = trace::judge(plan, observations);
    trace::stand_beside(plan, &paths, &mut hosts, &mut causes);
    Judgement { verdict, hosts, causes, not_tested, paths }
}
