//! What must not be sent all at once: the attempts of a wave that are tried again because the wave before
//! them may itself have been too much, and those that are made to be measured.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};
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
/// So many at the usual pace are no load.
const FEW: usize = 6;
/// Time between the second connections to two silent hosts: apart from the burst of a first wave they show whether that
/// was too much.
const SECOND: Duration = Duration::from_millis(150);
/// Slower than so much is no use: a limit of less lets nothing work.
const SLOWEST: Duration = Duration::from_millis(500);
/// Before what a limit turned away twice is tried once more nothing is sent for so long: what it counts a second it
/// has then counted anew.
const REST: Duration = Duration::from_secs(1);
/// By so much slower than what got through.
const MARGIN: f64 = 1.5;
/// What is left after the last of them, for what they in turn call for.
const RESERVE: Duration = Duration::from_secs(1);
/// Where so many tunnels were opened at once, two at a time are no load.
const OPENED: usize = 6;
/// A tunnel that takes longer does not hold up the next any more.
const TUNNEL: Duration = Duration::from_secs(1);
/// The same where one at a time may be all that is allowed.
const ALONE: Duration = Duration::from_millis(2500);
/// A tunnel that was turned away twice is asked for so long after the one before it has ended: a proxy does not count
/// that one out at once.
const GAP: Duration = Duration::from_millis(250);
/// A proxy that asks to come again later is obeyed for so long.
const LONGEST_REST: Duration = Duration::from_secs(5);
/// The same of a whole attempt on a slow line.
const WHOLE: Duration = Duration::from_millis(1500);
/// The same of a lookup that is measured.
const LOOKUP: Duration = Duration::from_secs(1);

/// A queue: one begins after the other.
pub(super) struct Lane {
    turn: Arc<Semaphore>,
    /// The next begins no earlier after this one.
    least: Duration,
    /// The next begins no later after this one, whether it has ended or not.
    most: Duration,
    /// The next begins no earlier after the end of this one.
    gap: Duration,
}

impl Lane {
    fn new(least: Duration, most: Duration) -> Arc<Self> {
        Arc::new(Self { turn: Arc::new(Semaphore::new(1)), least, most, gap: Duration::ZERO })
    }

    /// The same, with so many places.
    fn wide(places: usize, most: Duration) -> Arc<Self> {
        Arc::new(Self {
            turn: Arc::new(Semaphore::new(places)),
            least: Duration::ZERO,
            most,
            gap: Duration::ZERO,
        })
    }

    /// The same with one place, and `gap` after each.
    fn apart(gap: Duration, most: Duration) -> Arc<Self> {
        Arc::new(Self { turn: Arc::new(Semaphore::new(1)), least: Duration::ZERO, most, gap })
    }

    /// The same lane, whose first begins after `rest`.
    fn rested(lane: Arc<Self>, rest: Duration) -> Arc<Self> {
        if rest.is_zero() {
            return lane;
        }
        while let Ok(place) = Arc::clone(&lane.turn).try_acquire_owned() {
            tokio::spawn(async move {
                tokio::time::sleep(rest).await;
                drop(place);
            });
        }
        lane
    }
}

/// The turn of an attempt's second connections, those of both address families together: from some time on, and after
/// those of other attempts of the wave.
pub(super) struct Turn {
    lane: Arc<Lane>,
    from: Instant,
    come: OnceCell<()>,
}

impl Turn {
    /// No earlier than `from`.
    pub(super) fn new(lane: &Arc<Lane>, from: Instant) -> Self {
        Self { lane: Arc::clone(lane), from, come: OnceCell::new() }
    }

    /// Returns once it has come.
    pub(super) async fn comes(&self) {
        sleep_until(self.from).await;
        self.come.get_or_init(|| in_lane(Some(Arc::clone(&self.lane)), async {})).await;
    }
}

/// The lane of second connections, one for each wave.
pub(super) fn seconds() -> Arc<Lane> {
    Lane::new(SECOND, SECOND)
}

