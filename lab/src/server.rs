//! The world's servers: TLS and HTTP as the real services answer, and each way a server or a box
//! in front of it can fail. Runs inside a namespace, as this very program with `serve --spec FILE`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use hyper::body::{Bytes, Frame, SizeHint};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::Outcome;
use crate::aws;
use crate::dns;
pub use crate::endpoint::{Answer, Endpoint, Framing, ServeSpec, ServerFault, Speaks};
use crate::outcome::Context;
use crate::pki::{Authority, Pki};

/// No connection is held longer than this, whatever the other side does.
const CONNECTION_LIMIT: Duration = Duration::from_secs(120);

/// The credential of every configuration of the laboratory.
const CREDENTIAL: &str = "laboratory-not-a-key";
/// Time between two events of a stream.
const BETWEEN_EVENTS: Duration = Duration::from_millis(60);
/// Events of a stream that then falls silent.
const BEFORE_PAUSE: usize = 5;
/// A server's own limit for connections without a request; longer than that of any box.
const REQUEST_LIMIT: Duration = Duration::from_secs(90);

/// How late a slow answer is.
const SLOW: Duration = Duration::from_millis(1_500);
/// How late a slow answer to a POST is.
const SLOW_POST: Duration = Duration::from_millis(2_500);

/// What a web filter shows, in the words that such pages use.
const BLOCK_PAGE: &str = "<!doctype html><html><head><title>Web Page Blocked</title></head><body>\
    <h1>Access to this site is blocked</h1><p>The page you asked for was blocked by the web filter of \
    Example Corporation.</p><p>Category: Artificial Intelligence</p><p>Policy: default-outbound</p>\
    <p>To have it reviewed, write to the service desk.</p></body></html>\n";

/// Runs until standard input closes. Prints `ready` when everything listens.
pub fn run(spec_file: &Path) -> Outcome<()> {
    let text = std::fs::read_to_string(spec_file).context("server specification")?;
    let spec: ServeSpec = serde_json::from_str(&text).context("server specification")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("runtime")?;
    runtime.block_on(async {
        let pki = Pki::open(&spec.pki);
        // Set once: one process serves one specification.
        let _ = HEARD.set(heard_file(spec_file));
        for endpoint in spec.endpoints {
            start(endpoint, &pki).await?;
        }
        for dns in spec.dns {
            dns::start(dns).await?;
        }
        let (ended, end) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            wait_for_end_of_input();
            // The receiver lives as long as the program.
            let _ = ended.send(());
        });
        let mut out = std::io::stdout();
        writeln!(out, "ready").and_then(|()| out.flush()).context("standard output")?;
        let _ = end.await;
        Ok(())
    })
}

/// Where the server process with this specification writes down the requests that bring a credential.
pub fn heard_file(spec_file: &Path) -> PathBuf {
    spec_file.with_extension("credentials")
}

/// That file, in a server process.
static HEARD: OnceLock<PathBuf> = OnceLock::new();

/// Writes a request that brings a credential down: the host, the method, the path.
fn hear(endpoint: &Endpoint, request: &Request<hyper::body::Incoming>) {
    let Some(file) = HEARD.get() else { return };
    let line = format!("{} {} {}\n", endpoint.name, request.method(), request.uri().path());
    let file = std::fs::OpenOptions::new().create(true).append(true).open(file);
    file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the record of credentials");
}

/// Blocks until the harness goes away, so that no server outlives it.
pub fn wait_for_end_of_input() {
    let mut sink = [0; 64];
    while matches!(std::io::stdin().read(&mut sink), Ok(n) if n > 0) {}
}

/// Binds one host and serves it for ever.
pub async fn start(endpoint: Endpoint, pki: &Pki) -> Outcome<()> {
    if endpoint.fault == Some(ServerFault::Closed) {
        return Ok(());
    }
    let tls = match endpoint.speaks {
        Speaks::Http | Speaks::Banner => None,
        _ => Some(TlsAcceptor::from(Arc::new(tls_config(&endpoint, pki)?))),
    };
    let endpoint = Arc::new(endpoint);
    for &address in &endpoint.listen {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("{} on {address}", endpoint.name))?;
        let (endpoint, tls) = (Arc::clone(&endpoint), tls.clone());
        tokio::spawn(async move {
            let mut connections = 0u64;
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                connections += 1;
                let (endpoint, tls, first) = (Arc::clone(&endpoint), tls.clone(), connections == 1);
                tokio::spawn(async move {
                    // Errors here are the client's doing (it went away) or the script's.
                    let _ = tokio::time::timeout(CONNECTION_LIMIT, connection(stream, endpoint, tls, first))
                        .await;
                });
            }
        });
    }
    Ok(())
}

