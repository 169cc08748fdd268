//! Lists as firewall engineers keep them, of kinds that decide in more than one place: never "covered" where a denial, an
//! order or an expression decides.

use clearway::firewall::List;
use clearway::firewall::existing::{As, Dialect, compare, read_as};
use serde_json::{Value, json};

use crate::firewall::against_panos::judged as code_of;
use crate::firewall::{https, judged, one};

fn azure(collections: &Value) -> String {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
            "type": "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
            "properties": { "priority": 500, "ruleCollections": collections },
        }],
    })
    .to_string()
}

fn application(name: &str, priority: u16, action: &str, fqdns: &[&str]) -> Value {
    json!({
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "name": name, "priority": priority,
        "action": { "type": action },
        "rules": [{
            "ruleType": "ApplicationRule", "name": format!("{name}-rule"), "sourceAddresses": ["*"],
            "protocols": [{ "protocolType": "Https", "port": 443 }], "targetFqdns": fqdns,
        }],
    })
}

fn network(name: &str, priority: u16, action: &str, addresses: &[&str]) -> Value {
    json!({
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "name": name, "priority": priority,
        "action": { "type": action },
        "rules": [{
            "ruleType": "NetworkRule", "name": format!("{name}-rule"), "sourceAddresses": ["*"], "ipProtocols": ["TCP"],
            "destinationPorts": ["443"], "destinationAddresses": addresses,
        }],
    })
}

#[test]
fn azure_decides_by_priority_and_network_rules_come_first() {
    let allow = |p| application("allow", p, "Allow", &["*.mill.example"]);
    let deny = |p| application("deny", p, "Deny", &["api.mill.example"]);
    for (collections, host, expected) in [
        (json!([allow(200)]), "api.mill.example", "covered"),
        (json!([allow(200)]), "mill.example", "missing"),
        (json!([allow(200), deny(300)]), "api.mill.example", "covered"),
        (json!([allow(200), deny(100)]), "api.mill.example", "missing"),
        (json!([allow(200), deny(100)]), "web.mill.example", "covered"),
        // A network rule decides first, whatever its priority.
        (json!([allow(200), network("n", 900, "Deny", &["*"])]), "api.mill.example", "missing"),
        (json!([network("n", 900, "Allow", &["*"]), deny(100)]), "api.mill.example", "covered"),
        // A star that is not a whole label denies more than it shows.
        (
            json!([allow(200), application("deny", 100, "Deny", &["*ill.example"])]),
            "api.mill.example",
            "unread",
        ),
    ] {
        assert_eq!(https(&azure(&collections), host), expected, "{collections}");
    }
    // What is not compared decides nothing.
    for (key, value) in [
        ("fqdnTags", json!(["WindowsUpdate"])),
        ("webCategories", json!(["Business"])),
        ("targetUrls", json!(["api.mill.example/x"])),
        ("destinationIpGroups", json!(["/subscriptions/x"])),
    ] {
        let mut collection = deny(100);
        let rule = collection.pointer_mut("/rules/0").unwrap();
        rule["targetFqdns"] = json!([]);
        rule[key] = value;
        assert_eq!(https(&azure(&json!([allow(200), collection])), "api.mill.example"), "unread", "{key}");
    }
    let beside = |resource: Value| {
        let mut file: Value = serde_json::from_str(&azure(&json!([allow(200)]))).unwrap();
        file["resources"].as_array_mut().unwrap().push(resource);
        file.to_string()
    };
    for (resource, expected) in [
        (json!({ "type": "Microsoft.Network/publicIPAddresses" }), "covered"),
        (
            json!({ "type": "Microsoft.Network/firewallPolicies", "properties": { "basePolicy": { "id": "x" } } }),
            "unread",
        ),
        (
            json!({ "type": "Microsoft.Network/firewallPolicies", "resources": [{ "type": "ruleCollectionGroups" }] }),
            "unread",
        ),
        (
            json!({ "type": "Microsoft.Resources/deployments", "properties": { "templateLink": {} } }),
            "unread",
        ),
        (
            json!({ "type": "Microsoft.Network/azureFirewalls", "properties": { "networkRuleCollections": [{}] } }),
            "unread",
        ),
    ] {
        assert_eq!(https(&beside(resource.clone()), "api.mill.example"), expected, "{resource}");
    }
    let mut allow_lan = allow(200);
    allow_lan["rules"][0]["sourceAddresses"] = json!(["10.1.0.0/16"]);
    assert_eq!(https(&azure(&json!([allow_lan])), "api.mill.example"), "conditional");
    let mut later = allow(200);
    later["priority"] = json!("[parameters('priority')]");
    assert_eq!(https(&azure(&json!([later, deny(100)])), "api.mill.example"), "unread");
}

fn suricata(rules: &str, order: &str) -> String {
    json!({
        "Resources": { "Rules": { "Type": "AWS::NetworkFirewall::RuleGroup", "Properties": {
            "Type": "STATEFUL", "Capacity": 100,
            "RuleGroup": { "RulesSource": { "RulesString": rules }, "StatefulRuleOptions": { "RuleOrder": order } },
        } } },
    })
    .to_string()
}

#[test]
fn suricata_rules_decide_in_their_order() {
    const PASS: &str = r#"pass tls $HOME_NET any -> $EXTERNAL_NET 443 (tls.sni; content:".mill.example"; endswith; nocase; flow:to_server; sid:1;)"#;
    const DROP: &str = r#"drop tls $HOME_NET any -> any any (msg:"no; really"; tls.sni; content:"api.mill.example"; startswith; endswith; sid:2;)"#;
    const ALL: &str = "drop tcp $HOME_NET any -> any any (flow:to_server, established; sid:3;)";
    const HANDSHAKE: &str = "pass tcp $HOME_NET any -> any 443 (flow:not_established; sid:4;)";
    const HOLDS: &str = r#"drop tls any any -> any any (tls.sni; content:"api."; sid:5;)"#;
    let strict = |rules: &[&str]| suricata(&rules.join("\n"), "STRICT_ORDER");
    assert_eq!(https(&strict(&[PASS]), "api.mill.example"), "covered");
    assert_eq!(https(&strict(&[PASS]), "mill.example"), "missing");
    assert_eq!(judged(&strict(&[PASS]), None, "api.mill.example", 8443, "https"), "missing");
    assert_eq!(judged(&strict(&[PASS]), None, "api.mill.example", 443, "ssh"), "missing");
    assert_eq!(https(&strict(&[DROP, PASS]), "api.mill.example"), "missing");
    assert_eq!(https(&strict(&[PASS, DROP]), "api.mill.example"), "covered");
    assert_eq!(https(&strict(&[ALL, PASS]), "api.mill.example"), "missing");
    assert_eq!(https(&strict(&[HANDSHAKE, PASS, ALL]), "api.mill.example"), "covered");
    assert_eq!(https(&strict(&[HANDSHAKE, ALL]), "api.mill.example"), "missing");
    assert_eq!(https(&strict(&[HOLDS, PASS]), "api.mill.example"), "missing");
    assert_eq!(https(&strict(&["# pass tls", PASS]), "api.mill.example"), "covered");
    // Without strict order, what passes comes first.
    assert_eq!(
        https(&suricata(&format!("{DROP}\n{PASS}"), "DEFAULT_ACTION_ORDER"), "api.mill.example"),
        "covered"
    );
    for odd in [
        r#"drop tls any any -> any any (tls.sni; pcre:"/mill/"; sid:9;)"#,
        r#"drop tls any any -> any $PORTS (tls.sni; content:"api.mill.example"; sid:9;)"#,
        r#"drop tls any any -> [$A,$B] any (sid:9;)"#,
        r#"drop tls any any -> any any (tls.sni; content:!"ok.example"; sid:9;)"#,
        r#"drop tls any any <> any any (sid:9;)"#,
        r#"drop tls any any -> any any (geoip:dst,RU; sid:9;)"#,
        r#"drop tls any any -> any any (tls.sni; content:"mill.example"; endswith; sid:9;)"#,
    ] {
        assert_eq!(https(&strict(&[odd, PASS]), "api.mill.example"), "unread", "{odd}");
    }
    let external = strict(&[PASS]).replacen(
        "\"RulesSource\"",
        "\"RuleVariables\":{\"IPSets\":{\"EXTERNAL_NET\":{}}},\"RulesSource\"",
        1,
    );
    assert_eq!(https(&external, "api.mill.example"), "unread");
    let with_policy = strict(&[PASS]).replacen(
        "\"Resources\":{",
        "\"Resources\":{\"P\":{\"Type\":\"AWS::NetworkFirewall::FirewallPolicy\",\"Properties\":{}},",
        1,
    );
    assert_eq!(https(&with_policy, "api.mill.example"), "unread");
}

/// A policy with these rules, and with one for lookups of names where they have none.
fn cilium(egress: &Value, deny: &Value) -> String {
    let mut egress = egress.clone();
    if let Some(rules) = egress.as_array_mut().filter(|rules| !json!(rules).to_string().contains("dns")) {
        rules.push(lookups());
    }
    json!({
        "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": { "name": "x" },
        "spec": { "endpointSelector": {}, "egress": egress, "egressDeny": deny },
    })
    .to_string()
}

