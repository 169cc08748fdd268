//! Which hosts are internal, which are never probed, and what a placeholder looks like
//! (`rules/networks.toml`).

use std::net::IpAddr;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use std::fmt;

use super::error::Problems;
use crate::contract::HostPattern;
use crate::contract::host::meanings;
use crate::rules::Word;

/// `networks.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Networks {
    /// Suffixes of internal names, without a leading dot.
    pub internal_suffixes: Vec<Word>,
    /// Address blocks whose literals are internal.
    pub internal_blocks: Vec<Block>,
    /// Suffixes of names that exist only for a provider's private endpoints.
    pub private_endpoint_suffixes: Vec<Word>,
    /// Metadata services outside the link-local range.
    pub metadata_hosts: Vec<Word>,
    /// What an unfilled placeholder looks like.
    pub placeholder: Placeholders,
    /// What is known about the addresses of hosts, for firewalls that know no names.
    #[serde(default)]
    pub by_address: ByAddress,
}

/// What is known about the addresses of hosts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct ByAddress {
    /// What to do with a firewall that knows no names, one step each.
    pub advice: Vec<Word>,
    /// Networks that the owner of hosts documents as fixed.
    #[serde(default)]
    pub fixed: Vec<Fixed>,
    /// Lists of addresses that the owner of hosts publishes and changes.
    #[serde(default)]
    pub published: Vec<Published>,
}

/// Networks that the owner of hosts documents as fixed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// Names of hosts, without wildcards.
    pub hosts: Vec<Word>,
    /// The networks.
    pub networks: Vec<Block>,
    /// Who documents them.
    pub owner: Word,
    /// Address of the page.
    pub source: Word,
    /// The day on which a public copy of it was read, `YYYY-MM-DD`.
    pub read: Word,
    /// What else must be known; may be empty.
    #[serde(default)]
    pub remark: Word,
}

/// A list of addresses that its owner changes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Names of hosts, `*.` for all below.
    pub hosts: Vec<Word>,
    /// Whose it is.
    pub owner: Word,
    /// Address of the list.
    pub list: Word,
    /// What of the list it is, and what the owner says about its use.
    pub remark: Word,
    /// Address of the page that documents it.
    pub source: Word,
    /// The day on which a public copy of it was read, `YYYY-MM-DD`.
    pub read: Word,
}

impl ByAddress {
    /// The fixed networks of a host.
    pub fn fixed_of(&self, host: &HostPattern) -> Option<&Fixed> {
        let HostPattern::Name(name) = host else { return None };
        self.fixed.iter().find(|f| f.hosts.iter().any(|h| h == name))
    }

    /// The fixed network that an address is in.
    pub fn network_of(&self, address: IpAddr) -> Option<(&Fixed, Block)> {
        let of = |f: &'_ Fixed| f.networks.iter().copied().find(|n| n.contains(address));
        self.fixed.iter().find_map(|f| of(f).map(|network| (f, network)))
    }

    /// The published list that a host is on.
    pub fn published_of(&self, host: &HostPattern) -> Option<&Published> {
        let name = match host {
            HostPattern::Name(n) | HostPattern::Subdomains(n) => n,
            HostPattern::Address(_) | HostPattern::Any => return None,
        };
        let is_it = |entry: &Word| match entry.strip_prefix("*.") {
            Some(base) => ends_in_any(name, &[base.into()]),
            None => entry == name,
        };
        self.published.iter().find(|p| p.hosts.iter().any(is_it))
    }

    fn check(&self, problems: &mut Problems) {
        let day = |text: &str| text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let pages = self.fixed.iter().map(|f| (&f.hosts, &f.source, &f.read, true));
        let lists = self.published.iter().map(|p| (&p.hosts, &p.source, &p.read, false));
        for (hosts, source, read, exact) in pages.chain(lists) {
            let at = hosts.first().map_or("", Word::as_str);
            for host in hosts {
                let sound = match host.parse::<HostPattern>() {
                    Ok(HostPattern::Name(_)) => true,
                    Ok(HostPattern::Subdomains(_)) => !exact,
                    _ => false,
                };
                if !sound {
                    problems.add("networks.toml", at, "hosts", format!("`{host}` is not a name of a host"));
                }
            }
            if !source.starts_with("https://") || !day(read) {
                let what = "write the address of the page, and the day on which it was read as YYYY-MM-DD";
                problems.add("networks.toml", at, "source", what.to_owned());
            }
        }
        if self.fixed.iter().any(|f| f.networks.is_empty()) {
            problems.add("networks.toml", "by_address", "networks", "name at least one network".to_owned());
        }
    }
}

/// How placeholders are recognised.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Placeholders {
    /// Pairs of marks with text between them.
    pub wrapped: Vec<(Word, Word)>,
    /// Beginnings of words.
    pub prefixes: Vec<Word>,
    /// Texts that occur anywhere.
    pub containing: Vec<Word>,
}

/// An address block, `address/length`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(try_from = "String")]
pub struct Block {
    address: IpAddr,
    length: u8,
}

