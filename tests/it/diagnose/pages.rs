//! Pages in the service's place: filters' and the network's own, and what is not one.

use clearway::diagnose::{Certainty, Code, Owner, Verdict, wants_controls};
use clearway::observation::*;
use clearway::plan::{Control, Plan, Target};

use crate::diagnose::scene::*;

const HTML: (&str, &str) = ("content-type", "text/html");

fn inspected(target: &Target, device: Trust, http: Http) -> Attempt {
    edit(chain(target, leaf_by(&target.probed, INSPECTOR), false, device, Trust::UnknownIssuer), |a| {
        a.http = vec![http];
    })
}

fn page(text: &str) -> Http {
    answer(403, &[HTML], &format!("<html><title>Notice</title><body>{text}</body></html>"))
}

#[test]
fn a_filters_page_leads_before_the_inspection_that_shows_it() {
    let t = world1();
    for (device, beside) in
        [(Trust::Accepted, Code::TlsIntercepted), (Trust::UnknownIssuer, Code::TlsInterceptedUntrusted)]
    {
        let host = one(&t, inspected(&t, device, page("Zscaler says no")));
        let f = &host.finding;
        assert_eq!(
            (f.code, f.owner, f.confidence),
            (Code::HttpBlockPage, Owner::Firewall, Certainty::Proven)
        );
        assert_eq!(f.evidence.facts["filter"], "Zscaler Internet Access");
        assert!(host.also.iter().any(|f| f.code == beside), "{:?}", host.also);
    }
    let redirect = answer(302, &[("location", "https://gateway.zscalertwo.net/x")], "");
    assert_eq!(one(&t, inspected(&t, Trust::Accepted, redirect)).finding.code, Code::HttpBlockPage);
    let header = answer(403, &[("x-squid-error", "ERR_ACCESS_DENIED 0")], "");
    assert_eq!(one(&t, inspected(&t, Trust::Accepted, header)).finding.code, Code::HttpBlockPage);
    // Words alone are likely.
    let f = one(&t, inspected(&t, Trust::Accepted, page("This site has been blocked"))).finding;
    assert_eq!((f.code, f.confidence), (Code::HttpBlockPage, Certainty::Likely));
    // Through a proxy it is the proxy's.
    let p = proxied(world1());
    let f = one(&p, inspected(&p, Trust::Accepted, page("Zscaler says no"))).finding;
    assert_eq!((f.code, f.owner), (Code::HttpBlockPage, Owner::Proxy));
}

#[test]
fn what_the_service_itself_shows_is_no_filters_page() {
    let t = world1();
    for text in ["Zscaler says no", "has been blocked"] {
        let host = one(&t, edit(healthy(&t), |a| a.http = vec![page(text)]));
        assert_ne!(host.finding.code, Code::HttpBlockPage, "{text}");
        assert_ne!(host.verdict, Verdict::Blocked);
    }
    // An inspected connection with another page is inspected, no more.
    let host = one(&t, inspected(&t, Trust::Accepted, page("Welcome")));
    assert_eq!(host.finding.code, Code::TlsIntercepted);
    // The service's own words are its own, through an inspector too.
    let mut known = gateway(1, "llm.corp.example");
    known.requirement.hints.customer = false;
    known.requirement.hints.public_roots = true;
    let json = r#"{"error":{"message":"has been blocked by zscaler","type":"auth_error","code":"401"}}"#;
    let own = answer(401, &[("content-type", "application/json")], json);
    assert_eq!(one(&known, inspected(&known, Trust::Accepted, own)).finding.code, Code::TlsIntercepted);
}

#[test]
fn an_inspector_is_named_by_its_certificate() {
    let t = world1();
    let leaf = leaf_by(&t.probed, "CN=Zscaler Intermediate Root CA,O=Zscaler Inc.");
    let f = one(&t, chain(&t, leaf, false, Trust::UnknownIssuer, Trust::UnknownIssuer)).finding;
    assert_eq!(
        (f.code, f.evidence.facts["product"].as_str()),
        (Code::TlsInterceptedUntrusted, Some("Zscaler"))
    );
}

/// What a control gave.
fn control(host: &str, http: Option<Http>) -> Controlled {
    let control = Control {
        of: "Test".into(),
        host: host.into(),
        path: "/check".into(),
        status: 200,
        body: "OPEN".into(),
        source: "test".into(),
    };
    let mut attempt = healthy(&world(0, host));
    attempt.tls.clear();
    attempt.http = http.into_iter().collect();
    Controlled { control, attempt }
}

