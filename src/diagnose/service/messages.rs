//! The path that the app sends its messages to: asked once, without a credential, after the service
//! was recognised by another request. It finds filters that refuse only what is sent, and gateways
//! that have no such path.

use crate::contract::ids::Feature;
use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Known, Walk};
use crate::diagnose::experiment::slow;
use crate::diagnose::finding::{Code, Owner};
use crate::diagnose::ladder::left_by;
use crate::diagnose::operator::operator;
use crate::diagnose::service::fingerprint::{is_html, recognise};
use crate::diagnose::service::{access, follow_ups, own};
use crate::diagnose::stage::http::{status_words, title};
use crate::diagnose::stage::in_place::{placed, stays};
use crate::diagnose::stage::trust;
use crate::observation::{Attempt, FollowUp, Http, HttpOutcome, Stopped};
use crate::rules::services::{AnswerKind, Ask, Service};

/// So many times a slow answer is measured.
const MEASURES: usize = 3;

/// The request and its answer, with the service that it was held against. Of several tries one that was answered.
fn asked<'a>(view: &View<'a>) -> Option<(&'a FollowUp, &'a Http, &'a Service)> {
    let (follow_up, http) = tries(view).min_by_key(|(_, http)| http.outcome != HttpOutcome::Answered)?;
    Some((follow_up, http, view.context.services.by_id(&follow_up.service)?))
}

/// Every time that the path of the messages was asked for.
fn tries<'a>(view: &View<'a>) -> impl Iterator<Item = (&'a FollowUp, &'a Http)> {
    let asks = view.service.map(|s| s.asks.as_slice()).unwrap_or_default();
    follow_ups(view).filter(|(f, _)| asks.iter().any(|ask| is_of_messages(ask, f)))
}

/// Whether a further request is the one for messages.
fn is_of_messages(ask: &Ask, follow_up: &FollowUp) -> bool {
    ask.service == follow_up.service && ask.feature.is_some()
}

/// Whether the path of the messages is asked for once more, after what these attempts came to: silence and a cut may be
/// a moment's accident, and a slow answer is measured three times.
pub(crate) fn is_asked_again(service: &Service, follow_up: &FollowUp, made: &[&Attempt]) -> bool {
    if !service.asks.iter().any(|ask| is_of_messages(ask, follow_up)) || made.iter().any(|a| a.cut.is_some())
    {
        return false;
    }
    let answered = |a: &&Attempt| a.answer().is_some_and(|h| h.outcome == HttpOutcome::Answered);
    match made {
        [only] if !answered(only) => true,
        [] => false,
        made => made.len() < MEASURES && made.iter().all(|a| slow::is_late(a)),
    }
}

