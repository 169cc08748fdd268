//! An existing allowlist held against the needed one.

use clearway::contract::Need;
use clearway::document::hosts as document;
use clearway::firewall::existing::{Comparison, Dialect, Pattern, compare, read, read_otherwise};
use clearway::firewall::{Format, List, Names};
use clearway::report;

use crate::firewall::{office, one, written};

fn held(text: &str) -> Comparison {
    compare(&List::allow(&office()), read(text).unwrap()).unwrap()
}

fn missing(result: &Comparison) -> Vec<String> {
    result.missing.iter().map(|m| m.rule.to_string()).collect()
}

/// What a writer wrote, the reader finds again: nothing missing but what was left out.
#[test]
fn our_own_lists_lack_nothing() {
    let list = List::allow(&office());
    for format in [Format::Paloalto, Format::Squid, Format::Fortigate] {
        let output = written(format, &list);
        let result = compare(&list, read(&output.text).unwrap()).unwrap();
        let left_out: Vec<String> = output.unsupported.iter().map(|e| e.entry.clone()).collect();
        for name in missing(&result) {
            let by_address = format == Format::Paloalto && name.ends_with(":22");
            let left = left_out.iter().any(|l| l.ends_with(&name));
            assert!(left || by_address, "{format}: {name} is missing");
        }
        assert!(result.unneeded.is_empty(), "{format}: {:?}", result.unneeded);
    }
    for text in [report::hosts::plain::render(&office()), report::hosts::txt::render(&office(), &[])] {
        let result = compare(&list, read(&text).unwrap()).unwrap();
        assert_eq!(result.dialect, Dialect::Plain);
        assert!(
            result.missing.is_empty() && result.unneeded.is_empty() && result.ignored.is_empty(),
            "{result:?}"
        );
        assert!(
            result.covered.iter().all(|c| c.rule.names.to_string().contains("errors")),
            "{:?}",
            result.covered
        );
    }
}

#[test]
fn the_format_is_recognised() {
    for (text, dialect) in [
        ("a.example\n# b/\n", Dialect::Plain),
        ("a.example/\n*.b.example/\n", Dialect::UrlList),
        ("https://a.example/\n", Dialect::UrlList),
        ("# comment\nacl x dstdomain .a.example\n", Dialect::Squid),
        ("config firewall address\n edit \"x\"\n set fqdn \"a.example\"\n next\nend\n", Dialect::Fortigate),
        ("", Dialect::Plain),
    ] {
        assert_eq!(read(text).unwrap().dialect, dialect, "{text}");
    }
}

#[test]
fn a_wildcard_covers_what_its_product_says() {
    let covers = |text: &str, host: &str| {
        let result = compare(&List::allow(&one(host, 443, "https")), read(text).unwrap());
        result.is_ok_and(|r| r.missing.is_empty() && r.conditional.is_empty())
    };
    let squid = |entry: &str| format!("acl a dstdomain {entry}\nhttp_access allow a\n");
    assert!(covers(&squid(".a.example"), "a.example") && covers(&squid(".a.example"), "*.a.example"));
    assert!(!covers(&squid("a.example"), "b.a.example"));
    assert!(!covers("*.a.example/\n", "a.example") && covers("*.a.example/\n", "c.b.a.example"));
    assert!(covers("^.a.example/\n", "b.a.example") && !covers("^.a.example/\n", "c.b.a.example"));
    assert!(!covers("^.a.example/\n", "*.a.example"), "one label is not any depth");
    assert!(!covers("a.example/*\n", "a.example"), "paths only");
    assert!(!covers("*.a.example\n", "evila.example") && !covers("*.a.example\n", "a.example"));
    assert!(covers("*.example\n", "*.a.example") && !covers("x.a.example\n", "*.a.example"));
    assert!(covers("*\n", "a.example"));
    let fortigate = "config firewall address\nedit \"x\"\nset type fqdn\nset fqdn \"*.a.example\"\nnext\nend\n\
                     config firewall policy\nedit 1\nset srcaddr \"all\"\nset dstaddr \"x\"\nset action accept\n\
                     set service \"HTTPS\"\nset schedule \"always\"\nnext\nend\n";
    assert!(covers(fortigate, "b.a.example") && !covers(fortigate, "a.example"));
}

