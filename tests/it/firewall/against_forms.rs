//! The forms in which people really have a list: never "covered" where it is denied, and never
//! "missing" where it was not understood.

use clearway::firewall::existing::{As, Comparison, Dialect, Unread, compare, read, read_as};
use clearway::firewall::{Format, List, Names};
use clearway::report;

use crate::firewall::{https, judged, office, one, pan_os_rule, written};

fn unread(text: &str) -> Unread {
    read(text).and_then(|l| compare(&List::allow(&office()), l)).unwrap_err()
}

const OBJECTS: &str = "config firewall address\nedit \"vendor\"\nset type fqdn\nset fqdn \"*.mill.example\"\nnext\nedit \"api\"\n\
                       set type fqdn\nset fqdn \"api.pump.example\"\nnext\nend\n";

fn policy(id: u8, settings: &str) -> String {
    format!(
        "config firewall policy\nedit {id}\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset schedule \"always\"\n\
         {settings}\nnext\nend\n"
    )
}

#[test]
fn a_fortigate_object_counts_only_by_an_accepting_policy() {
    let accept = |to: &str, more: &str| {
        OBJECTS.to_owned()
            + &policy(1, &format!("set dstaddr {to}\nset action accept\nset service \"HTTPS\"\n{more}"))
    };
    assert_eq!(https(OBJECTS, "a.mill.example"), "conditional", "no policy at all");
    assert_eq!(https(&accept("\"vendor\"", ""), "a.mill.example"), "covered");
    assert_eq!(https(&accept("\"vendor\"", ""), "mill.example"), "missing");
    assert_eq!(https(&accept("\"vendor\"", ""), "api.pump.example"), "missing", "no policy uses it");
    assert_eq!(
        judged(&accept("\"vendor\"", ""), None, "a.mill.example", 8443, "https"),
        "missing",
        "HTTPS is 443"
    );
    assert_eq!(https(&accept("\"vendor\"", "set status disable"), "a.mill.example"), "missing");
    assert_eq!(https(&accept("\"vendor\"", "set dstaddr-negate enable"), "a.mill.example"), "missing");
    assert_eq!(https(&accept("\"vendor\"", "set groups \"staff\""), "a.mill.example"), "conditional");
    assert_eq!(
        https(&accept("\"gone\"", ""), "a.mill.example"),
        "unread",
        "an object that is not there decides"
    );
    let deny =
        OBJECTS.to_owned() + &policy(1, "set dstaddr \"vendor\"\nset action deny\nset service \"ALL\"");
    assert_eq!(https(&deny, "a.mill.example"), "missing");
    // A policy without an action denies.
    let silent = OBJECTS.to_owned() + &policy(1, "set dstaddr \"vendor\"\nset service \"ALL\"");
    assert_eq!(https(&silent, "a.mill.example"), "missing");
    // The first policy that matches decides.
    let both = format!("{deny}{}", policy(2, "set dstaddr \"all\"\nset action accept\nset service \"ALL\""));
    assert_eq!(https(&both, "a.mill.example"), "missing");
    assert_eq!(https(&both, "api.pump.example"), "covered");
    let client = accept("\"vendor\"", "").replace("srcaddr \"all\"", "srcaddr \"office-net\"");
    let result = compare(&List::allow(&one("a.mill.example", 443, "https")), read(&client).unwrap()).unwrap();
    assert!(result.conditional[0].client_only && !result.is_doubtful() && !result.is_short());
}

