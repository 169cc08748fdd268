//! The rule pack, of `clearway rules`.

pub mod json;
pub mod text;
