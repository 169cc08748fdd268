//! One rule: which host, for whom, when, why, and how that is known.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::condition::{Condition, KeyPath, Known, RawCondition, note, scalar};
use super::error::Problems;
use super::pack::sent;
use super::template::Template;
use crate::contract::HostPattern;
use crate::contract::Versions;
use crate::contract::value::Value;
use crate::contract::{Actor, AppVersion, Confidence, Need, Transport};
use crate::rules::Word;

/// A rule as it stands in a file. Which fields must be there depends on the host's source, so they
/// are all optional here and [`RawRule::check`] says what is missing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub id: Word,
    host: Option<Word>,
    hosts: Option<Vec<Word>>,
    url_of: Option<Word>,
    urls_of: Option<Word>,
    patterns_of: Option<Word>,
    pattern_url_of: Option<Word>,
    ssh_of: Option<Word>,
    note: Option<Word>,
    unbounded: Option<Word>,
    each: Option<Word>,
    port: Option<u16>,
    transport: Option<Transport>,
    transport_by: Option<Word>,
    denied_by: Option<Word>,
    when: Option<RawCondition>,
    exact: Option<RawCondition>,
    need: Option<Need>,
    actors: Option<Vec<Actor>>,
    purpose: Option<Word>,
    breaks: Option<Word>,
    sends: Option<Word>,
    sends_confidence: Option<Confidence>,
    confidence: Option<Confidence>,
    sources: Option<Vec<Word>>,
    since: Option<AppVersion>,
    until: Option<AppVersion>,
    off: Option<RawOff>,
    public_roots: Option<bool>,
    #[serde(default)]
    private_endpoint: bool,
    customer: Option<bool>,
    member: Option<Word>,
    service: Option<Word>,
    #[serde(default)]
    service_for: BTreeMap<Word, Word>,
    #[serde(default)]
    signs_in: Vec<Word>,
    unbounded_text: Option<Word>,
    #[serde(default)]
    unlisted: bool,
    #[serde(default)]
    https_only: bool,
    #[serde(default)]
    refuses_http: bool,
}

/// What every rule of a file shares.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Every {
    when: Option<RawCondition>,
    off: Option<RawOff>,
}

/// The setting that takes a rule's reason away, as it stands in a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOff {
    key: Word,
    value: Option<toml::Value>,
    #[serde(default)]
    unset: bool,
}

/// The setting that takes a rule's reason away.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Off {
    /// The key.
    pub key: Word,
    /// The value to give it; `None` to remove the key.
    pub value: Option<Value>,
    /// What the report says, such as `disableAutoUpdates = true`.
    pub text: Word,
}

/// A host that a rule names.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum HostName {
    /// The same for everyone.
    Fixed(HostPattern),
    /// Made from values.
    Made(Template),
}

/// Where a rule's hosts come from.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum HostSource {
    /// Names in the rule.
    Names(Vec<HostName>),
    /// The address in a value.
    Url(KeyPath),
    /// The addresses in a value that is a list (or one text).
    Urls(KeyPath),
    /// Names, wildcards and `host:port` in a list.
    Patterns(KeyPath),
    /// The host of an address pattern, in which `*` may stand for labels or a path.
    PatternUrl(KeyPath),
    /// Names and wildcards of SSH hosts in a list.
    Ssh(KeyPath),
    /// No host: a remark.
    Note(Template),
    /// No host that could be named: says why.
    Unbounded(Word),
}

