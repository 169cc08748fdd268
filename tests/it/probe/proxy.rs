//! Through a proxy: the tunnel, and every way it is refused.

use super::*;

#[tokio::test]
async fn a_tunnel_through_a_proxy() {
    let authority = Authority::new("Test CA");
    let acceptor = authority.leaf("service.example", |_| {}).acceptor(&["http/1.1"]);
    let server = crate::servers::https(acceptor, OK).await;
    let (proxy, heads) = crate::servers::proxy(ProxyDoes::Tunnel).await;
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
        let (proxy, _) = crate::servers::proxy(does).await;
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
    let target =
        through(target(1, "service.example", 443, Transport::Https), crate::servers::refused().await);
    let attempt = one(settings(PATIENT), target).await;
    assert_eq!((attempt.tcp[0].outcome.clone(), attempt.proxy), (TcpOutcome::Refused, None));
}

#[tokio::test]
async fn an_endless_proxy_head_is_bounded() {
    let proxy = crate::servers::serve(|mut s| async move {
        crate::servers::read_head(&mut s).await;
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
    let server = crate::servers::serve(|s| crate::servers::answer(s, OK)).await;
    for (settings, trusted) in [(trusting(&authority), true), (settings(PATIENT), false)] {
        let acceptor = authority.leaf("proxy.example", |_| {}).acceptor(&[]);
        let proxy = crate::servers::serve(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let head = crate::servers::read_head(&mut stream).await;
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
