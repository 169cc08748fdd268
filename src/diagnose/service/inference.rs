//! What the calls with a credential say: the credential, the model, the region, the quota, the
//! network's own rules, and how the stream came. Shapes and codes decide (`rules/calls.toml`), and a few
//! sentences of messages where nothing else differs.

use std::collections::BTreeSet;

use crate::diagnose::context::Context;
use crate::diagnose::evidence::{Draft, Walk};
use crate::diagnose::finding::{Code, Owner};
use crate::diagnose::operator::{is_customer, must_be_public};
use crate::diagnose::run_facts::RunFacts;
use crate::diagnose::stage::in_place::placed;
use crate::observation::{
    Call, CallKind, CallOutcome, Observations, Stopped, StreamEnd, Tls, TlsOutcome, Trust,
};
use crate::plan::{Plan, Target};
use crate::rules::inference::CallAnswer;
use crate::rules::services::Services;
use crate::rules::{Word, word};

/// Events of a stream that are enough to judge how it is delivered.
const EVENTS: usize = 5;
/// How long they must have taken to come about, ms.
const GENERATED_MS: f64 = 500.0;
/// All of them within this time before the end: delivered at the end.
const AT_THE_END_MS: f64 = 50.0;
/// A stream that ends early after so long a silence was cut for its silence.
const SILENCE_MS: f64 = 10_000.0;

/// The issuers that signed public hosts in this run, in place of the public ones: by name,
/// and by the SHA-256 of the issuer's certificate where it was sent.
pub fn inspectors(plan: &Plan, observations: &Observations, services: &Services) -> BTreeSet<String> {
    let world = RunFacts::observe(plan, observations, services);
    let mut found = BTreeSet::new();
    for attempt in observations.plain() {
        let Some(target) = plan.target(attempt.target).filter(|t| must_be_public(t, services)) else {
            continue;
        };
        for tls in attempt.tls.iter().filter(|t| t.outcome == TlsOutcome::Completed) {
            let foreign = matches!(tls.public_trust, Some(Trust::UnknownIssuer | Trust::Rejected { .. }));
            let Some(leaf) = tls.chain.first().filter(|l| foreign && !world.is_public_issuer(&l.issuer))
            else {
                continue;
            };
            found.insert(leaf.issuer.clone());
            // A chain may have several: the issuer of the inspection is one of them.
            for authority in tls.chain.iter().skip(1).filter(|c| !world.is_public_issuer(&c.issuer)) {
                found.insert(authority.issuer.clone());
                found.insert(authority.sha256.clone());
            }
        }
        debug_assert!(!is_customer(target, services));
    }
    found
}

/// Whether the issuer of a public host was seen in this run: without one there is nothing to
/// compare a private issuer with.
pub fn compared(plan: &Plan, observations: &Observations, services: &Services) -> bool {
    let is_public = |target: u32| plan.target(target).is_some_and(|t| must_be_public(t, services));
    let judged = |tls: &Tls| {
        tls.outcome == TlsOutcome::Completed
            && !tls.chain.is_empty()
            && matches!(
                tls.public_trust,
                Some(Trust::Accepted | Trust::UnknownIssuer | Trust::Rejected { .. })
            )
    };
    observations.plain().any(|a| is_public(a.target) && a.tls.iter().any(judged))
}

/// The calls that were asked for and not made to their end, each with the reason in words.
pub(crate) fn unmade<'a>(context: &Context<'a>) -> Vec<(&'a Target, String)> {
    let calls = context.observations.calls.iter().filter(|c| c.kind == CallKind::Stream);
    calls.filter_map(|c| Some((context.plan.target(c.target)?, why_unmade(c)?))).collect()
}

fn why_unmade(call: &Call) -> Option<String> {
    match &call.outcome {
        CallOutcome::NotSent { reason } => Some(reason.clone()),
        CallOutcome::Cut { stopped: Stopped::Deadline } if call.status.is_none() => {
            Some("the deadline passed first (--deadline sets it)".to_owned())
        }
        // This run ended, not the stream: nobody cut it.
        CallOutcome::Cut { stopped: Stopped::Deadline } if is_coming(call) => {
            Some("the deadline passed while the answer was still coming (--deadline sets it)".to_owned())
        }
        CallOutcome::Cut { stopped: Stopped::Interrupted } => Some("the run was stopped first".to_owned()),
        _ => None,
    }
}

