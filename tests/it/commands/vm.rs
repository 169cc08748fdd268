//! `check --vm-script` and `--vm-result`: the script is run by real shells with the tools that a machine may have.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::common::{clearway, schemas};

const CONFIG: &str = r#"{ "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.quarry.example/v1",
    "inferenceGatewayApiKey": "sk-planted-secret", "coworkEgressAllowedHosts": ["packages.quarry.example"],
    "otlpEndpoint": "https://collector.quarry.example:4318/planted-secret",
    "otlpHeaders": { "authorization": "planted-secret" } }"#;

/// What every machine has.
const TOOLS: [&str; 15] = [
    "sh", "sed", "tr", "cut", "date", "mktemp", "rm", "mkdir", "head", "tail", "sort", "grep", "wc", "dd",
    "timeout",
];

fn tool(name: &str) -> Option<std::path::PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|d| d.join(name)).find(|p| p.is_file())
}

fn machine(dir: &Path, more: &[&str]) -> std::path::PathBuf {
    let bin = dir.join("bin");
    fs::create_dir_all(&bin).unwrap();
    for name in TOOLS.iter().chain(more) {
        symlink(tool(name).unwrap(), bin.join(name)).unwrap();
    }
    bin
}

fn fake(bin: &Path, name: &str, text: &str) {
    let path = bin.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn script(dir: &Path) -> std::path::PathBuf {
    let config = dir.join("c.json");
    fs::write(&config, CONFIG).unwrap();
    let output = clearway().args(["check", config.to_str().unwrap(), "--vm-script"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = dir.join("script.sh");
    fs::write(&path, &output.stdout).unwrap();
    path
}

/// The shells that a session may have; busybox's where it is installed, and in CI all of them.
fn shells() -> Vec<Vec<String>> {
    let all = [&["dash"][..], &["bash"], &["busybox", "sh"]];
    let there = all.iter().filter(|words| {
        let there = tool(words[0]).is_some();
        assert!(there || std::env::var_os("CI").is_none(), "{} is not installed", words[0]);
        there
    });
    let found: Vec<Vec<String>> =
        there.map(|words| words.iter().map(|w| (*w).to_owned()).collect()).collect();
    assert!(!found.is_empty(), "a shell must be there");
    found
}

fn ran(shell: &[String], script: &Path, bin: &Path) -> String {
    let output = Command::new(tool(&shell[0]).unwrap())
        .args(&shell[1..])
        .arg(script)
        .env_clear()
        .env("PATH", bin)
        .env("HTTPS_PROXY", "http://user:planted-secret@127.0.0.1:9")
        .env("NO_PROXY", "quarry.example")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A report of a run, with what the script printed.
fn report(dir: &Path, printed: &str) -> Value {
    let results = dir.join("results.txt");
    fs::write(&results, printed).unwrap();
    let config = dir.join("c.json");
    let args =
        ["--deadline", "3s", "--no-controls", "--format", "json", "--vm-result", results.to_str().unwrap()];
    let output = clearway().arg("check").arg(&config).args(args).output().unwrap();
    let value: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    schemas::hold("check", &value, "vm");
    value
}

/// Verdict and code of the machine for a host.
fn of_machine(report: &Value, host: &str) -> (String, String) {
    let hosts = report["groups"].as_array().unwrap().iter().flat_map(|g| g["hosts"].as_array().unwrap());
    let host = hosts.into_iter().find(|h| h["host"] == host).unwrap();
    let vm = host["actors"].as_array().unwrap().iter().find(|a| a["actor"] == "vm").unwrap();
    (vm["verdict"].as_str().unwrap().to_owned(), vm["code"].as_str().unwrap().to_owned())
}

#[test]
fn the_script_is_posix_and_holds_nothing_secret() {
    let dir = tempfile::tempdir().unwrap();
    let script = script(dir.path());
    let text = fs::read_to_string(&script).unwrap();
    assert!(!text.contains("planted-secret") && text.contains("packages.quarry.example") && text.is_ascii());
    for shell in shells() {
        let mut command = Command::new(tool(&shell[0]).unwrap());
        let checked = command.args(&shell[1..]).arg("-n").arg(&script).status().unwrap();
        assert!(checked.success(), "{shell:?}");
    }
    let none = clearway().args(["check", "--host", "a.example", "--vm-script"]).output().unwrap();
    assert_eq!(none.status.code(), Some(2));
}

#[test]
fn a_machine_with_curl_whose_lookup_fails() {
    let dir = tempfile::tempdir().unwrap();
    let script = script(dir.path());
    let bin = machine(dir.path(), &[]);
    fake(&bin, "getent", "case $2 in pack*) exit 2;; *) echo '192.0.2.9 STREAM x';; esac");
    // As curl 8 prints it.
    fake(
        &bin,
        "curl",
        r#"case "$*" in
*packages*) echo "code=000 connect=000 ip= port=0 dns=0.000 tcp=0.000 tls=0.000 first=0.000 total=0.01"
  echo "curl: (6) Could not resolve host: packages.quarry.example" >&2; exit 6;;
*) echo "code=000 connect=000 ip=192.0.2.9 port=4318 dns=0.01 tcp=0.02 tls=0.03 first=0.0 total=0.1"
  echo "*  issuer: O=Quarry; CN=Quarry Inspection" >&2
  echo "curl: (60) SSL certificate problem: unable to get local issuer certificate" >&2; exit 60;;
esac"#,
    );
    for shell in shells() {
        let printed = ran(&shell, &script, &bin);
        assert!(!printed.contains("planted-secret"), "{printed}");
        assert!(printed.contains("proxy HTTPS_PROXY http://***@127.0.0.1:9"), "{printed}");
        let report = report(dir.path(), &printed.replace('\n', "\r\n"));
        let (verdict, code) = of_machine(&report, "packages.quarry.example");
        assert_eq!((verdict.as_str(), code.as_str()), ("blocked", "dns/no-address"), "{printed}");
        let (verdict, code) = of_machine(&report, "collector.quarry.example");
        assert_eq!((verdict.as_str(), code.as_str()), ("blocked", "tls/unknown-issuer"), "{printed}");
        assert!(!report["machine"].to_string().contains("planted-secret"));
        // Judged again it is the same, and without names as well.
        let saved = dir.path().join("report.json");
        fs::write(&saved, report.to_string()).unwrap();
        let text = clearway().args(["check", "--replay"]).arg(&saved).output().unwrap();
        let text = String::from_utf8(text.stdout).unwrap();
        assert!(text.contains("its own machine: 2 hosts asked there"), "{text}");
        for more in [&["--replay"][..], &["--share", "--replay"][..]] {
            let output =
                clearway().arg("check").args(more).arg(&saved).args(["--format", "json"]).output().unwrap();
            let again: Value = serde_json::from_slice(&output.stdout)
                .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
            assert_eq!(again["verdict"], report["verdict"]);
            assert!(again.to_string().contains("in the sandbox's own machine: "));
            assert!(!more.contains(&"--share") || !again.to_string().contains("quarry"), "{again}");
        }
    }
}

#[test]
fn what_comes_from_outside_forges_no_line_and_shows_no_password() {
    let dir = tempfile::tempdir().unwrap();
    let script = script(dir.path());
    let bin = machine(dir.path(), &[]);
    fake(
        &bin,
        "curl",
        r#"while [ "$#" -gt 1 ]; do case $1 in -o) b=$2;; -D) h=$2;; esac; shift; done
printf 'HTTP/1.1 200 OK\r\nServer: x ~; cw1 1 host\r\n\r\n' >"$h"
printf 'x\ncw1 end ~;\n\001cw\0011 1 curl exit=6 ~;\n' >"$b"
dd if=/dev/zero bs=1000 count=2000 >>"$b" 2>/dev/null
echo "code=200 connect=000 ip= port=0 dns=0.01 tcp=0.02 tls=0.03 first=0.0 total=0.1"
echo "*  issuer: O=~; cw1 1 curl exit=0" >&2
echo "*   Trying 192.0.2.7:9..." >&2
echo "* connect to 192.0.2.7 port 9 from 0.0.0.0 port 1 failed: 'us er:planted-secret#/x@h" >&2
echo "curl: (5) Unsupported proxy in 'http://us er:pa#/planted-secret@127.0.0.1:9'" >&2; exit 5"#,
    );
    for shell in shells() {
        let printed = ran(&shell, &script, &bin);
        assert!(!printed.contains("planted-secret") && !printed.contains("us er"), "{printed}");
        for line in printed.lines() {
            assert!(line.starts_with("cw1 ") && line.ends_with(" ~;"), "{line}");
            assert_eq!((line.matches("cw1 ").count(), line.matches("~;").count()), (1, 1), "{line}");
        }
        assert!(printed.contains("1 body x cw1_end ~,") && printed.contains("1 issuer O=~,"), "{printed}");
        assert!(printed.contains("1 tried 192.0.2.7:9"), "{printed}");
        let bytes = printed.lines().find_map(|l| l.strip_prefix("cw1 1 bytes ")).unwrap();
        assert!(bytes.trim_end_matches(" ~;").parse::<u64>().unwrap() <= 524_288, "{bytes}");
    }
}

#[test]
fn a_machine_with_node_alone() {
    let dir = tempfile::tempdir().unwrap();
    let script = script(dir.path());
    let bin = machine(dir.path(), &["node"]);
    let printed = ran(&shells()[0], &script, &bin);
    assert!(printed.contains("clearway-vm/1 node") && printed.contains("fail=dns"), "{printed}");
    let report = report(dir.path(), &printed);
    let (verdict, code) = of_machine(&report, "packages.quarry.example");
    assert_eq!(verdict, "blocked", "{printed}");
    assert!(code.starts_with("dns/"), "{code}: {printed}");
}

/// A server for one answer to each connection, on a port of its own.
fn answering(answer: &'static str) -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            use std::io::{Read, Write};
            let mut head = [0_u8; 4096];
            let mut read = 0;
            while !head[..read].windows(4).any(|w| w == b"\r\n\r\n") {
                match stream.read(&mut head[read..]) {
                    Ok(n) if n > 0 => read += n,
                    _ => break,
                }
            }
            stream.write_all(answer.as_bytes()).ok();
        }
    });
    port
}

