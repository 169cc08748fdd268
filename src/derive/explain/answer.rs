//! A question and its answer, of whatever kind.

use crate::contract::Versions;
use std::collections::BTreeMap;

use serde::Serialize;

use super::{Given, HostAnswer, KeyAnswer, KeyNow, Page, Question, host, key, now, pages, understand};
use crate::contract::FeatureInfo;
use crate::contract::{AppVersion, Code, Owner, Severity, Verdict};
use crate::derive::Requirements;
use crate::rules::codes::Codes;
use crate::rules::symptoms::{Symptom, Symptoms};
use crate::rules::{HostSource, manual};

/// A question, answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The question as it was asked.
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
    /// About a message; the closest first.
    Messages(Vec<MessageAnswer>),
    /// Nothing is known.
    Unknown {
        /// Keys with a similar name.
        keys: Vec<String>,
        /// Messages with some of its words.
        messages: Vec<MessageAnswer>,
        /// Finding codes of the same stage.
        codes: Vec<Code>,
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
    /// Who mends it, where the evidence of a run does not name somebody else.
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

/// What the rules say of a code; none where they do not have it.
fn code(codes: &Codes, code: Code) -> Option<CodeAnswer> {
    let entry = codes.get(code)?;
    // What a run would fill in is named, not made up.
    let filled =
        |sentence: &String| codes.fill(sentence, |name| Some(format!("<{}>", name.replace('_', " "))));
    Some(CodeAnswer {
        code,
        severity: entry.severity,
        verdict: entry.verdict,
        owner: entry.owner,
        summary: filled(&entry.summary),
        remedy: filled(&entry.remedy),
        remedy_for: entry.remedy_for.iter().map(|(owner, text)| (*owner, filled(text))).collect(),
        manual: manual::of(code),
    })
}

/// What a message means, here.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageAnswer {
    /// The known message.
    pub symptom: Symptom,
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
    /// Who mends it.
    pub owner: &'a str,
    /// What to do.
    pub remedy: &'a str,
    /// Whether the network may be in the way.
    pub network: bool,
    /// Hosts concerned.
    pub hosts: &'a [String],
    /// Rules concerned that want no host here.
    pub not_listed: &'a [String],
    /// Keys concerned.
    pub keys: &'a [KeyNow],
    /// Pages.
    pub sources: &'a [Page],
    /// Public reports.
    pub issues: &'a [String],
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
            owner: s.owner.as_str(),
            remedy: &s.remedy,
            network: s.network,
            hosts: &self.hosts,
            not_listed: &self.not_listed,
            keys: &self.keys,
            sources: &self.sources,
            issues: &s.issues,
            outdated: self.outdated,
        }
    }
}

/// Understands a question and answers it.
pub fn explain(
    given: &Given<'_>,
    symptoms: &Symptoms,
    codes: &Codes,
    features: &[FeatureInfo],
    question: &str,
) -> Explanation {
    let list = given.list();
    let with_configuration = !given.configurations.is_empty() || !given.documents.is_empty();
    let message = |s: &&Symptom| message(given, &list, with_configuration, s);
    let answer = match understand(given, symptoms, question) {
        Question::Key(k, asked_as) => Answer::Key(key(given, features, k, asked_as.as_deref())),
        Question::Host(target) => Answer::Host(host(given, &target)),
        Question::Code(asked) => match code(codes, asked) {
            Some(answer) => Answer::Code(answer),
            None => Answer::Unknown { keys: Vec::new(), messages: Vec::new(), codes: Vec::new() },
        },
        Question::Text(found) => Answer::Messages(found.iter().map(message).collect()),
        Question::Unknown { keys, messages, codes } => Answer::Unknown {
            keys: keys.into_iter().map(str::to_owned).collect(),
            messages: messages.iter().map(message).collect(),
            codes,
        },
    };
    let known_up_to = given.pack.meta.newest.clone();
    Explanation { question: question.to_owned(), list, with_configuration, known_up_to, answer }
}

fn message(given: &Given<'_>, list: &Requirements, with_configuration: bool, s: &Symptom) -> MessageAnswer {
    let mut hosts: Vec<String> = Vec::new();
    let mut not_listed: Vec<String> = Vec::new();
    for id in &s.rules {
        let Some(rule) = given.pack.rule(id) else { continue };
        let wanted: Vec<String> = if with_configuration {
            list.hosts
                .iter()
                .filter(|r| r.reasons.iter().any(|reason| reason.rule == *id))
                .map(|r| if r.port == 443 { r.host.to_string() } else { r.endpoint().to_string() })
                .collect()
        } else {
            match &rule.source {
                HostSource::Names(_) => super::alone::names(rule),
                HostSource::Url(p) => vec![format!("the host of {}", super::wording::path(p))],
                _ => Vec::new(),
            }
        };
        if wanted.is_empty() && with_configuration {
            not_listed.push(id.clone());
        }
        for host in wanted {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
    }
    MessageAnswer {
        hosts,
        not_listed,
        keys: s
            .keys
            .iter()
            .map(|k| KeyNow { key: k.clone(), value: now(given.configurations.iter(), k) })
            .collect(),
        sources: pages(given.pack, &s.sources),
        outdated: !Versions::new(&None, &s.until).contains(&list.app_version),
        symptom: s.clone(),
    }
}
