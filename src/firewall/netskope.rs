//! Netskope: the entries of a URL list, as lines that the console imports, and as the body of the call that makes the list.

use std::collections::BTreeSet;

use serde_json::json;

use super::Sheet;
use super::intent::Names;
use super::text::{comments, json as render};

/// Lines with remarks.
pub(super) fn lines(sheet: &Sheet<'_>) -> String {
    let mut out = comments("#", &sheet.remarks);
    for entry in entries(sheet) {
        out.push_str(&entry);
        out.push('\n');
    }
    out
}

/// The body of `POST /api/v2/policy/urllist`.
pub(super) fn body(sheet: &Sheet<'_>) -> String {
    render(&json!({ "name": sheet.name, "data": { "urls": entries(sheet), "type": "exact" } }))
}

/// An entry always names its port: without one it stands for 80 and for 443.
fn entries(sheet: &Sheet<'_>) -> BTreeSet<String> {
    let mut entries = BTreeSet::new();
    for placed in &sheet.placed {
        let port = placed.rule.port;
        entries.insert(match &placed.rule.names {
            Names::Exact(n) => format!("{n}:{port}"),
            // The wildcard stands for the bare name too.
            Names::Subdomains(n) | Names::ApexAndSubdomains(n) => format!("*.{n}:{port}"),
            Names::Address(a) => format!("{a}:{port}"),
        });
    }
    entries
}
