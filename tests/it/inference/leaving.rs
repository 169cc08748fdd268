//! When a credential leaves, and when not.

use serde_json::json;

use super::service::{Does, Service};
use super::*;
use crate::servers::Authority;

const NAME: &str = "gw.mill.example";

fn leaf(authority: &Authority, name: &str) -> tokio_rustls::TlsAcceptor {
    authority.leaf(name, |_| ()).acceptor(&["http/1.1"])
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_without_the_flag() {
    let service = Service::new(Does::Stream(3, 10));
    let public = Authority::new("Public");
    let address = service.tls(leaf(&public, NAME)).await;
    let scene = Scene::new(&gateway(&url(NAME, address))).await;
    let roots = scene.pem("public.pem", &public);
    let args = [&INFERENCE[..], &["--public-roots", &roots, "--device-ca", &roots]].concat();
    let run = scene.check(&args).await;
    assert_eq!(run.code, Some(0), "{}", run.out);
    assert!(run.json().get("calls").is_none());
    assert!(run.out.contains("no key or token was sent"));
    // The model list, and a call that names no model, both without a credential.
    assert_eq!(service.heard().len(), 2);
    assert!(service.calls().is_empty() && !service.saw_a_secret());

    let dry = scene.check(&[&args[..], &["--with-credentials", "--dry-run"]].concat()).await;
    assert_eq!(service.heard().len(), 2);
    let call = dry.json()["calls"][0].as_str().unwrap().to_owned();
    for words in [
        "GET /v1/models",
        "POST /v1/messages",
        "small-model",
        "inferenceGatewayApiKey",
        "64 output",
        "x-team",
    ] {
        assert!(call.contains(words), "{call}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_leaves_to_a_chain_that_the_public_roots_accept() {
    let service = Service::new(Does::Stream(6, 60));
    let public = Authority::new("Public");
    let address = service.tls(leaf(&public, NAME)).await;
    let scene = Scene::new(&gateway(&url(NAME, address))).await;
    let roots = scene.pem("public.pem", &public);
    let args = ["--public-roots", &roots, "--device-ca", &roots, "--with-credentials"];
    let run = scene.check(&[&INFERENCE[..], &args].concat()).await;
    let report = run.json();
    assert_eq!((report["verdict"].as_str(), run.code), (Some("ready"), Some(0)), "{}", run.out);
    let call = stream(&report);
    assert_eq!(call["permission"], "public-roots");
    assert_eq!(call["usage"], json!({ "input": 21, "output": 6 }));
    assert_eq!(call["stream"]["end"], "complete");
    assert!(call["events_ms"].as_array().unwrap().len() == 6 && call["status"] == 200);
    let facts = &host(&report)["finding"]["evidence"];
    assert_eq!(
        (facts["delivery"].as_str(), facts["model"].as_str()),
        (Some("streamed"), Some("small-model"))
    );
    let heard = service.calls();
    let sent = heard.iter().find(|r| r.starts_with("POST /v1/messages ")).unwrap().to_lowercase();
    assert!(sent.contains("\r\nauthorization: bearer plant3d-sk-1\r\n"), "{sent}");
    assert!(sent.contains("\r\nx-team: plant3d-team") && sent.contains("\"max_tokens\":64"), "{sent}");
    assert!(sent.contains("\"stream\":true") && sent.contains("\"model\":\"small-model\""), "{sent}");
    let text = scene.check(&[&["--feature", "inference"][..], &args].concat()).await.out;
    assert!(text.contains("time to first token") && text.contains("tokens spent: 21 in, 6 out"), "{text}");
    assert!(!text.contains("no key or token was sent"), "{text}");
    // A saved report says the same again.
    let saved = scene.put("report.json", &run.out);
    let again = tokio::process::Command::from(crate::common::clearway())
        .args(["check", "--replay", &saved, "--format", "json"])
        .output()
        .await
        .unwrap();
    let again = of(again).json();
    assert_eq!((&again["calls"], host(&again)), (&report["calls"], host(&report)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_authority_is_trusted_only_where_it_inspects_nothing() {
    let service = Service::new(Does::Stream(6, 60));
    let (public, private) = (Authority::new("Public"), Authority::new("Mill CA"));
    let address = service.tls(leaf(&private, NAME)).await;
    // A public host behind the same authority: TLS is inspected.
    let world = "api.anthropic.com";
    let mut inspected = Service::new(Does::Stream(1, 1));
    inspected.refusal = r#"{"type":"error","error":{"type":"authentication_error","message":"x-api-key header is required"}}"#;
    let other = inspected.tls(leaf(&private, world)).await;
    let scene = Scene::new(&gateway(&url(NAME, address))).await;
    let (roots, device) = (scene.pem("public.pem", &public), scene.pem("device.pem", &private));
    let base =
        [&INFERENCE[..], &["--public-roots", &roots, "--device-ca", &device, "--with-credentials"]].concat();

    // Nothing to compare with: inspection would look the same.
    let run = scene.check(&base).await;
    let reason = stream(&run.json())["outcome"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("no public host was reached") && reason.contains("--expect-ca"), "{reason}");
    assert!(run.code == Some(3) && !service.saw_a_secret());

    let clean = Service::new(Does::Stream(1, 1)).tls(leaf(&public, world)).await;
    let clean = format!("{world}:{}", clean.port());
    let run = scene.check(&[&base[..], &["--host", &clean]].concat()).await;
    assert_eq!(stream(&run.json())["permission"], "private-issuer", "{}", run.out);
    assert_eq!(code(&run.json()), "ok", "{}", run.out);

    let heard = service.heard().len();
    let with = format!("{world}:{}", other.port());
    let inspects = [&base[..], &["--host", &with]].concat();
    let run = scene.check(&inspects).await;
    let report = run.json();
    let call = stream(&report);
    assert_eq!(call["outcome"]["outcome"], "not-sent", "{}", run.out);
    assert!(call["outcome"]["reason"].as_str().unwrap().contains("Mill CA"), "{call}");
    assert!(service.heard().iter().skip(heard).all(|r| !r.contains("pLaNt3d")));
    assert!(!inspected.saw_a_secret());
    assert_ne!(report["verdict"], "ready");
    assert!(run.out.contains("was not made"));

    let run = scene.check(&[&inspects[..], &["--trust-interception"]].concat()).await;
    assert_eq!(stream(&run.json())["permission"], "trust-interception", "{}", run.out);
    let run = scene.check(&[&inspects[..], &["--expect-ca", &device]].concat()).await;
    assert_eq!(stream(&run.json())["permission"], "expected-ca", "{}", run.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kept_the_list_kept_the_conversation() {
    let service = Service::new(Does::Stream(6, 60));
    let (public, private) = (Authority::new("Public"), Authority::new("Mill CA"));
    let address = service.tls(leaf(&private, NAME)).await;
    let mut configuration = gateway(&url(NAME, address));
    configuration.as_object_mut().unwrap().remove("inferenceModels");
    let scene = Scene::new(&configuration).await;
    let (roots, device) = (scene.pem("public.pem", &public), scene.pem("device.pem", &private));
    let args = ["--public-roots", &roots, "--device-ca", &device, "--with-credentials"];
    let run = scene.check(&[&INFERENCE[..], &args].concat()).await;
    let reason = stream(&run.json())["outcome"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("no public host was reached"), "{reason}");
    assert!(!service.saw_a_secret());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_never_leaves_to_an_untrusted_chain_whatever_is_said() {
    let service = Service::new(Does::Stream(6, 60));
    let (public, stranger) = (Authority::new("Public"), Authority::new("Stranger"));
    for acceptor in [
        leaf(&stranger, NAME),
        crate::servers::Identity::self_signed(NAME).acceptor(&["http/1.1"]),
        leaf(&public, "other.example"),
    ] {
        let address = service.tls(acceptor).await;
        let scene = Scene::new(&gateway(&url(NAME, address))).await;
        let roots = scene.pem("public.pem", &public);
        let args =
            ["--public-roots", &roots, "--device-ca", &roots, "--with-credentials", "--trust-interception"];
        let run = scene.check(&[&INFERENCE[..], &args].concat()).await;
        let report = run.json();
        assert_eq!(stream(&report)["outcome"]["outcome"], "not-sent", "{}", run.out);
        assert_eq!((report["verdict"].as_str(), run.code), (Some("blocked"), Some(1)), "{}", run.out);
        assert!(!service.saw_a_secret());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_very_connection_decides_not_an_earlier_one() {
    // The first connections show a good chain, the one for the credential another.
    let service = Service::new(Does::Stream(6, 60));
    let (public, stranger) = (Authority::new("Public"), Authority::new("Stranger"));
    let (good, bad) = (leaf(&public, NAME), leaf(&stranger, NAME));
    let count = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let inner = service.clone();
    let (good_at, bad_at) = (inner.tls(good).await, inner.tls(bad).await);
    let address = crate::servers::serve(move |mut stream| {
        let first = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        async move {
            let to = if first { good_at } else { bad_at };
            let mut up = tokio::net::TcpStream::connect(to).await.unwrap();
            tokio::io::copy_bidirectional(&mut stream, &mut up).await.ok();
        }
    })
    .await;
    let scene = Scene::new(&gateway(&url(NAME, address))).await;
    let roots = scene.pem("public.pem", &public);
    let args =
        ["--public-roots", &roots, "--device-ca", &roots, "--with-credentials", "--trust-interception"];
    let run = scene.check(&[&INFERENCE[..], &args].concat()).await;
    let report = run.json();
    assert_eq!(host(&report)["verdict"], "reachable", "{}", run.out);
    assert_eq!(stream(&report)["outcome"]["outcome"], "not-sent", "{}", run.out);
    // What was asked for was not done: that is not passed.
    assert_eq!((report["verdict"].as_str(), run.code), (Some("unknown"), Some(3)), "{}", run.out);
    assert!(service.calls().is_empty() && !service.saw_a_secret());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tls_it_stays_on_this_device() {
    let service = Service::new(Does::Stream(6, 60));
    let address = service.plain().await;
    let scene = Scene::new(&gateway(&format!("http://127.0.0.1:{}", address.port()))).await;
    let run = scene.check(&[&INFERENCE[..], &["--with-credentials"]].concat()).await;
    assert_eq!(stream(&run.json())["permission"], "loopback", "{}", run.out);
    assert!(service.saw_a_secret());

    let named = Service::new(Does::Stream(6, 60));
    let address = named.plain().await;
    let scene = Scene::new(&gateway(&format!("http://{NAME}:{}", address.port()))).await;
    let run = scene.check(&[&INFERENCE[..], &["--with-credentials", "--trust-interception"]].concat()).await;
    assert_eq!(run.code.map(|c| c != 0), Some(true), "{}", run.out);
    assert!(!named.saw_a_secret());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed_with_the_credential() {
    let elsewhere = Service::new(Does::Stream(6, 60));
    let other = elsewhere.plain().await;
    let location = format!("location: http://127.0.0.1:{}/v1/messages\r\n", other.port());
    let service = Service::new(Does::Answer(307, Box::leak(location.into_boxed_str()), ""));
    let address = service.plain().await;
    let scene = Scene::new(&gateway(&format!("http://127.0.0.1:{}", address.port()))).await;
    let run = scene.check(&[&INFERENCE[..], &["--with-credentials"]].concat()).await;
    assert_eq!(code(&run.json()), "http/redirect", "{}", run.out);
    assert!(elsewhere.heard().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_helper_runs_only_when_it_may() {
    let service = Service::new(Does::Stream(6, 60));
    let address = service.plain().await;
    let mut configuration = gateway(&format!("http://127.0.0.1:{}", address.port()));
    let map = configuration.as_object_mut().unwrap();
    map.remove("inferenceGatewayApiKey");
    let scene = Scene::new(&configuration).await;
    let mark = scene.dir.path().join("ran");
    let script = scene.put("helper.sh", &format!("#!/bin/sh\ntouch {}\necho {KEY}\n", mark.display()));
    std::process::Command::new("chmod").args(["+x", &script]).status().unwrap();
    configuration["inferenceCredentialHelper"] = json!(script);
    scene.put("c.json", &configuration.to_string());
    let run = scene
        .check(&[&INFERENCE[..], &["--with-credentials", "--credential-host", "127.0.0.1"]].concat())
        .await;
    assert!(stream(&run.json())["outcome"]["reason"].as_str().unwrap().contains("--run-helpers"));
    assert!(!mark.exists() && !service.saw_a_secret());
    assert_eq!(run.code, Some(3));
    let run = scene
        .check(
            &[&INFERENCE[..], &["--with-credentials", "--run-helpers", "--credential-host", "127.0.0.1"]]
                .concat(),
        )
        .await;
    assert_eq!(run.json()["verdict"], "ready", "{}", run.out);
    assert!(mark.exists() && service.saw_a_secret());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_repeats_the_secret_does_not_get_it_into_the_report() {
    let body = r#"{"error":{"type":"pLaNt3d-sk-1","code":"Bearer pLaNt3d-sk-1"}}"#;
    let headers = "content-type: application/json\r\nserver: pLaNt3d-sk-1\r\n";
    let mut service = Service::new(Does::Answer(403, headers, body));
    service.list = (200, r#"{"data":[{"id":"pLaNt3d-sk-1"}]}"#);
    let address = service.plain().await;
    let scene = Scene::new(&gateway(&format!("http://127.0.0.1:{}", address.port()))).await;
    let run = scene.check(&[&INFERENCE[..], &["--with-credentials"]].concat()).await;
    assert_eq!(code(&run.json()), "service/model");
    assert!(run.out.contains("[secret]"));
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_is_spoken_where_the_server_agrees() {
    let public = Authority::new("Public");
    let address = crate::servers::https_h2(public.leaf(NAME, |_| ()).acceptor(&["h2", "http/1.1"])).await;
    let scene = Scene::new(&gateway(&url(NAME, address))).await;
    let roots = scene.pem("public.pem", &public);
    let args = ["--public-roots", &roots, "--device-ca", &roots, "--with-credentials"];
    let run = scene.check(&[&INFERENCE[..], &args].concat()).await;
    let report = run.json();
    let list = &report["calls"][0];
    assert_eq!(
        (list["version"].as_str(), list["status"].as_u64()),
        (Some("HTTP/2"), Some(401)),
        "{}",
        run.out
    );
    assert_eq!(list["permission"], "public-roots");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_configuration_s_key_goes_to_its_own_host_alone() {
    let (one, two) = (Service::new(Does::Stream(6, 60)), Service::new(Does::Stream(6, 60)));
    let (at_one, at_two) = (one.plain().await, two.plain().await);
    let scene = Scene::new(&gateway(&format!("http://127.0.0.1:{}", at_one.port()))).await;
    let mut other = gateway(&format!("http://127.0.0.1:{}", at_two.port()));
    other["inferenceGatewayApiKey"] = json!("pLaNt3d-other");
    other.as_object_mut().unwrap().remove("inferenceCustomHeaders");
    let other = scene.put("other.json", &other.to_string());
    let run = scene.check(&[&INFERENCE[..], &["--with-credentials", &other]].concat()).await;
    let calls = run.json()["calls"].as_array().unwrap().iter().filter(|c| c["kind"] == "stream").count();
    assert_eq!(calls, 2, "{}", run.out);
    let got = |service: &Service, what: &str| service.heard().iter().any(|r| r.contains(what));
    assert!(got(&one, KEY) && got(&one, "pLaNt3d-team") && !got(&one, "pLaNt3d-other"));
    assert!(got(&two, "pLaNt3d-other") && !got(&two, KEY) && !got(&two, "pLaNt3d-team"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_of_a_hosts_document_gets_no_key() {
    let (own, foreign) = (Service::new(Does::Stream(6, 60)), Service::new(Does::Stream(6, 60)));
    let (at_own, at_foreign) = (own.plain().await, foreign.plain().await);
    let scene = Scene::new(&gateway(&format!("http://127.0.0.1:{}", at_foreign.port()))).await;
    let list = tokio::process::Command::from(crate::common::clearway())
        .arg("hosts")
        .arg(scene.dir.path().join("c.json"))
        .args(["--platform", "linux", "--format", "json"])
        .output()
        .await
        .unwrap();
    let list = scene.put("hosts.json", &of(list).out);
    scene.put("c.json", &gateway(&format!("http://127.0.0.1:{}", at_own.port())).to_string());
    let run = scene.check(&[&INFERENCE[..], &["--with-credentials", &list]].concat()).await;
    assert!(own.saw_a_secret(), "{}", run.out);
    assert!(!foreign.heard().is_empty() && !foreign.saw_a_secret(), "{}", run.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_secret_that_is_repeated_is_not_cut_before_it_is_found() {
    let key: String = "pLaNt3d-".chars().chain(('a'..='z').cycle().take(151)).collect();
    assert_eq!(key.len(), 159);
    let padding = "z".repeat(450);
    let body = format!(r#"{{"error":{{"type":"{key}","code":"{}{key}"}}}}"#, "z".repeat(60));
    let headers = format!("content-type: application/json\r\nserver: {padding}{key}\r\n");
    let mut service = Service::new(Does::Answer(403, headers.leak(), body.leak()));
    service.list = (200, format!(r#"{{"data":[{{"id":"x{key}"}}]}}"#).leak());
    let address = service.plain().await;
    let mut configuration = gateway(&format!("http://127.0.0.1:{}", address.port()));
    configuration["inferenceGatewayApiKey"] = json!(key);
    let scene = Scene::new(&configuration).await;
    let run = scene.check(&[&INFERENCE[..], &["--with-credentials"]].concat()).await;
    assert!(service.heard().iter().any(|r| r.contains(&key)));
    assert!(run.out.contains("[secret]") && !run.out.contains("abcdefgh"), "{}", run.out);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_never_made_is_not_passed() {
    let service = Service::new(Does::Stream(6, 60));
    let address = service.plain().await;
    let mut configuration = gateway(&format!("http://127.0.0.1:{}", address.port()));
    configuration.as_object_mut().unwrap().remove("inferenceGatewayApiKey");
    configuration["inferenceCredentialHelper"] = json!("/bin/sleep");
    configuration["inferenceCredentialHelperArgs"] = json!(["30"]);
    let scene = Scene::new(&configuration).await;
    let args = ["--with-credentials", "--run-helpers", "--credential-host", "127.0.0.1", "--deadline", "3s"];
    let run = scene.check(&[&INFERENCE[..], &args].concat()).await;
    let report = run.json();
    assert_eq!((report["verdict"].as_str(), run.code), (Some("unknown"), Some(3)), "{}", run.out);
    assert_eq!(stream(&report)["outcome"]["outcome"], "cut", "{}", run.out);
    assert!(!service.saw_a_secret());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_for_credentials_is_one_host() {
    let scene = Scene::new(&gateway("http://127.0.0.1:9")).await;
    for (host, says) in [
        ("*.mill.example", "name each host"),
        ("https://mill.example", "without scheme and port"),
        ("", "empty"),
    ] {
        let run = scene.check(&["--with-credentials", "--credential-host", host, "--dry-run"]).await;
        assert!(run.code == Some(2) && run.err.contains(says), "{host}: {}", run.err);
    }
    let run = scene.check(&["--credential-host", "mill.example", "--dry-run"]).await;
    assert!(run.code == Some(2) && run.err.contains("--with-credentials"), "{}", run.err);
}
