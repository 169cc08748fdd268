//! Recognises a file by its content and reads it into entries: names, undecoded values, places.

pub(crate) mod admin;
mod ber;
pub(crate) mod cms;
pub(crate) mod diagnostic;
pub(crate) mod encoding;
pub(crate) mod intune;
pub(crate) mod json;
pub(crate) mod json_text;
pub(crate) mod nested;
pub(crate) mod plist;
pub(crate) mod plist_binary;
pub(crate) mod plist_xml;
pub(crate) mod powershell;
pub(crate) mod reg;
pub(crate) mod reg_policy;
pub(crate) mod reg_query;
pub(crate) mod reg_script;
mod reg_text;
pub(crate) mod sniff;
pub(crate) mod tree;
pub(crate) mod zip;

use crate::config::error::{ConfigError, Place};
use crate::contract::{Platform, Severity};
use crate::rules::places::OtherProduct;

use tree::Raw;

/// How a format spells booleans, numbers and lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// JSON: types of its own.
    Native,
    /// Property list: documented as text, although it has types of its own.
    Plist,
    /// Registry: text.
    Registry,
}

/// A file as its format's reader understood it, before any value is decoded.
#[derive(Debug)]
pub(crate) struct Document {
    /// The format's name, as reports show it.
    pub format: &'static str,
    /// The platform the format implies.
    pub platform: Option<Platform>,
    /// How values are spelled.
    pub encoding: Encoding,
    /// The candidates for keys, in the file's order.
    pub entries: Vec<Entry>,
    /// What the reader noticed.
    pub notes: Vec<Note>,
    /// Candidates that are set and not in effect, with what they lost to.
    pub lost: Vec<(Entry, LostTo)>,
    /// Names of keys that are present but unreadable already at this level.
    pub touched: Vec<String>,
    /// Those among them that the app counts as set.
    pub unreadable: Vec<String>,
    /// Names of the values in the machine hive of the registry that the app sees, whatever they are.
    pub machine_values: Vec<String>,
    /// The format itself proves that the file belongs to the app, even when no key is known.
    pub certain: bool,
    /// The format itself proves that the vendor's console manages the devices.
    pub admin_console: bool,
}

impl Document {
    /// An empty document.
    pub(crate) fn new(format: &'static str, platform: Option<Platform>, encoding: Encoding) -> Self {
        Self {
            format,
            platform,
            encoding,
            entries: Vec::new(),
            notes: Vec::new(),
            lost: Vec::new(),
            touched: Vec::new(),
            unreadable: Vec::new(),
            machine_values: Vec::new(),
            certain: false,
            admin_console: false,
        }
    }
}

/// A candidate for a key.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The flat name.
    pub name: String,
    /// The value as the format spells it.
    pub raw: Raw,
    /// One-based line, where the format has lines.
    pub line: Option<u32>,
    /// The path inside the document.
    pub path: String,
}

/// What a candidate lost to, inside one file.
#[derive(Debug, Clone)]
pub(crate) enum LostTo {
    /// The same key at this place.
    Key { line: Option<u32>, path: String },
    /// A rule about its whole place; a clause that follows "because".
    Rule(String),
}

/// A remark that does not know the file's name yet.
#[derive(Debug)]
pub(crate) struct Note {
    pub id: &'static str,
    pub severity: Severity,
    pub message: String,
    pub key: Option<String>,
    pub line: Option<u32>,
    pub path: Option<String>,
}

impl Note {
    /// About the document as a whole.
    pub(crate) fn whole(id: &'static str, severity: Severity, message: String) -> Self {
        Self { id, severity, message, key: None, line: None, path: None }
    }

    /// About one place.
    pub(crate) fn at(
        id: &'static str,
        severity: Severity,
        message: String,
        key: Option<String>,
        line: u32,
        path: String,
    ) -> Self {
        Self { id, severity, message, key, line: Some(line), path: Some(path) }
    }
}

/// The error for a neighbouring product's file.
pub(crate) fn another_product(
    file: &str,
    line: Option<u32>,
    other: &OtherProduct,
    evidence: String,
    next: &str,
) -> ConfigError {
    ConfigError::AnotherProduct {
        place: Place { file: file.to_owned(), line, column: None },
        product: other.product.clone(),
        evidence,
        next: next.to_owned(),
    }
}
