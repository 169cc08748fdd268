//! PAN-OS configuration as set commands, in braces or as XML: what its security rules let through, in
//! their order; of a file without rules, what its URL categories and address groups would.

use std::collections::BTreeMap;

use quick_xml::Reader as XmlReader;
use quick_xml::events::Event;

mod access;

use super::read::{Ignored, Listing, Unread};

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
const OF_RULE: [&str; 22] = [
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
    "rule-type",
    "negate-source",
    "negate-destination",
    "description",
    "tag",
    "log-end",
    "log-start",
    "profile-setting",
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
    Ok(access::listing(&config))
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
            let known = match kind {
                "rules" => OF_RULE.contains(&word.as_str()),
                "url-filtering" => BLOCKING.contains(&word.as_str()),
                _ => true,
            };
            if !known {
                return;
            }
            // `protocol tcp port 443`: the words in between are part of the name.
            let mut key = word.clone();
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
