//! Work that a run may not need: begun when somebody asks for it, once, on a thread of its own.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

type Work = Box<dyn FnOnce() + Send>;

/// Work that waits to be asked for. What it makes goes through a channel of its own, whose sender it holds: where the
/// system gives no thread for it, the sender is gone and nobody waits in vain.
pub(super) struct Later {
    name: &'static str,
    work: Mutex<Option<Work>>,
}

impl Later {
    /// Work, and the name of its thread.
    pub(super) fn new(name: &'static str, work: impl FnOnce() + Send + 'static) -> Arc<Self> {
        Arc::new(Self { name, work: Mutex::new(Some(Box::new(work))) })
    }

    /// Begins it, if it has not begun. Does not wait.
    pub(super) fn begin(&self) {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(work) = work {
            thread::Builder::new().name(self.name.to_owned()).spawn(work).ok();
        }
    }
}

impl fmt::Debug for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Later").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn work_is_done_once_and_only_when_it_is_asked_for() {
        let (tell, told) = mpsc::channel();
        let later = Later::new("test", move || {
            tell.send(1).ok();
        });
        assert_eq!(told.try_recv(), Err(mpsc::TryRecvError::Empty));
        later.begin();
        later.begin();
        assert_eq!(told.recv(), Ok(1));
        // The sender went with the work.
        assert!(told.recv().is_err());
    }
}
