//! Logs of the app, its engine and its workspace, read for the messages that the rules know.
//!
//! [`source`] finds and opens the files and is the only part that touches any; [`lines`] makes lines of bytes,
//! [`Collector`] makes events of lines and counts them by cause. Nothing of a line is kept but its place, its time,
//! what is known about it, and samples in which only common words stay ([`mask`]).

mod collect;
mod lines;
pub mod mask;
mod memory;
mod share;
pub mod source;
mod time;

pub use collect::Collector;
pub use lines::LinesError;
pub use source::{Limits, LogsError, Origin, read, read_within};
pub use time::{Bound, Moment};

use serde::Serialize;

use crate::contract::{Actor, Code, Confidence, Owner, Severity};

/// What of logs is wanted.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Nothing before this time.
    pub since: Option<Bound>,
    /// Nothing after this time.
    pub until: Option<Bound>,
    /// Today: year, month, day. Some programs leave the year out.
    pub today: (i64, u8, u8),
}

/// What logs say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Nothing before this time was counted.
    pub since: Option<Moment>,
    /// Nothing after this time was counted.
    pub until: Option<Moment>,
    /// What was read.
    pub files: Vec<FileRead>,
    /// What was not read, and why.
    pub skipped: Vec<Skipped>,
    /// Messages that are known, the worst and the latest first.
    pub causes: Vec<Cause>,
    /// Errors that are not known.
    pub unknown: Unknown,
    /// The first known lines, in the order of the files.
    pub lines: Vec<Known>,
    /// Known lines beyond those.
    pub lines_left_out: u64,
    /// Lines of messages without a date, which `since` and `until` leave out.
    pub undated: u64,
    /// What to run next.
    pub next: Vec<Next>,
}

/// A log that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileRead {
    /// Its name, without what it lies in.
    pub name: String,
    /// What it is the log of, as `rules/logs.toml` calls it.
    pub kind: Option<String>,
    /// The same for a sentence.
    pub title: Option<String>,
    /// Who writes it.
    pub actor: Option<Actor>,
    /// Bytes of text.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// Messages that are known.
    pub known: u64,
    /// Errors that are not.
    pub unknown: u64,
    /// Time of the first line that has one.
    pub first: Option<Moment>,
    /// Time of the last one.
    pub last: Option<Moment>,
    /// Its encoding, where it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Lines so long that their end was passed over.
    pub cut_lines: u64,
    /// Why it was not read to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

/// A file that was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// A known message, with everything that logs say of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cause {
    /// Identifier of the message.
    pub id: String,
    /// The message as it stands in a log, where it is a name of code such as `ECONNRESET`.
    pub said: Option<String>,
    /// In a few words.
    pub title: String,
    /// What it means.
    pub cause: String,
    /// Who fixes it; for an address of the device itself the device.
    pub owner: Owner,
    /// Who else may have to.
    pub owners: Vec<Owner>,
    /// The text alone does not say who.
    pub owner_open: bool,
    /// How bad it is.
    pub severity: Severity,
    /// What `check` would find, the likeliest first.
    pub codes: Vec<Code>,
    /// What to do.
    pub remedy: String,
    /// Whether something on the network may be in the way.
    pub network: bool,
    /// How well the message is known.
    pub confidence: Confidence,
    /// How often; the lines of one event count once.
    pub count: u64,
    /// Time of the first.
    pub first: Option<Moment>,
    /// Time of the last.
    pub last: Option<Moment>,
    /// Addresses that it speaks of, the most frequent first.
    pub hosts: Vec<HostCount>,
    /// Events that name no address.
    pub without_host: u64,
    /// Events with addresses beyond those.
    pub hosts_left_out: u64,
    /// Logs it stands in, by kind.
    pub logs: Vec<String>,
    /// Where it stands, the first few.
    pub places: Vec<Place>,
    /// What to run next.
    pub next: Vec<String>,
}

/// An address and how often a message speaks of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostCount {
    /// The host.
    pub host: String,
    /// Its port, where it is said.
    pub port: Option<u16>,
    /// The device itself.
    pub loopback: bool,
    /// As it is written on a command line.
    pub address: String,
    /// How often.
    pub count: u64,
    /// Time of the first.
    pub first: Option<Moment>,
    /// Time of the last.
    pub last: Option<Moment>,
}

/// Where a message stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file.
    pub file: String,
    /// Its line.
    pub line: u64,
    /// The time of the line.
    pub time: Option<Moment>,
}

/// A line that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Known {
    /// Identifier of the message.
    pub id: String,
    /// The file.
    pub file: String,
    /// Its line.
    pub line: u64,
    /// The time of the line.
    pub time: Option<Moment>,
    /// The address that it speaks of.
    pub address: Option<String>,
    /// Who fixes it.
    pub owner: Owner,
}

/// Lines that look like errors and are not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Unknown {
    /// How many.
    pub count: u64,
    /// How many are like none of the samples.
    pub others: u64,
    /// The most frequent ones.
    pub samples: Vec<Sample>,
}

/// Lines that differ in nothing but numbers and hidden words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// What of them may be shown.
    pub text: String,
    /// How many.
    pub count: u64,
    /// The first one's file.
    pub file: String,
    /// Its line.
    pub line: u64,
    /// Time of the first.
    pub first: Option<Moment>,
    /// Time of the last.
    pub last: Option<Moment>,
}

/// A command that says more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Next {
    /// The command.
    pub command: String,
    /// What it settles.
    pub why: String,
}
