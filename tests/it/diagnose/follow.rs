//! Services that one answer does not judge: sign-in metadata, MCP servers, collectors, bootstrap
//! servers and the download, each with the further requests and the hosts that answers name.

use std::collections::BTreeMap;

use clearway::contract::Transport;
use clearway::diagnose::{self, Code, HostJudgement, Owner, Verdict};
use clearway::observation::*;
use clearway::plan::{Experiment, Keep, Plan, Target};
use clearway::rules::Pack;
use serde_json::{Value, json};

use crate::diagnose::scene::*;

/// A customer's host with this fingerprint and path.
pub fn service(id: u32, name: &str, service: &str, base_path: &str) -> Target {
    let mut t = customer(id, name);
    let services = services();
    t.requirement.hints.base_path = base_path.into();
    t.requirement.hints.name_key = Some("inferenceIdpOidc.issuer".into());
    t.service = Some(service.into());
    t.request = Some(services.by_id(service).unwrap().request(name, base_path));
    t
}

fn document(value: &Value) -> Document {
    let kind = match value {
        Value::Object(_) => DocumentKind::Object,
        Value::Array(_) => DocumentKind::Array,
        Value::Null => DocumentKind::Empty,
        _ => DocumentKind::Scalar,
    };
    let members: BTreeMap<String, Value> =
        value.as_object().map(|m| m.clone().into_iter().collect()).unwrap_or_default();
    Document { kind, members, names: Vec::new(), unusable: None }
}

pub fn json_answer(status: u16, value: &Value) -> Http {
    let mut http = answer(status, &[("content-type", "application/json")], &value.to_string());
    http.document = Some(document(value));
    http
}

pub fn with(target: &Target, http: Http) -> Attempt {
    edit(healthy(target), |a| a.http = vec![http])
}

/// The answer to a further request.
pub fn asked(
    target: &Target,
    service: &str,
    base_path: &str,
    over: Option<Transport>,
    http: Http,
) -> Attempt {
    let request = services().by_id(service).unwrap().request(&target.probed, base_path);
    let follow_up = FollowUp { service: service.into(), base_path: base_path.into(), request, over };
    edit(with(target, http), |a| {
        a.purpose = Purpose::Experiment;
        a.variation = Some(Variation::FollowUp(follow_up));
    })
}

fn host(target: &Target, attempts: Vec<Attempt>) -> HostJudgement {
    run(std::slice::from_ref(target), attempts).hosts.remove(0)
}

fn wanted(target: &Target, attempts: Vec<Attempt>) -> Vec<(String, String)> {
    let plan = Plan { targets: vec![target.clone()], ..Plan::default() };
    named(&diagnose::follow_ups(&plan, &observed(attempts), &services()))
}

fn named(experiments: &[Experiment]) -> Vec<(String, String)> {
    let one = |e: &Experiment| {
        let follow_up = e.variation.clone().unwrap().changes().follow_up.unwrap();
        (follow_up.service, follow_up.request.path)
    };
    experiments.iter().map(one).collect()
}

fn discovered(targets: &[Target], attempts: Vec<Attempt>) -> Vec<(String, u16, Option<String>)> {
    let plan = Plan { targets: targets.to_vec(), ..Plan::default() };
    let networks = Pack::embedded().unwrap().networks;
    let found = diagnose::discovered(&plan, &observed(attempts), &services(), &networks);
    for host in &found {
        assert!(host.hints.discovered_from.is_some());
        assert!(!host.reasons.is_empty());
    }
    found.iter().map(|r| (r.host.to_string(), r.port, r.hints.service.clone())).collect()
}

pub fn metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": "https://login.corp.example/authorize",
        "token_endpoint": "https://token.corp.example/token",
        "jwks_uri": "https://keys.corp.example/keys",
    })
}

