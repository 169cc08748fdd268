//! squid.conf: what the lines say to `CONNECT host:port`, or to a request in the clear.
//!
//! The lines are walked from the top and the first one that matches decides, as Squid does it. Every
//! directive that can refuse is a gate of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::super::intent::Names;
use super::access::{Access, Gate, Test};
use super::read::{Dialect, Ignored, Listed, Listing, Pattern, network, pattern, plain};

/// Acls of one name nest at most this deep.
const DEEPEST: usize = 16;
/// Tests of one acl, with those of the acls that it names.
const LARGEST: usize = 10_000;

/// One line of an acl.
struct Acl {
    line: usize,
    raw: String,
    kind: String,
    values: Vec<String>,
    /// It stands between `if` and `endif`.
    inside_if: bool,
}

/// Directive, line, text, words.
type Line = (String, usize, String, Vec<String>);

#[derive(Default)]
struct Conf {
    acls: BTreeMap<String, Vec<Acl>>,
    /// In order.
    lines: Vec<Line>,
}

/// Directives that let a request through or refuse it, and what holds where no line matches: the
/// opposite of the last line, or `true` without any line.
const GATES: [&str; 4] = ["http_access", "adapted_http_access", "miss_access", "http_reply_access"];

/// Directives with lines of their own kind.
const OTHERS: [&str; 4] = ["ssl_bump", "include", NEVER_DIRECT, ADAPTATION];

/// What may go to the proxies of `cache_peer` alone.
const NEVER_DIRECT: &str = "never_direct";

/// What is handed to a service of ICAP or eCAP.
const ADAPTATION: &str = "adaptation_access";

/// Other names that Squid knows a directive by.
const OTHER_NAMES: [(&str, &str); 3] = [
    ("http_access2", "adapted_http_access"),
    ("redirect_program", "url_rewrite_program"),
    ("redirector_access", "url_rewrite_access"),
];

pub(super) fn read(text: &str) -> Listing {
    let mut listing = Listing::new(Dialect::Squid);
    let mut conf = Conf::default();
    let mut inside_if = 0_usize;
    for (line, raw) in logical(text) {
        let words: Vec<String> =
            raw.split_whitespace().take_while(|w| !w.starts_with('#')).map(str::to_owned).collect();
        let Some((directive, rest)) = words.split_first() else { continue };
        let known = OTHER_NAMES.iter().find(|(other, _)| other == directive);
        match known.map_or(directive.as_str(), |(_, own)| own) {
            "if" => inside_if += 1,
            "endif" => inside_if = inside_if.saturating_sub(1),
            "acl" => {
                listing.understood += 1;
                if let [name, kind, values @ ..] = rest {
                    conf.acls.entry(name.clone()).or_default().push(Acl {
                        line,
                        raw: raw.trim().to_owned(),
                        kind: kind.clone(),
                        values: values.to_vec(),
                        inside_if: inside_if > 0,
                    });
                }
            }
            known if GATES.contains(&known) || OTHERS.contains(&known) => {
                listing.understood += usize::from(known != "include");
                if inside_if > 0 {
                    conf.lines.push(("if".into(), line, raw.trim().to_owned(), vec![known.to_owned()]));
                } else {
                    conf.lines.push((known.to_owned(), line, raw.trim().to_owned(), rest.to_vec()));
                }
            }
            "url_rewrite_program" | "url_rewrite_access" | "icap_service" | "ecap_service" => {
                listing.remarks.push(format!(
                    "line {line}: `{directive}` hands requests to another program, which may refuse them"
                ));
            }
            _ => {}
        }
    }
    conf.gates(listing)
}

