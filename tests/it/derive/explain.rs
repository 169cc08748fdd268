//! `explain`: every setting it names really does what it says, on every host of every example's list.

use std::sync::LazyLock;

use crate::common::configurations::{example, from_json};
use clearway::config::Configuration;
use clearway::contract::{Code, Platform, Severity};
use clearway::derive::{FeatureInfo, Options, Requirement, derive};
use clearway::explain::{Answer, Given, HostAnswer, Obstacle, Status, Target, explain, host, key};
use clearway::rules::codes::Codes;
use clearway::rules::symptoms::Symptoms;
use clearway::rules::{KeyKind, Pack, Part};
use serde_json::{Value as Json, json};

static PACK: LazyLock<Pack> = LazyLock::new(|| Pack::embedded().unwrap());
static SYMPTOMS: LazyLock<Part<Symptoms>> =
    LazyLock::new(|| Part::ready(Symptoms::embedded().unwrap_or_else(|e| panic!("{e}"))));

/// The examples whose lists are written down by hand, with the platform and switches of each list.
const LISTS: [(&str, Platform); 8] = [
    ("anthropic", Platform::Macos),
    ("bedrock", Platform::Macos),
    ("mantle", Platform::Linux),
    ("vertex", Platform::Macos),
    ("foundry", Platform::Windows),
    ("gateway", Platform::Windows),
    ("lockdown", Platform::Macos),
    ("bootstrap", Platform::Macos),
];

fn features() -> Vec<FeatureInfo> {
    let info = |f: &clearway::rules::Feature| FeatureInfo {
        id: f.id.to_string(),
        title: f.title.to_string(),
        stops: f.stops.to_string(),
    };
    PACK.features.iter().map(info).collect()
}

fn read(json: &Json) -> Vec<Configuration> {
    vec![from_json("test", json, &PACK.keys)]
}

fn ask(json: &Json, options: &Options, target: &str) -> HostAnswer {
    let configurations = read(json);
    let given = Given { pack: &PACK, configurations: &configurations, documents: &[], options };
    host(&given, &Target::parse(target).unwrap())
}

/// Carries a change out on JSON, as a reader of the answer would: by what the document says, with
/// none of the code that found the change.
fn carry_out(json: &mut Json, options: &mut Options, change: &Json) {
    let key = change["key"].as_str().unwrap_or_default();
    let (name, member) = key.split_once('.').map_or((key, None), |(n, m)| (n, Some(m)));
    let object = json.as_object_mut().unwrap();
    match change["action"].as_str().unwrap() {
        "set" | "set-own" => match member {
            Some(member) => json[name][member] = change["value"].clone(),
            None => json[name] = change["value"].clone(),
        },
        "unset" => {
            object.shift_remove(name);
        }
        "add" => {
            let list = object.entry(name).or_insert_with(|| json!([]));
            list.as_array_mut().unwrap().push(change["value"].clone());
        }
        "without" => {
            let gone: Vec<usize> = serde_json::from_value(change["positions"]["test"].clone()).unwrap();
            let list = object[name].as_array_mut().unwrap();
            let mut at = 0;
            list.retain(|_| {
                at += 1;
                !gone.contains(&(at - 1))
            });
        }
        "offline-installer" => options.offline_installer = true,
        other => panic!("{other}"),
    }
}

fn has(list: &[Requirement], wanted: &Requirement) -> bool {
    list.iter().any(|r| r.host == wanted.host && r.port == wanted.port && r.transport == wanted.transport)
}

