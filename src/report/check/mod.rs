//! A run of `clearway check`: one file for each format, the dry run, and the way back from a report to a run.

mod details;
pub mod dry_run;
mod inference;
pub mod json;
mod log_lines;
pub mod progress;
mod read;
mod read_calls;
pub mod text;
pub mod ticket;
pub(in crate::report) mod view;

pub use read::{ReadError, read_check};
