//! What a user sees: the binary is run, its output read, its exit code checked. Loopback only.

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

fn clearway() -> Command {
    let mut command = crate::common::clearway();
    // The environment of whoever runs the tests must not decide routes or colours.
    for name in
        ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY"]
    {
        command.env_remove(name);
    }
    command.env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    clearway().args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn example(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name).display().to_string()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output.stdout)))
}

/// An address where nobody answers DNS: a bound socket that is never read.
fn silent_resolver() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    (socket, address)
}

/// A plain HTTP server on loopback that gives every request the same answer.
fn http_server(answer: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { break };
            count.fetch_add(1, Ordering::SeqCst);
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (port, seen)
}

const GATEWAY_ANSWER: &str = "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\nconnection: close\r\n\
    content-length: 84\r\n\r\n\
    {\"error\":{\"message\":\"no api key passed in\",\"type\":\"auth_error\",\"code\":\"401\"}}       ";

fn write(dir: &Path, name: &str, content: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn version_names_the_date_of_the_rules() {
    let output = run(&["--version"]);
    let line = text(&output.stdout);
    assert!(output.status.success());
    assert!(line.starts_with("clearway ") && line.contains("(rules of 20"), "{line}");
}

#[test]
fn help_teaches_by_example() {
    for args in [&["--help"][..], &["hosts", "--help"], &["check", "--help"]] {
        let output = run(args);
        assert!(output.status.success());
        assert!(text(&output.stdout).contains("Examples:"), "{args:?}");
    }
}

#[test]
fn no_arguments_is_a_usage_error_that_shows_the_help() {
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("Examples:"));
}

