//! Whose environment on a device is read: preferences, hive and home folder of one user.

use std::path::{Path, PathBuf};

use super::Device;
use super::console::{self, CONSOLE};
use super::registry::{Query, account};
use crate::config::error::ConfigError;
use crate::config::open;
use crate::contract::Platform;
use crate::rules::places::{Hive, Places};

/// Largest user database that is looked into.
const MAX_USERS_BYTES: u64 = 4 * 1024 * 1024;

/// One user's parts of the places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Whose {
    /// The user's short name.
    pub user: Option<String>,
    /// The user's home folder, as the device names it.
    pub home: Option<String>,
    /// Windows: the local application data folder.
    pub localappdata: Option<String>,
    /// Windows: the roaming application data folder.
    pub appdata: Option<String>,
    /// Linux: the folder of the user's configurations.
    pub config: Option<String>,
    /// Where a variable moves the app's own data, on any platform.
    pub user_data: Option<String>,
    /// Windows: the identifier of the hive, when it is not the hive of the user who runs this.
    pub sid: Option<String>,
    /// The user was not named, and is one whom no configuration is made for.
    pub elevated: bool,
}

impl Whose {
    /// The user whom `device` asks about.
    ///
    /// # Errors
    /// A name that no user has, or a copy of a device in which several users could be meant.
    pub(crate) fn find(device: &Device, places: &Places, query: Query<'_>) -> Result<Self, ConfigError> {
        if device.user.as_deref() == Some(CONSOLE) {
            let name = console::user(device, query).map_err(|what| ConfigError::NoSuchUser {
                user: CONSOLE.to_owned(),
                what,
                next: "Write the short name of the user, such as `ann`".to_owned(),
            })?;
            return Self::find(&Device { user: Some(name), ..device.clone() }, places, query);
        }
        if let Some(name) = &device.user {
            check_name(name)?;
        }
        match (&device.root, &device.user) {
            (None, None) => Ok(Self::running(device, places)),
            (None, Some(name)) if device.platform == Platform::Windows => windows(name, query),
            (root, Some(name)) => {
                let whose = Self::by_layout(device, name).with_variables(device, places);
                let there = whose.traces(device, places).any(|p| p.exists());
                // A copy may hold the places of the whole device alone; those of the user are then looked for in vain.
                let without_users =
                    root.as_deref().is_some_and(|root| candidates(device, root).iter().all(|n| n == "root"));
                if !there && !without_users {
                    return Err(no_such_user(name, &known(device, root.as_deref())));
                }
                Ok(whose)
            }
            (Some(root), None) => {
                let mut found: Vec<Self> = candidates(device, root)
                    .iter()
                    .map(|name| Self::by_layout(device, name).with_variables(device, places))
                    .filter(|w| w.files(device, places).any(|p| p.exists()))
                    .collect();
                if found.len() > 1 {
                    let users = found.into_iter().filter_map(|w| w.user).collect();
                    return Err(ConfigError::SeveralUsers { root: root.display().to_string(), users });
                }
                Ok(found.pop().unwrap_or_default())
            }
        }
    }

    /// The short name of the user who runs this program, as the environment has it.
    pub(crate) fn running_name() -> Option<String> {
        let var = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        var("USER").or_else(|| var("USERNAME")).or_else(|| var("LOGNAME"))
    }

    /// The user who runs this program.
    fn running(device: &Device, places: &Places) -> Self {
        let var = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let user = Self::running_name();
        // The local system's name is the machine's, with a dollar sign.
        let elevated = user.as_deref().is_some_and(|u| u == "root" || u == "SYSTEM" || u.ends_with('$'));
        let home = var("HOME").or_else(|| var("USERPROFILE"));
        // The platform that is asked about may be another than the one that this runs on.
        let own = device.platform == Platform::here();
        let folder = |name: &str| var(name).filter(|v| own && is_absolute(v));
        Self {
            user,
            config: folder(&places.environment.config_home)
                .filter(|_| device.platform == Platform::Linux)
                .or_else(|| home.as_deref().map(config_home)),
            user_data: folder(&places.environment.user_data),
            home,
            localappdata: var("LOCALAPPDATA"),
            appdata: var("APPDATA"),
            sid: None,
            elevated,
        }
    }

