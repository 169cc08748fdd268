//! Expressions: what they come to, as far as that follows from the text of the script alone.

use super::super::tree::MAX_FILLED;
use super::tokens::{Kind, Token};
use super::value::Value;
use super::{DEPTH, Run, behind, inside, sign};

/// Longest text that a value may grow to.
const LONGEST: usize = 256 * 1024;

/// Methods that change the list or table that they are called on.
const CHANGES: [&str; 8] = ["add", "remove", "clear", "insert", "addrange", "removeat", "set_item", "sort"];

impl Run {
    /// An expression and what it is piped into.
    pub(super) fn pipeline(&mut self, tokens: &[Token], at: usize, depth: usize) -> (Value, usize) {
        let (mut value, mut next) = self.expression(tokens, at, depth);
        while sign(tokens, next, '|') && !self.spent() {
            let word = match tokens.get(next + 1).map(|t| &t.kind) {
                Some(Kind::Word(w)) => w.to_lowercase(),
                _ => String::new(),
            };
            let open = next + 2;
            if matches!(word.as_str(), "foreach-object" | "%" | "foreach") && sign(tokens, open, '{') {
                let end = behind(tokens, open);
                self.each("_", value, inside(tokens, open, end), depth);
                (value, next) = (Value::Unknown, end);
                continue;
            }
            value = match word.as_str() {
                "convertto-json" => value.json().map_or(Value::Unknown, |j| Value::Text(j.to_string())),
                "out-string" => value,
                _ => Value::Unknown,
            };
            next = open;
            while let Some(token) = tokens.get(next) {
                match token.kind {
                    Kind::End | Kind::Sign('|' | ')' | '}' | ',') => break,
                    Kind::Sign('(' | '{' | '[') => next = behind(tokens, next),
                    _ => next += 1,
                }
            }
        }
        // What follows makes another value of it.
        let mut more = false;
        while let Some(token) = tokens.get(next) {
            match token.kind {
                Kind::End | Kind::Sign(')' | '}') => break,
                Kind::Sign('(' | '{' | '[') => next = behind(tokens, next),
                _ => next += 1,
            }
            more = true;
        }
        (if more { Value::Unknown } else { value }, next)
    }

    pub(super) fn expression(&mut self, tokens: &[Token], at: usize, depth: usize) -> (Value, usize) {
        let (first, mut next) = self.one(tokens, at, depth);
        if !sign(tokens, next, ',') {
            return (first, next);
        }
        let mut items = vec![first];
        while sign(tokens, next, ',') && !self.spent() {
            next += 1;
            while tokens.get(next).is_some_and(|t| t.kind == Kind::End) {
                next += 1;
            }
            let (item, after) = self.one(tokens, next, depth);
            items.push(item);
            next = after.max(next);
        }
        (Value::List(items), next)
    }

    pub(super) fn one(&mut self, tokens: &[Token], at: usize, depth: usize) -> (Value, usize) {
        let Some(token) = tokens.get(at).filter(|_| depth <= DEPTH && !self.spent()) else {
            return (Value::Unknown, at + 1);
        };
        let (mut value, mut next) = match &token.kind {
            Kind::Variable(name) if self.is_list(name) && Self::is_part(tokens, at + 1) => {
                match tokens.get(at + 1).map(|t| &t.kind) {
                    Some(Kind::Member(member)) => {
                        let next = if sign(tokens, at + 2, '(') { behind(tokens, at + 2) } else { at + 2 };
                        (self.part(name, |value| value.member(member)), next)
                    }
                    _ => {
                        let key = self.expression(tokens, at + 2, depth + 1).0;
                        (self.part(name, |value| value.element(&key)), behind(tokens, at + 1))
                    }
                }
            }
            // What changes a list gives nothing that is used, and needs no copy of it.
            Kind::Variable(name) if self.is_list(name) && Self::is_change(tokens, at + 1) => {
                (Value::Unknown, at + 1)
            }
            Kind::Plain(text) => (Value::Text(text.clone()), at + 1),
            Kind::Double(text) => (self.filled(text).map_or(Value::Unknown, Value::Text), at + 1),
            Kind::Variable(name) => (self.variable(name), at + 1),
            Kind::Word(word) => {
                (word.parse().map_or_else(|_| Value::Text(word.clone()), Value::Number), at + 1)
            }
            Kind::Sign('@') if sign(tokens, at + 1, '{') => {
                let end = behind(tokens, at + 1);
                (self.map(inside(tokens, at + 1, end), depth + 1), end)
            }
            Kind::Sign('@') if sign(tokens, at + 1, '(') => {
                let end = behind(tokens, at + 1);
                (Value::List(self.list(inside(tokens, at + 1, end), depth + 1)), end)
            }
            Kind::Sign('(') => {
                let end = behind(tokens, at);
                (self.pipeline(inside(tokens, at, end), 0, depth + 1).0, end)
            }
            // A cast: the text of a value stays what it is.
            Kind::Sign('[') => {
                let end = behind(tokens, at);
                return self.one(tokens, end, depth + 1);
            }
            _ => (Value::Unknown, at + 1),
        };
        // What a loop or a function makes of one place of the script, it makes again and again.
        if self.repeats > 0 && matches!(token.kind, Kind::Plain(_) | Kind::Double(_) | Kind::Word(_)) {
            self.made(&value);
            if self.filled_in.get() > MAX_FILLED {
                value = Value::Unknown;
            }
        }
        let owner = match &token.kind {
            Kind::Variable(name) => Some(name),
            _ => None,
        };
        loop {
            match tokens.get(next).map(|t| &t.kind) {
                Some(Kind::Member(method))
                    if sign(tokens, next + 1, '(') && CHANGES.contains(&method.to_lowercase().as_str()) =>
                {
                    let close = behind(tokens, next + 1);
                    let arguments = self.list(inside(tokens, next + 1, close), depth + 1);
                    if let Some(name) = owner {
                        // One that is inside another is not followed.
                        let own = next == at + 1;
                        let method = if own { method.to_lowercase() } else { String::new() };
                        self.change(name, &method, arguments);
                    }
                    (value, next) = (Value::Unknown, close);
                }
                Some(Kind::Member(name)) => {
                    value = value.member(name);
                    next += 1;
                    if sign(tokens, next, '(') {
                        next = behind(tokens, next);
                    }
                }
                Some(Kind::Sign('[')) if matches!(value, Value::Map(_) | Value::List(_)) => {
                    let end = behind(tokens, next);
                    let key = self.expression(tokens, next + 1, depth + 1).0;
                    value = value.element(&key);
                    next = end;
                }
                _ => return (value, next),
            }
        }
    }

