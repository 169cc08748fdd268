//! The objects of one table of FortiOS while the file is read: they move, leave and change their values, and nothing of that costs more
//! than it touches.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::tree::Object;

/// The values of a setting while the file is read; nothing stands where one was taken out.
#[derive(Default)]
pub(super) struct Values {
    pub(super) all: Vec<Option<String>>,
    /// Where each value stands, once one is to be taken out.
    pub(super) places: Option<HashMap<String, Vec<usize>>>,
}

impl Values {
    pub(super) fn of(values: &[&str]) -> Self {
        let mut own = Self::default();
        own.extend(values);
        own
    }

    pub(super) fn extend(&mut self, values: &[&str]) {
        for value in values {
            if let Some(places) = &mut self.places {
                places.entry((*value).to_owned()).or_default().push(self.all.len());
            }
            self.all.push(Some((*value).to_owned()));
        }
    }

    pub(super) fn retain_only(&mut self, values: &[&str]) {
        let kept: HashSet<&str> = values.iter().copied().collect();
        self.all.retain(|v| v.as_ref().is_some_and(|v| kept.contains(v.as_str())));
        self.places = None;
    }

    pub(super) fn take_out(&mut self, values: &[&str]) {
        let all = &self.all;
        let places = self.places.get_or_insert_with(|| {
            let mut places: HashMap<String, Vec<usize>> = HashMap::new();
            for (at, value) in all.iter().enumerate() {
                if let Some(value) = value {
                    places.entry(value.clone()).or_default().push(at);
                }
            }
            places
        });
        for at in values.iter().filter_map(|value| places.remove(*value)).flatten() {
            if let Some(slot) = self.all.get_mut(at) {
                *slot = None;
            }
        }
    }
}

/// One `edit … next` while the file is read.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) sets: BTreeMap<String, (usize, Values)>,
    /// The object before it and the one after it, in the order of their table.
    pub(super) before: Option<usize>,
    pub(super) after: Option<usize>,
}

impl Draft {
    pub(super) fn finished(self) -> Object {
        let finished = |(key, (line, values)): (String, (usize, Values))| {
            (key, (line, values.all.into_iter().flatten().collect()))
        };
        Object { line: self.line, name: self.name, sets: self.sets.into_iter().map(finished).collect() }
    }
}

/// The objects of one table while the file is read, each of which knows its neighbours; nothing stands where one was
/// deleted.
#[derive(Default)]
pub(super) struct Slots {
    pub(super) objects: Vec<Option<Draft>>,
    pub(super) by_name: HashMap<String, usize>,
    pub(super) first: Option<usize>,
    pub(super) last: Option<usize>,
    /// How many were made by `edit 0`.
    pub(super) zeros: usize,
    /// How often a neighbour was changed: what the order of the table costs.
    pub(super) steps: usize,
}

impl Slots {
    pub(super) fn get(&mut self, at: usize) -> Option<&mut Draft> {
        self.objects.get_mut(at)?.as_mut()
    }

    fn link(&mut self, before: Option<usize>, after: Option<usize>) {
        self.steps += 1;
        match before.and_then(|at| self.get(at)) {
            Some(draft) => draft.after = after,
            None => self.first = after,
        }
        match after.and_then(|at| self.get(at)) {
            Some(draft) => draft.before = before,
            None => self.last = before,
        }
    }

    pub(super) fn push(&mut self, draft: Draft, is_new: bool) {
        let at = self.objects.len();
        self.by_name.insert(draft.name.clone(), at);
        self.zeros += usize::from(is_new);
        self.objects.push(Some(draft));
        self.link(self.last, Some(at));
        self.link(Some(at), None);
    }

    pub(super) fn leave(&mut self, at: usize) {
        let Some((before, after)) = self.get(at).map(|d| (d.before, d.after)) else { return };
        self.link(before, after);
    }

    pub(super) fn remove(&mut self, name: &str) -> bool {
        let Some(at) = self.by_name.remove(name) else { return false };
        self.leave(at);
        if let Some(slot) = self.objects.get_mut(at) {
            *slot = None;
        }
        true
    }

    /// Whether both are there, and one now stands beside the other.
    pub(super) fn moves(&mut self, name: &str, is_after: bool, other: &str) -> bool {
        let place = |name: &str| self.by_name.get(name).copied();
        let (Some(at), Some(other)) = (place(name), place(other)) else { return false };
        if at == other {
            return true;
        }
        self.leave(at);
        let Some((before, after)) = self.get(other).map(|d| (d.before, d.after)) else { return false };
        if is_after {
            self.link(Some(other), Some(at));
            self.link(Some(at), after);
        } else {
            self.link(before, Some(at));
            self.link(Some(at), Some(other));
        }
        true
    }

    /// All of them in their order.
    pub(super) fn finished(mut self) -> Vec<Object> {
        let mut found = Vec::new();
        let mut next = self.first;
        while let Some(draft) = next.and_then(|at| self.objects.get_mut(at)?.take()) {
            next = draft.after;
            found.push(draft.finished());
        }
        found
    }
}

/// A table: the one that stands alone, the names of the objects around it, and all words that lead to it.
pub(super) type Place = (String, Vec<String>, String);
