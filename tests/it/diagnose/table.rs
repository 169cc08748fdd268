//! A table of one damage each: code, verdict, owner and certainty, with the healthy twin beside.

use clearway::contract::Network;
use clearway::diagnose::{Certainty, Code, Owner, Verdict};
use clearway::observation::*;
use clearway::plan::Target;

use crate::diagnose::scene::*;
use crate::diagnose::table_tls::{certificates, handshakes};

pub struct Case {
    pub name: &'static str,
    pub target: Target,
    pub damaged: Attempt,
    pub expected: (&'static str, Verdict, Owner, Certainty),
}

pub const BLOCKED: Verdict = Verdict::Blocked;
pub const WARNING: Verdict = Verdict::Warning;
pub const PROVEN: Certainty = Certainty::Proven;
pub const LIKELY: Certainty = Certainty::Likely;

pub fn case(
    name: &'static str,
    target: Target,
    damage: impl FnOnce(&Target) -> Attempt,
    expected: (&'static str, Verdict, Owner, Certainty),
) -> Case {
    let damaged = damage(&target);
    Case { name, target, damaged, expected }
}

fn keyed(mut target: Target) -> Target {
    target.requirement.hints.name_key = Some("inferenceGatewayBaseUrl".into());
    target
}

fn internal(mut target: Target) -> Target {
    target.requirement.network = Network::Internal;
    target
}

fn service(mut target: Target, id: &str) -> Target {
    target.service = Some(id.into());
    target
}

fn lookups() -> Vec<Case> {
    let nx = [DnsAnswer::NxDomain, DnsAnswer::NxDomain];
    let fails = |answers: &'static [DnsAnswer]| move |t: &Target| dns_fails(t, failed_lookup(), answers);
    vec![
        case(
            "nxdomain",
            world1(),
            |t| dns_fails(t, failed_lookup(), &nx),
            ("dns/nxdomain", BLOCKED, Owner::Dns, PROVEN),
        ),
        case(
            "typo in a key, or a filter, with nothing to compare",
            keyed(gateway(1, "llm.typo.example")),
            fails(&[DnsAnswer::NxDomain]),
            ("dns/nxdomain", BLOCKED, Owner::Dns, PROVEN),
        ),
        case(
            "off the VPN",
            internal(keyed(gateway(1, "llm.corp"))),
            fails(&[DnsAnswer::NxDomain]),
            ("dns/nxdomain", BLOCKED, Owner::Network, LIKELY),
        ),
        case(
            "no address",
            world1(),
            fails(&[DnsAnswer::NoData, DnsAnswer::NoData]),
            ("dns/no-address", BLOCKED, Owner::Dns, PROVEN),
        ),
        case(
            "servfail",
            world1(),
            fails(&[DnsAnswer::ServFail, DnsAnswer::Timeout]),
            ("dns/servfail", BLOCKED, Owner::Dns, PROVEN),
        ),
        case(
            "other code",
            world1(),
            fails(&[DnsAnswer::Code { code: 9 }]),
            ("dns/servfail", BLOCKED, Owner::Dns, PROVEN),
        ),
        case("refused", world1(), fails(&[DnsAnswer::Refused]), ("dns/refused", BLOCKED, Owner::Dns, PROVEN)),
        case(
            "silent",
            world1(),
            |t| dns_fails(t, Lookup::Timeout, &[DnsAnswer::Timeout]),
            ("dns/timeout", BLOCKED, Owner::Dns, LIKELY),
        ),
        case("only the system fails", world1(), fails(&[]), ("dns/servfail", BLOCKED, Owner::Dns, LIKELY)),
        case(
            "stub on this device is down",
            world1(),
            |t| {
                edit(
                    dns_fails(t, failed_lookup(), &[DnsAnswer::Unreachable { error: "refused".into() }]),
                    |a| {
                        a.dns.as_mut().unwrap().direct[0].server = "127.0.0.53:53".parse().unwrap();
                    },
                )
            },
            ("dns/timeout", BLOCKED, Owner::Device, LIKELY),
        ),
        case(
            "sinkhole by hosts file or resolver",
            world1(),
            |t| resolves_to(t, "0.0.0.0"),
            ("dns/sinkhole", BLOCKED, Owner::Dns, LIKELY),
        ),
        case(
            "sinkhole of a known filter",
            world1(),
            |t| resolves_to(t, "208.91.112.55"),
            ("dns/sinkhole", BLOCKED, Owner::Dns, PROVEN),
        ),
        case(
            "sinkhole with its own certificate",
            world1(),
            |t| {
                let mut a = chain(
                    t,
                    leaf_by("block.filter.example", INSPECTOR),
                    false,
                    Trust::UnknownIssuer,
                    Trust::UnknownIssuer,
                );
                let ip = "10.9.9.9".parse().unwrap();
                a.dns.as_mut().unwrap().system = Lookup::Addresses { addresses: vec![ip] };
                a.tcp[0].remote.set_ip(ip);
                a.tls[0].remote.set_ip(ip);
                a
            },
            ("dns/sinkhole", BLOCKED, Owner::Dns, LIKELY),
        ),
    ]
}

fn connections() -> Vec<Case> {
    let fails = |outcome: TcpOutcome| move |t: &Target| tcp_fails(t, outcome);
    vec![
        case(
            "dropped",
            world1(),
            fails(TcpOutcome::Timeout),
            ("tcp/timeout", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case(
            "customer's host silent",
            customer(1, "mcp.corp.example"),
            fails(TcpOutcome::Timeout),
            ("tcp/timeout", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "rejected",
            world1(),
            fails(TcpOutcome::Refused),
            ("tcp/refused", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case(
            "customer's host refuses",
            customer(1, "mcp.corp.example"),
            fails(TcpOutcome::Refused),
            ("tcp/refused", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "customer's name leads here",
            customer(1, "mcp.corp.example"),
            |t| resolves_to(t, "127.0.0.1"),
            ("tcp/refused", BLOCKED, Owner::Dns, LIKELY),
        ),
        case(
            "no route",
            world1(),
            fails(TcpOutcome::NetworkUnreachable),
            ("tcp/unreachable", BLOCKED, Owner::Network, LIKELY),
        ),
        case(
            "silence beats no route",
            world1(),
            |t| {
                edit(tcp_fails(t, TcpOutcome::Timeout), |a| {
                    let mut v6 = a.tcp[0].clone();
                    v6.remote = "[2606:4700::1]:443".parse().unwrap();
                    v6.outcome = TcpOutcome::NetworkUnreachable;
                    a.tcp.push(v6);
                })
            },
            ("tcp/timeout", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case(
            "only IPv6 addresses",
            world1(),
            |t| edit(resolves_to(t, "2606:4700::1"), |a| a.tcp[0].outcome = TcpOutcome::NetworkUnreachable),
            ("tcp/unreachable", BLOCKED, Owner::Network, LIKELY),
        ),
        case(
            "local firewall",
            world1(),
            fails(TcpOutcome::Denied),
            ("device/local-denied", BLOCKED, Owner::Device, PROVEN),
        ),
        case(
            "private endpoint silent",
            {
                let mut t = world1();
                t.requirement.hints.private_endpoint = true;
                t
            },
            |t| edit(resolves_to(t, "10.0.0.9"), |a| a.tcp[0].outcome = TcpOutcome::Timeout),
            ("tcp/timeout", BLOCKED, Owner::Network, LIKELY),
        ),
    ]
}

fn answers() -> Vec<Case> {
    let html = [("content-type", "text/html"), ("server", "filterd")];
    let page = "<html><title>Access denied</title></html>";
    let gw = || gateway(1, "llm.corp.example");
    vec![
        case(
            "server error",
            world1(),
            |t| status(t, 503, &[], ""),
            ("http/server-error", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "server error behind inspection",
            world1(),
            |t| {
                edit(
                    chain(t, leaf_by(&t.probed, INSPECTOR), false, Trust::Accepted, Trust::UnknownIssuer),
                    |a| a.http = vec![answer(502, &[], "")],
                )
            },
            ("http/server-error", BLOCKED, Owner::TlsInspection, LIKELY),
        ),
        case(
            "no answer",
            world1(),
            |t| http_ends(t, HttpOutcome::Timeout),
            ("http/timeout", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case(
            "no answer of the customer's",
            gw(),
            |t| http_ends(t, HttpOutcome::Timeout),
            ("http/timeout", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "reset",
            world1(),
            |t| http_ends(t, HttpOutcome::Reset),
            ("http/interrupted", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case(
            "closed in the body",
            gw(),
            |t| http_ends(t, HttpOutcome::Closed),
            ("http/interrupted", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "body stops",
            world1(),
            |t| edit(healthy(t), |a| a.http[0].outcome = HttpOutcome::BodyTimeout),
            ("http/interrupted", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case(
            "redirect of the bootstrap server",
            service(customer(1, "boot.corp.example"), "bootstrap"),
            |t| status(t, 302, &[("location", "https://login.corp.example/")], ""),
            ("http/redirect", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "page in the gateway's place",
            gw(),
            |t| status(t, 200, &html, page),
            ("http/wrong-content", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "page in the bootstrap server's place",
            service(customer(1, "boot.corp.example"), "bootstrap"),
            |t| status(t, 200, &html, page),
            ("http/wrong-content", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "error page of the gateway",
            gw(),
            |t| status(t, 403, &html, page),
            ("http/unrecognised", WARNING, Owner::Service, LIKELY),
        ),
        case(
            "missing page of the gateway",
            gw(),
            |t| status(t, 404, &html, page),
            ("http/unrecognised", WARNING, Owner::Service, LIKELY),
        ),
        case(
            "bare refusal in the gateway's place",
            gw(),
            |t| status(t, 403, &[("content-type", "application/json")], r#"{"message":"Forbidden"}"#),
            ("http/unrecognised", WARNING, Owner::Service, LIKELY),
        ),
        case(
            "HTTP/2 stream ended",
            gw(),
            |t| http_ends(t, HttpOutcome::StreamReset { code: "INTERNAL_ERROR".into() }),
            ("http/interrupted", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "block page in place of a host without a fingerprint",
            world1(),
            |t| status(t, 403, &html, page),
            ("http/unrecognised", WARNING, Owner::Service, LIKELY),
        ),
        case(
            "not HTTP",
            gw(),
            |t| http_ends(t, HttpOutcome::Malformed { error: "bad head".into() }),
            ("http/wrong-content", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "page through an inspector",
            service(world1(), "gateway"),
            |t| {
                edit(
                    chain(t, leaf_by(&t.probed, INSPECTOR), false, Trust::Accepted, Trust::UnknownIssuer),
                    |a| a.http = vec![answer(403, &html, page)],
                )
            },
            ("http/block-page", BLOCKED, Owner::TlsInspection, LIKELY),
        ),
        case(
            "rate limit",
            world1(),
            |t| status(t, 429, &[("retry-after", "30")], ""),
            ("http/rate-limited", WARNING, Owner::Service, LIKELY),
        ),
        case(
            "another answer, certificate proven",
            service(world1(), "gateway"),
            |t| status(t, 403, &html, page),
            ("http/unrecognised", WARNING, Owner::Service, LIKELY),
        ),
    ]
}

fn proxies() -> Vec<Case> {
    let target = || proxied(world1());
    let says = |outcome: ProxyOutcome| move |t: &Target| proxy_says(t, outcome);
    let status = |status| ProxyOutcome::Status { status };
    vec![
        case(
            "proxy's name is wrong",
            target(),
            |t| dns_fails(t, failed_lookup(), &[DnsAnswer::NxDomain]),
            ("proxy/unresolved", BLOCKED, Owner::Configuration, LIKELY),
        ),
        case(
            "resolver silent for the proxy",
            target(),
            |t| dns_fails(t, Lookup::Timeout, &[DnsAnswer::Timeout]),
            ("proxy/unresolved", BLOCKED, Owner::Dns, LIKELY),
        ),
        case(
            "refused",
            target(),
            |t| tcp_fails(t, TcpOutcome::Refused),
            ("proxy/refused", BLOCKED, Owner::Proxy, PROVEN),
        ),
        case(
            "silent",
            target(),
            |t| tcp_fails(t, TcpOutcome::Timeout),
            ("proxy/timeout", BLOCKED, Owner::Proxy, LIKELY),
        ),
        case(
            "CONNECT unanswered",
            target(),
            says(ProxyOutcome::Timeout),
            ("proxy/timeout", BLOCKED, Owner::Proxy, LIKELY),
        ),
        case("reset", target(), says(ProxyOutcome::Reset), ("proxy/reset", BLOCKED, Owner::Proxy, LIKELY)),
        case("closed", target(), says(ProxyOutcome::Closed), ("proxy/reset", BLOCKED, Owner::Proxy, LIKELY)),
        case(
            "TLS to the proxy",
            target(),
            says(ProxyOutcome::Tls { error: "certificate expired".into(), unknown_issuer: false }),
            ("proxy/reset", BLOCKED, Owner::Proxy, LIKELY),
        ),
        case(
            "TLS to the proxy, a private authority",
            target(),
            says(ProxyOutcome::Tls { error: "unknown issuer".into(), unknown_issuer: true }),
            ("proxy/reset", BLOCKED, Owner::Device, LIKELY),
        ),
        case("407", target(), says(status(407)), ("proxy/auth-required", BLOCKED, Owner::Proxy, PROVEN)),
        case("403", target(), says(status(403)), ("proxy/denied", BLOCKED, Owner::Proxy, PROVEN)),
        case("503", target(), says(status(503)), ("proxy/upstream", BLOCKED, Owner::Proxy, LIKELY)),
        case(
            "local firewall",
            target(),
            |t| tcp_fails(t, TcpOutcome::Denied),
            ("device/local-denied", BLOCKED, Owner::Device, PROVEN),
        ),
    ]
}

/// Every case.
pub fn all() -> Vec<Case> {
    [lookups(), connections(), handshakes(), certificates(), answers(), proxies()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn every_damage_gets_its_code_and_its_twin_is_healthy() {
    let mut wrong = Vec::new();
    for group in [lookups(), connections(), handshakes(), certificates(), answers(), proxies()] {
        for Case { name, target, damaged, expected } in group {
            let host = one(&target, damaged);
            let f = &host.finding;
            let got = (f.code.as_str(), host.verdict, f.owner, f.confidence);
            if got != expected {
                wrong.push(format!("{name}: {got:?} instead of {expected:?} ({})", f.evidence.line));
            }
            for text in [&f.summary, &f.remedy, &f.evidence.line] {
                if text.is_empty() || text.contains('{') && !text.contains("{\"") {
                    wrong.push(format!("{name}: badly worded: {text:?}"));
                }
            }
            let twin = match target.service.as_deref() {
                Some("bootstrap") | Some("gateway") | None => one(&target, healthy(&target)),
                Some(other) => panic!("no twin for {other}"),
            };
            if twin.verdict != Verdict::Reachable || twin.finding.code != Code::Ok || !twin.also.is_empty() {
                wrong.push(format!(
                    "{name}: the twin is {} ({})",
                    twin.finding.code, twin.finding.evidence.line
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
