//! Path traces: which hosts are traced, and what their steps say.

use std::net::IpAddr;

use clearway::diagnose::{Certainty, Halt, Halts, Judgement, TracedPath, traces};
use clearway::observation::*;
use clearway::plan::Plan;
use clearway::plan::trace::{MOST_HOSTS, TraceJob, Untraced, Wanted};

use super::scene::*;

/// The address of hop `n` of every path here.
fn router(n: u8) -> IpAddr {
    [12, 0, 0, n].into()
}

/// `e` expired with the hop's address, `n` expired without, `s` silent, `a` answered, `f` refused, `r` reset, `c` closed,
/// `l` alert, `x` not TLS, `u` not connected, and a digit: an ICMP rejection by the hop of that number.
fn steps(text: &str) -> Vec<Step> {
    let icmp = |kind, code, from| Some(Icmp { kind, code, from, own: false });
    text.chars()
        .zip(1..)
        .map(|(c, ttl)| {
            let (outcome, icmp) = match c {
                'e' => (StepOutcome::Expired, icmp(11, 0, Some(router(ttl)))),
                'n' => (StepOutcome::Expired, None),
                's' => (StepOutcome::Silent, None),
                'a' => (StepOutcome::Answered, None),
                'f' => (StepOutcome::Refused, None),
                'r' => (StepOutcome::Reset, None),
                'c' => (StepOutcome::Closed, None),
                'l' => (StepOutcome::Alert, None),
                'x' => (StepOutcome::NotTls, None),
                'u' => (StepOutcome::Unconnected, None),
                digit => {
                    let hop = u8::try_from(digit.to_digit(10).unwrap()).unwrap();
                    (StepOutcome::Unreachable, icmp(3, 13, Some(router(hop))))
                }
            };
            Step { ttl, outcome, icmp, ms: 1 }
        })
        .collect()
}

fn trace(target: u32, connections: &str, hellos: &str) -> Trace {
    Trace {
        target,
        path: 0,
        named: false,
        at_ms: 0,
        remote: Some((address(target), 443).into()),
        untraced: None,
        senders: true,
        small_hello: true,
        connections: steps(connections),
        hellos: steps(hellos),
        cut: None,
        ms: 1.0,
    }
}

fn with(attempt: Attempt, trace: Trace) -> Judgement {
    judged(&[world1()], &Observations { traces: vec![trace], ..observed(vec![attempt]) })
}

/// The path of a trace beside a handshake that is reset.
fn path(connections: &str, hellos: &str) -> TracedPath {
    with(tls_fails(&world1(), TlsOutcome::Reset), trace(1, connections, hellos)).paths.remove(0)
}

type Said = (Halts, Halt, u8, Option<IpAddr>, Certainty);

fn halted(connections: &str, hellos: &str) -> Option<Said> {
    let halted = path(connections, hellos).halted?;
    Some((halted.what, halted.how, halted.hop, halted.address, halted.confidence))
}

#[test]
fn a_connection_is_stopped_where_its_packets_stop() {
    use Certainty::{Likely, Proven};
    let connection = |how, hop, address, sure| Some((Halts::Connection, how, hop, address, sure));
    for (steps, wanted) in [
        // Dropped: the last hop that answers.
        ("eeessssss", connection(Halt::Silence, 3, Some(router(3)), Likely)),
        // A silent hop in between is none that drops.
        ("esesssss", connection(Halt::Silence, 3, Some(router(3)), Likely)),
        ("nnsssss", connection(Halt::Silence, 2, None, Likely)),
        // Rejected by a hop of the path, and by somebody else.
        ("ee2222", connection(Halt::Icmp, 2, Some(router(2)), Proven)),
        ("ee9999", connection(Halt::Icmp, 2, Some(router(9)), Likely)),
        // Refused: the first limit that gets that far.
        ("eeffff", connection(Halt::Refused, 2, Some(router(2)), Likely)),
        ("ffff", connection(Halt::Refused, 0, None, Likely)),
        // Nothing at all is known where nothing answers.
        ("ssssssss", None),
        // What connects is not stopped.
        ("eeaaa", None),
    ] {
        assert_eq!(halted(steps, ""), wanted, "{steps}");
    }
    assert_eq!(path("eeaaa", "").distance, Some(3));
    assert!(path("ssssssss", "").text.starts_with("No hop answers"));
}

