//! Neighbours of known faults: the same kind at another status, header, family or rate, each beside a healthy twin.

use clearway::diagnose::{Certainty, Code, Owner, RunVerdict, Verdict};
use clearway::observation::*;
use clearway::plan::{Request, Target};

use super::in_place::{api, opened};
use super::scene::*;

const JSON: (&str, &str) = ("content-type", "application/json");

fn hosts(number: u32) -> Vec<Target> {
    (1..=number).map(|n| world(n, &format!("h{n}.vendor{n}.example"))).collect()
}

fn paced(attempt: Attempt) -> Attempt {
    Attempt { purpose: Purpose::Paced, ..attempt }
}

/// A quarter of the handshakes is late, the middle one is not, and half of the hosts fall silent.
#[test]
fn a_burst_that_fills_the_line_blocks_nobody() {
    let targets = hosts(20);
    let shaken = |t: &Target, ms: f64| edit(healthy(t), |a| a.tls[0].ms = ms);
    let silent = |t: &Target| {
        edit(tls_fails(t, TlsOutcome::Timeout), |a| {
            a.tls[0].ms = 4_000.0;
        })
    };
    let first = |late: f64| -> Vec<Attempt> {
        targets
            .iter()
            .map(|t| match t.id {
                1..=8 => shaken(t, 500.0),
                9..=12 => shaken(t, late),
                _ => silent(t),
            })
            .collect()
    };
    let mut attempts = first(2_500.0);
    attempts.extend(targets.iter().filter(|t| (13..=15).contains(&t.id)).map(|t| paced(healthy(t))));
    // Its name was silent too when it was asked for once more.
    let lost = dns_fails(&targets[15], Lookup::Timeout, &[DnsAnswer::Timeout]);
    attempts.push(paced(lost));
    let judged = run(&targets, attempts);
    assert!(judged.hosts.iter().all(|h| h.verdict != Verdict::Blocked));
    assert_eq!(judged.hosts[15].verdict, Verdict::Untested);
    assert_eq!(judged.verdict, RunVerdict::Unknown);
    // The healthy twin: where the others are quick, silence is the hosts' own.
    let judged = run(&targets, first(600.0));
    assert_eq!(judged.hosts.iter().filter(|h| h.verdict == Verdict::Blocked).count(), 8);
}

/// A proxy that refuses with 403 and the header of a limit is asked again slowly; one that says 403 alone denies.
#[test]
fn a_refusal_with_the_header_of_a_limit_is_a_limit() {
    let targets: Vec<Target> = hosts(12).into_iter().map(proxied).collect();
    let refused = |t: &Target, header: Option<(&str, &str)>| {
        edit(proxy_says(t, ProxyOutcome::Status { status: 403 }), |a| {
            a.proxy.as_mut().unwrap().headers =
                header.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
        })
    };
    let all = |header| -> Vec<Attempt> {
        let first = |t: &Target| if t.id <= 6 { refused(t, header) } else { healthy(t) };
        let slow = targets.iter().filter(|t| t.id <= 6).map(|t| paced(healthy(t)));
        targets.iter().map(first).chain(slow).collect()
    };
    for header in [("x-ratelimit-remaining", "0"), ("RateLimit-Remaining", "0"), ("retry-after", "1")] {
        let judged = run(&targets, all(Some(header)));
        assert!(judged.hosts.iter().all(|h| h.verdict == Verdict::Reachable), "{header:?}");
        assert_eq!(causes(&judged), [("proxy/upstream", vec![1, 2, 3, 4, 5, 6])]);
    }
    for header in [None, Some(("x-ratelimit-remaining", "17"))] {
        let denied: Vec<Attempt> =
            targets.iter().map(|t| if t.id <= 6 { refused(t, header) } else { healthy(t) }).collect();
        let judged = run(&targets, denied);
        let lead = &judged.hosts[0].finding;
        assert_eq!((lead.code, lead.confidence), (Code::ProxyDenied, Certainty::Proven), "{header:?}");
    }
}

/// Every tunnel takes longer than a stage, and there was no time for a measure.
#[test]
fn a_proxy_that_is_slow_for_every_tunnel_is_slow() {
    let targets: Vec<Target> = hosts(4).into_iter().map(proxied).collect();
    let open =
        |ms: f64| targets.iter().map(|t| edit(healthy(t), |a| a.proxy.as_mut().unwrap().ms = ms)).collect();
    let judged = run(&targets, open(12_000.0));
    assert!(judged.hosts.iter().all(|h| (h.finding.code, h.finding.owner) == (Code::HttpSlow, Owner::Proxy)));
    let judged = run(&targets, open(900.0));
    assert!(judged.hosts.iter().all(|h| h.finding.code == Code::Ok));
}

/// This device's own firewall rejects one family: the device's team, and not the network's.
#[test]
fn a_family_that_this_device_rejects_is_the_devices() {
    for (own, owner) in [(true, Owner::Device), (false, Owner::Network)] {
        let attempt = edit(healthy(&world1()), |a| {
            let mut v6 = a.tcp[0].clone();
            v6.remote = "[2606:4700::1]:443".parse().unwrap();
            v6.outcome = TcpOutcome::HostUnreachable;
            v6.icmp = Some(Icmp { kind: 1, code: 1, from: "2a0f:20::2".parse().ok(), own });
            a.tcp.insert(0, v6);
        });
        let mut seen = observed(vec![attempt]);
        seen.device.ipv6 = "2a0f:20::2".parse().ok();
        let host = judged(&[world1()], &seen).hosts.remove(0);
        assert_eq!((host.finding.code, host.finding.owner), (Code::TcpIpv6Broken, owner));
    }
}

