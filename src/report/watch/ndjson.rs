//! A watch for programs: one flat object a line, `clearway.watch/1`.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Ended, SCHEMA, Subject, moment, seconds, worst_first};
use crate::compare::watch::{Change, Seen, State, Was, Watch};
use crate::contract::{Endpoint, RunWord};
use crate::diagnose::{Code, Verdict};
use crate::report::json::line;

/// The line that stands before everything else.
pub fn begin(watch: &Watch, subject: &Subject) -> String {
    line(&json!({
        "schema": SCHEMA,
        "event": "start",
        "at": moment(watch.since),
        "clearway": env!("CARGO_PKG_VERSION"),
        "rules_date": subject.rules_date,
        "device": subject.device,
        "label": subject.label,
        "every_s": subject.every_s,
        "rounds": subject.rounds,
        "hosts": subject.hosts,
    }))
}

/// The lines of a round that began at `at`: every host in the first, then what changed.
pub fn round(watch: &Watch, changes: &[Change], at: OffsetDateTime) -> String {
    changes.iter().map(|change| line(&one(watch, change, at))).collect()
}

fn one(watch: &Watch, change: &Change, at: OffsetDateTime) -> Value {
    let lasted = |since: OffsetDateTime| seconds(at - since);
    match change {
        Change::Host(seen, was) => host(watch.rounds, seen, was.as_ref(), at),
        Change::Verdict(verdict, was) => json!({
            "schema": SCHEMA,
            "event": "verdict",
            "at": moment(at),
            "round": watch.rounds,
            "run_verdict": verdict.verdict().as_str(),
            "only_optional": only_optional(*verdict),
            "was_run_verdict": was.map(|w| w.value.verdict().as_str()),
            "was_only_optional": was.map(|w| only_optional(w.value)),
            "was_since": was.map(|w| moment(w.since)),
            "was_s": was.map(|w| lasted(w.since)),
            "working": watch.working.0,
            "hosts": watch.working.1,
        }),
        Change::Unmet(unmet, was) => json!({
            "schema": SCHEMA,
            "event": "promises",
            "at": moment(at),
            "round": watch.rounds,
            "unmet": unmet,
            "was_unmet": was.map(|w| w.value),
            "was_since": was.map(|w| moment(w.since)),
            "was_s": was.map(|w| lasted(w.since)),
        }),
    }
}

fn host(round: u64, seen: &Seen, was: Option<&Was<(Verdict, Code)>>, at: OffsetDateTime) -> Value {
    let Endpoint { host, port, transport } = &seen.endpoint;
    json!({
        "schema": SCHEMA,
        "event": "host",
        "at": moment(at),
        "round": round,
        "host": host.to_string(),
        "port": port,
        "transport": transport.as_str(),
        "need": seen.need.as_str(),
        "state": State::of(seen.verdict).as_str(),
        "verdict": seen.verdict.as_str(),
        "code": seen.code.as_str(),
        "was_state": was.map(|w| State::of(w.value.0).as_str()),
        "was_verdict": was.map(|w| w.value.0.as_str()),
        "was_code": was.map(|w| w.value.1.as_str()),
        "was_since": was.map(|w| moment(w.since)),
        "was_s": was.map(|w| seconds(at - w.since)),
        "cause_code": seen.said.code.as_str(),
        "owner": seen.said.owner.as_str(),
        "confidence": seen.said.confidence.as_str(),
        "summary": seen.said.summary,
        "evidence": seen.said.evidence.line,
        "remedy": seen.said.remedy,
    })
}

fn only_optional(word: RunWord) -> bool {
    word == RunWord::OptionalLosses
}

/// What the rounds come to: a line for each host, the worst first, and one for the whole.
pub fn end(watch: &Watch, ended: Ended, exit_code: u8) -> String {
    let mut out = String::new();
    for (Endpoint { host, port, transport }, tally) in worst_first(watch) {
        let outage = tally.longest(watch.last);
        out.push_str(&line(&json!({
            "schema": SCHEMA,
            "event": "summary",
            "at": moment(watch.last),
            "host": host.to_string(),
            "port": port,
            "transport": transport.as_str(),
            "need": tally.need.as_str(),
            "state": State::of(tally.last.0).as_str(),
            "verdict": tally.last.0.as_str(),
            "code": tally.last.1.as_str(),
            "since": moment(tally.since),
            "rounds": tally.rounds(),
            "worked": tally.worked,
            "blocked": tally.blocked,
            "untested": tally.untested,
            // A thousandth is as exact as it is said; never more than it was.
            "availability_percent": tally.per_mille().map(|n| n as f64 / 10.0),
            "flaps": tally.flaps,
            "outage_begin": outage.map(|o| moment(o.begin)),
            "outage_end": outage.and_then(|o| o.end).map(moment),
            "outage_s": outage.map(|o| seconds(o.length(watch.last))),
        })));
    }
    out.push_str(&line(&json!({
        "schema": SCHEMA,
        "event": "end",
        "at": moment(watch.last),
        "since": moment(watch.since),
        "ended": ended.as_str(),
        "rounds": watch.rounds,
        "changes": watch.changes,
        "hosts": watch.hosts.len(),
        "not_counted": watch.left_out,
        "run_verdict": watch.verdict.map(|v| v.value.verdict().as_str()),
        "only_optional": watch.verdict.map(|v| only_optional(v.value)),
        "exit_code": exit_code,
    })));
    out
}
