//! The rules over app versions and documentation: each rule's page tags equal the matrix written by
//! hand, and `--app-version` changes the list at exactly the releases that are written down.

use clearway::rules::Word;
use std::collections::{BTreeMap, BTreeSet};

use crate::common::configurations::{example, from_json};
use clearway::config::Configuration;
use clearway::contract::{AppVersion, Platform};
use clearway::derive::diff::{Side, diff};
use clearway::derive::{FeatureInfo, Options, Requirements, derive, wording};
use clearway::rules::{Condition, HostName, HostSource, Pack, Rule};
use serde_json::{Value as Json, json};

const PAGES: [&str; 7] = ["T0", "T1", "T2", "T3", "T4", "T5", "T6"];

fn pack() -> Pack {
    Pack::embedded().unwrap_or_else(|e| panic!("{e}"))
}

/// The hosts of a rule as it writes them; `=key` for a host that a value names.
fn hosts_of(rule: &Rule) -> Vec<String> {
    let value = |path: &clearway::rules::KeyPath| {
        let name = wording::path(path);
        vec![format!("={}", name.strip_prefix("the entry's ").map_or(name.clone(), |m| format!("entry.{m}")))]
    };
    match &rule.source {
        HostSource::Names(names) => names
            .iter()
            .map(|n| match n {
                HostName::Fixed(host) => host.to_string(),
                HostName::Made(t) => t.render(|k| Some(format!("{{{}}}", wording::path(k)))).unwrap(),
            })
            .collect(),
        HostSource::Url(p)
        | HostSource::Urls(p)
        | HostSource::Patterns(p)
        | HostSource::PatternUrl(p)
        | HostSource::Ssh(p) => value(p),
        HostSource::Note(_) | HostSource::Unbounded(_) => Vec::new(),
    }
}

