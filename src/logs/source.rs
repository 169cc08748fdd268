//! Finds and opens logs: files, folders, archives, standard input, the places of a device. Everything is
//! read as a stream and within bounds; nothing is unpacked to a disk.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use flate2::bufread::MultiGzDecoder;
use zip::ZipArchive;
use zip::result::ZipError;

use super::{Collector, LinesError, Report, Settings};
use crate::config::device::Device;
use crate::config::device::paths;
use crate::config::open;
use crate::config::{ConfigError, PIPE_PATIENCE};
use crate::contract::Platform;
use crate::rules::Rules;
use crate::rules::logs::{LogPlace, fits};
use crate::text::english;

/// Folders within folders that are looked into.
const DEPTH: usize = 8;
/// Most files that are read.
const FILES: usize = 2_000;
/// Most names of a folder that are looked at.
const NAMES: usize = 50_000;
/// Most files of an archive.
const ENTRIES: usize = 4_096;
/// Files of which it is said that they were left out by name.
const SHOWN: usize = 3;
/// Most bytes of a packed file on standard input.
const PACKED: u64 = 512 << 20;
/// Files that are named of those that were not read.
const NAMED: usize = 50;

/// How much one reading takes, whatever the number of files and archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of text in all.
    pub all: u64,
    /// Most bytes that come from packed files and archives. Less than of others: a few megabytes may unpack to all of it,
    /// while what lies on a disk unpacked has taken its place there.
    pub unpacked: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { all: 4 << 30, unpacked: 1 << 30 }
    }
}

/// Where logs come from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// Files, folders, archives; `-` for standard input.
    Named(Vec<String>),
    /// The places of a device.
    Device(Device),
}

/// Why no log was read.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// Something that was named cannot be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// As it was named.
        path: String,
        /// Why, and what to do.
        reason: String,
    },
    /// A device without logs.
    #[error("{}", none(looked, *elevated))]
    None {
        /// The places that were looked at.
        looked: Vec<String>,
        /// The user was not named and is not one who uses the app.
        elevated: bool,
    },
    /// The device cannot be looked at.
    #[error(transparent)]
    Device(#[from] ConfigError),
}

fn none(looked: &[String], elevated: bool) -> String {
    let mut text = "no log of the app is on this device. Looked at:\n".to_owned();
    for place in looked {
        text.push_str(&format!("  {place}\n"));
    }
    text.push_str("Try:\n");
    let user = if elevated { " (this ran as an administrator)" } else { "" };
    text.push_str(&format!("  clearway logs --user NAME            the logs of another user{user}\n"));
    text.push_str("  clearway logs FILE|FOLDER            logs that were sent to you\n");
    text.push_str(
        "  clearway logs report.zip             the app's diagnostic report: Help > Troubleshooting",
    );
    text
}

/// Reads logs.
///
/// # Errors
/// A named file that cannot be read, a folder without logs, a device without any.
pub fn read(origin: &Origin, rules: &Rules, settings: Settings) -> Result<Report, LogsError> {
    read_within(origin, rules, settings, Limits::default())
}

/// Reads logs within these limits.
///
/// # Errors
/// As [`read`].
pub fn read_within(
    origin: &Origin,
    rules: &Rules,
    settings: Settings,
    limits: Limits,
) -> Result<Report, LogsError> {
    let mut source = Source {
        all: Collector::new(rules, settings),
        rules,
        files: 0,
        unread: 0,
        left: Left::of(limits),
        beyond: Vec::new(),
    };
    match origin {
        Origin::Named(paths) => {
            for path in paths {
                source.named(path)?;
            }
        }
        Origin::Device(device) => source.device(device)?,
    }
    if source.unread > 0 {
        let n = english::count(source.unread, "file", "files");
        source
            .all
            .skip("", format!("{n} left out, since the names are not those of logs, or there are too many"));
    }
    if !source.beyond.is_empty() {
        let n = english::count(source.beyond.len(), "file", "files");
        let mut names: Vec<String> = source.beyond.iter().take(SHOWN).cloned().collect();
        if source.beyond.len() > SHOWN {
            names.push(format!("{} more", source.beyond.len() - SHOWN));
        }
        let reason = format!(
            "{n} left out ({}), since one reading ends after {} in all and {} from packed files; name them by themselves",
            english::and(&names),
            size(limits.all),
            size(limits.unpacked)
        );
        source.all.skip("", reason);
    }
    Ok(source.all.finish())
}

