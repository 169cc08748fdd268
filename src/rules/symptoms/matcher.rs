//! Every text of every symptom as one automaton, so that a line that has none of them costs one pass.
//!
//! Of each text the longest part is looked for; only where it stands are the other parts asked for.

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::fold::{fold, is_whole, of_word};
use super::numbers::{NumberKind, Numbers};
use super::shape::{Asked, Shape, Words};
use crate::rules::Word;

/// Characters that ` ... ` stands for at the most.
const GAP: usize = 400;
/// Occurrences of a first part that are tried.
const TRIES: usize = 8;
/// Shortest text that is recognised by a piece of it.
const SHORTEST_PIECE: usize = 10;
/// Symptoms that a piece may belong to; more, and it says nothing.
const MOST_OF_A_PIECE: usize = 4;

/// A part of a text.
#[derive(Debug, Clone)]
struct Part {
    text: Word,
    /// Any end of the word will do.
    open_end: bool,
}

/// A text of a symptom.
#[derive(Debug, Clone)]
struct Pattern {
    symptom: usize,
    parts: Vec<Part>,
    anchor: usize,
    /// It must be a clause of the message by itself.
    alone: bool,
}

/// What an occurrence in the automaton belongs to.
#[derive(Debug, Clone, Copy)]
enum Meaning {
    Text(usize),
    Number(usize),
}

/// One symptom found, in bytes of the plain form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub symptom: usize,
    pub parts: Vec<Range<usize>>,
    /// Characters that matched.
    pub length: usize,
    /// Where shorter texts of the same symptom stand.
    pub covered: Vec<Range<usize>>,
    /// It says less than any other.
    pub weak: bool,
}

impl Hit {
    fn new(symptom: usize, parts: Vec<Range<usize>>, length: usize) -> Self {
        Self { symptom, parts, length, covered: Vec::new(), weak: false }
    }

    /// A hit in one place.
    fn one(symptom: usize, part: Range<usize>, length: usize) -> Self {
        Self::new(symptom, std::iter::once(part).collect(), length)
    }

    /// Every place that belongs to the symptom.
    fn places(&self) -> impl Iterator<Item = &Range<usize>> {
        self.parts.iter().chain(&self.covered)
    }

    /// Whether a place of this one overlaps a place of `other`.
    pub fn touches(&self, other: &Self) -> bool {
        self.places().any(|p| other.places().any(|o| o.start < p.end && p.start < o.end))
    }

    /// From the first part to the last.
    pub fn span(&self) -> Range<usize> {
        let start = self.parts.iter().map(|p| p.start).min().unwrap_or(0);
        start..self.parts.iter().map(|p| p.end).max().unwrap_or(0)
    }

    /// Whether every part of this one lies within a part of `other`, and it matched less.
    pub fn is_within(&self, other: &Self) -> bool {
        let inside = |p: &Range<usize>| other.places().any(|o| o.start <= p.start && p.end <= o.end);
        other.length > self.length && self.parts.iter().all(inside)
    }
}

/// The automaton with what its occurrences mean.
#[derive(Debug, Clone)]
pub struct Matcher {
    automaton: Option<AhoCorasick>,
    meanings: Vec<Vec<Meaning>>,
    patterns: Vec<Pattern>,
    numbers: Numbers,
    words: Words,
}

/// A text and whether it must stand by itself.
pub struct Text<'a> {
    pub symptom: usize,
    pub text: &'a str,
    pub alone: bool,
}

