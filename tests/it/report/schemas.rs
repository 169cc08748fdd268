//! The closed lists of the published schemas are those of the code.

use std::collections::BTreeSet;
use std::path::Path;

use clearway::contract::{
    Actor, Certainty, Code, Confidence, Need, Network, Owner, Platform, RunVerdict, Severity, Stage,
    Transport, Verdict,
};
use clearway::rules::Pack;
use serde_json::Value;

type Words = BTreeSet<String>;

fn words<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> Words {
    all.iter().map(|one| word(*one).to_owned()).collect()
}

/// The words that a member of this name may have; nothing where the name says nothing.
fn expected(name: &str, found: &Words) -> Option<Words> {
    Some(match name {
        "need" | "need_before" | "need_after" => words(Need::ALL, Need::as_str),
        "transport" => words(Transport::ALL, Transport::as_str),
        "actor" | "actors" => words(Actor::ALL, Actor::as_str),
        "confidence" | "ruleConfidence" => words(Confidence::ALL, Confidence::as_str),
        "network" => words(Network::ALL, Network::as_str),
        "severity" => words(Severity::ALL, Severity::as_str),
        "platform" => words(Platform::ALL, Platform::as_str),
        "runVerdict" => words(RunVerdict::ALL, RunVerdict::as_str),
        "verdict" if found.contains("ready") => words(RunVerdict::ALL, RunVerdict::as_str),
        "verdict" => words(Verdict::ALL, Verdict::as_str),
        "certainty" => words(Certainty::ALL, Certainty::as_str),
        "owner" | "owners" => words(Owner::ALL, Owner::as_str),
        "code" => words(Code::ALL, Code::as_str),
        "stage" => {
            let mut all = words(Stage::ALL, Stage::as_str);
            all.insert("total".to_owned());
            all
        }
        "feature" => {
            let mut all: Words = Pack::embedded().unwrap().features.iter().map(|f| f.id.clone()).collect();
            // Hosts that are named on the command line, and what a host's answer named.
            all.extend(found.iter().filter(|id| ["named", "discovered"].contains(&id.as_str())).cloned());
            all
        }
        _ => return None,
    })
}

fn visit(value: &Value, name: &str, about: &str, held: &mut BTreeSet<String>, wrong: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(list) = map.get("enum").and_then(Value::as_array) {
                let found: Words = list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                if let Some(expected) = expected(name, &found) {
                    held.insert(name.to_owned());
                    let more: Vec<&String> = found.difference(&expected).collect();
                    let less: Vec<&String> = expected.difference(&found).collect();
                    if !more.is_empty() || !less.is_empty() {
                        wrong.push(format!("{about}: {name}: remove {more:?}, add {less:?}"));
                    }
                }
            }
            for (key, value) in map {
                // The members of a list are of its name.
                let name = if matches!(key.as_str(), "items" | "enum") { name } else { key };
                visit(value, name, about, held, wrong);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, name, about, held, wrong)),
        _ => {}
    }
}

#[test]
fn the_lists_of_the_schemas_are_those_of_the_code() {
    let (mut held, mut wrong) = (BTreeSet::new(), Vec::new());
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")).unwrap() {
        let path = entry.unwrap().path();
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        visit(&schema, "", &path.file_name().unwrap().to_string_lossy(), &mut held, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for name in ["code", "owner", "stage", "feature", "transport", "certainty", "runVerdict"] {
        assert!(held.contains(name), "no schema lists {name}; this test would hold nothing");
    }
}
