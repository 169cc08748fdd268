//! Paths of a device that belong to a user, for other things than its configuration.

use std::fs;
use std::path::PathBuf;

use super::Device;
use super::registry;
use super::user::Whose;
use crate::config::error::ConfigError;
use crate::contract::Platform;
use crate::rules::places::Places;

/// Most folders of homes that are looked at.
const HOMES: usize = 1_000;

/// One user of a device.
pub(crate) struct User(Whose);

impl User {
    /// The short name, where it is known.
    pub(crate) fn name(&self) -> Option<&str> {
        self.0.user.as_deref()
    }

    /// Whether it is another user of this device than the one who runs this program.
    pub(crate) fn is_another(&self, device: &Device) -> bool {
        let running = Whose::running_name();
        let same = |a: &str, b: &str| match device.platform {
            Platform::Windows => a.eq_ignore_ascii_case(b),
            Platform::Macos | Platform::Linux => a == b,
        };
        match (&device.root, &device.user, self.name(), running.as_deref()) {
            (None, Some(_), Some(name), Some(running)) => !same(name, running),
            // Who runs this is not known: then what it sees is nobody's but its own.
            (None, Some(_), _, _) => true,
            _ => false,
        }
    }

    /// What the system calls the user.
    pub(crate) fn account(&self, device: &Device) -> Account<'_> {
        Account {
            user: self.name(),
            sid: self.0.sid.as_deref(),
            uid: self.path(device, "{home}").and_then(|home| owner(&home)),
        }
    }

    /// A path of the device with its parts filled in, as the device names it; nothing where a part is not known
    /// of the user.
    pub(crate) fn filled(&self, template: &str) -> Option<String> {
        self.0.filled(template)
    }

    /// Where a path of the device with its parts still to be filled in stands for this program; nothing where
    /// a part is not known of the user.
    pub(crate) fn path(&self, device: &Device, template: &str) -> Option<PathBuf> {
        self.0.filled(template).map(|path| device.path(&path))
    }
}

/// What a system calls a user, beside the name.
pub(crate) struct Account<'a> {
    /// The short name.
    pub(crate) user: Option<&'a str>,
    /// Windows: the security identifier.
    pub(crate) sid: Option<&'a str>,
    /// The number of the user, where there are such.
    pub(crate) uid: Option<u32>,
}

impl Account<'_> {
    /// `template` with `{user}`, `{sid}` and `{uid}` filled in; nothing where one of them is not known.
    pub(crate) fn filled(&self, template: &str) -> Option<String> {
        let uid = self.uid.map(|u| u.to_string());
        let parts = [("{user}", self.user), ("{sid}", self.sid), ("{uid}", uid.as_deref())];
        let mut out = template.to_owned();
        for (mark, value) in parts {
            if out.contains(mark) {
                out = out.replace(mark, value?);
            }
        }
        Some(out)
    }
}

/// Whom a folder belongs to.
#[cfg(unix)]
fn owner(path: &std::path::Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|m| m.uid())
}

/// Windows knows its users by other means.
#[cfg(not(unix))]
const fn owner(_: &std::path::Path) -> Option<u32> {
    None
}

/// The users whom `device` may be about: the one who is named, the one who runs this program, or of a copy
/// everybody who has a home there.
///
/// # Errors
/// A name that no user has.
pub(crate) fn users(device: &Device, places: &Places) -> Result<Vec<User>, ConfigError> {
    let (Some(root), None) = (&device.root, &device.user) else {
        return Ok(vec![User(Whose::find(device, places, &registry::query)?)]);
    };
    let homes = root.join(match device.platform {
        Platform::Linux => "home",
        Platform::Macos | Platform::Windows => "Users",
    });
    let entries = fs::read_dir(homes).into_iter().flatten().take(HOMES).filter_map(Result::ok);
    let mut names: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
    if device.platform == Platform::Linux {
        names.push("root".to_owned());
    }
    names.sort();
    let of = |name: String| {
        let device = Device { user: Some(name), ..device.clone() };
        Whose::find(&device, places, &registry::query).ok().map(User)
    };
    let mut users: Vec<User> = names.into_iter().filter_map(of).collect();
    if users.is_empty() {
        // Some folders are nobody's own.
        users.push(User(Whose::default()));
    }
    Ok(users)
}

/// The one user whom `device` is about.
///
/// # Errors
/// A name that no user has; a copy in which several users could be meant.
pub(crate) fn user(device: &Device, places: &Places) -> Result<User, ConfigError> {
    let mut all = users(device, places)?;
    if all.len() > 1 {
        // Every copy of a Linux device may have this one.
        all.retain(|u| u.name() != Some("root") || device.path("/root").is_dir());
    }
    match (all.len(), &device.root) {
        (n, Some(root)) if n > 1 => Err(ConfigError::SeveralUsers {
            root: root.display().to_string(),
            users: all.into_iter().filter_map(|u| u.0.user).collect(),
        }),
        _ => Ok(all.pop().unwrap_or_else(|| User(Whose::default()))),
    }
}
