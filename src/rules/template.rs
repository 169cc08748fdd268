//! Host names and sentences with `{keyName}` placeholders.

use borsh::{BorshDeserialize, BorshSerialize};

use super::condition::{KeyPath, note};
use super::keys::KeyCatalogue;
use crate::rules::Word;
use crate::text::template::{self, Piece};

/// One piece of a template.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum Part {
    /// Fixed text.
    Text(Word),
    /// The value of a key or of an entry's member.
    Key(KeyPath),
}

/// Text with placeholders.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Template {
    /// The pieces, in order.
    pub parts: Vec<Part>,
}

impl Template {
    /// Reads `text`; `read` collects the names of the keys it mentions.
    ///
    /// # Errors
    /// A message that says what is wrong.
    pub(super) fn parse(
        text: &str,
        each: Option<&str>,
        keys: &KeyCatalogue,
        read: &mut Vec<Word>,
    ) -> Result<Self, String> {
        let mut parts = Vec::new();
        for piece in template::pieces(text) {
            match piece {
                Piece::Text(fixed) if fixed.contains('}') => {
                    return Err(format!("`{text}` has a closing brace without an opening one"));
                }
                Piece::Text(fixed) => parts.push(Part::Text(fixed.into())),
                Piece::Open(_) => {
                    return Err(format!("`{text}` has an opening brace without a closing one"));
                }
                Piece::Name(name) => {
                    let path = KeyPath::resolve(name, each, keys)?;
                    note(read, &path.key);
                    parts.push(Part::Key(path));
                }
            }
        }
        Ok(Self { parts })
    }

    /// Whether it has no placeholder.
    pub fn is_fixed(&self) -> bool {
        !self.parts.iter().any(|p| matches!(p, Part::Key(_)))
    }

    /// The first key it is made from.
    pub fn first_key(&self) -> Option<&KeyPath> {
        self.parts.iter().find_map(|p| match p {
            Part::Key(k) => Some(k),
            Part::Text(_) => None,
        })
    }

    /// The text with each placeholder replaced by what `fill` gives; `None` as soon as it gives none.
    pub fn render<'a>(&'a self, mut fill: impl FnMut(&'a KeyPath) -> Option<String>) -> Option<String> {
        let mut text = String::with_capacity(64);
        for part in &self.parts {
            match part {
                Part::Text(t) => text.push_str(t),
                Part::Key(k) => text.push_str(&fill(k)?),
            }
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::rules::keys::{Key, KeyKind};

    fn catalogue() -> KeyCatalogue {
        let key = Key {
            name: "region".into(),
            kind: KeyKind::String,
            default: None,
            earlier: None,
            values: vec![],
            shapes: vec![],
            values_by_version: vec![],
            since: None,
            until: None,
            secret: false,
            open: vec![],
            addresses: vec![],
            hidden: vec![],
            old_names: vec![],
            console_only: false,
            whole: false,
            unreadable: None,
            nested: None,
            nested_earlier: None,
            url: false,
            app_behaviour: false,
            app_behaviour_disputed: false,
            app_behaviour_since: None,
            effect: "names a host".into(),
        };
        KeyCatalogue { keys: vec![key], families: vec![], newest: None }
    }

    #[test]
    fn placeholders_are_filled_and_remembered() {
        let mut read = vec![];
        let t = Template::parse("a.{region}.example", None, &catalogue(), &mut read).unwrap();
        assert_eq!(read, ["region"]);
        assert_eq!(t.render(|_| Some("r1".into())).unwrap(), "a.r1.example");
        assert_eq!(t.render(|_| None), None);
        assert!(!t.is_fixed());
    }

    #[test]
    fn unknown_keys_stray_braces_and_entries_without_each_are_refused() {
        for bad in ["{nope}.example", "{region.example", "region}.example", "{entry.name}.example"] {
            assert!(Template::parse(bad, None, &catalogue(), &mut vec![]).is_err(), "{bad}");
        }
    }
}
