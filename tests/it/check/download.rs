//! `check --download-test` against servers on loopback: honest ones, and ones that change, cut or hold a
//! file as boxes on the way do.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::digest;
use serde_json::{Value, json};

use super::follow::{Asked, Log, host, https, json_reply, not_found, reply};
use crate::servers::{Authority, Dns};

const VERSION: &str = "2.1.221";
const PART: &str = "Content-Type: application/octet-stream\r\n";

/// What the rules know of the host that has a large object.
struct Known {
    name: String,
    version: String,
    object: String,
    manifest: String,
    member: String,
    size: String,
}

fn known() -> Known {
    let services = clearway::rules::services::Services::embedded().unwrap();
    let service = services.all().iter().find(|s| s.download.is_some()).unwrap();
    let download = service.download.as_ref().unwrap();
    let checksum = download.checksum.as_ref().unwrap();
    let name = service.hosts[0].clone();
    let in_version = |path: &str| path.replace("{version}", VERSION);
    Known {
        version: service.request(&name, "").path,
        object: in_version(&download.path),
        manifest: in_version(&checksum.path),
        member: checksum.member.to_string(),
        size: checksum.size.to_string(),
        name: name.into(),
    }
}

/// The document that names the checksum of `file`.
fn manifest(file: &[u8]) -> Vec<u8> {
    let known = known();
    let sha256: String =
        digest::digest(&digest::SHA256, file).as_ref().iter().map(|b| format!("{b:02x}")).collect();
    let mut all = json!({"version": VERSION});
    for (member, value) in [(&known.member, json!(sha256)), (&known.size, json!(file.len()))] {
        let mut place = &mut all;
        for name in member.split('.') {
            place = &mut place[name];
        }
        *place = value;
    }
    json_reply(&all)
}

/// A run: exit code, report, and the requests that the server saw.
struct Ran {
    code: Option<i32>,
    report: Value,
    log: Log,
}

impl Ran {
    fn finding(&self) -> &Value {
        &host(&self.report, &known().name)["finding"]
    }

    fn evidence(&self, name: &str) -> &Value {
        &self.finding()["evidence"][name]
    }

    fn asked(&self, path: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|a| a.path == path).count()
    }
}

/// Runs the check; `object` answers for the file, `published` for what is published of it.
async fn run(
    test: &str,
    published: Vec<u8>,
    more: &[&str],
    object: impl Fn(usize, &Asked) -> Vec<u8> + Send + Sync + 'static,
) -> Ran {
    let authority = Authority::new("Test Roots");
    let known = known();
    let count = AtomicUsize::new(0);
    let name = known.name.clone();
    let (server, log) = https(&authority, &name, move |asked| {
        if asked.path == known.version {
            reply("200 OK", "Content-Type: text/plain\r\n", format!("{VERSION}\n").as_bytes())
        } else if asked.path == known.manifest {
            published.clone()
        } else {
            assert_eq!(asked.path, known.object);
            object(count.fetch_add(1, Ordering::SeqCst), asked)
        }
    })
    .await;
    let dns = Dns::start().await;
    let roots = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(roots.path(), authority.pem()).unwrap();
    let mut command = crate::common::clearway();
    command.args(["check", "--host", &format!("{name}:{}", server.port()), test, "--format", "json"]);
    command.args(["--resolver", &dns.address.to_string(), "--proxy", "none", "--timeout", "2s"]);
    command.arg("--public-roots").arg(roots.path()).arg("--device-ca").arg(roots.path());
    command.args(more).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    crate::common::schemas::hold("check", &report, "check");
    // What was saved is judged again to the same.
    let again = crate::common::judged_again(&output.stdout);
    assert_eq!(again["groups"], report["groups"]);
    Ran { code: output.status.code(), report, log }
}

/// The file, so many bytes of it.
fn file(length: usize) -> Arc<Vec<u8>> {
    Arc::new((0..length).map(|n| u8::try_from(n * 31 % 251).unwrap()).collect())
}

/// The range that a request asks for.
fn part(file: &[u8], asked: &Asked) -> Vec<u8> {
    let range = asked.head.lines().find_map(|l| l.strip_prefix("range: bytes=")).unwrap();
    let (from, to) = range.trim().split_once('-').unwrap();
    file[from.parse().unwrap()..=to.parse().unwrap()].to_vec()
}

fn whole(file: &[u8]) -> Vec<u8> {
    reply("200 OK", PART, file)
}

const FILE: usize = 300_000;

