//! The checks that a condition cannot express, each by the name that the data uses.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::address::{self, Address};
use super::{entry_name, listed, readable};
use crate::config::Value;
use crate::config::secret::NOT_INCLUDED;
use crate::contract::ids::{FormatName, LintId};
use crate::contract::{HostPattern, Platform};
use crate::derive::Facts;
use crate::rules::KeyPath;
use crate::rules::lints::Check;
use crate::rules::{Word, word};

/// Something that a check found.
pub(super) struct Hit {
    /// Which of the values it is about; none for the configuration as a whole.
    pub about: Option<usize>,
    /// What was found, for the message.
    pub detail: String,
}

/// The values that a rule is about, set or not.
type Values<'a> = [(&'a KeyPath, Option<&'a Value>)];

/// Runs one check.
pub(super) fn run(check: &Check, values: &Values<'_>, facts: &Facts<'_>, entry: Option<&Value>) -> Vec<Hit> {
    let urls = |test: &dyn Fn(&Address) -> bool| {
        each(values, |v| {
            let address = address::read(v.as_str()?, &facts.pack.networks)?;
            test(&address).then(String::new)
        })
    };
    match check {
        Check::UrlPlainHttp { loopback } => urls(&|a| !a.secure && a.host.is_loopback() == *loopback),
        Check::UrlLoopbackHttps => urls(&|a| a.secure && a.host.is_loopback()),
        Check::UrlHost { hosts, suffixes, prefixes } => urls(&|a| {
            a.host.name().is_some_and(|n| {
                hosts.iter().any(|h| h == n)
                    || prefixes.iter().any(|p| n.starts_with(p.as_str()))
                    || suffixes.iter().any(|s| {
                        n.strip_suffix(s.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                    })
            })
        }),
        Check::UrlPort { ports } => urls(&|a| a.port.is_some_and(|p| ports.contains(&p))),
        Check::UrlPath { empty, ends, lacks, has, slash } => urls(&|a| {
            let path = a.path.to_lowercase();
            let bare = a.path.trim_matches('/').is_empty();
            empty.is_some_and(|wanted| bare == wanted)
                || ends.iter().any(|e| a.path.ends_with(e.as_str()))
                || !lacks.is_empty() && !lacks.iter().any(|e| a.path.ends_with(e.as_str()))
                || has.iter().any(|h| has_part(&path, h))
                || *slash && a.path.ends_with('/')
        }),
        Check::UrlQuery => urls(&|a| a.query),
        Check::ForeignModels { words, opaque } => {
            let mut hits = Vec::new();
            for (at, (_, value)) in values.iter().enumerate() {
                let Some(items) = value.and_then(Value::as_list) else { continue };
                let foreign = items.iter().filter_map(|item| {
                    let members = ["name", "id", "model"].iter().filter_map(|m| item.at(m)?.as_str());
                    let names: Vec<&str> = item.as_str().into_iter().chain(members).collect();
                    let told = |name: &&str| {
                        let lower = name.to_lowercase();
                        facts.pack.networks.is_placeholder(name)
                            || words.iter().chain(opaque).any(|w| lower.contains(w.as_str()))
                    };
                    let first = names.first()?;
                    (!first.trim().is_empty() && !names.iter().any(told)).then(|| readable(first, 48))
                });
                hits.extend(foreign.take(20).map(|name| hit(Some(at), format!("`{name}`"))));
            }
            hits
        }
        Check::NotThere => {
            let there = |path: &KeyPath| facts.configuration.settings.contains_key(path.key.as_str());
            let found = values.iter().enumerate().filter(|(_, (path, _))| !there(path));
            found.map(|(at, _)| hit(Some(at), String::new())).collect()
        }
        Check::Range { min, max, above } => each(values, |v| {
            let number = number(v)?;
            (number < *min || number > *max || *above && number <= *min).then(String::new)
        }),
        Check::Longer { than } => each(values, |v| {
            let count = v.as_str()?.chars().count();
            (count > *than).then(|| count.to_string())
        }),
        Check::NotMadeOf { characters, first, length } => each(values, |v| {
            let text = v.as_str()?;
            if facts.pack.networks.is_placeholder(text) {
                return None;
            }
            let fits = text.chars().all(|c| in_class(c, characters))
                && (first.is_empty() || text.chars().next().is_some_and(|c| in_class(c, first)))
                && length.is_none_or(|l| text.chars().count() == l);
            (!fits).then(String::new)
        }),
        Check::BadElements { characters } => each(values, |v| {
            let bad = |t: &str| t.is_empty() || t.chars().any(|c| c.is_control() || characters.contains(c));
            let at = v.as_list()?.iter().position(|e| match e {
                Value::Text(t) => bad(t),
                Value::Secret(s) => bad(s.expose()),
                _ => false,
            })?;
            Some(format!("number {}", at + 1))
        }),
        Check::MixedWith { element } => each(values, |v| {
            let list = v.as_list()?;
            let has = list.iter().any(|e| e.as_str() == Some(element));
            (has && list.len() > 1).then(String::new)
        }),
        Check::OtherElements { known } => each(values, |v| {
            let other: Vec<String> = hosts(v)
                .filter(|t| !known.iter().any(|k| k == t))
                .map(|t| format!("`{}`", readable(t, 24)))
                .collect();
            (!other.is_empty()).then(|| listed(&other))
        }),
        Check::EntriesWith { member } => each(values, |v| {
            let has = |(at, entry): (usize, &Value)| {
                entry.at(member).is_some_and(Value::is_set).then(|| entry_name(at, entry))
            };
            let names: Vec<String> = v.as_list()?.iter().enumerate().filter_map(has).collect();
            (!names.is_empty()).then(|| listed(&names))
        }),
        Check::Refused => each(values, |v| refused(v.as_str()?, facts).map(str::to_owned)),
        Check::ConsoleOnly => {
            let ignored = |path: &KeyPath| {
                facts.pack.keys.get(&path.key).is_some_and(|k| k.console_only)
                    && facts.configuration.is_set(&path.key)
                    && !facts.configuration.admin_console
            };
            let found = values.iter().enumerate().filter(|(_, (path, _))| ignored(path));
            found.map(|(at, _)| hit(Some(at), String::new())).collect()
        }
        Check::NotServed => {
            let configuration = facts.configuration;
            let served = |path: &KeyPath| {
                configuration.settings.get(path.key.as_str()).is_some_and(|setting| {
                    let from = |s: &crate::config::Source| s.name == setting.origin.source;
                    configuration
                        .sources
                        .iter()
                        .any(|s| s.format == FormatName::BOOTSTRAP_RESPONSE && from(s))
                })
            };
            let own = values.iter().enumerate().filter(|(_, (path, v))| v.is_some() && !served(path));
            own.map(|(at, _)| hit(Some(at), String::new())).collect()
        }
        Check::Only { element } => each(values, |v| {
            let list = v.as_list()?;
            (list.len() == 1 && list.first()?.as_str() == Some(element)).then(String::new)
        }),
        Check::HostPorts => each(values, |v| {
            some(hosts(v).filter(|h| h.rsplit_once(':').is_some_and(|(n, p)| !n.contains(':') && digits(p))))
        }),
        Check::HostAddresses => each(values, |v| some(hosts(v).filter(|h| is_address(h)))),
        Check::WildcardsWithoutName => each(values, |v| {
            let all: BTreeSet<&str> = hosts(v).collect();
            let lonely: Vec<String> = all
                .iter()
                .filter_map(|h| Some((h, h.strip_prefix("*.")?)))
                .filter(|(_, name)| !all.contains(name))
                .map(|(wild, name)| format!("{} without {}", readable(wild, 80), readable(name, 80)))
                .collect();
            (!lonely.is_empty()).then(|| listed(&lonely))
        }),
        Check::Empty => {
            let empty = |path: &KeyPath| {
                path.is_read_by(facts.version)
                    && facts.configuration.settings.get(path.key.as_str()).is_some_and(|s| !s.value.is_set())
            };
            let found = values.iter().enumerate().filter(|(_, (path, _))| empty(path));
            found.map(|(at, _)| hit(Some(at), String::new())).collect()
        }
        Check::Members { .. } => each(values, |v| members(check, v).then(String::new)),
        Check::UnknownMembers { of } => {
            let (Some(Value::Map(map)), Some(key)) = (entry, facts.pack.keys.get(of)) else {
                return Vec::new();
            };
            let unknown: Vec<String> = map
                .keys()
                .filter(|k| !key.entry_members().any(|known| known == *k) && !k.starts_with(['_', '$']))
                .map(|k| format!("`{}`", readable(k, 40)))
                .collect();
            if unknown.is_empty() { Vec::new() } else { vec![hit(None, listed(&unknown))] }
        }
        Check::Kind { kinds } => each(values, |v| {
            let kind = kind(v);
            kinds.iter().any(|k| k == kind).then(|| format!("a {kind}"))
        }),
        Check::Holds { text } => each(values, |v| holds(v, text).then(String::new)),
        Check::Addresses => each(values, |v| {
            let mut names = BTreeSet::new();
            walk(v, &mut |inner| {
                if let Value::Text(text) = inner {
                    names.extend(address::hosts_in(text, &facts.pack.networks));
                }
            });
            let names: Vec<String> = names.into_iter().map(|n| readable(&n, 80)).collect();
            (!names.is_empty()).then(|| listed(&names))
        }),
        Check::Several { at_least } => {
            let set: Vec<usize> =
                values.iter().enumerate().filter(|(_, (_, v))| v.is_some()).map(|(i, _)| i).collect();
            if set.len() >= *at_least { vec![hit(set.first().copied(), String::new())] } else { Vec::new() }
        }
        Check::NotPinned { digits } => {
            let pinned = |v: Option<&Value>| {
                v.and_then(Value::as_str)
                    .is_some_and(|t| t.len() == *digits && t.bytes().all(|b| b.is_ascii_hexdigit()))
            };
            let loose = values.iter().enumerate().filter(|(_, (_, v))| !pinned(*v));
            loose.map(|(at, _)| hit(Some(at), String::new())).collect()
        }
        Check::NotAbsolute => each(values, |v| (!is_absolute(v.as_str()?, facts)).then(String::new)),
        Check::Secrets => {
            let mut names = with_secret(facts, |s| s.is_included());
            // A placeholder that nobody filled in is no secret yet.
            let open = |n: &String| {
                let said = |l: &crate::config::Lint| l.id == LintId::PLACEHOLDER && l.key.as_ref() == Some(n);
                facts.configuration.lint.iter().any(said)
            };
            names.retain(|n| !open(n));
            if names.is_empty() { Vec::new() } else { vec![hit(None, listed(&names))] }
        }
        Check::SecretMarks => {
            let mut names = with_secret(facts, |s| !s.is_included());
            let marked = facts.configuration.settings.iter().filter(|(_, s)| {
                let mut found = false;
                walk(&s.value, &mut |v| found |= v.as_str().is_some_and(|t| t.contains(NOT_INCLUDED)));
                found
            });
            names.extend(marked.map(|(name, _)| name.clone()));
            names.dedup();
            if names.is_empty() { Vec::new() } else { vec![hit(None, listed(&names))] }
        }
        Check::MachineHiveBehaviourOnly => machine_hive(facts),
        Check::Format { formats } => {
            let here = facts.configuration.sources.iter().any(|s| word::has(formats, &s.format));
            let at = values.iter().position(|(_, v)| v.is_some());
            if here { vec![hit(at, String::new())] } else { Vec::new() }
        }
    }
}

const fn hit(about: Option<usize>, detail: String) -> Hit {
    Hit { about, detail }
}

/// One hit for each value that is set and that `test` has something to say about.
fn each(values: &Values<'_>, test: impl Fn(&Value) -> Option<String>) -> Vec<Hit> {
    let found = values.iter().enumerate().filter_map(|(at, (_, value))| Some((at, test((*value)?)?)));
    found.map(|(at, detail)| hit(Some(at), detail)).collect()
}

/// Why the app takes an address for none that it may ask.
fn refused(text: &str, facts: &Facts<'_>) -> Option<&'static str> {
    let networks = &facts.pack.networks;
    if networks.is_placeholder(text.trim()) {
        return None;
    }
    let Some(address) = address::read(text, networks) else { return Some("no address of a server") };
    let link_local = match &address.host {
        HostPattern::Address(IpAddr::V4(a)) => a.is_link_local(),
        HostPattern::Address(IpAddr::V6(a)) => a.is_unicast_link_local(),
        _ => false,
    };
    if link_local || networks.is_metadata(&address.host) {
        Some("a link-local address or that of a metadata service")
    } else if !address.secure && !address.host.is_loopback() {
        Some("plain http to another machine")
    } else {
        None
    }
}

/// Whether `part` stands in a path as whole parts, or behind a colon as the end of one.
fn has_part(path: &str, part: &str) -> bool {
    path.match_indices(part).any(|(at, _)| {
        let rest = path.get(at + part.len()..).unwrap_or_default();
        rest.is_empty() || rest.starts_with(['/', ':'])
    })
}

/// The texts of a list.
fn hosts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_list().unwrap_or_default().iter().filter_map(Value::as_str).map(str::trim)
}

fn some<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<String> = names.map(|n| readable(n, 80)).collect();
    (!names.is_empty()).then(|| listed(&names))
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_address(text: &str) -> bool {
    let bare = text.rsplit_once(':').filter(|(_, p)| digits(p)).map_or(text, |(host, _)| host);
    bare.parse::<IpAddr>().is_ok()
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(n) => n.to_string().parse().ok(),
        Value::Number(t) | Value::Text(t) => t.parse().ok(),
        _ => None,
    }
}

