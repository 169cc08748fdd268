//! What the linter looks for (`rules/lints.toml`): each rule with its condition, its check, its
//! wording, its sources and the app versions it holds for.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::condition::{Condition, KeyPath, Known, RawCondition};
use super::error::Problems;
use super::files::Text;
use super::keys::KeyCatalogue;
use super::pack::from_text;
use crate::contract::Versions;
use crate::contract::{AppVersion, Confidence, Severity};
use crate::rules::Word;

const FILE: &str = "lints.toml";

/// Placeholders that a message may hold.
pub const PLACEHOLDERS: [&str; 10] =
    ["key", "value", "set", "unset", "entry", "detail", "provider", "platform", "version", "newest"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLints {
    #[serde(rename = "lint")]
    lints: Vec<RawLint>,
    told: Vec<Told>,
    invented: Vec<Invented>,
    takes_effect: Vec<TakesEffect>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLint {
    id: Word,
    title: Word,
    severity: Severity,
    message: Word,
    #[serde(default)]
    instead: Word,
    sources: Vec<Word>,
    #[serde(default)]
    covers: Vec<Word>,
    each: Option<Word>,
    when: Option<RawCondition>,
    check: Option<Check>,
    #[serde(default)]
    about: Vec<Word>,
    #[serde(default)]
    costs: Vec<Word>,
    confidence: Option<Confidence>,
    disputed: Option<Word>,
    #[serde(default)]
    replaces: Vec<Word>,
    since: Option<AppVersion>,
    until: Option<AppVersion>,
}

/// A rule of the linter.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct LintRule {
    /// Identifier; several rules may share one when they say the same of different keys.
    pub id: Word,
    /// A few words, the heading of the documentation.
    pub title: Word,
    /// Weight.
    pub severity: Severity,
    /// What is wrong; placeholders in braces.
    pub message: Word,
    /// What to write instead; empty when there is nothing to do.
    pub instead: Word,
    /// Documentation tags.
    pub sources: Vec<Word>,
    /// Numbers of the facts that it checks.
    pub covers: Vec<Word>,
    /// The key whose list is iterated, entry by entry.
    pub each: Option<KeyPath>,
    /// What must hold.
    pub when: Condition,
    /// What no condition can say, looked at in code.
    pub check: Option<Check>,
    /// The values it is about; the message points at the first that is set.
    pub about: Vec<KeyPath>,
    /// Keys that would name a required host were they right; where one does, the list lacks that host.
    pub costs: Vec<Word>,
    /// How well it is known.
    pub confidence: Confidence,
    /// Where sources disagree: what they say.
    pub disputed: Option<Word>,
    /// Identifiers that say less of the same fact, and are left out when this is found.
    pub replaces: Vec<Word>,
    /// First app version it holds for.
    pub since: Option<AppVersion>,
    /// First app version it no longer holds for.
    pub until: Option<AppVersion>,
}

impl LintRule {
    /// Whether the rule holds for this app version.
    pub fn holds_for(&self, version: &AppVersion) -> bool {
        Versions::new(&self.since, &self.until).contains(version)
    }
}

/// A lint that the readers or the derivation tell; described here, found there.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Identifier.
    pub id: Word,
    /// A few words, the heading of the documentation.
    pub title: Word,
    /// What it says, for the documentation; nothing where a rule of the same identifier says it.
    #[serde(default)]
    pub text: Word,
    /// Documentation tags; none for what is this program's own remark.
    #[serde(default)]
    pub sources: Vec<Word>,
    /// Numbers of the facts that it checks.
    #[serde(default)]
    pub covers: Vec<Word>,
    /// The feature that has no host, or none that works, until this is corrected.
    #[serde(default)]
    pub costs: Option<Word>,
    /// How well it is known.
    #[serde(default = "documented")]
    pub confidence: Confidence,
    /// Where sources disagree: what they say.
    #[serde(default)]
    pub disputed: Option<Word>,
}

const fn documented() -> Confidence {
    Confidence::Documented
}

/// A name that people write and the app never read.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Invented {
    /// The name, as a reader of configurations reports it.
    pub name: Word,
    /// What to do instead.
    pub instead: Word,
}

/// How a document of some formats comes into effect.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct TakesEffect {
    /// Names of formats.
    pub formats: Vec<Word>,
    /// One or two sentences.
    pub text: Word,
}

