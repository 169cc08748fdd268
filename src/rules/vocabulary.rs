//! What may stay: the words and hosts of the rules, and those of `rules/share.toml`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::data::DataError;
use super::files::Files;

/// The file of masking.
const SHARE: &str = "share.toml";
/// Files whose hosts are those of pages that were read: nobody connects to them, and each may be a customer's.
const SOURCES: [&str; 2] = ["firewalls.toml", "pack.toml"];
/// Names of documentation, which a customer's laboratory may use for real.
const RESERVED: &[&str] = &["example", "example.com", "example.net", "example.org", "invalid", "test"];

/// `share.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    words: Vec<String>,
    generic: Vec<String>,
    region_starts: Vec<String>,
    region_directions: Vec<String>,
    numbered: Vec<String>,
}

/// The words and hosts that identify nobody.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    words: BTreeSet<String>,
    generic: BTreeSet<String>,
    /// Names that the rules have whole.
    hosts: BTreeSet<String>,
    /// Fixed ends of the rules' host templates, such as the provider's domain.
    domains: BTreeSet<String>,
    /// By domain, the words of the fixed parts of the host templates below it: a tenant can be called as something is
    /// that stands elsewhere in the rules.
    host_words: BTreeMap<String, BTreeSet<String>>,
    region_starts: BTreeSet<String>,
    region_directions: BTreeSet<String>,
    numbered: Vec<String>,
}

impl Vocabulary {
    /// The words of the rules built in.
    ///
    /// # Errors
    /// When `share.toml` is wrong.
    pub fn embedded() -> Result<Self, DataError> {
        Self::load(&Files::embedded())
    }

    /// The words of a pack's files and of its `share.toml`.
    pub(super) fn load(files: &Files) -> Result<Self, DataError> {
        let file = check(files)?;
        let mut vocabulary = Self {
            generic: file.generic.iter().cloned().collect(),
            region_starts: file.region_starts.into_iter().collect(),
            region_directions: file.region_directions.into_iter().collect(),
            numbered: file.numbered,
            ..Self::default()
        };
        for word in file.words.iter().chain(&file.generic) {
            vocabulary.learn_words(word);
        }
        for (_, text) in files.all().filter(|(name, _)| *name != SHARE) {
            vocabulary.learn_words(text);
        }
        for (_, text) in files.all().filter(|(name, _)| *name != SHARE && !SOURCES.contains(name)) {
            vocabulary.learn_hosts(text);
        }
        Ok(vocabulary)
    }

    fn learn_words(&mut self, text: &str) {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
        self.words.extend(words.map(str::to_lowercase));
    }

    /// Host names and host templates: `*.suffix`, `part-*.suffix`, `name.{value}.suffix`.
    fn learn_hosts(&mut self, text: &str) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || ".-*{}_|".contains(c);
        for token in text.split(|c: char| !is_part(c)) {
            let token = token.trim_matches(['.', '-']).to_ascii_lowercase();
            let end = token.rsplit(['*', '}']).next().unwrap_or_default();
            let fixed = end.trim_start_matches(['.', '-']);
            if !is_domain(fixed) || RESERVED.iter().any(|r| is_below(fixed, r)) {
                continue;
            }
            if fixed == token {
                self.hosts.insert(token.clone());
            }
            let mut domains = vec![fixed.to_owned()];
            // `{region}-part.domain`: the fixed end begins inside a label.
            if fixed != token
                && !end.starts_with('.')
                && let Some((_, domain)) = fixed.split_once('.')
                && is_domain(domain)
            {
                domains.push(domain.to_owned());
            }
            self.domains.extend(domains.iter().cloned());
            let mut open = false;
            let literal: String = token
                .chars()
                .filter(|c| {
                    open = (open || *c == '{') && *c != '}';
                    !open
                })
                .collect();
            let words = literal.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
            let words: Vec<String> = words.map(str::to_owned).collect();
            for domain in domains {
                self.host_words.entry(domain).or_default().extend(words.iter().cloned());
            }
        }
    }

    /// Whether a word identifies nobody. Numbers of up to four digits and single letters do not.
    pub(crate) fn knows(&self, word: &str) -> bool {
        let lower = word.to_lowercase();
        let digits = lower.bytes().all(|b| b.is_ascii_digit());
        lower.chars().count() == 1
            || digits && lower.len() <= 4
            || self.words.contains(&lower)
            || self.numbered.iter().any(|start| {
                lower
                    .strip_prefix(start.as_str())
                    .is_some_and(|n| !n.is_empty() && n.len() <= 7 && n.bytes().all(|b| b.is_ascii_digit()))
            })
    }

    /// Whether everybody's hosts are called so.
    pub(crate) fn is_generic(&self, word: &str) -> bool {
        self.generic.contains(word)
    }

    /// Whether the rules have this name whole.
    pub(crate) fn has_host(&self, name: &str) -> bool {
        self.hosts.contains(name)
    }

    /// The vendor's or a provider's domain that the name lies in.
    pub(crate) fn domain_of<'a>(&self, name: &'a str) -> Option<&'a str> {
        let mut rest = name;
        loop {
            if self.domains.contains(rest) {
                return Some(rest);
            }
            rest = rest.split_once('.')?.1;
        }
    }

    /// Whether a part of a label stands in the fixed part of some host template below a domain.
    pub(crate) fn is_host_word(&self, domain: &str, word: &str) -> bool {
        self.host_words.get(domain).is_some_and(|words| words.contains(word))
            || word.len() <= 4 && word.bytes().all(|b| b.is_ascii_digit())
    }

    /// Whether a label is a region's name, such as `eu-west-1` or `europe-west4`.
    pub(crate) fn is_region(&self, label: &str) -> bool {
        let label = label.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
        let mut parts = label.split('-');
        parts.next().is_some_and(|p| self.region_starts.contains(p))
            && parts.all(|p| self.region_directions.contains(p) || self.region_starts.contains(p))
    }
}

/// Reads `share.toml` alone.
pub(super) fn check(files: &Files) -> Result<File, DataError> {
    let source = files.get(SHARE);
    source.text.read_as(source.shown)
}

/// At least two labels, the last of letters.
fn is_domain(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    text.contains('.')
        && last.len() >= 2
        && last.bytes().all(|b| b.is_ascii_lowercase())
        && text.split('.').all(|l| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
}

/// Whether `name` is `domain` or lies below it.
pub(crate) fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn hosts_of_the_rules_are_known_and_documentations_are_not() {
        let v = Vocabulary::embedded().unwrap();
        let services = crate::rules::services::Services::embedded().unwrap();
        for service in services.all() {
            for host in service.hosts.iter().filter(|h| !h.contains('*')) {
                assert!(v.has_host(host), "{host}");
            }
        }
        assert!(v.domain_of("gateway.example.com").is_none() && v.domain_of("a.example").is_none());
        assert!(v.is_region("eu-west-1") && v.is_region("europe-west4") && v.is_region("us-gov-east-1"));
        assert!(v.is_region("us") && !v.is_region("us-mill-1") && !v.is_region("mill"));
        assert!(v.knows("AADSTS900144") && v.knows("1020") && !v.knows("900144") && !v.knows("mill"));
    }
}