/// Whether the answer had not fallen silent when the call ended.
fn is_coming(call: &Call) -> bool {
    call.succeeded() && call.ms - call.last_byte_ms.or(call.first_byte_ms).unwrap_or_default() < SILENCE_MS
}

/// Whether a service answered a call with the credential.
pub(crate) fn any_answered(context: &Context<'_>) -> bool {
    context.observations.calls.iter().any(|c| c.kind != CallKind::Idle && c.status.is_some())
}

/// Adds to the walk of a path what the calls on it say.
pub(crate) fn judge(context: &Context<'_>, target: &Target, path: usize, walk: &mut Walk) {
    let mine = |c: &&Call| c.target == target.id && c.path == path;
    let calls: Vec<&Call> = context.observations.calls.iter().filter(mine).collect();
    for call in &calls {
        match call.kind {
            CallKind::Stream => streamed(context, target, call, &calls, walk),
            CallKind::Idle => idle(target, call, walk),
            CallKind::Models => {
                if call.succeeded() {
                    walk.fact("models_listed", call.models.len());
                } else if let Some(status) = call.status {
                    walk.fact("model_list_status", status);
                }
            }
            CallKind::Token => {}
        }
    }
    // Without a stream to judge, the refusal that came before it is the finding.
    let sent = |c: &&&Call| c.status.is_some() || !matches!(c.outcome, CallOutcome::NotSent { .. });
    if !calls.iter().filter(sent).any(|c| c.kind == CallKind::Stream)
        && let Some(call) = calls.iter().rev().find(|c| {
            matches!(c.kind, CallKind::Token | CallKind::Models) && c.status.is_some() && !c.succeeded()
        })
        // A gateway need not list models.
        && !(call.kind == CallKind::Models && call.status == Some(404))
        && let Some(found) = refused(context, call, &calls)
    {
        walk.push(found.key(target.probed.as_str()));
    }
    // A page in place of the list, and so no model to ask: something else answers here.
    if !calls.iter().filter(sent).any(|c| c.kind == CallKind::Stream)
        && let Some(call) = calls.iter().find(|c| c.kind == CallKind::Models && is_page(c))
    {
        let status = call.status.unwrap_or_default();
        let found = Draft::new(
            Code::HttpWrongContent,
            format!("status {status} to the model list, and it is an HTML page"),
        );
        let found = found.fact("status", status).fact("what", "an HTML page");
        walk.push(found.key(target.probed.as_str()));
    }
}

/// An HTML page where JSON must be.
fn is_page(call: &Call) -> bool {
    let kind = call.header("content-type").unwrap_or_default().trim_start().to_ascii_lowercase();
    call.succeeded() && call.models.is_empty() && kind.starts_with("text/html")
}

fn streamed(context: &Context<'_>, target: &Target, call: &Call, calls: &[&Call], walk: &mut Walk) {
    let key = target.probed.as_str();
    if let Some(model) = &call.model {
        walk.fact("model", model.as_str());
    }
    if let Some(usage) = call.usage {
        walk.fact("tokens_in", usage.input);
        walk.fact("tokens_out", usage.output);
    }
    if let Some(first) = call.events_ms.first() {
        walk.fact("first_token_ms", first.round());
    }
    if let Some(gap) = longest_gap(call) {
        walk.fact("longest_gap_ms", gap.round());
    }
    let found = match (&call.outcome, call.status) {
        (CallOutcome::NotSent { .. }, _) => None,
        (CallOutcome::Cut { .. }, None) => None,
        (CallOutcome::Cut { .. }, Some(_)) if is_coming(call) => None,
        (CallOutcome::NotConnected { stage }, _) => Some(broken(
            call,
            Code::HttpInterrupted,
            format!(
                "the connection for the call with the credential failed at {stage}, although the probe's own stood"
            ),
        )),
        (_, Some(status)) if !(200..300).contains(&status) => refused(context, call, calls),
        (_, Some(_)) => answered(call, walk),
        (CallOutcome::Timeout, None) => {
            Some(broken(call, Code::HttpTimeout, format!("no answer to the model call in {:.0} ms", call.ms)))
        }
        (CallOutcome::Malformed { error }, None) => {
            let found = Draft::new(
                Code::HttpWrongContent,
                format!("the answer to the model call is not HTTP ({error})"),
            );
            Some(found.fact("what", "something that is not HTTP"))
        }
        (outcome, None) => Some(broken(
            call,
            Code::HttpInterrupted,
            format!("{} after the model call was sent, before any answer", ended(outcome)),
        )),
    };
    if let Some(found) = found {
        walk.push(found.key(key));
    }
}

