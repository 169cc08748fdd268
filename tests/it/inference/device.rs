//! Credentials of the device, named by a configuration that somebody sent: they go to the provider's
//! own hosts and to those of the command line, and nowhere else.

use serde_json::json;

use crate::inference::service::{Does, Service, base64};
use crate::inference::*;
use crate::servers::Authority;

const EVIL: &str = "evil.attacker.example";
const TOKENS: &str = "oauth2.googleapis.com";

/// A kind of credential of the device.
struct Kind {
    name: &'static str,
    /// The configuration, without the address.
    configuration: Value,
    /// The key of the address, and the path of it.
    address: (&'static str, &'static str),
    /// A host of the provider; none has it.
    own: Option<&'static str>,
    does: Does,
    /// The credential is exchanged for a token first.
    exchanged: bool,
}

/// What stands on the device, and where its helper leaves its mark.
struct Device {
    helper: String,
    mark: std::path::PathBuf,
    google: String,
}

/// Puts a Google file, AWS files and a helper on the device.
fn device(scene: &Scene, tokens: SocketAddr) -> Device {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let pem =
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", base64(&key.serialize_der()));
    let file = json!({
        "type": "service_account", "client_email": "a@mill.example", "private_key": pem,
        "token_uri": format!("https://{TOKENS}:{}/token", tokens.port()),
    });
    let home = scene.dir.path();
    for folder in [".config/gcloud", ".aws"] {
        std::fs::create_dir_all(home.join(folder)).unwrap();
    }
    scene.put(".config/gcloud/application_default_credentials.json", &file.to_string());
    let google = scene.put("google.json", &file.to_string());
    let mark = home.join("ran");
    let helper = scene.put("helper.sh", &format!("#!/bin/sh\ntouch {}\necho {KEY}\n", mark.display()));
    let process = scene.put(
        "process.sh",
        &format!(
            "#!/bin/sh\ntouch {}\necho '{{\"Version\":1,\"AccessKeyId\":\"AKpLaNt3dID\",\"SecretAccessKey\":\"pLaNt3d-s\",\"SessionToken\":\"pLaNt3d-session\"}}'\n",
            mark.display()
        ),
    );
    for script in [&helper, &process] {
        std::process::Command::new("chmod").args(["+x", script]).status().unwrap();
    }
    let keys = "aws_access_key_id = AKpLaNt3dID\naws_secret_access_key = pLaNt3d-secret\naws_session_token = pLaNt3d-session\n";
    scene.put(".aws/credentials", &format!("[default]\n{keys}[mill]\n{keys}"));
    scene.put(".aws/config", &format!("[profile process]\ncredential_process = {process}\n"));
    Device { helper, mark, google }
}

