//! AWS Network Firewall: a CloudFormation template with one rule group of Suricata rules. Unlike a
//! domain list they say an exact name, the names below only, and the port. The template's metadata
//! carries the remarks.

use serde_json::{Map, Value, json};

use super::Sheet;
use super::intent::{HostRule, Names};
use super::place::host_prefix;
use super::text::{description, json as render, notes};
use crate::contract::{Network, Transport};

/// The template.
pub(super) fn template(sheet: &Sheet<'_>) -> String {
    let mut rules = Rules { next: first_sid(sheet.name), lines: Vec::new() };
    for placed in &sheet.placed {
        rules.add(placed.rule, placed.rule.transport == Transport::Http);
    }
    let plain = rules.lines.len();
    // After TLS inspection the decrypted request is judged once more, by its Host header.
    for placed in sheet.placed.iter().filter(|p| p.rule.transport == Transport::Https) {
        if !matches!(placed.rule.names, Names::Address(_)) {
            rules.add(placed.rule, true);
        }
    }
    let mut resources = Map::new();
    if !rules.lines.is_empty() {
        resources.insert("ClearwayRules".into(), group(sheet, &rules.lines, plain));
    }
    let remarks = notes(&sheet.remarks);
    render(&json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Hosts that Claude Desktop needs, written by Clearway",
        "Metadata": { "Clearway": remarks },
        "Parameters": {
            "RuleOrder": {
                "Type": "String",
                "Default": "STRICT_ORDER",
                "AllowedValues": ["STRICT_ORDER", "DEFAULT_ACTION_ORDER"],
            },
            "TlsInspection": {
                "Type": "String",
                "Default": "no",
                "AllowedValues": ["no", "yes"],
                "Description": "yes where the firewall decrypts TLS: adds a rule on the Host header for each name",
            },
        },
        "Conditions": { "Inspected": { "Fn::Equals": [{ "Ref": "TlsInspection" }, "yes"] } },
        "Resources": resources,
    }))
}

fn group(sheet: &Sheet<'_>, lines: &[String], plain: usize) -> Value {
    // Room for the list to grow: the capacity of a group is fixed when it is made.
    let capacity = (lines.len() * 2).div_ceil(100) * 100;
    let text = |lines: &[String]| lines.join("\n");
    json!({
        "Type": "AWS::NetworkFirewall::RuleGroup",
        "Properties": {
            "RuleGroupName": format!("{}-rules", sheet.name),
            "Description": format!("Claude Desktop. {}", sheet.origin),
            "Type": "STATEFUL",
            "Capacity": capacity,
            "RuleGroup": {
                "RulesSource": {
                    "RulesString": { "Fn::If": ["Inspected", text(lines), text(lines.get(..plain).unwrap_or(lines))] },
                },
                "StatefulRuleOptions": { "RuleOrder": { "Ref": "RuleOrder" } },
            },
            "Tags": [{ "Key": "managed-by", "Value": "clearway" }],
        },
    })
}

struct Rules {
    next: u32,
    lines: Vec<String>,
}

impl Rules {
    fn add(&mut self, rule: &HostRule, in_clear: bool) {
        let port = rule.port;
        let about = description(&format!("{} {}: {}", rule.names, rule.need, rule.purpose), 120);
        let matches: Vec<String> = match &rule.names {
            Names::Exact(n) => vec![format!("content:\"{n}\"; startswith; endswith")],
            Names::Subdomains(n) => vec![format!("content:\".{n}\"; endswith")],
            Names::ApexAndSubdomains(n) => {
                vec![format!("content:\"{n}\"; startswith; endswith"), format!("content:\".{n}\"; endswith")]
            }
            Names::Address(a) => {
                let sid = self.sid();
                self.lines.push(format!(
                    "pass tcp $HOME_NET any -> {} {port} (msg:\"{about}\"; flow:to_server; sid:{sid}; rev:1;)",
                    host_prefix(*a)
                ));
                return;
            }
        };
        for found in matches {
            let sid = self.sid();
            // The Host header is compared in lower case already.
            let (protocol, field, case) =
                if in_clear { ("http", "http.host", "") } else { ("tls", "tls.sni", " nocase;") };
            // A host of the company's own may stand inside HOME_NET, which EXTERNAL_NET leaves out.
            let to = if rule.network == Network::Internal { "any" } else { "$EXTERNAL_NET" };
            self.lines.push(format!(
                "pass {protocol} $HOME_NET any -> {to} {port} (msg:\"{about}\"; flow:to_server; {field}; \
                 {found};{case} sid:{sid}; rev:1;)"
            ));
        }
    }

    fn sid(&mut self) -> u32 {
        self.next += 1;
        self.next
    }
}

/// Numbers of rules are unique on a firewall: lists of other names take other ones.
fn first_sid(name: &str) -> u32 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, b| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193));
    1_000_000 + hash % 8_000 * 1_000
}
