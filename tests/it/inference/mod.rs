//! Calls with the credential, against servers on this machine's loopback that write down every
//! request: what leaves, when, and what the report makes of the answers. The binary itself is run.

// Its credential helpers are shell scripts.
#[cfg(unix)]
mod device;
mod gateway;
mod leaving;
mod providers;
mod service;

use std::net::SocketAddr;
use std::process::{Output, Stdio};

use crate::servers::{Authority, Dns};
use serde_json::{Value, json};

/// The secret of every test; nothing that is printed may hold it.
const KEY: &str = "pLaNt3d-sk-1";

/// What a run printed and how it ended.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Run {
    /// The report, held against its published schema.
    fn json(&self) -> Value {
        let document: Value =
            serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.out, self.err));
        if document["schema"] == "clearway.check/1" {
            let schema: Value =
                serde_json::from_str(include_str!("../../../schemas/check-1.schema.json")).unwrap();
            let validator = jsonschema::validator_for(&schema).unwrap();
            let errors: Vec<String> =
                validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(errors.is_empty(), "{errors:#?}");
        }
        document
    }
}

fn of(output: Output) -> Run {
    let run = Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(!run.out.contains("pLaNt3d") && !run.err.contains("pLaNt3d"), "{}{}", run.out, run.err);
    run
}

/// A folder with the configuration, the authorities' certificates and what else a run needs.
struct Scene {
    dir: tempfile::TempDir,
    dns: Dns,
}

impl Scene {
    async fn new(configuration: &Value) -> Self {
        let scene = Self { dir: tempfile::tempdir().unwrap(), dns: Dns::start().await };
        scene.put("c.json", &configuration.to_string());
        scene
    }

    fn put(&self, name: &str, text: &str) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn pem(&self, name: &str, authority: &Authority) -> String {
        self.put(name, &authority.pem())
    }

    /// Runs `check` on the inference hosts.
    async fn check(&self, args: &[&str]) -> Run {
        of(self.command(crate::common::clearway(), args).output().await.unwrap())
    }

    /// The same, not yet started.
    fn command(&self, program: std::process::Command, args: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::from(program);
        command
            .arg("check")
            .arg(self.dir.path().join("c.json"))
            .args(["--platform", "linux", "--proxy", "none", "--timeout", "3s"])
            .args(if args.contains(&"--deadline") { &[][..] } else { &["--deadline", "15s"] })
            .args(["--resolver", &self.dns.address.to_string()])
            .args(args)
            .env("HOME", self.dir.path())
            .env_remove("SSL_CERT_FILE")
            .env_remove("SSL_CERT_DIR")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

/// A gateway's configuration.
fn gateway(url: &str) -> Value {
    json!({
        "inferenceProvider": "gateway",
        "inferenceGatewayBaseUrl": url,
        "inferenceGatewayApiKey": KEY,
        "inferenceModels": ["small-model"],
        "inferenceCustomHeaders": { "X-Team": "pLaNt3d-team" },
    })
}

const INFERENCE: [&str; 4] = ["--feature", "inference", "--format", "json"];

/// The judged inference host of a report.
fn host(report: &Value) -> &Value {
    let groups = report["groups"].as_array().unwrap();
    &groups.iter().find(|g| g["feature"] == "inference").unwrap()["hosts"][0]
}

fn code(report: &Value) -> &str {
    host(report)["finding"]["code"].as_str().unwrap()
}

/// The streamed call of a report.
fn stream(report: &Value) -> &Value {
    let calls = report["calls"].as_array().unwrap_or_else(|| panic!("no calls: {report:#}"));
    calls.iter().find(|c| c["kind"] == "stream").unwrap()
}

fn url(name: &str, address: SocketAddr) -> String {
    format!("https://{name}:{}", address.port())
}
