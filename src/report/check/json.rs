//! A run as `clearway.check/1`.

use serde_json::{Map, Value, json};

use crate::contract::FeatureInfo;
use crate::diagnose::Timings;
use crate::document::check::SCHEMA;
use crate::document::hosts::HostEntry;
use crate::report::check::view::{Group, Row, View};
use crate::report::json::{Standing, standing};
use crate::report::words;
use crate::run::Run;

/// The run as `clearway.check/1`, ending in a line feed. It holds all that a replay needs.
pub fn render(run: &Run, features: &[FeatureInfo]) -> String {
    let view = View::new(run, features);
    let r = &run.requirements;
    let groups: Vec<Value> = view.groups.iter().map(|g| group(g, &view)).collect();
    let environment = {
        let mut map = object(&run.environment);
        map.entry("vpn_hint").or_insert(Value::Null);
        map
    };
    let mut document = json!({
        "schema": SCHEMA,
        "clearway": env!("CARGO_PKG_VERSION"),
        "rules_date": r.rules_date,
        "app_version": r.app_version,
        "platform": r.platform,
        "platform_assumed": r.platform_assumed,
        "provider": r.provider,
        "inputs": r.inputs,
        "started_at": run.started_at,
        "duration_ms": run.duration_ms,
        "label": run.label,
        "verdict": run.judgement.verdict,
        "environment": environment,
        "findings": run.judgement.causes,
        "groups": groups,
        "not_tested": run.judgement.not_tested,
        "notes": r.notes,
        "lint": r.lint,
        "complete": r.is_complete(),
        "missing": r.missing,
        "sources": r.sources,
        "stopped": run.observations.stopped,
        "stage_timeout_ms": run.observations.stage_timeout_ms,
        "device": run.observations.device,
        "proxy_scripts": run.observations.scripts,
        "plan": run.plan,
        "observations": run.observations.attempts,
    });
    if !run.observations.controls.is_empty() {
        document["controls"] = json!(run.observations.controls);
    }
    // Only where calls were asked for.
    if let (Value::Object(map), false) = (&mut document, run.observations.calls.is_empty()) {
        map.insert("calls".to_owned(), json!(run.observations.calls));
    }
    standing(&document, Standing::of(r))
}

fn object(value: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

fn group(group: &Group<'_>, view: &View<'_>) -> Value {
    let hosts: Vec<Value> = group.rows.iter().map(|r| host(r, group.id, view)).collect();
    json!({ "feature": group.id, "title": group.title, "need": group.need, "hosts": hosts })
}

fn host(row: &Row<'_>, feature: &str, view: &View<'_>) -> Value {
    let Row { target, judged, need } = *row;
    let requirement = &target.requirement;
    let reasons = crate::document::hosts::reasons_of(requirement, feature);
    let entry = HostEntry::new(requirement, &reasons);
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    put("id", json!(target.id));
    put("host", json!(requirement.host));
    put("port", json!(requirement.port));
    put("transport", json!(requirement.transport));
    if let Some(url) = &requirement.hints.discovered_from {
        put("discovered_from", json!(url));
    }
    put("probed", if target.probed.is_empty() { Value::Null } else { json!(target.probed) });
    put("need", json!(need));
    put("verdict", json!(judged.verdict));
    put("via", via(row));
    put("actors", json!(judged.actors));
    put("finding", json!(judged.finding));
    if let Some(cause) = &judged.cause {
        put("cause", json!(cause));
    }
    put("also", json!(judged.also));
    if !judged.notes.is_empty() {
        put("notes", json!(judged.notes));
    }
    put("timings_ms", timings(&judged.timings));
    put("purpose", json!(entry.purpose));
    put("breaks", json!(entry.breaks));
    put("network", json!(requirement.network));
    put("service", json!(target.service));
    put("thing", json!(view.thing_of(row)));
    Value::Object(map)
}

/// The ways that were planned: one text, null when nothing was sent.
fn via(row: &Row<'_>) -> Value {
    let mut routes: Vec<String> = Vec::new();
    for path in &row.target.paths {
        let route = words::route(&path.route);
        if !routes.contains(&route) {
            routes.push(route);
        }
    }
    if routes.is_empty() { Value::Null } else { json!(routes.join("; ")) }
}

/// Rounded to 0.1 ms; finer digits are noise.
fn timings(t: &Timings) -> Value {
    let tenths = |ms: Option<f64>| ms.map(|ms| (ms * 10.0).round() / 10.0);
    Value::Object(t.all().map(|(name, ms)| (name.to_owned(), json!(tenths(ms)))).collect())
}
