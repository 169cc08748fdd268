//! Causes: what explains many hosts is said once.

use clearway::contract::{Actor, Need, Network};
use clearway::diagnose::{Certainty, Code, Owner, RunVerdict, Verdict};
use clearway::observation::*;
use clearway::plan::Target;

use crate::diagnose::scene::*;

fn five() -> Vec<Target> {
    let mut keyed = gateway(4, "llm.customer.example");
    keyed.requirement.hints.name_key = Some("inferenceGatewayBaseUrl".into());
    let mut inside = customer(5, "mcp.corp");
    inside.requirement.network = Network::Internal;
    vec![
        world(1, "api.vendor.example"),
        world(2, "cdn.vendor.example"),
        world(3, "login.other.example"),
        keyed,
        inside,
    ]
}

fn all(targets: &[Target], make: impl Fn(&Target) -> Attempt) -> Vec<Attempt> {
    targets.iter().map(make).collect()
}

#[test]
fn a_dead_resolver_is_one_cause_whatever_the_names() {
    let targets = five();
    for (system, answer, code) in [
        (Lookup::Timeout, DnsAnswer::Timeout, "dns/timeout"),
        (failed_lookup(), DnsAnswer::ServFail, "dns/servfail"),
        (failed_lookup(), DnsAnswer::NxDomain, "dns/nxdomain"),
    ] {
        let run =
            run(&targets, all(&targets, |t| dns_fails(t, system.clone(), std::slice::from_ref(&answer))));
        assert_eq!(causes(&run), [(code, vec![1, 2, 3, 4, 5])]);
        assert_eq!(run.causes[0].finding.owner, Owner::Dns);
        // A resolver that denies is running, and nobody is sent to look whether it does.
        let remedy = &run.causes[0].finding.remedy;
        assert_eq!(remedy.contains("is it running"), code != "dns/nxdomain", "{remedy}");
        assert!(run.hosts.iter().all(|h| h.cause.as_deref() == Some("c1")));
        assert_eq!(run.verdict, RunVerdict::Blocked);
    }
}

#[test]
fn a_resolver_that_also_fails_is_not_said_to_deny() {
    let targets = five();
    let mut attempts = all(&targets, |t| dns_fails(t, failed_lookup(), &[DnsAnswer::NxDomain]));
    attempts[0] = dns_fails(&targets[0], Lookup::Timeout, &[DnsAnswer::Timeout]);
    let run = run(&targets, attempts);
    assert_eq!(run.causes.len(), 1);
    assert!(run.causes[0].finding.remedy.contains("is it running"), "{}", run.causes[0].finding.remedy);
}

#[test]
fn a_name_that_another_resolver_knows_is_no_slip_of_the_configuration() {
    let targets = five();
    let judge = |answer: DnsAnswer| {
        let mut attempts = all(&targets, healthy);
        let mut lost = dns_fails(&targets[3], failed_lookup(), &[DnsAnswer::NxDomain]);
        lost.dns.as_mut().unwrap().compared = vec![DirectQuery {
            server: "11.8.8.8:53".parse().unwrap(),
            kind: "A".into(),
            answer,
            aliases: Vec::new(),
            ms: 10.0,
        }];
        attempts[3] = lost;
        let finding = run(&targets, attempts).hosts[3].finding.clone();
        (finding.code, finding.owner, finding.confidence, finding.evidence.line)
    };
    let known = judge(DnsAnswer::Addresses { addresses: vec!["11.7.7.7".parse().unwrap()] });
    assert_eq!((known.0, known.1, known.2), (Code::DnsNxdomain, Owner::Dns, Certainty::Likely));
    assert!(known.3.contains("11.8.8.8, asked for comparison, gives 11.7.7.7"), "{}", known.3);
    // A filter's answer shows nothing.
    let nowhere = judge(DnsAnswer::Addresses { addresses: vec!["0.0.0.0".parse().unwrap()] });
    assert_eq!(nowhere.1, Owner::Configuration, "{}", nowhere.3);
    for (answer, said) in [(DnsAnswer::NxDomain, "says NXDOMAIN too"), (DnsAnswer::Timeout, "gave no answer")]
    {
        let unknown = judge(answer);
        assert_eq!((unknown.1, unknown.2), (Owner::Configuration, Certainty::Likely));
        assert!(unknown.3.contains(said), "{}", unknown.3);
    }
}