impl Matcher {
    /// The automaton over `texts` and over the words of the kinds of numbers.
    pub fn new<'a>(texts: impl Iterator<Item = Text<'a>>, kinds: &[NumberKind]) -> Self {
        let mut matcher = Self {
            automaton: None,
            meanings: Vec::new(),
            patterns: Vec::new(),
            numbers: Numbers::new(kinds),
            words: Words::default(),
        };
        let mut anchors: Vec<Word> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut meanings: Vec<Vec<Meaning>> = Vec::new();
        let mut note = |anchor: &str, meaning: Meaning| {
            let place = *places.entry(anchor.to_owned()).or_insert_with(|| {
                anchors.push(anchor.into());
                meanings.push(Vec::new());
                anchors.len() - 1
            });
            if let Some(meanings) = meanings.get_mut(place) {
                meanings.push(meaning);
            }
        };
        for text in texts {
            let parts = parts(text.text);
            let longest = parts.iter().enumerate().max_by_key(|(_, p)| p.text.len());
            let Some((anchor, part)) = longest else { continue };
            parts.iter().for_each(|p| matcher.words.add(&p.text, p.open_end));
            note(&part.text, Meaning::Text(matcher.patterns.len()));
            matcher.patterns.push(Pattern {
                symptom: text.symptom,
                parts: parts.clone(),
                anchor,
                alone: text.alone,
            });
        }
        for (n, kind) in kinds.iter().enumerate() {
            for words in kind.after.iter().map(|words| fold(words)) {
                matcher.words.add(&words, false);
                note(&words, Meaning::Number(n));
            }
        }
        // Texts come from a checked file of bounded size; an automaton that cannot be built finds nothing.
        matcher.automaton = AhoCorasick::new(&anchors).ok();
        matcher.meanings = meanings;
        matcher
    }

    /// Lets a symptom have a number.
    pub fn add_number(&mut self, kind: &str, value: i64, symptom: usize) {
        self.numbers.add(kind, value, symptom);
    }

    /// Makes the shape of a text; false where it has none.
    pub fn shape(&self, text: &[u8], shape: &mut Shape) -> bool {
        self.words.shape(text, GAP, shape)
    }

    /// Every symptom in a plain text, each once, with its longest match; `asked` becomes what this depends on.
    pub fn hits(&self, text: &str, asked: &mut Asked) -> Vec<Hit> {
        let mut found: Vec<Hit> = Vec::new();
        let Some(automaton) = &self.automaton else { return found };
        // A multi-part text is looked for once, however often its anchor stands there.
        let mut tried: Vec<usize> = Vec::new();
        for occurrence in automaton.find_overlapping_iter(text) {
            let span = occurrence.start()..occurrence.end();
            for meaning in self.meanings.get(occurrence.pattern().as_usize()).into_iter().flatten() {
                match *meaning {
                    Meaning::Number(kind) => {
                        if is_whole(text, &span, false) {
                            asked.numbers.push(span.clone());
                        }
                        let Some((span, symptoms)) = self.numbers.behind(kind, text, &span) else { continue };
                        for symptom in symptoms {
                            let length = span.len();
                            let mut hit = Hit::new(*symptom, vec![span.clone()], length);
                            hit.weak = self.numbers.is_weak(kind);
                            keep(&mut found, hit);
                        }
                    }
                    Meaning::Text(n) => {
                        let Some(pattern) = self.patterns.get(n) else { continue };
                        if !pattern.parts.get(pattern.anchor).is_some_and(|p| fits(text, &span, p)) {
                            continue;
                        }
                        let parts = match pattern.parts.as_slice() {
                            [part] => (!pattern.alone || is_clause(text, &span))
                                .then(|| vec![whole(text, &span, part)]),
                            _ if tried.contains(&n) => None,
                            parts => {
                                tried.push(n);
                                asked.distance = true;
                                chain(text, parts)
                            }
                        };
                        if let Some(parts) = parts {
                            // What a star stands for says nothing, so that an exact name comes first.
                            let length = pattern.parts.iter().map(|p| p.text.len()).sum();
                            keep(&mut found, Hit::new(pattern.symptom, parts, length));
                        }
                    }
                }
            }
        }
        if found.is_empty() {
            for symptom in self.numbers.alone(text) {
                keep(&mut found, Hit::one(symptom, 0..text.len(), text.len()));
            }
        }
        found
    }

    /// Symptoms of which `text` is a piece, or with whose beginning it is cut off.
    pub fn pieces(&self, text: &str) -> Vec<Hit> {
        let text = text.trim_end_matches(['.', ' ']);
        let bare = clause(text);
        let mut found: Vec<Hit> = Vec::new();
        for pattern in self.patterns.iter().filter(|p| !p.alone) {
            let whole = pattern.parts.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join(" ");
            let inside = is_specific(bare)
                && bare.len() >= SHORTEST_PIECE.max(whole.len() / 2)
                && whole.match_indices(bare).any(|(at, _)| is_whole(&whole, &(at..at + bare.len()), true));
            let length = if inside { Some(bare.len()) } else { cut_off(text, &whole) };
            if let Some(length) = length {
                let start = text.len() - length;
                keep(&mut found, Hit::one(pattern.symptom, start..text.len(), length));
            }
        }
        if found.len() > MOST_OF_A_PIECE { Vec::new() } else { found }
    }
}