fn lookups() -> Value {
    json!({ "toEndpoints": [{ "matchLabels": { "k8s-app": "kube-dns" } }],
        "toPorts": [{ "ports": [{ "port": "53", "protocol": "ANY" }], "rules": { "dns": [{ "matchPattern": "*" }] } }] })
}

#[test]
fn cilium_denies_before_it_allows() {
    let ports = |port: &str| json!([{ "ports": [{ "port": port, "protocol": "TCP" }] }]);
    let names =
        |pattern: &str| json!([{ "toFQDNs": [{ "matchPattern": pattern }], "toPorts": ports("443") }]);
    let none = json!([]);
    assert_eq!(https(&cilium(&names("**.mill.example"), &none), "a.b.mill.example"), "covered");
    assert_eq!(https(&cilium(&names("*.mill.example"), &none), "a.mill.example"), "covered");
    assert_eq!(https(&cilium(&names("*.mill.example"), &none), "a.b.mill.example"), "missing");
    assert_eq!(https(&cilium(&names("*.mill.example"), &none), "mill.example"), "missing");
    assert_eq!(https(&cilium(&names("*mill*"), &none), "a.mill.example"), "unread");
    let world = json!([{ "toEntities": ["world"], "toPorts": ports("443") }]);
    assert_eq!(https(&cilium(&names("*.mill.example"), &world), "a.mill.example"), "missing");
    assert_eq!(https(&cilium(&world, &none), "a.mill.example"), "covered");
    // Names that may be looked up are a list of their own.
    let looked_up = |dns: Value, port: &str| {
        json!([
            { "toEndpoints": [{ "matchLabels": { "k8s-app": "kube-dns" } }],
              "toPorts": [{ "ports": [{ "port": port, "protocol": "ANY" }], "rules": { "dns": dns } }] },
            { "toFQDNs": [{ "matchPattern": "*.mill.example" }], "toPorts": ports("443") },
        ])
    };
    for (dns, port, expected) in [
        (json!([{ "matchPattern": "*" }]), "53", "covered"),
        (json!([{ "matchPattern": "*.mill.example" }]), "53", "covered"),
        (json!([{ "matchName": "a.other.example" }]), "53", "conditional"),
        (json!([{ "matchPattern": "*.other.example" }, { "matchPattern": "*" }]), "53", "covered"),
        // Nothing sees the lookups, or those of another port of that server.
        (json!([]), "53", "conditional"),
        (json!([{ "matchName": "a.other.example" }]), "9153", "unread"),
    ] {
        let policy = cilium(&looked_up(dns.clone(), port), &none);
        assert_eq!(https(&policy, "a.mill.example"), expected, "{dns} {port}");
    }
    let of_web = json!([{ "toFQDNs": [{ "matchPattern": "*.mill.example" }], "toPorts": [{
        "ports": [{ "port": "443", "protocol": "TCP" }], "rules": { "dns": [{ "matchPattern": "*" }] } }] }]);
    assert_eq!(https(&cilium(&of_web, &none), "a.mill.example"), "unread");
    // Networks that hold every address, or private ones and others besides.
    for (network, expected) in [
        ("0.0.0.0/0", "missing"),
        ("0.0.0.0/1", "conditional"),
        ("10.0.0.0/7", "conditional"),
        ("127.0.0.0/3", "conditional"),
        ("10.0.0.0/8", "covered"),
        ("127.0.0.0/8", "covered"),
        ("172.16.0.0/11", "conditional"),
        ("2000::/3", "conditional"),
        ("fc00::/7", "covered"),
    ] {
        let cidr = json!([{ "toCIDR": [network] }]);
        assert_eq!(https(&cilium(&names("*.mill.example"), &cidr), "a.mill.example"), expected, "{network}");
    }
    let some = json!([{ "toCIDR": ["203.0.113.0/24"] }]);
    assert_ne!(https(&cilium(&names("*.mill.example"), &some), "a.mill.example"), "covered");
    let except = json!([{ "toCIDRSet": [{ "cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"] }] }]);
    assert_eq!(https(&cilium(&names("*.mill.example"), &except), "a.mill.example"), "unread");
    let http = json!([{ "toFQDNs": [{ "matchName": "a.mill.example" }],
        "toPorts": [{ "ports": [{ "port": "443", "protocol": "TCP" }], "rules": { "http": [{ "method": "GET" }] } }] }]);
    assert_eq!(https(&cilium(&http, &none), "a.mill.example"), "unread");
    let udp = json!([{ "toFQDNs": [{ "matchName": "a.mill.example" }],
        "toPorts": [{ "ports": [{ "port": "443", "protocol": "UDP" }] }] }]);
    assert_eq!(https(&cilium(&udp, &none), "a.mill.example"), "missing");
    let named = json!([{ "toFQDNs": [{ "matchName": "a.mill.example" }], "toPorts": ports("https") }]);
    assert_eq!(https(&cilium(&named, &none), "a.mill.example"), "unread");
}

#[test]
fn terraform_that_is_made_by_expressions_is_not_read() {
    let group = |extra: Value, fqdns: Value| {
        let mut group = json!({
            "name": "x", "firewall_policy_id": "y", "priority": 100,
            "application_rule_collection": [{ "name": "c", "priority": 100, "action": "Allow", "rule": [{
                "name": "r", "source_addresses": ["*"], "protocols": [{ "type": "Https", "port": 443 }],
                "destination_fqdns": fqdns,
            }] }],
        });
        group.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "resource": { "azurerm_firewall_policy_rule_collection_group": { "x": group } } }).to_string()
    };
    let names = json!(["api.mill.example"]);
    assert_eq!(https(&group(json!({}), names.clone()), "api.mill.example"), "covered");
    assert_eq!(https(&group(json!({ "for_each": "${var.x}" }), names.clone()), "api.mill.example"), "unread");
    assert_eq!(https(&group(json!({ "count": 0 }), names.clone()), "api.mill.example"), "unread");
    assert_eq!(https(&group(json!({ "dynamic": {} }), names), "api.mill.example"), "unread");
    assert_eq!(https(&group(json!({}), json!("${var.hosts}")), "api.mill.example"), "unread");
    let native = "resource \"azurerm_firewall_policy_rule_collection_group\" \"x\" {\n  rule {\n    \
                  destination_fqdns = [\"api.mill.example\"]\n  }\n}\n";
    assert_eq!(https(native, "api.mill.example"), "unread");
    let beside = json!({ "resource": {
        "panos_custom_url_category": { "x": { "name": "x", "type": "URL List", "list": ["api.mill.example/"] } },
        "panos_security_policy": { "x": { "rules": [{ "action": "deny" }] } },
    } });
    assert_eq!(https(&beside.to_string(), "api.mill.example"), "unread");
    let google = |profile: &str, matcher: &str| {
        json!({ "resource": {
            "google_network_security_url_lists": { "l": { "values": ["*.mill.example", "mill.example/x"] } },
            "google_network_security_gateway_security_policy_rule": {
                "deny": { "priority": 1, "enabled": true, "basic_profile": profile, "session_matcher": matcher },
                "allow": { "priority": 2, "enabled": true, "basic_profile": "ALLOW",
                    "session_matcher": "inUrlList(host(), '${google_network_security_url_lists.l.id}')" },
            },
        } })
        .to_string()
    };
    assert_eq!(https(&google("DENY", "host() == 'api.mill.example'"), "api.mill.example"), "unread");
    let own = "inUrlList(host(), '${google_network_security_url_lists.l.id}') && destination.port == 443";
    assert_eq!(https(&google("DENY", own), "api.mill.example"), "missing");
    assert_eq!(https(&google("ALLOW", own), "api.mill.example"), "covered");
    let cloudflare = |block: &str| {
        json!({ "resource": {
            "cloudflare_zero_trust_list": { "l": { "type": "DOMAIN", "items": [{ "value": "mill.example" }] } },
            "cloudflare_zero_trust_gateway_policy": {
                "block": { "precedence": 1, "enabled": true, "action": "block", "filters": ["l4"], "traffic": block },
                "allow": { "precedence": 2, "enabled": true, "action": "allow", "filters": ["l4"],
                    "traffic": "${format(\"net.protocol == \\\"tcp\\\" and net.dst.port == 443 and (any(net.sni.domains[*] in $%s))\", cloudflare_zero_trust_list.l.id)}" },
            },
        } })
        .to_string()
    };
    assert_eq!(https(&cloudflare("net.dst.port == 443"), "api.mill.example"), "unread");
}

