//! A run as `clearway.check/1`.

use crate::contract::FeatureInfo;
use crate::document::check::{CheckDocument, CheckGroup, CheckHost, SCHEMA};
use crate::document::hosts::{HostEntry, reasons_of};
use crate::report::check::view::{Group, Row, View};
use crate::report::json::{Standing, compact, standing};
use crate::report::words;
use crate::run::Run;

/// The run as `clearway.check/1`, ending in a line feed. It holds all that a replay needs.
pub fn render(run: &Run, features: &[FeatureInfo]) -> String {
    standing(&to_document(run, features), Standing::of(&run.requirements))
}

/// The same on one line and without a character that has a meaning in HTML, to stand in a page.
pub(super) fn embedded(run: &Run, features: &[FeatureInfo]) -> String {
    let text = compact(&to_document(run, features), Standing::of(&run.requirements));
    // These characters stand in texts alone, where JSON has another way to write them.
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// The run as a document, arranged as the other formats arrange it.
pub fn to_document(run: &Run, features: &[FeatureInfo]) -> CheckDocument {
    let view = View::new(run, features);
    let list = &run.requirements;
    let seen = &run.observations;
    CheckDocument {
        schema: SCHEMA.to_owned(),
        clearway: env!("CARGO_PKG_VERSION").to_owned(),
        rules_date: list.rules_date.clone(),
        app_version: list.app_version.clone(),
        platform: list.platform,
        platform_assumed: list.platform_assumed,
        provider: list.provider.clone(),
        inputs: list.inputs.clone(),
        started_at: run.started_at.clone(),
        duration_ms: run.duration_ms,
        label: run.label.clone(),
        tags: run.tags.clone(),
        verdict: run.judgement.verdict,
        environment: run.environment.clone(),
        findings: run.judgement.causes.clone(),
        groups: view.groups.iter().map(|g| group(g, &view)).collect(),
        not_tested: run.judgement.not_tested.clone(),
        expectations: run.expected.clone(),
        paths: run.judgement.paths.clone(),
        notes: list.notes.clone(),
        lint: list.lint.clone(),
        complete: list.is_complete(),
        missing: list.missing.clone(),
        sources: list.sources.clone(),
        stopped: seen.stopped,
        stage_timeout_ms: seen.stage_timeout_ms,
        device: seen.device.clone(),
        proxy_scripts: seen.scripts.clone(),
        machine: seen.machine.clone(),
        plan: run.plan.clone(),
        observations: seen.attempts.clone(),
        controls: seen.controls.clone(),
        calls: seen.calls.clone(),
        traces: seen.traces.clone(),
    }
}

fn group(group: &Group<'_>, view: &View<'_>) -> CheckGroup {
    CheckGroup {
        feature: group.id.to_owned(),
        title: group.title.to_owned(),
        need: Some(group.need),
        hosts: group.rows.iter().map(|r| host(r, group.id, view)).collect(),
    }
}

fn host(row: &Row<'_>, feature: &str, view: &View<'_>) -> CheckHost {
    let Row { target, judged, need } = *row;
    let requirement = &target.requirement;
    let entry = HostEntry::new(requirement, &reasons_of(requirement, feature));
    CheckHost {
        id: target.id,
        host: Some(entry.host),
        port: entry.port,
        transport: Some(entry.transport),
        discovered_from: requirement.hints.discovered_from.clone(),
        probed: Some(target.probed.clone()).filter(|name| !name.is_empty()),
        need: Some(need),
        verdict: judged.verdict,
        via: via(row),
        actors: judged.actors.clone(),
        finding: judged.finding.clone(),
        cause: judged.cause.clone(),
        also: judged.also.clone(),
        notes: judged.notes.clone(),
        timings_ms: judged.timings.clone(),
        purpose: entry.purpose,
        breaks: entry.breaks,
        network: Some(entry.network),
        service: target.service.clone(),
        thing: view.thing_of(row),
    }
}

/// The ways that were planned: one text, nothing when nothing was sent.
fn via(row: &Row<'_>) -> Option<String> {
    let mut routes: Vec<String> = Vec::new();
    for path in &row.target.paths {
        let route = words::route(&path.route);
        if !routes.contains(&route) {
            routes.push(route);
        }
    }
    (!routes.is_empty()).then(|| routes.join("; "))
}
