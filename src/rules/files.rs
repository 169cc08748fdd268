//! The files of the rule pack. This is the one list of them; a reader takes their text from the
//! binary or from a directory through [`Files`] and does not know which.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::data::DataError;
use super::error::{Fault, PackError, RulesError};

/// Largest file of a directory that is read, in bytes; the largest one built in has some 90 kB.
const LIMIT: u64 = 2 * 1024 * 1024;
/// Most feature files of a directory that are read; 18 are built in.
const FEATURES: usize = 200;
/// Where the feature files are.
const FOLDER: &str = "features";

macro_rules! built_in {
    ($($name:literal),+ $(,)?) => {
        &[$(BuiltIn {
            name: concat!($name, ".toml"),
            text: rules_text!($name),
        }),+]
    };
}

/// A file built into the program.
#[derive(Debug)]
struct BuiltIn {
    name: &'static str,
    text: &'static str,
}

/// Every file of the pack, built into the program.
static BUILT_IN: &[BuiltIn] = built_in![
    "pack",
    "keys",
    "credentials",
    "networks",
    "lints",
    "features/inference",
    "features/workspace",
    "features/sign-in",
    "features/bootstrap",
    "features/proxy",
    "features/sandbox",
    "features/connectors",
    "features/plugins",
    "features/desktop-extensions",
    "features/web-fetch",
    "features/ssh",
    "features/browser",
    "features/import",
    "features/otlp",
    "features/auto-updates",
    "features/essential-telemetry",
    "features/nonessential-telemetry",
    "features/nonessential-services",
    "services",
    "addresses",
    "filters",
    "trust",
    "calls",
    "codes",
    "controls",
    "device",
    "symptoms",
    "symptoms-network",
    "symptoms-providers",
    "symptoms-sign-in",
    "symptoms-device",
    "sandbox",
    "firewalls",
    "headers",
    "logs",
    "places",
    "share",
];

/// Files that a directory may lack, because packs written for earlier versions of the program do:
/// those built in are used, and `clearway rules --rules DIR` says so.
pub const OPTIONAL: &[&str] = &[
    "device.toml",
    "trust.toml",
    "headers.toml",
    "logs.toml",
    "places.toml",
    "share.toml",
    "symptoms-network.toml",
    "symptoms-providers.toml",
    "symptoms-sign-in.toml",
    "symptoms-device.toml",
];

/// The text built into the program of the file called `name`; empty when there is no such file.
pub fn built_in(name: &str) -> &'static str {
    BUILT_IN.iter().find(|f| f.name == name).map(|f| f.text).unwrap_or_default()
}

/// The id and the text of every feature file built in.
pub(super) fn built_in_features() -> impl Iterator<Item = (&'static str, Text<'static>)> {
    BUILT_IN.iter().filter_map(|f| Some((feature_id(f.name)?, Text(f.text))))
}

/// The text of a file, as people write it.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a>(&'a str);

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(text)
    }
}

impl<'a> From<&'a String> for Text<'a> {
    fn from(text: &'a String) -> Self {
        Self(text)
    }
}

impl Text<'_> {
    /// What it says.
    ///
    /// # Errors
    /// Place and cause, from the reader of TOML.
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<T, String> {
        toml::from_str(self.0).map_err(|e| e.to_string())
    }

    /// The same for a file that messages call `file`.
    ///
    /// # Errors
    /// [`DataError::Syntax`].
    pub(super) fn read_as<T: DeserializeOwned>(self, file: &str) -> Result<T, DataError> {
        self.read().map_err(|reason| DataError::Syntax { file: file.to_owned(), reason })
    }
}

/// The text of one file, and what messages call it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The text.
    pub text: Text<'a>,
    /// The path in a directory; the name of the file built in.
    pub shown: &'a str,
}

#[derive(Debug, Clone)]
struct Entry {
    name: Cow<'static, str>,
    text: Cow<'static, str>,
    shown: Cow<'static, str>,
}

/// The files of one pack.
#[derive(Debug, Clone)]
pub struct Files {
    entries: Vec<Entry>,
    replaced: Vec<&'static str>,
}

impl Files {
    /// The files built into the program.
    pub fn embedded() -> Self {
        Self { entries: BUILT_IN.iter().map(Entry::built_in).collect(), replaced: Vec::new() }
    }

