//! Runs for the renderers, from a plan and what was seen.

use std::sync::LazyLock;

use clearway::contract::Platform;
use clearway::derive::{FeatureInfo, Input, Requirements};
use clearway::diagnose::judge;
use clearway::observation::{Environment, Observations};
use clearway::plan::{Plan, Target};
use clearway::rules::Part;
use clearway::rules::codes::Codes;
use clearway::rules::embedded_date;
use clearway::rules::services::Services;
use clearway::run::Run;

use crate::diagnose::scene::services;

static SERVICES: LazyLock<Part<Services>> = LazyLock::new(services);
static CODES: LazyLock<Codes> = LazyLock::new(|| Codes::embedded().unwrap());

/// The features of the rule pack.
pub fn features() -> Vec<FeatureInfo> {
    clearway::rules::Pack::embedded()
        .unwrap()
        .features
        .iter()
        .map(|f| FeatureInfo { id: f.id.to_string(), title: f.title.to_string(), stops: f.stops.to_string() })
        .collect()
}

/// A judged run of a device in an office.
pub fn run(plan: Plan, observations: Observations) -> Run {
    let judgement = judge(&plan, &observations, &SERVICES, &CODES);
    let mut hosts: Vec<_> = plan.targets.iter().map(|t| t.requirement.clone()).collect();
    hosts.sort_by(|a, b| (&a.host, a.port, a.transport).cmp(&(&b.host, b.port, b.transport)));
    Run {
        requirements: Requirements {
            hosts,
            notes: Vec::new(),
            lint: Vec::new(),
            missing: Vec::new(),
            app_version: "2.19675.0".parse().unwrap(),
            platform: Platform::Linux,
            platform_assumed: false,
            rules_date: embedded_date().to_owned(),
            rules_age: None,
            provider: Some("gateway".into()),
            inputs: vec![Input {
                name: "office.json".into(),
                format: "json".into(),
                sha256: "ab".repeat(32),
                platform: None,
                platform_assumed: false,
            }],
            sources: Vec::new(),
            by_address: Default::default(),
        },
        plan,
        observations,
        judgement,
        environment: Environment {
            user: "jmiller".into(),
            host: "desk-12".into(),
            addresses: vec!["192.168.7.20".into()],
            resolvers: vec!["192.168.7.1".into()],
            proxy: "none".into(),
            trust: "the operating system's store and, beside it, the public roots".into(),
            vpn_hint: None,
        },
        started_at: "2026-11-22T12:00:00Z".into(),
        label: None,
        tags: Default::default(),
        duration_ms: 4_200,
        is_replayed: false,
        expected: None,
    }
}

/// The same of targets.
pub fn of(targets: Vec<Target>, observations: Observations) -> Run {
    run(Plan { targets, ..Plan::default() }, observations)
}
