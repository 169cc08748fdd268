//! What a service's answers to calls with a credential mean: every provider, every fault.

use clearway::diagnose::{Certainty, HostJudgement, Owner, RunVerdict, Verdict, inspectors};
use clearway::observation::*;
use clearway::plan::{Plan, Target};

use crate::diagnose::scene::*;

const REGION: &str = "eu-central-1";

/// A call that was answered.
pub fn call(provider: &str, kind: CallKind, status: u16, error: &[(&str, &str)]) -> Call {
    Call {
        target: 1,
        path: 0,
        dialled: None,
        kind,
        provider: provider.into(),
        credential: "inferenceGatewayApiKey, as authorization: Bearer …".into(),
        signed: Some(false),
        at_ms: 100,
        request: "POST /x".into(),
        model: (kind == CallKind::Stream).then(|| "eu.model-a".into()),
        region: Some(REGION.into()),
        permission: Some(Permission::PublicRoots),
        issuer: None,
        outcome: CallOutcome::Answered,
        version: "HTTP/2".into(),
        status: Some(status),
        headers: Vec::new(),
        error: error.iter().map(|(p, w)| ((*p).to_owned(), (*w).to_owned())).collect(),
        models: Vec::new(),
        first_byte_ms: Some(200.0),
        first_event_ms: None,
        events_ms: Vec::new(),
        events: 0,
        usage: None,
        stream: None,
        quiet: None,
        last_byte_ms: Some(900.0),
        ms: 900.0,
    }
}

pub fn refusal(provider: &str, status: u16, error: &[(&str, &str)]) -> Call {
    call(provider, CallKind::Stream, status, error)
}

/// A stream with pieces at these times, ended at 900 ms.
pub fn streamed(events_ms: &[f64], end: StreamEnd) -> Call {
    Call {
        events: events_ms.len(),
        events_ms: events_ms.to_vec(),
        first_event_ms: events_ms.first().copied(),
        usage: Some(Usage { input: 20, output: 60 }),
        stream: Some(end),
        ..call("gateway", CallKind::Stream, 200, &[])
    }
}

pub fn models(names: &[&str]) -> Call {
    let list = names.iter().map(|n| (*n).to_owned()).collect();
    Call { models: list, ..call("gateway", CallKind::Models, 200, &[]) }
}

fn with(target: &Target, calls: Vec<Call>) -> (HostJudgement, RunVerdict, Vec<String>) {
    let attempt = Attempt {
        http: vec![answer(200, &[("content-type", "application/json")], "{\"data\":[]}")],
        ..healthy(target)
    };
    let observations = Observations { calls, ..observed(vec![attempt]) };
    let mut judged = judged(std::slice::from_ref(target), &observations);
    let said = judged.not_tested.iter().map(|n| n.id.clone()).collect();
    (judged.hosts.remove(0), judged.verdict, said)
}

fn code(calls: Vec<Call>) -> &'static str {
    with(&gateway(1, "gw.corp.example"), calls).0.finding.code.as_str()
}

