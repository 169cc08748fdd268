//! What errors cost: a value that the app does not use, or a key that is not there, is tried as if it
//! were right; where a required host comes of it, that host is missing from the list.

use std::cell::LazyCell;
use std::collections::BTreeSet;

use super::Pass;
use crate::config::{Configuration, Known, Lint, Names, Origin, Setting, ShadowedBy, Value};
use crate::contract::ids::{Feature, LintId};
use crate::contract::{Need, Severity, Transport};
use crate::derive::{self, Facts, HostPattern, Missing, Options};
use crate::rules::template::{Part, Template};
use crate::rules::{HostName, HostSource, KeyPath, Pack};
use crate::rules::{Word, word};

/// The key that selects the provider, and with it nearly every rule of a required host.
const PROVIDER: &str = "inferenceProvider";
/// The key that names the server which may set all others.
const SERVER: &str = "bootstrapUrl";
/// Stands for the value that was meant; a name that no list can hold.
const LABEL: &str = "lost";
/// [`LABEL`] as an address.
const ADDRESS: &str = "https://lost.invalid";

/// The hosts that errors of `configurations` cost, besides those that derivation misses by itself.
pub fn missing(pack: &Pack, configurations: &[Configuration], options: &Options) -> Vec<Missing> {
    let mut all = Vec::new();
    for configuration in configurations {
        let one = Case::new(pack, configuration, options);
        let name = (configurations.len() > 1).then(|| configuration.name.clone());
        all.extend(one.missing().into_iter().map(|m| Missing { config: name.clone(), ..m }));
    }
    all
}

/// An endpoint.
type Endpoint = (HostPattern, u16, Transport);

/// What a configuration leads to.
#[derive(Default)]
struct Led {
    all: BTreeSet<Endpoint>,
    /// The required ones, with the feature that requires them.
    required: Vec<(String, Endpoint)>,
}

impl Led {
    fn has(&self, feature: &str) -> bool {
        self.required.iter().any(|(f, _)| f == feature)
    }

    /// The first feature that requires a host here which `before` does not have.
    fn gains(&self, before: &Self, counts: impl Fn(&str) -> bool) -> Option<String> {
        let new =
            |(feature, endpoint): &&(String, Endpoint)| !before.all.contains(endpoint) && counts(feature);
        self.required.iter().find(new).map(|(feature, _)| feature.clone())
    }
}

/// Something wrong that may cost a host.
struct Suspect {
    lint: Lint,
    /// The keys that would be right.
    keys: Vec<Word>,
    /// A guess of what was meant, which counts only where the feature has no host at all.
    guess: bool,
}

struct Case<'a> {
    pack: &'a Pack,
    configuration: &'a Configuration,
    options: Options,
    facts: Facts<'a>,
}

impl<'a> Case<'a> {
    fn new(pack: &'a Pack, configuration: &'a Configuration, options: &'a Options) -> Self {
        let version = options.app_version.as_ref().unwrap_or(&pack.meta.newest);
        let platform = options.platform_of(configuration);
        let facts = Facts::new(pack, configuration, version, platform, options);
        let options = Options {
            app_version: options.app_version.clone(),
            platform: options.platform,
            offline_installer: options.offline_installer,
            admin_console: options.admin_console,
            ..Options::default()
        };
        Self { pack, configuration, options, facts }
    }

    fn missing(&self) -> Vec<Missing> {
        let mut found: Vec<Missing> = Vec::new();
        for lint in &self.configuration.lint {
            if let Some(feature) = self.pack.lints.costs(&lint.id) {
                found.push(Missing::new(feature, Need::Required, lint));
            }
        }
        let suspects = self.suspects();
        let unread = self.unread();
        if suspects.is_empty() && unread.is_none() {
            return found;
        }
        let base = self.led(self.configuration);
        let served = self.facts.plain(SERVER).is_some();
        let selects = |s: &Suspect| {
            s.keys.iter().any(|k| k == PROVIDER)
                && !(s.guess && (base.has(Feature::INFERENCE.as_str()) || served))
        };
        // Which keys count follows from the provider; where that one is wrong, every one is tried.
        let mut tried = vec![self.configuration.clone()];
        if suspects.iter().any(selects) {
            tried =
                self.pack.credentials.providers.iter().map(|p| self.with(PROVIDER, text(&p.id))).collect();
        }
        for suspect in &suspects {
            let feature = if selects(suspect) {
                Some(Feature::INFERENCE.into())
            } else {
                tried.iter().find_map(|configuration| {
                    let before = self.led(configuration);
                    let mut right = configuration.clone();
                    for key in &suspect.keys {
                        if let Some(value) = self.meant(&right, key) {
                            right = set(right, key, value);
                        }
                    }
                    self.led(&right).gains(&before, |feature| !(suspect.guess && base.has(feature)))
                })
            };
            if let Some(feature) = feature {
                // Of several keys none is at fault by itself.
                let [key] = suspect.keys.as_slice() else {
                    found.push(Missing::new(&feature, Need::Required, &suspect.lint));
                    continue;
                };
                let key = Some(key.clone());
                let lint = Lint { key: key.map(String::from), ..suspect.lint.clone() };
                found.push(Missing::new(&feature, Need::Required, &lint));
            }
        }
        if let Some((lint, whole)) = unread
            && let Some(feature) = self.led(&whole).gains(&base, |feature| !base.has(feature))
        {
            found.push(Missing::new(&feature, Need::Required, lint));
        }
        found
    }

