//! Lists that people keep and that name a needed host which is not let through, each by another sign: never called complete.
//! Beside them what ordinary lists say, which stays complete.

use crate::firewall::https;

const HOST: &str = "a.mill.example";

/// Every text that is judged otherwise is shown. `covered` where it may be complete.
fn hold(texts: impl IntoIterator<Item = (bool, String)>) {
    let differs = |(complete, text): (bool, String)| {
        let found = https(&text, HOST);
        ((found == "covered") != complete).then(|| format!("{found}:\n{text}"))
    };
    let different: Vec<String> = texts.into_iter().filter_map(differs).collect();
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}

#[test]
fn directives_of_squid_that_may_refuse_are_said() {
    let conf = "acl c dstdomain a.mill.example\nhttp_access allow c\nhttp_access deny all\n";
    let with = |lines: &str| format!("{lines}\n{conf}");
    let long = format!("# {}\n", "x".repeat(9000));
    let refusing = [
        "url_rewrite_program /bin/filter",
        "redirect_program /bin/filter",
        "url_rewrite_program /bin/filter\nurl_rewrite_access allow all",
        "icap_access scan allow all",
        "client_ip_max_connections 0",
        "delay_pools 1\ndelay_class 1 1\ndelay_access 1 allow all\ndelay_parameters 1 1/1",
        "on_unsupported_protocol respond all",
        "host_verify_strict on",
        "hosts_file /etc/squid/blocked",
        "offline_mode on",
        "tcp_outgoing_address 127.0.0.1",
        "tcp_outgoing_address 192.0.2.1 c",
        "http_port 3128 accel vhost",
        "http_port 3128 require-proxy-header",
        "read_timeout 0 seconds",
        "cache_peer upstream.example parent 3128 0 default\nnonhierarchical_direct off",
        "configuration_includes_quoted_values on",
        "loadable_modules /usr/lib/filter.so",
        "a_directive_of_the_future deny all",
        "HTTP_ACCESS deny all",
        "ssl_bump bump all\nsslproxy_cert_error deny all",
        "ssl_bump bump all\nrequest_header_access Authorization deny all",
        "ssl_bump bump all\nreply_body_max_size 1 KB all",
        "ssl_bump remove all",
        "request_header_max_size 1 KB",
        long.as_str(),
    ];
    let harmless = [
        "http_port 3128\nhttp_port 3129 intercept\nhttps_port 3130 intercept ssl-bump cert=/etc/squid/ca.pem",
        "acl localnet src 10.0.0.0/8 # RFC 1918\nhttp_access deny manager",
        "acl manager proto cache_object\nhttp_access allow manager localhost\nhttp_access deny manager",
        "cache_dir ufs /var/spool/squid 100 16 256\ncoredump_dir /var/spool/squid\nrefresh_pattern . 0 20% 4320",
        "access_log daemon:/var/log/squid/access.log squid\nlogfile_rotate 0\nforwarded_for delete\nvia off",
        "dns_nameservers 192.0.2.53\nvisible_hostname proxy\nshutdown_lifetime 3 seconds\nconnect_timeout 30 seconds",
        "url_rewrite_children 5\nurl_rewrite_access allow all\nstore_id_program /bin/store",
        "reply_body_max_size 10 MB\nrequest_header_access All deny all\nsslproxy_cert_error deny all",
        "ssl_bump bump all\nrequest_header_access X-Forwarded-For deny all",
        "request_header_max_size 64 KB\ntcp_outgoing_address 192.0.2.1\nhosts_file none\nauth_param basic realm x",
        "cache_peer upstream.example parent 3128 0 default",
        "icap_enable off\nicap_service s reqmod_precache icap://192.0.2.1/\nalways_direct allow all",
        "# \u{e4}",
    ];
    hold(
        refusing
            .iter()
            .map(|lines| (false, with(lines)))
            .chain(harmless.iter().map(|lines| (true, with(lines)))),
    );
    // What a proxy reads in the clear alone.
    let clear = |lines: &str| crate::firewall::judged(&with(lines), None, HOST, 80, "http");
    assert_eq!(clear("request_header_access Host deny all"), "conditional");
    assert_eq!(clear("cache_peer upstream.example parent 3128 0 default"), "conditional");
    assert_eq!(clear("request_header_access Host allow all"), "covered");
}

