//! Scripts of `reg add` lines, as `cmd` runs them. Variables are followed where the script itself sets
//! them to plain text; whatever else would have to be evaluated is said, never guessed.

use std::collections::HashMap;

use super::reg_text::{Content, Data, Item};
use super::tree::MAX_VALUES;

/// Longest line that is read, in bytes; values of policies are shorter.
const MAX_LINE: usize = 256 * 1024;

/// Why a value with a variable is not read.
pub(super) const NOT_EVALUATED: &str = "its value comes from a variable or a command, which is not evaluated here; write the value itself, or pass the registry after the script ran (`reg export`)";

/// Whether some line calls `reg add`.
pub(crate) fn is_script(text: &str) -> bool {
    text.lines().take(20_000).any(|line| {
        let lower = line.to_ascii_lowercase();
        lower.contains("reg") && lower.contains("add") && command(&words(line).unwrap_or_default()).is_some()
    })
}

/// The items of a script, and the lines whose key is not known without running it.
pub(super) fn parse(text: &str) -> (Vec<Item>, Vec<u32>) {
    let mut items = Vec::new();
    let mut unknown = Vec::new();
    let mut variables: HashMap<String, String> = HashMap::new();
    for (number, line) in joined(text) {
        if items.len() > MAX_VALUES {
            break;
        }
        let line = line.trim_start().trim_start_matches('@').trim_start();
        let lower = line.to_ascii_lowercase();
        if line.starts_with("::") || lower == "rem" || lower.starts_with("rem ") || lower.starts_with("echo ")
        {
            continue;
        }
        if let Some(rest) = lower.starts_with("set ").then(|| line.get(4..).unwrap_or_default().trim()) {
            let rest = rest.strip_prefix('"').map_or(rest, |r| r.rsplit_once('"').map_or(r, |(r, _)| r));
            match rest.split_once('=') {
                // Arithmetic (`/a`) and questions (`/p`) have a value only where the script runs.
                Some((left, _)) if rest.starts_with('/') => {
                    let name = left.trim_end_matches(['+', '-', '*', '/', '%', ' ']).rsplit(' ').next();
                    variables.remove(&name.unwrap_or_default().trim_matches('"').to_ascii_lowercase());
                }
                Some((name, value)) => {
                    variables.insert(name.trim().to_ascii_lowercase(), expanded(value, &variables));
                }
                None => {}
            }
            continue;
        }
        for part in commands(&expanded(line, &variables)) {
            let Some(words) = words(&part) else { continue };
            items_of(&words, number, &mut items, &mut unknown, &|t| t.contains(OPEN));
        }
    }
    (items, unknown)
}

/// Marks what is not known, in expanded text.
const OPEN: char = '\u{fdd0}';

/// The items of one command; nothing when it is not `reg`.
pub(super) fn items_of(
    words: &[String],
    line: u32,
    items: &mut Vec<Item>,
    unknown: &mut Vec<u32>,
    open: &dyn Fn(&str) -> bool,
) {
    let Some((verb, rest)) = command(words) else { return };
    let Some(key) = rest.first() else { return };
    if open(key) {
        unknown.push(line);
        return;
    }
    let key = local(key);
    let mut option = HashMap::new();
    let mut at = 1;
    while let Some(word) = rest.get(at) {
        let name = word.to_ascii_lowercase();
        let takes = matches!(name.as_str(), "/v" | "/t" | "/d" | "/s" | "-v" | "-t" | "-d" | "-s");
        if takes {
            option.insert(
                name.trim_start_matches(['/', '-']).to_owned(),
                rest.get(at + 1).cloned().unwrap_or_default(),
            );
            at += 1;
        } else if name.starts_with(['/', '-']) {
            option.insert(name.trim_start_matches(['/', '-']).to_owned(), String::new());
        }
        at += 1;
    }
    let name = option.get("v").cloned().filter(|n| !n.is_empty());
    let whole = name.is_none() && !option.contains_key("ve");
    if verb == "delete" {
        let delete = whole;
        items.push(Item { line, content: Content::Section { key, delete } });
        if !delete {
            items.push(Item { line, content: Content::Value { name, data: Data::Delete } });
        }
        return;
    }
    items.push(Item { line, content: Content::Section { key, delete: false } });
    if whole && !option.contains_key("d") {
        return;
    }
    if name.as_deref().is_some_and(open) {
        unknown.push(line);
        return;
    }
    let text = option.get("d").cloned().unwrap_or_default();
    let kind = option.get("t").map_or("REG_SZ", String::as_str);
    let data = if open(&text) { Data::Bad(NOT_EVALUATED) } else { typed(kind, text) };
    items.push(Item { line, content: Content::Value { name, data } });
}

