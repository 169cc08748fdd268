//! Sends the result of a run to a collector (OTLP/HTTP). The OpenTelemetry crates encode and repeat; the requests go
//! out by the client of [`super::fetch`]: its addresses, the device's trust store, no proxy, no redirect. What the
//! collector answers is hostile text, bounded in size and time.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity as Level};
use opentelemetry::metrics::MeterProvider;
use opentelemetry::{InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request};
use opentelemetry_otlp::{
    LogExporter, MetricExporter, Protocol, RetryPolicy, WithExportConfig, WithHttpConfig,
};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter as _, SdkLogRecord, SdkLoggerProvider};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{
    Instrument, InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Stream, Temporality,
};
use prost::Message;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tokio::time::{Instant, timeout_at};

use super::fetch::{Failed, Fetcher, innermost};
use super::tcp::Reach;
use super::{Prober, sanitise};
use crate::contract::Severity;
use crate::telemetry::{Attribute, Collector, Delivery, Headers, Hidden, Record, Signal, Taken, Telemetry};

/// Time for everything that is sent to a collector, name lookup and repetition included.
pub const BUDGET: Duration = Duration::from_secs(5);
/// Most bytes of one request; collectors take 20 MiB unless they are told otherwise.
const LARGEST_REQUEST: usize = 16 * 1024 * 1024;
/// Most bytes of an answer that are read.
const LARGEST_ANSWER: usize = 64 * 1024;
/// Most characters of a collector's own words that are shown.
const WORDS: usize = 200;
/// The media type of what is sent, and of what a collector answers.
const PROTOBUF: &str = "application/x-protobuf";

impl Prober {
    /// Sends metrics and logs to the collector, within [`BUDGET`]. Logs are not tried where the metrics found nobody.
    pub async fn deliver(&self, collector: &Collector, headers: &Headers, what: &Telemetry) -> Delivery {
        let deadline = Instant::now() + BUDGET;
        let resource = resource(what);
        let fetcher = match timeout_at(
            deadline,
            self.fetcher(&collector.url(Signal::Metrics), Reach::Anywhere, BUDGET),
        )
        .await
        {
            Ok(Ok(fetcher)) if fetcher.addresses().all(|a| collector.may_be_at(a)) => fetcher,
            Ok(Ok(_)) => {
                return not_sent("its name leads to an address that is not of this device, without TLS");
            }
            Ok(Err(why)) => return not_sent(&why),
            Err(_) => return not_sent(&late()),
        };
        let fetcher = Arc::new(fetcher);
        let hidden = Arc::new(Hidden::of(collector, headers));
        let line = |signal| Line::new(&fetcher, headers, &hidden, signal);
        let sent = async |line: &Line| metrics(line, collector, &resource, what, deadline).await;
        let metrics = taken(line(Signal::Metrics), deadline, sent).await;
        if let Taken::Unreached(_) | Taken::Insecure(_) = metrics {
            return Delivery { metrics, logs: Taken::NotSent(String::new()) };
        }
        if rest(deadline).is_zero() {
            return Delivery { metrics, logs: Taken::NotSent("no time was left".to_owned()) };
        }
        let sent = async |line: &Line| logs(line, collector, &resource, what, deadline).await;
        let logs = taken(line(Signal::Logs), deadline, sent).await;
        Delivery { metrics, logs }
    }
}

/// What became of one kind of data: `send` brings it over the line, until the deadline.
async fn taken(
    line: Result<Line, String>,
    deadline: Instant,
    send: impl AsyncFnOnce(&Line) -> Result<(), String>,
) -> Taken {
    match line {
        Ok(line) => {
            let sent = timeout_at(deadline, send(&line)).await;
            line.outcome(sent.ok()).unwrap_or_else(|| Taken::Unreached(late()))
        }
        Err(why) => Taken::NotSent(why),
    }
}

fn not_sent(why: &str) -> Delivery {
    Delivery { metrics: Taken::Unreached(sanitise::line(why, WORDS)), logs: Taken::NotSent(String::new()) }
}

/// What is said where time is up.
fn late() -> String {
    format!("no answer within {} s", BUDGET.as_secs())
}

/// A try again where a collector is busy or the first connection was lost.
fn policy() -> RetryPolicy {
    RetryPolicy::recommended().with_max_retries(1).with_initial_delay(Duration::from_millis(300))
}

