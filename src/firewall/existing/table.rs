//! Tables with a column of hosts.

use std::net::IpAddr;

use super::access::{Access, Gate, Test};
use super::lines::{Above, DENIED, beside, doubt_of, entry, own_remarks, remark};
use super::quote;
use super::read::{Dialect, Ignored, Listed, Listing, Pattern, Unread, brief, network};
use super::said::{self, Cell, Transport};
use crate::text::token::HIDDEN;

/// The separator of a table whose first row has a column of hosts.
fn header(text: &str) -> Option<(char, Vec<String>)> {
    let first = text.lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with('#'))?;
    [',', ';', '\t'].into_iter().find_map(|separator| {
        let cells: Vec<String> = row(first, separator).iter().map(|c| c.to_ascii_lowercase()).collect();
        let words = cells.iter().all(|c| !c.contains(['.', ':']) && !c.contains("//"));
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
const ACTION: [&str; 20] = [
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
    "open",
    "opened",
    "effect",
    "disposition",
    "whitelisted",
    "allowlisted",
    "rule action",
    "approval decision",
];
const STATE: [&str; 12] = [
    "enabled",
    "status",
    "active",
    "state",
    "live",
    "in use",
    "in production",
    "implemented",
    "deployed",
    "reachable",
    "works",
    "working",
];
const PROTOCOL: [&str; 6] = ["proto", "protocol", "ip protocol", "transport", "l4 protocol", "layer 4"];
/// Columns that name a transport or something else: what is not known there says nothing.
const SERVICE: [&str; 4] = ["service", "services", "application", "app"];
const DIRECTION: [&str; 4] = ["direction", "dir", "flow", "traffic direction"];
const SOURCE: [&str; 8] =
    ["source", "src", "from", "source ip", "source address", "source network", "src ip", "source zone"];

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
    let columns = |names: &[&str]| -> Vec<usize> {
        let is_one = |cell: &str| {
            let bare = cell.trim_end_matches(['?', ' ']);
            let bare = bare.strip_prefix("is ").unwrap_or(bare);
            names.contains(&bare) || names.contains(&said::heading(bare).as_str())
        };
        (0..head.len())
            .filter(|at| Some(*at) != host && head.get(*at).is_some_and(|cell| is_one(cell)))
            .collect()
    };
    let (mut actions, states) = (columns(&ACTION), columns(&STATE));
    actions.extend(
        (0..head.len()).filter(|at| Some(*at) != host && head.get(*at).is_some_and(|h| said::is_choice(h))),
    );
    let (protocols, services) = (columns(&PROTOCOL), columns(&SERVICE));
    let (directions, sources, ports_too) = (columns(&DIRECTION), columns(&SOURCE), columns(&PORT));
    let own_columns = if head.starts_with(&OWN_COLUMNS.map(str::to_owned)) { OWN_COLUMNS.len() } else { 0 };
    let rows = rows(text, separator)?;
    // Where a column says it for others, an empty cell of it does not say that a host is let through.
    let is_used = |columns: &[usize]| {
        let filled =
            |row: &Row<'_>| columns.iter().any(|at| row.cells.get(*at).is_some_and(|c| !c.is_empty()));
        rows.iter().skip(1).any(|row| row.remark.is_none() && filled(row))
    };
    let (says_action, says_state) = (is_used(&actions), is_used(&states));
    let mut listing = Listing::new(Dialect::Csv);
    let mut gate = Gate::default();
    let mut above = Above::Nothing;
    let is_own = own_remarks(text);
    let mut first = true;
    for Row { line, raw, cells, remark } in &rows {
        let (line, raw) = (*line, raw.as_ref());
        if let Some(remark) = remark {
            if !is_own(line, raw) {
                above = above.after(&beside(remark).0, true);
            }
            continue;
        }
        if std::mem::take(&mut first) {
            continue;
        }
        let cell = |at: Option<usize>| at.and_then(|i| cells.get(i)).map_or("", String::as_str);
        let mut filled = cells.iter().filter(|c| !c.is_empty());
        if let (Some(alone), None, true) = (filled.next(), filled.next(), head.len() > 1) {
            let (words, has_host) = beside(alone);
            if !has_host {
                // A heading between rows.
                above = above.after(&words, false);
            }
        }
        // A cell that a spreadsheet would take for a formula has an apostrophe before it.
        let word = cell(host).strip_prefix('\'').unwrap_or(cell(host)).to_owned();
        // A rule for every host, as firewalls export it.
        let is_every = |word: &str| ["any", "all"].contains(&word.to_ascii_lowercase().as_str());
        if word.is_empty() {
            // A row about something without a host: our own tables have one for what nobody can list.
            continue;
        }
        if let Above::Remark { used } = &mut above {
            *used = true;
        }
        let values = |at: &usize| cells.get(*at).map(String::as_str);
        // Of a row only the columns that are read are quoted: the others may hold anything.
        let quoted = (0..cells.len())
            .filter(|at| [host, port].contains(&Some(*at)) || actions.contains(at) || states.contains(at))
            .filter_map(|at| values(&at))
            .collect::<Vec<_>>()
            .join(",");
        let trimmed = quoted.as_str();
        if above != Above::Nothing {
            doubt_of(&mut listing, &mut gate, (raw, trimmed), line, DENIED);
            continue;
        }
        match together("state", states.iter().filter_map(values), said::state) {
            Ok(None) if says_state => {
                doubt_of(
                    &mut listing,
                    &mut gate,
                    (raw, trimmed),
                    line,
                    "other rows say their state, and this one does not",
                );
                continue;
            }
            Ok(None | Some(true)) => {}
            Ok(Some(false)) => {
                listing.understood += 1;
                listing.ignored.push(Ignored::new(line, trimmed, "this row is switched off"));
                continue;
            }
            Err(reason) => {
                doubt_of(&mut listing, &mut gate, (raw, trimmed), line, &reason);
                continue;
            }
        }
        let transports = |columns: &[usize]| -> Vec<Transport> {
            columns.iter().filter_map(values).map(said::transport).collect()
        };
        let (strict, loose) = (transports(&protocols), transports(&services));
        if strict.iter().chain(&loose).any(|t| *t == Transport::Other) {
            listing.understood += 1;
            listing.ignored.push(Ignored::new(line, trimmed, "this row is not about TCP"));
            continue;
        }
        if own_columns == 0 && strict.contains(&Transport::Unknown) {
            doubt_of(&mut listing, &mut gate, (raw, trimmed), line, "its protocol is not known");
            continue;
        }
        let allows = match together("action", actions.iter().filter_map(values), said::action) {
            Ok(None) if says_action => {
                doubt_of(
                    &mut listing,
                    &mut gate,
                    (raw, trimmed),
                    line,
                    "other rows say what is done with them, and this one does not",
                );
                continue;
            }
            Ok(says) => says.unwrap_or(true),
            Err(reason) => {
                doubt_of(&mut listing, &mut gate, (raw, trimmed), line, &reason);
                continue;
            }
        };
        // A column that is called otherwise may say it, too.
        let is_read = |at: usize| {
            [host, port].contains(&Some(at))
                || [&actions, &states, &protocols].iter().any(|all| all.contains(&at))
        };
        let mut others = cells.iter().enumerate().filter(|(at, _)| !is_read(*at) && *at >= own_columns);
        let takes_away = |at: usize, cell: &str| {
            let name = head.get(at).map_or("", String::as_str);
            if said::denies(cell) {
                return true;
            }
            if ports_too.contains(&at) {
                return !cell.is_empty() && cell != self::cell(cells, port);
            }
            if directions.contains(&at) {
                let out = ["", "out", "outbound", "outgoing", "egress", "both", "any", "bidirectional", "-"];
                return !out.contains(&cell.to_lowercase().as_str());
            }
            if said::is_date(name) {
                return false;
            }
            // Something stands against the row where it is filled in.
            let is_against = said::denies(name) || said::asks_against(name);
            if is_against && !said::is_negative(cell) {
                return true;
            }
            // It is no port of TCP.
            if name.contains("udp") && !said::is_negative(cell) && self::cell(cells, port).is_empty() {
                return true;
            }
            if is_against {
                return false;
            }
            if said::is_of_ticket(name) {
                return false;
            }
            if !said::is_harmless(name) && said::transport(cell) == Transport::Other {
                return true;
            }
            if said::is_harmless(name) {
                !said::is_boolean(cell) && said::is_no(cell)
            } else {
                said::is_no(cell)
            }
        };
        if let Some((at, said)) = others.find(|(at, cell)| allows && takes_away(*at, cell)) {
            let name = head.get(at).map_or("without a heading", String::as_str);
            let said = if quote::names_secret(name) { HIDDEN } else { said };
            let reason = format!("a column that is not read ({name}) says `{said}`");
            doubt_of(&mut listing, &mut gate, (raw, trimmed), line, &reason);
            continue;
        }
        let word = if allows && is_every(&word) { "*".to_owned() } else { word };
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
                let others = || head.iter().zip(cells).enumerate().filter(|(at, _)| *at >= own_columns);
                for (_, (name, date)) in others() {
                    if said::is_date(name)
                        && !sources.iter().any(|at| head.get(*at) == Some(name))
                        && !said::is_unbounded(date)
                    {
                        tests.push(Test::Other(format!("the date in the column {name} ({date})")));
                    }
                }
                for (at, (name, from)) in others() {
                    let address = from.split([',', ' ', ';']).next().unwrap_or(from);
                    let is_some = network(address).is_some_and(|n| !is_everybody(&n))
                        || address.parse::<IpAddr>().is_ok();
                    if sources.contains(&at) && is_some {
                        let text = format!("the client's address ({name} {from})");
                        tests.push(Test::within("source", [address.to_owned()], text));
                    }
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
                doubt_of(&mut listing, &mut gate, (raw, trimmed), line, &reason);
            }
        }
    }
    // No order is promised, so what is taken away comes first.
    gate.lines.sort_by_key(|line| line.allows);
    listing.gates.push(gate);
    Ok(listing)
}

