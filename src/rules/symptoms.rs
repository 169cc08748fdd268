//! What messages mean (`rules/symptoms*.toml`): those of the app, of its engine and its sandbox, of the network
//! libraries and the operating systems below them, and of the providers.
//!
//! [`Symptoms::find`] is made for reading logs: one pass over a line that says nothing, whatever the number of
//! known texts.

mod address;
mod fold;
mod matcher;
mod numbers;
mod shape;

pub use address::{Address, addresses};
pub use numbers::NumberKind;
pub use shape::{Depends, Shape};

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::OnceLock;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::compiled;
use super::data::DataError;
use super::files::Files;
use super::filters::Filters;
use super::inference::Calls;
use super::pack::Pack;
use crate::contract::{AppVersion, Code, Confidence, Owner};
use crate::rules::Word;
use fold::fold;
use matcher::{Hit, Matcher, Text};
use shape::Asked;

/// The files, in the order of their entries.
const FILES: [&str; 5] = [
    "symptoms.toml",
    "symptoms-network.toml",
    "symptoms-providers.toml",
    "symptoms-sign-in.toml",
    "symptoms-device.toml",
];
/// Bytes of a message that are looked at; a whole log is read line by line.
const LONGEST: usize = 20_000;
/// Shortest word of an answer to a call that is known by itself.
const SHORTEST_WORD: usize = 9;

/// One known message.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Symptom {
    /// Identifier.
    pub id: Word,
    /// Texts that occur in it; ` ... ` stands for anything in between, `*` for the rest of a word.
    #[serde(default, rename = "match")]
    pub matches: Vec<Word>,
    /// Texts that are the message, or a clause of it by themselves.
    #[serde(default)]
    pub alone: Vec<Word>,
    /// Texts that stand for it beside the name of a web filter.
    #[serde(default)]
    pub beside: Vec<Word>,
    /// Numbers that stand for it, by kind.
    #[serde(default)]
    pub numbers: BTreeMap<Word, Vec<i64>>,
    /// Names of answers in `calls.toml` whose words stand for it.
    #[serde(default)]
    pub calls: Vec<Word>,
    /// The symptom in a few words.
    pub title: Word,
    /// What it means.
    pub cause: Word,
    /// Who fixes it.
    pub owner: Owner,
    /// Who else may have to, the likeliest first.
    #[serde(default)]
    pub owners: Vec<Owner>,
    /// The text alone does not say who: `owner` is `none` until something more is known.
    #[serde(default)]
    pub open: bool,
    /// What `check` would find, the likeliest first.
    #[serde(default)]
    pub codes: Vec<Code>,
    /// What to do.
    pub remedy: Word,
    /// What to run next, where that is not what follows from the rest.
    #[serde(default)]
    pub next: Option<Word>,
    /// Whether something on the network may be in the way.
    #[serde(default = "yes")]
    pub network: bool,
    /// It says where something failed and not why: a message that says why comes first.
    #[serde(default)]
    pub generic: bool,
    /// It stands for a whole family of names, and is known only where no other one is.
    #[serde(default)]
    pub family: bool,
    /// Rules whose hosts are concerned.
    #[serde(default)]
    pub rules: Vec<Word>,
    /// Keys that are concerned.
    #[serde(default)]
    pub keys: Vec<Word>,
    /// Source tags.
    #[serde(default)]
    pub sources: Vec<Word>,
    /// Public references that are no page of the product.
    #[serde(default)]
    pub references: Vec<Word>,
    /// Public reports.
    #[serde(default)]
    pub issues: Vec<Word>,
    /// How well it is known.
    #[serde(default = "documented")]
    pub confidence: Confidence,
    /// First app version that does not show it any more.
    #[serde(default)]
    pub until: Option<AppVersion>,
}

const fn yes() -> bool {
    true
}

const fn documented() -> Confidence {
    Confidence::Documented
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    proxy_ports: Vec<u16>,
    #[serde(default)]
    number: Vec<NumberKind>,
    #[serde(default)]
    symptom: Vec<Symptom>,
}

/// A known message, found in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<'a> {
    /// The message.
    pub symptom: &'a Symptom,
    /// Where it stands, in bytes of the text.
    pub span: Range<usize>,
    /// The address that it speaks of.
    pub address: Option<Address>,
    /// Who fixes it: for an address of the device itself the device.
    pub owner: Owner,
}