    /// The files of a directory, with everything that keeps one of them from being read: not there,
    /// too large, not a regular file, not UTF-8. In place of such a file stands the one built in, so
    /// that the rest can still be checked.
    pub(super) fn read(dir: &Path) -> (Self, Vec<Fault>) {
        let mut files = Self { entries: Vec::new(), replaced: Vec::new() };
        let unreadable = |path: &Path, reason: String| {
            Fault::Pack(PackError::Unreadable { path: path.to_owned(), reason })
        };
        if let Err(error) = std::fs::read_dir(dir) {
            return (Self::embedded(), vec![unreadable(dir, error.to_string())]);
        }
        let mut wrong = Vec::new();
        let mut missing: Vec<&str> = Vec::new();
        for file in BUILT_IN {
            let name = &file.name;
            let path = dir.join(name);
            match read_text(&path) {
                Ok(own) => {
                    files.entries.push(Entry {
                        name: (*name).into(),
                        text: own.into(),
                        shown: path.display().to_string().into(),
                    });
                    continue;
                }
                Err(Unread::Absent) if OPTIONAL.contains(name) => files.replaced.push(name),
                Err(Unread::Absent) if name.starts_with(FOLDER) => continue,
                Err(Unread::Absent) => missing.push(name),
                Err(Unread::Faulty(error)) => wrong.push(Fault::Pack(error)),
            }
            files.entries.push(Entry::built_in(file));
        }
        let known: Vec<&str> = BUILT_IN.iter().map(|f| f.name).collect();
        for name in toml_files(dir).unwrap_or_default() {
            if !known.contains(&name.as_str()) {
                let reason = "not a file of a rule pack; rename it after the one it replaces, or remove it";
                wrong.push(Fault::Pack(PackError::Misplaced { path: dir.join(name), reason }));
            }
        }
        let folder = dir.join(FOLDER);
        match toml_files(&folder) {
            Err(error) => wrong.push(unreadable(&folder, error.to_string())),
            Ok(names) if names.len() > FEATURES => {
                let reason =
                    format!("there are {} files, and {FEATURES} are the most that are read", names.len());
                wrong.push(unreadable(&folder, reason));
            }
            Ok(names) => {
                for name in names
                    .into_iter()
                    .map(|n| format!("{FOLDER}/{n}"))
                    .filter(|n| !known.contains(&n.as_str()))
                {
                    let path = dir.join(&name);
                    match read_text(&path) {
                        Ok(text) => files.entries.push(Entry {
                            name: name.into(),
                            text: text.into(),
                            shown: path.display().to_string().into(),
                        }),
                        Err(Unread::Faulty(error)) => wrong.push(Fault::Pack(error)),
                        // It was listed a moment ago.
                        Err(Unread::Absent) => {
                            wrong.push(unreadable(&path, "it vanished while it was read".to_owned()))
                        }
                    }
                }
            }
        }
        // A feature that the directory's own pack.toml has left out needs no file.
        let features = super::pack::features_of(files.get("pack.toml").text);
        let lacks = |name: &&str| {
            let id = feature_id(name);
            id.is_some_and(|id| features.iter().any(|f| f == id))
                && !files.entries.iter().any(|e| e.name == **name)
        };
        missing.extend(known.iter().filter(|name| lacks(name)));
        if !missing.is_empty() {
            let (is, it) = if missing.len() == 1 { ("is", "it") } else { ("are", "them") };
            let reason = format!(
                "{} {is} not there; copy {it} from the `rules` folder of Clearway's source",
                missing.join(", ")
            );
            wrong.push(unreadable(dir, reason));
        }
        (files, wrong)
    }

    /// Notes every file that is not even TOML, also those that no reader came to because another
    /// file was wrong.
    pub(super) fn check_syntax(&self, faults: &mut RulesError) {
        for entry in &self.entries {
            if let Err(error) = entry.text.parse::<toml::Table>() {
                let reason = error.to_string();
                faults.add(DataError::Syntax { file: entry.shown.to_string(), reason }.into());
            }
        }
    }

    /// The file called `name`; the one built in where this pack has none.
    pub(super) fn get<'a>(&'a self, name: &'a str) -> Source<'a> {
        match self.entries.iter().find(|e| e.name == name) {
            Some(entry) => Source { text: entry.text(), shown: &entry.shown },
            None => Source { text: built_in(name).into(), shown: name },
        }
    }

    /// The id and the text of every feature file.
    pub(super) fn features(&self) -> impl Iterator<Item = (&str, Text<'_>)> {
        self.entries.iter().filter_map(|e| Some((feature_id(&e.name)?, e.text())))
    }

    /// Name and text of every file.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|e| (e.name.as_ref(), e.text.as_ref()))
    }

    /// Files that the directory lacks and that are taken from the program instead.
    pub fn replaced(&self) -> &[&'static str] {
        &self.replaced
    }
}

impl Entry {
    fn built_in(file: &'static BuiltIn) -> Self {
        Self { name: file.name.into(), text: file.text.into(), shown: file.name.into() }
    }

    fn text(&self) -> Text<'_> {
        Text(&self.text)
    }
}

fn feature_id(name: &str) -> Option<&str> {
    name.strip_prefix(FOLDER)?.strip_prefix('/')?.strip_suffix(".toml")
}

/// Names of the `*.toml` in a directory, in order.
fn toml_files(dir: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = PathBuf::from(entry?.file_name());
        if path.extension().is_some_and(|e| e == "toml") {
            names.push(path.display().to_string());
        }
    }
    names.sort();
    Ok(names)
}

enum Unread {
    Absent,
    Faulty(PackError),
}

/// The text of a file: regular, of bounded size, UTF-8.
fn read_text(path: &Path) -> Result<String, Unread> {
    let faulty = |reason: String| Unread::Faulty(PackError::Unreadable { path: path.to_owned(), reason });
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        // A pipe or a device would be waited for, or never end.
        Ok(_) => return Err(faulty("it is not a regular file".to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Unread::Absent),
        Err(error) => return Err(faulty(error.to_string())),
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes));
    if read.map_err(|e| faulty(e.to_string()))? as u64 > LIMIT {
        return Err(Unread::Faulty(PackError::TooLarge { path: path.to_owned(), limit: LIMIT }));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = 1 + good.iter().filter(|b| **b == b'\n').count();
        faulty(format!("line {line} is not UTF-8 text; save the file as UTF-8"))
    })?;
    // Most files have lists that may be short; one without any is an accident.
    if text.lines().all(|line| line.trim_start().starts_with('#') || line.trim().is_empty()) {
        return Err(faulty("there is nothing in it".to_owned()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_file_of_the_rules_folder_is_built_in() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let features = toml_files(&root.join(FOLDER)).unwrap().into_iter().map(|n| format!("{FOLDER}/{n}"));
        let mut there: Vec<String> = toml_files(&root).unwrap().into_iter().chain(features).collect();
        let mut listed: Vec<String> = BUILT_IN.iter().map(|f| f.name.to_owned()).collect();
        there.sort();
        listed.sort();
        assert_eq!(there, listed);
    }
}
