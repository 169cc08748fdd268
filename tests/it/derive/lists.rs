//! The derived lists, held host by host against lists written by hand, and what must hold for any
//! configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::common::configurations::{example, examples, from_json};
use clearway::config::{Configuration, Value};
use clearway::contract::{Confidence, Need, Platform, Severity, Transport};
use clearway::derive::{HostPattern, Options, Requirements, derive};
use clearway::rules::{HostSource, Pack};
use serde_json::{Value as Json, json};

fn pack() -> Pack {
    Pack::embedded().unwrap_or_else(|e| panic!("{e}"))
}

fn on(platform: Platform) -> Options {
    Options { platform: Some(platform), ..Options::default() }
}

fn derived(pack: &Pack, json: &Json, options: &Options) -> Requirements {
    derive(pack, &[from_json("test", json, &pack.keys)], options)
}

/// `host:port need feature`, one line for every feature of a host.
fn lines(list: &Requirements) -> BTreeSet<String> {
    let mut needs: BTreeMap<String, Need> = BTreeMap::new();
    for host in &list.hosts {
        for reason in &host.reasons {
            let need =
                needs.entry(format!("{}:{} {}", host.host, host.port, reason.feature)).or_insert(reason.need);
            *need = (*need).max(reason.need);
        }
    }
    needs
        .into_iter()
        .map(|(key, need)| {
            let (host, feature) = key.split_once(' ').unwrap();
            format!("{host} {need} {feature}")
        })
        .collect()
}

fn expected(name: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lists").join(format!("{name}.txt"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).map(str::to_owned).collect()
}

fn hold(name: &str, list: &Requirements) -> Option<String> {
    let (found, wanted) = (lines(list), expected(name));
    let missing: Vec<&String> = wanted.difference(&found).collect();
    let extra: Vec<&String> = found.difference(&wanted).collect();
    (!missing.is_empty() || !extra.is_empty())
        .then(|| format!("{name}:\n  missing: {missing:#?}\n  not expected: {extra:#?}"))
}

fn with(mut json: Json, more: &Json) -> Json {
    for (key, value) in more.as_object().unwrap() {
        json[key] = value.clone();
    }
    json
}

#[test]
fn each_provider_has_exactly_the_hosts_written_by_hand() {
    let pack = pack();
    let off = json!({
        "disableEssentialTelemetry": true,
        "disableNonessentialTelemetry": true,
        "disableNonessentialServices": true,
    });
    let mut wrong = Vec::new();
    for provider in &pack.credentials.providers {
        let name = provider.id.as_str();
        let platform = match name {
            "mantle" => Platform::Linux,
            "foundry" | "gateway" => Platform::Windows,
            _ => Platform::Macos,
        };
        for (telemetry, json) in [("on", example(name)), ("off", with(example(name), &off))] {
            for (kind, minimal) in [("default", false), ("minimal", true)] {
                let list = derived(&pack, &json, &Options { minimal, ..on(platform) });
                wrong.extend(hold(&format!("{name}-{telemetry}-{kind}"), &list));
                assert_eq!(list.provider.as_deref(), Some(name));
                assert!(list.lint.is_empty(), "{name}: {:?}", list.lint);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_provider_is_called_and_played_in_the_laboratory() {
    let pack = pack();
    let services = clearway::rules::Rules::embedded().services;
    let played: toml::Table = include_str!("../../../lab/providers.toml").parse().unwrap();
    let played: BTreeSet<&str> = played["provider"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["config"]["inferenceProvider"].as_str().unwrap())
        .collect();
    for provider in &pack.credentials.providers {
        let id = provider.id.as_str();
        assert!(services.calls().provider(id).is_some(), "{id} has no calls in rules/calls.toml");
        assert!(played.contains(id), "{id} is not in lab/providers.toml");
    }
}

#[test]
fn the_locked_down_and_the_bootstrap_example_have_exactly_their_hosts() {
    let pack = pack();
    let mac = on(Platform::Macos);
    let lockdown = example("lockdown");
    let minimal = Options { minimal: true, ..mac.clone() };
    let offline = Options { offline_installer: true, ..minimal.clone() };
    let bootstrap = derived(&pack, &example("bootstrap"), &mac);
    let wrong: Vec<String> = [
        hold("lockdown-default", &derived(&pack, &lockdown, &mac)),
        hold("lockdown-minimal", &derived(&pack, &lockdown, &minimal)),
        hold("lockdown-offline-minimal", &derived(&pack, &lockdown, &offline)),
        hold("bootstrap-default", &bootstrap),
    ]
    .into_iter()
    .flatten()
    .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(bootstrap.lint.is_empty(), "{:?}", bootstrap.lint);
    assert!(bootstrap.notes.iter().any(|n| n.id == "no-provider"));
    assert_eq!(bootstrap.provider, None);
}

/// What a small configuration must and must not list.
struct Case {
    what: &'static str,
    json: Json,
    options: Options,
    listed: &'static [&'static str],
    absent: &'static [&'static str],
}

fn case(
    what: &'static str,
    json: Json,
    listed: &'static [&'static str],
    absent: &'static [&'static str],
) -> Case {
    Case { what, json, options: on(Platform::Macos), listed, absent }
}