/// What got through in the first wave, and what its proxies asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Through {
    /// Connections a second.
    pub(super) passed: f64,
    /// Tunnels.
    pub(super) opened: usize,
    /// The longest time after which a proxy asked to be asked again.
    pub(super) later: Duration,
    /// Whether it found every name, and in time.
    pub(super) named: bool,
}

/// The lanes of one wave.
pub(super) struct Lanes {
    /// A few a second.
    paced: Arc<Lane>,
    /// One tunnel after another, or two at a time.
    tunnels: Arc<Lane>,
    /// One tunnel after another, after a rest.
    last_tunnels: Arc<Lane>,
    /// One whole attempt after another.
    line: Arc<Lane>,
    lookups: Arc<Lane>,
    requests: Arc<Lane>,
    /// As slowly as is of use, after a rest.
    last: Arc<Lane>,
    /// Names are asked of the servers at once: none of as many was held up.
    named: bool,
    /// Paths that were tried slowly before.
    twice: Vec<Experiment>,
    /// Paths that lead through a proxy, by their place in the wave.
    through: Vec<Experiment>,
    /// Paths whose connection stood before, so that what is tried again is the line.
    stood: Vec<Experiment>,
}

impl Lanes {
    /// `left`: the time until the run must end; `stood`: whether a connection of the experiment's path stood before; `slowly`: whether it was tried
    /// slowly before.
    pub(super) fn new(
        jobs: &[(Experiment, Job)],
        stage: Duration,
        Through { passed, opened, later, named }: Through,
        left: Duration,
        stood: impl Fn(&Experiment) -> bool,
        slowly: impl Fn(&Experiment) -> bool,
    ) -> Self {
        let is_paced = |e: &Experiment| is_paced(e, named);
        let paced = jobs.iter().filter(|(e, _)| is_paced(e)).count();
        let again = jobs.iter().filter(|(e, _)| e.purpose == Purpose::Paced).count();
        let pace = pace(paced, again, passed, left.saturating_sub(stage + RESERVE));
        let through = |(e, job): &(Experiment, Job)| (job.route != Route::Direct).then(|| e.clone());
        let twice: Vec<Experiment> = jobs
            .iter()
            .filter(|(e, _)| e.purpose == Purpose::Paced && slowly(e))
            .map(|(e, _)| e.clone())
            .collect();
        let rest = if twice.is_empty() { Duration::ZERO } else { REST };
        let last = last_pace(twice.len(), left.saturating_sub(stage + RESERVE + rest));
        let later = later.min(LONGEST_REST).min(left / 4);
        let tunnels = if opened >= OPENED { Lane::wide(2, TUNNEL) } else { Lane::wide(1, ALONE) };
        Self {
            last: Lane::rested(Lane::new(last, last), rest),
            twice,
            named,
            paced: Lane::new(pace, pace),
            tunnels: Lane::rested(tunnels, later),
            last_tunnels: Lane::rested(Lane::apart(GAP, stage), rest.max(later)),
            lookups: Lane::new(Duration::ZERO, LOOKUP),
            requests: Lane::new(Duration::ZERO, stage),
            line: Lane::new(Duration::ZERO, WHOLE),
            stood: jobs
                .iter()
                .filter(|(e, job)| e.purpose == Purpose::Paced && job.route == Route::Direct && stood(e))
                .map(|(e, _)| e.clone())
                .collect(),
            through: jobs.iter().filter_map(through).collect(),
        }
    }

    /// The lane of an experiment; none where it begins at once.
    pub(super) fn of(&self, experiment: &Experiment) -> Option<Arc<Lane>> {
        let lane = match &experiment.variation {
            Some(Variation::Lookup) => &self.lookups,
            Some(Variation::Request) => &self.requests,
            _ if !is_paced(experiment, self.named) => return None,
            _ if self.twice.contains(experiment) && self.through.contains(experiment) => &self.last_tunnels,
            _ if self.twice.contains(experiment) => &self.last,
            _ if self.through.contains(experiment) => &self.tunnels,
            _ if self.stood.contains(experiment) => &self.line,
            _ => &self.paced,
        };
        Some(Arc::clone(lane))
    }
}