/// An answer of success: whether it is a stream, whole, and delivered as it came about.
fn answered(call: &Call, walk: &mut Walk) -> Option<Draft> {
    let model = call.model.as_deref().unwrap_or("the model");
    let status = call.status.unwrap_or_default();
    match &call.stream {
        Some(StreamEnd::Other) | None => {
            let found = Draft::new(
                Code::HttpWrongContent,
                format!("status {status} to the model call, and the body is no message"),
            );
            return Some(found.fact("status", status).fact("what", "something that is no message"));
        }
        Some(StreamEnd::Error) => {
            let kind = call.error.last().map(|(_, v)| v.as_str()).unwrap_or("an error");
            let code = match kind {
                "overloaded_error"
                | "api_error"
                | "internalServerException"
                | "serviceUnavailableException" => Code::HttpServerError,
                "rate_limit_error" | "throttlingException" => Code::HttpRateLimited,
                _ => Code::HttpInterrupted,
            };
            let found = Draft::new(code, format!("the stream ended with the error {kind}"))
                .fact("status", kind)
                .fact("model", model);
            return Some(match usual_owner(code, &call.provider) {
                Some(owner) => found.owner(owner),
                None => found,
            });
        }
        Some(StreamEnd::Early) => return Some(early(call)),
        Some(StreamEnd::Whole) => {
            walk.fact("delivery", "not judged: the answer was one document, not a stream");
            walk.proof.push(format!("{model} answered, as one document instead of a stream"));
            return None;
        }
        Some(StreamEnd::Complete) => {}
    }
    let end = call.last_byte_ms.unwrap_or(call.ms);
    let first = call.events_ms.first().copied();
    let tokens =
        call.usage.map(|u| format!(", {} tokens in and {} out", u.input, u.output)).unwrap_or_default();
    let after = first.map(|f| format!(", the first after {f:.0} ms")).unwrap_or_default();
    walk.proof.push(format!("{model} answered in {} pieces{after}{tokens}", call.events));
    match delivery(call) {
        Delivery::Streamed => {
            walk.fact("delivery", "streamed");
            None
        }
        Delivery::Unknown(why) => {
            walk.fact("delivery", format!("not judged: {why}"));
            None
        }
        Delivery::Buffered => {
            let line = format!(
                "{} pieces came within {:.0} ms of the end, {:.0} ms after the request",
                call.events,
                end - first.unwrap_or(end),
                end
            );
            // What is done to the stream comes before that the connection is opened.
            let found = Draft::new(Code::HttpBuffered, line).fact("pieces", call.events).leading();
            let inspected = walk.found.iter().any(|f| f.code == Code::TlsIntercepted);
            Some(if inspected { found.owner(Owner::TlsInspection) } else { found })
        }
    }
}

/// How a complete stream was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Delivery {
    /// As it came about.
    Streamed,
    /// All of it at its end.
    Buffered,
    /// It says nothing.
    Unknown(&'static str),
}

