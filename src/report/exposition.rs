//! Metrics, and their text exposition format for the textfile collector of node_exporter.
//!
//! Written here and not by a client library: those keep counters of a living process, while this is one picture, and the
//! format that all collectors read is three escapes (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::fmt::Write as _;

use crate::report::sanitise;
use crate::telemetry::{Metric, Number};

/// One metric family that is being put together; its values of labels are made safe lines.
pub(super) struct Family<'a> {
    metric: &'a mut Metric,
}

impl<'a> Family<'a> {
    /// Begins the family, as the last of `out`.
    pub(super) fn new(out: &'a mut Vec<Metric>, name: &'static str, help: &'static str) -> Self {
        Self { metric: out.push_mut(Metric::new(name, help)) }
    }

    /// One sample; a set of labels that was given before is left out.
    pub(super) fn add(&mut self, labels: &[(&'static str, &str)], value: impl Into<Number>) {
        let safe = |(name, value): &(&'static str, &str)| (*name, sanitise::line(value, sanitise::SHORT));
        self.metric.add(labels.iter().map(safe).collect(), value);
    }
}

/// The metrics as text, ending in a line feed.
pub(super) fn text(metrics: &[Metric]) -> String {
    let mut out = String::new();
    for metric in metrics {
        let name = metric.name;
        let _ = write!(out, "# HELP {name} {}\n# TYPE {name} gauge\n", metric.help);
        for (labels, value) in metric.samples() {
            let labels: Vec<String> =
                labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(out, "{name}{labels} {value}");
        }
    }
    out
}

/// The value of a label, with backslashes and quotes escaped.
fn escaped(line: &str) -> String {
    line.replace('\\', "\\\\").replace('"', "\\\"")
}
