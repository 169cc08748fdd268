//! The structure of `src`: which room may use which, held over the paths in the code.
//!
//! Reading the code as text is enough here: rooms use each other by `crate::room`, and what a room must
//! never touch has a name of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every source file: its path below `src`, and its code without comments and unit tests.
fn files() -> Vec<(String, String)> {
    fn visit(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    visit(&root(), &mut paths);
    paths.sort();
    let name = |path: &Path| path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
    paths
        .iter()
        .filter(|path| !path.file_stem().is_some_and(|s| s.to_str().unwrap().ends_with("tests")))
        .map(|path| (name(path), code(&fs::read_to_string(path).unwrap())))
        .collect()
}

/// The lines that are compiled into the program: no comments, and nothing from the unit tests on, which stand
/// last in a file.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    text[..end].lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The room of a file: the folder below `src`, or the file itself.
fn room(name: &str) -> &str {
    name.split('/').next().unwrap().trim_end_matches(".rs")
}

/// Which rooms each room uses, and in which file.
fn uses() -> BTreeMap<(String, String), BTreeSet<String>> {
    let files = files();
    let rooms: BTreeSet<&str> = files.iter().map(|(name, _)| room(name)).collect();
    let mut edges: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (name, code) in &files {
        if matches!(room(name), "lib" | "main") {
            continue;
        }
        for part in code.split("crate::").skip(1) {
            let end = part.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(part.len());
            let other = &part[..end];
            if rooms.contains(other) && other != room(name) {
                edges.entry((room(name).to_owned(), other.to_owned())).or_default().insert(name.clone());
            }
        }
    }
    edges
}

#[test]
fn no_circle_between_rooms() {
    let edges = uses();
    let rooms: BTreeSet<&String> = edges.keys().flat_map(|(a, b)| [a, b]).collect();
    // A room from which it leads back to itself is part of a circle.
    for start in rooms {
        let mut path = vec![(start.clone(), vec![start.clone()])];
        let mut seen = BTreeSet::new();
        while let Some((at, way)) = path.pop() {
            for (from, to) in edges.keys().filter(|(from, _)| *from == at) {
                assert!(
                    to != start,
                    "a circle: {} → {to}, by {:?}",
                    way.join(" → "),
                    edges[&(from.clone(), to.clone())]
                );
                if seen.insert(to.clone()) {
                    path.push((to.clone(), [way.clone(), vec![to.clone()]].concat()));
                }
            }
        }
    }
}

/// The rooms that show and decide nothing of their own: no other room may use them, but for the command line itself.
const OUTERMOST: [&str; 3] = ["commands", "cli", "output"];

/// A room, and what holds for it.
struct Room {
    /// The folder or file below `src`.
    name: &'static str,
    /// Its files that may touch files, the network, the clock or other programs.
    impure: Impure,
    /// The rooms that it must never use, beside the outermost.
    never: &'static [&'static str],
}

/// Which files of a room may do more than compute.
enum Impure {
    /// None: the room is pure.
    None,
    /// These alone, each for a reason that it gives.
    Only(&'static [&'static str]),
    /// Any of them.
    Any,
}

