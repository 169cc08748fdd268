//! Further requests: another encoding, the document that an answer named, a part of a file; and the
//! hosts that documents name, which become hosts of the check.

mod address;

use std::collections::BTreeMap;

use address::Address;

use crate::contract::endpoint;
use crate::contract::ids::Feature;
use crate::contract::{Actor, Confidence, Network, Transport};
use crate::derive::requirement::NAMED_BY_ANSWER;
use crate::derive::{ProbeHints, Reason, Requirement};
use crate::observation::{
    Attempt, DocumentKind, FollowUp, Http, Observations, Purpose, TlsOutcome, Variation,
};
use crate::plan::{Announcement, Experiment, Plan, Request, Sent, Target};
use crate::rules::networks::Networks;
use crate::rules::services::{AnswerKind, Ask, AskWhen, Naming, Protocol, Service, Services, Speak};
use crate::rules::word;

use crate::diagnose::service::fingerprint::recognise;
use crate::diagnose::service::messages;
use crate::text::token::public_address;

/// Further requests to one path of one host, at the most.
const ASKED: usize = 12;
/// Hosts that a run adds to its list, at the most: an answer can name as many as it likes.
const DISCOVERED: usize = 24;
/// Where the metadata of a protected resource stands (RFC 9728, 3).
const RESOURCE: &str = "/.well-known/oauth-protected-resource";

/// What was asked on one path of a host, and the answer.
pub(super) struct Asked<'a> {
    pub(super) target: &'a Target,
    pub(super) path: usize,
    pub(super) service: &'a Service,
    base_path: &'a str,
    request: &'a Request,
    pub(super) http: &'a Http,
    pub(super) plain: bool,
}

impl Asked<'_> {
    /// The answer is one by which the service is known.
    pub(super) fn is_recognised(&self, services: &Services) -> bool {
        let customer = crate::diagnose::operator::is_customer(self.target, services);
        let known = recognise(self.service, self.http, &self.target.probed, customer).is_some();
        known && (self.http.document.is_none() || self.http.status != Some(200) || self.is_document())
    }

    /// The answer is the one that the service gives to this request.
    fn is_expected(&self, services: &Services) -> bool {
        let customer = crate::diagnose::operator::is_customer(self.target, services);
        recognise(self.service, self.http, &self.target.probed, customer)
            .is_some_and(|a| a.kind == AnswerKind::Ok)
    }

    fn is_document(&self) -> bool {
        self.http.document.as_ref().is_some_and(|d| d.kind == DocumentKind::Object)
    }

    /// The address that was asked, as others may read it.
    fn url(&self) -> String {
        public_address(&format!("{}{}", origin(self.target), self.request.path))
    }
}

/// `https://host` or `https://host:port` of a target.
pub(crate) fn origin(target: &Target) -> String {
    endpoint::origin(&target.probed, target.port(), target.transport().has_tls())
}

/// Everything that was asked and has an answer of some kind.
pub(super) fn asked<'a>(
    plan: &'a Plan,
    observations: &'a Observations,
    services: &'a Services,
) -> Vec<Asked<'a>> {
    let one = |attempt: &'a Attempt| {
        let target = plan.target(attempt.target)?;
        let (service, base_path, request) = match &attempt.variation {
            Some(Variation::FollowUp(f)) => (f.service.as_str(), f.base_path.as_str(), &f.request),
            Some(_) => return None,
            None => (
                target.service.as_deref()?,
                target.requirement.hints.base_path.as_str(),
                target.request.as_ref()?,
            ),
        };
        let (service, http) = (services.by_id(service)?, attempt.answer()?);
        let plain = attempt.variation.is_none();
        Some(Asked { target, path: attempt.path, service, base_path, request, http, plain })
    };
    observations.attempts.iter().filter(|a| a.cut.is_none()).filter_map(one).collect()
}

