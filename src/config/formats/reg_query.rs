//! The output of `reg query KEY /s`: keys flush left, values indented by four spaces as
//! `name    type    data`. The columns are split at the type's name, which no language translates.

use super::reg_text::{Content, Data, Item};
use super::tree::MAX_VALUES;

/// Whether the text is such output.
pub(crate) fn is_output(text: &str) -> bool {
    let head = text.trim_start();
    head.starts_with("HKEY_") && head.lines().next().is_some_and(|l| !l.contains('='))
}

/// Reads up to one item more than the limit allows.
pub(super) fn parse(text: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    // Empty lines inside a value of several lines, counted until the value goes on.
    let mut blank = 0;
    for (index, line) in text.split('\n').enumerate() {
        if items.len() > MAX_VALUES {
            break;
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        if line.trim().is_empty() {
            blank += 1;
            continue;
        }
        if line.starts_with("HKEY_") {
            items.push(Item {
                line: number,
                content: Content::Section { key: line.trim_end().to_owned(), delete: false },
            });
        } else if let Some((name, kind, data)) = columns(line) {
            // The default value stands there as a word in parentheses, in the system's language.
            let default = name.starts_with('(') && name.ends_with(')');
            let unset = default && data.starts_with('(') && data.ends_with(')');
            if !unset {
                let name = (!default).then(|| name.to_owned());
                items.push(Item { line: number, content: Content::Value { name, data: typed(kind, data) } });
            }
        } else if let Some(Item { content: Content::Value { data: Data::Text(text), .. }, .. }) =
            items.last_mut()
        {
            for _ in 0..=blank {
                text.push('\n');
            }
            text.push_str(line);
        }
        blank = 0;
    }
    items
}

/// Name, type and data of a value's line.
fn columns(line: &str) -> Option<(&str, &str, &str)> {
    const GAP: &str = "    ";
    let line = line.strip_prefix(GAP)?;
    let (at, _) = line.match_indices("    REG_").next()?;
    let name = line.get(..at)?;
    let rest = line.get(at + GAP.len()..)?;
    let end =
        rest.find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_').unwrap_or(rest.len());
    let (kind, data) = rest.split_at(end);
    let data = data.strip_prefix(GAP).unwrap_or_else(|| data.trim_start());
    (!name.is_empty()).then_some((name, kind, data))
}

fn typed(kind: &str, data: &str) -> Data {
    match kind {
        "REG_SZ" => Data::Text(data.to_owned()),
        "REG_EXPAND_SZ" => Data::Expand,
        "REG_DWORD" | "REG_DWORD_LITTLE_ENDIAN" => {
            let digits = data.trim();
            let number = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            number.map_or(
                Data::Bad("REG_DWORD without a number; copy the output of `reg query` again"),
                Data::Dword,
            )
        }
        "REG_MULTI_SZ" => Data::Invisible("REG_MULTI_SZ"),
        "REG_QWORD" => Data::Invisible("REG_QWORD"),
        "REG_BINARY" => Data::Invisible("REG_BINARY"),
        "REG_NONE" => Data::Invisible("REG_NONE"),
        _ => Data::Invisible("a registry type unknown to the app"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;

    use super::*;

    fn values(text: &str) -> Vec<(Option<String>, Data)> {
        parse(text)
            .into_iter()
            .filter_map(|i| match i.content {
                Content::Value { name, data } => Some((name, data)),
                Content::Section { .. } => None,
            })
            .collect()
    }

    #[test]
    fn every_type_and_odd_value_is_read() {
        let text = "\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\App\r\n    (Standard)    REG_SZ    (Wert nicht festgelegt)\r\n    \
                    (Default)    REG_SZ    x\r\n    a    REG_SZ    {\"b\": \"REG_SZ    x\"}\r\n    empty    REG_SZ    \r\n    \
                    with  spaces    REG_SZ    two  words \r\n    n    REG_DWORD    0xe10\r\n    e    REG_EXPAND_SZ    %X%\r\n    \
                    m    REG_MULTI_SZ    a\\0b\r\n    q    REG_QWORD    0x1\r\n    b    REG_BINARY    00\r\n    \
                    long    REG_SZ    one\r\n\r\ntwo\r\n\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\App\\Sub\r\n    s    REG_SZ    t\r\n";
        let text_of = |t: &str| Data::Text(t.to_owned());
        let name = |n: &str| Some(n.to_owned());
        assert_eq!(
            values(text),
            [
                (None, text_of("x")),
                (name("a"), text_of("{\"b\": \"REG_SZ    x\"}")),
                (name("empty"), text_of("")),
                (name("with  spaces"), text_of("two  words ")),
                (name("n"), Data::Dword(3600)),
                (name("e"), Data::Expand),
                (name("m"), Data::Invisible("REG_MULTI_SZ")),
                (name("q"), Data::Invisible("REG_QWORD")),
                (name("b"), Data::Invisible("REG_BINARY")),
                (name("long"), text_of("one\n\ntwo")),
                (name("s"), text_of("t")),
            ]
        );
        assert!(is_output(text) && !is_output("HKEY_X=1"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn any_soup_of_parts_is_read(parts in prop::collection::vec(prop::sample::select(vec![
            "HKEY_LOCAL_MACHINE\\a", "\n", "\r\n", "    ", "REG_SZ", "REG_DWORD", "0x", "(", ")", "ü", "a",
        ]), 0..40)) {
            let _ = parse(&parts.concat());
        }
    }
}
