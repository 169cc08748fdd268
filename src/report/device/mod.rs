//! What is found on a device, of `clearway device`.

pub mod beside;
pub mod html;
pub mod json;
pub mod markdown;
pub mod text;

use super::words;
use crate::contract::{Certainty, Confidence, RunVerdict, Severity};
use crate::device::{Checked, Finding, Gap, Status};
use crate::document::device::Examined;
use crate::text::english;

/// Parts that were not run and are named beside the verdict.
const NAMED: usize = 4;

/// What it comes to, in one sentence.
fn summary(of: &Examined) -> String {
    let count = |severity| of.report.findings.iter().filter(|f| f.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let run = run(&of.report.checks);
    let warned = english::count(warnings, "warning", "warnings");
    match of.report.verdict {
        RunVerdict::Blocked => {
            let with = if warnings > 0 { format!(", and {warned}") } else { String::new() };
            let things = english::count(errors, "thing is", "things are");
            format!("{things} in the way on this device{with}; {run}.")
        }
        RunVerdict::Degraded => format!("{warned} on this device; {run}."),
        RunVerdict::Unknown => {
            format!("Nothing was found in the way, but not everything that decides was looked at; {run}.")
        }
        RunVerdict::Ready => format!("Nothing on this device was found in the way; {run}."),
    }
}

/// How much was run, and what was not: what decides first.
fn run(checks: &[Checked]) -> String {
    let whole = checks.iter().filter(|c| c.status == Status::Run).count();
    let run = format!("{whole} of {} checks were run whole", checks.len());
    let of = |gap: Gap| checks.iter().flat_map(|c| &c.not_run).filter(move |n| n.gap == gap);
    let silent = checks.iter().filter(|c| c.status == Status::NotRun && c.not_run.is_empty());
    let mut names: Vec<String> = Vec::new();
    for name in of(Gap::Decides).map(|n| &n.what).chain(silent.map(|c| &c.title)) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let decide = !names.is_empty();
    for one in of(Gap::Informs) {
        if !names.contains(&one.what) {
            names.push(one.what.clone());
        }
    }
    match (names.is_empty(), decide) {
        (true, _) => run,
        (false, true) => format!("{run}; not run: {}", english::first(&names, NAMED)),
        (false, false) => {
            format!("{run}; not run, and for information alone: {}", english::first(&names, NAMED))
        }
    }
}

/// The verdict as one word.
const fn word(verdict: RunVerdict) -> &'static str {
    match verdict {
        RunVerdict::Blocked => "BLOCKED",
        RunVerdict::Degraded => "DEGRADED",
        RunVerdict::Unknown => "UNKNOWN",
        RunVerdict::Ready => "READY",
    }
}

/// How sure, and how well it is known that it matters.
fn sureness(finding: &Finding) -> String {
    let seen = match finding.confidence {
        Certainty::Proven => "seen on this device",
        Certainty::Likely => "likely",
    };
    let known = match finding.known {
        Confidence::Documented => "documented",
        Confidence::Observed => "observed elsewhere",
        Confidence::Inferred => "inferred",
    };
    format!("{seen}; its effect on the app is {known}")
}

/// What was looked at, and for whom.
fn head(of: &Examined) -> Vec<(&'static str, String)> {
    let user = of.report.user.as_ref().map_or_else(|| "not known".to_owned(), Clone::clone);
    vec![
        ("Device", format!("{}, {}", of.report.device, words::platform(of.report.seen.platform))),
        ("User", user),
        ("List", of.list.clone()),
        ("Seen", words::time(&of.started_at)),
    ]
}

/// One line for each part that was not run. `all`: those too that say as good as nothing.
fn not_run(checks: &[Checked], all: bool) -> Vec<String> {
    let of = |check: &Checked| -> Vec<String> {
        let said = check.not_run.iter().filter(|n| all || n.gap != Gap::Usual);
        if said.clone().next().is_none() && check.status == Status::NotRun {
            return vec![format!("{}: nothing of it could be looked at.", check.title)];
        }
        said.map(|n| format!("{}: {}.", n.what, n.why)).collect()
    };
    let mut lines: Vec<String> = Vec::new();
    for line in checks.iter().flat_map(of) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}
