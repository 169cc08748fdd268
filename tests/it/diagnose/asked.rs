//! What stands before the customer's service, the path that messages go to, proxies that redirect,
//! and filters of names that answer with an alert: each beside a healthy twin.

use clearway::diagnose::{Code, HostJudgement, Judgement, Owner, RunVerdict, Verdict, follow_ups};
use clearway::observation::*;
use clearway::plan::{Plan, Target};

use super::in_place::{api, known, opened};
use crate::diagnose::scene::{run as run_of, *};

const JSON: (&str, &str) = ("content-type", "application/json");
const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");

fn page(title: &str, body: &str) -> String {
    format!("<html><title>{title}</title><body>{body}</body></html>")
}

fn serving(id: u32, name: &str, service: &str) -> Target {
    let mut target = customer(id, name);
    target.service = Some(service.into());
    target.requirement.hints.name_key = Some("managedMcpServers".into());
    target
}

#[test]
fn an_access_product_before_the_api_is_no_working_gateway() {
    let to = |place: &str| answer(302, &[("location", place), ("x-ms-proxy-app-id", "a")], "");
    let redirect = Code::HttpRedirect;
    let wrong = Code::HttpWrongContent;
    for (about, http, code) in [
        ("Entra", to("https://login.microsoftonline.com/t/oauth2/authorize?client_id=c&nonce=n"), redirect),
        ("Cloudflare", to("https://team.cloudflareaccess.com/cdn-cgi/access/login/x?kid=k"), redirect),
        ("Google", to("https://accounts.google.com/o/oauth2/v2/auth?state=s"), redirect),
        ("an unknown one", to("https://id.corp.example/realms/a/protocol/openid-connect/auth"), redirect),
        ("SAML", to("https://sso.corp.example/saml2/idp?SAMLRequest=x"), redirect),
        ("on the same host", to("/oauth2/start?rd=%2Fv1"), redirect),
        ("a page", answer(200, &[HTML], &page("Sign in to Corp", "<input type=\"password\">")), wrong),
        ("a page with 403", answer(403, &[HTML], &page("Log in", "Continue with OAuth2 Proxy")), wrong),
        (
            "a refusal in text",
            answer(
                401,
                &[("content-type", "text/plain"), ("x-goog-iap-generated-response", "true")],
                "Invalid IAP credentials: empty token",
            ),
            wrong,
        ),
    ] {
        for service in ["gateway", "mcp", "bootstrap", "otlp-http"] {
            let target = serving(1, "llm.corp.example", service);
            let host = one(&target, edit(healthy(&target), |a| a.http = vec![http.clone()]));
            let f = &host.finding;
            let at = format!("{about} {service}: {f:?}");
            assert_eq!((f.code, f.owner, host.verdict), (code, Owner::Service, Verdict::Blocked), "{at}");
            assert!(
                f.remedy.contains("service token") && !f.remedy.contains("into the configuration"),
                "{at}"
            );
            assert!(f.evidence.line.contains("asks for a sign-in in a browser"), "{at}");
            for secret in ["nonce", "kid=", "state=", "SAMLRequest=x"] {
                assert!(!format!("{f:?}").contains(secret), "{at}");
            }
        }
    }
    // One place that several services lead to for a sign-in is one thing to set up.
    let two = [serving(1, "llm.corp.example", "gateway"), serving(2, "mcp.corp.example", "mcp")];
    let place = "https://accounts.google.com/o/oauth2/v2/auth?state=";
    let seen = [("a", &two[0]), ("b", &two[1])]
        .map(|(state, t)| edit(healthy(t), |a| a.http = vec![to(&format!("{place}{state}"))]));
    assert_eq!(causes(&run_of(&two, seen.to_vec())), [("http/redirect", vec![1, 2])]);
    // The gateway's own answers, and a redirect that is no sign-in.
    let gateway = serving(1, "llm.corp.example", "gateway");
    let fine = |http: Http| one(&gateway, edit(healthy(&gateway), |a| a.http = vec![http]));
    assert_eq!(fine(answer(401, &[JSON], "{}")).finding.code, Code::Ok);
    assert_eq!(fine(to("https://llm.corp.example/v2/models")).finding.code, Code::HttpUnrecognised);
    let mcp = serving(1, "mcp.corp.example", "mcp");
    let moved = one(&mcp, edit(healthy(&mcp), |a| a.http = vec![to("https://mcp.corp.example/new/")]));
    assert_eq!((moved.finding.code, moved.finding.owner), (Code::HttpRedirect, Owner::Configuration));
}

