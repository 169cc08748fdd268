//! The folder in which the app's own window keeps configurations: an index and one file for each.

use std::path::Path;

use super::error::{ConfigError, shown};
use super::formats::tree::{Member, Raw, find};
use super::formats::{encoding, json_text};
use super::read::{Context, Profiles, configuration, regular};
use super::value::{Configuration, Lint};
use crate::contract::Severity;
use crate::contract::ids::LintId;

/// Name of the index.
pub(crate) const INDEX: &str = "_meta.json";

/// Most entries that are read.
const MAX_ENTRIES: usize = 200;

/// Reads the entries of the configLibrary in `dir` that the options ask for; never none.
///
/// # Errors
/// When the folder has no readable index, or an entry that is asked for cannot be read.
pub(crate) fn read(dir: &Path, context: &Context<'_>) -> Result<Vec<Configuration>, ConfigError> {
    let index = Index::read(dir, context)?;
    let mut configs = match &context.options.profiles {
        Profiles::Applied => {
            let id = index.applied()?;
            vec![index.entry(&id, context)?]
        }
        Profiles::Named(names) => {
            names.iter().map(|name| index.entry(&index.named(name)?, context)).collect::<Result<_, _>>()?
        }
        Profiles::All => index.all(context)?,
    };
    if let Some(first) = configs.first_mut() {
        first.lint.splice(0..0, index.lint);
    }
    // Every reason in a report names its profile, so two of one name must differ.
    for at in 1..configs.len() {
        let (before, rest) = configs.split_at_mut(at);
        if let Some(config) = rest.first_mut()
            && before.iter().any(|c| c.name == config.name)
        {
            config.name = format!("{} ({})", config.name, at + 1);
        }
    }
    Ok(configs)
}

struct Index {
    dir: String,
    path: std::path::PathBuf,
    file: String,
    members: Vec<Member>,
    entries: Vec<(String, String)>,
    lint: Vec<Lint>,
}

impl Index {
    fn read(dir: &Path, context: &Context<'_>) -> Result<Self, ConfigError> {
        let path = dir.join(INDEX);
        let shown_dir = dir.display().to_string();
        if !path.exists() {
            let inner = dir.join("configLibrary");
            let hint =
                if inner.join(INDEX).is_file() { format!(": {}", inner.display()) } else { String::new() };
            return Err(ConfigError::NoMeta { dir: shown_dir, hint });
        }
        let name = path.display().to_string();
        let bytes = regular(&path, &name, context.root)?;
        let text = encoding::decode(&bytes, &name)?;
        let root = json_text::parse(&text.text).map_err(|f| f.at(&name, "JSON"))?;
        let Raw::Map(members) = root else {
            return Err(ConfigError::Meta {
                file: name,
                what: "not an object, so it names no applied configuration".to_owned(),
                next: "Apply a configuration in the app's window again".to_owned(),
            });
        };
        let mut index = Self {
            entries: entries(&members),
            dir: shown_dir,
            path: dir.to_owned(),
            file: name,
            members,
            lint: Vec::new(),
        };
        if index.pointer().is_some() {
            index.remark("hybrid-pointer", "_meta.json holds a leftover `hybridPointer`, which wins over `appliedId`; Apply in the app's window removes it".to_owned());
        }
        if let Some(id) = index.applied_id()
            && is_id(&id)
            && index.name_of(&id).is_none()
        {
            index.remark(
                "applied-id-not-listed",
                format!("_meta.json applies {id}, which is not among its entries"),
            );
        }
        Ok(index)
    }

    fn remark(&mut self, id: &str, message: String) {
        self.lint.push(Lint {
            id: id.to_owned(),
            severity: Severity::Warning,
            message,
            key: None,
            origin: None,
        });
    }

    fn error(&self, what: String, next: &str) -> ConfigError {
        ConfigError::Meta { file: self.file.clone(), what, next: next.to_owned() }
    }

    fn pointer(&self) -> Option<&str> {
        find(&self.members, "hybridPointer").and_then(|m| m.value.text()).filter(|t| !t.is_empty())
    }

    fn applied_id(&self) -> Option<String> {
        let applied = find(&self.members, "appliedId").and_then(|m| m.value.text());
        self.pointer().or(applied).filter(|t| !t.is_empty()).map(str::to_owned)
    }

    /// The id of the applied entry.
    fn applied(&self) -> Result<String, ConfigError> {
        self.applied_id().ok_or_else(|| {
            let known: Vec<String> = self
                .entries
                .iter()
                .take(5)
                .map(|(id, name)| format!("{}.json ({})", shown(id), shown(name)))
                .collect();
            let next = if known.is_empty() {
                "Apply a configuration in the app's window, or pass the managed configuration".to_owned()
            } else {
                format!("Pass one of its files: {}; or choose with --profile NAME", known.join(", "))
            };
            self.error("no configuration is applied (`appliedId` is not set)".to_owned(), &next)
        })
    }

