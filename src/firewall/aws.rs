//! AWS Network Firewall: a CloudFormation template with a domain list rule group for TLS and one
//! for plain HTTP. The template's metadata carries the remarks.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Sheet;
use super::intent::Names;
use super::text::{json as render, notes};
use crate::contract::Transport;

/// The template.
pub(super) fn template(sheet: &Sheet<'_>) -> String {
    let mut resources = Map::new();
    for (transport, id, name, target) in [
        (Transport::Https, "ClearwayTls", "clearway-tls", "TLS_SNI"),
        (Transport::Http, "ClearwayHttp", "clearway-http", "HTTP_HOST"),
    ] {
        let targets: BTreeSet<String> = sheet
            .placed
            .iter()
            .filter(|p| p.rule.transport == transport)
            .map(|p| match &p.rule.names {
                // A leading dot stands for the domain itself and every name below.
                Names::Subdomains(n) | Names::ApexAndSubdomains(n) => format!(".{n}"),
                other => other.base().to_owned(),
            })
            .collect();
        if !targets.is_empty() {
            resources.insert(id.to_owned(), group(name, target, &targets));
        }
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
        },
        "Resources": resources,
    }))
}

fn group(name: &str, target: &str, targets: &BTreeSet<String>) -> Value {
    // Room for the list to grow: the capacity of a group is fixed when it is made.
    let capacity = (targets.len() * 2).div_ceil(100) * 100;
    json!({
        "Type": "AWS::NetworkFirewall::RuleGroup",
        "Properties": {
            "RuleGroupName": name,
            "Type": "STATEFUL",
            "Capacity": capacity,
            "RuleGroup": {
                "RulesSource": {
                    "RulesSourceList": {
                        "GeneratedRulesType": "ALLOWLIST",
                        "Targets": targets,
                        "TargetTypes": [target],
                    },
                },
                "StatefulRuleOptions": { "RuleOrder": { "Ref": "RuleOrder" } },
            },
        },
    })
}
