//! Structured conditions: what must hold in a configuration for a rule to apply. There is no
//! expression language; a condition is a small tree of tables.

use crate::contract::Versions;
use crate::rules::Word;
use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::keys::{Key, KeyCatalogue, VersionedValue};
use crate::contract::value::Value;
use crate::contract::{AppVersion, Platform};

/// One word or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Words<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> Words<T> {
    pub(super) fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(t) => vec![t],
            Self::Many(v) => v,
        }
    }
}

/// A condition as it stands in a file: exactly one kind of test per table.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCondition {
    all: Option<Vec<RawCondition>>,
    any: Option<Vec<RawCondition>>,
    not: Option<Box<RawCondition>>,
    key: Option<Word>,
    set: Option<bool>,
    given: Option<bool>,
    empty: Option<bool>,
    is: Option<bool>,
    equals: Option<toml::Value>,
    one_of: Option<Vec<Word>>,
    starts_with_any: Option<Vec<Word>>,
    contains: Option<Word>,
    loopback: Option<bool>,
    host_is: Option<Vec<Word>>,
    provider: Option<Words<Word>>,
    credential: Option<Words<Word>>,
    platform: Option<Words<Platform>>,
    offline_installer: Option<bool>,
    admin_console: Option<bool>,
    app_since: Option<AppVersion>,
}

/// A checked condition, ready to evaluate without looking anything up.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum Condition {
    /// Every one holds (none: true).
    All(Vec<Condition>),
    /// At least one holds (none: false, which says "cannot be known from a configuration").
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// A test of one key's value.
    Key(KeyPath, Test),
    /// The inference provider is one of these.
    Provider(Vec<Word>),
    /// The credential kind is one of these.
    Credential(Vec<Word>),
    /// The platform is one of these.
    Platform(Vec<Platform>),
    /// The app was installed with the offline installer, or not.
    OfflineInstaller(bool),
    /// The device is managed by the vendor's admin console, or not.
    AdminConsole(bool),
    /// The app is of this version or newer.
    AppSince(AppVersion),
}

/// A test of a value.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum Test {
    /// Set to something the app would not treat as absent; defaults do not count.
    Set(bool),
    /// Set, or there with a value that the app cannot use.
    Given(bool),
    /// There as an empty list, or with a value that the app cannot use and takes as one.
    Empty(bool),
    /// True, after the key's default; `false` also holds for a key without value and default.
    Is(bool),
    /// Equal to this scalar, after the key's default.
    Equals(Value),
    /// Text that is one of these, after the key's default.
    OneOf(Vec<Word>),
    /// Text that begins with one of these.
    StartsWithAny(Vec<Word>),
    /// A list with this text as an element.
    Contains(Word),
    /// An address on the device itself.
    Loopback(bool),
    /// An address, or a list with one, whose host is one of these.
    HostIs(Vec<Word>),
}

/// Where a value is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Scope {
    /// A key of the configuration.
    Configuration,
    /// A member of the entry that the rule is being applied to.
    Entry,
}

/// A key or a member of an entry, with what the catalogue says about it.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct KeyPath {
    /// Where it is looked up.
    pub scope: Scope,
    /// The key; for an entry, the key whose list is iterated.
    pub key: Word,
    /// Dotted path inside the value; empty for the value itself.
    pub path: Word,
    /// Default, for versions from `earlier.1` on.
    pub default: Option<Value>,
    /// Default before a version.
    pub earlier: Option<Box<(Value, AppVersion)>>,
    /// First version that reads the key.
    pub since: Option<AppVersion>,
    /// First version that no longer reads it.
    pub until: Option<AppVersion>,
    /// The values here that only some versions know.
    pub bounded: Vec<VersionedValue>,
    /// Only the admin console sets the key.
    pub console_only: bool,
    /// What a value that cannot be read counts as, and since when.
    pub unreadable: Option<Box<(Value, AppVersion)>>,
}