fn kinds(device: &Device, home: &std::path::Path) -> Vec<Kind> {
    let bedrock = |more: Value| {
        let mut all = json!({ "inferenceProvider": "bedrock", "inferenceBedrockRegion": "us-east-1", "inferenceModels": ["m"] });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let vertex = |more: Value| {
        let mut all = json!({ "inferenceProvider": "vertex", "inferenceVertexRegion": "us-east5", "inferenceVertexProjectId": "p",
            "inferenceModels": ["m"] });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let runtime = Some("bedrock-runtime.us-east-1.amazonaws.com");
    let platform = Some("us-east5-aiplatform.googleapis.com");
    let kind = |name, configuration, address, own, does, exchanged| Kind {
        name,
        configuration,
        address,
        own,
        does,
        exchanged,
    };
    let (sse, aws) = (Does::Stream(6, 20), Does::Aws(6));
    let helper = |provider: &str| {
        json!({ "inferenceProvider": provider, "inferenceBedrockRegion": "us-east-1", "inferenceFoundryResource": "mill",
            "inferenceVertexRegion": "us-east5", "inferenceVertexProjectId": "p", "inferenceModels": ["m"],
            "inferenceCredentialKind": "helper-script", "inferenceCredentialHelper": device.helper })
    };
    vec![
        kind(
            "application default credentials",
            vertex(json!({ "inferenceCredentialKind": "vendor-profile" })),
            ("inferenceVertexBaseUrl", "/v1"),
            platform,
            sse.clone(),
            true,
        ),
        kind(
            "a Google file",
            vertex(json!({ "inferenceVertexCredentialsFile": device.google })),
            ("inferenceVertexBaseUrl", "/v1"),
            platform,
            sse.clone(),
            true,
        ),
        kind(
            "an AWS profile",
            bedrock(json!({ "inferenceBedrockProfile": "mill" })),
            ("inferenceBedrockBaseUrl", ""),
            runtime,
            aws.clone(),
            false,
        ),
        kind(
            "an AWS folder",
            bedrock(json!({ "inferenceBedrockAwsDir": home.join(".aws") })),
            ("inferenceBedrockBaseUrl", ""),
            runtime,
            aws.clone(),
            false,
        ),
        kind(
            "a credential_process",
            bedrock(json!({ "inferenceBedrockProfile": "process" })),
            ("inferenceBedrockBaseUrl", ""),
            runtime,
            aws.clone(),
            false,
        ),
        kind(
            "a helper of a gateway",
            helper("gateway"),
            ("inferenceGatewayBaseUrl", ""),
            None,
            sse.clone(),
            false,
        ),
        kind("a helper of Bedrock", helper("bedrock"), ("inferenceBedrockBaseUrl", ""), runtime, aws, false),
        kind(
            "a helper of Mantle",
            helper("mantle"),
            ("inferenceBedrockBaseUrl", "/anthropic"),
            Some("bedrock-mantle.us-east-1.api.aws"),
            sse.clone(),
            false,
        ),
        kind(
            "a helper of Vertex",
            helper("vertex"),
            ("inferenceVertexBaseUrl", "/v1"),
            platform,
            sse.clone(),
            false,
        ),
        kind(
            "a helper of Foundry",
            helper("foundry"),
            ("inferenceFoundryBaseUrl", "/anthropic"),
            Some("mill.services.ai.azure.com"),
            sse,
            false,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn they_go_to_the_providers_own_hosts_and_to_those_that_are_named() {
    let public = Authority::new("Public");
    let tokens = Service::new(Does::Stream(1, 1));
    let token_at = tokens.tls(public.leaf(TOKENS, |_| ()).acceptor(&["http/1.1"])).await;
    let scene = Scene::new(&json!({})).await;
    let device = device(&scene, token_at);
    let roots = scene.pem("public.pem", &public);
    let token_host = format!("{TOKENS}:{}", token_at.port());
    let base = [
        &INFERENCE[..],
        &["--with-credentials", "--run-helpers", "--public-roots", &roots, "--device-ca", &roots],
        &["--host", &token_host, "--no-controls"],
    ]
    .concat();
    for kind in kinds(&device, scene.dir.path()) {
        let name = kind.name;
        let about = |host: &str| format!("{name} at {host}");
        let trial = |host: &'static str, named: Option<&'static str>| {
            let (kind, public, scene, base) = (&kind, &public, &scene, &base);
            async move {
                let service = Service::new(kind.does.clone());
                let at = service.tls(public.leaf(host, |_| ()).acceptor(&["http/1.1"])).await;
                let mut configuration = kind.configuration.clone();
                configuration[kind.address.0] = json!(format!("{}{}", url(host, at), kind.address.1));
                scene.put("c.json", &configuration.to_string());
                let named: Vec<&str> = named.iter().flat_map(|n| ["--credential-host", n]).collect();
                let args = [&base[..], &named].concat();
                let run = scene.check(&args).await;
                let dry = scene.check(&[&args[..], &["--dry-run"]].concat()).await.json();
                (service, run, dry["calls"][0].as_str().unwrap_or_default().to_owned())
            }
        };

        // Whoever wrote the configuration names the host.
        let before = tokens.heard().len();
        let (service, run, dry) = trial(EVIL, None).await;
        assert!(!service.saw_a_secret(), "{}: {:?}", about(EVIL), service.heard());
        let exchanges = tokens.heard().iter().skip(before).filter(|r| r.contains("assertion=")).count();
        assert_eq!(exchanges, 0, "{name}: no token is asked for what may not be sent");
        assert!(!device.mark.exists(), "{name}: no program runs for what may not be sent");
        let report = run.json();
        let call = stream(&report);
        assert_eq!(call["outcome"]["outcome"], "not-sent", "{name}: {}", run.out);
        let reason = call["outcome"]["reason"].as_str().unwrap();
        assert!(reason.contains(EVIL) && reason.contains("--credential-host"), "{name}: {reason}");
        assert!(run.out.contains("this device's account"), "{name}: {}", run.out);
        assert_eq!(run.code, Some(3), "{name}: {}", run.out);
        assert!(
            dry.contains("token of this device's account")
                && dry.contains(&format!("would not go to {EVIL}")),
            "{dry}"
        );

        // The command line names it.
        let (service, run, dry) = trial(EVIL, Some(EVIL)).await;
        assert!(service.saw_a_secret(), "{}: {}{}", about(EVIL), run.out, run.err);
        assert_eq!(stream(&run.json())["stream"]["end"], "complete", "{name}: {}", run.out);
        assert!(dry.contains(&format!("would go to {EVIL}")), "{dry}");
        // Another host of the same command line does not help.
        std::fs::remove_file(&device.mark).ok();
        let (service, ..) = trial(EVIL, Some("attacker.example")).await;
        assert!(!service.saw_a_secret() && !device.mark.exists(), "{name}: another host was named");

        // The provider's own.
        if let Some(own) = kind.own {
            let before = tokens.heard().len();
            let (service, run, dry) = trial(own, None).await;
            assert!(service.saw_a_secret(), "{}: {}{}", about(own), run.out, run.err);
            let exchanged = tokens.heard().iter().skip(before).any(|r| r.contains("assertion="));
            assert_eq!(exchanged, kind.exchanged, "{name}");
            assert!(dry.contains(&format!("would go to {own}")), "{dry}");
        }
        std::fs::remove_file(&device.mark).ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credentials_file_does_not_choose_who_exchanges_it() {
    // The token endpoint of the file is on the list, as a connector of the same configuration.
    let public = Authority::new("Public");
    let (tokens, service) = (Service::new(Does::Stream(1, 1)), Service::new(Does::Stream(6, 20)));
    let token_at = tokens.tls(public.leaf(EVIL, |_| ()).acceptor(&["http/1.1"])).await;
    let own = "us-east5-aiplatform.googleapis.com";
    let at = service.tls(public.leaf(own, |_| ()).acceptor(&["http/1.1"])).await;
    let scene = Scene::new(&json!({})).await;
    let device = device(&scene, token_at);
    let mut file: Value = serde_json::from_str(&std::fs::read_to_string(&device.google).unwrap()).unwrap();
    let endpoint = url(EVIL, token_at);
    file["token_uri"] = json!(format!("{endpoint}/token"));
    let file = scene.put("sent.json", &file.to_string());
    let configuration = json!({
        "inferenceProvider": "vertex", "inferenceVertexRegion": "us-east5", "inferenceVertexProjectId": "p",
        "inferenceModels": ["m"], "inferenceVertexBaseUrl": format!("{}/v1", url(own, at)),
        "inferenceVertexCredentialsFile": file,
        "managedMcpServers": [{ "name": "x", "transport": "http", "url": format!("{endpoint}/mcp") }],
    });
    scene.put("c.json", &configuration.to_string());
    let roots = scene.pem("public.pem", &public);
    let base = [
        "--format",
        "json",
        "--with-credentials",
        "--public-roots",
        &roots,
        "--device-ca",
        &roots,
        "--no-controls",
    ];
    let base = [&base[..], &["--feature", "inference", "--feature", "connectors"]].concat();
    let run = scene.check(&base).await;
    assert!(tokens.heard().iter().all(|r| !r.contains("assertion=")), "{:?}", tokens.heard());
    assert!(!service.saw_a_secret());
    let reason = stream(&run.json())["outcome"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains(EVIL) && reason.contains("--credential-host"), "{reason}");
    let run = scene.check(&[&base[..], &["--credential-host", "Evil.Attacker.Example."]].concat()).await;
    assert!(tokens.heard().iter().any(|r| r.contains("assertion=")), "{}", run.out);
    assert!(service.saw_a_secret(), "{}", run.out);
}
