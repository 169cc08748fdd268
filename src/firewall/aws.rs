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
    let (lines, plain) = suricata(sheet);
    let mut resources = Map::new();
    if !lines.is_empty() {
        resources.insert("ClearwayRules".into(), group(sheet, &lines, plain));
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

/// The rules, and how many of them come first: those that a firewall needs that does not decrypt.
fn suricata(sheet: &Sheet<'_>) -> (Vec<String>, usize) {
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
    (rules.lines, plain)
}

/// The same group as Terraform JSON (`*.tf.json`), for the provider aws.
pub(super) fn terraform(sheet: &Sheet<'_>) -> String {
    let (lines, plain) = suricata(sheet);
    let id = sheet.name.replace('-', "_");
    let mut file = json!({
        "//": notes(&sheet.remarks),
        "variable": {
            format!("{id}_rule_order"): { "type": "string", "default": "STRICT_ORDER" },
            format!("{id}_tls_inspection"): {
                "type": "bool",
                "default": false,
                "description": "true where the firewall decrypts TLS: adds a rule on the Host header for each name",
            },
        },
    });
    if !lines.is_empty() {
        file["locals"] = json!({
            format!("{id}_rules"): lines.get(..plain).unwrap_or(&lines).join("\n"),
            format!("{id}_rules_inspected"): lines.join("\n"),
        });
        let chosen = format!("${{var.{id}_tls_inspection ? local.{id}_rules_inspected : local.{id}_rules}}");
        file["resource"] = json!({
            "aws_networkfirewall_rule_group": { (id.clone()): {
                "name": format!("{}-rules", sheet.name),
                "description": format!("Claude Desktop. {}", sheet.origin),
                "type": "STATEFUL",
                "capacity": capacity(&lines),
                "rule_group": [{
                    "rules_source": [{ "rules_string": chosen }],
                    "stateful_rule_options": [{ "rule_order": format!("${{var.{id}_rule_order}}") }],
                }],
                "tags": { "managed-by": "clearway" },
            } },
        });
    }
    render(&file)
}

/// Room for the list to grow: the capacity of a group is fixed when it is made.
fn capacity(lines: &[String]) -> usize {
    (lines.len() * 2).div_ceil(100) * 100
}

fn group(sheet: &Sheet<'_>, lines: &[String], plain: usize) -> Value {
    let text = |lines: &[String]| lines.join("\n");
    json!({
        "Type": "AWS::NetworkFirewall::RuleGroup",
        "Properties": {
            "RuleGroupName": format!("{}-rules", sheet.name),
            "Description": format!("Claude Desktop. {}", sheet.origin),
            "Type": "STATEFUL",
            "Capacity": capacity(lines),
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
