//! Lists of one entry a line, and tables with a column of hosts.

use std::net::IpAddr;

use super::super::intent::Names;
use super::access::{Access, Gate, Test};
use super::read::{As, Dialect, Ignored, Listed, Listing, Pattern, Unread, network, pattern, plain};

/// Labels that a leading dot of Zscaler reaches.
const ZSCALER_LEVELS: usize = 5;

/// Whether a line is a URL or a URL pattern.
pub(super) fn is_url(line: &str) -> bool {
    if is_network(line) {
        return false;
    }
    let line = uncommented(line);
    let rest = line.split_once("://").map_or(line, |(_, r)| r);
    line.starts_with("^.") || rest.contains('/') || line.contains("://")
}

/// Whether a line is a network, which says nothing about names.
pub(super) fn is_network(line: &str) -> bool {
    network(uncommented(line)).is_some()
}

/// A remark after an entry is not part of it.
fn uncommented(line: &str) -> &str {
    let mut end = line.len();
    for (at, _) in line.match_indices(char::is_whitespace) {
        let rest = line[at..].trim_start();
        if rest.starts_with(['#', ';']) || rest.starts_with("//") {
            end = at;
            break;
        }
    }
    line[..end].trim()
}

/// Reads one entry a line.
pub(super) fn read(text: &str, dialect: Dialect, how: As) -> Listing {
    let mut listing = Listing::new(dialect);
    let mut gate = Gate::default();
    for (line, raw) in (1..).zip(text.lines()) {
        let trimmed = raw.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) || trimmed.starts_with("//") {
            continue;
        }
        let value = uncommented(trimmed);
        match items(value) {
            Ok(items) => {
                for (word, port) in items {
                    one(&mut listing, &mut gate, &Line { line, raw: trimmed, word: &word, port }, how);
                }
            }
            Err(reason) => listing.strange.push(Ignored::new(line, trimmed, &reason)),
        }
    }
    listing.gates.push(gate);
    listing
}

/// A word of a line.
struct Line<'a> {
    line: usize,
    raw: &'a str,
    word: &'a str,
    port: Option<u16>,
}

/// The words of a line that are hosts, each with the port that follows it.
fn items(value: &str) -> Result<Vec<(String, Option<u16>)>, String> {
    let clean = |w: &str| w.trim_matches(['"', '\'', ',', ';']).to_owned();
    let words: Vec<String> =
        value.split([',', ';', ' ', '\t', '|']).map(clean).filter(|w| !w.is_empty()).collect();
    if value.starts_with('|') {
        return Err("a row of a table in Markdown is not read".into());
    }
    let [first, rest @ ..] = words.as_slice() else { return Err("it holds no host".into()) };
    let mut found = vec![(first.clone(), None)];
    let is_host = |w: &str| w.contains('.') || w.contains(':') || w.contains('*');
    if rest.is_empty() {
        return Ok(found);
    }
    let by_space_only = !value.contains([',', ';', '|']);
    if !is_host(first)
        || (by_space_only && first.parse::<IpAddr>().is_ok() && rest.iter().any(|w| is_host(w)))
    {
        return Err("more than one word stands here, and the first is not the host".into());
    }
    for word in rest {
        let bare = word.split_once('/').map_or(word.as_str(), |(port, _)| port);
        let last = found.last_mut();
        if let (Ok(port), Some((_, slot))) = (bare.parse::<u16>(), last) {
            if slot.is_some() || port == 0 {
                return Err("a second port, or one that is not between 1 and 65535".into());
            }
            *slot = Some(port);
        } else if ["tcp", "https", "tls", "ssl"].contains(&word.to_ascii_lowercase().as_str()) {
        } else if is_host(word) && plain_host(word) {
            found.push((word.clone(), None));
        } else {
            return Err(format!("`{word}` is neither a host nor a port"));
        }
    }
    Ok(found)
}

fn plain_host(word: &str) -> bool {
    let word = word.strip_prefix('.').unwrap_or(word);
    split_port(word).is_ok_and(|(host, _)| pattern(host).is_ok()) || word.contains("://")
}

/// The name that a line takes away from a list of allowed ones: `!host`, `-host`.
fn excluded(word: &str) -> Option<&str> {
    let rest = word.strip_prefix(['!', '-'])?;
    rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '*' | '.')).then_some(rest)
}

