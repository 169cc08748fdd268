//! What is found on a device, of `clearway device`.

pub mod beside;
pub mod html;
pub mod json;
pub mod markdown;
pub mod text;

use super::words;
use crate::contract::{Certainty, Confidence, RunVerdict, Severity};
use crate::device::{Checked, Finding, Status};
use crate::document::device::Examined;
use crate::text::english;

/// What it comes to, in one sentence.
fn summary(of: &Examined) -> String {
    let count = |severity| of.report.findings.iter().filter(|f| f.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let whole = of.report.checks.iter().filter(|c| c.status == Status::Run).count();
    let run = format!("{whole} of {} checks were run whole", of.report.checks.len());
    let warned = english::count(warnings, "warning", "warnings");
    match of.report.verdict {
        RunVerdict::Blocked => {
            let with = if warnings > 0 { format!(", and {warned}") } else { String::new() };
            let things = english::count(errors, "thing is", "things are");
            format!("{things} in the way on this device{with}; {run}.")
        }
        RunVerdict::Degraded => format!("{warned} on this device; {run}."),
        RunVerdict::Unknown => {
            format!("Nothing was found in the way, but not everything was looked at: {run}.")
        }
        RunVerdict::Ready => format!("Nothing on this device was found in the way; {run}."),
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

/// One line for each part that was not run.
fn not_run(checks: &[Checked]) -> Vec<String> {
    let of = |check: &Checked| -> Vec<String> {
        if check.not_run.is_empty() && check.status == Status::NotRun {
            return vec![format!("{}: nothing of it could be looked at.", check.title)];
        }
        check.not_run.iter().map(|n| format!("{}: {}.", n.what, n.why)).collect()
    };
    let mut lines: Vec<String> = Vec::new();
    for line in checks.iter().flat_map(of) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}
