//! `check` against servers on loopback that name other hosts, want a sign-in, take exports, serve
//! configurations: the binary is run as a user runs it.

use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};

use crate::servers::{Authority, Dns};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

/// One request: method, path, head and body.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    method: String,
    pub(super) path: String,
    pub(super) head: String,
    body: Vec<u8>,
}

pub(super) type Log = Arc<Mutex<Vec<Asked>>>;
type Answer = dyn Fn(&Asked) -> Vec<u8> + Send + Sync;

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, log: &Log, answer: &Answer) {
    let head = crate::servers::read_head(&mut stream).await;
    let length =
        head.to_ascii_lowercase().lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0_u8; length.unwrap_or(0)];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    let mut words = head.split(' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    let asked = Asked { method: word(), path: word(), head: head.clone(), body };
    log.lock().unwrap().push(asked.clone());
    stream.write_all(&answer(&asked)).await.ok();
    stream.shutdown().await.ok();
}

/// An HTTPS server with a certificate for `name`.
pub(super) async fn https(
    authority: &Authority,
    name: &str,
    answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static,
) -> (SocketAddr, Log) {
    let acceptor: TlsAcceptor = authority.leaf(name, |_| {}).acceptor(&["http/1.1"]);
    let (log, answer): (Log, Arc<Answer>) = (Log::default(), Arc::new(answer));
    let kept = Arc::clone(&log);
    let address = crate::servers::serve(move |stream| {
        let (acceptor, log, answer) = (acceptor.clone(), Arc::clone(&kept), Arc::clone(&answer));
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                exchange(stream, &log, &*answer).await;
            }
        }
    })
    .await;
    (address, log)
}

/// An HTTP server without TLS.
async fn http(answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> (SocketAddr, Log) {
    let (log, answer): (Log, Arc<Answer>) = (Log::default(), Arc::new(answer));
    let kept = Arc::clone(&log);
    let address = crate::servers::serve(move |stream| {
        let (log, answer) = (Arc::clone(&kept), Arc::clone(&answer));
        async move { exchange(stream, &log, &*answer).await }
    })
    .await;
    (address, log)
}

pub(super) fn reply(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

pub(super) fn json_reply(value: &Value) -> Vec<u8> {
    reply("200 OK", "Content-Type: application/json\r\n", value.to_string().as_bytes())
}

pub(super) fn not_found() -> Vec<u8> {
    reply("404 Not Found", "Content-Type: text/plain\r\n", b"no")
}

/// Runs `check` on a configuration with the test's resolver and roots.
async fn check(authority: &Authority, configuration: &Value, more: &[&str]) -> (Output, Value) {
    let dns = Dns::start().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("managed-settings.json");
    let roots = directory.path().join("roots.pem");
    std::fs::write(&file, configuration.to_string()).unwrap();
    std::fs::write(&roots, authority.pem()).unwrap();
    let mut command = crate::common::clearway();
    command.arg("check").arg(&file);
    command.args(["--resolver", &dns.address.to_string(), "--proxy", "none", "--format", "json", "--quiet"]);
    command.arg("--public-roots").arg(&roots).arg("--device-ca").arg(&roots);
    command.args(more).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    drop(directory);
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    crate::common::schemas::hold("check", &report, "check");
    (output, report)
}

/// The entry of a host in the first group that has it.
pub(super) fn host<'a>(report: &'a Value, name: &str) -> &'a Value {
    let groups = report["groups"].as_array().unwrap().iter();
    let mut hosts = groups.flat_map(|g| g["hosts"].as_array().unwrap());
    hosts.find(|h| h["host"] == name).unwrap_or_else(|| panic!("{name} is not in the report"))
}

fn code<'a>(report: &'a Value, name: &str) -> (&'a str, &'a str) {
    let host = host(report, name);
    (host["finding"]["code"].as_str().unwrap(), host["verdict"].as_str().unwrap())
}

fn connector(url: &str) -> Value {
    json!({"managedMcpServers": [{"name": "tickets", "transport": "http", "url": url, "oauth": true}]})
}

const FEATURE: [&str; 2] = ["--feature", "connectors"];

