//! Saved reports: read, judged again by the present rules, and honest about what that means.

use std::io::Read;
use std::path::Path;

use crate::config;
use crate::contract::ids::NoteId;
use crate::derive::Note;
use crate::diagnose::{self, NotTested};
use crate::document;
use crate::failure::Failure;
use crate::rules::Rules;
use crate::rules::codes::Codes;
use crate::rules::services::Services;
use crate::run::Run;

/// Names listed of the hosts that lack an experiment.
const SHOWN: usize = 5;

/// Reads a saved report and judges it.
///
/// # Errors
/// When it cannot be read, or is no report.
pub fn load(rules: &Rules, path: &Path) -> Result<Run, Failure> {
    Ok(load_whole(rules, path)?.0)
}

/// The same, with what the report says of the device that it was made on; standard input can be read only once.
///
/// # Errors
/// When it cannot be read, or is no report.
pub fn load_whole(rules: &Rules, path: &Path) -> Result<(Run, Option<serde_json::Value>), Failure> {
    let (run, device) = read(path)?;
    let mut run = Run { is_replayed: true, ..run };
    judge(&mut run, &rules.pack.meta.date, &rules.services, &rules.codes);
    Ok((run, device))
}

/// Judges a saved run by the present rules. Says when those are not the rules that it was made
/// with, and which experiments today's diagnosis would have made that were not recorded.
pub fn judge(run: &mut Run, rules_date: &str, services: &Services, codes: &Codes) {
    run.judgement = diagnose::judge(&run.plan, &run.observations, services, codes);
    let saved = &run.requirements.rules_date;
    run.requirements.notes.retain(|n| n.id != NoteId::RULES_DATE);
    if saved != rules_date {
        run.requirements.notes.push(Note {
            id: NoteId::RULES_DATE.into(),
            text: format!(
                "This report was made with the rules of {saved} and is judged here by those of {rules_date}. The list of \
                 hosts is the old one; `clearway hosts` derives today's."
            ),
            keys: Vec::new(),
        });
    }
    let mut missing: Vec<String> = Vec::new();
    for experiment in diagnose::next(&run.plan, &run.observations) {
        let Some(target) = run.plan.target(experiment.target) else { continue };
        let name = crate::contract::endpoint::listed(&target.requirement.host, target.port());
        if !missing.contains(&name) {
            missing.push(name);
        }
    }
    if missing.is_empty() {
        return;
    }
    let count = missing.len();
    let more = if count > SHOWN { format!(" and {} more", count - SHOWN) } else { String::new() };
    missing.truncate(SHOWN);
    run.judgement.not_tested.push(NotTested {
        id: "experiments".into(),
        text: format!(
            "Experiments that were not recorded: today's diagnosis would try {}{more} once more, or in another way, and be \
             surer of what is in the way. A replay sends nothing.",
            missing.join(", ")
        ),
    });
}

/// The file as messages and tables name it.
pub fn name(path: &Path) -> String {
    if is_standard_input(path) {
        return "standard input".to_owned();
    }
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

/// Whether the report comes from standard input.
pub fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A regular file of at most `limit` bytes.
fn whole(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let over =
        || format!("the file is over {} MiB, and no report of `clearway check` is", limit / (1024 * 1024));
    if std::fs::metadata(path).is_ok_and(|m| m.len() > limit) {
        return Err(over());
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|f| f.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|e| e.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(over());
    }
    Ok(bytes)
}

/// Reads a saved report; its judgement is the saved one.
fn read(path: &Path) -> Result<(Run, Option<serde_json::Value>), Failure> {
    let wrong = |reason: String| Failure::Report { path: path.to_owned(), reason };
    let text = if is_standard_input(path) {
        config::standard_input()?
    } else if std::fs::metadata(path).is_ok_and(|m| m.is_file()) {
        whole(path, document::check::MAX_BYTES).map_err(wrong)?
    } else {
        config::file(path, &path.display().to_string())?
    };
    let report = document::check::embedded(&text).map_err(|e| wrong(e.to_string()))?;
    let mut json: serde_json::Value = serde_json::from_slice(report).map_err(|e| {
        wrong(format!("not JSON: {e}; give a report saved with `check --format json` or `html`"))
    })?;
    let device = json
        .as_object_mut()
        .and_then(|report| report.remove(document::check::DEVICE))
        .filter(|d| !d.is_null());
    Ok((document::check::read_check(json).map_err(|e| wrong(e.to_string()))?, device))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_report_is_read_up_to_its_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        std::fs::write(&path, [b' '; 64]).unwrap();
        assert_eq!(whole(&path, 64).unwrap().len(), 64);
        assert!(whole(&path, 63).unwrap_err().contains("is over"));
    }
}
