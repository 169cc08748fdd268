//! Runs side by side, of `clearway compare`.

pub mod html;
pub mod json;
pub mod tables;
pub mod text;
