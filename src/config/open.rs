//! Opens the files that a configuration or a copy of a device names: regular files only, bounded,
//! and in a copy never one that a link outside of it leads to.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Why a file was not opened, or not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The operating system's reason.
    #[error("{0}")]
    System(#[from] io::Error),
    /// A folder, a pipe, a device: reading it may never end.
    #[error("it is no regular file")]
    NotRegular,
    /// A link of a copy, or of a folder above it, leads to a file of the machine that this runs on.
    #[error("a link leads out of the copy of the device")]
    Outside,
    /// Over the limit.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
}

/// Opens a regular file. With `within`, links are followed only as far as they stay below it.
///
/// # Errors
/// Anything else than a regular file there.
pub fn regular(path: &Path, within: Option<&Path>) -> Result<File, OpenError> {
    if !is_inside(path, within)? {
        return Err(OpenError::Outside);
    }
    // Looked at before it is opened, since opening a pipe waits for its other end; and after, since
    // the name may stand for another file by then.
    if !fs::metadata(path)?.is_file() {
        return Err(OpenError::NotRegular);
    }
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(OpenError::NotRegular);
    }
    Ok(file)
}

/// The content of a regular file, at most `limit` bytes: the length that the system tells is not
/// believed, for it is zero for some that never end.
///
/// # Errors
/// As [`regular`]; also beyond the limit.
pub fn content(path: &Path, within: Option<&Path>, limit: u64) -> Result<Vec<u8>, OpenError> {
    let mut bytes = Vec::new();
    regular(path, within)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(OpenError::TooLarge(limit));
    }
    Ok(bytes)
}

/// Whether a path of a configuration names a place on another machine, or may: on Windows, opening `\\server\share`
/// signs in to that machine with the account of this device. Slashes stand for backslashes there.
pub fn is_elsewhere(path: &str) -> bool {
    let path = path.trim_start().replace('/', "\\");
    path.starts_with(r"\\") || path.starts_with(r"\??\")
}

/// Whether the path stays below `within` once every link is followed.
fn is_inside(path: &Path, within: Option<&Path>) -> io::Result<bool> {
    let Some(root) = within else { return Ok(true) };
    Ok(fs::canonicalize(path)?.starts_with(fs::canonicalize(root)?))
}

/// The names in a folder, sorted, at most `limit` of them; none where it is no folder or one outside
/// of `within`.
pub(crate) fn names(folder: &Path, within: Option<&Path>, limit: usize) -> Vec<String> {
    if !is_inside(folder, within).unwrap_or(false) {
        return Vec::new();
    }
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.take(limit).filter_map(Result::ok).filter_map(|e| e.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// The existing paths that a pattern stands for, in order of their names: a `*` in one of its parts
/// stands for any characters. A pattern without one stands for itself, there or not.
pub(crate) fn matching(pattern: &Path, within: Option<&Path>) -> Vec<PathBuf> {
    const NAMES: usize = 10_000;
    const FOUND: usize = 64;
    let mut found = vec![PathBuf::new()];
    let mut stars = false;
    for part in pattern.components() {
        let text = part.as_os_str().to_str().filter(|t| t.contains('*'));
        let Some(wanted) = text else {
            for path in &mut found {
                path.push(part);
            }
            continue;
        };
        stars = true;
        found = found
            .iter()
            .flat_map(|folder| {
                let fitting = names(folder, within, NAMES).into_iter().filter(|n| fits(n, wanted));
                fitting.map(|n| folder.join(n)).collect::<Vec<_>>()
            })
            .take(FOUND)
            .collect();
    }
    if stars {
        found.retain(|p| p.symlink_metadata().is_ok_and(|_| is_inside(p, within).unwrap_or(false)));
    }
    found
}

/// Whether a name fits a pattern, in any letter case.
fn fits(name: &str, pattern: &str) -> bool {
    let (name, pattern) = (name.to_lowercase(), pattern.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.is_empty()
}

impl OpenError {
    /// Whether nothing is there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::System(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shares_of_other_machines_are_told_from_paths() {
        for path in [
            r"\\server\share\x",
            "//server/share/x",
            r"/\server\x",
            r"\\?\UNC\server\x",
            r"\??\UNC\server\x",
            r" \\server\x",
        ] {
            assert!(is_elsewhere(path), "{path}");
        }
        for path in ["/opt/x", r"C:\x", r"C:\x", "x", "~/x", r"\x", ""] {
            assert!(!is_elsewhere(path), "{path}");
        }
    }

    #[test]
    fn patterns_stand_for_any_characters() {
        for (name, pattern, wanted) in [
            ("App_abc", "App_*", true),
            ("app_", "App_*", true),
            ("Other.App_abc", "App_*", false),
            ("a.json", "*.json", true),
            ("a.json.bak", "*.json", false),
            ("axbxc", "a*b*c", true),
            ("abc", "abc", true),
            ("abcd", "abc", false),
        ] {
            assert_eq!(fits(name, pattern), wanted, "{name} {pattern}");
        }
    }

    #[test]
    fn only_regular_files_within_their_limit_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f");
        fs::write(&file, "12345").unwrap();
        assert_eq!(content(&file, None, 5).unwrap(), b"12345");
        assert!(matches!(content(&file, None, 4), Err(OpenError::TooLarge(4))));
        assert!(matches!(content(dir.path(), None, 4), Err(OpenError::NotRegular)));
        assert!(content(&dir.path().join("none"), None, 4).unwrap_err().is_absent());
    }

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_refused_and_links_stay_inside() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("f"), "out").unwrap();
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("f"), "in").unwrap();
        let link = |name: &str, to: &Path| {
            let path = root.path().join(name);
            std::os::unix::fs::symlink(to, &path).unwrap();
            path
        };
        let within = Some(root.path());
        assert_eq!(content(&link("inside", Path::new("f")), within, 9).unwrap(), b"in");
        let out = link("out", &outside.path().join("f"));
        assert!(matches!(content(&out, within, 9), Err(OpenError::Outside)));
        assert_eq!(content(&out, None, 9).unwrap(), b"out");
        let folder = link("folder", outside.path());
        assert!(matches!(content(&folder.join("f"), within, 9), Err(OpenError::Outside)));
        assert!(names(&folder, within, 9).is_empty());
        assert!(matching(&folder.join("*"), within).is_empty());
        assert_eq!(matching(&root.path().join("in*"), within).len(), 1);
        assert!(matches!(
            content(&link("zero", Path::new("/dev/zero")), None, 9),
            Err(OpenError::NotRegular)
        ));
    }
}