fn one(listing: &mut Listing, gate: &mut Gate, at: &Line<'_>, how: As) {
    let dialect = listing.dialect;
    if let Some(word) = excluded(at.word)
        && let Ok(found) = entry(word, dialect)
    {
        listing.understood += 1;
        let index = listing.add(Listed::line(at.line, at.word, found.pattern));
        // No order is promised, so what is taken away comes first.
        let tests = vec![Test::Entries(vec![index])];
        gate.lines.insert(0, Access { line: at.line, text: at.raw.to_owned(), allows: false, tests });
        return;
    }
    if is_network(at.word) && !matches!(dialect, Dialect::Zscaler) && at.port.is_none() {
        listing.understood += 1;
        if let Some(Pattern::Names(names)) = network(at.word) {
            let ports = if has_ports(dialect) { vec![(443, 443)] } else { Vec::new() };
            let index = listing.add(Listed {
                ports: ports.clone(),
                ..Listed::line(at.line, at.word, Pattern::Names(names))
            });
            gate.lines.push(access(at, index, &ports, dialect, true));
            return;
        }
        listing.ignored.push(Ignored::new(at.line, at.raw, "a network is not compared with names"));
        return;
    }
    let entry = match entry(at.word, dialect) {
        // A list that is called plain means hosts, whatever follows them.
        Ok(Entry { pattern: Pattern::PathOnly(_), port, scheme, doubt: Some((pattern, _)) })
            if how.dialect == Some(Dialect::Plain) =>
        {
            Entry { pattern, port, scheme, doubt: None }
        }
        Ok(entry) => entry,
        Err(reason) => {
            listing.strange.push(Ignored::new(at.line, at.raw, &reason));
            return;
        }
    };
    let port = entry.port.or(at.port);
    let ports: Vec<(u16, u16)> = match (port, entry.scheme, has_ports(dialect)) {
        (_, _, false) => Vec::new(),
        (Some(port), _, _) => vec![(port, port)],
        (None, Some("http"), _) => vec![(80, 80)],
        (None, Some("https"), _) => vec![(443, 443)],
        (None, _, _) => {
            let port = how.port.unwrap_or(443);
            vec![(port, port)]
        }
    };
    let weak =
        matches!(&entry.pattern, Pattern::Names(Names::Exact(n)) if !n.contains('.')) && port.is_none();
    if !weak {
        listing.understood += 1;
    }
    let open_end =
        dialect == Dialect::UrlList && !at.word.split_once("://").map_or(at.word, |(_, r)| r).contains('/');
    let literal = matches!(entry.pattern, Pattern::Names(Names::Address(_)));
    let index = listing.add(Listed {
        text: at.word.to_owned(),
        pattern: entry.pattern,
        ports: ports.clone(),
        line: at.line,
        open_end,
        weak,
    });
    gate.lines.push(access(at, index, &ports, dialect, literal));
    // What such an entry means is the product's rule, and the product is not known.
    let doubt = if how.dialect.is_none() { entry.doubt } else { None };
    if let Some((meant, reason)) = doubt {
        // The same entry, in the meaning that is in doubt.
        let mut line = access(at, index, &ports, dialect, false);
        line.tests.retain(|t| !matches!(t, Test::Entries(_)));
        line.tests.push(Test::Names(meant));
        line.tests.push(Test::Unknown(Ignored::new(at.line, at.raw, &reason)));
        gate.lines.push(line);
    }
}

fn access(at: &Line<'_>, index: usize, ports: &[(u16, u16)], dialect: Dialect, literal: bool) -> Access {
    let mut tests = vec![Test::Entries(vec![index])];
    // An address on a list is not the address of some name.
    if literal {
        tests.push(Test::Literal);
    }
    if !ports.is_empty() {
        tests.push(Test::Ports(ports.to_vec()));
    }
    if matches!(dialect, Dialect::UrlList | Dialect::Zscaler | Dialect::Aws) {
        tests.push(Test::Web);
    }
    Access { line: at.line, text: at.raw.to_owned(), allows: true, tests }
}

const fn has_ports(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::Plain | Dialect::UrlList | Dialect::Csv)
}

struct Entry<'a> {
    pattern: Pattern,
    port: Option<u16>,
    scheme: Option<&'a str>,
    /// What it may mean too, depending on the product, and what to do.
    doubt: Option<(Pattern, String)>,
}

/// Reads `name`, `*.name`, `.name`, `^.name`, a literal, each with an optional scheme, port, ending slash.
fn entry(text: &str, dialect: Dialect) -> Result<Entry<'_>, String> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    if scheme.is_some_and(|s| !["http", "https", "*"].contains(&s)) {
        return Err("its scheme is neither http nor https".into());
    }
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, Some(path)),
        None => (rest, None),
    };
    let (host, port) = split_port(authority)?;
    let (pattern, mut doubt) = names(host, dialect)?;
    let pattern = match (path, dialect) {
        (None | Some(""), _) => pattern,
        // Called a plain list, the whole host is meant: see `one`.
        (Some("*"), _) => {
            doubt = Some((pattern.clone(), PATH.into()));
            pattern_of_path(pattern)
        }
        _ => return Err("it names a path, and the app needs the whole host".into()),
    };
    Ok(Entry { pattern, port, scheme, doubt })
}

/// Why an entry with a path has to be asked about.
const PATH: &str = "entries with a path: whether it lets the whole host through depends on the product; name it with \
                    --against-as (plain: the whole host; paloalto-urls: only paths below it)";