#[test]
fn fortigate_groups_services_domains_and_filters_are_followed() {
    let group = OBJECTS.to_owned()
        + "config firewall addrgrp\nedit \"inner\"\nset member \"api\"\nnext\nedit \"outer\"\nset member \"inner\" \"vendor\"\nnext\nend\n\
           config firewall service custom\nedit \"odd\"\nset tcp-portrange 8443-8444:1024-65535\nnext\nedit \"dns\"\n\
           set udp-portrange 53\nnext\nend\nconfig firewall service group\nedit \"odds\"\nset member \"odd\" \"dns\"\nnext\nend\n"
        + &policy(1, "set dstaddr \"outer\"\nset action accept\nset service \"odds\"");
    assert_eq!(judged(&group, None, "api.pump.example", 8444, "https"), "covered");
    assert_eq!(judged(&group, None, "api.pump.example", 443, "https"), "missing");
    assert_eq!(
        judged(&group, None, "x.mill.example", 8443, "ssh"),
        "covered",
        "an address object knows no protocol"
    );
    let inside =
        OBJECTS.to_owned() + &policy(1, "set dstaddr \"vendor\"\nset action accept\nset service \"ALL\"");
    let domains = format!(
        "config vdom\nedit root\n{inside}next\nedit guest\n{}next\nend\n",
        policy(9, "set dstaddr \"all\"\nset service \"ALL\"")
    );
    assert_eq!(https(&domains, "a.mill.example"), "conditional", "two virtual domains with policies");
    assert_eq!(https(&format!("config vdom\nedit root\n{inside}next\nend\n"), "a.mill.example"), "covered");
    let six = inside
        .replace("config firewall address\n", "config firewall address6\n")
        .replace("dstaddr ", "dstaddr6 ");
    assert_eq!(https(&six, "a.mill.example"), "missing", "IPv6 alone is half of the network");
    let exempt =
        "config firewall wildcard-fqdn custom\nedit \"w\"\nset wildcard-fqdn \"*.mill.example\"\nnext\nend\n"
            .to_owned();
    assert_eq!(https(&exempt, "a.mill.example"), "unread");
    let with = exempt + OBJECTS;
    assert!(read(&with).unwrap().ignored.iter().any(|i| i.reason.contains("SSL inspection")));
    let filter = "config webfilter urlfilter\nedit 1\nset name \"l\"\nconfig entries\nedit 1\nset url \"*.mill.example\"\n\
                  set type wildcard\nset action exempt\nnext\nedit 2\nset url \"api.pump.example\"\nset action block\nnext\nend\nnext\nend\n";
    assert_eq!(https(filter, "a.mill.example"), "conditional");
    assert_eq!(https(filter, "api.pump.example"), "missing");
    let profile = format!(
        "{OBJECTS}{filter}config webfilter profile\nedit \"strict\"\nconfig web\nset urlfilter-table 1\nend\nnext\nend\n{}",
        policy(
            1,
            "set dstaddr \"all\"\nset action accept\nset service \"ALL\"\nset webfilter-profile \"strict\""
        )
    );
    assert_eq!(https(&profile, "a.mill.example"), "covered");
    assert_eq!(https(&profile, "api.pump.example"), "missing", "the URL filter of the policy blocks it");
}

#[test]
fn a_fortigate_policy_opens_what_its_dns_filter_and_application_list_leave() {
    let accept = |more: &str| {
        policy(1, &format!("set dstaddr \"all\"\nset action accept\nset service \"HTTPS\"\n{more}"))
    };
    let names = "config dnsfilter domain-filter\nedit 3\nset name \"d\"\nconfig entries\nedit 1\nset domain \"*.mill.example\"\n\
                 set type wildcard\nset action block\nnext\nend\nnext\nend\nconfig dnsfilter profile\nedit \"strict\"\n\
                 config domain-filter\nset domain-filter-table 3\nend\nnext\nend\n";
    let filtered = format!("{OBJECTS}{names}{}", accept("set dnsfilter-profile \"strict\""));
    assert_eq!(https(&filtered, "a.mill.example"), "missing", "its name is not looked up");
    assert_eq!(https(&filtered, "api.pump.example"), "covered");
    let off = filtered.replace("set type wildcard", "set type wildcard\nset status disable");
    assert_eq!(https(&off, "a.mill.example"), "covered");

    let list = |more: &str| {
        format!(
            "{OBJECTS}config application list\nedit \"a\"\n{more}\nnext\nend\n{}",
            accept("set application-list \"a\"")
        )
    };
    assert_eq!(https(&list("set other-application-action block"), "a.mill.example"), "conditional");
    let single = list("config entries\nedit 1\nset category 2 6\nnext\nend");
    assert_eq!(https(&single, "a.mill.example"), "covered");
    assert!(read(&single).unwrap().remarks.iter().any(|r| r.contains("application list a")));
}

