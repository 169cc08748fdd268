//! Metrics in the text exposition format, for the textfile collector of node_exporter.
//!
//! Written here and not by a client library: those keep counters of a living process, while this is one picture, and the
//! format that all collectors read is three escapes (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::report::sanitise;

/// One metric family: its head, and each set of labels once, as the format asks for it.
pub(super) struct Family<'a> {
    out: &'a mut String,
    name: &'static str,
    seen: BTreeSet<String>,
}

impl<'a> Family<'a> {
    /// Begins the family.
    pub(super) fn new(out: &'a mut String, name: &'static str, help: &str) -> Self {
        let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n");
        Self { out, name, seen: BTreeSet::new() }
    }

    /// One sample; a set of labels that was given before is left out.
    pub(super) fn add(&mut self, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        if self.seen.insert(labels.clone()) {
            let _ = writeln!(self.out, "{}{labels} {value}", self.name);
        }
    }
}

/// The value of a label: one line, with backslashes and quotes escaped.
fn escaped(text: &str) -> String {
    sanitise::line(text, sanitise::SHORT).replace('\\', "\\\\").replace('"', "\\\"")
}
