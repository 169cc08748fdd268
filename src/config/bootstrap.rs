//! A bootstrap server's response: what the app drops from it, and how it lies over the device's own
//! configuration (source C5).

use crate::rules::word;
use url::{Host, Url};

use super::decode;
use super::read::Context;
use super::value::{Configuration, Lint, Shadowed, ShadowedBy, Value};
use crate::contract::Severity;
use crate::contract::ids::LintId;
use crate::rules::places::Bootstrap;

/// Why the app-behaviour keys of other sources do not count, as a clause.
pub(crate) const GROUP: &str = "a managed source sets an app-behaviour key, and that group of keys is read from the managed source alone";

/// Drops what the app never takes from a response: the keys that say where it comes from, addresses
/// on the device itself, connectors without TLS.
pub(crate) fn filter(response: &mut Configuration, rules: &Bootstrap) {
    for key in &rules.excluded {
        response.unreadable.retain(|k| k != key);
        let because = "a bootstrap response may not set it";
        if drop_key(response, key, because) {
            let message = format!("`{key}` is dropped, because {because}; set it on the device");
            remark(response, "bootstrap-excluded", Severity::Warning, key, message);
        }
    }
    let keys: Vec<String> = response.settings.keys().cloned().collect();
    for key in keys {
        let Some(setting) = response.settings.get_mut(&key) else { continue };
        let before = setting.value.clone();
        let off = word::has(&rules.switched_off, &key);
        let connectors = key == rules.connectors || off;
        let Some((kept, dropped)) = screened(&before, connectors) else { continue };
        let because = "it holds an address that a bootstrap response may not set";
        match kept {
            Some(kept) => {
                setting.value = kept;
                let origin = setting.origin.clone();
                let by = ShadowedBy::Rule(because.to_owned());
                response.shadowed.push(Shadowed { key: key.clone(), value: before, origin, by });
            }
            None => {
                drop_key(response, &key, because);
                // Refused is not the same as left out: what the key is about is switched off.
                if off {
                    response.unreadable.push(key.clone());
                }
            }
        }
        let what = if connectors { "loopback or plain http" } else { "a loopback address" };
        let message = format!(
            "`{key}`: {dropped} dropped, because the app takes {what} from no bootstrap response; write an https address of another host"
        );
        remark(response, "bootstrap-address", Severity::Error, &key, message);
    }
}

/// Lays `response` over `base`: for every key that a server may set the response decides, also by
/// leaving it out. `group` says that only app-behaviour keys are managed, which are then no
/// server's to set.
pub(crate) fn overlay(
    base: &mut Configuration,
    mut response: Configuration,
    context: &Context<'_>,
    group: bool,
) {
    let rules = &context.places.bootstrap;
    base.sources.append(&mut response.sources);
    if base.get(&rules.enabled).and_then(Value::as_bool) == Some(false) {
        let message = format!(
            "`{0}` is false, so the app fetches no response; what the response sets is left out",
            rules.enabled
        );
        remark(base, "bootstrap-disabled", Severity::Error, &rules.enabled, message);
        return;
    }
    match base.text(&rules.url).map(Url::parse) {
        None => {
            let message = format!(
                "`{}` is not set here, so the app would fetch no response; it is laid over all the same",
                rules.url
            );
            remark(base, "bootstrap-without-url", Severity::Warning, &rules.url, message);
        }
        Some(Ok(server)) if !base.is_set(&rules.sign_in) => pin(&mut response, &server, rules),
        Some(_) => {}
    }
    base.lint.append(&mut response.lint);
    base.shadowed.append(&mut response.shadowed);
    let own = |key: &str| {
        rules.excluded.iter().chain(&rules.kept).any(|k| k == key) || group && context.names.is_behaviour(key)
    };
    let mut unset = Vec::new();
    for (key, setting) in std::mem::take(&mut base.settings) {
        if own(&key) {
            base.settings.insert(key, setting);
            continue;
        }
        let by = match response.settings.get(&key) {
            Some(served) => ShadowedBy::Key(served.origin.clone()),
            None => {
                unset.push(format!("`{key}`"));
                ShadowedBy::Rule(
                    "a bootstrap server sets this key, and a response that leaves it out unsets it"
                        .to_owned(),
                )
            }
        };
        base.shadowed.push(Shadowed { key, value: setting.value, origin: setting.origin, by });
    }
    for (key, setting) in response.settings {
        if group && context.names.is_behaviour(&key) {
            let by = ShadowedBy::Rule(GROUP.to_owned());
            base.shadowed.push(Shadowed { key, value: setting.value, origin: setting.origin, by });
        } else if !own(&key) {
            base.settings.insert(key, setting);
        }
    }
    base.unreadable.retain(|k| own(k));
    base.unreadable.append(&mut response.unreadable);
    if !unset.is_empty() {
        let more = unset.len().saturating_sub(6);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        unset.truncate(6);
        let message = format!(
            "{}{more}: set on the device and left out by the bootstrap response, which unsets them; let the server send what shall hold",
            unset.join(", ")
        );
        base.lint.push(Lint {
            id: "bootstrap-unsets".to_owned(),
            severity: Severity::Warning,
            message,
            key: None,
            origin: None,
        });
    }
    base.lint.retain(|l| l.id != LintId::NO_PROVIDER);
    decode::complete(base, &context.names);
}

