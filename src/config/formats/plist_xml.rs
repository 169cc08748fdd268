//! XML property lists into the common tree, with the line of every key.
//!
//! No entity beyond XML's own five and character references is known, so nothing expands.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::tree::{MAX_DEPTH, MAX_VALUES, Member, Raw};
use crate::config::error::{Fault, FaultKind};

/// What an XML text turned out to be.
#[derive(Debug, PartialEq)]
pub(crate) enum Xml {
    /// A property list, whole.
    Plist(Raw),
    /// Pairs of keys and values without a root.
    Fragment(Raw),
    /// Another kind of XML, by its root element.
    Other {
        /// Name of the root element.
        root: String,
        /// Its line.
        line: u32,
    },
}

/// An open collection.
enum Open {
    List(Vec<Raw>),
    Map { members: Vec<Member>, key: Option<(String, u32)> },
}

/// Reads an XML property list.
pub(crate) fn parse(text: &str) -> Result<Xml, Fault> {
    let mut reader = Reader::from_str(text);
    let mut lines = Lines { text, seen: 0, line: 1 };
    let mut builder = Builder::default();
    // The leaf element being read: its name and its text so far.
    let mut leaf: Option<(&'static str, String, u32)> = None;
    loop {
        let start = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(e) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                let at = at.max(lines.seen);
                return Err(xml_fault(&e, &mut lines, at));
            }
        };
        let line = lines.at(start);
        let here = |lines: &mut Lines, what: String, next: &str| lines.syntax(start, what, next);
        match event {
            Event::Start(tag) => {
                if leaf.is_some() {
                    return Err(here(
                        &mut lines,
                        "a tag inside a value".to_owned(),
                        "Close the value first, and write < as &lt;",
                    ));
                }
                let name = tag.name();
                match Element::of(name.as_ref()) {
                    Some(Element::Plist) if builder.untouched() => builder.plist = true,
                    Some(Element::Dict | Element::Array) if builder.stack.len() >= MAX_DEPTH => {
                        return Err(lines.fault(start, FaultKind::TooDeep));
                    }
                    Some(Element::Dict) => builder.stack.push(Open::Map { members: Vec::new(), key: None }),
                    Some(Element::Array) => builder.stack.push(Open::List(Vec::new())),
                    Some(Element::Leaf(known)) => leaf = Some((known, String::new(), line)),
                    _ if builder.untouched() && !builder.plist => {
                        return Ok(Xml::Other { root: crate::config::error::shown(name.as_ref()), line });
                    }
                    _ => {
                        return Err(here(
                            &mut lines,
                            format!("<{}>, which no property list has here", short(name.as_ref())),
                            "Write <key>, <string>, <true/>, <false/>, <integer>, <array> or <dict>",
                        ));
                    }
                }
            }
            Event::Empty(tag) => {
                if leaf.is_some() {
                    return Err(here(
                        &mut lines,
                        "a tag inside a value".to_owned(),
                        "Close the value first, and write < as &lt;",
                    ));
                }
                let name = tag.name();
                let value = match Element::of(name.as_ref()) {
                    Some(Element::Dict) => Raw::Map(Vec::new()),
                    Some(Element::Array) => Raw::List(Vec::new()),
                    Some(Element::Plist) if builder.untouched() => {
                        builder.plist = true;
                        continue;
                    }
                    Some(Element::Leaf("key")) => {
                        builder.key(String::new(), line).map_err(|what| here(&mut lines, what, KEY_ORDER))?;
                        continue;
                    }
                    Some(Element::Leaf(known)) => leaf_value(known, String::new())
                        .map_err(|what| here(&mut lines, what, "Correct the value"))?,
                    _ if builder.untouched() && !builder.plist => {
                        return Ok(Xml::Other { root: crate::config::error::shown(name.as_ref()), line });
                    }
                    _ => {
                        return Err(here(
                            &mut lines,
                            format!("<{}/>, which no property list has here", short(name.as_ref())),
                            "Remove it",
                        ));
                    }
                };
                builder.add(value).map_err(|problem| lines.place(start, problem))?;
            }
            Event::End(tag) => match Element::of(tag.name().as_ref()) {
                Some(Element::Leaf(_)) => {
                    if let Some((known, text, line)) = leaf.take() {
                        if known == "key" {
                            builder.key(text, line).map_err(|what| here(&mut lines, what, KEY_ORDER))?;
                        } else {
                            let value = leaf_value(known, text)
                                .map_err(|what| here(&mut lines, what, "Correct the value"))?;
                            builder.add(value).map_err(|problem| lines.place(start, problem))?;
                        }
                    }
                }
                Some(Element::Dict | Element::Array) => {
                    let value = match builder.stack.pop() {
                        Some(Open::List(items)) => Raw::List(items),
                        Some(Open::Map { members, key: None }) => Raw::Map(members),
                        Some(Open::Map { key: Some((name, _)), .. }) => {
                            let what =
                                format!("the key `{}` without a value", crate::config::error::shown(&name));
                            return Err(here(&mut lines, what, KEY_ORDER));
                        }
                        None => {
                            return Err(here(&mut lines, "a closing tag too many".to_owned(), "Remove it"));
                        }
                    };
                    builder.add(value).map_err(|problem| lines.place(start, problem))?;
                }
                _ => {}
            },
            Event::Text(text) => match &mut leaf {
                Some((_, value, _)) => value.push_str(&text.xml10_content()),
                None if text.trim().is_empty() => {}
                None => {
                    let lead = text.len() - text.trim_start().len();
                    return Err(lines.syntax(
                        start + lead,
                        "text outside every value".to_owned(),
                        "Remove it, or put it into <string>…</string>",
                    ));
                }
            },
            Event::CData(text) => match &mut leaf {
                Some((_, value, _)) => value.push_str(&text.into_inner()),
                None => return Err(here(&mut lines, "text outside every value".to_owned(), "Remove it")),
            },
            Event::GeneralRef(name) => {
                let resolved = if name.is_char_ref() {
                    name.resolve_char_ref().ok().flatten()
                } else {
                    match &*name {
                        "amp" => Some('&'),
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "quot" => Some('"'),
                        "apos" => Some('\''),
                        _ => None,
                    }
                };
                match (resolved, &mut leaf) {
                    (Some(c), Some((_, value, _))) => value.push(c),
                    _ => {
                        return Err(here(
                            &mut lines,
                            "an entity that is not known here".to_owned(),
                            "Property lists know only &amp; &lt; &gt; &quot; &apos; and character numbers; write & as &amp;",
                        ));
                    }
                }
            }
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_) => {}
            Event::Eof => {
                let end = text.len();
                if leaf.is_some() || !builder.stack.is_empty() && !builder.only_pairs() {
                    return Err(lines.syntax(end, "the text ends inside an open element".to_owned(), CUT));
                }
                return builder.finish().map_err(|what| lines.syntax(end, what, CUT));
            }
        }
    }
}