/// A value of a type by its name, the number decimal or `0x…`.
pub(super) fn typed(kind: &str, text: String) -> Data {
    match kind.to_ascii_uppercase().as_str() {
        "REG_SZ" | "STRING" | "" => Data::Text(text),
        "REG_DWORD" | "DWORD" | "REG_DWORD_LITTLE_ENDIAN" => {
            let number = text.trim();
            let hex = number.strip_prefix("0x").or_else(|| number.strip_prefix("0X"));
            let parsed = hex.map_or_else(|| number.parse().ok(), |h| u32::from_str_radix(h, 16).ok());
            parsed.map_or(Data::Bad("REG_DWORD takes a number"), Data::Dword)
        }
        "REG_EXPAND_SZ" | "EXPANDSTRING" => Data::Expand,
        "REG_MULTI_SZ" | "MULTISTRING" => Data::Invisible("REG_MULTI_SZ"),
        "REG_QWORD" | "QWORD" => Data::Invisible("REG_QWORD"),
        "REG_BINARY" | "BINARY" => Data::Invisible("REG_BINARY"),
        _ => Data::Invisible("a registry type unknown to the app"),
    }
}

/// Without the name of another computer, and without the drive's colon of PowerShell.
pub(super) fn local(key: &str) -> String {
    let key = key.trim().trim_end_matches('\\');
    let key = match key.strip_prefix("\\\\") {
        Some(rest) => rest.split_once('\\').map_or("", |(_, key)| key),
        None => key,
    };
    let key = key.replace('/', "\\");
    let lower = key.to_ascii_lowercase();
    for provider in ["microsoft.powershell.core\\registry::", "registry::"] {
        if lower.starts_with(provider) {
            return key.get(provider.len()..).unwrap_or_default().to_owned();
        }
    }
    match key.split_once(':') {
        Some((drive, rest)) => format!("{drive}\\{}", rest.trim_start_matches('\\')),
        None => key,
    }
}

/// The verb of `reg` and what follows it.
fn command(words: &[String]) -> Option<(&'static str, &[String])> {
    words.iter().enumerate().find_map(|(at, word)| {
        let word = word.to_ascii_lowercase();
        let program = word.rsplit(['\\', '/', '(']).next().unwrap_or_default();
        if program != "reg" && program != "reg.exe" {
            return None;
        }
        let verb = words.get(at + 1)?.to_ascii_lowercase();
        let verb = ["add", "delete"].into_iter().find(|v| *v == verb)?;
        Some((verb, words.get(at + 2..)?))
    })
}

/// Lines with those joined that end in a caret, each with its number.
fn joined(text: &str) -> Vec<(u32, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(u32, String)> = None;
    for (at, line) in text.lines().enumerate() {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let (number, mut whole) = open.take().unwrap_or((number, String::new()));
        whole.push_str(if whole.is_empty() { line } else { line.trim_start() });
        if whole.len() < MAX_LINE && whole.trim_end().ends_with('^') && !whole.trim_end().ends_with("^^") {
            whole.truncate(whole.trim_end().len() - 1);
            open = Some((number, whole));
        } else {
            lines.push((number, whole));
        }
    }
    lines.extend(open);
    lines
}

/// `%NAME%` replaced where the script set it; what it did not set is marked.
fn expanded(line: &str, variables: &HashMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('%') {
        if out.len() > MAX_LINE {
            return out;
        }
        out.push_str(before);
        match after.split_once('%') {
            Some(("", more)) => {
                // Two of them are the variable of a loop, or one percent sign.
                if more.starts_with(|c: char| c == '~' || c.is_ascii_alphabetic()) && !more.starts_with("20")
                {
                    out.push(OPEN);
                } else {
                    out.push('%');
                }
                rest = more;
            }
            Some((name, more)) if !name.contains(char::is_whitespace) && !name.contains(['"', '/']) => {
                match variables.get(&name.to_ascii_lowercase()) {
                    Some(value) => out.push_str(value),
                    None => out.push(OPEN),
                }
                rest = more;
            }
            _ => {
                // An argument of the script, or a lone sign.
                let argument = after.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '*' | '~'));
                out.push(if argument { OPEN } else { '%' });
                rest = if argument { after.get(1..).unwrap_or_default() } else { after };
            }
        }
    }
    out.push_str(rest);
    out
}

