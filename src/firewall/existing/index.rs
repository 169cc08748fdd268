//! Which entries and lines of a long list can have anything to do with one host, so that thousands of hosts
//! are held against hundreds of thousands of lines without looking at each line for each host.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::intent::Names;
use super::access::{Gate, Test};
use super::read::{Listed, Listing, Pattern};

/// Entries by what they are about.
#[derive(Debug)]
pub struct Index {
    /// Entries about exactly this name, or about names below it.
    by_name: HashMap<String, Vec<usize>>,
    /// The same names written from their end, sorted, so that all names below one stand together.
    from_the_end: Vec<(String, usize)>,
    /// Entries that have no name to look for: networks, addresses, texts, everything.
    always: Vec<usize>,
    gates: Vec<Lines>,
    pool: Pool,
}

/// What many lines have, by numbers.
#[derive(Debug, Default)]
struct Pool {
    /// The number of each; nothing where it can hold without any entry.
    known: HashMap<*const Test, Option<usize>>,
    /// Those that an entry can make hold.
    by_entry: HashMap<usize, Vec<usize>>,
    /// Those that hold others, by the number of the other.
    around: Vec<Vec<usize>>,
}

/// What can make a test hold: entries, and what many lines have.
#[derive(Debug, Default)]
struct Needed {
    entries: Vec<usize>,
    shared: Vec<usize>,
}

/// The lines of one gate.
#[derive(Debug)]
struct Lines {
    /// Lines that no entry rules out.
    always: Vec<usize>,
    /// Lines that hold only where this entry holds.
    by_entry: HashMap<usize, Vec<usize>>,
    /// Lines that hold only where this of what many lines have holds.
    by_shared: HashMap<usize, Vec<usize>>,
}

/// What of a listing one host has to be held against; both in the order of the file.
#[derive(Debug)]
pub struct Candidates {
    /// Positions among the entries.
    pub entries: Vec<usize>,
    /// For each gate, positions among its lines.
    pub lines: Vec<Vec<usize>>,
}

impl Index {
    /// Builds the index. Sorts the entries that each condition names, which changes nothing about what it means.
    pub fn of(listing: &mut Listing) -> Self {
        let mut index = Self {
            by_name: HashMap::new(),
            from_the_end: Vec::new(),
            always: Vec::new(),
            gates: Vec::new(),
            pool: Pool::default(),
        };
        for (at, entry) in listing.entries.iter().enumerate() {
            match name_of(entry) {
                Some(name) => {
                    index.by_name.entry(name.to_owned()).or_default().push(at);
                    index.from_the_end.push((backwards(name), at));
                }
                None => index.always.push(at),
            }
        }
        index.from_the_end.sort();
        for gate in &mut listing.gates {
            gate.lines.iter_mut().flat_map(|l| &mut l.tests).for_each(Test::sort);
            index.gates.push(Lines::of(gate, &mut index.pool));
        }
        index
    }

    /// The entries and lines that can be about these names.
    pub fn candidates(&self, names: &Names) -> Candidates {
        let mut entries = self.always.clone();
        let base = names.base();
        if !base.is_empty() {
            let parents = base.match_indices('.').map(|(at, _)| &base[at + 1..]);
            for name in std::iter::once(base).chain(parents) {
                entries.extend(self.by_name.get(name).into_iter().flatten());
            }
        }
        if matches!(names, Names::Subdomains(_) | Names::ApexAndSubdomains(_)) {
            let below = backwards(base) + ".";
            let begin = self.from_the_end.partition_point(|(name, _)| *name < below);
            let under = self.from_the_end.iter().skip(begin).take_while(|(name, _)| name.starts_with(&below));
            entries.extend(under.map(|(_, at)| at));
        }
        entries.sort_unstable();
        entries.dedup();
        let shared = self.pool.of_entries(&entries);
        let lines = self.gates.iter().map(|gate| gate.holding(&entries, &shared)).collect();
        Candidates { entries, lines }
    }
}

impl Lines {
    fn of(gate: &Gate, pool: &mut Pool) -> Self {
        let mut lines = Self { always: Vec::new(), by_entry: HashMap::new(), by_shared: HashMap::new() };
        for (at, line) in gate.lines.iter().enumerate() {
            match line.tests.iter().find_map(|test| pool.needed(test)) {
                Some(needed) => {
                    for entry in needed.entries {
                        lines.by_entry.entry(entry).or_default().push(at);
                    }
                    for shared in needed.shared {
                        lines.by_shared.entry(shared).or_default().push(at);
                    }
                }
                None => lines.always.push(at),
            }
        }
        lines
    }

    fn holding(&self, entries: &[usize], shared: &[usize]) -> Vec<usize> {
        let by_entry = entries.iter().filter_map(|e| self.by_entry.get(e)).flatten();
        let by_shared = shared.iter().filter_map(|s| self.by_shared.get(s)).flatten();
        let mut lines: Vec<usize> = self.always.iter().chain(by_entry).chain(by_shared).copied().collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }
}

