//! The embedded rule pack is sound, and a pack with a mistake is refused with help.

use std::fs;
use std::path::{Path, PathBuf};

use clearway::rules::{Pack, PackError};

fn rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

/// A copy of the pack in which one file is replaced by what `change` makes of it.
fn changed(file: &str, change: impl Fn(&str) -> String) -> Result<Pack, PackError> {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("features")).unwrap();
    for folder in ["", "features"] {
        for entry in fs::read_dir(rules().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, dir.path().join(folder).join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    let target = dir.path().join(file);
    let text = fs::read_to_string(&target).unwrap_or_default();
    fs::write(&target, change(&text)).unwrap();
    Pack::from_dir(dir.path())
}

#[test]
fn the_embedded_pack_is_sound_and_is_the_one_in_the_directory() {
    let embedded = Pack::embedded().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(embedded, Pack::from_dir(&rules()).unwrap_or_else(|e| panic!("{e}")));
    assert_eq!(embedded.meta.newest.to_string(), "2.19675.0");
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
        let PackError::Invalid(problems) = &error else { panic!("{field}: {error}") };
        let named = problems
            .iter()
            .any(|p| p.field == field && p.file == "features/workspace.toml" && !p.rule.is_empty());
        assert!(named, "{field}: {error}");
        assert!(error.to_string().starts_with("rules/features/workspace.toml, rule "), "{error}");
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
    let text = Pack::from_dir(dir.path()).expect_err("empty").to_string();
    assert!(text.contains("pack.toml") && text.contains("a rule pack is a directory"), "{text}");
    fs::write(dir.path().join("pack.toml"), vec![b'#'; 3 * 1024 * 1024]).unwrap();
    let text = Pack::from_dir(dir.path()).expect_err("large").to_string();
    assert!(text.contains("larger than"), "{text}");
}
