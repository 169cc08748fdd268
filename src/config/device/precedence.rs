//! Who wins on a device, once its places were read (source C5).

use std::path::PathBuf;

use super::Device;
use super::user::Whose;
use crate::config::bootstrap::{self, GROUP};
use crate::config::decode;
use crate::config::error::{ConfigError, shown};
use crate::config::read::{Context, Profiles, response};
use crate::config::value::{Configuration, Lint, PlaceRead, PlaceStatus, Shadowed, ShadowedBy, Value};
use crate::contract::Severity;
use crate::contract::ids::LintId;
use crate::rules::places::JsonNames;
use crate::text::english::few;

/// What a library's folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An ordinary folder.
    Folder,
    /// The folder of an installed Windows package.
    Package,
    /// One that a variable names.
    Moved,
}

/// The files that hold the mode, by what they say; at least one says the ordinary mode.
pub(crate) struct Mode {
    pub ordinary: Vec<String>,
    pub third: Vec<String>,
}

/// What was found so far.
#[derive(Default)]
pub(crate) struct Found {
    pub places: Vec<PlaceRead>,
    pub managed: Option<Configuration>,
    /// Names of the values under HKEY_LOCAL_MACHINE that the app sees.
    pub machine_values: Vec<String>,
    pub rejected: bool,
    pub library: Vec<Configuration>,
    /// Libraries that do not count, each with the clause that says why.
    pub ignored: Vec<(Configuration, String)>,
    /// The library that comes first.
    pub first_library: Option<(PathBuf, Kind)>,
    /// What is there and mistaken for a source, a sentence each.
    pub wrong: Vec<String>,
    /// The app starts in its ordinary mode.
    pub mode: Option<Mode>,
}

impl Found {
    /// What takes the device over, as the subject of a sentence; nothing while the library counts.
    pub(crate) fn taken_over(&self, context: &Context<'_>) -> Option<String> {
        if self.rejected {
            return Some("a rejected managed file".to_owned());
        }
        let names = &context.names;
        let takes = |key: &str| names.is_read(key) && !names.may_be_behaviour(key);
        if let Some(managed) = &self.managed {
            let set = managed.settings.iter().filter(|(_, s)| s.value.is_set()).map(|(k, _)| k);
            if let Some(key) = set.chain(&managed.unreadable).find(|k| takes(k)) {
                return Some(format!("the managed key `{}`", shown(key)));
            }
        }
        // On Windows even a misspelled value of the machine hive locks the app's window (source C5).
        let other = self.machine_values.iter().find(|n| !names.may_be_behaviour(n))?;
        Some(format!("the value `{}` under HKEY_LOCAL_MACHINE", shown(other)))
    }

