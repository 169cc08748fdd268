//! `check --watch` as a user meets it: a server of this machine that goes and comes back.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use crate::common::{clearway, schemas};

/// A web server in a thread of its own; without it the port refuses.
struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                if told.load(Ordering::SeqCst) {
                    return;
                }
                stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
            }
        });
        Self { address, stop, thread: Some(thread) }
    }

    fn stop(mut self) -> SocketAddr {
        self.stop.store(true, Ordering::SeqCst);
        let _ = std::net::TcpStream::connect(self.address);
        self.thread.take().unwrap().join().unwrap();
        self.address
    }
}

fn watch(address: SocketAddr, more: &[&str]) -> Child {
    clearway()
        .args([
            "check",
            "--host",
            &format!("http://{address}"),
            "--proxy",
            "none",
            "--no-controls",
            "--watch=5",
        ])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

/// Lines as they come, up to one that has `word`; what was read is added to `all`.
fn until(lines: &mut impl BufRead, word: &str, all: &mut String) {
    loop {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).unwrap() > 0, "{word} never came: {all}");
        all.push_str(&line);
        if line.contains(word) {
            return;
        }
    }
}

#[test]
fn a_host_that_goes_and_comes_back_is_told_with_its_times_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let saved = dir.path().join("last.json");
    let server = Server::start("127.0.0.1:0".parse().unwrap());
    let address = server.address;
    let file = format!("json={}", saved.display());
    let mut child = watch(address, &["--format", "ndjson", "--format", &file, "--label", "Berlin"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut all = String::new();
    until(&mut lines, "\"event\":\"verdict\"", &mut all);
    assert!(!saved.exists());
    server.stop();
    until(&mut lines, "\"event\":\"verdict\"", &mut all);
    let server = Server::start(address);
    until(&mut lines, "\"event\":\"verdict\"", &mut all);
    interrupt(&child);
    lines.read_to_string(&mut all).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "the last round was well: {all}");
    server.stop();

    let told: Vec<Value> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &told {
        schemas::hold("watch", line, &line.to_string());
    }
    let events: Vec<&str> = told.iter().map(|l| l["event"].as_str().unwrap()).collect();
    let one = ["host", "verdict"];
    assert_eq!(events, [&["start"], &one[..], &one, &one, &["summary", "end"]].concat());
    let hosts: Vec<_> = told.iter().filter(|l| l["event"] == "host").collect();
    let of = |name: &str| hosts.iter().map(|h| h[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("state"), ["works", "blocked", "works"]);
    assert_eq!(of("was_state"), [Value::Null, "works".into(), "blocked".into()]);
    assert_eq!(of("code"), ["ok", "tcp/refused", "ok"]);
    assert_eq!(of("round"), [1, 2, 3]);
    assert_eq!((&hosts[1]["was_since"], &hosts[2]["was_since"]), (&hosts[0]["at"], &hosts[1]["at"]));
    let (summary, end) = (&told[told.len() - 2], &told[told.len() - 1]);
    assert_eq!(
        (&summary["rounds"], &summary["worked"], &summary["availability_percent"], &summary["flaps"]),
        (&3.into(), &2.into(), &66.6.into(), &1.into())
    );
    assert_eq!((&summary["outage_begin"], &summary["outage_end"]), (&hosts[1]["at"], &hosts[2]["at"]));
    // From begin to begin, a little late at the most: never sooner.
    assert!((5..=9).contains(&summary["outage_s"].as_i64().unwrap()), "{summary}");
    assert_eq!((&end["ended"], &end["exit_code"]), (&"interrupted".into(), &0.into()));

    let report: Value = serde_json::from_slice(&std::fs::read(&saved).unwrap()).unwrap();
    schemas::hold("check", &report, "the last round");
    assert_eq!((&report["verdict"], &report["label"]), (&"ready".into(), &"Berlin".into()));
}

#[test]
fn a_number_of_rounds_ends_it_as_a_check_ends() {
    let server = Server::start("127.0.0.1:0".parse().unwrap());
    let address = server.address;
    let output = watch(address, &["--watch-rounds", "1"]).wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{text}");
    assert!(text.starts_with("WATCHING 1 host every 5 s, since 20"), "{text}");
    assert!(text.contains("= READY: 1 of 1 host works") && text.contains("100.0 %"), "{text}");
    server.stop();
    // Nothing listens there any more.
    let output = watch(address, &["--watch-rounds", "1"]).wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("x blocked") && text.contains("tcp/refused"), "{text}");
}

