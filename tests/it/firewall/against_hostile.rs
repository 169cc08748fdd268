//! Lists as firewall engineers keep them, of kinds that decide in more than one place: never "covered" where a denial, an
//! order or an expression decides.

use clearway::firewall::List;
use clearway::firewall::existing::{As, Dialect, compare, read_as};
use serde_json::{Value, json};

use crate::firewall::one;

fn judged(text: &str, dialect: Option<Dialect>, host: &str, port: u16, transport: &str) -> &'static str {
    let list = List::allow(&one(host, port, transport));
    match read_as(text, As { dialect, port: None }).and_then(|listing| compare(&list, listing)) {
        Err(_) => "unread",
        Ok(result) if !result.missing.is_empty() => "missing",
        Ok(result) if !result.conditional.is_empty() => "conditional",
        Ok(_) => "covered",
    }
}

fn https(text: &str, host: &str) -> &'static str {
    judged(text, None, host, 443, "https")
}

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

fn cilium(egress: &Value, deny: &Value) -> String {
    json!({
        "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": { "name": "x" },
        "spec": { "endpointSelector": {}, "egress": egress, "egressDeny": deny },
    })
    .to_string()
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
    assert_eq!(https(checkpoint, "api.mill.example"), "covered");
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
