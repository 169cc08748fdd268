//! Constructed runs: a healthy host, to be damaged in one place.

use clearway::contract::{Actor, Confidence, Need, Network, Transport};
use clearway::derive::{ProbeHints, Reason, Requirement};
use clearway::diagnose::{Cause, HostJudgement, Judgement, judge};
use clearway::observation::*;
use clearway::plan::{Path, Plan, Route, Skip, Target};
use clearway::rules::codes::Codes;
use clearway::rules::services::Services;
use clearway::rules::{Part, Rules};

/// The clock of every scene: 2026-11-22 12:00 UTC.
pub const NOW: i64 = 1_795_348_800;

/// The fingerprints built in, read once for all tests.
pub fn services() -> Part<Services> {
    Rules::embedded().services
}

/// The wording of the findings, read once for all tests.
pub fn codes() -> Part<Codes> {
    Rules::embedded().codes
}

/// A public host that must chain to the public roots, without a fingerprint.
pub fn world(id: u32, name: &str) -> Target {
    let hints = ProbeHints { public_roots: true, ..ProbeHints::default() };
    Target {
        id,
        requirement: Requirement {
            host: name.parse().unwrap(),
            port: 443,
            transport: Transport::Https,
            network: Network::Internet,
            unbounded: None,
            loopback: false,
            hints,
            reasons: vec![reason("workspace", Need::Required, vec![Actor::App])],
        },
        probed: name.to_owned(),
        service: None,
        request: None,
        paths: vec![Path { route: Route::Direct, actors: vec![Actor::App] }],
        skip: None,
    }
}

pub fn reason(feature: &str, need: Need, actors: Vec<Actor>) -> Reason {
    Reason {
        rule: "T1".into(),
        feature: feature.into(),
        need,
        actors,
        purpose: "test".into(),
        breaks: "test".into(),
        sends: String::new(),
        confidence: Confidence::Documented,
        keys: Vec::new(),
        removed_by: None,
        config: None,
        source: vec!["test".into()],
        since: None,
        until: None,
    }
}

/// A customer's host with the fingerprint of a gateway.
pub fn gateway(id: u32, name: &str) -> Target {
    let mut t = customer(id, name);
    t.service = Some("gateway".into());
    t.requirement.reasons = vec![reason("inference", Need::Required, vec![Actor::App, Actor::Engine])];
    t.paths[0].actors = vec![Actor::App, Actor::Engine];
    t
}

pub fn customer(id: u32, name: &str) -> Target {
    let mut t = world(id, name);
    t.requirement.hints.public_roots = false;
    t.requirement.hints.customer = true;
    t
}

pub fn proxied(mut target: Target) -> Target {
    target.paths[0].route = proxy_route();
    target
}

pub fn proxy_route() -> Route {
    Route::Proxy {
        host: "proxy.corp.example".into(),
        port: 3128,
        tls: false,
        origin: "egressProxyUrl".into(),
    }
}

pub fn need(mut target: Target, need: Need) -> Target {
    for r in &mut target.requirement.reasons {
        r.need = need;
    }
    target
}

pub fn skipped(mut target: Target, skip: Skip) -> Target {
    target.skip = Some(skip);
    target.probed.clear();
    target.paths.clear();
    target
}

/// A global IPv4 address for the target with this id.
pub fn address(id: u32) -> std::net::IpAddr {
    std::net::Ipv4Addr::new(11, 0, 0, u8::try_from(id).unwrap()).into()
}

pub fn public_leaf(name: &str) -> Certificate {
    Certificate {
        subject: format!("CN={name}"),
        issuer: "CN=Public CA 1,O=Trust Services".into(),
        not_before: NOW - 30 * 86_400,
        not_after: NOW + 60 * 86_400,
        names: vec![name.to_owned()],
        name_count: 1,
        sha256: format!("{:064x}", name.bytes().map(u64::from).sum::<u64>()),
        self_issued: false,
        ca: false,
        issuer_url: None,
        revocation: Vec::new(),
        key_id: None,
        issuer_key_id: None,
    }
}

