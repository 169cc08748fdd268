//! The published schemas, and documents held against them.

use std::path::Path;

use serde_json::Value;

/// Fails where a document does not keep to the schema of its name, such as `check`; `about` says
/// whose document it is.
pub fn hold(schema: &str, document: &Value, about: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(format!("{schema}-1.schema.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let validator = jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{about}: {errors:#?}");
}
