//! PAN-OS configuration as set commands, in braces or as XML: what its security rules let through, in
//! their order; of a file without rules, what its URL categories and address groups would.

mod access;
mod order;
mod xml;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::read::{Ignored, Listing, Unread};
use order::ROOM;

/// Groups nest at most this deep.
const DEEPEST: usize = 16;

/// Values of one attribute, each with its line.
type Values = Vec<(String, usize)>;

#[derive(Default, Clone)]
struct Item {
    scope: String,
    name: String,
    line: usize,
    /// Position in the file, which is the order of rules until one is moved; with room between two.
    order: i128,
    /// The words that lead to it, its name the last.
    path: Vec<String>,
    attributes: BTreeMap<String, Values>,
}

impl Item {
    fn values(&self, key: &str) -> &[(String, usize)] {
        self.attributes.get(key).map_or(&[], Vec::as_slice)
    }

    /// What has one value has the one that was set last.
    fn value(&self, key: &str) -> Option<&str> {
        self.values(key).last().map(|(v, _)| v.as_str())
    }

    fn words(&self, key: &str) -> Vec<&str> {
        self.values(key).iter().map(|(v, _)| v.as_str()).collect()
    }
}

const KINDS: [&str; 9] = [
    "custom-url-category",
    "address",
    "address-group",
    "service",
    "service-group",
    "rules",
    "external-list",
    "url-filtering",
    "profile-group",
];

/// Lists of categories of a URL filtering profile after which the app gets a page or nothing.
const BLOCKING: [&str; 3] = ["block", "continue", "override"];

/// Attributes of a security rule that take values.
const OF_RULE: [&str; 26] = [
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
    "source-imei",
    "source-imsi",
    "source-nw-slice",
    "hip-profiles",
    "schedule",
    "rule-type",
    "negate-source",
    "negate-destination",
    "description",
    "tag",
    "log-end",
    "log-start",
    "profile-setting",
    "target",
];

/// Attributes of a security rule that say nothing about what it matches.
const BESIDE: [&str; 8] = [
    "log-setting",
    "group-tag",
    "uuid",
    "icmp-unreachable",
    "disable-inspect",
    "audit-comment",
    "option",
    "qos",
];

/// The key of attributes that are not known, which may narrow what a rule matches.
const UNREAD: &str = "?";

/// Attributes of an address object of which it has one.
const OF_ADDRESS: [&str; 4] = ["fqdn", "ip-netmask", "ip-range", "ip-wildcard"];

/// Verbs of the configuration mode that leave the candidate as it is.
const NEUTRAL: [&str; 12] =
    ["check", "commit", "configure", "debug", "exit", "find", "quit", "run", "save", "show", "top", "up"];

/// Verbs that change which rules there are, or what the commands below them are about.
const CHANGING: [&str; 7] = ["edit", "load", "multi-clone", "multi-move", "override", "replace", "revert"];

/// A rule of policy-based forwarding or of denial of service.
#[derive(Default)]
struct Refusal {
    line: usize,
    refuses: bool,
    disabled: bool,
}

#[derive(Default)]
struct Config {
    items: BTreeMap<(&'static str, String, String), Item>,
    order: i128,
    /// The rules of a scope by their order, of those in which one was moved.
    places: BTreeMap<String, BTreeMap<i128, String>>,
    /// Rules before the security rules that may drop what those let through, by the words that lead to them.
    refusals: BTreeMap<Vec<String>, Refusal>,
    /// The file has security rules, perhaps none that is left at its end.
    has_rules: bool,
    /// Commands after which it is not known what rules there are and in which order.
    doubt: Vec<Ignored>,
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
            config.command(&words(raw), line, raw);
        }
    }
    Ok(access::listing(&config))
}

