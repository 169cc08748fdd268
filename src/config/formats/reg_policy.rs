//! Group Policy's own files: `Registry.pol`, and registry items of the preferences (`Registry.xml`).

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::doubt::{Doubt, Why};
use super::reg_script::{NOT_EVALUATED, typed};
use super::reg_text::{Content, Data, Item};
use super::tree::MAX_VALUES;
use crate::text::english;

/// First bytes of a policy file.
const POL: &[u8] = b"PReg";

/// Whether the bytes are a policy file.
pub(crate) fn is_pol(bytes: &[u8]) -> bool {
    bytes.starts_with(POL)
}

/// The items of a policy file; the hive is not in it. Nothing when it is damaged or cut off, with the
/// offset.
pub(super) fn parse_pol(bytes: &[u8], hive: &str) -> Result<Vec<Item>, usize> {
    let mut at = 8;
    let mut items = Vec::new();
    if bytes.len() < at {
        return Err(bytes.len());
    }
    let mut number = 0u32;
    while at < bytes.len() {
        if items.len() > MAX_VALUES {
            break;
        }
        number = number.saturating_add(1);
        let mut cursor = Cursor { bytes, at };
        let record = cursor.record().ok_or(at)?;
        at = cursor.at;
        record.items(hive, number, &mut items);
    }
    Ok(items)
}

struct Record {
    key: String,
    name: String,
    kind: u32,
    data: Vec<u8>,
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn unit(&mut self) -> Option<u16> {
        let two = self.bytes.get(self.at..self.at.checked_add(2)?)?;
        self.at += 2;
        Some(u16::from_le_bytes([*two.first()?, *two.get(1)?]))
    }

    fn sign(&mut self, sign: char) -> Option<()> {
        (u32::from(self.unit()?) == u32::from(sign)).then_some(())
    }

    fn text(&mut self) -> Option<String> {
        let mut units = Vec::new();
        loop {
            match self.unit()? {
                0 => return Some(String::from_utf16_lossy(&units)),
                _ if units.len() > 4096 => return None,
                unit => units.push(unit),
            }
        }
    }

    fn number(&mut self) -> Option<u32> {
        let (low, high) = (self.unit()?, self.unit()?);
        Some(u32::from(low) | u32::from(high) << 16)
    }

    fn record(&mut self) -> Option<Record> {
        self.sign('[')?;
        let key = self.text()?;
        self.sign(';')?;
        let name = self.text()?;
        self.sign(';')?;
        let kind = self.number()?;
        self.sign(';')?;
        let size = usize::try_from(self.number()?).ok()?;
        self.sign(';')?;
        let data = self.bytes.get(self.at..self.at.checked_add(size)?)?.to_vec();
        self.at += size;
        self.sign(']')?;
        Some(Record { key, name, kind, data })
    }
}

