//! What may narrow a list and is not worked out: the list is not called complete then. Each row is one line of a product and the
//! exit code of the program with it: 0 complete, 1 short, 2 undecided, 3 under conditions.

use crate::firewall::against_order::asked;

/// A policy of FortiOS that allows the host, with this line in it, and further lines after the table.
fn fortios(line: &str, after: &str) -> String {
    format!(
        "config firewall address\nedit \"api\"\nset type fqdn\nset fqdn \"a.mill.example\"\nnext\nend\n\
         config firewall addrgrp\nedit \"apis\"\nset member \"api\"\nnext\nend\n\
         config firewall policy\nedit 1\nset name \"out\"\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"apis\"\n\
         set action accept\nset schedule \"always\"\nset service \"ALL\"\n{line}\nnext\nend\n{after}"
    )
}

/// Every row that has another code than its own is shown.
fn hold(rows: impl IntoIterator<Item = (i32, String)>) {
    let differs = |(code, text): (i32, String)| {
        let (found, said) = asked(&text);
        (found != Some(code)).then(|| format!("{found:?} for {code}:\n{text}\n{said}"))
    };
    let different: Vec<String> = rows.into_iter().filter_map(differs).collect();
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}

#[test]
fn settings_of_a_fortios_policy_narrow_it_unless_they_are_known_not_to() {
    for (code, lines) in [
        (
            0,
            &[
                "",
                "set uuid 7c6e1b2a-0000-51ee-0000-000000000000",
                "set comments \"since March\"",
                "set comm \"since March\"",
                "set logtraffic all",
                "set nat enable",
                "set ippool enable\nset poolname \"out\"",
                "set utm-status enable\nset inspection-mode proxy",
                "set ssl-ssh-profile \"certificate-inspection\"\nset av-profile \"default\"\nset ips-sensor \"default\"",
                "set srcaddr6 \"all\"",
                "set srcaddr6 \"office6\"",
                // A full configuration shows what is off.
                "set policy-expiry disable\nset policy-expiry-date 0000-00-00 00:00:00",
                "set tos 0x00\nset tos-mask 0x00\nset tos-negate disable",
                "set internet-service disable\nset internet-service-src disable\nset internet-service6 disable",
                "set reputation-minimum 0\nset reputation-direction destination",
                "set ztna-status disable\nset ztna-tags-match-logic or",
                "set sgt-check disable\nset vlan-filter ''\nset disclaimer disable",
                "set status enable\nset srcaddr-negate disable",
                "set profile-type single",
                // What is unset is as if it never was set.
                "set policy-expiry enable\nunset policy-expiry",
                "set never-heard-of 1\nunset never-heard-of",
            ][..],
        ),
        (1, &["set status disable", "set srcaddr-negate enable"]),
        (
            3,
            &[
                "set policy-expiry enable",
                "set policy-expiry-date 2020-01-01 00:00:00",
                "set internet-service-name \"Google-Web\"",
                "set internet-service-src enable",
                "set internet-service-src-name \"Tor-Exit.Node\"",
                "set internet-service6 enable\nset internet-service6-name \"Google-Web\"",
                "set network-service-dynamic \"net\"",
                "set reputation-minimum 4",
                "set tos 0x10\nset tos-mask 0xf0",
                "set src-vendor-mac 12",
                "set vlan-filter \"10\"",
                "set sgt-check enable\nset sgt 7",
                "set ztna-status enable",
                "set ztna-ems-tag \"EMS_ALL\"",
                "set ztna-geo-tag \"home\"",
                "set ztna-later \"x\"",
                "set profile-type group\nset profile-group \"gone\"",
                "set disclaimer enable",
                "set http-policy-redirect enable",
                "set match-vip-only enable",
                "set nat64 enable",
                "set webproxy-forward-server \"upstream\"",
                "set icap-profile \"scan\"",
                "set users \"jo\"",
            ],
        ),
        (
            2,
            &[
                "set never-heard-of 1",
                "set never-heard-of disable",
                "append never-heard-of 1",
                "set action ipsec",
            ],
        ),
    ] {
        hold(lines.iter().map(|line| (code, fortios(line, ""))));
    }
    assert!(asked(&fortios("set policy-expiry enable", "")).1.contains("policy 1 out: policy-expiry enable"));
    assert!(asked(&fortios("set never-heard-of 1", "")).1.contains("never-heard-of 1"));
}

