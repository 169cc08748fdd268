//! What a run says to a collector of the team's own (OTLP): samples of metrics and log records as plain values, and
//! the collector that is named. No network: `probe::collector` sends.

mod collector;
mod delivery;
mod headers;
mod hidden;

pub use collector::{BadCollector, Collector, Signal, announce};
pub use delivery::{Delivery, Taken};
pub use headers::{BadHeaders, Headers};
pub use hidden::Hidden;

use std::collections::HashSet;

use crate::contract::Severity;

/// The value of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A count, a time, or a yes (1) and no (0).
    Whole(i64),
    /// A measured value.
    Fraction(f64),
    /// Milliseconds, shown as seconds with three decimals.
    Millis(u64),
}

impl Number {
    /// The value as a metric has it, seconds where it is a time.
    #[allow(clippy::cast_precision_loss, reason = "counts and times are far below 2^53")]
    pub const fn value(self) -> f64 {
        match self {
            Self::Whole(n) => n as f64,
            Self::Fraction(n) => n,
            Self::Millis(ms) => ms as f64 / 1000.0,
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(n) => n.fmt(f),
            Self::Fraction(n) => n.fmt(f),
            Self::Millis(ms) => write!(f, "{}.{:03}", ms / 1000, ms % 1000),
        }
    }
}

impl From<f64> for Number {
    fn from(n: f64) -> Self {
        Self::Fraction(n)
    }
}

macro_rules! whole {
    ($($type:ty),*) => {
        $(impl From<$type> for Number {
            fn from(n: $type) -> Self {
                Self::Whole(i64::try_from(n).unwrap_or(i64::MAX))
            }
        })*
    };
}
whole!(u8, i32, i64, u64, usize);

/// The labels of a sample: names and values.
pub type Labels = Vec<(&'static str, String)>;

/// One metric (a gauge) with its samples; each set of labels stands once.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it is, one sentence.
    pub help: &'static str,
    samples: Vec<(Labels, Number)>,
    seen: HashSet<Labels>,
}

impl Metric {
    /// A metric without samples.
    pub fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, samples: Vec::new(), seen: HashSet::new() }
    }

    /// One sample; a set of labels that was given before is left out.
    pub fn add(&mut self, labels: Labels, value: impl Into<Number>) {
        if self.seen.insert(labels.clone()) {
            self.samples.push((labels, value.into()));
        }
    }

    /// The samples, in the order in which they came.
    pub fn samples(&self) -> &[(Labels, Number)] {
        &self.samples
    }
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute {
    /// One line of text.
    Text(String),
    /// Several.
    List(Vec<String>),
    /// A count or a time.
    Whole(i64),
    /// Yes or no.
    Flag(bool),
}

/// One log record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The kind of event.
    pub event: &'static str,
    /// Its weight.
    pub severity: Severity,
    /// One sentence.
    pub body: String,
    /// What belongs to it.
    pub attributes: Vec<(&'static str, Attribute)>,
}

/// All that is said of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Telemetry {
    /// Whose it is: attributes of the resource.
    pub resource: Vec<(String, Attribute)>,
    /// The metrics.
    pub metrics: Vec<Metric>,
    /// The log records.
    pub records: Vec<Record>,
    /// When the run began, seconds since 1970; nothing where its report does not tell.
    pub began: Option<i64>,
}

impl Telemetry {
    /// Samples of all metrics.
    pub fn sample_count(&self) -> usize {
        self.metrics.iter().map(|m| m.samples.len()).sum()
    }
}