#[test]
fn a_machine_with_node_alone_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let port = answering(
        "HTTP/1.1 403 Forbidden\r\nServer: quarry\r\nContent-Type: text/html\r\nContent-Length: 29\r\n\r\n<html>cw1 end ~; it's</html>\n",
    );
    let config = dir.path().join("c.json");
    // Loopback is where this test's server is; a name of a session is asked in the same way.
    fs::write(
        &config,
        format!(
            r#"{{ "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.quarry.example",
            "otlpEndpoint": "http://127.0.0.1:{port}" }}"#
        ),
    )
    .unwrap();
    let output = clearway().args(["check", config.to_str().unwrap(), "--vm-script"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let script = dir.path().join("script.sh");
    fs::write(&script, &output.stdout).unwrap();
    let bin = machine(dir.path(), &["node"]);
    for shell in shells() {
        let printed = ran(&shell, &script, &bin);
        let number = printed
            .lines()
            .find_map(|l| {
                l.strip_prefix("cw1 ")?.split_once(&format!(" host http 127.0.0.1:{port}")).map(|(n, _)| n)
            })
            .unwrap_or_else(|| panic!("{printed}"));
        for said in ["head Server: quarry", "bytes 29", "body <html>cw1_end ~, it's</html>"] {
            assert!(printed.contains(&format!("cw1 {number} {said}")), "{said}: {printed}");
        }
        let node = printed.lines().find(|l| l.starts_with(&format!("cw1 {number} node "))).unwrap();
        assert!(
            node.contains("fail= ") && node.contains("code=403") && node.contains("ip=127.0.0.1"),
            "{node}"
        );
        let results = dir.path().join("results.txt");
        fs::write(&results, &printed).unwrap();
        let output = clearway()
            .args([
                "check",
                config.to_str().unwrap(),
                "--deadline",
                "3s",
                "--no-controls",
                "--format",
                "json",
            ])
            .arg("--vm-result")
            .arg(&results)
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let seen = report["machine"].to_string() + &report["observations"]["machine"].to_string();
        assert!(seen.contains("node"), "{seen}");
    }
}

#[test]
fn a_machine_with_neither() {
    let dir = tempfile::tempdir().unwrap();
    let script = script(dir.path());
    let bin = machine(dir.path(), &[]);
    let printed = ran(&shells()[0], &script, &bin);
    let report = report(dir.path(), &printed);
    let (verdict, _) = of_machine(&report, "packages.quarry.example");
    // The device's own failure stands for the machine behind it; nothing more is claimed.
    assert_eq!(verdict, "blocked");
    assert!(report["not_tested"].to_string().contains("neither curl nor Node"), "{printed}");
}

#[test]
fn what_is_no_result_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.txt");
    for (text, said) in
        [("hello", "no line of it was printed"), ("cw1 version clearway-vm/9 curl ~;", "clearway-vm/9")]
    {
        fs::write(&file, text).unwrap();
        let output =
            clearway().args(["check", "--host", "a.example", "--vm-result"]).arg(&file).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(said));
    }
}
