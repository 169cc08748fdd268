//! Requirements × route → plan.

use super::{Detours, Fallback, Path, Plan, ProxySettings, Request, Route, Skip, Target, route};
use crate::contract::Endpoint;
use crate::contract::ids::Feature;
use crate::contract::{Actor, Platform};
use crate::derive::{HostPattern, Requirement, Requirements};
use crate::pac::Question;
use crate::rules::networks::Networks;
use crate::rules::services::{Service, Services};

/// Turns every requirement into a target, numbered from 1 in list order. Nothing is left out: what
/// cannot or must not be dialled is a target with a reason to skip it.
pub fn build(
    requirements: &Requirements,
    services: &Services,
    networks: &Networks,
    proxies: &ProxySettings,
) -> Plan {
    let mut detours = Detours { proxies: proxies.known(), ..Detours::default() };
    let targets = requirements
        .hosts
        .iter()
        .zip(1..)
        .map(|(requirement, id)| {
            let (target, fallbacks) =
                target(id, requirement, services, networks, proxies, requirements.platform);
            detours.fallbacks.extend(fallbacks);
            let host = target.probed.parse::<HostPattern>();
            if host.is_ok_and(|h| proxies.is_exempt(&h, requirement.port, requirement.transport)) {
                detours.exempt.push(id);
            }
            target
        })
        .collect();
    Plan { targets, gaps: Vec::new(), detours }
}

/// What the proxy scripts must be asked: the way to every host that is dialled, and to the inference
/// endpoint, which decides for the engine.
pub fn questions(
    requirements: &Requirements,
    networks: &Networks,
    inference: Option<&Endpoint>,
) -> Vec<Question> {
    let hosts = requirements.hosts.iter().filter(|r| !is_proxy(r)).filter_map(|r| {
        let host: HostPattern = dialled(r, networks).ok()?.parse().ok()?;
        Some(route::question(&host, r.port, r.transport))
    });
    let inference = inference.map(|e| route::question(&e.host, e.port, e.transport));
    let mut questions: Vec<Question> = hosts.chain(inference).collect();
    questions.sort();
    questions.dedup();
    questions
}

/// The name or address that stands for a requirement.
fn dialled(requirement: &Requirement, networks: &Networks) -> Result<String, Skip> {
    if requirement.unbounded.is_some() || requirement.host == HostPattern::Any {
        return Err(Skip::Unbounded);
    }
    if networks.is_metadata(&requirement.host) {
        return Err(Skip::LinkLocal);
    }
    let name = match &requirement.host {
        HostPattern::Subdomains(_) => requirement.hints.member.clone().ok_or(Skip::Wildcard)?,
        host => host.to_string(),
    };
    let host = name.parse::<HostPattern>().map_err(|_| Skip::Wildcard)?;
    if networks.is_metadata(&host) { Err(Skip::LinkLocal) } else { Ok(name) }
}

fn target(
    id: u32,
    requirement: &Requirement,
    services: &Services,
    networks: &Networks,
    proxies: &ProxySettings,
    platform: Platform,
) -> (Target, Vec<Fallback>) {
    let nothing = |skip| {
        let target = Target {
            id,
            requirement: requirement.clone(),
            probed: String::new(),
            service: None,
            request: None,
            paths: Vec::new(),
            skip: Some(skip),
        };
        (target, Vec::new())
    };
    let probed = match dialled(requirement, networks) {
        Ok(name) => name,
        Err(skip) => return nothing(skip),
    };
    let Ok(host) = probed.parse::<HostPattern>() else { return nothing(Skip::Wildcard) };
    let ways = ways(requirement, &host, proxies, platform);
    if ways.is_empty() {
        let is_probed = requirement.actors().into_iter().any(Actor::is_probed);
        return nothing(if is_probed { Skip::Route } else { Skip::Actor });
    }
    let service = match &requirement.hints.service {
        Some(id) => services.by_id(id),
        None => services.for_host(&probed).map(|m| m.service),
    };
    let transport = requirement.transport;
    let speaks = |s: &Service| if s.is_grpc() { transport.is_grpc() } else { transport.has_http() };
    let request = match service {
        Some(service) => speaks(service).then(|| service.request(&probed, &requirement.hints.base_path)),
        None => transport.has_http().then(|| Request {
            method: "GET".into(),
            path: "/".into(),
            ..Request::default()
        }),
    };
    let fallbacks = ways.iter().enumerate().filter(|(_, (_, after))| !after.is_empty());
    let fallbacks =
        fallbacks.map(|(path, (_, after))| Fallback { target: id, path, routes: after.clone() }).collect();
    let target = Target {
        id,
        requirement: requirement.clone(),
        probed,
        service: service.map(|s| s.id.to_string()),
        request,
        paths: ways.into_iter().map(|(path, _)| path).collect(),
        skip: None,
    };
    (target, fallbacks)
}

/// The proxy itself, and the script that names it, are reached without it.
fn is_proxy(requirement: &Requirement) -> bool {
    requirement.reasons.iter().all(|r| r.feature == Feature::PROXY)
}

/// The distinct routes of the actors that this program can speak for, each with what its actors
/// fall back to.
fn ways(
    requirement: &Requirement,
    dialled: &HostPattern,
    proxies: &ProxySettings,
    platform: Platform,
) -> Vec<(Path, Vec<Route>)> {
    let mut all: Vec<(Path, Vec<Route>)> = Vec::new();
    for actor in requirement.actors().into_iter().filter(|a: &Actor| a.is_probed()) {
        let known = if is_proxy(requirement) {
            Some(vec![Route::Direct])
        } else {
            proxies.ways(actor, dialled, requirement.port, requirement.transport, platform)
        };
        // An actor whose way is not known is on no path and so never counts as tested.
        let Some(mut routes) = known else { continue };
        let after = routes.split_off(1);
        let Some(route) = routes.pop() else { continue };
        match all.iter_mut().find(|(p, _)| p.route == route) {
            Some((path, known)) => {
                path.actors.push(actor);
                // The engine has no second route; an actor that shares its first one may have.
                if known.is_empty() {
                    *known = after;
                }
            }
            None => all.push((Path { route, actors: vec![actor] }, after)),
        }
    }
    all
}