/// What this came to, where the first request was answered as it should be.
pub(crate) fn judge(view: &View<'_>, walk: &mut Walk) -> Option<Draft> {
    let (follow_up, http, service) = asked(view)?;
    let request = format!("{} {}", follow_up.request.method, follow_up.request.path);
    if http.outcome != HttpOutcome::Answered {
        return broken(view, http, &request);
    }
    let status = http.status.unwrap_or_default();
    let answer = recognise(service, http, &view.target.probed, view.is_customer());
    let opener = trust::opener(view);
    // A customer's service has refusals of its own; that it asks for a credential is what a filter never says.
    let asks_credential = view.is_customer() && matches!(status, 400 | 401) && !is_html(http);
    match answer.filter(|a| !a.is_open() || opener.is_none() || asks_credential).map(|a| (a.kind, &a.name)) {
        Some((AnswerKind::Policy, name)) => {
            let line = format!("{request}: {}: {name}", status_words(http));
            let found = Draft::new(Code::ServicePolicy, line)
                .fact("status", status)
                .fact("path", follow_up.request.path.as_str())
                .key(view.target.probed.as_str());
            return Some(if view.is_customer() { found.owner(Owner::Service) } else { found });
        }
        Some((_, name)) => {
            walk.proof.push(format!("{request}: {status}, {name}"));
            return late(view, &request);
        }
        None if (status == 429 || status >= 500) && !is_refusing(view, http, opener) => {
            walk.fact("messages", format!("not judged: {request} was answered with status {status}"));
            return None;
        }
        None => {}
    }
    if let Some(found) = access::judge(view, http) {
        return Some(led(found, &request));
    }
    let missing = matches!(status, 404 | 405 | 501);
    // The customer's gateway refuses in its own words, too.
    let may_be_own = own::sign(view, http).is_some() || missing && view.is_customer() && !is_html(http);
    if let Some(issuer) = opener.filter(|_| !may_be_own) {
        let refuses = status >= 400
            || view.context.services.filters().speaks_of_blocking(&http.body)
            || place_of(http).is_some() && !stays(view, http);
        let code = if refuses { Code::HttpBlockPage } else { Code::HttpWrongContent };
        let line = format!(
            "{request}: {}{}{}, through a connection that {issuer} opened; a GET was answered by the service itself",
            status_words(http),
            titled(http),
            led_to(http)
        );
        return Some(
            Draft::new(code, line)
                .owner(Owner::TlsInspection)
                .fact("status", status)
                .fact("what", format!("{request} with status {status}"))
                .fact("title", title(&http.body))
                .fact("path", follow_up.request.path.as_str())
                .fact("issuer", issuer)
                .fact("product", trust::product_of(view))
                .key(issuer),
        );
    }
    if missing {
        return Some(absent(view, http, &request, Owner::Service));
    }
    let place = http.header("location").filter(|_| (300..400).contains(&status)).map(placed);
    // An empty message without a credential cannot succeed where messages are taken.
    // (One that holds an error, or a stream that may, is a gateway's own way to refuse.)
    let body = http.body.to_ascii_lowercase();
    let refuses = ["error", "unauthorized", "\"code\"", "event:"].iter().any(|word| body.contains(word));
    let succeeds = (200..300).contains(&status) && !refuses;
    let blocks = is_html(http) || place.is_some() || succeeds;
    let line = format!("{request}: {}{}{}", status_words(http), titled(http), led_to(http));
    if blocks {
        let kind = if is_html(http) { "an HTML page" } else { "another answer" };
        let what = place.map_or_else(|| kind.to_owned(), |p| format!("a redirect to {p}"));
        return Some(
            Draft::new(Code::HttpWrongContent, line)
                .fact("status", status)
                .fact("what", format!("{what} (status {status}) to {request}"))
                .fact("path", follow_up.request.path.as_str())
                .key(view.target.probed.as_str()),
        );
    }
    let line = format!("{line}{}", own::remark(view, http));
    Some(
        Draft::new(Code::HttpUnrecognised, line)
            .fact("status", status)
            .fact("service", view.service.unwrap_or(service).title.as_str())
            .fact("path", follow_up.request.path.as_str())
            .key(view.target.probed.as_str())
            .leading(),
    )
}

/// The first request got "not found", as a gateway without a model list says too, or was led to another place: whether
/// the path that counts is there decides. None where it was not asked. A page that says "not found" is a server's of the
/// customer's too, but where something else opened the connection.
pub(crate) fn instead(view: &View<'_>, first: &Http, walk: &mut Walk) -> Option<Option<Draft>> {
    let own_page = view.is_customer() && trust::opener(view).is_none();
    if let Some(found) = both_paged(view, first).filter(|_| own_page) {
        return Some(Some(found));
    }
    if !matches!(first.status, Some(301..=303 | 307 | 308 | 404 | 405)) || is_html(first) && !own_page {
        return None;
    }
    if let Some(request) = view.target.request.as_ref().filter(|_| view.is_customer() && is_messages(view)) {
        let request = format!("{} {}", request.method, request.path);
        if let Some(place) = place_of(first) {
            return Some(Some(moved(view, first, &request, &place)));
        }
        return Some(Some(absent(view, first, &request, Owner::Configuration)));
    }
    let (follow_up, http, service) = asked(view)?;
    let request = format!("{} {}", follow_up.request.method, follow_up.request.path);
    let answer = recognise(service, http, &view.target.probed, view.is_customer());
    if http.outcome != HttpOutcome::Answered {
        return broken(view, http, &request).map(Some);
    }
    match (true, http.status?) {
        (true, status) if answer.is_some_and(|a| a.kind == AnswerKind::Ok) => {
            let name = answer.map(|a| a.name.as_str()).unwrap_or_default();
            walk.answer = Some(Known::Expected(format!("{}: {name}", service.id)));
            walk.proof.push(format!("no model list; {request}: {status}, {name}"));
            Some(None)
        }
        (true, 404 | 405 | 501) => Some(Some(absent(view, http, &request, Owner::Configuration))),
        (true, _) if view.is_customer() => {
            if let Some(found) = access::judge(view, http) {
                return Some(Some(led(found, &request)));
            }
            place_of(http).map(|place| Some(moved(view, http, &request, &place)))
        }
        _ => None,
    }
}

