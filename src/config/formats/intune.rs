//! What Intune exports: custom settings (OMA-URI, also those of an ingested template), the settings
//! catalogue, and policies that carry a script or a profile in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::tree::{Member, Raw, find};
use super::{Document, Encoding, Entry, Note, masked};
use crate::config::error::shown;
use crate::config::names::{Known, Names};
use crate::contract::{Platform, Severity};
use crate::rules::keys::KeyKind;

/// Members that carry a file in base64, the one that sets something first.
const CARRIERS: [&str; 5] =
    ["remediationScriptContent", "scriptContent", "payload", "payloadJson", "detectionScriptContent"];

/// What stands for a value that an export does not show.
const MASK: &str = "****";

/// The file that a policy carries.
pub(crate) fn inner(members: &[Member]) -> Option<Vec<u8>> {
    find(members, "@odata.type").or_else(|| find(members, "displayName"))?;
    CARRIERS.iter().find_map(|name| {
        let text: String = find(members, name)?.value.text()?.split_whitespace().collect();
        STANDARD.decode(text).ok().filter(|bytes| bytes.len() > 20)
    })
}

/// The settings of a policy; nothing when it is none, or names no key of the app.
pub(crate) fn read(members: &[Member], names: &Names) -> Option<Document> {
    let list = |name: &str| match find(members, name).map(|m| &m.value) {
        Some(Raw::List(items)) => items.as_slice(),
        _ => &[],
    };
    let mut doc = Document::new("intune", Some(Platform::Windows), Encoding::Registry);
    for setting in list("omaSettings").iter().filter_map(Raw::members) {
        custom(setting, names, &mut doc);
    }
    for setting in list("settings") {
        catalogue(setting, names, &mut doc, 0);
    }
    if doc.entries.is_empty() && doc.touched.is_empty() {
        return None;
    }
    masked::take_out(&mut doc);
    doc.certain = true;
    doc.notes.push(Note::whole(
        "intune-policy",
        Severity::Info,
        "this is a policy of Intune; groups and filters decide which devices get it, so export the registry of a device to see what arrived".to_owned(),
    ));
    Some(doc)
}

/// The key that a name of a setting ends in.
fn key(name: &str, names: &Names) -> Option<String> {
    let known = |name: &str| match names.know(name) {
        Known::Current(key) | Known::Case(key) => Some(key.name.clone()),
        Known::Old(_) | Known::StillRead(..) => Some(name.into()),
        Known::Dotted(_) | Known::No => None,
    };
    let last = name.trim_end_matches('/').rsplit(['/', '\\', '~', '_', '.', ':']).next().unwrap_or_default();
    known(name).or_else(|| known(last)).map(String::from)
}

fn is_boolean(name: &str, names: &Names) -> bool {
    matches!(
        names.know(name),
        Known::Current(key) | Known::Case(key) | Known::Old(key) | Known::StillRead(key, _) if key.kind == KeyKind::Boolean
    )
}

fn custom(setting: &[Member], names: &Names, doc: &mut Document) {
    let text = |name: &str| find(setting, name).and_then(|m| m.value.text());
    let uri = text("omaUri").unwrap_or_default();
    let member = find(setting, "value");
    let line = member.or_else(|| setting.first()).map(|m| m.line).filter(|l| *l > 0);
    let path = shown(uri);
    let from_uri = key(uri, names);
    if let Some(Raw::Bool(true)) = find(setting, "isEncrypted").map(|m| &m.value)
        && let Some(name) = &from_uri
    {
        doc.notes.push(Note::at(
            "script-not-evaluated",
            Severity::Warning,
            format!("`{name}`: Intune keeps this value encrypted, so the export does not show it"),
            Some(name.clone()),
            line.unwrap_or(1),
            path,
        ));
        doc.touched.push(name.clone());
        return;
    }
    let Some(member) = member else { return };
    let mut add = |name: String, raw: Raw| {
        doc.entries.push(Entry { name, raw, line, path: path.clone() });
    };
    // The value of a setting of a template is a piece of XML.
    let template = member.value.text().and_then(template);
    match template {
        Some((on, data)) if !data.is_empty() => {
            for (id, value) in data {
                // An element is called like the key, or stands alone below its policy.
                if let Some(name) = key(&id, names).or_else(|| from_uri.clone()).filter(|_| on) {
                    add(name, Raw::Text(value));
                }
            }
        }
        Some((on, _)) => {
            // A policy that is only on or off says nothing of a text.
            if let Some(name) = from_uri.filter(|name| is_boolean(name, names)) {
                add(name, Raw::Text(on.to_string()));
            }
        }
        None => {
            if let Some(name) = from_uri {
                add(name, member.value.clone());
            }
        }
    }
}

/// Whether the policy is on, and the elements with their values.
fn template(text: &str) -> Option<(bool, Vec<(String, String)>)> {
    if !text.trim_start().starts_with('<') {
        return None;
    }
    let mut reader = Reader::from_str(text);
    let (mut on, mut data) = (None, Vec::new());
    for _ in 0..1000 {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) => match tag.local_name().as_ref() {
                "enabled" => on = Some(true),
                "disabled" => on = Some(false),
                "data" => {
                    let of = |name: &str| {
                        let value = tag.attributes().flatten().find(|a| a.key.0 == name)?;
                        value
                            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                            .ok()
                            .map(|v| v.into_owned())
                    };
                    data.push((of("id").unwrap_or_default(), of("value").unwrap_or_default()));
                }
                _ => {}
            },
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    on.map(|on| (on, data))
}

fn catalogue(setting: &Raw, names: &Names, doc: &mut Document, depth: usize) {
    let Some(members) = setting.members().filter(|_| depth < 16) else { return };
    if let Some(id) = find(members, "settingDefinitionId").and_then(|m| Some((m.value.text()?, m.line))) {
        let simple = find(members, "simpleSettingValue").and_then(|m| find(m.value.members()?, "value"));
        let choice = find(members, "choiceSettingValue").and_then(|m| find(m.value.members()?, "value"));
        let raw = simple.map(|m| m.value.clone()).or_else(|| {
            // A choice is called by its setting and a word at the end.
            let word = choice?.value.text()?.rsplit('_').next()?.to_lowercase();
            Some(Raw::Text(match word.as_str() {
                "1" | "true" | "enabled" => "true".to_owned(),
                "0" | "false" | "disabled" => "false".to_owned(),
                _ => word,
            }))
        });
        // A secret is shown as the name of the place that the service keeps it in.
        let state = find(members, "simpleSettingValue")
            .and_then(|m| find(m.value.members()?, "valueState")?.value.text())
            .unwrap_or_default();
        let raw =
            raw.map(|raw| if state.starts_with("encrypted") { Raw::Text(MASK.to_owned()) } else { raw });
        if let (Some(name), Some(raw)) = (key(id.0, names), raw) {
            doc.entries.push(Entry { name, raw, line: Some(id.1).filter(|l| *l > 0), path: shown(id.0) });
        }
    }
    for member in members {
        match &member.value {
            Raw::List(items) => items.iter().for_each(|i| catalogue(i, names, doc, depth + 1)),
            inner @ Raw::Map(_) => catalogue(inner, names, doc, depth + 1),
            _ => {}
        }
    }
}
