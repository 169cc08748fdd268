//! Servers for tests, on loopback addresses and ports the system picks: healthy ones, and one for
//! each way to be broken. They live as long as the test's runtime.

use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA};
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_rustls::TlsAcceptor;

/// Longer than any test waits.
pub const FOREVER: Duration = Duration::from_secs(3600);

/// Serves every connection to a fresh IPv4 loopback port with `handle`.
pub async fn serve<F, Fut>(handle: F) -> SocketAddr
where
    F: Fn(TcpStream) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    serve_on((Ipv4Addr::LOCALHOST, 0).into(), handle).await
}

/// The same on an address of one's choice.
pub async fn serve_on<F, Fut>(address: SocketAddr, handle: F) -> SocketAddr
where
    F: Fn(TcpStream) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(address).await.unwrap();
    let local = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            tokio::spawn(handle(stream));
        }
    });
    local
}

/// Keeps a connection open and says nothing.
pub async fn hold(stream: TcpStream) {
    tokio::time::sleep(FOREVER).await;
    drop(stream);
}

/// A port that answers no SYN: its queue of one connection is full and nobody accepts. Linux drops
/// further SYNs then. The connections must be kept.
#[cfg(target_os = "linux")]
pub async fn dropping() -> (SocketAddr, Vec<Box<dyn std::any::Any>>) {
    dropping_on((Ipv4Addr::LOCALHOST, 0).into()).await
}

/// The same on an address of one's choice.
#[cfg(target_os = "linux")]
pub async fn dropping_on(address: SocketAddr) -> (SocketAddr, Vec<Box<dyn std::any::Any>>) {
    let domain = socket2::Domain::for_address(address);
    let listener = socket2::Socket::new(domain, socket2::Type::STREAM, Some(socket2::Protocol::TCP)).unwrap();
    listener.bind(&address.into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let mut kept: Vec<Box<dyn std::any::Any>> = vec![Box::new(listener)];
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(address)).await
    {
        kept.push(Box::new(stream));
    }
    (address, kept)
}

/// A port nobody listens on.
pub async fn refused() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap()
}

/// Closes with RST instead of FIN.
pub fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
}

/// Reads what has come (at least one byte), so that closing afterwards sends FIN.
pub async fn swallow(stream: &mut (impl AsyncRead + Unpin)) {
    let mut buffer = vec![0_u8; 65536];
    let n = stream.read(&mut buffer).await.unwrap_or(0);
    // A large hello comes in two segments.
    let rest = buffer.get_mut(n..).unwrap_or_default();
    tokio::time::timeout(Duration::from_millis(20), stream.read(rest)).await.ok();
}

/// Reads an HTTP/1 request head.
pub async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Answers one HTTP/1 request with these bytes and closes.
pub async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) {
    read_head(&mut stream).await;
    stream.write_all(bytes).await.ok();
    stream.shutdown().await.ok();
}

/// A private certificate authority.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// With this common name.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer }
    }

    /// Its certificate.
    pub fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// Its certificate as PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for `name`, changed by `change`.
    pub fn leaf(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = params(name);
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity { chain: vec![certificate.der().clone()], key: key.serialize_der() }
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// A server's chain and key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

impl Identity {
    /// Signed by itself.
    pub fn self_signed(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params(name).self_signed(&key).unwrap();
        Self { chain: vec![certificate.der().clone()], key: key.serialize_der() }
    }

    /// A server with this identity, the newest versions and these protocols.
    pub fn acceptor(self, alpn: &[&str]) -> TlsAcceptor {
        self.build(rustls::ALL_VERSIONS, None, alpn)
    }

    /// A server that speaks only this version.
    pub fn acceptor_of(self, version: &'static SupportedProtocolVersion, alpn: &[&str]) -> TlsAcceptor {
        self.build(&[version], None, alpn)
    }

    /// A server that demands a client certificate of `authority`.
    pub fn demanding(self, authority: &Authority, version: &'static SupportedProtocolVersion) -> TlsAcceptor {
        self.build(&[version], Some(authority), &["http/1.1"])
    }

    fn build(
        self,
        versions: &[&'static SupportedProtocolVersion],
        clients_of: Option<&Authority>,
        alpn: &[&str],
    ) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .unwrap();
        let builder = match clients_of {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.der()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = PrivateKeyDer::try_from(self.key).unwrap();
        let mut config = builder.with_single_cert(self.chain, key).unwrap();
        config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// An HTTPS server that answers HTTP/1 requests with these bytes.
pub async fn https(acceptor: TlsAcceptor, bytes: &'static [u8]) -> SocketAddr {
    serve(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                answer(stream, bytes).await;
            }
        }
    })
    .await
}

/// An HTTPS server that speaks HTTP/2 and says so in its body.
pub async fn https_h2(acceptor: TlsAcceptor) -> SocketAddr {
    serve(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(|request: Request<Incoming>| async move {
                let agent = request.headers().get("user-agent").map(|v| v.to_str().unwrap().to_owned());
                let body = format!("{} {} {:?}", request.method(), request.uri(), agent);
                let response = Response::builder()
                    .status(401)
                    .header("Server", "test")
                    .header("Set-Cookie", "secret=1")
                    .body(Full::new(Bytes::from(body)))
                    .unwrap();
                Ok::<_, Infallible>(response)
            });
            hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service)
                .await
                .ok();
        }
    })
    .await
}