fn pattern_of_path(pattern: Pattern) -> Pattern {
    match pattern {
        Pattern::Names(Names::Exact(n)) => Pattern::PathOnly(n),
        Pattern::Names(Names::Subdomains(n) | Names::ApexAndSubdomains(n)) => {
            Pattern::PathOnly(format!("*.{n}"))
        }
        other => other,
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), String> {
    if authority.parse::<std::net::Ipv6Addr>().is_ok() {
        return Ok((authority, None));
    }
    let bad = || format!("`{authority}` has no port between 1 and 65535 after the colon");
    match authority.rsplit_once(':') {
        Some((host, "*")) => Ok((host, None)),
        Some((host, port)) if !port.contains(']') => {
            Ok((host, Some(port.parse().ok().filter(|p| *p > 0).ok_or_else(bad)?)))
        }
        _ => Ok((authority, None)),
    }
}

/// Reads a name by the product's rule; the second value is what it may stand for besides.
fn names(host: &str, dialect: Dialect) -> Result<(Pattern, Option<(Pattern, String)>), String> {
    let below = |base: &str| plain(base).map(|n| Pattern::Names(Names::Subdomains(n)));
    let tree = |base: &str| plain(base).map(|n| Pattern::Names(Names::ApexAndSubdomains(n)));
    let dotted = host.strip_prefix('.');
    let starred = host.strip_prefix("*.");
    Ok(match (dialect, dotted, starred) {
        (Dialect::Zscaler, Some(base), _) => (Pattern::Levels(plain(base)?, ZSCALER_LEVELS), None),
        (Dialect::Zscaler | Dialect::Aws, _, Some(_)) => {
            return Err("this product takes no `*`: it writes a leading dot".into());
        }
        (Dialect::Aws | Dialect::Dns, Some(base), _) => (tree(base)?, None),
        (Dialect::Umbrella, base, star) => {
            let name = base.or(star).unwrap_or(host);
            match pattern(name)? {
                Pattern::Names(Names::Exact(n)) => (Pattern::Names(Names::ApexAndSubdomains(n)), None),
                other => (other, None),
            }
        }
        (_, Some(base), _) => {
            let reason = format!(
                "whether `.{base}` stands for {base} itself too depends on the product; name it with --against-as (zscaler, \
                 aws, dns: it does; plain: it does not)"
            );
            (below(base)?, Some((Pattern::Names(Names::Exact(plain(base)?)), reason)))
        }
        _ => match host.strip_prefix("^.") {
            Some(base) => (Pattern::OneLabel(plain(base)?), None),
            None => (pattern(host)?, None),
        },
    })
}

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
pub(super) fn table(text: &str) -> Result<Listing, Unread> {
    let Some((separator, head)) = header(text) else {
        return Err(Unread::whole(
            "no column is called host, fqdn, domain, destination or url in the first row; name the column so, or give the \
             list as lines",
        ));
    };
    let column = |names: &[&str]| names.iter().find_map(|name| head.iter().position(|cell| cell == name));
    let (host, port) = (column(&HOST), column(&PORT));
    let (action, state, protocol) = (column(&ACTION), column(&STATE), column(&PROTOCOL));
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
        if ["no", "false", "0", "disabled", "inactive", "off"].contains(&lower(state).as_str()) {
            listing.understood += 1;
            listing.ignored.push(Ignored::new(line, trimmed, "this row is switched off"));
            continue;
        }
        if ![
            "", "yes", "true", "1", "x", "enabled", "active", "on", "ok", "open", "live", "approved",
            "allowed",
        ]
        .contains(&lower(state).as_str())
        {
            let reason = format!("the state `{}` is not known", lower(state));
            listing.strange.push(Ignored::new(line, trimmed, &reason));
            continue;
        }
        if ["udp", "icmp"].contains(&lower(protocol).as_str()) {
            listing.understood += 1;
            listing.ignored.push(Ignored::new(line, trimmed, "this row is not about TCP"));
            continue;
        }
        let allows = match lower(action).as_str() {
            "" | "allow" | "allowed" | "permit" | "permitted" | "accept" | "accepted" | "pass" | "yes"
            | "true" | "1" | "x" | "ok" | "approved" => true,
            "deny" | "denied" | "block" | "blocked" | "drop" | "dropped" | "reject" | "rejected" | "no"
            | "false" | "0" | "refused" | "forbidden" => false,
            other => {
                listing.strange.push(Ignored::new(
                    line,
                    trimmed,
                    &format!("the action `{other}` is not known"),
                ));
                continue;
            }
        };
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
                if let Some((meant, reason)) = found.doubt.filter(|_| allows) {
                    let mut doubtful = tests.clone();
                    doubtful.retain(|t| !matches!(t, Test::Entries(_)));
                    doubtful.push(Test::Names(meant));
                    doubtful.push(Test::Unknown(Ignored::new(line, trimmed, &reason)));
                    gate.lines.push(Access { line, text: trimmed.to_owned(), allows, tests: doubtful });
                }
                let access = Access { line, text: trimmed.to_owned(), allows, tests };
                // Tables have no order that anybody promised: a row that denies comes first.
                if allows { gate.lines.push(access) } else { gate.lines.insert(0, access) }
            }
            (Err(reason), _) | (_, Err(reason)) => listing.strange.push(Ignored::new(line, trimmed, &reason)),
        }
    }
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