#[test]
fn acls_of_squid_that_are_everybody_or_two_kinds_decide() {
    let conf = |acl: &str, access: &str| {
        format!(
            "acl c dstdomain a.mill.example\n{acl}\n{access}\nhttp_access allow c\nhttp_access deny all\n"
        )
    };
    let deny = "http_access deny x";
    for src in [
        "ipv4",
        "ipv6",
        "::/0",
        "10.0.0.0/8",
        "172.16.0.0/12 10.0.0.0/8",
        "192.168.0.0/16",
        "0.0.0.0/1 128.0.0.0/1",
        "10.0.0.0-10.255.255.255",
        "10/8",
    ] {
        hold([(false, conf(&format!("acl x src {src}"), deny))]);
    }
    for acl in [
        "acl x dstdomain b.mill.example\nacl x port 443",
        "acl x dst 0.0.0.0/1 128.0.0.0/1",
        "acl x dstdomain --odd b.mill.example",
        "acl x port -443",
        "acl x any-of x",
        "acl x any-of y\nacl y any-of x",
        "acl x proto HTTP",
    ] {
        hold([(false, conf(acl, deny))]);
    }
    hold([(
        false,
        "acl c dstdomain a.mill.example\nacl c port 443\nhttp_access allow c\nhttp_access deny all\n".into(),
    )]);
    assert_eq!(https(&conf("acl x src 192.0.2.0/24", deny), HOST), "conditional");
    assert_eq!(https(&conf("acl x src 10.0.0.0/8", "http_access deny !x"), HOST), "conditional");
}

#[test]
fn sets_of_dnsmasq_count_where_their_name_says_what_they_are_for() {
    let set = |sets: &str| format!("nftset=/a.mill.example/{sets}\n");
    let good = set("4#inet#fw#tcp_443");
    let refused = [
        "4#inet#fw#blocked_443",
        "4#inet#fw#deny_tcp_443",
        "4#inet#fw#udp_443",
        "4#inet#fw#tcp_udp_443",
        "4#inet#fw#443",
        "6#inet#fw#tcp_443",
        "6#inet#fw#tcp_443_v6",
        "4#inet#fw#tcp_443_v6",
        "inet#fw#tcp_443_v6",
        "ip6#fw#tcp_443",
        "4#inet#blocked#tcp_443",
        "4#inet#fw#blk_tcp_443",
        "4#bridge#fw#tcp_443",
        "4#inet#fw#xtcp_443",
        "4#inet#fw#tcp_443_off",
        "4#inet#fw#ads_tcp_443",
        "4#inet#fw#tcp_443,4#inet#fw#other",
        "4#inet#fw#tcp_0",
        "4#ip6#fw#tcp_443",
        "tcp_443",
    ]
    .map(|sets| (false, set(sets)));
    let accepted = [
        "4#inet#fw#tcp_443",
        "inet#fw#tcp_443",
        "4#inet#filter#clearway_tcp_443_v4,6#inet#filter#clearway_tcp_443_v6",
        "4#ip#fw#mill_tcp_443_v4",
        "4#inet#fw#tcp_443,6#inet#fw#tcp_443",
        "4#inet#fw#tcp_443,4#inet#fw#tcp_80",
    ]
    .map(|sets| (true, set(sets)));
    let beside = |line: &str| format!("{line}\n{good}");
    let refusing = [
        "port=0",
        "no-resolv",
        "no-resolv\nserver=/corp.example/192.0.2.1",
        "address=/a.mill.example/",
        "local=/mill.example/",
        "local=/example/",
        "bogus-nxdomain=203.0.113.7",
        "listen-address=127.0.0.1",
        "listen-address=127.0.0.1,::1\nbind-interfaces",
        "interface=lo",
        "dhcp-option=6,192.0.2.53",
        "dhcp-option=option:dns-server,192.0.2.53",
        "filter-A",
        "dns-forward-max=0",
        "address=/#/",
        "server=/#/",
        "address=/mill.example/#\t#x",
        "conf-dir=/etc/dnsmasq.d",
        "cname=a.mill.example,b.example",
        "host-record=a.mill.example,192.0.2.1",
        "alias=0.0.0.0-255.255.255.255,127.0.0.1",
        "no-such-setting",
        "nftset=/a.mill.example/4#inet#fw#blocked",
        "nftset=/a.mill.example/4#inet#fw#tcp_80",
        "ipset=/mill.example/other",
    ]
    .map(|line| (false, beside(line)));
    let neutral = [
        "port=53",
        "port=5353",
        "no-resolv\nserver=192.0.2.1",
        "listen-address=127.0.0.1,192.0.2.1",
        "interface=lo\ninterface=lan",
        "domain-needed\nbogus-priv\nstop-dns-rebind",
        "dhcp-option=3,192.0.2.1",
        "cache-size=0",
        "filter-AAAA",
        "ipset=/corp.example/other",
        "nftset=/a.mill.example/4#inet#other#tcp_443",
        "server=/corp.example/192.0.2.1",
        "except-interface=wan\nlocal-service",
        "local=/corp.example/",
        "# port=0",
        "address=/ads.example/0.0.0.0 # none",
    ]
    .map(|line| (true, beside(line)));
    hold(refused.into_iter().chain(accepted).chain(refusing).chain(neutral));
    let inside = |line: &str| {
        let list = clearway::firewall::List::allow(&inside());
        let found = clearway::firewall::existing::read(&beside(line))
            .and_then(|listing| clearway::firewall::existing::compare(&list, listing));
        found.is_ok_and(|c| c.missing.is_empty() && c.conditional.is_empty())
    };
    assert!(inside("port=53") && !inside("stop-dns-rebind"), "private addresses are not answered");
}