#[test]
fn every_rule_stands_on_the_pages_that_the_matrix_says() {
    let pack = pack();
    let mut covered: BTreeSet<(String, String)> = BTreeSet::new();
    let mut wrong: Vec<String> = Vec::new();
    for line in
        include_str!("../../versions/matrix.txt").lines().filter(|l| !l.starts_with('#') && !l.is_empty())
    {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (ids, host) = (fields[0], fields[1]);
        let marks = &fields[fields.len() - PAGES.len()..];
        let expected: BTreeSet<&str> =
            PAGES.iter().zip(marks).filter(|(_, m)| **m == "y").map(|(p, _)| *p).collect();
        assert!(marks.iter().all(|m| ["y", "-"].contains(m)), "{line}");
        let mut found: BTreeSet<&str> = BTreeSet::new();
        for id in ids.split(',') {
            let rule = pack.rule(id).unwrap_or_else(|| panic!("{id} is no rule"));
            if !hosts_of(rule).iter().any(|h| h == host) {
                wrong.push(format!("{id} does not name {host} but {:?}", hosts_of(rule)));
            }
            covered.insert((id.to_owned(), host.to_owned()));
            found.extend(rule.sources.iter().filter(|t| PAGES.contains(&t.as_str())).map(Word::as_str));
        }
        if found != expected {
            wrong.push(format!("{ids} {host}: the rules say {found:?}, the matrix {expected:?}"));
        }
    }
    for rule in pack.rules.iter().filter(|r| r.sources.iter().any(|t| PAGES.contains(&t.as_str()))) {
        for host in hosts_of(rule) {
            if !covered.contains(&(rule.id.to_string(), host.clone())) {
                wrong.push(format!("{} {host} cites the pages and is not in the matrix", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

pub(super) fn base(name: &str) -> Json {
    match name {
        "bare" => json!({"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example"}),
        "entra" => {
            json!({"inferenceProvider": "foundry", "inferenceFoundryResource": "res", "inferenceFoundryTenantId": "t", "inferenceFoundryClientId": "c"})
        }
        "none" => json!({}),
        "gateway" => {
            json!({"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example", "inferenceGatewayApiKey": "k"})
        }
        "anthropic" => json!({"inferenceProvider": "anthropic"}),
        "vertex" => {
            json!({"inferenceProvider": "vertex", "inferenceVertexProjectId": "p", "inferenceVertexRegion": "europe-west4"})
        }
        "bedrock" => {
            json!({"inferenceProvider": "bedrock", "inferenceBedrockRegion": "us-west-2", "inferenceBedrockBearerToken": "t"})
        }
        "mantle" => {
            json!({"inferenceProvider": "mantle", "inferenceBedrockRegion": "us-east-1", "inferenceBedrockBearerToken": "t"})
        }
        "foundry" => {
            json!({"inferenceProvider": "foundry", "inferenceFoundryResource": "res", "inferenceFoundryApiKey": "k"})
        }
        other => panic!("no base {other}"),
    }
}

/// One line of the table.
struct Row {
    line: &'static str,
    version: AppVersion,
    added: bool,
    host: &'static str,
    rule: &'static str,
    settings: Json,
    options: Options,
    document: bool,
}

fn rows() -> Vec<Row> {
    let lines = include_str!("../../versions/changes.txt").lines();
    lines
        .filter(|l| !l.starts_with('#') && !l.is_empty())
        .map(|line| {
            let at = line.find('{').unwrap();
            let (head, json) = line.split_at(at);
            let fields: Vec<&str> = head.split_whitespace().collect();
            let [version, sign, host, rule, how] = match fields[..] {
                [v, s, "note", r, b] => [v, s, "note", r, b],
                [v, s, h, r, b] => [v, s, h, r, b],
                _ => panic!("{line}"),
            };
            let mut how = how.split(',');
            let mut settings = base(how.next().unwrap());
            let more: Json = serde_json::from_str(json).unwrap_or_else(|e| panic!("{line}: {e}"));
            for (key, value) in more.as_object().unwrap() {
                if value.is_null() {
                    settings.as_object_mut().unwrap().shift_remove(key);
                } else {
                    settings[key] = value.clone();
                }
            }
            let mut options = Options { platform: Some(Platform::Macos), ..Options::default() };
            let mut document = false;
            for word in how {
                match word {
                    "console" => options.admin_console = true,
                    "document" => document = true,
                    "minimal" => options.minimal = true,
                    other => options.platform = Some(other.parse().unwrap()),
                }
            }
            Row {
                line,
                version: version.parse().unwrap(),
                added: sign == "+",
                host,
                rule,
                settings,
                options,
                document,
            }
        })
        .collect()
}

fn is_there(list: &Requirements, host: &str, rule: &str) -> bool {
    if host == "note" {
        return list.notes.iter().any(|n| n.id == rule);
    }
    list.hosts.iter().any(|r| {
        format!("{}:{}", r.host, r.port) == host && r.reasons.iter().any(|reason| reason.rule == rule)
    })
}

/// The release before `version` on the timeline.
fn before(pack: &Pack, version: &AppVersion) -> AppVersion {
    let at = pack.meta.releases.iter().position(|r| r.version == *version);
    let at = at.unwrap_or_else(|| panic!("{version} is not on the timeline"));
    pack.meta.releases[at.checked_sub(1).expect("a release before")].version.clone()
}

#[test]
fn each_change_happens_with_its_release_and_not_before() {
    let pack = pack();
    let mut wrong = Vec::new();
    for row in rows() {
        let mut configuration = [from_json("test", &row.settings, &pack.keys)];
        configuration[0].admin_console = row.document;
        let at = |version: AppVersion| {
            let options = Options { app_version: Some(version), ..row.options.clone() };
            is_there(&derive(&pack, &configuration, &options), row.host, row.rule)
        };
        let found = (at(before(&pack, &row.version)), at(row.version.clone()));
        if found != (!row.added, row.added) {
            wrong.push(format!("(before, at) is {found:?}: {}", row.line));
        }
        // Nothing comes and goes: what a release began still holds in the newest, unless another row ends it.
        let ended = rows().iter().any(|r| {
            r.added != row.added && r.rule == row.rule && r.version > row.version && r.host == row.host
        });
        if at(pack.meta.newest.clone()) != row.added && !ended {
            wrong.push(format!("the newest release differs: {}", row.line));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The whole list of one configuration of each provider, release by release: what the oldest release has,
/// and what each later one adds and takes away, with the rule that does it.
#[test]
fn each_release_of_each_provider_has_its_list() {
    let pack = pack();
    let mut text = String::new();
    let providers = pack.keys.get("inferenceProvider").unwrap().values.iter().map(Word::as_str);
    for (provider, platform, minimal) in
        providers.chain(["entra"]).flat_map(|p| [(p, Platform::Macos, false), (p, Platform::Linux, true)])
    {
        let configuration = [from_json(provider, &base(provider), &pack.keys)];
        let kind = if minimal { "minimal" } else { "default" };
        text.push_str(&format!("{provider}, {platform}, {kind}\n"));
        let mut known: BTreeSet<String> = BTreeSet::new();
        for release in &pack.meta.releases {
            let options = Options {
                app_version: Some(release.version.clone()),
                platform: Some(platform),
                minimal,
                ..Options::default()
            };
            let list = derive(&pack, &configuration, &options);
            let now: BTreeSet<String> = list
                .hosts
                .iter()
                .flat_map(|r| {
                    r.reasons.iter().map(move |reason| format!("{}:{} {}", r.host, r.port, reason.rule))
                })
                .collect();
            if now != known {
                text.push_str(&format!("  {}\n", release.version));
                known.difference(&now).for_each(|gone| text.push_str(&format!("    - {gone}\n")));
                now.difference(&known).for_each(|come| text.push_str(&format!("    + {come}\n")));
            }
            known = now;
        }
    }
    insta::assert_snapshot!("lists_by_release", text);
}

/// Versions that a condition asks for.
fn versions_in(condition: &Condition, found: &mut BTreeSet<AppVersion>) {
    match condition {
        Condition::All(list) | Condition::Any(list) => list.iter().for_each(|c| versions_in(c, found)),
        Condition::Not(inner) => versions_in(inner, found),
        Condition::AppSince(version) => {
            found.insert(version.clone());
        }
        _ => {}
    }
}

#[test]
fn the_table_has_every_bound_of_every_rule() {
    let pack = pack();
    let rows = rows();
    let mut missing = Vec::new();
    for rule in &pack.rules {
        let own: Vec<&Row> = rows.iter().filter(|r| r.rule == rule.id).collect();
        if let Some(since) = &rule.since {
            // A rule begins when the last key it cannot do without is read.
            let begins = own.iter().any(|r| {
                r.added
                    && (r.version == *since
                        || r.version > *since
                            && rule
                                .keys
                                .iter()
                                .any(|k| pack.keys.get(k).unwrap().since.as_ref() == Some(&r.version)))
            });
            if !begins {
                missing.push(format!("{} since {since}", rule.id));
            }
        }
        if let Some(until) = &rule.until
            && !own.iter().any(|r| !r.added && r.version == *until)
        {
            missing.push(format!("{} until {until}", rule.id));
        }
        let mut asked = BTreeSet::new();
        versions_in(&rule.when, &mut asked);
        if let Some(exact) = &rule.exact {
            versions_in(exact, &mut asked);
        }
        for version in asked {
            if !own.iter().any(|r| r.version == version) {
                missing.push(format!("{} asks for {version}", rule.id));
            }
        }
    }
    for key in pack.keys.keys.iter().filter(|k| k.earlier.is_some()) {
        let until = &key.earlier.as_ref().unwrap().until;
        let read = pack.rules.iter().filter(|r| r.keys.contains(&key.name)).collect::<Vec<_>>();
        if !read.is_empty()
            && !rows.iter().any(|r| r.version == *until && read.iter().any(|x| x.id == r.rule))
        {
            missing.push(format!("the default of {} changes with {until}", key.name));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

fn features(pack: &Pack) -> Vec<FeatureInfo> {
    let info = |f: &clearway::rules::Feature| FeatureInfo {
        id: f.id.to_string(),
        title: f.title.to_string(),
        stops: f.stops.to_string(),
    };
    pack.features.iter().map(info).collect()
}

#[test]
fn no_other_release_changes_an_example_and_every_change_says_why() {
    let pack = pack();
    let known: BTreeSet<AppVersion> = rows().into_iter().map(|r| r.version).collect();
    let features = features(&pack);
    let mut changed: BTreeMap<AppVersion, usize> = BTreeMap::new();
    for name in ["anthropic", "bedrock", "bootstrap", "foundry", "gateway", "lockdown", "mantle", "vertex"] {
        let configuration: Vec<Configuration> = vec![from_json(name, &example(name), &pack.keys)];
        for minimal in [false, true] {
            for pair in pack.meta.releases.windows(2) {
                let list = |v: &AppVersion| {
                    let options = Options {
                        app_version: Some(v.clone()),
                        platform: Some(Platform::Linux),
                        minimal,
                        ..Options::default()
                    };
                    derive(&pack, &configuration, &options)
                };
                let (old, new) = (list(&pair[0].version), list(&pair[1].version));
                let found = diff(
                    &pack,
                    &features,
                    Side { list: &old, configurations: &configuration },
                    Side { list: &new, configurations: &configuration },
                );
                for line in found.groups.iter().flat_map(|g| &g.lines) {
                    *changed.entry(pair[1].version.clone()).or_default() += 1;
                    assert!(
                        line.because.iter().any(|b| b.contains(&pair[1].version.to_string())),
                        "{name} {}: {line:?}",
                        pair[1].version
                    );
                }
            }
        }
    }
    let unknown: Vec<&AppVersion> = changed.keys().filter(|v| !known.contains(v)).collect();
    assert!(unknown.is_empty(), "{unknown:?} change an example and are not in the table");
    assert!(changed.len() > 10, "{changed:?}");
}
