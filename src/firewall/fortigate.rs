//! FortiOS: a script of address objects, one address group and one service for each port.

use std::collections::{BTreeMap, BTreeSet};

use super::Sheet;
use super::intent::{Kind, Names};
use super::text::{comments, description, object_name};

/// Bytes of the name of an address object in the oldest release with wildcards in policies.
const NAME: usize = 63;

/// The script.
pub(super) fn script(sheet: &Sheet<'_>) -> String {
    let mut out = comments("#", &sheet.remarks);
    let mut objects: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut groups: BTreeMap<u16, BTreeSet<String>> = BTreeMap::new();
    for placed in &sheet.placed {
        let rule = placed.rule;
        let about = description(&rule.purpose, 200);
        for (label, set) in objects_of(&rule.names) {
            let name = object_name("clearway-", &label, NAME);
            objects.entry(name.clone()).or_insert_with(|| (set, about.clone()));
            groups.entry(rule.port).or_default().insert(name);
        }
    }
    if objects.is_empty() {
        return out;
    }
    out.push_str("config firewall address\n");
    for (name, (set, about)) in &objects {
        out.push_str(&format!("    edit \"{name}\"\n{set}"));
        if !about.is_empty() {
            out.push_str(&format!("        set comment \"{about}\"\n"));
        }
        out.push_str("    next\n");
    }
    out.push_str("end\n");
    if sheet.kind == Kind::Inspection {
        return out;
    }
    out.push_str("config firewall addrgrp\n");
    for (port, names) in &groups {
        let members: Vec<String> = names.iter().map(|n| format!("\"{n}\"")).collect();
        out.push_str(&format!(
            "    edit \"clearway-tcp-{port}\"\n        set member {}\n    next\n",
            members.join(" ")
        ));
    }
    out.push_str("end\nconfig firewall service custom\n");
    for port in groups.keys() {
        out.push_str(&format!(
            "    edit \"clearway-tcp-{port}\"\n        set tcp-portrange {port}\n    next\n"
        ));
    }
    out.push_str("end\n");
    out
}

/// The objects that a rule needs: what each is called after, and its settings.
fn objects_of(names: &Names) -> Vec<(String, String)> {
    let fqdn =
        |label: String, name: &str| (label, format!("        set type fqdn\n        set fqdn \"{name}\"\n"));
    let exact = |n: &str| fqdn(n.to_owned(), n);
    let below = |n: &str| fqdn(format!("wildcard.{n}"), &format!("*.{n}"));
    match names {
        Names::Exact(n) => vec![exact(n)],
        Names::Subdomains(n) => vec![below(n)],
        Names::ApexAndSubdomains(n) => vec![exact(n), below(n)],
        Names::Address(a) => vec![(
            a.to_string(),
            format!("        set type ipmask\n        set subnet {a} 255.255.255.255\n"),
        )],
    }
}