/// One rule, checked.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Rule {
    /// Identifier, unique in the pack.
    pub id: Word,
    /// The feature whose group shows the host.
    pub feature: Word,
    /// Where the host comes from.
    pub source: HostSource,
    /// The key whose list is iterated, entry by entry.
    pub each: Option<KeyPath>,
    /// Port, where the value does not say one.
    pub port: Option<u16>,
    /// Transport, where the value's scheme does not decide it.
    pub transport: Option<Transport>,
    /// The key that decides between HTTP and gRPC.
    pub transport_by: Option<KeyPath>,
    /// Any of these says how to sign in to the host.
    pub signs_in: Vec<KeyPath>,
    /// The key whose list of address patterns takes addresses of this rule away again.
    pub denied_by: Option<KeyPath>,
    /// What lists the host.
    pub when: Condition,
    /// What must hold as well for the host to be really needed.
    pub exact: Option<Condition>,
    /// How badly it is needed then.
    pub need: Need,
    /// Who dials it.
    pub actors: Vec<Actor>,
    /// What for.
    pub purpose: Word,
    /// What the user sees without it.
    pub breaks: Word,
    /// What leaves the device there; the feature's sentence where the rule has none of its own.
    pub sends: Word,
    /// How well it is known.
    pub confidence: Confidence,
    /// Documentation tags.
    pub sources: Vec<Word>,
    /// First app version it holds for.
    pub since: Option<AppVersion>,
    /// First app version it no longer holds for.
    pub until: Option<AppVersion>,
    /// The setting that removes it.
    pub off: Option<Off>,
    /// The host must chain to the public roots.
    pub public_roots: bool,
    /// The provider offers a private endpoint under this name.
    pub private_endpoint: bool,
    /// The name is the customer's.
    pub customer: bool,
    /// A concrete name under the rule's wildcard.
    pub member: Option<Word>,
    /// Fingerprint of a host with a customer's name.
    pub service: Option<Word>,
    /// Another fingerprint, by the value of the key that decides the transport.
    pub service_for: BTreeMap<Word, Word>,
    /// What to say when the value allows any host.
    pub unbounded_text: Option<Word>,
    /// Left out unless asked for.
    pub unlisted: bool,
    /// The app takes https only (http on the device itself).
    pub https_only: bool,
    /// With http to another machine the app refuses the value as a whole, so no host is listed.
    pub refuses_http: bool,
    /// Every key it reads.
    pub keys: Vec<Word>,
}

impl Rule {
    /// Whether the rule holds for this app version.
    pub fn holds_for(&self, version: &AppVersion) -> bool {
        Versions::new(&self.since, &self.until).contains(version)
    }
}

/// What the checks of a rule may refer to.
pub(super) struct Context<'a> {
    pub file: &'a str,
    pub feature: &'a str,
    pub every: &'a Every,
    pub known: Known<'a>,
    pub tags: &'a [Word],
}

