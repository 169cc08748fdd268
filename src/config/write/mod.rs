//! Writes a configuration as a file that can be deployed, each value in the encoding that the
//! documentation asks for (source C5). Reading the file back gives the same configuration.
//!
//! Secrets are written only when they are asked for. Without that each one is replaced by
//! [`super::secret::NOT_INCLUDED`], which the readers take for a secret that is set and not usable.

mod json;
mod plist;
mod reg;

use std::borrow::Cow;

use super::hygiene;
use super::secret::{NOT_INCLUDED, Secret};
use super::value::{Configuration, Value};
use crate::rules::keys::{Key, KeyCatalogue, KeyKind};
use crate::rules::places::Places;

/// The kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A configuration profile for macOS.
    Mobileconfig,
    /// A managed-preferences property list for macOS.
    Plist,
    /// A registry file for Windows, UTF-16 with byte order mark.
    Reg,
    /// The managed file of Linux.
    ManagedJson,
}

/// Which half of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hive {
    /// `HKEY_CURRENT_USER`, as the app's own export has it.
    #[default]
    User,
    /// `HKEY_LOCAL_MACHINE`.
    Machine,
}

/// What to write.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The kind of file.
    pub format: Format,
    /// Which half of the registry, for [`Format::Reg`].
    pub hive: Hive,
    /// Write the secrets themselves.
    pub include_secrets: bool,
}

/// A file that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A value holds characters that the format has no way to write.
    #[error(
        "`{key}` holds control characters, which {format} cannot hold; remove them, or write --format managed-json"
    )]
    NotRepresentable {
        /// The key.
        key: String,
        /// The format, in words.
        format: &'static str,
    },
    /// Nothing to write.
    #[error(
        "the configuration has no key that could be written; correct the errors that `clearway config` shows"
    )]
    Empty,
}

/// Writes `configuration`; keys stand in the catalogue's order, and the same configuration gives the
/// same bytes.
///
/// # Errors
/// When nothing can be written, or a value does not fit into the format.
pub fn write(
    configuration: &Configuration,
    catalogue: &KeyCatalogue,
    places: &Places,
    options: Options,
) -> Result<Vec<u8>, WriteError> {
    let values: Vec<(&Key, Cow<'_, Value>)> = catalogue
        .keys
        .iter()
        .filter_map(|key| {
            let value = &configuration.settings.get(key.name.as_str())?.value;
            let whole = options.include_secrets;
            Some((
                key,
                if whole { Cow::Borrowed(value) } else { Cow::Owned(hygiene::for_file(&key.name, value)) },
            ))
        })
        .collect();
    let pairs: Vec<(&Key, &Value)> = values.iter().map(|(key, value)| (*key, value.as_ref())).collect();
    if pairs.is_empty() {
        return Err(WriteError::Empty);
    }
    let secrets = options.include_secrets;
    match options.format {
        Format::ManagedJson => Ok(json::document(&pairs, secrets).into_bytes()),
        Format::Plist => plist::preferences(&pairs, secrets).map(String::into_bytes),
        Format::Mobileconfig => plist::profile(&pairs, secrets, &places.plist.domain).map(String::into_bytes),
        Format::Reg => reg::document(&pairs, secrets, &places.registry.key, options.hive),
    }
}

/// The text of a secret as it is written.
fn secret_text(secret: &Secret, include: bool) -> &str {
    if include || secret.is_empty() { secret.expose() } else { NOT_INCLUDED }
}

/// A value in a format whose values are text: booleans and numbers as words, structures as JSON.
fn as_text(value: &Value, secrets: bool) -> Cow<'_, str> {
    match value {
        Value::Bool(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
        Value::Integer(n) => Cow::Owned(n.to_string()),
        Value::Secret(s) => Cow::Borrowed(secret_text(s, secrets)),
        Value::Text(t) | Value::Number(t) => Cow::Borrowed(t),
        Value::List(_) | Value::Map(_) => Cow::Owned(json::compact(value, secrets)),
    }
}

/// Whether the key's value is a number that is kept as text.
fn is_number(key: &Key) -> bool {
    key.kind == KeyKind::Number
}
