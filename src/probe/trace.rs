//! Path traces: connections and ClientHellos whose packets may pass only so many hops. Ordinary sockets with
//! `IP_TTL` or `IPV6_UNICAST_HOPS`, no rights needed; who threw a packet away stands in the error queue of a
//! socket where the system has one (Linux).

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::observation::{Icmp, Observations, Step, StepOutcome, Stopped, TcpOutcome, TlsOutcome, Trace};
use crate::plan::trace::{AT_A_TIME, BUDGET, HOSTS_AT_A_TIME, MOST_HOPS, TraceJob, Untraced, WAIT};

use super::metered::Meter;
use super::schedule::interrupt;
use super::tls::{Hello, Offer};
use super::{Prober, Shared, errno, millis, tcp, tls};

/// Hops that a socket's packets may pass by default; what is sent when it is closed must reach the server.
const USUAL_HOPS: u32 = 64;

/// Whether this system tells who sent an ICMP message.
const SENDERS: bool = cfg!(target_os = "linux");

/// A trace under way.
type Open = Arc<Mutex<Trace>>;

fn lock(open: &Open) -> std::sync::MutexGuard<'_, Trace> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Prober {
    /// Makes these traces and appends what was seen, in the order of the jobs. Returns at the end of their own budget
    /// or at Ctrl-C at the latest; traces under way are appended as far as they came, with `cut`.
    pub async fn trace(&self, jobs: &[TraceJob], observations: &mut Observations) {
        if jobs.is_empty() {
            return;
        }
        let permits = Arc::new(Semaphore::new(HOSTS_AT_A_TIME));
        let mut running = JoinSet::new();
        let mut traces: Vec<Open> = Vec::new();
        for job in jobs {
            let to =
                job.to.and_then(|remote| match tcp::forbidden(remote.ip(), &self.shared.settings.never) {
                    Some(_) => Err(Untraced::NotProbed),
                    None => Ok(remote),
                });
            let open = Arc::new(Mutex::new(Trace {
                target: job.target,
                path: job.path,
                named: job.named,
                at_ms: self.elapsed_ms(),
                remote: to.ok(),
                untraced: to.err(),
                senders: SENDERS,
                small_hello: job.small,
                connections: Vec::new(),
                hellos: Vec::new(),
                cut: to.is_ok().then_some(Stopped::Deadline),
                ms: 0.0,
            }));
            traces.push(Arc::clone(&open));
            if let Ok(remote) = to {
                let (shared, permits, job) = (Arc::clone(&self.shared), Arc::clone(&permits), job.clone());
                running.spawn(async move {
                    if let Ok(_permit) = permits.acquire_owned().await {
                        one(&shared, &job, remote, &open).await;
                    }
                });
            }
        }
        let all = async { while running.join_next().await.is_some() {} };
        let stopped = tokio::select! {
            biased;
            () = all => None,
            () = tokio::time::sleep(BUDGET) => Some(Stopped::Deadline),
            () = interrupt() => Some(Stopped::Interrupted),
        };
        running.shutdown().await;
        if stopped == Some(Stopped::Interrupted) {
            observations.stopped = stopped;
        }
        observations.traces.extend(traces.iter().map(|open| {
            let mut trace = lock(open).clone();
            trace.cut = trace.cut.and(stopped);
            trace
        }));
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.shared.origin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The trace of one host: first connections, then ClientHellos up to the hop that answers connections.
async fn one(shared: &Arc<Shared>, job: &TraceJob, remote: SocketAddr, open: &Open) {
    let began = Instant::now();
    lock(open).at_ms = u64::try_from(shared.origin.elapsed().as_millis()).unwrap_or(u64::MAX);
    // Where no connection stood before, a batch of silent hops is the end: nothing behind them answers.
    let give_up = !job.connects && SENDERS;
    batches(MOST_HOPS, give_up, |ttl| connection(remote, ttl), |step| lock(open).connections.push(step))
        .await;
    let distance = answered(&lock(open).connections);
    let name = job.name.as_deref().and_then(tls::server_name);
    if let (Some(distance), Some(name)) = (distance, name) {
        shared.client.ready().await;
        let offer = if job.grpc { Offer::Grpc } else { Offer::Https };
        let kind = (offer, Hello { small: job.small, nameless: false });
        let step = |ttl| {
            let (shared, name) = (Arc::clone(shared), name.clone());
            async move { hello(&shared, remote, ttl, name, kind).await }
        };
        let hellos = batches(distance, false, step, |step| lock(open).hellos.push(step));
        // Silence just before the hop that answers may be a packet that was lost.
        let before = distance.saturating_sub(1);
        let is_silent = |s: &Step| s.ttl == before && s.outcome == StepOutcome::Silent;
        let was_silent = lock(open).connections.iter().any(is_silent);
        let again = async { if was_silent { Some(connection(remote, before).await) } else { None } };
        let ((), again) = tokio::join!(hellos, again);
        if let Some(step) = again.filter(|s| s.outcome == StepOutcome::Answered)
            && let Some(place) = lock(open).connections.iter_mut().find(|s| s.ttl == before)
        {
            *place = step;
        }
    }
    let mut trace = lock(open);
    trace.cut = None;
    trace.ms = millis(began.elapsed());
}

/// The lowest limit with which a connection was answered.
fn answered(steps: &[Step]) -> Option<u8> {
    steps.iter().filter(|s| s.outcome == StepOutcome::Answered).map(|s| s.ttl).min()
}

/// Whether an outcome is the end of a trace: greater limits show the same.
const fn is_end(outcome: &StepOutcome) -> bool {
    !matches!(outcome, StepOutcome::Expired | StepOutcome::Silent | StepOutcome::Unconnected)
}

/// Steps with the limits 1 to `most`, some at a time, until one of a batch is an end; with `give_up` also until a
/// whole batch was silent. Each is kept in the order of the limits.
async fn batches<F: Future<Output = Step> + Send + 'static>(
    most: u8,
    give_up: bool,
    step: impl Fn(u8) -> F,
    mut keep: impl FnMut(Step),
) {
    let mut first = 1;
    while first <= most {
        let last = first.saturating_add(AT_A_TIME - 1).min(most);
        let mut running: JoinSet<Step> = (first..=last).map(&step).collect();
        let mut done = Vec::new();
        while let Some(step) = running.join_next().await {
            done.extend(step);
        }
        done.sort_by_key(|s| s.ttl);
        let ended = done.iter().any(|s| is_end(&s.outcome));
        let silent = done.iter().all(|s| s.outcome == StepOutcome::Silent);
        done.into_iter().for_each(&mut keep);
        if ended || give_up && silent {
            return;
        }
        first = last.saturating_add(1);
    }
}

