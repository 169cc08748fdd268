//! Entries into settings: every value decoded by its key's documented type, everything else said.

mod value;

use std::collections::{BTreeMap, BTreeSet};

use crate::config::absent::ends_like_a_file;
use crate::config::error::shown;
use crate::config::formats::tree::{MAX_VALUES, Raw};
use crate::config::formats::{Document, Encoding, Entry, LostTo};
use crate::config::hygiene;
use crate::config::names::{Known, Names};
use crate::config::value::{Configuration, Lint, Origin, Setting, Shadowed, ShadowedBy, Source, Value};
use crate::contract::Severity;
use crate::contract::ids::{FormatName, LintId};
use crate::rules::keys::Key;
use crate::text::token::{HIDDEN, without_value};
use crate::text::{english, visible};

use value::{Good, Problem, decode_value};

/// Most remarks about single unknown names; beyond it they are counted.
const MAX_UNKNOWN: usize = 40;

/// Most remarks kept about one file.
const MAX_LINT: usize = 200;

/// Longest spelling that is kept, in bytes; of a longer one nobody reads how it is written.
const MAX_RAW: usize = 2_000;

/// Decodes what a reader found. `source` is the file it came from.
pub(crate) fn decode(doc: Document, name: &str, source: Source, names: &Names) -> Configuration {
    let mut out = Output {
        file: source.name.clone(),
        encoding: doc.encoding,
        strict: doc.format == FormatName::MANAGED_SETTINGS,
        unknown: 0,
        embedded: MAX_VALUES,
        comments: Vec::new(),
        first_comment: None,
        encoded: Vec::new(),
        structures: Vec::new(),
        config: Configuration {
            name: name.to_owned(),
            sources: vec![source],
            platform: doc.platform,
            admin_console: doc.admin_console,
            ..Configuration::default()
        },
    };
    for note in doc.notes {
        let origin = note.path.map(|path| Origin {
            source: out.file.clone(),
            line: note.line.filter(|l| *l > 0),
            path: shown_path(&path),
        });
        out.config.lint.push(Lint {
            id: note.id.to_owned(),
            severity: note.severity,
            message: note.message,
            key: note.key.map(|k| shown(&k)),
            origin,
        });
    }
    // A key that stands twice counts where it stands last, as a reader that overwrites takes it.
    let mut last = BTreeMap::new();
    for (at, entry) in doc.entries.iter().enumerate() {
        last.insert(entry.name.clone(), at);
    }
    let (mut any, mut repeated) = (!doc.touched.is_empty(), BTreeSet::new());
    for (at, entry) in doc.entries.into_iter().enumerate() {
        if last.get(&entry.name) != Some(&at) {
            repeated.insert(entry.name);
            continue;
        }
        if repeated.contains(&entry.name) {
            let message = format!("`{}` stands more than once; the last one counts", shown(&entry.name));
            out.lint("duplicate-key", Severity::Warning, message, &entry);
        }
        any |= out.entry(entry, names);
    }
    for (entry, by) in doc.lost {
        any |= out.lost(entry, by, names);
    }
    for name in doc.unreadable {
        out.unreadable(&name, names);
    }
    out.finish(any, doc.certain);
    if out.config.lint.len() > MAX_LINT {
        let more = out.config.lint.len() - MAX_LINT;
        out.config.lint.truncate(MAX_LINT);
        let message = format!("{more} more remarks are left out; fix these first");
        out.whole("more-remarks", Severity::Warning, &[], message);
    }
    complete(&mut out.config, names);
    out.config
}

