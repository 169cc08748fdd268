//! The tree of a FortiOS configuration: `config`, `edit`, `set`, `next`, `end`, with virtual domains. What the
//! objects mean is not known here.

use std::collections::{BTreeMap, HashMap};

use super::super::read::Ignored;
use super::settings;
use super::slots::{Draft, Place, Slots, Values};

/// One `edit … next`.
#[derive(Default)]
pub(super) struct Object {
    pub line: usize,
    pub name: String,
    /// Key, its line and its values.
    pub sets: BTreeMap<String, (usize, Vec<String>)>,
}

impl Object {
    pub fn values(&self, key: &str) -> &[String] {
        self.sets.get(key).map_or(&[], |(_, values)| values.as_slice())
    }

    pub fn value(&self, key: &str) -> Option<&str> {
        self.values(key).first().map(String::as_str)
    }

    pub fn is(&self, key: &str, value: &str) -> bool {
        self.value(key) == Some(value)
    }

    pub fn line_of(&self, key: &str) -> usize {
        self.sets.get(key).map_or(self.line, |(line, _)| *line)
    }
}

/// The objects of one virtual domain, by their section.
#[derive(Default)]
pub(super) struct Domain {
    pub sections: BTreeMap<String, Vec<Object>>,
    /// Where in its section the object of a name stands, the first of those.
    by_name: HashMap<String, HashMap<String, usize>>,
    /// Which objects of a section stand inside the one of a name.
    inside: HashMap<String, HashMap<String, Vec<usize>>>,
}

impl Domain {
    fn of(sections: BTreeMap<String, Vec<Object>>) -> Self {
        let mut domain = Self { sections, ..Self::default() };
        for (path, objects) in &domain.sections {
            let by_name = domain.by_name.entry(path.clone()).or_default();
            let inside = domain.inside.entry(path.clone()).or_default();
            for (at, object) in objects.iter().enumerate() {
                by_name.entry(object.name.clone()).or_insert(at);
                if let Some((around, _)) = object.name.rsplit_once('/').filter(|_| path.contains('/')) {
                    inside.entry(around.to_owned()).or_default().push(at);
                }
            }
        }
        domain
    }

    pub fn section(&self, name: &str) -> &[Object] {
        self.sections.get(name).map_or(&[], Vec::as_slice)
    }

    pub fn find(&self, section: &str, name: &str) -> Option<&Object> {
        self.section(section).get(*self.by_name.get(section)?.get(name)?)
    }

    /// The objects of a table that stands inside others, of those inside the one of this name.
    pub fn inside(&self, section: &str, name: &str) -> impl Iterator<Item = &Object> {
        let own = self.inside.get(section).and_then(|of| of.get(name)).into_iter().flatten();
        own.filter_map(move |at| self.section(section).get(*at))
    }
}

/// Words of each statement, with its line; a quoted text may go over several lines.
fn statements(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let (mut words, mut word): (Vec<String>, Option<String>) = (Vec::new(), None);
    let (mut line, mut begin) = (1_usize, 1_usize);
    let mut quote: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\n', None) => {
                words.extend(word.take());
                if !words.is_empty() {
                    found.push((begin, std::mem::take(&mut words)));
                }
            }
            ('#', None) if words.is_empty() && word.is_none() => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
            }
            ('\\', _) => {
                if let Some(next) = chars.next() {
                    word.get_or_insert_default().push(next);
                    line += usize::from(next == '\n');
                }
            }
            (q, Some(open)) if q == open => quote = None,
            (q @ ('"' | '\''), None) => {
                if words.is_empty() && word.is_none() {
                    begin = line;
                }
                word.get_or_insert_default();
                quote = Some(q);
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => {
                if words.is_empty() && word.is_none() {
                    begin = line;
                }
                word.get_or_insert_default().push(c);
            }
        }
        line += usize::from(c == '\n');
    }
    words.extend(word);
    if !words.is_empty() {
        found.push((begin, words));
    }
    found
}

/// Where the reader is.
enum Level {
    /// A table, by all words that lead to it.
    Config(String),
    Edit,
    Wrapper,
}

/// Levels that a configuration of FortiOS has at most, with room.
const DEEPEST: usize = 32;

/// Bytes of the words that lead to a table of FortiOS at most, with room.
const LONGEST: usize = 300;

