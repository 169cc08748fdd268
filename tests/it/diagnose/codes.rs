//! Single hosts: exemptions, actors, tries, transports, and what was not run.

use clearway::contract::{Actor, Transport};
use clearway::diagnose::{Code, Owner, Verdict};
use clearway::observation::*;
use clearway::plan::{Path, Route, Skip, Target};

use crate::diagnose::scene::*;

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
fn ipv6_is_not_broken_for_this_device_itself_nor_from_an_address_that_leads_nowhere() {
    let code = |target: &Target, ours: &str, v6: &str, v4: &str| {
        let a = edit(healthy(target), |a| {
            a.tcp[0].remote.set_ip(v4.parse().unwrap());
            let mut failed = a.tcp[0].clone();
            failed.remote.set_ip(v6.parse().unwrap());
            failed.outcome = TcpOutcome::Refused;
            a.tcp.insert(0, failed);
        });
        let mut seen = observed(vec![a]);
        seen.device.ipv6 = Some(ours.parse().unwrap());
        judged(std::slice::from_ref(target), &seen).hosts.remove(0).finding.code
    };
    let public = world1();
    assert_eq!(code(&public, "2001:470::2", "2606:4700::1", "11.0.0.1"), Code::TcpIpv6Broken);
    for ours in ["fd00:1::2", "fe80::2", "::1"] {
        assert_eq!(code(&public, ours, "2606:4700::1", "11.0.0.1"), Code::Ok, "{ours}");
    }
    let mut here = gateway(1, "localhost");
    here.requirement.loopback = true;
    assert_eq!(code(&here, "2001:470::2", "::1", "127.0.0.1"), Code::Ok);
    let named = gateway(1, "llm.corp.example");
    assert_eq!(code(&named, "2001:470::2", "::1", "127.0.0.1"), Code::Ok);
}

#[test]
fn a_self_signed_authority_that_the_device_accepts_is_healthy_on_the_customers_host() {
    let target = customer(1, "mcp.corp.example");
    let leaf = Certificate { ca: true, self_issued: true, ..leaf_by(&target.probed, "CN=mcp.corp.example") };
    let rejected = Trust::Rejected { error: "CA used as end entity".into() };
    let host = one(&target, chain(&target, leaf, true, Trust::Accepted, rejected));
    assert_eq!(host.finding.code, Code::Ok);
}

#[test]
fn a_missing_intermediate_of_a_public_issuer_is_the_customers_to_send() {
    let targets = [customer(1, "mcp.corp.example"), world(2, "api.vendor.example")];
    let url = Some("http://ca.example/2.crt".into());
    for (issuer, issuer_url, code, owner) in [
        ("CN=Public CA 1,O=Trust Services", None, Code::TlsIncompleteChain, Owner::Service),
        ("CN=Public CA 2,O=Trust Services", url.clone(), Code::TlsIncompleteChain, Owner::Service),
        ("CN=Issuing CA,O=Example Corp", url, Code::TlsUnknownIssuer, Owner::Device),
    ] {
        let leaf = Certificate { issuer_url, ..leaf_by(&targets[0].probed, issuer) };
        let alone = chain(&targets[0], leaf, true, Trust::UnknownIssuer, Trust::UnknownIssuer);
        let f = run(&targets, vec![alone, healthy(&targets[1])]).hosts.remove(0).finding;
        assert_eq!((f.code, f.owner), (code, owner), "{issuer}");
    }
}

/// Who asks whether a certificate was revoked is the system's own affair, but its hosts are on no list.
#[test]
fn hosts_that_certificates_name_for_revocation_are_said_once_and_not_those_of_the_list() {
    let targets =
        [customer(1, "mcp.corp.example"), world(2, "api.vendor.example"), world(3, "crl.listed.example")];
    let named = |hosts: &[&str]| hosts.iter().map(|host| (*host).to_owned()).collect();
    let seen = |at: usize, hosts: &[&str]| {
        let leaf = Certificate { revocation: named(hosts), ..public_leaf(&targets[at].probed) };
        chain(&targets[at], leaf, true, Trust::Accepted, Trust::Accepted)
    };
    let attempts = |first: &[&str]| {
        vec![seen(0, first), seen(1, &["ocsp.ca.example", "crl.listed.example"]), healthy(&targets[2])]
    };
    let judged = run(&targets, attempts(&["crl.ca.example", "ocsp.ca.example"]));
    let said: Vec<&str> =
        judged.not_tested.iter().filter(|n| n.id == "revocation").map(|n| n.text.as_str()).collect();
    let [text] = said[..] else { panic!("{said:?}") };
    assert!(
        text.contains("crl.ca.example and ocsp.ca.example") && !text.contains("crl.listed.example"),
        "{text}"
    );
    let silent = run(&targets, vec![healthy(&targets[0]), healthy(&targets[1]), healthy(&targets[2])]);
    assert!(!silent.not_tested.iter().any(|n| n.id == "revocation"));
}