#[tokio::test]
async fn an_mcp_server_is_followed_to_its_authorization_server_and_that_to_its_token_host() {
    let authority = Authority::new("Test Roots");
    let (token, token_log) = https(&authority, "token.corp.example", |_| reply("405 No", "", b"")).await;
    let at = token.port();
    let (issuer, issuer_log) = https(&authority, "as.corp.example", move |asked| {
        // Only the second of the two documents is there.
        if asked.path != "/t/.well-known/openid-configuration" {
            return not_found();
        }
        let port = asked
            .head
            .lines()
            .find_map(|l| l.strip_prefix("host: as.corp.example:"))
            .unwrap()
            .trim()
            .to_owned();
        json_reply(&json!({
            "issuer": format!("https://as.corp.example:{port}/t"),
            "authorization_endpoint": format!("https://as.corp.example:{port}/authorize"),
            "token_endpoint": format!("https://token.corp.example:{at}/token"),
            "jwks_uri": "https://127.0.0.1/keys",
        }))
    })
    .await;
    let at = issuer.port();
    let (mcp, mcp_log) = https(&authority, "mcp.corp.example", move |asked| {
        let port = asked
            .head
            .lines()
            .find_map(|l| l.strip_prefix("host: mcp.corp.example:"))
            .unwrap()
            .trim()
            .to_owned();
        match asked.path.as_str() {
            "/mcp" => {
                let url = format!("https://mcp.corp.example:{port}/.well-known/oauth-protected-resource/mcp");
                reply("401 No", &format!("WWW-Authenticate: Bearer resource_metadata=\"{url}\"\r\n"), b"")
            }
            "/.well-known/oauth-protected-resource/mcp" => json_reply(&json!({
                "resource": format!("https://mcp.corp.example:{port}/mcp"),
                "authorization_servers": [format!("https://as.corp.example:{at}/t")],
            })),
            _ => not_found(),
        }
    })
    .await;
    let configuration = connector(&format!("https://mcp.corp.example:{}/mcp", mcp.port()));
    let (output, report) = check(&authority, &configuration, &FEATURE).await;
    assert_eq!(code(&report, "mcp.corp.example"), ("ok", "reachable"));
    assert_eq!(code(&report, "as.corp.example"), ("ok", "reachable"));
    assert_eq!(code(&report, "token.corp.example"), ("ok", "reachable"));
    let from = host(&report, "as.corp.example")["discovered_from"].as_str().unwrap();
    assert!(from.ends_with("/.well-known/oauth-protected-resource/mcp"), "{from}");
    assert!(host(&report, "mcp.corp.example").get("discovered_from").is_none());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("127.0.0.1/keys\"],"), "an address literal is never a host of the check");
    // One greeting, one look at its metadata; the token host once; nothing with a credential.
    let asked = |log: &Log| -> Vec<String> {
        log.lock().unwrap().iter().map(|a| format!("{} {}", a.method, a.path)).collect()
    };
    assert_eq!(asked(&mcp_log), ["POST /mcp", "GET /.well-known/oauth-protected-resource/mcp"]);
    assert_eq!(
        asked(&issuer_log),
        ["GET /.well-known/oauth-authorization-server/t", "GET /t/.well-known/openid-configuration"]
    );
    assert_eq!(asked(&token_log).len(), 1);
    let logs = [&mcp_log, &issuer_log, &token_log];
    let heads: String =
        logs.iter().flat_map(|l| l.lock().unwrap().clone()).map(|a| a.head.to_lowercase()).collect();
    assert!(!heads.contains("authorization:") && !heads.contains("cookie:"), "{heads}");

    // The saved report is judged again to the same.
    let again = crate::common::judged_again(&output.stdout);
    assert_eq!(again["groups"], report["groups"]);
}

#[tokio::test]
async fn a_session_that_an_mcp_server_opens_is_closed_again() {
    let authority = Authority::new("Test Roots");
    let (server, log) = https(&authority, "mcp.corp.example", |asked| match asked.method.as_str() {
        "POST" => {
            let hello = json!({"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "2025-06-18",
                "capabilities": {}, "serverInfo": {"name": "tickets\u{1b}[31m", "version": "1.4"}}});
            let event = format!("event: message\r\ndata: {hello}\r\n\r\n");
            // A stream that does not end.
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nMcp-Session-Id: session-of-the-test\r\nContent-Length: 100000\r\n\r\n";
            format!("{head}{event}").into_bytes()
        }
        _ => reply("200 OK", "", b""),
    })
    .await;
    let configuration = connector(&format!("https://mcp.corp.example:{}/mcp", server.port()));
    let (output, report) = check(&authority, &configuration, &FEATURE).await;
    assert_eq!(code(&report, "mcp.corp.example"), ("ok", "reachable"));
    let facts = &host(&report, "mcp.corp.example")["finding"]["evidence"];
    assert_eq!(facts["mcp_server"], "tickets 1.4");
    let log = log.lock().unwrap();
    let methods: Vec<&str> = log.iter().map(|a| a.method.as_str()).collect();
    assert_eq!(methods, ["POST", "DELETE"]);
    assert!(log[1].head.contains("session-of-the-test"));
    let greeting: Value = serde_json::from_slice(&log[0].body).unwrap();
    assert_eq!(greeting["method"], "initialize");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("session-of-the-test"));
}

