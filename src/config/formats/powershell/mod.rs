//! PowerShell scripts that write policies. Plain text, variables, hashtables, loops over them, splatting,
//! functions and here-strings are followed; whatever else would have to be run is said, never guessed.

mod command;
mod expression;
mod scope;
mod tokens;
mod value;

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use self::command::SETTERS;
use self::scope::{Before, bare};
use self::tokens::{Kind, STEPS, Token, lex};
use self::value::Value;
use super::reg_text::Item;
use super::tree::MAX_VALUES;

/// Deepest nesting of blocks and values.
const DEPTH: usize = 24;

/// Whether the text is such a script.
pub(crate) fn is_script(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    SETTERS.iter().filter(|s| **s != "sp").any(|s| lower.contains(s))
        || lower.contains("registry]::setvalue")
        || lower.contains("new-item ") && lower.contains(":\\")
}

/// What a script says.
#[derive(Default)]
pub(crate) struct Script {
    pub(super) items: Vec<Item>,
    /// Lines whose key or name is not known without running the script.
    pub unknown: Vec<u32>,
    /// Line and name of each value that is set only under a condition.
    pub conditional: Vec<(u32, String)>,
}

/// Reads a script.
pub(crate) fn parse(text: &str) -> Script {
    let tokens = lex(text);
    let mut run = Run::default();
    run.block(&tokens, 0);
    run.out.unknown.sort_unstable();
    run.out.unknown.dedup();
    run.out
}

#[derive(Default)]
struct Run {
    out: Script,
    variables: HashMap<String, Value>,
    functions: HashMap<String, Rc<Function>>,
    steps: usize,
    /// Conditions that stand around what is read.
    conditions: usize,
    /// Variables that were set under a condition.
    doubtful: HashSet<String>,
    /// One of them was used.
    doubt: Cell<bool>,
    /// Loops and functions that stand around what is read.
    repeats: usize,
    /// Bytes that variables were filled in with so far, and that their copies take.
    filled_in: Cell<usize>,
    /// What each function that runs found in the variables that it set.
    scopes: Vec<HashMap<String, Before>>,
}

/// The parameters of a function, and what it does.
type Function = (Vec<String>, Vec<Token>);

fn sign(tokens: &[Token], at: usize, c: char) -> bool {
    tokens.get(at).is_some_and(|t| t.kind == Kind::Sign(c))
}

