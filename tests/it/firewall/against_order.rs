//! A line that allows and one that denies, which share a part of their names or ports: which of them stands first decides
//! about that part, and an entry that is asked for whole is covered only where nothing of it is denied.

use clearway::firewall::existing::Dialect;

use crate::firewall::{https, judged, pan_os_rule};

/// What is asked: a host below both, one below the first alone, one below the second alone, and every name below the first.
const ASKED: [&str; 4] = ["x.lab.mill.example", "a.mill.example", "x.pump.example", "*.mill.example"];

fn of(text: &str, dialect: Option<Dialect>, port: u16) -> [&'static str; 4] {
    ASKED.map(|host| judged(text, dialect, host, port, "https"))
}

const ALLOWED_FIRST: [&str; 4] = ["covered", "covered", "missing", "covered"];
const DENIED_FIRST: [&str; 4] = ["missing", "covered", "missing", "missing"];

#[test]
fn squid_takes_the_first_line_of_two_that_share_names_or_ports() {
    let allow = "http_access allow a\n";
    let deny = "http_access deny b\n";
    let acls = "acl a dstdomain .mill.example\nacl b dstdomain .lab.mill.example .pump.example\n";
    let last = "http_access deny all\n";
    assert_eq!(of(&format!("{acls}{allow}{deny}{last}"), None, 443), ALLOWED_FIRST);
    assert_eq!(of(&format!("{acls}{deny}{allow}{last}"), None, 443), DENIED_FIRST);
    // Wide allows after narrow denials, and a narrow allow before a wide denial.
    let narrow =
        format!("{acls}acl c dstdomain x.lab.mill.example\nhttp_access allow c\n{deny}{allow}{last}");
    assert_eq!(of(&narrow, None, 443), ["covered", "covered", "missing", "missing"]);
    // Ports that share a part.
    let ports = "acl low port 1-1024\nacl high port 443-9000\n";
    let by_port = |first: &str, then: &str| format!("{acls}{ports}{first}{then}{last}");
    let (low, high) = ("http_access deny low\n", "http_access allow high a\n");
    assert_eq!(of(&by_port(low, high), None, 443), ["missing"; 4]);
    assert_eq!(of(&by_port(low, high), None, 8443), ALLOWED_FIRST);
    assert_eq!(of(&by_port(high, low), None, 443), ALLOWED_FIRST);
    assert_eq!(of(&by_port(high, low), None, 80), ["missing"; 4]);
    // Both at once on the line that denies: the rest of either is let through.
    let both = format!("{acls}{ports}http_access deny b low\n{allow}{last}");
    assert_eq!(of(&both, None, 443), DENIED_FIRST);
    assert_eq!(of(&both, None, 8443), ALLOWED_FIRST);
}

