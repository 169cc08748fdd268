//! What logs say beside a run of `clearway check`.

use serde_json::{Map, Value, json};

use crate::compare::log::{Agreement, Beside, Log};
use crate::report::json::document;
use crate::report::layout::{Page, Paint, Style};
use crate::report::{sanitise, words};
use crate::run::Run;

/// Addresses and errors that are shown without `-v`.
const SHOWN: usize = 5;

/// A section of the text report.
pub fn text(log: &Log, run: &Run, style: &Style) -> String {
    let mut page = Page::new(style);
    let shown = if style.verbose { usize::MAX } else { SHOWN };
    page.heading("IN THE LOG");
    for host in &log.hosts {
        let Some(target) = run.plan.target(host.id) else { continue };
        let finding = run.judgement.hosts.iter().find(|h| h.target == host.id).map(|h| h.finding.code);
        let code = finding.map(|c| format!(" ({c})")).unwrap_or_default();
        let name = words::endpoint_of(&target.requirement);
        let (prefix, paint) = match host.agreement {
            Agreement::Same => ("  = ", Paint::Bold),
            Agreement::Different | Agreement::Reached => ("  ! ", Paint::Attention),
            Agreement::Untested => ("  ? ", Paint::Attention),
        };
        page.hang(prefix, paint, &line(&format!("{name}{code}: {}.", host.text)));
    }
    if log.hosts.is_empty() {
        page.hang("  ", Paint::None, "The log has no known error of a host of this run.");
    }
    for other in log.elsewhere.iter().take(shown) {
        let errors: Vec<String> = other.errors.iter().take(3).map(|e| e.shown()).collect();
        let text = format!("{} is not in this run: {}.", other.address, errors.join("; "));
        page.hang("  - ", Paint::None, &line(&text));
    }
    if !style.quiet {
        for error in log.without_host.iter().take(shown) {
            page.hang("  - ", Paint::None, &line(&format!("Without a host: {}.", error.shown())));
        }
        if log.unknown > 0 {
            let text = format!("{} errors are not known; `clearway logs` counts them.", log.unknown);
            page.hang("  - ", Paint::None, &text);
        }
    }
    page.into_text()
}

fn line(text: &str) -> String {
    sanitise::line(text, sanitise::LONG)
}

/// A report of `check` with what a log says: whole, and beside each host.
pub fn json(text: &str, log: &Log) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap_or_default();
    let groups = value.get_mut("groups").and_then(Value::as_array_mut).into_iter().flatten();
    for host in groups.filter_map(|g| g.get_mut("hosts").and_then(Value::as_array_mut)).flatten() {
        let id = host.get("id").and_then(Value::as_u64);
        let beside = log.hosts.iter().find(|b| Some(u64::from(b.id)) == id);
        if let (Some(beside), Value::Object(map)) = (beside, host) {
            map.insert("log".to_owned(), Value::Object(without_id(beside)));
        }
    }
    if let Value::Object(map) = &mut value {
        map.insert("log".to_owned(), json!(log));
    }
    document(&value)
}

fn without_id(beside: &Beside) -> Map<String, Value> {
    match serde_json::to_value(beside) {
        Ok(Value::Object(mut map)) => {
            map.remove("id");
            map
        }
        _ => Map::new(),
    }
}
