//! Experiments on a dead handshake: each row of the table, both ways.

use clearway::diagnose::{Certainty, Code, HostJudgement, Owner, Verdict, next};
use clearway::observation::*;
use clearway::plan::{Plan, Target};

use crate::diagnose::scene::*;

const PROVEN: Certainty = Certainty::Proven;
const LIKELY: Certainty = Certainty::Likely;

fn segments(target: &Target) -> Variation {
    Variation::SmallSegments { address: address(target.id), bytes: 536 }
}

fn small(target: &Target) -> Variation {
    Variation::SmallHello { address: Some(address(target.id)) }
}

fn nameless(target: &Target) -> Variation {
    Variation::Nameless { address: address(target.id) }
}

fn other(target: &Target, name: &str) -> Variation {
    Variation::OtherName { address: Some(address(target.id)), name: name.into() }
}

fn elsewhere(at: &Target) -> Variation {
    Variation::Elsewhere { address: address(at.id) }
}

fn alert() -> TlsOutcome {
    TlsOutcome::Alert { alert: "unrecognized_name".into() }
}

/// An experiment that ended so.
pub fn trial(target: &Target, variation: Variation, outcome: TlsOutcome) -> Attempt {
    let mut a = tls_fails(target, outcome);
    a.purpose = Purpose::Experiment;
    let changes = variation.changes();
    a.tls[0].sni = match &changes.server_name {
        ServerName::Own => Some(target.probed.clone()),
        ServerName::Absent => None,
        ServerName::Of(name) => Some(name.clone()),
    };
    if let Some(ip) = changes.address {
        a.tcp[0].remote.set_ip(ip);
        a.tls[0].remote.set_ip(ip);
    }
    if changes.small_hello {
        a.tls[0].hello_bytes = 250;
    }
    a.variation = Some(variation);
    a
}

/// The second try, which was reset too.
fn again(target: &Target) -> Attempt {
    again_with(target, TlsOutcome::Reset)
}

fn again_with(target: &Target, outcome: TlsOutcome) -> Attempt {
    Attempt { purpose: Purpose::Repeat, ..tls_fails(target, outcome) }
}

/// What is said of the first host, beside a second that is healthy where `reached`.
fn judge_first(dead: TlsOutcome, reached: bool, trials: &[(Variation, TlsOutcome)]) -> HostJudgement {
    let (t, r) = (world1(), world(2, "cdn.other.example"));
    let mut attempts = vec![tls_fails(&t, dead.clone())];
    if dead != TlsOutcome::Timeout {
        attempts.push(again_with(&t, dead));
    }
    let mut targets = vec![t.clone()];
    if reached {
        attempts.push(healthy(&r));
        targets.push(r);
    }
    attempts.extend(trials.iter().map(|(v, o)| trial(&t, v.clone(), o.clone())));
    run(&targets, attempts).hosts.remove(0)
}

