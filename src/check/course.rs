//! The course of a run: waves of attempts, what answers call for, the hosts they name, and the
//! documents that are fetched on request. All of it within one deadline.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

use super::rounds::Round;
use super::routes::Planner;
use super::{Derived, Options};
use crate::contract::DownloadTest;
use crate::derive::Requirements;
use crate::diagnose;
use crate::failure::Failure;
use crate::observation::{Observations, Purpose};
use crate::plan::{Control, Experiment, Plan, Route};
use crate::probe::{Prober, Progress};
use crate::rules::Rules;

/// Waves after the first of each round, at the most: repeated attempts, further requests, and what
/// their answers call for.
const WAVES: usize = 5;
/// How often hosts that answers named are added: those that the list's hosts name, and those that
/// these name again.
const DISCOVERIES: usize = 2;
/// Stages of an attempt, each of which may take its whole time.
const STAGES: u32 = 5;

/// What a run needs at hand.
pub(super) struct Course<'a> {
    pub(super) options: &'a Options,
    pub(super) rules: &'a Rules,
    pub(super) prober: &'a Prober,
    pub(super) deadline: Instant,
    pub(super) progress: &'a dyn Progress,
    /// Makes the plan for a list, by the routes that follow from what it was derived from.
    pub(super) planner: &'a Planner<'a>,
    /// The controls that may be asked.
    pub(super) controls: &'a [Control],
    /// Whether they were asked, or are not to be.
    pub(super) asked: Cell<bool>,
    /// For how long downloads were held.
    pub(super) held: Cell<Duration>,
    /// What earlier rounds make unnecessary.
    pub(super) round: &'a Round,
}

impl Course<'_> {
    /// Runs the whole course; gives the list, the plan and what was seen, the discovered hosts among
    /// them.
    pub(super) async fn run(
        &self,
        mut derived: Derived,
        mut plan: Plan,
        mut observations: Observations,
    ) -> Result<(Requirements, Plan, Observations), Failure> {
        if self.options.bootstrap {
            (derived, plan) = self.bootstrap(derived, plan, &mut observations).await?;
        }
        let mut discoveries = 0;
        loop {
            self.waves(&plan, &mut observations).await;
            if discoveries == DISCOVERIES || observations.stopped.is_some() {
                break;
            }
            let found =
                diagnose::discovered(&plan, &observations, &self.rules.services, &self.rules.pack.networks);
            if found.is_empty() {
                break;
            }
            discoveries += 1;
            let list = Requirements { hosts: found, ..derived.requirements.clone() };
            let more = self.planner.plan(self.prober, self.deadline, &list, &derived).await?;
            plan.extend(more);
            derived.requirements.hosts.extend(list.hosts);
        }
        if let Some(test) = self.options.download_test {
            self.download(&plan, test, &mut observations).await;
        }
        Ok((derived.requirements, plan, observations))
    }

    /// The download test: a sample all at once, or whole files one connection after another. What is held
    /// for a stated amount or time has that time beside the deadline.
    async fn download(&self, plan: &Plan, test: DownloadTest, observations: &mut Observations) {
        let sources = diagnose::sources(plan, observations, &self.rules.services);
        let Some(longest) = test.longest() else {
            return self.wave(plan, &diagnose::sample(&sources), observations).await;
        };
        for source in &sources {
            let attempt = self.options.stage_timeout * STAGES;
            let published: Vec<Experiment> = source.published().into_iter().collect();
            let until = self.deadline().max(Instant::now() + attempt);
            self.wave_until(plan, &published, observations, until).await;
            let began = Instant::now();
            // The last connection may be made when the time is nearly spent.
            let until = self.deadline().max(began + longest + attempt);
            while let Some(next) = source.transfer(observations, test, began.elapsed()) {
                self.wave_until(plan, &[next], observations, until).await;
            }
            self.held.set(self.held.get() + began.elapsed());
        }
    }

    /// When the run must end, with the time that downloads were held for.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline + self.held.get()
    }

    /// Wave after wave, until nothing more is called for.
    async fn waves(&self, plan: &Plan, observations: &mut Observations) {
        for _ in 0..=WAVES {
            if self.round.settle(plan, observations, self.rules) {
                self.asked.set(true);
            }
            let mut experiments = diagnose::next_but(plan, observations, &self.round.resting());
            // A proxy that opens one tunnel at a time would close what is tried again slowly, for what is asked beside it.
            if !experiments.iter().any(|e| is_slow_tunnel(plan, e)) {
                experiments.extend(diagnose::follow_ups(plan, observations, &self.rules.services));
            }
            if experiments.is_empty() || observations.stopped.is_some() {
                break;
            }
            self.wave(plan, &experiments, observations).await;
        }
        if observations.stopped.is_none() && !self.asked.get() && diagnose::wants_controls(plan, observations)
        {
            self.asked.set(true);
            observations.controls.extend(self.prober.controls(self.controls, self.deadline).await);
        }
    }

    pub(super) async fn wave(
        &self,
        plan: &Plan,
        experiments: &[Experiment],
        observations: &mut Observations,
    ) {
        self.wave_until(plan, experiments, observations, self.deadline()).await;
    }

    async fn wave_until(
        &self,
        plan: &Plan,
        experiments: &[Experiment],
        observations: &mut Observations,
        deadline: Instant,
    ) {
        if experiments.is_empty() || observations.stopped.is_some() {
            return;
        }
        // Beside the first experiments, so that it costs no time of its own.
        let ask = !self.asked.get() && diagnose::wants_controls(plan, observations);
        self.asked.set(self.asked.get() || ask);
        let beside = self.prober.controls(if ask { self.controls } else { &[] }, deadline);
        tokio::pin!(beside);
        let mut seen = None;
        {
            let wave = self.prober.run(plan, experiments, observations, deadline, self.progress);
            tokio::pin!(wave);
            loop {
                tokio::select! {
                    () = &mut wave => break,
                    answers = &mut beside, if seen.is_none() => seen = Some(answers),
                }
            }
        }
        if seen.is_none() && observations.stopped.is_none() {
            seen = Some(beside.await);
        }
        observations.controls.extend(seen.unwrap_or_default());
        // Again: whether the trust store can be read is known only after a while.
        observations.device = self.prober.device();
    }
}

/// A path through a proxy that is tried again slowly.
fn is_slow_tunnel(plan: &Plan, experiment: &Experiment) -> bool {
    let path = plan.target(experiment.target).and_then(|t| t.paths.get(experiment.path));
    experiment.purpose == Purpose::Paced && path.is_some_and(|path| path.route != Route::Direct)
}