    /// What the readers could not use, and the rules that say which key is wanted.
    fn suspects(&self) -> Vec<Suspect> {
        // Most readers have nothing to say of a key, and then no name is looked up.
        let names = LazyCell::new(|| Names::for_version(&self.pack.keys, Some(self.facts.version)));
        let mut all = Vec::new();
        for lint in &self.configuration.lint {
            let Some(name) = lint.key.as_deref() else { continue };
            let (keys, guess): (Vec<&str>, bool) = match names.know(name) {
                Known::Current(key)
                | Known::StillRead(key, _)
                | Known::Old(key)
                | Known::Case(key)
                | Known::Dotted(key) => (vec![key.name.as_str()], false),
                Known::No => match names.path_in_other_case(name) {
                    keys if keys.is_empty() => (names.nearest(name), true),
                    keys => (keys, false),
                },
            };
            let wrong = lint.severity == Severity::Error || lint.id == LintId::UNKNOWN_KEY;
            for key in keys.into_iter().filter(|k| wrong && !self.configuration.is_set(k)) {
                all.push(Suspect { lint: lint.clone(), keys: vec![key.into()], guess });
            }
        }
        // An empty value counts as none; where it should say what the app connects to, it is unfinished.
        for key in [PROVIDER, SERVER] {
            let empty = self.configuration.settings.get(key).filter(|s| !s.value.is_set());
            if let Some(setting) = empty.filter(|_| self.facts.provider().is_none_or(str::is_empty)) {
                let lint = Lint {
                    id: String::new(),
                    severity: Severity::Error,
                    message: format!("`{key}`: it is empty, which counts as not set; write its value"),
                    key: Some(key.to_owned()),
                    origin: Some(setting.origin.clone()),
                };
                all.push(Suspect { lint, keys: vec![key.into()], guess: true });
            }
        }
        for rule in self.pack.costly.iter().filter(|rule| rule.holds_for(self.facts.version)) {
            let mut hits = Vec::new();
            Pass { facts: &self.facts, rule, entry: None }.apply(&mut hits);
            for lint in hits {
                // A rule about several objects speaks of the one that it found.
                let own = lint.key.iter().find(|k| word::has(&rule.costs, k));
                let keys = own.map_or_else(|| rule.costs.clone(), |key| vec![key.clone().into()]);
                all.push(Suspect { lint, keys, guess: false });
            }
        }
        all
    }

    /// Where a whole place does not count because of an error: that error, and the configuration with
    /// its values.
    fn unread(&self) -> Option<(&Lint, Configuration)> {
        let lint =
            self.configuration.lint.iter().find(|l| l.severity == Severity::Error && l.key.is_none())?;
        let mut whole = self.configuration.clone();
        let mut any = false;
        for lost in self.configuration.shadowed.iter().filter(|s| matches!(s.by, ShadowedBy::Rule(_))) {
            if !whole.is_set(&lost.key) {
                whole = set(whole, &lost.key, lost.value.clone());
                any = true;
            }
        }
        any.then_some((lint, whole))
    }

    fn led(&self, configuration: &Configuration) -> Led {
        let list = derive::derive(self.pack, std::slice::from_ref(configuration), &self.options);
        let mut led = Led::default();
        for host in list.hosts {
            let endpoint = (host.host, host.port, host.transport);
            let required = host.reasons.into_iter().filter(|w| w.need == Need::Required);
            led.required.extend(required.map(|w| (w.feature, endpoint.clone())));
            led.all.insert(endpoint);
        }
        led
    }

    fn with(&self, key: &str, value: Value) -> Configuration {
        set(self.configuration.clone(), key, value)
    }

    /// A value in the place of `key` from which every rule that reads it makes a host; nothing where
    /// it is right already or no required host comes of it.
    fn meant(&self, configuration: &Configuration, key: &str) -> Option<Value> {
        let there = configuration.settings.get(key).map(|s| &s.value).filter(|v| v.is_set());
        let mut paths: Vec<&KeyPath> = Vec::new();
        let mut is_address = false;
        for rule in self.pack.rules.iter().filter(|r| r.need == Need::Required && r.each.is_none()) {
            match &rule.source {
                HostSource::Url(path) | HostSource::Urls(path) if path.key == key => {
                    is_address = true;
                    paths.push(path);
                }
                HostSource::Names(hosts) => paths.extend(hosts.iter().flat_map(|host| match host {
                    HostName::Made(template) => parts(template, key),
                    HostName::Fixed(_) => Vec::new(),
                })),
                _ => {}
            }
        }
        // A shape is an example of itself.
        let shape = self.pack.keys.get(key).and_then(|k| k.shapes.first());
        let value = text(if is_address { ADDRESS } else { shape.map_or(LABEL, Word::as_str) });
        let members: Vec<&KeyPath> = paths.iter().copied().filter(|p| !p.path.is_empty()).collect();
        match there {
            Some(Value::Map(map)) => {
                let mut map = map.clone();
                for path in members {
                    let set = map.get(path.path.as_str()).is_some_and(Value::is_set);
                    if !set {
                        map.insert(path.path.to_string(), value.clone());
                    }
                }
                Some(Value::Map(map))
            }
            Some(_) => None,
            None if members.is_empty() => Some(value),
            None => Some(Value::Map(members.iter().map(|p| (p.path.to_string(), value.clone())).collect())),
        }
    }
}

fn parts<'t>(template: &'t Template, key: &str) -> Vec<&'t KeyPath> {
    let of_key = |part: &'t Part| match part {
        Part::Key(path) if path.key == key => Some(path),
        _ => None,
    };
    template.parts.iter().filter_map(of_key).collect()
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn set(mut configuration: Configuration, key: &str, value: Value) -> Configuration {
    let origin = Origin { source: String::new(), line: None, path: String::new() };
    configuration.settings.insert(key.to_owned(), Setting { value, origin, raw: None });
    // The list of lint is of no interest here, and may be long.
    configuration.lint.clear();
    configuration
}