impl Found<'_> {
    /// Identifier of the message.
    pub fn id(&self) -> &str {
        &self.symptom.id
    }

    /// What `check` would find, the likeliest first.
    pub fn codes(&self) -> &[Code] {
        &self.symptom.codes
    }

    /// Whether it speaks of the device itself.
    pub fn is_loopback(&self) -> bool {
        self.address.as_ref().is_some_and(Address::is_loopback)
    }
}

/// Every known message.
#[derive(Debug, Clone, BorshSerialize, BorshDeserialize)]
pub struct Symptoms {
    /// In the order of the files.
    pub list: Vec<Symptom>,
    numbers: Vec<NumberKind>,
    /// Ports on which proxies listen.
    proxy_ports: Vec<u16>,
    /// The words of `calls.toml` that stand for a symptom, by its place in the list.
    words: Vec<(usize, Word)>,
    /// Made when the first text is read: most commands read none.
    #[borsh(skip)]
    matcher: OnceLock<Matcher>,
}

impl Symptoms {
    /// The messages known to this build.
    ///
    /// # Errors
    /// Only when the embedded files do not fit the embedded pack, which a test rules out.
    pub fn embedded() -> Result<Self, DataError> {
        compiled::read(rules_compiled!("symptoms"))
    }

    pub(super) fn load(files: &Files, pack: &Pack, calls: &Calls) -> Result<Self, DataError> {
        let mut symptoms = Self {
            list: Vec::new(),
            numbers: Vec::new(),
            proxy_ports: Vec::new(),
            words: Vec::new(),
            matcher: OnceLock::new(),
        };
        // A fault in them is reported where pages are told apart.
        let filters = Filters::load(files).unwrap_or_default();
        let mut read: Vec<(&str, Vec<Symptom>)> = Vec::new();
        for name in FILES {
            let file = files.get(name);
            let parsed: File = file.text.read_as(file.shown)?;
            symptoms.numbers.extend(parsed.number);
            symptoms.proxy_ports.extend(parsed.proxy_ports);
            read.push((file.shown, parsed.symptom));
        }
        for (file, symptom) in
            read.into_iter().flat_map(|(file, list)| list.into_iter().map(move |s| (file, s)))
        {
            if let Some(reason) = symptoms.wrong(&symptom, pack, calls) {
                let reason = format!("symptom {}: {reason}", symptom.id);
                return Err(DataError::Content { file: file.to_owned(), reason });
            }
            let place = symptoms.list.len();
            symptoms.words.extend(words(&symptom, calls).into_iter().map(|word| (place, word)));
            let named = filters.names().flat_map(|name| symptom.beside.iter().map(move |b| (name, b)));
            symptoms.words.extend(
                named
                    .flat_map(|(name, b)| [format!("{name} ... {b}"), format!("{b} ... {name}")])
                    .map(|text| (place, text.into())),
            );
            symptoms.list.push(add_codes(symptom, calls));
        }
        let signed: Vec<(usize, Word)> = symptoms
            .list
            .iter()
            .enumerate()
            .flat_map(|(n, s)| s.matches.iter().filter_map(move |m| Some((n, signed(m)?.into()))))
            .collect();
        symptoms.words.extend(signed);
        // A word with an entry of its own has that meaning alone.
        let own: HashSet<String> = symptoms.list.iter().flat_map(|s| &s.matches).map(|m| fold(m)).collect();
        symptoms.words.retain(|(_, word)| !own.contains(&fold(word)));
        Ok(symptoms)
    }

    /// What is wrong with an entry.
    fn wrong(&self, symptom: &Symptom, pack: &Pack, calls: &Calls) -> Option<String> {
        if self.list.iter().any(|s| s.id == symptom.id) {
            return Some("it is there twice; remove one".into());
        }
        let mut texts = symptom.matches.iter().chain(&symptom.alone);
        if texts.clone().count() + symptom.numbers.len() + symptom.calls.len() == 0
            || texts.any(|text| matcher::is_empty(text))
        {
            return Some("`match` is empty; write a text that occurs in the message".into());
        }
        for (kind, values) in &symptom.numbers {
            let Some(known) = self.numbers.iter().find(|k| k.kind == *kind) else {
                return Some(format!("`{kind}` is no kind of number; add it as [[number]]"));
            };
            if let Some(value) = values.iter().find(|v| **v < known.range.0 || **v > known.range.1) {
                return Some(format!("{value} is outside the range of the numbers `{kind}`"));
            }
        }
        if let Some(name) = symptom.calls.iter().find(|n| !calls.answers().iter().any(|a| a.name == **n)) {
            return Some(format!("`{name}` is no answer of calls.toml"));
        }
        if let Some(rule) = symptom.rules.iter().find(|r| pack.rule(r).is_none()) {
            return Some(format!("`{rule}` is no rule of the pack"));
        }
        if let Some(key) = symptom.keys.iter().find(|k| pack.keys.get(k).is_none()) {
            return Some(format!("`{key}` is not in keys.toml"));
        }
        let known = |tag: &&Word| !pack.meta.sources.iter().any(|s| s.tag == **tag);
        if let Some(tag) = symptom.sources.iter().find(known) {
            return Some(format!("`{tag}` is no source of pack.toml"));
        }
        if symptom.sources.is_empty() && symptom.issues.is_empty() && symptom.references.is_empty() {
            return Some("name at least one source, reference or issue".into());
        }
        if symptom.open != (symptom.open && symptom.owner == Owner::None) {
            return Some("`open` is for texts that name no owner: write owner = \"none\"".into());
        }
        None
    }

