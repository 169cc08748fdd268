//! Entries into settings: every value decoded by its key's documented type, everything else said.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{shown, visible};
use super::formats::json_text;
use super::formats::tree::{MAX_VALUES, Raw};
use super::formats::{Document, Encoding, Entry, LostTo};
use super::hygiene;
use super::names::{Known, Names};
use super::value::{Configuration, Lint, Origin, Setting, Shadowed, ShadowedBy, Source, Value};
use crate::rules::keys::{Key, KeyKind};
use crate::terms::Severity;

/// Most remarks about single unknown names; beyond it they are counted.
const MAX_UNKNOWN: usize = 40;

/// Most remarks kept about one file.
const MAX_LINT: usize = 200;

/// Longest spelling that is kept, in characters.
const MAX_RAW: usize = 2_000;

/// Decodes what a reader found. `source` is the file it came from.
pub(crate) fn decode(doc: Document, name: &str, source: Source, names: &Names) -> Configuration {
    let mut out = Output {
        file: source.name.clone(),
        encoding: doc.encoding,
        strict: doc.format == "managed-settings",
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
        let message = format!("{more} more remarks are left out; mend these first");
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
        id: "no-provider".to_owned(),
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

/// A decoded value and how it was spelled.
struct Good {
    value: Option<Value>,
    from_text: bool,
    structure: bool,
    dropped: Option<String>,
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
        match decode_value(key, &entry.raw, self.encoding, &mut self.embedded) {
            Ok(good) => self.store(key, good, &entry),
            Err(problem) => {
                let (id, message) = match problem {
                    Problem::Undecodable(what) => ("undecodable-value", what),
                    Problem::Case(what) => ("value-case", what),
                    Problem::NotAllowed(what) => ("value-not-allowed", what),
                };
                let message = format!(
                    "`{}`: {message}; the app does not use this value, and neither does this report",
                    key.name
                );
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
        let value =
            decode_value(key, &entry.raw, self.encoding, &mut self.embedded).ok().and_then(|good| good.value);
        if let Some(value) = value {
            let by = match by {
                LostTo::Key { line, path } => {
                    ShadowedBy::Key(Origin { source: self.file.clone(), line, path: shown_path(&path) })
                }
                LostTo::Rule(why) => ShadowedBy::Rule(why),
            };
            let origin = self.origin(&entry);
            let value = clean(key, value).0;
            self.config.shadowed.push(Shadowed { key: key.name.clone(), value, origin, by });
        }
        true
    }

    fn store(&mut self, key: &Key, good: Good, entry: &Entry) {
        if good.from_text {
            self.encoded.push(key.name.clone());
        }
        if good.structure {
            self.structures.push(key.name.clone());
        }
        if let Some(dropped) = good.dropped {
            self.lint("undecodable-value", Severity::Error, format!("`{}`: {dropped}", key.name), entry);
        }
        let Some(value) = good.value else { return };
        if hygiene::has_placeholder(&value) {
            let message = format!("`{}` still holds a placeholder; fill in the real value", key.name);
            self.lint("placeholder", Severity::Warning, message, entry);
        }
        let raw = spelled(&entry.raw, self.encoding, &value);
        let (value, credentials) = clean(key, value);
        let open = !credentials && !hygiene::has_secret(&value);
        if credentials {
            let message = format!(
                "`{}` holds a URL with a user name or password, which the app rejects (since 1.32352.0); write the URL without it",
                key.name
            );
            self.lint("url-credentials", Severity::Error, message, entry);
        }
        let setting = Setting { value, origin: self.origin(entry), raw: raw.filter(|_| open) };
        self.config.settings.insert(key.name.clone(), setting);
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
        let consequence =
            if self.strict { "the app may discard the whole file for it" } else { "the app ignores it" };
        let nearest: Vec<String> = names.nearest(&entry.name).iter().map(|n| format!("`{n}`")).collect();
        let advice = if nearest.is_empty() {
            "remove it, or check its spelling".to_owned()
        } else {
            format!("did you mean {}?", nearest.join(" or "))
        };
        let message = format!("`{name}` is not a known key and {consequence}; {advice}");
        self.lint("unknown-key", Severity::Warning, message, entry);
    }

    fn whole(&mut self, id: &str, severity: Severity, names: &[String], message: String) {
        let key = names.first().cloned();
        self.config.lint.push(Lint { id: id.to_owned(), severity, message, key, origin: None });
    }

    fn finish(&mut self, any: bool, certain: bool) {
        if self.unknown > MAX_UNKNOWN {
            let more = self.unknown - MAX_UNKNOWN;
            self.whole("unknown-key", Severity::Warning, &[], format!("{more} more keys are not known"));
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
        (Raw::Text(_), Value::Text(_) | Value::Secret(_)) => None,
        (Raw::Text(text), _) => {
            let cut: String = text.chars().take(MAX_RAW).collect();
            Some(format!("\"{}\"", cut.replace('\\', "\\\\").replace('"', "\\\"")))
        }
        (Raw::Integer(n), _) if encoding == Encoding::Registry => Some(format!("dword:{n:08x}")),
        (Raw::Integer(n), Value::Bool(_)) => Some(n.to_string()),
        (Raw::Number(n), Value::Integer(_)) => Some(n.clone()),
        _ => None,
    }
}

/// The value without credentials that can be shown, and whether a URL held one.
fn clean(key: &Key, mut value: Value) -> (Value, bool) {
    let credentials = !key.secret && hygiene::strip_credentials(&mut value, key.url);
    if key.secret {
        value = hygiene::hide(value, "");
    }
    for path in &key.secret_paths {
        value = hygiene::hide(value, path);
    }
    (hygiene::hide_lookalikes(value), credentials)
}

/// A few names and the number of the others.
fn list(names: &[String]) -> String {
    let mut text = names.iter().take(6).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    if names.len() > 6 {
        text.push_str(&format!(" and {} more", names.len() - 6));
    }
    text
}

fn shown_path(path: &str) -> String {
    path.chars().take(200).map(visible).collect()
}

/// Why a value is not used. The texts never hold the value of a key that can be secret.
enum Problem {
    Undecodable(String),
    Case(String),
    NotAllowed(String),
}

fn undecodable<T>(what: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Undecodable(what.into()))
}

fn decode_value(key: &Key, raw: &Raw, encoding: Encoding, embedded: &mut usize) -> Result<Good, Problem> {
    let plain = |value| Ok(Good { value, from_text: false, structure: false, dropped: None });
    let text_in_json = encoding == Encoding::Native;
    match raw {
        Raw::Null => return undecodable("null is no value; leave the key out instead"),
        Raw::Other(what) => return undecodable(format!("{what} is no value of a key")),
        // Empty text means that the key is not set.
        Raw::Text(t) if t.is_empty() && key.kind != KeyKind::String => return plain(None),
        Raw::Text(t) if t.trim().is_empty() && !t.is_empty() => {
            return undecodable(
                "only white space, which the app cannot read; write a value or leave the key out",
            );
        }
        _ => {}
    }
    match key.kind {
        KeyKind::Boolean => {
            let spelled = match encoding {
                Encoding::Native => "true or false without quotation marks",
                Encoding::Plist => "<true/> or <false/>",
                Encoding::Registry => "the text true or false",
            };
            let value = match raw {
                Raw::Bool(b) => return plain(Some(Value::Bool(*b))),
                Raw::Integer(0) => false,
                Raw::Integer(1) => true,
                Raw::Text(t) => match t.trim() {
                    "true" | "1" => true,
                    "false" | "0" => false,
                    other => {
                        let folded = other.to_ascii_lowercase();
                        if folded == "true" || folded == "false" {
                            return Err(Problem::Case(format!(
                                "letter case counts; write {folded} in lower case ({spelled})"
                            )));
                        }
                        return undecodable(format!("this text is no boolean; write {spelled}"));
                    }
                },
                other => {
                    return undecodable(format!("{} where a boolean belongs; write {spelled}", other.kind()));
                }
            };
            let from_text = text_in_json;
            Ok(Good { value: Some(Value::Bool(value)), from_text, structure: false, dropped: None })
        }
        KeyKind::Integer => {
            let (value, from_text) = match raw {
                Raw::Integer(n) => (*n, false),
                Raw::Number(n) => match whole_number(n) {
                    Some(n) => (n, false),
                    None => return undecodable("a fraction or too large a number; write a whole number"),
                },
                Raw::Text(t) => match t.trim().parse() {
                    Ok(n) => (n, text_in_json),
                    Err(_) => return undecodable("this text is no whole number; write decimal digits"),
                },
                other => return undecodable(format!("{} where a whole number belongs", other.kind())),
            };
            Ok(Good { value: Some(Value::Integer(value)), from_text, structure: false, dropped: None })
        }
        KeyKind::Number => {
            let (text, from_text) = match raw {
                Raw::Integer(n) => (n.to_string(), false),
                Raw::Number(n) => (n.clone(), false),
                Raw::Text(t) => (t.trim().to_owned(), text_in_json),
                other => return undecodable(format!("{} where a number belongs", other.kind())),
            };
            if !text.parse::<f64>().is_ok_and(f64::is_finite) {
                return undecodable("this is no number; write decimal digits with a point");
            }
            Ok(Good { value: Some(Value::Text(text)), from_text, structure: false, dropped: None })
        }
        KeyKind::String => match raw {
            Raw::Text(t) => {
                one_of(key, t)?;
                plain(Some(Value::Text(t.clone())))
            }
            Raw::Bool(_) | Raw::Integer(_) | Raw::Number(_) => {
                undecodable(format!("{} where text belongs; put it in quotation marks", raw.kind()))
            }
            other => undecodable(format!("{} where text belongs", other.kind())),
        },
        KeyKind::StringList | KeyKind::ObjectList | KeyKind::Object => {
            structured(key, raw, encoding, embedded)
        }
    }
}

/// An enumeration's value must be one of its words, letter by letter.
fn one_of(key: &Key, text: &str) -> Result<(), Problem> {
    if text.is_empty() || key.values.is_empty() || key.values.iter().any(|v| v == text) {
        return Ok(());
    }
    if let Some(value) = key.values.iter().find(|v| v.eq_ignore_ascii_case(text.trim())) {
        return Err(Problem::Case(format!("letter case and spaces count; write `{value}`")));
    }
    // A short word of letters is no credential; anything else may be one in the wrong place.
    let word = text.len() <= 30
        && text.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'/' | b'_' | b' '));
    let seen = if word && !key.secret { format!("`{}`", shown(text)) } else { "this text".to_owned() };
    Err(Problem::NotAllowed(format!(
        "{seen} is not one of its values; write one of {}",
        key.values.join(", ")
    )))
}

fn structured(key: &Key, raw: &Raw, encoding: Encoding, embedded: &mut usize) -> Result<Good, Problem> {
    let shape = match key.kind {
        KeyKind::StringList => "a list such as [\"one\", \"two\"]",
        KeyKind::ObjectList => "a list of objects such as [{…}]",
        _ => "an object such as {\"name\": \"value\"}",
    };
    let how = if encoding == Encoding::Native { "write" } else { "write, as JSON text," };
    let parsed;
    let (raw, from_text) = match raw {
        Raw::Text(text) => {
            parsed = match json_text::parse_within(text, *embedded) {
                Ok((parsed, values)) => {
                    *embedded -= values;
                    parsed
                }
                Err(fault) => {
                    return undecodable(format!(
                        "the text is not valid JSON ({}); {how} {shape}",
                        fault.brief()
                    ));
                }
            };
            (&parsed, true)
        }
        other => (other, false),
    };
    let (value, dropped) = match (key.kind, raw) {
        (KeyKind::Object, Raw::Map(_)) => (value_of(raw), None),
        (KeyKind::StringList | KeyKind::ObjectList, Raw::List(items)) => {
            let text_only = key.kind == KeyKind::StringList;
            let fits =
                |item: &&Raw| matches!(item, Raw::Text(_)) || !text_only && matches!(item, Raw::Map(_));
            let good: Vec<Value> = items.iter().filter(fits).filter_map(value_of).collect();
            let bad = items.len() - good.len();
            let dropped = (bad > 0).then(|| {
                format!("{bad} of {} elements are not {}; they are left out here, and the app may drop the whole list", items.len(), if text_only { "text" } else { "objects" })
            });
            (Some(Value::List(good)), dropped)
        }
        (_, other) => return undecodable(format!("{} where {shape} belongs", other.kind())),
    };
    Ok(Good {
        value,
        from_text: from_text && encoding == Encoding::Native,
        structure: !from_text && encoding == Encoding::Plist,
        dropped,
    })
}

fn value_of(raw: &Raw) -> Option<Value> {
    Some(match raw {
        Raw::Null | Raw::Other(_) => return None,
        Raw::Bool(b) => Value::Bool(*b),
        Raw::Integer(n) => Value::Integer(*n),
        Raw::Number(n) => Value::Number(n.clone()),
        Raw::Text(n) => Value::Text(n.clone()),
        Raw::List(items) => Value::List(items.iter().filter_map(value_of).collect()),
        Raw::Map(members) => {
            Value::Map(members.iter().filter_map(|m| Some((m.name.clone(), value_of(&m.value)?))).collect())
        }
    })
}

/// A number written with a point or an exponent that is whole all the same.
fn whole_number(text: &str) -> Option<i64> {
    let number: f64 = text.parse().ok()?;
    // Beyond 2^53 a double no longer tells neighbours apart.
    if number.fract() != 0.0 || number.abs() > 9_007_199_254_740_992.0 {
        return None;
    }
    format!("{number:.0}").parse().ok()
}