#[test]
fn a_device_without_a_route_is_one_cause() {
    let targets = five();
    let mut seen = observed(all(&targets, |t| dns_fails(t, failed_lookup(), &[DnsAnswer::Timeout])));
    seen.device.ipv4 = None;
    let run = judged(&targets, &seen);
    assert_eq!(causes(&run), [("tcp/unreachable", vec![1, 2, 3, 4, 5])]);
    assert_eq!(
        (run.causes[0].finding.owner, run.causes[0].finding.confidence),
        (Owner::Network, Certainty::Proven)
    );
}

#[test]
fn one_missing_name_among_resolved_ones_is_its_own_cause() {
    let targets = five();
    let mut attempts = all(&targets, healthy);
    attempts[3] = dns_fails(&targets[3], failed_lookup(), &[DnsAnswer::NxDomain]);
    let run = run(&targets, attempts);
    assert_eq!(causes(&run), [("dns/nxdomain", vec![4])]);
    assert_eq!(run.causes[0].finding.owner, Owner::Configuration);
    assert!(run.causes[0].finding.remedy.contains("inferenceGatewayBaseUrl"));
}

#[test]
fn an_internal_name_is_a_mistake_when_other_internal_names_resolve() {
    let mut a = gateway(1, "llm.corp");
    a.requirement.network = Network::Internal;
    a.requirement.hints.name_key = Some("inferenceGatewayBaseUrl".into());
    let mut b = customer(2, "mcp.corp");
    b.requirement.network = Network::Internal;
    let missing = dns_fails(&a, failed_lookup(), &[DnsAnswer::NxDomain]);
    let both = run(&[a.clone(), b.clone()], vec![missing.clone(), healthy(&b)]);
    assert_eq!(both.hosts[0].finding.owner, Owner::Configuration);
    let alone = run(&[a], vec![missing]);
    assert_eq!(alone.hosts[0].finding.owner, Owner::Network);
}

#[test]
fn everything_dropped_is_one_cause_and_a_single_drop_is_not_that() {
    let targets =
        vec![world(1, "api.vendor.example"), world(2, "login.other.example"), world(3, "cdn.third.example")];
    let dropped = run(&targets, all(&targets, |t| tcp_fails(t, TcpOutcome::Timeout)));
    assert_eq!(causes(&dropped), [("tcp/timeout", vec![1, 2, 3])]);
    assert!(dropped.causes[0].finding.summary.contains("allows nothing"));
    let mut attempts = all(&targets, |t| tcp_fails(t, TcpOutcome::Timeout));
    attempts[2] = healthy(&targets[2]);
    let some = run(&targets, attempts);
    assert_eq!(causes(&some), [("tcp/timeout", vec![1, 2])]);
    assert!(!some.causes[0].finding.summary.contains("allows nothing"));
    assert_eq!(some.causes[0].finding.owner, Owner::Firewall);
    // A message of the network, and this device's own refusal, are answers.
    let icmp = Icmp { kind: 3, code: 1, from: "11.9.0.1".parse().ok(), own: false };
    for (outcome, icmp) in [(TcpOutcome::Timeout, Some(icmp)), (TcpOutcome::Denied, None)] {
        let mut attempts = all(&targets, |t| tcp_fails(t, TcpOutcome::Timeout));
        let told = world(4, "told.fourth.example");
        attempts.push(edit(tcp_fails(&told, outcome), |a| a.tcp[0].icmp = icmp));
        let four = crate::diagnose::scene::run(&[targets.clone(), vec![told]].concat(), attempts);
        assert!(four.causes.iter().all(|c| !c.finding.summary.contains("allows nothing")));
    }
}