/// Whether `class`, such as `a-z0-9.-`, has the character; a hyphen at its end is one.
fn in_class(c: char, class: &str) -> bool {
    let letters: Vec<char> = class.chars().collect();
    let mut at = 0;
    while let Some(first) = letters.get(at) {
        match (letters.get(at + 1), letters.get(at + 2)) {
            (Some('-'), Some(last)) => {
                if (*first..=*last).contains(&c) {
                    return true;
                }
                at += 3;
            }
            _ => {
                if *first == c {
                    return true;
                }
                at += 1;
            }
        }
    }
    false
}

fn members(check: &Check, value: &Value) -> bool {
    let (
        Check::Members { set, unset, any, lacks, equals, differs, not_false, without_word },
        Value::Map(map),
    ) = (check, value)
    else {
        return false;
    };
    let is_set = |name: &Word| map.get(name.as_str()).is_some_and(Value::is_set);
    let text = |name: &Word| map.get(name.as_str()).and_then(Value::as_str);
    set.iter().all(is_set)
        && !unset.iter().any(is_set)
        && (any.is_empty() || any.iter().any(is_set))
        && (lacks.is_empty() || !lacks.iter().all(is_set))
        && equals.iter().all(|(n, t)| text(n) == Some(t.as_str()))
        && !differs.iter().any(|(n, t)| text(n) == Some(t.as_str()))
        && !not_false.iter().any(|n| map.get(n.as_str()) == Some(&Value::Bool(false)))
        && without_word.iter().all(|(n, w)| text(n).is_some_and(|t| t.split_whitespace().all(|x| *w != x)))
}