/// The targets that are asked, with what is known of their service.
pub(crate) fn served<'a>(
    plan: &'a Plan,
    services: &'a Services,
) -> impl Iterator<Item = (&'a Target, &'a Service)> {
    let asked = plan.targets.iter().filter(|t| t.request.is_some());
    asked.filter_map(|t| Some((t, services.by_id(t.service.as_deref()?)?)))
}

/// What is sent.
pub(crate) fn announce(plan: &Plan, services: &Services) -> Announcement {
    let mut here = Vec::new();
    for (target, service) in served(plan, services) {
        let endpoint = endpoint::authority(&target.probed, target.port());
        for ask in &service.asks {
            let Some(other) = services.by_id(&ask.service).filter(|_| is_for(ask, target)) else { continue };
            let request = other.request(&target.probed, &target.requirement.hints.base_path);
            let over = ask.over.map(|o| format!(" over {o}")).unwrap_or_default();
            let when = match ask.when {
                AskWhen::Answered => "once it answers",
                AskWhen::Unrecognised => "if its answer is not the expected one",
                AskWhen::Recognised => "if its answer is the expected one",
            };
            here.push(format!("{endpoint}: {} {}{over}, {when}.", request.method, request.path));
        }
        if service.protocol == Some(Protocol::Mcp) {
            here.push(format!(
                "{endpoint}: GET of its sign-in metadata (RFC 9728) if it asks for a sign-in; DELETE of the session if it opens one."
            ));
        }
    }
    Announcement::new(
        Sent::FollowUps,
        "What answers call for, unauthenticated too: POST of `{}` to the path of an inference host that the app sends its \
         messages to, a collector's other encodings and signals (an export of nothing), \
         an MCP server's metadata and its older transport, the second place of sign-in metadata. A session that an MCP \
         server opens is closed again.",
    )
    .with(here)
}

/// What is sent to hosts that answers name.
pub(crate) fn announce_discovered(plan: &Plan, services: &Services) -> Announcement {
    let names = |service: &Service| !service.names.is_empty() || service.protocol == Some(Protocol::Mcp);
    let all = || plan.targets.iter().filter_map(|t| services.by_id(t.service.as_deref()?));
    let here = all().any(names).then(|| {
        format!(
            "Hosts that sign-in metadata names (https, by name, {DISCOVERED} at the most) are probed like those of the list."
        )
    });
    Announcement::new(
        Sent::Discovered,
        format!(
            "Hosts that sign-in metadata and MCP servers name during the run (https, by name, {DISCOVERED} at the most; \
             each says in `discovered_from` who named it)."
        ),
    )
    .with(here)
}

