//! A stage with a second socket: one lost packet must not look like a block, and a block must not
//! cost two timeouts.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The time a stage has, counted from its start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    /// When the second socket starts if the first has not finished.
    pub(super) half: Instant,
    /// When the stage is over.
    pub(super) end: Instant,
}

impl Budget {
    /// A stage of this length, from now.
    pub(super) fn start(length: Duration) -> Self {
        let now = Instant::now();
        Self { half: now + length / 2, end: now + length }
    }
}

/// What one socket of a stage does: something, or nothing when it failed.
pub(super) type Try<'a, T> = Pin<Box<dyn Future<Output = Option<T>> + Send + 'a>>;

/// How a stage ended.
#[derive(Debug)]
pub(super) enum Ended<T> {
    /// One of the sockets got through.
    Won(T),
    /// Every socket that was tried ended by itself, without success.
    Failed,
    /// At least one was still waiting when the time was up.
    TimedOut,
}

/// Runs `first`; from half of the budget on, `second` beside it. The first success wins and the
/// other is dropped. A failure of `first` before half-time is final (it is an answer), a later
/// one waits for `second`.
pub(super) async fn hedge<T>(budget: Budget, mut first: Try<'_, T>, mut second: Try<'_, T>) -> Ended<T> {
    tokio::select! {
        biased;
        done = &mut first => return done.map_or(Ended::Failed, Ended::Won),
        () = sleep_until(budget.half) => {}
    }
    let both = async {
        tokio::select! {
            done = &mut first => match done { None => (&mut second).await, won => won },
            done = &mut second => match done { None => (&mut first).await, won => won },
        }
    };
    tokio::select! {
        biased;
        done = both => done.map_or(Ended::Failed, Ended::Won),
        () = sleep_until(budget.end) => Ended::TimedOut,
    }
}
