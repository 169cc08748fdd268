//! FortiOS configuration: what its policies let through, in their order, by way of groups and
//! services. An object that no accepting policy uses opens nothing.

mod names;
mod objects;
mod others;
mod profiles;
mod settings;
mod slots;
mod tree;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::access::{Access, Gate, Test};
use super::read::{Dialect, Ignored, Listed, Listing};
pub use names::FortigateObjects;
pub(super) use objects::port_of_name;
use objects::{Kind, service_ports, url, url_pattern};
use profiles::blocking;
use tree::{Domain, Object};

pub(super) fn read(text: &str) -> Listing {
    counted(text).0
}

/// What `text` opens, and how many names and profiles were worked out for it.
fn counted(text: &str) -> (Listing, usize) {
    let mut worked = 0;
    let mut listing = Listing::new(Dialect::Fortigate);
    let (domains, doubt) = tree::parse(text);
    let mut gate = Gate::default();
    for line in &doubt {
        gate.unsure(line);
    }
    let mut names = Gate { lines: Vec::new(), otherwise: true };
    let mut beside = Gate { lines: Vec::new(), otherwise: true };
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
            known: HashMap::new(),
            filters: HashMap::new(),
            worked: 0,
        };
        if any_policy {
            reader.others(&mut gate);
            reader.zones(&mut names);
            reader.policies(&mut gate, &mut names, &mut beside);
        } else {
            reader.objects(&mut gate);
        }
        reader.leftovers(any_policy);
        worked += reader.worked;
    }
    if !any_policy && listing.understood > 0 {
        listing.remarks.push(
            "objects only: this file has no firewall policy, and an object that no accepting policy uses opens nothing".into(),
        );
    }
    listing.gates.push(gate);
    listing.gates.extend([names, beside].into_iter().filter(|gate| !gate.lines.is_empty()));
    (listing, worked)
}

/// The table of policies that decides where there is one: the first one then says what is inspected.
const SECURITY: &str = "firewall security-policy";

const POLICIES: [&str; 4] =
    ["firewall policy", SECURITY, "firewall consolidated policy", "firewall proxy-policy"];