fn delivery(call: &Call) -> Delivery {
    let end = call.last_byte_ms.unwrap_or(call.ms);
    let Some(first) = call.events_ms.first().copied() else { return Delivery::Unknown("it had no pieces") };
    if end - first > AT_THE_END_MS {
        let last = call.events_ms.last().copied().unwrap_or(first);
        if last - first <= AT_THE_END_MS {
            return Delivery::Unknown("its pieces came all at once, and its end later");
        }
        return Delivery::Streamed;
    }
    if call.events < EVENTS {
        return Delivery::Unknown("it had fewer than five pieces");
    }
    if end < GENERATED_MS {
        return Delivery::Unknown("it came about in less than half a second");
    }
    Delivery::Buffered
}

/// A stream that broke off.
fn early(call: &Call) -> Draft {
    let how = ended(&call.outcome);
    let last = call.last_byte_ms.unwrap_or_default();
    let silent = call.ms - last;
    let cut = matches!(call.outcome, CallOutcome::Cut { .. } | CallOutcome::Timeout);
    if !cut && silent >= SILENCE_MS {
        let line = format!("{how} after {:.1} s without a byte, in the middle of a stream", silent / 1000.0);
        return broken(call, Code::HttpIdleCut, line).fact("seconds", whole_seconds(silent));
    }
    let line = if cut {
        format!("the stream had not ended after {:.1} s ({} pieces)", call.ms / 1000.0, call.events)
    } else {
        format!("{how} after {} pieces, before the last event of the stream", call.events)
    };
    broken(call, Code::HttpInterrupted, line)
}

/// A connection that was quiet and then used.
fn idle(target: &Target, call: &Call, walk: &mut Walk) {
    let Some(quiet) = &call.quiet else { return };
    let seconds = quiet.quiet_ms as f64 / 1000.0;
    let found = match (&call.outcome, quiet.closed) {
        (CallOutcome::Answered, _) => {
            walk.fact("quiet_s", seconds.round());
            walk.proof.push(format!("a connection survived {seconds:.0} s of silence"));
            return;
        }
        // Servers end connections without a request by themselves; that says nothing of a stream.
        (_, true) => {
            walk.fact("quiet", format!("not judged: the other side closed the quiet connection in an orderly way after {seconds:.0} s"));
            return;
        }
        (CallOutcome::Reset | CallOutcome::Closed | CallOutcome::Timeout, false) => {
            format!("{} after {seconds:.0} s of silence on the connection", ended(&call.outcome))
        }
        _ => return,
    };
    let found = broken(call, Code::HttpIdleCut, found).fact("seconds", whole_seconds(seconds * 1000.0));
    walk.push(found.key(target.probed.as_str()));
}

/// Without a fraction, for sentences.
fn whole_seconds(ms: f64) -> u64 {
    std::time::Duration::try_from_secs_f64((ms / 1000.0).round()).map_or(0, |time| time.as_secs())
}

fn ended(outcome: &CallOutcome) -> String {
    match outcome {
        CallOutcome::Reset => "the connection was reset".to_owned(),
        CallOutcome::Timeout => "nothing came back".to_owned(),
        CallOutcome::StreamReset { code } => format!("the HTTP/2 stream was ended with {code}"),
        CallOutcome::Alert { alert } => format!("the TLS alert {alert} came"),
        _ => "the connection was closed".to_owned(),
    }
}

fn broken(call: &Call, code: Code, line: String) -> Draft {
    Draft::new(code, line).fact("model", call.model.as_deref().unwrap_or_default())
}

