//! The tree of a FortiOS configuration: `config`, `edit`, `set`, `next`, `end`, with virtual domains. What the
//! objects mean is not known here.

use std::collections::{BTreeMap, HashMap};

use super::super::read::Ignored;
use super::settings;

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
}

impl Domain {
    pub fn section(&self, name: &str) -> &[Object] {
        self.sections.get(name).map_or(&[], Vec::as_slice)
    }

    pub fn find(&self, section: &str, name: &str) -> Option<&Object> {
        self.section(section).iter().find(|o| o.name == name)
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
    Config(String),
    Edit,
    Wrapper,
}

/// The objects of one section while the file is read; nothing stands where one was deleted.
#[derive(Default)]
struct Slots {
    objects: Vec<Option<Object>>,
    by_name: HashMap<String, usize>,
}

impl Slots {
    /// Finds anew where each object stands.
    fn number(&mut self) {
        let named = self.objects.iter().enumerate();
        self.by_name = named.filter_map(|(at, o)| Some((o.as_ref()?.name.clone(), at))).collect();
    }
}

#[derive(Default)]
struct Builder {
    domains: BTreeMap<String, BTreeMap<String, Slots>>,
    stack: Vec<Level>,
    domain: String,
    open: Vec<Object>,
    doubt: Vec<Ignored>,
}

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
            builder.doubt.push(Ignored::new(line, &words.join(" "), why));
        }
    }
    // A file may end before the last `next`.
    while !builder.open.is_empty() {
        builder.statement(0, &["end"]);
    }
    let doubt = std::mem::take(&mut builder.doubt);
    let sections = |slots: BTreeMap<String, Slots>| {
        slots.into_iter().map(|(path, s)| (path, s.objects.into_iter().flatten().collect())).collect()
    };
    let domains = builder.domains.into_iter();
    (domains.map(|(name, slots)| (name, Domain { sections: sections(slots) })).collect(), doubt)
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
        let owned = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
        match words {
            ["config", "vdom" | "global"] => {
                self.stack.push(Level::Wrapper);
                self.domain = String::new();
            }
            ["config", rest @ ..] => {
                let is_inside = self.stack.iter().any(|l| !matches!(l, Level::Wrapper));
                self.stack.push(Level::Config(rest.join(" ")));
                // Inside another table no table that is read stands: an `end` is missing, or was abbreviated.
                let is_misplaced = is_inside && rest.len() > 1 && settings::may_be_table(rest);
                if is_misplaced || settings::is_abbreviated_table(&self.path()) {
                    self.unclear(line, words);
                }
            }
            // A setting that decides may be meant by its first letters.
            ["set" | "append" | "select" | "unselect" | "unset" | "clear", key, ..]
                if !self.open.is_empty() && settings::is_abbreviated(&self.path(), key) =>
            {
                self.unclear(line, words);
            }
            // Outside a table, or inside an object, nothing can be edited.
            ["edit", ..] if matches!(self.stack.last(), None | Some(Level::Edit)) => return false,
            ["edit", name, ..] => {
                if matches!(self.stack.last(), Some(Level::Wrapper)) {
                    self.domain = (*name).to_owned();
                } else {
                    let sets = self.known(name).map(|o| o.sets.clone()).unwrap_or_default();
                    self.stack.push(Level::Edit);
                    self.open.push(Object { line, name: (*name).to_owned(), sets });
                }
            }
            ["set", key, values @ ..] => {
                if let Some(object) = self.open.last_mut() {
                    object.sets.insert((*key).to_owned(), (line, owned(values)));
                }
            }
            ["append", key, values @ ..] => {
                if let Some(object) = self.open.last_mut() {
                    let entry = object.sets.entry((*key).to_owned()).or_insert((line, Vec::new()));
                    entry.1.extend(owned(values));
                }
            }
            ["select", key, values @ ..] => {
                if let Some((_, own)) = self.open.last_mut().and_then(|o| o.sets.get_mut(*key)) {
                    own.retain(|v| values.contains(&v.as_str()));
                }
            }
            ["unselect", key, values @ ..] => {
                if let Some((_, own)) = self.open.last_mut().and_then(|o| o.sets.get_mut(*key)) {
                    own.retain(|v| !values.contains(&v.as_str()));
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
        self.doubt.push(Ignored::new(line, &words.join(" "), why));
    }

    /// Whether what stands here may decide. Outside every table stand remarks and commands of the shell.
    fn is_deciding(&self) -> bool {
        match self.stack.iter().find_map(|l| if let Level::Config(path) = l { Some(path) } else { None }) {
            Some(path) => path.split(' ').next().is_some_and(|word| DECIDING.contains(&word)),
            None => !self.stack.is_empty(),
        }
    }

    /// Whether a name is a number that begins with zeros, in a table whose objects have numbers; zero alone is none.
    fn is_numbered(&self, name: &str) -> bool {
        let is_number = name.bytes().all(|b| b.is_ascii_digit()) && name.starts_with('0');
        let path = self.path();
        is_number && !is_zero(name) && (path.ends_with("policy") || path.ends_with("/entries"))
    }

    /// The section that the next `edit` belongs to.
    fn path(&self) -> String {
        let configs = self.stack.iter().filter_map(|l| match l {
            Level::Config(path) => Some(path.as_str()),
            _ => None,
        });
        configs.collect::<Vec<_>>().join("/")
    }

    /// What stands inside another object belongs to it. `edit 007` is that of the number 7.
    fn full_name(&self, name: &str) -> String {
        let name = if self.is_numbered(name) { name.trim_start_matches('0') } else { name };
        self.open.last().map_or_else(|| name.to_owned(), |parent| format!("{}/{name}", parent.name))
    }

    /// The object that an `edit` of this name changes. `edit 0` is always a new one.
    fn known(&self, name: &str) -> Option<&Object> {
        let slots = self.domains.get(&self.domain)?.get(&self.path())?;
        let at = slots.by_name.get(&self.full_name(name)).filter(|_| !is_zero(name))?;
        slots.objects.get(*at)?.as_ref()
    }

    /// The objects of the table that the reader is in.
    fn table(&mut self) -> Option<&mut Slots> {
        let path = matches!(self.stack.last(), Some(Level::Config(_))).then(|| self.path())?;
        self.domains.get_mut(&self.domain)?.get_mut(&path)
    }

    /// What belongs to an object goes with it. Without a name, what belongs to any.
    fn forget_inside(&mut self, name: Option<&str>) {
        let table = format!("{}/", self.path());
        let own = name.map(|name| format!("{name}/"));
        let tables = self.domains.get_mut(&self.domain).into_iter().flatten();
        for (_, slots) in tables.filter(|(path, _)| path.starts_with(&table)) {
            let is_own = |n: &str| own.as_ref().is_none_or(|own| n.starts_with(own.as_str()));
            slots.by_name.retain(|n, _| !is_own(n));
            slots.objects.retain(|o| o.as_ref().is_none_or(|o| !is_own(&o.name)));
            slots.number();
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
        let Some(at) = slots.by_name.remove(&full) else {
            // The number of an object that was made by `edit 0` does not stand in the file.
            return !slots.objects.iter().flatten().any(|o| o.name.rsplit('/').next().is_some_and(is_zero));
        };
        if let Some(slot) = slots.objects.get_mut(at) {
            *slot = None;
        }
        self.forget_inside(Some(&full));
        true
    }

    /// `purge`: a table is empty, or what of it belongs to the object around it.
    fn purge(&mut self) -> bool {
        if !matches!(self.stack.last(), Some(Level::Config(_))) {
            return !self.is_deciding();
        }
        let around = self.open.last().map(|parent| format!("{}/", parent.name));
        let Some(slots) = self.table() else { return true };
        let is_own = |name: &str| around.as_ref().is_none_or(|a| name.starts_with(a.as_str()));
        slots.objects.retain(|o| o.as_ref().is_some_and(|o| !is_own(&o.name)));
        slots.number();
        if around.is_none() {
            self.forget_inside(None);
        }
        true
    }

    /// `move NAME before|after OTHER`; whether it was followed.
    fn moves(&mut self, name: &str, after: bool, other: &str) -> bool {
        let (name, other) = (self.full_name(name), self.full_name(other));
        let Some(slots) = self.table() else { return false };
        let (Some(from), true) = (slots.by_name.get(&name).copied(), slots.by_name.contains_key(&other))
        else {
            return false;
        };
        if name == other {
            return true;
        }
        let moved = slots.objects.remove(from);
        let is_other = |o: &Option<Object>| o.as_ref().is_some_and(|o| o.name == other);
        let Some(to) = slots.objects.iter().position(is_other) else { return false };
        slots.objects.insert(to + usize::from(after), moved);
        slots.number();
        true
    }

    /// `rename NAME to OTHER` in a table of policies; whether it was followed. Objects have users, which are renamed with
    /// them, and parts of their own.
    fn renames(&mut self, name: &str, other: &str) -> bool {
        if !self.path().ends_with("policy") || !self.open.is_empty() {
            return false;
        }
        let Some(slots) = self.table() else { return false };
        let is_free = !slots.by_name.contains_key(other) && other != "0";
        let Some(at) = slots.by_name.get(name).copied().filter(|_| is_free) else { return false };
        let Some(Some(object)) = slots.objects.get_mut(at) else { return false };
        other.clone_into(&mut object.name);
        slots.number();
        true
    }

    fn close(&mut self) {
        if !matches!(self.stack.last(), Some(Level::Edit)) {
            return;
        }
        self.stack.pop();
        let path = self.path();
        let Some(mut object) = self.open.pop() else { return };
        let is_new = is_zero(&object.name);
        object.name = self.full_name(&object.name);
        let slots = self.domains.entry(self.domain.clone()).or_default().entry(path).or_default();
        let known = slots.by_name.get(&object.name).copied().filter(|_| !is_new);
        match known.and_then(|at| slots.objects.get_mut(at)) {
            // It keeps its place, which is the order of policies.
            Some(slot) => *slot = Some(object),
            None => {
                slots.by_name.insert(object.name.clone(), slots.objects.len());
                slots.objects.push(Some(object));
            }
        }
    }
}