#[test]
fn a_way_to_the_proxy_that_is_prohibited_is_the_firewalls() {
    let t = proxied(world1());
    for (code, owner, confidence) in [
        (13, Owner::Firewall, Certainty::Proven),
        (10, Owner::Firewall, Certainty::Proven),
        (1, Owner::Network, Certainty::Likely),
    ] {
        let attempt = edit(tcp_fails(&t, TcpOutcome::HostUnreachable), |a| {
            a.tcp[0].icmp = Some(Icmp { kind: 3, code, from: "11.9.0.1".parse().ok(), own: false });
        });
        let f = one(&t, attempt).finding;
        assert_eq!((f.code, f.owner, f.confidence), (Code::ProxyTimeout, owner, confidence));
        if owner == Owner::Firewall {
            assert_eq!(f.evidence.facts["icmp_from"], "11.9.0.1");
            assert!(f.evidence.line.contains("prohibited\" from 11.9.0.1"), "{}", f.evidence.line);
            assert!(f.remedy.contains("Allow connections from this device"), "{}", f.remedy);
        }
    }
}

#[test]
fn a_name_of_this_device_is_no_sign_that_names_resolve() {
    let mut here = gateway(1, "localhost");
    here.requirement.loopback = true;
    let sunk = world(2, "sunk.vendor.example");
    let lost = [world(3, "api.vendor.example"), world(4, "cdn.other.example")];
    let mut targets = vec![here.clone(), sunk.clone()];
    targets.extend(lost.clone());
    let mut attempts = vec![healthy(&here), resolves_to(&sunk, "127.0.0.1")];
    attempts.extend(all(&lost, |t| dns_fails(t, Lookup::Timeout, &[DnsAnswer::Timeout])));
    let run = run(&targets, attempts);
    assert!(causes(&run).contains(&("dns/timeout", vec![3, 4])), "{:?}", causes(&run));
    assert!(run.causes.iter().any(|c| c.finding.summary.contains("No name that was looked up")));
}

#[test]
fn the_customers_hosts_have_owners_of_their_own() {
    let targets =
        vec![customer(1, "a.corp.example"), customer(2, "b.corp.example"), world(3, "x.vendor.example")];
    let attempts = vec![
        tcp_fails(&targets[0], TcpOutcome::Timeout),
        tcp_fails(&targets[1], TcpOutcome::Timeout),
        healthy(&targets[2]),
    ];
    assert_eq!(causes(&run(&targets, attempts)), [("tcp/timeout", vec![1]), ("tcp/timeout", vec![2])]);
}

#[test]
fn a_proxy_that_refuses_all_is_one_cause() {
    let targets: Vec<Target> = five().into_iter().map(proxied).collect();
    let run = run(
        &targets,
        all(&targets, |t| {
            let mut a = healthy(t);
            a.proxy = Some(Proxy {
                outcome: ProxyOutcome::Status { status: 407 },
                headers: vec![
                    ("proxy-authenticate".into(), "Negotiate".into()),
                    ("proxy-authenticate".into(), "NTLM".into()),
                ],
                ms: 3.0,
            });
            a.tls.clear();
            a.http.clear();
            a
        }),
    );
    assert_eq!(causes(&run), [("proxy/auth-required", vec![1, 2, 3, 4, 5])]);
    let finding = &run.causes[0].finding;
    assert!(finding.summary.contains("Negotiate, NTLM") && finding.remedy.contains("Exempt"), "{finding:?}");
}

#[test]
fn one_inspector_is_one_cause_and_a_customers_host_that_it_opens_belongs_to_it() {
    let targets = vec![
        world(1, "api.vendor.example"),
        world(2, "login.other.example"),
        customer(3, "mcp.corp.example"),
    ];
    let by = |t: &Target, device: Trust| {
        chain(t, leaf_by(&t.probed, INSPECTOR), false, device, Trust::UnknownIssuer)
    };
    let trusted = run(&targets, all(&targets, |t| by(t, Trust::Accepted)));
    assert_eq!(causes(&trusted), [("tls/intercepted", vec![1, 2, 3])]);
    assert_eq!((trusted.verdict, trusted.hosts[2].verdict), (RunVerdict::Degraded, Verdict::Warning));
    assert_eq!(trusted.hosts[2].finding.confidence, Certainty::Likely);
    // An authority of the customer's own that opens nothing of the world's is its own affair.
    let own = run(
        &targets,
        all(&targets, |t| match t.id {
            3 => chain(
                t,
                leaf_by(&t.probed, "CN=Corp Servers CA"),
                false,
                Trust::Accepted,
                Trust::UnknownIssuer,
            ),
            _ => by(t, Trust::Accepted),
        }),
    );
    assert_eq!(causes(&own), [("tls/intercepted", vec![1, 2])]);
    assert_eq!(own.hosts[2].finding.evidence.facts["private_ca"], "CN=Corp Servers CA");
    let foreign = run(&targets, all(&targets, |t| by(t, Trust::UnknownIssuer)));
    assert_eq!(causes(&foreign), [("tls/intercepted-untrusted", vec![1, 2, 3])]);
    assert_eq!(foreign.causes[0].finding.confidence, Certainty::Proven);
    assert_eq!(foreign.causes[0].finding.owner, Owner::TlsInspection);
}

