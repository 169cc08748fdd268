//! One HTTP exchange on a stream that was measured before: the plan's request, and of its answer
//! the head and of the body what the request asks for. Nothing is followed, nothing is sent twice.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::contract::endpoint::authority_unless;
use crate::observation::{DocumentKind, HttpOutcome, Transfer, TransferEnd};
use crate::plan::{self, Keep};

use super::metered::{BoxedIo, End, Meter, Metered};
use super::record::Recorder;
use super::{body, headers, millis, sanitise};

/// Bytes of a body that are read; then the connection is dropped.
const BODY: usize = 8 * 1024;
/// Bytes of a body that are read where the names of its members are kept: a whole configuration.
const WHOLE: usize = 1024 * 1024;
/// Bytes of a file that may be under way over HTTP/2: 80 MB/s at 50 ms.
const FILE_WINDOW: u32 = 4 << 20;
/// The header by which an MCP server opens a session.
const SESSION: &str = "mcp-session-id";
/// Bytes of a response head that are read.
pub(super) const HEAD: usize = 32 * 1024;
/// Header fields of a response head that are read.
pub(super) const FIELDS: usize = 200;

/// Where a request goes.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    /// Name or address literal.
    pub(super) host: String,
    /// Port.
    pub(super) port: u16,
    /// Whether the stream is TLS.
    pub(super) tls: bool,
}

impl Endpoint {
    /// `host` or `host:port`, the address in brackets where it has colons.
    pub(super) fn authority(&self) -> String {
        let default = if self.tls { 443 } else { 80 };
        authority_unless(&self.host, self.port, default)
    }
}

/// An exchange with a whole answer.
pub(super) struct Done {
    /// Number of its record.
    pub(super) number: usize,
    /// The session that the server opened for the request; a secret while it lasts.
    pub(super) session: Option<HeaderValue>,
    /// The document, where its values must not be recorded.
    pub(super) secret: Option<Vec<u8>>,
}

/// What an answer left beside its record.
#[derive(Default)]
struct Left {
    session: Option<HeaderValue>,
    secret: Option<Vec<u8>>,
}

/// Why there is no whole answer.
enum Broken {
    /// The library says so, or the stream below it.
    Stream(hyper::Error),
    /// A pause longer than a stage, in the body or before the head.
    Paused,
}

impl From<hyper::Error> for Broken {
    fn from(error: hyper::Error) -> Self {
        Self::Stream(error)
    }
}

/// Sends the request and reads its answer. Gives the number of the record when there was a whole
/// one, otherwise how it ended; the record says so too. `patience`: the longest pause in the
/// transfer of a file, whose whole time nobody bounds but the run.
pub(super) async fn exchange(
    recorder: Arc<Recorder>,
    io: BoxedIo,
    h2: bool,
    endpoint: Endpoint,
    request: plan::Request,
    confirm: bool,
    patience: Duration,
) -> Result<Done, HttpOutcome> {
    let (io, meter) = Metered::new(io);
    let number = recorder.http_begin(if h2 { "HTTP/2" } else { "HTTP/1.1" }, confirm);
    let failed = |outcome: HttpOutcome| {
        recorder.http_end(number, outcome.clone());
        Err(outcome)
    };
    let built = match build(&endpoint, &request, h2) {
        Ok(built) => built,
        Err(error) => {
            let error = format!("the request could not be built: {}", sanitise::line(&error, 200));
            return failed(HttpOutcome::Malformed { error });
        }
    };
    let log = Log { recorder: Arc::clone(&recorder), number, keep: request.keep.clone(), patience };
    let result = if h2 {
        over_h2(log, TokioIo::new(io), built).await
    } else {
        over_h1(log, TokioIo::new(io), built).await
    };
    match result {
        Ok(Left { session, secret }) => {
            recorder.http_end(number, HttpOutcome::Answered);
            Ok(Done { number, session, secret })
        }
        Err(Broken::Stream(error)) => failed(outcome(&error, &meter)),
        Err(Broken::Paused) => failed(recorder.http_pause(number)),
    }
}

/// Where one exchange is written down.
struct Log {
    recorder: Arc<Recorder>,
    number: usize,
    keep: Keep,
    patience: Duration,
}

type Sent = Request<Full<Bytes>>;
type Plain = TokioIo<Metered<BoxedIo>>;

async fn over_h1(log: Log, io: Plain, request: Sent) -> Result<Left, Broken> {
    let (mut sender, connection) =
        http1::Builder::new().max_headers(FIELDS).max_buf_size(HEAD).handshake(io).await?;
    let beside = Nursery::default();
    beside.spawn(connection);
    let response = match log.keep {
        Keep::Digest { .. } => {
            let sent = tokio::time::timeout(log.patience, sender.send_request(request)).await;
            sent.map_err(|_| Broken::Paused)??
        }
        _ => sender.send_request(request).await?,
    };
    read(log, response).await
}

