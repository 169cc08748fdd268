//! A part of the rules, read when it is first asked for.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

type Reader<T> = Box<dyn FnOnce() -> T + Send>;

/// What some files of a pack say. Of the rules built in a part is read when a command first asks for it, as most
/// commands need few; of a directory every part is there from the beginning, because all of it was checked.
pub struct Part<T>(Arc<LazyLock<T, Reader<T>>>);

impl<T> Part<T> {
    /// A part that is there.
    pub fn ready(value: T) -> Self
    where
        T: Send + 'static,
    {
        let part = Self(Arc::new(LazyLock::new(Box::new(|| value))));
        LazyLock::force(&part.0);
        part
    }

    /// A part of the rules built in, which a test holds to be sound.
    pub(super) fn later<E: fmt::Display>(read: impl FnOnce() -> Result<T, E> + Send + 'static) -> Self {
        #[expect(clippy::panic, reason = "the files are compiled in, and a test reads them all")]
        let read = || read().unwrap_or_else(|error| panic!("the rules built in are broken: {error}"));
        Self(Arc::new(LazyLock::new(Box::new(read))))
    }
}

impl<T: Default + Send + 'static> Default for Part<T> {
    fn default() -> Self {
        Self::ready(T::default())
    }
}

impl<T> Deref for Part<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: PartialEq> PartialEq for Part<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: fmt::Debug> fmt::Debug for Part<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}