#[test]
fn scripts_with_a_line_of_somebody_else_are_not_read() {
    let windows = "$ErrorActionPreference = 'Stop'\nSet-Keyword '{1}' 'api.mill.example'\n\
                   New-NetFirewallRule -Name 'a' -Direction Outbound -Action Allow -Protocol TCP -RemotePort 443 \
                   -RemoteDynamicKeywordAddresses '{1}' | Out-Null\n";
    assert_eq!(https(windows, "api.mill.example"), "covered");
    // A rule that blocks wins, wherever it stands.
    let block = windows.lines().last().unwrap().replace("Allow", "Block");
    assert_eq!(https(&format!("{windows}{block}\n"), "api.mill.example"), "missing");
    for odd in [
        "Remove-NetFirewallRule -Name 'a'",
        "Get-NetFirewallRule -Group 'clearway' -ErrorAction SilentlyContinue | Remove-NetFirewallRule",
        "New-NetFirewallRule -Name 'b' -Direction Outbound -Action Block -Program 'C:\\\\x.exe'",
        "if ($x) { exit }",
    ] {
        assert_eq!(https(&format!("{windows}{odd}\n"), "api.mill.example"), "unread", "{odd}");
    }
    let checkpoint =
        "put dns-domain '.api.mill.example' is-sub-domain false tags.1 'clearway-required-tcp-443'\n";
    assert_eq!(https(checkpoint, "api.mill.example"), "conditional", "the script makes no rule");
    assert_eq!(judged(checkpoint, None, "api.mill.example", 8443, "https"), "missing");
    let rule = "mgmt_cli add access-rule layer 'Inline' position 1 name 'no' action 'Drop' -s id.txt\n";
    assert_eq!(https(&format!("{checkpoint}{rule}"), "api.mill.example"), "unread");
    let layers = json!({ "uid": "x", "name": "Inline", "rulebase": [
        { "type": "access-rule", "action": "Drop", "destination": ["api.mill.example"] },
    ] });
    assert_eq!(https(&layers.to_string(), "api.mill.example"), "unread");
    let pac = "function FindProxyForURL(url, host) {\n  if (host == \"api.mill.example\") return \"PROXY p:3128\";\n  return \"DIRECT\";\n}\n";
    assert_eq!(https(pac, "api.mill.example"), "unread");
    let sophos = "<Request><Set><FQDNHost><Name>a</Name><FQDN>api.mill.example</FQDN></FQDNHost>\
                  <FQDNHostGroup><Name>g</Name><FQDNHostList><FQDNHost>a</FQDNHost></FQDNHostList></FQDNHostGroup></Set></Request>";
    // Objects open what a rule makes of them, which is not in the file.
    assert_eq!(https(sophos, "api.mill.example"), "conditional");
    let deny = sophos.replace("</Set>", "<FirewallRule><Name>no</Name></FirewallRule></Set>");
    assert_eq!(https(&deny, "api.mill.example"), "unread");
}

#[test]
fn lists_of_pfsense_and_hosts_files_and_exports_with_comments() {
    let hosts = "127.0.0.1 localhost\n0.0.0.0 api.mill.example\n0.0.0.0 web.mill.example\n";
    assert_eq!(https(hosts, "api.mill.example"), "unread");
    let pfsense = "<?xml version=\"1.0\"?>\n<pfsense><aliases><alias><name>cw</name><type>host</type>\
                   <address>api.mill.example</address></alias></aliases><filter><rule><type>block</type></rule></filter></pfsense>\n";
    assert_eq!(https(pfsense, "api.mill.example"), "unread");
    let opnsense = json!({ "aliases": { "alias": { "1": { "name": "cw", "type": "host", "content": "api.mill.example" } } } });
    assert_eq!(https(&opnsense.to_string(), "api.mill.example"), "unread");
    let zscaler = "# exported 2026-11-01\n.mill.example # all of it\n";
    assert_eq!(judged(zscaler, Some(Dialect::Zscaler), "mill.example", 443, "https"), "covered");
    let umbrella = "mill.example # allowed by ticket\n";
    assert_eq!(judged(umbrella, Some(Dialect::Umbrella), "api.mill.example", 443, "https"), "covered");
    let netskope = "# comment\nmill.example\n*.pump.example\napi.port.example:8443\n";
    let as_netskope = |host: &str, port| judged(netskope, Some(Dialect::Netskope), host, port, "https");
    assert_eq!(as_netskope("mill.example", 443), "covered");
    assert_eq!(as_netskope("api.mill.example", 443), "missing");
    assert_eq!(as_netskope("pump.example", 443), "covered");
    assert_eq!(as_netskope("mill.example", 8443), "missing");
    assert_eq!(as_netskope("api.port.example", 443), "missing");
    assert_eq!(as_netskope("api.port.example", 8443), "covered");
    let regex = json!({ "name": "x", "data": { "urls": ["mill"], "type": "regex" } });
    assert_eq!(https(&regex.to_string(), "api.mill.example"), "unread");
    let nft = "table inet filter {\n\tset allowed {\n\t\ttype ipv4_addr . inet_service\n\t\telements = { 203.0.113.7 . 443 }\n\t}\n}\n";
    assert_eq!(https(nft, "api.mill.example"), "unread");
    let fmc = json!({ "fqdns": [{ "name": "any-name", "type": "FQDN", "value": "api.mill.example" }] });
    assert_eq!(https(&fmc.to_string(), "api.mill.example"), "conditional");
}

#[test]
fn squid_fortigate_and_pan_os_with_what_decides_elsewhere() {
    let squid = "include /etc/squid/conf.d/*.conf\nacl ours dstdomain -n .mill.example\nhttp_access allow ours\nhttp_access deny all\n";
    assert_ne!(https(squid, "api.mill.example"), "covered");
    let bump = "acl no ssl::server_name .mill.example\nacl ours dstdomain .mill.example\nssl_bump terminate no\nhttp_access allow ours\nhttp_access deny all\n";
    assert_ne!(https(bump, "api.mill.example"), "covered");
    let objects =
        "config firewall address\nedit \"api\"\nset type fqdn\nset fqdn \"api.mill.example\"\nnext\nend\n";
    let policy = |first: &str| {
        format!(
            "{objects}config firewall policy\nedit 1\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset schedule \"always\"\n{first}\nnext\n\
             edit 2\nset srcintf \"lan\"\nset dstintf \"wan\"\nset srcaddr \"all\"\nset schedule \"always\"\nset dstaddr \"api\"\nset service \"HTTPS\"\nset action accept\nnext\nend\n"
        )
    };
    let internet = "set internet-service enable\nset internet-service-name \"Vendor-Web\"\nset action deny";
    assert_ne!(https(&policy(internet), "api.mill.example"), "covered");
    let negated = "set dstaddr \"api\"\nset dstaddr-negate enable\nset service \"ALL\"\nset action deny";
    assert_eq!(https(&policy(negated), "api.mill.example"), "covered");
    let negated = "<config><devices><entry name=\"l\"><vsys><entry name=\"vsys1\"><address><entry name=\"api\"><fqdn>api.mill.example</fqdn></entry>\
                   <entry name=\"other\"><fqdn>other.example</fqdn></entry></address>\
                   <rulebase><security><rules><entry name=\"no\"><from><member>any</member></from><to><member>any</member></to>\
                   <source><member>any</member></source><destination><member>other</member></destination>\
                   <negate-destination>yes</negate-destination><service><member>any</member></service><application><member>any</member></application>\
                   <action>deny</action></entry><entry name=\"ok\"><from><member>any</member></from><to><member>any</member></to>\
                   <source><member>any</member></source><destination><member>api</member></destination><service><member>any</member></service>\
                   <application><member>any</member></application><action>allow</action></entry></rules></security></rulebase>\
                   </entry></vsys></entry></devices></config>";
    assert_ne!(https(negated, "api.mill.example"), "covered");
}

const CLOUDFLARE: &str = "${format(\"net.protocol == \\\"tcp\\\" and net.dst.port == 443 and (any(net.sni.domains[*] in $%s))\", cloudflare_zero_trust_list.l.id)}";

/// An allow policy on the list, and another policy of the same file; each with what is changed in it.
fn cloudflare(allow: &Value, other: &Value) -> String {
    let policy = |action: &str, precedence: u8, changed: &Value| {
        let mut policy = json!({ "precedence": precedence, "enabled": true, "action": action, "filters": ["l4"],
            "traffic": CLOUDFLARE });
        for (key, value) in changed.as_object().unwrap() {
            policy[key] = value.clone();
            if *value == json!("absent") {
                policy.as_object_mut().unwrap().remove(key);
            }
        }
        policy
    };
    let mut policies = json!({ "allow": policy("allow", 2, allow) });
    if !other.is_null() {
        policies["other"] = policy("block", 1, other);
    }
    json!({ "resource": {
        "cloudflare_zero_trust_list": { "l": { "type": "DOMAIN", "items": [{ "value": "mill.example" }] } },
        "cloudflare_zero_trust_gateway_policy": policies,
    } })
    .to_string()
}

