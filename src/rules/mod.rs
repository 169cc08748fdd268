//! The facts of the product: `rules/*.toml`, embedded in the binary or read from a directory, and
//! the code that loads and checks them. Readable by a network engineer; no fact lives in code.

pub mod addresses;
pub mod age;
pub mod codes;
mod compiled;
pub mod condition;
pub mod credentials;
mod data;
pub mod device;
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
mod part;
pub mod places;
pub mod rule;
pub mod sandbox;
pub mod services;
pub mod symptoms;
pub mod template;
pub mod trust;
pub mod vocabulary;
pub mod word;

pub use condition::{Condition, KeyPath, Scope, Test};
pub use error::{Fault, PackError, Problem, RulesError};
pub use keys::{Key, KeyCatalogue, KeyKind};
pub use lints::{Check, LintRule, Lints};
pub use pack::{Feature, Meta, Pack, Release, SourceTag, Texts};
pub use part::Part;
pub use rule::{HostName, HostSource, Off, Rule};
pub use word::Word;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use codes::Codes;
use data::DataError;
use device::DeviceFacts;
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
    pub pack: Part<Pack>,
    /// Fingerprints; with them the addresses, the signs of filters, the calls, and what each program
    /// trusts.
    pub services: Part<Services>,
    /// Wording of the findings.
    pub codes: Part<Codes>,
    /// What messages of the app mean.
    pub symptoms: Part<Symptoms>,
    /// The sandbox's own list.
    pub sandbox: Part<SandboxRules>,
    /// The firewall products.
    pub firewalls: Part<Firewalls>,
    /// The addresses that find a sign-in page of the network.
    pub controls: Part<Vec<Control>>,
    /// Which response headers are kept.
    pub headers: Part<Arc<Headers>>,
    /// The product's own names and places on a device.
    pub places: Part<Arc<Places>>,
    /// Where its logs lie, and how they are recognised.
    pub logs: Part<Logs>,
    /// What `clearway device` asks a device for.
    pub device: Part<DeviceFacts>,
    files: Files,
}

impl Rules {
    /// The rules built into the program; each part is read when it is first asked for.
    pub fn embedded() -> Self {
        static EMBEDDED: LazyLock<Rules> = LazyLock::new(|| Rules {
            pack: Part::later(Pack::embedded),
            services: Part::later(Services::embedded),
            symptoms: Part::later(Symptoms::embedded),
            sandbox: Part::later(SandboxRules::embedded),
            codes: Part::later(Codes::embedded),
            firewalls: Part::later(Firewalls::embedded),
            controls: Part::later(|| compiled::read(rules_compiled!("controls"))),
            headers: Part::later(|| Headers::embedded().map(Arc::new)),
            places: Part::later(|| Ok::<_, DataError>(Places::built_in())),
            logs: Part::later(Logs::embedded),
            device: Part::later(DeviceFacts::embedded),
            files: Files::embedded(),
        });
        EMBEDDED.clone()
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
        dir.map_or_else(|| Ok(Self::embedded()), Self::from_dir)
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
        let device = faults.take(DeviceFacts::load(&files));
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
                pack: Part::ready(pack?),
                services: Part::ready(services?),
                codes: Part::ready(codes?),
                symptoms: Part::ready(symptoms?),
                sandbox: Part::ready(sandbox?),
                firewalls: Part::ready(firewalls?),
                controls: Part::ready(controls?),
                headers: Part::ready(Arc::new(headers?)),
                places: Part::ready(Arc::new(places?)),
                logs: Part::ready(logs?),
                device: Part::ready(device?),
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
