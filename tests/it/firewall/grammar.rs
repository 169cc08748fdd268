//! The grammar of each format, written down, held against the list that has every kind of entry.

use clearway::firewall::{Format, List};
use serde_json::Value;

use crate::firewall::{folder, office, written};

/// The text with its comments taken away, checked against the grammar of its format.
pub fn check(format: Format, text: &str) {
    let lines = || text.lines().filter(|l| !l.is_empty());
    match format {
        Format::Paloalto => lines().for_each(paloalto),
        Format::PaloaltoUrls => lines().for_each(|l| assert!(is_url_entry(l), "{l}")),
        Format::Zscaler => {
            lines().for_each(|l| assert!(is_name(l.strip_prefix('.').unwrap_or(l)) || is_v4(l), "{l}"));
        }
        Format::Umbrella => lines().for_each(|l| assert!(is_name(l) || is_v4(l), "{l}")),
        Format::Fortigate => fortigate(text),
        Format::Squid => lines().filter(|l| !l.starts_with('#')).for_each(squid),
        Format::Checkpoint => checkpoint(text),
        Format::DnsmasqNftset => lines().filter(|l| !l.starts_with('#')).for_each(dnsmasq),
        Format::DnsmasqNftsetSets => {
            let depth = lines()
                .filter(|l| !l.starts_with('#'))
                .fold(0_i32, |d, l| d + i32::from(l.ends_with('{')) - i32::from(l.trim() == "}"));
            assert_eq!(depth, 0);
        }
        Format::Pac => pac(text),
        Format::AzureFirewall => schema("azure", text),
        Format::AwsNetworkFirewall => schema("aws", text),
        Format::GcpSwp => schema("gcp", text),
        Format::TerraformPaloalto => schema("terraform-paloalto", text),
        Format::TerraformAzure => schema("terraform-azure", text),
        Format::TerraformAws => schema("terraform-aws", text),
        Format::Cilium => schema("cilium", text),
        Format::Netskope => lines().filter(|l| !l.starts_with('#')).for_each(netskope),
        Format::NetskopeApi => schema("netskope", text),
        Format::CiscoFmc => schema("fmc", text),
        Format::Cloudflare => schema("cloudflare", text),
        Format::Sophos => sophos(text),
        Format::WindowsFirewall => windows(text),
        Format::Prometheus => schema("prometheus", text),
        Format::PrometheusBlackbox | Format::PrometheusScrape => {
            for line in lines().filter(|l| !l.trim_start().starts_with('#')) {
                assert!(
                    !line.contains('\t')
                        && (line.ends_with(':') || line.contains(": ") || line.contains("- ")),
                    "{line}"
                );
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    let label = |l: &str| {
        !l.is_empty() && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
    };
    !text.is_empty() && text.split('.').all(label)
}

fn is_v4(text: &str) -> bool {
    text.parse::<std::net::Ipv4Addr>().is_ok()
}

/// `host/` or `*.host/`: the ending slash is the point.
fn is_url_entry(text: &str) -> bool {
    text.strip_suffix('/').is_some_and(|h| is_name(h.strip_prefix("*.").unwrap_or(h)))
}

/// A quoted string without any sign that the command line acts upon.
fn is_quoted(text: &str) -> bool {
    let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    inner.is_some_and(|t| t.chars().all(|c| c.is_ascii_alphanumeric() || " .,:_/-()*".contains(c)))
}

fn is_object(text: &str) -> bool {
    text.starts_with("clearway")
        && text.len() <= 63
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

fn paloalto(line: &str) {
    let words: Vec<&str> = line.splitn(6, ' ').collect();
    let fine = match words.as_slice() {
        ["set", "service", name, "protocol", "tcp", rest] => {
            is_object(name) && rest.strip_prefix("port ").is_some_and(|p| p.parse::<u16>().is_ok())
        }
        ["set", "profiles", "custom-url-category", name, "type", value] => {
            name.len() <= 31 && *value == "\"URL List\""
        }
        ["set", "profiles", "custom-url-category", name, "description", value] => {
            is_object(name) && name.len() <= 31 && is_quoted(value) && value.len() <= 257
        }
        ["set", "profiles", "custom-url-category", name, "list", value] => {
            is_object(name) && is_url_entry(value)
        }
        ["set", "address", name, "fqdn", host] => is_object(name) && is_name(host),
        ["set", "address", name, "ip-netmask", net] => is_object(name) && net.contains('/'),
        ["set", "address", name, "description", ..] => {
            is_object(name) && line.split_once("description ").is_some_and(|(_, d)| is_quoted(d))
        }
        ["set", "address-group", group, "static", name] => is_object(group) && is_object(name),
        _ => false,
    };
    assert!(fine, "{line}");
}

/// `host:port`, `*.host:port`: letters, digits and hyphens, one star at most, and first.
fn netskope(line: &str) {
    let (host, port) = line.rsplit_once(':').unwrap_or_else(|| panic!("{line}"));
    assert!(port.parse::<u16>().is_ok_and(|p| p > 0), "{line}");
    let name = host.strip_prefix("*.").unwrap_or(host);
    assert!((is_name(name) && !name.contains('_')) || is_v4(host), "{line}");
}

/// A comment, and elements whose text holds nothing that XML acts upon.
fn sophos(text: &str) {
    let (head, rest) = text.split_once("-->\n").unwrap();
    let comment = head.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!--\n").unwrap();
    assert!(!comment.contains("--"), "{comment}");
    let mut open: Vec<&str> = Vec::new();
    for part in rest.split('<').skip(1) {
        let (tag, value) = part.split_once('>').unwrap();
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{part}"),
            None => {
                assert!(tag.bytes().all(|b| b.is_ascii_alphabetic()), "{tag}");
                open.push(tag);
            }
        }
        let value = value.trim();
        assert!(value.bytes().all(|b| b.is_ascii_alphanumeric() || b".:*_-".contains(&b)), "{value}");
        if tag == "Name" {
            assert!(is_object(value) && value.len() <= 60, "{value}");
        }
        if tag == "FQDN" {
            assert!(is_name(value.strip_prefix("*.").unwrap_or(value)), "{value}");
        }
    }
    assert!(open.is_empty());
}

/// Comments, the one function, and commands whose words are plain or in single quotes.
fn windows(text: &str) {
    let code: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
    assert_eq!(code.first(), Some(&"$ErrorActionPreference = 'Stop'"));
    let function = code.iter().position(|l| l.starts_with("function Set-Keyword(")).unwrap();
    for line in &code[function + 5..] {
        let known = ["Get-NetFirewallRule -Group '", "Set-Keyword '{", "New-NetFirewallRule -Name '"];
        assert!(known.iter().any(|k| line.starts_with(k)), "{line}");
        let parts: Vec<&str> = line.split('\'').collect();
        assert_eq!(parts.len() % 2, 1, "{line}");
        for (at, part) in parts.iter().enumerate() {
            let also = if at % 2 == 0 { " .,-|" } else { ".:*_-{}" };
            assert!(part.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c)), "{line}");
        }
    }
}

fn fortigate(text: &str) {
    let mut stack: Vec<&str> = Vec::new();
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        match word {
            "config" => {
                assert!(
                    stack.is_empty() && (rest.starts_with("firewall ") || rest.starts_with("webfilter ")),
                    "{line}"
                );
                stack.push("config");
            }
            "edit" => {
                assert_eq!(stack, ["config"], "{line}");
                assert!(is_quoted(rest) && rest.len() <= 65, "{line}");
                stack.push("edit");
            }
            "set" => {
                assert_eq!(stack, ["config", "edit"], "{line}");
                let (field, value) = rest.split_once(' ').unwrap();
                match field {
                    "type" => assert!(["fqdn", "ipmask"].contains(&value), "{line}"),
                    "fqdn" => {
                        let name = value.trim_matches('"');
                        assert!(is_name(name.strip_prefix("*.").unwrap_or(name)), "{line}");
                    }
                    "comment" => assert!(is_quoted(value) && value.len() <= 257, "{line}"),
                    "member" => value.split(' ').for_each(|m| assert!(is_quoted(m), "{line}")),
                    "subnet" => assert!(value.split(' ').all(is_v4), "{line}"),
                    "ip6" => assert!(value.ends_with("/128"), "{line}"),
                    "cache-ttl" | "id" | "rating" => assert!(value.parse::<u32>().is_ok(), "{line}"),
                    "tcp-portrange" => assert!(value.parse::<u16>().is_ok(), "{line}"),
                    other => panic!("{other}: {line}"),
                }
            }
            "next" => assert_eq!(stack.pop(), Some("edit"), "{line}"),
            "end" => assert_eq!(stack.pop(), Some("config"), "{line}"),
            other => panic!("{other}: {line}"),
        }
    }
    assert!(stack.is_empty());
}

