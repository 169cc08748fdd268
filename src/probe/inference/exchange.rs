//! One request that may carry a credential, on a connection that was decided upon; and its answer,
//! read as a document or as a stream. What was seen is kept outside the future that sees it.

use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::{ACCEPT, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use tokio::time::Instant;

use crate::config::Secret;
use crate::observation::{Call, CallOutcome, HttpOutcome, StreamEnd, Usage};
use crate::rules::headers::Headers;
use crate::rules::inference::Framing;
use crate::text::answer::{cdn_error, plain};
use crate::text::token::{HIDDEN, shown_field};

use super::super::http::{self, FIELDS, HEAD, Nursery};
use super::super::metered::{BoxedIo, Metered};
use super::super::{headers, millis, sanitise};
use super::secrets::Secrets;
use super::stream::{Event, Reader};

/// Bytes of an answer that are read.
const BODY: usize = 1024 * 1024;
/// Times of events that are kept.
const EVENTS: usize = 256;
/// Models of a list that are kept.
const MODELS: usize = 300;
/// Characters of a model's name that can be asked for.
const NAME: usize = 300;
/// Words of an error that are kept.
const WORDS: usize = 24;
/// Bytes of a message that are looked through.
const MESSAGE: usize = 16 * 1024;
/// Texts found in a message that are kept.
const SAID: usize = 4;

/// A request.
pub(super) struct Outgoing {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    /// Headers that are never shown, in no `Debug` of any library.
    pub(super) secrets: Vec<(String, Secret)>,
    pub(super) body: Secret,
}

/// How an answer of success is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// A token.
    Token,
    /// A list of models: the member that holds it, and the member that names one.
    Models(String, String),
    /// A stream.
    Stream(Framing),
    /// Any.
    Any,
}

/// The record of a call while it is made.
#[derive(Clone)]
pub(super) struct Log {
    inner: Arc<Mutex<Inner>>,
    begun: Instant,
    /// Which response headers are kept with their values.
    allowed: Arc<Headers>,
}

struct Inner {
    call: Call,
    secrets: Secrets,
    /// Texts to be looked for in messages of errors.
    phrases: Arc<[String]>,
    /// Names of models as the service wrote them, to be asked for; never a part of the record.
    models: Vec<String>,
    sent: Option<Instant>,
    ended: bool,
}

impl Log {
    /// A call that begins now.
    pub(super) fn new(call: Call, allowed: Arc<Headers>, phrases: Arc<[String]>) -> Self {
        let secrets = Secrets::default();
        let inner = Inner { call, secrets, phrases, models: Vec::new(), sent: None, ended: false };
        Self { inner: Arc::new(Mutex::new(inner)), begun: Instant::now(), allowed }
    }

    /// Changes the record; `ms` counts from the request on.
    pub(super) fn update(&self, change: impl FnOnce(&mut Call, f64)) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let ms = millis(inner.sent.unwrap_or(self.begun).elapsed());
        change(&mut inner.call, ms);
    }

    /// From now on these are taken out of every text that comes back.
    pub(super) fn guard(&self, secrets: Secrets) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).secrets = secrets;
    }

    fn secrets(&self) -> Secrets {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).secrets.clone()
    }

    fn phrases(&self) -> Arc<[String]> {
        Arc::clone(&self.inner.lock().unwrap_or_else(PoisonError::into_inner).phrases)
    }

    /// The models that were listed, as the service wrote their names. Left out are names that hold a
    /// whole secret, or that no request could carry.
    pub(super) fn models(&self) -> Vec<String> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).models.clone()
    }

    /// The request is written now.
    pub(super) fn sent(&self) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).sent = Some(Instant::now());
    }

    /// It is over.
    pub(super) fn end(&self, outcome: CallOutcome) {
        self.update(|call, ms| {
            call.outcome = outcome;
            call.ms = ms;
        });
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
    }

    /// The record as it is; `cut` is its outcome where it is not over.
    pub(super) fn read(&self, cut: CallOutcome) -> Call {
        if !self.inner.lock().unwrap_or_else(PoisonError::into_inner).ended {
            self.end(cut);
        }
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).call.clone()
    }
}

type Sent = Request<Full<Bytes>>;