/// Whether a piece of a message says more than ordinary words would: two or three of those ("permission denied") stand
/// for many things, and naming one cause and owner for them would be a guess.
fn is_specific(piece: &str) -> bool {
    piece.contains('_') || piece.split(' ').filter(|w| !w.is_empty()).count() > 3
}

/// The length of the beginning of `whole` with which `text` ends; short ones are chance.
fn cut_off(text: &str, whole: &str) -> Option<usize> {
    let least = (whole.len() * 3 / 5).max(12);
    (least..whole.len()).rev().find(|length| {
        let start = text.len().checked_sub(*length);
        let same = whole.get(..*length).is_some_and(|w| is_specific(w) && text.ends_with(w));
        same && start.is_some_and(|start| is_whole(text, &(start..text.len()), true))
    })
}

/// Notes a hit; of one symptom the longest stays, and knows where the others are.
fn keep(found: &mut Vec<Hit>, mut hit: Hit) {
    let Some(known) = found.iter_mut().find(|f| f.symptom == hit.symptom) else {
        found.push(hit);
        return;
    };
    if known.length < hit.length {
        std::mem::swap(known, &mut hit);
    }
    known.weak &= hit.weak;
    known.covered.extend(hit.parts.into_iter().chain(hit.covered));
}

/// The parts of a text between ` ... `; a star at the end of one leaves its last word open.
fn parts(text: &str) -> Vec<Part> {
    let part = |raw: &str| {
        let (raw, open_end) = raw.strip_suffix('*').map_or((raw, false), |r| (r, true));
        Part { text: fold(raw).into(), open_end }
    };
    text.split(" ... ").map(part).filter(|p| !p.text.is_empty()).collect()
}

/// Whether a text has anything to look for.
pub fn is_empty(text: &str) -> bool {
    parts(text).is_empty()
}

fn fits(text: &str, span: &Range<usize>, part: &Part) -> bool {
    is_whole(text, span, part.open_end)
}

/// The place of a part, with the rest of its word where its end is open.
fn whole(text: &str, span: &Range<usize>, part: &Part) -> Range<usize> {
    let rest = text.get(span.end..).unwrap_or_default();
    let more = if part.open_end { rest.find(|c| !of_word(c)).unwrap_or(rest.len()) } else { 0 };
    span.start..span.end + more
}

/// The places of parts that follow each other, none too far from the one before.
fn chain(text: &str, parts: &[Part]) -> Option<Vec<Range<usize>>> {
    let (first, rest) = parts.split_first()?;
    places(text, first, 0).take(TRIES).find_map(|start| {
        let mut found = vec![start];
        for part in rest {
            let from = found.last().map_or(0, |f| f.end);
            let next = places(text, part, from).next().filter(|p| p.start <= from + GAP)?;
            found.push(next);
        }
        Some(found)
    })
}

