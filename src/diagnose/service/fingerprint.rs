//! Recognising the real service by its answer. Status, headers and JSON shape decide; the wording
//! only where a refusal has nothing else that tells it from a missing credential.

use serde_json::Value;

use crate::observation::Http;
use crate::rules::filters::Signs;
use crate::rules::services::{Answer, BodyShape, JsonCheck, JsonKind, Service};
use crate::text::answer as words;

/// Entries of a list that are looked into.
const ENTRIES: usize = 16;

/// The answer of the service's table that `http` fits, if any. `customer`: the host is the
/// customer's own, where a gateway may stand in for the service.
pub fn recognise<'a>(service: &'a Service, http: &Http, host: &str, customer: bool) -> Option<&'a Answer> {
    let json = json_body(http);
    let read = Read { host, text: words::plain(&http.body), errors: error_names(http, json.as_ref()), json };
    let usable = |a: &&Answer| customer || !a.customer;
    service.answers.iter().filter(usable).find(|answer| fits(answer, http, &read))
}

/// What of an answer is held against the tables, read once.
struct Read<'a> {
    host: &'a str,
    /// The body for comparison.
    text: String,
    json: Option<Value>,
    /// The names by which an interface calls its error.
    errors: Vec<String>,
}

fn fits(answer: &Answer, http: &Http, read: &Read<'_>) -> bool {
    http.status.is_some_and(|status| answer.status.iter().any(|range| range.contains(status)))
        && answer.header_present.iter().all(|name| has_header(http, name))
        && (answer.header_any.is_empty() || answer.header_any.iter().any(|name| has_header(http, name)))
        && !answer.header_absent.iter().any(|name| has_header(http, name))
        && answer.header_contains.iter().all(|(name, part)| {
            http.header(name).is_some_and(|v| v.to_ascii_lowercase().contains(&part.to_ascii_lowercase()))
        })
        && answer
            .header_prefix
            .iter()
            .all(|(name, prefix)| http.header(name).is_some_and(|v| starts_with(v, prefix)))
        && answer
            .content_type
            .as_deref()
            .is_none_or(|t| http.header("content-type").is_some_and(|v| starts_with(v, t)))
        && (answer.json.is_empty()
            || read.json.as_ref().is_some_and(|body| answer.json.iter().all(|check| holds(check, body))))
        && (answer.error.is_empty()
            || answer.error.iter().any(|name| read.errors.iter().any(|error| name == error)))
        && (answer.cdn_error.is_empty()
            || words::cdn_error(&http.body).is_some_and(|code| answer.cdn_error.contains(&code)))
        && answer.body_tokens.iter().all(|token| {
            let token = token.replace("{host}", read.host);
            http.body.split_whitespace().any(|word| word.starts_with(&token))
        })
        && (answer.body_any.is_empty()
            || answer.body_any.iter().any(|text| read.text.contains(text.as_str())))
        && answer.body_all.iter().all(|text| read.text.contains(text.as_str()))
        && match answer.body_is {
            Some(BodyShape::Version) => is_version(http.body.trim()),
            None => true,
        }
        && !(answer.not_html && is_html(http))
}

fn has_header(http: &Http, name: &str) -> bool {
    http.header(name).is_some() || http.header_names.iter().any(|n| n.eq_ignore_ascii_case(name))
}

fn starts_with(value: &str, prefix: &str) -> bool {
    value.trim_start().get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

/// Whether the answer is an HTML page, by its media type or, without one, by its first bytes.
pub fn is_html(http: &Http) -> bool {
    if let Some(kind) = http.header("content-type") {
        return starts_with(kind, "text/html") || starts_with(kind, "application/xhtml");
    }
    let body = http.body.trim_start_matches('\u{feff}');
    starts_with(body, "<!doctype html") || starts_with(body, "<html")
}

/// What the answer shows of itself, for the table of filters; `location`: the host of a redirect's place.
pub fn signs<'a>(http: &'a Http, location: Option<&'a str>) -> Signs<'a> {
    Signs {
        location,
        place: http.header("location"),
        server: http.header("server"),
        headers: &http.header_names,
        page: is_html(http).then_some(http.body.as_str()),
    }
}

/// Whether every check holds for a body.
pub(crate) fn all_hold(checks: &[JsonCheck], body: &Value) -> bool {
    !checks.is_empty() && checks.iter().all(|check| holds(check, body))
}

fn holds(check: &JsonCheck, body: &Value) -> bool {
    places(body, &check.path).into_iter().any(|place| holds_at(check, place))
}

/// The places that a path leads to: into every entry of a list, and to members in any case.
fn places<'v>(body: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut found = vec![body];
    for name in path.split('.').filter(|n| !n.is_empty()) {
        found = found
            .into_iter()
            .flat_map(|place| match place {
                Value::Array(entries) => entries.iter().take(ENTRIES).collect(),
                other => vec![other],
            })
            .filter_map(|place| member(place, name))
            .collect();
    }
    found
}

fn member<'v>(place: &'v Value, name: &str) -> Option<&'v Value> {
    let members = place.as_object()?;
    let same = || members.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    members.get(name).or_else(same)
}

