//! Events of Windows' logs, as `wevtutil … /f:xml` prints them: names of elements and fields are the same in every
//! language of Windows, those of its other form are not.

use crate::rules::{Word, word};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event as Part};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Events that are looked at.
const MOST: usize = 200;
/// Parts of XML that are looked at.
const PARTS: usize = 100_000;

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Its number.
    pub(super) id: String,
    /// When, as it says.
    pub(super) time: String,
    /// Its fields: `Data` by their names, other elements by theirs.
    pub(super) fields: Vec<(String, String)>,
}

impl Event {
    /// A field, by any of some names.
    pub(super) fn field(&self, names: &[Word]) -> Option<&str> {
        self.fields.iter().find(|(n, _)| word::has(names, n)).map(|(_, v)| v.trim())
    }

    /// When, Unix seconds.
    pub(super) fn at(&self) -> Option<i64> {
        OffsetDateTime::parse(&self.time, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp)
    }
}

/// The events in an output, in its order; nothing where it is no XML of events, whole or in part. No output is no event.
pub(super) fn read(text: &str) -> Option<Vec<Event>> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let mut all = Vec::new();
    let mut reader = Reader::from_str(text);
    let mut event: Option<Event> = None;
    let mut leaf: Option<(String, String)> = None;
    for _ in 0..PARTS {
        match reader.read_event().ok()? {
            Part::Start(tag) if tag.local_name().as_ref() == "Event" => event = Some(Event::default()),
            Part::Start(tag) => {
                let name = match attribute(&tag, "Name") {
                    Some(name) if tag.local_name().as_ref() == "Data" => name,
                    _ => tag.local_name().as_ref().to_owned(),
                };
                leaf = Some((name, String::new()));
            }
            Part::Empty(tag) => {
                if let (Some(event), "TimeCreated") = (&mut event, tag.local_name().as_ref()) {
                    event.time = attribute(&tag, "SystemTime").unwrap_or_default();
                }
            }
            Part::Text(text) => match &mut leaf {
                Some((_, value)) => value.push_str(&text.xml10_content()),
                None if text.trim().is_empty() => {}
                None => return None,
            },
            Part::CData(text) => {
                if let Some((_, value)) = &mut leaf {
                    value.push_str(&text.into_inner());
                }
            }
            Part::GeneralRef(name) => {
                let c = match &*name {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => name.resolve_char_ref().ok().flatten(),
                };
                if let (Some(c), Some((_, value))) = (c, &mut leaf) {
                    value.push(c);
                }
            }
            Part::End(tag) if tag.local_name().as_ref() == "Event" => {
                all.extend(event.take());
                if all.len() >= MOST {
                    return Some(all);
                }
            }
            Part::End(_) => {
                if let (Some(event), Some((name, value))) = (&mut event, leaf.take()) {
                    if name == "EventID" {
                        value.trim().clone_into(&mut event.id);
                    } else {
                        event.fields.push((name, value));
                    }
                }
            }
            Part::Eof => return event.is_none().then_some(all),
            _ => {}
        }
    }
    None
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let value = tag.attributes().flatten().find(|a| a.key.0 == name)?;
    value.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok().map(|v| v.into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn fields_are_read_by_their_fixed_names() {
        let text = "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='x'/><EventID>1121</EventID><TimeCreated SystemTime='2026-11-20T09:12:44.5510000Z'/></System><EventData><Data Name='Path'>C:\\A &amp; B\\a.exe</Data><Data Name='Process Name'>b.exe</Data></EventData></Event>\r\n<Event><System><EventID Qualifiers='0'>8004</EventID></System><UserData><RuleAndFileData><FilePath>c.exe</FilePath></RuleAndFileData></UserData></Event>";
        let events = read(text).unwrap();
        let field = |n: usize, name: &str| events[n].field(&[name.into()]).map(str::to_owned);
        assert_eq!(events.len(), 2);
        assert_eq!((events[0].id.as_str(), events[0].at()), ("1121", Some(1_795_165_964)));
        assert_eq!(field(0, "Path").as_deref(), Some("C:\\A & B\\a.exe"));
        assert_eq!((events[1].id.as_str(), field(1, "FilePath").as_deref()), ("8004", Some("c.exe")));
        assert_eq!(events[1].at(), None);
    }

    #[test]
    fn what_is_no_list_of_events_is_told_from_no_event() {
        assert_eq!(read("\u{feff}\r\n"), Some(Vec::new()));
        for bad in
            ["Event[0]:\n  Event ID: 1121\n", "Zugriff verweigert", "<Event><System>", "<Event></System>"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
