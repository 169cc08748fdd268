//! A question and its answer, of whatever kind.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Given, HostAnswer, KeyAnswer, KeyNow, Page, Question, Status, Target, host, key, now, pages, understand,
};
use crate::config::retold;
use crate::contract::FeatureInfo;
use crate::contract::Versions;
use crate::contract::{Actor, AppVersion, Code, Confidence, DeviceCode, Need, Owner, Severity, Verdict};
use crate::derive::Requirements;
use crate::rules::Part;
use crate::rules::Word;
use crate::rules::codes::Codes;
use crate::rules::symptoms::{Address, Found, Symptom, Symptoms, addresses};
use crate::rules::{HostSource, finding_docs};

/// A question, answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The question as it was asked, without what may be a secret in it.
    pub question: String,
    /// The list it was answered from; empty without a configuration.
    pub list: Requirements,
    /// Whether there was a configuration or a list.
    pub with_configuration: bool,
    /// Newest app version that the rules cover.
    pub known_up_to: AppVersion,
    /// The answer.
    pub answer: Answer,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// About a host.
    Host(HostAnswer),
    /// About a key.
    Key(KeyAnswer),
    /// About a finding code.
    Code(CodeAnswer),
    /// About a code of `clearway device`.
    Device(DeviceCodeAnswer),
    /// About a message.
    Messages(TextAnswer),
    /// Nothing is known.
    Unknown {
        /// Keys with a similar name.
        keys: Vec<String>,
        /// Messages with a rare name that stands in it.
        messages: Vec<MessageAnswer>,
        /// Finding codes of the same stage.
        codes: Vec<&'static str>,
    },
}

/// What a finding code means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeAnswer {
    /// The code.
    pub code: Code,
    /// Its weight.
    pub severity: Severity,
    /// The verdict on a host that has it.
    pub verdict: Verdict,
    /// The owner, where the evidence of a run does not name somebody else.
    pub owner: Owner,
    /// In one sentence.
    pub summary: String,
    /// What its owner is told; empty when there is nothing to do.
    pub remedy: String,
    /// What other owners are told, where the evidence names them.
    pub remedy_for: BTreeMap<Owner, String>,
    /// Its documentation, paragraph by paragraph.
    pub manual: Vec<String>,
}

/// What a code of `clearway device` means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceCodeAnswer {
    /// The code.
    pub code: DeviceCode,
    /// Its weight.
    pub severity: Severity,
    /// Who fixes it.
    pub owner: Owner,
    /// How well it is known that this is in the way of the app.
    pub confidence: Confidence,
    /// In one sentence.
    pub summary: String,
    /// What its owner is told; empty when there is nothing to do.
    pub remedy: String,
    /// Its other kinds, each by its name in the rules.
    pub cases: BTreeMap<String, DeviceCaseAnswer>,
    /// Findings of a check that it may explain.
    pub explains: Vec<Code>,
    /// Its documentation, paragraph by paragraph.
    pub manual: Vec<String>,
}

/// A kind of a code of `clearway device`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceCaseAnswer {
    /// Its weight.
    pub severity: Severity,
    /// In one sentence.
    pub summary: String,
    /// What to do; empty when there is nothing to do.
    pub remedy: String,
}

/// A sentence of the rules, in which what a run would fill in is named, not made up.
fn named(codes: &Codes, sentence: &str) -> String {
    codes.fill(sentence, |name| Some(format!("<{}>", name.replace('_', " "))))
}

/// What the rules say of a code of `clearway device`; none where they do not have it.
fn device_code(codes: &Codes, code: DeviceCode) -> Option<DeviceCodeAnswer> {
    let entry = codes.device(code)?;
    let case = |case: &crate::rules::codes::DeviceCase| DeviceCaseAnswer {
        severity: case.severity.unwrap_or(entry.severity),
        summary: named(codes, &case.summary),
        remedy: named(codes, &case.remedy),
    };
    Some(DeviceCodeAnswer {
        code,
        severity: entry.severity,
        owner: entry.owner,
        confidence: entry.confidence,
        summary: named(codes, &entry.summary),
        remedy: named(codes, &entry.remedy),
        cases: entry.case.iter().map(|(name, c)| (name.to_string(), case(c))).collect(),
        explains: entry.explains.clone(),
        manual: finding_docs::of_device(code),
    })
}