#[test]
fn cloudflare_policies_of_another_kind_or_under_a_condition_are_refused() {
    let host = "api.mill.example";
    let nothing = json!(null);
    assert_eq!(https(&cloudflare(&json!({}), &nothing), host), "covered");
    assert_eq!(https(&cloudflare(&json!({}), &json!({})), host), "missing");
    assert_eq!(https(&cloudflare(&json!({}), &json!({ "precedence": 3 })), host), "covered");
    assert_eq!(https(&cloudflare(&json!({}), &json!({ "enabled": false })), host), "covered");
    for other in [
        // Policies of DNS and HTTP decide besides those of the network, whatever their precedence.
        json!({ "precedence": 3, "filters": ["dns"] }),
        json!({ "precedence": 3, "filters": ["http"] }),
        json!({ "precedence": 3, "filters": ["l4", "http"] }),
        json!({ "precedence": 3, "filters": [] }),
        json!({ "precedence": 3, "filters": "absent" }),
        json!({ "precedence": 3, "filters": ["dns"], "action": "safesearch" }),
        json!({ "precedence": 3, "filters": ["l4"], "action": "off" }),
        json!({ "enabled": "${var.on}" }),
        json!({ "enabled": "absent" }),
        json!({ "schedule": [{ "mon": "08:00-17:00" }] }),
        json!({ "expiration": { "expires_at": "2026-01-01T00:00:00Z" } }),
        json!({ "rule_settings": { "override_host": "x" } }),
        json!({ "precedence": 2 }),
        json!({ "precedence": 3, "account_id": "another" }),
    ] {
        assert_eq!(https(&cloudflare(&json!({}), &other), host), "unread", "{other}");
    }
    for allow in [
        json!({ "filters": ["dns"] }),
        json!({ "filters": "absent" }),
        json!({ "enabled": "${var.on}" }),
        json!({ "enabled": "absent" }),
        json!({ "enabled": "true" }),
        json!({ "schedule": {} }),
    ] {
        assert_eq!(https(&cloudflare(&allow, &nothing), host), "unread", "{allow}");
    }
    assert_eq!(https(&cloudflare(&json!({ "enabled": false }), &nothing), host), "unread", "nothing is left");
    for identity in [json!("any(identity.groups.name[*] in {\"a\"})"), json!(["a"])] {
        assert_eq!(https(&cloudflare(&json!({ "identity": identity }), &nothing), host), "conditional");
    }
}

#[test]
fn google_rules_count_where_they_are_switched_on_literally_and_are_of_one_policy() {
    let file = |changed: Value| {
        let mut rules = json!({
            "deny": { "priority": 1, "enabled": true, "basic_profile": "DENY",
                "session_matcher": "inUrlList(host(), '${google_network_security_url_lists.l.id}')" },
            "allow": { "priority": 2, "enabled": true, "basic_profile": "ALLOW",
                "session_matcher": "inUrlList(host(), '${google_network_security_url_lists.l.id}')" },
        });
        for (key, value) in changed.as_object().unwrap() {
            *rules.pointer_mut(&format!("/{}", key.replace('.', "/"))).unwrap_or(&mut json!(null)) =
                value.clone();
            let (rule, field) = key.split_once('.').unwrap();
            rules[rule][field] = value.clone();
        }
        json!({ "resource": {
            "google_network_security_url_lists": { "l": { "values": ["*.mill.example"] } },
            "google_network_security_gateway_security_policy_rule": rules,
        } })
        .to_string()
    };
    let host = "api.mill.example";
    assert_eq!(https(&file(json!({})), host), "missing");
    assert_eq!(https(&file(json!({ "deny.enabled": false })), host), "covered");
    for changed in [
        json!({ "deny.enabled": "${var.on}" }),
        json!({ "deny.enabled": false, "allow.enabled": "${var.on}" }),
        json!({ "deny.enabled": false, "allow.enabled": null }),
        json!({ "deny.priority": 2 }),
        json!({ "deny.priority": 3, "deny.gateway_security_policy": "another" }),
        json!({ "deny.priority": 3, "deny.something_new": true }),
    ] {
        assert_eq!(https(&file(changed.clone()), host), "unread", "{changed}");
    }
    let mut module: Value = serde_json::from_str(&file(json!({ "deny.enabled": false }))).unwrap();
    module["module"] = json!({ "rules": { "source": "./rules" } });
    assert_eq!(https(&module.to_string(), host), "unread");
}

#[test]
fn a_key_that_stands_twice_is_not_overwritten() {
    let once = cloudflare(&json!({}), &json!(null));
    let twice = once.replacen("\"enabled\":true", "\"enabled\":false,\"enabled\":true", 1);
    assert_ne!(once, twice);
    assert_eq!(https(&twice, "api.mill.example"), "unread");
}

/// Groups of rule collections, each with its name and its priority.
fn azure_groups(groups: &[(&str, Value, Value)]) -> String {
    let groups: Vec<Value> = groups
        .iter()
        .map(|(name, priority, collections)| {
            json!({ "type": "Microsoft.Network/firewallPolicies/ruleCollectionGroups", "name": name,
                "properties": { "priority": priority, "ruleCollections": collections } })
        })
        .collect();
    json!({ "resources": groups }).to_string()
}

#[test]
fn azure_knows_an_order_of_groups_only_by_their_own_numbers() {
    let host = "api.mill.example";
    let allow = json!([application("allow", 100, "Allow", &["*.mill.example"])]);
    let deny = json!([application("deny", 900, "Deny", &["api.mill.example"])]);
    let two = |a: Value, d: Value| {
        https(&azure_groups(&[("p/a", a, allow.clone()), ("p/d", d, deny.clone())]), host)
    };
    assert_eq!(two(json!(100), json!(200)), "covered");
    assert_eq!(two(json!(200), json!(100)), "missing");
    let parameter = |name: &str| json!(format!("[parameters('{name}')]"));
    assert_eq!(two(parameter("a"), parameter("d")), "unread");
    assert_eq!(two(json!(100), parameter("d")), "unread");
    assert_eq!(two(json!(100), json!(100)), "unread");
    // One group has its own order, whatever its priority.
    let both = json!([allow[0], deny[0]]);
    assert_eq!(https(&azure_groups(&[("p/a", parameter("a"), both)]), host), "covered");
    let equal = json!([allow[0], application("deny", 100, "Deny", &["api.mill.example"])]);
    assert_eq!(https(&azure_groups(&[("p/a", json!(100), equal)]), host), "unread");
    let policies = [("p/a", json!(100), allow.clone()), ("q/d", json!(200), deny.clone())];
    assert_eq!(https(&azure_groups(&policies), host), "unread", "of two policies");
    let group = |policy: &str, priority: Value, action: &str, name: &str| {
        json!({ "name": name, "firewall_policy_id": policy, "priority": priority,
            "application_rule_collection": [{ "name": name, "priority": 100, "action": action, "rule": [{
                "name": name, "source_addresses": ["*"], "protocols": [{ "type": "Https", "port": 443 }],
                "destination_fqdns": ["api.mill.example"] }] }] })
    };
    let terraform = |deny: Value| {
        let groups = json!({ "a": group("y", json!("${var.first}"), "Allow", "a"), "d": deny });
        https(
            &json!({ "resource": { "azurerm_firewall_policy_rule_collection_group": groups } }).to_string(),
            host,
        )
    };
    assert_eq!(terraform(group("y", json!("${var.second}"), "Deny", "d")), "unread");
    assert_eq!(terraform(group("y", json!(300), "Deny", "d")), "unread");
    assert_eq!(terraform(group("y", json!("${var.second}"), "Allow", "d")), "covered");
    assert_eq!(terraform(group("z", json!("${var.second}"), "Allow", "d")), "unread");
}

#[test]
fn azure_denials_that_are_not_understood_decide_nothing() {
    let host = "api.mill.example";
    let allow = application("allow", 200, "Allow", &["*.mill.example"]);
    let with = |key: &str, value: Value| {
        let mut deny = network("deny", 100, "Deny", &["*"]);
        deny["rules"][0][key] = value;
        https(&azure(&json!([allow, deny])), host)
    };
    assert_eq!(with("ipProtocols", json!(["TCP"])), "missing");
    assert_eq!(with("ipProtocols", json!(["UDP"])), "covered");
    assert_eq!(with("ipProtocols", json!(["udp", "ICMP"])), "covered");
    for (key, value) in [
        ("ipProtocols", json!(["6"])),
        ("ipProtocols", json!(["UDP", "[parameters('protocol')]"])),
        ("ipProtocols", json!([])),
        ("ipProtocols", json!("[parameters('protocols')]")),
        ("destinationAddresses", json!(["AzureCloud"])),
        ("destinationAddresses", json!(["Internet"])),
        ("destinationAddresses", json!(["AzureCloud.westeurope"])),
        ("destinationAddresses", json!(["10.0.0.1-203.0.113.255"])),
        ("destinationAddresses", json!(["mill.example"])),
        ("destinationAddresses", json!([])),
        ("destinationAddresses", json!("[parameters('addresses')]")),
        ("ruleType", json!("NatRule")),
        ("ruleType", json!("[parameters('kind')]")),
    ] {
        assert_eq!(with(key, value.clone()), "unread", "{key} {value}");
    }
    // A tag does not stand for a host that is called like it.
    let tag = network("tag", 100, "Allow", &["storage"]);
    assert_ne!(https(&azure(&json!([tag])), "storage"), "covered");
    let edited = |pointer: &str, value: Value| {
        let mut deny = application("deny", 100, "Deny", &["api.mill.example"]);
        *deny.pointer_mut(pointer).unwrap() = value;
        https(&azure(&json!([allow, deny])), host)
    };
    assert_eq!(edited("/rules/0/targetFqdns", json!(["web.mill.example"])), "covered");
    for (pointer, value) in [
        ("/rules", json!("[parameters('rules')]")),
        ("/rules/0", json!("[parameters('rule')]")),
        ("/rules/0/protocols", json!([])),
        ("/rules/0/protocols", json!("[parameters('protocols')]")),
        ("/rules/0/targetFqdns", json!([])),
    ] {
        assert_eq!(edited(pointer, value.clone()), "unread", "{pointer} {value}");
    }
    let nat = json!({ "ruleCollectionType": "FirewallPolicyNatRuleCollection", "name": "nat", "priority": 100,
        "action": { "type": "DNAT" }, "rules": [{ "ruleType": "NatRule", "name": "n" }] });
    assert_eq!(https(&azure(&json!([allow, nat])), host), "unread");
    let mixed = {
        let mut deny = application("deny", 100, "Deny", &["web.mill.example"]);
        let rule = network("n", 100, "Deny", &["*"])["rules"][0].clone();
        deny["rules"].as_array_mut().unwrap().push(rule);
        https(&azure(&json!([allow, deny])), host)
    };
    assert_eq!(mixed, "unread");
    let whole =
        azure_groups(&[("p/a", json!(1), json!([allow])), ("p/d", json!(2), json!("[variables('c')]"))]);
    assert_eq!(https(&whole, host), "unread");
}