/// The time that is left.
fn rest(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// An exporter to this address over `line`, in the time that is left.
fn over<B: WithExportConfig + WithHttpConfig>(line: &Line, url: &str, deadline: Instant, builder: B) -> B {
    builder
        .with_http_client(line.clone())
        .with_endpoint(url)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(rest(deadline))
        .with_retry_policy(policy())
        .with_max_request_body_size(LARGEST_REQUEST)
}

async fn metrics(
    line: &Line,
    collector: &Collector,
    resource: &Resource,
    what: &Telemetry,
    deadline: Instant,
) -> Result<(), String> {
    let exporter =
        over(line, collector.url(Signal::Metrics).as_str(), deadline, MetricExporter::builder().with_http())
            .build()
            .map_err(|e| e.to_string())?;
    let samples = samples(resource, what).map_err(|e| e.to_string())?;
    exporter.export(&samples).await.map_err(|e| e.to_string())
}

async fn logs(
    line: &Line,
    collector: &Collector,
    resource: &Resource,
    what: &Telemetry,
    deadline: Instant,
) -> Result<(), String> {
    let mut exporter =
        over(line, collector.url(Signal::Logs).as_str(), deadline, LogExporter::builder().with_http())
            .build()
            .map_err(|e| e.to_string())?;
    exporter.set_resource(resource);
    let scope = scope();
    let records: Vec<SdkLogRecord> = records(what);
    let batch: Vec<(&SdkLogRecord, &InstrumentationScope)> = records.iter().map(|r| (r, &scope)).collect();
    exporter.export(LogBatch::new(&batch)).await.map_err(|e| e.to_string())
}

/// What says of data that it is Clearway's.
fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("clearway").with_version(env!("CARGO_PKG_VERSION")).build()
}

/// The resource, of the run alone: `OTEL_RESOURCE_ATTRIBUTES` of this device is not read, for nobody masks it.
fn resource(what: &Telemetry) -> Resource {
    let value = |attribute: &Attribute| match attribute {
        Attribute::Text(text) => Value::from(text.clone()),
        Attribute::List(all) => {
            Value::Array(all.iter().cloned().map(StringValue::from).collect::<Vec<_>>().into())
        }
        Attribute::Whole(n) => Value::from(*n),
        Attribute::Flag(flag) => Value::from(*flag),
    };
    let attributes = what.resource.iter().map(|(name, of)| KeyValue::new(name.clone(), value(of)));
    Resource::builder_empty().with_attributes(attributes).build()
}

/// The samples as the SDK hands them to an exporter.
fn samples(
    resource: &Resource,
    what: &Telemetry,
) -> Result<ResourceMetrics, opentelemetry_sdk::error::OTelSdkError> {
    // A list may have more hosts than the SDK takes sets of labels for.
    let limit = what.sample_count() + 1;
    let reader = Read(Arc::new(ManualReader::builder().build()));
    let provider = SdkMeterProvider::builder()
        .with_reader(reader.clone())
        .with_resource(resource.clone())
        .with_view(move |_: &Instrument| Stream::builder().with_cardinality_limit(limit).build().ok())
        .build();
    let meter = provider.meter_with_scope(scope());
    for metric in &what.metrics {
        let gauge = meter.f64_gauge(metric.name).with_description(metric.help).build();
        for (labels, value) in metric.samples() {
            let labels: Vec<KeyValue> =
                labels.iter().map(|(name, value)| KeyValue::new(*name, value.clone())).collect();
            gauge.record(value.value(), &labels);
        }
    }
    let mut read = ResourceMetrics::default();
    reader.collect(&mut read)?;
    Ok(read)
}

/// A reader that is asked once. (The provider takes one reader as its own.)
#[derive(Debug, Clone)]
struct Read(Arc<ManualReader>);

impl MetricReader for Read {
    fn register_pipeline(&self, pipeline: std::sync::Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, read: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(read)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.0.temporality(kind)
    }
}

/// The records as the SDK hands them to an exporter.
fn records(what: &Telemetry) -> Vec<SdkLogRecord> {
    let logger = SdkLoggerProvider::builder().build().logger("clearway");
    let now = SystemTime::now();
    let began = what.began.and_then(|s| u64::try_from(s).ok()).map(|s| UNIX_EPOCH + Duration::from_secs(s));
    let record = |of: &Record| {
        let mut record = logger.create_log_record();
        record.set_event_name(of.event);
        record.set_timestamp(began.unwrap_or(now));
        record.set_observed_timestamp(now);
        let (level, text) = match of.severity {
            Severity::Error => (Level::Error, "ERROR"),
            Severity::Warning => (Level::Warn, "WARN"),
            Severity::Info => (Level::Info, "INFO"),
        };
        record.set_severity_number(level);
        record.set_severity_text(text);
        record.set_body(AnyValue::from(of.body.clone()));
        for (name, attribute) in &of.attributes {
            record.add_attribute(*name, any(attribute));
        }
        record
    };
    what.records.iter().map(record).collect()
}

