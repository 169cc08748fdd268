//! The sandbox's own list: what the app adds, what the key adds, and where it disagrees with the perimeter.

use std::sync::LazyLock;

use crate::common::configurations::from_json;
use clearway::config::Configuration;
use clearway::contract::Platform;
use clearway::derive::sandbox::{Sandbox, sandbox};
use clearway::derive::{Options, Requirements, derive};
use clearway::report;
use clearway::rules::Pack;
use clearway::rules::sandbox::SandboxRules;
use serde_json::{Value as Json, json};

static PACK: LazyLock<Pack> = LazyLock::new(|| Pack::embedded().unwrap());
static RULES: LazyLock<SandboxRules> =
    LazyLock::new(|| SandboxRules::embedded().unwrap_or_else(|e| panic!("{e}")));

fn options(version: &str) -> Options {
    Options {
        platform: Some(Platform::Macos),
        app_version: Some(version.parse().unwrap()),
        ..Options::default()
    }
}

fn compute(json: &Json, version: &str) -> Sandbox {
    let configurations = vec![from_json("test", json, &PACK.keys)];
    let options = options(version);
    let perimeter = derive(&PACK, &configurations, &options);
    sandbox(&PACK, &RULES, &configurations, &options, &perimeter)
}

fn gateway(more: &Json) -> Json {
    let mut json = json!({"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.aurora-mills.example", "inferenceGatewayApiKey": "k"});
    more.as_object().unwrap().iter().for_each(|(k, v)| json[k] = v.clone());
    json
}

fn lines(found: &Sandbox) -> Vec<String> {
    report::hosts::plain::sandbox(found).lines().map(str::to_owned).collect()
}

fn says(list: &Requirements, text: &str) -> bool {
    list.notes.iter().any(|n| n.text.contains(text)) || list.lint.iter().any(|l| l.message.contains(text))
}

const NEWEST: &str = "2.19675.0";

#[test]
fn unset_leaves_only_what_the_app_adds() {
    let found = compute(&gateway(&json!({"otlpEndpoint": "https://otel.aurora-mills.example:4318"})), NEWEST);
    assert_eq!(
        lines(&found),
        ["api.anthropic.com", "gw.aurora-mills.example", "otel.aurora-mills.example:4318"]
    );
    assert!(!found.unrestricted && says(&found.list, "not set or empty"));
    let silent = compute(&gateway(&json!({"disableNonessentialTelemetry": true})), NEWEST);
    assert_eq!(lines(&silent), ["gw.aurora-mills.example"]);
    let loopback = gateway(
        &json!({"inferenceGatewayBaseUrl": "http://127.0.0.1:8080", "disableNonessentialTelemetry": true}),
    );
    assert_eq!(lines(&compute(&loopback, NEWEST)), ["127.0.0.1:8080"]);
}

#[test]
fn what_credentials_need_inside_is_added_only_where_it_is_needed() {
    let vertex = |more: Json| {
        let mut json = json!({"inferenceProvider": "vertex", "inferenceVertexProjectId": "p", "inferenceVertexRegion": "global", "disableNonessentialTelemetry": true});
        more.as_object().unwrap().iter().for_each(|(k, v)| json[k] = v.clone());
        json
    };
    let google = json!({"inferenceVertexOAuthClientId": "c", "inferenceVertexOAuthClientSecret": "s"});
    assert_eq!(
        lines(&compute(&vertex(google), NEWEST)),
        ["aiplatform.googleapis.com", "oauth2.googleapis.com"]
    );
    let workforce = json!({"inferenceCredentialKind": "workforce"});
    assert_eq!(lines(&compute(&vertex(workforce), NEWEST)), ["aiplatform.googleapis.com"]);
    let bedrock = json!({"inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-west-1", "inferenceBedrockProfile": "d", "disableNonessentialTelemetry": true});
    assert_eq!(
        lines(&compute(&bedrock, NEWEST)),
        ["bedrock-runtime.eu-west-1.amazonaws.com", "sts.amazonaws.com", "sts.eu-west-1.amazonaws.com"]
    );
}

