//! One value, read as the type that its key has.

use crate::config::error::shown;
use crate::config::formats::Encoding;
use crate::config::formats::json_text;
use crate::config::formats::tree::Raw;
use crate::config::value::Value;
use crate::contract::AppVersion;
use crate::rules::keys::{Key, KeyKind};

/// A decoded value and how it was spelled.
pub(super) struct Good {
    pub(super) value: Option<Value>,
    pub(super) from_text: bool,
    pub(super) structure: bool,
    pub(super) dropped: Option<String>,
}

/// Why a value is not used. The texts never hold the value of a key that can be secret.
pub(super) enum Problem {
    Undecodable(String),
    Case(String),
    /// What is written there, as a message may show it.
    NotAllowed(String),
}

fn undecodable<T>(what: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Undecodable(what.into()))
}

/// The value, where `version` (the newest when there is none) can read it. `embedded`: how many more values may stand in JSON text.
pub(super) fn decode_value(
    key: &Key,
    raw: &Raw,
    encoding: Encoding,
    version: Option<&AppVersion>,
    embedded: &mut usize,
) -> Result<Good, Problem> {
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
                one_of(key, t, version)?;
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
fn one_of(key: &Key, text: &str, version: Option<&AppVersion>) -> Result<(), Problem> {
    if text.is_empty() || key.allows(text, version) {
        return Ok(());
    }
    if let Some(value) = key.values.iter().find(|v| v.eq_ignore_ascii_case(text.trim())) {
        return Err(Problem::Case(format!("letter case and spaces count; write `{value}`")));
    }
    // A short word of letters is no credential; anything else may be one in the wrong place.
    let word = text.len() <= 30
        && text.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'/' | b'_' | b' '));
    let seen = if word && !key.secret { format!("`{}`", shown(text)) } else { "this text".to_owned() };
    let seen = match near(key, text).filter(|_| word) {
        Some(value) => format!("{seen} (did you mean `{value}`?)"),
        None => seen,
    };
    Err(Problem::NotAllowed(seen))
}

/// The value that a misspelt one is near to.
fn near<'a>(key: &'a Key, text: &str) -> Option<&'a str> {
    let lower = text.trim().to_ascii_lowercase();
    let limit = (lower.chars().count() / 3).clamp(1, 3);
    let far = |value: &str| strsim::osa_distance(&value.to_ascii_lowercase(), &lower);
    let values = key.values.iter().map(|v| (far(v), v.as_str())).filter(|(far, _)| *far <= limit);
    values.min_by_key(|(far, _)| *far).map(|(_, value)| value)
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
                // No list and no object is begun: plain text in their place.
                Err(_) if text.trim_start().starts_with(|c: char| c.is_alphanumeric()) => {
                    return undecodable(format!("text where {shape} belongs; {how} it so"));
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
            if bad > 0 && key.whole {
                return undecodable(format!(
                    "{bad} of {} elements are not text, and the app then takes the whole list as empty; {how} {shape}",
                    items.len()
                ));
            }
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