/// What the rules say of a code; none where they do not have it.
fn code(codes: &Codes, code: Code) -> Option<CodeAnswer> {
    let entry = codes.get(code)?;
    let filled = |sentence: &str| named(codes, sentence);
    Some(CodeAnswer {
        code,
        severity: entry.severity,
        verdict: entry.verdict,
        owner: entry.owner,
        summary: filled(&entry.summary),
        remedy: filled(&entry.remedy),
        remedy_for: entry.remedy_for.iter().map(|(owner, text)| (*owner, filled(text))).collect(),
        manual: finding_docs::of(code),
    })
}

/// What a text means: the messages in it, and the hosts.
#[derive(Debug, Clone, PartialEq)]
pub struct TextAnswer {
    /// The messages, what says most first.
    pub messages: Vec<MessageAnswer>,
    /// Everything about the host that the first message speaks of.
    pub host: Option<HostAnswer>,
    /// Every host in the text.
    pub addresses: Vec<AddressAnswer>,
}

/// A host in a message, held against the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddressAnswer {
    /// The host.
    pub host: String,
    /// Its port, where the text says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// It is the device itself.
    pub loopback: bool,
    /// What is known about it.
    pub status: Status,
    /// Features that need it.
    pub features: Vec<String>,
    /// Their titles.
    pub titles: Vec<String>,
    /// How badly it is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<Need>,
    /// Who dials it.
    pub actors: Vec<Actor>,
}

/// What a message means, here.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageAnswer {
    /// The known message.
    pub symptom: Symptom,
    /// Who fixes it here.
    pub owner: Owner,
    /// What to do here.
    pub remedy: String,
    /// The address that it speaks of, as it is written on a command line.
    pub address: Option<String>,
    /// What to run next.
    pub next: Option<String>,
    /// The hosts concerned: those of this list, or, without a configuration, as the rules write them.
    pub hosts: Vec<String>,
    /// Rules whose hosts are concerned but not on this list.
    pub not_listed: Vec<String>,
    /// The keys concerned, with their values.
    pub keys: Vec<KeyNow>,
    /// Pages it is known from.
    pub sources: Vec<Page>,
    /// This app version no longer shows it.
    pub outdated: bool,
}

/// One host of a message, for scripts.
#[derive(Debug, Serialize)]
pub struct MessageShape<'a> {
    /// Identifier of the message.
    pub id: &'a str,
    /// In a few words.
    pub title: &'a str,
    /// What it means.
    pub cause: &'a str,
    /// Who fixes it.
    pub owner: &'a str,
    /// Who else may have to.
    pub owners: &'a [Owner],
    /// The text alone does not say who.
    pub owner_open: bool,
    /// What `check` would find, the likeliest first.
    pub codes: &'a [Code],
    /// What to do.
    pub remedy: &'a str,
    /// What to run next.
    pub next: Option<&'a str>,
    /// Whether the network may be in the way.
    pub network: bool,
    /// The address that it speaks of.
    pub address: Option<&'a str>,
    /// Hosts concerned.
    pub hosts: &'a [String],
    /// Rules concerned that want no host here.
    pub not_listed: &'a [String],
    /// Keys concerned.
    pub keys: &'a [KeyNow],
    /// Pages.
    pub sources: &'a [Page],
    /// Public references that are no page of the product.
    pub references: &'a [Word],
    /// Public reports.
    pub issues: &'a [Word],
    /// How well it is known.
    pub confidence: Confidence,
    /// Whether this app version no longer shows it.
    pub outdated: bool,
}

impl MessageAnswer {
    /// For scripts.
    pub fn shape(&self) -> MessageShape<'_> {
        let s = &self.symptom;
        MessageShape {
            id: &s.id,
            title: &s.title,
            cause: &s.cause,
            owner: self.owner.as_str(),
            owners: &s.owners,
            owner_open: s.open && self.owner == Owner::None,
            codes: &s.codes,
            remedy: &self.remedy,
            next: self.next.as_deref(),
            network: s.network,
            address: self.address.as_deref(),
            hosts: &self.hosts,
            not_listed: &self.not_listed,
            keys: &self.keys,
            sources: &self.sources,
            references: &s.references,
            issues: &s.issues,
            confidence: s.confidence,
            outdated: self.outdated,
        }
    }
}