#[test]
fn every_row_of_the_table_leads_to_its_code_and_no_other() {
    use TlsOutcome::{Closed, Completed, Reset, Timeout};
    let (t, r) = (world1(), world(2, "cdn.other.example"));
    let name = r.probed.as_str();
    let row = |ends: [TlsOutcome; 5]| {
        let variations = [segments(&t), small(&t), other(&t, name), nameless(&t), elsewhere(&r)];
        variations.into_iter().zip(ends).collect::<Vec<_>>()
    };
    let firewall = Owner::Firewall;
    for (about, dead, ends, expected) in [
        // segments of 536, small hello, other name here, no name, this name elsewhere
        (
            "name reset",
            Reset,
            [Reset, Reset, Completed, Completed, Reset],
            (Code::TlsSniReset, firewall, PROVEN),
        ),
        (
            "name reset, the server knows no other",
            Reset,
            [Reset, Reset, alert(), alert(), Reset],
            (Code::TlsSniReset, firewall, PROVEN),
        ),
        (
            "name dropped",
            Timeout,
            [Timeout, Timeout, Completed, Timeout, Timeout],
            (Code::TlsSniTimeout, firewall, PROVEN),
        ),
        (
            "name closed",
            Closed,
            [Closed, Closed, Completed, Closed, Closed],
            (Code::TlsSniReset, firewall, PROVEN),
        ),
        (
            "name dropped by a filter of first packets",
            Timeout,
            [Completed, Timeout, Completed, Completed, Timeout],
            (Code::TlsSniTimeout, firewall, PROVEN),
        ),
        (
            "the same, and alerts",
            Timeout,
            [Completed, Timeout, alert(), alert(), Timeout],
            (Code::TlsSniTimeout, firewall, PROVEN),
        ),
        (
            "only here",
            Reset,
            [Reset, Reset, Completed, Completed, alert()],
            (Code::TlsSniReset, firewall, PROVEN),
        ),
        (
            "name and address compared",
            Reset,
            [Reset, Reset, Reset, Reset, Reset],
            (Code::TlsSniReset, firewall, LIKELY),
        ),
        (
            "everything here",
            Reset,
            [Reset, Reset, Reset, Reset, Completed],
            (Code::TlsReset, firewall, LIKELY),
        ),
        (
            "everything here, alert there",
            Timeout,
            [Timeout, Timeout, Timeout, Timeout, alert()],
            (Code::TlsTimeout, firewall, LIKELY),
        ),
        (
            "everything here, another end there",
            Reset,
            [Reset, Reset, Reset, Reset, Closed],
            (Code::TlsReset, firewall, LIKELY),
        ),
        (
            "path mtu",
            Timeout,
            [Completed, Completed, Timeout, Timeout, alert()],
            (Code::TlsPathMtu, Owner::Network, PROVEN),
        ),
        (
            "path mtu of large certificates",
            Timeout,
            [Completed, Timeout, Timeout, Timeout, alert()],
            (Code::TlsPathMtu, Owner::Network, PROVEN),
        ),
        (
            "the same, strange names get an alert",
            Timeout,
            [Completed, Timeout, alert(), alert(), alert()],
            (Code::TlsPathMtu, Owner::Network, PROVEN),
        ),
        (
            "hello size",
            Timeout,
            [Timeout, Completed, Timeout, Timeout, alert()],
            (Code::TlsHelloSize, firewall, PROVEN),
        ),
        (
            "hello size by reset",
            Reset,
            [Reset, Completed, Reset, Reset, Completed],
            (Code::TlsHelloSize, firewall, PROVEN),
        ),
        (
            "resets without a rule: a small one and large ones for others get through",
            Reset,
            [Reset, Completed, Completed, Completed, Completed],
            (Code::TlsReset, firewall, LIKELY),
        ),
    ] {
        let f = judge_first(dead, true, &row(ends)).finding;
        assert_eq!((f.code, f.owner, f.confidence), expected, "{about}: {}", f.evidence.line);
        assert!(f.evidence.facts["experiments"].as_array().is_some_and(|e| e.len() == 5), "{about}");
    }
}

/// The handshake died over IPv6, and the name has an IPv4 address too.
#[test]
fn of_a_path_that_loses_large_packets_it_is_said_whether_ipv4_carries_them() {
    let t = world1();
    let (v4, v6): (std::net::IpAddr, std::net::IpAddr) = (address(1), "2a0f:10::1".parse().unwrap());
    let over_v6 = |a: &mut Attempt| {
        a.dns.as_mut().unwrap().system = Lookup::Addresses { addresses: vec![v6, v4] };
        a.tcp[0].remote.set_ip(v6);
        a.tls[0].remote.set_ip(v6);
    };
    let first = edit(tls_fails(&t, TlsOutcome::Timeout), over_v6);
    let plan = Plan { targets: vec![t.clone()], ..Plan::default() };
    let wants = |seen: &Observations| {
        let at_v4 = Variation::Elsewhere { address: v4 };
        next(&plan, seen).iter().any(|e| e.variation.as_ref() == Some(&at_v4))
    };
    let mut seen = observed(vec![first.clone()]);
    assert!(wants(&seen));
    seen.device.ipv4 = None;
    assert!(!wants(&seen), "a device without IPv4");
    let small = Variation::SmallHello { address: Some(v6) };
    let segments = Variation::SmallSegments { address: v6, bytes: 536 };
    for (at_v4, alone) in
        [(Some(TlsOutcome::Completed), true), (Some(TlsOutcome::Timeout), false), (None, false)]
    {
        let mut all = vec![first.clone()];
        all.push(trial(&t, small.clone(), TlsOutcome::Completed));
        all.push(trial(&t, segments.clone(), TlsOutcome::Completed));
        all.extend(at_v4.clone().map(|end| trial(&t, Variation::Elsewhere { address: v4 }, end)));
        let f = judged(std::slice::from_ref(&t), &observed(all)).hosts.remove(0).finding;
        assert_eq!((f.code, f.owner, f.confidence), (Code::TlsPathMtu, Owner::Network, PROVEN), "{f:?}");
        assert_eq!(f.evidence.line.contains("IPv6 alone"), alone, "{at_v4:?}: {}", f.evidence.line);
        assert_eq!(f.remedy.contains("for IPv6"), alone, "{at_v4:?}: {}", f.remedy);
    }
}

