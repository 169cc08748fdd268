//! What must hold for any configuration, over configurations generated from the key catalogue.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use clearway::config::{Configuration, Value};
use clearway::contract::{AppVersion, Confidence, Platform};
use clearway::derive::{Options, Requirements, derive, union};
use clearway::document::hosts::to_document;
use clearway::rules::{KeyKind, Pack};
use proptest::prelude::*;

static PACK: LazyLock<Pack> = LazyLock::new(|| Pack::embedded().unwrap());

/// `(host, port, transport, rule)` of every reason.
fn reasons(list: &Requirements) -> BTreeSet<(String, u16, String, String)> {
    list.hosts
        .iter()
        .flat_map(|r| {
            r.reasons.iter().map(|x| (r.host.to_string(), r.port, r.transport.to_string(), x.rule.clone()))
        })
        .collect()
}

/// Settings that always name a provider, with up to forty further keys.
fn settings() -> impl Strategy<Value = Vec<(usize, u8)>> {
    prop::collection::vec((any::<usize>(), any::<u8>()), 0..40)
}

fn configuration(name: &str, provider: u8, settings: &[(usize, u8)]) -> Configuration {
    let at = |key: &str| PACK.keys.keys.iter().position(|k| k.name == key).unwrap();
    let mut all = settings.to_vec();
    all.extend([
        (at("inferenceProvider"), provider),
        (at("inferenceBedrockRegion"), provider / 6),
        (at("inferenceVertexRegion"), provider / 6),
        (at("inferenceGatewayBaseUrl"), provider / 6),
        (at("inferenceFoundryResource"), provider / 6),
        // Three keys that only count together; by chance alone they seldom are.
        (at("inferenceFoundryTenantId"), 0),
        (at("inferenceFoundryClientId"), 0),
        (at("inferenceFoundryAuthFlow"), provider / 7),
    ]);
    crate::common::generated::configuration(name, &PACK.keys, &all)
}

fn options() -> impl Strategy<Value = Options> {
    let version = 0..PACK.meta.releases.len();
    let platform = prop::sample::select(Platform::ALL);
    (version, platform, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(version, platform, minimal, offline_installer, include_observed)| Options {
            app_version: Some(PACK.meta.releases[version].version.clone()),
            platform: Some(platform),
            minimal,
            offline_installer,
            include_observed,
            ..Options::default()
        },
    )
}

fn with(configuration: &Configuration, key: &str, value: Value) -> Configuration {
    let mut changed = configuration.clone();
    let origin = clearway::config::Origin { source: String::new(), line: None, path: key.to_owned() };
    changed.settings.insert(key.to_owned(), clearway::config::Setting { value, origin, raw: None });
    changed
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_key_that_switches_off_adds_nothing(provider in any::<u8>(), settings in settings(), options in options()) {
        let base = configuration("c", provider, &settings);
        let switches =
            PACK.keys.keys.iter().filter(|k| k.kind == KeyKind::Boolean && k.name.starts_with("disable"));
        for key in switches {
            let mut without = base.clone();
            without.settings.remove(key.name.as_str());
            let off = derive(&PACK, &[without], &options);
            let on = derive(&PACK, &[with(&base, &key.name, Value::Bool(true))], &options);
            let before = reasons(&off);
            for (host, port, transport, rule) in reasons(&on) {
                let there = before.contains(&(host.clone(), port, transport, rule.clone()));
                prop_assert!(there, "{} = true adds {host}:{port} by {rule}", key.name);
            }
        }
    }

    #[test]
    fn a_union_is_exactly_its_parts(
        a in (any::<u8>(), settings()),
        b in (any::<u8>(), settings()),
        options in options(),
    ) {
        let (a, b) = (configuration("a", a.0, &a.1), configuration("b", b.0, &b.1));
        let one = derive(&PACK, std::slice::from_ref(&a), &options);
        let two = derive(&PACK, std::slice::from_ref(&b), &options);
        let both = derive(&PACK, &[a, b], &options);
        let parts: BTreeSet<_> = reasons(&one).union(&reasons(&two)).cloned().collect();
        prop_assert_eq!(reasons(&both), parts.clone());
        prop_assert_eq!(reasons(&union(vec![one, two]).unwrap()), parts);
        for reason in both.hosts.iter().flat_map(|h| &h.reasons) {
            prop_assert!(matches!(reason.config.as_deref(), Some("a" | "b")));
        }
    }

    #[test]
    fn every_host_has_a_reason_and_every_reason_names_keys_that_exist(
        provider in any::<u8>(),
        settings in settings(),
        options in options(),
    ) {
        let list = derive(&PACK, &[configuration("c", provider, &settings)], &options);
        let version: &AppVersion = options.app_version.as_ref().unwrap();
        for host in &list.hosts {
            prop_assert!(!host.reasons.is_empty());
            prop_assert!(host.port > 0 || host.unbounded.is_some());
            for reason in &host.reasons {
                let rule = PACK.rule(&reason.rule).unwrap();
                prop_assert!(rule.holds_for(version), "{} in {version}", rule.id);
                prop_assert!(!reason.purpose.is_empty() && !reason.breaks.is_empty() && !reason.source.is_empty());
                prop_assert!(PACK.feature(&reason.feature).is_some());
                for key in &reason.keys {
                    prop_assert!(PACK.keys.get(key).is_some(), "{key}");
                }
            }
        }
        let sorted = list.hosts.windows(2).all(|w| {
            (&w[0].host, w[0].port, w[0].transport) < (&w[1].host, w[1].port, w[1].transport)
        });
        prop_assert!(sorted, "each endpoint once, sorted");
    }

    #[test]
    fn the_same_input_gives_the_same_bytes(provider in any::<u8>(), settings in settings(), options in options()) {
        let bytes = || {
            let list = derive(&PACK, &[configuration("c", provider, &settings)], &options);
            serde_json::to_string(&to_document(&list, &[])).unwrap()
        };
        prop_assert_eq!(bytes(), bytes());
    }

    #[test]
    fn asking_for_less_never_gives_more(provider in any::<u8>(), settings in settings(), options in options()) {
        let base = [configuration("c", provider, &settings)];
        let wide = Options { minimal: false, ..options.clone() };
        let all = reasons(&derive(&PACK, &base, &wide));
        for narrow in [
            Options { minimal: true, ..wide.clone() },
            Options { confidence: Confidence::Documented, ..wide.clone() },
            Options { features: vec!["inference".into()], ..wide.clone() },
        ] {
            prop_assert!(reasons(&derive(&PACK, &base, &narrow)).is_subset(&all));
        }
    }
}

/// The properties above are about every rule only if the generated configurations reach every rule.
#[test]
fn the_generated_configurations_reach_every_rule() {
    let mut random = crate::common::generated::Random::new(7);
    let mut reached: BTreeSet<String> = BTreeSet::new();
    for platform in Platform::ALL.iter().cycle().take(6_000) {
        let (provider, settings) = (random.byte(), random.settings(90));
        let options = Options {
            platform: Some(*platform),
            include_observed: true,
            admin_console: random.byte() >= 128,
            ..Options::default()
        };
        let list = derive(&PACK, &[configuration("c", provider, &settings)], &options);
        reached.extend(list.hosts.iter().flat_map(|h| h.reasons.iter().map(|r| r.rule.clone())));
        reached.extend(list.notes.into_iter().map(|n| n.id));
    }
    let newest = &PACK.meta.newest;
    let missed: Vec<&str> = PACK
        .rules
        .iter()
        .filter(|r| r.holds_for(newest) && !reached.contains(r.id.as_str()))
        .map(|r| r.id.as_str())
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
}