struct Reader<'a, 'b> {
    domain: &'a Domain,
    listing: &'b mut Listing,
    /// The entry of each address object.
    indices: BTreeMap<(bool, String), usize>,
    /// Address objects and groups that an accepting policy uses.
    used: BTreeSet<String>,
    label: Option<String>,
    /// What a name of an address or service stands for, and whether an accepting policy asks.
    known: HashMap<(Kind, bool, String), Test>,
    /// What a profile blocks, by its table and its name.
    filters: HashMap<(&'static str, String), Test>,
    /// How many names and profiles were worked out, each once.
    worked: usize,
}

impl Reader<'_, '_> {
    /// `names` is what lookups have to pass, whatever the policies say, and `beside` is what policies for inspection deny
    /// where those for security decide.
    fn policies(&mut self, gate: &mut Gate, names: &mut Gate, beside: &mut Gate) {
        let domain = self.domain;
        let is_by_application = !domain.section(SECURITY).is_empty();
        let decides = |section: &str| !(is_by_application && section == POLICIES[0]);
        let kinds = POLICIES.iter().filter(|s| decides(s) && !domain.section(s).is_empty()).count();
        for section in POLICIES {
            self.listing.understood += domain.section(section).len();
            let policies: Vec<&Object> =
                domain.section(section).iter().filter(|p| !p.is("status", "disable")).collect();
            let ways: Vec<Vec<Test>> = policies.iter().map(|p| from_to(p)).collect();
            let is_one_way = ways.windows(2).all(|pair| pair.first() == pair.last());
            for policy in policies {
                let allows = if decides(section) {
                    policy.is("action", "accept")
                } else {
                    !policy.is("action", "deny")
                };
                let text = format!(
                    "policy {}{}",
                    policy.name,
                    policy.value("name").map(|n| format!(" {n}")).unwrap_or_default()
                );
                let mut tests = Vec::new();
                if let Some(label) = &self.label {
                    tests.push(Test::client(label.clone()));
                }
                if kinds > 1 && decides(section) {
                    tests.push(Test::Other(format!("traffic that the section `{section}` judges")));
                }
                if !is_one_way {
                    tests.extend(from_to(policy));
                }
                let odd_action = settings::odd_value(policy, &text, "action", &["accept", "deny"]);
                let is_odd = odd_action.is_some();
                tests.extend(odd_action);
                tests.push(self.destination(policy, &text, allows));
                tests.push(self.services(policy, &text));
                tests.extend(self.clients(policy, &text));
                if decides(section) {
                    tests.extend(self.schedule(policy, &text));
                }
                tests.extend(settings::conditions(policy, &text));
                let on_or_off = |key: &&str| settings::odd_value(policy, &text, key, &["enable", "disable"]);
                tests.extend(settings::SWITCHES.iter().filter_map(on_or_off));
                for key in ["application", "app-category", "app-group", "url-category"] {
                    if !policy.values(key).is_empty() {
                        tests.push(Test::Other(format!("{text}: {key}")));
                    }
                }
                let profiles = profiles(domain, policy, &text, &mut tests).filter(|_| allows);
                let of = |key: &str| {
                    profiles.and_then(|own| Some((own, own.value(key).filter(|name| !name.is_empty())?)))
                };
                let own_gate = if decides(section) { &mut *gate } else { &mut *beside };
                // A profile acts on what the policy matches, so each line has the policy's conditions, too.
                if let Some((own, list)) = of("application-list")
                    && let Some(blocked) = self.applications(list, own, &text)
                {
                    let line = own.line_of("application-list");
                    own_gate.lines.extend(blocking(
                        format!("application list {list}"),
                        line,
                        &tests,
                        [blocked],
                    ));
                }
                if let Some((own, sensor)) = of("ips-sensor")
                    && let Some(custom) =
                        domain.section("ips custom").iter().find(|c| !c.is("status", "disable"))
                {
                    let what = format!(
                        "{text}: its IPS sensor {sensor}, as signatures of the file's own (ips custom {}) may name hosts",
                        custom.name
                    );
                    let line = own.line_of("ips-sensor");
                    let named = [Test::Other(what)];
                    own_gate.lines.extend(blocking(format!("IPS sensor {sensor}"), line, &tests, named));
                }
                if let Some((own, profile)) = of("webfilter-profile") {
                    own_gate.lines.extend(self.filter(profile, own, &text, &tests));
                }
                if let Some((own, profile)) = of("dnsfilter-profile") {
                    names.lines.extend(self.names_filter(profile, own, &text, &tests));
                }
                let access = Access { line: policy.line, text, allows, tests };
                if is_odd {
                    own_gate.lines.push(Access { allows: !allows, ..access.clone() });
                }
                own_gate.lines.push(access);
            }
        }
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

/// The conditions that the interfaces of a policy are; none where it names any.
fn from_to(policy: &Object) -> Vec<Test> {
    let mut tests = Vec::new();
    for (what, key) in [("from", "srcintf"), ("to", "dstintf")] {
        let values = policy.values(key);
        if !values.is_empty() && !values.iter().any(|v| *v == "any") {
            let text = format!("traffic {what} {}", values.join("+"));
            tests.push(Test::within(what, values.iter().map(ToString::to_string), text));
        }
    }
    tests.extend(policy.value("proxy").map(|proxy| Test::client(format!("traffic by the proxy {proxy}"))));
    tests
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

impl Reader<'_, '_> {
    /// Whether a list of sources is everybody or nobody; nothing where it is some.
    fn everybody(&mut self, names: &[String], line: usize, six: bool) -> Option<bool> {
        let of = names.iter().map(|name| self.address(name, line, six, false, 0)).collect();
        constant(&Test::Any(of))
    }

    /// Who may use a policy.
    fn clients(&mut self, policy: &Object, text: &str) -> Vec<Test> {
        let mut tests = Vec::new();
        let mut of = |key: &str, six: bool| -> Option<Test> {
            let names = policy.values(key);
            if names.is_empty() {
                return None;
            }
            let is_negated = policy.is(&format!("{key}-negate"), "enable");
            Some(match self.everybody(names, policy.line_of(key), six) {
                Some(everybody) => {
                    if everybody == is_negated {
                        Test::Never
                    } else {
                        Test::Always
                    }
                }
                None if is_negated => Test::client(format!("the client is not in {}", names.join(", "))),
                None => {
                    let text = format!("the client is in {}", names.join(", "));
                    Test::within("source", names.iter().map(ToString::to_string), text)
                }
            })
        };
        let (four, six) = (of("srcaddr", false), of("srcaddr6", true));
        let by_service = policy.sets.keys().any(|key| key.starts_with("internet-service"));
        match (four, six) {
            (None, None) if by_service => {}
            (None, None) => {
                tests.push(Test::Unknown(Ignored::new(
                    policy.line,
                    text,
                    "a policy without source addresses",
                )));
            }
            // For IPv6 there is a list of its own.
            (four, six) => {
                let four = four.unwrap_or(if by_service { Test::Always } else { Test::Never });
                let four = Test::Any(vec![Test::Ipv6(true), four]);
                let six = Test::Any(vec![Test::Ipv6(false), six.unwrap_or(Test::Always)]);
                tests.extend(
                    [four, six]
                        .into_iter()
                        .filter(|t| !matches!(t, Test::Any(of) if of.contains(&Test::Always))),
                );
            }
        }
        if policy.is("ztna-status", "enable") {
            tests.push(Test::Other("the device's state (ztna-status)".into()));
        }
        for key in ["groups", "users", "fsso-groups"] {
            if !policy.values(key).is_empty() {
                tests.push(Test::Other(format!("who signs in ({})", policy.values(key).join(", "))));
            }
        }
        tests
    }
}

/// Whether a test holds for everything or for nothing; nothing where that depends on what is asked.
fn constant(test: &Test) -> Option<bool> {
    let among = |parts: &[Test], decisive: bool| {
        let mut all = Some(!decisive);
        for part in parts.iter().map(constant) {
            match part {
                Some(found) if found == decisive => return Some(decisive),
                Some(_) => {}
                None => all = None,
            }
        }
        all
    };
    match test {
        Test::Always => Some(true),
        Test::Never => Some(false),
        Test::Any(parts) => among(parts, true),
        Test::All(parts) => among(parts, false),
        Test::Not(inner) => constant(inner).map(|holds| !holds),
        Test::Shared(inner) => constant(inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A group, a service and a filter that many policies name are worked out once, and no policy has what is in them.
    #[test]
    fn what_many_policies_name_is_worked_out_once() {
        let text = |policies: usize, members: usize| {
            let mut text = String::from("config firewall address\n");
            for n in 0..members {
                text += &format!("edit m{n}\nset type fqdn\nset fqdn h{n}.example\nnext\n");
            }
            let names = (0..members).map(|n| format!("m{n} ")).collect::<String>();
            text += &format!("end\nconfig firewall addrgrp\nedit g0\nset member {names}\nnext\n");
            for level in 1..12 {
                text += &format!("edit g{level}\nset member g{0} g{0} g{0}\nnext\n", level - 1);
            }
            text += "end\nconfig webfilter profile\nedit w\nset urlfilter-table 1\nnext\nend\n\
                config webfilter urlfilter\nedit 1\nconfig entries\n";
            for n in 1..=members {
                text += &format!("edit {n}\nset url h{n}.example\nset action block\nnext\n");
            }
            text += "end\nnext\nend\nconfig firewall policy\n";
            for n in 1..=policies {
                text += &format!(
                    "edit {n}\nset srcintf a\nset dstintf b\nset srcaddr all\nset dstaddr g11\nset service HTTPS\n\
                     set schedule always\nset action accept\nset webfilter-profile w\nnext\n"
                );
            }
            text + "end\n"
        };
        let work = |policies: usize, members: usize| {
            let (listing, worked) = counted(&text(policies, members));
            let lines = listing.gates.iter().flat_map(|gate| &gate.lines);
            (worked, lines.flat_map(|line| &line.tests).map(|test| test.own_weight()).sum::<usize>())
        };
        let few = work(50, 40);
        assert_eq!(work(100, 40), (few.0, 2 * few.1), "twice as many policies");
        assert_eq!(work(50, 80), (few.0 + 40, few.1), "twice as many members");
    }
}
