//! What must not be sent all at once: the attempts of a wave that are tried again because the wave before
//! them may itself have been too much, and those that are made to be measured.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

use crate::observation::{Purpose, Variation};
use crate::plan::{Experiment, Route};

use super::attempt::Job;

/// Time between the beginnings of two paced attempts: about five a second.
const PACE: Duration = Duration::from_millis(200);
/// The same where there are many, at the least.
const FASTEST: Duration = Duration::from_millis(125);
/// All paced attempts have begun within this time, as far as [`FASTEST`] allows.
const ALL_BEGUN: Duration = Duration::from_secs(4);
/// A tunnel that takes longer does not hold up the next any more.
const TUNNEL: Duration = Duration::from_secs(1);
/// The same of a lookup that is measured.
const LOOKUP: Duration = Duration::from_secs(1);

/// A queue: one begins after the other.
pub(super) struct Lane {
    turn: Arc<Semaphore>,
    /// The next begins no earlier after this one.
    least: Duration,
    /// The next begins no later after this one, whether it has ended or not.
    most: Duration,
}

impl Lane {
    fn new(least: Duration, most: Duration) -> Arc<Self> {
        Arc::new(Self { turn: Arc::new(Semaphore::new(1)), least, most })
    }
}

/// The lanes of one wave.
pub(super) struct Lanes {
    /// A few a second.
    paced: Arc<Lane>,
    /// One tunnel after another.
    tunnels: Arc<Lane>,
    lookups: Arc<Lane>,
    requests: Arc<Lane>,
    /// Paths that lead through a proxy, by their place in the wave.
    through: Vec<Experiment>,
}

impl Lanes {
    pub(super) fn new(jobs: &[(Experiment, Job)], stage: Duration) -> Self {
        let paced = jobs.iter().filter(|(e, _)| is_paced(e)).count();
        let pace = match u32::try_from(paced) {
            Ok(n) if n > 0 => (ALL_BEGUN / n).clamp(FASTEST, PACE),
            _ => PACE,
        };
        let through = |(e, job): &(Experiment, Job)| (job.route != Route::Direct).then(|| e.clone());
        Self {
            paced: Lane::new(pace, pace),
            tunnels: Lane::new(Duration::ZERO, TUNNEL),
            lookups: Lane::new(Duration::ZERO, LOOKUP),
            requests: Lane::new(Duration::ZERO, stage),
            through: jobs.iter().filter_map(through).collect(),
        }
    }

    /// The lane of an experiment; none where it begins at once.
    pub(super) fn of(&self, experiment: &Experiment) -> Option<Arc<Lane>> {
        let lane = match &experiment.variation {
            Some(Variation::Lookup) => &self.lookups,
            Some(Variation::Request) => &self.requests,
            _ if !is_paced(experiment) => return None,
            _ if self.through.contains(experiment) => &self.tunnels,
            _ => &self.paced,
        };
        Some(Arc::clone(lane))
    }
}

fn is_paced(experiment: &Experiment) -> bool {
    let slowly = matches!(experiment.variation, Some(Variation::Servers | Variation::Address { .. }));
    slowly || experiment.purpose == Purpose::Paced
}

/// Does `what` when its turn has come.
pub(super) async fn in_lane<T>(lane: Option<Arc<Lane>>, what: impl Future<Output = T>) -> T {
    let Some(lane) = lane else { return what.await };
    let place = Arc::clone(&lane.turn).acquire_owned().await;
    let began = Instant::now();
    let mut what = pin!(what);
    tokio::select! {
        biased;
        done = &mut what => {
            let next = began + lane.least;
            tokio::spawn(async move {
                sleep_until(next).await;
                drop(place);
            });
            return done;
        }
        () = sleep_until(began + lane.most) => drop(place),
    }
    what.await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::JoinSet;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn one_begins_when_the_one_before_has_ended() {
        let lane = Lane::new(Duration::ZERO, LONG);
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut running = JoinSet::new();
        for _ in 0..5 {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            running.spawn(in_lane(Some(Arc::clone(&lane)), async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                now.fetch_sub(1, Ordering::SeqCst);
            }));
        }
        running.join_all().await;
        assert_eq!(most.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn one_that_hangs_holds_up_nobody_for_ever() {
        let lane = Lane::new(Duration::ZERO, Duration::from_millis(1));
        let hangs = tokio::spawn(in_lane(Some(Arc::clone(&lane)), std::future::pending::<()>()));
        tokio::task::yield_now().await;
        assert_eq!(in_lane(Some(Arc::clone(&lane)), async { 7 }).await, 7);
        hangs.abort();
    }

    #[tokio::test]
    async fn what_is_not_paced_begins_at_once() {
        assert_eq!(in_lane(None, async { 7 }).await, 7);
    }
}
