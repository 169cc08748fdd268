//! The embedded rule pack is sound, and a pack with a mistake is refused with help.

use std::fs;
use std::path::{Path, PathBuf};

use clearway::contract::ids::{Feature, LintId, NoteId};
use clearway::rules::files::OPTIONAL;
use clearway::rules::{Fault, Pack, PackError, Rules, RulesError};

fn rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

/// A copy of the pack in `dir`.
fn copy(dir: &Path) {
    fs::create_dir(dir.join("features")).unwrap();
    for name in files() {
        fs::copy(rules().join(&name), dir.join(&name)).unwrap();
    }
}

/// Every file of the pack.
fn files() -> Vec<String> {
    let mut names = Vec::new();
    for folder in ["", "features/"] {
        for entry in fs::read_dir(rules().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                names.push(format!("{folder}{}", path.file_name().unwrap().to_str().unwrap()));
            }
        }
    }
    names.sort();
    assert!(names.len() > 30, "{names:?}");
    names
}

/// A copy of the pack in which one file is replaced by what `change` makes of it.
fn changed(file: &str, change: impl Fn(&str) -> String) -> Result<Pack, RulesError> {
    let dir = tempfile::tempdir().unwrap();
    copy(dir.path());
    let target = dir.path().join(file);
    let text = fs::read_to_string(&target).unwrap_or_default();
    fs::write(&target, change(&text)).unwrap();
    Rules::from_dir(dir.path()).map(|rules| Pack::clone(&rules.pack))
}

#[test]
fn the_embedded_pack_is_sound_and_is_the_one_in_the_directory() {
    let embedded = Pack::embedded().unwrap_or_else(|e| panic!("{e}"));
    let read = Rules::from_dir(&rules()).unwrap_or_else(|e| panic!("{e}"));
    assert!(read.replaced().is_empty());
    assert_eq!(embedded, *read.pack);
    let built_in = Rules::embedded();
    assert_eq!(*built_in.pack, *read.pack);
    assert_eq!(*built_in.services, *read.services);
    assert_eq!(*built_in.codes, *read.codes);
    assert_eq!(built_in.symptoms.list, read.symptoms.list);
    assert_eq!(*built_in.sandbox, *read.sandbox);
    assert_eq!(*built_in.firewalls, *read.firewalls);
    assert_eq!(*built_in.controls, *read.controls);
    assert_eq!(*built_in.headers, *read.headers);
    assert_eq!(*built_in.places, *read.places);
    assert_eq!(*built_in.logs, *read.logs);
    assert_eq!(*built_in.device, *read.device);
    assert!(embedded.meta.releases.windows(2).all(|w| w[0].version < w[1].version));
    assert_eq!(embedded.meta.releases.last().unwrap().version, embedded.meta.newest);
    let behaviour = embedded.keys.keys.iter().filter(|k| k.app_behaviour).count();
    assert_eq!(behaviour, 7);
    for feature in &embedded.features {
        let rules = embedded.rules.iter().filter(|r| r.feature == feature.id).count();
        assert!(rules > 0 || feature.id == "ad-hoc", "{} has no rule", feature.id);
    }
}

const RULE: &str = r#"
[[rule]]
id = "X1"
host = "x.example"
need = "optional"
actors = ["app"]
purpose = "a test"
breaks = "nothing"
sources = ["T5"]
public_roots = true
"#;

#[test]
fn a_sound_rule_can_be_added() {
    let pack = changed("features/workspace.toml", |t| format!("{t}{RULE}")).unwrap_or_else(|e| panic!("{e}"));
    assert!(pack.rule("X1").is_some());
}

