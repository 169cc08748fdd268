//! What was found on the device beside a run of `clearway check`.

use serde_json::{Value, json};

use crate::compare::device::Device;
use crate::contract::Severity;
use crate::device::{Finding, Status};
use crate::document::check::DEVICE;
use crate::document::device::{Document, Examined};
use crate::report::json::document;
use crate::report::layout::{Page, Paint, Style};
use crate::report::{sanitise, words};
use crate::run::Run;
use crate::text::english;

/// Hosts that are shown of what a finding explains.
const SHOWN: usize = 5;

/// A section of the text report.
pub fn text(device: &Device, style: &Style) -> String {
    let mut page = Page::new(style);
    page.heading("ON THIS DEVICE");
    let bad: Vec<&Finding> =
        device.report.findings.iter().filter(|f| f.severity != Severity::Info || style.verbose).collect();
    for finding in &bad {
        super::text::write(&mut page, finding);
        for explained in device.explains.iter().filter(|e| e.code == finding.code) {
            let hosts: Vec<String> =
                explained.hosts.iter().map(|h| format!("{} ({})", h.host, h.code)).collect();
            let hosts = sanitise::line(&english::first(&hosts, SHOWN), sanitise::LONG);
            page.hang("    = ", Paint::Bold, &format!("This explains {hosts}."));
        }
    }
    let whole = device.report.checks.iter().filter(|c| c.status == Status::Run).count();
    let run = format!("{whole} of {} checks were run whole", device.report.checks.len());
    let found = if bad.is_empty() { "Nothing was found in the way; " } else { "" };
    page.hang("  ", Paint::None, &format!("{found}{run}. `clearway device` says more."));
    page.into_text()
}

/// A report of `check` with the report of the device: whole, and what of the run it explains.
pub fn json(text: &str, device: &Device, run: &Run) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap_or_default();
    let examined = Examined {
        report: device.report.clone(),
        started_at: run.started_at.clone(),
        list: words::hosts(run.plan.targets.len()),
        shared: false,
        rules_date: run.requirements.rules_date.clone(),
    };
    let mut own = serde_json::to_value(Document::from(&examined)).unwrap_or_default();
    if let Value::Object(map) = &mut own {
        map.insert("explains".to_owned(), json!(device.explains));
    }
    if let Value::Object(map) = &mut value {
        map.insert(DEVICE.to_owned(), own);
    }
    document(&value)
}
