//! An explanation as `clearway.explain/1`.

use serde_json::{Map, Value, json};

use crate::derive::Requirements;
use crate::explain::{Answer, Explanation, MessageAnswer};
use crate::report::json::{Standing, standing};

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
pub fn render(explanation: &Explanation) -> String {
    let mut map = head("clearway.explain/1", &explanation.list);
    map.insert("question".into(), json!(explanation.question));
    map.insert("with_configuration".into(), json!(explanation.with_configuration));
    let shapes = |list: &[MessageAnswer]| json!(list.iter().map(MessageAnswer::shape).collect::<Vec<_>>());
    let (kind, name, value) = match &explanation.answer {
        Answer::Host(answer) => ("host", "host", json!(answer)),
        Answer::Key(answer) => ("key", "key", json!(answer)),
        Answer::Code(answer) => ("code", "code", json!(answer)),
        Answer::Device(answer) => ("device-code", "device_code", json!(answer)),
        Answer::Messages(text) => {
            map.insert("addresses".into(), json!(text.addresses));
            if let Some(host) = &text.host {
                map.insert("host".into(), json!(host));
            }
            ("message", "messages", shapes(&text.messages))
        }
        Answer::Unknown { keys, messages, codes } => {
            ("unknown", "similar", json!({ "keys": keys, "messages": shapes(messages), "codes": codes }))
        }
    };
    map.insert("kind".into(), json!(kind));
    map.insert(name.into(), value);
    map.insert("known_up_to".into(), json!(explanation.known_up_to));
    standing(&Value::Object(map), Standing::of(&explanation.list))
}