/// Sends the request and reads the answer into `log`. Gives a token where one was asked for.
pub(super) async fn send(
    log: &Log,
    io: BoxedIo,
    h2: bool,
    endpoint: &http::Endpoint,
    request: Outgoing,
    answer: Answer,
) -> Option<Secret> {
    let (io, meter) = Metered::new(io);
    let built = match build(endpoint, &request, h2) {
        Ok(built) => built,
        Err(error) => {
            log.end(CallOutcome::NotSent { reason: error });
            return None;
        }
    };
    log.sent();
    log.update(|call, _| (if h2 { "HTTP/2" } else { "HTTP/1.1" }).clone_into(&mut call.version));
    let beside = Nursery::default();
    let result = exchange(log, TokioIo::new(io), h2, built, answer, &beside).await;
    match result {
        Ok(token) => {
            log.end(CallOutcome::Answered);
            token
        }
        Err(error) => {
            log.end(match http::outcome(&error, &meter) {
                HttpOutcome::Reset => CallOutcome::Reset,
                HttpOutcome::Closed | HttpOutcome::Answered | HttpOutcome::Abandoned => CallOutcome::Closed,
                HttpOutcome::Timeout | HttpOutcome::BodyTimeout => CallOutcome::Timeout,
                HttpOutcome::Alert { alert } => CallOutcome::Alert { alert },
                HttpOutcome::StreamReset { code } => CallOutcome::StreamReset { code },
                HttpOutcome::Malformed { error } => CallOutcome::Malformed { error },
            });
            None
        }
    }
}

async fn exchange(
    log: &Log,
    io: TokioIo<Metered<BoxedIo>>,
    h2: bool,
    request: Sent,
    answer: Answer,
    beside: &Nursery,
) -> hyper::Result<Option<Secret>> {
    let response = if h2 {
        let (mut sender, connection) = http2::Builder::new(beside.spawner())
            .timer(TokioTimer::new())
            .max_header_list_size(HEAD as u32)
            .handshake(io)
            .await?;
        beside.spawn(connection);
        sender.send_request(request).await?
    } else {
        let (mut sender, connection) =
            http1::Builder::new().max_headers(FIELDS).max_buf_size(HEAD).handshake(io).await?;
        beside.spawn(connection);
        sender.send_request(request).await?
    };
    read(log, response, answer).await
}

async fn read(log: &Log, response: Response<Incoming>, answer: Answer) -> hyper::Result<Option<Secret>> {
    let success = response.status().is_success();
    let mut kind = String::new();
    let secrets = log.secrets();
    log.update(|call, ms| {
        // Before anything is cut: what is left of a secret would not be known for one.
        let fields: Vec<(&str, String)> = response
            .headers()
            .iter()
            .map(|(n, v)| (n.as_str(), secrets.clean(&String::from_utf8_lossy(v.as_bytes()))))
            .collect();
        call.headers = headers::keep(&log.allowed, fields.iter().map(|(n, v)| (*n, v.as_bytes()))).0;
        call.status = Some(response.status().as_u16());
        call.first_byte_ms = Some(ms);
        kind = call.header("content-type").unwrap_or_default().to_ascii_lowercase();
    });
    let streamed =
        kind.starts_with("text/event-stream") || kind.starts_with("application/vnd.amazon.eventstream");
    let mut reader = match &answer {
        Answer::Stream(framing) if success && (streamed || kind.is_empty()) => Some(Reader::new(*framing)),
        _ => None,
    };
    if reader.is_some() {
        log.update(|call, _| call.stream = Some(StreamEnd::Early));
    }
    let mut body = response.into_body();
    let mut kept: Vec<u8> = Vec::new();
    let mut total = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame?;
        let Some(data) = frame.data_ref() else { continue };
        total += data.len();
        log.update(|call, ms| call.last_byte_ms = Some(ms));
        match &mut reader {
            Some(reader) => {
                for event in reader.feed(data) {
                    note(log, event);
                }
            }
            None => kept.extend_from_slice(
                data.get(..data.len().min(BODY.saturating_sub(kept.len()))).unwrap_or_default(),
            ),
        }
        if total >= BODY {
            break;
        }
    }
    if reader.is_some() {
        return Ok(None);
    }
    Ok(document(log, &kept, success, answer))
}

/// Notes one event of a stream.
fn note(log: &Log, event: Event) {
    let secrets = log.secrets();
    log.update(|call, ms| {
        call.first_event_ms.get_or_insert(ms);
        let usage = call.usage.unwrap_or_default();
        match event {
            Event::Start { input, output } => call.usage = Some(Usage { input, output }),
            Event::Piece => {
                call.events += 1;
                if call.events_ms.len() < EVENTS {
                    call.events_ms.push(ms);
                }
            }
            Event::Count { output } => call.usage = Some(Usage { output, ..usage }),
            Event::Stop => call.stream = Some(StreamEnd::Complete),
            Event::Error { kind } => {
                call.stream = Some(StreamEnd::Error);
                call.error.push(("event".to_owned(), secrets.line(&kind)));
            }
            Event::Other => {}
        }
    });
}

