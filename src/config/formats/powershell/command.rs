//! Commands: those that write to the registry, and the functions of the script itself.

use std::collections::HashMap;

use super::super::reg_script::{NOT_EVALUATED, items_of, local, typed};
use super::super::reg_text::{Content, Data, Item};
use super::tokens::{Kind, Token};
use super::value::Value;
use super::{DEPTH, Run};

/// Commands that set a value, and how their parameters are called here, in the order of positions.
pub(super) const SETTERS: [&str; 5] =
    ["set-itemproperty", "new-itemproperty", "sp", "set-gpregistryvalue", "set-gpprefregistryvalue"];

impl Run {
    pub(super) fn command(&mut self, tokens: &[Token], at: usize, depth: usize) -> usize {
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
        if let Some(function) = self.functions.get(&name).cloned() {
            let (names, body) = &*function;
            let mut positional = positional.into_iter();
            if depth <= DEPTH {
                self.scopes.push(HashMap::new());
                for parameter in names {
                    let value = named.get(parameter).cloned().or_else(|| positional.next());
                    self.assign(parameter, value.unwrap_or(Value::Unknown));
                }
                self.repeats += 1;
                self.block(body, depth + 1);
                self.repeats -= 1;
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
    pub(super) fn mark(&mut self, line: u32, name: String) {
        if self.conditions > 0 || self.doubt.get() {
            self.out.conditional.push((line, name));
        }
    }

    pub(super) fn set(
        &mut self,
        path: Option<Value>,
        name: Option<Value>,
        value: Option<Value>,
        kind: &str,
        line: u32,
    ) {
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
