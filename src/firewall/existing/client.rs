//! Conditions on who asks, and whether one holds wherever another does. A list may name tens of thousands of
//! addresses, so each value is read once, and those of one list are looked up in the other.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::access::Test;
use super::read::{Pattern, network};

/// A condition on who asks, which no list of hosts says anything about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// What it depends on, for people.
    pub(super) text: String,
    /// What is looked at, and the values of which one must hold. Nothing where it is only known by its text.
    within: Option<Within>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Within {
    /// Such as the source.
    what: &'static str,
    /// The values, sorted, each once.
    values: Vec<Value>,
    /// The networks among them, sorted.
    networks: Vec<Block>,
    /// The lengths of their prefixes, each once.
    lengths: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Value {
    text: String,
    /// Its first address, where it is an address or a network.
    first: Option<IpAddr>,
    /// The length of its prefix; [`WHOLE`] for anything else than a network.
    length: u8,
}

/// What stands for the prefix of a whole address, which is longer than that of every network.
const WHOLE: u8 = u8::MAX;

/// The addresses with one prefix: whether they are of IPv6, the length, and the bits of the prefix.
type Block = (bool, u8, u128);

fn block(address: IpAddr, length: u8) -> Block {
    match address {
        IpAddr::V4(a) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0);
            (false, length, u128::from(u32::from(a) & mask))
        }
        IpAddr::V6(a) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
            (true, length, u128::from(a) & mask)
        }
    }
}

/// The addresses that a value with a prefix stands for.
fn block_of(text: &str) -> Option<Block> {
    match network(text)? {
        Pattern::Network(address, length) => Some(block(address, length)),
        Pattern::Names(super::Names::Address(address)) => Some(block(address, WHOLE)),
        _ => None,
    }
}

impl Client {
    /// A condition that is known by its text.
    pub(super) fn text(text: String) -> Self {
        Self { text, within: None }
    }

    /// A condition that holds where `what` is one of `values`.
    pub(super) fn within(what: &'static str, values: impl IntoIterator<Item = String>, text: String) -> Self {
        let (mut known, mut networks): (Vec<Value>, Vec<Block>) = (Vec::new(), Vec::new());
        for text in values {
            let own = block_of(&text);
            let first = text.split_once('/').map_or(text.as_str(), |(address, _)| address).parse().ok();
            known.push(Value { first, length: own.map_or(WHOLE, |(_, length, _)| length), text });
            networks.extend(own);
        }
        known.sort_unstable_by(|a, b| a.text.cmp(&b.text));
        known.dedup_by(|a, b| a.text == b.text);
        networks.sort_unstable();
        networks.dedup();
        let mut lengths: Vec<u8> = networks.iter().map(|(_, length, _)| *length).collect();
        lengths.sort_unstable();
        lengths.dedup();
        Self { text, within: Some(Within { what, values: known, networks, lengths }) }
    }

    /// How many values it names.
    fn len(&self) -> usize {
        self.within.as_ref().map_or(0, |within| within.values.len())
    }

    /// Whether it holds wherever `other` does; what that takes is counted.
    fn covers(&self, other: &Self, comparisons: &Comparisons) -> bool {
        match (&self.within, &other.within) {
            (Some(wide), Some(narrow)) => {
                wide.what == narrow.what
                    && narrow.values.iter().enumerate().all(|(at, value)| {
                        // The first value is counted with the lines that are compared.
                        (at == 0 || comparisons.count(1)) && wide.contains(value)
                    })
            }
            (None, None) => self.text == other.text,
            _ => false,
        }
    }
}

impl Within {
    /// Whether the same value, or a network with all of it, is among these.
    fn contains(&self, value: &Value) -> bool {
        self.values.binary_search_by(|own| own.text.cmp(&value.text)).is_ok()
            || value.first.is_some_and(|first| {
                let fits = self.lengths.iter().take_while(|length| **length <= value.length);
                fits.into_iter().any(|length| self.networks.binary_search(&block(first, *length)).is_ok())
            })
    }
}

/// Values that are held against others for all hosts together: what a file asks for beyond it is not decided.
const MOST_VALUES: usize = 4_000_000;

/// From how many values on it is kept which of two conditions holds wherever the other does.
const MANY: usize = 16;

/// What comparing the conditions of one listing came to, for all hosts that it is held against.
#[derive(Debug, Default)]
pub struct Comparisons {
    known: RefCell<HashMap<(*const Client, *const Client), bool>>,
    values: Cell<usize>,
}

