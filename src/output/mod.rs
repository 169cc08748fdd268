//! Where a rendering goes: standard output, or a file that appears whole or not at all; and what is said beside it.

pub mod file_format;

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::cli::{ColorWhen, OutputArgs};
use crate::failure::Failure;
use crate::report::Style;

/// An opened destination. Opening it before the work is done means that a folder that does not
/// exist or may not be written is reported before a single packet is sent.
#[derive(Debug)]
pub struct Destination {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Stdout,
    /// A temporary neighbour, renamed over the target at the end, and removed when it does not come to that.
    File {
        file: NamedTempFile,
        target: PathBuf,
    },
    /// Something that is no regular file (a pipe, a device): written in place.
    Special {
        file: File,
        target: PathBuf,
    },
}

impl Destination {
    /// Opens the destination that the flags name.
    ///
    /// # Errors
    /// [`Failure::Output`] when the folder is missing or may not be written.
    pub fn open(args: &OutputArgs) -> Result<Self, Failure> {
        let Some(target) = &args.output else { return Ok(Self { kind: Kind::Stdout }) };
        let failed = |error| Failure::Output { path: target.clone(), error };
        let before = fs::metadata(target).ok();
        match &before {
            Some(meta) if meta.is_dir() => {
                return Err(failed(io::Error::other("it is a folder")));
            }
            Some(meta) if !meta.is_file() => {
                let file = OpenOptions::new().write(true).open(target).map_err(failed)?;
                return Ok(Self { kind: Kind::Special { file, target: target.clone() } });
            }
            _ => {}
        }
        let file = neighbour(target).map_err(failed)?;
        // A file that is there keeps its mode.
        if let Some(meta) = before {
            file.as_file().set_permissions(meta.permissions()).map_err(failed)?;
        }
        Ok(Self { kind: Kind::File { file, target: target.clone() } })
    }

    /// How text is laid out there.
    pub fn style(&self, args: &OutputArgs) -> Style {
        Style {
            color: self.wants_color(args.color),
            verbose: args.verbose,
            quiet: args.quiet,
            ..Style::default()
        }
    }

    fn wants_color(&self, when: ColorWhen) -> bool {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto if set("NO_COLOR") => false,
            ColorWhen::Auto
                if std::env::var_os("CLICOLOR_FORCE").is_some_and(|v| !v.is_empty() && v != "0") =>
            {
                true
            }
            ColorWhen::Auto => {
                matches!(self.kind, Kind::Stdout)
                    && io::stdout().is_terminal()
                    && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
            }
        }
    }

    /// Keeps a file to its owner, because secrets go into it.
    ///
    /// # Errors
    /// [`Failure::Output`] when the file's mode cannot be set.
    pub fn private(self) -> Result<Self, Failure> {
        #[cfg(unix)]
        if let Kind::File { file, target } = &self.kind {
            use std::os::unix::fs::PermissionsExt;
            let owner_only = fs::Permissions::from_mode(0o600);
            file.as_file()
                .set_permissions(owner_only)
                .map_err(|error| Failure::Output { path: target.clone(), error })?;
        }
        Ok(self)
    }

    /// Writes the whole rendering. A reader that went away (a broken pipe) is no error.
    ///
    /// # Errors
    /// [`Failure::Output`] or [`Failure::Stdout`]; a regular target is untouched then.
    pub fn write(self, bytes: &[u8]) -> Result<(), Failure> {
        match self.kind {
            Kind::Stdout => {
                let mut out = io::stdout().lock();
                forgive(out.write_all(bytes).and_then(|()| out.flush())).map_err(Failure::Stdout)
            }
            Kind::Special { mut file, target } => {
                forgive(file.write_all(bytes)).map_err(|error| Failure::Output { path: target, error })
            }
            Kind::File { mut file, target } => {
                let written = file.write_all(bytes).and_then(|()| Ok(file.persist(&target)?));
                written.map(drop).map_err(|error| Failure::Output { path: target, error })
            }
        }
    }
}

/// A temporary file beside the target, of the mode that a new file has here.
fn neighbour(target: &Path) -> io::Result<NamedTempFile> {
    let name = target.file_name().ok_or_else(|| io::Error::other("it has no file name"))?;
    let prefix = format!(".{}.", name.to_string_lossy());
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    match target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => builder.tempfile_in(folder),
        None => builder.tempfile_in("."),
    }
}

fn forgive(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Lines on standard error, as they are.
pub fn aside<'a>(lines: impl IntoIterator<Item = &'a str>) {
    for line in lines {
        // A remark that cannot be shown must not stop the work.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// `text` with `lines` before it, each after `mark` (what begins a comment, or nothing).
pub fn before<'a>(lines: impl IntoIterator<Item = &'a str>, mark: &str, text: String) -> String {
    let mut all = String::new();
    for line in lines {
        all.push_str(mark);
        all.push_str(line);
        all.push('\n');
    }
    if all.is_empty() {
        return text;
    }
    if mark.is_empty() && !text.starts_with('\n') {
        all.push('\n');
    }
    all + &text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn to(path: &Path) -> OutputArgs {
        OutputArgs { output: Some(path.to_owned()), color: ColorWhen::Never, quiet: false, verbose: false }
    }

    #[test]
    fn a_missing_folder_is_reported_when_opening() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(
            Destination::open(&to(&dir.path().join("no/such/file.txt"))),
            Err(Failure::Output { .. })
        ));
        assert!(matches!(Destination::open(&to(dir.path())), Err(Failure::Output { .. })));
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("list.txt");
        fs::write(&path, "old").unwrap();
        drop(Destination::open(&to(&path)).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        Destination::open(&to(&path)).unwrap().write(b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing temporary is left");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_there_keeps_its_mode() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (path, new) = (dir.path().join("list.txt"), dir.path().join("new.txt"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        Destination::open(&to(&path)).unwrap().write(b"new").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o640);
        // As any program makes a new file here.
        fs::write(dir.path().join("usual.txt"), "").unwrap();
        Destination::open(&to(&new)).unwrap().write(b"new").unwrap();
        assert_eq!(mode(&new), mode(&dir.path().join("usual.txt")));
    }
}
