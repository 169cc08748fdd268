//! The sandbox's own machine: what ran in it is judged like any other host, in a world of its own, since neither
//! name lookup nor routes nor trust of this device hold there.

use super::context::Context;
use super::evidence::{Draft, Walk};
use super::finding::{Certainty, Code, Owner, Verdict};
use super::run_facts::RunFacts;
use super::wording::span;
use super::{ladder, operator};
use crate::contract::Actor;
use crate::observation::{Device, Machine, Observations, Trust};
use crate::plan::{Path, Plan, Route, Target};
use crate::rules::codes::Codes;
use crate::rules::services::Services;

/// The kind of wording of what this device reaches and the machine does not.
pub(crate) const CASE: &str = "machine";

/// The machine's own plan, with one path for each host that was asked there, and what was seen on them.
pub(crate) struct World {
    pub plan: Plan,
    pub observations: Observations,
    pub run: RunFacts,
}

/// The world of the machine; none where nothing ran there.
pub(crate) fn world(
    plan: &Plan,
    observations: &Observations,
    services: &Services,
    device: &RunFacts,
) -> Option<World> {
    let machine = observations.machine.as_ref()?;
    let mut attempts = machine.attempts.clone();
    attempts.retain(|a| plan.target(a.target).is_some_and(|t| t.skip.is_none()));
    let mut targets: Vec<Target> = Vec::new();
    for attempt in &mut attempts {
        attempt.path = 0;
        let Some(target) = plan.target(attempt.target).filter(|t| targets.iter().all(|have| have.id != t.id))
        else {
            continue;
        };
        let mut target = target.clone();
        target.paths = vec![Path { route: attempt.route.clone(), actors: vec![Actor::Vm] }];
        // The script asks for no path of a configuration: the answer to another one tells nothing of the service.
        if !target.requirement.hints.base_path.is_empty() {
            target.service = None;
        }
        let public = operator::must_be_public(&target, services);
        for tls in &mut attempt.tls {
            let Some(leaf) = tls.chain.first() else { continue };
            // Only the name of the issuer came out of the machine; what this device knows of it holds there too.
            let known = services.filters().inspector([leaf.issuer.as_str()]).is_some();
            // Dates count for every store.
            let by_dates = matches!(tls.device_trust, Some(Trust::Expired | Trust::NotYetValid));
            tls.public_trust = if device.is_public_issuer(&leaf.issuer) && !by_dates {
                Some(Trust::Accepted)
            } else if known || public && device.is_inspector(&leaf.issuer) {
                Some(Trust::UnknownIssuer)
            } else {
                match &tls.device_trust {
                    Some(Trust::Accepted) | None => None,
                    refused => refused.clone(),
                }
            };
        }
        targets.push(target);
    }
    let plan = Plan { targets, gaps: Vec::new(), detours: plan.detours.clone() };
    let observations = Observations {
        device: Device { clock: machine.clock.unwrap_or(observations.device.clock), ..Device::default() },
        stage_timeout_ms: observations.stage_timeout_ms,
        attempts,
        ..Observations::default()
    };
    // Times of a tool are no measurement of a line, and its clock was not compared.
    let mut run = RunFacts::observe(&plan, &observations, services);
    run.clock = None;
    run.accepts_locally = false;
    run.learn_issuers(device);
    Some(World { plan, observations, run })
}

