//! The confusion matrix: expected code by reported code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Counts of (expected, reported).
#[derive(Default)]
pub struct Matrix {
    counts: BTreeMap<(String, String), usize>,
}

impl Matrix {
    /// Adds the hosts of one scenario.
    pub fn add(&mut self, pairs: Vec<(String, String)>) {
        for pair in pairs {
            *self.counts.entry(pair).or_default() += 1;
        }
    }

    /// Adds another matrix.
    pub fn add_all(&mut self, other: &Self) {
        for (pair, count) in &other.counts {
            *self.counts.entry(pair.clone()).or_default() += count;
        }
    }

    /// Whether every host was reported as expected.
    pub fn is_identity(&self) -> bool {
        self.counts.keys().all(|(expected, reported)| expected == reported)
    }

    /// One row for each expected code, with what is off the diagonal spelt out: with sixty codes the
    /// square is zeros, and too wide for a screen.
    pub fn render(&self) -> String {
        let expected: BTreeSet<&str> = self.counts.keys().map(|(expected, _)| expected.as_str()).collect();
        let width = expected.iter().map(|code| code.len()).max().unwrap_or(0).max("expected".len());
        let mut text = format!("{:<width$}  hosts  as expected  reported instead\n", "expected");
        for code in &expected {
            let row = || self.counts.iter().filter(|((e, _), _)| e == code);
            let hosts: usize = row().map(|(_, count)| count).sum();
            let right: usize = row().filter(|((_, r), _)| r == code).map(|(_, count)| count).sum();
            let instead: Vec<String> =
                row().filter(|((_, r), _)| r != code).map(|((_, r), count)| format!("{r} {count}")).collect();
            let _ = writeln!(text, "{code:<width$}  {hosts:>5}  {right:>11}  {}", instead.join(", "));
        }
        // No blanks at the ends of lines.
        let mut text: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        let hosts: usize = self.counts.values().sum();
        let identity = if self.is_identity() { "the identity" } else { "NOT the identity" };
        let _ = writeln!(
            text,
            "{hosts} hosts, {} codes expected, the confusion matrix is {identity}",
            expected.len()
        );
        text
    }
}