impl TryFrom<String> for Block {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let bad = || format!("`{text}` is no address block; write it like 10.0.0.0/8");
        let (address, length) = text.split_once('/').ok_or_else(bad)?;
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let length: u8 = length.parse().map_err(|_| bad())?;
        if length > if address.is_ipv4() { 32 } else { 128 } {
            return Err(bad());
        }
        Ok(Self { address, length })
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

impl Block {
    /// IPv4 networks that are written as mapped IPv6 (RFC 4291, 2.5.5.2) as what they are.
    #[must_use]
    pub fn canonical(self) -> Self {
        match (self.address.to_canonical(), self.length.checked_sub(96)) {
            (address @ IpAddr::V4(_), Some(length)) if self.address.is_ipv6() => Self { address, length },
            _ => self,
        }
    }

    /// Whether `address` lies in the block.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(net), IpAddr::V4(a)) => {
                let shift = 32u32.saturating_sub(u32::from(self.length));
                u32::from(net).checked_shr(shift) == u32::from(a).checked_shr(shift)
            }
            (IpAddr::V6(net), IpAddr::V6(a)) => {
                let shift = 128u32.saturating_sub(u32::from(self.length));
                u128::from(net).checked_shr(shift) == u128::from(a).checked_shr(shift)
            }
            _ => false,
        }
    }
}

impl Networks {
    /// Notes every suffix or host that is none.
    pub(super) fn check(&self, problems: &mut Problems) {
        self.by_address.check(problems);
        let lists = [
            ("internal_suffixes", &self.internal_suffixes),
            ("private_endpoint_suffixes", &self.private_endpoint_suffixes),
            ("metadata_hosts", &self.metadata_hosts),
        ];
        for (field, list) in lists {
            for text in list {
                if let Err(e) = text.parse::<HostPattern>() {
                    problems.add("networks.toml", "", field, format!("{e}; write it without a leading dot"));
                }
            }
        }
    }

    /// The addresses of metadata services outside the link-local range.
    pub fn metadata_addresses(&self) -> Vec<IpAddr> {
        self.metadata_hosts.iter().filter_map(|host| host.parse().ok()).collect()
    }

    /// Whether `host` is reached inside the organisation.
    pub fn is_internal(&self, host: &HostPattern) -> bool {
        let name = match host {
            HostPattern::Name(n) | HostPattern::Subdomains(n) => n,
            HostPattern::Address(a) => return self.internal_blocks.iter().any(|b| b.contains(*a)),
            HostPattern::Any => return false,
        };
        !name.contains('.')
            || ends_in_any(name, &self.internal_suffixes)
            || ends_in_any(name, &self.private_endpoint_suffixes)
    }

    /// Whether `host` is a name that exists only for private endpoints of a provider.
    pub fn is_private_endpoint(&self, host: &HostPattern) -> bool {
        matches!(host, HostPattern::Name(n) | HostPattern::Subdomains(n) if ends_in_any(n, &self.private_endpoint_suffixes))
    }

    /// Whether `host` is a link-local address or a machine's metadata service.
    pub fn is_metadata(&self, host: &HostPattern) -> bool {
        let inside = |a: &IpAddr| {
            meanings(*a)
                .any(|a| self.metadata_hosts.iter().any(|m| m.parse::<IpAddr>().is_ok_and(|m| m == a)))
        };
        host.is_link_local()
            || matches!(host, HostPattern::Address(a) if inside(a))
            || self.metadata_hosts.iter().any(|m| host.covers(m) && !host.is_wildcard())
    }

    /// Whether `text` was never filled in.
    pub fn is_placeholder(&self, text: &str) -> bool {
        let p = &self.placeholder;
        let wrapped = p.wrapped.iter().any(|(open, close)| {
            text.split_once(open.as_str()).is_some_and(|(_, rest)| rest.contains(close.as_str()))
        });
        wrapped
            || p.containing.iter().any(|c| text.contains(c.as_str()))
            || p.prefixes.iter().any(|prefix| begins_a_word(text, prefix))
    }
}

fn ends_in_any(name: &str, suffixes: &[Word]) -> bool {
    suffixes
        .iter()
        .any(|s| name.strip_suffix(s.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

fn begins_a_word(text: &str, prefix: &str) -> bool {
    text.match_indices(prefix).any(|(at, _)| {
        text.get(..at)
            .is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn metadata_services_of_routable_addresses_are_known() {
        let pack = crate::rules::Pack::embedded().map(|p| p.networks.metadata_addresses());
        let known = pack.unwrap_or_default();
        assert!(known.iter().any(|a| a.is_ipv4()) && known.iter().any(|a| a.is_ipv6()), "{known:?}");
        let is_metadata = |text: &str| {
            let host = text.parse().unwrap_or_else(|e| panic!("{e}"));
            crate::rules::Pack::embedded().is_ok_and(|p| p.networks.is_metadata(&host))
        };
        for text in ["64:ff9b::6464:64c8", "2002:6464:64c8::1", "0x646464c8", "fd00:ec2::254"] {
            assert!(is_metadata(text), "{text}");
        }
        assert!(!is_metadata("64:ff9b::6464:64c9") && !is_metadata("100.100.100.201"));
    }
}
