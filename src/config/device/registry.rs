//! The registry of a device: the live one, or the text that a copy of a device keeps, both in the form of `reg query`.

use std::path::Path;

use crate::config::error::ConfigError;
use crate::config::read::regular;

/// Where Windows lists users with their identifiers and home folders.
const PROFILES: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList";

/// The text of a registry key.
pub(crate) enum Text {
    /// There it is, under this name.
    Here { name: String, bytes: Vec<u8> },
    /// The key does not exist.
    Absent,
    /// It cannot be asked; why.
    Unknown(String),
}

/// Asks for a key and everything below it; the answer is the output of `reg query KEY /s`, nothing
/// when there is no such key, or why it could not be asked.
pub(crate) type Query<'a> = &'a dyn Fn(&str) -> Result<Option<Vec<u8>>, String>;

/// Asks the registry of the machine that this runs on.
pub(crate) fn query(key: &str) -> Result<Option<Vec<u8>>, String> {
    Ok(crate::registry::query(key, true)?.map(String::into_bytes))
}

/// The text of `key`, asked live.
pub(crate) fn live(key: &str, query: Query<'_>) -> Text {
    match query(key) {
        Ok(Some(bytes)) => Text::Here { name: key.to_owned(), bytes },
        Ok(None) => Text::Absent,
        Err(why) => Text::Unknown(why),
    }
}

/// The text that a copy keeps under the first of `candidates` that is there.
///
/// # Errors
/// When a file is there and cannot be read.
pub(crate) fn copied(root: &Path, candidates: &[String]) -> Result<Text, ConfigError> {
    for candidate in candidates {
        let path = root.join(candidate);
        if path.symlink_metadata().is_ok() {
            let name = path.display().to_string();
            let bytes = regular(&path, &name, Some(root))?;
            return Ok(Text::Here { name, bytes });
        }
    }
    Ok(Text::Unknown(format!("the copy has no {}", candidates.join(" or "))))
}

/// A user that Windows knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// Security identifier, which names the hive.
    pub sid: String,
    /// Home folder.
    pub home: String,
}

/// Finds the account whose home folder bears `user`'s name.
///
/// # Errors
/// Why the list of users could not be asked, or the names that are there.
pub(crate) fn account(user: &str, query: Query<'_>) -> Result<Account, Result<Vec<String>, String>> {
    let bytes = query(PROFILES).map_err(Err)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut sid = None;
    let mut known = Vec::new();
    for line in text.lines() {
        if let Some((_, last)) = line.trim_end().rsplit_once('\\').filter(|_| line.starts_with("HKEY_")) {
            sid = Some(last);
            continue;
        }
        let Some(at) = line.find("    REG_").filter(|_| line.trim_start().starts_with("ProfileImagePath"))
        else {
            continue;
        };
        let home = line.get(at..).unwrap_or_default().trim().split_once(' ').map_or("", |(_, h)| h.trim());
        let name = home.rsplit('\\').next().unwrap_or_default();
        // A domain account's folder may carry the domain behind the name.
        let bare = name.split('.').next().unwrap_or_default();
        if let Some(sid) = sid
            && (name.eq_ignore_ascii_case(user) || bare.eq_ignore_ascii_case(user))
        {
            return Ok(Account { sid: sid.to_owned(), home: home.to_owned() });
        }
        if sid.is_some_and(|s| s.starts_with("S-1-5-21-") || s.starts_with("S-1-12-")) {
            known.push(name.to_owned());
        }
    }
    Err(Ok(known))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const LIST: &str = "\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\r\n    Default    REG_EXPAND_SZ    %SystemDrive%\\Users\\Default\r\n\r\n\
        HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\S-1-5-18\r\n    ProfileImagePath    REG_EXPAND_SZ    %systemroot%\\system32\\config\\systemprofile\r\n\r\n\
        HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\S-1-5-21-7-1001\r\n    ProfileImagePath    REG_EXPAND_SZ    C:\\Users\\Ann Lee\r\n    Flags    REG_DWORD    0x0\r\n\r\n\
        HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\S-1-12-1-9\r\n    ProfileImagePath    REG_EXPAND_SZ    C:\\Users\\bob.CORP\r\n";

    #[test]
    fn accounts_are_found_by_the_name_of_their_home() {
        let query = |key: &str| {
            assert!(key.ends_with("ProfileList"));
            Ok(Some(LIST.as_bytes().to_vec()))
        };
        let found = account("ann lee", &query).unwrap();
        assert_eq!((found.sid.as_str(), found.home.as_str()), ("S-1-5-21-7-1001", r"C:\Users\Ann Lee"));
        assert_eq!(account("bob", &query).unwrap().sid, "S-1-12-1-9");
        assert_eq!(account("eve", &query), Err(Ok(vec!["Ann Lee".to_owned(), "bob.CORP".to_owned()])));
        let none = |_: &str| Err("no registry".to_owned());
        assert_eq!(account("ann", &none), Err(Err("no registry".to_owned())));
    }
}
