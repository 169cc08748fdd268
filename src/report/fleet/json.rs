//! Many reports as `clearway.fleet/1`.

use serde_json::{Value, json};

use crate::fleet::Fleet;
use crate::report::json::document;

/// The document, ending in a line feed.
pub fn render(fleet: &Fleet) -> String {
    let mut value = json!({ "schema": "clearway.fleet/1", "clearway": env!("CARGO_PKG_VERSION") });
    if let (Value::Object(head), Ok(Value::Object(rest))) = (&mut value, serde_json::to_value(fleet)) {
        head.extend(rest);
    }
    document(&value)
}
