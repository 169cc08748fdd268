//! FortiOS configuration: what its policies let through, in their order, by way of groups and
//! services. An object that no accepting policy uses opens nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::super::intent::Names;
use super::access::{Access, Gate, Test};
use super::read::{Dialect, Ignored, Listed, Listing, Pattern, network, pattern};

/// Groups nest at most this deep.
const DEEPEST: usize = 16;

/// Members of groups that are followed for one policy: groups that name each other grow with every level.
pub(super) const MEMBERS: usize = 100_000;

/// One `edit … next`.
#[derive(Default)]
struct Object {
    line: usize,
    name: String,
    /// Key, its line and its values.
    sets: BTreeMap<String, (usize, Vec<String>)>,
}

impl Object {
    fn values(&self, key: &str) -> &[String] {
        self.sets.get(key).map_or(&[], |(_, values)| values.as_slice())
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.values(key).first().map(String::as_str)
    }

    fn is(&self, key: &str, value: &str) -> bool {
        self.value(key) == Some(value)
    }

    fn line_of(&self, key: &str) -> usize {
        self.sets.get(key).map_or(self.line, |(line, _)| *line)
    }
}

/// The objects of one virtual domain, by their section.
#[derive(Default)]
struct Domain {
    sections: BTreeMap<String, Vec<Object>>,
}

impl Domain {
    fn section(&self, name: &str) -> &[Object] {
        self.sections.get(name).map_or(&[], Vec::as_slice)
    }

    fn find(&self, section: &str, name: &str) -> Option<&Object> {
        self.section(section).iter().find(|o| o.name == name)
    }
}

/// Words of each statement, with its line; a quoted text may go over several lines.
fn statements(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let (mut words, mut word): (Vec<String>, Option<String>) = (Vec::new(), None);
    let (mut line, mut begin) = (1_usize, 1_usize);
    let mut quote: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\n', None) => {
                words.extend(word.take());
                if !words.is_empty() {
                    found.push((begin, std::mem::take(&mut words)));
                }
            }
            ('#', None) if words.is_empty() && word.is_none() => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
            }
            ('\\', _) => {
                if let Some(next) = chars.next() {
                    word.get_or_insert_default().push(next);
                    line += usize::from(next == '\n');
                }
            }
            (q, Some(open)) if q == open => quote = None,
            (q @ ('"' | '\''), None) => {
                if words.is_empty() && word.is_none() {
                    begin = line;
                }
                word.get_or_insert_default();
                quote = Some(q);
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => {
                if words.is_empty() && word.is_none() {
                    begin = line;
                }
                word.get_or_insert_default().push(c);
            }
        }
        line += usize::from(c == '\n');
    }
    words.extend(word);
    if !words.is_empty() {
        found.push((begin, words));
    }
    found
}

fn parse(text: &str) -> BTreeMap<String, Domain> {
    enum Level {
        Config(String),
        Edit,
        Wrapper,
    }
    let mut domains: BTreeMap<String, Domain> = BTreeMap::new();
    let mut stack: Vec<Level> = Vec::new();
    let mut domain = String::new();
    let mut open: Vec<Object> = Vec::new();
    for (line, words) in statements(text) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["config", "vdom" | "global"] => {
                stack.push(Level::Wrapper);
                domain = String::new();
            }
            ["config", rest @ ..] => stack.push(Level::Config(rest.join(" "))),
            ["edit", name, ..] => {
                if matches!(stack.last(), Some(Level::Wrapper)) {
                    domain = (*name).to_owned();
                } else {
                    stack.push(Level::Edit);
                    open.push(Object { line, name: (*name).to_owned(), sets: BTreeMap::new() });
                }
            }
            ["set", key, values @ ..] => {
                if let Some(object) = open.last_mut() {
                    let values = values.iter().map(|v| (*v).to_owned()).collect();
                    object.sets.insert((*key).to_owned(), (line, values));
                }
            }
            ["append", key, values @ ..] => {
                if let Some(object) = open.last_mut() {
                    let entry = object.sets.entry((*key).to_owned()).or_insert((line, Vec::new()));
                    entry.1.extend(values.iter().map(|v| (*v).to_owned()));
                }
            }
            ["unset", key, ..] => {
                if let Some(object) = open.last_mut() {
                    object.sets.remove(*key);
                }
            }
            ["next", ..] => close(&mut stack, &mut open, &mut domains, &domain),
            ["end", ..] => {
                // `end` closes an edit that `next` did not.
                if matches!(stack.last(), Some(Level::Edit)) {
                    close(&mut stack, &mut open, &mut domains, &domain);
                }
                if matches!(stack.pop(), Some(Level::Wrapper)) {
                    domain = String::new();
                }
            }
            _ => {}
        }
    }
    fn close(
        stack: &mut Vec<Level>,
        open: &mut Vec<Object>,
        domains: &mut BTreeMap<String, Domain>,
        domain: &str,
    ) {
        if !matches!(stack.last(), Some(Level::Edit)) {
            return;
        }
        stack.pop();
        let path: Vec<&str> = stack
            .iter()
            .filter_map(|l| match l {
                Level::Config(path) => Some(path.as_str()),
                _ => None,
            })
            .collect();
        if let Some(mut object) = open.pop() {
            // What stands inside another object belongs to it.
            if let Some(parent) = open.last() {
                object.name = format!("{}/{}", parent.name, object.name);
            }
            let sections = &mut domains.entry(domain.to_owned()).or_default().sections;
            sections.entry(path.join("/")).or_default().push(object);
        }
    }
    domains
}