#[tokio::test]
async fn a_sample_that_arrives_whole_is_measured() {
    let all = file(8_000_000);
    let ran = run("--download-test", not_found(), &[], move |_, asked| {
        reply("206 Partial Content", PART, &part(&all, asked))
    })
    .await;
    assert_eq!(ran.finding()["code"], "ok", "{}", ran.finding());
    assert_eq!(ran.evidence("download_bytes"), 8_000_000);
    assert!(ran.evidence("line").as_str().unwrap().contains("a repeated part is the same"));
    assert_eq!(ran.asked(&known().manifest), 0, "a part is not held against the checksum of the whole");
}

#[tokio::test]
async fn a_sample_that_is_rewritten_cut_or_a_page_is_said_to_be() {
    let all = file(8_000_000);
    let of = Arc::clone(&all);
    let rewritten = run("--download-test", not_found(), &[], move |n, asked| {
        let mut bytes = part(&of, asked);
        bytes[7] = u8::try_from(n).unwrap().wrapping_add(200);
        reply("206 Partial Content", PART, &bytes)
    })
    .await;
    assert_eq!(rewritten.finding()["code"], "http/wrong-content", "{}", rewritten.finding());
    let cut = run("--download-test", not_found(), &[], move |_, asked| {
        let mut bytes = reply("206 Partial Content", PART, &part(&all, asked));
        bytes.truncate(bytes.len() - 50_000);
        bytes
    })
    .await;
    assert_eq!(cut.finding()["code"], "http/interrupted", "{}", cut.finding());
    let page = run("--download-test", not_found(), &[], |_, _| {
        reply("200 OK", "Content-Type: text/html\r\n", b"<html>scanning</html>")
    })
    .await;
    assert_eq!(page.finding()["code"], "http/wrong-content", "{}", page.finding());
}

#[tokio::test]
async fn a_stated_amount_repeats_the_file_and_holds_it_against_the_published_checksum() {
    let all = file(FILE);
    let published = manifest(&all);
    let ran = run("--download-test=1MB", published, &[], move |_, asked| {
        assert!(!asked.head.contains("range:"), "the file is asked for as the app does: {}", asked.head);
        whole(&all)
    })
    .await;
    assert_eq!(ran.finding()["code"], "ok", "{}", ran.finding());
    assert_eq!(ran.evidence("download_bytes"), 1_000_000);
    assert_eq!(ran.evidence("download_transfers"), 4, "three whole files, and a part of one");
    assert_eq!(ran.evidence("download_interruptions"), 0);
    assert!(
        ran.evidence("download_seconds").is_number() && ran.evidence("download_rate_bytes_per_s").is_number()
    );
    let compared = ran.evidence("download_checksum").as_str().unwrap();
    assert!(compared.starts_with("compared: 3 whole files as"), "{compared}");
    assert_eq!((ran.asked(&known().manifest), ran.asked(&known().object)), (1, 4));
}

#[tokio::test]
async fn a_file_that_is_always_changed_in_the_same_way_is_found() {
    let all = file(FILE);
    let published = manifest(&all);
    let mut changed = all.to_vec();
    changed[1234] ^= 1;
    let ran = run("--download-test=900KB", published, &[], move |_, _| whole(&changed)).await;
    assert_eq!(
        (&ran.finding()["code"], ran.code),
        (&json!("http/wrong-content"), Some(1)),
        "{}",
        ran.finding()
    );
    let line = ran.evidence("line").as_str().unwrap();
    assert!(line.contains("the same way in all 3 transfers"), "{line}");
    let compared = ran.evidence("download_checksum").as_str().unwrap();
    assert!(compared.starts_with("compared: 3 of 3 whole files not as"), "{compared}");
    // Inside TLS that nobody opened, no box on the way can have done it.
    assert_eq!(ran.finding()["owner"], "service", "{}", ran.finding());
}

#[tokio::test]
async fn a_shared_report_of_a_changed_file_replays_to_the_same_verdict() {
    let all = file(FILE);
    let published = manifest(&all);
    let ran = run("--download-test=300KB", published, &["--share"], move |_, _| whole(&vec![7; FILE])).await;
    let shared = ran.report["groups"].to_string();
    assert!(shared.contains("http/wrong-content"), "{shared}");
}

