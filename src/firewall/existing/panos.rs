//! PAN-OS configuration as set commands, in braces or as XML: what its security rules let through, in
//! their order; of a file without rules, what its URL categories and address groups would.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::Reader as XmlReader;
use quick_xml::events::Event;

use super::super::intent::Names;
use super::access::{Access, Gate, Test};
use super::fortigate::port_of_name;
use super::read::{Dialect, Ignored, Listed, Listing, Pattern, Unread, network, pattern, plain};

/// Groups nest at most this deep.
const DEEPEST: usize = 16;

/// Values of one attribute, each with its line.
type Values = Vec<(String, usize)>;

#[derive(Default, Clone)]
struct Item {
    scope: String,
    name: String,
    line: usize,
    /// Position in the file, which is the order of rules.
    order: usize,
    attributes: BTreeMap<String, Values>,
}

impl Item {
    fn values(&self, key: &str) -> &[(String, usize)] {
        self.attributes.get(key).map_or(&[], Vec::as_slice)
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.values(key).first().map(|(v, _)| v.as_str())
    }

    fn words(&self, key: &str) -> Vec<&str> {
        self.values(key).iter().map(|(v, _)| v.as_str()).collect()
    }
}

const KINDS: [&str; 7] =
    ["custom-url-category", "address", "address-group", "service", "service-group", "rules", "external-list"];

/// Attributes of a security rule that take values.
const OF_RULE: [&str; 20] = [
    "from",
    "to",
    "source",
    "destination",
    "service",
    "application",
    "category",
    "action",
    "disabled",
    "source-user",
    "source-hip",
    "destination-hip",
    "hip-profiles",
    "schedule",
    "negate-source",
    "negate-destination",
    "description",
    "tag",
    "log-end",
    "log-start",
];

