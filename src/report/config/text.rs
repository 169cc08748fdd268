//! The effective configuration as text: what it connects to, what is wrong with it, every key with
//! its place, and what is not in effect.

use crate::contract::Position;
use crate::report::parts;
use crate::text::english;
use crate::text::page::columns;
use std::collections::BTreeMap;

use crate::config::{Configuration, Lint, Origin, PlaceStatus, Setting, ShadowedBy, Value};
use crate::contract::ids::LintId;
use crate::contract::{Need, Severity};
use crate::report::config::{Effective, shown};
use crate::report::layout::{Page, Paint, Style};
use crate::report::sanitise;
use crate::report::words;
use crate::rules::Pack;
use crate::rules::age::Age;
use crate::rules::keys::Key;

/// Longest value that is shown, in characters; `-v` shows all of it.
const VALUE: usize = 600;

/// The configurations for a terminal, one after the other. With `style.quiet` only what is wrong.
pub fn render(all: &[Effective], pack: &Pack, age: Option<Age>, style: &Style) -> String {
    let mut page = Page::new(style);
    for one in all {
        if style.quiet {
            quiet(&mut page, one, all.len() > 1);
        } else {
            whole(&mut page, one, pack, age);
        }
    }
    page.into_text()
}

fn quiet(page: &mut Page<'_>, one: &Effective, named: bool) {
    if named {
        page.heading(&sanitise::line(&one.configuration.name, sanitise::SHORT));
    }
    let refs = Refs::new(&one.configuration);
    page.hang("", Paint::None, &summary(one));
    lacking(page, one);
    findings(page, one, &refs, |s| s != Severity::Info);
}

/// The errors among the findings that cost required hosts.
fn lacking(page: &mut Page<'_>, one: &Effective) {
    for missing in one.missing.iter().filter(|m| m.need == Need::Required) {
        let because = missing.key.as_ref().unwrap_or(&missing.why);
        let text =
            format!("INCOMPLETE: a required host of `{}` is missing, because of {because}.", missing.feature);
        page.hang("! ", Paint::Attention, &sanitise::line(&text, sanitise::LONG));
    }
}

fn whole(page: &mut Page<'_>, one: &Effective, pack: &Pack, age: Option<Age>) {
    let refs = Refs::new(&one.configuration);
    let ordinary = one.lint.iter().any(|l| l.id == LintId::MODE_1P && l.severity == Severity::Error);
    page.heading(if ordinary {
        "Claude Desktop configuration that is set, and not in effect: the app runs in its ordinary mode"
    } else {
        "Claude Desktop configuration in effect"
    });
    page.blank();
    let mut rows = head(one, pack, &refs);
    let age = age.map(|a| format!(" ({a})")).unwrap_or_default();
    rows.push(("Rules", format!("{}{age}", sanitise::line(&pack.meta.date, 20))));
    parts::rows(page, &rows);
    page.blank();
    page.hang("  ", Paint::None, &summary(one));
    lacking(page, one);
    if one.lint.iter().any(|l| l.severity != Severity::Info) {
        page.heading("FINDINGS");
        findings(page, one, &refs, |s| s != Severity::Info);
    }
    settings(page, one, pack, &refs);
    not_in_effect(page, one, &refs);
    places(page, one);
    if one.lint.iter().any(|l| l.severity == Severity::Info) {
        page.heading("NOTES");
        findings(page, one, &refs, |s| s == Severity::Info);
    }
}

/// Label and value of the head.
fn head(one: &Effective, pack: &Pack, refs: &Refs) -> Vec<(&'static str, String)> {
    let config = &one.configuration;
    let mut rows = Vec::new();
    let several = config.sources.len() > 1;
    for (at, source) in config.sources.iter().enumerate() {
        let hash = source.sha256.get(..12).unwrap_or(&source.sha256);
        let mark = if several { format!("[{}] ", at + 1) } else { String::new() };
        let hash = if hash.is_empty() { String::new() } else { format!(", sha256 {hash}") };
        let name = sanitise::line(&source.name, sanitise::SHORT);
        rows.push(("Config", format!("{mark}{name} ({}{hash})", sanitise::line(&source.format, 40))));
    }
    let file = config.sources.first().map_or("", |s| s.name.as_str());
    if !file.ends_with(&config.name) && !config.name.is_empty() {
        rows.push(("Name", sanitise::line(&config.name, sanitise::SHORT)));
    }
    if let Some(below) = refs.common() {
        rows.push(("Keys below", sanitise::line(below, sanitise::SHORT)));
    }
    if let Some(user) = &config.user {
        rows.push(("User", sanitise::line(user, sanitise::SHORT)));
    }
    let assumed = if one.platform_assumed { " (assumed; --platform says otherwise)" } else { "" };
    rows.push(("Platform", format!("{}{assumed}", words::platform(one.platform))));
    rows.push(("App", one.app_version.to_string()));
    rows.push(("Provider", provider(one)));
    rows.push(("Credential", credential(one)));
    if !one.connection.missing.is_empty() {
        rows.push(("Missing", one.connection.missing.join(", ")));
    }
    let formats = config.sources.iter().map(|s| s.format.as_str());
    if config.places.is_empty()
        && let Some(text) = formats.clone().find_map(|f| pack.lints.takes_effect(f))
    {
        rows.push(("In effect", text.to_owned()));
    }
    rows
}

