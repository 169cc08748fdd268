//! One box that answers for hosts of several operators. What two of them show is nobody's own: the
//! same certificate, the same first bytes, the same end of a handshake, the same page. Hosts of one
//! operator that show the same prove nothing, and neither do hosts that are all the customer's: one
//! entry serves them all.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::Confidence;
use crate::contract::endpoint::authority;
use crate::diagnose::operator::{is_customer, operator};
use crate::diagnose::service::fingerprint::{is_html, recognise};
use crate::diagnose::stage::http::title;
use crate::observation::{Attempt, HttpOutcome, Observations, Tls, TlsOutcome, Trust};
use crate::plan::{Plan, Route, Target};
use crate::rules::services::{AnswerKind, Service, Services};
use crate::text::answer;

/// So much of a page's text is compared, in characters.
const COMPARED: usize = 600;

/// What an attempt showed, in the form in which hosts are compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    /// A certificate that no public root leads to.
    Leaf(String),
    /// How a handshake ended, on which way.
    End(String, String),
    /// An answer on a connection that no public certificate proves.
    Answer { status: u16, kind: String, text: String },
}

/// Who showed a mark.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Seen {
    operators: BTreeSet<String>,
    hosts: BTreeSet<u32>,
    /// A host that is not the customer's is among them; of answers one whose own are known.
    outside: bool,
}

/// The marks that hosts of several operators showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Boxes(BTreeMap<Mark, Seen>);

impl Boxes {
    pub fn observe(plan: &Plan, observations: &Observations, services: &Services) -> Self {
        let mut all: BTreeMap<Mark, Seen> = BTreeMap::new();
        let mut joining: Vec<(Mark, u32)> = Vec::new();
        for attempt in observations.plain().filter(|a| a.cut.is_none()) {
            let Some(target) = plan.target(attempt.target).filter(|t| !t.requirement.loopback) else {
                continue;
            };
            let Some(tls) = attempt.handshake() else { continue };
            let answer = answered(attempt, tls, target, services);
            // An answer that the customer's own service could give starts no comparison, and is compared with others.
            let (answer, may_be_own) =
                answer.map_or(
                    (None, None),
                    |(mark, own)| {
                        if own { (None, Some(mark)) } else { (Some(mark), None) }
                    },
                );
            joining.extend(may_be_own.map(|mark| (mark, target.id)));
            let marks = [leaf(tls), end(attempt, tls), answer];
            let outside = !is_customer(target, services);
            // Many servers say the same of an unknown path; those whose answers are known do not.
            let service = target.service.as_deref().and_then(|id| services.by_id(id));
            let is_known = service.is_some_and(|service| is_told(service, !outside));
            for mark in marks.into_iter().flatten() {
                let told = is_known || !matches!(mark, Mark::Answer { .. });
                let seen = all.entry(mark).or_default();
                seen.operators.insert(operator(target, services));
                seen.hosts.insert(target.id);
                seen.outside |= outside && told;
            }
        }
        all.retain(|_, seen| seen.outside && seen.operators.len() > 1);
        for (mark, host) in joining {
            if let Some(seen) = all.get_mut(&mark) {
                seen.hosts.insert(host);
            }
        }
        Self(all)
    }

    fn hosts(&self, mark: Option<Mark>) -> Option<usize> {
        Some(self.0.get(&mark?)?.hosts.len())
    }

    /// How many hosts show this certificate, where they belong to several operators.
    pub fn of_leaf(&self, tls: &Tls) -> Option<usize> {
        self.hosts(leaf(tls))
    }

    /// The same of handshakes that ended like this one.
    pub fn of_end(&self, attempt: &Attempt, tls: &Tls) -> Option<usize> {
        self.hosts(end(attempt, tls))
    }

    /// The same of this answer.
    pub fn of_answer(&self, attempt: &Attempt, target: &Target, services: &Services) -> Option<usize> {
        if target.requirement.loopback {
            return None;
        }
        self.hosts(answered(attempt, attempt.handshake()?, target, services).map(|(mark, _)| mark))
    }
}

/// Whether the service's own answers are known well enough to tell another's from them. What only a
/// customer's gateway in the service's place may answer says nothing of the service itself.
pub(crate) fn is_told(service: &Service, customer: bool) -> bool {
    let mut own = service.answers.iter().filter(|a| customer || !a.customer);
    service.confidence != Confidence::Inferred && !own.any(|a| a.kind == AnswerKind::Ok && a.is_open())
}

/// The public roots were asked and do not accept the chain.
fn is_unproven(tls: &Tls) -> bool {
    !matches!(tls.public_trust, None | Some(Trust::Accepted | Trust::Unavailable { .. }))
}

fn leaf(tls: &Tls) -> Option<Mark> {
    let leaf = tls.chain.first().filter(|_| tls.outcome == TlsOutcome::Completed && is_unproven(tls))?;
    Some(Mark::Leaf(leaf.sha256.clone()))
}

fn end(attempt: &Attempt, tls: &Tls) -> Option<Mark> {
    let (way, tunnelled) = match &attempt.route {
        Route::Direct => ("direct".to_owned(), false),
        Route::Proxy { host, port, .. } => (authority(host, *port), true),
    };
    let how = match &tls.outcome {
        TlsOutcome::NotTls { first } if !first.trim().is_empty() => format!("bytes {first}"),
        TlsOutcome::Alert { alert } => format!("alert {alert}"),
        TlsOutcome::Version => "version".to_owned(),
        TlsOutcome::Closed => "closed".to_owned(),
        // Straight on, a reset is judged by what other names at the address get.
        TlsOutcome::Reset if tunnelled => "reset".to_owned(),
        _ => return None,
    };
    Some(Mark::End(how, way))
}

/// The answer, and whether a service of the customer's could give it, such as a 401 that names a scheme.
fn answered(attempt: &Attempt, tls: &Tls, target: &Target, services: &Services) -> Option<(Mark, bool)> {
    let http = attempt.answer().filter(|h| h.outcome == HttpOutcome::Answered && is_unproven(tls))?;
    let service = target.service.as_deref().and_then(|id| services.by_id(id));
    let customer = is_customer(target, services);
    let known = service.and_then(|s| recognise(s, http, &target.probed, customer));
    let own = known.is_some_and(|a| !a.is_open());
    if own && !customer {
        return None;
    }
    let kind = http.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let location = http.header("location").unwrap_or_default();
    let text = match title(&http.body) {
        title if is_html(http) && !title.is_empty() => title,
        _ => format!("{location} {}", http.body),
    };
    Some((Mark::Answer { status: http.status?, kind, text: compared(&text, target) }, own))
}

/// A text without what differs from host to host and from try to try: the name, and every word with
/// a digit in it.
fn compared(text: &str, target: &Target) -> String {
    let text = answer::plain(text).replace(&target.probed.to_ascii_lowercase(), "{host}");
    let mut out = String::new();
    let mut word = String::new();
    let mut flush = |word: &mut String| {
        let numbered = word.chars().any(|c| c.is_ascii_digit());
        out.push_str(if numbered { "#" } else { word.as_str() });
        word.clear();
    };
    for c in text.chars().take(COMPARED) {
        if c.is_alphanumeric() || c == '-' {
            word.push(c);
        } else {
            word.push(c);
            flush(&mut word);
        }
    }
    flush(&mut word);
    out
}