impl RawRule {
    /// Checks the rule; every mistake is added to `problems`, and then there is no rule.
    pub(super) fn check(self, cx: &Context<'_>, problems: &mut Problems) -> Option<Rule> {
        let id = self.id.clone();
        let mut ok = true;
        let mut wrong = |field: &str, message: String| {
            problems.add(cx.file, &format!("rule {id}"), field, message);
            ok = false;
        };
        let known = Known { each: self.each.as_deref(), ..cx.known };
        let mut keys: Vec<Word> = Vec::new();
        let each = match self.each.as_deref().map(|e| KeyPath::resolve(e, None, known.keys)).transpose() {
            Ok(each) => each,
            Err(message) => {
                wrong("each", message);
                None
            }
        };
        if let Some(each) = &each {
            note(&mut keys, &each.key);
        }

        let source = match self.read_source(&known, &mut keys) {
            Ok(source) => Some(source),
            Err((field, message)) => {
                wrong(field, message);
                None
            }
        };
        let is_note = matches!(source, Some(HostSource::Note(_)));
        let is_unbounded = matches!(source, Some(HostSource::Unbounded(_)));
        let from_value = matches!(
            source,
            Some(
                HostSource::Url(_)
                    | HostSource::Urls(_)
                    | HostSource::Patterns(_)
                    | HostSource::PatternUrl(_)
                    | HostSource::Ssh(_)
            )
        );

        let mut check = |condition: Option<RawCondition>, field: &'static str, keys: &mut Vec<Word>| {
            condition.map(|c| c.check(&known, keys)).transpose().unwrap_or_else(|message| {
                wrong(field, message);
                None
            })
        };
        let every = check(cx.every.when.clone(), "every.when", &mut keys);
        let own = check(self.when, "when", &mut keys);
        let exact = check(self.exact, "exact", &mut keys);
        let when = match (every, own) {
            (Some(a), Some(b)) => Condition::All(vec![a, b]),
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) => Condition::All(Vec::new()),
        };

        let mut other_key = |text: Option<&str>, field: &'static str| {
            let path = text.map(|k| KeyPath::resolve(k, None, known.keys)).transpose();
            let path = path.unwrap_or_else(|message| {
                wrong(field, message);
                None
            });
            path.inspect(|path| note(&mut keys, &path.key))
        };
        let transport_by = other_key(self.transport_by.as_deref(), "transport_by");
        let denied_by = other_key(self.denied_by.as_deref(), "denied_by");
        if denied_by.is_some() && !matches!(source, Some(HostSource::PatternUrl(_))) {
            wrong("denied_by", "only a rule with pattern_url_of has addresses that a list may deny".into());
        }

        let mut signs_in: Vec<KeyPath> = Vec::new();
        for key in &self.signs_in {
            match KeyPath::resolve(key, known.each, known.keys) {
                Ok(path) => signs_in.push(path),
                Err(message) => wrong("signs_in", message),
            }
        }
        let sources = self.sources.unwrap_or_default();
        if sources.is_empty() {
            wrong("sources", "name at least one source tag of pack.toml".into());
        }
        for tag in &sources {
            if !cx.tags.contains(tag) {
                wrong(
                    "sources",
                    format!("`{tag}` is no source of pack.toml; add it there or correct the tag"),
                );
            }
        }
        let text = |value: Option<String>| value.filter(|t| !t.trim().is_empty());
        let purpose = text(self.purpose.map(String::from));
        let breaks = text(self.breaks.map(String::from));
        let actors = self.actors.unwrap_or_default();
        if !is_note {
            if purpose.is_none() {
                wrong("purpose", "say what the host is used for".into());
            }
            if breaks.is_none() {
                wrong("breaks", "say what the user sees without the host".into());
            }
            if actors.is_empty() {
                wrong("actors", "say who dials the host".into());
            }
            if self.need.is_none() {
                wrong("need", "write required, feature or optional".into());
            }
            if self.public_roots.is_none() && !is_unbounded {
                wrong("public_roots", "say whether the host must chain to the public roots".into());
            }
        }
        if let (Some(since), Some(until)) = (&self.since, &self.until)
            && Versions::new(&self.since, &self.until).is_empty()
        {
            wrong("until", format!("{until} is not after since = {since}"));
        }
        if let Some(member) = &self.member {
            let covered = match &source {
                Some(HostSource::Names(names)) => names.iter().any(
                    |n| matches!(n, HostName::Fixed(h @ HostPattern::Subdomains(_)) if h.covers(member)),
                ),
                _ => false,
            };
            if !covered {
                wrong("member", format!("`{member}` is under no wildcard of this rule"));
            }
        }
        // A remark has no reason to take away, so the file's common switch is only for hosts.
        let off = match self.off.or_else(|| if is_note { None } else { cx.every.off.clone() }) {
            None => None,
            Some(raw) => match raw.check(each.is_some(), &known) {
                Ok(off) => Some(off),
                Err(message) => {
                    wrong("off", message);
                    None
                }
            },
        };
        if let Some(off) = &off {
            note(&mut keys, &off.key);
        }
        if !ok {
            return None;
        }
        Some(Rule {
            id: self.id,
            feature: cx.feature.into(),
            source: source?,
            each,
            port: self.port,
            transport: self.transport,
            transport_by,
            denied_by,
            when,
            exact,
            need: self.need.unwrap_or(Need::Optional),
            actors,
            purpose: purpose.unwrap_or_default().into(),
            breaks: breaks.unwrap_or_default().into(),
            sends: sent(
                self.sends.as_deref().unwrap_or_default(),
                self.sends_confidence.unwrap_or(Confidence::Documented),
            )
            .into(),
            confidence: self.confidence.unwrap_or(Confidence::Documented),
            sources,
            since: self.since,
            until: self.until,
            off,
            public_roots: self.public_roots.unwrap_or(false),
            private_endpoint: self.private_endpoint,
            customer: self.customer.unwrap_or(from_value),
            member: self.member,
            service: self.service,
            service_for: self.service_for,
            signs_in,
            unbounded_text: self.unbounded_text,
            unlisted: self.unlisted,
            https_only: self.https_only,
            refuses_http: self.refuses_http,
            keys,
        })
    }

    /// The one source of hosts; an error names the field.
    fn read_source(
        &self,
        known: &Known<'_>,
        keys: &mut Vec<Word>,
    ) -> Result<HostSource, (&'static str, String)> {
        let given: Vec<&'static str> = [
            ("host", self.host.is_some()),
            ("hosts", self.hosts.is_some()),
            ("url_of", self.url_of.is_some()),
            ("urls_of", self.urls_of.is_some()),
            ("patterns_of", self.patterns_of.is_some()),
            ("pattern_url_of", self.pattern_url_of.is_some()),
            ("ssh_of", self.ssh_of.is_some()),
            ("note", self.note.is_some()),
            ("unbounded", self.unbounded.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, there)| there.then_some(name))
        .collect();
        let [field] = given[..] else {
            return Err((
                "host",
                format!(
                    "there are {} sources of hosts; write exactly one of host, hosts, url_of, urls_of, patterns_of, pattern_url_of, ssh_of, note, unbounded",
                    given.len()
                ),
            ));
        };
        let mut path = |text: &str| {
            let path = KeyPath::resolve(text, known.each, known.keys).map_err(|m| (field, m))?;
            note(keys, &path.key);
            Ok(path)
        };
        if let Some(text) = &self.url_of {
            return Ok(HostSource::Url(path(text)?));
        }
        if let Some(text) = &self.urls_of {
            return Ok(HostSource::Urls(path(text)?));
        }
        if let Some(text) = &self.patterns_of {
            return Ok(HostSource::Patterns(path(text)?));
        }
        if let Some(text) = &self.pattern_url_of {
            return Ok(HostSource::PatternUrl(path(text)?));
        }
        if let Some(text) = &self.ssh_of {
            return Ok(HostSource::Ssh(path(text)?));
        }
        if let Some(text) = self.unbounded.as_deref().or(self.note.as_deref())
            && text.trim().is_empty()
        {
            return Err((field, "it is empty; write a sentence".into()));
        }
        if let Some(text) = &self.unbounded {
            return Ok(HostSource::Unbounded(text.clone()));
        }
        if let Some(text) = &self.note {
            let template = Template::parse(text, known.each, known.keys, keys).map_err(|m| (field, m))?;
            return Ok(HostSource::Note(template));
        }
        let texts = self.host.iter().chain(self.hosts.iter().flatten());
        let names = texts
            .map(|text| {
                let template = Template::parse(text, known.each, known.keys, keys)?;
                // Every placeholder stands for one label, so any label shows whether this is a host.
                let sample = template.render(|_| Some("x".into())).unwrap_or_default();
                let host = sample.parse::<HostPattern>().map_err(|e| e.to_string())?;
                if host == HostPattern::Any {
                    return Err("`*` is no host; write `unbounded` with the reason".to_owned());
                }
                Ok(if template.is_fixed() { HostName::Fixed(host) } else { HostName::Made(template) })
            })
            .collect::<Result<Vec<_>, String>>()
            .map_err(|m| (field, m))?;
        if names.is_empty() {
            return Err((field, "it is empty; name at least one host".into()));
        }
        Ok(HostSource::Names(names))
    }
}

impl RawOff {
    fn check(self, iterates: bool, known: &Known<'_>) -> Result<Off, String> {
        if known.keys.get(&self.key).is_none() {
            return Err(format!("`{}` is not in keys.toml; add it there or correct the name", self.key));
        }
        let key = self.key;
        let (value, text) = match (self.value, self.unset) {
            (Some(_), true) | (None, false) => return Err("write either `value` or `unset = true`".into()),
            (None, true) if iterates => (None, format!("{key} without this entry")),
            (None, true) => (None, format!("{key} unset")),
            (Some(toml::Value::Array(a)), false) if a.is_empty() => {
                (Some(Value::List(Vec::new())), format!("{key} = []"))
            }
            (Some(raw), false) => {
                let value = scalar(&raw).ok_or("`value` must be a scalar or an empty list")?;
                (Some(value), format!("{key} = {raw}"))
            }
        };
        Ok(Off { key, value, text: text.into() })
    }
}
