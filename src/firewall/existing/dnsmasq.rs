//! dnsmasq configuration: `nftset=/name/4#inet#table#set`, where the set says the port. A name that dnsmasq answers with
//! nothing fills no set.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::intent::Names;
use super::access::{Access, Gate, Test};
use super::build::{MOST, Ports, too_many};
use super::read::{Dialect, Ignored, Listed, Listing, Pattern, Unread, brief, plain};
use super::said;

/// Settings that say nothing about which names are answered. Everything else that is not read may decide.
const NEUTRAL: &str = "
    all-servers bind-dynamic bind-interfaces bogus-priv conntrack dhcp-authoritative dhcp-boot dhcp-host dhcp-leasefile
    dhcp-lease-max dhcp-range dnssec-check-unsigned domain domain-needed edns-packet-max enable-ra enable-tftp expand-hosts
    filter-AAAA group local-service local-ttl localise-queries log-async log-debug log-dhcp log-facility log-queries
    max-cache-ttl max-port max-ttl min-cache-ttl min-port neg-ttl no-daemon no-dhcp-interface no-hosts no-negcache no-ping
    no-poll no-resolv pid-file query-port quiet-dhcp quiet-dhcp6 quiet-ra read-ethers rebind-domain-ok
    rebind-localhost-ok resolv-file server strict-order tftp-root user
";

/// Settings that say nothing unless their value is nothing: no answers are given then.
const NOT_ZERO: [&str; 3] = ["port", "cache-size", "dns-forward-max"];

/// Whether a setting leaves every name to be answered.
fn is_neutral(key: &str, value: &str) -> bool {
    match key {
        // Without answers from memory there are others.
        "cache-size" => true,
        _ if NOT_ZERO.contains(&key) => value.parse::<u32>().is_ok_and(|n| n > 0),
        // A device that asks another server fills no set.
        "dhcp-option" => {
            let mut parts = value.split(',').map(str::trim);
            !parts.any(|p| ["6", "option:dns-server", "option6:dns-server", "option6:23"].contains(&p))
        }
        "listen-address" => value.split(',').any(|a| !is_loopback(a.trim())),
        "interface" => value.split(',').any(|i| i.trim() != "lo"),
        _ => NEUTRAL.split_ascii_whitespace().any(|own| own == key),
    }
}

fn is_loopback(address: &str) -> bool {
    address.parse::<std::net::IpAddr>().is_ok_and(|a| a.is_loopback())
}

/// Whether a server has an address that no server has.
fn is_nowhere(server: &str) -> bool {
    let address = server.split(['#', '@']).next().unwrap_or(server);
    address.parse::<std::net::IpAddr>().is_ok_and(|a| a.is_unspecified())
}

