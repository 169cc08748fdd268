//! `config --format sarif`: SARIF 2.1.0, which code hosts show beside the lines of a pull request. One run, a rule for
//! each kind of finding, a result for each finding with its place.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value as Json, json};

use crate::config::{Lint, Origin};
use crate::contract::{Need, Severity};
use crate::report::config::{Effective, Numbered};
use crate::report::json::{Standing, standing_in};
use crate::rules::{Pack, SourceTag};

/// What a path keeps: the unreserved characters of RFC 3986, and the slash.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The configurations as one document, ending in a line feed.
pub fn render(all: &[Effective], pack: &Pack, rules: Standing<'_>) -> String {
    let mut kinds: Vec<&str> = Vec::new();
    let mut results = Vec::new();
    let mut marks = Numbered::default();
    for one in all {
        for lint in &one.lint {
            let at = kinds.iter().position(|id| *id == lint.id).unwrap_or_else(|| {
                kinds.push(&lint.id);
                kinds.len() - 1
            });
            let key = lint.key.as_deref().unwrap_or_default();
            // The same finding keeps its mark while lines move.
            let mark = marks.once(format!("{}:{}:{key}", one.configuration.name, lint.id), ':');
            results.push(result(one, lint, at, &mark));
        }
    }
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Clearway",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": kinds.iter().map(|id| rule(id, pack)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": {
                "rules_date": pack.meta.date,
                "configurations": all.iter().map(configuration).collect::<Vec<_>>(),
            },
        }],
    });
    standing_in(document, "/runs/0/properties", rules)
}

fn configuration(one: &Effective) -> Json {
    json!({
        "name": one.configuration.name,
        "app_version": one.app_version,
        "platform": one.platform,
        "complete": one.missing.iter().all(|m| m.need != Need::Required),
        "missing_hosts": one.missing,
    })
}

fn rule(id: &str, pack: &Pack) -> Json {
    let mut rule = Map::new();
    rule.insert("id".into(), id.into());
    if let Some(known) = pack.lints.describe(id) {
        rule.insert("shortDescription".into(), json!({ "text": escaped(known.title) }));
        let disputed = known.disputed.map(|text| format!(" Disputed: {text}")).unwrap_or_default();
        let pages: Vec<&SourceTag> =
            pack.meta.sources.iter().filter(|s| known.sources.contains(&s.tag)).collect();
        let named: Vec<String> = pages.iter().map(|page| format!("{}, {}", page.page, page.date)).collect();
        let said = format!("{}.{disputed} Source: {} ({}).", known.title, named.join("; "), known.confidence);
        rule.insert("fullDescription".into(), json!({ "text": escaped(&said) }));
        if let Some(page) = pages.iter().find(|page| page.url.starts_with("https://")) {
            rule.insert("helpUri".into(), page.url.as_str().into());
        }
        rule.insert("properties".into(), json!({ "confidence": known.confidence, "sources": known.sources }));
    }
    Json::Object(rule)
}

fn result(one: &Effective, lint: &Lint, rule: usize, mark: &str) -> Json {
    let level = match lint.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let mut result = json!({
        "ruleId": lint.id,
        "ruleIndex": rule,
        "level": level,
        "message": { "text": escaped(&lint.message) },
        "partialFingerprints": { "clearway/v1": mark },
        "properties": { "configuration": one.configuration.name, "key": lint.key },
    });
    result["locations"] = json!([location(one, lint)]);
    result
}

/// Where it stands. What is about a whole configuration stands in its first file: code hosts leave out what has no file.
fn location(one: &Effective, lint: &Lint) -> Json {
    let mut location = Map::new();
    let origin = lint.origin.as_ref();
    let first = one.configuration.sources.first().map(|s| s.name.as_str());
    if let Some(uri) = origin.map(|o| o.source.as_str()).or(first).and_then(uri) {
        let mut physical = json!({ "artifactLocation": { "uri": uri } });
        if let Some(line) = origin.and_then(|o| o.line).filter(|line| *line > 0) {
            physical["region"] = json!({ "startLine": line });
        }
        location.insert("physicalLocation".into(), physical);
    }
    let name = match (origin, &lint.key) {
        (Some(Origin { path, .. }), _) if !path.is_empty() => path,
        (_, Some(key)) => key,
        _ => &one.configuration.name,
    };
    location.insert("logicalLocations".into(), json!([{ "fullyQualifiedName": name, "kind": "member" }]));
    Json::Object(location)
}

/// A file as a URI reference; nothing for standard input and the registry.
fn uri(source: &str) -> Option<String> {
    if source == "-" || source.starts_with("HKEY_") || source.starts_with("HK") && source.contains('\\') {
        return None;
    }
    let mut path = source.replace('\\', "/");
    if path.contains("/../") {
        // A URI of a file has no such segments.
        let mut kept: Vec<&str> = Vec::new();
        for part in path.split('/').filter(|part| *part != ".") {
            match (part, kept.last()) {
                ("..", Some(last)) if !["", ".."].contains(last) => drop(kept.pop()),
                _ => kept.push(part),
            }
        }
        path = kept.join("/");
    }
    let encoded = utf8_percent_encode(path.strip_prefix("./").unwrap_or(&path), PATH).to_string();
    let drive = path.as_bytes().get(1) == Some(&b':');
    Some(match path.starts_with('/') {
        true if path.starts_with("//") => format!("file:{encoded}"),
        true => format!("file://{encoded}"),
        false if drive => format!("file:///{}", encoded.replacen("%3A", ":", 1)),
        false => encoded,
    })
}

/// A plain text message: braces would be placeholders (3.11.5), and brackets before parentheses a link (3.11.6).
fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}").replace("](", "\\](")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_uri_and_the_registry_is_none() {
        let cases = [
            ("profiles/a b.json", Some("profiles/a%20b.json")),
            ("./é.json", Some("%C3%A9.json")),
            (
                "/etc/claude-desktop/managed-settings.json",
                Some("file:///etc/claude-desktop/managed-settings.json"),
            ),
            ("C:\\ProgramData\\x#1.json", Some("file:///C:/ProgramData/x%231.json")),
            ("\\\\server\\share\\x.json", Some("file://server/share/x.json")),
            ("/srv/tests/../examples/./../x.json", Some("file:///srv/x.json")),
            ("../a/../x.json", Some("../x.json")),
            ("a:b.json", Some("file:///a:b.json")),
            ("-", None),
            ("HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude", None),
            ("HKLM\\SOFTWARE\\Policies\\Claude", None),
        ];
        for (source, expected) in cases {
            assert_eq!(uri(source).as_deref(), expected, "{source}");
        }
    }

    #[test]
    fn a_message_makes_no_placeholder_and_no_link() {
        assert_eq!(
            escaped("write {\"a\": 1}, [x](https://e.example)"),
            "write {{\"a\": 1}}, [x\\](https://e.example)"
        );
    }
}