/// Understands a question and answers it.
pub fn explain(
    given: &Given<'_>,
    symptoms: &Part<Symptoms>,
    codes: &Codes,
    features: &[FeatureInfo],
    question: &str,
) -> Explanation {
    let list = given.list();
    let with_configuration = !given.configurations.is_empty() || !given.documents.is_empty();
    let here = Here { given, symptoms, list: &list, with_configuration };
    let answer = match understand(given, symptoms, question) {
        Question::Key(k, asked_as) => Answer::Key(key(given, features, k, asked_as.as_deref())),
        Question::Host(target) => Answer::Host(host(given, &target)),
        Question::Code(asked) => match code(codes, asked) {
            Some(answer) => Answer::Code(answer),
            None => Answer::Unknown { keys: Vec::new(), messages: Vec::new(), codes: Vec::new() },
        },
        Question::Device(asked) => match device_code(codes, asked) {
            Some(answer) => Answer::Device(answer),
            None => Answer::Unknown { keys: Vec::new(), messages: Vec::new(), codes: Vec::new() },
        },
        Question::Text(found) => Answer::Messages(here.text(question, &found)),
        Question::Unknown { keys, messages, codes } => Answer::Unknown {
            keys: keys.into_iter().map(str::to_owned).collect(),
            messages: messages.iter().map(|s| here.message(s, None)).collect(),
            codes,
        },
    };
    let known_up_to = given.pack.meta.newest.clone();
    Explanation { question: retold(question), list, with_configuration, known_up_to, answer }
}

/// What messages are answered from.
struct Here<'a> {
    given: &'a Given<'a>,
    symptoms: &'a Part<Symptoms>,
    list: &'a Requirements,
    with_configuration: bool,
}

