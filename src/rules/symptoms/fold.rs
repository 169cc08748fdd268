//! One form for what people paste: lower case, one blank between words, plain quotation marks, no colours.

use std::ops::Range;

/// Hands every character of the plain form to `emit`, with the bytes of `text` that it came from.
fn walk(text: &str, mut emit: impl FnMut(char, Range<usize>)) {
    let mut rest = text.char_indices().peekable();
    // Where a gap between words began; a gap at the very start is none.
    let mut gap: Option<usize> = None;
    let mut begun = false;
    while let Some((at, c)) = rest.next() {
        let (mut c, mut end) = (c, at + c.len_utf8());
        match c {
            // A colour of a terminal: ESC [ 3 1 m.
            '\u{1b}' => {
                if rest.next_if(|(_, c)| *c == '[').is_some() {
                    while rest.next_if(|(_, c)| c.is_ascii_digit() || *c == ';').is_some() {}
                    rest.next();
                }
                c = ' ';
            }
            // An escape of JSON: a line end or a quotation mark within a text.
            '\\' => {
                if rest.next_if(|(_, c)| matches!(c, 'n' | 'r' | 't')).is_some() {
                    c = ' ';
                } else if let Some((next, quote)) = rest.next_if(|(_, c)| matches!(c, '"' | '\'')) {
                    c = quote;
                    end = next + 1;
                }
            }
            _ => {}
        }
        let c = match c {
            '\u{2018}' | '\u{2019}' | '\u{201b}' | '`' => '\'',
            '\u{201c}' | '\u{201d}' => '"',
            '\u{2026}' => ' ',
            '\u{2010}' | '\u{2011}' => '-',
            c if c.is_control() => ' ',
            c => c,
        };
        if c.is_whitespace() {
            gap.get_or_insert(at);
            continue;
        }
        if let Some(start) = gap.take()
            && begun
        {
            emit(' ', start..at);
        }
        begun = true;
        if c.is_ascii() {
            emit(c.to_ascii_lowercase(), at..end);
        } else {
            c.to_lowercase().for_each(|c| emit(c, at..end));
        }
    }
}

/// The plain form of a text of ASCII without escapes, which is what most lines of a log are: byte by byte.
fn of_ascii(text: &str) -> Option<String> {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut gap = false;
    for byte in text.bytes() {
        match byte {
            0x1b | b'\\' | b'`' | 0x80.. => return None,
            ..=b' ' | 0x7f => gap = true,
            byte => {
                if gap && !out.is_empty() {
                    out.push(b' ');
                }
                gap = false;
                out.push(byte.to_ascii_lowercase());
            }
        }
    }
    String::from_utf8(out).ok()
}

/// The plain form of a text.
pub fn fold(text: &str) -> String {
    if let Some(plain) = of_ascii(text) {
        return plain;
    }
    let mut out = String::with_capacity(text.len());
    walk(text, |c, _| out.push(c));
    out
}

/// The bytes of `text` that the bytes `span` of its plain form came from.
pub fn origin(text: &str, span: &Range<usize>) -> Range<usize> {
    let (mut at, mut found) = (0_usize, None::<Range<usize>>);
    walk(text, |c, from| {
        if span.contains(&at) {
            let start = found.as_ref().map_or(from.start, |f| f.start);
            found = Some(start..from.end);
        }
        at += c.len_utf8();
    });
    found.unwrap_or(0..0)
}

/// Whether a character belongs to a word: a name ends before and after others.
pub fn of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether what stands at `span` of `text` neither begins nor ends within a word.
pub fn is_whole(text: &str, span: &Range<usize>, open_end: bool) -> bool {
    let part = text.get(span.clone()).unwrap_or_default();
    let word = |c: Option<char>| c.is_some_and(of_word);
    let before = text.get(..span.start).and_then(|t| t.chars().next_back());
    let after = text.get(span.end..).and_then(|t| t.chars().next());
    let cut_before = word(before) && word(part.chars().next());
    let cut_after = !open_end && word(after) && word(part.chars().next_back());
    !cut_before && !cut_after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste_has_one_form_and_its_places_are_found_again() {
        let text = "  \u{1b}[31mRead\u{1b}[0m\n\t ECONNRESET \u{201c}Claude\u{2019}s\u{201d}\\n\\\"x\\\" ";
        let plain = fold(text);
        assert_eq!(plain, "read econnreset \"claude's\" \"x\"");
        let start = plain.find("econnreset").unwrap_or_default();
        assert_eq!(text.get(origin(text, &(start..start + 10))), Some("ECONNRESET"));
        assert_eq!(fold(""), "");
        // The quick way comes to the same.
        for text in ["  Read\tECONNRESET \u{7f}\u{1}x\r\n", "\n", "A  b", "x"] {
            let mut walked = String::new();
            walk(text, |c, _| walked.push(c));
            assert_eq!(of_ascii(text).as_deref(), Some(walked.as_str()), "{text:?}");
        }
    }
}