impl KeyPath {
    /// Resolves `text` (`key`, `key.member` or `entry.member`) against the catalogue.
    ///
    /// # Errors
    /// A message that says what is wrong with the path.
    pub(crate) fn resolve(text: &str, each: Option<&str>, keys: &KeyCatalogue) -> Result<Self, String> {
        if let Some(member) = text.strip_prefix("entry.") {
            let Some(list) = each else {
                return Err(format!("`{text}` needs `each = \"<key>\"` in the rule"));
            };
            let bounded = keys.get(list).map(|key| bounded(key, member)).unwrap_or_default();
            return Ok(Self {
                scope: Scope::Entry,
                key: list.into(),
                path: member.into(),
                default: None,
                earlier: None,
                since: None,
                until: None,
                bounded,
                console_only: false,
                unreadable: None,
            });
        }
        let (name, path) = text.split_once('.').unwrap_or((text, ""));
        let Some(key) = keys.get(name) else {
            return Err(format!("`{name}` is not in keys.toml; add it there or correct the name"));
        };
        let defaults = path.is_empty();
        let default = if defaults { default_of(key)? } else { None };
        let earlier = match &key.earlier {
            Some(e) if defaults => e
                .default
                .value()
                .map(|v| Some(Box::new((v, e.until.clone()))))
                .ok_or("an earlier default must be a scalar")?,
            _ => None,
        };
        Ok(Self {
            scope: Scope::Configuration,
            key: name.into(),
            path: path.into(),
            default,
            earlier,
            since: key.since.clone(),
            until: key.until.clone(),
            bounded: bounded(key, path),
            console_only: key.console_only,
            unreadable: match &key.unreadable {
                Some(u) if defaults => u
                    .counts_as
                    .value()
                    .map(|v| Some(Box::new((v, u.since.clone()))))
                    .ok_or("what an unreadable value counts as must be a scalar")?,
                _ => None,
            },
        })
    }

    /// Whether this app version knows the value.
    pub fn knows(&self, value: &Value, version: &AppVersion) -> bool {
        let text = value.as_str();
        self.bounded.iter().all(|b| text != Some(b.value.as_str()) || b.holds_for(version))
    }

    /// Whether this app version reads the key at all.
    pub fn is_read_by(&self, version: &AppVersion) -> bool {
        Versions::new(&self.since, &self.until).contains(version)
    }

    /// What the app takes when the key is absent.
    pub fn default_for(&self, version: &AppVersion) -> Option<&Value> {
        match self.earlier.as_deref() {
            Some((value, until)) if version < until => Some(value),
            _ => self.default.as_ref(),
        }
    }
}

/// The values of a key, or of its member at `path`, that only some versions know.
fn bounded(key: &Key, path: &str) -> Vec<VersionedValue> {
    key.values_by_version.iter().filter(|b| b.at == path).cloned().collect()
}

fn default_of(key: &Key) -> Result<Option<Value>, String> {
    match &key.default {
        None => Ok(None),
        Some(v) => {
            v.value().map(Some).ok_or_else(|| format!("the default of `{}` must be a scalar", key.name))
        }
    }
}

/// A TOML scalar as a value; `None` for anything else.
pub(crate) fn scalar(value: &toml::Value) -> Option<Value> {
    match value {
        toml::Value::Boolean(b) => Some(Value::Bool(*b)),
        toml::Value::Integer(i) => Some(Value::Integer(*i)),
        toml::Value::String(s) => Some(Value::Text(s.clone())),
        _ => None,
    }
}

/// What conditions of a rule may refer to.
pub(super) struct Known<'a> {
    pub keys: &'a KeyCatalogue,
    pub each: Option<&'a str>,
    pub providers: &'a [Word],
    pub kinds: &'a [Word],
}

