//! `docs/lints.md`, generated from `rules/lints.toml`.

use clearway::rules::Word;
use std::collections::BTreeMap;

use clearway::contract::Severity;
use clearway::rules::Pack;
use clearway::rules::lints::{LintRule, Told};

use crate::common::generated_files;

const HEAD: &str = "\
# Findings of the linter

Generated from `rules/lints.toml`: `CLEARWAY_UPDATE=1 cargo test --test it -- lint::documentation` writes it.

`clearway config` says of a configuration what the app would not read, what it would read otherwise than
meant, and what is worth knowing. One heading for each finding: its weight, what was seen, what to write
instead, where the fact comes from. An error does not work, a warning is probably a mistake, a note is worth
knowing; `--strict` turns errors and warnings into exit code 1. Where the sources disagree, the finding says
so and is never an error.

The tags of the sources are those of `rules/pack.toml`. Words in braces stand for the key, the value and the
like; a value that is a secret is never shown.

## What the linter finds
";

/// Columns of a line.
const WIDTH: usize = 112;

/// Text that Markdown does not read as marks, wrapped; lines after the first begin with `hang`.
fn wrapped(first: &str, hang: &str, text: &str) -> String {
    let text = text.replace('*', "\\*").replace('<', "\\<");
    let mut out = first.to_owned();
    let mut column = first.len();
    for (i, word) in text.split_whitespace().enumerate() {
        let length = word.chars().count();
        if i > 0 && column + 1 + length > WIDTH {
            out += "\n";
            out += hang;
            column = hang.len();
        } else if i > 0 {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += length;
    }
    out + "\n"
}

/// The words in the order in which they first come, each once.
fn once<T: Into<String>>(words: impl IntoIterator<Item = T>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for word in words.into_iter().map(Into::into) {
        if !all.contains(&word) {
            all.push(word);
        }
    }
    all
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', ':', '?']) { text.to_owned() } else { format!("{text}.") }
}

/// An instruction in the middle of a sentence.
fn lowered(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), text.chars().nth(1)) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

const fn weight(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn message(rule: &LintRule) -> String {
    let mut text = sentence(&rule.message);
    if !rule.instead.is_empty() {
        text += &format!(" Instead: {}", sentence(&lowered(&rule.instead)));
    }
    match (&rule.since, &rule.until) {
        (None, None) => {}
        (Some(since), None) => text += &format!(" App: since {since}."),
        (None, Some(until)) => text += &format!(" App: before {until}."),
        (Some(since), Some(until)) => text += &format!(" App: since {since}, before {until}."),
    }
    text
}

fn sources(tags: &[impl AsRef<str>], confidence: &[String], disputed: &[String]) -> String {
    let mut out = String::new();
    for text in disputed {
        out += "\n";
        out += &wrapped("", "", &format!("Sources disagree: {}", sentence(text)));
    }
    if !tags.is_empty() {
        out += &format!(
            "\nSource: {}; {}.\n",
            tags.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "),
            confidence.join(" or ")
        );
    }
    out
}

fn of_rules(id: &str, rules: &[&LintRule]) -> String {
    let weights = once(rules.iter().map(|r| weight(r.severity))).join(" or ");
    let mut out = format!("\n### `{id}`\n\n");
    out += &wrapped("", "", &format!("{} ({weights}).", rules[0].title));
    out.push('\n');
    for text in once(rules.iter().map(|r| message(r))) {
        out += &wrapped("- ", "  ", &text);
    }
    let tags = once(rules.iter().flat_map(|r| r.sources.iter().map(Word::as_str)));
    let confidence = once(rules.iter().map(|r| r.confidence.as_str()));
    out + &sources(&tags, &confidence, &once(rules.iter().flat_map(|r| r.disputed.as_deref())))
}

fn of_told(told: &Told) -> String {
    let text = format!("{} {}", sentence(&told.title), told.text);
    let disputed: Vec<String> = told.disputed.iter().map(String::from).collect();
    format!("\n### `{}`\n\n{}", told.id, wrapped("", "", &text))
        + &sources(&told.sources, &[told.confidence.as_str().to_owned()], &disputed)
}

#[test]
fn the_documentation_is_that_of_the_rules() {
    let lints = Pack::embedded().unwrap().lints;
    let mut by_id: BTreeMap<&str, Vec<&LintRule>> = BTreeMap::new();
    for rule in &lints.rules {
        by_id.entry(&rule.id).or_default().push(rule);
    }
    let mut text = HEAD.to_owned();
    for (id, rules) in &by_id {
        text += &of_rules(id, rules);
    }
    text += "\n## What the readers and the derivation tell\n";
    let mut told: Vec<&Told> = lints.told.iter().filter(|t| !by_id.contains_key(t.id.as_str())).collect();
    told.sort_by_key(|t| &t.id);
    for told in told {
        assert!(!told.text.is_empty(), "{}: rules/lints.toml has no `text` for it", told.id);
        text += &of_told(told);
    }
    generated_files::hold("docs/lints.md", &text);
}
