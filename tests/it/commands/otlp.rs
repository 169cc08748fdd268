//! `check --otlp`: what a collector gets, decoded, and what is said where it refuses or is not there.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point;
use prost::Message;
use serde_json::Value;

use crate::common::clearway;
use crate::servers;

/// A header that must never be shown.
const SECRET: &str = "quarrybox-key";
/// A part of the URL that must not be, either.
const PATH: &str = "stonework-hook";

/// One request that arrived.
struct Request {
    line: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// A collector on a loopback port that answers every request with these bytes.
fn collector(answer: Vec<u8>) -> (SocketAddr, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let mut lines = head.lines();
            let line = lines.next().unwrap_or_default().to_owned();
            let headers: BTreeMap<String, String> = lines
                .filter_map(|l| l.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect();
            let length = headers.get("content-length").map_or(0, |l| l.parse().unwrap());
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            tell.send(Request { line, headers, body }).ok();
            stream.write_all(&answer).ok();
        }
    });
    (address, told)
}

/// An answer of HTTP/1.1 that ends the connection.
fn answer(status: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn taken() -> Vec<u8> {
    answer("200 OK", "application/x-protobuf", b"")
}

/// A folder with a saved report of a blocked host.
fn saved() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/codes/tcp-timeout.json");
    let recording: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut report = recording["report"].clone();
    report["label"] = "Berlin office".into();
    fs::write(dir.path().join("r.json"), report.to_string()).unwrap();
    dir
}

/// Judges the saved report again. The exit code, what it printed, and what it said.
fn replay(dir: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let mut command = clearway();
    command.current_dir(dir).args(["check", "--replay", "r.json"]).args(more);
    command.env("OTEL_EXPORTER_OTLP_HEADERS", format!("authorization=Bearer%20{SECRET}"));
    // None of these may change what is sent, or where.
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    command.env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    command.env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
    command.env("OTEL_RESOURCE_ATTRIBUTES", "host.name=from-the-environment");
    command.env("http_proxy", "http://127.0.0.1:9");
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn next(told: &Receiver<Request>) -> Request {
    told.recv_timeout(Duration::from_secs(10)).expect("a request")
}

fn shown(value: &AnyValue) -> String {
    match value.value.as_ref().unwrap() {
        Any::StringValue(text) => text.clone(),
        Any::BoolValue(flag) => flag.to_string(),
        Any::IntValue(n) => n.to_string(),
        Any::ArrayValue(all) => all.values.iter().map(shown).collect::<Vec<_>>().join("|"),
        other => panic!("{other:?}"),
    }
}

fn attributes(all: &[KeyValue]) -> BTreeMap<String, String> {
    all.iter().map(|kv| (kv.key.clone(), shown(kv.value.as_ref().unwrap()))).collect()
}

/// Samples by name and labels, of a text exposition.
fn exposed(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let mut labels: Vec<&str> =
                labels.trim_end_matches('}').split(',').filter(|l| !l.is_empty()).collect();
            labels.sort_unstable();
            (format!("{name}{{{}}}", labels.join(",")), value.parse().unwrap())
        })
        .collect()
}

/// The same of what arrived.
fn arrived(request: &ExportMetricsServiceRequest) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    for metric in request.resource_metrics.iter().flat_map(|r| &r.scope_metrics).flat_map(|s| &s.metrics) {
        let Some(Data::Gauge(gauge)) = &metric.data else { panic!("{} is no gauge", metric.name) };
        assert!(!metric.description.is_empty());
        for point in &gauge.data_points {
            let labels: Vec<String> = attributes(&point.attributes)
                .into_iter()
                .map(|(name, value)| format!("{name}=\"{value}\""))
                .collect();
            let Some(number_data_point::Value::AsDouble(value)) = point.value else { panic!("no number") };
            assert!(samples.insert(format!("{}{{{}}}", metric.name, labels.join(",")), value).is_none());
        }
    }
    samples
}

fn records(request: &ExportLogsServiceRequest) -> Vec<&LogRecord> {
    request.resource_logs.iter().flat_map(|r| &r.scope_logs).flat_map(|s| &s.log_records).collect()
}