#[test]
fn without_a_reached_host_nothing_about_the_name_is_proven() {
    use TlsOutcome::{Completed, Reset, Timeout};
    let t = world1();
    let row = |a, b, c| vec![(segments(&t), a), (small(&t), b), (nameless(&t), c)];
    for (dead, trials, expected) in [
        (Reset, row(Reset, Reset, Completed), (Code::TlsSniReset, LIKELY)),
        (Reset, row(Reset, Reset, Reset), (Code::TlsReset, LIKELY)),
        (Timeout, row(Timeout, Timeout, alert()), (Code::TlsTimeout, LIKELY)),
        (Timeout, row(Completed, Timeout, Completed), (Code::TlsSniTimeout, LIKELY)),
        (Timeout, row(Completed, Timeout, Timeout), (Code::TlsPathMtu, LIKELY)),
        (Timeout, row(Completed, Completed, Timeout), (Code::TlsPathMtu, PROVEN)),
        (Timeout, row(Timeout, Completed, Timeout), (Code::TlsHelloSize, PROVEN)),
    ] {
        let f = judge_first(dead, false, &trials).finding;
        assert_eq!((f.code, f.confidence), expected, "{}", f.evidence.line);
    }
}

#[test]
fn a_reset_is_no_sign_of_a_small_path_and_one_answer_ends_every_suspicion() {
    use TlsOutcome::{Completed, Reset};
    let (t, r) = (world1(), world(2, "cdn.other.example"));
    let all = [segments(&t), small(&t), other(&t, &r.probed), nameless(&t), elsewhere(&r)];
    let answered: Vec<_> = all.iter().map(|v| (v.clone(), Completed)).collect();
    let f = judge_first(Reset, true, &answered[..2]).finding;
    assert_eq!((f.code, f.confidence), (Code::TlsReset, LIKELY), "{}", f.evidence.line);
    // One reset is not yet a rule.
    let once = vec![tls_fails(&t, Reset), healthy(&r), trial(&t, other(&t, &r.probed), Completed)];
    let f = run(&[t.clone(), r.clone()], once).hosts.remove(0).finding;
    assert_eq!((f.code, f.confidence), (Code::TlsSniReset, LIKELY), "{}", f.evidence.line);
    // The large hello was answered on another try, which then failed later.
    let mut later = Attempt { purpose: Purpose::Repeat, ..healthy(&t) };
    later.http[0].outcome = HttpOutcome::Reset;
    later.http[0].status = None;
    let mut attempts = vec![tls_fails(&t, Reset), later, healthy(&r)];
    attempts.extend(all.iter().map(|v| trial(&t, v.clone(), Completed)));
    let host = run(&[t, r], attempts).hosts.remove(0);
    let codes: Vec<Code> = std::iter::once(&host.finding).chain(&host.also).map(|f| f.code).collect();
    assert!(
        codes.iter().all(|c| !matches!(c, Code::TlsPathMtu | Code::TlsHelloSize | Code::TlsSniReset)),
        "{codes:?}"
    );
}

