//! Addresses that a public name cannot have (`rules/addresses.toml`), and the suffixes of internal
//! names (`rules/networks.toml`).

use std::net::IpAddr;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::data::DataError;
use super::files::Text;
use super::networks::Networks;
use crate::rules::Word;

/// The special-purpose registries, known block pages, and the suffixes of internal names.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Addresses {
    /// Suffixes of names that only an organisation's own resolver knows: those of the derivation.
    #[serde(skip)]
    internal_suffixes: Vec<Word>,
    /// Blocks that are not globally reachable.
    #[serde(default)]
    range: Vec<Range>,
    /// Addresses of filters' own pages.
    #[serde(default)]
    block_page: Vec<BlockPage>,
}

/// A block that is not globally reachable.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    block: Block,
    kind: Word,
    source: Word,
}

/// Where a filter's page answers.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
struct BlockPage {
    block: Block,
    filter: Word,
    source: Word,
}

/// An address block in CIDR notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(try_from = "String")]
struct Block {
    first: IpAddr,
    prefix: u8,
}

impl TryFrom<String> for Block {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let bad = || format!("`{text}` is no address block; write it like 192.0.2.0/24");
        let (address, prefix) = text.split_once('/').ok_or_else(bad)?;
        let first: IpAddr = address.parse().map_err(|_| bad())?;
        let prefix: u8 = prefix.parse().map_err(|_| bad())?;
        let bits = if first.is_ipv4() { 32 } else { 128 };
        if prefix > bits {
            return Err(bad());
        }
        Ok(Self { first, prefix })
    }
}

impl Block {
    fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                same_prefix(a.to_bits().into(), b.to_bits().into(), self.prefix, 32)
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => same_prefix(a.to_bits(), b.to_bits(), self.prefix, 128),
            _ => false,
        }
    }
}

fn same_prefix(a: u128, b: u128, prefix: u8, bits: u8) -> bool {
    prefix == 0 || (a ^ b) >> (bits - prefix) == 0
}

/// Why an address cannot belong to a public name.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Oddity {
    /// Not globally reachable; holds the registry's kind, such as `private` or `loopback`.
    NotGlobal(Word),
    /// A filter's own page answers there; holds the filter's name.
    BlockPage(Word),
}

impl Addresses {
    /// Reads the text of `addresses.toml` and of `networks.toml`, each with its name.
    pub(super) fn parse(addresses: (Text<'_>, &str), networks: (Text<'_>, &str)) -> Result<Self, DataError> {
        let (text, file) = addresses;
        let mut read: Self = text.read_as(file)?;
        let networks: Networks = networks.0.read_as(networks.1)?;
        read.internal_suffixes = networks.internal_suffixes;
        let unsourced = |what: &str, source: &str| {
            source.trim().is_empty().then(|| DataError::Content {
                file: file.to_owned(),
                reason: format!("{what} has no `source`"),
            })
        };
        for range in &read.range {
            if let Some(error) = unsourced(&range.kind, &range.source) {
                return Err(error);
            }
        }
        for page in &read.block_page {
            if let Some(error) = unsourced(&page.filter, &page.source) {
                return Err(error);
            }
        }
        Ok(read)
    }

    /// Why `address` cannot belong to a public name; none when it can. The IPv4 address inside an
    /// IPv4-mapped or a NAT64 (64:ff9b::/96) address is looked at.
    pub fn oddity(&self, address: IpAddr) -> Option<Oddity> {
        let address = embedded(address);
        if let Some(page) = self.block_page.iter().find(|p| p.block.contains(address)) {
            return Some(Oddity::BlockPage(page.filter.clone()));
        }
        self.range.iter().find(|r| r.block.contains(address)).map(|r| Oddity::NotGlobal(r.kind.clone()))
    }

    /// The block that is not globally reachable and holds `address`: its first address and the length
    /// of its prefix.
    pub fn block_of(&self, address: IpAddr) -> Option<(IpAddr, u8)> {
        self.range.iter().find(|r| r.block.contains(address)).map(|r| (r.block.first, r.block.prefix))
    }

    /// The suffixes of names that nobody outside the organisation resolves.
    pub fn internal_suffixes(&self) -> &[Word] {
        &self.internal_suffixes
    }

    /// Whether the name lies below a suffix that nobody outside the organisation resolves, or has
    /// only one label.
    pub fn is_internal_name(&self, name: &str) -> bool {
        let literal = name.parse::<IpAddr>().is_ok();
        !literal && !name.contains('.')
            || self
                .internal_suffixes
                .iter()
                .any(|s| name.strip_suffix(s.as_str()).is_some_and(|rest| rest.ends_with('.')))
    }
}

fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address.to_canonical() else { return address.to_canonical() };
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let bits = (u32::from(high) << 16) | u32::from(low);
            IpAddr::V4(bits.into())
        }
        _ => IpAddr::V6(v6),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn addresses() -> Addresses {
        Addresses::parse(
            (crate::rules::files::built_in("addresses.toml").into(), "addresses.toml"),
            (crate::rules::files::built_in("networks.toml").into(), "networks.toml"),
        )
        .unwrap()
    }

    #[test]
    fn special_purpose_addresses_are_odd_and_global_ones_are_not() {
        let a = addresses();
        let kind = |s: &str| a.oddity(s.parse().unwrap());
        for (address, expected) in [
            ("0.0.0.0", "unspecified"),
            ("127.0.0.53", "loopback"),
            ("10.255.255.255", "private"),
            ("172.31.0.1", "private"),
            ("100.127.0.1", "shared"),
            ("203.0.113.9", "documentation"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("fd00::1", "private"),
            ("::ffff:10.0.0.1", "private"),
            ("64:ff9b::a00:1", "private"),
        ] {
            assert_eq!(kind(address), Some(Oddity::NotGlobal(expected.into())), "{address}");
        }
        for address in
            ["8.8.4.4", "172.32.0.1", "100.128.0.1", "2606:4700::1", "64:ff9b::808:808", "64:ff9b:1::1"]
        {
            assert_eq!(kind(address), None, "{address}");
        }
        assert!(matches!(kind("208.91.112.55"), Some(Oddity::BlockPage(_))));
    }

    #[test]
    fn internal_names_are_told_by_their_last_label() {
        let a = addresses();
        assert!(
            a.is_internal_name("llm.corp")
                && a.is_internal_name("gateway")
                && a.is_internal_name("a.home.arpa")
        );
        for public in ["corp.example", "notcorp.example", "2606:4700::1", "8.8.4.4"] {
            assert!(!a.is_internal_name(public), "{public}");
        }
    }
}