#[test]
fn each_provider_says_each_fault_in_its_own_way() {
    type Case<'a> = (&'a str, u16, &'a [(&'a str, &'a str)], &'a str);
    let cases: &[Case<'_>] = &[
        // Claude API.
        ("anthropic", 401, &[("error.type", "authentication_error")], "auth/rejected"),
        ("anthropic", 403, &[("error.type", "permission_error")], "auth/rejected"),
        ("anthropic", 404, &[("error.type", "not_found_error")], "service/model"),
        ("anthropic", 402, &[("error.type", "billing_error")], "service/quota"),
        ("anthropic", 403, &[("error.type", "forbidden")], "service/policy"),
        ("anthropic", 429, &[("error.type", "rate_limit_error")], "http/rate-limited"),
        ("anthropic", 529, &[("error.type", "overloaded_error")], "http/server-error"),
        ("anthropic", 403, &[("cf-error", "1009")], "service/policy"),
        // Gateways.
        ("gateway", 401, &[("error.type", "auth_error"), ("error.code", "401")], "auth/rejected"),
        ("gateway", 401, &[], "auth/rejected"),
        ("gateway", 400, &[("error.type", "no_db_connection")], "auth/rejected"),
        ("gateway", 403, &[("error.type", "key_model_access_denied")], "service/model"),
        ("gateway", 404, &[("error.code", "model_not_found")], "service/model"),
        ("gateway", 400, &[("error.type", "budget_exceeded")], "service/quota"),
        ("gateway", 403, &[("error.code", "unsupported_country_region_territory")], "service/policy"),
        ("gateway", 429, &[], "http/rate-limited"),
        ("gateway", 503, &[], "http/server-error"),
        ("gateway", 418, &[], "http/unrecognised"),
        // Bedrock.
        ("bedrock", 403, &[("x-amzn-errortype", "UnrecognizedClientException")], "auth/rejected"),
        ("bedrock", 403, &[("x-amzn-errortype", "InvalidSignatureException")], "auth/rejected"),
        ("bedrock", 403, &[("x-amzn-errortype", "ExpiredTokenException")], "auth/rejected"),
        ("bedrock", 403, &[("x-amzn-errortype", "AccessDeniedException")], "auth/rejected"),
        ("bedrock", 400, &[("x-amzn-errortype", "ValidationException")], "service/model"),
        ("bedrock", 404, &[("x-amzn-errortype", "ResourceNotFoundException")], "service/model"),
        ("bedrock", 400, &[("x-amzn-errortype", "ServiceQuotaExceededException")], "service/quota"),
        ("bedrock", 403, &[("x-amzn-errortype", "ForbiddenException")], "service/policy"),
        ("bedrock", 429, &[("x-amzn-errortype", "ThrottlingException")], "http/rate-limited"),
        ("bedrock", 500, &[("x-amzn-errortype", "InternalServerException")], "http/server-error"),
        // Mantle.
        ("mantle", 401, &[("error.code", "invalid_api_key")], "auth/rejected"),
        ("mantle", 404, &[("error.code", "model_not_found")], "service/model"),
        ("mantle", 400, &[("error.code", "region_not_supported")], "service/region"),
        ("mantle", 429, &[("error.type", "insufficient_quota")], "service/quota"),
        ("mantle", 429, &[], "http/rate-limited"),
        ("mantle", 403, &[("x-amzn-errortype", "ForbiddenException")], "service/policy"),
        ("mantle", 500, &[], "http/server-error"),
        // Vertex.
        ("vertex", 401, &[("error.status", "UNAUTHENTICATED")], "auth/rejected"),
        (
            "vertex",
            403,
            &[("error.status", "PERMISSION_DENIED"), ("error.details.reason", "IAM_PERMISSION_DENIED")],
            "auth/rejected",
        ),
        ("vertex", 404, &[("error.status", "NOT_FOUND")], "service/model"),
        ("vertex", 400, &[("error.status", "INVALID_ARGUMENT")], "service/model"),
        ("vertex", 400, &[("error.status", "FAILED_PRECONDITION")], "service/region"),
        (
            "vertex",
            403,
            &[("error.status", "PERMISSION_DENIED"), ("error.details.reason", "SECURITY_POLICY_VIOLATED")],
            "service/policy",
        ),
        (
            "vertex",
            403,
            &[("error.status", "PERMISSION_DENIED"), ("error.details.reason", "SERVICE_DISABLED")],
            "service/model",
        ),
        (
            "vertex",
            429,
            &[("error.status", "RESOURCE_EXHAUSTED"), ("error.details.metadata.quota_limit_value", "0")],
            "service/quota",
        ),
        ("vertex", 429, &[("error.status", "RESOURCE_EXHAUSTED")], "http/rate-limited"),
        ("vertex", 503, &[("error.status", "UNAVAILABLE")], "http/server-error"),
        // Foundry.
        ("foundry", 401, &[("error.code", "401")], "auth/rejected"),
        ("foundry", 401, &[("error.code", "PermissionDenied")], "auth/rejected"),
        ("foundry", 404, &[("error.code", "DeploymentNotFound")], "service/model"),
        ("foundry", 403, &[("error.code", "403")], "service/policy"),
        ("foundry", 429, &[("error.code", "QuotaExceeded")], "service/quota"),
        ("foundry", 429, &[("error.code", "429")], "http/rate-limited"),
        ("foundry", 500, &[], "http/server-error"),
    ];
    for (provider, status, error, expected) in cases {
        assert_eq!(code(vec![refusal(provider, *status, error)]), *expected, "{provider} {status} {error:?}");
    }
}