    /// Where the platform keeps the home of `name`.
    fn by_layout(device: &Device, name: &str) -> Self {
        let home = match (device.platform, name) {
            (Platform::Macos, "root") => "/var/root".to_owned(),
            (Platform::Macos, _) => format!("/Users/{name}"),
            (Platform::Linux, _) => home_from_database(device, name).unwrap_or_else(|| match name {
                "root" => "/root".to_owned(),
                _ => format!("/home/{name}"),
            }),
            (Platform::Windows, _) => format!(r"C:\Users\{name}"),
        };
        let windows = device.platform == Platform::Windows;
        let localappdata = windows.then(|| format!(r"{home}\AppData\Local"));
        let appdata = windows.then(|| format!(r"{home}\AppData\Roaming"));
        let config = Some(config_home(&home));
        Self {
            user: Some(name.to_owned()),
            home: Some(home),
            localappdata,
            appdata,
            config,
            ..Self::default()
        }
    }

    /// The folders that the files of a copy of a Linux device move by a variable.
    fn with_variables(mut self, device: &Device, places: &Places) -> Self {
        let Some(root) = device.root.as_deref().filter(|_| device.platform == Platform::Linux) else {
            return self;
        };
        let home = self.home.clone().unwrap_or_default();
        for template in &places.environment.files {
            let Some(template) = self.filled(template) else { continue };
            for path in open::matching(&device.path(&template), Some(root)) {
                let Ok(bytes) = open::content(&path, Some(root), MAX_USERS_BYTES) else { continue };
                let text = String::from_utf8_lossy(&bytes);
                let value = |name: &str| text.lines().rev().find_map(|l| assigned(l, name, &home));
                if let Some(folder) = value(&places.environment.config_home) {
                    self.config = Some(folder);
                }
                if let Some(folder) = value(&places.environment.user_data) {
                    self.user_data = Some(folder);
                }
            }
        }
        self
    }

    /// The names and values that fill in a place.
    pub(crate) fn parts(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("user", self.user.as_deref()),
            ("home", self.home.as_deref()),
            ("localappdata", self.localappdata.as_deref()),
            ("appdata", self.appdata.as_deref()),
            ("config", self.config.as_deref()),
        ]
    }

    /// `template` with its parts filled in, or nothing when a part is unknown here.
    pub(crate) fn filled(&self, template: &str) -> Option<String> {
        let mut path = template.to_owned();
        for (name, value) in self.parts() {
            let mark = format!("{{{name}}}");
            if path.contains(&mark) {
                path = path.replace(&mark, value?);
            }
        }
        Some(path)
    }

    /// `template` as a message shows it when a part is unknown here.
    pub(crate) fn readable(&self, template: &str) -> String {
        let words = [
            ("user", "<user>"),
            ("home", "~"),
            ("localappdata", "%LOCALAPPDATA%"),
            ("appdata", "%APPDATA%"),
            ("config", "~/.config"),
        ];
        let known = self.parts();
        words.into_iter().fold(template.to_owned(), |path, (name, word)| {
            let value = known.iter().find(|(n, _)| *n == name).and_then(|(_, v)| *v);
            path.replace(&format!("{{{name}}}"), value.unwrap_or(word))
        })
    }

    /// Files of this user's own that could hold a configuration.
    fn files<'a>(&'a self, device: &'a Device, places: &'a Places) -> impl Iterator<Item = PathBuf> + 'a {
        let mine =
            |template: &str| self.parts().iter().any(|(name, _)| template.contains(&format!("{{{name}}}")));
        places.place.iter().filter(|p| p.platform == device.platform).flat_map(move |place| {
            let templates =
                if place.hive.is_some() { place.copies.clone() } else { vec![place.path.clone()] };
            templates
                .into_iter()
                .filter(|t| mine(t))
                .filter_map(|t| self.filled(&t))
                .flat_map(|path| open::matching(&device.path(&path), device.root.as_deref()))
                .collect::<Vec<_>>()
        })
    }

    /// Whatever shows that the user exists on the device: a home, a folder of managed preferences,
    /// the hive of a copy that holds one.
    fn traces<'a>(&'a self, device: &'a Device, places: &'a Places) -> impl Iterator<Item = PathBuf> + 'a {
        let home = self.home.as_deref().map(|h| device.path(h));
        let folders = self.files(device, places).filter_map(|p| p.parent().map(Path::to_owned));
        let hives = places
            .place
            .iter()
            .filter(|p| device.root.is_some() && p.platform == device.platform && p.hive == Some(Hive::User))
            .flat_map(|p| &p.copies)
            .filter_map(|c| self.filled(c))
            .map(|c| device.path(&c));
        // A folder outside the home is a trace as well; one that other users share is none.
        let folders = folders.filter(|f| {
            f.file_name().is_some_and(|n| Some(n) == self.user.as_deref().map(std::ffi::OsStr::new))
        });
        home.into_iter().chain(folders).chain(hives)
    }
}

fn config_home(home: &str) -> String {
    format!("{home}/.config")
}

