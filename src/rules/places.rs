//! The product's own names and places (`rules/places.toml`), so that no reader spells them.

use std::sync::{Arc, LazyLock};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::compiled;
use super::data::DataError;
use super::files::Files;
use crate::contract::{AppVersion, Confidence, Platform};
use crate::rules::Word;

/// Everything in `rules/places.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// Names inside JSON documents.
    pub json: JsonNames,
    /// Names inside a document of the Admin API.
    pub admin: AdminNames,
    /// A bootstrap server's response.
    pub bootstrap: Bootstrap,
    /// The app's own diagnostic report.
    pub report: Report,
    /// Names inside property lists.
    pub plist: PlistNames,
    /// Names in the registry.
    pub registry: RegistryNames,
    /// Neighbouring products.
    pub other: Vec<OtherProduct>,
    /// Places on a device, in order.
    pub place: Vec<DevicePlace>,
    /// Places that guides name and the app does not read.
    pub wrong: Vec<WrongPlace>,
    /// Files that say which mode the app starts in.
    pub mode: Vec<ModeFile>,
    /// What moves the app's own folders.
    pub environment: Environment,
    /// Where the installed app says which version it is.
    pub installed: Vec<Installed>,
}

/// A place that guides name and the app does not read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct WrongPlace {
    /// Where.
    pub platform: Platform,
    /// The path; a `*` in one of its parts stands for any characters.
    pub path: Word,
    /// It is an ordinary file of something else: named only when a key of the app stands in it.
    #[serde(default)]
    pub keyed: bool,
    /// What it is, and what to do; the end of a sentence.
    pub why: Word,
}

/// A file that says which mode the app starts in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct ModeFile {
    /// Where.
    pub platform: Platform,
    /// The path; a `*` in one of its parts stands for any characters.
    pub path: Word,
}

/// What moves the app's own folders.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The variable that moves the folder of configurations of every program of a Linux user.
    pub config_home: Word,
    /// The variable that moves the app's data, its library among them.
    pub user_data: Word,
    /// The library's folder below such a folder.
    pub library: Word,
    /// Files of a copy of a Linux device that set variables for a user.
    pub files: Vec<Word>,
}

/// Where the installed app says which version it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Installed {
    /// Where.
    pub platform: Platform,
    /// A property list.
    #[serde(default)]
    pub plist: Option<Word>,
    /// Its key.
    #[serde(default)]
    pub key: Option<Word>,
    /// A package database of Debian's kind.
    #[serde(default)]
    pub dpkg: Option<Word>,
    /// The package.
    #[serde(default)]
    pub package: Option<Word>,
    /// How well that is known.
    pub confidence: Confidence,
}

/// Names inside JSON documents.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonNames {
    /// The object that carries the keys in the app's own desktop configuration file.
    pub wrapper: Word,
    /// The member that only chooses the mode.
    pub mode: Word,
    /// The word for the ordinary mode.
    pub ordinary: Word,
    /// The word for the mode with a configuration.
    pub third_party: Word,
    /// The name of the file that holds it.
    pub mode_file: Word,
    /// The key that keeps the mode from mattering when a managed source sets it.
    pub mode_key: Word,
    /// Members that are no keys.
    pub envelope: Vec<Word>,
    /// File name of a Linux managed configuration.
    pub linux_file: Word,
    /// First app version that reads the nested document.
    pub nested_since: AppVersion,
    /// The member that only a bootstrap response has.
    pub expiry: Word,
}

/// Names inside a document of the Admin API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminNames {
    /// The organization's configuration, and that of a group.
    pub config: Word,
    /// The policies of groups.
    pub groups: Word,
    /// Their list, the highest-ranked first.
    pub entries: Word,
    /// Whether the console serves the document.
    pub status: Word,
    /// The word for a document that is served.
    pub active: Word,
    /// The word for a document that is not.
    pub disabled: Word,
    /// What stands beside a configuration.
    pub envelope: Vec<Word>,
}