impl Here<'_> {
    fn text(&self, question: &str, found: &[Found<'_>]) -> TextAnswer {
        let mut addresses_here: Vec<AddressAnswer> = Vec::new();
        for address in addresses(question) {
            let answer = self.address(&address);
            if !addresses_here.iter().any(|a| a.host == answer.host && a.port == answer.port) {
                addresses_here.push(answer);
            }
        }
        let first = found.iter().find_map(|f| f.address.as_ref());
        TextAnswer {
            messages: found.iter().map(|f| self.message(f.symptom, Some(f))).collect(),
            host: first.map(|a| host(self.given, &target(a))),
            addresses: addresses_here,
        }
    }

    fn address(&self, address: &Address) -> AddressAnswer {
        let target = target(address);
        let on_list: Vec<_> = self.list.hosts.iter().filter(|r| target.matches(r)).collect();
        let status = match on_list.as_slice() {
            _ if !self.with_configuration => Status::RulesAlone,
            [] => Status::NotListed,
            found if found.iter().any(|r| r.host == target.host) => Status::Listed,
            _ => Status::Covered,
        };
        let mut answer = AddressAnswer {
            host: address.host.to_string(),
            port: address.port,
            loopback: address.is_loopback(),
            status,
            features: Vec::new(),
            titles: Vec::new(),
            need: on_list.iter().map(|r| r.need()).min(),
            actors: Vec::new(),
        };
        let mut features: Vec<String> = Vec::new();
        for reason in on_list.iter().flat_map(|r| &r.reasons) {
            features.push(reason.feature.clone());
            answer
                .actors
                .extend(reason.actors.iter().filter(|a| !answer.actors.contains(a)).collect::<Vec<_>>());
        }
        if !self.with_configuration {
            features = super::alone::rules(self.given.pack, &target).into_iter().map(|r| r.feature).collect();
        }
        for feature in features {
            if !answer.features.contains(&feature) {
                let title = self.given.pack.feature(&feature).map(|f| f.title.to_string());
                answer.titles.extend(title);
                answer.features.push(feature);
            }
        }
        answer
    }

    /// Whether the configuration names the address of a proxy or of the device, in one sentence with a blank before it.
    fn named(&self, proxy: &Address) -> String {
        let shown = written(proxy);
        if self.given.configurations.is_empty() {
            return format!(" `clearway config` shows whether the configuration names {shown}.");
        }
        let value = |key: &str| now(self.given.configurations.iter(), key);
        let names = |key: &str| {
            let is_it = |a: &Address| a.host == proxy.host && (proxy.port.is_none() || a.port == proxy.port);
            addresses(&value(key)).iter().any(is_it)
        };
        let keys = self.given.pack.keys.keys.iter().map(|k| k.name.as_str());
        match keys.filter(|k| names(k)).collect::<Vec<_>>().as_slice() {
            [] => format!(
                " No address of the configuration is {shown}: look at the proxy of the system and its variables."
            ),
            keys => format!(" The configuration names {shown} in {}.", keys.join(", ")),
        }
    }

    fn message(&self, s: &Symptom, found: Option<&Found<'_>>) -> MessageAnswer {
        let (given, list) = (self.given, self.list);
        let mut hosts: Vec<String> = Vec::new();
        let mut not_listed: Vec<String> = Vec::new();
        for id in &s.rules {
            let Some(rule) = given.pack.rule(id) else { continue };
            let wanted: Vec<String> = if self.with_configuration {
                list.hosts
                    .iter()
                    .filter(|r| r.reasons.iter().any(|reason| reason.rule == *id))
                    .map(|r| if r.port == 443 { r.host.to_string() } else { r.endpoint().to_string() })
                    .collect()
            } else {
                match &rule.source {
                    HostSource::Names(_) => super::alone::names(rule),
                    HostSource::Url(p) => vec![format!("the host of {}", crate::derive::wording::path(p))],
                    _ => Vec::new(),
                }
            };
            if wanted.is_empty() && self.with_configuration {
                not_listed.push(id.to_string());
            }
            for host in wanted {
                if !hosts.contains(&host) {
                    hosts.push(host);
                }
            }
        }
        let address = found.and_then(|f| f.address.as_ref());
        let shown = address.map(written);
        if s.rules.is_empty() && s.network {
            hosts.extend(address.map(|a| a.host.to_string()));
        }
        let owner = found.map_or(s.owner, |f| f.owner);
        let mut remedy = match &shown {
            Some(shown) if owner != s.owner => format!(
                "{shown} is this device itself: start the program that is to listen there (a local gateway or a forwarding proxy), and compare its port with the configuration. No firewall and no proxy is in between."
            ),
            _ => s.remedy.to_string(),
        };
        if let Some(proxy) =
            address.filter(|a| s.network && !self.symptoms.is_probed(a.is_loopback(), a.port))
        {
            remedy.push_str(&self.named(proxy));
        }
        MessageAnswer {
            owner,
            remedy,
            next: next(
                s,
                address.filter(|a| self.symptoms.is_probed(a.is_loopback(), a.port)).and(shown.as_deref()),
            ),
            address: shown,
            hosts,
            not_listed,
            keys: s
                .keys
                .iter()
                .map(|k| KeyNow { key: k.to_string(), value: now(given.configurations.iter(), k) })
                .collect(),
            sources: pages(given.pack, &s.sources),
            outdated: !Versions::new(&None, &s.until).contains(&list.app_version),
            symptom: s.clone(),
        }
    }
}

fn target(address: &Address) -> Target {
    Target { host: address.host.clone(), port: address.port }
}

/// An address as `--host` takes it: without the port of https.
fn written(address: &Address) -> String {
    if address.port == Some(443) {
        Address { port: None, ..address.clone() }.shown()
    } else {
        address.shown()
    }
}

/// The command that says more.
fn next(s: &Symptom, address: Option<&str>) -> Option<String> {
    let of_call = |code: &Code| matches!(code.as_str().split_once('/'), Some(("auth" | "service", _)));
    match (&s.next, address) {
        (Some(next), _) => Some(next.to_string()),
        (None, Some(address)) if s.network && (s.owner != Owner::None || s.open) => {
            Some(format!("clearway check --host {address}"))
        }
        _ if s.codes.iter().any(of_call) => Some("clearway check --with-credentials".into()),
        _ if s.owner == Owner::Configuration => Some("clearway config".into()),
        _ if s.network && (s.owner != Owner::None || s.open) => Some("clearway check".into()),
        _ => None,
    }
}
