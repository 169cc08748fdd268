//! PAN-OS configuration as set commands, in braces or as XML: what its security rules let through, in
//! their order; of a file without rules, what its URL categories and address groups would.

mod access;
mod beside;
mod groups;
mod objects;
mod order;
mod words;
mod xml;

use std::collections::{BTreeMap, HashMap};

use super::read::{Ignored, Listing, Unread};
use order::ROOM;
use words::{
    BESIDE, BESIDE_OF, BLOCKING, Beside, CHANGING, FIRST, KINDS, NEUTRAL, OF_ADDRESS, OF_OTHERS, OF_RULE,
    PASSES, PROFILES, RULEBASES, UNREAD, VERBS, shortens,
};

/// Groups nest at most this deep.
const DEEPEST: usize = 16;

/// Braces nest at most this deep, with room.
const DEEPEST_BRACES: usize = 40;

/// Bytes of a name at most, with room.
const LONGEST: usize = 2_000;

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
    /// Where each value of an attribute stands, once one of them was taken out.
    taken_from: BTreeMap<String, HashMap<String, Vec<usize>>>,
}

/// The line of a value that was taken out.
const GONE: usize = usize::MAX;

impl Item {
    fn add(&mut self, key: String, values: Values) {
        let own = self.attributes.entry(key.clone()).or_default();
        if let Some(places) = self.taken_from.get_mut(&key) {
            for (at, (value, _)) in (own.len()..).zip(&values) {
                places.entry(value.clone()).or_default().push(at);
            }
        }
        own.extend(values);
    }

    fn take_out(&mut self, key: &str, values: &Values) {
        let Some(own) = self.attributes.get_mut(key) else { return };
        let places = self.taken_from.entry(key.to_owned()).or_insert_with(|| {
            let mut places: HashMap<String, Vec<usize>> = HashMap::new();
            for (at, (value, _)) in own.iter().enumerate() {
                places.entry(value.clone()).or_default().push(at);
            }
            places
        });
        for at in values.iter().filter_map(|(value, _)| places.remove(value)).flatten() {
            if let Some((_, line)) = own.get_mut(at) {
                *line = GONE;
            }
        }
    }

    fn keep_attributes(&mut self, keeps: impl Fn(&str) -> bool) {
        self.attributes.retain(|key, _| keeps(key));
        self.taken_from.retain(|key, _| keeps(key));
    }

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

/// A rule of another rulebase.
#[derive(Default)]
struct Refusal {
    line: usize,
    does: Beside,
    /// The word of its action, where it has one.
    action: Option<String>,
    needs_action: bool,
    disabled: bool,
    /// It sends a connection to another address than it was for.
    translates: bool,
    /// The addresses and services of a rule that may translate.
    destination: Vec<String>,
    service: Vec<String>,
}

impl Refusal {
    /// Takes what a rule of NAT says about destinations.
    fn translate(&mut self, words: &[String]) {
        let is_translation =
            |w: &str| ["destination-translation", "dynamic-destination-translation"].contains(&w);
        self.translates |= words.iter().rev().skip(1).any(|w| is_translation(w));
        for (key, into) in [("destination", &mut self.destination), ("service", &mut self.service)] {
            let Some(at) = words.iter().position(|w| w == key) else { continue };
            let values = words.get(at + 1..).unwrap_or_default();
            match values.split_first() {
                Some((open, values)) if open == "[" => {
                    into.extend(values.iter().take_while(|w| *w != "]").cloned());
                }
                Some((value, _)) => into.push(value.clone()),
                None => {}
            }
        }
    }

