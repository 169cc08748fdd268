//! `clearway.config/1`.

use crate::rules::Word;
use serde_json::{Value as Json, json};

use crate::config::{Configuration, Origin, Setting, ShadowedBy};
use crate::contract::{Need, Severity};
use crate::report::config::{Effective, shown};
use crate::report::json::{Standing, standing};
use crate::rules::Pack;
use crate::rules::keys::Key;

/// The configurations as one document, ending in a line feed.
pub fn render(all: &[Effective], pack: &Pack, rules: Standing<'_>) -> String {
    let document = json!({
        "schema": "clearway.config/1",
        "clearway": env!("CARGO_PKG_VERSION"),
        "rules_date": pack.meta.date,
        "configurations": all.iter().map(|one| one_configuration(one, pack)).collect::<Vec<_>>(),
    });
    standing(&document, rules)
}

fn one_configuration(one: &Effective, pack: &Pack) -> Json {
    let config = &one.configuration;
    let connection = &one.connection;
    let keys = one.keys(&pack.keys);
    json!({
        "name": config.name,
        "app_version": one.app_version,
        "platform": one.platform,
        "platform_assumed": one.platform_assumed,
        "user": config.user,
        "sources": config.sources,
        "places": config.places.iter().map(|p| json!({
            "path": p.path, "status": p.status.word(), "reason": p.status.reason(),
        })).collect::<Vec<_>>(),
        "provider": connection.provider.as_ref().map(|id| json!({ "id": id, "title": connection.title })),
        "credential": { "kind": connection.credential, "keys": connection.because, "named": connection.named },
        "served": connection.served,
        "missing": connection.missing,
        "complete": one.missing.iter().all(|m| m.need != Need::Required),
        "missing_hosts": one.missing,
        "keys": keys.iter().filter_map(|key| {
            let setting = config.settings.get(key.name.as_str())?;
            Some(one_key(one, key, setting, pack))
        }).collect::<Vec<_>>(),
        "shadowed": config.shadowed.iter().map(|s| {
            let (by, because) = match &s.by {
                ShadowedBy::Key(origin) => (Some(origin_of(origin)), None),
                ShadowedBy::Rule(text) => (None, Some(text)),
            };
            json!({ "key": s.key, "value": shown(&s.value), "origin": origin_of(&s.origin), "by": by, "because": because })
        }).collect::<Vec<_>>(),
        "lint": one.lint.iter().map(|l| {
            let known = pack.lints.describe(&l.id);
            json!({
                "id": l.id,
                "severity": l.severity,
                "message": l.message,
                "key": l.key,
                "origin": l.origin.as_ref().map(origin_of),
                "title": known.map(|k| k.title),
                "sources": known.map_or(&[] as &[Word], |k| k.sources),
                "confidence": known.map(|k| k.confidence),
                "disputed": known.and_then(|k| k.disputed),
            })
        }).collect::<Vec<_>>(),
        "counts": {
            "errors": one.count(Severity::Error),
            "warnings": one.count(Severity::Warning),
            "notes": one.count(Severity::Info),
        },
    })
}

fn one_key(one: &Effective, key: &Key, setting: &Setting, pack: &Pack) -> Json {
    let default = one.default(key, &pack.keys);
    json!({
        "key": key.name,
        "value": shown(&setting.value),
        "secret": key.secret,
        "set": setting.value.is_set(),
        "raw": setting.raw.as_deref(),
        "default": default.as_ref().map(shown),
        "is_default": default.as_ref() == Some(&setting.value),
        "read": one.reads(key),
        "since": key.since,
        "until": key.until,
        "effect": key.effect,
        "origin": origin_of(&setting.origin),
        "shadows": shadows(&one.configuration, &key.name),
    })
}

/// The values of the same key that lost to the one in effect.
fn shadows(config: &Configuration, key: &str) -> Vec<Json> {
    let lost = config.shadowed.iter().filter(|s| s.key == key);
    lost.map(|s| json!({ "value": shown(&s.value), "origin": origin_of(&s.origin) })).collect()
}

fn origin_of(origin: &Origin) -> Json {
    json!({ "source": origin.source, "line": origin.line, "path": origin.path })
}