#[test]
fn the_evidence_names_what_was_tried() {
    let t = world1();
    let trials = [(other(&t, "cdn.other.example"), TlsOutcome::Completed), (small(&t), TlsOutcome::Reset)];
    let f = judge_first(TlsOutcome::Reset, true, &trials).finding;
    assert_eq!(
        f.evidence.line,
        "11.0.0.1:443: a hello for api.vendor.example was reset; the same address answered for cdn.other.example; the same on a second try"
    );
    let experiments = f.evidence.facts["experiments"].to_string();
    assert!(experiments.contains("a small hello (250 bytes) was reset"), "{experiments}");
    // What did not lead anywhere is said too.
    let dead = [(other(&t, "cdn.other.example"), TlsOutcome::Reset), (small(&t), TlsOutcome::Reset)];
    let line = judge_first(TlsOutcome::Reset, true, &dead).finding.evidence.line;
    assert!(line.contains("a hello for cdn.other.example was reset there too"), "{line}");
}

#[test]
fn a_host_that_works_on_the_second_try_has_no_finding_whatever_the_experiments_say() {
    let t = world1();
    let again = Attempt { purpose: Purpose::Repeat, ..healthy(&t) };
    let dead = tls_fails(&t, TlsOutcome::Timeout);
    let mut attempts = vec![dead, again];
    attempts.push(trial(&t, segments(&t), TlsOutcome::Completed));
    attempts.push(trial(&t, small(&t), TlsOutcome::Completed));
    let host = run(&[t], attempts).hosts.remove(0);
    assert_eq!(host.finding.code, Code::Ok);
}

#[test]
fn many_that_died_alike_share_the_answer_as_likely() {
    let targets: Vec<Target> = (1..=40).map(|n| world(n, &format!("h{n}.vendor.example"))).collect();
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    let mut seen = observed(targets.iter().map(|t| tls_fails(t, TlsOutcome::Timeout)).collect());
    let experiments: Vec<_> =
        next(&plan, &seen).into_iter().filter(|e| e.purpose == Purpose::Experiment).collect();
    assert!(!experiments.is_empty() && experiments.len() <= 60, "{}", experiments.len());
    for e in &experiments {
        let variation = e.variation.clone().unwrap();
        let changes = variation.changes();
        let outcome = if changes.segment.is_some() || changes.small_hello {
            TlsOutcome::Completed
        } else {
            TlsOutcome::Timeout
        };
        seen.attempts.push(trial(plan.target(e.target).unwrap(), variation, outcome));
    }
    let run = judged(&targets, &seen);
    assert!(run.hosts.iter().all(|h| h.finding.code == Code::TlsPathMtu), "{:?}", causes(&run));
    let tried = experiments.iter().map(|e| e.target).collect::<std::collections::BTreeSet<_>>();
    for host in &run.hosts {
        let expected = if tried.contains(&host.target) { PROVEN } else { LIKELY };
        assert_eq!(host.finding.confidence, expected, "{}", host.finding.evidence.line);
    }
    assert_eq!(causes(&run).len(), 1);
}

#[test]
fn experiments_end_after_a_few_rounds_however_many_hosts_die() {
    for (about, alike, most, rounds) in [("at one address", true, 13, 2), ("each at its own", false, 36, 4)] {
        let targets: Vec<Target> = (1..=90).map(|n| world(n, &format!("h{n}.vendor.example"))).collect();
        let plan = Plan { targets: targets.clone(), ..Plan::default() };
        let dead = |t: &Target| {
            edit(tls_fails(t, TlsOutcome::Timeout), |a| {
                if alike {
                    a.tls[0].remote.set_ip(address(200));
                }
            })
        };
        let mut seen = observed(targets.iter().map(dead).collect());
        let mut paths = std::collections::BTreeSet::new();
        let mut asked_in = 0;
        loop {
            let asked: Vec<_> = next(&plan, &seen)
                .into_iter()
                .filter(|e| e.variation.as_ref().is_some_and(|v| v.changes().until == LastStage::Tls))
                .collect();
            if asked.is_empty() {
                break;
            }
            asked_in += 1;
            for e in asked {
                paths.insert((e.target, e.path));
                let target = plan.target(e.target).unwrap();
                seen.attempts.push(trial(target, e.variation.unwrap(), TlsOutcome::Timeout));
            }
            assert!(asked_in <= rounds, "{about}");
        }
        assert!(!paths.is_empty() && paths.len() <= most, "{about}: {}", paths.len());
    }
}

