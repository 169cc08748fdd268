//! The configuration applied on a device: its places, and which one wins.

use std::path::{Path, PathBuf};

use super::decode;
use super::error::ConfigError;
use super::names::{Known, Names};
use super::places::{self, Places, Role};
use super::read::{configuration, filled, io_error, library as read_library};
use super::value::{Configuration, Lint};
use crate::rules::keys::KeyCatalogue;
use crate::terms::{Platform, Severity};

/// Who is asked about: fills in the places.
#[derive(Debug, Clone, Default)]
pub(crate) struct Whose {
    /// The user's short name.
    pub user: Option<String>,
    /// The user's home folder.
    pub home: Option<String>,
    /// Windows: the local application data folder.
    pub localappdata: Option<String>,
    /// Where the device's file system begins; empty for this device.
    pub root: Option<PathBuf>,
}

impl Whose {
    /// The user who runs this program.
    fn here() -> Self {
        let var = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        Self {
            user: var("USER").or_else(|| var("USERNAME")).or_else(|| var("LOGNAME")),
            home: var("HOME").or_else(|| var("USERPROFILE")),
            localappdata: var("LOCALAPPDATA"),
            root: None,
        }
    }
}

/// Reads the configuration applied on this device, as `platform` keeps it.
///
/// Managed places win over the local library: any managed key outside the app-behaviour set makes
/// the library ignored as a whole (domain.md 4.2). Registry policies are not read yet.
///
/// # Errors
/// [`ConfigError::NoneOnDevice`] with the places looked at; [`ConfigError::ManagedRejected`] for a
/// managed file that the app itself would not accept; any error of reading a file that is there.
pub fn read(platform: Platform, catalogue: &KeyCatalogue) -> Result<Configuration, ConfigError> {
    read_of(platform, catalogue, &Whose::here(), places::embedded())
}

pub(crate) fn read_of(
    platform: Platform,
    catalogue: &KeyCatalogue,
    whose: &Whose,
    places: &Places,
) -> Result<Configuration, ConfigError> {
    let names = Names::new(catalogue);
    let parts = [
        ("user", whose.user.clone()),
        ("home", whose.home.clone()),
        ("localappdata", whose.localappdata.clone()),
    ];
    let mut looked = Vec::new();
    let mut managed: Option<Configuration> = None;
    let mut library: Option<Configuration> = None;
    for place in places.place.iter().filter(|p| p.platform == platform) {
        let Some(path) = filled(&place.path, &parts) else {
            looked.push(place.path.clone());
            continue;
        };
        let path = match &whose.root {
            Some(root) => root.join(path.strip_prefix("/").unwrap_or(&path)),
            None => path,
        };
        looked.push(path.display().to_string());
        match place.role {
            Role::Managed => {
                // The link itself counts: a broken one still makes the device managed.
                if path.symlink_metadata().is_err() {
                    continue;
                }
                if place.root_owned && whose.root.is_none() {
                    only_root_wrote(&path)?;
                }
                let next = configuration(&path, &names, places)?;
                managed = Some(match managed.take() {
                    Some(first) => merged(first, next),
                    None => next,
                });
            }
            Role::Library => {
                if !path.join("_meta.json").is_file() {
                    continue;
                }
                let takes_over = managed.as_ref().is_some_and(|m| {
                    m.settings
                        .keys()
                        .any(|k| !matches!(names.know(k), Known::Current(key) if key.app_behaviour))
                });
                if takes_over {
                    if let Some(managed) = &mut managed {
                        managed.lint.push(remark(
                            "library-ignored",
                            Severity::Info,
                            format!(
                                "{} is ignored as a whole, because a managed key takes the device over",
                                path.display()
                            ),
                        ));
                    }
                } else {
                    library = Some(read_library(&path, &names, places)?);
                }
            }
        }
    }
    let windows = (platform == Platform::Windows).then(|| {
        format!(
            "The registry policies are not read yet. Where they are used, export them and pass the file:\n  \
             reg export HKLM\\{0} machine.reg\n  reg export HKCU\\{0} user.reg",
            places.registry.key
        )
    });
    let mut config = match (managed, library) {
        (Some(managed), Some(library)) => merged(managed, library),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => return Err(ConfigError::NoneOnDevice { looked, note: windows }),
    };
    // Each part was judged by itself while it was read; only the whole can lack a provider.
    config.lint.retain(|l| l.id != "no-provider");
    decode::complete(&mut config, &names);
    config.platform = Some(platform);
    if windows.is_some() {
        config.lint.push(remark(
            "registry-not-read",
            Severity::Warning,
            format!(
                "registry policies are not read yet and would win over this file; if they are used, pass `reg export HKLM\\{} machine.reg` instead",
                places.registry.key
            ),
        ));
    }
    Ok(config)
}

fn remark(id: &str, severity: Severity, message: String) -> Lint {
    Lint { id: id.to_owned(), severity, message, key: None, origin: None }
}

/// Key by key, what `first` sets wins.
fn merged(mut first: Configuration, second: Configuration) -> Configuration {
    first.sources.extend(second.sources);
    first.lint.extend(second.lint);
    for (name, setting) in second.settings {
        match first.settings.get(&name) {
            Some(winner) => first.lint.push(Lint {
                id: "shadowed-key".to_owned(),
                severity: Severity::Info,
                message: format!("`{name}` is set here too, but {} wins", winner.origin.source),
                key: Some(name),
                origin: Some(setting.origin),
            }),
            None => {
                first.settings.insert(name, setting);
            }
        }
    }
    first
}

/// The app's own rule for the Linux managed file: a regular file of root's in a real folder of
/// root's, neither writable by group or others (domain.md 4.4).
#[cfg(unix)]
fn only_root_wrote(path: &Path) -> Result<(), ConfigError> {
    use std::os::unix::fs::MetadataExt;
    let reject = |why: String| {
        Err(ConfigError::ManagedRejected {
            file: path.display().to_string(),
            why,
            next: "Make file and folder root's own: chown root:root and chmod go-w for both, no symbolic link; or pass the file as an argument to see what it says".to_owned(),
        })
    };
    for (what, path, folder) in [("it", Some(path), false), ("its folder", path.parent(), true)] {
        let Some(path) = path else { continue };
        let meta = path.symlink_metadata().map_err(|e| io_error(&path.display().to_string(), &e))?;
        if meta.file_type().is_symlink() {
            return reject(format!("{what} is a symbolic link"));
        }
        if folder != meta.is_dir() || !folder && !meta.is_file() {
            return reject(format!("{what} is no regular {}", if folder { "folder" } else { "file" }));
        }
        if meta.uid() != 0 {
            return reject(format!("{what} belongs to user {}, not to root", meta.uid()));
        }
        if meta.mode() & 0o022 != 0 {
            return reject(format!("{what} is writable by group or others (mode {:o})", meta.mode() & 0o777));
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn only_root_wrote(_path: &Path) -> Result<(), ConfigError> {
    Ok(())
}
