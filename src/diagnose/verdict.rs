//! The run as a whole: its verdict, and what it does not speak for.

use std::collections::BTreeSet;

use super::context::Context;
use super::finding::{Cause, Code, HostJudgement, NotTested, RunVerdict, Verdict};
use super::host::Host;
use super::service::inference;
use super::wording::{self, list, shown};
use crate::contract::ids::{Feature, NotTestedId};
use crate::contract::{Actor, Need, Severity, Transport};
use crate::observation::{ScriptOutcome, Trust};
use crate::plan::{Skip, Target};

/// The verdict on the run, as the contract has it.
pub(crate) fn of_run(context: &Context<'_>, hosts: &[HostJudgement], causes: &[Cause]) -> RunVerdict {
    let decisive = |h: &&HostJudgement| context.plan.target(h.target).is_some_and(decides);
    let any = |wanted| hosts.iter().filter(decisive).any(|h| h.verdict == wanted);
    if any(Verdict::Blocked) {
        RunVerdict::Blocked
    } else if any(Verdict::Untested)
        || !context.plan.gaps.is_empty()
        || inference::unmade(context).iter().any(|(target, _)| decides(target))
    {
        // A call that was asked for and not made is not passed.
        RunVerdict::Unknown
    } else if hosts.iter().all(|h| h.verdict == Verdict::Untested) {
        // Where nothing was tested, nothing is ready.
        RunVerdict::Unknown
    } else if hosts.iter().any(|h| matches!(h.verdict, Verdict::Blocked | Verdict::Warning))
        || causes.iter().any(|c| c.finding.severity >= Severity::Warning)
    {
        RunVerdict::Degraded
    } else {
        RunVerdict::Ready
    }
}

/// Whether a host can make the run `blocked` or `unknown`: it is required, and it could be probed.
fn decides(target: &Target) -> bool {
    let is_dialled = target.paths.iter().any(|p| p.actors.iter().copied().any(Actor::is_probed));
    target.requirement.need() == Need::Required
        && target.requirement.unbounded.is_none()
        && match target.skip {
            // It could have been probed, had its route been known.
            Some(Skip::Route) => true,
            Some(_) => false,
            None => is_dialled,
        }
}

