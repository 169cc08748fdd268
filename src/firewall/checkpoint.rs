//! Check Point: a shell script of management API calls that make domain objects in FQDN mode, and
//! application sites for wildcards and for the exemption from HTTPS inspection. Running it again changes nothing: what exists is set, not added.

use std::collections::{BTreeMap, BTreeSet};

use super::Sheet;
use super::intent::{Kind, Names};
use super::text::{comments, description, object_name};

/// Adds an object, or sets the one of that name.
pub(super) const PUT: &str = r#"put() {
  kind=$1
  name=$2
  shift 2
  if $MGMT show "$kind" name "$name" >/dev/null 2>&1; then
    $MGMT set "$kind" name "$name" "$@"
  else
    $MGMT add "$kind" name "$name" "$@"
  fi
}
"#;

/// How the program is called, unless the caller says otherwise.
pub(super) const MGMT: &str = "MGMT=\"${MGMT:-mgmt_cli -s id.txt}\"\n";

/// The script.
pub(super) fn script(sheet: &Sheet<'_>) -> String {
    let prefix = sheet.name;
    let mut out = String::from("#!/bin/sh\n");
    out.push_str(&comments("#", &sheet.remarks));
    out.push_str("set -eu\n");
    out.push_str(MGMT);
    out.push_str(PUT);
    let mut objects: BTreeMap<&Names, (BTreeSet<String>, String)> = BTreeMap::new();
    let mut ports: BTreeSet<u16> = BTreeSet::new();
    for placed in &sheet.placed {
        let rule = placed.rule;
        let object = objects.entry(&rule.names).or_default();
        object.0.insert(match sheet.kind {
            Kind::Allow => format!("{prefix}-{}-tcp-{}", rule.need, rule.port),
            Kind::Inspection => format!("{prefix}-no-inspection"),
        });
        object.1 = description(&rule.purpose, 200);
        if sheet.kind == Kind::Allow {
            ports.insert(rule.port);
        }
    }
    for port in ports {
        // Another service of this port is no reason to stop.
        out.push_str(&format!("put service-tcp '{prefix}-tcp-{port}' port '{port}' ignore-warnings true\n"));
    }
    for (names, (tags, about)) in objects {
        let tags: Vec<String> =
            tags.iter().enumerate().map(|(i, t)| format!("tags.{} '{t}'", i + 1)).collect();
        for object in commands(sheet.kind, prefix, names) {
            out.push_str(&format!("put {object} {} comments '{about}'\n", tags.join(" ")));
        }
    }
    out
}

fn commands(kind: Kind, prefix: &str, names: &Names) -> Vec<String> {
    // Anchored at both ends, or names that merely end in it would match too.
    let matching = |name: String, labels: &str, n: &str| {
        let url = format!("^https?://{labels}{}(:[0-9]+)?(/.*)?$", n.replace('.', "\\."));
        format!(
            "application-site '{name}' primary-category 'Custom_Application_Site' url-list.1 '{url}' \
             urls-defined-as-regular-expression true"
        )
    };
    let site = |n: &str| {
        matching(object_name(&format!("{prefix}-"), &format!("below.{n}"), 63), "([a-zA-Z0-9_-]+\\.)+", n)
    };
    let domain = |n: &str| match kind {
        Kind::Allow => format!("dns-domain '.{n}' is-sub-domain false"),
        // A domain object matches by address: every name on it would be exempt.
        Kind::Inspection => matching(object_name(&format!("{prefix}-"), n, 63), "", n),
    };
    match names {
        Names::Address(a) => {
            let field = if a.is_ipv4() { "ip-address" } else { "ipv6-address" };
            let name = object_name(&format!("{prefix}-"), &a.to_string(), 63);
            vec![format!("host '{name}' {field} '{a}'")]
        }
        Names::Exact(n) => vec![domain(n)],
        Names::Subdomains(n) => vec![site(n)],
        Names::ApexAndSubdomains(n) => vec![domain(n), site(n)],
    }
}