struct Source<'a> {
    all: Collector<'a>,
    rules: &'a Rules,
    files: usize,
    unread: usize,
    left: Left,
    /// Files that the limits left no room for.
    beyond: Vec<String>,
}

/// What is left of the limits.
#[derive(Clone)]
struct Left {
    limits: Limits,
    all: Rc<Cell<u64>>,
    unpacked: Rc<Cell<u64>>,
}

impl Left {
    fn of(limits: Limits) -> Self {
        let [all, unpacked] = [limits.all, limits.unpacked].map(|bytes| Rc::new(Cell::new(bytes)));
        Self { limits, all, unpacked }
    }

    /// A stream of text, whatever it comes from.
    fn text<R>(&self, input: R) -> Bounded<R> {
        let why = format!("one reading ends after {} in all; name the file by itself", size(self.limits.all));
        Bounded { input, left: Rc::clone(&self.all), why }
    }

    /// A stream that unpacks.
    fn packed<R>(&self, input: R) -> Bounded<R> {
        let most = size(self.limits.unpacked);
        let why = format!("one reading ends after {most} from packed files; unpack it, and name the log");
        Bounded { input, left: Rc::clone(&self.unpacked), why }
    }
}

/// `4 GiB`, `64 bytes`.
fn size(bytes: u64) -> String {
    if bytes >= 1 << 30 { format!("{} GiB", bytes >> 30) } else { format!("{bytes} bytes") }
}