#[test]
fn a_near_miss_is_explained() {
    let result = held("*.errors.example\ngateway.corp.internal\n192.0.2.7:8080\n");
    let near = |host: &str| {
        let found = result.missing.iter().find(|m| m.rule.to_string() == host).unwrap();
        found.near.join("; ")
    };
    assert!(near("errors.example").contains("not for errors.example itself"));
    assert!(near("gateway.corp.internal:8443").contains("port 443 only"));
    assert!(result.covered.iter().any(|c| c.rule.names == Names::Subdomains("ingest.errors.example".into())));
    assert!(result.is_short(), "api.vendor.example is required and missing");
}

#[test]
fn squid_rules_decide_which_acls_count() {
    let text = "acl ok dstdomain api.vendor.example\nacl no dstdomain packages.corp.example\n\
                acl unused dstdomain .icons.example\nacl file dstdomain \"/etc/squid/names\"\nacl p port 443\n\
                http_access deny no\nhttp_access allow CONNECT p ok\nhttp_access allow file\nhttp_access deny all\n";
    // The names of another file decide about everything that no earlier line allows.
    let unread = compare(&List::allow(&office()), read(text).unwrap()).unwrap_err();
    assert!(unread.lines.iter().any(|l| l.line == 4 && l.reason.contains("another file")), "{unread:?}");
    let result = held(&text.replace("http_access allow file\n", ""));
    assert!(!missing(&result).contains(&"api.vendor.example".to_owned()));
    assert!(missing(&result).contains(&"packages.corp.example".to_owned()), "denied is not allowed");
    let reasons: Vec<&str> = result.ignored.iter().map(|i| i.reason.as_str()).collect();
    assert!(reasons.iter().any(|r| r.contains("no http_access")), "{reasons:?}");
}

#[test]
fn gaps_are_told_in_the_configurations_own_words() {
    let result = held("api.vendor.example\nold.example\n");
    let lint = |id: &str| result.lint.iter().find(|l| l.id == id).unwrap_or_else(|| panic!("{id}"));
    assert_eq!(lint("collector-not-on-list").key.as_deref(), Some("otlpEndpoint"));
    assert!(lint("sandbox-host-not-on-list").message.contains("packages.corp.example"));
    assert!(lint("list-host-not-in-sandbox").message.contains("one entry of the list is"));
    assert!(held("api.vendor.example\n").lint.iter().all(|l| l.id != "list-host-not-in-sandbox"));
    assert!(result.lint.iter().all(|l| l.id != "web-fetch-host-not-on-list"), "nothing needs it here");
}

#[test]
fn what_is_not_understood_is_said_and_not_guessed() {
    let result =
        held("api.vendor.example\nhttps://a.example/path\n10.0.0.0/8\nnot a host\na..b\nb.example\n");
    assert_eq!(result.ignored.len(), 4, "{:?}", result.ignored);
    assert!(result.ignored.iter().all(|i| i.line > 1 && !i.reason.is_empty()));
    assert!(read("*\n").unwrap().entries.iter().all(|e| e.pattern == Pattern::Any));
}

proptest::proptest! {
    /// Whatever somebody keeps as an allowlist, it is read without a panic.
    #[test]
    fn any_text_is_read(text in "(acl|http_access|config firewall address|set fqdn|set|edit|\\[| |\n|\"|:|/|\\*|\\.|\\^|#|-|[a-z0-9.]|\u{e4}){0,80}") {
        if let Ok(listing) = read(&text) {
            let _ = compare(&List::allow(&office()), listing);
        }
    }
}

#[test]
fn what_a_list_takes_away_is_not_covered_by_its_wildcard() {
    let missing_in = |text: &str, host: &str| {
        let result = compare(&List::allow(&one(host, 443, "https")), read(text).unwrap()).unwrap();
        !result.missing.is_empty()
    };
    for text in
        ["!gw.example.com\n*.example.com\n*.claude.ai\n", "*.example.com\n*.claude.ai\n-gw.example.com\n"]
    {
        assert!(missing_in(text, "gw.example.com"), "{text}");
        assert!(!missing_in(text, "other.example.com"), "{text}");
    }
    for table in ["host;allow\ngw.example.com;no\n", "host,status,action\ngw.example.com,yes,rejected\n"] {
        assert!(missing_in(table, "gw.example.com"), "{table}");
    }
    assert!(!missing_in("host,allowed\ngw.example.com,yes\n", "gw.example.com"));
}