#[test]
fn sign_in_metadata_is_judged_by_what_it_says() {
    let issuer = "https://idp.corp.example/t";
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value = metadata(issuer);
        change(&mut value);
        json_answer(200, &value)
    };
    let plain = answer(404, &[("content-type", "text/html")], "<html><title>Not found</title>");
    let cases: Vec<(&str, Http, Code, Owner)> = vec![
        ("healthy", changed(&|_| {}), Code::Ok, Owner::None),
        (
            "a slash more",
            changed(&|v| v["issuer"] = json!("https://IDP.corp.example/t/")),
            Code::Ok,
            Owner::None,
        ),
        ("404", plain, Code::OidcDiscovery, Owner::Configuration),
        ("405", json_answer(405, &json!({})), Code::OidcDiscovery, Owner::Configuration),
        ("a list", json_answer(200, &json!([])), Code::OidcDiscovery, Owner::Service),
        ("nothing", json_answer(200, &Value::Null), Code::OidcDiscovery, Owner::Service),
        (
            "another issuer",
            changed(&|v| v["issuer"] = json!("https://idp.corp.example/u")),
            Code::OidcDiscovery,
            Owner::Configuration,
        ),
        ("no issuer", changed(&|v| v["issuer"] = Value::Null), Code::OidcDiscovery, Owner::Service),
        (
            "no token endpoint",
            changed(&|v| v["token_endpoint"] = Value::Null),
            Code::OidcDiscovery,
            Owner::Service,
        ),
        (
            "a plain endpoint",
            changed(&|v| v["token_endpoint"] = json!("http://token.corp.example/")),
            Code::OidcDiscovery,
            Owner::Service,
        ),
        (
            "a page",
            answer(200, &[("content-type", "text/html")], "<html>"),
            Code::HttpWrongContent,
            Owner::Service,
        ),
        ("5xx", json_answer(503, &json!({})), Code::HttpServerError, Owner::Service),
    ];
    for (name, http, code, owner) in cases {
        let target = service(1, "idp.corp.example", "oidc-issuer", "/t");
        let host = host(&target, vec![with(&target, http)]);
        let f = &host.finding;
        assert_eq!((f.code, f.owner), (code, owner), "{name}: {}", f.evidence.line);
        if code == Code::OidcDiscovery {
            assert_eq!(host.verdict, Verdict::Blocked, "{name}");
            assert!(
                f.summary.contains("idp.corp.example") && !f.remedy.contains('{'),
                "{name}: {}",
                f.remedy
            );
        }
    }
}

#[test]
fn an_issuer_that_is_its_own_metadata_address_is_told_so() {
    let target = service(1, "idp.corp.example", "oidc-issuer", "/t/.well-known/openid-configuration");
    let host = host(&target, vec![with(&target, json_answer(404, &json!({})))]);
    assert_eq!((host.finding.code, host.finding.owner), (Code::OidcDiscovery, Owner::Configuration));
    assert!(host.finding.remedy.contains("inferenceIdpOidc.issuer"), "{}", host.finding.remedy);
    assert!(host.finding.summary.contains("write only what stands before"), "{}", host.finding.summary);
}

#[test]
fn an_inspectors_answer_is_no_fault_of_the_issuer() {
    let services = services();
    let provider = services.all().iter().find(|s| s.id == "google-accounts").unwrap();
    let mut target = world(1, &provider.hosts[0]);
    target.service = Some(provider.id.to_string());
    let judged = |attempt: Attempt| {
        let host = host(&target, vec![edit(attempt, |a| a.http = vec![json_answer(200, &json!([]))])]);
        std::iter::once(&host.finding).chain(&host.also).map(|f| f.code).collect::<Vec<_>>()
    };
    assert_eq!(judged(healthy(&target)), [Code::OidcDiscovery]);
    let leaf = leaf_by(&target.probed, INSPECTOR);
    let inspected = judged(chain(&target, leaf, false, Trust::Accepted, Trust::UnknownIssuer));
    assert!(!inspected.contains(&Code::OidcDiscovery), "{inspected:?}");
}