fn tls_config(endpoint: &Endpoint, pki: &Pki) -> Outcome<ServerConfig> {
    let (chain, key) = pki.issue(&endpoint.name, endpoint.certificate)?.der()?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions: &[&rustls::SupportedProtocolVersion] = match endpoint.speaks {
        Speaks::Tls12 => &[&rustls::version::TLS12],
        _ => rustls::DEFAULT_VERSIONS,
    };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .context("TLS versions")?;
    let builder = if endpoint.fault == Some(ServerFault::ClientCertificate) {
        let mut roots = rustls::RootCertStore::empty();
        let root =
            CertificateDer::from_pem_file(pki.root_file(Authority::Corporate)).context("corporate root")?;
        roots.add(root).context("corporate root")?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .context("client verifier")?;
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_single_cert(chain, key).context("server certificate")?;
    config.key_log = Arc::new(rustls::KeyLogFile::new());
    config.alpn_protocols = match endpoint.speaks {
        Speaks::Https => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        Speaks::Http1 | Speaks::Tls12 => vec![b"http/1.1".to_vec()],
        _ => Vec::new(),
    };
    Ok(config)
}

async fn connection(
    mut stream: TcpStream,
    endpoint: Arc<Endpoint>,
    tls: Option<TlsAcceptor>,
    first: bool,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    match endpoint.fault {
        Some(ServerFault::Silent) => return drain(&mut stream).await,
        Some(ServerFault::SecondTry) if first => return drain(&mut stream).await,
        Some(ServerFault::ResetAfterHello) => {
            read_hello(&mut stream).await?;
            return stream.set_zero_linger();
        }
        Some(ServerFault::CloseAfterHello) => {
            read_hello(&mut stream).await?;
            stream.shutdown().await?;
            return drain(&mut stream).await;
        }
        Some(ServerFault::ResetAfterRequest) => {
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await?;
            return stream.set_zero_linger();
        }
        Some(ServerFault::AlertHandshakeFailure) => return alert(&mut stream, 40).await,
        Some(ServerFault::AlertProtocolVersion) => return alert(&mut stream, 70).await,
        Some(ServerFault::AlertAccessDenied) => return alert(&mut stream, 49).await,
        Some(ServerFault::PlainText) => {
            read_hello(&mut stream).await?;
            let page = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 16\r\n\
                        connection: close\r\n\r\nthis is not TLS\n";
            stream.write_all(page.as_bytes()).await?;
            stream.shutdown().await?;
            return drain(&mut stream).await;
        }
        _ => {}
    }
    if endpoint.speaks == Speaks::Banner {
        stream.write_all(endpoint.answer.body.as_bytes()).await?;
        return drain(&mut stream).await;
    }
    match tls {
        None => http(stream, endpoint, false, first).await,
        Some(acceptor) => {
            let stream = match acceptor.accept(stream).into_fallible().await {
                Ok(stream) => stream,
                // The alert is on its way. Closing over unread data would send a RST after it, and
                // the client might never see the alert.
                Err((error, mut stream)) => {
                    stream.shutdown().await?;
                    drain(&mut stream).await?;
                    return Err(error);
                }
            };
            let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            http(stream, endpoint, h2, first).await
        }
    }
}

/// Reads the whole first record, so that nothing unread turns a FIN into a RST.
async fn read_hello(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut head = [0; 5];
    stream.read_exact(&mut head).await?;
    let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    stream.read_exact(&mut body).await?;
    Ok(())
}

async fn alert(stream: &mut TcpStream, description: u8) -> std::io::Result<()> {
    read_hello(stream).await?;
    stream.write_all(&[21, 3, 3, 0, 2, 2, description]).await?;
    stream.shutdown().await?;
    drain(stream).await
}

async fn drain(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

async fn http<S>(stream: S, endpoint: Arc<Endpoint>, h2: bool, first: bool) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let endpoint = Arc::clone(&endpoint);
        async move { Ok::<_, Infallible>(respond(&request, &endpoint, first).await) }
    });
    let io = TokioIo::new(stream);
    let served = if h2 {
        hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await
    } else {
        hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(REQUEST_LIMIT)
            .serve_connection(io, service)
            .await
    };
    served.map_err(std::io::Error::other)
}

