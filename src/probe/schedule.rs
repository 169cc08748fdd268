//! One wave of attempts: all at once, up to the limit, until they are done or the run must stop.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::contract::Transport;
use crate::contract::endpoint::host_of;
use crate::observation::{
    Attempt, Changes, Controlled, LastStage, Observations, Purpose, Stopped, TcpOutcome, Variation,
};
use crate::plan::{Control, Experiment, Plan, Request, Route};
use url::Url;

use super::attempt::{Job, Ladder};
use super::dns::Names;
use super::lane::{Lanes, in_lane};
use super::record::Recorder;
use super::tcp::is_own;
use super::{Prober, Progress};

/// Attempts that have begun and not ended, by their number in the wave.
type UnderWay = Arc<Mutex<Waiting>>;

/// Host and record of each.
type Waiting = BTreeMap<usize, (String, Arc<Recorder>)>;

impl Prober {
    /// Makes these experiments and appends what was seen, in the order they end. Every name is
    /// looked up once per call, beside the lookups that are experiments themselves. Experiments that the plan does not hold are left out.
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
        let jobs: Vec<(Experiment, Job)> = experiments
            .iter()
            .filter_map(|e| {
                let mut job = job(plan, e)?;
                job.discovered &= !named_here(plan, e.target, observations);
                Some((e.clone(), job))
            })
            .collect();
        progress.planned(jobs.len());
        if observations.stopped.is_some() || jobs.is_empty() {
            return;
        }
        let fresh = |shared: &super::Shared| {
            let (resolver, stage) = (shared.settings.resolver, shared.settings.stage_timeout);
            Arc::new(
                Names::new(resolver, Arc::clone(&shared.servers), stage)
                    .compared_with(shared.settings.compare_dns),
            )
        };
        let names = fresh(shared);
        let permits = Arc::new(Semaphore::new(shared.settings.concurrency.max(1)));
        let under_way = UnderWay::default();
        let mut running = JoinSet::new();
        let lanes = Lanes::new(&jobs, shared.settings.stage_timeout);
        for (number, (experiment, job)) in jobs.into_iter().enumerate() {
            let lane = lanes.of(&experiment);
            // A lookup that is made to be measured asks for itself.
            let measured = job.changes.until == LastStage::Dns;
            let names = if measured { fresh(shared) } else { Arc::clone(&names) };
            let shared = Arc::clone(shared);
            let (permits, under_way) = (Arc::clone(&permits), Arc::clone(&under_way));
            running.spawn(in_lane(lane, async move {
                let permit = permits.acquire_owned().await.ok()?;
                let recorder = Arc::new(Recorder::new(
                    shared.origin,
                    Arc::clone(&shared.settings.headers),
                    experiment,
                    job.route.clone(),
                ));
                lock(&under_way).insert(number, (job.host.clone(), Arc::clone(&recorder)));
                let ladder = Ladder { shared, names, job, recorder: Arc::clone(&recorder) };
                ladder.walk(permit).await;
                lock(&under_way).remove(&number);
                Some((ladder.job.host, recorder.finish()))
            }));
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

impl Prober {
    /// Asks the controls, all at once and directly, and gives what was seen of those that ended
    /// within one stage and by `deadline`. Nothing but the request named is sent.
    pub async fn controls(&self, controls: &[Control], deadline: Instant) -> Vec<Controlled> {
        let deadline = deadline.min(Instant::now() + self.shared.settings.stage_timeout);
        let mut running = JoinSet::new();
        for (number, control) in controls.iter().cloned().enumerate() {
            let shared = Arc::clone(&self.shared);
            running.spawn(async move {
                let (resolver, stage) = (shared.settings.resolver, shared.settings.stage_timeout);
                let names = Arc::new(Names::new(resolver, Arc::clone(&shared.servers), stage));
                let experiment =
                    Experiment { target: 0, path: 0, purpose: Purpose::Experiment, variation: None };
                let recorder = Arc::new(Recorder::new(
                    shared.origin,
                    Arc::clone(&shared.settings.headers),
                    experiment,
                    Route::Direct,
                ));
                let request = Request {
                    method: "GET".into(),
                    path: control.path.clone(),
                    headers: Vec::new(),
                    body: String::new(),
                    ..Request::default()
                };
                let job = Job {
                    host: control.host.clone(),
                    port: 80,
                    transport: Transport::Http,
                    request: Some(request),
                    route: Route::Direct,
                    changes: Changes::default(),
                    discovered: false,
                };
                let ladder = Ladder { shared, names, job, recorder: Arc::clone(&recorder) };
                ladder.walk(()).await;
                (number, Controlled { control, attempt: recorder.finish() })
            });
        }
        let mut seen = Vec::new();
        while let Ok(Some(ended)) = timeout_at(deadline, running.join_next()).await {
            seen.extend(ended.ok());
        }
        seen.sort_by_key(|(number, _)| *number);
        seen.into_iter().map(|(_, controlled)| controlled).collect()
    }
}

pub(super) fn job(plan: &Plan, experiment: &Experiment) -> Option<Job> {
    let target = plan.target(experiment.target)?;
    let path = target.paths.get(experiment.path)?;
    if target.skip.is_some() || target.probed.is_empty() {
        return None;
    }
    let changes = experiment.variation.as_ref().map(Variation::changes).unwrap_or_default();
    let follow_up = changes.follow_up.as_ref();
    Some(Job {
        host: target.probed.clone(),
        port: target.port(),
        transport: follow_up.and_then(|f| f.over).unwrap_or_else(|| target.transport()),
        request: follow_up.map(|f| f.request.clone()).or_else(|| target.request.clone()),
        route: changes.route.clone().unwrap_or_else(|| path.route.clone()),
        changes,
        discovered: target.requirement.hints.discovered_from.is_some(),
    })
}

/// Whether the answer that named a target came from this device itself: a service here may name
/// others here.
fn named_here(plan: &Plan, target: u32, observations: &Observations) -> bool {
    let from = plan.target(target).and_then(|t| t.requirement.hints.discovered_from.as_deref());
    let hosts: Vec<String> =
        from.iter().flat_map(|f| f.split(", ")).filter_map(|url| host_of(&Url::parse(url).ok()?)).collect();
    let answered_here = |host: &String| {
        let mut connected = observations
            .attempts
            .iter()
            .filter(|a| a.route == Route::Direct && plan.target(a.target).is_some_and(|t| t.probed == *host))
            .flat_map(|a| &a.tcp)
            .filter(|t| t.outcome == TcpOutcome::Connected)
            .peekable();
        connected.peek().is_some() && connected.all(|t| is_own(t.remote.ip()))
    };
    !hosts.is_empty() && hosts.iter().all(answered_here)
}

fn lock(under_way: &UnderWay) -> std::sync::MutexGuard<'_, Waiting> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends at Ctrl-C; never where the system does not tell of it.
pub(super) async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