#[tokio::test]
async fn an_issuer_with_a_doubled_suffix_is_blocked_with_the_reason() {
    let authority = Authority::new("Test Roots");
    let (server, _) = https(&authority, "idp.corp.example", |_| not_found()).await;
    let issuer = format!("https://idp.corp.example:{}/t/.well-known/openid-configuration", server.port());
    let configuration = json!({
        "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://llm.corp.example",
        "inferenceCredentialKind": "external-idp",
        "inferenceIdpOidc": {"issuer": issuer, "clientId": "c"},
    });
    let (_, report) = check(&authority, &configuration, &["--feature", "sign-in"]).await;
    assert_eq!(code(&report, "idp.corp.example"), ("oidc/discovery", "blocked"));
    let finding = &host(&report, "idp.corp.example")["finding"];
    assert!(finding["remedy"].as_str().unwrap().contains("inferenceIdpOidc"), "{finding}");
}

#[tokio::test]
async fn a_collector_that_takes_only_protobuf_is_said_to() {
    let authority = Authority::new("Test Roots");
    let (server, log) = http(|asked| {
        let head = asked.head.to_lowercase();
        if asked.method == "POST" && head.contains("content-type: application/x-protobuf") {
            reply("200 OK", "Content-Type: application/x-protobuf\r\n", b"")
        } else {
            reply("415 Unsupported Media Type", "Content-Type: text/plain\r\n", b"no")
        }
    })
    .await;
    let endpoint = format!("http://{server}/otel");
    let configuration =
        json!({"otlpEndpoint": endpoint, "otlpHeaders": {"authorization": "Bearer secret-of-the-test"}});
    let (output, report) = check(&authority, &configuration, &["--feature", "otlp"]).await;
    assert_eq!(code(&report, "127.0.0.1"), ("otlp/protocol", "warning"));
    let facts = &host(&report, "127.0.0.1")["finding"]["evidence"];
    assert_eq!(facts["accepted"], json!(["logs as http/protobuf", "metrics as http/protobuf"]));
    let log = log.lock().unwrap();
    let mut asked: Vec<&str> = log.iter().map(|a| a.path.as_str()).collect();
    asked.sort_unstable();
    assert_eq!(asked, ["/otel/v1/logs", "/otel/v1/logs", "/otel/v1/metrics", "/otel/v1/metrics"]);
    // An export of nothing, without the configured header.
    let empty: [&[u8]; 3] = [b"", br#"{"resourceLogs":[]}"#, br#"{"resourceMetrics":[]}"#];
    assert!(log.iter().all(|a| empty.contains(&&a.body[..])));
    let sent: String = log.iter().map(|a| a.head.clone()).collect();
    assert!(
        !sent.contains("secret-of-the-test")
            && !String::from_utf8_lossy(&output.stdout).contains("secret-of-the-test")
    );
}

/// A gRPC server that answers every call with this status, in trailers.
async fn grpc(status: &'static str) -> SocketAddr {
    crate::servers::serve(move |stream| async move {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let is_call = request.uri().path().ends_with("LogsService/Export");
            let is_grpc = request.headers().get("content-type").is_some_and(|v| v == "application/grpc");
            if !(is_call && is_grpc) {
                respond.send_reset(h2::Reason::PROTOCOL_ERROR);
                continue;
            }
            let head =
                hyper::Response::builder().header("content-type", "application/grpc").body(()).unwrap();
            let mut stream = respond.send_response(head, false).unwrap();
            stream.send_data(vec![0_u8; 5].into(), false).unwrap();
            let mut trailers = hyper::HeaderMap::new();
            trailers.insert("grpc-status", hyper::header::HeaderValue::from_static(status));
            stream.send_trailers(trailers).unwrap();
        }
    })
    .await
}

