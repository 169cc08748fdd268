//! JSON documents that are lists: our own list of hosts, and targets of Prometheus.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::access::{Access, Gate, Test};
use super::build::json;
use super::read::{Dialect, Ignored, Listed, Listing, Pattern, Unread, pattern};
use super::said::{self, Transport};
use super::{objects, terraform};

/// What a JSON text is, where it is a list.
pub(super) fn kind(text: &str) -> Option<Dialect> {
    let value: Value = serde_json::from_str(text).ok()?;
    if value.get("schema").and_then(Value::as_str) == Some("clearway.hosts/1") {
        return Some(Dialect::Hosts);
    }
    let is_targets =
        value.as_array().is_some_and(|a| !a.is_empty() && a.iter().all(|e| e.get("targets").is_some()));
    if is_targets {
        return Some(Dialect::Prometheus);
    }
    let of_type = |list: Option<&Value>, key: &str, mark: &str| {
        let values = match list {
            Some(Value::Array(all)) => all.iter().collect::<Vec<_>>(),
            Some(Value::Object(all)) => all.values().collect(),
            _ => Vec::new(),
        };
        values.iter().any(|r| {
            r.get(key).and_then(Value::as_str).is_some_and(|t| t.to_ascii_lowercase().starts_with(mark))
        })
    };
    if of_type(value.get("resources"), "type", "microsoft.network/") {
        return Some(Dialect::Azure);
    }
    if of_type(value.get("Resources"), "Type", "aws::networkfirewall::") {
        return Some(Dialect::AwsTemplate);
    }
    terraform::kind(&value).or_else(|| objects::kind(&value))
}

/// Reads a `clearway.hosts/1` document.
///
/// # Errors
/// When it is not one.
pub(super) fn hosts(text: &str) -> Result<Listing, Unread> {
    let value = json(text)?;
    let groups = value.get("groups").and_then(Value::as_array);
    let Some(groups) = groups else {
        return Err(Unread::whole("it has no groups of hosts: no clearway.hosts/1 document"));
    };
    let own = |object: &Value, known: &[&str]| object.as_object().and_then(|members| denied(members, known));
    let of_file = own(&value, &OF_FILE);
    let rows = groups.iter().flat_map(|group| {
        let above = of_file.clone().or_else(|| own(group, &["feature", "title", "hosts"]));
        let hosts = group.get("hosts").and_then(Value::as_array).into_iter().flatten();
        hosts.map(move |host| (host, above.clone()))
    });
    Ok(listing(
        Dialect::Hosts,
        text,
        rows.filter(|(h, _)| h.get("unbounded").is_none_or(Value::is_null)).map(|(h, above)| {
            let host = h.get("host").and_then(Value::as_str).unwrap_or("").to_owned();
            let transport = h.get("transport").and_then(Value::as_str).unwrap_or("");
            let why = match said::transport(transport) {
                Transport::Tcp => above.or_else(|| own(h, &OF_ROW)),
                _ => Some(format!("the transport `{transport}` is not compared")),
            };
            Row { host, port: h.get("port").and_then(Value::as_u64).unwrap_or(443), doubt: why }
        }),
    ))
}

/// Members of the document, and of a row of it, that tell what a host is for.
const OF_FILE: [&str; 9] = [
    "schema",
    "notes",
    "lint",
    "inputs",
    "groups",
    "loopback",
    "unrestricted",
    "governs",
    "platform_assumed",
];
const OF_ROW: [&str; 12] = [
    "host",
    "port",
    "transport",
    "need",
    "actors",
    "purpose",
    "breaks",
    "confidence",
    "network",
    "unbounded",
    "fixed_networks",
    "reasons",
];

