//! Reports that somebody sent for a replay: read, judged again, rendered.
#![no_main]

use clearway::diagnose;
use clearway_fuzz::{assert_safe, rendering, rules};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(data) = clearway::document::check::embedded(data) else { return };
    let Ok(json) = serde_json::from_slice(data) else { return };
    let mut run = match clearway::document::check::read_check(json) {
        Ok(run) => run,
        Err(error) => return assert_safe(&error.to_string(), false, "an error"),
    };
    rendering::run(&run);
    run.judgement = diagnose::judge(&run.plan, &run.observations, &rules().services, &rules().codes);
    assert_eq!(run.judgement.hosts.len(), run.plan.targets.len());
    let again = diagnose::judge(&run.plan, &run.observations, &rules().services, &rules().codes);
    assert_eq!(run.judgement, again, "the same observations are judged differently");
    for experiment in diagnose::next(&run.plan, &run.observations) {
        let target = run.plan.target(experiment.target).expect("a planned host is tried");
        assert!(experiment.path < target.paths.len());
    }
    rendering::run(&run);
});
