//! Experiments against boxes on loopback: the whole of it, from the dead handshake to the finding.

use crate::servers::{Boxed, Seen};
use clearway::diagnose::{Certainty, Code, Finding, judge, next};
use clearway::observation::{Changes, LastStage, Variation};
use clearway::rules::codes::Codes;
use clearway::rules::services::Services;

use super::*;

const BLOCKED: &str = "api.vendor.example";
const REACHED: &str = "cdn.other.example";

/// Runs the rounds as the command does; a box stands before the first of two hosts, and before
/// the second one that only knows the name.
async fn investigate(
    stage: Duration,
    first: impl Fn(&Seen) -> Boxed + Send + Sync + Copy + 'static,
    second: impl Fn(&Seen) -> Boxed + Send + Sync + Copy + 'static,
) -> (Finding, Observations) {
    let authority = Authority::new("Test CA");
    let dns = Dns::start().await;
    let acceptor = |name| authority.leaf(name, |_| {}).acceptor(&["http/1.1"]);
    let one = crate::servers::behind("127.0.0.1:0".parse().unwrap(), acceptor(BLOCKED), first).await;
    // The test's resolver gives 127.0.0.1 for every name, so the second host is known by its port.
    let two = crate::servers::behind("127.0.0.1:0".parse().unwrap(), acceptor(REACHED), second).await;
    let of_world = |id, name: &str, port| {
        let mut t = target(id, name, port, Transport::Https);
        t.requirement.loopback = false;
        t.requirement.hints.public_roots = true;
        // A loopback address is no sinkhole here.
        t.requirement.hints.private_endpoint = true;
        t
    };
    let targets = vec![of_world(1, BLOCKED, one.port()), of_world(2, REACHED, two.port())];
    let plan = Plan { targets, ..Plan::default() };
    let settings = Settings { resolver: Some(dns.address), stage_timeout: stage, ..trusting(&authority) };
    let prober = Prober::new(settings).unwrap();
    let mut seen = Observations::default();
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut experiments = plan.first_wave();
    let mut rounds = 0;
    while !experiments.is_empty() {
        prober.run(&plan, &experiments, &mut seen, deadline, &Quiet).await;
        experiments = next(&plan, &seen);
        rounds += 1;
    }
    assert!(rounds <= 3, "{rounds}");
    let (services, codes) = (Services::embedded().unwrap(), Codes::embedded().unwrap());
    let mut hosts = judge(&plan, &seen, &services, &codes).hosts;
    assert_eq!(hosts[1].finding.code, Code::Ok, "{:?}", hosts[1]);
    (hosts.remove(0).finding, seen)
}

const fn pass(_: &Seen) -> Boxed {
    Boxed::Passes
}

#[tokio::test]
async fn a_filter_of_one_name_is_proven_by_another_name_at_its_address() {
    let (f, seen) =
        investigate(PATIENT, |s| if s.names(BLOCKED) { Boxed::Resets } else { Boxed::Passes }, pass).await;
    assert_eq!((f.code, f.confidence), (Code::TlsSniReset, Certainty::Proven), "{}", f.evidence.line);
    assert!(
        f.evidence.line.contains("the same address answered for cdn.other.example"),
        "{}",
        f.evidence.line
    );
    let sent: Vec<Option<&str>> = seen.experiments().map(|(a, _)| a.tls[0].sni.as_deref()).collect();
    assert!(sent.contains(&Some(REACHED)) && sent.contains(&None), "{sent:?}");
    assert!(seen.experiments().all(|(a, _)| a.http.is_empty() && a.dns.is_none()));
}

#[tokio::test]
async fn a_filter_that_drops_is_told_from_one_that_resets() {
    let stage = Duration::from_millis(1500);
    let (f, _) =
        investigate(stage, |s| if s.names(BLOCKED) { Boxed::Drops } else { Boxed::Passes }, pass).await;
    assert_eq!((f.code, f.confidence), (Code::TlsSniTimeout, Certainty::Proven), "{}", f.evidence.line);
}

