//! A table of runs as `clearway.compare/1`.

use serde_json::{Value, json};

use crate::compare::Table;
use crate::report::json::{Standing, standing};
use crate::rules::age::Age;

/// A table of runs as `clearway.compare/1`.
pub fn render(table: &Table, judged_by: &str, age: Option<Age>) -> String {
    let mut value = json!({
        "schema": "clearway.compare/1",
        "clearway": env!("CARGO_PKG_VERSION"),
        "rules_date": judged_by,
        "several_configurations": table.has_several_configurations(),
        "reports": table.columns,
        "groups": table.groups,
    });
    for report in value.get_mut("reports").and_then(Value::as_array_mut).into_iter().flatten() {
        let counts = report.get("counts").and_then(Value::as_array).cloned().unwrap_or_default();
        if let ([ok, warning, blocked, untested], Value::Object(map)) = (counts.as_slice(), report) {
            let counts =
                json!({ "reachable": ok, "warning": warning, "blocked": blocked, "untested": untested });
            map.insert("counts".into(), counts);
        }
    }
    standing(&value, Standing::aged(age))
}
