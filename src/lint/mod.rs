//! Holds the rules of `rules/lints.toml` against one configuration. Pure: no files, no network, no
//! clock; nothing here knows a key by name beyond what the data says.

mod address;
mod checks;
mod connection;
mod missing;

use crate::rules::{Word, word};
pub use connection::{Connection, connection};
pub use missing::missing;

use crate::config::{Configuration, Lint, PlaceStatus, Value};
use crate::contract::Platform;
use crate::contract::ids::LintId;
use crate::derive::{self, Facts, Options};
use crate::rules::lints::LintRule;
use crate::rules::{Condition, KeyPath, Pack, Scope};
use crate::text::{english, line, template};

/// Longest value that a message quotes, in characters.
const QUOTED: usize = 70;

/// Longest text without an address that a message quotes; anything longer may be a credential in
/// the wrong place.
const QUOTED_TEXT: usize = 24;

/// Everything that is wrong or noteworthy in one configuration, each fact once, the worst first:
/// what its reader said, what derivation found, and what the linter finds.
pub fn all(pack: &Pack, configuration: &Configuration, options: &Options) -> Vec<Lint> {
    let one = std::slice::from_ref(configuration);
    let derived = derive::derive(pack, one, options);
    let version = options.app_version.as_ref().unwrap_or(&pack.meta.newest);
    let platform = options.platform.or(configuration.platform).unwrap_or_else(Platform::here);
    let facts = Facts::new(pack, configuration, version, platform, options);
    let known = options.platform.is_some() || configuration.platform.is_some();
    let (found, replaced) = check(&facts, known);
    let mut lint = derived.lint;
    // Already reported as a shadowed value or a place; not repeated as a lint.
    let told = |l: &Lint| {
        let shadowed = || configuration.shadowed.iter().any(|s| Some(&s.key) == l.key.as_ref());
        let ignored = || configuration.places.iter().any(|p| matches!(p.status, PlaceStatus::Ignored(_)));
        l.id == LintId::SHADOWED_KEY && shadowed() || l.id == LintId::LIBRARY_IGNORED && ignored()
    };
    lint.retain(|l| !word::has(&replaced, &l.id) && !told(l));
    for one in &mut lint {
        rename_advice(pack, one);
    }
    for one in found {
        if !lint.contains(&one) {
            lint.push(one);
        }
    }
    lint.sort_by_key(|l| std::cmp::Reverse(l.severity));
    lint
}

/// A name that people write is answered with what it stands for, not with the nearest spelling.
fn rename_advice(pack: &Pack, lint: &mut Lint) {
    if lint.id != LintId::UNKNOWN_KEY {
        return;
    }
    let known = pack.lints.invented.iter().find(|i| lint.key.as_deref() == Some(i.name.as_str()));
    if let Some(invented) = known {
        lint.message = format!(
            "`{}` is not a key of the documentation known here (app {}); {}",
            invented.name, pack.meta.newest, invented.instead
        );
    }
}

/// Whether a condition can hold on some platforms only.
fn needs_platform(condition: &Condition) -> bool {
    match condition {
        Condition::Platform(_) => true,
        Condition::All(list) => list.iter().any(needs_platform),
        _ => false,
    }
}

/// What the linter finds by itself, and the ids of other lints that say less of the same. Where the
/// platform is only assumed, rules for one platform are left out.
fn check(facts: &Facts<'_>, platform_known: bool) -> (Vec<Lint>, Vec<Word>) {
    let mut found = Vec::new();
    let mut replaced = Vec::new();
    for rule in facts.pack.lints.rules.iter().filter(|r| r.holds_for(facts.version)) {
        if !platform_known && needs_platform(&rule.when) {
            continue;
        }
        let before = found.len();
        match &rule.each {
            None => Pass { facts, rule, entry: None }.apply(&mut found),
            Some(list) => {
                let entries = facts.raw(list, None).and_then(Value::as_list).unwrap_or_default();
                for (at, entry) in entries.iter().enumerate().filter(|(_, e)| matches!(e, Value::Map(_))) {
                    Pass { facts, rule, entry: Some((at, entry)) }.apply(&mut found);
                }
            }
        }
        if found.len() > before {
            replaced.extend(rule.replaces.iter().cloned());
        }
    }
    (found, replaced)
}

/// One rule on one configuration, and on one entry where it iterates.
struct Pass<'a> {
    facts: &'a Facts<'a>,
    rule: &'a LintRule,
    entry: Option<(usize, &'a Value)>,
}