#[test]
fn metadata_names_hosts_that_are_probed_once() {
    let target = service(1, "idp.corp.example", "oidc-issuer", "");
    let found = discovered(
        std::slice::from_ref(&target),
        vec![with(&target, json_answer(200, &metadata("https://idp.corp.example")))],
    );
    let names: Vec<&str> = found.iter().map(|(n, ..)| n.as_str()).collect();
    assert_eq!(names, ["keys.corp.example", "login.corp.example", "token.corp.example"]);
    // One that is on the list already is not added.
    let token = customer(2, "token.corp.example");
    let attempt = with(&target, json_answer(200, &metadata("https://idp.corp.example")));
    assert_eq!(discovered(&[target, token], vec![attempt]).len(), 2);
}

#[test]
fn metadata_cannot_name_what_must_not_be_dialled() {
    let target = service(1, "idp.corp.example", "oidc-issuer", "");
    let mut value = metadata("https://idp.corp.example");
    value["authorization_endpoint"] = json!("https://169.254.169.254/latest/meta-data");
    value["token_endpoint"] = json!("https://localhost/token");
    value["jwks_uri"] = json!("http://keys.corp.example/");
    assert_eq!(discovered(std::slice::from_ref(&target), vec![with(&target, json_answer(200, &value))]), []);
    // However many an answer names, the list stays bounded.
    let mcp = service(2, "mcp.corp.example", "mcp-resource", "/x");
    let many: Vec<String> = (0..200).map(|n| format!("https://as{n}.corp.example")).collect();
    let attempt = with(&mcp, json_answer(200, &json!({"resource": "r", "authorization_servers": many})));
    assert_eq!(discovered(&[mcp], vec![attempt]).len(), 24);
}

fn mcp() -> Target {
    service(1, "mcp.corp.example", "mcp", "/mcp")
}

#[test]
fn an_mcp_server_is_judged_as_the_app_meets_it() {
    let hello = json!({"jsonrpc": "2.0", "result.protocolVersion": "2025-06-18",
        "result.serverInfo.name": "tickets", "result.serverInfo.version": "1.4.0"});
    let page = answer(200, &[("content-type", "text/html")], "<html><title>Welcome</title>");
    let moved = answer(308, &[("location", "https://mcp.corp.example/mcp/")], "");
    let challenge = answer(401, &[("www-authenticate", "Bearer")], "");
    for (name, http, code) in [
        ("hello", json_answer(200, &hello), Code::Ok),
        ("sign-in", challenge, Code::Ok),
        ("redirect", moved, Code::HttpRedirect),
        ("page", page, Code::HttpWrongContent),
        ("wrong path", json_answer(404, &json!({"detail": "Not Found"})), Code::HttpUnrecognised),
    ] {
        let target = mcp();
        let host = host(&target, vec![with(&target, http)]);
        assert_eq!(host.finding.code, code, "{name}: {}", host.finding.evidence.line);
        if name == "hello" {
            assert_eq!(host.finding.evidence.facts["mcp_server"], "tickets 1.4.0");
            assert_eq!(host.finding.evidence.facts["mcp_protocol"], "2025-06-18");
        }
    }
}

#[test]
fn a_server_of_the_older_transport_is_asked_for_its_stream() {
    let target = mcp();
    let refused = with(&target, answer(405, &[("content-type", "text/plain")], "no"));
    let ask = wanted(&target, vec![refused.clone()]);
    assert_eq!(ask, [("mcp-sse".to_owned(), "/mcp".to_owned())]);
    let stream = answer(200, &[("content-type", "text/event-stream")], "event: endpoint\ndata: /m\n\n");
    let stream = asked(&target, "mcp-sse", "/mcp", None, stream);
    // Not a second time.
    assert_eq!(wanted(&target, vec![refused.clone(), stream.clone()]), []);
    let host = host(&target, vec![refused, stream]);
    assert_eq!(host.finding.code, Code::Ok);
    assert_eq!(host.finding.evidence.facts["mcp_transport"], "sse");
}

