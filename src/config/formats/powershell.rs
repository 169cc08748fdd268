//! PowerShell scripts that write policies. Plain text, variables, hashtables, loops over them, splatting,
//! functions and here-strings are followed; whatever else would have to be run is said, never guessed.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use super::powershell_tokens::{Kind, STEPS, Token, lex};
use super::reg_script::{NOT_EVALUATED, items_of, local, typed};
use super::reg_text::{Content, Data, Item};
use super::tree::MAX_VALUES;

/// Deepest nesting of blocks and values.
const DEPTH: usize = 24;
/// Longest text that a value may grow to.
const LONGEST: usize = 256 * 1024;

/// Commands that set a value, and how their parameters are called here, in the order of positions.
const SETTERS: [&str; 5] =
    ["set-itemproperty", "new-itemproperty", "sp", "set-gpregistryvalue", "set-gpprefregistryvalue"];

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

/// A value, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Number(i64),
    Bool(bool),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
    Unknown,
}

impl Value {
    /// How many values it holds, itself included; counting ends above `limit`.
    fn weight(&self, limit: usize) -> usize {
        let sum = |values: &mut dyn Iterator<Item = &Self>| {
            let mut sum = 1_usize;
            for value in values {
                if sum > limit {
                    break;
                }
                sum = sum.saturating_add(value.weight(limit - sum.min(limit)));
            }
            sum
        };
        match self {
            Self::List(items) => sum(&mut items.iter()),
            Self::Map(members) => sum(&mut members.iter().map(|(_, v)| v)),
            _ => 1,
        }
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Text(t) => Some(t.clone()),
            Self::Number(n) => Some(n.to_string()),
            Self::Bool(b) => Some(if *b { "True".to_owned() } else { "False".to_owned() }),
            _ => None,
        }
    }

    fn json(&self) -> Option<serde_json::Value> {
        Some(match self {
            Self::Text(t) => t.as_str().into(),
            Self::Number(n) => (*n).into(),
            Self::Bool(b) => (*b).into(),
            Self::List(items) => items.iter().map(Self::json).collect::<Option<Vec<_>>>()?.into(),
            Self::Map(members) => {
                let members = members.iter().map(|(k, v)| Some((k.clone(), v.json()?)));
                serde_json::Value::Object(members.collect::<Option<_>>()?)
            }
            Self::Unknown => return None,
        })
    }

    fn member(&self, name: &str) -> Self {
        match self {
            Self::Map(members) => {
                let found = members.iter().find(|(k, _)| k.eq_ignore_ascii_case(name));
                match (found, name.to_lowercase().as_str()) {
                    (Some((_, value)), _) => value.clone(),
                    (None, "keys") => {
                        Self::List(members.iter().map(|(k, _)| Self::Text(k.clone())).collect())
                    }
                    (None, "getenumerator") => Self::List(
                        members
                            .iter()
                            .map(|(k, v)| {
                                let key = Self::Text(k.clone());
                                Self::Map(vec![
                                    ("key".into(), key.clone()),
                                    ("name".into(), key),
                                    ("value".into(), v.clone()),
                                ])
                            })
                            .collect(),
                    ),
                    _ => Self::Unknown,
                }
            }
            Self::List(_) if name.eq_ignore_ascii_case("getenumerator") => self.clone(),
            Self::Text(_) if name.eq_ignore_ascii_case("tostring") => self.clone(),
            _ => Self::Unknown,
        }
    }
}

#[derive(Default)]
struct Run {
    out: Script,
    variables: HashMap<String, Value>,
    functions: HashMap<String, (Vec<String>, Vec<Token>)>,
    steps: usize,
    /// Conditions that stand around what is read.
    conditions: usize,
    /// Variables that were set under a condition.
    doubtful: HashSet<String>,
    /// One of them was used.
    doubt: Cell<bool>,
    /// What each function that runs found in the variables that it set.
    scopes: Vec<HashMap<String, Before>>,
}

/// A variable before a function set it: its value, and whether that was set under a condition.
type Before = (Option<Value>, bool);