#[test]
fn the_collector_gets_the_metrics_of_the_text_format_and_a_record_for_each_thing() {
    let dir = saved();
    let (address, told) = collector(taken());
    let more =
        ["--otlp", &format!("http://{address}/base/"), "--tag", "site=berlin", "--format", "prometheus"];
    let (code, text, said) = replay(dir.path(), &more);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("clearway: the collector http://{address} took ")), "{said}");
    assert!(!format!("{text}{said}").contains(SECRET));

    let sent = next(&told);
    assert_eq!(sent.line, "POST /base/v1/metrics HTTP/1.1");
    assert_eq!(sent.headers["content-type"], "application/x-protobuf");
    assert_eq!(sent.headers["authorization"], format!("Bearer {SECRET}"));
    assert_eq!(sent.headers["user-agent"], clearway::probe::USER_AGENT);
    assert!(!sent.headers.contains_key("content-encoding"));
    let metrics = ExportMetricsServiceRequest::decode(sent.body.as_slice()).unwrap();
    assert_eq!(arrived(&metrics), exposed(&text), "one table for both");
    let resource = attributes(&metrics.resource_metrics[0].resource.as_ref().unwrap().attributes);
    let wanted = [
        ("clearway.label", "Berlin office"),
        ("clearway.replayed", "true"),
        ("clearway.tag.site", "berlin"),
        ("host.name", "desk-12"),
        ("service.instance.id", "desk-12"),
        ("service.name", "clearway"),
        ("service.version", env!("CARGO_PKG_VERSION")),
    ];
    assert_eq!(resource, wanted.map(|(k, v)| (k.to_owned(), v.to_owned())).into());

    let sent = next(&told);
    assert_eq!(sent.line, "POST /base/v1/logs HTTP/1.1");
    assert_eq!(sent.headers["authorization"], format!("Bearer {SECRET}"));
    let logs = ExportLogsServiceRequest::decode(sent.body.as_slice()).unwrap();
    assert_eq!(attributes(&logs.resource_logs[0].resource.as_ref().unwrap().attributes), resource);
    let records = records(&logs);
    assert_eq!(records.len(), 2);
    let (verdict, finding) = (records[0], records[1]);
    assert_eq!((verdict.event_name.as_str(), verdict.severity_text.as_str()), ("clearway.verdict", "ERROR"));
    assert_eq!(
        shown(verdict.body.as_ref().unwrap()),
        "BLOCKED: 1 of 1 required host does not work from this device."
    );
    let of = attributes(&verdict.attributes);
    for (name, value) in
        [("verdict", "blocked"), ("hosts", "1"), ("blocked", "1"), ("reachable", "0"), ("complete", "true")]
    {
        assert_eq!(of[name], value, "{of:?}");
    }
    let of = attributes(&finding.attributes);
    assert_eq!((finding.event_name.as_str(), finding.severity_text.as_str()), ("clearway.finding", "ERROR"));
    for (name, value) in [
        ("code", "tcp/timeout"),
        ("owner", "firewall"),
        ("severity", "error"),
        ("confidence", "likely"),
        ("host", "api.vendor.example"),
        ("host_count", "1"),
        ("need", "required"),
    ] {
        assert_eq!(of[name], value, "{of:?}");
    }
    assert!(of["remedy"].starts_with("Allow outbound") && of["evidence"].contains("no answer"), "{of:?}");
    assert!(!of["feature"].is_empty());
    assert!(verdict.time_unix_nano > 0 && verdict.time_unix_nano < verdict.observed_time_unix_nano);
}

#[test]
fn a_shared_run_is_masked_for_the_collector_too() {
    let dir = saved();
    let (address, told) = collector(taken());
    let url = format!("http://{address}");
    let (code, _, said) = replay(dir.path(), &["--share", "--otlp", &url, "--tag", "site=berlin"]);
    assert_eq!(code, Some(1), "{said}");
    for request in [next(&told), next(&told)] {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        for private in ["desk-12", "Berlin", "berlin", "11.0.0.1", "api.vendor.example", SECRET] {
            assert!(!text.contains(private), "{private} in {}", request.line);
        }
        assert!(text.contains("service.name"));
    }
}