#[test]
fn a_sign_in_is_followed_to_the_authorization_servers() {
    let target = mcp();
    let at = "https://mcp.corp.example/.well-known/oauth-protected-resource/mcp";
    let challenge =
        |url: &str| answer(401, &[("www-authenticate", &format!("Bearer resource_metadata=\"{url}\""))], "");
    let own = with(&target, challenge(at));
    let ask = wanted(&target, vec![own.clone()]);
    assert_eq!(ask, [("mcp-resource".to_owned(), "/.well-known/oauth-protected-resource/mcp".to_owned())]);
    // Without an address, where the standard has it.
    let bare = with(&target, answer(401, &[("www-authenticate", "Bearer")], ""));
    let ask = wanted(&target, vec![bare]);
    assert_eq!(
        ask,
        [("mcp-resource-path".to_owned(), "/.well-known/oauth-protected-resource/mcp".to_owned())]
    );
    // On another host: a host of the check.
    for (path, service) in [
        ("/.well-known/oauth-protected-resource/prm?x=1", "mcp-resource"),
        // Not what the standard has: the host is probed, and nothing of the answer's choice asked for.
        ("/prm?x=1", "generic-https"),
        ("/.well-known/oauth-protected-resources", "generic-https"),
    ] {
        let elsewhere = with(&target, challenge(&format!("https://meta.corp.example{path}")));
        let found = discovered(std::slice::from_ref(&target), vec![elsewhere]);
        assert_eq!(found, [("meta.corp.example".to_owned(), 443, Some(service.to_owned()))]);
    }

    let resource = json!({"resource": "https://mcp.corp.example/mcp", "authorization_servers": ["https://as.corp.example/t"]});
    let path = "/.well-known/oauth-protected-resource/mcp";
    let followed = asked(&target, "mcp-resource", path, None, json_answer(200, &resource));
    let found = discovered(std::slice::from_ref(&target), vec![own.clone(), followed.clone()]);
    assert_eq!(found, [("as.corp.example".to_owned(), 443, Some("authorization-server".to_owned()))]);
    let healthy = host(&target, vec![own.clone(), followed]);
    assert_eq!(healthy.finding.code, Code::Ok);
    assert_eq!(healthy.finding.evidence.facts["authorization_servers"][0], "https://as.corp.example/t");

    // An address of its own that leads nowhere is said; the server itself works.
    let broken = asked(&target, "mcp-resource", path, None, json_answer(404, &json!({})));
    let judged = host(&target, vec![own, broken]);
    assert_eq!((judged.finding.code, judged.verdict), (Code::OidcDiscovery, Verdict::Warning));
    assert!(judged.finding.summary.contains("status 404"), "{}", judged.finding.summary);
}

#[test]
fn an_authorization_server_may_publish_the_other_document() {
    let target = service(1, "as.corp.example", "authorization-server", "/t");
    assert_eq!(target.request.as_ref().unwrap().path, "/.well-known/oauth-authorization-server/t");
    let absent = with(&target, json_answer(404, &json!({})));
    let ask = wanted(&target, vec![absent.clone()]);
    assert_eq!(ask, [("oidc-issuer".to_owned(), "/t/.well-known/openid-configuration".to_owned())]);
    let there =
        asked(&target, "oidc-issuer", "/t", None, json_answer(200, &metadata("https://as.corp.example/t")));
    assert_eq!(host(&target, vec![absent.clone(), there]).finding.code, Code::Ok);
    let neither = asked(&target, "oidc-issuer", "/t", None, json_answer(404, &json!({})));
    assert_eq!(host(&target, vec![absent, neither]).finding.code, Code::OidcDiscovery);
}