fn provider(one: &Effective) -> String {
    let connection = &one.connection;
    match (&connection.provider, &connection.title) {
        (Some(id), Some(title)) => format!("{} ({title})", sanitise::line(id, 40)),
        (Some(id), None) => format!("{} (unknown)", sanitise::line(id, 40)),
        (None, _) if connection.served => "comes from the bootstrap server".to_owned(),
        (None, _) => "none: this configuration alone does not start third-party inference".to_owned(),
    }
}

fn credential(one: &Effective) -> String {
    let connection = &one.connection;
    let kind = match connection.credential.as_str() {
        "static" => "a fixed key or token",
        "helper-script" => "a local program supplies it",
        "interactive" => "users sign in",
        "vendor-profile" => "the cloud's own profile or default credentials",
        "workforce" => "workforce identity federation",
        "external-idp" => "your identity provider",
        _ if connection.provider.is_none() && connection.served => "comes from the bootstrap server",
        _ => "none is configured",
    };
    let name = match connection.credential.as_str() {
        "none" => String::new(),
        id => format!("{}: ", sanitise::line(id, 40)),
    };
    let keys: Vec<&str> = connection.because.iter().map(String::as_str).collect();
    let why = match (connection.named, keys.is_empty(), connection.credential.as_str()) {
        (true, _, _) => ", as inferenceCredentialKind says; no other source is tried".to_owned(),
        (false, true, "none") => String::new(),
        (false, true, _) => ", because nothing else is set".to_owned(),
        (false, false, _) => {
            let verb = if keys.len() == 1 { "is" } else { "are" };
            format!(", because {} {verb} set", english::and(&keys))
        }
    };
    format!("{name}{kind}{why}")
}

fn summary(one: &Effective) -> String {
    let set = one.configuration.settings.values().filter(|s| s.value.is_set()).count();
    let counts = [
        english::count(one.count(Severity::Error), "error", "errors"),
        english::count(one.count(Severity::Warning), "warning", "warnings"),
        english::count(one.count(Severity::Info), "note", "notes"),
    ];
    format!("{} set: {}.", english::count(set, "key is", "keys are"), english::and(&counts))
}

fn findings(page: &mut Page<'_>, one: &Effective, refs: &Refs, wanted: impl Fn(Severity) -> bool) {
    for lint in one.lint.iter().filter(|l| wanted(l.severity)) {
        let (prefix, paint) = match lint.severity {
            Severity::Error => ("  x error    ", Paint::Bad),
            Severity::Warning => ("  ! warning  ", Paint::Attention),
            Severity::Info => ("  - ", Paint::Faint),
        };
        page.hang(prefix, paint, &finding(lint, refs));
    }
}

fn finding(lint: &Lint, refs: &Refs) -> String {
    let place =
        lint.origin.as_ref().and_then(|o| refs.words(o)).map_or_else(String::new, |p| format!("{p}; "));
    let end = if lint.message.ends_with(['.', '?', '!']) { "" } else { "." };
    format!(
        "{}{end} [{place}{}]",
        sanitise::line(&lint.message, sanitise::LONG),
        sanitise::line(&lint.id, 60)
    )
}

