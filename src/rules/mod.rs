//! The facts of the product: `rules/*.toml`, embedded in the binary or read from a directory, and
//! the code that loads and checks them. Readable by a network engineer; no fact lives in code.

pub mod addresses;
pub mod calls;
pub mod codes;
pub mod condition;
pub mod credentials;
mod data;
pub mod error;
pub mod filters;
pub mod firewalls;
pub mod headers;
pub mod keys;
pub mod lints;
pub mod manual;
pub mod networks;
pub mod overview;
pub mod pack;
pub mod rule;
pub mod sandbox;
pub mod services;
pub mod symptoms;
pub mod template;
pub mod trust;

pub use condition::{Condition, KeyPath, Scope, Test};
pub use error::{PackError, Problem};
pub use keys::{Key, KeyCatalogue, KeyKind};
pub use lints::{Check, LintRule, Lints};
pub use pack::{Feature, Meta, Pack, Release, SourceTag, Texts};
pub use rule::{HostName, HostSource, Off, Rule};

/// Date of the rule pack built in, `YYYY-MM-DD`, without loading the pack.
pub fn embedded_date() -> &'static str {
    // The first `date` of pack.toml is the pack's own; a test holds this against the loaded pack.
    include_str!("../../rules/pack.toml")
        .lines()
        .find_map(|line| line.strip_prefix("date = \"")?.strip_suffix('"'))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_date_is_the_loaded_packs() {
        assert_eq!(super::embedded_date(), super::Pack::embedded().map(|p| p.meta.date).unwrap_or_default());
    }
}