/// A policy that denies is narrowed by the same settings, so that it is not known what it leaves.
#[test]
fn settings_of_a_fortios_policy_narrow_a_denial_too() {
    let first = |line: &str| {
        fortios(
            "",
            &format!(
                "config firewall policy\nedit 2\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\n\
                 set schedule \"always\"\nset service \"ALL\"\n{line}\nnext\nmove 2 before 1\nend\n"
            ),
        )
    };
    let rows = [(1, ""), (1, "set logtraffic all"), (3, "set tos-mask 0xff"), (2, "set unheard-of 1")];
    hold(rows.map(|(code, line)| (code, first(line))));
}

#[test]
fn a_group_of_profiles_of_fortios_is_read_where_it_is_in_the_file() {
    let group = |line: &str| format!("config firewall profile-group\nedit \"g\"\n{line}\nnext\nend\n");
    let filter = "config webfilter profile\nedit \"w\"\nconfig web\nset urlfilter-table 1\nend\nnext\nend\nconfig webfilter urlfilter\nedit 1\n\
        config entries\nedit 1\nset url \"a.mill.example\"\nset action block\nnext\nend\nnext\nend\n";
    for (line, code) in [
        ("set av-profile \"default\"", 0),
        ("set icap-profile \"scan\"", 3),
        ("set webfilter-profile \"w\"", 1),
        ("set webfilter \"w\"", 2),
        ("set unheard-of \"w\"", 2),
    ] {
        let of_group = "set profile-type group\nset profile-group \"g\"";
        hold([(code, fortios(of_group, &(group(line) + filter)))]);
        // A group that the policy does not have.
        let alone = if code == 2 && line.contains("webfilter") { 2 } else { 0 };
        hold([(alone, fortios("", &(group(line) + filter)))]);
    }
    hold([(2, fortios("set profile-type gr\nset profile-group \"g\"", &group("")))]);
    // Values that are abbreviated.
    let rows = [
        ("set action block", "set action blo", 2),
        ("set action block", "set action monitor", 0),
        ("set action block", "set action block\nset status dis", 2),
        ("set action block", "set action block\nset status disable", 0),
        ("set action block", "set action block\nset type reg", 2),
        ("set action block", "set acti allow", 2),
        ("config entries", "config entr", 2),
        ("config web\n", "config we\n", 2),
        ("set urlfilter-table", "set urlfilter", 2),
    ];
    let of = |(from, to, code)| (code, fortios("set webfilter-profile \"w\"", &filter.replace(from, to)));
    hold(rows.map(of));
}

