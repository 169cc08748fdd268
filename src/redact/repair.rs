//! A masked record that its reader refuses, without the parts that it refuses.

use serde_json::{Map, Value};

/// What a record is tried with, to learn whether its reader takes it.
type Reads<'a> = &'a dyn Fn(&Value) -> bool;

/// The masked record without what cannot be read, and how many parts were left out; none when it
/// cannot be read without them either. `original` is what was masked, which reads: its parts stand in
/// while one part is tried, and none of them is in the result.
pub(super) fn without_unreadable(
    original: &Value,
    masked: Value,
    reads: Reads<'_>,
) -> Option<(Value, usize)> {
    if reads(&masked) {
        return Some((masked, 0));
    }
    match (original, masked) {
        (Value::Object(original), Value::Object(masked)) => object(original, masked, reads),
        (Value::Array(original), Value::Array(masked)) => array(original, masked, reads),
        _ => None,
    }
}

fn object(
    original: &Map<String, Value>,
    masked: Map<String, Value>,
    reads: Reads<'_>,
) -> Option<(Value, usize)> {
    // Long lists beside the part that is tried would be read each time.
    let mut stand_in = original.clone();
    for (key, value) in original {
        if value.as_array().is_some_and(|list| !list.is_empty()) {
            stand_in.insert(key.clone(), Value::Array(Vec::new()));
            if !reads(&Value::Object(stand_in.clone())) {
                stand_in.insert(key.clone(), value.clone());
            }
        }
    }
    let mut out = Map::new();
    let mut lost = 0;
    for (key, part) in masked {
        let with = |value: &Value| {
            let mut whole = stand_in.clone();
            whole.insert(key.clone(), value.clone());
            reads(&Value::Object(whole))
        };
        if let Some((part, inside)) = without_unreadable(original.get(&key)?, part, &with) {
            out.insert(key, part);
            lost += inside;
            continue;
        }
        let mut missing = stand_in.clone();
        missing.remove(&key);
        let empty = [Value::Null, Value::Array(Vec::new()), Value::Object(Map::new()), Value::from("")];
        lost += 1;
        if !reads(&Value::Object(missing)) {
            let empty = empty.into_iter().find(|value| with(value))?;
            out.insert(key, empty);
        }
    }
    let out = Value::Object(out);
    reads(&out).then_some((out, lost))
}

fn array(original: &[Value], masked: Vec<Value>, reads: Reads<'_>) -> Option<(Value, usize)> {
    let mut out = Vec::new();
    let mut lost = 0;
    for (one, part) in original.iter().zip(masked) {
        let alone = |value: &Value| reads(&Value::Array(vec![value.clone()]));
        match without_unreadable(one, part, &alone) {
            Some((part, inside)) => {
                out.push(part);
                lost += inside;
            }
            None => lost += 1,
        }
    }
    let out = Value::Array(out);
    reads(&out).then_some((out, lost))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::SocketAddr;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Seen {
        remote: SocketAddr,
        local: Option<SocketAddr>,
        said: String,
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Record {
        seen: Vec<Seen>,
        #[serde(default)]
        servers: Vec<SocketAddr>,
        number: u32,
    }

    #[test]
    fn only_what_cannot_be_read_is_left_out_and_nothing_unmasked_stays() {
        let one = |remote: &str, local: &str| json!({ "remote": remote, "local": local, "said": "private" });
        let original = json!({ "seen": [one("1.2.3.4:5", "1.2.3.4:6"), one("1.2.3.4:5", "1.2.3.4:6")],
            "servers": ["1.2.3.4:53", "1.2.3.4:54"], "number": 7 });
        let broken = |remote: &str, local: &str| json!({ "remote": remote, "local": local, "said": "name1" });
        let masked = json!({ "seen": [broken("11.0.0.1:5", "[4000::1]:100001"), broken("x", "11.0.0.1:6")],
            "servers": ["11.0.0.1:53", "label"], "number": 7 });
        let reads = |value: &Value| Record::deserialize(value).is_ok();
        let (whole, lost) = without_unreadable(&original, masked, &reads).unwrap();
        assert_eq!(lost, 3);
        assert_eq!(
            whole,
            json!({ "seen": [{ "remote": "11.0.0.1:5", "said": "name1" }], "servers": ["11.0.0.1:53"], "number": 7 })
        );
        assert!(without_unreadable(&json!({ "number": 7 }), json!({ "number": "x" }), &reads).is_none());
    }
}
