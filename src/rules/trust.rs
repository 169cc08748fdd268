//! What each of the app's programs trusts beside this device's store (`rules/trust.toml`).

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::data::DataError;
use super::files::{Files, Text};
use crate::contract::{Actor, EngineStore};
use crate::rules::Word;

/// What every actor trusts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct ActorTrust {
    trust: Vec<Entry>,
    #[serde(default)]
    store: Vec<Store>,
    #[serde(default)]
    doubts: Vec<Word>,
}

/// Which authorities the engine takes beside the public roots.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    id: EngineStore,
    /// All that it takes, in a sentence.
    pub named: Word,
    /// What stays open of an authority that is there; empty where nothing does.
    pub open: Word,
    source: Word,
}

#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    actor: Actor,
    #[serde(default)]
    own_roots: Option<bool>,
    follows: bool,
    #[serde(default)]
    tested: bool,
    #[serde(default)]
    behind: Word,
    source: Word,
}

impl ActorTrust {
    /// The facts built into the program.
    ///
    /// # Errors
    /// Names the file and what is wrong in it.
    pub fn embedded() -> Result<Self, DataError> {
        Self::load(&Files::embedded())
    }

    pub(super) fn load(files: &Files) -> Result<Self, DataError> {
        let file = files.get("trust.toml");
        Self::parse(file.text, file.shown)
    }

    fn parse<'a>(text: impl Into<Text<'a>>, file: &str) -> Result<Self, DataError> {
        let read: Self = text.into().read_as(file)?;
        let bad = |reason: String| DataError::Content { file: file.to_owned(), reason };
        for (n, entry) in read.trust.iter().enumerate() {
            if read.trust.iter().take(n).any(|other| other.actor == entry.actor) {
                return Err(bad(format!("actor `{}` is there twice", entry.actor)));
            }
            if entry.source.is_empty() || entry.follows != entry.behind.is_empty() {
                return Err(bad(format!(
                    "actor `{}` needs a `source`, and `behind` exactly where it does not follow the device",
                    entry.actor
                )));
            }
        }
        for store in EngineStore::ALL {
            let named =
                |entry: &&Store| entry.id == *store && !entry.named.is_empty() && !entry.source.is_empty();
            if read.store.iter().filter(named).count() != 1 {
                return Err(bad(format!(
                    "[[store]] `{store}` must be there once, with `named` and `source`"
                )));
            }
        }
        Ok(read)
    }

    /// Whether the actor's own store is asked beside the device's.
    pub fn is_tested(&self, actor: Actor) -> bool {
        self.of(actor).is_some_and(|entry| entry.tested)
    }

    /// What the engine takes, as a report has it.
    pub fn store(&self, id: EngineStore) -> Option<&Store> {
        self.store.iter().find(|entry| entry.id == id)
    }

    /// Environment variables that change what the engine takes in a way that is not tested.
    pub fn doubts(&self) -> &[Word] {
        &self.doubts
    }

    fn of(&self, actor: Actor) -> Option<&Entry> {
        self.trust.iter().find(|entry| entry.actor == actor)
    }

    /// Whether the actor carries the public roots itself, so that this device's store does not decide
    /// alone; none where that is not known.
    pub fn carries_roots(&self, actor: Actor) -> Option<bool> {
        self.of(actor)?.own_roots
    }

    /// What becomes of the actor behind inspection that this device trusts, where that is not known to
    /// be what becomes of the app.
    pub fn behind(&self, actor: Actor) -> Option<&str> {
        self.of(actor).filter(|entry| !entry.follows).map(|entry| entry.behind.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_program_that_is_probed_is_known() {
        let trust = ActorTrust::embedded().unwrap();
        for actor in [Actor::App, Actor::Engine, Actor::Vm, Actor::Updater] {
            assert!(trust.of(actor).is_some(), "{actor}");
        }
        assert_eq!(trust.carries_roots(Actor::Updater), Some(false));
        assert_eq!(trust.carries_roots(Actor::Engine), Some(true));
        assert_eq!(trust.carries_roots(Actor::Vm), None);
        assert!(trust.is_tested(Actor::Engine) && !trust.is_tested(Actor::Vm));
        assert!(trust.behind(Actor::App).is_none() && trust.behind(Actor::Engine).is_some());
    }

    #[test]
    fn an_actor_that_differs_says_how() {
        let built_in = crate::rules::files::built_in("trust.toml");
        let lacking = built_in.replacen("id = \"system-roots\"", "id = \"system-keychain\"", 1);
        assert!(ActorTrust::parse(&lacking, "t").unwrap_err().to_string().contains("`system-roots`"));
        let text = "[[trust]]\nactor = \"vm\"\nown_roots = true\nfollows = false\nsource = \"x\"\n";
        assert!(ActorTrust::parse(text, "t").unwrap_err().to_string().contains("behind"));
        let twice = format!("{0}{0}", text.replace("false", "true"));
        assert!(ActorTrust::parse(&twice, "t").unwrap_err().to_string().contains("twice"));
    }
}
