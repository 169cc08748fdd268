//! One wave of attempts: all at once, up to the limit, until they are done or the run must stop.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::contract::Network;
use crate::contract::Transport;
use crate::contract::endpoint::host_of;
use crate::observation::{
    Attempt, Changes, Controlled, Dns, DnsAnswer, LastStage, Lookup, Observations, ProxyOutcome, Purpose,
    Stopped, TcpOutcome, Variation,
};
use crate::plan::{Control, Experiment, Plan, Request, Route, Target};
use url::Url;

use super::attempt::{Job, Ladder};
use super::dns::Names;
use super::lane::{self, Lanes, Through, in_lane};
use super::record::Recorder;
use super::tcp::Reach;
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
                if job.reach < Reach::Anywhere {
                    (job.reach, job.closed) = reach(plan, e.target, observations);
                }
                if e.variation == Some(Variation::Servers) {
                    job.known = known(&job.host, observations);
                }
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
        let left = deadline.saturating_duration_since(Instant::now());
        let stood = |e: &Experiment| observations.tries(e.target, e.path).any(|a| a.connection().is_some());
        let slowly =
            |e: &Experiment| observations.tries(e.target, e.path).any(|a| a.purpose == Purpose::Paced);
        let through = Through {
            passed: passed(observations),
            opened: opened(observations),
            later: later(observations),
            named: named(observations),
        };
        let seconds = lane::seconds();
        let lanes = Lanes::new(&jobs, shared.settings.stage_timeout, through, left, stood, slowly);
        let is_waiting = jobs.iter().any(|(_, job)| job.is_waiting());
        for (number, (experiment, job)) in jobs.into_iter().enumerate() {
            let lane = lanes.of(&experiment);
            // A lookup that is made to be measured asks for itself.
            let measured = job.changes.until == LastStage::Dns;
            let names = if measured { fresh(shared) } else { Arc::clone(&names) };
            let shared = Arc::clone(shared);
            let (permits, under_way) = (Arc::clone(&permits), Arc::clone(&under_way));
            let seconds = Arc::clone(&seconds);
            running.spawn(in_lane(lane, async move {
                let permit = permits.acquire_owned().await.ok()?;
                let recorder = Arc::new(Recorder::new(
                    shared.origin,
                    Arc::clone(&shared.settings.headers),
                    experiment,
                    job.route.clone(),
                ));
                lock(&under_way).insert(number, (job.host.clone(), Arc::clone(&recorder)));
                let ladder = Ladder { shared, names, job, seconds, recorder: Arc::clone(&recorder) };
                ladder.walk(permit).await;
                lock(&under_way).remove(&number);
                Some((ladder.job.host, recorder.finish()))
            }));
        }
        if is_waiting {
            // Behind the attempts in the queue, so the first lookups have left by then.
            let shared = Arc::clone(shared);
            tokio::spawn(async move { shared.prepare() });
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
                    reach: Reach::Anywhere,
                    closed: None,
                    known: Vec::new(),
                    trusted_only: false,
                };
                let seconds = lane::seconds();
                let ladder = Ladder { shared, names, job, seconds, recorder: Arc::clone(&recorder) };
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

/// How many connections a second stood in the first wave, as long as a stage lasts.
fn passed(observations: &Observations) -> f64 {
    let first = |a: &&Attempt| a.purpose == Purpose::First && a.route == Route::Direct;
    let stood = observations.plain().filter(first).filter(|a| a.connection().is_some()).count();
    stood as f64 * 1000.0 / observations.stage_timeout_ms.max(1) as f64
}

/// How many tunnels were opened in the first wave.
fn opened(observations: &Observations) -> usize {
    let tunnel = |a: &&Attempt| a.proxy.as_ref().is_some_and(|p| p.outcome == ProxyOutcome::Tunnel);
    observations.plain().filter(|a| a.purpose == Purpose::First).filter(tunnel).count()
}

/// Whether every name of the first wave was looked up, and none was late.
fn named(observations: &Observations) -> bool {
    let dns = observations.plain().filter(|a| a.purpose == Purpose::First).filter_map(|a| a.dns.as_ref());
    let is_late =
        |d: &Dns| d.system == Lookup::Timeout || d.direct.iter().any(|q| q.answer == DnsAnswer::Timeout);
    let mut dns = dns.peekable();
    dns.peek().is_some() && dns.all(|d| d.is_known() && !is_late(d))
}

/// The addresses to which connections for this name were tried before.
fn known(name: &str, observations: &Observations) -> Vec<IpAddr> {
    let of_name = observations.plain().filter(|a| a.dns.as_ref().is_some_and(|d| d.name == name));
    let direct = of_name.filter(|a| a.route == Route::Direct);
    direct.flat_map(|a| &a.tcp).map(|t| t.remote.ip().to_canonical()).collect()
}

