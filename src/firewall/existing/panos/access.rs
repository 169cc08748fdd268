//! What the security rules of PAN-OS let through, and what a URL filtering profile takes from them again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::access::{Access, Gate, Test};
use super::super::fortigate::port_of_name;
use super::super::read::{Dialect, Ignored, Listing};
use super::groups::Denials;
use super::objects::{service_ports, url};
use super::{BLOCKING, Beside, Config, Item, UNREAD, group_of};

pub(super) struct Builder<'a> {
    pub(super) config: &'a Config,
    objects: Objects<'a>,
    pub(super) listing: Listing,
    /// The entry of each value of an object: its line, the object, the value.
    pub(super) indices: BTreeMap<(usize, String, String), usize>,
    /// What a name stands for, by its kind and where it is named.
    known: HashMap<(&'static str, String, String), Test>,
    /// How many names were worked out, each once.
    worked: usize,
    /// A rule ends TLS, or says what an application is called.
    is_renamed: bool,
}

/// The objects by kind and name.
struct Objects<'a> {
    near: HashMap<(&'a str, String, &'a str), &'a Item>,
    shared: HashMap<(&'a str, &'a str), &'a Item>,
    first: HashMap<(&'a str, &'a str), &'a Item>,
    config: &'a Config,
}

impl<'a> Objects<'a> {
    fn of(config: &'a Config) -> Self {
        let mut items: Vec<(&str, &Item)> =
            config.items.iter().map(|((kind, ..), item)| (*kind, item)).collect();
        items.sort_by_key(|(_, item)| item.order);
        let mut found = Self { near: HashMap::new(), shared: HashMap::new(), first: HashMap::new(), config };
        for (kind, item) in items.into_iter().filter(|(kind, _)| *kind != "rules") {
            let (name, group) = (item.name.as_str(), group_of(&item.scope));
            if group.split(' ').next_back() == Some("shared") {
                found.shared.entry((kind, name)).or_insert(item);
            }
            found.near.entry((kind, group, name)).or_insert(item);
            found.first.entry((kind, name)).or_insert(item);
        }
        found
    }

    /// The object of that name, in this scope before any other.
    fn find(&self, kind: &str, scope: &str, name: &str) -> Option<&'a Item> {
        let first = self.first.get(&(kind, name))?;
        let group = group_of(scope);
        let own = self.near.get(&(kind, group.clone(), name));
        // Those of the device groups above it come before what all have.
        let near = own.or_else(|| {
            let above = self.config.places_above(&group);
            above.into_iter().find_map(|above| self.near.get(&(kind, above, name)))
        });
        Some(near.or_else(|| self.shared.get(&(kind, name))).unwrap_or(first))
    }
}