/// Whether a path is absolute on the platform that the file is for; on either kind of platform where
/// the file does not say.
fn is_absolute(text: &str, facts: &Facts<'_>) -> bool {
    let text = text.trim();
    if facts.pack.networks.is_placeholder(text) && !text.starts_with('$') {
        return true;
    }
    let drive = text.as_bytes().get(1) == Some(&b':') && text.starts_with(|c: char| c.is_ascii_alphabetic());
    let windows = drive && text.as_bytes().get(2).is_some_and(|b| matches!(b, b'\\' | b'/'))
        || text.starts_with("\\\\");
    let unix = text.starts_with('/');
    match facts.configuration.platform {
        Some(Platform::Windows) => windows,
        Some(Platform::Macos | Platform::Linux) => unix,
        None => windows || unix,
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Integer(_) | Value::Number(_) => "number",
        Value::Text(_) | Value::Secret(_) => "text",
        Value::List(_) => "list",
        Value::Map(_) => "object",
    }
}

fn walk<'v>(value: &'v Value, seen: &mut impl FnMut(&'v Value)) {
    seen(value);
    match value {
        Value::List(items) => items.iter().for_each(|i| walk(i, seen)),
        Value::Map(map) => map.values().for_each(|i| walk(i, seen)),
        _ => {}
    }
}