impl Pass<'_> {
    fn apply(&self, found: &mut Vec<Lint>) {
        let entry = self.entry.map(|(_, e)| e);
        if !self.facts.holds(&self.rule.when, entry) {
            return;
        }
        let values: Vec<(&KeyPath, Option<&Value>)> =
            self.rule.about.iter().map(|path| (path, self.facts.raw(path, entry))).collect();
        let hits = match &self.rule.check {
            Some(check) => checks::run(check, &values, self.facts, entry),
            None => {
                let at = values.iter().position(|(_, v)| v.is_some());
                vec![checks::Hit { about: at, detail: String::new() }]
            }
        };
        for hit in hits {
            found.push(self.lint(&values, &hit));
        }
    }

    fn lint(&self, values: &[(&KeyPath, Option<&Value>)], hit: &checks::Hit) -> Lint {
        // A value that is missing is looked for where it should stand.
        let about = hit.about.and_then(|at| values.get(at)).or_else(|| values.first());
        let key = about
            .map(|(path, _)| path.key.clone())
            .or_else(|| self.rule.each.as_ref().map(|list| list.key.clone()));
        let settings = &self.facts.configuration.settings;
        let provider = settings.get("inferenceProvider");
        let origin = key
            .as_ref()
            .and_then(|k| settings.get(k.as_str()))
            .or(provider.filter(|_| key.is_some()))
            .map(|s| s.origin.clone());
        let names = |set: bool| {
            let some: Vec<String> =
                values.iter().filter(|(_, v)| v.is_some() == set).map(|(p, _)| name(p)).collect();
            listed(&some)
        };
        let fill = |placeholder: &str| {
            Some(match placeholder {
                "key" => about.map(|(path, _)| name(path)).unwrap_or_default(),
                "value" => about
                    .and_then(|(path, v)| Some(crate::config::for_readers(&name(path), (*v)?)))
                    .map_or_else(|| "not set".to_owned(), |value| quoted(&value)),
                "set" => names(true),
                "unset" => names(false),
                "entry" => self.entry.map(|(at, e)| entry_name(at, e)).unwrap_or_default(),
                "detail" => hit.detail.clone(),
                "provider" => {
                    let id = self.facts.provider().unwrap_or("none");
                    let known = self.facts.pack.credentials.provider(id);
                    known.map_or_else(|| readable(id, QUOTED_TEXT), |p| p.title.to_string())
                }
                "platform" => match self.facts.platform {
                    Platform::Macos => "macOS".to_owned(),
                    Platform::Windows => "Windows".to_owned(),
                    Platform::Linux => "Linux".to_owned(),
                },
                "version" => format!("app {}", self.facts.version),
                "newest" => self.facts.pack.meta.newest.to_string(),
                _ => String::new(),
            })
        };
        let mut message = template::fill(&self.rule.message, fill);
        if !self.rule.instead.is_empty() {
            message = format!("{} {}", sentence(message), template::fill(&self.rule.instead, fill));
        }
        if let Some(disputed) = &self.rule.disputed {
            message = format!("{} Sources disagree: {disputed}", sentence(message));
        }
        let message = message.trim_end_matches('.').to_owned();
        Lint {
            id: self.rule.id.to_string(),
            severity: self.rule.severity,
            message,
            key: key.map(String::from),
            origin,
        }
    }
}

fn sentence(mut text: String) -> String {
    if !text.ends_with('.') {
        text.push('.');
    }
    text
}

/// A key or a member as messages write it.
fn name(path: &KeyPath) -> String {
    match (path.scope, path.path.is_empty()) {
        (Scope::Entry, _) => path.path.to_string(),
        (Scope::Configuration, true) => path.key.to_string(),
        (Scope::Configuration, false) => format!("{}.{}", path.key, path.path),
    }
}

fn entry_name(at: usize, entry: &Value) -> String {
    let name = entry.at("name").or_else(|| entry.at("expectedName")).and_then(Value::as_str);
    match name.filter(|n| !n.is_empty()) {
        Some(name) => format!("entry {} ({})", at + 1, readable(name, 40)),
        None => format!("entry {}", at + 1),
    }
}

/// Names in a sentence; at most six.
fn listed(names: &[String]) -> String {
    english::few(names, 6)
}

/// A value as a message may show it: never a secret, nothing behind a question mark of an address,
/// nothing long that is no address.
fn quoted(value: &Value) -> String {
    match value {
        Value::Bool(b) => b.to_string(),
        Value::Integer(n) => n.to_string(),
        Value::Number(n) => readable(n, QUOTED_TEXT),
        Value::Text(text) if text.contains("://") => {
            let plain = text.split(['?', '#']).next().unwrap_or_default();
            format!("`{}`", readable(plain, QUOTED))
        }
        Value::Text(text) if is_path(text) => format!("`{}`", readable(text, QUOTED)),
        Value::Text(text) if text.chars().count() <= QUOTED_TEXT => {
            format!("`{}`", readable(text, QUOTED_TEXT))
        }
        Value::Text(text) => format!("a text of {} characters", text.chars().count()),
        Value::Secret(_) => "a secret".to_owned(),
        Value::List(items) => format!("a list of {}", items.len()),
        Value::Map(_) => "an object".to_owned(),
    }
}

/// Whether a text looks like the path of a file.
fn is_path(text: &str) -> bool {
    let bytes = text.as_bytes();
    let drive = bytes.get(1) == Some(&b':') && bytes.first().is_some_and(u8::is_ascii_alphabetic);
    (drive || text.starts_with(['/', '~', '%', '$'])) && !text.contains(char::is_whitespace)
}

/// One line without characters that are not seen and without what may be a secret, cut at `limit` characters.
fn readable(text: &str, limit: usize) -> String {
    line::clipped(&crate::config::masked(text), limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_value_gives_nothing_away() {
        let text = |t: &str| Value::Text(t.to_owned());
        assert_eq!(quoted(&text("eu-west-1")), "`eu-west-1`");
        assert_eq!(quoted(&text("https://gw.example/v1?token=abc")), "`https://gw.example/v1`");
        assert_eq!(quoted(&text(&"k".repeat(40))), "a text of 40 characters");
        assert_eq!(quoted(&Value::Secret(crate::config::Secret::new("x"))), "a secret");
    }
}