/// Every key that is set.
fn settings(page: &mut Page<'_>, one: &Effective, pack: &Pack, refs: &Refs) {
    let keys = one.keys(&pack.keys);
    if keys.is_empty() {
        return;
    }
    page.heading(if refs.several { "SETTINGS (source:line)" } else { "SETTINGS (line)" });
    let marks: BTreeMap<&str, String> = keys
        .iter()
        .filter_map(|k| {
            let setting = one.configuration.settings.get(k.name.as_str())?;
            Some((k.name.as_str(), refs.mark(&setting.origin)))
        })
        .collect();
    let width = marks.values().map(|m| columns(m)).max().unwrap_or(0);
    for key in keys {
        let Some(setting) = one.configuration.settings.get(key.name.as_str()) else { continue };
        let mark = marks.get(key.name.as_str()).map_or("", String::as_str);
        let gutter = format!("  {}{mark}  ", " ".repeat(width.saturating_sub(columns(mark))));
        let indent = " ".repeat(columns(&gutter) + 4);
        let default = one.default(key, &pack.keys);
        let verbose = page.style.verbose;
        let aside = aside(one, key, setting, default.as_ref(), refs, verbose);
        let tail = if aside.is_empty() { String::new() } else { format!(" ({})", aside.join("; ")) };
        match &setting.value {
            Value::List(items) if items.iter().any(|i| matches!(i, Value::Map(_))) => {
                page.hang_with(&gutter, Paint::Faint, &indent, &format!("{} ={tail}", key.name));
                for (at, item) in items.iter().enumerate() {
                    page.hang(&format!("{indent}{}. ", at + 1), Paint::None, &entry(item, verbose));
                }
            }
            other => {
                let text = format!("{} = {}{tail}", key.name, value(other, verbose));
                page.hang_with(&gutter, Paint::Faint, &indent, &text);
            }
        }
        for text in remarks(one, key, setting, refs, verbose) {
            page.hang(&indent, Paint::Faint, &text);
        }
    }
}

/// What is said of a value in brackets: its default, its spelling, whether it counts at all.
fn aside(
    one: &Effective,
    key: &Key,
    setting: &Setting,
    default: Option<&Value>,
    refs: &Refs,
    verbose: bool,
) -> Vec<String> {
    let mut out = Vec::new();
    match key.versions().position(&one.app_version) {
        Position::Before(since) => out.push(format!("not read by app {}: since {since}", one.app_version)),
        Position::After(until) => {
            out.push(format!("not read by app {}: removed in {until}", one.app_version))
        }
        Position::Inside => {}
    }
    if !setting.value.is_set() {
        out.push("empty, which counts as not set".to_owned());
    }
    match default {
        Some(default) if *default == setting.value => out.push("the default".to_owned()),
        Some(default) if setting.value.is_set() => out.push(format!("default {}", value(default, verbose))),
        _ => {}
    }
    // Text is the documented spelling of the formats that have no types, and no news.
    if let Some(raw) = setting.raw.as_deref().filter(|r| verbose || !r.starts_with('"') || refs.typed) {
        out.push(format!("spelled {}", sanitise::line(raw, if verbose { sanitise::LONG } else { 120 })));
    }
    out.retain(|t| !t.is_empty());
    out
}

/// What is worth a line below a value: what it shadows, and with `-v` where it stands and what it does.
fn remarks(one: &Effective, key: &Key, setting: &Setting, refs: &Refs, verbose: bool) -> Vec<String> {
    let mut out = Vec::new();
    for lost in one.configuration.shadowed.iter().filter(|s| s.key == key.name) {
        let place = refs.place(&lost.origin);
        out.push(format!("instead of {} in {place}", value(&lost.value, verbose)));
    }
    if verbose {
        let path = sanitise::line(&setting.origin.path, sanitise::SHORT);
        if !path.is_empty() && path != key.name {
            out.push(format!("at {path}"));
        }
        out.push(sanitise::line(&key.effect, sanitise::LONG));
    }
    out
}

/// An entry of a list of objects: its name first, then its members.
fn entry(item: &Value, verbose: bool) -> String {
    let Value::Map(map) = item else { return value(item, verbose) };
    let mut names: Vec<&String> = map.keys().collect();
    names.sort_by_key(|n| !matches!(n.as_str(), "name" | "id" | "server"));
    let parts = names.into_iter().filter_map(|n| Some(format!("{n}: {}", value(map.get(n)?, verbose))));
    sanitise::line(&parts.collect::<Vec<_>>().join(", "), if verbose { usize::MAX / 8 } else { VALUE })
}

/// A value on one line, which may wrap.
fn value(value: &Value, verbose: bool) -> String {
    let text = match value {
        Value::Text(text) if text.is_empty() => "\"\"".to_owned(),
        Value::Text(text) => text.clone(),
        Value::Secret(secret) if secret.is_empty() => "\"\"".to_owned(),
        Value::Secret(secret) if !secret.is_included() => "(secret, not included in the file)".to_owned(),
        Value::Secret(_) => "(secret)".to_owned(),
        other => spaced(&shown(other)),
    };
    let max = if verbose { usize::MAX / 8 } else { VALUE };
    let long = text.chars().count() > max;
    let text = sanitise::line(&text, max);
    if long { format!("{text} (-v shows all)") } else { text }
}

/// JSON with a space behind every comma and colon, so that it can wrap.
fn spaced(json: &serde_json::Value) -> String {
    use serde_json::Value as Json;
    match json {
        Json::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        Json::Object(map) => {
            let inner: Vec<String> =
                map.iter().map(|(k, v)| format!("{}: {}", Json::from(k.as_str()), spaced(v))).collect();
            format!("{{{}}}", inner.join(", "))
        }
        other => other.to_string(),
    }
}

