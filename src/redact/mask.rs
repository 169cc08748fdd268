//! The mask of one run: what is whose, and the walk through its records.
//!
//! The walk masks every text it does not know better, so that a field that is added to a record is
//! masked until somebody decides otherwise.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::Value;

use super::address::AddressMask;
use super::name::NameMask;
use crate::observation::{TlsOutcome, Trust};
use crate::rules::addresses::Addresses;
use crate::rules::services::Services;
use crate::rules::vocabulary::Vocabulary;
use crate::run::Run;
use crate::text::spelled::is_spelled;

/// Which closed words a part has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// Those of the plan and of the list.
    Plan,
    /// Those of the observations.
    Observations,
}

/// Fields of the plan and the list that hold a word of a closed set.
const PLAN_WORDS: &[&str] =
    &["id", "need", "transport", "network", "confidence", "actors", "skip", "kind", "platform", "severity"];
/// Fields of the observations that do.
const OBSERVED_WORDS: &[&str] = &[
    "outcome",
    "answer",
    "trust",
    "purpose",
    "cut",
    "stopped",
    "kind",
    "until",
    "code",
    "alert",
    "method",
    "permission",
    "over",
    "end",
    "stage",
    "engine_store",
    "untraced",
];
/// Fields that our own TLS and HTTP libraries fill in.
const PARAMETERS: &[&str] = &["version", "cipher", "group", "alpn"];
/// Fields that name what the rules name.
const OF_THE_RULES: &[&str] = &[
    "rule",
    "feature",
    "keys",
    "service",
    "name_key",
    "purpose",
    "breaks",
    "removed_by",
    "provider",
    "format",
    "until",
];
/// Fields that hold a host.
const HOSTS: &[&str] = &["host", "probed", "sni", "member"];
/// First parts of media types (RFC 6838).
const MEDIA: &[&str] = &["application", "audio", "font", "image", "message", "multipart", "text", "video"];
/// How the names of character sets begin.
const CHARSETS: &[&str] = &["utf-", "iso-8859-", "us-ascii", "windows-125", "shift_jis", "euc-", "gb"];
/// Shorter words are too common to be searched for.
const SHORTEST_SECRET: usize = 3;

/// What a configuration is called.
pub(super) fn configuration(number: usize) -> String {
    format!("configuration {number}")
}

/// The mask of one run.
pub(super) struct Mask<'a> {
    pub(super) vocabulary: &'a Vocabulary,
    book: &'a Addresses,
    addresses: AddressMask,
    names: NameMask,
    /// Texts with a mask of their own, in lower case.
    pub(super) phrases: Vec<(String, String)>,
    /// Words that are masked although the rules know them.
    secrets: BTreeSet<String>,
    /// Names of authorities that the public roots vouch for.
    public: BTreeSet<String>,
}

