//! No text of a configuration reaches a product's syntax, whatever it holds.

use clearway::firewall::{Format, List};
use proptest::prelude::*;
use serde_json::Value;

use crate::firewall::{grammar, office, written};

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::collection::vec(any::<char>(), 0..40).prop_map(String::from_iter),
        "[\"'\\\\;#`$(){}\\[\\]<>%*/\n\r\t=|&!?]{1,12}[a-z ]{0,8}",
        Just("\nset deviceconfig system hostname owned".to_owned()),
        Just("\"\n    next\nend\nconfig system admin".to_owned()),
        Just("'; rm -rf / #".to_owned()),
        Just("*/ alert(1) //\u{2028}alert(2)".to_owned()),
        Just("[resourceGroup().id] ${file(\"/etc/passwd\")} %{ if true }".to_owned()),
        Just("\nhttp_access allow all".to_owned()),
    ]
}

/// What the product acts upon: comments, descriptions and metadata taken away.
fn acted_upon(format: Format, text: &str) -> String {
    if let Ok(mut json) = serde_json::from_str::<Value>(text) {
        if let Some(object) = json.as_object_mut() {
            for remarks in ["metadata", "Metadata", "//"] {
                object.remove(remarks);
            }
        }
        without_descriptions(&mut json);
        return json.to_string();
    }
    let text = if format == Format::Sophos { text.split_once("-->").unwrap().1 } else { text };
    let mark = if format == Format::Pac { "//" } else { "#" };
    let cut = |line: &str| -> String {
        let line = line.split(" comments '").next().unwrap_or(line);
        line.split(" description \"").next().unwrap_or(line).to_owned()
    };
    let kept = text.lines().filter(|l| !l.starts_with(mark) && !l.trim_start().starts_with("set comment "));
    // A description that held nothing printable is not written at all.
    let mut lines: Vec<String> = kept.filter(|l| !l.contains(" description \"")).map(cut).collect();
    lines.iter_mut().for_each(|l| *l = l.trim_end().to_owned());
    lines.join("\n")
}

/// Takes descriptions away, and the messages of rule strings.
fn without_descriptions(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|key, _| !key.eq_ignore_ascii_case("description") && key != "annotations");
            object.values_mut().for_each(without_descriptions);
        }
        Value::Array(items) => items.iter_mut().for_each(without_descriptions),
        Value::String(text) if text.contains("(msg:\"") => {
            let parts: Vec<&str> = text.split("(msg:\"").collect();
            let kept: Vec<String> = parts
                .iter()
                .map(|part| {
                    part.split_once("\"; flow").map_or((*part).to_owned(), |(_, rest)| rest.to_owned())
                })
                .collect();
            *text = kept.join("(msg ");
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn texts_never_become_syntax(purpose in hostile(), name in hostile(), unbounded in hostile()) {
        let clean = office();
        let mut dirty = clean.clone();
        dirty.inputs[0].name = name;
        for host in &mut dirty.hosts {
            for reason in &mut host.reasons {
                reason.purpose = purpose.clone();
                reason.breaks = purpose.clone();
            }
            if host.unbounded.is_some() {
                host.unbounded = Some(unbounded.clone());
            }
        }
        for format in Format::ALL {
            let expected = written(*format, &List::allow(&clean)).text;
            let found = written(*format, &List::allow(&dirty)).text;
            grammar::check(*format, &found);
            prop_assert_eq!(acted_upon(*format, &found), acted_upon(*format, &expected), "{}", format);
        }
    }
}