#[tokio::test]
async fn a_transfer_that_is_cut_is_counted_and_the_same_place_is_named() {
    let all = file(FILE);
    let published = manifest(&all);
    let ran = run("--download-test=2MB", published, &[], move |_, _| {
        let mut bytes = whole(&all);
        bytes.truncate(bytes.len() - 100_000);
        bytes
    })
    .await;
    assert_eq!(ran.finding()["code"], "http/interrupted", "{}", ran.finding());
    assert_eq!(ran.evidence("download_interruptions"), 3, "given up after three in a row");
    assert_eq!(ran.evidence("cut_at_bytes"), 200_000);
    let compared = ran.evidence("download_checksum").as_str().unwrap();
    assert!(compared.starts_with("not compared: no whole file came"), "{compared}");
}

#[tokio::test]
async fn a_file_that_ends_early_as_if_that_were_its_end_is_cut_off() {
    let all = file(FILE);
    let published = manifest(&all);
    let ran = run("--download-test=500KB", published, &[], move |_, _| whole(&all[..FILE / 2])).await;
    assert_eq!(ran.finding()["code"], "http/interrupted", "{}", ran.finding());
}

#[tokio::test]
async fn without_a_published_checksum_nothing_counts_as_compared() {
    for (published, why) in [
        (not_found(), "answers 404"),
        (reply("200 OK", "Content-Type: text/html\r\n", b"<html>sign in</html>"), "is not a JSON object"),
        (json_reply(&json!({"version": VERSION})), "has no SHA-256 at"),
        (json_reply(&json!({"platforms": {"linux-x64": {"checksum": "0123"}}})), "has no SHA-256 at"),
    ] {
        let all = file(FILE);
        let ran = run("--download-test=600KB", published, &[], move |_, _| whole(&all)).await;
        assert_eq!(ran.finding()["code"], "ok", "{}", ran.finding());
        let compared = ran.evidence("download_checksum").as_str().unwrap();
        assert!(compared.starts_with("not compared: ") && compared.contains(why), "{compared}");
        assert!(
            ran.evidence("line").as_str().unwrap().contains("checksum not compared"),
            "{}",
            ran.finding()
        );
    }
    // A part of the file is none of it.
    let all = file(FILE);
    let published = manifest(&all);
    let ran = run("--download-test=100KB", published, &[], move |_, _| whole(&all)).await;
    let compared = ran.evidence("download_checksum").as_str().unwrap();
    assert!(compared.starts_with("not compared: no whole file came (it has 0.3 MB)"), "{compared}");
}

#[tokio::test]
async fn a_stated_time_is_held_beyond_the_deadline_of_the_run() {
    let all = file(FILE);
    let published = manifest(&all);
    let ran = run("--download-test=3s", published, &["--deadline", "2s"], move |_, _| {
        std::thread::sleep(std::time::Duration::from_millis(300));
        whole(&all)
    })
    .await;
    assert!(ran.evidence("download_transfers").as_u64().unwrap() >= 4, "{}", ran.finding());
    assert_ne!(ran.finding()["code"], "untested/deadline");
    assert!(ran.report["observations"]["stopped"].is_null(), "{}", ran.report["observations"]["stopped"]);
    assert!(ran.report["duration_ms"].as_u64().unwrap() >= 3000);
}

#[tokio::test]
async fn a_file_that_is_gone_is_not_judged() {
    let ran = run("--download-test=300KB", not_found(), &[], |_, _| not_found()).await;
    assert_eq!(ran.finding()["code"], "ok", "{}", ran.finding());
    assert!(ran.evidence("download").as_str().unwrap().contains("not judged: status 404"));
    assert!(ran.evidence("download_bytes").is_null());
    assert_eq!(ran.asked(&known().object), 1);
}

#[test]
fn the_dry_run_says_what_is_fetched_and_that_the_deadline_grows() {
    let known = known();
    for (test, words) in [
        ("--download-test", vec!["8000000 bytes of", "in four parts"]),
        (
            "--download-test=2GB",
            vec!["until 2 GB came, for 56 min at the most", "deadline grows", "manifest"],
        ),
        ("--download-test=60s", vec!["for 60 s", "deadline grows", "one connection after another"]),
    ] {
        let output = crate::common::clearway()
            .args(["check", "--host", &known.name, "--dry-run", "--format", "json", "--proxy", "none", test])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        for word in words {
            assert!(text.contains(word), "{test}: {word}: {text}");
        }
    }
    let output = crate::common::clearway()
        .args(["check", "--host", &known.name, "--dry-run", "--download-test=soon"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("2GB") && said.contains("60s"), "{said}");
}
