//! The `clearway.check/1` document: a whole run, from which it can be judged again.

mod inference;
mod read;

pub use read::{ReadError, read_check};

/// The value of `schema` in the document.
pub const SCHEMA: &str = "clearway.check/1";