/// An HTTPS server that ends every HTTP/2 stream with this code, and answers HTTP/1 requests with
/// these bytes.
pub async fn https_resetting(acceptor: TlsAcceptor, code: h2::Reason, bytes: &'static [u8]) -> SocketAddr {
    serve(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
                return answer(stream, bytes).await;
            }
            let Ok(mut connection) = h2::server::handshake(stream).await else { return };
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                respond.send_reset(code);
            }
        }
    })
    .await
}

/// A DNS server that answers by the first label of the name, and remembers what it was asked.
pub struct Dns {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Dns {
    /// Labels: `nx`, `servfail`, `refused`, `empty`, `silent`, `notimp`; `both` has 127.0.0.1 and
    /// ::1, `v6` ::1, `local` the metadata address, `nat64`, `six-to-four` and `compatible` the same inside an address of
    /// IPv6, `many` six addresses, `foreign` the address of another name; all others 127.0.0.1.
    pub async fn start() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut buffer = [0_u8; 1500];
            while let Ok((n, from)) = socket.recv_from(&mut buffer).await {
                let query = Message::from_vec(&buffer[..n]).unwrap();
                let question = &query.queries[0];
                log.lock().unwrap().push(format!("{} {}", question.query_type(), question.name()));
                if let Some(reply) = reply(&query) {
                    socket.send_to(&reply.to_vec().unwrap(), from).await.unwrap();
                }
            }
        });
        Self { address, asked }
    }

    /// The questions so far, such as `A nx.example.`, sorted.
    pub fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }
}

fn reply(query: &Message) -> Option<Message> {
    let question = &query.queries[0];
    let mut reply = Message::new(query.metadata.id, MessageType::Response, OpCode::Query);
    reply.add_query(question.clone());
    let name = question.name().to_string();
    let mut give = |addresses: &[IpAddr]| {
        for address in addresses {
            let data = match (address, question.query_type()) {
                (IpAddr::V4(a), RecordType::A) => RData::A(A(*a)),
                (IpAddr::V6(a), RecordType::AAAA) => RData::AAAA(AAAA(*a)),
                _ => continue,
            };
            reply.add_answer(Record::from_rdata(question.name().clone(), 60, data));
        }
    };
    let v4 = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let v6 = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let code = match name.split('.').next().unwrap() {
        "silent" => return None,
        "nx" => ResponseCode::NXDomain,
        "servfail" => ResponseCode::ServFail,
        "refused" => ResponseCode::Refused,
        "notimp" => ResponseCode::NotImp,
        "empty" => ResponseCode::NoError,
        "both" => {
            give(&[v4, v6]);
            ResponseCode::NoError
        }
        "v6" => {
            give(&[v6]);
            ResponseCode::NoError
        }
        "local" => {
            give(&[IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254))]);
            ResponseCode::NoError
        }
        "nat64" => {
            give(&["64:ff9b::a9fe:a9fe".parse().unwrap()]);
            ResponseCode::NoError
        }
        "six-to-four" => {
            give(&["2002:a9fe:a9fe::1".parse().unwrap()]);
            ResponseCode::NoError
        }
        "compatible" => {
            give(&["::a9fe:a9fe".parse().unwrap()]);
            ResponseCode::NoError
        }
        "foreign" => {
            if question.query_type() == RecordType::A {
                let other = hickory_resolver::proto::rr::Name::from_ascii("evil.example.").unwrap();
                reply.add_answer(Record::from_rdata(other, 60, RData::A(A(Ipv4Addr::LOCALHOST))));
            }
            ResponseCode::NoError
        }
        "many" => {
            let all: Vec<IpAddr> = (1..=6).map(|n| IpAddr::V4(Ipv4Addr::new(127, 0, 0, n))).collect();
            give(&all);
            ResponseCode::NoError
        }
        _ => {
            give(&[v4]);
            ResponseCode::NoError
        }
    };
    reply.metadata.response_code = code;
    Some(reply)
}

