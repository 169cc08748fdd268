//! Long lists, as a large company has them: every answer comes in a time that a person waits, and a report that was
//! written is read.

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

/// What the program says within forty seconds of the processor, without optimization.
fn soon(dir: &Path, args: &[&str]) -> Output {
    let mut command = crate::common::clearway_limited("-t 40");
    let output = command.current_dir(dir).args(args).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.code().is_some(), "{args:?} takes longer: {}", output.status);
    output
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn gateway(dir: &Path, more: Value) {
    let mut all =
        json!({ "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.mill.example" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    std::fs::write(dir.join("c.json"), all.to_string()).unwrap();
}

fn hosts(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("h{n}.mill.example")).collect()
}

#[test]
fn one_host_of_ten_thousand_is_explained_and_found_in_a_long_list() {
    let dir = tempfile::tempdir().unwrap();
    gateway(dir.path(), json!({ "coworkEgressAllowedHosts": hosts(9_900) }));
    for name in ["h10.mill.example", "h9000.mill.example"] {
        let output = soon(dir.path(), &["explain", name, "c.json"]);
        let said = text(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        let wanted = format!("coworkEgressAllowedHosts without the entry \"{name}\"");
        assert!(said.contains(&wanted), "{said}");
    }
    assert!(!soon(dir.path(), &["explain", "claude.ai", "c.json"]).stdout.is_empty());
    let list: String = (0..100_000).map(|n| format!("l{n}.other.example\n")).collect();
    std::fs::write(dir.path().join("list.txt"), list + "h9000.mill.example\n").unwrap();
    let output = soon(dir.path(), &["hosts", "c.json", "--against", "list.txt", "--format", "json"]);
    let document: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output)));
    let told = document.to_string();
    assert!(told.contains("h9000.mill.example") && output.status.code() == Some(1), "{:?}", output.status);
}

#[test]
fn a_report_of_as_many_hosts_as_a_configuration_may_name_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = "section/".repeat(200);
    let server =
        |n: usize| json!({ "name": format!("s{n}"), "url": format!("https://m{n}.mill.example/{path}mcp") });
    gateway(dir.path(), json!({ "managedMcpServers": (0..3_000).map(server).collect::<Vec<_>>() }));
    let resolver = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let resolver = resolver.local_addr().unwrap().to_string();
    let args = [
        "check",
        "c.json",
        "--no-controls",
        "--proxy",
        "none",
        "--resolver",
        &resolver,
        "--timeout",
        "300ms",
    ];
    let output =
        soon(dir.path(), &[&args[..], &["--deadline", "5s", "--format", "json", "-o", "r.json"]].concat());
    assert!(matches!(output.status.code(), Some(1 | 3)), "{}", text(&output));
    // More than a configuration may have.
    let size = std::fs::copy(dir.path().join("r.json"), dir.path().join("s.json")).unwrap();
    assert!(size > 16 * 1024 * 1024, "{size}");
    for args in [
        &["check", "--replay", "r.json"][..],
        &["compare", "r.json", "s.json"],
        &["diff", "r.json", "s.json"],
        &["fleet", "r.json"],
    ] {
        let output = soon(dir.path(), args);
        assert!(
            matches!(output.status.code(), Some(0 | 1 | 3)),
            "{args:?} of {size} bytes: {}",
            text(&output)
        );
    }
}