#[test]
fn a_signal_in_the_first_round_ends_it_as_it_ends_a_check() {
    // Answers no question.
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let resolver = socket.local_addr().unwrap().to_string();
    for format in ["text", "ndjson"] {
        let child = clearway()
            .args(["check", "--host", "silent.example", "--proxy", "none", "--no-controls", "--watch"])
            .args(["--resolver", &resolver, "--timeout", "20s", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(900));
        interrupt(&child);
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(3), "{text}");
        if format == "text" {
            assert!(text.contains("interrupted before every host was judged"), "{text}");
        } else {
            let told: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let [start, end] = told.as_slice() else { panic!("{text}") };
            for line in [start, end] {
                schemas::hold("watch", line, &line.to_string());
            }
            assert_eq!((&start["event"], &start["hosts"]), (&"start".into(), &1.into()));
            assert_eq!((&end["rounds"], &end["ended"]), (&0.into(), &"interrupted".into()));
            assert_eq!(end["exit_code"], 3);
        }
    }
}

#[test]
fn it_ends_when_nobody_reads_it_any_more() {
    let server = Server::start("127.0.0.1:0".parse().unwrap());
    let mut child = watch(server.address, &[]);
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    server.stop();
}

#[cfg(unix)]
#[test]
fn it_ends_when_the_reader_goes_while_nothing_changes() {
    let server = Server::start("127.0.0.1:0".parse().unwrap());
    let mut child = clearway()
        .args(["check", "--host", &format!("http://{}", server.address), "--proxy", "none"])
        .args(["--no-controls", "--watch=60m"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    until(&mut lines, "= READY", &mut String::new());
    drop(lines);
    // The next round would be in an hour.
    let ended = (0..300).find_map(|_| {
        thread::sleep(Duration::from_millis(100));
        child.try_wait().unwrap()
    });
    if ended.is_none() {
        child.kill().unwrap();
    }
    assert_eq!(ended.and_then(|status| status.code()), Some(0));
    server.stop();
}

#[test]
fn a_collector_that_fails_is_said_when_it_changes_and_when_it_takes_data_again() {
    let server = Server::start("127.0.0.1:0".parse().unwrap());
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = collector.local_addr().unwrap();
    // Two requests a round: refused in two rounds, in other words each time, then taken.
    let taking = thread::spawn(move || {
        for n in 0..6 {
            let (mut stream, _) = collector.accept().unwrap();
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap().to_lowercase();
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap();
            stream.read_exact(&mut vec![0; length.parse().unwrap()]).unwrap();
            let (status, kind, body) = match n {
                0..4 => ("403 Forbidden", "text/plain", format!("request {n}")),
                _ => ("200 OK", "application/x-protobuf", String::new()),
            };
            write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
        }
    });
    let url = format!("http://{at}");
    let output = watch(server.address, &["--watch-rounds", "3", "--otlp", &url]).wait_with_output().unwrap();
    taking.join().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let of = |word: &str| said.lines().filter(|line| line.contains(word)).count();
    assert_eq!((of("HTTP 403"), of("takes metrics and logs again")), (2, 1), "{said}");
    assert!(said.lines().all(|line| line.starts_with("clearway: 20")), "{said}");
    server.stop();
}

fn refused(args: &[&str]) -> String {
    let output: Output =
        clearway().args(["check", "--host", "a.example"]).args(args).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}: {said}");
    said
}

#[test]
fn what_does_not_go_with_it_is_refused_with_the_next_step() {
    for (args, next) in [
        (&["--watch=4"][..], "--watch=5"),
        (&["--watch=soon"], "--watch=5m"),
        (&["--watch-rounds", "3"], "--watch"),
        (&["--watch", "--watch-rounds", "0"], "--watch-rounds"),
        (&["--watch", "--format", "json"], "--format json=FILE"),
        (&["--watch", "--format", "html"], "--format html=FILE"),
        (&["--watch", "--share"], "--replay FILE --share"),
        (&["--watch", "-o", "x.txt"], "--format NAME=FILE"),
        (&["--watch", "--log", "main.log"], "--replay FILE --log PATH"),
        (&["--watch", "--download-test"], "run it alone"),
        (&["--watch", "--vm-script"], "leave --watch out"),
        (&["--watch", "--vm-result", "x"], "leave --watch out"),
        (&["--watch", "7"], "write --watch=7"),
        (&["--watch", "5m"], "write --watch=5m"),
    ] {
        let said = refused(args);
        assert!(said.contains(next), "{args:?}: {said}");
    }
    let output = clearway().args(["check", "--replay", "berlin.json", "--watch"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("leave --watch out to judge berlin.json again"), "{said}");
}

#[test]
fn the_dry_run_says_that_it_is_sent_in_every_round_the_credential_too() {
    let dry = |args: &[&str]| {
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/gateway.json");
        let output = clearway().args(["check", example, "--dry-run"]).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let once = "REPEATED. --watch sends this again every 300 s; what is tried";
    let with = "every 60 s, the calls with the credential among it; what is tried";
    assert!(dry(&["--watch=5m"]).contains(once), "{}", dry(&["--watch=5m"]));
    assert!(dry(&["--watch", "--with-credentials"]).contains(with));
    assert!(!dry(&[]).contains("REPEATED"));
    let json: Value = serde_json::from_str(&dry(&["--watch", "--format", "json"])).unwrap();
    assert_eq!(json["watch_every_s"], 60);
}