#[test]
fn every_host_of_every_list_has_a_setting_that_removes_it_or_is_said_to_have_none() {
    let off = json!({"disableEssentialTelemetry": true, "disableNonessentialTelemetry": true, "disableNonessentialServices": true});
    let (mut removable, mut kept) = (0_usize, 0_usize);
    for (name, platform) in LISTS {
        for telemetry in [true, false] {
            for minimal in [false, true] {
                let mut json = example(name);
                if !telemetry {
                    off.as_object().unwrap().iter().for_each(|(k, v)| json[k] = v.clone());
                }
                let options = Options { platform: Some(platform), minimal, ..Options::default() };
                let list = derive(&PACK, &read(&json), &options);
                for wanted in list.hosts.iter().filter(|r| r.unbounded.is_none()) {
                    let answer = ask(&json, &options, &format!("{}:{}", wanted.host, wanted.port));
                    let place = format!("{name}, minimal {minimal}: {}:{}", wanted.host, wanted.port);
                    assert_eq!(answer.status, Status::Listed, "{place}");
                    if answer.removals.is_empty() {
                        kept += 1;
                        assert!(
                            !answer.kept_by.is_empty(),
                            "{place}: neither a setting nor that there is none"
                        );
                        nothing_removes(&json, &options, wanted, &place);
                        continue;
                    }
                    removable += 1;
                    for removal in &answer.removals {
                        let (mut changed, mut with) = (json.clone(), options.clone());
                        for change in &removal.changes {
                            carry_out(&mut changed, &mut with, &serde_json::to_value(change).unwrap());
                        }
                        let after = derive(&PACK, &read(&changed), &with);
                        assert!(
                            !has(&after.hosts, wanted),
                            "{place}: still there after {:?}",
                            removal.changes
                        );
                        let broken = after.lint.iter().any(|l| {
                            l.severity >= Severity::Warning
                                && !list.lint.iter().any(|o| o.id == l.id && o.key == l.key)
                        });
                        let said = !removal.breaks_configuration.is_empty();
                        assert_eq!(broken, said, "{place}: {:?}: {:?}", removal.changes, after.lint);
                    }
                }
            }
        }
    }
    assert!(removable > 300 && kept > 25, "{removable} can be removed, {kept} cannot");
}

/// No boolean key and no switch that a rule names takes the host off the list by itself.
fn nothing_removes(json: &Json, options: &Options, wanted: &Requirement, place: &str) {
    let mut tries: Vec<(String, Json)> = Vec::new();
    for key in PACK.keys.keys.iter().filter(|k| k.kind == KeyKind::Boolean) {
        tries.push((key.name.to_string(), json!(true)));
        tries.push((key.name.to_string(), json!(false)));
    }
    for (key, value) in tries {
        let mut changed = json.clone();
        changed[&key] = value.clone();
        let list = derive(&PACK, &read(&changed), options);
        assert!(has(&list.hosts, wanted), "{place}: said to stay, but {key} = {value} removes it");
    }
    let offline = Options { offline_installer: true, ..options.clone() };
    assert!(has(&derive(&PACK, &read(json), &offline).hosts, wanted), "{place}");
}

fn texts(answer: &HostAnswer) -> Vec<Vec<&str>> {
    answer.removals.iter().map(|r| r.changes.iter().map(|c| c.text.as_str()).collect()).collect()
}

fn gateway(more: &Json) -> Json {
    let mut json = json!({"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.aurora-mills.example", "inferenceGatewayApiKey": "k"});
    more.as_object().unwrap().iter().for_each(|(k, v)| json[k] = v.clone());
    json
}

fn mac() -> Options {
    Options { platform: Some(Platform::Macos), ..Options::default() }
}

#[test]
fn a_host_of_several_groups_needs_several_switches() {
    let answer = ask(&gateway(&json!({})), &mac(), "api.anthropic.com");
    let rules: Vec<&str> = answer.entries[0].reasons.iter().map(|r| r.rule.as_str()).collect();
    assert_eq!(rules, ["N6", "H1", "J2"]);
    let mut ways = texts(&answer);
    ways.iter_mut().for_each(|w| w.sort_unstable());
    assert_eq!(
        ways,
        [[
            "disableAutoUpdates = true",
            "disableNonessentialTelemetry = true",
            "skipWebFetchPreflight = true"
        ]]
    );
    assert_eq!(answer.entries[0].reasons[0].sources[0].page, "telemetry and egress");
}