const KEY_ORDER: &str = "Inside <dict>, every <key> is followed by exactly one value";
const CUT: &str = "The file is cut off; copy or export it again";

enum Element {
    Plist,
    Dict,
    Array,
    Leaf(&'static str),
}

impl Element {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "plist" => Self::Plist,
            "dict" => Self::Dict,
            "array" => Self::Array,
            "key" => Self::Leaf("key"),
            "string" => Self::Leaf("string"),
            "integer" => Self::Leaf("integer"),
            "real" => Self::Leaf("real"),
            "true" => Self::Leaf("true"),
            "false" => Self::Leaf("false"),
            "date" => Self::Leaf("date"),
            "data" => Self::Leaf("data"),
            _ => return None,
        })
    }
}

fn leaf_value(element: &str, text: String) -> Result<Raw, String> {
    let number = text.trim();
    Ok(match element {
        "string" => Raw::Text(text),
        "true" => Raw::Bool(true),
        "false" => Raw::Bool(false),
        "integer" => {
            match (number.parse::<i64>(), number.strip_prefix("0x").or_else(|| number.strip_prefix("0X"))) {
                (Ok(n), _) => Raw::Integer(n),
                (_, Some(hex)) => match i64::from_str_radix(hex, 16) {
                    Ok(n) if !hex.starts_with(['+', '-']) => Raw::Integer(n),
                    _ => return Err("an <integer> that is no whole number".to_owned()),
                },
                _ if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => {
                    Raw::Number(number.chars().take(64).collect())
                }
                _ => return Err("an <integer> that is no whole number".to_owned()),
            }
        }
        "real" => match number.parse::<f64>() {
            Ok(_) => Raw::Number(number.chars().take(64).collect()),
            Err(_) => return Err("a <real> that is no number".to_owned()),
        },
        "date" => Raw::Other("a date"),
        _ => Raw::Other("binary data"),
    })
}

#[derive(Default)]
struct Builder {
    stack: Vec<Open>,
    root: Option<Raw>,
    plist: bool,
    values: usize,
    /// The root dictionary was not written: only pairs were.
    implied: bool,
}

