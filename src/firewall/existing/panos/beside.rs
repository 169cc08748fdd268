//! What keeps a host away beside the security rules and URL filtering: translated addresses, answers to lookups, signatures and
//! file types.

use std::collections::BTreeSet;

use super::super::access::{Access, Gate, Test};
use super::super::read::{Pattern, network, pattern};
use super::access::Builder;
use super::{Config, DEEPEST, Item};

/// What a spyware profile may do about a name without answering otherwise.
const ANSWERS: [&str; 2] = ["alert", "allow"];

impl<'a> Builder<'a> {
    /// The profiles of a kind that a rule has, itself or by its group.
    fn profiles(&self, rule: &'a Item, key: &str) -> Vec<&'a str> {
        let mut names = rule.words(&format!("profile {key}"));
        for group in rule.words("profile-group") {
            names.extend(
                self.find("profile-group", &rule.scope, group).into_iter().flat_map(|g| g.words(key)),
            );
        }
        names.retain(|name| *name != "none");
        names
    }

    /// What the firewall's own signatures and the blocked types of files may take from a rule that allows.
    pub(super) fn signatures(&self, rule: &'a Item) -> Vec<Test> {
        let mut found = Vec::new();
        for key in ["vulnerability", "spyware"] {
            let has_own =
                self.find("threats", &rule.scope, key).is_some_and(|own| !own.attributes.is_empty());
            if has_own && !self.profiles(rule, key).is_empty() {
                let what = format!("the firewall's own signatures (threats {key}), which may name hosts");
                found.push(Test::Other(what));
            }
        }
        for name in self.profiles(rule, "file-blocking") {
            if self.find("file-blocking", &rule.scope, name).is_some_and(blocks_all_files) {
                let what =
                    format!("whether it is a file, as the file blocking profile {name} blocks all types");
                found.push(Test::Other(what));
            }
        }
        found
    }

    /// Which lookups the profiles of the rules may answer otherwise, each profile once. A lookup is let through by another rule
    /// than the connection, so that any of them counts.
    pub(super) fn lookups(&self, rules: &[&'a Item]) -> Gate {
        let mut gate = Gate { lines: Vec::new(), otherwise: true };
        for (own, (name, line)) in &self.config.answers {
            let entry = own.last().map_or("", String::as_str);
            let text = format!("the static entry {entry} of a DNS proxy");
            let named = pattern(name.trim_end_matches('.')).map_or(Test::Always, Test::Names);
            let what = Test::Other(format!("the name that {text} answers itself, for devices that ask it"));
            let tests = vec![Test::Literal.negated(), named, what];
            gate.lines.push(Access { line: *line, text, allows: false, tests });
        }
        let mut seen = BTreeSet::new();
        for rule in rules.iter().filter(|rule| rule.value("action") == Some("allow")) {
            for name in self.profiles(rule, "spyware") {
                let Some(profile) = self.find("spyware", &rule.scope, name) else { continue };
                if !seen.insert(profile.line) {
                    continue;
                }
                let lists = profile.attributes.keys().filter_map(|key| {
                    let list =
                        key.strip_prefix("list ").filter(|list| !list.starts_with("default-paloalto"))?;
                    (!profile.value(key).is_some_and(|action| ANSWERS.contains(&action))).then_some(list)
                });
                let lists: Vec<&str> = lists.collect();
                if lists.is_empty() {
                    continue;
                }
                let text = format!("spyware profile {name}");
                let what = format!("the names that the {text} answers otherwise ({})", lists.join(", "));
                let tests = vec![Test::Literal.negated(), Test::Other(what)];
                gate.lines.push(Access { line: profile.line, text, allows: false, tests });
            }
        }
        gate
    }

    /// The rules that send a connection to another address than the one it was for.
    pub(super) fn translations(&mut self, gate: &mut Gate) {
        let config = self.config;
        for (words, rule) in config.refusals.iter().filter(|(_, r)| r.translates && !r.disabled) {
            let scope = words.get(..Config::scope(words)).unwrap_or_default().join(" ");
            let to: Vec<Test> =
                rule.destination.iter().map(|name| self.published(&scope, name, rule.line, 0)).collect();
            let to = if to.is_empty() { Test::Always } else { Test::Any(to) };
            if matches!(&to, Test::Any(parts) if parts.iter().all(|part| *part == Test::Never)) {
                continue;
            }
            let text = words.join(" ");
            let mut tests = vec![to];
            if !rule.service.is_empty() {
                let services = rule.service.iter().map(|name| self.service(&scope, name, rule.line, 0));
                tests.push(Test::Any(services.collect()));
            }
            tests.push(Test::Other(format!("what the rule `{text}` sends to another address")));
            gate.lines.push(Access { line: rule.line, text, allows: false, tests });
        }
    }

    /// Whether the host is what a rule that translates is for. Addresses are those of services that the company publishes,
    /// which a host of the list has only where it is named by an address.
    fn published(&mut self, scope: &str, name: &str, line: usize, depth: usize) -> Test {
        self.once("nat", scope, name, line, |own| own.published_of(scope, name, depth))
    }

    fn published_of(&mut self, scope: &str, name: &str, depth: usize) -> Test {
        let unclear = || Test::Other(format!("what the address {name} of a NAT rule stands for"));
        if let Some(object) = self.find("address", scope, name) {
            return match (object.value("fqdn"), object.value("ip-netmask")) {
                (Some(fqdn), _) => pattern(fqdn).map_or_else(|_| unclear(), Test::Names),
                (None, Some(address)) => by_address(address).unwrap_or_else(unclear),
                (None, None) => Test::All(vec![Test::Literal, unclear()]),
            };
        }
        if let Some(group) = self.find("address-group", scope, name).filter(|_| depth <= DEEPEST) {
            let members = group.words("static");
            if members.is_empty() {
                return unclear();
            }
            let of = |member: &str| self.published(&group.scope, member, group.line, depth + 1);
            return Test::Any(members.into_iter().map(of).collect());
        }
        if name == "any" { Test::Always } else { by_address(name).unwrap_or_else(unclear) }
    }
}

/// An address or network of a NAT rule; nothing where it is neither, or wider than what a company publishes.
fn by_address(text: &str) -> Option<Test> {
    if ["0.0.0.0/0", "::/0"].contains(&text) {
        return Some(Test::Always);
    }
    let found = match network(text) {
        Some(Pattern::Network(_, prefix)) if prefix < 8 => return None,
        Some(found) => found,
        None => {
            text.parse::<std::net::IpAddr>().ok()?;
            pattern(text).ok()?
        }
    };
    Some(Test::All(vec![Test::Literal, Test::Names(found)]))
}

/// Whether a rule of a file blocking profile blocks every type of file of what a browser sends.
fn blocks_all_files(profile: &Item) -> bool {
    let rules = profile.attributes.keys().filter_map(|key| key.strip_prefix("action "));
    let has = |rule: &str, key: &str, any: &[&str]| {
        let words = profile.words(&format!("{key} {rule}"));
        words.is_empty() || words.iter().any(|word| any.contains(word))
    };
    let blocks = |rule: &str| {
        profile.value(&format!("action {rule}")).is_some_and(|action| action != "alert")
            && has(rule, "file-type", &["any"])
            && has(rule, "application", &["any", "ssl", "web-browsing"])
    };
    rules.into_iter().any(blocks)
}
