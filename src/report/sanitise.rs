//! Makes text from elsewhere (servers, certificates, file names, configurations) safe to show.
//!
//! The records were sanitised when they were made. Every rendering sanitises again, because a
//! saved report or a hosts document may have been written by anybody.

pub use crate::text::line::{LONG, SHORT, block, line};

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

#[cfg(test)]
mod tests {
    use super::*;

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
