//! What the prober saw, as plain records with times: written by `probe`, judged by `diagnose`,
//! saved in every report so that it can be judged again. No record holds an opinion.
//!
//! All times are milliseconds. `at_ms` counts from the start of the run.

pub mod call;
mod device;
mod dns;
mod http;
mod machine;
mod proxy;
mod tcp;
mod tls;
mod trace;

use serde::{Deserialize, Serialize};

pub use call::{Call, CallKind, CallOutcome, Permission, Quiet, StreamEnd, Usage};
pub use device::{Device, Environment};
pub use dns::{DirectQuery, Dns, DnsAnswer, Lookup, LookupFailure, Searched};
pub use http::{Document, DocumentKind, Http, HttpOutcome, Transfer, TransferEnd, document};
pub use machine::Machine;
pub use proxy::{Proxy, ProxyOutcome, ProxyScript, ScriptOutcome};
pub use tcp::{Banner, Icmp, Tcp, TcpOutcome};
pub use tls::{Certificate, Tls, TlsOutcome, TlsParameters, Trust};
pub use trace::{Step, StepOutcome, Trace};

pub use crate::plan::{Changes, FollowUp, LastStage, Purpose, ServerName, Variation};
use crate::plan::{Control, Route};

/// Everything recorded in one run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Observations {
    /// What this device looked like.
    pub device: Device,
    /// Budget of one stage, ms.
    pub stage_timeout_ms: u64,
    /// Attempts on targets, in the order they ended.
    pub attempts: Vec<Attempt>,
    /// Requests beside the list, made after failures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<Controlled>,
    /// Calls with a credential, and quiet connections; only where they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    /// Why the run stopped before everything was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// The proxy scripts that decided the routes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<ProxyScript>,
    /// What ran in the sandbox's own machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
    /// The paths that were traced; only where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<Trace>,
}

impl Observations {
    /// The attempts that the app would make too: all but the experiments.
    pub fn plain(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter().filter(|a| a.variation.is_none())
    }

    /// The app's own attempts on one path of a target, in the order they ended.
    pub fn tries(&self, target: u32, path: usize) -> impl Iterator<Item = &Attempt> {
        self.plain().filter(move |a| a.target == target && a.path == path)
    }

    /// The experiments; further requests are none.
    pub fn experiments(&self) -> impl Iterator<Item = (&Attempt, &Variation)> {
        let all = self.attempts.iter().filter_map(|a| Some((a, a.variation.as_ref()?)));
        all.filter(|(_, v)| !matches!(v, Variation::FollowUp(_)))
    }

    /// The further requests to hosts whose service speaks more than one sentence.
    pub fn follow_ups(&self) -> impl Iterator<Item = (&Attempt, &FollowUp)> {
        self.attempts.iter().filter_map(|a| match &a.variation {
            Some(Variation::FollowUp(follow_up)) => Some((a, follow_up)),
            _ => None,
        })
    }
}

/// A control and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Controlled {
    /// What was asked, and what an open network answers.
    pub control: Control,
    /// The attempt; its target is 0, which no host has.
    pub attempt: Attempt,
}

/// Why a run ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// The run's deadline passed.
    Deadline,
    /// The user pressed Ctrl-C.
    Interrupted,
}

/// One walk down the ladder: DNS, TCP, proxy, TLS, HTTP. Stages not reached are absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The target's `id`.
    pub target: u32,
    /// Index of the target's path.
    pub path: usize,
    /// Why.
    pub purpose: Purpose,
    /// In what it differs from what the app would do; only where the purpose is an experiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variation: Option<Variation>,
    /// When it began.
    pub at_ms: u64,
    /// So long before this run did the round begin that made the attempt, and from which its times count; 0 for an
    /// attempt of this run itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub before_ms: u64,
    /// The way that was taken.
    pub route: Route,
    /// Name lookup of the host, or of the proxy where one is used; absent for address literals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<Dns>,
    /// Every TCP connection that was tried, in order of start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tcp: Vec<Tcp>,
    /// The conversation with the proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// Every TLS handshake that was tried; the last is the one that counts, before it the others
    /// in order of start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tls: Vec<Tls>,
    /// Every request that was sent; the last is the one that counts, before it the others in
    /// order of start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<Http>,
    /// The first bytes a plain TCP or SSH server sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub banner: Option<Banner>,
    /// Set when the run ended while this attempt was under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<Stopped>,
    /// The whole attempt.
    pub ms: f64,
}

fn is_zero(ms: &u64) -> bool {
    *ms == 0
}

impl Attempt {
    /// The connection that stood first.
    pub fn connection(&self) -> Option<&Tcp> {
        self.tcp.iter().find(|t| t.outcome == TcpOutcome::Connected)
    }

    /// The handshake that counts: the one that completed, else the last that was not given up.
    pub fn handshake(&self) -> Option<&Tls> {
        let completed = self.tls.iter().rev().find(|t| t.outcome == TlsOutcome::Completed);
        completed.or_else(|| self.tls.iter().rev().find(|t| t.outcome != TlsOutcome::Abandoned))
    }

    /// The exchange that counts: the last that was answered, else the last that was not given up; of several that were
    /// silent the one that was waited for longest.
    pub fn answer(&self) -> Option<&Http> {
        let answered = self.http.iter().rev().find(|h| h.outcome == HttpOutcome::Answered);
        if answered.is_some() {
            return answered;
        }
        let last = self.http.iter().rev().find(|h| h.outcome != HttpOutcome::Abandoned)?;
        let silent = self.http.iter().filter(|h| h.outcome == HttpOutcome::Timeout);
        match last.outcome {
            HttpOutcome::Timeout => silent.max_by(|a, b| a.ms.total_cmp(&b.ms)),
            _ => Some(last),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn attempt(tls: &[&str], http: &[&str]) -> Attempt {
        let tls: Vec<_> = tls
            .iter()
            .enumerate()
            .map(|(n, outcome)| {
                serde_json::json!({
                    "remote": "192.0.2.1:443", "at_ms": n, "hello_bytes": 0, "received_bytes": 0,
                    "outcome": { "outcome": outcome }, "ms": 1.0,
                })
            })
            .collect();
        let http: Vec<_> = http
            .iter()
            .enumerate()
            .map(|(n, outcome)| {
                serde_json::json!({
                    "at_ms": n, "version": "HTTP/1.1", "outcome": { "outcome": outcome },
                    "body_bytes": 0, "ms": 1.0,
                })
            })
            .collect();
        serde_json::from_value(serde_json::json!({
            "target": 1, "path": 0, "purpose": "first", "at_ms": 0, "route": { "kind": "direct" },
            "tls": tls, "http": http, "ms": 1.0,
        }))
        .unwrap()
    }

    #[test]
    fn what_came_to_its_end_counts_before_what_came_last() {
        let shaken = |tls: &[&str]| attempt(tls, &[]).handshake().map(|t| t.at_ms);
        assert_eq!(shaken(&["completed", "reset"]), Some(0));
        assert_eq!(shaken(&["timeout", "reset", "abandoned"]), Some(1));
        assert_eq!(shaken(&["abandoned"]), None);
        let answered = |http: &[&str]| attempt(&[], http).answer().map(|h| h.at_ms);
        assert_eq!(answered(&["answered", "timeout"]), Some(0));
        assert_eq!(answered(&["timeout", "reset", "abandoned"]), Some(1));
        assert_eq!(answered(&[]), None);
    }
}