/// A host inside the own network.
fn inside() -> clearway::derive::Requirements {
    let json = serde_json::json!({
        "schema": "clearway.hosts/1", "clearway": "0.1.0", "rules_date": "2026-11-22",
        "app_version": "2.19675.0", "platform": "linux",
        "groups": [{ "feature": "inference", "title": "Inference", "hosts": [
            { "host": HOST, "port": 443, "transport": "https", "need": "required", "purpose": "p", "network": "internal" }
        ] }],
    });
    clearway::document::hosts::from_json(json, "one.json", "").unwrap()
}

#[test]
fn columns_of_a_table_that_say_no_are_heard() {
    let table = |head: &str, cell: &str| {
        format!("host,port,{head}\nb.mill.example,443,\na.mill.example,443,{cell}\n")
    };
    let refusing = [
        ("protocol", "UDP/443"),
        ("protocol", "udp 443"),
        ("protocol", "17"),
        ("protocol", "ICMP ping"),
        ("proto", "carrier pigeon"),
        ("service", "QUIC"),
        ("service", "DNS"),
        ("service", "udp-any"),
        ("transport", "http/3"),
        ("request status", "pending"),
        ("approval status", "rejected"),
        ("comment", "not yet implemented"),
        ("notes", "TODO"),
        ("implemented", "no"),
        ("implemented?", "no"),
        ("in production", "false"),
        ("open", "no"),
        ("allowed by firewall", "no"),
        ("reachable", "no"),
        ("needs approval", "yes"),
        ("effect", "Deny"),
        ("rule action", "DENY"),
        ("type", "block"),
        ("allow/deny", "D"),
        ("block", "1"),
        ("direction", "in"),
        ("direction", "Inbound"),
        ("works", "no"),
        ("firewall open", "no"),
        ("approved by security", "no"),
        ("whitelisted", "no"),
        ("valid from", "2999-01-01"),
        ("expiry", "2001-01-01"),
        ("verdict", "ko"),
        ("deleted", "x"),
        ("removed", "2024-01-01"),
        ("start date", "2999-01-01"),
        ("enabled", "N"),
        ("active", "0"),
        ("state", "closed"),
        ("status", "expired"),
        ("decision", "rejected"),
        ("tested", "failed"),
        ("live", "not yet"),
        ("notes", "gesperrt"),
        ("pending", "yes"),
        ("on hold", "x"),
        ("rollout", "planned"),
        ("source port", "443/udp"),
        ("dport", "8443"),
        ("source", "10.0.0.0/8"),
    ]
    .map(|(head, cell)| (false, table(head, cell)));
    let harmless = [
        ("protocol", "TCP"),
        ("protocol", "tcp/443"),
        ("protocol", "TCP/UDP"),
        ("protocol", "any"),
        ("protocol", "6"),
        ("service", "HTTPS"),
        ("service", "Messages API"),
        ("comment", "the gateway"),
        ("description", "was unblocked"),
        ("owner", "N. Nein"),
        ("ticket", "CR-4711"),
        ("ticket status", "closed"),
        ("mandatory", "no"),
        ("TLS inspection", "no"),
        ("wildcard", "no"),
        ("direction", "outbound"),
        ("approved by", "J. Doe"),
        ("approved", "yes"),
        ("status", "implemented"),
        ("status", "done"),
        ("created", "2024-01-01"),
        ("expires", "never"),
        ("source", "any"),
        ("blocked", "no"),
        ("team", "Mill"),
        ("allow/deny", "allow"),
        ("last hit", "2026-01-01"),
        ("category", "AI"),
        ("port", "443"),
    ]
    .map(|(head, cell)| (true, table(head, cell).replace("b.mill.example,443,\n", "")));
    hold(refusing.into_iter().chain(harmless));
    hold([
        // An answer that goes on in the next line, and one that another row has.
        (false, "host,note,action\na.mill.example,\"two\nlines\",deny\nb.example,,allow\n".into()),
        (true, "host,note,action\na.mill.example,\"two\nlines\",allow\nb.example,,deny\n".into()),
        (false, "host,action\nb.mill.example,deny\na.mill.example,\n".into()),
        (false, "host,approved\nb.mill.example,x\na.mill.example,\n".into()),
        (false, "host,port\nBlocked:,\na.mill.example,443\n".into()),
        (false, "host,port\n# Blocked:\na.mill.example,443\n".into()),
        (false, "note,host\nBlocked hosts,\n,a.mill.example\n".into()),
        (true, "note,host\nInference,\n,a.mill.example\n".into()),
        (false, "host,port\na.mill.example,443\n\"b.example,443\n".into()),
        (false, "fqdn,udp port,tcp port\na.mill.example,443,\n".into()),
    ]);
}

