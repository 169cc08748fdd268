//! Scripts of `reg add` lines, as `cmd` runs them. Variables are followed where the script itself sets
//! them to plain text; whatever else would have to be evaluated is said, never guessed.

use std::collections::{HashMap, HashSet};

use super::reg_text::{Content, Data, Item};
use super::tree::{MAX_FILLED, MAX_VALUES};

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
pub(super) fn parse(text: &str) -> Parsed {
    let lower = text.to_ascii_lowercase();
    let mut run = Run {
        delayed: lower.contains("enabledelayedexpansion") || lower.contains("/v:on"),
        ..Run::default()
    };
    for (number, line) in joined(text) {
        if run.out.items.len() > MAX_VALUES {
            break;
        }
        run.line(number, &line);
    }
    run.out
}

/// What a script says.
#[derive(Default)]
pub(super) struct Parsed {
    pub items: Vec<Item>,
    /// Lines whose key is not known without running the script.
    pub unknown: Vec<u32>,
    /// Line and name of each value that is set only under a condition.
    pub conditional: Vec<(u32, String)>,
}

/// Where a script stands.
#[derive(Default)]
struct Run {
    out: Parsed,
    variables: HashMap<String, String>,
    /// Variables that were set under a condition.
    doubtful: HashSet<String>,
    /// Variables that were set in the block, or on the line, that is read as a whole before any of it runs.
    stale: HashSet<String>,
    /// Whether each open bracket is that of a condition.
    blocks: Vec<bool>,
    /// `!NAME!` is a variable here.
    delayed: bool,
    /// A variable that is not known for sure was used.
    doubt: bool,
    /// Bytes that variables were filled in with so far.
    filled_in: usize,
}