pub fn text(status: u16) -> Http {
    answer(status, &[("content-type", "text/plain")], "")
}

fn broken() -> Http {
    let mut http = text(0);
    http.outcome = HttpOutcome::Malformed { error: "invalid HTTP version parsed".into() };
    http.status = None;
    http
}

fn grpc_answer(status: &str) -> Http {
    answer(200, &[("content-type", "application/grpc"), ("grpc-status", status)], "")
}

#[test]
fn a_collector_is_asked_in_both_encodings_for_logs_and_metrics() {
    let target = service(1, "otel.corp.example", "otlp-http", "/base");
    let request = target.request.clone().unwrap();
    assert_eq!(
        (request.method.as_str(), request.path.as_str(), request.body.as_str()),
        ("POST", "/base/v1/logs", "")
    );
    let own = with(&target, text(200));
    let ask = wanted(&target, vec![own.clone()]);
    let paths: Vec<(&str, &str)> = ask.iter().map(|(s, p)| (s.as_str(), p.as_str())).collect();
    let expected = [
        ("otlp-json", "/base/v1/logs"),
        ("otlp-metrics", "/base/v1/metrics"),
        ("otlp-metrics-json", "/base/v1/metrics"),
    ];
    assert_eq!(paths, expected);
    let others = |json: u16| {
        vec![
            own.clone(),
            asked(&target, "otlp-json", "/base", None, text(json)),
            asked(&target, "otlp-metrics", "/base", None, text(200)),
            asked(&target, "otlp-metrics-json", "/base", None, text(json)),
        ]
    };
    let all = host(&target, others(200));
    assert_eq!(all.finding.code, Code::Ok);
    assert_eq!(all.finding.evidence.facts["accepted"].as_array().unwrap().len(), 4);
    let one = host(&target, others(415));
    assert_eq!((one.finding.code, one.verdict), (Code::OtlpProtocol, Verdict::Warning));
    assert_eq!(
        one.finding.evidence.facts["accepted"],
        json!(["logs as http/protobuf", "metrics as http/protobuf"])
    );
}

#[test]
fn the_traps_of_collectors_are_told_apart() {
    let http = service(1, "otel.corp.example", "otlp-http", "");
    let over_grpc =
        |status: &str| asked(&http, "otlp-grpc", "", Some(Transport::GrpcTls), grpc_answer(status));
    // A port for gRPC, spoken to with HTTP: broken, or refused with a gRPC answer.
    for own in [broken(), answer(415, &[("content-type", "application/grpc")], "")] {
        let own = with(&http, own);
        assert!(wanted(&http, vec![own.clone()]).iter().any(|(s, _)| s == "otlp-grpc"));
        let judged = host(&http, vec![own, over_grpc("0")]);
        assert_eq!((judged.finding.code, judged.verdict), (Code::OtlpProtocol, Verdict::Warning));
        assert_eq!(judged.finding.evidence.facts["works"], "grpc");
    }
    // Over HTTP/2 it answers 200 and refuses in a header of its own: no export was accepted.
    // A translator in front of a collector says the status of gRPC too, and has taken the export.
    let translated = answer(200, &[("content-type", "application/json"), ("grpc-status", "0")], "{}");
    assert_eq!(host(&http, vec![with(&http, translated)]).finding.code, Code::Ok);
    let refused = host(&http, vec![with(&http, grpc_answer("12"))]);
    assert_eq!((refused.finding.code, refused.verdict), (Code::OtlpProtocol, Verdict::Warning));
    assert_eq!(refused.finding.evidence.facts["works"], "grpc");
    // Without that proof a broken answer is what it is.
    assert_eq!(host(&http, vec![with(&http, broken())]).finding.code, Code::HttpWrongContent);
    // A path that is not there, and a credential that is wanted.
    let all = |status: u16| {
        let mut attempts = vec![with(&http, text(status))];
        for id in ["otlp-json", "otlp-metrics", "otlp-metrics-json"] {
            attempts.push(asked(&http, id, "", None, text(status)));
        }
        attempts
    };
    let absent = host(&http, all(404));
    assert_eq!(absent.finding.code, Code::OtlpProtocol);
    assert!(absent.finding.summary.contains("/v1/logs"), "{}", absent.finding.summary);
    let credential = run(std::slice::from_ref(&http), all(401));
    assert_eq!(credential.hosts[0].finding.code, Code::Ok);
    assert!(
        credential.not_tested.iter().any(|n| n.id == "otlp-streams" && n.text.contains("otel.corp.example"))
    );
    // TLS on a port that is dialled without.
    let mut plain = service(1, "otel.corp.example", "otlp-json", "");
    plain.requirement.transport = Transport::Http;
    let tls = asked(&plain, "otlp-json", "", Some(Transport::Https), text(200));
    let judged = host(&plain, vec![with(&plain, broken()), tls]);
    assert_eq!(judged.finding.evidence.facts["works"], "https");
}

