//! A run in one line of JSON, for collection: verdict, causes, and of each host what a fleet adds up. What works needs
//! no evidence; a whole report is made where something does not.

use serde_json::{Map, Value, json};

use super::json::to_document;
use crate::contract::FeatureInfo;
use crate::report::json::one_line;
use crate::run::Run;

/// Parts of a report that say who, where, and what of it.
const HEAD: [&str; 12] = [
    "schema",
    "clearway",
    "rules_date",
    "app_version",
    "platform",
    "provider",
    "started_at",
    "duration_ms",
    "label",
    "tags",
    "verdict",
    "complete",
];

/// The run as one line, ending in a line feed. It has the names of `clearway.check/1` and `compact: true`.
pub fn render(run: &Run, features: &[FeatureInfo]) -> String {
    let whole = serde_json::to_value(to_document(run, features)).unwrap_or_default();
    let mut small = Map::new();
    for key in HEAD {
        if let Some(value) = whole.get(key).filter(|v| !v.is_null()) {
            small.insert(key.to_owned(), value.clone());
        }
    }
    small.insert("compact".to_owned(), true.into());
    let environment = whole.get("environment");
    let part = |key: &str| environment.and_then(|e| e.get(key)).cloned().unwrap_or_default();
    small.insert(
        "environment".to_owned(),
        json!({ "user": part("user"), "host": part("host"), "proxy": part("proxy") }),
    );
    let ids = |v: &Value| json!({ "id": v.get("id") });
    let notes: Vec<Value> =
        whole.get("notes").and_then(Value::as_array).into_iter().flatten().map(ids).collect();
    small.insert("notes".to_owned(), notes.into());
    small.insert("findings".to_owned(), whole.get("findings").cloned().unwrap_or_default());
    let groups = whole.get("groups").and_then(Value::as_array).into_iter().flatten().map(group);
    small.insert("groups".to_owned(), groups.collect::<Vec<_>>().into());
    if let Some(expected) = &run.expected {
        let counts = json!({ "met": expected.met, "unmet": expected.unmet, "untested": expected.untested });
        small.insert("expectations".to_owned(), counts);
    }
    one_line(&Value::Object(small))
}

fn group(group: &Value) -> Value {
    let hosts = group.get("hosts").and_then(Value::as_array).into_iter().flatten().map(host);
    json!({ "feature": group.get("feature"), "hosts": hosts.collect::<Vec<_>>() })
}

fn host(host: &Value) -> Value {
    let mut small = Map::new();
    let works = host.get("finding").and_then(|f| f.get("code")).is_some_and(|code| code == "ok");
    for key in ["id", "host", "port", "need", "verdict", "cause"] {
        if let Some(value) = host.get(key).filter(|v| !v.is_null()) {
            small.insert(key.to_owned(), value.clone());
        }
    }
    let finding = host.get("finding");
    let kept: &[&str] = match (works, small.contains_key("cause")) {
        (true, _) | (_, true) => &["code", "owner"],
        _ => &["code", "owner", "severity", "confidence", "summary", "evidence", "remedy"],
    };
    let kept = kept.iter().filter_map(|key| Some(((*key).to_owned(), finding?.get(*key)?.clone())));
    small.insert("finding".to_owned(), Value::Object(kept.collect()));
    if let Some(total) = host.get("timings_ms").and_then(|t| t.get("total")).filter(|t| !t.is_null()) {
        small.insert("timings_ms".to_owned(), json!({ "total": total }));
    }
    Value::Object(small)
}
