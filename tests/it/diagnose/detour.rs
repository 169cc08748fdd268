//! Other ways to a host: the comparison is asked for once, and tells a missing setting from a box.

use clearway::contract::{Actor, Network};
use clearway::diagnose::{Certainty, Code, HostJudgement, Owner, Verdict, judge, next};
use clearway::observation::*;
use clearway::plan::{Detours, Experiment, Fallback, Path, Plan, Route, Target};

use crate::diagnose::scene::*;

fn other() -> Route {
    Route::Proxy { host: "other.corp.example".into(), port: 8080, tls: false, origin: "HTTPS_PROXY".into() }
}

fn plan(targets: &[Target], proxies: Vec<Route>) -> Plan {
    Plan { targets: targets.to_vec(), detours: Detours { proxies, ..Detours::default() }, ..Plan::default() }
}

/// The same attempt as an experiment on another way.
fn on(route: &Route, mut attempt: Attempt) -> Attempt {
    attempt.purpose = Purpose::Experiment;
    attempt.variation = Some(Variation::OtherRoute(route.clone()));
    attempt.route = route.clone();
    attempt.proxy = match route {
        Route::Direct => None,
        Route::Proxy { .. } => Some(Proxy { outcome: ProxyOutcome::Tunnel, headers: Vec::new(), ms: 5.0 }),
    };
    attempt
}

fn again(mut attempt: Attempt) -> Attempt {
    attempt.purpose = Purpose::Repeat;
    attempt
}

fn hosts(plan: &Plan, attempts: Vec<Attempt>) -> Vec<HostJudgement> {
    judge(plan, &observed(attempts), &services(), &super::scene::codes()).hosts
}

fn routes(experiments: &[Experiment]) -> Vec<&Route> {
    experiments
        .iter()
        .filter_map(|e| match &e.variation {
            Some(Variation::OtherRoute(route)) => Some(route),
            _ => None,
        })
        .collect()
}

#[test]
fn a_host_that_fails_directly_is_tried_through_the_proxies_that_are_known() {
    let target = world1();
    let plan = plan(std::slice::from_ref(&target), vec![other()]);
    let failed = tcp_fails(&target, TcpOutcome::Timeout);
    assert_eq!(routes(&next(&plan, &observed(vec![failed.clone()]))), [&other()]);
    // Once.
    let compared = on(&other(), tcp_fails(&target, TcpOutcome::Timeout));
    assert!(routes(&next(&plan, &observed(vec![failed.clone(), compared]))).is_empty());
    // Not a host that works, nor one that worked on the second try.
    assert!(routes(&next(&plan, &observed(vec![healthy(&target)]))).is_empty());
    assert!(routes(&next(&plan, &observed(vec![failed, again(healthy(&target))]))).is_empty());
}

#[test]
fn without_a_known_proxy_nothing_is_compared() {
    for target in [world1(), proxied(world1())] {
        let plan = plan(std::slice::from_ref(&target), Vec::new());
        let seen = observed(vec![tcp_fails(&target, TcpOutcome::Timeout)]);
        assert!(routes(&next(&plan, &seen)).is_empty());
    }
    let target = proxied(world1());
    let plan = plan(std::slice::from_ref(&target), vec![proxy_route()]);
    let seen = observed(vec![proxy_says(&target, ProxyOutcome::Status { status: 403 })]);
    assert_eq!(routes(&next(&plan, &seen)), [&Route::Direct]);
}

#[test]
fn a_proxy_that_works_and_is_not_used_is_the_finding() {
    let target = world1();
    let plan = plan(std::slice::from_ref(&target), vec![other()]);
    for failed in [
        tcp_fails(&target, TcpOutcome::Timeout),
        dns_fails(&target, failed_lookup(), &[DnsAnswer::NxDomain]),
        edit(healthy(&target), |a| {
            a.tls[0].outcome = TlsOutcome::Reset;
            a.tls[0].chain.clear();
            a.http.clear();
        }),
    ] {
        let works = on(&other(), healthy(&target));
        let host = hosts(&plan, vec![failed.clone(), works]).remove(0);
        let finding = &host.finding;
        assert_eq!((finding.code, host.verdict), (Code::ProxyRequired, Verdict::Blocked));
        assert_eq!((finding.owner, finding.confidence), (Owner::Configuration, Certainty::Proven));
        let line = &finding.evidence.line;
        assert!(
            line.contains("directly") && line.contains("other.corp.example:8080 (HTTPS_PROXY)"),
            "{line}"
        );
        assert!(finding.remedy.contains("egressProxyUrl"), "{}", finding.remedy);
        assert_eq!(host.also.len(), 1);
        assert_eq!(finding.evidence.facts["direct"], host.also[0].code.as_str());
        // On the proxied way it fails as well: the own way's finding stays.
        let fails = on(&other(), tcp_fails(&target, TcpOutcome::Refused));
        assert_ne!(hosts(&plan, vec![failed, fails])[0].finding.code, Code::ProxyRequired);
    }
}