async fn over_h2(log: Log, io: Plain, request: Sent) -> Result<Left, Broken> {
    let beside = Nursery::default();
    // A file would come at one window in each round trip.
    let (stream, connection) = match log.keep {
        Keep::Digest { .. } => (FILE_WINDOW, FILE_WINDOW),
        _ => (2 * BODY as u32, 64 * 1024 - 1),
    };
    let (mut sender, connection) = http2::Builder::new(Spawner(Arc::clone(&beside.0)))
        .timer(TokioTimer::new())
        .initial_stream_window_size(stream)
        .initial_connection_window_size(connection)
        .max_header_list_size(HEAD as u32)
        .handshake(io)
        .await?;
    beside.spawn(connection);
    let response = match log.keep {
        Keep::Digest { .. } => {
            let sent = tokio::time::timeout(log.patience, sender.send_request(request)).await;
            sent.map_err(|_| Broken::Paused)??
        }
        _ => sender.send_request(request).await?,
    };
    read(log, response).await
}

async fn read(log: Log, response: Response<Incoming>) -> Result<Left, Broken> {
    let status = response.status();
    log.recorder.http_update(log.number, |record, ms| {
        let fields = response.headers().iter().map(|(n, v)| (n.as_str(), v.as_bytes()));
        (record.headers, record.header_names) = headers::keep(&log.recorder.allowed, fields);
        record.status = Some(status.as_u16());
        record.first_byte_ms = Some(ms);
        if response.version() == Version::HTTP_10 {
            "HTTP/1.0".clone_into(&mut record.version);
        }
    });
    let session = response.headers().get(SESSION).cloned().map(|mut value| {
        value.set_sensitive(true);
        value
    });
    // A file's part that is refused is an answer like any other.
    if let Keep::Digest { bytes, ms } = log.keep
        && response.status().is_success()
    {
        let until = ms.map(|ms| Instant::now() + Duration::from_millis(ms));
        return transfer(&log, response.into_body(), bytes, until).await;
    }
    let media = response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let event_stream = media.trim_start().to_ascii_lowercase().starts_with("text/event-stream");
    let cap = match log.keep {
        Keep::Beginning | Keep::Digest { .. } => BODY,
        Keep::Members { .. } | Keep::Checksum { .. } => body::LONGEST,
        Keep::Names => WHOLE,
    };
    let mut body = response.into_body();
    let mut bytes: Vec<u8> = Vec::new();
    let mut ended = Ok(());
    let mut more = true;
    while bytes.len() < cap {
        match body.frame().await {
            None => {
                more = false;
                break;
            }
            Some(Err(error)) => {
                ended = Err(error);
                break;
            }
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    let part = data.get(..data.len().min(cap - bytes.len())).unwrap_or_default();
                    bytes.extend_from_slice(part);
                    // Kept piece by piece, in case time runs out before the end.
                    log.recorder.http_update(log.number, |record, _| {
                        if log.keep != Keep::Names && record.body.len() < BODY {
                            record.body.push_str(&sanitise::block(part, BODY));
                        }
                        record.body_bytes = bytes.len();
                    });
                    // A stream does not end; one event is an answer.
                    if event_stream && !matches!(log.keep, Keep::Beginning) && body::has_event(&bytes) {
                        break;
                    }
                }
                // Where gRPC says how the call ended.
                if let Some(trailers) = frame.trailers_ref() {
                    let fields = trailers.iter().map(|(n, v)| (n.as_str(), v.as_bytes()));
                    let (kept, names) = headers::keep(&log.recorder.allowed, fields);
                    log.recorder.http_update(log.number, |record, _| {
                        record.headers.extend(kept);
                        record.header_names.extend(names);
                    });
                }
            }
        }
    }
    let document = body::read(&log.keep, &bytes, event_stream, more);
    let is_json =
        document.as_ref().is_some_and(|d| !matches!(d.kind, DocumentKind::Other | DocumentKind::Empty));
    let secret = log.keep == Keep::Names && is_json;
    // A document is what the server gives, not what it says of a failure.
    let given = secret && status == StatusCode::OK;
    log.recorder.http_update(log.number, |record, _| {
        record.body = if secret { String::new() } else { sanitise::block(&bytes, BODY) };
        record.document = document;
    });
    ended?;
    Ok(Left { session, secret: given.then_some(bytes) })
}

