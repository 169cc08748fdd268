//! Binary property lists, held against a second reader.
#![no_main]

use clearway::config::{Input, Value};
use clearway_fuzz::configuration;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut bytes = Vec::new();
    if !data.starts_with(b"bplist") {
        bytes.extend_from_slice(b"bplist00");
    }
    bytes.extend_from_slice(data);
    let Some(Input::Configuration(config)) = configuration::read(&bytes, "f") else { return };
    let flat = config.sources.first().is_some_and(|s| s.format == "managed-preferences");
    if !flat || !configuration::is_comparable(&config) {
        return;
    }
    let other = plist::Value::from_reader(std::io::Cursor::new(&bytes));
    let Some(other) = other.ok().and_then(plist::Value::into_dictionary) else { return };
    for (name, ours) in configuration::plain(&config) {
        match (ours, other.get(name)) {
            (Value::Text(a), Some(plist::Value::String(b))) => assert_eq!(a.trim(), b.trim(), "{name}"),
            (Value::Bool(a), Some(plist::Value::Boolean(b))) => assert_eq!(a, b, "{name}"),
            (Value::Integer(a), Some(plist::Value::Integer(b))) => {
                assert_eq!(Some(*a), b.as_signed(), "{name}");
            }
            _ => {}
        }
    }
});
