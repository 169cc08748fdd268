//! From what the caller names to the derived list: configurations and lists are read, and the union derived.

use std::sync::{Arc, OnceLock};

use crate::clock;
use crate::config::device::Device;
use crate::config::{self, Configuration, Input, Profiles, ReadOptions};
use crate::contract::Endpoint;
use crate::contract::ids::Feature;
use crate::contract::{AppVersion, Need, Platform, Transport};
use crate::derive::{self, Note, Requirements};
use crate::document;
use crate::failure::Failure;
use crate::lint;
use crate::rules::{Pack, Rules};

/// A derived list with the configurations it came from.
#[derive(Debug, Clone)]
pub struct Derived {
    /// The list.
    pub requirements: Requirements,
    /// The configurations; none when only hosts documents were given.
    pub configurations: Vec<Configuration>,
    /// The inference endpoint, whatever part of the list was asked for.
    pub inference: Option<Endpoint>,
    /// A proxy script decides the app's routes.
    pub proxy_script: bool,
    /// The proxy the app is pinned to, as `host:port`.
    pub pinned_proxy: Option<String>,
    /// A provider is configured but no inference host came of it.
    pub lacks_inference: bool,
    /// The lists somebody sent.
    pub documents: Vec<Requirements>,
}

impl Derived {
    /// A list that came of no configuration.
    pub const fn of(requirements: Requirements) -> Self {
        Self {
            requirements,
            configurations: Vec::new(),
            inference: None,
            proxy_script: false,
            pinned_proxy: None,
            lacks_inference: false,
            documents: Vec::new(),
        }
    }

    /// What no host stands for, in plain words: a run that lacks it is never ready.
    pub fn gaps(&self) -> Vec<String> {
        let lacking: Vec<String> = self
            .requirements
            .lacking()
            .map(|m| m.key.as_ref().map_or_else(|| m.why.clone(), |key| format!("{key}: {}", m.why)))
            .collect();
        if lacking.is_empty() && self.lacks_inference {
            return vec!["a provider is configured, but no inference host could be derived".into()];
        }
        lacking
    }
}

/// Which configurations are read, and what is derived of them. The default is the configuration applied on
/// this device, for the user who runs this.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// Files, folders, saved lists, or `-` for standard input; a union. None: what is on the device.
    pub configurations: Vec<String>,
    /// The device that is read where no file is named.
    pub device: Device,
    /// Which entries of a configLibrary are read.
    pub profiles: Profiles,
    /// A saved response of the bootstrap server, laid over the configuration.
    pub bootstrap_response: Option<String>,
    /// What is derived. No app version: that of the app installed on the device, see
    /// [`Inputs::app_version`].
    pub list: derive::Options,
    /// The app that is installed on the device, once it was looked for.
    pub installed: Installed,
}

/// The version of the app that is installed on the device, and where that is written: looked for once.
#[derive(Debug, Clone, Default)]
pub struct Installed(OnceLock<Option<(AppVersion, String)>>);

impl Default for Inputs {
    fn default() -> Self {
        Self {
            configurations: Vec::new(),
            device: Device::here(Platform::here()),
            profiles: Profiles::default(),
            bootstrap_response: None,
            list: derive::Options::default(),
            installed: Installed::default(),
        }
    }
}

impl Inputs {
    /// Whether a configuration is named, rather than left to this device.
    pub fn name_a_configuration(&self) -> bool {
        !self.configurations.is_empty()
            || self.device.root.is_some()
            || self.device.user.is_some()
            || self.profiles != Profiles::Applied
            || self.bootstrap_response.is_some()
    }

    /// The app version that is asked about: the one named, else that of the app which is installed on the
    /// device whose configuration is read. None: the newest that the rules know.
    pub fn app_version(&self, rules: &Rules) -> Option<AppVersion> {
        if self.list.app_version.is_some() || !self.configurations.is_empty() {
            return self.list.app_version.clone();
        }
        self.installed(rules).map(|(version, _)| version)
    }

    /// The app that is installed on the device, and where that is written. A version from before the
    /// rules begin is not taken: another program may go by the package's name, and numbers itself
    /// otherwise.
    fn installed(&self, rules: &Rules) -> Option<(AppVersion, String)> {
        let oldest = &rules.pack.meta.releases.first()?.version;
        let found =
            self.installed.0.get_or_init(|| config::device::installed::version(&self.device, &rules.places));
        found.clone().filter(|(version, _)| version >= oldest)
    }