#[test]
fn what_a_fortigate_filter_leaves_is_judged_with_all_conditions_of_its_policy() {
    let filters = "config webfilter urlfilter\nedit 1\nconfig entries\nedit 1\nset url \"a.mill.example\"\nset action exempt\nnext\nend\nnext\nend\n\
                   config webfilter profile\nedit \"w\"\nconfig web\nset urlfilter-table 1\nend\nnext\nend\n\
                   config dnsfilter domain-filter\nedit 3\nconfig entries\nedit 1\nset domain \"a.mill.example\"\nset action block\nnext\nend\nnext\nend\n\
                   config dnsfilter profile\nedit \"d\"\nconfig domain-filter\nset domain-filter-table 3\nend\nnext\nend\n\
                   config application list\nedit \"a\"\nset other-application-action block\nnext\nend\n";
    let with = |more: &str| {
        let accept = format!("set dstaddr \"all\"\nset action accept\nset service \"HTTPS\"\n{more}");
        https(&format!("{OBJECTS}{filters}{}", policy(1, &accept)), "a.mill.example")
    };
    assert_eq!(with("set webfilter-profile \"w\""), "covered");
    assert_eq!(
        with("set webfilter-profile \"w\"\nset dnsfilter-profile \"d\""),
        "missing",
        "its name is not looked up"
    );
    assert_eq!(with("set webfilter-profile \"w\"\nset application-list \"a\""), "conditional");
}

#[test]
fn groups_that_name_each_other_end() {
    let many = |name: &str| format!("[ {}]", format!("{name} ").repeat(10));
    let services = format!(
        "{RULE}set rulebase security rules R service A\nset service-group A members {}\nset service-group B members {}\n",
        many("B"),
        many("A")
    )
    .replace("set rulebase security rules R service service-https\n", "");
    assert_eq!(https(&services, "api.pump.example"), "unread");
    let addresses = format!(
        "{RULE}set rulebase security rules R destination A\nset address-group A static {}\n",
        many("A")
    );
    assert_eq!(https(&addresses, "api.pump.example"), "unread");
    let group = "config firewall addrgrp\nedit \"A\"\nset member A A A A A A A A\nnext\nend\n";
    let fortigate =
        format!("{group}{}", policy(1, "set dstaddr \"A\"\nset action accept\nset service \"ALL\""));
    assert_eq!(https(&fortigate, "a.mill.example"), "unread");
}

const RULE: &str = "set profiles custom-url-category C type \"URL List\"\nset profiles custom-url-category C list api.pump.example/\n\
                    set rulebase security rules R from any\nset rulebase security rules R to any\n\
                    set rulebase security rules R service service-https\nset rulebase security rules R action allow\n";

#[test]
fn an_app_id_opens_only_the_form_of_the_connection_that_it_stands_for() {
    let with = |applications: &str, transport: &str, port: u16| {
        let text = RULE.replace("service-https", "any")
            + &format!("set rulebase security rules R application {applications}\n");
        judged(&text, None, "api.pump.example", port, transport)
    };
    assert_eq!(with("any", "https", 443), "covered");
    assert_eq!(with("ssl", "https", 443), "covered");
    assert_eq!(with("[ ssl web-browsing ]", "https", 443), "covered");
    assert_eq!(with("web-browsing", "https", 443), "conditional", "TLS is ssl where nothing decrypts it");
    assert_eq!(with("web-browsing", "http", 80), "covered");
    assert_eq!(with("ssl", "http", 80), "conditional");
    assert_eq!(with("some-product", "https", 443), "conditional");
}