/// The further requests that the answers so far call for; none that was made already. Pure: the
/// caller makes them and asks again.
pub fn follow_ups(plan: &Plan, observations: &Observations, services: &Services) -> Vec<Experiment> {
    if observations.stopped.is_some() {
        return Vec::new();
    }
    let asked = asked(plan, observations, services);
    let mut wanted: Vec<(u32, usize, FollowUp)> = Vec::new();
    for one in &asked {
        // A document may be in another place; other services are asked once each.
        let asks = one.service.asks.iter().filter(|_| one.plain || is_document(one.service));
        for ask in asks.filter(|ask| applies(ask, one, services)) {
            if let Some(follow_up) = follow_up(one, ask, services) {
                wanted.push((one.target.id, one.path, follow_up));
            }
        }
        if let Some(found) = resource(one, services) {
            wanted.push((one.target.id, one.path, found));
        }
    }
    // A port that speaks no HTTP/2 ends a handshake for gRPC, before anything could be asked.
    for attempt in observations.plain().filter(|a| a.cut.is_none() && a.http.is_empty()) {
        let Some(target) = plan.target(attempt.target).filter(|t| t.transport() == Transport::GrpcTls) else {
            continue;
        };
        let refused = attempt.tls.last().is_some_and(
            |t| matches!(&t.outcome, TlsOutcome::Alert { alert } if alert == crate::diagnose::service::otlp::NO_H2),
        );
        let service = target.service.as_deref().and_then(|id| services.by_id(id));
        if let (true, Some(service)) = (refused, service) {
            for ask in service.asks.iter().filter(|a| a.over == Some(Speak::Http)) {
                let base_path = &target.requirement.hints.base_path;
                let follow_up = services
                    .by_id(&ask.service)
                    .map(|other| request(other, &target.probed, base_path, Some(Transport::Https)));
                wanted.extend(follow_up.map(|follow_up| (target.id, attempt.path, follow_up)));
            }
        }
    }
    // A document on a host that is on the list already.
    for named in named(&asked, services) {
        let Some(service) = services.by_id(named.service).filter(|s| is_document(s)) else { continue };
        let there = plan.targets.iter().find(|t| named.is(t) && t.skip.is_none() && !t.paths.is_empty());
        let Some(target) = there else { continue };
        let own = target.requirement.hints.base_path == named.path
            && target.service.as_deref() == Some(named.service);
        let by_name =
            target.service.as_deref().and_then(|id| services.by_id(id)).is_some_and(|s| !s.hosts.is_empty());
        if !own && !by_name {
            let follow_up = request(service, &target.probed, &named.path, None);
            wanted.extend((0..target.paths.len()).map(|path| (target.id, path, follow_up.clone())));
        }
    }
    let mut counts: BTreeMap<(u32, usize), usize> = BTreeMap::new();
    for (attempt, _) in observations.follow_ups() {
        *counts.entry((attempt.target, attempt.path)).or_default() += 1;
    }
    let mut experiments: Vec<Experiment> = Vec::new();
    for (target, path, follow_up) in wanted {
        let made: Vec<&Attempt> = observations
            .follow_ups()
            .filter(|(a, i)| a.target == target && a.path == path && **i == follow_up)
            .map(|(a, _)| a)
            .collect();
        let service = plan.target(target).and_then(|t| services.by_id(t.service.as_deref()?));
        let again = service.is_some_and(|s| messages::is_asked_again(s, &follow_up, &made));
        let done = !made.is_empty() && !again;
        let experiment = experiment(target, path, follow_up);
        let count = counts.entry((target, path)).or_default();
        if !done && !experiments.contains(&experiment) && *count < ASKED {
            *count += 1;
            experiments.push(experiment);
        }
    }
    experiments
}

pub(super) fn experiment(target: u32, path: usize, follow_up: FollowUp) -> Experiment {
    let variation = Some(Variation::FollowUp(follow_up));
    Experiment { target, path, purpose: Purpose::Experiment, variation }
}

/// Whether the host is on the list for the feature that the request belongs to.
fn is_for(ask: &Ask, target: &Target) -> bool {
    let reasons = &target.requirement.reasons;
    ask.feature
        .as_ref()
        .is_none_or(|f| reasons.iter().any(|r| r.feature == *f || r.feature == Feature::NAMED))
}

fn applies(ask: &Ask, one: &Asked<'_>, services: &Services) -> bool {
    let status = one.http.status;
    let fits = ask.status.is_empty() || status.is_some_and(|s| ask.status.iter().any(|r| r.contains(s)));
    let when = match ask.when {
        AskWhen::Answered => true,
        AskWhen::Unrecognised => !one.is_recognised(services),
        AskWhen::Recognised => one.is_expected(services),
    };
    // TLS is tried in the place of plain HTTP alone.
    fits && when
        && is_for(ask, one.target)
        && (ask.over != Some(Speak::Tls) || !one.target.transport().has_tls())
}

fn follow_up(one: &Asked<'_>, ask: &Ask, services: &Services) -> Option<FollowUp> {
    let service = services.by_id(&ask.service)?;
    let tls = one.target.transport().has_tls();
    let over = ask.over.map(|speak| match (speak, tls) {
        (Speak::Grpc, true) => Transport::GrpcTls,
        (Speak::Grpc, false) => Transport::Grpc,
        (Speak::Http, true) | (Speak::Tls, _) => Transport::Https,
        (Speak::Http, false) => Transport::Http,
    });
    Some(request(service, &one.target.probed, one.base_path, over))
}

