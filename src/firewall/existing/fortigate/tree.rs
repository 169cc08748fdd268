//! The tree of a FortiOS configuration: `config`, `edit`, `set`, `next`, `end`, with virtual domains. What the
//! objects mean is not known here.

use std::collections::BTreeMap;

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

pub(super) fn parse(text: &str) -> BTreeMap<String, Domain> {
    enum Level {
        Config(String),
        Edit,
        Wrapper,
    }
    let mut domains: BTreeMap<String, Domain> = BTreeMap::new();
    let mut stack: Vec<Level> = Vec::new();
    let mut domain = String::new();
    let mut open: Vec<Object> = Vec::new();
    for (line, words) in statements(text) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["config", "vdom" | "global"] => {
                stack.push(Level::Wrapper);
                domain = String::new();
            }
            ["config", rest @ ..] => stack.push(Level::Config(rest.join(" "))),
            ["edit", name, ..] => {
                if matches!(stack.last(), Some(Level::Wrapper)) {
                    domain = (*name).to_owned();
                } else {
                    stack.push(Level::Edit);
                    open.push(Object { line, name: (*name).to_owned(), sets: BTreeMap::new() });
                }
            }
            ["set", key, values @ ..] => {
                if let Some(object) = open.last_mut() {
                    let values = values.iter().map(|v| (*v).to_owned()).collect();
                    object.sets.insert((*key).to_owned(), (line, values));
                }
            }
            ["append", key, values @ ..] => {
                if let Some(object) = open.last_mut() {
                    let entry = object.sets.entry((*key).to_owned()).or_insert((line, Vec::new()));
                    entry.1.extend(values.iter().map(|v| (*v).to_owned()));
                }
            }
            ["unset", key, ..] => {
                if let Some(object) = open.last_mut() {
                    object.sets.remove(*key);
                }
            }
            ["next", ..] => close(&mut stack, &mut open, &mut domains, &domain),
            ["end", ..] => {
                // `end` closes an edit that `next` did not.
                if matches!(stack.last(), Some(Level::Edit)) {
                    close(&mut stack, &mut open, &mut domains, &domain);
                }
                if matches!(stack.pop(), Some(Level::Wrapper)) {
                    domain = String::new();
                }
            }
            _ => {}
        }
    }
    fn close(
        stack: &mut Vec<Level>,
        open: &mut Vec<Object>,
        domains: &mut BTreeMap<String, Domain>,
        domain: &str,
    ) {
        if !matches!(stack.last(), Some(Level::Edit)) {
            return;
        }
        stack.pop();
        let path: Vec<&str> = stack
            .iter()
            .filter_map(|l| match l {
                Level::Config(path) => Some(path.as_str()),
                _ => None,
            })
            .collect();
        if let Some(mut object) = open.pop() {
            // What stands inside another object belongs to it.
            if let Some(parent) = open.last() {
                object.name = format!("{}/{}", parent.name, object.name);
            }
            let sections = &mut domains.entry(domain.to_owned()).or_default().sections;
            sections.entry(path.join("/")).or_default().push(object);
        }
    }
    domains
}
