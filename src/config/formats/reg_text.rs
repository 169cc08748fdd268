//! The syntax of registry files: keys, names and data, line by line.

use super::tree::MAX_VALUES;

/// A line that says something.
pub(super) struct Item {
    /// One-based line.
    pub line: u32,
    pub content: Content,
}

/// What a line says.
pub(super) enum Content {
    Section { key: String, delete: bool },
    Value { name: Option<String>, data: Data },
}

/// The data of a value, as far as the app could read it.
#[derive(Debug, PartialEq)]
pub(super) enum Data {
    Text(String),
    Dword(u32),
    /// REG_EXPAND_SZ.
    Expand,
    /// A type the app does not see.
    Invisible(&'static str),
    Delete,
    Bad(&'static str),
}

/// Reads up to one item more than the limit allows.
pub(super) fn parse(text: &str) -> Vec<Item> {
    let mut lines = text.split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l));
    let mut items = Vec::new();
    let mut at = 0u32;
    while let Some(line) = lines.next() {
        if items.len() > MAX_VALUES {
            break;
        }
        at = at.saturating_add(1);
        let number = at;
        let line = line.trim_start();
        if let Some(inner) = line.strip_prefix('[') {
            // A key's name may hold brackets; the last one closes.
            let inner = inner.rsplit_once(']').map_or(inner, |(key, _)| key);
            let (key, delete) = match inner.strip_prefix('-') {
                Some(key) => (key, true),
                None => (inner, false),
            };
            items.push(Item {
                line: number,
                content: Content::Section { key: key.trim().to_owned(), delete },
            });
            continue;
        }
        let (name, rest) = if let Some(rest) = line.strip_prefix('@') {
            (None, rest)
        } else if let Some(quoted) = line.strip_prefix('"') {
            match quoted_text(quoted) {
                Some((name, rest)) => (Some(name), rest),
                None => continue,
            }
        } else {
            continue;
        };
        let Some(rest) = rest.trim_start().strip_prefix('=') else { continue };
        let rest = rest.trim_start();
        let data = if let Some(quoted) = rest.strip_prefix('"') {
            let (data, more) = text_data(quoted, lines.clone());
            for _ in 0..more {
                lines.next();
                at = at.saturating_add(1);
            }
            data
        } else {
            let mut joined = rest.trim_end().to_owned();
            while joined.ends_with('\\') {
                joined.pop();
                let Some(next) = lines.next() else { break };
                at = at.saturating_add(1);
                joined.push_str(next.trim());
            }
            plain_data(&joined)
        };
        items.push(Item { line: number, content: Content::Value { name, data } });
    }
    items
}

/// The text up to the closing quotation mark, unescaped, and what follows it.
fn quoted_text(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, text.get(at + 1..).unwrap_or_default())),
            '\\' => match chars.next() {
                Some((_, c @ ('"' | '\\'))) => out.push(c),
                // regedit drops the backslash of an escape it does not know.
                Some((_, c)) => out.push(c),
                None => return None,
            },
            c => out.push(c),
        }
    }
    None
}

/// A quoted value, which may run over several lines; returns how many further lines it took.
fn text_data<'a>(first: &str, following: impl Iterator<Item = &'a str>) -> (Data, usize) {
    const BARE: &str = "the quotation marks inside the value are not written as \\\", so regedit drops the line; write \\\" for each";
    let done = |text: String, rest: &str| {
        let rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with(';') { Data::Text(text) } else { Data::Bad(BARE) }
    };
    if let Some((text, rest)) = quoted_text(first) {
        return (done(text, rest), 0);
    }
    let mut whole = first.to_owned();
    // Bounded, so that an open quotation mark cannot swallow or slow down a whole file.
    for (taken, line) in following.take(500).enumerate() {
        if whole.len() > 64 * 1024 {
            break;
        }
        let start = line.trim_start();
        if start.starts_with("[HKEY")
            || start.starts_with("[-HKEY")
            || (start.starts_with('"') && start.contains("\"="))
        {
            break;
        }
        whole.push('\n');
        whole.push_str(line);
        if line.contains('"')
            && let Some((text, rest)) = quoted_text(&whole)
        {
            return (done(text, rest), taken + 1);
        }
    }
    (Data::Bad("the quoted value is never closed; close it with a quotation mark"), 0)
}

