//! Lists of one entry a line.

use std::collections::HashSet;
use std::net::IpAddr;

use super::super::intent::Names;
use super::access::{Access, Gate, Test};
use super::read::{As, Dialect, Ignored, Listed, Listing, Pattern, brief, network, pattern, plain};
use super::{quote, said};

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
    // Where the white space begins that stands before.
    let mut space = None;
    for (at, c) in line.char_indices() {
        if c.is_whitespace() {
            space = space.or(Some(at));
        } else if let Some(begin) = space.take()
            && (matches!(c, '#' | ';') || line[at..].starts_with("//"))
        {
            return line[..begin].trim();
        }
    }
    line.trim()
}

/// Why a line decides nothing that else would.
pub(super) const DENIED: &str = "a heading or remark says that it is not let through";

/// Whether a word looks like a host or a URL: its last label begins with a letter, or it is an address.
fn is_host_like(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '*' && c != '/');
    let host = word.split_once("://").map_or(word, |(_, rest)| rest);
    let host = host.split_once('/').map_or(host, |(host, _)| host);
    let named = host.split_once(':').map_or(host, |(name, _)| name);
    let last = named.rsplit_once('.').map(|(_, last)| last);
    last.is_some_and(|l| l.starts_with(char::is_alphabetic))
        || [host, named].iter().any(|h| h.parse::<IpAddr>().is_ok())
}

/// The words of a line beside its hosts, and whether it has any host.
pub(super) fn beside(line: &str) -> (String, bool) {
    let around = |c: char| c.is_whitespace() || ",;|\"'()[]{}<>=".contains(c);
    let (hosts, words): (Vec<&str>, Vec<&str>) = line.split(around).partition(|w| is_host_like(w));
    (words.join(" "), !hosts.is_empty())
}

/// Reads one entry a line.
pub(super) fn read(text: &str, dialect: Dialect, how: As) -> Listing {
    let mut listing = Listing::new(dialect);
    let mut gate = Gate::default();
    let mut above = Above::Nothing;
    let is_own = own_remarks(text);
    let mut everything: HashSet<&str> = HashSet::new();
    for (line, raw) in (1..).zip(text.lines()) {
        let trimmed = raw.trim();
        if let Some(remark) = remark(trimmed) {
            if !is_own(line, raw) {
                let (words, has_host) = beside(remark);
                above = above.after(&words, true);
                if has_host && said::denies(&words) {
                    doubt(&mut listing, &mut gate, line, trimmed, DENIED);
                }
            }
            continue;
        }
        if trimmed.is_empty() {
            continue;
        }
        let value = uncommented(trimmed);
        let (words, has_host) = beside(trimmed);
        let is_heading = !has_host || (trimmed.ends_with(':') && trimmed.contains(' '));
        if is_heading {
            above = above.after(&words, false);
            if said::denies(&words) {
                doubt(&mut listing, &mut gate, line, trimmed, DENIED);
                continue;
            }
        }
        if let Above::Remark { used } = &mut above {
            *used = true;
        }
        if above != Above::Nothing || said::takes_away(&beside(&trimmed[value.len()..]).0) {
            doubt(&mut listing, &mut gate, line, trimmed, DENIED);
            continue;
        }
        // The same entry for every host says nothing new, and would be held against each host.
        if is_everything(value) && !everything.insert(value) {
            listing.understood += 1;
            continue;
        }
        match items(value) {
            Ok(items) => {
                for (word, port) in items {
                    one(&mut listing, &mut gate, &Line { line, raw: trimmed, word: &word, port }, how);
                }
            }
            Err(reason) => doubt(&mut listing, &mut gate, line, trimmed, &reason),
        }
    }
    // No order is promised, so what is taken away comes first.
    gate.lines.sort_by_key(|line| line.allows);
    listing.gates.push(gate);
    listing
}

/// Whether a line is `*`, with a port or without.
fn is_everything(line: &str) -> bool {
    line.strip_prefix('*').is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix(':').is_some_and(|p| p.parse::<u16>().is_ok())
    })
}

/// The first words of the list that is written for people, and whose remarks tell what a host is for and what happens
/// when it is blocked.
pub const OWN_HEAD: &str = "Hosts that Claude Desktop needs: allow these outbound";

/// What the remarks and headings so far say of the lines below them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Above {
    Nothing,
    /// A remark denies what is below it; whether a line stood there already.
    Remark {
        used: bool,
    },
    /// A heading denies everything until one that allows.
    Heading,
}

impl Above {
    /// After a line that has words and no entry.
    pub(super) fn after(self, text: &str, is_remark: bool) -> Self {
        if said::denies(text) {
            let heads = !is_remark || said::is_heading(text) || text.trim_end().ends_with(':');
            return if heads || self == Self::Heading { Self::Heading } else { Self::Remark { used: false } };
        }
        match self {
            _ if said::opens(text) => Self::Nothing,
            // The next remark is about the next hosts; further lines of the same one are not.
            Self::Remark { used: true } if is_remark && !said::is_heading(text) => Self::Nothing,
            other => other,
        }
    }
}