#[test]
fn entries_of_lists_are_named_and_the_others_stay() {
    let json = gateway(&json!({
        "coworkEgressAllowedHosts": ["a.aurora-mills.example", "b.aurora-mills.example"],
        "managedMcpServers": [
            {"name": "one", "url": "https://mcp.aurora-mills.example/1"},
            {"name": "two", "url": "https://other.aurora-mills.example"},
            {"name": "three", "url": "https://mcp.aurora-mills.example/3"},
        ],
    }));
    let answer = ask(&json, &mac(), "a.aurora-mills.example");
    assert!(
        texts(&answer)
            .contains(&vec!["coworkEgressAllowedHosts without the entry \"a.aurora-mills.example\""])
    );
    let answer = ask(&json, &mac(), "mcp.aurora-mills.example");
    assert!(
        texts(&answer).contains(&vec!["managedMcpServers without the entries \"one\", \"three\""]),
        "{:?}",
        texts(&answer)
    );
}

#[test]
fn a_name_below_wildcards_is_covered_by_each_of_them() {
    let answer = ask(&gateway(&json!({})), &mac(), "o1158394.ingest.us.sentry.io");
    assert_eq!(answer.status, Status::Covered);
    let entries: Vec<String> = answer.entries.iter().map(|e| e.host.to_string()).collect();
    assert_eq!(entries, ["*.ingest.us.sentry.io", "*.sentry.io"]);
    assert_eq!(texts(&answer), [["disableEssentialTelemetry = true"]]);
    let apex = ask(&gateway(&json!({"disableNonessentialServices": false})), &mac(), "gstatic.com");
    assert_eq!(apex.status, Status::NotListed);
    assert!(apex.remarks[0].contains("never gstatic.com itself"), "{:?}", apex.remarks);
}

#[test]
fn a_host_that_is_not_there_has_the_nearest_reason() {
    let first = |json: &Json, options: &Options, target: &str| {
        let answer = ask(json, options, target);
        assert_eq!(answer.status, Status::NotListed, "{target}");
        let nearest = answer.absent.first().unwrap_or_else(|| panic!("{target}: nothing"));
        (nearest.rule.clone(), nearest.obstacle, nearest.would_need.join(" | "))
    };
    let gw = gateway(&json!({}));
    let (rule, obstacle, need) = first(&gw, &mac(), "pypi.org");
    assert_eq!((rule.as_str(), obstacle), ("M1", Obstacle::Condition));
    assert!(need.contains("isDesktopExtensionEnabled is true (it is not set, which means false)"), "{need}");

    let old = Options { app_version: Some("1.52386.0".parse().unwrap()), ..mac() };
    let set = gateway(&json!({"modelCatalogUrl": "https://models.aurora-mills.example/c.json"}));
    // The key is not read by that version, so its value is no host of this list.
    assert!(ask(&set, &old, "models.aurora-mills.example").entries.is_empty());
    let vertex = json!({"inferenceProvider": "vertex", "inferenceVertexProjectId": "p", "inferenceVertexRegion": "eu"});
    let old = Options { app_version: Some("1.20186.0".parse().unwrap()), ..mac() };
    let (rule, obstacle, need) = first(&vertex, &old, "aiplatform.eu.rep.googleapis.com");
    assert_eq!((rule.as_str(), obstacle), ("B3", Obstacle::Version));
    assert!(need.contains("app 1.21459.0 or newer"), "{need}");

    let (rule, obstacle, need) = first(&vertex, &mac(), "aiplatform.us.rep.googleapis.com");
    assert_eq!((rule.as_str(), obstacle), ("B3", Obstacle::Value));
    assert!(need.contains("inferenceVertexRegion is \"us\""), "{need}");

    let minimal = Options { minimal: true, ..mac() };
    let (rule, obstacle, need) = first(&vertex, &minimal, "accounts.google.com");
    assert_eq!((rule.as_str(), obstacle), ("B7", Obstacle::Minimal));
    assert!(need.contains("the credential kind is interactive (it is vendor-profile)"), "{need}");

    let filtered = Options { features: vec!["inference".into()], ..mac() };
    let (rule, obstacle, _) = first(&gw, &filtered, "sentry.io");
    assert_eq!((rule.as_str(), obstacle), ("I2", Obstacle::Filter));

    // A leftover of another provider is named by its key.
    let leftover = gateway(&json!({"inferenceFoundryBaseUrl": "https://apim.aurora-mills.example"}));
    let (rule, _, need) = first(&leftover, &mac(), "apim.aurora-mills.example");
    assert_eq!(rule, "E2");
    assert!(need.contains("inferenceProvider is foundry (it is \"gateway\")"), "{need}");

    let answer = ask(&gw, &mac(), "api.anthropc.com");
    assert!(answer.absent.is_empty() && answer.similar.contains(&"api.anthropic.com".to_owned()));
    let answer = ask(&gw, &mac(), "gw.aurora-mills.example:8443");
    assert!(answer.remarks.iter().any(|r| r.contains("Not on port 8443")), "{:?}", answer.remarks);
}

