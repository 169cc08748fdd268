//! A PAC file in the JavaScript of 1999, which every engine still reads: no dependency on the
//! helper functions, and none that would look up a name.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Sheet;
use super::intent::{NAME, Names};
use super::text::comments;
use crate::contract::Network;

/// The functions below the tables.
const BODY: &str = r#"
function clearwayPort(url) {
  var scheme = url.substring(0, url.indexOf(":")).toLowerCase();
  var rest = url.substring(url.indexOf("://") + 3);
  var authority = rest.split(/[\/?#]/)[0];
  var port = /:([0-9]+)$/.exec(authority.substring(authority.indexOf("]") + 1));
  return port ? port[1] : scheme === "http" || scheme === "ws" ? "80" : "443";
}

function FindProxyForURL(url, host) {
  var port = clearwayPort(url);
  var name = host.toLowerCase().replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (Object.prototype.hasOwnProperty.call(CLEARWAY_EXACT, name + " " + port)) return CLEARWAY_PROXY;
  for (var at = name.indexOf("."); at >= 0; at = name.indexOf(".", at + 1)) {
    var below = name.substring(at + 1) + " " + port;
    if (at > 0 && Object.prototype.hasOwnProperty.call(CLEARWAY_BELOW, below)) return CLEARWAY_PROXY;
  }
  return "DIRECT";
}
"#;

/// The file.
pub(super) fn script(sheet: &Sheet<'_>) -> String {
    let mut exact: BTreeSet<String> = BTreeSet::new();
    let mut below: BTreeSet<String> = BTreeSet::new();
    for placed in &sheet.placed {
        let rule = placed.rule;
        if rule.network == Network::Internal {
            continue;
        }
        let key = |name: &str| format!("{name} {}", rule.port);
        match &rule.names {
            Names::Exact(n) => {
                exact.insert(key(n));
            }
            Names::Subdomains(n) => {
                below.insert(key(n));
            }
            Names::ApexAndSubdomains(n) => {
                exact.insert(key(n));
                below.insert(key(n));
            }
            Names::Address(a) => {
                exact.insert(key(&a.to_string()));
            }
        }
    }
    let mut out = comments("//", &sheet.remarks);
    out.push_str("var CLEARWAY_PROXY = \"PROXY fill-in.invalid:3128\";\n");
    table(&mut out, "CLEARWAY_EXACT", &exact);
    table(&mut out, "CLEARWAY_BELOW", &below);
    out.push_str(BODY);
    if sheet.name == NAME {
        return out;
    }
    // Only the variables and functions: a host may be called so too.
    let identifier = sheet.name.replace('-', "_");
    ["CLEARWAY_PROXY", "CLEARWAY_EXACT", "CLEARWAY_BELOW", "clearwayPort"].iter().fold(out, |text, own| {
        let new = match own.strip_prefix("CLEARWAY") {
            Some(rest) => format!("{}{rest}", identifier.to_ascii_uppercase()),
            None => format!("{identifier}Port"),
        };
        text.replace(own, &new)
    })
}

/// The keys of both tables of a file that [`script`] wrote, without its comments; nothing for any other.
pub(super) fn tables(code: &str) -> Option<(Vec<String>, Vec<String>)> {
    let rest = code.strip_prefix("var ")?;
    let (variable, rest) = rest.split_once("_PROXY = \"")?;
    let (_, rest) = rest.split_once("\";\n")?;
    let keys = |rest: &str, name: &str| -> Option<(Vec<String>, String)> {
        let rest = rest.strip_prefix(&format!("var {variable}_{name} = "))?;
        let (object, rest) = rest.split_once(";\n")?;
        let object: serde_json::Map<String, Value> = serde_json::from_str(object).ok()?;
        object
            .values()
            .all(|v| *v == Value::Bool(true))
            .then(|| (object.keys().cloned().collect(), rest.to_owned()))
    };
    let (exact, rest) = keys(rest, "EXACT")?;
    let (below, rest) = keys(&rest, "BELOW")?;
    // The functions, with the names that the list gives them.
    let body = BODY.replace("CLEARWAY_", &format!("{variable}_"));
    let own =
        rest.split_once("function ").and_then(|(_, r)| r.split_once("Port(")).map(|(n, _)| n.to_owned())?;
    (rest == body.replace("clearwayPort", &format!("{own}Port"))).then_some((exact, below))
}

fn table(out: &mut String, name: &str, keys: &BTreeSet<String>) {
    let rows: Vec<String> = keys.iter().map(|k| format!("  {}: true", Value::from(k.as_str()))).collect();
    out.push_str(&format!("var {name} = {{\n{}\n}};\n", rows.join(",\n")));
}