fn holds(value: &Value, text: &str) -> bool {
    let mut found = false;
    walk(value, &mut |inner| found |= inner.as_str() == Some(text));
    found
}

/// The keys that hold a secret of which `test` is true.
fn with_secret(facts: &Facts<'_>, test: impl Fn(&crate::config::Secret) -> bool) -> Vec<String> {
    let has = |value: &Value| {
        let mut found = false;
        walk(value, &mut |inner| {
            if let Value::Secret(secret) = inner {
                found |= !secret.is_empty() && !secret.is_unknown() && test(secret);
            }
        });
        found
    };
    let settings = facts.configuration.settings.iter();
    settings.filter(|(_, s)| has(&s.value)).map(|(name, _)| name.clone()).collect()
}

/// Only app-behaviour keys, all of them in the machine's part of the registry.
fn machine_hive(facts: &Facts<'_>) -> Vec<Hit> {
    let settings = &facts.configuration.settings;
    let machine = |path: &str| {
        let lower = path.to_ascii_lowercase();
        lower.starts_with("hkey_local_machine\\") || lower.starts_with("hklm\\")
    };
    let behaviour = |name: &str| facts.pack.keys.get(name).is_some_and(|k| k.app_behaviour);
    let all = settings.iter().all(|(name, s)| behaviour(name) && machine(&s.origin.path));
    if settings.is_empty() || !all {
        return Vec::new();
    }
    let names: Vec<String> = settings.keys().cloned().collect();
    vec![hit(None, listed(&names))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_characters() {
        for (c, class, wanted) in [
            ('b', "a-c", true),
            ('d', "a-c", false),
            ('-', "a-z0-9.:-", true),
            ('.', "a-z0-9.:-", true),
            ('A', "a-z", false),
        ] {
            assert_eq!(in_class(c, class), wanted, "{c} {class}");
        }
    }
}
