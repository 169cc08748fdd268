//! Proxy scripts, fetched from servers that mean well and from others.

use super::*;

const SCRIPT: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfunction ";

async fn fetched(settings: Settings, url: String) -> clearway::probe::Fetched {
    let prober = Prober::new(settings).unwrap();
    prober.fetch_script(&url, Instant::now() + Duration::from_secs(60)).await
}

async fn from(server: SocketAddr) -> clearway::probe::Fetched {
    fetched(settings(PATIENT), format!("http://{server}/p.pac?x=1")).await
}

#[tokio::test]
async fn a_script_is_fetched_with_its_hash() {
    let (server, heads) = crate::servers::proxy(ProxyDoes::Answer(SCRIPT)).await;
    let seen = from(server).await;
    assert_eq!((seen.script.as_deref(), seen.status, seen.bytes), (Some("function "), Some(200), Some(9)));
    assert_eq!(seen.sha256.map(|h| h.len()), Some(64));
    let head = heads.lock().unwrap()[0].clone();
    assert!(head.starts_with("GET /p.pac?x=1 HTTP/1.1\r\n"), "{head}");
    assert!(!head.to_ascii_lowercase().contains("authorization"));
}

#[tokio::test]
async fn nothing_but_the_question_is_sent_for_a_script() {
    let packed =
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\n\x1f\x8b";
    let (server, heads) = crate::servers::proxy(ProxyDoes::Answer(packed)).await;
    let seen = fetched(settings(PATIENT), format!("http://user:word@{server}/p.pac#part")).await;
    // What is packed is not unpacked: two bytes that are no text.
    assert_eq!(seen.bytes, Some(2), "{seen:?}");
    let head = heads.lock().unwrap()[0].clone();
    let names: Vec<&str> = head.lines().skip(1).filter_map(|l| l.split_once(':').map(|(n, _)| n)).collect();
    let mut names: Vec<String> = names.iter().map(|n| n.to_ascii_lowercase()).collect();
    names.sort();
    assert_eq!(names, ["accept", "host", "user-agent"], "{head}");
    assert!(
        head.starts_with("GET /p.pac HTTP/1.1\r\n") && head.contains(clearway::probe::USER_AGENT),
        "{head}"
    );
}

#[tokio::test]
async fn a_redirect_leads_to_no_forbidden_address() {
    for (to, word) in [
        ("http://169.254.169.254/latest", "never probed"),
        ("http://[::ffff:169.254.169.254]/latest", "never probed"),
        ("http://2852039166/latest", "never probed"),
        ("ftp://files.example/p.pac", "ftp"),
    ] {
        let server = crate::servers::serve(move |s| async move {
            let answer = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
            crate::servers::answer(s, answer.as_bytes()).await;
        })
        .await;
        let error = from(server).await.error.unwrap();
        assert!(error.contains(word), "{to}: {error}");
    }
}

#[tokio::test]
async fn redirects_are_followed_but_not_for_ever() {
    let end = crate::servers::serve(|s| crate::servers::answer(s, SCRIPT)).await;
    let first = crate::servers::serve(move |s| async move {
        let to = format!("HTTP/1.1 302 Found\r\nLocation: http://{end}/q.pac\r\nContent-Length: 0\r\n\r\n");
        crate::servers::answer(s, to.as_bytes()).await;
    })
    .await;
    assert!(from(first).await.script.is_some());
    let circle = crate::servers::serve(|s| {
        crate::servers::answer(s, b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")
    })
    .await;
    let seen = from(circle).await;
    assert!(seen.error.unwrap().contains("redirects"));
}

#[tokio::test]
async fn what_cannot_be_fetched_says_why() {
    let missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    let server = crate::servers::serve(move |s| crate::servers::answer(s, missing)).await;
    let seen = from(server).await;
    assert_eq!((seen.error.as_deref(), seen.status), (Some("HTTP 404"), Some(404)));
    assert!(from(crate::servers::refused().await).await.error.unwrap().contains("refused"));
    for (url, word) in [
        ("file:///etc/passwd", "file"),
        ("http://169.254.169.254/p.pac", "never probed"),
        ("nonsense", "cannot be read"),
    ] {
        let error = fetched(settings(PATIENT), url.to_owned()).await.error.unwrap();
        assert!(error.contains(word), "{url}: {error}");
    }
    let silent = crate::servers::serve(crate::servers::hold).await;
    let seen = fetched(settings(SHORT), format!("http://{silent}/")).await;
    assert!(seen.error.unwrap().contains("in time"));
}

#[tokio::test]
async fn an_endless_script_is_bounded() {
    let server = crate::servers::serve(|mut s| async move {
        crate::servers::read_head(&mut s).await;
        s.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok();
        while s.write_all(&[b'/'; 16384]).await.is_ok() {}
    })
    .await;
    assert!(from(server).await.error.unwrap().contains("larger than 1024 KiB"));
}

#[tokio::test]
async fn a_script_behind_tls_needs_a_server_that_is_trusted() {
    let authority = Authority::new("Test CA");
    for (settings, trusted) in [(trusting(&authority), true), (settings(PATIENT), false)] {
        let acceptor = authority.leaf("pac.example", |_| {}).acceptor(&[]);
        let server = crate::servers::https(acceptor, SCRIPT).await;
        let dns = Dns::start().await;
        let settings = Settings { resolver: Some(dns.address), ..settings };
        let seen = fetched(settings, format!("https://pac.example:{}/p.pac", server.port())).await;
        assert_eq!(seen.script.is_some(), trusted, "{seen:?}");
        let why = seen.error.unwrap_or_default();
        let untrusted = "TLS failed: certificate of an issuer this device does not trust";
        assert_eq!(why, if trusted { "" } else { untrusted });
    }
}

#[tokio::test]
async fn names_that_a_script_asks_for_are_looked_up() {
    let dns = Dns::start().await;
    let prober = Prober::new(Settings { resolver: Some(dns.address), ..settings(PATIENT) }).unwrap();
    let names = ["service.example".to_owned(), "nxdomain.example".to_owned()].into();
    let found = prober.addresses_of(&names, Instant::now() + Duration::from_secs(30)).await;
    assert_eq!(found.len(), 2);
    assert!(!found["service.example"].is_empty());
}
