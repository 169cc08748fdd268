//! A configuration as one app version reads it: values with defaults, provider, credential kind, and
//! the truth of conditions.

use super::address;
use super::options::Options;
use crate::config::{Configuration, Value};
use crate::contract::{AppVersion, Platform};
use crate::rules::Word;
use crate::rules::{Condition, KeyPath, Pack, Scope, Test};

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
    /// The vendor's admin console manages the device.
    pub admin_console: bool,
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
        options: &Options,
    ) -> Self {
        let mut facts = Self {
            pack,
            configuration,
            version,
            platform,
            offline_installer: options.offline_installer,
            admin_console: options.admin_console || configuration.admin_console,
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

    /// The value of a key without its default, if this app version reads the key and knows the value.
    pub fn plain(&self, key: &str) -> Option<&'a Value> {
        let known = self.pack.keys.get(key)?;
        let read = known.versions().contains(self.version) && self.may_set(known.console_only);
        let value = self.configuration.get(key).filter(|v| read && v.is_set())?;
        let text = value.as_str();
        let bounds =
            known.values_by_version.iter().find(|b| b.at.is_empty() && text == Some(b.value.as_str()));
        bounds.is_none_or(|b| b.holds_for(self.version)).then_some(value)
    }

    /// Whether the configuration may set a key at all: the admin console's own keys are ignored in
    /// every other file.
    const fn may_set(&self, console_only: bool) -> bool {
        !console_only || self.configuration.admin_console
    }

    /// The value at `path` without its default.
    pub fn raw<'v>(&'v self, path: &KeyPath, entry: Option<&'v Value>) -> Option<&'v Value> {
        match path.scope {
            Scope::Entry => entry?.at(&path.path),
            Scope::Configuration if path.is_read_by(self.version) && self.may_set(path.console_only) => {
                self.configuration.settings.get(path.key.as_str())?.value.at(&path.path)
            }
            Scope::Configuration => None,
        }
        .filter(|v| v.is_set() && path.knows(v, self.version))
    }

    /// The value at `path`, else what a value that cannot be read counts as, else the app's default.
    pub fn value<'v>(&'v self, path: &'v KeyPath, entry: Option<&'v Value>) -> Option<&'v Value> {
        self.raw(path, entry).or_else(|| self.unreadable(path)).or_else(|| path.default_for(self.version))
    }

    /// What the key's value counts as because it cannot be read; nothing when it can, is absent, or
    /// counts as absent.
    pub fn unreadable<'v>(&self, path: &'v KeyPath) -> Option<&'v Value> {
        let (value, since) = path.unreadable.as_deref()?;
        let holds = path.scope == Scope::Configuration
            && self.version >= since
            && path.is_read_by(self.version)
            && self.is_unreadable(&path.key);
        holds.then_some(value)
    }

    /// Whether the key is there with a value that the app cannot use.
    pub fn is_unreadable(&self, key: &str) -> bool {
        self.configuration.unreadable.iter().any(|k| k == key) && !self.configuration.is_set(key)
    }

    /// Whether this version reads the key of a list of denials and cannot use its value.
    pub fn is_denying_all(&self, path: &KeyPath) -> bool {
        path.is_read_by(self.version) && self.is_unreadable(&path.key)
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
            Condition::AdminConsole(wanted) => self.admin_console == *wanted,
            Condition::AppSince(version) => self.version >= version,
            Condition::Key(path, test) => self.passes(path, test, entry),
        }
    }

    fn passes(&self, path: &KeyPath, test: &Test, entry: Option<&Value>) -> bool {
        if let Test::Set(wanted) = test {
            return self.raw(path, entry).is_some() == *wanted;
        }
        if let Test::Given(wanted) = test {
            let unusable = path.is_read_by(self.version) && self.is_unreadable(&path.key);
            return (self.raw(path, entry).is_some() || unusable) == *wanted;
        }
        if let Test::Empty(wanted) = test {
            let written = self.configuration.get(&path.key).and_then(Value::as_list);
            let empty = path.is_read_by(self.version)
                && (written.is_some_and(<[Value]>::is_empty) || self.is_unreadable(&path.key));
            return empty == *wanted;
        }
        let value = self.value(path, entry);
        let text = value.and_then(Value::as_str);
        match test {
            Test::Set(_) | Test::Given(_) | Test::Empty(_) => false,
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
            Test::HostIs(names) => match value {
                Some(Value::List(items)) => {
                    items.iter().filter_map(Value::as_str).any(|t| self.is_at(t, names))
                }
                _ => text.is_some_and(|t| self.is_at(t, names)),
            },
        }
    }

    /// Whether the host of an address is one of `names`.
    fn is_at(&self, text: &str, names: &[Word]) -> bool {
        address::of_url(text, &self.pack.networks)
            .is_ok_and(|e| e.host.name().is_some_and(|n| names.iter().any(|w| w == n)))
    }

    /// The kind that is set, if the app knows it; else the first rule of the provider that holds.
    fn decide_credential(&self) -> &'a str {
        let credentials = &self.pack.credentials;
        let Some(provider) = self.provider.and_then(|p| credentials.provider(p)) else {
            return NO_CREDENTIAL;
        };
        let set = self.plain("inferenceCredentialKind").and_then(Value::as_str);
        let known = set.and_then(|s| credentials.kinds.iter().find(|k| *k == s));
        if let Some(kind) = known.filter(|kind| provider.knows(kind, self.version)) {
            return kind;
        }
        provider
            .rules
            .iter()
            .find(|rule| self.holds(&rule.when, None))
            .map_or(NO_CREDENTIAL, |rule| rule.kind.as_str())
    }
}

