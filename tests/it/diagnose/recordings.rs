//! Whole runs in files: a plan, what was seen, and what must be said of it.

use std::path::PathBuf;

use clearway::diagnose::{Code, RunVerdict, judge};
use clearway::observation::Observations;
use clearway::plan::Plan;
use clearway::rules::codes::Codes;
use serde::Deserialize;

use crate::diagnose::scene::services;

#[derive(Deserialize)]
struct Recording {
    about: String,
    plan: Plan,
    observations: Observations,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    verdict: RunVerdict,
    hosts: Vec<(u32, Code)>,
    causes: Vec<(Code, Vec<u32>)>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings")
}

#[test]
fn recorded_runs_are_judged_as_expected() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.is_file());
    files.sort();
    assert!(files.len() >= 3);
    for file in files {
        let recording: Recording = serde_json::from_str(&std::fs::read_to_string(&file).unwrap())
            .unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let codes = Codes::embedded().unwrap();
        let run = judge(&recording.plan, &recording.observations, &services(), &codes);
        let hosts: Vec<(u32, Code)> = run.hosts.iter().map(|h| (h.target, h.finding.code)).collect();
        let causes: Vec<(Code, Vec<u32>)> =
            run.causes.iter().map(|c| (c.finding.code, c.hosts.clone())).collect();
        let about = format!("{} ({})", file.display(), recording.about);
        assert_eq!(hosts, recording.expected.hosts, "{about}");
        assert_eq!(causes, recording.expected.causes, "{about}");
        assert_eq!(run.verdict, recording.expected.verdict, "{about}");
        // The same words again: a judgement is a function of what was seen.
        let text = serde_json::to_string(&run).unwrap();
        let again = judge(&recording.plan, &recording.observations, &services(), &codes);
        assert_eq!(text, serde_json::to_string(&again).unwrap(), "{about}");
        serde_json::from_str::<clearway::diagnose::Judgement>(&text).unwrap();
    }
}
