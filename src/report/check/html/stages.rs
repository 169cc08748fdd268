//! At which stage of the way a host stands or stops, and what each stage of it took.

use crate::contract::Stage;
use crate::diagnose::Verdict;
use crate::report::check::view::Row;

/// What became of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It ran, and what follows could run.
    Passed,
    /// The finding is about it, and the host works all the same.
    Remarked,
    /// The host stops here.
    Stopped,
    /// It did not run.
    NotRun,
}

/// The stage that the finding of a host is about; none where it works, or nothing was sent.
pub(super) fn of_finding(row: &Row<'_>) -> Option<Stage> {
    let code = row.code().as_str();
    let (room, outcome) = code.split_once('/')?;
    let named = Stage::ALL.iter().copied().find(|stage| stage.as_str() == room);
    named.or(match (room, outcome) {
        ("device", "local-denied") => Some(Stage::Tcp),
        ("device", _) => Some(Stage::Tls),
        ("auth" | "service" | "oidc" | "otlp" | "mcp", _) => Some(Stage::Http),
        _ => None,
    })
}

/// What became of each stage, and its time in milliseconds where it was taken.
pub(super) fn cells(row: &Row<'_>) -> Vec<(Stage, Outcome, Option<f64>)> {
    let at = of_finding(row);
    // As the report has them, so that both say the same.
    let timings = row.judged.timings.rounded();
    let cell = |stage: &Stage| {
        let ms = timings.of(*stage);
        let outcome = match row.judged.verdict {
            Verdict::Blocked if at == Some(*stage) => Outcome::Stopped,
            Verdict::Warning if at == Some(*stage) => Outcome::Remarked,
            _ if ms.is_some() => Outcome::Passed,
            _ => Outcome::NotRun,
        };
        (*stage, outcome, ms)
    };
    Stage::ALL.iter().map(cell).collect()
}