impl<'a> Mask<'a> {
    pub(super) fn new(run: &Run, services: &'a Services, vocabulary: &'a Vocabulary) -> Self {
        let mut mask = Self {
            vocabulary,
            book: services.addresses(),
            addresses: AddressMask::default(),
            names: NameMask::default(),
            phrases: Vec::new(),
            secrets: BTreeSet::new(),
            public: public_authorities(run),
        };
        for (input, number) in run.requirements.inputs.iter().zip(1_usize..) {
            mask.phrase(&input.name, configuration(number));
            if !input.sha256.is_empty() {
                mask.phrase(&input.sha256, String::new());
            }
        }
        let e = &run.environment;
        mask.phrase(&e.host, "device".into());
        mask.phrase(&e.user, "user".into());
        mask.phrase(run.label.as_deref().unwrap_or_default(), "label".into());
        mask.phrases.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.len()));
        for text in [e.host.as_str(), e.user.as_str(), run.label.as_deref().unwrap_or_default()] {
            mask.secret(text);
        }
        for (input, number) in run.requirements.inputs.iter().zip(1_usize..) {
            // A run that was masked before has these names already.
            if input.name != configuration(number) {
                mask.secret(&input.name);
            }
        }
        // The customer's own domain is a word that its pages and certificates use.
        for target in &run.plan.targets {
            let name = target.probed.to_lowercase();
            let foreign = vocabulary.has_host(&name) || vocabulary.domain_of(&name).is_some();
            if let Some(own) = name.rsplit('.').nth(1).filter(|_| !foreign && name.parse::<IpAddr>().is_err())
            {
                mask.secret(own);
            }
        }
        mask
    }

    /// Gives a text a mask of its own, where it is long enough to be told from others.
    fn phrase(&mut self, text: &str, mask: String) {
        let lower = text.trim().to_ascii_lowercase();
        if lower.chars().count() >= SHORTEST_SECRET && !self.vocabulary.is_generic(&lower) {
            self.phrases.push((lower, mask));
        }
    }

    fn secret(&mut self, text: &str) {
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            let word = word.to_lowercase();
            if word.chars().count() >= SHORTEST_SECRET && !self.vocabulary.is_generic(&word) {
                self.secrets.insert(word);
            }
        }
    }

    /// Whether a word stays. `own`: in a text of the rules.
    pub(super) fn stays(&self, word: &str, own: bool) -> bool {
        self.vocabulary.knows(word) && (own || !self.secrets.contains(&word.to_lowercase()))
    }

    pub(super) fn word(&mut self, word: &str, own: bool) -> String {
        if self.stays(word, own) {
            word.to_owned()
        } else if word.bytes().all(|b| b.is_ascii_digit()) {
            self.names.number(word)
        } else {
            self.names.word(word)
        }
    }

    /// The mask of something that is one word, whatever marks it has.
    pub(super) fn whole(&mut self, text: &str) -> String {
        self.names.word(text)
    }

    pub(super) fn ip(&mut self, address: IpAddr) -> IpAddr {
        self.addresses.mask(self.book, address)
    }

    pub(super) fn is_host(&self, name: &str) -> bool {
        self.names.is_host(name)
    }

    /// Below a suffix of internal names; a single label is a word.
    pub(super) fn is_internal(&self, name: &str) -> bool {
        name.contains('.') && self.book.is_internal_name(name)
    }

    /// The mask of a host: a name, a wildcard, or an address.
    pub(super) fn host(&mut self, text: &str) -> String {
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            return self.ip(address).to_string();
        }
        let lower = text.trim_end_matches('.').to_ascii_lowercase();
        let (star, name) = match lower.strip_prefix("*.") {
            Some(name) => ("*.", name),
            None => ("", lower.as_str()),
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if name.is_empty() || name == "*" || !name.bytes().all(plain) {
            return if name == "*" || name.is_empty() { lower } else { self.text(text, false) };
        }
        // A provider's name of a machine has its address in it (`ec2-10-1-2-3`).
        let spelled = self.vocabulary.domain_of(name).is_some() && is_spelled(name);
        let name = if spelled { self.pieces(name, |_, text| text.to_owned()) } else { name.to_owned() };
        format!("{star}{}", self.names.host(self.vocabulary, self.book.internal_suffixes(), &name))
    }

    /// Masks every text of a value that stands under `key`.
    pub(super) fn value(&mut self, value: &mut Value, key: &str, kept: Kept) {
        match value {
            Value::String(text) => *text = self.field(key, text, kept),
            Value::Array(items) if key == "headers" => {
                items.iter_mut().for_each(|pair| self.header(pair));
            }
            Value::Array(items) if key == "names" => {
                for item in items {
                    if let Value::String(name) = item {
                        *name = self.host(name);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item, key, kept)),
            Value::Object(map) => {
                for (name, inner) in map.iter_mut() {
                    let host = name == "name" && (key == "dns" || key == "server_name");
                    // A document's names are those of its members, not hosts.
                    let member = name == "names" && key == "document";
                    let key = if host {
                        "host"
                    } else if member {
                        "member name"
                    } else {
                        name
                    };
                    self.value(inner, key, kept);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn field(&mut self, key: &str, text: &str, kept: Kept) -> String {
        let words = if kept == Kept::Plan { PLAN_WORDS } else { OBSERVED_WORDS };
        let is_closed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let is_parameter = |c: char| is_closed(c) || matches!(c, '.' | '/' | '+');
        let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
        match key {
            _ if words.contains(&key) && text.len() <= 40 && text.chars().all(is_closed) => text.to_owned(),
            "app_version" | "rules_date" | "since" if text.chars().all(is_number) => text.to_owned(),
            _ if PARAMETERS.contains(&key) && text.len() <= 60 && text.chars().all(is_parameter) => {
                text.to_owned()
            }
            _ if HOSTS.contains(&key) => self.host(text),
            // What stands as an address is read as one, whatever words are hidden in texts.
            _ if is_socket(text) => self.socket(text).unwrap_or_default(),
            // What stands before the first dot of a model's name is the geography that it is for.
            "model" | "models" => self.words(text, false),
            "region" if self.vocabulary.is_region(text) => text.to_owned(),
            "sha256" | "key_id" | "issuer_key_id" if !text.is_empty() => self.names.hash(text),
            "subject" | "issuer" => self.distinguished(text),
            _ if OF_THE_RULES.contains(&key) && (kept == Kept::Plan || key == "service") => {
                self.text(text, true)
            }
            _ => self.text(text, false),
        }
    }

    /// A distinguished name: the types of its parts stay.
    fn distinguished(&mut self, text: &str) -> String {
        if self.public.contains(text) {
            return text.to_owned();
        }
        let parts: Vec<String> = text
            .split(',')
            .map(|part| match part.split_once('=') {
                Some((kind, value)) if kind.trim().chars().all(|c| c.is_ascii_alphanumeric() || c == '.') => {
                    format!("{kind}={}", self.text(value, false))
                }
                _ => self.text(part, false),
            })
            .collect();
        parts.join(",")
    }

    fn header(&mut self, pair: &mut Value) {
        let Value::Array(parts) = pair else { return };
        let [Value::String(name), Value::String(value)] = parts.as_mut_slice() else { return };
        *value = match name.as_str() {
            "content-type" => self.media_type(value),
            "content-length" | "retry-after" if is_number(value) => value.clone(),
            "date" | "retry-after" if is_http_date(value) => value.clone(),
            _ => self.text(value, false),
        };
        *name = self.text(name, false);
    }

    /// A media type: its two parts stay where neither holds a word that is hidden, and of the
    /// parameters the character set.
    fn media_type(&mut self, value: &str) -> String {
        let mut parts = value.split(';');
        let media = parts.next().unwrap_or_default();
        let is_token =
            |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b));
        let plain = media.trim().split_once('/').is_some_and(|(first, second)| {
            let hidden = |w: &str| self.secrets.contains(&w.to_lowercase());
            MEDIA.contains(&first.to_ascii_lowercase().as_str())
                && is_token(second)
                && !second.split(|c: char| !c.is_alphanumeric()).any(hidden)
        });
        let mut out = if plain { media.to_owned() } else { self.text(media, false) };
        for part in parts {
            out.push(';');
            let charset = part.trim().to_ascii_lowercase();
            let known =
                charset.strip_prefix("charset=").map(|name| name.trim_matches('"')).is_some_and(|name| {
                    let rest = CHARSETS.iter().find_map(|start| name.strip_prefix(start));
                    rest.is_some_and(|rest| {
                        rest.len() <= 5 && !rest.bytes().any(|b| b.is_ascii_alphabetic() && b > b'k')
                    })
                });
            out.push_str(&if known { part.to_owned() } else { self.text(part, false) });
        }
        out
    }
}

/// Whether a text is an address, with or without a port.
fn is_socket(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok() || text.parse::<std::net::SocketAddr>().is_ok()
}

/// Digits alone, of no more than a length in bytes has.
fn is_number(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
fn is_http_date(text: &str) -> bool {
    text.len() == 29
        && text.ends_with(" GMT")
        && !text.contains('(')
        && time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc2822).is_ok()
}

/// The issuers of chains that the bundled public roots accept, and the authorities above them. Of
/// roots that were named on the command line nothing is known.
fn public_authorities(run: &Run) -> BTreeSet<String> {
    if run.environment.trust.contains("--public-roots") {
        return BTreeSet::new();
    }
    let accepted = |t: &&crate::observation::Tls| {
        t.outcome == TlsOutcome::Completed && t.public_trust == Some(Trust::Accepted)
    };
    let attempts = run.observations.attempts.iter();
    attempts
        .flat_map(|a| a.tls.iter().filter(accepted))
        .flat_map(|t| {
            let issuer = t.chain.first().map(|c| c.issuer.clone());
            // A server may send certificates that are no part of the chain that was accepted.
            let above = t.chain.iter().skip(1).filter(|c| c.ca && Some(&c.subject) == issuer.as_ref());
            let above: Vec<String> = above.map(|c| c.issuer.clone()).collect();
            issuer.into_iter().chain(above)
        })
        .collect()
}
