//! How the credential kind is decided, and what a provider cannot do without
//! (`rules/credentials.toml`).

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::condition::{Condition, Known, RawCondition};
use super::error::Problems;
use super::files::Text;
use super::keys::KeyCatalogue;
use super::pack::from_text;
use crate::contract::AppVersion;
use crate::rules::Word;

const FILE: &str = "credentials.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCredentials {
    kinds: Vec<Word>,
    #[serde(default)]
    invalid: Vec<Invalid>,
    #[serde(rename = "provider")]
    providers: Vec<RawProvider>,
    #[serde(default)]
    together: Vec<Together>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProvider {
    id: Word,
    title: Word,
    requires: Vec<Word>,
    sources: Vec<Word>,
    #[serde(default)]
    kinds_since: BTreeMap<Word, AppVersion>,
    rules: Vec<RawKindRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKindRule {
    kind: Word,
    when: Option<RawCondition>,
    #[serde(default)]
    sources: Vec<Word>,
}

/// A value that an app of today no longer reads.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Invalid {
    /// The key.
    pub key: Word,
    /// The value.
    pub value: Word,
    /// What to write instead.
    pub message: Word,
    /// First app version that no longer reads it.
    #[serde(default)]
    pub since: Option<AppVersion>,
    /// First app version that reads it again.
    #[serde(default)]
    pub until: Option<AppVersion>,
}

impl Invalid {
    /// Whether `version` does not read the value.
    pub fn holds_for(&self, version: &AppVersion) -> bool {
        self.since.as_ref().is_none_or(|s| version >= s) && self.until.as_ref().is_none_or(|u| version < u)
    }
}

/// Keys that only work together.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Together {
    /// The provider it matters for.
    pub provider: Word,
    /// The keys.
    pub keys: Vec<Word>,
    /// What the app does with a part of them.
    pub message: Word,
}

/// An inference provider.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Provider {
    /// The value of `inferenceProvider`.
    pub id: Word,
    /// Its name for readers.
    pub title: Word,
    /// Keys it cannot do without.
    pub requires: Vec<Word>,
    /// Documentation tags.
    pub sources: Vec<Word>,
    /// Kinds that only later app versions know for this provider; to the others
    /// `inferenceCredentialKind` is unset then.
    pub kinds_since: BTreeMap<Word, AppVersion>,
    /// Credential kinds in order of preference.
    pub rules: Vec<KindRule>,
}

impl Provider {
    /// Whether `version` knows the credential kind for this provider.
    pub fn knows(&self, kind: &str, version: &AppVersion) -> bool {
        self.kinds_since.get(kind).is_none_or(|since| version >= since)
    }
}

/// One way to a credential kind.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct KindRule {
    /// The kind.
    pub kind: Word,
    /// What must hold.
    pub when: Condition,
    /// Documentation tags, where they say more than the provider's.
    pub sources: Vec<Word>,
}

/// `credentials.toml`, checked.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Credentials {
    /// The kinds that `inferenceCredentialKind` may hold.
    pub kinds: Vec<Word>,
    /// Values no longer read.
    pub invalid: Vec<Invalid>,
    /// The providers.
    pub providers: Vec<Provider>,
    /// Keys that only work together.
    pub together: Vec<Together>,
}

impl Credentials {
    /// The provider called `id`.
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|p| p.id == id)
    }

    /// Reads and checks the file's text.
    pub(super) fn parse(text: Text<'_>, keys: &KeyCatalogue, problems: &mut Problems) -> Option<Self> {
        let raw: RawCredentials = problems.take(FILE, from_text(text))?;
        let ids: Vec<Word> = raw.providers.iter().map(|p| p.id.clone()).collect();
        let mut need_key = |entry: &str, field: &str, name: &str| {
            if keys.get(name).is_none() {
                problems.add(FILE, entry, field, format!("`{name}` is not in keys.toml"));
            }
        };
        for i in &raw.invalid {
            need_key("invalid", "key", &i.key);
        }
        for t in &raw.together {
            t.keys.iter().for_each(|k| need_key("together", "keys", k));
        }
        for p in &raw.providers {
            p.requires.iter().for_each(|k| need_key(&p.id, "requires", k));
        }
        let known = Known { keys, each: None, providers: &ids, kinds: &raw.kinds };
        let mut providers = Vec::with_capacity(raw.providers.len());
        for p in raw.providers {
            if let Some(kind) = p.kinds_since.keys().find(|k| !raw.kinds.contains(k)) {
                problems.add(FILE, &p.id, "kinds_since", format!("`{kind}` is not among `kinds`"));
            }
            let mut rules = Vec::with_capacity(p.rules.len());
            for rule in p.rules {
                if !raw.kinds.contains(&rule.kind) {
                    problems.add(FILE, &p.id, "kind", format!("`{}` is not among `kinds`", rule.kind));
                }
                let when = match rule.when.map(|w| w.check(&known, &mut Vec::new())).transpose() {
                    Ok(when) => when.unwrap_or(Condition::All(Vec::new())),
                    Err(message) => {
                        problems.add(FILE, &p.id, "when", message);
                        continue;
                    }
                };
                rules.push(KindRule { kind: rule.kind, when, sources: rule.sources });
            }
            providers.push(Provider {
                id: p.id,
                title: p.title,
                requires: p.requires,
                sources: p.sources,
                kinds_since: p.kinds_since,
                rules,
            });
        }
        Some(Self { kinds: raw.kinds, invalid: raw.invalid, providers, together: raw.together })
    }
}