/// The commands of a line, at `&`, `&&`, `|`, `||` outside of quotation marks.
fn commands(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut before = ' ';
    for c in line.chars() {
        if c == '"' && before != '\\' {
            quoted = !quoted;
        }
        if !quoted && (c == '|' || c == '&' && before != '>') && before != '^' {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
        before = c;
    }
    parts.retain(|p| !p.trim().is_empty());
    parts
}

/// The arguments as a Windows program sees them; nothing when a quotation mark stays open.
pub(super) fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let mut count = 1;
                while chars.next_if_eq(&'\\').is_some() {
                    count += 1;
                }
                let into = word.get_or_insert_default();
                if chars.peek() == Some(&'"') {
                    into.extend(std::iter::repeat_n('\\', count / 2));
                    if count % 2 == 1 {
                        into.push('"');
                        chars.next();
                    }
                } else {
                    into.extend(std::iter::repeat_n('\\', count));
                }
            }
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                word.get_or_insert_default().push('"');
            }
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '^' if !quoted => word.get_or_insert_default().extend(chars.next()),
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            '>' if !quoted => {
                // What follows goes into a file.
                words.extend(word.take().filter(|w| w != "1" && w != "2"));
                break;
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if words.last().is_some_and(|w| w == ")") {
        words.pop();
    }
    (!quoted).then_some(words)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        let values = parse(text).0.into_iter().filter_map(|i| match i.content {
            Content::Value { name, data } => Some((name.unwrap_or_default(), format!("{data:?}"))),
            Content::Section { .. } => None,
        });
        values.collect()
    }

    #[test]
    fn options_stand_in_any_order_and_quotation_marks_are_those_of_windows() {
        let text = |t: &str| format!("Text({t:?})");
        for (line, name, data) in [
            (r"reg add HKLM\K /v a /t REG_SZ /d b /f", "a", text("b")),
            (r#"@REG.EXE ADD "HKLM\K" /f /d "b c" /v a >nul 2>&1"#, "a", text("b c")),
            (
                r#"%SystemRoot%\System32\reg.exe add HKLM\K /d "{\"x\":\"C:\\y\"}" /v a"#,
                "a",
                text(r#"{"x":"C:\\y"}"#),
            ),
            (r"if exist x (reg add HKLM\K /v a /d b)", "a", text("b)")),
            (r"cmd /c reg add HKLM\K /v a /t REG_DWORD /d 0x10", "a", "Dword(16)".to_owned()),
            (r"reg add HKLM\K /v a /t REG_DWORD /d 1 & echo done", "a", "Dword(1)".to_owned()),
            ("reg add HKLM\\K ^\n  /v a ^\n  /d b", "a", text("b")),
            ("set V=b\nreg add HKLM\\K /v a /d %V%", "a", text("b")),
            (r"reg delete HKLM\K /v a /f", "a", "Delete".to_owned()),
        ] {
            assert_eq!(values(line), [(name.to_owned(), data)], "{line}");
        }
        assert!(values(r"reg add HKLM\K /v a /d %TOKEN%")[0].1.starts_with("Bad"));
        assert!(values(r"for %%k in (1 2) do reg add HKLM\K /v a /d %%k")[0].1.starts_with("Bad"));
        assert_eq!(parse(r"reg add HKLM\%1 /v a /d b").1, [1]);
        assert!(values("rem reg add HKLM\\K /v a /d b\necho reg add HKLM\\K /v a /d b").is_empty());
        assert!(!is_script("register the address of the gateway"));
    }

    proptest! {
        #[test]
        fn any_soup_of_parts_is_read(parts in prop::collection::vec(prop::sample::select(vec![
            "reg add ", "HKLM\\K", " /v ", " /d ", "\"", "\\", "^", "\n", "%", "%A%", "set A=", "&", ">", "(", ")", "ü", "@",
        ]), 0..40)) {
            let _ = parse(&parts.concat());
        }
    }
}
