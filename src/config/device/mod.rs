//! The configuration applied on a device: its places, and which one wins.

mod console;
pub mod installed;
pub(crate) mod paths;
mod place;
mod precedence;
mod registry;
#[cfg(test)]
mod tests;
mod user;

use std::path::{Path, PathBuf};

use self::precedence::{Found, Kind, Mode, lose_all, merged};
use self::registry::{Query, Text};
use self::user::Whose;
use crate::config::error::{ConfigError, shown};
use crate::config::formats::{encoding, reg};
use crate::config::open;
use crate::config::read::{Context, Profiles, ReadOptions, configuration, io_error};
use crate::config::value::{Configuration, Lint, PlaceRead, PlaceStatus, Source};
use crate::config::{decode, library};
use crate::contract::ids::LintId;
use crate::contract::{Platform, Severity};
use crate::rules::keys::KeyCatalogue;
use crate::rules::places::{DevicePlace, Hive, Role};

/// Which device is read, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The operating system whose places are looked at.
    pub platform: Platform,
    /// Where a collected copy of the device's file system begins; nothing for this device.
    pub root: Option<PathBuf>,
    /// The short name of the user whose environment is read; nothing for the user who runs this
    /// program, or for the only user of a copy.
    pub user: Option<String>,
}

impl Device {
    /// This device, as `platform` keeps its configuration, for the user who runs this program.
    pub const fn here(platform: Platform) -> Self {
        Self { platform, root: None, user: None }
    }

    /// Where a path of the device stands for this program.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        let Some(root) = &self.root else { return PathBuf::from(path) };
        let path = match path.as_bytes() {
            [letter, b':', ..] if letter.is_ascii_alphabetic() => path.get(2..).unwrap_or_default(),
            _ => path,
        };
        let path = if self.platform == Platform::Windows { path.replace('\\', "/") } else { path.to_owned() };
        root.join(path.trim_start_matches('/'))
    }

    /// What to call it in a report.
    pub(crate) fn name(&self, user: Option<&str>) -> String {
        let whose = user.map_or_else(String::new, |u| format!(", user {}", shown(u)));
        match &self.root {
            Some(root) => format!("{} (copy of a device){whose}", shown(&root.display().to_string())),
            None => format!("this device{whose}"),
        }
    }
}

/// Reads the configuration applied on this device, as the newest app on `platform` reads it.
///
/// # Errors
/// As [`read_with`] and [`usable`].
pub fn read(platform: Platform, catalogue: &KeyCatalogue) -> Result<Configuration, ConfigError> {
    let configs = read_with(&Device::here(platform), catalogue, &ReadOptions::default())?;
    let none = ConfigError::NoneOnDevice { looked: Vec::new(), note: None, wrong: Vec::new() };
    let config = configs.into_iter().next().ok_or(none)?;
    usable(&config)?;
    Ok(config)
}

/// Reads the configuration applied on a device; several when several profiles of its configLibrary
/// are asked for, never none.
///
/// Managed places win over the local library: any managed key outside the app-behaviour set of the
/// app version makes the library ignored as a whole (source C5). What lost is in
/// [`Configuration::shadowed`], what was looked at in [`Configuration::places`].
///
/// A managed file that the app rejects still takes the device over. Then the result has no setting
/// of any place, and [`usable`] says so.
///
/// # Errors
/// [`ConfigError::NoneOnDevice`] with the places looked at; a user that is not there; any error of
/// reading a file that is there.
pub fn read_with(
    device: &Device,
    catalogue: &KeyCatalogue,
    options: &ReadOptions,
) -> Result<Vec<Configuration>, ConfigError> {
    read_through(device, catalogue, options, &registry::query)
}