#[test]
fn who_renews_an_expired_certificate_depends_on_who_issued_it() {
    let targets = [world(1, "api.vendor.example"), world(2, "login.other.example")];
    let expired = |issuer| {
        chain(&targets[0], leaf_by(&targets[0].probed, issuer), false, Trust::Expired, Trust::Expired)
    };
    let inspected = chain(
        &targets[1],
        leaf_by(&targets[1].probed, INSPECTOR),
        false,
        Trust::Accepted,
        Trust::UnknownIssuer,
    );
    for (issuer, other, owner) in [
        ("CN=Public CA 1,O=Trust Services", healthy(&targets[1]), Owner::Service),
        (INSPECTOR, inspected, Owner::TlsInspection),
        (INSPECTOR, healthy(&targets[1]), Owner::Firewall),
    ] {
        let f = run(&targets, vec![expired(issuer), other]).hosts.remove(0).finding;
        assert_eq!((f.code, f.owner), (Code::TlsExpired, owner), "{issuer}");
    }
}

#[test]
fn an_answer_that_any_server_gives_proves_nothing_through_an_inspector() {
    let target = world1();
    let inspected =
        chain(&target, leaf_by(&target.probed, INSPECTOR), false, Trust::Accepted, Trust::UnknownIssuer);
    let host = one(&target, inspected);
    let also: Vec<Code> = host.also.iter().map(|f| f.code).collect();
    assert_eq!((host.finding.code, also), (Code::TlsIntercepted, vec![Code::HttpUnrecognised]));
    // An answer that only the service gives is one, whoever opened the connection.
    let mut known = target.clone();
    known.service = Some("gateway".into());
    let seen = chain(&known, leaf_by(&known.probed, INSPECTOR), false, Trust::Accepted, Trust::UnknownIssuer);
    assert!(one(&known, seen).also.is_empty());
}

#[test]
fn a_certificate_that_nobody_judged_blocks_nothing_and_the_answer_still_counts() {
    let target = gateway(1, "llm.corp.example");
    let silent = || Trust::Unavailable { error: "not readable".into() };
    let unjudged = |t: &Target| chain(t, public_leaf(&t.probed), false, silent(), silent());
    let host = one(&target, unjudged(&target));
    assert_eq!((host.finding.code, host.verdict), (Code::DeviceTrustStore, WARNING));
    assert!(host.finding.evidence.line.contains("trust was not judged"));
    assert!(host.finding.summary.contains("not judged"), "{}", host.finding.summary);
    let broken = edit(unjudged(&target), |a| a.http = vec![answer(503, &[], "")]);
    assert_eq!(one(&target, broken).finding.code, Code::HttpServerError);
    let public = chain(&target, public_leaf(&target.probed), false, silent(), Trust::Accepted);
    assert_eq!(one(&target, public).finding.code, Code::Ok);
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

#[test]
fn an_address_that_is_never_dialled_is_no_fault_of_anybody() {
    let target = customer(1, "gw.corp.example");
    let none = TcpOutcome::NotDialled { reason: "link-local address, never probed".into() };
    let host = one(&target, tcp_fails(&target, none.clone()));
    assert_eq!((host.finding.code, host.verdict), (Code::UntestedAddress, Verdict::Untested));
    assert_eq!(host.finding.owner, Owner::None);
    assert!(host.finding.evidence.line.contains("link-local"), "{}", host.finding.evidence.line);
    // Beside one that was dialled, only that one speaks.
    let both = edit(tcp_fails(&target, TcpOutcome::Refused), |a| {
        let mut first = a.tcp[0].clone();
        first.outcome = none;
        a.tcp.insert(0, first);
    });
    assert_eq!(one(&target, both).finding.code, Code::TcpRefused);
}
