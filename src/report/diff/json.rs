//! Two lists, or two runs, as `clearway.diff/1`.

use serde_json::json;

use crate::compare::Between;
use crate::compare::between::TIMINGS_RULE;
use crate::derive::Requirements;
use crate::derive::diff::Diff;
use crate::report::json::{Standing, standing};
use crate::rules::age::Age;
use crate::run::Run;

/// A comparison as `clearway.diff/1`.
pub fn lists(found: &Diff, old: &Requirements, new: &Requirements) -> String {
    let side = |list: &Requirements| {
        json!({
            "app_version": list.app_version,
            "platform": list.platform,
            "platform_assumed": list.platform_assumed,
            "provider": list.provider,
            "inputs": list.inputs,
            "complete": list.is_complete(),
            "missing": list.missing,
        })
    };
    let value = json!({
        "schema": "clearway.diff/1",
        "kind": "lists",
        "clearway": env!("CARGO_PKG_VERSION"),
        "rules_date": new.rules_date,
        "old": side(old),
        "new": side(new),
        "hosts_added": found.hosts_added,
        "hosts_removed": found.hosts_removed,
        "hosts_kept": found.hosts_kept,
        "groups": found.groups,
        "notes": found.notes,
    });
    standing(&value, Standing::of(new))
}

/// Two runs as `clearway.diff/1` with `kind` `reports`.
pub fn runs(found: &Between, old: &Run, new: &Run, judged_by: &str, age: Option<Age>) -> String {
    let side = |run: &Run| {
        json!({
            "label": run.label,
            "verdict": run.judgement.verdict,
            "started_at": run.started_at,
            "environment": run.environment,
            "app_version": run.requirements.app_version,
            "platform": run.requirements.platform,
            "platform_assumed": run.requirements.platform_assumed,
            "provider": run.requirements.provider,
            "rules_date": run.requirements.rules_date,
            "inputs": run.requirements.inputs,
            "complete": run.requirements.is_complete(),
            "missing": run.requirements.missing,
            "hosts": run.plan.targets.len(),
        })
    };
    let value = json!({
        "schema": "clearway.diff/1",
        "kind": "reports",
        "clearway": env!("CARGO_PKG_VERSION"),
        "rules_date": judged_by,
        "old": side(old),
        "new": side(new),
        "hosts": found.hosts,
        "hosts_same": found.same,
        "hosts_still_blocked": found.still_blocked,
        "causes": {
            "appeared": found.appeared,
            "disappeared": found.disappeared,
            "remaining": found.remaining,
        },
        "environment": found.environment,
        "timings": found.timings,
        "timings_rule": TIMINGS_RULE,
    });
    standing(&value, Standing::aged(age))
}