/// What only the whole configuration shows: whether the app has a connection to use.
pub(crate) fn complete(config: &mut Configuration, names: &Names) {
    let known = |name: &str| matches!(names.know(name), Known::Current(_));
    let provider = "inferenceProvider";
    let only_behaviour = !config.settings.is_empty()
        && config.settings.keys().all(|k| matches!(names.know(k), Known::Current(key) if key.app_behaviour));
    let served = config.is_set("bootstrapUrl")
        && config.get("bootstrapEnabled").and_then(Value::as_bool) != Some(false);
    let said =
        config.lint.iter().any(|l| l.key.as_deref() == Some(provider) && l.severity == Severity::Error);
    if !known(provider) || config.is_set(provider) || served || only_behaviour || said {
        return;
    }
    let choice = match names.know(provider) {
        Known::Current(key) if !key.values.is_empty() => format!(" ({})", key.values.join(", ")),
        _ => String::new(),
    };
    config.lint.push(Lint {
        id: LintId::NO_PROVIDER.into(),
        severity: Severity::Warning,
        message: format!(
            "`{provider}` is not set and there is no bootstrap server, so the app has no inference to use from this \
             configuration alone; set `{provider}`{choice} or `bootstrapUrl`, or pass the file that sets it as well"
        ),
        key: Some(provider.to_owned()),
        origin: None,
    });
}

struct Output {
    file: String,
    encoding: Encoding,
    /// The app is said to discard the whole file for one key it does not know.
    strict: bool,
    unknown: usize,
    /// How many more values may stand in JSON text inside values.
    embedded: usize,
    /// Names that are comments, and where the first one stands.
    comments: Vec<String>,
    first_comment: Option<Origin>,
    /// Keys whose value is text although the format has types.
    encoded: Vec<String>,
    /// Keys whose value is a structure although the documentation wants JSON text.
    structures: Vec<String>,
    config: Configuration,
}

impl Output {
    fn origin(&self, entry: &Entry) -> Origin {
        Origin { source: self.file.clone(), line: entry.line, path: shown_path(&entry.path) }
    }

    fn lint(&mut self, id: &str, severity: Severity, message: String, entry: &Entry) {
        let origin = Some(self.origin(entry));
        let key = Some(shown(&entry.name));
        self.config.lint.push(Lint { id: id.to_owned(), severity, message, key, origin });
    }

    /// Takes one entry; true when its name belongs to the app.
    fn entry(&mut self, entry: Entry, names: &Names) -> bool {
        let key = match names.know(&entry.name) {
            Known::Current(key) => key,
            Known::Old(key) => {
                let message = format!(
                    "`{}` is an old name that the app no longer reads; write `{}`",
                    shown(&entry.name),
                    key.name
                );
                self.lint("old-name", Severity::Error, message, &entry);
                return true;
            }
            Known::StillRead(key, old) => {
                let until = old.until.as_ref().map(|u| format!(", until {u}")).unwrap_or_default();
                let current = self.config.settings.contains_key(key.name.as_str());
                let message = format!(
                    "`{}` is an old name, which this app version still reads{until}{}; write `{}`",
                    shown(&entry.name),
                    if current { ", yet the current name is set as well and counts" } else { "" },
                    key.name
                );
                self.lint("old-name", Severity::Warning, message, &entry);
                if current {
                    return true;
                }
                key
            }
            Known::Case(key) => {
                let message =
                    format!("`{}` is not read in this spelling; write `{}`", shown(&entry.name), key.name);
                self.lint("key-case", Severity::Error, message, &entry);
                return true;
            }
            Known::Dotted(key) => {
                let message = format!(
                    "`{}`: names with a dot are never read; write one `{}` that holds {}",
                    shown(&entry.name),
                    key.name,
                    if self.encoding == Encoding::Native { "an object" } else { "a JSON object as text" }
                );
                self.lint("dotted-key", Severity::Error, message, &entry);
                return true;
            }
            Known::No => {
                self.unknown(&entry, names);
                return false;
            }
        };
        match decode_value(key, &entry.raw, self.encoding, names.version(), &mut self.embedded) {
            Ok(good) => self.store(key, good, &entry),
            Err(problem) => {
                let (id, message) = match problem {
                    Problem::Undecodable(what) => ("undecodable-value", what),
                    Problem::Case(what) => ("value-case", what),
                    Problem::NotAllowed(seen) => (
                        "value-not-allowed",
                        format!(
                            "{seen} is not among the values known here ({}): {}",
                            names.known_up_to(),
                            key.values.join(", ")
                        ),
                    ),
                };
                let consequence = match id {
                    "value-not-allowed" => "this report does not use the value",
                    _ => "the app does not use this value, and neither does this report",
                };
                let message = format!("`{}`: {message}; {consequence}", key.name);
                self.lint(id, Severity::Error, message, &entry);
                self.unreadable(&key.name, names);
            }
        }
        true
    }