/// The position behind the bracket that closes the one at `at`.
fn behind(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate().skip(at) {
        match token.kind {
            Kind::Sign('(' | '{' | '[') => depth += 1,
            Kind::Sign(')' | '}' | ']') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return i + 1;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

fn inside(tokens: &[Token], open: usize, end: usize) -> &[Token] {
    tokens.get(open + 1..end.saturating_sub(1).max(open + 1)).unwrap_or_default()
}

impl Run {
    fn spent(&mut self) -> bool {
        self.steps += 1;
        self.steps > STEPS || self.out.items.len() > MAX_VALUES
    }

    fn block(&mut self, tokens: &[Token], depth: usize) {
        if depth > DEPTH {
            return;
        }
        let mut at = 0;
        while at < tokens.len() && !self.spent() {
            at = self.statement(tokens, at, depth).max(at + 1);
        }
    }

    fn statement(&mut self, tokens: &[Token], at: usize, depth: usize) -> usize {
        let Some(token) = tokens.get(at) else { return at };
        self.doubt.set(false);
        match &token.kind {
            Kind::Word(word) => {
                let lower = word.to_lowercase();
                match lower.as_str() {
                    "function" => return self.function(tokens, at),
                    "foreach" if sign(tokens, at + 1, '(') => return self.foreach(tokens, at, depth),
                    "if" | "elseif" | "while" | "switch" if sign(tokens, at + 1, '(') => {
                        let close = behind(tokens, at + 1);
                        return self.condition(tokens, close, depth);
                    }
                    "else" | "catch" => return self.condition(tokens, at + 1, depth),
                    "try" | "finally" | "begin" | "process" | "end" => return at + 1,
                    "param" if sign(tokens, at + 1, '(') => return self.parameters(tokens, at + 1, depth),
                    _ => {}
                }
                self.command(tokens, at, depth)
            }
            Kind::Variable(written) => {
                let name = bare(written);
                if sign(tokens, at + 1, '=') {
                    self.doubt.set(false);
                    let (value, next) = self.pipeline(tokens, at + 2, depth);
                    self.assign(written, value);
                    return next;
                }
                // What an addition comes to is not worked out, and the old value is not it.
                if sign(tokens, at + 1, '+') && (sign(tokens, at + 2, '=') || sign(tokens, at + 2, '+')) {
                    self.assign(written, Value::Unknown);
                    let adds = sign(tokens, at + 2, '=');
                    return if adds { self.pipeline(tokens, at + 3, depth).1.max(at + 3) } else { at + 3 };
                }
                let member = match tokens.get(at + 1).map(|t| &t.kind) {
                    Some(Kind::Member(m)) if sign(tokens, at + 2, '=') => {
                        Some((Value::Text(m.clone()), at + 3))
                    }
                    Some(Kind::Sign('[')) => {
                        let end = behind(tokens, at + 1);
                        sign(tokens, end, '=').then(|| (self.expression(tokens, at + 2, depth).0, end + 1))
                    }
                    _ => None,
                };
                if let Some((key, from)) = member {
                    self.doubt.set(self.doubtful.contains(&name));
                    let (value, next) = self.pipeline(tokens, from, depth);
                    if let (true, Some(key)) = (self.is_list(&name), key.text()) {
                        let (name, mut old) = self.taken(&name);
                        if let Value::Map(members) = &mut old {
                            members.retain(|(k, _)| !k.eq_ignore_ascii_case(&key));
                            members.push((key, value));
                        }
                        let doubtful = self.conditions > 0 || self.doubt.get();
                        self.update(name, old, doubtful);
                    }
                    return next;
                }
                self.pipeline(tokens, at, depth).1
            }
            Kind::Sign('[') => {
                let end = behind(tokens, at);
                let words: String = inside(tokens, at, end)
                    .iter()
                    .map(|t| match &t.kind {
                        Kind::Word(w) => w.to_lowercase(),
                        Kind::Member(m) => format!(".{}", m.to_lowercase()),
                        _ => String::new(),
                    })
                    .collect();
                if words.ends_with("registry")
                    && matches!(tokens.get(end).map(|t| &t.kind), Some(Kind::Word(w)) if w.to_lowercase() == "::setvalue")
                    && sign(tokens, end + 1, '(')
                {
                    let close = behind(tokens, end + 1);
                    let arguments = self.list(inside(tokens, end + 1, close), depth);
                    let of = |i: usize| arguments.get(i).cloned();
                    let kind = of(3).and_then(|k| k.text()).unwrap_or_default();
                    self.set(of(0), of(1), of(2), &kind, token.line);
                    return close;
                }
                // A cast in front of a statement.
                end
            }
            Kind::Sign('@') if sign(tokens, at + 1, '{') => self.pipeline(tokens, at, depth).1,
            _ => at + 1,
        }
    }

    /// The block of a condition, which is read as if it ran; what it sets is marked.
    fn condition(&mut self, tokens: &[Token], from: usize, depth: usize) -> usize {
        let mut open = from;
        // A line's end, or the type of an exception.
        loop {
            match tokens.get(open).map(|t| &t.kind) {
                Some(Kind::End) => open += 1,
                Some(Kind::Sign('[')) => open = behind(tokens, open),
                _ => break,
            }
        }
        if !sign(tokens, open, '{') {
            return from;
        }
        let end = behind(tokens, open);
        self.conditions += 1;
        self.block(inside(tokens, open, end), depth + 1);
        self.conditions -= 1;
        end
    }

    fn function(&mut self, tokens: &[Token], at: usize) -> usize {
        let Some(Kind::Word(name)) = tokens.get(at + 1).map(|t| &t.kind) else { return at + 1 };
        let mut open = at + 2;
        let mut names = Vec::new();
        let named = |tokens: &[Token]| {
            let of = |t: &Token| match &t.kind {
                Kind::Variable(n) if !matches!(n.as_str(), "true" | "false" | "null") => Some(bare(n)),
                _ => None,
            };
            tokens.iter().filter_map(of).collect::<Vec<_>>()
        };
        if sign(tokens, open, '(') {
            let end = behind(tokens, open);
            names = named(inside(tokens, open, end));
            open = end;
        }
        while tokens.get(open).is_some_and(|t| t.kind == Kind::End) {
            open += 1;
        }
        if !sign(tokens, open, '{') {
            return open;
        }
        let end = behind(tokens, open);
        let mut body = inside(tokens, open, end).to_vec();
        let param =
            body.iter().position(|t| matches!(&t.kind, Kind::Word(w) if w.eq_ignore_ascii_case("param")));
        if let Some(param) = param.filter(|p| sign(&body, p + 1, '(')) {
            let close = behind(&body, param + 1);
            names = named(inside(&body, param + 1, close));
            body.drain(..close);
        }
        self.functions.insert(name.to_lowercase(), Rc::new((names, body)));
        end
    }

    /// Parameters of the script: known only where they have a default.
    fn parameters(&mut self, tokens: &[Token], open: usize, depth: usize) -> usize {
        let end = behind(tokens, open);
        let body = inside(tokens, open, end);
        for (at, token) in body.iter().enumerate() {
            if let Kind::Variable(name) = &token.kind
                && sign(body, at + 1, '=')
            {
                let value = self.expression(body, at + 2, depth).0;
                self.doubt.set(false);
                self.assign(name, value);
            }
        }
        end
    }

    fn foreach(&mut self, tokens: &[Token], at: usize, depth: usize) -> usize {
        let close = behind(tokens, at + 1);
        let head = inside(tokens, at + 1, close);
        let Some(Kind::Variable(name)) = head.first().map(|t| t.kind.clone()) else { return close };
        self.doubt.set(false);
        let source = self.expression(head, 2, depth).0;
        let mut open = close;
        while tokens.get(open).is_some_and(|t| t.kind == Kind::End) {
            open += 1;
        }
        if !sign(tokens, open, '{') {
            return close;
        }
        let end = behind(tokens, open);
        self.each(&bare(&name), source, inside(tokens, open, end), depth);
        end
    }

    fn each(&mut self, name: &str, source: Value, body: &[Token], depth: usize) {
        let items = match source {
            Value::List(items) => items,
            Value::Unknown => vec![Value::Unknown],
            one => vec![one],
        };
        let doubt = self.doubt.get();
        self.repeats += 1;
        for item in items {
            if self.spent() {
                break;
            }
            self.doubt.set(doubt);
            self.assign(name, item);
            self.block(body, depth + 1);
        }
        self.repeats -= 1;
        self.variables.remove(name);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::super::reg_text::Content;
    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        let mut key = String::new();
        let mut found = Vec::new();
        for item in parse(text).items {
            match item.content {
                Content::Section { key: k, .. } => key = k,
                Content::Value { name, data } => {
                    found.push((format!("{key}|{}", name.unwrap_or_default()), format!("{data:?}")));
                }
            }
        }
        found
    }

    #[test]
    fn values_are_found_in_every_way_of_writing_them() {
        let text = |t: &str| format!("Text({t:?})");
        for (script, data) in [
            ("Set-ItemProperty -Path 'HKLM:\\K' -Name a -Value b", text("b")),
            (
                "$p = \"HKLM:\\K\"\nNew-ItemProperty -Path $p -Name \"a\" -Value 'b c' -PropertyType String -Force | Out-Null",
                text("b c"),
            ),
            ("Set-ItemProperty HKLM:\\K a b -Type String", text("b")),
            ("$r = 'HKLM:'; Set-ItemProperty -LiteralPath \"$r\\K\" `\n  -Name a `\n  -Value b", text("b")),
            ("Set-ItemProperty -Path Registry::HKLM\\K -Name a -Value 1 -Type DWord", "Dword(1)".to_owned()),
            ("$s = @{ Path = 'HKLM:\\K'; Name = 'a'; Value = 'b' }\nSet-ItemProperty @s", text("b")),
            (
                "$h = @{\n  a = 'b'\n}\nforeach ($k in $h.Keys) { Set-ItemProperty -Path HKLM:\\K -Name $k -Value $h[$k] }",
                text("b"),
            ),
            (
                "$h = [ordered]@{ 'a' = 'b' }\n$h.GetEnumerator() | ForEach-Object { Set-ItemProperty HKLM:\\K $_.Key $_.Value }",
                text("b"),
            ),
            (
                "$j = @'\n[\"x\",\n\"y\"]\n'@\nSet-ItemProperty HKLM:\\K -Name a -Value $j",
                text("[\"x\",\n\"y\"]"),
            ),
            (
                "$l = @('x','y') | ConvertTo-Json -Compress\nSet-ItemProperty HKLM:\\K -Name a -Value $l",
                text("[\"x\",\"y\"]"),
            ),
            ("[Microsoft.Win32.Registry]::SetValue('HKLM\\K', 'a', 'b', 'String')", text("b")),
            (
                "function Put($n, $v) { Set-ItemProperty -Path HKLM:\\K -Name $n -Value $v }\nPut a 'b'",
                text("b"),
            ),
            ("reg add \"HKLM\\K\" /v a /t REG_SZ /d b /f", text("b")),
            ("& reg.exe add HKLM\\K /v a /d \"b\" /f", text("b")),
            (
                "Set-GPRegistryValue -Name 'My policy' -Key HKLM\\K -ValueName a -Value b -Type String",
                text("b"),
            ),
        ] {
            let found = values(script);
            assert_eq!(found.len(), 1, "{script}: {found:?}");
            assert_eq!(found[0], ("HKLM\\K|a".to_owned(), data), "{script}");
        }
        assert!(values("Set-ItemProperty HKLM:\\K a $env:TOKEN")[0].1.starts_with("Bad"));
        assert!(values("Set-ItemProperty HKLM:\\K a (Get-Secret x)")[0].1.starts_with("Bad"));
        assert_eq!(parse("Set-ItemProperty $unknown a b").unknown, [1]);
        assert!(values("# Set-ItemProperty HKLM:\\K a b\n<# Set-ItemProperty HKLM:\\K a b #>").is_empty());
    }

    #[test]
    fn tables_are_changed_and_a_function_keeps_its_variables() {
        let set = "foreach ($k in $h.Keys) { Set-ItemProperty HKLM:\\K $k $h[$k] }";
        for (script, expected) in [
            (format!("$h = @{{}}\n$h.Add('a', 'b')\n$h.Add(\"c\", 'd')\n{set}"), vec!["a=Text(\"b\")", "c=Text(\"d\")"]),
            (format!("$h = @{{ a = 'b'; c = 'd' }}\n$h.Remove('a')\n{set}"), vec!["c=Text(\"d\")"]),
            (format!("$h = @{{ a = 'b' }}\n[void]$h.Add('c', 'd')\n{set}"), vec!["a=Text(\"b\")", "c=Text(\"d\")"]),
            (format!("$h = @{{ a = 'b' }}\n$null = $h.Add('c', 'd')\n{set}"), vec!["a=Text(\"b\")", "c=Text(\"d\")"]),
            (
                "$u = 'b'\nfunction F { $u = 'x'; $script:w = 'y' }\nF\nSet-ItemProperty HKLM:\\K a $u\nSet-ItemProperty HKLM:\\K c $w".to_owned(),
                vec!["a=Text(\"b\")", "c=Text(\"y\")"],
            ),
            (
                format!("$h = @{{}}\nfunction Put($n, $v) {{ $h.Add($n, $v); $h['c'] = 'd' }}\nPut 'a' 'b'\n{set}"),
                vec!["a=Text(\"b\")", "c=Text(\"d\")"],
            ),
            (
                "$n = 'a'\nfunction F($n) { Set-ItemProperty HKLM:\\K $n 'b' }\nF 'c'\nSet-ItemProperty HKLM:\\K $n 'd'".to_owned(),
                vec!["c=Text(\"b\")", "a=Text(\"d\")"],
            ),
        ] {
            let found: Vec<String> =
                values(&script).into_iter().map(|(n, v)| format!("{}={v}", n.trim_start_matches("HKLM\\K|"))).collect();
            assert_eq!(found, expected, "{script}");
        }
        // What is not followed is not the old value either.
        let script = "$h = @{ a = 'b' }\n$h.Inner.Add('c', 'd')\nSet-ItemProperty HKLM:\\K a $h.a";
        assert!(values(script)[0].1.starts_with("Bad"), "{script}");
        assert_eq!(parse("function F { $p = 'HKLM:\\K' }\nF\nSet-ItemProperty $p a b").unknown, [3]);
    }

    #[test]
    fn copies_are_counted_by_what_they_take_and_looking_into_a_table_is_none() {
        let numbers = vec!["1"; 9000].join(",");
        let copies: String = (0..9000).map(|i| format!("$b{i}=$a\n")).collect();
        let mut run = Run::default();
        run.block(&lex(&format!("$a=@({numbers})\n{copies}")), 0);
        let held: usize = run.variables.values().map(|value| value.weight(MAX_VALUES)).sum();
        assert!(held < 70_000, "{held} values");
        // Three hundred settings are more than any script has.
        let fill: String = (0..300).map(|i| format!("$h.Add('setting{i}', 'a value of {i}')\n")).collect();
        let script =
            format!("$h = @{{}}\n{fill}foreach ($k in $h.Keys) {{ Set-ItemProperty HKLM:\\K $k $h[$k] }}");
        let found = values(&script);
        assert_eq!(found.len(), 300);
        assert!(found.iter().all(|(_, data)| data.starts_with("Text(\"a value of")), "{found:?}");
    }

    #[test]
    fn what_stands_under_a_condition_is_marked() {
        let set = "Set-ItemProperty HKLM:\\K a";
        for (script, lines) in [
            (format!("{set} b"), vec![]),
            (format!("if ($x) {{ {set} b }}"), vec![1]),
            (format!("if ($x) {{\n{set} b\n}} else {{\n{set} c\n}}"), vec![2, 4]),
            (format!("switch ($x) {{ 'y' {{ {set} b }} default {{ }} }}"), vec![1]),
            (format!("try {{ {set} b }} catch {{ {set} c }}"), vec![1]),
            (format!("if (-not (Test-Path $p)) {{ New-Item $p }}\n{set} b"), vec![]),
            (format!("$v = 'b'\nif ($x) {{ $v = 'c' }}\n{set} $v"), vec![3]),
            (format!("if ($x) {{ $v = 'c' }}\n$v = 'b'\n{set} $v"), vec![]),
            (format!("if ($x) {{ $v = 'c' }}\n$w = \"$v/\"\n{set} $w"), vec![3]),
            (format!("$h = @{{ a = 'b' }}\nif ($x) {{ $h.Add('c', 'd') }}\n{set} $h.a"), vec![3]),
            ("if ($x) { reg add HKLM\\K /v a /d b }".to_owned(), vec![1]),
        ] {
            let found: Vec<u32> = parse(&script).conditional.into_iter().map(|(line, _)| line).collect();
            assert_eq!(found, lines, "{script}");
        }
    }

    proptest! {
        #[test]
        fn any_soup_of_parts_is_read(parts in prop::collection::vec(prop::sample::select(vec![
            "Set-ItemProperty ", "$a", " = ", "@{", "}", "@(", ")", "@'\n", "\n'@", "\"", "'", "|", "%", "{", "foreach (", " in ", "[", "]", ",", "`", "\n", "ü", "$(", ".Keys", "-Name ", "function f", "if (", ".Add(", "$script:a", "else ",
        ]), 0..60)) {
            let _ = parse(&parts.concat());
        }
    }
}