#[test]
fn fortigate_takes_the_first_policy_of_two_that_share_names_or_ports() {
    let objects = "config firewall address\nedit \"mill\"\nset type fqdn\nset fqdn \"*.mill.example\"\nnext\nedit \"lab\"\nset type fqdn\n\
        set fqdn \"*.lab.mill.example\"\nnext\nedit \"pump\"\nset type fqdn\nset fqdn \"*.pump.example\"\nnext\nend\n\
        config firewall service custom\nedit \"low\"\nset tcp-portrange 1-1024\nnext\nedit \"high\"\nset tcp-portrange 443-9000\nnext\nend\n";
    let policy = |id: u8, to: &str, action: &str, service: &str| {
        format!(
            "edit {id}\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset schedule \"always\"\nset dstaddr {to}\n\
             set action {action}\nset service \"{service}\"\nnext\n"
        )
    };
    let whole = |policies: &[String]| format!("{objects}config firewall policy\n{}end\n", policies.concat());
    let allow = |id: u8, service: &str| policy(id, "\"mill\"", "accept", service);
    let deny = |id: u8, service: &str| policy(id, "\"lab\" \"pump\"", "deny", service);
    assert_eq!(of(&whole(&[allow(1, "ALL"), deny(2, "ALL")]), None, 443), ALLOWED_FIRST);
    assert_eq!(of(&whole(&[deny(1, "ALL"), allow(2, "ALL")]), None, 443), DENIED_FIRST);
    // The order is that of the file, whatever the numbers.
    assert_eq!(of(&whole(&[deny(9, "ALL"), allow(2, "ALL")]), None, 443), DENIED_FIRST);
    let by_port = |first: &str, then: &str| whole(&[deny(1, first), allow(2, then)]);
    assert_eq!(of(&by_port("low", "high"), None, 443), DENIED_FIRST);
    assert_eq!(of(&by_port("low", "high"), None, 8443), ALLOWED_FIRST);
    assert_eq!(of(&by_port("high", "low"), None, 80), ALLOWED_FIRST);
    assert_eq!(of(&by_port("low", "high"), None, 80), ["missing"; 4]);
    // Which of two policies of different interfaces comes first says nothing: it depends on the way.
    let elsewhere = deny(1, "ALL").replace("\"lan\"", "\"guest\"");
    let found = of(&whole(&[elsewhere, allow(2, "ALL")]), None, 443);
    assert!(found[0] != "covered" && found[3] != "covered", "{found:?}");
}

#[test]
fn pan_os_takes_the_first_rule_of_two_that_share_names_or_ports() {
    let objects = "set profiles custom-url-category A list *.mill.example/\nset profiles custom-url-category B list *.lab.mill.example/\n\
        set profiles custom-url-category B list *.pump.example/\nset service low protocol tcp port 1-1024\n\
        set service high protocol tcp port 443-9000\n";
    let rule = |name: &str, category: &str, action: &str, service: &str| {
        ["from any", "to any", "source any", "destination any", "application any"]
            .iter()
            .map(|s| (*s).to_owned())
            .chain([format!("category {category}"), format!("service {service}"), format!("action {action}")])
            .map(|s| format!("set rulebase security rules {name} {s}\n"))
            .collect::<String>()
    };
    let allow = |service: &str| rule("yes", "A", "allow", service);
    let deny = |service: &str| rule("no", "B", "deny", service);
    let whole = |first: String, then: String| format!("{objects}{first}{then}");
    assert_eq!(of(&whole(allow("any"), deny("any")), None, 443), ALLOWED_FIRST);
    assert_eq!(of(&whole(deny("any"), allow("any")), None, 443), DENIED_FIRST);
    assert_eq!(of(&whole(deny("low"), allow("high")), None, 443), DENIED_FIRST);
    assert_eq!(of(&whole(deny("low"), allow("high")), None, 8443), ALLOWED_FIRST);
    assert_eq!(of(&whole(deny("high"), allow("low")), None, 80), ALLOWED_FIRST);
    assert_eq!(of(&whole(deny("low"), allow("high")), None, 80), ["missing"; 4]);
    // A rule that drops and one that resets deny, too.
    for action in ["drop", "reset-both"] {
        assert_eq!(
            of(&whole(rule("no", "B", action, "any"), allow("any")), None, 443),
            DENIED_FIRST,
            "{action}"
        );
    }
}