/// An answer that is no success: by its shape, the first entry of the table that fits.
fn refused(context: &Context<'_>, call: &Call, calls: &[&Call]) -> Option<Draft> {
    let status = call.status?;
    let rules = context.services.calls();
    let facts = Facts {
        call,
        accepted: calls
            .iter()
            .any(|c| c.succeeded() && matches!(c.kind, CallKind::Models | CallKind::Stream)),
        guarded: context
            .observations
            .plain()
            .filter(|a| a.target == call.target)
            .any(|a| a.http.iter().any(|h| matches!(h.status, Some(401 | 403)))),
        listed: call.model.as_ref().and_then(|model| {
            let list =
                calls.iter().find(|c| c.kind == CallKind::Models && c.succeeded() && !c.models.is_empty())?;
            Some(list.models.contains(model))
        }),
        foreign: call
            .model
            .as_deref()
            .zip(call.region.as_deref())
            .is_some_and(|(m, r)| rules.is_foreign(m, r)),
    };
    let shown: Vec<String> =
        call.error.iter().take(4).map(|(place, word)| format!("{place} {word}")).collect();
    let shape = if shown.is_empty() { String::new() } else { format!(" ({})", shown.join(", ")) };
    let what = match call.kind {
        CallKind::Token => "the token endpoint",
        CallKind::Models => "the model list",
        CallKind::Stream | CallKind::Idle => "the model call",
    };
    if (300..400).contains(&status) {
        let location = call.header("location").map_or_else(|| "an unnamed place".to_owned(), placed);
        let found = Draft::new(Code::HttpRedirect, format!("status {status} to {what}, location {location}"));
        return Some(found.fact("status", status).fact("location", location));
    }
    let answer = rules.answers().iter().find(|a| facts.fit(a));
    let Some(answer) = answer else {
        let line = format!("status {status} to {what}{shape}");
        return Some(
            Draft::new(Code::HttpUnrecognised, line).fact("status", status).fact("service", "the service"),
        );
    };
    let line = format!("status {status} to {what}: {}{shape}", answer.name);
    let mut found = Draft::new(answer.code, line)
        .fact("status", status)
        .fact("model", call.model.as_deref().unwrap_or_default())
        .fact("region", call.region.as_deref().unwrap_or_default())
        .fact("retry_after", call.header("retry-after").unwrap_or_default())
        .fact("refuser", refuser(context, call))
        // The place of the credential, without how it was sent.
        .fact("key", kept_in(&call.credential));
    if let Some(owner) = answer.owner.or_else(|| usual_owner(answer.code, &call.provider)) {
        found = found.owner(owner);
    }
    Some(if answer.proven { found.proven() } else { found })
}

/// The host that answered: a token endpoint, or the place of a model list, is another one.
fn refuser<'a>(context: &Context<'a>, call: &Call) -> &'a str {
    context.plan.target(call.dialled.unwrap_or(call.target)).map_or("the service", |t| t.probed.as_str())
}

/// Where the credential is kept, without how it is sent and what was made of it.
fn kept_in(credential: &str) -> &str {
    let kept = credential.split(", as ").next().unwrap_or_default();
    kept.strip_prefix("a token for ").unwrap_or(kept)
}

/// The owner, where that follows from the provider. Behind a gateway there is no cloud account of
/// ours to ask: its owner must act. Elsewhere the limits of a call are the account's.
fn usual_owner(code: Code, provider: &str) -> Option<Owner> {
    let service =
        matches!(code, Code::ServiceModel | Code::ServiceQuota | Code::ServicePolicy | Code::ServiceRegion);
    match provider {
        "gateway" => service.then_some(Owner::Service),
        _ => (code == Code::HttpRateLimited).then_some(Owner::CloudAccount),
    }
}

struct Facts<'a> {
    call: &'a Call,
    accepted: bool,
    guarded: bool,
    listed: Option<bool>,
    foreign: bool,
}

impl Facts<'_> {
    fn fit(&self, answer: &CallAnswer) -> bool {
        let status = self.call.status.unwrap_or_default();
        let says = |place: &str, words: &[Word]| {
            self.call.error.iter().any(|(p, word)| p == place && words.iter().any(|w| w == word))
        };
        (answer.providers.is_empty() || word::has(&answer.providers, &self.call.provider))
            && answer.status.iter().any(|range| range.contains(status))
            && (answer.any.is_empty() || answer.any.iter().any(|(place, words)| says(place, words)))
            && (answer.says.is_empty() || says("message", &answer.says))
            && answer.accepted.is_none_or(|wanted| wanted == self.accepted)
            && answer.signed.is_none_or(|wanted| self.call.signed == Some(wanted))
            && (!answer.guarded || self.guarded)
            && answer.listed.is_none_or(|wanted| self.listed == Some(wanted))
            && (!answer.foreign || self.foreign)
    }
}

fn longest_gap(call: &Call) -> Option<f64> {
    call.events_ms.windows(2).map(|pair| pair[1] - pair[0]).reduce(f64::max)
}
