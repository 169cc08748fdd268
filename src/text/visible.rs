//! The one table of characters that are not seen, or that change how others are seen.

/// Whether `c` is not seen (control characters, spaces of no width, byte order marks) or changes
/// what is seen (the direction of writing, line separators, variation selectors, tags).
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// `c`, or U+FFFD in place of a character that is not seen.
pub fn visible(c: char) -> char {
    if is_unseen(c) { '\u{fffd}' } else { c }
}

/// A message of several lines with only its line feeds unseen.
pub fn lines(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { c } else { visible(c) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_line_feeds_stay_unseen() {
        assert_eq!(lines("a\u{1b}[1m\nb\r\u{202e}\u{e0041}ü"), "a\u{fffd}[1m\nb\u{fffd}\u{fffd}\u{fffd}ü");
    }
}
