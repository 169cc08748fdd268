//! Lists that a firewall fetches: one text for each port, and a manifest that names them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::intent::{List, Names};
use super::text::json as render;
use super::{Format, Output, write};
use crate::rules::firewalls::Product;

/// Name of the manifest.
const MANIFEST: &str = "manifest.json";

/// Texts by the names of their files, the manifest last, and everything that must be said about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosted {
    /// Name and text of each file.
    pub files: Vec<(String, String)>,
    /// What [`write`] says of the lists; its text is empty.
    pub said: Output,
}

/// Writes the lists of `list`: as the URL patterns of PAN-OS, or as plain names without a product.
///
/// # Errors
/// When the list is incomplete, which bare lines cannot say.
pub fn lists(list: &List, product: Option<(Format, &Product)>) -> Result<Hosted, String> {
    if !list.incomplete.is_empty() {
        return Err(
            "a hosted list has no place for a mark, so an incomplete one is not written: correct the configuration".into(),
        );
    }
    let mut said = Output {
        text: String::new(),
        widened: Vec::new(),
        unsupported: Vec::new(),
        steps: Vec::new(),
        gone: Vec::new(),
    };
    let ports: BTreeSet<u16> = list.rules.iter().map(|r| r.port).collect();
    let (mut files, mut rows): (Vec<(String, String)>, Vec<Value>) = (Vec::new(), Vec::new());
    for port in ports {
        let rules: Vec<_> = list.rules.iter().filter(|r| r.port == port).cloned().collect();
        let needs: BTreeSet<String> = rules.iter().map(|r| r.need.to_string()).collect();
        let text = match product {
            Some((format, product)) => {
                let output = write(format, &List { port, rules, ..list.clone() }, product)?;
                said.widened.extend(output.widened);
                said.unsupported.extend(output.unsupported);
                said.steps = output.steps;
                output.text
            }
            None => {
                let all: BTreeSet<String> = rules.iter().flat_map(|r| lines(&r.names)).collect();
                all.into_iter().map(|l| l + "\n").collect()
            }
        };
        if text.is_empty() {
            continue;
        }
        let file = format!("{}-{port}.txt", list.name);
        rows.push(json!({
            "file": file, "port": port, "entries": text.lines().count(), "bytes": text.len(), "needs": needs,
        }));
        files.push((file, text));
    }
    let manifest = json!({
        "schema": "clearway.lists/1",
        "clearway": env!("CARGO_PKG_VERSION"),
        "format": product.map_or("plain", |(format, _)| format.as_str()),
        "name": list.name,
        "about": list.head,
        "lists": rows,
    });
    // Last: a manifest names no list that is not there.
    files.push((MANIFEST.into(), render(&manifest)));
    Ok(Hosted { files, said })
}

/// The lines of one entry.
fn lines(names: &Names) -> Vec<String> {
    match names {
        Names::Address(a) => vec![a.to_string()],
        named => named.spelled(),
    }
}