/// Lines as Squid joins them: a backslash that is the very last character continues a line. The next one follows without
/// the white space at its beginning and without one between; empty lines and remarks do not end it.
fn logical(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (line, raw) in (1..).zip(text.lines()) {
        // Nothing behind a carriage return is read.
        let raw = raw.split('\r').next().unwrap_or(raw);
        let raw = raw.trim_start_matches([' ', '\t', '\u{b}', '\u{c}']);
        if raw.is_empty() || raw.starts_with('#') {
            continue;
        }
        let (content, continues) = raw.strip_suffix('\\').map_or((raw, false), |content| (content, true));
        match found.last_mut() {
            Some((_, joined)) if open => joined.push_str(content),
            _ => found.push((line, content.to_owned())),
        }
        open = continues;
    }
    if open {
        // A line that goes on at the end of the file is not read.
        found.pop();
    }
    found
}

/// Why an included file is not used.
const INCLUDED: &str = "included files are not read: put their lines in this place, or leave the line out where they say nothing about \
                        access";

/// Why a line between `if` and `endif` is not used.
const INSIDE_IF: &str =
    "whether lines between `if` and `endif` hold is not worked out: put those that do in this place";

impl Conf {
    /// Whether there is a line of this directive, even one between `if` and `endif`.
    fn has(&self, directive: &str) -> bool {
        let is_inside = |words: &[String]| words.first().is_some_and(|w| w == directive);
        self.lines.iter().any(|(d, _, _, words)| d == directive || d == "if" && is_inside(words))
    }

    fn gates(self, mut listing: Listing) -> Listing {
        let in_lines = self.lines.iter().flat_map(|(_, _, _, words)| words);
        let nesting = |acl: &&Acl| ["any-of", "all-of"].contains(&acl.kind.as_str());
        let in_acls = self.acls.values().flatten().filter(nesting).flat_map(|acl| &acl.values);
        let used: BTreeSet<&str> = in_lines.chain(in_acls).map(|word| word.trim_start_matches('!')).collect();
        let mut reader = Reader { conf: &self, entries: Vec::new(), known: BTreeMap::new() };
        let mut gates = Vec::new();
        for directive in GATES {
            let own = |d: &str| d == directive || d == "include" || d == "if";
            let lines: Vec<_> = self.lines.iter().filter(|(d, ..)| own(d)).collect();
            if !self.has(directive) {
                continue;
            }
            gates.push(reader.gate(directive, &lines));
        }
        if !self.has("http_access") {
            // A file of acls alone: some other file may use them.
            let mut gate = Gate::default();
            for (name, own) in &self.acls {
                let line = own.first().map_or(0, |a| a.line);
                let other =
                    Test::Other(format!("a line `http_access allow {name}`, which this file does not have"));
                let tests = vec![reader.acl(name, false, 0), other];
                gate.lines.push(Access { line, text: format!("acl {name}"), allows: true, tests });
            }
            gates.push(gate);
        }
        if self.has("ssl_bump") {
            gates.push(reader.bump(&self.lines));
        }
        if self.has(NEVER_DIRECT) {
            let what = format!("what the proxies of cache_peer let through ({NEVER_DIRECT})");
            let own = |(d, ..): &&Line| d == NEVER_DIRECT || d == "if";
            gates.push(reader.handed(NEVER_DIRECT, &what, self.lines.iter().filter(own), 0));
        }
        // Each service, or set of services, has lines of its own.
        let of_services = self.lines.iter().filter(|(d, ..)| d == ADAPTATION);
        let services: BTreeSet<&str> =
            of_services.filter_map(|(_, _, _, words)| Some(words.first()?.as_str())).collect();
        for service in services {
            let what = format!("what the service {service} refuses ({ADAPTATION})");
            let own =
                |(d, _, _, words): &&Line| d == ADAPTATION && words.first().is_some_and(|w| w == service);
            gates.push(reader.handed(ADAPTATION, &what, self.lines.iter().filter(own), 1));
        }
        let is_inside =
            |(d, _, _, words): &&Line| d == "if" && words.first().is_some_and(|w| w == ADAPTATION);
        if self.lines.iter().any(|line| is_inside(&line)) {
            let lines = self.lines.iter().filter(is_inside);
            gates.push(reader.handed(ADAPTATION, "a service", lines, 1));
        }
        if let Some(first) = gates.first_mut() {
            first.lines.insert(
                0,
                Access {
                    line: 0,
                    text: "a web proxy carries HTTP and TLS only".into(),
                    allows: false,
                    tests: vec![Test::Web.negated()],
                },
            );
        }
        listing.entries = reader.entries;
        listing.gates = gates;
        for (name, own) in &self.acls {
            let names = own.iter().any(|a| ["dstdomain", "dst", "dstdom_regex"].contains(&a.kind.as_str()));
            if let (true, false, Some(first)) = (names, used.contains(name.as_str()), own.first()) {
                listing.ignored.push(Ignored::new(
                    first.line,
                    &format!("acl {name}"),
                    "no http_access line uses it",
                ));
            }
        }
        listing
    }
}

