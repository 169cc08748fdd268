//! What an existing list lacks: applied to that list it covers everything, and the next delta is empty.

use clearway::firewall::delta::{self, Existing};
use clearway::firewall::existing::{As, Comparison, Dialect, compare, read_as};
use clearway::firewall::{Format, List, Output};
use clearway::rules::firewalls::Firewalls;
use proptest::prelude::*;
use serde_json::Value;

use crate::firewall::{folder, office, one, written};

fn held(list: &List, format: Format, text: &str) -> Comparison {
    let how = As { dialect: delta::dialect_of(format), port: None };
    compare(list, read_as(text, how).unwrap_or_else(|e| panic!("{format}: {e:?}\n{text}")))
        .unwrap_or_else(|e| panic!("{format}: {e:?}\n{text}"))
}

fn delta_of(list: &List, format: Format, text: &str) -> Output {
    let comparison = held(list, format, text);
    let firewalls = Firewalls::embedded().unwrap();
    let existing = Existing { comparison: &comparison, text, whole: true };
    delta::write(format, list, &existing, firewalls.by_id(format.product()).unwrap()).unwrap()
}

/// As the product applies it to what it has.
fn applied(format: Format, existing: &str, delta: &str) -> String {
    match format {
        // Included before the rules that are there.
        Format::Squid => format!("{delta}\n{existing}"),
        Format::Prometheus => {
            let groups = |text: &str| serde_json::from_str::<Vec<Value>>(text).unwrap();
            serde_json::to_string(&[groups(existing), groups(delta)].concat()).unwrap()
        }
        _ => format!("{existing}\n{delta}"),
    }
}

/// What is neither a remark nor empty.
fn code(text: &str) -> Vec<&str> {
    let code = |l: &&str| {
        !l.is_empty() && !l.starts_with('#') && *l != "[]" && !l.starts_with("acl clearway_connect ")
    };
    text.lines().map(str::trim).filter(code).collect()
}

const APPLIED: [Format; 7] = [
    Format::Paloalto,
    Format::PaloaltoUrls,
    Format::Zscaler,
    Format::Umbrella,
    Format::Fortigate,
    Format::Squid,
    Format::Prometheus,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any part of the list stands there already, beside a host that nothing needs any more.
    #[test]
    fn a_delta_covers_everything_and_the_next_is_empty(kept in proptest::collection::vec(any::<bool>(), 40)) {
        let list = List::allow(&office());
        for format in APPLIED {
            let mut part = list.clone();
            let mut keep = kept.iter().cycle();
            part.rules.retain(|_| *keep.next().unwrap());
            part.rules.extend(List::allow(&one("old.mill.example", 443, "https")).rules);
            let before = written(format, &part).text;
            let first = delta_of(&list, format, &before);
            let after = applied(format, &before, &first.text);
            let left_out: Vec<&str> = first.unsupported.iter().map(|e| e.entry.as_str()).collect();
            let result = held(&list, format, &after);
            for gap in &result.missing {
                let own = |l: &&str| *l == gap.rule.to_string() || l.contains(gap.rule.names.base());
                prop_assert!(left_out.iter().any(own), "{}: {} is missing after\n{}", format, gap.rule, after);
            }
            let second = delta_of(&list, format, &after);
            let commands = [Format::Paloalto, Format::Fortigate].contains(&format);
            prop_assert_eq!(code(&second.text), Vec::<&str>::new(), "{}:\n{}\n{}", format, after, first.text);
            if commands {
                prop_assert!(first.text.contains("old.mill.example"), "{}: {}", format, first.text);
                prop_assert!(result.unneeded.is_empty(), "{}: {:?}\n{}", format, result.unneeded, after);
            } else {
                prop_assert!(first.gone.iter().any(|g| g.contains("old.mill.example")), "{}: {:?}", format, first.gone);
            }
        }
    }
}

#[test]
fn a_group_of_fortigate_is_added_to_and_a_policy_of_it_opens_what_was_missing() {
    let list = List::allow(&one("api.mill.example", 443, "https"));
    let existing = "config firewall address\nedit \"clearway-old.mill.example\"\nset type fqdn\nset fqdn \"old.mill.example\"\nnext\n\
        edit \"intranet\"\nset type fqdn\nset fqdn \"www.mill.example\"\nnext\nend\n\
        config firewall addrgrp\nedit \"clearway-required-tcp-443\"\nset member \"clearway-old.mill.example\"\nnext\nend\n\
        config firewall policy\nedit 7\nset srcaddr \"all\"\nset dstaddr \"clearway-required-tcp-443\" \"intranet\"\n\
        set action accept\nset service \"HTTPS\"\nset schedule \"always\"\nnext\nend\n";
    let delta = delta_of(&list, Format::Fortigate, existing);
    assert!(delta.text.contains("append member \"clearway-api.mill.example\""), "{}", delta.text);
    assert!(delta.text.contains("unselect member \"clearway-old.mill.example\""), "{}", delta.text);
    assert!(delta.text.contains("delete \"clearway-old.mill.example\""), "{}", delta.text);
    assert!(!delta.text.contains("delete \"intranet\""), "an object of others is named only");
    assert!(delta.gone.iter().any(|g| g.contains("www.mill.example")));
    assert!(delta.text.contains("# - line 8, `www.mill.example`"), "{}", delta.text);
    let after = held(&list, Format::Fortigate, &applied(Format::Fortigate, existing, &delta.text));
    assert!(after.missing.is_empty() && after.conditional.is_empty(), "{after:?}");
    // The last member of a group stays, since FortiOS keeps no empty group.
    let without = existing.replace("\"old.mill.example\"", "\"api.mill.example\"").replace("www.", "api.");
    let gone = delta_of(&List::allow(&one("api.mill.example", 443, "https")), Format::Fortigate, &without);
    assert!(code(&gone.text).is_empty(), "{}", gone.text);
}