#[derive(Default)]
struct Config {
    items: BTreeMap<(&'static str, String, String), Item>,
    order: usize,
    strange: Vec<Ignored>,
}

/// Whether a text is XML of PAN-OS.
pub(super) fn is_xml(text: &str) -> bool {
    text.contains("<custom-url-category")
        || (text.contains("<entry name=") && (text.contains("<security>") || text.contains("<fqdn>")))
}

/// Whether a text is set commands or braces of PAN-OS.
pub(super) fn is_text(text: &str) -> bool {
    text.lines().map(str::trim).any(|line| {
        let command = line.starts_with("set ") || line.starts_with("delete ");
        let has = |word: &str| line.split_whitespace().any(|w| w == word);
        (command && (has("custom-url-category") || line.contains(" security rules ")))
            || (command && has("address") && (has("fqdn") || has("ip-netmask")))
            || (command && has("address-group") && has("static"))
            || (line.ends_with('{') && (has("custom-url-category") || has("rulebase") || has("address")))
            || (line.starts_with("list [") && line.ends_with(';'))
    })
}

pub(super) fn read(text: &str) -> Result<Listing, Unread> {
    let mut config = Config::default();
    if text.trim_start().starts_with('<') {
        config.xml(text)?;
    } else if text.lines().map(str::trim).any(|l| l.ends_with('{') || l.ends_with("];")) {
        config.braces(text);
    } else {
        for (line, raw) in (1..).zip(text.lines()) {
            let words = words(raw);
            match words.split_first() {
                Some((first, rest)) if first == "set" => config.set(rest, line),
                Some((first, rest)) if first == "delete" => config.delete(rest),
                Some((first, _)) if first == "move" => {
                    config.strange.push(Ignored::new(line, raw, "a move of rules is not followed"));
                }
                _ => {}
            }
        }
    }
    Ok(Builder { config: &config, listing: Listing::new(Dialect::Paloalto), indices: BTreeMap::new() }
        .build())
}

/// Words of a line: quotes hold one together, brackets stand alone unless they hold an address.
fn words(line: &str) -> Vec<String> {
    let (mut found, mut word, mut quote): (Vec<String>, Option<String>, Option<char>) =
        (Vec::new(), None, None);
    let chars: Vec<char> = line.chars().collect();
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        at += 1;
        match (c, quote) {
            (q, Some(open)) if q == open => quote = None,
            ('"' | '\'', None) => {
                word.get_or_insert_default();
                quote = Some(c);
            }
            (c, None) if c.is_whitespace() => found.extend(word.take()),
            ('[', None) => {
                let inner: String = chars.iter().skip(at).take_while(|c| **c != ']').collect();
                if inner.parse::<std::net::Ipv6Addr>().is_ok() {
                    word.get_or_insert_default().push_str(&format!("[{inner}]"));
                    at += inner.chars().count() + 1;
                } else {
                    found.extend(word.take());
                    found.push("[".into());
                }
            }
            (mark @ (']' | '{' | '}' | ';'), None) => {
                found.extend(word.take());
                found.push(mark.to_string());
            }
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    found.extend(word);
    found
}

impl Config {
    fn braces(&mut self, text: &str) {
        let mut stack: Vec<Vec<String>> = Vec::new();
        let mut leaf: Vec<String> = Vec::new();
        for (line, raw) in (1..).zip(text.lines()) {
            for word in words(raw) {
                match word.as_str() {
                    "{" => stack.push(std::mem::take(&mut leaf)),
                    "}" => {
                        stack.pop();
                        leaf.clear();
                    }
                    ";" => {
                        let path: Vec<String> =
                            stack.iter().flatten().cloned().chain(std::mem::take(&mut leaf)).collect();
                        self.set(&path, line);
                    }
                    _ => leaf.push(word),
                }
            }
        }
    }

    fn xml(&mut self, text: &str) -> Result<(), Unread> {
        let mut reader = XmlReader::from_str(text);
        let mut path: Vec<Vec<String>> = Vec::new();
        let mut content = String::new();
        loop {
            let line = |at: u64| {
                let at = usize::try_from(at).unwrap_or(usize::MAX).min(text.len());
                text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1
            };
            match reader.read_event() {
                Ok(Event::Eof) => return Ok(()),
                Ok(Event::Start(start)) => {
                    let name = start.name().as_ref().to_owned();
                    let named = start.attributes().flatten().find(|a| a.key.as_ref() == "name");
                    let element = match (name.as_str(), named) {
                        ("entry", Some(name)) => vec![name.value.into_owned()],
                        ("member", _) => Vec::new(),
                        _ => vec![name],
                    };
                    path.push(element);
                    content.clear();
                    if path.len() > 200 {
                        return Err(Unread::whole("XML that nests too deep"));
                    }
                }
                Ok(Event::Text(text)) => content.push_str(&text),
                Ok(Event::End(_)) => {
                    let value = content.trim().to_owned();
                    if !value.is_empty() {
                        let whole: Vec<String> = path.iter().flatten().cloned().chain([value]).collect();
                        self.set(&whole, line(reader.buffer_position()));
                    }
                    content.clear();
                    path.pop();
                }
                Ok(_) => {}
                Err(error) => return Err(Unread::whole(&format!("XML that cannot be read: {error}"))),
            }
        }
    }

    /// Kind, scope, name and what follows; nothing for what is not about access.
    fn place(path: &[String]) -> Option<(&'static str, String, String, &[String])> {
        let at = path.iter().position(|w| KINDS.contains(&w.as_str()));
        let Some(at) = at else {
            // `show` of one category prints it without the words above it.
            let list = path.iter().position(|w| w == "list" || w == "type")?;
            let name = path.get(..list)?.join(" ");
            return (list <= 1).then(|| (KINDS[0], String::new(), name, path.get(list..).unwrap_or(&[])));
        };
        let kind = *KINDS.iter().find(|k| path.get(at).is_some_and(|w| w == *k))?;
        let before: Vec<&str> =
            path.iter().take(at).map(String::as_str).filter(|w| *w != "profiles").collect();
        let first = before.first().copied().unwrap_or("");
        let known = [
            "",
            "shared",
            "device-group",
            "vsys",
            "devices",
            "config",
            "rulebase",
            "pre-rulebase",
            "post-rulebase",
        ];
        if !known.contains(&first) || (kind == "rules" && !before.contains(&"security")) {
            return None;
        }
        if kind != "rules" && before.iter().any(|w| w.ends_with("rulebase")) {
            return None;
        }
        let name = path.get(at + 1)?.clone();
        Some((kind, before.join(" "), name, path.get(at + 2..).unwrap_or(&[])))
    }

    fn set(&mut self, path: &[String], line: usize) {
        let Some((kind, scope, name, rest)) = Self::place(path) else { return };
        self.order += 1;
        let order = self.order;
        let item = self.items.entry((kind, scope.clone(), name.clone())).or_insert_with(|| Item {
            scope,
            name,
            line,
            order,
            attributes: BTreeMap::new(),
        });
        let mut rest = rest.iter();
        while let Some(word) = rest.next() {
            if kind == "rules" && !OF_RULE.contains(&word.as_str()) {
                return;
            }
            // `protocol tcp port 443`: the words in between are part of the name.
            let mut key = word.clone();
            if kind == "service" && word == "protocol" {
                let protocol = rest.next().map_or("", String::as_str);
                let field = rest.next().map_or("", String::as_str);
                key = format!("{protocol} {field}");
            }
            let mut values = Vec::new();
            match rest.next().map(String::as_str) {
                Some("[") => {
                    for value in rest.by_ref() {
                        if value == "]" {
                            break;
                        }
                        values.push((value.clone(), line));
                    }
                }
                Some(value) => values.push((value.to_owned(), line)),
                None => {}
            }
            item.attributes.entry(key).or_default().extend(values);
        }
    }

    fn delete(&mut self, path: &[String]) {
        let Some((kind, scope, name, rest)) = Self::place(path) else { return };
        let key = (kind, scope, name);
        match rest {
            [] => {
                self.items.remove(&key);
            }
            [attribute] => {
                if let Some(item) = self.items.get_mut(&key) {
                    item.attributes.remove(attribute);
                }
            }
            [attribute, value, ..] => {
                if let Some(values) = self.items.get_mut(&key).and_then(|i| i.attributes.get_mut(attribute)) {
                    values.retain(|(v, _)| v != value);
                }
            }
        }
    }

    fn all(&self, kind: &str) -> Vec<&Item> {
        let mut found: Vec<&Item> =
            self.items.iter().filter(|((k, ..), _)| *k == kind).map(|(_, i)| i).collect();
        found.sort_by_key(|i| i.order);
        found
    }

    /// The object of that name, in this scope before any other.
    fn find(&self, kind: &str, scope: &str, name: &str) -> Option<&Item> {
        let found: Vec<&Item> = self.all(kind).into_iter().filter(|i| i.name == name).collect();
        let near = found.iter().find(|i| group_of(&i.scope) == group_of(scope));
        near.or_else(|| found.iter().find(|i| i.scope == "shared")).or_else(|| found.first()).copied()
    }
}

/// Device group, virtual system or shared, without the rulebase.
fn group_of(scope: &str) -> String {
    let words = scope.split(' ').filter(|w| !w.ends_with("rulebase") && *w != "security" && !w.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

struct Builder<'a> {
    config: &'a Config,
    listing: Listing,
    indices: BTreeMap<(usize, String), usize>,
}

impl Builder<'_> {
    fn build(mut self) -> Listing {
        self.listing.strange = self.config.strange.clone();
        let mut rules: Vec<&Item> =
            self.config.all("rules").into_iter().filter(|r| r.value("disabled") != Some("yes")).collect();
        let mut gate = Gate::default();
        self.listing.understood += self.config.all("rules").len();
        if self.config.all("rules").is_empty() {
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
            let mut profiles = false;
            for rule in rules {
                profiles |= rule.value("action") == Some("allow");
                let tests = self.rule(rule, groups.len() > 1, ways.len() > 1);
                let allows = rule.value("action") == Some("allow");
                let text = format!("rule {}", rule.name);
                gate.lines.push(Access { line: rule.line, text, allows, tests });
            }
            if profiles {
                self.listing.remarks.push(
                    "URL filtering profiles of the rules are not compared: one may block what its rule allows".into(),
                );
            }
            let used: BTreeSet<&str> = self.indices.keys().map(|(_, name)| name.as_str()).collect();
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
        if !is_any("source") {
            tests.push(Test::Client(format!("the client is in {}", named("source").join(", "))));
        }
        for (key, what) in [
            ("source-user", "who signs in"),
            ("schedule", "the schedule"),
            ("hip-profiles", "the device's state"),
            ("source-hip", "the device's state"),
        ] {
            if !named(key).is_empty() {
                tests.push(Test::Other(format!("{what} ({})", named(key).join(", "))));
            }
        }
        let line = rule.line;
        let unknown = |what: &str, why: &str| {
            Test::Unknown(Ignored::new(line, &format!("rule {}: {what}", rule.name), why))
        };
        if !is_any("destination") {
            let test = Test::Any(
                rule.words("destination").iter().map(|n| self.address(&rule.scope, n, line, 0)).collect(),
            );
            tests.push(if rule.value("negate-destination") == Some("yes") { test.negated() } else { test });
        }
        if !is_any("service") {
            tests.push(Test::Any(rule.words("service").iter().map(|n| self.service(rule, n)).collect()));
        }
        if !is_any("application") {
            let applications = rule.words("application");
            let web = applications.iter().any(|a| ["ssl", "web-browsing"].contains(a));
            let mut any = Vec::new();
            if web {
                any.push(Test::Web);
            }
            any.push(Test::Other(format!("what App-ID takes it for ({})", applications.join(", "))));
            tests.push(Test::Any(any));
        }
        if !is_any("category") {
            let mut any = Vec::new();
            for name in rule.words("category") {
                any.push(match self.config.find("custom-url-category", &rule.scope, name) {
                    Some(category) => self.category(category),
                    None if self.config.find("external-list", &rule.scope, name).is_some() => {
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
                let key = (line, category.to_owned());
                let at = self.listing.add(Listed {
                    ports: port.map(|p| (p, p)).into_iter().collect(),
                    open_end: !value.split_once("://").map_or(value, |(_, r)| r).contains('/'),
                    ..Listed::line(line, value, found)
                });
                self.indices.insert(key, at);
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
        if let Some(object) = self.config.find("address", scope, name) {
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
            let line = object.values(key).first().map_or(object.line, |(_, line)| *line);
            return self.literal(name, value, line);
        }
        if let Some(group) = self.config.find("address-group", scope, name).filter(|_| depth <= DEEPEST) {
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
                let known = self.indices.get(&(line, name.to_owned())).copied();
                let at = known.unwrap_or_else(|| {
                    self.listing.understood += 1;
                    self.listing.add(Listed::line(line, value, found))
                });
                self.indices.insert((line, name.to_owned()), at);
                Test::Entries(vec![at])
            }
            Err(reason) => Test::Unknown(Ignored::new(line, value, &reason)),
        }
    }

    fn service(&self, rule: &Item, name: &str) -> Test {
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
        if let Some(group) = self.config.find("service-group", &rule.scope, name) {
            let members = group.words("members");
            return Test::Any(
                members.into_iter().filter(|m| *m != name).map(|m| self.service(rule, m)).collect(),
            );
        }
        let Some(object) = self.config.find("service", &rule.scope, name) else {
            return unknown("this service is not in the file");
        };
        match service_ports(object) {
            Some(ports) if ports.is_empty() => Test::Never,
            Some(ports) => Test::Ports(ports),
            None => unknown("the ports of this service cannot be read"),
        }
    }

    /// Without any rule: what the categories and groups would open. A service whose name ends in the same port
    /// says for which port each is meant; without one a URL category goes with the ports of the web.
    fn objects(&mut self, gate: &mut Gate) {
        let config = self.config;
        let paired = |name: &str| -> Option<u16> {
            let port = port_of_name(name)?;
            let of = |s: &&Item| {
                port_of_name(&s.name) == Some(port) && service_ports(s) == Some(vec![(port, port)])
            };
            config.all("service").iter().any(of).then_some(port)
        };
        for category in config.all("custom-url-category") {
            let test = self.category(category);
            let ports = match paired(&category.name) {
                Some(port) => vec![(port, port)],
                None => vec![(443, 443), (80, 80)],
            };
            // The entry says its ports, so that a near miss can be explained.
            for ((_, name), at) in &self.indices {
                let entry = self.listing.entries.get_mut(*at).filter(|_| *name == category.name);
                if let Some(entry) = entry.filter(|e| e.ports.is_empty()) {
                    entry.ports.clone_from(&ports);
                }
            }
            let tests = vec![test, Test::Ports(ports), Test::Web];
            let text = format!("category {}", category.name);
            gate.lines.push(Access { line: category.line, text, allows: true, tests });
        }
        let mut grouped: BTreeSet<String> = BTreeSet::new();
        for group in config.all("address-group") {
            let Some(port) = paired(&group.name) else { continue };
            grouped.extend(group.words("static").into_iter().map(str::to_owned));
            let test = self.address(&group.scope, &group.name, group.line, 0);
            let tests = vec![test, Test::Ports(vec![(port, port)])];
            gate.lines.push(Access {
                line: group.line,
                text: format!("group {}", group.name),
                allows: true,
                tests,
            });
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