struct Reader<'a> {
    conf: &'a Conf,
    entries: Vec<Listed>,
    /// Acls that were read: their test in http_access and in ssl_bump.
    known: BTreeMap<(String, bool), Test>,
}

impl Reader<'_> {
    fn gate(&mut self, directive: &str, lines: &[&Line]) -> Gate {
        let mut gate = Gate::default();
        for (own, line, raw, words) in lines {
            if own == "include" {
                gate.unsure(&Ignored::new(*line, raw, INCLUDED));
                continue;
            }
            if own == "if" {
                if words.first().is_some_and(|w| w == directive || w == "include") {
                    gate.unsure(&Ignored::new(*line, raw, INSIDE_IF));
                }
                continue;
            }
            let Some((action, acls)) = words.split_first() else { continue };
            let allows = match action.as_str() {
                "allow" => true,
                "deny" => false,
                _ => {
                    gate.unsure(&Ignored::new(*line, raw, "neither allow nor deny stands here"));
                    continue;
                }
            };
            gate.otherwise = !allows;
            let tests = acls.iter().map(|a| self.reference(a, false, *line, raw, 0)).collect();
            gate.lines.push(Access { line: *line, text: raw.clone(), allows, tests });
        }
        gate
    }

    /// The lines of `ssl_bump`: those that splice or bump let the connection go on, `terminate` ends it.
    fn bump(&mut self, lines: &[Line]) -> Gate {
        let mut gate = Gate { otherwise: true, ..Gate::default() };
        // A request in the clear is not a matter of ssl_bump.
        gate.lines.push(Access { line: 0, text: String::new(), allows: true, tests: vec![Test::Clear] });
        for (own, line, raw, words) in lines {
            if own == "if" && words.first().is_some_and(|w| w == "ssl_bump" || w == "include") {
                gate.unsure(&Ignored::new(*line, raw, INSIDE_IF));
            }
            if own == "include" {
                gate.unsure(&Ignored::new(*line, raw, INCLUDED));
            }
            if own != "ssl_bump" {
                continue;
            }
            let Some((action, acls)) = words.split_first() else { continue };
            let allows = match action.as_str() {
                "splice" | "bump" | "none" | "client-first" | "server-first" => true,
                "terminate" | "err" => false,
                _ => continue,
            };
            let tests = acls.iter().map(|a| self.reference(a, true, *line, raw, 0)).collect();
            gate.lines.push(Access { line: *line, text: raw.clone(), allows, tests });
        }
        gate
    }

    /// The lines of a directive that hands what they allow to somebody who may refuse it; the first words of each, so many of
    /// them, are not its action.
    fn handed<'l>(
        &mut self,
        directive: &str,
        what: &str,
        lines: impl Iterator<Item = &'l Line>,
        before: usize,
    ) -> Gate {
        let mut gate = Gate { otherwise: true, ..Gate::default() };
        let mut is_last_deny = false;
        for (own, line, raw, words) in lines {
            if own == "if" {
                if words.first().is_some_and(|w| w == directive) {
                    gate.unsure(&Ignored::new(*line, raw, INSIDE_IF));
                }
                continue;
            }
            let Some((action, acls)) = words.get(before..).and_then(<[String]>::split_first) else {
                continue;
            };
            let mut tests: Vec<Test> = acls.iter().map(|a| self.reference(a, false, *line, raw, 0)).collect();
            is_last_deny = action == "deny";
            if !is_last_deny {
                tests.push(Test::Other(what.to_owned()));
            }
            gate.lines.push(Access { line: *line, text: raw.clone(), allows: is_last_deny, tests });
        }
        if is_last_deny {
            // The opposite of the last line.
            let tests = vec![Test::Other(what.to_owned())];
            gate.lines.push(Access { line: 0, text: directive.to_owned(), allows: false, tests });
        }
        gate
    }

    /// `name` or `!name` on a line.
    fn reference(&mut self, word: &str, bump: bool, line: usize, raw: &str, depth: usize) -> Test {
        let (negated, name) = match word.strip_prefix('!') {
            Some(name) => (true, name),
            None => (false, word),
        };
        let test = match name {
            "all" => Test::Always,
            // Requests for the proxy itself, and clients on its own machine: neither is the app on a device.
            "manager" | "localhost" | "to_localhost" | "to_linklocal" | "CONNECT"
                if !self.conf.acls.contains_key(name) =>
            {
                match name {
                    "CONNECT" => Test::All(vec![Test::Web, Test::Clear.negated()]),
                    "to_localhost" | "to_linklocal" => Self::own_address(name),
                    _ => Test::Never,
                }
            }
            _ if !self.conf.acls.contains_key(name) => {
                Test::Unknown(Ignored::new(line, raw, &format!("the acl `{name}` is not in this file")))
            }
            _ if depth > DEEPEST => Test::Unknown(Ignored::new(line, raw, "acls that nest too deep")),
            _ => self.acl(name, bump, depth),
        };
        if negated { test.negated() } else { test }
    }

    fn own_address(name: &str) -> Test {
        let parse = |text: &str| network(text).map(Test::Names);
        let all = if name == "to_localhost" {
            ["127.0.0.0/8", "::1/128", "0.0.0.0/32", "::/128"]
        } else {
            ["169.254.0.0/16", "fe80::/10", "169.254.0.0/16", "fe80::/10"]
        };
        Test::Any(all.into_iter().filter_map(parse).collect())
    }

    fn acl(&mut self, name: &str, bump: bool, depth: usize) -> Test {
        if let Some(known) = self.known.get(&(name.to_owned(), bump)) {
            // Acls that name each other grow with every level.
            let line = self.conf.acls.get(name).and_then(|lines| lines.first()).map_or(0, |acl| acl.line);
            return if known.weight(LARGEST) <= LARGEST {
                known.clone()
            } else {
                Test::Unknown(Ignored::new(line, name, "acls that name each other too often"))
            };
        }
        let conf = self.conf;
        let lines = conf.acls.get(name).map_or(&[][..], Vec::as_slice);
        let mut parts = Vec::new();
        for acl in lines {
            let test = self.line(name, acl, bump, depth);
            parts.push(if acl.inside_if {
                Test::All(vec![test, Test::Unknown(Ignored::new(acl.line, &acl.raw, INSIDE_IF))])
            } else {
                test
            });
        }
        // A file that is included may add to what the acl has, wherever it is included.
        let is_include =
            |d: &str, words: &[String]| d == "include" || d == "if" && words.iter().any(|w| w == "include");
        let included = conf.lines.iter().find(|(d, _, _, words)| is_include(d, words));
        parts.extend(included.map(|(_, line, raw, _)| Test::Unknown(Ignored::new(*line, raw, INCLUDED))));
        let test = Test::Any(parts);
        self.known.insert((name.to_owned(), bump), test.clone());
        test
    }

    fn line(&mut self, name: &str, acl: &Acl, bump: bool, depth: usize) -> Test {
        let unknown = |reason: &str| Test::Unknown(Ignored::new(acl.line, &acl.raw, reason));
        let flags: Vec<&String> = acl.values.iter().filter(|v| v.starts_with('-')).collect();
        let values: Vec<&String> = acl.values.iter().filter(|v| !v.starts_with('-')).collect();
        if values.iter().any(|v| v.starts_with(['"', '\''])) || flags.iter().any(|f| *f == "-f") {
            return unknown("its values are in another file; put them in this place");
        }
        let depends = |what: &str| format!("acl {name} ({what})");
        match acl.kind.as_str() {
            "port" => match ports(&values) {
                Some(ports) => Test::Ports(ports),
                None => unknown("a port that cannot be read"),
            },
            "method" => {
                let connect = values.iter().any(|v| v.eq_ignore_ascii_case("CONNECT"));
                let methods = ["GET", "POST", "HEAD", "PUT"];
                let clear = values.iter().filter(|v| methods.contains(&v.as_str())).count();
                let tunnel = if connect { Test::Clear.negated() } else { Test::Never };
                let open = match clear {
                    0 => Test::Never,
                    // The app posts and gets.
                    n if n >= 2 && values.iter().any(|v| *v == "POST") => Test::Clear,
                    _ => Test::All(vec![Test::Clear, Test::Other(depends("method"))]),
                };
                Test::Any(vec![tunnel, open])
            }
            "dstdomain" => self.entries(acl, values.iter().map(|v| (v.as_str(), domain(v)))),
            "ssl::server_name" if bump => self.entries(acl, values.iter().map(|v| (v.as_str(), domain(v)))),
            "dstdom_regex" => {
                let own = expressions(&acl.values);
                self.entries(acl, own.into_iter().map(|(v, is_folded)| (v, expression(v, is_folded))))
            }
            "dst" => {
                if values.iter().any(|v| is_everything(v)) {
                    return Test::Always;
                }
                let test = self.entries(acl, values.iter().map(|v| (v.as_str(), address(v))));
                // -n: Squid does not look names up, so that only literals match.
                if flags.iter().any(|f| *f == "-n") { Test::All(vec![Test::Literal, test]) } else { test }
            }
            "src" => {
                let everybody = |v: &&&String| is_everything(v) || ["::/0", "ipv4"].contains(&v.as_str());
                let own =
                    |v: &&String| v.starts_with("127.") || v.starts_with("::1") || v.as_str() == "localhost";
                if values.iter().any(|v| everybody(&v)) {
                    Test::Always
                } else if !values.is_empty() && values.iter().all(own) {
                    Test::Never
                } else {
                    Test::Client(depends("src: who the client is"))
                }
            }
            "any-of" => Test::Any(
                values.iter().map(|v| self.reference(v, bump, acl.line, &acl.raw, depth + 1)).collect(),
            ),
            "all-of" => Test::All(
                values.iter().map(|v| self.reference(v, bump, acl.line, &acl.raw, depth + 1)).collect(),
            ),
            "srcdomain" | "srcdom_regex" | "arp" | "eui64" | "myport" | "localport" | "myportname"
            | "localip" | "myip" | "src_as" => Test::Client(depends(&acl.kind)),
            "time" | "proxy_auth" | "proxy_auth_regex" | "ident" | "ident_regex" | "ext_user" | "browser"
            | "maxconn" | "max_user_ip" | "random" | "referer_regex" | "req_header" | "req_mime_type"
            | "rep_mime_type" | "rep_header" | "http_status" | "snmp_community" | "at_step" | "user_cert"
            | "ca_cert" => Test::Other(depends(&acl.kind)),
            other => unknown(&format!("acls of the kind `{other}` are not compared")),
        }
    }

    fn entries<'v>(
        &mut self,
        acl: &Acl,
        values: impl Iterator<Item = (&'v str, Result<Pattern, String>)>,
    ) -> Test {
        let mut parts = Vec::new();
        let mut own = Vec::new();
        for (value, parsed) in values {
            match parsed {
                Ok(pattern) => {
                    self.entries.push(Listed::line(acl.line, value, pattern));
                    own.push(self.entries.len() - 1);
                }
                Err(reason) => parts.push(Test::Unknown(Ignored::new(acl.line, &acl.raw, &reason))),
            }
        }
        parts.push(Test::Entries(own));
        Test::Any(parts)
    }
}