pub(super) fn read(text: &str) -> Listing {
    let mut listing = Listing::new(Dialect::Fortigate);
    let domains = parse(text);
    let mut gate = Gate::default();
    let mut names = Gate { lines: Vec::new(), otherwise: true };
    let is_policy = |d: &Domain| POLICIES.iter().any(|p| !d.section(p).is_empty());
    let several = domains.values().filter(|d| is_policy(d)).count() > 1;
    let any_policy = domains.values().any(is_policy);
    for (name, domain) in &domains {
        let mut reader = Reader {
            domain,
            listing: &mut listing,
            indices: BTreeMap::new(),
            used: BTreeSet::new(),
            label: if several { Some(format!("virtual domain {name}")) } else { None },
            left: MEMBERS,
        };
        if any_policy {
            reader.policies(&mut gate, &mut names);
        } else {
            reader.objects(&mut gate);
        }
        reader.leftovers(any_policy);
    }
    if !any_policy && listing.understood > 0 {
        listing.remarks.push(
            "objects only: this file has no firewall policy, and an object that no accepting policy uses opens nothing".into(),
        );
    }
    listing.gates.push(gate);
    if !names.lines.is_empty() {
        listing.gates.push(names);
    }
    listing
}

const POLICIES: [&str; 4] =
    ["firewall policy", "firewall security-policy", "firewall consolidated policy", "firewall proxy-policy"];

struct Reader<'a, 'b> {
    domain: &'a Domain,
    listing: &'b mut Listing,
    /// The entry of each address object.
    indices: BTreeMap<(bool, String), usize>,
    /// Address objects and groups that an accepting policy uses.
    used: BTreeSet<String>,
    label: Option<String>,
    /// How many more members of groups are followed for this policy.
    left: usize,
}

impl Reader<'_, '_> {
    /// `names` is what lookups have to pass, whatever the policies say.
    fn policies(&mut self, gate: &mut Gate, names: &mut Gate) {
        let domain = self.domain;
        for section in POLICIES {
            self.listing.understood += domain.section(section).len();
            let policies: Vec<&Object> =
                domain.section(section).iter().filter(|p| !p.is("status", "disable")).collect();
            let ways: BTreeSet<String> = policies.iter().map(|p| way(p)).collect();
            for policy in policies {
                self.left = MEMBERS;
                let allows = policy.is("action", "accept");
                let text = format!(
                    "policy {}{}",
                    policy.name,
                    policy.value("name").map(|n| format!(" {n}")).unwrap_or_default()
                );
                let mut tests = Vec::new();
                if let Some(label) = &self.label {
                    tests.push(Test::Client(label.clone()));
                }
                if ways.len() > 1 {
                    tests.push(Test::Client(format!("traffic {}", way(policy))));
                }
                if policy.value("action").is_some_and(|a| !["accept", "deny"].contains(&a)) {
                    let line = policy.line_of("action");
                    tests.push(Test::Unknown(Ignored::new(
                        line,
                        &text,
                        "an action other than accept and deny",
                    )));
                }
                tests.push(self.destination(policy, &text, allows));
                tests.push(self.services(policy, &text));
                tests.extend(clients(policy));
                for key in ["application", "app-category", "app-group", "url-category"] {
                    if !policy.values(key).is_empty() {
                        tests.push(Test::Other(format!("{text}: {key}")));
                    }
                }
                // First, since the lines of the filters have all conditions of the policy.
                if allows && let Some(list) = policy.value("application-list") {
                    self.applications(list, policy, &text, &mut tests);
                }
                if allows && let Some(profile) = policy.value("webfilter-profile") {
                    self.filter(gate, profile, policy, &text, &tests);
                }
                if allows && let Some(profile) = policy.value("dnsfilter-profile") {
                    self.names_filter(names, profile, policy, &text, &tests);
                }
                gate.lines.push(Access { line: policy.line, text, allows, tests });
            }
        }
    }