/// Whether the app would take anything from the device at all.
///
/// # Errors
/// [`ConfigError::ManagedRejected`] for a managed file that the app rejects.
pub fn usable(config: &Configuration) -> Result<(), ConfigError> {
    let rejected = config.places.iter().find_map(|p| match &p.status {
        PlaceStatus::Rejected(why) => Some((p.path.clone(), why.clone())),
        _ => None,
    });
    match rejected {
        Some((file, why)) => Err(ConfigError::ManagedRejected { file, why, next: FIX.to_owned() }),
        None => Ok(()),
    }
}

const FIX: &str = "Make it a regular file of valid JSON, file and folder root's own (chown root:root, chmod go-w for both, no symbolic link); or pass the file as an argument to see what it says";

pub(crate) fn read_through(
    device: &Device,
    catalogue: &KeyCatalogue,
    options: &ReadOptions,
    query: Query<'_>,
) -> Result<Vec<Configuration>, ConfigError> {
    let context = Context { root: device.root.as_deref(), ..Context::new(catalogue, options) };
    let whose = Whose::find(device, context.places, query)?;
    let mut reading = Reading {
        device,
        context: &context,
        whose: &whose,
        query,
        found: Found::default(),
        seen: Vec::new(),
    };
    for place in context.places.place.iter().filter(|p| p.platform == device.platform) {
        let seen = reading.look(place)?;
        reading.found.places.extend(seen);
    }
    reading.beside();
    reading.found.finish(device, &context, &whose)
}

struct Reading<'a> {
    device: &'a Device,
    context: &'a Context<'a>,
    whose: &'a Whose,
    query: Query<'a>,
    found: Found,
    /// Paths of files and folders that were looked at.
    seen: Vec<PathBuf>,
}