fn ports(values: &[&String]) -> Option<Vec<(u16, u16)>> {
    values
        .iter()
        .map(|value| {
            let (from, to) = value.split_once('-').unwrap_or((value, value));
            Some((from.parse().ok()?, to.parse().ok()?))
        })
        .collect()
}

/// Whether a value of `src` or `dst` stands for every address of IPv4.
fn is_everything(value: &str) -> bool {
    let whole =
        |address: &str, mask: &str| ["0", "0.0.0.0"].contains(&address) && ["0", "0.0.0.0"].contains(&mask);
    value == "all"
        || value.split_once('/').is_some_and(|(address, mask)| whole(address, mask))
        || value == "0.0.0.0-255.255.255.255"
}

/// A leading dot stands for the domain itself and every name below.
fn domain(value: &str) -> Result<Pattern, String> {
    match value.strip_prefix('.') {
        Some(base) => plain(base).map(|n| Pattern::Names(Names::ApexAndSubdomains(n))),
        // Squid takes these for letters like any other: they match no name.
        None if value.contains(['*', '\\']) => Ok(Pattern::PathOnly(value.to_owned())),
        None => pattern(value),
    }
}

fn address(value: &str) -> Result<Pattern, String> {
    if let Ok(address) = value.parse::<IpAddr>() {
        return Ok(Pattern::Names(Names::Address(address)));
    }
    network(value).ok_or_else(|| "only addresses and networks are compared".into())
}

