//! Remote text made safe to store and print: bounded, and free of everything that could move a
//! cursor, change a colour or reorder a line.

use crate::text::line::skip_escape;
use crate::text::visible::{is_break, is_unseen};

/// One line of remote text: control characters become spaces, escape sequences and invisible
/// characters disappear; at most `cap` characters.
pub(crate) fn line(text: &str, cap: usize) -> String {
    let mut out = clean(text, cap, false);
    out.truncate(out.trim_end().len());
    out
}

/// A block of remote bytes as text: as [`line`], but line feeds and tabs stay.
pub(crate) fn block(bytes: &[u8], cap: usize) -> String {
    clean(&String::from_utf8_lossy(bytes), cap, true)
}

/// The printable ASCII of some bytes, everything else as `.`; at most `cap` characters.
pub(crate) fn ascii(bytes: &[u8], cap: usize) -> String {
    let text: String = bytes
        .iter()
        .take(cap)
        .map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '.' })
        .collect();
    text.trim_end_matches(['.', ' ']).to_owned()
}

fn clean(text: &str, cap: usize, keep_lines: bool) -> String {
    let mut out = String::with_capacity(text.len().min(cap));
    let mut kept = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if kept == cap {
            break;
        }
        let put = match c {
            '\n' | '\t' if keep_lines => c,
            '\r' if keep_lines => continue,
            '\u{1b}' | '\u{9b}' => {
                skip_escape(c, &mut chars);
                continue;
            }
            c if c.is_control() || is_break(c) => ' ',
            c if is_unseen(c) => continue,
            c => c,
        };
        out.push(put);
        kept += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_disappear_whole() {
        assert_eq!(line("a\u{1b}[31mred\u{1b}[0m", 99), "ared");
        assert_eq!(line("a\u{1b}]0;title\u{7}b", 99), "ab");
        assert_eq!(line("a\u{1b}]8;;http://x.example\u{1b}\\b", 99), "ab");
        assert_eq!(line("a\u{9b}2Jb", 99), "ab");
    }

    #[test]
    fn controls_and_bidi_cannot_survive() {
        assert_eq!(line("a\r\nb\u{202e}c\u{200b}d\0e", 99), "a  bcd e");
        assert_eq!(block(b"a\r\n\tb\x08", 99), "a\n\tb ");
    }

    #[test]
    fn length_is_bounded_in_characters() {
        assert_eq!(line("ääää", 2), "ää");
        assert_eq!(ascii(b"SSH-2.0-x\r\n", 99), "SSH-2.0-x");
        assert_eq!(ascii(&[0x16, b'a'], 9), ".a");
    }
}