fn with(controls: Vec<Controlled>, attempts: Vec<Attempt>) -> clearway::diagnose::Judgement {
    let targets = [world(1, "api.vendor.example"), world(2, "cdn.other.example")];
    let mut seen = observed(attempts);
    seen.controls = controls;
    judged(&targets, &seen)
}

#[test]
fn a_sign_in_page_is_one_cause_of_all_and_proven_only_by_its_own_word() {
    let (a, b) = (world(1, "api.vendor.example"), world(2, "cdn.other.example"));
    let failed = || vec![tls_fails(&a, TlsOutcome::Reset), tcp_fails(&b, TcpOutcome::Timeout)];
    let to = |place: &str| answer(302, &[("location", place)], "");
    let login = || to("http://login.hotel.example/start");
    let open = || answer(200, &[], "OPEN\n");
    let filter = || to("https://gateway.zscaler.net/deny");
    let deny = || answer(200, &[HTML], "<html>This page has been blocked");
    let other = || answer(200, &[HTML], "<html>Welcome to the lobby");
    let portal = Code::HttpCaptivePortal;
    for (about, answers, expected) in [
        ("two agree", [Some(login()), Some(login())], Some(Certainty::Likely)),
        ("one", [Some(login()), None], Some(Certainty::Likely)),
        ("511", [Some(answer(511, &[], "")), None], Some(Certainty::Proven)),
        ("another page", [Some(other()), Some(other())], Some(Certainty::Likely)),
        ("one is open", [Some(login()), Some(open())], None),
        ("a filter", [Some(filter()), Some(filter())], None),
        ("a page that speaks of blocking", [Some(deny()), Some(deny())], None),
        ("dropped", [None, None], None),
        ("a filter of one's own, by its host", [Some(to("http://webfilter.corp.example/x")), None], None),
        ("by its path", [Some(to("http://gw.corp.example/Denied?u=1")), Some(login())], None),
        ("by its query", [Some(to("http://gw.corp.example/p?why=policy")), None], None),
        ("511 beside a filter", [Some(filter()), Some(answer(511, &[], ""))], Some(Certainty::Proven)),
        ("refused", [Some(answer(403, &[], "")), Some(answer(502, &[], ""))], None),
        ("to itself", [Some(to("http://c1.example/other")), None], None),
    ] {
        let [one, two] = answers;
        let run = with(vec![control("c1.example", one), control("c2.example", two)], failed());
        let lead = &run.hosts[0].finding;
        match expected {
            Some(certainty) => {
                assert_eq!(causes(&run), [("http/captive-portal", vec![1, 2])], "{about}");
                assert_eq!((lead.code, lead.confidence), (portal, certainty), "{about}");
                assert_eq!(run.hosts[0].also[0].code, Code::TlsReset, "{about}");
            }
            None => assert!(run.hosts.iter().all(|h| h.finding.code != portal), "{about}"),
        }
    }
    // A host that proved itself went past any sign-in.
    let run = with(
        vec![control("c1.example", Some(login())), control("c2.example", Some(login()))],
        vec![tls_fails(&a, TlsOutcome::Reset), healthy(&b)],
    );
    assert_eq!(run.hosts[0].finding.code, Code::TlsReset);
    // Behind an inspector that the device trusts too, if an answer and not a page came.
    let json = || answer(401, &[("content-type", "application/json")], "{}");
    for (http, expected) in [(json(), Code::TlsReset), (login(), portal), (page("Welcome"), portal)] {
        let beside = inspected(&b, Trust::Accepted, http);
        let run = with(
            vec![control("c1.example", Some(login())), control("c2.example", Some(login()))],
            vec![tls_fails(&a, TlsOutcome::Reset), beside],
        );
        assert_eq!(run.hosts[0].finding.code, expected);
    }
}