/// Whether an ICMP message says that the limit of hops was reached (RFC 792, RFC 4443: time exceeded).
const fn is_expiry(icmp: Icmp, ipv6: bool) -> bool {
    icmp.kind == if ipv6 { 3 } else { 11 }
}

/// A connection whose packets may pass only so many hops; closed at once.
async fn connection(remote: SocketAddr, ttl: u8) -> Step {
    let began = Instant::now();
    let (outcome, icmp) = match timeout(WAIT, tcp::connect_within(remote, Some(ttl))).await {
        Err(_) => (StepOutcome::Silent, None),
        Ok(Ok(_)) => (StepOutcome::Answered, None),
        Ok(Err(tcp::Failed { outcome, icmp })) => (refused(outcome, icmp, remote.is_ipv6()), icmp),
    };
    step(ttl, outcome, icmp, began)
}

fn step(ttl: u8, outcome: StepOutcome, icmp: Option<Icmp>, began: Instant) -> Step {
    Step { ttl, outcome, icmp, ms: u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX) }
}

/// What a failed connect says of the hop that ended it.
fn refused(outcome: TcpOutcome, icmp: Option<Icmp>, ipv6: bool) -> StepOutcome {
    match (icmp, outcome) {
        (Some(icmp), _) if is_expiry(icmp, ipv6) => StepOutcome::Expired,
        (Some(_), _) | (None, TcpOutcome::HostUnreachable | TcpOutcome::NetworkUnreachable) => {
            StepOutcome::Unreachable
        }
        (None, TcpOutcome::Refused | TcpOutcome::Reset) => StepOutcome::Refused,
        (None, TcpOutcome::Denied) => StepOutcome::Denied,
        (None, TcpOutcome::Timeout) => StepOutcome::Silent,
        (None, TcpOutcome::Other { errno, .. }) => StepOutcome::Other { errno },
        (None, _) => StepOutcome::Other { errno: None },
    }
}

/// A ClientHello whose packets may pass only so many hops, on a connection that was opened without a limit.
async fn hello(
    shared: &Shared,
    remote: SocketAddr,
    ttl: u8,
    name: rustls::pki_types::ServerName<'static>,
    kind: (Offer, Hello),
) -> Step {
    let began = Instant::now();
    let Ok(Ok(mut stream)) = timeout(WAIT, tcp::connect_within(remote, None)).await else {
        return step(ttl, StepOutcome::Unconnected, None, began);
    };
    if tcp::limit_hops(&stream, remote.is_ipv6(), u32::from(ttl)).is_err() {
        return step(ttl, StepOutcome::Unconnected, None, began);
    }
    let began = Instant::now();
    let mut passed = Meter::default();
    let shaken = timeout(WAIT, shared.client.shake(&mut stream, name, kind, |meter| passed = meter)).await;
    let outcome = match shaken {
        Ok((_, true)) => StepOutcome::Expired,
        Ok((outcome, false)) => of_handshake(outcome),
        // A server that has begun to speak was reached.
        Err(_) if passed.read().received > 0 => StepOutcome::Answered,
        // What a hop said of a connection that stands is kept, and wakes nobody. It is asked for last: a box that only
        // listens sends its reset while the packet goes on to the hop that throws it away.
        Err(_) => match stream.take_error() {
            Ok(Some(error)) if errno::is_unreachable(&error) => StepOutcome::Expired,
            _ => StepOutcome::Silent,
        },
    };
    let step = step(ttl, outcome, None, began);
    // The server is told that this is over, at once and without the ClientHello that did not reach it.
    tcp::limit_hops(&stream, remote.is_ipv6(), USUAL_HOPS).ok();
    stream.set_zero_linger().ok();
    step
}

/// What a handshake that ended says of the ClientHello.
fn of_handshake(outcome: TlsOutcome) -> StepOutcome {
    match outcome {
        TlsOutcome::Completed | TlsOutcome::Faulty { .. } => StepOutcome::Answered,
        TlsOutcome::Reset => StepOutcome::Reset,
        TlsOutcome::Closed => StepOutcome::Closed,
        TlsOutcome::Alert { .. } | TlsOutcome::Version => StepOutcome::Alert,
        TlsOutcome::NotTls { .. } => StepOutcome::NotTls,
        TlsOutcome::Timeout | TlsOutcome::Abandoned => StepOutcome::Silent,
    }
}
