//! Documents in answers: what is kept of them, bounded and sanitised. Everything else of a document
//! is dropped where it is read.

use serde_json::Value;

use crate::observation::document::{SHA256, SIZE};
use crate::observation::{Document, DocumentKind};
use crate::plan::Keep;

use super::sanitise;

/// Bytes of a document that are read.
pub(super) const LONGEST: usize = 64 * 1024;
/// Characters of a text that is kept: no host name, and few URLs, are longer.
const TEXT: usize = 512;
/// Elements of a list that are kept.
const LIST: usize = 16;
/// Names of members that are kept.
const NAMES: usize = 200;

/// What `keep` asks for of a body; none where it asks for nothing but the beginning.
///
/// `more`: the body was longer than what was read.
pub(super) fn read(keep: &Keep, body: &[u8], event_stream: bool, more: bool) -> Option<Document> {
    // Each member, and the name that it is kept by.
    let members: Vec<(&str, &str)> = match keep {
        Keep::Members { members } => members.iter().map(|m| (m.as_str(), m.as_str())).collect(),
        Keep::Checksum { member, size } => vec![(member, SHA256), (size, SIZE)],
        Keep::Names => Vec::new(),
        Keep::Beginning | Keep::Digest { .. } => return None,
    };
    let text = String::from_utf8_lossy(body);
    let event;
    let text = if event_stream {
        event = first_event(&text);
        event.as_str()
    } else {
        text.trim_start_matches('\u{feff}').trim()
    };
    let none = |kind| Document { kind, members: Default::default(), names: Vec::new(), unusable: None };
    if text.is_empty() {
        return Some(none(DocumentKind::Empty));
    }
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(_) if more && text.starts_with(['{', '[']) => return Some(none(DocumentKind::TooLong)),
        Err(_) => return Some(none(DocumentKind::Other)),
    };
    let kind = match &value {
        Value::Object(_) => DocumentKind::Object,
        Value::Array(_) => DocumentKind::Array,
        _ => DocumentKind::Scalar,
    };
    let mut document = none(kind);
    for (member, name) in members {
        if let Some(kept) = at(&value, member).and_then(kept) {
            let kept = match kept {
                Value::String(text) if name == SHA256 => Value::String(text.trim().to_ascii_lowercase()),
                other => other,
            };
            document.members.insert(name.to_owned(), kept);
        }
    }
    if *keep == Keep::Names
        && let Value::Object(map) = &value
    {
        document.names = map.keys().take(NAMES).map(|name| sanitise::line(name, 64)).collect();
    }
    Some(document)
}

/// Whether an event stream has come as far as its first whole event.
pub(super) fn has_event(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).replace("\r\n", "\n").replace('\r', "\n");
    text.split_inclusive("\n\n").any(|part| part.ends_with("\n\n") && has_data(part))
}

fn has_data(event: &str) -> bool {
    event.lines().any(|line| line.starts_with("data:"))
}

/// The data of the first event that has some.
fn first_event(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let Some(event) = text.split("\n\n").find(|e| has_data(e)) else { return String::new() };
    let data: Vec<&str> =
        event.lines().filter_map(|l| l.strip_prefix("data:")).map(str::trim_start).collect();
    data.join("\n")
}

fn at<'v>(value: &'v Value, member: &str) -> Option<&'v Value> {
    member.split('.').try_fold(value, |place, name| place.get(name))
}

/// A value that may be kept: no nested object, texts sanitised.
fn kept(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(Value::String(sanitise::line(text, TEXT))),
        Value::Bool(_) | Value::Number(_) => Some(value.clone()),
        Value::Array(items) => {
            Some(items.iter().filter(|v| v.is_string()).take(LIST).filter_map(kept).collect())
        }
        Value::Null | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn members(names: &[&str]) -> Keep {
        Keep::Members { members: names.iter().map(|n| (*n).to_owned()).collect() }
    }

    #[test]
    fn only_the_members_asked_for_are_kept_and_made_safe() {
        let body = br#"{"issuer":"https://a.example\u001b[31m/\u202ex","secret":"s","list":["https://b.example",{"x":1}],
            "deep":{"inner":{"name":"n"}},"object":{}}"#;
        let keep = members(&["issuer", "list", "deep.inner.name", "object", "absent"]);
        let document = read(&keep, body, false, false).unwrap();
        assert_eq!(document.kind, DocumentKind::Object);
        let json = serde_json::to_string(&document).unwrap();
        assert_eq!(
            json,
            r#"{"kind":"object","members":{"deep.inner.name":"n","issuer":"https://a.example/x","list":["https://b.example"]}}"#
        );
    }

    #[test]
    fn of_a_secret_document_only_names_are_kept() {
        let document = read(&Keep::Names, br#"{"key":"sk-secret","other":1}"#, false, false).unwrap();
        assert_eq!(document.names, ["key", "other"]);
        assert!(!serde_json::to_string(&document).unwrap().contains("sk-secret"));
    }

    #[test]
    fn what_the_body_is_as_a_whole_is_said() {
        for (body, more, kind) in [
            ("", false, DocumentKind::Empty),
            ("[]", false, DocumentKind::Array),
            ("\"x\"", false, DocumentKind::Scalar),
            ("<html>", false, DocumentKind::Other),
            ("{\"a\":1", false, DocumentKind::Other),
            ("{\"a\":1", true, DocumentKind::TooLong),
        ] {
            let read = read(&members(&["a"]), body.as_bytes(), false, more).unwrap();
            assert_eq!(read.kind, kind, "{body}");
        }
        assert_eq!(read(&Keep::Beginning, b"{}", false, false), None);
    }

    #[test]
    fn an_event_stream_is_read_to_its_first_event() {
        let stream = b": hello\r\n\r\nevent: message\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\n";
        assert!(has_event(stream) && !has_event(b": hello\n\n") && !has_event(b"data: {}\n"));
        let document = read(&members(&["a"]), stream, true, false).unwrap();
        assert_eq!(document.members["a"], 1);
    }

    #[test]
    fn long_texts_and_lists_are_cut() {
        let body = serde_json::json!({"t": "x".repeat(2000), "l": vec!["u"; 100]}).to_string();
        let document = read(&members(&["t", "l"]), body.as_bytes(), false, false).unwrap();
        assert_eq!(document.text("t").map(str::len), Some(TEXT));
        assert_eq!(document.members["l"].as_array().map(Vec::len), Some(LIST));
    }
}
