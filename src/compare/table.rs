//! Many runs: hosts × runs, each host once, under the feature that needs it most.

use std::collections::HashMap;

use serde::Serialize;

use super::{endpoint, judged};
use crate::contract::Endpoint;
use crate::contract::FeatureInfo;
use crate::contract::{DeviceCode, Need, RunWord, Severity, Transport};
use crate::derive::HostPattern;
use crate::device::{Finding, Report};
use crate::diagnose::{Code, Owner, RunVerdict, Verdict};
use crate::run::Run;

/// Runs that a table holds.
pub const MAX_RUNS: usize = 52;

/// A table that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// There are too many runs.
    #[error("{0} reports are more than a table of {MAX_RUNS} columns holds; compare them in parts")]
    TooMany(usize),
}

/// Something that is in the way on a device itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnDevice {
    /// What.
    pub code: DeviceCode,
    /// Its weight.
    pub severity: Severity,
    /// Who must act.
    pub owner: Owner,
    /// In one sentence.
    pub summary: String,
}

fn in_the_way(report: &Report) -> Vec<OnDevice> {
    let of = |f: &Finding| OnDevice {
        code: f.code,
        severity: f.severity,
        owner: f.owner,
        summary: f.summary.clone(),
    };
    report.findings.iter().filter(|f| f.severity != Severity::Info).map(of).collect()
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    /// `A` to `Z`, then `a` to `z`.
    pub letter: char,
    /// Label of the run, else its device, else its file; each name once.
    pub name: String,
    /// The file it was read from.
    pub file: String,
    /// Label, when it has one.
    pub label: Option<String>,
    /// The device.
    pub device: String,
    /// Start of the run, RFC 3339 in UTC.
    pub started_at: String,
    /// Its verdict.
    pub verdict: RunVerdict,
    /// The same as people read it.
    #[serde(skip)]
    pub word: RunWord,
    /// What was found on the device itself and is in the way, the worst first; nothing where it was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_findings: Option<Vec<OnDevice>>,
    /// Date of the rules it was derived with.
    pub rules_date: String,
    /// Whether its list has every required host.
    pub complete: bool,
    /// Whether its names and addresses are masked.
    pub masked: bool,
    /// Number of its configuration, from 1: runs of one configuration have one number.
    pub configuration: usize,
    /// Hosts by verdict: reachable, warning, blocked, untested.
    pub counts: [usize; 4],
}

/// What one run says of one host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// Its verdict.
    pub verdict: Verdict,
    /// The first thing to fix.
    pub code: Code,
    /// The owner.
    pub owner: Owner,
    /// Milliseconds of the attempt that counts.
    pub total_ms: Option<f64>,
}

/// One host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Name, wildcard or address.
    pub host: HostPattern,
    /// Port.
    pub port: u16,
    /// What is spoken there.
    pub transport: Transport,
    /// How badly it is needed.
    pub need: Need,
    /// The features that need it.
    pub features: Vec<String>,
    /// Whether the runs say different things of it.
    pub differs: bool,
    /// One for each column; null where the run has no such host.
    pub cells: Vec<Option<Cell>>,
}

impl Row {
    /// The worst verdict of all runs: blocked, then warning, then untested.
    pub fn worst(&self) -> Verdict {
        let rank = |v: Verdict| match v {
            Verdict::Reachable => 0,
            Verdict::Untested => 1,
            Verdict::Warning => 2,
            Verdict::Blocked => 3,
        };
        let verdicts = self.cells.iter().flatten().map(|c| c.verdict);
        verdicts.max_by_key(|v| rank(*v)).unwrap_or(Verdict::Untested)
    }

    /// How many runs have that verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.cells.iter().flatten().filter(|c| c.verdict == verdict).count()
    }
}

/// The hosts of one feature.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Identifier of the feature.
    pub feature: String,
    /// Its title.
    pub title: String,
    /// Its hosts: those that differ first, then the worst.
    pub rows: Vec<Row>,
}

/// Hosts × runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Table {
    /// The runs, in the order given.
    pub columns: Vec<Column>,
    /// The hosts, by feature.
    pub groups: Vec<Group>,
    /// Hosts of all runs, shown or not.
    pub hosts: usize,
    /// Those that are blocked in at least one run.
    pub blocked: usize,
    /// Those of which the runs say different things.
    pub differing: usize,
    #[serde(skip)]
    rows: Vec<Row>,
    #[serde(skip)]
    index: HashMap<Endpoint, usize>,
    #[serde(skip)]
    configurations: Vec<Vec<String>>,
}

