//! A saved report for every code, in `tests/recordings/codes/`, replayed by the program itself.
//!
//! `CLEARWAY_RECORD=1 cargo test --test it -- recordings_of_codes` writes those that are missing
//! from the scenes of this folder; a report that exists is never overwritten, because it stands for
//! what was saved once and must stay readable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clearway::contract::Actor;
use clearway::diagnose::{Code, Verdict};
use clearway::observation::*;
use clearway::plan::{Control, Plan, Route, Skip, Target};
use clearway::report::{self};
use clearway::run::Run;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnose::scene::*;
use crate::diagnose::{calls, differential, follow, saved, table};

/// Codes without a recording yet: no scene of this folder leads to them.
const MISSING: &[&str] = &[];

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

/// A code, the host that has it, and what was seen.
pub type Scene = (&'static str, u32, Vec<Target>, Observations);

/// Scenes of more than one host, or of none that answered.
pub fn scenes() -> Vec<Scene> {
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
        tls.device_trust = Some(Trust::NotYetValid);
        tls.public_trust = Some(Trust::NotYetValid);
    });
    let stopped = |why| {
        let mut observations = observed(all(&office())[..2].to_vec());
        observations.stopped = Some(why);
        observations
    };
    let mut v6 = observed(vec![edit(healthy(&world(1, "api.vendor.example")), |a| {
        let remote = "[2600:1::5]:443".parse().unwrap();
        let failed = Tcp {
            remote,
            local: None,
            icmp: None,
            at_ms: 13,
            confirm: false,
            outcome: TcpOutcome::Timeout,
            ms: 4000.0,
        };
        a.tcp.insert(0, failed);
        let dns = a.dns.as_mut().unwrap();
        if let Lookup::Addresses { addresses } = &mut dns.system {
            addresses.insert(0, remote.ip());
        }
    })]);
    v6.device.ipv6 = Some("2600:2::1".parse().unwrap());
    let mut scenes = experiments();
    scenes.extend(with_credentials());
    scenes.extend(services_that_are_asked_more());
    scenes.extend([
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
            "untested/address",
            1,
            vec![customer(1, "gw.corp.example")],
            observed(vec![tcp_fails(
                &customer(1, "gw.corp.example"),
                TcpOutcome::NotDialled { reason: "link-local address, never probed".into() },
            )]),
        ),
        (
            "untested/actor",
            1,
            vec![skipped(world(1, "sso.vendor.example"), Skip::Actor)],
            observed(Vec::new()),
        ),
    ]);
    scenes
}

/// Scenes that a code needs experiments or controls for.
fn experiments() -> Vec<Scene> {
    use TlsOutcome::{Completed, Reset, Timeout};
    let (t, r) = (world(1, "api.vendor.example"), world(2, "cdn.other.example"));
    let both = || vec![t.clone(), r.clone()];
    let here = address(1);
    let variations = [
        Variation::SmallSegments { address: here, bytes: 536 },
        Variation::SmallHello { address: Some(here) },
        Variation::OtherName { address: Some(here), name: r.probed.clone() },
        Variation::Nameless { address: here },
        Variation::Elsewhere { address: address(2) },
    ];
    let dead = |outcome: &TlsOutcome, ends: [TlsOutcome; 5]| {
        let mut attempts = vec![tls_fails(&t, outcome.clone()), healthy(&r)];
        // What failed at once is tried once more beside the experiments.
        if *outcome != Timeout {
            attempts.push(Attempt { purpose: Purpose::Repeat, ..tls_fails(&t, outcome.clone()) });
        }
        attempts.extend(variations.iter().zip(ends).map(|(v, end)| differential::trial(&t, v.clone(), end)));
        observed(attempts)
    };
    let alert = || TlsOutcome::Alert { alert: "unrecognized_name".into() };
    let slow = |dns: f64, first_byte: f64| {
        edit(healthy(&t), |a| {
            a.dns.as_mut().unwrap().ms = dns;
            a.http[0].first_byte_ms = Some(first_byte);
        })
    };
    let three = |dns: f64, first_byte: f64| {
        let mut seen = observed(vec![slow(dns, first_byte), healthy(&r)]);
        let plan = Plan { targets: both(), ..Plan::default() };
        for e in clearway::diagnose::next(&plan, &seen) {
            let mut again = slow(dns, first_byte);
            (again.purpose, again.variation) = (e.purpose, e.variation);
            seen.attempts.push(again);
        }
        seen
    };
    let prohibited = edit(tcp_fails(&t, TcpOutcome::HostUnreachable), |a| {
        a.tcp[0].icmp = Some(Icmp { kind: 3, code: 13, from: "11.9.0.1".parse().ok(), own: false });
    });
    let html = ("content-type", "text/html");
    let page = answer(403, &[html], "<html><title>Notice</title><body>Zscaler says no</body></html>");
    let leaf = leaf_by(&t.probed, INSPECTOR);
    let inspected =
        edit(chain(&t, leaf, false, Trust::Accepted, Trust::UnknownIssuer), |a| a.http = vec![page]);
    let mut portal = observed(vec![tls_fails(&t, Reset), tcp_fails(&r, TcpOutcome::Timeout)]);
    portal.controls = ["c1.example", "c2.example"]
        .iter()
        .map(|host| {
            let mut attempt = healthy(&world(0, host));
            attempt.tls.clear();
            attempt.http = vec![answer(302, &[("location", "http://login.hotel.example/start")], "")];
            let control = Control {
                of: "Test".into(),
                host: (*host).into(),
                path: "/check".into(),
                status: 200,
                body: "OPEN".into(),
                source: "test".into(),
            };
            Controlled { control, attempt }
        })
        .collect();
    let through = edit(healthy(&proxied(t.clone())), |a| {
        a.purpose = Purpose::Experiment;
        a.variation = Some(Variation::OtherRoute(proxy_route()));
    });
    let direct = tcp_fails(&t, TcpOutcome::Timeout);
    vec![
        ("proxy/required", 1, both(), observed(vec![direct, healthy(&r), through])),
        ("tls/sni-reset", 1, both(), dead(&Reset, [Reset, Reset, Completed, Completed, Reset])),
        ("tls/sni-timeout", 1, both(), dead(&Timeout, [Timeout, Timeout, Completed, Timeout, Timeout])),
        ("tls/path-mtu", 1, both(), dead(&Timeout, [Completed, Completed, Timeout, Timeout, alert()])),
        ("tls/hello-size", 1, both(), dead(&Timeout, [Timeout, Completed, Timeout, Timeout, alert()])),
        ("tcp/prohibited", 1, both(), observed(vec![prohibited, healthy(&r)])),
        ("dns/slow", 1, both(), three(1400.0, 20.0)),
        ("http/slow", 1, both(), three(10.0, 1400.0)),
        ("http/block-page", 1, both(), observed(vec![inspected, healthy(&r)])),
        ("http/captive-portal", 1, both(), portal),
    ]
}

