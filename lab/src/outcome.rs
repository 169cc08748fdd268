//! Errors of the laboratory: one sentence each, so that a failing scenario says what broke.

use std::fmt::Display;

/// A value, or one sentence about what went wrong.
pub type Outcome<T> = Result<T, String>;

/// Puts what was being done in front of an error.
pub trait Context<T> {
    /// With a fixed text.
    fn context(self, doing: &str) -> Outcome<T>;
    /// With a text that is made only when needed.
    fn with_context(self, doing: impl FnOnce() -> String) -> Outcome<T>;
}

impl<T, E: Display> Context<T> for Result<T, E> {
    fn context(self, doing: &str) -> Outcome<T> {
        self.map_err(|error| format!("{doing}: {error}"))
    }

    fn with_context(self, doing: impl FnOnce() -> String) -> Outcome<T> {
        self.map_err(|error| format!("{}: {error}", doing()))
    }
}
