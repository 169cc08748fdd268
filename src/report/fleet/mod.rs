//! Many reports as text, a page, `clearway.fleet/1`, CSV, Markdown, and metrics.

pub mod html;
pub mod json;
pub mod prometheus;
pub mod tables;
pub mod text;

use crate::contract::RunWord;
use crate::fleet::{Fleet, FleetCause, Verdicts};
use crate::report::words;

/// The verdicts as people read them, the worst first, with their numbers.
fn parts(verdicts: &Verdicts) -> [(RunWord, usize); 5] {
    [
        (RunWord::Blocked, verdicts.blocked),
        (RunWord::Unknown, verdicts.unknown),
        (RunWord::Degraded, verdicts.degraded - verdicts.only_optional),
        (RunWord::OptionalLosses, verdicts.only_optional),
        (RunWord::Ready, verdicts.ready),
    ]
}

/// How a column of a table is headed, where the whole word has no room.
const fn column(word: RunWord) -> &'static str {
    match word {
        RunWord::OptionalLosses => "ready, losses",
        other => other.as_str(),
    }
}

/// What the heading of [`RunWord::OptionalLosses`] means.
const LOSSES: &str = "ready, losses: READY, with optional losses; no user of the app notices them";

/// `1234567` as `1,234,567`.
fn number(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with its word.
fn count(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// `3 blocked, 2 ready with optional losses, 1 ready`; what no device is counts only where `shown` says so.
fn counted(verdicts: &Verdicts, shown: fn(RunWord) -> bool) -> String {
    let said: Vec<String> = parts(verdicts)
        .into_iter()
        .filter(|(word, n)| *n > 0 || shown(*word))
        // The comma of the word would part what belongs together.
        .map(|(word, n)| format!("{} {}", number(n), word.as_str().replace(',', "")))
        .collect();
    said.join(", ")
}

/// The verdicts of all devices, those that there are.
fn verdicts(fleet: &Fleet) -> String {
    counted(&fleet.verdicts, |_| false)
}

/// What was taken in, and of which time.
fn taken(fleet: &Fleet) -> String {
    let span = if fleet.first == fleet.last {
        words::time(&fleet.first)
    } else {
        format!("{} to {}", words::time(&fleet.first), words::time(&fleet.last))
    };
    let mut text = format!("{}, {span}", count(fleet.reports, "report", "reports"));
    if fleet.reports > fleet.devices {
        text.push_str("; the newest of each device counts");
    }
    if fleet.older > 0 {
        text.push_str(&format!("; {} older ones left out", number(fleet.older)));
    }
    text.push_str(". Verdicts are those that were saved.");
    text
}

/// What a cause does to the devices that have it.
fn effect(cause: &FleetCause) -> String {
    match (cause.required, cause.blocking) {
        (1.., _) => format!("a required host is blocked on {}", number(cause.required)),
        (0, 1..) => "no required host is blocked".to_owned(),
        _ => "a warning".to_owned(),
    }
}

/// On how many of them it is proven.
fn sureness(cause: &FleetCause) -> String {
    match cause.proven {
        0 => "likely".to_owned(),
        n if n == cause.devices => "proven on each".to_owned(),
        n => format!("proven on {} of {}", number(n), number(cause.devices)),
    }
}