#[test]
fn a_leaf_alone_is_inspection_when_hosts_of_two_operators_share_its_issuer() {
    let targets = vec![world(1, "api.vendor.example"), world(2, "login.other.example")];
    let leaf = |t: &Target| Certificate {
        issuer_url: Some("http://ca.example/1.crt".into()),
        ..leaf_by(&t.probed, "CN=Some CA")
    };
    let make = |t: &Target| chain(t, leaf(t), true, Trust::UnknownIssuer, Trust::UnknownIssuer);
    assert_eq!(causes(&run(&targets, all(&targets, make))), [("tls/intercepted-untrusted", vec![1, 2])]);
    let mixed = vec![
        make(&targets[0]),
        chain(&targets[1], leaf(&targets[1]), false, Trust::Accepted, Trust::Accepted),
    ];
    let mixed = run(&targets, mixed);
    assert_eq!(causes(&mixed), [("tls/incomplete-chain", vec![1])]);
    assert_eq!(mixed.causes[0].finding.confidence, Certainty::Proven);
}

/// The servers' date: what HTTP says when the device's clock is two hours slow.
fn dated(attempt: &mut Attempt, offset_s: i64) {
    let hour = 12 + offset_s / 3600;
    let http = attempt.http.last_mut().unwrap();
    http.headers.push(("date".into(), format!("Sun, 22 Nov 2026 {hour:02}:00:00 GMT")));
}

#[test]
fn a_wrong_clock_is_told_from_an_expired_certificate() {
    let targets =
        vec![world(1, "api.vendor.example"), world(2, "cdn.vendor.example"), world(3, "login.other.example")];
    let young = |t: &Target| {
        let issuer =
            if t.id == 3 { "CN=Public CA 3,O=Other Trust" } else { "CN=Public CA 1,O=Trust Services" };
        let leaf = Certificate { not_before: NOW + 3600, ..leaf_by(&t.probed, issuer) };
        chain(t, leaf, false, Trust::NotYetValid, Trust::NotYetValid)
    };
    let with_dates = |n: usize| {
        let mut attempts = all(&targets, young);
        for a in attempts.iter_mut().take(n) {
            dated(a, 7200);
        }
        run(&targets, attempts)
    };
    let proven = with_dates(3);
    assert_eq!(causes(&proven), [("device/clock", vec![1, 2, 3])]);
    let finding = &proven.causes[0].finding;
    assert_eq!((finding.owner, finding.confidence), (Owner::Device, Certainty::Proven));
    assert!(finding.remedy.contains("off by 2 hours)"), "{}", finding.remedy);
    assert!(with_dates(2).causes.iter().all(|c| c.finding.code == Code::TlsNotYetValid));
    // One issuer may stand in for all of them, and its date with it.
    let mut one_issuer = all(&targets, |t| {
        let leaf = Certificate { not_before: NOW + 3600, ..public_leaf(&t.probed) };
        chain(t, leaf, false, Trust::NotYetValid, Trust::NotYetValid)
    });
    one_issuer.iter_mut().for_each(|a| dated(a, 7200));
    let unproven = run(&targets, one_issuer.clone());
    assert_eq!(unproven.causes.len(), 1, "certificates that begin on one day are one cause");
    assert_eq!(unproven.causes[0].finding.code, Code::TlsNotYetValid);
    // A chain that the public roots accept at its own date proves its operator, whatever authority issued it.
    one_issuer.iter_mut().for_each(|a| a.tls[0].public_trust_at_date = Some(Trust::Accepted));
    for (number, certainty) in [(3, Certainty::Proven), (2, Certainty::Likely), (1, Certainty::Likely)] {
        let run = run(&targets[..number], one_issuer[..number].to_vec());
        let finding = &run.causes[0].finding;
        assert_eq!((run.causes.len(), finding.code), (1, Code::DeviceClock), "{number}");
        assert_eq!((finding.owner, finding.confidence), (Owner::Device, certainty), "{number}");
    }
    // One that is refused then as well proves nothing.
    one_issuer.iter_mut().for_each(|a| a.tls[0].public_trust_at_date = Some(Trust::UnknownIssuer));
    assert!(run(&targets, one_issuer).causes.iter().all(|c| c.finding.code == Code::TlsNotYetValid));
    // The same certificate with a right clock is the server's fault.
    let mut attempts = all(&targets, healthy);
    attempts[0] = young(&targets[0]);
    attempts.iter_mut().for_each(|a| dated(a, 0));
    assert_eq!(causes(&run(&targets, attempts)), [("tls/not-yet-valid", vec![1])]);
}