#[test]
fn a_policy_that_is_edited_again_keeps_its_place_and_a_deleted_one_decides_nothing() {
    let list = List::allow(&one("api.mill.example", 443, "https"));
    let base = "config firewall address\nedit \"a\"\nset type fqdn\nset fqdn \"api.mill.example\"\nnext\nend\n\
        config firewall policy\nedit 1\nset srcaddr \"all\"\nset dstaddr \"a\"\nset action deny\nset service \"ALL\"\n\
        set schedule \"always\"\nnext\nedit 2\nset srcaddr \"all\"\nset dstaddr \"a\"\nset action accept\n\
        set service \"ALL\"\nset schedule \"always\"\nnext\nend\n";
    let missing = |more: &str| !held(&list, Format::Fortigate, &format!("{base}{more}")).missing.is_empty();
    assert!(missing(""));
    assert!(!missing("config firewall policy\ndelete 1\nend\n"));
    assert!(!missing("config firewall policy\nedit 1\nset status disable\nnext\nend\n"));
    assert!(missing("config firewall policy\nedit 1\nset name \"no\"\nnext\nend\n"), "it is still the first");
    assert!(missing(
        "config firewall policy\nedit 2\nset action deny\nnext\nend\nconfig firewall policy\ndelete 1\nend\n"
    ));
}

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = crate::common::clearway();
    command.env("CLEARWAY_TODAY", "2026-11-27").args(args).stdin(std::process::Stdio::null());
    let output = command.output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn the_command_writes_the_form_of_the_list_or_says_why_not() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("list").display().to_string();
    let office = folder().join("office.json").display().to_string();
    let hosts = |more: &[&str]| run(&[&["hosts", office.as_str(), "--delta", file.as_str()], more].concat());
    std::fs::write(&file, "acl a dstdomain api.vendor.example\nhttp_access allow CONNECT a\n").unwrap();
    // The form is that of the list where none is named; what Squid cannot carry is refused as ever.
    let (code, _, message) = hosts(&[]);
    assert!(code == Some(2) && message.contains("--omit-unsupported"), "{message}");
    let (code, text, _) = hosts(&["--omit-unsupported"]);
    assert_eq!(code, Some(0));
    assert!(
        text.contains("http_access allow") && !text.contains("dstdomain -n api.vendor.example"),
        "{text}"
    );
    let (code, text, message) = hosts(&["--format", "ticket"]);
    assert_eq!(code, Some(0), "{message}");
    assert!(
        !text.contains("Destination     api.vendor.example") && text.contains("errors.example"),
        "{text}"
    );
    for (format, reason) in [
        ("dnsmasq-nftset", "longest match"),
        ("dnsmasq-nftset-sets", "longest match"),
        ("pac", "one PAC file"),
        ("prometheus-scrape", "no hosts"),
        ("json", "--against"),
    ] {
        let (code, text, message) = hosts(&["--format", format, "--omit-unsupported", "--allow-widening"]);
        assert!(code == Some(2) && text.is_empty() && message.contains(reason), "{format}: {message}");
    }
    std::fs::write(&file, "api.vendor.example\nold.example\n").unwrap();
    let (code, text, _) = hosts(&[]);
    assert!(
        code == Some(0) && text.contains("# line 2, `old.example`") && !text.contains("\napi.vendor"),
        "{text}"
    );
    let (_, text, message) = hosts(&["--need", "required"]);
    assert!(!text.contains("old.example") && message.contains("a part of the list"), "{message}");
    // A list of a product that replaces what it has takes a name of its own.
    std::fs::write(&file, "api.vendor.example # \"clearway-rules\"\n").unwrap();
    let azure = ["--format", "azure-firewall", "--omit-unsupported"];
    let (code, _, message) = hosts(&azure);
    assert!(code == Some(2) && message.contains("--name"), "{message}");
    let (code, text, _) = hosts(&[&azure[..], &["--name", "more"]].concat());
    assert!(
        code == Some(0) && text.contains("\"more-") && !text.contains("\"api.vendor.example\""),
        "{text}"
    );
    // Everything is there: nothing to write.
    let (_, whole, _) = run(&["hosts", &office, "--format", "plain"]);
    std::fs::write(&file, whole).unwrap();
    let (code, text, message) = hosts(&["--format", "plain"]);
    assert_eq!((code, text.as_str()), (Some(0), ""), "{message}");
    assert!(message.contains("nothing is missing"), "{message}");
    assert_eq!(run(&["hosts", &office, "--against-as", "plain"]).0, Some(2));
    assert_eq!(run(&["hosts", &office, "--against", &file, "--delta", &file]).0, Some(2));
    assert!(Dialect::named("plain").is_ok());
}