#[test]
fn experiments_are_named_once_for_what_died_and_never_for_what_works() {
    let (t, r) = (world1(), world(2, "cdn.other.example"));
    let plan = Plan { targets: vec![t.clone(), r.clone()], ..Plan::default() };
    let ask = |attempts: Vec<Attempt>| {
        next(&plan, &observed(attempts))
            .into_iter()
            .filter(|e| e.purpose == Purpose::Experiment)
            .map(|e| (e.target, e.variation.unwrap()))
            .collect::<Vec<_>>()
    };
    assert!(ask(vec![healthy(&t), healthy(&r)]).is_empty());
    assert_eq!(ask(vec![tcp_fails(&t, TcpOutcome::Timeout), healthy(&r)]), [(1, Variation::Servers)]);
    // An alert lost nothing on the way: only the name is tried, and a small hello.
    assert_eq!(
        ask(vec![tls_fails(&t, alert()), healthy(&r)]),
        [small(&t), nameless(&t), other(&t, &r.probed)].map(|v| (1, v))
    );
    let version = TlsOutcome::Alert { alert: "protocol_version".into() };
    assert!(ask(vec![tls_fails(&t, version), healthy(&r)]).is_empty());
    let asked = ask(vec![tls_fails(&t, TlsOutcome::Reset), healthy(&r)]);
    let expected =
        [segments(&t), small(&t), nameless(&t), other(&t, &r.probed), elsewhere(&r)].map(|v| (1, v));
    assert_eq!(asked, expected);
    // A host that was not reached, or whose certificate nobody trusts, is no control.
    let untrusted =
        chain(&r, leaf_by(&r.probed, INSPECTOR), false, Trust::UnknownIssuer, Trust::UnknownIssuer);
    assert_eq!(ask(vec![tls_fails(&t, TlsOutcome::Reset), untrusted]).len(), 3);
    let mut done = vec![tls_fails(&t, TlsOutcome::Reset), healthy(&r)];
    done.push(trial(&t, segments(&t), TlsOutcome::Reset));
    assert!(ask(done).is_empty());
}

#[test]
fn through_a_proxy_names_and_hello_are_tried_in_the_tunnel() {
    let (t, r) = (proxied(world1()), proxied(world(2, "cdn.other.example")));
    let plan = Plan { targets: vec![t.clone(), r.clone()], ..Plan::default() };
    let mut attempts = vec![tls_fails(&t, TlsOutcome::Reset), healthy(&r)];
    let asked: Vec<Variation> =
        next(&plan, &observed(attempts.clone())).into_iter().filter_map(|e| e.variation).collect();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|v| v.changes().address.is_none() && v.changes().segment.is_none()));
    for v in asked {
        let outcome = if v.changes().small_hello { TlsOutcome::Reset } else { TlsOutcome::Completed };
        attempts.push(trial(&t, v, outcome));
    }
    attempts.push(again(&t));
    let f = run(&[t, r], attempts).hosts.remove(0).finding;
    assert_eq!((f.code, f.owner, f.confidence), (Code::TlsSniReset, Owner::Proxy, PROVEN));
}

#[test]
fn a_customers_host_whose_name_dies_may_be_refused_by_its_own_router() {
    let (t, r) = (gateway(1, "llm.corp.example"), world(2, "cdn.other.example"));
    for (dead, code) in [(TlsOutcome::Reset, Code::TlsSniReset), (TlsOutcome::Timeout, Code::TlsSniTimeout)] {
        let attempts = vec![
            tls_fails(&t, dead.clone()),
            again_with(&t, dead.clone()),
            healthy(&r),
            trial(&t, other(&t, &r.probed), TlsOutcome::Completed),
            trial(&t, small(&t), dead.clone()),
        ];
        let judged = |more: Vec<Attempt>| {
            run(&[t.clone(), r.clone()], [attempts.clone(), more].concat()).hosts.remove(0).finding
        };
        for (about, elsewhere_ended, owner, certainty) in [
            ("not tried elsewhere", None, Owner::Service, LIKELY),
            ("passes elsewhere", Some(alert()), Owner::Service, LIKELY),
            ("dies elsewhere too", Some(dead.clone()), Owner::Firewall, PROVEN),
        ] {
            let more = elsewhere_ended.map(|o| trial(&t, elsewhere(&r), o));
            let f = judged(more.into_iter().collect());
            assert_eq!((f.code, f.owner, f.confidence), (code, owner, certainty), "{about}");
            assert_eq!(f.remedy.contains("load balancer"), owner == Owner::Service, "{}", f.remedy);
        }
    }
}