#[test]
fn an_accepted_credential_makes_a_refusal_the_models() {
    let list = || Call { provider: "bedrock".into(), ..models(&["eu.model-a"]) };
    let denied = || refusal("bedrock", 403, &[("x-amzn-errortype", "AccessDeniedException")]);
    assert_eq!(code(vec![list(), denied()]), "service/model");
    assert_eq!(code(vec![denied()]), "auth/rejected");
    // The list does not have it: whatever the refusal looks like.
    let odd = || refusal("gateway", 400, &[("error.code", "400")]);
    assert_eq!(code(vec![models(&["model-b"]), odd()]), "service/model");
    assert_eq!(code(vec![models(&["eu.model-a"]), odd()]), "http/unrecognised");
}

#[test]
fn a_token_that_is_accepted_nowhere_is_the_configurations_and_a_limit_is_the_accounts() {
    let owner = |calls: Vec<Call>| {
        let finding = with(&gateway(1, "gw.corp.example"), calls).0.finding;
        (finding.code.as_str(), finding.owner)
    };
    let denied = || refusal("bedrock", 403, &[("x-amzn-errortype", "AccessDeniedException")]);
    assert_eq!(owner(vec![denied()]), ("auth/rejected", Owner::Configuration));
    // Keys that are wrong are said to be wrong, so signed ones lack the right.
    let signed = Call { signed: Some(true), ..denied() };
    assert_eq!(owner(vec![signed]), ("auth/rejected", Owner::CloudAccount));
    let limited = |provider: &str| refusal(provider, 429, &[]);
    assert_eq!(owner(vec![limited("vertex")]), ("http/rate-limited", Owner::CloudAccount));
    assert_eq!(owner(vec![limited("gateway")]), ("http/rate-limited", Owner::Service));
}

#[test]
fn a_page_in_place_of_the_model_list_is_wrong_content() {
    let list = |kind: &str, names: &[&str]| {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        let unmade = CallOutcome::NotSent { reason: "no model".into() };
        let stream = Call { outcome: unmade, status: None, ..streamed(&[], StreamEnd::Early) };
        code(vec![Call { headers, ..models(names) }, stream])
    };
    assert_eq!(list("text/html; charset=utf-8", &[]), "http/wrong-content");
    assert_eq!(list("application/json", &[]), "ok");
}

#[test]
fn a_gateway_whose_own_credential_is_refused_is_asked_itself() {
    let target = gateway(1, "gw.corp.example");
    let owner = |status: u16, calls: Vec<Call>| {
        let body = r#"{"error":{"type":"auth_error","code":"401"}}"#;
        let open = answer(status, &[("content-type", "application/json")], body);
        let attempt = Attempt { http: vec![open], ..healthy(&target) };
        let observations = Observations { calls, ..observed(vec![attempt]) };
        let finding = judged(std::slice::from_ref(&target), &observations).hosts.remove(0).finding;
        assert_eq!(finding.code.as_str(), "auth/rejected");
        (finding.owner, finding.confidence)
    };
    let denied = || refusal("gateway", 401, &[("error.type", "authentication_error")]);
    let list = || models(&["eu.model-a"]);
    assert_eq!(owner(401, vec![list(), denied()]), (Owner::Service, Certainty::Likely));
    // A list that everybody may read says nothing of the credential.
    assert_eq!(owner(200, vec![list(), denied()]), (Owner::Configuration, Certainty::Proven));
    assert_eq!(owner(401, vec![denied()]), (Owner::Configuration, Certainty::Proven));
}

#[test]
fn a_model_of_another_geography_is_a_matter_of_the_region() {
    let invalid = |model: &str| Call {
        model: Some(model.into()),
        ..refusal("bedrock", 400, &[("x-amzn-errortype", "ValidationException")])
    };
    assert_eq!(code(vec![invalid("us.model-a")]), "service/region");
    assert_eq!(code(vec![invalid("eu.model-a")]), "service/model");
    assert_eq!(code(vec![invalid("model-a")]), "service/model");
}