#[test]
fn entries_follow_the_grammar_and_bad_ones_are_dropped_one_by_one() {
    let json = gateway(&json!({
        "disableNonessentialTelemetry": true,
        "coworkEgressAllowedHosts": [
            "a.aurora-mills.example", "*.docs.aurora-mills.example", "b.aurora-mills.example:8443", "10.0.0.7",
            "https://wrong.example", "other.example/path", "10.0.0.0/8", "[2001:db8::1]", "a.*.example", "*:80",
            "169.254.169.254",
        ],
    }));
    let found = compute(&json, NEWEST);
    assert_eq!(
        lines(&found),
        [
            "*.docs.aurora-mills.example",
            "10.0.0.7",
            "a.aurora-mills.example",
            "b.aurora-mills.example:8443",
            "gw.aurora-mills.example"
        ]
    );
    let dropped =
        found.list.lint.iter().filter(|l| l.key.as_deref() == Some("coworkEgressAllowedHosts")).count();
    assert_eq!(dropped, 7, "{:?}", found.list.lint);
    assert!(says(&found.list, "always refuse localhost and private addresses"));
    assert!(says(&found.list, "allows every port in the sandbox"));
}

#[test]
fn ports_count_from_their_releases_on() {
    let json = gateway(&json!({"coworkEgressAllowedHosts": ["b.aurora-mills.example:8443"]}));
    for (version, text, warns) in [
        ("1.25927.0", "does not know ports", true),
        ("1.26832.0", "keeps to the port for web fetches only", true),
        ("1.30096.1", "keeps to the port for web fetches only", true),
        ("1.32352.0", "as the bare host", false),
        (NEWEST, "as the bare host", false),
    ] {
        let found = compute(&json, version);
        assert!(says(&found.list, text), "{version}: {:?}", found.list.notes);
        assert_eq!(found.list.lint.iter().any(|l| l.id == "sandbox-port"), warns, "{version}");
    }
    let bare =
        compute(&gateway(&json!({"coworkEgressAllowedHosts": ["b.aurora-mills.example"]})), "1.25927.0");
    assert!(!bare.list.lint.iter().any(|l| l.id == "sandbox-port"));
}

#[test]
fn a_star_switches_the_list_off() {
    let found = compute(&gateway(&json!({"coworkEgressAllowedHosts": ["*"]})), NEWEST);
    assert!(found.unrestricted && lines(&found).contains(&"*".to_owned()));
    assert!(found.perimeter_only.is_empty() && says(&found.list, "switched off"));
}

#[test]
fn the_two_boundaries_are_compared() {
    let json = gateway(&json!({
        "isDesktopExtensionEnabled": true,
        "coworkEgressAllowedHosts": ["a.aurora-mills.example", "b.aurora-mills.example:8443", "*.github.com"],
    }));
    let found = compute(&json, NEWEST);
    let names = |list: &[clearway::derive::sandbox::Disagreement]| -> Vec<String> {
        list.iter().map(|d| format!("{}:{}", d.host, d.port)).collect()
    };
    assert!(found.sandbox_only.is_empty(), "{:?}", found.sandbox_only);
    let refused = names(&found.perimeter_only);
    for host in ["pypi.org:443", "github.com:443", "downloads.claude.ai:443"] {
        assert!(refused.contains(&host.to_owned()), "{host}: {refused:?}");
    }
    assert!(!refused.iter().any(|r| r.starts_with("gw.") || r.starts_with("api.anthropic")), "{refused:?}");

    // Held against a list that somebody already has.
    let configurations: Vec<Configuration> = vec![from_json("test", &json, &PACK.keys)];
    let have = derive(&PACK, &[from_json("have", &gateway(&json!({})), &PACK.keys)], &options(NEWEST));
    let found = sandbox(&PACK, &RULES, &configurations, &options(NEWEST), &have);
    assert_eq!(
        names(&found.sandbox_only),
        ["a.aurora-mills.example:0", "b.aurora-mills.example:8443", "*.github.com:0"]
    );
}
