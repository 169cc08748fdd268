//! Tables with a column of hosts.

use std::net::IpAddr;

use super::access::{Access, Gate, Test};
use super::lines::{doubt, entry};
use super::read::{Dialect, Ignored, Listed, Listing, Unread, brief};
use super::said::{self, Cell};

/// The separator of a table whose first row has a column of hosts.
fn header(text: &str) -> Option<(char, Vec<String>)> {
    let first = text.lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with('#'))?;
    [',', ';', '\t'].into_iter().find_map(|separator| {
        let cells: Vec<String> = row(first, separator).iter().map(|c| c.to_ascii_lowercase()).collect();
        let words = cells.iter().all(|c| !c.contains(['.', '/', ':']));
        (cells.len() > 1 && words && cells.iter().any(|c| HOST.contains(&c.as_str())))
            .then_some((separator, cells))
    })
}

const HOST: [&str; 12] = [
    "host",
    "hostname",
    "host name",
    "fqdn",
    "domain",
    "domain name",
    "destination",
    "destination host",
    "name",
    "url",
    "entry",
    "server",
];
const PORT: [&str; 6] = ["port", "ports", "destination port", "dport", "dst port", "tcp port"];
const ACTION: [&str; 12] = [
    "action",
    "verdict",
    "decision",
    "policy",
    "access",
    "allow",
    "allowed",
    "permit",
    "permitted",
    "approved",
    "result",
    "approval",
];
const STATE: [&str; 4] = ["enabled", "status", "active", "state"];
const PROTOCOL: [&str; 5] = ["proto", "protocol", "ip protocol", "transport", "service"];

/// The columns of the table that Clearway writes. It tells what a host is for and what happens when it is blocked, so that
/// the words of its cells say nothing about what a firewall does.
pub const OWN_COLUMNS: [&str; 20] = [
    "host",
    "port",
    "transport",
    "network",
    "need",
    "feature",
    "title",
    "actors",
    "purpose",
    "breaks",
    "removed_by",
    "confidence",
    "rules",
    "keys",
    "configs",
    "source",
    "unbounded",
    "incomplete",
    "sends",
    "documents",
];

/// What the cells of several columns of one kind say together; an error where they do not agree.
fn together<'a>(
    kind: &str,
    cells: impl Iterator<Item = &'a str>,
    of: fn(&str) -> Cell,
) -> Result<Option<bool>, String> {
    let mut found = None;
    for cell in cells {
        let says = match of(cell) {
            Cell::Empty => continue,
            Cell::Unknown => return Err(format!("the {kind} `{cell}` is not known")),
            Cell::Allows => true,
            Cell::Denies => false,
        };
        if found.is_some_and(|before| before != says) {
            return Err(format!("its columns do not agree about the {kind}"));
        }
        found = Some(says);
    }
    Ok(found)
}

/// Whether a column says until when a row holds.
fn is_end(name: &str) -> bool {
    name.contains("expir") || ["until", "valid until", "valid to", "end", "end date"].contains(&name)
}

/// Whether a text is a table with a column of hosts.
pub(super) fn has_header(text: &str) -> bool {
    header(text).is_some()
}

fn row(line: &str, separator: char) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            c if c == separator && !quoted => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            c => cell.push(c),
        }
    }
    cells.push(cell.trim().to_owned());
    cells
}