#[derive(Default)]
struct Builder {
    domains: BTreeMap<String, BTreeMap<Place, Slots>>,
    stack: Vec<Level>,
    domain: String,
    open: Vec<Draft>,
    doubt: Vec<Ignored>,
    /// It goes deeper than any configuration of FortiOS: nothing after that is followed.
    is_lost: bool,
}

/// Statements in doubt that are kept: one would do.
const DOUBTS: usize = 50;

/// Tables that say nothing about what policies let through begin with another word than these.
const DECIDING: [&str; 4] = ["firewall", "webfilter", "dnsfilter", "application"];

/// Statements that leave the configuration as it is.
const NEUTRAL: [&str; 7] = ["show", "get", "diagnose", "execute", "exit", "quit", "sudo"];

/// Statements that a prompt may stand before.
const VERBS: [&str; 18] = [
    "config", "edit", "set", "append", "select", "unselect", "clear", "unset", "delete", "purge", "move",
    "rename", "clone", "next", "end", "abort", "show", "get",
];

/// The tree of a file: for each virtual domain its objects. What is edited again is changed, what is deleted is gone, what
/// is moved stands elsewhere. Also the statements after which it is not known what a table that decides holds.
pub(super) fn parse(text: &str) -> (BTreeMap<String, Domain>, Vec<Ignored>) {
    let mut builder = Builder::default();
    for (line, words) in statements(text) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let words = without_prompt(&words);
        if !builder.statement(line, words) {
            let why = "it changes the table or its order in a way that is not followed: give the configuration as it is after it";
            builder.doubts(line, words, why);
        }
    }
    // A file may end before the last `next`. Each turn takes a level away, so that this ends whatever was lost.
    while builder.stack.last().is_some() {
        builder.close();
        builder.stack.pop();
    }
    let doubt = std::mem::take(&mut builder.doubt);
    let domains = builder.domains.into_iter().map(|(name, tables)| {
        let mut sections: BTreeMap<String, Vec<Object>> = BTreeMap::new();
        for ((_, _, path), slots) in tables {
            sections.entry(path).or_default().extend(slots.finished());
        }
        (name, Domain::of(sections))
    });
    (domains.collect(), doubt)
}

/// Whether `edit` of this name makes a new object with the next number.
fn is_zero(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b == b'0')
}

/// What stands after `firewall (policy) #`, as a terminal shows it.
fn without_prompt<'w, 'a>(words: &'w [&'a str]) -> &'w [&'a str] {
    let is_inner = |word: &str| word.starts_with('(') && word.ends_with(')');
    match words {
        [first, ..] if VERBS.contains(first) => words,
        // An abbreviated verb is no name of a device, or it is not known which of the two stands here.
        [first, ..] if VERBS.iter().any(|verb| verb.starts_with(first)) => words,
        [_, "#" | "$", rest @ ..] => rest,
        [_, inner, "#" | "$", rest @ ..] if is_inner(inner) => rest,
        _ => words,
    }
}

