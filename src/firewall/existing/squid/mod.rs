//! squid.conf: what the lines say to `CONNECT host:port`, or to a request in the clear.
//!
//! The lines are walked from the top and the first one that matches decides, as Squid does it. Every
//! directive that can refuse is a gate of its own.

mod acl;
mod directives;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::access::{Access, Gate, Test};
use super::read::{Dialect, Ignored, Listed, Listing, brief};
use directives::Effect;

/// Lines of one acl that are not understood and kept: each says that it may hold, which one does for all.
const MOST_STRANGE: usize = 20;
/// Acls of one name nest at most this deep.
const DEEPEST: usize = 16;
/// Bytes of a line that Squid reads at once: what goes on behind them is a line of its own to it.
const LONGEST: usize = 8190;

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
    /// What may refuse a request and is not read, each by its first line.
    others: BTreeMap<String, (usize, Effect)>,
    /// The first port that Squid listens on, and whether none so far is one that other devices reach.
    port: Option<(usize, String, bool)>,
}

/// Directives that let a request through or refuse it, and what holds where no line matches: the
/// opposite of the last line, or `true` without any line.
const GATES: [&str; 4] = ["http_access", "adapted_http_access", "miss_access", "http_reply_access"];

/// Directives with lines of their own kind.
const OTHERS: [&str; 6] = ["ssl_bump", "include", NEVER_DIRECT, ADAPTATION, REWRITE, REWRITTEN];

/// What may go to the proxies of `cache_peer` alone.
const NEVER_DIRECT: &str = "never_direct";

/// What is handed to a service of ICAP or eCAP.
const ADAPTATION: &str = "adaptation_access";

/// What another program may send elsewhere or refuse.
const REWRITE: &str = "url_rewrite_access";
const REWRITTEN: &str = "url_rewrite_program";

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
    for Logical { line, text: raw, is_cut } in logical(text) {
        let words: Vec<String> =
            raw.split_whitespace().take_while(|w| !w.starts_with('#')).map(str::to_owned).collect();
        let Some((directive, rest)) = words.split_first() else {
            if is_cut {
                conf.others.entry(CUT.to_owned()).or_insert((line, Effect::Refuses));
            }
            continue;
        };
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
            "else" => {}
            other => {
                if let (true, Some(first)) = (directives::is_port(other), rest.first()) {
                    let is_own = directives::is_own_port(first);
                    let port = conf.port.get_or_insert_with(|| (line, raw.trim().to_owned(), true));
                    port.2 &= is_own;
                }
                let effect = directives::effect(other, rest);
                if effect != Effect::Nothing {
                    conf.others.entry(brief(directive)).or_insert((line, effect));
                }
            }
        }
        if is_cut {
            conf.others.entry(CUT.to_owned()).or_insert((line, Effect::Refuses));
        }
    }
    conf.gates(listing)
}

/// Why a line decides something that is not worked out.
const CUT: &str = "a line of more than 8190 bytes, of which Squid makes several";

/// A line of Squid.
struct Logical {
    line: usize,
    text: String,
    /// A line of the file is longer than Squid reads at once.
    is_cut: bool,
}