fn squid(line: &str) {
    let words: Vec<&str> = line.split(' ').collect();
    let fine = match words.as_slice() {
        ["acl", _, "method", "CONNECT"] => true,
        ["acl", _, "port", port] => port.parse::<u16>().is_ok(),
        ["acl", _, "dstdomain", "-n", name] => is_name(name.strip_prefix('.').unwrap_or(name)),
        ["acl", _, "dstdom_regex", "-n", "-i", expression] => {
            let name = expression.strip_prefix("\\.").and_then(|e| e.strip_suffix('$'));
            name.is_some_and(|n| is_name(&n.replace("\\.", ".")) && !n.replace("\\.", "").contains('.'))
        }
        ["acl", _, "dst", "-n", address] => address.parse::<std::net::IpAddr>().is_ok(),
        ["acl", _, "ssl::server_name", name] => is_name(name),
        ["http_access", "allow", acls @ ..] => {
            acls.iter().all(|a| is_object(a.strip_prefix('!').unwrap_or(a)))
        }
        ["ssl_bump", "splice", acl] => is_object(acl),
        _ => false,
    };
    assert!(fine, "{line}");
}

fn checkpoint(text: &str) {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("#!/bin/sh"));
    for line in lines.filter(|l| !l.starts_with('#')) {
        if line == "set -eu" || line == "MGMT=\"${MGMT:-mgmt_cli -s id.txt}\"" || line == "put() {" {
            continue;
        }
        if line == "}" || line.starts_with("  ") {
            // The function, which is the same in every script.
            continue;
        }
        let command = line.strip_prefix("put ").unwrap_or_else(|| panic!("{line}"));
        // Outside single quotes there are plain words only.
        let parts: Vec<&str> = command.split('\'').collect();
        assert_eq!(parts.len() % 2, 1, "{line}");
        for outside in parts.iter().step_by(2) {
            assert!(outside.chars().all(|c| c.is_ascii_alphanumeric() || " .-".contains(c)), "{line}");
        }
    }
}

