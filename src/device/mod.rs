//! What on a device itself keeps the app from starting, resolving, trusting or reaching: read-only.
//!
//! Each check is one file of [`check`]: `wanted()` says what it needs of a platform, `read()` keeps of what came
//! back what matters, and `judge()` says what that means. All three are pure; `gather` alone touches the device.
//! What was kept ([`Seen`]) is saved with a report, so that it can be judged again ([`judge`]).

mod answers;
mod check;
mod events;
mod gather;
mod net;
mod seen;
mod share;

pub use answers::{Answers, FileFact, Missing, Printed, TextFile, Want};
pub use seen::{Gap, NotRun, Remark, Seen};

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::ConfigError;
use crate::config::device::Device;
use crate::config::device::paths;
use crate::contract::{
    Certainty, Confidence, DeviceCode, HostPattern, Owner, Platform, RunVerdict, Severity,
};
use crate::rules::Rules;
use crate::rules::codes::Codes;
use crate::rules::device::DeviceFacts;
use crate::text::line;

/// What a check knows beside the device.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The facts.
    pub facts: &'a DeviceFacts,
    /// The platform of the device.
    pub platform: Platform,
    /// The hosts of the list.
    pub listed: &'a [Listed],
    /// The app and its configuration.
    pub about: &'a About,
}

/// What is known of the app and of its configuration without looking at the device itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The installed version, where it is known.
    pub version: Option<String>,
    /// The newest version that the rules know.
    pub newest: String,
    /// Releases that are newer than the installed one.
    pub newer: usize,
    /// The configuration switches updates off.
    pub updates_off: bool,
    /// What the reading of the configuration says of the device.
    pub remarks: Vec<Remark>,
    /// The time, Unix seconds.
    pub at: i64,
}

/// A host of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name, or a wildcard.
    pub host: HostPattern,
    /// The app's core function needs it.
    pub required: bool,
    /// It belongs to the company.
    pub customer: bool,
    /// A private address is normal for it.
    pub private: bool,
}

/// Evidence beside a finding: one line for people, and the facts behind it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// One line: what was seen.
    pub line: String,
    /// The facts, such as `path`.
    #[serde(flatten)]
    pub facts: Map<String, Value>,
}

/// One thing found on a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What.
    pub code: DeviceCode,
    /// Weight.
    pub severity: Severity,
    /// The names of the list that it concerns.
    pub hosts: Vec<String>,
    /// One sentence.
    pub summary: String,
    /// What was seen.
    pub evidence: Evidence,
    /// An instruction to the owner; empty where there is nothing to do.
    pub remedy: String,
    /// Who must act.
    pub owner: Owner,
    /// How sure.
    pub confidence: Certainty,
    /// How well it is known that this is in the way of the app.
    pub known: Confidence,
}

/// How far a check came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Its name.
    pub id: String,
    /// What it looks at.
    pub title: String,
    /// `run`, `part` or `not-run`.
    pub status: Status,
    /// How much it found.
    pub findings: usize,
    /// What of it was not run, and why.
    pub not_run: Vec<NotRun>,
}

impl Checked {
    /// Whether something in the way of the app may be where it did not look.
    pub fn leaves_open(&self) -> bool {
        let silent = self.status == Status::NotRun && self.not_run.iter().all(|n| n.gap == Gap::Usual);
        silent || self.not_run.iter().any(|n| n.gap == Gap::Decides)
    }
}

crate::contract::words! {
    /// How far a check came.
    Status {
        /// Whole.
        Run = "run",
        /// In part.
        Part = "part",
        /// Not at all.
        NotRun = "not-run",
    }
}

/// What was found on a device.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What to call the device.
    pub device: String,
    /// The user whose environment was read, where it is known.
    pub user: Option<String>,
    /// What it comes to.
    pub verdict: RunVerdict,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// Every check, in its order.
    pub checks: Vec<Checked>,
    /// What was seen.
    pub seen: Seen,
}

/// Looks at a device. `listed`: the hosts of the list, which its hosts file and its resolvers may concern;
/// `about`: what is known of the app there.
///
/// # Errors
/// A user that is not there, or a copy in which several could be meant.
pub fn examine(
    device: &Device,
    rules: &Rules,
    listed: &[Listed],
    about: &About,
) -> Result<Report, ConfigError> {
    let user = paths::user(device, &rules.places)?;
    let facts: &DeviceFacts = &rules.device;
    let context = Context { facts, platform: device.platform, listed, about };
    let wants: BTreeSet<Want> = check::ALL.iter().flat_map(|c| (c.wanted)(&context)).collect();
    let mut answers = gather::gather(&wants, device, &user, facts);
    let more: BTreeSet<Want> = check::ALL.iter().flat_map(|c| (c.then)(&answers, &context)).collect();
    answers.add(gather::gather(&more, device, &user, facts));
    let mut seen = Seen::of(device.platform, about.at);
    for check in check::ALL {
        (check.read)(&answers, &context, &mut seen);
    }
    let name = user.name().map(|n| line::line(n, line::SHORT));
    let mut report = judge(seen, facts, &rules.codes);
    report.device = device.name(None);
    report.user = name;
    Ok(report)
}

