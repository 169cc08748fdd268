//! Makes text from elsewhere (servers, certificates, file names, configurations) safe to show.
//!
//! The records were sanitised when they were made. Every rendering sanitises again, because a
//! saved report or a hosts document may have been written by anybody.

use unicode_width::UnicodeWidthChar;

/// Longest text that a report shows of one field, in characters.
pub const LONG: usize = 1_000;
/// Longest name (of a file, user, host, issuer) that a report shows, in characters.
pub const SHORT: usize = 260;

/// One line for a terminal: no control or escape sequence, no character that is invisible or turns
/// the writing direction; runs of white space are one space; at most `max` characters (a cut ends
/// in `...`).
pub fn line(text: &str, max: usize) -> String {
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

/// Text for a JSON string: line breaks and tabs stay (JSON escapes them), everything else that a
/// terminal would act upon goes.
pub fn block(text: &str) -> String {
    strip(text, true)
}

/// One cell of a CSV file: a spreadsheet must read it as text, never as a formula.
///
/// The `csv` crate is not used: it quotes what its own delimiter needs, so semicolons and tabs stay bare,
/// at which spreadsheets of other languages split a cell, and a formula may begin in its second half.
pub fn csv(text: &str) -> String {
    let clean = line(text, LONG);
    let formula = clean.starts_with(is_formula_start);
    let plain = |c: char| c.is_ascii_alphanumeric() || " ._:*/()-".contains(c);
    if !formula && clean.chars().all(plain) {
        return clean;
    }
    let apostrophe = if formula { "'" } else { "" };
    format!("\"{apostrophe}{}\"", clean.replace('"', "\"\""))
}

/// Whether a spreadsheet takes a cell that begins with `c` for a formula.
pub fn is_formula_start(c: char) -> bool {
    // The full-width forms are folded to the plain ones by some spreadsheets.
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '|' | '%' | '＝' | '＋' | '－' | '＠')
}

/// Text inside Markdown: shows as it is, makes no link, mark-up, mention or table cell.
pub fn markdown(text: &str) -> String {
    let clean = line(text, LONG);
    let mut out = String::with_capacity(clean.len() + 16);
    for c in clean.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Renderers turn bare addresses into links and @names into mentions.
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    for (bare, broken) in [("://", "&#58;//"), ("mailto:", "mailto&#58;"), ("www.", "www&#46;")] {
        out = out.replace(bare, broken);
    }
    // At the start of a line these would make a list.
    let digits = out.bytes().take_while(u8::is_ascii_digit).count();
    if out.starts_with(['-', '+']) || digits > 0 && out[digits..].starts_with(['.', ')']) {
        out.insert(digits, '\\');
    }
    out
}

/// A code span of Markdown. Text that could end the span or the cell of a table around it (nothing
/// can be escaped inside a span) is plain text instead.
pub fn markdown_code(text: &str) -> String {
    let clean = line(text, SHORT);
    if clean.is_empty() || clean.contains(['`', '|', '\\']) { markdown(&clean) } else { format!("`{clean}`") }
}

fn strip(text: &str, breaks: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut after_mark = false;
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            // The one-character form of ESC [.
            '\u{9b}' => skip_sequence(&mut chars),
            '\n' | '\t' if breaks => out.push(c),
            '\r' if breaks => {}
            '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push(' '),
            c if c.is_control() || is_invisible(c) => {}
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

/// After ESC: `[` begins a sequence with a final letter; `]`, `P`, `X`, `^`, `_` begin a string.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
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
                if c == '\u{7}' || string_end {
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

fn skip_sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while chars.next_if(|c| ('\u{20}'..='\u{3f}').contains(c)).is_some() {}
    chars.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
}

/// Characters without a glyph, among them those that turn the direction of writing.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_terminal_acts_upon_is_left() {
        assert_eq!(line("a\u{1b}[31mred\u{1b}[0m b", 80), "ared b");
        assert_eq!(line("\u{1b}]0;title\u{7}x \u{1b}]8;;http://e.example\u{1b}\\y", 80), "x y");
        assert_eq!(line("\u{1b}]unfinished text", 80), "unfinished text");
        assert_eq!(line("\u{9b}2Jgone\u{202e}dlrow\u{200b}\u{feff}", 80), "gonedlrow");
        assert_eq!(line(" one\r\n\ttwo\u{2028}three ", 80), "one two three");
        assert_eq!(line("e\u{301}\u{301}\u{301}", 80), "e\u{301}");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        assert_eq!(line("abcdefghij", 8), "abcde...");
        assert_eq!(line("abcdefgh", 8), "abcdefgh");
        assert_eq!(line(&"x".repeat(10_000), LONG).chars().count(), LONG);
    }

    #[test]
    fn json_text_keeps_its_line_breaks() {
        assert_eq!(block("a\r\n\tb\u{1b}[2Jc\u{202e}"), "a\n\tbc");
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(csv("=1+1"), "\"'=1+1\"");
        assert_eq!(csv("  @SUM(A1)"), "\"'@SUM(A1)\"");
        assert_eq!(csv("a;=1+1"), "\"a;=1+1\"");
        assert_eq!(csv("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(csv("*.host.example"), "*.host.example");
        assert_eq!(csv(""), "");
    }

    #[test]
    fn markdown_shows_text_as_it_is() {
        assert_eq!(
            markdown("<b>|*x*|[l](http://e.example)"),
            "&lt;b&gt;\\|\\*x\\*\\|\\[l\\](http&#58;//e.example)"
        );
        assert_eq!(markdown("@all www.e.example"), "&#64;all www&#46;e.example");
        assert_eq!(markdown("- item"), "\\- item");
        assert_eq!(markdown("1. item"), "1\\. item");
        assert_eq!(markdown_code("a = *b*"), "`a = *b*`");
        assert_eq!(markdown_code("a\\|`c"), "a\\\\\\|\\`c");
    }
}
