//! What the security rules of PAN-OS let through, and what a URL filtering profile takes from them again.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::intent::Names;
use super::super::access::{Access, Gate, Test};
use super::super::fortigate::{MEMBERS, port_of_name};
use super::super::read::{Dialect, Ignored, Listed, Listing, Pattern, network, pattern, plain};
use super::{BLOCKING, Config, DEEPEST, Item, UNREAD, group_of};

struct Builder<'a> {
    config: &'a Config,
    /// Its objects by kind and name.
    by_name: BTreeMap<(&'a str, &'a str), Vec<&'a Item>>,
    listing: Listing,
    /// The entry of each value of an object: its line, the object, the value.
    indices: BTreeMap<(usize, String, String), usize>,
    /// How many more members of groups are followed for this rule.
    left: usize,
}

/// What the configuration opens.
pub(super) fn listing(config: &Config) -> Listing {
    let listing = Listing::new(Dialect::Paloalto);
    let by_name = config.by_name();
    Builder { config, by_name, listing, indices: BTreeMap::new(), left: MEMBERS }.build()
}

/// Built-in categories that no host of an allowlist of this app is in; most are blocked by the vendor's own default
/// profile. Whatever else a profile blocks may hit a host.
const UNRELATED: [&str; 27] = [
    "abused-drugs",
    "adult",
    "alcohol-and-tobacco",
    "auctions",
    "command-and-control",
    "compromised-website",
    "copyright-infringement",
    "cryptocurrency",
    "dating",
    "extremism",
    "gambling",
    "games",
    "grayware",
    "hacking",
    "hunting-and-fishing",
    "malware",
    "marijuana",
    "nudity",
    "peer-to-peer",
    "phishing",
    "questionable",
    "ransomware",
    "religion",
    "scanning-activity",
    "sex-education",
    "swimsuits-and-intimate-apparel",
    "weapons",
];

