//! Many reports as text, `clearway.fleet/1`, CSV, Markdown, and metrics.

pub mod json;
pub mod prometheus;
pub mod tables;
pub mod text;

use crate::contract::RunVerdict;
use crate::fleet::Verdicts;

/// The verdicts, the worst first, with their numbers.
fn parts(verdicts: &Verdicts) -> [(RunVerdict, usize); 4] {
    [
        (RunVerdict::Blocked, verdicts.blocked),
        (RunVerdict::Unknown, verdicts.unknown),
        (RunVerdict::Degraded, verdicts.degraded),
        (RunVerdict::Ready, verdicts.ready),
    ]
}
