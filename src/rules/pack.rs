//! The whole rule pack: loading, checking, and the copy inside the binary.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::compiled;
use super::condition::Known;
use super::credentials::Credentials;
use super::data::DataError;
use super::error::{PackError, Problems};
use super::files::{Files, Text};
use super::keys::KeyCatalogue;
use super::lints::{LintRule, Lints};
use super::networks::Networks;
use super::part::Part;
use super::rule::{Context, Every, RawRule, Rule};
use crate::contract::FeatureInfo;
use crate::contract::{AppVersion, Confidence};
use crate::rules::Word;

/// The pack's own description.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Meta {
    /// Name of the pack.
    pub name: Word,
    /// Date, `YYYY-MM-DD`.
    pub date: Word,
    /// Newest app version it knows.
    pub newest: AppVersion,
    /// Releases with a change that matters on the network, oldest first.
    pub releases: Vec<Release>,
    /// Builds that third parties saw and no release notes name.
    pub observed: Vec<Release>,
    /// Pages that the facts come from.
    pub sources: Vec<SourceTag>,
}

/// A release of the app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Its version.
    pub version: AppVersion,
    /// Its date, as far as it is known.
    pub date: Word,
}

/// A documentation page, in one of its copies.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceTag {
    /// The short name that rules use.
    pub tag: Word,
    /// The page.
    pub page: Word,
    /// Its approximate date.
    pub date: Word,
    /// Its address; `unknown` where that is not known.
    #[serde(default = "unknown")]
    pub url: Word,
    /// The day on which a public copy was read, `YYYY-MM-DD`; empty where nobody noted it.
    #[serde(default)]
    pub read: Word,
}

/// What stands for an address that is not known.
const UNKNOWN: &str = "unknown";

fn unknown() -> Word {
    UNKNOWN.into()
}

impl SourceTag {
    /// Its address, where that is known.
    pub fn address(&self) -> Option<&str> {
        (self.url != UNKNOWN).then_some(self.url.as_str())
    }
}

/// A feature: a group of the report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Identifier, such as `inference`.
    pub id: Word,
    /// Heading.
    pub title: Word,
    /// What stops working without it, in plain words.
    pub stops: Word,
    /// What leaves the device over it; a rule may say it for its own host.
    #[serde(default)]
    pub sends: Word,
    /// The pages that say so.
    #[serde(default)]
    pub sends_sources: Vec<Word>,
    /// How well that is known.
    #[serde(default = "documented")]
    pub sends_confidence: Confidence,
}

const fn documented() -> Confidence {
    Confidence::Documented
}

/// A sentence on what leaves the device, which says itself when nobody documents it.
pub(super) fn sent(sentence: &str, confidence: Confidence) -> String {
    match confidence {
        _ if sentence.is_empty() => String::new(),
        Confidence::Documented => sentence.to_owned(),
        weaker => format!("{} ({weaker})", sentence.trim_end_matches('.')),
    }
}

/// Everything known about the product's network needs.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Pack {
    /// The pack's own description.
    pub meta: Meta,
    /// The features, in report order.
    pub features: Vec<Feature>,
    /// The configuration keys.
    pub keys: KeyCatalogue,
    /// The rules, in the order of the features.
    #[borsh(deserialize_with = "compiled::list")]
    pub rules: Vec<Rule>,
    /// How the credential kind is decided.
    pub credentials: Credentials,
    /// Internal hosts, metadata services, placeholders.
    pub networks: Networks,
    /// The lints that cost a required host, in the file's order: every list is held against them.
    pub costly: Vec<LintRule>,
    /// What the linter looks for, the costly ones among it: half of the pack, which few commands need.
    #[borsh(skip)]
    pub lints: Part<Lints>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPack {
    name: Word,
    date: Word,
    newest: AppVersion,
    #[serde(rename = "feature")]
    features: Vec<Feature>,
    #[serde(rename = "source")]
    sources: Vec<SourceTag>,
    #[serde(rename = "release")]
    releases: Vec<Release>,
    #[serde(rename = "observed", default)]
    observed: Vec<Release>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeatureFile {
    #[serde(default)]
    every: Every,
    #[serde(rename = "rule", default)]
    rules: Vec<RawRule>,
}

impl Pack {
    /// The features in report order, for the renderers.
    pub fn feature_infos(&self) -> Vec<FeatureInfo> {
        let info = |f: &Feature| FeatureInfo {
            id: f.id.to_string(),
            title: f.title.to_string(),
            stops: f.stops.to_string(),
        };
        self.features.iter().map(info).collect()
    }
}

/// The texts of a pack, before they are checked.
#[derive(Debug, Clone)]
pub struct Texts<'a> {
    /// `pack.toml`.
    pub pack: Text<'a>,
    /// `keys.toml`.
    pub keys: Text<'a>,
    /// `credentials.toml`.
    pub credentials: Text<'a>,
    /// `networks.toml`.
    pub networks: Text<'a>,
    /// `lints.toml`.
    pub lints: Text<'a>,
    /// `features/*.toml`: the feature's id and the text.
    pub features: Vec<(&'a str, Text<'a>)>,
}

