//! A saved report for every code, in `tests/recordings/codes/`, replayed by the program itself.
//!
//! `CLEARWAY_RECORD=1 cargo test --test diagnose recordings_of_codes` writes those that are missing
//! from the scenes of this folder; a report that exists is never overwritten, because it stands for
//! what was saved once and must stay readable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use clearway::diagnose::{Code, Verdict};
use clearway::observation::{Attempt, Observations, Stopped};
use clearway::plan::{Skip, Target};
use clearway::report::{self, Run};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::scene::*;
use crate::{saved, table};

/// Codes without a recording yet: no scene of this folder leads to them.
const MISSING: &[&str] = &[
    "dns/slow",
    "tcp/prohibited",
    "tls/sni-reset",
    "tls/sni-timeout",
    "tls/path-mtu",
    "tls/hello-size",
    "http/block-page",
    "http/captive-portal",
    "http/idle-cut",
    "http/slow",
    "http/buffered",
    "auth/rejected",
    "service/model",
    "service/region",
    "service/quota",
    "service/policy",
    "oidc/discovery",
    "otlp/protocol",
    "proxy/required",
];

/// A saved report and what must be said of it.
#[derive(Serialize, Deserialize)]
struct Recording {
    about: String,
    expected: Expected,
    report: Value,
}

/// Of the host with this id.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Expected {
    host: u32,
    code: String,
    verdict: String,
    owner: String,
    confidence: String,
    /// Exit code of the replay.
    exit: i32,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/codes")
}

fn file(code: &str) -> PathBuf {
    folder().join(format!("{}.json", code.replace('/', "-")))
}

/// Scenes of more than one host, or of none that answered.
fn scenes() -> Vec<(&'static str, u32, Vec<Target>, Observations)> {
    let office = || {
        vec![world(1, "api.vendor.example"), world(2, "cdn.other.example"), gateway(3, "llm.mill.example")]
    };
    let all = |targets: &[Target]| -> Vec<Attempt> { targets.iter().map(healthy).collect() };
    let healthy_run = observed(all(&office()));
    let late = |mut attempts: Vec<Attempt>| {
        for attempt in &mut attempts {
            // The servers say 14:00 where this device says 12:00.
            attempt.http[0].headers.push(("date".into(), "Sun, 22 Nov 2026 14:00:00 GMT".into()));
        }
        attempts
    };
    let clock: Vec<Target> = ["a.one.example", "b.two.example", "c.three.example", "d.four.example"]
        .iter()
        .zip(1..)
        .map(|(name, id)| world(id, name))
        .collect();
    let mut wrong_clock = late(all(&clock));
    wrong_clock[3] = edit(wrong_clock[3].clone(), |a| {
        a.http.clear();
        let tls = &mut a.tls[0];
        tls.chain[0].not_before = NOW + 3_600;
        tls.device_trust = Some(clearway::observation::Trust::NotYetValid);
        tls.public_trust = Some(clearway::observation::Trust::NotYetValid);
    });
    let stopped = |why| {
        let mut observations = observed(all(&office())[..2].to_vec());
        observations.stopped = Some(why);
        observations
    };
    let mut v6 = observed(vec![edit(healthy(&world(1, "api.vendor.example")), |a| {
        let remote = "[2600:1::5]:443".parse().unwrap();
        let failed = clearway::observation::Tcp {
            remote,
            local: None,
            icmp: None,
            at_ms: 13,
            confirm: false,
            outcome: clearway::observation::TcpOutcome::Timeout,
            ms: 4000.0,
        };
        a.tcp.insert(0, failed);
        let dns = a.dns.as_mut().unwrap();
        if let clearway::observation::Lookup::Addresses { addresses } = &mut dns.system {
            addresses.insert(0, remote.ip());
        }
    })]);
    v6.device.ipv6 = Some("2600:2::1".parse().unwrap());
    vec![
        ("ok", 1, office(), healthy_run),
        ("device/clock", 4, clock, observed(wrong_clock)),
        ("tcp/ipv6-broken", 1, vec![world(1, "api.vendor.example")], v6),
        ("untested/deadline", 3, office(), stopped(Stopped::Deadline)),
        ("untested/interrupted", 3, office(), stopped(Stopped::Interrupted)),
        (
            "untested/wildcard",
            1,
            vec![skipped(world(1, "*.vendor.example"), Skip::Wildcard)],
            observed(Vec::new()),
        ),
        (
            "untested/actor",
            1,
            vec![skipped(world(1, "sso.vendor.example"), Skip::Actor)],
            observed(Vec::new()),
        ),
    ]
}

