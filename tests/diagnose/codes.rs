//! Single hosts: exemptions, actors, tries, transports, and what was not run.

use clearway::diagnose::{Code, Owner, Verdict};
use clearway::observation::*;
use clearway::plan::{Path, Route, Skip, Target};
use clearway::terms::{Actor, Transport};

use crate::scene::*;

const BLOCKED: Verdict = Verdict::Blocked;
const WARNING: Verdict = Verdict::Warning;

#[test]
fn a_private_ca_that_the_device_trusts_is_healthy_on_the_customers_host() {
    let target = gateway(1, "llm.corp.example");
    let leaf = leaf_by(&target.probed, "CN=Corp CA");
    let host = one(&target, chain(&target, leaf, false, Trust::Accepted, Trust::UnknownIssuer));
    assert_eq!(host.verdict, Verdict::Reachable);
    assert_eq!(host.finding.evidence.facts["private_ca"], "CN=Corp CA");
}

#[test]
fn a_providers_host_that_the_configuration_names_is_not_the_customers() {
    let target = customer(1, "api.github.com");
    let dropped = one(&target, tcp_fails(&target, TcpOutcome::Timeout));
    assert_eq!(dropped.finding.owner, Owner::Firewall);
    let inspected = leaf_by(&target.probed, INSPECTOR);
    let host = one(&target, chain(&target, inspected, false, Trust::Accepted, Trust::UnknownIssuer));
    assert_eq!(host.finding.code, Code::TlsIntercepted);
}

#[test]
fn a_mere_request_for_a_client_certificate_is_no_finding() {
    let target = gateway(1, "llm.corp.example");
    let host = one(&target, edit(healthy(&target), |a| a.tls[0].client_certificate_requested = true));
    assert_eq!(host.finding.code, Code::Ok);
}

#[test]
fn a_private_address_that_proves_the_name_is_no_sinkhole() {
    let target = world1();
    let at_private = |target: &Target| {
        let mut a = healthy(target);
        let ip = "100.64.0.7".parse().unwrap();
        a.dns.as_mut().unwrap().system = Lookup::Addresses { addresses: vec![ip] };
        a.tcp[0].remote.set_ip(ip);
        a.tls[0].remote.set_ip(ip);
        a
    };
    assert_eq!(one(&target, at_private(&target)).finding.code, Code::Ok);
    // Hosts of the customer, and of providers with a private variant, are never judged so.
    for mut exempt in [world1(), customer(1, "mcp.corp.example")] {
        exempt.requirement.hints.private_endpoint = true;
        let host = one(&exempt, resolves_to(&exempt, "10.0.0.9"));
        assert_eq!(host.finding.code, Code::TcpRefused);
    }
}

#[test]
fn the_sinkhole_leads_and_the_rest_is_listed() {
    let target = world1();
    let host = one(&target, resolves_to(&target, "0.0.0.0"));
    let also: Vec<Code> = host.also.iter().map(|f| f.code).collect();
    assert_eq!((host.finding.code, also), (Code::DnsSinkhole, vec![Code::TcpRefused]));
}

#[test]
fn broken_ipv6_is_a_warning_only_where_the_device_has_ipv6() {
    let target = world1();
    let attempt = |outcome| {
        edit(healthy(&target), |a| {
            let mut v6 = a.tcp[0].clone();
            v6.remote = "[2606:4700::1]:443".parse().unwrap();
            v6.outcome = outcome;
            a.tcp.insert(0, v6);
        })
    };
    let code = |ipv6: Option<&str>, outcome| {
        let mut seen = observed(vec![attempt(outcome)]);
        seen.device.ipv6 = ipv6.map(|a| a.parse().unwrap());
        let host = judged(std::slice::from_ref(&target), &seen).hosts.remove(0);
        (host.finding.code, host.verdict)
    };
    let ours = Some("2001:470::2");
    assert_eq!(code(ours, TcpOutcome::Timeout), (Code::TcpIpv6Broken, WARNING));
    assert_eq!(code(ours, TcpOutcome::Abandoned), (Code::Ok, Verdict::Reachable));
    assert_eq!(code(None, TcpOutcome::NetworkUnreachable), (Code::Ok, Verdict::Reachable));
    assert_eq!(code(Some("fd00::2"), TcpOutcome::Timeout), (Code::Ok, Verdict::Reachable));
}

#[test]
fn on_an_ipv6_only_network_the_failing_ipv4_says_nothing() {
    let target = world1();
    let mut a = healthy(&target);
    let mut v4 = a.tcp[0].clone();
    v4.outcome = TcpOutcome::NetworkUnreachable;
    a.tcp[0].remote = "[64:ff9b::808:808]:443".parse().unwrap();
    a.tcp.insert(0, v4);
    let mut seen = observed(vec![a]);
    seen.device.ipv4 = None;
    seen.device.ipv6 = Some("2001:470::2".parse().unwrap());
    assert_eq!(judged(&[target], &seen).hosts[0].finding.code, Code::Ok);
}

#[test]
fn what_works_on_the_second_try_is_not_blocked_and_says_so() {
    let target = world1();
    let mut second = healthy(&target);
    second.purpose = Purpose::Repeat;
    let first = tls_fails(&target, TlsOutcome::Reset);
    let host = run(std::slice::from_ref(&target), vec![first.clone(), second]).hosts.remove(0);
    assert_eq!(host.verdict, Verdict::Reachable);
    assert_eq!(host.finding.evidence.facts["tries"], 2);
    assert!(host.finding.evidence.line.contains("tls/reset"), "{}", host.finding.evidence.line);
    let mut again = first.clone();
    again.purpose = Purpose::Repeat;
    let host = run(std::slice::from_ref(&target), vec![first, again]).hosts.remove(0);
    assert_eq!(host.finding.code, Code::TlsReset);
    assert!(host.finding.evidence.line.contains("second try"));
}