/// Why a value cannot stand where it does.
enum Misplaced {
    Text(String),
    TooMany,
}

impl Builder {
    fn untouched(&self) -> bool {
        self.stack.is_empty() && self.root.is_none()
    }

    fn only_pairs(&self) -> bool {
        self.implied && self.stack.len() == 1
    }

    fn key(&mut self, name: String, line: u32) -> Result<(), String> {
        if self.untouched() {
            self.implied = true;
            self.stack.push(Open::Map { members: Vec::new(), key: None });
        }
        match self.stack.last_mut() {
            Some(Open::Map { key: slot @ None, .. }) => {
                *slot = Some((name, line));
                Ok(())
            }
            Some(Open::Map { key: Some((first, _)), .. }) => {
                Err(format!("the key `{}` without a value", crate::config::error::shown(first)))
            }
            _ => Err("<key> outside a <dict>".to_owned()),
        }
    }

    fn add(&mut self, value: Raw) -> Result<(), Misplaced> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(Misplaced::TooMany);
        }
        match self.stack.last_mut() {
            Some(Open::List(items)) => items.push(value),
            Some(Open::Map { members, key }) => match key.take() {
                Some((name, line)) => members.push(Member { name, line, value }),
                None => return Err(Misplaced::Text("a value without a <key>".to_owned())),
            },
            None if self.root.is_none() => self.root = Some(value),
            None => return Err(Misplaced::Text("a second root value".to_owned())),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Xml, String> {
        if self.implied {
            return match self.stack.pop() {
                Some(Open::Map { members, key: None }) => Ok(Xml::Fragment(Raw::Map(members))),
                _ => Err("the last <key> has no value".to_owned()),
            };
        }
        match self.root {
            Some(root) => Ok(Xml::Plist(root)),
            None => Err("no value".to_owned()),
        }
    }
}

/// Counts lines forward only, so that a whole file costs one pass.
struct Lines<'a> {
    text: &'a str,
    seen: usize,
    line: u32,
}

impl Lines<'_> {
    fn at(&mut self, offset: usize) -> u32 {
        let offset = offset.clamp(self.seen, self.text.len());
        let passed = self.text.as_bytes().get(self.seen..offset).unwrap_or_default();
        self.line += u32::try_from(passed.iter().filter(|b| **b == b'\n').count()).unwrap_or(0);
        self.seen = offset;
        self.line
    }

    fn fault(&mut self, offset: usize, kind: FaultKind) -> Fault {
        let line = self.at(offset);
        let before = self.text.get(..self.seen).unwrap_or_default();
        let column = before.rsplit('\n').next().map_or(0, |t| t.chars().count()) + 1;
        Fault { kind, line: Some(line), column: u32::try_from(column).ok() }
    }

    fn syntax(&mut self, offset: usize, what: String, next: &str) -> Fault {
        self.fault(offset, FaultKind::Syntax { what, next: next.to_owned() })
    }

    fn place(&mut self, offset: usize, problem: Misplaced) -> Fault {
        match problem {
            Misplaced::Text(what) => self.syntax(offset, what, KEY_ORDER),
            Misplaced::TooMany => self.fault(offset, FaultKind::TooMany(MAX_VALUES)),
        }
    }
}

fn xml_fault(error: &quick_xml::Error, lines: &mut Lines, at: usize) -> Fault {
    use quick_xml::errors::{Error, IllFormedError, SyntaxError};
    let (what, next) = match error {
        Error::Syntax(SyntaxError::UnclosedComment) => {
            ("a comment that is never closed".to_owned(), "Close it with -->")
        }
        Error::Syntax(SyntaxError::InvalidBangMarkup) => {
            ("`<!` that begins nothing".to_owned(), "Write < as &lt;")
        }
        Error::Syntax(_) => ("a tag that is never closed".to_owned(), CUT),
        Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
            (format!("</{}> where </{}> should be", short(found), short(expected)), "Correct the closing tag")
        }
        Error::IllFormed(IllFormedError::UnmatchedEndTag(found)) => {
            (format!("</{}> that closes nothing", short(found)), "Remove it")
        }
        Error::IllFormed(IllFormedError::UnclosedReference) => {
            ("`&` that begins no entity".to_owned(), "Write & as &amp;")
        }
        Error::IllFormed(IllFormedError::MissingEndTag(name)) => {
            (format!("<{}> that is never closed", short(name)), CUT)
        }
        _ => ("malformed XML".to_owned(), "Correct this place, or export the profile again"),
    };
    lines.syntax(at, what, next)
}

