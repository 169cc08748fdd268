//! A document of the vendor's Admin API: the organization's configuration and the policies of groups.

use clearway::config::{ShadowedBy, Value};

use super::{at, ids, lost, read_at};

fn document(status: &str, groups: &str) -> String {
    format!(
        r#"{{
  "config": {{
    "$schemaVersion": 2,
    "inference": {{
      "provider": "gateway",
      "baseUrl": "https://gw.example",
      "customHeaders": {{"x-team": "[stored]"}},
      "credential": {{"kind": "interactive"}}
    }},
    "mcp": {{"managedServers": [{{"name": "tracker", "transport": "http", "url": "https://tracker.example/mcp"}}]}},
    "telemetry": {{"disableEssential": false}},
    "models": {{"defaultEffort": "high", "alwaysStartWithDefault": true, "pricing": {{"enabled": true, "multiplier": 0.5, "models": []}}}},
    "sessionRetention": {{"chatDays": 30, "coworkDays": 31, "codeDays": 32, "legalHold": true}},
    "authentication": {{"microsoftAuthDefaultAccount": "enabled"}}
  }},
  "status": "{status}",
  "group_settings": {{"entries": [{groups}]}},
  "version": 7,
  "checksum": "0f",
  "updated_at": "2026-10-20T08:00:00Z"
}}"#
    )
}

const GROUPS: &str = r#"
    {"group_id": "g-1", "config": {"$schemaVersion": 2, "inference": {"baseUrl": "https://first.example"},
      "mcp": {"managedServers": [{"name": "wiki", "transport": "http", "url": "https://wiki.example/mcp"}]}}},
    {"group_id": "g-2", "config": {"$schemaVersion": 2, "inference": {"baseUrl": "https://second.example"},
      "telemetry": {"disableEssential": true},
      "mcp": {"managedServers": [{"name": "crm", "transport": "http", "url": "https://crm.example/mcp"}]}}}"#;

fn newest() -> super::ReadOptions {
    at("2.26454.0")
}

#[test]
fn the_nested_configuration_is_read_and_proves_a_console() {
    let config = read_at("org.json", document("active", ""), &newest()).unwrap();
    assert!(config.admin_console);
    assert_eq!(config.sources[0].format, "admin-console");
    assert_eq!(config.text("inferenceGatewayBaseUrl"), Some("https://gw.example"));
    assert_eq!(config.get("disableEssentialTelemetry"), Some(&Value::Bool(false)));
    for (key, value) in [
        ("defaultModelEffort", Value::Text("high".into())),
        ("alwaysStartWithDefaultModel", Value::Bool(true)),
        ("inferenceModelPricingEnabled", Value::Bool(true)),
        ("inferenceModelPricingMultiplier", Value::Text("0.5".into())),
        ("chatSessionRetentionDays", Value::Integer(30)),
        ("coworkSessionRetentionDays", Value::Integer(31)),
        ("codeSessionRetentionDays", Value::Integer(32)),
        ("sessionRetentionHold", Value::Bool(true)),
        ("microsoftAuthDefaultAccount", Value::Text("enabled".into())),
    ] {
        assert_eq!(config.get(key), Some(&value), "{key}");
    }
    assert_eq!(config.settings["inferenceGatewayBaseUrl"].origin.path, "config.inference.baseUrl");
    assert_eq!(ids(&config), ["admin-console", "admin-console-placeholder"]);
    // The same nested document by itself proves nothing.
    let alone =
        read_at("n.json", r#"{"$schemaVersion": 2, "inference": {"provider": "gateway"}}"#, &newest());
    assert!(!alone.unwrap().admin_console);
}

#[test]
fn the_highest_ranked_policy_wins_and_connectors_are_united() {
    let config = read_at("org.json", document("active", GROUPS), &newest()).unwrap();
    assert_eq!(config.text("inferenceGatewayBaseUrl"), Some("https://first.example"));
    assert_eq!(
        config.settings["inferenceGatewayBaseUrl"].origin.path,
        "group_settings.entries[0].config.inference.baseUrl"
    );
    assert_eq!(config.get("disableEssentialTelemetry"), Some(&Value::Bool(true)), "the second policy");
    let names: Vec<&str> = config
        .get("managedMcpServers")
        .and_then(Value::as_list)
        .unwrap()
        .iter()
        .filter_map(|e| e.at("name")?.as_str())
        .collect();
    assert_eq!(names, ["wiki", "crm", "tracker"]);
    let by = lost(&config, "inferenceGatewayBaseUrl");
    assert_eq!(by.len(), 2);
    assert!(
        by.iter().all(|b| matches!(b, ShadowedBy::Key(o) if o.path.starts_with("group_settings.entries[0]")))
    );
    assert!(ids(&config).contains(&"admin-console-groups"));
}

#[test]
fn a_disabled_document_is_not_served() {
    let config = read_at("org.json", document("disabled", GROUPS), &newest()).unwrap();
    assert!(config.settings.is_empty() && config.admin_console);
    assert!(ids(&config).contains(&"admin-console-disabled"));
    assert!(
        lost(&config, "inferenceProvider")
            .iter()
            .any(|b| matches!(b, ShadowedBy::Rule(why) if why.contains("disabled")))
    );
}