pub fn intermediate(subject: &str) -> Certificate {
    Certificate {
        subject: subject.into(),
        issuer: "CN=Public Root,O=Trust Services".into(),
        names: Vec::new(),
        name_count: 0,
        ca: true,
        ..public_leaf("intermediate")
    }
}

/// Everything works, direct or through the proxy.
pub fn healthy(target: &Target) -> Attempt {
    let route = target.paths[0].route.clone();
    let through = matches!(route, Route::Proxy { .. });
    let ip = if through { address(200) } else { address(target.id) };
    let remote = std::net::SocketAddr::new(ip, if through { 3128 } else { target.port() });
    Attempt {
        target: target.id,
        path: 0,
        purpose: Purpose::First,
        variation: None,
        at_ms: 1,
        before_ms: 0,
        dns: Some(Dns {
            name: if through { "proxy.corp.example".into() } else { target.probed.clone() },
            system: Lookup::Addresses { addresses: vec![ip] },
            direct: Vec::new(),
            compared: Vec::new(),
            searched: Vec::new(),
            ms: 12.0,
        }),
        tcp: vec![Tcp {
            remote,
            local: None,
            at_ms: 13,
            confirm: false,
            outcome: TcpOutcome::Connected,
            icmp: None,
            ms: 20.0,
        }],
        proxy: through.then(|| Proxy { outcome: ProxyOutcome::Tunnel, headers: Vec::new(), ms: 5.0 }),
        tls: if target.transport().has_tls() { vec![completed(remote, &target.probed)] } else { Vec::new() },
        http: if target.transport().has_http() {
            let json = r#"{"error":{"message":"no key","type":"auth_error","code":"401"}}"#;
            vec![answer(401, &[("content-type", "application/json")], json)]
        } else {
            Vec::new()
        },
        banner: None,
        cut: None,
        route,
        ms: 80.0,
    }
}

fn completed(remote: std::net::SocketAddr, name: &str) -> Tls {
    Tls {
        remote,
        sni: Some(name.to_owned()),
        at_ms: 33,
        confirm: false,
        hello_bytes: 1700,
        received_bytes: 4000,
        outcome: TlsOutcome::Completed,
        parameters: None,
        chain: vec![public_leaf(name), intermediate("CN=Public CA 1,O=Trust Services")],
        device_trust: Some(Trust::Accepted),
        public_trust: Some(Trust::Accepted),
        engine_trust: None,
        namesakes: Vec::new(),
        public_trust_at_date: None,
        client_certificate_requested: false,
        ms: 21.0,
    }
}

pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Http {
    Http {
        at_ms: 60,
        confirm: false,
        version: "HTTP/1.1".into(),
        outcome: HttpOutcome::Answered,
        status: Some(status),
        headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        header_names: headers.iter().map(|(n, _)| (*n).to_owned()).collect(),
        body: body.into(),
        body_bytes: body.len(),
        document: None,
        transfer: None,
        first_byte_ms: Some(22.0),
        ms: 23.0,
    }
}

/// An attempt that ended in its TCP stage.
pub fn tcp_fails(target: &Target, outcome: TcpOutcome) -> Attempt {
    let mut a = healthy(target);
    let ms = if outcome == TcpOutcome::Timeout { 4000.0 } else { 20.0 };
    a.tcp[0].outcome = outcome;
    a.tcp[0].ms = ms;
    a.proxy = None;
    a.tls.clear();
    a.http.clear();
    a
}

/// An attempt that ended in its TLS stage.
pub fn tls_fails(target: &Target, outcome: TlsOutcome) -> Attempt {
    let mut a = healthy(target);
    a.tls[0].outcome = outcome;
    a.tls[0].chain.clear();
    a.tls[0].device_trust = None;
    a.tls[0].public_trust = None;
    a.http.clear();
    a
}

