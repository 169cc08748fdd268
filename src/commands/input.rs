//! What `hosts` and `check` share: from the words of the command line to the derived list.

use std::path::Path;

use super::Failure;
use crate::cli::DeriveArgs;
use crate::config::{self, Configuration, Input};
use crate::derive::{self, Requirements, document};
use crate::report::FeatureInfo;
use crate::rules::Pack;
use crate::terms::{Confidence, Platform};

/// A derived list with the configurations it came from.
#[derive(Debug)]
pub struct Derived {
    /// The list.
    pub requirements: Requirements,
    /// The configurations; none when only hosts documents were given.
    pub configurations: Vec<Configuration>,
    /// The lists somebody sent.
    pub documents: Vec<Requirements>,
}

/// The rule pack: the one built in, or the one in a folder.
///
/// # Errors
/// When a file of the folder is missing or wrong.
pub fn pack(rules: Option<&Path>) -> Result<Pack, Failure> {
    Ok(match rules {
        Some(dir) => Pack::from_dir(dir)?,
        None => Pack::embedded()?,
    })
}

/// The features in report order, for the renderers.
pub fn features(pack: &Pack) -> Vec<FeatureInfo> {
    pack.features
        .iter()
        .map(|f| FeatureInfo { id: f.id.clone(), title: f.title.clone(), stops: f.stops.clone() })
        .collect()
}

/// Reads every CONFIG (or, without any, the device's own) and derives the union.
///
/// # Errors
/// When an input cannot be read, or `--feature` names no feature.
pub fn derive(args: &DeriveArgs, pack: &Pack) -> Result<Derived, Failure> {
    let options = options(args, pack)?;
    let (mut configurations, documents) = read(args, pack)?;
    if args.config.is_empty() {
        let platform = args.platform.unwrap_or_else(Platform::here);
        configurations.push(config::device::read(platform, &pack.keys)?);
    }
    let mut lists = Vec::new();
    if !configurations.is_empty() {
        lists.push(derive::derive(pack, &configurations, &options));
    }
    for mut list in documents.iter().cloned() {
        options.filter(&mut list.hosts);
        lists.push(list);
    }
    let requirements =
        derive::union(lists).ok_or_else(|| Failure::Usage("no configuration was given".into()))?;
    Ok(Derived { requirements, configurations, documents })
}

/// The flags as options of a derivation.
///
/// # Errors
/// When `--feature` names no feature.
pub fn options(args: &DeriveArgs, pack: &Pack) -> Result<derive::Options, Failure> {
    if let Some(unknown) = args.feature.iter().find(|id| !pack.features.iter().any(|f| f.id == **id)) {
        let known: Vec<&str> = pack.features.iter().map(|f| f.id.as_str()).collect();
        return Err(Failure::Usage(format!(
            "--feature {unknown}: no such feature; there are {}",
            known.join(", ")
        )));
    }
    Ok(derive::Options {
        app_version: args.app_version.clone(),
        platform: args.platform,
        offline_installer: args.offline_installer,
        minimal: args.minimal,
        include_observed: args.confidence.is_some_and(|c| c >= Confidence::Observed),
        confidence: args.confidence.unwrap_or(Confidence::Inferred),
        features: args.feature.clone(),
        needs: args.need.clone(),
    })
}

/// Reads every CONFIG: configurations, and lists somebody sent.
///
/// # Errors
/// When an input cannot be read.
pub fn read(args: &DeriveArgs, pack: &Pack) -> Result<(Vec<Configuration>, Vec<Requirements>), Failure> {
    let mut configurations = Vec::new();
    let mut documents = Vec::new();
    if args.config.iter().filter(|c| *c == "-").count() > 1 {
        return Err(Failure::Usage("`-` may be given once: standard input can be read only once".into()));
    }
    for argument in &args.config {
        for input in config::read(argument, &pack.keys)? {
            match input {
                Input::Configuration(configuration) => configurations.push(configuration),
                Input::HostsDocument { name, sha256, json } => {
                    documents.push(document::from_json(json, &name, &sha256)?);
                }
            }
        }
    }
    Ok((configurations, documents))
}
