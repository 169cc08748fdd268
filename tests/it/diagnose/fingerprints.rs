//! The real services' answers, written by hand after their documentation, and what is not theirs.

use clearway::diagnose::{Verdict, recognise};
use clearway::observation::Http;
use clearway::rules::services::AnswerKind;

use crate::diagnose::scene::*;

const JSON: (&str, &str) = ("content-type", "application/json");
const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");
const AWS: [(&str, &str); 3] =
    [JSON, ("x-amzn-requestid", "6c1e"), ("x-amzn-errortype", "MissingAuthenticationTokenException")];

fn kind(service: &str, http: &Http) -> Option<AnswerKind> {
    let services = services();
    recognise(services.by_id(service).unwrap(), http, "host.example", false).map(|a| a.kind)
}

#[test]
fn real_answers_are_recognised() {
    let google = r#"{"error":{"code":401,"message":"x","status":"UNAUTHENTICATED"}}"#;
    let metadata = r#"{"issuer":"https://idp.example","token_endpoint":"https://idp.example/t","scopes_supported":["openid","pro"#;
    let cf = [HTML, ("cf-mitigated", "challenge"), ("server", "cloudflare")];
    let trace = "fl=1f1\nh=host.example\nip=11.1.1.1\nts=1795348800.1\ncolo=FRA\n";
    use AnswerKind::{Challenge, Ok, RateLimited};
    for (service, http, expected) in [
        (
            "anthropic-api",
            answer(
                401,
                &[JSON, ("request-id", "req_1")],
                r#"{"type":"error","error":{"type":"authentication_error","message":"m"},"request_id":"req_1"}"#,
            ),
            Ok,
        ),
        ("anthropic-api", answer(403, &cf, "<html>"), Challenge),
        ("cloudflare-trace", answer(200, &[("content-type", "text/plain")], trace), Ok),
        ("cloudflare-trace", answer(403, &cf, "<html>"), Challenge),
        ("downloads", answer(200, &[("content-type", "text/plain")], "2.1.230\n"), Ok),
        ("bedrock-runtime", answer(403, &AWS, r#"{"message":"Missing Authentication Token"}"#), Ok),
        ("bedrock", answer(403, &AWS, r#"{"message":"m"}"#), Ok),
        ("bedrock-mantle", answer(401, &[JSON], r#"{"error":{"code":"invalid_api_key","message":"m"}}"#), Ok),
        (
            "aws-sts",
            answer(403, &[("content-type", "text/xml"), ("x-amzn-requestid", "1")], "<ErrorResponse/>"),
            Ok,
        ),
        ("aws-sso-oidc", answer(404, &[JSON, ("x-amzn-requestid", "1")], "{}"), Ok),
        (
            "aws-sso-portal",
            answer(
                401,
                &[JSON, ("x-amzn-requestid", "1")],
                r#"{"message":"m","__type":"UnauthorizedException"}"#,
            ),
            Ok,
        ),
        ("vertex", answer(401, &[JSON, ("www-authenticate", "Bearer")], google), Ok),
        ("vertex", answer(429, &[JSON], r#"{"error":{"status":"RESOURCE_EXHAUSTED"}}"#), RateLimited),
        ("google-oauth2", answer(400, &[JSON], r#"{"error":"invalid_request","error_description":"m"}"#), Ok),
        ("google-sts", answer(400, &[JSON], r#"{"error":"invalid_request"}"#), Ok),
        ("google-accounts", answer(200, &[JSON], r#"{"issuer":"https://accounts.google.com"}"#), Ok),
        ("google-iamcredentials", answer(401, &[JSON], google), Ok),
        (
            "foundry",
            answer(401, &[JSON, ("apim-request-id", "1")], r#"{"error":{"code":"401","message":"m"}}"#),
            Ok,
        ),
        (
            "entra",
            answer(
                200,
                &[JSON, ("x-ms-request-id", "1")],
                r#"{"token_endpoint":"t","issuer":"https://login.microsoftonline.com/{tenantid}/v2.0"}"#,
            ),
            Ok,
        ),
        (
            "graph",
            answer(401, &[JSON, ("request-id", "1")], r#"{"error":{"code":"InvalidAuthenticationToken"}}"#),
            Ok,
        ),
        ("github", answer(200, &[HTML, ("x-github-request-id", "1")], "<html>"), Ok),
        ("github-api", answer(200, &[JSON, ("x-github-request-id", "1")], "{}"), Ok),
        (
            "github-api",
            answer(403, &[JSON, ("x-github-request-id", "1"), ("x-ratelimit-remaining", "0")], "{}"),
            RateLimited,
        ),
        (
            "gateway",
            answer(401, &[JSON], r#"{"error":{"message":"m","type":"auth_error","code":"401"}}"#),
            Ok,
        ),
        ("gateway", answer(401, &[JSON], r#"{"type":"error","error":{"type":"authentication_error"}}"#), Ok),
        (
            "gateway",
            answer(200, &[JSON], r#"{"object":"list","data":[{"id":"model-1","owned_by":"x"},{"id":"mo"#),
            Ok,
        ),
        (
            "gateway",
            answer(401, &[("content-type", "text/plain"), ("www-authenticate", "Bearer")], "Unauthorized"),
            Ok,
        ),
        (
            "gateway",
            answer(
                403,
                &[("content-type", "text/plain"), ("server", "cloudflare"), ("cf-ray", "1")],
                "error code: 1010",
            ),
            Challenge,
        ),
        ("gateway", answer(403, &cf, "<html>"), Challenge),
        ("gateway", answer(403, &[JSON], r#"{"error":{"type":"authentication_error"}}"#), Ok),
        ("gateway-auth-server", answer(200, &[JSON], metadata), Ok),
        ("oidc-issuer", answer(200, &[JSON], metadata), Ok),
        (
            "mcp",
            answer(
                401,
                &[(
                    "www-authenticate",
                    "Bearer resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource\"",
                )],
                "",
            ),
            Ok,
        ),
        ("mcp", answer(200, &[JSON], r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), Ok),
        ("mcp", answer(400, &[JSON], r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600}}"#), Ok),
        ("mcp", answer(200, &[("content-type", "text/event-stream")], "event: message\n"), Ok),
        ("mcp-sse", answer(200, &[("content-type", "text/event-stream")], "event: endpoint\n"), Ok),
        ("otlp-http", answer(200, &[("content-type", "application/x-protobuf")], ""), Ok),
        ("otlp-json", answer(200, &[JSON], r#"{"partialSuccess":{}}"#), Ok),
        ("otlp-grpc", answer(200, &[("content-type", "application/grpc"), ("grpc-status", "0")], ""), Ok),
        ("bootstrap", answer(401, &[JSON], r#"{"error":"unauthorized"}"#), Ok),
        ("generic-https", answer(404, &[HTML], "<html>"), Ok),
        ("google-web", answer(204, &[("content-length", "0")], ""), Ok),
        ("google-storage", answer(400, &[("x-guploader-uploadid", "x")], "<Error/>"), Ok),
        ("google-bigquery", answer(401, &[JSON], r#"{"error":{"code":401}}"#), Ok),
        ("sentry-web", answer(200, &[JSON], r#"{"version":"0","auth":null}"#), Ok),
        ("github-copilot-api", answer(404, &[("x-github-request-id", "1")], ""), Ok),
    ] {
        assert_eq!(kind(service, &http), Some(expected), "{service}: {http:?}");
    }
}

#[test]
fn block_pages_and_portals_are_nobodys_answer() {
    let services = services();
    let page = "<!DOCTYPE html><html><head><title>Web page blocked</title></head>\
                <body>h={host} colo= ts= 2.1.0 {\"type\":\"error\"}</body></html>";
    let json_page = r#"{"blocked":true,"category":"artificial intelligence"}"#;
    let open = [
        "public-web",
        "generic-https",
        "google-web",
        "google-storage",
        "google-bigquery",
        "sentry-web",
        "github-copilot-api",
    ];
    for service in services.all().iter().filter(|s| !open.contains(&s.id.as_str())) {
        for status in [200, 302, 401, 403, 404, 503] {
            let http = answer(status, &[HTML, ("server", "filterd")], page);
            let found = recognise(service, &http, "host.example", true);
            assert!(found.is_none(), "{} takes a page with {status} for its own", service.id);
        }
    }
    // A filter that answers in JSON is not taken for a service with a form of its own.
    for id in [
        "anthropic-api",
        "bedrock-runtime",
        "bedrock",
        "vertex",
        "foundry",
        "entra",
        "graph",
        "google-accounts",
        "google-oauth2",
        "aws-sts",
        "aws-sso-portal",
        "github",
        "cloudflare-trace",
        "downloads",
        "oidc-issuer",
        "gateway-auth-server",
    ] {
        for status in [200, 401, 403] {
            let http = answer(status, &[JSON], json_page);
            assert_eq!(kind(id, &http), None, "{id} {status}");
        }
    }
}

#[test]
fn the_same_answer_without_the_services_headers_is_not_recognised() {
    assert_eq!(
        kind(
            "anthropic-api",
            &answer(401, &[JSON], r#"{"type":"error","error":{"type":"authentication_error"}}"#)
        ),
        None
    );
    assert_eq!(kind("bedrock-runtime", &answer(403, &AWS[..2], "{}")), None);
    assert_eq!(kind("foundry", &answer(401, &[JSON], r#"{"error":{"code":"401"}}"#)), None);
    assert_eq!(
        kind(
            "cloudflare-trace",
            &answer(200, &[("content-type", "text/plain")], "h=other.example\ncolo=X\nts=1")
        ),
        None
    );
    assert_eq!(kind("vertex", &answer(404, &[HTML], "<html>Error 404 (Not Found)</html>")), None);
    assert_eq!(kind("gateway", &answer(404, &[("content-type", "text/plain")], "404 page not found")), None);
}

#[test]
fn a_refusal_of_the_cdn_or_a_bare_one_is_no_missing_credential() {
    let edge = [("content-type", "text/plain"), ("server", "cloudflare"), ("cf-ray", "1")];
    for id in ["gateway", "bedrock-runtime", "bedrock-mantle", "vertex", "foundry", "mcp", "bootstrap"] {
        let services = services();
        let service = services.by_id(id).unwrap();
        let known = |http: &Http| recognise(service, http, "llm.corp.example", true).map(|a| a.kind);
        assert_eq!(known(&answer(403, &edge, "error code: 1015")), None, "{id}");
        assert_eq!(known(&answer(403, &edge, "error code: 1020")), Some(AnswerKind::Policy), "{id}");
        assert_eq!(known(&answer(403, &[JSON], r#"{"message":"Forbidden"}"#)), None, "{id}");
        assert_eq!(
            known(&answer(401, &[JSON], r#"{"message":"Unauthorized"}"#)),
            Some(AnswerKind::Ok),
            "{id}"
        );
    }
    let t = gateway(1, "llm.corp.example");
    let mut a = healthy(&t);
    a.http = vec![answer(403, &edge, "error code: 1015")];
    let host = one(&t, a.clone());
    assert_eq!((host.finding.code.as_str(), host.verdict), ("http/unrecognised", Verdict::Warning));
    assert_eq!(host.finding.evidence.facts["cdn_error"], 1015);
    a.http = vec![answer(403, &edge, "error code: 1020")];
    let host = one(&t, a);
    assert_eq!((host.finding.code.as_str(), host.verdict), ("service/policy", Verdict::Blocked));
    assert_eq!(host.finding.evidence.facts["cdn_error"], 1020);
}

#[test]
fn a_gateway_in_place_of_a_provider_answers_in_its_own_form() {
    let http = answer(401, &[JSON], r#"{"detail":"Not authenticated"}"#);
    for id in ["bedrock-runtime", "bedrock-mantle", "vertex", "foundry"] {
        assert_eq!(kind(id, &http), None, "{id}");
        let services = services();
        assert!(recognise(services.by_id(id).unwrap(), &http, "llm.corp.example", true).is_some(), "{id}");
    }
}

#[test]
fn a_known_service_that_answers_otherwise_is_never_ok() {
    let mut t = world(1, "api.vendor.example");
    t.service = Some("anthropic-api".into());
    for status in [200, 204, 301, 400, 401, 403, 404] {
        let mut a = healthy(&t);
        a.http = vec![answer(status, &[HTML], "<html>")];
        let host = one(&t, a);
        assert_eq!(
            (host.finding.code.as_str(), host.verdict),
            ("http/unrecognised", Verdict::Warning),
            "{status}"
        );
    }
}

/// The network's own rules of a service: reached, and refused whoever asks.
#[test]
fn a_service_that_refuses_this_network_is_told_from_one_that_misses_a_credential() {
    let edge = [("content-type", "text/plain"), ("server", "cloudflare"), ("cf-ray", "1")];
    let api = |kind: &str| format!(r#"{{"type":"error","error":{{"type":"{kind}"}}}}"#);
    let foundry = [JSON, ("apim-request-id", "1")];
    let front = [JSON, ("x-amzn-requestid", "1"), ("x-amzn-errortype", "ForbiddenException")];
    for (service, http) in [
        ("anthropic-api", answer(403, &[JSON, ("request-id", "1")], &api("forbidden"))),
        ("anthropic-api", answer(403, &edge, "error code: 1009")),
        ("gateway", answer(403, &edge, "error code: 1006")),
        ("cloudflare-trace", answer(403, &edge, "error code: 1009")),
        ("foundry", answer(403, &foundry, r#"{"error":{"code":"403","message":"m"}}"#)),
        ("bedrock-runtime", answer(403, &front, r#"{"message":"Forbidden"}"#)),
        ("bedrock", answer(403, &front, r#"{"message":"Forbidden"}"#)),
        ("bedrock-mantle", answer(403, &front, r#"{"message":"Forbidden"}"#)),
    ] {
        assert_eq!(kind(service, &http), Some(AnswerKind::Policy), "{service}");
    }
    assert_eq!(kind("anthropic-api", &answer(403, &[HTML], &api("forbidden"))), None);
    let mut t = world(1, "api.vendor.example");
    t.service = Some("anthropic-api".into());
    let mut a = healthy(&t);
    a.http = vec![answer(403, &[JSON, ("request-id", "1")], &api("forbidden"))];
    let host = one(&t, a);
    assert_eq!((host.finding.code.as_str(), host.verdict), ("service/policy", Verdict::Blocked));
}

/// Every provider and every host that the rules write out has a fingerprint, or is on the list of
/// hosts of which none is published.
#[test]
fn no_fixed_host_of_the_rules_is_without_an_entry() {
    let services = services();
    let pack = clearway::rules::Pack::embedded().unwrap();
    let mut missing = Vec::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/features");
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let toml: toml::Value = toml::from_str(&text).unwrap();
        for rule in toml["rule"].as_array().unwrap() {
            let one = rule.get("host").and_then(|h| h.as_str()).into_iter();
            let many =
                rule.get("hosts").and_then(|h| h.as_array()).into_iter().flatten().filter_map(|h| h.as_str());
            for host in one.chain(many) {
                // A region or a resource stands for itself; what is all placeholder is the customer's.
                let mut name = String::new();
                for (i, part) in host.split(['{', '}']).enumerate() {
                    name.push_str(if i % 2 == 0 { part } else { "eu-north-7" });
                }
                let name = name.replace('*', "x");
                let fixed = host.contains('.') && !host.starts_with('{') || host.matches('.').count() > 1;
                let named = rule.get("service").is_some();
                if fixed && !named && name.contains('.') && services.for_host(&name).is_none() {
                    missing.push(host.to_owned());
                }
            }
        }
    }
    assert!(!pack.rules.is_empty());
    assert_eq!(missing, Vec::<String>::new());
}