/// Values that lost as a whole, not to a value of the same key.
fn not_in_effect(page: &mut Page<'_>, one: &Effective, refs: &Refs) {
    let config = &one.configuration;
    let lost: Vec<_> = config.shadowed.iter().filter(|s| !config.settings.contains_key(&s.key)).collect();
    if lost.is_empty() {
        return;
    }
    page.heading("SET, AND NOT IN EFFECT");
    let mut said = "";
    for one in lost {
        let place = refs.place(&one.origin);
        let value = value(&one.value, page.style.verbose);
        match &one.by {
            ShadowedBy::Rule(why) => {
                // Many values lose for one reason, which is said once.
                if why != said {
                    page.hang(
                        "  Because ",
                        Paint::None,
                        &format!("{}:", sanitise::line(why, sanitise::LONG)),
                    );
                    said = why;
                }
                let text = format!("{} = {value} ({place})", one.key);
                page.hang("  - ", Paint::None, &sanitise::line(&text, sanitise::LONG));
            }
            ShadowedBy::Key(by) => {
                let text = format!("{} = {value} ({place}): {} wins", one.key, refs.place(by));
                page.hang("  - ", Paint::None, &sanitise::line(&text, sanitise::LONG));
            }
        }
    }
}

/// The places of a device, in order of precedence.
fn places(page: &mut Page<'_>, one: &Effective) {
    if one.configuration.places.is_empty() {
        return;
    }
    page.heading("PLACES (the first that sets a key wins)");
    for (at, place) in one.configuration.places.iter().enumerate() {
        let why = match &place.status {
            PlaceStatus::Read => "read".to_owned(),
            PlaceStatus::Absent => "nothing there".to_owned(),
            PlaceStatus::Ignored(why) => format!("ignored, because {why}"),
            PlaceStatus::Rejected(why) => format!("rejected by the app: {why}"),
            PlaceStatus::NotLookedAt(why) => format!("not looked at: {why}"),
        };
        let text = format!("{}: {why}", place.path);
        page.hang(&format!("  {}. ", at + 1), Paint::None, &sanitise::line(&text, sanitise::LONG));
    }
}

/// How places inside the sources are written: numbers for sources, where there are several.
struct Refs {
    sources: Vec<String>,
    several: bool,
    /// The path that most keys stand below, when it says something.
    below: String,
    /// A format with types of its own.
    typed: bool,
}

impl Refs {
    fn new(config: &Configuration) -> Self {
        let mut below: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, setting) in &config.settings {
            if let Some(head) = setting.origin.path.strip_suffix(name.as_str()) {
                *below.entry(head.trim_end_matches(['.', '\\'])).or_default() += 1;
            }
        }
        let all = config.settings.len();
        let most = below.iter().max_by_key(|(_, n)| **n).filter(|(_, n)| **n * 2 > all);
        let most = most.map_or("", |(head, _)| *head);
        let typed = config.sources.iter().all(|s| {
            !matches!(
                s.format.as_str(),
                "reg" | "mobileconfig" | "managed-preferences" | "signed-profile" | "registry"
            )
        });
        Self {
            sources: config.sources.iter().map(|s| s.name.clone()).collect(),
            several: config.sources.len() > 1,
            below: most.to_owned(),
            typed,
        }
    }

    fn common(&self) -> Option<&str> {
        (!self.below.is_empty()).then_some(self.below.as_str())
    }

    /// The short mark in front of a setting.
    fn mark(&self, origin: &Origin) -> String {
        let line = origin.line.map_or_else(|| "-".to_owned(), |l| l.to_string());
        if !self.several {
            return line;
        }
        match self.sources.iter().position(|s| *s == origin.source) {
            Some(at) => format!("[{}]:{line}", at + 1),
            None => line,
        }
    }

    /// A place in words, never empty.
    fn place(&self, origin: &Origin) -> String {
        self.words(origin).unwrap_or_else(|| sanitise::line(&origin.source, sanitise::SHORT))
    }

    /// The place of a finding, in words.
    fn words(&self, origin: &Origin) -> Option<String> {
        let at = self.sources.iter().position(|s| *s == origin.source);
        let source = match at {
            Some(at) if self.several => format!("source {}", at + 1),
            Some(_) => String::new(),
            None => sanitise::line(&origin.source, sanitise::SHORT),
        };
        let line = origin.line.map(|l| format!("line {l}"));
        let parts: Vec<String> =
            [Some(source).filter(|s| !s.is_empty()), line].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}
