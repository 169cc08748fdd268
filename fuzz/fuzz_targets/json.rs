//! JSON configurations: the whole path from bytes to settings, held against a second JSON reader.
#![no_main]

use clearway::config::{Input, Value};
use clearway_fuzz::configuration;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(Input::Configuration(config)) = configuration::read(data, "f") else { return };
    let flat = config.sources.first().is_some_and(|s| s.format == "json");
    if !flat || !configuration::is_comparable(&config) {
        return;
    }
    let Ok(serde_json::Value::Object(other)) = serde_json::from_slice(data) else { return };
    for (name, ours) in configuration::plain(&config) {
        match (ours, &other[name]) {
            (Value::Text(a), serde_json::Value::String(b)) => assert_eq!(a.trim(), b.trim(), "{name}"),
            (Value::Bool(a), serde_json::Value::Bool(b)) => assert_eq!(a, b, "{name}"),
            (Value::Integer(a), serde_json::Value::Number(b)) => {
                assert!(b.as_i64() == Some(*a) || b.as_f64() == Some(*a as f64), "{name}: {a} {b}");
            }
            // Other spellings of the same (text for a number) are the decoder's to judge.
            (_, other) => assert!(!other.is_null(), "{name} comes from nowhere"),
        }
    }
});