/// The expressions of a line, each with whether it is compared without regard to case: `-i` and `+i` hold for those after
/// them. Other options stand before all of them.
fn expressions(values: &[String]) -> Vec<(&str, bool)> {
    let (mut found, mut is_folded) = (Vec::new(), false);
    for value in values {
        match value.as_str() {
            "-i" => is_folded = true,
            "+i" => is_folded = false,
            option if found.is_empty() && option.starts_with('-') => {}
            own => found.push((own, is_folded)),
        }
    }
    found
}

/// The few expressions that stand for names in an obvious way.
fn expression(value: &str, is_folded: bool) -> Result<Pattern, String> {
    let pattern = folded(value)?;
    // Squid compares the names in lower case, which no other case is equal to.
    let is_equal = is_folded || !value.bytes().any(|b| b.is_ascii_uppercase());
    Ok(if is_equal { pattern } else { Pattern::PathOnly(value.to_owned()) })
}

/// What an expression stands for without regard to case.
fn folded(value: &str) -> Result<Pattern, String> {
    let unescaped = |text: &str| -> Result<String, String> {
        let name = text.replace("\\.", "\u{0}");
        if name.contains('.') {
            return Err("a dot that is not escaped matches any character".into());
        }
        Ok(name.replace('\u{0}', "."))
    };
    let name = |text: &str| unescaped(text).and_then(|t| plain(&t));
    let safe = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    let Some(open) = value.strip_suffix('$') else {
        let text = unescaped(value)?.to_ascii_lowercase();
        return if safe(&text) && !text.is_empty() {
            Ok(Pattern::Holds(text))
        } else {
            Err("this regular expression is not compared".into())
        };
    };
    if let Some(rest) = open.strip_prefix("(^|\\.)") {
        name(rest).map(|n| Pattern::Names(Names::ApexAndSubdomains(n)))
    } else if let Some(rest) = open.strip_prefix("\\.") {
        name(rest).map(|n| Pattern::Names(Names::Subdomains(n)))
    } else if let Some(rest) = open.strip_prefix('^') {
        name(rest).map(|n| Pattern::Names(Names::Exact(n)))
    } else {
        Err("this regular expression is not compared".into())
    }
}
