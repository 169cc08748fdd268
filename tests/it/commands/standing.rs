//! What stands before everything else: that the rules do not cover the app's version, and that they
//! are old.

use std::process::{Output, Stdio};

use serde_json::Value;

const NEWER: &str = "99.1.0";

fn on(day: &str, args: &[&str]) -> Output {
    crate::common::clearway().args(args).env("CLEARWAY_TODAY", day).stdin(Stdio::null()).output().unwrap()
}

fn run(args: &[&str]) -> Output {
    on(clearway::rules::embedded_date(), args)
}

/// A day so many days after the date of the rules.
fn later(days: i64) -> String {
    let date = clearway::rules::age::day(clearway::rules::embedded_date()).unwrap();
    (date + time::Duration::days(days)).to_string()
}

fn gateway() -> String {
    format!("{}/examples/gateway.json", env!("CARGO_MANIFEST_DIR"))
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn not_known() -> String {
    let newest = clearway::rules::Pack::embedded().unwrap().meta.newest;
    format!(
        "Not known: these rules cover the app up to {newest}. Nothing can be said about {NEWER}; look for newer rules."
    )
}

#[test]
fn an_upgrade_beyond_the_rules_is_not_known_and_nothing_is_claimed() {
    let newest = clearway::rules::Pack::embedded().unwrap().meta.newest;
    for versions in [format!("{newest}..{NEWER}"), format!("{NEWER}..{newest}")] {
        let output = run(&["diff", &gateway(), "--app-version", &versions]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(out(&output), not_known() + "\n");
        let output = run(&["diff", &gateway(), "--app-version", &versions, "--format", "json"]);
        assert_eq!((output.status.code(), out(&output)), (Some(2), String::new()));
        assert_eq!(err(&output), not_known() + "\n");
    }
    let output = run(&["diff", &gateway(), &gateway(), "--app-version", NEWER]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!out(&output).contains("the same"));
}

#[test]
fn a_list_for_a_newer_app_says_first_that_it_is_not_known() {
    let of = |format: &str| {
        let more = ["--allow-widening", "--omit-unsupported"];
        run(&[["hosts", &gateway(), "--app-version", NEWER, "--format", format].as_slice(), &more].concat())
    };
    for format in ["text", "ticket", "markdown"] {
        let output = of(format);
        assert_eq!(out(&output).lines().next().unwrap(), not_known(), "{format}");
        assert_eq!(out(&output).matches("Not known").count(), 1, "{format}");
        assert_eq!(output.status.code(), Some(0), "{format}");
    }
    for format in ["plain", "csv", "zscaler", "umbrella", "prometheus", "paloalto"] {
        let output = of(format);
        assert_eq!(err(&output).lines().next().unwrap(), not_known(), "{format}");
        assert!(!out(&output).contains("Not known") && !out(&output).is_empty(), "{format}");
    }
    assert_eq!(out(&of("txt")).lines().next().unwrap(), format!("# {}", not_known()));
    // Where a product's comments are written, the first of them.
    let squid = out(&of("squid"));
    assert!(
        squid
            .lines()
            .find(|l| l.starts_with('#'))
            .unwrap()
            .starts_with("# Not known: these rules cover the app up to")
    );
    for format in [
        "fortigate",
        "pac",
        "checkpoint",
        "dnsmasq-nftset",
        "azure-firewall",
        "aws-network-firewall",
        "gcp-swp",
    ] {
        let output = of(format);
        assert!(out(&output).contains("Not known: these rules cover"), "{format}: {}", err(&output));
    }
    let output = of("json");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    crate::common::schemas::hold("hosts", &json, "not known");
    assert_eq!(json["not_known"], not_known());
    assert_eq!(json["notes"][0]["text"], not_known());
    assert!(!json["groups"].as_array().unwrap().is_empty());
}

#[test]
fn every_other_command_says_it_first_as_well() {
    let file = gateway();
    for args in [
        vec!["explain", "api.anthropic.com", &file],
        vec!["explain", "modelCatalogUrl", &file],
        vec!["config", &file],
        vec!["hosts", &file, "--boundary", "sandbox"],
    ] {
        let args = [args.as_slice(), &["--app-version", NEWER]].concat();
        let output = run(&args);
        assert_eq!(out(&output).lines().next().unwrap(), not_known(), "{args:?}");
        let output = run(&[args.as_slice(), &["--format", "json"]].concat());
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["not_known"], not_known(), "{args:?}");
    }
    let known = run(&["hosts", &file]);
    assert!(!out(&known).contains("Not known"));
}

#[test]
fn the_age_of_the_rules_stands_in_every_output() {
    let (file, date) = (gateway(), clearway::rules::embedded_date());
    for (args, expected) in [
        (vec!["hosts", &file], format!("{date} (5 days old")),
        (vec!["hosts", &file, "--format", "txt"], format!("{date} (5 days old)")),
        (vec!["hosts", &file, "--format", "markdown"], format!("{date} (5 days old")),
        (vec!["hosts", &file, "--format", "ticket"], format!("{date} (5 days old")),
        (
            vec!["hosts", &file, "--format", "squid", "--allow-widening", "--omit-unsupported"],
            format!("{date} (5 days old)"),
        ),
        (vec!["config", &file], format!("{date} (5 days old)")),
        (vec!["explain", "api.anthropic.com", &file], format!("{date} (5 days old")),
        (vec!["rules"], format!("{date} (5 days old)")),
    ] {
        let output = on(&later(5), &args);
        assert!(out(&output).contains(&expected), "{args:?}:\n{}", out(&output));
        assert!(!err(&output).contains("old"), "{args:?}: {}", err(&output));
    }
    for (schema, args) in [
        ("hosts", vec!["hosts", &file]),
        ("config", vec!["config", &file]),
        ("explain", vec!["explain", "api.anthropic.com", &file]),
        ("rules", vec!["rules"]),
        ("diff", vec!["diff", &file, &file]),
    ] {
        let output = on(&later(5), &[args.as_slice(), &["--format", "json"]].concat());
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        crate::common::schemas::hold(schema, &json, schema);
        assert_eq!(
            (&json["rules_age_days"], &json["rules_old"]),
            (&Value::from(5), &Value::Null),
            "{schema}"
        );
    }
}

#[test]
fn rules_of_more_than_sixty_days_are_a_warning_everywhere() {
    let (file, text) = (gateway(), "! the rules are 4 months old; hosts that came since are missing");
    for args in [
        vec!["hosts", &file],
        vec!["hosts", &file, "--format", "ticket"],
        vec!["hosts", &file, "--format", "markdown"],
        vec!["config", &file],
        vec!["explain", "api.anthropic.com", &file],
        vec!["rules"],
        vec!["diff", &file, &file],
    ] {
        let output = on(&later(120), &args);
        assert_eq!(out(&output).lines().next().unwrap(), text, "{args:?}");
        assert_eq!(err(&output), format!("{text}\n"), "{args:?}");
    }
    let txt = on(&later(120), &["hosts", &file, "--format", "txt"]);
    assert_eq!(out(&txt).lines().next().unwrap(), format!("# {text}"));
    let json = on(&later(120), &["hosts", &file, "--format", "json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["rules_old"], text);
    let young = on(&later(60), &["hosts", &file]);
    assert!(!out(&young).contains("months old") && err(&young).is_empty());
}

#[test]
fn a_key_that_the_rules_lack_is_not_known_to_them() {
    let newest = clearway::rules::Pack::embedded().unwrap().meta.newest.to_string();
    let output = run(&["explain", "someKeyOfNextYear", &gateway()]);
    let text = out(&output);
    assert!(
        text.contains(&format!("cover the app up to {newest}")) && text.contains("newer rules"),
        "{text}"
    );
    assert!(!text.contains("ignore"), "{text}");
}