/// The longest address in brackets, with a zone.
const ADDRESS: usize = 64;

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
                let inner: String = chars.iter().skip(at).take(ADDRESS).take_while(|c| **c != ']').collect();
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
        let verbs = ["set", "delete", "move", "rename", "copy"];
        for (line, raw) in (1..).zip(text.lines()) {
            let words = words(raw);
            let is_verb = |w: &String| verbs.contains(&w.as_str()) || CHANGING.contains(&w.as_str());
            if stack.is_empty() && leaf.is_empty() && words.first().is_some_and(is_verb) {
                self.command(&words, line, raw);
                continue;
            }
            for word in words {
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

    /// Whether a path that has no place here is about security rules, as below `edit rulebase security`.
    fn is_relative(path: &[String]) -> bool {
        let at = path.iter().position(|w| w == "rules");
        at.is_some_and(|at| at == 0 || path.iter().take(at).any(|w| w == "security"))
    }

    /// One line of commands. What changes the rules in a way that is not followed leaves everything undecided.
    fn command(&mut self, words: &[String], line: usize, raw: &str) {
        // `admin@firewall# set …`, as a terminal shows it.
        let words = match words.split_first() {
            Some((prompt, rest)) if prompt.contains('@') && prompt.ends_with(['#', '>']) => rest,
            _ => words,
        };
        let Some((verb, path)) = words.split_first() else { return };
        let is_placed = Self::place(path).is_some() || !Self::is_relative(path);
        let is_followed = match verb.as_str() {
            remark if remark.starts_with(['#', '!', '/']) => true,
            "set" => {
                self.set(path, line);
                is_placed
            }
            "delete" => {
                self.delete(path);
                is_placed || self.has_rules
            }
            "move" => self.moves(path),
            "rename" => self.renames(path),
            "copy" => self.copies(path, line),
            other if CHANGING.contains(&other) => false,
            other => {
                NEUTRAL.contains(&other) || !(path.iter().any(|w| w == "rules") && Self::is_relative(path))
            }
        };
        if !is_followed {
            let why = "it changes the rules or their order in a way that is not followed: give the configuration as it is after it";
            self.doubt.push(Ignored::new(line, raw, why));
        }
    }

    /// The name of an attribute, and its values: several in brackets, or one.
    fn attribute(
        kind: &str,
        word: &str,
        rest: &mut std::slice::Iter<'_, String>,
        line: usize,
    ) -> (String, Values) {
        // `protocol tcp port 443`: the words in between are part of the name.
        let mut key = word.to_owned();
        if kind == "service" && word == "protocol" {
            let protocol = rest.next().map_or("", String::as_str);
            let field = rest.next().map_or("", String::as_str);
            key = format!("{protocol} {field}");
        }
        // `profile-setting group G`, `profile-setting profiles url-filtering P`.
        if kind == "rules" && word == "profile-setting" {
            let of = rest.next().map_or("", String::as_str);
            key = if of == "profiles" {
                format!("profile {}", rest.next().map_or("", String::as_str))
            } else {
                format!("profile-{of}")
            };
        }
        if kind == "rules" && word == "target" {
            key = format!("target {}", rest.next().map_or("", String::as_str));
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
        if key == "target devices" {
            // `001 vsys vsys1`: a part of that device.
            rest.by_ref().for_each(drop);
        }
        (key, values)
    }

    /// The words that lead to a rule of policy-based forwarding or of denial of service, and those after them.
    fn refusal(path: &[String]) -> Option<(&[String], &[String])> {
        let is_start =
            |w: &[String]| matches!(w, [of, rules] if (of == "pbf" || of == "dos") && rules == "rules");
        let at = path.windows(2).position(is_start)?;
        Some((path.get(..at + 3)?, path.get(at + 3..)?))
    }

    fn set(&mut self, path: &[String], line: usize) {
        if let Some((own, rest)) = Self::refusal(path) {
            let refusal = self.refusals.entry(own.to_vec()).or_default();
            for pair in rest.windows(2) {
                match pair {
                    [action, what] if action == "action" => {
                        refusal.refuses = what == "discard" || what == "deny";
                        refusal.line = line;
                    }
                    [disabled, what] if disabled == "disabled" => refusal.disabled = what == "yes",
                    _ => {}
                }
            }
        }
        let Some((kind, scope, name, rest)) = Self::place(path) else { return };
        self.has_rules |= kind == "rules";
        self.order += ROOM;
        let order = self.order;
        let key = (kind, scope.clone(), name.clone());
        if kind == "rules" && !self.items.contains_key(&key) {
            self.stands(&scope, order, &name);
        }
        let own = path.get(..path.len() - rest.len()).unwrap_or_default().to_vec();
        let item = self.items.entry(key).or_insert_with(|| Item {
            scope,
            name,
            line,
            order,
            path: own,
            attributes: BTreeMap::new(),
        });
        let mut rest = rest.iter();
        while let Some(word) = rest.next() {
            match kind {
                "rules" if ["option", "qos"].contains(&word.as_str()) => {
                    let more = rest.by_ref().find(|w| OF_RULE.contains(&w.as_str()));
                    if let Some(more) = more {
                        item.attributes.entry(UNREAD.into()).or_default().push((more.clone(), line));
                    }
                    return;
                }
                "rules" if BESIDE.contains(&word.as_str()) || OF_RULE.contains(&word.as_str()) => {}
                "rules" => {
                    item.attributes.entry(UNREAD.into()).or_default().push((word.clone(), line));
                    return;
                }
                "url-filtering" if !BLOCKING.contains(&word.as_str()) => return,
                _ => {}
            }
            let (key, values) = Self::attribute(kind, word, &mut rest, line);
            // An address is one thing, and a service has one protocol: the last one.
            match kind {
                "address" if OF_ADDRESS.contains(&key.as_str()) => {
                    item.attributes.retain(|k, _| *k == key || !OF_ADDRESS.contains(&k.as_str()));
                }
                "service" if word == "protocol" => {
                    let protocol = key.split(' ').next().unwrap_or("").to_owned();
                    let other = |k: &str| k.contains(' ') && k.split(' ').next() != Some(protocol.as_str());
                    item.attributes.retain(|k, _| !other(k));
                }
                _ => {}
            }
            item.attributes.entry(key).or_default().extend(values);
        }
    }

    fn delete(&mut self, path: &[String]) {
        if !path.is_empty() && !self.refusals.is_empty() {
            self.refusals.retain(|own, _| !own.starts_with(path));
        }
        if let Some((own, rest)) = Self::refusal(path)
            && let Some(refusal) = self.refusals.get_mut(own)
        {
            let is_gone = |word: &str| rest.first().is_some_and(|w| w == word);
            refusal.refuses &= !is_gone("action");
            refusal.disabled &= !is_gone("disabled");
        }
        let place = Self::place(path);
        let Some((kind, scope, name, rest)) = place.clone().filter(|(.., rest)| !rest.is_empty()) else {
            // The object, which has nothing below it but itself.
            if let Some((kind, scope, name, _)) = place
                && let Entry::Occupied(own) = self.items.entry((kind, scope, name))
                && own.get().path == path
            {
                let item = own.remove();
                if let Some(places) = self.places.get_mut(&item.scope).filter(|_| kind == "rules") {
                    places.remove(&item.order);
                }
                return;
            }
            // All that is below this place.
            if !path.is_empty() {
                self.items.retain(|_, item| !item.path.starts_with(path));
                self.places.clear();
            }
            return;
        };
        let Some(item) = self.items.get_mut(&(kind, scope, name)) else { return };
        let mut rest = rest.iter();
        let Some(word) = rest.next() else { return };
        let (key, values) = Self::attribute(kind, word, &mut rest, 0);
        if values.is_empty() {
            let group = match word.as_str() {
                "profile-setting" => "profile",
                "target" => "target ",
                own => own,
            };
            let is_part = |k: &str| k == key || (group != word && k.starts_with(group));
            item.attributes.retain(|k, _| !is_part(k));
        } else if let Some(own) = item.attributes.get_mut(&key) {
            own.retain(|(v, _)| !values.iter().any(|(value, _)| value == v));
        }
    }

    /// `rename PLACE rules NAME to OTHER`; whether it was followed. Objects have users, which are renamed with them.
    fn renames(&mut self, path: &[String]) -> bool {
        if Self::refusal(path).is_some() {
            return false;
        }
        let Some((kind, scope, name, rest)) = Self::place(path) else { return !Self::is_relative(path) };
        let [to, other] = rest else { return false };
        let key = (kind, scope.clone(), other.clone());
        if kind != "rules" || to != "to" || self.items.contains_key(&key) {
            return false;
        }
        let Some(mut item) = self.items.remove(&(kind, scope, name)) else { return false };
        item.name.clone_from(other);
        item.path.pop();
        item.path.push(other.clone());
        self.stands(&item.scope, item.order, other);
        self.items.insert(key, item);
        true
    }

    /// `copy PLACE NAME to OTHER`; whether it was followed. A copied rule is the last one.
    fn copies(&mut self, path: &[String], line: usize) -> bool {
        if Self::refusal(path).is_some() {
            return false;
        }
        let Some((kind, scope, name, rest)) = Self::place(path) else { return !Self::is_relative(path) };
        let [to, other] = rest else { return false };
        let key = (kind, scope.clone(), other.clone());
        let Some(mut item) = self.items.get(&(kind, scope, name)).cloned() else { return false };
        if to != "to" || self.items.contains_key(&key) {
            return false;
        }
        self.order += ROOM;
        item.name.clone_from(other);
        (item.line, item.order) = (line, self.order);
        if kind == "rules" {
            self.stands(&item.scope, item.order, other);
        }
        item.path.pop();
        item.path.push(other.clone());
        self.items.insert(key, item);
        true
    }

    fn all(&self, kind: &str) -> Vec<&Item> {
        let mut found: Vec<&Item> =
            self.items.iter().filter(|((k, ..), _)| *k == kind).map(|(_, i)| i).collect();
        found.sort_by_key(|i| i.order);
        found
    }

    /// All objects by their kind and name, those of one name in their order.
    fn by_name(&self) -> BTreeMap<(&str, &str), Vec<&Item>> {
        let mut found: BTreeMap<(&str, &str), Vec<&Item>> = BTreeMap::new();
        for ((kind, _, name), item) in &self.items {
            found.entry((kind, name)).or_default().push(item);
        }
        found.values_mut().for_each(|items| items.sort_by_key(|i| i.order));
        found
    }
}

/// Device group, virtual system or shared, without the rulebase.
fn group_of(scope: &str) -> String {
    let words = scope.split(' ').filter(|w| !w.ends_with("rulebase") && *w != "security" && !w.is_empty());
    words.collect::<Vec<_>>().join(" ")
}
