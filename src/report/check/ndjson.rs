//! `check --format ndjson`: a line for each host and program, flat, under names that stay (`clearway.rows/1`), so that a
//! database loads it as it is. A host of several features has one row a program, not one a feature.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::contract::{Actor, FeatureInfo, Timings};
use crate::diagnose::{ActorJudgement, Code, Finding, Verdict};
use crate::document::check::ROWS;
use crate::expect::{Expected, Outcome};
use crate::report::check::expected;
use crate::report::check::view::{Row, View};
use crate::report::json::line;
use crate::report::words;
use crate::run::Run;

/// One row. Every member is there in every row; what is not known is null.
#[derive(Debug, Serialize)]
struct Record<'a> {
    schema: &'static str,
    clearway: &'static str,
    rules_date: &'a str,
    rules_age_days: Option<u32>,
    started_at: &'a str,
    duration_ms: u64,
    label: Option<&'a str>,
    /// The run's tags as the text of a JSON object: their keys are nobody's but the user's, and a row stays flat.
    tags: Option<String>,
    device: &'a str,
    user: &'a str,
    platform: &'static str,
    app_version: String,
    provider: Option<&'a str>,
    run_verdict: &'static str,
    complete: bool,
    host: String,
    port: u16,
    transport: &'static str,
    network: &'static str,
    probed: Option<&'a str>,
    /// The features that need the host, the first in the pack's order first, separated by commas.
    features: String,
    need: &'static str,
    host_verdict: &'static str,
    actor: Option<&'static str>,
    route: Option<String>,
    verdict: &'static str,
    code: &'static str,
    severity: &'static str,
    owner: &'static str,
    confidence: &'static str,
    summary: &'a str,
    evidence: &'a str,
    remedy: &'a str,
    cause: Option<&'a str>,
    thing: Option<usize>,
    /// What the report says of the host: the finding of the cause that explains it, else its own.
    cause_code: &'static str,
    cause_owner: &'static str,
    cause_confidence: &'static str,
    cause_summary: &'a str,
    /// The promises of `--expect` about the host, and the unmet ones in words.
    promises_met: Option<usize>,
    promises_unmet: Option<usize>,
    promises_untested: Option<usize>,
    unmet: Option<String>,
    /// Those of the whole run, also about hosts that it does not have.
    run_promises_met: Option<usize>,
    run_promises_unmet: Option<usize>,
    run_promises_untested: Option<usize>,
    /// `dns_ms` and so on, a member for each stage, and `total_ms`.
    #[serde(flatten)]
    times: Map<String, Value>,
}

/// The rows, each ending in a line feed.
pub fn render(run: &Run, features: &[FeatureInfo]) -> String {
    let view = View::new(run, features);
    let mut out = String::new();
    for row in &view.rows {
        let judged = &row.judged.actors;
        for actor in judged {
            out.push_str(&line(&record(run, &view, row, Who::Judged(actor))));
        }
        if !judged.is_empty() {
            continue;
        }
        // Nothing was sent: who would contact it is known all the same.
        let planned = row.target.requirement.actors();
        for actor in &planned {
            out.push_str(&line(&record(run, &view, row, Who::Planned(*actor))));
        }
        if planned.is_empty() {
            out.push_str(&line(&record(run, &view, row, Who::Nobody)));
        }
    }
    out
}

/// Whose row it is.
#[derive(Clone, Copy)]
enum Who<'a> {
    Judged(&'a ActorJudgement),
    Planned(Actor),
    Nobody,
}