impl Texts<'static> {
    /// The texts inside the binary.
    pub fn embedded() -> Self {
        let text = |name| super::files::built_in(name).into();
        Self {
            pack: text("pack.toml"),
            keys: text("keys.toml"),
            credentials: text("credentials.toml"),
            networks: text("networks.toml"),
            lints: text("lints.toml"),
            features: super::files::built_in_features().collect(),
        }
    }
}

impl Pack {
    /// The pack inside the binary.
    ///
    /// # Errors
    /// Only when the embedded pack is broken, which a test rules out for every build.
    pub fn embedded() -> Result<Self, DataError> {
        let pack: Self = compiled::read(rules_compiled!("pack"))?;
        Ok(Self { lints: Part::later(|| compiled::read(rules_compiled!("lints"))), ..pack })
    }

    /// Reads `pack.toml`, `keys.toml`, `credentials.toml`, `networks.toml`, `lints.toml` and
    /// `features/<feature id>.toml`.
    pub(super) fn load(files: &Files) -> Result<Self, PackError> {
        Self::parse(&Texts {
            pack: files.get("pack.toml").text,
            keys: files.get("keys.toml").text,
            credentials: files.get("credentials.toml").text,
            networks: files.get("networks.toml").text,
            lints: files.get("lints.toml").text,
            features: files.features().collect(),
        })
    }

    /// The feature called `id`.
    pub fn feature(&self, id: &str) -> Option<&Feature> {
        self.features.iter().find(|f| f.id == id)
    }

    /// The rule called `id`.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|r| r.id == id)
    }

    /// Reads and checks the texts of a pack.
    ///
    /// # Errors
    /// Names the file, the rule, the field and what to do.
    pub fn parse(texts: &Texts<'_>) -> Result<Self, PackError> {
        let mut problems = Problems::default();
        let pack = Self::checked(texts, &mut problems);
        problems.into_result()?;
        // Without a problem there is a pack.
        pack.ok_or_else(|| PackError::Invalid(Vec::new()))
    }

    /// The pack, with every problem noted; nothing where a text that others depend on cannot be read.
    fn checked(texts: &Texts<'_>, problems: &mut Problems) -> Option<Self> {
        let raw: Option<RawPack> = problems.take("pack.toml", from_text(texts.pack));
        let keys: Option<KeyCatalogue> = problems.take("keys.toml", from_text(texts.keys));
        let networks: Option<Networks> = problems.take("networks.toml", from_text(texts.networks));
        let (Some(raw), Some(mut keys), Some(networks)) = (raw, keys, networks) else {
            return None;
        };
        keys.newest = Some(raw.newest.clone());
        check_names(&raw, &keys, problems);
        networks.check(problems);
        let credentials = Credentials::parse(texts.credentials, &keys, problems)?;
        let tags: Vec<Word> = raw.sources.iter().map(|s| s.tag.clone()).collect();
        for p in &credentials.providers {
            let all = p.sources.iter().chain(p.rules.iter().flat_map(|r| &r.sources));
            for tag in all.filter(|t| !tags.contains(t)) {
                problems.add(
                    "credentials.toml",
                    &p.id,
                    "sources",
                    format!("`{tag}` is no source of pack.toml"),
                );
            }
        }
        let providers: Vec<Word> = credentials.providers.iter().map(|p| p.id.clone()).collect();
        for id in &providers {
            if !keys.families.iter().any(|f| f.providers.contains(id)) {
                let message =
                    format!("no family has the provider `{id}`; add it, so that its nested keys are found");
                problems.add("keys.toml", "family", "providers", message);
            }
        }
        check_provider_values(&keys, &providers, problems);

        let known = Known { keys: &keys, each: None, providers: &providers, kinds: &credentials.kinds };
        let lints = Lints::parse(texts.lints, &known, &tags, problems);

        let mut rules: Vec<Rule> = Vec::with_capacity(128);
        for (id, _) in &texts.features {
            if !raw.features.iter().any(|f| f.id == *id) {
                problems.add(
                    &format!("features/{id}.toml"),
                    "",
                    "",
                    format!("`{id}` is no feature of pack.toml; add it there or rename the file"),
                );
            }
        }
        for feature in &raw.features {
            if let Some(tag) = feature.sends_sources.iter().find(|t| !tags.contains(t)) {
                let place = format!("feature {}", feature.id);
                problems.add(
                    "pack.toml",
                    &place,
                    "sends_sources",
                    format!("`{tag}` is not a source of pack.toml"),
                );
            }
            let Some((id, text)) = texts.features.iter().find(|(id, _)| *id == feature.id) else { continue };
            let file = format!("features/{id}.toml");
            let Some(parsed) = problems.take(&file, feature_file(*text)) else { continue };
            let cx = Context {
                file: &file,
                feature: id,
                every: &parsed.every,
                known: Known { keys: &keys, each: None, providers: &providers, kinds: &credentials.kinds },
                tags: &tags,
            };
            for rule in parsed.rules {
                if rules.iter().any(|r| r.id == rule.id) {
                    problems.add(
                        &file,
                        &format!("rule {}", rule.id),
                        "id",
                        "another rule has this id; choose a free one",
                    );
                }
                let mut rule = rule.check(&cx, problems);
                if let Some(rule) = rule.as_mut().filter(|r| r.sends.is_empty()) {
                    rule.sends = sent(&feature.sends, feature.sends_confidence).into();
                }
                rules.extend(rule);
            }
        }
        let lints = lints?;
        Some(Self {
            meta: Meta {
                name: raw.name,
                date: raw.date,
                newest: raw.newest,
                releases: raw.releases,
                observed: raw.observed,
                sources: raw.sources,
            },
            features: raw.features,
            keys,
            rules,
            credentials,
            networks,
            costly: lints.rules.iter().filter(|rule| !rule.costs.is_empty()).cloned().collect(),
            lints: Part::ready(lints),
        })
    }
}

