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
