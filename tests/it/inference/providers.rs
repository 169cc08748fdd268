//! The other providers: their shapes, and their credentials.

use super::service::{Does, Service, base64};
use super::*;

async fn check(configuration: &Value) -> (Run, Value) {
    let scene = Scene::new(configuration).await;
    // The services of these tests are on this machine, and some credentials are the device's.
    let args = ["--with-credentials", "--credential-host", "127.0.0.1"];
    let run = scene.check(&[&INFERENCE[..], &args].concat()).await;
    let report = run.json();
    (run, report)
}

fn posted(service: &Service) -> String {
    service
        .heard()
        .into_iter()
        .find(|r| r.starts_with("POST") && r.contains("Count from"))
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn bedrock_by_bearer_token() {
    let service = Service::new(Does::Aws(6));
    let address = service.plain().await;
    let (run, report) = check(&json!({
        "inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-central-1",
        "inferenceBedrockBaseUrl": format!("http://127.0.0.1:{}", address.port()),
        "inferenceBedrockBearerToken": KEY, "inferenceModels": ["eu.maker.model-v1:0"],
    }))
    .await;
    let call = stream(&report);
    assert_eq!(call["stream"]["end"], "complete", "{}{}", run.out, run.err);
    assert_eq!((&call["usage"]["input"], call["events"].as_u64()), (&json!(21), Some(6)));
    let sent = posted(&service);
    assert!(sent.starts_with("POST /model/eu.maker.model-v1%3A0/invoke-with-response-stream "), "{sent}");
    assert!(
        sent.contains("bedrock-2023-05-31")
            && sent.contains("Bearer pLaNt3d")
            && !sent.contains("\"stream\"")
    );
    assert_eq!(code(&report), "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn bedrock_signed_with_the_keys_of_a_profile() {
    let service = Service::new(Does::Aws(6));
    let address = service.plain().await;
    let aws = tempfile::tempdir().unwrap();
    std::fs::write(
        aws.path().join("credentials"),
        "[mill]\naws_access_key_id = AKpLaNt3dID\naws_secret_access_key = pLaNt3d-secret\naws_session_token = pLaNt3d-session\n",
    )
    .unwrap();
    let configuration = |profile: &str| {
        json!({
            "inferenceProvider": "bedrock", "inferenceBedrockRegion": "eu-central-1",
            "inferenceBedrockBaseUrl": format!("http://127.0.0.1:{}", address.port()),
            "inferenceBedrockProfile": profile, "inferenceBedrockAwsDir": aws.path(),
            "inferenceModels": ["eu.maker.model-v1:0"],
        })
    };
    let (run, report) = check(&configuration("mill")).await;
    assert_eq!(stream(&report)["stream"]["end"], "complete", "{}", run.out);
    let sent = posted(&service);
    assert!(sent.contains("authorization: AWS4-HMAC-SHA256 Credential=AKpLaNt3dID/"), "{sent}");
    assert!(
        sent.contains("/eu-central-1/bedrock/aws4_request") && !sent.contains("pLaNt3d-secret"),
        "{sent}"
    );
    assert!(sent.contains("x-amz-security-token: pLaNt3d-session"));
    let (_, report) = check(&configuration("absent")).await;
    assert!(stream(&report)["outcome"]["reason"].as_str().unwrap().contains("no profile `absent`"));
    assert_eq!(report["verdict"], "unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn mantle_and_foundry_by_key() {
    for (provider, header, extra) in [
        ("mantle", "authorization: Bearer pLaNt3d", "inferenceBedrockBearerToken"),
        ("foundry", "x-api-key: pLaNt3d", "inferenceFoundryApiKey"),
    ] {
        let service = Service::new(Does::Stream(6, 60));
        let address = service.plain().await;
        let base = format!("http://127.0.0.1:{}/anthropic", address.port());
        let mut configuration = json!({
            "inferenceProvider": provider, "inferenceBedrockRegion": "eu-central-1", "inferenceFoundryResource": "mill",
            "inferenceModels": ["small-model"],
        });
        let key = if provider == "mantle" { "inferenceBedrockBaseUrl" } else { "inferenceFoundryBaseUrl" };
        configuration[key] = json!(base);
        configuration[extra] = json!(KEY);
        let (run, report) = check(&configuration).await;
        assert_eq!(stream(&report)["stream"]["end"], "complete", "{provider}: {}{}", run.out, run.err);
        let sent = posted(&service);
        assert!(sent.starts_with("POST /anthropic/v1/messages ") && sent.contains(header), "{sent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vertex_by_a_service_account() {
    let service = Service::new(Does::Stream(6, 60));
    let address = service.plain().await;
    let public = Authority::new("Public");
    let token_host = "token.mill.example";
    let tokens = Service::new(Does::Stream(1, 1));
    let token_at = tokens.tls(public.leaf(token_host, |_| ()).acceptor(&["http/1.1"])).await;
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let pem =
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", base64(&key.serialize_der()));
    let file = json!({
        "type": "service_account", "client_email": "a@mill.example", "private_key": pem, "private_key_id": "k",
        "token_uri": format!("https://{token_host}:{}/token", token_at.port()),
    });
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.json");
    std::fs::write(&path, file.to_string()).unwrap();
    let scene = Scene::new(&json!({
        "inferenceProvider": "vertex", "inferenceVertexRegion": "europe-west1", "inferenceVertexProjectId": "mill-1",
        "inferenceVertexBaseUrl": format!("http://127.0.0.1:{}/v1", address.port()),
        "inferenceVertexCredentialsFile": path, "inferenceModels": ["small-model@20260901"],
    }))
    .await;
    let roots = scene.pem("public.pem", &public);
    let base =
        [&INFERENCE[..], &["--with-credentials", "--public-roots", &roots, "--device-ca", &roots]].concat();
    let base = [&base[..], &["--credential-host", "127.0.0.1", "--credential-host", token_host]].concat();
    // The token endpoint is not on the list: nothing is sent anywhere.
    let report = scene.check(&base).await.json();
    assert!(stream(&report)["outcome"]["reason"].as_str().unwrap().contains("not on the list"), "{report:#}");
    assert!(tokens.heard().is_empty() && !service.saw_a_secret());

    let host = format!("{token_host}:{}", token_at.port());
    let run = scene.check(&[&base[..], &["--host", &host]].concat()).await;
    let report = run.json();
    assert_eq!(stream(&report)["stream"]["end"], "complete", "{}", run.out);
    let sent = posted(&service);
    let path = "POST /v1/projects/mill-1/locations/europe-west1/publishers/anthropic/models/small-model%4020260901:streamRawPredict ";
    assert!(sent.starts_with(path) && sent.contains("authorization: Bearer pLaNt3d-token"), "{sent}");
    assert!(tokens.heard().iter().any(|r| r.contains("assertion=")));
    assert_eq!(report["calls"][0]["kind"], "token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_is_said_to_be_impossible() {
    let service = Service::new(Does::Stream(6, 60));
    let address = service.plain().await;
    let mut configuration = gateway(&format!("http://127.0.0.1:{}", address.port()));
    configuration["inferenceCredentialKind"] = json!("interactive");
    let (run, report) = check(&configuration).await;
    assert!(stream(&report)["outcome"]["reason"].as_str().unwrap().contains("sign-in"), "{}", run.out);
    assert_eq!((run.code, service.saw_a_secret()), (Some(3), false));
    let said = report["not_tested"].as_array().unwrap().iter().find(|n| n["id"] == "call").unwrap();
    assert!(said["text"].as_str().unwrap().contains("this program cannot"));
}
