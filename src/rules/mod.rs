//! The facts of the product: `rules/*.toml`, embedded in the binary or read from a directory, and
//! the code that loads and checks them. Readable by a network engineer; no fact lives in code.

pub mod addresses;
pub mod codes;
mod data;
pub mod keys;
pub mod services;

pub use keys::{Key, KeyCatalogue, KeyKind};
