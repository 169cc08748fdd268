//! Lists that a firewall fetches: one text for each port, and a manifest that names them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::existing::Dialect;
use super::intent::{List, Names};
use super::text::json as render;
use super::{Format, Output, write};
use crate::config::MAX_FILE_BYTES;
use crate::rules::firewalls::Product;

/// Name of the manifest.
pub const MANIFEST: &str = "manifest.json";
/// The value of `schema` in it.
pub const SCHEMA: &str = "clearway.lists/1";

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
        "schema": SCHEMA,
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

/// The lists of a manifest, to be read as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// Every entry with its port.
    pub text: String,
    /// How they are written.
    pub dialect: Dialect,
    /// Which lines are of which file.
    pub about: String,
}

/// Joins the lists that `manifest` names, or those for `port` alone; `read` gives the text of a file beside it.
///
/// # Errors
/// When it is not a manifest of this program (which names each port and each file once), when its lists together are longer
/// than a file may be, and what `read` says.
pub fn joined<E>(
    manifest: &str,
    port: Option<u16>,
    read: impl Fn(&str) -> Result<String, E>,
) -> Result<Joined, Option<E>> {
    let manifest: Value = serde_json::from_str(manifest).map_err(|_| None)?;
    let word = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    if word(&manifest, "schema").as_deref() != Some(SCHEMA) {
        return Err(None);
    }
    let dialect = match word(&manifest, "format").as_deref() {
        Some("plain") => Dialect::Plain,
        Some(f) if f == Format::PaloaltoUrls.as_str() => Dialect::UrlList,
        _ => return Err(None),
    };
    let (mut text, mut about, mut lines) = (String::new(), Vec::new(), 0_usize);
    let (mut files, mut ports): (BTreeSet<String>, BTreeSet<u16>) = Default::default();
    for list in manifest.get("lists").and_then(Value::as_array).ok_or(None)? {
        let of = list.get("port").and_then(Value::as_u64).and_then(|p| u16::try_from(p).ok()).ok_or(None)?;
        // A name alone: a manifest that somebody sent names no file elsewhere.
        let plain = |f: &String| {
            !f.starts_with('.') && f.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        let file = word(list, "file").filter(plain).ok_or(None)?;
        // Each port has one list; a file named again and again would be read as often.
        if !ports.insert(of) || !files.insert(file.to_ascii_lowercase()) {
            return Err(None);
        }
        if port.is_some_and(|p| p != of) {
            continue;
        }
        let first = lines + 1;
        for line in read(&file).map_err(Some)?.lines() {
            text.push_str(&with_port(line, of));
            text.push('\n');
            lines += 1;
            if text.len() as u64 > MAX_FILE_BYTES {
                return Err(None);
            }
        }
        about.push(format!("{first} to {lines} are {file}"));
    }
    Ok(Joined { text, dialect, about: format!("lines {}", about.join(", ")) })
}

/// A line of a list for one port, as one of a list for several.
fn with_port(line: &str, port: u16) -> String {
    let line = line.trim();
    let (host, rest) = line.split_once('/').map_or((line, ""), |(host, _)| (host, &line[host.len()..]));
    match host.parse::<std::net::IpAddr>() {
        _ if host.is_empty() || host.starts_with('#') => line.to_owned(),
        Ok(std::net::IpAddr::V6(address)) => format!("[{address}]:{port}{rest}"),
        _ if host.contains(':') => line.to_owned(),
        _ => format!("{host}:{port}{rest}"),
    }
}

/// The lines of one entry.
fn lines(names: &Names) -> Vec<String> {
    match names {
        Names::Address(a) => vec![a.to_string()],
        named => named.spelled(),
    }
}
