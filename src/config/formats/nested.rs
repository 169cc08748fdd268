//! The nested document (`"$schemaVersion": 2`) mapped to flat keys by the catalogue's paths.

use std::collections::BTreeSet;

use super::tree::{Member, Raw, find};
use super::{Document, Encoding, Entry, Note};
use crate::config::error::shown;
use crate::config::names::Names;
use crate::contract::Severity;
use crate::contract::ids::LintId;
use crate::rules::keys::{Family, Key};
use crate::rules::{Word, word};

/// Whether an object is a nested document: by its mark, or by a cluster at its root that is no flat
/// key of its own.
pub(crate) fn is_nested(members: &[Member], names: &Names) -> bool {
    if let Some(version) = find(members, "$schemaVersion") {
        return !matches!(version.value, Raw::Integer(1));
    }
    let clusters: BTreeSet<&str> =
        names.paths().filter_map(|p| p.split_once('.')).map(|(cluster, _)| cluster).collect();
    members
        .iter()
        .any(|m| matches!(m.value, Raw::Map(_)) && clusters.contains(m.name.as_str()) && !names.ours(&m.name))
}

/// Reads the members as a nested document.
pub(crate) fn read(members: Vec<Member>, names: &Names, envelope: &[Word]) -> Document {
    let context = Context::of(std::iter::once(members.as_slice()));
    read_within(members, names, envelope, &context)
}

/// Reads the members of one of several documents that lie over each other; `context` is that of all.
pub(crate) fn read_within(
    members: Vec<Member>,
    names: &Names,
    envelope: &[Word],
    context: &Context,
) -> Document {
    let mut doc = Document::new("nested-json", None, Encoding::Native);
    doc.notes.push(Note::whole(
        LintId::NESTED_DOCUMENT.as_str(),
        Severity::Warning,
        "a nested document (\"$schemaVersion\": 2) is read from a bootstrap server and by the app's import; reports disagree whether \
         the app reads it from a configLibrary, so deploy flat keys there"
            .to_owned(),
    ));
    let mut flat = Vec::new();
    for member in members {
        if word::has(envelope, &member.name) {
            continue;
        }
        if names.at(&member.name).iter().all(|k| k.name != member.name)
            && names.ours(&member.name)
            && !names.has_below(&member.name)
        {
            flat.push(member.name.clone());
            doc.entries.push(Entry {
                path: member.name.clone(),
                name: member.name,
                raw: member.value,
                line: Some(member.line),
            });
            continue;
        }
        let path = member.name.clone();
        walk(member, path, names, context, &mut doc);
    }
    if let Some(first) = flat.first() {
        doc.notes.push(Note {
            key: Some(first.clone()),
            ..Note::whole(
                "flat-key-in-nested-document",
                Severity::Warning,
                format!(
                    "`{}` is a flat key beside nested clusters; the app takes such a document as nested, so it may not read {}",
                    shown(first),
                    if flat.len() == 1 { "it".to_owned() } else { format!("these {} keys", flat.len()) }
                ),
            )
        });
    }
    doc
}

/// What decides which of several keys a path stands for.
pub(crate) struct Context {
    provider: String,
    kind: String,
}

impl Context {
    /// The context of documents that lie over each other, the one that wins first.
    pub(crate) fn of<'a>(mut documents: impl Iterator<Item = &'a [Member]> + Clone) -> Self {
        let inference = |members: &'a [Member], name: &str| -> Option<&'a Raw> {
            Some(&find(find(members, "inference")?.value.members()?, name)?.value)
        };
        let mut again = documents.clone();
        let provider = documents.find_map(|members| inference(members, "provider")?.text());
        let kind = again
            .find_map(|members| find(inference(members, "credential")?.members()?, "kind")?.value.text());
        Self { provider: provider.unwrap_or_default().to_owned(), kind: kind.unwrap_or_default().to_owned() }
    }
}

fn walk(member: Member, path: String, names: &Names, context: &Context, doc: &mut Document) {
    let keys = names.at(&path);
    if let Some(key) = choose(keys, names.families(), context) {
        doc.entries.push(Entry {
            name: key.name.to_string(),
            raw: member.value,
            line: Some(member.line),
            path,
        });
        return;
    }
    if let Some(key) = names.moved(&path) {
        let there = key.nested_at(names.version()).unwrap_or(&key.name);
        doc.notes.push(Note::at(
            "nested-path-moved",
            Severity::Error,
            format!(
                "`{path}` is where other app versions read `{}`; this version reads it at `{there}` and nowhere else, so move it there",
                key.name
            ),
            Some(key.name.to_string()),
            member.line,
            path,
        ));
        return;
    }
    match member.value {
        Raw::Map(inner) if names.has_below(&path) => {
            for m in inner {
                let below = format!("{path}.{}", m.name);
                walk(m, below, names, context, doc);
            }
        }
        value => {
            // Left to the decoder, which reports it as unknown together with the flat ones.
            doc.entries.push(Entry { name: path.clone(), raw: value, line: Some(member.line), path });
        }
    }
}

/// Several keys share one nested path, one for each provider; the provider and the credential kind
/// of the document decide.
fn choose<'a>(keys: &[&'a Key], families: &[Family], context: &Context) -> Option<&'a Key> {
    if keys.len() < 2 {
        return keys.first().copied();
    }
    let of = |family: &Family| keys.iter().copied().find(|k| family.has(k));
    let kind = families.iter().find(|f| f.kind.as_ref().is_some_and(|kind| *kind == context.kind));
    let provider = families.iter().find(|f| word::has(&f.providers, &context.provider));
    // A key for every provider has no provider in its name.
    let shared = || keys.iter().copied().find(|k| !families.iter().any(|f| f.has(k)));
    kind.and_then(of).or_else(|| provider.and_then(of)).or_else(shared)
}
