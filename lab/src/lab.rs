//! What the laboratory does for each of its commands.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::time::Instant;

use crate::matrix::Matrix;
use crate::outcome::{Context, Outcome};
use crate::pki::Pki;
use crate::providers::FaultTable;
use crate::runner::{Bench, Played};
use crate::scenario::{self, Scenario, World};
use crate::told::{Heard, Told};
use crate::wine::Wine;
use crate::{
    acceptor, compare, link, middlebox, needles, net, real, runner, server, soak, speed, tunnels, wine,
};

/// What the laboratory starts, and the Debian package each comes from.
const TOOLS: [(&str, &str); 10] = [
    ("ip", "iproute2"),
    ("ss", "iproute2"),
    ("nft", "nftables"),
    ("sysctl", "procps"),
    ("dnsmasq", "dnsmasq-base"),
    ("nginx", "nginx-light"),
    ("squid", "squid"),
    ("mitmdump", "mitmproxy"),
    ("tcpdump", "tcpdump"),
    ("tshark", "tshark"),
];

/// Runs one command of the laboratory.
pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["serve", "--spec", file] => server::run(Path::new(file)),
        ["link", "--spec", json] => serde_json::from_str(json).context("link").and_then(link::run),
        ["tunnels", "--spec", json, address] => {
            serde_json::from_str(json).context("tunnels").and_then(|spec| tunnels::run(spec, address))
        }
        ["accept", manner] => acceptor::run(*manner == "hold"),
        ["measure", "--spec", file] => speed::measure_inside(Path::new(file)),
        ["connect", address] => speed::connect_inside(address),
        ["list"] => list(),
        ["speed"] => measure(),
        ["hold", name] => hold(name),
        ["soak", rest @ ..] => long(rest),
        ["run", rest @ ..] => play_all(rest, false),
        ["wine", rest @ ..] => play_all(rest, true),
        _ => Err("commands: run [NAME…] [--jobs N], wine [NAME…] [--smoke] [--jobs N], list, hold NAME, soak, speed; \
             docs/laboratory.md describes them. It needs root and network namespaces"
            .to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing to do about a standard error that is closed.
            let _ = writeln!(std::io::stderr(), "laboratory: {error}");
            ExitCode::FAILURE
        }
    }
}

fn say(line: &str) -> Outcome<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).context("standard output")
}

fn list() -> Outcome<()> {
    for scenario in Scenario::read_all(&World::read()?)? {
        say(&format!("{:<28} {}", scenario.name, scenario.about))?;
    }
    for line in FaultTable::read()?.not_applicable() {
        say(&line)?;
    }
    Ok(())
}

fn measure() -> Outcome<()> {
    prepare()?;
    let folder = folder()?.join("speed");
    let pki = Pki::create(&folder.join("pki"))?;
    speed::run(&program()?, &pki, &folder, &mut std::io::stdout())
}

fn hold(name: &str) -> Outcome<()> {
    prepare()?;
    let world = World::read()?;
    let scenarios = Scenario::read_all(&world)?;
    let scenario = scenarios.iter().find(|s| s.name == name).ok_or_else(|| format!("no scenario {name}"))?;
    let folder = folder()?;
    let pki = Pki::create(&folder.join("pki"))?;
    Bench { world, pki, program: program()?, wine: None, folder }.hold(scenario, say)
}

/// The program under test.
fn program() -> Outcome<PathBuf> {
    let path = match std::env::var_os("CLEARWAY_BIN") {
        Some(path) => PathBuf::from(path),
        None => beside_this("clearway")?,
    };
    std::fs::canonicalize(&path)
        .with_context(|| format!("program under test {} (build it: cargo build)", path.display()))
}

/// A file beside the laboratory's own program: cargo puts what it builds with one profile into one folder.
fn beside_this(name: &str) -> Outcome<PathBuf> {
    Ok(std::env::current_exe().context("the laboratory's own path")?.with_file_name(name))
}

/// The folder of everything that is built or written and can be thrown away.
pub fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")
}

/// A folder for this run's files; those of runs that have ended are removed.
fn folder() -> Outcome<PathBuf> {
    let all = target().join("tmp/lab");
    for entry in std::fs::read_dir(&all).into_iter().flatten().flatten() {
        let owner = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if !owner.is_some_and(net::is_laboratory) {
            std::fs::remove_dir_all(entry.path()).with_context(|| entry.path().display().to_string())?;
        }
    }
    let folder = all.join(std::process::id().to_string());
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder)
}

/// Says what is missing before anything is started, and sweeps up after a run that was killed.
fn prepare() -> Outcome<()> {
    let mut missing: Vec<String> = TOOLS
        .iter()
        .filter(|(tool, _)| {
            let found = Command::new("which").arg(tool).stdout(Stdio::null()).status();
            !found.is_ok_and(|status| status.success())
        })
        .map(|(tool, package)| format!("{tool} (Debian package {package})"))
        .collect();
    if !Path::new(runner::FAKETIME).exists() {
        missing.push("libfaketime (Debian package libfaketime)".into());
    }
    if !missing.is_empty() {
        return Err(format!("not installed: {}", missing.join(", ")));
    }
    link::self_check()?;
    middlebox::self_check()?;
    needles::self_check()?;
    compare::self_check()?;
    wine::self_check()?;
    let stale = net::remove_stale()?;
    if stale > 0 {
        say(&format!("removed {stale} namespaces that an earlier run left behind"))?;
    }
    Ok(())
}