/// Time between two paced attempts, of which `again` are tried again because a limit may have held them up.
/// A few stand for all, and are made at the usual pace; many of them are made no faster than what got through in
/// the first wave, so that they themselves are not too much, and no slower than the time that is left permits.
fn pace(paced: usize, again: usize, passed: f64, left: Duration) -> Duration {
    let Ok(n @ 1..) = u32::try_from(paced) else { return PACE };
    let usual = (ALL_BEGUN / n).clamp(FASTEST, PACE);
    if again <= FEW || passed <= 0.0 {
        return usual;
    }
    // One connection may take two packets, of each address family one.
    let gentle = Duration::from_secs_f64((MARGIN / passed).min(SLOWEST.as_secs_f64()));
    gentle.min(left / n).max(usual)
}

/// Time between two attempts that are made slowly for the second time.
fn last_pace(number: usize, left: Duration) -> Duration {
    let Ok(n @ 1..) = u32::try_from(number) else { return PACE };
    SLOWEST.min(left / n).max(PACE)
}

fn is_paced(experiment: &Experiment, named: bool) -> bool {
    match experiment.variation {
        Some(Variation::Servers) => !named,
        Some(Variation::Address { .. }) => true,
        _ => experiment.purpose == Purpose::Paced,
    }
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
            let next = (began + lane.least).max(Instant::now() + lane.gap);
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

    #[test]
    fn many_are_made_no_faster_than_what_got_through_and_within_what_is_left() {
        let ms = Duration::from_millis;
        let long = Duration::from_secs(60);
        for (paced, again, passed, left, expected) in [
            // Nothing, a few, and what is no second try.
            (0, 0, 1.0, long, PACE),
            (6, 6, 1.0, long, PACE),
            (30, 0, 1.0, long, Duration::from_secs(4) / 30),
            // Four a second got through: the next come slower; of more than so many the usual pace.
            (20, 20, 4.0, long, ms(375)),
            (20, 20, 40.0, long, PACE),
            (20, 20, 0.5, long, SLOWEST),
            // The deadline is near, and past.
            (20, 20, 4.0, Duration::from_secs(5), ms(250)),
            (20, 20, 4.0, Duration::ZERO, PACE),
        ] {
            let pace = pace(paced, again, passed, left);
            assert_eq!(pace.as_millis(), expected.as_millis(), "{paced} {again} {passed} {left:?}");
        }
    }

    #[tokio::test]
    async fn what_was_turned_away_twice_waits_for_a_rest() {
        let (least, rest) = (Duration::from_millis(5), Duration::from_millis(30));
        let lane = Lane::rested(Lane::new(least, least), rest);
        let began = Instant::now();
        for number in 0..3 {
            in_lane(Some(Arc::clone(&lane)), async {}).await;
            assert!(began.elapsed() >= rest + least * number, "{number}");
        }
        let ms = Duration::from_millis;
        for (number, left, expected) in
            [(0, ms(9000), PACE), (4, ms(9000), SLOWEST), (30, ms(9000), ms(300)), (30, ms(0), PACE)]
        {
            assert_eq!(last_pace(number, left), expected, "{number}");
        }
    }

    #[tokio::test]
    async fn every_place_of_a_lane_rests_and_a_gap_follows_each_end() {
        let rest = Duration::from_millis(30);
        let wide = Lane::rested(Lane::wide(2, LONG), rest);
        let began = Instant::now();
        in_lane(Some(wide), async {}).await;
        assert!(began.elapsed() >= rest);
        let (lane, began) = (Lane::apart(rest, LONG), Instant::now());
        for number in 0..3 {
            // A sleep counts from when it is made, so it is made when its turn has come.
            in_lane(Some(Arc::clone(&lane)), async { tokio::time::sleep(rest).await }).await;
            assert!(began.elapsed() >= rest * (2 * number + 1), "{number}: {:?}", began.elapsed());
        }
    }

    #[tokio::test]
    async fn what_is_not_paced_begins_at_once() {
        assert_eq!(in_lane(None, async { 7 }).await, 7);
    }
}
