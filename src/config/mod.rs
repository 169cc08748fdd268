//! Reads what administrators deploy: recognises the format, decodes every value by the key's
//! documented type and keeps where it came from. No network, and no rule is evaluated here.

mod decode;
pub mod device;
pub mod error;
mod formats;
mod hygiene;
mod names;
mod places;
mod read;
pub mod secret;
pub mod value;

pub use error::{ConfigError, Place};
pub use read::{Input, MAX_FILE_BYTES, file, read, read_bytes};
pub use secret::Secret;
pub use value::{Configuration, Lint, Origin, Setting, Source, Value};
