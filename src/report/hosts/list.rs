//! What the renderings of a list share: which hosts stand on a list, and in which section.

use crate::contract::FeatureInfo;
use crate::contract::ids::Feature;
use crate::contract::{Need, Network};
use crate::derive::{HostPattern, Requirement, Requirements};
use crate::document::hosts::{HostEntry, HostGroup, to_document};
use crate::report::words;
use crate::text::english;
use crate::text::english::once;

/// Whether a firewall rule can be written for it: not this device itself, and not unbounded.
pub(in crate::report) fn is_listed(requirement: &Requirement) -> bool {
    !requirement.loopback
        && !requirement.host.is_loopback()
        && requirement.unbounded.is_none()
        && requirement.port != 0
        && requirement.host != HostPattern::Any
}

/// Whether a line can be written for an entry of a group.
pub(in crate::report) fn is_line(entry: &HostEntry) -> bool {
    entry.unbounded.is_none() && entry.port != 0 && !entry.host.is_loopback()
}

/// The groups of what can be listed, those with required hosts first, then in the order of `features`.
pub(in crate::report) fn groups(requirements: &Requirements, features: &[FeatureInfo]) -> Vec<HostGroup> {
    let mut groups = to_document(requirements, features).groups;
    groups.iter_mut().for_each(|group| group.hosts.retain(is_line));
    groups.retain(|group| !group.hosts.is_empty());
    groups.sort_by_key(|group| group.hosts.iter().all(|host| host.need != Need::Required));
    groups
}

/// What is needed but cannot be listed exhaustively, each with why.
pub(in crate::report) fn unbounded(requirements: &Requirements) -> Vec<(&Requirement, &str)> {
    requirements
        .hosts
        .iter()
        .filter(|r| !r.loopback && !r.host.is_loopback() && !is_listed(r))
        .map(|r| (r, r.unbounded.as_deref().unwrap_or("it stands for every host")))
        .collect()
}

/// Endpoints on this device itself.
pub(in crate::report) fn loopback(requirements: &Requirements) -> Vec<String> {
    requirements.hosts.iter().filter(|r| r.loopback || r.host.is_loopback()).map(words::endpoint_of).collect()
}

/// The features that need a host, strongest need first, then in the pack's order.
pub(in crate::report) fn features_of<'a>(
    requirement: &'a Requirement,
    features: &'a [FeatureInfo],
) -> Vec<(&'a str, Need)> {
    let ids = FeatureInfo::order(features, requirement.reasons.iter().map(|r| r.feature.as_str()));
    let mut with_need: Vec<(&str, Need)> = ids
        .into_iter()
        .map(|id| {
            let of_id = requirement.reasons.iter().filter(|r| r.feature == id);
            (id, of_id.map(|r| r.need).max().unwrap_or(Need::Optional))
        })
        .collect();
    with_need.sort_by_key(|(_, need)| std::cmp::Reverse(*need));
    with_need
}

/// The setting that takes all of `reasons` away: `None` when one of them has no such setting.
pub(in crate::report) fn removed_by<'a>(
    reasons: impl IntoIterator<Item = Option<&'a str>>,
) -> Option<String> {
    let mut settings: Vec<&str> = Vec::new();
    for setting in reasons {
        let setting = setting?;
        if !settings.contains(&setting) {
            settings.push(setting);
        }
    }
    (!settings.is_empty()).then(|| english::and(&settings))
}

/// [`removed_by`] of one entry of a group.
pub(in crate::report) fn entry_removed_by(entry: &HostEntry) -> Option<String> {
    removed_by(entry.because.iter().map(|b| b.removed_by.as_deref()))
}

/// The tags of the pages behind one entry of a group.
pub(in crate::report) fn entry_tags(entry: &HostEntry) -> Vec<&str> {
    entry.because.iter().flat_map(|b| &b.source).map(String::as_str).collect()
}

/// The value all items share, if they do.
pub(in crate::report) fn shared<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Option<T> {
    let mut items = items.into_iter();
    let first = items.next()?;
    items.all(|i| i == first).then_some(first)
}

