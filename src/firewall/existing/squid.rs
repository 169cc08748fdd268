//! squid.conf: which names `http_access allow` lets through, and on which ports.

use std::collections::{BTreeMap, BTreeSet};

use super::super::intent::Names;
use super::read::{Ignored, Listed, Pattern, pattern, plain};

type Ports = Vec<(u16, u16)>;

#[derive(Default)]
struct Conf {
    /// Entries of each acl of names or addresses.
    names: BTreeMap<String, Vec<(usize, String, Pattern)>>,
    /// Ports of each acl of ports.
    ports: BTreeMap<String, Ports>,
    /// The acls of each `http_access allow` line.
    allow: Vec<Vec<String>>,
    has_access: bool,
    ignored: Vec<Ignored>,
}

pub(super) fn read(text: &str) -> (Vec<Listed>, Vec<Ignored>) {
    let mut conf = Conf::default();
    for (line, raw) in (1..).zip(text.lines()) {
        let mut words = raw.split_whitespace();
        match words.next() {
            Some("acl") => conf.acl(line, raw, &words.collect::<Vec<_>>()),
            Some("http_access") => {
                conf.has_access = true;
                let acls: Vec<String> = words.map(str::to_owned).collect();
                if acls.first().is_some_and(|a| a == "allow") {
                    conf.allow.push(acls.into_iter().skip(1).collect());
                }
            }
            Some("include") => conf.ignored.push(Ignored {
                line,
                text: raw.trim().to_owned(),
                reason: "included files are not read; hold each of them against the list".into(),
            }),
            _ => {}
        }
    }
    conf.entries()
}

impl Conf {
    fn acl(&mut self, line: usize, raw: &str, words: &[&str]) {
        let [name, kind, values @ ..] = words else { return };
        let values = values.iter().filter(|v| !v.starts_with('-'));
        let mut ignore = |reason: String| {
            self.ignored.push(Ignored { line, text: raw.trim().to_owned(), reason });
        };
        match *kind {
            "port" => {
                let ports = self.ports.entry((*name).to_owned()).or_default();
                for value in values {
                    let (from, to) = value.split_once('-').unwrap_or((value, value));
                    if let (Ok(from), Ok(to)) = (from.parse(), to.parse()) {
                        ports.push((from, to));
                    }
                }
            }
            "dstdomain" | "dst" | "dstdom_regex" => {
                for value in values {
                    if value.starts_with('"') {
                        ignore("the names are in another file; hold that file against the list".into());
                        continue;
                    }
                    let found = match *kind {
                        "dstdom_regex" => expression(value),
                        "dst" => address(value),
                        _ => domain(value),
                    };
                    match found {
                        Ok(pattern) => {
                            let entries = self.names.entry((*name).to_owned()).or_default();
                            entries.push((line, (*value).to_owned(), pattern));
                        }
                        Err(reason) => ignore(reason),
                    }
                }
            }
            _ => {}
        }
    }

    fn entries(self) -> (Vec<Listed>, Vec<Ignored>) {
        let mut found: BTreeMap<(usize, String), Listed> = BTreeMap::new();
        let lines: Vec<Vec<String>> = if self.has_access {
            self.allow
        } else {
            // A file of acls alone: the file that includes it allows them.
            self.names.keys().map(|name| vec![name.clone()]).collect()
        };
        for acls in &lines {
            let ports: Ports = acls.iter().filter_map(|a| self.ports.get(a)).flatten().copied().collect();
            for (line, text, pattern) in acls.iter().filter_map(|a| self.names.get(a)).flatten() {
                let entry = found.entry((*line, text.clone())).or_insert_with(|| Listed {
                    text: text.clone(),
                    pattern: pattern.clone(),
                    ports: ports.clone(),
                    line: *line,
                    open_end: false,
                });
                // Allowed a second time: for those ports too, or for any.
                if ports.is_empty() {
                    entry.ports.clear();
                } else if !entry.ports.is_empty() {
                    let known: BTreeSet<_> = entry.ports.iter().chain(&ports).copied().collect();
                    entry.ports = known.into_iter().collect();
                }
            }
        }
        let mut ignored = self.ignored;
        for (name, entries) in &self.names {
            let used = lines.iter().any(|acls| acls.contains(name));
            if let (false, Some((line, ..))) = (used, entries.first()) {
                ignored.push(Ignored {
                    line: *line,
                    text: format!("acl {name}"),
                    reason: "no http_access allow line uses it".into(),
                });
            }
        }
        (found.into_values().collect(), ignored)
    }
}

/// A leading dot stands for the domain itself and every name below.
fn domain(value: &str) -> Result<Pattern, String> {
    match value.strip_prefix('.') {
        Some(base) => plain(base).map(|n| Pattern::Names(Names::ApexAndSubdomains(n))),
        None => pattern(value),
    }
}

fn address(value: &str) -> Result<Pattern, String> {
    match value.parse() {
        Ok(address) => Ok(Pattern::Names(Names::Address(address))),
        Err(_) => Err("only single addresses are compared".into()),
    }
}

/// The few expressions that stand for names in an obvious way.
fn expression(value: &str) -> Result<Pattern, String> {
    let unescaped = |text: &str| -> Result<String, String> {
        let name = text.replace("\\.", "\u{0}");
        if name.contains('.') {
            return Err("a dot that is not escaped matches any character".into());
        }
        plain(&name.replace('\u{0}', "."))
    };
    let Some(open) = value.strip_suffix('$') else {
        return Err(
            "a regular expression without `$` at its end matches more than names; not compared".into()
        );
    };
    if let Some(name) = open.strip_prefix("(^|\\.)") {
        unescaped(name).map(|n| Pattern::Names(Names::ApexAndSubdomains(n)))
    } else if let Some(name) = open.strip_prefix("\\.") {
        unescaped(name).map(|n| Pattern::Names(Names::Subdomains(n)))
    } else if let Some(name) = open.strip_prefix('^') {
        unescaped(name).map(|n| Pattern::Names(Names::Exact(n)))
    } else {
        Err("this regular expression is not compared".into())
    }
}
