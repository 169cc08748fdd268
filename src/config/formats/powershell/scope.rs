//! The variables of a script: where each is set, what a function keeps, and which of them are in doubt.

use super::super::tree::{MAX_FILLED, MAX_VALUES};
use super::Run;
use super::value::Value;

/// A variable before a function set it: its value, and whether that was set under a condition.
pub(super) type Before = (Option<Value>, bool);

impl Run {
    /// Sets a variable. A function's own goes with the function, unless it names another scope.
    pub(super) fn assign(&mut self, name: &str, value: Value) {
        let doubtful = self.conditions > 0 || self.doubt.get();
        let (scope, plain) = name.split_once(':').unwrap_or(("", name));
        let outer = matches!(scope, "script" | "global");
        let key = if outer { plain.to_owned() } else { bare(name) };
        if outer {
            // What it hides comes back, and with this value.
            for at in 0..self.scopes.len() {
                if self.scopes.get(at).is_some_and(|scope| scope.contains_key(&key)) {
                    let copy = self.copied(&value);
                    if let Some(scope) = self.scopes.get_mut(at) {
                        scope.insert(key.clone(), (Some(copy), doubtful));
                    }
                }
            }
        } else if let Some(scope) = self.scopes.last_mut()
            && !scope.contains_key(&key)
        {
            let before = (self.variables.remove(&key), self.doubtful.contains(&key));
            scope.insert(key.clone(), before);
        }
        self.update(key, value, doubtful);
    }

    /// Gives a variable another value where it is.
    pub(super) fn update(&mut self, key: String, value: Value, doubtful: bool) {
        if doubtful {
            self.doubtful.insert(key.clone());
        } else {
            self.doubtful.remove(&key);
        }
        // A variable that is not kept is not known.
        if self.variables.len() < MAX_VALUES || self.variables.contains_key(&key) {
            self.variables.insert(key, value);
        }
    }

    /// Ends a function: its variables are again what they were.
    pub(super) fn leave(&mut self) {
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
    pub(super) fn change(&mut self, name: &str, method: &str, arguments: Vec<Value>) {
        let (name, mut value) = self.taken(name);
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
        self.update(name, value, doubtful);
    }

    /// Takes a variable's value to change it, and gives its name with it: a list is not copied for each thing that is
    /// added to it. It is put back by [`Self::update`].
    pub(super) fn taken(&mut self, name: &str) -> (String, Value) {
        let name = bare(name);
        if self.doubtful.contains(&name) {
            self.doubt.set(true);
        }
        let value = self.variables.remove(&name).filter(|value| self.looks_at(value));
        (name, value.unwrap_or(Value::Unknown))
    }

    /// A copy of a value, as far as copies are made: a list of lists doubles with every line, and what is larger than
    /// any configuration is not copied.
    pub(super) fn copied(&self, value: &Value) -> Value {
        let is_kept = self.filled_in.get() <= MAX_FILLED && value.weight(MAX_VALUES) <= MAX_VALUES;
        if !is_kept {
            return Value::Unknown;
        }
        self.made(value);
        value.clone()
    }

    /// Counts what was made of a part of the script. Numbers and empty texts have no bytes, and take memory.
    pub(super) fn made(&self, value: &Value) {
        let taken = value.bytes() + value.weight(MAX_VALUES) * size_of::<Value>();
        self.filled_in.set(self.filled_in.get() + taken);
    }

    /// Whether a value is still looked through, which takes time for each of its members.
    fn looks_at(&self, value: &Value) -> bool {
        let members = match value {
            Value::List(items) => items.len(),
            Value::Map(members) => members.len(),
            _ => 0,
        };
        self.filled_in.set(self.filled_in.get() + members);
        self.filled_in.get() <= MAX_FILLED
    }

    /// Whether a variable is a list or a table, whose parts are looked at without a copy of it.
    pub(super) fn is_list(&self, name: &str) -> bool {
        matches!(self.variables.get(&bare(name)), Some(Value::List(_) | Value::Map(_)))
    }

    /// A part of a variable, without a copy of the whole.
    pub(super) fn part(&self, name: &str, of: impl FnOnce(&Value) -> Value) -> Value {
        let name = bare(name);
        if self.doubtful.contains(&name) {
            self.doubt.set(true);
        }
        match self.variables.get(&name) {
            Some(value) if self.looks_at(value) => {
                let part = of(value);
                self.made(&part);
                part
            }
            _ => Value::Unknown,
        }
    }

    pub(super) fn variable(&self, name: &str) -> Value {
        match bare(name).as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Text(String::new()),
            name => {
                if self.doubtful.contains(name) {
                    self.doubt.set(true);
                }
                self.variables.get(name).map_or(Value::Unknown, |value| self.copied(value))
            }
        }
    }
}

/// A variable without its scope.
pub(super) fn bare(name: &str) -> String {
    match name.split_once(':') {
        Some(("script" | "global" | "local" | "private" | "using", name)) => name.to_owned(),
        _ => name.to_owned(),
    }
}