#[tokio::test]
async fn a_grpc_collector_is_called_and_its_trap_for_http_is_seen() {
    let authority = Authority::new("Test Roots");
    let server = grpc("0").await;
    let configuration = json!({"otlpEndpoint": format!("http://{server}"), "otlpProtocol": "grpc"});
    let (_, report) = check(&authority, &configuration, &["--feature", "otlp"]).await;
    let group = &report["groups"][0]["hosts"];
    let of = |transport: &str| {
        let host = group.as_array().unwrap().iter().find(|h| h["transport"] == transport).unwrap();
        (host["finding"]["code"].as_str().unwrap(), host["finding"]["evidence"].clone())
    };
    let (code, facts) = of("grpc");
    assert_eq!((code, &facts["accepted"]), ("ok", &json!("logs as grpc")), "{facts}");
    let (code, facts) = of("http");
    assert_eq!((code, &facts["works"]), ("otlp/protocol", &json!("grpc")), "{facts}");
    // And the other way round: a port for HTTP that is called.
    let (server, _) =
        http(
            |asked| {
                if asked.method == "POST" {
                    json_reply(&json!({}))
                } else {
                    reply("400 Bad Request", "", b"")
                }
            },
        )
        .await;
    let configuration = json!({"otlpEndpoint": format!("http://{server}"), "otlpProtocol": "grpc"});
    let (_, report) = check(&authority, &configuration, &["--feature", "otlp"]).await;
    let group = &report["groups"][0]["hosts"];
    let host = group.as_array().unwrap().iter().find(|h| h["transport"] == "grpc").unwrap();
    assert_eq!(host["finding"]["code"], "otlp/protocol", "{}", host["finding"]);
    assert_eq!(host["finding"]["evidence"]["works"], "http");
}

#[tokio::test]
async fn a_served_configuration_is_fetched_on_request_and_its_secrets_stay_out() {
    let authority = Authority::new("Test Roots");
    let (gateway, gateway_log) = https(&authority, "config.corp.example", |asked| match asked.path.as_str() {
        "/bootstrap" => {
            let port = asked.head.lines().find_map(|l| l.strip_prefix("host: config.corp.example:")).unwrap().trim();
            json_reply(&json!({
                "inferenceProvider": "gateway",
                "inferenceGatewayBaseUrl": format!("https://config.corp.example:{port}/llm"),
                "inferenceGatewayApiKey": "secret-of-the-test",
                "managedMcpServers": [{"name": "m", "transport": "http", "url": "https://nx.corp.example/mcp"}],
                "bootstrapUrl": "https://evil.corp.example/",
            }))
        }
        _ => reply("401 No", "Content-Type: application/json\r\n", b"{\"error\":{\"type\":\"auth_error\"}}"),
    })
    .await;
    let configuration =
        json!({"bootstrapUrl": format!("https://config.corp.example:{}/bootstrap?k=v", gateway.port())});
    let features = ["--feature", "connectors", "--feature", "bootstrap"];
    let (output, report) = check(&authority, &configuration, &features).await;
    assert_eq!(code(&report, "config.corp.example"), ("ok", "reachable"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("nx.corp.example") && !text.contains("secret-of-the-test"));
    let count = gateway_log.lock().unwrap().len();

    let (output, report) =
        check(&authority, &configuration, &[&features[..], &["--bootstrap"]].concat()).await;
    assert_eq!(code(&report, "config.corp.example"), ("ok", "reachable"));
    assert_eq!(code(&report, "nx.corp.example").1, "blocked");
    let from = host(&report, "nx.corp.example")["discovered_from"].as_str().unwrap();
    assert!(from.ends_with("/bootstrap"), "{from}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("evil.corp.example/\",") && !text.contains("secret-of-the-test"));
    // Asked once, although it is in both plans.
    let paths: Vec<String> = gateway_log.lock().unwrap().iter().skip(count).map(|a| a.path.clone()).collect();
    assert_eq!(paths.iter().filter(|p| p.starts_with("/bootstrap")).count(), 1, "{paths:?}");
}

#[tokio::test]
async fn a_document_over_a_connection_that_nobody_trusts_is_not_laid_over() {
    let (trusted, other) = (Authority::new("Test Roots"), Authority::new("Somebody"));
    let (server, log) = https(&other, "config.corp.example", |_| {
        json_reply(&json!({"managedMcpServers": [{"name": "m", "transport": "http", "url": "https://evil.corp.example/"}]}))
    })
    .await;
    let configuration =
        json!({"bootstrapUrl": format!("https://config.corp.example:{}/bootstrap", server.port())});
    let more = ["--feature", "connectors", "--feature", "bootstrap", "--bootstrap"];
    let (output, report) = check(&trusted, &configuration, &more).await;
    assert_eq!(code(&report, "config.corp.example").0, "tls/unknown-issuer");
    assert!(!log.lock().unwrap().is_empty());
    assert!(!String::from_utf8_lossy(&output.stdout).contains("evil.corp.example"));
    assert!(report["notes"].as_array().unwrap().iter().any(|n| n["id"] == "bootstrap-not-served"));
}

