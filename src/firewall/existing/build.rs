//! What the readers of templates and scripts share: where a value stands, and lines of access made of values.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::super::intent::Names;
use super::access::{Access, Gate, Test};
use super::read::{Dialect, Ignored, Listed, Listing, Pattern, Unread, brief, pattern, plain};
use crate::text::visible;

/// Ranges of ports; none for every port.
pub(super) type Ports = Vec<(u16, u16)>;

/// Entries of all rules together, each with each of its ports. A list that one rule names is counted for each rule, so that
/// a small file cannot stand for more than there is memory and time for.
pub(super) const MOST: usize = 1_000_000;

/// A listing with one gate, of a text whose values stand in quotes.
pub(super) struct Builder<'a> {
    pub listing: Listing,
    pub gate: Gate,
    /// The first line of each quoted text.
    places: HashMap<&'a str, usize>,
    /// Entries that are there, by what they mean.
    known: HashMap<(Pattern, Ports), usize>,
    /// Entries that may still be added.
    room: usize,
}

impl<'a> Builder<'a> {
    pub fn new(dialect: Dialect, text: &'a str) -> Self {
        let mut places = HashMap::new();
        for (line, raw) in (1..).zip(text.lines()) {
            for value in raw.split(['"', '\'', '<', '>']) {
                places.entry(value).or_insert(line);
            }
        }
        Self {
            listing: Listing::new(dialect),
            gate: Gate::default(),
            places,
            known: HashMap::new(),
            room: MOST,
        }
    }

    /// The line of a value; the first line where it does not stand by itself.
    pub fn line_of(&self, value: &str) -> usize {
        self.places.get(value).copied().unwrap_or(1)
    }

    /// A condition that one of these values holds. A value that is not understood may hold.
    pub fn values<'v>(
        &mut self,
        values: impl IntoIterator<Item = &'v str>,
        meaning: impl Fn(&str) -> Result<Pattern, String>,
        ports: &Ports,
    ) -> Test {
        let (mut entries, mut parts) = (Vec::new(), Vec::new());
        for value in values {
            self.room = self.room.saturating_sub(ports.len().max(1));
            if self.room == 0 {
                break;
            }
            let line = self.line_of(value);
            self.listing.understood += 1;
            match meaning(value) {
                Ok(found) => {
                    let key = (found, ports.clone());
                    let at = match self.known.get(&key) {
                        Some(at) => *at,
                        None => {
                            let listed = Listed::line(line, value, key.0.clone());
                            let at = self.listing.add(Listed { ports: ports.clone(), ..listed });
                            self.known.insert(key, at);
                            at
                        }
                    };
                    entries.push(at);
                }
                Err(reason) => parts.push(Test::Unknown(Ignored::new(line, value, &reason))),
            }
        }
        if parts.is_empty() {
            return Test::Entries(entries);
        }
        if !entries.is_empty() {
            parts.insert(0, Test::Entries(entries));
        }
        Test::Any(parts)
    }

    /// A line that allows or denies.
    pub fn access(&mut self, line: usize, text: &str, allows: bool, tests: Vec<Test>) {
        self.gate.lines.push(Access { line, text: brief(text), allows, tests });
    }

    /// Something beside the rules that may keep hosts away, under a condition that the file does not settle.
    pub fn beside(&mut self, value: &str, what: String) {
        let access = Access {
            line: self.line_of(value),
            text: brief(value),
            allows: false,
            tests: vec![Test::Other(what)],
        };
        self.listing.gates.push(Gate { lines: vec![access], otherwise: true });
    }

    /// Something that may decide and is not understood.
    pub fn unknown(&self, value: &str, reason: &str) -> Test {
        Test::Unknown(Ignored::new(self.line_of(value), value, reason))
    }

    /// The listing, with everything that was added.
    ///
    /// # Errors
    /// When it holds more than is read.
    pub fn done(mut self) -> Result<Listing, Unread> {
        if self.room == 0 {
            return Err(too_many());
        }
        self.listing.gates.push(self.gate);
        Ok(self.listing)
    }
}

