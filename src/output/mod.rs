//! Where a rendering goes: standard output, or a file that appears whole or not at all; and what is said beside it.

pub mod browser;
pub mod file_format;
mod several;
pub mod window;

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

pub use several::Output;

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
    /// Written as a temporary neighbour when everything is known, and renamed over the target.
    File {
        target: PathBuf,
        readers: Readers,
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
        args.output.as_deref().map_or(Ok(Self::standard()), Self::file)
    }

    /// Standard output.
    pub fn standard() -> Self {
        Self { kind: Kind::Stdout }
    }

    /// A file that appears whole or not at all.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn file(target: &Path) -> Result<Self, Failure> {
        let target = &target.to_owned();
        let failed = |error| Failure::Output { path: target.clone(), error };
        let before = fs::metadata(target).ok();
        match &before {
            Some(meta) if meta.is_dir() => {
                return Err(failed(io::Error::other("it is a folder")));
            }
            Some(meta) if !meta.is_file() => {
                let file = special(target).map_err(failed)?;
                return Ok(Self { kind: Kind::Special { file, target: target.clone() } });
            }
            _ => {}
        }
        // Only to see that it can be done: whatever ends the program until then leaves nothing behind.
        drop(neighbour(target, Readers::Owner).map_err(failed)?);
        Ok(Self { kind: Kind::File { target: target.clone(), readers: Readers::Usual } })
    }

    /// How text is laid out there.
    pub fn style(&self, args: &OutputArgs) -> Style {
        Style {
            color: self.wants_color(args.color),
            verbose: args.verbose,
            quiet: args.quiet,
            terminal: matches!(self.kind, Kind::Stdout) && io::stdout().is_terminal(),
            ..Style::default()
        }
    }

    fn wants_color(&self, when: ColorWhen) -> bool {
        let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
        let set = |name: &str| variable(name).is_some();
        let on = |name: &str| variable(name).is_some_and(|v| v != "0");
        match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto if set("NO_COLOR") => false,
            ColorWhen::Auto if on("CLICOLOR_FORCE") || on("FORCE_COLOR") => true,
            ColorWhen::Auto if set("CLICOLOR") && !on("CLICOLOR") => false,
            ColorWhen::Auto => {
                matches!(self.kind, Kind::Stdout)
                    && io::stdout().is_terminal()
                    && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
                    // A console of Windows shows escapes as they are until it is asked to read them.
                    && anstyle_query::windows::enable_ansi_colors() != Some(false)
            }
        }
    }

    /// Who may read the file that will be written.
    #[must_use]
    pub fn for_readers(mut self, who: Readers) -> Self {
        if let Kind::File { readers, .. } = &mut self.kind {
            *readers = who;
        }
        self
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
            Kind::File { target, readers } => {
                let written = replace(&target, readers, bytes);
                written.map_err(|error| Failure::Output { path: target, error })
            }
        }
    }
}

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// As every new file here; an own one that is replaced keeps its mode.
    Usual,
    /// Its owner only, since it tells of the device and its user; an own one that is replaced keeps its mode.
    OwnerOfNew,
    /// Its owner only, whatever stood there, since secrets go into it.
    Owner,
}

/// Writes a file that appears whole, in place of what stood there. An own file that is replaced keeps its mode and
/// group; until then nobody else can open it. One of another user is replaced as if nothing stood there: in a folder
/// that everybody may write to it would give what is written to the user that put it there first.
fn replace(target: &Path, readers: Readers, bytes: &[u8]) -> io::Result<()> {
    // Of the name itself: a link is replaced, and what it leads to says nothing about who may read.
    let before = fs::symlink_metadata(target).ok().filter(fs::Metadata::is_file);
    let made = if before.is_some() { Readers::Owner } else { readers };
    let mut file = neighbour(target, made)?;
    let own = before.filter(|before| readers != Readers::Owner && is_own(before, file.as_file()));
    if own.is_none() && made != readers {
        file = neighbour(target, readers)?;
    }
    file.write_all(bytes)?;
    if let Some(before) = own {
        keep(&before, file.as_file())?;
    }
    file.persist(target)?;
    Ok(())
}

/// Whether the owner of `made`, which this program made, has the file that stood there, under this name alone: a
/// second name of a file can be put into a folder by others.
#[cfg(unix)]
fn is_own(before: &fs::Metadata, made: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    before.nlink() == 1 && made.metadata().is_ok_and(|made| made.uid() == before.uid())
}

#[cfg(not(unix))]
fn is_own(_: &fs::Metadata, _: &File) -> bool {
    true
}

/// Gives a file the group and the mode of the one that it replaces, without the bits that lend rights.
#[cfg(unix)]
fn keep(before: &fs::Metadata, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let mode = before.mode() & 0o777;
    // A group that this user is not in cannot be given; its rights are then not for the group of the new file.
    let same = file.metadata().is_ok_and(|made| made.gid() == before.gid());
    let given = same || fchown(file, None, Some(before.gid())).is_ok();
    file.set_permissions(fs::Permissions::from_mode(if given { mode } else { mode & 0o707 }))
}

#[cfg(not(unix))]
fn keep(before: &fs::Metadata, file: &File) -> io::Result<()> {
    file.set_permissions(before.permissions())
}