/// What this run does not speak for, in plain words.
pub(crate) fn not_tested(context: &Context<'_>, hosts: &[Host<'_>]) -> Vec<NotTested> {
    let targets = &context.plan.targets;
    let names = |wanted: &dyn Fn(&Target) -> bool| -> Vec<String> {
        let mut all: Vec<String> = targets.iter().filter(|t| wanted(t)).map(shown).collect();
        all.dedup();
        all
    };
    let coded = |code: Code| -> Vec<String> {
        hosts
            .iter()
            .filter(|h| h.found.first().is_some_and(|f| f.code == code))
            .map(|h| shown(h.target))
            .collect()
    };
    let mut out = Vec::new();
    let mut say = |id: &str, hosts: &[String]| out.extend(item(context, id, hosts));
    let feature = |t: &Target, id: Feature| t.requirement.reasons.iter().any(|r| r.feature == id);
    let derived = targets.iter().any(|t| !feature(t, Feature::NAMED));
    // Calls may have tested the credential, or say why they did not.
    let unmade = inference::unmade(context);
    if derived && unmade.is_empty() && !inference::any_answered(context) {
        say(NotTestedId::CREDENTIAL.as_str(), &[]);
    }
    for (target, reason) in &unmade {
        let text = context.codes.not_tested(NotTestedId::CALL.as_str()).unwrap_or_default();
        let text = context.codes.fill(text, |name| match name {
            "host" => Some(shown(target)),
            "reason" => Some(reason.clone()),
            _ => None,
        });
        out.push(NotTested { id: NotTestedId::CALL.into(), text });
    }
    let mut say = |id: &str, hosts: &[String]| out.extend(item(context, id, hosts));
    if derived && !hosts.iter().any(|h| h.is_downloaded) {
        say("large-download", &[]);
    }
    say("endpoint-security", &[]);
    say("other-users", &[]);
    let credential = |id: &str| -> Vec<String> {
        let asks = |h: &&Host<'_>| {
            let service = h.target.service.as_deref().and_then(|s| context.services.by_id(s));
            h.asks_sign_in && service.is_some_and(|s| s.protocol.is_some_and(|p| p.as_str().starts_with(id)))
        };
        hosts.iter().filter(asks).map(|h| shown(h.target)).collect()
    };
    for (id, protocol) in [("mcp-session", "mcp"), ("otlp-streams", "otlp")] {
        let hosts = credential(protocol);
        if !hosts.is_empty() {
            say(id, &hosts);
        }
    }
    let in_sandbox =
        |t: &Target| t.requirement.actors().contains(&Actor::Vm) || feature(t, Feature::WORKSPACE);
    match &context.observations.machine {
        Some(machine) => {
            for remark in &machine.remarks {
                let text =
                    context.codes.not_tested(NotTestedId::SANDBOX_RESULTS.as_str()).unwrap_or_default();
                let text =
                    context.codes.fill(text, |name| (name == "reason").then(|| wording::clean(remark)));
                out.push(NotTested { id: NotTestedId::SANDBOX_RESULTS.into(), text });
            }
        }
        None if derived && targets.iter().any(in_sandbox) => {
            out.extend(item(context, NotTestedId::SANDBOX_MACHINE.as_str(), &[]));
        }
        None => {}
    }
    let mut say = |id: &str, hosts: &[String]| out.extend(item(context, id, hosts));
    if derived && !targets.iter().any(|t| feature(t, Feature::INFERENCE)) {
        say(NotTestedId::INFERENCE.as_str(), &[]);
    }
    let device_silent = |t: &Target| {
        context.observations.plain().filter(|a| a.target == t.id).flat_map(|a| &a.tls).any(|tls| {
            !tls.chain.is_empty() && matches!(tls.device_trust, None | Some(Trust::Unavailable { .. }))
        })
    };
    let lists: [(&str, Vec<String>); 11] = [
        ("wildcards", names(&|t| t.skip == Some(Skip::Wildcard))),
        ("unbounded", names(&|t| t.skip == Some(Skip::Unbounded))),
        ("member", names(&|t| t.skip.is_none() && t.requirement.host.is_wildcard())),
        ("other-programs", names(&|t| t.requirement.actors().iter().all(|a| !a.is_probed()))),
        ("link-local", names(&|t| t.skip == Some(Skip::LinkLocal))),
        ("deadline", coded(Code::UntestedDeadline)),
        ("interrupted", coded(Code::UntestedInterrupted)),
        ("device-trust", names(&device_silent)),
        ("revocation", revocation(context)),
        ("grpc", names(&|t| t.transport().is_grpc() && t.request.is_none())),
        ("ssh", names(&|t| t.skip.is_none() && t.transport() == Transport::Ssh)),
    ];
    for (id, hosts) in &lists {
        if !hosts.is_empty() {
            say(id, hosts);
        }
    }
    for (id, scripts) in scripts(context) {
        if !scripts.is_empty() {
            say(id, &scripts);
        }
    }
    let device = &context.observations.device;
    match (device.ipv4, device.ipv6) {
        (Some(_), None) => say("ipv6", &[]),
        (None, Some(_)) => say("ipv4", &[]),
        _ => {}
    }
    out
}

/// The hosts that the certificates seen name for asking whether they were revoked, and that are not on the list.
fn revocation(context: &Context<'_>) -> Vec<String> {
    let seen = context.observations.plain().flat_map(|a| &a.tls).flat_map(|tls| &tls.chain);
    let named: BTreeSet<String> = seen.flat_map(|c| &c.revocation).map(|host| wording::clean(host)).collect();
    let listed = |host: &String| {
        host.parse().is_ok_and(|host| context.plan.targets.iter().any(|t| t.requirement.host == host))
    };
    named.into_iter().filter(|host| !listed(host)).collect()
}

/// One thing that is not spoken for, in the words of the rules.
fn item(context: &Context<'_>, id: &str, hosts: &[String]) -> Option<NotTested> {
    let text = context.codes.fill(context.codes.not_tested(id)?, |name| match name {
        "hosts" => Some(list(hosts)),
        "count" => Some(hosts.len().to_string()),
        _ => None,
    });
    Some(NotTested { id: id.to_owned(), text })
}

/// Proxy scripts that do not decide every route, by what became of them.
fn scripts(context: &Context<'_>) -> [(&'static str, Vec<String>); 3] {
    let (mut stopped, mut ignored, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for script in &context.observations.scripts {
        let said = |why: &str| format!("{} {}: {why}", script.origin, script.url);
        match &script.outcome {
            ScriptOutcome::Stopped(why) => stopped.push(said(why)),
            ScriptOutcome::Unfetched(why) | ScriptOutcome::NoScript(why) => ignored.push(said(why)),
            ScriptOutcome::Asked if script.failed > 0 => {
                failed.push(said(script.failure.as_deref().unwrap_or("it fails")));
            }
            ScriptOutcome::Asked => {}
        }
    }
    [("proxy-script-stopped", stopped), ("proxy-script-ignored", ignored), ("proxy-script-failed", failed)]
}