#[test]
fn without_limited_segments_the_size_of_hellos_and_of_the_path_are_not_told_apart() {
    use TlsOutcome::{Completed, Reset, Timeout};
    let t = world1();
    // The system could not limit the segment: a connection error, and no handshake.
    let mut unlimited = trial(&t, segments(&t), Timeout);
    unlimited.tls.clear();
    unlimited.tcp[0].outcome = TcpOutcome::Other { errno: None, error: "unsupported".into() };
    let judged = |attempts: Vec<Attempt>| run(std::slice::from_ref(&t), attempts).hosts.remove(0).finding;
    let silent = vec![tls_fails(&t, Timeout), unlimited.clone(), trial(&t, small(&t), Completed)];
    let f = judged(silent);
    assert_eq!(f.code, Code::TlsTimeout, "{}", f.evidence.line);
    assert!(f.evidence.line.contains("not told apart"), "{}", f.evidence.line);
    // A path that loses large packets is silent, so a reset is the hello's.
    let reset = vec![tls_fails(&t, Reset), again(&t), unlimited, trial(&t, small(&t), Completed)];
    let f = judged(reset);
    assert_eq!((f.code, f.confidence), (Code::TlsHelloSize, LIKELY), "{}", f.evidence.line);
    // In a tunnel segments are the proxy's, and the small hello alone decides.
    let p = proxied(world1());
    let tunnel = Variation::SmallHello { address: None };
    let attempts = vec![tls_fails(&p, Timeout), trial(&p, tunnel, Completed)];
    let f = run(std::slice::from_ref(&p), attempts).hosts.remove(0).finding;
    assert_eq!((f.code, f.owner), (Code::TlsHelloSize, Owner::Proxy), "{}", f.evidence.line);
}

#[test]
fn what_the_kernel_was_told_decides_who_refused() {
    let t = world1();
    let told = |kind, code, outcome| {
        edit(tcp_fails(&t, outcome), |a| {
            a.tcp[0].icmp = Some(Icmp { kind, code, from: "11.9.0.1".parse().ok(), own: false });
        })
    };
    for (code, expected) in [
        (13, (Code::TcpProhibited, Owner::Firewall, PROVEN)),
        (9, (Code::TcpProhibited, Owner::Firewall, PROVEN)),
        (10, (Code::TcpProhibited, Owner::Firewall, PROVEN)),
        (1, (Code::TcpUnreachable, Owner::Network, LIKELY)),
        (0, (Code::TcpUnreachable, Owner::Network, LIKELY)),
    ] {
        let f = one(&t, told(3, code, TcpOutcome::HostUnreachable)).finding;
        assert_eq!((f.code, f.owner, f.confidence), expected, "{}", f.evidence.line);
        assert_eq!(f.evidence.facts["icmp_from"], "11.9.0.1");
        assert!(f.evidence.line.contains("from 11.9.0.1"), "{}", f.evidence.line);
    }
    let f = one(&t, told(3, 3, TcpOutcome::Refused)).finding;
    assert_eq!(f.code, Code::TcpRefused);
    assert!(f.evidence.line.contains("port unreachable"), "{}", f.evidence.line);
    // Of a customer's host: what a router refuses is not the service's.
    let c = customer(1, "mcp.corp.example");
    let by = |from: &str| {
        let a = edit(tcp_fails(&c, TcpOutcome::Refused), |a| {
            a.tcp[0].icmp = Some(Icmp { kind: 3, code: 3, from: from.parse().ok(), own: false });
        });
        one(&c, a).finding.owner
    };
    assert_eq!((by("11.9.0.1"), by("11.0.0.1")), (Owner::Firewall, Owner::Service));
    // Without the message ICMPv6's errno is a hint; IPv4's and a local refusal are something else.
    let v6 = |errno, ip: &str| {
        let a = edit(
            tcp_fails(&t, TcpOutcome::Other { errno: Some(errno), error: "Permission denied".into() }),
            |a| a.tcp[0].remote.set_ip(ip.parse().unwrap()),
        );
        let mut seen = observed(vec![a]);
        seen.device.ipv6 = Some("2001:470::2".parse().unwrap());
        let f = judged(std::slice::from_ref(&t), &seen).hosts.remove(0).finding;
        (f.code, f.confidence)
    };
    assert_eq!(v6(13, "2606:4700::1"), (Code::TcpProhibited, LIKELY));
    assert_eq!(v6(13, "11.0.0.1").0, Code::TcpUnreachable);
}

