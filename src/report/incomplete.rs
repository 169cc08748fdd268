//! What every rendering says of a list that lacks a required host.

use super::layout::{Page, Paint};
use super::{FeatureInfo, sanitise};
use crate::contract::Need;
use crate::contract::ids::Feature;
use crate::derive::incomplete::{error, errors, marks};
use crate::derive::{Missing, Reason, Requirements};

/// The message in place of the list. `nothing_was` says what was not done, and how to have it.
pub fn refusal(list: &Requirements, features: &[FeatureInfo], nothing_was: &str) -> String {
    let mut text = format!("this list is NOT complete: {}.", errors(list));
    for missing in list.lacking() {
        text.push_str(&format!("\n  {}", error(missing, list)));
    }
    text.push_str(&format!("\n  {}\n{nothing_was}", consequence(list, features)));
    text
}

/// What standard error says beside a list that is written: the errors that cost hosts, required ones or
/// those of a feature.
pub fn remark(list: &Requirements, features: &[FeatureInfo]) -> Option<String> {
    let mut text = String::new();
    if !list.is_complete() {
        text = refusal(list, features, "It is marked INCOMPLETE (--allow-incomplete).");
    }
    let others: Vec<&Missing> = list.missing.iter().filter(|m| m.need != Need::Required).collect();
    if !others.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str("hosts of a feature are missing from the list:");
        for missing in others {
            let title = FeatureInfo::title_of(features, &missing.feature);
            text.push_str(&format!("\n  {}: {}", sanitise::line(title, 120), error(missing, list)));
        }
    }
    (!text.is_empty()).then_some(text)
}

/// The marks as comment lines.
pub(super) fn comments(list: &Requirements) -> String {
    marks(list).iter().map(|line| format!("# {line}\n")).collect()
}

/// The marks at the head of a page.
pub(super) fn page(page: &mut Page<'_>, list: &Requirements) {
    for (at, line) in marks(list).iter().enumerate() {
        let (prefix, paint) = if at == 0 { ("", Paint::Bad) } else { ("  ", Paint::None) };
        page.hang_with(prefix, paint, "", line);
    }
}

/// Whether the feature has a required host all the same.
fn has_host(list: &Requirements, feature: &str) -> bool {
    let requires = |r: &Reason| r.feature == feature && r.need == Need::Required;
    list.hosts.iter().any(|host| host.reasons.iter().any(requires))
}

fn consequence(list: &Requirements, features: &[FeatureInfo]) -> String {
    let mut said: Vec<String> = Vec::new();
    for missing in list.lacking() {
        let title = sanitise::line(FeatureInfo::title_of(features, &missing.feature), 120);
        let text = if has_host(list, &missing.feature) {
            format!("Until this is corrected, the list may lack hosts of this feature: {title}.")
        } else if missing.feature == Feature::INFERENCE {
            "The inference host is missing from the list.".to_owned()
        } else {
            format!("A required host is missing from the list: {title}.")
        };
        if !said.contains(&text) {
            said.push(text);
        }
    }
    said.join(" ")
}