#[tokio::test]
async fn a_box_that_resets_whatever_the_name_is_not_called_a_name_filter() {
    let (f, _) = investigate(PATIENT, |_| Boxed::Resets, pass).await;
    assert_eq!(f.code, Code::TlsReset, "{}", f.evidence.line);
    assert!(f.evidence.line.contains("cdn.other.example was reset there too"), "{}", f.evidence.line);
}

#[tokio::test]
async fn a_box_that_cannot_take_a_large_hello_is_found_by_a_small_one() {
    let large = |s: &Seen| if s.hello > 1216 { Boxed::Resets } else { Boxed::Passes };
    let (f, seen) = investigate(PATIENT, large, pass).await;
    assert_eq!((f.code, f.confidence), (Code::TlsHelloSize, Certainty::Proven), "{}", f.evidence.line);
    let small = seen.experiments().find(|(_, v)| v.changes().small_hello).unwrap().0;
    assert!(small.tls[0].hello_bytes < 600, "{}", small.tls[0].hello_bytes);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_path_that_loses_large_segments_is_found_by_small_ones() {
    let stage = Duration::from_millis(1500);
    let hole = |s: &Seen| if s.segment > 600 && s.hello > 600 { Boxed::Drops } else { Boxed::Passes };
    let (f, _) = investigate(stage, hole, pass).await;
    assert_eq!((f.code, f.confidence), (Code::TlsPathMtu, Certainty::Proven), "{}", f.evidence.line);
}

#[tokio::test]
async fn a_varied_attempt_ends_where_it_was_told_to() {
    let authority = Authority::new("Test CA");
    let server = crate::servers::behind(
        "127.0.0.1:0".parse().unwrap(),
        authority.leaf("service.example", |_| {}).acceptor(&["http/1.1"]),
        pass,
    )
    .await;
    let dns = Dns::start().await;
    let prober = Prober::new(Settings { resolver: Some(dns.address), ..trusting(&authority) }).unwrap();
    let plan = Plan {
        targets: vec![target(1, "service.example", server.port(), Transport::Https)],
        ..Plan::default()
    };
    let mut experiments = Vec::new();
    for until in [LastStage::Dns, LastStage::Dns, LastStage::Tcp, LastStage::Tls, LastStage::Whole] {
        let variation = Some(Variation::from(Changes { until, ..Changes::default() }));
        experiments.push(Experiment { target: 1, path: 0, purpose: Purpose::Experiment, variation });
    }
    let other = Variation::OtherName { address: None, name: "other.example".into() };
    let variation = Some(other);
    experiments.push(Experiment { target: 1, path: 0, purpose: Purpose::Experiment, variation });
    let mut seen = Observations::default();
    let deadline = Instant::now() + Duration::from_secs(60);
    prober.run(&plan, &experiments, &mut seen, deadline, &Quiet).await;
    assert_eq!(seen.plain().count(), 0);
    for (a, v) in seen.experiments() {
        let reached = (a.dns.is_some(), !a.tcp.is_empty(), !a.tls.is_empty(), !a.http.is_empty());
        let expected = match v.changes().until {
            LastStage::Dns => (true, false, false, false),
            LastStage::Tcp => (true, true, false, false),
            LastStage::Tls => (true, true, true, false),
            LastStage::Whole => (true, true, true, true),
        };
        assert_eq!(reached, expected, "{v:?}");
    }
    // Lookups that are measured are made each by itself; the others share one. Two questions each.
    assert_eq!(dns.asked().iter().filter(|n| n.contains("service.example")).count(), 6);
    let (of_other, _) = seen.experiments().find(|(_, v)| matches!(v, Variation::OtherName { .. })).unwrap();
    assert_eq!(of_other.tls[0].sni.as_deref(), Some("other.example"));
    assert_eq!(of_other.tls[0].public_trust, Some(Trust::NameMismatch));
}