/// Lines of a list have no order: what is taken away is taken away wherever it stands.
#[test]
fn zscaler_takes_away_whatever_the_order() {
    let zscaler = Some(Dialect::Zscaler);
    for text in [
        ".mill.example\n!.lab.mill.example\n!.pump.example\n",
        "!.lab.mill.example\n!.pump.example\n.mill.example\n",
        "-.lab.mill.example\n.mill.example\n-.pump.example\n",
    ] {
        assert_eq!(of(text, zscaler, 443), DENIED_FIRST, "{text}");
        // Lines of Zscaler know no ports.
        assert_eq!(of(text, zscaler, 8443), DENIED_FIRST, "{text}");
    }
    // One name is taken out of two that stand for it.
    let one = ".mill.example\n.lab.mill.example\n!x.lab.mill.example\n";
    assert_eq!(of(one, zscaler, 443), DENIED_FIRST);
    assert_eq!(judged(one, zscaler, "y.lab.mill.example", 443, "https"), "covered");
    // A table with a column of actions is read in its order, the first row that matches.
    let row = |host: &str, action: &str| format!("{host},{action}\n");
    let table = |rows: &[String]| format!("host,action\n{}", rows.concat());
    let (allow, deny) = (row("*.mill.example", "allow"), row("*.lab.mill.example", "deny"));
    assert_eq!(of(&table(&[deny.clone(), allow.clone()]), None, 443), DENIED_FIRST);
    let found = of(&table(&[allow, deny]), None, 443);
    assert!(found[0] != "covered" || found[3] == "covered", "{found:?}");
}

/// nftables itself is not read; of dnsmasq, which fills its sets, the longest name decides wherever it stands.
#[test]
fn nftables_is_refused_and_dnsmasq_takes_the_longest_name() {
    let chain = |rules: &str| {
        format!(
            "table inet filter {{\n\tset mill {{\n\t\ttype ipv4_addr\n\t}}\n\tset lab {{\n\t\ttype ipv4_addr\n\t}}\n\tchain forward {{\n\
             \t\ttype filter hook forward priority 0; policy drop;\n{rules}\t}}\n}}\n"
        )
    };
    let (allow, deny) =
        ("\t\tip daddr @mill tcp dport 443 accept\n", "\t\tip daddr @lab tcp dport 1-1024 drop\n");
    for text in [chain(&format!("{allow}{deny}")), chain(&format!("{deny}{allow}"))] {
        assert_eq!(of(&text, None, 443), ["unread"; 4], "{text}");
        // Beside the lines that fill the sets it decides, too.
        let beside = format!("{text}nftset=/mill.example/4#inet#filter#mill_tcp_443_v4\n");
        assert_eq!(of(&beside, None, 443), ["unread"; 4], "{beside}");
    }
    let mill = "nftset=/mill.example/4#inet#filter#mill_tcp_443_v4\n";
    let lab = "nftset=/lab.mill.example/4#inet#filter#lab_tcp_8443_v4\n";
    for text in [format!("{mill}{lab}"), format!("{lab}{mill}")] {
        assert_eq!(of(&text, None, 443), DENIED_FIRST, "{text}");
        assert_eq!(of(&text, None, 8443)[0], "covered", "{text}");
    }
    // A name that is answered with nothing fills no set, whatever its length and place.
    for denied in [
        "address=/lab.mill.example/0.0.0.0\n",
        "address=/lab.mill.example/\n",
        "local=/lab.mill.example/\n",
        "server=/lab.mill.example/\n",
        "address=/pump.example/lab.mill.example/::\n",
    ] {
        for text in [format!("{mill}{denied}"), format!("{denied}{mill}")] {
            assert_eq!(of(&text, None, 443), DENIED_FIRST, "{text}");
        }
    }
    // What is answered with nothing is so below, too, unless a server of its own is asked there.
    let above = format!("address=/mill.example/0.0.0.0\n{lab}");
    assert_eq!(judged(&above, None, "x.lab.mill.example", 8443, "https"), "missing");
    let asked = format!("{above}server=/lab.mill.example/192.0.2.54\n");
    assert_eq!(judged(&asked, None, "x.lab.mill.example", 8443, "https"), "unread");
    for odd in [
        "address=/lab.mill.example/192.0.2.1\n",
        "conf-file=/etc/more.conf\n",
        "addn-hosts=/etc/blocked\n",
        "address=/#/0.0.0.0\n",
    ] {
        assert_eq!(of(&format!("{mill}{odd}"), None, 443)[0], "unread", "{odd}");
    }
    // What is said for the server and not about names.
    assert_eq!(
        of(&format!("# dns\nport=53\nserver=192.0.2.53\nserver=/corp.example/192.0.2.54\n{mill}"), None, 443),
        ["covered", "covered", "missing", "covered"]
    );
}