#[test]
fn suricata_needs_an_order_that_is_known_where_a_rule_drops() {
    const PASS: &str = r#"pass tls $HOME_NET any -> any 443 (tls.sni; content:"api.mill.example"; startswith; endswith; nocase; sid:1;)"#;
    const DROP: &str = r#"drop tls $HOME_NET any -> any any (tls.sni; content:"api.mill.example"; startswith; endswith; nocase; sid:2;)"#;
    let host = "api.mill.example";
    let both = format!("{DROP}\n{PASS}");
    let with = |rules: &str, options: Value| {
        let text = suricata(rules, "STRICT_ORDER");
        let mut file: Value = serde_json::from_str(&text).unwrap();
        let group = file.pointer_mut("/Resources/Rules/Properties/RuleGroup").unwrap();
        group["StatefulRuleOptions"] = options;
        file["Parameters"] =
            json!({ "Strict": { "Default": "STRICT_ORDER" }, "Asked": { "Type": "String" } });
        https(&file.to_string(), host)
    };
    let order = |order: Value| json!({ "RuleOrder": order });
    assert_eq!(with(&both, json!(null)), "covered");
    assert_eq!(with(&both, order(json!("DEFAULT_ACTION_ORDER"))), "covered");
    assert_eq!(with(&both, order(json!("STRICT_ORDER"))), "missing");
    assert_eq!(with(&both, order(json!({ "Ref": "Strict" }))), "missing");
    for options in [
        order(json!({ "Ref": "Asked" })),
        order(json!({ "Ref": "Gone" })),
        order(json!({ "Fn::If": ["A", "STRICT_ORDER", "DEFAULT_ACTION_ORDER"] })),
        order(json!("strict_order")),
        json!({ "Fn::If": ["A", {}, {}] }),
        json!("[options]"),
    ] {
        assert_eq!(with(&both, options.clone()), "unread", "{options}");
        assert_eq!(with(PASS, options.clone()), "covered", "nothing is dropped: {options}");
    }
    let beside = |key: &str, value: Value| {
        let mut file: Value = serde_json::from_str(&suricata(PASS, "STRICT_ORDER")).unwrap();
        *file.pointer_mut("/Resources").unwrap().as_object_mut().unwrap().entry(key).or_insert(json!(null)) =
            value;
        https(&file.to_string(), host)
    };
    assert_eq!(beside("Queue", json!({ "Type": "AWS::SQS::Queue" })), "covered");
    assert_eq!(beside("Fn::ForEach::Groups", json!(["G", ["a"], {}])), "unread");
    assert_eq!(beside("Nested", json!({ "Type": "AWS::CloudFormation::Stack" })), "unread");
    let transformed =
        suricata(PASS, "STRICT_ORDER").replacen('{', "{\"Transform\":\"AWS::LanguageExtensions\",", 1);
    assert_eq!(https(&transformed, host), "unread");
    let terraform = |options: Value| {
        let group = json!({ "name": "x", "type": "STATEFUL", "capacity": 10, "rule_group": [{
            "rules_source": [{ "rules_string": both }], "stateful_rule_options": options }] });
        let file = json!({ "variable": { "strict": { "default": "STRICT_ORDER" }, "asked": { "type": "string" } },
            "resource": { "aws_networkfirewall_rule_group": { "x": group } } });
        https(&file.to_string(), host)
    };
    assert_eq!(terraform(json!([{ "rule_order": "${var.strict}" }])), "missing");
    assert_eq!(terraform(json!([])), "covered");
    for options in [
        json!([{ "rule_order": "${var.asked}" }]),
        json!([{ "rule_order": "${local.order}" }]),
        json!("${local.options}"),
        json!([{}, {}]),
    ] {
        assert_eq!(terraform(options.clone()), "unread", "{options}");
    }
}

#[test]
fn suricata_contents_match_only_what_they_say() {
    let rule =
        |action: &str, content: &str| format!("{action} tls any any -> any 443 (tls.sni; {content}; sid:7;)");
    let pass = rule("pass", "content:\"api.mill.example\"; startswith; endswith; nocase");
    let strict = |rules: &[&str]| https(&suricata(&rules.join("\n"), "STRICT_ORDER"), "api.mill.example");
    assert_eq!(
        strict(&[&rule("pass", "content:\"API.mill.example\"; startswith; endswith; nocase")]),
        "covered"
    );
    assert_eq!(strict(&[&rule("pass", "content:\"API.mill.example\"; startswith; endswith")]), "unread");
    assert_eq!(
        strict(&[&rule("pass", "nocase; content:\"api.mill.example\"; startswith; endswith")]),
        "unread"
    );
    assert_eq!(strict(&[&rule("drop", "content:\"API\""), &pass]), "unread");
    assert_eq!(strict(&[&rule("drop", "content:\"API\"; nocase"), &pass]), "missing");
    for content in ["content:\"api|2e|mill\"", "content:\"a\\pi\"", "content:\"\"", "content:\"$NAMES\""] {
        assert_eq!(strict(&[&rule("drop", content), &pass]), "unread", "{content}");
    }
    // What drops the first packet leaves no name to see.
    const SYN: &str = "drop tcp $HOME_NET any -> any any (msg:\"rest\"; sid:8;)";
    const LATER: &str = "drop tcp $HOME_NET any -> any any (flow:established,to_server; sid:8;)";
    const HANDSHAKE: &str = "pass tcp any any -> any any (flow:not_established; sid:6;)";
    const PACKETS: &str = "pass tcp any any -> any 443 (sid:5;)";
    assert_eq!(strict(&[&pass, SYN]), "missing");
    assert_eq!(strict(&[&pass, "drop ip any any -> any any (flow:to_server; sid:8;)"]), "missing");
    assert_eq!(strict(&[&pass, "drop tcp any any -> any 80 (sid:8;)"]), "covered");
    assert_eq!(strict(&[&pass, LATER]), "covered");
    assert_eq!(strict(&[HANDSHAKE, &pass, SYN]), "covered");
    assert_eq!(strict(&[PACKETS, &pass, SYN]), "covered");
    assert_eq!(strict(&[&pass, PACKETS, SYN]), "covered");
    assert_eq!(strict(&[SYN, PACKETS]), "missing");
    let by_action = |rules: &str| https(&suricata(rules, "DEFAULT_ACTION_ORDER"), "api.mill.example");
    assert_eq!(by_action(&format!("{SYN}\n{pass}")), "missing");
    assert_eq!(by_action(&format!("{LATER}\n{pass}")), "covered");
    let lookup = "drop dns any any -> any 53 (dns.query; content:\"api.mill.example\"; sid:9;)";
    assert_eq!(strict(&[lookup, &pass]), "unread");
}

