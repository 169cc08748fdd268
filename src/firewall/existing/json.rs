//! JSON documents that are lists: our own list of hosts, and targets of Prometheus.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::access::{Access, Gate, Test};
use super::read::{Dialect, Listed, Listing, Pattern, Unread, pattern};
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
    let value: Value =
        serde_json::from_str(text).map_err(|e| Unread::whole(&format!("it is not JSON: {e}")))?;
    let groups = value.get("groups").and_then(Value::as_array);
    let Some(groups) = groups else {
        return Err(Unread::whole("it has no groups of hosts: no clearway.hosts/1 document"));
    };
    let rows = groups.iter().filter_map(|g| g.get("hosts").and_then(Value::as_array)).flatten();
    Ok(listing(
        Dialect::Hosts,
        text,
        rows.filter(|h| h.get("unbounded").is_none_or(Value::is_null)).map(|h| {
            let host = h.get("host").and_then(Value::as_str).unwrap_or("").to_owned();
            (host, h.get("port").and_then(Value::as_u64).unwrap_or(443))
        }),
    ))
}

/// Reads the targets of a `file_sd_configs` file.
///
/// # Errors
/// When it is not one.
pub(super) fn targets(text: &str) -> Result<Listing, Unread> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| Unread::whole(&format!("it is not JSON: {e}")))?;
    let groups = value.as_array().ok_or_else(|| Unread::whole("it has no targets"))?;
    let all = groups.iter().filter_map(|g| g.get("targets").and_then(Value::as_array)).flatten();
    Ok(listing(
        Dialect::Prometheus,
        text,
        all.filter_map(Value::as_str).map(|target| {
            let bare = target.split_once("://").map_or(target, |(_, rest)| rest);
            let bare = bare.split('/').next().unwrap_or(bare);
            match bare.rsplit_once(':') {
                Some((host, port)) if !port.contains(']') => (host.to_owned(), port.parse().unwrap_or(0)),
                _ => (bare.to_owned(), 443),
            }
        }),
    ))
}

fn listing(dialect: Dialect, text: &str, rows: impl Iterator<Item = (String, u64)>) -> Listing {
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
    for (host, port) in rows {
        let (Ok(found), Ok(port)) = (pattern(&host), u16::try_from(port)) else { continue };
        if port == 0 {
            continue;
        }
        listing.understood += 1;
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
    listing.gates.push(gate);
    listing
}