/// The first member that says that a host is not let through, where it is none of those that are known.
fn denied(members: &serde_json::Map<String, Value>, known: &[&str]) -> Option<String> {
    let says_no = |key: &str, value: &Value| {
        let is_against = said::denies(key) || said::asks_against(key);
        match value {
            Value::Bool(holds) => *holds == is_against && (is_against || !said::is_harmless(key)),
            Value::String(text) if is_against => !said::is_negative(text),
            Value::String(text) => said::denies(text) || said::is_no(text) && !said::is_harmless(key),
            _ => false,
        }
    };
    let found = members.iter().find(|(key, value)| !known.contains(&key.as_str()) && says_no(key, value));
    found.map(|(key, _)| format!("its member `{key}` says that it is not let through"))
}

/// A host of a document, and why it may not be let through.
struct Row {
    host: String,
    port: u64,
    doubt: Option<String>,
}

/// Reads the targets of a `file_sd_configs` file.
///
/// # Errors
/// When it is not one.
pub(super) fn targets(text: &str) -> Result<Listing, Unread> {
    let value = json(text)?;
    let groups = value.as_array().ok_or_else(|| Unread::whole("it has no targets"))?;
    let all = groups.iter().flat_map(|group| {
        let of_labels = group.get("labels").and_then(Value::as_object).and_then(|l| denied(l, &LABELS));
        let why = of_labels.or_else(|| denied(group.as_object()?, &[]));
        let targets = group.get("targets").and_then(Value::as_array).into_iter().flatten();
        targets.filter_map(Value::as_str).map(move |target| (target, why.clone()))
    });
    Ok(listing(
        Dialect::Prometheus,
        text,
        all.map(|(target, doubt)| {
            let bare = target.split_once("://").map_or(target, |(_, rest)| rest);
            let bare = bare.split('/').next().unwrap_or(bare);
            let (host, port) = match bare.rsplit_once(':') {
                Some((host, port)) if !port.contains(']') => (host.to_owned(), port.parse().unwrap_or(0)),
                _ => (bare.to_owned(), 443),
            };
            Row { host, port, doubt }
        }),
    ))
}

/// Labels that tell what a host is for.
const LABELS: [&str; 4] = ["need", "feature", "purpose", "network"];

fn listing(dialect: Dialect, text: &str, rows: impl Iterator<Item = Row>) -> Listing {
    let mut listing = Listing::new(dialect);
    let mut gate = Gate::default();
    // Where each host stands first, with or without a port.
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (line, raw) in (1..).zip(text.lines()) {
        for quoted in raw.split('"').skip(1).step_by(2) {
            places.entry(quoted).or_insert(line);
            let bare = quoted.split_once("://").map_or(quoted, |(_, rest)| rest);
            let bare = bare.split('/').next().unwrap_or(bare);
            places.entry(bare.rsplit_once(':').map_or(bare, |(host, _)| host)).or_insert(line);
        }
    }
    let mut known: HashSet<(Pattern, u16)> = HashSet::new();
    for Row { host, port, doubt } in rows {
        let (Ok(found), Ok(port)) = (pattern(&host), u16::try_from(port)) else { continue };
        if port == 0 {
            continue;
        }
        listing.understood += 1;
        if let Some(reason) = doubt {
            let line = places.get(host.as_str()).copied().unwrap_or(1);
            let odd = Ignored::new(line, &host, &reason);
            for allows in [false, true] {
                let tests = vec![Test::Names(found.clone()), Test::Unknown(odd.clone())];
                gate.lines.push(Access { line, text: host.clone(), allows, tests });
            }
            listing.strange.push(odd);
            continue;
        }
        if !known.insert((found.clone(), port)) {
            continue;
        }
        let line = places.get(host.as_str()).copied().unwrap_or(1);
        let ports = vec![(port, port)];
        let index = listing.add(Listed { ports: ports.clone(), ..Listed::line(line, &host, found) });
        let literal = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
        let kind = if literal { Test::Literal } else { Test::Literal.negated() };
        let tests = vec![Test::Entries(vec![index]), Test::Ports(ports), kind];
        gate.lines.push(Access { line, text: host, allows: true, tests });
    }
    // No order is promised, so what is taken away comes first.
    gate.lines.sort_by_key(|line| line.allows);
    listing.gates.push(gate);
    listing
}
