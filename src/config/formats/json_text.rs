//! Strict JSON into a tree that remembers the line of every name.
//!
//! A reader of our own because administrators need the place of a key and the cause of a fault in
//! their words (a comment, a missing brace), and because nesting must stay bounded.

use super::tree::{MAX_DEPTH, MAX_VALUES, Member, Raw};
use crate::config::error::{Fault, FaultKind};

/// Reads one JSON document.
pub(crate) fn parse(text: &str) -> Result<Raw, Fault> {
    parse_within(text, MAX_VALUES).map(|(value, _)| value)
}

/// Reads one JSON document of at most `limit` values, and says how many it has.
pub(crate) fn parse_within(text: &str, limit: usize) -> Result<(Raw, usize), Fault> {
    let mut p = Parser::new(text);
    p.limit = limit;
    p.space();
    let value = p.value(0)?;
    p.space();
    if p.at < p.bytes.len() {
        return Err(p.unexpected("the end of the document; a file holds one JSON value"));
    }
    Ok((value, p.values))
}

/// Reads the inside of an object whose braces were lost.
pub(crate) fn parse_members(text: &str) -> Result<Raw, Fault> {
    let mut p = Parser::new(text);
    p.space();
    let members = p.members(0, None)?;
    Ok(Raw::Map(members))
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    line: u32,
    line_start: usize,
    values: usize,
    limit: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, line: 1, line_start: 0, values: 0, limit: MAX_VALUES }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b) = self.peek() {
            match b {
                b'\n' => {
                    self.line += 1;
                    self.line_start = self.at + 1;
                }
                b' ' | b'\t' | b'\r' => {}
                _ => break,
            }
            self.at += 1;
        }
    }

    fn fault(&self, kind: FaultKind) -> Fault {
        let column = self.text.get(self.line_start..self.at).map_or(1, |t| t.chars().count() + 1);
        Fault { kind, line: Some(self.line), column: u32::try_from(column).ok() }
    }

    fn syntax(&self, what: impl Into<String>, next: &str) -> Fault {
        self.fault(FaultKind::Syntax { what: what.into(), next: next.to_owned() })
    }

    fn unexpected(&self, expected: &str) -> Fault {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match rest {
            [] => self.syntax(
                format!("the text ends where {expected} should be"),
                "The file is cut off; copy or export it again",
            ),
            [b'/', b'/' | b'*', ..] | [b'#', ..] => self.syntax(
                "a comment, which JSON does not have; the app rejects the whole file for it",
                "Remove the comment",
            ),
            [b'\\', ..] => self.syntax(
                "a backslash outside text, as a copy from Markdown leaves",
                "Remove the backslash, or export the file again",
            ),
            [b'\'', ..] => self.syntax("a single quote", "Write names and text in double quotes"),
            [b'}' | b']', ..] if self.after_comma() => {
                self.syntax("a comma with nothing after it", "Remove the comma before this bracket")
            }
            [b, ..] if b.is_ascii_punctuation() => {
                self.syntax(format!("`{}` where {expected} should be", char::from(*b)), "Correct this place")
            }
            [0xe2, 0x80, 0x9c..=0x9f, ..] => {
                self.syntax("a typographic quotation mark", "Write names and text in plain double quotes")
            }
            _ => self.syntax(format!("something else where {expected} should be"), "Correct this place"),
        }
    }

    fn after_comma(&self) -> bool {
        self.bytes.get(..self.at).and_then(|b| b.iter().rfind(|b| !b.is_ascii_whitespace())) == Some(&b',')
    }

    fn value(&mut self, depth: usize) -> Result<Raw, Fault> {
        self.values += 1;
        if self.values > self.limit {
            return Err(self.fault(FaultKind::TooMany(self.limit)));
        }
        match self.peek() {
            Some(b'{') => {
                self.deeper(depth)?;
                let opened = self.line;
                self.at += 1;
                self.space();
                Ok(Raw::Map(self.members(depth + 1, Some(opened))?))
            }
            Some(b'[') => {
                self.deeper(depth)?;
                self.list(depth + 1)
            }
            Some(b'"') => Ok(Raw::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                for (word, value) in
                    [("true", Raw::Bool(true)), ("false", Raw::Bool(false)), ("null", Raw::Null)]
                {
                    if self.bytes.get(self.at..).is_some_and(|b| b.starts_with(word.as_bytes())) {
                        let end = self.at + word.len();
                        if self.bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
                            break;
                        }
                        self.at = end;
                        return Ok(value);
                    }
                }
                Err(self.unexpected("a value"))
            }
        }
    }

    fn deeper(&self, depth: usize) -> Result<(), Fault> {
        if depth >= MAX_DEPTH { Err(self.fault(FaultKind::TooDeep)) } else { Ok(()) }
    }

    fn list(&mut self, depth: usize) -> Result<Raw, Fault> {
        let opened = self.line;
        self.at += 1;
        self.space();
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Raw::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.space();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.space();
                }
                Some(b']') => {
                    self.at += 1;
                    return Ok(Raw::List(items));
                }
                _ => {
                    return Err(
                        self.unexpected(&format!("`,` or the `]` of the list opened on line {opened}"))
                    );
                }
            }
        }
    }

    /// Members up to the closing brace, or up to the end of the text when `opened` is `None`.
    fn members(&mut self, depth: usize, opened: Option<u32>) -> Result<Vec<Member>, Fault> {
        let mut members = Vec::new();
        if opened.is_some() && self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(members);
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a name in double quotes"));
            }
            let line = self.line;
            let name = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("`:` after the name"));
            }
            self.at += 1;
            self.space();
            let value = self.value(depth)?;
            if members.is_empty() {
                // Most objects of a hostile file have one member; room for four would be spent on each.
                members.reserve_exact(1);
            }
            members.push(Member { name, line, value });
            self.space();
            match (self.peek(), opened) {
                (Some(b','), _) => {
                    self.at += 1;
                    self.space();
                    // A fragment is often cut out with the comma that followed it.
                    if opened.is_none() && self.peek().is_none() {
                        return Ok(members);
                    }
                }
                (Some(b'}'), Some(_)) => {
                    self.at += 1;
                    return Ok(members);
                }
                (None, None) => return Ok(members),
                (_, Some(line)) => {
                    return Err(
                        self.unexpected(&format!("`,` or the `}}` of the object opened on line {line}"))
                    );
                }
                _ => return Err(self.unexpected("`,` or the end of the text")),
            }
        }
    }

    fn number(&mut self) -> Result<Raw, Fault> {
        let start = self.at;
        let digits = |p: &mut Self| {
            let from = p.at;
            while p.peek().is_some_and(|b| b.is_ascii_digit()) {
                p.at += 1;
            }
            p.at > from
        };
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.peek() == Some(b'0');
        if !digits(self) {
            return Err(self.unexpected("a digit"));
        }
        let whole = self.at;
        if zero && self.bytes.get(start..whole).is_some_and(|b| b.strip_prefix(b"-").unwrap_or(b).len() > 1) {
            return Err(
                self.syntax("a number with a leading zero", "Remove the zero, or write the number as text")
            );
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !digits(self) {
                return Err(self.unexpected("a digit"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !digits(self) {
                return Err(self.unexpected("a digit"));
            }
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        match (self.at == whole).then(|| text.parse()).and_then(Result::ok) {
            Some(integer) => Ok(Raw::Integer(integer)),
            None => Ok(Raw::Number(text.chars().take(64).collect())),
        }
    }

    fn string(&mut self) -> Result<String, Fault> {
        let opening = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let run = self.at;
            while self.peek().is_some_and(|b| b != b'"' && b != b'\\' && b >= 0x20) {
                self.at += 1;
            }
            out.push_str(self.text.get(run..self.at).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                None => {
                    self.at = opening;
                    return Err(self.syntax(
                        "the text ends inside a quoted text that begins here",
                        "Close the quotation mark; if the file is cut off, copy or export it again",
                    ));
                }
                Some(b) => {
                    if b == b'\n' || b == b'\r' {
                        self.at = opening;
                        return Err(self.syntax(
                            "the quoted text that begins here is not closed on its line",
                            "Close the quotation mark, or write a line break as \\n",
                        ));
                    }
                    return Err(self.syntax(
                        "a control character inside quoted text",
                        "Remove it, or write it as \\t or \\u00xx",
                    ));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let bad = |p: &Self| {
            p.syntax(
                "a backslash that escapes nothing",
                "Write \\\\ for a backslash, as in C:\\\\Program Files",
            )
        };
        let c = match self.bytes.get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let unit = self.hex4(self.at + 2).ok_or_else(|| bad(self))?;
                self.at += 6;
                if (0xd800..0xdc00).contains(&unit)
                    && self.bytes.get(self.at..self.at + 2) == Some(b"\\u")
                    && let Some(low) = self.hex4(self.at + 2).filter(|u| (0xdc00..0xe000).contains(u))
                {
                    self.at += 6;
                    let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                    return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
                }
                // A lone half of a pair is allowed by JSON, and is no character.
                return Ok(char::from_u32(unit).unwrap_or('\u{fffd}'));
            }
            _ => return Err(bad(self)),
        };
        self.at += 2;
        Ok(c)
    }

    fn hex4(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 4)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        u32::from_str_radix(digits, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;

    use super::*;

    fn same(raw: &Raw, json: &serde_json::Value) -> bool {
        use serde_json::Value as J;
        match (raw, json) {
            (Raw::Null, J::Null) => true,
            (Raw::Bool(a), J::Bool(b)) => a == b,
            (Raw::Integer(a), J::Number(b)) => b.as_i64() == Some(*a),
            (Raw::Number(a), J::Number(b)) => a.parse::<f64>().ok() == b.as_f64(),
            (Raw::Text(a), J::String(b)) => a == b,
            (Raw::List(a), J::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
            (Raw::Map(a), J::Object(b)) => {
                b.iter().all(|(k, v)| super::super::tree::find(a, k).is_some_and(|m| same(&m.value, v)))
            }
            _ => false,
        }
    }

    fn place(text: &str) -> (u32, u32) {
        let fault = parse(text).unwrap_err();
        (fault.line.unwrap(), fault.column.unwrap())
    }

    #[test]
    fn faults_name_line_and_column() {
        assert_eq!(place("{\n  \"a\": 1,\n}"), (3, 1));
        assert_eq!(place("{\n  // note\n}"), (2, 3));
        assert_eq!(place("{\"a\": "), (1, 7));
        assert_eq!(place("{\"ä\": x}"), (1, 7));
        assert_eq!(place("{\"a\": \"b"), (1, 7));
        assert_eq!(place("[1] 2"), (1, 5));
    }

    #[test]
    fn depth_is_bounded_in_both_bracket_kinds() {
        for (open, n) in [("[", 100_000), ("{\"a\":", 100_000), ("[{\"a\":", 50_000)] {
            assert_eq!(parse(&open.repeat(n)).unwrap_err().kind, FaultKind::TooDeep);
        }
        let fits = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert!(parse(&fits).is_ok());
    }

    #[test]
    fn names_know_their_line() {
        let raw = parse("{\n\n\"a\": {\n\"b\": 1}}").unwrap();
        let a = &raw.members().unwrap()[0];
        assert_eq!((a.line, a.value.members().unwrap()[0].line), (3, 4));
    }

    proptest! {
        #[test]
        fn agrees_with_a_second_parser(text in "[\\[\\]{}:,\"\\\\/ \n0-9a-feu.+tr-]{0,60}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            match (parse(&text), theirs) {
                (Ok(ours), Ok(theirs)) => prop_assert!(same(&ours, &theirs)),
                (Err(_), Err(_)) => {}
                // The other parser refuses what does not fit a double, and lone surrogates.
                (Ok(_), Err(e)) => prop_assert!(e.to_string().contains("out of range") || e.to_string().contains("surrogate") || e.to_string().contains("hex escape"), "{text:?}: {e}"),
                (Err(e), Ok(_)) => prop_assert!(false, "{text:?}: {e:?}"),
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = parse(&text);
            let _ = parse_members(&text);
        }
    }
}
