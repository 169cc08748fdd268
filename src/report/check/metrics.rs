//! The metrics of a run: one table for all that show them (`--format prometheus`, `--otlp`).

use std::collections::BTreeMap;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::contract::{RunVerdict, Stage, Verdict};
use crate::expect::{Expected, Outcome};
use crate::report::check::view::{Row, View};
use crate::report::exposition::Family;
use crate::run::Run;
use crate::telemetry::{Metric, Number};

/// Seconds of a day.
const DAY: u64 = 86_400;

/// The run as metrics.
pub(super) fn of(run: &Run, view: &View<'_>) -> Vec<Metric> {
    let mut out = Vec::new();
    about(&mut out, run);
    verdicts(&mut out, run, view);
    if let Some(expected) = &run.expected {
        promises(&mut out, expected);
    }
    hosts(&mut out, run, view);
    out
}

fn about(out: &mut Vec<Metric>, run: &Run) {
    let list = &run.requirements;
    Family::new(out, "clearway_build_info", "Version of Clearway and date of its rules; always 1.")
        .add(&[("version", env!("CARGO_PKG_VERSION")), ("rules_date", &list.rules_date)], 1);
    Family::new(out, "clearway_run_info", "What the run was of; always 1.").add(
        &[
            ("device", run.environment.host.as_str()),
            ("label", run.label.as_deref().unwrap_or_default()),
            ("provider", list.provider.as_deref().unwrap_or_default()),
            ("platform", list.platform.as_str()),
            ("app_version", &list.app_version.to_string()),
        ],
        1,
    );
    if let Ok(start) = OffsetDateTime::parse(&run.started_at, &Rfc3339) {
        Family::new(out, "clearway_run_timestamp_seconds", "When the run began, Unix time.")
            .add(&[], start.unix_timestamp());
    }
    Family::new(out, "clearway_run_duration_seconds", "How long the run took.")
        .add(&[], Number::Millis(run.duration_ms));
    if let Some(age) = list.rules_age {
        Family::new(
            out,
            "clearway_rules_age_seconds",
            "Age of the rules on the day the metrics were written.",
        )
        .add(&[], u64::from(age.days) * DAY);
    }
    Family::new(out, "clearway_list_complete", "1 where every required host is on the list.")
        .add(&[], u8::from(list.is_complete()));
}

fn verdicts(out: &mut Vec<Metric>, run: &Run, view: &View<'_>) {
    let mut family = Family::new(out, "clearway_verdict", "The verdict of the run: 1 at the one that holds.");
    for verdict in RunVerdict::ALL {
        family.add(&[("verdict", verdict.as_str())], u8::from(*verdict == run.judgement.verdict));
    }
    let mut family = Family::new(out, "clearway_hosts", "Hosts by need and verdict.");
    for need in crate::contract::Need::ALL {
        for verdict in Verdict::ALL {
            let count = view.rows.iter().filter(|r| r.need == *need && r.is(*verdict)).count();
            family.add(&[("need", need.as_str()), ("verdict", verdict.as_str())], count);
        }
    }
    // Things that share these labels are one series.
    let mut found: BTreeMap<[&str; 4], usize> = BTreeMap::new();
    for thing in &view.things {
        let f = thing.finding;
        let labels = [f.code.as_str(), f.owner.as_str(), f.severity.as_str(), f.confidence.as_str()];
        *found.entry(labels).or_default() += thing.rows.len();
    }
    let mut family = Family::new(
        out,
        "clearway_finding_hosts",
        "Hosts that a finding explains, by whom it is to be fixed.",
    );
    for ([code, owner, severity, confidence], hosts) in found {
        family.add(
            &[("code", code), ("owner", owner), ("severity", severity), ("confidence", confidence)],
            hosts,
        );
    }
}

/// What became of the promises of `--expect`.
fn promises(out: &mut Vec<Metric>, expected: &Expected) {
    let mut family = Family::new(out, "clearway_promises", "Promises of --expect by what became of them.");
    for result in Outcome::ALL {
        let count = match result {
            Outcome::Met => expected.met,
            Outcome::Unmet => expected.unmet,
            Outcome::Untested => expected.untested,
        };
        family.add(&[("result", result.as_str())], count);
    }
    let mut family = Family::new(
        out,
        "clearway_promise_not_met",
        "A promise that is unmet or untested, with the line of the file; always 1.",
    );
    for result in [Outcome::Unmet, Outcome::Untested] {
        for one in expected.with(result) {
            let host = if one.host.is_empty() { &one.hosts } else { &one.host };
            family.add(
                &[
                    ("host", host.as_str()),
                    ("promise", one.promise.as_str()),
                    ("line", &one.line.to_string()),
                    ("result", result.as_str()),
                    ("owner", one.owner.map_or("none", |owner| owner.as_str())),
                ],
                1,
            );
        }
    }
}

fn hosts(out: &mut Vec<Metric>, run: &Run, view: &View<'_>) {
    let endpoint = |row: &Row<'_>| {
        let r = &row.target.requirement;
        (r.host.to_string(), r.port.to_string(), r.transport.as_str())
    };
    let mut family =
        Family::new(out, "clearway_host_verdict", "The verdict of a host: 1 at the one that holds.");
    for row in &view.rows {
        let (host, port, transport) = endpoint(row);
        for verdict in Verdict::ALL {
            family.add(
                &[
                    ("host", host.as_str()),
                    ("port", port.as_str()),
                    ("transport", transport),
                    ("need", row.need.as_str()),
                    ("verdict", verdict.as_str()),
                ],
                u8::from(row.is(*verdict)),
            );
        }
    }
    let mut family = Family::new(
        out,
        "clearway_host_stage_seconds",
        "How long a stage took at the attempt that counts; a stage that did not run has none.",
    );
    for row in &view.rows {
        let (host, port, transport) = endpoint(row);
        for stage in Stage::ALL {
            let Some(ms) = row.judged.timings.of(*stage).filter(|ms| ms.is_finite()) else { continue };
            family.add(
                &[
                    ("host", host.as_str()),
                    ("port", port.as_str()),
                    ("transport", transport),
                    ("stage", stage.as_str()),
                ],
                seconds(ms),
            );
        }
    }
    let mut family = Family::new(
        out,
        "clearway_host_certificate_expiry_timestamp_seconds",
        "When the certificate that a host showed ends, Unix time.",
    );
    for row in &view.rows {
        let (host, port, _) = endpoint(row);
        let shown =
            run.observations.plain().filter(|a| a.target == row.target.id).filter_map(|a| a.handshake());
        let Some(leaf) = shown.filter_map(|t| t.chain.first()).last() else { continue };
        family.add(
            &[("host", host.as_str()), ("port", port.as_str()), ("issuer", leaf.issuer.as_str())],
            leaf.not_after,
        );
    }
}

/// Milliseconds as seconds, to the tenth of a millisecond; finer digits are noise.
fn seconds(ms: f64) -> f64 {
    (ms * 10.0).round() / 10_000.0
}
