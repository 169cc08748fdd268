//! A run held against what a log says of the same hosts.

use serde::Serialize;

use super::judged;
use crate::contract::{Actor, Code, HostPattern, Owner, Severity};
use crate::diagnose::{HostJudgement, Verdict};
use crate::logs::{Cause, HostCount, Moment, Report};
use crate::plan::Target;
use crate::run::Run;

/// What a log says beside a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Log {
    /// The logs that were read.
    pub files: Vec<String>,
    /// Hosts of the run that the log has errors of.
    pub hosts: Vec<Beside>,
    /// Addresses that the log has errors of and the run does not have.
    pub elsewhere: Vec<Elsewhere>,
    /// Errors that name no address.
    pub without_host: Vec<LogError>,
    /// Errors of the log that are not known.
    pub unknown: u64,
}

/// A log's errors of one host of the run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Beside {
    /// The target.
    pub id: u32,
    /// How they go with what the run found.
    pub agreement: Agreement,
    /// Who looks into a difference.
    pub owner: Option<Owner>,
    /// Who wrote the errors.
    pub actors: Vec<Actor>,
    /// The errors, the most frequent first.
    pub errors: Vec<LogError>,
    /// In one sentence.
    pub text: String,
}

/// How errors of a log go with a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// They say the same.
    Same,
    /// Both have a fault, and not the same.
    Different,
    /// The run reaches the host.
    Reached,
    /// The run did not test what they are about.
    Untested,
}

/// A known error of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogError {
    /// Identifier of the message.
    pub id: String,
    /// As the log has it, or its title.
    pub said: String,
    /// What `check` would find.
    pub codes: Vec<Code>,
    /// Beside a host of the run: whether the run found what it means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same: Option<bool>,
    /// How often.
    pub count: u64,
    /// Time of the first.
    pub first: Option<Moment>,
    /// Time of the last.
    pub last: Option<Moment>,
}

/// An address that the run does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Elsewhere {
    /// As it is written on a command line.
    pub address: String,
    /// Its errors.
    pub errors: Vec<LogError>,
}

/// Holds a run against what logs say.
pub fn beside(run: &Run, report: &Report) -> Log {
    let mut found: Vec<(u32, Vec<&Cause>, Vec<LogError>)> = Vec::new();
    let mut elsewhere: Vec<Elsewhere> = Vec::new();
    let mut without_host: Vec<LogError> = Vec::new();
    for cause in report.causes.iter().filter(|c| c.severity != Severity::Info) {
        for host in &cause.hosts {
            let error = error(cause, host.count, host.first, host.last);
            let targets = targets(run, host);
            if targets.is_empty() {
                match elsewhere.iter_mut().find(|e| e.address == host.address) {
                    Some(known) => known.errors.push(error),
                    None => elsewhere.push(Elsewhere { address: host.address.clone(), errors: vec![error] }),
                }
                continue;
            }
            for id in targets {
                match found.iter_mut().find(|(known, ..)| *known == id) {
                    Some((_, causes, errors)) => {
                        causes.push(cause);
                        errors.push(error.clone());
                    }
                    None => found.push((id, vec![cause], vec![error.clone()])),
                }
            }
        }
        if cause.without_host > 0 {
            without_host.push(error(cause, cause.without_host, cause.first, cause.last));
        }
    }
    let hosts = found
        .into_iter()
        .filter_map(|(id, causes, mut errors)| {
            let (_, judgement) = judged(run).find(|(t, _)| t.id == id)?;
            let seen = seen(judgement);
            for error in &mut errors {
                error.same = Some(error.codes.iter().any(|code| seen.contains(code)));
            }
            errors.sort_by_key(|e| std::cmp::Reverse((e.same, e.count)));
            Some(of_host(run, report, id, judgement, &causes, errors))
        })
        .collect();
    Log {
        files: report.files.iter().map(|f| f.name.clone()).collect(),
        hosts,
        elsewhere,
        without_host,
        unknown: report.unknown.count,
    }
}

fn error(cause: &Cause, count: u64, first: Option<Moment>, last: Option<Moment>) -> LogError {
    let said = cause.said.clone().unwrap_or_else(|| cause.title.clone());
    LogError { id: cause.id.clone(), said, codes: cause.codes.clone(), same: None, count, first, last }
}

/// The targets that an address of a log is: those of its own name, else those whose pattern it is below.
fn targets(run: &Run, host: &HostCount) -> Vec<u32> {
    let of = |own: bool| {
        let fits = |t: &&Target| t.requirement.host.is_wildcard() != own && is_of(run, t, host);
        judged(run).map(|(t, _)| t).filter(fits).map(|t| t.id).collect::<Vec<u32>>()
    };
    let own = of(true);
    if own.is_empty() { of(false) } else { own }
}

