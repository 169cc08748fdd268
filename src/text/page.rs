//! Columns and lines of a page.

use unicode_width::UnicodeWidthStr;

/// Columns that `text` takes.
pub fn columns(text: &str) -> usize {
    // Nearly every text is of characters that take one column each, and then nothing has to be looked up.
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) { text.len() } else { text.width() }
}

/// `text` filled with spaces to `width` columns.
pub fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(columns(text));
    format!("{text}{}", " ".repeat(missing))
}

/// Breaks `text` at spaces: `first` columns for the first line, `rest` for the others. A word that
/// is longer than a line stays whole, so that it can be copied.
pub fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut filled = 0;
    for word in text.split_whitespace() {
        let room = if lines.is_empty() { first } else { rest };
        let width = columns(word);
        if !current.is_empty() && filled + 1 + width > room {
            lines.push(std::mem::take(&mut current));
        }
        if current.is_empty() {
            filled = width;
        } else {
            current.push(' ');
            filled += 1 + width;
        }
        current.push_str(word);
    }
    lines.push(current);
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_words_stay_whole_and_lines_stay_short() {
        assert_eq!(wrap("one two three", 7, 5), ["one two", "three"]);
        assert_eq!(wrap("a-very-long-word b", 4, 4), ["a-very-long-word", "b"]);
        assert_eq!(wrap("", 4, 4), [""]);
        assert_eq!(pad("中", 4), "中  ");
    }

    proptest! {
        #[test]
        fn every_word_is_there_once(text in "[a-z中 ]{0,200}", first in 1_usize..40, rest in 1_usize..40) {
            let lines = wrap(&text, first, rest);
            let words: Vec<&str> = text.split_whitespace().collect();
            let broken = lines.join(" ");
            prop_assert_eq!(broken.split_whitespace().collect::<Vec<_>>(), words);
            for (at, line) in lines.iter().enumerate() {
                let room = if at == 0 { first } else { rest };
                prop_assert!(columns(line) <= room || !line.contains(' '), "{line}");
            }
        }
    }
}