#[test]
fn a_host_is_as_good_as_its_worst_actor() {
    let mut target = world1();
    target.requirement.reasons[0].actors = vec![Actor::App, Actor::Engine, Actor::Browser];
    target.paths = vec![
        Path { route: Route::Direct, actors: vec![Actor::App] },
        Path { route: proxy_route(), actors: vec![Actor::Engine] },
    ];
    let mut through = proxied(world1());
    through.paths[0].actors = vec![Actor::Engine];
    let mut denied = proxy_says(&through, ProxyOutcome::Status { status: 403 });
    denied.path = 1;
    let host = run(std::slice::from_ref(&target), vec![healthy(&target), denied]).hosts.remove(0);
    assert_eq!((host.verdict, host.finding.code), (BLOCKED, Code::ProxyDenied));
    let actors: Vec<_> = host.actors.iter().map(|a| (a.actor, a.code, a.route.as_str())).collect();
    assert_eq!(
        actors,
        [
            (Actor::App, Code::Ok, "direct"),
            (Actor::Engine, Code::ProxyDenied, "proxy proxy.corp.example:3128 (egressProxyUrl)"),
            (Actor::Browser, Code::UntestedActor, ""),
        ]
    );
}

#[test]
fn a_trust_store_without_a_root_stops_the_app_and_not_the_engine() {
    let mut target = world1();
    target.paths[0].actors = vec![Actor::App, Actor::Engine];
    target.requirement.reasons[0].actors = vec![Actor::App, Actor::Engine];
    let a = chain(&target, public_leaf(&target.probed), false, Trust::UnknownIssuer, Trust::Accepted);
    let host = one(&target, a);
    let actors: Vec<_> = host.actors.iter().map(|a| (a.actor, a.code)).collect();
    assert_eq!(actors, [(Actor::App, Code::DeviceTrustStore), (Actor::Engine, Code::Ok)]);
}

#[test]
fn a_lookup_of_the_target_is_no_part_of_a_proxied_path() {
    let target = proxied(world1());
    let host = one(&target, edit(healthy(&target), |a| a.dns = None));
    assert_eq!(host.finding.code, Code::Ok);
}

#[test]
fn ssh_and_plain_ports_are_judged_as_what_they_are() {
    let mut ssh = customer(1, "build.corp.example");
    ssh.requirement.transport = Transport::Ssh;
    let with = |banner: Option<&str>| {
        let banner = banner.map(|b| Banner { text: b.into(), ms: 3.0 });
        one(&ssh, edit(healthy(&ssh), |a| a.banner = banner)).finding.code
    };
    assert_eq!(with(Some("SSH-2.0-OpenSSH_9.9")), Code::Ok);
    assert_eq!(with(Some("HTTP/1.1 400")), Code::HttpUnrecognised);
    assert_eq!(with(None), Code::HttpTimeout);
    let mut tcp = customer(1, "db.corp.example");
    tcp.requirement.transport = Transport::Tcp;
    assert_eq!(one(&tcp, healthy(&tcp)).finding.code, Code::Ok);
    let mut local = gateway(1, "localhost");
    local.requirement.transport = Transport::Http;
    local.requirement.loopback = true;
    assert_eq!(one(&local, healthy(&local)).finding.code, Code::Ok);
}

#[test]
fn what_was_not_run_is_never_passed() {
    let target = world1();
    for (skip, code) in [
        (Skip::Wildcard, Code::UntestedWildcard),
        (Skip::Unbounded, Code::UntestedWildcard),
        (Skip::LinkLocal, Code::UntestedActor),
        (Skip::Actor, Code::UntestedActor),
    ] {
        let skipped = skipped(target.clone(), skip);
        let host = run(&[skipped], Vec::new()).hosts.remove(0);
        assert_eq!((host.finding.code, host.verdict), (code, Verdict::Untested));
    }
    for (stopped, code) in
        [(Stopped::Deadline, Code::UntestedDeadline), (Stopped::Interrupted, Code::UntestedInterrupted)]
    {
        let mut seen = observed(Vec::new());
        seen.stopped = Some(stopped);
        assert_eq!(judged(std::slice::from_ref(&target), &seen).hosts[0].finding.code, code);
        seen.attempts = vec![edit(tcp_fails(&target, TcpOutcome::Abandoned), |a| a.cut = Some(stopped))];
        let host = judged(std::slice::from_ref(&target), &seen).hosts.remove(0);
        assert_eq!((host.finding.code, host.verdict), (code, Verdict::Untested));
        // A failure that was seen before the run ended stays one.
        seen.attempts.insert(0, tcp_fails(&target, TcpOutcome::Refused));
        assert_eq!(judged(std::slice::from_ref(&target), &seen).hosts[0].finding.code, Code::TcpRefused);
    }
}

#[test]
fn hostile_text_does_not_reach_the_finding() {
    let target = customer(1, "mcp.corp.example");
    let mut leaf = leaf_by(&target.probed, "CN=Evil\u{1b}[2J\u{202e}CA\nremedy: none");
    leaf.subject = "x".repeat(5000);
    let host = one(&target, chain(&target, leaf, false, Trust::UnknownIssuer, Trust::UnknownIssuer));
    let json = serde_json::to_string(&host).unwrap();
    for bad in ["\\u001b", "\u{202e}", "\\n"] {
        assert!(!json.contains(bad), "{json}");
    }
    assert!(json.len() < 6000);
}
