//! Lists and runs made by hand: an office in several moods, and a hostile one.

use std::net::SocketAddr;

use clearway::config::{Lint, Origin};
use clearway::contract::*;
use clearway::derive::{
    FeatureInfo, HostPattern, Input, Note, ProbeHints, Reason, Requirement, Requirements, Source,
};
use clearway::diagnose::{
    ActorJudgement, Cause, Certainty, Code, Evidence, Finding, HostJudgement, Judgement, NotTested, Owner,
    RunVerdict, Timings, Verdict,
};
use clearway::observation::*;
use clearway::plan::{Path, Plan, Request, Route, Skip, Target};
use clearway::run::Run;

/// Everything that breaks terminals, tables, spreadsheets and line formats at once.
pub const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;t\u{7}=cmd|'/c x'!A1\u{202e}\u{200b} `<b>&[l](http://x.example)\",\r\n# c\nevil.example\n\u{9b}31m@a";

pub fn features() -> Vec<FeatureInfo> {
    [
        (
            "workspace",
            "Workspace",
            "Chat, Cowork and Code cannot start on a device that lacks the components.",
        ),
        ("inference", "Inference", "The model does not answer."),
        ("sign-in", "Sign-in", "Nobody can sign in."),
        ("auto-updates", "Auto-updates", "The app is not updated."),
        ("essential-telemetry", "Essential telemetry", "Crashes and errors are not reported."),
        ("nonessential-services", "Nonessential services", "Previews and icons are missing."),
        ("connectors", "Connectors", "The connector does not work."),
        ("web-fetch", "Web fetch", "The agent cannot read web pages."),
        ("ssh", "SSH hosts", "The SSH host cannot be reached."),
        ("otlp", "Telemetry to your collector", "Your collector receives nothing."),
    ]
    .into_iter()
    .map(|(id, title, stops)| FeatureInfo { id: id.into(), title: title.into(), stops: stops.into() })
    .collect()
}

fn reason(
    rule: &str,
    feature: &str,
    need: Need,
    purpose: &str,
    breaks: &str,
    removed_by: Option<&str>,
) -> Reason {
    Reason {
        rule: rule.into(),
        feature: feature.into(),
        need,
        actors: vec![Actor::App],
        purpose: purpose.into(),
        breaks: breaks.into(),
        sends: format!("what {feature} sends."),
        confidence: Confidence::Documented,
        keys: removed_by.map(|s| vec![s.split(' ').next().unwrap_or(s).to_owned()]).unwrap_or_default(),
        removed_by: removed_by.map(Into::into),
        config: None,
        source: vec!["T5".into()],
        since: None,
        until: None,
    }
}

fn host(text: &str, port: u16, reasons: Vec<Reason>) -> Requirement {
    let host: HostPattern = text.parse().unwrap();
    Requirement {
        loopback: host.is_loopback(),
        host,
        port,
        transport: Transport::Https,
        network: Network::Internet,
        unbounded: None,
        hints: ProbeHints { public_roots: true, ..ProbeHints::default() },
        reasons,
    }
}

/// A list with everything in it: wildcards, ports, literals, internal hosts, loopback, unbounded.
pub fn office() -> Requirements {
    use Need::{Feature, Optional, Required};
    let updates = Some("disableAutoUpdates = true");
    let errors = Some("disableEssentialTelemetry = true");
    let extras = Some("disableNonessentialServices = true");
    let mut model = host(
        "model.eu-west-1.cloud.example",
        443,
        vec![reason("C1", "inference", Required, "model requests", "The model does not answer.", None)],
    );
    model.hints.private_endpoint = true;
    model.hints.service = Some("cloud-model".into());
    model.reasons[0].actors = vec![Actor::App, Actor::Engine];
    model.reasons[0].keys = vec!["inferenceProvider".into(), "inferenceBedrockRegion".into()];
    let mut intake = host(
        "*.ingest.errors.example",
        443,
        vec![reason(
            "I1",
            "essential-telemetry",
            Optional,
            "crash reports",
            "Crashes are not reported.",
            errors,
        )],
    );
    intake.hints.member = Some("o1.ingest.errors.example".into());
    let mut portal = host(
        "portal.cloud.example",
        443,
        vec![reason("C9", "sign-in", Required, "access portal", "The first sign-in fails.", None)],
    );
    portal.reasons[0].actors = vec![Actor::Browser];
    let mut tools = host(
        "tools.corp.example",
        8443,
        vec![reason(
            "L1",
            "connectors",
            Feature,
            "connector `tickets`",
            "The connector `tickets` does not work.",
            Some("managedMcpServers without `tickets`"),
        )],
    );
    tools.network = Network::Internal;
    tools.hints.customer = true;
    let mut git = host(
        "git.corp.example",
        22,
        vec![reason("N4", "ssh", Feature, "SSH host", "The SSH host cannot be reached.", None)],
    );
    git.network = Network::Internal;
    git.transport = Transport::Ssh;
    let mut collector = host(
        "2001:db8:0:7::5",
        4318,
        vec![reason(
            "O1",
            "otlp",
            Optional,
            "metrics and logs",
            "Your collector receives nothing.",
            Some("otlpEndpoint unset"),
        )],
    );
    collector.network = Network::Internal;
    collector.transport = Transport::Http;
    let local = host(
        "127.0.0.1",
        8080,
        vec![reason(
            "F4",
            "inference",
            Required,
            "gateway on this device",
            "The model does not answer.",
            None,
        )],
    );
    let mut everything = host(
        "*",
        443,
        vec![reason(
            "N6",
            "web-fetch",
            Feature,
            "web pages the agent reads",
            "The agent cannot read web pages.",
            Some("allowedHosts without `*`"),
        )],
    );
    everything.unbounded =
        Some("allowedHosts is `*`: the agent may read any page. Name the sites instead.".into());
    let mut download = host(
        "downloads.vendor.example",
        443,
        vec![
            reason(
                "A1",
                "workspace",
                Required,
                "workspace image and engine",
                "Sessions do not start.",
                Some("--offline-installer"),
            ),
            reason(
                "H4",
                "auto-updates",
                Feature,
                "update packages",
                "Updates cannot be downloaded.",
                updates,
            ),
        ],
    );
    download.reasons[0].actors = vec![Actor::App, Actor::Vm];
    download.reasons[1].actors = vec![Actor::Updater];

    let mut hosts = vec![
        download,
        model,
        host(
            "control.eu-west-1.cloud.example",
            443,
            vec![reason(
                "C2",
                "inference",
                Optional,
                "list of models",
                "The model picker shows built-in names.",
                None,
            )],
        ),
        portal,
        host(
            "token.cloud.example",
            443,
            vec![reason("C6", "sign-in", Required, "token exchange", "Nobody can sign in.", None)],
        ),
        host(
            "updates.vendor.example",
            443,
            vec![reason("H1", "auto-updates", Feature, "update feed", "The app is not updated.", updates)],
        ),
        host(
            "*.errors.example",
            443,
            vec![reason(
                "I1",
                "essential-telemetry",
                Optional,
                "crash reports",
                "Crashes are not reported.",
                errors,
            )],
        ),
        intake,
        host(
            "metrics.errors.example",
            443,
            vec![reason(
                "I3",
                "essential-telemetry",
                Optional,
                "performance timing",
                "Timing is not reported.",
                errors,
            )],
        ),
        host(
            "fonts.vendor.example",
            443,
            vec![reason(
                "K5",
                "nonessential-services",
                Optional,
                "fonts of widgets",
                "Widgets use the system's fonts.",
                extras,
            )],
        ),
        host(
            "a-very-long-name-for-previews.of-the.frames.usercontent.vendor.example",
            443,
            vec![reason(
                "K2",
                "nonessential-services",
                Optional,
                "artifact preview",
                "Previews stay empty.",
                extras,
            )],
        ),
        tools,
        git,
        collector,
        local,
        everything,
    ];
    hosts.sort_by(|a, b| (&a.host, a.port, a.transport).cmp(&(&b.host, b.port, b.transport)));
    Requirements {
        hosts,
        notes: vec![Note {
            id: "loopback".into(),
            text: "127.0.0.1:8080 is this device itself. It is on no list, and `check` probes it.".into(),
            keys: vec!["inferenceGatewayBaseUrl".into()],
        }],
        missing: Vec::new(),
        lint: vec![Lint {
            id: "unknown-key".into(),
            severity: Severity::Warning,
            message: "`disableAutoUpdate` is no key of the app; `disableAutoUpdates` is".into(),
            key: Some("disableAutoUpdate".into()),
            origin: Some(Origin {
                source: "office.mobileconfig".into(),
                line: Some(41),
                path: "PayloadContent[0].disableAutoUpdate".into(),
            }),
        }],
        app_version: "2.19675.0".parse().unwrap(),
        platform: Platform::Windows,
        platform_assumed: true,
        rules_date: "2026-11-20".into(),
        rules_age: None,
        provider: Some("bedrock".into()),
        inputs: vec![Input {
            name: "office.mobileconfig".into(),
            format: "mobileconfig".into(),
            sha256: "3f2a91c0d4e5b6a798877665544332211000ffeeddccbbaa9988776655443322".into(),
            platform: None,
            platform_assumed: false,
        }],
        by_address: Default::default(),
        sources: vec![Source {
            tag: "T5".into(),
            page: "telemetry and egress".into(),
            date: "Oct 2026".into(),
            url: Some("https://vendor.example/docs/telemetry".into()),
            read: "2026-11-20".into(),
        }],
    }
}

/// The office without what cannot be probed in a healthy run.
pub fn small() -> Requirements {
    let mut list = office();
    list.hosts.retain(|h| {
        !h.loopback
            && h.unbounded.is_none()
            && h.network == Network::Internet
            && !h.host.is_wildcard()
            && h.reasons[0].actors != [Actor::Browser]
    });
    list.notes.clear();
    list.lint.clear();
    list.platform_assumed = false;
    list
}

pub fn plan(list: &Requirements) -> Plan {
    let targets = list
        .hosts
        .iter()
        .zip(1_u32..)
        .map(|(r, id)| {
            let probed_actors: Vec<Actor> = r.actors().into_iter().filter(|a| a.is_probed()).collect();
            let probed = match &r.host {
                HostPattern::Subdomains(_) => r.hints.member.clone().unwrap_or_default(),
                HostPattern::Any => String::new(),
                other => other.to_string(),
            };
            let skip = if r.unbounded.is_some() {
                Some(Skip::Unbounded)
            } else if probed.is_empty() {
                Some(Skip::Wildcard)
            } else if probed_actors.is_empty() {
                Some(Skip::Actor)
            } else {
                None
            };
            let sent = skip.is_none();
            Target {
                id,
                requirement: r.clone(),
                probed: if sent { probed } else { String::new() },
                service: r.hints.service.clone(),
                request: (sent && r.transport.has_http()).then(|| Request {
                    method: "GET".into(),
                    path: "/".into(),
                    headers: Vec::new(),
                    body: String::new(),
                    ..Request::default()
                }),
                paths: if sent {
                    vec![Path { route: Route::Direct, actors: probed_actors }]
                } else {
                    Vec::new()
                },
                skip,
            }
        })
        .collect();
    Plan { targets, ..Plan::default() }
}

pub fn finding(code: Code, owner: Owner, summary: &str, evidence: &str, remedy: &str) -> Finding {
    Finding {
        code,
        severity: match (code, owner) {
            (Code::Ok, _) | (_, Owner::None) => Severity::Info,
            (Code::TlsIntercepted | Code::HttpSlow, _) => Severity::Warning,
            _ => Severity::Error,
        },
        summary: summary.into(),
        evidence: Evidence { line: evidence.into(), facts: serde_json::Map::new() },
        remedy: remedy.into(),
        owner,
        confidence: Certainty::Proven,
    }
}

fn remote(target: &Target) -> SocketAddr {
    match &target.requirement.host {
        HostPattern::Address(a) => SocketAddr::new(*a, target.port()),
        _ => SocketAddr::new(format!("192.0.2.{}", target.id).parse().unwrap(), target.port()),
    }
}

/// A healthy host, a little slower with each id.
pub fn healthy(target: &Target) -> HostJudgement {
    let base = f64::from(target.id);
    let tls = target.transport().has_tls();
    let http = target.transport().has_http();
    HostJudgement {
        notes: Vec::new(),
        target: target.id,
        verdict: Verdict::Reachable,
        actors: actors(target, Verdict::Reachable, Code::Ok),
        finding: finding(Code::Ok, Owner::None, "Reached, and proven to be the service.", "", ""),
        cause: None,
        also: Vec::new(),
        timings: timings(
            Some(base * 1.5),
            Some(20.0 + base),
            tls.then_some(41.5),
            http.then_some(50.2),
            120.0 + base * 3.5,
        ),
    }
}

fn actors(target: &Target, verdict: Verdict, code: Code) -> Vec<ActorJudgement> {
    target
        .paths
        .iter()
        .flat_map(|p| &p.actors)
        .map(|a| ActorJudgement { actor: *a, route: "direct".into(), verdict, code, note: None })
        .collect()
}

pub fn untested(target: &Target, code: Code) -> HostJudgement {
    HostJudgement {
        notes: Vec::new(),
        target: target.id,
        verdict: Verdict::Untested,
        actors: actors(target, Verdict::Untested, code),
        finding: finding(code, Owner::None, "Not judged.", "", ""),
        cause: None,
        also: Vec::new(),
        timings: Timings::default(),
    }
}

/// What a target without a probe, or a healthy one, is judged as.
pub fn default(target: &Target) -> HostJudgement {
    match target.skip {
        Some(Skip::Actor) => untested(target, Code::UntestedActor),
        Some(_) => untested(target, Code::UntestedWildcard),
        None => healthy(target),
    }
}

/// A host that a cause explains.
pub fn failed(target: &Target, verdict: Verdict, cause: &Cause, timings: Timings) -> HostJudgement {
    HostJudgement {
        notes: Vec::new(),
        target: target.id,
        verdict,
        actors: actors(target, verdict, cause.finding.code),
        finding: cause.finding.clone(),
        cause: Some(cause.id.clone()),
        also: Vec::new(),
        timings,
    }
}

fn attempt(target: &Target, judged: &HostJudgement) -> Attempt {
    let remote = remote(target);
    let probed = target.probed.clone();
    let literal = matches!(target.requirement.host, HostPattern::Address(_));
    let t = &judged.timings;
    Attempt {
        target: target.id,
        path: 0,
        purpose: Purpose::First,
        variation: None,
        at_ms: 3,
        before_ms: 0,
        route: Route::Direct,
        dns: (!literal).then(|| Dns {
            searched: Vec::new(),
            name: probed.clone(),
            system: match t.of(Stage::Tcp) {
                Some(_) => Lookup::Addresses { addresses: vec![remote.ip()] },
                None => Lookup::Timeout,
            },
            direct: Vec::new(),
            compared: Vec::new(),
            ms: t.of(Stage::Dns).unwrap_or(4_000.0),
        }),
        tcp: t
            .of(Stage::Tcp)
            .map(|ms| Tcp {
                remote,
                local: None,
                at_ms: 9,
                confirm: false,
                outcome: if judged.finding.code == Code::TcpTimeout {
                    TcpOutcome::Timeout
                } else {
                    TcpOutcome::Connected
                },
                icmp: None,
                ms,
            })
            .into_iter()
            .collect(),
        proxy: None,
        tls: t
            .of(Stage::Tls)
            .map(|ms| Tls {
                remote,
                sni: Some(probed),
                at_ms: 30,
                confirm: false,
                hello_bytes: 1_650,
                received_bytes: 4_100,
                outcome: TlsOutcome::Completed,
                parameters: Some(TlsParameters {
                    version: "TLSv1.3".into(),
                    cipher: "TLS13_AES_128_GCM_SHA256".into(),
                    group: "X25519MLKEM768".into(),
                    alpn: Some("h2".into()),
                }),
                chain: vec![Certificate {
                    subject: format!("CN={}", target.requirement.host),
                    issuer: if judged.finding.code == Code::TlsIntercepted {
                        "CN=Office Inspection CA,O=Office".into()
                    } else {
                        "CN=Example Issuing CA 3,O=Example Trust Services,C=XX".into()
                    },
                    not_before: 1_790_000_000,
                    not_after: 1_799_000_000,
                    names: vec![target.requirement.host.to_string()],
                    name_count: 1,
                    sha256: "00".repeat(32),
                    self_issued: false,
                    ca: false,
                    issuer_url: None,
                    revocation: Vec::new(),
                    key_id: None,
                    issuer_key_id: None,
                }],
                device_trust: Some(Trust::Accepted),
                public_trust: Some(Trust::Accepted),
                engine_trust: None,
                namesakes: Vec::new(),
                public_trust_at_date: None,
                client_certificate_requested: false,
                ms,
            })
            .into_iter()
            .collect(),
        http: t
            .of(Stage::Http)
            .map(|ms| Http {
                at_ms: 71,
                confirm: false,
                version: "HTTP/2".into(),
                outcome: HttpOutcome::Answered,
                status: Some(401),
                headers: vec![("content-type".into(), "application/json".into())],
                header_names: vec!["content-type".into(), "date".into()],
                body: "{\"error\":\"unauthenticated\"}".into(),
                body_bytes: 27,
                document: None,
                transfer: None,
                first_byte_ms: Some(ms),
                ms,
            })
            .into_iter()
            .collect(),
        banner: None,
        cut: (judged.finding.code == Code::UntestedInterrupted).then_some(Stopped::Interrupted),
        ms: t.total.unwrap_or(0.0),
    }
}

pub fn assemble(
    list: Requirements,
    verdict: RunVerdict,
    causes: Vec<Cause>,
    judge: impl Fn(&Target) -> HostJudgement,
) -> Run {
    let plan = plan(&list);
    let hosts: Vec<HostJudgement> = plan.targets.iter().map(&judge).collect();
    let attempts = plan
        .targets
        .iter()
        .zip(&hosts)
        .filter(|(t, h)| t.skip.is_none() && h.timings.total.is_some())
        .map(|(t, h)| attempt(t, h))
        .collect();
    let not_tested = [
        ("credential", "Whether the model accepts your credential: no credential is sent."),
        (
            "large-download",
            "Downloads of more than a few kilobytes, such as the workspace image of over 1 GB.",
        ),
        (
            "endpoint-security",
            "Security software on this device that treats the app differently from this program.",
        ),
        ("other-users", "Other users of this device, and other devices: their proxy and trust may differ."),
    ]
    .map(|(id, text)| NotTested { id: id.into(), text: text.into() })
    .into();
    Run {
        requirements: list,
        plan,
        observations: Observations {
            device: Device {
                clock: 1_795_365_000,
                ipv4: Some("192.0.2.140".parse().unwrap()),
                ipv6: None,
                resolvers: vec!["192.0.2.53:53".parse().unwrap()],
                device_roots: Some(142),
                engine_store: None,
            },
            stage_timeout_ms: 4_000,
            attempts,
            ..Observations::default()
        },
        judgement: Judgement { verdict, hosts, causes, not_tested, paths: Vec::new() },
        environment: Environment {
            user: "mara".into(),
            host: "DESK-0417".into(),
            addresses: vec!["192.0.2.140".into(), "fd00:db8::140".into()],
            resolvers: vec!["192.0.2.53".into(), "192.0.2.54".into()],
            proxy: "none found (no system setting; HTTPS_PROXY is not set)".into(),
            trust: "the system's store (142 roots) and the bundled public roots".into(),
            vpn_hint: None,
        },
        started_at: "2026-11-22T16:31:25Z".into(),
        label: None,
        tags: Default::default(),
        duration_ms: 4_187,
        is_replayed: false,
        expected: None,
    }
}

pub fn ready() -> Run {
    let mut run = assemble(small(), RunVerdict::Ready, Vec::new(), default);
    run.duration_ms = 214;
    run
}

fn timings(dns: Option<f64>, tcp: Option<f64>, tls: Option<f64>, http: Option<f64>, total: f64) -> Timings {
    let mut timings = Timings::default();
    timings.total = Some(total);
    for (stage, ms) in [(Stage::Dns, dns), (Stage::Tcp, tcp), (Stage::Tls, tls), (Stage::Http, http)] {
        timings.set(stage, ms);
    }
    timings
}

/// Nothing is reached: one cause, said once.
pub fn no_network() -> Run {
    no_dns(small())
}

/// No resolver answers; an address literal has another cause, which no cause of the run names.
pub fn no_dns(list: Requirements) -> Run {
    let probed: Vec<u32> = plan(&list)
        .targets
        .iter()
        .filter(|t| {
            t.skip.is_none() && !t.requirement.loopback && t.requirement.host.name().is_some()
                || t.requirement.hints.member.is_some()
        })
        .map(|t| t.id)
        .collect();
    let cause = Cause {
        id: "c1".into(),
        hosts: probed.clone(),
        finding: finding(
            Code::DnsTimeout,
            Owner::Network,
            "No DNS server answers, so no name can be looked up.",
            "Queries to 192.0.2.53 and 192.0.2.54 had no answer within 4000 ms; this device has no route to the internet.",
            "Connect this device to the network, or fix its route to the DNS servers 192.0.2.53 and 192.0.2.54. Then run the check again.",
        ),
    };
    let literal = Cause {
        id: "c2".into(),
        hosts: vec![1],
        finding: finding(
            Code::TcpUnreachable,
            Owner::Network,
            "There is no route to 2001:db8:0:7::5.",
            "connect: network unreachable, at once.",
            "Give this device a route to 2001:db8:0:7::5, or mend the VPN.",
        ),
    };
    let mut run = assemble(list, RunVerdict::Blocked, vec![cause.clone()], |t| {
        if probed.contains(&t.id) {
            failed(t, Verdict::Blocked, &cause, timings(Some(4_000.0), None, None, None, 4_000.4))
        } else if t.requirement.host.to_string().contains("2001") {
            failed(t, Verdict::Blocked, &literal, timings(None, None, None, None, 0.3))
        } else {
            default(t)
        }
    });
    run.environment.addresses.clear();
    run
}

/// The same, cut short: what was not tried is not said to be out.
pub fn no_network_cut() -> Run {
    let mut run = no_network();
    let cause = &mut run.judgement.causes[0];
    let untried = cause.hosts.split_off(2);
    for judged in run.judgement.hosts.iter_mut().filter(|h| untried.contains(&h.target)) {
        let target = run.plan.target(judged.target).unwrap();
        *judged = untested(target, Code::UntestedDeadline);
    }
    run.observations.stopped = Some(Stopped::Deadline);
    run.judgement.verdict = RunVerdict::Unknown;
    run
}

/// An office with a firewall, an inspecting proxy and a slow service.
pub fn mixed() -> Run {
    let list = office();
    let planned = plan(&list);
    let id = |name: &str| planned.targets.iter().find(|t| t.requirement.host.to_string() == name).unwrap().id;
    let model = id("model.eu-west-1.cloud.example");
    let control = id("control.eu-west-1.cloud.example");
    let metrics = id("metrics.errors.example");
    let intake = id("*.ingest.errors.example");
    let download = id("downloads.vendor.example");
    let tools = id("tools.corp.example");
    let token = id("token.cloud.example");
    let dropped = Cause {
        id: "c1".into(),
        hosts: vec![model, control, metrics, intake],
        finding: finding(
            Code::TcpTimeout,
            Owner::Firewall,
            "Packets to 4 hosts are dropped on the way.",
            "SYN to 192.0.2.10 port 443 had no answer in 4000 ms, twice; 7 other hosts answered on the same port.",
            "Allow TCP 443 from 192.0.2.140 to these hosts by name. Do not answer with a drop: a reject would have been told at once.",
        ),
    };
    let inspected = Cause {
        id: "c2".into(),
        hosts: vec![download],
        finding: finding(
            Code::TlsIntercepted,
            Owner::TlsInspection,
            "TLS to downloads.vendor.example is opened on the way; the engine does not accept that.",
            "Issuer: CN=Office Inspection CA,O=Office. The device trusts it, the public roots do not.",
            "Exempt downloads.vendor.example from TLS inspection.",
        ),
    };
    let name = Cause {
        id: "c3".into(),
        hosts: vec![tools],
        finding: {
            let mut f = finding(
                Code::DnsNxdomain,
                Owner::Configuration,
                "The name tools.corp.example does not exist.",
                "192.0.2.53 and 192.0.2.54 answer NXDOMAIN.",
                "Correct the URL of the connector `tickets` in managedMcpServers, or connect to the VPN that knows the name.",
            );
            f.confidence = Certainty::Likely;
            f
        },
    };
    let slow = finding(
        Code::HttpSlow,
        Owner::Service,
        "token.cloud.example takes 1.6 s to its first byte.",
        "Median of three: 1612 ms beyond one round trip of 21 ms.",
        "Ask the operator of token.cloud.example; the network in between is quick.",
    );
    let mut run =
        assemble(list, RunVerdict::Blocked, vec![dropped.clone(), inspected.clone(), name.clone()], |t| {
            if dropped.hosts.contains(&t.id) {
                failed(t, Verdict::Blocked, &dropped, timings(Some(11.2), Some(4_000.1), None, None, 4_011.3))
            } else if t.id == download {
                let mut h = failed(t, Verdict::Blocked, &inspected, healthy(t).timings);
                h.finding.severity = Severity::Warning;
                h.actors[0].verdict = Verdict::Warning;
                h.also = vec![slow.clone()];
                h
            } else if t.id == tools {
                failed(t, Verdict::Blocked, &name, timings(Some(23.0), None, None, None, 23.0))
            } else if t.id == token {
                let mut h = healthy(t);
                h.verdict = Verdict::Warning;
                h.finding = slow.clone();
                h.timings.total = Some(1_744.0);
                h
            } else {
                default(t)
            }
        });
    run.label = Some("Lisbon, third floor".into());
    run.environment.vpn_hint = Some("utun4".into());
    run
}

/// Only an optional host is blocked.
pub fn degraded() -> Run {
    let list = small();
    let planned = plan(&list);
    let metrics = planned
        .targets
        .iter()
        .find(|t| t.requirement.host.to_string() == "metrics.errors.example")
        .unwrap()
        .id;
    let cause = Cause {
        id: "c1".into(),
        hosts: vec![metrics],
        finding: finding(
            Code::DnsSinkhole,
            Owner::Dns,
            "The DNS server answers 0.0.0.0 for metrics.errors.example.",
            "192.0.2.53 answers 0.0.0.0.",
            "Take metrics.errors.example off the DNS filter's list, or set disableEssentialTelemetry = true.",
        ),
    };
    assemble(list, RunVerdict::Degraded, vec![cause.clone()], |t| {
        if t.id == metrics {
            failed(t, Verdict::Blocked, &cause, timings(Some(3.0), None, None, None, 3.0))
        } else {
            default(t)
        }
    })
}

/// Stopped with Ctrl-C after two hosts.
pub fn interrupted() -> Run {
    let mut run = assemble(office(), RunVerdict::Unknown, Vec::new(), |t| {
        if t.skip.is_some() || t.id < 4 { default(t) } else { untested(t, Code::UntestedInterrupted) }
    });
    run.observations.stopped = Some(Stopped::Interrupted);
    run.duration_ms = 900;
    run
}

/// Hostile text in every field that comes from elsewhere.
pub fn hostile_list() -> Requirements {
    let mut list = office();
    let h = || HOSTILE.to_owned();
    for r in &mut list.hosts {
        for reason in &mut r.reasons {
            reason.purpose = h();
            reason.breaks = h();
            reason.removed_by = Some(h());
            reason.config = Some(h());
            reason.rule = h();
            reason.keys = vec![h()];
            reason.source = vec![h()];
        }
        if r.unbounded.is_some() {
            r.unbounded = Some(h());
        }
    }
    list.notes[0] = Note { id: h(), text: h(), keys: vec![h()] };
    list.lint[0].message = h();
    list.lint[0].origin = Some(Origin { source: h(), line: Some(1), path: h() });
    list.rules_date = h();
    list.provider = Some(h());
    list.inputs[0] = Input { name: h(), format: h(), sha256: h(), platform: None, platform_assumed: false };
    list
}

pub fn hostile() -> Run {
    let mut run = mixed();
    let h = || HOSTILE.to_owned();
    let list = hostile_list();
    for target in &mut run.plan.targets {
        let source = list.hosts.iter().find(|r| r.host == target.requirement.host).unwrap();
        target.requirement = source.clone();
        target.service = Some(h());
        if target.skip.is_none() {
            target.probed = h();
        }
        if let Some(request) = &mut target.request {
            request.path = h();
            request.headers = vec![(h(), h())];
            request.body = h();
        }
        for path in &mut target.paths {
            path.route = Route::Proxy { host: h(), port: 3128, tls: true, origin: h() };
        }
    }
    run.requirements = list;
    for finding in run.judgement.causes.iter_mut().map(|c| &mut c.finding).chain(
        run.judgement.hosts.iter_mut().flat_map(|j| std::iter::once(&mut j.finding).chain(j.also.iter_mut())),
    ) {
        finding.summary = h();
        finding.remedy = h();
        finding.evidence.line = h();
        finding.evidence.facts.insert("issuer".into(), HOSTILE.into());
    }
    for item in &mut run.judgement.not_tested {
        item.text = h();
    }
    for judged in &mut run.judgement.hosts {
        for actor in &mut judged.actors {
            actor.route = h();
        }
    }
    for attempt in &mut run.observations.attempts {
        for tls in &mut attempt.tls {
            tls.chain[0].issuer = h();
            tls.chain[0].subject = h();
            if let Some(p) = &mut tls.parameters {
                p.alpn = Some(h());
            }
        }
        for http in &mut attempt.http {
            http.body = h();
            http.headers = vec![("server".into(), h())];
        }
        attempt.banner = Some(Banner { text: h(), ms: 1.0 });
    }
    run.environment = Environment {
        user: h(),
        host: h(),
        addresses: vec![h()],
        resolvers: vec![h()],
        proxy: h(),
        trust: h(),
        vpn_hint: Some(h()),
    };
    run.label = Some(h());
    run.started_at = h();
    run
}