/// Reads a file, or a part of it: nothing of it is kept but its length, its digest and its longest pause.
async fn transfer(log: &Log, mut body: Incoming, bytes: u64, until: Option<Instant>) -> Result<Left, Broken> {
    let mut digest = digest::Context::new(&digest::SHA256);
    let (mut read, mut pause) = (0_u64, Duration::ZERO);
    let note = |read: u64, pause: Duration, end: Option<(TransferEnd, String)>| {
        let (ended, sha256) = end.unzip();
        log.recorder.http_update(log.number, |record, _| {
            record.body_bytes = usize::try_from(read).unwrap_or(usize::MAX);
            record.transfer = Some(Transfer { bytes: read, sha256, longest_pause_ms: millis(pause), ended });
        });
    };
    note(0, pause, None);
    let (mut ended, mut cut) = (TransferEnd::Amount, false);
    while read < bytes {
        let since = Instant::now();
        let late = since + log.patience;
        let frame = tokio::time::timeout_at(until.map_or(late, |until| late.min(until)), body.frame()).await;
        pause = pause.max(since.elapsed());
        let Ok(frame) = frame else {
            if until.is_some_and(|until| until < late) {
                ended = TransferEnd::Time;
                break;
            }
            note(read, pause, None);
            return Err(Broken::Paused);
        };
        let Some(frame) = frame else {
            ended = TransferEnd::File;
            break;
        };
        if let Some(data) = frame?.data_ref() {
            let left = usize::try_from(bytes - read).unwrap_or(usize::MAX);
            let part = data.get(..data.len().min(left)).unwrap_or_default();
            cut = part.len() < data.len();
            digest.update(part);
            read += part.len() as u64;
            note(read, pause, None);
        }
        // A line without a pause never waits above.
        if until.is_some_and(|until| Instant::now() >= until) {
            ended = TransferEnd::Time;
            break;
        }
    }
    if ended == TransferEnd::Amount && !cut && body.is_end_stream() {
        ended = TransferEnd::File;
    }
    note(read, pause, Some((ended, hex(digest.finish().as_ref()))));
    Ok(Left::default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn build(endpoint: &Endpoint, request: &plan::Request, h2: bool) -> Result<Sent, String> {
    let text = |e: &dyn std::fmt::Display| e.to_string();
    let authority = endpoint.authority();
    let scheme = if endpoint.tls { "https" } else { "http" };
    let uri = if h2 { format!("{scheme}://{authority}{}", request.path) } else { request.path.clone() };
    let mut built = Request::builder()
        .method(Method::from_bytes(request.method.as_bytes()).map_err(|e| text(&e))?)
        .uri(uri)
        .body(Full::new(Bytes::from(request.body.clone())))
        .map_err(|e| text(&e))?;
    let fields = built.headers_mut();
    if !h2 {
        fields.insert(HOST, HeaderValue::from_str(&authority).map_err(|e| text(&e))?);
    }
    fields.insert(USER_AGENT, HeaderValue::from_static(super::USER_AGENT));
    fields.insert(ACCEPT, HeaderValue::from_static("*/*"));
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|e| text(&e))?;
        fields.insert(name, HeaderValue::from_str(value).map_err(|e| text(&e))?);
    }
    Ok(built)
}

/// How a failed exchange ended. The stream below knows it; the library's error is only asked
/// whether it was the framing.
pub(super) fn outcome(error: &hyper::Error, meter: &Meter) -> HttpOutcome {
    let malformed = || HttpOutcome::Malformed { error: sanitise::line(&chain(error), 300) };
    let end = meter.read().end;
    if !matches!(end, Some(End::Alert(_)))
        && let Some(code) = reset_code(error)
    {
        return HttpOutcome::StreamReset { code };
    }
    match end {
        Some(End::Alert(alert)) => HttpOutcome::Alert { alert },
        _ if error.is_parse() => malformed(),
        Some(End::Reset) => HttpOutcome::Reset,
        Some(End::Closed) => HttpOutcome::Closed,
        Some(End::TimedOut) => HttpOutcome::Timeout,
        Some(End::Other(error)) => HttpOutcome::Malformed { error: sanitise::line(&error, 300) },
        None => malformed(),
    }
}

/// The code with which the peer ended the HTTP/2 stream or connection, by its name in RFC 9113, 7.
fn reset_code(error: &hyper::Error) -> Option<String> {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(h2) = inner.downcast_ref::<h2::Error>() {
            let told = h2.is_remote() && (h2.is_reset() || h2.is_go_away());
            return h2.reason().filter(|_| told).map(|reason| format!("{reason:?}"));
        }
        source = inner.source();
    }
    None
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

pub(super) type Tasks = Arc<Mutex<JoinSet<()>>>;

/// The tasks an exchange needs beside itself (its connection, and what HTTP/2 adds); they end with
/// it, whatever the peer still sends.
#[derive(Default)]
pub(super) struct Nursery(Tasks);

impl Nursery {
    pub(super) fn spawn<F: Future<Output: Send> + Send + 'static>(&self, task: F) {
        spawn(&self.0, task);
    }
}

impl Nursery {
    /// What lets HTTP/2 put its tasks here.
    pub(super) fn spawner(&self) -> Spawner {
        Spawner(Arc::clone(&self.0))
    }
}

impl Drop for Nursery {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}

/// Lets HTTP/2 put tasks into the nursery.
#[derive(Clone)]
pub(super) struct Spawner(Tasks);

impl<F: Future<Output: Send> + Send + 'static> hyper::rt::Executor<F> for Spawner {
    fn execute(&self, task: F) {
        spawn(&self.0, task);
    }
}

fn spawn<F: Future<Output: Send> + Send + 'static>(tasks: &Tasks, task: F) {
    tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(async move {
        task.await;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_name_the_port_only_where_it_is_not_the_default() {
        let of = |host, port, tls| Endpoint { host: str::to_owned(host), port, tls }.authority();
        assert_eq!(of("a.example", 443, true), "a.example");
        assert_eq!(of("a.example", 443, false), "a.example:443");
        assert_eq!(of("::1", 4000, false), "[::1]:4000");
    }
}
