//! What logs say, of `clearway logs`, and beside a run of `clearway check`.

pub mod beside;
pub mod json;
pub mod markdown;
pub mod text;

use super::words;
use crate::contract::{Owner, Severity};
use crate::logs::{Cause, FileRead, HostCount, Moment, Report};
use crate::text::english;

/// How often a message stands there, and when.
fn often(count: u64, first: Option<Moment>, last: Option<Moment>) -> String {
    let times = english::count(usize::try_from(count).unwrap_or(usize::MAX), "time", "times");
    match (first, last) {
        // To the minute, as they are shown.
        (Some(first), Some(last)) if first.short() == last.short() => format!("{times}, {}", first.short()),
        (Some(first), Some(last)) => format!("{times}, from {} to {}", first.short(), last.short()),
        _ => format!("{times}, without a time"),
    }
}

/// Who fixes it.
fn whom(cause: &Cause) -> String {
    match cause.owner {
        Owner::None if cause.owner_open => "the message alone does not say who".to_owned(),
        Owner::None => "nobody has to act".to_owned(),
        owner => {
            let mut text = words::owner(owner).to_owned();
            let others: Vec<&str> =
                cause.owners.iter().filter(|o| **o != owner).map(|o| words::owner(*o)).collect();
            if !others.is_empty() {
                text.push_str(&format!("; perhaps {}", english::and(&others)));
            }
            text
        }
    }
}

/// The addresses, each with how often.
fn hosts(cause: &Cause, shown: usize) -> Option<String> {
    let text = |h: &HostCount| {
        if cause.hosts.len() == 1 && cause.without_host == 0 {
            h.address.clone()
        } else {
            format!("{} ×{}", h.address, h.count)
        }
    };
    let texts: Vec<String> = cause.hosts.iter().map(text).collect();
    (!texts.is_empty()).then(|| english::first(&texts, shown))
}

/// Files and lines, the first few.
fn places(cause: &Cause, shown: usize) -> String {
    let texts: Vec<String> =
        cause.places.iter().take(shown).map(|p| format!("{}:{}", p.file, p.line)).collect();
    let more = usize::try_from(cause.count).unwrap_or(usize::MAX).saturating_sub(texts.len());
    match more {
        0 => texts.join(", "),
        n => format!("{} and {n} more", texts.join(", ")),
    }
}

/// What was read of one file.
fn file(file: &FileRead) -> String {
    let lines = english::count(usize::try_from(file.lines).unwrap_or(usize::MAX), "line", "lines");
    let mut facts = vec![lines];
    if let (Some(first), Some(last)) = (file.first, file.last) {
        facts.push(format!("{} to {}", first.short(), last.short()));
    }
    if file.known > 0 {
        facts.push(format!("{} known", file.known));
    }
    if file.unknown > 0 {
        facts.push(format!(
            "{} unknown",
            english::count(usize::try_from(file.unknown).unwrap_or(usize::MAX), "error", "errors")
        ));
    }
    if file.cut_lines > 0 {
        facts.push("a line too long to be read to its end".to_owned());
    }
    if let Some(ended) = &file.ended {
        facts.push(format!("not read to its end: {ended}"));
    }
    let title = file.title.as_deref().map(|t| format!(" ({t})")).unwrap_or_default();
    format!("{}{title}: {}", file.name, facts.join(", "))
}

/// What it comes to, in one sentence.
fn summary(report: &Report) -> String {
    let bad = report.causes.iter().filter(|c| c.severity != Severity::Info).count();
    let lines: u64 = report.files.iter().map(|f| f.lines).sum();
    let read = format!(
        "{} in {}",
        english::count(usize::try_from(lines).unwrap_or(usize::MAX), "line", "lines"),
        english::count(report.files.len(), "log", "logs")
    );
    let unknown = match report.unknown.count {
        0 => String::new(),
        1 => ", and 1 error that is not known".to_owned(),
        n => format!(", and {n} errors that are not known"),
    };
    match bad {
        0 => format!("No known error in {read}{unknown}."),
        n => format!(
            "{} in {read}{unknown}.",
            english::count(n, "known cause of errors", "known causes of errors")
        ),
    }
}

/// Remarks on what was read, and on its times.
fn remarks(report: &Report) -> Vec<String> {
    let mut remarks: Vec<String> = Vec::new();
    let times = || report.causes.iter().flat_map(|c| [c.first, c.last]).flatten();
    if times().any(|t| !t.is_utc()) {
        remarks.push("A time without UTC is as the log has it: in the zone of the device.".to_owned());
    }
    if report.undated > 0 {
        remarks.push(format!(
            "{} without a date left out, because --since or --until was given.",
            english::count(usize::try_from(report.undated).unwrap_or(usize::MAX), "event", "events")
        ));
    }
    for skipped in &report.skipped {
        let name = if skipped.name.is_empty() { String::new() } else { format!("{} ", skipped.name) };
        remarks.push(format!("Not read: {name}{}.", skipped.reason));
    }
    remarks
}
