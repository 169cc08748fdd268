//! The way back: a saved `clearway.check/1` document as a run, for a replay.
//!
//! The document may come from anybody: every cross-reference is checked here, so that the judges
//! can rely on what they are given.

use std::collections::{HashMap, HashSet};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::SCHEMA;
use crate::derive::Requirements;
use crate::diagnose::{Cause, HostJudgement, Judgement, NotTested, RunVerdict, Timings};
use crate::observation::{Attempt, Controlled, Observations};
use crate::plan::{Plan, Route, Target};
use crate::run::Run;
use crate::text::line;

/// Targets a report may have.
const MAX_TARGETS: usize = 5_000;
/// Attempts a report may have: two for each path, and what a diagnosis adds.
const MAX_ATTEMPTS: usize = 50_000;

/// A document that is no report, or a damaged one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is another kind of JSON.
    #[error(
        "not a report of `clearway check`: `schema` is {found}, expected \"{SCHEMA}\"; save one with `clearway check --format json -o FILE`"
    )]
    Schema {
        /// What stands there.
        found: String,
    },
    /// A part of it is wrong.
    #[error("the report is damaged: {place}: {reason}")]
    Invalid {
        /// Where in the document, such as `observations[3]`.
        place: String,
        /// What is wrong.
        reason: String,
    },
}

pub(super) fn invalid(place: impl Into<String>, reason: impl Into<String>) -> ReadError {
    let reason: String = reason.into();
    ReadError::Invalid { place: place.into(), reason: line::seen(&reason, 300) }
}

/// Rebuilds the run that a `clearway.check/1` document was written from. The judgement is the
/// saved one; to judge again is the caller's part.
///
/// # Errors
/// [`ReadError`] says which part of the document is missing, damaged or inconsistent.
pub fn read_check(document: Value) -> Result<Run, ReadError> {
    let Value::Object(mut top) = document else {
        return Err(ReadError::Schema { found: "missing".into() });
    };
    match top.get("schema") {
        Some(Value::String(s)) if s == SCHEMA => {}
        Some(Value::String(s)) => {
            let shown = line::seen(s, 60);
            return Err(ReadError::Schema { found: format!("\"{shown}\"") });
        }
        _ => return Err(ReadError::Schema { found: "missing".into() }),
    }
    let mut plan: Plan = take(&mut top, "plan")?;
    check_plan(&plan)?;
    for requirement in plan.targets.iter_mut().map(|t| &mut t.requirement) {
        requirement.loopback = requirement.host.is_loopback();
    }
    let attempts = attempts(&mut top, &plan)?;
    let hosts = judgements(&mut top, &plan)?;
    let mut requirement_list: Vec<_> = plan.targets.iter().map(|t| t.requirement.clone()).collect();
    requirement_list.sort_by(|a, b| (&a.host, a.port, a.transport).cmp(&(&b.host, b.port, b.transport)));
    let causes: Vec<Cause> = take(&mut top, "findings")?;
    for (i, cause) in causes.iter().enumerate() {
        if let Some(id) = cause.hosts.iter().find(|id| plan.target(**id).is_none()) {
            return Err(invalid(format!("findings[{i}]"), format!("host {id} is not in the plan")));
        }
    }
    let verdict: RunVerdict = take(&mut top, "verdict")?;
    let not_tested: Vec<NotTested> = take(&mut top, "not_tested")?;
    Ok(Run {
        requirements: Requirements {
            hosts: requirement_list,
            notes: take(&mut top, "notes")?,
            lint: take(&mut top, "lint")?,
            missing: take::<Option<_>>(&mut top, "missing")?.unwrap_or_default(),
            app_version: take(&mut top, "app_version")?,
            platform: take(&mut top, "platform")?,
            platform_assumed: take(&mut top, "platform_assumed")?,
            rules_date: take(&mut top, "rules_date")?,
            rules_age: None,
            provider: take(&mut top, "provider")?,
            inputs: take(&mut top, "inputs")?,
            sources: take::<Option<_>>(&mut top, "sources")?.unwrap_or_default(),
        },
        observations: Observations {
            device: take(&mut top, "device")?,
            stage_timeout_ms: take(&mut top, "stage_timeout_ms")?,
            attempts,
            controls: take::<Option<Vec<Controlled>>>(&mut top, "controls")?.unwrap_or_default(),
            calls: super::inference::read(&mut top, &plan)?,
            stopped: take(&mut top, "stopped")?,
            scripts: take::<Option<_>>(&mut top, "proxy_scripts")?.unwrap_or_default(),
        },
        judgement: Judgement { verdict, hosts, causes, not_tested },
        environment: take(&mut top, "environment")?,
        started_at: take(&mut top, "started_at")?,
        label: take(&mut top, "label")?,
        duration_ms: take(&mut top, "duration_ms")?,
        plan,
    })
}

