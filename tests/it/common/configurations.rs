//! Builds configurations from simple JSON in which every value already has its native type.

use std::collections::BTreeMap;
use std::path::Path;

use clearway::config::{Configuration, Origin, Secret, Setting, Source, Value};
use clearway::rules::KeyCatalogue;
use serde_json::Value as Json;

fn value(json: &Json, secret: bool) -> Value {
    match json {
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => Value::Integer(n.as_i64().expect("whole number")),
        Json::String(s) if secret => Value::Secret(Secret::new(s)),
        Json::String(s) => Value::Text(s.clone()),
        Json::Array(a) => Value::List(a.iter().map(|v| value(v, false)).collect()),
        Json::Object(o) => Value::Map(o.iter().map(|(k, v)| (k.clone(), value(v, false))).collect()),
        Json::Null => panic!("null is no value"),
    }
}

/// A configuration called `name` with the keys of `json`; keys must be in the catalogue.
pub fn from_json(name: &str, json: &Json, keys: &KeyCatalogue) -> Configuration {
    let settings: BTreeMap<String, Setting> = json
        .as_object()
        .expect("an object")
        .iter()
        .map(|(key, v)| {
            let known = keys.get(key).unwrap_or_else(|| panic!("{key} is not in keys.toml"));
            let origin = Origin { source: name.to_owned(), line: None, path: key.clone() };
            (key.clone(), Setting { value: value(v, known.secret), origin, raw: None })
        })
        .collect();
    Configuration {
        name: name.to_owned(),
        sources: vec![Source { name: name.to_owned(), format: "json".into(), sha256: "0".repeat(64) }],
        settings,
        ..Configuration::default()
    }
}

/// The names of all examples, in order.
#[allow(dead_code, reason = "not every test that makes configurations needs the examples")]
pub fn examples() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = std::fs::read_dir(folder).expect("examples").map(|entry| entry.expect("entry").path());
    let mut names: Vec<String> = files
        .filter(|path| path.is_file())
        .map(|path| path.file_stem().expect("name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() > 6, "{names:?}");
    names
}

/// One of the examples.
#[allow(dead_code, reason = "not every test that makes configurations needs the examples")]
pub fn example(name: &str) -> Json {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(format!("{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("example")).expect("JSON")
}