/// Opens what is not a regular file: a device, or a pipe of this user or the administrator; through a link only where
/// one of them made it.
#[cfg(unix)]
fn special(target: &Path) -> io::Result<File> {
    use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};

    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    let me = nix::unistd::geteuid().as_raw();
    let trusted = |meta: &fs::Metadata| [me, 0].contains(&meta.uid());
    let accepted = |meta: &fs::Metadata| {
        let kind = meta.file_type();
        if !kind.is_char_device() && !kind.is_fifo() {
            return Err(io::Error::other("it is not a file, a pipe or a terminal; name a file"));
        }
        let named = fs::symlink_metadata(target)?;
        if named.is_symlink() && !trusted(&named) || kind.is_fifo() && !trusted(meta) && !is_standard(meta) {
            return Err(io::Error::other(
                "it belongs to another user, who could read or keep what is written; name a file in a folder of your own",
            ));
        }
        Ok(())
    };
    accepted(&fs::metadata(target)?)?;
    // Without waiting for a reader of a pipe: nothing would say why the program does not begin.
    let opened = OpenOptions::new().write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(target);
    let file = opened.map_err(|error| match error.raw_os_error() {
        Some(code) if code == nix::libc::ENXIO => {
            io::Error::other("nothing reads from it; start what reads first, or name a file")
        }
        _ => error,
    })?;
    // Another one may stand there by now.
    accepted(&file.metadata()?)?;
    fcntl(&file, FcntlArg::F_SETFL(OFlag::empty())).map_err(io::Error::from)?;
    Ok(file)
}

#[cfg(not(unix))]
fn special(target: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(target)
}

/// Whether this is what standard output or standard error is: `sudo` hands on terminals and pipes of another user.
#[cfg(unix)]
fn is_standard(meta: &fs::Metadata) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let (out, err) = (io::stdout(), io::stderr());
    [out.as_fd(), err.as_fd()].into_iter().any(|fd| {
        let there = fd.try_clone_to_owned().and_then(|fd| File::from(fd).metadata());
        there.is_ok_and(|there| (there.dev(), there.ino()) == (meta.dev(), meta.ino()))
    })
}

/// A temporary file beside the target, from its creation on open to nobody else than `readers` says.
fn neighbour(target: &Path, readers: Readers) -> io::Result<NamedTempFile> {
    let name = target.file_name().ok_or_else(|| io::Error::other("it has no file name"))?;
    let prefix = format!(".{}.", name.to_string_lossy());
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".part");
    #[cfg(unix)]
    {
        let mode = if readers == Readers::Usual { 0o666 } else { 0o600 };
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = readers;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    if !folder.exists() {
        let reason = format!("there is no folder {}", folder.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, reason));
    }
    builder.tempfile_in(folder).map_err(|error| without_path(&error))
}

/// The reason alone: the name of the temporary file, which the error brings, is none that the user wrote.
fn without_path(error: &io::Error) -> io::Error {
    let text = error.to_string();
    let reason = text.rsplit_once(" at path ").map_or(text.as_str(), |(reason, _)| reason);
    io::Error::new(error.kind(), reason.to_owned())
}

fn forgive(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes lines to standard output while more is to come; whether somebody still reads them.
///
/// # Errors
/// [`Failure::Stdout`].
pub fn say(text: &str) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::Stdout(error)),
    }
}

/// Whether somebody still reads standard output, as far as that can be told without writing: only on Unix, of pipes and
/// sockets.
pub fn is_read() -> bool {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;

        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        let out = io::stdout();
        let mut asked = [PollFd::new(out.as_fd(), PollFlags::empty())];
        let told = poll(&mut asked, PollTimeout::ZERO).is_ok();
        let gone = PollFlags::POLLERR | PollFlags::POLLHUP;
        !(told && asked[0].revents().is_some_and(|found| found.intersects(gone)))
    }
    #[cfg(not(unix))]
    true
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

    #[cfg(unix)]
    #[test]
    fn a_second_name_and_bits_that_lend_rights_are_not_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let mode = |name: &str| fs::symlink_metadata(path(name)).unwrap().permissions().mode() & 0o7777;
        let write = |name: &str| {
            let to = Destination::open(&to(&path(name))).unwrap().for_readers(Readers::OwnerOfNew);
            to.write(b"new").unwrap();
        };
        fs::write(path("program"), "old").unwrap();
        fs::set_permissions(path("program"), fs::Permissions::from_mode(0o4755)).unwrap();
        symlink(path("program"), path("link")).unwrap();
        fs::hard_link(path("program"), path("second")).unwrap();
        for name in ["link", "second"] {
            write(name);
            assert_eq!((mode(name), fs::read_to_string(path(name)).unwrap().as_str()), (0o600, "new"));
        }
        assert_eq!(fs::read_to_string(path("program")).unwrap(), "old");
        fs::set_permissions(path("program"), fs::Permissions::from_mode(0o4755)).unwrap();
        write("program");
        assert_eq!(mode("program"), 0o755);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_written_to_where_something_reads() {
        use std::io::Read;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let refused = Destination::open(&to(&path)).unwrap_err().to_string();
        assert!(refused.contains("nothing reads from it"), "{refused}");
        let there = path.clone();
        let reader = std::thread::spawn(move || {
            let mut text = Vec::new();
            File::open(there).unwrap().read_to_end(&mut text).unwrap();
            text.len()
        });
        let opened = (0..2000).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(5));
            Destination::open(&to(&path)).ok()
        });
        // More than a pipe holds: what is full is waited for.
        opened.unwrap().write(&vec![b'x'; 300_000]).unwrap();
        assert_eq!(reader.join().unwrap(), 300_000);
    }

    #[cfg(unix)]
    #[test]
    fn what_tells_of_a_device_is_its_owners_and_secrets_whatever_stood_there() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        let write = |who| Destination::open(&to(&path)).unwrap().for_readers(who).write(b"x").unwrap();
        write(Readers::OwnerOfNew);
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(Readers::OwnerOfNew);
        assert_eq!(mode(), 0o644);
        write(Readers::Owner);
        assert_eq!(mode(), 0o600);
        // Nothing is there between opening and writing: whatever ends the program leaves nothing behind.
        let opened = Destination::open(&to(&dir.path().join("new"))).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        drop(opened);
    }
}
