//! What a collected copy cannot show: owners and modes, the live registry, other users' hives.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::rules::Pack;

const MACHINE: &str = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude\r\n";
const PROFILES: &str = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\S-1-5-21-7-1001\r\n    \
                        ProfileImagePath    REG_EXPAND_SZ    C:\\Users\\ann\r\n";

/// Reads a Windows device whose `reg.exe` answers as `query` does.
fn windows(user: Option<&str>, query: Query<'_>) -> Result<Configuration, ConfigError> {
    let keys = Pack::embedded().unwrap().keys;
    let device = Device { platform: Platform::Windows, root: None, user: user.map(str::to_owned) };
    let mut configs = read_through(&device, &keys, &ReadOptions::default(), query)?;
    assert_eq!(configs.len(), 1);
    Ok(configs.remove(0))
}

#[test]
fn the_live_registry_is_read_through_its_own_program() {
    let config = windows(None, &|key: &str| {
        Ok(match key {
            r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Claude" => None,
            r"HKEY_CURRENT_USER\SOFTWARE\Policies\Claude" => {
                let text = MACHINE.replace("LOCAL_MACHINE", "CURRENT_USER");
                // A byte of the console's code page.
                let mut bytes =
                    format!("\r\n{text}    inferenceProvider    REG_SZ    gateway\r\n    x    REG_SZ    ")
                        .into_bytes();
                bytes.push(0x81);
                Some(bytes)
            }
            other => panic!("{other}"),
        })
    })
    .unwrap();
    assert_eq!(config.text("inferenceProvider"), Some("gateway"));
    assert_eq!(config.sources[0].format, "registry");
    let words: Vec<&str> = config.places.iter().map(|p| p.status.word()).collect();
    assert_eq!(words[..2], ["absent", "read"]);
}

#[test]
fn another_users_hive_is_the_one_of_the_security_identifier() {
    let query = |loaded: bool| {
        move |key: &str| {
            Ok(match key {
                r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Claude" => {
                    Some(format!("{MACHINE}    disableAutoUpdates    REG_QWORD    0x1\r\n").into_bytes())
                }
                r"HKEY_USERS\S-1-5-21-7-1001\SOFTWARE\Policies\Claude" if loaded => {
                    let text = MACHINE.replace("HKEY_LOCAL_MACHINE", r"HKEY_USERS\S-1-5-21-7-1001");
                    Some(format!("{text}    inferenceProvider    REG_SZ    vertex\r\n").into_bytes())
                }
                _ if key.ends_with("ProfileList") => Some(PROFILES.as_bytes().to_vec()),
                _ => None,
            })
        }
    };
    let config = windows(Some("Ann"), &query(true)).unwrap();
    assert_eq!(config.text("inferenceProvider"), Some("vertex"));
    assert_eq!(config.user.as_deref(), Some("Ann"));
    assert!(config.settings["inferenceProvider"].origin.path.starts_with(r"HKEY_USERS\S-1-5-21-7-1001\"));
    let config = windows(Some("ann"), &query(false)).unwrap();
    let hive = &config.places[1];
    assert!(hive.path.starts_with(r"HKEY_USERS\S-1-5-21-7-1001\"));
    assert!(hive.status.reason().unwrap().contains("not signed in"));
    assert!(config.lint.iter().any(|l| l.id == "registry-not-read"));
    let error = windows(Some("eve"), &query(true)).unwrap_err().to_string();
    assert!(error.contains("There are ann"), "{error}");
}

#[test]
fn a_registry_that_cannot_be_asked_is_said_with_the_way_out() {
    let error = windows(None, &|_| Err("reg.exe cannot be run".to_owned())).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("reg.exe cannot be run") && text.contains("reg export HKLM"), "{text}");
    assert_eq!(text.matches("\n  clearway ").count(), 4, "{text}");
}

#[cfg(unix)]
#[test]
fn a_managed_file_that_others_could_have_written_is_rejected() {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::Path;

    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("app");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("managed.json");
    fs::write(&file, "{}").unwrap();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&folder, 0o755);
    mode(&file, 0o644);
    let root = fs::metadata(&file).unwrap().uid() == 0;
    let why = |path: &Path| only_root_wrote(path, false).unwrap();
    assert_eq!(why(&file).is_none(), root);
    mode(&file, 0o664);
    assert!(why(&file).unwrap().contains(if root { "writable by group" } else { "belongs to user" }));
    // A copy keeps neither owner nor mode.
    assert_eq!(only_root_wrote(&file, true).unwrap(), None);
    mode(&file, 0o644);
    mode(&folder, 0o777);
    assert!(why(&file).unwrap().contains(if root { "its folder is writable" } else { "belongs to user" }));
    mode(&folder, 0o755);
    let link = folder.join("link.json");
    symlink(&file, &link).unwrap();
    for copy in [true, false] {
        assert!(only_root_wrote(&link, copy).unwrap().unwrap().contains("symbolic link"));
    }
}