/// What is said of a file with more entries than [`MOST`].
pub(super) fn too_many() -> Unread {
    Unread::whole(&format!(
        "its rules name more than {MOST} entries, each counted with each port of each rule, which is the limit: give the rules \
         that are in question alone"
    ))
}

/// The transport is TLS.
pub(super) fn https() -> Test {
    Test::All(vec![Test::Web, Test::Clear.negated()])
}

/// The ports of a rule as a condition; nothing for every port.
pub(super) fn on(ports: &Ports) -> Vec<Test> {
    if ports.is_empty() { Vec::new() } else { vec![Test::Ports(ports.clone())] }
}

/// An address, a network or `*`. Any other word stands for addresses that are not in the file: a tag, a group, a range.
pub(super) fn address(value: &str) -> Result<Pattern, String> {
    match destination(value)? {
        found @ (Pattern::Any | Pattern::Network(..) | Pattern::Names(Names::Address(_))) => Ok(found),
        _ => Err("it is not an address, a network or `*`, and what it stands for is not in the file".into()),
    }
}

/// A name, `*.name`, an address, a network or `*`. A text with an expression of the template is not a name.
pub(super) fn destination(value: &str) -> Result<Pattern, String> {
    if value.contains("${") || value.contains("%{") || value.starts_with('[') && value.ends_with(']') {
        return Err("an expression is not worked out: give what it comes to".into());
    }
    pattern(value)
}

/// A name alone stands for itself and everything below.
pub(super) fn tree(value: &str) -> Result<Pattern, String> {
    plain(value).map(|n| Pattern::Names(Names::ApexAndSubdomains(n)))
}

/// `443`, `80-90`, `*`.
pub(super) fn range(text: &str) -> Result<Ports, String> {
    if text == "*" {
        return Ok(Vec::new());
    }
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    match (from.trim().parse::<u16>(), to.trim().parse::<u16>()) {
        (Ok(from), Ok(to)) if from <= to => Ok(vec![(from, to)]),
        _ => Err(format!("`{text}` is not a port")),
    }
}

/// The texts of an array, or the one text; anything else in it is an error.
pub(super) fn texts(value: Option<&Value>) -> Result<Vec<&str>, String> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![one.as_str()]),
        Some(Value::Array(all)) => {
            all.iter().map(|v| v.as_str().ok_or_else(|| format!("`{v}` is not a text"))).collect()
        }
        Some(other) => Err(format!("`{other}` is not a list of texts")),
    }
}

/// A block of Terraform's JSON syntax, which may stand alone or in an array.
pub(super) fn blocks(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one) => vec![one],
    }
}

/// The first key that is not among those understood. A text in place of an object is an expression.
pub(super) fn strange_key<'v>(value: &'v Value, known: &[&str]) -> Option<&'v str> {
    let Some(object) = value.as_object() else {
        return Some("(an expression in place of an object)");
    };
    object.keys().map(String::as_str).find(|k| !known.contains(k) && !k.starts_with("//"))
}

/// The text as JSON.
///
/// # Errors
/// When it is not, or has a key twice: of the two, one program takes the last and another both.
pub(super) fn json(text: &str) -> Result<Value, Unread> {
    serde_json::from_str(text)
        .map(|Once(value)| value)
        .map_err(|e| Unread::whole(&format!("it is not JSON that can be read: {e}")))
}

/// A value in which every key stands once.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor).map(Self)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Once(value)) = items.next_element()? {
            all.push(value);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = serde_json::Map::new();
        while let Some((key, Once(value))) = members.next_entry::<String, Once>()? {
            if all.contains_key(&key) {
                let key: String = visible::message(&key).chars().take(80).collect();
                return Err(A::Error::custom(format_args!("the key `{key}` stands twice")));
            }
            all.insert(key, value);
        }
        Ok(Value::Object(all))
    }
}
