//! FortiOS configuration: what its policies let through, in their order, by way of groups and
//! services. An object that no accepting policy uses opens nothing.

mod names;
mod objects;
mod settings;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use super::access::{Access, Gate, Test};
use super::read::{Dialect, Ignored, Listed, Listing, pattern};
pub use names::FortigateObjects;
pub(super) use objects::port_of_name;
use objects::{service_ports, url, url_pattern};
use tree::{Domain, Object};

/// Members of groups that are followed for one policy: groups that name each other grow with every level.
pub(super) const MEMBERS: usize = 100_000;

pub(super) fn read(text: &str) -> Listing {
    let mut listing = Listing::new(Dialect::Fortigate);
    let (domains, doubt) = tree::parse(text);
    let mut gate = Gate::default();
    for line in &doubt {
        gate.unsure(line);
    }
    let mut names = Gate { lines: Vec::new(), otherwise: true };
    // A table that was emptied lets nothing through.
    let is_policy = |d: &Domain| POLICIES.iter().any(|p| d.sections.contains_key(*p));
    let several = domains.values().filter(|d| is_policy(d)).count() > 1;
    let any_policy = domains.values().any(is_policy);
    listing.understood += usize::from(any_policy);
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
        let kinds = POLICIES.iter().filter(|s| !domain.section(s).is_empty()).count();
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
                if kinds > 1 {
                    tests.push(Test::Client(format!("traffic that the section `{section}` judges")));
                }
                if ways.len() > 1 {
                    tests.push(Test::Client(format!("traffic {}", way(policy))));
                }
                let odd_action = settings::odd_value(policy, &text, "action", &["accept", "deny"]);
                let is_odd = odd_action.is_some();
                tests.extend(odd_action);
                tests.push(self.destination(policy, &text, allows));
                tests.push(self.services(policy, &text));
                tests.extend(clients(policy));
                tests.extend(settings::conditions(policy, &text));
                let on_or_off = |key: &&str| settings::odd_value(policy, &text, key, &["enable", "disable"]);
                tests.extend(settings::SWITCHES.iter().filter_map(on_or_off));
                for key in ["application", "app-category", "app-group", "url-category"] {
                    if !policy.values(key).is_empty() {
                        tests.push(Test::Other(format!("{text}: {key}")));
                    }
                }
                let profiles = profiles(domain, policy, &text, &mut tests).filter(|_| allows);
                // First, since the lines of the filters have all conditions of the policy.
                if let Some((own, list)) = profiles.and_then(|o| Some((o, o.value("application-list")?))) {
                    self.applications(list, own, &text, &mut tests);
                }
                if let Some((own, profile)) = profiles.and_then(|o| Some((o, o.value("webfilter-profile")?)))
                {
                    self.filter(gate, profile, own, &text, &tests);
                }
                if let Some((own, profile)) = profiles.and_then(|o| Some((o, o.value("dnsfilter-profile")?)))
                {
                    self.names_filter(names, profile, own, &text, &tests);
                }
                let access = Access { line: policy.line, text, allows, tests };
                if is_odd {
                    gate.lines.push(Access { allows: !allows, ..access.clone() });
                }
                gate.lines.push(access);
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
            either_way(gate, Access { line, text: what, allows, tests: conditions }, entry);
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
            either_way(gate, Access { line, text: what, allows, tests: conditions }, entry);
        }
    }

    /// Application control of a policy. What it does with traffic that it recognises as nothing on its list
    /// decides about every host; single applications have numbers that no list of names can be compared with.
    fn applications(&mut self, list: &str, policy: &Object, text: &str, tests: &mut Vec<Test>) {
        let blocks = |key: &str| self.setting("application list", list, key).is_some_and(|v| v != "pass");
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
        let has_name = policy.values("internet-service-name").iter().any(|name| !name.is_empty());
        if policy.is("internet-service", "enable") || has_name {
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
            let depends = Test::Other(format!(
                "a policy that accepts the group {}, which this file does not have",
                group.name
            ));
            let tests = vec![test, Test::Ports(vec![(port, port)]), Test::Ipv6(six), depends];
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
            either_way(gate, Access { line, text, allows: !block, tests }, entry);
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

/// Adds what an entry of a filter does; where its action or state is not known, that it may do either.
fn either_way(gate: &mut Gate, mut line: Access, entry: &Object) {
    let action =
        settings::odd_value(entry, &line.text, "action", &["block", "allow", "monitor", "exempt", "pass"]);
    let status = settings::odd_value(entry, &line.text, "status", &["enable", "disable"]);
    let kind = settings::odd_value(entry, &line.text, "type", &["simple", "wildcard", "regex"]);
    let odd: Vec<Test> = [action, status, kind].into_iter().flatten().collect();
    if !odd.is_empty() {
        line.tests.extend(odd);
        gate.lines.push(Access { allows: !line.allows, ..line.clone() });
    }
    gate.lines.push(line);
}

fn way(policy: &Object) -> String {
    let of = |key: &str| {
        let values = policy.values(key);
        if values.is_empty() { "any".to_owned() } else { values.join("+") }
    };
    let proxy = policy.value("proxy").map(|proxy| format!(" by the proxy {proxy}")).unwrap_or_default();
    format!("from {} to {}{proxy}", of("srcintf"), of("dstintf"))
}

/// What has the profiles of a policy: itself, or its group of profiles. Nothing where that is not in the file.
fn profiles<'a>(
    domain: &'a Domain,
    policy: &'a Object,
    text: &str,
    tests: &mut Vec<Test>,
) -> Option<&'a Object> {
    tests.extend(settings::odd_value(policy, text, "profile-type", &["single", "group"]));
    if !policy.is("profile-type", "group") {
        return Some(policy);
    }
    let name = policy.value("profile-group").unwrap_or("");
    let Some(group) = domain.find(settings::PROFILE_GROUPS, name) else {
        let what = format!("{text}: what the profile group {name} blocks, which is not in this file");
        tests.push(Test::Other(what));
        return None;
    };
    tests.extend(settings::conditions(group, &format!("profile group {name}")));
    Some(group)
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
    if policy.is("srcaddr-negate", "enable") && policy.values("srcaddr").iter().any(|v| v == "all") {
        tests.push(Test::Never);
    }
    // For IPv6 there is a list of its own.
    let six = policy.values("srcaddr6");
    let negated = policy.is("srcaddr6-negate", "enable");
    let others = match (six.iter().any(|v| v == "all"), negated) {
        (true, false) => None,
        (true, true) => Some(Test::Never),
        _ if six.is_empty() => None,
        (false, _) => {
            let not = if negated { "not " } else { "" };
            Some(Test::Client(format!("the client is {not}in {}", six.join(", "))))
        }
    };
    tests.extend(others.map(|of| Test::Any(vec![Test::Ipv6(false), of])));
    if policy.is("ztna-status", "enable") {
        tests.push(Test::Other("the device's state (ztna-status)".into()));
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