    /// Notes that a known key is present and the app cannot use its value.
    fn unreadable(&mut self, name: &str, names: &Names) {
        let known = matches!(names.know(name), Known::Current(_));
        if known && !self.config.unreadable.iter().any(|n| n == name) {
            self.config.unreadable.push(name.to_owned());
        }
    }

    /// Keeps a value that is set and not in effect; true when its name belongs to the app.
    fn lost(&mut self, entry: Entry, by: LostTo, names: &Names) -> bool {
        let Known::Current(key) = names.know(&entry.name) else { return names.ours(&entry.name) };
        let value = decode_value(key, &entry.raw, self.encoding, names.version(), &mut self.embedded)
            .ok()
            .and_then(|good| good.value);
        if let Some(value) = value {
            let by = match by {
                LostTo::Key { line, path } => {
                    ShadowedBy::Key(Origin { source: self.file.clone(), line, path: shown_path(&path) })
                }
                LostTo::Rule(why) => ShadowedBy::Rule(why),
            };
            let origin = self.origin(&entry);
            let value = hygiene::cleaned(key, value).0;
            self.config.shadowed.push(Shadowed { key: key.name.to_string(), value, origin, by });
        }
        true
    }

    fn store(&mut self, key: &Key, good: Good, entry: &Entry) {
        if good.from_text {
            self.encoded.push(key.name.to_string());
        }
        if good.structure {
            self.structures.push(key.name.to_string());
        }
        if let Some(dropped) = good.dropped {
            self.lint("undecodable-value", Severity::Error, format!("`{}`: {dropped}", key.name), entry);
        }
        let Some(value) = good.value else { return };
        if hygiene::has_placeholder(&value) {
            let message = format!("`{}` still holds a placeholder; fill in the real value", key.name);
            self.lint(LintId::PLACEHOLDER.as_str(), Severity::Warning, message, entry);
        }
        let raw = spelled(&entry.raw, self.encoding, &value);
        let given = raw.as_ref().map(|_| value.clone());
        let (value, credentials) = hygiene::cleaned(key, value);
        // How the file spells it shows what is not shown.
        let open =
            given.is_some_and(|given| value == given && hygiene::for_readers(&key.name, &value) == value);
        if credentials {
            let message = format!(
                "`{}` holds a URL with a user name or password, which the app rejects (since 1.32352.0); write the URL without it",
                key.name
            );
            self.lint("url-credentials", Severity::Error, message, entry);
        }
        let setting = Setting { value, origin: self.origin(entry), raw: raw.filter(|_| open) };
        self.config.settings.insert(key.name.to_string(), setting);
    }