const fn room_of(name: &'static str, impure: Impure, never: &'static [&'static str]) -> Room {
    Room { name, impure, never }
}

/// Every room, in the order of the data; `main.rs` and `lib.rs` are no rooms.
#[rustfmt::skip]
const ROOMS: &[Room] = &[
    room_of("contract", Impure::None, &["config", "rules", "derive", "plan", "probe", "diagnose", "document", "report", "check"]),
    room_of("text", Impure::None, &["config", "rules", "derive", "plan", "probe", "diagnose", "document", "report", "check"]),
    room_of("clock", Impure::Any, &["config", "derive", "plan", "probe", "diagnose", "document", "report", "check"]),
    room_of("registry", Impure::Any, &["config", "rules", "derive", "plan", "probe", "diagnose", "document", "report", "check"]),
    room_of("rules", Impure::Only(&["files.rs"]), &["config", "derive", "plan", "probe", "diagnose", "document", "report", "check"]),
    room_of("config", Impure::Any, &["derive", "plan", "probe", "diagnose", "document", "report", "check"]),
    room_of("lint", Impure::None, &["plan", "probe", "diagnose", "document", "report", "check"]),
    room_of("derive", Impure::None, &["explain", "plan", "probe", "diagnose", "document", "report", "check"]),
    room_of("explain", Impure::None, &["plan", "probe", "diagnose", "document", "report", "check"]),
    // The engine of scripts looks at the clock, to end one that does not end by itself.
    room_of("pac", Impure::Only(&["engine.rs"]), &["config", "rules", "derive", "plan", "probe", "diagnose", "document", "report", "check"]),
    room_of("plan", Impure::None, &["probe", "diagnose", "document", "report", "check"]),
    room_of("telemetry", Impure::None, &["config", "derive", "probe", "diagnose", "document", "report", "check", "run"]),
    room_of("observation", Impure::None, &["probe", "diagnose", "document", "report", "check"]),
    room_of("vm", Impure::None, &["derive", "probe", "diagnose", "document", "report", "check"]),
    room_of("probe", Impure::Any, &["derive", "diagnose", "document", "report", "check"]),
    room_of("diagnose", Impure::None, &["probe", "document", "report", "check"]),
    room_of("expect", Impure::None, &["probe", "document", "report", "check", "run"]),
    room_of("run", Impure::None, &["probe", "report", "check"]),
    room_of("logs", Impure::Only(&["source.rs"]), &["derive", "plan", "probe", "diagnose", "document", "report", "check"]),
    // What asks a device: files, variables and programs of the system.
    room_of("device", Impure::Only(&["gather.rs"]), &["derive", "plan", "diagnose", "document", "report", "check"]),
    room_of("compare", Impure::None, &["probe", "report", "check"]),
    // What opens reports, on as many threads as there are; the rest adds up.
    room_of("fleet", Impure::Only(&["source.rs"]), &["probe", "report", "check"]),
    room_of("redact", Impure::None, &["probe", "report", "check"]),
    room_of("document", Impure::None, &["probe", "report", "check", "compare", "firewall"]),
    room_of("firewall", Impure::None, &["probe", "report", "check"]),
    room_of("check", Impure::Any, &["report", "firewall", "compare"]),
    room_of("failure", Impure::None, &["report"]),
    room_of("report", Impure::None, &["probe", "check"]),
    room_of("output", Impure::Any, &[]),
    room_of("cli", Impure::None, &[]),
    room_of("commands", Impure::Any, &[]),
];

/// The list has every room and no other, and what it names exists.
#[test]
fn every_room_is_on_the_list() {
    let files = files();
    let found: BTreeSet<&str> =
        files.iter().map(|(name, _)| room(name)).filter(|name| !matches!(*name, "lib" | "main")).collect();
    let listed: BTreeSet<&str> = ROOMS.iter().map(|room| room.name).collect();
    assert_eq!(listed, found, "ROOMS of this test, and the rooms of src");
    for room in ROOMS {
        for other in room.never {
            assert!(listed.contains(other), "{} must never use {other}, which is not there", room.name);
        }
        if let Impure::Only(names) = room.impure {
            for name in names {
                let path = format!("{}/{name}", room.name);
                assert!(files.iter().any(|(file, _)| *file == path), "src/{path} is not there");
            }
        }
    }
    for name in OUTERMOST {
        assert!(listed.contains(name), "{name} is not there");
    }
}

#[test]
fn rooms_use_only_what_is_before_them() {
    for ((from, to), files) in uses() {
        let never = ROOMS.iter().find(|room| room.name == from).map_or(&[][..], |room| room.never);
        let inner = !OUTERMOST.contains(&from.as_str()) && from != "main";
        assert!(!inner || !OUTERMOST.contains(&to.as_str()), "{from} must not use {to}: {files:?}");
        assert!(!never.contains(&to.as_str()), "{from} must not use {to}: {files:?}");
    }
}

/// What a pure room must not contain: files, network, the clock, randomness, other programs.
const IMPURE: [&str; 12] = [
    "std::fs",
    "File::",
    "TcpStream",
    "UdpSocket",
    "tokio::",
    "reqwest",
    "hyper::",
    "Instant::now",
    "SystemTime::now",
    "now_utc",
    "std::env::var",
    "Command::new",
];

/// Judging, deriving and rendering compute; and logs and rules, which are foreign files, are opened in one place.
#[test]
fn pure_rooms_only_compute() {
    for (name, code) in files() {
        let Some(of) = ROOMS.iter().find(|of| of.name == room(&name)) else { continue };
        let pure = match of.impure {
            Impure::None => true,
            Impure::Only(names) => !names.iter().any(|file| name == format!("{}/{file}", of.name)),
            Impure::Any => false,
        };
        for word in IMPURE {
            assert!(!pure || !code.contains(word), "src/{name}: {word} in a place that must be pure");
        }
    }
}

/// `cli` and `commands` hold one file for each subcommand, and what several share stands in their `mod.rs`; how
/// the line itself is read, and what `--version` says, are files of `cli`.
#[test]
fn one_file_for_each_subcommand() {
    let command = clearway::cli::line::command();
    let mut names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    names.sort_unstable();
    let files = files();
    for folder in ["cli", "commands"] {
        let in_folder =
            files.iter().filter_map(|(name, _)| name.strip_prefix(&format!("{folder}/"))).collect::<Vec<_>>();
        // What one subcommand is made of may stand in a folder of its name.
        let mut stems: Vec<&str> = in_folder
            .iter()
            .map(|name| name.split('/').next().unwrap().trim_end_matches(".rs"))
            .filter(|stem| !["mod", "line", "version"].contains(stem))
            .collect();
        stems.dedup();
        assert_eq!(stems, names, "src/{folder}");
    }
}

/// The library is of use without a command line.
#[test]
fn only_the_command_line_knows_clap() {
    for (name, code) in
        files().iter().filter(|(name, _)| !OUTERMOST.contains(&room(name)) && room(name) != "main")
    {
        assert!(!code.contains("clap"), "src/{name} uses clap; it belongs in cli/");
    }
}

#[test]
fn only_the_command_line_prints() {
    for (name, code) in files() {
        for word in ["println!", "eprintln!", "print!(", "dbg!"] {
            assert!(!code.contains(word), "src/{name}: {word}; output goes through output/mod.rs");
        }
    }
}

/// Hosts of products are facts, and facts are in `rules/`.
#[test]
fn no_product_host_in_code() {
    let folder = root().join("../rules/features");
    let mut hosts = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let table: toml::Table = toml::from_str(&fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        for rule in table.values().filter_map(toml::Value::as_array).flatten() {
            let list = rule.get("hosts").and_then(toml::Value::as_array).into_iter().flatten();
            let names = list.chain(rule.get("host")).filter_map(toml::Value::as_str);
            // A template's name is made at run time.
            hosts.extend(names.filter(|n| !n.contains('{')).map(|n| n.trim_start_matches("*.").to_owned()));
        }
    }
    assert!(hosts.len() > 20, "the rules name {} hosts; the test would hold nothing", hosts.len());
    for (name, code) in files() {
        for host in &hosts {
            assert!(!code.contains(host.as_str()), "src/{name} names {host}; it belongs in rules/");
        }
    }
}

/// Plain words: `docs/style.md` has the list. Words that a line break parts, and the mark of a comment, count too.
#[test]
fn no_private_words() {
    for (name, _) in files() {
        let text = fs::read_to_string(root().join(&name)).unwrap().to_lowercase();
        let lines = text.lines().map(|line| line.trim().trim_start_matches(['/', '!']).trim());
        let text = lines.collect::<Vec<_>>().join(" ");
        for word in ["mend", "mends", "mended", "whoever", "alike", "hosts of the world", "host of the world"]
        {
            let whole = |at: usize| {
                let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                !letter(text[..at].chars().next_back()) && !letter(text[at + word.len()..].chars().next())
            };
            let found = text.match_indices(word).find(|(at, _)| whole(*at));
            let before: String =
                found.map(|(at, _)| text[..at].chars().rev().take(60).collect()).unwrap_or_default();
            let before: String = before.chars().rev().collect();
            assert!(found.is_none(), "src/{name}: \"{before}{word}\"; see docs/style.md");
        }
    }
}
