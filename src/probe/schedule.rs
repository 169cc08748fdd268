//! One wave of attempts: all at once, up to the limit, until they are done or the run must stop.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::observation::{Attempt, Observations, Stopped};
use crate::plan::{Experiment, Plan};

use super::attempt::{Job, Ladder};
use super::dns::Names;
use super::record::Recorder;
use super::{Prober, Progress};

/// Attempts that have begun and not ended, by their number in the wave.
type UnderWay = Arc<Mutex<Waiting>>;

/// Host and record of each.
type Waiting = BTreeMap<usize, (String, Arc<Recorder>)>;

impl Prober {
    /// Makes these experiments and appends what was seen, in the order they end. Every name is
    /// looked up once per call. Experiments that the plan does not hold are left out.
    ///
    /// Returns at `deadline` or at Ctrl-C at the latest: then `observations.stopped` says which,
    /// attempts under way are appended as far as they came, with `cut` where their ladder had not
    /// ended, and those that had not begun are absent. After a call that was stopped nothing more is tried.
    pub async fn run(
        &self,
        plan: &Plan,
        experiments: &[Experiment],
        observations: &mut Observations,
        deadline: Instant,
        progress: &dyn Progress,
    ) {
        let shared = &self.shared;
        observations.stage_timeout_ms =
            u64::try_from(shared.settings.stage_timeout.as_millis()).unwrap_or(u64::MAX);
        let jobs: Vec<(Experiment, Job)> =
            experiments.iter().filter_map(|e| Some((e.clone(), job(plan, e)?))).collect();
        progress.planned(jobs.len());
        if observations.stopped.is_some() || jobs.is_empty() {
            return;
        }
        let names = Arc::new(Names::new(
            shared.settings.resolver,
            Arc::clone(&shared.servers),
            shared.settings.stage_timeout,
        ));
        let permits = Arc::new(Semaphore::new(shared.settings.concurrency.max(1)));
        let under_way = UnderWay::default();
        let mut running = JoinSet::new();
        for (number, (experiment, job)) in jobs.into_iter().enumerate() {
            let (shared, names) = (Arc::clone(shared), Arc::clone(&names));
            let (permits, under_way) = (Arc::clone(&permits), Arc::clone(&under_way));
            running.spawn(async move {
                let permit = permits.acquire_owned().await.ok()?;
                let recorder = Arc::new(Recorder::new(shared.origin, experiment, job.route.clone()));
                lock(&under_way).insert(number, (job.host.clone(), Arc::clone(&recorder)));
                let ladder = Ladder { shared, names, job, recorder: Arc::clone(&recorder) };
                ladder.walk(permit).await;
                lock(&under_way).remove(&number);
                Some((ladder.job.host, recorder.finish()))
            });
        }
        let mut done = 0;
        let mut keep = |observations: &mut Observations, (host, attempt): (String, Attempt)| {
            observations.attempts.push(attempt);
            done += 1;
            progress.finished(done, &host);
        };
        // One listener for the whole wave: a new one would miss a signal that came before it.
        let interrupted = interrupt();
        tokio::pin!(interrupted);
        let stopped = loop {
            tokio::select! {
                biased;
                ended = running.join_next() => match ended {
                    None => return,
                    Some(Ok(Some(attempt))) => keep(observations, attempt),
                    Some(_) => {}
                },
                () = sleep_until(deadline) => break Stopped::Deadline,
                () = &mut interrupted => break Stopped::Interrupted,
            }
        };
        while let Some(ended) = running.try_join_next() {
            if let Ok(Some(attempt)) = ended {
                keep(observations, attempt);
            }
        }
        observations.stopped = Some(stopped);
        let cut = std::mem::take(&mut *lock(&under_way));
        for (host, recorder) in cut.into_values() {
            match recorder.cut(stopped) {
                whole @ Attempt { cut: None, .. } => keep(observations, (host, whole)),
                cut => observations.attempts.push(cut),
            }
        }
        running.shutdown().await;
    }
}

fn job(plan: &Plan, experiment: &Experiment) -> Option<Job> {
    let target = plan.target(experiment.target)?;
    let path = target.paths.get(experiment.path)?;
    if target.skip.is_some() || target.probed.is_empty() {
        return None;
    }
    let variation = experiment.variation.clone().unwrap_or_default();
    let inquiry = variation.inquiry.as_ref();
    Some(Job {
        host: target.probed.clone(),
        port: target.port(),
        transport: inquiry.and_then(|i| i.over).unwrap_or_else(|| target.transport()),
        request: inquiry.map(|i| i.request.clone()).or_else(|| target.request.clone()),
        route: variation.route.clone().unwrap_or_else(|| path.route.clone()),
        variation,
    })
}

fn lock(under_way: &UnderWay) -> std::sync::MutexGuard<'_, Waiting> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends at Ctrl-C; never where the system does not tell of it.
async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
