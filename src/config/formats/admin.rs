//! The document of the vendor's Admin API: the organization's nested configuration, and the policies
//! of groups that override it, the highest-ranked first (source ADM).

use super::tree::{Member, Raw, find};
use super::{Document, Encoding, Entry, LostTo, Note, nested};
use crate::config::error::shown;
use crate::config::names::Names;
use crate::contract::Severity;
use crate::contract::ids::{FormatName, LintId};
use crate::rules::Word;
use crate::rules::places::Places;
use crate::rules::word;

/// Whether an object is such a document: a configuration in it, and what only the Admin API puts
/// beside one.
pub(crate) fn is_document(members: &[Member], places: &Places) -> bool {
    let names = &places.admin;
    let object = |name: &str| find(members, name).is_some_and(|m| matches!(m.value, Raw::Map(_)));
    let beside = |name: &str| find(members, name).is_some();
    let status = find(members, &names.status).and_then(|m| m.value.text());
    (object(&names.config) || object(&names.groups))
        && (status.is_some_and(|s| s == names.active || s == names.disabled)
            || object(&names.groups)
            || names.envelope.iter().filter(|n| beside(n)).count() > 1)
}

/// Reads the document as one who is in every group has it.
pub(crate) fn read(members: Vec<Member>, names: &Names, places: &Places) -> Document {
    let words = &places.admin;
    let disabled = find(&members, &words.status).and_then(|m| m.value.text()) == Some(&words.disabled);
    let mut doc = Document::new(FormatName::ADMIN_CONSOLE.as_str(), None, Encoding::Native);
    doc.certain = true;
    doc.admin_console = true;
    let layers = layers(members, places);
    let policies = layers.iter().filter(|l| l.group).count();
    // A policy that names no provider is about the one that counts.
    let all = || layers.iter().map(|l| l.members.as_slice());
    let contexts: Vec<nested::Context> = layers
        .iter()
        .map(|l| nested::Context::of(std::iter::once(l.members.as_slice()).chain(all())))
        .collect();
    let mut placeholders = false;
    for (layer, context) in layers.into_iter().zip(contexts) {
        placeholders |= layer.members.iter().any(|m| holds_placeholder(&m.value));
        let read = if nested::is_nested(&layer.members, names) || layer.members.is_empty() {
            nested::read_within(layer.members, names, &places.json.envelope, &context)
        } else {
            flat(layer.members, &places.json.envelope)
        };
        // Here the nested form is at home.
        doc.notes.extend(read.notes.into_iter().filter(|n| n.id != LintId::NESTED_DOCUMENT).map(
            |mut note| {
                note.path = note.path.map(|path| format!("{}.{path}", layer.path));
                note
            },
        ));
        for mut entry in read.entries {
            entry.path = format!("{}.{}", layer.path, entry.path);
            lay(&mut doc, entry, &places.bootstrap.connectors);
        }
    }
    remarks(&mut doc, policies, placeholders);
    if disabled {
        let status =
            format!("the status of the document is {}, so the console serves none of it", words.disabled);
        doc.notes.push(Note::whole(
            "admin-console-disabled",
            Severity::Warning,
            format!("{status}; set it to {} when it is to count", words.active),
        ));
        let set = std::mem::take(&mut doc.entries);
        doc.lost.extend(set.into_iter().map(|entry| (entry, LostTo::Rule(status.clone()))));
    }
    doc
}

/// One policy of the document.
struct Layer {
    path: String,
    members: Vec<Member>,
    group: bool,
}

/// The policies, the one that wins first; the organization's own is the last.
fn layers(members: Vec<Member>, places: &Places) -> Vec<Layer> {
    let words = &places.admin;
    let (mut base, mut layers) = (None, Vec::new());
    for member in members {
        match member.value {
            Raw::Map(inner) if member.name == words.config => base = Some(inner),
            Raw::Map(inner) if member.name == words.groups => {
                let entries = inner.into_iter().find(|m| m.name == words.entries).map(|m| m.value);
                let Some(Raw::List(entries)) = entries else { continue };
                for (at, entry) in entries.into_iter().enumerate() {
                    let Raw::Map(entry) = entry else { continue };
                    let config = entry.into_iter().find(|m| m.name == words.config).map(|m| m.value);
                    if let Some(Raw::Map(members)) = config {
                        let path = format!("{}.{}[{at}].{}", words.groups, words.entries, words.config);
                        layers.push(Layer { path, members, group: true });
                    }
                }
            }
            _ => {}
        }
    }
    layers.extend(base.map(|members| Layer { path: words.config.to_string(), members, group: false }));
    layers
}

/// Keys by their flat names: the console takes a configuration in that form too.
fn flat(members: Vec<Member>, envelope: &[Word]) -> Document {
    let mut doc = Document::new(FormatName::ADMIN_CONSOLE.as_str(), None, Encoding::Native);
    let keys = members.into_iter().filter(|m| !word::has(envelope, &m.name));
    doc.entries.extend(keys.map(|m| Entry {
        path: m.name.clone(),
        name: m.name,
        raw: m.value,
        line: Some(m.line),
    }));
    doc
}

/// Adds an entry below what is there: the policy that was read before wins; lists of connectors are
/// united.
fn lay(doc: &mut Document, entry: Entry, connectors: &str) {
    let Some(winner) = doc.entries.iter_mut().find(|e| e.name == entry.name) else {
        doc.entries.push(entry);
        return;
    };
    if entry.name == connectors
        && let (Raw::List(all), Raw::List(more)) = (&mut winner.raw, &entry.raw)
    {
        for item in more {
            if !all.contains(item) {
                all.push(item.clone());
            }
        }
        return;
    }
    if winner.raw == entry.raw {
        return;
    }
    let by = LostTo::Key { line: winner.line, path: winner.path.clone() };
    doc.lost.push((entry, by));
}

fn remarks(doc: &mut Document, policies: usize, placeholders: bool) {
    doc.notes.push(Note::whole(
        "admin-console",
        Severity::Info,
        "a document of the Admin API: the organization's devices are managed by the console, and the list is made for such \
         devices"
            .to_owned(),
    ));
    let mut lost: Vec<String> = doc.lost.iter().map(|(e, _)| format!("`{}`", shown(&e.name))).collect();
    lost.sort();
    lost.dedup();
    if policies > 0 && !lost.is_empty() {
        let more = lost.len().saturating_sub(6);
        lost.truncate(6);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        doc.notes.push(Note::whole(
            "admin-console-groups",
            Severity::Warning,
            format!(
                "policies of groups set {}{more} otherwise than lower-ranked ones; read here is what a member of every group \
                 has, so for the other members pass the document without the entries of their missing groups as well",
                lost.join(", ")
            ),
        ));
    }
    if placeholders {
        doc.notes.push(Note::whole(
            "admin-console-placeholder",
            Severity::Info,
            "the Admin API gives a placeholder in square brackets in the place of stored header values; the values themselves \
             are not in this file"
                .to_owned(),
        ));
    }
}

/// Whether a text in square brackets stands somewhere inside.
fn holds_placeholder(value: &Raw) -> bool {
    match value {
        Raw::Text(text) => {
            text.len() > 2 && text.starts_with('[') && text.ends_with(']') && !text.contains(['"', '{'])
        }
        Raw::List(items) => items.iter().any(holds_placeholder),
        Raw::Map(members) => members.iter().any(|m| holds_placeholder(&m.value)),
        _ => false,
    }
}