impl Record {
    fn items(self, hive: &str, line: u32, items: &mut Vec<Item>) {
        let key = format!("{hive}\\{}", self.key.trim_matches('\\'));
        let section = |key: String, delete| Item { line, content: Content::Section { key, delete } };
        let value =
            |name: &str, data| Item { line, content: Content::Value { name: Some(name.to_owned()), data } };
        let lower = self.name.to_ascii_lowercase();
        if lower == "**delvals." || lower == "**delvals" {
            // The key stays, and what a later record sets counts.
            items.push(section(key.clone(), true));
            items.push(section(key, false));
        } else if lower == "**deletekeys" {
            for name in utf16(&self.data).split(';').filter(|n| !n.is_empty()).take(100) {
                items.push(section(format!("{key}\\{name}"), true));
            }
        } else if lower == "**deletevalues" {
            items.push(section(key, false));
            items.extend(
                utf16(&self.data)
                    .split(';')
                    .filter(|n| !n.is_empty())
                    .take(1000)
                    .map(|n| value(n, Data::Delete)),
            );
        } else if let Some(name) = lower.strip_prefix("**del.").and_then(|_| self.name.get(6..)) {
            items.push(section(key, false));
            items.push(value(name, Data::Delete));
        } else if lower.starts_with("**") && !lower.starts_with("**soft.") {
            items.push(section(key, false));
        } else {
            items.push(section(key, false));
            let name = if lower.starts_with("**soft.") {
                self.name.get(7..).unwrap_or_default()
            } else {
                &self.name
            };
            if name.is_empty() && self.data.is_empty() {
                return;
            }
            let data = match (self.kind, self.data.as_slice()) {
                (1, data) => Data::Text(utf16(data)),
                (2, _) => Data::Expand,
                (4, [a, b, c, d]) => Data::Dword(u32::from_le_bytes([*a, *b, *c, *d])),
                (4, _) => Data::Bad("REG_DWORD takes four bytes"),
                (3, _) => Data::Invisible("REG_BINARY"),
                (7, _) => Data::Invisible("REG_MULTI_SZ"),
                (11, _) => Data::Invisible("REG_QWORD"),
                _ => Data::Invisible("a registry type unknown to the app"),
            };
            items.push(value(name, data));
        }
    }
}

fn utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect();
    String::from_utf16_lossy(&units).split('\0').next().unwrap_or_default().to_owned()
}

/// What a text of registry preferences says.
#[derive(Default)]
pub(crate) struct Preferences {
    pub(super) items: Vec<Item>,
    /// Lines of items that are switched off.
    pub off: Vec<u32>,
    /// Values that the policy sets for some devices alone.
    pub targeted: Vec<Doubt>,
}

/// An element that is open.
#[derive(Default)]
struct Open {
    /// It is switched off, with all in it.
    off: bool,
    /// It is the list of what a device is picked by.
    filters: bool,
    /// The first of the items that stand in it.
    first: usize,
    /// What its devices are picked by.
    picked: Vec<String>,
}

/// Marks the items of an element that is closed, where it picks devices.
fn close(open: &Open, found: &mut Preferences) {
    if open.picked.is_empty() {
        return;
    }
    let why = english::few(&open.picked, 3);
    let items = found.items.iter().skip(open.first);
    let of = |item: &Item| match &item.content {
        Content::Value { name: Some(name), .. } => {
            Some(Doubt { line: item.line, name: name.clone(), why: Why::Targeting(why.clone()) })
        }
        _ => None,
    };
    let targeted: Vec<Doubt> =
        items.filter_map(of).take(MAX_VALUES.saturating_sub(found.targeted.len())).collect();
    found.targeted.extend(targeted);
}

/// Whether an XML text is one of registry preferences.
pub(crate) fn is_preferences(text: &str) -> bool {
    let mut reader = Reader::from_str(text);
    for _ in 0..50 {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) => {
                return matches!(&*local_name(&tag), "RegistrySettings" | "Registry" | "Collection");
            }
            Ok(Event::Eof) | Err(_) => return false,
            _ => {}
        }
    }
    false
}

fn local_name(tag: &BytesStart<'_>) -> String {
    tag.local_name().as_ref().to_owned()
}

