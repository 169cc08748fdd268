//! A run held against what was found on the device itself: which of its findings the device explains.

use crate::contract::{Actor, Code, DeviceCode};
use crate::device::{Finding, Report};
use crate::diagnose::{HostJudgement, Verdict};
use crate::rules::codes::{Codes, DeviceEntry};
use crate::run::Run;

use super::judged;

/// What was found on the device beside a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// What was found there.
    pub report: Report,
    /// What of the run each finding explains, in the order of the findings; nothing for most.
    pub explains: Vec<Explained>,
}

/// Hosts of a run whose finding something on the device explains.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Explained {
    /// What is found on the device.
    pub code: DeviceCode,
    /// The hosts, each with its code.
    pub hosts: Vec<Host>,
}

/// A host whose finding is explained.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Host {
    /// As it is written on a command line.
    pub host: String,
    /// What the run found.
    pub code: Code,
}

/// Holds a run against what was found on the device that it was made from.
pub fn beside(run: &Run, report: Report, codes: &Codes) -> Device {
    let of = |finding: &Finding| {
        let entry = codes.device(finding.code)?;
        let hosts: Vec<Host> = judged(run)
            .filter_map(|(target, host)| {
                let name = target.requirement.host.to_string();
                let concerned = finding.hosts.is_empty() || finding.hosts.contains(&name);
                let code = explained(entry, host).filter(|_| concerned)?;
                let host = crate::contract::endpoint::listed(&target.requirement.host, target.port());
                Some(Host { host, code })
            })
            .collect();
        (!hosts.is_empty()).then_some(Explained { code: finding.code, hosts })
    };
    let explains = report.findings.iter().filter_map(of).collect();
    Device { report, explains }
}

/// The code of a host that an entry explains: of the host, or of one of the programs that the entry is about.
fn explained(entry: &DeviceEntry, host: &HostJudgement) -> Option<Code> {
    let about = |actor: &Actor| entry.explains_for.is_empty() || entry.explains_for.contains(actor);
    let bad = |verdict: Verdict| matches!(verdict, Verdict::Blocked | Verdict::Warning);
    let codes = host.actors.iter().filter(|a| about(&a.actor) && bad(a.verdict)).map(|a| a.code);
    let own = entry.explains_for.is_empty().then_some(host.finding.code);
    own.into_iter().chain(codes).find(|code| entry.explains.contains(code))
}
