//! The `clearway.check/1` document: a whole run, from which it can be judged again.

mod inference;
mod read;

pub use read::{ReadError, read_check};

/// Largest document that is written without a warning, and that is read: some 15 times one of the largest
/// configuration that is read.
pub const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The value of `schema` in the document.
pub const SCHEMA: &str = "clearway.check/1";
