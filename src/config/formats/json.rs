//! JSON configurations: flat, inside the app's own wrapper, nested; and JSON that is none.

use super::tree::{MAX_VALUES, Member, Raw, find};
use super::{Document, Encoding, Entry, Note, admin, another_product, intune, json_text, nested, sniff};
use crate::config::error::{ConfigError, Place, shown};
use crate::config::names::Names;
use crate::contract::ids::{FormatName, LintId};
use crate::contract::{Platform, Severity};
use crate::rules::places::Places;
use crate::rules::word;

/// What a JSON text turned out to be.
pub(crate) enum Json {
    /// A configuration.
    Document(Document),
    /// An allowlist that this program wrote.
    Hosts(serde_json::Value),
    /// A policy that carries another file.
    Carrier(Vec<u8>),
}

/// Reads a JSON text; `fragment` says that the outer braces are missing.
///
/// # Errors
/// Broken syntax, or JSON that is no configuration, each with place and next step.
pub(crate) fn read(
    text: &str,
    file: &str,
    fragment: bool,
    names: &Names,
    places: &Places,
) -> Result<Json, ConfigError> {
    // A list of this program has more values than any configuration.
    let limit = if text.contains("\"clearway.") { document_values(text.len()) } else { MAX_VALUES };
    let parsed = if fragment {
        json_text::parse_members(text).map(|root| (root, 0))
    } else {
        json_text::parse_within(text, limit)
    };
    let (root, values) = parsed.map_err(|fault| fault.at(file, "JSON"))?;
    let members = match root {
        Raw::Map(members) => members,
        other => {
            return Err(ConfigError::NotConfiguration {
                place: Place::file(file),
                what: format!("this is JSON, but {} where an object of keys is needed", other.kind()),
                next: "A configuration looks like {\"inferenceProvider\": \"…\", …}; pass the file that the app or your management tool exports".to_owned(),
            });
        }
    };
    if let Some(schema) = find(&members, "schema").and_then(|m| m.value.text())
        && let Some(kind) = schema.strip_prefix("clearway.")
    {
        let kind = kind.to_owned();
        // The document is read anew; two trees of it would be one too many.
        drop(members);
        return own_document(text, file, &kind);
    }
    if values > MAX_VALUES {
        return Err(ConfigError::TooMany { place: Place::file(file), limit: MAX_VALUES });
    }
    if !members.iter().any(|m| names.ours(&m.name)) {
        if let Some(doc) = intune::read(&members, names) {
            return Ok(Json::Document(doc));
        }
        if let Some(bytes) = intune::inner(&members) {
            return Ok(Json::Carrier(bytes));
        }
    }
    let expiry = find(&members, &places.json.expiry).map(|m| expiry(m, &m.value));
    let linux = file.rsplit(['/', '\\']).next() == Some(places.json.linux_file.as_str());
    let mut doc = shape(members, file, names, places)?;
    if let Some(expiry) = expiry {
        doc.format = FormatName::BOOTSTRAP_RESPONSE.as_str();
        // Here the nested form is at home.
        doc.notes.retain(|n| n.id != LintId::NESTED_DOCUMENT);
        doc.notes.push(expiry);
    } else if linux {
        doc.platform = Some(Platform::Linux);
        doc.format = FormatName::MANAGED_SETTINGS.as_str();
    }
    if fragment {
        doc.notes.push(Note::whole(
            LintId::FRAGMENT.as_str(),
            Severity::Warning,
            "the outer braces are missing, as guides print excerpts; the app reads only a whole JSON object, so put { and } around it".to_owned(),
        ));
    }
    Ok(Json::Document(doc))
}

/// Most values of a document of this program with `bytes` bytes: real ones have over twenty bytes
/// for each.
const fn document_values(bytes: usize) -> usize {
    MAX_VALUES + bytes / 16
}

/// Until when a bootstrap response says it is valid: seconds below 10^12, else milliseconds
/// (source C5).
fn expiry(member: &Member, value: &Raw) -> Note {
    let at = |id, severity, message: String| {
        Note::at(id, severity, message, None, member.line, member.name.clone())
    };
    let seconds = match value {
        Raw::Integer(n) if *n >= 0 => Some(if *n < 1_000_000_000_000 { *n } else { n / 1000 }),
        _ => None,
    };
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    let text = seconds
        .and_then(|s| time::OffsetDateTime::from_unix_timestamp(s).ok())
        .and_then(|t| t.format(format).ok());
    match text {
        Some(text) => at(
            FormatName::BOOTSTRAP_RESPONSE.as_str(),
            Severity::Info,
            format!(
                "this is a bootstrap server's response, valid until {text}; it is read as the app reads one"
            ),
        ),
        None => at(
            "bootstrap-expiry",
            Severity::Warning,
            format!(
                "`{}` is no time; write whole seconds or milliseconds since 1970, or leave it out for one hour",
                member.name
            ),
        ),
    }
}

