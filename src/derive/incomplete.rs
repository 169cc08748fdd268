//! The sentences about a list that lacks a required host: shared by reports and product files.

use super::{Missing, Requirements};
use crate::text::english;
use crate::text::line::{self, LONG, SHORT};

/// The mark inside a list, one line each: that it is incomplete and what it lacks, then the errors. None
/// for a complete list.
pub fn marks(list: &Requirements) -> Vec<String> {
    if list.is_complete() {
        return Vec::new();
    }
    let mut lines = vec![mark(list)];
    lines.extend(list.lacking().map(|m| error(m, list)));
    lines
}

/// The first of [`marks`].
fn mark(list: &Requirements) -> String {
    let mut features: Vec<&str> = Vec::new();
    for missing in list.lacking() {
        if !features.contains(&missing.feature.as_str()) {
            features.push(&missing.feature);
        }
    }
    let text = format!(
        "INCOMPLETE: required hosts are missing from this list ({}), because of {}.",
        english::and(&features),
        errors(list)
    );
    line::line(&text, LONG)
}

/// `1 error in policy.json`.
pub fn errors(list: &Requirements) -> String {
    let mut sources: Vec<String> = Vec::new();
    for missing in list.lacking() {
        let source = source(missing, list);
        if !source.is_empty() && !sources.contains(&source) {
            sources.push(source);
        }
    }
    let count = english::count(list.lacking().count(), "error", "errors");
    if sources.is_empty() {
        format!("{count} in the configuration")
    } else {
        format!("{count} in {}", english::and(&sources))
    }
}

fn source(missing: &Missing, list: &Requirements) -> String {
    let own = missing.origin.as_ref().map(|o| o.source.as_str()).or(missing.config.as_deref());
    let only = match list.inputs.as_slice() {
        [one] => one.name.as_str(),
        _ => "",
    };
    line::line(own.unwrap_or(only), SHORT)
}

/// `line 1, inferenceGatewayBaseUrl: has no scheme`; with the file where there are several.
pub fn error(missing: &Missing, list: &Requirements) -> String {
    let mut place: Vec<String> = Vec::new();
    if list.inputs.len() > 1 {
        place.push(source(missing, list));
    }
    if let Some(line) = missing.origin.as_ref().and_then(|o| o.line) {
        place.push(format!("line {line}"));
    }
    let named = |key: &&String| missing.why.trim_start_matches('`').starts_with(key.as_str());
    place.extend(missing.key.iter().find(|key| !named(key)).cloned());
    place.retain(|p| !p.is_empty());
    let place = if place.is_empty() { String::new() } else { format!("{}: ", place.join(", ")) };
    line::line(&format!("{place}{}", missing.why), LONG)
}