#[test]
fn no_answer_of_a_collector_changes_the_run() {
    let dir = saved();
    let (code, text, _) = replay(dir.path(), &[]);
    let partial = ExportMetricsServiceResponse {
        partial_success: Some(ExportMetricsPartialSuccess {
            rejected_data_points: 7,
            error_message: "too \u{1b}[31mmany\u{202e}\r\nseries".to_owned(),
        }),
    };
    let protobuf = "application/x-protobuf";
    let json = "application/json";
    let cut =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 9\r\n\r\nx".to_vec();
    let huge = vec![0; 1_000_000];
    for (answered, words, requests) in [
        (
            answer("401 Unauthorized", "text/plain", b"who \x1b]0;x\x07are you?\xe2\x80\xae"),
            "refused the metrics and logs with HTTP 401, and says: who",
            2,
        ),
        (
            answer("404 Not Found", "text/html", b"<h1>quarry</h1>"),
            "refused the metrics and logs with HTTP 404. Look at the URL",
            2,
        ),
        (
            answer("302 Found\r\nlocation: http://127.0.0.1:9/", "text/html", b""),
            "HTTP 302. Redirects are not followed",
            2,
        ),
        (answer("400 Bad Request", protobuf, b"\x08\x03\x12\x05no it"), "HTTP 400, and says: no it", 2),
        (
            answer("401 Unauthorized", "text/plain", format!("bad token: Bearer {SECRET}").as_bytes()),
            "HTTP 401, and says: bad token: [hidden]. ",
            2,
        ),
        (
            answer("404 Not Found", json, format!("{{\"error\":\"no {PATH}, {SECRET}\"}}").as_bytes()),
            "HTTP 404, and says: no [hidden], [hidden]. ",
            2,
        ),
        // Neither what nobody sees in it nor a cut at the end leaves a part of it.
        (
            answer("400 Bad Request", "text/plain", "quarry\u{200b}box-key".as_bytes()),
            "HTTP 400, and says: [hidden]. ",
            2,
        ),
        (
            answer("400 Bad Request", "text/plain", format!("{}{SECRET}", "x".repeat(193)).as_bytes()),
            "x[hidden. ",
            2,
        ),
        (
            answer(
                "200 OK",
                json,
                format!("{{\"partialSuccess\":{{\"errorMessage\":\"{SECRET}\"}}}}").as_bytes(),
            ),
            "remarks: [hidden]",
            2,
        ),
        (answer("200 OK", &format!("text/{SECRET}"), b""), "200 with text/[hidden]", 2),
        (answer("200 OK", json, b"{\"error\":\"no\"}"), "is not known: it answered 200 with something", 2),
        (
            answer("200 OK", json, b"{\"partialSuccess\":{},\"error\":\"no\"}"),
            "is not known: it answered 200 with something",
            2,
        ),
        (
            b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_vec(),
            "is not known: it answered 204 without a type",
            2,
        ),
        (
            answer("400 Bad Request", json, b"{\"code\":3,\"message\":\"nope\"}"),
            "HTTP 400, and says: nope",
            2,
        ),
        // Once more for each, after a moment.
        (answer("503 Service Unavailable", json, b"[]"), "HTTP 503. It is busy", 4),
        (
            answer("200 OK", protobuf, &partial.encode_to_vec()),
            "left out 7 of the metrics and logs, and says: too",
            2,
        ),
        (answer("200 OK", json, br#"{"partialSuccess":{"rejectedLogRecords":"2"}}"#), "left out 2 of the", 2),
        (
            answer("200 OK", json, br#"{"partialSuccess":{"errorMessage":"old"}}"#),
            "took all metrics and logs and remarks: old",
            2,
        ),
        (
            answer("200 OK", "text/html", b"<h1>Sign in</h1>"),
            "is not known: it answered 200 with text/html",
            2,
        ),
        (answer("200 OK", protobuf, b"\xff\xff\xff"), "something that no collector sends", 2),
        (answer("200 OK", protobuf, &huge), "larger than 64 KiB", 2),
        (cut, "cut off", 4),
        (b"SSH-2.0-x\r\n".to_vec(), "whether the collector ", 4),
    ] {
        let (address, told) = collector(answered.clone());
        let (with, shown, said) = replay(dir.path(), &["--otlp", &format!("http://{address}/{PATH}"), "-q"]);
        let about = String::from_utf8_lossy(&answered[..answered.len().min(200)]).into_owned();
        let (_, quiet, _) = replay(dir.path(), &["-q"]);
        assert_eq!((with, &shown), (code, &quiet), "{about}");
        assert!(said.contains(words), "{about}: {said}");
        assert!(said.contains("exit code do not change") || words.contains("remarks"), "{said}");
        let safe = |c: char| c == '\n' || !(c.is_control() || "\u{202e}\u{200b}".contains(c));
        assert!(said.chars().all(safe) && !said.contains(SECRET) && !said.contains(PATH), "{said:?}");
        assert!(!said.contains("not reached") && !said.contains("nothing was sent"), "{said:?}");
        assert_eq!(told.try_iter().count(), requests, "{about}");
    }
    assert!(text.contains("BLOCKED"));
}

#[test]
fn an_absent_or_silent_collector_costs_seconds_at_the_most() {
    let dir = saved();
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for (address, words, lines) in [
        (closed.to_string(), "was not reached, so nothing was sent: ", 1),
        // It was sent, and nobody knows whether it was read.
        (silent.local_addr().unwrap().to_string(), "took the metrics is not known: no answer within 5 s", 2),
    ] {
        let began = Instant::now();
        let (code, text, said) = replay(dir.path(), &["--otlp", &format!("http://{address}")]);
        assert_eq!(code, Some(1), "{said}");
        assert!(text.starts_with("BLOCKED") && said.contains(words), "{said}");
        assert_eq!(said.lines().count(), lines, "{said}");
        // Five seconds are its own; the rest is for a busy machine.
        assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    }
}

#[test]
fn what_cannot_be_used_costs_no_run() {
    let dir = saved();
    for (url, words) in [
        ("http://collector.example:4318", "write https"),
        ("https://user:quarrybox-key@collector.example", "user name or a password"),
        ("https://collector.example/?key=quarrybox-key", "query"),
        ("grpc://collector.example:4317", "OTLP/HTTP"),
    ] {
        let (code, text, said) = replay(dir.path(), &["--otlp", url]);
        assert_eq!((code, text.as_str()), (Some(2), ""), "{said}");
        assert!(said.contains(words) && !said.contains(SECRET), "{said}");
    }
    let mut command = clearway();
    command.current_dir(dir.path()).args([
        "check",
        "--replay",
        "r.json",
        "--otlp",
        "https://collector.example",
    ]);
    let output = command.env("OTEL_EXPORTER_OTLP_HEADERS", SECRET).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said.contains("OTEL_EXPORTER_OTLP_HEADERS: entry 1 has no `=`") && !said.contains(SECRET),
        "{said}"
    );
}

#[test]
fn no_variable_names_a_collector() {
    let dir = saved();
    let (address, told) = collector(taken());
    let mut command = clearway();
    command.current_dir(dir.path()).args(["check", "--replay", "r.json"]);
    let output = command.env("CLEARWAY_OTLP", format!("http://{address}")).output().unwrap();
    assert_eq!((output.status.code(), told.try_iter().count()), (Some(1), 0), "{output:?}");
}

#[test]
fn a_dry_run_says_it_and_sends_nothing() {
    let (address, told) = collector(taken());
    for format in ["text", "json"] {
        let mut command = clearway();
        command.args(["check", "--host", "127.0.0.1:9", "--dry-run", "--format", format, "--otlp"]);
        command.arg(format!("http://{address}/quarrybox-key"));
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(0));
        assert!(
            text.contains(&format!(
                "its result goes to http://{address} by POST to /v1/metrics and /v1/logs"
            )),
            "{text}"
        );
        assert!(!text.contains(SECRET), "{text}");
    }
    assert_eq!(told.try_iter().count(), 0);
}

#[tokio::test]
async fn a_collector_that_this_device_does_not_trust_gets_nothing() {
    let dir = saved();
    let authority = servers::Authority::new("Team authority");
    fs::write(dir.path().join("trusted.pem"), authority.pem()).unwrap();
    fs::write(dir.path().join("other.pem"), servers::Authority::new("Other").pem()).unwrap();
    let leaf = authority.leaf("localhost", |_| {});
    let address =
        servers::https(leaf.acceptor(&[]), b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n").await;
    for (file, words) in [
        ("trusted.pem", "refused the metrics and logs with HTTP 401"),
        ("other.pem", "failed, so nothing was sent: TLS failed: "),
    ] {
        let mut command = clearway();
        command.current_dir(dir.path()).env("SSL_CERT_FILE", file);
        command
            .args(["check", "--replay", "r.json", "--otlp"])
            .arg(format!("https://localhost:{}", address.port()));
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(words), "{file}: {said}");
    }
}