#[test]
fn what_stands_beside_a_host_is_heard() {
    let beside = |line: &str| {
        [format!("*.mill.example\nb.example\n{line}\n"), format!("b.example\nc.example\n{line}\n")]
    };
    let name = "a.mill.example";
    let struck: String = name.chars().flat_map(|c| [c, '\u{336}']).collect();
    for line in [
        "a.mill.example # BLOCKED",
        "a.mill.example ; disabled",
        "a.mill.example // until 2025",
        "a.mill.example # expires 2025",
        "a.mill.example # no",
        "a.mill.example # pending",
        "a.mill.example # TODO",
        "a.mill.example # UDP",
        "a.mill.example # gesperrt",
        "a.mill.example # not yet implemented",
        "a.mill.example # bloqu\u{e9}",
        "~~a.mill.example~~",
        "**!a.mill.example**",
        "!a.mill.example",
        "-a.mill.example",
        "~a.mill.example",
        "^a.mill.example",
        "||a.mill.example^",
        "@@||a.mill.example^",
        "0.0.0.0 a.mill.example",
        "127.0.0.1 a.mill.example",
        "not https://a.mill.example/v1",
        "deny https://a.mill.example:443/",
        "<s>a.mill.example</s>",
        "<!-- a.mill.example -->",
        "a.mill.example 443/udp",
        "udp://a.mill.example",
        "a.mill.example:443/udp",
        "a.mill.example DENY",
        "a.mill.example,no",
        "# Blocked:\na.mill.example",
        "[ ] a.mill.example",
        "Gesperrt:\na.mill.example",
        "REM a.mill.example",
        struck.as_str(),
    ] {
        for text in beside(line) {
            assert_ne!(https(&text, name), "covered", "{text}");
        }
    }
    // However long the line is in which it stands.
    let many: Vec<String> = (0..200).map(|i| format!("h{i}.example")).collect();
    for text in beside(&format!("NOT {},a.mill.example", many.join(","))) {
        assert_ne!(https(&text, name), "covered", "{text}");
    }
    for line in [
        "a.mill.example # the gateway",
        "a.mill.example # ticket 12, unblocked in June",
        "a.mill.example // inference",
        "# Inference\na.mill.example",
        "Inference:\na.mill.example",
        "a.mill.example:443",
        "a.mill.example 443 tcp",
        "a.mill.example   ; added by J. Doe",
        "# opened in 2024\na.mill.example",
        "https://a.mill.example",
    ] {
        assert_eq!(https(&beside(line)[1], name), "covered", "{line}");
    }
}

