//! A run of `clearway check`: one file for each format, and the dry run.

mod details;
pub mod dry_run;
mod inference;
pub mod json;
mod log_lines;
pub mod progress;
pub mod text;
pub mod ticket;
pub(in crate::report) mod view;
