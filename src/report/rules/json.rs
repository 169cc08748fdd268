//! A rule pack as `clearway.rules/1`.

use serde_json::{Map, Value, json};

use crate::report::json::{Standing, standing};
use crate::rules::age::Age;
use crate::rules::overview::Overview;

/// A rule pack as `clearway.rules/1`.
pub fn render(found: &Overview, age: Option<Age>) -> String {
    let mut map = Map::new();
    map.insert("schema".into(), json!("clearway.rules/1"));
    map.insert("clearway".into(), json!(env!("CARGO_PKG_VERSION")));
    if let Value::Object(more) = json!(found) {
        map.extend(more);
    }
    standing(&Value::Object(map), Standing::aged(age))
}
