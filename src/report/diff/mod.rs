//! Two lists or two runs, of `clearway diff`.

pub mod json;
pub mod runs;
pub mod text;