/// Without a sign-in of its own, a server may only name addresses of its own origin.
fn pin(response: &mut Configuration, server: &Url, rules: &Bootstrap) {
    for key in &rules.pinned {
        let same = response
            .text(key)
            .is_none_or(|text| Url::parse(text).is_ok_and(|url| url.origin() == server.origin()));
        if !same {
            let because = "it is not of the bootstrap server's origin";
            drop_key(response, key, because);
            let message = format!(
                "`{key}` is dropped, because {because} and `{}` is not set on the device",
                rules.sign_in
            );
            remark(response, "bootstrap-origin", Severity::Error, key, message);
        }
    }
}

fn drop_key(config: &mut Configuration, key: &str, because: &str) -> bool {
    let Some(setting) = config.settings.remove(key) else { return false };
    let by = ShadowedBy::Rule(because.to_owned());
    config.shadowed.push(Shadowed { key: key.to_owned(), value: setting.value, origin: setting.origin, by });
    true
}

fn remark(config: &mut Configuration, id: &str, severity: Severity, key: &str, message: String) {
    let origin = config
        .settings
        .get(key)
        .map(|s| &s.origin)
        .or_else(|| config.shadowed.iter().rev().find(|s| s.key == key).map(|s| &s.origin))
        .cloned();
    config.lint.push(Lint { id: id.to_owned(), severity, message, key: Some(key.to_owned()), origin });
}

/// `value` without addresses that are not taken, and how to call what was dropped; nothing when all
/// of it is taken. `tls_only`: plain http is not taken either.
fn screened(value: &Value, tls_only: bool) -> Option<(Option<Value>, String)> {
    let Value::List(items) = value else {
        let mut count = 0;
        let kept = without(value, tls_only, &mut count);
        return (count > 0).then(|| {
            let what = if kept.is_some() { "an address in it was" } else { "the value was" };
            (kept, what.to_owned())
        });
    };
    let mut dropped = 0;
    let mut members = 0;
    let mut kept = Vec::new();
    for item in items {
        let mut count = 0;
        let left = without(item, tls_only, &mut count);
        // An element whose own address goes connects to nothing.
        let lost =
            count > 0 && item.at("url").is_some() && left.as_ref().is_none_or(|v| v.at("url").is_none());
        match left.filter(|_| !lost) {
            Some(left) => {
                members += count;
                kept.push(left);
            }
            None => dropped += 1,
        }
    }
    let what = match (dropped, members) {
        (0, 0) => return None,
        (0, _) => "an address in it was".to_owned(),
        (1, _) => "1 element was".to_owned(),
        (n, _) => format!("{n} elements were"),
    };
    Some((Some(Value::List(kept)), what))
}

/// `value` without the texts that are no acceptable address; counts them.
fn without(value: &Value, tls_only: bool, count: &mut usize) -> Option<Value> {
    match value {
        Value::Text(text) if is_refused(text, tls_only) => {
            *count += 1;
            None
        }
        Value::List(items) => {
            Some(Value::List(items.iter().filter_map(|v| without(v, tls_only, count)).collect()))
        }
        Value::Map(map) => Some(Value::Map(
            map.iter().filter_map(|(k, v)| Some((k.clone(), without(v, tls_only, count)?))).collect(),
        )),
        other => Some(other.clone()),
    }
}

fn is_refused(text: &str, tls_only: bool) -> bool {
    let Some(url) = text.contains("://").then(|| Url::parse(text.trim()).ok()).flatten() else {
        return false;
    };
    let loopback = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback()),
        None => false,
    };
    loopback || tls_only && url.scheme() == "http"
}
