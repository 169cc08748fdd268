//! What `check` says where an option does not do what it seems to, and how its files are made.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::clearway;

fn run(dir: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let output = clearway().current_dir(dir).args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A folder with a saved report.
fn saved() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/codes/ok.json");
    let recording: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    fs::write(dir.path().join("r.json"), recording["report"].to_string()).unwrap();
    dir
}

#[cfg(unix)]
#[test]
fn what_a_collector_reads_has_the_usual_mode_and_a_report_is_its_owners() {
    use std::os::unix::fs::PermissionsExt;
    let dir = saved();
    let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().permissions().mode() & 0o777;
    fs::write(dir.path().join("usual"), "").unwrap();
    for format in clearway::report::check::FORMATS {
        let (alone, named) = (format!("alone.{}", format.name), format!("named.{}", format.name));
        let to = format!("{}={named}", format.name);
        let (code, _, said) =
            run(dir.path(), &["check", "--replay", "r.json", "--format", format.name, "-o", &alone]);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(run(dir.path(), &["check", "--replay", "r.json", "--format", &to]).0, Some(0));
        let wanted = if format.name == "prometheus" { mode("usual") } else { 0o600 };
        assert_eq!((mode(&alone), mode(&named)), (wanted, wanted), "{}", format.name);
    }
}