fn dnsmasq(line: &str) {
    let (name, sets) =
        line.strip_prefix("nftset=/").and_then(|l| l.split_once('/')).unwrap_or_else(|| panic!("{line}"));
    assert!(is_name(name), "{line}");
    for set in sets.split(',') {
        let parts: Vec<&str> = set.split('#').collect();
        assert!(
            matches!(parts.as_slice(), ["4" | "6", "inet", "filter", s] if s.starts_with("clearway_tcp_")),
            "{line}"
        );
    }
}

/// Comments, the proxy, two tables that are JSON, and the functions as they always are.
fn pac(text: &str) {
    let code: Vec<&str> = text.lines().filter(|l| !l.starts_with("//")).collect();
    let code = code.join("\n");
    let rest = code.strip_prefix("var CLEARWAY_PROXY = \"PROXY fill-in.invalid:3128\";\n").unwrap();
    let rest = table(rest, "CLEARWAY_EXACT");
    let rest = table(rest, "CLEARWAY_BELOW");
    assert!(rest.starts_with("\nfunction clearwayPort(url) {"), "{rest}");
    assert_eq!(rest.matches("function ").count(), 2);
}

fn table<'a>(text: &'a str, name: &str) -> &'a str {
    let rest = text.strip_prefix(&format!("var {name} = ")).unwrap_or_else(|| panic!("{name}: {text}"));
    let (object, rest) = rest.split_once(";\n").unwrap();
    let object: serde_json::Map<String, Value> = serde_json::from_str(object).unwrap();
    assert!(object.values().all(|v| *v == Value::Bool(true)));
    rest
}

fn schema(name: &str, text: &str) {
    let read = |path: std::path::PathBuf| -> Value {
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let validator = jsonschema::validator_for(&read(folder().join(format!("{name}.schema.json")))).unwrap();
    let document: Value = serde_json::from_str(text).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}");
}

#[test]
fn every_format_keeps_to_its_grammar() {
    let list = List::allow(&office());
    for format in Format::ALL {
        check(*format, &written(*format, &list).text);
    }
}

#[test]
fn squid_never_has_a_name_beside_the_domain_above_it() {
    let text = written(Format::Squid, &List::allow(&office())).text;
    assert!(text.contains("dstdomain -n .errors.example\n"));
    assert!(!text.contains("ingest"), "implied by .errors.example on the same port");
    assert!(
        text.contains("clearway_https_8443_names dstdomain -n deep.errors.example"),
        "another port is not implied"
    );
    assert!(text.contains("dstdom_regex -n -i \\.icons\\.example$"));
}

#[test]
fn dnsmasq_takes_the_longest_match_so_a_name_repeats_the_sets_above_it() {
    let text = written(Format::DnsmasqNftset, &List::allow(&office())).text;
    let deep = text.lines().find(|l| l.starts_with("nftset=/deep.errors.example/")).unwrap();
    assert!(deep.contains("tcp_443_v4") && deep.contains("tcp_8443_v4"), "{deep}");
    assert!(!text.contains("nftset=/ingest.errors.example/"));
}