#[test]
fn a_url_filtering_profile_takes_from_its_rule_what_it_blocks() {
    let with = |profile: &str| RULE.to_owned() + profile;
    let by_name = "set rulebase security rules R profile-setting profiles url-filtering U\n";
    let judge = |profile: &str, host: &str| https(&with(&(by_name.to_owned() + profile)), host);
    assert_eq!(judge("set profiles url-filtering U block [ C adult ]\n", "api.pump.example"), "missing");
    assert_eq!(
        judge("set profiles url-filtering U continue C\n", "api.pump.example"),
        "missing",
        "a page is no answer"
    );
    assert_eq!(judge("set profiles url-filtering U block [ C ]\n", "other.example"), "covered");
    assert_eq!(judge("set profiles url-filtering U alert C\n", "api.pump.example"), "covered");
    assert_eq!(
        judge("set profiles url-filtering U block [ adult malware ]\n", "api.pump.example"),
        "covered"
    );
    let own = judge("set profiles url-filtering U block [ artificial-intelligence ]\n", "api.pump.example");
    assert_eq!(own, "conditional", "what the firewall takes the host for is not in the file");
    let nested = "set profiles url-filtering U credential-enforcement block [ C ]\n";
    assert_eq!(judge(nested, "api.pump.example"), "covered", "that is about passwords");
    let grouped = "set rulebase security rules R profile-setting group G\nset profile-group G url-filtering U\n\
                   set profiles url-filtering U block C\n";
    assert_eq!(https(&with(grouped), "api.pump.example"), "missing");
    let unknown = with(by_name);
    assert_eq!(https(&unknown, "api.pump.example"), "conditional", "what it blocks is not in the file");
    assert!(read(&unknown).unwrap().remarks.iter().any(|r| r.contains("not in this file")));
    let xml = "<config><devices><entry name=\"localhost.localdomain\"><vsys><entry name=\"vsys1\"><profiles>\
        <custom-url-category><entry name=\"C\"><list><member>api.pump.example/</member></list><type>URL List</type></entry></custom-url-category>\
        <url-filtering><entry name=\"U\"><block><member>adult</member><member>C</member></block></entry></url-filtering></profiles>\
        <rulebase><security><rules><entry name=\"R\"><to><member>any</member></to><from><member>any</member></from>\
        <service><member>service-https</member></service><action>allow</action><profile-setting><profiles><url-filtering>\
        <member>U</member></url-filtering></profiles></profile-setting></entry></rules></security></rulebase></entry></vsys></entry></devices></config>";
    assert_eq!(https(xml, "api.pump.example"), "missing");
    assert_eq!(https(xml, "other.example"), "covered");
}

const CATEGORY: &str = "set profiles custom-url-category C type \"URL List\"\nset profiles custom-url-category C list api.pump.example/\n";

#[test]
fn every_spelling_of_a_pan_os_category_is_the_same_list() {
    for text in [
        CATEGORY.to_owned(),
        "set profiles custom-url-category \"Made by me\" list [ api.pump.example/ b.example/ ] type \"URL List\"\n".into(),
        "set profiles custom-url-category C list [ \"api.pump.example/\" ]\n".into(),
        "set device-group Branches profiles custom-url-category C list api.pump.example/\n".into(),
        "set shared profiles custom-url-category C list api.pump.example/\n".into(),
        "set vsys vsys2 profiles custom-url-category C list api.pump.example/\n".into(),
        "profiles {\n  custom-url-category {\n    C {\n      list [ api.pump.example/ b.example/ ];\n      type \"URL List\";\n    }\n  }\n}\n".into(),
        "C {\n  list [ api.pump.example/];\n  type \"URL List\";\n}\n".into(),
        "list [ api.pump.example/ ];\ntype \"URL List\";\n".into(),
        "<?xml version=\"1.0\"?>\n<config><shared><profiles><custom-url-category><entry name=\"C\"><list>\n<member>api.pump.example/</member>\n\
         </list><type>URL List</type></entry></custom-url-category></profiles></shared></config>\n".into(),
    ] {
        assert_eq!(read(&text).unwrap().dialect, Dialect::Paloalto, "{text}");
        assert_eq!(https(&text, "api.pump.example"), "conditional", "a category alone: {text}");
        assert_eq!(https(&text, "other.example"), "missing", "{text}");
        assert_eq!(judged(&text, None, "api.pump.example", 8443, "https"), "missing", "no service says 8443: {text}");
        assert_eq!(judged(&text, None, "api.pump.example", 443, "ssh"), "missing", "{text}");
    }
}

