//! The one tree that every format is read into, before any key is known.

/// Deepest nesting that is read; beyond it recursion would be at the file's mercy.
pub(crate) const MAX_DEPTH: usize = 64;

/// Most values that are read from one document: bounds memory at a multiple of real files, which
/// hold a few hundred. A value of two bytes in the file may take half a kilobyte once decoded.
pub(crate) const MAX_VALUES: usize = 10_000;

/// Most bytes of text that the variables of one script are filled in with, all together: a text that is made of
/// itself twice doubles with every line, and what has been made can be used on each of thousands.
pub(crate) const MAX_FILLED: usize = 1024 * 1024;

/// A value as the format spells it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Raw {
    Null,
    Bool(bool),
    Integer(i64),
    /// A number that is no 64-bit integer, as written.
    Number(String),
    Text(String),
    List(Vec<Raw>),
    Map(Vec<Member>),
    /// Something no key takes; the text names it, such as "a date".
    Other(&'static str),
}

/// A named value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub name: String,
    /// One-based line of the name; 0 where the format has no lines.
    pub line: u32,
    pub value: Raw,
}

impl Raw {
    /// What it is, for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) | Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
            Self::Other(what) => what,
        }
    }

    /// The text, if it is text.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(t) => Some(t),
            _ => None,
        }
    }

    /// The members, if it is an object.
    pub(crate) fn members(&self) -> Option<&[Member]> {
        match self {
            Self::Map(m) => Some(m),
            _ => None,
        }
    }
}

/// The last member of that name, as readers that overwrite would see it.
pub(crate) fn find<'a>(members: &'a [Member], name: &str) -> Option<&'a Member> {
    members.iter().rev().find(|m| m.name == name)
}
