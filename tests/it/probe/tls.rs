//! TLS: how handshakes end, and what two stores say of a chain.

use super::*;

#[tokio::test]
async fn healthy_https_over_http_2() {
    let authority = Authority::new("Test CA");
    let acceptor = authority.leaf("service.example", |_| {}).acceptor(&["h2", "http/1.1"]);
    let server = crate::servers::https_h2(acceptor).await;
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
    let server = crate::servers::https(leaf.acceptor_of(&rustls::version::TLS12, &["http/1.1"]), OK).await;
    let attempt = named(trusting(&authority), "service.example", server, Transport::Https).await;
    let parameters = attempt.tls[0].parameters.as_ref().unwrap();
    assert_eq!((parameters.version.as_str(), parameters.alpn.as_deref()), ("TLSv1.2", Some("http/1.1")));
    let http = &attempt.http[0];
    assert_eq!((http.version.as_str(), http.status, http.body.as_str()), ("HTTP/1.1", Some(200), "hi"));
    assert_eq!(http.header("date"), Some("Sun, 22 Nov 2026 10:00:00 GMT"));
}

#[tokio::test]
async fn a_handshake_that_is_closed_or_reset() {
    let closing = crate::servers::serve(|mut s| async move { crate::servers::swallow(&mut s).await }).await;
    let attempt = local(settings(PATIENT), closing, Transport::Https).await;
    assert_eq!(last_tls(&attempt), &TlsOutcome::Closed);
    assert_eq!(attempt.tls[0].received_bytes, 0);
    assert!(attempt.tls[0].hello_bytes > 1216);
    assert_eq!(attempt.tls[0].sni, None);

    let resetting = crate::servers::serve(|mut s| async move {
        crate::servers::swallow(&mut s).await;
        crate::servers::reset(s);
    })
    .await;
    let attempt = local(settings(PATIENT), resetting, Transport::Https).await;
    assert_eq!(last_tls(&attempt), &TlsOutcome::Reset);
}

#[tokio::test]
async fn a_silent_handshake_is_confirmed_by_a_second_socket() {
    let server = crate::servers::serve(|mut s| async move {
        crate::servers::swallow(&mut s).await;
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
    let server = crate::servers::serve(move |mut stream| {
        let (acceptor, first) = (acceptor.clone(), first.clone());
        async move {
            if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
                crate::servers::swallow(&mut stream).await;
                tokio::time::sleep(FOREVER).await;
            } else if let Ok(stream) = acceptor.accept(stream).await {
                crate::servers::answer(stream, OK).await;
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
    let server = crate::servers::serve(|mut s| async move {
        crate::servers::swallow(&mut s).await;
        s.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n\x1b[31m").await.ok();
    })
    .await;
    let attempt = local(settings(PATIENT), server, Transport::Https).await;
    let TlsOutcome::NotTls { first } = last_tls(&attempt) else { panic!("{:?}", attempt.tls) };
    assert!(first.starts_with("HTTP/1.1 400 Bad Request"));
    assert!(!first.contains('\u{1b}'));

    // Two bytes and silence are no handshake that times out.
    let server = crate::servers::serve(|mut s| async move {
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
        let server = crate::servers::serve(move |mut s| async move {
            crate::servers::swallow(&mut s).await;
            s.write_all(&[21, 3, 3, 0, 2, 2, alert]).await.ok();
        })
        .await;
        let attempt = local(settings(PATIENT), server, Transport::Https).await;
        assert_eq!(last_tls(&attempt), &expected);
    }
    // A ServerHello of TLS 1.1: version 3.2, random, no session, one old cipher suite.
    let server = crate::servers::serve(|mut s| async move {
        crate::servers::swallow(&mut s).await;
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
        let server = crate::servers::https(identity.acceptor(&["http/1.1"]), OK).await;
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
    let server =
        crate::servers::https(authority.leaf("service.example", |_| {}).acceptor(&["http/1.1"]), OK).await;
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
        let server = crate::servers::https(acceptor, OK).await;
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
async fn grpc_over_tls_offers_only_http_2() {
    let authority = Authority::new("Test CA");
    let acceptor = authority.leaf("service.example", |_| {}).acceptor(&["h2"]);
    let server = crate::servers::https(acceptor, b"").await;
    let attempt = named(trusting(&authority), "service.example", server, Transport::GrpcTls).await;
    assert_eq!(attempt.tls[0].parameters.as_ref().unwrap().alpn.as_deref(), Some("h2"));
    assert!(attempt.http.is_empty());
    let acceptor = authority.leaf("service.example", |_| {}).acceptor(&["http/1.1"]);
    let server = crate::servers::https(acceptor, b"").await;
    let attempt = named(trusting(&authority), "service.example", server, Transport::GrpcTls).await;
    assert_eq!(last_tls(&attempt), &TlsOutcome::Alert { alert: "no_application_protocol".into() });
}