#[test]
fn a_message_without_its_sender_is_no_rejection() {
    let mut unknown = trace(1, "sss2", "");
    unknown.connections[3].icmp = None;
    unknown.senders = false;
    let judged = with(tcp_fails(&world1(), TcpOutcome::Timeout), unknown);
    assert_eq!(judged.paths[0].halted, None);
    let said = judged.not_tested.iter().any(|n| n.id == "trace" && n.text.contains("The addresses of hops"));
    assert!(said, "{:?}", judged.not_tested);
    // This device's own firewall is no hop.
    let mut own = trace(1, "1", "");
    own.connections[0].icmp.as_mut().unwrap().own = true;
    let judged = with(tcp_fails(&world1(), TcpOutcome::Timeout), own);
    assert_eq!(judged.paths[0].halted.as_ref().map(|h| h.hop), Some(0));
    assert!(judged.paths[0].text.contains("This device itself"));
}

#[test]
fn a_name_that_is_stopped_nearer_than_the_server_is_stopped_on_the_path() {
    use Certainty::{Likely, Proven};
    let hello = |how, hop, address, sure| Some((Halts::Hello, how, hop, address, sure));
    let server = Some(address(1));
    for (connections, hellos, wanted) in [
        ("eeeaaaaa", "eerr", hello(Halt::Reset, 2, Some(router(2)), Proven)),
        // Without any message of hops, as on other systems, the limits alone tell.
        ("sssaaaaa", "ssrr", hello(Halt::Reset, 2, None, Proven)),
        ("eeeaaaaa", "eell", hello(Halt::Alert, 2, Some(router(2)), Proven)),
        ("eeeaaaaa", "eecc", hello(Halt::Closed, 2, Some(router(2)), Proven)),
        ("eeeaaaaa", "eeaa", hello(Halt::Answer, 2, Some(router(2)), Proven)),
        ("eeeaaaaa", "rrrr", hello(Halt::Reset, 0, None, Proven)),
        // At the end of the connection it may be the server itself.
        ("eeeaaaaa", "eeer", hello(Halt::Reset, 4, server, Likely)),
        ("eeeaaaaa", "eeel", hello(Halt::Alert, 4, server, Likely)),
        ("eeeaaaaa", "eeea", None),
        // Swallowed: the last hop that answers a ClientHello.
        ("eeeaaaaa", "eess", hello(Halt::Silence, 2, Some(router(2)), Likely)),
        ("eeeaaaaa", "eees", hello(Halt::Silence, 3, Some(router(3)), Likely)),
        // No message came, so nothing is known.
        ("sssaaaaa", "ssss", None),
        // A connection that could not be opened is no silence.
        ("eeeaaaaa", "eeuu", None),
    ] {
        assert_eq!(halted(connections, hellos), wanted, "{connections} {hellos}");
    }
    // The first packet of a ClientHello in two may go on where the second is stopped.
    let large = Trace { small_hello: false, ..trace(1, "eeeaaaaa", "eess") };
    assert_eq!(with(tls_fails(&world1(), TlsOutcome::Timeout), large).paths[0].halted, None);
}

#[test]
fn what_a_trace_finds_stands_beside_the_finding_and_its_cause() {
    let target = world1();
    let judged = with(tls_fails(&target, TlsOutcome::Reset), trace(1, "eeeaaaaa", "eerr"));
    let plain = one(&target, tls_fails(&target, TlsOutcome::Reset));
    assert_eq!(plain.finding.confidence, Certainty::Likely, "without a trace it may be the server");
    for finding in [&judged.hosts[0].finding, &judged.causes[0].finding] {
        assert_eq!(finding.code, plain.finding.code);
        assert_eq!(finding.confidence, Certainty::Proven);
        let facts = &finding.evidence.facts;
        assert_eq!((facts["hop"].as_u64(), facts["distance"].as_u64()), (Some(2), Some(4)));
        assert_eq!(facts["hop_address"], router(2).to_string());
        assert!(finding.evidence.line.contains("hop 2 of 4 (12.0.0.2)"), "{}", finding.evidence.line);
    }
    // At the server's own distance nothing is proven.
    let judged = with(tls_fails(&target, TlsOutcome::Reset), trace(1, "eeeaaaaa", "eeer"));
    assert_eq!(judged.hosts[0].finding.confidence, Certainty::Likely);
    // A trace of another stage than that of the finding explains nothing.
    let judged = with(tcp_fails(&target, TcpOutcome::Timeout), trace(1, "eeeaaaaa", "eerr"));
    assert!(!judged.hosts[0].finding.evidence.facts.contains_key("hop"));
    // A host that works gets no evidence of a block, and its verdict stays.
    let judged = with(healthy(&target), trace(1, "eeeaaaaa", "eeea"));
    assert_eq!(judged.hosts[0].finding.code.as_str(), "ok");
    assert!(judged.causes.is_empty());
    assert_eq!(judged.paths[0].text, "Connections are answered at hop 4, and so is the ClientHello.");
}