#[test]
fn abbreviations_of_fortios_decide_nothing() {
    let deny = "edit 1\nset action deny\nnext\nend\n";
    let rows = [
        (0, "config system interface\nedit a\nset stat down\nnext\nend\n".to_owned()),
        (0, "config system admin\nedit a\nconfig gui-dashboard\nedit 1\nset nam b\nnext\nend\nnext\nend\n".into()),
        (0, "config firewall vip\nedit a\nset stat disable\nnext\nend\n".into()),
        (0, "config firewall address\nedit \"w\"\nset type wildcard\nset wildcard 10.0.0.0 255.0.255.0\nnext\nend\n".into()),
        (0, "gate # config system interface\ngate (interface) # edit a\ngate (a) # next\ngate (interface) # end\n".into()),
        (1, format!("config firewall policy\n{deny}")),
        (1, format!("gate # config firewall policy\n{deny}")),
        (2, format!("config firewall pol\n{deny}")),
        (2, format!("config firew policy\n{deny}")),
        (2, format!("config f p\n{deny}")),
        (2, format!("config firewall\n{deny}")),
        (2, format!("config firewall policy 1\n{deny}")),
        (2, format!("conf firewall policy\n{deny}")),
        (2, "conf firewall policy\npurge\nend\n".into()),
        (2, "conf firewall policy\nmove 1 after 1\nend\n".into()),
        (2, "c firewall pol\npurge\nend\n".into()),
        (2, "gate # conf firewall policy\ngate (policy) # purge\n".into()),
        (2, "conf vdom\nedit root\nconfig firewall policy\npurge\nend\nend\n".into()),
        (2, "config vd\nedit root\nconfig firewall policy\npurge\nend\nend\n".into()),
        (2, format!("config system interface\nedit a\nnext\nconfig firewall policy\n{deny}")),
        (2, format!("config system interface\nedit a\nconfig firewall policy\n{deny}")),
        (2, format!("config system interface\nen\nconfig firewall policy\n{deny}")),
        (2, format!("config firewall address\nconfig firewall policy\n{deny}")),
        (2, "config firewall policy\ned 1\nset action deny\nnext\nend\n".into()),
        (2, "config firewall policy\nedit 1\nse action deny\nnext\nend\n".into()),
        (2, "config firewall policy\nedit 1\nse comments # set action deny\nnext\nend\n".into()),
        (2, "config firewall policy\nedit 1\nset action deny\nne\nend\n".into()),
        (2, "config firewall policy\npur\nend\n".into()),
        (2, "config firewall addrgrp\nedit apis\nset memb \"other\"\nnext\nend\n".into()),
        (2, "config firewall addrgrp\nedit apis\nuns member api\nnext\nend\n".into()),
        (2, "config firewall addrgrp\nedit apis\nset exclude en\nset exclude-member api\nnext\nend\n".into()),
        (2, "config firewall address\nedit api\nset fqd b.mill.example\nnext\nend\n".into()),
        (2, "config firewall addr\nedit api\nset fqdn b.mill.example\nnext\nend\n".into()),
    ];
    hold(rows.map(|(code, after)| (code, fortios("", &after))));
    let rows = [
        (2, "set stat disable"),
        (2, "set status dis"),
        (2, "set status Disable"),
        (2, "set act deny"),
        (2, "set action den"),
        (2, "uns action"),
        (2, "unset act"),
        (2, "clear act"),
        (2, "append dstadd \"api\""),
        (2, "unselect dstadd \"apis\""),
        (2, "set srcaddr-n enable"),
        (2, "set srcaddr-negate en"),
        (2, "set internet enable"),
        (2, "set policy-exp enable"),
    ];
    hold(rows.map(|(code, line)| (code, fortios(line, ""))));
}

/// Lines of Squid that stand between `if` and `endif`, or in another file.
#[test]
fn what_squid_reads_under_a_condition_decides_nothing() {
    let inside = |line: &str| format!("if ${{process_number}} = 1\n{line}\nendif\n");
    let (own, other) = ("acl c dstdomain a.mill.example\n", "acl c dstdomain b.mill.example\n");
    let end = "http_access allow c\nhttp_access deny all\n";
    let refused = |acl: &str| format!("{acl}http_access deny c\nhttp_access allow all\n");
    hold([
        (0, format!("{own}{end}")),
        (2, format!("{}{end}", inside(own))),
        (2, format!("if true\nelse\n{own}endif\n{end}")),
        // What is allowed in any case is allowed.
        (0, format!("{own}{}{end}", inside(other))),
        (0, refused(other)),
        (1, refused(own)),
        (2, refused(&inside(own))),
        (2, refused(&format!("{other}{}", inside(own)))),
        // It names other hosts.
        (0, refused(&inside(other))),
        (2, format!("{own}{}{end}", inside("acl d any-of c")).replace("allow c", "allow d")),
        // An acl that nothing uses, or a line after the one that decides.
        (0, format!("{own}{}{end}", inside("acl unused dstdomain a.mill.example"))),
        (0, format!("{own}{end}{}", inside("http_access deny c"))),
        (2, format!("{own}{}{end}", inside("http_access deny c"))),
        (2, format!("{own}{}", inside(end))),
        (2, format!("{own}{end}{}", inside("miss_access deny c"))),
        (2, format!("{own}{end}{}", inside("ssl_bump terminate all"))),
        (2, format!("{own}{end}include more.conf\nssl_bump terminate all\n")),
        // A file may add to an acl, wherever it is included.
        // It may as well hold a directive that refuses what this file allows.
        (3, format!("{own}{end}include more.conf\n")),
        (3, format!("{own}{end}{}", inside("include more.conf"))),
        (2, refused(other) + "include more.conf\n"),
        (2, refused(other) + &inside("include more.conf")),
    ]);
}