/// Reads an answer that is one document.
fn document(log: &Log, body: &[u8], success: bool, answer: Answer) -> Option<Secret> {
    let json = serde_json::from_slice::<Value>(body).ok();
    let secrets = log.secrets();
    if !success {
        let text = String::from_utf8_lossy(body);
        let phrases = log.phrases();
        log.update(|call, _| {
            call.error = words(json.as_ref(), &call.headers, &text, &secrets);
            call.error.extend(said(json.as_ref(), &text, &phrases));
        });
        return None;
    }
    match answer {
        Answer::Token => json?.get("access_token")?.as_str().map(Secret::new),
        Answer::Models(list, id) => {
            let names = json.as_ref().and_then(|j| j.get(&list).or(Some(j))?.as_array()).map(|entries| {
                let name = |e: &Value| e.get(&id)?.as_str().map(str::to_owned);
                entries.iter().filter_map(name).take(MODELS).collect::<Vec<_>>()
            });
            // A name that begins like the credential is masked in the record, and must be asked for
            // as it is.
            let usable = |name: &&String| !secrets.are_in(name) && sanitise::line(name, NAME) == **name;
            log.inner.lock().unwrap_or_else(PoisonError::into_inner).models =
                names.iter().flatten().filter(usable).cloned().collect();
            log.update(|call, _| match names {
                Some(names) => call.models = names.iter().map(|name| secrets.line(name)).collect(),
                None => call.stream = Some(StreamEnd::Other),
            });
            None
        }
        Answer::Stream(_) => {
            let message =
                json.as_ref().is_some_and(|j| j.get("type").and_then(Value::as_str) == Some("message"));
            let count = |place: &str| json.as_ref()?.pointer(place)?.as_u64();
            log.update(|call, _| {
                call.stream = Some(if message { StreamEnd::Whole } else { StreamEnd::Other });
                if let (Some(input), Some(output)) =
                    (count("/usage/input_tokens"), count("/usage/output_tokens"))
                {
                    call.usage = Some(Usage { input, output });
                }
                if !message {
                    call.error = words(json.as_ref(), &call.headers, "", &secrets);
                }
            });
            None
        }
        Answer::Any => None,
    }
}

/// The places of an error document that say what kind of error it is.
const PLACES: [&str; 13] = [
    "type",
    "code",
    "__type",
    "error",
    "error.type",
    "error.code",
    "error.status",
    "error.innererror.code",
    "error.details.reason",
    "error.details.violations.type",
    "error.details.violations.subject",
    "error.details.metadata.quota_limit_value",
    "error.details.metadata.quota_metric",
];

/// What is kept of an error, apart from the connection that it comes by.
pub(in super::super) fn error_words(
    headers: &[(String, String)],
    body: &str,
    phrases: &[String],
) -> Vec<(String, String)> {
    let json = serde_json::from_str::<Value>(body).ok();
    let mut found = words(json.as_ref(), headers, body, &Secrets::default());
    found.extend(said(json.as_ref(), body, phrases));
    found
}

/// Which of the texts the message of an error holds; of the message itself nothing is kept.
fn said(json: Option<&Value>, text: &str, phrases: &[String]) -> Vec<(String, String)> {
    let mut message = String::new();
    match json {
        Some(json) => texts(json, 0, &mut message),
        None => message.push_str(text.get(..text.floor_char_boundary(MESSAGE)).unwrap_or_default()),
    }
    let message = plain(&message);
    let held = phrases.iter().filter(|p| message.contains(p.as_str())).take(SAID);
    held.map(|p| ("message".to_owned(), p.clone())).collect()
}

/// Every text in a JSON value, one after another.
fn texts(value: &Value, depth: usize, into: &mut String) {
    if depth > 8 || into.len() > MESSAGE {
        return;
    }
    match value {
        Value::String(text) => {
            into.push_str(text);
            into.push('\n');
        }
        Value::Array(entries) => entries.iter().for_each(|v| texts(v, depth + 1, into)),
        Value::Object(members) => members.values().for_each(|v| texts(v, depth + 1, into)),
        _ => {}
    }
}

/// Types, codes and reasons of an error; no message texts.
fn words(
    json: Option<&Value>,
    headers: &[(String, String)],
    text: &str,
    secrets: &Secrets,
) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut put = |place: &str, value: &str| {
        let value = secrets.line(value);
        if found.len() < WORDS && !value.is_empty() {
            found.push((place.to_owned(), value));
        }
    };
    if let Some((_, value)) = headers.iter().find(|(n, _)| n == "x-amzn-errortype") {
        // The name may be followed by a namespace or a documentation address.
        let name = value.split([':', ';']).next().unwrap_or_default().trim();
        put("x-amzn-errortype", name.rsplit('#').next().unwrap_or(name));
    }
    if headers.iter().any(|(n, _)| n == "cf-ray")
        && let Some(code) = cdn_error(text)
    {
        put("cf-error", &code.to_string());
    }
    let Some(json) = json else { return found };
    for place in PLACES {
        let mut values = vec![json];
        for name in place.split('.') {
            values = values
                .into_iter()
                .flat_map(|v| match v {
                    Value::Array(entries) => entries.iter().take(8).collect(),
                    other => vec![other],
                })
                .filter_map(|v| v.get(name))
                .collect();
        }
        for value in values {
            match value {
                // The last part of a shape name is the type: `com.amazon.x#ThrottlingException`.
                Value::String(text) if place == "__type" => {
                    put(place, text.rsplit('#').next().unwrap_or(text))
                }
                // Some servers put a sentence there.
                Value::String(text) if place == "error" && text.contains(char::is_whitespace) => {}
                Value::String(text) => put(place, text),
                Value::Number(number) => put(place, &number.to_string()),
                _ => {}
            }
        }
    }
    found
}