/// An element's name for a message. Only names of the format itself are repeated: with a stray `<`
/// in a password, the rest of it reads like a name.
fn short(name: &str) -> &str {
    if Element::of(name).is_some() { name } else { "…" }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_value_type_and_the_line_of_each_key() {
        let text = "<?xml version=\"1.0\"?>\n<!DOCTYPE plist>\n<plist version=\"1.0\">\n<dict>\n<key>a</key>\n<!-- c -->\n<string>x &amp; &#121; \"q\"</string>\n<key>b</key><true/><key>c</key><integer>7</integer>\n<key>d</key><array><string/><false></false></array><key>e</key><dict/>\n<key>f</key><date>2026-01-01T00:00:00Z</date><key>g</key><real>1.5</real><key>h</key><string><![CDATA[<z>]]></string></dict></plist>\n";
        let Xml::Plist(Raw::Map(m)) = parse(text).unwrap() else { panic!() };
        let lines: Vec<u32> = m.iter().map(|m| m.line).collect();
        assert_eq!(lines, [5, 8, 8, 9, 9, 10, 10, 10]);
        let values: Vec<Raw> = m.into_iter().map(|m| m.value).collect();
        assert_eq!(
            values,
            [
                Raw::Text("x & y \"q\"".into()),
                Raw::Bool(true),
                Raw::Integer(7),
                Raw::List(vec![Raw::Text(String::new()), Raw::Bool(false)]),
                Raw::Map(vec![]),
                Raw::Other("a date"),
                Raw::Number("1.5".into()),
                Raw::Text("<z>".into()),
            ]
        );
    }

    #[test]
    fn pairs_without_a_root_are_a_fragment() {
        let got = parse("<key>a</key>\n<string>b</string>\n").unwrap();
        assert_eq!(
            got,
            Xml::Fragment(Raw::Map(vec![Member { name: "a".into(), line: 1, value: Raw::Text("b".into()) }]))
        );
    }

    #[test]
    fn other_xml_is_named_by_its_root() {
        let got = parse("<?xml version='1.0'?>\n<policyDefinitions x='1'><a/></policyDefinitions>").unwrap();
        assert_eq!(got, Xml::Other { root: "policyDefinitions".into(), line: 2 });
    }

    #[test]
    fn entity_bombs_do_not_expand() {
        let text = "<!DOCTYPE p [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>\n<plist><dict><key>k</key><string>&b;</string></dict></plist>";
        let fault = parse(text).unwrap_err();
        assert_eq!(fault.line, Some(2));
        assert!(matches!(fault.kind, FaultKind::Syntax { what, .. } if what.contains("entity")));
    }

    #[test]
    fn depth_is_bounded() {
        for open in ["<array>", "<dict><key>a</key>"] {
            let text = format!("<plist>{}", open.repeat(100_000));
            assert_eq!(parse(&text).unwrap_err().kind, FaultKind::TooDeep);
        }
    }

    #[test]
    fn faults_have_a_place() {
        for (text, line) in [
            ("<plist>\n<dict>\n<key>a</key>\n<key>b</key>\n</dict></plist>", 4),
            ("<plist>\n<dict>\n<key>a</key>\n<string>b", 4),
            ("<plist>\n<dict>\n<key>a</key>\n<string>b</strin></dict>", 4),
            ("<plist>\n<dict>\n<string>b</string></dict></plist>", 3),
            ("<plist>\n<dict>\n<key>a</key>\n", 4),
            ("<plist>\n<dict>\n<key>a</key><string>a & b</string></dict></plist>", 3),
        ] {
            assert_eq!(parse(text).unwrap_err().line, Some(line), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn any_soup_of_tags_is_read_or_refused(parts in prop::collection::vec(prop::sample::select(vec![
            "<plist>", "</plist>", "<dict>", "</dict>", "<array>", "</array>", "<key>", "</key>", "<string>", "</string>",
            "<true/>", "<integer>", "</integer>", "1", "&amp;", "&", "<!--", "-->", "<![CDATA[", "]]>", "\n", "<", "a",
        ]), 0..40)) {
            let text: String = parts.concat();
            let ours = parse(&text);
            let theirs = plist::Value::from_reader_xml(text.as_bytes());
            if let (Ok(Xml::Plist(_)), Err(e)) = (&ours, &theirs) {
                // The other reader is stricter about what stands around the root.
                prop_assert!(text.contains("CDATA") || !text.trim_start().starts_with("<plist>") || !text.trim_end().ends_with("</plist>") || text.contains("<integer>") || text.contains("<!--") || text.contains("<dict>") , "{text:?}: {e}");
            }
        }
    }
}
