//! The catalogue of configuration keys (`rules/keys.toml`): type, default, first version, secrecy
//! and old names of each key. Readers decode by it; rules refer to it.

use std::fmt;

use borsh::io;
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::compiled;
use super::condition::scalar;
use crate::contract::AppVersion;
use crate::contract::Versions;
use crate::contract::value::Value;
use crate::rules::Word;

/// The documented type of a key's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// Text.
    String,
    /// True or false; `"true"`, `"false"`, 1 and 0 in string-only formats.
    Boolean,
    /// Whole number; a decimal string in string-only formats.
    Integer,
    /// A fraction; decimal string in string-only formats. Kept as text.
    Number,
    /// List of text; JSON text in string-only formats.
    StringList,
    /// List of objects (plain strings among them are kept); JSON text in string-only formats.
    ObjectList,
    /// Object; JSON text in string-only formats.
    Object,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The flat name, such as `inferenceProvider`.
    pub name: Word,
    /// Its documented type.
    pub kind: KeyKind,
    /// Default where the documentation states one that matters for egress.
    #[serde(default)]
    pub default: Option<Literal>,
    /// Another default, for older versions.
    #[serde(default)]
    pub earlier: Option<EarlierDefault>,
    /// The values allowed, for an enumeration.
    #[serde(default)]
    pub values: Vec<Word>,
    /// Values that only some app versions know; for the others the key is unset.
    #[serde(default)]
    pub values_by_version: Vec<VersionedValue>,
    /// The forms that a value can have, for a text whose host does not exist in any other: `a` is one or
    /// more letters, `1` one or more digits, everything else itself.
    #[serde(default)]
    pub shapes: Vec<Word>,
    /// First app version that reads it.
    #[serde(default)]
    pub since: Option<AppVersion>,
    /// First app version that no longer reads it.
    #[serde(default)]
    pub until: Option<AppVersion>,
    /// The whole value is a secret.
    #[serde(default)]
    pub secret: bool,
    /// Dotted paths of the members of an object that others may read; `*` stands for any member or element,
    /// such as `*.transport`. All that is on none of these lists is hidden.
    #[serde(default)]
    pub open: Vec<Word>,
    /// Dotted paths of members, or of elements of a list, that are addresses, which others may read without
    /// what may be a password or a token in them.
    #[serde(default)]
    pub addresses: Vec<Word>,
    /// Dotted paths of members that are known as secrets, or hold some.
    #[serde(default)]
    pub hidden: Vec<Word>,
    /// Names under which older builds read it.
    #[serde(default)]
    pub old_names: Vec<OldName>,
    /// Only a configuration of the vendor's admin console sets it; everywhere else it is ignored.
    #[serde(default)]
    pub console_only: bool,
    /// A list with an element of another type cannot be read at all.
    #[serde(default)]
    pub whole: bool,
    /// What a value that cannot be read counts as.
    #[serde(default)]
    pub unreadable: Option<Unreadable>,
    /// Path in the nested document, where it is known.
    #[serde(default)]
    pub nested: Option<Word>,
    /// Another path in the nested document, for older versions.
    #[serde(default)]
    pub nested_earlier: Option<EarlierPath>,
    /// The value is a URL: an embedded `user:password@` is stripped and reported.
    #[serde(default)]
    pub url: bool,
    /// Belongs to the app-behaviour set: managing only such keys does not take the device over.
    #[serde(default)]
    pub app_behaviour: bool,
    /// One source counts it among that set, and the documentation does not.
    #[serde(default)]
    pub app_behaviour_disputed: bool,
    /// First app version in which the key belongs to that set; [`Key::since`] where there is none.
    #[serde(default)]
    pub app_behaviour_since: Option<AppVersion>,
    /// One line: what the key does on the network.
    pub effect: Word,
}

impl Key {
    /// The app versions that read the key.
    pub const fn versions(&self) -> Versions<'_> {
        Versions::new(&self.since, &self.until)
    }

    /// Whether the key belongs to the app-behaviour set of `version` (the newest when there is none):
    /// a managed source that sets only such keys does not take the device over (source C5).
    pub fn is_behaviour(&self, version: Option<&AppVersion>) -> bool {
        let since = self.app_behaviour_since.as_ref().or(self.since.as_ref());
        self.app_behaviour && version.is_none_or(|v| since.is_none_or(|s| v >= s))
    }

    /// The names of the members that its entries are known to have, for a list of objects.
    pub fn entry_members(&self) -> impl Iterator<Item = &str> {
        let paths = self.open.iter().chain(&self.addresses).chain(&self.hidden);
        paths.filter_map(|path| path.strip_prefix("*.")?.split('.').next())
    }

    /// Whether `version` (the newest when there is none) accepts `text` as a word of the enumeration.
    pub fn allows(&self, text: &str, version: Option<&AppVersion>) -> bool {
        let retired = |v: &VersionedValue| {
            v.at.is_empty() && v.value == text && version.is_some_and(|version| v.holds_for(version))
        };
        self.values.is_empty()
            || self.values.iter().any(|v| v == text)
            || self.values_by_version.iter().any(retired)
    }

    /// The path in the nested document that `version` (the newest when there is none) reads.
    pub fn nested_at(&self, version: Option<&AppVersion>) -> Option<&str> {
        match (&self.nested_earlier, version) {
            (Some(earlier), Some(version)) if *version < earlier.until => Some(&earlier.path),
            _ => self.nested.as_deref(),
        }
    }
}