fn build(endpoint: &http::Endpoint, request: &Outgoing, h2: bool) -> Result<Sent, String> {
    let authority = endpoint.authority();
    let scheme = if endpoint.tls { "https" } else { "http" };
    let uri = if h2 { format!("{scheme}://{authority}{}", request.path) } else { request.path.clone() };
    // Nothing that a library says of a header value is passed on: it may be the secret.
    let text = |e: &dyn std::fmt::Display| format!("the request cannot be built: {e}");
    let mut built = Request::builder()
        .method(Method::from_bytes(request.method.as_bytes()).map_err(|e| text(&e))?)
        .uri(uri)
        .body(Full::new(Bytes::from(request.body.expose().to_owned())))
        .map_err(|e| text(&e))?;
    let fields = built.headers_mut();
    if !h2 {
        fields.insert(HOST, HeaderValue::from_str(&authority).map_err(|e| text(&e))?);
    }
    fields.insert(USER_AGENT, HeaderValue::from_static(super::super::USER_AGENT));
    fields.insert(ACCEPT, HeaderValue::from_static("*/*"));
    let bad = |name: &str| {
        format!("the header {} holds a character that no header may have", shown_field(name, HIDDEN))
    };
    for (name, value) in &request.headers {
        let field = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad(name))?;
        fields.insert(field, HeaderValue::from_str(value).map_err(|_| bad(name))?);
    }
    for (name, value) in &request.secrets {
        let field = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad(name))?;
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| bad(name))?;
        value.set_sensitive(true);
        fields.insert(field, value);
    }
    Ok(built)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_error_is_reduced_to_its_types_codes_and_reasons() {
        let json: Value = serde_json::from_str(
            r#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"secret words","details":[{"reason":"SECURITY_POLICY_VIOLATED","metadata":{"uid":"u"}},{"violations":[{"type":"VPC_SERVICE_CONTROLS"}]}]}}"#,
        )
        .unwrap();
        let found =
            words(Some(&json), &[("x-amzn-errortype".into(), "A:http://x".into())], "", &Secrets::default());
        let of = |place: &str| found.iter().find(|(p, _)| p == place).map(|(_, v)| v.as_str());
        assert_eq!(of("error.code"), Some("403"));
        assert_eq!(of("error.status"), Some("PERMISSION_DENIED"));
        assert_eq!(of("error.details.reason"), Some("SECURITY_POLICY_VIOLATED"));
        assert_eq!(of("error.details.violations.type"), Some("VPC_SERVICE_CONTROLS"));
        assert_eq!(of("x-amzn-errortype"), Some("A"));
        assert!(!found.iter().any(|(_, v)| v.contains("secret")));
    }

    #[test]
    fn of_a_message_only_the_texts_looked_for_are_kept() {
        let phrases = ["balance is too low".to_owned(), "country".to_owned()];
        let body = r#"{"error":{"message":"Your BALANCE is too\n low, jane@corp.example"}}"#;
        let json = serde_json::from_str(body).unwrap();
        let kept = [("message".to_owned(), "balance is too low".to_owned())];
        assert_eq!(said(Some(&json), body, &phrases), kept);
        assert_eq!(said(None, "<p>balance is&#32;too low</p>", &phrases), kept);
        assert!(said(None, &"é".repeat(MESSAGE), &phrases).is_empty());
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_named_without_its_value() {
        let endpoint = http::Endpoint { host: "a.example".into(), port: 443, tls: true };
        let request = Outgoing {
            method: "GET".into(),
            path: "/".into(),
            headers: Vec::new(),
            secrets: vec![("authorization".into(), Secret::new("pLaNt3d\nx"))],
            body: Secret::new(""),
        };
        let error = build(&endpoint, &request, false).unwrap_err();
        assert!(error.contains("authorization") && !error.contains("pLaNt3d"), "{error}");
        let good = Outgoing { secrets: vec![("authorization".into(), Secret::new("pLaNt3d"))], ..request };
        assert!(!format!("{:?}", build(&endpoint, &good, true).unwrap()).contains("pLaNt3d"));
    }
}