/// What a test proxy does with CONNECT.
#[derive(Clone, Copy)]
pub enum ProxyDoes {
    /// Connects to the port on 127.0.0.1, whatever the name.
    Tunnel,
    /// Answers with these bytes and closes.
    Answer(&'static [u8]),
    /// Never answers.
    Silent,
    /// Resets after the request.
    Reset,
    /// Closes after the request.
    Close,
}

/// An HTTP proxy; also gives the heads it was sent.
pub async fn proxy(does: ProxyDoes) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heads);
    let address = serve(move |stream| {
        let log = Arc::clone(&log);
        async move { converse(stream, does, &log).await }
    })
    .await;
    (address, heads)
}

async fn converse(mut stream: TcpStream, does: ProxyDoes, log: &Mutex<Vec<String>>) {
    let head = read_head(&mut stream).await;
    log.lock().unwrap().push(head.clone());
    match does {
        ProxyDoes::Tunnel => {
            let authority = head.split(' ').nth(1).unwrap();
            let port: u16 = authority.rsplit(':').next().unwrap().parse().unwrap();
            let mut up = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n").await.unwrap();
            tokio::io::copy_bidirectional(&mut stream, &mut up).await.ok();
        }
        ProxyDoes::Answer(bytes) => {
            stream.write_all(bytes).await.ok();
            stream.shutdown().await.ok();
        }
        ProxyDoes::Silent => tokio::time::sleep(FOREVER).await,
        ProxyDoes::Reset => reset(stream),
        ProxyDoes::Close => {}
    }
}

/// What a box in front of a server sees of a connection before it decides.
pub struct Seen {
    /// Bytes of the ClientHello.
    pub hello: usize,
    /// Largest segment that was agreed on; Windows does not tell it.
    #[cfg(target_os = "linux")]
    pub segment: u32,
    text: String,
}

impl Seen {
    /// Whether the hello holds this name.
    pub fn names(&self, name: &str) -> bool {
        self.text.contains(name)
    }
}

/// What the box does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boxed {
    Passes,
    Resets,
    Drops,
}

/// A TLS server behind a box that decides by what it sees of the hello.
pub async fn behind(
    address: SocketAddr,
    acceptor: TlsAcceptor,
    decide: impl Fn(&Seen) -> Boxed + Send + Sync + Copy + 'static,
) -> SocketAddr {
    serve_on(address, move |stream| {
        let acceptor = acceptor.clone();
        async move {
            #[cfg(target_os = "linux")]
            let segment = socket2::SockRef::from(&stream).tcp_mss().unwrap();
            let mut buffer = vec![0_u8; 4096];
            // Waits until something is there.
            let _ = stream.peek(&mut buffer).await;
            tokio::time::sleep(Duration::from_millis(30)).await;
            let hello = stream.peek(&mut buffer).await.unwrap_or(0);
            let text = String::from_utf8_lossy(&buffer[..hello]).into_owned();
            let seen = Seen {
                hello,
                #[cfg(target_os = "linux")]
                segment,
                text,
            };
            match decide(&seen) {
                Boxed::Resets => reset(stream),
                Boxed::Drops => hold(stream).await,
                Boxed::Passes => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        answer(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
                    }
                }
            }
        }
    })
    .await
}
