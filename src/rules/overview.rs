//! A rule pack described: what it covers, from which pages, and what each app release changes.

use serde::Serialize;

use super::Rules;
use super::rule::HostSource;
use crate::contract::{AppVersion, Confidence};

/// A pack described.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overview {
    /// Its name.
    pub name: String,
    /// Its date, `YYYY-MM-DD`.
    pub date: String,
    /// Where it was read from; absent for the pack inside the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Files that the folder lacks; those built into the program are used in their place.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub built_in: Vec<&'static str>,
    /// Newest app version it knows.
    pub newest_app_version: AppVersion,
    /// Oldest app release it knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_app_version: Option<AppVersion>,
    /// What is in it.
    pub counts: Counts,
    /// The features, in report order.
    pub features: Vec<FeatureCount>,
    /// The pages its facts come from.
    pub sources: Vec<SourceCount>,
    /// The app releases, oldest first.
    pub releases: Vec<ReleaseChange>,
    /// Builds that third parties saw and no release notes name; they are derived with the rules of the
    /// newest release known.
    pub observed_builds: Vec<ObservedBuild>,
}

/// How much there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rules that name hosts.
    pub rules: usize,
    /// Rules that only remark.
    pub remarks: usize,
    /// Configuration keys.
    pub keys: usize,
    /// Inference providers.
    pub providers: usize,
    /// Rules by how well they are known.
    pub documented: usize,
    /// Seen by third parties.
    pub observed: usize,
    /// Concluded.
    pub inferred: usize,
}

/// A feature and its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeatureCount {
    /// Identifier.
    pub feature: String,
    /// Title.
    pub title: String,
    /// Rules that name hosts.
    pub rules: usize,
}

/// A page and the rules that rest on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceCount {
    /// The tag that rules use.
    pub tag: String,
    /// The page.
    pub page: String,
    /// Its approximate date.
    pub date: String,
    /// Its address, where that is known.
    pub url: Option<String>,
    /// The day on which a public copy was read.
    pub read: String,
    /// Rules that name it.
    pub rules: usize,
}

/// What one release changes in the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseChange {
    /// The release.
    pub version: AppVersion,
    /// Its date, as far as it is known.
    pub date: String,
    /// Rules with hosts in force for it.
    pub rules_in_force: usize,
    /// Rules that begin with it.
    pub rules_begin: Vec<String>,
    /// Rules that end with it.
    pub rules_end: Vec<String>,
    /// Keys read from it on.
    pub keys_begin: Vec<String>,
    /// Keys no longer read from it on.
    pub keys_end: Vec<String>,
    /// Keys with another default from it on.
    pub defaults_change: Vec<String>,
    /// Values known from it on, as `key = value`.
    pub values_begin: Vec<String>,
}

/// A build without release notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObservedBuild {
    /// Its version.
    pub version: AppVersion,
    /// When it was seen.
    pub date: String,
}

/// Describes the rules; `folder` is where it was read from.
pub fn overview(rules: &Rules, folder: Option<&str>) -> Overview {
    let pack = &rules.pack;
    let hosts: Vec<_> = pack.rules.iter().filter(|r| !matches!(r.source, HostSource::Note(_))).collect();
    let known = |c: Confidence| hosts.iter().filter(|r| r.confidence == c).count();
    let releases = pack.meta.releases.iter().map(|release| {
        let v = &release.version;
        let ids = |bound: fn(&super::Rule) -> Option<&AppVersion>| {
            pack.rules.iter().filter(|r| bound(r) == Some(v)).map(|r| r.id.to_string()).collect()
        };
        let names = |bound: fn(&super::Key) -> Option<&AppVersion>| {
            pack.keys.keys.iter().filter(|k| bound(k) == Some(v)).map(|k| k.name.to_string()).collect()
        };
        ReleaseChange {
            version: v.clone(),
            date: release.date.to_string(),
            rules_in_force: hosts.iter().filter(|r| r.holds_for(v)).count(),
            rules_begin: ids(|r| r.since.as_ref()),
            rules_end: ids(|r| r.until.as_ref()),
            keys_begin: names(|k| k.since.as_ref()),
            keys_end: names(|k| k.until.as_ref()),
            defaults_change: names(|k| k.earlier.as_ref().map(|e| &e.until)),
            values_begin: values_of(pack, v),
        }
    });
    Overview {
        name: pack.meta.name.to_string(),
        date: pack.meta.date.to_string(),
        folder: folder.map(str::to_owned),
        built_in: rules.replaced().to_vec(),
        newest_app_version: pack.meta.newest.clone(),
        oldest_app_version: pack.meta.releases.first().map(|r| r.version.clone()),
        counts: Counts {
            rules: hosts.len(),
            remarks: pack.rules.len() - hosts.len(),
            keys: pack.keys.keys.len(),
            providers: pack.credentials.providers.len(),
            documented: known(Confidence::Documented),
            observed: known(Confidence::Observed),
            inferred: known(Confidence::Inferred),
        },
        features: pack
            .features
            .iter()
            .map(|f| FeatureCount {
                feature: f.id.to_string(),
                title: f.title.to_string(),
                rules: hosts.iter().filter(|r| r.feature == f.id).count(),
            })
            .collect(),
        sources: pack
            .meta
            .sources
            .iter()
            .map(|s| SourceCount {
                tag: s.tag.to_string(),
                page: s.page.to_string(),
                date: s.date.to_string(),
                url: s.address().map(str::to_owned),
                read: s.read.to_string(),
                rules: pack.rules.iter().filter(|r| r.sources.contains(&s.tag)).count(),
            })
            .collect(),
        releases: releases.collect(),
        observed_builds: pack
            .meta
            .observed
            .iter()
            .map(|b| ObservedBuild { version: b.version.clone(), date: b.date.to_string() })
            .collect(),
    }
}

/// The values that begin with a release.
fn values_of(pack: &super::Pack, version: &AppVersion) -> Vec<String> {
    let own = pack.keys.keys.iter().flat_map(|key| key.values_by_version.iter().map(move |b| (key, b)));
    let mut found: Vec<String> = own
        .filter(|(_, bounds)| bounds.since.as_ref() == Some(version))
        .map(|(key, bounds)| {
            let dot = if bounds.at.is_empty() { "" } else { "." };
            format!("{}{dot}{} = {}", key.name, bounds.at, bounds.value)
        })
        .collect();
    for provider in &pack.credentials.providers {
        for (kind, _) in provider.kinds_since.iter().filter(|(_, since)| *since == version) {
            found.push(format!("inferenceCredentialKind = {kind} ({})", provider.title));
        }
    }
    found
}