/// A host of inference, asked for its messages after the first answer.
fn asked(target: &Target, first: Attempt, make: impl FnOnce(&mut Attempt)) -> Judgement {
    asked_beside(target, first, make, None)
}

/// The same with another host in the run, inspected in the same way.
fn asked_beside(
    target: &Target,
    first: Attempt,
    make: impl FnOnce(&mut Attempt),
    beside: Option<&Target>,
) -> Judgement {
    let mut target = target.clone();
    target.requirement.reasons = gateway(1, "x.example").requirement.reasons;
    let known = services();
    let service = known.by_id(target.service.as_deref().unwrap()).unwrap();
    target.request = Some(service.request(&target.probed, &target.requirement.hints.base_path));
    let plan = Plan { targets: vec![target.clone()], ..Plan::default() };
    let mut seen = observed(vec![first]);
    let wanted = follow_ups(&plan, &seen, &known);
    assert_eq!(wanted.len(), 1, "{wanted:?}");
    let mut second = seen.attempts[0].clone();
    second.purpose = wanted[0].purpose;
    second.variation = wanted[0].variation.clone();
    match &second.variation {
        Some(Variation::FollowUp(f)) => {
            assert_eq!((f.request.method.as_str(), f.request.body.as_str()), ("POST", "{}"));
            assert!(f.request.path.ends_with("/v1/messages"));
            let names: Vec<&str> = f.request.headers.iter().map(|(n, _)| n.as_str()).collect();
            assert!(!names.contains(&"authorization") && !names.contains(&"x-api-key"));
        }
        other => panic!("{other:?}"),
    }
    make(&mut second);
    seen.attempts.push(second);
    let mut targets = vec![target];
    if let Some(other) = beside {
        seen.attempts.push(opened(other, unsigned("anthropic-api")));
        targets.push(other.clone());
    }
    judged(&targets, &seen)
}

fn got(run: &Judgement) -> (Code, Verdict, Owner) {
    let HostJudgement { finding, verdict, .. } = &run.hosts[0];
    (finding.code, *verdict, finding.owner)
}