#[test]
fn cilium_empty_lists_and_words_that_are_not_known() {
    let host = "a.mill.example";
    let allow = json!([{ "toFQDNs": [{ "matchPattern": "*.mill.example" }],
        "toPorts": [{ "ports": [{ "port": "443", "protocol": "TCP" }] }] }]);
    let denied = |rule: Value| https(&cilium(&allow, &json!([rule])), host);
    let world = |ports: Value| denied(json!({ "toEntities": ["world"], "toPorts": ports }));
    for every in [json!([]), json!([{}]), json!([{ "ports": [] }]), json!(null), json!([{ "ports": null }])] {
        assert_eq!(world(every.clone()), "missing", "{every}");
    }
    assert_eq!(world(json!([{ "ports": [{ "port": "80" }] }, {}])), "missing");
    assert_eq!(world(json!([{ "ports": [{ "port": "80" }] }])), "covered");
    assert_eq!(world(json!([{ "ports": [{ "port": "443", "protocol": "UDP" }] }])), "covered");
    assert_eq!(world(json!([{ "ports": [{ "port": "0", "protocol": "tcp" }] }])), "missing");
    assert_eq!(world(json!([{ "ports": [{ "port": "1", "endPort": 1000, "protocol": "tcp" }] }])), "missing");
    for ports in [
        json!([{ "ports": [{ "port": "1", "endPort": "all" }] }]),
        json!([{ "ports": [{ "port": "443", "protocol": "tcp4" }] }]),
        json!([{ "ports": [{ "port": "443", "protocol": 6 }] }]),
        json!("443"),
    ] {
        assert_eq!(world(ports.clone()), "unread", "{ports}");
    }
    for (rule, expected) in [
        (json!({ "toEntities": ["kube-apiserver"] }), "covered"),
        // Lookups go to the cluster.
        (json!({ "toEntities": ["cluster", "kube-apiserver"] }), "conditional"),
        (json!({ "toPorts": [{ "ports": [{ "port": "53", "protocol": "UDP" }] }] }), "conditional"),
        (json!({ "toEndpoints": [{ "matchLabels": { "k8s-app": "kube-dns" } }] }), "conditional"),
        (json!({ "toEntities": ["cluster", "World"] }), "unread"),
        (json!({ "toEntities": [] }), "unread"),
        (json!({ "toCIDR": [] }), "unread"),
        (json!({ "toCIDR": ["mill.example"] }), "unread"),
        (json!({ "toEntities": null, "toPorts": [{ "ports": [{ "port": "443" }] }] }), "missing"),
        (json!({ "toEndpoints": [{ "matchLabels": { "app": "x" } }] }), "covered"),
        (json!({ "toEndpoints": [{ "matchLabels": { "reserved:world": "" } }] }), "unread"),
        (json!({ "toEndpoints": [{}] }), "unread"),
        (json!({ "toServices": [{ "k8sService": { "serviceName": "x" } }] }), "unread"),
    ] {
        assert_eq!(denied(rule.clone()), expected, "{rule}");
    }
    let loose = json!([{ "toFQDNs": [{ "matchName": host }], "toPorts": [{}] }]);
    assert_eq!(https(&cilium(&loose, &json!([])), host), "unread", "what it opens is not certain");
}

#[test]
fn cilium_policies_of_other_namespaces_are_about_other_pods() {
    let host = "a.mill.example";
    let policy = |kind: &str, namespace: Value, rules: Value| {
        let mut policy = json!({ "apiVersion": "cilium.io/v2", "kind": kind,
            "metadata": { "name": "x", "namespace": namespace }, "spec": rules });
        policy["spec"]["endpointSelector"] = json!({ "matchLabels": { "app": "x" } });
        policy
    };
    let allow = json!({ "egress": [lookups(), { "toFQDNs": [{ "matchName": host }] }] });
    let deny = json!({ "egressDeny": [{ "toEntities": ["world"] }] });
    let list = |items: &[Value]| https(&json!({ "kind": "List", "items": items }).to_string(), host);
    let namespaced = "CiliumNetworkPolicy";
    assert_eq!(list(&[policy(namespaced, json!("a"), allow.clone())]), "covered");
    assert_eq!(
        list(&[policy(namespaced, json!("a"), allow.clone()), policy(namespaced, json!("a"), deny.clone())]),
        "missing"
    );
    let other = json!({ "egress": [{ "toFQDNs": [{ "matchName": "other.example" }] }] });
    for (kind, namespace) in
        [(namespaced, json!("b")), (namespaced, json!(null)), ("CiliumClusterwideNetworkPolicy", json!("a"))]
    {
        for rules in [&deny, &other] {
            let beside = policy(kind, namespace.clone(), rules.clone());
            assert_eq!(list(&[policy(namespaced, json!("a"), allow.clone()), beside]), "conditional");
        }
    }
    assert_eq!(list(&[policy(namespaced, json!(["a"]), allow.clone())]), "unread");
    // A denial for every pod, for these, for some of these and for others.
    for (kind, namespace, selector, code) in [
        (namespaced, "a", json!({}), 1),
        (namespaced, "a", json!({ "matchLabels": {} }), 1),
        ("CiliumClusterwideNetworkPolicy", "", json!({}), 1),
        ("CiliumClusterwideNetworkPolicy", "", json!({ "matchLabels": { "team": "y" } }), 3),
        (namespaced, "a", json!({ "matchExpressions": [{ "key": "app", "operator": "Exists" }] }), 3),
        (namespaced, "a", json!({ "matchLabels": { "app": "y" } }), 0),
        (namespaced, "b", json!({}), 0),
    ] {
        let mut denial = policy(kind, json!(namespace), deny.clone());
        denial["spec"]["endpointSelector"] = selector.clone();
        let text =
            json!({ "kind": "List", "items": [policy(namespaced, json!("a"), allow.clone()), denial] });
        assert_eq!(code_of(&text.to_string()), code, "{kind} {namespace} {selector}");
    }
    let unseen = json!({ "egress": [{ "toFQDNs": [{ "matchName": host }] }] });
    assert_eq!(code_of(&policy(namespaced, json!("a"), unseen).to_string()), 3);
}

#[test]
fn objects_open_what_their_services_say() {
    let fmc = |port: &str, protocol: &str| {
        let file = json!({
            "protocolportobjects": [{ "name": "cw-tcp-443", "type": "ProtocolPortObject", "protocol": protocol, "port": port }],
            "fqdns": [{ "name": "cw-required-443-api", "type": "FQDN", "value": "api.mill.example" }],
        });
        [443, 8443].map(|to| judged(&file.to_string(), None, "api.mill.example", to, "https"))
    };
    // An object opens nothing by itself; its service says for which port a rule would use it.
    assert_eq!(fmc("443", "TCP"), ["conditional", "missing"]);
    let object = json!({ "name": "x", "type": "FQDN", "value": "api.mill.example" });
    assert_eq!(https(&json!({ "fqdns": [object, object] }).to_string(), "api.mill.example"), "unread");
    for (port, protocol) in [("8443", "TCP"), ("443", "UDP"), ("443-444", "TCP"), ("", "TCP"), ("443", "6")] {
        assert_eq!(fmc(port, protocol), ["conditional"; 2], "{port} {protocol}");
    }
    let sophos = |service: &str, more: &str| {
        format!(
            "<Request><Set><Services><Name>cw-tcp-443</Name><Type>TCPorUDP</Type><ServiceDetails>{service}</ServiceDetails></Services>\
             <FQDNHost><Name>a</Name><FQDN>api.mill.example</FQDN></FQDNHost>\
             <IPHost><Name>cw-required-443-1</Name><IPFamily>IPv4</IPFamily><HostType>IP</HostType><IPAddress>203.0.113.7</IPAddress></IPHost>\
             <FQDNHostGroup><Name>cw-required-tcp-443</Name><FQDNHostList><FQDNHost>a</FQDNHost></FQDNHostList></FQDNHostGroup></Set>{more}</Request>"
        )
    };
    let detail = |port: &str, protocol: &str| {
        format!(
            "<ServiceDetail><SourcePort>1:65535</SourcePort><DestinationPort>{port}</DestinationPort><Protocol>{protocol}</Protocol></ServiceDetail>"
        )
    };
    for host in ["api.mill.example", "203.0.113.7"] {
        let both = |text: &str| [443, 8443].map(|to| judged(text, None, host, to, "https"));
        assert_eq!(both(&sophos(&detail("443", "TCP"), "")), ["conditional", "missing"]);
        for service in [
            detail("8443", "TCP"),
            detail("443", "UDP"),
            detail("443", "TCP").replace("1:65535", "1024"),
            format!("{}{}", detail("443", "TCP"), detail("80", "TCP")),
            String::new(),
        ] {
            assert_eq!(both(&sophos(&service, "")), ["conditional"; 2], "{service}");
        }
        let good = detail("443", "TCP");
        for more in [
            "<Remove><FQDNHostGroup><Name>cw-required-tcp-443</Name></FQDNHostGroup></Remove>",
            "<Remove/>",
            "<SecurityPolicy><Name>no</Name></SecurityPolicy>",
            "<Set><NATRule><Name>no</Name></NATRule></Set>",
        ] {
            assert_eq!(https(&sophos(&good, more), host), "unread", "{more}");
        }
        let emptied = "<Set><FQDNHostGroup><Name>cw-required-tcp-443</Name></FQDNHostGroup><IPHost><Name>cw-required-443-1</Name>\
                       <HostType>Network</HostType></IPHost></Set>";
        assert_eq!(https(&sophos(&good, emptied), "other.example"), "unread", "nothing is left");
        assert_ne!(
            https(&sophos(&good, emptied), host),
            "covered",
            "what is set again is as it was set last"
        );
        let twice = format!("<Set><Services><Name>cw-tcp-443</Name>{}</Services></Set>", detail("80", "TCP"));
        assert_eq!(both(&sophos(&good, &twice)), ["conditional"; 2]);
    }
}

