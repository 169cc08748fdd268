//! Two lists on one firewall, one list for each port, and what is said exactly where a product can.

use clearway::firewall::{Format, List};
use clearway::rules::firewalls::Firewalls;
use serde_json::Value;

use crate::firewall::{folder, office, one, written};

fn hosts(args: &[&str]) -> std::process::Output {
    let mut command = crate::common::clearway();
    command.env("CLEARWAY_TODAY", "2026-11-27");
    let office = folder().join("office.json").display().to_string();
    command.args(["hosts", &office, "--allow-widening", "--omit-unsupported"]).args(args);
    command.stdin(std::process::Stdio::null()).output().unwrap()
}

/// Without remarks, which may speak of anything.
fn code(format: Format, text: &str) -> String {
    if let Ok(mut json) = serde_json::from_str::<Value>(text) {
        for remarks in ["metadata", "Metadata", "//"] {
            json.as_object_mut().map(|o| o.remove(remarks));
        }
        return json.to_string();
    }
    let text = if format == Format::Sophos { text.split_once("-->").unwrap().1 } else { text };
    let mark = if format == Format::Pac { "//" } else { "#" };
    text.lines().filter(|l| !l.trim_start().starts_with(mark)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_list_with_a_name_of_its_own_touches_no_object_of_another() {
    for format in Format::ALL {
        let list = List { name: "pilot".into(), ..List::allow(&office()) };
        let text = written(*format, &list).text;
        let code = code(*format, &text).replace("written by Clearway", "").replace("\"clearway\"}", "");
        let lower = code.to_lowercase();
        if format.product() == "prometheus" {
            continue;
        }
        let objects = lower.replace("clearway 0.", "");
        assert!(!objects.contains("clearway-") && !objects.contains("clearway_"), "{format}: {objects}");
        let bare =
            [Format::PaloaltoUrls, Format::Zscaler, Format::Umbrella, Format::Netskope].contains(format);
        assert!(bare || lower.contains("pilot"), "{format}: {lower}");
        for step in written(*format, &list).steps {
            assert!(
                !step.contains("NAME") && !step.contains("CHAIN") && !step.contains("clearway-"),
                "{format}: {step}"
            );
        }
    }
    for bad in ["", "9a", "a_b", "a b", "a;b", "way-too-long-for-a-category", "a-"] {
        assert_eq!(hosts(&["--format", "squid", "--name", bad]).status.code(), Some(2), "{bad}");
    }
    assert_eq!(hosts(&["--format", "squid", "--name", "pilot-2"]).status.code(), Some(0));
}

#[test]
fn an_external_list_goes_with_one_port() {
    let text = |args: &[&str]| String::from_utf8(hosts(args).stdout).unwrap();
    let own = text(&["--format", "paloalto-urls", "--port", "8443"]);
    assert_eq!(own, "deep.errors.example/\ngateway.corp.internal/\n");
    let refused = {
        let mut command = crate::common::clearway();
        let office = folder().join("office.json").display().to_string();
        command.args(["hosts", &office, "--format", "paloalto-urls", "--port", "8443"]).output().unwrap()
    };
    let message = String::from_utf8(refused.stderr).unwrap();
    assert!(
        message.contains("IPv6") && !message.contains("--port"),
        "only what is on that port is asked: {message}"
    );
    let plain = text(&["--format", "plain", "--port", "22"]);
    assert!(plain.lines().count() > 0 && plain.lines().all(|l| l.ends_with(":22")), "{plain}");
}

#[test]
fn what_another_entry_asks_for_is_not_widened() {
    let mut list = List::allow(&one("*.mill.example", 443, "https"));
    let more = |host: &str, port: u16| List::allow(&one(host, port, "https")).rules;
    list.rules.extend(more("mill.example", 443));
    list.rules.extend(more("*.deep.mill.example", 443));
    for format in [Format::Zscaler, Format::Umbrella, Format::DnsmasqNftset] {
        let widened = written(format, &list).widened;
        // Only the tree below the bare name counts, and `*.mill.example` asks for it.
        assert!(widened.is_empty(), "{format}: {widened:?}");
    }
    // Another port does not ask for it where entries have ports.
    let mut apart = List::allow(&one("*.mill.example", 443, "https"));
    apart.rules.extend(more("mill.example", 8443));
    assert_eq!(written(Format::DnsmasqNftset, &apart).widened.len(), 2);
    assert!(written(Format::Zscaler, &apart).widened.is_empty(), "an entry there opens every port anyway");
    assert_eq!(written(Format::Zscaler, &List::allow(&one("*.mill.example", 443, "https"))).widened.len(), 1);
}

#[test]
fn aws_says_exact_names_below_only_and_ports() {
    let rules = |host: &str, port: u16, transport: &str| -> Vec<String> {
        let text = written(Format::AwsNetworkFirewall, &List::allow(&one(host, port, transport))).text;
        let json: Value = serde_json::from_str(&text).unwrap();
        let choice = &json["Resources"]["ClearwayRules"]["Properties"]["RuleGroup"]["RulesSource"]["RulesString"]
            ["Fn::If"];
        (1..3).map(|i| choice[i].as_str().unwrap().to_owned()).collect()
    };
    let exact = rules("a.mill.example", 8443, "https");
    assert!(
        exact[1].contains("$EXTERNAL_NET 8443 ")
            && exact[1].contains("content:\"a.mill.example\"; startswith; endswith; nocase")
    );
    assert!(
        !exact[1].contains("http.host") && exact[0].contains("http.host"),
        "a firewall that decrypts asks again"
    );
    let below = rules("*.mill.example", 443, "https");
    assert!(below[1].contains("content:\".mill.example\"; endswith") && !below[1].contains("startswith"));
    assert!(rules("192.0.2.9", 443, "https")[1].starts_with("pass tcp $HOME_NET any -> 192.0.2.9/32 443 "));
    assert!(rules("a.mill.example", 80, "http")[1].starts_with("pass http "));
    let sids: Vec<&str> = exact[0].split("sid:").skip(1).map(|s| s.split(';').next().unwrap()).collect();
    assert!(sids.len() == 2 && sids[0] != sids[1]);
}

#[test]
fn limits_of_products_are_kept() {
    let named = |format, host: &str, port| written(format, &List::allow(&one(host, port, "https")));
    let high = named(Format::AzureFirewall, "llm.mill.example", 65000);
    assert!(
        high.unsupported.is_empty()
            && high.text.contains("destinationFqdns")
            && !high.text.contains("\"port\": 65000")
    );
    assert!(named(Format::Zscaler, "a_b.example", 443).unsupported.is_empty());
    assert!(named(Format::Umbrella, "192.0.2.9", 443).text.contains("192.0.2.9\n"));
    let six = named(Format::Fortigate, "2001:db8::9", 8443);
    assert!(
        six.unsupported.is_empty()
            && six.text.contains("set ip6 2001:db8::9/128")
            && six.text.contains("addrgrp6")
    );
    let both = named(Format::Fortigate, "*.mill.example", 443).text;
    assert_eq!(both.matches("set fqdn \"*.mill.example\"").count(), 2, "IPv4 and IPv6");
    assert!(both.contains("set cache-ttl") && both.contains("clearway-required-v6-tcp-443"));
}

#[test]
fn nftables_takes_the_administrators_table() {
    let text = |args: &[&str]| String::from_utf8(hosts(args).stdout).unwrap();
    let sets = text(&["--format", "dnsmasq-nftset-sets", "--table", "inet fw4", "--name", "pilot-2"]);
    assert!(
        sets.contains("flush chain inet fw4 pilot_2_allow") && sets.contains("`jump pilot_2_allow`"),
        "{sets}"
    );
    assert!(
        text(&["--format", "dnsmasq-nftset", "--table", "inet fw4"])
            .contains("4#inet#fw4#clearway_tcp_443_v4")
    );
    assert_eq!(hosts(&["--format", "dnsmasq-nftset", "--table", "fw4; flush"]).status.code(), Some(2));
}

#[test]
fn every_product_says_what_udp_443_needs() {
    for format in Format::ALL {
        let steps = written(*format, &List::allow(&office())).steps;
        if format.product() != "prometheus" {
            assert!(
                steps.iter().any(|s| s.contains("UDP 443") || s.contains("443 reject")),
                "{format}: {steps:?}"
            );
            assert!(steps.iter().any(|s| s.contains("QUIC") || s.contains("UDP 443")), "{format}");
        }
    }
}

/// Formats without remarks have no golden file of their steps.
#[test]
fn the_steps_of_lists_without_remarks_say_what_a_second_load_and_another_place_need() {
    let list = List { name: "pilot".into(), ..List::allow(&office()) };
    let paloalto = written(Format::Paloalto, &list);
    let steps = paloalto.steps.join("\n");
    // A load appends, so what left the list stays open until it is deleted.
    for (command, object) in [
        (
            "`delete profiles custom-url-category pilot-NEED-PORT list`",
            "custom-url-category pilot-required-443 list ",
        ),
        ("`delete address-group pilot-NEED-tcp-PORT static`", "address-group pilot-feature-tcp-22 static "),
    ] {
        assert!(steps.contains(command), "{command}: {steps}");
        assert!(paloalto.text.contains(object), "{object}: {}", paloalto.text);
    }
    for place in ["`set device-group GROUP ...`", "`set shared ...`", "`set vsys VSYS ...`"] {
        assert!(steps.contains(place), "{place}: {steps}");
    }
    // Otherwise the names lose their predefined category for everybody.
    let zscaler = Firewalls::embedded().unwrap();
    let zscaler = zscaler.by_id("zscaler").unwrap();
    for steps in [&zscaler.steps, &zscaler.inspection_steps] {
        assert!(steps.iter().any(|s| s.contains("under `URLs retaining parent category`")), "{steps:?}");
    }
}

/// An allowed name beside each denied one, for the command as it is run.
#[test]
fn exit_codes_of_against() {
    let dir = tempfile::tempdir().unwrap();
    let against = |text: &[u8], more: &[&str]| {
        let file = dir.path().join("list");
        std::fs::write(&file, text).unwrap();
        let mut command = crate::common::clearway();
        let office = folder().join("office.json").display().to_string();
        command
            .args(["hosts", &office, "--need", "required", "--against", &file.display().to_string()])
            .args(more);
        command.stdin(std::process::Stdio::null()).output().unwrap()
    };
    let whole = "api.vendor.example\ngateway.corp.internal:8443\n192.0.2.7:8080\n";
    assert_eq!(against(whole.as_bytes(), &[]).status.code(), Some(0));
    // PowerShell writes UTF-16.
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(whole.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(against(&wide, &[]).status.code(), Some(0));
    assert_eq!(against(b"api.vendor.example\n", &[]).status.code(), Some(1));
    assert_eq!(against(b"PK\x03\x04\0\0\x01\0binary", &[]).status.code(), Some(2));
    let signed = b"acl who proxy_auth REQUIRED\nhttp_access allow who\n";
    let output = against(signed, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(3));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    crate::common::schemas::hold("against", &document, "conditional");
    assert_eq!(document["conditional"][0]["client_only"], false);
    assert_eq!(against(b"acl net src 10.0.0.0/8\nhttp_access allow net\n", &[]).status.code(), Some(0));
    let asked = against(b"10.1.1.1 x y z\nnothing here\n", &[]);
    assert_eq!(asked.status.code(), Some(2));
    let message = String::from_utf8(asked.stderr).unwrap();
    assert!(message.contains("line 1") && message.contains("--against-as"), "{message}");
    assert!(asked.stdout.is_empty());
    assert_eq!(against(whole.as_bytes(), &["--against-as", "plain"]).status.code(), Some(0));
    assert_eq!(against(whole.as_bytes(), &["--against-as", "markdown"]).status.code(), Some(2));
    assert_eq!(against(whole.as_bytes(), &["--against-as", "nonsense"]).status.code(), Some(2));
}

/// Every form of the list has the same hosts, and what reads the list back asks for no more than before.
#[test]
fn a_wildcard_of_ssh_hosts_opens_its_bare_name_in_every_form() {
    let text = |args: &[&str]| String::from_utf8(hosts(args).stdout).unwrap();
    for format in ["plain", "txt", "text", "markdown", "html", "ticket"] {
        let text = text(&["--format", format]);
        let bare = text.replace("*.lab.corp.example", "");
        assert!(text.contains("*.lab.corp.example") && bare.contains("lab.corp.example"), "{format}: {text}");
    }
    let plain = text(&["--format", "plain"]);
    assert!(
        plain.contains("\nlab.corp.example:22\n") && plain.contains("*.lab.corp.example:22\n"),
        "{plain}"
    );
    assert!(text(&["--format", "csv"]).contains("\nlab.corp.example,22,ssh,"));
    let json = text(&["--format", "json"]);
    let document: Value = serde_json::from_str(&json).unwrap();
    crate::common::schemas::hold("hosts", &document, "bare name");
    let ssh = document["groups"].as_array().unwrap().iter().find(|g| g["feature"] == "ssh").unwrap();
    let entry = ssh["hosts"].as_array().unwrap().iter().find(|h| h["host"] == "lab.corp.example").unwrap();
    assert_eq!((&entry["port"], &entry["probe"]["with_wildcard"]), (&Value::from(22), &Value::from(true)));
    // The folder and the bare lines are one list.
    let dir = tempfile::tempdir().unwrap();
    let to = format!("{}/", dir.path().join("lists").display());
    assert_eq!(hosts(&["--format", "plain", "-o", &to]).status.code(), Some(0));
    let hosted = std::fs::read_to_string(dir.path().join("lists/clearway-22.txt")).unwrap();
    let of_port: Vec<&str> = plain.lines().filter_map(|l| l.strip_suffix(":22")).collect();
    assert_eq!(hosted.lines().collect::<Vec<_>>(), of_port);
    // Read back as a configuration it is no host to be probed, and stands on the list again.
    let read = clearway::document::hosts::from_json(document.clone(), "again.json", "").unwrap();
    assert!(read.hosts.iter().all(|h| h.host.to_string() != "lab.corp.example"));
    assert!(read.hosts.iter().any(|h| h.host.to_string() == "*.lab.corp.example"));
    // Without its wildcard it is a host like any other.
    let mut alone = document;
    for group in alone["groups"].as_array_mut().unwrap() {
        group["hosts"].as_array_mut().unwrap().retain(|h| h["host"] != "*.lab.corp.example");
    }
    let read = clearway::document::hosts::from_json(alone, "alone.json", "").unwrap();
    assert!(read.hosts.iter().any(|h| h.host.to_string() == "lab.corp.example"));
}

/// The bare name opens by its address where a wildcard cannot, for SSH and for whatever else goes by address.
#[test]
fn what_a_product_can_open_of_a_wildcard_is_opened() {
    let joined = |transport: &str, port: u16| {
        let mut list = List::allow(&one("*.lab.example", port, transport));
        if transport != "ssh" {
            list = list.with(List::allow(&one("lab.example", port, transport)));
        }
        list
    };
    for (format, bare) in [
        (Format::Paloalto, "set address clearway-lab.example fqdn lab.example\n"),
        (Format::TerraformPaloalto, "\"fqdn\": \"lab.example\""),
        (Format::AzureFirewall, "\"destinationFqdns\": [\n"),
        (Format::TerraformAzure, "\"destination_fqdns\": [\n"),
        (Format::Checkpoint, "put dns-domain '.lab.example' is-sub-domain false"),
        (Format::CiscoFmc, "\"value\": \"lab.example\""),
    ] {
        for (transport, port) in [("ssh", 22), ("tcp", 9000), ("grpc", 4317)] {
            let output = written(format, &joined(transport, port));
            assert!(output.text.contains(bare), "{format} {transport}: {}", output.text);
            let left: Vec<&str> = output.unsupported.iter().map(|e| e.entry.as_str()).collect();
            assert_eq!(left, [format!("*.lab.example:{port}")], "{format} {transport}");
            assert!(output.unsupported[0].reason.contains("a wildcard has none"), "{format}");
        }
    }
    for format in Format::ALL {
        let output = written(*format, &joined("ssh", 22));
        // Files that have no hosts, whatever the list.
        let none = [Format::DnsmasqNftsetSets, Format::PrometheusBlackbox, Format::PrometheusScrape]
            .contains(format);
        if output.unsupported.is_empty() && !none {
            assert!(
                output.text.replace("*.lab.example", "").contains("lab.example"),
                "{format}: {}",
                output.text
            );
        }
    }
    // Above the highest port of rules of names a bare name is a network rule.
    let high = written(Format::AzureFirewall, &joined("https", 65000));
    assert!(high.text.contains("tcp-65000-names") && high.unsupported.len() == 1, "{high:?}");
    // A name that is asked for is watched; one that only goes with its wildcard need not exist.
    assert!(written(Format::Prometheus, &joined("tcp", 9000)).text.contains("lab.example:9000"));
    assert!(!written(Format::Prometheus, &joined("ssh", 22)).text.contains("lab.example:22"));
}

#[test]
fn an_existing_list_is_not_asked_for_a_bare_name_and_may_have_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("list.txt");
    let path = file.display().to_string();
    let against = |text: &str, more: &[&str]| {
        std::fs::write(&file, text).unwrap();
        let office = folder().join("office.json").display().to_string();
        let mut command = crate::common::clearway();
        command.args(["hosts", &office, "--feature", "ssh"]).args(more).arg(&path);
        command.stdin(std::process::Stdio::null()).output().unwrap()
    };
    let json = |text: &str| -> Value {
        serde_json::from_slice(&against(text, &["--format", "json", "--against"]).stdout).unwrap()
    };
    let short = json("build.corp.example:22\n*.lab.corp.example:22\n");
    assert_eq!(
        (short["missing"].as_array().unwrap().len(), short["unneeded"].as_array().unwrap().len()),
        (0, 0)
    );
    let whole = json("build.corp.example:22\n*.lab.corp.example:22\nlab.corp.example:22\n");
    assert_eq!(
        (whole["missing"].as_array().unwrap().len(), whole["unneeded"].as_array().unwrap().len()),
        (0, 0)
    );
    // What is added opens both.
    let added = |format: &str| {
        let output = against("build.corp.example:22\n", &["--format", format, "--delta"]);
        String::from_utf8(output.stdout).unwrap()
    };
    for format in ["plain", "txt"] {
        let text = added(format);
        assert!(
            text.contains("\n*.lab.corp.example:22\n") || text.starts_with("*.lab.corp.example:22\n"),
            "{text}"
        );
        assert!(text.contains("\nlab.corp.example:22\n"), "{format}: {text}");
    }
    assert!(added("fortigate").contains("set fqdn \"lab.corp.example\""));
}
