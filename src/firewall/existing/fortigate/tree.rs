//! The tree of a FortiOS configuration: `config`, `edit`, `set`, `next`, `end`, with virtual domains. What the
//! objects mean is not known here.

use std::collections::{BTreeMap, HashMap};

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

#[derive(Default)]
struct Builder {
    domains: BTreeMap<String, BTreeMap<String, Slots>>,
    stack: Vec<Level>,
    domain: String,
    open: Vec<Object>,
}

/// The tree of a file: for each virtual domain its objects. What is edited again is changed, what is deleted is gone.
pub(super) fn parse(text: &str) -> BTreeMap<String, Domain> {
    let mut builder = Builder::default();
    for (line, words) in statements(text) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        builder.statement(line, &words);
    }
    let sections = |slots: BTreeMap<String, Slots>| {
        slots.into_iter().map(|(path, s)| (path, s.objects.into_iter().flatten().collect())).collect()
    };
    builder.domains.into_iter().map(|(name, slots)| (name, Domain { sections: sections(slots) })).collect()
}

impl Builder {
    fn statement(&mut self, line: usize, words: &[&str]) {
        let owned = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
        match words {
            ["config", "vdom" | "global"] => {
                self.stack.push(Level::Wrapper);
                self.domain = String::new();
            }
            ["config", rest @ ..] => self.stack.push(Level::Config(rest.join(" "))),
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
            ["unselect", key, values @ ..] => {
                if let Some((_, own)) = self.open.last_mut().and_then(|o| o.sets.get_mut(*key)) {
                    own.retain(|v| !values.contains(&v.as_str()));
                }
            }
            ["unset", key, ..] => {
                if let Some(object) = self.open.last_mut() {
                    object.sets.remove(*key);
                }
            }
            ["delete", name, ..] => self.delete(name),
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
            _ => {}
        }
    }

    /// The section that the next `edit` belongs to.
    fn path(&self) -> String {
        let configs = self.stack.iter().filter_map(|l| match l {
            Level::Config(path) => Some(path.as_str()),
            _ => None,
        });
        configs.collect::<Vec<_>>().join("/")
    }

    /// What stands inside another object belongs to it.
    fn full_name(&self, name: &str) -> String {
        self.open.last().map_or_else(|| name.to_owned(), |parent| format!("{}/{name}", parent.name))
    }

    /// The object that an `edit` of this name changes. `edit 0` is always a new one.
    fn known(&self, name: &str) -> Option<&Object> {
        let slots = self.domains.get(&self.domain)?.get(&self.path())?;
        let at = slots.by_name.get(&self.full_name(name)).filter(|_| name != "0")?;
        slots.objects.get(*at)?.as_ref()
    }

    fn delete(&mut self, name: &str) {
        if !matches!(self.stack.last(), Some(Level::Config(_))) {
            return;
        }
        let (path, name) = (self.path(), self.full_name(name));
        let slots = self.domains.get_mut(&self.domain).and_then(|d| d.get_mut(&path));
        if let Some(slots) = slots
            && let Some(at) = slots.by_name.remove(&name)
            && let Some(slot) = slots.objects.get_mut(at)
        {
            *slot = None;
        }
    }

    fn close(&mut self) {
        if !matches!(self.stack.last(), Some(Level::Edit)) {
            return;
        }
        self.stack.pop();
        let path = self.path();
        let Some(mut object) = self.open.pop() else { return };
        let is_new = object.name == "0";
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