#[test]
fn a_line_of_a_script_counts_only_as_it_is_written_here() {
    let host = "api.mill.example";
    let rule = "New-NetFirewallRule -Name 'a' -Direction Outbound -Action Allow -Protocol TCP -RemotePort 443 -RemoteDynamicKeywordAddresses '{1}'";
    let windows = |line: &str| https(&format!("Set-Keyword '{{1}}' 'api.mill.example'\n{line}\n"), host);
    assert_eq!(windows(&format!("{rule} | Out-Null")), "covered");
    for odd in [
        format!("{rule} | Disable-NetFirewallRule"),
        format!("{rule} | Out-Null | Disable-NetFirewallRule"),
        format!("{rule} | Out-Null; Remove-NetFirewallRule -Name 'a'"),
        format!("{rule} | Remove-NetFirewallRule"),
        rule.to_owned(),
        format!("{rule} -Enabled False | Out-Null"),
        format!("{rule} -Action Block | Out-Null"),
        format!("{rule} -RemoteAddress '10.0.0.1' | Out-Null"),
        format!("{rule} -Group x;Disable-NetFirewallRule -DisplayName 'a' | Out-Null"),
        format!("{rule} -Group $(Disable-NetFirewallRule) | Out-Null"),
        format!("{rule} -Group 'a'`n | Out-Null"),
        format!("{rule} -Group 'a\u{2019};Disable-NetFirewallRule\u{2018}' | Out-Null"),
        format!("# a remark\rDisable-NetFirewallRule\n{rule} | Out-Null"),
        format!("# a remark\u{2028}Disable-NetFirewallRule\n{rule} | Out-Null"),
        format!("Set-Keyword '{{1}}' 'other.example'\n{rule} | Out-Null"),
        format!("function Set-Keyword([string]$Id, [string]$Keyword) {{\n  exit\n}}\n{rule} | Out-Null"),
    ] {
        assert_eq!(windows(&odd), "unread", "{odd}");
    }
    let both = format!("{rule} | Out-Null\n{} | Out-Null", rule.replace("443", "8443"));
    assert_eq!(windows(&both), "unread", "two of one name");
    assert_eq!(windows(&both.replacen("'a'", "'b'", 1)), "covered");
    let to = |address: &str| {
        windows(&format!(
            "New-NetFirewallRule -Name 'b' -Direction Outbound -Action Block -Protocol TCP -RemotePort 443 -RemoteAddress '{address}' | Out-Null\n{rule} | Out-Null"
        ))
    };
    assert_eq!(to("0.0.0.0/0"), "missing");
    assert_eq!(to("Internet"), "unread");

    let put = "put dns-domain '.api.mill.example' is-sub-domain false tags.1 'clearway-required-tcp-443'";
    let function = "put() {\n  kind=$1\n  name=$2\n  shift 2\n  if $MGMT show \"$kind\" name \"$name\" >/dev/null 2>&1; then\n    $MGMT set \"$kind\" name \"$name\" \"$@\"\n  else\n    $MGMT add \"$kind\" name \"$name\" \"$@\"\n  fi\n}\n";
    assert_eq!(https(&format!("{function}{put}\n"), host), "conditional");
    assert_eq!(https(&format!("MGMT=\"${{MGMT:-mgmt_cli -s id.txt}}\"\n{put}\n"), host), "conditional");
    for odd in [
        format!("{put}\n  mgmt_cli delete dns-domain name '.api.mill.example' -s id.txt"),
        format!("{put}; mgmt_cli delete dns-domain name '.api.mill.example'"),
        format!("{put} & mgmt_cli discard"),
        format!("{put} comments \"$(mgmt_cli discard)\""),
        format!("{put} new-name 'x'"),
        format!("{put} | true"),
        format!("{}{put}", function.replace("    $MGMT add", "    true")),
        format!("{}{put}", function.replace("  fi\n", "  fi\n  $MGMT delete \"$kind\" name \"$name\"\n")),
        format!("MGMT=\"${{MGMT:-mgmt_cli}}\"; mgmt_cli discard\n{put}"),
        format!("put service-tcp 'clearway-tcp-443' port '8443' ignore-warnings true\n{put}"),
    ] {
        assert_eq!(https(&format!("{odd}\n"), host), "unread", "{odd}");
    }
    // What is put again is as it was put last.
    let again = put.replace("-tcp-443", "-tcp-8443");
    assert_eq!(https(&format!("{put}\n{again}\n"), host), "missing");
    assert_eq!(https(&format!("{again}\n{put}\n"), host), "conditional");
}

#[test]
fn a_small_file_that_stands_for_too_much_is_refused_and_a_long_one_is_read() {
    let limit = |text: &str| {
        let list = List::allow(&one("api.mill.example", 443, "https"));
        let unread = read_as(text, As::default()).and_then(|l| compare(&list, l)).unwrap_err();
        assert!(unread.reason.contains("1000000 entries"), "{}", unread.reason);
    };
    let names = |count: usize| (0..count).map(|i| format!("h{i}.mill.example")).collect::<Vec<_>>();
    let ports = |count: usize| 1000..1000 + u16::try_from(count).unwrap();
    // Protocols times names, of Azure.
    let mut rule = application("allow", 100, "Allow", &[]);
    rule["rules"][0]["targetFqdns"] = json!(names(2500));
    rule["rules"][0]["protocols"] =
        ports(2500).map(|p| json!({ "protocolType": "Https", "port": p })).collect::<Vec<_>>().into();
    limit(&azure(&json!([rule])));
    // Ports times names, of Cilium.
    let to_ports: Vec<Value> =
        ports(2500).map(|p| json!({ "port": p.to_string(), "protocol": "TCP" })).collect();
    let to_names: Vec<Value> = names(2500).iter().map(|n| json!({ "matchName": n })).collect();
    limit(&cilium(&json!([{ "toFQDNs": to_names, "toPorts": [{ "ports": to_ports }] }]), &json!([])));
    // Rules that name one list, of Google.
    let rules: serde_json::Map<String, Value> = (0..1200)
        .map(|i| {
            let rule = json!({ "priority": i, "enabled": true, "basic_profile": "ALLOW",
                "session_matcher": "inUrlList(host(), '${google_network_security_url_lists.l.id}')" });
            (format!("r{i}"), rule)
        })
        .collect();
    let file = json!({ "resource": {
        "google_network_security_url_lists": { "l": { "values": names(1000) } },
        "google_network_security_gateway_security_policy_rule": rules,
    } });
    limit(&file.to_string());
    // Long files in which everything stands once are read without looking at all of it for each object.
    // Looked at otherwise they take many minutes.
    let policies: Vec<Value> = (0..8000)
        .map(|i| {
            json!({ "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": { "name": format!("p{i}") },
                "spec": { "endpointSelector": { "matchLabels": { "app": format!("a{i}") } },
                    "egress": [{ "toFQDNs": [{ "matchName": "api.mill.example" }] }] } })
        })
        .collect();
    assert_eq!(https(&json!({ "items": policies }).to_string(), "api.mill.example"), "conditional");
    let (objects, services): (Vec<Value>, Vec<Value>) = (1..8000)
        .map(|i| {
            (
                json!({ "name": format!("cw{i}-required-{i}-x"), "type": "FQDN", "value": "api.mill.example" }),
                json!({ "name": format!("cw{i}-tcp-{i}"), "protocol": "TCP", "port": i.to_string() }),
            )
        })
        .unzip();
    let fmc = json!({ "fqdns": objects, "protocolportobjects": services });
    assert_eq!(https(&fmc.to_string(), "api.mill.example"), "conditional");
    let groups: String = (1..8000)
        .map(|i| {
            format!(
                "<Services><Name>cw-tcp-{i}</Name><ServiceDetails><ServiceDetail><SourcePort>1:65535</SourcePort><DestinationPort>{i}</DestinationPort>\
                 <Protocol>TCP</Protocol></ServiceDetail></ServiceDetails></Services><FQDNHostGroup><Name>cw-required-tcp-{i}</Name>\
                 <FQDNHostList><FQDNHost>a</FQDNHost></FQDNHostList></FQDNHostGroup>"
            )
        })
        .collect();
    let sophos = format!(
        "<Request><FQDNHost><Name>a</Name><FQDN>api.mill.example</FQDN></FQDNHost>{groups}</Request>"
    );
    assert_eq!(https(&sophos, "api.mill.example"), "conditional");
    let rows: Vec<Value> =
        (1..8000).map(|i| json!({ "host": format!("h{i}.mill.example"), "port": 443 })).collect();
    let hosts = json!({ "schema": "clearway.hosts/1", "groups": [{ "hosts": rows }] });
    assert_eq!(https(&serde_json::to_string_pretty(&hosts).unwrap(), "h7.mill.example"), "covered");
}

#[test]
fn the_head_that_clearway_writes_names_the_format_of_bare_lines() {
    let head = |title: &str| format!("# Hosts that Claude Desktop needs, for {title}\n#\n");
    let lines = "*.mill.example\n";
    assert_eq!(https(lines, "mill.example"), "missing", "as a plain list");
    let netskope = head("Netskope Secure Web Gateway");
    assert_eq!(https(&format!("{netskope}{lines}"), "mill.example"), "covered");
    assert_eq!(https(&format!("{netskope}mill.example\n"), "api.mill.example"), "missing");
    let umbrella = head("Cisco Umbrella and Secure Access");
    assert_eq!(https(&format!("{umbrella}mill.example\n"), "api.mill.example"), "covered");
    let zscaler = head("Zscaler Internet Access");
    assert_eq!(https(&format!("{zscaler}.mill.example\n"), "api.mill.example"), "covered");
    // Another head, or one that stands further down, names nothing.
    assert_eq!(https(&format!("{}{lines}", head("Another Product")), "mill.example"), "missing");
    assert_eq!(https(&format!("{lines}{netskope}"), "mill.example"), "missing");
}