/// One run for each code that some scene leads to, with the host it is about.
fn runs() -> BTreeMap<String, (String, u32, Run)> {
    let mut runs = BTreeMap::new();
    for case in table::all() {
        let observations = observed(vec![case.damaged.clone()]);
        let run = saved::of(vec![case.target.clone()], observations);
        runs.entry(case.expected.0.to_owned()).or_insert((case.name.to_owned(), case.target.id, run));
    }
    for (code, host, targets, observations) in scenes() {
        runs.insert(code.to_owned(), (code.to_owned(), host, saved::of(targets, observations)));
    }
    runs
}

fn record() {
    std::fs::create_dir_all(folder()).unwrap();
    for (code, (about, host, run)) in runs() {
        let path = file(&code);
        if path.exists() {
            continue;
        }
        let judged = run.judgement.hosts.iter().find(|h| h.target == host).unwrap();
        assert_eq!(judged.finding.code.as_str(), code, "{about}");
        let exit = match run.judgement.verdict {
            clearway::diagnose::RunVerdict::Blocked => 1,
            clearway::diagnose::RunVerdict::Unknown => 3,
            _ => 0,
        };
        let recording = Recording {
            about,
            expected: Expected {
                host,
                code: code.clone(),
                verdict: judged.verdict.to_string(),
                owner: judged.finding.owner.to_string(),
                confidence: judged.finding.confidence.to_string(),
                exit,
            },
            report: serde_json::from_str(&report::json::check(&run, &saved::features())).unwrap(),
        };
        std::fs::write(path, format!("{}\n", serde_json::to_string(&recording).unwrap())).unwrap();
    }
}

#[test]
fn recordings_of_codes_are_complete() {
    if std::env::var_os("CLEARWAY_RECORD").is_some() {
        record();
    }
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let missing = MISSING.contains(&code.as_str());
        match (file(code.as_str()).exists(), missing) {
            (false, false) => {
                wrong.push(format!("{code}: no recording; write {}", file(code.as_str()).display()))
            }
            (true, true) => wrong.push(format!("{code}: recorded; take it off the list of missing ones")),
            _ => {}
        }
    }
    for code in MISSING {
        assert!(code.parse::<Code>().is_ok(), "{code} is no code");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn recordings_of_codes_replay_to_what_is_expected() {
    let directory = tempfile::tempdir().unwrap();
    let mut count = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let recording: Recording =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let report = directory.path().join("report.json");
        std::fs::write(&report, recording.report.to_string()).unwrap();
        for share in [false, true] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_clearway"));
            command.args(["check", "--format", "json", "--replay"]).arg(&report);
            if share {
                command.arg("--share");
            }
            let output = command.output().unwrap();
            let about = format!("{} ({}), share {share}", path.display(), recording.about);
            let said = String::from_utf8_lossy(&output.stderr);
            let document: Value =
                serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{about}: {e}: {said}"));
            let host = document["groups"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|g| g["hosts"].as_array().unwrap())
                .find(|h| h["id"] == recording.expected.host)
                .unwrap();
            let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
            let got = Expected {
                host: recording.expected.host,
                code: text(&host["finding"]["code"]),
                verdict: text(&host["verdict"]),
                owner: text(&host["finding"]["owner"]),
                confidence: text(&host["finding"]["confidence"]),
                exit: output.status.code().unwrap(),
            };
            assert_eq!(got, recording.expected, "{about}");
            assert!(host["verdict"] != Verdict::Blocked.as_str() || host["thing"].is_u64(), "{about}");
        }
        count += 1;
    }
    assert_eq!(count + MISSING.len(), Code::ALL.len());
}