/// Reads a table with a column of hosts.
///
/// # Errors
/// When no column is called so.
pub(super) fn read(text: &str) -> Result<Listing, Unread> {
    let Some((separator, head)) = header(text) else {
        return Err(Unread::whole(
            "no column is called host, fqdn, domain, destination or url in the first row; name the column so, or give the \
             list as lines",
        ));
    };
    let column = |names: &[&str]| names.iter().find_map(|name| head.iter().position(|cell| cell == name));
    let (host, port) = (column(&HOST), column(&PORT));
    let protocol = column(&PROTOCOL);
    let columns = |names: &[&str]| -> Vec<usize> {
        let bare = |cell: &str| {
            let cell = cell.trim_end_matches(['?', ' ']);
            names.contains(&cell.strip_prefix("is ").unwrap_or(cell))
        };
        (0..head.len())
            .filter(|at| Some(*at) != host && head.get(*at).is_some_and(|cell| bare(cell)))
            .collect()
    };
    let (actions, states) = (columns(&ACTION), columns(&STATE));
    let own = if head.starts_with(&OWN_COLUMNS.map(str::to_owned)) { OWN_COLUMNS.len() } else { 0 };
    let mut listing = Listing::new(Dialect::Csv);
    let mut gate = Gate::default();
    let mut first = true;
    for (line, raw) in (1..).zip(text.lines()) {
        let trimmed = raw.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if std::mem::take(&mut first) {
            continue;
        }
        let cells = row(raw, separator);
        let cell = |at: Option<usize>| at.and_then(|i| cells.get(i)).map_or("", String::as_str);
        let lower = |at: Option<usize>| cell(at).to_ascii_lowercase();
        // A cell that a spreadsheet would take for a formula has an apostrophe before it.
        let word = cell(host).strip_prefix('\'').unwrap_or(cell(host)).to_owned();
        if word.is_empty() {
            // A row about something without a host: our own tables have one for what nobody can list.
            continue;
        }
        let values = |at: &usize| cells.get(*at).map(String::as_str);
        match together("state", states.iter().filter_map(values), said::state) {
            Ok(None | Some(true)) => {}
            Ok(Some(false)) => {
                listing.understood += 1;
                listing.ignored.push(Ignored::new(line, trimmed, "this row is switched off"));
                continue;
            }
            Err(reason) => {
                doubt(&mut listing, &mut gate, Ignored::new(line, trimmed, &reason));
                continue;
            }
        }
        if ["udp", "icmp"].contains(&lower(protocol).as_str()) {
            listing.understood += 1;
            listing.ignored.push(Ignored::new(line, trimmed, "this row is not about TCP"));
            continue;
        }
        let allows = match together("action", actions.iter().filter_map(values), said::action) {
            Ok(says) => says.unwrap_or(true),
            Err(reason) => {
                doubt(&mut listing, &mut gate, Ignored::new(line, trimmed, &reason));
                continue;
            }
        };
        // A column that is called otherwise may say it, too.
        let is_read = |at: usize| {
            [host, port, protocol].contains(&Some(at)) || actions.contains(&at) || states.contains(&at)
        };
        let mut others = cells.iter().enumerate().filter(|(at, _)| !is_read(*at) && *at >= own);
        let takes_away = |at: usize, cell: &str| {
            let name = head.get(at).map_or("", String::as_str);
            said::denies(cell) || (said::denies(name) && !is_end(name) && !said::is_negative(cell))
        };
        if let Some((at, said)) = others.find(|(at, cell)| allows && takes_away(*at, cell)) {
            let name = head.get(at).map_or("without a heading", String::as_str);
            let reason = format!("a column that is not read ({name}) says `{said}`");
            doubt(&mut listing, &mut gate, Ignored::new(line, trimmed, &reason));
            continue;
        }
        match (entry(&word, Dialect::Csv), ranges(cell(port))) {
            (Ok(found), Ok(own)) => {
                listing.understood += 1;
                let ports = match (found.port, own) {
                    (Some(port), _) => vec![(port, port)],
                    (None, Some(own)) => own,
                    (None, None) if found.scheme == Some("http") => vec![(80, 80)],
                    (None, None) => vec![(443, 443)],
                };
                let listed = Listed { ports: ports.clone(), ..Listed::line(line, &word, found.pattern) };
                let index = listing.add(listed);
                let mut tests = vec![Test::Entries(vec![index])];
                if word.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
                    tests.push(Test::Literal);
                }
                if !ports.is_empty() {
                    tests.push(Test::Ports(ports.clone()));
                }
                for (name, date) in
                    head.iter().zip(&cells).filter(|(name, date)| is_end(name) && !date.is_empty())
                {
                    tests.push(Test::Other(format!("the date in the column {name} ({date})")));
                }
                if let Some((meant, reason)) = found.doubt.filter(|_| allows) {
                    let mut doubtful = tests.clone();
                    doubtful.retain(|t| !matches!(t, Test::Entries(_)));
                    doubtful.push(Test::Names(meant));
                    doubtful.push(Test::Unknown(Ignored::new(line, trimmed, &reason)));
                    gate.lines.push(Access { line, text: brief(trimmed), allows, tests: doubtful });
                }
                let access = Access { line, text: brief(trimmed), allows, tests };
                gate.lines.push(access);
            }
            (Err(reason), _) | (_, Err(reason)) => {
                doubt(&mut listing, &mut gate, Ignored::new(line, trimmed, &reason));
            }
        }
    }
    // No order is promised, so what is taken away comes first.
    gate.lines.sort_by_key(|line| line.allows);
    listing.gates.push(gate);
    Ok(listing)
}

/// `443`, `80, 443`, `8000-8100`, `tcp/443`, `any`; nothing where the cell is empty.
fn ranges(text: &str) -> Result<Option<Vec<(u16, u16)>>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if ["any", "*", "all"].contains(&text.to_ascii_lowercase().as_str()) {
        return Ok(Some(Vec::new()));
    }
    let mut found = Vec::new();
    for part in text.split([',', ';', ' ', '+']).filter(|p| !p.is_empty()) {
        let lower = part.to_ascii_lowercase();
        let bare = lower.trim_start_matches("tcp/").trim_start_matches("tcp:").trim_end_matches("/tcp");
        let (from, to) = bare.split_once('-').unwrap_or((bare, bare));
        match (from.parse::<u16>(), to.parse::<u16>()) {
            (Ok(from), Ok(to)) if from > 0 && from <= to => found.push((from, to)),
            _ => return Err(format!("`{part}` is not a port")),
        }
    }
    Ok(Some(found))
}
