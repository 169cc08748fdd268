//! Property lists: profiles with one or several payloads, managed preferences, and manifests that
//! only describe keys.

use super::plist_xml::Xml;
use super::tree::{Member, Raw, find};
use super::{Document, Encoding, Entry, Note, another_product, plist_binary, plist_xml, sniff};
use crate::config::error::{ConfigError, Place, shown};
use crate::config::names::Names;
use crate::contract::ids::LintId;
use crate::contract::{Platform, Severity};
use crate::rules::places::Places;
use crate::rules::word;

/// Apple's payload type for preferences of a domain in the older layout.
const MCX: &str = "com.apple.ManagedClient.preferences";

/// Reads an XML text.
///
/// # Errors
/// Broken XML, or XML that is no configuration.
pub(crate) fn read_xml(
    text: &str,
    file: &str,
    names: &Names,
    places: &Places,
) -> Result<Document, ConfigError> {
    match plist_xml::parse(text).map_err(|fault| fault.at(file, "property list"))? {
        Xml::Plist(root) => shape(root, file, names, places),
        Xml::Fragment(root) => {
            let mut doc = shape(root, file, names, places)?;
            doc.notes.push(Note::whole(
                LintId::FRAGMENT.as_str(),
                Severity::Warning,
                "the <plist> and <dict> around the pairs are missing, as guides print excerpts; a deployable file needs them".to_owned(),
            ));
            Ok(doc)
        }
        Xml::Other { root, line } => Err(other_xml(&root, line, file, places)),
    }
}

/// Reads a binary property list.
///
/// # Errors
/// A damaged file, or one that is no configuration.
pub(crate) fn read_binary(
    bytes: &[u8],
    file: &str,
    names: &Names,
    places: &Places,
) -> Result<Document, ConfigError> {
    let root = plist_binary::parse(bytes).map_err(|fault| fault.at(file, "binary property list"))?;
    shape(root, file, names, places)
}

fn other_xml(root: &str, line: u32, file: &str, places: &Places) -> ConfigError {
    let export = format!(
        "Export what is set on a device that the policy reaches: `reg export HKLM\\{} claude.reg`",
        places.registry.key
    );
    let (what, next) = match root.to_ascii_lowercase().as_str() {
        "policydefinitions" => (
            "this is a Group Policy template (ADMX): it lists the keys that can be set, not their values"
                .to_owned(),
            export.as_str(),
        ),
        "policydefinitionresources" => (
            "this holds the texts of a Group Policy template (ADML), without any value".to_owned(),
            export.as_str(),
        ),
        "html" | "!doctype" => ("this is an HTML page".to_owned(), sniff::ACCEPTED),
        _ => (format!("this is XML, but no property list (its root is <{root}>)"), sniff::ACCEPTED),
    };
    ConfigError::NotConfiguration {
        place: Place { file: file.to_owned(), line: Some(line), column: None },
        what,
        next: next.to_owned(),
    }
}

fn shape(root: Raw, file: &str, names: &Names, places: &Places) -> Result<Document, ConfigError> {
    let Raw::Map(members) = root else {
        return Err(ConfigError::NotConfiguration {
            place: Place::file(file),
            what: format!("this is a property list, but {} where a dictionary is needed", root.kind()),
            next: sniff::ACCEPTED.to_owned(),
        });
    };
    if find(&members, "pfm_subkeys").is_some() || find(&members, "pfm_domain").is_some() {
        return Err(ConfigError::NotConfiguration {
            place: Place::file(file),
            what: "this is a profile manifest: it lists the keys that can be set, not their values"
                .to_owned(),
            next: "Create a profile from it in your management tool and pass the exported .mobileconfig"
                .to_owned(),
        });
    }
    if find(&members, "PayloadContent").is_some() {
        return profile(members, file, places);
    }
    let mut doc = Document::new("managed-preferences", Some(Platform::Macos), Encoding::Plist);
    // `defaults export` of several domains keeps each under its name.
    if let Some(at) =
        members.iter().position(|m| m.name == places.plist.domain && matches!(m.value, Raw::Map(_)))
    {
        let mut members = members;
        let inner = members.swap_remove(at);
        add(&mut doc, inner.value, &format!("{}.", inner.name));
        doc.certain = true;
        return Ok(doc);
    }
    let own_payload = payload_type(&members) == Some(places.plist.domain.as_str());
    if !own_payload
        && !members.iter().any(|m| names.ours(&m.name))
        && !members.iter().take(50).any(|m| !names.nearest(&m.name).is_empty())
    {
        return Err(not_ours(&members, file, places));
    }
    doc.certain = own_payload;
    add(&mut doc, Raw::Map(members), "");
    Ok(doc)
}

