//! What somebody asks about: a key, a finding code, a host, or a message.

use super::absent::distance;
use super::{Given, Target};
use crate::contract::{Code, DeviceCode};
use crate::rules::symptoms::{Found, Symptom, Symptoms, addresses};
use crate::rules::{Key, Pack, Part};

/// A question, understood.
#[derive(Debug)]
pub enum Question<'a> {
    /// A key, and the older name it was asked by.
    Key(&'a Key, Option<String>),
    /// A host.
    Host(Target),
    /// A finding code of this program.
    Code(Code),
    /// A code of `clearway device`.
    Device(DeviceCode),
    /// A message; what says most first.
    Text(Vec<Found<'a>>),
    /// Nothing that is known.
    Unknown {
        /// Keys with a similar name.
        keys: Vec<&'a str>,
        /// Messages with a rare name that stands in it.
        messages: Vec<&'a Symptom>,
        /// Finding codes of the same stage.
        codes: Vec<&'static str>,
    },
}

/// Understands a question: a known key first, then a code, then a host, then a message. A text is a host only
/// when it is nothing but an address.
///
/// A single word without a dot is a host only when the list has it: host names of one label are rare,
/// codes and misspelled keys are not. The messages are read for a text that is neither key nor code.
pub fn understand<'a>(given: &Given<'a>, symptoms: &'a Part<Symptoms>, text: &str) -> Question<'a> {
    let text = text.trim();
    let keys = &given.pack.keys;
    if let Some(key) = keys.get(text) {
        return Question::Key(key, None);
    }
    if let Some(key) = keys.by_old_name(text) {
        return Question::Key(key, Some(text.to_owned()));
    }
    if let Some(key) = keys.keys.iter().find(|k| k.nested.as_deref() == Some(text)) {
        return Question::Key(key, Some(text.to_owned()));
    }
    if let Some(key) = keys.keys.iter().find(|k| k.name.eq_ignore_ascii_case(text)) {
        return Question::Key(key, None);
    }
    if let Some(code) = code(text) {
        return Question::Code(code);
    }
    // A word in capitals is what a service says (SERVICE_DISABLED), which is no outcome of ours.
    let ours = text.contains('/') || !text.chars().any(char::is_uppercase);
    if let Some(code) = named(text, DeviceCode::ALL, DeviceCode::as_str).filter(|_| ours) {
        return Question::Device(code);
    }
    let found = symptoms.understand(text);
    if let Some(target) = bare_address(text) {
        // The answer of a sign-in comes back in an address: what it says is in the query.
        let said = found.iter().any(|f| !f.symptom.generic && in_query(text, f.span.start));
        let shaped = target.port.is_some() || target.host.to_string().contains(['.', ':']);
        let a_name = found.is_empty() || !addresses(text).is_empty();
        if !said && (shaped && a_name || given.list().hosts.iter().any(|r| r.host == target.host)) {
            return Question::Host(target);
        }
    }
    if !found.is_empty() {
        return Question::Text(found);
    }
    Question::Unknown {
        keys: similar_keys(given.pack, text),
        messages: symptoms.similar(text),
        codes: codes_of_stage(text),
    }
}

/// A finding code, also with an underscore or in capitals, or by an outcome that only one stage has.
fn code(text: &str) -> Option<Code> {
    named(text, Code::ALL, Code::as_str)
}

/// One of some codes, by its name or by its outcome.
fn named<C: Copy>(text: &str, all: &[C], name: fn(C) -> &'static str) -> Option<C> {
    let plain = text.to_ascii_lowercase().replace('_', "-");
    let outcome =
        |code: &&C| name(**code).split_once('/').is_some_and(|(_, o)| o == plain && o.contains('-'));
    let mut by_outcome = all.iter().filter(outcome);
    let whole = all.iter().find(|c| name(**c) == plain);
    whole.or_else(|| by_outcome.next().filter(|_| by_outcome.next().is_none())).copied()
}

/// The address that a text consists of; quotation marks and brackets around it do not count.
fn bare_address(text: &str) -> Option<Target> {
    let bare = text.trim_matches(['"', '\'', '`', '<', '>', '(', ')', ',', ';']);
    (!bare.contains(char::is_whitespace) && !is_of_code(bare)).then(|| Target::parse(bare)).flatten()
}

/// Whether a word is a number or a name of code, which a lenient reader takes for an address: `0x80073cf3` (an address
/// in hexadecimal form), `java.net.ConnectException` (a name with dots).
fn is_of_code(word: &str) -> bool {
    let hex = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"));
    let number = hex.is_some_and(|h| !h.is_empty() && h.chars().all(|c| c.is_ascii_hexdigit()));
    // The last label of a host has no capital behind a small letter.
    let last = word.rsplit('.').next().unwrap_or_default();
    let joined =
        last.chars().zip(last.chars().skip(1)).any(|(a, b)| a.is_ascii_lowercase() && b.is_ascii_uppercase());
    let class = word.contains('.') && (joined || last.ends_with("Error") || last.ends_with("Exception"));
    number || class && !word.contains(['/', ':'])
}

/// Whether a place of a URL is in its query or its fragment.
fn in_query(text: &str, place: usize) -> bool {
    text.find(['?', '#']).is_some_and(|query| text.contains("://") && query < place)
}

/// The codes of the stage that a text of the shape `stage/outcome` begins with.
fn codes_of_stage(text: &str) -> Vec<&'static str> {
    let Some((stage, outcome)) = text.split_once('/') else { return Vec::new() };
    if outcome.contains([' ', '/']) {
        return Vec::new();
    }
    let all = Code::ALL.iter().map(|c| c.as_str()).chain(DeviceCode::ALL.iter().map(|c| c.as_str()));
    all.filter(|code| code.split_once('/').is_some_and(|(s, _)| s == stage)).collect()
}

/// Keys whose names look similar or contain the word.
fn similar_keys<'a>(pack: &'a Pack, text: &str) -> Vec<&'a str> {
    let wanted = text.to_ascii_lowercase();
    if wanted.is_empty() || wanted.contains(' ') {
        return Vec::new();
    }
    let mut found: Vec<(usize, &str)> = pack
        .keys
        .keys
        .iter()
        .filter_map(|key| {
            let name = key.name.to_ascii_lowercase();
            let far = distance(&wanted, &name);
            let contains = wanted.len() >= 4 && name.contains(&wanted);
            (far <= 3 || contains).then_some((if contains { 3 } else { far }, key.name.as_str()))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, name)| name).take(5).collect()
}
