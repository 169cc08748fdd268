//! How a collector took what was sent.

/// How a collector took one kind of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// All of it.
    Yes,
    /// All but so many samples or records, with its own words.
    Partly {
        /// What it left out; 0 where it only remarks something.
        rejected: i64,
        /// Its words, one line.
        words: String,
    },
    /// It refused, with this status and its own words.
    Refused {
        /// The status.
        status: u16,
        /// Its words, one line; empty where it has none.
        words: String,
    },
    /// It answered as no collector does; what that is.
    Unclear(String),
    /// No connection stood, so nothing was sent; why.
    Unreached(String),
    /// It was reached, and TLS did not come about, so nothing was sent; why.
    Insecure(String),
    /// It was not sent; why.
    NotSent(String),
}

/// How a collector took a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The samples.
    pub metrics: Taken,
    /// The log records.
    pub logs: Taken,
}