    /// Whether a test of the address itself (`check --host`) says something: not of the device itself, and not of a port
    /// on which proxies listen.
    pub fn is_probed(&self, loopback: bool, port: Option<u16>) -> bool {
        !loopback && !port.is_some_and(|port| self.proxy_ports.contains(&port))
    }

    /// The messages that stand in `text`, the one that says most first. Of a long text the beginning is read.
    pub fn find(&self, text: &str) -> Vec<Found<'_>> {
        let text = beginning(text);
        let plain = fold(text);
        self.found(text, self.matcher().hits(&plain, &mut Asked::default()))
    }

    /// Makes the shape of a text, which is the same for texts that differ in numbers and identifiers alone; false
    /// where it has none.
    pub fn shape(&self, text: &[u8], shape: &mut Shape) -> bool {
        self.matcher().shape(text, shape)
    }

    /// As [`Symptoms::find`], with what decides, beside the shape, whether a text has known messages.
    pub fn find_of(&self, text: &str, shape: &Shape) -> (Vec<Found<'_>>, Depends) {
        let plain = fold(text);
        let mut asked = Asked::default();
        let hits = self.matcher().hits(&plain, &mut asked);
        let depends = Depends::on(text, &plain, shape, &asked);
        (self.found(text, hits), depends)
    }

    /// As [`Symptoms::find`]; where nothing is found, the messages of which `text` is a piece.
    pub fn understand(&self, text: &str) -> Vec<Found<'_>> {
        let found = self.find(text);
        if !found.is_empty() {
            return found;
        }
        let text = beginning(text);
        self.found(text, self.matcher().pieces(&fold(text)))
    }

    /// Known messages with a rare name of `text` in them, for a reader who is not understood: a name is a word
    /// of code, and rare when few messages have it.
    pub fn similar(&self, text: &str) -> Vec<&Symptom> {
        let is_name = |w: &&str| {
            w.len() > 5
                && (w.contains('_') || w.chars().skip(1).any(|c| c.is_ascii_uppercase()))
                && w.chars().any(|c| c.is_ascii_lowercase() || c == '_')
        };
        let text = beginning(text);
        let names = text.split(|c: char| !fold::of_word(c)).filter(is_name).map(fold);
        let mut similar: Vec<&Symptom> = Vec::new();
        for name in names.take(20) {
            let has = |s: &&Symptom| {
                s.matches.iter().any(|m| fold(m).split(|c: char| !fold::of_word(c)).any(|w| w == name))
            };
            let with: Vec<&Symptom> = self.list.iter().filter(has).collect();
            if with.len() <= 2 {
                similar.extend(with);
            }
        }
        similar.truncate(3);
        similar
    }

    fn matcher(&self) -> &Matcher {
        self.matcher.get_or_init(|| {
            let of_list = self.list.iter().enumerate().flat_map(|(symptom, s)| {
                let texts = s.matches.iter().map(|m| (m, false)).chain(s.alone.iter().map(|m| (m, true)));
                texts.map(move |(text, alone)| Text { symptom, text, alone })
            });
            let of_calls =
                self.words.iter().map(|(symptom, text)| Text { symptom: *symptom, text, alone: false });
            let mut matcher = Matcher::new(of_list.chain(of_calls), &self.numbers);
            for (n, symptom) in self.list.iter().enumerate() {
                for (kind, values) in &symptom.numbers {
                    values.iter().for_each(|value| matcher.add_number(kind, *value, n));
                }
            }
            matcher
        })
    }

    /// Puts hits in order, without those that a longer one contains, and gives each its address.
    fn found(&self, text: &str, hits: Vec<Hit>) -> Vec<Found<'_>> {
        if hits.is_empty() {
            return Vec::new();
        }
        let symptom = |hit: &Hit| self.list.get(hit.symptom);
        let is_family = |hit: &Hit| symptom(hit).is_some_and(|s| s.family);
        let is_generic = |hit: &Hit| symptom(hit).is_some_and(|s| s.generic);
        let says_why = |hit: &Hit| !hit.weak && symptom(hit).is_some_and(|s| !s.generic && !s.family);
        let is_kept = |hit: &&Hit| {
            let others = || hits.iter().filter(|o| o.symptom != hit.symptom);
            // What says where something failed does not hide what says why, however long its text is.
            let hides = |other: &Hit| !is_family(other) && (is_generic(hit) || !is_generic(other));
            let contained = others().any(|other| hit.is_within(other) && hides(other));
            let named = is_family(hit) && others().any(|other| !is_family(other) && hit.touches(other));
            let outweighed = hit.weak && others().any(says_why);
            !contained && !named && !outweighed
        };
        let mut kept: Vec<Hit> = hits.iter().filter(is_kept).cloned().collect();
        kept.sort_by_key(|hit| {
            let generic = symptom(hit).is_some_and(|s| s.generic || s.family);
            (generic, std::cmp::Reverse(hit.length), hit.symptom)
        });
        let addresses = addresses(text);
        let found = kept.iter().filter_map(|hit| {
            let symptom = symptom(hit)?;
            let span = fold::origin(text, &hit.span());
            let address = nearest(text, &addresses, &span).cloned();
            let loopback = address.as_ref().is_some_and(Address::is_loopback);
            let elsewhere =
                !matches!(symptom.owner, Owner::None | Owner::Configuration | Owner::CloudAccount);
            let owner = if loopback && symptom.network && (elsewhere || symptom.open) {
                Owner::Device
            } else {
                symptom.owner
            };
            Some(Found { symptom, span, address, owner })
        });
        found.collect()
    }
}