fn wanted(plan: &Plan, seen: &Observations, wanted: &Wanted) -> Vec<TraceJob> {
    let judged = judged(&plan.targets, seen);
    traces(plan, seen, &judged.causes, &judged.hosts, wanted)
}

#[test]
fn one_blocked_host_of_each_cause_is_traced_and_those_that_are_named() {
    let (a, b, c) = (world(1, "a.vendor.example"), world(2, "b.other.example"), world(3, "c.third.example"));
    let plan = Plan { targets: vec![a.clone(), b.clone(), c.clone()], ..Plan::default() };
    let dropped = |t| tcp_fails(t, TcpOutcome::Timeout);
    let seen = observed(vec![dropped(&a), dropped(&b), healthy(&c)]);
    let causes = Wanted { hosts: Vec::new(), causes: true };
    let jobs = wanted(&plan, &seen, &causes);
    assert_eq!(jobs.len(), 1, "both are of one cause: {jobs:?}");
    assert_eq!((jobs[0].to, jobs[0].named, jobs[0].connects), (Ok((address(1), 443).into()), false, false));
    let named = Wanted { hosts: vec!["C.third.example".into(), "a.vendor.example".into()], causes: true };
    let jobs = wanted(&plan, &seen, &named);
    let targets: Vec<(u32, bool)> = jobs.iter().map(|j| (j.target, j.named)).collect();
    assert_eq!(targets, [(3, true), (1, true)], "a cause that has a traced host gets no other");
    assert!(jobs[0].connects);
    assert_eq!(jobs[0].name.as_deref(), Some("c.third.example"));
    assert!(wanted(&plan, &observed(vec![healthy(&a)]), &causes).is_empty(), "nothing is blocked");
    assert_eq!(named.unknown(&plan.targets), None);
    assert_eq!(
        Wanted { hosts: vec!["d.example".into()], causes: false }.unknown(&plan.targets),
        Some("d.example")
    );
}

#[test]
fn what_is_not_traced_says_why() {
    let target = world1();
    let plan = |t| Plan { targets: vec![t], ..Plan::default() };
    let named = Wanted { hosts: vec!["api.vendor.example".into()], causes: false };
    let through = proxied(target.clone());
    let unresolved = edit(healthy(&target), |a| {
        a.tcp.clear();
        a.tls.clear();
        a.http.clear();
    });
    let own =
        edit(tcp_fails(&target, TcpOutcome::Refused), |a| a.tcp[0].remote.set_ip([127, 0, 0, 1].into()));
    let mut never = tcp_fails(&target, TcpOutcome::Refused);
    never.tcp[0].outcome = TcpOutcome::NotDialled { reason: "link-local".into() };
    for (target, attempt, why, word) in [
        (through.clone(), healthy(&through), Untraced::Proxy, "through a proxy"),
        (target.clone(), unresolved, Untraced::NoAddress, "no address"),
        (target.clone(), own, Untraced::Device, "this device"),
        (target.clone(), never, Untraced::NoAddress, "no address"),
    ] {
        let plan = plan(target);
        let mut seen = observed(vec![attempt]);
        let jobs = wanted(&plan, &seen, &named);
        assert_eq!(jobs[0].to, Err(why));
        seen.traces = vec![Trace { remote: None, untraced: Some(why), ..trace(1, "", "") }];
        let judged = judged(&plan.targets, &seen);
        let said = judged.not_tested.iter().find(|n| n.id == "trace").unwrap();
        assert!(said.text.contains(word), "{}", said.text);
        assert_eq!(judged.paths[0].untraced, Some(why));
    }
    let plan = plan(target.clone());
    let seen = Observations { stopped: Some(Stopped::Deadline), ..observed(vec![healthy(&target)]) };
    assert_eq!(wanted(&plan, &seen, &named)[0].to, Err(Untraced::Stopped));
}

#[test]
fn no_more_hosts_are_traced_than_announced() {
    let targets: Vec<_> = (1..=20).map(|id| world(id, &format!("h{id}.site{id}.example"))).collect();
    let plan = Plan { targets, ..Plan::default() };
    let seen = observed(plan.targets.iter().map(healthy).collect());
    let hosts = plan.targets.iter().map(|t| t.probed.clone()).collect();
    let jobs = wanted(&plan, &seen, &Wanted { hosts, causes: false });
    assert_eq!(jobs.iter().filter(|j| j.to.is_ok()).count(), MOST_HOSTS);
    assert_eq!(jobs.iter().filter(|j| j.to == Err(Untraced::TooMany)).count(), 20 - MOST_HOSTS);
}
