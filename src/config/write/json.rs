//! JSON, with numbers exactly as they were read.

use super::{is_number, secret_text};
use crate::config::value::Value;
use crate::rules::keys::Key;
use crate::text::visible::is_unseen;

/// The whole document: native JSON types, one key a line.
pub(super) fn document(pairs: &[(&Key, &Value)], secrets: bool) -> String {
    let mut out = String::from("{");
    for (at, (key, value)) in pairs.iter().enumerate() {
        out.push_str(if at == 0 { "\n  " } else { ",\n  " });
        quote(&mut out, &key.name);
        out.push_str(": ");
        match value {
            Value::Text(text) if is_number(key) => number(&mut out, text),
            value => Writer { secrets, indent: true }.value(&mut out, value, 1),
        }
    }
    out.push_str("\n}\n");
    out
}

/// One value on one line, for formats whose values are text.
pub(super) fn compact(value: &Value, secrets: bool) -> String {
    let mut out = String::new();
    Writer { secrets, indent: false }.value(&mut out, value, 0);
    out
}

struct Writer {
    secrets: bool,
    indent: bool,
}

impl Writer {
    fn value(&self, out: &mut String, value: &Value, depth: usize) {
        match value {
            Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Value::Integer(n) => out.push_str(&n.to_string()),
            Value::Number(text) => number(out, text),
            Value::Text(text) => quote(out, text),
            Value::Secret(secret) => quote(out, secret_text(secret, self.secrets)),
            Value::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    self.gap(out, at == 0, depth + 1);
                    self.value(out, item, depth + 1);
                }
                self.close(out, items.is_empty(), depth);
                out.push(']');
            }
            Value::Map(map) => {
                out.push('{');
                for (at, (name, inner)) in map.iter().enumerate() {
                    self.gap(out, at == 0, depth + 1);
                    quote(out, name);
                    out.push_str(if self.indent { ": " } else { ":" });
                    self.value(out, inner, depth + 1);
                }
                self.close(out, map.is_empty(), depth);
                out.push('}');
            }
        }
    }

    fn gap(&self, out: &mut String, first: bool, depth: usize) {
        if !first {
            out.push(',');
        }
        if self.indent {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        }
    }

    fn close(&self, out: &mut String, empty: bool, depth: usize) {
        if self.indent && !empty {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        }
    }
}

/// A number as it was read; what JSON does not take for a number stays text.
fn number(out: &mut String, text: &str) {
    if serde_json::from_str::<serde_json::Number>(text).is_ok() {
        out.push_str(text);
    } else {
        quote(out, text);
    }
}

/// A JSON string: every character that XML or the registry could not hold, or that a terminal would not
/// show, is escaped, so that the file says what it holds and reads back as the same text.
fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_unseen(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
