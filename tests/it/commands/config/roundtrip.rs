//! What was written reads back as the same configuration, in every format.

use std::collections::BTreeMap;

use clearway::config::secret::NOT_INCLUDED;
use clearway::config::write::{self, Format, Hive, WriteError};
use clearway::config::{self, Configuration, Input, Secret, Value};
use clearway::contract::Platform;
use clearway::derive::{self, Options};
use clearway::rules::Pack;
use clearway::rules::keys::{Key, KeyKind};
use clearway::rules::places::Places;
use clearway::text::token::{
    names_address, names_fields, names_file, names_program, shown_field, shown_path, without_arguments,
    without_assigned, without_tokens, without_tokens_of,
};
use proptest::prelude::*;
use serde_json::Value as Json;

use super::{clearway as run, examples, ok, text};

const FORMATS: [(Format, Hive); 5] = [
    (Format::Mobileconfig, Hive::User),
    (Format::Plist, Hive::User),
    (Format::Reg, Hive::User),
    (Format::Reg, Hive::Machine),
    (Format::ManagedJson, Hive::User),
];

/// The word of `--format`. A new format does not compile until it has one; its place is on the list above, too.
const fn word(format: Format) -> &'static str {
    match format {
        Format::Mobileconfig => "mobileconfig",
        Format::Plist => "plist",
        Format::Reg => "reg",
        Format::ManagedJson => "managed-json",
    }
}

fn read(pack: &Pack, bytes: &[u8]) -> Configuration {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    let input = config::read(path.to_str().unwrap(), &pack.keys);
    let input = input.unwrap_or_else(|e| panic!("{e}\n{}", String::from_utf8_lossy(bytes)));
    match input.into_iter().next().unwrap() {
        Input::Configuration(config) => config,
        Input::HostsDocument { .. } => panic!("a hosts document"),
    }
}

fn values(config: &Configuration) -> BTreeMap<&str, &Value> {
    config.settings.iter().map(|(name, s)| (name.as_str(), &s.value)).collect()
}

/// The value as a file without secrets has it: every secret a mark, arguments of programs but bare options
/// too, and what may be a token in an address.
fn marked(name: &str, value: &Value) -> Value {
    let mark = || Value::Secret(Secret::new(NOT_INCLUDED));
    let arguments = name.to_ascii_lowercase().ends_with("args");
    let is_program = names_program(name);
    let bare =
        |text: &str| text.starts_with('-') && text.bytes().all(|b| b == b'-' || b.is_ascii_lowercase());
    match value {
        Value::Secret(s) if !s.is_empty() => mark(),
        Value::Text(text) if arguments && !text.is_empty() && !bare(text) => mark(),
        Value::Text(text) => {
            let shown = if is_program {
                without_arguments(text, NOT_INCLUDED)
            } else if names_file(name) {
                shown_path(text, NOT_INCLUDED).to_owned()
            } else if names_address(name) {
                without_assigned(&without_tokens_of(text, NOT_INCLUDED), NOT_INCLUDED)
            } else {
                without_assigned(&without_tokens(text, NOT_INCLUDED), NOT_INCLUDED)
            };
            if shown == NOT_INCLUDED { mark() } else { Value::Text(shown) }
        }
        Value::List(items) if is_program => {
            let named = |at: usize| if at == 0 { name } else { "args" };
            Value::List(items.iter().enumerate().map(|(at, i)| marked(named(at), i)).collect())
        }
        Value::List(items) => Value::List(items.iter().map(|i| marked(name, i)).collect()),
        Value::Map(map) => {
            let line = |k: &str, v: &Value| {
                matches!(v, Value::Secret(_))
                    && k.contains(|c: char| matches!(c, ':' | '=') || c.is_whitespace())
            };
            let named = |k: &String, v: &Value| match () {
                () if line(k, v) => NOT_INCLUDED.to_owned(),
                () if names_fields(name) => shown_field(k, NOT_INCLUDED).to_owned(),
                () => k.clone(),
            };
            Value::Map(map.iter().map(|(k, v)| (named(k, v), marked(k, v))).collect())
        }
        other => other.clone(),
    }
}

fn hold(pack: &Pack, original: &Configuration) {
    for (format, hive) in FORMATS {
        for include_secrets in [true, false] {
            let options = write::Options { format, hive, include_secrets };
            let bytes = write::write(original, &pack.keys, &Places::built_in(), options).unwrap();
            assert_eq!(
                bytes,
                write::write(original, &pack.keys, &Places::built_in(), options).unwrap(),
                "the same bytes every time"
            );
            let again = read(pack, &bytes);
            if include_secrets {
                assert_eq!(values(&again), values(original), "{format:?}");
            } else {
                let expected: BTreeMap<&str, Value> =
                    values(original).into_iter().map(|(k, v)| (k, marked(k, v))).collect();
                let expected: BTreeMap<&str, &Value> = expected.iter().map(|(k, v)| (*k, v)).collect();
                assert_eq!(values(&again), expected, "{format:?}");
                let options = Options { platform: Some(Platform::Windows), ..Options::default() };
                let list = |c: &Configuration| derive::derive(pack, std::slice::from_ref(c), &options).hosts;
                assert_eq!(list(&again), list(original), "{format:?}: the list must not change");
            }
        }
    }
}