/// A value that only some app versions know.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionedValue {
    /// The member that holds it, where the key holds objects; empty for the key's own value.
    #[serde(default)]
    pub at: Word,
    /// The value.
    pub value: Word,
    /// First app version that knows it.
    #[serde(default)]
    pub since: Option<AppVersion>,
    /// First app version that no longer knows it.
    #[serde(default)]
    pub until: Option<AppVersion>,
    /// What an older app reads in its place; absent where the key is unset then.
    #[serde(default)]
    pub before: Option<Word>,
    /// What to do with an older app.
    #[serde(default)]
    pub instead: Option<Word>,
}

impl VersionedValue {
    /// Whether `version` knows the value.
    pub fn holds_for(&self, version: &AppVersion) -> bool {
        Versions::new(&self.since, &self.until).contains(version)
    }
}

/// A name under which a key was read before.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct OldName {
    /// The name.
    pub name: Word,
    /// First app version that reads it, where it is younger than the key.
    #[serde(default)]
    pub since: Option<AppVersion>,
    /// First app version that no longer reads it; absent where no known version reads it.
    #[serde(default)]
    pub until: Option<AppVersion>,
}

impl OldName {
    /// Whether `version` (the newest when there is none) still reads the name.
    pub fn is_read_by(&self, version: Option<&AppVersion>) -> bool {
        self.until.is_some() && Versions::new(&self.since, &self.until).contains_or_newest(version)
    }
}

/// A value as the catalogue writes it: text, a number or a boolean.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Literal(toml::Value);

impl Literal {
    /// The value; nothing for what is neither text nor a number nor a boolean.
    pub fn value(&self) -> Option<Value> {
        scalar(&self.0)
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl BorshSerialize for Literal {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        let value = self.value().ok_or_else(|| io::Error::other(format!("{self} is not a scalar")))?;
        value.serialize(writer)
    }
}

impl BorshDeserialize for Literal {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Ok(Self(match Value::deserialize_reader(reader)? {
            Value::Bool(value) => toml::Value::Boolean(value),
            Value::Integer(value) => toml::Value::Integer(value),
            Value::Text(value) => toml::Value::String(value),
            _ => return Err(io::Error::other("a literal is not a scalar")),
        }))
    }
}

/// What a value that cannot be read counts as.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Unreadable {
    /// The value.
    pub counts_as: Literal,
    /// First app version that takes it so; older ones take the key as unset.
    pub since: AppVersion,
}

/// A path of the nested document that held before some version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierPath {
    /// The path then.
    pub path: Word,
    /// First app version that no longer reads it there.
    pub until: AppVersion,
}

/// A default that held before some version.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierDefault {
    /// The default then.
    pub default: Literal,
    /// First app version that no longer has it.
    pub until: AppVersion,
}

/// The keys of a provider, or of a credential kind, that share a path of the nested document with those of
/// others: the word behind `inference` in their names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// The word, in lower case.
    pub word: Word,
    /// The providers that read these keys.
    #[serde(default)]
    pub providers: Vec<Word>,
    /// The credential kind that comes first, whatever the provider.
    #[serde(default)]
    pub kind: Option<Word>,
}

impl Family {
    /// Whether the key belongs to it.
    pub fn has(&self, key: &Key) -> bool {
        let rest = key.name.strip_prefix("inference").unwrap_or(&key.name);
        rest.get(..self.word.len()).is_some_and(|head| head.eq_ignore_ascii_case(&self.word))
    }
}

/// Every known key.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyCatalogue {
    /// The keys, in the file's order.
    #[serde(rename = "key")]
    #[borsh(deserialize_with = "compiled::list")]
    pub keys: Vec<Key>,
    /// The words in the names of keys that belong to one provider or one kind of credential.
    #[serde(default, rename = "family")]
    pub families: Vec<Family>,
    /// Newest app version that the catalogue covers, where it is part of a pack.
    #[serde(skip)]
    pub newest: Option<AppVersion>,
}

impl KeyCatalogue {
    /// The key with this flat name (exact case).
    pub fn get(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|k| k.name == name)
    }

    /// The words that say how far the catalogue goes, such as `app 2.26454.0`.
    pub fn known_up_to(&self) -> String {
        self.newest.as_ref().map_or_else(|| "this release".to_owned(), |v| format!("app {v}"))
    }

    /// The key that `name` was an older name of.
    pub fn by_old_name(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|k| k.old_names.iter().any(|o| o.name == name))
    }
}