#[test]
fn where_nothing_is_missing_nothing_is_written_in_any_format() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (small, longer, file) = (path("small.json"), path("longer.json"), path("list"));
    let write = |path: &str, hosts: &[&str]| {
        let row = |host: &&str| serde_json::json!({ "host": host, "port": 443, "transport": "https", "need": "required", "purpose": "p" });
        let rows: Vec<Value> = hosts.iter().map(row).collect();
        let document = serde_json::json!({
            "schema": "clearway.hosts/1", "clearway": "0.1.0", "rules_date": "2026-11-22", "app_version": "2.19675.0",
            "platform": "linux", "groups": [{ "feature": "inference", "title": "Inference", "hosts": rows }],
        });
        std::fs::write(path, document.to_string()).unwrap();
    };
    write(&small, &["api.vendor.example"]);
    write(&longer, &["api.vendor.example", "old.example"]);
    for format in
        ["windows-firewall", "sophos", "netskope-api", "azure-firewall", "cilium", "pac", "dnsmasq-nftset"]
    {
        let (code, whole, message) = run(&["hosts", &longer, "--format", format, "--allow-widening"]);
        assert_eq!(code, Some(0), "{format}: {message}");
        std::fs::write(&file, whole).unwrap();
        let (code, text, message) = run(&["hosts", &small, "--delta", &file]);
        assert_eq!((code, text.as_str()), (Some(0), ""), "{format}: {message}");
        assert!(message.contains("nothing is missing"), "{format}: {message}");
        // There is no file to say in what can go.
        assert!(message.contains("can go") && message.contains("old.example"), "{format}: {message}");
    }
}

/// Products in which a second load replaces objects of the same name: the delta is a list of its own beside the existing one,
/// and has what that one lacks.
#[test]
fn a_delta_of_a_template_is_a_list_beside_it_with_what_it_lacks() {
    let firewalls = Firewalls::embedded().unwrap();
    for format in [
        Format::AzureFirewall,
        Format::AwsNetworkFirewall,
        Format::TerraformAzure,
        Format::TerraformAws,
        Format::TerraformPaloalto,
        Format::GcpSwp,
        Format::Cilium,
        Format::NetskopeApi,
        Format::CiscoFmc,
        Format::Sophos,
        Format::Cloudflare,
        Format::WindowsFirewall,
    ] {
        let list = List::allow(&office());
        let mut part = list.clone();
        part.rules.retain(|r| r.names.base() != "packages.corp.example");
        assert_ne!(part.rules.len(), list.rules.len());
        let before = written(format, &part).text;
        let comparison = held(&list, format, &before);
        let missing: Vec<String> = comparison.missing.iter().map(|m| m.rule.to_string()).collect();
        assert!(missing.contains(&"packages.corp.example".to_owned()), "{format}: {missing:?}");
        let existing = Existing { comparison: &comparison, text: &before, whole: true };
        let product = firewalls.by_id(format.product()).unwrap();
        // Under the same name it would replace what is there.
        let refused = delta::write(format, &list, &existing, product).unwrap_err();
        assert!(refused.contains("--name"), "{format}: {refused}");
        let called = if format == Format::NetskopeApi { "`clearway`" } else { "`clearway-...`" };
        assert!(refused.contains(&format!("objects called {called}, and")), "{format}: {refused}");
        let more = List { name: "more".into(), ..list.clone() };
        let output = delta::write(format, &more, &existing, product).unwrap();
        assert!(!output.text.contains("api.vendor.example"), "{format}: {}", output.text);
        let host = List::allow(&one("packages.corp.example", 443, "https"));
        assert!(held(&host, format, &output.text).missing.is_empty(), "{format}: {}", output.text);
        // With everything there is nothing to write, and a file without entries would replace the list.
        let whole = written(format, &list).text;
        let mut comparison = held(&list, format, &whole);
        comparison.missing.clear();
        let existing = Existing { comparison: &comparison, text: &whole, whole: true };
        assert_eq!(delta::write(format, &list, &existing, product).unwrap().text, "", "{format}");
    }
}
