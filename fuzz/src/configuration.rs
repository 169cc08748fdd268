//! What holds for every configuration that was read, and for every refusal.

use clearway::config::{self, Configuration, Input, Value};
use clearway::rules::keys::{Key, KeyKind};
use clearway::text::token::HIDDEN;

use crate::{MARK, assert_safe, memory, rules};

/// Reads `bytes` as a file called `name`, within the memory that is allowed, and asserts what
/// holds for any result.
pub fn read(bytes: &[u8], name: &str) -> Option<Input> {
    let read = memory::bounded(bytes.len(), || config::read_bytes(bytes, name, &rules().pack.keys));
    match read {
        Ok(input) => {
            match &input {
                Input::Configuration(c) => assert_sound(c, bytes),
                Input::HostsDocument { sha256, .. } => assert_eq!(sha256.len(), 64),
            }
            Some(input)
        }
        Err(error) => {
            let text = error.to_string();
            assert_safe(&text, false, "an error");
            // Nothing at all on standard input is said in words: "-" names no file to look at.
            let named = text.starts_with(name) || (name == "-" && text.starts_with("standard input"));
            assert!(named, "{text}");
            assert!(text.len() < 4_000, "an error of {} bytes", text.len());
            None
        }
    }
}

/// What holds for a configuration read from `bytes`.
fn assert_sound(config: &Configuration, bytes: &[u8]) {
    assert_eq!(config.sources.len(), 1);
    assert!(config.lint.len() <= 210, "{} remarks", config.lint.len());
    for lint in &config.lint {
        assert_safe(&lint.message, false, "a remark");
        assert_safe(lint.key.as_deref().unwrap_or_default(), false, "the key of a remark");
        assert!(lint.message.len() < 4_000, "a remark of {} bytes", lint.message.len());
        if let Some(origin) = &lint.origin {
            assert_safe(&origin.path, false, "a path");
            assert!(origin.line != Some(0));
        }
    }
    for (name, setting) in &config.settings {
        let key = rules().pack.keys.get(name).expect("every setting is a known key");
        assert_kind(key, &setting.value);
        assert_safe(&setting.origin.path, false, "a path");
    }
    for (secret, shown) in secrets(config, bytes).iter().map(|s| (s, format!("{config:?}"))) {
        assert!(!shown.contains(secret.as_str()), "{secret} is shown: {shown}");
    }
}

/// The value has the type that its key documents, and a secret one is no plain text.
fn assert_kind(key: &Key, value: &Value) {
    let fits = match (key.kind, value) {
        (KeyKind::Boolean, Value::Bool(_)) | (KeyKind::Integer, Value::Integer(_)) => true,
        (KeyKind::String | KeyKind::Number, Value::Text(_)) => !key.secret,
        // Text that looks like a credential is hidden wherever it stands.
        (KeyKind::String, Value::Secret(_)) | (KeyKind::Number, Value::Number(_)) => true,
        (KeyKind::StringList | KeyKind::ObjectList, Value::List(_)) | (KeyKind::Object, Value::Map(_)) => {
            true
        }
        _ => false,
    };
    assert!(fits, "{}: {:?} holds {value:?}", key.name, key.kind);
    if key.secret {
        assert!(!has_text(value), "{}: plain text in {value:?}", key.name);
    }
    if key.kind == KeyKind::String && !key.values.is_empty() {
        let word = value.as_str().unwrap_or_default();
        assert!(word.is_empty() || key.values.iter().any(|v| v == word), "{}: {word:?}", key.name);
    }
}

fn has_text(value: &Value) -> bool {
    match value {
        Value::Text(_) => true,
        Value::List(items) => items.iter().any(has_text),
        Value::Map(map) => map.values().any(has_text),
        Value::Bool(_) | Value::Integer(_) | Value::Number(_) | Value::Secret(_) => false,
    }
}

/// The secrets of a configuration that no output may show: those that bear the mark of the seeds
/// and stand nowhere else in `bytes`. Where the format could spell them otherwise elsewhere
/// (escapes, shared texts), none is named.
pub fn secrets(config: &Configuration, bytes: &[u8]) -> Vec<String> {
    if bytes.starts_with(b"bplist") || bytes.iter().any(|b| matches!(b, b'\\' | b'&' | b'!' | 0)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    config.settings.values().for_each(|s| collect(&s.value, &mut found));
    found.retain(|s| {
        s.contains(MARK)
            && s.len() >= MARK.len() + 4
            && bytes.windows(s.len()).filter(|w| *w == s.as_bytes()).count() == 1
    });
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Secret(secret) => found.push(secret.expose().to_owned()),
        Value::List(items) => items.iter().for_each(|v| collect(v, found)),
        Value::Map(map) => map.values().for_each(|v| collect(v, found)),
        Value::Bool(_) | Value::Integer(_) | Value::Number(_) | Value::Text(_) => {}
    }
}

/// Whether nothing but the reader's own conversions can stand between the document and the
/// settings, so that a second reader must agree with them.
pub fn is_comparable(config: &Configuration) -> bool {
    let altered =
        ["duplicate-key", "url-credentials", "several-payloads", "registry-deletion", "more-remarks"];
    !config.lint.iter().any(|l| altered.contains(&l.id.as_str()))
}

/// The plain texts and booleans among the settings of one configuration. Not among them: an address of
/// which nothing is kept, since it is not written as addresses are.
pub fn plain(config: &Configuration) -> impl Iterator<Item = (&str, &Value)> {
    config
        .settings
        .iter()
        .map(|(name, s)| (name.as_str(), &s.value))
        .filter(|(_, v)| matches!(v, Value::Text(_) | Value::Bool(_) | Value::Integer(_)))
        .filter(|(_, v)| v.as_str() != Some(HIDDEN))
}