impl<'a> Builder<'a> {
    /// The object of that name, in this scope before any other.
    fn find(&self, kind: &str, scope: &str, name: &str) -> Option<&'a Item> {
        let found = self.by_name.get(&(kind, name))?;
        let near = || found.iter().find(|i| group_of(&i.scope) == group_of(scope));
        let only = found.first().filter(|_| found.len() == 1);
        only.or_else(near).or_else(|| found.iter().find(|i| i.scope == "shared")).or(found.first()).copied()
    }

    fn build(mut self) -> Listing {
        let mut rules: Vec<&Item> =
            self.config.all("rules").into_iter().filter(|r| r.value("disabled") != Some("yes")).collect();
        let mut gate = Gate::default();
        for doubt in &self.config.doubt {
            gate.unsure(doubt);
        }
        for (words, refusal) in self.config.refusals.iter().filter(|(_, r)| r.refuses && !r.disabled) {
            let text = words.join(" ");
            let tests = vec![Test::Other(format!("what the rule `{text}` drops"))];
            gate.lines.push(Access { line: refusal.line, text, allows: false, tests });
        }
        self.listing.understood += self.config.all("rules").len() + usize::from(self.config.has_rules);
        if !self.config.has_rules {
            self.objects(&mut gate);
        } else {
            // Panorama: shared rules before those of the device group, and after them in the post-rulebase.
            let rank = |item: &Item| {
                let shared = item.scope.split(' ').any(|w| w == "shared");
                match (item.scope.contains("pre-rulebase"), item.scope.contains("post-rulebase")) {
                    (true, _) => usize::from(!shared),
                    (_, true) => 3 + usize::from(shared),
                    _ => 2,
                }
            };
            rules.sort_by_key(|r| (rank(r), r.order));
            let groups: BTreeSet<String> = rules
                .iter()
                .map(|r| group_of(&r.scope))
                .filter(|g| !g.split(' ').any(|w| w == "shared"))
                .collect();
            let ways: BTreeSet<String> = rules.iter().map(|r| way(r)).collect();
            for rule in rules {
                let tests = self.rule(rule, groups.len() > 1, ways.len() > 1);
                let allows = rule.value("action") == Some("allow");
                if allows {
                    gate.lines.extend(self.filter(rule, &tests));
                }
                let text = format!("rule {}", rule.name);
                gate.lines.push(Access { line: rule.line, text, allows, tests });
            }
            let used: BTreeSet<&str> = self.indices.keys().map(|(_, name, _)| name.as_str()).collect();
            for item in self.config.all("custom-url-category") {
                if !used.contains(item.name.as_str()) {
                    self.listing.ignored.push(Ignored::new(
                        item.line,
                        &format!("custom-url-category {}", item.name),
                        "no security rule that allows uses it",
                    ));
                }
            }
        }
        self.listing.gates.push(gate);
        self.listing
    }

    fn rule(&mut self, rule: &Item, groups: bool, ways: bool) -> Vec<Test> {
        self.left = MEMBERS;
        let mut tests = Vec::new();
        let group = group_of(&rule.scope);
        if groups && !group.split(' ').any(|w| w == "shared") {
            tests.push(Test::Client(format!("the firewall of {group}")));
        }
        if ways {
            tests.push(Test::Client(format!("traffic {}", way(rule))));
        }
        let named = |key: &str| -> Vec<String> {
            rule.words(key).into_iter().filter(|v| !["any", ""].contains(v)).map(str::to_owned).collect()
        };
        let is_any = |key: &str| rule.words(key).contains(&"any") || rule.values(key).is_empty();
        let not = if rule.value("negate-source") == Some("yes") { "not " } else { "" };
        if !is_any("source") {
            tests.push(Test::Client(format!("the client is {not}in {}", named("source").join(", "))));
        } else if !not.is_empty() {
            tests.push(Test::Never);
        }
        if rule.value("rule-type") == Some("intrazone") {
            tests.push(Test::Other("client and host are in one zone (rule-type intrazone)".into()));
        }
        for (key, what) in [
            ("source-user", "who signs in"),
            ("schedule", "the schedule"),
            ("hip-profiles", "the device's state"),
            ("source-hip", "the device's state"),
            ("destination-hip", "the other side's state"),
            ("source-imei", "the device's number"),
            ("source-imsi", "who subscribes"),
            ("source-nw-slice", "the slice of the network"),
        ] {
            if !named(key).is_empty() {
                tests.push(Test::Other(format!("{what} ({})", named(key).join(", "))));
            }
        }
        let mut some = [named("target devices"), named("target tags")].concat();
        some.dedup();
        let not = rule.value("target negate") == Some("yes");
        if not || !some.is_empty() {
            let but = if not { "every one but " } else { "" };
            tests.push(Test::Other(format!("which firewall it is (target {but}{})", some.join(", "))));
        }
        let line = rule.line;
        let unknown = |what: &str, why: &str| {
            Test::Unknown(Ignored::new(line, &format!("rule {}: {what}", rule.name), why))
        };
        for (word, line) in rule.values(UNREAD) {
            let text = format!("rule {}: {word}", rule.name);
            let why = "a setting of a rule that is not known, and may decide what it matches";
            tests.push(Test::Unknown(Ignored::new(*line, &text, why)));
        }
        for key in
            ["from", "to", "source", "destination", "source-user", "application", "service", "category"]
        {
            if rule.attributes.get(key).is_some_and(Vec::is_empty) {
                tests.push(unknown(key, "it is empty, which is neither any nor a value"));
            }
        }
        if !is_any("destination") {
            let test = Test::Any(
                rule.words("destination").iter().map(|n| self.address(&rule.scope, n, line, 0)).collect(),
            );
            tests.push(if rule.value("negate-destination") == Some("yes") { test.negated() } else { test });
        }
        if !is_any("service") {
            tests.push(Test::Any(rule.words("service").iter().map(|n| self.service(rule, n, 0)).collect()));
        }
        if !is_any("application") {
            let applications = rule.words("application");
            let mut any = Vec::new();
            // A TLS connection is ssl to App-ID as long as nothing decrypts it, and web-browsing is the clear form.
            if applications.contains(&"ssl") {
                any.push(Test::All(vec![Test::Web, Test::Clear.negated()]));
            }
            if applications.contains(&"web-browsing") {
                any.push(Test::Clear);
            }
            any.push(Test::Other(format!(
                "what App-ID takes it for ({}; TLS that nothing decrypts is ssl)",
                applications.join(", ")
            )));
            tests.push(Test::Any(any));
        }
        if !is_any("category") {
            let mut any = Vec::new();
            for name in rule.words("category") {
                any.push(match self.find("custom-url-category", &rule.scope, name) {
                    Some(category) => self.category(category),
                    None if self.find("external-list", &rule.scope, name).is_some() => {
                        unknown(name, "an external list is not in this file; compare it by itself")
                    }
                    None => Test::Other(format!("the firewall's own category of the host ({name})")),
                });
            }
            tests.push(Test::Any(any));
            tests.push(Test::Web);
        }
        match rule.value("action") {
            Some("allow" | "deny" | "drop" | "reset-client" | "reset-server" | "reset-both") => {}
            other => tests.push(unknown(other.unwrap_or("no action"), "an action that is not known")),
        }
        tests
    }

    /// What the URL filtering profile of a rule that allows takes from it: denied before the rule is reached. A
    /// profile acts on what the rule matches, so each line has the rule's conditions too.
    fn filter(&mut self, rule: &Item, tests: &[Test]) -> Vec<Access> {
        let grouped = rule
            .value("profile-group")
            .and_then(|name| self.find("profile-group", &rule.scope, name))
            .and_then(|group| group.value("url-filtering"));
        let Some(name) = rule.value("profile url-filtering").or(grouped) else {
            if let Some(group) = rule.value("profile-group") {
                self.listing.remarks.push(format!(
                    "line {}: rule {} has the profile group {group}, whose URL filtering is not in this file: it may block what the rule allows",
                    rule.line, rule.name
                ));
            }
            return Vec::new();
        };
        let Some(profile) = self.find("url-filtering", &rule.scope, name) else {
            self.listing.remarks.push(format!(
                "line {}: rule {} has the URL filtering profile {name}, which is not in this file: it may block what the rule allows",
                rule.line, rule.name
            ));
            return Vec::new();
        };
        let (mut lines, mut built_in) = (Vec::new(), Vec::new());
        for key in BLOCKING {
            for (category, line) in profile.values(key) {
                let (test, line) = match self.find("custom-url-category", &profile.scope, category) {
                    Some(own) => (self.category(own), *line),
                    None if UNRELATED.contains(&category.as_str()) => continue,
                    None => {
                        built_in.push(category.as_str());
                        continue;
                    }
                };
                let text = format!("URL filtering profile {name}: {key} {category}");
                let tests = tests.iter().cloned().chain([test, Test::Web]).collect();
                lines.push(Access { line, text, allows: false, tests });
            }
        }
        if !built_in.is_empty() {
            let what = format!(
                "the firewall's own category of the host, of which the URL filtering profile {name} blocks {}",
                built_in.join(", ")
            );
            let text = format!("URL filtering profile {name}");
            let tests = tests.iter().cloned().chain([Test::Other(what), Test::Web]).collect();
            lines.push(Access { line: profile.line, text, allows: false, tests });
        }
        lines
    }

    fn category(&mut self, category: &Item) -> Test {
        if category.value("type").is_some_and(|t| t != "URL List") {
            return Test::Other(format!("the firewall's own categories ({})", category.name));
        }
        let mut any = Vec::new();
        for (value, line) in category.values("list").to_vec() {
            any.push(self.entry(&category.name, &value, line));
        }
        Test::Any(any)
    }

    /// An entry of a URL category; its port, where it has one, counts.
    fn entry(&mut self, category: &str, value: &str, line: usize) -> Test {
        match url(value) {
            Ok((found, port)) => {
                self.listing.understood += 1;
                let listing = &mut self.listing;
                let key = (line, category.to_owned(), value.to_owned());
                let at = *self.indices.entry(key).or_insert_with(|| {
                    listing.add(Listed {
                        ports: port.map(|p| (p, p)).into_iter().collect(),
                        open_end: !value.split_once("://").map_or(value, |(_, r)| r).contains('/'),
                        ..Listed::line(line, value, found)
                    })
                });
                let names = Test::Entries(vec![at]);
                match port {
                    Some(port) => Test::All(vec![names, Test::Ports(vec![(port, port)])]),
                    None => names,
                }
            }
            Err(reason) => {
                let line = Ignored::new(line, value, &reason);
                self.listing.strange.push(line.clone());
                Test::Unknown(line)
            }
        }
    }

    fn address(&mut self, scope: &str, name: &str, line: usize, depth: usize) -> Test {
        if name == "any" {
            return Test::Always;
        }
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Test::Unknown(Ignored::new(line, name, "groups that name each other too often"));
        }
        if let Some(object) = self.find("address", scope, name) {
            let (key, value) = match ["fqdn", "ip-netmask", "ip-range"]
                .iter()
                .find_map(|k| object.value(k).map(|v| (*k, v)))
            {
                Some(found) => found,
                None => {
                    return Test::Unknown(Ignored::new(
                        object.line,
                        name,
                        "this address object cannot be read",
                    ));
                }
            };
            if value == "0.0.0.0/0" {
                return Test::Always;
            }
            let line = object.values(key).last().map_or(object.line, |(_, line)| *line);
            return self.literal(name, value, line);
        }
        if let Some(group) = self.find("address-group", scope, name).filter(|_| depth <= DEEPEST) {
            if group.values("static").is_empty() {
                return Test::Unknown(Ignored::new(
                    group.line,
                    name,
                    "the members of a dynamic group are not in this file",
                ));
            }
            let members: Vec<String> = group.words("static").into_iter().map(str::to_owned).collect();
            let scope = group.scope.clone();
            let line = group.line;
            return Test::Any(members.iter().map(|m| self.address(&scope, m, line, depth + 1)).collect());
        }
        if name.parse::<std::net::IpAddr>().is_ok() || network(name).is_some() {
            return self.literal(name, name, line);
        }
        Test::Unknown(Ignored::new(line, name, "this address object is not in the file"))
    }

    fn literal(&mut self, name: &str, value: &str, line: usize) -> Test {
        match pattern(value) {
            Ok(found) => {
                let key = (line, name.to_owned(), value.to_owned());
                let known = self.indices.get(&key).copied();
                let at = known.unwrap_or_else(|| {
                    self.listing.understood += 1;
                    self.listing.add(Listed::line(line, value, found))
                });
                self.indices.insert(key, at);
                Test::Entries(vec![at])
            }
            Err(reason) => Test::Unknown(Ignored::new(line, value, &reason)),
        }
    }

    fn service(&mut self, rule: &Item, name: &str, depth: usize) -> Test {
        self.left = self.left.saturating_sub(1);
        let unknown = |why: &str| {
            Test::Unknown(Ignored::new(rule.line, &format!("rule {}: service {name}", rule.name), why))
        };
        match name {
            "any" => return Test::Always,
            "service-https" => return Test::Ports(vec![(443, 443)]),
            "service-http" => return Test::Ports(vec![(80, 80), (8080, 8080)]),
            // The default ports of ssl, web-browsing and ssh.
            "application-default" => return Test::Ports(vec![(443, 443), (80, 80), (22, 22)]),
            _ => {}
        }
        if let Some(group) = self.find("service-group", &rule.scope, name) {
            if depth >= DEEPEST || self.left == 0 {
                return unknown("groups that name each other too often");
            }
            let members = group.words("members");
            return Test::Any(members.into_iter().map(|m| self.service(rule, m, depth + 1)).collect());
        }
        let Some(object) = self.find("service", &rule.scope, name) else {
            return unknown("this service is not in the file");
        };
        let sources: Vec<&str> = ["source-port", "tcp source-port"]
            .iter()
            .flat_map(|key| object.words(key))
            .filter(|range| !["0-65535", "1-65535", "1024-65535"].contains(range))
            .collect();
        match service_ports(object) {
            Some(ports) if ports.is_empty() => Test::Never,
            Some(ports) if !sources.is_empty() => {
                let what = format!("the service {name} (ports {} of the client)", sources.join(", "));
                Test::All(vec![Test::Ports(ports), Test::Other(what)])
            }
            Some(ports) => Test::Ports(ports),
            None => unknown("the ports of this service cannot be read"),
        }
    }

    /// Without any rule: what the categories and groups would open. A service whose name ends in the same port
    /// says for which port each is meant; without one a URL category goes with the ports of the web.
    fn objects(&mut self, gate: &mut Gate) {
        let config = self.config;
        let of = |s: &Item| port_of_name(&s.name).filter(|p| service_ports(s) == Some(vec![(*p, *p)]));
        let of_services: BTreeSet<u16> = config.all("service").into_iter().filter_map(of).collect();
        let paired = |name: &str| port_of_name(name).filter(|port| of_services.contains(port));
        for category in config.all("custom-url-category") {
            let test = self.category(category);
            let ports = match paired(&category.name) {
                Some(port) => vec![(port, port)],
                None => vec![(443, 443), (80, 80)],
            };
            // The entry says its ports, so that a near miss can be explained.
            for (value, line) in category.values("list") {
                let at = self.indices.get(&(*line, category.name.clone(), value.clone()));
                let entry = at.and_then(|at| self.listing.entries.get_mut(*at));
                if let Some(entry) = entry.filter(|e| e.ports.is_empty()) {
                    entry.ports.clone_from(&ports);
                }
            }
            let text = format!("category {}", category.name);
            let depends =
                Test::Other(format!("a rule that allows the {text}, which this file does not have"));
            let tests = vec![test, Test::Ports(ports), Test::Web, depends];
            gate.lines.push(Access { line: category.line, text, allows: true, tests });
        }
        let mut grouped: BTreeSet<String> = BTreeSet::new();
        for group in config.all("address-group") {
            let Some(port) = paired(&group.name) else { continue };
            grouped.extend(group.words("static").into_iter().map(str::to_owned));
            let test = self.address(&group.scope, &group.name, group.line, 0);
            let text = format!("group {}", group.name);
            let depends =
                Test::Other(format!("a rule that allows the {text}, which this file does not have"));
            let tests = vec![test, Test::Ports(vec![(port, port)]), depends];
            gate.lines.push(Access { line: group.line, text, allows: true, tests });
        }
        for object in config.all("address").into_iter().filter(|o| !grouped.contains(&o.name)) {
            let test = self.address(&object.scope, &object.name, object.line, 0);
            let depends = Test::Other(format!(
                "a rule that allows the object {}, which this file does not have",
                object.name
            ));
            let text = format!("object {}", object.name);
            gate.lines.push(Access { line: object.line, text, allows: true, tests: vec![test, depends] });
        }
        self.listing.remarks.push(
            "objects only: this file has no security rule, and an object opens nothing by itself".into(),
        );
    }
}