impl Table {
    /// Adds a judged run as a column; of the run only what a cell shows is kept.
    ///
    /// # Errors
    /// When the table is full.
    pub fn add(&mut self, file: &str, run: &Run, device: Option<&Report>) -> Result<(), TableError> {
        let at = self.columns.len();
        let letter = ('A'..='Z').chain('a'..='z').nth(at).ok_or(TableError::TooMany(at + 1))?;
        let own = super::configuration(run);
        let configuration = self.configurations.iter().position(|c| *c == own).unwrap_or_else(|| {
            self.configurations.push(own);
            self.configurations.len() - 1
        });
        let mut counts = [0; 4];
        for (target, judged) in judged(run) {
            let key = endpoint(target);
            let row = *self.index.entry(key.clone()).or_insert_with(|| {
                let Endpoint { host, port, transport } = key;
                let (need, features, cells) = (Need::Optional, Vec::new(), Vec::new());
                self.rows.push(Row { host, port, transport, need, features, differs: false, cells });
                self.rows.len() - 1
            });
            let Some(row) = self.rows.get_mut(row) else { continue };
            row.cells.resize(at, None);
            row.cells.push(Some(Cell {
                verdict: judged.verdict,
                code: judged.finding.code,
                owner: judged.finding.owner,
                total_ms: judged.timings.total.map(|ms| (ms * 10.0).round() / 10.0),
            }));
            row.need = row.need.max(target.requirement.need());
            let mut reasons: Vec<_> = target.requirement.reasons.iter().collect();
            reasons.sort_by_key(|r| std::cmp::Reverse(r.need));
            for reason in reasons {
                if !row.features.contains(&reason.feature) {
                    row.features.push(reason.feature.clone());
                }
            }
            let place = match judged.verdict {
                Verdict::Reachable => 0,
                Verdict::Warning => 1,
                Verdict::Blocked => 2,
                Verdict::Untested => 3,
            };
            counts[place] += 1;
        }
        self.columns.push(Column {
            letter,
            name: self.name(file, run),
            file: file.to_owned(),
            label: run.label.clone(),
            device: run.environment.host.clone(),
            started_at: run.started_at.clone(),
            verdict: run.judgement.verdict,
            word: run.word(),
            device_findings: device.map(in_the_way),
            rules_date: run.requirements.rules_date.clone(),
            complete: run.requirements.is_complete(),
            masked: crate::redact::is_shared(run),
            configuration: configuration + 1,
            counts,
        });
        Ok(())
    }

    /// A name that no column before has.
    fn name(&self, file: &str, run: &Run) -> String {
        let label = run.label.as_deref().filter(|l| !l.trim().is_empty());
        let device =
            Some(run.environment.host.as_str()).filter(|h| !h.is_empty() && !crate::redact::is_shared(run));
        let taken = |name: &str| self.columns.iter().any(|c| c.name == name);
        let mut choices = label.into_iter().chain(device).chain([file]);
        if let Some(free) = choices.find(|name| !taken(name)) {
            return free.to_owned();
        }
        let wanted = label.or(device).unwrap_or(file);
        let numbered = |n: usize| format!("{wanted} ({n})");
        (2..=MAX_RUNS + 1).map(numbered).find(|n| !taken(n)).unwrap_or_else(|| wanted.to_owned())
    }

    /// Several runs of one device are told apart by their files, each of them.
    fn name_by_place(&mut self) {
        let named: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
        let by_file: Vec<usize> = (0..self.columns.len())
            .filter(|n| {
                let own = &self.columns[*n];
                let shared = self.columns.iter().filter(|c| c.device == own.device).count() > 1;
                own.label.is_none() && own.name == own.device && shared && !named.contains(&own.file.as_str())
            })
            .collect();
        for n in by_file {
            self.columns[n].name = self.columns[n].file.clone();
        }
    }

    /// Arranges the rows; to be called after the last run. `only_differing` leaves out the hosts of
    /// which all runs say the same; `worst_first` puts all hosts into one group, the worst first.
    pub fn arrange(&mut self, features: &[FeatureInfo], only_differing: bool, worst_first: bool) {
        self.name_by_place();
        let width = self.columns.len();
        let mut rows = std::mem::take(&mut self.rows);
        for row in &mut rows {
            row.cells.resize(width, None);
            let mut said = row.cells.iter().map(|c| c.as_ref().map(|c| (c.verdict, c.code)));
            let first = said.next().flatten();
            row.differs = said.any(|other| other != first);
        }
        self.hosts = rows.len();
        self.blocked = rows.iter().filter(|r| r.worst() == Verdict::Blocked).count();
        self.differing = rows.iter().filter(|r| r.differs).count();
        rows.retain(|r| r.differs || !only_differing);
        let blocked =
            |r: &Row| (r.worst() == Verdict::Blocked, r.count(Verdict::Blocked), r.count(Verdict::Warning));
        rows.sort_by_key(|r| {
            let bad = blocked(r);
            let first = if worst_first { false } else { r.differs };
            std::cmp::Reverse((first, bad.0, r.need, bad.1, bad.2))
        });
        if worst_first {
            let (feature, title) = (String::new(), "All hosts, the worst first".to_owned());
            self.groups = if rows.is_empty() { Vec::new() } else { vec![Group { feature, title, rows }] };
            return;
        }
        let own = |r: &Row| r.features.first().cloned().unwrap_or_default();
        let mut groups: HashMap<String, Vec<Row>> = HashMap::new();
        let mut seen: Vec<String> = Vec::new();
        for row in rows {
            let feature = own(&row);
            if !seen.contains(&feature) {
                seen.push(feature.clone());
            }
            groups.entry(feature).or_default().push(row);
        }
        self.groups = FeatureInfo::order(features, seen.iter().map(String::as_str))
            .into_iter()
            .map(|id| Group {
                feature: id.to_owned(),
                title: FeatureInfo::title_of(features, id).to_owned(),
                rows: groups.remove(id).unwrap_or_default(),
            })
            .collect();
    }

    /// Every row, in the order of the groups.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.groups.iter().flat_map(|g| &g.rows)
    }

    /// Whether the masks of some run stand beside other names.
    pub fn has_masks(&self) -> bool {
        self.columns.iter().any(|c| c.masked)
    }

    /// Whether the runs were made from more than one configuration.
    pub fn has_several_configurations(&self) -> bool {
        self.columns.iter().any(|c| c.configuration > 1)
    }
}
