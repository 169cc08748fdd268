//! The answers of `clearway explain`.

pub mod json;
pub mod text;
