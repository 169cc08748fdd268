//! `diff`: two lists, grouped by feature, each line with the keys behind it.

use std::sync::LazyLock;

use crate::common::configurations::from_json;
use clearway::config::Configuration;
use clearway::contract::{Need, Platform};
use clearway::derive::diff::{Change, Diff, Line, Side, diff};
use clearway::derive::{Options, derive};
use clearway::rules::Pack;
use serde_json::{Value as Json, json};

static PACK: LazyLock<Pack> = LazyLock::new(|| Pack::embedded().unwrap());

fn compare(old: &Json, new: &Json, versions: (&str, &str)) -> Diff {
    let side = |json: &Json, version: &str| {
        let configurations: Vec<Configuration> = vec![from_json("test", json, &PACK.keys)];
        let options = Options {
            platform: Some(Platform::Macos),
            app_version: Some(version.parse().unwrap()),
            ..Options::default()
        };
        (derive(&PACK, &configurations, &options), configurations)
    };
    let ((old, before), (new, after)) = (side(old, versions.0), side(new, versions.1));
    diff(
        &PACK,
        &[],
        Side { list: &old, configurations: &before },
        Side { list: &new, configurations: &after },
    )
}

const NEWEST: (&str, &str) = ("2.19675.0", "2.19675.0");

fn gateway(more: &Json) -> Json {
    let mut json = json!({"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.aurora-mills.example", "inferenceGatewayApiKey": "k"});
    more.as_object().unwrap().iter().for_each(|(k, v)| json[k] = v.clone());
    json
}

fn lines(found: &Diff) -> Vec<&Line> {
    found.groups.iter().flat_map(|g| &g.lines).collect()
}

#[test]
fn the_same_lists_do_not_differ() {
    let found = compare(&gateway(&json!({})), &gateway(&json!({})), NEWEST);
    assert!(found.is_empty() && found.hosts_added == 0 && found.hosts_removed == 0 && found.hosts_kept > 5);
}

#[test]
fn added_and_removed_hosts_name_the_keys_and_their_values() {
    let found = compare(
        &gateway(&json!({})),
        &gateway(
            &json!({"inferenceGatewayBaseUrl": "https://gw2.aurora-mills.example", "disableEssentialTelemetry": true}),
        ),
        NEWEST,
    );
    let all = lines(&found);
    let of = |host: &str| *all.iter().find(|l| l.host.to_string() == host).unwrap();
    let added = of("gw2.aurora-mills.example");
    assert_eq!(
        (added.change, added.need_before, added.need_after),
        (Change::Added, None, Some(Need::Required))
    );
    assert_eq!(added.keys, ["inferenceGatewayBaseUrl"]);
    assert_eq!(
        added.because,
        [
            "inferenceGatewayBaseUrl: \"https://gw.aurora-mills.example\" -> \"https://gw2.aurora-mills.example\""
        ]
    );
    assert_eq!(of("gw.aurora-mills.example").change, Change::Removed);
    let sentry = of("sentry.io");
    assert_eq!(
        (sentry.change, sentry.keys.as_slice()),
        (Change::Removed, ["disableEssentialTelemetry".to_owned()].as_slice())
    );
    assert_eq!(found.hosts_added, 1);
}

#[test]
fn a_host_that_stays_for_another_feature_is_said_to_stay() {
    let found = compare(&gateway(&json!({})), &gateway(&json!({"disableAutoUpdates": true})), NEWEST);
    let api = lines(&found).into_iter().find(|l| l.host.to_string() == "api.anthropic.com").unwrap();
    assert_eq!(api.change, Change::Reasons);
    assert_eq!(api.also_for, ["web-fetch", "nonessential-telemetry"]);
    assert_eq!((found.hosts_added, found.hosts_removed), (0, 0));
    assert_eq!(api.rules_removed, ["H1"]);
}

#[test]
fn a_changed_need_and_a_changed_list_are_told() {
    let foundry = |more: &Json| {
        let mut json = json!({"inferenceProvider": "foundry", "inferenceFoundryResource": "res", "inferenceFoundryTenantId": "t", "inferenceFoundryClientId": "c"});
        more.as_object().unwrap().iter().for_each(|(k, v)| json[k] = v.clone());
        json
    };
    let found =
        compare(&foundry(&json!({})), &foundry(&json!({"inferenceFoundryApiKey": "hunter2"})), NEWEST);
    let login =
        lines(&found).into_iter().find(|l| l.host.to_string() == "login.microsoftonline.com").unwrap();
    assert_eq!((login.need_before, login.need_after), (Some(Need::Required), Some(Need::Optional)));
    assert_eq!(login.keys, ["inferenceFoundryApiKey"]);
    assert_eq!(login.because, ["inferenceFoundryApiKey: not set -> (secret)"]);

    let servers = |path: &str| json!({"managedMcpServers": [{"name": "a", "url": format!("https://{path}.aurora-mills.example")}]});
    let found = compare(&gateway(&servers("one")), &gateway(&servers("two")), NEWEST);
    assert_eq!(lines(&found).len(), 2);
    for line in lines(&found) {
        assert_eq!(line.because, ["managedMcpServers: another content (a list of 1 entry)"]);
    }
}

#[test]
fn an_upgrade_names_the_release_behind_each_line() {
    let gw = gateway(&json!({}));
    let found = compare(&gw, &gw, ("1.18286.0", "2.19675.0"));
    let all = lines(&found);
    let why = |host: &str, rule: &str| {
        let is = |l: &&&Line| {
            l.host.to_string() == host && l.rules_added.iter().chain(&l.rules_removed).any(|r| r == rule)
        };
        all.iter().find(is).unwrap_or_else(|| panic!("{host} {rule}")).because.join("; ")
    };
    assert_eq!(why("pypi.org", "M1"), "isDesktopExtensionEnabled has another default since app 1.19367.0");
    assert_eq!(
        why("a-cdn.anthropic.com", "J3"),
        "rule J3 ends with app 2.16120.0; the app changes what rule J3 is about with 2.110.0"
    );
    assert_eq!(why("claude.ai", "I5"), "rule I5 begins with app 2.7032.0");
    assert_eq!(why("downloads.claude.ai", "A2"), "rule A2 begins with app 2.110.0");
    // The other way round it is a downgrade with the same causes.
    let back = compare(&gw, &gw, ("2.19675.0", "1.18286.0"));
    assert_eq!((back.hosts_added, back.hosts_removed), (found.hosts_removed, found.hosts_added));
}