/// A check that a condition cannot express. Values are those of `about` that are set.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Check {
    /// An `http:` address; on this device only with `loopback`.
    UrlPlainHttp {
        /// Only loopback addresses, instead of all others.
        #[serde(default)]
        loopback: bool,
    },
    /// An `https:` address on this device.
    UrlLoopbackHttps,
    /// An address whose host is one of these or below one of the suffixes.
    UrlHost {
        /// Whole names.
        #[serde(default)]
        hosts: Vec<Word>,
        /// Suffixes, without a leading dot.
        #[serde(default)]
        suffixes: Vec<Word>,
        /// Names that begin like this.
        #[serde(default)]
        prefixes: Vec<Word>,
    },
    /// An address with one of these ports.
    UrlPort {
        /// The ports.
        ports: Vec<u16>,
    },
    /// An address by its path.
    UrlPath {
        /// True: it has none; false: it has one.
        empty: Option<bool>,
        /// It ends with one of these.
        #[serde(default)]
        ends: Vec<Word>,
        /// It ends with none of these.
        #[serde(default)]
        lacks: Vec<Word>,
        /// One of these stands in it, in any letter case: whole parts, or a part's end behind a colon.
        #[serde(default)]
        has: Vec<Word>,
        /// It ends with a slash after something else.
        #[serde(default)]
        slash: bool,
    },
    /// An address with a query or a fragment.
    UrlQuery,
    /// Each name of a list of models in which none of `words` stands and that is not opaque: it holds
    /// none of `opaque`.
    ForeignModels {
        /// What stands in every name of the vendor's models.
        words: Vec<Word>,
        /// What stands in names that say nothing of the model.
        opaque: Vec<Word>,
    },
    /// A key that is not there at all.
    NotThere,
    /// A number outside these bounds.
    Range {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
        /// The smallest itself is outside.
        #[serde(default)]
        above: bool,
    },
    /// Text of more characters.
    Longer {
        /// The limit.
        than: usize,
    },
    /// Text that is not made of these characters.
    NotMadeOf {
        /// The characters, with ranges such as `a-z`.
        characters: Word,
        /// The characters of the first place, where they are fewer.
        #[serde(default)]
        first: Word,
        /// Exact length, where there is one.
        length: Option<usize>,
    },
    /// List elements that are empty, hold a control character or one of these.
    BadElements {
        /// The characters.
        characters: Word,
    },
    /// List elements: this one beside others.
    MixedWith {
        /// The element.
        element: Word,
    },
    /// List elements that are none of these texts.
    OtherElements {
        /// The known texts.
        known: Vec<Word>,
    },
    /// Entries of a list that have this member.
    EntriesWith {
        /// The member.
        member: Word,
    },
    /// An address that the app refuses: none at all, plain http to another machine, link-local, or that
    /// of a metadata service.
    Refused,
    /// A key that only the vendor's admin console sets, in a configuration that is not the console's.
    ConsoleOnly,
    /// A value that no bootstrap server sent.
    NotServed,
    /// A list that holds only this element.
    Only {
        /// The element.
        element: Word,
    },
    /// A list of hosts with a port in it.
    HostPorts,
    /// A list of hosts with an address literal in it.
    HostAddresses,
    /// A list of hosts with `*.name` and without `name`.
    WildcardsWithoutName,
    /// A list or object that is there and empty.
    Empty,
    /// Members of an object.
    Members {
        /// All of these are set.
        #[serde(default)]
        set: Vec<Word>,
        /// None of these is set.
        #[serde(default)]
        unset: Vec<Word>,
        /// At least one of these is set.
        #[serde(default)]
        any: Vec<Word>,
        /// At least one of these is not set.
        #[serde(default)]
        lacks: Vec<Word>,
        /// These have these texts.
        #[serde(default)]
        equals: BTreeMap<Word, Word>,
        /// These do not.
        #[serde(default)]
        differs: BTreeMap<Word, Word>,
        /// These are not false.
        #[serde(default)]
        not_false: Vec<Word>,
        /// The words of these texts, apart from spaces, lack this word.
        #[serde(default)]
        without_word: BTreeMap<Word, Word>,
    },
    /// Members of the entry that the entries of this key are not known to have.
    UnknownMembers {
        /// The key.
        of: Word,
    },
    /// A value of one of these kinds: text, number, list, object, boolean.
    Kind {
        /// The kinds.
        kinds: Vec<Word>,
    },
    /// This text anywhere inside.
    Holds {
        /// The text.
        text: Word,
    },
    /// Addresses inside the texts of a list.
    Addresses,
    /// At least so many of `about` are set.
    Several {
        /// How many.
        at_least: usize,
    },
    /// Text that is not 40 (a commit) or 64 (a digest) hexadecimal digits.
    NotPinned {
        /// Digits.
        digits: usize,
    },
    /// A path that is not absolute on the platform.
    NotAbsolute,
    /// The configuration holds secrets.
    Secrets,
    /// A registry file with values in the machine hive, all of them of the app-behaviour set.
    MachineHiveBehaviourOnly,
    /// The configuration was read from a document of one of these formats.
    Format {
        /// Names of formats.
        formats: Vec<Word>,
    },
    /// Some secret is the mark of a file that was written without its secrets.
    SecretMarks,
}

/// What is known of a lint beyond its message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Described<'a> {
    /// A few words.
    pub title: &'a str,
    /// Documentation tags.
    pub sources: &'a [Word],
    /// How well it is known.
    pub confidence: Confidence,
    /// Where sources disagree: what they say.
    pub disputed: Option<&'a str>,
}