impl Source<'_> {
    /// Files that were read, or for which no room is left.
    fn seen(&self) -> usize {
        self.files + self.beyond.len()
    }

    fn named(&mut self, path: &str) -> Result<(), LogsError> {
        let unreadable = |reason: String| LogsError::Unreadable { path: path.to_owned(), reason };
        if path == "-" {
            return self.standard_input().map_err(unreadable);
        }
        let place = Path::new(path);
        let meta = fs::metadata(place).map_err(|e| {
            unreadable(format!(
                "cannot be read: {e}; name a log, a folder with logs, or the app's diagnostic report (.zip)"
            ))
        })?;
        if meta.is_dir() {
            let before = self.seen();
            let mut files = Vec::new();
            self.walk(place, "", DEPTH, &mut files);
            files.sort_by(|a, b| a.1.cmp(&b.1));
            for (file, name) in files {
                self.beside(&file, &name);
            }
            if self.seen() == before {
                return Err(unreadable(
                    "there is no log in this folder that can be read; name the file itself, or the folder that main.log lies in".to_owned(),
                ));
            }
            return Ok(());
        }
        let name = place.file_name().map_or_else(|| path.to_owned(), |n| n.to_string_lossy().into_owned());
        let before = self.seen();
        self.file(place, &name).map_err(unreadable)?;
        if self.seen() == before {
            return Err(unreadable("there is no log in this archive; name the log itself".to_owned()));
        }
        Ok(())
    }

    /// The logs below a folder, with their names.
    fn walk(&mut self, folder: &Path, name: &str, depth: usize, files: &mut Vec<(PathBuf, String)>) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.all.skip(name, format!("cannot be read: {error}")),
        };
        for entry in entries.take(NAMES).filter_map(Result::ok) {
            let own = entry.file_name().to_string_lossy().into_owned();
            let own_name = if name.is_empty() { own.clone() } else { format!("{name}/{own}") };
            // A link may lead anywhere, and in a circle.
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                if depth > 0 {
                    self.walk(&entry.path(), &own_name, depth - 1, files);
                }
            } else if kind.is_file() && self.rules.logs.is_read(&own) && files.len() < FILES {
                files.push((entry.path(), own_name));
            } else {
                self.unread += 1;
            }
        }
    }

    /// A file that was found: where it cannot be read, the others still are.
    fn beside(&mut self, path: &Path, name: &str) {
        if self.files >= FILES {
            self.unread += 1;
            return;
        }
        if let Err(reason) = self.file(path, name) {
            self.all.skip(name, reason);
        }
    }

    fn file(&mut self, path: &Path, name: &str) -> Result<(), String> {
        let failed = |e: io::Error| format!("cannot be read: {e}");
        // A file of the system may say that it is regular and empty, and never end.
        if !fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() > 0) {
            let mut input = BufReader::new(Waiting::on(path.to_owned(), PIPE_PATIENCE));
            if is_archive(input.fill_buf().map_err(failed)?) {
                return self.archive(spooled(input)?, name);
            }
            return self.stream(input, name);
        }
        let mut input =
            BufReader::new(open::regular(path, None).map_err(|e| format!("cannot be read: {e}"))?);
        if is_archive(input.fill_buf().map_err(failed)?) {
            return self.archive(input.into_inner(), name);
        }
        self.stream(input, name)
    }

    fn standard_input(&mut self) -> Result<(), String> {
        let mut input = BufReader::new(io::stdin());
        let start = input.fill_buf().map_err(|e| format!("cannot be read: {e}"))?;
        if is_archive(start) {
            let before = self.seen();
            self.archive(spooled(input)?, "standard input")?;
            if self.seen() == before {
                return Err("there is no log in this archive; name the log itself".to_owned());
            }
            return Ok(());
        }
        self.stream(input, "standard input")
    }

    /// A log, or a packed one.
    fn stream(&mut self, mut input: impl BufRead, name: &str) -> Result<(), String> {
        let start = input.fill_buf().map_err(|e| format!("cannot be read: {e}"))?;
        let is_packed = start.starts_with(&[0x1f, 0x8b]);
        if !start.is_empty() && (self.left.all.get() == 0 || (is_packed && self.left.unpacked.get() == 0)) {
            self.beyond.push(name.to_owned());
            return Ok(());
        }
        let left = self.left.clone();
        let read = match start {
            _ if is_packed => self.all.read(name, left.text(left.packed(MultiGzDecoder::new(input)))),
            [0x28, 0xb5, 0x2f, 0xfd, ..]
            | [0xfd, b'7', b'z', b'X', b'Z', ..]
            | [b'B', b'Z', b'h', ..]
            | [b'7', b'z', 0xbc, 0xaf, ..] => {
                return Err(
                    "is packed in a way that is not read here; unpack it, and name the log".to_owned()
                );
            }
            _ => self.all.read(name, left.text(input)),
        };
        match read {
            Ok(()) => {
                self.files += 1;
                Ok(())
            }
            Err(LinesError::NotText) => Err("is not text; name a log".to_owned()),
            Err(LinesError::Read(error)) => Err(format!("cannot be read: {error}")),
        }
    }

    fn archive(&mut self, mut file: File, name: &str) -> Result<(), String> {
        let damaged = |_| "is a damaged archive; fetch it again, or unpack it and name the folder".to_owned();
        if entries(&mut file).map_err(|e| format!("cannot be read: {e}"))? > ENTRIES {
            return Err(format!(
                "is an archive of more than {ENTRIES} files; unpack it, and name the folder with the logs"
            ));
        }
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
        for index in 0..archive.len() {
            let inner = match archive.by_index(index) {
                Ok(inner) => inner,
                Err(error) => {
                    self.all.skip(&format!("{name}!{index}"), unpacked(&error));
                    continue;
                }
            };
            let raw = String::from_utf8_lossy(inner.name_raw()).into_owned();
            let base = raw.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
            if inner.is_dir() || base.is_empty() {
                continue;
            }
            if !self.rules.logs.is_read(&base) || fits("*.zip", &base) || self.files >= FILES {
                self.unread += 1;
                continue;
            }
            let own = format!("{name}!{raw}");
            if inner.size() > 0 && (self.left.unpacked.get() == 0 || self.left.all.get() == 0) {
                self.beyond.push(own);
                continue;
            }
            let input = BufReader::new(self.left.packed(inner));
            if let Err(reason) = self.stream(input, &own) {
                self.all.skip(&own, reason);
            }
        }
        Ok(())
    }

    fn device(&mut self, device: &Device) -> Result<(), LogsError> {
        let users = paths::users(device, &self.rules.places)?;
        let places: Vec<&LogPlace> =
            self.rules.logs.place.iter().filter(|p| p.platform == device.platform).collect();
        let windows = device.platform == Platform::Windows;
        let within = device.root.as_deref();
        let mut found: Vec<(usize, &LogPlace, PathBuf)> = Vec::new();
        for (n, user) in users.iter().enumerate() {
            for place in &places {
                let Some(path) = user.path(device, &place.path) else { continue };
                for folder in expanded(&path, windows, within) {
                    // Some places are everybody's.
                    if folder.is_dir() && !found.iter().any(|(.., f)| *f == folder) {
                        found.push((n, place, folder));
                    }
                }
            }
        }
        let mut of: Vec<usize> =
            found.iter().filter(|(_, p, _)| p.path.contains('{')).map(|(n, ..)| *n).collect();
        of.dedup();
        if let (Some(root), [_, _, ..]) = (&device.root, of.as_slice()) {
            let users = of.iter().filter_map(|n| users.get(*n)?.name().map(str::to_owned)).collect();
            return Err(ConfigError::SeveralUsers { root: root.display().to_string(), users }.into());
        }
        for (_, place, folder) in found {
            let mut files = Vec::new();
            self.walk(&folder, "", DEPTH, &mut files);
            files.sort_by(|a, b| a.1.cmp(&b.1));
            if let Some(newest) = place.newest.filter(|n| *n < files.len()) {
                files.sort_by_key(|(path, _)| std::cmp::Reverse(modified(path)));
                self.unread += files.len() - newest;
                files.truncate(newest);
            }
            for (path, name) in files {
                self.beside(&path, &format!("{}/{name}", readable(&place.path)));
            }
        }
        if self.files == 0 {
            let looked = places.iter().map(|p| readable(&p.path)).collect();
            let elevated = device.user.is_none()
                && users.iter().any(|u| u.name().is_some_and(|n| n == "root" || n.ends_with('$')));
            return Err(LogsError::None { looked, elevated });
        }
        Ok(())
    }
}

