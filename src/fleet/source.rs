//! Finds and opens saved reports: files, folders with all that is below them, and lines on standard input. Files are
//! read by as many threads as the machine has; each is bounded, and one that is broken is named and passed over.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use super::{Collector, Digest, MAX_SKIPPED, digest};
use crate::document::check::{MAX_BYTES, embedded};

/// Folders within folders that are looked into.
const DEPTH: usize = 16;
/// Most files that are read.
const MAX_FILES: usize = 1_000_000;
/// Most bytes of one line: a compact report has some kilobytes, a whole one a hundred.
const MAX_LINE: u64 = 64 << 20;
/// Most threads; a disk is the limit before that.
const MAX_THREADS: usize = 8;

/// What is known of a part of a file after reading it.
enum Found {
    /// A report, with its name.
    Report(String, Box<Digest>),
    /// What is none, with its name, and why.
    Broken(String, String),
    /// So many more that are none.
    More(usize),
}

impl Found {
    fn new(name: String, read: Result<Digest, String>) -> Self {
        match read {
            Ok(digest) => Self::Report(name, Box::new(digest)),
            Err(reason) => Self::Broken(name, reason),
        }
    }
}

/// Reads everything that `paths` name into `into`; `-` is standard input.
///
/// # Errors
/// A path that is named and is not there, or cannot be looked into.
pub fn read(paths: &[PathBuf], into: &mut Collector) -> Result<(), (PathBuf, io::Error)> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            lines(io::stdin().lock(), "standard input", &mut |name, read| {
                take(into, Found::new(name.to_owned(), read));
            });
            continue;
        }
        let named = |error| (path.clone(), error);
        let meta = fs::metadata(path).map_err(named)?;
        if meta.is_dir() {
            let before = files.len();
            folder(path, DEPTH, &mut files, &mut |other| into.pass_over(other)).map_err(named)?;
            files[before..].sort();
        } else {
            files.push(path.clone());
        }
    }
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS).min(files.len());
    // A bounded way to the one who adds up, so that reports do not pile up in memory.
    let (send, receive) = mpsc::sync_channel::<Found>(64);
    thread::scope(|scope| {
        for _ in 0..threads {
            let send = send.clone();
            let (next, files) = (&next, &files);
            scope.spawn(move || {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // The other end is there until everything was sent.
                    file(path, &mut |found| drop(send.send(found)));
                }
            });
        }
        drop(send);
        for found in receive {
            take(into, found);
        }
    });
    Ok(())
}

fn take(into: &mut Collector, found: Found) {
    match found {
        Found::Report(name, digest) => into.add(&name, *digest),
        Found::Broken(name, reason) => into.skip(&name, reason),
        Found::More(count) => into.skip_more(count),
    }
}

/// Files below a folder whose names are those of reports; `other` is told of what is passed over. Links are not
/// followed: they could lead in a circle.
fn folder(
    path: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
    other: &mut dyn FnMut(&Path),
) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        if kind.is_dir() && depth > 0 {
            // A folder that may not be looked into is no reason to read nothing.
            if folder(&path, depth - 1, files, other).is_err() {
                other(&path);
            }
        } else if kind.is_file() && has_name(&path) && files.len() < MAX_FILES {
            files.push(path);
        } else {
            other(&path);
        }
    }
    Ok(())
}

fn has_name(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    ["json", "ndjson", "jsonl", "html", "htm"].contains(&extension.as_str())
}

/// Tells what one file holds: a report, or one on each line.
fn file(path: &Path, tell: &mut dyn FnMut(Found)) {
    let name = path.display().to_string();
    let bytes = match whole(path) {
        Ok(bytes) => bytes,
        Err(reason) => return tell(Found::Broken(name, reason)),
    };
    let one = match embedded(&bytes) {
        Ok(report) => digest::read(report),
        Err(error) => return tell(Found::Broken(name, error.to_string())),
    };
    let several = bytes.trim_ascii().contains(&b'\n') && one.is_err();
    if !several {
        return tell(Found::new(name, one));
    }
    // What is wrong with lines is told once a line is a report. Until then no more is kept than will be named.
    let (mut any, mut broken, mut more) = (false, Vec::new(), 0_usize);
    lines(bytes.as_slice(), &name, &mut |place, line| {
        if line.is_ok() && !any {
            any = true;
            broken.drain(..).for_each(&mut *tell);
            tell(Found::More(std::mem::take(&mut more)));
        }
        if any {
            tell(Found::new(place.to_owned(), line));
        } else if broken.len() < MAX_SKIPPED {
            broken.push(Found::new(place.to_owned(), line));
        } else {
            more += 1;
        }
    });
    if !any {
        // The reason of the whole says more.
        tell(Found::new(name, one));
    }
}

fn whole(path: &Path) -> Result<Vec<u8>, String> {
    // Looked at before it is opened: a pipe nobody writes to would be waited for.
    let meta = fs::metadata(path).map_err(|e| e.to_string())?;
    if !meta.is_file() {
        return Err("no regular file; pass `-` for standard input".to_owned());
    }
    let file = File::open(path).map_err(|e| e.to_string())?;
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len().min(MAX_BYTES)).unwrap_or(0));
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("over {} MiB, and no report is", MAX_BYTES >> 20));
    }
    Ok(bytes)
}

/// A report on each line; lines without anything are passed over.
fn lines(input: impl Read, name: &str, each: &mut dyn FnMut(&str, Result<Digest, String>)) {
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let place = format!("{name}, line {number}");
        match input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
            Ok(0) => return,
            Ok(_) if line.len() as u64 == MAX_LINE && !line.ends_with(b"\n") => {
                each(&place, Err("the line is longer than any report; what follows was not read".to_owned()));
                return;
            }
            Ok(_) if line.trim_ascii().is_empty() => {}
            Ok(_) => each(&place, digest::read(&line)),
            Err(error) => {
                each(&place, Err(error.to_string()));
                return;
            }
        }
    }
}