/// Judges what was seen: for a device that was read now, and for a saved report.
pub fn judge(seen: Seen, facts: &DeviceFacts, codes: &Codes) -> Report {
    let context = Context { facts, platform: seen.platform, listed: &[], about: &About::default() };
    let mut findings = Vec::new();
    let mut checks = Vec::new();
    for check in check::ALL {
        let found = (check.judge)(&seen, &context);
        let not_run: Vec<NotRun> = seen.not_run.iter().filter(|n| n.check == check.id).cloned().collect();
        let whole = not_run.iter().all(|n| n.gap == Gap::Usual);
        let status = match (whole, (check.was_run)(&seen)) {
            (true, true) => Status::Run,
            (false, true) => Status::Part,
            (_, false) => Status::NotRun,
        };
        checks.push(Checked {
            id: check.id.to_owned(),
            title: check.title.to_owned(),
            status,
            findings: found.len(),
            not_run,
        });
        findings.extend(found.into_iter().map(|f| f.said(codes)));
    }
    // The worst first; of the same weight in the order of the codes, which is by how much each of them stops.
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.code.cmp(&b.code)));
    let worst = findings.first().map(|f| f.severity);
    let verdict = match worst {
        Some(Severity::Error) => RunVerdict::Blocked,
        Some(Severity::Warning) => RunVerdict::Degraded,
        // What was not looked at has not passed.
        _ if checks.iter().any(Checked::leaves_open) => RunVerdict::Unknown,
        _ => RunVerdict::Ready,
    };
    Report { device: String::new(), user: None, verdict, findings, checks, seen }
}

/// What a check found, before it is put into words.
#[derive(Debug, Clone)]
struct Found {
    code: DeviceCode,
    case: Option<&'static str>,
    certainty: Certainty,
    hosts: Vec<String>,
    evidence: String,
    values: Vec<(&'static str, String)>,
}

impl Found {
    fn new(code: DeviceCode, evidence: impl Into<String>) -> Self {
        Self {
            code,
            case: None,
            certainty: Certainty::Proven,
            hosts: Vec::new(),
            evidence: evidence.into(),
            values: Vec::new(),
        }
    }

    /// Which kind of the code it is.
    fn case(self, case: &'static str) -> Self {
        Self { case: Some(case), ..self }
    }

    /// It is the likeliest explanation, not a proven one.
    fn likely(self) -> Self {
        Self { certainty: Certainty::Likely, ..self }
    }

    fn hosts(self, hosts: Vec<String>) -> Self {
        Self { hosts, ..self }
    }

    /// A fact that stands in the evidence and may stand in the sentences.
    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    fn said(self, codes: &Codes) -> Finding {
        let value = |name: &str| {
            let own = self.values.iter().find(|(n, _)| *n == name);
            own.map(|(_, v)| line::line(v, line::LONG))
        };
        let entry = codes.device(self.code);
        let case = self.case.and_then(|case| entry?.case.get(case));
        let (summary, remedy) = match (case, entry) {
            (Some(case), _) => (case.summary.as_str(), case.remedy.as_str()),
            (None, Some(entry)) => (entry.summary.as_str(), entry.remedy.as_str()),
            (None, None) => ("", ""),
        };
        let severity = case.and_then(|c| c.severity).or_else(|| entry.map(|e| e.severity));
        let facts =
            self.values.iter().map(|(n, v)| ((*n).to_owned(), Value::from(line::line(v, line::LONG))));
        Finding {
            code: self.code,
            severity: severity.unwrap_or(Severity::Warning),
            summary: codes.fill(summary, value),
            remedy: codes.fill(remedy, value),
            evidence: Evidence { line: line::line(&self.evidence, line::LONG), facts: facts.collect() },
            owner: entry.map_or(Owner::Device, |e| e.owner),
            confidence: self.certainty,
            known: entry.map_or(Confidence::Inferred, |e| e.confidence),
            hosts: self.hosts,
        }
    }
}