/// Plays scenarios with the program for this system, or those of `windows.toml` with the Windows one.
fn play_all(arguments: &[&str], windows: bool) -> Outcome<()> {
    let smoke = windows && arguments.contains(&"--smoke");
    let rest: Vec<&str> = arguments.iter().copied().filter(|word| !(smoke && *word == "--smoke")).collect();
    let (wanted, jobs) = selection(&rest)?;
    prepare()?;
    let world = World::read()?;
    let all = if windows { Scenario::read_windows(&world, smoke)? } else { Scenario::read_all(&world)? };
    let scenarios: Vec<Scenario> = all
        .into_iter()
        .filter(|s| wanted.is_empty() || wanted.iter().any(|part| s.name.contains(part)))
        .collect();
    let mut told = if windows { scenario::read_told()? } else { Vec::new() };
    told.retain(|told| !smoke && (wanted.is_empty() || wanted.iter().any(|part| told.name.contains(part))));
    if scenarios.is_empty() && told.is_empty() {
        return Err(format!("no scenario's name contains {}", wanted.join(" or ")));
    }
    let folder = folder()?;
    let pki = Pki::create(&folder.join("pki"))?;
    let wine = if windows { Some(Wine::find()?) } else { None };
    let bench = Bench { world, pki, program: program()?, wine, folder: folder.clone() };
    say(&format!("laboratory: {} scenarios, {jobs} at a time", scenarios.len() + told.len()))?;
    let started = Instant::now();
    let mut result = play_matrix(&bench, &scenarios, jobs);
    if let Some(wine) = &bench.wine {
        play_told(&mut result, &told, wine, &bench, jobs)?;
    }
    say(&format!("\n{}", result.matrix.render()))?;
    if let Some(grid) = FaultTable::read()?.grid(&result.said) {
        say(&grid)?;
    }
    if !result.failed.is_empty() {
        say(&format!("failed: {}\nreports: {}", result.failed.join(", "), folder.display()))?;
    }
    say(&format!("laboratory: {:.0} s", started.elapsed().as_secs_f64()))?;
    let not_run = match result.not_run.len() {
        0 => String::new(),
        number => format!(", {number} not run"),
    };
    say(&format!("{} passed, {} failed{not_run}", result.passed, result.failed.len()))?;
    if result.failed.is_empty() { Ok(()) } else { Err(format!("{} scenarios failed", result.failed.len())) }
}

/// Runs the Windows program where no network is needed, some at a time.
fn play_told(round: &mut Round, told: &[Told], wine: &Wine, bench: &Bench, jobs: usize) -> Outcome<()> {
    let queue = Mutex::new(told.iter());
    let results: Mutex<Vec<(&str, Outcome<Heard>)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let Some(told) = queue.lock().unwrap().next() else { return };
                    let heard = told.play(wine, &bench.program, &bench.folder.join(&told.name));
                    results.lock().unwrap().push((&told.name, heard));
                }
            });
        }
    });
    for (name, result) in results.into_inner().unwrap() {
        let text = match &result {
            Ok(heard) if heard.wrong.is_empty() => {
                format!("ok    {name:<28} {:>5.1} s", heard.took.as_secs_f64())
            }
            Ok(heard) => format!(
                "FAIL  {name:<28} {:>5.1} s  {}\n      {}\n{}",
                heard.took.as_secs_f64(),
                heard.about,
                heard.wrong.join("\n      "),
                heard.output
            ),
            Err(error) => format!("FAIL  {name:<28} could not run: {error}"),
        };
        say(&text)?;
        match result {
            Ok(heard) if heard.wrong.is_empty() => round.passed += 1,
            _ => round.failed.push(name.to_owned()),
        }
    }
    Ok(())
}

fn long(arguments: &[&str]) -> Outcome<()> {
    let mut rest = Vec::new();
    let mut wanted = soak::Wanted::default();
    let mut words = arguments.iter();
    while let Some(&word) = words.next() {
        let number = match word {
            "--matrices" => &mut wanted.matrices,
            "--lossy" => &mut wanted.lossy,
            "--healthy" => &mut wanted.healthy,
            "--limited" => &mut wanted.limited,
            _ => {
                rest.push(word);
                continue;
            }
        };
        *number =
            words.next().and_then(|n| n.parse().ok()).ok_or_else(|| format!("{word} needs a number"))?;
    }
    let (names, jobs) = selection(&rest)?;
    prepare()?;
    let world = World::read()?;
    let all = Scenario::read_all(&world)?;
    // Names choose, as they do without the long form; the healthy runs have theirs.
    let mut scenarios = all.clone();
    scenarios.retain(|s| names.is_empty() || names.iter().any(|name| s.name.contains(name)));
    let folder = folder()?;
    let pki = Pki::create(&folder.join("pki"))?;
    let bench = Bench { world, pki, program: program()?, wine: None, folder };
    soak::run(&bench, &all, &scenarios, jobs, wanted, &say)
}