#[test]
fn a_rule_with_a_mistake_is_refused_by_file_rule_and_field() {
    let replaced = |from: &str, to: &str| {
        assert!(RULE.contains(from), "{from}");
        RULE.replace(from, to)
    };
    let cases = [
        ("host", replaced("x.example", "https://x.example/")),
        ("host", replaced("x.example", "x..example")),
        ("host", replaced("x.example", "*")),
        ("host", replaced("x.example", "{noSuchKey}.example")),
        ("host", replaced("x.example", "{entry.name}.example")),
        ("host", replaced("host = \"x.example\"\n", "")),
        ("host", replaced("host = ", "url_of = \"bootstrapUrl\"\nhost = ")),
        ("hosts", replaced("host = \"x.example\"", "hosts = []")),
        ("url_of", replaced("host = \"x.example\"", "url_of = \"noSuchKey\"")),
        ("purpose", replaced("purpose = \"a test\"\n", "")),
        ("purpose", replaced("a test", " ")),
        ("breaks", replaced("breaks = \"nothing\"\n", "")),
        ("sources", replaced("sources = [\"T5\"]\n", "")),
        ("sources", replaced("T5", "T9")),
        ("actors", replaced("[\"app\"]", "[]")),
        ("need", replaced("need = \"optional\"\n", "")),
        ("public_roots", replaced("public_roots = true\n", "")),
        ("id", replaced("X1", "A1")),
        ("member", format!("{RULE}member = \"y.example\"\n")),
        ("until", format!("{RULE}since = \"2.0\"\nuntil = \"1.0\"\n")),
        ("each", format!("{RULE}each = \"noSuchKey\"\n")),
        ("when", format!("{RULE}when = {{ key = \"noSuchKey\", set = true }}\n")),
        ("when", format!("{RULE}when = {{ key = \"bootstrapUrl\" }}\n")),
        ("when", format!("{RULE}when = {{ key = \"bootstrapUrl\", set = true, is = true }}\n")),
        ("when", format!("{RULE}when = {{ set = true }}\n")),
        ("when", format!("{RULE}when = {{}}\n")),
        ("when", format!("{RULE}when = {{ provider = \"ollama\" }}\n")),
        ("exact", format!("{RULE}exact = {{ credential = \"oauth\" }}\n")),
        ("off", format!("{RULE}off = {{ key = \"noSuchKey\", value = true }}\n")),
        ("off", format!("{RULE}off = {{ key = \"bootstrapUrl\" }}\n")),
    ];
    for (field, rule) in cases {
        let error = changed("features/workspace.toml", |t| format!("{t}{rule}"))
            .expect_err(&format!("accepted, though {field} is wrong:\n{rule}"));
        let [Fault::Pack(PackError::Invalid(problems)), ..] = error.0.as_slice() else {
            panic!("{field}: {error}")
        };
        let named = problems
            .iter()
            .any(|p| p.field == field && p.file == "features/workspace.toml" && !p.rule.is_empty());
        assert!(named, "{field}: {error}");
        assert!(error.to_string().starts_with("rules/features/workspace.toml, rule "), "{error}");
    }
}

#[test]
fn the_values_of_the_provider_are_the_providers() {
    let values = "\"vertex\", \"foundry\"]";
    for (new, word) in [("\"foundry\"]", "vertex"), ("\"vertex\", \"foundry\", \"acme\"]", "acme")] {
        let error = changed("keys.toml", |t| {
            assert!(t.contains(values));
            t.replacen(values, new, 1)
        })
        .unwrap_err()
        .to_string();
        assert!(error.contains("inferenceProvider, field `values`"), "{error}");
        assert!(error.contains(&format!("`{word}`")), "{error}");
    }
}

#[test]
fn text_that_is_no_rule_is_refused_with_its_place() {
    let cases = [
        ("features/workspace.toml", format!("{RULE}colour = \"red\"\n"), "rule X1"),
        ("features/workspace.toml", RULE.replace("optional", "sometimes"), "rule X1"),
        ("features/workspace.toml", RULE.replace("[\"app\"]", "[\"printer\"]"), "rule X1"),
        ("features/workspace.toml", format!("{RULE}since = \"soon\"\n"), "rule X1"),
        ("features/workspace.toml", format!("{RULE}when = {{ offline = true }}\n"), "rule X1"),
        ("features/workspace.toml", "[[rule]\n".to_owned(), "line"),
        ("features/weather.toml", RULE.to_owned(), "no feature"),
        ("keys.toml", "[[key]]\nname = \"a\"\nkind = \"text\"\neffect = \"x\"\n".to_owned(), "line"),
        (
            "keys.toml",
            "[[key]]\nname = \"bootstrapUrl\"\nkind = \"string\"\neffect = \"x\"\n".to_owned(),
            "twice",
        ),
        ("pack.toml", "colour = \"red\"\n".to_owned(), "line"),
        ("networks.toml", "colour = \"red\"\n".to_owned(), "line"),
        ("credentials.toml", "colour = \"red\"\n".to_owned(), "line"),
    ];
    for (file, more, place) in cases {
        let error = changed(file, |t| format!("{t}\n{more}")).expect_err(file);
        let text = error.to_string();
        assert!(text.contains(file) && text.contains(place), "{file}, {place}: {text}");
    }
}

#[test]
fn a_directory_that_is_no_pack_is_refused_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let text = Rules::from_dir(dir.path()).expect_err("empty").to_string();
    assert!(text.contains("pack.toml") && text.contains("a rule pack is a directory"), "{text}");
    fs::write(dir.path().join("pack.toml"), vec![b'#'; 3 * 1024 * 1024]).unwrap();
    let text = Rules::from_dir(dir.path()).expect_err("large").to_string();
    assert!(text.contains("larger than"), "{text}");
}