#[test]
fn of_a_row_only_the_columns_that_are_read_are_quoted() {
    let list = List::allow(&one("a.mill.example", 443, "https"));
    for row in
        ["foo,x,hunter2,y", "allow,x,blocked hunter2,y", "allow,no,hunter2,hunter2", "deny,,hunter2,hunter2"]
    {
        let text = format!("host,port,action,comment,password,api_key\na.mill.example,443,{row}\n");
        let shown =
            format!("{:?}", read_as(&text, As::default()).and_then(|listing| compare(&list, listing)));
        assert!(shown.contains("a.mill.example") && !shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn dnsmasq_answers_nothing_where_a_line_says_so() {
    let sets = "nftset=/mill.example/4#inet#f#a_tcp_443\n";
    for (line, expected) in [
        ("", "covered"),
        ("domain=mill.example,10.0.0.0/24", "covered"),
        ("domain=mill.example,10.0.0.0/24,local", "missing"),
        ("domain=other.example,10.0.0.0/24,local", "covered"),
        ("server=/mill.example/0.0.0.0", "conditional"),
        ("server=/mill.example/192.0.2.1", "covered"),
        ("server=/other.example/0.0.0.0", "covered"),
        ("server=0.0.0.0", "conditional"),
        ("resolv-file=/dev/null", "conditional"),
        ("resolv-file=/etc/resolv.conf", "covered"),
        ("local-service=host", "conditional"),
        ("local-service", "covered"),
    ] {
        assert_eq!(https(&format!("{sets}{line}\n"), "a.mill.example"), expected, "{line}");
    }
    // A line of many names is not kept once for each.
    let many: String = (0..20_000).map(|i| format!("/x{i}.example")).collect();
    let long = format!("nftset={many}/mill.example/4#inet#f#a_tcp_443\n");
    assert_eq!(https(&long, "a.mill.example"), "covered");
    let sets: Vec<String> = (1..2000).map(|port| format!("4#inet#f#a_tcp_{port}")).collect();
    assert_eq!(https(&format!("nftset={many}/{}\n", sets.join(",")), "a.mill.example"), "unread");
}

#[test]
fn what_stands_beside_the_rules_of_a_template_may_block() {
    let arm = |kind: &str| {
        let allow = application("allow", 200, "Allow", &["*.mill.example"]);
        let mut template: Value = serde_json::from_str(&azure(&json!([allow]))).unwrap();
        template["resources"].as_array_mut().unwrap().push(json!({ "type": kind, "properties": {} }));
        https(&template.to_string(), "a.mill.example")
    };
    for (kind, expected) in [
        ("Microsoft.Network/ipGroups", "covered"),
        ("Microsoft.Network/firewallPolicies", "covered"),
        ("Microsoft.Insights/diagnosticSettings", "covered"),
        ("Microsoft.Network/virtualNetworks", "covered"),
        ("Microsoft.Network/networkSecurityGroups", "conditional"),
        ("microsoft.network/networksecuritygroups/securityrules", "conditional"),
        ("Microsoft.Network/dnsResolverPolicies/dnsSecurityRules", "conditional"),
        ("Microsoft.Network/privateDnsZones", "conditional"),
        ("Microsoft.Network/routeTables", "conditional"),
        ("Microsoft.Network/firewallPolicies/signatureOverrides", "conditional"),
    ] {
        assert_eq!(arm(kind), expected, "{kind}");
    }
    let rule = "pass tls any any -> any 443 (tls.sni; content:\"a.mill.example\"; startswith; endswith; nocase; flow:to_server; sid:1;)";
    let aws = |before: &str, kind: &str| {
        let group = json!({ "RulesSource": { "RulesString": format!("{before}{rule}") },
            "StatefulRuleOptions": { "RuleOrder": "STRICT_ORDER" } });
        let template = json!({ "Resources": { "X": { "Type": kind }, "R": { "Type": "AWS::NetworkFirewall::RuleGroup",
            "Properties": { "Type": "STATEFUL", "RuleGroup": group } } } });
        https(&template.to_string(), "a.mill.example")
    };
    for (before, kind, expected) in [
        ("", "AWS::Logs::LogGroup", "covered"),
        ("", "AWS::EC2::SecurityGroup", "conditional"),
        ("", "AWS::EC2::NetworkAclEntry", "conditional"),
        ("", "AWS::Route53Resolver::FirewallRuleGroup", "conditional"),
        ("drop udp any any -> any 53 (sid:9;)\n", "AWS::Logs::LogGroup", "conditional"),
        ("drop udp any any -> any 443 (sid:9;)\n", "AWS::Logs::LogGroup", "covered"),
    ] {
        assert_eq!(aws(before, kind), expected, "{before} {kind}");
    }
}

#[test]
fn a_denial_for_large_networks_is_no_matter_of_one_client() {
    for (sources, code) in [
        (json!(["10.1.2.0/24"]), 0),
        (json!(["10.0.0.0/8"]), 3),
        (json!(["192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8"]), 3),
        (json!(["0.0.0.0/1", "128.0.0.0/1"]), 3),
        (json!(["*"]), 1),
    ] {
        let mut deny = application("deny", 100, "Deny", &["a.mill.example"]);
        deny["rules"][0]["sourceAddresses"] = sources.clone();
        let allow = application("allow", 200, "Allow", &["*.mill.example"]);
        assert_eq!(code_of(&azure(&json!([deny, allow]))), code, "{sources}");
    }
}

#[test]
fn words_for_every_host_and_for_none_count() {
    let host = "a.mill.example";
    for (text, expected) in [
        ("host,port,action\nany,443,allow\n", "covered"),
        ("Name,Source,Destination,Service,Action\nout,any,any,any,allow\n", "covered"),
        ("host,port,action\nall,443,allow\na.mill.example,443,deny\n", "missing"),
        ("a.mill.example 0.0.0.0\n", "unread"),
        ("a.mill.example 443\n", "covered"),
    ] {
        assert_eq!(https(text, host), expected, "{text}");
    }
    assert_eq!(judged("any\n", Some(Dialect::Plain), host, 443, "https"), "covered");
    let netskope = |text: &str| judged(text, Some(Dialect::Netskope), host, 443, "https");
    assert_eq!(netskope("# Allowed:\na.mill.example\n"), "covered");
    assert_eq!(netskope("# Blocked:\na.mill.example\n"), "unread");
    let list = |name: &str| json!({ "name": name, "data": { "type": "exact", "urls": [host] } });
    assert_eq!(https(&list("claude").to_string(), host), "covered");
    assert_eq!(https(&list("Blocked").to_string(), host), "conditional");
    let mut blocks = list("x");
    blocks["action"] = json!("block");
    assert_eq!(https(&blocks.to_string(), host), "conditional");
}

#[test]
fn squid_conditions_that_are_not_about_one_client_are_open() {
    for (acl, lines, code) in [
        ("localport 3128", "deny x|allow n", 3),
        ("myportname p", "deny x|allow n", 3),
        ("srcdom_regex .", "deny x|allow n", 3),
        ("localport 3128", "allow x", 3),
        ("src 10.1.1.1", "deny !x|allow n", 3),
        ("src 10.0.0.0/9 10.128.0.0/9", "deny x|allow n", 3),
        ("src 10.0.0.0/8", "allow !x n", 3),
        ("src 10.1.1.1", "deny x|allow n", 0),
        ("src 192.168.1.0/24", "deny !x|allow n", 0),
        ("src 10.0.0.0/8", "allow x n", 0),
    ] {
        let access: String = lines.split('|').map(|line| format!("http_access {line}\n")).collect();
        let text = format!("acl n dstdomain a.mill.example\nacl x {acl}\n{access}http_access deny all\n");
        assert_eq!(code_of(&text), code, "{text}");
    }
}

#[test]
fn entries_for_every_host_are_read_once_and_a_longer_list_is_refused() {
    let judge = |text: &str| {
        let list = List::allow(&one("api.mill.example", 443, "https"));
        read_as(text, As::default()).and_then(|listing| compare(&list, listing))
    };
    let folded = judge(&"*\n".repeat(200_000)).unwrap();
    assert!(!folded.is_short() && folded.remarks.len() == 1, "{folded:?}");
    // Each with another port is another entry; people are told of some.
    let ports: String = (1..2_000).map(|port| format!("*:{port}\n")).collect();
    let many = judge(&ports).unwrap();
    assert!(!many.is_short(), "{many:?}");
    assert!(many.remarks.len() <= 6, "{} remarks", many.remarks.len());
    assert!(
        many.remarks.iter().any(|r| r == "1994 more entries let every host through"),
        "{:?}",
        many.remarks
    );
    let unread = judge(&"*\n".repeat(300_001)).unwrap_err();
    assert!(
        unread.reason.contains("line 300001") && unread.reason.contains("300000 entries"),
        "{}",
        unread.reason
    );
}
