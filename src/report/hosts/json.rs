//! The list as `clearway.hosts/1`.

use crate::contract::FeatureInfo;
use crate::derive::Requirements;
use crate::document::hosts::to_document;
use crate::report::json::{document, stand};

/// The list as `clearway.hosts/1`, ending in a line feed.
pub fn render(requirements: &Requirements, features: &[FeatureInfo]) -> String {
    let mut value = serde_json::to_value(to_document(requirements, features)).unwrap_or_default();
    stand(&mut value, requirements);
    document(&value)
}