/// Everybody in other spellings, and what is handed to somebody who may refuse it.
#[test]
fn squid_hands_requests_to_others_or_not() {
    let own = "acl c dstdomain a.mill.example\nacl other dstdomain b.mill.example\n";
    let end = "http_access allow c\nhttp_access deny all\n";
    let by = |source: &str| {
        format!(
            "{own}acl who src {source}\nhttp_access deny who\nhttp_access allow c\nhttp_access deny all\n"
        )
    };
    let with = |lines: &str| format!("{own}{end}{lines}\n");
    hold([
        (1, by("all")),
        (1, by("0.0.0.0/0.0.0.0")),
        (1, by("0.0.0.0/0")),
        (1, by("0.0.0.0-255.255.255.255")),
        // Clients that come over IPv6, and no others.
        (3, by("::/0")),
        (3, by("ipv6")),
        (3, by("ipv4")),
        (1, by("192.0.2.1 0/0.0.0.0")),
        (1, by("0.0.0.0/0").replace("src", "dst")),
        (1, by("0.0.0.0/0.0.0.0").replace("src", "dst")),
        (1, by("0.0.0.0-255.255.255.255").replace("src", "dst")),
        (0, by("192.0.2.0/24")),
        (3, with("never_direct allow all")),
        (3, with("never_direct allow c")),
        (3, with("never_direct deny other")),
        (0, with("never_direct allow other")),
        (0, with("never_direct deny c\nnever_direct allow all")),
        (2, with("if true\nnever_direct allow all\nendif")),
        (3, with("adaptation_access scan allow all")),
        (3, with("adaptation_access scan deny other")),
        (0, with("adaptation_access scan allow other")),
        (0, with("adaptation_access scan deny c\nadaptation_access scan allow all")),
        (3, with("adaptation_access scan deny all\nadaptation_access check allow all")),
        (2, with("if true\nadaptation_access scan allow all\nendif")),
    ]);
}

#[test]
fn xml_and_services_of_pan_os_are_read_as_they_are() {
    let xml = |rule: &str, before: &str| {
        format!(
            "<config><devices><entry name=\"d\"><vsys><entry name=\"v\"><profiles><custom-url-category><entry name=\"A&amp;B\"><list>\
             <member><![CDATA[a.mill.example/]]></member></list></entry></custom-url-category></profiles>\
             <service><entry name=\"s\"><protocol><tcp><port>443</port>{before}</tcp></protocol></entry></service>\
             <rulebase><security><rules><entry name=\"r\">{rule}<action>allow</action></entry></rules></security>\
             </rulebase></entry></vsys></entry></devices></config>\n"
        )
    };
    let category = "<category><member>A&#38;B</member></category>";
    let with = |more: &str| xml(&format!("{category}{more}"), "");
    let service = "<service><member>s</member></service>";
    let before = |other: &str| {
        let of = format!("<rulebase>{other}<security>");
        with("").replace("<rulebase><security>", &of)
    };
    let pbf = |action: &str| {
        before(&format!("<pbf><rules><entry name=\"p\"><action>{action}</action></entry></rules></pbf>"))
    };
    hold([
        (0, with("")),
        (0, xml("<category><member>A&amp;B</member></category>", "")),
        (2, xml("<category><member>A&own;B</member></category>", "")),
        (1, with("<disabled>y&#101;s</disabled>")),
        (1, with("<disabled><![CDATA[yes]]></disabled>")),
        (2, with("<source/>")),
        (2, with("<source></source>")),
        (2, with("<destination>\n</destination>")),
        (0, with("<source><member>any</member></source><log-setting/>")),
        (0, with(service)),
        (0, xml(&format!("{category}{service}"), "<source-port>1-65535</source-port>")),
        (3, xml(&format!("{category}{service}"), "<source-port>1-1023</source-port>")),
        (3, pbf("<discard/>")),
        (3, pbf("<discard></discard>")),
        (0, pbf("<no-pbf/>")),
        (0, pbf("<discard/>").replace("<action><discard", "<disabled>yes</disabled><action><discard")),
        (3, before("<dos><rules><entry name=\"p\"><action><deny/></action></entry></rules></dos>")),
        (0, before("<dos><rules><entry name=\"p\"><action><protect/></action></entry></rules></dos>")),
    ]);
    let rules = "set profiles custom-url-category A list a.mill.example/\n".to_owned()
        + &crate::firewall::pan_os_rule("r", &["category A", "action allow", "source lan"]);
    hold(
        [
            (0, rules.replace("source lan", "source any")),
            (2, format!("{rules}delete rulebase security rules r source lan\n")),
            (3, format!("{rules}set rulebase pbf rules p action discard\n")),
            (
                2,
                format!("{rules}set rulebase pbf rules p action discard\nrename rulebase pbf rules p to q\n"),
            ),
            (
                3,
                format!(
                    "{rules}set service s protocol tcp port 443\nset service s source-port 99\n\
             set rulebase security rules r service s\ndelete rulebase security rules r service any\n"
                ),
            ),
        ]
        .map(|(code, text)| (code, text.replace("source lan\nset", "source any\nset"))),
    );
}