impl Case {
    fn minimal(mut self) -> Self {
        self.options.minimal = true;
        self
    }

    fn version(mut self, text: &str) -> Self {
        self.options.app_version = Some(text.parse().unwrap());
        self
    }

    fn platform(mut self, platform: Platform) -> Self {
        self.options.platform = Some(platform);
        self
    }
}

fn run(cases: Vec<Case>) {
    let pack = pack();
    let mut wrong = Vec::new();
    for case in cases {
        let found = lines(&derived(&pack, &case.json, &case.options));
        for line in case.listed {
            if !found.contains(*line) {
                wrong.push(format!("{}: `{line}` is missing", case.what));
            }
        }
        for start in case.absent {
            for line in found.iter().filter(|l| l.starts_with(*start)) {
                wrong.push(format!("{}: `{line}` should not be there", case.what));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn vertex_hosts_follow_region_base_url_and_credential() {
    let vertex = |more: Json| {
        with(
            json!({"inferenceProvider": "vertex", "inferenceVertexProjectId": "p", "inferenceVertexRegion": "europe-west4"}),
            &more,
        )
    };
    let oauth = json!({"inferenceVertexOAuthClientId": "c", "inferenceVertexOAuthClientSecret": "s"});
    run(vec![
        case(
            "single region, default credentials",
            vertex(json!({})),
            &[
                "europe-west4-aiplatform.googleapis.com:443 required inference",
                "oauth2.googleapis.com:443 required sign-in",
                "sts.googleapis.com:443 optional sign-in",
                "accounts.google.com:443 optional sign-in",
                "iamcredentials.googleapis.com:443 optional sign-in",
            ],
            &["aiplatform."],
        ),
        case("its minimal list", vertex(json!({})), &["oauth2.googleapis.com:443 required sign-in"], &[
            "sts.googleapis.com",
            "accounts.google.com",
            "iamcredentials.googleapis.com",
        ])
        .minimal(),
        case("Google sign-in", vertex(oauth.clone()), &[
            "accounts.google.com:443 required sign-in",
            "oauth2.googleapis.com:443 required sign-in",
        ], &["sts.googleapis.com"])
        .minimal(),
        case(
            "a credentials file wins when the kind says so",
            with(vertex(oauth), &json!({"inferenceCredentialKind": "vendor-profile"})),
            &["oauth2.googleapis.com:443 required sign-in"],
            &["accounts.google.com"],
        )
        .minimal(),
        case("global", vertex(json!({"inferenceVertexRegion": "global"})), &[
            "aiplatform.googleapis.com:443 required inference",
        ], &["global-aiplatform"]),
        case("us multi-region", vertex(json!({"inferenceVertexRegion": "us"})), &[
            "aiplatform.us.rep.googleapis.com:443 required inference",
        ], &["us-aiplatform"]),
        case("us multi-region before it existed", vertex(json!({"inferenceVertexRegion": "us"})), &[], &[
            "aiplatform.us.rep", "us-aiplatform",
        ])
        .version("1.20186.0"),
        case(
            "base URL",
            vertex(json!({"inferenceVertexBaseUrl": "https://psc.aurora-mills.example:444/v1"})),
            &["psc.aurora-mills.example:444 required inference"],
            &["europe-west4-aiplatform", "aiplatform"],
        ),
        case(
            "workforce without an issuer",
            vertex(json!({
                "inferenceVertexWorkforceAudience": "a",
                "inferenceVertexWorkforceOidc": {"authorizationUrl": "https://a.example/authorize", "tokenUrl": "https://t.example/token"},
            })),
            &["a.example:443 required sign-in", "t.example:443 required sign-in", "sts.googleapis.com:443 required sign-in"],
            &["oauth2.googleapis.com"],
        )
        .minimal(),
    ]);
}

#[test]
fn aws_hosts_follow_region_partition_and_credential() {
    let bedrock = |more: Json| {
        with(json!({"inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-west-1"}), &more)
    };
    let token = json!({"inferenceBedrockBearerToken": "t"});
    run(vec![
        case(
            "API key",
            bedrock(token.clone()),
            &[
                "bedrock-runtime.eu-west-1.amazonaws.com:443 required inference",
                "bedrock.eu-west-1.amazonaws.com:443 required inference",
            ],
            &["sts.", "oidc.", "portal.sso."],
        ),
        case(
            "profile",
            bedrock(json!({"inferenceBedrockProfile": "desktop"})),
            &[
                "bedrock.eu-west-1.amazonaws.com:443 optional inference",
                "sts.amazonaws.com:443 required sign-in",
                "sts.eu-west-1.amazonaws.com:443 required sign-in",
                "portal.sso.eu-west-1.amazonaws.com:443 optional sign-in",
                "oidc.eu-west-1.amazonaws.com:443 optional sign-in",
            ],
            &["*.awsapps.com"],
        ),
        case(
            "profile, minimal",
            bedrock(json!({"inferenceBedrockProfile": "desktop"})),
            &["sts.eu-west-1.amazonaws.com:443 required sign-in"],
            &["portal.sso.", "oidc."],
        )
        .minimal(),
        case(
            "profile with a sign-in region",
            bedrock(json!({"inferenceBedrockProfile": "desktop", "inferenceBedrockSsoRegion": "us-east-2"})),
            &["oidc.us-east-2.amazonaws.com:443 required sign-in"],
            &["oidc.eu-west-1"],
        ),
        case(
            "sign-in without a start URL",
            bedrock(json!({"inferenceCredentialKind": "interactive"})),
            &["*.awsapps.com:443 required sign-in"],
            &["sts."],
        ),
        case(
            "GovCloud",
            with(bedrock(token.clone()), &json!({"inferenceBedrockRegion": "us-gov-west-1"})),
            &[
                "bedrock-runtime-fips.us-gov-west-1.amazonaws.com:443 required inference",
                "bedrock-fips.us-gov-west-1.amazonaws.com:443 required inference",
            ],
            &["bedrock-runtime.us", "bedrock.us"],
        ),
        case(
            "China",
            with(bedrock(token.clone()), &json!({"inferenceBedrockRegion": "cn-north-1"})),
            &[],
            &["bedrock-runtime.", "bedrock."],
        ),
        case(
            "a base URL that only looks like the provider's",
            with(
                bedrock(token.clone()),
                &json!({
                    "inferenceBedrockBaseUrl": "https://vpce-0a1b.bedrock-runtime.eu-west-1.vpce.amazonaws.com",
                }),
            ),
            &[
                "vpce-0a1b.bedrock-runtime.eu-west-1.vpce.amazonaws.com:443 required inference",
                "bedrock.eu-west-1.amazonaws.com:443 optional inference",
            ],
            &["bedrock-runtime.eu-west-1"],
        ),
        case(
            "external identity provider",
            bedrock(json!({
                "inferenceCredentialKind": "external-idp",
                "inferenceBedrockBaseUrl": "https://bedrock.aurora-mills.example",
                "inferenceIdpOidc": {"issuer": "https://login.aurora-mills.example"},
            })),
            &[
                "bedrock.aurora-mills.example:443 required inference",
                "login.aurora-mills.example:443 required sign-in",
            ],
            &["bedrock.eu-west-1"],
        )
        .minimal(),
        case(
            "Mantle with a base URL",
            json!({"inferenceProvider": "mantle", "inferenceBedrockRegion": "us-east-1", "inferenceBedrockBearerToken": "t",
                   "inferenceBedrockBaseUrl": "https://mantle.aurora-mills.example/anthropic"}),
            &["mantle.aurora-mills.example:443 required inference"],
            &["bedrock"],
        ),
    ]);
}

#[test]
fn sign_in_of_foundry_gateway_and_claude_api_follows_the_credential() {
    let foundry =
        |more: Json| with(json!({"inferenceProvider": "foundry", "inferenceFoundryResource": "res"}), &more);
    let entra = json!({"inferenceFoundryTenantId": "t", "inferenceFoundryClientId": "c"});
    let gateway = |more: Json| {
        with(json!({"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example"}), &more)
    };
    let issuer = |name: &str| json!({"issuer": format!("https://{name}.example/oauth2"), "clientId": "c"});
    run(vec![
        case("Foundry API key", foundry(json!({"inferenceFoundryApiKey": "k"})), &[
            "res.services.ai.azure.com:443 required inference",
        ], &["login.microsoftonline.com", "microsoft.com"]),
        case("key and leftover tenant", with(foundry(json!({"inferenceFoundryApiKey": "k"})), &entra), &[
            "login.microsoftonline.com:443 optional sign-in",
        ], &["microsoft.com"]),
        case("key and leftover tenant, minimal", with(foundry(json!({"inferenceFoundryApiKey": "k"})), &entra), &[], &[
            "login.microsoftonline.com",
        ])
        .minimal(),
        case("browser flow", with(foundry(json!({"inferenceFoundryAuthFlow": "browser"})), &entra), &[
            "login.microsoftonline.com:443 required sign-in",
        ], &["microsoft.com"]),
        case("Foundry behind your own gateway", foundry(json!({"inferenceFoundryApiKey": "k", "inferenceFoundryBaseUrl": "https://apim.example:8443/claude"})), &[
            "apim.example:8443 required inference",
        ], &["res."]),
        case("that key is ignored before 2.110.0", foundry(json!({"inferenceFoundryApiKey": "k", "inferenceFoundryBaseUrl": "https://apim.example:8443/claude"})), &[
            "res.services.ai.azure.com:443 required inference",
        ], &["apim."])
        .version("1.52386.0"),
        case("gateway that is its own authorization server", gateway(json!({"inferenceCredentialKind": "interactive"})), &[
            "gw.example:443 required inference",
            "gw.example:443 required sign-in",
        ], &[]),
        case(
            "gateway with an identity provider",
            gateway(json!({"inferenceCredentialKind": "interactive", "inferenceGatewayOidc": issuer("idp")})),
            &["idp.example:443 required sign-in"],
            &["gw.example:443 required sign-in"],
        ),
        case(
            "gateway with an external identity provider",
            gateway(json!({"inferenceCredentialKind": "external-idp", "inferenceIdpOidc": issuer("idp2")})),
            &["idp2.example:443 required sign-in"],
            &["gw.example:443 required sign-in"],
        ),
        case("gateway with a key ignores a leftover identity provider", gateway(json!({"inferenceGatewayApiKey": "k", "inferenceGatewayOidc": issuer("idp")})), &[], &["idp.example"]),
        case("Claude API with browser sign-in", json!({"inferenceProvider": "anthropic"}), &[
            "platform.claude.com:443 required sign-in",
        ], &[])
        .minimal(),
    ]);
}

#[test]
fn switches_versions_and_platforms_add_and_remove_groups() {
    let base = |more: Json| {
        with(
            json!({"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "inferenceGatewayApiKey": "k"}),
            &more,
        )
    };
    let dropped_analytics: &[&str] = &["api.anthropic.com:443 optional nonessential-telemetry"];
    run(vec![
        case("updates off", base(json!({"disableAutoUpdates": true})), &[], &["releases.claude.com"]),
        case("updates host", base(json!({"updateViaUpdatesHost": true})), &[
            "releases.claude.com:443 feature auto-updates",
            "downloads.claude.ai:443 feature auto-updates",
        ], &["api.anthropic.com:443 feature auto-updates", "claude.ai:443 feature auto-updates"]),
        case("updates host before it existed", base(json!({"updateViaUpdatesHost": true})), &[
            "api.anthropic.com:443 feature auto-updates",
        ], &["releases.claude.com"])
        .version("1.25927.0"),
        case("Linux has no feed", base(json!({})), &["downloads.claude.ai:443 feature auto-updates"], &[
            "api.anthropic.com:443 feature auto-updates", "claude.ai:443 feature auto-updates",
        ])
        .minimal()
        .platform(Platform::Linux),
        case("spellcheck only on Linux", base(json!({})), &[], &["redirector.gvt1.com", "*.gvt1.com"]).platform(Platform::Windows),
        case("extensions were on before 1.19367.0", base(json!({})), &["github.com:443 feature desktop-extensions"], &[])
            .version("1.18286.0"),
        case("and are off since", base(json!({})), &[], &["github.com"]).version("1.19367.0"),
        case("analytics of x-api-key gateways before 2.9939.2", base(json!({"inferenceGatewayAuthScheme": "x-api-key"})), dropped_analytics, &[])
            .minimal()
            .version("2.7032.0"),
        case("and since", base(json!({"inferenceGatewayAuthScheme": "x-api-key"})), &[], dropped_analytics)
            .minimal()
            .version("2.9939.2"),
        case("analytics hosts listed until 2.16120.0", base(json!({})), &[
            "a-cdn.anthropic.com:443 optional nonessential-telemetry",
        ], &[])
        .version("2.110.0"),
        case("but not contacted since 2.110.0", base(json!({})), &[], &["a-cdn.", "a-api."]).minimal().version("2.110.0"),
        case("gone in 2.16120.0", base(json!({})), &[], &["a-cdn.", "a-api."]).version("2.16120.0"),
        case("catalogue off", base(json!({"modelCatalogEnabled": false, "modelCatalogUrl": "https://m.example/c.json"})), &[], &["m.example"]),
        case("fetch check off by tool", base(json!({"disabledBuiltinTools": ["WebFetch"]})), &[], &["api.anthropic.com:443 feature web-fetch"]),
        case("fetch check off with Code", base(json!({"isClaudeCodeForDesktopEnabled": false})), &[], &["api.anthropic.com:443 feature web-fetch"]),
        case("a key of the admin console marks nothing in a file", base(json!({"disableLocalConfigCache": true, "builtinBrowserEnabled": true})), &[
            "releases.claude.com:443 feature browser",
            "sentry.io:443 optional essential-telemetry",
        ], &["api.anthropic.com:443 feature bootstrap", "claude.ai:443 feature bootstrap", "api.anthropic.com:443 feature browser"])
        .minimal(),
        case("own origin for previews", base(json!({"userContentRendererUrl": "https://frames.example"})), &[
            "frames.example:443 optional nonessential-services",
        ], &["www.claudeusercontent.com"]),
        case("proxy script wins over the proxy", base(json!({"egressProxyUrl": "http://proxy.example:3128", "egressProxyPacUrl": "http://pac.example/proxy.pac"})), &[
            "pac.example:80 required proxy",
        ], &["proxy.example"])
        .minimal(),
        case("bootstrap switched off", base(json!({"bootstrapUrl": "https://config.example", "bootstrapEnabled": false})), &[], &["config.example"]),
    ]);
}

#[test]
fn connectors_bring_their_hosts() {
    let mcp = |entry: Json| json!({"inferenceProvider": "anthropic", "inferenceAnthropicApiKey": "k", "managedMcpServers": [entry]});
    run(vec![
        case(
            "Microsoft 365",
            mcp(json!({"server": "microsoft365"})),
            &[
                "login.microsoftonline.com:443 feature connectors",
                "graph.microsoft.com:443 feature connectors",
            ],
            &["login.microsoftonline.us"],
        ),
        case(
            "GCC High",
            mcp(json!({"server": "microsoft365", "azureCloud": "us-gov-high"})),
            &["login.microsoftonline.us:443 feature connectors", "graph.microsoft.us:443 feature connectors"],
            &["graph.microsoft.com", "dod-graph"],
        ),
        case(
            "DoD",
            mcp(json!({"server": "microsoft365", "azureCloud": "us-gov-dod"})),
            &["dod-graph.microsoft.us:443 feature connectors"],
            &["graph.microsoft.us", "login.microsoftonline.com"],
        ),
        case("GitHub", mcp(json!({"server": "github"})), &["api.github.com:443 feature connectors"], &[]),
        case(
            "GitHub Enterprise",
            mcp(json!({"server": "github", "host": "https://ghe.example:8443"})),
            &["ghe.example:8443 feature connectors"],
            &["github.com", "api.github.com"],
        ),
        case(
            "own search",
            mcp(
                json!({"server": "websearch", "provider": "custom", "customUrl": "https://s.example:9443/q"}),
            ),
            &["s.example:9443 feature connectors"],
            &["api.search.brave.com"],
        ),
        case(
            "search switched off",
            with(
                mcp(json!({"server": "websearch", "provider": "tavily"})),
                &json!({"disabledBuiltinTools": ["WebSearch"]}),
            ),
            &[],
            &["api.tavily.com"],
        )
        .minimal(),
        case(
            "policy-only connects nowhere",
            mcp(json!({"transport": "policy-only", "url": "https://p.example"})),
            &[],
            &["p.example"],
        ),
        case(
            "stdio connects nowhere that is known",
            mcp(json!({"transport": "stdio", "command": "x", "url": "https://p.example"})),
            &[],
            &["p.example"],
        ),
        case(
            "Box",
            mcp(json!({"transport": "http", "url": "https://mcp.box.com"})),
            &[
                "mcp.box.com:443 feature connectors",
                "account.box.com:443 feature connectors",
                "api.box.com:443 feature connectors",
            ],
            &[],
        ),
        case(
            "Entra",
            mcp(
                json!({"transport": "http", "url": "https://m.example", "oauth": {"tenantId": "t", "scope": "s"}}),
            ),
            &["login.microsoftonline.com:443 feature connectors"],
            &[],
        ),
    ]);
}

#[test]
fn the_observed_group_is_only_there_when_asked_for() {
    let pack = pack();
    let json = example("anthropic");
    let group =
        |list: &Requirements| list.hosts.iter().flat_map(|h| &h.reasons).filter(|r| r.rule == "M2").count();
    assert_eq!(group(&derived(&pack, &json, &on(Platform::Macos))), 0);
    let asked = Options { include_observed: true, ..on(Platform::Macos) };
    let list = derived(&pack, &json, &asked);
    assert_eq!(group(&list), 4);
    let documented = Options { confidence: Confidence::Documented, ..asked };
    assert_eq!(group(&derived(&pack, &json, &documented)), 0);
}

#[test]
fn what_cannot_be_listed_is_said() {
    let pack = pack();
    let list = derived(
        &pack,
        &json!({
            "inferenceProvider": "gateway",
            "inferenceGatewayBaseUrl": "http://127.0.0.1:4000",
            "inferenceCredentialHelper": "/opt/helper",
            "coworkEgressAllowedHosts": ["*"],
            "managedMcpServers": [{"name": "cad\u{7}", "transport": "stdio", "command": "/opt/cad"}],
            "otlpEndpoint": "http://collector.internal:4317",
            "otlpProtocol": "grpc",
        }),
        &on(Platform::Macos),
    );
    let gateway = list.hosts.iter().find(|h| h.port == 4000).unwrap();
    assert!(gateway.loopback && gateway.transport == Transport::Http);
    for id in ["loopback", "F4", "HLP", "L18a"] {
        assert!(list.notes.iter().any(|n| n.id == id), "{id}");
    }
    assert!(list.notes.iter().any(|n| n.text.contains("connector cad runs")));
    let any = list.hosts.iter().find(|h| h.host == HostPattern::Any).unwrap();
    assert!(any.unbounded.as_deref().is_some_and(|t| t.contains("coworkEgressAllowedHosts")));
    assert_eq!(any.port, 0);
    let collector: Vec<Transport> =
        list.hosts.iter().filter(|h| h.port == 4317).map(|h| h.transport).collect();
    assert_eq!(collector, [Transport::Http, Transport::Grpc]);
    assert!(list.hosts.iter().filter(|h| h.port == 4317).all(|h| h.network.as_str() == "internal"));
}

#[test]
fn mistakes_become_lint_and_no_host() {
    let pack = pack();
    let base = json!({"inferenceProvider": "gateway", "inferenceGatewayApiKey": "k"});
    let gateway = |url: &str| with(base.clone(), &json!({"inferenceGatewayBaseUrl": url}));
    let cases = [
        ("bad-url", gateway("gw.example")),
        ("bad-url", gateway("ftp://gw.example")),
        ("placeholder", gateway("https://{NAME}.example")),
        ("placeholder", gateway("https://YOUR_GATEWAY/v1")),
        ("link-local", gateway("http://169.254.169.254/latest")),
        ("link-local", gateway("https://[fe80::1]/")),
        ("link-local", gateway("http://metadata.google.internal")),
        ("bad-host", gateway("http://0.0.0.0:8080")),
        ("plain-http", gateway("http://gw.example")),
        ("missing-key", base.clone()),
        ("no-credential", json!({"inferenceProvider": "foundry", "inferenceFoundryResource": "r"})),
        ("bad-label", json!({"inferenceProvider": "foundry", "inferenceFoundryResource": "my.resource"})),
        ("placeholder", json!({"inferenceProvider": "foundry", "inferenceFoundryResource": "<resource>"})),
        ("unknown-provider", json!({"inferenceProvider": "Bedrock"})),
        ("region-form", json!({"inferenceProvider": "bedrock", "inferenceBedrockRegion": "us-east1"})),
        ("region-form", json!({"inferenceProvider": "mantle", "inferenceBedrockRegion": "us-east-1a"})),
        (
            "region-form",
            json!({"inferenceProvider": "vertex", "inferenceVertexProjectId": "p", "inferenceVertexRegion": "us-east-5"}),
        ),
        ("no-provider", json!({"disableNonessentialServices": true})),
        (
            "retired-value",
            with(gateway("https://gw.example"), &json!({"inferenceGatewayAuthScheme": "auto"})),
        ),
        (
            "retired-value",
            json!({"inferenceProvider": "vertex", "inferenceVertexProjectId": "p", "inferenceVertexRegion": "eu", "inferenceCredentialKind": "oauth"}),
        ),
        (
            "incomplete-set",
            json!({"inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-west-1", "inferenceBedrockSsoStartUrl": "https://x.example/start"}),
        ),
        (
            "bad-host",
            with(
                gateway("https://gw.example"),
                &json!({"coworkEgressAllowedHosts": ["https://a.example/x"]}),
            ),
        ),
    ];
    for (id, json) in cases {
        let list = derived(&pack, &json, &on(Platform::Macos));
        assert!(list.lint.iter().any(|l| l.id == id), "{id}: {:?} for {json}", list.lint);
        let host_is_kept =
            ["plain-http", "missing-key", "no-credential", "no-provider", "retired-value", "incomplete-set"];
        if !host_is_kept.contains(&id) {
            for host in &list.hosts {
                assert!(!host.host.is_link_local(), "{}", host.host);
                assert!(
                    host.reasons.iter().all(|r| r.feature != "inference" || id == "bad-host"),
                    "{id}: {}",
                    host.host
                );
            }
        }
    }
    let clean = derived(
        &pack,
        &json!({"disableAutoUpdates": true, "egressProxyUrl": "http://p.example:3128"}),
        &on(Platform::Macos),
    );
    assert!(clean.lint.iter().all(|l| l.severity == Severity::Info), "{:?}", clean.lint);
}

#[test]
fn every_removed_by_removes_its_reason() {
    let pack = pack();
    let mut seen = BTreeSet::new();
    let mut inputs: Vec<(String, Json)> = examples().into_iter().map(|n| (n.clone(), example(&n))).collect();
    inputs.push(("much".to_owned(), json!({
        "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "inferenceGatewayApiKey": "k",
        "updateViaUpdatesHost": true, "userContentRendererUrl": "https://frames.example",
        "organizationPluginsUrl": "https://plugins.example", "egressProxyPacUrl": "http://pac.example/p",
        "allowedPluginMcpServers": [{"serverUrl": "https://*.mcp.example/*"}],
        "bootstrapUrl": "https://b.example", "bootstrapOidc": {"authorizationUrl": "https://a.example", "tokenUrl": "https://t.example"},
        "allowedPluginMarketplaces": [{"source": "git", "url": "git@git.example:a/b.git"}],
        "managedMcpServers": [
            {"name": "a", "transport": "http", "url": "https://m.example", "oauth": {"tenantId": "t"}},
            {"name": "n", "transport": "http", "url": "https://n.example", "oauth": {"clientId": "c", "tokenUrl": "https://t.example", "authorizationUrl": "https://a.example"}},
            {"name": "o", "transport": "http", "url": "https://o.example", "oauth": {"clientId": "c", "authorizationServer": ["https://accounts.google.com"]}},
            {"name": "b", "server": "microsoft365"}, {"name": "c", "server": "microsoft365", "azureCloud": "us-gov-high"},
            {"name": "d", "server": "microsoft365", "azureCloud": "us-gov-dod"}, {"name": "e", "server": "github"},
            {"name": "f", "server": "github", "host": "https://ghe.example"}, {"name": "g", "server": "websearch", "provider": "exa"},
            {"name": "h", "server": "websearch", "provider": "tavily"}, {"name": "i", "server": "websearch", "provider": "custom", "customUrl": "https://s.example"},
            {"name": "j", "transport": "http", "url": "https://microsoft365.mcp.claude.com/mcp"}, {"name": "k", "transport": "http", "url": "https://mcp.box.com"},
            {"name": "l", "transport": "http", "url": "https://bigquery.googleapis.com/mcp"}, {"name": "m", "transport": "http", "url": "https://api.salesforce.com/mcp"},
        ],
    })));
    inputs.push((
        "console".to_owned(),
        json!({"disableLocalConfigCache": false, "builtinBrowserEnabled": true}),
    ));
    for (version, platform) in [
        (None, Platform::Macos),
        (None, Platform::Linux),
        (Some("1.25927.0"), Platform::Windows),
        (Some("2.110.0"), Platform::Macos),
    ] {
        let options = Options {
            app_version: version.map(|v: &str| v.parse().unwrap()),
            include_observed: true,
            ..on(platform)
        };
        for (name, json) in &inputs {
            let mut before = from_json(name, json, &pack.keys);
            before.admin_console = name == "console";
            for reason in
                derive(&pack, std::slice::from_ref(&before), &options).hosts.iter().flat_map(|h| &h.reasons)
            {
                let rule = pack.rule(&reason.rule).unwrap();
                let Some(off) = &rule.off else {
                    assert_eq!(reason.removed_by, None);
                    continue;
                };
                assert_eq!(reason.removed_by.as_deref(), Some(off.text.as_str()));
                seen.insert(reason.rule.clone());
                let after = switched(&before, &off.key, off.value.clone());
                let list = derive(&pack, &[after], &options);
                let still = list.hosts.iter().flat_map(|h| &h.reasons).any(|r| r.rule == reason.rule);
                // A key that this version does not read yet cannot switch anything off.
                let known = pack.keys.get(&off.key).unwrap();
                let read = known.since.as_ref().is_none_or(|s| list.app_version >= *s);
                assert!(!still || !read, "{name}: {} survives {}", reason.rule, off.text);
            }
        }
    }
    let unseen: Vec<&str> = pack
        .rules
        .iter()
        .filter(|r| r.off.is_some() && !seen.contains(r.id.as_str()))
        .map(|r| r.id.as_str())
        .collect();
    assert!(unseen.is_empty(), "no configuration of this test has {unseen:?}");
}

fn switched(before: &Configuration, key: &str, value: Option<Value>) -> Configuration {
    let mut after = before.clone();
    match value {
        None => {
            after.settings.remove(key);
        }
        Some(value) => {
            let origin = before.settings.values().next().unwrap().origin.clone();
            after.settings.insert(key.to_owned(), clearway::config::Setting { value, origin, raw: None });
        }
    }
    after
}

#[test]
fn a_union_contains_its_parts_and_says_whose_each_reason_is() {
    let pack = pack();
    let names = examples();
    let all: Vec<Configuration> = names.iter().map(|n| from_json(n, &example(n), &pack.keys)).collect();
    let options = on(Platform::Macos);
    let union = derive(&pack, &all, &options);
    let reasons = |list: &Requirements, config: Option<&str>| -> BTreeSet<(String, u16, String)> {
        list.hosts
            .iter()
            .flat_map(|h| h.reasons.iter().map(move |r| (h, r)))
            .filter(|(_, r)| config.is_none() || r.config.as_deref() == config)
            .map(|(h, r)| (h.host.to_string(), h.port, r.rule.clone()))
            .collect()
    };
    for (configuration, name) in all.iter().zip(&names) {
        let part = derive(&pack, std::slice::from_ref(configuration), &options);
        assert!(part.hosts.iter().flat_map(|h| &h.reasons).all(|r| r.config.is_none()));
        assert_eq!(reasons(&part, None), reasons(&union, Some(name)), "{name}");
    }
    let mut reversed = all.clone();
    reversed.reverse();
    let hosts = |list: &Requirements| lines(list);
    assert_eq!(hosts(&union), hosts(&derive(&pack, &reversed, &options)));
    assert_eq!(union.inputs.len(), names.len());
}

#[test]
fn every_host_has_reasons_with_known_keys_and_the_result_is_stable() {
    let pack = pack();
    for name in examples() {
        for platform in Platform::ALL {
            let configuration = from_json(&name, &example(&name), &pack.keys);
            let options = on(*platform);
            let one = derive(&pack, std::slice::from_ref(&configuration), &options);
            assert_eq!(one, derive(&pack, &[configuration], &options));
            assert!(one.hosts.windows(2).all(|w| {
                let key = |i: usize| (&w[i].host, w[i].port, w[i].transport);
                key(0) < key(1)
            }));
            for host in &one.hosts {
                assert!(!host.reasons.is_empty(), "{}", host.host);
                for reason in &host.reasons {
                    assert!(pack.feature(&reason.feature).is_some());
                    assert!(!reason.actors.is_empty() && !reason.source.is_empty());
                    for key in &reason.keys {
                        assert!(pack.keys.get(key).is_some(), "{key} of {}", reason.rule);
                    }
                }
            }
        }
    }
}

#[test]
fn filters_narrow_by_feature_and_need() {
    let pack = pack();
    let json = example("anthropic");
    let updates = Options { features: vec!["auto-updates".into()], ..on(Platform::Macos) };
    let list = derived(&pack, &json, &updates);
    assert_eq!(list.hosts.len(), 3);
    assert!(list.hosts.iter().all(|h| h.need() == Need::Feature));
    let required = Options { needs: vec![Need::Required], ..on(Platform::Macos) };
    let names: Vec<String> =
        derived(&pack, &json, &required).hosts.iter().map(|h| h.host.to_string()).collect();
    assert_eq!(names, ["api.anthropic.com", "downloads.claude.ai"]);
}

#[test]
fn wildcards_know_a_member_where_the_pack_names_one() {
    let pack = pack();
    let list = derived(&pack, &example("anthropic"), &on(Platform::Linux));
    let member =
        |name: &str| list.hosts.iter().find(|h| h.host.to_string() == name).unwrap().hints.member.clone();
    assert!(member("*.ingest.us.sentry.io").unwrap().ends_with(".ingest.us.sentry.io"));
    assert!(member("*.sentry.io").is_some() && member("*.gvt1.com").is_some());
    assert_eq!(member("*.gstatic.com"), None);
    assert_eq!(member("redirector.gvt1.com"), None);
    for rule in &pack.rules {
        if let HostSource::Names(names) = &rule.source {
            assert!(!names.is_empty(), "{}", rule.id);
        }
    }
}

#[test]
fn a_union_takes_no_platform_from_a_neighbour() {
    let pack = pack();
    for platform in [Platform::Windows, Platform::Macos, Platform::Linux] {
        for both in [["gateway", "lockdown"], ["lockdown", "gateway"]] {
            let [mut says, mut silent] = both.map(|name| from_json(name, &example(name), &pack.keys));
            (says.platform, silent.platform) = (Some(platform), None);
            let alone = |c: &Configuration, o: &Options| lines(&derive(&pack, std::slice::from_ref(c), o));
            let options = Options::default();
            let wanted: BTreeSet<String> = &alone(&says, &options) | &alone(&silent, &options);
            for pair in [[says.clone(), silent.clone()], [silent.clone(), says.clone()]] {
                let list = derive(&pack, &pair, &options);
                let hosts = |set: &BTreeSet<String>| -> BTreeSet<String> {
                    set.iter().map(|l| l.split(' ').next().unwrap().to_owned()).collect()
                };
                assert_eq!(hosts(&lines(&list)), hosts(&wanted), "{platform}");
                for input in &list.inputs {
                    let said = input.name == says.name;
                    assert_eq!(input.platform_assumed, !said, "{}", input.name);
                    assert_eq!(input.platform, Some(if said { platform } else { Platform::here() }));
                }
                assert!(list.platform_assumed);
                // The command line is stronger than both.
                let list = derive(&pack, &pair, &on(Platform::Macos));
                assert!(
                    list.inputs.iter().all(|i| i.platform == Some(Platform::Macos) && !i.platform_assumed)
                );
            }
        }
    }
    // The head of a list says which has which.
    let windows = if Platform::here() == Platform::Windows { Platform::Macos } else { Platform::Windows };
    let mut pair = ["gateway", "lockdown"].map(|name| from_json(name, &example(name), &pack.keys));
    (pair[0].platform, pair[1].platform) = (Some(windows), None);
    let list = derive(&pack, &pair, &Options::default());
    for text in [
        clearway::report::hosts::text::render(&list, &[], &clearway::report::Style::default()),
        clearway::report::hosts::txt::render(&list, &[]),
    ] {
        let text = text.replace("# ", " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("(gateway), ") && text.contains("(lockdown; assumed"), "{text}");
    }
}