fn letters() -> impl Strategy<Value = String> {
    let soup = prop::sample::select(vec![
        "a", "Z", "0", " ", "\"", "\\", "'", "<", ">", "&", "\n", "\t", "\r", "ü", "😀", ";", "[", "]", "=",
        "{", "}", "%", "&amp;", "]]>", "\u{2028}", "\u{7f}", "\u{85}", "//", "#", ",", ":", "$", "HKEY", "-",
    ]);
    prop::collection::vec(soup, 1..12)
        .prop_map(|parts| parts.concat())
        .prop_filter("white space alone is no value", |t| !t.trim().is_empty())
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        (-1_000_i32..1_000).prop_map(|n| Json::from(f64::from(n) / 8.0)),
        letters().prop_map(Json::from),
        Just(Json::from("")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map(member(), inner, 0..4)
                .prop_map(|m| Json::Object(m.into_iter().collect())),
        ]
    })
}

fn member() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "issuer",
            "clientId",
            "clientSecret",
            "url",
            "headers",
            "env",
            "name",
            "oauth"
        ])
        .prop_map(str::to_owned),
        letters(),
    ]
}

fn object() -> impl Strategy<Value = Json> {
    prop::collection::btree_map(member(), json(), 0..4).prop_map(|m| Json::Object(m.into_iter().collect()))
}

fn of_key(key: &Key) -> BoxedStrategy<Json> {
    if !key.values.is_empty() {
        return prop::sample::select(key.values.clone()).prop_map(|word| Json::from(word.as_str())).boxed();
    }
    match key.kind {
        KeyKind::Boolean => any::<bool>().prop_map(Json::from).boxed(),
        KeyKind::Integer => any::<i64>().prop_map(Json::from).boxed(),
        KeyKind::Number => (1_u32..80).prop_map(|n| Json::from(f64::from(n) / 8.0)).boxed(),
        KeyKind::String if key.url => prop::sample::select(vec![
            "https://h.example",
            "http://127.0.0.1:8080/x?y=\"z\"",
            "https://user:pw@h.example/p",
            "{PLACEHOLDER}",
        ])
        .prop_map(Json::from)
        .boxed(),
        KeyKind::String => prop_oneof![4 => letters(), 1 => Just(String::new())].prop_map(Json::from).boxed(),
        KeyKind::StringList => prop::collection::vec(letters(), 0..4).prop_map(Json::from).boxed(),
        KeyKind::ObjectList => {
            prop::collection::vec(prop_oneof![object(), letters().prop_map(Json::from)], 0..3)
                .prop_map(Json::from)
                .boxed()
        }
        KeyKind::Object => object().boxed(),
    }
}

/// A flat document with some of the catalogue's keys.
fn document(pack: &Pack) -> impl Strategy<Value = Json> + use<> {
    let keys = pack.keys.keys.clone();
    prop::sample::subsequence(keys, 1..12).prop_flat_map(|keys| {
        let pairs: Vec<BoxedStrategy<(String, Json)>> = keys
            .iter()
            .map(|k| {
                let name = k.name.to_string();
                of_key(k).prop_map(move |v| (name.clone(), v)).boxed()
            })
            .collect();
        pairs.prop_map(|pairs| Json::Object(pairs.into_iter().collect()))
    })
}