#[test]
fn certificates_that_ended_on_one_day_are_one_cause() {
    let targets: Vec<Target> = (1..=5).map(|n| world(n, &format!("h{n}.vendor{n}.example"))).collect();
    let ended = |t: &Target| {
        let leaf =
            Certificate { not_after: NOW - 86_400 - i64::from(t.id), ..leaf_by(&t.probed, "CN=Nobody") };
        chain(t, leaf, false, Trust::Expired, Trust::Expired)
    };
    let run = run(&targets, all(&targets, ended));
    assert_eq!(causes(&run), [("tls/expired", vec![1, 2, 3, 4, 5])]);
}

#[test]
fn dates_of_connections_that_prove_nothing_are_not_believed() {
    let targets =
        vec![world(1, "api.vendor.example"), world(2, "cdn.vendor.example"), world(3, "login.other.example")];
    for trust in [Trust::UnknownIssuer, Trust::NameMismatch, Trust::Rejected { error: "bad".into() }] {
        let mut attempts =
            all(&targets, |t| chain(t, leaf_by(&t.probed, INSPECTOR), false, trust.clone(), trust.clone()));
        attempts.iter_mut().for_each(|a| dated(a, 7200));
        assert!(
            run(&targets, attempts).causes.iter().all(|c| c.finding.code != Code::DeviceClock),
            "{trust:?}"
        );
    }
    // An inspector that the device trusts sends one date for all hosts.
    let mut inspected = all(&targets, |t| {
        chain(t, leaf_by(&t.probed, INSPECTOR), false, Trust::Accepted, Trust::UnknownIssuer)
    });
    inspected.iter_mut().for_each(|a| dated(a, 7200));
    assert!(run(&targets, inspected).causes.iter().all(|c| c.finding.code != Code::DeviceClock));
}

#[test]
fn a_missing_configured_name_is_a_mistake_only_beside_names_that_are_found() {
    let mut keyed = gateway(1, "llm.typo.example");
    keyed.requirement.hints.name_key = Some("inferenceGatewayBaseUrl".into());
    let missing = |t: &Target| dns_fails(t, failed_lookup(), &[DnsAnswer::NxDomain]);
    let (found, lost) = (world(2, "api.vendor.example"), world(3, "cdn.vendor.example"));
    let owner = |targets: &[Target], attempts| {
        let f = run(targets, attempts).hosts.remove(0).finding;
        (f.owner, f.confidence, f.remedy.contains("VPN"))
    };
    let beside = owner(&[keyed.clone(), found.clone()], vec![missing(&keyed), healthy(&found)]);
    assert_eq!(beside, (Owner::Configuration, Certainty::Likely, true));
    // Nothing else resolved, or another public name is denied as well: the resolver is asked.
    let alone = owner(std::slice::from_ref(&keyed), vec![missing(&keyed)]);
    assert_eq!(alone.0, Owner::Dns);
    let filtered = owner(
        &[keyed.clone(), found.clone(), lost.clone()],
        vec![missing(&keyed), healthy(&found), missing(&lost)],
    );
    assert_eq!(filtered.0, Owner::Dns);
    // Another name of the same wrong value is no other name.
    let mut twin = gateway(3, "control.typo.example");
    twin.requirement.hints.name_key = Some("inferenceGatewayBaseUrl".into());
    let same = owner(
        &[keyed.clone(), found.clone(), twin.clone()],
        vec![missing(&keyed), healthy(&found), missing(&twin)],
    );
    assert_eq!(same.0, Owner::Configuration);
    // A name of this device proves no way into the organisation's network.
    let mut inside = gateway(1, "llm.corp");
    inside.requirement.network = Network::Internal;
    inside.requirement.hints.name_key = Some("inferenceGatewayBaseUrl".into());
    let mut here = gateway(2, "localhost");
    here.requirement.network = Network::Internal;
    here.requirement.loopback = true;
    let off = owner(&[inside.clone(), here.clone()], vec![missing(&inside), healthy(&here)]);
    assert_eq!(off.0, Owner::Network);
}