/// Scenes of calls with the credential.
fn with_credentials() -> Vec<Scene> {
    let gw = gateway(1, "llm.mill.example");
    let scene = |code, calls: Vec<Call>| {
        let open = answer(200, &[("content-type", "application/json")], "{\"data\":[]}");
        let attempt = edit(healthy(&gw), |a| a.http = vec![open]);
        (code, 1, vec![gw.clone()], Observations { calls, ..observed(vec![attempt]) })
    };
    let foreign = Call {
        model: Some("us.mill-model".into()),
        ..calls::refusal("bedrock", 400, &[("x-amzn-errortype", "ValidationException")])
    };
    let silent =
        Call { outcome: CallOutcome::Reset, ms: 31_000.0, ..calls::streamed(&[300.0], StreamEnd::Early) };
    let late = [860.0, 870.0, 880.0, 885.0, 890.0];
    vec![
        scene("auth/rejected", vec![calls::refusal("gateway", 401, &[("error.type", "auth_error")])]),
        scene("service/model", vec![calls::refusal("gateway", 404, &[("error.code", "model_not_found")])]),
        scene("service/region", vec![foreign]),
        scene("service/quota", vec![calls::refusal("gateway", 400, &[("error.type", "budget_exceeded")])]),
        scene("service/policy", vec![calls::refusal("anthropic", 403, &[("cf-error", "1009")])]),
        scene("http/idle-cut", vec![silent]),
        scene("http/buffered", vec![calls::streamed(&late, StreamEnd::Complete)]),
    ]
}

/// Scenes of services that one answer does not judge, and of a way that is not taken.
fn services_that_are_asked_more() -> Vec<Scene> {
    let issuer = follow::service(1, "idp.mill.example", "oidc-issuer", "/tenant-9");
    let other = follow::metadata("https://idp.mill.example/tenant-8");
    let discovery = follow::with(&issuer, follow::json_answer(200, &other));
    let collector = follow::service(1, "otel.mill.example", "otlp-http", "");
    let mut absent = vec![follow::with(&collector, follow::text(404))];
    for id in ["otlp-json", "otlp-metrics", "otlp-metrics-json"] {
        absent.push(follow::asked(&collector, id, "", None, follow::text(404)));
    }
    let mut both = proxied(world1());
    both.paths[0].actors = vec![Actor::App];
    both.paths.push(clearway::plan::Path { route: Route::Direct, actors: vec![Actor::Updater] });
    let mut direct = tcp_fails(&world1(), TcpOutcome::Timeout);
    direct.path = 1;
    let ways = observed(vec![healthy(&both), direct]);
    let mut connector = customer(1, "mcp.mill.example");
    connector.service = Some("mcp".into());
    connector.requirement.hints.signs_in = Some(false);
    let demanding = status(&connector, 401, &[("www-authenticate", "Bearer realm=\"tools\"")], "");
    vec![
        ("oidc/discovery", 1, vec![issuer], observed(vec![discovery])),
        ("otlp/protocol", 1, vec![collector], observed(absent)),
        ("proxy/required", 1, vec![both], ways),
        ("mcp/sign-in", 1, vec![connector], observed(vec![demanding])),
    ]
}

/// Scenes in which nothing is wrong with what a service says of itself.
pub fn healthy_services() -> Vec<Scene> {
    let issuer = follow::service(1, "idp.mill.example", "oidc-issuer", "/tenant-9");
    let own = follow::metadata("https://IDP.mill.example/tenant-9/");
    let good = observed(vec![follow::with(&issuer, follow::json_answer(200, &own))]);
    let bootstrap = follow::service(1, "boot.mill.example", "bootstrap", "/config");
    let mut object = follow::json_answer(200, &serde_json::json!({}));
    if let Some(document) = &mut object.document {
        document.names = vec!["inferenceProvider".into(), "millOwnKey".into()];
    }
    let served = observed(vec![follow::with(&bootstrap, object)]);
    vec![("oidc", 1, vec![issuer], good), ("bootstrap", 1, vec![bootstrap], served)]
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
            report: serde_json::from_str(&report::check::json::render(&run, &saved::features())).unwrap(),
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
            let mut command = crate::common::clearway();
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
