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

    /// Whether every host was reported as expected.
    pub fn is_identity(&self) -> bool {
        self.counts.keys().all(|(expected, reported)| expected == reported)
    }

    /// Rows are expected codes, columns reported codes, numbered like the rows.
    pub fn render(&self) -> String {
        let codes: BTreeSet<&String> = self.counts.keys().flat_map(|(e, r)| [e, r]).collect();
        let codes: Vec<&String> = codes.into_iter().collect();
        let width = codes.iter().map(|code| code.len()).max().unwrap_or(0);
        let mut text = format!("{:>3} {:<width$}", "", "expected \\ reported");
        for column in 1..=codes.len() {
            let _ = write!(text, "{column:>4}");
        }
        text.push('\n');
        for (row, expected) in codes.iter().enumerate() {
            let _ = write!(text, "{:>3} {expected:<width$}", row + 1);
            for reported in &codes {
                match self.counts.get(&((*expected).clone(), (*reported).clone())) {
                    Some(count) => drop(write!(text, "{count:>4}")),
                    None => text.push_str("   ."),
                }
            }
            text.push('\n');
        }
        let expected: BTreeSet<&String> = self.counts.keys().map(|(expected, _)| expected).collect();
        let identity = if self.is_identity() { "the identity" } else { "NOT the identity" };
        let hosts: usize = self.counts.values().sum();
        let _ = writeln!(text, "{hosts} hosts, {} codes expected, the matrix is {identity}", expected.len());
        text
    }
}
