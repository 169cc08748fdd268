//! What messages of the app mean (`rules/symptoms.toml`).

use serde::Deserialize;

use super::data::DataError;
use super::files::Files;
use super::pack::Pack;
use crate::contract::AppVersion;
use crate::contract::Owner;

const FILE: &str = "symptoms.toml";
/// Characters of a message that are looked at; a whole log belongs into a search.
const LONGEST: usize = 20_000;
/// Shortest part of a known message that is recognised by itself.
const SHORTEST_PART: usize = 8;

/// One known message.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Symptom {
    /// Identifier.
    pub id: String,
    /// Texts that occur in it; ` ... ` stands for anything in between.
    #[serde(rename = "match")]
    pub matches: Vec<String>,
    /// The symptom in a few words.
    pub title: String,
    /// What it means.
    pub cause: String,
    /// Who mends it.
    pub owner: Owner,
    /// What to do.
    pub remedy: String,
    /// Whether something on the network may be in the way.
    #[serde(default = "yes")]
    pub network: bool,
    /// Rules whose hosts are concerned.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Keys that are concerned.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Source tags.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Public reports.
    #[serde(default)]
    pub issues: Vec<String>,
    /// First app version that does not show it any more.
    #[serde(default)]
    pub until: Option<AppVersion>,
}

const fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    symptom: Vec<Symptom>,
}

/// Every known message.
#[derive(Debug, Clone, PartialEq)]
pub struct Symptoms {
    /// In the file's order.
    pub list: Vec<Symptom>,
}

impl Symptoms {
    /// The messages known to this build.
    ///
    /// # Errors
    /// Only when the embedded file does not fit the embedded pack, which a test rules out.
    pub fn embedded(pack: &Pack) -> Result<Self, DataError> {
        Self::load(&Files::embedded(), pack)
    }

    pub(super) fn load(files: &Files, pack: &Pack) -> Result<Self, DataError> {
        let file = files.get(FILE);
        Self::parse(file.text, file.shown, pack)
    }

    fn parse(text: &str, file: &str, pack: &Pack) -> Result<Self, DataError> {
        let read: File = toml::from_str(text)
            .map_err(|e| DataError::Syntax { file: file.to_owned(), reason: e.to_string() })?;
        let bad = |id: &str, reason: String| DataError::Content {
            file: file.to_owned(),
            reason: format!("symptom {id}: {reason}"),
        };
        for (n, symptom) in read.symptom.iter().enumerate() {
            let id = symptom.id.as_str();
            if read.symptom.iter().take(n).any(|s| s.id == id) {
                return Err(bad(id, "it is there twice; remove one".into()));
            }
            if symptom.matches.iter().all(|m| parts(m).is_empty()) {
                return Err(bad(id, "`match` is empty; write a text that occurs in the message".into()));
            }
            if let Some(rule) = symptom.rules.iter().find(|r| pack.rule(r).is_none()) {
                return Err(bad(id, format!("`{rule}` is no rule of the pack")));
            }
            if let Some(key) = symptom.keys.iter().find(|k| pack.keys.get(k).is_none()) {
                return Err(bad(id, format!("`{key}` is not in keys.toml")));
            }
            if let Some(tag) =
                symptom.sources.iter().find(|t| !pack.meta.sources.iter().any(|s| s.tag == **t))
            {
                return Err(bad(id, format!("`{tag}` is no source of pack.toml")));
            }
            if symptom.sources.is_empty() && symptom.issues.is_empty() {
                return Err(bad(id, "name at least one source or issue".into()));
            }
        }
        Ok(Self { list: read.symptom })
    }

    /// The known messages that `message` contains, or is a part of, the closest first.
    pub fn find(&self, message: &str) -> Vec<&Symptom> {
        let message = fold(&message.chars().take(LONGEST).collect::<String>());
        let mut found: Vec<(usize, &Symptom)> = self
            .list
            .iter()
            .filter_map(|s| {
                let best = s.matches.iter().filter_map(|m| score(m, &message)).max()?;
                Some((best, s))
            })
            .collect();
        // The most specific match first; among equals the file's order.
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        found.into_iter().map(|(_, s)| s).collect()
    }

