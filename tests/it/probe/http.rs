//! HTTP and what speaks before it: requests as planned, answers bounded and made safe.

use super::*;

#[tokio::test]
async fn the_request_is_sent_as_planned() {
    let server = crate::servers::serve(|mut stream| async move {
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
        ..Request::default()
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
async fn a_second_socket_rescues_a_lost_answer() {
    let authority = Authority::new("Test CA");
    let acceptor = authority.leaf("service.example", |_| {}).acceptor(&["http/1.1"]);
    let first = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let server = crate::servers::serve(move |stream| {
        let (acceptor, first) = (acceptor.clone(), first.clone());
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
                crate::servers::read_head(&mut stream).await;
                tokio::time::sleep(FOREVER).await;
            } else {
                crate::servers::answer(stream, OK).await;
            }
        }
    })
    .await;
    let settings = Settings { stage_timeout: Duration::from_secs(3), ..trusting(&authority) };
    let attempt = named(settings, "service.example", server, Transport::Https).await;
    assert_eq!(attempt.http.iter().map(|h| h.confirm).collect::<Vec<_>>(), [false, true]);
    assert_eq!(attempt.http[0].outcome, HttpOutcome::Abandoned);
    assert_eq!((last_http(&attempt), attempt.http[1].status), (&HttpOutcome::Answered, Some(200)));
    // Both handshakes completed; the one under the answer counts.
    assert_eq!(attempt.tls.iter().map(|t| t.confirm).collect::<Vec<_>>(), [false, true]);
    assert!(attempt.tls.iter().all(|t| t.outcome == TlsOutcome::Completed && t.chain.len() == 1));
    assert_eq!(attempt.tls[1].device_trust, Some(Trust::Accepted));
}

#[tokio::test]
async fn http_that_ends_badly() {
    async fn outcome(stage: Duration, bytes: &'static [u8], stay: bool) -> Attempt {
        let server = crate::servers::serve(move |mut s| async move {
            crate::servers::read_head(&mut s).await;
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

    let server = crate::servers::serve(|mut s| async move {
        crate::servers::read_head(&mut s).await;
        s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await.ok();
        tokio::time::sleep(Duration::from_millis(50)).await;
        crate::servers::reset(s);
    })
    .await;
    let attempt = local(settings(PATIENT), server, Transport::Http).await;
    assert_eq!(last_http(&attempt), &HttpOutcome::Reset);
}

#[tokio::test]
async fn endless_answers_are_bounded() {
    let headers = crate::servers::serve(|mut s| async move {
        crate::servers::read_head(&mut s).await;
        s.write_all(b"HTTP/1.1 200 OK\r\n").await.ok();
        while s.write_all(b"X-More: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n").await.is_ok() {}
    })
    .await;
    let attempt = local(settings(PATIENT), headers, Transport::Http).await;
    assert!(matches!(last_http(&attempt), HttpOutcome::Malformed { .. }), "{:?}", attempt.http);

    let body = crate::servers::serve(|mut s| async move {
        crate::servers::read_head(&mut s).await;
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
    let server = crate::servers::serve(|s| async move {
        let bytes = b"HTTP/1.1 200 OK\r\nServer: a\x1b[2Jb\r\nContent-Length: 0\r\n\r\n";
        crate::servers::answer(s, bytes).await;
    })
    .await;
    let attempt = local(settings(PATIENT), server, Transport::Http).await;
    let http = &attempt.http[0];
    // An escape in a header value is no HTTP at all.
    assert!(matches!(http.outcome, HttpOutcome::Malformed { .. }), "{http:?}");
    assert!(!serde_json::to_string(&attempt).unwrap().contains("\\u001b"));

    let authority = Authority::new("Evil\u{1b}[2J CA \u{202e}");
    let server =
        crate::servers::https(authority.leaf("service.example", |_| {}).acceptor(&["http/1.1"]), OK).await;
    let attempt = named(trusting(&authority), "service.example", server, Transport::Https).await;
    let issuer = &attempt.tls[0].chain[0].issuer;
    assert!(issuer.contains("Evil") && !issuer.chars().any(char::is_control) && !issuer.contains('\u{202e}'));
}

#[tokio::test]
async fn header_values_with_high_bytes_are_kept_safe() {
    let server = crate::servers::serve(|s| async move {
        let mut bytes = b"HTTP/1.1 200 OK\r\nServer: a\xe2\x80\xaeb\xff\r\nLocation: ".to_vec();
        bytes.extend([b'x'; 3000]);
        bytes.extend_from_slice(b"\r\nContent-Length: 14\r\n\r\n\x1b]0;t\x07ok\x00\x08\x1b[1m");
        crate::servers::answer(s, &bytes).await;
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
    let ssh = crate::servers::serve(|mut s| async move {
        s.write_all(b"SSH-2.0-Test_1.0\r\n\x00\x1b").await.ok();
        tokio::time::sleep(FOREVER).await;
    })
    .await;
    let attempt = local(settings(PATIENT), ssh, Transport::Ssh).await;
    assert!(attempt.banner.unwrap().text.starts_with("SSH-2.0-Test_1.0"));
    assert!(attempt.tls.is_empty() && attempt.http.is_empty());

    let silent = crate::servers::serve(crate::servers::hold).await;
    let attempt = local(settings(SHORT), silent, Transport::Tcp).await;
    assert_eq!((attempt.tcp[0].outcome.clone(), attempt.banner), (TcpOutcome::Connected, None));
    let attempt = local(settings(SHORT), silent, Transport::Grpc).await;
    assert_eq!((attempt.tcp[0].outcome.clone(), attempt.http.len()), (TcpOutcome::Connected, 0));
}

#[tokio::test]
async fn a_stream_that_is_reset_says_why_and_http_1_is_tried_where_it_is_demanded() {
    let authority = Authority::new("Test CA");
    let acceptor = || authority.leaf("service.example", |_| {}).acceptor(&["h2", "http/1.1"]);
    let server = crate::servers::https_resetting(acceptor(), h2::Reason::HTTP_1_1_REQUIRED, OK).await;
    let attempt = named(trusting(&authority), "service.example", server, Transport::Https).await;
    let code = "HTTP_1_1_REQUIRED".to_owned();
    assert_eq!(attempt.http[0].outcome, HttpOutcome::StreamReset { code });
    let second = &attempt.http[1];
    assert_eq!((second.version.as_str(), second.status, second.confirm), ("HTTP/1.1", Some(200), true));
    assert_eq!((attempt.http.len(), last_http(&attempt)), (2, &HttpOutcome::Answered));
    // The handshake under the answer counts, and is judged.
    let protocols: Vec<_> =
        attempt.tls.iter().map(|t| t.parameters.as_ref().unwrap().alpn.as_deref().unwrap()).collect();
    assert_eq!(protocols, ["h2", "http/1.1"]);
    assert_eq!(attempt.tls[1].public_trust, Some(Trust::Accepted));
    assert!(attempt.tcp.iter().all(|t| t.outcome == TcpOutcome::Connected) && attempt.tcp.len() == 2);

    // Other codes are an answer, and a server that demands it without offering it gets one retry.
    let server = crate::servers::https_resetting(acceptor(), h2::Reason::ENHANCE_YOUR_CALM, OK).await;
    let attempt = named(trusting(&authority), "service.example", server, Transport::Https).await;
    let code = "ENHANCE_YOUR_CALM".to_owned();
    assert_eq!((attempt.http.len(), last_http(&attempt)), (1, &HttpOutcome::StreamReset { code }));
    let only_h2 = authority.leaf("service.example", |_| {}).acceptor(&["h2"]);
    let server = crate::servers::https_resetting(only_h2, h2::Reason::HTTP_1_1_REQUIRED, OK).await;
    let attempt = named(trusting(&authority), "service.example", server, Transport::Https).await;
    assert_eq!((attempt.http.len(), attempt.tls.len(), attempt.tcp.len()), (1, 2, 2));
}

#[tokio::test]
async fn an_ssh_server_may_greet_slowly_and_at_length() {
    let server = crate::servers::serve(|mut s| async move {
        for line in ["Welcome\r\n", "to the bastion\r\n"] {
            s.write_all(line.as_bytes()).await.ok();
        }
        tokio::time::sleep(Duration::from_millis(1300)).await;
        s.write_all(b"SSH-2.0-Late_1.0\r\n").await.ok();
        tokio::time::sleep(FOREVER).await;
    })
    .await;
    let attempt = local(settings(PATIENT), server, Transport::Ssh).await;
    assert_eq!(attempt.banner.unwrap().text, "SSH-2.0-Late_1.0 / Welcome / to the bastion");

    // Endless lines end at a kilobyte, endless silence at the stage.
    let server =
        crate::servers::serve(|mut s| async move { while s.write_all(&[b'x'; 512]).await.is_ok() {} }).await;
    let attempt = local(settings(PATIENT), server, Transport::Ssh).await;
    assert_eq!(attempt.banner.unwrap().text.len(), 256);
    let silent = crate::servers::serve(crate::servers::hold).await;
    let attempt = local(settings(SHORT), silent, Transport::Ssh).await;
    assert!(attempt.banner.is_none() && attempt.ms >= 400.0, "{}", attempt.ms);
}