/// What the lines beside the sets say about the answers.
#[derive(Default)]
struct Answers<'a> {
    /// Names that are answered with nothing, they and everything below.
    nothing: Vec<(String, usize, &'a str)>,
    /// Names that a server of their own is asked for.
    asked: Vec<(String, usize, &'a str)>,
    /// What may decide and is not read: about a name and everything below, or about every name.
    unknown: Vec<(Option<String>, Ignored)>,
    /// A line that takes away answers with private addresses.
    rebind: Option<Ignored>,
    /// Where it listens: each line, and whether others than this machine can ask there.
    listens: Vec<(bool, Ignored)>,
    /// There is a server for every name.
    has_server: bool,
    /// A line that leaves no other servers than those in the file.
    alone: Option<Ignored>,
    /// Lines that take answers away under a condition: of a name and everything below, or of every name.
    conditions: Vec<(Option<String>, usize, &'a str, String)>,
}

impl<'a> Answers<'a> {
    fn add(&mut self, line: usize, raw: &'a str) {
        if raw.is_empty() || raw.starts_with('#') {
            return;
        }
        let (key, value) = raw.split_once('=').map_or((raw, ""), |(key, value)| (key.trim(), value.trim()));
        let odd = |why: &str| Ignored::new(line, raw, why);
        let of_names = ["address", "server", "local", "ipset"].contains(&key);
        let Some(rest) = value.strip_prefix('/').filter(|_| of_names) else {
            let mut depends = |what: String| self.conditions.push((None, line, raw, what));
            match key {
                "server" if is_nowhere(value) => {
                    depends(format!("the server {value}, which is no address of one"))
                }
                "resolv-file" if value == "/dev/null" => {
                    depends("servers from elsewhere: resolv-file=/dev/null names none".into());
                }
                "local-service" if value == "host" => {
                    depends(
                        "whether it is this machine that asks: local-service=host answers no other".into(),
                    );
                }
                // With `local` the names below are answered from this file alone.
                "domain" if value.split(',').skip(1).any(|part| part.trim() == "local") => {
                    match plain(value.split(',').next().unwrap_or_default().trim()) {
                        Ok(name) => self.nothing.push((name, line, raw)),
                        Err(_) => self.unknown.push((None, odd("the name is not understood"))),
                    }
                }
                "server" if !value.is_empty() => self.has_server = true,
                "no-resolv" => {
                    self.alone =
                        Some(odd("no server is asked but those of the file, which has none for every name"))
                }
                "stop-dns-rebind" => self.rebind = Some(odd("names with private addresses are not answered")),
                "listen-address" | "interface" => {
                    let why = "only this machine itself can ask there";
                    self.listens.push((is_neutral(key, value), odd(why)));
                }
                // Who asks at another interface is answered.
                "except-interface" => {}
                _ if is_neutral(key, value) => {}
                _ => {
                    self.unknown.push((None, odd("it may decide which names are answered, and is not read")))
                }
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
                ("server" | "local", to) if is_nowhere(to) => {
                    let what = format!("the server {to}, which is no address of one");
                    self.conditions.push((Some(name), line, raw, what));
                }
                ("server" | "local", _) => self.asked.push((name, line, raw)),
                ("ipset", _) => {
                    self.unknown.push((
                        Some(name),
                        odd("what is done with the addresses of this set is not in the file"),
                    ));
                }
                _ => self.unknown.push((Some(name), odd("what it answers is not compared"))),
            }
        }
    }

    /// The lines that decide before the sets do.
    fn lines(self, listing: &mut Listing) -> Vec<Access> {
        let tree = |name: &str| Names::ApexAndSubdomains(name.to_owned());
        let mut found = Vec::new();
        let mut doubtful = self.unknown;
        let nothing: HashSet<&str> = self.nothing.iter().map(|(name, ..)| name.as_str()).collect();
        for (name, line, raw) in self.asked {
            // The longer name decides between the two, where both are of one kind.
            let mut above = name.match_indices('.').map(|(at, _)| &name[at + 1..]);
            if nothing.contains(name.as_str()) || above.any(|above| nothing.contains(above)) {
                let why = "it stands beside a line that answers a name above with nothing";
                doubtful.push((Some(name), Ignored::new(line, raw, why)));
            }
        }
        if let Some(alone) = self.alone.filter(|_| !self.has_server) {
            doubtful.push((None, alone));
        }
        if self.listens.iter().all(|(others, _)| !others) {
            doubtful.extend(self.listens.into_iter().take(1).map(|(_, odd)| (None, odd)));
        }
        if let Some(odd) = self.rebind {
            let (line, text) = (odd.line, odd.text.clone());
            found.push(Access { line, text, allows: false, tests: vec![Test::Internal, Test::Unknown(odd)] });
        }
        for (name, odd) in doubtful {
            let mut tests: Vec<Test> = name.iter().map(|n| Test::Names(Pattern::Names(tree(n)))).collect();
            let (line, text) = (odd.line, odd.text.clone());
            tests.push(Test::Unknown(odd));
            // It may open as well as close: another file may fill sets, too.
            found.push(Access { line, text: text.clone(), allows: true, tests: tests.clone() });
            found.push(Access { line, text, allows: false, tests });
        }
        for (name, line, raw, what) in self.conditions {
            let mut tests: Vec<Test> = name.iter().map(|n| Test::Names(Pattern::Names(tree(n)))).collect();
            tests.push(Test::Other(what));
            found.push(Access { line, text: brief(raw), allows: false, tests });
        }
        for (name, line, raw) in self.nothing {
            listing.understood += 1;
            let tests = vec![Test::Names(Pattern::Names(tree(&name)))];
            found.push(Access { line, text: brief(raw), allows: false, tests });
        }
        found
    }
}

/// Reads a configuration.
///
/// # Errors
/// When its lines name more entries than are read.
pub(super) fn read(text: &str) -> Result<Listing, Unread> {
    let mut room = MOST;
    let mut listing = Listing::new(Dialect::Dnsmasq);
    let mut gate = Gate::default();
    // dnsmasq takes the longest name that matches and no other: the deeper names come first.
    let mut lines: BTreeMap<(std::cmp::Reverse<usize>, usize), Vec<Access>> = BTreeMap::new();
    let mut answers = Answers::default();
    // The line and the ports of each name.
    let mut ports_of: HashMap<String, (usize, Vec<(u16, u16)>)> = HashMap::new();
    for (line, raw) in (1..).zip(text.lines()) {
        let raw = uncommented(raw);
        let Some(rest) = raw.trim().strip_prefix("nftset=/") else {
            answers.add(line, raw.trim());
            continue;
        };
        let Some((names, sets)) = rest.rsplit_once('/') else {
            listing.strange.push(Ignored::new(line, raw, "a line nftset=/NAME/SET is expected"));
            continue;
        };
        // The ports of the sets for addresses of IPv4, and of all.
        let (mut ports, mut all): (Ports, Ports) = (Vec::new(), Vec::new());
        let mut unknown = None;
        for set in sets.split(',') {
            match Set::of(set) {
                Ok(Set { port, has_ipv4 }) => {
                    let one = (port, port);
                    all.push(one);
                    if has_ipv4 {
                        ports.push(one);
                    }
                }
                Err(why) => unknown = Some(why),
            }
        }
        for own in [&mut ports, &mut all] {
            own.sort_unstable();
            own.dedup();
        }
        // A set of which it is not known what it is for may be one of what is dropped.
        let may_deny = unknown.is_some();
        if unknown.is_none() && ports != all {
            unknown = Some("one of its sets is for addresses of IPv6 alone");
        }
        if unknown.is_some() && ports.is_empty() {
            // None of them is for any port that is known.
            ports.push((0, 0));
        }
        // A line may have thousands of names: each is shown its beginning.
        let shown = brief(raw.trim());
        let shown = shown.as_str();
        for name in names.split('/') {
            room = room.checked_sub(all.len().max(1)).ok_or_else(too_many)?;
            match plain(name) {
                Ok(name) => {
                    listing.understood += 1;
                    let pattern = Pattern::Names(Names::ApexAndSubdomains(name.clone()));
                    let index =
                        listing.add(Listed { ports: ports.clone(), ..Listed::line(line, &name, pattern) });
                    let depth = std::cmp::Reverse(name.split('.').count());
                    let access = |allows: bool, last: Test| Access {
                        line,
                        text: shown.to_owned(),
                        allows,
                        tests: vec![Test::Entries(vec![index]), last],
                    };
                    let mut own = Vec::new();
                    let odd = |why: &str| Test::Unknown(Ignored::new(line, shown, why));
                    own.extend(unknown.filter(|_| may_deny).map(|why| access(false, odd(why))));
                    own.push(access(true, Test::Ports(ports.clone())));
                    own.extend(unknown.map(|why| access(true, odd(why))));
                    own.push(access(false, Test::Ports(ports.clone()).negated()));
                    // Of two lines for one name dnsmasq takes one: what they do not both open is in doubt.
                    if let Some((first, there)) = ports_of.insert(name.clone(), (line, ports.clone()))
                        && there != ports
                    {
                        let why =
                            format!("line {first} is for the same name, and dnsmasq takes one of the two");
                        for own in [there, ports.clone()] {
                            let mut doubt = access(false, Test::Ports(own).negated());
                            doubt.tests.push(odd(&why));
                            lines.entry((depth, 0)).or_default().push(doubt);
                        }
                    }
                    lines.entry((depth, line)).or_default().extend(own);
                }
                Err(reason) => listing.strange.push(Ignored::new(line, shown, &reason)),
            }
        }
    }
    gate.lines = answers.lines(&mut listing);
    gate.lines.extend(lines.into_values().flatten());
    listing.gates.push(gate);
    Ok(listing)
}

/// A word that begins with # ends a line.
fn uncommented(raw: &str) -> &str {
    let mut before = ' ';
    for (at, c) in raw.char_indices() {
        if c == '#' && before.is_ascii_whitespace() {
            return raw[..at].trim_end();
        }
        before = c;
    }
    raw.trim_end()
}

/// A set of nftables, of which only the name says what it is for.
struct Set {
    port: u16,
    has_ipv4: bool,
}

impl Set {
    /// Reads `4#inet#TABLE#SET`, where the name ends in `tcp_PORT`, `tcp_PORT_v4` or `tcp_PORT_v6`, and nothing before it says
    /// otherwise.
    fn of(text: &str) -> Result<Self, &'static str> {
        let unknown = "the name of this set does not say its port: one that ends in tcp_PORT, tcp_PORT_v4 or tcp_PORT_v6 does";
        let mut parts: Vec<&str> = text.split('#').collect();
        let only = match parts.first() {
            Some(&("4" | "6")) => Some(parts.remove(0)),
            _ => None,
        };
        let [family, table, name] = parts.as_slice() else { return Err("a set is written FAMILY#TABLE#SET") };
        let of_family = match *family {
            "inet" => true,
            "ip" => only != Some("6"),
            "ip6" => only != Some("4"),
            _ => return Err("a set of this family is not compared"),
        };
        let name = name.to_ascii_lowercase();
        let (body, of_name) = match name.rsplit_once("_v") {
            Some((body, "4")) => (body, Some("4")),
            Some((body, "6")) => (body, Some("6")),
            _ => (name.as_str(), None),
        };
        let (before, port) = body.rsplit_once("tcp_").ok_or(unknown)?;
        let port = port.parse::<u16>().ok().filter(|p| *p > 0).ok_or(unknown)?;
        if !(before.is_empty() || before.ends_with('_')) {
            return Err(unknown);
        }
        // One letter is a name, not `false`.
        let says = |text: &str| text.len() > 1 && said::takes_away(text);
        if says(before) || says(table) {
            return Err("the name of this set says that it is not let through");
        }
        // Addresses of one family in a set of the other.
        let agree = of_family && (of_name.is_none() || only.is_none() || of_name == only);
        if !agree {
            return Err("this set is for addresses of the other family");
        }
        let is_ipv6 = only == Some("6") || of_name == Some("6") || *family == "ip6";
        Ok(Self { port, has_ipv4: !is_ipv6 })
    }
}