#[test]
fn a_proxys_own_error_page_proves_nothing_about_the_host() {
    use Trust::{Accepted, UnknownIssuer};
    let page = || answer(403, &[("content-type", "text/html")], "<html>Forbidden");
    let unknown = |t: &Target| edit(healthy(t), |a| a.http = vec![page()]);
    let private = |t: &Target| {
        let leaf = leaf_by(&t.probed, "CN=Corp CA");
        chain(t, leaf, false, Accepted, UnknownIssuer)
    };
    let own = gateway(1, "llm.corp.example");
    let bare = customer(1, "tools.corp.example");
    for (about, target, works, expected) in [
        ("not recognised", &own, unknown(&own), None),
        ("recognised, private CA", &own, private(&own), Some(Certainty::Proven)),
        ("nothing known, private CA", &bare, private(&bare), None),
        ("public certificate", &bare, healthy(&bare), Some(Certainty::Proven)),
    ] {
        let plan = plan(std::slice::from_ref(target), vec![other()]);
        let attempts = vec![tcp_fails(target, TcpOutcome::Timeout), on(&other(), works)];
        let finding = hosts(&plan, attempts).remove(0).finding;
        let claimed = (finding.code == Code::ProxyRequired).then_some(finding.confidence);
        assert_eq!(claimed, expected, "{about}: {} {}", finding.code, finding.evidence.line);
    }
}

#[test]
fn a_key_that_is_set_is_not_asked_for_again() {
    let set = |origin: &str| Route::Proxy {
        host: "proxy.corp.example".into(),
        port: 3128,
        tls: false,
        origin: origin.into(),
    };
    for (origin, actor, name, wanted) in [
        ("egressProxyUrl", Actor::Updater, "api.vendor.example", "operating system's proxy settings"),
        ("egressProxyUrl", Actor::Engine, "api.vendor.example", "endpoint's own name"),
        ("egressProxyUrl", Actor::Vm, "api.vendor.example", "not given the proxy"),
        ("HTTPS_PROXY", Actor::Vm, "api.vendor.example", "not given the proxy"),
        ("egressProxyUrl", Actor::App, "api.vendor.example", "proxy script of the configuration"),
        ("egressProxyPacUrl", Actor::App, "api.vendor.example", "proxy script of the configuration"),
        ("egressProxyUrl", Actor::App, "gw.vendor.local", "not end in .local"),
        ("HTTPS_PROXY", Actor::App, "api.vendor.example", "as egressProxyUrl"),
    ] {
        let mut target = world(1, name);
        target.paths[0].actors = vec![actor];
        target.requirement.reasons[0].actors = vec![actor];
        let plan = plan(std::slice::from_ref(&target), vec![set(origin)]);
        let attempts = vec![tcp_fails(&target, TcpOutcome::Timeout), on(&set(origin), healthy(&target))];
        let finding = hosts(&plan, attempts).remove(0).finding;
        assert_eq!((finding.code, finding.owner), (Code::ProxyRequired, Owner::Configuration));
        assert!(finding.remedy.contains(wanted), "{origin} {actor}: {}", finding.remedy);
        let asks = finding.remedy.contains("as egressProxyUrl");
        assert_eq!(asks, wanted == "as egressProxyUrl", "{}", finding.remedy);
    }
}

#[test]
fn an_exemption_that_should_not_be_is_named() {
    let target = world1();
    let mut plan = plan(std::slice::from_ref(&target), vec![other()]);
    plan.detours.exempt = vec![1];
    let attempts = vec![tcp_fails(&target, TcpOutcome::Timeout), on(&other(), healthy(&target))];
    let finding = hosts(&plan, attempts).remove(0).finding;
    assert!(finding.remedy.contains("exemptions"), "{}", finding.remedy);
}

#[test]
fn a_host_that_answers_directly_needs_no_proxy() {
    let target = world1();
    let plan = plan(std::slice::from_ref(&target), vec![other()]);
    let unavailable = status(&target, 503, &[], "");
    let host = hosts(&plan, vec![unavailable, on(&other(), healthy(&target))]).remove(0);
    assert_eq!(host.finding.code, Code::HttpServerError);
}

#[test]
fn another_actors_way_is_comparison_enough() {
    let mut target = proxied(world1());
    target.paths[0].actors = vec![Actor::App];
    target.paths.push(Path { route: Route::Direct, actors: vec![Actor::Updater] });
    let plan = plan(std::slice::from_ref(&target), vec![proxy_route()]);
    let mut direct = tcp_fails(&world1(), TcpOutcome::Timeout);
    direct.path = 1;
    assert!(routes(&next(&plan, &observed(vec![healthy(&target), direct.clone()]))).is_empty());
    let host = hosts(&plan, vec![healthy(&target), direct]).remove(0);
    assert_eq!((host.finding.code, host.verdict), (Code::ProxyRequired, Verdict::Blocked));
    let verdicts: Vec<Verdict> = host.actors.iter().map(|a| a.verdict).collect();
    assert_eq!(verdicts, [Verdict::Reachable, Verdict::Blocked]);
    assert!(host.finding.remedy.contains("operating system's proxy settings"), "{}", host.finding.remedy);
}