/// What the configuration opens.
pub(super) fn listing(config: &Config) -> Listing {
    Builder::of(config).build().listing
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
    fn of(config: &'a Config) -> Self {
        let is_on = |does: Beside| config.refusals.values().any(|r| r.is_on(does));
        Self {
            config,
            objects: Objects::of(config),
            listing: Listing::new(Dialect::Paloalto),
            indices: BTreeMap::new(),
            known: HashMap::new(),
            worked: 0,
            is_renamed: is_on(Beside::Decrypts) || is_on(Beside::Renames),
        }
    }

    pub(super) fn find(&self, kind: &str, scope: &str, name: &str) -> Option<&'a Item> {
        self.objects.find(kind, scope, name)
    }

    /// What a name stands for, worked out once for all rules of a scope.
    pub(super) fn once(
        &mut self,
        kind: &'static str,
        scope: &str,
        name: &str,
        line: usize,
        of: impl FnOnce(&mut Self) -> Test,
    ) -> Test {
        let key = (kind, group_of(scope), name.to_owned());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        // Until it is known it stands for what names itself.
        let itself = Test::Unknown(Ignored::new(line, name, "groups that name each other"));
        self.known.insert(key.clone(), itself);
        let found = of(self).shared();
        self.worked += 1;
        self.known.insert(key, found.clone());
        found
    }

    fn build(mut self) -> Self {
        let mut rules: Vec<&Item> =
            self.config.all("rules").into_iter().filter(|r| r.value("disabled") != Some("yes")).collect();
        let mut gate = Gate::default();
        for doubt in &self.config.doubt {
            gate.unsure(doubt);
        }
        for (words, refusal) in self.config.refusals.iter().filter(|(_, r)| r.is_on(Beside::Refuses)) {
            let text = words.join(" ");
            let tests = vec![Test::Other(format!("what the rule `{text}` drops or asks for"))];
            gate.lines.push(Access { line: refusal.line, text, allows: false, tests });
        }
        self.translations(&mut gate);
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
            let ways: Vec<Vec<Test>> = rules.iter().map(|r| from_to(r)).collect();
            let is_one_way = ways.windows(2).all(|pair| pair.first() == pair.last());
            let lookups = self.lookups(&rules);
            let mut denials = Denials::of(self.config);
            let mut lines: Vec<(String, Access)> = Vec::new();
            for rule in rules {
                let group = group_of(&rule.scope);
                let tests = self.rule(rule, !is_one_way);
                let allows = rule.value("action") == Some("allow");
                let profiles = if allows { self.filter(rule, &tests) } else { None };
                let text = format!("rule {}", rule.name);
                let own = Access { line: rule.line, text, allows, tests };
                for line in profiles.into_iter().chain([own]) {
                    if groups.len() > 1 && rule.scope.contains("pre-rulebase") {
                        denials.add(&group, &line);
                    }
                    lines.push((group.clone(), line));
                }
            }
            denials.close();
            for (group, mut line) in lines {
                if groups.contains(&group) && groups.len() > 1 {
                    line.tests.extend(denials.left(&group).filter(|_| line.allows));
                    line.tests.insert(0, Test::client(format!("the firewall of {group}")));
                }
                gate.lines.push(line);
            }
            self.listing.gates.extend(Some(lookups).filter(|gate| !gate.lines.is_empty()));
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
        self
    }

    fn rule(&mut self, rule: &'a Item, ways: bool) -> Vec<Test> {
        let mut tests = Vec::new();
        if ways {
            tests.extend(from_to(rule));
        }
        let named = |key: &str| -> Vec<String> {
            rule.words(key).into_iter().filter(|v| !["any", ""].contains(v)).map(str::to_owned).collect()
        };
        // An object that is called so is what the file says.
        let kinds: [(&str, &[&str]); 5] = [
            ("source", &["address", "address-group", "external-list"]),
            ("destination", &["address", "address-group", "external-list"]),
            ("service", &["service", "service-group"]),
            ("application", &["application", "application-group", "application-filter"]),
            ("category", &["custom-url-category", "external-list"]),
        ];
        let is_own = |key: &str, name: &str| {
            let own = kinds.iter().find(|(of, _)| *of == key).map_or(&[][..], |(_, own)| own);
            own.iter().any(|kind| self.objects.find(kind, &rule.scope, name).is_some())
        };
        let is_any = |key: &str| {
            rule.values(key).is_empty() || rule.words(key).contains(&"any") && !is_own(key, "any")
        };
        let any_of: Vec<&str> = ["source", "destination", "service", "application", "category"]
            .into_iter()
            .filter(|key| is_any(key))
            .collect();
        let owns_applications =
            rule.words("application").into_iter().filter(|name| is_own("application", name)).count() > 0;
        let is_any = |key: &str| any_of.contains(&key);
        let not = if rule.value("negate-source") == Some("yes") { "not " } else { "" };
        if !is_any("source") {
            let text = format!("the client is {not}in {}", named("source").join(", "));
            tests.push(if not.is_empty() {
                Test::within("source", named("source"), text)
            } else {
                Test::client(text)
            });
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
        for (key, known) in [
            ("disabled", &["yes", "no"][..]),
            ("negate-source", &["yes", "no"]),
            ("negate-destination", &["yes", "no"]),
            ("target negate", &["yes", "no"]),
            ("rule-type", &["universal", "interzone", "intrazone"]),
        ] {
            if let Some(value) = rule.value(key).filter(|value| !known.contains(value)) {
                tests.push(unknown(&format!("{key} {value}"), "a value that is not known"));
            }
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
            tests.push(Test::Any(
                rule.words("service").iter().map(|n| self.service(&rule.scope, n, line, 0)).collect(),
            ));
        }
        if !is_any("application") {
            let applications = rule.words("application");
            let mut any = Vec::new();
            // A TLS connection is ssl to App-ID as long as nothing decrypts it, and web-browsing is the clear form.
            let is_built_in = !owns_applications && !self.is_renamed;
            if applications.contains(&"ssl") && is_built_in {
                any.push(Test::All(vec![Test::Web, Test::Clear.negated()]));
            }
            if applications.contains(&"web-browsing") && is_built_in {
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
                    Some(category) => self.category_once(category),
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
    /// profile acts on what the rule matches, so the line has the rule's conditions too.
    fn filter(&mut self, rule: &'a Item, tests: &[Test]) -> Option<Access> {
        let mut blocked = Vec::new();
        let mut named: Vec<(&str, Vec<&str>)> = Vec::new();
        for key in ["url-filtering", "spyware", "vulnerability"] {
            named.push((key, rule.words(&format!("profile {key}"))));
        }
        let mut text = format!("profiles of rule {}", rule.name);
        for name in rule.words("profile-group").into_iter().filter(|name| *name != "none") {
            match self.find("profile-group", &rule.scope, name) {
                Some(group) => named.iter_mut().for_each(|(key, names)| names.extend(group.words(key))),
                None => {
                    self.listing.remarks.push(format!(
                        "line {}: rule {} has the profile group {name}, whose URL filtering is not in this file: it may block what the rule allows",
                        rule.line, rule.name
                    ));
                    let what = format!("what the profile group {name} blocks, which is not in this file");
                    blocked.push(Test::Other(what));
                }
            }
        }
        let mut line = rule.line;
        for name in named.iter().filter(|(key, _)| *key == "url-filtering").flat_map(|(_, names)| names) {
            if *name == "none" {
                continue;
            }
            text = format!("URL filtering profile {name}");
            match self.find("url-filtering", &rule.scope, name) {
                Some(profile) => {
                    line = profile.line;
                    let scope = profile.scope.clone();
                    let own = self.once("url-filtering", &scope, name, line, |own| own.blocked(profile));
                    blocked.extend(Some(own).filter(|test| *test != Test::Never));
                }
                // The vendor's own blocks what is unrelated.
                None if *name == "default" => {}
                None => {
                    self.listing.remarks.push(format!(
                        "line {}: rule {} has the URL filtering profile {name}, which is not in this file: it may block what the rule allows",
                        rule.line, rule.name
                    ));
                    let what =
                        format!("what the URL filtering profile {name} blocks, which is not in this file");
                    blocked.push(Test::Other(what));
                }
            }
        }
        let others = self.signatures(rule);
        let more = match (blocked.is_empty(), others.is_empty()) {
            (true, true) => return None,
            (false, true) => vec![Test::Any(blocked), Test::Web],
            (true, false) => vec![Test::Any(others)],
            (false, false) => {
                let of_web = Test::All(vec![Test::Any(blocked), Test::Web]);
                vec![Test::Any(others.into_iter().chain([of_web]).collect())]
            }
        };
        Some(Access { line, text, allows: false, tests: tests.iter().cloned().chain(more).collect() })
    }

    /// What a URL filtering profile blocks.
    fn blocked(&mut self, profile: &'a Item) -> Test {
        let name = &profile.name;
        let (mut blocked, mut built_in): (Vec<Test>, Vec<&str>) = (Vec::new(), Vec::new());
        for (word, line) in profile.values(UNREAD) {
            let text = format!("URL filtering profile {name}: {word}");
            let why = "a setting of a profile that is not known, and may decide what it blocks";
            blocked.push(Test::Unknown(Ignored::new(*line, &text, why)));
        }
        // The lists of profiles before PAN-OS 9.0: what blocks comes first.
        if profile.value("action").is_none_or(|action| !["alert", "allow"].contains(&action)) {
            for (value, line) in profile.values("block-list") {
                blocked.push(self.entry(name, value, *line));
            }
        }
        let mut lines = Vec::new();
        for (value, line) in profile.values("allow-list") {
            let Ok((found, port)) = url(value) else { continue };
            let ports = port.map(|port| Test::Ports(vec![(port, port)]));
            let _ = line;
            lines.push((Test::All(std::iter::once(Test::Names(found)).chain(ports).collect()), false));
        }
        let mut custom = |own: &mut Self, keys: &[&str], counts: bool, built_in: &mut Vec<&'a str>| {
            for (category, _) in keys.iter().flat_map(|key| profile.values(key)) {
                if let Some(category) = own.find("custom-url-category", &profile.scope, category) {
                    lines.push((own.category_once(category), counts));
                } else if own.find("external-list", &profile.scope, category).is_some()
                    || !UNRELATED.contains(&category.as_str())
                {
                    built_in.push(category);
                }
            }
        };
        custom(self, &BLOCKING, true, &mut built_in);
        // What a category of the file's own lets through is in no other.
        custom(self, &["alert", "allow"], false, &mut Vec::new());
        if !built_in.is_empty() {
            let what = format!(
                "the firewall's own category of the host, of which the URL filtering profile {name} blocks {}",
                built_in.join(", ")
            );
            lines.push((Test::Other(what), true));
        }
        if profile.value("license-expired").is_some_and(|action| action != "allow") {
            lines.push((Test::Other(format!("the licence of the URL filtering profile {name}")), true));
        }
        let submits = profile.value("credential-enforcement mode").is_some_and(|mode| mode != "disabled");
        let mut kept = profile.words("credential-enforcement block");
        kept.retain(|c| {
            !UNRELATED.contains(c) || self.find("custom-url-category", &profile.scope, c).is_some()
        });
        if submits && !kept.is_empty() {
            let what =
                format!("whether a password is sent (URL filtering profile {name}: {})", kept.join(", "));
            lines.push((Test::Other(what), true));
        }
        if lines.iter().any(|(_, counts)| *counts) {
            blocked.push(Test::First(lines));
        }
        if blocked.is_empty() { Test::Never } else { Test::Any(blocked) }
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

/// What is not known of an object that has an attribute which is neither read nor known to change nothing.
pub(super) fn odd(item: &Item) -> Option<Test> {
    let (word, line) = item.values(UNREAD).first()?;
    let why = "a setting of an object that is not known, and may change what it stands for";
    Some(Test::Unknown(Ignored::new(*line, &format!("{}: {word}", item.name), why)))
}

/// The conditions that the zones of a rule are; none where it names any.
fn from_to(rule: &Item) -> Vec<Test> {
    let mut tests = Vec::new();
    for key in ["from", "to"] {
        let words = rule.words(key);
        if !words.is_empty() && !words.contains(&"any") {
            let text = format!("traffic {key} {}", words.join("+"));
            tests.push(Test::within(key, words.into_iter().map(str::to_owned), text));
        }
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Config {
        let mut config = Config::default();
        for (line, raw) in (1..).zip(text.lines()) {
            config.command(&super::super::words(raw), line, raw);
        }
        config
    }

    /// A group, a category and a profile that many rules name are worked out once, and no rule has what is in them.
    #[test]
    fn what_many_rules_name_is_worked_out_once() {
        let text = |rules: usize, members: usize| {
            let mut text = String::new();
            for n in 0..members {
                text += &format!("set address m{n} fqdn h{n}.example\nset address-group g0 static m{n}\n");
                text += &format!("set profiles custom-url-category c list h{n}.example/\n");
                text += &format!("set profiles url-filtering u block-list h{n}.example\n");
            }
            for level in 1..12 {
                text += &format!("set address-group g{level} static [ g{0} g{0} g{0} ]\n", level - 1);
            }
            for n in 0..rules {
                text += &format!(
                    "set rulebase security rules r{n} source any destination g11 category c service any action allow\n\
                     set rulebase security rules r{n} profile-setting profiles url-filtering u\n"
                );
            }
            text
        };
        let work = |rules: usize, members: usize| {
            let config = of(&text(rules, members));
            let built = Builder::of(&config).build();
            let lines = built.listing.gates.iter().flat_map(|gate| &gate.lines);
            (built.worked, lines.flat_map(|line| &line.tests).map(Test::own_weight).sum::<usize>())
        };
        let few = work(50, 40);
        assert_eq!(work(100, 40), (few.0, 2 * few.1), "twice as many rules");
        assert_eq!(work(50, 80), (few.0 + 40, few.1), "twice as many members");
    }

    /// What deletions look at: what is there and is deleted, and each command.
    #[test]
    fn deletions_look_at_what_they_delete() {
        let looked = |many: usize| {
            let mut text = String::new();
            for n in 0..many {
                text += &format!(
                    "set rulebase security rules r{n} action allow\nset rulebase pbf rules p{n} action discard\n"
                );
            }
            for n in 0..many {
                text +=
                    &format!("delete rulebase security rules r{n}\ndelete rulebase security rules x{n}\n");
                text += &format!("delete rulebase pbf rules p{n}\ndelete rulebase nat rules n{n}\n");
            }
            let config = of(&text);
            assert!(config.items.is_empty() && config.refusals.is_empty() && config.by_path.is_empty());
            config.looked
        };
        assert_eq!(looked(400), 2 * looked(200));
    }

    #[test]
    fn members_that_are_taken_out_and_put_back_are_there_once() {
        let config = of(
            "set address-group g static [ a b c ]\ndelete address-group g static b\ndelete address-group g static [ a x ]\n\
            set address-group g static [ b d ]\ndelete address-group g static d\n",
        );
        let item = config.all("address-group")[0];
        let left: Vec<&str> = item
            .values("static")
            .iter()
            .filter(|(_, line)| *line != super::super::GONE)
            .map(|(v, _)| v.as_str())
            .collect();
        assert_eq!(left, ["c", "b"]);
    }
}