impl Comparisons {
    /// Counts values that are compared. Says whether more may be.
    fn count(&self, values: usize) -> bool {
        self.values.set(self.values.get().saturating_add(values));
        !self.is_spent()
    }

    /// Whether as much was compared as may be.
    pub(super) fn is_spent(&self) -> bool {
        self.values.get() > MOST_VALUES
    }

    /// How many values were compared.
    #[cfg(test)]
    pub(super) fn values(&self) -> usize {
        self.values.get()
    }

    /// Whether one of `own` holds wherever each of `of` does.
    pub(super) fn are_covered(&self, of: &[&Test], own: &[&Test]) -> bool {
        of.iter().enumerate().all(|(i, d)| {
            own.iter().enumerate().any(|(j, a)| (i + j == 0 || self.count(1)) && self.covers(d, a))
        })
    }

    /// Whether `own` holds wherever `of` does, as far as that can be told.
    pub(super) fn covers(&self, own: &Test, of: &Test) -> bool {
        match (own, of) {
            (Test::Shared(own), Test::Shared(of)) => Arc::ptr_eq(own, of) || self.covers(own, of),
            (Test::Shared(own), of) => self.covers(own, of),
            (own, Test::Shared(of)) => self.covers(own, of),
            (Test::Client(own), Test::Client(of)) => self.client(own, of),
            (Test::Any(own), Test::Any(of)) => {
                of.iter().all(|of| own.iter().any(|own| self.count(1) && self.covers(own, of)))
            }
            (own, of) => self.are_same(own, of),
        }
    }

    fn client(&self, own: &Client, of: &Client) -> bool {
        if of.len() < MANY {
            return own.covers(of, self);
        }
        let pair = (std::ptr::from_ref(own), std::ptr::from_ref(of));
        if let Some(known) = self.known.borrow().get(&pair) {
            return *known;
        }
        let covers = own.covers(of, self);
        self.known.borrow_mut().insert(pair, covers);
        covers
    }

    /// Whether two conditions are written with the same words.
    fn are_same(&self, own: &Test, of: &Test) -> bool {
        match (own, of) {
            (Test::Not(own), Test::Not(of)) => self.are_same(own, of),
            (Test::Shared(own), Test::Shared(of)) => Arc::ptr_eq(own, of) || self.are_same(own, of),
            (Test::Client(own), Test::Client(of)) => {
                own.len() == of.len() && (own.len() < 2 || self.count(own.len())) && own == of
            }
            (own, of) => own == of,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::intent::Names;
    use super::*;

    fn client(values: &[String]) -> Client {
        Client::within("src", values.to_vec(), String::new())
    }

    /// What the lookup replaces: each value is read anew and held against each other one.
    fn contains(wide: &str, narrow: &str) -> bool {
        let first = narrow.split_once('/').map_or(narrow, |(address, _)| address).parse::<IpAddr>();
        let bits = |text: &str| match network(text) {
            Some(Pattern::Network(_, bits)) => bits,
            _ => u8::MAX,
        };
        wide == narrow
            || first.is_ok_and(|first| {
                bits(wide) <= bits(narrow)
                    && network(wide).is_some_and(|wide| wide.covers(&Names::Address(first)))
            })
    }

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            "10\\.[01]\\.[0-3]\\.[01](/(0|8|15|16|23|24|30|31|32|33|255\\.255\\.0\\.0|x))?",
            "(2001:db8::|\\[2001:db8::1\\]|2001:db8::[12]|::)(/(0|16|32|127|128))?",
            "lan|dmz|10\\.0\\.0\\.0-10\\.0\\.0\\.1",
        ]
    }

    proptest! {
        #[test]
        fn looking_values_up_says_what_comparing_each_says(
            wide in prop::collection::vec(value(), 0..5),
            narrow in prop::collection::vec(value(), 0..4),
        ) {
            let each = narrow.iter().all(|n| wide.iter().any(|w| contains(w, n)));
            let found = client(&wide).covers(&client(&narrow), &Comparisons::default());
            prop_assert_eq!(found, each, "{:?} {:?}", wide, narrow);
        }
    }

    #[test]
    fn long_lists_are_compared_once_and_value_by_value() {
        let mut values: Vec<String> = (0..40_000).map(|i| format!("10.0.{}.{}", i >> 8, i & 255)).collect();
        let own = Test::Client(client(&values));
        values.reverse();
        let of = Test::Client(client(&values));
        let comparisons = Comparisons::default();
        for _ in 0..1000 {
            assert!(comparisons.covers(&own, &of));
        }
        assert!(comparisons.values() < 40_001, "{}", comparisons.values());
    }
}
