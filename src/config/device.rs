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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::fs;

    use super::*;

    const ID: &str = "0123abcd-0000-4000-8000-00000000000f";

    fn keys() -> KeyCatalogue {
        toml::from_str(include_str!("../../tests/config/keys.toml")).unwrap()
    }

    struct Device(tempfile::TempDir);

    impl Device {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn put(self, path: &str, content: &str) -> Self {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
            self
        }

        fn library(self, dir: &str, content: &str) -> Self {
            self.put(
                &format!("{dir}/_meta.json"),
                &format!("{{\"appliedId\":\"{ID}\",\"entries\":[{{\"id\":\"{ID}\",\"name\":\"One\"}}]}}"),
            )
            .put(&format!("{dir}/{ID}.json"), content)
        }

        fn read(&self, platform: Platform) -> Result<Configuration, ConfigError> {
            let whose = Whose {
                user: Some("ann".into()),
                home: Some("/home/ann".into()),
                localappdata: Some("/local".into()),
                root: Some(self.0.path().to_owned()),
            };
            read_of(platform, &keys(), &whose, places::embedded())
        }
    }

    fn plist(pairs: &str) -> String {
        format!("<plist><dict>{pairs}</dict></plist>")
    }

    const MAC: &str = "Library/Managed Preferences";
    const FILE: &str = "com.anthropic.claudefordesktop.plist";

    #[test]
    fn an_empty_device_names_every_place_and_three_commands() {
        for (platform, part) in [
            (Platform::Macos, "Managed Preferences/ann/"),
            (Platform::Linux, "/etc/claude-desktop/managed-settings.json"),
            (Platform::Windows, "reg export HKLM"),
        ] {
            let error = Device::new().read(platform).unwrap_err();
            assert!(matches!(error, ConfigError::NoneOnDevice { .. }));
            let text = error.to_string();
            assert!(text.contains(part) && text.contains("configLibrary"), "{text}");
            assert_eq!(text.matches("\n  clearway ").count(), 3, "{text}");
        }
    }

    #[test]
    fn on_macos_the_users_managed_value_wins_key_by_key() {
        let device = Device::new()
            .put(&format!("{MAC}/ann/{FILE}"), &plist("<key>inferenceProvider</key><string>vertex</string>"))
            .put(
                &format!("{MAC}/{FILE}"),
                &plist("<key>inferenceProvider</key><string>gateway</string><key>inferenceBedrockRegion</key><string>r</string>"),
            )
            .library("home/ann/Library/Application Support/Claude-3p/configLibrary", "{\"bootstrapUrl\": \"https://b.example\"}");
        let config = device.read(Platform::Macos).unwrap();
        assert_eq!(config.text("inferenceProvider"), Some("vertex"));
        assert_eq!(config.text("inferenceBedrockRegion"), Some("r"));
        assert!(!config.is_set("bootstrapUrl"));
        let ids: Vec<&str> = config.lint.iter().map(|l| l.id.as_str()).collect();
        assert_eq!(ids, ["shadowed-key", "library-ignored"]);
    }

    #[test]
    fn managed_app_behaviour_keys_alone_leave_the_library_alive() {
        let device = Device::new()
            .put("etc/claude-desktop/managed-settings.json", "{\"disableAutoUpdates\": true}")
            .library(
                "home/ann/.config/Claude-3p/configLibrary",
                "{\"inferenceProvider\": \"gateway\", \"disableAutoUpdates\": false}",
            );
        let config = device.read(Platform::Linux).unwrap();
        assert_eq!(config.text("inferenceProvider"), Some("gateway"));
        assert_eq!(config.get("disableAutoUpdates"), Some(&crate::config::Value::Bool(true)));
        assert_eq!(config.sources.len(), 2);
        assert!(config.lint.iter().all(|l| l.id != "no-provider"), "{:?}", config.lint);
    }

    #[cfg(unix)]
    #[test]
    fn a_managed_file_that_others_could_have_written_is_rejected() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("app");
        fs::create_dir(&folder).unwrap();
        let file = folder.join("managed.json");
        fs::write(&file, "{}").unwrap();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        mode(&folder, 0o755);
        mode(&file, 0o644);
        let root = fs::metadata(&file).unwrap().uid() == 0;
        let why = |path: &Path| only_root_wrote(path).err().map(|e| e.to_string());
        assert_eq!(why(&file).is_none(), root);
        mode(&file, 0o664);
        assert!(why(&file).unwrap().contains(if root { "writable by group" } else { "belongs to user" }));
        mode(&file, 0o644);
        mode(&folder, 0o777);
        assert!(why(&file).unwrap().contains(if root {
            "its folder is writable"
        } else {
            "belongs to user"
        }));
        mode(&folder, 0o755);
        let link = folder.join("link.json");
        symlink(&file, &link).unwrap();
        assert!(why(&link).unwrap().contains("symbolic link"));
    }
}
