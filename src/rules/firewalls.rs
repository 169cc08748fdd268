//! What each firewall product can express and what it needs besides a list (`rules/firewalls.toml`).

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::compiled;
use super::data::DataError;
use super::files::{Files, Text};
use crate::contract::{Transport, words};
use crate::rules::Word;

words! {
    /// What an entry stands for in a product.
    Reach {
        /// That name only.
        Name = "name",
        /// Every name below, not the name itself.
        Below = "below",
        /// The name and everything below.
        Tree = "tree",
        /// There is no such entry.
        None = "none",
    }
}

words! {
    /// Which address literals can be listed.
    Addresses {
        /// IPv4 and IPv6.
        Both = "both",
        /// IPv4.
        Ipv4 = "ipv4",
        /// None.
        None = "none",
    }
}

/// One product.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Identifier, such as `paloalto`.
    pub id: Word,
    /// Its name, as its maker writes it.
    pub title: Word,
    /// What a bare name stands for: [`Reach::Name`] or [`Reach::Tree`].
    pub exact: Reach,
    /// What its wildcard stands for: [`Reach::Below`], [`Reach::Tree`] or [`Reach::None`].
    pub wildcard: Reach,
    /// What its wildcard opens besides what [`Reach`] can say; every wildcard is widened then.
    #[serde(default)]
    pub wildcard_opens: Word,
    /// What a name of the exemption from TLS inspection opens besides; every name there is widened then.
    #[serde(default)]
    pub inspection_opens: Word,
    /// Why its wildcard cannot be used; set with [`Reach::None`] only.
    #[serde(default)]
    pub wildcard_reason: Word,
    /// Labels a wildcard reaches; any depth without it.
    #[serde(default)]
    pub levels: Option<u8>,
    /// Address literals.
    pub addresses: Addresses,
    /// Transports matched by name.
    pub by_name: Vec<Transport>,
    /// Transports for which exact names are resolved.
    #[serde(default)]
    pub by_address: Vec<Transport>,
    /// An entry opens every port of the host.
    #[serde(default)]
    pub every_port: bool,
    /// No underscore in the last two labels of a name.
    #[serde(default)]
    pub strict_labels: bool,
    /// No underscore anywhere in a name.
    #[serde(default)]
    pub no_underscore: bool,
    /// Fewest labels of a name.
    #[serde(default)]
    pub min_labels: Option<usize>,
    /// Highest port of a rule of names.
    #[serde(default)]
    pub max_port: Option<u16>,
    /// What UDP 443 needs, in the product's own words.
    #[serde(default)]
    pub quic: Word,
    /// Why no exemption from TLS inspection can be written.
    #[serde(default)]
    pub no_inspection: Option<Word>,
    /// What else must be done for the list to work.
    pub steps: Vec<Word>,
    /// The steps of its other formats, each by the format's word; what is not there has [`Product::steps`].
    #[serde(default)]
    pub steps_of: BTreeMap<Word, Vec<Word>>,
    /// What must be done with the exemption from TLS inspection.
    #[serde(default)]
    pub inspection_steps: Vec<Word>,
    /// The same of its other formats.
    #[serde(default)]
    pub inspection_steps_of: BTreeMap<Word, Vec<Word>>,
    /// Addresses that an exemption from TLS inspection can list, where that differs.
    #[serde(default)]
    pub inspection_addresses: Option<Addresses>,
    /// Facts that no page of the vendor was found to say.
    #[serde(default)]
    pub inferred: Vec<Word>,
    /// Where the facts are documented.
    pub sources: Vec<Word>,
}

/// A product that has no format, with the reason.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct NotWritten {
    /// The word that people would give to `--format`.
    pub id: Word,
    /// Its name.
    pub title: Word,
    /// Why there is no list for it, and what to do.
    pub reason: Word,
    /// Where that is documented.
    pub sources: Vec<Word>,
}

/// Every product.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Firewalls {
    product: Vec<Product>,
    #[serde(default)]
    not_written: Vec<NotWritten>,
}

impl Firewalls {
    /// The products built into the program.
    ///
    /// # Errors
    /// [`DataError`] when the file contradicts itself.
    pub fn embedded() -> Result<Self, DataError> {
        compiled::read(rules_compiled!("firewalls"))
    }

    pub(super) fn load(files: &Files) -> Result<Self, DataError> {
        let file = files.get("firewalls.toml");
        Self::parse(file.text, file.shown)
    }

    /// Every product, in the file's order.
    pub fn all(&self) -> &[Product] {
        &self.product
    }

    /// The product with this identifier.
    pub fn by_id(&self, id: &str) -> Option<&Product> {
        self.product.iter().find(|p| p.id == id)
    }

    /// The product without a format that is called so.
    pub fn not_written(&self, id: &str) -> Option<&NotWritten> {
        self.not_written.iter().find(|p| p.id == id)
    }

    fn parse<'a>(text: impl Into<Text<'a>>, file: &str) -> Result<Self, DataError> {
        let firewalls: Self = text.into().read_as(file)?;
        for (at, product) in firewalls.product.iter().enumerate() {
            let bad = |reason: &str| DataError::Content {
                file: file.to_owned(),
                reason: format!("product `{}`: {reason}", product.id),
            };
            if firewalls.product.iter().take(at).any(|p| p.id == product.id) {
                return Err(bad("it is there twice"));
            }
            if !matches!(product.exact, Reach::Name | Reach::Tree) {
                return Err(bad("`exact` is `name` or `tree`"));
            }
            if product.wildcard == Reach::Name {
                return Err(bad("`wildcard` is `below`, `tree` or `none`"));
            }
            if (product.wildcard == Reach::None) == product.wildcard_reason.is_empty() {
                return Err(bad("`wildcard_reason` goes with `wildcard = \"none\"`, and only with it"));
            }
            if product.no_inspection.is_some() != product.inspection_steps.is_empty() {
                return Err(bad("write either `inspection_steps` or `no_inspection`"));
            }
            if product.steps.is_empty() || product.sources.is_empty() {
                return Err(bad("`steps` and `sources` may not be empty"));
            }
        }
        Ok(firewalls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_file_is_sound() {
        assert!(Firewalls::embedded().is_ok_and(|f| f.by_id("squid").is_some()));
    }

    #[test]
    fn a_contradiction_names_the_product() {
        let text = "[[product]]\nid='x'\ntitle='X'\nexact='name'\nwildcard='none'\naddresses='none'\n\
                    by_name=[]\nsteps=['s']\nsources=['s']\n";
        let message = Firewalls::parse(text, "firewalls.toml").map_err(|e| e.to_string());
        assert!(message.is_err_and(|m| m.contains("product `x`") && m.contains("wildcard_reason")));
    }
}
