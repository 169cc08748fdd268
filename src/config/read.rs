//! From an argument of the command line to configurations.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use super::error::{ConfigError, Place};
use super::formats::{self, json};
use super::names::Names;
use super::open::{self, OpenError};
use super::value::{Configuration, Source};
use super::{bootstrap, decode, library};
use crate::contract::AppVersion;
use crate::contract::ids::FormatName;
use crate::rules::keys::KeyCatalogue;
use crate::rules::places::Places;

/// Largest file that is read.
pub const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// How long a pipe given by name may take to deliver its content.
pub(crate) const PIPE_PATIENCE: Duration = Duration::from_secs(10);

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

/// How a configuration is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// The app version whose reading is followed; the newest when there is none.
    pub app_version: Option<AppVersion>,
    /// Which entries of a configLibrary are read.
    pub profiles: Profiles,
    /// A saved response of the bootstrap server, laid over every configuration.
    pub bootstrap_response: Option<String>,
    /// The product's own names and places: those of the rules in use.
    pub places: Arc<Places>,
}

impl Default for ReadOptions {
    /// The applied entry, as the newest version reads it, by the places built into the program.
    fn default() -> Self {
        Self {
            app_version: None,
            profiles: Profiles::default(),
            bootstrap_response: None,
            places: Places::built_in(),
        }
    }
}

/// Which entries of a configLibrary are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Profiles {
    /// The applied one.
    #[default]
    Applied,
    /// Those with these names or ids.
    Named(Vec<String>),
    /// Every one.
    All,
}

/// What every reader needs at hand.
pub(crate) struct Context<'a> {
    pub names: Names<'a>,
    pub places: &'a Places,
    pub options: &'a ReadOptions,
    /// The copy of a device that is read; its links never lead out of it.
    pub root: Option<&'a Path>,
}

impl<'a> Context<'a> {
    /// For `options`, the places among them.
    pub(crate) fn new(catalogue: &'a KeyCatalogue, options: &'a ReadOptions) -> Self {
        let names = Names::for_version(catalogue, options.app_version.as_ref());
        Self { names, places: &options.places, options, root: None }
    }
}

/// Reads what `arg` names: a file in any supported format, a folder with `_meta.json`, or `-` for
/// standard input. The format is told by the content.
///
/// # Errors
/// See [`ConfigError`]; nothing is read beyond [`MAX_FILE_BYTES`].
pub fn read(arg: &str, catalogue: &KeyCatalogue) -> Result<Vec<Input>, ConfigError> {
    read_with(arg, catalogue, &ReadOptions::default())
}

/// Reads what `arg` names as `options` say; a configLibrary gives one configuration for each of its
/// entries that is asked for.
///
/// # Errors
/// As [`read`]; also when entries are asked for by name that are not there, or of something that
/// has none.
pub fn read_with(
    arg: &str,
    catalogue: &KeyCatalogue,
    options: &ReadOptions,
) -> Result<Vec<Input>, ConfigError> {
    let context = Context::new(catalogue, options);
    let mut inputs = inputs(arg, &context)?;
    if let Some(name) = &options.bootstrap_response {
        let response = response(name, &context)?;
        for input in &mut inputs {
            if let Input::Configuration(config) = input {
                bootstrap::overlay(config, response.clone(), &context, false);
            }
        }
    }
    Ok(inputs)
}

fn inputs(arg: &str, context: &Context<'_>) -> Result<Vec<Input>, ConfigError> {
    let no_entries = || match context.options.profiles {
        Profiles::Applied => Ok(()),
        _ => Err(ConfigError::NoProfiles { file: arg.to_owned() }),
    };
    if arg == "-" {
        no_entries()?;
        let bytes = standard_input()?;
        return Ok(vec![interpret(&bytes, "-", "standard input", context)?]);
    }
    let path = Path::new(arg);
    let metadata = fs::metadata(path).map_err(|e| io_error(arg, &e))?;
    if metadata.is_dir() {
        return Ok(library::read(path, context)?.into_iter().map(Input::Configuration).collect());
    }
    no_entries()?;
    let bytes = file(path, arg)?;
    Ok(vec![interpret(&bytes, arg, &base_name(path), context)?])
}

/// Reads the saved response of a bootstrap server.
pub(crate) fn response(arg: &str, context: &Context<'_>) -> Result<Configuration, ConfigError> {
    let path = Path::new(arg);
    let bytes = file(path, arg)?;
    let mut config = plain(interpret(&bytes, arg, &base_name(path), context)?, arg)?;
    as_response(&mut config, context);
    Ok(config)
}

