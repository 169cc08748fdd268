//! Text from elsewhere as one line or as a block: bounded, and free of what moves a cursor, changes a
//! colour or turns a line around.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

use unicode_width::UnicodeWidthChar;

use super::visible::{is_break, is_unseen, mark};

/// Longest text that a report shows of one field, in characters.
pub const LONG: usize = 1_000;
/// Longest name (of a file, user, host, issuer) that a report shows, in characters.
pub const SHORT: usize = 260;

/// One line for a terminal: no control or escape sequence, no character that is not seen; runs of white
/// space are one space; at most `max` characters (a cut ends in `...`).
pub fn line(text: &str, max: usize) -> String {
    if is_plain(text, max) {
        return text.to_owned();
    }
    let visible = strip(text, false);
    let mut out = String::with_capacity(visible.len().min(4 * max));
    let mut count = 0_usize;
    for word in visible.split_whitespace() {
        let gap = usize::from(!out.is_empty());
        for c in std::iter::repeat_n(' ', gap).chain(word.chars()) {
            if count == max {
                let keep = out.char_indices().nth(max.saturating_sub(3)).map_or(out.len(), |(i, _)| i);
                out.truncate(keep);
                out.push_str("...");
                return out;
            }
            out.push(c);
            count += 1;
        }
    }
    out
}

/// Whether [`line`] leaves a text as it is, told from its bytes: printable ASCII, words apart by one space. Most texts are,
/// and a report has hundreds of them.
fn is_plain(text: &str, max: usize) -> bool {
    let bytes = text.as_bytes();
    let spaced = bytes.starts_with(b" ") || bytes.ends_with(b" ") || text.contains("  ");
    bytes.len() <= max && !spaced && bytes.iter().all(|b| matches!(b, b' '..=b'~'))
}

/// Text that goes into a line as it is laid out already: nothing of it is cut and no space is lost, but what a terminal
/// would act upon is gone, and a break is a space.
pub fn laid_out(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(strip(text, false))
}

/// Text for a JSON string: line breaks and tabs stay (JSON escapes them), everything else that a
/// terminal would act upon goes.
pub fn block(text: &str) -> String {
    strip(text, true)
}

/// The first `max` characters that are seen; what is not seen is left out.
pub fn seen(text: &str, max: usize) -> String {
    text.chars().filter(|c| !is_unseen(*c)).take(max).collect()
}

/// As [`seen`], and a cut ends in an ellipsis.
pub fn clipped(text: &str, max: usize) -> String {
    ellipsis(text.chars().filter(|c| !is_unseen(*c)), max)
}

/// As [`clipped`], with a space in the place of what is not seen.
pub fn spaced(text: &str, max: usize) -> String {
    ellipsis(text.chars().map(|c| if is_unseen(c) { ' ' } else { c }), max)
}

/// As [`clipped`], with a mark in the place of what is not seen: for names that were found somewhere.
pub fn marked(text: &str, max: usize) -> String {
    ellipsis(text.chars().map(mark), max)
}

fn ellipsis(mut chars: impl Iterator<Item = char>, max: usize) -> String {
    let mut out: String = chars.by_ref().take(max).collect();
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

fn strip(text: &str, breaks: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut after_mark = false;
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' | '\u{9b}' => skip_escape(c, &mut chars),
            '\n' | '\t' if breaks => out.push(c),
            '\r' if breaks => {}
            c if is_break(c) => out.push(' '),
            c if is_unseen(c) => {}
            c => {
                // One combining mark a letter is writing; a pile of them climbs over other lines.
                let mark = c.width() == Some(0);
                if !(mark && after_mark) {
                    out.push(c);
                }
                after_mark = mark;
            }
        }
    }
    out
}