/// Lines as Squid joins them: a backslash that is the very last character continues a line. The next one follows without
/// the white space at its beginning and without one between; empty lines and remarks do not end it.
fn logical(text: &str) -> Vec<Logical> {
    let mut found: Vec<Logical> = Vec::new();
    let mut open = false;
    for (line, raw) in (1..).zip(text.lines()) {
        let is_cut = raw.len() > LONGEST;
        // Nothing behind a carriage return is read.
        let raw = raw.split('\r').next().unwrap_or(raw);
        let raw = raw.trim_start_matches([' ', '\t', '\u{b}', '\u{c}']);
        if raw.is_empty() || raw.starts_with('#') {
            // What goes on behind a remark that is too long is no remark.
            if is_cut {
                found.push(Logical { line, text: "#".into(), is_cut });
                open = false;
            }
            continue;
        }
        let (content, continues) = raw.strip_suffix('\\').map_or((raw, false), |content| (content, true));
        match found.last_mut() {
            Some(before) if open => {
                before.text.push_str(content);
                before.is_cut |= is_cut;
            }
            _ => found.push(Logical { line, text: content.to_owned(), is_cut }),
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
        let is_include =
            |d: &str, words: &[String]| d == "include" || d == "if" && words.iter().any(|w| w == "include");
        let included = self.lines.iter().find(|(d, _, _, words)| is_include(d, words));
        let mut reader = Reader {
            conf: &self,
            included: included
                .map(|(_, line, raw, _)| Arc::new(Test::Unknown(Ignored::new(*line, raw, INCLUDED)))),
            entries: Vec::new(),
            known: BTreeMap::new(),
            wide: BTreeSet::new(),
        };
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
        let mut services: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
        for line in self.lines.iter().filter(|(d, ..)| d == ADAPTATION) {
            if let Some(service) = line.3.first() {
                services.entry(service).or_default().push(line);
            }
        }
        for (service, lines) in services {
            let what = format!("what the service {} refuses ({ADAPTATION})", brief(service));
            gates.push(reader.handed(ADAPTATION, &what, lines.into_iter(), 1));
        }
        if self.has(REWRITTEN) {
            let what = format!("what the program that requests are handed to refuses ({REWRITTEN})");
            let own = |(d, ..): &&Line| d == REWRITE || d == "if";
            let mut gate = reader.handed(REWRITE, &what, self.lines.iter().filter(own), 0);
            if !self.has(REWRITE) {
                let tests = vec![Test::Other(what)];
                gate.lines.push(Access { line: 0, text: REWRITTEN.to_owned(), allows: false, tests });
            }
            gates.push(gate);
        }
        let is_inside =
            |(d, _, _, words): &&Line| d == "if" && words.first().is_some_and(|w| w == ADAPTATION);
        if self.lines.iter().any(|line| is_inside(&line)) {
            let lines = self.lines.iter().filter(is_inside);
            gates.push(reader.handed(ADAPTATION, "a service", lines, 1));
        }
        gates.push(self.conditions());
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
    /// What may refuse a request that every line lets through.
    fn conditions(&self) -> Gate {
        let mut gate = Gate { otherwise: true, ..Gate::default() };
        let mut add = |line: usize, what: &str, effect: Effect| {
            let why =
                Test::Other(format!("`{what}` (line {line}), which may refuse requests and is not read"));
            let tests = match effect {
                Effect::Nothing => return,
                Effect::RefusesRead if self.has("ssl_bump") => vec![why],
                Effect::RefusesRead | Effect::RefusesClear => vec![Test::Clear, why],
                Effect::Refuses => vec![why],
            };
            gate.lines.push(Access { line, text: what.to_owned(), allows: false, tests });
        };
        for (what, (line, effect)) in &self.others {
            add(*line, what, *effect);
        }
        let port = self.port.as_ref().filter(|(.., is_own)| *is_own);
        let is_include =
            |d: &str, words: &[String]| d == "include" || d == "if" && words.iter().any(|w| w == "include");
        if let Some((_, line, raw, _)) = self.lines.iter().find(|(d, _, _, words)| is_include(d, words)) {
            add(*line, &brief(raw), Effect::Refuses);
        }
        if let Some((line, raw, _)) = port {
            let why = "whether the app runs on the machine of the proxy, as no other device reaches its port";
            gate.lines.push(Access {
                line: *line,
                text: brief(raw),
                allows: false,
                tests: vec![Test::client(why)],
            });
        }
        gate
    }
}

struct Reader<'a> {
    conf: &'a Conf,
    /// The first file that is included, which may add to every acl.
    included: Option<Arc<Test>>,
    entries: Vec<Listed>,
    /// Acls that were read: their test in http_access and in ssl_bump. Nothing for one that is being read.
    known: BTreeMap<(String, bool), Option<Arc<Test>>>,
    /// Acls that hold whole private networks, and so perhaps every client that there is.
    wide: BTreeSet<String>,
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
            let mut tests: Vec<Test> = acls.iter().map(|a| self.reference(a, false, *line, raw, 0)).collect();
            if let Some(wide) = acls.iter().find(|a| !allows && self.wide.contains(*a)) {
                tests.push(Test::Other(format!(
                    "whether every client is in the networks of acl {}",
                    brief(wide)
                )));
            }
            // All clients but a few, or none of those that there are.
            let is_most = |name: &str| if allows { self.wide.contains(name) } else { self.is_few(name) };
            if let Some(other) = acls.iter().find(|a| a.strip_prefix('!').is_some_and(is_most)) {
                tests.push(Test::Other(format!(
                    "whether the client is in the networks of acl {}",
                    brief(&other[1..])
                )));
            }
            gate.lines.push(Access { line: *line, text: brief(raw), allows, tests });
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
                "peek" | "stare" => continue,
                _ => {
                    gate.unsure(&Ignored::new(*line, raw, "this action of ssl_bump is not known"));
                    continue;
                }
            };
            let tests = acls.iter().map(|a| self.reference(a, true, *line, raw, 0)).collect();
            gate.lines.push(Access { line: *line, text: brief(raw), allows, tests });
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
            gate.lines.push(Access { line: *line, text: brief(raw), allows: is_last_deny, tests });
        }
        if is_last_deny {
            // The opposite of the last line.
            let tests = vec![Test::Other(what.to_owned())];
            gate.lines.push(Access { line: 0, text: directive.to_owned(), allows: false, tests });
        }
        gate
    }
}
