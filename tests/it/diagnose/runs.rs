//! The verdict on a run, and what it does not speak for.

use clearway::contract::{Actor, Need};
use clearway::diagnose::{RunVerdict, Verdict};
use clearway::observation::*;
use clearway::plan::{Skip, Target};

use crate::diagnose::scene::*;

/// A host and what was seen of it.
type Row = (Target, Option<Attempt>);

fn ok(id: u32) -> Row {
    let t = world(id, "ok.vendor.example");
    let a = healthy(&t);
    (t, Some(a))
}

fn blocked(id: u32, n: Need) -> Row {
    let t = need(world(id, "no.vendor.example"), n);
    let a = tcp_fails(&t, TcpOutcome::Refused);
    (t, Some(a))
}

fn warned(id: u32) -> Row {
    let t = world(id, "slow.vendor.example");
    let mut a = healthy(&t);
    a.http = vec![answer(429, &[], "")];
    (t, Some(a))
}

fn missing(id: u32, n: Need) -> Row {
    (need(world(id, "late.vendor.example"), n), None)
}

fn skip(id: u32, skip: Skip) -> Row {
    (skipped(world(id, "skip.vendor.example"), skip), None)
}

fn wildcard(id: u32, member: bool) -> Row {
    let mut t = world(id, "a.vendor.example");
    t.requirement.host = "*.vendor.example".parse().unwrap();
    if !member {
        return (skipped(t, Skip::Wildcard), None);
    }
    let a = tcp_fails(&t, TcpOutcome::Refused);
    (t, Some(a))
}

#[test]
fn the_run_is_judged_as_the_contract_says() {
    use Need::{Feature, Optional, Required};
    use RunVerdict::{Blocked, Degraded, Ready, Unknown};
    let table: Vec<(Vec<Row>, RunVerdict)> = vec![
        (vec![ok(1)], Ready),
        // Where nothing was tested, nothing is ready.
        (vec![], Unknown),
        (vec![skip(1, Skip::Actor)], Unknown),
        (vec![skip(1, Skip::Wildcard), missing(2, Optional)], Unknown),
        (vec![ok(1), blocked(2, Required)], Blocked),
        (vec![ok(1), blocked(2, Feature)], Degraded),
        (vec![ok(1), blocked(2, Optional)], Degraded),
        (vec![ok(1), warned(2)], Degraded),
        (vec![ok(1), missing(2, Required)], Unknown),
        (vec![blocked(1, Required), missing(2, Required)], Blocked),
        (vec![blocked(1, Optional), missing(2, Required)], Unknown),
        (vec![ok(1), missing(2, Optional)], Ready),
        (vec![ok(1), skip(2, Skip::Wildcard)], Ready),
        (vec![ok(1), skip(2, Skip::Unbounded)], Ready),
        (vec![ok(1), skip(2, Skip::Actor)], Ready),
        (vec![ok(1), skip(2, Skip::LinkLocal)], Ready),
        (vec![ok(1), wildcard(2, false)], Ready),
        (vec![ok(1), wildcard(2, true)], Blocked),
    ];
    for (n, (hosts, expected)) in table.into_iter().enumerate() {
        let (targets, attempts): (Vec<_>, Vec<_>) = hosts.into_iter().unzip();
        let mut seen = observed(attempts.into_iter().flatten().collect());
        if seen.attempts.len() < targets.len() {
            seen.stopped = Some(Stopped::Deadline);
        }
        assert_eq!(judged(&targets, &seen).verdict, expected, "row {n}");
    }
}

#[test]
fn a_required_host_is_unknown_while_one_of_its_programs_was_not_tested() {
    let mut target = world(1, "api.vendor.example");
    target.requirement.reasons[0].actors = vec![Actor::App, Actor::Engine, Actor::Browser];
    let mut through = proxied(target.clone());
    through.paths[0].actors = vec![Actor::Engine];
    let second = through.paths[0].clone();
    let mut slow = healthy(&target);
    slow.http = vec![answer(429, &[], "")];
    let refused = tcp_fails(&target, TcpOutcome::Refused);
    let mut engine = healthy(&through);
    engine.path = 1;
    target.paths.push(second);
    let verdict = |attempts: Vec<Attempt>| {
        let mut seen = observed(attempts);
        seen.stopped = Some(Stopped::Deadline);
        let run = judged(std::slice::from_ref(&target), &seen);
        (run.hosts[0].verdict, run.verdict)
    };
    let app = healthy(&target);
    assert_eq!(verdict(vec![app.clone()]), (Verdict::Untested, RunVerdict::Unknown));
    assert_eq!(verdict(vec![slow]), (Verdict::Untested, RunVerdict::Unknown));
    assert_eq!(verdict(vec![refused]), (Verdict::Blocked, RunVerdict::Blocked));
    assert_eq!(verdict(vec![app, engine]), (Verdict::Reachable, RunVerdict::Ready));
}

#[test]
fn the_report_says_what_it_does_not_speak_for() {
    let mut browser = world(2, "portal.vendor.example");
    browser.requirement.reasons[0].actors = vec![Actor::Browser];
    let browser = skipped(browser, Skip::Actor);
    let (ok_target, attempt) = ok(1);
    let (wild, _) = wildcard(3, false);
    let targets = [ok_target, browser, wild, world(4, "late.vendor.example")];
    let mut seen = observed(attempt.into_iter().collect());
    seen.stopped = Some(Stopped::Deadline);
    let run = judged(&targets, &seen);
    let ids: Vec<&str> = run.not_tested.iter().map(|n| n.id.as_str()).collect();
    for id in [
        "credential",
        "large-download",
        "endpoint-security",
        "other-users",
        "inference",
        "wildcards",
        "other-programs",
        "deadline",
        "ipv6",
    ] {
        assert!(ids.contains(&id), "{id} is missing in {ids:?}");
    }
    assert!(!ids.contains(&"interrupted") && !ids.contains(&"member"));
    let text = |id: &str| run.not_tested.iter().find(|n| n.id == id).unwrap().text.clone();
    assert!(text("wildcards").contains("*.vendor.example"));
    assert!(text("deadline").contains("late.vendor.example"));
    assert!(run.not_tested.iter().all(|n| !n.text.contains('{')));
}

#[test]
fn hosts_named_on_the_command_line_do_not_miss_inference() {
    let mut t = world(1, "a.vendor.example");
    t.requirement.reasons[0].feature = "ad-hoc".into();
    let a = healthy(&t);
    assert!(run(&[t], vec![a]).not_tested.iter().all(|n| n.id != "inference"));
}
