//! A report of `clearway device`: `clearway.device/1`, written and read back.

use serde::{Deserialize, Serialize};

use crate::contract::{Platform, RunVerdict};
use crate::device::{Checked, Finding, Report, Seen};
use crate::text::line;

/// The name of the document.
pub const SCHEMA: &str = "clearway.device/1";
/// The largest report that is read, bytes; one of a real device has some 20 kB.
pub const MAX_BYTES: u64 = 8 * 1024 * 1024;
/// Most entries of one list of what was seen.
const MOST: usize = 10_000;

/// The document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of the program that wrote it.
    pub clearway: String,
    /// The date of the rules that judged.
    pub rules_date: String,
    /// When the device was looked at, RFC 3339 in UTC.
    pub started_at: String,
    /// Its platform.
    pub platform: Platform,
    /// What to call the device.
    pub device: String,
    /// Whose environment was read, where it is known.
    pub user: Option<String>,
    /// Where the names of the list come from.
    pub list: String,
    /// Names are masked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
    /// What it comes to.
    pub verdict: RunVerdict,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// Every check.
    pub checks: Vec<Checked>,
    /// What was seen.
    pub seen: Seen,
}

/// A report, and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined {
    /// What was found.
    pub report: Report,
    /// When, RFC 3339 in UTC.
    pub started_at: String,
    /// Where the names of the list come from.
    pub list: String,
    /// Names are masked.
    pub shared: bool,
    /// The date of the rules that judged.
    pub rules_date: String,
}

impl From<&Examined> for Document {
    fn from(of: &Examined) -> Self {
        let report = of.report.clone();
        Self {
            schema: SCHEMA.to_owned(),
            clearway: env!("CARGO_PKG_VERSION").to_owned(),
            rules_date: of.rules_date.clone(),
            started_at: of.started_at.clone(),
            platform: report.seen.platform,
            device: report.device,
            user: report.user,
            list: of.list.clone(),
            shared: of.shared,
            verdict: report.verdict,
            findings: report.findings,
            checks: report.checks,
            seen: report.seen,
        }
    }
}

/// Reads a saved report. What was found is not taken from it: it is judged anew from what was seen.
///
/// # Errors
/// Where it is no such document, in plain words with what to do.
pub fn read(bytes: &[u8]) -> Result<Document, String> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("it is over {} MiB, and no report of `clearway device` is", MAX_BYTES >> 20));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let document: Document = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let error = line::marked(&error.to_string(), 400);
        format!("{error}; give a report saved with `clearway device --format json`")
    })?;
    if document.schema != SCHEMA {
        return Err(format!(
            "its `schema` is not {SCHEMA}; give a report saved with `clearway device --format json`"
        ));
    }
    let seen = serde_json::to_value(&document.seen).unwrap_or_default();
    if longest(&seen) > MOST {
        return Err(format!("a list of it has more than {MOST} entries, and none of a real device has"));
    }
    Ok(document)
}

/// The length of the longest list.
fn longest(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(all) => all.iter().map(longest).max().unwrap_or(0).max(all.len()),
        serde_json::Value::Object(map) => map.values().map(longest).max().unwrap_or(0),
        _ => 0,
    }
}
