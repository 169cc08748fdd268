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

/// Text for a description field: ASCII letters, digits and harmless punctuation only, so that no
/// product's quoting, expansion or expression syntax is touched; at most `max` bytes.
pub fn description(text: &str, max: usize) -> String {
    let kept: String = line::line(text, line::LONG)
        .chars()
        .filter(|c| *c != '\'')
        .map(|c| match c {
            ';' => ',',
            c if c.is_ascii_alphanumeric() || " .,:_/-".contains(c) => c,
            _ => ' ',
        })
        .collect();
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
        assert_eq!(description("a\"b'; ${x} [y] \\ $(z)\n#", 40), "a b, x y z");
        assert_eq!(description("one two three", 8), "one two");
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