impl Pool {
    /// What of which one must hold for the test to hold at all; nothing where it can hold without any entry.
    fn needed(&mut self, test: &Test) -> Option<Needed> {
        match test {
            Test::Entries(entries) => Some(Needed { entries: entries.clone(), shared: Vec::new() }),
            Test::Any(parts) => {
                let mut all = Needed::default();
                for part in parts {
                    let Needed { entries, shared } = self.needed(part)?;
                    all.entries.extend(entries);
                    all.shared.extend(shared);
                }
                Some(all)
            }
            Test::All(parts) => parts.iter().find_map(|part| self.needed(part)),
            Test::Shared(inner) => {
                let shared = vec![self.number(inner)?];
                Some(Needed { entries: Vec::new(), shared })
            }
            _ => None,
        }
    }

    fn number(&mut self, test: &Arc<Test>) -> Option<usize> {
        if let Some(known) = self.known.get(&Arc::as_ptr(test)) {
            return *known;
        }
        let number = self.needed(test).map(|Needed { entries, shared }| {
            let number = self.around.len();
            self.around.push(Vec::new());
            for entry in entries {
                self.by_entry.entry(entry).or_default().push(number);
            }
            for inner in shared {
                if let Some(around) = self.around.get_mut(inner) {
                    around.push(number);
                }
            }
            number
        });
        self.known.insert(Arc::as_ptr(test), number);
        number
    }

    /// What can hold where one of these entries does.
    fn of_entries(&self, entries: &[usize]) -> Vec<usize> {
        let mut open: Vec<usize> =
            entries.iter().filter_map(|e| self.by_entry.get(e)).flatten().copied().collect();
        let mut found: HashSet<usize> = HashSet::new();
        while let Some(number) = open.pop() {
            if found.insert(number) {
                open.extend(self.around.get(number).into_iter().flatten());
            }
        }
        found.into_iter().collect()
    }
}

/// The name that an entry is about, at its end.
fn name_of(entry: &Listed) -> Option<&str> {
    let name = match &entry.pattern {
        Pattern::Names(names) => names.base(),
        Pattern::OneLabel(name) | Pattern::Levels(name, _) => name,
        Pattern::PathOnly(name) => name.strip_prefix("*.").unwrap_or(name),
        Pattern::Holds(_) | Pattern::Network(..) | Pattern::Any => "",
    };
    (!name.is_empty()).then_some(name)
}

fn backwards(name: &str) -> String {
    name.rsplit('.').collect::<Vec<_>>().join(".")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::intent::{HostRule, Inspection};
    use super::super::As;
    use super::super::access::{Comparisons, decide};
    use super::super::{Dialect, read_as};
    use super::*;
    use crate::contract::{Need, Network, Transport};

    fn entry() -> impl Strategy<Value = String> {
        prop_oneof![
            "(\\*\\.)?([ab]\\.){0,3}(a|b|c)\\.example(:8443)?",
            "![ab]\\.c\\.example",
            "10\\.0\\.0\\.0/8|192\\.0\\.2\\.1|\\*",
            "\\^\\.([ab]\\.)?c\\.example/|([ab]\\.)?c\\.example/(\\*|x)?",
        ]
    }

    fn names() -> impl Strategy<Value = Names> {
        let name = "([ab]\\.){0,3}(a|b|c)\\.example";
        prop_oneof![
            name.prop_map(Names::Exact),
            name.prop_map(Names::Subdomains),
            Just(Names::Address("192.0.2.1".parse().unwrap())),
        ]
    }

    proptest! {
        /// What the index leaves out has nothing to say: all entries and all lines decide the same.
        #[test]
        fn the_index_leaves_out_nothing_that_decides(
            lines in proptest::collection::vec(entry(), 0..12),
            squid in any::<bool>(),
            names in names(),
        ) {
            let (text, dialect) = if squid {
                let acls = lines.iter().enumerate().map(|(i, l)| format!("acl l{} dstdomain {l}\n", i % 3));
                let access = "http_access deny l2\nhttp_access allow l0 !l1\nhttp_access allow CONNECT l1\nhttp_access deny all\n";
                (acls.collect::<String>() + access, Dialect::Squid)
            } else {
                (lines.join("\n"), Dialect::Plain)
            };
            let mut listing = read_as(&text, As { dialect: Some(dialect), port: None }).unwrap();
            let index = Index::of(&mut listing);
            let all = Candidates {
                entries: (0..listing.entries.len()).collect(),
                lines: listing.gates.iter().map(|g| (0..g.lines.len()).collect()).collect(),
            };
            let rule = HostRule {
                names: names.clone(),
                port: 443,
                transport: Transport::Https,
                inspection: Inspection::NotProven,
                network: Network::Internet,
                need: Need::Required,
                features: Vec::new(),
                purpose: String::new(),
                bare_with_wildcard: false,
                halves: Vec::new(),
            };
            let some = index.candidates(&names);
            prop_assert_eq!(
                decide(&listing.gates, &listing.entries, &rule, &some, &Comparisons::default()),
                decide(&listing.gates, &listing.entries, &rule, &all, &Comparisons::default())
            );
            for (at, entry) in listing.entries.iter().enumerate() {
                prop_assert!(some.entries.contains(&at) || !entry.pattern.overlaps(&names), "{}", entry.text);
            }
        }
    }
}