fn way(rule: &Item) -> String {
    let of = |key: &str| {
        let words = rule.words(key);
        if words.is_empty() { "any".to_owned() } else { words.join("+") }
    };
    format!("from {} to {}", of("from"), of("to"))
}

fn service_ports(service: &Item) -> Option<Vec<(u16, u16)>> {
    let Some(text) = service.value("tcp port") else { return Some(Vec::new()) };
    text.split(',')
        .map(|range| {
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            Some((from.trim().parse().ok()?, to.trim().parse().ok()?))
        })
        .collect()
}

/// An entry of a URL category: `name/`, `*.name/`, `^.name/`, `name:port/`, `name/*`.
fn url(value: &str) -> Result<(Pattern, Option<u16>), String> {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, path),
        None => (rest, ""),
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') && authority.parse::<std::net::Ipv6Addr>().is_err() => {
            let port: u16 = port.parse().map_err(|_| format!("`{port}` is not a port"))?;
            (host, Some(port))
        }
        _ => (authority, None),
    };
    let found = match host.strip_prefix("^.") {
        Some(base) => Pattern::OneLabel(plain(base)?),
        None if host.starts_with('.') => Pattern::Names(Names::Subdomains(plain(&host[1..])?)),
        None => pattern(host)?,
    };
    match (path, found) {
        ("", found) => Ok((found, port)),
        ("*", Pattern::Names(Names::Exact(n))) => Ok((Pattern::PathOnly(n), port)),
        _ => Err("it names a path, and the app needs the whole host".into()),
    }
}