#[test]
fn the_sign_in_page_itself_and_hosts_let_through_before_it_prove_nothing() {
    let login = || answer(302, &[("location", "https://login.hotel.example/start")], "");
    let caught = || vec![control("c1.example", Some(login())), control("c2.example", Some(login()))];
    let led = |t: &Target| {
        let leaf = leaf_by(&t.probed, "CN=Guest");
        edit(chain(t, leaf, false, Trust::UnknownIssuer, Trust::UnknownIssuer), |a| a.http = vec![login()])
    };
    // The page stands among the hosts of the list, with a certificate of its own.
    let targets = [world(1, "api.vendor.example"), world(2, "login.hotel.example")];
    let mut seen = observed(vec![tls_fails(&targets[0], TlsOutcome::Reset), healthy(&targets[1])]);
    seen.controls = caught();
    assert_eq!(judged(&targets, &seen).hosts[0].finding.code, Code::HttpCaptivePortal);
    // Hosts of several sites were led to the page, and one was let through.
    let targets =
        [world(1, "api.vendor.example"), world(2, "cdn.other.example"), world(3, "id.third.example")];
    let attempts = || vec![led(&targets[0]), led(&targets[1]), healthy(&targets[2])];
    let plan = Plan { targets: targets.to_vec(), ..Plan::default() };
    assert!(wants_controls(&plan, &observed(attempts())));
    let mut seen = observed(attempts());
    seen.controls = caught();
    let run = judged(&targets, &seen);
    assert_eq!(causes(&run), [("http/captive-portal", vec![1, 2])]);
    // One open control rules it out, and one host alone that was led away asks nothing.
    seen.controls.push(control("c3.example", Some(answer(200, &[], "OPEN"))));
    assert!(judged(&targets, &seen).hosts.iter().all(|h| h.finding.code != Code::HttpCaptivePortal));
    assert!(!wants_controls(&plan, &observed(vec![led(&targets[0]), healthy(&targets[2])])));
}

#[test]
fn controls_are_wanted_after_a_direct_failure_only() {
    let t = world1();
    let wants = |t: &Target, a: Attempt| {
        let plan = Plan { targets: vec![t.clone()], ..Plan::default() };
        wants_controls(&plan, &observed(vec![a]))
    };
    assert!(!wants(&t, healthy(&t)));
    assert!(wants(&t, tcp_fails(&t, TcpOutcome::Timeout)));
    assert!(wants(&t, tls_fails(&t, TlsOutcome::Reset)));
    assert!(wants(
        &t,
        chain(&t, leaf_by(&t.probed, INSPECTOR), false, Trust::UnknownIssuer, Trust::UnknownIssuer)
    ));
    // What a trusted certificate stands for may be a page, a redirect even, and nothing failed.
    let welcome = answer(200, &[HTML], "<html>Welcome");
    let onward = answer(302, &[("location", "https://login.vendor.example/")], "");
    for http in [welcome.clone(), onward] {
        assert!(!wants(&t, inspected(&t, Trust::Accepted, http)));
    }
    assert!(wants(&t, inspected(&t, Trust::Accepted, answer(511, &[], ""))));
    let mut plain = customer(1, "tools.corp.example");
    plain.requirement.transport = clearway::contract::Transport::Http;
    let page_of_another = edit(healthy(&plain), |a| a.http = vec![welcome]);
    assert!(wants(&plain, page_of_another));
    assert!(!wants(&t, dns_fails(&t, failed_lookup(), &[DnsAnswer::NxDomain])));
    let (near, far) = (world1(), world(2, "cdn.other.example"));
    let plan = Plan { targets: vec![near.clone(), far.clone()], ..Plan::default() };
    let beside = observed(vec![tcp_fails(&near, TcpOutcome::Timeout), healthy(&far)]);
    assert!(!wants_controls(&plan, &beside), "a host that proved itself went past any sign-in");
    let p = proxied(world1());
    assert!(!wants(&p, proxy_says(&p, ProxyOutcome::Timeout)));
    let mut here = gateway(1, "localhost");
    here.requirement.loopback = true;
    assert!(!wants(&here, tcp_fails(&here, TcpOutcome::Refused)));
}

#[test]
fn connections_that_stand_before_anything_can_have_come_back_prove_nothing() {
    let targets: Vec<Target> = (1..=4).map(|n| world(n, &format!("h{n}.v{n}.example"))).collect();
    let line = |connect: f64, handshake: f64| {
        let attempts = targets.iter().map(|t| {
            let a = if t.id == 1 { tls_fails(t, TlsOutcome::Timeout) } else { healthy(t) };
            edit(a, |a| {
                a.tcp[0].ms = connect;
                a.tls[0].ms = handshake;
            })
        });
        run(&targets, attempts.collect()).hosts.remove(0).finding.evidence
    };
    assert!(line(0.6, 45.0).facts.contains_key("tcp_accepted_locally"));
    assert!(line(0.6, 45.0).line.contains("says nothing"));
    assert!(!line(0.6, 4.0).facts.contains_key("tcp_accepted_locally"));
    assert!(!line(20.0, 45.0).facts.contains_key("tcp_accepted_locally"));
}
