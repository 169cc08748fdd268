//! A configuration as one app version reads it: values with defaults, provider, credential kind, and
//! the truth of conditions.

use super::address;
use crate::config::{Configuration, Value};
use crate::rules::condition::ADMIN_CONSOLE_KEY;
use crate::rules::{Condition, KeyPath, Pack, Scope, Test};
use crate::terms::{AppVersion, Platform};

/// The facts that rules are held against.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The rule pack.
    pub pack: &'a Pack,
    /// The configuration.
    pub configuration: &'a Configuration,
    /// The app version.
    pub version: &'a AppVersion,
    /// The platform.
    pub platform: Platform,
    /// The app came with its workspace components.
    pub offline_installer: bool,
    provider: Option<&'a str>,
    credential: &'a str,
}

impl<'a> Facts<'a> {
    /// Decides provider and credential kind.
    pub fn new(
        pack: &'a Pack,
        configuration: &'a Configuration,
        version: &'a AppVersion,
        platform: Platform,
        offline_installer: bool,
    ) -> Self {
        let mut facts = Self {
            pack,
            configuration,
            version,
            platform,
            offline_installer,
            provider: None,
            credential: NO_CREDENTIAL,
        };
        facts.provider = facts.plain("inferenceProvider").and_then(Value::as_str);
        facts.credential = facts.decide_credential();
        facts
    }

    /// The configured provider, whatever it says.
    pub const fn provider(&self) -> Option<&'a str> {
        self.provider
    }

    /// The credential kind, or `none`.
    pub const fn credential(&self) -> &'a str {
        self.credential
    }

    /// The value of a key without its default, if this app version reads the key at all.
    pub fn plain(&self, key: &str) -> Option<&'a Value> {
        let known = self.pack.keys.get(key)?;
        let read = known.since.as_ref().is_none_or(|s| self.version >= s)
            && known.until.as_ref().is_none_or(|u| self.version < u);
        self.configuration.get(key).filter(|v| read && v.is_set())
    }

    /// The value at `path` without its default.
    pub fn raw<'v>(&'v self, path: &KeyPath, entry: Option<&'v Value>) -> Option<&'v Value> {
        match path.scope {
            Scope::Entry => entry?.at(&path.path),
            Scope::Configuration if path.is_read_by(self.version) => {
                self.configuration.settings.get(&path.key)?.value.at(&path.path)
            }
            Scope::Configuration => None,
        }
        .filter(|v| v.is_set())
    }

    /// The value at `path`, else the app's default.
    pub fn value<'v>(&'v self, path: &'v KeyPath, entry: Option<&'v Value>) -> Option<&'v Value> {
        self.raw(path, entry).or_else(|| path.default_for(self.version))
    }

    /// Whether `condition` holds, for `entry` where a rule iterates.
    pub fn holds(&self, condition: &Condition, entry: Option<&Value>) -> bool {
        match condition {
            Condition::All(list) => list.iter().all(|c| self.holds(c, entry)),
            Condition::Any(list) => list.iter().any(|c| self.holds(c, entry)),
            Condition::Not(inner) => !self.holds(inner, entry),
            Condition::Provider(words) => self.provider.is_some_and(|p| words.iter().any(|w| w == p)),
            Condition::Credential(words) => words.iter().any(|w| w == self.credential),
            Condition::Platform(list) => list.contains(&self.platform),
            Condition::OfflineInstaller(wanted) => self.offline_installer == *wanted,
            Condition::AdminConsole(wanted) => self.plain(ADMIN_CONSOLE_KEY).is_some() == *wanted,
            Condition::AppSince(version) => self.version >= version,
            Condition::Key(path, test) => self.passes(path, test, entry),
        }
    }

    fn passes(&self, path: &KeyPath, test: &Test, entry: Option<&Value>) -> bool {
        if let Test::Set(wanted) = test {
            return self.raw(path, entry).is_some() == *wanted;
        }
        let value = self.value(path, entry);
        let text = value.and_then(Value::as_str);
        match test {
            Test::Set(_) => false,
            Test::Is(wanted) => (value == Some(&Value::Bool(true))) == *wanted,
            Test::Equals(wanted) => value == Some(wanted),
            Test::OneOf(words) => text.is_some_and(|t| words.iter().any(|w| w == t)),
            Test::StartsWithAny(starts) => {
                text.is_some_and(|t| starts.iter().any(|s| t.starts_with(s.as_str())))
            }
            Test::Contains(wanted) => value
                .and_then(Value::as_list)
                .is_some_and(|list| list.iter().any(|v| v.as_str() == Some(wanted.as_str()))),
            Test::Loopback(wanted) => {
                text.is_some_and(|t| {
                    address::of_url(t, &self.pack.networks).is_ok_and(|e| e.host.is_loopback())
                }) == *wanted
            }
            Test::HostIs(names) => text.is_some_and(|t| {
                address::of_url(t, &self.pack.networks)
                    .is_ok_and(|e| e.host.name().is_some_and(|n| names.iter().any(|w| w == n)))
            }),
        }
    }

    /// The kind that is set, if the app knows it; else the first rule of the provider that holds.
    fn decide_credential(&self) -> &'a str {
        let credentials = &self.pack.credentials;
        let Some(provider) = self.provider.and_then(|p| credentials.provider(p)) else {
            return NO_CREDENTIAL;
        };
        let set = self.plain("inferenceCredentialKind").and_then(Value::as_str);
        if let Some(kind) = set.and_then(|s| credentials.kinds.iter().find(|k| *k == s)) {
            return kind;
        }
        provider
            .rules
            .iter()
            .find(|(_, when)| self.holds(when, None))
            .map_or(NO_CREDENTIAL, |(kind, _)| kind.as_str())
    }
}

/// The credential kind of a configuration that has none.
pub const NO_CREDENTIAL: &str = "none";