#[test]
fn a_host_that_only_the_direct_way_reaches_says_so() {
    let refused = |target: &Target| proxy_says(target, ProxyOutcome::Status { status: 403 });
    for (internal, owner) in [(false, Owner::Proxy), (true, Owner::Configuration)] {
        let mut target = proxied(world1());
        if internal {
            target.requirement.network = Network::Internal;
        }
        let plan = plan(std::slice::from_ref(&target), vec![proxy_route()]);
        let attempts = vec![refused(&target), on(&Route::Direct, healthy(&world1()))];
        let host = hosts(&plan, attempts).remove(0);
        assert_eq!((host.finding.code, host.finding.owner), (Code::ProxyDenied, owner));
        assert!(host.finding.evidence.line.contains("directly it works"), "{}", host.finding.evidence.line);
    }
}

#[test]
fn the_next_entry_of_a_scripts_answer_helps_everybody_but_the_engine() {
    for (actors, verdict) in
        [(vec![Actor::App], Verdict::Warning), (vec![Actor::App, Actor::Engine], Verdict::Blocked)]
    {
        let mut target = proxied(world1());
        target.requirement.reasons[0].actors = actors.clone();
        target.paths[0].actors = actors.clone();
        let mut plan = plan(std::slice::from_ref(&target), vec![proxy_route()]);
        plan.detours.fallbacks = vec![Fallback { target: 1, path: 0, routes: vec![other(), Route::Direct] }];
        let dead = tcp_fails(&target, TcpOutcome::Refused);
        assert_eq!(routes(&next(&plan, &observed(vec![dead.clone()]))), [&other(), &Route::Direct]);
        let attempts = vec![
            dead,
            on(&other(), healthy(&target)),
            on(&Route::Direct, tcp_fails(&world1(), TcpOutcome::Timeout)),
        ];
        let host = hosts(&plan, attempts).remove(0);
        assert_eq!((host.finding.code, host.verdict), (Code::ProxyRefused, verdict));
        for judged in &host.actors {
            let expected = if judged.actor == Actor::Engine { Verdict::Blocked } else { Verdict::Warning };
            assert_eq!(judged.verdict, expected, "{}", judged.actor);
        }
    }
}

#[test]
fn a_proxy_that_refuses_only_another_port_is_asked_about_its_ports() {
    let (a, mut b) = (proxied(world(1, "a.vendor.example")), proxied(world(2, "b.vendor.example")));
    b.requirement.port = 8443;
    let attempts = vec![healthy(&a), proxy_says(&b, ProxyOutcome::Status { status: 403 })];
    let judged = hosts(&plan(&[a, b], Vec::new()), attempts);
    assert!(judged[1].finding.evidence.line.contains("allowed ports"), "{}", judged[1].finding.evidence.line);
}

#[test]
fn what_is_no_proxy_script_is_found_at_its_own_address() {
    let mut target = customer(1, "pac.corp.example");
    target.requirement.reasons[0].feature = "proxy".into();
    let answered = |outcome, said| {
        let script = ProxyScript {
            origin: "egressProxyPacUrl".into(),
            url: "https://pac.corp.example/p.pac".into(),
            outcome,
            status: said,
            bytes: Some(9),
            sha256: None,
            names: Vec::new(),
            failed: 0,
            failure: None,
            ms: 1.0,
        };
        let mut seen = observed(vec![status(&target, 200, &[], "x")]);
        seen.scripts = vec![script];
        judged(std::slice::from_ref(&target), &seen)
    };
    let with = |outcome| answered(outcome, Some(200));
    let run = with(ScriptOutcome::NoScript("it is no proxy script: unexpected token".into()));
    let finding = &run.hosts[0].finding;
    assert_eq!((finding.code, finding.owner), (Code::HttpWrongContent, Owner::Configuration));
    assert!(finding.evidence.line.contains("unexpected token"));
    assert!(run.not_tested.iter().any(|n| n.id == "proxy-script-ignored"));
    assert_eq!(with(ScriptOutcome::Asked).hosts[0].finding.code, Code::Ok);
    let stopped = with(ScriptOutcome::Stopped("it takes too much memory".into()));
    assert!(stopped.not_tested.iter().any(|n| n.id == "proxy-script-stopped"));
    // A status is an answer; a lost packet is none.
    let unfetched = |status| answered(ScriptOutcome::Unfetched("it could not be had".into()), status);
    assert_eq!(unfetched(Some(404)).hosts[0].finding.code, Code::HttpWrongContent);
    let lost = unfetched(None);
    assert_eq!(lost.hosts[0].finding.code, Code::Ok);
    assert!(lost.not_tested.iter().any(|n| n.id == "proxy-script-ignored"), "{:?}", lost.not_tested);
}