#[test]
fn delivery_is_judged_only_where_it_can_be() {
    use StreamEnd::{Complete, Early, Error, Other, Whole};
    let at = |ms: &[f64], end| code(vec![streamed(ms, end)]);
    let late = [860.0, 870.0, 880.0, 885.0, 890.0];
    assert_eq!(at(&late, Complete), "http/buffered");
    assert_eq!(at(&late[..4], Complete), "ok");
    assert_eq!(at(&[300.0, 450.0, 600.0, 750.0, 890.0], Complete), "ok");
    // All within 50 ms of the end, but of a quick answer.
    let quick: Vec<f64> = late.iter().map(|t| t - 500.0).collect();
    assert_eq!(code(vec![Call { last_byte_ms: Some(400.0), ms: 400.0, ..streamed(&quick, Complete) }]), "ok");
    assert_eq!(at(&late, Whole), "ok");
    // All at once, and the end a while later: neither buffered up to its end nor streamed.
    let at_once =
        with(&gateway(1, "gw.corp.example"), vec![streamed(&[800.0, 800.1, 800.2, 800.3, 800.4], Complete)]);
    let delivery = &at_once.0.finding.evidence.facts["delivery"];
    assert!(delivery.as_str().unwrap().starts_with("not judged"), "{delivery}");
    assert_eq!(at(&[300.0], Early), "http/interrupted");
    assert_eq!(at(&[], Other), "http/wrong-content");
    let error =
        Call { error: vec![("event".into(), "overloaded_error".into())], ..streamed(&[300.0], Error) };
    assert_eq!(code(vec![error]), "http/server-error");
    let silent = Call { outcome: CallOutcome::Reset, ms: 31_000.0, ..streamed(&[300.0], Early) };
    assert_eq!(code(vec![silent.clone()]), "http/idle-cut");
    let stalled = Call { outcome: CallOutcome::Cut { stopped: Stopped::Deadline }, ..silent };
    assert_eq!(code(vec![stalled.clone()]), "http/interrupted");
    // The run ended in the middle of an answer that was coming: nobody cut it, and it is not passed.
    let coming = Call { ms: 1_700.0, last_byte_ms: Some(1_600.0), ..stalled };
    let (judged, verdict, said) = with(&gateway(1, "gw.corp.example"), vec![coming]);
    assert_eq!((judged.finding.code.as_str(), verdict), ("ok", RunVerdict::Unknown));
    assert!(said.iter().any(|id| id == "call"), "{said:?}");
}

#[test]
fn a_call_that_was_asked_for_and_not_made_is_not_passed() {
    let gw = gateway(1, "gw.corp.example");
    let made = with(&gw, vec![streamed(&[300.0, 500.0, 890.0], StreamEnd::Complete)]);
    assert_eq!((made.0.verdict, made.1), (Verdict::Reachable, RunVerdict::Ready));
    assert!(!made.2.iter().any(|id| id == "credential" || id == "call"));
    let not = Call {
        outcome: CallOutcome::NotSent { reason: "r".into() },
        status: None,
        ..refusal("gateway", 200, &[])
    };
    let unmade = with(&gw, vec![not]);
    assert_eq!((unmade.0.verdict, unmade.1), (Verdict::Reachable, RunVerdict::Unknown));
    assert!(unmade.2.iter().any(|id| id == "call"));
    assert!(with(&gw, Vec::new()).2.iter().any(|id| id == "credential"));
}

#[test]
fn issuers_that_sign_hosts_of_the_world_are_known_by_name_and_certificate() {
    let (target, gw) = (world(1, "api.vendor.example"), gateway(2, "gw.corp.example"));
    let inspected = chain(
        &target,
        leaf_by("api.vendor.example", "CN=Inspector"),
        false,
        Trust::Accepted,
        Trust::UnknownIssuer,
    );
    let own =
        chain(&gw, leaf_by("gw.corp.example", "CN=Corp CA"), false, Trust::Accepted, Trust::UnknownIssuer);
    let above = inspected.tls[0].chain[1].sha256.clone();
    let plan = Plan { targets: vec![target, gw], ..Plan::default() };
    let found = inspectors(&plan, &observed(vec![inspected, own]), &services());
    assert!(found.contains("CN=Inspector") && found.contains(&above));
    assert!(!found.contains("CN=Corp CA"));
}
