//! A file of promises, written by anybody: every fault is one line with its place, every promise has one result, the same
//! twice, and no format shows anything of it that a terminal or a page acts upon.
#![no_main]

use std::sync::LazyLock;

use clearway::contract::ids::NoteId;
use clearway::document::check::read_check;
use clearway::expect;
use clearway::run::Run;
use clearway_fuzz::{assert_safe, memory, rendering};
use libfuzzer_sys::fuzz_target;

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let report = include_str!("../../examples/reports/blocked.json");
    let mut run = read_check(serde_json::from_str(report).expect("JSON")).expect("a report");
    run.requirements.notes.retain(|n| n.id != NoteId::RULES_DATE);
    run
});

fuzz_target!(|data: &[u8]| {
    let read = memory::bounded(data.len(), || expect::read(data, "net.toml"));
    let promises = match read {
        Ok(promises) => promises,
        Err(error) => {
            assert!(!error.0.is_empty() && error.0.len() <= 21, "{error}");
            for line in &error.0 {
                assert_safe(line, false, "a fault");
                assert!(line.starts_with("net.toml: ") && line.chars().count() < 1_200, "{line}");
            }
            return;
        }
    };
    let run = &*RUN;
    let judged = || expect::judge(&promises, &run.plan, &run.observations, &run.judgement);
    let Ok(expected) = judged() else { return };
    assert_eq!(Ok(&expected), judged().as_ref());
    assert_eq!(expected.results.len(), expected.met + expected.unmet + expected.untested);
    assert!(promises.entries.iter().all(|e| expected.results.iter().any(|r| r.line == e.line)));
    for result in &expected.results {
        assert!(!result.evidence.is_empty() && !result.expected.is_empty(), "{result:?}");
    }
    if expected.results.len() < 200 {
        rendering::run(&Run { expected: Some(expected), ..run.clone() });
    }
});