/// The longest time, in whole seconds as they come, after which a proxy that has opened too many tunnels asked to be
/// asked again (RFC 9110, 10.2.3); a date is not read.
fn later(observations: &Observations) -> Duration {
    let refused = |a: &&Attempt| {
        let status = a.proxy.as_ref().map(|p| &p.outcome);
        matches!(status, Some(ProxyOutcome::Status { status: 429 | 503 }))
    };
    let headers =
        observations.plain().filter(refused).filter_map(|a| a.proxy.as_ref()).flat_map(|p| &p.headers);
    let seconds = headers.filter(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
    let longest = seconds.filter_map(|(_, value)| value.trim().parse::<u32>().ok()).max();
    Duration::from_secs(longest.unwrap_or_default().into())
}

pub(super) fn job(plan: &Plan, experiment: &Experiment) -> Option<Job> {
    let target = plan.target(experiment.target)?;
    let path = target.paths.get(experiment.path)?;
    if target.skip.is_some() || target.probed.is_empty() {
        return None;
    }
    let changes = experiment.variation.as_ref().map(Variation::changes).unwrap_or_default();
    // All that can be changed is made here or by the ladder: a new change does not compile until it is
    // on this list, and an experiment that changes nothing would be read as if it had.
    let Changes {
        follow_up,
        route,
        address: _,
        servers: _,
        server_name: _,
        small_hello: _,
        segment: _,
        until: _,
    } = &changes;
    let follow_up = follow_up.as_ref();
    Some(Job {
        host: target.probed.clone(),
        port: target.port(),
        transport: follow_up.and_then(|f| f.over).unwrap_or_else(|| target.transport()),
        request: follow_up.map(|f| f.request.clone()).or_else(|| target.request.clone()),
        route: route.clone().unwrap_or_else(|| path.route.clone()),
        changes,
        reach: match &target.requirement.hints.discovered_from {
            Some(_) => Reach::Public,
            None => Reach::Anywhere,
        },
        closed: None,
        known: Vec::new(),
        trusted_only: target.requirement.is_named_by_answer(),
    })
}

/// How far the connections to a target that an answer named may lead, and why none is made at all. The
/// one who named it gains nothing: a service on this device may name others here, one of the site
/// others of the site. What the configuration names as well is not in the answer's gift.
fn reach(plan: &Plan, target: u32, observations: &Observations) -> (Reach, Option<&'static str>) {
    let Some(named) = plan.target(target) else { return (Reach::Public, None) };
    let configured = |t: &&Target| t.requirement.hints.discovered_from.is_none() && t.probed == named.probed;
    if plan.targets.iter().any(|t| configured(&t)) {
        return (Reach::Anywhere, None);
    }
    let from = named.requirement.hints.discovered_from.as_deref().unwrap_or_default();
    let urls: Vec<Url> = from.split(", ").filter_map(|url| Url::parse(url).ok()).collect();
    let reach = urls.iter().map(|url| where_answered(plan, url, observations)).min().unwrap_or(Reach::Public);
    if !named.requirement.is_named_by_answer() {
        // A served configuration is the configuration, but for what is only here.
        return (reach.max(Reach::Site), None);
    }
    let port = named.port();
    let same_port = port == 443 || urls.iter().all(|u| u.port_or_known_default() == Some(port));
    let closed = "another port than 443, never probed for a host that an answer from elsewhere named";
    (reach, (reach == Reach::Public && !same_port).then_some(closed))
}

/// Where the host stands that answered at this address.
fn where_answered(plan: &Plan, url: &Url, observations: &Observations) -> Reach {
    let Some(host) = host_of(url) else { return Reach::Public };
    let target = |id: u32| plan.target(id).filter(|t| t.probed == host);
    let direct = observations.attempts.iter().filter(|a| a.route == Route::Direct);
    let mut ends = direct
        .filter(|a| target(a.target).is_some())
        .flat_map(|a| &a.tcp)
        .filter(|t| t.outcome == TcpOutcome::Connected)
        .map(|t| t.remote.ip())
        .peekable();
    if ends.peek().is_none() {
        // Behind a proxy its address is not known; its name may tell.
        let internal =
            plan.targets.iter().any(|t| t.probed == host && t.requirement.network == Network::Internal);
        return if internal { Reach::Site } else { Reach::Public };
    }
    ends.map(Reach::of).min().unwrap_or(Reach::Public)
}

fn lock(under_way: &UnderWay) -> std::sync::MutexGuard<'_, Waiting> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls `then` once what ends a run comes (Ctrl-C and the like), at any time from now on, also between two runs. From
/// now on nothing of it ends the program by itself.
///
/// # Errors
/// When the system gives no thread or no runtime.
pub fn when_interrupted(then: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (ready, is_ready) = std::sync::mpsc::channel();
    ENDED.get_or_init(|| tokio::sync::watch::Sender::new(false));
    std::thread::Builder::new().name("interrupts".into()).spawn(move || {
        runtime.block_on(async {
            let interrupted = interrupt();
            tokio::pin!(interrupted);
            tokio::select! {
                biased;
                () = &mut interrupted => {}
                // It is listened to since the line above.
                () = async { let _ = ready.send(()); std::future::pending().await } => {}
            }
        });
        if let Some(ended) = ENDED.get() {
            ended.send_replace(true);
        }
        then();
    })?;
    let _ = is_ready.recv();
    Ok(())
}

/// Ends at Ctrl-C, and at what else asks a program to end: the terminal was closed, the session or the
/// system ends. Never where the system does not tell of it.
pub(super) async fn interrupt() {
    tokio::select! {
        () = ctrl_c() => {}
        () = told_to_end() => {}
        () = ended_before() => {}
    }
}

/// Whether what ends a run came, once [`when_interrupted`] listens.
static ENDED: std::sync::OnceLock<tokio::sync::watch::Sender<bool>> = std::sync::OnceLock::new();

/// Ends when that came, also before this was asked: between two waves nobody else listens.
async fn ended_before() {
    if let Some(ended) = ENDED.get()
        && ended.subscribe().wait_for(|ended| *ended).await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut told = JoinSet::new();
    for kind in [SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()] {
        // Started by `nohup`, or in the background of a script: then it is not for this program.
        if is_ignored(kind.as_raw_value()) {
            continue;
        }
        if let Ok(mut signal) = signal(kind) {
            told.spawn(async move { signal.recv().await });
        }
    }
    match told.join_next().await {
        Some(_) => {}
        None => std::future::pending::<()>().await,
    }
}

/// Whether this program was started with a signal ignored. Only Linux tells without unsafe code; elsewhere
/// none counts as ignored.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|l| u64::from_str_radix(l.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| signal > 0 && mask >> (signal - 1) & 1 == 1)
}

