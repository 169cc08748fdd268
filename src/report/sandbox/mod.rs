//! The list of the sandbox's boundary.

pub mod json;
pub mod text;