/// A document of this program.
fn own_document(text: &str, file: &str, kind: &str) -> Result<Json, ConfigError> {
    if kind == "hosts/1" {
        return serde_json::from_str(text).map(Json::Hosts).map_err(|e| ConfigError::Syntax {
            place: Place {
                file: file.to_owned(),
                line: u32::try_from(e.line()).ok(),
                column: u32::try_from(e.column()).ok(),
            },
            format: "JSON",
            what: "the document cannot be read".to_owned(),
            next: "Write it again with `clearway hosts --format json`".to_owned(),
        });
    }
    Err(ConfigError::NotConfiguration {
        place: Place::file(file),
        what: format!("this is a document of Clearway (clearway.{}), not a configuration", shown(kind)),
        next: if kind.starts_with("check/") {
            "Pass it to `clearway check --replay`, `diff` or `compare`; or pass the configuration it was made from".to_owned()
        } else {
            "Only clearway.hosts/1 documents can stand in for a configuration".to_owned()
        },
    })
}

fn shape(
    mut members: Vec<Member>,
    file: &str,
    names: &Names,
    places: &Places,
) -> Result<Document, ConfigError> {
    if let Some(at) = members.iter().rposition(|m| m.name == places.json.wrapper) {
        let wrapper = members.remove(at);
        return wrapped(wrapper, &members, file, names, places);
    }
    if admin::is_document(&members, places) {
        return Ok(admin::read(members, names, places));
    }
    if let Some(error) = index_of_library(&members, file, names) {
        return Err(error);
    }
    if nested::is_nested(&members, names) {
        let mut doc = nested::read(members, names, &places.json.envelope);
        if !names.since(&places.json.nested_since) {
            doc.notes.push(Note::whole(
                "nested-too-new",
                Severity::Error,
                format!(
                    "app versions before {} do not read a nested document; write flat keys",
                    places.json.nested_since
                ),
            ));
        }
        if doc.entries.iter().any(|e| names.ours(&e.name)) {
            return Ok(doc);
        }
        return Err(ConfigError::NotConfiguration {
            place: Place::file(file),
            what: "this is a nested document in which no key is known".to_owned(),
            next: "Export the configuration from the app again".to_owned(),
        });
    }
    let mut doc = flat(members, "", names, places, file)?;
    doc.format = "json";
    Ok(doc)
}

/// The keys inside the wrapper; what stands beside it belongs to the app's window.
fn wrapped(
    wrapper: Member,
    beside: &[Member],
    file: &str,
    names: &Names,
    places: &Places,
) -> Result<Document, ConfigError> {
    let name = wrapper.name;
    let Raw::Map(inner) = wrapper.value else {
        return Err(ConfigError::NotConfiguration {
            place: Place { file: file.to_owned(), line: Some(wrapper.line), column: None },
            what: format!("`{name}` is {}, where an object of keys is needed", wrapper.value.kind()),
            next: format!("Write \"{name}\": {{\"inferenceProvider\": \"…\", …}}"),
        });
    };
    let mut doc = flat(inner, &format!("{name}."), names, places, file)?;
    doc.format = "desktop-config";
    doc.certain = true;
    for member in beside {
        if names.ours(&member.name) {
            doc.notes.push(Note::at(
                "key-beside-wrapper",
                Severity::Warning,
                format!(
                    "`{0}` stands beside `{name}`, where the app does not look for it; move it into `{name}`",
                    shown(&member.name)
                ),
                Some(member.name.clone()),
                member.line,
                member.name.clone(),
            ));
        } else if member.name == places.json.mode && member.value.text() == Some("1p") {
            doc.notes.push(Note::at(
                "mode-1p",
                Severity::Warning,
                format!(
                    "`{}` is \"1p\", which keeps the app on its ordinary sign-in although a provider is configured; write \"3p\"",
                    member.name
                ),
                None,
                member.line,
                member.name.clone(),
            ));
        }
    }
    Ok(doc)
}

