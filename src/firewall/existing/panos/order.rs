//! In which order rules of PAN-OS stand, and how they are moved.

use super::Config;

/// The room between two rules, for those that are moved there.
pub(super) const ROOM: i128 = 1 << 90;

/// How much of it one that is moved takes, so that many can follow it to the same place.
const STEP: i128 = 1 << 45;

impl Config {
    /// `move PLACE rules NAME top|bottom|before OTHER|after OTHER`; whether it was followed.
    pub(super) fn moves(&mut self, path: &[String]) -> bool {
        let Some((kind, scope, name, rest)) = Self::place(path) else { return !Self::is_relative(path) };
        if kind != "rules" {
            return true;
        }
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        let (other, is_after) = match rest.as_slice() {
            ["top"] => (None, false),
            ["bottom"] => (None, true),
            [side @ ("before" | "after"), other] if *other != name => (Some(*other), *side == "after"),
            _ => return false,
        };
        let key = |name: &str| (kind, scope.clone(), name.to_owned());
        let order_of = |config: &Self, name: &str| config.items.get(&key(name)).map(|i| i.order);
        let Some(from) = order_of(self, &name) else { return false };
        if other.is_some_and(|other| order_of(self, other).is_none()) {
            return false;
        }
        self.number(&scope, Some(from));
        let beside = other.and_then(|other| order_of(self, other));
        let order = match self.free(&scope, beside, is_after) {
            Some(order) => order,
            None => {
                // The room there is used up.
                self.number(&scope, None);
                let beside = other.and_then(|other| order_of(self, other));
                let Some(order) = self.free(&scope, beside, is_after) else { return false };
                order
            }
        };
        self.stands(&scope, order, &name);
        if let Some(item) = self.items.get_mut(&key(&name)) {
            item.order = order;
        }
        true
    }

    /// A rule that stands at a place of its scope, where those are known.
    pub(super) fn stands(&mut self, scope: &str, order: i128, name: &str) {
        if let Some(places) = self.places.get_mut(scope) {
            places.insert(order, name.to_owned());
        }
    }

    /// Makes known which rule of a scope stands where, without the one that leaves its place; without any such, all of them
    /// get as much room as at first.
    fn number(&mut self, scope: &str, leaves: Option<i128>) {
        let first = ("rules", scope.to_owned(), String::new());
        if !self.places.contains_key(scope) {
            let own =
                self.items.range(first..).take_while(|((kind, of, _), _)| *kind == "rules" && of == scope);
            let places = own.map(|(_, item)| (item.order, item.name.clone())).collect();
            self.places.insert(scope.to_owned(), places);
        }
        let Some(places) = self.places.get_mut(scope) else { return };
        if let Some(from) = leaves {
            places.remove(&from);
            return;
        }
        let names = std::mem::take(places).into_values();
        for (order, name) in (1..).map(|n: i128| n * ROOM).zip(names) {
            if let Some(item) = self.items.get_mut(&("rules", scope.to_owned(), name.clone())) {
                item.order = order;
            }
            places.insert(order, name);
        }
    }

    /// A place beside another rule, or at the top or the bottom; nothing where none is left.
    fn free(&mut self, scope: &str, beside: Option<i128>, is_after: bool) -> Option<i128> {
        let places = self.places.get(scope)?;
        let (from, to) = match (beside, is_after) {
            (None, false) => (None, places.keys().next().copied()),
            (None, true) => (places.keys().next_back().copied(), None),
            (Some(at), false) => (places.range(..at).map(|(o, _)| *o).next_back(), Some(at)),
            (Some(at), true) => (Some(at), places.range(at + 1..).map(|(o, _)| *o).next()),
        };
        match (from, to) {
            (Some(from), Some(to)) => {
                let step = ((to - from) / 2).min(STEP);
                // The next one comes between this one and the rule beside.
                (step > 0).then(|| if is_after { to - step } else { from + step })
            }
            (None, Some(to)) => Some(to - ROOM),
            (_, None) => {
                self.order += ROOM;
                Some(self.order)
            }
        }
    }
}