#[test]
fn pan_os_rules_decide_in_their_order() {
    let allow = pan_os_rule("allow it", &["category C", "service service-https", "action allow"]);
    assert_eq!(https(&(CATEGORY.to_owned() + &allow), "api.pump.example"), "covered");
    let deny = pan_os_rule("no", &["category C", "action deny"]);
    assert_eq!(https(&format!("{CATEGORY}{deny}{allow}"), "api.pump.example"), "missing");
    assert_eq!(https(&format!("{CATEGORY}{allow}{deny}"), "api.pump.example"), "covered");
    let off = format!("{CATEGORY}{}", pan_os_rule("off", &["category C", "action allow", "disabled yes"]));
    let other = pan_os_rule("else", &["category D", "action deny"]);
    assert_eq!(https(&format!("{off}{other}"), "api.pump.example"), "missing");
    let who = pan_os_rule("who", &["category C", "source-user staff", "action allow"]);
    assert_eq!(https(&format!("{CATEGORY}{who}"), "api.pump.example"), "conditional");
    let address = format!(
        "set address a fqdn api.pump.example\nset address-group g static a\n{}",
        pan_os_rule("r", &["destination g", "service s", "action allow"])
    );
    let address = format!("set service s protocol tcp port 22,8443\n{address}");
    assert_eq!(judged(&address, None, "api.pump.example", 22, "ssh"), "covered");
    assert_eq!(judged(&address, None, "api.pump.example", 443, "https"), "missing");
    let gone = pan_os_rule("r", &["destination nowhere", "action allow"]);
    assert_eq!(https(&gone, "api.pump.example"), "unread");
    // An address object alone is understood, and opens nothing by itself.
    assert_eq!(https("set address a fqdn api.pump.example\n", "api.pump.example"), "conditional");
}

