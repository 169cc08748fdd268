//! From an argument of the command line to configurations.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use super::decode;
use super::error::{ConfigError, Place, shown};
use super::formats::tree::{Member, Raw, find};
use super::formats::{self, json, plist, reg, sniff};
use super::names::Names;
use super::places::{self, Places};
use super::value::{Configuration, Lint, Source};
use crate::rules::keys::KeyCatalogue;
use crate::terms::Severity;

/// Largest file that is read.
pub const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// How long a pipe given by name may take to deliver its content.
const PIPE_PATIENCE: Duration = Duration::from_secs(10);

/// What an argument stood for.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A configuration, decoded.
    Configuration(Configuration),
    /// A `clearway.hosts/1` document: an allowlist without the configuration it came from.
    HostsDocument {
        /// The file's name.
        name: String,
        /// SHA-256 of the bytes, lower-case hexadecimal.
        sha256: String,
        /// The document.
        json: serde_json::Value,
    },
}

/// Reads what `arg` names: a file in any supported format, a folder with `_meta.json`, or `-` for
/// standard input. The format is told by the content.
///
/// # Errors
/// See [`ConfigError`]; nothing is read beyond [`MAX_FILE_BYTES`].
pub fn read(arg: &str, catalogue: &KeyCatalogue) -> Result<Vec<Input>, ConfigError> {
    let places = places::embedded();
    let names = Names::new(catalogue);
    if arg == "-" {
        let bytes = bounded(std::io::stdin().lock(), "-")?;
        return Ok(vec![interpret(&bytes, "-", "standard input", &names, places)?]);
    }
    let path = Path::new(arg);
    let metadata = fs::metadata(path).map_err(|e| io_error(arg, &e))?;
    if metadata.is_dir() {
        return Ok(vec![Input::Configuration(library(path, &names, places)?)]);
    }
    let bytes = file(path, arg)?;
    Ok(vec![interpret(&bytes, arg, &base_name(path), &names, places)?])
}

/// Reads bytes that are at hand already, as [`read`] reads a file of the name `name`: for programs
/// that fetched them elsewhere, and for tests.
///
/// # Errors
/// See [`ConfigError`]; over [`MAX_FILE_BYTES`] nothing is looked at.
pub fn read_bytes(bytes: &[u8], name: &str, catalogue: &KeyCatalogue) -> Result<Input, ConfigError> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(too_large(name));
    }
    interpret(bytes, name, &base_name(Path::new(name)), &Names::new(catalogue), places::embedded())
}

/// Reads one file into a configuration, for places on a device.
pub(crate) fn configuration(
    path: &Path,
    names: &Names,
    places: &Places,
) -> Result<Configuration, ConfigError> {
    let shown = path.display().to_string();
    let bytes = file(path, &shown)?;
    match interpret(&bytes, &shown, &base_name(path), names, places)? {
        Input::Configuration(config) => Ok(config),
        Input::HostsDocument { .. } => Err(ConfigError::NotConfiguration {
            place: Place::file(&shown),
            what: "an allowlist of Clearway where the app's configuration belongs".to_owned(),
            next: "Pass it as an argument instead".to_owned(),
        }),
    }
}

fn base_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

/// Tells the format and reads it.
pub(crate) fn interpret(
    bytes: &[u8],
    file: &str,
    name: &str,
    names: &Names,
    places: &Places,
) -> Result<Input, ConfigError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ConfigError::Empty { file: file.to_owned() });
    }
    let source =
        |format: &str| Source { name: file.to_owned(), format: format.to_owned(), sha256: sha256(bytes) };
    let done = |doc: formats::Document| {
        let source = source(doc.format);
        Ok(Input::Configuration(decode::decode(doc, name, source, names)))
    };
    if bytes.starts_with(b"bplist") {
        return done(plist::read_binary(bytes, file, names, places)?);
    }
    sniff::refuse_binary(bytes, file)?;
    let decoded = formats::encoding::decode(bytes, file)?;
    let text = decoded.text.as_ref();
    if text.trim().is_empty() {
        return Err(ConfigError::Empty { file: file.to_owned() });
    }
    let kind = sniff::kind(text, file)?;
    match kind {
        sniff::Kind::Json | sniff::Kind::JsonFragment => {
            match json::read(text, file, kind == sniff::Kind::JsonFragment, names, places)? {
                json::Json::Document(doc) => done(doc),
                json::Json::Hosts(json) => {
                    Ok(Input::HostsDocument { name: name.to_owned(), sha256: sha256(bytes), json })
                }
            }
        }
        sniff::Kind::Xml => done(plist::read_xml(text, file, names, places)?),
        sniff::Kind::Reg => {
            let mut doc = reg::read(text, file, places)?;
            if let Some(line) = decoded.replaced {
                doc.notes.push(formats::Note::at(
                    "not-utf8",
                    Severity::Warning,
                    "bytes that are no UTF-8 were replaced; save the file as UTF-16 or UTF-8".to_owned(),
                    None,
                    line,
                    String::new(),
                ));
            }
            done(doc)
        }
    }
}

fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().iter().fold(String::with_capacity(64), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}

/// Reads a file within the limit.
///
/// # Errors
/// When it cannot be read or is over [`MAX_FILE_BYTES`].
pub fn file(path: &Path, shown: &str) -> Result<Vec<u8>, ConfigError> {
    file_within(path, shown, PIPE_PATIENCE)
}

/// Reads a file within the limit. A pipe gets `patience`, so that one without a writer cannot hold
/// the program.
fn file_within(path: &Path, shown: &str, patience: Duration) -> Result<Vec<u8>, ConfigError> {
    let metadata = fs::metadata(path).map_err(|e| io_error(shown, &e))?;
    if metadata.is_file() {
        if metadata.len() > MAX_FILE_BYTES {
            return Err(too_large(shown));
        }
        return bounded(File::open(path).map_err(|e| io_error(shown, &e))?, shown);
    }
    let (send, receive) = mpsc::channel();
    let (owned, name) = (path.to_owned(), shown.to_owned());
    std::thread::spawn(move || {
        let result = File::open(&owned).map_err(|e| io_error(&name, &e)).and_then(|f| bounded(f, &name));
        // Nobody listens any more once the patience is over.
        let _ = send.send(result);
    });
    receive.recv_timeout(patience).unwrap_or_else(|_| {
        Err(ConfigError::Unreadable {
            file: shown.to_owned(),
            cause: format!("nothing complete arrived within {} seconds", patience.as_secs()),
            next: "Name a regular file, or pass `-` and pipe into standard input".to_owned(),
        })
    })
}

fn bounded(reader: impl Read, shown: &str) -> Result<Vec<u8>, ConfigError> {
    let mut bytes = Vec::new();
    reader.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|e| io_error(shown, &e))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(too_large(shown));
    }
    Ok(bytes)
}

fn too_large(file: &str) -> ConfigError {
    ConfigError::TooLarge { file: file.to_owned(), limit_mib: MAX_FILE_BYTES / (1024 * 1024) }
}

pub(crate) fn io_error(file: &str, error: &std::io::Error) -> ConfigError {
    let file = file.to_owned();
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => ConfigError::NotFound { file },
        ErrorKind::PermissionDenied => ConfigError::Unreadable {
            file,
            cause: "permission denied".to_owned(),
            next: "Run as a user who may read it, or copy it and pass the copy".to_owned(),
        },
        ErrorKind::InvalidInput => ConfigError::NotFound { file },
        _ => ConfigError::Unreadable {
            file,
            cause: error.to_string(),
            next: "Check the path and try again".to_owned(),
        },
    }
}

