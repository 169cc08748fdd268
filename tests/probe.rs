//! The prober against servers on this machine's loopback: every way a stage can end is produced
//! for real, and the record must say so. No network and no rights are needed.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod servers;

use std::net::SocketAddr;
use std::time::Duration;

use clearway::derive::{HostPattern, ProbeHints, Requirement};
use clearway::observation::{
    Attempt, DnsAnswer, HttpOutcome, Lookup, Observations, ProxyOutcome, Purpose, Stopped, TcpOutcome,
    TlsOutcome, Trust,
};
use clearway::plan::{Experiment, Path, Plan, Request, Route, Target};
use clearway::probe::{Prober, Progress, Quiet, Settings};
use clearway::terms::{Actor, Network, Transport};
use rcgen::date_time_ymd;
use servers::{Authority, Dns, FOREVER, Identity, ProxyDoes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\n\r\nhi";

/// Long enough for a busy machine.
const PATIENT: Duration = Duration::from_secs(5);
/// Short enough to wait for.
const SHORT: Duration = Duration::from_millis(400);

fn target(id: u32, host: &str, port: u16, transport: Transport) -> Target {
    let request = transport.has_http().then(|| Request {
        method: "GET".into(),
        path: "/x?y=1".into(),
        headers: Vec::new(),
        body: String::new(),
    });
    Target {
        id,
        requirement: Requirement {
            host: host.parse::<HostPattern>().unwrap(),
            port,
            transport,
            network: Network::Internet,
            unbounded: None,
            loopback: true,
            hints: ProbeHints::default(),
            reasons: Vec::new(),
        },
        probed: host.to_owned(),
        service: None,
        request,
        paths: vec![Path { route: Route::Direct, actors: vec![Actor::App] }],
        skip: None,
    }
}

fn through(mut target: Target, proxy: SocketAddr) -> Target {
    let route =
        Route::Proxy { host: proxy.ip().to_string(), port: proxy.port(), tls: false, origin: "test".into() };
    target.paths = vec![Path { route, actors: vec![Actor::App] }];
    target
}

fn settings(stage_timeout: Duration) -> Settings {
    // Some anchor, so that the device has a store even where the system has none.
    Settings { stage_timeout, device_ca: vec![Authority::new("anchor").der()], ..Settings::default() }
}

fn trusting(authority: &Authority) -> Settings {
    Settings {
        device_ca: vec![authority.der()],
        public_roots: Some(vec![authority.der()]),
        ..settings(PATIENT)
    }
}

async fn wave(settings: Settings, targets: Vec<Target>) -> Observations {
    let prober = Prober::new(settings).unwrap();
    let plan = Plan { targets };
    let mut observations = Observations::default();
    let deadline = Instant::now() + Duration::from_secs(60);
    prober.run(&plan, &plan.first_wave(), &mut observations, deadline, &Quiet).await;
    assert_eq!(observations.stopped, None);
    // What is recorded can be saved and read back.
    let json = serde_json::to_string(&observations).unwrap();
    assert_eq!(serde_json::from_str::<Observations>(&json).unwrap(), observations);
    observations
}

async fn one(settings: Settings, target: Target) -> Attempt {
    let mut observations = wave(settings, vec![target]).await;
    assert_eq!(observations.attempts.len(), 1);
    observations.attempts.remove(0)
}

async fn local(settings: Settings, server: SocketAddr, transport: Transport) -> Attempt {
    one(settings, target(1, &server.ip().to_string(), server.port(), transport)).await
}

/// A name of the test's DNS server, at this port.
async fn named(settings: Settings, name: &str, server: SocketAddr, transport: Transport) -> Attempt {
    let dns = Dns::start().await;
    let settings = Settings { resolver: Some(dns.address), ..settings };
    one(settings, target(1, name, server.port(), transport)).await
}

fn last_tls(attempt: &Attempt) -> &TlsOutcome {
    &attempt.tls.last().unwrap().outcome
}

fn last_http(attempt: &Attempt) -> &HttpOutcome {
    &attempt.http.last().unwrap().outcome
}

#[tokio::test]
async fn healthy_https_over_http_2() {
    let authority = Authority::new("Test CA");
    let acceptor = authority.leaf("service.example", |_| {}).acceptor(&["h2", "http/1.1"]);
    let server = servers::https_h2(acceptor).await;
    let attempt = named(trusting(&authority), "service.example", server, Transport::Https).await;

    let dns = attempt.dns.as_ref().unwrap();
    assert_eq!((&dns.system, dns.direct.len()), (&Lookup::NotAsked, 2));
    assert_eq!(attempt.tcp.len(), 1);
    assert_eq!((attempt.tcp[0].remote, &attempt.tcp[0].outcome), (server, &TcpOutcome::Connected));
    assert!(attempt.tcp[0].local.is_some());
    let tls = &attempt.tls[0];
    assert_eq!(tls.outcome, TlsOutcome::Completed);
    assert_eq!(tls.sni.as_deref(), Some("service.example"));
    assert!(tls.hello_bytes > 1216, "the post-quantum share is sent: {}", tls.hello_bytes);
    assert!(tls.received_bytes > 1120);
    let parameters = tls.parameters.as_ref().unwrap();
    assert_eq!(parameters.version, "TLSv1.3");
    assert_eq!(parameters.group, "X25519MLKEM768");
    assert_eq!(parameters.alpn.as_deref(), Some("h2"));
    assert!(parameters.cipher.starts_with("TLS13_"));
    assert_eq!(tls.device_trust, Some(Trust::Accepted));
    assert_eq!(tls.public_trust, Some(Trust::Accepted));
    assert_eq!(tls.chain.len(), 1);
    assert_eq!(tls.chain[0].names, ["service.example"]);
    assert!(tls.chain[0].issuer.contains("Test CA") && !tls.chain[0].self_issued);
    let http = &attempt.http[0];
    assert_eq!((&http.outcome, http.status), (&HttpOutcome::Answered, Some(401)));
    assert_eq!(http.version, "HTTP/2");
    assert_eq!(http.header("server"), Some("test"));
    assert_eq!(http.header("set-cookie"), None);
    assert!(http.header_names.iter().any(|n| n == "set-cookie"));
    let port = server.port();
    let agent = concat!("clearway/", env!("CARGO_PKG_VERSION"));
    assert_eq!(http.body, format!("GET https://service.example:{port}/x?y=1 Some(\"{agent}\")"));
    assert!(http.first_byte_ms.is_some() && attempt.cut.is_none());
}

#[tokio::test]
async fn healthy_https_over_http_1_and_tls_1_2() {
    let authority = Authority::new("Test CA");
    let leaf = authority.leaf("service.example", |_| {});
    let server = servers::https(leaf.acceptor_of(&rustls::version::TLS12, &["http/1.1"]), OK).await;
    let attempt = named(trusting(&authority), "service.example", server, Transport::Https).await;
    let parameters = attempt.tls[0].parameters.as_ref().unwrap();
    assert_eq!((parameters.version.as_str(), parameters.alpn.as_deref()), ("TLSv1.2", Some("http/1.1")));
    let http = &attempt.http[0];
    assert_eq!((http.version.as_str(), http.status, http.body.as_str()), ("HTTP/1.1", Some(200), "hi"));
    assert_eq!(http.header("date"), Some("Sun, 22 Nov 2026 10:00:00 GMT"));
}

#[tokio::test]
async fn the_request_is_sent_as_planned() {
    let server = servers::serve(|mut stream| async move {
        let mut bytes = vec![0_u8; 4096];
        let n = stream.read(&mut bytes).await.unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {n}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&bytes[..n]).await.unwrap();
    })
    .await;
    let mut target = target(1, "127.0.0.1", server.port(), Transport::Http);
    target.request = Some(Request {
        method: "POST".into(),
        path: "/v1/messages".into(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: "{}".into(),
    });
    let attempt = one(settings(PATIENT), target).await;
    let sent = attempt.http[0].body.to_ascii_lowercase();
    assert!(sent.starts_with("post /v1/messages http/1.1\n"), "{sent}");
    for line in
        ["accept: */*", "content-type: application/json", "content-length: 2", "user-agent: clearway/"]
    {
        assert!(sent.contains(line), "{line} in {sent}");
    }
    assert!(sent.contains(&format!("host: 127.0.0.1:{}", server.port())));
    assert!(!sent.contains("authorization") && !sent.contains("cookie"));
    assert!(attempt.tls.is_empty() && attempt.dns.is_none());
}

#[tokio::test]
async fn a_closed_port_is_refused() {
    let attempt = local(settings(PATIENT), servers::refused().await, Transport::Https).await;
    assert_eq!(attempt.tcp.len(), 1);
    assert_eq!(attempt.tcp[0].outcome, TcpOutcome::Refused);
    assert!(attempt.tls.is_empty() && attempt.http.is_empty());
}

#[tokio::test]
async fn a_handshake_that_is_closed_or_reset() {
    let closing = servers::serve(|mut s| async move { servers::swallow(&mut s).await }).await;
    let attempt = local(settings(PATIENT), closing, Transport::Https).await;
    assert_eq!(last_tls(&attempt), &TlsOutcome::Closed);
    assert_eq!(attempt.tls[0].received_bytes, 0);
    assert!(attempt.tls[0].hello_bytes > 1216);
    assert_eq!(attempt.tls[0].sni, None);

    let resetting = servers::serve(|mut s| async move {
        servers::swallow(&mut s).await;
        servers::reset(s);
    })
    .await;
    let attempt = local(settings(PATIENT), resetting, Transport::Https).await;
    assert_eq!(last_tls(&attempt), &TlsOutcome::Reset);
}

#[tokio::test]
async fn a_silent_handshake_is_confirmed_by_a_second_socket() {
    let server = servers::serve(|mut s| async move {
        servers::swallow(&mut s).await;
        tokio::time::sleep(FOREVER).await;
    })
    .await;
    let attempt = local(settings(SHORT), server, Transport::Https).await;
    assert_eq!(attempt.tls.len(), 2);
    assert!(attempt.tls.iter().all(|t| t.outcome == TlsOutcome::Timeout && t.received_bytes == 0));
    assert_eq!(attempt.tls.iter().map(|t| t.confirm).collect::<Vec<_>>(), [false, true]);
    assert_eq!(attempt.tcp.iter().map(|t| t.confirm).collect::<Vec<_>>(), [false, true]);
    assert!(attempt.http.is_empty());
}

#[tokio::test]
async fn a_second_socket_rescues_a_lost_handshake() {
    let authority = Authority::new("Test CA");
    let acceptor = authority.leaf("service.example", |_| {}).acceptor(&["http/1.1"]);
    let first = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let server = servers::serve(move |mut stream| {
        let (acceptor, first) = (acceptor.clone(), first.clone());
        async move {
            if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
                servers::swallow(&mut stream).await;
                tokio::time::sleep(FOREVER).await;
            } else if let Ok(stream) = acceptor.accept(stream).await {
                servers::answer(stream, OK).await;
            }
        }
    })
    .await;
    let settings = Settings { stage_timeout: Duration::from_secs(3), ..trusting(&authority) };
    let attempt = named(settings, "service.example", server, Transport::Https).await;
    assert_eq!(attempt.tls[0].outcome, TlsOutcome::Abandoned);
    let tls = attempt.tls.last().unwrap();
    assert_eq!((&tls.outcome, tls.confirm), (&TlsOutcome::Completed, true));
    assert_eq!(tls.device_trust, Some(Trust::Accepted));
    assert_eq!(last_http(&attempt), &HttpOutcome::Answered);
}