#[test]
fn a_file_that_is_missing_is_named() {
    let output = run(&["hosts", "no/such/profile.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(text(&output.stderr).contains("no/such/profile.json"), "{}", text(&output.stderr));
}

#[test]
fn every_example_derives_a_list_in_every_format_and_its_json_holds_the_schema() {
    let mut count = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        count += 1;
        for format in ["text", "txt", "plain", "csv", "markdown"] {
            for mode in [&[][..], &["--minimal"]] {
                let output =
                    clearway().args(["hosts", "--format", format]).arg(&path).args(mode).output().unwrap();
                assert!(output.status.success(), "{path:?}: {}", text(&output.stderr));
                assert!(!output.stdout.is_empty());
            }
        }
        let output = clearway().args(["hosts", "--format", "json"]).arg(&path).output().unwrap();
        crate::common::schemas::hold("hosts", &json(&output), "hosts");
    }
    assert!(count >= 6, "one example for each provider");
}

#[test]
fn a_hosts_document_is_a_configuration_too() {
    let dir = tempfile::tempdir().unwrap();
    let document = dir.path().join("hosts.json");
    let first = clearway()
        .args(["hosts", &example("gateway.json"), "--format", "json", "-o"])
        .arg(&document)
        .output()
        .unwrap();
    assert!(first.status.success() && first.stdout.is_empty(), "{}", text(&first.stderr));
    let plain = |arg: &str| text(&run(&["hosts", arg, "--format", "plain"]).stdout);
    assert_eq!(plain(&example("gateway.json")), plain(&document.display().to_string()));
}

#[test]
fn output_into_a_missing_folder_fails_before_anything_is_sent() {
    let (port, seen) = http_server(GATEWAY_ANSWER);
    let output = run(&[
        "check",
        "--host",
        &format!("http://127.0.0.1:{port}"),
        "-o",
        "/nonexistent/folder/report.json",
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("/nonexistent/folder/report.json"));
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = clearway()
        .args(["hosts", &example("gateway.json"), "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[test]
fn a_loopback_gateway_is_on_no_list_but_is_probed() {
    let (port, seen) = http_server(GATEWAY_ANSWER);
    let dir = tempfile::tempdir().unwrap();
    let config = write(
        dir.path(),
        "local.json",
        &format!(
            r#"{{"inferenceProvider":"gateway","inferenceGatewayBaseUrl":"http://127.0.0.1:{port}","inferenceGatewayApiKey":"sk-PLANTED"}}"#
        ),
    );
    let config = config.display().to_string();
    let plain = run(&["hosts", &config, "--format", "plain"]);
    assert!(!text(&plain.stdout).contains("127.0.0.1"));
    let check = run(&["check", &config, "--feature", "inference", "--format", "json"]);
    assert_eq!(check.status.code(), Some(0), "{}{}", text(&check.stdout), text(&check.stderr));
    let report = json(&check);
    assert_eq!(report["verdict"], "ready");
    assert_eq!(report["groups"][0]["hosts"][0]["verdict"], "reachable");
    assert!(seen.load(Ordering::SeqCst) >= 1);
    crate::common::schemas::hold("check", &report, "check");
    for output in [&plain, &check] {
        assert!(!text(&output.stdout).contains("PLANTED") && !text(&output.stderr).contains("PLANTED"));
    }
}

#[test]
fn without_a_resolver_there_is_one_cause_and_it_is_said_once() {
    let (_socket, resolver) = silent_resolver();
    let arguments = ["check", &example("gateway.json"), "--resolver", &resolver, "--timeout", "300ms"];
    let output = run(&[&arguments[..], &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let report = json(&output);
    crate::common::schemas::hold("check", &report, "check");
    assert_eq!(report["verdict"], "blocked");
    let errors: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().filter(|f| f["severity"] == "error").collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!(errors[0]["code"], "dns/timeout");
    let shown = text(&run(&arguments).stdout);
    assert!(shown.lines().all(|l| l.chars().count() <= 80), "{shown}");
}

#[test]
fn a_saved_report_is_judged_again_without_a_packet() {
    let (port, seen) = http_server(GATEWAY_ANSWER);
    let dir = tempfile::tempdir().unwrap();
    let saved = dir.path().join("report.json").display().to_string();
    let host = format!("http://127.0.0.1:{port}");
    assert!(run(&["check", "--host", &host, "--format", "json", "-o", &saved]).status.success());
    let before = seen.load(Ordering::SeqCst);
    let again = run(&["check", "--replay", &saved, "--format", "json"]);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    let first: Value = serde_json::from_str(&std::fs::read_to_string(&saved).unwrap()).unwrap();
    assert_eq!(first, json(&again));
    assert_eq!(seen.load(Ordering::SeqCst), before);
}

#[test]
fn a_dry_run_shows_what_would_be_sent_and_sends_nothing() {
    let (port, seen) = http_server(GATEWAY_ANSWER);
    let output = run(&["check", "--host", &format!("http://127.0.0.1:{port}/"), "--dry-run"]);
    assert!(output.status.success());
    let shown = text(&output.stdout);
    assert!(shown.contains(&port.to_string()) && shown.contains("127.0.0.1"), "{shown}");
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[test]
fn a_refused_port_blocks_and_names_it() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let output = run(&["check", "--host", &format!("http://127.0.0.1:{free}"), "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let report = json(&output);
    assert_eq!(report["groups"][0]["hosts"][0]["finding"]["code"], "tcp/refused");
    let none = run(&["check", "--host", &format!("http://127.0.0.1:{free}"), "--fail-on", "none"]);
    assert_eq!(none.status.code(), Some(0));
}

#[test]
fn the_deadline_prints_what_is_known_and_marks_the_rest_untested() {
    let (_socket, resolver) = silent_resolver();
    let output = run(&[
        "check",
        &example("gateway.json"),
        "--resolver",
        &resolver,
        "--timeout",
        "30s",
        "--deadline",
        "500ms",
        "--format",
        "json",
    ]);
    let report = json(&output);
    assert_eq!(output.status.code(), Some(3), "{}", report["verdict"]);
    assert_eq!(report["verdict"], "unknown");
    let codes: Vec<&Value> = report["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|g| g["hosts"].as_array().unwrap())
        .map(|h| &h["finding"]["code"])
        .collect();
    assert!(codes.iter().any(|c| *c == "untested/deadline"), "{codes:?}");
}

#[cfg(unix)]
#[test]
fn whatever_ends_a_run_leaves_a_report_and_nothing_temporary() {
    // Started by `nohup`, these tests have HUP ignored, and so has every program that they start; it is not for
    // the program then, which the program holds to.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored =
        status.lines().find_map(|l| u64::from_str_radix(l.strip_prefix("SigIgn:")?.trim(), 16).ok());
    for (signal, number) in [("-TERM", 15), ("-HUP", 1), ("-QUIT", 3)] {
        if ignored.is_some_and(|set| set >> (number - 1) & 1 == 1) {
            continue;
        }
        let (_socket, resolver) = silent_resolver();
        let dir = tempfile::tempdir().unwrap();
        let report = dir.path().join("report.json");
        let mut child = clearway()
            .args(["check", &example("gateway.json"), "--resolver", &resolver, "--timeout", "20s"])
            .arg("-o")
            .arg(&report)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(700));
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(3), "{signal}");
        let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["report.json"], "{signal}");
        assert!(std::fs::read_to_string(&report).unwrap().contains("untested/interrupted"));
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&report).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_is_written_over_keeps_who_may_read_it() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("report.json");
    let path = report.display().to_string();
    let check = ["check", "--host", "127.0.0.1:9", "--no-controls", "--proxy", "none", "-o", &path];
    let mode = || std::fs::metadata(&report).unwrap().mode() & 0o777;
    run(&check);
    assert_eq!(mode(), 0o600, "a new report is its owner's");
    for wanted in [0o600, 0o640, 0o644] {
        std::fs::set_permissions(&report, std::fs::Permissions::from_mode(wanted)).unwrap();
        run(&check);
        assert_eq!(mode(), wanted);
    }
    // What another user had put there first is not given to that user: only root can try it.
    if std::os::unix::fs::chown(&report, Some(65534), None).is_ok() {
        run(&check);
        assert_eq!((std::fs::metadata(&report).unwrap().uid(), mode()), (0, 0o600));
    }
}

#[cfg(unix)]
#[test]
fn a_file_with_secrets_is_at_no_time_there_for_others() {
    use std::os::unix::fs::MetadataExt;
    let dir = tempfile::tempdir().unwrap();
    let config = write(
        dir.path(),
        "c.json",
        r#"{"inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://gw.example","inferenceGatewayApiKey":"k"}"#,
    );
    let made = dir.path().join("made");
    std::fs::create_dir(&made).unwrap();
    let done = Arc::new(AtomicUsize::new(0));
    let (folder, end) = (made.clone(), Arc::clone(&done));
    let watcher = thread::spawn(move || {
        let mut modes = std::collections::BTreeSet::new();
        while end.load(Ordering::SeqCst) == 0 {
            for entry in std::fs::read_dir(&folder).unwrap().flatten() {
                modes.extend(entry.metadata().map(|m| m.mode() & 0o777));
            }
        }
        modes
    });
    for n in 0..20 {
        let args = ["--format", "managed-json", "--include-secrets", "-o"];
        let mut command = clearway();
        command.arg("config").arg(&config).args(args).arg(made.join(format!("{n}.json")));
        assert!(command.status().unwrap().success());
    }
    done.store(1, Ordering::SeqCst);
    assert_eq!(watcher.join().unwrap().into_iter().collect::<Vec<_>>(), [0o600]);
}

#[test]
fn an_interrupt_prints_what_is_known() {
    let (_socket, resolver) = silent_resolver();
    let child = clearway()
        .args([
            "check",
            &example("gateway.json"),
            "--resolver",
            &resolver,
            "--timeout",
            "20s",
            "--format",
            "json",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(700));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let report = json(&output);
    assert_eq!(output.status.code(), Some(3));
    assert!(report.to_string().contains("untested/interrupted"));
}

#[test]
fn metadata_addresses_named_by_a_configuration_are_never_probed() {
    let dir = tempfile::tempdir().unwrap();
    let config = write(
        dir.path(),
        "metadata.json",
        r#"{"inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://169.254.169.254/latest","inferenceGatewayApiKey":"k"}"#,
    );
    let output = run(&["check", &config.display().to_string(), "--dry-run", "--format", "json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let plan = json(&output);
    assert!(!plan.to_string().contains("\"169.254.169.254\""), "{plan:#}");
    for host in
        ["169.254.169.254", "0xa9fea9fe", "0251.0376.0251.0376", "[64:ff9b::a9fe:a9fe]", "2852039166:80"]
    {
        assert_eq!(run(&["check", "--host", host]).status.code(), Some(2), "{host}");
    }
}

#[test]
fn hosts_given_on_the_command_line_need_no_configuration() {
    let output =
        run(&["check", "--host", "[::1]:9", "--host", "127.0.0.1:9", "--dry-run", "--format", "json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_feature_that_does_not_exist_is_refused_with_the_list() {
    let output = run(&["hosts", &example("gateway.json"), "--feature", "telemetry"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("essential-telemetry"));
}

#[test]
fn several_configurations_are_a_union_that_says_which_needs_what() {
    let output = run(&["hosts", &example("gateway.json"), &example("vertex.json"), "--format", "json"]);
    let list = json(&output);
    let configs: std::collections::BTreeSet<String> = list["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|g| g["hosts"].as_array().unwrap())
        .flat_map(|h| h["because"].as_array().unwrap())
        .filter_map(|b| b["config"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(configs.len(), 2, "{configs:?}");
}

/// A configuration whose script is served by this answer; the check of its inference host.
fn with_script(script: &str) -> Value {
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-ns-proxy-autoconfig\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{script}",
        script.len()
    );
    let (port, _) = http_server(Box::leak(answer.into_boxed_str()));
    let dir = tempfile::tempdir().unwrap();
    let config = write(
        dir.path(),
        "pac.json",
        &format!(
            r#"{{"inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://gw.corp.example","inferenceGatewayApiKey":"k","egressProxyPacUrl":"http://127.0.0.1:{port}/p.pac?token=hunter2"}}"#
        ),
    );
    let config = config.display().to_string();
    let report = json(&run(&["check", &config, "--feature", "inference", "--format", "json"]));
    crate::common::schemas::hold("check", &report, "check");
    assert!(!report.to_string().contains("hunter2"));
    // The plan has the routes, so that a replay needs neither script nor network.
    let saved = write(dir.path(), "report.json", &report.to_string());
    let again = json(&run(&["check", "--replay", &saved.display().to_string(), "--format", "json"]));
    assert_eq!(again["groups"], report["groups"]);
    assert_eq!(again["proxy_scripts"], report["proxy_scripts"]);
    report
}

#[test]
fn a_proxy_script_that_must_be_stopped_leaves_hosts_untested() {
    let report = with_script("function FindProxyForURL(url, host) { for (;;) {} }");
    assert_eq!(report["verdict"], "unknown");
    assert_eq!(report["proxy_scripts"][0]["outcome"]["outcome"], "stopped");
    assert_eq!(report["groups"][0]["hosts"][0]["finding"]["code"], "untested/actor");
    let said = report["not_tested"].to_string();
    assert!(said.contains("proxy-script-stopped") && said.contains("does not come to an end"), "{said}");
}

#[test]
fn a_proxy_script_gets_no_more_names_looked_up_than_the_limit() {
    let report = with_script(
        "function FindProxyForURL(url, host) { for (var i = 0; i < 900; i++) dnsResolve('n' + i + '.invalid'); return 'DIRECT'; }",
    );
    let script = &report["proxy_scripts"][0];
    assert_eq!(script["names"].as_array().map(Vec::len), Some(256));
    assert!(script["failure"].as_str().unwrap().contains("256"), "{}", script["failure"]);
}

#[test]
fn a_proxy_that_is_never_dialled_is_blamed_on_nobody() {
    let report =
        with_script("function FindProxyForURL(url, host) { return 'PROXY [64:ff9b::a9fe:a9fe]:80'; }");
    let host = &report["groups"][0]["hosts"][0];
    assert_eq!(host["finding"]["code"], "untested/address");
    assert_eq!(host["finding"]["owner"], "none");
    let line = host["finding"]["evidence"]["line"].as_str().unwrap();
    assert!(line.contains("link-local"), "{line}");
}

#[test]
fn a_proxy_script_decides_the_routes() {
    let (proxy, heads) = http_server(
        "HTTP/1.1 407 Sign in\r\nProxy-Authenticate: Negotiate\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    let report = with_script(&format!(
        "function FindProxyForURL(url, host) {{ return dnsDomainIs(host, '.corp.example') ? 'PROXY 127.0.0.1:{proxy}' : 'DIRECT'; }}"
    ));
    let host = &report["groups"][0]["hosts"][0];
    assert_eq!(host["finding"]["code"], "proxy/auth-required");
    assert_eq!(host["via"], format!("proxy 127.0.0.1:{proxy} (egressProxyPacUrl)"));
    assert!(heads.load(Ordering::SeqCst) > 0);
    let script = &report["proxy_scripts"][0];
    assert_eq!(script["outcome"]["outcome"], "asked");
    assert_eq!(script["sha256"].as_str().map(str::len), Some(64));
    assert!(report["environment"]["proxy"].as_str().unwrap().contains("egressProxyPacUrl"));
}

#[test]
fn without_a_usable_script_the_app_connects_directly_and_so_does_the_check() {
    let report = with_script("<!doctype html><title>Sign in</title>");
    let host = &report["groups"][0]["hosts"][0];
    assert_eq!(host["via"], "direct");
    assert_eq!(report["proxy_scripts"][0]["outcome"]["outcome"], "no-script");
    assert!(report["not_tested"].to_string().contains("proxy-script-ignored"));
}

#[test]
fn a_dry_run_says_that_a_script_would_be_fetched_and_fetches_none() {
    let (port, seen) = http_server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let dir = tempfile::tempdir().unwrap();
    let config = write(
        dir.path(),
        "pac.json",
        &format!(
            r#"{{"inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://gw.corp.example","inferenceGatewayApiKey":"k","egressProxyPacUrl":"http://127.0.0.1:{port}/p.pac"}}"#
        ),
    );
    let output = run(&["check", &config.display().to_string(), "--dry-run", "--format", "json"]);
    assert!(json(&output)["controls"].to_string().contains("p.pac"));
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[test]
fn a_token_in_the_path_of_a_url_reaches_no_document() {
    let dir = tempfile::tempdir().unwrap();
    let config = write(
        dir.path(),
        "mcp.json",
        r#"{"inferenceProvider":"anthropic","inferenceAnthropicApiKey":"k","managedMcpServers":[{"name":"z","transport":"http","url":"https://mcp.vendor.example/api/s/NTk1U0VDUkVU4VDUk2VU9/mcp"}]}"#,
    );
    let config = config.display().to_string();
    for args in [
        &["hosts", &config, "--format", "json"][..],
        &["hosts", &config, "--format", "txt"],
        &["check", &config, "--dry-run"],
        &["check", &config, "--dry-run", "--format", "json"],
    ] {
        let output = run(args);
        assert!(output.status.success());
        assert!(!text(&output.stdout).contains("NTk1U0VD"), "{args:?}");
    }
}

#[test]
fn a_configuration_whose_inference_host_cannot_be_read_is_never_ready() {
    let dir = tempfile::tempdir().unwrap();
    let config = write(
        dir.path(),
        "placeholder.json",
        r#"{"inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://{GATEWAY}/","inferenceGatewayApiKey":"k"}"#,
    );
    let config = config.display().to_string();
    let args = ["check", &config, "--feature", "inference", "--format", "json", "--allow-incomplete"];
    let output = run(&args[..6]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let output = run(&args);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
}

#[test]
fn a_host_named_twice_is_probed_once() {
    let output =
        run(&["check", "--host", "127.0.0.1:9", "--host", "127.0.0.1:9", "--dry-run", "--format", "json"]);
    let plan = json(&output);
    assert_eq!(
        plan["plan"]["targets"].as_array().map(Vec::len).or(plan["targets"].as_array().map(Vec::len)),
        Some(1),
        "{plan:#}"
    );
}

#[test]
fn a_report_larger_than_a_configuration_may_be_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let report = json(&run(&["check", "--host", "127.0.0.1:9", "--no-controls", "--format", "json"]));
    let mut text = report.to_string();
    text.push_str(&" ".repeat(17 * 1024 * 1024));
    let saved = write(dir.path(), "report.json", &text);
    let again = json(&run(&["check", "--replay", &saved.display().to_string(), "--format", "json"]));
    assert_eq!(again["groups"], report["groups"]);
}

#[test]
fn a_device_without_a_configuration_ends_with_a_code_of_its_own() {
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(copy.path().join("home/alice")).unwrap();
    let root = copy.path().to_str().unwrap();
    for command in [&["hosts"][..], &["check", "--dry-run"], &["config"]] {
        let device = ["--device-root", root, "--platform", "linux", "--user", "alice"];
        let output = crate::common::clearway().args(command).args(device).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{command:?}: {said}");
        assert!(said.contains("Looked at"), "{said}");
    }
}