    /// Reads every configuration that is named, or without any the device's own configuration; the hosts documents among
    /// them are lists already. A configuration of a device may be one that the app rejects, see
    /// [`config::device::usable`].
    ///
    /// # Errors
    /// When an input cannot be read.
    pub fn configurations(&self, rules: &Rules) -> Result<(Vec<Configuration>, Vec<Requirements>), Failure> {
        let options = ReadOptions {
            app_version: self.app_version(rules),
            profiles: self.profiles.clone(),
            bootstrap_response: self.bootstrap_response.clone(),
            places: Arc::clone(&rules.places),
        };
        if self.configurations.is_empty() {
            return Ok((config::device::read_with(&self.device, &rules.pack.keys, &options)?, Vec::new()));
        }
        if self.configurations.iter().filter(|c| *c == "-").count() > 1 {
            return Err(Failure::Usage("`-` may be given once: standard input can be read only once".into()));
        }
        let (mut configurations, mut documents) = (Vec::new(), Vec::new());
        for argument in &self.configurations {
            for input in config::read_with(argument, &rules.pack.keys, &options)? {
                match input {
                    Input::Configuration(configuration) => configurations.push(configuration),
                    Input::HostsDocument { name, sha256, json } => {
                        documents.push(document::hosts::from_json(json, &name, &sha256)?);
                    }
                }
            }
        }
        Ok((configurations, documents))
    }

    /// Reads every configuration that is named (or, without any, the device's own) and derives the union.
    ///
    /// # Errors
    /// When an input cannot be read, or `--feature` names no feature.
    pub fn derive(&self, rules: &Rules) -> Result<Derived, Failure> {
        let (configurations, documents) = self.configurations(rules)?;
        self.derive_from(rules, configurations, documents)
    }

    /// Derives the union of configurations and lists that were read already.
    ///
    /// # Errors
    /// When `--feature` names no feature, or the app rejects a configuration.
    pub fn derive_from(
        &self,
        rules: &Rules,
        configurations: Vec<Configuration>,
        documents: Vec<Requirements>,
    ) -> Result<Derived, Failure> {
        let asked = self.options(rules)?;
        for configuration in &configurations {
            config::device::usable(configuration)?;
        }
        // Narrowed below: the route of the engine follows from the inference endpoint, shown or not.
        let options = derive::Options { features: Vec::new(), needs: Vec::new(), ..asked.clone() };
        let mut lists = Vec::new();
        if !configurations.is_empty() {
            lists.push(list(&rules.pack, &configurations, &options));
        }
        lists.extend(documents.iter().cloned());
        let mut requirements =
            derive::union(lists).ok_or_else(|| Failure::Usage("no configuration was given".into()))?;
        let inference = requirements
            .hosts
            .iter()
            .find(|r| r.reasons.iter().any(|w| w.feature == Feature::INFERENCE && w.need == Need::Required))
            .map(derive::Requirement::endpoint);
        let of_proxy = |pinned: bool| {
            requirements.hosts.iter().find(|r| {
                (r.transport == Transport::Tcp) == pinned
                    && r.reasons.iter().any(|w| w.feature == Feature::PROXY)
            })
        };
        let proxy_script = of_proxy(false).is_some();
        let pinned_proxy = of_proxy(true).map(|r| r.endpoint().to_string());
        if self.list.app_version.is_none()
            && self.configurations.is_empty()
            && let Some((version, file)) = self.installed(rules)
        {
            requirements.notes.push(Note {
                id: "installed-version".into(),
                text: format!("App {version} is installed on this device ({file}), so the list is for that version; --app-version names another."),
                keys: Vec::new(),
            });
        }
        let lacks_inference = inference.is_none() && requirements.provider.is_some();
        requirements.set_age(clock::age_of(&requirements.rules_date));
        asked.filter(&mut requirements.hosts);
        requirements.missing.retain(|m| asked.wants(&m.feature, m.need));
        Ok(Derived {
            requirements,
            configurations,
            inference,
            proxy_script,
            pinned_proxy,
            lacks_inference,
            documents,
        })
    }

    /// What is derived, for the app version that is asked about.
    ///
    /// # Errors
    /// When a feature is named that the rules do not have.
    pub fn options(&self, rules: &Rules) -> Result<derive::Options, Failure> {
        let features = &rules.pack.features;
        if let Some(unknown) = self.list.features.iter().find(|id| !features.iter().any(|f| f.id == **id)) {
            let known: Vec<&str> = features.iter().map(|f| f.id.as_str()).collect();
            let near = |id: &&&str| id.contains(unknown.as_str()) || strsim::osa_distance(id, unknown) <= 2;
            let near: Vec<&str> = known.iter().filter(near).copied().collect();
            return Err(Failure::Usage(if near.is_empty() || unknown.is_empty() {
                format!("--feature {unknown}: no such feature; there are {}", known.join(", "))
            } else {
                format!("--feature {unknown}: no such feature; did you mean {}?", near.join(" or "))
            }));
        }
        Ok(derive::Options { app_version: self.app_version(rules), ..self.list.clone() })
    }
}

/// The list of configurations, with every host that their errors cost.
pub fn list(pack: &Pack, configurations: &[Configuration], options: &derive::Options) -> Requirements {
    let mut list = derive::derive(pack, configurations, options);
    lacking(&mut list, pack, configurations, options);
    list
}

/// Adds what errors cost besides the hosts that derivation itself could not make.
pub fn lacking(
    list: &mut Requirements,
    pack: &Pack,
    configurations: &[Configuration],
    options: &derive::Options,
) {
    // What the readers and the linter say of a key tells more than that no host came of it.
    let derived = std::mem::take(&mut list.missing);
    list.lacks(lint::missing(pack, configurations, options));
    list.lacks(derived);
}