fn flat(
    members: Vec<Member>,
    prefix: &str,
    names: &Names,
    places: &Places,
    file: &str,
) -> Result<Document, ConfigError> {
    if !members.iter().any(|m| names.ours(&m.name)) {
        if let Some(error) = recognised(&members, prefix, file, names, places) {
            return Err(error);
        }
        if !has_near(&members, names) {
            let seen: Vec<String> = members.iter().take(3).map(|m| format!("`{}`", shown(&m.name))).collect();
            return Err(ConfigError::NotConfiguration {
                place: Place::file(file),
                what: format!("this is JSON without any key of the app (it begins with {})", seen.join(", ")),
                next: sniff::ACCEPTED.to_owned(),
            });
        }
    }
    let mut doc = Document::new("json", None, Encoding::Native);
    for member in members {
        if prefix.is_empty()
            && (word::has(&places.json.envelope, &member.name) || member.name == places.json.mode)
        {
            continue;
        }
        let path = format!("{prefix}{}", member.name);
        doc.entries.push(Entry { name: member.name, raw: member.value, line: Some(member.line), path });
    }
    Ok(doc)
}

/// Whether some name is at least close to a known one. Only a few are tried: a configuration has
/// its keys near its beginning.
fn has_near(members: &[Member], names: &Names) -> bool {
    members.iter().take(50).any(|m| !names.nearest(&m.name).is_empty())
}

/// The error for `_meta.json` passed by itself.
fn index_of_library(members: &[Member], file: &str, names: &Names) -> Option<ConfigError> {
    let index = find(members, "appliedId").is_some()
        || find(members, "entries").is_some_and(|m| matches!(&m.value, Raw::List(_)));
    if !index || members.iter().any(|m| names.ours(&m.name)) {
        return None;
    }
    Some(ConfigError::NotConfiguration {
        place: Place::file(file),
        what: "this is the index of a configLibrary, which holds no keys itself".to_owned(),
        next: "Pass the folder it stands in, or the <id>.json file beside it".to_owned(),
    })
}

/// What an object without a single known key is, where it can be told.
fn recognised(
    members: &[Member],
    prefix: &str,
    file: &str,
    names: &Names,
    places: &Places,
) -> Option<ConfigError> {
    let line = |m: &Member| Place { file: file.to_owned(), line: Some(m.line), column: None };
    let plain =
        |place: Place, what: String, next: String| Some(ConfigError::NotConfiguration { place, what, next });
    if members.is_empty() {
        let what = if prefix.is_empty() {
            "this is an empty object, in which no key of the app stands".to_owned()
        } else {
            format!("`{}` is empty, so no key of the app stands in it", prefix.trim_end_matches('.'))
        };
        return plain(Place::file(file), what, sniff::ACCEPTED.to_owned());
    }
    if let Some(mode) = find(members, &places.json.mode) {
        return plain(
            line(mode),
            format!("this holds only the mode switch `{}` and no configuration; the keys are stored elsewhere", mode.name),
            "Pass the configLibrary folder (its _meta.json names the applied file), the managed file, or name no file to read this device".to_owned(),
        );
    }
    for other in &places.other {
        if let Some(marker) = members.iter().find(|m| word::has(&other.members, &m.name)) {
            let evidence = format!("`{}` is one of its settings", shown(&marker.name));
            let next = "Pass the file of the desktop app: a .mobileconfig, .plist, .reg, a configLibrary, or the desktop app's managed-settings.json";
            return Some(another_product(file, Some(marker.line), other, evidence, next));
        }
    }
    for member in members {
        let holds = |m: &[Member]| m.iter().any(|m| names.ours(&m.name));
        match &member.value {
            Raw::Map(inner) if holds(inner) => {
                return plain(
                    line(member),
                    format!(
                        "this is another tool's file: the app's keys stand inside `{}`",
                        shown(&member.name)
                    ),
                    format!(
                        "Save the object of `{}` as a file of its own and pass that",
                        shown(&member.name)
                    ),
                );
            }
            Raw::List(items)
                if items
                    .iter()
                    .filter_map(Raw::members)
                    .any(|m| find(m, "name").and_then(|n| n.value.text()).is_some_and(|n| names.ours(n))) =>
            {
                return plain(
                    line(member),
                    format!(
                        "this describes the keys (a schema): `{}` lists their names, not their values",
                        shown(&member.name)
                    ),
                    sniff::ACCEPTED.to_owned(),
                );
            }
            _ => {}
        }
    }
    if find(members, "$schema").is_some() && find(members, "properties").is_some() {
        return plain(
            Place::file(file),
            "this is a JSON Schema, not a configuration".to_owned(),
            sniff::ACCEPTED.to_owned(),
        );
    }
    None
}