#[test]
fn what_refuses_only_posts_is_found_and_a_gateway_without_messages_too() {
    let missing = || {
        answer(
            401,
            &[JSON, ("request-id", "r")],
            r#"{"type":"error","error":{"type":"authentication_error"}}"#,
        )
    };
    let mine = gateway(1, "llm.corp.example");
    let to = |http: Http| move |a: &mut Attempt| a.http = vec![http];
    // Healthy: both are answered by the service.
    assert_eq!(got(&asked(&mine, healthy(&mine), to(answer(401, &[JSON], "{}")))).0, Code::Ok);
    assert_eq!(
        got(&asked(&mine, healthy(&mine), to(answer(400, &[JSON], r#"{"error":"empty"}"#)))).0,
        Code::Ok
    );
    assert_eq!(got(&asked(&mine, healthy(&mine), to(answer(503, &[], "")))).0, Code::Ok);
    let inspected = opened(&api(1), missing());
    let run = asked(&api(1), inspected.clone(), to(missing()));
    assert_eq!(got(&run).0, Code::TlsIntercepted);
    assert_ne!(run.verdict, RunVerdict::Blocked);
    // A gateway that is inspected like the vendor's hosts answers for itself.
    let mut two = [api(1), mine.clone()];
    two[1].id = 2;
    let request = services().by_id("gateway-messages").unwrap().request(&mine.probed, "");
    let get = opened(&two[1], answer(401, &[JSON], "{}"));
    let post = edit(opened(&two[1], answer(401, &[JSON], "{}")), |a| {
        a.purpose = Purpose::Experiment;
        let service = "gateway-messages".to_owned();
        a.variation =
            Some(Variation::FollowUp(FollowUp { service, base_path: String::new(), request, over: None }));
    });
    let both = run_of(&two, vec![opened(&two[0], missing()), get, post]);
    assert_eq!(both.hosts[1].finding.code, Code::TlsIntercepted, "{:?}", both.hosts[1].finding);
    // A filter that lets reading pass, and nothing that is sent.
    for http in [
        answer(403, &[HTML], &page("Data protection", "Not allowed.")),
        answer(403, &[JSON], r#"{"dlp":"denied"}"#),
        answer(200, &[HTML], &page("Notice", "This upload was blocked.")),
    ] {
        let run = asked(&api(1), inspected.clone(), to(http));
        assert_eq!(got(&run), (Code::HttpBlockPage, Verdict::Blocked, Owner::TlsInspection));
        assert!(run.hosts[0].finding.evidence.line.contains("POST /v1/messages"));
    }
    let run = asked(&api(1), inspected.clone(), |a| {
        a.http[0].outcome = HttpOutcome::Reset;
        a.http[0].status = None;
    });
    assert_eq!(got(&run), (Code::HttpInterrupted, Verdict::Blocked, Owner::TlsInspection));
    // A gateway of another kind.
    for status in [404, 405] {
        let run = asked(&mine, healthy(&mine), to(answer(status, &[JSON], r#"{"detail":"Not Found"}"#)));
        assert_eq!(got(&run), (Code::HttpWrongContent, Verdict::Blocked, Owner::Service), "{status}");
        assert!(run.hosts[0].finding.summary.contains("/v1/messages"), "{}", run.hosts[0].finding.summary);
    }
    // A page that asks for a sign-in on this path only.
    let sign_in = answer(302, &[("location", "https://id.corp.example/authorize?x=y")], "");
    assert_eq!(got(&asked(&mine, healthy(&mine), to(sign_in))).0, Code::HttpRedirect);
}

/// What is read is answered, and what is sent is swallowed, cut, or answered late; direct, through a proxy, inspected.
#[test]
fn what_swallows_posts_is_found_and_what_is_slow_is_not() {
    let known = services();
    let swallow = |a: &mut Attempt, outcome: HttpOutcome| {
        a.http[0].outcome = outcome;
        a.http[0].status = None;
        a.http[0].first_byte_ms = None;
    };
    let vendor = || {
        answer(
            401,
            &[JSON, ("request-id", "r")],
            r#"{"type":"error","error":{"type":"authentication_error"}}"#,
        )
    };
    let late = |a: &mut Attempt| a.http[0].first_byte_ms = Some(2500.0);
    let mine = gateway(1, "llm.corp.example");
    let first_of = |t: &Target, inspected: bool| match (t.service.as_deref(), inspected) {
        (Some("anthropic-api"), true) => opened(t, vendor()),
        (Some("anthropic-api"), false) => edit(healthy(t), |a| a.http = vec![vendor()]),
        _ => healthy(t),
    };
    // Asks as often as is called for, and gives how often that was.
    let play = |target: &Target, inspected: bool, posts: &dyn Fn(&mut Attempt, usize)| {
        let mut target = target.clone();
        target.requirement.reasons = gateway(1, "x.example").requirement.reasons;
        let service = known.by_id(target.service.as_deref().unwrap()).unwrap();
        target.request = Some(service.request(&target.probed, ""));
        let plan = Plan { targets: vec![target.clone()], ..Plan::default() };
        let mut seen = observed(vec![first_of(&target, inspected)]);
        for number in 0..9 {
            let wanted = follow_ups(&plan, &seen, &known);
            let Some(next) = wanted.first() else { return (number, judged(&[target], &seen)) };
            let mut post = seen.attempts[0].clone();
            (post.purpose, post.variation) = (next.purpose, next.variation.clone());
            posts(&mut post, number);
            seen.attempts.push(post);
        }
        panic!("it never ends")
    };
    for (target, inspected, owner) in [
        (api(1), false, Owner::Firewall),
        (proxied(api(1)), false, Owner::Proxy),
        (api(1), true, Owner::TlsInspection),
        (mine.clone(), false, Owner::Service),
    ] {
        for (outcome, code) in [
            (HttpOutcome::Timeout, Code::HttpTimeout),
            (HttpOutcome::Closed, Code::HttpInterrupted),
            (HttpOutcome::Reset, Code::HttpInterrupted),
        ] {
            let (asked, run) = play(&target, inspected, &|a, _| swallow(a, outcome.clone()));
            assert_eq!(
                (asked, got(&run)),
                (2, (code, Verdict::Blocked, owner)),
                "{:?}",
                run.hosts[0].finding
            );
            let line = &run.hosts[0].finding.evidence.line;
            assert!(line.contains("POST /v1/messages") && line.contains("second try"), "{line}");
            let said = &run.hosts[0].finding.summary;
            assert!(said.contains("answers GET, but ") && said.contains("POST /v1/messages"), "{said}");
            assert!(!run.hosts[0].finding.remedy.is_empty());
            // The run ended before the second try did: silence that was not found twice is not judged.
            for (stopped, untested) in [
                (Stopped::Deadline, Code::UntestedDeadline),
                (Stopped::Interrupted, Code::UntestedInterrupted),
            ] {
                let (_, run) = play(&target, inspected, &|a, n| {
                    swallow(a, outcome.clone());
                    a.cut = (n > 0).then_some(stopped);
                });
                let code = if outcome == HttpOutcome::Timeout { untested } else { code };
                assert_eq!(run.hosts[0].finding.code, code, "{:?}", run.hosts[0].finding);
            }
            // A moment's accident.
            let (asked, run) = play(&target, inspected, &|a, n| {
                if n == 0 {
                    swallow(a, outcome.clone());
                }
            });
            assert_eq!((asked, run.hosts[0].verdict == Verdict::Blocked), (2, false));
        }
        let (asked, run) = play(&target, inspected, &|a, _| late(a));
        assert_eq!(asked, 3);
        assert_ne!(run.verdict, RunVerdict::Blocked);
    }
    let (_, run) = play(&mine, false, &|a, _| late(a));
    assert_eq!(got(&run), (Code::HttpSlow, Verdict::Warning, Owner::Service));
    let (asked, run) = play(&mine, false, &|a, n| {
        if n == 0 {
            late(a)
        }
    });
    assert_eq!((asked, got(&run).0), (2, Code::Ok));
}

/// What each provider's service answers to a request without a credential.
fn unsigned(service: &str) -> Http {
    let aws = [JSON, ("x-amzn-requestid", "1"), ("x-amzn-errortype", "MissingAuthenticationTokenException")];
    match service {
        "anthropic-api" => answer(
            401,
            &[JSON, ("request-id", "r")],
            r#"{"type":"error","error":{"type":"authentication_error"}}"#,
        ),
        "bedrock-runtime" => answer(403, &aws, r#"{"message":"Missing Authentication Token"}"#),
        "vertex" => answer(401, &[JSON], r#"{"error":{"code":401,"status":"UNAUTHENTICATED"}}"#),
        "foundry" => {
            answer(401, &[JSON, ("apim-request-id", "1")], r#"{"error":{"code":"401","message":"m"}}"#)
        }
        "bedrock-mantle" => answer(401, &[JSON], r#"{"error":{"code":"invalid_api_key","message":"m"}}"#),
        _ => answer(401, &[JSON], r#"{"error":{"type":"auth_error"}}"#),
    }
}

/// Every provider of the rules: its service, and a host of it.
fn providers() -> Vec<(String, &'static str)> {
    let known = services();
    let host = |id: &str| match id {
        "anthropic" => "api.anthropic.com",
        "bedrock" => "bedrock-runtime.eu-central-1.amazonaws.com",
        "mantle" => "bedrock-mantle.eu-central-1.api.aws",
        "vertex" => "europe-west1-aiplatform.googleapis.com",
        "foundry" => "laboratory.services.ai.azure.com",
        "gateway" => "llm.corp.example",
        other => panic!("{other} has no host in this test"),
    };
    known.calls().providers().iter().map(|p| (p.service.to_string(), host(&p.id))).collect()
}

#[test]
fn every_provider_is_asked_by_post_for_the_path_that_its_messages_go_to() {
    let known = services();
    let hidden = |path: &str| path.replace("clearway-probe", "{}").replace("{model}", "{}");
    for provider in known.calls().providers() {
        let service = known.by_id(&provider.service).unwrap();
        let own = service.request("host.example", "");
        let mut asked: Vec<_> = service
            .asks
            .iter()
            .filter(|a| a.feature.is_some())
            .map(|a| known.by_id(&a.service).unwrap().request("host.example", ""))
            .chain([own])
            .filter(|r| r.method == "POST")
            .collect();
        asked.dedup();
        let [request] = asked.as_slice() else { panic!("{}: {asked:?}", provider.id) };
        assert_eq!(request.body, "{}", "{}", provider.id);
        // What names no model goes to the very path of the calls with the credential.
        if provider.names_model {
            let stream = clearway::rules::inference::fill_path(&provider.stream, "", &[]);
            assert_eq!(hidden(&request.path), hidden(&stream), "{}", provider.id);
        }
    }
}

#[test]
fn what_refuses_only_posts_is_found_before_every_provider() {
    for (service, host) in providers() {
        let mut target = if service == "gateway" { gateway(1, host) } else { known(1, host, &service) };
        target.requirement.reasons = gateway(1, "x.example").requirement.reasons;
        let posted = services().by_id(&service).unwrap().request(host, "").method == "POST";
        let refusals = [
            answer(403, &[HTML], &page("Data protection", "Not allowed.")),
            answer(403, &[JSON], r#"{"dlp":"denied"}"#),
            answer(403, &[("content-type", "text/plain")], "Forbidden"),
        ];
        // A gateway may refuse in words of its own where nothing shows whose they are.
        let mine = target.requirement.hints.customer;
        for (n, refusal) in refusals.into_iter().enumerate().filter(|(n, _)| !mine || *n == 0) {
            let run = if posted {
                run_of(std::slice::from_ref(&target), vec![opened(&target, refusal)])
            } else if mine {
                // The gateway is known to be inspected by the vendor's host beside it.
                let beside = api(2);
                let post = |a: &mut Attempt| a.http = vec![refusal];
                asked_beside(&target, opened(&target, unsigned(&service)), post, Some(&beside))
            } else {
                let post = |a: &mut Attempt| a.http = vec![refusal];
                asked(&target, opened(&target, unsigned(&service)), post)
            };
            let at = format!("{service} {n}: {:?}", run.hosts[0].finding);
            assert_eq!(got(&run), (Code::HttpBlockPage, Verdict::Blocked, Owner::TlsInspection), "{at}");
        }
        // The healthy twin: the inspector relays everything.
        let relayed = opened(&target, unsigned(&service));
        let run = if posted {
            run_of(std::slice::from_ref(&target), vec![relayed])
        } else {
            asked(&target, relayed, |a| a.http = vec![unsigned(&service)])
        };
        assert_ne!(run.verdict, RunVerdict::Blocked, "{service}: {:?}", run.hosts[0].finding);
    }
}

#[test]
fn an_address_of_ones_own_without_the_path_of_the_messages_is_found_for_every_provider() {
    let nothing = || answer(404, &[JSON], r#"{"detail":"Not Found"}"#);
    let mut found = 0;
    for provider in services().calls().providers().iter().filter(|p| p.names_model && p.id != "anthropic") {
        let mut target = gateway(1, "llm.corp.example");
        target.service = Some(provider.service.to_string());
        target.requirement.hints.name_key = Some("inferenceBaseUrl".into());
        let request = services().by_id(&provider.service).unwrap().request(&target.probed, "");
        let posted = request.method == "POST";
        target.request = Some(request);
        let run = if posted {
            run_of(std::slice::from_ref(&target), vec![edit(healthy(&target), |a| a.http = vec![nothing()])])
        } else {
            asked(&target, healthy(&target), |a| a.http = vec![nothing()])
        };
        assert_eq!(got(&run).0, Code::HttpWrongContent, "{}: {:?}", provider.id, run.hosts[0].finding);
        assert_eq!(run.verdict, RunVerdict::Blocked, "{}", provider.id);
        assert!(run.hosts[0].finding.evidence.line.contains("/v1/messages"), "{}", provider.id);
        // The healthy twin.
        let healthy = if posted {
            run_of(std::slice::from_ref(&target), vec![healthy(&target)])
        } else {
            asked(&target, healthy(&target), |a| a.http = vec![answer(401, &[JSON], "{}")])
        };
        assert_eq!(got(&healthy).0, Code::Ok, "{}: {:?}", provider.id, healthy.hosts[0].finding);
        found += 1;
    }
    assert_eq!(found, 3);
}

#[test]
fn a_gateway_without_a_model_list_is_judged_by_the_path_that_counts() {
    let nothing = || answer(404, &[JSON], r#"{"detail":"Not Found"}"#);
    let mut mine = gateway(1, "llm.corp.example");
    let first = |t: &Target| edit(healthy(t), |a| a.http = vec![nothing()]);
    let run = asked(&mine, first(&mine), |a| a.http = vec![answer(401, &[JSON], "{}")]);
    assert_eq!(got(&run).0, Code::Ok, "{:?}", run.hosts[0]);
    mine.requirement.hints.base_path = "/v1".into();
    mine.requirement.hints.name_key = Some("inferenceGatewayBaseUrl".into());
    let run = asked(&mine, first(&mine), |a| a.http = vec![nothing()]);
    assert_eq!(got(&run), (Code::HttpWrongContent, Verdict::Blocked, Owner::Configuration));
    let f = &run.hosts[0].finding;
    assert!(f.evidence.line.contains("/v1/v1/messages") && f.evidence.line.contains("ends in /v1"), "{f:?}");
    assert!(f.remedy.contains("inferenceGatewayBaseUrl") && !f.summary.contains("proxy script"), "{f:?}");
    // A saved run without that request says what was asked, and to whom it belongs.
    let host = one(&mine, first(&mine));
    assert_eq!((host.finding.code, host.finding.owner), (Code::HttpUnrecognised, Owner::Service));
}

/// A page that says "not found", and a redirect, in place of the model list: the path of the messages decides.
#[test]
fn a_page_or_a_redirect_in_place_of_a_model_list_is_judged_by_the_path_that_counts() {
    let mine = gateway(1, "llm.corp.example");
    let page = || answer(404, &[HTML], "<html><title>404 Not Found</title>");
    let moved = |status, place| answer(status, &[("location", place)], "");
    let asked_after = |first: Http, then: Http| {
        asked(&mine, edit(healthy(&mine), |a| a.http = vec![first]), |a| a.http = vec![then])
    };
    let run = asked_after(page(), page());
    assert_eq!(got(&run), (Code::HttpWrongContent, Verdict::Blocked, Owner::Configuration));
    let away = "https://llm2.corp.example/v1/messages";
    for status in [301, 302, 303, 307, 308] {
        let run = asked_after(moved(status, away), moved(status, away));
        assert_eq!(got(&run), (Code::HttpRedirect, Verdict::Blocked, Owner::Configuration), "{status}");
        let f = &run.hosts[0].finding;
        assert!(f.remedy.contains(away) && f.summary.contains("/v1/messages"), "{f:?}");
    }
    // The healthy twins: only the list is missing or elsewhere.
    for first in [page(), moved(301, "/v1/models/")] {
        let run = asked_after(first, answer(401, &[JSON], "{}"));
        assert_eq!(got(&run).0, Code::Ok, "{:?}", run.hosts[0].finding);
    }
}

/// Something before a gateway that answers like no API, whatever is asked: a page, or nothing. Where the path of the
/// messages is answered otherwise, nothing more is known than before.
#[test]
fn a_gateway_that_answers_both_requests_with_a_page_is_blocked() {
    let mine = gateway(1, "llm.corp.example");
    let page = |status| answer(status, &[HTML], "<html><title>Request rejected</title>");
    let asked_after = |first: Http, then: Http| {
        asked(&mine, edit(healthy(&mine), |a| a.http = vec![first]), |a| a.http = vec![then])
    };
    for (first, then) in [
        (page(403), page(403)),
        (page(406), page(403)),
        (page(407), page(407)),
        (answer(200, &[], ""), answer(200, &[], "")),
    ] {
        let run = asked_after(first, then);
        assert_eq!(
            got(&run),
            (Code::HttpWrongContent, Verdict::Blocked, Owner::Service),
            "{:?}",
            run.hosts[0].finding
        );
    }
    for (first, then) in [
        // A web server asks for a sign-in before it lets anything through: what lies behind it is not known.
        (page(401), page(401)),
        (answer(403, &[HTML, ("www-authenticate", "Basic realm=x")], "<html>"), page(403)),
        (page(403), answer(401, &[JSON], "{}")),
        (answer(403, &[JSON], r#"{"code":7}"#), answer(403, &[JSON], r#"{"code":7}"#)),
        (page(403), answer(403, &[JSON], "{}")),
        (page(403), answer(503, &[HTML], "")),
    ] {
        let run = asked_after(first, then);
        assert_eq!(got(&run).0, Code::HttpUnrecognised, "{:?}", run.hosts[0].finding);
    }
}

/// A redirect to a host that is there for sign-ins, or to a known place on the host itself, is one.
#[test]
fn a_redirect_to_a_host_for_sign_ins_is_one() {
    for (place, owner) in [
        ("https://auth.corp.example/", Owner::Service),
        ("https://sso.corp.example/", Owner::Service),
        ("/my.policy", Owner::Service),
        ("https://authors.corp.example/", Owner::Configuration),
        ("https://mcp2.corp.example/mcp", Owner::Configuration),
    ] {
        let target = serving(1, "mcp.corp.example", "mcp");
        let host =
            one(&target, edit(healthy(&target), |a| a.http = vec![answer(302, &[("location", place)], "")]));
        assert_eq!((host.finding.code, host.finding.owner), (Code::HttpRedirect, owner), "{place}");
    }
}

#[test]
fn a_server_that_wants_a_sign_in_which_its_entry_lacks_is_a_warning() {
    let demand = || {
        answer(
            401,
            &[JSON, ("www-authenticate", "Bearer resource_metadata=\"https://mcp.corp.example/m\"")],
            "{}",
        )
    };
    for (signs_in, code) in [(Some(false), Code::McpSignIn), (Some(true), Code::Ok), (None, Code::Ok)] {
        let mut target = serving(1, "mcp.corp.example", "mcp");
        target.requirement.hints.signs_in = signs_in;
        let host = one(&target, edit(healthy(&target), |a| a.http = vec![demand()]));
        assert_eq!(host.finding.code, code, "{signs_in:?}");
    }
}

#[test]
fn an_older_report_asks_about_the_entry_and_claims_nothing() {
    let judged = |challenge: &str, more: Vec<Target>| {
        let mut target = serving(1, "mcp.corp.example", "mcp");
        target.requirement.hints.signs_in = None;
        let mut reason = reason("connectors", clearway::contract::Need::Feature, vec![]);
        reason.keys = vec!["managedMcpServers".into()];
        target.requirement.reasons = vec![reason];
        let http = answer(401, &[JSON, ("www-authenticate", challenge)], "{}");
        let mut attempts = vec![edit(healthy(&target), |a| a.http = vec![http])];
        attempts.extend(more.iter().map(healthy));
        let mut targets = vec![target];
        targets.extend(more);
        run_of(&targets, attempts).hosts.remove(0).finding
    };
    let names = "Bearer resource_metadata=\"https://mcp.corp.example/m\"";
    let f = judged(names, vec![]);
    assert_eq!(f.code, Code::McpSignIn);
    assert!(!f.summary.contains("has none") && f.remedy.contains("if it has neither"), "{f:?}");
    // A credential in a header, which the entry may have, is all that this server asks for.
    assert_eq!(judged("Bearer", vec![]).code, Code::Ok);
    assert_eq!(judged("Basic realm=\"tools\"", vec![]).code, Code::Ok);
}

#[test]
fn an_ipv6_only_device_is_told_of_nat64_and_not_of_a_route() {
    let target = world1();
    let mut seen = observed(vec![tcp_fails(&target, TcpOutcome::NetworkUnreachable)]);
    (seen.device.ipv4, seen.device.ipv6) = (None, Some("2a0e::1".parse().unwrap()));
    let plan = Plan { targets: vec![target], ..Plan::default() };
    let codes = clearway::rules::codes::Codes::embedded().unwrap();
    let f = clearway::diagnose::judge(&plan, &seen, &services(), &codes).hosts.remove(0).finding;
    assert_eq!((f.code, f.owner), (Code::TcpUnreachable, Owner::Network));
    assert!(f.remedy.contains("NAT64 with DNS64") && !f.remedy.contains("Fix the route"), "{}", f.remedy);
}

#[test]
fn a_proxy_that_redirects_or_wants_the_network_s_sign_in_says_where() {
    let target = proxied(world1());
    let says = |status: u16, headers: &[(&str, &str)]| {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let attempt = edit(proxy_says(&target, ProxyOutcome::Status { status }), |a| {
            a.proxy.as_mut().unwrap().headers = headers;
        });
        one(&target, attempt).finding
    };
    let f = says(302, &[("location", "https://id.corp.example/login?back=secret")]);
    assert_eq!((f.code, f.owner), (Code::ProxyAuthRequired, Owner::Proxy));
    assert!(f.evidence.line.contains("https://id.corp.example/login") && !f.evidence.line.contains("secret"));
    let f = says(307, &[("location", "http://filter.corp.example/blocked?u=x")]);
    assert_eq!((f.code, f.owner), (Code::HttpBlockPage, Owner::Proxy));
    let f = says(511, &[("location", "https://portal.corp.example/")]);
    assert_eq!((f.code, f.owner), (Code::HttpCaptivePortal, Owner::Network));
    for (scheme, forwards) in [("Negotiate", true), ("NTLM", true), ("Basic realm=\"x\"", false)] {
        let f = says(407, &[("proxy-authenticate", scheme)]);
        assert_eq!(f.code, Code::ProxyAuthRequired);
        assert_eq!(f.remedy.contains("forwarding proxy"), forwards, "{}", f.remedy);
    }
    assert_eq!(says(403, &[]).code, Code::ProxyDenied);
    assert_eq!(says(502, &[]).code, Code::ProxyUpstream);
}

/// A filter, or a server, that answers a name with an alert; `other` is what a name that was reached
/// gets at the same address.
fn alerted(target: &Target, alert: &str, other: Option<TlsOutcome>) -> Judgement {
    let reached = world(9, "cdn.other.example");
    let end = TlsOutcome::Alert { alert: alert.into() };
    let mut attempts = vec![tls_fails(target, end), healthy(&reached)];
    if let Some(outcome) = other {
        let name = reached.probed.clone();
        attempts.push(edit(tls_fails(target, outcome), |a| {
            a.purpose = Purpose::Experiment;
            a.variation = Some(Variation::OtherName { address: Some(a.tls[0].remote.ip()), name });
        }));
    }
    run_of(&[target.clone(), reached], attempts)
}

#[test]
fn a_filter_of_names_that_answers_with_an_alert_is_told_by_another_name() {
    for alert in ["unrecognized_name", "handshake_failure", "access_denied", "internal_error"] {
        let run = alerted(&world1(), alert, Some(TlsOutcome::Completed));
        assert_eq!(got(&run), (Code::TlsSniReset, Verdict::Blocked, Owner::Firewall), "{alert}");
        assert!(run.hosts[0].finding.evidence.line.contains("alert"), "{alert}");
        // The other name is refused too: it is not the name.
        let same = Some(TlsOutcome::Alert { alert: alert.into() });
        assert_eq!(got(&alerted(&world1(), alert, same)).0, Code::TlsAlert, "{alert}");
        assert_eq!(got(&alerted(&world1(), alert, None)).0, Code::TlsAlert, "{alert}");
    }
    // The customer's own router of names is asked first.
    let mine = customer(1, "llm.corp.example");
    let run = alerted(&mine, "unrecognized_name", Some(TlsOutcome::Completed));
    assert_eq!(got(&run).2, Owner::Service);
    // Versions and protocols are not names.
    let run = alerted(&world1(), "protocol_version", Some(TlsOutcome::Completed));
    assert_eq!(got(&run).0, Code::TlsVersion);
}

#[test]
fn a_filter_that_refuses_a_strangers_name_too_is_not_the_customers_own_router() {
    let (mine, stranger, reached) =
        (customer(1, "llm.corp.example"), world(2, "api.vendor.example"), world(9, "cdn.other.example"));
    let refused = |t: &Target, alert: &str| tls_fails(t, TlsOutcome::Alert { alert: alert.into() });
    let other_name = |t: &Target| {
        let name = reached.probed.clone();
        edit(tls_fails(t, TlsOutcome::Completed), |a| {
            a.purpose = Purpose::Experiment;
            a.variation = Some(Variation::OtherName { address: Some(a.tls[0].remote.ip()), name });
        })
    };
    let owner = |alert: &str| {
        let attempts = vec![
            refused(&mine, "unrecognized_name"),
            refused(&stranger, alert),
            healthy(&reached),
            other_name(&mine),
            other_name(&stranger),
        ];
        let run = run_of(&[mine.clone(), stranger.clone(), reached.clone()], attempts);
        assert_eq!(run.hosts[0].finding.code, Code::TlsSniReset);
        run.hosts[0].finding.owner
    };
    assert_eq!(owner("unrecognized_name"), Owner::Firewall);
    // Another alert is another's.
    assert_eq!(owner("handshake_failure"), Owner::Service);
}

#[test]
fn a_rejected_certificate_is_explained_in_words() {
    let mine = customer(1, "llm.corp.example");
    for (error, words) in [
        ("Other(OtherError(NameConstraintViolation))", "may not issue for this name"),
        (
            "UnsupportedSignatureAlgorithmContext { signature_algorithm_id: [6, 9, 42, 134, 72, 134, 247, 13, 1, 1, 5], x: [] }",
            "signed with SHA-1",
        ),
        ("Other(OtherError(CaUsedAsEndEntity))", "of an authority, not of a server"),
        ("Other(OtherError(SomethingNew))", "something new"),
        ("The certificate is not standards compliant", "not standards compliant"),
    ] {
        let rejected = || Trust::Rejected { error: error.into() };
        let leaf = leaf_by(&mine.probed, "CN=Corp CA");
        let f = one(&mine, chain(&mine, leaf, false, rejected(), rejected())).finding;
        for text in [&f.summary, &f.remedy, &f.evidence.line] {
            assert!(text.contains(words) && !text.contains("OtherError") && !text.contains('{'), "{text}");
        }
    }
    let bare = Certificate { names: Vec::new(), name_count: 0, ..leaf_by(&mine.probed, "CN=Corp CA") };
    let f = one(&mine, chain(&mine, bare, false, Trust::NameMismatch, Trust::UnknownIssuer)).finding;
    assert!(f.remedy.contains("subject alternative name is missing"), "{}", f.remedy);
}
