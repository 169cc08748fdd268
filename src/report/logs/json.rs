//! What logs say as `clearway.logs/1`.

use serde_json::{Value, json};

use crate::logs::Report;
use crate::report::json::document;

/// What logs say as `clearway.logs/1`.
pub fn render(report: &Report, rules_date: &str) -> String {
    let mut value = json!({
        "schema": "clearway.logs/1",
        "clearway": env!("CARGO_PKG_VERSION"),
        "rules_date": rules_date,
    });
    if let (Value::Object(map), Ok(Value::Object(own))) = (&mut value, serde_json::to_value(report)) {
        map.extend(own);
    }
    document(&value)
}