/// A line that is not understood, or that a heading, a remark or a column takes away, decides nothing about the hosts that
/// it names: never covered, whatever else stands there.
#[test]
fn a_line_that_may_deny_leaves_its_hosts_undecided() {
    let host = |text: &str, dialect| judged(text, dialect, "a.x.example", 443, "https");
    for odd in [
        "- a.x.example",
        "except a.x.example",
        "NOT a.x.example",
        "deny a.x.example",
        "a.x.example is blocked",
        "a.x.example # blocked",
        "a.x.example // disabled",
        "[deny]\na.x.example",
        "Blocked hosts:\na.x.example",
        "# blocked\na.x.example",
        "# Blocked by security (ticket 4711)\na.x.example",
        "# Not yet approved\n\na.x.example",
        "Blocked hosts 2026:\na.x.example",
        "a.x.example # blocked by CR 4711",
        "a.x.example # ticket 12, blocked until June",
        "allowed\nc.example\ndenied\nhttps://a.x.example/",
    ] {
        for text in [format!("*.x.example\nb.example\n{odd}\n"), format!("b.example\nd.example\n{odd}\n")] {
            let found = host(&text, None);
            assert!(found == "unread", "{found}: {text}");
        }
        for dialect in [Dialect::Umbrella, Dialect::Netskope, Dialect::Dns] {
            let text = format!("x.example\n*.x.example\n.x.example\nb.example\nd.example\n{odd}\n");
            assert_ne!(host(&text, Some(dialect)), "covered", "{dialect}: {text}");
        }
        // About others it says nothing.
        let other = format!("*.x.example\nb.example\nd.example\n{odd}\n");
        assert_eq!(judged(&other, None, "b.example", 443, "https"), "covered", "{other}");
    }
    assert_eq!(host("*.x.example\n!a.x.example\n", Some(Dialect::Netskope)), "unread");
    // Remarks and headings of other kinds take nothing away.
    for fine in [
        "a.x.example # ticket 12, unblocked in June",
        "# Blocked by security\nb.example\n# For the app\na.x.example",
        "https://b.example/blocked\na.x.example",
        "# allowed\na.x.example",
        "denied\nb.example\nallowed\na.x.example",
    ] {
        assert_eq!(host(&format!("c.example\n{fine}\n"), None), "covered", "{fine}");
    }
    let table = |head: &str, row: &str| {
        host(&format!("host,action,{head}\n*.x.example,allow,\na.x.example,{row}\nb.example,allow,\n"), None)
    };
    for (head, row) in [
        ("direction", "allow,inbound"),
        ("list", "allow,Blacklist"),
        ("category", "allow,blocked"),
        ("note", "verweigern,"),
        ("port", "allow,all of them"),
    ] {
        assert_eq!(table(head, row), "unread", "{head} {row}");
    }
    for (head, row) in [
        ("approved", "allow,no"),
        ("note", "allow,blocked since March"),
        ("blocked", "allow,since March"),
        ("removed by", "allow,J. Doe"),
    ] {
        assert_eq!(table(head, row), "unread", "{head} {row}");
    }
    for (head, row) in [("note", "allow,was unblocked"), ("blocked", "allow,no"), ("approved", "allow,yes")] {
        assert_eq!(table(head, row), "covered", "{head} {row}");
    }
    let states = |row: &str| {
        host(&format!("host,port,enabled,active\nb.example,,yes,yes\na.x.example,443,{row}\n"), None)
    };
    assert_eq!((states("yes,yes"), states("yes,no"), states("no,no")), ("covered", "unread", "missing"));
    assert_eq!(host("host,expires\na.x.example,2020-01-01\nb.example,\n", None), "conditional");
}

