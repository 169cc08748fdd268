//! What each rule fires on, and the nearest thing that it must leave alone.

use serde_json::{Value, json};

/// Examples of one rule, or of several with one id.
pub struct Case {
    pub id: &'static str,
    pub fires: Vec<Value>,
    pub quiet: Vec<Value>,
}

fn merged(parts: &[Value]) -> Value {
    let mut all = serde_json::Map::new();
    for part in parts {
        all.extend(part.as_object().unwrap().clone());
    }
    Value::Object(all)
}

fn gateway(more: Value) -> Value {
    merged(&[
        json!({"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "inferenceGatewayApiKey": "a-key"}),
        more,
    ])
}

fn bedrock(more: Value) -> Value {
    merged(&[json!({"inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-west-1"}), more])
}

fn mantle(more: Value) -> Value {
    merged(&[
        json!({"inferenceProvider": "mantle", "inferenceBedrockRegion": "eu-west-1", "inferenceBedrockBearerToken": "a-token", "inferenceModels": ["m"]}),
        more,
    ])
}

fn vertex(more: Value) -> Value {
    merged(&[
        json!({"inferenceProvider": "vertex", "inferenceVertexProjectId": "p-1", "inferenceVertexRegion": "global", "inferenceModels": ["m"]}),
        more,
    ])
}

fn foundry(more: Value) -> Value {
    merged(&[
        json!({"inferenceProvider": "foundry", "inferenceFoundryResource": "r", "inferenceFoundryApiKey": "a-key", "inferenceModels": ["m"]}),
        more,
    ])
}

fn anthropic(more: Value) -> Value {
    merged(&[json!({"inferenceProvider": "anthropic"}), more])
}

fn mcp(entry: Value) -> Value {
    gateway(json!({"managedMcpServers": [{"name": "first", "transport": "policy-only"}, entry]}))
}

fn marketplace(entry: Value) -> Value {
    gateway(json!({"allowedPluginMarketplaces": [entry]}))
}

fn oidc(more: Value) -> Value {
    let object = merged(&[json!({"issuer": "https://idp.example", "clientId": "c"}), more]);
    merged(&[
        json!({"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "inferenceCredentialKind": "external-idp"}),
        json!({"inferenceIdpOidc": object}),
    ])
}

fn oidc_at(issuer: &str) -> Value {
    let object = json!({"issuer": issuer, "clientId": "c"});
    gateway(json!({"inferenceCredentialKind": "external-idp", "inferenceIdpOidc": object}))
}

fn reg(lines: &str) -> Value {
    json!(format!("Windows Registry Editor Version 5.00\r\n\r\n{lines}\r\n"))
}

const HKLM: &str = r"[HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Claude]";
const HKCU: &str = r"[HKEY_CURRENT_USER\SOFTWARE\Policies\Claude]";

/// Every case.
pub fn all() -> Vec<Case> {
    [provider(), addresses(), sandbox(), sign_in(), values(), connectors(), delivery()]
        .into_iter()
        .flatten()
        .collect()
}

fn case(id: &'static str, fires: Vec<Value>, quiet: Vec<Value>) -> Case {
    Case { id, fires, quiet }
}

fn provider() -> Vec<Case> {
    let sso = json!({"inferenceBedrockSsoStartUrl": "https://x.example/start", "inferenceBedrockSsoRegion": "eu-west-1", "inferenceBedrockSsoAccountId": "123456789012", "inferenceBedrockSsoRoleName": "R"});
    let entra = json!({"issuer": "https://login.microsoftonline.com/t/v2.0", "clientId": "c"});
    let okta = json!({"issuer": "https://idp.example", "clientId": "c"});
    vec![
        case(
            "browser-sign-in-only",
            vec![anthropic(json!({}))],
            vec![
                anthropic(json!({"inferenceAnthropicApiKey": "a-key"})),
                anthropic(json!({"inferenceCredentialHelper": "/opt/h"})),
                gateway(json!({})),
            ],
        ),
        case(
            "several-credentials",
            vec![
                bedrock(json!({"inferenceBedrockProfile": "p", "inferenceBedrockBearerToken": "a-token"})),
                bedrock(
                    json!({"inferenceBedrockProfile": "p", "inferenceIdpOidc": okta, "inferenceBedrockBaseUrl": "https://p.example"}),
                ),
            ],
            vec![
                bedrock(json!({"inferenceBedrockProfile": "p"})),
                bedrock(
                    json!({"inferenceBedrockProfile": "p", "inferenceBedrockBearerToken": "a-token", "inferenceCredentialKind": "static"}),
                ),
            ],
        ),
        case(
            "account-id",
            vec![
                bedrock(json!({"inferenceBedrockSsoAccountId": "1234-5678-9012"})),
                bedrock(json!({"inferenceBedrockSsoAccountId": "12345678901"})),
            ],
            vec![bedrock(sso.clone()), bedrock(json!({"inferenceBedrockSsoAccountId": "<account>"}))],
        ),
        case(
            "models-missing",
            vec![
                bedrock(json!({"inferenceBedrockProfile": "p"})),
                bedrock(sso.clone()),
                bedrock(json!({"inferenceBedrockProfile": "p", "modelDiscoveryEnabled": true})),
                merged(&[mantle(json!({})), json!({"inferenceModels": []})]),
                merged(&[vertex(json!({})), json!({"inferenceModels": []})]),
                gateway(json!({"modelDiscoveryEnabled": false})),
                bedrock(json!({"modelDiscoveryEnabled": false, "inferenceBedrockBearerToken": "a-token"})),
            ],
            vec![
                bedrock(json!({"inferenceBedrockProfile": "p", "inferenceModels": ["m"]})),
                bedrock(json!({"inferenceBedrockBearerToken": "a-token"})),
                mantle(json!({})),
                vertex(json!({})),
                foundry(json!({})),
                gateway(json!({})),
                gateway(json!({"modelDiscoveryEnabled": false, "inferenceModels": ["m"]})),
            ],
        ),
        case(
            "ignored-with-mantle",
            vec![mantle(json!({"inferenceBedrockProfile": "p"}))],
            vec![mantle(json!({})), bedrock(json!({"inferenceBedrockProfile": "p"}))],
        ),
        case(
            "workforce-incomplete",
            vec![vertex(
                json!({"inferenceCredentialKind": "workforce", "inferenceVertexWorkforceAudience": "a"}),
            )],
            vec![vertex(
                json!({"inferenceCredentialKind": "workforce", "inferenceVertexWorkforceAudience": "a", "inferenceVertexWorkforceOidc": okta}),
            )],
        ),
        case(
            "workforce-kind",
            vec![vertex(
                json!({"inferenceCredentialKind": "interactive", "inferenceVertexWorkforceAudience": "a"}),
            )],
            vec![vertex(
                json!({"inferenceCredentialKind": "workforce", "inferenceVertexWorkforceAudience": "a"}),
            )],
        ),
        case(
            "oauth-beats-file",
            vec![vertex(
                json!({"inferenceVertexOAuthClientId": "c", "inferenceVertexOAuthClientSecret": "s", "inferenceVertexCredentialsFile": "/f"}),
            )],
            vec![vertex(
                json!({"inferenceVertexOAuthClientId": "c", "inferenceVertexOAuthClientSecret": "s", "inferenceVertexCredentialsFile": "/f", "inferenceCredentialKind": "vendor-profile"}),
            )],
        ),
        case(
            "key-beside-helper",
            vec![
                gateway(json!({"inferenceCredentialHelper": "/opt/h"})),
                anthropic(
                    json!({"inferenceCredentialHelper": "/opt/h", "inferenceAnthropicApiKey": "a-key"}),
                ),
                foundry(json!({"inferenceCredentialHelper": "/opt/h"})),
                mantle(json!({"inferenceCredentialHelperWindows": "C:\\h.exe", "@platform": "windows"})),
                bedrock(
                    json!({"inferenceCredentialHelper": "/opt/h", "inferenceBedrockBearerToken": "a-token"}),
                ),
            ],
            vec![
                gateway(json!({})),
                gateway(json!({"inferenceCredentialHelper": "/opt/h", "inferenceCredentialKind": "static"})),
                mantle(json!({"inferenceCredentialHelperWindows": "C:\\h.exe", "@platform": "macos"})),
            ],
        ),
        case(
            "only-this-kind",
            vec![gateway(json!({"inferenceCredentialKind": "static"}))],
            vec![gateway(json!({}))],
        ),
        case(
            "credential-missing",
            vec![
                json!({"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "inferenceCredentialKind": "static"}),
                gateway(json!({"inferenceCredentialKind": "helper-script"})),
                foundry(json!({"inferenceCredentialKind": "interactive"})),
                gateway(json!({"inferenceCredentialKind": "external-idp"})),
                bedrock(json!({"inferenceCredentialKind": "external-idp", "inferenceGatewayOidc": okta})),
                bedrock(
                    json!({"inferenceCredentialKind": "interactive", "inferenceBedrockSsoRegion": "eu-west-1"}),
                ),
                bedrock(json!({"inferenceCredentialKind": "vendor-profile", "inferenceModels": ["m"]})),
            ],
            vec![
                gateway(json!({"inferenceCredentialKind": "static"})),
                gateway(
                    json!({"inferenceCredentialKind": "helper-script", "inferenceCredentialHelper": "/opt/h"}),
                ),
                oidc(json!({})),
                vertex(json!({"inferenceCredentialKind": "vendor-profile"})),
                // The gateway is its own sign-in server then.
                gateway(json!({"inferenceCredentialKind": "interactive"})),
                gateway(json!({"inferenceCredentialKind": "external-idp", "inferenceGatewayOidc": okta})),
                merged(&[bedrock(json!({"inferenceCredentialKind": "interactive"})), sso.clone()]),
                bedrock(
                    json!({"inferenceBedrockSsoRegion": "eu-west-1", "inferenceBedrockBearerToken": "a-token"}),
                ),
            ],
        ),
        case(
            "sso-scheme",
            vec![
                merged(&[
                    gateway(json!({"@app": "2.26454.0"})),
                    json!({"inferenceGatewayAuthScheme": "sso"}),
                ]),
                merged(&[
                    gateway(json!({"@app": "2.19675.0"})),
                    json!({"inferenceGatewayAuthScheme": "sso"}),
                ]),
                gateway(json!({"inferenceGatewayAuthScheme": "sso", "inferenceCredentialKind": "static"})),
            ],
            vec![
                gateway(json!({"inferenceGatewayAuthScheme": "sso", "@app": "1.37937.0"})),
                gateway(json!({"inferenceGatewayAuthScheme": "x-api-key"})),
            ],
        ),
        case(
            "external-idp-incomplete",
            vec![
                bedrock(
                    json!({"inferenceCredentialKind": "external-idp", "inferenceIdpOidc": okta, "inferenceModels": ["m"]}),
                ),
                bedrock(json!({"inferenceIdpOidc": okta, "inferenceBedrockBearerToken": "a-token"})),
            ],
            vec![
                bedrock(
                    json!({"inferenceCredentialKind": "external-idp", "inferenceIdpOidc": okta, "inferenceModels": ["m"], "inferenceBedrockBaseUrl": "https://proxy.example"}),
                ),
                bedrock(
                    json!({"inferenceIdpOidc": okta, "inferenceBedrockBaseUrl": "https://proxy.example"}),
                ),
                bedrock(json!({"inferenceIdpOidc": okta, "inferenceCredentialKind": "static"})),
                bedrock(json!({"inferenceIdpOidc": okta, "@app": "2.2553.0"})),
            ],
        ),
        case(
            "broker-issuer",
            vec![
                gateway(json!({"inferenceGatewayOidc": okta, "inferenceGatewayOidcAuthFlow": "broker"})),
                gateway(json!({"inferenceIdpOidc": okta, "inferenceIdpAuthFlow": "broker"})),
                vertex(
                    json!({"inferenceVertexWorkforceOidc": okta, "inferenceVertexWorkforceAuthFlow": "broker"}),
                ),
            ],
            vec![
                gateway(json!({"inferenceIdpOidc": entra, "inferenceIdpAuthFlow": "broker"})),
                gateway(json!({"inferenceIdpOidc": okta, "inferenceIdpAuthFlow": "browser"})),
            ],
        ),
        case(
            "broker-on-linux",
            vec![
                gateway(
                    json!({"inferenceGatewayOidc": entra, "inferenceGatewayOidcAuthFlow": "broker", "@platform": "linux"}),
                ),
                gateway(
                    json!({"inferenceIdpOidc": entra, "inferenceIdpAuthFlow": "broker", "@platform": "linux"}),
                ),
                vertex(json!({"inferenceVertexWorkforceAuthFlow": "broker", "@platform": "linux"})),
                foundry(json!({"inferenceFoundryAuthFlow": "broker", "@platform": "linux"})),
            ],
            vec![
                foundry(json!({"inferenceFoundryAuthFlow": "broker", "@platform": "macos"})),
                foundry(json!({"inferenceFoundryAuthFlow": "browser", "@platform": "linux"})),
            ],
        ),
        case(
            "unused-keys",
            vec![
                foundry(json!({"inferenceGatewayBaseUrl": "https://x.example"})),
                gateway(
                    json!({"inferenceBedrockRegion": "r", "inferenceVertexRegion": "eu", "inferenceFoundryResource": "r", "inferenceAnthropicApiKey": "a-key"}),
                ),
            ],
            vec![gateway(json!({})), mantle(json!({})), foundry(json!({})), vertex(json!({}))],
        ),
        case(
            "keys-without-provider",
            vec![
                json!({"inferenceGatewayBaseUrl": "https://gw.example"}),
                json!({"inferenceBedrockRegion": "r"}),
                json!({"inferenceVertexRegion": "eu"}),
                json!({"inferenceFoundryResource": "r"}),
                json!({"inferenceAnthropicApiKey": "a-key"}),
            ],
            vec![
                gateway(json!({})),
                json!({"bootstrapUrl": "https://b.example", "inferenceBedrockRegion": "r"}),
            ],
        ),
        case(
            "first-party-key",
            vec![gateway(json!({"forceLoginOrgUUID": "u"}))],
            vec![json!({"forceLoginOrgUUID": "u"}), gateway(json!({}))],
        ),
        case(
            "superseded-key",
            vec![
                gateway(json!({"inferenceGatewayOidc": okta})),
                gateway(json!({"inferenceGatewayOidcAuthFlow": "browser"})),
            ],
            vec![gateway(
                json!({"inferenceGatewayOidc": okta, "inferenceGatewayOidcAuthFlow": "browser", "@app": "2.2553.0"}),
            )],
        ),
        case(
            "no-effect",
            vec![gateway(json!({"requireCoworkFullVmSandbox": true, "betaFeaturesEnabled": true}))],
            vec![gateway(json!({})), gateway(json!({"secureVmFeaturesEnabled": true}))],
        ),
        case(
            "undocumented-key",
            vec![
                gateway(json!({"codeAllowedRepositories": [{"name": "r"}]})),
                gateway(json!({"dictationEnabled": true})),
                gateway(json!({"allowOptionalClientAuth": true})),
                gateway(json!({"secureVmFeaturesEnabled": true})),
            ],
            vec![gateway(json!({"keepAwakeEnabled": true}))],
        ),
    ]
}

fn addresses() -> Vec<Case> {
    let url = |u: &str| merged(&[gateway(json!({})), json!({"inferenceGatewayBaseUrl": u})]);
    vec![
        case(
            "localhost",
            vec![
                url("http://localhost:8080"),
                bedrock(json!({"inferenceBedrockBaseUrl": "http://localhost:8080"})),
                vertex(json!({"inferenceVertexBaseUrl": "http://localhost:8080"})),
                foundry(json!({"inferenceFoundryBaseUrl": "http://localhost:8080/a"})),
            ],
            vec![url("http://127.0.0.1:8080"), url("http://[::1]:8080"), url("https://localhost.example")],
        ),
        case(
            "base-url-path",
            vec![
                bedrock(json!({"inferenceBedrockBaseUrl": "https://e.example/path"})),
                mantle(json!({"inferenceBedrockBaseUrl": "https://e.example"})),
                foundry(json!({"inferenceFoundryBaseUrl": "https://e.example"})),
            ],
            vec![
                bedrock(json!({"inferenceBedrockBaseUrl": "https://e.example"})),
                bedrock(json!({"inferenceBedrockBaseUrl": "https://e.example/"})),
                mantle(json!({"inferenceBedrockBaseUrl": "https://e.example/anthropic"})),
                foundry(json!({"inferenceFoundryBaseUrl": "https://e.example/anthropic"})),
                url("https://gw.example/v2"),
            ],
        ),
        case(
            "model-not-known",
            vec![
                gateway(json!({"inferenceModels": ["gpt-5", "claude-sonnet-4-5"]})),
                gateway(json!({"inferenceModels": [{"name": "llama-4"}]})),
                bedrock(json!({"inferenceModels": ["amazon.nova-pro-v1:0"]})),
                bedrock(
                    json!({"inferenceModels": ["arn:aws:bedrock:eu-west-1::foundation-model/meta.llama4"]}),
                ),
                vertex(json!({"inferenceModels": ["gemini-3-pro"]})),
                mantle(json!({"inferenceModels": ["qwen3"]})),
            ],
            vec![
                gateway(
                    json!({"inferenceModels": ["claude-opus-4-1", "team/Claude-Sonnet", "sonnet", "claude-sonnet-4-5[1m]"]}),
                ),
                gateway(json!({"inferenceModels": [{"name": "claude-haiku-4-5", "supports1m": true}]})),
                gateway(json!({"inferenceModels": ["<model>"]})),
                bedrock(
                    json!({"inferenceModels": ["eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "global.anthropic.claude-opus-4-1-v1:0", "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2", "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4"]}),
                ),
                vertex(json!({"inferenceModels": ["claude-opus-4-1@20250805"]})),
                foundry(json!({"inferenceModels": ["our-deployment"]})),
            ],
        ),
        case(
            "base-url-other-api",
            vec![
                url("https://gw.example/openai/v1"),
                url("https://gw.example/v1/chat/completions"),
                url("https://gw.example/v1beta"),
                url("https://gw.example/models"),
                foundry(json!({"inferenceFoundryBaseUrl": "https://e.example/models"})),
                foundry(json!({"inferenceFoundryBaseUrl": "https://e.example/openai/deployments/x"})),
                foundry(json!({"inferenceFoundryBaseUrl": "https://e.example/anthropic/v1/messages"})),
                bedrock(json!({"inferenceBedrockBaseUrl": "https://e.example/model/x/invoke"})),
                vertex(json!({"inferenceVertexBaseUrl": "https://e.example/v1/m:streamRawPredict"})),
            ],
            vec![
                url("https://gw.example/anthropic"),
                url("https://gw.example/models-team"),
                foundry(json!({"inferenceFoundryBaseUrl": "https://e.example/anthropic"})),
                bedrock(json!({"inferenceBedrockBaseUrl": "https://e.example"})),
                mantle(json!({"inferenceBedrockBaseUrl": "https://e.example/anthropic"})),
                vertex(json!({"inferenceVertexBaseUrl": "https://e.example/v1"})),
            ],
        ),
        case(
            "sandbox-default",
            vec![gateway(json!({})), bedrock(json!({}))],
            vec![
                gateway(json!({"coworkEgressAllowedHosts": ["a.example"]})),
                gateway(json!({"coworkEgressAllowedHosts": []})),
                gateway(json!({"coworkTabEnabled": false})),
                json!({"disableAutoUpdates": true}),
            ],
        ),
        case(
            "cognito-scopes",
            vec![
                gateway(
                    json!({"inferenceGatewayOidc": {"issuer": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a", "clientId": "c"}}),
                ),
                gateway(
                    json!({"inferenceGatewayOidc": {"issuer": "https://x.auth.eu-west-1.amazoncognito.com", "clientId": "c"}}),
                ),
                vertex(
                    json!({"inferenceVertexWorkforceOidc": {"issuer": "https://cognito-idp.eu-west-1.amazonaws.com/a", "clientId": "c"}}),
                ),
                oidc_at("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_a"),
            ],
            vec![
                gateway(
                    json!({"inferenceGatewayOidc": {"issuer": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a", "clientId": "c", "scopes": "openid email"}}),
                ),
                oidc(json!({})),
            ],
        ),
        case(
            "doubled-v1",
            vec![url("https://gw.example/v1"), url("https://gw.example/x/v1/")],
            vec![url("https://gw.example/v10"), url("https://gw.example/v1/anthropic")],
        ),
        case("base-url-form", vec![url("https://gw.example/?team=a")], vec![url("https://gw.example/")]),
        case(
            "base-url-slash",
            vec![url("https://gw.example/")],
            vec![url("https://gw.example"), url("https://gw.example/a")],
        ),
        case(
            "origin-only",
            vec![gateway(json!({"userContentRendererUrl": "https://frames.example/x"}))],
            vec![gateway(json!({"userContentRendererUrl": "https://frames.example"}))],
        ),
        case(
            "proxy-scheme",
            vec![gateway(json!({"egressProxyUrl": "https://127.0.0.1:3128"}))],
            vec![
                gateway(json!({"egressProxyUrl": "http://127.0.0.1:3128"})),
                gateway(json!({"egressProxyUrl": "https://proxy.example:3128"})),
            ],
        ),
        case(
            "two-proxies",
            vec![gateway(
                json!({"egressProxyUrl": "http://p.example:3128", "egressProxyPacUrl": "http://p.example/p.pac"}),
            )],
            vec![gateway(json!({"egressProxyUrl": "http://p.example:3128"}))],
        ),
        case(
            "otlp-path",
            vec![gateway(json!({"otlpEndpoint": "https://o.example/v1/logs"}))],
            vec![gateway(json!({"otlpEndpoint": "https://o.example/collector"}))],
        ),
        case(
            "otlp-port",
            vec![
                gateway(json!({"otlpEndpoint": "https://o.example:4318", "otlpProtocol": "grpc"})),
                gateway(json!({"otlpEndpoint": "https://o.example:4317"})),
            ],
            vec![
                gateway(json!({"otlpEndpoint": "https://o.example:4318"})),
                gateway(json!({"otlpEndpoint": "https://o.example:4317", "otlpProtocol": "grpc"})),
            ],
        ),
        case(
            "otlp-plain-http",
            vec![gateway(json!({"otlpEndpoint": "http://o.example:4318"}))],
            vec![gateway(json!({"otlpEndpoint": "http://127.0.0.1:4318"}))],
        ),
        case(
            "mcp-plain-http",
            vec![mcp(json!({"name": "m", "transport": "http", "url": "http://127.0.0.1:9/mcp"}))],
            vec![mcp(json!({"name": "m", "transport": "http", "url": "https://m.example"}))],
        ),
    ]
}

fn sandbox() -> Vec<Case> {
    let list = |hosts: Value| gateway(json!({"coworkEgressAllowedHosts": hosts}));
    vec![
        case(
            "egress-any-mixed",
            vec![list(json!(["*", "a.example"]))],
            vec![list(json!(["*"])), list(json!(["*.a.example"]))],
        ),
        case("egress-any", vec![list(json!(["*"]))], vec![list(json!(["*", "a.example"])), list(json!([]))]),
        case(
            "egress-port",
            vec![
                list(json!(["a.example:8443"])),
                merged(&[list(json!(["a.example:8443"])), json!({"@app": "1.26832.0"})]),
            ],
            vec![list(json!(["a.example", "2001:db8::1"]))],
        ),
        case(
            "egress-address",
            vec![list(json!(["192.0.2.7", "192.0.2.8:80"]))],
            vec![list(json!(["a.example"]))],
        ),
        case(
            "egress-wildcard",
            vec![list(json!(["*.a.example"]))],
            vec![list(json!(["*.a.example", "a.example"])), list(json!(["*"]))],
        ),
        case("egress-empty", vec![list(json!([]))], vec![list(json!(["a.example"])), gateway(json!({}))]),
    ]
}

fn sign_in() -> Vec<Case> {
    let anchor = |more: Value| merged(&[json!({"bootstrapUrl": "https://b.example"}), more]);
    let with = |issuer: &str| json!({"issuer": issuer, "clientId": "c"});
    vec![
        case(
            "issuer-suffix",
            vec![oidc(json!({"issuer": "https://idp.example/.well-known/openid-configuration"}))],
            vec![oidc(json!({}))],
        ),
        case(
            "endpoints-ignored",
            vec![oidc(json!({"tokenUrl": "https://idp.example/t"}))],
            vec![
                oidc(json!({})),
                oidc(
                    json!({"issuer": "", "tokenUrl": "https://idp.example/t", "authorizationUrl": "https://idp.example/a"}),
                ),
            ],
        ),
        case(
            "endpoints-half",
            vec![oidc(json!({"issuer": "", "tokenUrl": "https://idp.example/t"}))],
            vec![
                oidc(
                    json!({"issuer": "", "tokenUrl": "https://idp.example/t", "authorizationUrl": "https://idp.example/a"}),
                ),
                oidc(json!({"tokenUrl": "https://idp.example/t"})),
            ],
        ),
        case("endpoints-missing", vec![oidc(json!({"issuer": ""}))], vec![oidc(json!({}))]),
        case("client-id-missing", vec![oidc(json!({"clientId": ""}))], vec![oidc(json!({}))]),
        case(
            "redirect-host",
            vec![oidc(json!({"redirectHost": "localhost"}))],
            vec![oidc(json!({"redirectHost": "127.0.0.1"})), oidc(json!({}))],
        ),
        case(
            "redirect-port",
            vec![
                oidc(json!({"issuer": "https://acme.okta.com"})),
                gateway(json!({"inferenceGatewayOidc": with("https://acme.oktapreview.com")})),
                vertex(json!({"inferenceVertexWorkforceOidc": with("https://auth.pingone.eu/x/as")})),
                anchor(json!({"bootstrapOidc": with("https://acme.okta.com")})),
            ],
            vec![
                oidc(json!({"issuer": "https://acme.okta.com", "redirectPort": 8123})),
                oidc(json!({"issuer": "https://notokta.com"})),
            ],
        ),
        case(
            "scopes-missing",
            vec![oidc(json!({"bearerTokenType": "access_token"}))],
            vec![oidc(json!({"bearerTokenType": "access_token", "scopes": "s"})), oidc(json!({}))],
        ),
        case(
            "offline-access",
            vec![oidc(json!({"scopes": "openid email"}))],
            vec![
                oidc(json!({"scopes": "openid offline_access"})),
                oidc(json!({})),
                oidc(json!({"scopes": "openid", "appendOfflineAccess": false})),
                oidc(json!({"scopes": "s", "bearerTokenType": "access_token"})),
            ],
        ),
        case(
            "bootstrap-scopes",
            vec![anchor(json!({"bootstrapOidc": with("https://idp.example")}))],
            vec![
                anchor(
                    json!({"bootstrapOidc": {"issuer": "https://idp.example", "clientId": "c", "scopes": "openid"}}),
                ),
                oidc(json!({})),
            ],
        ),
        case(
            "device-code-only",
            vec![anchor(json!({"bootstrapHeaders": {"x-key": "v"}}))],
            vec![
                anchor(json!({})),
                anchor(
                    json!({"bootstrapHeaders": {"x-key": "v"}, "bootstrapOidc": with("https://idp.example")}),
                ),
            ],
        ),
    ]
}

fn values() -> Vec<Case> {
    let one = |key: &str, value: Value| {
        let mut map = serde_json::Map::new();
        map.insert(key.to_owned(), value);
        gateway(Value::Object(map))
    };
    vec![
        case(
            "out-of-range",
            vec![
                one("inferenceCredentialHelperTimeoutSec", json!(601)),
                one("inferenceStreamIdleTimeoutSec", json!(299)),
                one("mcpToolTimeoutSec", json!(59)),
                one("configRecheckIntervalMinutes", json!(31)),
                one("autoUpdaterEnforcementHours", json!(0)),
                one("relaunchEnforcementHours", json!(337)),
                one("mcpScheduledTaskApprovalLifetimeDays", json!(-1)),
                one("inferenceTokenWindowHours", json!(721)),
                one("codeSessionRetentionDays", json!(0)),
                one("inferenceModelPricingMultiplier", json!(0)),
                one("inferenceModelPricingMultiplier", json!(1.5)),
            ],
            vec![
                one("inferenceCredentialHelperTimeoutSec", json!(600)),
                one("inferenceStreamIdleTimeoutSec", json!(300)),
                one("mcpToolTimeoutSec", json!(60)),
                one("configRecheckIntervalMinutes", json!(30)),
                one("autoUpdaterEnforcementHours", json!(72)),
                one("relaunchEnforcementHours", json!(0)),
                one("mcpScheduledTaskApprovalLifetimeDays", json!(0)),
                one("inferenceTokenWindowHours", json!(720)),
                one("codeSessionRetentionDays", json!(1)),
                one("inferenceModelPricingMultiplier", json!(1)),
                one("inferenceModelPricingMultiplier", json!(0.01)),
            ],
        ),
        case(
            "token-limit-half",
            vec![one("inferenceMaxTokensPerWindow", json!(5)), one("inferenceTokenWindowHours", json!(5))],
            vec![gateway(json!({"inferenceMaxTokensPerWindow": 5, "inferenceTokenWindowHours": 5}))],
        ),
        case(
            "instructions-too-long",
            vec![one("organizationInstructions", json!("ä".repeat(3001)))],
            vec![one("organizationInstructions", json!("ä".repeat(3000)))],
        ),
        case(
            "helper-argument",
            vec![
                one("inferenceCredentialHelperArgs", json!(["a", ""])),
                one("inferenceCredentialHelperArgs", json!(["100%"])),
                one("inferenceCredentialHelperArgs", json!(["a\"b"])),
            ],
            vec![one("inferenceCredentialHelperArgs", json!(["auth", "print-it"]))],
        ),
        case(
            "path-not-absolute",
            vec![
                one("inferenceCredentialHelper", json!("~/bin/helper")),
                one("inferenceCredentialHelper", json!("helper.sh")),
                merged(&[
                    one("inferenceCredentialHelperWindows", json!("%APPDATA%\\h.exe")),
                    json!({"@platform": "windows"}),
                ]),
                reg(&format!("{HKLM}\r\n\"inferenceCredentialHelper\"=\"/usr/local/bin/h\"")),
            ],
            vec![
                one("inferenceCredentialHelper", json!("/opt/h")),
                one("inferenceCredentialHelper", json!("C:\\h.exe")),
                one("inferenceCredentialHelper", json!("<helper>")),
                reg(&format!("{HKLM}\r\n\"inferenceCredentialHelper\"=\"C:\\\\h.exe\"")),
            ],
        ),
        case(
            "project-id",
            vec![
                vertex(json!({"inferenceVertexProjectId": "My Project"})),
                vertex(json!({"inferenceVertexWorkforceUserProject": "-p"})),
            ],
            vec![
                vertex(json!({})),
                vertex(json!({"inferenceVertexProjectId": "example.com:p-1"})),
                vertex(json!({"inferenceVertexProjectId": "<project>"})),
            ],
        ),
        case(
            "region-gov",
            vec![bedrock(json!({"inferenceBedrockRegion": "us-gov-west-1"}))],
            vec![bedrock(json!({}))],
        ),
        case(
            "region-undocumented",
            vec![bedrock(json!({"inferenceBedrockRegion": "cn-north-1"}))],
            vec![
                bedrock(json!({})),
                bedrock(
                    json!({"inferenceBedrockRegion": "cn-north-1", "inferenceBedrockBaseUrl": "https://e.example"}),
                ),
            ],
        ),
        case(
            "region-multi",
            vec![vertex(json!({"inferenceVertexRegion": "eu", "@app": "1.20186.0"}))],
            vec![vertex(json!({"inferenceVertexRegion": "eu"})), vertex(json!({"@app": "1.20186.0"}))],
        ),
    ]
}

fn connectors() -> Vec<Case> {
    let http = |more: Value| {
        mcp(merged(&[json!({"name": "m", "transport": "http", "url": "https://m.example"}), more]))
    };
    let m365 = |more: Value| mcp(merged(&[json!({"name": "m", "server": "microsoft365"}), more]));
    let pin = "0123456789abcdef0123456789abcdef01234567";
    let sha = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    vec![
        case(
            "mcp-two-kinds",
            vec![m365(json!({"tenantId": "t", "clientId": "c", "url": "https://m.example"}))],
            vec![m365(json!({"tenantId": "t", "clientId": "c"})), http(json!({}))],
        ),
        case(
            "mcp-microsoft365",
            vec![m365(json!({"tenantId": "t"}))],
            vec![m365(json!({"tenantId": "t", "clientId": "c"})), http(json!({}))],
        ),
        case(
            "mcp-cloud",
            vec![m365(json!({"tenantId": "t", "azureCloud": "us-gov-high"}))],
            vec![
                m365(json!({"tenantId": "t", "clientId": "c", "azureCloud": "us-gov-high"})),
                m365(json!({"tenantId": "t"})),
            ],
        ),
        case(
            "mcp-websearch-url",
            vec![mcp(json!({"name": "s", "server": "websearch", "provider": "custom"}))],
            vec![
                mcp(
                    json!({"name": "s", "server": "websearch", "provider": "custom", "customUrl": "https://s.example"}),
                ),
                mcp(json!({"name": "s", "server": "websearch", "provider": "brave"})),
            ],
        ),
        case(
            "mcp-websearch-off",
            vec![merged(&[
                mcp(json!({"name": "s", "server": "websearch", "provider": "brave"})),
                json!({"disabledBuiltinTools": ["WebSearch"]}),
            ])],
            vec![
                mcp(json!({"name": "s", "server": "websearch", "provider": "brave"})),
                merged(&[http(json!({})), json!({"disabledBuiltinTools": ["WebSearch"]})]),
            ],
        ),
        case(
            "mcp-tenant-scope",
            vec![http(json!({"oauth": {"tenantId": "t"}}))],
            vec![http(json!({"oauth": {"tenantId": "t", "scope": "s"}}))],
        ),
        case(
            "mcp-client-secret",
            vec![
                http(json!({"oauth": {"clientSecret": "s"}})),
                http(json!({"oauth": {"clientSecretHelper": "/opt/s"}})),
            ],
            vec![
                http(json!({"oauth": {"clientSecret": "s", "authorizationServer": ["https://a.example"]}})),
                http(
                    json!({"oauth": {"clientSecretHelper": "/opt/s", "authorizationServer": ["https://a.example"]}}),
                ),
                http(json!({"oauth": true})),
            ],
        ),
        case(
            "mcp-endpoint-pair",
            vec![
                http(json!({"oauth": {"clientId": "c", "authorizationUrl": "https://a.example/a"}})),
                http(json!({"oauth": {"clientId": "c", "tokenUrl": "https://a.example/t"}})),
                http(
                    json!({"oauth": {"authorizationUrl": "https://a.example/a", "tokenUrl": "https://a.example/t"}}),
                ),
            ],
            vec![
                http(
                    json!({"oauth": {"clientId": "c", "authorizationUrl": "https://a.example/a", "tokenUrl": "https://a.example/t"}}),
                ),
                http(json!({"oauth": {"clientId": "c"}})),
            ],
        ),
        case(
            "mcp-callback",
            vec![
                http(json!({"oauth": {"callbackPort": 5000}})),
                http(json!({"oauth": {"callbackHost": "localhost"}})),
            ],
            vec![
                http(json!({"oauth": {"callbackPort": 5000, "clientId": "c"}})),
                http(json!({"oauth": true})),
            ],
        ),
        case(
            "mcp-redirects",
            vec![http(json!({}))],
            vec![
                mcp(json!({"name": "m", "transport": "stdio", "command": "/opt/m"})),
                merged(&[http(json!({})), json!({"@app": "2.7032.0"})]),
            ],
        ),
        case(
            "microsoft-default-account",
            vec![
                gateway(json!({"microsoftAuthDefaultAccount": "enabled", "@app": "2.26454.0"})),
                gateway(
                    json!({"microsoftAuthDefaultAccount": "enabled", "microsoftAuthBroker": "disabled", "@app": "2.26454.0"}),
                ),
                gateway(
                    json!({"microsoftAuthDefaultAccount": "enabled", "@platform": "macos", "@app": "2.26454.0"}),
                ),
                merged(&[
                    mcp(
                        json!({"name": "m", "server": "microsoft365", "tenantId": "contoso.example", "clientId": "c"}),
                    ),
                    json!({"microsoftAuthDefaultAccount": "enabled", "@app": "2.26454.0"}),
                ]),
            ],
            vec![
                gateway(json!({"microsoftAuthDefaultAccount": "disabled", "@app": "2.26454.0"})),
                gateway(json!({"@app": "2.26454.0"})),
            ],
        ),
        case(
            "user-marketplaces-hidden",
            vec![gateway(json!({"userPluginMarketplacesEnabled": false}))],
            vec![
                gateway(json!({"userPluginMarketplacesEnabled": true})),
                gateway(json!({"userPluginMarketplacesEnabled": false, "@app": "2.9939.2"})),
            ],
        ),
        case(
            "import-list",
            vec![
                gateway(json!({"claudeAiImport": {"allowedOrganizationUuids": ["u"]}, "@app": "2.26454.0"})),
                gateway(
                    json!({"claudeAiImport": {"enabled": true, "allowedOrganizationUuids": ["u"]}, "@app": "2.19675.0"}),
                ),
                gateway(
                    json!({"claudeAiImport": {"enabled": true, "allowedOrganizationUuids": ["u"]}, "@app": "2.26454.0"}),
                ),
            ],
            vec![
                gateway(json!({"claudeAiImport": {"enabled": true}, "@app": "2.26454.0"})),
                gateway(json!({"claudeAiImport": {"enabled": true, "allowedOrganizationUuids": []}})),
            ],
        ),
        case(
            "browser-behind-bootstrap",
            vec![gateway(json!({"bootstrapUrl": "https://b.example", "builtinBrowserEnabled": true}))],
            vec![
                gateway(json!({"builtinBrowserEnabled": true})),
                gateway(json!({"bootstrapUrl": "https://b.example", "builtinBrowserEnabled": false})),
                gateway(
                    json!({"bootstrapUrl": "https://b.example", "bootstrapEnabled": false, "builtinBrowserEnabled": true}),
                ),
            ],
        ),
        case(
            "ssh-credential",
            vec![
                bedrock(json!({"sshHostAllowlist": ["h.example"], "inferenceBedrockProfile": "p"})),
                vertex(json!({"sshHostAllowlist": ["h.example"]})),
                merged(&[
                    gateway(json!({"sshHostAllowlist": ["h.example"]})),
                    json!({"inferenceGatewayBaseUrl": "http://127.0.0.1:4000"}),
                ]),
                bedrock(
                    json!({"sshHostAllowlist": ["h.example"], "inferenceBedrockBearerToken": "t", "inferenceBedrockBaseUrl": "http://[::1]:4000"}),
                ),
            ],
            vec![
                gateway(json!({"sshHostAllowlist": ["h.example"]})),
                bedrock(json!({"sshHostAllowlist": ["h.example"], "inferenceBedrockBearerToken": "t"})),
                bedrock(json!({"inferenceBedrockProfile": "p"})),
                vertex(json!({"sshHostAllowlist": ["h.example"], "inferenceCredentialHelper": "/opt/h"})),
            ],
        ),
        case(
            "ssh-resolved-names",
            vec![gateway(json!({"sshHostAllowlist": ["h.example", "192.0.2.7"]}))],
            vec![gateway(json!({"sshHostAllowlist": []})), gateway(json!({}))],
        ),
        case(
            "content-capture",
            vec![gateway(json!({"otlpContentCapture": ["userPrompts", "everything"]}))],
            vec![
                gateway(
                    json!({"otlpContentCapture": ["userPrompts", "assistantResponses", "toolDetails", "toolContent", "rawApiBodies"]}),
                ),
                gateway(json!({"otlpContentCapture": []})),
            ],
        ),
        case(
            "mcp-hosted",
            vec![http(json!({"oauth": {"mode": "hosted"}}))],
            vec![http(json!({"oauth": {"mode": "hosted", "authorizationServer": ["https://a.example"]}}))],
        ),
        case(
            "mcp-no-transport",
            vec![mcp(json!({"name": "m", "url": "https://m.example"}))],
            vec![http(json!({})), m365(json!({}))],
        ),
        case(
            "mcp-legacy",
            vec![
                http(json!({"scopes": ["a"]})),
                http(json!({"authorityHost": "https://a.example"})),
                mcp(json!({"name": "m", "transport": "builtin"})),
                http(json!({"oauth": {"scopes": "a"}})),
                http(json!({"oauth": {"scope": ["a"]}})),
                http(json!({"oauth": "yes"})),
                http(json!({"toolPolicy": {"t": "ask-session"}})),
            ],
            vec![
                http(json!({"oauth": {"scope": "a"}, "toolPolicy": {"t": "ask"}})),
                http(json!({"oauth": true})),
            ],
        ),
        case("mcp-source", vec![http(json!({"source": "x"}))], vec![http(json!({}))]),
        case(
            "mcp-unknown-member",
            vec![http(json!({"colour": "red"}))],
            vec![http(json!({"toolPolicy": {"t": "ask"}, "_note": "x"}))],
        ),
        case(
            "mcp-args-address",
            vec![mcp(
                json!({"name": "m", "transport": "stdio", "command": "/opt/m", "args": ["remote", "https://far.example/mcp"]}),
            )],
            vec![
                mcp(json!({"name": "m", "transport": "stdio", "command": "/opt/m", "args": ["local"]})),
                http(json!({})),
            ],
        ),
        case(
            "mcp-static-secret",
            vec![http(json!({"headers": {"x-key": "v"}}))],
            vec![http(json!({"headersHelper": "/opt/h"})), http(json!({"headers": {}}))],
        ),
        case(
            "extensions-off",
            vec![gateway(json!({"isDesktopExtensionSignatureRequired": true}))],
            vec![
                gateway(
                    json!({"isDesktopExtensionSignatureRequired": true, "isDesktopExtensionEnabled": true}),
                ),
                gateway(json!({"isDesktopExtensionSignatureRequired": true, "@app": "1.18286.0"})),
            ],
        ),
        case(
            "marketplace-not-pinned",
            vec![
                marketplace(
                    json!({"source": "github", "repo": "a/b", "ref": "main", "installationPreference": "required"}),
                ),
                marketplace(
                    json!({"source": "git", "url": "https://g.example/a.git", "installationPreference": "auto_install"}),
                ),
                marketplace(
                    json!({"source": "url", "url": "https://p.example/m.json", "installationPreference": "auto_install"}),
                ),
            ],
            vec![
                marketplace(
                    json!({"source": "github", "repo": "a/b", "ref": pin, "installationPreference": "required"}),
                ),
                marketplace(
                    json!({"source": "github", "repo": "a/b", "ref": "main", "installationPreference": "available"}),
                ),
                marketplace(
                    json!({"source": "url", "url": "https://p.example/m.json", "manifestSha256": sha, "installationPreference": "auto_install"}),
                ),
            ],
        ),
        case(
            "marketplace-query",
            vec![marketplace(json!({"source": "url", "url": "https://p.example/m.json?v=1"}))],
            vec![marketplace(json!({"source": "url", "url": "https://p.example/m.json"}))],
        ),
        case(
            "tool-search",
            vec![vertex(json!({"toolSearchEnabled": true}))],
            vec![vertex(json!({"toolSearchEnabled": false})), gateway(json!({"toolSearchEnabled": true}))],
        ),
        case(
            "tool-search-proxy",
            vec![
                bedrock(json!({"toolSearchEnabled": true, "inferenceBedrockBaseUrl": "https://e.example"})),
                foundry(json!({"toolSearchEnabled": true, "inferenceFoundryBaseUrl": "https://e.example/a"})),
                vertex(json!({"toolSearchEnabled": true, "inferenceVertexBaseUrl": "https://e.example"})),
            ],
            vec![
                bedrock(json!({"toolSearchEnabled": true})),
                bedrock(json!({"inferenceBedrockBaseUrl": "https://e.example"})),
            ],
        ),
    ]
}

fn delivery() -> Vec<Case> {
    vec![
        case(
            "machine-hive",
            vec![reg(&format!("{HKLM}\r\n\"disableAutoUpdates\"=\"true\""))],
            vec![
                reg(&format!(
                    "{HKLM}\r\n\"inferenceProvider\"=\"gateway\"\r\n\"disableAutoUpdates\"=\"true\""
                )),
                reg(&format!("{HKCU}\r\n\"disableAutoUpdates\"=\"true\"")),
                json!({"disableAutoUpdates": true}),
            ],
        ),
        case(
            "secrets-in-file",
            vec![gateway(json!({}))],
            vec![
                anthropic(json!({})),
                merged(&[gateway(json!({})), json!({"inferenceGatewayApiKey": "YOUR_KEY"})]),
            ],
        ),
        case(
            "secret-not-included",
            vec![merged(&[gateway(json!({})), json!({"inferenceGatewayApiKey": "[secret not included]"})])],
            vec![gateway(json!({}))],
        ),
        case(
            "console-key",
            vec![gateway(json!({"disableLocalConfigCache": true}))],
            vec![
                json!({"status": "active", "config": {"$schemaVersion": 2, "inference": {"provider": "anthropic"}, "disableLocalConfigCache": true}}),
                gateway(json!({"disableLocalConfigCache": true, "@app": "2.2553.0"})),
            ],
        ),
        case(
            "catalogue-off",
            vec![
                gateway(json!({"modelCatalogUrl": "http://mirror.example/c"})),
                gateway(json!({"modelCatalogUrl": "mirror"})),
                gateway(json!({"modelCatalogUrl": "https://169.254.169.254/c"})),
                gateway(json!({"modelCatalogUrl": "https://[fe80::1]/c"})),
            ],
            vec![
                gateway(json!({"modelCatalogUrl": "https://mirror.example/c"})),
                gateway(json!({"modelCatalogUrl": "http://127.0.0.1:8080/c"})),
                gateway(json!({"modelCatalogUrl": "http://mirror.example/c", "modelCatalogEnabled": false})),
            ],
        ),
        case(
            "legacy-carrier",
            vec![json!({"enterpriseConfig": {"inferenceProvider": "gateway"}})],
            vec![gateway(json!({}))],
        ),
        case(
            "updates-by-default",
            vec![gateway(json!({}))],
            vec![
                gateway(json!({"disableAutoUpdates": true})),
                gateway(json!({"updateViaUpdatesHost": true})),
                gateway(json!({"@app": "1.25927.0"})),
            ],
        ),
        case(
            "preflight",
            vec![gateway(json!({}))],
            vec![
                gateway(json!({"skipWebFetchPreflight": true})),
                anthropic(json!({})),
                gateway(json!({"disabledBuiltinTools": ["WebFetch"]})),
            ],
        ),
    ]
}