/// The address that a message at `span` speaks of: the next one behind it or in it, else the last one before
/// it; on its own line if there is one. What is named on the side comes last.
fn nearest<'a>(text: &str, addresses: &'a [Address], span: &Range<usize>) -> Option<&'a Address> {
    let line_start = text.get(..span.start).and_then(|t| t.rfind('\n')).map_or(0, |at| at + 1);
    let line_end = text.get(span.end..).and_then(|t| t.find('\n')).map_or(text.len(), |at| span.end + at);
    let line = line_start..line_end;
    let pick = |near: &dyn Fn(&&Address) -> bool| {
        let of = || addresses.iter().filter(near);
        of().find(|a| a.span.start >= span.start).or_else(|| of().next_back())
    };
    pick(&|a| !a.aside && line.contains(&a.span.start))
        .or_else(|| pick(&|a| !a.aside))
        .or_else(|| pick(&|_| true))
}

/// The beginning of a text that is looked at.
fn beginning(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The decimal form of a number of Windows (`0x800b0109` as -2146762487), in which .NET and installers log it.
fn signed(text: &str) -> Option<String> {
    let hex = text.strip_prefix("0x").filter(|h| h.len() == 8)?;
    let value = u32::from_str_radix(hex, 16).ok()?.cast_signed();
    (value < 0).then(|| value.to_string())
}

/// The words of the answers that a symptom stands for: names of code, and texts of messages.
fn words(symptom: &Symptom, calls: &Calls) -> Vec<Word> {
    let is_name = |w: &str| {
        let plain = w.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
        let of_code = w.contains(['_', '/']) || w.chars().skip(1).any(|c| c.is_ascii_uppercase());
        w.len() >= SHORTEST_WORD && plain && of_code
    };
    let mut words: Vec<Word> = Vec::new();
    for answer in calls.answers().iter().filter(|a| symptom.calls.contains(&a.name)) {
        let names = answer.any.values().flatten().filter(|w| is_name(w));
        // Where a text is asked for too, it is what tells the answer from others.
        let said: Vec<&Word> =
            if answer.says.is_empty() { names.collect() } else { answer.says.iter().collect() };
        for word in said {
            if !words.contains(word) {
                words.push(word.clone());
            }
        }
    }
    words
}

/// A symptom with the codes of the answers that it stands for.
fn add_codes(mut symptom: Symptom, calls: &Calls) -> Symptom {
    for answer in calls.answers().iter().filter(|a| symptom.calls.contains(&a.name)) {
        if !symptom.codes.contains(&answer.code) {
            symptom.codes.push(answer.code);
        }
    }
    symptom
}
