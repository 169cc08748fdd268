//! Instructions that the program executes, which do not depend on what else the machine does: counted by valgrind,
//! beside what `instructions.toml` has recorded.
//!
//! `cargo bench --bench count` counts the program of the profile `bench`, and only compares. With `CLEARWAY_BIN` the program
//! there is counted, and a count that is further than [`TOLERANCE`] from the recorded one ends with exit code 1: the
//! gate does so with the program of `scripts/package build --profile release`. `-- --of dist` compares with the counts of
//! the program as it is shipped, which `scripts/package build` makes. `-- --record` writes them down instead.
//!
//! Not counted is what needs a server: when its answers come decides what is done in which order.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints its counts"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};

/// How far a count may be from the recorded one, as a part of that: allocators and systems differ by a few in a hundred.
const TOLERANCE: f64 = 0.1;
/// Packages in the database of the device that is asked about: as many as a desktop has.
const PACKAGES: usize = 2000;
/// What stands in the words of a case for the folder with the copy of that device.
const DEVICE: &str = "DEVICE";

/// What is counted, with its words on the command line.
const CASES: [(&str, &[&str]); 7] = [
    ("version", &["--version"]),
    ("hosts", &["hosts", "examples/gateway.json"]),
    ("hosts-json", &["hosts", "--format", "json", "examples/gateway.json"]),
    ("config", &["config", "examples/gateway.json"]),
    ("explain", &["explain", "tls/sni-reset", "--device-root", DEVICE, "--platform", "linux"]),
    ("check-replay", &["check", "--replay", "examples/reports/office.json"]),
    // Nobody listens at the port of the discard service.
    ("check-refused", &["check", "--no-controls", "--host", "127.0.0.1:9"]),
];

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kept = root.join("benches/instructions.toml");
    let named = std::env::var("CLEARWAY_BIN").ok();
    let program = named.clone().unwrap_or_else(|| env!("CARGO_BIN_EXE_clearway").to_owned());
    let device = device();
    let words: Vec<String> = std::env::args().collect();
    let profile = words.iter().skip_while(|word| *word != "--of").nth(1).map_or("release", String::as_str);
    let mut recorded: Record =
        std::fs::read_to_string(&kept).ok().and_then(|text| toml::from_str(&text).ok()).unwrap_or_default();
    let of_profile = recorded.entry(profile.to_owned()).or_default();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    println!("{:14} {:>13} {:>13}", "instructions", "counted", "recorded");
    let mut far = Vec::new();
    for (name, words) in CASES {
        let words = words.iter().map(|word| match *word {
            DEVICE => device.path().to_str().expect("a temporary folder's path is text"),
            word => word,
        });
        let count = match count(&program, words, root) {
            Ok(count) => count,
            Err(why) => {
                eprintln!("count: {name}: {why}");
                return ExitCode::FAILURE;
            }
        };
        let before = of_profile.get(name).copied();
        let change = before.map(|before| count as f64 / before as f64 - 1.0);
        let beside = before.map_or_else(|| "none".to_owned(), |n| n.to_string());
        println!(
            "{name:14} {count:>13} {beside:>13} {}",
            change.map_or_else(String::new, |c| format!("{:+.1} %", c * 100.0))
        );
        if change.is_none_or(|change| change.abs() > TOLERANCE) {
            far.push(name);
        }
        counts.insert(name.to_owned(), count);
    }
    if words.iter().any(|word| word == "--record") {
        *of_profile = counts;
        std::fs::write(&kept, record(&recorded)).expect("the file of the counts can be written");
        println!("recorded in {}", kept.display());
        return ExitCode::SUCCESS;
    }
    if named.is_some() && !far.is_empty() {
        eprintln!(
            "count: {} further than {} % from benches/instructions.toml. Where that is meant, record it: CLEARWAY_BIN={program} \
             cargo bench --bench count -- --of {profile} --record",
            far.join(", "),
            TOLERANCE * 100.0
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// A copy of a device with a database of packages, in which the app is not.
fn device() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for number in 0..PACKAGES {
        write!(
            text,
            "Package: package-{number}\nStatus: install ok installed\nPriority: optional\nArchitecture: amd64\nVersion: 1.{number}-1\n\
             Depends: libc6 (>= 2.34), libgcc-s1 (>= 3.0)\nDescription: one of many\n with a second line\n\n"
        )
        .unwrap();
    }
    let database = folder.path().join("var/lib/dpkg");
    std::fs::create_dir_all(&database).unwrap();
    std::fs::write(database.join("status"), text).unwrap();
    folder
}

/// Instructions of one run, whose environment is always the same.
fn count<'a>(program: &str, words: impl Iterator<Item = &'a str>, root: &Path) -> Result<u64, String> {
    let out = tempfile::NamedTempFile::new().map_err(|e| e.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", &format!("--callgrind-out-file={}", out.path().display()), program])
        .args(words)
        .current_dir(root)
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("LC_ALL", "C"), ("CLEARWAY_TODAY", "2026-12-01")])
        .output()
        .map_err(|e| format!("valgrind: {e}; install it (on Debian: apt-get install valgrind)"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    let count = collected.and_then(|(_, count)| count.trim().parse().ok());
    count.ok_or_else(|| format!("valgrind counted nothing:\n{said}"))
}

/// By the profile of the program and the name of the case.
type Record = BTreeMap<String, BTreeMap<String, u64>>;

fn record(counts: &Record) -> String {
    let mut text = "# Instructions of the programs of `scripts/package build --profile release` and of `scripts/package build`, which are\n\
                    # shipped (dist), as benches/count.rs counts them.\n"
        .to_owned();
    for (profile, counts) in counts {
        writeln!(text, "\n[{profile}]").unwrap();
        for (name, count) in counts {
            writeln!(text, "{name} = {count}").unwrap();
        }
    }
    text
}
