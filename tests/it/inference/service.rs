//! A service that streams, over HTTP/1.1, and writes down every request.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use base64::Engine;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::servers::{reset, serve};

/// How the model call is answered.
#[derive(Clone)]
pub enum Does {
    /// Streams pieces, so many, with so many milliseconds between them.
    Stream(usize, u64),
    /// The same, all written at the end.
    Buffer(usize, u64),
    /// Streams two pieces, is silent for so many milliseconds and closes.
    Cut(u64),
    /// A status with these headers and this body.
    Answer(u16, &'static str, &'static str),
    /// The same bytes as one AWS event stream.
    Aws(usize),
    /// Resets.
    Reset,
}

/// What the service was sent: heads and bodies.
pub type Heard = Arc<Mutex<Vec<String>>>;

/// The service: `list` answers GET with a credential, `does` answers POST with one; without a
/// credential everything is 401.
#[derive(Clone)]
pub struct Service {
    /// Status and body of the model list.
    pub list: (u16, &'static str),
    /// The answer to the model call.
    pub does: Does,
    /// The body of the 401 for requests that bring no credential.
    pub refusal: &'static str,
    /// What was heard.
    pub heard: Heard,
}

impl Service {
    pub fn new(does: Does) -> Self {
        Self {
            list: (200, r#"{"data":[{"id":"small-model"},{"id":"big-model"}]}"#),
            does,
            refusal: r#"{"error":{"message":"m","type":"auth_error","code":"401","status":"UNAUTHENTICATED"}}"#,
            heard: Heard::default(),
        }
    }

    /// Every request so far.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Every call of a model: what names none is the question without a credential, which every check asks.
    pub fn calls(&self) -> Vec<String> {
        self.heard().into_iter().filter(|r| r.starts_with("POST") && r.contains("\"model\"")).collect()
    }

    /// Whether any secret arrived.
    pub fn saw_a_secret(&self) -> bool {
        self.heard().iter().any(|r| r.contains("pLaNt3d"))
    }

    pub async fn plain(&self) -> SocketAddr {
        let service = self.clone();
        serve(move |stream: TcpStream| {
            let service = service.clone();
            async move {
                if matches!(service.does, Does::Reset) {
                    let mut stream = stream;
                    let head = request(&mut stream).await;
                    service.heard.lock().unwrap().push(head.clone());
                    if head.starts_with("POST") {
                        return reset(stream);
                    }
                    return service.answer(stream, head).await;
                }
                service.run(stream).await;
            }
        })
        .await
    }

    pub async fn tls(&self, acceptor: TlsAcceptor) -> SocketAddr {
        let service = self.clone();
        serve(move |stream| {
            let (service, acceptor) = (service.clone(), acceptor.clone());
            async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    service.run(stream).await;
                }
            }
        })
        .await
    }

    async fn run(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let head = request(&mut stream).await;
        if head.is_empty() {
            return;
        }
        self.heard.lock().unwrap().push(head.clone());
        self.answer(stream, head).await;
    }

    async fn answer(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin, head: String) {
        let lower = head.to_ascii_lowercase();
        let credential = lower.contains("\r\nauthorization:") || lower.contains("\r\nx-api-key:");
        if lower.contains("grant_type=") {
            let body = r#"{"access_token":"pLaNt3d-token","expires_in":3600}"#;
            return whole(&mut stream, 200, "content-type: application/json\r\n", body).await;
        }
        if !credential {
            let headers = "content-type: application/json\r\nx-amzn-requestid: 1\r\nx-amzn-errortype: MissingAuthenticationTokenException\r\napim-request-id: 1\r\nrequest-id: 1\r\n";
            return whole(&mut stream, 401, headers, self.refusal).await;
        }
        if head.starts_with("GET") {
            return whole(&mut stream, self.list.0, "content-type: application/json\r\n", self.list.1).await;
        }
        match &self.does {
            Does::Answer(status, headers, body) => whole(&mut stream, *status, headers, body).await,
            Does::Stream(n, gap) => {
                start(&mut stream, "text/event-stream").await;
                for piece in pieces(*n) {
                    chunk(&mut stream, &piece).await;
                    tokio::time::sleep(Duration::from_millis(*gap)).await;
                }
                stream.write_all(b"0\r\n\r\n").await.ok();
            }
            Does::Buffer(n, gap) => {
                tokio::time::sleep(Duration::from_millis(gap * *n as u64)).await;
                start(&mut stream, "text/event-stream").await;
                chunk(&mut stream, &pieces(*n).concat()).await;
                stream.write_all(b"0\r\n\r\n").await.ok();
            }
            Does::Cut(quiet) => {
                start(&mut stream, "text/event-stream").await;
                for piece in pieces(5).iter().take(4) {
                    chunk(&mut stream, piece).await;
                }
                tokio::time::sleep(Duration::from_millis(*quiet)).await;
            }
            Does::Aws(n) => {
                start(&mut stream, "application/vnd.amazon.eventstream").await;
                for piece in pieces(*n) {
                    let data = piece.trim().rsplit_once("data: ").unwrap().1.to_owned();
                    stream.write_all(&framed(&data)).await.ok();
                    stream.flush().await.ok();
                    tokio::time::sleep(Duration::from_millis(30)).await;
                }
                stream.write_all(b"0\r\n\r\n").await.ok();
            }
            Does::Reset => {}
        }
        stream.shutdown().await.ok();
    }
}

/// The events of a message with `n` pieces.
fn pieces(n: usize) -> Vec<String> {
    let event = |name: &str, data: String| format!("event: {name}\ndata: {data}\n\n");
    let mut all = vec![event(
        "message_start",
        r#"{"type":"message_start","message":{"usage":{"input_tokens":21,"output_tokens":1}}}"#.into(),
    )];
    for i in 0..n {
        all.push(event(
            "content_block_delta",
            format!(
                r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{i} "}}}}"#
            ),
        ));
    }
    all.push(event(
        "message_delta",
        format!(r#"{{"type":"message_delta","usage":{{"output_tokens":{n}}}}}"#),
    ));
    all.push(event("message_stop", r#"{"type":"message_stop"}"#.into()));
    all
}

/// One chunk of HTTP/1.1 with one message of an AWS event stream.
fn framed(data: &str) -> Vec<u8> {
    let header =
        |name: &'static str, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
    let headers = vec![header(":message-type", "event"), header(":event-type", "chunk")];
    let payload = format!("{{\"bytes\":\"{}\"}}", base64(data.as_bytes()));
    let mut out = Vec::new();
    write_message_to(&Message::new_from_parts(headers, payload.into_bytes()), &mut out).unwrap();
    let mut chunk = format!("{:x}\r\n", out.len()).into_bytes();
    chunk.extend(out);
    chunk.extend(b"\r\n");
    chunk
}

pub fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

async fn start(stream: &mut (impl AsyncWrite + Unpin), kind: &str) {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await.ok();
    stream.flush().await.ok();
}

async fn chunk(stream: &mut (impl AsyncWrite + Unpin), data: &str) {
    stream.write_all(format!("{:x}\r\n{data}\r\n", data.len()).as_bytes()).await.ok();
    stream.flush().await.ok();
}

async fn whole(stream: &mut (impl AsyncWrite + Unpin), status: u16, headers: &str, body: &str) {
    let text = format!(
        "HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.ok();
    stream.shutdown().await.ok();
}

/// Reads a whole request: head and body.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0_u8; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let wanted = head
                .lines()
                .find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned))
                .and_then(|n| n.parse::<usize>().ok())
                .unwrap_or(0);
            if body.len() >= wanted {
                return text;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return text,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
        }
    }
}