#[test]
fn a_leading_dot_and_a_bare_name_are_the_products_rule() {
    use Dialect::*;
    for (entry, dialect, host, port, expected) in [
        (".mill.example", None, "a.mill.example", 443, "covered"),
        (".mill.example", None, "mill.example", 443, "unread"),
        (".mill.example", Some(Plain), "mill.example", 443, "missing"),
        (".mill.example", Some(Zscaler), "mill.example", 8443, "covered"),
        (".mill.example", Some(Zscaler), "e.d.c.b.a.mill.example", 443, "covered"),
        (".mill.example", Some(Zscaler), "f.e.d.c.b.a.mill.example", 443, "missing"),
        ("mill.example", Some(Zscaler), "a.mill.example", 443, "missing"),
        ("*.mill.example", Some(Zscaler), "a.mill.example", 443, "unread"),
        ("mill.example", Some(Umbrella), "a.mill.example", 8443, "covered"),
        ("mill.example", Some(Umbrella), "mill.example", 443, "covered"),
        ("mill.example", Some(Aws), "a.mill.example", 443, "missing"),
        (".mill.example", Some(Aws), "mill.example", 8443, "covered"),
        ("mill.example", Some(Dns), "a.mill.example", 443, "missing"),
        ("mill.example", Some(Plain), "mill.example", 8443, "missing"),
        ("mill.example", Some(UrlList), "mill.example", 8443, "missing"),
        ("mill.example/", None, "mill.example", 8443, "missing"),
        ("mill.example:8443/", None, "mill.example", 8443, "covered"),
    ] {
        let found = judged(&format!("{entry}\n"), dialect, host, port, "https");
        assert_eq!(found, expected, "{entry} as {dialect:?} for {host}:{port}");
    }
    for dialect in [Zscaler, Aws, UrlList] {
        assert_eq!(judged("a.example\n", Some(dialect), "a.example", 22, "ssh"), "missing", "{dialect}");
    }
    for name in [
        "plain",
        "txt",
        "csv",
        "paloalto-urls",
        "zscaler",
        "umbrella",
        "aws",
        "aws-network-firewall",
        "dns",
        "squid",
    ] {
        assert!(Dialect::named(name).is_ok(), "{name}");
    }
    // Each that is shown is read, and the schema of the answer knows them all.
    for word in Dialect::words() {
        assert!(Dialect::named(word).is_ok(), "{word}");
    }
    let schema = include_str!("../../../schemas/against-1.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let all: Vec<&str> = Dialect::ALL.iter().map(|d| d.as_str()).collect();
    assert_eq!(schema["properties"]["format"]["enum"], serde_json::json!(all));
    for format in Format::ALL {
        assert!(
            Dialect::named(format.as_str()).map_or_else(|e| e.contains("cannot be read back"), |_| true),
            "{format}"
        );
    }
}

#[test]
fn networks_beside_names_change_nothing() {
    let names = "a.example\nb.example\n";
    let with = "192.0.2.0/24\n2001:db8::/32\n".to_owned() + names;
    for (host, port) in [("a.example", 443), ("a.example", 8443), ("c.example", 443)] {
        assert_eq!(
            judged(names, None, host, port, "https"),
            judged(&with, None, host, port, "https"),
            "{host}:{port}"
        );
    }
    let result = compare(&List::allow(&one("a.example", 443, "https")), read(&with).unwrap()).unwrap();
    assert_eq!(result.dialect, Dialect::Plain);
    assert!(result.ignored.iter().all(|i| i.reason.contains("network")), "{:?}", result.ignored);
}

#[test]
fn an_entry_with_a_path_is_asked_about_once() {
    let text = "https://a.example/*\nhttps://b.example:8443/*\nc.example/\n";
    let list = List::allow(&one("a.example", 443, "https"));
    let asked = compare(&list, read(text).unwrap()).unwrap_err();
    assert_eq!(asked.lines.iter().map(|l| l.line).collect::<Vec<_>>(), [1], "{asked:?}");
    assert!(
        asked.lines[0].reason.contains("entries with a path")
            && asked.lines[0].reason.contains("--against-as")
    );
    assert_eq!(judged(text, Some(Dialect::Plain), "b.example", 8443, "https"), "covered");
    let paths = As { dialect: Some(Dialect::UrlList), port: None };
    let result = compare(&list, read_as(text, paths).unwrap()).unwrap();
    assert_eq!(result.missing.len(), 1);
    assert!(result.unneeded.iter().all(|e| e.line != 1), "it is named once: {:?}", result.unneeded);
    assert_eq!(https(text, "c.example"), "covered", "a path elsewhere does not matter");
}

#[test]
fn what_is_not_a_list_is_not_an_empty_list() {
    for text in [
        "",
        "# nothing\n\n",
        "next\nend\n",
        "iptables -A OUTPUT -d a.example -j ACCEPT\niptables -P OUTPUT DROP\n",
        "| host | port |\n| --- | --- |\n| a.example | 443 |\n",
        "DOMAIN-SUFFIX,a.example,PROXY\nDOMAIN,b.example,DIRECT\n",
        "@@||a.example^\n@@||b.example^\n",
        "0.0.0.0 a.example\n0.0.0.0 b.example\n",
        "Please open these hosts for us, thank you.\nThey are needed soon.\nOne: a.example\n",
        "config system global\nset hostname \"x\"\nend\n",
        "{\"inferenceProvider\":\"gateway\"}",
        "<plist><dict/></plist>",
        "set deviceconfig system hostname x\nset network interface ethernet ethernet1/1\n",
    ] {
        let told = unread(text);
        assert!(
            !told.reason.is_empty() && told.lines.iter().all(|l| l.line > 0 && !l.reason.is_empty()),
            "{text}: {told:?}"
        );
    }
    assert!(unread("DOMAIN,b.example,DIRECT\n").lines[0].text.contains("b.example"));
}

#[test]
fn lines_as_people_write_them() {
    for text in [
        "a.example 8443\nb.example\n",
        "a.example:8443\t# the gateway\n",
        "b.example, a.example:8443\n",
        "b.example;a.example 8443\n",
        "\"b.example\",\n\"a.example:8443\",\n",
        "A.Example:8443\r\nB.Example\r\n",
        "https://a.example:8443\n",
        "a.example,8443\nb.example,443\n",
        "host,port,proto\nb.example,443,tcp\na.example,8443,tcp\n",
        "Name;FQDN;Ports;Action\nx;a.example;443, 8443;allow\n",
        "FQDN\tPort\na.example\t8000-9000\n",
        "comment,domain,port\n\"the \"\"gateway\"\", ours\",a.example,any\n",
    ] {
        assert_eq!(judged(text, None, "a.example", 8443, "https"), "covered", "{text}");
        assert_eq!(
            judged(text, None, "a.example", 22, "ssh"),
            if text.contains("any") { "covered" } else { "missing" },
            "{text}"
        );
    }
    let denied = "host,port,action\na.example,443,deny\n*.example,443,allow\n";
    assert_eq!(https(denied, "a.example"), "missing");
    assert_eq!(https("host,enabled\na.example,no\nb.example,yes\n", "a.example"), "missing");
    assert_eq!(https("host,action\na.example,inspect\n", "a.example"), "unread");
}

/// Our own outputs: read back to the same list, or refused as not readable; never a list of gaps.
fn read_back(
    list: &List,
    format: &str,
    dialect: Option<Dialect>,
    text: &str,
    left_out: &[String],
) -> Option<Comparison> {
    let result = match read_as(text, As { dialect, port: None }).and_then(|l| compare(list, l)) {
        Ok(result) => result,
        Err(unread) => {
            assert!(
                [
                    "dnsmasq-nftset-sets",
                    "prometheus-blackbox",
                    "prometheus-scrape",
                    "markdown",
                    "text",
                    "ticket"
                ]
                .contains(&format),
                "{format}: {unread:?}"
            );
            return None;
        }
    };
    for gap in &result.missing {
        let both = |l: &String| gap.rule.names.base() != "" && l.contains(gap.rule.names.base());
        assert!(
            left_out.iter().any(both) || left_out.contains(&gap.rule.to_string()),
            "{format}: {} is missing: {:?}",
            gap.rule,
            gap.near
        );
    }
    // Objects open nothing by themselves: a rule elsewhere is all that they depend on.
    if ["paloalto", "terraform-paloalto", "fortigate", "checkpoint", "cisco-fmc", "sophos"].contains(&format)
    {
        assert!(result.listed.is_empty() && result.covered.is_empty(), "{format}: {result:?}");
        for conditional in &result.conditional {
            let ends = ["this file does not have", "the script does not make"];
            let said = |depends: &String| ends.iter().any(|end| depends.ends_with(end));
            let all = !conditional.depends.is_empty() && conditional.depends.iter().all(said);
            assert!(all && !conditional.client_only, "{format}: {conditional:?}");
        }
    } else {
        assert!(result.conditional.is_empty(), "{format}: {:?}", result.conditional);
    }
    assert!(result.unneeded.is_empty(), "{format}: {:?}", result.unneeded);
    assert!(result.ignored.is_empty(), "{format}: {:?}", result.ignored);
    Some(result)
}

#[test]
fn our_own_outputs_read_back_to_the_same_list() {
    let list = List::allow(&office());
    let mut back = Vec::new();
    for format in Format::ALL {
        let output = written(*format, &list);
        let mut left_out: Vec<String> = output.unsupported.iter().map(|e| e.entry.clone()).collect();
        if *format == Format::DnsmasqNftset {
            // Literals stand in the sets, not in the lines of dnsmasq.
            left_out.extend(["192.0.2.7:8080".to_owned(), "[2001:db8::7]:8443".to_owned()]);
        }
        let dialect = match format {
            Format::Zscaler => Some(Dialect::Zscaler),
            Format::Umbrella => Some(Dialect::Umbrella),
            Format::Netskope => Some(Dialect::Netskope),
            _ => None,
        };
        if read_back(&list, format.as_str(), dialect, &output.text, &left_out).is_some() {
            back.push(format.as_str());
        }
    }
    let never = ["dnsmasq-nftset-sets", "prometheus-blackbox", "prometheus-scrape"];
    for format in Format::ALL.iter().map(|f| f.as_str()).filter(|f| !never.contains(f)) {
        assert!(back.contains(&format), "{format}: {back:?}");
    }
    let requirements = office();
    for (format, text) in [
        ("txt", report::hosts::txt::render(&requirements, &[])),
        ("plain", report::hosts::plain::render(&requirements)),
        ("csv", report::hosts::csv::render(&requirements, &[])),
        ("json", report::hosts::json::render(&requirements, &[])),
        ("markdown", report::hosts::markdown::render(&requirements, &[])),
        ("ticket", report::hosts::ticket::render(&requirements, &[])),
    ] {
        let found = read_back(&list, format, None, &text, &[]);
        assert_eq!(found.is_some(), !["markdown", "ticket"].contains(&format), "{format}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    /// One host of any shape, on any port: what a format writes, it reads back.
    #[test]
    fn one_host_reads_back(label in "[a-z][a-z0-9]{0,8}", wild in proptest::bool::ANY, port in proptest::sample::select(vec![443_u16, 80, 8443, 4317, 65535]), plain in proptest::bool::ANY) {
        let host = format!("{}{label}.mill.example", if wild { "*." } else { "" });
        let list = List::allow(&one(&host, port, if plain { "http" } else { "https" }));
        for format in Format::ALL {
            let output = written(*format, &list);
            if !output.unsupported.is_empty() {
                continue;
            }
            let dialect = match format {
                Format::Zscaler => Some(Dialect::Zscaler),
                Format::Umbrella => Some(Dialect::Umbrella),
                Format::PaloaltoUrls => Some(Dialect::UrlList),
                Format::Netskope => Some(Dialect::Netskope),
                _ => None,
            };
            read_back(&list, format.as_str(), dialect, &output.text, &[]);
        }
    }

    /// A denied name is never covered, whatever stands around it.
    #[test]
    fn a_denial_before_everything_wins(noise in proptest::collection::vec("(acl x[0-9] dstdomain \\.?[a-z]{1,4}\\.example|http_access allow all|http_access allow x[0-9]|http_access allow CONNECT)", 0..8)) {
        let text = format!("acl no dstdomain .a.example\nhttp_access deny no\n{}\n", noise.join("\n"));
        let found = judged(&text, Some(Dialect::Squid), "api.a.example", 443, "https");
        proptest::prop_assert_eq!(found, "missing");
    }
}

#[test]
fn a_name_of_one_label_is_a_host_only_where_it_is_needed() {
    let list = List::allow(&one("gatehost", 443, "https"));
    assert!(compare(&list, read("gatehost\nb.example\n").unwrap()).unwrap().missing.is_empty());
    let other =
        compare(&List::allow(&one("b.example", 443, "https")), read("gatehost\nb.example\n").unwrap())
            .unwrap();
    assert!(other.ignored.iter().any(|i| i.text == "gatehost") && other.unneeded.is_empty());
    assert!(other.listed.iter().all(|r| r.names == Names::Exact("b.example".into())));
}
