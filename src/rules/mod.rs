//! The facts of the product: `rules/*.toml`, embedded in the binary or read from a directory, and
//! the code that loads and checks them. Readable by a network engineer; no fact lives in code.

pub mod addresses;
pub mod age;
pub mod codes;
pub mod condition;
pub mod credentials;
mod data;
pub mod error;
pub mod files;
pub mod filters;
pub mod finding_docs;
pub mod firewalls;
pub mod headers;
pub mod inference;
pub mod keys;
pub mod lints;
pub mod logs;
pub mod networks;
pub mod overview;
pub mod pack;
pub mod places;
pub mod rule;
pub mod sandbox;
pub mod services;
pub mod symptoms;
pub mod template;
pub mod trust;
pub mod vocabulary;

pub use condition::{Condition, KeyPath, Scope, Test};
pub use error::{Fault, PackError, Problem, RulesError};
pub use keys::{Key, KeyCatalogue, KeyKind};
pub use lints::{Check, LintRule, Lints};
pub use pack::{Feature, Meta, Pack, Release, SourceTag, Texts};
pub use rule::{HostName, HostSource, Off, Rule};

use std::path::Path;
use std::sync::Arc;

use codes::Codes;
use files::Files;
use firewalls::Firewalls;
use headers::Headers;
use logs::Logs;
use places::Places;
use sandbox::SandboxRules;
use services::Services;
use symptoms::Symptoms;
use vocabulary::Vocabulary;

use crate::contract::Control;

/// Everything that the files of a pack say, checked whole.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Features, keys, rules, credentials, networks and lints.
    pub pack: Pack,
    /// Fingerprints; with them the addresses, the signs of filters, the calls, and what each program
    /// trusts.
    pub services: Services,
    /// Wording of the findings.
    pub codes: Codes,
    /// What messages of the app mean.
    pub symptoms: Symptoms,
    /// The sandbox's own list.
    pub sandbox: SandboxRules,
    /// The firewall products.
    pub firewalls: Firewalls,
    /// The addresses that find a sign-in page of the network.
    pub controls: Vec<Control>,
    /// Which response headers are kept.
    pub headers: Arc<Headers>,
    /// The product's own names and places on a device.
    pub places: Arc<Places>,
    /// Where its logs lie, and how they are recognised.
    pub logs: Logs,
    files: Files,
}

impl Rules {
    /// The rules built into the program.
    ///
    /// # Errors
    /// Only when a file built in is broken, which a test rules out for every build.
    pub fn embedded() -> Result<Self, RulesError> {
        Self::load(Files::embedded(), Vec::new())
    }

    /// The rules in a directory: every file of it, none of the program's own but for those that
    /// [`Rules::replaced`] names.
    ///
    /// # Errors
    /// Everything that is wrong, each with file, place, reason and what to do.
    pub fn from_dir(dir: &Path) -> Result<Self, RulesError> {
        let (files, wrong) = Files::read(dir);
        Self::load(files, wrong)
    }

    /// The rules in `dir`, or without one those built in.
    ///
    /// # Errors
    /// As [`Rules::from_dir`].
    pub fn of(dir: Option<&Path>) -> Result<Self, RulesError> {
        dir.map_or_else(Self::embedded, Self::from_dir)
    }

    /// Everything that is wrong with the rules in a directory; nothing when they are sound.
    pub fn check_all(dir: &Path) -> Vec<Fault> {
        Self::from_dir(dir).err().map(|e| e.0).unwrap_or_default()
    }

    /// Files that the directory lacks and that are those of the program instead.
    pub fn replaced(&self) -> &[&'static str] {
        self.files.replaced()
    }

    /// The words and hosts that identify nobody. Made when it is asked for: it reads every word.
    ///
    /// # Errors
    /// When `share.toml` is wrong, which [`Rules::from_dir`] has excluded.
    pub fn vocabulary(&self) -> Result<Vocabulary, RulesError> {
        Vocabulary::load(&self.files).map_err(|e| RulesError(vec![e.into()]))
    }

    fn load(files: Files, wrong: Vec<Fault>) -> Result<Self, RulesError> {
        let mut faults = RulesError(wrong);
        let pack = faults.take(Pack::load(&files));
        let mut data = Vec::new();
        let services = Services::load(&files, &mut data);
        data.into_iter().for_each(|e| faults.add(e.into()));
        let codes = faults.take(Codes::load(&files));
        let firewalls = faults.take(Firewalls::load(&files));
        let controls = faults.take(filters::controls(&files));
        let headers = faults.take(Headers::load(&files));
        let places = faults.take(Places::load(&files));
        let logs = faults.take(Logs::load(&files));
        faults.take(vocabulary::check(&files));
        let calls = services.as_ref().map(Services::calls);
        let symptoms = pack
            .as_ref()
            .zip(calls)
            .and_then(|(pack, calls)| faults.take(Symptoms::load(&files, pack, calls)));
        let sandbox = pack.as_ref().and_then(|pack| faults.take(SandboxRules::load(&files, pack)));
        if !faults.0.is_empty() {
            files.check_syntax(&mut faults);
            return Err(faults);
        }
        let whole = || {
            Some(Self {
                pack: pack?,
                services: services?,
                codes: codes?,
                symptoms: symptoms?,
                sandbox: sandbox?,
                firewalls: firewalls?,
                controls: controls?,
                headers: Arc::new(headers?),
                places: Arc::new(places?),
                logs: logs?,
                files,
            })
        };
        // What is missing has its fault noted, so this is whole.
        whole().ok_or(faults)
    }
}

/// Date of the rule pack built in, `YYYY-MM-DD`, without loading the pack.
pub fn embedded_date() -> &'static str {
    // The first `date` of pack.toml is the pack's own; a test holds this against the loaded pack.
    files::built_in("pack.toml")
        .lines()
        .find_map(|line| line.strip_prefix("date = \"")?.strip_suffix('"'))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_date_is_the_loaded_packs() {
        assert_eq!(super::embedded_date(), super::Pack::embedded().map(|p| p.meta.date).unwrap_or_default());
    }
}