/// Something before the gateway answers what is read and what is sent with a page, or with nothing, and never like an
/// API: a firewall for web applications, or a server of another kind. One page alone may be all that is refused.
fn both_paged(view: &View<'_>, first: &Http) -> Option<Draft> {
    // A sign-in that was not made (401, or a challenge) says nothing of what lies behind it.
    let judged = |http: &Http| {
        matches!(http.status, Some(200..=299 | 400 | 402..=428 | 430..=450 | 452..=499))
            && http.header("www-authenticate").is_none()
            && http.header("proxy-authenticate").is_none()
    };
    let empty = |http: &Http| matches!(http.status, Some(200..=299)) && http.body.trim().is_empty();
    let (follow_up, http, service) = asked(view)?;
    let paged = is_html(first) && is_html(http) || empty(first) && empty(http);
    // That there is nothing at a path is told apart below.
    let missing = matches!(first.status, Some(404 | 405)) || matches!(http.status, Some(404 | 405));
    let answered = http.outcome == HttpOutcome::Answered && judged(first) && judged(http);
    if !paged
        || !answered
        || missing
        || recognise(service, http, &view.target.probed, view.is_customer()).is_some()
    {
        return None;
    }
    let request = format!("{} {}", follow_up.request.method, follow_up.request.path);
    let read = view.target.request.as_ref().map(|r| format!("{} {}", r.method, r.path)).unwrap_or_default();
    let what = if is_html(http) { "an HTML page" } else { "an empty answer" };
    let line = format!(
        "{read}: {}{}; {request}: {}{}",
        status_words(first),
        titled(first),
        status_words(http),
        titled(http)
    );
    Some(
        Draft::new(Code::HttpWrongContent, line)
            .owner(Owner::Service)
            .fact("status", http.status)
            .fact("what", format!("{what} (status {}) to {read} and to {request}", shown_status(first, http)))
            .fact("wanted", "an answer of the Messages API")
            .fact("title", title(&http.body))
            .fact("path", follow_up.request.path.as_str())
            .key(view.target.probed.as_str()),
    )
}

/// One status, or both.
fn shown_status(first: &Http, second: &Http) -> String {
    let (first, second) = (first.status.unwrap_or_default(), second.status.unwrap_or_default());
    if first == second { first.to_string() } else { format!("{first}, {second}") }
}

/// A server's error that speaks as filters do, through a connection that something else opened.
fn is_refusing(view: &View<'_>, http: &Http, opener: Option<&str>) -> bool {
    opener.is_some() && view.context.services.filters().speaks_of_blocking(&http.body)
}

/// The place that an answer leads to, as it may be shown.
fn place_of(http: &Http) -> Option<String> {
    http.header("location").filter(|_| matches!(http.status, Some(301..=303 | 307 | 308))).map(placed)
}

fn led_to(http: &Http) -> String {
    place_of(http).map(|place| format!(", location {place}")).unwrap_or_default()
}

/// The path of the messages leads to another place: what is sent becomes a question there, or loses its credential.
fn moved(view: &View<'_>, http: &Http, request: &str, place: &str) -> Draft {
    let line = format!("{request}: {}, location {place}", status_words(http));
    let found = Draft::new(Code::HttpRedirect, line)
        .case("messages")
        .fact("status", http.status)
        .fact("location", place)
        .fact("path", request.split(' ').nth(1).unwrap_or_default())
        .key(view.target.probed.as_str());
    match trust::opener(view) {
        Some(issuer) => found.owner(Owner::TlsInspection).fact("issuer", issuer).key(issuer),
        None => found,
    }
}

/// The first request went to the path of the messages itself: one that names no model, so that "not found" can
/// only mean the path.
fn is_messages(view: &View<'_>) -> bool {
    let posted = view.target.request.as_ref().is_some_and(|r| r.method == "POST");
    let inference = view.target.requirement.reasons.iter().any(|r| r.feature == Feature::INFERENCE);
    let service = view.target.service.as_deref();
    let mut providers = view.context.services.calls().providers().iter();
    posted && inference && providers.any(|p| p.names_model && Some(p.service.as_str()) == service)
}

fn absent(view: &View<'_>, http: &Http, request: &str, owner: Owner) -> Draft {
    let status = http.status.unwrap_or_default();
    let why = doubled(view).map(|why| format!("; {why}")).unwrap_or_default();
    let line = format!("{request}: {}, before any credential was asked for{why}", status_words(http));
    let key = view.target.requirement.hints.name_key.clone();
    Draft::new(Code::HttpWrongContent, line)
        .owner(owner)
        .fact("status", status)
        .fact("what", format!("status {status} to {request}, the path that the app uses,"))
        .fact("wanted", "an answer of the Messages API")
        .fact("path", request.split(' ').nth(1).unwrap_or_default())
        .fact("error", format!("{request} is answered with status {status}{why}"))
        .fact("then", "Until then no model answers.")
        .fact("key", key.as_deref())
        .key(view.target.probed.as_str())
}

