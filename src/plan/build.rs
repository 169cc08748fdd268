//! Requirements × route → plan.

use super::{Path, Plan, ProxySettings, Request, Route, Skip, Target};
use crate::derive::{HostPattern, Requirement, Requirements};
use crate::rules::networks::Networks;
use crate::rules::services::{Service, Services};
use crate::terms::{Actor, Platform};

/// Turns every requirement into a target, numbered from 1 in list order. Nothing is left out: what
/// cannot or must not be dialled is a target with a reason to skip it.
pub fn build(
    requirements: &Requirements,
    services: &Services,
    networks: &Networks,
    proxies: &ProxySettings,
) -> Plan {
    let targets = requirements
        .hosts
        .iter()
        .zip(1..)
        .map(|(requirement, id)| target(id, requirement, services, networks, proxies, requirements.platform))
        .collect();
    Plan { targets, gaps: Vec::new() }
}

fn target(
    id: u32,
    requirement: &Requirement,
    services: &Services,
    networks: &Networks,
    proxies: &ProxySettings,
    platform: Platform,
) -> Target {
    let nothing = |skip| Target {
        id,
        requirement: requirement.clone(),
        probed: String::new(),
        service: None,
        request: None,
        paths: Vec::new(),
        skip: Some(skip),
    };
    if requirement.unbounded.is_some() || requirement.host == HostPattern::Any {
        return nothing(Skip::Unbounded);
    }
    if networks.is_metadata(&requirement.host) {
        return nothing(Skip::LinkLocal);
    }
    let probed = match &requirement.host {
        HostPattern::Subdomains(_) => match &requirement.hints.member {
            Some(member) => member.clone(),
            None => return nothing(Skip::Wildcard),
        },
        host => host.to_string(),
    };
    let Ok(dialled) = probed.parse::<HostPattern>() else { return nothing(Skip::Wildcard) };
    if networks.is_metadata(&dialled) {
        return nothing(Skip::LinkLocal);
    }
    let paths = paths(requirement, &dialled, proxies, platform);
    if paths.is_empty() {
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
    Target {
        id,
        requirement: requirement.clone(),
        probed,
        service: service.map(|s| s.id.clone()),
        request,
        paths,
        skip: None,
    }
}

/// The feature whose hosts are proxies and their scripts.
const PROXY: &str = "proxy";

/// The distinct routes of the actors that this program can speak for.
fn paths(
    requirement: &Requirement,
    dialled: &HostPattern,
    proxies: &ProxySettings,
    platform: Platform,
) -> Vec<Path> {
    // The proxy itself, and the script that names it, are reached without it.
    let is_proxy = requirement.reasons.iter().all(|r| r.feature == PROXY);
    let mut paths: Vec<Path> = Vec::new();
    for actor in requirement.actors().into_iter().filter(|a: &Actor| a.is_probed()) {
        let known = if is_proxy {
            Some(Route::Direct)
        } else {
            proxies.route(actor, dialled, requirement.port, requirement.transport, platform)
        };
        // An actor whose way is not known is on no path and so never counts as tested.
        let Some(route) = known else { continue };
        match paths.iter_mut().find(|p| p.route == route) {
            Some(path) => path.actors.push(actor),
            None => paths.push(Path { route, actors: vec![actor] }),
        }
    }
    paths
}