/// A place as people write it.
fn readable(path: &str) -> String {
    path.replace("{home}", "~")
        .replace("{config}", "~/.config")
        .replace("{appdata}", "%APPDATA%")
        .replace("{localappdata}", "%LOCALAPPDATA%")
        .replace('\\', "/")
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

fn is_archive(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

fn unpacked(error: &ZipError) -> String {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            "is encrypted; unpack the archive, and name the folder".to_owned()
        }
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            "is packed in an unusual way; unpack the archive, and name the folder".to_owned()
        }
        _ => "is damaged in the archive".to_owned(),
    }
}

/// A file without a name that holds the rest of a stream: an archive is read from its end.
fn spooled(input: impl Read) -> Result<File, String> {
    let failed =
        |e: io::Error| format!("cannot be kept for reading: {e}; save it as a file, and name the file");
    let mut file = tempfile::tempfile().map_err(failed)?;
    if io::copy(&mut input.take(PACKED + 1), &mut file).map_err(failed)? > PACKED {
        return Err(format!(
            "is an archive of over {} MiB; save it as a file, and name the file",
            PACKED >> 20
        ));
    }
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    Ok(file)
}

/// How many files an archive has at the most: each entry of its directory begins with this mark.
fn entries(file: &mut File) -> io::Result<usize> {
    const MARK: &[u8] = b"PK\x01\x02";
    file.seek(SeekFrom::Start(0))?;
    let mut buffer = vec![0_u8; 256 * 1024];
    let (mut kept, mut count) = (0_usize, 0_usize);
    loop {
        let read = file.read(buffer.get_mut(kept..).unwrap_or_default())?;
        if read == 0 {
            break;
        }
        let filled = kept + read;
        let seen = buffer.get(..filled).unwrap_or_default();
        count += seen.windows(MARK.len()).filter(|w| *w == MARK).count();
        if count > ENTRIES {
            break;
        }
        // A mark may be cut in two.
        let start = filled.saturating_sub(MARK.len() - 1);
        buffer.copy_within(start..filled, 0);
        kept = filled - start;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(count)
}

/// A pipe or another file that may never end: opening and reading it are left to a thread, and given up where nothing
/// arrives for a while.
struct Waiting {
    parts: mpsc::Receiver<io::Result<Vec<u8>>>,
    patience: Duration,
    part: io::Cursor<Vec<u8>>,
}

impl Waiting {
    fn on(path: PathBuf, patience: Duration) -> Self {
        // Few parts: what is not taken is not read.
        let (send, parts) = mpsc::sync_channel(2);
        std::thread::spawn(move || {
            let mut file = match File::open(path) {
                Ok(file) => file,
                Err(error) => return drop(send.send(Err(error))),
            };
            loop {
                let mut part = Vec::new();
                let read = part.try_reserve(PART).map_err(io::Error::other).and_then(|()| {
                    part.resize(PART, 0);
                    file.read(&mut part)
                });
                let is_end = !matches!(read, Ok(1..));
                let read = read.map(|length| {
                    part.truncate(length);
                    part
                });
                // Nobody listens any more once the patience is over.
                if send.send(read).is_err() || is_end {
                    return;
                }
            }
        });
        Self { parts, patience, part: io::Cursor::default() }
    }
}

/// Bytes that are read from a pipe at once.
const PART: usize = 64 * 1024;

impl Read for Waiting {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if self.part.position() >= self.part.get_ref().len() as u64 {
            let next = match self.parts.recv_timeout(self.patience) {
                Ok(next) => next?,
                Err(mpsc::RecvTimeoutError::Disconnected) => Vec::new(),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    return Err(io::Error::other(format!(
                        "nothing arrived within {} seconds; name a regular file, or pass `-` and pipe into standard input",
                        self.patience.as_secs()
                    )));
                }
            };
            self.part = io::Cursor::new(next);
        }
        self.part.read(target)
    }
}