impl Run {
    fn line(&mut self, number: u32, line: &str) {
        if self.blocks.is_empty() {
            self.stale.clear();
        }
        self.doubt = false;
        let line = self.expanded(line, '%');
        let doubt = self.doubt;
        let mut rest = line.as_str();
        // What follows a condition on the same line.
        let mut under = false;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '@' | ',' | ';' | '='));
            if rest.is_empty() || rest.starts_with(':') {
                return;
            }
            if let Some(inner) = rest.strip_prefix('(') {
                if self.blocks.len() < 64 {
                    self.blocks.push(under);
                }
                rest = inner;
                continue;
            }
            if let Some(outer) = rest.strip_prefix(')') {
                self.blocks.pop();
                rest = outer;
                continue;
            }
            if let Some(more) = rest.strip_prefix(['&', '|']) {
                let twice = rest.starts_with("&&") || rest.starts_with("||");
                under |= twice;
                rest = if twice { more.get(1..).unwrap_or_default() } else { more };
                continue;
            }
            // As many letters as the longest of these words has and one more: a line may have many commands.
            let word = rest.chars().take(5).take_while(|c| !c.is_whitespace() && *c != '(');
            match word.collect::<String>().to_ascii_lowercase().as_str() {
                "rem" => return,
                "else" => {
                    under = true;
                    rest = rest.get(4..).unwrap_or_default();
                    continue;
                }
                "if" => {
                    under = true;
                    rest = behind_condition(rest.get(2..).unwrap_or_default());
                    continue;
                }
                "for" => {
                    let is_body = |at: usize| {
                        let word = rest.as_bytes().get(at + 1..at + 5);
                        word.is_some_and(|w| {
                            w.get(..3).is_some_and(|w| w.eq_ignore_ascii_case(b" do"))
                                && (w.ends_with(b" ") || w.ends_with(b"("))
                        })
                    };
                    let body = rest.match_indices(')').map(|(at, _)| at).find(|at| is_body(*at));
                    match body.map(|at| at + 4) {
                        Some(at) => rest = rest.get(at..).unwrap_or_default(),
                        None => return,
                    }
                    continue;
                }
                _ => {}
            }
            let end = end_of_command(rest, !self.blocks.is_empty());
            let (command, more) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let conditional = under || self.blocks.contains(&true);
            self.command(number, command, conditional, doubt);
            rest = more;
        }
    }

    fn command(&mut self, number: u32, command: &str, conditional: bool, doubt: bool) {
        self.doubt = doubt;
        let command = if self.delayed { self.expanded(command, '!') } else { command.to_owned() };
        let lower = command.to_ascii_lowercase();
        if lower == "echo" || lower.starts_with("echo ") || lower.starts_with("echo.") {
            return;
        }
        if lower.starts_with("set ") {
            return self.set(command.get(4..).unwrap_or_default().trim_start(), conditional);
        }
        let Some(words) = words(&command) else { return };
        let before = self.out.items.len();
        let (items, unknown) = (&mut self.out.items, &mut self.out.unknown);
        items_of(&words, number, items, unknown, &|t| t.contains(OPEN));
        if conditional || self.doubt {
            let new = self.out.items.iter().skip(before);
            let named = new.filter_map(|item| match &item.content {
                Content::Value { name: Some(name), .. } => Some((item.line, name.clone())),
                _ => None,
            });
            self.out.conditional.extend(named);
        }
    }

    fn set(&mut self, rest: &str, conditional: bool) {
        let quoted = rest.strip_prefix('"').and_then(|r| r.rsplit_once('"')).map(|(inner, _)| inner);
        let rest = quoted.unwrap_or(rest);
        let Some((left, value)) = rest.split_once('=') else { return };
        let question = rest.starts_with('/');
        let name = if question {
            // Arithmetic (`/a`) and questions (`/p`) have a value only where the script runs.
            let name = left.trim_end_matches(['+', '-', '*', '/', '%', ' ']).rsplit(' ').next();
            name.unwrap_or_default().trim_matches('"').to_ascii_lowercase()
        } else {
            left.trim().to_ascii_lowercase()
        };
        self.stale.insert(name.clone());
        if conditional || self.doubt {
            self.doubtful.insert(name.clone());
        } else {
            self.doubtful.remove(&name);
        }
        if question {
            self.variables.remove(&name);
        } else {
            // A variable that is not kept is not known.
            if self.variables.len() < MAX_VALUES || self.variables.contains_key(&name) {
                self.variables.insert(name, value.to_owned());
            }
        }
    }

    /// `%NAME%` replaced where the script set it; what it did not set is marked. With `!` the same as it is
    /// where a command runs: without arguments of the script and loops.
    fn expanded(&mut self, line: &str, sign: char) -> String {
        let mut out = String::new();
        let mut rest = line;
        while let Some((before, after)) = rest.split_once(sign) {
            if out.len() > MAX_LINE {
                return out;
            }
            out.push_str(before);
            match after.split_once(sign) {
                Some(("", more)) if sign == '%' => {
                    // Two of them are the variable of a loop, or one percent sign.
                    if more.starts_with(|c: char| c == '~' || c.is_ascii_alphabetic())
                        && !more.starts_with("20")
                    {
                        out.push(OPEN);
                    } else {
                        out.push('%');
                    }
                    rest = more;
                }
                Some((name, more)) if !name.contains(char::is_whitespace) && !name.contains(['"', '/']) => {
                    let name = name.to_ascii_lowercase();
                    // A block is read as a whole before its first command runs.
                    let known =
                        self.variables.get(&name).filter(|_| sign == '!' || !self.stale.contains(&name));
                    match known {
                        Some(value) if self.filled_in <= MAX_FILLED => {
                            self.filled_in += value.len();
                            out.push_str(value);
                        }
                        _ => out.push(OPEN),
                    }
                    self.doubt |= self.doubtful.contains(&name);
                    rest = more;
                }
                _ => {
                    // An argument of the script, or a lone sign.
                    let argument = sign == '%'
                        && after.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '*' | '~'));
                    out.push(if argument { OPEN } else { sign });
                    rest = if argument { after.get(1..).unwrap_or_default() } else { after };
                }
            }
        }
        out.push_str(rest);
        out
    }
}

/// What stands behind the condition of an `if`.
fn behind_condition(text: &str) -> &str {
    let mut rest = text;
    let next = |rest: &mut &str| -> String {
        let text = rest.trim_start();
        let mut quoted = false;
        let end = text
            .char_indices()
            .find(|(_, c)| {
                quoted ^= *c == '"';
                !quoted && (c.is_whitespace() || *c == '(')
            })
            .map_or(text.len(), |(at, _)| at);
        let (word, more) = text.split_at_checked(end).unwrap_or((text, ""));
        *rest = more;
        word.to_ascii_lowercase()
    };
    let mut word = next(&mut rest);
    while word == "/i" || word == "not" {
        word = next(&mut rest);
    }
    match word.as_str() {
        "exist" | "defined" | "errorlevel" | "cmdextversion" => {
            next(&mut rest);
        }
        word if word.ends_with("==") => {
            next(&mut rest);
        }
        word if word.contains("==") => {}
        _ => {
            // `a == b`, `a ==b`, `a EQU b`.
            let operator = next(&mut rest);
            if operator == "==" || !operator.starts_with("==") {
                next(&mut rest);
            }
        }
    }
    rest
}