/// Whether an address of a log is a target: by name, or by an address that its name was answered with.
fn is_of(run: &Run, target: &Target, host: &HostCount) -> bool {
    let named = &target.requirement.host;
    // What stands for everything was tested with a host that says nothing of another one.
    if *named == HostPattern::Any || host.port.is_some_and(|port| port != target.port()) {
        return false;
    }
    match host.host.parse::<HostPattern>() {
        Ok(HostPattern::Address(address)) => {
            *named == HostPattern::Address(address)
                || run
                    .observations
                    .attempts
                    .iter()
                    .filter(|a| a.target == target.id)
                    .filter_map(|a| a.dns.as_ref())
                    .any(|dns| dns.addresses().contains(&address))
        }
        Ok(HostPattern::Name(name)) => named.covers(&name) || target.probed == name,
        _ => false,
    }
}

/// What the run found of a host.
fn seen(judgement: &HostJudgement) -> Vec<Code> {
    let actors = judgement.actors.iter().map(|a| a.code);
    let also = judgement.also.iter().map(|f| f.code);
    actors.chain([judgement.finding.code]).chain(also).filter(|c| *c != Code::Ok).collect()
}

fn of_host(
    run: &Run,
    report: &Report,
    id: u32,
    judgement: &HostJudgement,
    causes: &[&Cause],
    errors: Vec<LogError>,
) -> Beside {
    let same = errors.iter().any(|e| e.same == Some(true));
    // What a credential is needed for was not tested without one.
    let of_call = |c: &Code| matches!(c.as_str().split_once('/'), Some(("auth" | "service", _)));
    let called = !run.observations.calls.is_empty();
    let needs_call = !called && causes.iter().all(|c| !c.codes.is_empty() && c.codes.iter().all(of_call));
    let agreement = match judgement.verdict {
        _ if same => Agreement::Same,
        Verdict::Untested => Agreement::Untested,
        _ if needs_call => Agreement::Untested,
        Verdict::Reachable => Agreement::Reached,
        Verdict::Warning | Verdict::Blocked => Agreement::Different,
    };
    let mut actors: Vec<Actor> = Vec::new();
    for log in causes.iter().flat_map(|c| &c.logs) {
        let actor = report.files.iter().find(|f| f.kind.as_ref() == Some(log)).and_then(|f| f.actor);
        actors.extend(actor.filter(|a| !actors.contains(a)));
    }
    let owner = match agreement {
        Agreement::Reached => Some(Owner::Device),
        _ => None,
    };
    let text = sentence(agreement, needs_call, &actors, &errors);
    Beside { id, agreement, owner, actors, errors, text }
}

fn sentence(agreement: Agreement, needs_call: bool, actors: &[Actor], errors: &[LogError]) -> String {
    let listed = |same: Option<bool>| {
        let of = errors.iter().filter(|e| same.is_none() || e.same == same);
        of.take(3).map(LogError::shown).collect::<Vec<String>>().join("; ")
    };
    let list = listed(None);
    let who: Vec<&str> = actors.iter().map(|a| a.as_str()).collect();
    let who = match who.as_slice() {
        [] => "the program that wrote the log".to_owned(),
        names => format!("the {}", names.join(" and the ")),
    };
    match agreement {
        Agreement::Same => {
            let (same, other) = (listed(Some(true)), listed(Some(false)));
            let also = if other.is_empty() { other } else { format!(". It also has another error: {other}") };
            format!("the log says the same: {same}{also}")
        }
        Agreement::Different => format!("the log has another error: {list}"),
        Agreement::Untested if needs_call => {
            format!("the log has refusals that this run did not test: {list}; --with-credentials does")
        }
        Agreement::Untested => format!("not tested here, and the log has errors of it: {list}"),
        Agreement::Reached => format!(
            "this run reaches it, and the log has errors of it: {list}. Either it was fixed since, or the difference is on the device: proxy, certificates or security software as {who} meets them"
        ),
    }
}

impl LogError {
    /// What, how often, and when last.
    pub fn shown(&self) -> String {
        let last = self.last.map(|l| format!(", last {}", l.short())).unwrap_or_default();
        format!("{} ×{}{last}", self.said, self.count)
    }
}

impl Log {
    /// The same without addresses and names of files; the run names its hosts as it is masked itself.
    #[must_use]
    pub fn without_names(mut self) -> Self {
        for (n, other) in self.elsewhere.iter_mut().enumerate() {
            other.address = format!("host{}.example", n + 1);
        }
        for (n, file) in self.files.iter_mut().enumerate() {
            *file = format!("log {}", n + 1);
        }
        self
    }
}
