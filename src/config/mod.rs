//! Reads what administrators deploy: recognises the format, decodes every value by the key's
//! documented type and keeps where it came from. No network, and no rule is evaluated here.

mod absent;
mod address;
mod bootstrap;
mod decode;
pub mod device;
pub mod error;
mod formats;
mod hygiene;
mod library;
mod names;
pub mod open;
mod read;
pub mod write;

pub use crate::contract::secret::{self, Secret};
pub use crate::contract::value::{
    self, Configuration, Lint, Origin, PlaceRead, PlaceStatus, Setting, Shadowed, ShadowedBy, Source, Value,
};
pub use absent::ends_like_a_file;
pub(crate) use address::of_proxy;
pub use error::{ConfigError, Place};
pub(crate) use hygiene::{for_readers, looks_secret, masked, retold};
pub(crate) use names::{Known, Names};
pub(crate) use read::PIPE_PATIENCE;
pub use read::{
    Input, MAX_FILE_BYTES, Profiles, ReadOptions, file, overlay_response, read, read_bytes, read_with,
    standard_input,
};
