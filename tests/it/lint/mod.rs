//! The linter: every rule fires where it should and nowhere beside it; every finding is described,
//! documented and points at its line.

mod cases;
mod documentation;

use clearway::rules::Word;
use std::collections::BTreeSet;
use std::path::Path;

use clearway::config::{self, Configuration, Input, Lint};
use clearway::contract::Severity;
use clearway::contract::ids::LintId;
use clearway::derive::Options;
use clearway::lint;
use clearway::rules::{Lints, Pack, Part};
use serde_json::{Value, json};

/// Reads a configuration; `@app` and `@platform` of a JSON object are options, `@name` the file's name.
fn read(pack: &Pack, case: &Value) -> (Configuration, Options) {
    let mut options = Options::default();
    let mut name = "settings.json".to_owned();
    let text = match case {
        Value::Object(map) => {
            let mut map = map.clone();
            let mut take = |key: &str| map.remove(key).and_then(|v| v.as_str().map(str::to_owned));
            options.app_version = take("@app").map(|v| v.parse().unwrap());
            options.platform = take("@platform").map(|p| p.parse().unwrap());
            name = take("@name").unwrap_or(name);
            serde_json::to_string_pretty(&map).unwrap()
        }
        other => {
            name = "policy.reg".to_owned();
            other.as_str().unwrap().to_owned()
        }
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    let input = config::read(path.to_str().unwrap(), &pack.keys).unwrap_or_else(|e| panic!("{case}: {e}"));
    match input.into_iter().next().unwrap() {
        Input::Configuration(config) => (config, options),
        Input::HostsDocument { .. } => panic!("a hosts document"),
    }
}

fn found(pack: &Pack, case: &Value) -> Vec<Lint> {
    let (config, options) = read(pack, case);
    lint::all(pack, &config, &options)
}

#[test]
fn every_rule_fires_on_its_examples_and_stays_quiet_on_their_neighbours() {
    let pack = Pack::embedded().unwrap();
    let cases = cases::all();
    let mut alone = pack.clone();
    let mut problems = Vec::new();
    for case in &cases {
        if !pack.lints.rules.iter().any(|r| r.id == case.id) {
            problems.push(format!("{}: no such rule", case.id));
        }
    }
    for (at, rule) in pack.lints.rules.iter().enumerate() {
        alone.lints = Part::ready(Lints { rules: vec![rule.clone()], ..Lints::default() });
        let of_rule = || cases.iter().filter(|c| c.id == rule.id);
        let fires = |json: &Value| found(&alone, json).iter().any(|l| l.id == rule.id);
        if !of_rule().flat_map(|c| &c.fires).any(fires) {
            problems.push(format!("rule {at} {}: no example fires: {}", rule.id, rule.message));
        }
        for json in of_rule().flat_map(|c| &c.quiet) {
            if fires(json) {
                problems.push(format!("rule {at} {}: must stay quiet on {json}", rule.id));
            }
        }
        if of_rule().all(|c| c.quiet.is_empty()) {
            problems.push(format!("rule {at} {}: no neighbour", rule.id));
        }
    }
    for case in &cases {
        for json in &case.fires {
            if !found(&pack, json).iter().any(|l| l.id == case.id) {
                problems.push(format!("{}: nothing fires on {json}", case.id));
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn messages_are_whole_and_say_what_to_write() {
    let pack = Pack::embedded().unwrap();
    for case in cases::all() {
        for json in &case.fires {
            for lint in found(&pack, json) {
                let text = &lint.message;
                assert!(
                    !text.contains('{')
                        || text.contains("{tenant")
                        || lint.id == "placeholder"
                        || json.to_string().contains('{'),
                    "{text}"
                );
                assert!(!text.contains("  ") && !text.contains(" ,") && !text.contains(" is is "), "{text}");
                assert!(text.len() > 20, "{text}");
                assert!(pack.lints.describe(&lint.id).is_some(), "{} is not in lints.toml", lint.id);
            }
        }
    }
}

#[test]
fn a_finding_points_at_its_line_and_at_its_value() {
    let pack = Pack::embedded().unwrap();
    let text = "{\n  \"inferenceProvider\": \"gateway\",\n  \"inferenceGatewayApiKey\": \"k\",\n  \"inferenceGatewayBaseUrl\": \"https://gw.example/v1\"\n}\n";
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.json");
    std::fs::write(&path, text).unwrap();
    let Input::Configuration(config) = config::read(path.to_str().unwrap(), &pack.keys).unwrap().remove(0)
    else {
        panic!("no configuration")
    };
    let all = lint::all(&pack, &config, &Options::default());
    let one = all.iter().find(|l| l.id == "doubled-v1").unwrap();
    assert_eq!(one.origin.as_ref().unwrap().line, Some(4));
    assert_eq!(one.key.as_deref(), Some("inferenceGatewayBaseUrl"));
    assert!(
        one.message.contains("Remove /v1") && one.message.contains("Sources disagree"),
        "{}",
        one.message
    );
    // What is missing is looked for at the provider.
    let missing = found(&pack, &json!({"inferenceProvider": "foundry"}));
    let key = missing.iter().find(|l| l.id == "missing-key").unwrap();
    assert_eq!(key.origin.as_ref().unwrap().line, Some(2));
}

#[test]
fn each_fact_is_said_once() {
    let pack = Pack::embedded().unwrap();
    let ids = |json: Value| -> Vec<String> { found(&pack, &json).into_iter().map(|l| l.id).collect() };
    let count = |ids: &[String], id: &str| ids.iter().filter(|i| *i == id).count();
    let bare = ids(json!({"managedMcpServers": [{"name": "a", "transport": "stdio", "command": "/opt/a"}]}));
    assert_eq!(count(&bare, "no-provider"), 1, "{bare:?}");
    let keys = ids(json!({"inferenceGatewayBaseUrl": "https://gw.example"}));
    assert_eq!((count(&keys, "no-provider"), count(&keys, "keys-without-provider")), (0, 1), "{keys:?}");
    let open = ids(
        json!({"inferenceProvider": "gateway", "inferenceGatewayApiKey": "k", "inferenceGatewayBaseUrl": "https://<host>/v2"}),
    );
    assert_eq!(count(&open, "placeholder"), 1, "{open:?}");
    let http = ids(
        json!({"inferenceProvider": "gateway", "inferenceGatewayApiKey": "k", "inferenceGatewayBaseUrl": "http://gw.example"}),
    );
    assert_eq!(count(&http, "plain-http"), 1, "{http:?}");
    for case in cases::all() {
        for json in &case.fires {
            let all = found(&pack, json);
            for (at, one) in all.iter().enumerate() {
                assert!(!all[..at].contains(one), "twice: {one:?}");
            }
            assert!(all.windows(2).all(|w| w[0].severity >= w[1].severity), "the worst comes first");
        }
    }
}

#[test]
fn a_wrong_name_in_circulation_is_answered_with_the_right_one() {
    let pack = Pack::embedded().unwrap();
    for invented in &pack.lints.invented {
        assert!(pack.keys.get(&invented.name).is_none(), "{} is a key", invented.name);
    }
    let all = found(&pack, &json!({"inferenceProvider": "vertex", "inferenceRegion": "eu"}));
    let one = all.iter().find(|l| l.id == "unknown-key").unwrap();
    assert!(one.message.contains("write inferenceBedrockRegion or inferenceVertexRegion"), "{}", one.message);
    let near = found(&pack, &json!({"inferenceProvider": "vertex", "inferenceVertexProjectIdd": "p"}));
    assert!(near.iter().any(|l| l.id == "unknown-key" && l.message.contains("inferenceVertexProjectId`")));
    // Clusters and members that guides made up for the nested document.
    let nested = json!({"$schemaVersion": 2, "inference": {"provider": "gateway", "models": []}, "autoUpdater": {"disable": true}, "mcp": {"allowLocalDev": true}, "bootstrap": {"relaunchEnforcementHours": 3}});
    let all = found(&pack, &nested);
    for right in ["models.list", "autoUpdate", "mcp.localStdioEnabled", "lifecycle.relaunchEnforcementHours"]
    {
        assert!(
            all.iter().any(|l| ["unknown-key", "nested-path-moved"].contains(&l.id.as_str())
                && l.message.contains(right)),
            "{right}: {all:#?}"
        );
    }
}

#[test]
fn every_fact_of_the_list_has_a_rule() {
    let pack = Pack::embedded().unwrap();
    let rules = pack.lints.rules.iter().flat_map(|r| &r.covers);
    let covered: BTreeSet<&str> =
        rules.chain(pack.lints.told.iter().flat_map(|t| &t.covers)).map(Word::as_str).collect();
    let numbers = |prefix: char, ranges: &[(u32, u32)]| -> Vec<String> {
        ranges.iter().flat_map(|(a, b)| *a..=*b).map(|n| format!("{prefix}{n}")).collect()
    };
    // V62, V73 and V75 compare with an allowlist; F20 (another product's file) is an error of the readers.
    let apart = ["V62", "V73", "V75", "F20"];
    let wanted = [
        numbers('V', &[(1, 53), (55, 55), (60, 80)]),
        numbers('F', &[(1, 20)]),
        vec!["V71a".to_owned(), "V71b".to_owned()],
    ]
    .concat();
    let lacking: Vec<&String> =
        wanted.iter().filter(|n| !covered.contains(n.as_str()) && !apart.contains(&n.as_str())).collect();
    assert!(lacking.is_empty(), "{lacking:?}");
}

#[test]
fn where_sources_disagree_nothing_is_an_error() {
    let pack = Pack::embedded().unwrap();
    for rule in &pack.lints.rules {
        assert!(rule.disputed.is_none() || rule.severity != Severity::Error, "{}", rule.id);
    }
    let disputed = |id: &str| pack.lints.describe(id).unwrap().disputed.is_some();
    for id in
        ["native-structure", "registry-dword", "comment-key", "offline-access", "localhost", "base-url-path"]
    {
        assert!(disputed(id), "{id}");
    }
}

#[test]
fn rules_for_one_platform_are_silent_where_the_platform_is_a_guess() {
    let pack = Pack::embedded().unwrap();
    let broker = json!({"inferenceProvider": "foundry", "inferenceFoundryResource": "r", "inferenceFoundryAuthFlow": "broker"});
    assert!(found(&pack, &broker).iter().all(|l| l.id != "broker-on-linux"));
}

/// The ids that stand in the source of the readers and the derivation, told by where they stand.
fn ids_in_source() -> BTreeSet<String> {
    fn files(dir: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    files(&root.join("config"), &mut paths);
    files(&root.join("derive"), &mut paths);
    // Those that code decides on are constants.
    let mut ids: BTreeSet<String> = LintId::ALL.iter().map(|id| (*id).into()).collect();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        // An id is the text before a weight, or in a field of that name.
        for (at, _) in code.match_indices("Severity::") {
            let before: String =
                code[..at].chars().rev().take(120).collect::<Vec<_>>().into_iter().rev().collect();
            let before = before.trim_end().trim_end_matches(',').trim_end();
            let before = before.strip_suffix(".to_owned()").unwrap_or(before);
            ids.extend(
                before.strip_suffix('"').and_then(|b| b.rsplit_once('"')).map(|(_, id)| id.to_owned()),
            );
        }
        for (at, mark) in code.match_indices("id: \"") {
            ids.extend(code[at + mark.len()..].split_once('"').map(|(id, _)| id.to_owned()));
        }
    }
    ids.retain(|id| {
        id.contains('-') && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    });
    ids
}

#[test]
fn what_the_readers_and_the_derivation_tell_is_described() {
    let pack = Pack::embedded().unwrap();
    let ids = ids_in_source();
    assert!(ids.len() > 40 && ids.contains("unknown-key") && ids.contains("plain-http"), "{ids:?}");
    let unknown: Vec<&String> = ids.iter().filter(|id| pack.lints.describe(id).is_none()).collect();
    assert!(unknown.is_empty(), "add these to rules/lints.toml under [[told]]: {unknown:?}");
}

#[test]
fn what_the_rules_do_not_know_is_never_called_ignored() {
    let pack = Pack::embedded().unwrap();
    let newest = pack.meta.newest.to_string();
    let one = |case: &Value, id: &str| {
        let all = found(&pack, case);
        all.into_iter().find(|l| l.id == id).unwrap_or_else(|| panic!("{id} on {case}"))
    };
    let base = json!({"inferenceProvider": "anthropic"});
    let with = |key: &str, value: Value| {
        let mut case = base.clone();
        case[key] = value;
        case
    };
    for (case, id) in [
        (with("someKeyOfNextYear", json!(true)), "unknown-key"),
        (with("updateChannel", json!("beta")), "unknown-key"),
        (with("inferenceProvider", json!("nextcloud")), "value-not-allowed"),
        (with("otlpProtocol", json!("http/cbor")), "value-not-allowed"),
        (
            with(
                "managedMcpServers",
                json!([{"name": "m", "transport": "http", "url": "https://m.example", "icon": "i"}]),
            ),
            "mcp-unknown-member",
        ),
        (with("otlpContentCapture", json!(["thoughts"])), "content-capture"),
        (with("relocateUncUserData", json!(true)), "undocumented-key"),
        (with("inferenceHttpProxy", json!("http://p.example")), "unknown-key"),
    ] {
        let lint = one(&case, id);
        assert!(lint.message.contains("known here") && lint.message.contains(&newest), "{}", lint.message);
        for never in ["emove it", "app ignores it", "app does not use", "no longer"] {
            assert!(!lint.message.contains(never), "{}", lint.message);
        }
    }
    for invented in &pack.lints.invented {
        assert!(!invented.instead.contains("remove it"), "{}", invented.name);
    }
    // A cluster of the nested document is no key, and no other key was meant.
    for (cluster, key) in [
        ("sessionRetention", "chatSessionRetentionDays"),
        ("tokenLimits", "inferenceMaxTokensPerWindow"),
        ("appearance", "disableConfigDeprecationWarnings"),
    ] {
        let text = one(&with(cluster, json!("30")), "unknown-key").message;
        assert!(text.contains("cluster of the nested document") && text.contains(key), "{text}");
        assert!(!text.contains("did you mean"), "{text}");
    }
    let dotted = one(&with("sessionRetention.chatDays", json!(30)), "unknown-key").message;
    assert!(dotted.contains("write `chatSessionRetentionDays`"), "{dotted}");
    let names = found(&pack, &with("sessionRetentions", json!(1)));
    assert!(!names.iter().any(|l| l.message.contains("`sessionRetention`")), "{names:?}");
}

#[test]
fn the_new_keys_are_known_and_their_values_are_read() {
    let pack = Pack::embedded().unwrap();
    let all = found(
        &pack,
        &json!({
            "@app": "2.26454.0", "inferenceProvider": "anthropic",
            "builtinToolPolicy": {"Bash": "ask"}, "defaultModelEffort": "xhigh", "alwaysStartWithDefaultModel": true,
            "chatSessionRetentionDays": 30, "coworkSessionRetentionDays": 3650, "codeSessionRetentionDays": 1,
            "sessionRetentionHold": true, "microsoftAuthDefaultAccount": "disabled",
            "otlpContentCapture": ["userPrompts"], "sshTransport": "builtin", "otlpAuthMode": "inference-credential"
        }),
    );
    let bad: Vec<&Lint> = all.iter().filter(|l| l.severity != Severity::Info).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    // One text is the error, a list is the form.
    let text = found(&pack, &json!({"inferenceProvider": "anthropic", "otlpContentCapture": "userPrompts"}));
    assert!(text.iter().any(|l| l.id == "undecodable-value"), "{text:#?}");
}

#[test]
fn weights_and_words_follow_the_newest_facts() {
    let pack = Pack::embedded().unwrap();
    let of = |case: Value, id: &str| -> Vec<Lint> {
        found(&pack, &case).into_iter().filter(|l| l.id == id).collect()
    };
    let gateway = json!({"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example"});
    let with = |more: Value| {
        let mut case = gateway.clone();
        case.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        case
    };
    // The old scheme: a hint where it is read again, an error where it is not.
    let now = of(with(json!({"inferenceGatewayAuthScheme": "sso", "@app": "2.26454.0"})), "sso-scheme");
    assert!(now[0].severity == Severity::Info && now[0].message.contains("no end date"), "{now:?}");
    let older = of(with(json!({"inferenceGatewayAuthScheme": "sso", "@app": "2.19675.0"})), "sso-scheme");
    assert_eq!(older[0].severity, Severity::Error);
    let named = with(json!({"inferenceGatewayAuthScheme": "sso", "inferenceCredentialKind": "interactive"}));
    assert!(of(named, "sso-scheme")[0].message.contains("selects nothing"));
    let local = with(json!({"inferenceGatewayBaseUrl": "http://localhost:1"}));
    assert!(of(local, "localhost").iter().all(|l| l.severity == Severity::Info));
    // The missing keys are named.
    let half = json!({"inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-west-1", "inferenceCredentialKind": "interactive", "inferenceBedrockSsoRegion": "eu-west-1"});
    let missing = of(half.clone(), "credential-missing");
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert!(missing[0].message.contains(
        "inferenceBedrockSsoStartUrl, inferenceBedrockSsoAccountId and inferenceBedrockSsoRoleName"
    ));
    assert!(of(half, "incomplete-set").is_empty());
    let order = of(
        json!({"inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-west-1", "inferenceBedrockProfile": "p", "inferenceBedrockBearerToken": "t"}),
        "several-credentials",
    );
    assert!(
        order[0].message.contains("identity provider sign-in")
            && order[0].message.contains("first that is complete")
    );
    let scopes = of(
        with(json!({"managedMcpServers": [{"name": "m", "server": "microsoft365", "scopes": ["a"]}]})),
        "mcp-legacy",
    );
    assert!(scopes[0].message.contains("`scope` on the entry itself"), "{scopes:?}");
    let member = of(
        with(
            json!({"managedMcpServers": [{"name": "m", "transport": "http", "url": "https://m.example", "apiKey": "k"}]}),
        ),
        "mcp-unknown-member",
    );
    assert!(
        member[0].message.contains("connector loads") && member[0].message.contains("customer-run gateway")
    );
    let updates = of(with(json!({})), "updates-by-default");
    assert!(
        updates[0].message.contains("releases.claude.com")
            && !updates[0].message.contains("Sources disagree")
    );
}
