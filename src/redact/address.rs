//! Addresses: another one of the same kind, the same for the same.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::rules::addresses::{Addresses, Oddity};

/// Where masked global IPv4 addresses live. There is no block that is global and nobody's; this
/// one is not announced.
const GLOBAL_V4: (IpAddr, u8) = (IpAddr::V4(Ipv4Addr::new(11, 0, 0, 0)), 8);
/// The same for IPv6: a part of the space that is allocated to nobody.
const GLOBAL_V6: (IpAddr, u8) = (IpAddr::V6(Ipv6Addr::new(0x4000, 0, 0, 0, 0, 0, 0, 0)), 16);

/// The addresses masked so far.
#[derive(Debug, Default)]
pub(super) struct AddressMask {
    given: HashMap<IpAddr, IpAddr>,
    /// The last number given in each block.
    last: BTreeMap<IpAddr, u32>,
}

impl AddressMask {
    /// The mask of an address.
    pub(super) fn mask(&mut self, book: &Addresses, address: IpAddr) -> IpAddr {
        if let Some(known) = self.given.get(&address) {
            return *known;
        }
        let masked = self.fresh(book, address);
        self.given.insert(address, masked);
        masked
    }

    fn fresh(&mut self, book: &Addresses, address: IpAddr) -> IpAddr {
        if let IpAddr::V6(v6) = address {
            if let Some(v4) = v6.to_ipv4_mapped() {
                return match self.mask(book, v4.into()) {
                    IpAddr::V4(v4) => v4.to_ipv6_mapped().into(),
                    other @ IpAddr::V6(_) => other,
                };
            }
            if let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = v6.segments() {
                let inner = Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low));
                let IpAddr::V4(inner) = self.mask(book, inner.into()) else { return address };
                let prefix = v6.to_bits() & !u128::from(u32::MAX);
                return Ipv6Addr::from_bits(prefix | u128::from(inner.to_bits())).into();
            }
        }
        let (block, kind) = match book.oddity(address) {
            // These name nobody.
            Some(Oddity::BlockPage(_)) => return address,
            Some(Oddity::NotGlobal(kind)) if matches!(kind.as_str(), "unspecified" | "loopback") => {
                return address;
            }
            // The metadata service of every cloud.
            Some(Oddity::NotGlobal(_)) if address == IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)) => {
                return address;
            }
            Some(odd @ Oddity::NotGlobal(_)) => match book.block_of(address) {
                Some(block) => (block, Some(odd)),
                None => return address,
            },
            None if address.is_ipv4() => (GLOBAL_V4, None),
            None => (GLOBAL_V6, None),
        };
        self.next_in(book, block, kind.as_ref())
    }

    /// The next address of a block that the book says the same of.
    fn next_in(&mut self, book: &Addresses, block: (IpAddr, u8), kind: Option<&Oddity>) -> IpAddr {
        let (first, prefix) = block;
        let bits = if first.is_ipv4() { 32 } else { 128 };
        let room = 1_u32.checked_shl(u32::from(bits - prefix).min(31)).unwrap_or(u32::MAX).max(2);
        let last = self.last.entry(first).or_default();
        for _ in 0..1_000 {
            // A block that is used up begins again: addresses then share masks.
            *last = *last % (room - 1) + 1;
            let candidate = match first {
                IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits().wrapping_add(*last))),
                IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits().wrapping_add((*last).into()))),
            };
            if book.oddity(candidate).as_ref() == kind {
                return candidate;
            }
        }
        first
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::rules::services::Services;

    #[test]
    fn kind_and_family_stay_and_nothing_else() {
        let services = Services::embedded().unwrap();
        let book = services.addresses();
        let mut mask = AddressMask::default();
        for text in [
            "10.20.30.40",
            "172.20.1.1",
            "192.168.77.7",
            "100.101.2.3",
            "169.254.7.7",
            "8.8.4.4",
            "203.0.113.77",
            "2606:4700::1234",
            "fd12:3456::1",
            "fe80::abcd",
            "2001:db8:77::1",
            "64:ff9b::a14:1e28",
            "64:ff9b::808:404",
            "::ffff:10.20.30.41",
        ] {
            let address: IpAddr = text.parse().unwrap();
            let masked = mask.mask(book, address);
            assert_ne!(masked, address, "{text}");
            assert_eq!(masked, mask.mask(book, address), "{text}");
            assert_eq!(masked.is_ipv4(), address.is_ipv4(), "{text}");
            assert_eq!(book.oddity(masked), book.oddity(address), "{text}");
        }
        for kept in ["127.0.0.53", "::1", "0.0.0.0", "::", "208.91.112.55", "169.254.169.254"] {
            let address: IpAddr = kept.parse().unwrap();
            assert_eq!(mask.mask(book, address), address);
        }
        // The address inside a translated one has the mask it has alone.
        let inside: IpAddr = "64:ff9b::a14:1e28".parse().unwrap();
        let alone = mask.mask(book, "10.20.30.40".parse().unwrap());
        let IpAddr::V6(translated) = mask.mask(book, inside) else { panic!() };
        let [.., high, low] = translated.segments();
        let bits = (u32::from(high) << 16) | u32::from(low);
        assert_eq!(IpAddr::V4(bits.into()), alone);
    }

    #[test]
    fn different_addresses_have_different_masks() {
        let services = Services::embedded().unwrap();
        let mut mask = AddressMask::default();
        let mut seen = std::collections::HashSet::new();
        for n in 0..500_u32 {
            let address = IpAddr::V4(Ipv4Addr::from_bits(0x0808_0000 + n));
            assert!(seen.insert(mask.mask(services.addresses(), address)));
        }
    }
}