    /// Whether what stands there is a member or an element, and not a method that changes its owner.
    fn is_part(tokens: &[Token], at: usize) -> bool {
        match tokens.get(at).map(|t| &t.kind) {
            Some(Kind::Member(_)) => !Self::is_change(tokens, at),
            Some(Kind::Sign('[')) => true,
            _ => false,
        }
    }

    fn is_change(tokens: &[Token], at: usize) -> bool {
        let Some(Kind::Member(name)) = tokens.get(at).map(|t| &t.kind) else { return false };
        sign(tokens, at + 1, '(') && CHANGES.contains(&name.to_lowercase().as_str())
    }

    /// The elements of `@( … )` and of arguments.
    pub(super) fn list(&mut self, tokens: &[Token], depth: usize) -> Vec<Value> {
        let mut items = Vec::new();
        let mut at = 0;
        while at < tokens.len() && !self.spent() {
            if matches!(tokens.get(at).map(|t| &t.kind), Some(Kind::End | Kind::Sign(','))) {
                at += 1;
                continue;
            }
            let (item, next) = self.one(tokens, at, depth);
            items.push(item);
            at = next.max(at + 1);
        }
        items
    }

    pub(super) fn map(&mut self, tokens: &[Token], depth: usize) -> Value {
        let mut members = Vec::new();
        let mut at = 0;
        while at < tokens.len() && !self.spent() {
            if tokens.get(at).is_some_and(|t| t.kind == Kind::End) {
                at += 1;
                continue;
            }
            let (key, next) = self.one(tokens, at, depth);
            if !sign(tokens, next, '=') {
                at = next.max(at + 1);
                continue;
            }
            let (value, next) = self.pipeline(tokens, next + 1, depth);
            if let Some(key) = key.text() {
                members.push((key, value));
            }
            at = next.max(at + 1);
        }
        Value::Map(members)
    }

    /// A text with its variables; nothing when one is not known.
    pub(super) fn filled(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if out.len() > LONGEST {
                return None;
            }
            match c {
                '`' => match chars.next() {
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some('r') => out.push('\r'),
                    Some(c) => out.push(c),
                    None => {}
                },
                '$' => {
                    let mut name = String::new();
                    match chars.peek() {
                        Some('{') => {
                            chars.next();
                            for c in chars.by_ref().take_while(|c| *c != '}') {
                                name.push(c);
                            }
                        }
                        Some('(') => {
                            chars.next();
                            for c in chars.by_ref().take_while(|c| *c != ')') {
                                name.push(c);
                            }
                            name = name.trim().strip_prefix('$')?.to_owned();
                        }
                        Some(c) if c.is_alphabetic() || *c == '_' => {
                            while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                                name.push(c);
                            }
                            if chars.peek() == Some(&':') && name == "env" {
                                return None;
                            }
                        }
                        _ => {
                            out.push('$');
                            continue;
                        }
                    }
                    let mut parts = name.split('.');
                    let name = parts.next()?.to_lowercase();
                    let first = match parts.next() {
                        Some(part) if self.is_list(&name) => self.part(&name, |value| value.member(part)),
                        Some(part) => self.variable(&name).member(part),
                        None => self.variable(&name),
                    };
                    out.push_str(&parts.fold(first, |value, part| value.member(part)).text()?);
                }
                c => out.push(c),
            }
        }
        Some(out)
    }
}