fn cell(cells: &[String], at: Option<usize>) -> &str {
    at.and_then(|i| cells.get(i)).map_or("", String::as_str)
}

fn is_everybody(network: &Pattern) -> bool {
    matches!(network, Pattern::Network(_, 0) | Pattern::Any)
}

/// A row of the file, or a remark between rows.
struct Row<'a> {
    line: usize,
    raw: std::borrow::Cow<'a, str>,
    cells: Vec<String>,
    remark: Option<String>,
}

/// All rows; one goes on over several lines where a quote is open.
fn rows(text: &str, separator: char) -> Result<Vec<Row<'_>>, Unread> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (line, raw) in (1..).zip(text.lines()) {
        let is_odd = raw.matches('"').count() % 2 == 1;
        let (line, raw): (usize, std::borrow::Cow<'_, str>) = match open.take() {
            Some((begin, before)) => {
                let joined = before + "\n" + raw;
                if !is_odd {
                    open = Some((begin, joined));
                    continue;
                }
                (begin, joined.into())
            }
            None => {
                let trimmed = raw.trim();
                if trimmed.is_empty() {
                    continue;
                }
                if trimmed.starts_with('#') {
                    let remark = remark(trimmed).map(str::to_owned);
                    found.push(Row { line, raw: raw.into(), cells: Vec::new(), remark });
                    continue;
                }
                if is_odd {
                    open = Some((line, raw.to_owned()));
                    continue;
                }
                (line, raw.into())
            }
        };
        found.push(Row { line, cells: row(&raw, separator), raw, remark: None });
    }
    match open {
        Some((line, raw)) => Err(Unread::lines(
            format!("read as {}: a quote is not closed", Dialect::Csv.title()),
            vec![Ignored::new(
                line,
                row(&raw, separator).first().map_or("", String::as_str),
                "the quote that begins in this row does not end",
            )],
        )),
        None => Ok(found),
    }
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
