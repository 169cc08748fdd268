//! Decoded values and where each one came from.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::secret::Secret;
use super::{Platform, Severity};

/// A decoded value of a key.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum Value {
    /// True or false, however it was spelled.
    Bool(bool),
    /// A whole number, however it was spelled.
    Integer(i64),
    /// Another number, as it was written; only inside lists and objects.
    Number(String),
    /// Text as it is.
    Text(String),
    /// Text that must never be shown.
    Secret(Secret),
    /// A list.
    List(Vec<Value>),
    /// An object.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(t) => Some(t),
            _ => None,
        }
    }

    /// The boolean, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The list, if this is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(l) => Some(l),
            _ => None,
        }
    }

    /// Follows a dotted path through nested objects; an empty path is the value itself.
    pub fn at(&self, path: &str) -> Option<&Value> {
        if path.is_empty() {
            return Some(self);
        }
        path.split('.').try_fold(self, |value, name| match value {
            Self::Map(m) => m.get(name),
            _ => None,
        })
    }

    /// Whether the app would treat the key as set: empty text, an empty secret, an empty list and
    /// an empty object count as not set (source C5).
    pub fn is_set(&self) -> bool {
        match self {
            Self::Bool(_) | Self::Integer(_) | Self::Number(_) => true,
            Self::Text(t) => !t.is_empty(),
            Self::Secret(s) => !s.is_empty(),
            Self::List(l) => !l.is_empty(),
            Self::Map(m) => !m.is_empty(),
        }
    }
}

/// Where a value stands: enough to find it again in the file someone sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The file as the user named it (`-` for standard input).
    pub source: String,
    /// One-based line, where the format has lines and the reader knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The path inside the document, such as `enterpriseConfig.inferenceProvider`, the registry
    /// key and value name, or `PayloadContent[1].inferenceProvider`.
    pub path: String,
}

/// One key as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The decoded value.
    pub value: Value,
    /// Where it stands.
    pub origin: Origin,
    /// How the file spells it, where that differs from the value and nothing of it is secret.
    pub raw: Option<String>,
}

/// Something wrong or noteworthy in a configuration. `message` never contains a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lint {
    /// Stable identifier, such as `unknown-key`.
    pub id: String,
    /// Weight.
    pub severity: Severity,
    /// One sentence: what is wrong and what to write instead.
    pub message: String,
    /// The key it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// A file that a configuration was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The file as the user named it (`-` for standard input).
    pub name: String,
    /// The format it was recognised as, such as `mobileconfig`.
    pub format: String,
    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub sha256: String,
}

/// A configuration: every key that was read, decoded, with its origin.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Configuration {
    /// What to call it in a report: the file's name, or the profile's name.
    pub name: String,
    /// The files it came from.
    pub sources: Vec<Source>,
    /// The platform that the file's format implies, if it implies one.
    pub platform: Option<Platform>,
    /// The vendor's admin console serves this configuration: it was read from a document of its Admin
    /// API, or the caller said so.
    pub admin_console: bool,
    /// The recognised keys under their current names.
    pub settings: BTreeMap<String, Setting>,
    /// What the reader noticed.
    pub lint: Vec<Lint>,
    /// Known keys that are present with a value the app cannot use. It counts them as set when it
    /// decides whether a device is managed.
    pub unreadable: Vec<String>,
    /// What was set somewhere and is not in effect, in the order it lost.
    pub shadowed: Vec<Shadowed>,
    /// The places that were looked at, in order of precedence; empty for a file given by name.
    pub places: Vec<PlaceRead>,
    /// Whose preferences, hive or home folder were read, when a device was read.
    pub user: Option<String>,
}

/// A value that is set and not in effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Shadowed {
    /// The key.
    pub key: String,
    /// The value that lost, decoded; secrets are [`Value::Secret`] as everywhere.
    pub value: Value,
    /// Where it stands.
    pub origin: Origin,
    /// What it lost to.
    pub by: ShadowedBy,
}

/// What a value lost to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShadowedBy {
    /// The same key in a place that wins.
    Key(Origin),
    /// A rule about the whole place; the text is a clause that follows "because".
    Rule(String),
}

/// A place on a device that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceRead {
    /// The path, the registry key, or the path's template when a part of it is unknown here.
    pub path: String,
    /// What came of it.
    pub status: PlaceStatus,
}

/// What came of looking at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceStatus {
    /// At least one of its values could take effect.
    Read,
    /// Nothing is there.
    Absent,
    /// It is there, and its values do not count; the text is a clause that follows "because".
    Ignored(String),
    /// It is there, the app cannot use it and still counts the device as managed; the text says
    /// why.
    Rejected(String),
    /// It could not be looked at from here; the text says why.
    NotLookedAt(String),
}

impl PlaceStatus {
    /// One word for tables.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Absent => "absent",
            Self::Ignored(_) => "ignored",
            Self::Rejected(_) => "rejected",
            Self::NotLookedAt(_) => "not-looked-at",
        }
    }

    /// The reason, where there is one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Read | Self::Absent => None,
            Self::Ignored(why) | Self::Rejected(why) | Self::NotLookedAt(why) => Some(why),
        }
    }
}

impl Configuration {
    /// The value of `path`: a key, or a key followed by a dotted path into its object.
    pub fn get(&self, path: &str) -> Option<&Value> {
        let (key, rest) = path.split_once('.').unwrap_or((path, ""));
        self.settings.get(key)?.value.at(rest)
    }

    /// The text at `path`, if it is non-empty text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path)?.as_str().filter(|t| !t.is_empty())
    }

    /// Whether `path` is set to anything the app would not treat as absent.
    pub fn is_set(&self, path: &str) -> bool {
        self.get(path).is_some_and(Value::is_set)
    }
}
