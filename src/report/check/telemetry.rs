//! `check --otlp`: a run as metrics, and as a log record for the verdict and for each thing to do.

use std::collections::BTreeSet;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::contract::{FeatureInfo, RunVerdict, Severity, Verdict};
use crate::report::check::view::{Thing, View};
use crate::report::check::{metrics, summary};
use crate::report::sanitise;
use crate::run::Run;
use crate::telemetry::{Attribute, Record, Telemetry};

/// Hosts that a record names, at the most; how many there are is said beside them.
const HOSTS: usize = 50;

/// What a collector is told of a run. Nothing here is not in its JSON report, too.
pub fn of(run: &Run, features: &[FeatureInfo]) -> Telemetry {
    let view = View::new(run, features);
    let mut records = vec![verdict(run, &view)];
    records.extend(view.things.iter().map(finding));
    Telemetry {
        resource: resource(run),
        metrics: metrics::of(run, &view),
        records,
        began: OffsetDateTime::parse(&run.started_at, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp),
    }
}

/// Whose the run is. The names of the first four are OpenTelemetry's; a tag has a name of its own, so that none of
/// them can take the place of another attribute.
fn resource(run: &Run) -> Vec<(String, Attribute)> {
    let mut all = vec![
        ("service.name".to_owned(), Attribute::Text("clearway".to_owned())),
        ("service.version".to_owned(), Attribute::Text(env!("CARGO_PKG_VERSION").to_owned())),
    ];
    if !run.environment.host.is_empty() {
        // Stores that keep no attributes of a resource tell two devices apart by the instance.
        for name in ["service.instance.id", "host.name"] {
            all.push((name.to_owned(), text(&run.environment.host)));
        }
    }
    if let Some(label) = &run.label {
        all.push(("clearway.label".to_owned(), text(label)));
    }
    all.extend(
        run.tags.iter().map(|(key, value)| {
            (format!("clearway.tag.{}", sanitise::line(key, sanitise::SHORT)), text(value))
        }),
    );
    if run.is_replayed {
        all.push(("clearway.replayed".to_owned(), Attribute::Flag(true)));
    }
    all
}

fn verdict(run: &Run, view: &View<'_>) -> Record {
    let list = &run.requirements;
    let count = |verdict| whole(view.rows.iter().filter(|row| row.is(verdict)).count());
    let mut attributes =
        vec![("verdict", plain(run.judgement.verdict.as_str())), ("hosts", whole(view.rows.len()))];
    attributes.extend(Verdict::ALL.iter().map(|v| (v.as_str(), count(*v))));
    attributes.extend([
        ("complete", Attribute::Flag(list.is_complete())),
        ("platform", plain(list.platform.as_str())),
        ("app_version", text(&list.app_version.to_string())),
        ("rules_date", text(&list.rules_date)),
        ("started_at", text(&run.started_at)),
        ("duration_ms", whole(run.duration_ms)),
    ]);
    if let Some(provider) = &list.provider {
        attributes.push(("provider", text(provider)));
    }
    if let Some(expected) = &run.expected {
        attributes.push(("expectations_unmet", whole(expected.unmet)));
    }
    Record {
        event: "clearway.verdict",
        severity: match run.judgement.verdict {
            RunVerdict::Blocked => Severity::Error,
            RunVerdict::Unknown | RunVerdict::Degraded => Severity::Warning,
            RunVerdict::Ready => Severity::Info,
        },
        body: format!("{}: {}", run.word().heading(), summary::sentence(run, view)),
        attributes,
    }
}

fn finding(thing: &Thing<'_>) -> Record {
    let found = thing.finding;
    let hosts: Vec<String> =
        thing.rows.iter().map(|row| sanitise::line(&row.endpoint(), sanitise::SHORT)).collect();
    let features: BTreeSet<&str> = thing
        .rows
        .iter()
        .flat_map(|row| row.target.requirement.reasons.iter().map(|reason| reason.feature.as_str()))
        .collect();
    let mut attributes = vec![
        ("code", plain(found.code.as_str())),
        ("severity", plain(found.severity.as_str())),
        ("confidence", plain(found.confidence.as_str())),
        ("owner", plain(found.owner.as_str())),
        (
            "feature",
            Attribute::List(features.into_iter().map(|f| sanitise::line(f, sanitise::SHORT)).collect()),
        ),
        ("host", Attribute::List(hosts.iter().take(HOSTS).cloned().collect())),
        ("host_count", whole(hosts.len())),
    ];
    // The rows of a thing are sorted, the worst need first.
    if let Some(first) = thing.rows.first() {
        attributes.push(("need", plain(first.need.as_str())));
    }
    attributes.push(("evidence", long(&found.evidence.line)));
    attributes.push(("remedy", long(&found.remedy)));
    Record {
        event: "clearway.finding",
        severity: found.severity,
        body: sanitise::line(&found.summary, sanitise::LONG),
        attributes,
    }
}

/// A word of the contract.
fn plain(word: &str) -> Attribute {
    Attribute::Text(word.to_owned())
}

/// Text of a configuration, a device or a saved report.
fn text(text: &str) -> Attribute {
    Attribute::Text(sanitise::line(text, sanitise::SHORT))
}

fn long(text: &str) -> Attribute {
    Attribute::Text(sanitise::line(text, sanitise::LONG))
}

fn whole(n: impl TryInto<i64>) -> Attribute {
    Attribute::Whole(n.try_into().unwrap_or(i64::MAX))
}
