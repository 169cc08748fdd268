//! Google Secure Web Proxy: Terraform JSON with a UrlList and a rule for each port. The `//` member
//! is Terraform's comment.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, json};

use super::Sheet;
use super::intent::Kind;
use super::text::{json as render, notes};
use crate::contract::Need;

/// The file (`*.tf.json`).
pub(super) fn terraform(sheet: &Sheet<'_>) -> String {
    let label = match sheet.kind {
        Kind::Allow => sheet.name.to_ascii_lowercase(),
        Kind::Inspection => format!("{}-no-inspection", sheet.name.to_ascii_lowercase()),
    };
    // Two lists in one module share no variable.
    let own = label.replace('-', "_");
    let variable = |name: &str| format!("${{var.{own}_{name}}}");
    let mut ports: BTreeMap<(u16, Reverse<Need>), BTreeSet<String>> = BTreeMap::new();
    for placed in &sheet.placed {
        let need = if sheet.kind == Kind::Allow { placed.rule.need } else { Need::Required };
        let values = ports.entry((placed.rule.port, Reverse(need))).or_default();
        values.extend(placed.rule.names.spelled());
    }
    let mut lists = Map::new();
    let mut rules = Map::new();
    for (((port, Reverse(need)), values), offset) in ports.iter().zip(0_u16..) {
        // An exemption has no need that anybody would switch off.
        let name = match sheet.kind {
            Kind::Allow => format!("{label}-{need}-{port}"),
            Kind::Inspection => format!("{label}-{port}"),
        };
        let id = name.replace('-', "_");
        lists.insert(
            id.clone(),
            json!({
                "project": variable("project"),
                "location": variable("region"),
                "name": name,
                "description": format!("Claude Desktop, TCP {port}, {need}"),
                "values": values,
            }),
        );
        rules.insert(
            id.clone(),
            json!({
                "project": variable("project"),
                "location": variable("region"),
                "name": name,
                "description": format!("Claude Desktop, TCP {port}, {need}. {}", sheet.origin),
                "gateway_security_policy": variable("policy"),
                "enabled": true,
                "priority": format!("${{var.{own}_priority + {offset}}}"),
                "session_matcher": format!(
                    "inUrlList(host(), '${{google_network_security_url_lists.{id}.id}}') && destination.port == {port}"
                ),
                "basic_profile": "ALLOW",
                "tls_inspection_enabled": false,
            }),
        );
    }
    let remarks = notes(&sheet.remarks);
    let mut file = json!({
        "//": remarks,
        "variable": {
            format!("{own}_project"): { "type": "string" },
            format!("{own}_region"): { "type": "string" },
            format!("{own}_policy"): { "type": "string", "description": "Name of the gateway security policy" },
            format!("{own}_priority"): { "type": "number", "description": "First of the priorities that the rules take" },
        },
    });
    if !lists.is_empty()
        && let Some(file) = file.as_object_mut()
    {
        file.insert(
            "resource".into(),
            json!({
                "google_network_security_url_lists": lists,
                "google_network_security_gateway_security_policy_rule": rules,
            }),
        );
    }
    render(&file)
}