fn record<'a>(run: &'a Run, view: &View<'a>, row: &Row<'a>, who: Who<'a>) -> Record<'a> {
    let requirement = &row.target.requirement;
    let list = &run.requirements;
    let (actor, route, verdict, code) = match who {
        Who::Judged(a) => (Some(a.actor.as_str()), Some(words::route_text(&a.route)), a.verdict, a.code),
        Who::Planned(actor) => (Some(actor.as_str()), None, row.judged.verdict, row.code()),
        Who::Nobody => (None, None, row.judged.verdict, row.code()),
    };
    let finding = finding(row, verdict, code);
    let said = finding.map(|own| match std::ptr::eq(own, &row.judged.finding) {
        true => run.judgement.said_of(row.judged),
        false => own,
    });
    let promises = run.expected.as_ref().map(|all| Promises::of(all, row.target.id));
    let whole = run.expected.as_ref();
    let named = view.groups.iter().filter(|g| g.rows.iter().any(|r| r.target.id == row.target.id));
    let timings: Timings = row.judged.timings.rounded();
    Record {
        schema: ROWS,
        clearway: env!("CARGO_PKG_VERSION"),
        rules_date: &list.rules_date,
        rules_age_days: list.rules_age.map(|a| a.days),
        started_at: &run.started_at,
        duration_ms: run.duration_ms,
        label: run.label.as_deref(),
        tags: (!run.tags.is_empty()).then(|| serde_json::json!(run.tags).to_string()),
        device: &run.environment.host,
        user: &run.environment.user,
        platform: list.platform.as_str(),
        app_version: list.app_version.to_string(),
        provider: list.provider.as_deref(),
        run_verdict: run.judgement.verdict.as_str(),
        complete: list.is_complete(),
        host: requirement.host.to_string(),
        port: requirement.port,
        transport: requirement.transport.as_str(),
        network: requirement.network.as_str(),
        probed: Some(row.target.probed.as_str()).filter(|name| !name.is_empty()),
        features: named.map(|g| g.id).collect::<Vec<_>>().join(","),
        need: row.need.as_str(),
        host_verdict: row.judged.verdict.as_str(),
        actor,
        route,
        verdict: verdict.as_str(),
        code: code.as_str(),
        severity: finding.map_or("info", |f| f.severity.as_str()),
        owner: finding.map_or("none", |f| f.owner.as_str()),
        confidence: finding.map_or("proven", |f| f.confidence.as_str()),
        summary: finding.map_or("", |f| f.summary.as_str()),
        evidence: finding.map_or("", |f| f.evidence.line.as_str()),
        remedy: finding.map_or("", |f| f.remedy.as_str()),
        cause: row.judged.cause.as_deref(),
        thing: view.thing_of(row),
        cause_code: said.map_or(code.as_str(), |f| f.code.as_str()),
        cause_owner: said.map_or("none", |f| f.owner.as_str()),
        cause_confidence: said.map_or("proven", |f| f.confidence.as_str()),
        cause_summary: said.map_or("", |f| f.summary.as_str()),
        promises_met: promises.as_ref().map(|p| p.met),
        promises_unmet: promises.as_ref().map(|p| p.unmet.len()),
        promises_untested: promises.as_ref().map(|p| p.untested),
        unmet: promises.filter(|p| !p.unmet.is_empty()).map(|p| p.unmet.join("; ")),
        run_promises_met: whole.map(|all| all.met),
        run_promises_unmet: whole.map(|all| all.unmet),
        run_promises_untested: whole.map(|all| all.untested),
        times: timings.all().map(|(name, ms)| (format!("{name}_ms"), ms.into())).collect(),
    }
}

/// The promises about one host.
#[derive(Default)]
struct Promises {
    met: usize,
    unmet: Vec<String>,
    untested: usize,
}

impl Promises {
    fn of(all: &Expected, target: u32) -> Self {
        let mut own = Self::default();
        for one in all.results.iter().filter(|one| one.target == Some(target)) {
            match one.result {
                Outcome::Met => own.met += 1,
                Outcome::Unmet => own.unmet.push(expected::title(one)),
                Outcome::Untested => own.untested += 1,
            }
        }
        own
    }
}

/// The finding that an actor's code names. A program that works although another does not has none of the others'.
fn finding<'a>(row: &Row<'a>, verdict: Verdict, code: Code) -> Option<&'a Finding> {
    let judged = row.judged;
    let named = [&judged.finding].into_iter().chain(&judged.also).find(|f| f.code == code);
    named.or_else(|| (verdict != Verdict::Reachable).then_some(&judged.finding))
}
