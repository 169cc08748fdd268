//! What each program of the app makes of a host that another one sees differently.

use clearway::contract::Actor;
use clearway::diagnose::{Code, HostJudgement, Verdict, judge};
use clearway::observation::*;
use clearway::plan::{Detours, Plan, Route, Target};
use clearway::rules::codes::Codes;

use crate::diagnose::scene::*;

const ALL: [Actor; 4] = [Actor::App, Actor::Engine, Actor::Vm, Actor::Updater];

fn needed_by_all(mut target: Target) -> Target {
    target.paths[0].actors = ALL.to_vec();
    target
}

fn of(host: &HostJudgement, actor: Actor) -> (Verdict, Option<&str>) {
    let mine = host.actors.iter().find(|a| a.actor == actor).unwrap();
    (mine.verdict, mine.note.as_deref())
}

#[test]
fn behind_trusted_inspection_only_those_with_stores_of_their_own_are_in_doubt() {
    let target = needed_by_all(world1());
    let leaf = leaf_by(&target.probed, "CN=Inspector");
    let host = one(&target, chain(&target, leaf, false, Trust::Accepted, Trust::UnknownIssuer));
    assert_eq!(host.finding.code, Code::TlsIntercepted);
    for actor in ALL {
        let (verdict, note) = of(&host, actor);
        assert_eq!(verdict, Verdict::Warning, "{actor}");
        assert_eq!(note.is_some(), matches!(actor, Actor::Engine | Actor::Vm), "{actor}: {note:?}");
    }
    let line = &host.finding.evidence.line;
    assert!(line.contains("trusted by the engine and the virtual machine was not tested"), "{line}");
}

#[test]
fn a_private_authority_is_in_doubt_for_the_engine_too() {
    let target = needed_by_all(customer(1, "tools.corp.example"));
    let leaf = leaf_by(&target.probed, "CN=Corp CA");
    let host = one(&target, chain(&target, leaf, false, Trust::Accepted, Trust::UnknownIssuer));
    assert_eq!((host.finding.code, host.verdict), (Code::Ok, Verdict::Reachable));
    assert!(of(&host, Actor::Engine).1.unwrap().contains("not tested"));
    assert_eq!(of(&host, Actor::App).1, None);
}

#[test]
fn a_root_that_the_device_lacks_does_not_concern_who_carries_it() {
    let target = needed_by_all(world1());
    let leaf = leaf_by(&target.probed, "CN=Public CA");
    let host = one(&target, chain(&target, leaf, false, Trust::UnknownIssuer, Trust::Accepted));
    assert_eq!((host.finding.code, host.verdict), (Code::DeviceTrustStore, Verdict::Blocked));
    assert_eq!(of(&host, Actor::App), (Verdict::Blocked, None));
    assert_eq!(of(&host, Actor::Updater), (Verdict::Blocked, None));
    assert!(of(&host, Actor::Engine).1.unwrap().contains("goes on"));
    assert_eq!(of(&host, Actor::Engine).0, Verdict::Reachable);
    // Of the virtual machine no page says it: nothing is claimed.
    let (verdict, note) = of(&host, Actor::Vm);
    assert!(verdict == Verdict::Untested && note.unwrap().contains("not documented"), "{note:?}");
}

#[test]
fn where_a_script_decides_the_script_is_to_be_changed() {
    let target = world1();
    let way = Route::Proxy {
        host: "other.corp.example".into(),
        port: 8080,
        tls: false,
        origin: "HTTPS_PROXY".into(),
    };
    let detours = Detours { proxies: vec![way.clone()], ..Detours::default() };
    let plan = Plan { targets: vec![target.clone()], detours, ..Plan::default() };
    let mut works = healthy(&target);
    works.purpose = Purpose::Experiment;
    works.variation = Some(Variation::OtherRoute(way.clone()));
    works.proxy = Some(Proxy { outcome: ProxyOutcome::Tunnel, headers: Vec::new(), ms: 5.0 });
    works.route = way;
    let mut seen = observed(vec![tcp_fails(&target, TcpOutcome::Timeout), works]);
    let said = |seen: &Observations| {
        let host = judge(&plan, seen, &services(), &Codes::embedded().unwrap()).hosts.remove(0);
        assert_eq!(host.finding.code, Code::ProxyRequired);
        host.finding.remedy
    };
    assert!(said(&seen).contains("egressProxyUrl"));
    seen.scripts.push(ProxyScript {
        origin: "egressProxyPacUrl".into(),
        url: "https://pac.corp.example/p.pac".into(),
        outcome: ScriptOutcome::Asked,
        status: Some(200),
        bytes: Some(9),
        sha256: None,
        names: Vec::new(),
        failed: 0,
        failure: None,
        ms: 1.0,
    });
    let remedy = said(&seen);
    assert!(remedy.contains("egressProxyPacUrl") && !remedy.contains("egressProxyUrl"), "{remedy}");
}