impl Builder {
    /// One statement; whether it was followed, or says nothing about what decides.
    fn statement(&mut self, line: usize, words: &[&str]) -> bool {
        if self.is_lost {
            return true;
        }
        if self.stack.len() >= DEEPEST {
            self.is_lost = true;
            self.unclear(line, words);
            return true;
        }
        match words {
            ["config", "vdom" | "global"] => {
                self.stack.push(Level::Wrapper);
                self.domain = String::new();
            }
            ["config", rest @ ..] => {
                let is_inside = self.stack.iter().any(|l| !matches!(l, Level::Wrapper));
                let around = self.path();
                let own = rest.join(" ");
                let path = if around.is_empty() { own } else { format!("{around}/{own}") };
                if path.len() > LONGEST {
                    self.is_lost = true;
                    self.unclear(line, words);
                    return true;
                }
                self.stack.push(Level::Config(path));
                // Inside another table no table that is read stands: an `end` is missing, or was abbreviated.
                let is_misplaced = is_inside && rest.len() > 1 && settings::may_be_table(rest);
                if is_misplaced || settings::is_abbreviated_table(self.path()) {
                    self.unclear(line, words);
                }
            }
            // A setting that decides may be meant by its first letters.
            ["set" | "append" | "select" | "unselect" | "unset" | "clear", key, ..]
                if !self.open.is_empty() && settings::is_abbreviated(self.path(), key) =>
            {
                self.unclear(line, words);
            }
            // Outside a table, or inside an object, nothing can be edited.
            ["edit", ..] if matches!(self.stack.last(), None | Some(Level::Edit)) => return false,
            ["edit", name, ..] => {
                if matches!(self.stack.last(), Some(Level::Wrapper)) {
                    self.domain = (*name).to_owned();
                } else {
                    // What is known of it goes on; it comes back when it is closed.
                    let sets = self.known(name).map(|o| std::mem::take(&mut o.sets)).unwrap_or_default();
                    let name = self.own_name(name).to_owned();
                    self.stack.push(Level::Edit);
                    self.open.push(Draft { line, name, sets, ..Draft::default() });
                }
            }
            ["set", key, values @ ..] => {
                if let Some(object) = self.open.last_mut() {
                    object.sets.insert((*key).to_owned(), (line, Values::of(values)));
                }
            }
            ["append", key, values @ ..] => {
                if let Some(object) = self.open.last_mut() {
                    let entry = object.sets.entry((*key).to_owned()).or_insert((line, Values::default()));
                    entry.1.extend(values);
                }
            }
            ["select", key, values @ ..] => {
                if let Some((_, own)) = self.open.last_mut().and_then(|o| o.sets.get_mut(*key)) {
                    own.retain_only(values);
                }
            }
            ["unselect", key, values @ ..] => {
                if let Some((_, own)) = self.open.last_mut().and_then(|o| o.sets.get_mut(*key)) {
                    own.take_out(values);
                }
            }
            ["unset" | "clear", key, ..] if !self.open.is_empty() => {
                if let Some(object) = self.open.last_mut() {
                    object.sets.remove(*key);
                }
            }
            ["delete", names @ ..] => {
                // All of them, whether or not one was followed.
                let unknown = names.iter().filter(|name| !self.delete(name)).count();
                return unknown == 0 || !self.is_deciding();
            }
            ["purge"] => return self.purge(),
            ["move", name, side @ ("before" | "after"), other] => {
                return self.moves(name, *side == "after", other) || !self.is_deciding();
            }
            ["rename", name, "to", other] => return self.renames(name, other) || !self.is_deciding(),
            ["next", ..] => self.close(),
            ["end", ..] => {
                // `end` closes an edit that `next` did not.
                if matches!(self.stack.last(), Some(Level::Edit)) {
                    self.close();
                }
                if matches!(self.stack.pop(), Some(Level::Wrapper)) {
                    self.domain = String::new();
                }
            }
            [verb, rest @ ..] if "config".starts_with(&verb.to_ascii_lowercase()) => {
                // Every table, and what stands around them, may be meant by its first letters.
                let is_around =
                    rest.first().is_some_and(|w| "vdom".starts_with(w) || "global".starts_with(w));
                if is_around || settings::may_be_table(rest) || self.is_deciding() {
                    self.unclear(line, words);
                }
            }
            [verb, ..] => return NEUTRAL.contains(verb) || !self.is_deciding(),
            [] => {}
        }
        true
    }

    /// A statement that may be short for one that decides.
    fn unclear(&mut self, line: usize, words: &[&str]) {
        let why = "it may be short for a table or a setting that decides, or an `end` before it is missing: give the configuration as \
                   the device shows it";
        self.doubts(line, words, why);
    }

    fn doubts(&mut self, line: usize, words: &[&str], why: &str) {
        if self.doubt.len() < DOUBTS {
            self.doubt.push(Ignored::new(line, &words.join(" "), why));
        }
    }

    /// Whether what stands here may decide. Outside every table stand remarks and commands of the shell.
    fn is_deciding(&self) -> bool {
        match self.stack.iter().find_map(|l| if let Level::Config(path) = l { Some(path) } else { None }) {
            Some(path) => path.split([' ', '/']).next().is_some_and(|word| DECIDING.contains(&word)),
            None => !self.stack.is_empty(),
        }
    }

    /// Whether a name is a number that begins with zeros, in a table whose objects have numbers; zero alone is none.
    fn is_numbered(&self, name: &str) -> bool {
        let is_number = name.bytes().all(|b| b.is_ascii_digit()) && name.starts_with('0');
        let path = self.path();
        let has_numbers = ["policy", "/entries", "webfilter urlfilter", "dnsfilter domain-filter"];
        is_number && !is_zero(name) && has_numbers.iter().any(|end| path.ends_with(end))
    }