/// Lays what a bootstrap server answered over a configuration, as the app does.
///
/// # Errors
/// See [`ConfigError`]; `name` is what messages call the answer.
pub fn overlay_response(
    config: &mut Configuration,
    bytes: &[u8],
    name: &str,
    catalogue: &KeyCatalogue,
    options: &ReadOptions,
) -> Result<(), ConfigError> {
    let context = Context::new(catalogue, options);
    let mut served = plain(interpret(bytes, name, name, &context)?, name)?;
    as_response(&mut served, &context);
    bootstrap::overlay(config, served, &context, false);
    Ok(())
}

/// Whatever form it has, it came from the server.
fn as_response(config: &mut Configuration, context: &Context<'_>) {
    if let Some(source) = config.sources.first_mut()
        && source.format != FormatName::BOOTSTRAP_RESPONSE
    {
        source.format = FormatName::BOOTSTRAP_RESPONSE.into();
        bootstrap::filter(config, &context.places.bootstrap);
    }
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
    let options = ReadOptions::default();
    interpret(bytes, name, &base_name(Path::new(name)), &Context::new(catalogue, &options))
}

/// Reads one file into a configuration, for places on a device.
pub(crate) fn configuration(path: &Path, context: &Context<'_>) -> Result<Configuration, ConfigError> {
    let shown = path.display().to_string();
    let bytes = regular(path, &shown, context.root)?;
    plain(interpret(&bytes, &shown, &base_name(path), context)?, &shown)
}

fn plain(input: Input, shown: &str) -> Result<Configuration, ConfigError> {
    match input {
        Input::Configuration(config) => Ok(config),
        Input::HostsDocument { .. } => Err(ConfigError::NotConfiguration {
            place: Place::file(shown),
            what: "an allowlist of Clearway where the app's configuration belongs".to_owned(),
            next: "Pass it as an argument instead".to_owned(),
        }),
    }
}

pub(crate) fn base_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

/// Tells the format and reads it.
pub(crate) fn interpret(
    bytes: &[u8],
    file: &str,
    name: &str,
    context: &Context<'_>,
) -> Result<Input, ConfigError> {
    match formats::read(bytes, file, &context.names, context.places)? {
        json::Json::Hosts(json) => {
            Ok(Input::HostsDocument { name: name.to_owned(), sha256: sha256(bytes), json })
        }
        // Read to its end already.
        json::Json::Carrier(_) => Err(ConfigError::Empty { file: file.to_owned() }),
        json::Json::Document(doc) => {
            let source = Source::of(file, doc.format, bytes);
            let response = doc.format == FormatName::BOOTSTRAP_RESPONSE;
            let mut config = decode::decode(doc, name, source, &context.names);
            if response {
                bootstrap::filter(&mut config, &context.places.bootstrap);
            }
            Ok(Input::Configuration(config))
        }
    }
}

impl Source {
    /// The source `name` with these bytes.
    pub(crate) fn of(name: &str, format: &str, bytes: &[u8]) -> Self {
        Self { name: name.to_owned(), format: format.to_owned(), sha256: sha256(bytes) }
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

/// All of standard input, within the limit. It is read once, and kept for a second caller.
///
/// # Errors
/// When it cannot be read or is over [`MAX_FILE_BYTES`].
pub fn standard_input() -> Result<Vec<u8>, ConfigError> {
    static READ: OnceLock<Vec<u8>> = OnceLock::new();
    if let Some(bytes) = READ.get() {
        return Ok(bytes.clone());
    }
    let bytes = bounded(std::io::stdin().lock(), "-")?;
    Ok(READ.get_or_init(|| bytes).clone())
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
    // A file of the system may say that it is regular and empty, and never end.
    if metadata.is_file() && metadata.len() > 0 {
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

/// Reads a regular file that a configuration or a copy of a device names.
pub(crate) fn regular(path: &Path, shown: &str, within: Option<&Path>) -> Result<Vec<u8>, ConfigError> {
    open::content(path, within, MAX_FILE_BYTES).map_err(|error| match error {
        OpenError::System(e) => io_error(shown, &e),
        OpenError::TooLarge(_) => too_large(shown),
        OpenError::NotRegular => ConfigError::Unreadable {
            file: shown.to_owned(),
            cause: error.to_string(),
            next: "Put the file itself there".to_owned(),
        },
        OpenError::Outside => ConfigError::Unreadable {
            file: shown.to_owned(),
            cause: error.to_string(),
            next: "Put the file itself into the copy, in place of the link".to_owned(),
        },
    })
}

pub(crate) fn bounded(reader: impl Read, shown: &str) -> Result<Vec<u8>, ConfigError> {
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