fn request(service: &Service, host: &str, base_path: &str, over: Option<Transport>) -> FollowUp {
    let request = service.request(host, base_path);
    FollowUp { service: service.id.to_string(), base_path: base_path.to_owned(), request, over }
}

/// The metadata of an MCP server that wants a sign-in: where its answer says, else where RFC 9728
/// has it.
fn resource(one: &Asked<'_>, services: &Services) -> Option<FollowUp> {
    if one.service.protocol != Some(Protocol::Mcp) || !matches!(one.http.status, Some(401 | 403)) {
        return None;
    }
    let challenge = one.http.header("www-authenticate");
    if one.http.status == Some(403) && challenge.is_none() {
        return None;
    }
    let probed = &one.target.probed;
    match challenge.and_then(resource_metadata) {
        Some(url) => {
            let named = Address::of(&url)?;
            named.is(one.target).then(|| request_at(services, "mcp-resource", probed, &named.path)).flatten()
        }
        None => request_at(services, "mcp-resource-path", probed, one.base_path),
    }
}

fn request_at(services: &Services, id: &str, host: &str, base_path: &str) -> Option<FollowUp> {
    Some(request(services.by_id(id)?, host, base_path, None))
}

/// The value of `resource_metadata` in a challenge (RFC 9728, 5.1).
pub(crate) fn resource_metadata(challenge: &str) -> Option<String> {
    const NAME: &str = "resource_metadata";
    let at = challenge.to_ascii_lowercase().find(NAME)?;
    let rest = challenge.get(at + NAME.len()..)?.trim_start().strip_prefix('=')?.trim_start();
    let value = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split([',', ' ']).next()?,
    };
    (!value.is_empty()).then(|| value.to_owned())
}

/// An address that an answer names.
struct Named<'a> {
    address: Address,
    path: String,
    service: &'a str,
    from: &'a Asked<'a>,
    /// What for; none for the metadata of an MCP server on another host.
    naming: Option<&'a Naming>,
}

impl Named<'_> {
    fn is(&self, target: &Target) -> bool {
        self.address.is(target)
    }
}

fn is_document(service: &Service) -> bool {
    matches!(service.protocol, Some(Protocol::Metadata | Protocol::Resource))
}

fn named<'a>(asked: &'a [Asked<'a>], services: &'a Services) -> Vec<Named<'a>> {
    let mut all = Vec::new();
    for one in asked {
        if one.plain
            && one.service.protocol == Some(Protocol::Mcp)
            && matches!(one.http.status, Some(401 | 403))
            && services.by_id("mcp-resource").is_some()
            && let Some(url) = one.http.header("www-authenticate").and_then(resource_metadata)
            && let Some(address) = Address::of(&url)
            && !address.is(one.target)
        {
            // Elsewhere only what the standard puts there is asked for, not whatever the answer likes.
            let (path, service) = match address.path.strip_prefix(RESOURCE) {
                Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                    (address.path.clone(), "mcp-resource")
                }
                _ => (String::new(), "generic-https"),
            };
            all.push(Named { address, path, service, from: one, naming: None });
        }
        let Some(document) = one.http.document.as_ref().filter(|_| one.http.status == Some(200)) else {
            continue;
        };
        for naming in &one.service.names {
            let urls: Vec<&str> = match document.members.get(naming.member.as_str()) {
                Some(serde_json::Value::String(text)) => vec![text],
                Some(serde_json::Value::Array(items)) => items.iter().filter_map(|v| v.as_str()).collect(),
                _ => continue,
            };
            for address in urls.into_iter().filter_map(Address::of) {
                let path = address.path.clone();
                all.push(Named { address, path, service: &naming.service, from: one, naming: Some(naming) });
            }
        }
    }
    all
}