/// Moves to one place use up the room there.
#[test]
fn many_moves_and_deletions_of_pan_os_are_followed() {
    let many = 1_000;
    let mut text = "set profiles custom-url-category A list a.mill.example/\n".to_owned();
    text += &crate::firewall::pan_os_rule("r", &["category A", "action allow"]);
    for n in 0..many {
        text += &format!("set rulebase security rules d{n} action deny\n");
        text += &format!("set rulebase security rules d{n} category B{n}\n");
    }
    text += "set rulebase security rules last action deny\n";
    for n in 0..many {
        text += &format!(
            "move rulebase security rules d{n} {}\n",
            ["before last", "after r", "bottom", "top"][n % 4]
        );
    }
    for n in 0..many {
        text += &format!("delete rulebase security rules d{n}\n");
    }
    hold([(0, text.clone()), (1, text + "move rulebase security rules last before r\n")]);
}

#[test]
fn services_and_numbers_of_fortios_are_read_as_they_are() {
    let service = |line: &str| {
        let table =
            format!("config firewall service custom\nedit \"s\"\nset tcp-portrange 443\n{line}\nnext\nend\n");
        fortios("set service \"s\"", &table)
    };
    let deny =
        |id: &str| fortios("", &format!("config firewall policy\nedit {id}\nset action deny\nnext\nend\n"));
    hold([
        (0, service("")),
        (0, service("set tcp-portrange 443:1024-65535")),
        (3, service("set tcp-portrange 443:1-1023")),
        (1, service("set tcp-portrange 80:1024-65535")),
        (3, service("set iprange 192.0.2.1-192.0.2.9")),
        (0, service("set iprange 0.0.0.0")),
        (3, service("set fqdn \"b.mill.example\"")),
        (2, service("set ipr 192.0.2.1-192.0.2.9")),
        (1, deny("1")),
        (1, deny("01")),
        // A policy of its own, without anything that it is for.
        (2, deny("0")),
        (2, deny("00")),
        (1, fortios("", "config firewall policy\ndelete 001\nend\n")),
    ]);
}

#[test]
fn an_empty_list_of_sources_of_azure_is_not_everybody() {
    let golden =
        std::fs::read_to_string(crate::firewall::folder().join("golden/azure-firewall.txt")).unwrap();
    let text = golden.replace("api.vendor.example", "a.mill.example");
    let empty = text.replace("\"[parameters('sourceAddresses')]\"", "[]");
    assert_ne!(text, empty);
    hold([(0, text), (2, empty)]);
}
