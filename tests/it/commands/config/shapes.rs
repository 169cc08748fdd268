//! Shapes of configurations that are met in the field, written for this test, and what an experienced
//! administrator would want to be told of each.

use serde_json::Value;

use super::{clearway, text};

struct Shape {
    name: &'static str,
    content: &'static str,
    args: &'static [&'static str],
    provider: Option<&'static str>,
    credential: &'static str,
    /// Findings that must be there, with a part of their message.
    says: &'static [(&'static str, &'static str)],
    /// Findings that must not.
    never: &'static [&'static str],
}

const SHAPES: [Shape; 10] = [
    Shape {
        name: "policy.reg",
        content: "Windows Registry Editor Version 5.00\n\n; rolled out by hand\n[HKEY_CURRENT_USER\\SOFTWARE\\Policies\\Claude]\n\
            \"inferenceProvider\"=\"gateway\"\n\"inferenceGatewayBaseUrl\"=\"https://serving.orchard.example/gateway/anthropic\"\n\
            \"inferenceCredentialHelper\"=\"/usr/local/bin/orchard-key\"\n\"inferenceCredentialHelperTtlSec\"=\"55\"\n\
            \"disableAutoUpdates\"=dword:00000000\n\"isDesktopExtensionEnabled\"=dword:00000001\n",
        args: &[],
        provider: Some("gateway"),
        credential: "helper-script",
        says: &[
            ("path-not-absolute", "`/usr/local/bin/orchard-key`, which is no absolute path on Windows"),
            ("registry-dword", "REG_SZ"),
        ],
        never: &["fragment", "no-credential", "machine-hive"],
    },
    Shape {
        name: "both.reg",
        content: "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\Software\\Policies\\Claude]\r\n\"disableAutoUpdates\"=\"true\"\r\n\r\n\
            [HKEY_CURRENT_USER\\SOFTWARE\\Policies\\Claude]\r\n\"inferenceProvider\"=\"bedrock\"\r\n\"inferenceBedrockRegion\"=\"eu-west-1\"\r\n",
        args: &[],
        provider: None,
        credential: "none",
        says: &[("hkcu-ignored", "keep all values in one hive"), ("machine-hive", "disableAutoUpdates")],
        never: &["missing-key"],
    },
    Shape {
        name: "sso.reg",
        content: "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]\r\n\"inferenceProvider\"=\"bedrock\"\r\n\
            \"inferenceBedrockRegion\"=\"us-east-1\"\r\n\"inferenceBedrockSsoStartUrl\"=\"https://orchard.portal.example/start\"\r\n\
            \"inferenceBedrockSsoRegion\"=\"us-east-1\"\r\n\"inferenceBedrockSsoAccountId\"=\"1234 5678 9012\"\r\n\"inferenceBedrockSsoRoleName\"=\"Reader\"\r\n\
            \"modelDiscoveryEnabled\"=\"true\"\r\n",
        args: &[],
        provider: Some("bedrock"),
        credential: "interactive",
        says: &[("models-missing", "published samples rely on discovery"), ("account-id", "12 digits")],
        never: &["no-credential", "incomplete-set"],
    },
    Shape {
        name: "claude_desktop_config.json",
        content: r#"{"deploymentMode": "1p", "enterpriseConfig": {"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "http://localhost:3000/", "inferenceGatewayApiKey": "YOUR_API_KEY"}, "mcpServers": {}}"#,
        args: &[],
        provider: Some("gateway"),
        credential: "static",
        says: &[
            ("legacy-carrier", "configLibrary"),
            ("localhost", "write 127.0.0.1"),
            ("mode-1p", "3p"),
            ("placeholder", "inferenceGatewayApiKey"),
            ("base-url-slash", "Remove the slash"),
        ],
        never: &["plain-http", "secrets-in-file"],
    },
    Shape {
        name: "guide.plist",
        content: "<key>inferenceProvider</key>\n<string>gateway</string>\n<key>inferenceGatewayBaseUrl</key>\n<string>https://your-proxy.orchard.example</string>\n\
            <key>inferenceCredentialKind</key>\n<string>interactive</string>\n<key>inferenceGatewayOidc</key>\n\
            <dict><key>clientId</key><string>YOUR_CLIENT_ID</string><key>issuer</key><string>https://idp.orchard.example/.well-known/openid-configuration</string></dict>\n",
        args: &[],
        provider: Some("gateway"),
        credential: "interactive",
        says: &[
            ("fragment", "excerpts"),
            ("native-structure", "JSON text"),
            ("issuer-suffix", "without that path"),
            ("superseded-key", "inferenceIdpOidc"),
        ],
        never: &["credential-missing", "endpoints-missing"],
    },
    Shape {
        name: "managed-settings.json",
        content: r#"{"_comment": "locked down", "inferenceProvider": "bedrock", "inferenceBedrockRegion": "us-gov-west-1", "inferenceBedrockProfile": "prod", "inferenceModels": ["m"],
            "coworkEgressAllowedHosts": [], "disableNonessentialTelemetry": "true", "inferenceCredentialHelperWindows": "C:\\h.exe"}"#,
        args: &[],
        provider: Some("bedrock"),
        credential: "vendor-profile",
        says: &[
            ("comment-key", "whole file"),
            ("egress-empty", "not set"),
            ("string-encoded", "disableNonessentialTelemetry"),
            ("region-gov", "FIPS"),
        ],
        never: &["key-beside-helper", "several-credentials", "models-missing"],
    },
    Shape {
        name: "excerpt.json",
        content: "{\n  \"managedMcpServers\": \"[{\\\"name\\\": \\\"search\\\", \\\"url\\\": \\\"<endpoint>\\\", \\\"oauth\\\": {\\\"scope\\\": [\\\"a\\\"]}, \\\"source\\\": \\\"x\\\"}]\"\n}",
        args: &[],
        provider: None,
        credential: "none",
        says: &[
            ("no-provider", "Set inferenceProvider"),
            ("string-encoded", "managedMcpServers"),
            ("placeholder", "<endpoint>"),
            ("mcp-no-transport", "Sources disagree"),
            ("mcp-legacy", "oauth.scope as a list"),
            ("mcp-source", "ignores"),
        ],
        never: &["keys-without-provider"],
    },
    Shape {
        name: "switcher.json",
        content: r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "http://192.0.2.10:7860/v1", "inferenceGatewayApiKey": "k", "inferenceGatewayAuthScheme": "auto",
            "coworkEgressAllowedHosts": ["*"], "modelDiscoveryEnabled": false, "inferenceModels": [], "inferenceGatewayHeaders": {"x": "y"}, "isDxtEnabled": true, "InferenceProvider": "gateway"}"#,
        args: &[],
        provider: Some("gateway"),
        credential: "static",
        says: &[
            ("plain-http", "https only there"),
            ("doubled-v1", "/v1/v1/messages"),
            ("egress-any", "every host"),
            ("models-missing", "modelDiscoveryEnabled"),
            ("old-name", "inferenceCustomHeaders"),
            ("old-name", "isDesktopExtensionEnabled"),
            ("key-case", "write `inferenceProvider`"),
        ],
        never: &["localhost", "no-credential"],
    },
    Shape {
        name: "export.json",
        content: r#"{"$schemaVersion": 2, "inference": {"provider": "gateway", "baseUrl": "https://gw.orchard.example", "credential": {"kind": "static", "apiKey": "k"}},
            "workspace": {"allowedEgressHosts": ["*.pkg.example"]}, "autoUpdater": {"disable": true}}"#,
        args: &[],
        provider: Some("gateway"),
        credential: "static",
        says: &[
            ("nested-document", "configLibrary"),
            ("unknown-key", "autoUpdate"),
            ("egress-wildcard", "*.pkg.example without pkg.example"),
        ],
        never: &["no-credential"],
    },
    Shape {
        name: "anchor.json",
        content: r#"{"bootstrapUrl": "https://boot.orchard.example/config", "bootstrapHeaders": {"x-tenant": "t"}, "coworkOAuthIssuer": "https://idp.example"}"#,
        args: &["--platform", "macos"],
        provider: None,
        credential: "none",
        says: &[("device-code-only", "device-code"), ("unknown-key", "issuer inside bootstrapOidc")],
        never: &["no-provider", "no-credential"],
    },
];