/// What the app takes from a bootstrap server's response.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Bootstrap {
    /// Keys that are never taken from a response.
    pub excluded: Vec<Word>,
    /// Keys that a response neither sets nor unsets.
    pub kept: Vec<Word>,
    /// Keys whose address must share the server's origin unless `sign_in` is set.
    pub pinned: Vec<Word>,
    /// The key that holds the server's address.
    pub url: Word,
    /// The key that signs in to the server.
    pub sign_in: Word,
    /// The key that switches the server off.
    pub enabled: Word,
    /// The key that lists connectors.
    pub connectors: Word,
    /// Keys whose address must be https, and whose refusal switches off what they are about.
    pub switched_off: Vec<Word>,
    /// Keys that choose a connection.
    pub connection: Vec<Word>,
}

/// The app's own diagnostic report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The file inside the archive that says what was applied.
    pub applied: Word,
}

/// Names inside property lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct PlistNames {
    /// Payload type and preference domain.
    pub domain: Word,
}

/// Names in the registry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryNames {
    /// The policy key below a hive.
    pub key: Word,
    /// First app version in which a value of the machine hive silences the user hive.
    pub machine_silences_since: AppVersion,
    /// Keys that guides name by mistake.
    pub mistaken: Vec<Word>,
}

/// A product whose files are mistaken for the app's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherProduct {
    /// Its name.
    pub product: Word,
    /// Its payload types.
    pub domains: Vec<Word>,
    /// Its registry keys.
    pub registry: Vec<Word>,
    /// Members at the root of its JSON settings.
    pub members: Vec<Word>,
}

/// What kind of source a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Delivered by an administrator.
    Managed,
    /// Written by the app's own window.
    Library,
}

/// A registry hive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hive {
    /// HKEY_LOCAL_MACHINE.
    Machine,
    /// HKEY_CURRENT_USER, or another user's below HKEY_USERS.
    User,
}

/// A place on a device.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct DevicePlace {
    /// Where it exists.
    pub platform: Platform,
    /// What kind of source it is.
    pub role: Role,
    /// The app demands that only root can have written it.
    #[serde(default)]
    pub root_owned: bool,
    /// First app version that looks there.
    #[serde(default)]
    pub since: Option<AppVersion>,
    /// A registry key of this hive instead of a file.
    #[serde(default)]
    pub hive: Option<Hive>,
    /// Where a copy of a device keeps the registry key's text.
    #[serde(default)]
    pub copies: Vec<Word>,
    /// The path, with `{user}`, `{home}`, `{config}`, `{appdata}` and `{localappdata}` to fill in, and `*`
    /// in one of its parts for any characters; or the registry key.
    pub path: Word,
}

impl Places {
    /// The table built into the program.
    ///
    /// # Errors
    /// When the file is wrong, which a test excludes.
    pub fn embedded() -> Result<Self, DataError> {
        compiled::read(rules_compiled!("places"))
    }

    /// The table built into the program, shared.
    pub fn built_in() -> Arc<Self> {
        #[expect(clippy::expect_used, reason = "the table is compiled in, and a test reads it")]
        static PLACES: LazyLock<Arc<Places>> =
            LazyLock::new(|| Arc::new(Places::embedded().expect("rules/places.toml is sound")));
        Arc::clone(&PLACES)
    }

    pub(super) fn load(files: &Files) -> Result<Self, DataError> {
        let file = files.get("places.toml");
        let places: Self = file.text.read_as(file.shown)?;
        if let Some(platform) = Platform::ALL.iter().find(|p| places.place.iter().all(|x| x.platform != **p))
        {
            let reason =
                format!("there is no `place` of platform {platform}; write where its configuration is");
            return Err(DataError::Content { file: file.shown.to_owned(), reason });
        }
        Ok(places)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_built_in_table_reads_and_covers_every_platform() {
        let places = Places::embedded().unwrap();
        for platform in Platform::ALL {
            assert!(places.place.iter().any(|p| p.platform == *platform), "{platform}");
        }
        assert!(
            !places.json.wrapper.is_empty()
                && !places.plist.domain.is_empty()
                && !places.registry.key.is_empty()
        );
        assert!(
            places
                .other
                .iter()
                .all(|o| !o.members.is_empty() && !o.domains.is_empty() && !o.registry.is_empty())
        );
    }
}
