//! The user who sits at a device, for programs of a fleet that run as the system itself (`--user @console`).

use std::path::Path;
use std::process::{Command, Stdio};

use super::Device;
use super::registry::Query;
use crate::config::open;
use crate::contract::Platform;

/// What `--user` calls that user.
pub(super) const CONSOLE: &str = "@console";

/// Where Windows keeps the sessions at the screen: one key a session, with the account's name
/// (`LoggedOnSAMUser`, `DOMAIN\name`).
const SESSIONS: &str =
    r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\LogonUI\SessionData";
/// Where systemd describes each session, in lines `NAME=value` (sd-login(3), logind's own files).
const LOGIND: &str = "/run/systemd/sessions";
/// Names that own the screen of a Mac while nobody is signed in.
const NOBODY: [&str; 3] = ["root", "loginwindow", "_mbsetupuser"];
const MAX_SESSION_BYTES: u64 = 64 * 1024;

/// The short name of the user at the console.
///
/// # Errors
/// Why it cannot be told.
pub(super) fn user(device: &Device, query: Query<'_>) -> Result<String, String> {
    if device.root.is_some() {
        return Err("a copy of a device has no console; name the user".to_owned());
    }
    let nobody = || "nobody is signed in at the console".to_owned();
    match device.platform {
        Platform::Windows => {
            let bytes = query(SESSIONS)?.ok_or_else(nobody)?;
            session(&String::from_utf8_lossy(&bytes)).ok_or_else(nobody)
        }
        Platform::Macos => {
            let output = Command::new("/usr/bin/stat")
                .args(["-f", "%Su", "/dev/console"])
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .output()
                .map_err(|e| format!("/usr/bin/stat cannot be run: {e}"))?;
            owner(&String::from_utf8_lossy(&output.stdout)).ok_or_else(nobody)
        }
        Platform::Linux => logind(Path::new(LOGIND)).ok_or_else(nobody),
    }
}

/// The owner of the screen of a Mac, out of what `stat` prints.
fn owner(output: &str) -> Option<String> {
    let name = output.trim();
    (!name.is_empty() && !NOBODY.contains(&name)).then(|| name.to_owned())
}

/// The account of the last session in the output of `reg query … /s`.
fn session(output: &str) -> Option<String> {
    let value = output.lines().rev().find_map(|line| {
        let rest = line.trim().strip_prefix("LoggedOnSAMUser")?.trim_start().strip_prefix("REG_SZ")?;
        Some(rest.trim())
    })?;
    let name = value.rsplit('\\').next().unwrap_or(value);
    (!name.is_empty()).then(|| name.to_owned())
}

/// The user of the active session at the first seat.
fn logind(folder: &Path) -> Option<String> {
    let mut names = open::names(folder, None, 1000);
    names.sort();
    names.iter().find_map(|name| {
        let bytes = open::content(&folder.join(name), None, MAX_SESSION_BYTES).ok()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let value = |name: &str| text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix('='));
        let at_screen =
            value("ACTIVE") == Some("1") && value("SEAT") == Some("seat0") && value("CLASS") == Some("user");
        value("USER").filter(|_| at_screen).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_console_is_read_on_every_platform() {
        let reg = "\r\nHKEY_LOCAL_MACHINE\\…\\SessionData\\1\r\n    LoggedOnUser    REG_SZ    CORP\\ann\r\n    \
            LoggedOnSAMUser    REG_SZ    CORP\\ann\r\n    LoggedOnUserSID    REG_SZ    S-1-5-21-7-1001\r\n";
        assert_eq!(session(reg).as_deref(), Some("ann"));
        assert_eq!(session("    LoggedOnSAMUser    REG_SZ    \r\n"), None);
        assert_eq!(owner("ann\n").as_deref(), Some("ann"));
        for nobody in ["root\n", "_mbsetupuser\n", ""] {
            assert_eq!(owner(nobody), None, "{nobody}");
        }
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(logind(dir.path()), None);
        std::fs::write(dir.path().join("c1"), "UID=120\nUSER=gdm\nACTIVE=1\nSEAT=seat0\nCLASS=greeter\n")
            .unwrap();
        std::fs::write(dir.path().join("3"), "UID=1001\nUSER=bob\nACTIVE=1\nCLASS=user\n").unwrap();
        assert_eq!(logind(dir.path()), None, "neither a greeter nor a session from afar");
        std::fs::write(dir.path().join("2"), "UID=1000\nUSER=ann\nACTIVE=1\nSEAT=seat0\nCLASS=user\n")
            .unwrap();
        assert_eq!(logind(dir.path()).as_deref(), Some("ann"));
    }

    #[test]
    fn a_copy_and_an_empty_screen_are_said() {
        let copy = Device { platform: Platform::Linux, root: Some("/copy".into()), user: None };
        assert!(user(&copy, &|_| Ok(None)).unwrap_err().contains("copy"));
        let windows = Device::here(Platform::Windows);
        assert!(user(&windows, &|_| Ok(None)).unwrap_err().contains("nobody"));
        assert_eq!(user(&windows, &|_| Err("no registry".to_owned())), Err("no registry".to_owned()));
    }
}