#[test]
fn without_a_configuration_the_rules_alone_answer() {
    let options = mac();
    let given = Given { pack: &PACK, configurations: &[], documents: &[], options: &options };
    let answer = host(&given, &Target::parse("europe-west4-aiplatform.googleapis.com").unwrap());
    assert_eq!(answer.status, Status::RulesAlone);
    assert_eq!(answer.rules[0].rule, "B1");
    assert_eq!(answer.rules[0].made_by.as_deref(), Some("inferenceVertexRegion = europe-west4"));
    assert!(
        answer.rules[0].condition.contains("inferenceProvider is vertex"),
        "{}",
        answer.rules[0].condition
    );
}

#[test]
fn each_value_of_a_key_shows_what_it_adds_and_removes() {
    let features = features();
    let options = mac();
    let ask = |json: &Json, name: &str| {
        let configurations = read(json);
        let given = Given { pack: &PACK, configurations: &configurations, documents: &[], options: &options };
        key(&given, &features, PACK.keys.get(name).unwrap(), None)
    };
    let gw = gateway(&json!({}));
    let answer = ask(&gw, "updateViaUpdatesHost");
    let on = answer.values.iter().find(|v| v.change.text == "updateViaUpdatesHost = true").unwrap();
    let lines: Vec<String> =
        on.groups.iter().flat_map(|g| &g.lines).map(|l| format!("{} {}", l.change, l.host)).collect();
    assert_eq!(lines, ["added releases.claude.com", "reasons api.anthropic.com", "reasons claude.ai"]);
    let current: Vec<&str> =
        answer.values.iter().filter(|v| v.current).map(|v| v.change.text.as_str()).collect();
    assert_eq!(current, ["updateViaUpdatesHost not set"]);

    // A key that only decides the credential kind still shows its hosts.
    let answer = ask(
        &json!({"inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-west-1", "inferenceBedrockBearerToken": "t"}),
        "inferenceBedrockProfile",
    );
    assert!(answer.decides_credential_of.contains(&"bedrock".to_owned()));
    let set = answer.values.iter().find(|v| v.change.text == "inferenceBedrockProfile set").unwrap();
    let added: Vec<String> = set.groups.iter().flat_map(|g| &g.lines).map(|l| l.host.to_string()).collect();
    assert!(added.contains(&"sts.eu-west-1.amazonaws.com".to_owned()), "{added:?}");

    // What a value breaks is said.
    let answer = ask(&gw, "inferenceGatewayBaseUrl");
    let unset = answer.values.iter().find(|v| v.change.text.ends_with("not set")).unwrap();
    assert!(unset.breaks_configuration[0].contains("needs inferenceGatewayBaseUrl"));

    // Every key of the catalogue has an answer, and none of them shows a secret.
    let secret = gateway(&json!({"inferenceGatewayApiKey": "hunter2-secret"}));
    for k in &PACK.keys.keys {
        let text = serde_json::to_string(&ask(&secret, &k.name)).unwrap();
        assert!(!text.contains("hunter2"), "{}", k.name);
    }
}

