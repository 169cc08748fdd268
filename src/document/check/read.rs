//! The way back: a saved `clearway.check/1` document as a run, for a replay.
//!
//! The document may come from anybody: every cross-reference is checked here, so that the judges
//! can rely on what they are given.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::{CheckDocument, CheckGroup, MAX_TAGS, SCHEMA, is_tag};
use crate::derive::{MOST_HOSTS, Requirements};
use crate::diagnose::{Cause, HostJudgement, Judgement, TracedPath};
use crate::expect::Expected;
use crate::observation::{Attempt, Machine, Observations, Trace};
use crate::plan::trace::MOST_HOPS;
use crate::plan::{Plan, Route, Target};
use crate::run::Run;
use crate::text::line;

/// Targets a report may have.
const MAX_TARGETS: usize = MOST_HOSTS;
/// Attempts a report may have: two for each path, and what a diagnosis adds.
const MAX_ATTEMPTS: usize = 50_000;
/// Attempts at one target, far above what its routes and all experiments can be: every judge of a host looks at all of
/// them, some at each beside each other.
const MAX_ATTEMPTS_OF_ONE: usize = 256;

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
    /// A report without what a judgement needs.
    #[error(
        "this report was made with --compact, for `clearway fleet`: it has no observations to judge; save one without --compact"
    )]
    Compact,
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
    match document.get("schema") {
        Some(Value::String(s)) if s == SCHEMA => {}
        Some(Value::String(s)) => {
            let shown = line::seen(s, 60);
            return Err(ReadError::Schema { found: format!("\"{shown}\"") });
        }
        _ => return Err(ReadError::Schema { found: "missing".into() }),
    }
    if document.get("compact") == Some(&Value::Bool(true)) {
        return Err(ReadError::Compact);
    }
    let mut read: CheckDocument = serde_path_to_error::deserialize(document).map_err(|e| {
        let place = e.path().to_string();
        let place = if place == "." { "the head".to_owned() } else { line::seen(&place, 100) };
        invalid(place, line::marked(&e.inner().to_string(), 400))
    })?;
    check_tags(&read.tags)?;
    check_plan(&read.plan)?;
    check_attempts(&read.observations, &read.plan)?;
    check_machine(read.machine.as_ref(), &read.plan)?;
    check_causes(&read.findings, &read.plan)?;
    check_traces(&read.traces, &read.paths, &read.plan)?;
    super::inference::check(&read.calls, &read.plan)?;
    let expected = expected(read.expectations, &read.plan)?;
    for requirement in read.plan.targets.iter_mut().map(|t| &mut t.requirement) {
        requirement.loopback = requirement.host.is_loopback();
    }
    let mut requirement_list: Vec<_> = read.plan.targets.iter().map(|t| t.requirement.clone()).collect();
    requirement_list.sort_by(|a, b| (&a.host, a.port, a.transport).cmp(&(&b.host, b.port, b.transport)));
    Ok(Run {
        requirements: Requirements {
            hosts: requirement_list,
            notes: read.notes,
            lint: read.lint,
            missing: read.missing,
            app_version: read.app_version,
            platform: read.platform,
            platform_assumed: read.platform_assumed,
            rules_date: read.rules_date,
            rules_age: None,
            provider: read.provider,
            inputs: read.inputs,
            sources: read.sources,
            by_address: Default::default(),
        },
        observations: Observations {
            device: read.device,
            stage_timeout_ms: read.stage_timeout_ms,
            attempts: read.observations,
            controls: read.controls,
            calls: read.calls,
            stopped: read.stopped,
            scripts: read.proxy_scripts,
            machine: read.machine,
            traces: read.traces,
        },
        judgement: Judgement {
            verdict: read.verdict,
            hosts: judgements(read.groups, &read.plan)?,
            causes: read.findings,
            not_tested: read.not_tested,
            paths: read.paths,
        },
        environment: read.environment,
        started_at: read.started_at,
        label: read.label,
        tags: read.tags,
        duration_ms: read.duration_ms,
        is_replayed: false,
        expected,
        plan: read.plan,
    })
}

/// What became of promises. It is shown as it was saved, so its counts are made anew.
fn expected(saved: Option<Expected>, plan: &Plan) -> Result<Option<Expected>, ReadError> {
    let Some(saved) = saved else { return Ok(None) };
    if saved.results.len() > MAX_ATTEMPTS {
        return Err(invalid("expectations.results", format!("more than {MAX_ATTEMPTS}")));
    }
    let unknown = |id: &u32| plan.target(*id).is_none();
    for (i, result) in saved.results.iter().enumerate() {
        if let Some(id) = result.target.filter(unknown) {
            return Err(invalid(
                format!("expectations.results[{i}]"),
                format!("host {id} is not in the plan"),
            ));
        }
    }
    Ok(Some(Expected::of(saved.source, saved.results)))
}