#[cfg(windows)]
async fn told_to_end() {
    let Ok(mut closed) = tokio::signal::windows::ctrl_close() else { return std::future::pending().await };
    closed.recv().await;
}

#[cfg(not(any(unix, windows)))]
async fn told_to_end() {
    std::future::pending::<()>().await;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::SocketAddr;

    use super::*;
    use crate::derive::adhoc;
    use crate::derive::requirement::NAMED_BY_ANSWER;
    use crate::observation::Tcp;

    fn target(id: u32, endpoint: &str, from: Option<&str>) -> Target {
        let mut requirement = adhoc::requirement(endpoint, |_| false, |_| false).unwrap();
        requirement.hints.discovered_from = from.map(str::to_owned);
        if from.is_some() {
            requirement.reasons.iter_mut().for_each(|r| r.rule = NAMED_BY_ANSWER.to_owned());
        }
        let probed = requirement.host.to_string();
        Target { id, requirement, probed, service: None, request: None, paths: Vec::new(), skip: None }
    }

    fn connected(id: u32, remote: &str) -> Attempt {
        let experiment = Experiment { target: id, path: 0, purpose: Purpose::First, variation: None };
        let mut attempt = Recorder::new(Instant::now(), Arc::default(), experiment, Route::Direct).finish();
        let remote: SocketAddr = format!("{remote}:443").parse().unwrap();
        attempt.tcp = vec![Tcp {
            remote,
            local: None,
            at_ms: 0,
            confirm: false,
            outcome: TcpOutcome::Connected,
            icmp: None,
            ms: 1.0,
        }];
        attempt
    }

    #[tokio::test]
    async fn an_answer_names_nothing_that_its_sender_does_not_stand_beside() {
        let reach_of = |naming: &str, named: &str, at: &str| {
            let plan = Plan {
                targets: vec![
                    target(1, naming, None),
                    target(2, named, Some(&format!("https://{naming}/.well-known/x"))),
                ],
                ..Plan::default()
            };
            let seen = Observations { attempts: vec![connected(1, at)], ..Observations::default() };
            let (reach, closed) = reach(&plan, 2, &seen);
            (reach, closed.is_some())
        };
        for (naming, named, at, expected) in [
            ("mcp.vendor.example", "idp.vendor.example", "203.0.113.9", (Reach::Public, false)),
            ("mcp.vendor.example", "idp.vendor.example:2375", "203.0.113.9", (Reach::Public, true)),
            ("mcp.vendor.example:8443", "idp.vendor.example:8443", "203.0.113.9", (Reach::Public, false)),
            ("mcp.corp.example", "idp.corp.example:8443", "10.0.0.9", (Reach::Site, false)),
            ("mcp.corp.example", "idp.corp.example", "[fd00::9]", (Reach::Site, false)),
            ("mcp.corp.example", "idp.corp.example:9000", "127.0.0.1", (Reach::Anywhere, false)),
            // The configuration has that host itself.
            ("mcp.vendor.example", "mcp.vendor.example:8443", "203.0.113.9", (Reach::Anywhere, false)),
        ] {
            assert_eq!(reach_of(naming, named, at), expected, "{naming} at {at} names {named}");
        }
    }
}