/// `lints.toml`, checked.
#[derive(Debug, Clone, Default, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Lints {
    /// The rules, in the file's order.
    pub rules: Vec<LintRule>,
    /// What the readers and the derivation tell.
    pub told: Vec<Told>,
    /// Names that people write and the app never read.
    pub invented: Vec<Invented>,
    /// How documents come into effect.
    pub takes_effect: Vec<TakesEffect>,
}

impl Lints {
    /// What is known of the lint called `id`; nothing for an id that stands in no file.
    pub fn describe(&self, id: &str) -> Option<Described<'_>> {
        if let Some(rule) = self.rules.iter().find(|r| r.id == id) {
            return Some(Described {
                title: &rule.title,
                sources: &rule.sources,
                confidence: rule.confidence,
                disputed: rule.disputed.as_deref(),
            });
        }
        self.told.iter().find(|t| t.id == id).map(|told| Described {
            title: &told.title,
            sources: &told.sources,
            confidence: told.confidence,
            disputed: told.disputed.as_deref(),
        })
    }

    /// The feature whose required host the told lint `id` costs.
    pub fn costs(&self, id: &str) -> Option<&str> {
        self.told.iter().find(|t| t.id == id)?.costs.as_deref()
    }

    /// How a document of this format comes into effect.
    pub fn takes_effect(&self, format: &str) -> Option<&str> {
        self.takes_effect.iter().find(|t| t.formats.iter().any(|f| f == format)).map(|t| t.text.as_str())
    }

    /// Reads and checks the file's text.
    pub(super) fn parse(
        text: Text<'_>,
        known: &Known<'_>,
        tags: &[Word],
        problems: &mut Problems,
    ) -> Option<Self> {
        let raw: RawLints = problems.take(FILE, from_text(text))?;
        let mut rules: Vec<LintRule> = Vec::with_capacity(raw.lints.len());
        for lint in raw.lints {
            let place = format!("lint {}", lint.id);
            if let Some(same) = rules.iter().find(|r| r.id == lint.id)
                && same.title != lint.title
            {
                problems.add(FILE, &place, "title", "rules of one id share one title");
            }
            match lint.check(known, tags) {
                Ok(rule) => rules.push(rule),
                Err((field, message)) => problems.add(FILE, &place, field, message),
            }
        }
        for told in &raw.told {
            let place = format!("told {}", told.id);
            if rules.iter().any(|r| r.id == told.id)
                || raw.told.iter().filter(|t| t.id == told.id).count() > 1
            {
                problems.add(FILE, &place, "id", "this id is there already");
            }
            if let Some(tag) = told.sources.iter().find(|t| !tags.contains(t)) {
                problems.add(FILE, &place, "sources", format!("`{tag}` is no source of pack.toml"));
            }
        }
        Some(Self { rules, told: raw.told, invented: raw.invented, takes_effect: raw.takes_effect })
    }
}

impl RawLint {
    fn check(self, known: &Known<'_>, tags: &[Word]) -> Result<LintRule, (&'static str, String)> {
        let keys: &KeyCatalogue = known.keys;
        let each = self
            .each
            .as_deref()
            .map(|name| KeyPath::resolve(name, None, keys))
            .transpose()
            .map_err(|e| ("each", e))?;
        let known = Known { each: self.each.as_deref(), ..*known };
        let when = self
            .when
            .map(|w| w.check(&known, &mut Vec::new()))
            .transpose()
            .map_err(|e| ("when", e))?
            .unwrap_or(Condition::All(Vec::new()));
        let about = self
            .about
            .iter()
            .map(|path| KeyPath::resolve(path, known.each, keys))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| ("about", e))?;
        if let Some(name) = self.costs.iter().find(|c| keys.get(c).is_none()) {
            return Err(("costs", format!("`{name}` is not a key of keys.toml")));
        }
        if let Some(tag) = self.sources.iter().find(|t| !tags.contains(t)) {
            return Err(("sources", format!("`{tag}` is no source of pack.toml")));
        }
        if self.sources.is_empty() {
            return Err(("sources", "name at least one source of pack.toml".into()));
        }
        if when == Condition::All(Vec::new()) && self.check.is_none() {
            return Err(("when", "a rule needs a condition or a check".into()));
        }
        for text in [&self.message, &self.instead] {
            for part in text.split('{').skip(1) {
                let name = part.split_once('}').map(|(name, _)| name);
                if name.is_none_or(|n| !PLACEHOLDERS.contains(&n)) {
                    return Err((
                        "message",
                        format!("a placeholder is one of {}: {text}", PLACEHOLDERS.join(", ")),
                    ));
                }
            }
        }
        Ok(LintRule {
            id: self.id,
            title: self.title,
            severity: self.severity,
            message: self.message,
            instead: self.instead,
            sources: self.sources,
            covers: self.covers,
            each,
            when,
            check: self.check,
            about,
            costs: self.costs,
            confidence: self.confidence.unwrap_or(Confidence::Documented),
            disputed: self.disputed,
            replaces: self.replaces,
            since: self.since,
            until: self.until,
        })
    }
}
