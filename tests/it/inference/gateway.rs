//! A gateway's faults, each with its code.

use super::service::{Does, Service};
use super::*;

async fn check(service: &Service, args: &[&str]) -> Value {
    let address = service.plain().await;
    let scene = Scene::new(&gateway(&format!("http://127.0.0.1:{}", address.port()))).await;
    scene.check(&[&INFERENCE[..], &["--with-credentials"], args].concat()).await.json()
}

const JSON: &str = "content-type: application/json\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_gateway_has_its_code() {
    let error = |status, body| Does::Answer(status, JSON, body);
    for (does, expected, verdict) in [
        (error(401, r#"{"error":{"type":"auth_error","code":"401"}}"#), "auth/rejected", "blocked"),
        (error(400, r#"{"error":{"type":"no_db_connection","code":"400"}}"#), "auth/rejected", "blocked"),
        (
            error(403, r#"{"error":{"type":"key_model_access_denied","code":"403"}}"#),
            "service/model",
            "blocked",
        ),
        (error(404, r#"{"type":"error","error":{"type":"not_found_error"}}"#), "service/model", "blocked"),
        (error(429, r#"{"error":{"type":"budget_exceeded"}}"#), "service/quota", "blocked"),
        (error(429, r#"{"error":{"type":"rate_limit_error"}}"#), "http/rate-limited", "warning"),
        (error(403, r#"{"error":{"type":"forbidden"}}"#), "service/policy", "blocked"),
        (error(502, "<html>bad gateway</html>"), "http/server-error", "blocked"),
        (error(200, "<html>hello</html>"), "http/wrong-content", "blocked"),
        (Does::Buffer(8, 100), "http/buffered", "warning"),
        (Does::Cut(10), "http/interrupted", "blocked"),
        (Does::Reset, "http/interrupted", "blocked"),
    ] {
        let report = check(&Service::new(does), &[]).await;
        assert_eq!(
            (code(&report), host(&report)["verdict"].as_str().unwrap()),
            (expected, verdict),
            "{:#}",
            host(&report)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fast_or_short_stream_is_not_called_buffered() {
    for (does, words) in [(Does::Buffer(4, 150), "fewer than five"), (Does::Buffer(8, 1), "half a second")] {
        let report = check(&Service::new(does), &[]).await;
        assert_eq!(code(&report), "ok");
        let delivery = host(&report)["finding"]["evidence"]["delivery"].as_str().unwrap().to_owned();
        assert!(delivery.contains("not judged") && delivery.contains(words), "{delivery}");
    }
    let whole = Does::Answer(200, JSON, r#"{"type":"message","usage":{"input_tokens":3,"output_tokens":4}}"#);
    let report = check(&Service::new(whole), &[]).await;
    assert_eq!(code(&report), "ok");
    assert_eq!(stream(&report)["usage"]["output"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_stream_that_is_cut_is_told_from_one_that_breaks() {
    let report = check(&Service::new(Does::Cut(10_500)), &["--deadline", "20s"]).await;
    assert_eq!(code(&report), "http/idle-cut", "{:#}", host(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_model_list_refuses_is_not_tried_again() {
    let mut service = Service::new(Does::Stream(6, 10));
    service.list = (401, r#"{"error":{"type":"auth_error"}}"#);
    let report = check(&service, &[]).await;
    assert_eq!(code(&report), "auth/rejected", "{:#}", host(&report));
    assert!(service.calls().is_empty());
    assert_eq!(report["verdict"], "blocked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_without_a_model_list_is_asked_all_the_same() {
    let mut service = Service::new(Does::Stream(6, 60));
    service.list = (404, "{}");
    let report = check(&service, &[]).await;
    assert_eq!((code(&report), report["verdict"].as_str()), ("ok", Some("ready")), "{:#}", host(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_whose_name_begins_like_the_key_is_asked_for_by_its_name_and_masked_in_the_report() {
    let mut service = Service::new(Does::Stream(6, 60));
    service.list = (200, r#"{"data":[{"id":"pLaNt3d-sk-1-haiku"},{"id":"pLaNt3d-small"}]}"#);
    let address = service.plain().await;
    let mut configuration = gateway(&format!("http://127.0.0.1:{}", address.port()));
    configuration.as_object_mut().unwrap().remove("inferenceModels");
    let run =
        Scene::new(&configuration).await.check(&[&INFERENCE[..], &["--with-credentials"]].concat()).await;
    assert_eq!(code(&run.json()), "ok", "{:#}", host(&run.json()));
    // A name that holds the whole key is never asked for.
    let heard = service.calls();
    let call = heard.first().unwrap();
    assert!(call.contains(r#""model":"pLaNt3d-small""#), "{call}");
    assert!(!run.out.contains("pLaNt3d"), "{}", run.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_quiet_is_used_again() {
    let service = Service::new(Does::Stream(6, 60));
    let address = service.plain().await;
    let scene = Scene::new(&gateway(&format!("http://127.0.0.1:{}", address.port()))).await;
    let run = scene.check(&[&INFERENCE[..], &["--idle", "1s"]].concat()).await;
    let report = run.json();
    assert_eq!(report["calls"][0]["kind"], "idle", "{}", run.out);
    assert_eq!(report["calls"][0]["permission"], "no-credential");
    assert!(
        run.out.contains("survived 1 s of silence") && run.out.contains("no key or token was sent"),
        "{}",
        run.out
    );
    assert!(!service.saw_a_secret());

    // Something on the way that forgets the connection.
    let first = std::sync::atomic::AtomicUsize::new(0);
    let to = service.plain().await;
    let address = crate::servers::serve(move |mut stream| {
        let n = first.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move {
            // The two questions without a credential.
            if n < 2 {
                let mut up = tokio::net::TcpStream::connect(to).await.unwrap();
                tokio::io::copy_bidirectional(&mut stream, &mut up).await.ok();
            } else {
                tokio::time::sleep(std::time::Duration::from_millis(500)).await;
                crate::servers::reset(stream);
            }
        }
    })
    .await;
    let scene = Scene::new(&gateway(&format!("http://127.0.0.1:{}", address.port()))).await;
    let report = scene.check(&[&INFERENCE[..], &["--idle", "2s"]].concat()).await.json();
    assert_eq!(code(&report), "http/idle-cut", "{:#}", host(&report));
}
