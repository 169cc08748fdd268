//! The list as `clearway.hosts/1`.

use crate::contract::FeatureInfo;
use crate::derive::Requirements;
use crate::document::hosts::to_document;
use crate::report::json::{Standing, standing};

/// The list as `clearway.hosts/1`, ending in a line feed.
pub fn render(requirements: &Requirements, features: &[FeatureInfo]) -> String {
    standing(&to_document(requirements, features), Standing::of(requirements))
}
