//! What each program of the app makes of a host that another one sees differently.

use clearway::contract::{Actor, EngineStore};
use clearway::diagnose::{Code, HostJudgement, Verdict, judge};
use clearway::observation::*;
use clearway::plan::{Detours, Plan, Route, Target};

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

/// The engine's store was asked beside the device's, and says this.
fn asked(target: &Target, store: EngineStore, engine: Trust, issuer: &str) -> HostJudgement {
    let leaf = leaf_by(&target.probed, issuer);
    let mut attempt = chain(target, leaf, false, Trust::Accepted, Trust::UnknownIssuer);
    attempt.tls[0].engine_trust = Some(engine);
    let plan = Plan { targets: vec![target.clone()], ..Plan::default() };
    let mut seen = observed(vec![attempt]);
    seen.device.engine_store = Some(store);
    judge(&plan, &seen, &services(), &super::scene::codes()).hosts.remove(0)
}

#[test]
fn where_the_engines_store_was_asked_its_word_counts() {
    let target = needed_by_all(world1());
    let roots = EngineStore::SystemRoots;
    let host = asked(&target, roots, Trust::Accepted, INSPECTOR);
    assert_eq!((host.finding.code, host.verdict), (Code::TlsIntercepted, Verdict::Warning));
    assert!(of(&host, Actor::Engine).1.unwrap().contains("was asked, and accepts"), "{host:?}");
    let line = &host.finding.evidence.line;
    assert!(line.contains("trusted by the virtual machine was not tested"), "{line}");

    let host = asked(&target, roots, Trust::UnknownIssuer, INSPECTOR);
    assert_eq!((host.finding.code, host.verdict), (Code::TlsInterceptedUntrusted, Verdict::Blocked));
    assert!(host.finding.summary.contains("the app's engine does not"), "{}", host.finding.summary);
    let (verdict, note) = of(&host, Actor::Engine);
    assert_eq!(verdict, Verdict::Blocked);
    // What was asked is not said to be open.
    let note = note.unwrap();
    assert!(note.contains("was asked, and refuses") && !note.contains("not tested"), "{note}");
    assert_eq!(of(&host, Actor::App).0, Verdict::Warning);
    assert_eq!(of(&host, Actor::Vm).0, Verdict::Warning);

    // In the keychain it must have full trust too, which nothing here shows.
    let host = asked(&target, EngineStore::SystemKeychain, Trust::Accepted, INSPECTOR);
    assert!(of(&host, Actor::Engine).1.unwrap().contains("full trust"), "{host:?}");
    assert!(host.finding.evidence.line.contains("by the engine and the virtual machine was not tested"));

    // What could not be asked is as before.
    let host = asked(&target, roots, Trust::Unavailable { error: "x is set".into() }, INSPECTOR);
    assert_eq!((host.finding.code, host.verdict), (Code::TlsIntercepted, Verdict::Warning));
    assert!(host.finding.evidence.line.contains("by the engine and the virtual machine was not tested"));
}

#[test]
fn a_private_authority_that_the_engine_lacks_stops_the_engine_alone() {
    let target = needed_by_all(customer(1, "tools.corp.example"));
    let host = asked(&target, EngineStore::SystemKeychain, Trust::UnknownIssuer, "CN=Corp CA");
    assert_eq!((host.finding.code, host.verdict), (Code::TlsUnknownIssuer, Verdict::Blocked));
    assert!(host.finding.remedy.contains("System keychain"), "{}", host.finding.remedy);
    assert_eq!(of(&host, Actor::Engine).0, Verdict::Blocked);
    assert_eq!(of(&host, Actor::App), (Verdict::Reachable, None));
    let host = asked(&target, EngineStore::SystemRoots, Trust::Accepted, "CN=Corp CA");
    assert_eq!((host.finding.code, host.verdict), (Code::Ok, Verdict::Reachable));
    assert!(of(&host, Actor::Engine).1.unwrap().contains("was asked, and accepts"));
}

#[test]
fn a_path_that_one_store_alone_builds_is_said() {
    // The public roots know only the path through the old root, which has ended.
    let (one, two) = (world1(), world(2, "downloads.example"));
    let mut crossed = chain(&one, public_leaf(&one.probed), false, Trust::Accepted, Trust::Expired);
    crossed.tls[0].chain[1].not_after = NOW - 86_400;
    let plan = Plan { targets: vec![one.clone(), two.clone()], ..Plan::default() };
    let judged = |first: Attempt| {
        let seen = observed(vec![first, healthy(&two)]);
        judge(&plan, &seen, &services(), &super::scene::codes()).hosts.remove(0)
    };
    let host = judged(crossed.clone());
    assert_eq!((host.finding.code, host.verdict), (Code::Ok, Verdict::Reachable));
    assert!(host.notes[0].contains("which ended on 2026-11-21"), "{:?}", host.notes);
    // The other way round the device lacks a root.
    crossed.tls[0].device_trust = Some(Trust::Expired);
    crossed.tls[0].public_trust = Some(Trust::Accepted);
    let host = judged(crossed);
    assert_eq!(host.finding.code, Code::DeviceTrustStore);
    assert!(host.finding.evidence.line.contains("lacks the root of the other"), "{host:?}");
}

#[test]
fn of_a_renewed_authority_both_fingerprints_stand_in_the_finding() {
    let target = world1();
    let mut attempt =
        chain(&target, leaf_by(&target.probed, INSPECTOR), false, Trust::UnknownIssuer, Trust::UnknownIssuer);
    let known =
        Certificate { key_id: Some("a1".into()), sha256: "0".repeat(63) + "7", ..intermediate(INSPECTOR) };
    attempt.tls[0].chain[0].issuer_key_id = Some("b2".into());
    attempt.tls[0].chain[1].key_id = Some("b2".into());
    attempt.tls[0].namesakes = vec![known.clone()];
    let host = one(&target, attempt.clone());
    assert_eq!(host.finding.code, Code::TlsInterceptedUntrusted);
    assert!(host.finding.summary.contains("older authority of the same name"), "{}", host.finding.summary);
    for print in [&known.sha256, &attempt.tls[0].chain[1].sha256] {
        assert!(host.finding.remedy.contains(print.as_str()), "{}", host.finding.remedy);
    }
    // The same key under another certificate is no renewal: something else is missing.
    attempt.tls[0].namesakes[0].key_id = Some("b2".into());
    assert!(!one(&target, attempt).finding.summary.contains("older"));
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
        let host = judge(&plan, seen, &services(), &super::scene::codes()).hosts.remove(0);
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