/// Ends with an error beyond so many bytes in all.
struct Bounded<R> {
    input: R,
    left: Rc<Cell<u64>>,
    /// What is said then.
    why: String,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            // What ends here is whole.
            return match self.input.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::other(self.why.clone())),
            };
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(target.len());
        let read = self.input.read(target.get_mut(..most).unwrap_or_default())?;
        self.left.set(left - read as u64);
        Ok(read)
    }
}

/// The existing paths that a path with stars stands for; on a copy of a Windows device in any letter case.
fn expanded(path: &Path, any_case: bool, within: Option<&Path>) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in path.components() {
        let text = part.as_os_str().to_string_lossy().into_owned();
        let mut next = Vec::new();
        for folder in found {
            let plain = folder.join(part);
            if !text.contains('*') && (plain.symlink_metadata().is_ok() || !any_case) {
                next.push(plain);
                continue;
            }
            let entries = fs::read_dir(&folder).into_iter().flatten().take(NAMES).filter_map(Result::ok);
            let names = entries.filter_map(|e| e.file_name().into_string().ok());
            let mut names: Vec<String> = names.filter(|n| fits(&text, n)).collect();
            names.sort();
            next.extend(names.iter().take(NAMED).map(|n| folder.join(n)));
        }
        found = next;
    }
    let inside = |p: &PathBuf| match within {
        None => true,
        Some(root) => {
            fs::canonicalize(p).and_then(|p| Ok(p.starts_with(fs::canonicalize(root)?))).unwrap_or(false)
        }
    };
    found.retain(|p| p.symlink_metadata().is_ok() && inside(p));
    found
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_pipe_without_a_writer_does_not_hold_the_program_and_one_with_a_writer_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        if !std::process::Command::new("mkfifo").arg(&path).status().is_ok_and(|s| s.success()) {
            return;
        }
        let mut text = String::new();
        let waiting = Waiting::on(path.clone(), Duration::from_millis(50)).read_to_string(&mut text);
        assert!(waiting.unwrap_err().to_string().contains("nothing arrived"));
        let other = dir.path().join("other");
        std::process::Command::new("mkfifo").arg(&other).status().unwrap();
        let writer = other.clone();
        std::thread::spawn(move || fs::write(writer, "x".repeat(200_000)).unwrap());
        Waiting::on(other, Duration::from_secs(20)).read_to_string(&mut text).unwrap();
        assert_eq!(text.len(), 200_000);
    }
}