/// The credential kind of a configuration that has none.
pub const NO_CREDENTIAL: &str = "none";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::config::{Origin, Setting};
    use crate::rules::KeyPath;

    fn configuration(settings: &[(&str, Value)]) -> Configuration {
        let origin = Origin { source: "test".into(), line: None, path: String::new() };
        let setting = |v: &Value| Setting { value: v.clone(), origin: origin.clone(), raw: None };
        Configuration {
            settings: settings.iter().map(|(k, v)| ((*k).to_owned(), setting(v))).collect(),
            ..Configuration::default()
        }
    }

    /// Whether a test of `key` passes for `settings` in `version`.
    fn passes(settings: &[(&str, Value)], version: &str, key: &str, test: Test) -> bool {
        let pack = Pack::embedded().unwrap();
        let configuration = configuration(settings);
        let version = version.parse().unwrap();
        let facts = Facts::new(&pack, &configuration, &version, Platform::Macos, &Options::default());
        let path = KeyPath::resolve(key, None, &pack.keys).unwrap();
        facts.holds(&Condition::Key(path, test), None)
    }

    #[test]
    fn a_default_may_depend_on_the_version_and_a_value_beats_it() {
        let key = "isDesktopExtensionEnabled";
        assert!(passes(&[], "1.19366.9", key, Test::Is(true)));
        assert!(passes(&[], "1.19367.0", key, Test::Is(false)));
        assert!(passes(&[(key, Value::Bool(true))], "2.110.0", key, Test::Is(true)));
        assert!(passes(&[(key, Value::Bool(false))], "1.3036.0", key, Test::Is(false)));
    }

    #[test]
    fn a_default_does_not_make_a_key_set_and_empty_counts_as_absent() {
        assert!(passes(&[], "2.110.0", "modelCatalogEnabled", Test::Set(false)));
        assert!(passes(&[], "2.110.0", "modelCatalogEnabled", Test::Is(true)));
        let empty = [("otlpEndpoint", Value::Text(String::new()))];
        assert!(passes(&empty, "2.110.0", "otlpEndpoint", Test::Set(false)));
        let none = [("disabledBuiltinTools", Value::List(Vec::new()))];
        assert!(!passes(&none, "2.110.0", "disabledBuiltinTools", Test::Contains("WebFetch".into())));
    }

    #[test]
    fn a_version_reads_a_key_from_its_since_on() {
        let set = [("updateViaUpdatesHost", Value::Bool(true))];
        assert!(!passes(&set, "1.26831.9", "updateViaUpdatesHost", Test::Is(true)));
        assert!(passes(&set, "1.26832.0", "updateViaUpdatesHost", Test::Is(true)));
    }

    #[test]
    fn an_empty_any_never_holds_and_an_empty_all_always_does() {
        let pack = Pack::embedded().unwrap();
        let (configuration, version) = (Configuration::default(), pack.meta.newest.clone());
        let options = Options { offline_installer: true, ..Options::default() };
        let facts = Facts::new(&pack, &configuration, &version, Platform::Linux, &options);
        assert!(!facts.holds(&Condition::Any(vec![]), None));
        assert!(facts.holds(&Condition::All(vec![]), None));
        assert!(facts.holds(&Condition::Platform(vec![Platform::Linux]), None));
        assert!(facts.holds(&Condition::OfflineInstaller(true), None));
        assert!(facts.holds(&Condition::AppSince(version.clone()), None));
        assert_eq!((facts.provider(), facts.credential()), (None, NO_CREDENTIAL));
    }

    #[test]
    fn the_credential_kind_is_what_is_set_else_what_the_fields_say() {
        let pack = Pack::embedded().unwrap();
        let text = |t: &str| Value::Text(t.to_owned());
        let secret = || Value::Secret(crate::config::Secret::new("not-a-secret"));
        let kind = |settings: &[(&str, Value)]| {
            let configuration = configuration(settings);
            let version = pack.meta.newest.clone();
            Facts::new(&pack, &configuration, &version, Platform::Macos, &Options::default())
                .credential()
                .to_owned()
        };
        let gateway = ("inferenceProvider", text("gateway"));
        let helper = ("inferenceCredentialHelper", text("/opt/h"));
        let key = ("inferenceGatewayApiKey", secret());
        assert_eq!(kind(&[gateway.clone(), key.clone()]), "static");
        assert_eq!(kind(&[gateway.clone(), key.clone(), helper.clone()]), "helper-script");
        assert_eq!(
            kind(&[gateway.clone(), key, ("inferenceCredentialKind", text("interactive"))]),
            "interactive"
        );
        assert_eq!(
            kind(&[gateway.clone(), helper, ("inferenceCredentialKind", text("oauth"))]),
            "helper-script"
        );
        assert_eq!(kind(&[gateway]), NO_CREDENTIAL);
        assert_eq!(kind(&[("inferenceProvider", text("anthropic"))]), "interactive");
        let half = ("inferenceVertexOAuthClientId", text("c"));
        assert_eq!(kind(&[("inferenceProvider", text("vertex")), half]), "vendor-profile");
    }
}
