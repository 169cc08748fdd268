//! What the script of the sandbox's own machine printed, copied from anywhere: bounded, one line in each text, and
//! judged like any other observation. Half of the inputs have a password in a variable.
#![no_main]

use std::sync::LazyLock;

use clearway::config::Input;
use clearway::derive::{Options, derive};
use clearway::observation::Observations;
use clearway::plan::{self, Plan, ProxySettings};
use clearway::rules::Rules;
use clearway::{diagnose, vm};
use clearway_fuzz::{MARK, assert_safe, configuration, memory};
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<Rules> = LazyLock::new(Rules::embedded);
static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let text = br#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.quarry.example",
        "coworkEgressAllowedHosts": ["packages.quarry.example"], "otlpEndpoint": "http://collector.quarry.example:4318"}"#;
    let Some(Input::Configuration(config)) = configuration::read(text, "f") else { panic!("a configuration") };
    let list = derive(&RULES.pack, &[config], &Options::default());
    plan::build(&list, &RULES.services, &RULES.pack.networks, &ProxySettings::default())
});

fuzz_target!(|data: &[u8]| {
    let (rules, plan) = (&*RULES, &*PLAN);
    assert!(!vm::hosts(plan).is_empty());
    let Some((first, rest)) = data.split_first() else { return };
    // Most lines need a version before them.
    let mut text = Vec::new();
    if first & 1 != 0 {
        text.extend_from_slice(b"cw1 version clearway-vm/1 curl ~;\ncw1 1 host https packages.quarry.example:443 ~;\n");
    }
    if first & 2 != 0 {
        text.extend_from_slice(format!("cw1 proxy https_proxy http://u:{MARK}@192.0.2.1:3128 ~;\n").as_bytes());
    }
    text.extend_from_slice(rest);
    let read = memory::bounded(text.len(), || vm::read(&text));
    let results = match read {
        Ok(results) => results,
        Err(error) => return assert_safe(&error.to_string(), false, "an error"),
    };
    assert!(results.hosts.len() <= 512 && results.hosts.iter().all(|h| h.said.len() <= 64));
    let machine = vm::observe(plan, &results, &rules.headers);
    assert!(machine.attempts.len() <= plan.targets.len());
    for text in machine.remarks.iter().chain(&machine.resolvers).chain(machine.proxies.iter().map(|(_, v)| v)) {
        assert_safe(text, false, "a text of the machine");
    }
    if !String::from_utf8_lossy(rest).contains(MARK) {
        let shown = serde_json::to_string(&machine).expect("it is JSON");
        assert!(!shown.contains(MARK), "{shown}");
    }
    let observations = Observations { machine: Some(machine), ..Observations::default() };
    let judged = diagnose::judge(plan, &observations, &rules.services, &rules.codes);
    assert_eq!(judged, diagnose::judge(plan, &observations, &rules.services, &rules.codes));
});