#[test]
fn addresses_that_refuse_are_noted_where_another_works() {
    let host = one(
        &world1(),
        edit(healthy(&world1()), |a| {
            let mut dead = a.tcp[0].clone();
            dead.remote = "192.0.2.77:443".parse().unwrap();
            dead.outcome = TcpOutcome::Refused;
            a.dns.as_mut().unwrap().system =
                Lookup::Addresses { addresses: vec![dead.remote.ip(), a.tcp[0].remote.ip()] };
            a.tcp.insert(0, dead);
        }),
    );
    assert_eq!(host.verdict, Verdict::Reachable);
    assert!(host.notes.iter().any(|n| n.contains("1 of 2 addresses refused")), "{:?}", host.notes);
    assert!(one(&world1(), healthy(&world1())).notes.is_empty());
}

/// Through an inspector a gateway's refusal in a filter's words is the filter's, and one in its own words is not.
#[test]
fn words_of_blocking_in_a_gateways_place_are_the_boxs() {
    let targets = [api(1), gateway(2, "llm.corp.example")];
    let key = answer(
        401,
        &[JSON, ("request-id", "r")],
        r#"{"type":"error","error":{"type":"authentication_error"}}"#,
    );
    let said = |body: &str| {
        let refusal = answer(403, &[JSON], body);
        run(&targets, vec![opened(&targets[0], key.clone()), opened(&targets[1], refusal)])
    };
    let blocked = said(r#"{"status":"error","message":"Access blocked by corporate AI policy"}"#);
    let lead = &blocked.hosts[1].finding;
    assert_eq!((lead.code, lead.owner), (Code::HttpBlockPage, Owner::TlsInspection));
    let own = said(r#"{"message":"Forbidden"}"#);
    assert_eq!(own.hosts[1].verdict, Verdict::Warning);
}

/// A redirect to a page about blocking on the same host is no move of the service.
#[test]
fn a_block_page_on_the_same_host_is_one() {
    let led = |place: &str| {
        let target = super::in_place::known(1, "downloads.claude.ai", "downloads");
        one(&target, opened(&target, answer(302, &[("location", place)], "")))
    };
    for place in ["/__filter/blocked", "https://downloads.claude.ai/deny.html"] {
        assert_eq!(
            (led(place).finding.code, led(place).verdict),
            (Code::HttpBlockPage, Verdict::Blocked),
            "{place}"
        );
    }
    assert_eq!(led("/latest/").verdict, Verdict::Warning);
}

/// Who is led from an API to the front page of another host is to sign in there; what moved keeps its path.
#[test]
fn a_front_page_in_place_of_an_api_is_a_sign_in() {
    let led = |place: &str| {
        let mut target = customer(1, "mcp.corp.example");
        target.service = Some("mcp".into());
        target.request = Some(Request { method: "POST".into(), path: "/mcp".into(), ..Request::default() });
        one(&target, status(&target, 302, &[("location", place)], ""))
    };
    let host = led("https://portal.corp.example/");
    assert_eq!((host.finding.code, host.finding.owner), (Code::HttpRedirect, Owner::Service));
    let host = led("https://mcp2.corp.example/v2/mcp");
    assert_eq!((host.finding.code, host.finding.owner), (Code::HttpRedirect, Owner::Configuration));
}

/// One of two addresses breaks off every handshake, and the second try went to the other one: the app meets both. Where
/// the first address answers later on, or was tried once only, or only before the other one, it was a moment's accident.
#[test]
fn an_address_that_fails_each_time_is_not_passed_over_for_another() {
    let target = world(1, "h1.vendor1.example");
    let at = |attempt: Attempt, address: &str, began: u64| {
        edit(attempt, |a| {
            a.at_ms = began;
            a.tcp[0].remote.set_ip(address.parse().unwrap());
            a.tls[0].remote = a.tcp[0].remote;
        })
    };
    let again = |attempt: Attempt| Attempt { purpose: Purpose::Repeat, ..attempt };
    let varied = |attempt: Attempt| {
        let variation = Variation::SmallHello { address: None };
        Attempt { purpose: Purpose::Experiment, variation: Some(variation), ..attempt }
    };
    let (bad, good) = ("11.0.0.91", "11.0.0.92");
    let reset = || tls_fails(&target, TlsOutcome::Reset);
    let verdict = |others: Vec<Attempt>| {
        let first = vec![at(reset(), bad, 1), again(at(healthy(&target), good, 400))];
        let judged = run(std::slice::from_ref(&target), [first, others].concat());
        (judged.hosts[0].verdict, judged.hosts[0].finding.code)
    };
    let blocked = (Verdict::Blocked, Code::TlsReset);
    let reachable = (Verdict::Reachable, Code::Ok);
    let later = |began| varied(at(reset(), bad, began));
    assert_eq!(verdict(vec![later(400), later(401)]), blocked);
    assert_eq!(verdict(vec![]), reachable);
    assert_eq!(verdict(vec![later(400)]), reachable);
    assert_eq!(verdict(vec![later(200), later(201)]), reachable);
    assert_eq!(verdict(vec![later(400), later(401), varied(at(healthy(&target), bad, 900))]), reachable);
}
