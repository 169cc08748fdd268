//! dnsmasq configuration: `nftset=/name/4#inet#table#set`, where the set says the port. A name that dnsmasq answers with
//! nothing fills no set.

use std::collections::BTreeMap;

use super::super::intent::Names;
use super::access::{Access, Gate, Test};
use super::read::{Dialect, Ignored, Listed, Listing, Pattern, brief, plain};

/// Settings that say nothing about which names are answered. Everything else that is not read may decide.
const NEUTRAL: [&str; 40] = [
    "port",
    "listen-address",
    "interface",
    "except-interface",
    "no-dhcp-interface",
    "bind-interfaces",
    "bind-dynamic",
    "no-resolv",
    "no-poll",
    "no-hosts",
    "resolv-file",
    "cache-size",
    "user",
    "group",
    "pid-file",
    "log-queries",
    "log-facility",
    "log-async",
    "log-dhcp",
    "domain-needed",
    "bogus-priv",
    "strict-order",
    "all-servers",
    "expand-hosts",
    "domain",
    "local-ttl",
    "neg-ttl",
    "max-ttl",
    "max-cache-ttl",
    "min-cache-ttl",
    "no-negcache",
    "edns-packet-max",
    "dns-forward-max",
    "query-port",
    "min-port",
    "max-port",
    "localise-queries",
    "dhcp-range",
    "dhcp-option",
    "dhcp-authoritative",
];

/// What the lines beside the sets say about the answers.
#[derive(Default)]
struct Answers<'a> {
    /// Names that are answered with nothing, they and everything below.
    nothing: Vec<(String, usize, &'a str)>,
    /// Names that a server of their own is asked for.
    asked: Vec<(String, usize, &'a str)>,
    /// What may decide and is not read: about a name and everything below, or about every name.
    unknown: Vec<(Option<String>, Ignored)>,
}

impl<'a> Answers<'a> {
    fn add(&mut self, line: usize, raw: &'a str) {
        if raw.is_empty() || raw.starts_with('#') {
            return;
        }
        let (key, value) = raw.split_once('=').map_or((raw, ""), |(key, value)| (key.trim(), value.trim()));
        let odd = |why: &str| Ignored::new(line, raw, why);
        let of_names = ["address", "server", "local"].contains(&key);
        let Some(rest) = value.strip_prefix('/').filter(|_| of_names) else {
            // A server for everything.
            if !NEUTRAL.contains(&key) && key != "server" {
                self.unknown.push((None, odd("it may decide which names are answered, and is not read")));
            }
            return;
        };
        let (names, to) = rest.rsplit_once('/').unwrap_or((rest, ""));
        for name in names.split('/') {
            let Ok(name) = plain(name) else {
                self.unknown.push((None, odd("the name is not understood")));
                continue;
            };
            match (key, to) {
                ("address", "" | "#" | "0.0.0.0" | "::") | ("server" | "local", "") => {
                    self.nothing.push((name, line, raw));
                }
                ("server" | "local", _) => self.asked.push((name, line, raw)),
                _ => self.unknown.push((Some(name), odd("what it answers is not compared"))),
            }
        }
    }

    /// The lines that decide before the sets do.
    fn lines(self, listing: &mut Listing) -> Vec<Access> {
        let tree = |name: &str| Names::ApexAndSubdomains(name.to_owned());
        let mut found = Vec::new();
        let mut doubtful = self.unknown;
        for (name, line, raw) in self.asked {
            // The longer name decides between the two, where both are of one kind.
            if self.nothing.iter().any(|(above, ..)| tree(above).covers(&tree(&name))) {
                let why = "it stands beside a line that answers a name above with nothing";
                doubtful.push((Some(name), Ignored::new(line, raw, why)));
            }
        }
        for (name, odd) in doubtful {
            let mut tests: Vec<Test> = name.iter().map(|n| Test::Names(Pattern::Names(tree(n)))).collect();
            let (line, text) = (odd.line, odd.text.clone());
            tests.push(Test::Unknown(odd));
            // It may open as well as close: another file may fill sets, too.
            found.push(Access { line, text: text.clone(), allows: true, tests: tests.clone() });
            found.push(Access { line, text, allows: false, tests });
        }
        for (name, line, raw) in self.nothing {
            listing.understood += 1;
            let tests = vec![Test::Names(Pattern::Names(tree(&name)))];
            found.push(Access { line, text: brief(raw), allows: false, tests });
        }
        found
    }
}

pub(super) fn read(text: &str) -> Listing {
    let mut listing = Listing::new(Dialect::Dnsmasq);
    let mut gate = Gate::default();
    // dnsmasq takes the longest name that matches and no other: the deeper names come first.
    let mut lines: BTreeMap<(std::cmp::Reverse<usize>, usize), Vec<Access>> = BTreeMap::new();
    let mut answers = Answers::default();
    for (line, raw) in (1..).zip(text.lines()) {
        // A word that begins with # ends a line.
        let raw = raw.split(" #").next().unwrap_or(raw).trim_end();
        let Some(rest) = raw.trim().strip_prefix("nftset=/") else {
            answers.add(line, raw.trim());
            continue;
        };
        let Some((names, sets)) = rest.rsplit_once('/') else {
            listing.strange.push(Ignored::new(line, raw, "a line nftset=/NAME/SET is expected"));
            continue;
        };
        let mut ports: Vec<(u16, u16)> = Vec::new();
        let mut unknown = false;
        for set in sets.split(',') {
            let name = set.rsplit('#').next().unwrap_or(set);
            let number = name.rsplit_once("tcp_").map_or(name, |(_, rest)| rest);
            match number.split('_').find_map(|part| part.parse::<u16>().ok()) {
                Some(port) if !ports.contains(&(port, port)) => ports.push((port, port)),
                Some(_) => {}
                None => unknown = true,
            }
        }
        for name in names.split('/') {
            match plain(name) {
                Ok(name) => {
                    listing.understood += 1;
                    let pattern = Pattern::Names(Names::ApexAndSubdomains(name.clone()));
                    let index =
                        listing.add(Listed { ports: ports.clone(), ..Listed::line(line, &name, pattern) });
                    let text = raw.trim().to_owned();
                    let depth = std::cmp::Reverse(name.split('.').count());
                    let access = |allows: bool, last: Test| Access {
                        line,
                        text: text.clone(),
                        allows,
                        tests: vec![Test::Entries(vec![index]), last],
                    };
                    let mut own = vec![access(true, Test::Ports(ports.clone()))];
                    if unknown {
                        let why = "the name of this set does not say its port";
                        own.push(access(true, Test::Unknown(Ignored::new(line, raw, why))));
                    }
                    own.push(access(false, Test::Ports(ports.clone()).negated()));
                    lines.entry((depth, line)).or_default().extend(own);
                }
                Err(reason) => listing.strange.push(Ignored::new(line, raw, &reason)),
            }
        }
    }
    gate.lines = answers.lines(&mut listing);
    gate.lines.extend(lines.into_values().flatten());
    listing.gates.push(gate);
    listing
}