#[test]
fn a_grpc_collector_is_called() {
    let mut target = service(1, "otel.corp.example", "otlp-grpc", "");
    target.requirement.transport = Transport::GrpcTls;
    for (status, code) in [("0", Code::Ok), ("16", Code::Ok), ("12", Code::OtlpProtocol), ("13", Code::Ok)] {
        assert_eq!(host(&target, vec![with(&target, grpc_answer(status))]).finding.code, code, "{status}");
    }
    // A port without HTTP/2 ends the handshake.
    let refused = tls_fails(&target, TlsOutcome::Alert { alert: "no_application_protocol".into() });
    assert_eq!(wanted(&target, vec![refused.clone()]), [("otlp-json".to_owned(), "/v1/logs".to_owned())]);
    assert_eq!(host(&target, vec![refused.clone()]).finding.code, Code::TlsAlert);
    let http = asked(&target, "otlp-json", "", Some(Transport::Https), text(200));
    assert_eq!(host(&target, vec![refused, http]).finding.code, Code::OtlpProtocol);
    let own = with(&target, text(404));
    assert_eq!(wanted(&target, vec![own.clone()]), [("otlp-json".to_owned(), "/v1/logs".to_owned())]);
    let http = asked(&target, "otlp-json", "", Some(Transport::Https), text(200));
    let judged = host(&target, vec![own, http]);
    assert_eq!((judged.finding.code, judged.verdict), (Code::OtlpProtocol, Verdict::Warning));
    assert_eq!(judged.finding.evidence.facts["works"], "http");
}

#[test]
fn a_bootstrap_server_serves_an_object_or_wants_a_sign_in() {
    let target = || service(1, "config.corp.example", "bootstrap", "/bootstrap");
    assert_eq!(target().request.unwrap().keep, Keep::Names);
    for (name, http, code) in [
        ("object", json_answer(200, &json!({"inferenceProvider": "gateway"})), Code::Ok),
        ("list", json_answer(200, &json!([])), Code::HttpWrongContent),
        ("nothing", json_answer(200, &Value::Null), Code::HttpWrongContent),
        ("page", answer(200, &[("content-type", "text/html")], "<html>"), Code::HttpWrongContent),
        ("401", json_answer(401, &json!({})), Code::Ok),
        ("redirect", answer(302, &[("location", "https://login.corp.example/")], ""), Code::HttpRedirect),
    ] {
        let target = target();
        let host = host(&target, vec![with(&target, http)]);
        assert_eq!(host.finding.code, code, "{name}: {}", host.finding.evidence.line);
    }
}