    /// The section that the next `edit` belongs to.
    fn path(&self) -> &str {
        let last = self.stack.iter().rev().find_map(|l| match l {
            Level::Config(path) => Some(path.as_str()),
            _ => None,
        });
        last.unwrap_or("")
    }

    /// `edit 007` is that of the number 7.
    fn own_name<'n>(&self, name: &'n str) -> &'n str {
        if self.is_numbered(name) { name.trim_start_matches('0') } else { name }
    }

    /// What stands inside another object belongs to it.
    fn full_name(&self, name: &str) -> String {
        let around = self.open.iter().map(|o| o.name.as_str());
        around.chain([self.own_name(name)]).collect::<Vec<_>>().join("/")
    }

    fn place(&self) -> Place {
        let path = self.path();
        let alone = path.split('/').next().unwrap_or(path).to_owned();
        (alone, self.open.iter().map(|o| o.name.clone()).collect(), path.to_owned())
    }

    /// The object that an `edit` of this name changes. `edit 0` is always a new one.
    fn known(&mut self, name: &str) -> Option<&mut Draft> {
        let (place, full) = (self.place(), self.full_name(name));
        let slots = self.domains.get_mut(&self.domain)?.get_mut(&place)?;
        let at = *slots.by_name.get(&full).filter(|_| !is_zero(name))?;
        slots.get(at)
    }

    /// The objects of the table that the reader is in.
    fn table(&mut self) -> Option<&mut Slots> {
        let place = matches!(self.stack.last(), Some(Level::Config(_))).then(|| self.place())?;
        self.domains.get_mut(&self.domain)?.get_mut(&place)
    }

    /// What belongs to an object goes with it. Without a name, what belongs to any of this table.
    fn forget_inside(&mut self, name: Option<&str>) {
        let (alone, mut around, path) = self.place();
        around.extend(name.map(|name| self.own_name(name).to_owned()));
        let inner = format!("{path}/");
        let Some(tables) = self.domains.get_mut(&self.domain) else { return };
        let from = (alone.clone(), around.clone(), String::new());
        let own = tables.range(from..).map(|(place, _)| place);
        let own = own.take_while(|(of, names, _)| *of == alone && names.starts_with(&around));
        let gone: Vec<Place> = own.filter(|(.., of)| of.starts_with(&inner)).cloned().collect();
        for place in gone {
            tables.remove(&place);
        }
    }

    /// `delete NAME`; whether it is known what is gone.
    fn delete(&mut self, name: &str) -> bool {
        if let Some(Level::Wrapper) = self.stack.last() {
            self.domains.remove(name);
            return true;
        }
        let full = self.full_name(name);
        let Some(slots) = self.table() else { return matches!(self.stack.last(), Some(Level::Config(_))) };
        if !slots.remove(&full) {
            // The number of an object that was made by `edit 0` does not stand in the file.
            return slots.zeros == 0;
        }
        self.forget_inside(Some(name));
        true
    }

    /// `purge`: a table is empty, or what of it belongs to the object around it.
    fn purge(&mut self) -> bool {
        if !matches!(self.stack.last(), Some(Level::Config(_))) {
            return !self.is_deciding();
        }
        if let Some(slots) = self.table() {
            *slots = Slots::default();
        }
        self.forget_inside(None);
        true
    }

    /// `move NAME before|after OTHER`; whether it was followed.
    fn moves(&mut self, name: &str, after: bool, other: &str) -> bool {
        let (name, other) = (self.full_name(name), self.full_name(other));
        self.table().is_some_and(|slots| slots.moves(&name, after, &other))
    }

    /// `rename NAME to OTHER` in a table of policies; whether it was followed. Objects have users, which are renamed with
    /// them, and parts of their own.
    fn renames(&mut self, name: &str, other: &str) -> bool {
        if !super::POLICIES.contains(&self.path()) || !self.open.is_empty() {
            return false;
        }
        let (name, other) = (self.own_name(name).to_owned(), self.own_name(other).to_owned());
        let Some(slots) = self.table() else { return false };
        let is_free = !slots.by_name.contains_key(&other) && !is_zero(&other);
        let Some(at) = slots.by_name.get(&name).copied().filter(|_| is_free) else { return false };
        let Some(object) = slots.get(at) else { return false };
        object.name.clone_from(&other);
        slots.by_name.remove(&name);
        slots.by_name.insert(other, at);
        true
    }

    fn close(&mut self) {
        if !matches!(self.stack.last(), Some(Level::Edit)) {
            return;
        }
        self.stack.pop();
        let Some(mut object) = self.open.pop() else { return };
        let is_new = is_zero(&object.name);
        let place = self.place();
        object.name = self.full_name(&object.name);
        let slots = self.domains.entry(self.domain.clone()).or_default().entry(place).or_default();
        let known = slots.by_name.get(&object.name).copied().filter(|_| !is_new);
        match known.and_then(|at| slots.get(at)) {
            // It keeps its place, which is the order of policies.
            Some(slot) => (slot.line, slot.sets) = (object.line, object.sets),
            None => slots.push(object, is_new),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(text: &str) -> Builder {
        let mut builder = Builder::default();
        for (line, words) in statements(text) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            assert!(builder.statement(line, &words), "{words:?}");
        }
        builder
    }

    /// What a table costs is counted in the neighbours that are changed: twice as many policies that are moved, deleted
    /// and renamed cost twice as much.
    #[test]
    fn the_order_of_a_table_costs_as_much_as_the_file_is_long() {
        let steps = |many: usize| {
            let mut text = String::from("config firewall policy\n");
            for id in 1..=many {
                text += &format!("edit {id}\nset name p{id}\nnext\n");
            }
            for id in 1..many {
                text += &format!("move {id} after {many}\nmove {many} before 1\n");
            }
            for id in 1..many / 2 {
                text += &format!("rename {id} to {}\ndelete {}\n", many + id, many / 2 + id);
            }
            let builder = built(&text);
            let tables = builder.domains.into_values().flatten().map(|(_, slots)| slots);
            tables.map(|slots| (slots.steps, slots.objects.len())).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
        };
        let (few, many) = (steps(400), steps(800));
        assert_eq!((few.1, many.1), (400, 800));
        assert!(many.0 <= 2 * few.0 + 100, "{few:?} {many:?}");
    }

    #[test]
    fn moves_deletions_and_values_leave_what_fortios_leaves() {
        let text = "config firewall policy\nedit 1\nnext\nedit 2\nnext\nedit 3\nnext\nedit 4\nnext\nmove 4 before 1\nmove 1 after 3\n\
            move 2 after 2\ndelete 3\nrename 1 to 9\nmove 9 before 4\nend\nconfig firewall addrgrp\nedit g\nset member a b\n\
            append member c a d\nunselect member a\nunselect member d x\nappend member a\nnext\nedit h\nset member a b c\nselect member c a\n\
            next\nend\nconfig webfilter urlfilter\nedit 07\nconfig entries\nedit 1\nset url a\nnext\nend\nnext\nedit 8\nconfig entries\n\
            edit 1\nset url b\nnext\nend\nnext\nedit 9\nconfig entries\nedit 1\nnext\npurge\nend\nnext\ndelete 8\nend\n";
        let (domains, doubt) = parse(text);
        assert_eq!(doubt, []);
        let domain = &domains[""];
        let order: Vec<&str> = domain.section("firewall policy").iter().map(|o| o.name.as_str()).collect();
        assert_eq!(order, ["9", "4", "2"]);
        let members =
            |name: &str| domain.find("firewall addrgrp", name).map(|o| o.values("member").join(" "));
        assert_eq!((members("g").as_deref(), members("h").as_deref()), (Some("b c a"), Some("a c")));
        let urls = |name: &str| domain.inside("webfilter urlfilter/entries", name).count();
        assert_eq!((urls("7"), urls("8"), urls("9")), (1, 0, 0));
    }

    #[test]
    fn a_table_deeper_or_longer_than_any_is_in_doubt_once() {
        let deep = "config a\n".repeat(20_000);
        assert!(!parse(&deep).1.is_empty());
        let long = format!("config {}\n", "a".repeat(LONGEST + 1));
        assert_eq!(parse(&long).1.len(), 1);
        // The same inside objects that nothing closes.
        for text in [
            "config x\nedit 1\n".repeat(16),
            "config x\nedit 1\n".repeat(200),
            format!("config x\nedit 1\n{long}"),
        ] {
            assert!(parse(&text).1.len() <= 1, "{text}");
        }
    }
}