/// Duplicate names, and a date that is none.
/// What the key of the provider may hold are the providers, and they only.
fn check_provider_values(keys: &KeyCatalogue, providers: &[Word], problems: &mut Problems) {
    const KEY: &str = "inferenceProvider";
    let Some(key) = keys.get(KEY) else { return };
    for id in providers.iter().filter(|id| !key.values.contains(id)) {
        let message = format!("the provider `{id}` of credentials.toml is not among them; add it");
        problems.add("keys.toml", KEY, "values", message);
    }
    for id in key.values.iter().filter(|id| !providers.contains(id)) {
        let message = format!("`{id}` is no provider of credentials.toml; add it there or take it away");
        problems.add("keys.toml", KEY, "values", message);
    }
}

fn check_names(raw: &RawPack, keys: &KeyCatalogue, problems: &mut Problems) {
    let mut twice = |file: &str, what: &str, names: Vec<&str>| {
        for (i, name) in names.iter().enumerate() {
            if names.iter().take(i).any(|n| n == name) {
                problems.add(file, what, "", format!("`{name}` stands there twice; remove one"));
            }
        }
    };
    twice("pack.toml", "feature", raw.features.iter().map(|f| f.id.as_str()).collect());
    twice("pack.toml", "source", raw.sources.iter().map(|s| s.tag.as_str()).collect());
    twice("keys.toml", "key", keys.keys.iter().map(|k| k.name.as_str()).collect());
    let shape: Vec<usize> = raw.date.split('-').map(str::len).collect();
    if shape != [4, 2, 2] || !raw.date.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        problems.add("pack.toml", "", "date", format!("`{}` is no date; write it like 2026-01-31", raw.date));
    }
    for key in &keys.keys {
        if key.effect.trim().is_empty() {
            problems.add(
                "keys.toml",
                &format!("key {}", key.name),
                "effect",
                "say what the key does on the network",
            );
        }
    }
}

/// The ids of the features that a `pack.toml` lists; none when it cannot be read.
pub(super) fn features_of(text: Text<'_>) -> Vec<Word> {
    let raw: Option<RawPack> = from_text(text).ok();
    raw.map(|r| r.features.into_iter().map(|f| f.id).collect()).unwrap_or_default()
}

/// Reads a text; the error is place and cause, from the reader of its form.
pub(super) fn from_text<T: DeserializeOwned>(text: Text<'_>) -> Result<T, String> {
    text.read().map_err(|e| e.trim_end().to_owned())
}

/// Reads a feature file; when that fails, reads it rule by rule to name the rule.
fn feature_file(text: Text<'_>) -> Result<FeatureFile, String> {
    let error = match from_text(text) {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    let culprit = text.read::<toml::Table>().ok().and_then(|table| {
        table.get("rule")?.as_array()?.iter().find_map(|rule| {
            rule.clone().try_into::<RawRule>().err()?;
            rule.get("id")?.as_str().map(str::to_owned)
        })
    });
    let place = culprit.map(|id| format!("rule {id}: ")).unwrap_or_default();
    Err(format!("{place}{error}"))
}