fn downloads() -> (Target, Attempt, Vec<Experiment>) {
    let services = services();
    let service = services.all().iter().find(|s| s.download.is_some()).unwrap();
    let mut target = world(1, &service.hosts[0]);
    target.service = Some(service.id.to_string());
    target.request = Some(service.request(&target.probed, ""));
    let own = with(&target, answer(200, &[("content-type", "text/plain")], "2.1.221\n"));
    let plan = Plan { targets: vec![target.clone()], ..Plan::default() };
    let parts = diagnose::sample(&diagnose::sources(&plan, &observed(vec![own.clone()]), &services));
    (target, own, parts)
}

fn part(target: &Target, experiment: &Experiment, change: impl FnOnce(&mut Http)) -> Attempt {
    let mut http = answer(206, &[("content-type", "application/octet-stream")], "");
    let range = &experiment.variation.as_ref().unwrap().changes().follow_up.unwrap().request.headers[0].1;
    http.transfer = Some(Transfer {
        bytes: 2_000_000,
        sha256: Some(format!("of {range}")),
        longest_pause_ms: 12.0,
        ended: None,
    });
    http.ms = 900.0;
    change(&mut http);
    edit(with(target, http), |a| {
        a.purpose = experiment.purpose;
        a.variation = experiment.variation.clone();
    })
}

#[test]
fn a_download_is_fetched_in_parts_the_first_of_them_twice() {
    let (target, own, parts) = downloads();
    let ranges: Vec<String> = parts
        .iter()
        .map(|e| e.variation.clone().unwrap().changes().follow_up.unwrap().request.headers[0].1.clone())
        .collect();
    let expected = ["bytes=0-1999999", "bytes=2000000-3999999", "bytes=4000000-5999999", "bytes=0-1999999"];
    assert_eq!(ranges, expected);
    let all = |change: &dyn Fn(usize, &mut Http)| -> HostJudgement {
        let mut attempts = vec![own.clone()];
        attempts.extend(parts.iter().enumerate().map(|(n, e)| part(&target, e, |http| change(n, http))));
        host(&target, attempts)
    };
    let healthy = all(&|_, _| {});
    assert_eq!(healthy.finding.code, Code::Ok);
    assert!(healthy.finding.evidence.line.contains("8.0 MB"), "{}", healthy.finding.evidence.line);
    let of = |change: &dyn Fn(&mut Http)| {
        let judged = all(&|n, http| {
            if n == 3 {
                change(http)
            }
        });
        (judged.finding.code, judged.verdict)
    };
    let transfer = |http: &mut Http| http.transfer.clone().unwrap();
    assert_eq!(
        of(&|http| http.transfer = Some(Transfer { sha256: Some("other".into()), ..transfer(http) })),
        (Code::HttpWrongContent, Verdict::Blocked)
    );
    assert_eq!(
        of(&|http| http.transfer = Some(Transfer { bytes: 1000, ..transfer(http) })),
        (Code::HttpInterrupted, Verdict::Blocked)
    );
    assert_eq!(of(&|http| http.outcome = HttpOutcome::Reset), (Code::HttpInterrupted, Verdict::Blocked));
    assert_eq!(of(&|http| http.outcome = HttpOutcome::BodyTimeout), (Code::HttpTimeout, Verdict::Blocked));
    let slow = all(&|_, http| http.ms = 60_000.0);
    assert_eq!((slow.finding.code, slow.verdict), (Code::HttpSlow, Verdict::Warning));
    // An object that is gone is no fault of the network.
    assert_eq!(all(&|_, http| (http.status, http.transfer) = (Some(404), None)).finding.code, Code::Ok);
}

#[test]
fn a_download_says_what_it_tested_and_its_absence_what_it_did_not() {
    let (target, own, parts) = downloads();
    let untested = |attempts: Vec<Attempt>| {
        let judgement = run(std::slice::from_ref(&target), attempts);
        judgement.not_tested.iter().any(|n| n.id == "large-download")
    };
    assert!(untested(vec![own.clone()]));
    let mut attempts = vec![own];
    attempts.extend(parts.iter().map(|e| part(&target, e, |_| {})));
    assert!(!untested(attempts));
}
