//! The one table of characters that are not seen.

/// Whether `c` is a control character or has no glyph: spaces of no width, marks that turn the direction
/// of writing, line separators, variation selectors, tags. It is Unicode's property
/// `Default_Ignorable_Code_Point` with the separators and the annotation marks.
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Whether `c` ends a line or moves within one: what may become a space.
pub const fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// `c`, or the replacement character in the place of what is not seen.
pub fn mark(c: char) -> char {
    if is_unseen(c) { char::REPLACEMENT_CHARACTER } else { c }
}

/// `text` with a mark in the place of everything that is not seen; line feeds and tabs stay. For whole
/// messages on standard error, which quote files that somebody else wrote.
pub fn message(text: &str) -> String {
    text.replace("\r\n", "\n").chars().map(|c| if matches!(c, '\n' | '\t') { c } else { mark(c) }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What any of the program's tables ever had.
    const UNSEEN: &str = "\0\u{7}\u{1b}\u{7f}\u{85}\u{9b}\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{180b}\u{180e}\
        \u{180f}\u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2065}\u{2066}\u{206f}\u{3164}\
        \u{fe00}\u{fe0f}\u{feff}\u{ffa0}\u{fff9}\u{fffb}\u{1bca0}\u{1d173}\u{e0001}\u{e0041}\u{e007f}\u{e0100}";

    #[test]
    fn what_is_not_seen_is_marked() {
        for c in UNSEEN.chars() {
            assert!(is_unseen(c), "{:04x}", u32::from(c));
            assert_eq!(mark(c), '\u{fffd}');
        }
        for c in "aZ09 -äß中\u{301}\u{fffd}\u{1f600}".chars() {
            assert!(!is_unseen(c) && mark(c) == c, "{c}");
        }
    }

    #[test]
    fn a_message_keeps_its_lines() {
        assert_eq!(message("a\r\n\tb\u{1b}[2J\rc\u{202e}"), "a\n\tb\u{fffd}[2J\u{fffd}c\u{fffd}");
    }

    proptest! {
        #[test]
        fn a_message_is_seen_whole(text in any::<String>()) {
            let shown = message(&text);
            prop_assert!(shown.chars().all(|c| matches!(c, '\n' | '\t') || !is_unseen(c)));
            prop_assert_eq!(message(&shown), shown.clone());
        }
    }
}