/// What Clearway's own list tells of a host is no denial; what somebody writes between is.
#[test]
fn remarks_of_our_own_list_take_nothing_away() {
    let mut requirements = crate::firewall::one("a.x.example", 443, "https");
    for reason in requirements.hosts.iter_mut().flat_map(|h| &mut h.reasons) {
        reason.breaks = "sign-in is blocked and the session dropped".into();
        reason.purpose = "what was removed".into();
    }
    let txt = clearway::report::hosts::txt::render(&requirements, &[]);
    assert!(txt.contains("what was removed"), "{txt}");
    assert_eq!(https(&txt, "a.x.example"), "covered", "{txt}");
    let edited = txt.replace("\na.x.example\n", "\n# Blocked by security (ticket 4711)\na.x.example\n");
    assert_eq!(https(&edited, "a.x.example"), "unread", "{edited}");
    let csv = clearway::report::hosts::csv::render(&requirements, &[]);
    assert!(csv.contains("removed") && https(&csv, "a.x.example") == "covered", "{csv}");
}

/// What a policy says besides names and ports: nobody, some, or another kind of traffic.
#[test]
fn a_rule_for_nobody_opens_nothing() {
    let policy = |section: &str, more: &str, action: &str| {
        format!(
            "config firewall {section}\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset dstaddr \"all\"\n\
             set action {action}\nset service \"ALL\"\nset schedule \"always\"\n{more}next\nend\n"
        )
    };
    let host = |text: &str| judged(text, None, "a.x.example", 443, "https");
    assert_eq!(host(&policy("policy", "", "accept")), "covered");
    assert_eq!(host(&policy("policy", "set srcaddr-negate enable\n", "accept")), "missing");
    assert_eq!(host(&policy("policy", "set ztna-status enable\n", "accept")), "conditional");
    let both = policy("policy", "", "accept") + &policy("proxy-policy", "", "deny");
    assert_eq!(host(&both), "conditional", "a proxy judges its own traffic");
    let rule = |more: &str| {
        pan_os_rule("R", &[&["action allow"][..], &[more][..usize::from(!more.is_empty())]].concat())
    };
    assert_eq!(host(&rule("")), "covered");
    assert_eq!(host(&rule("negate-source yes")), "missing");
    assert_eq!(host(&rule("rule-type intrazone")), "conditional");
    assert_eq!(host(&rule("rule-type universal")), "covered");
    assert_eq!(host(&rule("destination-hip managed")), "conditional");
}

/// What is held against a whole file: the output and the exit code of the program.
pub(super) fn asked(text: &str) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let (list, config) = (dir.path().join("list"), dir.path().join("office.json"));
    std::fs::write(&list, text).unwrap();
    let json = serde_json::json!({ "schema": "clearway.hosts/1", "clearway": "0.1.0", "rules_date": "2026-11-22",
        "app_version": "2.19675.0", "platform": "linux", "groups": [{ "feature": "inference", "title": "Inference", "hosts": [
        { "host": "a.mill.example", "port": 443, "transport": "https", "need": "required", "purpose": "p" } ] }] });
    std::fs::write(&config, json.to_string()).unwrap();
    let output =
        crate::common::clearway().arg("hosts").arg(&config).arg("--against").arg(&list).output().unwrap();
    let both = [output.stdout, output.stderr].concat();
    // Lines are wrapped wherever they end.
    let words: Vec<String> = String::from_utf8_lossy(&both).split_whitespace().map(str::to_owned).collect();
    (output.status.code(), words.join(" "))
}

