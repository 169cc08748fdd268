//! The facts about the sandbox's own list (`rules/sandbox.toml`).

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::compiled;
use super::data::DataError;
use super::files::{Files, Text};
use super::pack::Pack;
use crate::contract::{AppVersion, Confidence};
use crate::rules::Word;

const FILE: &str = "sandbox.toml";

/// `sandbox.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct SandboxRules {
    /// The key that holds the entries.
    pub key: Word,
    /// Source tags of the whole.
    pub sources: Vec<Word>,
    /// Where entries come from.
    #[serde(rename = "entry")]
    pub entries: Vec<EntryRule>,
    /// Since when a port counts.
    pub ports: Ports,
    /// What the list governs.
    #[serde(rename = "surface")]
    pub surfaces: Vec<Surface>,
    /// Remarks.
    #[serde(rename = "remark")]
    pub remarks: Vec<Remark>,
}

/// One origin of entries.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryRule {
    /// Identifier.
    pub id: Word,
    /// Rules of the pack whose hosts are entries.
    pub of_rules: Vec<Word>,
    /// The app adds it by itself.
    pub automatic: bool,
    /// Only hosts that are really needed.
    #[serde(default)]
    pub needed_only: bool,
    /// What for.
    pub purpose: Word,
    /// How well it is known.
    pub confidence: Confidence,
    /// Source tags.
    pub sources: Vec<Word>,
}

/// Ports in entries, by app version.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Ports {
    /// First version that keeps to them for web fetches.
    pub web_fetch: AppVersion,
    /// First version that keeps to them for shell and packages.
    pub shell: AppVersion,
    /// What versions before `web_fetch` do.
    pub before_web_fetch: Word,
    /// What versions before `shell` do.
    pub before_shell: Word,
    /// What versions since `shell` still do.
    pub since_shell: Word,
}

/// A part of the app that the list governs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Surface {
    /// Its name.
    pub name: Word,
    /// What the list governs there.
    pub governs: Word,
    /// What it does not.
    pub not: Word,
}

/// When a remark is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Always.
    Always,
    /// The key is not set, or empty.
    Unset,
    /// The key holds `*`.
    Any,
    /// An entry is this device or a private address.
    Private,
    /// On Linux.
    Linux,
}

/// A remark.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// When it is shown.
    pub when: When,
    /// The text.
    pub text: Word,
}

impl SandboxRules {
    /// The facts built in.
    ///
    /// # Errors
    /// Only when the embedded file does not fit the embedded pack, which a test rules out.
    pub fn embedded() -> Result<Self, DataError> {
        compiled::read(rules_compiled!("sandbox"))
    }

    pub(super) fn load(files: &Files, pack: &Pack) -> Result<Self, DataError> {
        let file = files.get(FILE);
        Self::parse(file.text, file.shown, pack)
    }

    fn parse<'a>(text: impl Into<Text<'a>>, file: &str, pack: &Pack) -> Result<Self, DataError> {
        let rules: Self = text.into().read_as(file)?;
        let bad = |reason: String| Err(DataError::Content { file: file.to_owned(), reason });
        if pack.keys.get(&rules.key).is_none() {
            return bad(format!("`{}` is not in keys.toml", rules.key));
        }
        let tags = rules.sources.iter().chain(rules.entries.iter().flat_map(|e| &e.sources));
        for tag in tags {
            if !pack.meta.sources.iter().any(|s| s.tag == *tag) {
                return bad(format!("`{tag}` is no source of pack.toml"));
            }
        }
        for entry in &rules.entries {
            if let Some(rule) = entry.of_rules.iter().find(|r| pack.rule(r).is_none()) {
                return bad(format!("entry {}: `{rule}` is no rule of the pack", entry.id));
            }
        }
        if rules.ports.web_fetch > rules.ports.shell {
            return bad("ports: `shell` is older than `web_fetch`".into());
        }
        Ok(rules)
    }
}
