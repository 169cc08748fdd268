//! A table of one damage each: code, verdict, owner and certainty, with the healthy twin beside.

use clearway::diagnose::{Certainty, Code, Owner, Verdict};
use clearway::observation::*;
use clearway::plan::Target;
use clearway::terms::{Actor, Network};

use crate::scene::*;

struct Case {
    name: &'static str,
    target: Target,
    damaged: Attempt,
    expected: (&'static str, Verdict, Owner, Certainty),
}

const BLOCKED: Verdict = Verdict::Blocked;
const WARNING: Verdict = Verdict::Warning;
const PROVEN: Certainty = Certainty::Proven;
const LIKELY: Certainty = Certainty::Likely;

fn case(
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
            "typo in a key",
            keyed(gateway(1, "llm.typo.example")),
            fails(&[DnsAnswer::NxDomain]),
            ("dns/nxdomain", BLOCKED, Owner::Configuration, PROVEN),
        ),
        case(
            "off the VPN",
            internal(keyed(gateway(1, "llm.corp"))),
            fails(&[DnsAnswer::NxDomain]),
            ("dns/nxdomain", BLOCKED, Owner::Network, PROVEN),
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
            |t| {
                edit(tcp_fails(t, TcpOutcome::Timeout), |a| {
                    a.tcp.clear();
                    a.dns.as_mut().unwrap().system =
                        Lookup::Addresses { addresses: vec!["2606:4700::1".parse().unwrap()] };
                })
            },
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

fn handshakes() -> Vec<Case> {
    let ends = |outcome: TlsOutcome| move |t: &Target| tls_fails(t, outcome);
    let alert = |name: &str| TlsOutcome::Alert { alert: name.into() };
    vec![
        case(
            "silent",
            world1(),
            ends(TlsOutcome::Timeout),
            ("tls/timeout", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case("reset", world1(), ends(TlsOutcome::Reset), ("tls/reset", BLOCKED, Owner::Firewall, LIKELY)),
        case(
            "reset by the customer's server",
            gateway(1, "llm.corp.example"),
            ends(TlsOutcome::Reset),
            ("tls/reset", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "reset beyond the proxy",
            proxied(world1()),
            ends(TlsOutcome::Reset),
            ("tls/reset", BLOCKED, Owner::Proxy, LIKELY),
        ),
        case("closed", world1(), ends(TlsOutcome::Closed), ("tls/closed", BLOCKED, Owner::Firewall, LIKELY)),
        case(
            "alert",
            world1(),
            ends(alert("unrecognized_name")),
            ("tls/alert", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case(
            "faulty",
            world1(),
            ends(TlsOutcome::Faulty { error: "bad signature".into() }),
            ("tls/alert", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case(
            "old version",
            world1(),
            ends(alert("protocol_version")),
            ("tls/version", BLOCKED, Owner::TlsInspection, LIKELY),
        ),
        case(
            "old version of the customer's",
            customer(1, "mcp.corp.example"),
            ends(TlsOutcome::Version),
            ("tls/version", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "no TLS",
            world1(),
            ends(TlsOutcome::NotTls { first: "HTTP/1.1 403".into() }),
            ("tls/not-tls", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case(
            "client certificate, TLS 1.2",
            customer(1, "mcp.corp.example"),
            |t| {
                edit(tls_fails(t, alert("handshake_failure")), |a| {
                    a.tls[0].client_certificate_requested = true
                })
            },
            ("tls/client-certificate", BLOCKED, Owner::Service, PROVEN),
        ),
        case(
            "client certificate, TLS 1.3",
            customer(1, "mcp.corp.example"),
            |t| {
                edit(http_ends(t, HttpOutcome::Alert { alert: "certificate_required".into() }), |a| {
                    a.tls[0].client_certificate_requested = true
                })
            },
            ("tls/client-certificate", BLOCKED, Owner::Service, PROVEN),
        ),
        case(
            "client certificate on the gateway",
            gateway(1, "llm.corp.example"),
            |t| {
                edit(http_ends(t, HttpOutcome::Alert { alert: "certificate_required".into() }), |a| {
                    a.tls[0].client_certificate_requested = true
                })
            },
            ("tls/client-certificate", WARNING, Owner::Service, PROVEN),
        ),
        case(
            "client certificate said in HTML",
            gateway(1, "llm.corp.example"),
            |t| {
                edit(status(t, 400, &[("content-type", "text/html")], "<html>"), |a| {
                    a.tls[0].client_certificate_requested = true
                })
            },
            ("tls/client-certificate", WARNING, Owner::Service, LIKELY),
        ),
        case(
            "an alert about something else",
            world1(),
            |t| http_ends(t, HttpOutcome::Alert { alert: "internal_error".into() }),
            ("tls/alert", BLOCKED, Owner::Firewall, LIKELY),
        ),
    ]
}

fn certificates() -> Vec<Case> {
    let by = |trust: Trust| move |t: &Target| chain(t, public_leaf(&t.probed), false, trust.clone(), trust);
    let own = |t: &Target| {
        let mut leaf = leaf_by(&t.probed, &format!("CN={}", t.probed));
        leaf.self_issued = true;
        leaf
    };
    let from = |issuer: &'static str, alone: bool, device: Trust| {
        move |t: &Target| chain(t, leaf_by(&t.probed, issuer), alone, device, Trust::UnknownIssuer)
    };
    let with_url = |t: &Target| Certificate {
        issuer_url: Some("http://ca.example/1.crt".into()),
        ..leaf_by(&t.probed, "CN=Public CA 2")
    };
    vec![
        case("expired", world1(), by(Trust::Expired), ("tls/expired", BLOCKED, Owner::Service, LIKELY)),
        case(
            "not yet valid",
            customer(1, "mcp.corp.example"),
            by(Trust::NotYetValid),
            ("tls/not-yet-valid", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "another name in the vendor's place",
            world1(),
            by(Trust::NameMismatch),
            ("tls/name-mismatch", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case(
            "another name on the customer's host",
            customer(1, "mcp.corp.example"),
            by(Trust::NameMismatch),
            ("tls/name-mismatch", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "self-signed customer",
            customer(1, "mcp.corp.example"),
            |t| chain(t, own(t), true, Trust::UnknownIssuer, Trust::UnknownIssuer),
            ("tls/self-signed", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "self-signed in the vendor's place",
            world1(),
            |t| chain(t, own(t), true, Trust::UnknownIssuer, Trust::UnknownIssuer),
            ("tls/self-signed", BLOCKED, Owner::TlsInspection, LIKELY),
        ),
        case(
            "private issuer not installed",
            gateway(1, "llm.corp.example"),
            from("CN=Corp CA", false, Trust::UnknownIssuer),
            ("tls/unknown-issuer", BLOCKED, Owner::Device, LIKELY),
        ),
        case(
            "no intermediate",
            customer(1, "mcp.corp.example"),
            |t| chain(t, with_url(t), true, Trust::UnknownIssuer, Trust::UnknownIssuer),
            ("tls/incomplete-chain", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "no intermediate, the device knows it",
            world1(),
            |t| chain(t, with_url(t), true, Trust::Accepted, Trust::UnknownIssuer),
            ("tls/incomplete-chain", WARNING, Owner::Firewall, LIKELY),
        ),
        case(
            "inspected, trusted",
            world1(),
            from(INSPECTOR, false, Trust::Accepted),
            ("tls/intercepted", WARNING, Owner::TlsInspection, PROVEN),
        ),
        case(
            "inspected, leaf alone",
            world1(),
            from(INSPECTOR, true, Trust::Accepted),
            ("tls/intercepted", WARNING, Owner::TlsInspection, PROVEN),
        ),
        case(
            "inspected, the engine's store not tested",
            {
                let mut t = world1();
                t.paths[0].actors = vec![Actor::App, Actor::Engine];
                t
            },
            from(INSPECTOR, false, Trust::Accepted),
            ("tls/intercepted", WARNING, Owner::TlsInspection, LIKELY),
        ),
        case(
            "inspected, not trusted",
            world1(),
            from(INSPECTOR, false, Trust::UnknownIssuer),
            ("tls/intercepted-untrusted", BLOCKED, Owner::TlsInspection, LIKELY),
        ),
        case(
            "device lacks a root",
            world1(),
            |t| chain(t, public_leaf(&t.probed), false, Trust::UnknownIssuer, Trust::Accepted),
            ("device/trust-store", BLOCKED, Owner::Device, PROVEN),
        ),
        case(
            "revoked",
            world1(),
            |t| chain(t, public_leaf(&t.probed), false, Trust::Revoked, Trust::Accepted),
            ("device/trust-store", BLOCKED, Owner::Service, LIKELY),
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
            ("http/redirect", BLOCKED, Owner::Configuration, LIKELY),
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
            ("http/wrong-content", BLOCKED, Owner::TlsInspection, LIKELY),
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
            says(ProxyOutcome::Tls { error: "unknown issuer".into() }),
            ("proxy/reset", BLOCKED, Owner::Proxy, LIKELY),
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
