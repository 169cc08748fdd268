//! Rule pack × configuration × app version → the endpoints that are needed, each with its reasons.
//! Pure: no network, no files, no clock.

pub(crate) mod address;
pub mod adhoc;
mod completeness;
pub mod diff;
pub(crate) mod evaluate;
pub mod facts;
pub mod incomplete;
mod merge;
pub mod options;
pub mod requirement;
pub mod sandbox;
mod union;
pub mod wording;

pub use crate::contract::{FeatureInfo, HostPattern};
pub use facts::Facts;
pub use options::Options;
pub use requirement::{Input, Missing, Note, ProbeHints, Reason, Requirement, Requirements, Source};
pub use union::{add_hosts, union};

use std::collections::BTreeSet;

use crate::config::Configuration;
use crate::contract::ids::NoteId;
use crate::contract::{AppVersion, Platform};
use crate::rules::Pack;

/// Hosts of a list that is read back, and of a report.
pub const MOST_HOSTS: usize = 5_000;

/// Derives the union of what `configurations` need.
///
/// With several configurations every reason says which one wanted the host. The result depends on
/// the arguments alone: same input, same output, in the same order.
pub fn derive(pack: &Pack, configurations: &[Configuration], options: &Options) -> Requirements {
    let version = options.app_version.as_ref().unwrap_or(&pack.meta.newest);
    let implied = options.platform.or_else(|| configurations.iter().find_map(|c| c.platform));
    let platform = implied.unwrap_or_else(Platform::here);
    let platform_assumed = options.platform.is_none() && configurations.iter().any(|c| c.platform.is_none());

    let mut list = merge::List::new(&pack.networks);
    if let Some(note) = beyond(pack, version) {
        list.note(note);
    }
    let mut providers: Vec<String> = Vec::new();
    for configuration in configurations {
        let platform = options.platform_of(configuration);
        let facts = Facts::new(pack, configuration, version, platform, options);
        if let Some(provider) = facts.provider()
            && !providers.iter().any(|p| p == provider)
        {
            providers.push(provider.to_owned());
        }
        list.read(&configuration.lint);
        let name = (configurations.len() > 1).then_some(configuration.name.as_str());
        completeness::check(&facts, name, &mut list);
        evaluate::apply_all(&facts, options, name, &mut list);
    }
    let (mut hosts, notes, lint, missing) = list.finish();
    options.filter(&mut hosts);
    let mut found = Requirements {
        hosts,
        notes,
        lint,
        missing: Vec::new(),
        app_version: version.clone(),
        platform,
        platform_assumed,
        rules_date: pack.meta.date.to_string(),
        rules_age: None,
        provider: (!providers.is_empty()).then(|| providers.join(", ")),
        inputs: configurations.iter().flat_map(|c| inputs(c, options, configurations.len() > 1)).collect(),
        sources: Vec::new(),
        by_address: Default::default(),
    };
    found.sources = sources(pack, &found.hosts);
    found.lacks(missing);
    found
}

/// The pages that the reasons of `hosts` name.
fn sources(pack: &Pack, hosts: &[Requirement]) -> Vec<Source> {
    let tags: BTreeSet<&str> =
        hosts.iter().flat_map(|h| &h.reasons).flat_map(|r| &r.source).map(String::as_str).collect();
    pack.meta.sources.iter().filter(|s| tags.contains(s.tag.as_str())).map(Source::new).collect()
}

/// What is said of an app that is newer than the rules; nothing where they cover it.
pub fn not_known(pack: &Pack, version: &AppVersion) -> Option<String> {
    let newest = &pack.meta.newest;
    (version > newest).then(|| {
        format!(
            "Not known: these rules cover the app up to {newest}. Nothing can be said about {version}; look for newer \
             rules."
        )
    })
}

/// What is said of an app that the rules do not cover.
fn beyond(pack: &Pack, version: &AppVersion) -> Option<Note> {
    let (id, text) = if let Some(text) = not_known(pack, version) {
        (NoteId::NOT_KNOWN.as_str(), text)
    } else {
        let oldest = pack.meta.releases.first().map(|r| &r.version).filter(|oldest| version < *oldest)?;
        let text = format!(
            "App {version} is older than these rules, which know the app from {oldest}: a host that only older apps \
             need is missing here."
        );
        ("app-version", text)
    };
    Some(Note { id: id.into(), text, keys: Vec::new() })
}

fn inputs(configuration: &Configuration, options: &Options, several: bool) -> Vec<Input> {
    let one = |format: &str, sha256: &str| Input {
        name: configuration.name.clone(),
        format: format.to_owned(),
        sha256: sha256.to_owned(),
        platform: several.then(|| options.platform_of(configuration)),
        platform_assumed: several && options.platform.is_none() && configuration.platform.is_none(),
    };
    if configuration.sources.is_empty() {
        return vec![one("", "")];
    }
    configuration.sources.iter().map(|s| one(&s.format, &s.sha256)).collect()
}