impl Reading<'_> {
    /// What a report calls the place.
    fn shown_path(&self, place: &DevicePlace) -> String {
        match (place.hive, &self.device.root) {
            (Some(_), None) => self.registry_key(place),
            (Some(_), Some(_)) => place.path.to_string(),
            (None, _) => match self.whose.filled(&place.path) {
                Some(path) => self.device.path(&path).display().to_string(),
                None => self.whose.readable(&place.path),
            },
        }
    }

    /// The registry key, in another user's hive where one is asked for.
    fn registry_key(&self, place: &DevicePlace) -> String {
        match (&self.whose.sid, place.hive) {
            (Some(sid), Some(Hive::User)) => {
                let below = place.path.split_once('\\').map_or("", |(_, below)| below);
                format!(r"HKEY_USERS\{sid}\{below}")
            }
            _ => place.path.to_string(),
        }
    }

    fn look(&mut self, place: &DevicePlace) -> Result<Vec<PlaceRead>, ConfigError> {
        if place.role == Role::Library && place.hive.is_none() {
            return self.libraries(place);
        }
        let status = self.look_at(place)?;
        Ok(vec![PlaceRead { path: self.shown_path(place), status }])
    }

    fn look_at(&mut self, place: &DevicePlace) -> Result<PlaceStatus, ConfigError> {
        if let Some(since) = place.since.as_ref().filter(|s| !self.context.names.since(s)) {
            return Ok(PlaceStatus::NotLookedAt(format!("app versions before {since} do not read it")));
        }
        if let Some(hive) = place.hive {
            return self.hive(place, hive);
        }
        let Some(path) = self.whose.filled(&place.path) else {
            return Ok(PlaceStatus::NotLookedAt("it is not known here whose it would be".to_owned()));
        };
        let path = self.device.path(&path);
        self.seen.push(path.clone());
        self.managed(place, &path)
    }

    /// The libraries that a place stands for. Of all of them the first that is there counts.
    fn libraries(&mut self, place: &DevicePlace) -> Result<Vec<PlaceRead>, ConfigError> {
        let unknown = || PlaceStatus::NotLookedAt("it is not known here whose it would be".to_owned());
        if self.whose.user_data.is_some() && self.found.first_library.is_none() {
            self.moved_library()?;
        }
        let Some(template) = self.whose.filled(&place.path) else {
            return Ok(vec![PlaceRead { path: self.shown_path(place), status: unknown() }]);
        };
        let paths = open::matching(&self.device.path(&template), self.context.root);
        let kind = if place.path.contains('*') { Kind::Package } else { Kind::Folder };
        if paths.is_empty() {
            return Ok(vec![PlaceRead { path: self.shown_path(place), status: PlaceStatus::Absent }]);
        }
        paths
            .into_iter()
            .map(|path| {
                let status = self.library(&path, kind)?;
                self.seen.push(path.clone());
                Ok(PlaceRead { path: path.display().to_string(), status })
            })
            .collect()
    }

    /// The library of the folder that a variable names: there is no other then, whether it is there or not.
    fn moved_library(&mut self) -> Result<(), ConfigError> {
        let environment = &self.context.places.environment;
        let Some(folder) = self.whose.user_data.as_deref() else { return Ok(()) };
        let slash = if folder.contains('\\') { '\\' } else { '/' };
        let path = self.device.path(&format!("{folder}{slash}{}", environment.library));
        let status = self.library(&path, Kind::Moved)?;
        self.found.first_library = Some((path.clone(), Kind::Moved));
        self.seen.push(path.clone());
        self.found.places.push(PlaceRead { path: path.display().to_string(), status });
        Ok(())
    }

    /// What is mistaken for a source, and what keeps the app from its configuration.
    fn beside(&mut self) {
        for remark in place::wrong(self.device, self.whose, self.context, &self.seen) {
            self.found.wrong.push(remark);
        }
        let found = place::modes(self.device, self.whose, self.context);
        let names = &self.context.places.json;
        let of = |word: &str| {
            let paths = found.iter().filter(|(_, w)| w == word);
            paths.map(|(p, _)| shown_path(p)).collect::<Vec<_>>()
        };
        let (ordinary, third) = (of(&names.ordinary), of(&names.third_party));
        if !ordinary.is_empty() {
            self.found.mode = Some(Mode { ordinary, third });
        }
    }

    fn managed(&mut self, place: &DevicePlace, path: &Path) -> Result<PlaceStatus, ConfigError> {
        // The link itself counts: a broken one still makes the device managed.
        if path.symlink_metadata().is_err() {
            return Ok(PlaceStatus::Absent);
        }
        let problem =
            if place.root_owned { only_root_wrote(path, self.device.root.is_some())? } else { None };
        if let Some(why) = problem {
            // A link in a copy leads to some file of the machine that this runs on.
            let elsewhere = self.device.root.is_some();
            let content = if elsewhere { None } else { configuration(path, self.context).ok() };
            return Ok(self.reject(path, why, content));
        }
        match configuration(path, self.context) {
            Ok(config) => {
                self.add_managed(config);
                if place.root_owned && self.device.root.is_some() {
                    self.remark("ownership-not-checked", Severity::Info, format!(
                        "{}: the app rejects this file when it or its folder is not root's own or others may write it; a copy no longer shows that, so run `ls -ld` on both on the device",
                        place.path
                    ));
                }
                Ok(PlaceStatus::Read)
            }
            Err(error @ (ConfigError::NotConfiguration { .. } | ConfigError::AnotherProduct { .. })) => {
                self.remark("place-without-keys", Severity::Warning, error.to_string());
                Ok(PlaceStatus::Ignored("no key of the app stands in it".to_owned()))
            }
            Err(error) if place.root_owned => Ok(self.reject(path, error.to_string(), None)),
            Err(error) => Err(error),
        }
    }

    /// A managed file that the app does not take, and that takes the device over all the same.
    fn reject(&mut self, path: &Path, why: String, content: Option<Configuration>) -> PlaceStatus {
        self.found.rejected = true;
        let because = format!("the app rejects the file: {why}");
        let mut config = Configuration::default();
        if let Some(content) = content {
            config.sources = content.sources.clone();
            lose_all(&mut config, content, &because);
        }
        self.add_managed(config);
        self.remark(
            "managed-rejected",
            Severity::Error,
            format!(
                "{}: the app rejects this file ({why}), counts the device as managed and reads no other place either. {FIX}",
                shown_path(path)
            ),
        );
        PlaceStatus::Rejected(why)
    }

    fn hive(&mut self, place: &DevicePlace, hive: Hive) -> Result<PlaceStatus, ConfigError> {
        let text = match &self.device.root {
            Some(root) => {
                let names: Vec<String> = place.copies.iter().filter_map(|c| self.whose.filled(c)).collect();
                registry::copied(root, &names)?
            }
            None => registry::live(&self.registry_key(place), self.query),
        };
        let (name, bytes) = match text {
            Text::Here { name, bytes } => (name, bytes),
            // The hive of a user who is not signed in is not loaded.
            Text::Absent
                if hive == Hive::User && self.whose.sid.as_deref().is_some_and(|s| !self.is_loaded(s)) =>
            {
                return Ok(PlaceStatus::NotLookedAt(
                    "the user is not signed in, so Windows has not loaded the hive".to_owned(),
                ));
            }
            Text::Absent => return Ok(PlaceStatus::Absent),
            Text::Unknown(why) => return Ok(PlaceStatus::NotLookedAt(why)),
        };
        let text = if self.device.root.is_some() {
            encoding::decode(&bytes, &name)?.text.into_owned()
        } else {
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let (doc, mistaken) = reg::hive(&text, &name, hive, self.context.places)?;
        self.found.wrong.extend(mistaken);
        let Some(doc) = doc else {
            return Ok(PlaceStatus::Absent);
        };
        if doc.entries.is_empty()
            && doc.touched.is_empty()
            && doc.machine_values.is_empty()
            && doc.notes.is_empty()
        {
            return Ok(PlaceStatus::Ignored("no value stands in it".to_owned()));
        }
        let format = if self.device.root.is_some() { doc.format } else { "registry" };
        let source = Source::of(&name, format, &bytes);
        let values = doc.machine_values.clone();
        let config = decode::decode(doc, &name, source, &self.context.names);
        if hive == Hive::Machine {
            self.found.machine_values = values;
            self.add_managed(config);
            return Ok(PlaceStatus::Read);
        }
        let silencer = self
            .found
            .machine_values
            .first()
            .filter(|_| self.context.names.since(&self.context.places.registry.machine_silences_since))
            .cloned();
        let Some(silencer) = silencer else {
            self.add_managed(config);
            return Ok(PlaceStatus::Read);
        };
        let because = reg::silenced(&silencer);
        let count = config.settings.len() + config.unreadable.len();
        let mut lost = Configuration { sources: config.sources.clone(), ..Configuration::default() };
        lose_all(&mut lost, config, &because);
        self.add_managed(lost);
        if count > 0 {
            self.remark(
                "hkcu-ignored",
                Severity::Error,
                format!(
                    "{count} values under HKEY_CURRENT_USER are ignored, because {because} (app {} and later); keep all values in one hive",
                    self.context.places.registry.machine_silences_since
                ),
            );
        }
        Ok(PlaceStatus::Ignored(because))
    }

    fn is_loaded(&self, sid: &str) -> bool {
        let key = format!(r"HKEY_USERS\{sid}\Environment");
        matches!((self.query)(&key), Ok(Some(_)))
    }

    fn library(&mut self, path: &Path, kind: Kind) -> Result<PlaceStatus, ConfigError> {
        if path.join(library::INDEX).symlink_metadata().is_err() {
            return Ok(PlaceStatus::Absent);
        }
        if let Some((first, kind)) = &self.found.first_library {
            let (because, more) = self.shadow(first, *kind);
            // Only to say what is lost, so a broken one is no error.
            let lost = library::read(path, self.context).unwrap_or_default();
            self.found.ignored.extend(lost.into_iter().map(|c| (c, because.clone())));
            self.remark(
                "library-shadowed",
                Severity::Warning,
                format!("{} is not read, because {because}{more}", shown_path(path)),
            );
            return Ok(PlaceStatus::Ignored(because));
        }
        self.found.first_library = Some((path.to_owned(), kind));
        let Some(key) = self.found.taken_over(self.context) else {
            self.found.library = library::read(path, self.context)?;
            return Ok(PlaceStatus::Read);
        };
        // Only to say what is lost, so a broken one is no error.
        let lost = library::read(path, self.context).unwrap_or_default();
        let because = "a managed source takes the device over".to_owned();
        self.found.ignored.extend(lost.into_iter().map(|c| (c, because.clone())));
        let asked = self.context.options.profiles != Profiles::Applied;
        let severity = if asked { Severity::Warning } else { Severity::Info };
        self.remark(
            LintId::LIBRARY_IGNORED.as_str(),
            severity,
            format!("{} is ignored as a whole, because {key} takes the device over", shown_path(path)),
        );
        Ok(PlaceStatus::Ignored(format!("{key} takes the device over")))
    }

    /// Why a library beside `first` does not count, as a clause, and what else there is to say.
    fn shadow(&self, first: &Path, kind: Kind) -> (String, &'static str) {
        let first = shown_path(first);
        match kind {
            Kind::Package => (
                format!("the app that is installed as a Windows package reads {first} in its place"),
                "; where several packages keep a library, the first in the order of the places counts here, and in the app that of the package which the user starts; a build was seen that used the folder outside the packages, so keep one configuration only",
            ),
            Kind::Moved => {
                (format!("{} moves the app's data to {first}", self.context.places.environment.user_data), "")
            }
            Kind::Folder => (format!("{first} comes first"), ""),
        }
    }

    fn remark(&mut self, id: &str, severity: Severity, message: String) {
        let lint = Lint { id: id.to_owned(), severity, message, key: None, origin: None };
        self.found.managed.get_or_insert_with(Configuration::default).lint.push(lint);
    }

    fn add_managed(&mut self, next: Configuration) {
        self.found.managed = Some(match self.found.managed.take() {
            Some(first) => merged(first, next),
            None => next,
        });
    }
}