fn holds_at(check: &JsonCheck, place: &Value) -> bool {
    let number = place.as_number().map(ToString::to_string);
    let text = place.as_str().or(number.as_deref());
    check.is.is_none_or(|kind| is_kind(place, kind))
        && check.equals.as_deref().is_none_or(|wanted| text == Some(wanted))
        && (check.one_of.is_empty() || text.is_some_and(|t| check.one_of.iter().any(|w| w == t)))
        && check.prefix.as_deref().is_none_or(|wanted| text.is_some_and(|t| t.starts_with(wanted)))
}

fn is_kind(value: &Value, kind: JsonKind) -> bool {
    match kind {
        JsonKind::Object => value.is_object(),
        JsonKind::Array => value.is_array(),
        JsonKind::Container => value.is_object() || value.is_array(),
        JsonKind::String => value.is_string(),
        JsonKind::Number => value.is_number(),
        JsonKind::Boolean => value.is_boolean(),
    }
}

/// The names of the error: of AWS in a header, in JSON or in XML, without namespace and suffix.
fn error_names(http: &Http, json: Option<&Value>) -> Vec<String> {
    let mut names: Vec<&str> = http.header("x-amzn-errortype").into_iter().collect();
    if let Some(json) = json {
        names.extend(
            ["__type", "code", "error.code"].iter().flat_map(|p| places(json, p)).filter_map(Value::as_str),
        );
    } else if let Some((_, rest)) = http.body.split_once("<Code>") {
        names.extend(rest.split('<').next());
    }
    names
        .into_iter()
        .map(|name| {
            let name = name.split([':', ';']).next().unwrap_or_default().trim();
            let name = name.rsplit(['#', '.']).next().unwrap_or_default();
            name.strip_suffix("Exception").unwrap_or(name).to_owned()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

fn is_version(text: &str) -> bool {
    text.len() <= 40
        && text.contains('.')
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))
}

/// The body as JSON. Only the beginning of a long body is recorded, so a document that was cut off
/// is read as far as it goes; an HTML media type is never JSON.
pub(crate) fn json_body(http: &Http) -> Option<Value> {
    if is_html(http) {
        return None;
    }
    let body = http.body.trim_start_matches('\u{feff}').trim();
    // What some interfaces put in front so that no page can run it as a script.
    let body = body.strip_prefix(")]}'").unwrap_or(body).trim_start();
    if !body.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(body).ok().or_else(|| serde_json::from_str(&complete(body)?).ok())
}

/// Cuts a JSON text back to its last complete member and closes what is open.
fn complete(text: &str) -> Option<String> {
    let mut open: Vec<char> = Vec::new();
    let mut safe: Option<(usize, Vec<char>)> = None;
    let (mut in_string, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        if in_string {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match c {
            '"' => in_string = true,
            '{' | '[' => {
                if open.len() == 64 {
                    break;
                }
                open.push(if c == '{' { '}' } else { ']' });
                safe = Some((at + 1, open.clone()));
            }
            '}' | ']' => {
                if open.pop() != Some(c) {
                    return None;
                }
                safe = Some((at + 1, open.clone()));
            }
            ',' => safe = Some((at, open.clone())),
            _ => {}
        }
    }
    let (end, open) = safe?;
    let mut kept = text.get(..end)?.to_owned();
    kept.extend(open.into_iter().rev());
    Some(kept)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::observation::HttpOutcome;

    fn answer(content_type: &str, body: &str) -> Http {
        Http {
            at_ms: 0,
            confirm: false,
            version: "HTTP/1.1".into(),
            outcome: HttpOutcome::Answered,
            status: Some(200),
            headers: vec![("content-type".into(), content_type.into())],
            header_names: vec!["content-type".into()],
            body: body.into(),
            body_bytes: body.len(),
            document: None,
            transfer: None,
            first_byte_ms: Some(1.0),
            ms: 1.0,
        }
    }

    #[test]
    fn a_long_document_that_was_cut_off_is_read_as_far_as_it_goes() {
        for (text, expected) in [
            (r#"{"issuer":"https://a.example","token_end"#, r#"{"issuer":"https://a.example"}"#),
            (r#"{"data":[{"id":"m1"},{"id":"m"#, r#"{"data":[{"id":"m1"},{}]}"#),
            (r#"{"a":"x, \"}","b":{"c":1"#, r#"{"a":"x, \"}","b":{}}"#),
        ] {
            let read = json_body(&answer("application/json", text)).unwrap();
            assert_eq!(read, serde_json::from_str::<Value>(expected).unwrap(), "{text}");
        }
        assert!(json_body(&answer("application/json", "{]")).is_none());
        assert!(json_body(&answer("text/html", "{}")).is_none());
    }

    #[test]
    fn html_is_told_by_media_type_or_first_bytes() {
        assert!(is_html(&answer("text/html; charset=utf-8", "")));
        assert!(!is_html(&answer("application/json", "<html>")));
        let mut bare = answer("", "\u{feff}<!DOCTYPE html><title>x</title>");
        bare.headers.clear();
        assert!(is_html(&bare));
    }

    #[test]
    fn a_version_number_is_short_and_plain() {
        assert!(is_version("2.1.221") && is_version("1.0.0-rc.1"));
        for bad in ["", "Blocked", "2", "1.0 <html>", "v1.0"] {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
