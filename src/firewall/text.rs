//! Text that is safe inside a product's syntax.
//!
//! Host names were checked when they were parsed. Purposes, titles and the names of configurations
//! were written by anybody, so what of them goes into a format passes one of these.

use crate::text::line;
use crate::text::page::wrap;

/// Columns that a comment line takes.
const WIDTH: usize = 100;

/// One visible line.
pub fn line(text: &str) -> String {
    line::line(text, line::LONG)
}

/// Text for a description field: ASCII letters, digits and punctuation that is harmless in every product's quotes, so
/// that no quoting, expansion or expression syntax is touched; at most `max` bytes. What means the same takes the place
/// of what is not: parentheses of brackets, a comma of a semicolon, `and` of an ampersand.
pub fn description(text: &str, max: usize) -> String {
    words(text, max, "")
}

/// The same inside a string of JSON that no expression is read from: apostrophes, semicolons and the like stay.
pub fn json_description(text: &str, max: usize) -> String {
    words(text, max, "';&+=@!?%")
}

/// The words of `text`, of the signs that every product takes and of `more`.
fn words(text: &str, max: usize, more: &str) -> String {
    let mut kept = String::new();
    for c in line::line(text, line::LONG).chars() {
        let plain = match c {
            '\u{2018}' | '\u{2019}' | '`' => '\'',
            '\u{201c}' | '\u{201d}' | '\u{ab}' | '\u{bb}' => '"',
            '\u{2010}'..='\u{2015}' => '-',
            '[' | '{' => '(',
            ']' | '}' => ')',
            c => c,
        };
        match plain {
            c if c.is_ascii_alphanumeric() || " .,:_/-()*".contains(c) || more.contains(c) => kept.push(c),
            '"' if more.contains('\'') => kept.push('\''),
            '\'' => {}
            ';' => kept.push(','),
            '&' => kept.push_str(" and "),
            _ => kept.push(' '),
        }
    }
    let mut out = String::new();
    for word in kept.split_whitespace() {
        let gap = usize::from(!out.is_empty());
        if out.len() + gap + word.len() > max {
            break;
        }
        if gap == 1 {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// `remarks` as comment lines that begin with `mark`; long ones are wrapped, items indented.
pub fn comments(mark: &str, remarks: &[String]) -> String {
    let mut out = String::new();
    let room = WIDTH.saturating_sub(mark.len() + 1);
    for remark in remarks {
        let indent = if remark.starts_with("- ") { "  " } else { "" };
        for (at, row) in wrap(&line(remark), room, room - indent.len()).iter().enumerate() {
            push(&mut out, mark, &format!("{}{row}", if at == 0 { "" } else { indent }));
        }
    }
    out
}

fn push(out: &mut String, mark: &str, row: &str) {
    out.push_str(format!("{mark} {row}").trim_end());
    out.push('\n');
}

/// `remarks` for the metadata of a template. A Terraform string with `${` or `%{` holds an expression,
/// and a Resource Manager string that begins with a bracket is one: neither is left in.
pub fn notes(remarks: &[String]) -> Vec<String> {
    remarks
        .iter()
        .map(|r| line(r).replace("${", "$ {").replace("%{", "% {"))
        .map(|r| r.trim_start_matches('[').to_owned())
        .filter(|r| !r.is_empty())
        .collect()
}

/// A name for an object: `prefix` and `text`, at most `max` bytes. A name that had to be cut ends
/// in a number made from the whole text, so that two long names stay two.
pub fn object_name(prefix: &str, text: &str, max: usize) -> String {
    let clean: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
    let whole = format!("{prefix}{clean}");
    if whole.len() <= max {
        return whole;
    }
    // FNV-1a: stable, short, and good enough to keep a few hundred names apart.
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, b| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193));
    let keep = max.saturating_sub(9);
    let cut: String = whole.chars().take(keep).collect();
    format!("{cut}-{hash:08x}")
}

/// Pretty-printed JSON, ending in a line feed.
pub fn json(value: &serde_json::Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_keeps_no_syntax() {
        assert_eq!(description("a\"b'; ${x} [y] \\ $(z)\n#", 40), "a b, (x) (y) (z)");
        assert_eq!(description("one two three", 8), "one two");
    }

    #[test]
    fn a_description_keeps_its_sense() {
        let text = "the app\u{2019}s host (port 22; \u{201c}x\u{201d} & y \u{2013} <b>)";
        assert_eq!(description(text, 90), "the apps host (port 22, x and y - b )");
        assert_eq!(json_description(text, 90), "the app's host (port 22; 'x' & y - b )");
        assert_eq!(json_description("${a} %{b} \\ $", 40), "(a) %(b)");
    }

    #[test]
    fn a_remark_cannot_end_its_comment() {
        let block = comments("#", &["- a\nset evil\u{2028}x".into(), String::new()]);
        assert_eq!(block, "# - a set evil x\n#\n");
        let long = comments("//", &[format!("- {}", "word ".repeat(60))]);
        assert!(long.lines().all(|l| l.starts_with("// ") && l.len() <= WIDTH), "{long}");
    }

    #[test]
    fn long_names_stay_apart() {
        let (a, b) = (format!("{}a.example", "x".repeat(70)), format!("{}b.example", "x".repeat(70)));
        let (a, b) = (object_name("cw-", &a, 63), object_name("cw-", &b, 63));
        assert!(a != b && a.len() <= 63 && b.len() <= 63);
        assert_eq!(object_name("cw-", "a.example", 63), "cw-a.example");
    }
}