/// Where an answer names another host: in a challenge, in the metadata of an MCP server, and in a member of
/// the metadata of an identity provider.
#[derive(Debug, Clone, Copy)]
enum Named {
    Challenge,
    AuthorizationServer,
    Member(&'static str),
}

/// A server whose answers name `url` there.
async fn naming(authority: &Authority, named: Named, url: String) -> SocketAddr {
    let server = https(authority, "mcp.corp.example", move |asked| {
        let port = asked.head.lines().find_map(|l| l.strip_prefix("host: mcp.corp.example:"));
        let own = format!("https://mcp.corp.example:{}", port.unwrap().trim());
        let challenge = |url: &str| {
            reply("401 No", &format!("WWW-Authenticate: Bearer resource_metadata=\"{url}\"\r\n"), b"")
        };
        let metadata = format!("{own}/.well-known/oauth-protected-resource");
        match named {
            Named::Challenge => challenge(&url),
            _ if asked.path == "/" => challenge(&metadata),
            Named::AuthorizationServer if asked.path.ends_with("oauth-protected-resource") => {
                json_reply(&json!({ "resource": format!("{own}/"), "authorization_servers": [url] }))
            }
            Named::Member(_) if asked.path.ends_with("oauth-protected-resource") => {
                json_reply(&json!({ "resource": format!("{own}/"), "authorization_servers": [own] }))
            }
            Named::Member(member) if asked.path.contains("/.well-known/") => {
                let mut document = json!({ "issuer": own, "authorization_endpoint": format!("{own}/a"),
                    "token_endpoint": format!("{own}/t"), "jwks_uri": format!("{own}/k") });
                document[member] = json!(url);
                json_reply(&document)
            }
            _ => not_found(),
        }
    });
    server.await.0
}

#[tokio::test]
async fn a_host_that_an_answer_names_is_asked_nothing_over_a_certificate_that_nobody_trusts() {
    let places = [Named::Challenge, Named::AuthorizationServer, Named::Member("token_endpoint")];
    for (place, trusted) in places.into_iter().flat_map(|p| [(p, false), (p, true)]) {
        let (authority, other) = (Authority::new("Test Roots"), Authority::new("Somebody"));
        let of = if trusted { &authority } else { &other };
        let (named, named_log) = https(of, "router.corp.example", |_| not_found()).await;
        let url = format!("https://router.corp.example:{}/reboot?now=1", named.port());
        let mcp = naming(&authority, place, url).await;
        let configuration = connector(&format!("https://mcp.corp.example:{}/", mcp.port()));
        let (_, report) = check(&authority, &configuration, &FEATURE).await;
        // A connection on which nothing was asked leaves an empty entry.
        let log = named_log.lock().unwrap();
        let paths: Vec<String> = log.iter().map(|a| a.path.clone()).filter(|p| !p.is_empty()).collect();
        if trusted {
            // Never with a query of the answer's choice, and with its path only below the place for metadata.
            let own = |path: &String| {
                path == "/"
                    || path.starts_with("/.well-known/")
                    || path == "/reboot/.well-known/openid-configuration"
            };
            assert!(!paths.is_empty() && paths.iter().all(own), "{place:?}: {paths:?}");
        } else {
            assert_eq!(paths, [""; 0], "{place:?}");
            assert_eq!(code(&report, "router.corp.example"), ("tls/unknown-issuer", "blocked"), "{place:?}");
        }
    }
}

#[tokio::test]
async fn a_served_document_without_any_key_of_the_app_is_a_finding_and_the_run_goes_on() {
    let authority = Authority::new("Test Roots");
    let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
    for body in [format!("{{\"a\": {deep}}}"), "{\"token\": \"hunter2\"}".to_owned()] {
        let (server, _) = https(&authority, "config.corp.example", move |_| {
            reply("200 OK", "Content-Type: application/json\r\n", body.as_bytes())
        })
        .await;
        let configuration = json!({
            "bootstrapUrl": format!("https://config.corp.example:{}/b", server.port()),
            "managedMcpServers": [{"name": "m", "transport": "http", "url": "https://nx.corp.example/mcp"}],
        });
        let features = ["--feature", "connectors", "--feature", "bootstrap", "--bootstrap"];
        let (output, report) = check(&authority, &configuration, &features).await;
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(code(&report, "config.corp.example").0, "http/wrong-content");
        assert_eq!(code(&report, "nx.corp.example").1, "blocked");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("hunter2"));
    }
}