/// A completed handshake with another leaf (sent alone where `alone`) and other opinions of it.
pub fn chain(target: &Target, leaf: Certificate, alone: bool, device: Trust, public: Trust) -> Attempt {
    let mut a = healthy(target);
    let above = intermediate(&leaf.issuer.clone());
    a.tls[0].chain = if alone { vec![leaf] } else { vec![leaf, above] };
    a.tls[0].device_trust = Some(device);
    a.tls[0].public_trust = Some(public);
    a
}

pub fn leaf_by(name: &str, issuer: &str) -> Certificate {
    Certificate { issuer: issuer.into(), ..public_leaf(name) }
}

/// An attempt that ended in its lookup; `direct` are the answers of the server asked directly.
pub fn dns_fails(target: &Target, system: Lookup, direct: &[DnsAnswer]) -> Attempt {
    let mut a = healthy(target);
    let dns = a.dns.as_mut().unwrap();
    dns.ms = if system == Lookup::Timeout { 4000.0 } else { 15.0 };
    dns.system = system;
    dns.direct = direct
        .iter()
        .zip(["A", "AAAA"].iter().cycle())
        .map(|(answer, kind)| DirectQuery {
            server: "11.9.9.9:53".parse().unwrap(),
            kind: (*kind).into(),
            answer: answer.clone(),
            aliases: Vec::new(),
            ms: 10.0,
        })
        .collect();
    a.tcp.clear();
    a.proxy = None;
    a.tls.clear();
    a.http.clear();
    a
}

pub fn failed_lookup() -> Lookup {
    Lookup::Failed { error: "name or service not known".into() }
}

pub fn observed(attempts: Vec<Attempt>) -> Observations {
    Observations {
        device: Device {
            clock: NOW,
            ipv4: Some("11.1.1.1".parse().unwrap()),
            ipv6: None,
            resolvers: vec!["11.9.9.9:53".parse().unwrap()],
            device_roots: Some(140),
            engine_store: None,
        },
        stage_timeout_ms: 4000,
        attempts,
        ..Observations::default()
    }
}

pub fn run(targets: &[Target], attempts: Vec<Attempt>) -> Judgement {
    judged(targets, &observed(attempts))
}

pub fn judged(targets: &[Target], observations: &Observations) -> Judgement {
    let plan = Plan { targets: targets.to_vec(), ..Plan::default() };
    judge(&plan, observations, &services(), &codes())
}

pub fn one(target: &Target, attempt: Attempt) -> HostJudgement {
    run(std::slice::from_ref(target), vec![attempt]).hosts.remove(0)
}

/// The causes of a run, as code and hosts.
pub fn causes(judgement: &Judgement) -> Vec<(&'static str, Vec<u32>)> {
    judgement.causes.iter().map(|c: &Cause| (c.finding.code.as_str(), c.hosts.clone())).collect()
}

pub fn world1() -> Target {
    world(1, "api.vendor.example")
}

pub fn edit(mut attempt: Attempt, change: impl FnOnce(&mut Attempt)) -> Attempt {
    change(&mut attempt);
    attempt
}

pub fn resolves_to(target: &Target, address: &str) -> Attempt {
    edit(tcp_fails(target, TcpOutcome::Refused), |a| {
        let ip = address.parse().unwrap();
        a.dns.as_mut().unwrap().system = Lookup::Addresses { addresses: vec![ip] };
        a.tcp[0].remote.set_ip(ip);
    })
}

pub fn status(target: &Target, code: u16, headers: &[(&str, &str)], body: &str) -> Attempt {
    edit(healthy(target), |a| a.http = vec![answer(code, headers, body)])
}

pub fn http_ends(target: &Target, outcome: HttpOutcome) -> Attempt {
    edit(healthy(target), |a| {
        a.http[0].outcome = outcome;
        a.http[0].status = None;
        a.http[0].headers.clear();
        a.http[0].body.clear();
    })
}

pub fn proxy_says(target: &Target, outcome: ProxyOutcome) -> Attempt {
    edit(healthy(target), |a| {
        a.proxy.as_mut().unwrap().outcome = outcome;
        a.tls.clear();
        a.http.clear();
    })
}

pub const INSPECTOR: &str = "CN=Inspection CA,O=Example Corp";