/// The hosts that answers named and that are not on the list yet, each with the address that named
/// it. Bounded, and never an address literal, this device, or a metadata service.
pub fn discovered(
    plan: &Plan,
    observations: &Observations,
    services: &Services,
    networks: &Networks,
) -> Vec<Requirement> {
    let asked = asked(plan, observations, services);
    let by_answers = |t: &&Target| t.requirement.is_named_by_answer();
    let mut room = DISCOVERED.saturating_sub(plan.targets.iter().filter(by_answers).count());
    let mut named = named(&asked, services);
    // A host of which a document is wanted is asked for that, whatever else it is for.
    named.sort_by_key(|n| !services.by_id(n.service).is_some_and(is_document));
    let mut found: Vec<Requirement> = Vec::new();
    for one in named {
        let (host, port) = (&one.address.host, one.address.port);
        if networks.is_metadata(host) || plan.targets.iter().any(|t| one.is(t)) {
            continue;
        }
        let reasons = reasons(&one);
        if let Some(there) = found.iter_mut().find(|r| r.host == *host && r.port == port) {
            for reason in reasons {
                if !there.reasons.contains(&reason) {
                    there.reasons.push(reason);
                }
            }
            continue;
        }
        if room == 0 {
            continue;
        }
        room -= 1;
        let known = host.name().is_some_and(|name| services.for_host(name).is_some());
        let is_document = services.by_id(one.service).is_some_and(is_document);
        found.push(Requirement {
            host: host.clone(),
            port,
            transport: Transport::Https,
            network: if networks.is_internal(host) { Network::Internal } else { Network::Internet },
            unbounded: None,
            loopback: false,
            hints: ProbeHints {
                service: (!known).then(|| one.service.to_owned()),
                base_path: if is_document && !known { one.path.clone() } else { String::new() },
                public_roots: known,
                customer: !known,
                discovered_from: Some(one.from.url()),
                ..ProbeHints::default()
            },
            reasons,
        });
    }
    found.sort_by(|a, b| (&a.host, a.port).cmp(&(&b.host, b.port)));
    found
}

/// Why: for everything that the host which named it is for.
fn reasons(named: &Named<'_>) -> Vec<Reason> {
    let mut all: Vec<Reason> = Vec::new();
    for reason in &named.from.target.requirement.reasons {
        let (actors, need, purpose, breaks) = match named.naming {
            Some(n) => (n.actors.clone(), n.need, n.purpose.to_string(), n.breaks.to_string()),
            None => (
                vec![Actor::App],
                None,
                "metadata of an MCP server, named by its answer".to_owned(),
                "users cannot sign in to the connector".to_owned(),
            ),
        };
        let new = Reason {
            rule: NAMED_BY_ANSWER.into(),
            feature: reason.feature.clone(),
            need: need.map_or(reason.need, |n| n.min(reason.need)),
            actors,
            purpose,
            breaks,
            sends: reason.sends.clone(),
            confidence: Confidence::Inferred,
            keys: reason.keys.clone(),
            removed_by: reason.removed_by.clone(),
            config: reason.config.clone(),
            source: word::texts(&named.from.service.source),
            since: None,
            until: None,
        };
        if !all.contains(&new) {
            all.push(new);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_metadata_address_is_found_in_a_challenge() {
        for (challenge, url) in [
            (r#"Bearer resource_metadata="https://m.example/x""#, Some("https://m.example/x")),
            (
                r#"Bearer realm="a", Resource_Metadata = "https://m.example/x", scope="s""#,
                Some("https://m.example/x"),
            ),
            ("Bearer resource_metadata=https://m.example/x, a=b", Some("https://m.example/x")),
            (r#"Bearer realm="a""#, None),
            ("Bearer resource_metadata=", None),
        ] {
            assert_eq!(resource_metadata(challenge).as_deref(), url, "{challenge}");
        }
    }
}
