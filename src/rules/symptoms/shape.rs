//! What is left of a text when numbers and identifiers are taken out of it, and on which of those it depends what
//! is known there.
//!
//! The lines of a log differ in little else. A word with a digit in it matters only where a known text has the same
//! word, or where it stands behind the words of a kind of numbers: known texts begin and end with whole words, so
//! that none stands in a part of one. Everything else about a text is the same in all texts of one shape.

use std::ops::Range;

use super::fold::{self, of_word};
use super::numbers::is_filler;

/// Longest text that has a shape.
const LONGEST: usize = 4_096;
/// Words of one text that are taken out at the most.
const WORDS: usize = 200;
/// Stands in the place of a word that was taken out; no text that has a shape has this byte.
const GONE: u8 = 0xff;

/// Classes of bytes, which add up over a word.
const LETTER: u8 = 1;
const DIGIT: u8 = 2;
/// Part of a character beyond ASCII, which may belong to a word or not.
const HIGH: u8 = 4;
const WORD: u8 = LETTER | DIGIT | HIGH;
/// What begins an escape.
const ESCAPE: u8 = 8;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_usize;
    while byte < 256 {
        #[allow(clippy::cast_possible_truncation, reason = "the loop ends at 256")]
        #[allow(clippy::indexing_slicing, reason = "a constant: the compiler would refuse it")]
        {
            classes[byte] = match byte as u8 {
                b'0'..=b'9' => DIGIT,
                b'a'..=b'z' | b'A'..=b'Z' | b'_' => LETTER,
                0x1b | b'\\' | GONE => ESCAPE,
                0x80.. => HIGH,
                _ => 0,
            };
        }
        byte += 1;
    }
    classes
};

fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(ESCAPE)
}

/// A text without its numbers and identifiers.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    bytes: Vec<u8>,
    /// Where the words stood that were taken out.
    words: Vec<Range<usize>>,
    /// So short and plain that two parts of a known text are never too far apart in it.
    short: bool,
}

impl Shape {
    /// The same for all texts of this shape, and for those alone.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The words of `text`, whose shape this is, that have these places in the list of what was taken out.
    pub fn words<'a>(&'a self, text: &'a [u8], places: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
        places.iter().filter_map(move |place| text.get(self.words.get(*place)?.clone()))
    }
}

/// What the search of a text asked for beyond the known texts themselves.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Words of a kind of numbers, in bytes of the plain form.
    pub numbers: Vec<Range<usize>>,
    /// How far two parts are apart.
    pub distance: bool,
}

/// On what of a text it depends which known messages stand in it, beside its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Depends {
    /// On these of the words that the shape leaves out.
    Words(Box<[usize]>),
    /// On all of it.
    All,
}

impl Depends {
    /// Of `text`, its plain form, its shape, and what the search asked for.
    pub fn on(text: &str, plain: &str, shape: &Shape, asked: &Asked) -> Self {
        if asked.distance && !shape.short {
            return Self::All;
        }
        let mut places: Vec<usize> = Vec::new();
        for number in &asked.numbers {
            let end = fold::origin(text, number).end;
            let first = shape.words.partition_point(|w| w.start < end);
            // Behind a version the number may be any further word.
            let version = plain.as_bytes().get(number.end..number.end + 2);
            if version.is_some_and(|v| matches!(v, [b'/', b'0'..=b'9'])) {
                places.extend(first..shape.words.len());
                continue;
            }
            let Some(word) = shape.words.get(first) else { continue };
            if !text.as_bytes().get(end..word.start).is_some_and(reaches) {
                continue;
            }
            places.push(first);
            // What follows a number may make it something else: `502.1`, `502 3rd`.
            let next = shape.words.get(first + 1);
            let gap = next.and_then(|next| text.as_bytes().get(word.end..next.start));
            if gap.is_some_and(|gap| gap.iter().all(|b| class(*b) & WORD == 0)) {
                places.push(first + 1);
            }
        }
        places.sort_unstable();
        places.dedup();
        Self::Words(places.into())
    }
}