/// Takes one field out of an object. A field that is missing reads as null, which only optional
/// fields accept.
fn take<T: DeserializeOwned>(object: &mut Map<String, Value>, key: &str) -> Result<T, ReadError> {
    let missing = !object.contains_key(key);
    let value = object.remove(key).unwrap_or_default();
    serde_json::from_value(value)
        .map_err(|e| invalid(key, if missing { "it is missing".to_owned() } else { e.to_string() }))
}

fn check_plan(plan: &Plan) -> Result<(), ReadError> {
    if plan.targets.len() > MAX_TARGETS {
        return Err(invalid("plan.targets", format!("more than {MAX_TARGETS} hosts")));
    }
    let mut ids = HashSet::new();
    for (i, target) in plan.targets.iter().enumerate() {
        if !ids.insert(target.id) {
            return Err(invalid(format!("plan.targets[{i}]"), format!("id {} is there twice", target.id)));
        }
        if target.requirement.reasons.is_empty() {
            return Err(invalid(format!("plan.targets[{i}]"), "it has no reason"));
        }
    }
    Ok(())
}

fn attempts(top: &mut Map<String, Value>, plan: &Plan) -> Result<Vec<Attempt>, ReadError> {
    let values: Vec<Value> = take(top, "observations")?;
    if values.len() > MAX_ATTEMPTS {
        return Err(invalid("observations", format!("more than {MAX_ATTEMPTS} attempts")));
    }
    let targets: HashMap<u32, &Target> = plan.targets.iter().map(|t| (t.id, t)).collect();
    let mut attempts = Vec::with_capacity(values.len());
    for (i, value) in values.into_iter().enumerate() {
        let place = || format!("observations[{i}]");
        let attempt: Attempt = serde_json::from_value(value).map_err(|e| invalid(place(), e.to_string()))?;
        let Some(target) = targets.get(&attempt.target) else {
            return Err(invalid(place(), format!("target {} is not in the plan", attempt.target)));
        };
        if attempt.path >= target.paths.len() {
            return Err(invalid(place(), format!("target {} has no path {}", attempt.target, attempt.path)));
        }
        if let Route::Proxy { port: 0, .. } = attempt.route {
            return Err(invalid(place(), "a proxy has no port"));
        }
        attempts.push(attempt);
    }
    Ok(attempts)
}

/// The judgement of every target, in plan order; a host repeated in several groups is read once.
fn judgements(top: &mut Map<String, Value>, plan: &Plan) -> Result<Vec<HostJudgement>, ReadError> {
    let groups: Vec<Map<String, Value>> = take(top, "groups")?;
    let mut found: HashMap<u32, HostJudgement> = HashMap::new();
    for (g, mut group) in groups.into_iter().enumerate() {
        let hosts: Vec<Map<String, Value>> = take(&mut group, "hosts")
            .map_err(|_| invalid(format!("groups[{g}].hosts"), "it is no list of hosts"))?;
        for (h, mut host) in hosts.into_iter().enumerate() {
            let at = |e: ReadError| match e {
                ReadError::Invalid { place, reason } => {
                    invalid(format!("groups[{g}].hosts[{h}].{place}"), reason)
                }
                other @ ReadError::Schema { .. } => other,
            };
            let id: u32 = take(&mut host, "id").map_err(at)?;
            if found.contains_key(&id) {
                continue;
            }
            found.insert(id, judgement(id, &mut host).map_err(at)?);
        }
    }
    plan.targets
        .iter()
        .map(|t| {
            found
                .remove(&t.id)
                .ok_or_else(|| invalid("groups", format!("host {} of the plan is in none", t.id)))
        })
        .collect()
}

fn judgement(id: u32, host: &mut Map<String, Value>) -> Result<HostJudgement, ReadError> {
    let timings: Timings = take(host, "timings_ms")?;
    Ok(HostJudgement {
        target: id,
        verdict: take(host, "verdict")?,
        actors: take(host, "actors")?,
        finding: take(host, "finding")?,
        cause: take(host, "cause")?,
        also: take(host, "also")?,
        notes: take::<Option<Vec<String>>>(host, "notes")?.unwrap_or_default(),
        timings,
    })
}
