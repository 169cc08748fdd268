//! The XML of PAN-OS: every value with the words that lead to it, as a command would set it.

use std::borrow::Cow;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader as XmlReader, XmlVersion};

use super::super::read::{Ignored, Unread};
use super::{Config, LONGEST};

/// Numbers of the lines of a text, for places that come one after the other.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of a place, which is not before the last one.
    fn of(&mut self, at: u64) -> usize {
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(self.text.len());
        let between = self.text.as_bytes().get(self.at..at).unwrap_or_default();
        self.line += between.iter().filter(|b| **b == b'\n').count();
        self.at = self.at.max(at);
        self.line
    }
}

impl Config {
    pub(super) fn xml(&mut self, text: &str) -> Result<(), Unread> {
        let mut reader = XmlReader::from_str(text);
        let mut path: Vec<Vec<String>> = Vec::new();
        let mut content = String::new();
        // The element that was opened last has had nothing inside so far.
        let mut is_bare = false;
        let named = |start: &BytesStart<'_>| -> Result<Option<String>, Unread> {
            let found = start.attributes().flatten().find(|a| a.key.as_ref() == "name");
            let value = found.map(|name| name.normalized_value(XmlVersion::Implicit1_0)).transpose();
            let value = value.map_err(|e| Unread::whole(&format!("XML that cannot be read: {e}")))?;
            if value.as_ref().is_some_and(|name| name.len() > LONGEST) {
                return Err(Unread::whole("XML with a longer name than PAN-OS has"));
            }
            Ok(value.map(Cow::into_owned))
        };
        let mut lines = Lines { text, at: 0, line: 1 };
        let mut line = move |at| lines.of(at);
        loop {
            match reader.read_event() {
                Ok(Event::Eof) => return Ok(()),
                Ok(Event::Start(start)) => {
                    let name = start.name().as_ref().to_owned();
                    let is_entry = name == "entry";
                    let element = match (name.as_str(), named(&start)?) {
                        ("entry", Some(name)) => vec![name],
                        ("member", _) => Vec::new(),
                        _ => vec![name],
                    };
                    is_bare = !is_entry && !element.is_empty();
                    path.push(element);
                    content.clear();
                    self.target(&path, line(reader.buffer_position()));
                    if path.len() > 200 {
                        return Err(Unread::whole("XML that nests too deep"));
                    }
                }
                Ok(Event::Empty(empty)) => {
                    is_bare = false;
                    let name = empty.name().as_ref().to_owned();
                    if ["entry", "member"].contains(&name.as_str()) {
                        path.push(named(&empty)?.into_iter().collect());
                        self.target(&path, line(reader.buffer_position()));
                    } else {
                        path.push(vec![name]);
                        self.emptied(&path, line(reader.buffer_position()));
                    }
                    path.pop();
                }
                Ok(Event::Text(below)) if path.is_empty() && !below.trim().is_empty() => {
                    let line = line(reader.buffer_position());
                    self.doubt.push(Ignored::new(line, &below, "commands beside XML are not followed"));
                }
                Ok(Event::Text(text)) => content.push_str(&text),
                Ok(Event::CData(text)) => content.push_str(&text),
                Ok(Event::GeneralRef(name)) => match name.resolve_char_ref() {
                    Ok(Some(c)) => content.push(c),
                    _ => match resolve_predefined_entity(&name) {
                        Some(text) => content.push_str(text),
                        None => {
                            let why =
                                format!("XML that cannot be read: the entity `{}` is not known", &*name);
                            return Err(Unread::whole(&why));
                        }
                    },
                },
                Ok(Event::End(_)) => {
                    let value = content.trim().to_owned();
                    if value.is_empty() && is_bare {
                        self.emptied(&path, line(reader.buffer_position()));
                    }
                    is_bare = false;
                    if !value.is_empty() {
                        let whole: Vec<String> = path.iter().flatten().cloned().chain([value]).collect();
                        self.set(&whole, line(reader.buffer_position()));
                    }
                    content.clear();
                    path.pop();
                }
                Ok(_) => {}
                Err(error) => return Err(Unread::whole(&format!("XML that cannot be read: {error}"))),
            }
        }
    }

    /// An element of a rule or of a list of names with nothing inside.
    fn emptied(&mut self, path: &[Vec<String>], line: usize) {
        let words: Vec<String> = path.iter().flatten().cloned().collect();
        if words.iter().any(|w| w == "rules" || w == "botnet-domains") {
            self.set(&words, line);
        }
    }

    /// A device of a rule, which may stand there without anything inside.
    fn target(&mut self, path: &[Vec<String>], line: usize) {
        let words: Vec<String> = path.iter().flatten().cloned().collect();
        if let [.., target, devices, _] = words.as_slice()
            && (target, devices) == (&"target".to_owned(), &"devices".to_owned())
        {
            self.set(&words, line);
        }
    }
}
