//! Reads what administrators deploy: recognises the format, decodes every value by the key's
//! documented type and keeps where it came from. No network, and no rule is evaluated here.

pub mod secret;
pub mod value;

pub use secret::Secret;
pub use value::{Configuration, Lint, Origin, Setting, Source, Value};