#[test]
fn members_of_json_that_say_no_are_heard() {
    let file = |row: serde_json::Value, group: serde_json::Value, file: serde_json::Value| {
        let mut all = serde_json::json!({ "schema": "clearway.hosts/1", "groups": [{ "hosts": [
            { "host": "b.example", "port": 443 }, { "host": HOST, "port": 443 } ] }] });
        let merge = |to: &mut serde_json::Value, from: serde_json::Value| {
            to.as_object_mut().unwrap().extend(from.as_object().unwrap().clone());
        };
        merge(&mut all["groups"][0]["hosts"][1], row);
        merge(&mut all["groups"][0], group);
        merge(&mut all, file);
        all.to_string()
    };
    let none = || serde_json::json!({});
    for member in [
        serde_json::json!({ "action": "deny" }),
        serde_json::json!({ "enabled": false }),
        serde_json::json!({ "blocked": true }),
        serde_json::json!({ "status": "pending" }),
        serde_json::json!({ "transport": "quic" }),
    ] {
        hold([(false, file(member.clone(), none(), none()))]);
        if member.get("transport").is_none() {
            hold([(false, file(none(), member.clone(), none())), (false, file(none(), none(), member))]);
        }
    }
    for member in [
        serde_json::json!({ "action": "allow", "enabled": true, "blocked": false, "mandatory": false }),
        serde_json::json!({ "breaks": "sign-in is blocked", "transport": "https", "unbounded": null }),
    ] {
        hold([(true, file(member, none(), none()))]);
    }
    let targets = |labels: serde_json::Value| {
        serde_json::json!([{ "targets": ["b.example:443", "a.mill.example:443"], "labels": labels }])
            .to_string()
    };
    hold([
        (true, targets(serde_json::json!({ "job": "hosts" }))),
        (false, targets(serde_json::json!({ "action": "block" }))),
        (false, "[{\"targets\": [\"a.mill.example:443\"], \"targets\": [\"b.example:443\"]}]".into()),
    ]);
}

/// Lists that thousands of lines name are kept once and answered once, so that such a file is read at all.
#[test]
fn a_list_that_many_lines_name_is_kept_once() {
    let used = |values: &str, access: &str| {
        let lines = format!("{access}\n").repeat(3000);
        https(&format!("acl c dstdomain {values}\n{lines}http_access deny all\n"), HOST)
    };
    let bad = "bad..name- ".repeat(3000);
    assert_eq!(used(&bad, "http_access allow c"), "unread");
    let good: String = (0..3000).map(|i| format!("h{i}.example ")).collect();
    let wrapped = |values: &str| values.trim_end().replace(' ', " \\\n ");
    assert_eq!(used(&wrapped(&good), "http_access deny c"), "missing");
    assert_eq!(used(&format!("{} \\\n a.mill.example", wrapped(&good)), "http_access allow c"), "covered");
}