    /// The static URL filter of a policy's web filter profile: what it blocks, the policy does not open.
    fn filter(&mut self, gate: &mut Gate, profile: &str, policy: &Object, text: &str, tests: &[Test]) {
        self.listing.remarks.push(format!(
            "line {}: {text} has the web filter profile {profile}: its categories may block hosts that the policy accepts",
            policy.line_of("webfilter-profile")
        ));
        let domain = self.domain;
        let Some(table) = self.setting("webfilter profile", profile, "urlfilter-table") else { return };
        for entry in domain.section("webfilter urlfilter/entries") {
            if !entry.name.starts_with(&format!("{table}/")) || entry.is("status", "disable") {
                continue;
            }
            let Some(test) = url(entry, true) else { continue };
            let mut conditions = tests.to_vec();
            conditions.push(test);
            conditions.push(Test::Web);
            // Allow, monitor and exempt end the URL filter: the connection goes on.
            let allows = !entry.is("action", "block");
            let line = entry.line_of("url");
            let what = format!("url filter {table}, {}", entry.value("url").unwrap_or(""));
            gate.lines.push(Access { line, text: what, allows, tests: conditions });
        }
    }

    /// The static domain filter of a policy's DNS filter profile: a name that it blocks is never looked up.
    fn names_filter(&mut self, gate: &mut Gate, profile: &str, policy: &Object, text: &str, tests: &[Test]) {
        self.listing.remarks.push(format!(
            "line {}: {text} has the DNS filter profile {profile}: its categories may block names that the policy accepts",
            policy.line_of("dnsfilter-profile")
        ));
        let domain = self.domain;
        let Some(table) = self.setting("dnsfilter profile", profile, "domain-filter-table") else { return };
        for entry in domain.section("dnsfilter domain-filter/entries") {
            if !entry.name.starts_with(&format!("{table}/")) || entry.is("status", "disable") {
                continue;
            }
            let (line, Some(name)) = (entry.line_of("domain"), entry.value("domain")) else { continue };
            let test = match pattern(name) {
                _ if entry.is("type", "regex") => {
                    let why = "a regular expression of a DNS filter is not compared";
                    Test::Unknown(Ignored::new(line, name, why))
                }
                Ok(found) => Test::Names(found),
                Err(reason) => Test::Unknown(Ignored::new(line, name, &reason)),
            };
            let conditions = tests.iter().cloned().chain([test]).collect();
            let allows = !entry.is("action", "block");
            let what = format!("DNS filter {table}, {name}");
            gate.lines.push(Access { line, text: what, allows, tests: conditions });
        }
    }

    /// Application control of a policy. What it does with traffic that it recognises as nothing on its list
    /// decides about every host; single applications have numbers that no list of names can be compared with.
    fn applications(&mut self, list: &str, policy: &Object, text: &str, tests: &mut Vec<Test>) {
        let blocks = |key: &str| self.setting("application list", list, key) == Some("block");
        if blocks("other-application-action") || blocks("unknown-application-action") {
            tests.push(Test::Other(format!("what application control takes it for (list {list})")));
            return;
        }
        self.listing.remarks.push(format!(
            "line {}: {text} has the application list {list}: it may block applications that the policy accepts",
            policy.line_of("application-list")
        ));
    }

    /// A value of a profile, which may stand in one of its inner tables.
    fn setting(&self, section: &str, profile: &str, key: &str) -> Option<&str> {
        let inner = format!("{profile}/");
        let nested = self.domain.sections.iter().filter(|(s, _)| s.split('/').next() == Some(section));
        let of = nested.flat_map(|(_, o)| o).filter(|o| o.name == profile || o.name.starts_with(&inner));
        of.filter_map(|o| o.value(key)).next()
    }

