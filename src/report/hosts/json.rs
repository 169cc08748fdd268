//! The list as `clearway.hosts/1`.

use crate::derive::Requirements;
use crate::derive::document::{FeatureInfo, to_document};
use crate::report::json::{document, stand};

/// The list as `clearway.hosts/1`, ending in a line feed.
pub fn render(requirements: &Requirements, features: &[FeatureInfo]) -> String {
    let mut value = serde_json::to_value(to_document(requirements, features)).unwrap_or_default();
    stand(&mut value, requirements);
    document(&value)
}