#[test]
fn generated_configurations_read_back_the_same() {
    let pack = Pack::embedded().unwrap();
    let config = ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner
        .run(&document(&pack), |json| {
            let original = read(&pack, json.to_string().as_bytes());
            if !original.settings.is_empty() {
                hold(&pack, &original);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn every_example_reads_back_the_same() {
    let pack = Pack::embedded().unwrap();
    for path in examples() {
        hold(&pack, &read(&pack, &std::fs::read(path).unwrap()));
    }
}

#[test]
fn every_example_written_and_read_by_the_command_gives_the_same_list() {
    let dir = tempfile::tempdir().unwrap();
    for path in examples() {
        let path = path.display().to_string();
        let list = |file: &str| ok(dir.path(), &["hosts", file, "--format", "plain", "--platform", "macos"]);
        let before = list(&path);
        for (format, _) in FORMATS.into_iter().filter(|(_, hive)| *hive == Hive::default()) {
            let format = word(format);
            let output = run(dir.path(), &["config", &path, "--format", format, "-o", "out"]);
            assert!(output.status.success(), "{}", text(&output.stderr));
            assert_eq!(list("out"), before, "{path} as {format}");
        }
    }
}

fn written(json: &str, format: Format, hive: Hive, include_secrets: bool) -> Vec<u8> {
    let pack = Pack::embedded().unwrap();
    let config = read(&pack, json.as_bytes());
    write::write(&config, &pack.keys, &Places::built_in(), write::Options { format, hive, include_secrets })
        .unwrap()
}

const SMALL: &str = r#"{"inferenceProvider": "gateway", "inferenceGatewayApiKey": "k-1", "disableAutoUpdates": true, "inferenceModelPricingMultiplier": 0.5,
    "inferenceSessionLifetimeSec": 60, "inferenceModels": ["a\"b"], "inferenceCustomHeaders": {"x": "k-2"}, "organizationInstructions": "one\ntwo"}"#;

#[test]
fn each_format_uses_the_documented_encoding() {
    let json = String::from_utf8(written(SMALL, Format::ManagedJson, Hive::User, true)).unwrap();
    let value: Json = serde_json::from_str(&json).unwrap();
    assert_eq!(value["disableAutoUpdates"], true);
    assert_eq!(value["inferenceModelPricingMultiplier"], 0.5);
    assert_eq!(value["inferenceModels"][0], "a\"b");
    assert_eq!(value["inferenceCustomHeaders"]["x"], "k-2");

    let plist = String::from_utf8(written(SMALL, Format::Plist, Hive::User, false)).unwrap();
    for part in [
        "<key>disableAutoUpdates</key>\n\t<string>true</string>",
        "<string>[\"a\\\"b\"]</string>",
        "<key>inferenceSessionLifetimeSec</key>\n\t<string>60</string>",
        "<key>inferenceGatewayApiKey</key>\n\t<string>[secret not included]</string>",
    ] {
        assert!(plist.contains(part), "{part} in\n{plist}");
    }
    assert!(!plist.contains("k-1") && !plist.contains("k-2"));
    // The second opinion on our own property lists.
    let parsed: plist::Value = plist::from_bytes(plist.as_bytes()).unwrap();
    assert_eq!(parsed.as_dictionary().unwrap()["organizationInstructions"].as_string(), Some("one\ntwo"));

    let profile = String::from_utf8(written(SMALL, Format::Mobileconfig, Hive::User, false)).unwrap();
    let parsed: plist::Value = plist::from_bytes(profile.as_bytes()).unwrap();
    let outer = parsed.as_dictionary().unwrap();
    let inner = outer["PayloadContent"].as_array().unwrap()[0].as_dictionary().unwrap();
    assert_eq!(outer["PayloadType"].as_string(), Some("Configuration"));
    assert_eq!(inner["PayloadIdentifier"].as_string(), Some("com.anthropic.claudefordesktop.settings"));
    assert_ne!(outer["PayloadUUID"], inner["PayloadUUID"]);
    assert_eq!(inner["inferenceProvider"].as_string(), Some("gateway"));
    let other =
        String::from_utf8(written(&SMALL.replace("60", "61"), Format::Mobileconfig, Hive::User, false))
            .unwrap();
    assert_ne!(profile.replace("60", "61"), other, "another content has other identifiers");
    // A secret must not be guessed from an identifier made of it.
    let secret = written(&SMALL.replace("k-1", "k-9"), Format::Mobileconfig, Hive::User, false);
    assert_eq!(profile.as_bytes(), secret);

    let reg = written(SMALL, Format::Reg, Hive::Machine, false);
    assert_eq!(&reg[..2], [0xff, 0xfe]);
    let units: Vec<u16> = reg[2..].chunks(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect();
    let reg = String::from_utf16(&units).unwrap();
    assert!(
        reg.starts_with(
            "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]\r\n"
        ),
        "{reg}"
    );
    for part in [
        "\"disableAutoUpdates\"=\"true\"\r\n",
        "\"inferenceModels\"=\"[\\\"a\\\\\\\"b\\\"]\"\r\n",
        "\"organizationInstructions\"=hex(1):6f,00,",
    ] {
        assert!(reg.contains(part), "{part} in\n{reg}");
    }
    assert!(reg.split("\r\n").all(|l| !l.contains('\n') && l.len() <= 80), "{reg}");
}

#[test]
fn what_a_format_cannot_hold_is_refused_by_name() {
    let pack = Pack::embedded().unwrap();
    let config = read(&pack, br#"{"inferenceProvider": "gateway", "organizationInstructions": "a\u0001b"}"#);
    let write = |format| {
        write::write(
            &config,
            &pack.keys,
            &Places::built_in(),
            write::Options { format, hive: Hive::User, include_secrets: false },
        )
    };
    let error = write(Format::Plist).unwrap_err();
    assert!(matches!(&error, WriteError::NotRepresentable { key, .. } if key == "organizationInstructions"));
    assert!(error.to_string().contains("managed-json"), "{error}");
    assert!(write(Format::ManagedJson).is_ok() && write(Format::Reg).is_ok());
    let none = Configuration::default();
    let options = write::Options { format: Format::Plist, hive: Hive::User, include_secrets: false };
    assert_eq!(write::write(&none, &pack.keys, &Places::built_in(), options), Err(WriteError::Empty));
}
