//! The documents that hold runs against each other.

use serde_json::{Value, json};

use super::super::Run;
use super::document;
use crate::compare::between::TIMINGS_RULE;
use crate::compare::{Between, Table};

/// Two runs as `clearway.diff/1` with `kind` `reports`.
pub fn between(found: &Between, old: &Run, new: &Run, judged_by: &str) -> String {
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
    document(&json!({
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
    }))
}

/// A table of runs as `clearway.compare/1`.
pub fn compare(table: &Table, judged_by: &str) -> String {
    let mut value = json!({
        "schema": "clearway.compare/1",
        "clearway": env!("CARGO_PKG_VERSION"),
        "rules_date": judged_by,
        "several_configurations": table.has_several_configurations(),
        "reports": table.columns,
        "groups": table.groups,
    });
    for report in value.get_mut("reports").and_then(Value::as_array_mut).into_iter().flatten() {
        let counts = report.get("counts").and_then(Value::as_array).cloned().unwrap_or_default();
        if let ([ok, warning, blocked, untested], Value::Object(map)) = (counts.as_slice(), report) {
            let counts =
                json!({ "reachable": ok, "warning": warning, "blocked": blocked, "untested": untested });
            map.insert("counts".into(), counts);
        }
    }
    document(&value)
}
