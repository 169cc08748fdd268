//! A bootstrap server's response: as a file, and laid over what the device has.

use clearway::config::{ConfigError, Configuration, ReadOptions, ShadowedBy, Value};

use super::{ids, lost, read_at};

fn read(response: &str) -> Configuration {
    read_at("response.json", response, &Default::default()).unwrap()
}

#[test]
fn a_response_is_read_as_the_app_reads_one() {
    for response in [
        r#"{"expiresAt": 1893456000, "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "disableAutoUpdates": true,
            "bootstrapUrl": "https://evil.example", "egressProxyUrl": "http://proxy.example:8080", "trustBootstrapDelivery": true}"#,
        r#"{"expiresAt": 1893456000000, "$schemaVersion": 2, "inference": {"provider": "gateway", "baseUrl": "https://gw.example"}, "autoUpdate": {"disabled": true},
            "bootstrap": {"url": "https://evil.example", "trustBootstrapLocalExec": true}, "workspace": {"egressProxyUrl": "http://proxy.example:8080"}}"#,
    ] {
        let config = read(response);
        assert_eq!(config.sources[0].format, "bootstrap-response");
        assert_eq!(config.text("inferenceGatewayBaseUrl"), Some("https://gw.example"));
        assert_eq!(config.get("disableAutoUpdates"), Some(&Value::Bool(true)));
        assert_eq!(config.settings.len(), 3, "{:?}", config.settings.keys());
        let excluded: Vec<_> = config.lint.iter().filter(|l| l.id == "bootstrap-excluded").collect();
        assert_eq!(excluded.len(), 3, "{:?}", config.lint);
        assert!(excluded.iter().all(|l| l.origin.as_ref().is_some_and(|o| o.line.is_some())));
        assert_eq!(lost(&config, "bootstrapUrl").len(), 1);
        let until = config.lint.iter().find(|l| l.id == "bootstrap-response").unwrap();
        assert!(until.message.contains("2030-01-01 00:00 UTC"), "{}", until.message);
        assert!(!ids(&config).contains(&"nested-document"));
    }
    assert!(
        ids(&read(r#"{"expiresAt": "soon", "inferenceProvider": "vertex"}"#)).contains(&"bootstrap-expiry")
    );
}

#[test]
fn addresses_on_the_device_itself_are_dropped() {
    for host in [
        "127.0.0.1:8080",
        "localhost",
        "[::1]:1",
        "127.9.9.9",
        "[::ffff:127.0.0.1]",
        "a.localhost",
        "LOCALHOST.",
    ] {
        let config = read(&format!(
            r#"{{"expiresAt": 1, "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "http://{host}/v", "otlpEndpoint": "https://{host}",
                "inferenceIdpOidc": {{"issuer": "https://{host}", "clientId": "c"}},
                "managedMcpServers": [{{"name": "a", "transport": "http", "url": "https://{host}/mcp"}}, {{"name": "b", "transport": "http", "url": "https://mcp.example"}}]}}"#
        ));
        assert!(!config.is_set("inferenceGatewayBaseUrl") && !config.is_set("otlpEndpoint"), "{host}");
        assert!(
            !config.is_set("inferenceIdpOidc.issuer") && config.is_set("inferenceIdpOidc.clientId"),
            "{host}"
        );
        let servers = config.get("managedMcpServers").and_then(Value::as_list).unwrap();
        assert_eq!(servers.len(), 1, "{host}: {servers:?}");
        assert_eq!(config.lint.iter().filter(|l| l.id == "bootstrap-address").count(), 4, "{host}");
        assert_eq!(lost(&config, "managedMcpServers").len(), 1);
    }
    let config = read(
        r#"{"expiresAt": 1, "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "http://lan.example",
            "managedMcpServers": [{"name": "a", "url": "http://mcp.example"}, {"name": "b", "url": "https://b.example", "oauth": {"tokenUrl": "http://t.example", "scope": "s"}}]}"#,
    );
    // Plain http is another rule's business, except where connectors are concerned.
    assert!(config.is_set("inferenceGatewayBaseUrl"));
    let servers = config.get("managedMcpServers").and_then(Value::as_list).unwrap();
    assert_eq!(servers.len(), 1);
    assert!(servers[0].at("oauth.tokenUrl").is_none() && servers[0].at("oauth.scope").is_some());
}

/// The base with the response laid over it.
fn over(base: &str, response: &str) -> Result<Configuration, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("served.json");
    std::fs::write(&path, response).unwrap();
    let name = Some(path.to_str().unwrap().to_owned());
    read_at("base.json", base, &ReadOptions { bootstrap_response: name, ..ReadOptions::default() })
}

const BASE: &str = r#"{"bootstrapUrl": "https://boot.example/user/bootstrap", "inferenceProvider": "vertex", "otlpEndpoint": "https://otel.example", "egressProxyUrl": "http://proxy.example:3128"}"#;

#[test]
fn the_response_decides_every_key_that_a_server_may_set() {
    let config = over(BASE, r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://boot.example", "bootstrapUrl": "https://evil.example"}"#).unwrap();
    assert_eq!(config.text("inferenceProvider"), Some("gateway"));
    assert_eq!(config.text("inferenceGatewayBaseUrl"), Some("https://boot.example"));
    // The device's own stay.
    assert_eq!(config.text("bootstrapUrl"), Some("https://boot.example/user/bootstrap"));
    assert!(config.is_set("egressProxyUrl"));
    // Left out is unset, not inherited.
    assert!(!config.is_set("otlpEndpoint"));
    assert!(
        matches!(lost(&config, "inferenceProvider").as_slice(), [ShadowedBy::Key(o)] if o.source.ends_with("served.json"))
    );
    assert!(matches!(lost(&config, "otlpEndpoint").as_slice(), [ShadowedBy::Rule(_)]));
    assert!(ids(&config).contains(&"bootstrap-unsets"));
    assert_eq!(config.sources.len(), 2);
    assert_eq!(config.sources[1].format, "bootstrap-response");
}

#[test]
fn without_a_sign_in_a_server_names_only_its_own_origin() {
    let response = r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example"}"#;
    let pinned = over(BASE, response).unwrap();
    assert!(!pinned.is_set("inferenceGatewayBaseUrl"));
    assert!(ids(&pinned).contains(&"bootstrap-origin"));
    let port = over(
        BASE,
        r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://boot.example:8443"}"#,
    )
    .unwrap();
    assert!(!port.is_set("inferenceGatewayBaseUrl"));
    let signed_in = BASE.replace(
        "\"otlp",
        "\"bootstrapOidc\": {\"issuer\": \"https://id.example\", \"clientId\": \"c\"}, \"otlp",
    );
    let free = over(&signed_in, response).unwrap();
    assert_eq!(free.text("inferenceGatewayBaseUrl"), Some("https://gw.example"));
}

#[test]
fn a_response_that_would_not_be_fetched_is_said_to_be() {
    let response = r#"{"inferenceProvider": "gateway"}"#;
    let off = over(&BASE.replace("\"otlp", "\"bootstrapEnabled\": false, \"otlp"), response).unwrap();
    assert_eq!(off.text("inferenceProvider"), Some("vertex"));
    assert!(ids(&off).contains(&"bootstrap-disabled"));
    let without = over(r#"{"inferenceProvider": "vertex"}"#, response).unwrap();
    assert_eq!(without.text("inferenceProvider"), Some("gateway"));
    assert!(ids(&without).contains(&"bootstrap-without-url"));
    assert!(over(BASE, "<html>").unwrap_err().to_string().contains("served.json"));
}