fn plain_data(text: &str) -> Data {
    // A comment may follow the data.
    let text = text.split(';').next().unwrap_or_default().trim();
    let lower = text.to_ascii_lowercase();
    if lower == "-" {
        return Data::Delete;
    }
    if let Some(digits) = lower.strip_prefix("dword:") {
        let digits = digits.trim();
        if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Data::Bad("`dword:` takes one to eight hexadecimal digits, such as dword:00000001");
        }
        return u32::from_str_radix(digits, 16)
            .map_or(Data::Bad("`dword:` takes hexadecimal digits"), Data::Dword);
    }
    if lower.starts_with("hex(2):") {
        return Data::Expand;
    }
    for (prefix, kind) in [
        ("hex:", "REG_BINARY"),
        ("hex(3):", "REG_BINARY"),
        ("hex(7):", "REG_MULTI_SZ"),
        ("hex(b):", "REG_QWORD"),
        ("hex(0):", "REG_NONE"),
        ("qword:", "REG_QWORD"),
    ] {
        if lower.starts_with(prefix) {
            return Data::Invisible(kind);
        }
    }
    if let Some(list) = lower.strip_prefix("hex(1):") {
        return match hex_bytes(list) {
            Some(bytes) => {
                let units = bytes.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]]));
                let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
                Data::Text(text.split('\0').next().unwrap_or_default().to_owned())
            }
            None => Data::Bad("`hex(1):` takes pairs of hexadecimal digits with commas between them"),
        };
    }
    if let Some(list) = lower.strip_prefix("hex(4):") {
        return match hex_bytes(list).as_deref() {
            Some([a, b, c, d]) => Data::Dword(u32::from_le_bytes([*a, *b, *c, *d])),
            _ => Data::Bad("`hex(4):` takes four bytes"),
        };
    }
    if lower.starts_with("hex(") {
        return Data::Invisible("a registry type unknown to the app");
    }
    Data::Bad("the value is neither quoted text nor dword: nor hex:; write it in quotation marks")
}

fn hex_bytes(list: &str) -> Option<Vec<u8>> {
    list.split(',')
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .map(|p| if p.len() <= 2 { u8::from_str_radix(p, 16).ok() } else { None })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;

    use super::*;

    fn data(line: &str) -> Data {
        let items = parse(&format!("[k]\n\"n\"={line}\n\"m\"=\"x\""));
        match items.into_iter().nth(1).unwrap().content {
            Content::Value { data, .. } => data,
            Content::Section { .. } => panic!("no value"),
        }
    }

    #[test]
    fn data_of_every_type() {
        assert_eq!(data(r#""a \"b\" C:\\x""#), Data::Text(r#"a "b" C:\x"#.into()));
        assert_eq!(data("\"x\" ; comment"), Data::Text("x".into()));
        assert_eq!(data("dword:0000000a"), Data::Dword(10));
        assert_eq!(data("DWORD:1"), Data::Dword(1));
        assert_eq!(data("hex(4):01,00,00,00"), Data::Dword(1));
        assert_eq!(data("hex(1):61,00,\\\n  62,00,00,00"), Data::Text("ab".into()));
        assert_eq!(data("hex(2):61,00"), Data::Expand);
        assert_eq!(data("hex(7):61,00"), Data::Invisible("REG_MULTI_SZ"));
        assert_eq!(data("hex:61"), Data::Invisible("REG_BINARY"));
        assert_eq!(data("-"), Data::Delete);
        assert_eq!(data("\"a\nb\""), Data::Text("a\nb".into()));
        assert!(matches!(data(r#""{"a":1}""#), Data::Bad(_)));
        assert!(matches!(data("\"open"), Data::Bad(_)));
        assert!(matches!(data("true"), Data::Bad(_)));
        assert!(matches!(data("dword:xyz"), Data::Bad(_)));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn any_soup_of_parts_is_read(parts in prop::collection::vec(prop::sample::select(vec![
            "[HKEY_LOCAL_MACHINE\\a]", "\n", "\r\n", "\"", "=", "\\", "\"n\"=", "dword:", "hex(1):", "61,00", ";", "-", "@", "ü", "]",
        ]), 0..40)) {
            let _ = parse(&parts.concat());
        }
    }
}