fn places<'a>(text: &'a str, part: &'a Part, from: usize) -> impl Iterator<Item = Range<usize>> + 'a {
    let rest = text.get(from..).unwrap_or_default();
    rest.match_indices(part.text.as_str())
        .map(move |(at, found)| from + at..from + at + found.len())
        .filter(|span| fits(text, span, part))
        .map(|span| whole(text, &span, part))
}

/// Whether what stands at `span` is a clause: between the ends of the text, colons, brackets and full stops.
fn is_clause(text: &str, span: &Range<usize>) -> bool {
    let before = text.get(..span.start).unwrap_or_default().trim_end();
    let after = text.get(span.end..).unwrap_or_default().trim_start();
    let begins =
        before.is_empty() || before.ends_with([':', ']', ')', '>', '|', '"', '\'', '=', '-', ';', '{']);
    let ends = after.is_empty()
        || after.starts_with(['.', '!', ',', ';', ':', '(', ')', '"', '\'', '|', ']', '}', '{']);
    // The first line of a stack trace.
    begins && (ends || after.starts_with("at "))
}

/// A message without what programs print before it: times, levels, names in brackets.
fn clause(text: &str) -> &str {
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start_matches([' ', '-', '>', '|', ':', '"', '\'']);
        let shorter = if trimmed.starts_with('[') {
            trimmed.find(']').and_then(|end| trimmed.get(end + 1..))
        } else {
            let end = trimmed.find(' ').unwrap_or(trimmed.len());
            let word = trimmed.get(..end).unwrap_or_default();
            let prefix = word.starts_with(|c: char| c.is_ascii_digit()) && word.contains([':', '-'])
                || word.ends_with(':') && !word.contains("::")
                || matches!(word, "info" | "warn" | "warning" | "error" | "debug" | "fatal" | "trace");
            prefix.then(|| trimmed.get(end..)).flatten()
        };
        match shorter {
            Some(shorter) if !shorter.trim().is_empty() => rest = shorter,
            _ => return trimmed.trim_end_matches(['"', '\'']),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn matcher(texts: &[(&str, bool)]) -> Matcher {
        let texts = texts.iter().enumerate();
        Matcher::new(texts.map(|(symptom, (text, alone))| Text { symptom, text, alone: *alone }), &[])
    }

    #[test]
    fn parts_follow_each_other_and_words_are_whole() {
        let m = matcher(&[("marketplace ... digest", false), ("ERR_SSL_*", false), ("terminated", true)]);
        let ids = |text: &str| {
            m.hits(&fold(text), &mut Asked::default()).iter().map(|h| h.symptom).collect::<Vec<_>>()
        };
        assert_eq!(ids("the Marketplace x: other digest"), [0]);
        assert_eq!(ids("digest of a marketplace"), [0_usize; 0]);
        assert_eq!(ids(&format!("marketplace {} digest", "x ".repeat(GAP))), [0_usize; 0]);
        assert_eq!(ids(&format!("marketplace {} marketplace digest", "x ".repeat(GAP))), [0]);
        assert_eq!(ids("net::ERR_SSL_ANYTHING_NEW"), [1]);
        assert_eq!(ids("MY_ERR_SSL_X"), [1_usize; 0]);
        assert_eq!(ids("TypeError: terminated"), [2]);
        assert_eq!(ids("the process was terminated"), [2_usize; 0]);
    }

    #[test]
    fn a_piece_or_a_text_that_is_cut_off_is_known() {
        let m = matcher(&[("unable to get local issuer certificate", false)]);
        let known = |text: &str| !m.pieces(&fold(text)).is_empty();
        assert!(known("[10:00:00] error: get local issuer certificate"));
        assert!(known("request failed, reason: unable to get local issuer certif\u{2026}"));
        assert!(!known("issuer certificate") && !known("get local issuer"), "ordinary words");
        assert!(!known("certificate") && !known("unable to get") && !known("local issuer of cards"));
    }
}
