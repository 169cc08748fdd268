//! The sandbox's list as `clearway.hosts/1` with `boundary: sandbox`.

use serde_json::{Value, json};

use crate::contract::FeatureInfo;
use crate::derive::sandbox::Sandbox;
use crate::document::hosts::to_document;
use crate::report::json::{Standing, standing};

/// The sandbox's list as `clearway.hosts/1` with `boundary: sandbox`; port 0 is every port.
pub fn render(found: &Sandbox, features: &[FeatureInfo], rules: Standing<'_>) -> String {
    let mut value = json!(to_document(&found.list, features));
    if let Value::Object(map) = &mut value {
        map.insert("boundary".into(), json!("sandbox"));
        map.insert("unrestricted".into(), json!(found.unrestricted));
        map.insert("governs".into(), json!(found.surfaces));
        map.insert(
            "disagreements".into(),
            json!({ "sandbox_only": found.sandbox_only, "perimeter_only": found.perimeter_only }),
        );
    }
    standing(&value, rules)
}