/// A rule of PAN-OS that allows the host, one that denies everything, and what the file goes on with.
#[test]
fn commands_of_pan_os_that_change_the_order_are_followed_or_decide_nothing() {
    let rules = format!(
        "set profiles custom-url-category A list a.mill.example/\n{}{}",
        pan_os_rule("r", &["category A", "action allow"]),
        pan_os_rule("d", &["action deny"]),
    );
    let after = |more: &str| asked(&format!("{rules}{more}\n"));
    let code = |more: &str| after(more).0;
    assert_eq!(code(""), Some(0));
    // Followed: the denial stands first.
    for more in [
        "move rulebase security rules d top",
        "move rulebase security rules r bottom",
        "move rulebase security rules d before r",
        "move rulebase security rules r after d",
        "admin@gate# move rulebase security rules d top",
        "rename rulebase security rules d to e\nmove rulebase security rules e top",
        "copy rulebase security rules d to e\nmove rulebase security rules e top",
        "delete rulebase security rules r",
        "delete rulebase security rules",
        "delete rulebase",
        "set rulebase security rules r action deny",
        "set rulebase security rules r disabled yes",
    ] {
        let (code, said) = after(more);
        assert_eq!(code, Some(1), "{more}\n{said}");
    }
    // Followed: the rule that allows still stands first.
    for more in [
        "move rulebase security rules r top",
        "move rulebase security rules d top\nmove rulebase security rules r before d",
        "move rulebase nat rules d top",
        "copy rulebase security rules d to e",
        "delete rulebase security rules r disabled",
        "delete rulebase nat",
        "set rulebase security rules r log-setting default\ncommit",
    ] {
        let (code, said) = after(more);
        assert_eq!(code, Some(0), "{more}\n{said}");
    }
    // Not followed: what is moved, or by what, is not in the file.
    for more in [
        "move rulebase security rules gone top",
        "move rulebase security rules d before gone",
        "move rulebase security rules d aside",
        "edit rulebase security\nmove rules d top",
        "move rules d top",
        "set rules n action deny",
        "rename profiles custom-url-category A to B",
        "load config from other.xml",
        "set rulebase security rules r unheard-of 1",
    ] {
        let (code, said) = after(more);
        assert_eq!(code, Some(2), "{more}\n{said}");
    }
    assert!(after("move rules d top").1.contains("in a way that is not followed"));
    // A rule of some firewalls.
    for more in [
        "target devices 001",
        "target devices 001\nset rulebase security rules r target negate yes",
        "target tags [ a b ]",
    ] {
        let (code, said) = after(&format!("set rulebase security rules r {more}"));
        assert_eq!(code, Some(3), "{more}\n{said}");
        assert!(said.contains("which firewall it is (target"), "{said}");
    }
    assert_eq!(code("set rulebase security rules r target negate no"), Some(0));
    let xml = |target: &str| {
        format!(
            "<config><shared><profiles><custom-url-category><entry name=\"A\"><list><member>a.mill.example/</member></list></entry>\
             </custom-url-category></profiles><pre-rulebase><security><rules><entry name=\"r\">{target}<category><member>A</member></category>\
             <action>allow</action></entry></rules></security></pre-rulebase></shared></config>\n"
        )
    };
    assert_eq!(asked(&xml("<target><negate>no</negate></target>")).0, Some(0));
    for devices in ["<entry name=\"001\"/>", "<entry name=\"001\"><vsys/></entry>"] {
        let some = xml(&format!("<target><devices>{devices}</devices><negate>no</negate></target>"));
        assert_eq!(asked(&some).0, Some(3), "{some}");
    }
    assert_eq!(asked(&(xml("") + "move shared pre-rulebase security rules r top\n")).0, Some(2));
}

