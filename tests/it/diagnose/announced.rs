//! What may be sent is announced: every experiment that can be asked for, every option, and the
//! README's list.

use std::collections::BTreeSet;
use std::net::IpAddr;

use clearway::contract::DownloadTest;
use clearway::diagnose::{Prospect, announce, announced_as, next};
use clearway::observation::*;
use clearway::plan::trace::Wanted;
use clearway::plan::{Announcement, Experiment, Keep, Plan, Request, Sent};
use clearway::report::check::dry_run::contacts;
use clearway::rules::Rules;
use clearway::telemetry::Collector;

use super::scene::*;

fn rules() -> Rules {
    Rules::embedded()
}

/// One of each kind. A new variation does not compile until it has its place here.
fn variations() -> Vec<Option<Variation>> {
    let address: IpAddr = "192.0.2.1".parse().unwrap();
    let follow_up = |keep| FollowUp {
        service: "otlp-http".into(),
        base_path: String::new(),
        request: Request { keep, ..Request::default() },
        over: None,
    };
    let all = vec![
        None,
        Some(Variation::Lookup),
        Some(Variation::Request),
        Some(Variation::Servers),
        Some(Variation::Address { address }),
        Some(Variation::SmallSegments { address, bytes: 536 }),
        Some(Variation::SmallHello { address: None }),
        Some(Variation::OtherName { address: None, name: "a.example".into() }),
        Some(Variation::Nameless { address }),
        Some(Variation::Elsewhere { address }),
        Some(Variation::OtherRoute(clearway::plan::Route::Direct)),
        Some(Variation::FollowUp(follow_up(Keep::default()))),
        Some(Variation::FollowUp(follow_up(Keep::Digest { bytes: 1, ms: None }))),
        Some(Variation::FollowUp(follow_up(Keep::Checksum { member: "a".into(), size: "b".into() }))),
    ];
    for variation in all.iter().flatten() {
        let read = Variation::from(variation.changes());
        assert_eq!(read, *variation, "a saved report would lose what it is");
        match variation {
            Variation::Lookup
            | Variation::Request
            | Variation::Servers
            | Variation::Address { .. }
            | Variation::SmallSegments { .. }
            | Variation::SmallHello { .. }
            | Variation::OtherName { .. }
            | Variation::Nameless { .. }
            | Variation::Elsewhere { .. }
            | Variation::OtherRoute(_)
            | Variation::FollowUp(_)
            | Variation::Other(_) => {}
        }
    }
    all
}

#[test]
fn every_experiment_has_an_announcement() {
    let (plan, rules) = (Plan::default(), rules());
    let announced = announce(&Prospect::new(&plan, &rules.services));
    let told: Vec<Sent> = announced.iter().map(|a| a.sent).collect();
    assert_eq!(told, Sent::ALL, "each kind once, in order");
    let texts: BTreeSet<&str> = announced.iter().map(|a| a.general.as_str()).collect();
    assert_eq!(texts.len(), announced.len(), "each in words of its own");
    assert!(!texts.contains(""));
    for variation in variations() {
        for purpose in [Purpose::First, Purpose::Repeat, Purpose::Paced, Purpose::Experiment] {
            let experiment = Experiment { target: 1, path: 0, purpose, variation: variation.clone() };
            let sent = announced_as(&experiment).unwrap_or_else(|| panic!("{experiment:?}"));
            assert!(told.contains(&sent), "{experiment:?}");
        }
    }
}

#[test]
fn what_is_tried_after_a_failure_was_announced() {
    let (dead, healthy_one) = (world(1, "api.vendor.example"), world(2, "cdn.other.example"));
    let plan = Plan { targets: vec![dead.clone(), healthy_one.clone()], ..Plan::default() };
    let seen = observed(vec![tls_fails(&dead, TlsOutcome::Timeout), healthy(&healthy_one)]);
    let rules = rules();
    let announced = announce(&Prospect::new(&plan, &rules.services));
    let asked = next(&plan, &seen);
    assert!(asked.len() > 3, "{asked:?}");
    for experiment in &asked {
        let sent = announced_as(experiment).unwrap();
        let entry: &Announcement = announced.iter().find(|a| a.sent == sent).unwrap();
        assert!(!entry.here.is_empty(), "{experiment:?}");
    }
}

#[test]
fn options_are_announced_where_they_are_given() {
    let mut rules = rules();
    let mut targets = Vec::new();
    for (n, id) in ["bootstrap", "otlp-http", "mcp", "downloads"].iter().enumerate() {
        let Some(service) = rules.services.by_id(id).or_else(|| rules.services.by_id("mcp")) else {
            continue;
        };
        let mut target = world(n as u32 + 1, &format!("h{n}.vendor.example"));
        target.service = Some(service.id.to_string());
        target.request = Some(service.request(&target.probed, ""));
        targets.push(target);
    }
    let plan = Plan { targets, ..Plan::default() };
    let controls = std::mem::take(&mut rules.controls);
    let without = announce(&Prospect::new(&plan, &rules.services));
    let collector = Collector::parse("https://otlp.team.example:4318/path").unwrap();
    let with = announce(&Prospect {
        collector: Some(&collector),
        controls: &controls,
        resolver: Some("192.0.2.53:53".parse().unwrap()),
        compare_dns: Some("192.0.2.54:53".parse().unwrap()),
        bootstrap: true,
        download_test: Some(DownloadTest::Sample),
        idle_ms: Some(360_000),
        traced: Wanted { hosts: vec!["h1.vendor.example".into()], causes: true },
        ..Prospect::new(&plan, &rules.services)
    });
    let here = |all: &[Announcement], sent: Sent| -> String {
        all.iter().filter(|a| a.sent == sent).flat_map(|a| a.here.clone()).collect::<Vec<_>>().join(" ")
    };
    for (sent, words) in [
        (Sent::Controls, controls[0].host.as_str()),
        (Sent::Lookups, "192.0.2.53"),
        (Sent::Lookups, "192.0.2.54"),
        (Sent::Bootstrap, "asked first"),
        (Sent::Downloads, "8000000 bytes"),
        (Sent::Quiet, "left quiet for 360 s"),
        (Sent::Traces, "h1.vendor.example is traced"),
        (Sent::Traces, "One blocked host of each cause"),
        (Sent::Telemetry, "its result goes to https://otlp.team.example:4318"),
    ] {
        assert!(here(&with, sent).contains(words), "{sent:?}: {}", here(&with, sent));
        assert!(!here(&without, sent).contains(words), "{sent:?}: {}", here(&without, sent));
    }
    assert!(here(&without, Sent::FollowUps).contains("h1.vendor.example:443: POST"));
    assert!(here(&without, Sent::FollowUps).contains("sign-in metadata (RFC 9728)"));
}

#[test]
fn the_readme_lists_what_may_be_sent() {
    let (plan, rules) = (Plan::default(), rules());
    let run = Prospect { controls: &rules.controls, ..Prospect::new(&plan, &rules.services) };
    let list = contacts(&announce(&run));
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let section = readme.split_once("## What it contacts\n\n").unwrap().1;
    let section = section.split_once("\n\n").unwrap().0.replace("\n  ", " ");
    assert_eq!(section.trim_end(), list.trim_end(), "the list is that of `contacts`, wrapped");
}
