//! What is found on a device as `clearway.device/1`.

use crate::document::device::{Document, Examined};
use crate::report::json::document;

/// The document.
pub fn render(of: &Examined) -> String {
    document(&Document::from(of))
}