/// Why a path may be wrong, where the configured address tells.
pub(crate) fn doubled(view: &View<'_>) -> Option<String> {
    let base = view.target.requirement.hints.base_path.trim_end_matches('/').to_ascii_lowercase();
    let end = ["/v1/messages", "/v1/chat/completions", "/chat/completions", "/v1/models", "/messages", "/v1"]
        .into_iter()
        .find(|end| base.ends_with(end))?;
    Some(format!("the configured address ends in {end}, and the app appends /v1/messages to it"))
}

/// A request of messages that got no whole answer, although another request to the host did.
fn broken(view: &View<'_>, http: &Http, request: &str) -> Option<Draft> {
    let (code, how) = match &http.outcome {
        HttpOutcome::Timeout => (Code::HttpTimeout, format!("no answer in {:.0} ms", http.ms)),
        HttpOutcome::BodyTimeout => (
            Code::HttpInterrupted,
            format!("{}, then the body stopped after {} bytes", status_words(http), http.body_bytes),
        ),
        HttpOutcome::Reset => (Code::HttpInterrupted, "the connection was reset before an answer".to_owned()),
        HttpOutcome::Closed => {
            (Code::HttpInterrupted, "the connection was closed before an answer".to_owned())
        }
        HttpOutcome::StreamReset { code } => {
            (Code::HttpInterrupted, format!("the HTTP/2 stream was ended with {code} before an answer"))
        }
        HttpOutcome::Alert { alert } => {
            (Code::HttpInterrupted, format!("the TLS alert {alert} came before an answer"))
        }
        HttpOutcome::Malformed { .. } | HttpOutcome::Answered | HttpOutcome::Abandoned => return None,
    };
    let times = match tries(view).count() {
        0 | 1 => "",
        _ => "; the same on a second try",
    };
    let first = view.target.request.as_ref().map_or("GET", |r| r.method.as_str());
    let line = format!("{request}: {how}, while a {first} was answered{times}");
    let silent = matches!(http.outcome, HttpOutcome::Timeout | HttpOutcome::BodyTimeout);
    if let Some(stopped) = second_cut(view).filter(|_| silent) {
        let line = format!("{line}; the run ended before a second try was over");
        return Some(Draft::new(left_by(stopped), line));
    }
    if silent && view.context.run.line.is_late() {
        let line = format!("{line}; a slow or full line looks the same ({})", view.context.run.line.words());
        return Some(Draft::new(Code::UntestedDeadline, line));
    }
    let (owner, key) = match trust::opener(view) {
        Some(issuer) => (Owner::TlsInspection, issuer.to_owned()),
        None => (view.path_owner(), view.path_key()),
    };
    let found = Draft::new(code, line).owner(owner).key(key).fact("proxy", view.proxy());
    let found = found.case("one-request").fact("request", request).fact("answered", first);
    Some(found.fact("path", request.split(' ').nth(1).unwrap_or_default()))
}

/// What ended the run while the path of the messages was being asked for again.
fn second_cut(view: &View<'_>) -> Option<Stopped> {
    let asks = view.service.map(|s| s.asks.as_slice()).unwrap_or_default();
    let mut again = view.context.observations.follow_ups().filter(|(a, follow_up)| {
        (a.target, a.path) == (view.target.id, view.attempt.path)
            && asks.iter().any(|ask| is_of_messages(ask, follow_up))
    });
    again.find_map(|(a, _)| a.cut)
}

/// Every answer to a request of messages came late.
fn late(view: &View<'_>, request: &str) -> Option<Draft> {
    let mut times: Vec<f64> = view
        .context
        .observations
        .follow_ups()
        .filter(|(a, f)| {
            let asks = view.service.map(|s| s.asks.as_slice()).unwrap_or_default();
            (a.target, a.path) == (view.target.id, view.attempt.path)
                && a.cut.is_none()
                && asks.iter().any(|ask| is_of_messages(ask, f))
        })
        .filter_map(|(a, _)| slow::waited(a))
        .collect();
    if times.len() < MEASURES || view.context.run.line.is_late() {
        return None;
    }
    times.sort_by(f64::total_cmp);
    let middle = times.get(times.len() / 2).copied().filter(|ms| slow::is_slow(*ms))?;
    let line = format!(
        "three times {request}: the middle one waited {middle:.0} ms for the first byte, beyond one round trip"
    );
    let found = Draft::new(Code::HttpSlow, line).proven().fact("ms", middle.round());
    let found = found.fact(
        "slow",
        format!(
            "the first byte of {request} takes {middle:.0} ms beyond one round trip, the middle of three"
        ),
    );
    Some(found.key(operator(view.target, view.context.services)))
}

fn led(mut found: Draft, request: &str) -> Draft {
    found.line = format!("{request}: {}", found.line);
    found
}

fn titled(http: &Http) -> String {
    match title(&http.body) {
        title if is_html(http) && !title.is_empty() => format!(", a page titled {title:?}"),
        _ => String::new(),
    }
}
