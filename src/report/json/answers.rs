//! The documents of `explain`, `diff`, `rules`, and of the sandbox's list.

use serde_json::{Map, Value, json};

use super::super::FeatureInfo;
use super::document;
use crate::derive::Requirements;
use crate::derive::diff::Diff;
use crate::derive::document::to_document;
use crate::derive::explain::{Answer, Explanation, MessageAnswer};
use crate::derive::sandbox::Sandbox;
use crate::rules::overview::Overview;

fn head(schema: &str, list: &Requirements) -> Map<String, Value> {
    let head = json!({
        "schema": schema,
        "clearway": env!("CARGO_PKG_VERSION"),
        "rules_date": list.rules_date,
        "app_version": list.app_version,
        "platform": list.platform,
        "platform_assumed": list.platform_assumed,
        "provider": list.provider,
        "inputs": list.inputs,
        "complete": list.is_complete(),
        "missing": list.missing,
    });
    match head {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// An explanation as `clearway.explain/1`.
pub fn explain(explanation: &Explanation) -> String {
    let mut map = head("clearway.explain/1", &explanation.list);
    map.insert("question".into(), json!(explanation.question));
    map.insert("with_configuration".into(), json!(explanation.with_configuration));
    let shapes = |list: &[MessageAnswer]| json!(list.iter().map(MessageAnswer::shape).collect::<Vec<_>>());
    let (kind, name, value) = match &explanation.answer {
        Answer::Host(answer) => ("host", "host", json!(answer)),
        Answer::Key(answer) => ("key", "key", json!(answer)),
        Answer::Code(answer) => ("code", "code", json!(answer)),
        Answer::Messages(found) => ("message", "messages", shapes(found)),
        Answer::Unknown { keys, messages, codes } => {
            ("unknown", "similar", json!({ "keys": keys, "messages": shapes(messages), "codes": codes }))
        }
    };
    map.insert("kind".into(), json!(kind));
    map.insert(name.into(), value);
    map.insert("known_up_to".into(), json!(explanation.known_up_to));
    let mut value = Value::Object(map);
    super::stand(&mut value, &explanation.list);
    document(&value)
}

/// A comparison as `clearway.diff/1`.
pub fn diff(found: &Diff, old: &Requirements, new: &Requirements) -> String {
    let side = |list: &Requirements| {
        json!({
            "app_version": list.app_version,
            "platform": list.platform,
            "platform_assumed": list.platform_assumed,
            "provider": list.provider,
            "inputs": list.inputs,
            "complete": list.is_complete(),
            "missing": list.missing,
        })
    };
    let mut value = json!({
        "schema": "clearway.diff/1",
        "kind": "lists",
        "clearway": env!("CARGO_PKG_VERSION"),
        "rules_date": new.rules_date,
        "old": side(old),
        "new": side(new),
        "hosts_added": found.hosts_added,
        "hosts_removed": found.hosts_removed,
        "hosts_kept": found.hosts_kept,
        "groups": found.groups,
    });
    super::stand(&mut value, new);
    document(&value)
}

/// A rule pack as `clearway.rules/1`.
pub fn rules(found: &Overview) -> String {
    let mut map = Map::new();
    map.insert("schema".into(), json!("clearway.rules/1"));
    map.insert("clearway".into(), json!(env!("CARGO_PKG_VERSION")));
    if let Value::Object(more) = json!(found) {
        map.extend(more);
    }
    document(&Value::Object(map))
}

/// The sandbox's list as `clearway.hosts/1` with `boundary: sandbox`; port 0 is every port.
pub fn sandbox(found: &Sandbox, features: &[FeatureInfo]) -> String {
    let mut value = json!(to_document(&found.list, features));
    if let Value::Object(map) = &mut value {
        map.insert("boundary".into(), json!("sandbox"));
        map.insert("unrestricted".into(), json!(found.unrestricted));
        map.insert("governs".into(), json!(found.surfaces));
        map.insert(
            "disagreements".into(),
            json!({ "sandbox_only": found.sandbox_only, "perimeter_only": found.perimeter_only }),
        );
    }
    document(&value)
}