impl RawCondition {
    /// Checks the table and resolves its keys; `read` collects the names of the keys it reads.
    ///
    /// # Errors
    /// A message that says what is wrong.
    pub(super) fn check(self, known: &Known<'_>, read: &mut Vec<Word>) -> Result<Condition, String> {
        let mut kinds: Vec<Condition> = Vec::with_capacity(1);
        let many = |list: Vec<Self>, read: &mut Vec<Word>| {
            list.into_iter().map(|c| c.check(known, read)).collect::<Result<Vec<_>, _>>()
        };
        let has_test = self.set.is_some()
            || self.given.is_some()
            || self.empty.is_some()
            || self.is.is_some()
            || self.equals.is_some()
            || self.one_of.is_some()
            || self.starts_with_any.is_some()
            || self.contains.is_some()
            || self.loopback.is_some()
            || self.host_is.is_some();
        if has_test && self.key.is_none() {
            return Err("a test needs the `key` it is about".into());
        }
        if let Some(list) = self.all {
            kinds.push(Condition::All(many(list, read)?));
        }
        if let Some(list) = self.any {
            kinds.push(Condition::Any(many(list, read)?));
        }
        if let Some(inner) = self.not {
            kinds.push(Condition::Not(Box::new(inner.check(known, read)?)));
        }
        if let Some(words) = self.provider {
            let words = words.into_vec();
            if let Some(bad) = words.iter().find(|w| !known.providers.contains(w)) {
                return Err(format!(
                    "`{bad}` is no provider; credentials.toml knows {}",
                    known.providers.join(", ")
                ));
            }
            note(read, "inferenceProvider");
            kinds.push(Condition::Provider(words));
        }
        if let Some(words) = self.credential {
            let words = words.into_vec();
            if let Some(bad) = words.iter().find(|w| !known.kinds.contains(w)) {
                return Err(format!(
                    "`{bad}` is no credential kind; credentials.toml knows {}",
                    known.kinds.join(", ")
                ));
            }
            note(read, "inferenceCredentialKind");
            kinds.push(Condition::Credential(words));
        }
        if let Some(words) = self.platform {
            kinds.push(Condition::Platform(words.into_vec()));
        }
        if let Some(wanted) = self.offline_installer {
            kinds.push(Condition::OfflineInstaller(wanted));
        }
        if let Some(wanted) = self.admin_console {
            kinds.push(Condition::AdminConsole(wanted));
        }
        if let Some(version) = self.app_since {
            kinds.push(Condition::AppSince(version));
        }
        if let Some(text) = self.key {
            let path = KeyPath::resolve(&text, known.each, known.keys)?;
            note(read, &path.key);
            let mut tests: Vec<Test> = Vec::with_capacity(1);
            tests.extend(self.set.map(Test::Set));
            tests.extend(self.given.map(Test::Given));
            tests.extend(self.empty.map(Test::Empty));
            tests.extend(self.is.map(Test::Is));
            if let Some(value) = self.equals {
                tests.push(Test::Equals(
                    scalar(&value).ok_or("`equals` must be text, a number or a boolean")?,
                ));
            }
            tests.extend(self.one_of.map(Test::OneOf));
            tests.extend(self.starts_with_any.map(Test::StartsWithAny));
            tests.extend(self.contains.map(Test::Contains));
            tests.extend(self.loopback.map(Test::Loopback));
            tests.extend(self.host_is.map(Test::HostIs));
            let [test] = <[Test; 1]>::try_from(tests).map_err(|t| {
                format!("`{text}` has {} tests; write exactly one of set, given, empty, is, equals, one_of, starts_with_any, contains, loopback, host_is", t.len())
            })?;
            kinds.push(Condition::Key(path, test));
        }
        let [one] = <[Condition; 1]>::try_from(kinds).map_err(|k| {
            format!("a condition table says {} things; write exactly one of all, any, not, key, provider, credential, platform, offline_installer, admin_console, app_since", k.len())
        })?;
        Ok(one)
    }
}

/// Adds `key` to the names read, once.
pub(super) fn note(read: &mut Vec<Word>, key: &str) {
    if !read.iter().any(|k| k == key) {
        read.push(key.into());
    }
}
