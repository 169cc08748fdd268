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

    pub(super) fn variable(&self, name: &str) -> Value {
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
                    Some(value)
                        if value.weight(MAX_VALUES) <= MAX_VALUES && self.filled_in.get() <= MAX_FILLED =>
                    {
                        self.filled_in.set(self.filled_in.get() + value.bytes());
                        value.clone()
                    }
                    _ => Value::Unknown,
                }
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
