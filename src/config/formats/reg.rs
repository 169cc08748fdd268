//! Windows registry files (`.reg`): the values below the app's policy key.

use crate::config::error::{ConfigError, Place, shown};
use crate::config::places::Places;
use crate::terms::{Platform, Severity};

use super::tree::{MAX_VALUES, Raw};
use super::{Document, Encoding, Entry, Note, another_product};

/// Reads a registry file. `text` is decoded already.
///
/// # Errors
/// When no value stands below the app's policy key.
pub(crate) fn read(text: &str, file: &str, places: &Places) -> Result<Document, ConfigError> {
    let items = parse(text);
    if items.len() > MAX_VALUES {
        return Err(ConfigError::TooMany { place: Place::file(file), limit: MAX_VALUES });
    }
    let mut doc = Document::new("reg", Some(Platform::Windows), Encoding::Registry);
    doc.certain = true;
    if !has_header(text) {
        doc.notes.push(Note::whole(
            "fragment",
            Severity::Warning,
            "the file does not begin with `Windows Registry Editor Version 5.00`; regedit refuses it, so add that line".to_owned(),
        ));
    }
    let mut policy = Policy::default();
    let mut section: Option<Section> = None;
    let mut elsewhere: Vec<(String, u32)> = Vec::new();
    for item in items {
        match item.content {
            Content::Section { key, delete } => {
                let here = Section::of(&key, &places.registry.key);
                match (&here.within, delete) {
                    (Within::Policy | Within::Subkey(_), true) => {
                        policy.delete_all(&here);
                        doc.notes.push(Note::at(
                            "registry-deletion",
                            Severity::Info,
                            format!("importing the file deletes the key {}", shown(&key)),
                            None,
                            item.line,
                            key,
                        ));
                        section = None;
                    }
                    (Within::Elsewhere, _) => {
                        elsewhere.push((key, item.line));
                        section = Some(here);
                    }
                    _ => {
                        policy.seen = true;
                        section = Some(here);
                    }
                }
            }
            Content::Value { name, data } => match &section {
                Some(s) if !matches!(s.within, Within::Elsewhere) => {
                    policy.value(s, name, data, item.line, &mut doc)
                }
                _ => {}
            },
        }
    }
    if !policy.seen {
        return Err(not_ours(file, &elsewhere, places));
    }
    policy.finish(&mut doc);
    Ok(doc)
}

/// Why a file without the app's key is refused.
fn not_ours(file: &str, elsewhere: &[(String, u32)], places: &Places) -> ConfigError {
    let expected = format!(
        "Export HKEY_LOCAL_MACHINE\\{0} or HKEY_CURRENT_USER\\{0}, for example with `reg export HKLM\\{0} claude.reg`",
        places.registry.key
    );
    for (key, line) in elsewhere {
        for other in &places.other {
            if other.registry.iter().any(|k| !matches!(Section::of(key, k).within, Within::Elsewhere)) {
                return another_product(
                    file,
                    Some(*line),
                    other,
                    format!("its key {}", shown(key)),
                    &expected,
                );
            }
        }
        if places.registry.mistaken.iter().any(|k| !matches!(Section::of(key, k).within, Within::Elsewhere)) {
            return ConfigError::NotConfiguration {
                place: Place { file: file.to_owned(), line: Some(*line), column: None },
                what: format!(
                    "the key {} is one that some guides name and the app does not read",
                    shown(key)
                ),
                next: format!("Put the values below HKEY_LOCAL_MACHINE\\{}", places.registry.key),
            };
        }
    }
    let first = elsewhere.first();
    ConfigError::NotConfiguration {
        place: Place { file: file.to_owned(), line: first.map(|(_, line)| *line), column: None },
        what: match first {
            Some((key, _)) => format!(
                "this registry file has no value below …\\{} (it has {})",
                places.registry.key,
                shown(key)
            ),
            None => "this is a registry file without any key".to_owned(),
        },
        next: expected,
    }
}

fn has_header(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or_default();
    first.starts_with("Windows Registry Editor Version") || first.starts_with("REGEDIT4")
}

/// Where a key of the file stands, seen from the policy key.
struct Section {
    /// The key as written.
    key: String,
    machine: bool,
    within: Within,
}

enum Within {
    Policy,
    Subkey(String),
    Elsewhere,
}