#[test]
fn without_any_network_names_and_addresses_are_one_cause() {
    let mut targets = five();
    targets.push(customer(6, "10.20.30.40"));
    targets.push(customer(7, "192.0.2.7"));
    let mut attempts = all(&targets[..5], |t| {
        dns_fails(t, failed_lookup(), &[DnsAnswer::Unreachable { error: "no route".into() }])
    });
    for (t, outcome) in [(&targets[5], TcpOutcome::NetworkUnreachable), (&targets[6], TcpOutcome::Timeout)] {
        attempts.push(edit(tcp_fails(t, outcome), |a| a.dns = None));
    }
    let mut seen = observed(attempts);
    seen.device.ipv4 = None;
    let run = judged(&targets, &seen);
    assert_eq!(causes(&run), [("tcp/unreachable", vec![1, 2, 3, 4, 5, 6, 7])]);
}

#[test]
fn a_clock_that_broke_nothing_yet_is_a_warning_of_no_host() {
    let targets =
        vec![world(1, "api.vendor.example"), world(2, "cdn.vendor.example"), world(3, "login.other.example")];
    let mut attempts = all(&targets, healthy);
    attempts.iter_mut().for_each(|a| dated(a, 3600));
    let run = run(&targets, attempts);
    assert_eq!(causes(&run), [("device/clock", vec![1, 2, 3])]);
    assert_eq!(run.verdict, RunVerdict::Degraded);
    assert!(run.hosts.iter().all(|h| h.finding.code == Code::Ok && h.cause.is_none()));
}

#[test]
fn blocked_required_hosts_come_first() {
    let targets = vec![
        need(world(1, "a.vendor.example"), Need::Optional),
        need(world(2, "b.vendor.example"), Need::Optional),
        world(3, "c.vendor.example"),
        world(4, "d.vendor.example"),
    ];
    let attempts = vec![
        tcp_fails(&targets[0], TcpOutcome::Refused),
        tcp_fails(&targets[1], TcpOutcome::Refused),
        tls_fails(&targets[2], TlsOutcome::Reset),
        healthy(&targets[3]),
    ];
    let run = run(&targets, attempts);
    assert_eq!(causes(&run), [("tls/reset", vec![3]), ("tcp/refused", vec![1, 2])]);
    assert_eq!(run.hosts[0].cause.as_deref(), Some("c2"));
}

#[test]
fn two_paths_in_trouble_are_two_things_to_do() {
    let mut target = world(1, "api.vendor.example");
    let mut through = proxied(target.clone());
    through.paths[0].actors = vec![Actor::Engine];
    target.paths.push(through.paths[0].clone());
    let mut refused = tcp_fails(&through, TcpOutcome::Refused);
    refused.path = 1;
    let run = run(
        &[target.clone(), world(2, "b.vendor.example")],
        vec![tls_fails(&target, TlsOutcome::Reset), refused, healthy(&world(2, "b.vendor.example"))],
    );
    assert_eq!(causes(&run), [("tls/reset", vec![1]), ("proxy/refused", vec![1])]);
}
