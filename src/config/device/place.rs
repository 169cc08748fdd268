//! What on a device is mistaken for the app's configuration, and what keeps the app from using it.

use std::path::{Path, PathBuf};

use super::Device;
use super::user::Whose;
use crate::config::error::shown_file;
use crate::config::formats::tree::find;
use crate::config::formats::{encoding, json_text};
use crate::config::open;
use crate::config::read::{Context, configuration};
use crate::rules::places::WrongPlace;

/// Largest file that is looked into for its mode.
const MODE_BYTES: u64 = 4 * 1024 * 1024;

/// Most wrong places that are named, so that a folder full of files is no report.
const MOST: usize = 20;

/// A remark for each place that is there and that the app does not read.
pub(crate) fn wrong(device: &Device, whose: &Whose, context: &Context<'_>, read: &[PathBuf]) -> Vec<String> {
    let mut remarks = Vec::new();
    // On most devices letter case does not tell files apart.
    let folded = |path: &Path| path.to_string_lossy().to_lowercase();
    let mut said: Vec<String> = read.iter().map(|p| folded(p)).collect();
    for place in context.places.wrong.iter().filter(|p| p.platform == device.platform) {
        let Some(template) = whose.filled(&place.path) else { continue };
        for path in open::matching(&device.path(&template), context.root) {
            if remarks.len() >= MOST || said.contains(&folded(&path)) || !is_there(&path, place, context) {
                continue;
            }
            remarks.push(format!(
                "{}: the app does not read this; {}",
                shown_file(&path.display().to_string()),
                place.why
            ));
            said.push(folded(&path));
        }
    }
    remarks
}

fn is_there(path: &Path, place: &WrongPlace, context: &Context<'_>) -> bool {
    if path.symlink_metadata().is_err() {
        return false;
    }
    if path.is_dir() {
        // An empty folder was made by no administrator.
        return !open::names(path, context.root, 1).is_empty();
    }
    !place.keyed || configuration(path, context).is_ok_and(|c| !c.settings.is_empty())
}

/// The files that say which mode the app starts in, each with its word.
pub(crate) fn modes(device: &Device, whose: &Whose, context: &Context<'_>) -> Vec<(PathBuf, String)> {
    let files = context.places.mode.iter().filter(|m| m.platform == device.platform);
    let paths = files.filter_map(|m| whose.filled(&m.path)).chain(whose.user_data.as_ref().map(|dir| {
        let slash = if dir.contains('\\') { '\\' } else { '/' };
        format!("{dir}{slash}{}", context.places.json.mode_file)
    }));
    let mut found: Vec<(PathBuf, String)> = Vec::new();
    for path in paths.flat_map(|p| open::matching(&device.path(&p), context.root)) {
        if found.iter().any(|(p, _)| *p == path) {
            continue;
        }
        if let Some(word) = mode(&path, context) {
            found.push((path, word));
        }
    }
    found
}

fn mode(path: &Path, context: &Context<'_>) -> Option<String> {
    let bytes = open::content(path, context.root, MODE_BYTES).ok()?;
    let text = encoding::decode(&bytes, "mode").ok()?;
    let root = json_text::parse(&text.text).ok()?;
    let word = find(root.members()?, &context.places.json.mode)?.value.text()?.trim().to_ascii_lowercase();
    [&context.places.json.ordinary, &context.places.json.third_party]
        .into_iter()
        .find(|known| **known == word)
        .map(String::from)
}