    /// The id of the entry called `name`: exactly, else in any letter case, else by its id.
    fn named(&self, name: &str) -> Result<String, ConfigError> {
        let exact = self.entries.iter().find(|(_, n)| n == name);
        let folded = || self.entries.iter().find(|(_, n)| n.to_lowercase() == name.to_lowercase());
        let by_id = || self.entries.iter().find(|(id, _)| id == name);
        if let Some((id, _)) = exact.or_else(folded).or_else(by_id) {
            return Ok(id.clone());
        }
        let known: Vec<String> =
            self.entries.iter().take(20).map(|(_, n)| format!("`{}`", shown(n))).collect();
        Err(ConfigError::NoSuchProfile {
            dir: self.dir.clone(),
            name: name.to_owned(),
            next: if known.is_empty() {
                "Its index lists none".to_owned()
            } else {
                format!("There are {}", known.join(", "))
            },
        })
    }

    fn name_of(&self, id: &str) -> Option<&str> {
        self.entries.iter().find(|(known, _)| known == id).map(|(_, name)| name.as_str())
    }

    /// Reads the file of an entry.
    fn entry(&self, id: &str, context: &Context<'_>) -> Result<Configuration, ConfigError> {
        if !is_id(id) {
            return Err(self.error(
                format!(
                    "the id `{}` is not 36 characters of a-f, 0-9 and -, so the app does not load it",
                    shown(id)
                ),
                "Apply the configuration in the app's window again, or pass the file itself",
            ));
        }
        let path = self.path.join(format!("{id}.json"));
        if !path.exists() {
            return Err(self.error(
                format!("it names {id}, but there is no {id}.json beside it"),
                "Copy the whole folder, or apply a configuration in the app's window again",
            ));
        }
        let mut config = configuration(&path, context)?;
        if let Some(name) = self.name_of(id).filter(|n| !n.is_empty()) {
            config.name = shown(name);
        }
        if let Some(source) = config.sources.first_mut() {
            source.format = "configLibrary".to_owned();
        }
        for lint in &mut config.lint {
            if lint.id == LintId::NESTED_DOCUMENT {
                lint.id = LintId::NESTED_IN_LIBRARY.into();
                lint.message = "a nested document (\"$schemaVersion\": 2) stands in a configLibrary; builds were seen to ignore it there \
                                key by key, although others write it, so deploy flat keys; it is read here as if the app read it"
                    .to_owned();
            }
        }
        Ok(config)
    }

    /// Every entry that can be read; what cannot be is remarked.
    fn all(&self, context: &Context<'_>) -> Result<Vec<Configuration>, ConfigError> {
        let mut configs: Vec<Configuration> = Vec::new();
        let mut failed = Vec::new();
        for (id, name) in self.entries.iter().take(MAX_ENTRIES) {
            match self.entry(id, context) {
                Ok(config) => configs.push(config),
                Err(error) => failed.push((name, error)),
            }
        }
        let Some(first) = configs.first_mut() else {
            return Err(match failed.into_iter().next() {
                Some((_, error)) => error,
                None => self.error(
                    "it lists no entry".to_owned(),
                    "Apply a configuration in the app's window, or pass the managed configuration",
                ),
            });
        };
        for (name, error) in failed {
            first.lint.push(Lint {
                id: "profile-unreadable".to_owned(),
                severity: Severity::Error,
                message: format!("the profile `{}` is left out: {error}", shown(name)),
                key: None,
                origin: None,
            });
        }
        if self.entries.len() > MAX_ENTRIES {
            let more = self.entries.len() - MAX_ENTRIES;
            first.lint.push(Lint {
                id: "profile-unreadable".to_owned(),
                severity: Severity::Error,
                message: format!("{more} more profiles are left out; pass their files"),
                key: None,
                origin: None,
            });
        }
        Ok(configs)
    }
}

/// The entries of an index: id and name.
fn entries(members: &[Member]) -> Vec<(String, String)> {
    let Some(Raw::List(items)) = find(members, "entries").map(|m| &m.value) else { return Vec::new() };
    items
        .iter()
        .filter_map(Raw::members)
        .filter_map(|m| {
            let text = |name| find(m, name).and_then(|m| m.value.text()).unwrap_or_default().to_owned();
            let id = text("id");
            (!id.is_empty()).then(|| (id, text("name")))
        })
        .collect()
}

/// Whether the app's loader would take the id; nothing else may become a file name.
fn is_id(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|b| matches!(b, b'a'..=b'f' | b'0'..=b'9' | b'-'))
}