#[test]
fn acls_that_name_each_other_often_end() {
    let mut conf = "acl a0 dstdomain a.example\n".to_owned();
    for n in 1..15 {
        let before = format!(" a{}", n - 1).repeat(4);
        conf.push_str(&format!("acl a{n} any-of{before}\n"));
    }
    conf.push_str("http_access allow a14\n");
    // The answer may be a refusal; it must come, and soon.
    let _ =
        read(&conf).map(|listing| compare(&List::allow(&one("a.example", 443, "https")), listing).is_ok());
}

/// A name and its wildcard are one rule in a list that is written, and keep a need and a purpose each.
#[test]
fn of_a_name_and_its_wildcard_each_is_missing_for_its_own_reason() {
    let json = serde_json::json!({
        "schema": "clearway.hosts/1", "clearway": "0.1.0", "rules_date": "2026-11-22",
        "app_version": "2.19675.0", "platform": "linux",
        "groups": [{ "feature": "inference", "title": "Inference", "hosts": [
            { "host": "pump.example", "port": 443, "transport": "https", "need": "required", "purpose": "answers" },
            { "host": "*.pump.example", "port": 443, "transport": "https", "need": "optional", "purpose": "pictures" }
        ] }],
    });
    let list = List::allow(&document::from_json(json, "two.json", "").unwrap());
    assert_eq!(list.rules.len(), 1);
    let result = compare(&list, read("other.example\n").unwrap()).unwrap();
    let said: Vec<_> =
        result.missing.iter().map(|m| (m.rule.to_string(), m.rule.need, m.rule.purpose.as_str())).collect();
    let expected = [
        ("pump.example".to_owned(), Need::Required, "answers"),
        ("*.pump.example".to_owned(), Need::Optional, "pictures"),
    ];
    assert_eq!(said, expected);
    // Only what is optional is missing here, so nothing required is.
    assert!(!compare(&list, read("pump.example\n").unwrap()).unwrap().is_short());
}

#[test]
fn a_list_without_a_sign_of_its_product_says_as_what_it_would_lack_less() {
    let list = List::allow(&one("a.pump.example", 8443, "https"));
    let said = |text: &str| {
        let plain = compare(&list, read(text).unwrap()).unwrap();
        read_otherwise(text, &list, None, &plain)
    };
    let hint = said("pump.example\n").unwrap();
    assert!(hint.contains("--against-as") && hint.contains("umbrella") && !hint.contains("dns"), "{hint}");
    assert!(said("a.pump.example\n").unwrap().contains("dns"));
    assert_eq!(said("a.pump.example:8443\n"), None, "nothing is missing");
    assert_eq!(said("b.other.example\n"), None, "nor would another reading change anything");
    // Among many others, beside remarks, and under what denies.
    let others: String = (0..2_000).map(|n| format!("host{n}.other.example\n")).collect();
    for line in ["pump.example", "PUMP.example.", ".pump.example  # pumps", "*.pump.example"] {
        let text = format!("{others}{line}\n");
        assert_eq!(said(&text).is_some(), said(&format!("{line}\n")).is_some(), "{line}");
    }
    assert_eq!(said(&format!("{others}Blocked hosts\npump.example\n")), None, "it stands among the denied");
    let own = report::hosts::txt::render(&one("b.pump.example", 443, "https"), &[]);
    assert_eq!(said(&own), None, "a list of our own is what it says");
}

#[test]
fn what_denies_is_told_apart_from_what_looks_right() {
    let list = List::allow(&one("git.pump.example", 22, "ssh"));
    let text =
        "acl h dstdomain git.pump.example\nacl p port 443\nhttp_access allow h p\nhttp_access deny all\n";
    let result = compare(&list, read(text).unwrap()).unwrap();
    assert!(
        result.missing[0].denied.is_some() && result.missing[0].near.iter().all(|n| n.starts_with("line "))
    );
    let plain = compare(&list, read("git.pump.example\n").unwrap()).unwrap();
    assert_eq!((plain.missing[0].denied.is_some(), plain.missing[0].near.len()), (false, 1));
}