async fn respond(
    request: &Request<hyper::body::Incoming>,
    endpoint: &Endpoint,
    first: bool,
) -> Response<Body> {
    let path = request.uri().path();
    let known = ["authorization", "x-api-key"].iter().any(|name| {
        let value = request.headers().get(*name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.contains(CREDENTIAL))
    });
    let filled = !hyper::body::Body::is_end_stream(request.body());
    // A token is asked for with a signed claim in the body.
    if known || (filled && endpoint.more.iter().any(|answer| answer.filled && path == answer.path)) {
        hear(endpoint, request);
    }
    let plain = |status: u16, kind: &str, body: &str| {
        let mut response = Response::new(Body::whole(body));
        *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap();
        response.headers_mut().insert("content-type", kind.parse().unwrap());
        response
    };
    match endpoint.fault {
        Some(ServerFault::ServerError) => {
            return plain(503, "text/plain", "upstream connect error or disconnect\n");
        }
        Some(ServerFault::ResetPost) if request.method() == hyper::Method::POST => {
            let mut response = plain(200, "application/json", "");
            *response.body_mut() = Body::cut("");
            return response;
        }
        Some(ServerFault::SilentPost) if request.method() == hyper::Method::POST => {
            std::future::pending().await
        }
        Some(ServerFault::SlowPost) if request.method() == hyper::Method::POST => {
            tokio::time::sleep(SLOW_POST).await;
        }
        Some(ServerFault::HttpSilent) => std::future::pending().await,
        Some(ServerFault::HttpSlow) => tokio::time::sleep(SLOW).await,
        Some(ServerFault::HttpSlowOnce) if first => tokio::time::sleep(SLOW).await,
        Some(ServerFault::RateLimited) => {
            let body = "{\"error\":{\"type\":\"rate_limit_error\",\"message\":\"Too many requests\"}}\n";
            let mut response = plain(429, "application/json", body);
            response.headers_mut().insert("retry-after", "30".parse().unwrap());
            return response;
        }
        Some(ServerFault::Redirect) => {
            return redirect("https://sign-in.corp.example/login?return=laboratory");
        }
        Some(ServerFault::BlockPage200) => return plain(200, "text/html; charset=utf-8", BLOCK_PAGE),
        Some(ServerFault::BlockPage403) => return plain(403, "text/html; charset=utf-8", BLOCK_PAGE),
        Some(ServerFault::BlockRedirect) => {
            let to = format!("https://block.corp.example/blocked?host={}&category=ai", endpoint.name);
            return redirect(&to);
        }
        Some(ServerFault::BlockRedirectKnown) => {
            return redirect("https://gateway.zscaler.net:443/auD?origurl=laboratory&_ordtok=laboratory");
        }
        Some(ServerFault::HtmlPage) => {
            return plain(200, "text/html", "<html><body><h1>Welcome</h1></body></html>\n");
        }
        Some(ServerFault::StrangePage) => {
            return plain(200, "text/html", "<html><body><h1>It works</h1></body></html>\n");
        }
        Some(ServerFault::NoMetadata) if path.starts_with("/.well-known/") => {
            return plain(404, "text/plain", "not found\n");
        }
        Some(ServerFault::OtherProtocol) => return plain(415, "text/plain", "unsupported media type\n"),
        Some(ServerFault::CallsElsewhere) if known => {
            return redirect("https://www.elsewhere.example/v1/messages");
        }
        Some(fault) if known => {
            if let Some((status, body)) = refusal(fault, request.method() == hyper::Method::POST) {
                let mut response = plain(status, "application/json", body);
                if fault == ServerFault::OtherRegion {
                    response.headers_mut().insert("x-amzn-errortype", "ValidationException".parse().unwrap());
                    response.headers_mut().insert("x-amzn-requestid", "laboratory".parse().unwrap());
                }
                return response;
            }
        }
        _ => {}
    }
    let fits = |answer: &&Answer| {
        path.starts_with(&answer.path)
            && answer.method.as_ref().is_none_or(|method| method == request.method().as_str())
            && (known || !answer.credential)
            && (filled || !answer.filled)
    };
    let Some(answer) = endpoint.more.iter().chain([&endpoint.answer]).find(fits) else {
        return plain(404, "text/plain", "not found\n");
    };
    if answer.stream {
        let (kind, events) = match answer.framing {
            Framing::Sse => ("text/event-stream", message().into_iter().map(Bytes::from).collect()),
            Framing::Aws => ("application/vnd.amazon.eventstream", aws::stream(&message())),
        };
        let mut response = plain(200, kind, "");
        *response.body_mut() = match endpoint.fault {
            Some(ServerFault::StreamBuffered) => {
                tokio::time::sleep(BETWEEN_EVENTS * u32::try_from(events.len()).unwrap()).await;
                Body::whole(events.concat())
            }
            Some(ServerFault::StreamPauses) => {
                let events: Vec<Bytes> = events.into_iter().take(BEFORE_PAUSE).collect();
                Body { silent: true, ..Body::events(events) }
            }
            _ => Body::events(events),
        };
        return response;
    }
    let body = answer.body.replace("{host}", &endpoint.name);
    let mut response = plain(answer.status, "text/plain", &body);
    for (name, value) in &answer.headers {
        let name: hyper::header::HeaderName = name.parse().unwrap();
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    if endpoint.fault == Some(ServerFault::HttpCut) {
        *response.body_mut() = Body::cut(&body);
    }
    response
}

/// How a call with the credential is refused, if this fault refuses it.
fn refusal(fault: ServerFault, is_model_call: bool) -> Option<(u16, &'static str)> {
    let (status, body) = match fault {
        ServerFault::KeyRefused => {
            return Some((
                401,
                r#"{"type":"error","error":{"type":"authentication_error","message":"invalid"}}"#,
            ));
        }
        ServerFault::NoModel => {
            (404, r#"{"type":"error","error":{"type":"not_found_error","message":"model: unknown"}}"#)
        }
        ServerFault::NoQuota => {
            (429, r#"{"error":{"type":"insufficient_quota","message":"no credit left"}}"#)
        }
        ServerFault::NotFromHere => {
            (403, r#"{"error":{"type":"ip_not_allowed","message":"not from this address"}}"#)
        }
        ServerFault::OtherRegion => (400, r#"{"message":"The provided model identifier is invalid."}"#),
        _ => return None,
    };
    is_model_call.then_some((status, body))
}

/// The events of a message, after the Messages API's documentation.
fn message() -> Vec<String> {
    let event = |kind: &str, rest: &str| format!("event: {kind}\ndata: {{\"type\":\"{kind}\"{rest}}}\n\n");
    let mut events = vec![
        event(
            "message_start",
            r#","message":{"id":"msg_laboratory","type":"message","role":"assistant","model":"claude-haiku-laboratory","content":[],"stop_reason":null,"usage":{"input_tokens":21,"output_tokens":1}}"#,
        ),
        event("content_block_start", r#","index":0,"content_block":{"type":"text","text":""}"#),
    ];
    for number in 1..=20 {
        let rest = format!(r#","index":0,"delta":{{"type":"text_delta","text":"{number} "}}"#);
        events.push(event("content_block_delta", &rest));
    }
    events.push(event("content_block_stop", r#","index":0"#));
    events.push(event(
        "message_delta",
        r#","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":40}"#,
    ));
    events.push(event("message_stop", ""));
    events
}

fn redirect(location: &str) -> Response<Body> {
    let mut response = Response::new(Body::whole("<html><body>Found</body></html>\n"));
    *response.status_mut() = hyper::StatusCode::FOUND;
    response.headers_mut().insert("content-type", "text/html".parse().unwrap());
    response.headers_mut().insert("location", location.parse().unwrap());
    response
}

/// A body that may end too early.
struct Body {
    pieces: VecDeque<Bytes>,
    /// The length that is promised; none for a stream.
    promised: Option<u64>,
    cut: bool,
    /// It says nothing more, and does not end.
    silent: bool,
    /// The time to the next piece of a stream.
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Body {
    fn whole(text: impl AsRef<[u8]>) -> Self {
        let bytes = text.as_ref();
        let pieces = VecDeque::from([Bytes::copy_from_slice(bytes)]);
        Self { pieces, promised: Some(bytes.len() as u64), cut: false, silent: false, pause: None }
    }

    /// Half of the text, of a length that promises all of it and more.
    fn cut(text: &str) -> Self {
        let half = Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2]);
        let promised = Some(text.len() as u64 + 1000);
        Self { pieces: VecDeque::from([half]), promised, cut: true, silent: false, pause: None }
    }

    /// A stream of events, each a while after the one before.
    fn events(events: Vec<Bytes>) -> Self {
        let pause = Some(Box::pin(tokio::time::sleep(BETWEEN_EVENTS)));
        Self { pieces: events.into(), promised: None, cut: false, silent: false, pause }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if !self.pieces.is_empty()
            && let Some(pause) = &mut self.pause
        {
            if pause.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            pause.as_mut().reset(tokio::time::Instant::now() + BETWEEN_EVENTS);
        }
        match self.pieces.pop_front() {
            Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            // One round of the loop in between, so that the half is on its way before the cut.
            None if self.cut && self.promised.is_some() => {
                self.promised = None;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            None if self.cut => Poll::Ready(Some(Err(std::io::Error::other("cut by the script")))),
            None if self.silent => Poll::Pending,
            None => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.promised.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