/// Skips a terminal's escape sequence after its `introducer`, ESC or its one-character form of `ESC [`.
/// `[` begins a sequence with a final letter; `]`, `P`, `X`, `^`, `_` begin a string.
pub(crate) fn skip_escape(introducer: char, chars: &mut Peekable<Chars<'_>>) {
    if introducer == '\u{9b}' {
        return skip_sequence(chars);
    }
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_sequence(chars);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            // The string ends with BEL or ESC \; without an end only the introducer goes, so that
            // an unfinished one cannot hide the rest of the text.
            let mut ahead = chars.clone();
            ahead.next();
            let mut length = 1_usize;
            while let Some(c) = ahead.next() {
                length += 1;
                let string_end = c == '\u{1b}' && ahead.peek() == Some(&'\\');
                if matches!(c, '\u{7}' | '\u{9c}') || string_end {
                    for _ in 0..length + usize::from(string_end) {
                        chars.next();
                    }
                    return;
                }
            }
            chars.next();
        }
        _ => {}
    }
}

fn skip_sequence(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| ('\u{20}'..='\u{3f}').contains(c)).is_some() {}
    chars.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_a_terminal_acts_upon_is_left() {
        assert_eq!(line("a\u{1b}[31mred\u{1b}[0m b", 80), "ared b");
        assert_eq!(line("\u{1b}]0;title\u{7}x \u{1b}]8;;http://e.example\u{1b}\\y", 80), "x y");
        assert_eq!(line("\u{1b}]unfinished text", 80), "unfinished text");
        assert_eq!(line("\u{9b}2Jgone\u{202e}dlrow\u{200b}\u{feff}", 80), "gonedlrow");
        assert_eq!(line(" one\r\n\ttwo\u{2028}three ", 80), "one two three");
        assert_eq!(line("e\u{301}\u{301}\u{301}", 80), "e\u{301}");
        assert_eq!(laid_out("  a\u{1b}[31m  b\nc\u{202e} "), "  a  b c ");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        assert_eq!(line("abcdefghij", 8), "abcde...");
        assert_eq!(line("abcdefgh", 8), "abcdefgh");
        assert_eq!(line(&"x".repeat(10_000), LONG).chars().count(), LONG);
        assert_eq!(clipped("a\0bcd", 3), "abc…");
        assert_eq!(clipped("a\0bc\u{200b}", 3), "abc");
        assert_eq!(spaced("a\u{1b}[31mb\nc\u{202e}d", 80), "a [31mb c d");
        assert_eq!(marked("a\u{feff}b", 2), "a\u{fffd}…");
        assert_eq!(seen("a\u{2067}bc", 2), "ab");
    }

    #[test]
    fn json_text_keeps_its_line_breaks() {
        assert_eq!(block("a\r\n\tb\u{1b}[2Jc\u{202e}"), "a\n\tbc");
    }

    proptest! {
        #[test]
        fn every_form_is_seen_and_bounded(text in any::<String>(), max in 4_usize..100) {
            for out in [line(&text, max), seen(&text, max), clipped(&text, max), spaced(&text, max), marked(&text, max)] {
                prop_assert!(!out.chars().any(is_unseen), "{out:?}");
                prop_assert!(out.chars().count() <= max + 1);
            }
            prop_assert!(!laid_out(&text).chars().any(is_unseen));
            prop_assert!(block(&text).chars().all(|c| matches!(c, '\n' | '\t') || !is_unseen(c)));
        }

        #[test]
        fn a_plain_text_is_what_the_long_way_makes_of_it(text in "[ -~\u{e9}\u{301}\t]{0,12}", max in 4_usize..14) {
            if is_plain(&text, max) {
                let visible = strip(&text, false);
                prop_assert_eq!(visible.split_whitespace().collect::<Vec<_>>().join(" "), text.clone());
                prop_assert!(text.chars().count() <= max);
            }
        }

        #[test]
        fn what_was_cleaned_stays_as_it_is(text in any::<String>()) {
            let once = line(&text, LONG);
            prop_assert_eq!(line(&once, LONG), once.clone());
            prop_assert_eq!(laid_out(&once), once.as_str());
            prop_assert_eq!(clipped(&once, LONG), once);
        }
    }
}
