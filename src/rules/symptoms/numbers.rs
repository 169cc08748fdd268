//! Numbers that stand for an error: `HTTP 502`, `net_error -105`, `curl: (6)`.
//!
//! A number means something only behind the words that belong to its kind; a few kinds are known by a number
//! alone, where no other kind has it.

use std::collections::HashMap;
use std::ops::Range;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::fold::{is_whole, of_word};
use crate::rules::Word;

/// Characters between the words of a kind and its number.
const GAP: usize = 8;
/// Words that may stand between them.
const FILLERS: [&str; 10] =
    ["code", "status", "error", "of", "was", "is", "number", "result", "no", "failed"];

/// Whether a word says nothing between the words of a kind and its number, in any case of letters.
pub fn is_filler(word: &[u8]) -> bool {
    FILLERS.iter().any(|f| word.eq_ignore_ascii_case(f.as_bytes()))
}

/// A kind of number (`[[number]]`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberKind {
    /// Its name, which symptoms use.
    pub kind: Word,
    /// Words before such a number.
    pub after: Vec<Word>,
    /// Lowest and highest number of the kind.
    pub range: (i64, i64),
    /// A text that consists of such a number is one.
    #[serde(default)]
    pub alone: bool,
    /// It says less than any text beside it.
    #[serde(default)]
    pub weak: bool,
    /// Of the words before it those of ordinary sentences ("returned 403 books").
    #[serde(default)]
    pub plain: Vec<Word>,
    /// Words that may follow a number behind a plain word; another one is counted or named by the number.
    #[serde(default)]
    pub then: Vec<Word>,
}

impl NumberKind {
    /// Whether a number that ends at `end`, behind the word `before`, may be one of this kind.
    fn stands(&self, before: &str, text: &str, end: usize) -> bool {
        let rest = text.get(end..).unwrap_or_default();
        let Some(next) = rest.strip_prefix(' ') else { return true };
        let word = next.split(|c| !of_word(c)).next().unwrap_or_default();
        let counts = word.starts_with(|c: char| c.is_alphabetic()) && !word.contains('_');
        !counts || !self.plain.iter().any(|p| p == before) || self.then.iter().any(|t| t == word)
    }
}

/// The numbers of every symptom, by kind and value.
#[derive(Debug, Clone, Default)]
pub struct Numbers {
    kinds: Vec<NumberKind>,
    known: HashMap<(usize, i64), Vec<usize>>,
}

impl Numbers {
    pub fn new(kinds: &[NumberKind]) -> Self {
        Self { kinds: kinds.to_vec(), known: HashMap::new() }
    }

    pub fn add(&mut self, kind: &str, value: i64, symptom: usize) {
        if let Some(kind) = self.kinds.iter().position(|k| k.kind == kind) {
            self.known.entry((kind, value)).or_default().push(symptom);
        }
    }

    /// Symptoms whose number stands behind `before`, the words of `kind`, and the place of both.
    pub fn behind(&self, kind: usize, text: &str, before: &Range<usize>) -> Option<(Range<usize>, &[usize])> {
        if !is_whole(text, before, false) {
            return None;
        }
        let (value, end) = number(text, before.end)?;
        let words = text.get(before.clone())?;
        if !self.kinds.get(kind)?.stands(words, text, end) {
            return None;
        }
        Some((before.start..end, self.known.get(&(kind, value))?))
    }

    /// Whether numbers of a kind say less than any text beside them.
    pub fn is_weak(&self, kind: usize) -> bool {
        self.kinds.get(kind).is_some_and(|k| k.weak)
    }

    /// Symptoms of a text that is nothing but a number.
    pub fn alone(&self, text: &str) -> Vec<usize> {
        if text.chars().any(char::is_alphabetic) {
            return Vec::new();
        }
        let bare = text.trim_matches(|c: char| !c.is_ascii_digit() && c != '-');
        let Ok(value) = bare.parse::<i64>() else { return Vec::new() };
        let kinds = self.kinds.iter().enumerate().filter(|(_, k)| k.alone);
        kinds.filter_map(|(kind, _)| self.known.get(&(kind, value))).flatten().copied().collect()
    }
}

/// The number that begins at `at`, behind signs and words that say nothing, and its end.
fn number(text: &str, at: usize) -> Option<(i64, usize)> {
    let rest = text.get(at..)?;
    let mut from = 0_usize;
    // The version of HTTP.
    if let Some(version) = rest.strip_prefix('/') {
        let length = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
        if length > 0 && version.get(length..)?.starts_with(' ') {
            from = 1 + length;
        }
    }
    for _ in 0..4 {
        let gap = rest.get(from..)?;
        let start = gap.find(|c: char| of_word(c) || c == '-')?;
        let signs = gap.get(..start)?;
        if start > GAP || signs.contains("//") {
            return None;
        }
        from += start;
        let word = rest.get(from..)?;
        let negative = word.starts_with('-');
        let digits = word.get(usize::from(negative)..)?;
        let length = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        if length == 0 {
            // `- 502`, or a word that may stand in between.
            if negative {
                from += 1;
                continue;
            }
            let filler = word.find(|c: char| !of_word(c)).unwrap_or(word.len());
            if !FILLERS.contains(&word.get(..filler)?) {
                return None;
            }
            from += filler;
            continue;
        }
        let mut after = digits.get(length..)?.chars();
        let next = after.next();
        let within = next.is_some_and(of_word)
            || matches!(next, Some('.' | ':')) && after.next().is_some_and(|c| c.is_ascii_digit());
        if within {
            return None;
        }
        let value: i64 = digits.get(..length)?.parse().ok()?;
        let end = at + from + usize::from(negative) + length;
        return Some((if negative { -value } else { value }, end));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, before: &str) -> Option<i64> {
        number(text, text.find(before)? + before.len()).map(|(value, _)| value)
    }

    #[test]
    fn a_number_is_read_behind_its_words_only() {
        for (text, before, value) in [
            ("http 502", "http", Some(502)),
            ("http/1.1 502 bad gateway", "http", Some(502)),
            ("http/2 407", "http", Some(407)),
            ("http://127.0.0.1/x", "http", None),
            ("https://x/502", "http", None),
            ("\"status\": 529,", "status", Some(529)),
            ("status code of 503.", "status", Some(503)),
            ("code=-1003 \"x\"", "code", Some(-1003)),
            ("net_error -105", "net_error", Some(-105)),
            ("status of the service 502", "status", None),
            ("http 502ms", "http", None),
            ("error 10.0.0.1", "error", None),
        ] {
            assert_eq!(read(text, before), value, "{text}");
        }
    }
}
