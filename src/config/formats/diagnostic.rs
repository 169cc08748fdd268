//! What the app says it applied: `managed-config.txt` of its diagnostic report. The layout is not
//! documented, so lines are read leniently: a known key, a colon or an equals sign, a value.

use super::tree::{MAX_VALUES, Member, Raw};
use super::{Document, Encoding, Entry, Note, json, json_text, sniff, zip};
use crate::config::error::{ConfigError, Place, shown};
use crate::config::names::{Known, Names};
use crate::contract::Severity;
use crate::rules::keys::KeyKind;
use crate::rules::places::Places;

/// Most lines that one value may take.
const MAX_VALUE_LINES: usize = 2000;

/// Most lines that are looked at for the ends of values, in one report: brackets that never close
/// would make each line cost thousands.
const MAX_SEARCHED: usize = 50_000;

/// What stands for a value that the report hides: present, and no placeholder to be filled in.
const HIDDEN: &str = "(hidden by the app's report)";

/// Reads the text of the report.
///
/// # Errors
/// When no known key stands in it.
pub(crate) fn read(text: &str, file: &str, names: &Names, places: &Places) -> Result<Document, ConfigError> {
    if text.len() > zip::MAX_UNPACKED {
        return Err(ConfigError::NotConfiguration {
            place: Place::file(file),
            what: "this is named like the app's diagnostic report, and larger than any real one".to_owned(),
            next: "Export the diagnostic report again".to_owned(),
        });
    }
    let mut doc = if text.trim_start().starts_with('{') {
        match json::read(text, file, false, names, places)? {
            json::Json::Document(doc) => doc,
            json::Json::Hosts(_) | json::Json::Carrier(_) => return Err(nothing(file)),
        }
    } else {
        lines(text, names)
    };
    if doc.entries.len() + doc.notes.len() > MAX_VALUES {
        return Err(ConfigError::TooMany { place: Place::file(file), limit: MAX_VALUES });
    }
    if doc.entries.is_empty() && doc.touched.is_empty() {
        return Err(nothing(file));
    }
    doc.format = "diagnostic-report";
    doc.encoding = Encoding::Registry;
    doc.notes.insert(
        0,
        Note::whole(
            "diagnostic-report",
            Severity::Info,
            "this is what the app says it applied, which counts more than any file that was deployed; its layout is not \
             documented, so lines of the form `key: value` were read and the rest was passed over"
                .to_owned(),
        ),
    );
    Ok(doc)
}

fn nothing(file: &str) -> ConfigError {
    ConfigError::NotConfiguration {
        place: Place::file(file),
        what: "in this diagnostic report no line names a key of the app; then the app applied no configuration, or writes its report in another layout"
            .to_owned(),
        next: sniff::ACCEPTED.to_owned(),
    }
}

fn lines(text: &str, names: &Names) -> Document {
    let mut doc = Document::new("diagnostic-report", None, Encoding::Registry);
    let lines: Vec<&str> = text.lines().collect();
    let mut errors = false;
    let mut at = 0;
    let (mut searchable, mut values) = (MAX_SEARCHED, MAX_VALUES);
    while let Some(line) = lines.get(at) {
        if doc.entries.len() + doc.notes.len() > MAX_VALUES {
            break;
        }
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        at += 1;
        let bare = line.trim().trim_start_matches(['-', '*', '•', '#', '=', ' ']);
        let folded = bare.to_ascii_lowercase();
        if let Some(rest) = folded.strip_prefix("parse error") {
            // "Parse errors: none" begins no list.
            let rest = rest.trim_start_matches('s').trim_matches(|c: char| !c.is_alphanumeric());
            errors = !matches!(rest, "none" | "0" | "no");
            continue;
        }
        let Some((name, value)) = pair(bare) else {
            errors &= !bare.is_empty() && !bare.ends_with(':');
            continue;
        };
        let Known::Current(key) = names.know(name) else { continue };
        if errors {
            doc.touched.push(name.to_owned());
            doc.unreadable.push(name.to_owned());
            doc.notes.push(Note::at(
                "applied-parse-error",
                Severity::Error,
                format!(
                    "the app reports that it could not read `{}`, so the value is not in effect",
                    shown(name)
                ),
                Some(name.to_owned()),
                number,
                name.to_owned(),
            ));
            continue;
        }
        let raw = match value {
            hidden if is_hidden(hidden) => match key.kind {
                KeyKind::Object => Raw::Map(vec![Member {
                    name: HIDDEN.to_owned(),
                    line: number,
                    value: Raw::Text(HIDDEN.to_owned()),
                }]),
                _ => Raw::Text(HIDDEN.to_owned()),
            },
            "" | "(not set)" | "(unset)" | "not set" | "unset" | "null" | "undefined" => continue,
            open if open.starts_with(['{', '[']) => {
                let (text, more) = balanced(open, lines.get(at..).unwrap_or_default(), &mut searchable);
                at += more;
                match json_text::parse_within(&text, values) {
                    Ok((raw, count)) => {
                        values -= count;
                        raw
                    }
                    // Left as text when it is no JSON: the decoder says what is wrong with it.
                    Err(_) => Raw::Text(text),
                }
            }
            text => Raw::Text(unquoted(text).to_owned()),
        };
        doc.entries.push(Entry { name: name.to_owned(), raw, line: Some(number), path: name.to_owned() });
    }
    doc
}

