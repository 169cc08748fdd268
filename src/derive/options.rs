//! What a caller may ask of a derivation.

use super::requirement::Requirement;
use crate::config::Configuration;
use crate::contract::{AppVersion, Confidence, Need, Platform};

/// Options of [`super::derive`]. The default is the default list for the newest known app version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// App version; the newest known when there is none.
    pub app_version: Option<AppVersion>,
    /// Platform; what the configuration implies, else this machine's, when there is none.
    pub platform: Option<Platform>,
    /// The app came with its workspace components.
    pub offline_installer: bool,
    /// The vendor's admin console manages the device.
    pub admin_console: bool,
    /// Only hosts whose condition, credential kind and platform really hold.
    pub minimal: bool,
    /// Also rules that are left out because no documentation has them.
    pub include_observed: bool,
    /// Weakest confidence that is shown.
    pub confidence: Confidence,
    /// Features to show; all when empty.
    pub features: Vec<String>,
    /// Needs to show; all when empty.
    pub needs: Vec<Need>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            app_version: None,
            platform: None,
            offline_installer: false,
            admin_console: false,
            minimal: false,
            include_observed: false,
            confidence: Confidence::Inferred,
            features: Vec::new(),
            needs: Vec::new(),
        }
    }
}

impl Options {
    /// Whether a host of this feature and need is shown.
    pub fn wants(&self, feature: &str, need: Need) -> bool {
        (self.features.is_empty() || self.features.iter().any(|f| f == feature))
            && (self.needs.is_empty() || self.needs.contains(&need))
    }

    /// The platform that a configuration is derived for: the one asked for, else what it implies, else
    /// this machine's, whatever else the list is of.
    pub fn platform_of(&self, configuration: &Configuration) -> Platform {
        self.platform.or(configuration.platform).unwrap_or_else(Platform::here)
    }

    /// Drops the reasons of other features and of weaker confidence, the hosts that are left without
    /// a reason, and the hosts of other needs.
    pub fn filter(&self, hosts: &mut Vec<Requirement>) {
        for host in hosts.iter_mut() {
            host.reasons.retain(|r| {
                r.confidence <= self.confidence
                    && (self.features.is_empty() || self.features.contains(&r.feature))
            });
        }
        hosts.retain(|h| !h.reasons.is_empty() && (self.needs.is_empty() || self.needs.contains(&h.need())));
    }
}