fn not_ours(members: &[Member], file: &str, places: &Places) -> ConfigError {
    for other in &places.other {
        let marker =
            members.iter().find(|m| word::has(&other.members, &m.name) || word::has(&other.domains, &m.name));
        if let Some(marker) = marker {
            let line = (marker.line > 0).then_some(marker.line);
            return another_product(
                file,
                line,
                other,
                format!("`{}` is one of its settings", shown(&marker.name)),
                &export(places),
            );
        }
    }
    let seen: Vec<String> = members.iter().take(3).map(|m| format!("`{}`", shown(&m.name))).collect();
    ConfigError::NotConfiguration {
        place: Place::file(file),
        what: if seen.is_empty() {
            "this is an empty property list".to_owned()
        } else {
            format!("this is a property list without any key of the app (it begins with {})", seen.join(", "))
        },
        next: export(places),
    }
}

fn export(places: &Places) -> String {
    format!(
        "Pass the profile that holds a payload of type {0}, or /Library/Managed Preferences/{0}.plist of a managed Mac",
        places.plist.domain
    )
}

/// Every payload of a profile that belongs to the app.
fn profile(members: Vec<Member>, file: &str, places: &Places) -> Result<Document, ConfigError> {
    let mut doc = Document::new("mobileconfig", Some(Platform::Macos), Encoding::Plist);
    doc.certain = true;
    let mut found = 0;
    let mut types: Vec<(String, u32)> = Vec::new();
    let outer_type = payload_type(&members).map(str::to_owned);
    for member in members {
        if member.name != "PayloadContent" {
            continue;
        }
        let content = match member.value {
            Raw::List(content) => content,
            // One payload of the mcx layout passed by itself, or a single payload without its list.
            Raw::Map(content) if outer_type.as_deref() == Some(MCX) => {
                found += mcx(&mut doc, content, "PayloadContent", places, &mut types);
                continue;
            }
            one @ Raw::Map(_) => vec![one],
            _ => continue,
        };
        for (index, payload) in content.into_iter().enumerate() {
            let Raw::Map(payload) = payload else { continue };
            let path = format!("PayloadContent[{index}]");
            let kind = payload_type(&payload).unwrap_or_default().to_owned();
            if kind == places.plist.domain {
                found += 1;
                add(&mut doc, Raw::Map(payload), &format!("{path}."));
            } else if kind == MCX {
                let path = format!("{path}.PayloadContent");
                for member in payload {
                    match member.value {
                        Raw::Map(domains) if member.name == "PayloadContent" => {
                            found += mcx(&mut doc, domains, &path, places, &mut types);
                        }
                        _ => {}
                    }
                }
            } else {
                let line = find(&payload, "PayloadType").map_or(0, |m| m.line);
                types.push((kind, line));
            }
        }
    }
    if found == 0 {
        return Err(no_payload(file, &types, places));
    }
    if found > 1 {
        doc.notes.push(Note::whole(
            "several-payloads",
            Severity::Warning,
            format!("the profile holds {found} payloads of type {}; a key in several of them counts once, the last one here", places.plist.domain),
        ));
    }
    Ok(doc)
}

/// The domains of a payload in the mcx layout: domain → Forced → list → mcx_preference_settings.
fn mcx(
    doc: &mut Document,
    domains: Vec<Member>,
    path: &str,
    places: &Places,
    types: &mut Vec<(String, u32)>,
) -> usize {
    let mut found = 0;
    for domain in domains {
        if domain.name != places.plist.domain {
            types.push((domain.name, domain.line));
            continue;
        }
        let Raw::Map(groups) = domain.value else { continue };
        for group in groups {
            let (Raw::List(items), "Forced" | "Set-Once") = (group.value, group.name.as_str()) else {
                continue;
            };
            for (index, item) in items.into_iter().enumerate() {
                let Raw::Map(item) = item else { continue };
                for settings in item.into_iter().filter(|m| m.name == "mcx_preference_settings") {
                    found += 1;
                    add(doc, settings.value, &format!("{path}.{}.{}[{index}].", domain.name, group.name));
                }
            }
        }
    }
    found
}

fn no_payload(file: &str, types: &[(String, u32)], places: &Places) -> ConfigError {
    for (kind, line) in types {
        if let Some(other) = places.other.iter().find(|o| word::has(&o.domains, kind)) {
            let line = (*line > 0).then_some(*line);
            return another_product(
                file,
                line,
                other,
                format!("its payload type is {}", shown(kind)),
                &export(places),
            );
        }
    }
    let seen: Vec<String> = types.iter().take(3).map(|(t, _)| shown(t)).collect();
    ConfigError::NotConfiguration {
        place: Place::file(file),
        what: format!(
            "this is a profile without a payload of type {}{}",
            places.plist.domain,
            if seen.is_empty() { String::new() } else { format!(" (it has {})", seen.join(", ")) }
        ),
        next: export(places),
    }
}

fn payload_type(members: &[Member]) -> Option<&str> {
    find(members, "PayloadType").and_then(|m| m.value.text())
}

/// Takes the settings of a payload; what Apple's format itself adds is no key.
fn add(doc: &mut Document, settings: Raw, path: &str) {
    let Raw::Map(settings) = settings else { return };
    for m in settings {
        if m.name.starts_with("Payload") {
            continue;
        }
        let path = format!("{path}{}", m.name);
        doc.entries.push(Entry { name: m.name, raw: m.value, line: (m.line > 0).then_some(m.line), path });
    }
}