/// Reads the applied entry of a configLibrary folder.
pub(crate) fn library(dir: &Path, names: &Names, places: &Places) -> Result<Configuration, ConfigError> {
    let shown_dir = dir.display().to_string();
    let index_path = dir.join("_meta.json");
    if !index_path.is_file() {
        let inner = dir.join("configLibrary");
        let hint =
            if inner.join("_meta.json").is_file() { format!(": {}", inner.display()) } else { String::new() };
        return Err(ConfigError::NoMeta { dir: shown_dir, hint });
    }
    let index_name = index_path.display().to_string();
    let bytes = file(&index_path, &index_name)?;
    let text = formats::encoding::decode(&bytes, &index_name)?;
    let root = formats::json_text::parse(&text.text).map_err(|f| f.at(&index_name, "JSON"))?;
    let error = |what: String, next: &str| ConfigError::Meta {
        file: index_name.clone(),
        what,
        next: next.to_owned(),
    };
    let Raw::Map(members) = root else {
        return Err(error(
            "not an object, so it names no applied configuration".to_owned(),
            "Apply a configuration in the app's window again",
        ));
    };
    let entries = entries(&members);
    let mut lint = Vec::new();
    let mut remark = |id: &str, message: String| {
        lint.push(Lint { id: id.to_owned(), severity: Severity::Warning, message, key: None, origin: None });
    };
    let pointer = find(&members, "hybridPointer").and_then(|m| m.value.text()).filter(|t| !t.is_empty());
    let id = match (pointer, find(&members, "appliedId").map(|m| &m.value)) {
        (Some(pointer), _) => {
            remark("hybrid-pointer", "_meta.json holds a leftover `hybridPointer`, which wins over `appliedId`; Apply in the app's window removes it".to_owned());
            pointer.to_owned()
        }
        (None, Some(Raw::Text(id))) if !id.is_empty() => id.clone(),
        _ => {
            let known: Vec<String> = entries
                .iter()
                .take(5)
                .map(|(id, name)| format!("{}.json ({})", shown(id), shown(name)))
                .collect();
            let next = if known.is_empty() {
                "Apply a configuration in the app's window, or pass the managed configuration".to_owned()
            } else {
                format!("Pass one of its files: {}", known.join(", "))
            };
            return Err(error("no configuration is applied (`appliedId` is not set)".to_owned(), &next));
        }
    };
    if !is_id(&id) {
        return Err(error(
            format!(
                "the applied id `{}` is not 36 characters of a-f, 0-9 and -, so the app does not load it",
                shown(&id)
            ),
            "Apply the configuration in the app's window again, or pass the file itself",
        ));
    }
    let entry = entries.iter().find(|(known, _)| *known == id);
    if entry.is_none() {
        remark("applied-id-not-listed", format!("_meta.json applies {id}, which is not among its entries"));
    }
    let path = dir.join(format!("{id}.json"));
    if !path.is_file() {
        return Err(error(
            format!("it applies {id}, but there is no {id}.json beside it"),
            "Copy the whole folder, or apply a configuration in the app's window again",
        ));
    }
    let mut config = configuration(&path, names, places)?;
    if let Some((_, name)) = entry.filter(|(_, name)| !name.is_empty()) {
        config.name = shown(name);
    }
    if let Some(source) = config.sources.first_mut() {
        source.format = "configLibrary".to_owned();
    }
    config.lint.splice(0..0, lint);
    Ok(config)
}

/// The entries of an index: id and name.
fn entries(members: &[Member]) -> Vec<(String, String)> {
    let Some(Raw::List(items)) = find(members, "entries").map(|m| &m.value) else { return Vec::new() };
    items
        .iter()
        .filter_map(Raw::members)
        .filter_map(|m| {
            let text = |name| find(m, name).and_then(|m| m.value.text()).unwrap_or_default().to_owned();
            let id = text("id");
            (!id.is_empty()).then(|| (id, text("name")))
        })
        .collect()
}

/// Whether the app's loader would take the id; nothing else may become a file name.
fn is_id(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|b| matches!(b, b'a'..=b'f' | b'0'..=b'9' | b'-'))
}

/// The path of a place with its parts filled in, or `None` when a part is unknown here.
pub(crate) fn filled(template: &str, parts: &[(&str, Option<String>)]) -> Option<PathBuf> {
    let mut path = template.to_owned();
    for (name, value) in parts {
        let mark = format!("{{{name}}}");
        if path.contains(&mark) {
            path = path.replace(&mark, value.as_deref()?);
        }
    }
    Some(PathBuf::from(path))
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_pipe_without_a_writer_does_not_hold_the_program() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        if !std::process::Command::new("mkfifo").arg(&path).status().is_ok_and(|s| s.success()) {
            return;
        }
        let error = file_within(&path, "pipe", Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().contains("nothing complete arrived"), "{error}");
    }
}