/// Makes of every file what `change` makes of it, one at a time; nothing takes the file away. The
/// messages of the pack, by the name of the file.
fn damaged(change: impl Fn(&str) -> Option<Vec<u8>>) -> Vec<(String, Result<Rules, String>)> {
    let dir = tempfile::tempdir().unwrap();
    copy(dir.path());
    let all = files();
    let each = |name: &String| {
        let path = dir.path().join(name);
        let text = fs::read_to_string(&path).unwrap();
        match change(&text) {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let read = Rules::from_dir(dir.path()).map_err(|e| e.to_string());
        fs::write(&path, text).unwrap();
        (name.clone(), read)
    };
    all.iter().map(each).collect()
}

#[test]
fn a_fault_in_any_file_is_named_with_file_place_and_reason() {
    type Change = fn(&str) -> Option<Vec<u8>>;
    let changes: [(&str, Change, &str); 6] = [
        ("a line of garbage", |t| Some(format!("{t}\n%%% garbage\n").into_bytes()), "line"),
        ("an unknown member", |t| Some(format!("colour = \"red\"\n{t}").into_bytes()), "line 1"),
        ("a wrong type", |t| Some(wrong_type(t).into_bytes()), "line"),
        ("bytes that are not text", |t| Some([t.as_bytes(), b"\n\xff\xfe\n"].concat()), "is not UTF-8"),
        ("nothing but remarks", |_| Some(b"# Later.\n".to_vec()), "nothing in it"),
        ("too much", |t| Some([t.as_bytes(), "#".repeat(3 << 20).as_bytes()].concat()), "larger than"),
    ];
    for (what, change, place) in changes {
        for (file, read) in damaged(change) {
            let message = read.err().unwrap_or_else(|| panic!("{file} with {what} is accepted"));
            assert!(message.contains(&file) && message.contains(place), "{file} with {what}: {message}");
        }
    }
}

/// The text with its first value, of whatever kind, replaced by a date.
fn wrong_type(text: &str) -> String {
    let line = text.lines().find(|l| !l.starts_with('#') && l.contains(" = ")).unwrap();
    let (name, _) = line.split_once(" = ").unwrap();
    let (before, after) = text.split_once(line).unwrap();
    // What follows on further lines belonged to the value, and is left out.
    let rest = after.find("\n[").map(|at| &after[at..]).unwrap_or_default();
    format!("{before}{name} = 1979-05-27{rest}")
}

#[test]
fn a_file_that_is_not_there_is_named_or_replaced_openly() {
    let mut replaced = Vec::new();
    for (file, read) in damaged(|_| None) {
        match read {
            Err(message) => {
                assert!(message.contains(&file) && message.contains("not there"), "{file}: {message}")
            }
            Ok(rules) => {
                assert_eq!(rules.replaced(), [file.as_str()]);
                replaced.push(file);
            }
        }
    }
    let mut optional = OPTIONAL.to_vec();
    optional.sort_unstable();
    assert_eq!(replaced, optional);
}

#[test]
fn every_fault_is_named_at_once() {
    let dir = tempfile::tempdir().unwrap();
    copy(dir.path());
    for name in files() {
        let text = fs::read_to_string(dir.path().join(&name)).unwrap();
        fs::write(dir.path().join(&name), format!("{text}\n%%% \u{202e}garbage\u{1b}[1m\n")).unwrap();
    }
    let error = Rules::from_dir(dir.path()).expect_err("garbage");
    let message = error.to_string();
    for name in files() {
        assert!(message.contains(&name), "{name}: {message}");
    }
    assert!(!message.contains(['\u{202e}', '\u{1b}', '\r']), "{message:?}");
    assert_eq!(Rules::check_all(dir.path()).len(), error.0.len());
    assert!(Rules::check_all(&rules()).is_empty());
}

#[test]
fn a_file_of_another_name_is_not_overlooked() {
    for name in ["firewall.toml", "features/weather.toml"] {
        let message = changed(name, |_| String::new()).expect_err(name).to_string();
        assert!(message.contains(name), "{message}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_is_not_a_regular_file_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    copy(dir.path());
    let path = dir.path().join("headers.toml");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
    let message = Rules::from_dir(dir.path()).expect_err("endless").to_string();
    assert!(message.contains("headers.toml") && message.contains("not a regular file"), "{message}");
}

#[test]
fn places_and_headers_are_those_of_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    copy(dir.path());
    let change = |file: &str, from: &str, to: &str| {
        let path = dir.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        fs::write(&path, text.replace(from, to)).unwrap();
    };
    change("headers.toml", "\"server\"", "\"x-invented\"");
    change("networks.toml", "100.100.100.200", "198.51.100.77");
    let rules = Rules::from_dir(dir.path()).unwrap_or_else(|e| panic!("{e}"));
    let settings = clearway::probe::Settings::of(&rules);
    assert_eq!(settings.headers.kept("x-invented", "v").as_deref(), Some("v"));
    assert_eq!(settings.headers.kept("server", "v"), None);
    let moved: std::net::IpAddr = "198.51.100.77".parse().unwrap();
    assert!(settings.never.contains(&moved), "{:?}", settings.never);
}

#[test]
fn what_code_decides_on_is_in_the_rules() {
    let pack = Pack::embedded().unwrap();
    for id in Feature::ALL {
        assert!(pack.feature(id.as_str()).is_some(), "{id}");
    }
    for id in LintId::ALL {
        assert!(pack.lints.describe(id.as_str()).is_some(), "{id}");
    }
    assert!(pack.rule(NoteId::WITHOUT_BOOTSTRAP.as_str()).is_some());
}