/// Where a command ends: at `&`, `|`, and inside a block at `)`, outside of quotation marks.
fn end_of_command(text: &str, block: bool) -> usize {
    let (mut quoted, mut before) = (false, ' ');
    for (at, c) in text.char_indices() {
        if c == '"' && before != '\\' {
            quoted = !quoted;
        }
        let ends = c == '|' || c == '&' && before != '>' || c == ')' && block;
        if !quoted && ends && before != '^' {
            return at;
        }
        before = if before == '^' && c == '^' { ' ' } else { c };
    }
    text.len()
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
    (!quoted).then_some(words)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        let values = parse(text).items.into_iter().filter_map(|i| match i.content {
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
            // Inside a block a bracket ends the command, elsewhere it is a character like any other.
            (r"if exist x (reg add HKLM\K /v a /d b)", "a", text("b")),
            ("if exist x (\n  reg add HKLM\\K /v a /d b) else (\n  echo no\n)", "a", text("b")),
            (r"if exist x (reg add HKLM\K /v a /d b^))", "a", text("b)")),
            (r#"if exist x (reg add HKLM\K /v a /d "b (c)")"#, "a", text("b (c)")),
            (r"reg add HKLM\K /v a /d b)", "a", text("b)")),
            ("for %%f in (1 2) do (\nreg add HKLM\\K /v a /d b\n)", "a", text("b")),
            ("set Z=b & echo x\nreg add HKLM\\K /v a /d %Z%", "a", text("b")),
            ("set \"Z=b&c\" & reg add HKLM\\K /v a /d \"x\"", "a", text("x")),
            ("setlocal EnableDelayedExpansion\nset Z=b\nreg add HKLM\\K /v a /d !Z!", "a", text("b")),
            (
                "setlocal EnableDelayedExpansion\nif exist x (\nset Z=b\nreg add HKLM\\K /v a /d !Z!\n)",
                "a",
                text("b"),
            ),
            // Without that the signs are part of the value.
            ("set Z=b\nreg add HKLM\\K /v a /d !Z!", "a", text("!Z!")),
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
        // What a block sets is not what it reads with percent signs, nor is it on one line.
        for script in [
            "if exist x (\nset Z=b\nreg add HKLM\\K /v a /d %Z%\n)",
            "set Z=b & reg add HKLM\\K /v a /d %Z%",
            "setlocal EnableDelayedExpansion\nreg add HKLM\\K /v a /d !TOKEN!",
        ] {
            assert!(values(script)[0].1.starts_with("Bad"), "{script}");
        }
        assert_eq!(parse(r"reg add HKLM\%1 /v a /d b").unknown, [1]);
        assert!(values("rem reg add HKLM\\K /v a /d b\necho reg add HKLM\\K /v a /d b").is_empty());
        assert!(!is_script("register the address of the gateway"));
    }

    #[test]
    fn what_stands_under_a_condition_is_marked() {
        for (script, lines) in [
            ("reg add HKLM\\K /v a /d b", vec![]),
            ("if exist x reg add HKLM\\K /v a /d b", vec![1]),
            ("if /i not \"%A%\"==\"y z\" reg add HKLM\\K /v a /d b", vec![1]),
            ("if %A% EQU 1 (\nreg add HKLM\\K /v a /d b\n) else (\nreg add HKLM\\K /v a /d c\n)", vec![2, 4]),
            ("if exist x (echo y)\nreg add HKLM\\K /v a /d b", vec![]),
            ("ver | find \"10\" && reg add HKLM\\K /v a /d b", vec![1]),
            ("echo x & reg add HKLM\\K /v a /d b", vec![]),
            ("set Z=b\nif exist x set Z=c\nreg add HKLM\\K /v a /d %Z%", vec![3]),
            ("if exist x set Z=c\nset Z=b\nreg add HKLM\\K /v a /d %Z%", vec![]),
        ] {
            let found: Vec<u32> = parse(script).conditional.into_iter().map(|(line, _)| line).collect();
            assert_eq!(found, lines, "{script}");
        }
    }

    proptest! {
        #[test]
        fn any_soup_of_parts_is_read(parts in prop::collection::vec(prop::sample::select(vec![
            "reg add ", "HKLM\\K", " /v ", " /d ", "\"", "\\", "^", "\n", "%", "%A%", "set A=", "&", ">", "(", ")", "ü", "@",
            "if ", "else ", "exist x ", "for ", ") do ", "!A!", "enabledelayedexpansion ", "==",
        ]), 0..40)) {
            let _ = parse(&parts.concat());
        }
    }
}