#[tokio::test]
async fn bytes_that_are_not_tls() {
    let server = servers::serve(|mut s| async move {
        servers::swallow(&mut s).await;
        s.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n\x1b[31m").await.ok();
    })
    .await;
    let attempt = local(settings(PATIENT), server, Transport::Https).await;
    let TlsOutcome::NotTls { first } = last_tls(&attempt) else { panic!("{:?}", attempt.tls) };
    assert!(first.starts_with("HTTP/1.1 400 Bad Request"));
    assert!(!first.contains('\u{1b}'));

    // Two bytes and silence are no handshake that times out.
    let server = servers::serve(|mut s| async move {
        s.write_all(b"OK").await.ok();
        tokio::time::sleep(FOREVER).await;
    })
    .await;
    let attempt = local(settings(SHORT), server, Transport::Https).await;
    assert!(attempt.tls.iter().any(|t| t.outcome == TlsOutcome::NotTls { first: "OK".into() }));
}

#[tokio::test]
async fn alerts_and_versions() {
    for (alert, expected) in [
        (40_u8, TlsOutcome::Alert { alert: "handshake_failure".into() }),
        (112, TlsOutcome::Alert { alert: "unrecognized_name".into() }),
        (70, TlsOutcome::Version),
    ] {
        let server = servers::serve(move |mut s| async move {
            servers::swallow(&mut s).await;
            s.write_all(&[21, 3, 3, 0, 2, 2, alert]).await.ok();
        })
        .await;
        let attempt = local(settings(PATIENT), server, Transport::Https).await;
        assert_eq!(last_tls(&attempt), &expected);
    }
    // A ServerHello of TLS 1.1: version 3.2, random, no session, one old cipher suite.
    let server = servers::serve(|mut s| async move {
        servers::swallow(&mut s).await;
        let mut hello = vec![22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
        hello.extend([7; 32]);
        hello.extend([0, 0, 0x2f, 0]);
        s.write_all(&hello).await.ok();
        tokio::time::sleep(FOREVER).await;
    })
    .await;
    let attempt = local(settings(PATIENT), server, Transport::Https).await;
    assert_eq!(last_tls(&attempt), &TlsOutcome::Version);
}

#[tokio::test]
async fn certificates_are_judged_after_the_handshake() {
    let authority = Authority::new("Test CA");
    let cases = [
        (Identity::self_signed("service.example"), Trust::UnknownIssuer),
        (
            authority.leaf("service.example", |p| {
                p.not_before = date_time_ymd(2020, 1, 1);
                p.not_after = date_time_ymd(2021, 1, 1);
            }),
            Trust::Expired,
        ),
        (authority.leaf("service.example", |p| p.not_before = date_time_ymd(2099, 1, 1)), Trust::NotYetValid),
        (authority.leaf("other.example", |_| {}), Trust::NameMismatch),
        (Authority::new("Stranger").leaf("service.example", |_| {}), Trust::UnknownIssuer),
    ];
    for (identity, expected) in cases {
        let server = servers::https(identity.acceptor(&["http/1.1"]), OK).await;
        let attempt = named(trusting(&authority), "service.example", server, Transport::Https).await;
        let tls = &attempt.tls[0];
        assert_eq!(tls.outcome, TlsOutcome::Completed);
        assert_eq!(tls.device_trust.as_ref(), Some(&expected));
        assert_eq!(tls.public_trust.as_ref(), Some(&expected));
        // What the name's server says over such a connection is evidence too.
        assert_eq!(last_http(&attempt), &HttpOutcome::Answered);
    }
}

#[tokio::test]
async fn a_private_authority_is_trusted_by_the_device_alone() {
    let authority = Authority::new("Private CA");
    let server = servers::https(authority.leaf("service.example", |_| {}).acceptor(&["http/1.1"]), OK).await;
    let settings = Settings { device_ca: vec![authority.der()], ..settings(PATIENT) };
    let attempt = named(settings, "service.example", server, Transport::Https).await;
    assert_eq!(attempt.tls[0].device_trust, Some(Trust::Accepted));
    assert_eq!(attempt.tls[0].public_trust, Some(Trust::UnknownIssuer));
}

#[tokio::test]
async fn a_client_certificate_is_asked_for() {
    let authority = Authority::new("Test CA");
    for (version, in_handshake) in [(&rustls::version::TLS13, false), (&rustls::version::TLS12, true)] {
        let acceptor = authority.leaf("service.example", |_| {}).demanding(&authority, version);
        let server = servers::https(acceptor, OK).await;
        let attempt = named(trusting(&authority), "service.example", server, Transport::Https).await;
        assert!(attempt.tls[0].client_certificate_requested);
        assert_eq!(attempt.tls[0].chain.len(), 1);
        if in_handshake {
            assert!(matches!(last_tls(&attempt), TlsOutcome::Alert { .. }), "{:?}", attempt.tls);
        } else {
            assert_eq!(last_tls(&attempt), &TlsOutcome::Completed);
            assert_eq!(last_http(&attempt), &HttpOutcome::Alert { alert: "certificate_required".into() });
        }
    }
}

#[tokio::test]
async fn http_that_ends_badly() {
    async fn outcome(stage: Duration, bytes: &'static [u8], stay: bool) -> Attempt {
        let server = servers::serve(move |mut s| async move {
            servers::read_head(&mut s).await;
            s.write_all(bytes).await.ok();
            if stay {
                tokio::time::sleep(FOREVER).await;
            }
        })
        .await;
        local(settings(stage), server, Transport::Http).await
    }
    let attempt = outcome(PATIENT, b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", false).await;
    assert_eq!((last_http(&attempt), attempt.http[0].status), (&HttpOutcome::Answered, Some(503)));

    let attempt = outcome(PATIENT, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", false).await;
    assert_eq!(last_http(&attempt), &HttpOutcome::Closed);
    assert_eq!((attempt.http[0].status, attempt.http[0].body.as_str()), (Some(200), "half"));

    let attempt = outcome(PATIENT, b"", false).await;
    assert_eq!((last_http(&attempt), attempt.http[0].status), (&HttpOutcome::Closed, None));

    let attempt = outcome(PATIENT, b"220 mail ready\r\n", false).await;
    assert!(matches!(last_http(&attempt), HttpOutcome::Malformed { .. }), "{:?}", attempt.http);

    let attempt = outcome(SHORT, b"", true).await;
    assert_eq!(last_http(&attempt), &HttpOutcome::Timeout);
    assert_eq!(attempt.http.iter().map(|h| h.confirm).collect::<Vec<_>>(), [false, true]);

    let attempt = outcome(SHORT, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", true).await;
    assert_eq!((last_http(&attempt), attempt.http[1].body.as_str()), (&HttpOutcome::BodyTimeout, "half"));

    let server = servers::serve(|mut s| async move {
        servers::read_head(&mut s).await;
        s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await.ok();
        tokio::time::sleep(Duration::from_millis(50)).await;
        servers::reset(s);
    })
    .await;
    let attempt = local(settings(PATIENT), server, Transport::Http).await;
    assert_eq!(last_http(&attempt), &HttpOutcome::Reset);
}

#[tokio::test]
async fn endless_answers_are_bounded() {
    let headers = servers::serve(|mut s| async move {
        servers::read_head(&mut s).await;
        s.write_all(b"HTTP/1.1 200 OK\r\n").await.ok();
        while s.write_all(b"X-More: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n").await.is_ok() {}
    })
    .await;
    let attempt = local(settings(PATIENT), headers, Transport::Http).await;
    assert!(matches!(last_http(&attempt), HttpOutcome::Malformed { .. }), "{:?}", attempt.http);

    let body = servers::serve(|mut s| async move {
        servers::read_head(&mut s).await;
        s.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n").await.ok();
        while s.write_all(&[b'a'; 4096]).await.is_ok() {}
    })
    .await;
    let attempt = local(settings(PATIENT), body, Transport::Http).await;
    let http = &attempt.http[0];
    assert_eq!((&http.outcome, http.body_bytes, http.body.len()), (&HttpOutcome::Answered, 8192, 8192));
}

#[tokio::test]
async fn hostile_text_is_made_safe() {
    let server = servers::serve(|s| async move {
        let bytes = b"HTTP/1.1 200 OK\r\nServer: a\x1b[2Jb\r\nContent-Length: 0\r\n\r\n";
        servers::answer(s, bytes).await;
    })
    .await;
    let attempt = local(settings(PATIENT), server, Transport::Http).await;
    let http = &attempt.http[0];
    // An escape in a header value is no HTTP at all.
    assert!(matches!(http.outcome, HttpOutcome::Malformed { .. }), "{http:?}");
    assert!(!serde_json::to_string(&attempt).unwrap().contains("\\u001b"));

    let authority = Authority::new("Evil\u{1b}[2J CA \u{202e}");
    let server = servers::https(authority.leaf("service.example", |_| {}).acceptor(&["http/1.1"]), OK).await;
    let attempt = named(trusting(&authority), "service.example", server, Transport::Https).await;
    let issuer = &attempt.tls[0].chain[0].issuer;
    assert!(issuer.contains("Evil") && !issuer.chars().any(char::is_control) && !issuer.contains('\u{202e}'));
}

#[tokio::test]
async fn header_values_with_high_bytes_are_kept_safe() {
    let server = servers::serve(|s| async move {
        let mut bytes = b"HTTP/1.1 200 OK\r\nServer: a\xe2\x80\xaeb\xff\r\nLocation: ".to_vec();
        bytes.extend([b'x'; 3000]);
        bytes.extend_from_slice(b"\r\nContent-Length: 14\r\n\r\n\x1b]0;t\x07ok\x00\x08\x1b[1m");
        servers::answer(s, &bytes).await;
    })
    .await;
    let attempt = local(settings(PATIENT), server, Transport::Http).await;
    let http = &attempt.http[0];
    assert_eq!(http.header("server"), Some("ab\u{fffd}"));
    assert_eq!(http.header("location").unwrap().len(), 512);
    assert_eq!(http.body, "ok  ");
}

#[tokio::test]
async fn ssh_and_plain_ports() {
    let ssh = servers::serve(|mut s| async move {
        s.write_all(b"SSH-2.0-Test_1.0\r\n\x00\x1b").await.ok();
        tokio::time::sleep(FOREVER).await;
    })
    .await;
    let attempt = local(settings(PATIENT), ssh, Transport::Ssh).await;
    assert!(attempt.banner.unwrap().text.starts_with("SSH-2.0-Test_1.0"));
    assert!(attempt.tls.is_empty() && attempt.http.is_empty());

    let silent = servers::serve(servers::hold).await;
    let attempt = local(settings(SHORT), silent, Transport::Tcp).await;
    assert_eq!((attempt.tcp[0].outcome.clone(), attempt.banner), (TcpOutcome::Connected, None));
    let attempt = local(settings(SHORT), silent, Transport::Grpc).await;
    assert_eq!((attempt.tcp[0].outcome.clone(), attempt.http.len()), (TcpOutcome::Connected, 0));
}

#[tokio::test]
async fn grpc_over_tls_offers_only_http_2() {
    let authority = Authority::new("Test CA");
    let acceptor = authority.leaf("service.example", |_| {}).acceptor(&["h2"]);
    let server = servers::https(acceptor, b"").await;
    let attempt = named(trusting(&authority), "service.example", server, Transport::GrpcTls).await;
    assert_eq!(attempt.tls[0].parameters.as_ref().unwrap().alpn.as_deref(), Some("h2"));
    assert!(attempt.http.is_empty());
    let acceptor = authority.leaf("service.example", |_| {}).acceptor(&["http/1.1"]);
    let server = servers::https(acceptor, b"").await;
    let attempt = named(trusting(&authority), "service.example", server, Transport::GrpcTls).await;
    assert_eq!(last_tls(&attempt), &TlsOutcome::Alert { alert: "no_application_protocol".into() });
}

#[tokio::test]
async fn dns_answers_are_told_apart() {
    let port = servers::refused().await.port();
    for (name, answer) in [
        ("nx.example", DnsAnswer::NxDomain),
        ("servfail.example", DnsAnswer::ServFail),
        ("refused.example", DnsAnswer::Refused),
        ("empty.example", DnsAnswer::NoData),
        ("notimp.example", DnsAnswer::Code { code: 4 }),
        ("silent.example", DnsAnswer::Timeout),
    ] {
        let dns = Dns::start().await;
        let settings = Settings { resolver: Some(dns.address), ..settings(SHORT) };
        let attempt = one(settings, target(1, name, port, Transport::Https)).await;
        let record = attempt.dns.unwrap();
        assert_eq!((record.name.as_str(), record.system), (name, Lookup::NotAsked));
        let kinds: Vec<&str> = record.direct.iter().map(|q| q.kind.as_str()).collect();
        assert_eq!(kinds, ["A", "AAAA"]);
        assert!(record.direct.iter().all(|q| q.answer == answer), "{name}: {:?}", record.direct);
        assert!(attempt.tcp.is_empty());
    }
}

#[tokio::test]
async fn a_dead_dns_server_is_unreachable() {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let dead = socket.local_addr().unwrap();
    drop(socket);
    let settings = Settings { resolver: Some(dead), ..settings(SHORT) };
    let attempt = one(settings, target(1, "service.example", 443, Transport::Https)).await;
    let record = attempt.dns.unwrap();
    assert!(record.direct.iter().all(|q| matches!(q.answer, DnsAnswer::Unreachable { .. })), "{record:?}");
}

#[tokio::test]
async fn the_systems_lookup_knows_localhost_and_no_invalid_name() {
    let server = servers::serve(|s| servers::answer(s, OK)).await;
    let attempt = one(settings(PATIENT), target(1, "localhost", server.port(), Transport::Http)).await;
    let dns = attempt.dns.as_ref().unwrap();
    let Lookup::Addresses { addresses } = &dns.system else { panic!("{dns:?}") };
    assert!(addresses.contains(&server.ip()) && dns.direct.is_empty());
    assert_eq!(last_http(&attempt), &HttpOutcome::Answered);

    let attempt = one(settings(SHORT), target(1, "nothing.invalid", 443, Transport::Https)).await;
    let dns = attempt.dns.unwrap();
    assert!(matches!(dns.system, Lookup::Failed { .. } | Lookup::Timeout), "{dns:?}");
    assert!(attempt.tcp.is_empty());
}

#[tokio::test]
async fn both_families_are_tried_and_a_broken_one_is_recorded() {
    // The IPv4 port is open; nobody listens on the same port of ::1.
    let server = servers::serve(|s| servers::answer(s, OK)).await;
    let attempt = named(settings(PATIENT), "both.example", server, Transport::Http).await;
    assert_eq!(last_http(&attempt), &HttpOutcome::Answered);
    let outcome = |v6: bool| {
        attempt.tcp.iter().filter(|t| t.remote.is_ipv6() == v6).map(|t| t.outcome.clone()).collect::<Vec<_>>()
    };
    assert_eq!((outcome(true), outcome(false)), (vec![TcpOutcome::Refused], vec![TcpOutcome::Connected]));

    let v6 = servers::serve_on("[::1]:0".parse().unwrap(), |s| servers::answer(s, OK)).await;
    let attempt = named(settings(PATIENT), "v6.example", v6, Transport::Http).await;
    assert_eq!((attempt.tcp.len(), attempt.tcp[0].remote), (1, v6));
    assert_eq!(last_http(&attempt), &HttpOutcome::Answered);
}

#[tokio::test]
async fn at_most_four_addresses_of_a_family_are_tried() {
    let attempt = named(settings(PATIENT), "many.example", servers::refused().await, Transport::Https).await;
    assert_eq!(attempt.tcp.len(), 4);
    assert!(attempt.tcp.iter().all(|t| t.outcome == TcpOutcome::Refused));
}

#[tokio::test]
async fn a_link_local_address_is_never_dialled() {
    let attempt = named(settings(SHORT), "local.example", servers::refused().await, Transport::Http).await;
    assert_eq!(attempt.tcp.len(), 1);
    let TcpOutcome::Other { errno: None, error } = &attempt.tcp[0].outcome else { panic!() };
    assert_eq!(error, "link-local address, never probed");
}

#[tokio::test]
async fn a_name_is_looked_up_once_per_wave_and_again_in_the_next() {
    let dns = Dns::start().await;
    let server = servers::serve(|s| servers::answer(s, OK)).await;
    let settings = Settings { resolver: Some(dns.address), ..settings(PATIENT) };
    let prober = Prober::new(settings).unwrap();
    let targets = (1..=3).map(|id| target(id, "service.example", server.port(), Transport::Http)).collect();
    let plan = Plan { targets };
    let mut seen = Observations::default();
    let deadline = Instant::now() + Duration::from_secs(60);
    prober.run(&plan, &plan.first_wave(), &mut seen, deadline, &Quiet).await;
    assert_eq!(dns.asked(), ["A service.example.", "AAAA service.example."]);
    let again = [Experiment { target: 2, path: 0, purpose: Purpose::Repeat }];
    prober.run(&plan, &again, &mut seen, deadline, &Quiet).await;
    assert_eq!((dns.asked().len(), seen.attempts.len()), (4, 4));
    assert_eq!((seen.attempts[3].target, seen.attempts[3].purpose), (2, Purpose::Repeat));
    assert!(seen.attempts[3].at_ms >= seen.attempts[0].at_ms);
}

#[tokio::test]
async fn a_tunnel_through_a_proxy() {
    let authority = Authority::new("Test CA");
    let acceptor = authority.leaf("service.example", |_| {}).acceptor(&["http/1.1"]);
    let server = servers::https(acceptor, OK).await;
    let (proxy, heads) = servers::proxy(ProxyDoes::Tunnel).await;
    let dns = Dns::start().await;
    let settings = Settings { resolver: Some(dns.address), ..trusting(&authority) };
    let target = through(target(1, "service.example", server.port(), Transport::Https), proxy);
    let attempt = one(settings, target).await;
    assert_eq!(attempt.tcp[0].remote, proxy);
    let seen = attempt.proxy.as_ref().unwrap();
    assert_eq!(seen.outcome, ProxyOutcome::Tunnel);
    assert!(seen.headers.contains(&("via".into(), "1.1 test".into())));
    assert_eq!(attempt.tls[0].device_trust, Some(Trust::Accepted));
    assert_eq!(attempt.tls[0].sni.as_deref(), Some("service.example"));
    assert_eq!(attempt.http[0].status, Some(200));
    // The proxy resolves the name; this device does not even ask for it.
    assert!(dns.asked().is_empty() && attempt.dns.is_none());
    let heads = heads.lock().unwrap().clone();
    let port = server.port();
    assert!(heads[0].starts_with(&format!("CONNECT service.example:{port} HTTP/1.1\r\n")), "{heads:?}");
    assert!(!heads[0].to_ascii_lowercase().contains("authorization"));
}

#[tokio::test]
async fn a_proxy_that_does_not_let_through() {
    use ProxyDoes::{Answer, Close, Reset, Silent};
    let cases = [
        (
            Answer(
                b"HTTP/1.1 407 Sign in\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n",
            ),
            ProxyOutcome::Status { status: 407 },
        ),
        (
            Answer(b"HTTP/1.0 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n"),
            ProxyOutcome::Status { status: 403 },
        ),
        (Answer(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"), ProxyOutcome::Status { status: 502 }),
        (Answer(b"SSH-2.0-x\r\n"), ProxyOutcome::NotHttp),
        (Silent, ProxyOutcome::Timeout),
        (Reset, ProxyOutcome::Reset),
        (Close, ProxyOutcome::Closed),
    ];
    for (does, expected) in cases {
        let (proxy, _) = servers::proxy(does).await;
        let stage = if matches!(does, Silent) { SHORT } else { PATIENT };
        let target = through(target(1, "service.example", 443, Transport::Https), proxy);
        let attempt = one(settings(stage), target).await;
        let seen = attempt.proxy.unwrap();
        assert_eq!(seen.outcome, expected);
        if expected == (ProxyOutcome::Status { status: 407 }) {
            let schemes = seen.headers.iter().filter(|(n, _)| n == "proxy-authenticate").count();
            assert_eq!(schemes, 2);
        }
        assert!(attempt.tls.is_empty() && attempt.http.is_empty());
    }
    let target = through(target(1, "service.example", 443, Transport::Https), servers::refused().await);
    let attempt = one(settings(PATIENT), target).await;
    assert_eq!((attempt.tcp[0].outcome.clone(), attempt.proxy), (TcpOutcome::Refused, None));
}

#[tokio::test]
async fn an_endless_proxy_head_is_bounded() {
    let proxy = servers::serve(|mut s| async move {
        servers::read_head(&mut s).await;
        s.write_all(b"HTTP/1.1 200 OK\r\n").await.ok();
        while s.write_all(b"X-More: aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n").await.is_ok() {}
    })
    .await;
    let target = through(target(1, "service.example", 443, Transport::Https), proxy);
    let attempt = one(settings(PATIENT), target).await;
    assert_eq!(attempt.proxy.unwrap().outcome, ProxyOutcome::NotHttp);
}

#[tokio::test]
async fn a_proxy_behind_tls_must_be_trusted() {
    let authority = Authority::new("Test CA");
    let server = servers::serve(|s| servers::answer(s, OK)).await;
    for (settings, trusted) in [(trusting(&authority), true), (settings(PATIENT), false)] {
        let acceptor = authority.leaf("proxy.example", |_| {}).acceptor(&[]);
        let proxy = servers::serve(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let head = servers::read_head(&mut stream).await;
                if head.starts_with("CONNECT") {
                    let mut up = tokio::net::TcpStream::connect(server).await.unwrap();
                    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok();
                    tokio::io::copy_bidirectional(&mut stream, &mut up).await.ok();
                }
            }
        })
        .await;
        let dns = Dns::start().await;
        let settings = Settings { resolver: Some(dns.address), ..settings };
        let mut target = target(1, "service.example", 80, Transport::Http);
        target.paths[0].route = Route::Proxy {
            host: "proxy.example".into(),
            port: proxy.port(),
            tls: true,
            origin: "test".into(),
        };
        let attempt = one(settings, target).await;
        // Only the proxy's own name is looked up.
        assert_eq!(attempt.dns.as_ref().unwrap().name, "proxy.example");
        let seen = attempt.proxy.as_ref().unwrap();
        if trusted {
            assert_eq!((&seen.outcome, last_http(&attempt)), (&ProxyOutcome::Tunnel, &HttpOutcome::Answered));
        } else {
            assert!(matches!(seen.outcome, ProxyOutcome::Tls { .. }), "{seen:?}");
        }
    }
}

#[tokio::test]
async fn the_deadline_keeps_what_is_known() {
    let healthy = servers::serve(|s| servers::answer(s, OK)).await;
    let silent = servers::serve(|mut s| async move {
        servers::swallow(&mut s).await;
        tokio::time::sleep(FOREVER).await;
    })
    .await;
    let plan = Plan {
        targets: vec![
            target(1, "127.0.0.1", healthy.port(), Transport::Http),
            target(2, "127.0.0.1", silent.port(), Transport::Https),
            target(3, "127.0.0.1", silent.port(), Transport::Https),
        ],
    };
    struct Count(std::cell::Cell<(usize, usize)>);
    impl Progress for Count {
        fn planned(&self, attempts: usize) {
            self.0.set((attempts, 0));
        }
        fn finished(&self, done: usize, host: &str) {
            assert_eq!(host, "127.0.0.1");
            self.0.set((self.0.get().0, done));
        }
    }
    // Two at a time: the third target never begins.
    let settings = Settings { concurrency: 2, ..settings(FOREVER) };
    let prober = Prober::new(settings).unwrap();
    let mut seen = Observations::default();
    let progress = Count(std::cell::Cell::default());
    // The healthy one takes a place first and gives it to the third.
    let only = [plan.first_wave()[0], plan.first_wave()[1]];
    let deadline = Instant::now() + Duration::from_millis(1500);
    prober.run(&plan, &only, &mut seen, deadline, &progress).await;
    assert_eq!(seen.stopped, Some(Stopped::Deadline));
    assert_eq!(progress.0.get(), (2, 1));
    assert_eq!(
        seen.attempts.iter().map(|a| (a.target, a.cut)).collect::<Vec<_>>(),
        [(1, None), (2, Some(Stopped::Deadline))]
    );
    let cut = &seen.attempts[1];
    assert_eq!(cut.tcp[0].outcome, TcpOutcome::Connected);
    assert_eq!(last_tls(cut), &TlsOutcome::Abandoned);
    assert!(cut.tls[0].hello_bytes > 1216 && cut.tls[0].ms > 0.0);
    // A stopped run stays stopped.
    prober.run(&plan, &plan.first_wave(), &mut seen, Instant::now() + PATIENT, &Quiet).await;
    assert_eq!(seen.attempts.len(), 2);
}

#[tokio::test]
async fn what_has_not_begun_is_absent() {
    let silent = servers::serve(servers::hold).await;
    let targets = (1..=3).map(|id| target(id, "127.0.0.1", silent.port(), Transport::Http)).collect();
    let plan = Plan { targets };
    let prober = Prober::new(Settings { concurrency: 1, ..settings(FOREVER) }).unwrap();
    let mut seen = Observations::default();
    let deadline = Instant::now() + Duration::from_millis(300);
    prober.run(&plan, &plan.first_wave(), &mut seen, deadline, &Quiet).await;
    assert_eq!(seen.attempts.len(), 1);
    assert_eq!(seen.attempts[0].cut, Some(Stopped::Deadline));
}

#[tokio::test]
async fn the_device_is_observed_once() {
    let prober = Prober::new(settings(PATIENT)).unwrap();
    let device = prober.device();
    assert_eq!(device, prober.device());
    assert!(device.clock > 1_700_000_000);
    assert_eq!(device.device_roots, Some(0));
}

#[test]
fn pem_files_are_read_and_refused_with_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let both = Authority::new("A").pem() + &Authority::new("B").pem();
    assert_eq!(clearway::probe::read_pem(&write("good.pem", &both)).unwrap().len(), 2);
    for (path, says) in [
        (folder.path().join("missing.pem"), "cannot read"),
        (write("empty.pem", "hello"), "holds no certificate"),
        (
            write("bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "certificate 1 cannot be used",
        ),
    ] {
        let error = clearway::probe::read_pem(&path).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains(&*path.to_string_lossy()), "{error}");
    }
}
