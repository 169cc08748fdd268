//! The closed lists of the published schemas are generated from those of the code and the rules; the rest of the
//! schemas is written by hand, and held by documents of every kind.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use clearway::contract::{
    Actor, Certainty, Code, Confidence, DeviceCode, Need, Network, Owner, Platform, RunVerdict, Severity,
    Stage, Transport, Verdict,
};
use clearway::diagnose::{Halt, Halts};
use clearway::expect::{Outcome, Promise};
use clearway::plan::trace::Untraced;
use clearway::rules::Pack;
use serde_json::Value;

use crate::common::generated_files;

type Words = Vec<String>;

fn words<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> Words {
    all.iter().map(|one| word(*one).to_owned()).collect()
}

/// The words that a member of this name may have; nothing where the name says nothing.
fn expected(name: &str, found: &[String]) -> Option<Words> {
    let has = |word: &str| found.iter().any(|w| w == word);
    Some(match name {
        "need" | "need_before" | "need_after" => words(Need::ALL, Need::as_str),
        "transport" => words(Transport::ALL, Transport::as_str),
        "actor" | "actors" => words(Actor::ALL, Actor::as_str),
        "confidence" | "ruleConfidence" => words(Confidence::ALL, Confidence::as_str),
        "network" => words(Network::ALL, Network::as_str),
        "severity" => words(Severity::ALL, Severity::as_str),
        "platform" => words(Platform::ALL, Platform::as_str),
        "runVerdict" => words(RunVerdict::ALL, RunVerdict::as_str),
        "verdict" if has("ready") => words(RunVerdict::ALL, RunVerdict::as_str),
        "verdict" => words(Verdict::ALL, Verdict::as_str),
        "certainty" => words(Certainty::ALL, Certainty::as_str),
        "owner" | "owners" => words(Owner::ALL, Owner::as_str),
        // What is found on a device has codes of its own; the others hold one of them all at the most.
        "code" if has(DeviceCode::HelperBlocked.as_str()) => words(DeviceCode::ALL, DeviceCode::as_str),
        "code" => words(Code::ALL, Code::as_str),
        "promise" => words(Promise::ALL, Promise::as_str),
        "result" => words(Outcome::ALL, Outcome::as_str),
        "halts" => words(Halts::ALL, Halts::as_str),
        "halt" => words(Halt::ALL, Halt::as_str),
        "untraced" => words(Untraced::ALL, Untraced::as_str),
        "stage" => {
            let mut all = words(Stage::ALL, Stage::as_str);
            all.push("total".to_owned());
            all
        }
        "feature" => {
            let mut all: Words =
                Pack::embedded().unwrap().features.iter().map(|f| f.id.to_string()).collect();
            // Hosts that are named on the command line, and what a host's answer named.
            all.extend(found.iter().filter(|id| ["named", "discovered"].contains(&id.as_str())).cloned());
            all
        }
        _ => return None,
    })
}

/// Every `enum` of a schema with the name of the member that has it, in the order of the file.
fn lists<'v>(value: &'v Value, name: &str, found: &mut Vec<(String, &'v [Value])>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("enum", Value::Array(list)) => found.push((name.to_owned(), list)),
                    // The members of a list are of its name.
                    ("items", _) => lists(value, name, found),
                    _ => lists(value, key, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| lists(item, name, found)),
        _ => {}
    }
}

/// The list as JSON: on one line like the one that was there, or a word to a line.
fn written(words: &[String], others: &[&Value], on_one_line: bool, indent: usize) -> String {
    let words = words.iter().map(|w| format!("\"{w}\"")).chain(others.iter().map(|v| v.to_string()));
    let words: Vec<String> = words.collect();
    if on_one_line {
        return words.join(", ");
    }
    let mut out = String::new();
    for (i, word) in words.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        let _ = write!(out, "{comma}\n{:1$}{word}", "", indent + 2);
    }
    let _ = write!(out, "\n{:1$}", "", indent);
    out
}

/// The schema with its closed lists as the code has them; `held` gets the names of those.
fn generated(text: &str, held: &mut BTreeSet<String>) -> String {
    const MARK: &str = "\"enum\": [";
    let schema: Value = serde_json::from_str(text).unwrap();
    let mut found = Vec::new();
    lists(&schema, "", &mut found);
    assert_eq!(text.matches(MARK).count(), found.len(), "an `enum` is written otherwise than the others");
    let mut out = String::new();
    let mut rest = text;
    for (name, list) in found {
        let (before, behind) = rest.split_once(MARK).unwrap();
        let (body, after) = behind.split_once(']').unwrap();
        out += before;
        out += MARK;
        let words: Words = list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let others: Vec<&Value> = list.iter().filter(|v| !v.is_string()).collect();
        match expected(&name, &words) {
            Some(expected) if expected != words => {
                let line = before.rsplit('\n').next().unwrap();
                let indent = line.len() - line.trim_start().len();
                out += &written(&expected, &others, !body.contains('\n'), indent);
            }
            _ => out += body,
        }
        if expected(&name, &words).is_some() {
            held.insert(name);
        }
        out.push(']');
        rest = after;
    }
    out + rest
}

#[test]
fn the_lists_of_the_schemas_are_those_of_the_code() {
    let mut held = BTreeSet::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        generated_files::hold(&format!("schemas/{name}"), &generated(&text, &mut held));
    }
    for name in [
        "code",
        "owner",
        "stage",
        "feature",
        "transport",
        "certainty",
        "runVerdict",
        "halt",
        "untraced",
        "promise",
    ] {
        assert!(held.contains(name), "no schema lists {name}; this test would hold nothing");
    }
}