#[test]
fn slow_is_the_middle_of_three_and_never_more_than_a_warning() {
    let t = world1();
    let plan = Plan { targets: vec![t.clone()], ..Plan::default() };
    let slow = |dns: f64, first_byte: f64| {
        edit(healthy(&t), |a| {
            a.dns.as_mut().unwrap().ms = dns;
            a.http[0].first_byte_ms = Some(first_byte);
        })
    };
    for (first, more, code) in [
        (slow(1400.0, 20.0), [(1300.0, 20.0), (1.0, 20.0)], Code::DnsSlow),
        (slow(1400.0, 20.0), [(2.0, 20.0), (1.0, 20.0)], Code::Ok),
        (slow(10.0, 1400.0), [(2.0, 1500.0), (1.0, 3000.0)], Code::HttpSlow),
        (slow(10.0, 1400.0), [(2.0, 20.0), (1.0, 30.0)], Code::Ok),
        (slow(10.0, 1015.0), [(2.0, 2000.0), (1.0, 3000.0)], Code::Ok),
    ] {
        let mut seen = observed(vec![first]);
        let asked: Vec<_> = next(&plan, &seen);
        assert!(asked.len() == 2 || code == Code::Ok && asked.is_empty(), "{asked:?}");
        for (e, (dns, first_byte)) in asked.iter().zip(more) {
            let mut a = slow(dns, first_byte);
            (a.purpose, a.variation) = (e.purpose, e.variation.clone());
            seen.attempts.push(a);
        }
        let host = judged(std::slice::from_ref(&t), &seen).hosts.remove(0);
        assert_eq!(host.finding.code, code, "{}", host.finding.evidence.line);
        assert_ne!(host.verdict, clearway::diagnose::Verdict::Blocked);
        assert!(next(&plan, &seen).is_empty());
    }
}

/// A box whose own way onward failed by accident breaks off what it lets through the next time.
#[test]
fn what_no_comparison_explains_is_tried_a_third_time() {
    use TlsOutcome::{Completed, Reset};
    let (t, r) = (world1(), world(2, "cdn.other.example"));
    let targets = vec![t.clone(), r.clone()];
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    let seen = |of_small: TlsOutcome, of_other: TlsOutcome, more: usize| -> Vec<Attempt> {
        let trials = [trial(&t, small(&t), of_small), trial(&t, other(&t, &r.probed), of_other)];
        let again = std::iter::repeat_n(again(&t), more);
        [tls_fails(&t, Reset), healthy(&r)].into_iter().chain(again).chain(trials).collect()
    };
    for (of_small, of_other, more, expected) in [
        (Completed, Completed, 1, 1),
        (Completed, Completed, 2, 0),
        (Reset, Completed, 1, 0),
        (Completed, Reset, 1, 0),
    ] {
        let asked = next(&plan, &observed(seen(of_small, of_other, more)));
        let repeats = asked.iter().filter(|e| e.purpose == Purpose::Repeat && e.target == t.id).count();
        assert_eq!(repeats, expected);
    }
    let mut through = seen(Completed, Completed, 1);
    through.push(Attempt { purpose: Purpose::Repeat, ..healthy(&t) });
    assert_eq!(run(&targets, through).hosts[0].verdict, Verdict::Reachable);
    assert_eq!(run(&targets, seen(Completed, Completed, 2)).hosts[0].verdict, Verdict::Blocked);
}