fn any(attribute: &Attribute) -> AnyValue {
    match attribute {
        Attribute::Text(text) => AnyValue::from(text.clone()),
        Attribute::List(all) => {
            AnyValue::ListAny(Box::new(all.iter().cloned().map(AnyValue::from).collect()))
        }
        Attribute::Whole(n) => AnyValue::from(*n),
        Attribute::Flag(flag) => AnyValue::from(*flag),
    }
}

/// What carries the requests of one kind of data, and keeps how the last of them was answered.
#[derive(Clone)]
struct Line {
    fetcher: Arc<Fetcher>,
    headers: HeaderMap,
    hidden: Arc<Hidden>,
    signal: Signal,
    last: Arc<Mutex<Option<Taken>>>,
}

/// The bytes of a request. They are asked for once a connection stands (with https, once its certificate was accepted):
/// from then on nobody knows what arrived, until there is an answer.
struct Sent {
    bytes: Full<Bytes>,
    begun: Arc<AtomicBool>,
    line: Line,
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.begun.swap(true, Ordering::SeqCst) {
            self.line.keep(Taken::Unclear(late()));
        }
        Pin::new(&mut self.bytes).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_end_stream()
    }

    /// As it is known, so that the request has a length.
    fn size_hint(&self) -> SizeHint {
        self.bytes.size_hint()
    }
}

/// Without the headers.
impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Line({})", self.signal.noun())
    }
}

impl Line {
    fn new(
        fetcher: &Arc<Fetcher>,
        headers: &Headers,
        hidden: &Arc<Hidden>,
        signal: Signal,
    ) -> Result<Self, String> {
        let mut map = HeaderMap::new();
        map.insert(CONTENT_TYPE, HeaderValue::from_static(PROTOBUF));
        for (name, secret) in headers.of(signal) {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|e| e.to_string())?;
            let mut value = HeaderValue::from_str(secret.expose()).map_err(|e| e.to_string())?;
            value.set_sensitive(true);
            map.insert(name, value);
        }
        let (fetcher, hidden) = (Arc::clone(fetcher), Arc::clone(hidden));
        Ok(Self { fetcher, headers: map, hidden, signal, last: Arc::default() })
    }

    fn keep(&self, taken: Taken) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(taken);
    }

    /// Keeps why a request was not sent, unless an earlier one was: what became of that counts.
    fn keep_failed(&self, failed: Failed, why: &str) {
        let why = sanitise::line(why, WORDS);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(&*last, None | Some(Taken::Unreached(_) | Taken::Insecure(_))) {
            *last = Some(match failed {
                Failed::Tls => Taken::Insecure(why),
                Failed::Unreached | Failed::Unanswered => Taken::Unreached(why),
            });
        }
    }

    /// How it ended: as the last answer says; where there was no request, why; nothing where time was up.
    fn outcome(&self, sent: Option<Result<(), String>>) -> Option<Taken> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match (last, sent) {
            (Some(taken), _) => Some(taken),
            (None, Some(Err(why))) => Some(Taken::NotSent(sanitise::line(&why, WORDS))),
            (None, Some(Ok(()))) => Some(Taken::Unclear("nothing was asked of it".to_owned())),
            (None, None) => None,
        }
    }
}

#[async_trait]
impl HttpClient for Line {
    async fn send_bytes(
        &self,
        request: Request<Bytes>,
    ) -> Result<opentelemetry_http::Response<Bytes>, HttpError> {
        // Only what is sent is taken over. The headers are those that were looked at here: the exporter reads the
        // variable, too, and leaves out what it does not understand.
        let url = request.uri().to_string();
        let begun = Arc::new(AtomicBool::new(false));
        let bytes = Full::new(request.into_body());
        let body = reqwest::Body::wrap(Sent { bytes, begun: Arc::clone(&begun), line: self.clone() });
        let sent = self.fetcher.client.post(url).headers(self.headers.clone()).body(body);
        let mut response = match sent.send().await {
            Ok(response) => response,
            Err(error) => {
                let (failed, why) = self.fetcher.failed(&error);
                if begun.load(Ordering::SeqCst) {
                    self.keep(Taken::Unclear(sanitise::line(&why, WORDS)));
                } else {
                    self.keep_failed(failed, &why);
                }
                return Err(why.into());
            }
        };
        let status = response.status();
        let kind = response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
        let retry_after = response.headers().get("retry-after").cloned();
        let mut body = Vec::new();
        let mut whole = true;
        loop {
            match response.chunk().await {
                Ok(Some(data)) if body.len() + data.len() <= LARGEST_ANSWER => body.extend_from_slice(&data),
                Ok(None) => break,
                Ok(Some(_)) => {
                    whole = false;
                    break;
                }
                Err(error) => {
                    self.keep(Taken::Unclear(format!("its answer is cut off ({})", innermost(&error))));
                    return Err("the answer is cut off".into());
                }
            }
        }
        self.keep(judge(self.signal, status.as_u16(), &kind, &body, whole, &self.hidden));
        let mut answer = opentelemetry_http::Response::new(Bytes::new());
        *answer.status_mut() = status;
        if let Some(value) = retry_after {
            answer.headers_mut().insert("retry-after", value);
        }
        Ok(answer)
    }
}