/// What was seen in the machine of a host; none where it was not asked there. `device`: what this device comes to;
/// `clock`: its clock, Unix seconds.
pub(crate) fn walk<'a>(
    world: &'a Context<'a>,
    target: &Target,
    machine: &Machine,
    device: &[Walk],
    clock: i64,
) -> Option<(&'a Path, Walk)> {
    let target = world.plan.target(target.id)?;
    let path = target.paths.first()?;
    let mut walk = ladder::best(world, target, 0, path);
    let reached = !device.is_empty() && device.iter().all(|w| is_reached(w.verdict(world.codes)));
    let refused = world
        .observations
        .tries(target.id, 0)
        .find_map(|a| world.codes.proxy_reason(&a.proxy.as_ref()?.headers));
    let wrong = machine.clock.and_then(|own| wrong_clock(world, target, own, clock));
    for found in &mut walk.found {
        if let Some(wrong) = wrong.as_ref().filter(|_| is_of_dates(found.code)) {
            *found = wrong.clone();
        }
        let line = found.line.replace("this device", "that machine");
        found.line = format!("in the sandbox's own machine: {line}");
        // The address of a proxy need not be in the results.
        let unknown = |v: &serde_json::Value| v.as_str().is_some_and(|a| a.starts_with("0.0.0.0"));
        if found.facts.get("addresses").and_then(|v| v.as_array()).is_some_and(|all| all.iter().any(unknown))
        {
            found.facts.remove("addresses");
        }
        found.key = format!("sandbox {}", found.key);
        found.facts.insert(CASE.to_owned(), "the sandbox's own machine".into());
        for (name, value) in surroundings(machine, path) {
            found.facts.insert(name.to_owned(), value.into());
        }
        if found.code == Code::ProxyDenied && refused.is_some_and(|r| r.sandbox) {
            found.owner = Some(Owner::Configuration);
            found.case = Some("sandbox");
        } else if reached && is_way(found) {
            found.owner = Some(Owner::Device);
            found.case = Some(CASE);
            found.certainty = Certainty::Likely;
        }
    }
    let issuer = walk
        .facts
        .get("issuer")
        .and_then(|v| v.as_str())
        .map(|i| format!(" (issuer {i})"))
        .unwrap_or_default();
    walk.proof = vec![format!("the sandbox's own machine reaches it too{issuer}")];
    walk.facts.clear();
    walk.notes.clear();
    Some((path, walk))
}

/// What was not tested was not reached.
const fn is_reached(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Reachable | Verdict::Warning)
}

/// Codes of a certificate outside of its dates.
const fn is_of_dates(code: Code) -> bool {
    matches!(
        code,
        Code::TlsExpired
            | Code::TlsNotYetValid
            | Code::TlsUnknownIssuer
            | Code::TlsInterceptedUntrusted
            | Code::TlsSelfSigned
    )
}

/// The machine's clock, where it refuses a certificate by its dates and they hold at this device's clock.
fn wrong_clock(world: &Context<'_>, target: &Target, own: i64, device: i64) -> Option<Draft> {
    let holds = |leaf: &crate::observation::Certificate, refused: &Trust| match refused {
        Trust::Expired => leaf.not_after < own && device <= leaf.not_after,
        Trust::NotYetValid => leaf.not_before > own && device >= leaf.not_before,
        _ => false,
    };
    let refuses = world.observations.tries(target.id, 0).flat_map(|a| &a.tls).any(|tls| {
        tls.chain.first().zip(tls.device_trust.as_ref()).is_some_and(|(leaf, trust)| holds(leaf, trust))
    });
    if !refuses {
        return None;
    }
    let offset = device - own;
    let line = format!(
        "its clock is {} {} that of the device that runs this check, and at the device's time the certificate is valid",
        span(offset),
        if offset > 0 { "behind" } else { "ahead of" }
    );
    let found = Draft::new(Code::DeviceClock, line)
        .owner(Owner::Device)
        .fact("clock", span(offset))
        .fact("clock_offset_s", offset);
    Some(found)
}

/// What is between the machine and this device, and not beyond it.
fn is_way(found: &Draft) -> bool {
    let stage = found.code.as_str().split('/').next().unwrap_or_default();
    stage == "dns" && found.code != Code::DnsSinkhole && found.code != Code::DnsSlow || stage == "tcp"
}

/// What the machine says of its own network, for the evidence.
fn surroundings(machine: &Machine, path: &Path) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    if path.route == Route::Direct && !machine.resolvers.is_empty() {
        all.push(("machine_resolvers", machine.resolvers.join(", ")));
    }
    if !machine.proxies.is_empty() {
        let named: Vec<String> = machine.proxies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        all.push(("machine_proxy", named.join(", ")));
    }
    all
}

/// The machine as a context to judge in.
pub(crate) fn context<'a>(world: &'a World, services: &'a Services, codes: &'a Codes) -> Context<'a> {
    Context {
        plan: &world.plan,
        observations: &world.observations,
        services,
        codes,
        run: world.run.clone(),
        machine: None,
    }
}
