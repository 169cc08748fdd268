//! Check Point: a shell script of management API calls that make domain objects in FQDN mode.

use std::collections::{BTreeMap, BTreeSet};

use super::Sheet;
use super::intent::{Kind, Names};
use super::text::{comments, description, object_name};

/// The script.
pub(super) fn script(sheet: &Sheet<'_>) -> String {
    let mut out = String::from("#!/bin/sh\n");
    out.push_str(&comments("#", &sheet.remarks));
    out.push_str("set -eu\nMGMT=\"${MGMT:-mgmt_cli -s id.txt}\"\n");
    let mut objects: BTreeMap<&Names, (BTreeSet<String>, String)> = BTreeMap::new();
    let mut ports: BTreeSet<u16> = BTreeSet::new();
    for placed in &sheet.placed {
        let rule = placed.rule;
        let object = objects.entry(&rule.names).or_default();
        object.0.insert(match sheet.kind {
            Kind::Allow => format!("clearway-tcp-{}", rule.port),
            Kind::Inspection => "clearway-no-inspection".into(),
        });
        object.1 = description(&rule.purpose, 200);
        if sheet.kind == Kind::Allow {
            ports.insert(rule.port);
        }
    }
    for port in ports {
        out.push_str(&format!("$MGMT add service-tcp name 'clearway-tcp-{port}' port '{port}'\n"));
    }
    for (names, (tags, about)) in objects {
        let object = match names {
            Names::Address(a) => {
                let field = if a.is_ipv4() { "ip-address" } else { "ipv6-address" };
                let name = object_name("clearway-", &a.to_string(), 63);
                format!("add host name '{name}' {field} '{a}'")
            }
            other => format!("add dns-domain name '.{}' is-sub-domain false", other.base()),
        };
        let tags: Vec<String> =
            tags.iter().enumerate().map(|(i, t)| format!("tags.{} '{t}'", i + 1)).collect();
        out.push_str(&format!("$MGMT {object} {} comments '{about}'\n", tags.join(" ")));
    }
    out
}