    fn unknown(&mut self, entry: &Entry, names: &Names) {
        if entry.name.starts_with(['_', '/', '#', '$']) || entry.name.is_empty() {
            if self.comments.is_empty() {
                self.first_comment = Some(self.origin(entry));
            }
            self.comments.push(shown(&entry.name));
            return;
        }
        self.unknown += 1;
        if self.unknown > MAX_UNKNOWN {
            return;
        }
        let name = shown(&entry.name);
        let consequence = if self.strict {
            "; one repackager says that a release which does not know a key discards the whole file"
        } else {
            ""
        };
        if let [key, ..] = names.at(&entry.name) {
            let message = format!(
                "`{name}` is a path of the nested document, which no flat key has; write `{}` here",
                key.name
            );
            return self.lint(LintId::UNKNOWN_KEY.as_str(), Severity::Warning, message, entry);
        }
        let nearest: Vec<String> = names.nearest(&entry.name).iter().map(|n| format!("`{n}`")).collect();
        let advice = if nearest.is_empty() {
            "check its spelling, or look for newer rules".to_owned()
        } else {
            format!("did you mean {}?", nearest.join(" or "))
        };
        let message = format!(
            "`{name}` is not in the documentation known here ({}), and newer releases exist{consequence}; {advice}",
            names.known_up_to()
        );
        self.lint(LintId::UNKNOWN_KEY.as_str(), Severity::Warning, message, entry);
    }

    fn whole(&mut self, id: &str, severity: Severity, names: &[String], message: String) {
        let key = names.first().cloned();
        self.config.lint.push(Lint { id: id.to_owned(), severity, message, key, origin: None });
    }

    fn finish(&mut self, any: bool, certain: bool) {
        if self.unknown > MAX_UNKNOWN {
            let more = self.unknown - MAX_UNKNOWN;
            let message = format!("{more} more keys are not in the documentation known here");
            self.whole(LintId::UNKNOWN_KEY.as_str(), Severity::Warning, &[], message);
        }
        if let Some(origin) = self.first_comment.take() {
            let consequence = if self.strict {
                "and the app may discard the whole file for them"
            } else {
                "which the app ignores, except that a Linux managed file with them may be discarded as a whole"
            };
            let message =
                format!("{}: comments written as keys, {consequence}; remove them", list(&self.comments));
            self.config.lint.push(Lint {
                id: "comment-key".to_owned(),
                severity: Severity::Warning,
                message,
                key: None,
                origin: Some(origin),
            });
        }
        let structures = std::mem::take(&mut self.structures);
        if !structures.is_empty() {
            let message = format!(
                "{}: written as a plist <array> or <dict>; sources disagree whether every app version reads that, so write \
                 the JSON text in one <string>",
                list(&structures)
            );
            self.whole("native-structure", Severity::Warning, &structures, message);
        }
        let encoded = std::mem::take(&mut self.encoded);
        if !encoded.is_empty() {
            let message = format!(
                "{}: written as text although JSON has types of its own; it is read, yet write the JSON value itself",
                list(&encoded)
            );
            self.whole("string-encoded", Severity::Info, &encoded, message);
        }
        if !any && certain {
            let message = "the file belongs to the app and sets no key that is known".to_owned();
            self.whole("no-settings", Severity::Warning, &[], message);
        }
    }
}

/// How the file spells a value, where that is not how JSON would.
fn spelled(raw: &Raw, encoding: Encoding, value: &Value) -> Option<String> {
    match (raw, value) {
        // Of a list or an object may be missing here what was not read.
        (Raw::Text(_), Value::Text(_) | Value::Secret(_) | Value::List(_) | Value::Map(_)) => None,
        (Raw::Text(text), _) => (text.len() <= MAX_RAW)
            .then(|| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))),
        (Raw::Integer(n), _) if encoding == Encoding::Registry => Some(format!("dword:{n:08x}")),
        (Raw::Integer(n), Value::Bool(_)) => Some(n.to_string()),
        (Raw::Number(n), Value::Integer(_)) => Some(n.clone()),
        _ => None,
    }
}

/// A few names and the number of the others.
fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    english::few(&quoted, 6)
}

fn shown_path(path: &str) -> String {
    // `NAME IN AN ARCHIVE: KEY`
    let file = path.rsplit_once(": ").filter(|(file, _)| ends_like_a_file(file));
    let path = match file {
        Some((file, key)) => format!("{file}: {}", without_value(key, HIDDEN)),
        None => without_value(path, HIDDEN),
    };
    path.chars().take(200).map(visible::mark).collect()
}
