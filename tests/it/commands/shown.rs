//! Commands that rules and answers show: each is one that can be run.

use std::ffi::OsString;
use std::path::Path;

use clap::CommandFactory;
use clearway::cli::{Cli, line};
use clearway::logs::{Collector, Settings};
use clearway::rules::Rules;

/// What is wrong with a command line of this program; nothing where it can be run.
fn wrong(command: &str) -> Option<String> {
    let words = command.split_whitespace().map(|w| OsString::from(w.trim_matches('\''))).collect();
    match line::read(words, &|_| None, &|_| String::new()) {
        Ok(_) => None,
        Err(line::Ended::Shown(shown)) => Some(format!("`{command}` only shows {shown}")),
        Err(line::Ended::Mistake(mistake)) => Some(format!("`{command}`: {mistake}")),
    }
}

/// What is wrong with what is to be run next: a command of this program, or one of an operating system that is named.
fn wrong_next(next: &str) -> Option<String> {
    let systems = ["Windows", "macOS", "Linux"];
    next.split("; ").find_map(|command| {
        if command.starts_with("clearway") {
            return wrong(command);
        }
        let named = command.strip_suffix(')').and_then(|c| c.rsplit_once(" ("));
        let fits = named.is_some_and(|(program, on)| {
            !program.trim().is_empty() && on.split(", ").all(|system| systems.contains(&system))
        });
        (!fits).then(|| format!("`{command}` names no system on which it can be run"))
    })
}

#[test]
fn a_command_that_does_not_exist_is_found() {
    for bad in ["clearway gadget", "clearway check --hosts x", "clearway check --host", "clearway"] {
        assert!(wrong(bad).is_some(), "{bad}");
    }
    assert_eq!(wrong("clearway check --host '[2001:db8::7]:3128'"), None);
    assert!(wrong_next("df -h").is_some() && wrong_next("df -h (macOS); clearway gadget").is_some());
    assert_eq!(wrong_next("Get-PSDrive (Windows); df -h (macOS, Linux); clearway check"), None);
}

#[test]
fn every_command_of_the_rules_can_be_run() {
    let mut seen = 0;
    let mut bad = Vec::new();
    let rules = Rules::embedded();
    for symptom in &rules.symptoms.list {
        let next = symptom.next.as_deref().and_then(wrong_next);
        bad.extend(next.map(|wrong| format!("{}: {wrong}", symptom.id)));
    }
    let command = Cli::command();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    for file in walkdir(&folder) {
        let text = std::fs::read_to_string(&file).unwrap();
        // What stands between marks of code is whole; a subcommand by itself is its name.
        for shown in text.split('`').skip(1).step_by(2).filter(|t| t.starts_with("clearway ")) {
            seen += 1;
            let name = shown.strip_prefix("clearway ").and_then(|word| command.find_subcommand(word));
            bad.extend(wrong(shown).filter(|_| name.is_none()).map(|w| format!("{}: {w}", file.display())));
        }
        // Elsewhere the word behind the name of the program is a subcommand, or begins a sentence of prose.
        for behind in text.split("clearway ").skip(1) {
            let word =
                behind.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default();
            let is_word = word.starts_with(|c: char| c.is_ascii_lowercase());
            if is_word && command.find_subcommand(word).is_none() {
                bad.push(format!("{}: clearway {word}", file.display()));
            }
        }
    }
    assert!(seen > 30, "{seen} commands only");
    assert!(bad.is_empty(), "{bad:#?}");
}

fn walkdir(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walkdir(&path));
        } else if path.extension().is_some_and(|e| e == "toml") {
            files.push(path);
        }
    }
    files
}

#[test]
fn every_command_that_a_log_is_answered_with_can_be_run() {
    let texts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/texts/errors.tsv");
    let rules = Rules::embedded();
    let mut all = Collector::new(&rules, Settings::default());
    let mut log = String::new();
    for row in std::fs::read_to_string(texts).unwrap().lines() {
        let message = row.split('\t').next().unwrap_or_default();
        log.push_str(&format!("2026-10-03 09:12:44 [error] {message} https://[2001:db8::7]:3129/\n"));
    }
    all.read("main.log", log.as_bytes()).unwrap();
    let report = all.finish();
    let commands: Vec<&String> =
        report.causes.iter().flat_map(|c| &c.next).chain(report.next.iter().map(|n| &n.command)).collect();
    assert!(commands.len() > 100, "{}", commands.len());
    let bad: Vec<String> = commands.into_iter().filter_map(|c| wrong_next(c)).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}