#[test]
fn a_question_is_a_key_then_a_code_then_a_host_then_a_message() {
    let configurations = read(&gateway(&json!({})));
    let options = mac();
    let given = Given { pack: &PACK, configurations: &configurations, documents: &[], options: &options };
    let features = features();
    let codes = Codes::embedded().unwrap();
    let answer = |question: &str| explain(&given, &SYMPTOMS, &codes, &features, question).answer;
    for question in ["otlpEndpoint", "OTLPENDPOINT", "otlp.endpoint"] {
        assert!(matches!(answer(question), Answer::Key(k) if k.key == "otlpEndpoint"), "{question}");
    }
    assert!(
        matches!(answer("isDxtEnabled"), Answer::Key(k) if k.asked_as.as_deref() == Some("isDxtEnabled"))
    );
    for question in ["claude.ai", "https://claude.ai/login", "claude.ai:443", "10.0.0.7", "*.claude.ai"] {
        assert!(matches!(answer(question), Answer::Host(_)), "{question}");
    }
    for (question, id) in [
        ("AADSTS50011", "aadsts50011"),
        ("cowork-egress-blocked", "sandbox-blocked"),
        ("0x80070569", "windows-service-right"),
    ] {
        assert!(
            matches!(answer(question), Answer::Messages(m) if m.messages[0].symptom.id == id),
            "{question}"
        );
    }
    for code in Code::ALL {
        let Answer::Code(found) = answer(code.as_str()) else { panic!("{code} is not known") };
        assert!(!found.summary.contains('{') && !found.manual.is_empty(), "{found:?}");
        assert!(!found.remedy.contains("this host"), "{found:?}");
    }
    let Answer::Messages(found) = answer("Unable to verify if domain x.example is safe to fetch") else {
        panic!("no message")
    };
    assert_eq!(found.messages[0].hosts, ["api.anthropic.com"]);
    let Answer::Unknown { keys, .. } = answer("disableAutoUpdate") else { panic!("known") };
    assert_eq!(keys, ["disableAutoUpdates"]);
    assert!(matches!(answer("what is this"), Answer::Unknown { .. }));
}

#[test]
fn every_known_message_is_found_by_its_own_text() {
    for symptom in &SYMPTOMS.list {
        for text in &symptom.matches {
            let message = format!("[error] {} (see log)", text.replace(" ... ", " something else "));
            let found = SYMPTOMS.find(&message);
            assert!(found.iter().any(|s| s.id() == symptom.id), "{}: {message}", symptom.id);
        }
    }
}

#[test]
fn an_entry_anywhere_in_a_long_list_is_found() {
    let hosts: Vec<String> = (0..1_500).map(|n| format!("h{n}.aurora-mills.example")).collect();
    let json = gateway(&json!({ "coworkEgressAllowedHosts": hosts }));
    for name in ["h0.aurora-mills.example", "h1203.aurora-mills.example", "h1499.aurora-mills.example"] {
        let answer = ask(&json, &mac(), name);
        let wanted = format!("coworkEgressAllowedHosts without the entry \"{name}\"");
        assert!(texts(&answer).contains(&vec![wanted.as_str()]), "{name}: {:?}", texts(&answer));
    }
}

#[test]
fn arguments_and_tokens_of_a_key_are_not_told() {
    let json = gateway(&json!({
        "inferenceCredentialHelperArgs": ["get", "hunter2", "-khunter2"],
        "inferenceGatewayBaseUrl": "https://gw.aurora-mills.example/hunter2hunter2hunter2abc1234/v1#hunter2",
    }));
    let configurations = read(&json);
    let options = mac();
    let given = Given { pack: &PACK, configurations: &configurations, documents: &[], options: &options };
    let codes = Codes::embedded().unwrap();
    for question in ["inferenceCredentialHelperArgs", "inferenceGatewayBaseUrl", "gw.aurora-mills.example"] {
        let answer = explain(&given, &SYMPTOMS, &codes, &features(), question);
        let text = format!("{:?}", answer.answer);
        assert!(!text.contains("hunter2"), "{question}: {text}");
    }
}

#[test]
fn the_bare_name_of_an_ssh_wildcard_is_part_of_it() {
    let json = gateway(&json!({ "sshHostAllowlist": ["*.lab.example"] }));
    let answer = ask(&json, &mac(), "lab.example");
    assert_eq!(answer.status, Status::Covered);
    assert_eq!(ask(&json, &mac(), "lab.example:22").status, Status::Covered);
    assert_eq!(ask(&json, &mac(), "x.lab.example").status, Status::Covered);
    assert_ne!(ask(&json, &mac(), "lab.example:443").status, Status::Covered);
    // A wildcard of other hosts is not the bare name.
    let sandbox = gateway(&json!({ "coworkEgressAllowedHosts": ["*.lab.example"] }));
    assert_ne!(ask(&sandbox, &mac(), "lab.example").status, Status::Covered);
}