    fn is_on(&self, does: Beside) -> bool {
        let passes = match &self.action {
            Some(action) => PASSES.contains(&action.as_str()),
            // Without an action forwarding and protection do nothing yet.
            None => self.needs_action,
        };
        self.does == does && !self.disabled && !passes
    }
}

/// Commands in doubt that are kept: one would do.
const DOUBTS: usize = 50;

/// Values that are copied with what has them, all in all, before copies are not followed any more.
const COPIED: usize = 200_000;

#[derive(Default)]
struct Config {
    items: BTreeMap<Key, Item>,
    /// The items by the words that lead to them.
    by_path: BTreeMap<Vec<String>, Key>,
    order: i128,
    /// The rules of a scope by their order, of those in which one was moved.
    places: BTreeMap<String, BTreeMap<i128, String>>,
    /// Rules beside the security rules that may drop what those let through, by the words that lead to them.
    refusals: BTreeMap<Vec<String>, Refusal>,
    /// Names that a DNS proxy answers itself, each with its line, by the words that lead to the entry.
    answers: BTreeMap<Vec<String>, (String, usize)>,
    /// The file has security rules, perhaps none that is left at its end.
    has_rules: bool,
    /// Commands after which it is not known what rules there are and in which order.
    doubt: Vec<Ignored>,
    copied: usize,
    /// The device group above each, where the file says so.
    above: BTreeMap<String, String>,
    /// The file says which device groups there are, and so which stands above which.
    has_groups: bool,
    /// How many items and places deletions have looked at.
    looked: usize,
}

/// Kind, scope and name of an item.
type Key = (&'static str, String, String);

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
    for item in config.items.values_mut() {
        item.attributes.values_mut().for_each(|values| values.retain(|(_, line)| *line != GONE));
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
        for (line, raw) in (1..).zip(text.lines()) {
            let words = words(raw);
            let is_verb = |w: &String| VERBS.contains(&w.as_str()) || CHANGING.contains(&w.as_str());
            if stack.is_empty() && leaf.is_empty() && words.first().is_some_and(is_verb) {
                self.command(&words, line, raw);
                continue;
            }
            for word in words {
                match word.as_str() {
                    "{" if stack.len() >= DEEPEST_BRACES
                        || leaf.iter().map(String::len).sum::<usize>() > LONGEST =>
                    {
                        self.doubts(line, raw, "braces that nest deeper, or a longer name, than PAN-OS has");
                        return;
                    }
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

    /// How many words say where an object is: `config devices X vsys Y`, `shared`, `device-group X`.
    fn scope(path: &[String]) -> usize {
        let mut at = 0;
        loop {
            at += match path.get(at).map(String::as_str) {
                Some("config" | "shared" | "response" | "result") => 1,
                Some("devices" | "vsys" | "device-group") => 2,
                _ => return at,
            };
        }
    }

    /// Kind, scope, name and what follows; nothing for what is not about access.
    fn place(path: &[String]) -> Option<(&'static str, String, String, &[String])> {
        let at = Self::scope(path);
        let word = |at: usize| path.get(at).map_or("", String::as_str);
        let (before, kind_at) = match word(at) {
            of if of.ends_with("rulebase") && word(at + 1) == "security" && word(at + 2) == "rules" => {
                (at + 2, at + 2)
            }
            "profiles" => (at, at + 1),
            "rules" => return None,
            _ => (at, at),
        };
        let Some(kind) = KINDS.iter().copied().find(|kind| *kind == word(kind_at)) else {
            // `show` of one category prints it without the words above it.
            let list = path.iter().position(|w| w == "list" || w == "type")?;
            let name = path.get(..list)?.join(" ");
            let is_alone = at == 0 && list <= 1 && !path.iter().any(|w| KINDS.contains(&w.as_str()));
            return is_alone.then(|| (KINDS[0], String::new(), name, path.get(list..).unwrap_or(&[])));
        };
        let name = path.get(kind_at + 1)?.clone();
        Some((kind, path.get(..before)?.join(" "), name, path.get(kind_at + 2..).unwrap_or(&[])))
    }

    /// Whether a path that has no place may be one that decides, in words that are abbreviated or elsewhere than known.
    fn may_decide(path: &[String]) -> bool {
        let own = path.get(Self::scope(path)..).unwrap_or_default();
        let words: Vec<&str> = own.iter().map(String::as_str).collect();
        let is_rulebase = |w: &str| w.ends_with("rulebase");
        match words.as_slice() {
            ["rulebase" | "pre-rulebase" | "post-rulebase", kind, rest @ ..] => {
                let is_known = *kind == "security" || RULEBASES.iter().any(|(of, _)| of == kind);
                !is_known || rest.first().is_some_and(|w| *w != "rules")
            }
            ["profiles", kind, ..] => shortens(kind, PROFILES),
            ["template" | "template-stack" | "readonly" | "mgt-config" | "network" | "deviceconfig", ..] => {
                false
            }
            [first, rest @ ..] => shortens(first, FIRST) || rest.iter().any(|w| is_rulebase(w)),
            [] => false,
        }
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
        // A verb that is abbreviated, or in other letters, before something that decides.
        let is_verb = |word: &str| {
            let decides = path.iter().any(|w| FIRST.contains(&w.as_str()) || shortens(w, FIRST));
            decides && (shortens(word, &VERBS) || shortens(word, &CHANGING))
        };
        let is_placed = Self::place(path).is_some() || !Self::is_relative(path);
        let is_followed = match verb.as_str() {
            remark if remark.starts_with(['#', '!', '/']) => true,
            "set" => {
                let before = self.doubt.len();
                self.set(path, line);
                is_placed || self.doubt.len() > before
            }
            "delete" | "move" | "rename" | "copy"
                if Self::place(path).is_none() && Self::may_decide(path) =>
            {
                false
            }
            "delete" => {
                self.delete(path);
                is_placed || self.has_rules
            }
            "move" => self.moves(path),
            "rename" => self.renames(path),
            "copy" => self.copies(path, line),
            other if CHANGING.contains(&other) => false,
            // `top set …`
            "top" | "up" if !path.is_empty() => {
                !path.iter().any(|w| is_verb(w) || VERBS.contains(&w.as_str()))
            }
            other => {
                let is_neutral = NEUTRAL.contains(&other);
                is_neutral
                    || !(is_verb(other) || path.iter().any(|w| w == "rules") && Self::is_relative(path))
            }
        };
        if !is_followed {
            let why = "it changes the rules or their order in a way that is not followed: give the configuration as it is after it";
            self.doubts(line, raw, why);
        }
    }

    fn doubts(&mut self, line: usize, raw: &str, why: &str) {
        if self.doubt.len() < DOUBTS {
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

    /// The words that lead to a rule of another rulebase, what it can do, and those after them.
    fn refusal(path: &[String]) -> Option<(&[String], Beside, &[String])> {
        let at = Self::scope(path);
        let own = path.get(at..)?;
        let [base, kind, rules, _, ..] = own else { return None };
        let (_, does) = RULEBASES.iter().find(|(of, _)| of == kind)?;
        let is_here = base.ends_with("rulebase") && rules == "rules";
        is_here
            .then(|| (path.get(..at + 4).unwrap_or_default(), *does, path.get(at + 4..).unwrap_or_default()))
    }

    /// The words that lead to an entry of a DNS proxy, with those after them: `dns-proxy NAME static-entries ENTRY …`.
    fn answer(path: &[String]) -> Option<(&[String], &[String])> {
        let at = path.iter().position(|w| w == "dns-proxy")?;
        (path.get(at + 2)? == "static-entries" && path.len() > at + 3).then(|| path.split_at(at + 4))
    }

    fn set(&mut self, path: &[String], line: usize) {
        self.parents(path);
        if let Some((own, rest)) = Self::answer(path) {
            if let [word, name, ..] = rest
                && word == "domain"
            {
                self.answers.insert(own.to_vec(), (name.clone(), line));
            }
            return;
        }
        if let Some((own, does, rest)) = Self::refusal(path) {
            let refusal = self.refusals.entry(own.to_vec()).or_default();
            (refusal.line, refusal.does) = (line, does);
            refusal.needs_action =
                ["pbf", "dos", "decryption"].iter().any(|kind| own.iter().any(|w| w == kind));
            for pair in rest.windows(2) {
                match pair {
                    [key, what] if ["action", "authentication-enforcement"].contains(&key.as_str()) => {
                        refusal.action = Some(what.clone());
                    }
                    [disabled, what] if disabled == "disabled" => refusal.disabled = what == "yes",
                    _ => {}
                }
            }
            if does == Beside::Nothing {
                refusal.translate(rest);
            }
            return;
        }
        if Self::place(path).is_none() && Self::may_decide(path) {
            let why = "it may be short for what decides, or stands elsewhere than it is known: give the configuration as the device shows it";
            self.doubts(line, &path.join(" "), why);
        }
        let Some((kind, scope, name, rest)) = Self::place(path) else { return };
        self.has_rules |= kind == "rules";
        self.order += ROOM;
        let order = self.order;
        let key = (kind, scope.clone(), name.clone());
        if kind == "rules" && !self.items.contains_key(&key) {
            self.stands(&scope, order, &name);
        }
        let own = path.get(..path.len() - rest.len()).unwrap_or_default();
        if !self.items.contains_key(&key) {
            self.by_path.insert(own.to_vec(), key.clone());
        }
        let path = || own.to_vec();
        let item = self.items.entry(key).or_insert_with(|| Item {
            scope,
            name,
            line,
            order,
            path: path(),
            ..Item::default()
        });
        let mut rest = rest.iter();
        while let Some(word) = rest.next() {
            match kind {
                "rules" if ["option", "qos"].contains(&word.as_str()) => {
                    let more = rest.by_ref().find(|w| OF_RULE.contains(&w.as_str()));
                    if let Some(more) = more {
                        item.add(UNREAD.into(), vec![(more.clone(), line)]);
                    }
                    return;
                }
                "rules" if BESIDE.contains(&word.as_str()) || OF_RULE.contains(&word.as_str()) => {}
                "rules" => {
                    item.add(UNREAD.into(), vec![(word.clone(), line)]);
                    return;
                }
                "spyware" => {
                    // `botnet-domains lists NAME action WHAT`
                    if word == "botnet-domains"
                        && rest.next().is_some_and(|w| w == "lists")
                        && let Some(list) = rest.next()
                    {
                        let action = rest.find(|w| *w == "action").and_then(|_| rest.next());
                        let values = action.map(|action| (action.clone(), line)).into_iter().collect();
                        item.add(format!("list {list}"), values);
                    }
                    return;
                }
                "threats" => {
                    item.add(word.clone(), Vec::new());
                    return;
                }
                "file-blocking" => {
                    let rule = rest.next().filter(|_| word == "rules");
                    while let Some((rule, key)) = rule.zip(rest.next()) {
                        let (key, values) = Self::attribute(kind, key, &mut rest, line);
                        item.add(format!("{key} {rule}"), values);
                    }
                    return;
                }
                _ if BESIDE_OF.iter().any(|(of, own)| *of == kind && own.contains(&word.as_str())) => return,
                "url-filtering" if word == "credential-enforcement" => {
                    let key = format!("credential-enforcement {}", rest.next().map_or("", String::as_str));
                    let (_, values) = Self::attribute(kind, "", &mut rest, line);
                    item.add(key, values);
                    continue;
                }
                _ if OF_OTHERS.iter().any(|(of, own)| *of == kind && !own.contains(&word.as_str())) => {
                    item.add(UNREAD.into(), vec![(word.clone(), line)]);
                    return;
                }
                _ => {}
            }
            let (key, values) = Self::attribute(kind, word, &mut rest, line);
            // An address is one thing, and a service has one protocol: the last one.
            match kind {
                "address" if OF_ADDRESS.contains(&key.as_str()) => {
                    item.keep_attributes(|k| k == key || !OF_ADDRESS.contains(&k));
                }
                "service" if word == "protocol" => {
                    let protocol = key.split(' ').next().unwrap_or("").to_owned();
                    let other = |k: &str| k.contains(' ') && k.split(' ').next() != Some(protocol.as_str());
                    item.keep_attributes(|k| !other(k));
                }
                _ => {}
            }
            item.add(key, values);
        }
    }

    /// What stands at these words or below them.
    fn below<'m, V>(map: &'m BTreeMap<Vec<String>, V>, path: &[String]) -> Vec<&'m Vec<String>> {
        map.range(path.to_vec()..).map(|(own, _)| own).take_while(|own| own.starts_with(path)).collect()
    }

    fn delete(&mut self, path: &[String]) {
        if path.is_empty() {
            return;
        }
        let gone: Vec<Vec<String>> = Self::below(&self.refusals, path).into_iter().cloned().collect();
        self.looked += gone.len();
        for own in gone {
            self.refusals.remove(&own);
        }
        let gone: Vec<Vec<String>> = Self::below(&self.answers, path).into_iter().cloned().collect();
        self.looked += gone.len();
        for own in gone {
            self.answers.remove(&own);
        }
        if let Some((own, _, rest)) = Self::refusal(path)
            && let Some(refusal) = self.refusals.get_mut(own)
        {
            let is_gone = |word: &str| rest.first().is_some_and(|w| w == word);
            if is_gone("action") {
                refusal.action = None;
            }
            refusal.disabled &= !is_gone("disabled");
        }
        let place = Self::place(path);
        let Some((kind, scope, name, rest)) = place.filter(|(.., rest)| !rest.is_empty()) else {
            // All that is at this place or below it.
            let gone: Vec<Vec<String>> = Self::below(&self.by_path, path).into_iter().cloned().collect();
            self.looked += 1 + gone.len();
            for own in gone {
                let Some(item) = self.by_path.remove(&own).and_then(|key| self.items.remove(&key)) else {
                    continue;
                };
                if own.iter().any(|w| w == "rules")
                    && let Some(places) = self.places.get_mut(&item.scope)
                {
                    places.remove(&item.order);
                }
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
            item.keep_attributes(|k| !is_part(k));
        } else {
            item.take_out(&key, &values);
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
        self.by_path.remove(&item.path);
        item.name.clone_from(other);
        item.path.pop();
        item.path.push(other.clone());
        self.stands(&item.scope, item.order, other);
        self.by_path.insert(item.path.clone(), key.clone());
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
        let Some(item) = self.items.get(&(kind, scope, name)) else { return false };
        self.copied += item.attributes.values().map(Vec::len).sum::<usize>();
        if to != "to" || self.items.contains_key(&key) || self.copied > COPIED {
            return false;
        }
        let mut item = item.clone();
        self.order += ROOM;
        item.name.clone_from(other);
        (item.line, item.order) = (line, self.order);
        if kind == "rules" {
            self.stands(&item.scope, item.order, other);
        }
        item.path.pop();
        item.path.push(other.clone());
        self.by_path.insert(item.path.clone(), key.clone());
        self.items.insert(key, item);
        true
    }

    fn all(&self, kind: &str) -> Vec<&Item> {
        let mut found: Vec<&Item> =
            self.items.iter().filter(|((k, ..), _)| *k == kind).map(|(_, i)| i).collect();
        found.sort_by_key(|i| i.order);
        found
    }
}

/// Device group, virtual system or shared, without the rulebase.
fn group_of(scope: &str) -> String {
    let words = scope.split(' ').filter(|w| !w.ends_with("rulebase") && *w != "security" && !w.is_empty());
    words.collect::<Vec<_>>().join(" ")
}
