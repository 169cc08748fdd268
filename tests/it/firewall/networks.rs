//! Addresses of hosts: fixed networks beside their hosts, a file of them, and what is said where there are none.

use serde_json::{Value, json};

use crate::firewall::folder;

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = crate::common::clearway();
    command.env("CLEARWAY_TODAY", "2026-11-27").args(args).stdin(std::process::Stdio::null());
    let output = command.output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A list with a host of fixed networks, one with a published list, one of neither kind, and a literal.
fn list(dir: &std::path::Path) -> String {
    let host = |host: &str, port: u16| json!({ "host": host, "port": port, "transport": "https", "need": "required", "purpose": "p" });
    let document = json!({
        "schema": "clearway.hosts/1", "clearway": "0.1.0", "rules_date": "2026-11-27",
        "app_version": "2.19675.0", "platform": "linux",
        "groups": [{ "feature": "inference", "title": "Inference", "hosts": [
            host("api.anthropic.com", 443), host("github.com", 443), host("llm.mill.example", 8443),
            host("192.0.2.7", 443), host("192.0.2.8", 8443),
        ] }],
    });
    let file = dir.join("list.json");
    std::fs::write(&file, document.to_string()).unwrap();
    file.display().to_string()
}

/// The lines that a firewall loads.
fn loaded(text: &str) -> Vec<&str> {
    text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect()
}

#[test]
fn fixed_networks_stand_beside_their_host() {
    let dir = tempfile::tempdir().unwrap();
    let list = list(dir.path());
    let (_, text, _) = run(&["hosts", &list]);
    // Lines are wrapped.
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains("fixed networks 160.79.104.0/23,") && flat.contains("(Anthropic, read 2026-"),
        "{text}"
    );
    assert!(flat.contains("2 names on this list have no fixed networks"), "{text}");
    assert!(
        flat.contains("A FIREWALL THAT KNOWS NO NAMES") && flat.contains("use a proxy that decides by name"),
        "{text}"
    );
    let (_, txt, _) = run(&["hosts", &list, "--format", "txt"]);
    assert!(txt.contains("#   fixed networks 160.79.104.0/23"), "{txt}");
    assert_eq!(loaded(&txt).len(), 5, "{txt}");
    assert!(!loaded(&txt).iter().any(|l| l.contains('/')), "networks are remarks there: {txt}");
    let (_, document, _) = run(&["hosts", &list, "--format", "json"]);
    let document: Value = serde_json::from_str(&document).unwrap();
    crate::common::schemas::hold("hosts", &document, "fixed networks");
    let hosts = document["groups"][0]["hosts"].as_array().unwrap();
    let of = |name: &str| hosts.iter().find(|h| h["host"] == name).unwrap();
    assert_eq!(of("api.anthropic.com")["fixed_networks"]["owner"], "Anthropic");
    assert!(
        of("api.anthropic.com")["fixed_networks"]["networks"]
            .as_array()
            .unwrap()
            .contains(&json!("2607:6bc0::/48"))
    );
    assert!(of("github.com").get("fixed_networks").is_none());
}

#[test]
fn the_file_of_networks_has_only_what_is_documented() {
    let dir = tempfile::tempdir().unwrap();
    let list = list(dir.path());
    let (code, text, _) = run(&["hosts", &list, "--format", "networks"]);
    assert_eq!(code, Some(0));
    let lines = loaded(&text);
    assert!(
        lines.contains(&"160.79.104.0/23")
            && lines.contains(&"2607:6bc0::/48")
            && lines.contains(&"192.0.2.7/32"),
        "{text}"
    );
    assert!(lines.iter().all(|l| l.contains('/')) && !text.contains("192.0.2.8/32"), "{text}");
    for part in [
        "https://platform.claude.com/docs/en/api/ip-addresses",
        "read 2026-11-27",
        "GitHub publishes",
        "- github.com",
        "- llm.mill.example:8443",
        "--port N): 192.0.2.8:8443",
        "NO FIXED NETWORKS",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(loaded(&run(&["hosts", &list, "--format", "networks", "--port", "8443"]).1), ["192.0.2.8/32"]);
    // It is a list of networks, which changes nothing about names when it is read back.
    let file = dir.path().join("networks.txt").display().to_string();
    std::fs::write(&file, &text).unwrap();
    assert_ne!(run(&["hosts", &list, "--against", &file]).0, Some(0), "networks are no names");
    // Without a host of documented networks no line is written, and why.
    let office = folder().join("office.json").display().to_string();
    let (_, none, _) = run(&["hosts", &office, "--format", "networks", "--port", "443"]);
    assert!(loaded(&none).is_empty() && none.contains("No list of addresses is known"), "{none}");
}

#[test]
fn explain_knows_the_network_of_an_address() {
    let dir = tempfile::tempdir().unwrap();
    let list = list(dir.path());
    let said = |question: &str| {
        let (_, text, _) = run(&["explain", question, &list]);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for address in ["160.79.105.255", "2607:6bc0::10", "::ffff:160.79.104.1"] {
        let text = said(address);
        assert!(
            text.contains("which Anthropic documents as fixed for api.anthropic.com"),
            "{address}: {text}"
        );
        assert!(text.contains("On this list: api.anthropic.com."), "{address}: {text}");
    }
    assert!(said("160.79.106.1").contains("which host it belongs to cannot be said"), "one past the end");
    assert!(!said("10.1.2.3").contains("belongs to cannot be said"), "an address of the company's own");
    assert!(said("api.anthropic.com").contains("documents fixed networks for it: 160.79.104.0/23"));
    assert!(said("github.com").contains("GitHub publishes a list of addresses and changes it"));
}