    fn destination(&mut self, policy: &Object, text: &str, allows: bool) -> Test {
        if policy.is("internet-service", "enable") {
            return Test::Other(format!(
                "{text}: internet service {}",
                policy.values("internet-service-name").join(", ")
            ));
        }
        let four = self.names(policy.values("dstaddr"), policy.line_of("dstaddr"), false, allows);
        let six = self.names(policy.values("dstaddr6"), policy.line_of("dstaddr6"), true, allows);
        let four = if policy.is("dstaddr-negate", "enable") { four.negated() } else { four };
        let six = if policy.is("dstaddr6-negate", "enable") { six.negated() } else { six };
        let mut ways = Vec::new();
        if !policy.values("dstaddr").is_empty() {
            ways.push(Test::All(vec![Test::Ipv6(false), four]));
        }
        if !policy.values("dstaddr6").is_empty() {
            ways.push(Test::All(vec![Test::Ipv6(true), six]));
        }
        if ways.is_empty() {
            // A policy of the web proxy or of a security profile may have none.
            return Test::Unknown(Ignored::new(policy.line, text, "a policy without destination addresses"));
        }
        Test::Any(ways)
    }

    fn names(&mut self, names: &[String], line: usize, six: bool, allows: bool) -> Test {
        Test::Any(names.iter().map(|n| self.address(n, line, six, allows, 0)).collect())
    }