/// What an answer says, and whether a collector gave it.
fn judge(signal: Signal, status: u16, kind: &str, body: &[u8], whole: bool, hidden: &Hidden) -> Taken {
    // Hidden before it is cut, so that no part of a secret is left at the end.
    let shown = |text: &str, cap| sanitise::line(&hidden.hide(&sanitise::line(text, LARGEST_ANSWER)), cap);
    let lower = kind.to_ascii_lowercase();
    if !(200..300).contains(&status) {
        return Taken::Refused { status, words: shown(&own_words(&lower, body), WORDS) };
    }
    if !whole {
        return Taken::Unclear(format!("its answer is larger than {} KiB", LARGEST_ANSWER / 1024));
    }
    let partial = match lower.as_str() {
        PROTOBUF => of_protobuf(signal, body),
        // Of a collector that names no type, only the status says that it is one.
        "" if status == 200 => of_protobuf(signal, body),
        "" => return Taken::Unclear(format!("it answered {status} without a type, as no collector does")),
        "application/json" => of_json(body),
        _ => {
            let kind = shown(kind, 60);
            return Taken::Unclear(format!("it answered {status} with {kind}, as no collector does"));
        }
    };
    match partial {
        None => Taken::Unclear(format!("it answered {status} with something that no collector sends")),
        Some((0, words)) if words.is_empty() => Taken::Yes,
        Some((rejected, words)) => Taken::Partly { rejected, words: shown(&words, WORDS) },
    }
}

/// What was left out, and its words.
fn of_protobuf(signal: Signal, body: &[u8]) -> Option<(i64, String)> {
    Some(match signal {
        Signal::Metrics => {
            let answer = ExportMetricsServiceResponse::decode(body).ok()?;
            answer.partial_success.map(|p| (p.rejected_data_points, p.error_message)).unwrap_or_default()
        }
        Signal::Logs => {
            let answer = ExportLogsServiceResponse::decode(body).ok()?;
            answer.partial_success.map(|p| (p.rejected_log_records, p.error_message)).unwrap_or_default()
        }
    })
}

/// The same from collectors that answer in JSON whatever was sent. Any other object is nobody's promise to have taken it.
fn of_json(body: &[u8]) -> Option<(i64, String)> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let answer = answer.as_object()?;
    if answer.is_empty() {
        return Some((0, String::new()));
    }
    let partial =
        answer.get("partialSuccess").filter(|p| answer.len() == 1 && (p.is_object() || p.is_null()))?;
    // A 64-bit number is a text in JSON.
    let number = |v: &serde_json::Value| v.as_i64().or_else(|| v.as_str()?.parse().ok());
    let rejected =
        ["rejectedDataPoints", "rejectedLogRecords"].iter().find_map(|key| number(partial.get(key)?));
    let words = partial.get("errorMessage").and_then(serde_json::Value::as_str).unwrap_or_default();
    Some((rejected.unwrap_or(0), words.to_owned()))
}

/// The part of `google.rpc.Status` in which a collector says why it refuses.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
}

/// A collector's own words beside a refusal, as they came; nothing of a page.
fn own_words(kind: &str, body: &[u8]) -> String {
    match kind {
        PROTOBUF => Status::decode(body).map(|s| s.message).unwrap_or_default(),
        "application/json" => serde_json::from_slice::<serde_json::Value>(body)
            .ok()
            .and_then(|v| Some(v.get("message").or_else(|| v.get("error"))?.as_str()?.to_owned()))
            .unwrap_or_default(),
        "text/plain" => String::from_utf8_lossy(body).into_owned(),
        _ => String::new(),
    }
}
