//! FortiOS: a script of address objects for IPv4 and IPv6, one address group for each need and port, and
//! one service for each port.

use std::collections::{BTreeMap, BTreeSet};

use super::Sheet;
use super::intent::{Kind, Names};
use super::text::{comments, description, object_name};

/// Bytes of the name of an address object in the oldest release with wildcards in policies.
const NAME: usize = 63;
/// Number of the local category of an exemption; 140 to 191 are free for local ones.
const LOCAL_CATEGORY: u16 = 191;

/// An address object: its settings, and what it is for.
type Objects = BTreeMap<String, (String, String)>;

/// The script.
pub(super) fn script(sheet: &Sheet<'_>) -> String {
    let mut out = comments("#", &sheet.remarks);
    let prefix = sheet.name;
    let (mut four, mut six): (Objects, Objects) = (Objects::new(), Objects::new());
    let mut groups: BTreeMap<(bool, String), BTreeSet<String>> = BTreeMap::new();
    let mut ports: BTreeSet<u16> = BTreeSet::new();
    for placed in &sheet.placed {
        let rule = placed.rule;
        let about = description(&rule.purpose, 200);
        ports.insert(rule.port);
        for object in objects_of(&rule.names) {
            let family = if object.six { "v6." } else { "" };
            let name = object_name(&format!("{prefix}-"), &format!("{family}{}", object.label), NAME);
            let (objects, version) = if object.six { (&mut six, "v6-") } else { (&mut four, "") };
            objects.entry(name.clone()).or_insert_with(|| (object.settings, about.clone()));
            let group = format!("{prefix}-{}-{version}tcp-{}", rule.need, rule.port);
            groups.entry((object.six, group)).or_default().insert(name);
        }
    }
    section(&mut out, "address", &four);
    section(&mut out, "address6", &six);
    if sheet.kind == Kind::Inspection {
        if !sheet.placed.is_empty() {
            ratings(&mut out, sheet);
        }
        return out;
    }
    for (is_six, kind) in [(false, "addrgrp"), (true, "addrgrp6")] {
        let mut own = groups.iter().filter(|((six, _), _)| *six == is_six).peekable();
        if own.peek().is_none() {
            continue;
        }
        out.push_str(&format!("config firewall {kind}\n"));
        for ((_, group), names) in own {
            let members: Vec<String> = names.iter().map(|n| format!("\"{n}\"")).collect();
            out.push_str(&format!(
                "    edit \"{group}\"\n        set member {}\n    next\n",
                members.join(" ")
            ));
        }
        out.push_str("end\n");
    }
    if !ports.is_empty() {
        out.push_str("config firewall service custom\n");
        for port in ports {
            out.push_str(&format!(
                "    edit \"{prefix}-tcp-{port}\"\n        set tcp-portrange {port}\n    next\n"
            ));
        }
        out.push_str("end\n");
    }
    out
}

fn section(out: &mut String, kind: &str, objects: &Objects) {
    if objects.is_empty() {
        return;
    }
    out.push_str(&format!("config firewall {kind}\n"));
    for (name, (set, about)) in objects {
        out.push_str(&format!("    edit \"{name}\"\n{set}"));
        if !about.is_empty() {
            out.push_str(&format!("        set comment \"{about}\"\n"));
        }
        out.push_str("    next\n");
    }
    out.push_str("end\n");
}

/// The exemption by name, for proxy-based inspection: a local category that rates these names.
fn ratings(out: &mut String, sheet: &Sheet<'_>) {
    out.push_str(&format!(
        "config webfilter ftgd-local-cat\n    edit \"{}-no-inspection\"\n        set id {LOCAL_CATEGORY}\n    next\nend\n",
        sheet.name
    ));
    out.push_str("config webfilter ftgd-local-rating\n");
    let names: BTreeSet<String> = sheet
        .placed
        .iter()
        .map(|p| match &p.rule.names {
            Names::Address(a) => a.to_string(),
            other => other.base().to_owned(),
        })
        .collect();
    for name in names {
        out.push_str(&format!("    edit \"{name}\"\n        set rating {LOCAL_CATEGORY}\n    next\n"));
    }
    out.push_str("end\n");
}

/// One address object.
#[derive(Clone)]
struct Object {
    six: bool,
    label: String,
    settings: String,
}

/// The objects that a rule needs: a name resolves to both families, and each has a table of its own.
fn objects_of(names: &Names) -> Vec<Object> {
    let fqdn = |label: String, name: &str, wildcard: bool| -> Vec<Object> {
        // A wildcard loses its addresses with the answer's lifetime unless they are kept.
        let cache = if wildcard { "        set cache-ttl 3600\n" } else { "" };
        let settings = format!("        set type fqdn\n        set fqdn \"{name}\"\n");
        vec![
            Object { six: false, label: label.clone(), settings: format!("{settings}{cache}") },
            Object { six: true, label, settings: format!("{settings}{cache}") },
        ]
    };
    let exact = |n: &str| fqdn(n.to_owned(), n, false);
    let below = |n: &str| fqdn(format!("wildcard.{n}"), &format!("*.{n}"), true);
    match names {
        Names::Exact(n) => exact(n),
        Names::Subdomains(n) => below(n),
        Names::ApexAndSubdomains(n) => [exact(n), below(n)].concat(),
        Names::Address(a) if a.is_ipv4() => vec![Object {
            six: false,
            label: a.to_string(),
            settings: format!("        set type ipmask\n        set subnet {a} 255.255.255.255\n"),
        }],
        Names::Address(a) => {
            vec![Object { six: true, label: a.to_string(), settings: format!("        set ip6 {a}/128\n") }]
        }
    }
}