impl Section {
    fn of(key: &str, policy: &str) -> Self {
        let lower = key.to_ascii_lowercase();
        let hives = [
            ("hkey_local_machine\\", true),
            ("hklm\\", true),
            ("hkey_current_user\\", false),
            ("hkcu\\", false),
        ];
        let (machine, mut rest) = hives
            .iter()
            .find_map(|(hive, machine)| lower.strip_prefix(hive).map(|rest| (*machine, rest)))
            .unwrap_or((false, ""));
        if rest.is_empty() {
            // A loaded user hive: HKEY_USERS\<security identifier>\…
            rest = lower.strip_prefix("hkey_users\\").and_then(|r| r.split_once('\\')).map_or("", |(_, r)| r);
        }
        let within = match rest.strip_prefix(policy.to_ascii_lowercase().as_str()) {
            Some("" | "\\") => Within::Policy,
            Some(below) if below.starts_with('\\') => {
                Within::Subkey(key.get(key.len() - below.len() + 1..).unwrap_or_default().to_owned())
            }
            _ => Within::Elsewhere,
        };
        Self { key: key.to_owned(), machine, within }
    }
}

/// What was gathered below the policy key.
#[derive(Default)]
struct Policy {
    seen: bool,
    machine: Vec<Entry>,
    user: Vec<Entry>,
    /// A value under the machine hive that makes the app ignore the user hive, by name.
    silencer: Option<(String, u32)>,
    as_dword: Vec<String>,
    subkeys: Vec<String>,
}

impl Policy {
    fn delete_all(&mut self, section: &Section) {
        if matches!(section.within, Within::Policy) {
            if section.machine { self.machine.clear() } else { self.user.clear() }
        }
    }

    fn value(&mut self, section: &Section, name: Option<String>, data: Data, line: u32, doc: &mut Document) {
        let path = match &name {
            Some(name) => format!("{}\\{name}", section.key),
            None => format!("{}\\(default)", section.key),
        };
        let mut note = |id, severity, message: String, key: Option<&String>| {
            doc.notes.push(Note::at(id, severity, message, key.cloned(), line, path.clone()));
        };
        if let Within::Subkey(sub) = &section.within {
            if !self.subkeys.contains(sub) {
                self.subkeys.push(sub.clone());
                note(
                    "registry-subkey",
                    Severity::Error,
                    format!(
                        "the app never reads subkeys; write one value `{}` holding a JSON object, not a key of that name",
                        shown(sub)
                    ),
                    None,
                );
            }
            return;
        }
        if section.machine
            && matches!(data, Data::Text(_) | Data::Dword(_) | Data::Expand)
            && self.silencer.is_none()
        {
            self.silencer = Some((name.clone().unwrap_or_else(|| "(default)".to_owned()), line));
        }
        let Some(name) = name else {
            note(
                "registry-default-value",
                Severity::Warning,
                "the app does not read the key's default value; under HKEY_LOCAL_MACHINE it still makes HKEY_CURRENT_USER ignored, so remove it".to_owned(),
                None,
            );
            return;
        };
        let entries = if section.machine { &mut self.machine } else { &mut self.user };
        let raw = match data {
            Data::Text(text) => Raw::Text(text),
            Data::Dword(number) => {
                self.as_dword.push(name.clone());
                Raw::Integer(i64::from(number))
            }
            Data::Delete => {
                entries.retain(|e| !e.name.eq_ignore_ascii_case(&name));
                note(
                    "registry-deletion",
                    Severity::Info,
                    format!("importing the file deletes `{}`", shown(&name)),
                    Some(&name),
                );
                return;
            }
            Data::Expand => {
                let message = format!(
                    "`{}` is REG_EXPAND_SZ, which the app cannot read although it counts as set; write REG_SZ",
                    shown(&name)
                );
                note("registry-type", Severity::Error, message, Some(&name));
                doc.touched.push(name);
                return;
            }
            Data::Invisible(kind) => {
                let message =
                    format!("`{}` is {kind}, which the app does not see; write REG_SZ", shown(&name));
                note("registry-type", Severity::Error, message, Some(&name));
                doc.touched.push(name);
                return;
            }
            Data::Bad(what) => {
                note("registry-line", Severity::Error, format!("`{}`: {what}", shown(&name)), Some(&name));
                doc.touched.push(name);
                return;
            }
        };
        entries.push(Entry { name, raw, line: Some(line), path });
    }

    fn finish(self, doc: &mut Document) {
        if let (Some((name, line)), false) = (&self.silencer, self.user.is_empty()) {
            doc.notes.push(Note::at(
                "hkcu-ignored",
                Severity::Error,
                format!(
                    "{} values under HKEY_CURRENT_USER are ignored, because `{}` stands under HKEY_LOCAL_MACHINE (app 1.19367.0 and later); keep all values in one hive",
                    self.user.len(),
                    shown(name)
                ),
                None,
                *line,
                name.clone(),
            ));
            doc.entries = self.machine;
        } else {
            doc.entries = self.machine;
            doc.entries.extend(self.user);
        }
        if let Some(first) = self.as_dword.first() {
            let names: Vec<String> =
                self.as_dword.iter().take(6).map(|n| format!("`{}`", shown(n))).collect();
            let more = self.as_dword.len().saturating_sub(6);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            doc.notes.push(Note {
                key: Some(first.clone()),
                ..Note::whole(
                    "registry-dword",
                    Severity::Warning,
                    format!(
                        "REG_DWORD used for {}{more}: sources disagree whether every app version reads it; write REG_SZ \"true\", \"false\" or decimal text",
                        names.join(", ")
                    ),
                )
            });
        }
    }
}