    /// Keys that one source counts among the app-behaviour set, when nothing else is managed.
    fn doubtful(&self, context: &Context<'_>) -> Vec<String> {
        if self.taken_over(context).is_some() {
            return Vec::new();
        }
        let names = &context.names;
        let managed = self.managed.iter();
        let set = managed.flat_map(|m| {
            m.settings.iter().filter(|(_, s)| s.value.is_set()).map(|(k, _)| k).chain(&m.unreadable)
        });
        let mut keys: Vec<String> = set
            .chain(&self.machine_values)
            .filter(|k| names.may_be_behaviour(k) && !names.is_behaviour(k))
            .cloned()
            .collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// Puts the parts together.
    pub(crate) fn finish(
        self,
        device: &Device,
        context: &Context<'_>,
        whose: &Whose,
    ) -> Result<Vec<Configuration>, ConfigError> {
        let anything = self.rejected
            || !self.library.is_empty()
            || self.places.iter().any(|p| p.status == PlaceStatus::Read);
        if !anything {
            let looked = self
                .places
                .iter()
                .map(|p| match p.status.reason() {
                    Some(why) => format!("{} ({}: {why})", p.path, p.status.word().replace('-', " ")),
                    None => p.path.clone(),
                })
                .collect();
            return Err(ConfigError::NoneOnDevice {
                looked,
                note: {
                    let registry = registry_note(&self.places, device, context);
                    let lines: Vec<String> = self.wrong.iter().cloned().chain(registry).collect();
                    (!lines.is_empty()).then(|| lines.join("\n"))
                },
                wrong: self.wrong,
            });
        }
        let name = device.name(whose.user.as_deref());
        let doubtful = self.doubtful(context);
        let mode = self.mode;
        let mut managed = self.managed.unwrap_or_default();
        let mut behind = Vec::new();
        for (lost, because) in self.ignored {
            behind.extend(lost.sources.iter().cloned());
            lose_all(&mut managed, lost, &because);
        }
        let managed_chooser = managed.get(&context.places.json.mode_key).cloned();
        let behaviour = managed.settings.keys().any(|k| context.names.is_behaviour(k));
        let group = behaviour && !context.places.bootstrap.connection.iter().any(|k| managed.is_set(k));
        if !self.library.is_empty() {
            lose_empty(&mut managed);
        }
        let mut configs = if self.library.is_empty() {
            managed.name.clone_from(&name);
            vec![managed]
        } else {
            let several = self.library.len() > 1 || context.options.profiles != Profiles::Applied;
            self.library
                .into_iter()
                .map(|mut local| {
                    let profile = std::mem::take(&mut local.name);
                    if behaviour {
                        lose_group(&mut local, &managed, context);
                    }
                    let mut config = merged(managed.clone(), local);
                    config.name = if several { format!("{profile} ({name})") } else { name.clone() };
                    config
                })
                .collect()
        };
        let response = match &context.options.bootstrap_response {
            Some(file) => Some(response(file, context)?),
            None => None,
        };
        let note = registry_note(&self.places, device, context);
        for (at, config) in configs.iter_mut().enumerate() {
            // Each part was judged by itself while it was read; only the whole can lack a provider.
            config.lint.retain(|l| l.id != LintId::NO_PROVIDER);
            decode::complete(config, &context.names);
            if let Some(response) = &response {
                bootstrap::overlay(config, response.clone(), context, group);
            }
            config.platform = Some(device.platform);
            // What counts is named first.
            config.sources.extend(behind.iter().cloned());
            config.places.clone_from(&self.places);
            config.user.clone_from(&whose.user);
            let kept = managed_chooser.as_ref() == Some(&Value::Bool(true));
            let mut remark = |id: &str, severity, message| {
                config.lint.push(Lint { id: id.to_owned(), severity, message, key: None, origin: None });
            };
            if at == 0 {
                for wrong in &self.wrong {
                    remark("wrong-place", Severity::Warning, wrong.clone());
                }
            }
            if let Some(mode) = mode.as_ref().filter(|_| !kept) {
                let (severity, message) = mode.message(&context.places.json);
                remark(LintId::MODE_1P.as_str(), severity, message);
            }
            if !doubtful.is_empty() {
                remark(
                    "takeover-doubtful",
                    Severity::Warning,
                    format!(
                        "{} alone are managed: one source counts them among the keys that do not take the device over, the documentation names them nowhere; the local library is listed here as if it counted, so look into the app whether it does",
                        few(&doubtful, 6)
                    ),
                );
            }
            if at == 0
                && let Some(note) = &note
            {
                remark("registry-not-read", Severity::Warning, note.clone());
            }
            if at == 0 && whose.elevated {
                let user = whose.user.as_deref().unwrap_or_default();
                remark(
                    "whose-environment",
                    Severity::Warning,
                    format!(
                        "the environment of {} was read, who hardly uses the app; name the user with --user NAME",
                        shown(user)
                    ),
                );
            }
        }
        Ok(configs)
    }
}

impl Mode {
    fn message(&self, names: &JsonNames) -> (Severity, String) {
        let ordinary = self.ordinary.join(" and ");
        let says = if self.ordinary.len() == 1 { "says" } else { "say" };
        let way = format!(
            "write \"{}\" there, or choose third-party inference in the app's window; a managed `{}` set to true keeps the mode from mattering",
            names.third_party, names.mode_key
        );
        if self.third.is_empty() {
            return (
                Severity::Error,
                format!(
                    "{ordinary} {says} `{}` \"{}\", so the app runs in its ordinary mode and this configuration is not in effect; {way}",
                    names.mode, names.ordinary
                ),
            );
        }
        (
            Severity::Warning,
            format!(
                "{ordinary} {says} `{}` \"{}\", which keeps the app in its ordinary mode, and {} says \"{}\": it is not known which one counts, so this configuration may not be in effect; {way}",
                names.mode,
                names.ordinary,
                self.third.join(" and "),
                names.third_party
            ),
        )
    }
}

/// What to say when a hive could not be looked at.
fn registry_note(places: &[PlaceRead], device: &Device, context: &Context<'_>) -> Option<String> {
    let key = &context.places.registry.key;
    let unread: Vec<(&str, &str)> = places
        .iter()
        .filter(|p| p.path.starts_with("HKEY_"))
        .filter_map(|p| match &p.status {
            PlaceStatus::NotLookedAt(why) => Some((p.path.as_str(), why.as_str())),
            _ => None,
        })
        .collect();
    let (_, why) = unread.first()?;
    let hives: Vec<&str> = unread.iter().map(|(path, _)| *path).collect();
    let hives = hives.join(" and ");
    Some(if device.root.is_some() {
        format!(
            "{hives} would win and cannot be looked at ({why}); on the device run `reg export HKLM\\{key} HKLM.reg` and `reg export HKCU\\{key} HKCU.reg` and put the files into the copy"
        )
    } else {
        format!(
            "{hives} would win and cannot be looked at ({why}); where policies are used, export them with `reg export HKLM\\{key} machine.reg` or `reg export HKCU\\{key} user.reg` and pass the file"
        )
    })
}

/// Key by key, what `first` sets wins.
pub(crate) fn merged(mut first: Configuration, second: Configuration) -> Configuration {
    first.sources.extend(second.sources);
    first.lint.extend(second.lint);
    first.shadowed.extend(second.shadowed);
    for name in second.unreadable {
        if !first.unreadable.contains(&name) {
            first.unreadable.push(name);
        }
    }
    for (name, setting) in second.settings {
        match first.settings.get(&name) {
            Some(winner) => {
                first.lint.push(Lint {
                    id: LintId::SHADOWED_KEY.into(),
                    severity: Severity::Info,
                    message: format!("`{name}` is set here too, but {} wins", winner.origin.source),
                    key: Some(name.clone()),
                    origin: Some(setting.origin.clone()),
                });
                let by = ShadowedBy::Key(winner.origin.clone());
                first.shadowed.push(Shadowed { key: name, value: setting.value, origin: setting.origin, by });
            }
            None => {
                first.settings.insert(name, setting);
            }
        }
    }
    first
}

/// Everything that `lost` sets is kept in `into` as not in effect. Its remarks go: they are about
/// values that do not count.
pub(crate) fn lose_all(into: &mut Configuration, lost: Configuration, because: &str) {
    into.shadowed.extend(lost.shadowed);
    for (key, setting) in lost.settings {
        let by = ShadowedBy::Rule(because.to_owned());
        into.shadowed.push(Shadowed { key, value: setting.value, origin: setting.origin, by });
    }
}

/// An empty value counts as not set, so it hides no value of the library.
fn lose_empty(managed: &mut Configuration) {
    let empty: Vec<String> =
        managed.settings.iter().filter(|(_, s)| !s.value.is_set()).map(|(k, _)| k.clone()).collect();
    for key in empty {
        let Some(setting) = managed.settings.remove(&key) else { continue };
        let by = ShadowedBy::Rule("an empty value counts as not set".to_owned());
        managed.shadowed.push(Shadowed { key, value: setting.value, origin: setting.origin, by });
    }
}

/// The app-behaviour keys are read as a group from the managed source that sets one of them.
fn lose_group(local: &mut Configuration, managed: &Configuration, context: &Context<'_>) {
    let group: Vec<String> = local
        .settings
        .keys()
        .filter(|k| context.names.is_behaviour(k) && !managed.settings.contains_key(*k))
        .cloned()
        .collect();
    for key in group {
        let Some(setting) = local.settings.remove(&key) else { continue };
        local.lint.push(Lint {
            id: "behaviour-group".to_owned(),
            severity: Severity::Warning,
            message: format!("`{key}` is not in effect, because {GROUP}"),
            key: Some(key.clone()),
            origin: Some(setting.origin.clone()),
        });
        let by = ShadowedBy::Rule(GROUP.to_owned());
        local.shadowed.push(Shadowed { key, value: setting.value, origin: setting.origin, by });
    }
}
