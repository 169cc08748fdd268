//! Recognises a file by its content and reads it into entries: names, undecoded values, places.

pub(crate) mod admin;
mod ber;
pub(crate) mod cms;
pub(crate) mod defaults_script;
pub(crate) mod diagnostic;
pub(crate) mod doubt;
pub(crate) mod encoding;
pub(crate) mod intune;
pub(crate) mod json;
pub(crate) mod json_text;
mod masked;
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
mod shell_tokens;
pub(crate) mod sniff;
pub(crate) mod tree;
pub(crate) mod zip;

use std::path::Path;

use crate::config::error::{ConfigError, Place, shown};
use crate::config::names::Names;
use crate::contract::{Platform, Severity};
use crate::rules::places::{OtherProduct, Places};

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
        product: other.product.to_string(),
        evidence,
        next: next.to_owned(),
    }
}

/// Recognises a file by its content and reads it: the one place that knows every format.
///
/// # Errors
/// Names file and line, what the file looks like, and what to pass in its place.
pub(crate) fn read(
    bytes: &[u8],
    file: &str,
    names: &Names<'_>,
    places: &Places,
) -> Result<json::Json, ConfigError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ConfigError::Empty { file: file.to_owned() });
    }
    if bytes.starts_with(b"bplist") {
        return plist::read_binary(bytes, file, names, places).map(json::Json::Document);
    }
    if cms::is_message(bytes) {
        return signed(&cms::read(bytes, file)?, file, names, places);
    }
    if zip::is_archive(bytes) {
        return archive(bytes, file, names, places);
    }
    if reg_policy::is_pol(bytes) {
        let carrier = reg::Carrier::pol(bytes, file)?;
        return reg::carried(carrier, file, names, places).map(json::Json::Document);
    }
    sniff::refuse_binary(bytes, file)?;
    let decoded = encoding::decode(bytes, file)?;
    let text = decoded.text.as_ref();
    if text.trim().is_empty() {
        return Err(ConfigError::Empty { file: file.to_owned() });
    }
    if crate::config::read::base_name(Path::new(file)).eq_ignore_ascii_case(&places.report.applied) {
        return diagnostic::read(text, file, names, places).map(json::Json::Document);
    }
    let kind = sniff::kind(text, file, places)?;
    Ok(json::Json::Document(match kind {
        sniff::Kind::Json | sniff::Kind::JsonFragment => {
            let found = json::read(text, file, kind == sniff::Kind::JsonFragment, names, places)?;
            return match found {
                json::Json::Carrier(bytes) => read(&bytes, file, names, places),
                other => Ok(other),
            };
        }
        sniff::Kind::DefaultsScript => defaults_script::read(text, file, places)?,
        sniff::Kind::RegScript => reg::carried(reg::Carrier::script(text), file, names, places)?,
        sniff::Kind::PowerShell => reg::carried(reg::Carrier::powershell(text), file, names, places)?,
        sniff::Kind::Preferences => {
            reg::carried(reg::Carrier::preferences(text, file)?, file, names, places)?
        }
        sniff::Kind::Xml => plist::read_xml(text, file, names, places)?,
        sniff::Kind::PemMessage => return signed(&cms::read_pem(text, file)?, file, names, places),
        sniff::Kind::Reg => {
            let mut doc = reg::read(text, file, names, places)?;
            if let Some(line) = decoded.replaced {
                doc.notes.push(Note::at(
                    "not-utf8",
                    Severity::Warning,
                    "bytes that are no UTF-8 were replaced; save the file as UTF-16 or UTF-8".to_owned(),
                    None,
                    line,
                    String::new(),
                ));
            }
            doc
        }
    }))
}

/// The profile inside a signed message.
fn signed(
    signed: &cms::Signed,
    file: &str,
    names: &Names<'_>,
    places: &Places,
) -> Result<json::Json, ConfigError> {
    let content = &signed.content;
    let profile = content.starts_with(b"bplist")
        || encoding::decode(content, file).is_ok_and(|t| t.text.trim_start().starts_with('<'));
    if !profile {
        return Err(ConfigError::NotConfiguration {
            place: Place::file(file),
            what: "this is a signed message (CMS) that holds no profile".to_owned(),
            next: sniff::ACCEPTED.to_owned(),
        });
    }
    let mut profile = read(content, file, names, places)?;
    if let json::Json::Document(doc) = &mut profile {
        let who = match &signed.signer {
            Some(name) => format!("a certificate that calls itself \u{201c}{name}\u{201d}"),
            None => "a certificate that is not in the file".to_owned(),
        };
        doc.notes.insert(
            0,
            Note::whole(
                "signed-profile",
                Severity::Info,
                format!(
                    "the profile is signed with {who}; the signature was not verified here, so check it in your management tool; line numbers are those of the content"
                ),
            ),
        );
    }
    Ok(profile)
}

/// What the app applied, out of its diagnostic report.
fn archive(bytes: &[u8], file: &str, names: &Names<'_>, places: &Places) -> Result<json::Json, ConfigError> {
    let wanted = &places.report.applied;
    let (inner, content) = zip::file(bytes, wanted).map_err(|problem| {
        let unpack = format!("Unpack it and pass {wanted} or the configuration file inside");
        let (what, next) = match problem {
            zip::Problem::Damaged => {
                ("this is a ZIP archive that is damaged or cut off".to_owned(), "Copy or export it again".to_owned())
            }
            zip::Problem::Unsupported(why) => {
                (format!("this is a ZIP archive whose {wanted} cannot be unpacked here: {why}"), unpack)
            }
            zip::Problem::TooLarge => (
                format!("this is a ZIP archive whose {wanted} is larger than any real one"),
                "Export the diagnostic report again".to_owned(),
            ),
            zip::Problem::TooMany => {
                ("this is a ZIP archive with more files than any diagnostic report of the app".to_owned(), unpack)
            }
            zip::Problem::Missing(names) => {
                let seen: Vec<String> = names.iter().map(|n| shown(n)).collect();
                let holds = if seen.is_empty() { "nothing".to_owned() } else { seen.join(", ") };
                (
                    format!("this is a ZIP archive without {wanted}, so no diagnostic report of the app (it holds {holds})"),
                    "Unpack it and pass the configuration file inside".to_owned(),
                )
            }
        };
        ConfigError::NotConfiguration { place: Place::file(file), what, next }
    })?;
    let text = encoding::decode(&content, file)?;
    let mut doc = diagnostic::read(&text.text, file, names, places)?;
    for entry in &mut doc.entries {
        entry.path = format!("{}: {}", shown(&inner), entry.path);
    }
    Ok(json::Json::Document(doc))
}
