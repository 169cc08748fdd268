//! The nested document: its paths by app version, and where it is not read.

use clearway::config::Value;
use clearway::contract::Severity;

use super::{at, ids, read_at};

const OLD: &str = r#"{"$schemaVersion": 2, "inference": {"provider": "gateway"}, "bootstrap": {"relaunchEnforcementHours": 5}}"#;
const NEW: &str = r#"{"$schemaVersion": 2, "inference": {"provider": "gateway"}, "lifecycle": {"relaunchEnforcementHours": 5}}"#;
const RENDERER_OLD: &str = r#"{"$schemaVersion": 2, "inference": {"provider": "gateway"}, "userContentRendererUrl": "https://r.example"}"#;
const RENDERER_NEW: &str = r#"{"$schemaVersion": 2, "inference": {"provider": "gateway"}, "workspace": {"userContentRendererUrl": "https://r.example"}}"#;

#[test]
fn moved_paths_are_read_where_the_version_reads_them_and_nowhere_else() {
    let hours = "relaunchEnforcementHours";
    for (version, path, document, read) in [
        ("1.46388.0", hours, OLD, true),
        ("1.46388.0", hours, NEW, false),
        ("1.46388.1", hours, OLD, false),
        ("1.46388.1", hours, NEW, true),
        ("1.25926.0", "userContentRendererUrl", RENDERER_OLD, true),
        ("1.25926.0", "userContentRendererUrl", RENDERER_NEW, false),
        ("1.25927.0", "userContentRendererUrl", RENDERER_NEW, true),
    ] {
        let config = read_at("f.json", document, &at(version)).unwrap();
        assert_eq!(config.is_set(path), read, "{version} {document}");
        assert_eq!(config.text("inferenceProvider"), Some("gateway"));
        let moved = config.lint.iter().find(|l| l.id == "nested-path-moved");
        assert_eq!(moved.is_none(), read, "{version} {document}");
        if let Some(lint) = moved {
            assert_eq!(lint.severity, Severity::Error);
            assert_eq!(lint.key.as_deref(), Some(path));
        }
        assert!(!ids(&config).contains(&"unknown-key"), "{:?}", config.lint);
    }
    // At the root, newer versions may not read a key that stands beside the clusters.
    let config = read_at("f.json", RENDERER_OLD, &at("1.25927.0")).unwrap();
    assert!(ids(&config).contains(&"flat-key-in-nested-document"));
    let config = read_at("f.json", RENDERER_OLD, &at("1.25926.0")).unwrap();
    assert!(!ids(&config).contains(&"flat-key-in-nested-document"));
}

#[test]
fn a_cluster_that_is_a_key_of_the_same_name_is_no_flat_key() {
    let document =
        r#"{"$schemaVersion": 2, "inference": {"provider": "gateway"}, "claudeAiImport": {"enabled": true}}"#;
    let config = read_at("f.json", document, &Default::default()).unwrap();
    assert_eq!(config.get("claudeAiImport.enabled"), Some(&Value::Bool(true)));
    assert_eq!(ids(&config), ["nested-document"]);
}

#[test]
fn builds_before_the_nested_document_do_not_read_it() {
    assert!(ids(&read_at("f", NEW, &at("1.15199.0")).unwrap()).contains(&"nested-too-new"));
    assert!(!ids(&read_at("f", NEW, &at("1.15200.0")).unwrap()).contains(&"nested-too-new"));
}