/// Methods that change the list or table that they are called on.
const CHANGES: [&str; 8] = ["add", "remove", "clear", "insert", "addrange", "removeat", "set_item", "sort"];

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

    /// Sets a variable. A function's own goes with the function, unless it names another scope.
    fn assign(&mut self, name: &str, value: Value) {
        let doubtful = self.conditions > 0 || self.doubt.get();
        let (scope, plain) = name.split_once(':').unwrap_or(("", name));
        let outer = matches!(scope, "script" | "global");
        let key = if outer { plain.to_owned() } else { bare(name) };
        if outer {
            // What it hides comes back, and with this value.
            for scope in &mut self.scopes {
                if scope.contains_key(&key) {
                    scope.insert(key.clone(), (Some(value.clone()), doubtful));
                }
            }
        } else if let Some(scope) = self.scopes.last_mut()
            && !scope.contains_key(&key)
        {
            let before = (self.variables.get(&key).cloned(), self.doubtful.contains(&key));
            scope.insert(key.clone(), before);
        }
        self.update(key, value, doubtful);
    }

    /// Gives a variable another value where it is.
    fn update(&mut self, key: String, value: Value, doubtful: bool) {
        if doubtful {
            self.doubtful.insert(key.clone());
        } else {
            self.doubtful.remove(&key);
        }
        self.variables.insert(key, value);
    }

    /// Ends a function: its variables are again what they were.
    fn leave(&mut self) {
        for (name, (value, doubtful)) in self.scopes.pop().unwrap_or_default() {
            match value {
                Some(value) => self.variables.insert(name.clone(), value),
                None => self.variables.remove(&name),
            };
            if doubtful {
                self.doubtful.insert(name);
            } else {
                self.doubtful.remove(&name);
            }
        }
    }

    /// Calls a method that changes a variable's own list or table; what is not followed makes it unknown.
    fn change(&mut self, name: &str, method: &str, arguments: Vec<Value>) {
        let mut value = self.variable(name);
        let text = arguments.first().and_then(Value::text);
        let known = match (&mut value, method, text) {
            (Value::Map(members), "add" | "set_item", Some(key)) => {
                members.retain(|(k, _)| !k.eq_ignore_ascii_case(&key));
                members.push((key, arguments.into_iter().nth(1).unwrap_or(Value::Unknown)));
                members.len() <= MAX_VALUES
            }
            (Value::Map(members), "remove", Some(key)) => {
                members.retain(|(k, _)| !k.eq_ignore_ascii_case(&key));
                true
            }
            (Value::Map(members), "clear", _) => {
                members.clear();
                true
            }
            (Value::List(items), "add", _) => {
                items.extend(arguments.into_iter().next());
                items.len() <= MAX_VALUES
            }
            (Value::List(items), "clear", _) => {
                items.clear();
                true
            }
            _ => false,
        };
        let value = if known { value } else { Value::Unknown };
        // A function changes the table itself, not a copy.
        let doubtful = self.conditions > 0 || self.doubt.get();
        self.update(bare(name), value, doubtful);
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
                    if let (Value::Map(mut members), Some(key)) = (self.variable(&name), key.text()) {
                        members.retain(|(k, _)| !k.eq_ignore_ascii_case(&key));
                        members.push((key, value));
                        let doubtful = self.conditions > 0 || self.doubt.get();
                        self.update(name, Value::Map(members), doubtful);
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
        self.functions.insert(name.to_lowercase(), (names, body));
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
        for item in items {
            if self.spent() {
                return;
            }
            self.doubt.set(doubt);
            self.assign(name, item);
            self.block(body, depth + 1);
        }
        self.variables.remove(name);
    }

    /// An expression and what it is piped into.
    fn pipeline(&mut self, tokens: &[Token], at: usize, depth: usize) -> (Value, usize) {
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

    fn expression(&mut self, tokens: &[Token], at: usize, depth: usize) -> (Value, usize) {
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

    fn one(&mut self, tokens: &[Token], at: usize, depth: usize) -> (Value, usize) {
        let Some(token) = tokens.get(at).filter(|_| depth <= DEPTH && !self.spent()) else {
            return (Value::Unknown, at + 1);
        };
        let (mut value, mut next) = match &token.kind {
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
                    value = match (&value, &key) {
                        (Value::List(items), Value::Number(n)) => usize::try_from(*n)
                            .ok()
                            .and_then(|n| items.get(n).cloned())
                            .unwrap_or(Value::Unknown),
                        _ => key.text().map_or(Value::Unknown, |k| value.member(&k)),
                    };
                    next = end;
                }
                _ => return (value, next),
            }
        }
    }

    fn variable(&self, name: &str) -> Value {
        match bare(name).as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Text(String::new()),
            // A list of lists doubles with every line; what is larger than any configuration is not copied.
            name => {
                if self.doubtful.contains(name) {
                    self.doubt.set(true);
                }
                match self.variables.get(name) {
                    Some(value) if value.weight(MAX_VALUES) <= MAX_VALUES => value.clone(),
                    _ => Value::Unknown,
                }
            }
        }
    }

    /// The elements of `@( … )` and of arguments.
    fn list(&mut self, tokens: &[Token], depth: usize) -> Vec<Value> {
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

    fn map(&mut self, tokens: &[Token], depth: usize) -> Value {
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
    fn filled(&self, text: &str) -> Option<String> {
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
                    let first = self.variable(&parts.next()?.to_lowercase());
                    out.push_str(&parts.fold(first, |value, part| value.member(part)).text()?);
                }
                c => out.push(c),
            }
        }
        Some(out)
    }

    fn command(&mut self, tokens: &[Token], at: usize, depth: usize) -> usize {
        let line = tokens.get(at).map_or(0, |t| t.line);
        let Some(Kind::Word(word)) = tokens.get(at).map(|t| t.kind.clone()) else { return at + 1 };
        let name = word.to_lowercase();
        self.doubt.set(false);
        let mut named: HashMap<String, Value> = HashMap::new();
        let mut positional: Vec<Value> = Vec::new();
        let mut words: Vec<Option<String>> = vec![Some(word.clone())];
        let mut next = at + 1;
        while let Some(token) = tokens.get(next) {
            if self.spent() {
                break;
            }
            match &token.kind {
                Kind::End | Kind::Sign('|' | '}' | ')' | '{' | '>') => break,
                Kind::Sign('@') if matches!(tokens.get(next + 1).map(|t| &t.kind), Some(Kind::Word(_))) => {
                    // Splatting: the name of a hashtable behind an at sign.
                    if let Some(Kind::Word(table)) = tokens.get(next + 1).map(|t| &t.kind)
                        && let Value::Map(members) = self.variable(&table.to_lowercase())
                    {
                        named.extend(members.into_iter().map(|(k, v)| (k.to_lowercase(), v)));
                    }
                    next += 2;
                }
                Kind::Word(option)
                    if option.starts_with('-') && option.len() > 1 && !option.starts_with("-1") =>
                {
                    let (option, glued) = option.split_once(':').unwrap_or((option, ""));
                    let option = option.trim_start_matches('-').to_lowercase();
                    words.push(Some(format!("-{option}")));
                    next += 1;
                    if !glued.is_empty() {
                        named.insert(option, Value::Text(glued.to_owned()));
                    } else if flag(&option) {
                        named.insert(option, Value::Bool(true));
                    } else {
                        let (value, after) = self.expression(tokens, next, depth);
                        named.insert(option, value);
                        next = after.max(next);
                    }
                }
                _ => {
                    let (value, after) = self.expression(tokens, next, depth);
                    words.push(value.text());
                    positional.push(value);
                    next = after.max(next + 1);
                }
            }
        }
        if let Some((names, body)) = self.functions.get(&name).cloned() {
            let mut positional = positional.into_iter();
            if depth <= DEPTH {
                self.scopes.push(HashMap::new());
                for parameter in names {
                    let value = named.get(&parameter).cloned().or_else(|| positional.next());
                    self.assign(&parameter, value.unwrap_or(Value::Unknown));
                }
                self.block(&body, depth + 1);
                self.leave();
            }
            return next;
        }
        let take = |positions: &[&str], place: usize| {
            positions.iter().find_map(|p| named.get(*p).cloned()).or_else(|| {
                let before = ["path", "literalpath", "key"].iter().any(|p| named.contains_key(*p));
                let place = place.checked_sub(usize::from(before))?;
                positional.get(place).cloned()
            })
        };
        if SETTERS.contains(&name.as_str()) {
            let path = take(&["path", "literalpath", "key"], 0);
            // There the name is that of the policy object.
            let policy = name.starts_with("set-gp");
            let property = if policy { named.get("valuename").cloned() } else { take(&["name"], 1) };
            let value = take(&["value", "data"], 2);
            let kind = take(&["type", "propertytype"], 3).and_then(|k| k.text()).unwrap_or_default();
            self.set(path, property, value, &kind, line);
        } else if name == "new-item" || name == "ni" {
            if let Some(path) = take(&["path", "literalpath"], 0).and_then(|p| p.text()) {
                self.out
                    .items
                    .push(Item { line, content: Content::Section { key: local(&path), delete: false } });
            }
        } else if name == "remove-itemproperty" || name == "rp" {
            let path = take(&["path", "literalpath"], 0).and_then(|p| p.text());
            let property = take(&["name"], 1).and_then(|p| p.text());
            if let (Some(path), Some(property)) = (path, property) {
                self.out
                    .items
                    .push(Item { line, content: Content::Section { key: local(&path), delete: false } });
                self.out.items.push(Item {
                    line,
                    content: Content::Value { name: Some(property), data: Data::Delete },
                });
            }
        } else if name == "reg" || name == "reg.exe" || name.ends_with("\\reg.exe") {
            const OPEN: &str = "\u{fdd0}";
            let words: Vec<String> = words
                .into_iter()
                .map(|w| w.map_or_else(|| OPEN.to_owned(), |w| w.replace("\\\"", "\"")))
                .collect();
            let before = self.out.items.len();
            items_of(&words, line, &mut self.out.items, &mut self.out.unknown, &|t| t.contains(OPEN));
            let new = self.out.items.iter().skip(before);
            let named = new.filter_map(|item| match &item.content {
                Content::Value { name, .. } => name.clone(),
                Content::Section { .. } => None,
            });
            let named: Vec<String> = named.collect();
            named.into_iter().for_each(|name| self.mark(line, name));
        }
        next
    }

    /// Marks a value that is set under a condition, or from what was.
    fn mark(&mut self, line: u32, name: String) {
        if self.conditions > 0 || self.doubt.get() {
            self.out.conditional.push((line, name));
        }
    }

    fn set(&mut self, path: Option<Value>, name: Option<Value>, value: Option<Value>, kind: &str, line: u32) {
        let (Some(path), Some(name)) = (path.and_then(|p| p.text()), name.and_then(|n| n.text())) else {
            self.out.unknown.push(line);
            return;
        };
        self.out.items.push(Item { line, content: Content::Section { key: local(&path), delete: false } });
        let data = match &value {
            Some(value @ (Value::Text(_) | Value::Number(_) | Value::Bool(_))) => {
                let text = value.text().unwrap_or_default();
                let text =
                    if let (Value::Bool(b), true) = (value, kind.to_ascii_lowercase().contains("dword")) {
                        u8::from(*b).to_string()
                    } else {
                        text
                    };
                // A number without a type becomes a REG_DWORD.
                let kind = if kind.is_empty() && matches!(value, Value::Number(_)) { "DWord" } else { kind };
                typed(kind, text)
            }
            Some(Value::List(_)) => Data::Invisible("REG_MULTI_SZ"),
            _ => Data::Bad(NOT_EVALUATED),
        };
        self.mark(line, name.clone());
        self.out.items.push(Item { line, content: Content::Value { name: Some(name), data } });
    }
}

/// Parameters without a value.
fn flag(option: &str) -> bool {
    matches!(option, "force" | "confirm" | "whatif" | "verbose" | "passthru" | "recurse")
}

/// A variable without its scope.
fn bare(name: &str) -> String {
    match name.split_once(':') {
        Some(("script" | "global" | "local" | "private" | "using", name)) => name.to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

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