    /// Known messages that share words with `message`, for a reader who is not understood.
    pub fn similar(&self, message: &str) -> Vec<&Symptom> {
        let folded = fold(message);
        let words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() > 3).collect();
        let mut found: Vec<(usize, &Symptom)> = self
            .list
            .iter()
            .map(|s| {
                let text = fold(&format!("{} {}", s.matches.join(" "), s.title));
                let known: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
                (words.iter().filter(|w| known.contains(w)).count(), s)
            })
            .filter(|(count, _)| *count > 0)
            .collect();
        found.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        found.into_iter().map(|(_, s)| s).take(3).collect()
    }
}

/// Lower case, one space between words, plain quotation marks.
fn fold(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| match c {
            '\u{2018}' | '\u{2019}' | '\u{201b}' | '`' => '\'',
            '\u{201c}' | '\u{201d}' => '"',
            '\u{2026}' => ' ',
            c => c,
        })
        .flat_map(char::to_lowercase)
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn parts(pattern: &str) -> Vec<String> {
    pattern.split(" ... ").map(fold).filter(|p| !p.is_empty()).collect()
}

/// How many characters of a pattern a message matches; `None` when it does not.
fn score(pattern: &str, message: &str) -> Option<usize> {
    let parts = parts(pattern);
    let mut rest = message;
    let mut matched = 0_usize;
    for part in &parts {
        match find_word(rest, part) {
            Some(end) => {
                matched += part.len();
                rest = rest.get(end..).unwrap_or_default();
            }
            // The reader may have copied only a part of the message.
            None => {
                let whole = parts.join(" ");
                let fragment = message.len() >= SHORTEST_PART && find_word(&whole, message).is_some();
                return fragment.then_some(message.len());
            }
        }
    }
    Some(matched)
}

/// The end of the first occurrence of `part` that does not begin or end within a word.
fn find_word(text: &str, part: &str) -> Option<usize> {
    let inner = |c: Option<char>, edge: Option<char>| {
        c.is_some_and(char::is_alphanumeric) && edge.is_some_and(char::is_alphanumeric)
    };
    text.match_indices(part).find_map(|(at, _)| {
        let end = at + part.len();
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(end..).and_then(|t| t.chars().next());
        let whole = !inner(before, part.chars().next()) && !inner(after, part.chars().next_back());
        whole.then_some(end)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn first(message: &str) -> Option<String> {
        let symptoms = Symptoms::embedded(&Pack::embedded().unwrap()).unwrap_or_else(|e| panic!("{e}"));
        symptoms.find(message).first().map(|s| s.id.clone())
    }

    #[test]
    fn messages_are_found_whatever_their_case_spaces_and_quotes() {
        for (message, id) in [
            ("curl: (56) Received HTTP code 403 from proxy after CONNECT", "sandbox-blocked"),
            ("cowork-egress-blocked", "sandbox-blocked"),
            ("Failed to start Claude\u{2019}s\n workspace: Request error", "workspace-start"),
            ("unable to verify if domain docs.example is SAFE to fetch", "domain-check"),
            ("AADSTS500011: The resource principal named x was not found", "aadsts500011"),
            ("AADSTS50011: The redirect URI", "aadsts50011"),
            ("not advertise device_authorization_endpoint", "gateway-no-device-endpoint"),
        ] {
            assert_eq!(first(message).as_deref(), Some(id), "{message}");
        }
    }

    #[test]
    fn a_code_inside_a_longer_one_is_not_that_code() {
        assert_eq!(first("AADSTS5001199"), None);
        assert_eq!(first("unrelated words"), None);
        assert_eq!(first(""), None);
    }
}