struct Item {
    line: u32,
    content: Content,
}

enum Content {
    Section { key: String, delete: bool },
    Value { name: Option<String>, data: Data },
}

/// The data of a value, as far as the app could read it.
#[derive(Debug, PartialEq)]
enum Data {
    Text(String),
    Dword(u32),
    /// REG_EXPAND_SZ.
    Expand,
    /// A type the app does not see.
    Invisible(&'static str),
    Delete,
    Bad(&'static str),
}

fn parse(text: &str) -> Vec<Item> {
    let lines: Vec<&str> = text.split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l)).collect();
    let mut items = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        at += 1;
        let line = line.trim_start();
        if let Some(inner) = line.strip_prefix('[') {
            // A key's name may hold brackets; the last one closes.
            let inner = inner.rsplit_once(']').map_or(inner, |(key, _)| key);
            let (key, delete) = match inner.strip_prefix('-') {
                Some(key) => (key, true),
                None => (inner, false),
            };
            items.push(Item {
                line: number,
                content: Content::Section { key: key.trim().to_owned(), delete },
            });
            continue;
        }
        let (name, rest) = if let Some(rest) = line.strip_prefix('@') {
            (None, rest)
        } else if let Some(quoted) = line.strip_prefix('"') {
            match quoted_text(quoted) {
                Some((name, rest)) => (Some(name), rest),
                None => continue,
            }
        } else {
            continue;
        };
        let Some(rest) = rest.trim_start().strip_prefix('=') else { continue };
        let rest = rest.trim_start();
        let data = if let Some(quoted) = rest.strip_prefix('"') {
            let (data, more) = text_data(quoted, lines.get(at..).unwrap_or_default());
            at += more;
            data
        } else {
            let mut joined = rest.trim_end().to_owned();
            while joined.ends_with('\\') && at < lines.len() {
                joined.pop();
                joined.push_str(lines.get(at).copied().unwrap_or_default().trim());
                at += 1;
            }
            plain_data(&joined)
        };
        items.push(Item { line: number, content: Content::Value { name, data } });
    }
    items
}

/// The text up to the closing quotation mark, unescaped, and what follows it.
fn quoted_text(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, text.get(at + 1..).unwrap_or_default())),
            '\\' => match chars.next() {
                Some((_, c @ ('"' | '\\'))) => out.push(c),
                // regedit drops the backslash of an escape it does not know.
                Some((_, c)) => out.push(c),
                None => return None,
            },
            c => out.push(c),
        }
    }
    None
}

/// A quoted value, which may run over several lines; returns how many further lines it took.
fn text_data(first: &str, following: &[&str]) -> (Data, usize) {
    const BARE: &str = "the quotation marks inside the value are not written as \\\", so regedit drops the line; write \\\" for each";
    let done = |text: String, rest: &str| {
        let rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with(';') { Data::Text(text) } else { Data::Bad(BARE) }
    };
    if let Some((text, rest)) = quoted_text(first) {
        return (done(text, rest), 0);
    }
    let mut whole = first.to_owned();
    // Bounded, so that an open quotation mark cannot swallow or slow down a whole file.
    for (taken, line) in following.iter().take(500).enumerate() {
        if whole.len() > 64 * 1024 {
            break;
        }
        let start = line.trim_start();
        if start.starts_with("[HKEY")
            || start.starts_with("[-HKEY")
            || (start.starts_with('"') && start.contains("\"="))
        {
            break;
        }
        whole.push('\n');
        whole.push_str(line);
        if line.contains('"')
            && let Some((text, rest)) = quoted_text(&whole)
        {
            return (done(text, rest), taken + 1);
        }
    }
    (Data::Bad("the quoted value is never closed; close it with a quotation mark"), 0)
}