#[cfg(unix)]
#[test]
fn what_tells_of_a_device_or_shows_a_token_is_its_owners() {
    use std::os::unix::fs::PermissionsExt;
    let dir = saved();
    let path = |name: &str| dir.path().join(name);
    let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
    fs::copy(path("r.json"), path("s.json")).unwrap();
    fs::write(path("c.json"), r#"{"inferenceProvider":"gateway"}"#).unwrap();
    fs::write(path("d.json"), r#"{"inferenceProvider":"bedrock"}"#).unwrap();
    fs::write(path("main.log"), "2026-11-24 08:00:00 [error] net::ERR_CONNECTION_RESET\n").unwrap();
    fs::write(path("usual"), "").unwrap();
    let usual = mode("usual");
    let is = |args: &[&str], before: Option<u32>, wanted: u32| {
        let _ = fs::remove_file(path("new"));
        if let Some(before) = before {
            fs::write(path("new"), "").unwrap();
            fs::set_permissions(path("new"), fs::Permissions::from_mode(before)).unwrap();
        }
        let (code, _, said) = run(dir.path(), &[args, &["-o", "new"]].concat());
        assert_eq!(code, Some(0), "{args:?}: {said}");
        assert_eq!(mode("new"), wanted, "{args:?}, {before:?}");
    };
    for args in [
        &["device"][..],
        &["device", "--format", "json"],
        &["device", "--format", "html"],
        &["device", "--format", "markdown"],
        &["diff", "r.json", "s.json"],
        &["diff", "c.json", "d.json", "--format", "json"],
        &["compare", "r.json", "s.json", "--format", "csv"],
        &["compare", "r.json", "s.json", "--format", "html"],
        &["logs", "main.log"],
        &["logs", "main.log", "--format", "json"],
    ] {
        is(args, None, 0o600);
    }
    is(&["logs", "main.log"], Some(0o640), 0o640);
    for format in ["text", "json", "sarif"] {
        let args = ["config", "c.json", "--format", format];
        is(&args, None, usual);
        is(&[&args[..], &["--show-values"]].concat(), None, 0o600);
        is(&[&args[..], &["--show-values"]].concat(), Some(0o644), 0o600);
    }
}

#[test]
fn a_file_in_the_place_of_a_host_to_trace_is_said() {
    let dir = saved();
    fs::write(dir.path().join("policy"), "{}").unwrap();
    for args in [
        &["check", "--trace", "profile.mobileconfig"][..],
        &["check", "--trace", "policy"],
        &["check", "--trace", "etc/profile"],
        &["check", "--host", "127.0.0.1:9", "--trace", "policy"],
        &["check", "--host", "127.0.0.1:9", "--trace", "Profile.PLIST", "--dry-run"],
    ] {
        let (code, _, said) = run(dir.path(), args);
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert!(said.contains("--trace takes a host. CONFIG goes before it: clearway check "), "{said}");
    }
    let (code, _, said) = run(dir.path(), &["check", "--host", "127.0.0.1:9", "--trace", "other.example"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("is not on the list") && !said.contains("  "), "{said}");
}

#[test]
fn a_saved_report_is_never_taken_for_a_run() {
    let dir = saved();
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, text, _) = run(dir.path(), &["check", "--replay", "r.json"]);
    assert!(squeezed(&text).contains("TESTED Saved report, nothing was sent."), "{text}");
    for format in ["markdown", "html", "junit"] {
        let (_, text, _) = run(dir.path(), &["check", "--replay", "r.json", "--format", format]);
        assert!(text.contains("Saved report, nothing was sent."), "{format}");
    }
    let (_, text, _) = run(dir.path(), &["check", "--replay", "r.json", "--share"]);
    assert!(text.contains("Saved report, nothing was sent."), "{text}");
    // A variable that was set long ago turns no check into a replay.
    let output = clearway()
        .current_dir(dir.path())
        .args(["check", "--host", "127.0.0.1:9", "--dry-run"])
        .env("CLEARWAY_REPLAY", "r.json")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let (_, text, _) =
        run(dir.path(), &["check", "--host", "127.0.0.1:9", "--timeout", "1s", "--no-controls"]);
    assert!(text.contains("TESTED") && !text.contains("Saved report"), "{text}");
}

#[test]
fn a_file_that_cannot_be_written_is_named_as_it_was_written() {
    let dir = saved();
    for to in [&["--format", "html=nodir/p.html"][..], &["--format", "html", "-o", "nodir/p.html"]] {
        let (code, _, said) = run(dir.path(), &[&["check", "--replay", "r.json"], to].concat());
        assert_eq!(code, Some(2));
        assert!(said.contains("nodir/p.html: cannot be written: there is no folder nodir"), "{said}");
        assert!(!said.contains(".part") && !said.contains("with -o"), "{said}");
    }
    let (_, _, said) = run(dir.path(), &["check", "--replay", "r.json", "--format", "html=r.json/p.html"]);
    assert!(said.contains("r.json/p.html: cannot be written: ") && !said.contains(".part"), "{said}");
    let (code, _, said) = run(dir.path(), &["check", "--replay", "r.json", "--format", "html="]);
    assert_eq!(code, Some(2));
    assert!(said.contains("no file is named after the `=`; write --format html=FILE"), "{said}");
}

#[test]
fn formats_without_a_place_for_the_log_say_so() {
    let dir = saved();
    fs::write(dir.path().join("app.log"), "nothing known\n").unwrap();
    for format in clearway::report::check::FORMATS {
        let (code, _, said) =
            run(dir.path(), &["check", "--replay", "r.json", "--log", "app.log", "--format", format.name]);
        assert_eq!(code, Some(0), "{said}");
        let says = said.contains(&format!("--log adds nothing to the format {}; ", format.name));
        assert_eq!(says, !["text", "json"].contains(&format.name), "{}: {said}", format.name);
    }
    let (_, _, said) = run(
        dir.path(),
        &["check", "--replay", "r.json", "--log", "app.log", "--format", "json", "--compact"],
    );
    assert!(said.contains("--log adds nothing to the format json; "), "{said}");
    let (_, _, said) = run(dir.path(), &["check", "--replay", "r.json", "--format", "markdown"]);
    assert!(!said.contains("--log"), "{said}");
}

/// What `config` says of one configuration, in one line.
fn said_of(configuration: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("c.json"), configuration).unwrap();
    let (_, text, _) = run(dir.path(), &["config", "c.json"]);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_value_is_corrected_once_and_to_what_was_meant() {
    let proxy = said_of(r#"{"inferenceProvider": "gateway", "egressProxyUrl": "proxy.corp.example:8080"}"#);
    assert!(
        proxy
            .contains("write http://proxy.corp.example:8080 (or https:// where the proxy itself speaks TLS)"),
        "{proxy}"
    );
    for written in ["http//llm.example", "https;//llm.example", "https:llm.example", "llm.example"] {
        let text = said_of(&format!(
            r#"{{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "{written}"}}"#
        ));
        assert!(text.contains("; write https://llm.example;"), "{written}: {text}");
    }
    let provider = said_of(
        r#"{"inferenceProvider": "bedrok", "inferenceBedrockRegion": "eu-west-1", "inferenceGatewayApiKey": "k-1234"}"#,
    );
    assert!(provider.contains("`bedrok` (did you mean `bedrock`?) is not among the values"), "{provider}");
    assert!(!provider.contains("Set inferenceProvider") && provider.contains("1 error"), "{provider}");
    let models = said_of(r#"{"inferenceProvider": "gateway", "inferenceModels": "claude"}"#);
    assert!(models.contains("text where a list of objects such as [{…}] belongs"), "{models}");
    assert!(!models.contains("something else"), "{models}");
}

/// A server that answers every request with one status.
fn server(status: &'static str) -> u16 {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = client.read(&mut [0; 4096]);
            let _ = write!(client, "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    port
}

#[test]
fn a_server_that_is_no_proxy_is_one_cause_and_not_a_refusal() {
    let dir = tempfile::tempdir().unwrap();
    let check = |status: &'static str, hosts: &[&str]| -> Value {
        let proxy = format!("http://127.0.0.1:{}", server(status));
        let mut args = vec!["check", "--proxy", &proxy, "--no-controls", "--format", "json"];
        args.extend(hosts.iter().flat_map(|host| ["--host", host]));
        serde_json::from_str(&run(dir.path(), &args).1).unwrap()
    };
    let hosts = ["a.quarry.example", "b.quarry.example:8443", "c.quarry.example:2222"];
    for status in ["400", "405", "501"] {
        let report = check(status, &hosts);
        let causes = report["findings"].as_array().unwrap();
        assert_eq!(causes.len(), 1, "{status}: {causes:?}");
        let cause = &causes[0];
        assert_eq!((&cause["code"], &cause["confidence"]), (&"proxy/denied".into(), &"likely".into()));
        assert_eq!((&cause["owner"], cause["hosts"].as_array().unwrap().len()), (&"proxy".into(), 3));
        let says = |name: &str, words: &str| cause[name].as_str().unwrap().contains(words);
        assert!(
            says("summary", "does not act as a proxy") && says("remedy", "address and port first"),
            "{cause}"
        );
    }
    // What a proxy says, and one host alone, prove less and more.
    let refused = check("403", &hosts);
    let cause = &refused["findings"][0];
    assert_eq!(cause["confidence"], "proven");
    assert!(cause["summary"].as_str().unwrap().contains("ports 443, 2222 and 8443"), "{cause}");
    let one = check("400", &hosts[..1]);
    assert!(one["findings"][0]["summary"].as_str().unwrap().contains("refuses to connect"), "{one}");
}

#[test]
fn a_ticket_on_a_certificate_shows_it_with_each_attempt() {
    let dir = saved();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/codes/tls-expired.json");
    let recording: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    fs::write(dir.path().join("e.json"), recording["report"].to_string()).unwrap();
    let (_, text, _) = run(dir.path(), &["check", "--replay", "e.json", "--format", "ticket"]);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let attempts = text.split_once("Attempts (UTC)").unwrap().1;
    assert!(attempts.contains("certificate by ") && attempts.contains(": expired"), "{attempts}");
    assert!(attempts.find("TLS, ") < attempts.find("GET: ").or(Some(usize::MAX)), "{attempts}");
}