/// Reads registry preferences.
///
/// # Errors
/// Broken XML: the byte it breaks at.
pub(crate) fn parse_preferences(text: &str) -> Result<Preferences, usize> {
    let mut reader = Reader::from_str(text);
    let mut found = Preferences::default();
    let mut off: Vec<Open> = Vec::new();
    let mut counted = (0usize, 1u32);
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event().map_err(|_| at)?;
        let (tag, empty) = match &event {
            Event::Start(tag) => (tag, false),
            Event::Empty(tag) => (tag, true),
            Event::End(_) => {
                if let Some(open) = off.pop() {
                    close(&open, &mut found);
                }
                continue;
            }
            Event::Eof if off.is_empty() => return Ok(found),
            Event::Eof => return Err(at),
            _ => continue,
        };
        if found.items.len() > MAX_VALUES || off.len() > 64 {
            return Ok(found);
        }
        let new = text.get(counted.0..at).unwrap_or_default().matches('\n').count();
        counted = (at, counted.1.saturating_add(u32::try_from(new).unwrap_or(u32::MAX)));
        let attribute = |name: &str| attribute(tag, name);
        let parent = off.last();
        let disabled = parent.is_some_and(|p| p.off) || attribute("disabled").as_deref() == Some("1");
        let name = local_name(tag);
        let inside = off.iter().rposition(|open| open.filters);
        if let Some(owner) = inside.and_then(|at| at.checked_sub(1)).and_then(|at| off.get_mut(at)) {
            // One of its own, or of a collection of them.
            let what = name.strip_prefix("Filter").unwrap_or(&name).to_owned();
            let known = owner.picked.contains(&what) || owner.picked.len() > 20;
            if what != "Collection" && !known {
                owner.picked.push(crate::config::error::shown(&what));
            }
        } else if name == "Properties" {
            if disabled {
                found.off.push(counted.1);
            } else {
                properties(&attribute, counted.1, &mut found.items);
            }
        }
        if !empty {
            let filters = name == "Filters";
            off.push(Open { off: disabled, filters, first: found.items.len(), picked: Vec::new() });
        }
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let value = tag.attributes().flatten().find(|a| a.key.0 == name)?;
    value.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok().map(|v| v.into_owned())
}

/// Whether a text holds the name of a variable between percent signs, and not only escapes of a URL.
fn names_variable(text: &str) -> bool {
    let mut parts = text.split('%').skip(1).peekable();
    while let Some(part) = parts.next() {
        let word = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '(' | ')'));
        if word && parts.peek().is_some() {
            return true;
        }
    }
    false
}

fn properties(attribute: &dyn Fn(&str) -> Option<String>, line: u32, items: &mut Vec<Item>) {
    let key = attribute("key").unwrap_or_default();
    let key = key.trim_matches('\\');
    let key = if key.to_ascii_uppercase().starts_with("HK") {
        key.to_owned()
    } else {
        // Without a hive the machine's is meant.
        let hive = attribute("hive").filter(|h| !h.is_empty());
        format!("{}\\{key}", hive.as_deref().unwrap_or("HKEY_LOCAL_MACHINE"))
    };
    let name = attribute("name").filter(|n| !n.is_empty());
    let default = attribute("default").as_deref() == Some("1");
    let delete = attribute("action").is_some_and(|a| a.eq_ignore_ascii_case("D"));
    if name.is_none() && !default {
        items.push(Item { line, content: Content::Section { key, delete } });
        return;
    }
    items.push(Item { line, content: Content::Section { key, delete: false } });
    let text = attribute("value").unwrap_or_default();
    let kind = attribute("type").unwrap_or_default();
    let data = if delete {
        Data::Delete
    } else if names_variable(&text) {
        Data::Bad(NOT_EVALUATED)
    } else if kind.eq_ignore_ascii_case("REG_DWORD") {
        // Preferences write numbers in hexadecimal, with or without a mark.
        let digits = text.trim().trim_start_matches("0x");
        u32::from_str_radix(digits, 16).map_or(Data::Bad("REG_DWORD takes hexadecimal digits"), Data::Dword)
    } else {
        typed(&kind, text)
    };
    items.push(Item { line, content: Content::Value { name, data } });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut pol = b"PReg\x01\0\0\0".to_vec();
            pol.extend(bytes);
            let _ = parse_pol(&pol, "HKLM");
        }

        #[test]
        fn any_soup_of_parts_is_read(parts in prop::collection::vec(prop::sample::select(vec![
            "<RegistrySettings>", "<Registry ", "<Properties ", "hive=\"", "key=\"K\"", "value=\"%A%\"", "/>", ">", "\"", "</Registry>", "ü", "&",
        ]), 0..40)) {
            let _ = parse_preferences(&parts.concat());
        }
    }
}