fn plain_data(text: &str) -> Data {
    // A comment may follow the data.
    let text = text.split(';').next().unwrap_or_default().trim();
    let lower = text.to_ascii_lowercase();
    if lower == "-" {
        return Data::Delete;
    }
    if let Some(digits) = lower.strip_prefix("dword:") {
        let digits = digits.trim();
        if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Data::Bad("`dword:` takes one to eight hexadecimal digits, such as dword:00000001");
        }
        return u32::from_str_radix(digits, 16)
            .map_or(Data::Bad("`dword:` takes hexadecimal digits"), Data::Dword);
    }
    if lower.starts_with("hex(2):") {
        return Data::Expand;
    }
    for (prefix, kind) in [
        ("hex:", "REG_BINARY"),
        ("hex(3):", "REG_BINARY"),
        ("hex(7):", "REG_MULTI_SZ"),
        ("hex(b):", "REG_QWORD"),
        ("hex(0):", "REG_NONE"),
        ("qword:", "REG_QWORD"),
    ] {
        if lower.starts_with(prefix) {
            return Data::Invisible(kind);
        }
    }
    if let Some(list) = lower.strip_prefix("hex(1):") {
        return match hex_bytes(list) {
            Some(bytes) => {
                let units = bytes.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]]));
                let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
                Data::Text(text.split('\0').next().unwrap_or_default().to_owned())
            }
            None => Data::Bad("`hex(1):` takes pairs of hexadecimal digits with commas between them"),
        };
    }
    if let Some(list) = lower.strip_prefix("hex(4):") {
        return match hex_bytes(list).as_deref() {
            Some([a, b, c, d]) => Data::Dword(u32::from_le_bytes([*a, *b, *c, *d])),
            _ => Data::Bad("`hex(4):` takes four bytes"),
        };
    }
    if lower.starts_with("hex(") {
        return Data::Invisible("a registry type unknown to the app");
    }
    Data::Bad("the value is neither quoted text nor dword: nor hex:; write it in quotation marks")
}

fn hex_bytes(list: &str) -> Option<Vec<u8>> {
    list.split(',')
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .map(|p| if p.len() <= 2 { u8::from_str_radix(p, 16).ok() } else { None })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;

    use super::*;

    fn data(line: &str) -> Data {
        let items = parse(&format!("[k]\n\"n\"={line}\n\"m\"=\"x\""));
        match items.into_iter().nth(1).unwrap().content {
            Content::Value { data, .. } => data,
            Content::Section { .. } => panic!("no value"),
        }
    }

    #[test]
    fn data_of_every_type() {
        assert_eq!(data(r#""a \"b\" C:\\x""#), Data::Text(r#"a "b" C:\x"#.into()));
        assert_eq!(data("\"x\" ; comment"), Data::Text("x".into()));
        assert_eq!(data("dword:0000000a"), Data::Dword(10));
        assert_eq!(data("DWORD:1"), Data::Dword(1));
        assert_eq!(data("hex(4):01,00,00,00"), Data::Dword(1));
        assert_eq!(data("hex(1):61,00,\\\n  62,00,00,00"), Data::Text("ab".into()));
        assert_eq!(data("hex(2):61,00"), Data::Expand);
        assert_eq!(data("hex(7):61,00"), Data::Invisible("REG_MULTI_SZ"));
        assert_eq!(data("hex:61"), Data::Invisible("REG_BINARY"));
        assert_eq!(data("-"), Data::Delete);
        assert_eq!(data("\"a\nb\""), Data::Text("a\nb".into()));
        assert!(matches!(data(r#""{"a":1}""#), Data::Bad(_)));
        assert!(matches!(data("\"open"), Data::Bad(_)));
        assert!(matches!(data("true"), Data::Bad(_)));
        assert!(matches!(data("dword:xyz"), Data::Bad(_)));
    }

    #[test]
    fn keys_match_in_any_letter_case() {
        let policy = r"SOFTWARE\Policies\App";
        for (key, machine, ours) in [
            (r"HKEY_LOCAL_MACHINE\Software\POLICIES\app", true, true),
            (r"HKEY_CURRENT_USER\SOFTWARE\Policies\App", false, true),
            (r"HKEY_USERS\S-1-5-21-1\SOFTWARE\Policies\App", false, true),
            (r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\AppCode", true, false),
            (r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies", true, false),
        ] {
            let s = Section::of(key, policy);
            assert_eq!((s.machine, matches!(s.within, Within::Policy)), (machine, ours), "{key}");
        }
        assert!(
            matches!(Section::of(r"HKLM\Software\Policies\App\Oidc", policy).within, Within::Subkey(s) if s == "Oidc")
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn any_soup_of_parts_is_read(parts in prop::collection::vec(prop::sample::select(vec![
            "[HKEY_LOCAL_MACHINE\\a]", "\n", "\r\n", "\"", "=", "\\", "\"n\"=", "dword:", "hex(1):", "61,00", ";", "-", "@", "ü", "]",
        ]), 0..40)) {
            let _ = parse(&parts.concat());
        }
    }
}
