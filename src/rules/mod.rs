//! The facts of the product: `rules/*.toml`, embedded in the binary or read from a directory, and
//! the code that loads and checks them. Readable by a network engineer; no fact lives in code.

pub mod addresses;
pub mod codes;
pub mod condition;
pub mod credentials;
pub mod error;
pub mod keys;
pub mod networks;
pub mod pack;
pub mod rule;
pub mod services;
pub mod template;

pub use condition::{Condition, KeyPath, Scope, Test};
pub use error::{PackError, Problem};
pub use keys::{Key, KeyCatalogue, KeyKind};
pub use pack::{Feature, Meta, Pack, Release, SourceTag};
pub use rule::{HostName, HostSource, Off, Rule};
