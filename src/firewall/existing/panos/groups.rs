//! Which device group of Panorama stands above which, and what its rules leave to those below it.

use std::collections::BTreeMap;

use super::super::access::{Access, Test};
use super::Config;

/// Device groups stand in at most four levels; with room.
const LEVELS: usize = 8;

/// Device groups that are held against each other where the file does not say which stands above which.
const MOST: usize = 64;

/// The word before the name of a device group.
const KIND: &str = "device-group ";

impl Config {
    /// Notes what a path says about the device groups: `readonly … device-group NAME parent-dg PARENT`.
    pub(super) fn parents(&mut self, path: &[String]) {
        let is_list = |w: &String| w == "device-group" || w == "dginfo" || w == "dg-info";
        let is_readonly = path.iter().take(2).any(|w| w == "readonly");
        if let [.., of, group, key, parent] = path
            && key == "parent-dg"
            && is_list(of)
        {
            self.has_groups = true;
            self.above.insert(group.clone(), parent.clone());
        } else {
            self.has_groups |= is_readonly && path.iter().any(is_list);
        }
    }

    /// The device groups above one, the nearest first.
    fn groups_above(&self, group: &str) -> Vec<&str> {
        let above = |group: &str| self.above.get(group).map(String::as_str);
        std::iter::successors(above(group), |group| above(group)).take(LEVELS).collect()
    }

    /// The places of the device groups above one that is itself named with its place, the nearest first.
    pub(super) fn places_above(&self, group: &str) -> Vec<String> {
        let Some((place, own)) = group.split_once(KIND) else { return Vec::new() };
        self.groups_above(own).into_iter().map(|above| format!("{place}{KIND}{above}")).collect()
    }
}

/// What the rules of device groups deny before those of the groups below them are reached.
pub(super) struct Denials<'a> {
    config: &'a Config,
    lines: BTreeMap<String, Vec<(Test, bool)>>,
    denied: BTreeMap<String, Test>,
    left: BTreeMap<String, Option<Test>>,
}

impl<'a> Denials<'a> {
    pub(super) const fn of(config: &'a Config) -> Self {
        Self { config, lines: BTreeMap::new(), denied: BTreeMap::new(), left: BTreeMap::new() }
    }

    /// Takes a line of the rules that a device group has before all others, in their order.
    pub(super) fn add(&mut self, group: &str, line: &Access) {
        if group.contains(KIND) {
            let own = self.lines.entry(group.to_owned()).or_default();
            own.push((Test::All(line.tests.clone()), !line.allows));
        }
    }

    /// After the last line: what each group denies is known, once for all groups below it.
    pub(super) fn close(&mut self) {
        for (group, lines) in std::mem::take(&mut self.lines) {
            if lines.iter().any(|(_, denies)| *denies) {
                self.denied.insert(group, Test::First(lines).shared());
            }
        }
    }

    /// What must hold for a connection to reach the rules of a group; nothing where no other group denies anything.
    pub(super) fn left(&mut self, group: &str) -> Option<Test> {
        if self.denied.is_empty() || !group.contains(KIND) {
            return None;
        }
        if !self.left.contains_key(group) {
            let found = self.left_of(group);
            self.left.insert(group.to_owned(), found);
        }
        self.left.get(group).cloned().flatten()
    }

    fn left_of(&self, group: &str) -> Option<Test> {
        let parts: Vec<Test> = if self.config.has_groups {
            let places = self.config.places_above(group);
            places.iter().filter_map(|place| self.denied.get(place)).map(|d| d.clone().negated()).collect()
        } else if self.denied.len() > MOST {
            vec![Test::Other("which device group stands above which, which this file does not say".into())]
        } else {
            let others = self.denied.iter().filter(|(place, _)| *place != group);
            let may = |(place, denied): (&String, &Test)| {
                let what = format!("whether {place}, which denies it, stands above {group}");
                Test::Any(vec![denied.clone().negated(), Test::Other(what)])
            };
            others.map(may).collect()
        };
        (!parts.is_empty()).then(|| Test::All(parts).shared())
    }
}