/// A name, a colon or an equals sign, and the rest.
fn pair(line: &str) -> Option<(&str, &str)> {
    let at = line.find([':', '='])?;
    let (name, value) = line.split_at(at);
    let name = name.trim().trim_matches(['"', '`', '\'']);
    let word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    word.then(|| (name, value.get(1..).unwrap_or_default().trim().trim_end_matches(',')))
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text)
}

/// Whether a value was replaced before the report was written.
fn is_hidden(value: &str) -> bool {
    let bare = unquoted(value).trim_matches(['[', ']', '<', '>', '(', ')', ' ']).to_ascii_lowercase();
    matches!(bare.as_str(), "redacted" | "hidden" | "set" | "secret" | "present")
        || bare.starts_with("redacted ")
        || bare.len() >= 3 && bare.chars().all(|c| matches!(c, '*' | '•'))
}

/// `first` with as many of the following lines as it takes to close its brackets, and their number.
/// `searchable` is how many more lines may be looked at.
fn balanced(first: &str, following: &[&str], searchable: &mut usize) -> (String, usize) {
    let mut text = first.to_owned();
    let mut state = Brackets::default();
    state.take(first);
    let mut used = 0;
    for line in following.iter().take(MAX_VALUE_LINES.min(*searchable)) {
        if state.depth <= 0 {
            break;
        }
        *searchable -= 1;
        used += 1;
        text.push('\n');
        text.push_str(line);
        state.take(line);
    }
    if state.depth > 0 {
        return (first.to_owned(), 0);
    }
    (text, used)
}

#[derive(Default)]
struct Brackets {
    depth: i32,
    quoted: bool,
    escaped: bool,
}

impl Brackets {
    fn take(&mut self, line: &str) {
        for c in line.chars() {
            match c {
                _ if self.escaped => self.escaped = false,
                '\\' if self.quoted => self.escaped = true,
                '"' => self.quoted = !self.quoted,
                '{' | '[' if !self.quoted => self.depth = self.depth.saturating_add(1),
                '}' | ']' if !self.quoted => self.depth -= 1,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn brackets_close_over_lines_and_text() {
        let mut lines = 10;
        assert_eq!(balanced("[1]", &["x"], &mut lines), ("[1]".to_owned(), 0));
        assert_eq!(balanced("{\"a\": \"}\",", &["\"b\": [\"]\"", "]}", "x"], &mut lines).1, 2);
        assert_eq!(balanced("[never", &["closed"], &mut lines), ("[never".to_owned(), 0));
        assert_eq!(lines, 7);
        assert_eq!(balanced("[", &["]"], &mut 0), ("[".to_owned(), 0));
    }

    #[test]
    fn pairs_and_hidden_values_are_told() {
        assert_eq!(pair("inferenceProvider = \"gateway\","), Some(("inferenceProvider", "\"gateway\"")));
        assert_eq!(pair("\"url\": https://x.example"), Some(("url", "https://x.example")));
        assert_eq!(pair("Parse errors found: 2"), None);
        for yes in ["[redacted]", "<redacted>", "***", "(set)", "\"[REDACTED]\"", "redacted (12 characters)"]
        {
            assert!(is_hidden(yes), "{yes}");
        }
        assert!(!is_hidden("gateway"));
    }
}
