//! Host names: the customer's become numbers, a provider's keep the provider's part.

use std::collections::{HashMap, HashSet};

use crate::rules::vocabulary::{Vocabulary, is_below};

/// The digits of a SHA-256. A saved report may hold any text in the place of one, and a width above
/// 65,535 cannot be formatted.
const HASH_DIGITS: usize = 64;

/// The parts of names masked so far.
#[derive(Debug, Default)]
pub(super) struct NameMask {
    words: HashMap<String, usize>,
    sites: HashMap<String, usize>,
    /// Names met where a host must stand.
    hosts: HashSet<String>,
}

impl NameMask {
    /// The mask of a word, whatever its case.
    pub(super) fn word(&mut self, word: &str) -> String {
        let next = self.words.len() + 1;
        let number = *self.words.entry(word.to_lowercase()).or_insert(next);
        format!("name{number}")
    }

    /// A number in place of a number, so that a document stays readable.
    pub(super) fn number(&mut self, digits: &str) -> String {
        let next = self.words.len() + 1;
        let number = *self.words.entry(digits.to_owned()).or_insert(next);
        (100_000 + number).to_string()
    }

    /// A number in place of a hash, as long as the hash where that is no longer than a hash is.
    pub(super) fn hash(&mut self, hash: &str) -> String {
        let next = self.words.len() + 1;
        let number = *self.words.entry(hash.to_lowercase()).or_insert(next);
        format!("{number:0width$}", width = hash.len().min(HASH_DIGITS))
    }

    /// Whether the name was met where a host must stand.
    pub(super) fn is_host(&self, name: &str) -> bool {
        self.hosts.contains(name)
    }

    /// The mask of a host name, lower case without a root dot. What stays: names that the rules
    /// have; of a provider's domain the domain, regions, and the parts that its hosts all have; an
    /// internal suffix. Two names share their last two labels after masking when they did before.
    pub(super) fn host(
        &mut self,
        vocabulary: &Vocabulary,
        internal: &[impl AsRef<str>],
        name: &str,
    ) -> String {
        self.hosts.insert(name.to_owned());
        if name == "localhost" || name.ends_with(".localhost") || vocabulary.has_host(name) {
            return name.to_owned();
        }
        if let Some(domain) = vocabulary.domain_of(name) {
            let front = name.strip_suffix(domain).unwrap_or_default().trim_end_matches('.');
            let mut labels: Vec<String> = front
                .split('.')
                .filter(|l| !l.is_empty())
                .map(|l| self.tenant(vocabulary, domain, l))
                .collect();
            labels.push(domain.to_owned());
            return labels.join(".");
        }
        let suffix = internal.iter().map(AsRef::as_ref).filter(|s| is_below(name, s)).max_by_key(|s| s.len());
        let (front, end) = match suffix {
            Some(suffix) => {
                let front = name.strip_suffix(suffix).unwrap_or_default().trim_end_matches('.');
                let own = front.rsplit('.').next().unwrap_or_default();
                let rest = front.strip_suffix(own).unwrap_or_default().trim_end_matches('.');
                let own = if own.is_empty() { String::new() } else { format!("{}.", self.word(own)) };
                (rest, format!("{own}{suffix}"))
            }
            // One label: internal as it stands.
            None if !name.contains('.') => return self.word(name),
            None => {
                let at = name.rmatch_indices('.').nth(1).map_or(0, |(at, _)| at + 1);
                let (front, site) = name.split_at(at);
                let next = self.sites.len() + 1;
                let number = *self.sites.entry(site.to_owned()).or_insert(next);
                (front.trim_end_matches('.'), format!("site{number}.example"))
            }
        };
        let mut labels: Vec<String> =
            front.split('.').filter(|l| !l.is_empty()).map(|l| self.word(l)).collect();
        labels.push(end);
        labels.join(".")
    }

    /// A label in front of a provider's domain.
    fn tenant(&mut self, vocabulary: &Vocabulary, domain: &str, label: &str) -> String {
        if vocabulary.is_region(label) {
            return label.to_owned();
        }
        let parts: Vec<String> = label
            .split('-')
            .map(|part| if vocabulary.is_host_word(domain, part) { part.to_owned() } else { self.word(part) })
            .collect();
        // `eu-west-1-aiplatform` and the like: a region inside a label.
        let at = label.match_indices('-').map(|(at, _)| at).rev();
        for at in at {
            let (front, back) = label.split_at(at);
            if vocabulary.is_region(front)
                && back.split('-').all(|p| p.is_empty() || vocabulary.is_host_word(domain, p))
            {
                return label.to_owned();
            }
        }
        parts.join("-")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::rules::services::Services;

    #[test]
    fn a_hash_of_any_length_becomes_a_number() {
        let mut mask = NameMask::default();
        for (length, digits) in [(0, 1), (8, 8), (64, 64), (65, 64), (70_000, 64)] {
            let masked = mask.hash(&"a".repeat(length));
            assert_eq!(masked.len(), digits, "{length}");
            assert!(masked.bytes().all(|b| b.is_ascii_digit()), "{masked}");
        }
    }

    #[test]
    fn names_keep_what_a_verdict_rests_on() {
        let vocabulary = Vocabulary::embedded().unwrap();
        let services = Services::embedded().unwrap();
        let book = services.addresses();
        let mut mask = NameMask::default();
        let mut of = |name: &str| mask.host(&vocabulary, book.internal_suffixes(), name);
        let (a, b, c) = (of("llm.quarry.example"), of("sso.quarry.example"), of("llm.mill.example"));
        assert_eq!(a.split_once('.').unwrap().1, b.split_once('.').unwrap().1);
        assert_ne!(a.split_once('.').unwrap().1, c.split_once('.').unwrap().1);
        for (name, end) in [("llm.quarry.corp", ".corp"), ("a.b.quarry.home.arpa", ".home.arpa")] {
            let masked = of(name);
            assert!(masked.ends_with(end) && !masked.contains("quarry"), "{masked}");
            assert!(book.is_internal_name(&masked), "{masked}");
        }
        assert!(book.is_internal_name(&of("quarrygw")));
        assert_eq!(of("localhost"), "localhost");
        // A tenant that is called as something in the rules.
        for name in
            ["zscaler.services.ai.azure.com", "google-ai.openai.azure.com", "cisco.okta.com", "llm.cisco.com"]
        {
            let masked = of(name);
            assert!(!["zscaler", "google", "cisco"].iter().any(|w| masked.contains(w)), "{name}: {masked}");
        }
        // Every fingerprint that a name leads to, it leads to when masked.
        for service in services.all() {
            for pattern in &service.hosts {
                let name =
                    pattern.replace('*', if pattern.contains("bedrock") { "eu-west-1" } else { "quarry" });
                let masked = of(&name);
                assert!(!masked.contains("quarry"), "{name}: {masked}");
                let found = services.for_host(&masked).map(|m| m.service.id.as_str());
                assert_eq!(
                    found,
                    services.for_host(&name).map(|m| m.service.id.as_str()),
                    "{name}: {masked}"
                );
            }
        }
    }
}