/// What one round of scenarios came to.
pub struct Round {
    /// Expected codes by reported codes.
    pub matrix: Matrix,
    /// Scenarios that went as expected.
    pub passed: usize,
    /// The names of the others.
    pub failed: Vec<String>,
    /// What was reported of each host, by scenario.
    pub said: BTreeMap<String, BTreeMap<String, (String, String)>>,
    /// The names of those that could not be played here; none of them passed.
    pub not_run: Vec<String>,
}

/// Scenarios that mostly sleep and are played beside the others, at a time.
const SLEEPERS: usize = 6;

/// Plays these scenarios, so many at a time, and says how each went.
pub fn play_matrix(bench: &Bench, scenarios: &[Scenario], jobs: usize) -> Round {
    let (sleeping, waking): (Vec<&Scenario>, Vec<&Scenario>) = scenarios.iter().partition(|s| s.sleeps);
    let beside = sleeping.len().min(SLEEPERS);
    let (sleeping, waking) = (Mutex::new(sleeping.into_iter()), Mutex::new(waking.into_iter()));
    let results: Mutex<Vec<(&str, Outcome<Played>)>> = Mutex::default();
    let not_run = Mutex::<Vec<String>>::default();
    std::thread::scope(|scope| {
        for number in 0..jobs + beside {
            let (queue, results, not_run) =
                (if number < jobs { &waking } else { &sleeping }, &results, &not_run);
            scope.spawn(move || {
                loop {
                    let Some(scenario) = queue.lock().unwrap().next() else { return };
                    let result = match real::missing(scenario) {
                        Some(why) if must_run() => Err(why),
                        Some(why) => {
                            let _ = say(&format!("----  {:<28} not run: {why}", scenario.name));
                            not_run.lock().unwrap().push(scenario.name.clone());
                            continue;
                        }
                        None => bench.play(scenario),
                    };
                    report(scenario, &result);
                    keep(bench, scenario, &result);
                    results.lock().unwrap().push((&scenario.name, result));
                }
            });
        }
    });
    let not_run = not_run.into_inner().unwrap();
    let mut round =
        Round { matrix: Matrix::default(), passed: 0, failed: Vec::new(), said: BTreeMap::new(), not_run };
    for (name, result) in results.into_inner().unwrap() {
        match result {
            Ok(played) => {
                if played.wrong.is_empty() {
                    round.passed += 1;
                } else {
                    round.failed.push(name.to_owned());
                }
                round.matrix.add(played.pairs);
                round.said.insert(name.to_owned(), played.said);
            }
            Err(_) => round.failed.push(name.to_owned()),
        }
    }
    round.failed.sort_unstable();
    round
}

/// Whether what cannot be played must fail.
fn must_run() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}

fn report(scenario: &Scenario, result: &Outcome<Played>) {
    let text = match result {
        Ok(played) if played.wrong.is_empty() => {
            format!("ok    {:<28} {:>5.1} s", scenario.name, played.took.as_secs_f64())
        }
        Ok(played) => format!(
            "FAIL  {:<28} {:>5.1} s  {}\n      {}",
            scenario.name,
            played.took.as_secs_f64(),
            scenario.about,
            played.wrong.join("\n      ")
        ),
        Err(error) => format!("FAIL  {:<28} could not run: {error}", scenario.name),
    };
    // A closed standard output shows in the closing lines.
    let _ = say(&text);
}

/// The reports of scenarios that failed, which the next round would write over.
fn keep(bench: &Bench, scenario: &Scenario, result: &Outcome<Played>) {
    if !result.as_ref().is_ok_and(|played| !played.wrong.is_empty()) {
        return;
    }
    let kept = bench.folder.join("failed");
    let number = std::fs::read_dir(&kept).map_or(0, Iterator::count) + 1;
    let to = kept.join(format!("{number}-{}.json", scenario.name));
    let from = bench.folder.join(&scenario.name).join("report.json");
    let copied = std::fs::create_dir_all(&kept).and_then(|()| std::fs::copy(&from, &to));
    // A closed standard output shows in the closing lines.
    let _ = match copied {
        Ok(_) => say(&format!("      {}", to.display())),
        Err(error) => say(&format!("      the report was not kept: {error}")),
    };
}

fn selection<'a>(arguments: &[&'a str]) -> Outcome<(Vec<&'a str>, usize)> {
    let mut wanted = Vec::new();
    let mut jobs = std::thread::available_parallelism().map_or(2, usize::from);
    let mut rest = arguments.iter();
    while let Some(&argument) = rest.next() {
        if argument == "--jobs" {
            let number = rest.next().ok_or("--jobs needs a number")?;
            jobs = number.parse().ok().filter(|jobs| *jobs > 0).ok_or("--jobs needs a number above 0")?;
        } else if argument.starts_with('-') {
            return Err(format!("unknown option {argument}; there is --jobs"));
        } else {
            wanted.push(argument);
        }
    }
    Ok((wanted, jobs))
}