    fn address(&mut self, name: &str, line: usize, six: bool, allows: bool, depth: usize) -> Test {
        let domain = self.domain;
        if name == "all" {
            return Test::Always;
        }
        if name == "none" {
            return Test::Never;
        }
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Test::Unknown(Ignored::new(line, name, "groups that name each other too often"));
        }
        if allows {
            self.used.insert(name.to_owned());
        }
        let (plain, group) = if six {
            ("firewall address6", "firewall addrgrp6")
        } else {
            ("firewall address", "firewall addrgrp")
        };
        if let Some(object) = domain.find(plain, name) {
            return self.object(object, six);
        }
        if let Some(object) = domain.find(group, name).filter(|_| depth <= DEEPEST) {
            let members = object.values("member").to_vec();
            let excluded = object.values("exclude-member").to_vec();
            let mut of = |names: &[String]| {
                Test::Any(
                    names.iter().map(|n| self.address(n, object.line, six, allows, depth + 1)).collect(),
                )
            };
            let inside = of(&members);
            return if object.is("exclude", "enable") {
                Test::All(vec![inside, of(&excluded).negated()])
            } else {
                inside
            };
        }
        Test::Unknown(Ignored::new(line, name, "this address object is not in the file"))
    }

    fn object(&mut self, object: &Object, six: bool) -> Test {
        if let Some(index) = self.indices.get(&(six, object.name.clone())) {
            return Test::Entries(vec![*index]);
        }
        let unknown = |line: usize, why: &str| Test::Unknown(Ignored::new(line, &object.name, why));
        let (key, found) = match object.value("type") {
            Some("fqdn" | "wildcard-fqdn") => {
                let key = if object.sets.contains_key("fqdn") { "fqdn" } else { "wildcard-fqdn" };
                (key, object.value(key).map(pattern))
            }
            None | Some("ipmask" | "ipprefix") => {
                let key = if six { "ip6" } else { "subnet" };
                let joined = object.values(key).join("/");
                if !six && (joined == "0.0.0.0/0.0.0.0" || joined == "0.0.0.0/0") || six && joined == "::/0" {
                    return Test::Always;
                }
                let read = network(&joined)
                    .or_else(|| joined.parse().ok().map(|a| Pattern::Names(Names::Address(a))))
                    .ok_or_else(|| "this subnet cannot be read".to_owned());
                (key, Some(read))
            }
            Some("iprange") => {
                let (from, to) = (object.value("start-ip"), object.value("end-ip"));
                if from.is_some() && from == to {
                    ("start-ip", from.map(pattern))
                } else {
                    let what = format!("the address of the name ({})", object.name);
                    return Test::Other(what);
                }
            }
            Some("geography") => return Test::Other(format!("the country of the address ({})", object.name)),
            Some(other) => {
                return unknown(
                    object.line,
                    &format!("address objects of the type {other} are not compared"),
                );
            }
        };
        let line = object.line_of(key);
        match found {
            Some(Ok(found)) => {
                self.listing.understood += 1;
                let text = object.values(key).join(" ");
                let index = self.listing.add(Listed::line(line, &text, found));
                self.indices.insert((six, object.name.clone()), index);
                Test::Entries(vec![index])
            }
            Some(Err(reason)) => unknown(line, &reason),
            None => unknown(object.line, "an address object without an address"),
        }
    }

    fn services(&mut self, policy: &Object, text: &str) -> Test {
        let names = policy.values("service");
        if names.is_empty() {
            // Policies of the web proxy say nothing about ports where they mean the proxy's own.
            return Test::Unknown(Ignored::new(policy.line, text, "a policy without services"));
        }
        let line = policy.line_of("service");
        let test = Test::Any(names.iter().map(|n| self.service(n, line, 0)).collect());
        if policy.is("service-negate", "enable") { test.negated() } else { test }
    }

    fn service(&mut self, name: &str, line: usize, depth: usize) -> Test {
        let domain = self.domain;
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Test::Unknown(Ignored::new(line, name, "groups that name each other too often"));
        }
        if let Some(object) = domain.find("firewall service custom", name) {
            return match service_ports(object) {
                Some(ports) if ports.is_empty() => Test::Never,
                Some(ports) => Test::Ports(ports),
                None => {
                    Test::Unknown(Ignored::new(object.line, name, "the ports of this service cannot be read"))
                }
            };
        }
        if let Some(group) = domain.find("firewall service group", name).filter(|_| depth <= DEEPEST) {
            let members = group.values("member").to_vec();
            return Test::Any(members.iter().map(|m| self.service(m, group.line, depth + 1)).collect());
        }
        match name {
            "ALL" | "ALL_TCP" | "ANY" => Test::Always,
            "HTTPS" => Test::Ports(vec![(443, 443)]),
            "HTTP" => Test::Ports(vec![(80, 80)]),
            "SSH" => Test::Ports(vec![(22, 22)]),
            "webproxy" => Test::Web,
            "Web Access" => Test::Ports(vec![(80, 80), (443, 443)]),
            "ALL_UDP" | "ALL_ICMP" | "ALL_ICMP6" | "DNS" | "PING" | "NTP" | "DHCP" | "SNMP" | "SYSLOG" => {
                Test::Never
            }
            _ => Test::Unknown(Ignored::new(line, name, "this service is not in the file")),
        }
    }

    /// Without any policy: what the objects would open.
    fn objects(&mut self, gate: &mut Gate) {
        let domain = self.domain;
        // A group and a service of one number go together: the name of each ends in the port.
        for group in domain.section("firewall addrgrp").iter().chain(domain.section("firewall addrgrp6")) {
            let six = domain.find("firewall addrgrp6", &group.name).is_some_and(|g| g.line == group.line);
            let Some(port) = port_of_name(&group.name) else { continue };
            let paired = domain
                .section("firewall service custom")
                .iter()
                .any(|s| port_of_name(&s.name) == Some(port) && service_ports(s) == Some(vec![(port, port)]));
            if !paired {
                continue;
            }
            let test = self.address(&group.name, group.line, six, true, 0);
            let tests = vec![test, Test::Ports(vec![(port, port)]), Test::Ipv6(six)];
            gate.lines.push(Access {
                line: group.line,
                text: format!("group {}", group.name),
                allows: true,
                tests,
            });
        }
        for (section, six) in [("firewall address", false), ("firewall address6", true)] {
            for object in domain.section(section) {
                if self.used.contains(&object.name) {
                    continue;
                }
                let test = self.object(object, six);
                let depends = Test::Other(format!(
                    "a policy that accepts the object {}, which this file does not have",
                    object.name
                ));
                gate.lines.push(Access {
                    line: object.line,
                    text: format!("object {}", object.name),
                    allows: true,
                    tests: vec![test, Test::Ipv6(six), depends],
                });
            }
        }
        for entry in domain.section("webfilter urlfilter/entries") {
            if entry.is("status", "disable") {
                continue;
            }
            let block = entry.is("action", "block");
            let Some(test) = url(entry, block) else { continue };
            let line = entry.line_of("url");
            let text = entry.value("url").unwrap_or("").to_owned();
            self.listing.understood += 1;
            let mut tests = vec![test, Test::Web];
            if !block {
                if let Some(pattern) = url_pattern(entry, false) {
                    self.listing.add(Listed::line(line, &text, pattern));
                }
                tests
                    .push(Test::Other("a policy with this URL filter, which this file does not have".into()));
            }
            gate.lines.push(Access { line, text, allows: !block, tests });
        }
    }

    /// What opens nothing is said.
    fn leftovers(&mut self, policies: bool) {
        let domain = self.domain;
        for section in ["firewall wildcard-fqdn custom", "firewall wildcard-fqdn group"] {
            for object in domain.section(section) {
                if let Some(name) = object.value("wildcard-fqdn") {
                    let why = "custom wildcard FQDNs serve exemptions from SSL inspection; no policy opens anything by them";
                    self.listing.ignored.push(Ignored::new(object.line_of("wildcard-fqdn"), name, why));
                }
            }
        }
        if !policies {
            return;
        }
        for section in ["firewall address", "firewall address6"] {
            for object in domain.section(section) {
                let name = object.value("fqdn").or_else(|| object.value("wildcard-fqdn"));
                if let (Some(name), false) = (name, self.used.contains(&object.name)) {
                    let why = "no accepting policy uses this object";
                    self.listing.ignored.push(Ignored::new(object.line, name, why));
                }
            }
        }
    }
}