/// Tags of a report are those that the command line takes: every rendering shows all of them.
fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), ReadError> {
    if tags.len() > MAX_TAGS {
        return Err(invalid("tags", format!("more than {MAX_TAGS}")));
    }
    match tags.iter().find(|(key, value)| !is_tag(key, value)) {
        Some((key, _)) => Err(invalid(format!("tags.{}", line::seen(key, 60)), "no tag that `--tag` takes")),
        None => Ok(()),
    }
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

fn check_attempts(attempts: &[Attempt], plan: &Plan) -> Result<(), ReadError> {
    if attempts.len() > MAX_ATTEMPTS {
        return Err(invalid("observations", format!("more than {MAX_ATTEMPTS} attempts")));
    }
    let targets: HashMap<u32, &Target> = plan.targets.iter().map(|t| (t.id, t)).collect();
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for (i, attempt) in attempts.iter().enumerate() {
        let place = || format!("observations[{i}]");
        let count = counts.entry(attempt.target).or_default();
        *count += 1;
        if *count > MAX_ATTEMPTS_OF_ONE {
            let one = attempt.target;
            return Err(invalid(
                place(),
                format!("more than {MAX_ATTEMPTS_OF_ONE} attempts at target {one}"),
            ));
        }
        let Some(target) = targets.get(&attempt.target) else {
            return Err(invalid(place(), format!("target {} is not in the plan", attempt.target)));
        };
        if attempt.path >= target.paths.len() {
            return Err(invalid(place(), format!("target {} has no path {}", attempt.target, attempt.path)));
        }
        if let Route::Proxy { port: 0, .. } = attempt.route {
            return Err(invalid(place(), "a proxy has no port"));
        }
    }
    Ok(())
}

/// What ran in the sandbox's own machine.
fn check_machine(machine: Option<&Machine>, plan: &Plan) -> Result<(), ReadError> {
    for (i, attempt) in machine.iter().flat_map(|m| &m.attempts).enumerate() {
        let place = || format!("machine.attempts[{i}]");
        if i >= MAX_TARGETS {
            return Err(invalid(place(), format!("more than {MAX_TARGETS} hosts")));
        }
        if plan.target(attempt.target).is_none() {
            return Err(invalid(place(), format!("target {} is not in the plan", attempt.target)));
        }
        if let Route::Proxy { port: 0, .. } = attempt.route {
            return Err(invalid(place(), "a proxy has no port"));
        }
    }
    Ok(())
}

fn check_causes(causes: &[Cause], plan: &Plan) -> Result<(), ReadError> {
    for (i, cause) in causes.iter().enumerate() {
        if let Some(id) = cause.hosts.iter().find(|id| plan.target(**id).is_none()) {
            return Err(invalid(format!("findings[{i}]"), format!("host {id} is not in the plan")));
        }
    }
    Ok(())
}

/// The traces, and what the report says of them.
fn check_traces(traces: &[Trace], paths: &[TracedPath], plan: &Plan) -> Result<(), ReadError> {
    for (i, trace) in traces.iter().enumerate() {
        let place = || format!("traces[{i}]");
        let Some(target) = plan.target(trace.target) else {
            return Err(invalid(place(), format!("target {} is not in the plan", trace.target)));
        };
        if i >= MAX_TARGETS {
            return Err(invalid(place(), format!("more than {MAX_TARGETS} hosts")));
        }
        if trace.path >= target.paths.len().max(1) {
            return Err(invalid(place(), format!("target {} has no path {}", trace.target, trace.path)));
        }
        let steps = || trace.connections.iter().chain(&trace.hellos);
        if steps().count() > 2 * usize::from(MOST_HOPS) || steps().any(|s| s.ttl == 0 || s.ttl > MOST_HOPS) {
            return Err(invalid(place(), format!("hops are counted from 1 to {MOST_HOPS}")));
        }
    }
    for (i, path) in paths.iter().enumerate() {
        let place = || format!("paths[{i}]");
        if plan.target(path.target).is_none() {
            return Err(invalid(place(), format!("host {} is not in the plan", path.target)));
        }
        if i >= MAX_TARGETS || path.hops.len() > usize::from(MOST_HOPS) {
            return Err(invalid(place(), "more hosts or hops than a run traces"));
        }
    }
    Ok(())
}

/// The judgement of every target, in plan order; of a host that is repeated in several groups, the first.
fn judgements(groups: Vec<CheckGroup>, plan: &Plan) -> Result<Vec<HostJudgement>, ReadError> {
    let mut found: HashMap<u32, HostJudgement> = HashMap::new();
    for host in groups.into_iter().flat_map(|group| group.hosts) {
        found.entry(host.id).or_insert_with(|| host.into_judgement());
    }
    let missing = |id: u32| invalid("groups", format!("host {id} of the plan is in none"));
    plan.targets.iter().map(|t| found.remove(&t.id).ok_or_else(|| missing(t.id))).collect()
}