/// A part of a firewall list: one side of the perimeter, one need.
pub(in crate::report) struct Section<'a> {
    pub network: Network,
    pub need: Need,
    /// The features that need nothing more strongly than this section's need.
    pub main: Vec<&'a str>,
    /// Feature id and its endpoints.
    pub groups: Vec<(&'a str, Vec<Line<'a>>)>,
}

/// One line of a firewall list: one host and port, with everything that needs it.
pub(in crate::report) struct Line<'a> {
    pub text: String,
    pub requirements: Vec<&'a Requirement>,
}

impl<'a> Line<'a> {
    /// The strongest need.
    pub(in crate::report) fn need(&self) -> Need {
        self.requirements.iter().map(|r| r.need()).max().unwrap_or(Need::Optional)
    }

    /// The tags of the pages behind it.
    pub(in crate::report) fn tags(&self) -> Vec<&'a str> {
        let reasons = self.requirements.iter().flat_map(|r| &r.reasons);
        reasons.flat_map(|r| &r.source).map(String::as_str).collect()
    }

    /// What leaves the device over it.
    pub(in crate::report) fn sends(&self) -> String {
        once(self.requirements.iter().flat_map(|r| &r.reasons).map(|r| r.sends.as_str()))
    }

    /// Every feature that needs it, strongest first.
    pub(in crate::report) fn features(&self, features: &'a [FeatureInfo]) -> Vec<&'a str> {
        let mut all: Vec<(&str, Need)> =
            self.requirements.iter().flat_map(|r| features_of(r, features)).collect();
        all.sort_by_key(|(_, need)| std::cmp::Reverse(*need));
        let mut ids: Vec<&str> = Vec::new();
        for (id, _) in all {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }
}

/// Every host and port that can be listed, once, sorted by its text. Two transports on one port
/// are one line.
pub(in crate::report) fn lines(requirements: &Requirements) -> Vec<Line<'_>> {
    let mut lines: std::collections::BTreeMap<String, Vec<&Requirement>> = std::collections::BTreeMap::new();
    for requirement in requirements.hosts.iter().filter(|r| is_listed(r)) {
        lines.entry(words::endpoint_of(requirement)).or_default().push(requirement);
    }
    lines.into_iter().map(|(text, requirements)| Line { text, requirements }).collect()
}

/// The features whose strongest need is `need`.
fn main_features(requirements: &Requirements, need: Need) -> Vec<&str> {
    let mut strongest: std::collections::BTreeMap<&str, Need> = std::collections::BTreeMap::new();
    for reason in requirements.hosts.iter().flat_map(|r| &r.reasons) {
        let known = strongest.entry(reason.feature.as_str()).or_insert(reason.need);
        *known = reason.need.max(*known);
    }
    strongest.into_iter().filter(|(_, n)| *n == need).map(|(id, _)| id).collect()
}

/// The lines in sections: internet before internal, the most needed first; each line once, in its
/// strongest section and there under its strongest feature.
pub(in crate::report) fn sections<'a>(
    requirements: &'a Requirements,
    features: &'a [FeatureInfo],
) -> Vec<Section<'a>> {
    let mut sections: Vec<Section<'a>> = Vec::new();
    for network in [Network::Internet, Network::Internal] {
        for need in [Need::Required, Need::Feature, Need::Optional] {
            sections.push(Section {
                network,
                need,
                main: main_features(requirements, need),
                groups: Vec::new(),
            });
        }
    }
    for line in lines(requirements) {
        let need = line.need();
        let internal = line.requirements.iter().all(|r| r.network == Network::Internal);
        let network = if internal { Network::Internal } else { Network::Internet };
        let feature = line.features(features).first().copied().unwrap_or(Feature::NAMED.as_str());
        if let Some(section) = sections.iter_mut().find(|s| s.network == network && s.need == need) {
            match section.groups.iter_mut().find(|(id, _)| *id == feature) {
                Some((_, lines)) => lines.push(line),
                None => section.groups.push((feature, vec![line])),
            }
        }
    }
    for section in &mut sections {
        section.groups.sort_by_key(|(id, _)| features.iter().position(|f| f.id == *id).unwrap_or(usize::MAX));
    }
    sections.retain(|s| !s.groups.is_empty());
    sections
}