/// Whether a word counts that stands behind the words of a kind of numbers and `between`: there are but words that
/// say nothing, or the number itself directly before it.
fn reaches(between: &[u8]) -> bool {
    if between.iter().any(|b| class(*b) & (HIGH | ESCAPE) != 0) {
        return true;
    }
    let mut number = false;
    for word in between.split(|b| class(*b) & WORD == 0).filter(|w| !w.is_empty()) {
        if number {
            return false;
        }
        number = word.iter().any(u8::is_ascii_digit);
        if !number && !is_filler(word) {
            return false;
        }
    }
    true
}

/// The words with digits in them that known texts have, in the plain form, by their first byte; and the last words
/// of texts with an open end, which any word may go on.
#[derive(Debug, Clone)]
pub struct Words(Vec<Vec<(Box<[u8]>, bool)>>);

impl Default for Words {
    fn default() -> Self {
        Self(vec![Vec::new(); 256])
    }
}

impl Words {
    /// Notes the words of a known text in its plain form.
    pub fn add(&mut self, text: &str, open_end: bool) {
        let mut words = text.split(|c| !of_word(c)).peekable();
        while let Some(word) = words.next() {
            let open = open_end && words.peek().is_none();
            let Some(first) = word.bytes().next() else { continue };
            if (open || word.bytes().any(|b| b.is_ascii_digit()))
                && let Some(known) = self.0.get_mut(usize::from(first))
            {
                let entry = (word.as_bytes().into(), open);
                if !known.contains(&entry) {
                    known.push(entry);
                }
            }
        }
    }

    /// Whether a word may be one of a known text.
    fn has(&self, word: &[u8]) -> bool {
        let first = word.first().map_or(0, |b| usize::from(b.to_ascii_lowercase()));
        self.0.get(first).into_iter().flatten().any(|(known, open)| {
            let same = |start: &[u8]| start.eq_ignore_ascii_case(known);
            word.get(..known.len()).is_some_and(same) && (*open || word.len() == known.len())
        })
    }

    /// Makes the shape of a text; false where it has none. `near` is the length within which parts of a known text
    /// are never too far apart.
    pub fn shape(&self, text: &[u8], near: usize, shape: &mut Shape) -> bool {
        shape.bytes.clear();
        shape.words.clear();
        if text.len() > LONGEST {
            return false;
        }
        let (mut at, mut copied) = (0_usize, 0_usize);
        // Without a letter that stays the text may be a number alone.
        let mut all = 0_u8;
        while let Some(byte) = text.get(at).copied() {
            let first = class(byte);
            if first == 0 {
                at += 1;
            } else if first == ESCAPE {
                let Some(length) = escape(text.get(at..).unwrap_or_default()) else { return false };
                at += length;
            } else {
                let start = at;
                let mut seen = first;
                at += 1;
                for byte in text.get(at..).unwrap_or_default() {
                    let class = class(*byte);
                    if class & WORD == 0 {
                        break;
                    }
                    seen |= class;
                    at += 1;
                }
                let word = text.get(start..at).unwrap_or_default();
                if seen & DIGIT == 0 || seen & HIGH != 0 || self.has(word) {
                    all |= seen;
                    continue;
                }
                shape.bytes.extend_from_slice(text.get(copied..start).unwrap_or_default());
                shape.bytes.push(GONE);
                shape.words.push(start..at);
                copied = at;
            }
        }
        shape.bytes.extend_from_slice(text.get(copied..).unwrap_or_default());
        shape.short = all & HIGH == 0 && text.len() <= near;
        shape.bytes.push(u8::from(shape.short));
        all & LETTER != 0 && shape.words.len() <= WORDS
    }
}

/// How many bytes an escape takes that the plain form leaves out; of other bytes one.
fn escape(text: &[u8]) -> Option<usize> {
    match text {
        [b'\\', b'n' | b'r' | b't', ..] => Some(2),
        [b'\\', ..] => Some(1),
        [0x1b, b'[', rest @ ..] => {
            let digits = rest.iter().take_while(|b| b.is_ascii_digit() || **b == b';').count();
            Some((2 + digits + 1).min(text.len()))
        }
        [0x1b, ..] => Some(1),
        _ => None,
    }
}