/// The text of a remark that takes a whole line.
pub(super) fn remark(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("//").or_else(|| line.strip_prefix(['#', ';']))?;
    Some(rest.trim_start_matches(['#', ';', '/']))
}

/// Lines whose remarks are Clearway's own: the head of its list, and what it tells of each host, which is indented or an
/// item. A remark that somebody added between them is none of these.
pub(super) fn own_remarks(text: &str) -> impl Fn(usize, &str) -> bool {
    let mut head = 0..0;
    let mut begin = 1;
    for (line, raw) in (1..).zip(text.lines()) {
        if !raw.starts_with('#') {
            begin = line + 1;
        } else if raw.trim_start_matches('#').trim() == OWN_HEAD {
            let rest = text.lines().skip(line).take_while(|l| l.starts_with('#')).count();
            head = begin..line + rest + 1;
            break;
        }
    }
    move |line, raw| {
        let told = raw.starts_with("# - ") || raw.starts_with("#  ");
        head.contains(&line) || (told && line >= head.end && !head.is_empty())
    }
}

/// A line that was not understood may say anything about the hosts that it names, so that none of them is decided.
pub(super) fn doubt(listing: &mut Listing, gate: &mut Gate, line: usize, raw: &str, reason: &str) {
    doubt_of(listing, gate, (raw, raw), line, reason);
}

/// The same of a line that is quoted otherwise than it stands there.
pub(super) fn doubt_of(
    listing: &mut Listing,
    gate: &mut Gate,
    (raw, quoted): (&str, &str),
    line: usize,
    reason: &str,
) {
    let odd = Ignored::new(line, quoted, reason);
    gate.lines.extend([true, false].into_iter().filter_map(|allows| in_doubt(&odd, raw, allows)));
    listing.strange.push(odd);
}

/// The access that a line, which stands in the file as `raw`, gives or takes for the hosts that it names, where it does; nothing
/// where it names none.
pub(super) fn in_doubt(line: &Ignored, raw: &str, allows: bool) -> Option<Access> {
    let around = |c: char| c.is_whitespace() || ",;|\"'()[]{}<>=".contains(c);
    let names: Vec<Test> = raw.split(around).filter_map(named).map(Test::Names).collect();
    if names.is_empty() {
        return None;
    }
    let tests = vec![Test::Any(names), Test::Unknown(line.clone())];
    Some(Access { line: line.line, text: line.text.clone(), allows, tests })
}

/// What a word of a line that is not understood may be about, whatever stands around it.
fn named(word: &str) -> Option<Pattern> {
    if !word.contains(['.', ':']) {
        return None;
    }
    let bare = word.trim_start_matches(['!', '-', '~', '+', '^']).trim_end_matches([':', '.']);
    if let Ok(found) = entry(bare, Dialect::Dns) {
        return Some(found.pattern);
    }
    // A line through each letter, or a URL with a path, or signs around it.
    let clean: String = word.chars().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).collect();
    let rest = clean.split_once("://").map_or(clean.as_str(), |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '@']).find(|part| part.contains('.'))?;
    let host = authority.trim_matches(|c: char| !c.is_alphanumeric());
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    plain(host).ok().map(|name| Pattern::Names(Names::ApexAndSubdomains(name)))
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
        if word.parse::<IpAddr>().is_ok_and(|a| a.is_unspecified() || a.is_loopback()) {
            return Err(format!("`{word}` stands beside it, an address under which nothing is reached"));
        }
        let (bare, transport) = word.split_once('/').unwrap_or((word, "tcp"));
        if said::transport(transport) != said::Transport::Tcp {
            return Err(format!("`{word}` is not a port of TCP"));
        }
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
        let tests = vec![Test::Entries(vec![index])];
        gate.lines.push(Access { line: at.line, text: brief(at.raw), allows: false, tests });
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
    // A rule for every host, as firewalls show it.
    let word = if dialect == Dialect::Plain && at.word.eq_ignore_ascii_case("any") { "*" } else { at.word };
    let entry = match entry(word, dialect) {
        // A list that is called plain means hosts, whatever follows them.
        Ok(Entry { pattern: Pattern::PathOnly(_), port, scheme, doubt: Some((pattern, _)) })
            if how.dialect == Some(Dialect::Plain) =>
        {
            Entry { pattern, port, scheme, doubt: None }
        }
        Ok(entry) => entry,
        Err(reason) => {
            doubt(listing, gate, at.line, at.raw, &reason);
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
        text: quote::concealed(at.word),
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
    Access { line: at.line, text: brief(at.raw), allows: true, tests }
}

const fn has_ports(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::Plain | Dialect::UrlList | Dialect::Csv)
}

/// What an entry says.
pub(super) struct Entry<'a> {
    /// What it lets through.
    pub pattern: Pattern,
    /// Its port, where it has one.
    pub port: Option<u16>,
    /// Its scheme, where it has one.
    pub scheme: Option<&'a str>,
    /// What it may mean too, depending on the product, and what to do.
    pub doubt: Option<(Pattern, String)>,
}

/// Reads `name`, `*.name`, `.name`, `^.name`, a literal, each with an optional scheme, port, ending slash.
pub(super) fn entry(text: &str, dialect: Dialect) -> Result<Entry<'_>, String> {
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
