//! The next experiments: once, bounded, and only what may have been a moment's accident.

use clearway::diagnose::next;
use clearway::observation::*;
use clearway::plan::{Plan, Target};

use crate::diagnose::scene::*;

fn asks(target: &Target, attempt: Attempt) -> bool {
    let plan = Plan { targets: vec![target.clone()], ..Plan::default() };
    next(&plan, &observed(vec![attempt])).iter().any(|e| e.purpose == Purpose::Repeat)
}

#[test]
fn immediate_failures_are_repeated_and_silence_from_the_start_is_not() {
    let t = world(1, "api.vendor.example");
    for (attempt, expected) in [
        (healthy(&t), false),
        (tcp_fails(&t, TcpOutcome::Refused), true),
        (tcp_fails(&t, TcpOutcome::HostUnreachable), true),
        (tcp_fails(&t, TcpOutcome::Timeout), false),
        (tls_fails(&t, TlsOutcome::Reset), true),
        (tls_fails(&t, TlsOutcome::Closed), true),
        (tls_fails(&t, TlsOutcome::Alert { alert: "internal_error".into() }), true),
        (tls_fails(&t, TlsOutcome::Timeout), true),
        (dns_fails(&t, failed_lookup(), &[DnsAnswer::NxDomain]), true),
        (dns_fails(&t, Lookup::Timeout, &[DnsAnswer::Timeout]), false),
    ] {
        let what = format!("{attempt:?}");
        assert_eq!(asks(&t, attempt), expected, "{what}");
    }
    for (status, expected) in [(503, true), (404, false), (429, false)] {
        let mut a = healthy(&t);
        a.http = vec![answer(status, &[], "")];
        assert_eq!(asks(&t, a), expected, "{status}");
    }
    let mut slow = tls_fails(&t, TlsOutcome::Reset);
    slow.tls[0].ms = 3000.0;
    assert!(!asks(&t, slow));
    let p = proxied(world(1, "api.vendor.example"));
    for (status, expected) in [(503, true), (403, false), (407, false)] {
        let mut a = healthy(&p);
        a.proxy.as_mut().unwrap().outcome = ProxyOutcome::Status { status };
        a.tls.clear();
        a.http.clear();
        assert_eq!(asks(&p, a), expected, "{status}");
    }
}

#[test]
fn silence_from_the_start_is_tried_again_slowly_where_others_were_answered() {
    let targets: Vec<Target> = (1..=12).map(|n| world(n, &format!("h{n}.vendor.example"))).collect();
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    let repeats = |silent: usize, connect_ms: f64| {
        let attempts = targets.iter().enumerate().map(|(n, t)| {
            if n < silent {
                return tcp_fails(t, TcpOutcome::Timeout);
            }
            edit(healthy(t), |a| a.tcp[0].ms = connect_ms)
        });
        next(&plan, &observed(attempts.collect())).iter().filter(|e| e.purpose == Purpose::Paced).count()
    };
    assert_eq!(repeats(2, 20.0), 2);
    assert_eq!(repeats(2, 1030.0), 2);
    // A few stand for many, unless the run shows that some got through late.
    assert_eq!(repeats(9, 20.0), 6);
    assert_eq!(repeats(9, 1030.0), 9);
    // Where nobody was answered, it was not too much at a time.
    assert_eq!(repeats(12, 20.0), 0);
}

#[test]
fn nothing_is_tried_a_third_time_or_after_the_end() {
    let t = world(1, "api.vendor.example");
    let plan = Plan { targets: vec![t.clone(), world(2, "b.vendor.example")], ..Plan::default() };
    let first = tcp_fails(&t, TcpOutcome::Refused);
    let again = Attempt { purpose: Purpose::Repeat, ..first.clone() };
    let mut seen = observed(vec![first.clone()]);
    let own = |e: &&clearway::plan::Experiment| e.variation.is_none();
    let ids = |o: &Observations| {
        next(&plan, o).iter().filter(own).map(|e| (e.target, e.purpose)).collect::<Vec<_>>()
    };
    assert_eq!(ids(&seen), [(1, Purpose::Repeat), (2, Purpose::First)]);
    seen.attempts.push(again);
    seen.attempts.push(healthy(&plan.targets[1]));
    assert!(ids(&seen).is_empty());
    seen.attempts.truncate(1);
    seen.stopped = Some(Stopped::Deadline);
    assert!(ids(&seen).is_empty());
}