/// The same with policies of FortiOS.
#[test]
fn statements_of_fortios_that_change_the_order_are_followed_or_decide_nothing() {
    let policy = |id: u8, to: &str, action: &str| {
        format!(
            "edit {id}\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset schedule \"always\"\nset dstaddr \"{to}\"\n\
             set action {action}\nset service \"ALL\"\nnext\n"
        )
    };
    let policies = format!(
        "config firewall address\nedit \"api\"\nset type fqdn\nset fqdn \"a.mill.example\"\nnext\nend\nconfig firewall policy\n{}{}",
        policy(1, "api", "accept"),
        policy(2, "all", "deny")
    );
    let after = |more: &str| asked(&format!("{policies}{more}\nend\n"));
    assert_eq!(after("").0, Some(0));
    let open = |more: &str| format!("edit 1\n{more}\nnext");
    for more in [
        "move 2 before 1".to_owned(),
        "move 1 after 2".into(),
        "gate (policy) # move 2 before 1".into(),
        "end\nconfig firewall policy\nmove 2 before 1".into(),
        "rename 2 to 7\nmove 7 before 1".into(),
        "purge".into(),
        "delete 1".into(),
        "delete 2 1".into(),
        open("unset action"),
        open("set status disable"),
        // The file ends inside.
        "edit 1\nset action deny".into(),
    ] {
        let (code, said) = after(&more);
        assert_eq!(code, Some(1), "{more}\n{said}");
    }
    for more in [
        "move 1 before 2".to_owned(),
        "move 2 before 1\nmove 1 before 2".into(),
        "show".into(),
        "delete 2".into(),
        open("unset comments"),
        "end\nconfig system interface\nclone a to b".into(),
        "end\nconfig router policy\nmove 2 before 1".into(),
    ] {
        let (code, said) = after(&more);
        assert_eq!(code, Some(0), "{more}\n{said}");
    }
    for more in [
        "move 3 before 1".to_owned(),
        "move 2 before 9".into(),
        "move 2 first".into(),
        "clone 2 to 3".into(),
        "rename 2 to 1".into(),
        "unset 1".into(),
        "mov 2 before 1".into(),
        "insert 2".into(),
        "edit 1\nabort".into(),
        "edit 1\nedit 2\nnext".into(),
        "edit 0\nset action deny\nnext\ndelete 3".into(),
        "end\nconfig firewall address\nrename \"api\" to \"b\"".into(),
    ] {
        let (code, said) = after(&more);
        assert_eq!(code, Some(2), "{more}\n{said}");
    }
    assert!(
        after("clone 2 to 3").1.contains("`clone 2 to 3`")
            || after("clone 2 to 3").1.contains("clone 2 to 3")
    );
}

#[test]
fn squid_knows_a_directive_by_its_other_name() {
    let allow = "acl a dstdomain a.mill.example\nhttp_access allow a\nhttp_access deny all\n";
    assert_eq!(asked(allow).0, Some(0));
    for directive in ["adapted_http_access", "http_access2"] {
        assert_eq!(asked(&format!("{allow}{directive} deny all\n")).0, Some(1), "{directive}");
        assert_eq!(asked(&format!("{allow}{directive} allow a\n")).0, Some(0), "{directive}");
        assert_eq!(
            asked(&format!(
                "{allow}if ${{process_number}} = 1\n{directive} deny all\nendif\n{directive} allow all\n"
            ))
            .0,
            Some(2)
        );
    }
}

/// Lists of products that are not read are refused whole, and so is what takes lines away from them.
#[test]
fn rules_of_products_that_are_not_read_are_refused() {
    for text in [
        "access-list out extended permit tcp any host a.mill.example eq 443\nno access-list out extended permit tcp any host a.mill.example eq 443\n",
        "iptables -A FORWARD -d a.mill.example -p tcp --dport 443 -j ACCEPT\niptables -I FORWARD 1 -j DROP\n",
        "-A FORWARD -d a.mill.example -p tcp --dport 443 -j ACCEPT\n-F FORWARD\n",
        "pass out proto tcp to a.mill.example port 443\nanchor \"more\"\n",
        "nft add rule inet filter forward ip daddr a.mill.example accept\nnft insert rule inet filter forward drop\nnft flush ruleset\n",
        "a.mill.example\nno a.mill.example\n",
        "a.mill.example\ndelete a.mill.example\n",
    ] {
        let (code, said) = asked(text);
        assert_eq!(code, Some(2), "{text}\n{said}");
    }
}