#[test]
fn each_shape_is_told_what_matters() {
    let dir = tempfile::tempdir().unwrap();
    for shape in &SHAPES {
        std::fs::write(dir.path().join(shape.name), shape.content).unwrap();
        let args = [&["config", shape.name, "--format", "json"], shape.args].concat();
        let output = clearway(dir.path(), &args);
        assert!(output.status.success(), "{}: {}", shape.name, text(&output.stderr));
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let one = &document["configurations"][0];
        assert_eq!(one["provider"]["id"].as_str(), shape.provider, "{}", shape.name);
        assert_eq!(one["credential"]["kind"].as_str(), Some(shape.credential), "{}", shape.name);
        let lint: Vec<(&str, &str)> = one["lint"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| (l["id"].as_str().unwrap(), l["message"].as_str().unwrap()))
            .collect();
        for (id, part) in shape.says {
            let there = lint.iter().any(|(i, m)| i == id && m.contains(part));
            assert!(there, "{}: `{id}` with `{part}` is not among {lint:#?}", shape.name);
        }
        for id in shape.never {
            assert!(!lint.iter().any(|(i, _)| i == id), "{}: `{id}` is among {lint:#?}", shape.name);
        }
        // The same file as text: every finding is there, and every line fits.
        let args = [&["config", shape.name], shape.args].concat();
        let page = text(&clearway(dir.path(), &args).stdout);
        for (id, _) in &lint {
            let told = page.split_whitespace().any(|w| w.trim_matches(|c: char| !c.is_alphanumeric()) == *id);
            assert!(told, "{}: {id} is not in\n{page}", shape.name);
        }
    }
}