fn way(policy: &Object) -> String {
    let of = |key: &str| {
        let values = policy.values(key);
        if values.is_empty() { "any".to_owned() } else { values.join("+") }
    };
    format!("from {} to {}", of("srcintf"), of("dstintf"))
}

/// Who may use a policy, and when.
fn clients(policy: &Object) -> Vec<Test> {
    let mut tests = Vec::new();
    let source: Vec<&String> = policy.values("srcaddr").iter().filter(|v| *v != "all").collect();
    if !source.is_empty() && !policy.values("srcaddr").iter().any(|v| v == "all") {
        let negated = if policy.is("srcaddr-negate", "enable") { "not " } else { "" };
        let names: Vec<&str> = source.iter().map(|s| s.as_str()).collect();
        tests.push(Test::Client(format!("the client is {negated}in {}", names.join(", "))));
    }
    for key in ["groups", "users", "fsso-groups"] {
        if !policy.values(key).is_empty() {
            tests.push(Test::Other(format!("who signs in ({})", policy.values(key).join(", "))));
        }
    }
    if let Some(schedule) = policy.value("schedule").filter(|s| *s != "always") {
        tests.push(Test::Other(format!("the schedule {schedule}")));
    }
    tests
}

/// TCP ports of a service; none for UDP or ICMP.
fn service_ports(object: &Object) -> Option<Vec<(u16, u16)>> {
    if object.is("protocol", "IP") {
        return Some(vec![(1, u16::MAX)])
            .filter(|_| object.value("protocol-number").is_none_or(|n| n == "0" || n == "6"));
    }
    object
        .values("tcp-portrange")
        .iter()
        .map(|range| {
            let range = range.split_once(':').map_or(range.as_str(), |(destination, _)| destination);
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            Some((from.parse().ok()?, to.parse().ok()?))
        })
        .collect()
}

/// The port in which a name such as `prefix-tcp-443` ends.
pub(super) fn port_of_name(name: &str) -> Option<u16> {
    name.rsplit_once('-').and_then(|(_, port)| port.parse().ok())
}

fn url_pattern(entry: &Object, blocks: bool) -> Option<Pattern> {
    let url = entry.value("url")?;
    let rest = url.split_once("://").map_or(url, |(_, r)| r);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if !path.is_empty() && path != "*" {
        return None;
    }
    let name = host.split_once(':').map_or(host, |(h, _)| h);
    match (pattern(name).ok()?, blocks) {
        // What a simple entry blocks is taken as wide as it may be.
        (Pattern::Names(Names::Exact(n) | Names::Subdomains(n)), true) => {
            Some(Pattern::Names(Names::ApexAndSubdomains(n)))
        }
        (found, _) => Some(found),
    }
}

/// What an entry of a URL filter is about; nothing where it names a path only.
fn url(entry: &Object, blocks: bool) -> Option<Test> {
    let line = entry.line_of("url");
    let text = entry.value("url")?;
    if entry.is("type", "regex") {
        return Some(Test::Unknown(Ignored::new(
            line,
            text,
            "a regular expression of a URL filter is not compared",
        )));
    }
    if text
        .split_once("://")
        .map_or(text, |(_, r)| r)
        .split_once('/')
        .is_some_and(|(_, p)| !p.is_empty() && p != "*")
    {
        return None;
    }
    Some(url_pattern(entry, blocks).map_or_else(
        || Test::Unknown(Ignored::new(line, text, "this pattern of a URL filter is not compared")),
        Test::Names,
    ))
}