fn is_absolute(path: &str) -> bool {
    Path::new(path).is_absolute() && !path.contains('\0')
}

/// The folder that a line of a file of variables gives `name`: plain text or the home folder in front of
/// it. What a shell would have to evaluate gives nothing.
fn assigned(line: &str, name: &str, home: &str) -> Option<String> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let rest = line.strip_prefix(name)?;
    let value = match rest.strip_prefix('=') {
        Some(value) => value,
        // The form of pam_env: NAME DEFAULT=value
        None => rest.trim_start().strip_prefix("DEFAULT=").filter(|_| rest.starts_with([' ', '\t']))?,
    };
    let value = value.trim();
    let value = ['"', '\'']
        .into_iter()
        .find_map(|q| value.strip_prefix(q)?.split(q).next())
        .or_else(|| value.split([' ', '\t', ';', '#']).next())?;
    let value = ["$HOME", "${HOME}", "@{HOME}", "~"]
        .into_iter()
        .find_map(|h| {
            Some(format!("{home}{}", value.strip_prefix(h).filter(|r| r.is_empty() || r.starts_with('/'))?))
        })
        .unwrap_or_else(|| value.to_owned());
    let plain = value.starts_with('/')
        && !value.contains(['$', '`', '*', '{'])
        && !value.split('/').any(|p| p == "..");
    plain.then(|| value.trim_end_matches('/').to_owned())
}

/// A user's name becomes part of paths, so it must be one part.
fn check_name(name: &str) -> Result<(), ConfigError> {
    let bad = name.is_empty()
        || name == "."
        || name == ".."
        || name.len() > 256
        || name.chars().any(|c| matches!(c, '/' | '\\' | ':') || c.is_control());
    if bad {
        return Err(ConfigError::NoSuchUser {
            user: name.to_owned(),
            what: "this is no user's short name".to_owned(),
            next: "Write the name of the user's home folder, such as `ann`".to_owned(),
        });
    }
    Ok(())
}

fn no_such_user(name: &str, known: &[String]) -> ConfigError {
    ConfigError::NoSuchUser {
        user: name.to_owned(),
        what: "there is no home folder and no managed preferences of that user".to_owned(),
        next: if known.is_empty() {
            "Write the short name, which is the name of the user's home folder".to_owned()
        } else {
            format!("There are {}", known.join(", "))
        },
    }
}

fn windows(name: &str, query: Query<'_>) -> Result<Whose, ConfigError> {
    match account(name, query) {
        Ok(account) => Ok(Whose {
            user: Some(name.to_owned()),
            localappdata: Some(format!(r"{}\AppData\Local", account.home)),
            appdata: Some(format!(r"{}\AppData\Roaming", account.home)),
            home: Some(account.home),
            sid: Some(account.sid),
            ..Whose::default()
        }),
        Err(Ok(known)) => Err(no_such_user(name, &known)),
        Err(Err(why)) => Err(ConfigError::NoSuchUser {
            user: name.to_owned(),
            what: format!("the users of this device cannot be listed: {why}"),
            next: "Run this on the device itself, or pass a copy of it with --device-root".to_owned(),
        }),
    }
}

/// The home folder that the user database of a Linux device names.
fn home_from_database(device: &Device, name: &str) -> Option<String> {
    let path = device.path("/etc/passwd");
    let bytes = open::content(&path, device.root.as_deref(), MAX_USERS_BYTES).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let line = text.lines().find(|l| l.split(':').next() == Some(name))?;
    line.split(':')
        .nth(5)
        .filter(|h| h.starts_with('/') && !h.split('/').any(|p| p == ".."))
        .map(str::to_owned)
}

/// Names of folders in which a copy of a device keeps one folder for each user.
fn candidates(device: &Device, root: &Path) -> Vec<String> {
    let parents: &[&str] = match device.platform {
        Platform::Macos => &["Users", "Library/Managed Preferences"],
        Platform::Linux => &["home"],
        Platform::Windows => &["Users"],
    };
    let mut names: Vec<String> = parents
        .iter()
        .map(|p| root.join(p))
        .flat_map(|dir| {
            let names = open::names(&dir, device.root.as_deref(), 10_000);
            names.into_iter().filter(move |n| dir.join(n).is_dir())
        })
        .filter(|n| check_name(n).is_ok())
        .collect();
    if device.platform == Platform::Linux {
        names.push("root".to_owned());
    }
    names.sort();
    names.dedup();
    names
}

/// A few users that are there, for a message.
fn known(device: &Device, root: Option<&Path>) -> Vec<String> {
    let mut names = candidates(device, root.unwrap_or_else(|| Path::new("/")));
    names.truncate(20);
    names
}