fn shown_path(path: &Path) -> String {
    crate::config::error::shown_file(&path.display().to_string())
}

/// The app's own rule for the Linux managed file: a regular file of root's in a real folder of
/// root's, neither writable by group or others (source C5). Gives what breaks it. A copy does
/// not keep owners and modes, so only the kind of file is judged there.
fn only_root_wrote(path: &Path, copy: bool) -> Result<Option<String>, ConfigError> {
    for (what, path, folder) in [("it", Some(path), false), ("its folder", path.parent(), true)] {
        let Some(path) = path else { continue };
        let meta = path.symlink_metadata().map_err(|e| io_error(&path.display().to_string(), &e))?;
        if meta.file_type().is_symlink() {
            return Ok(Some(format!("{what} is a symbolic link")));
        }
        if folder != meta.is_dir() || !folder && !meta.is_file() {
            return Ok(Some(format!("{what} is no regular {}", if folder { "folder" } else { "file" })));
        }
        if !copy && let Some(why) = not_roots_own(&meta) {
            return Ok(Some(format!("{what} {why}")));
        }
    }
    Ok(None)
}

#[cfg(unix)]
fn not_roots_own(meta: &std::fs::Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    if meta.uid() != 0 {
        return Some(format!("belongs to user {}, not to root", meta.uid()));
    }
    (meta.mode() & 0o022 != 0)
        .then(|| format!("is writable by group or others (mode {:o})", meta.mode() & 0o777))
}

#[cfg(not(unix))]
fn not_roots_own(_meta: &std::fs::Metadata) -> Option<String> {
    None
}
